"""Parts of speech are branches of one tree, and phrases are those that the tokens around a word make."""

from __future__ import annotations

import numpy as np
import pytest
from polyseme.indexer.collection.stream import Word
from polyseme.indexer.vectors.arrays import Array, Ids, unit
from polyseme.search.senses.branches import branches_of, grow_branches, part_of
from polyseme.search.senses.clustering import cluster
from polyseme.search.senses.phrases import phrases_of
from polyseme.search.senses.tree import NONE, grow


def tagged_word(sizes: dict[str, list[int]], seed: int = 0, dim: int = 24) -> tuple[Array, list[str], Ids]:
    """Return shuffled vectors around one centre for each size, the part of speech of each, and its centre's number."""
    rng = np.random.default_rng(seed)
    parts = [part for part, counts in sizes.items() for count in counts for _ in range(count)]
    gold = np.repeat(np.arange(sum(map(len, sizes.values()))), [count for counts in sizes.values() for count in counts])
    centres = np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    vectors = unit(centres[gold] + 0.12 * rng.standard_normal((len(gold), dim)))
    order = rng.permutation(len(gold))
    return vectors[order], [parts[row] for row in order], gold[order]


def pairs(left: Ids, right: Ids) -> set[tuple[int, int]]:
    inside = (left != NONE) & (right != NONE)
    return set(zip(left[inside].tolist(), right[inside].tolist(), strict=True))


TAGGED = {"NOUN": [40, 30], "VERB": [35], "ADJ": [20, 18]}


@pytest.mark.parametrize("seed", range(4))
def test_each_part_of_speech_is_cut_as_if_it_were_alone(seed: int) -> None:
    vectors, parts, _ = tagged_word(TAGGED, seed)
    tree, usual = grow_branches(vectors, parts)
    found = tree.cut(usual)
    total = 0
    for part in TAGGED:
        rows = np.array([row for row, value in enumerate(parts) if value == part])
        alone = cluster(vectors[rows])
        both = pairs(found[rows], alone)
        assert len(both) == len(set(alone.tolist()) - {NONE})
        assert ((found[rows] == NONE) == (alone == NONE)).all()
        total += len(both)
    assert usual == total == 5


@pytest.mark.parametrize("seed", range(4))
def test_cuts_are_nested_and_no_sense_has_two_parts_of_speech(seed: int) -> None:
    vectors, parts, _ = tagged_word(TAGGED, seed)
    tree, _ = grow_branches(vectors, parts)
    numbers = np.unique(parts, return_inverse=True)[1]
    assert len(set(tree.cut(1).tolist()) - {NONE}) == 1
    assert tree.number_at(-1) == 1
    assert tree.number_at(-0.99) == 3
    for number in range(1, tree.most):
        coarse, fine = tree.cut(number), tree.cut(number + 1)
        assert len(pairs(fine, coarse)) == number + 1
        if number >= 2:
            assert len(pairs(fine, numbers)) == number + 1
    assert sorted(split.sizes for split in tree.splits)[-1][0] <= len(vectors)


def test_names_are_nouns_and_rare_tags_join_the_nearest_branch() -> None:
    vectors, parts, gold = tagged_word({"NOUN": [60], "VERB": [50]})
    known = np.full(len(vectors), NONE, np.int64)
    changed = [("PROPN" if n % 2 else part) if part == "NOUN" else part for n, part in enumerate(parts)]
    for row in (0, 3, 7):
        changed[row] = "ADJ"
    changed[9] = ""
    branches = branches_of(vectors, changed, known)
    assert pairs(branches, gold) == {(0, 0), (1, 1)}
    assert (branches_of(vectors, [], known) == 0).all()
    assert (branches_of(vectors, ["NOUN"] * 106 + ["VERB"] * 4, known) == 0).all()
    assert part_of(["", "VERB", "NOUN", "VERB"]) == "VERB"
    assert part_of(["", ""]) == ""


