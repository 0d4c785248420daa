"""The tree of senses against brute force, and the properties that all its cuts have."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.vectors.arrays import Array, Ids, unit
from polyseme.search.senses.clustering import GRAIN
from polyseme.search.senses.tree import APART, CHOSEN, NONE, TreeSettings, grow, linkage, postponed, smoothed
from sklearn.metrics import adjusted_rand_score


def points(n: int, seed: int, dim: int = 6, centres: int = 3) -> Array:
    """Return n unit vectors around some random centres."""
    rng = np.random.default_rng(seed)
    middle = rng.standard_normal((centres, dim))
    return unit(middle[rng.integers(0, centres, n)] + 0.5 * rng.standard_normal((n, dim)))


def brute_groups(vectors: Array, least: int) -> list[list[set[int]]]:
    """Return the groups of every cut, by merging the nearest pair of groups until one is left.

    The tree keeps a merge if both sides have `least` rows. The rows of a smaller side go to the nearer side of the next
    kept split below.
    """
    cosines = (vectors @ vectors.T).astype(np.float64)
    groups: list[tuple[int, ...]] = [(n,) for n in range(len(vectors))]
    sides: dict[tuple[int, ...], tuple[tuple[int, ...], tuple[int, ...], float]] = {}
    while len(groups) > 1:
        pairs = list(combinations(groups, 2))
        means = [float(np.mean([cosines[a, b] for a in left for b in right])) for left, right in pairs]
        left, right = pairs[int(np.argmax(means))]
        whole = tuple(sorted(left + right))
        sides[whole] = (left, right, max(means))
        groups = [group for group in groups if group not in (left, right)] + [whole]

    def next_split(core: tuple[int, ...]) -> tuple[int, ...] | None:
        while core in sides:
            left, right, _ = sides[core]
            if min(len(left), len(right)) >= least:
                return core
            core = max(left, right, key=len)
        return None

    cut = [(set(range(len(vectors))), next_split(groups[0]))]
    found = [[cut[0][0]]]
    while any(core is not None for _, core in cut):
        number = min(
            (n for n, (_, core) in enumerate(cut) if core is not None), key=lambda n: sides[cut[n][1] or ()][2]
        )
        members, core = cut.pop(number)
        left, right, _ = sides[core or ()]
        centres = [unit(vectors[list(side)].sum(axis=0)) for side in (left, right)]
        parts: tuple[set[int], set[int]] = (set(left), set(right))
        for row in members - parts[0] - parts[1]:
            parts[int(vectors[row] @ centres[1] > vectors[row] @ centres[0])].add(row)
        cut += [(parts[0], next_split(left)), (parts[1], next_split(right))]
        found.append([group for group, _ in cut])
    return found


def as_sets(groups: Ids) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(groups == group).tolist()) for group in np.unique(groups)}


UNSMOOTHED = TreeSettings(neighbours=1, per_neighbour=10**9, fewest=3, few=2, stray_cosine=-2)


@pytest.mark.parametrize("seed", range(12))
def test_every_cut_equals_the_definition(seed: int) -> None:
    vectors = points(8 + 2 * seed, seed)
    n = len(vectors)
    given_settings = UNSMOOTHED
    smooth, _ = smoothed(vectors, np.ones(n, np.int64), given_settings.reach(n))
    tree = grow(vectors, settings=given_settings)
    expected = brute_groups(smooth, given_settings.least(n))
    assert tree.most == len(expected)
    for number, groups in enumerate(expected, start=1):
        assert as_sets(tree.cut(number)) == {frozenset(group) for group in groups}


@given(st.integers(2, 90), st.integers(0, 10**6), st.integers(1, 12), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_a_finer_cut_only_divides_groups_of_a_coarser_one(n: int, seed: int, first: int, second: int) -> None:
    tree = grow(points(n, seed))
    coarse, fine = tree.cut(min(first, second)), tree.cut(max(first, second))
    assert ((coarse == NONE) == (fine == NONE)).all()
    for group in np.unique(fine):
        assert len(np.unique(coarse[fine == group])) == 1


@given(st.integers(2, 90), st.integers(0, 10**6), st.floats(-1, 1), st.floats(-1, 1))
@settings(max_examples=60, deadline=None)
def test_a_higher_grain_gives_no_fewer_senses(n: int, seed: int, first: float, second: float) -> None:
    tree = grow(points(n, seed))
    assert tree.number_at(min(first, second)) <= tree.number_at(max(first, second)) <= tree.most
    for number in range(1, tree.most + 1):
        assert tree.number_at(np.nextafter(tree.grain_of(number), 2)) >= number


@given(st.integers(8, 150), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_every_group_has_the_minimum_number_of_occurrences(n: int, seed: int) -> None:
    tree = grow(points(n, seed))
    for number in range(2, tree.most + 1):
        groups = tree.cut(number)
        counts = np.bincount(groups[groups != NONE], minlength=number)
        assert len(counts) == number
        assert counts.min() >= CHOSEN.least(n)
        split = tree.splits[number - 2]
        sides = tree.sides(number - 2)
        assert split.sizes == (int((sides == 0).sum()), int((sides == 1).sum()))


@given(st.integers(20, 150), st.integers(0, 10**6), st.sets(st.integers(0, 8)), st.floats(-1, 1))
@settings(max_examples=60, deadline=None)
def test_postponed_splits_come_behind_the_grain(n: int, seed: int, numbers: set[int], grain: float) -> None:
    vectors = points(n, seed)
    tree = grow(vectors, settings=TreeSettings(few=3, share=0.02))
    moved = {number for number in numbers if number < len(tree.splits)}
    found = postponed(tree, vectors, moved, grain)
    assert found.most == tree.most
    assert as_sets(found.cut(found.most)) == as_sets(tree.cut(tree.most))
    for number in range(2, found.most + 1):
        coarse, fine = found.cut(number - 1), found.cut(number)
        assert all(len(np.unique(coarse[fine == group])) == 1 for group in np.unique(fine))
        sides, split = found.sides(number - 2), found.splits[number - 2]
        assert split.sizes == (int((sides == 0).sum()), int((sides == 1).sum()))
        assert not moved or split.sizes[0] >= split.sizes[1]
    usual = found.cut(found.number_at(grain))
    for number in moved:  # the smaller side is not a group of its own
        sides = tree.sides(number)
        small = int((sides == 1).sum() <= (sides == 0).sum())
        if tree.splits[number].cosine < grain:
            assert not ((usual == usual[sides == small][0]) == (sides == small)).all()


def test_the_smallest_group_is_a_count_and_less_for_small_words() -> None:
    assert [CHOSEN.least(n) for n in (10, 60, 125, 700, 50_000)] == [5, 5, 10, 10, 10]


def test_trees_are_deterministic_also_with_equal_vectors() -> None:
    vectors = np.concatenate([points(60, 1), points(60, 1), np.tile(points(1, 2), (30, 1))])
    first = grow(vectors)
    np.random.default_rng().standard_normal(5)
    second = grow(vectors.copy())
    assert first.splits == second.splits
    assert (first.nodes == second.nodes).all()


def test_a_sense_of_ten_lines_among_fifty_thousand_is_found() -> None:
    rng = np.random.default_rng(3)
    axes = np.linalg.qr(rng.standard_normal((48, 48)))[0]
    gold = np.repeat([0, 1, 2], [30_000, 19_990, 10])
    vectors = unit(axes[gold] + 0.12 * rng.standard_normal((50_000, 48)))
    order = rng.permutation(50_000)
    tree = grow(vectors[order])
    groups = tree.cut(3)
    assert sorted(np.bincount(groups).tolist()) == [10, 19_990, 30_000]
    assert as_sets(groups) == as_sets(gold[order])


def test_operations_grow_with_the_occurrences_and_not_with_their_square(monkeypatch: pytest.MonkeyPatch) -> None:
    merged: list[int] = []
    compared: list[int] = []

    def count(vectors: Array, labels: Ids) -> object:
        merged.append(len(vectors))
        return linkage(vectors, labels)

    from polyseme.search.senses import tree

    follow = tree._follow

    def count_follow(vectors: Array, landmarks: Array, *rest: object) -> None:
        compared.append(len(vectors) * len(landmarks))
        follow(vectors, landmarks, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(tree, "linkage", count)
    monkeypatch.setattr(tree, "_follow", count_follow)
    for n in (20_000, 40_000):
        compared.clear()
        grow(points(n, 0, dim=16))
        assert merged[-1] <= CHOSEN.landmarks
        assert sum(compared) <= n * CHOSEN.landmarks


def test_known_senses_stay_together_and_apart() -> None:
    vectors = points(80, 5)
    known = np.full(80, NONE, np.int64)
    known[[3, 40, 77]], known[[8, 41]] = 0, 1
    tree = grow(vectors, known)
    assert tree.fixed == 1
    for number in range(1, tree.most + 1):
        groups = tree.cut(number)
        assert len(set(groups[[3, 40, 77]].tolist())) == 1
        assert len(set(groups[[8, 41]].tolist())) == 1
        assert groups[3] != groups[8]
    alone = np.full(80, NONE, np.int64)
    alone[[3, 8, 9]] = 0, 1, 2
    assert (linkage(vectors, alone)[:, 2] >= APART).sum() == 2


def test_three_corrected_lines_improve_the_others() -> None:
    gains = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        axes = np.linalg.qr(rng.standard_normal((24, 24)))[0]
        # The centres of the first two senses are near each other, so the usual cut takes both for one.
        centres = np.stack([axes[0], unit(axes[0] + 0.75 * axes[1]), axes[2]])
        gold = np.repeat([0, 1, 2], [50, 30, 40])
        vectors = unit(centres[gold] + 0.16 * rng.standard_normal((120, 24)))
        tree = grow(vectors)
        found = tree.cut(tree.number_at(GRAIN))
        known = np.full(120, NONE, np.int64)
        known[[3, 4, 5]], known[[60, 61, 62]], known[[90, 91, 92]] = 0, 1, 2
        corrected = grow(vectors, known).cut(3)
        others = known == NONE
        before, after = (adjusted_rand_score(gold[others], groups[others]) for groups in (found, corrected))
        assert before < 0.75
        gains.append(after - before)
    assert min(gains) > 0
    assert np.mean(gains) > 0.15


@pytest.mark.parametrize("count", [2, 3, 5])
def test_sides_of_each_split_are_all_that_is_below_its_nodes(count: int) -> None:
    rng = np.random.default_rng(count)
    vectors = unit(rng.normal(size=(40, 8)).astype(np.float32))
    known = np.full(40, NONE, np.int64)
    known[: 3 * count] = np.repeat(np.arange(count), 3)
    tree = grow(vectors, known)
    assert tree.fixed >= count - 1, "the splits between known senses are in every cut"
    for number in range(len(tree.splits)):

        def below(top: int) -> list[bool]:
            found = []
            for node in tree.nodes.tolist():
                above = node
                while above > top:
                    above = tree.splits[(above - 1) // 2].parent
                found.append(node != NONE and above == top)
            return found

        sides = tree.sides(number)
        assert (sides == 0).tolist() == below(2 * number + 1)
        assert (sides == 1).tolist() == below(2 * number + 2)
