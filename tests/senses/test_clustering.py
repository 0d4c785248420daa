"""Clustering of vectors with known groups, and measures compared with their definitions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from polyseme.indexer.errors import QueryError
from polyseme.indexer.vectors.arrays import Array, Ids, unit
from polyseme.search.senses.change import measure_change
from polyseme.search.senses.clustering import CHOSEN, cluster, default_number, settled, stability
from polyseme.search.senses.projection import project
from polyseme.search.senses.timeline import make_timeline, restricted
from polyseme.search.senses.tree import NONE, grow
from polyseme.search.statistics.measures import wilson
from polyseme.search.statistics.parts import year_of
from scipy.stats import binomtest
from sklearn.decomposition import PCA


def clouds(sizes: list[int], noise: float = 0.12, dim: int = 48, seed: int = 0) -> tuple[Array, Ids]:
    """Return shuffled unit vectors around orthogonal centres, and the number of each one's centre."""
    rng = np.random.default_rng(seed)
    gold = np.repeat(np.arange(len(sizes)), sizes)
    centres = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    vectors = unit(centres[gold] + noise * rng.standard_normal((len(gold), dim)))
    order = rng.permutation(len(gold))
    return vectors[order], gold[order]


@pytest.mark.parametrize("noise", [0.05, 0.12, 0.2, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_one_cloud_is_one_sense(noise: float, seed: int) -> None:
    vectors, _ = clouds([80], noise, seed=seed)
    numbers = cluster(vectors)
    assert set(numbers.tolist()) <= {0, NONE}
    assert (numbers == 0).mean() > 0.95


def test_clustering_is_deterministic() -> None:
    vectors, _ = clouds([30, 20, 12], 0.2)
    first = cluster(vectors), stability(vectors, grow(vectors), 3)
    np.random.default_rng().standard_normal(7)
    second = cluster(vectors.copy()), stability(vectors.copy(), grow(vectors), 3)
    assert (first[0] == second[0]).all()
    assert first[1] == second[1]


def test_occurrences_far_from_every_centre_fit_no_sense() -> None:
    vectors, _ = clouds([60, 40], 0.08)
    strangers = unit(np.random.default_rng(5).standard_normal((2, 48)))
    numbers = cluster(np.concatenate([vectors, strangers]))
    assert numbers[-2:].tolist() == [NONE, NONE]
    assert (numbers[:-2] != NONE).all()


def test_sides_of_a_split_that_every_cut_applies_are_those_of_the_split() -> None:
    vectors, gold = clouds([20, 20, 20, 20], 0.1)
    known = np.where(np.arange(len(gold)) % 2, gold, NONE)  # every cut has four groups
    tree = grow(vectors, known)
    assert tree.fixed == 3
    for number, split in enumerate(tree.splits):
        sides = tree.sides(number)
        assert (int((sides == 0).sum()), int((sides == 1).sum())) == split.sizes
        assert all(len(set(sides[known == sense].tolist())) == 1 for sense in range(4)) or number >= tree.fixed
    assert min(stability(vectors, tree, 1)) > 0.9


def test_clear_groups_are_stable_and_halves_of_one_are_not() -> None:
    vectors, _ = clouds([40, 40], 0.1)
    tree = grow(vectors)
    assert min(stability(vectors, tree, 2)) > 0.95
    finest = stability(vectors, tree, tree.most)
    assert min(finest) < 0.8
    assert len(finest) == tree.most


def test_unstable_splits_of_a_large_word_are_not_in_the_usual_cut() -> None:
    vectors, gold = clouds([500, 300, 12], 0.1)
    grown = grow(vectors)
    tree, usual = settled(vectors, grown)
    assert usual == default_number(vectors, tree)
    number = default_number(vectors, tree)
    assert number == 3  # a clear sense stays, however rare it is
    assert min(stability(vectors, tree, number)) >= CHOSEN.unstable
    strict, _ = settled(vectors, grown, replace(CHOSEN, unstable=1.01))  # no split is as stable as that
    assert default_number(vectors, strict) == 1
    assert strict.most == grown.most
    finest = strict.cut(strict.most)
    assert ((finest == finest[gold == 2][0]) == (gold == 2)).all()
    small = vectors[: CHOSEN.large - 1]
    assert settled(small, grow(small), replace(CHOSEN, unstable=1.01))[0].splits == grow(small).splits


def test_a_single_sense_is_stable_if_samples_have_one_too() -> None:
    vectors, _ = clouds([80], 0.2)
    assert stability(vectors, grow(vectors), 1)[0] > 0.9


def test_change_is_the_mean_pairwise_distance_with_a_permutation_test() -> None:
    vectors, gold = clouds([30, 30], 0.2)
    before, after = vectors[gold == 0], vectors[gold == 1]
    found = measure_change("bank", before, after)
    brute = np.mean([1 - float(a @ b) for a in before for b in after])
    assert found.apd == pytest.approx(brute, abs=1e-5)
    assert found.apd_low <= found.apd <= found.apd_high
    means = before.mean(axis=0), after.mean(axis=0)
    cosine = float(means[0] @ means[1] / np.linalg.norm(means[0]) / np.linalg.norm(means[1]))
    assert found.prt == pytest.approx(1 / cosine if cosine > 0 else np.inf, rel=1e-4)
    inside = [np.mean([1 - float(a @ b) for i, a in enumerate(s) for b in s[:i]]) for s in (before, after)]
    assert found.apd_within == pytest.approx(np.mean(inside), abs=1e-5)
    assert found.p_value < 0.01
    same = measure_change("bank", before[:15], before[15:])
    assert same.p_value > 0.01
    assert (found.n_before, found.n_after) == (30, 30)


@pytest.mark.parametrize(("count", "total"), [(0, 5), (5, 5), (3, 10), (40, 90), (1, 1)])
def test_intervals_equal_scipys_wilson_intervals(count: int, total: int) -> None:
    expected = binomtest(count, total).proportion_ci(method="wilson")
    assert wilson(count, total) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_timeline_has_empty_periods_and_separate_undated_counts() -> None:
    numbers = {1: 1, 2: 2, 3: 1, 4: 1, 5: 2, 6: None, 7: 1}
    values = {1: "1903-05-01", 2: "1909", 3: "1931", 4: "1931.0", 5: "about 1900", 6: "1903"}
    found = make_timeline("year", 10, 2, numbers, values)
    assert [(p.start, p.end, p.counts) for p in found.periods] == [
        (1900, 1909, (1, 1)),
        (1910, 1919, (0, 0)),
        (1920, 1929, (0, 0)),
        (1930, 1939, (2, 0)),
    ]
    assert (found.undated, found.undated_ids) == ((1, 1), ((7,), (5,)))
    assert found.periods[3].ids == ((3, 4), ())
    assert found.periods[0].shares == (0.5, 0.5)
    assert (found.periods[1].lows, found.periods[1].highs) == ((0, 0), (1, 1))


def test_a_restricted_timeline_equals_one_made_of_the_rest() -> None:
    numbers = {key: key % 3 or None for key in range(1, 40)}
    values = {key: str(1900 + 7 * key) if key % 5 else "n.d." for key in numbers}
    whole = make_timeline("year", 10, 2, numbers, values)
    for inside in (set(range(10, 20)), {4, 38}, {5, 10}, set[int](), set(numbers)):
        left = make_timeline("year", 10, 2, {key: numbers[key] for key in numbers if key in inside}, values)
        assert restricted(whole, inside) == left


@pytest.mark.parametrize(
    ("text", "year"),
    [("1987", 1987), (" 1987-03-04T10:00 ", 1987), ("1987/3", 1987), ("-44", -44), ("c. 1900", None), ("", None)],
)
def test_years_are_read_from_dates(text: str, year: int | None) -> None:
    assert year_of(text) == year


def test_the_projection_equals_scikit_learns_pca_except_for_signs() -> None:
    vectors, _ = clouds([20, 10, 5], 0.2)
    found = project(vectors)
    expected = PCA(2).fit_transform(vectors)
    assert np.abs(found) == pytest.approx(np.abs(expected), abs=1e-4)
    assert (project(vectors) == found).all()
    assert project(vectors[:1]).tolist() == [[0, 0]]
    assert project(vectors[:0]).shape == (0, 2)


def test_an_unknown_projection_is_an_error() -> None:
    with pytest.raises(QueryError, match="method is 'tsne'; choose one of pca, umap"):
        project(np.zeros((3, 4), np.float32), "tsne")
