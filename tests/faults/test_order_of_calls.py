"""Commands flush, rename and commit in an order that a power failure cannot break. Their calls are recorded."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from faults.commands import Fault, Figures, Launcher
from faults.scenarios import SCENARIOS, Scenario, Trials
from faults.system_calls import Call, OrderCheck, read_log

ROOM = Path("/c.pol/segments")
WRITTEN = (("mkdir", "1.tmp", ""), ("open", "1.tmp/a", "new"), ("write", "1.tmp/a", ""))
FLUSHED = (("fsync", "1.tmp/a", ""), ("fsync", "1.tmp", ""))
RENAMED = (("rename", "1.tmp", str(ROOM / "1")),)
COMMITTED = (("pwrite", "../collection.db-wal", ""), ("fsync", "../collection.db-wal", ""))
DELETED = (("unlink", "0/a", ""), ("rmdir", "0", ""))


def problems(*steps: tuple[str, str, str]) -> list[str]:
    """Return what the check finds in some calls, by a collection with one segment."""
    calls = [Call(1, name, Path(os.path.normpath(ROOM / where)), note) for name, where, note in steps]
    return OrderCheck([ROOM / "0" / "a", ROOM.parent / "collection.db"]).check(calls)


def test_the_check_finds_each_wrong_order() -> None:
    folder = (("fsync", ".", ""),)
    assert problems(*WRITTEN, *FLUSHED, *RENAMED, *folder, *COMMITTED, *DELETED) == []
    assert problems(*WRITTEN, *FLUSHED[1:], *RENAMED, *folder) == ["rename of 1.tmp to 1: a was not flushed"]
    assert problems(*WRITTEN, *FLUSHED[:1], *RENAMED, *folder) == ["rename of 1.tmp to 1: . was not flushed"]
    assert problems(*WRITTEN, *FLUSHED, *WRITTEN[2:], *RENAMED, *folder) == ["rename of 1.tmp to 1: a was not flushed"]
    assert problems(*WRITTEN, *FLUSHED, *RENAMED) == [f"the end: {ROOM} was not flushed after {ROOM / '1'}"]
    early = problems(*WRITTEN, *FLUSHED, *RENAMED, *COMMITTED, *folder)
    assert early == [f"pwrite of c.pol/collection.db-wal: before {ROOM} was flushed"]
    late = problems(*WRITTEN, *FLUSHED, *RENAMED, *folder, *DELETED)
    assert late == ["unlink of segments/0/a: deleted before the commit that replaces it"]
    assert problems(("pwrite", "0/a", "")) == ["pwrite of segments/0/a: written in place"]
    assert problems(("open", "0/a", "emptied")) == ["open of segments/0/a: written in place"]
    assert problems(("mmap", "0/a", "")) == ["mmap of segments/0/a: written in place"]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_power_failure_at_any_call_keeps_what_was_committed(
    scenario: Scenario, tmp_path: Path, shimmed: Launcher, figures: Figures
) -> None:
    trials = Trials(scenario, tmp_path, shimmed)
    trials.reset()
    existing = [path for path in trials.place.folder.rglob("*") if path.is_file()]
    log = tmp_path / "calls.log"
    assert trials.run(fault=Fault(str(trials.place.folder), log=str(log))).status == 0
    calls = read_log(log)
    assert OrderCheck(existing).check(calls) == []
    assert any(call.name == "fsync" and call.path.name == "collection.db-wal" for call in calls)
    renames = sum(call.name == "rename" for call in calls)
    figures["order of calls"].update({"calls": len(calls), "renames": renames, "out of order": 0})
