"""The senses panel and the tab count collocates in one way, and both equal a count of lines by hand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build
from polyseme.search.searcher import Searcher
from polyseme.search.senses import labels, nearby
from polyseme.search.statistics import collocates
from sense_texts import documents


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    path = tmp_path_factory.mktemp("groups") / "c.pol"
    build(path, documents(40), BuildConfig(segment_sentences=30), model=FakeEncoder())
    with Searcher.open(path, FakeEncoder()) as opened:
        opened.collection.remove(["d05", "d11"])
        yield opened


def test_collocates_of_senses_equal_a_count_of_their_lines(searcher: Searcher) -> None:
    inventory = searcher.senses("bank", number=2)
    groups = [
        np.array(sorted(key for key, found in inventory.assignments.items() if found == sense.number), np.int64)
        for sense in inventory.senses
    ]
    assert len(groups) > 1
    with searcher._view("kind=river") as view:  # frequencies are those of the whole collection
        found = collocates.group_collocates(view, groups)
        near = [labels._NearbyLemmas(nearby.read_lines(view, ids, nearby.NearbyWords()), len(ids)) for ids in groups]
        for number, group in enumerate(near):
            others = [other for place, other in enumerate(near) if place != number]
            by_hand = labels._collocates_in_lines(view, group, others)  # its frequencies have removed documents too
            assert {(word.lemma, word.count, word.log_likelihood) for word in found[number]} == {
                (word.lemma, word.count, word.log_likelihood) for word in by_hand
            }
    for sense, words in zip(inventory.senses, found, strict=True):
        assert list(sense.collocates) == words[: labels.COLLOCATES]
        assert words


def test_the_tab_counts_what_the_senses_panel_counts(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearby, "LINES", 3)  # collocates do not depend on how many lines are read
    inventory = searcher.senses("bank", number=2)
    for sense in inventory.senses:
        within = frozenset(key for key, found in inventory.assignments.items() if found == sense.number)
        tab = {word.lemma: word for word in searcher.collocates("bank", within=within, k=10_000).words}
        assert sense.collocates
        for word in sense.collocates:
            assert word.count == tab[word.lemma].count
            assert word.log_dice == tab[word.lemma].log_dice


def test_a_word_of_one_sense_and_an_empty_group_have_counts(searcher: Searcher) -> None:
    every = np.array(sorted(searcher.senses("bank").assignments), np.int64)
    with searcher._view() as view:
        alone, nothing = collocates.group_collocates(view, [every, np.zeros(0, np.int64)])
        assert nothing == []
        assert alone == collocates.group_collocates(view, [every])[0]
        assert collocates.group_collocates(view, []) == []
