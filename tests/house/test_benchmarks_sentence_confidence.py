"""benchmarks/sentence_confidence.py: its measures against counting, and its tables from a tiny STS."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from fakes import FakeEncoder
from gold_data import make_sts
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.indexer.vectors.arrays import unit
from polyseme.indexer.vectors.transforms import Transform

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "sentence_confidence.py"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("sentence_confidence", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "sentence_confidence", module)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "load_encoder", FakeEncoder)
    return module


def test_the_calibration_error_is_the_mean_distance_over_tenths(script: ModuleType) -> None:
    said = np.array([0.05, 0.05, 0.32, 0.38, 1.0])
    same = np.array([0.0, 1.0, 0.0, 0.0, 1.0])
    assert script.calibration_error(said, same) == pytest.approx(2 / 5 * 0.45 + 2 / 5 * 0.35)


def test_hits_are_the_best_of_the_collection_and_the_partner(script: ModuleType) -> None:
    rng = np.random.default_rng(3)
    stored = unit(rng.standard_normal((30, 4)))
    raw = rng.standard_normal((7, 2, 4)).astype(np.float32)
    same = np.array([1, 0, 1, 0, 1, 0, 1], np.float64)
    move = Transform(np.full(4, 0.1, np.float32))
    found, rank = script.as_hits(script.Judged(raw, same, ("x",) * 7), stored, move, 5)
    expected = []
    for pair, answer in zip(raw, same, strict=True):
        asked, partner = move(pair)
        scored = [(float(asked @ partner), float(answer)), *((float(asked @ row), 0.0) for row in stored)]
        expected += sorted(scored, reverse=True)[:5]
    assert found.scores == pytest.approx([score for score, _ in expected], abs=1e-6)
    assert found.same.tolist() == [answer for _, answer in expected]
    assert rank.tolist() == [0, 1, 2, 3, 4] * 7


def test_random_pairs_are_never_a_sentence_and_itself(script: ModuleType) -> None:
    found = script.random_scores(np.eye(3, dtype=np.float32))
    assert found.tolist() == [0.0] * script.RANDOM


def test_both_tables_are_printed_and_a_missing_folder_is_told(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_sts(tmp_path / "sts")
    path = tmp_path / "c.pol"
    build(path, [Document("a", "A heron. The bank of the river. " * 6)], model=FakeEncoder("default"))
    assert script.main([str(tmp_path / "sts"), "--collection", str(path)]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert [line.split("|")[1].strip() for line in lines if "first" in line] == [f"the first {n}" for n in (1, 5, 20)]
    assert script.main([str(tmp_path / "nothing")]) == 1
    assert "sentence_confidence: " in capsys.readouterr().err
