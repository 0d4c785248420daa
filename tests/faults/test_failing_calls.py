"""System calls that write fail. The command says so in one line, and the same command again goes on."""

from __future__ import annotations

import errno
import random
from collections import Counter
from pathlib import Path

import pytest
from faults.amounts import CALLS
from faults.commands import Fault, Figures, Kind, Launcher
from faults.scenarios import SCENARIOS, Scenario, Trials
from faults.system_calls import WRITES, Call, read_log

FAULTS = {
    "EIO": (Kind.FAIL, errno.EIO),
    "ENOSPC once": (Kind.FAIL, errno.ENOSPC),
    "ENOSPC from then on": (Kind.FULL, errno.ENOSPC),
    "a short write": (Kind.SHORT, 0),
    "SIGKILL": (Kind.KILL, 0),
}


def trials_chosen(calls: list[Call], seed: str) -> list[tuple[Call, str]]:
    """Return `CALLS` calls with the name of a fault, or all calls with each fault that it can have.

    Kinds of calls and faults take turns, so that few trials hold many kinds.
    """
    choose = random.Random(seed)
    every = [
        (call, name)
        for call in calls
        for name in FAULTS
        if call.number and (name != "a short write" or call.name in WRITES)
    ]
    choose.shuffle(every)
    turn: Counter[tuple[str, str]] = Counter()
    order = []
    for call, name in every:
        turn[call.name, name] += 1
        order.append((turn[call.name, name], choose.random(), call, name))
    return [(call, name) for _, _, call, name in sorted(order, key=lambda each: each[:2])[:CALLS]]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_failing_call_is_one_line_and_nothing_is_lost(
    scenario: Scenario, tmp_path: Path, shimmed: Launcher, figures: Figures
) -> None:
    trials = Trials(scenario, tmp_path, shimmed)
    folder, log = str(trials.place.folder), tmp_path / "calls.log"
    trials.reset()
    assert trials.run(fault=Fault(folder, log=str(log))).status == 0
    calls = read_log(log)
    assert {"open", "pwrite", "fsync"} <= {call.name for call in calls}
    told: Counter[int] = Counter()
    chosen = trials_chosen(calls, scenario.name)
    for call, name in chosen:
        kind, error = FAULTS[name]
        trials.reset()
        done = trials.run(fault=Fault(folder, kind, call.number, error))
        where = f"{name} at call {call.number} ({call.name} {call.path.relative_to(folder)})"
        told[done.status] += 1
        if kind is Kind.KILL:
            assert done.status in (-9, 0), where
        else:
            assert done.problem() == "", where
        problem, _ = trials.lost(trials.before)
        assert problem == "", where
        if done.status == 0 and kind is not Kind.KILL:
            assert trials.difference() == "", where
        assert trials.finish() == "", where
    counts = {"faults": len(chosen), "ended with one line": told[1], "went on": told[0], "killed": told[-9]}
    figures["failing calls"].update({"calls seen": len(calls)} | counts | {"documents lost": 0})