def test_a_part_of_speech_that_is_used_like_another_one_is_an_error_of_the_tagger() -> None:
    vectors, parts, gold = tagged_word({"NOUN": [60, 40], "VERB": [20]})
    wrong = ["ADJ" if part == "NOUN" and row % 4 == 0 else part for row, part in enumerate(parts)]
    known = np.full(len(vectors), NONE)
    found = branches_of(vectors, wrong, known)
    assert np.array_equal(found, branches_of(vectors, parts, known))
    assert set(gold[found == 1].tolist()) == {2}
    tree, usual = grow_branches(vectors, wrong)
    assert np.array_equal(tree.cut(usual), grow_branches(vectors, parts)[0].cut(usual))


def test_a_word_of_one_part_of_speech_has_the_tree_of_its_vectors() -> None:
    vectors, parts, _ = tagged_word({"NOUN": [40, 30]})
    tree, _ = grow_branches(vectors, parts)
    alone = grow(vectors)
    assert tree.splits == alone.splits
    assert (tree.nodes == alone.nodes).all()


def test_known_senses_stay_together_across_parts_of_speech() -> None:
    vectors, parts, gold = tagged_word({"NOUN": [40, 30], "VERB": [35]})
    known = np.full(len(vectors), NONE, np.int64)
    known[np.flatnonzero(gold == 0)[:6]] = 0
    known[np.flatnonzero(gold == 2)[:2]] = 0  # two verbs have the sense of a noun
    known[np.flatnonzero(gold == 1)[:5]] = 1
    known[np.flatnonzero(gold == 2)[2:9]] = 2
    tree, usual = grow_branches(vectors, parts, known)
    assert tree.fixed >= 2
    for number in (1, usual, tree.most):
        found = tree.cut(number)
        held = [set(found[known == sense].tolist()) for sense in range(3)]
        assert all(len(groups) == 1 for groups in held)
        assert len(set.union(*held)) == 3


WORDS = {
    "in charge of": ("He/PRON was/AUX in/ADP charge/NOUN of/ADP schools/NOUN", 3),
    "service charge": ("The/DET service/NOUN charge/NOUN is/AUX high/ADJ", 2),
    "supreme court": ("the/DET Supreme/PROPN Court/PROPN ruled/VERB", 2),
    "take note": ("They/PRON took/VERB careful/ADJ note/NOUN ./PUNCT", 3),
    "charge of murder": ("a/DET charge/NOUN of/ADP first/ADJ murder/NOUN", 1),
    "charge with murder": ("was/AUX charged/VERB with/ADP murder/NOUN", 1),
    "negatively charged": ("negatively/ADV charged/VERB ./PUNCT", 1),
    "charge fee": ("banks/NOUN charge/VERB a/DET high/ADJ fee/NOUN", 1),
    "left hand": ("his/PRON left/ADJ hand/NOUN", 1),
    "across the board": ("rates/NOUN rose/VERB across/ADP the/DET board/NOUN ./PUNCT", 4),
    "nut and bolt": ("nuts/NOUN and/CCONJ bolts/NOUN", 2),
    "free and fair": ("free/ADJ and/CCONJ fair/ADJ elections/NOUN", 2),
    "free of charge": ("It/PRON is/AUX free/ADJ of/ADP charge/NOUN ./PUNCT", 4),
}
LEMMAS = {
    "took": "take",
    "charged": "charge",
    "banks": "bank",
    "nuts": "nut",
    "bolts": "bolt",
    "Supreme": "supreme",
    "Court": "court",
}


@pytest.mark.parametrize("phrase", WORDS)
def test_phrases_follow_patterns_of_parts_of_speech(phrase: str) -> None:
    text, at = WORDS[phrase]
    tagged = [token.rpartition("/") for token in text.split()]
    words = [Word(form, LEMMAS.get(form, form.casefold()), pos) for form, _, pos in tagged]
    found = phrases_of(words, at)
    assert phrase in found
    assert len(found) == len(set(found))
    # A word without neighbours, or among punctuation, is in no phrase.
    assert phrases_of(words[at : at + 1], 0) == []
    assert phrases_of([Word(".", ".", "PUNCT"), words[at], Word(",", ",", "PUNCT")], 1) == []
