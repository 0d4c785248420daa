"""Links between collocates, the senses of collocates, and the arrangement of both around their word."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.vectors.arrays import Doubles
from polyseme.search.figures.radial import Arrangement, GraphLink, GraphWord, arrange, circle_size
from polyseme.search.statistics import links
from polyseme.search.statistics.collocates import Collocate, Collocates
from polyseme.search.statistics.links import distinct_words, distinctive_sense, find_links, pair_counts
from polyseme.search.statistics.measures import log_likelihood

NEAR = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 5)), max_size=200)
"""Pairs of a place and a word that is near it. A word may be near a place twice."""


@given(NEAR, st.integers(1, 50))
def test_pairs_equal_a_count_of_sets(near: list[tuple[int, int]], rows: int) -> None:
    words_of: dict[int, set[int]] = {}
    for place, word in near:
        words_of.setdefault(place, set()).add(word)
    pairs = Counter(pair for words in words_of.values() for pair in combinations(sorted(words), 2))
    alone = Counter(word for words in words_of.values() for word in words)
    table = np.array(near, np.int64).reshape(-1, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(links, "ROWS", rows)  # counted in few or in many steps
        found = pair_counts(table[:, 0] * 1000, table[:, 1], 6)
    assert (found == found.T).all()
    assert {(a, b): found[a, b] for a, b in np.argwhere(np.triu(found, 1)).tolist()} == pairs
    assert {word: found[word, word] for word in range(6) if found[word, word]} == alone


def test_links_are_the_pairs_above_the_threshold() -> None:
    """A thousand lines: two words are in the same hundred, one is anywhere, and one avoids the first."""
    chance = np.random.default_rng(5)
    lines = [{"loan"} for _ in range(100)] + [set[str]() for _ in range(900)]
    for number, line in enumerate(lines):
        if number < 78 or number % 50 == 0 or number == 90:
            line.add("money")
        if chance.random() < 0.3:
            line.add("old")
        if number > 150:
            line.add("river")
    names = ["loan", "money", "old", "river"]
    table = np.array(
        [(place, names.index(word)) for place, line in enumerate(lines) for word in sorted(line)], np.int64
    )
    together = pair_counts(table[:, 0], table[:, 1], 4)
    (link,) = find_links([(name, "NOUN") for name in names], together, len(lines))
    both, money = sum({"loan", "money"} <= line for line in lines), sum("money" in line for line in lines)
    assert (link.source, link.target, link.together) == ("loan", "money", both)
    assert link.expected == pytest.approx(100 * money / 1000)
    assert link.log_likelihood == pytest.approx(log_likelihood(both, 100, money - both, 900))
    assert link.log_likelihood == pytest.approx(log_likelihood(both, money, 100 - both, 1000 - money))
    assert link.log_dice == pytest.approx(14 + math.log2(2 * both / (100 + money)))


def test_a_lemma_with_two_parts_of_speech_has_two_names() -> None:
    words = [("charge", "NOUN"), ("loan", "NOUN"), ("charge", "VERB"), ("x", ""), ("x", "X")]
    assert distinct_words(words) == ["charge NOUN", "loan", "charge VERB", "x", "x X"]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40)), min_size=1, max_size=6))
def test_the_sense_of_a_collocate_is_the_one_with_the_highest_likelihood(cells: list[tuple[int, int]]) -> None:
    counts = np.array([count for count, _ in cells], np.int64)
    sizes = counts + np.array([more for _, more in cells], np.int64)
    scores = {
        sense: log_likelihood(int(counts[sense]), int(sizes[sense]), int(counts.sum() - counts[sense]), int(rest))
        for sense in range(1, len(cells))
        if (rest := sizes.sum() - sizes[sense]) >= 0
    }
    found = distinctive_sense(counts, sizes)
    if found is None:
        assert all(score < links.DISTINCTIVE for score in scores.values())
    else:
        assert scores[found] == max(scores.values()) >= links.DISTINCTIVE
        assert counts[found] / sizes[found] >= counts.sum() / sizes.sum()  # over-represented, not the opposite


def test_collocates_get_the_sense_of_their_lines() -> None:
    river = Collocate("river", 30, 1.0, 9.0, occurrence_ids=tuple(range(1, 31)))
    loan = Collocate("loan", 20, 1.0, 8.0, occurrence_ids=tuple(range(51, 71)))
    old = Collocate("old", 40, 1.0, 7.0, occurrence_ids=tuple(range(2, 100, 3)))
    found = Collocates("bank", "lemma", 5, 5, 99, "log_dice", (river, loan, old), occurrence_ids=tuple(range(1, 100)))
    assignments = {key: None if key == 99 else 1 if key <= 50 else 2 for key in range(1, 100)}
    shown = found.with_senses(assignments, ("1: river", "2: loan"))
    assert [word.sense for word in shown.words] == [1, 2, None]
    assert [row["sense"] for row in shown.to_dicts()] == [1, 2, None]
    assert "sense" not in found.to_dicts()[0]
    assert [word.group for word in shown.graph_words()] == [1, 2, None]


# The arrangement

NAMES = ["river", "water", "muddy", "loan", "interest", "charge", "wage", "money", "vault", "international", "w" * 20]


def graph(number: int, seed: int, chance_of_link: float = 0.05) -> tuple[list[GraphWord], list[GraphLink], Doubles]:
    """Return words with random strengths, sides and groups, links between them, and their boxes."""
    chance = np.random.default_rng(seed)
    scale = chance.choice([0.0, 0.1, 3.0])  # all equal, nearly equal, or far apart
    strengths = np.sort(chance.gumbel(0, 1, number) * scale)[::-1]
    words = [
        GraphWord(
            NAMES[chance.integers(len(NAMES))],
            float(strength),
            float(chance.choice([-1.0, 0.0, 1.0, chance.uniform(-1, 1)])),
            int(chance.integers(1, 500)),
            [None, 1, 2, 3][chance.integers(4)],
        )
        for strength in strengths
    ]
    made = [
        GraphLink(a, b, float(chance.uniform(0.01, 1)))
        for a, b in combinations(range(number), 2)
        if chance.random() < chance_of_link
    ]
    boxes = []
    for word in words:
        circle = circle_size(word.count, 500, 0.9, 1.8) / 2
        beside = circle + 0.3 + 0.5 * len(word.name)
        boxes.append((beside, 0.75, circle, 0.75) if word.balance < 0 else (circle, 0.75, beside, 0.75))
    return words, made, np.array(boxes).reshape(-1, 4)


def rectangles(found: Arrangement, boxes: Doubles, node: tuple[float, float]) -> Doubles:
    """Return left, top, right and bottom of the node and of each word.  (m + 1, 4)"""
    numbers, places = list(found.places), np.array(list(found.places.values())).reshape(-1, 2)
    corners = np.tile(places, 2) + boxes[numbers] * np.array([-1, -1, 1, 1])
    own = np.tile(np.array(found.node), 2) + np.array([-node[0], -node[1], node[0], node[1]]) / 2
    return np.vstack([own, corners])


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 40), st.integers(0, 10_000), st.sampled_from([(46.0, 27.0), (20.0, 36.0)]))
def test_labels_never_overlap_and_the_order_of_distances_is_that_of_strengths(
    number: int, seed: int, size: tuple[float, float]
) -> None:
    words, made, boxes = graph(number, seed)
    node = (3.0, 1.5)
    found = arrange(words, made, boxes, node, *size)
    shown = rectangles(found, boxes, node)
    assert (shown[:, :2] >= -1e-9).all()
    assert (shown[:, 2:] <= np.array(size) + 1e-9).all()
    for one, other in combinations(shown.tolist(), 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)
    assert list(found.places) == sorted(found.places)
    distances = [math.dist(place, found.node) for place in found.places.values()]
    assert all(after >= before - 1e-9 for before, after in pairwise(distances))
    for drawn, place in found.places.items():
        assert words[drawn].balance == 0 or (place[0] - found.node[0]) * words[drawn].balance > 0
    again = arrange(words, made, boxes, node, *size)
    assert (again.node, again.places) == (found.node, found.places)


def test_a_wide_drawing_has_room_for_forty_words_of_usual_length() -> None:
    for seed in range(5):
        words, made, boxes = graph(40, seed)
        usual = np.minimum(boxes, 6.0)
        assert len(arrange(words, made, usual, (3.0, 1.5), 46.0, 27.0).places) >= 38


def test_linked_words_are_nearer_than_others() -> None:
    words = [GraphWord(f"w{n}", -n / 10, 0.0, 5) for n in range(24)]
    boxes = np.tile([0.5, 0.5, 2.0, 0.5], (24, 1))
    made = [GraphLink(a, b, 0.6) for part in (range(0, 24, 2), range(1, 24, 2)) for a, b in combinations(part, 2)]
    places = np.array(list(arrange(words, made, boxes, (3.0, 1.5), 46.0, 27.0).places.values()))
    away = np.linalg.norm(places[:, None] - places[None], axis=2)
    same = np.add.outer(np.arange(24), np.arange(24)) % 2 == 0
    assert away[same & (away > 0)].mean() < 0.8 * away[~same].mean()


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_words_of_one_side_have_the_whole_drawing(side: float) -> None:
    words, made, boxes = graph(40, 1)
    words = [GraphWord(word.name, word.strength, side, word.count) for word in words]
    boxes = np.tile([0.5, 0.75, 5.0, 0.75] if side > 0 else [5.0, 0.75, 0.5, 0.75], (40, 1))
    found = arrange(words, made, boxes, (3.0, 1.5), 46.0, 27.0)
    assert (found.node[0] < 5) if side > 0 else (found.node[0] > 41)
    assert len(found.places) >= 35
