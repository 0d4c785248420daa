"""Arrange the occurrences of a word in one tree, which can be cut into few or many senses.

Vectors are first smoothed: each becomes the mean of itself and its nearest neighbours. Then average linkage by cosine
merges groups from the bottom up. A split of the tree counts only if both of its sides have enough occurrences. A
smaller side joins the larger one, so the tree has few splits, and each is a possible sense. A cut applies the first
splits, those with the lowest cosine between their sides. So a finer cut only splits groups of a coarser one.

Of many occurrences, a few thousand landmarks are merged, and the others follow their nearest landmark. Half of the
landmarks are evenly spaced, and the others are the occurrences farthest from all landmarks so far. So a rare sense has
landmarks too.

Results are deterministic: nothing is drawn, and ties are broken by place.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection
from dataclasses import dataclass
from math import ceil
from typing import TypeVar

import numpy as np

from ...indexer.vectors.arrays import Array, Doubles, Ids, Mask, unit

Rows = TypeVar("Rows", Array, Doubles)

NONE = -1
"""Group number of occurrences that fit no sense. Groups are numbered from 0."""
APART = 1e3
"""Minimum distance of groups that must not be merged. Cosine distances are at most 2."""
KNOWN_APART = -2.0
"""Cosine of a split that separates known senses. It is below every grain."""


@dataclass(frozen=True, slots=True)
class TreeSettings:
    """Parameters of the tree, chosen as docs/results/senses.md says.

    Attributes:
        neighbours: Maximum number of neighbours in the mean that replaces a vector.
        per_neighbour: Number of occurrences for each neighbour in the mean. So a small word is smoothed less.
        fewest: Minimum number of occurrences in a group of a large word.
        share: Minimum share of the occurrences in a group of a small word, if that is less than `fewest`.
        few: Minimum number of occurrences in a group of any word.
        landmarks: Maximum number of occurrences that are merged.
        spread: Share of the landmarks that are evenly spaced.
        rounds: Number of rounds in which the other landmarks are chosen.
        splits: Maximum number of splits.
        stray_cosine: An outlier has a mean cosine with its neighbours below this.
        fence: An outlier is this many interquartile ranges below the lower quartile.
    """

    neighbours: int = 5
    per_neighbour: int = 12
    fewest: int = 10
    share: float = 0.08
    few: int = 5
    landmarks: int = 2500
    spread: float = 0.8
    rounds: int = 5
    splits: int = 99
    stray_cosine: float = 0.3
    fence: float = 2.5

    def least(self, n: int) -> int:
        """Return the minimum number of occurrences in a group of a word with n occurrences."""
        return max(self.few, min(self.fewest, ceil(self.share * n)))

    def reach(self, n: int) -> int:
        """Return the number of neighbours in the mean that replaces a vector of a word with n occurrences."""
        return max(1, min(self.neighbours, n // self.per_neighbour))


CHOSEN = TreeSettings()
"""Parameters in use."""


@dataclass(frozen=True, slots=True)
class Split:
    """A split of a group into two.

    Attributes:
        parent: Node that is split. The root is node 0, and split number i makes the nodes 2 i + 1 and 2 i + 2.
        cosine: Mean cosine between the smoothed vectors of the two sides. That of a postponed split is at least the
            grain behind which it was moved.
        sizes: Number of occurrences of each side, strays not counted.
    """

    parent: int
    cosine: float
    sizes: tuple[int, int]


@dataclass(frozen=True, slots=True)
class SenseTree:
    """The groups of a word's occurrences at every grain.

    Attributes:
        splits: Splits in the order in which cuts apply them: the lowest cosine first, each after its parent.
        nodes: Node of the finest group of each occurrence, `NONE` for strays (n,).
        fixed: Number of splits that every cut applies, because they separate known senses.
        branching: Numbers of the splits that separate parts of speech (`branches.py`).
    """

    splits: tuple[Split, ...]
    nodes: Ids
    fixed: int = 0
    branching: frozenset[int] = frozenset()

    @property
    def most(self) -> int:
        """Number of groups of the finest cut."""
        return len(self.splits) + 1

    def number_at(self, grain: float) -> int:
        """Return the number of groups if groups with a lower mean cosine than `grain` are apart."""
        number = self.fixed
        while number < len(self.splits) and self.splits[number].cosine < grain:
            number += 1
        return number + 1

    def grain_of(self, number: int) -> float:
        """Return the lowest grain with at least this many groups, in [-1, 1]. It is -1 for the coarsest cut."""
        return -1.0 if number <= self.fixed + 1 else max(split.cosine for split in self.splits[: number - 1])

    def cut_nodes(self, number: int) -> list[int]:
        """Return the nodes that are the groups of a cut, in order."""
        return self._nodes_after(self._bounded(number) - 1)

    def cut(self, number: int) -> Ids:
        """Return the group of each occurrence in a cut, from 0, with `NONE` for strays.  -> (n,)

        Args:
            number: Number of groups. It is limited to what the tree has.
        """
        return self._groups_after(self._bounded(number) - 1)

    def sides(self, number: int) -> Ids:
        """Return the side of each occurrence in a split: 0, 1, or `NONE` if it is elsewhere in the tree.  -> (n,)

        Later splits of a side do not count, also if every cut applies them.

        Args:
            number: Number of the split, from 0.
        """
        # No cut may have these groups: each applies the splits between known senses, of which some come later.
        found, nodes = self._groups_after(number + 1), self._nodes_after(number + 1)
        first, second = nodes.index(2 * number + 1), nodes.index(2 * number + 2)
        return np.where(found == first, 0, np.where(found == second, 1, NONE)).astype(np.int64)

    def is_whole(self, node: int) -> bool:
        """Return whether a node is the root or a whole part of speech, so that no split by meaning has made it."""
        return node == 0 or (node - 1) // 2 in self.branching

    def _bounded(self, number: int) -> int:
        return min(max(number, self.fixed + 1), self.most)

    def _nodes_after(self, splits: int) -> list[int]:
        """Return the nodes that are groups after the first splits, in order."""
        return sorted(set(range(2 * splits + 1)) - {split.parent for split in self.splits[:splits]})

    def _groups_after(self, splits: int) -> Ids:
        """Return the group of each occurrence after the first splits, from 0, with `NONE` for strays.  -> (n,)"""
        place = {node: at for at, node in enumerate(self._nodes_after(splits))}
        groups = np.full(2 * len(self.splits) + 2, NONE, np.int64)  # the last entry is for strays
        for node in range(2 * len(self.splits) + 1):
            above = node
            while above > 2 * splits:
                above = self.splits[(above - 1) // 2].parent
            # An inner node of the cut has no occurrence of its own.
            groups[node] = place.get(above, NONE)
        return groups[self.nodes]


@dataclass(frozen=True, slots=True)
class _Landmarks:
    """Representatives of the occurrences.

    Attributes:
        vectors: Mean of the occurrences that follow each landmark, as a unit vector (m, d).
        counts: Number of those occurrences (m,).
        nearest: Landmark that each occurrence follows (n,).
    """

    vectors: Array
    counts: Ids
    nearest: Ids


def grow(vectors: Array, known: Ids | None = None, settings: TreeSettings = CHOSEN) -> SenseTree:
    """Arrange unit vectors in a tree.

    Args:
        vectors: Unit rows, at least one (n, d).
        known: Number of the known sense of each occurrence, `NONE` where it is not known (n,). Occurrences of one known
            sense stay in one group of every cut, and those of different known senses in different groups.
    """
    n = len(vectors)
    known = np.full(n, NONE, np.int64) if known is None else known
    found = _landmarks(vectors, known, settings)
    smooth, closeness = smoothed(found.vectors, found.counts, settings.reach(n))
    labels = np.full(len(smooth), NONE, np.int64)  # (m,)
    labels[found.nearest[known != NONE]] = known[known != NONE]
    kept = ~_outlying(closeness, settings) | (labels != NONE)  # (m,)
    if not kept.any():
        kept[:] = True
    rows, counts, senses, places = _joined(smooth[kept], found.counts[kept], labels[kept])
    splits, inside, fixed = _condensed(rows, counts, senses, settings.least(n), settings.splits)
    nodes = np.full(len(smooth), NONE, np.int64)
    nodes[kept] = inside[places]
    return SenseTree(splits, nodes[found.nearest], fixed)


def _joined(vectors: Array, counts: Ids, labels: Ids) -> tuple[Array, Ids, Ids, Ids]:
    """Join the rows of each known sense into one.

    Returns:
        Unit rows (r, d), their numbers of occurrences (r,), their known senses (r,), and the place of each given row
        among them (m,).
    """
    free = np.flatnonzero(labels == NONE)
    names, places = np.unique(labels[labels != NONE], return_inverse=True)
    if not len(names):
        return vectors, counts, labels, np.arange(len(vectors))
    taken = np.flatnonzero(labels != NONE)
    sums = np.zeros((len(names), vectors.shape[1]), np.float32)
    np.add.at(sums, places, counts[taken, None] * vectors[taken])
    row_of = np.empty(len(vectors), np.int64)
    row_of[free] = np.arange(len(free))
    row_of[taken] = len(free) + places
    return (
        np.concatenate([vectors[free], unit(sums)]),
        np.concatenate([counts[free], np.bincount(places, counts[taken]).astype(np.int64)]),
        np.concatenate([labels[free], names]),
        row_of,
    )


def _landmarks(vectors: Array, known: Ids, settings: TreeSettings) -> _Landmarks:
    """Choose landmarks. Known occurrences are landmarks, and so are all of a word with few occurrences."""
    n = len(vectors)
    if n <= settings.landmarks:
        return _Landmarks(vectors, np.ones(n, np.int64), np.arange(n))
    even = np.linspace(0, n - 1, round(settings.spread * settings.landmarks)).astype(np.int64)
    chosen = np.union1d(even, np.flatnonzero(known != NONE)[: settings.landmarks])
    best, nearest = np.full(n, -2, np.float32), np.zeros(n, np.int64)
    step = max(1, (settings.landmarks - len(even)) // settings.rounds)
    fresh = chosen
    for turn in range(settings.rounds + 1):
        _follow(vectors, vectors[fresh], len(chosen) - len(fresh), best, nearest)
        if turn < settings.rounds:
            fresh = np.argsort(best, kind="stable")[:step]
            chosen = np.concatenate([chosen, fresh])
    used, sums = _group_sums(vectors, nearest)
    return _Landmarks(unit(sums), np.bincount(nearest)[used], np.searchsorted(used, nearest))


def _group_sums(rows: Rows, groups: Ids) -> tuple[Ids, Rows]:
    """Return the numbers of the groups that have rows, ascending (g,), and the sum of the rows of each (g, d).

    Args:
        rows: Rows (n, d).
        groups: Group of each (n,).
    """
    order = np.argsort(groups, kind="stable")
    used, firsts = np.unique(groups[order], return_index=True)
    return used, np.add.reduceat(rows[order], firsts, axis=0)


def _follow(vectors: Array, landmarks: Array, first: int, best: Array, nearest: Ids, block: int = 4096) -> None:
    """Note for each row whether one of some landmarks is nearer than those so far.

    Args:
        first: Number of the first of these landmarks.
        best: Cosine with the nearest landmark so far, which is changed (n,).
        nearest: Number of that landmark, which is changed (n,).
    """
    for start in range(0, len(vectors), block):
        cosines = vectors[start : start + block] @ landmarks.T  # (block, m)
        place = cosines.argmax(axis=1)
        found = np.take_along_axis(cosines, place[:, None], axis=1)[:, 0]
        rows = np.flatnonzero(found > best[start : start + block]) + start
        best[rows], nearest[rows] = found[rows - start], first + place[rows - start]


def smoothed(vectors: Array, counts: Ids, reach: int) -> tuple[Array, Array]:
    """Replace unit vectors by the mean of themselves and their nearest neighbours.

    Neighbours are taken, nearest first, until they have enough occurrences.

    Args:
        vectors: Unit rows (m, d).
        counts: Number of occurrences that each row represents (m,).
        reach: Number of other occurrences in a mean.

    Returns:
        Unit rows (m, d), and the mean cosine of each row with its neighbours (m,).
    """
    m = len(vectors)
    near = min(reach, m - 1)
    if near < 1:
        return vectors, np.ones(m, np.float32)
    cosines = vectors @ vectors.T  # (m, m)
    np.fill_diagonal(cosines, -2)
    places, scores = np.zeros((m, near), np.int64), np.zeros((m, near), np.float32)
    every = np.arange(m)
    for number in range(near):  # a few passes are faster than a partition
        places[:, number] = cosines.argmax(axis=1)
        scores[:, number] = cosines[every, places[:, number]]
        cosines[every, places[:, number]] = -2
    # Occurrences that the row itself and nearer neighbours bring.
    before = (counts[:, None] - 1) + np.cumsum(counts[places], axis=1) - counts[places]
    weights = np.where(before < reach, counts[places], 0).astype(np.float32)  # (m, near)
    means = counts[:, None] * vectors + np.einsum("mk,mkd->md", weights, vectors[places])
    total = weights.sum(axis=1)
    closeness = np.where(total > 0, (weights * scores).sum(axis=1) / np.maximum(total, 1), 1)
    return unit(means), closeness.astype(np.float32)


def _outlying(closeness: Array, settings: TreeSettings) -> Mask:
    """Return which rows are far from their neighbours, compared with the others.  (m,) -> (m,)"""
    low, high = np.quantile(closeness, [0.25, 0.75])
    return np.asarray(closeness < min(settings.stray_cosine, low - settings.fence * (high - low)))


def linkage(vectors: Array, labels: Ids) -> Doubles:
    """Merge unit rows by average linkage. Groups with known senses merge last.

    Args:
        vectors: Unit rows (m, d).
        labels: Known sense of each row, no two the same, or `NONE` (m,).

    Returns:
        Merges as scipy writes them: two groups, their cosine distance, and the number of rows (m - 1, 4). Distances
        from `APART` on separate known senses.
    """
    from scipy.cluster.hierarchy import linkage as average
    from scipy.spatial.distance import squareform

    distances = np.clip(1 - vectors @ vectors.T, 0, 2).astype(np.float64)
    known = np.flatnonzero(labels != NONE)
    # The mean distance of two groups with such a pair stays above `APART`.
    distances[np.ix_(known, known)] = APART * len(vectors) ** 2
    np.fill_diagonal(distances, 0)
    return np.asarray(average(squareform(distances, checks=False), "average"), np.float64)


def postponed(tree: SenseTree, vectors: Array, splits: Collection[int], grain: float) -> SenseTree:
    """Move splits of a tree behind a grain. The finest groups stay the same.

    The smaller side of such a split stays with the larger one. If the larger one is split further, the smaller side
    goes as a whole with the nearer half. Cuts at the grain or coarser do not separate it, and finer ones do.

    Args:
        tree: The tree that was grown from the vectors.
        vectors: Unit rows (n, d).
        splits: Numbers of the splits. None of them separates known senses.
        grain: Lowest cosine that these splits get.
    """
    if not splits:
        return tree
    split_of = {split.parent: number for number, split in enumerate(tree.splits)}
    total = 2 * len(tree.splits) + 1
    sums = np.zeros((total, vectors.shape[1]))  # (nodes, d)
    inside = tree.nodes != NONE
    counts = np.bincount(tree.nodes[inside], minlength=total)  # (nodes,)
    used, found = _group_sums(vectors[inside].astype(np.float64), tree.nodes[inside])
    sums[used] = found
    for number in range(len(tree.splits) - 1, -1, -1):
        for node in (2 * number + 1, 2 * number + 2):
            sums[tree.splits[number].parent] += sums[node]
            counts[tree.splits[number].parent] += counts[node]

    def group_at(node: int, extras: tuple[tuple[float, int], ...] = ()) -> _Group:
        while split_of.get(node, -1) in splits:
            number = split_of[node]
            small, node = sorted((2 * number + 2, 2 * number + 1), key=lambda side: int(counts[side]))
            extras += ((max(grain, tree.splits[number].cosine), small),)
        return _Group(node, tuple(sorted(extras)))

    out: list[Split] = []
    leaves = np.full(total + 1, NONE, np.int64)  # the last entry is for strays
    waiting: list[tuple[float, int, _Group]] = []

    def wait(name: int, group: _Group) -> None:
        own = tree.splits[split_of[group.core]].cosine if group.core in split_of else np.inf
        first = group.extras[0][0] if group.extras else np.inf
        if min(own, first) == np.inf:
            leaves[group.core] = name
        else:
            heapq.heappush(waiting, (min(own, first), name, group))

    wait(0, group_at(0))
    while waiting:
        cosine, name, group = heapq.heappop(waiting)
        if group.core in split_of and tree.splits[split_of[group.core]].cosine <= cosine:
            number = split_of[group.core]
            nodes = (2 * number + 1, 2 * number + 2)
            means = unit(sums[list(nodes)].astype(np.float32))  # (2, d)
            nearer = [int(np.argmax(means @ sums[extra])) for _, extra in group.extras]
            parts = [
                group_at(node, tuple(extra for extra, at in zip(group.extras, nearer, strict=True) if at == side))
                for side, node in enumerate(nodes)
            ]
        else:
            parts = [_Group(group.core, group.extras[1:]), group_at(group.extras[0][1])]
        sizes = [int(counts[part.core]) + sum(int(counts[extra]) for _, extra in part.extras) for part in parts]
        order = sorted((0, 1), key=lambda side: -sizes[side])
        first_name = 2 * len(out) + 1
        out.append(Split(name, cosine, (sizes[order[0]], sizes[order[1]])))
        for place, side in enumerate(order):
            wait(first_name + place, parts[side])
    return SenseTree(tuple(out), leaves[tree.nodes], tree.fixed)


@dataclass(frozen=True, order=True, slots=True)
class _Group:
    """A node of a tree, and smaller nodes that stay with it, each with the cosine from which it is separate."""

    core: int
    extras: tuple[tuple[float, int], ...]


class _Merges:
    """The merges of m rows. Groups 0 to m - 1 are the rows, and merge number i makes group m + i."""

    def __init__(self, merges: Doubles, counts: Ids) -> None:
        # Lists, because their single elements are read faster than those of arrays.
        m = len(counts)
        self._sides: list[tuple[int, int]] = [(int(left), int(right)) for left, right in merges[:, :2].tolist()]
        self._distances: list[float] = merges[:, 2].tolist()
        self._sizes: list[int] = counts.tolist()
        self._rows = m
        for left, right in self._sides:
            self._sizes.append(self._sizes[left] + self._sizes[right])
        self._lengths: list[int] = [*[1] * m, *map(int, merges[:, 3].tolist())]
        firsts = list(range(2 * m - 1))  # first place of each group in the order of the leaves
        firsts[-1] = 0
        for number in range(m - 2, -1, -1):
            left, right = self._sides[number]
            firsts[left] = firsts[m + number]
            firsts[right] = firsts[m + number] + self._lengths[left]
        self._firsts = firsts
        self._order = np.argsort(np.array(firsts[:m], np.int64))  # (m,) rows in the order of the leaves

    def next_split(self, group: int, least: int) -> int | None:
        """Return the first group, from `group` down its larger sides, whose sides are both large enough.

        Sides with different known senses are split, however small they are.
        """
        while group >= self._rows:
            left, right = self.sides(group)
            if self.distance(group) >= APART or min(self._sizes[left], self._sizes[right]) >= least:
                return group
            group = left if self._sizes[left] >= self._sizes[right] else right
        return None

    def sides(self, group: int) -> tuple[int, int]:
        """Return the two groups that were merged into a group."""
        return self._sides[group - self._rows]

    def distance(self, group: int) -> float:
        """Return the distance of the two sides of a group."""
        return self._distances[group - self._rows]

    def size(self, group: int) -> int:
        """Return the number of occurrences in a group."""
        return self._sizes[group]

    def rows(self, group: int) -> Ids:
        """Return the rows of a group, ascending."""
        first = self._firsts[group]
        return np.sort(self._order[first : first + self._lengths[group]])


def _condensed(vectors: Array, counts: Ids, labels: Ids, least: int, most: int) -> tuple[tuple[Split, ...], Ids, int]:
    """Merge rows, and keep the merges of two groups that are both large enough.

    Args:
        vectors: Unit rows (m, d).
        counts: Number of occurrences of each row (m,).
        labels: Known sense of each row, or `NONE` (m,).
        least: Minimum number of occurrences in a group.
        most: Maximum number of splits.

    Returns:
        The splits, the node of each row's finest group (m,), and the number of splits that separate known senses.
    """
    m = len(vectors)
    nodes = np.zeros(m, np.int64)
    if m < 2:
        return (), nodes, 0
    merges = _Merges(linkage(vectors, labels), counts)
    waiting: list[tuple[float, int, int]] = []  # minus the distance, a node, and the group that is split

    def wait(node: int, group: int) -> None:
        found = merges.next_split(group, least)
        if found is not None:
            heapq.heappush(waiting, (-merges.distance(found), node, found))

    splits: list[Split] = []
    wait(0, 2 * m - 2)
    while waiting and len(splits) < most:
        negative, node, group = heapq.heappop(waiting)
        sides = sorted(merges.sides(group), key=lambda side: (-merges.size(side), int(merges.rows(side)[0])))
        cores = [merges.rows(side) for side in sides]
        inside = np.flatnonzero(nodes == node)
        # Rows that had joined the group from smaller sides join the nearer core.
        centres = [unit(counts[rows] @ vectors[rows]) for rows in cores]  # each (d,)
        second = vectors[inside] @ centres[1] > vectors[inside] @ centres[0]
        second[np.searchsorted(inside, cores[0])] = False
        second[np.searchsorted(inside, cores[1])] = True
        first = 2 * len(splits) + 1
        nodes[inside] = first + second
        size = int(counts[inside[second]].sum())
        splits.append(Split(node, max(1 + negative, KNOWN_APART), (int(counts[inside].sum()) - size, size)))
        for place, side in enumerate(sides):
            wait(first + place, side)
    return tuple(splits), nodes, sum(split.cosine <= KNOWN_APART for split in splits)
