"""Ambiguous words are those whose occurrences form several clusters."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import build
from polyseme.indexer.vectors.arrays import Array, unit
from polyseme.search.searcher import Searcher
from polyseme.search.senses.ambiguity import gap, spread
from polyseme.ui.page.examples import find_examples
from sense_texts import documents


def groups(apart: float, n: int = 30, d: int = 16) -> Array:
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(2 * n, d)).astype(np.float32)
    vectors[:n, 0] += apart
    vectors[n:, 0] -= apart
    return unit(vectors)


@pytest.mark.parametrize("d", [8, 200])
def test_spread_is_the_variance_share_of_the_first_component(d: int) -> None:
    vectors = np.random.default_rng(1).normal(size=(50, d)).astype(np.float32)
    variances = np.linalg.svd(vectors - vectors.mean(axis=0), compute_uv=False) ** 2
    assert spread(vectors) == pytest.approx(variances[0] / variances.sum(), rel=1e-4)
    assert spread(np.ones((5, d), np.float32)) == 0.0


def test_spread_and_gap_grow_as_two_groups_move_apart() -> None:
    numbers = np.repeat([0, 1], 30)
    spreads, gaps = zip(
        *((spread(groups(far)), gap(groups(far), numbers)) for far in (0.0, 1.0, 3.0, 9.0)), strict=True
    )
    assert list(spreads) == sorted(spreads)
    assert list(gaps) == sorted(gaps)


def test_gap_of_two_opposite_points_is_known() -> None:
    vectors = np.array([[1, 0]] * 3 + [[-1, 0], [0, 1]], np.float32)
    numbers = np.array([0, 0, 0, 1, -1])
    # Each has cosine 1 with its own centre and -1 with the other. The second group is one of five.
    assert gap(vectors, numbers) == pytest.approx(2 * np.sqrt(1 / 5), rel=1e-6)
    assert gap(vectors[:3], numbers[:3]) == 0.0


def test_ambiguous_lemmas_include_bank_and_not_boat(tmp_path: Path) -> None:
    build(tmp_path / "c.pol", documents(60), model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        found = searcher.ambiguous_lemmas(10)
        assert "bank" in found
        assert "boat" not in found
        searcher.collection.remove([f"d{number:02}" for number in range(50)])
        assert searcher.ambiguous_lemmas(10) == []


def test_page_examples_use_ambiguous_words(tmp_path: Path) -> None:
    texts = documents(60)
    build(tmp_path / "c.pol", texts, model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        marked = find_examples(searcher)
    sentences = {sentence for document in texts for sentence in document.text.replace(". ", ".\n").split("\n")}
    assert {text.replace("[", "").replace("]", "") for text in marked} <= sentences
    assert any("[bank]" in text for text in marked)
    assert not any("[boat]" in text for text in marked)
