"""Tell the senses of a word apart within each part of speech: one branch of the tree for each.

*Charge* the noun and *charge* the verb have no sense in common, so no group holds both. Each branch is a tree of its
own and is cut by its own gate. The branches are joined at the top of one tree, so that all cuts are cuts of this tree.
Names count as nouns, and auxiliary verbs as verbs.

Taggers err. A part of speech with few occurrences, or with the use of another one, is no branch. Each of its
occurrences joins the nearest one.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np

from ...indexer.vectors.arrays import Array, Ids, Mask, unit
from ..query.parts_of_speech import alike
from .clustering import CHOSEN, Settings, by_size, centres_of, nearest_centre, settled
from .tree import APART, KNOWN_APART, NONE, SenseTree, Split, grow, linkage

SHARE = 0.05
"""Minimum share of a word's occurrences that a part of speech needs for a branch (see docs/results/senses.md).

The bundled tagger errs in as many tokens.
"""
SAME_USE = 0.7
"""Cosine of the means of two parts of speech from which one of them is taken for an error of the tagger.

See docs/results/senses.md.
"""
FEWEST = 10
"""Minimum number of occurrences to divide. A branch with fewer is one sense."""
POS_APART = -1.0
"""Cosine of each split between parts of speech. The coarsest grain is -1 too, so its cut has no such split."""


def grow_branches(
    vectors: Array, parts: Sequence[str] = (), known: Ids | None = None, settings: Settings = CHOSEN
) -> tuple[SenseTree, int]:
    """Arrange unit vectors in a tree with a branch for each part of speech.

    Args:
        vectors: Unit rows, at least one (n, d).
        parts: Part of speech of each occurrence, "" where it is not known (n,). Empty if none is known.
        known: Number of the known sense of each occurrence, or `NONE` (n,). A known sense stays together: its
            occurrences go into the branch that most of them belong to.

    Returns:
        The tree, and the number of senses of its default cut.
    """
    known = np.full(len(vectors), NONE, np.int64) if known is None else known
    branches = branches_of(vectors, parts, known, settings)  # (n,)
    if not branches.any():
        return settled(vectors, grow(vectors, known, settings.tree), settings)
    trees = []
    for branch in range(int(branches.max()) + 1):
        rows = np.flatnonzero(branches == branch)
        tree = grow(vectors[rows], known[rows], settings.tree)
        tree, usual = (tree, tree.fixed + 1) if len(rows) < FEWEST else settled(vectors[rows], tree, settings)
        trees.append(tree if tree.number_at(settings.grain) == usual else _behind(tree, settings.grain))
    joined = _joined(trees, branches, _tops(vectors, branches, known))
    return joined, joined.number_at(settings.grain)


def branches_of(vectors: Array, parts: Sequence[str], known: Ids, settings: Settings = CHOSEN) -> Ids:
    """Return the branch of each occurrence, from 0, the largest first. All are 0 if there is one branch.  -> (n,)

    Args:
        vectors: Unit rows (n, d).
        parts: Part of speech of each occurrence (n,), or empty.
        known: Number of the known sense of each occurrence, or `NONE` (n,).
    """
    n = len(vectors)
    branches = np.zeros(n, np.int64)
    if not parts:
        return branches
    groups = [min(alike(part)) for part in parts]
    names = branch_names(vectors, parts, settings)
    if len(names) < 2:
        return branches
    branches = np.array([names.index(group) if group in names else NONE for group in groups], np.int64)
    apart = branches == NONE
    branches[apart] = nearest_centre(vectors[apart], centres_of(vectors[~apart], branches[~apart]))
    for sense in np.unique(known[known != NONE]).tolist():
        held = known == sense
        branches[held] = np.bincount(branches[held]).argmax()
    return by_size(branches)


def branch_names(vectors: Array, parts: Sequence[str], settings: Settings = CHOSEN) -> list[str]:
    """Return the parts of speech that are branches, the most frequent first, each by the first of those alike.

    Args:
        vectors: Unit rows (n, d).
        parts: Part of speech of each occurrence (n,).
    """
    groups = [min(alike(part)) for part in parts]
    counts = Counter(group for group in groups if group)
    least = max(settings.tree.least(len(vectors)), ceil(SHARE * len(vectors)))
    large = sorted((name for name, count in counts.items() if count >= least), key=lambda name: (-counts[name], name))
    return _apart(vectors, groups, large)


def parts_apart(vectors: Array, parts: Sequence[str], chosen: Mask) -> tuple[str, ...]:
    """Return the parts of speech of the branches that have none of the chosen occurrences, in order.

    Args:
        vectors: Unit rows (n, d).
        parts: Part of speech of each occurrence (n,).
        chosen: Which occurrences are chosen (n,).
    """
    names = branch_names(vectors, parts)
    branches = branches_of(vectors, parts, np.full(len(vectors), NONE, np.int64))  # (n,)
    own = set(branches[chosen].tolist())
    number_of = {min(alike(part)): branch for part, branch in zip(parts, branches.tolist(), strict=True)}
    return tuple(sorted({part for name in names if number_of[name] not in own for part in alike(name)}))


def _apart(vectors: Array, groups: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return the parts of speech that are used unlike each more frequent one. Nearer ones are errors of the tagger.

    Args:
        vectors: Unit rows (n, d).
        groups: Part of speech of each (n,).
        names: Parts of speech, the most frequent first.
    """
    kept: dict[str, Array] = {}
    for name in names:
        mean = unit(vectors[[group == name for group in groups]].mean(axis=0, keepdims=True))[0]  # (d,)
        if all(float(mean @ other) < SAME_USE for other in kept.values()):
            kept[name] = mean
    return list(kept)


