"""The trials on sense spaces: blocks chosen from one covariance are as if fitted alone; measures know perfection."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from polyseme.indexer.training.sense_space.lda import ScatterSums, discriminants

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
WIDTHS = {"context 2": 6, "bag": 3, "expected": 3}


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("sense_space")


@pytest.fixture
def lab(script: ModuleType, tmp_path: Path) -> Any:
    """Ten lemmas of two senses, 400 tokens in ten stretches; the first column of the bag is the sense."""
    random = np.random.default_rng(0)
    sense = random.integers(0, 20, 400)
    data = importlib.import_module("sense_space_data")
    tagged = data.Tagged([], sense, sense // 2, [n // 2 for n in range(20)], np.arange(400) // 40)
    files = {}
    for block, width in WIDTHS.items():
        rows = random.normal(size=(400, width))
        if block == "bag":
            rows[:, 0] = 4 * sense
        files[block] = tmp_path / f"{block}.npy"
        np.save(files[block], rows.astype(np.float16))
    return script.Lab(data.Small([], {}, {}), tagged, {"semcor": files, "small": files})


def test_a_trials_map_is_that_of_its_blocks_alone(script: ModuleType, lab: Any) -> None:
    trial = script.Trial("two", {"expected": 2.0, "bag": 1.0}, 3)
    rows = script.load(lab.files["semcor"], ["expected", "bag"]).astype(np.float64)
    for columns, weight in ((slice(0, 3), 2.0), (slice(3, 6), 1.0)):
        rows[:, columns] *= weight / np.sqrt(rows[:, columns].var(axis=0).sum())
    sums = ScatterSums(6, lab.tagged.lemma_of)
    sums.add(rows, lab.tagged.sense)
    expected = rows @ discriminants(sums.result(), 3, trial.shrinkage, trial.power)
    found = script.load(lab.files["semcor"], ["expected", "bag"]) @ lab.map_of(trial, lab.all)
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, rtol=2e-3, atol=2e-2)


def test_vectors_that_are_the_sense_are_found_and_named(script: ModuleType, lab: Any) -> None:
    sense = lab.tagged.sense
    vectors = np.eye(20)[sense]
    everything = np.ones(400, np.bool_)
    assert script.retrieval(lab.tagged, vectors, everything) == pytest.approx(100)
    nearest, frequent = lab.wsd(vectors)
    assert nearest == pytest.approx(100)
    assert 30 < frequent < 70
    noise = script.retrieval(lab.tagged, np.random.default_rng(1).normal(size=(400, 5)), everything)
    assert noise < 80
