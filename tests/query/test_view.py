"""A view of a snapshot: words, rows, vectors and hits inside filters, compared with the segments' files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import QueryError
from polyseme.search.context import Context, View, count_rows
from polyseme.search.hits import Match
from polyseme.search.retrieval.ranking import Ranked

TEXTS = ["The banks of the river.", "A bank, a bank.", "The mill by the bank.", "A boat lay there."]


def no_named_senses(view: View, name: str) -> dict[int, object]:
    raise AssertionError(name)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("view") / "c.pol"
    documents = [Document(str(n), text, {"n": n}) for n, text in enumerate(TEXTS)]
    build(folder, documents, BuildConfig(segment_sentences=2), model=FakeEncoder())
    return folder


@pytest.fixture
def context(path: Path) -> Iterator[Context]:
    with Collection.open(path) as collection:
        yield Context(collection, FakeEncoder(), no_named_senses)  # type: ignore[arg-type]


def test_a_word_is_looked_up_as_a_lemma_then_lemmatised(context: Context) -> None:
    with context.view() as view:
        for word in ("bank", " Banks "):
            value, rows = view.find_word(word, Match.LEMMA)
            assert (value, count_rows(rows)) == ("bank", 4)
        assert view.find_word("banks", Match.FORM)[0] == "banks"
        assert count_rows(view.find_word("banks", Match.FORM)[1]) == 1
        assert view.holds("boats", Match.LEMMA)
        assert not view.holds("boats", Match.FORM)
        assert count_rows(view.find_word("heron", Match.LEMMA)[1]) == 0


def test_a_missing_word_and_a_filtered_word_raise_different_errors(context: Context) -> None:
    with context.view("n=3") as view:
        with pytest.raises(QueryError, match="'bank' does not occur within the filter"):
            view.require_word("bank", Match.LEMMA)
        with pytest.raises(QueryError, match="does not hold 'heron'"):
            view.require_word("heron", Match.LEMMA)
        assert count_rows(view.unfiltered().require_word("bank", Match.LEMMA)[1]) == 4


def test_vectors_are_the_stored_rows_in_the_order_of_the_ids(context: Context) -> None:
    with context.view("n=0") as view:
        stored = {
            int(key): np.asarray(segment.tokens[row], np.float32)
            for segment in view.snapshot.segments.values()
            for row, key in enumerate(segment.token_ids)
        }
        ids = np.array([*sorted(stored, reverse=True), min(stored)], np.int64)
        np.testing.assert_array_equal(view.vectors(ids), np.stack([stored[key] for key in ids.tolist()]))
        with pytest.raises(QueryError, match="some occurrences are no longer in"):
            view.vectors(np.array([max(stored) + 1], np.int64))


def test_hits_have_the_order_and_scores_of_the_ranking(context: Context) -> None:
    with context.view() as view:
        ids = np.concatenate([rows.ids for rows in view.find_word("bank", Match.LEMMA)[1]])[::-1]
        scores = np.linspace(1, 0.5, len(ids)).astype(np.float32)
        hits = view.hits(Ranked(ids, scores), Match.LEMMA, "a notice")
    assert [hit.occurrence_id for hit in hits] == ids.tolist()
    assert [hit.score for hit in hits] == pytest.approx(scores.tolist())
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]
    assert {hit.lemma for hit in hits} == {"bank"}
    assert (hits.match, hits.notice) == (Match.LEMMA, "a notice")


def test_a_context_reuses_the_query_encoder_and_its_cache(context: Context) -> None:
    tokens = context.analyser.tokens("A boat lay there.")
    with context.view() as first:
        vectors = first.encode(tokens)
    with context.view("n=1") as second:
        assert second.encode is first.encode
        assert second.encode(tokens) is vectors