def part_of(parts: Sequence[str]) -> str:
    """Return the most frequent part of speech of some occurrences. "" if none is known."""
    counts = Counter(part for part in parts if part)
    return min(counts, key=lambda part: (-counts[part], part)) if counts else ""


def _behind(tree: SenseTree, grain: float) -> SenseTree:
    """Return a tree with its splits behind a grain, so that only finer cuts apply them."""
    late = (replace(split, cosine=max(grain, split.cosine)) for split in tree.splits[tree.fixed :])
    return replace(tree, splits=(*tree.splits[: tree.fixed], *late))


@dataclass(frozen=True, slots=True)
class _Tops:
    """How branches are joined, in the form that `tree.linkage` returns.

    Groups 0 to B - 1 are the B branches. Merge i makes group B + i.

    Attributes:
        sides: The two groups of each merge.
        cosines: Cosine of the split that undoes it.
    """

    sides: tuple[tuple[int, int], ...]
    cosines: tuple[float, ...]


def _tops(vectors: Array, branches: Ids, known: Ids) -> _Tops:
    """Join the nearest branches first, and branches with known senses last."""
    count = int(branches.max()) + 1
    labels = np.array([b if (known[branches == b] != NONE).any() else NONE for b in range(count)], np.int64)
    merges = linkage(unit(centres_of(vectors, branches)), labels)
    sides = tuple((int(left), int(right)) for left, right in merges[:, :2])
    return _Tops(sides, tuple(KNOWN_APART if distance >= APART else POS_APART for distance in merges[:, 2]))


def _joined(trees: Sequence[SenseTree], branches: Ids, tops: _Tops) -> SenseTree:
    """Join the trees of branches to one.

    Args:
        trees: Tree of the occurrences of each branch.
        branches: Branch of each occurrence (n,).
    """
    count = len(trees)
    split_of = [{split.parent: split for split in tree.splits} for tree in trees]
    number_of = [{split.parent: number for number, split in enumerate(tree.splits)} for tree in trees]
    sizes = [int((tree.nodes != NONE).sum()) for tree in trees]
    for left, right in tops.sides:
        sizes.append(sizes[left] + sizes[right])
    leaves = [np.full(2 * len(tree.splits) + 2, NONE, np.int64) for tree in trees]  # the last entry is for strays
    splits: list[Split] = []
    branching: list[int] = []
    waiting: list[tuple[float, int, int, int]] = []  # a cosine, a new node, a group, and a node of its tree

    def wait(name: int, group: int, node: int) -> None:
        if group >= count:
            heapq.heappush(waiting, (tops.cosines[group - count], name, group, 0))
        elif node in split_of[group]:
            heapq.heappush(waiting, (split_of[group][node].cosine, name, group, node))
        else:
            leaves[group][node] = name

    wait(0, 2 * count - 2, 0)
    while waiting:
        cosine, name, group, node = heapq.heappop(waiting)
        first = 2 * len(splits) + 1
        if group >= count:
            one, two = sorted(tops.sides[group - count], key=lambda side: (-sizes[side], side))
            branching.append(len(splits))
            splits.append(Split(name, cosine, (sizes[one], sizes[two])))
            wait(first, one, 0)
            wait(first + 1, two, 0)
        else:
            splits.append(Split(name, cosine, split_of[group][node].sizes))
            below = 2 * number_of[group][node] + 1
            wait(first, group, below)
            wait(first + 1, group, below + 1)
    nodes = np.full(len(branches), NONE, np.int64)
    for branch, tree in enumerate(trees):
        nodes[branches == branch] = leaves[branch][tree.nodes]
    fixed = max((number + 1 for number, split in enumerate(splits) if split.cosine <= KNOWN_APART), default=0)
    return SenseTree(tuple(splits), nodes, fixed, frozenset(branching))
