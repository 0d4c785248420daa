"""Arrange words around a node: the stronger, the nearer, without two labels that overlap.

The order of the words by distance is their order by strength. Directions are free, except that words of the left are on
the left, and words of the right on the right. So directions keep labels apart, and bring linked words and words of one
group together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...indexer.vectors.arrays import Doubles, Ids, Mask

ANGLES = 180
"""Number of directions that are tried for a word."""
MOST_WITHOUT_ROOM = 5
"""Number of words without room after which weaker ones are left out too."""
SWEEPS = 3
"""Number of times that all words look for a better direction."""
GAP = 0.006
"""Minimum gap between labels, by the diagonal of the drawing."""
SAME_GROUP = 1.0
"""Attraction of a word by its group, which all words of the group share. That of a linked word is its weight."""
REPULSION, SIDE = 0.06, 0.4
"""Weights of the distance from other words, and of the side that a word has on average."""
TRIALS = ((0.5, 0.98), (0.25, 0.9), (0.0, 0.75), (0.0, 0.4), (0.0, 0.0))
"""Shares of evenness in strength in distances, and of the places that are nearer than the weakest word.

The first is taken that has room for all words, else the one that has room for most.
"""
CROWDED = 0.4
"""Share of the drawing that labels fill from which distances are even in room alone."""


@dataclass(frozen=True, slots=True)
class GraphWord:
    """A word around the node.

    Attributes:
        strength: Strength of its association with the node, in which distances are even.
        balance: How much it is on one side, from -1 (always on the left) to 1 (always on the right).
        count: Number of occurrences of the node that it is near.
        group: Number of its group, from 1. None for no group.
    """

    name: str
    strength: float
    balance: float
    count: int
    group: int | None = None


@dataclass(frozen=True, slots=True)
class GraphLink:
    """A line between two words, by their places in the list, and its weight in (0, 1]."""

    first: int
    second: int
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class Arrangement:
    """Where the node and m of the words are. The others have no room.

    Attributes:
        node: Place of the node's middle, from the left and the top.
        places: Word -> place of its circle, the strongest first.
    """

    node: tuple[float, float]
    places: Mapping[int, tuple[float, float]]


def arrange(
    words: Sequence[GraphWord],
    links: Sequence[GraphLink],
    boxes: Doubles,
    node: tuple[float, float],
    width: float,
    height: float,
) -> Arrangement:
    """Arrange words around a node.

    Args:
        words: The words, the strongest first.
        boxes: What is drawn of each word to the left, above, to the right and below the middle of its circle.  (n, 4)
        node: Width and height of the node's label.
        width, height: Size of the drawing, in the same unit.
    """
    middle = _middle(words, node, width, height)
    drawing = _Drawing(words, links, boxes, node, middle, width, height)
    return Arrangement(middle, {number: (x + middle[0], y + middle[1]) for number, (x, y) in drawing.place().items()})


def circle_size(count: int, most: int, smallest: float, largest: float) -> float:
    """Return the diameter of a word's circle, whose area grows with its count."""
    return smallest + (largest - smallest) * math.sqrt(count / max(most, 1))


def _middle(words: Sequence[GraphWord], node: tuple[float, float], width: float, height: float) -> tuple[float, float]:
    """Return where the node is: in the middle, or near an edge if all words are on the other side."""
    edge = min(width / 2, node[0] / 2 + 0.02 * width)
    if words and all(word.balance > 0 for word in words):
        return edge, height / 2
    if words and all(word.balance < 0 for word in words):
        return width - edge, height / 2
    return width / 2, height / 2


