"""Choose how many senses a word has, and measure how stable they are.

All groups of a word come from one tree (`tree.py`). The default cut was chosen by measurement among the methods in
docs/results/senses.md:

1. Does the word have more than one sense? The best split into two is compared with the best splits of Gaussian clouds
   of the same shape, which have one centre (SigClust: Liu, Hayes, Nobel and Marron 2008). The split must be better by
   a number of standard deviations that grows with the number of occurrences and their mean cosine. Otherwise there is
   one sense.
2. Which senses are there? The tree is cut at one grain for all words. The grain is a cosine: groups whose mean cosine
   with each other is lower are different senses. It determines the number of senses.

Results are deterministic: seeds are fixed and ties are broken by place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...indexer.vectors.arrays import Array, Doubles, Ids, Mask, row_products, unit
from .tree import CHOSEN as CHOSEN_TREE
from .tree import NONE, SenseTree, TreeSettings, grow, postponed

SAMPLE = 1500
"""Maximum number of occurrences on which it is decided whether a word has several senses."""
GRAIN = 0.38
"""Grain of the default cut, a cosine."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Parameters of the gate and of the stability, chosen on CoarseWSD-20's train split and half of SemCor.

    The command that evaluates a choice is `python -m benchmarks.quality.senses --choose`.

    Attributes:
        gate_dim: Number of principal components in which a split is judged.
        bar: Mean cosine of a word at which its split need only be as good as those of the clouds.
        slope: Standard deviations by which the split must be better than those of the clouds, for each 1 of mean
            cosine above the bar.
        floor: Standard deviations by which the split of 30 occurrences must be better, however low their mean cosine.
        growth: The floor rises by this for each doubling of the occurrences, because chance then explains less.
        ceiling: Highest floor.
        clouds: Number of Gaussian clouds drawn.
        rounds: Number of bootstrap samples.
        quick_rounds: Number of bootstrap samples by which unstable splits are found.
        draws: Size of a bootstrap sample.
        levels: Number of splits of a bootstrap sample's tree among which a split is looked for.
        large: Minimum number of occurrences of a word whose unstable splits are postponed.
        unstable: Stability below which a split is postponed.
        grain: Grain of the default cut, a cosine.
        tree: Parameters of the tree.
    """

    gate_dim: int = 5
    bar: float = 0.50
    slope: float = 20.0
    floor: float = -1.5
    growth: float = 0.8
    ceiling: float = 0.5
    clouds: int = 30
    rounds: int = 20
    quick_rounds: int = 8
    draws: int = 200
    levels: int = 4
    large: int = 300
    unstable: float = 0.3
    grain: float = GRAIN
    tree: TreeSettings = CHOSEN_TREE


CHOSEN = Settings()
"""Parameters in use."""


def cluster(vectors: Array, settings: Settings = CHOSEN) -> Ids:
    """Cluster unit vectors by the default cut. Clusters are numbered from 0, the largest first.  (n, d) -> (n,)

    Occurrences that fit no cluster get `NONE`. Parts of speech are not told apart, see `branches.py`.
    """
    tree, usual = settled(vectors, grow(vectors, settings=settings.tree), settings)
    return by_size(tree.cut(usual))


def settled(vectors: Array, tree: SenseTree, settings: Settings = CHOSEN) -> tuple[SenseTree, int]:
    """Postpone unstable splits of a large word's tree, so that the default cut has none.  (n, d)

    Finer cuts have them. The tree of a word with few occurrences stays unchanged.

    Returns:
        The tree, and the number of senses of its default cut.
    """
    usual = default_number(vectors, tree, settings)
    if len(vectors) < settings.large or usual == tree.fixed + 1:
        return tree, usual
    unstable = set()
    for number in range(tree.fixed, usual - 1):
        sides = tree.sides(number)  # (n,)
        inside = sides != NONE
        if not _is_found_again(vectors[inside], sides[inside], settings):
            unstable.add(number)
    tree = postponed(tree, vectors, unstable, settings.grain)
    return tree, tree.number_at(settings.grain)


def default_number(vectors: Array, tree: SenseTree, settings: Settings = CHOSEN) -> int:
    """Return the number of senses of the default cut of a tree that was grown from vectors (n, d)."""
    if tree.most == 1:
        return 1
    chosen = np.unique(np.linspace(0, len(vectors) - 1, min(len(vectors), SAMPLE)).astype(np.int64))
    return tree.number_at(settings.grain) if splits(vectors[chosen], settings) else tree.fixed + 1


def splits(vectors: Array, settings: Settings = CHOSEN) -> bool:
    """Return whether vectors (n, d) split better than one-centred clouds by as much as is required.

    The more occurrences there are, and the higher their mean cosine is, the more is required.
    """
    cosine = float((vectors.mean(axis=0).astype(np.float64) ** 2).sum())  # mean of all pairs
    floor = min(settings.ceiling, settings.floor + settings.growth * float(np.log2(len(vectors) / 30)))
    return split_strength(vectors, settings) >= max(floor, settings.slope * (cosine - settings.bar))


def split_strength(vectors: Array, settings: Settings = CHOSEN) -> float:
    """Return by how many standard deviations vectors (n, d) split better than one-centred Gaussian clouds."""
    rows = (vectors - vectors.mean(axis=0)).astype(np.float64)  # (n, d)
    values, axes = np.linalg.eigh(rows.T @ rows / len(rows))  # ascending
    dim = min(settings.gate_dim, len(values))
    values, axes = np.maximum(values[::-1][:dim], 0), axes[:, ::-1][:, :dim]  # (dim,), (d, dim)
    if values[0] < 1e-9:
        return -np.inf
    (found,) = split_ratios((rows @ axes)[None])
    rng = np.random.default_rng(0)
    null = split_ratios(rng.standard_normal((settings.clouds, len(rows), dim)) * np.sqrt(values))
    return float((np.mean(null) - found) / max(float(np.std(null)), 1e-9))


def split_ratios(clouds: Doubles, rounds: int = 30) -> Doubles:
    """Return the share of the squared distances of each cloud that remains after a split into two by k-means.

    The split starts at the sign of the first principal component. All clouds are split together, which takes a fifth of
    the time. A cloud that is left with an empty side has a share of 1.  (c, n, dim) -> (c,)
    """
    rows = clouds - clouds.mean(axis=1, keepdims=True)  # (c, n, dim)
    _, axes = np.linalg.eigh(rows.transpose(0, 2, 1) @ rows)  # (c, dim, dim)
    inside: Mask = (rows @ axes[:, :, -1:])[:, :, 0] > 0  # (c, n)
    every, running = rows.sum(axis=1), np.ones(len(rows), bool)  # (c, dim), (c,)
    for _ in range(rounds):
        numbers, means = _sides(rows, inside, every)
        running &= numbers.min(axis=0) > 0
        gap = means[0] - means[1]  # (c, dim)
        middle = ((means[0] + means[1]) / 2 * gap).sum(axis=1)  # (c,)
        moved = (rows @ gap[:, :, None])[:, :, 0] > middle[:, None]  # (c, n)
        running &= (moved != inside).any(axis=1)
        if not running.any():
            break
        inside[running] = moved[running]
    numbers, means = _sides(rows, inside, every)
    total = (rows**2).sum(axis=(1, 2))  # (c,)
    left = total - (numbers * (means**2).sum(axis=2)).sum(axis=0)  # (c,)
    return np.asarray(np.where(numbers.min(axis=0) > 0, left / np.maximum(total, 1e-300), 1.0), np.float64)


def _sides(rows: Doubles, inside: Mask, every: Doubles) -> tuple[Doubles, Doubles]:
    """Return the size of both sides of each cloud, (2, c), and their means, (2, c, dim).

    Args:
        rows: Points of the clouds (c, n, dim).
        inside: Whether a point is on the first side (c, n).
        every: Sum of the points of each cloud (c, dim).
    """
    first = (inside.astype(np.float64)[:, None, :] @ rows)[:, 0]  # (c, dim)
    number = inside.sum(axis=1)  # (c,)
    numbers = np.stack([number, rows.shape[1] - number]).astype(np.float64)
    return numbers, np.stack([first, every - first]) / np.maximum(numbers, 1)[:, :, None]


def centres_of(vectors: Array, numbers: Ids) -> Array:
    """Return the unit centres of the clusters 0 to s - 1, none empty.  (n, d), (n,) -> (s, d)"""
    return np.stack([unit(vectors[numbers == number].mean(axis=0)) for number in range(int(numbers.max()) + 1)])


def nearest_centre(vectors: Array, centres: Array) -> Ids:
    """Return the nearest centre of each row, the first of equals.  (n, d), (s, d) -> (n,)"""
    products = np.stack([row_products(vectors, centre) for centre in centres], axis=1)  # (n, s)
    return np.asarray(products.argmax(axis=1), np.int64)


def row_products_by(vectors: Array, centres: Array, numbers: Ids) -> Array:
    """Return the inner product of each row with its cluster's centre, 0 for `NONE`.  (n, d), (s, d), (n,) -> (n,)"""
    out = np.zeros(len(vectors), np.float32)
    for number, centre in enumerate(centres):
        inside = numbers == number
        out[inside] = row_products(vectors[inside], centre)
    return out


