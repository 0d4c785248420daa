"""Commands that write are killed at random moments. The same command again gives what an undisturbed run gives."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest
from faults.amounts import KILLS
from faults.commands import Figures, Launcher
from faults.scenarios import SCENARIOS, Scenario, Trials

MOST_IN_A_ROW = 3
"""Maximum number of kills before a command is left alone."""


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_nothing_is_lost_when_a_command_is_killed_at_random_moments(
    scenario: Scenario, tmp_path: Path, launcher: Launcher, figures: Figures
) -> None:
    trials = Trials(scenario, tmp_path, launcher)
    choose = random.Random(scenario.name)
    wanted = -(-KILLS // len(SCENARIOS))
    killed = ended = 0
    while killed < wanted:
        trials.reset()
        seen: Mapping[str, str] = trials.before
        for _ in range(choose.randint(1, MOST_IN_A_ROW)):
            moment = choose.uniform(0, trials.seconds)
            done = trials.run(kill_after=moment)
            hit = bool(done.killed)
            killed += hit
            ended += not hit
            where = f"{scenario.name}, killed after {moment:.4f} s"
            # Half of the time the next run meets the folder as the kill left it, without a reader before.
            if choose.random() < 0.5:
                problem, seen = trials.lost(seen)
                assert problem == "", where
        assert trials.finish() == "", where
    figures["kills"].update({"commands killed": killed, "ended before the kill": ended, "documents lost": 0})