class _Drawing:
    """Places of words relative to the node, while they are looked for."""

    def __init__(
        self,
        words: Sequence[GraphWord],
        links: Sequence[GraphLink],
        boxes: Doubles,
        node: tuple[float, float],
        middle: tuple[float, float],
        width: float,
        height: float,
    ) -> None:
        self._balance = np.array([word.balance for word in words])
        self._boxes = boxes * np.array([-1, -1, 1, 1])  # (n, 4): left, top, right and bottom from the circle
        gap = GAP * math.hypot(width, height)
        self._wide = self._boxes + gap * np.array([-1, -1, 1, 1])
        self._node = np.array([-node[0], -node[1], node[0], node[1]]) / 2
        self._bounds = np.array([-middle[0], -middle[1], width - middle[0], height - middle[1]])
        self._size = math.hypot(width, height)
        self._attraction = _attraction(words, links)
        turns = np.arange(ANGLES) * 2 * np.pi / ANGLES
        self._rays = np.stack([np.sin(turns), -np.cos(turns)], axis=1)  # (ANGLES, 2), from the top clockwise
        self._rays[np.abs(self._rays) < 1e-9] = 0
        self._step = self._size / 120
        self._farthest = float(np.hypot(np.abs(self._bounds[[0, 2]]).max(), np.abs(self._bounds[[1, 3]]).max()))
        is_left = self._balance < 0
        self._rooms = {side: self._room(side, is_left == side) for side in (True, False)}
        self._fill = float(np.prod(self._wide[:, 2:] - self._wide[:, :2], axis=1).sum()) / (width * height)
        self._strengths = [word.strength for word in words]

    def place(self) -> dict[int, tuple[float, float]]:
        """Place the words, then improve their directions. Words without room are left out."""
        numbers, radii = np.zeros(0, np.int64), list[float]()
        places = np.zeros((0, 2))
        for even, farthest in TRIALS if self._fill < CROWDED else TRIALS[2:]:
            tried = self._placed(self._radii(even, farthest))
            if len(tried[0]) > len(numbers):
                numbers, radii, places = tried
            if len(numbers) == len(self._strengths):
                break
        for _ in range(SWEEPS):
            for row, radius in enumerate(radii):
                others = np.delete(np.arange(len(numbers)), row)
                found = self._best(int(numbers[row]), radius, places[others], numbers[others])
                if found is not None:
                    places[row] = found
        return {number: (x, y) for number, (x, y) in zip(numbers.tolist(), places.tolist(), strict=True)}

    def _placed(self, wanted: Sequence[float]) -> tuple[Ids, list[float], Doubles]:
        """Place one word after the other. Return the numbers of those that have room, their distances and places."""
        numbers, radii, places = np.zeros(0, np.int64), list[float](), np.zeros((0, 2))
        for number, radius in enumerate(wanted):
            if number - len(numbers) == MOST_WITHOUT_ROOM:
                break
            radius = max(radius, radii[-1] if radii else 0.0)
            found = None
            while found is None and radius <= self._farthest:
                found = self._best(number, radius, places, numbers)
                radius += 0 if found is not None else self._step
            if found is not None:
                numbers, places = np.append(numbers, number), np.vstack([places, found])
                radii.append(radius)
        return numbers, radii, places

    def _best(self, number: int, radius: float, places: Doubles, others: Ids) -> Doubles | None:
        """Return the best free place of a word at a distance, or None.

        Args:
            places, others: Places of the words that are there, and their numbers.  (p, 2), (p,)
        """
        spots = self._free(number, radius * self._rays, places, others)  # (f, 2)
        if not len(spots):
            return None
        away = np.maximum(np.linalg.norm(spots[:, None] - places[None], axis=2), 1e-6) / self._size  # (f, p)
        cost = away @ self._attraction[number, others] + REPULSION * (1 / away).sum(axis=1) / max(len(places), 1)
        cost += SIDE * (spots[:, 0] / max(radius, 1e-6) - self._balance[number]) ** 2
        best: Doubles = spots[int(np.argmin(np.round(cost, 9)))]
        return best

    def _free(self, number: int, spots: Doubles, places: Doubles, others: Ids) -> Doubles:
        """Return the spots at which a word is inside the drawing, on its side, and over no other label.  (f, 2)"""
        first, last = self._bounds[:2] - self._boxes[number, :2], self._bounds[2:] - self._boxes[number, 2:]
        inside = ((spots >= first) & (spots <= last)).all(axis=1)
        balance = self._balance[number]
        if balance:
            inside &= spots[:, 0] * balance > 0
        spots = spots[inside]
        there = np.vstack([self._node, np.tile(places, 2) + self._boxes[others]])  # (p + 1, 4)
        low, high = self._wide[number, :2], self._wide[number, 2:]
        apart = np.zeros((len(spots), len(there)), bool)
        for axis in (0, 1):
            at = spots[:, axis, None]
            apart |= (at + low[axis] >= there[:, axis + 2]) | (at + high[axis] <= there[:, axis])
        free: Doubles = spots[apart.all(axis=1)]
        return free

    def _radii(self, even: float, farthest: float) -> list[float]:
        """Return the distance that each word wants. See `TRIALS`.

        It is partly even in strength, and partly gives each word of a side as much room.
        """
        strengths = self._strengths
        if not strengths:
            return []
        is_left = self._balance < 0
        near = float(np.hypot(self._node[2], self._node[3])) + self._size / 60
        far = max(near, *(_share(room, farthest) for room in self._rooms.values()))
        span, found, last = strengths[0] - strengths[-1], list[float](), 0.0
        for number, strength in enumerate(strengths):
            by_strength = near + (far - near) * ((strengths[0] - strength) / span if span > 0 else 0.0)
            same = is_left == is_left[number]
            share = farthest * (same[:number].sum() + 0.5) / same.sum()
            room = _share(self._rooms[bool(is_left[number])], share)
            last = max(last, even * by_strength + (1 - even) * room)
            found.append(last)
        return found

    def _room(self, is_left: bool, words: Mask) -> Doubles:
        """Return the distances of evenly spread places for the circles of a side's words, ascending."""
        typical = np.median(np.abs(self._boxes[words]), axis=0) if words.any() else np.zeros(4)
        left, top, right, bottom = self._bounds + typical * np.array([1, 1, -1, -1])
        x, y = (each.ravel() for each in np.meshgrid(np.linspace(left, right, 101), np.linspace(top, bottom, 61)))
        kept = ((x < 0) if is_left else (x >= 0)) & ((np.abs(x) > self._node[2]) | (np.abs(y) > self._node[3]))
        distances: Doubles = np.sort(np.hypot(x[kept], y[kept]))
        return distances if len(distances) else np.zeros(1)


def _share(distances: Doubles, share: float) -> float:
    """Return the distance below which a share of some distances is."""
    return float(distances[round(share * (len(distances) - 1))])


def _attraction(words: Sequence[GraphWord], links: Sequence[GraphLink]) -> Doubles:
    """Return how much each two words attract each other.  (n, n)"""
    groups = np.array([word.group or 0 for word in words], np.int64)
    same = (groups[:, None] == groups[None]) & (groups[:, None] > 0)  # (n, n)
    found: Doubles = same * SAME_GROUP / np.maximum(same.sum(axis=1, keepdims=True), 1)
    for link in links:
        if max(link.first, link.second) < len(words):
            found[link.first, link.second] += link.weight
            found[link.second, link.first] += link.weight
    np.fill_diagonal(found, 0)
    return found