def by_size(numbers: Ids) -> Ids:
    """Renumber clusters by size, largest first, equal sizes by their first member. `NONE` stays.  (n,) -> (n,)"""
    inside = numbers != NONE
    names, firsts, places, counts = np.unique(
        numbers[inside], return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.empty(len(names), np.int64)
    rank[np.lexsort((firsts, -counts))] = np.arange(len(names))
    out = np.full(len(numbers), NONE, np.int64)
    out[inside] = rank[places]
    return out


def stability(
    vectors: Array,
    tree: SenseTree,
    number: int,
    settings: Settings = CHOSEN,
    known: dict[int, float] | None = None,
) -> tuple[float, ...]:
    """Measure how well bootstrap samples reproduce each group of a cut: mean best Jaccard overlap (Hennig 2007).

    A group is looked for in samples of the group from which it was split, so that small groups are sampled too. The
    only group of a cut of one, and a whole part of speech, are looked for by the default cut.

    Args:
        vectors: Unit rows (n, d), from which the tree was grown.
        number: Number of groups of the cut.
        known: Stability of nodes that other cuts of the tree have measured. Those of this cut are added.

    Returns:
        Stability of each group in the order of `SenseTree.cut_nodes`, in [0, 1].
    """
    nodes = tree.cut_nodes(number)
    known = {} if known is None else known
    for place, node in enumerate(nodes):
        if node in known:
            continue
        if tree.is_whole(node):
            kept = vectors[tree.cut(number) == place]
            (known[node],) = _found_again(kept, np.zeros(len(kept), np.int64), settings, default=True)
        else:
            first = node - (node + 1) % 2  # nodes 2 i + 1 and 2 i + 2 are the sides of one split
            sides = tree.sides((node - 1) // 2)  # (n,)
            inside = sides != NONE
            known[first], known[first + 1] = _found_again(vectors[inside], sides[inside], settings)
    return tuple(known[node] for node in nodes)


def _found_again(vectors: Array, sides: Ids, settings: Settings, default: bool = False) -> list[float]:
    """Return the stability of each side of a division, from 0.  (n, d), (n,)"""
    best: list[list[float]] = [[] for _ in range(int(sides.max()) + 1)]
    for overlaps in _overlaps(vectors, sides, settings.rounds, settings, default):
        for values, overlap in zip(best, overlaps, strict=True):
            values += [] if overlap is None else [overlap]
    return [float(np.mean(values)) if values else 0.0 for values in best]


def _is_found_again(vectors: Array, sides: Ids, settings: Settings) -> bool:
    """Return whether both sides of a division are stable in `quick_rounds` samples.  (n, d), (n,)

    It ends as soon as both sides have so much overlap that later samples cannot change the answer.
    """
    sums, numbers = [0.0, 0.0], [0, 0]
    for overlaps in _overlaps(vectors, sides, settings.quick_rounds, settings):
        for side, overlap in enumerate(overlaps):
            if overlap is not None:
                sums[side] += overlap
                numbers[side] += 1
        if min(sums) >= settings.unstable * settings.quick_rounds:
            return True
    return all(number and total / number >= settings.unstable for total, number in zip(sums, numbers, strict=True))


def _overlaps(
    vectors: Array, sides: Ids, rounds: int, settings: Settings, default: bool = False
) -> Iterator[list[float | None]]:
    """Yield the best Jaccard overlap of each side of a division with a group of each bootstrap sample.

    Args:
        vectors: Unit rows (n, d).
        sides: Side of each, from 0 (n,).
        rounds: Number of samples.
        default: Whether only the groups of a sample's default cut count.

    Yields:
        One number for each side. None for a side that is not in the sample.
    """
    rng = np.random.default_rng(0)
    # Only the default cut looks further than the first splits.
    few = settings.tree if default else replace(settings.tree, splits=min(settings.levels, settings.tree.splits))
    for _ in range(rounds):
        drawn = np.unique(rng.integers(0, len(vectors), min(len(vectors), settings.draws)))
        tree = grow(vectors[drawn], settings=few)
        most = min(settings.levels + 1, tree.most)
        numbers = [default_number(vectors[drawn], tree, settings)] if default else range(min(2, most), most + 1)
        cuts = [tree.cut(number) for number in numbers]
        overlaps: list[float | None] = []
        for side in range(int(sides.max()) + 1):
            inside = sides[drawn] == side
            found = (_jaccard(inside, cut == group) for cut in cuts for group in np.unique(cut))
            overlaps.append(max(found) if inside.any() else None)
        yield overlaps


def _jaccard(a: Mask, b: Mask) -> float:
    return float((a & b).sum() / max((a | b).sum(), 1))
