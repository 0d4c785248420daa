"""Retrieval measures and intervals equal brute force, scikit-learn and simulation."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from polyseme.search.evaluation.measures import (
    average_precision,
    chance_precision,
    cosines,
    grouped,
    interval,
    mean_interval,
    ndcg,
    ratio_interval,
    same_sense_precisions,
    spearman,
)
from sklearn.metrics import ndcg_score


@pytest.mark.parametrize(("relevant", "total"), [(1, 1), (1, 4), (2, 5), (3, 6), (5, 5)])
def test_chance_precision_is_the_mean_over_all_orders(relevant: int, total: int) -> None:
    orders = set(permutations([True] * relevant + [False] * (total - relevant)))
    assert chance_precision(relevant, total) == pytest.approx(np.mean([average_precision(order) for order in orders]))


@given(st.lists(st.integers(0, 3), min_size=2, max_size=20), st.integers(1, 12))
def test_ndcg_equals_scikit_learns(grades: list[int], k: int) -> None:
    scores = np.arange(len(grades), 0, -1)  # items are already in rank order
    assert ndcg(grades, grades, k) == pytest.approx(ndcg_score([grades], [scores], k=k))


def test_ndcg_counts_missing_items_and_ignores_negative_grades() -> None:
    assert ndcg([1], [1, 1, 1], 10) == pytest.approx(1 / (1 + 1 / np.log2(3) + 0.5))
    assert ndcg([-1, 2], [2, -1], 10) == pytest.approx(1 / np.log2(3))
    assert ndcg([0, 0], [0]) == 0


@given(st.lists(st.sets(st.sampled_from("abc"), min_size=1), min_size=2, max_size=9), st.integers(0, 9))
def test_same_sense_precision_equals_brute_force_with_several_senses(labels: list[set[str]], seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(len(labels), 3))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assume(all(len(set(row)) == len(row) for row in np.round(unit @ unit.T, 5).tolist()))
    same = np.array([[bool(one & other) for other in labels] for one in labels])
    expected = []
    for i, own in enumerate(labels):
        others = sorted((j for j in range(len(labels)) if j != i), key=lambda j: -float(unit[i] @ unit[j]))
        relevant = [bool(own & labels[j]) for j in others]
        if any(relevant):
            expected.append((average_precision(relevant), chance_precision(sum(relevant), len(relevant))))
    found, chance = same_sense_precisions(vectors, same)
    np.testing.assert_allclose(found, [pair[0] for pair in expected], rtol=1e-6)
    np.testing.assert_allclose(chance, [pair[1] for pair in expected])


@pytest.mark.parametrize("kinds", [1, 3])
def test_uninformative_vectors_score_like_chance_in_any_input_order(kinds: int) -> None:
    labels = np.repeat([0, 1], 100)  # in the order of their senses, as a file often is
    forms = np.random.default_rng(0).normal(size=(kinds, 8))
    vectors = forms[np.arange(200) % kinds]
    found, chance = same_sense_precisions(vectors, labels[:, None] == labels)
    assert found.mean() == pytest.approx(chance.mean(), abs=0.02)


def test_cosines_of_equal_pairs_tie_despite_float32_noise() -> None:
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=(2, 5, 64)).astype(np.float32)
    noise = a * (1 + generator.normal(size=a.shape).astype(np.float32) * 1e-7)
    assert (cosines(a, b) == cosines(noise, b)).all()
    expected = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    np.testing.assert_allclose(cosines(a, b), expected, atol=1e-5)
    assert cosines(np.zeros((1, 3)), np.ones((1, 3))) == [0]


def test_95_percent_intervals_contain_the_true_mean_95_percent_of_the_time() -> None:
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        low, high = mean_interval(generator.normal(0.3, 1, 40), rounds=200)
        held += low <= 0.3 <= high
    assert 0.90 <= held / 300 <= 0.98


def test_intervals_are_reproducible_and_narrow_with_more_data() -> None:
    values = np.random.default_rng(3).random(400)
    assert mean_interval(values) == mean_interval(values)
    narrow, wide = mean_interval(values), mean_interval(values[:25])
    assert narrow[1] - narrow[0] < (wide[1] - wide[0]) / 2
    assert mean_interval([0.5, 0.5]) == (0.5, 0.5)
    low, high = narrow
    spread = values.std() / np.sqrt(len(values))  # the normal approximation
    assert (low, high) == pytest.approx((values.mean() - 1.96 * spread, values.mean() + 1.96 * spread), abs=0.004)


def test_dependent_units_are_drawn_together() -> None:
    # All words of a sentence are right or all are wrong, so sentences are the independent units.
    right = np.tile([0.0, 10.0], 20)
    together = ratio_interval(right, np.full(40, 10.0))
    apart = mean_interval(np.repeat(right / 10, 10))
    assert together == pytest.approx((0.35, 0.65), abs=0.03)
    assert apart[1] - apart[0] < (together[1] - together[0]) / 2


def test_groups_keep_their_order_and_interval_takes_any_statistic() -> None:
    groups = grouped(["b", "a", "b", "c", "a"])
    assert [group.tolist() for group in groups] == [[0, 2], [1, 4], [3]]
    x = np.arange(30.0)
    assert interval(lambda drawn: spearman(x[drawn], x[drawn] ** 2), 30) == pytest.approx((1, 1))
