"""Discriminant analysis equals scikit-learn's and its definition, for rows in any batches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.training.sense_space.lda import Scatter, ScatterSums, discriminants
from polyseme.indexer.vectors.arrays import Doubles, Integers
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis


def drawn(seed: int, n: int = 400, d: int = 6, senses: int = 4) -> tuple[Doubles, Integers]:
    """Return rows (n, d) of correlated noise around one mean per sense, and their senses (n,)."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, senses, n)
    noise = random.normal(size=(n, d)) @ random.normal(size=(d, d))
    return noise + random.normal(0, 2, (senses, d))[labels] + 3.0, labels


def scatter_of(rows: Doubles, labels: Integers, lemma_of: list[int]) -> Scatter:
    sums = ScatterSums(rows.shape[1], lemma_of)
    sums.add(rows, labels)
    return sums.result()


@pytest.mark.parametrize("seed", range(5))
def test_directions_for_one_lemma_equal_those_of_scikit_learn(seed: int) -> None:
    rows, labels = drawn(seed)
    reference = LinearDiscriminantAnalysis(solver="eigen").fit(rows, labels)
    ours = discriminants(scatter_of(rows, labels, [0] * 4), 3, 0.0, 0.0)
    theirs = reference.scalings_[:, :3]
    cosines = (ours * theirs).sum(0) / np.linalg.norm(ours, axis=0) / np.linalg.norm(theirs, axis=0)
    np.testing.assert_allclose(np.abs(cosines), 1, atol=1e-6)


def test_map_makes_within_the_identity_and_between_diagonal_in_descending_order() -> None:
    rows, labels = drawn(1)
    found = scatter_of(rows, labels, [0, 0, 1, 1])
    mapped = discriminants(found, 6, 0.0, 0.0)
    np.testing.assert_allclose(mapped.T @ found.within @ mapped, np.eye(6), atol=1e-8)
    between = mapped.T @ found.between @ mapped
    np.testing.assert_allclose(between, np.diag(np.diag(between)), atol=1e-8)
    assert (np.diff(np.diag(between)) < 1e-9).all()
    weighted = discriminants(found, 6, 0.0, 0.5)
    ratios = np.maximum(np.diag(between), 0)
    np.testing.assert_allclose(weighted, mapped * (ratios / (1 + ratios)) ** 0.5, atol=1e-5)


def test_directions_that_separate_only_lemmas_are_ignored() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(0, 4, 1000)
    rows = random.normal(size=(1000, 2))
    rows[:, 0] += 50.0 * (labels // 2)  # the lemma
    rows[:, 1] += 3.0 * (labels % 2)  # the sense
    first = discriminants(scatter_of(rows, labels, [0, 0, 1, 1]), 1, 0.0, 0.0)[:, 0]
    assert abs(first[1]) > 20 * abs(first[0])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=1, max_size=6), st.integers(0, 99))
def test_result_does_not_depend_on_how_rows_are_split(parts: list[int], seed: int) -> None:
    rows, labels = drawn(seed, sum(parts))
    whole = scatter_of(rows, labels, [0, 0, 1, 1])
    sums = ScatterSums(6, [0, 0, 1, 1])
    start = 0
    for size in parts:
        sums.add(rows[start : start + size], labels[start : start + size])
        start += size
    in_parts = sums.result()
    for name in ("mean", "total", "within", "between"):
        np.testing.assert_allclose(getattr(in_parts, name), getattr(whole, name), rtol=1e-4, atol=1e-4)


def test_covariances_equal_their_definitions() -> None:
    rows, labels = drawn(2)
    found = scatter_of(rows, labels, [0, 0, 1, 1])
    own = np.stack([rows[labels == label].mean(0) for label in labels])
    lemmas = np.stack([rows[labels // 2 == label // 2].mean(0) for label in labels])
    np.testing.assert_allclose(found.within, (rows - own).T @ (rows - own) / 400, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found.between, (own - lemmas).T @ (own - lemmas) / 400, rtol=1e-3, atol=1e-3)
    means = [rows[labels // 2 == lemma].mean(0) for lemma in (0, 1)]
    np.testing.assert_allclose(found.mean, np.mean(means, axis=0), rtol=1e-4)
    np.testing.assert_allclose(found.total, np.cov(rows.T, bias=True), rtol=1e-3, atol=1e-3)


def test_shrinkage_and_scaling_equal_their_definitions() -> None:
    rows, labels = drawn(3)
    found = scatter_of(rows, labels, [0] * 4)
    mapped = discriminants(found, 3, 1.0, 0.0)
    scale = np.trace(found.within) / 6
    np.testing.assert_allclose(mapped.T @ mapped * scale, np.eye(3), atol=1e-8)
    factors = np.arange(1.0, 7.0)
    np.testing.assert_allclose(
        found.scaled(factors).between, scatter_of(rows * factors, labels, [0] * 4).between, rtol=1e-4, atol=1e-3
    )
