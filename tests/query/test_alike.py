"""Near duplicates: which sentences are nearly the same, and how a ranking without them looks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.indexer.text import TextAnalyser
from polyseme.indexer.vectors.arrays import unit
from polyseme.search.retrieval.alike import Words, are_alike, may_be_alike, representatives, words_of
from polyseme.search.searcher import Searcher

ENGLISH = TextAnalyser("en")
ALIKE = [
    ("The ferry sails at noon.", "the FERRY sails at noon"),
    ("“The ferry sails at noon”", "The ferry sails, at noon!"),
    ("The mayor opened the new bridge over the river.", "LEEDS - The mayor opened the new bridge over the river."),
    ("The mayor opened the new bridge over the river.", "The mayor opened the new bridge over the river, they said."),
]
DISTINCT = [
    ("He did.", "He did not."),
    ("The mayor opened the new bridge over the river.", "The mayor never opened the new bridge over the river."),
    ("The board raised its rate by a quarter point.", "The board lowered its rate by a quarter point."),
    ("The rate rose by 3 percent in the month of May.", "The rate rose by 4 percent in the month of May."),
    ("The old dog bit the tall man in the garden.", "The tall man bit the old dog in the garden."),
    ("The mayor opened the new bridge over the river.", "The mayor opened the new bridge over the river in 1931."),
    ("The mayor opened the new bridge.", "The mayor opened the new bridge while the whole town was watching her."),
    ("...", "!"),
]


def _words(text: str) -> Words:
    return words_of(ENGLISH.tokens(text), "en")


@pytest.mark.parametrize(("first", "second"), ALIKE)
def test_sentences_that_say_the_same_in_the_same_words_are_alike(first: str, second: str) -> None:
    assert are_alike(_words(first), _words(second), 0.97, "en")
    assert are_alike(_words(second), _words(first), 0.97, "en")


@pytest.mark.parametrize(("first", "second"), DISTINCT)
def test_sentences_that_may_say_something_else_are_not_alike(first: str, second: str) -> None:
    assert not are_alike(_words(first), _words(second), 1.0, "en")
    assert not are_alike(_words(second), _words(first), 1.0, "en")


def test_added_words_need_a_high_cosine_and_a_language_with_known_negations() -> None:
    first, second = _words(ALIKE[3][0]), _words(ALIKE[3][1])
    assert not are_alike(first, second, 0.5, "en")
    assert not are_alike(first, second, 1.0, "xx")
    assert are_alike(first, first, 0.0, "xx")


@given(st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=6), max_size=12))
def test_each_sentence_is_represented_by_the_first_one_that_is_alike(rows: list[list[str]]) -> None:
    words = [Words(tuple(row), frozenset("d") & set(row)) for row in rows]
    vectors = np.ones((len(rows), 1), np.float32)
    expected: list[int] = []
    for place, here in enumerate(words):
        same = [n for n in range(place) if words[n].forms == here.forms]
        chosen = [n for n in range(place) if expected[n] == n and are_alike(words[n], here, 1.0, "en")]
        expected.append(expected[same[0]] if same else chosen[0] if chosen else place)
    assert representatives(words, vectors, "en") == expected


SPELLED = st.lists(
    st.sampled_from(["Ferry", "FERRY", "sails", "ΟΔΟΣ", "οδος", "not", "3", "don’t", "don't", "x\u00ad"]), max_size=5
)
SIGNS = st.sampled_from([" ", "  ", ", ", " — ", " “", "! "])


@given(st.lists(st.tuples(SPELLED, SIGNS, st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=2)), max_size=8))
def test_no_sentence_is_left_out_that_is_alike(rows: list[tuple[list[str], str, list[float]]]) -> None:
    texts = [sign.join(words) + sign for words, sign, _ in rows]
    vectors = unit(np.array([vector for *_, vector in rows], np.float32).reshape(-1, 2))
    words = [_words(text) for text in texts]
    found = may_be_alike(texts, vectors)
    for first in range(len(rows)):
        others = [n for n in range(len(rows)) if n != first]
        cosines = [float(vectors[first] @ vectors[n]) for n in others]
        alike = [are_alike(words[first], words[n], cosine, "en") for n, cosine in zip(others, cosines, strict=True)]
        assert found[first] or not any(alike)


def test_a_search_shows_distinct_sentences_and_the_ids_of_the_others(tmp_path: Path) -> None:
    repeated = [Document(f"copy{n}", "The ferry sails at noon.") for n in range(4)]
    others = [Document(f"other{n}", f"A {name} waits near the old mill.") for n, name in enumerate("abcdef")]
    build(tmp_path / "c.pol", [*repeated, *others], model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        every = searcher.sentences("The ferry sails at noon", k=10, alike=False)
        assert len(every) == 10
        assert all(hit.alike == () for hit in every)
        hits = searcher.sentences("The ferry sails at noon", k=3)
        assert len(hits) == 3
        assert len({hit.sentence for hit in hits}) == 3
        (first,) = [hit for hit in hits if hit.alike]
        copies = [hit.sentence_id for hit in every if hit.document_id.startswith("copy")]
        assert [first.sentence_id, *first.alike] == copies
        assert {hit.sentence for hit in searcher.live_hits(first.alike, sentences=True)} == {first.sentence}
