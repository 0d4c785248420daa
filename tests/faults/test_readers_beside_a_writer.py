"""Readers read beside one writer that replaces, removes and compacts. Each answer is of one generation."""

from __future__ import annotations

import json
from pathlib import Path

from fakes import FakeEncoder
from faults.amounts import SECONDS
from faults.commands import Figures, Launcher
from faults.reading import WAYS, documents
from polyseme.indexer.build import build

LARGE = {"segment_sentences": 10_000}
"""All documents of one version are one commit."""
SLACK = 60
"""Seconds after which a process counts as hanging."""


def test_every_answer_beside_a_writer_is_of_one_generation(
    tmp_path: Path, launcher: Launcher, figures: Figures
) -> None:
    path = tmp_path / "c.pol"
    build(path, documents(0), model=FakeEncoder("default"))
    readers = [(way, launcher.start("read", [path, way, SECONDS], sizes=LARGE)) for way in WAYS]
    writer = launcher.wait(launcher.start("write", [path, SECONDS], sizes=LARGE), limit=SECONDS + SLACK)
    assert (writer.status, writer.err) == (0, "")
    written = json.loads(writer.out)
    answers = 0
    for way, pid in readers:
        done = launcher.wait(pid, limit=SECONDS + SLACK)
        assert (done.status, done.err) == (0, ""), way
        found = json.loads(done.out)
        assert found["wrong"] == 0, found["examples"]
        assert found["answers"] > 0
        answers += found["answers"]
    assert all(written[what] >= 1 for what in ("versions", "removals", "compactions")), written
    counts = {"seconds": SECONDS, "readers": len(WAYS), "answers": answers, "wrong": 0}
    figures["readers beside a writer"].update(counts | written)
