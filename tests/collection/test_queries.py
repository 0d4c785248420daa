"""Queries against the tables, compared with the texts that were indexed and with lists longer than one batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import build
from polyseme.indexer.collection import keyword_queries, queries, schema
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.documents import Document

SENTENCES = 700


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build one document of many sentences and one that is deleted."""
    folder = tmp_path_factory.mktemp("queries") / "c.pol"
    long = Document("long", "The bank was old. " * SENTENCES, {"year": 1950})
    build(folder, [long, Document("gone", "A bank by the river bank.", {"year": 1960})], model=FakeEncoder())
    with Collection.open(folder) as collection:
        collection.remove(["gone"])
    return folder


@pytest.fixture
def collection(path: Path) -> Iterator[Collection]:
    with Collection.open(path) as opened:
        yield opened


def test_id_lists_longer_than_a_batch_are_read_completely(collection: Collection) -> None:
    db = collection.db
    ids = [key for (key,) in db.execute("SELECT id FROM occurrences WHERE type IN (SELECT id FROM types)")]
    assert len(ids) > 2 * schema.BATCH_PARAMETERS
    found = queries.occurrences_by_id(db, ids)
    assert found.keys() == set(ids)
    live = queries.live_occurrences(db, ids)
    assert len(live) == len(ids) - 3  # bank, river, bank
    assert queries.metadata_values(db, ids, "year").keys() == set(ids)
    assert set(queries.metadata_values(db, sorted(live), "year").values()) == {"1950"}
    sentences = [key for (key,) in db.execute("SELECT id FROM sentences ORDER BY id")]
    assert [row[0] for row in queries.sentences_by_id(db, sentences)] == sentences
    assert len(queries.live_sentences(db, sentences[::-1])) == SENTENCES
    assert queries.live_sentences(db, sentences[::-1]) == sorted(queries.live_sentences(db, sentences))


def test_words_are_counted_and_ranked_by_frequency(collection: Collection) -> None:
    db = collection.db
    assert queries.lemma_frequencies(db, ["bank", "river", "heron"]) == {"bank": SENTENCES + 2, "river": 1}
    assert queries.lemmas_by_frequency(db, 1, 10**6, 2) == ["bank", "old"]
    assert queries.lemmas_by_frequency(db, 1, 1, 9) == ["river"]


def test_consecutive_occurrences_are_found_at_the_given_distances(collection: Collection) -> None:
    db = collection.db
    (river,) = queries.types_of_form(db, "river")
    banks = queries.types_of_lemma(db, "bank")
    ((anchor,),) = db.execute("SELECT id FROM occurrences WHERE type = ?", (river,)).fetchall()
    ((sentence, position, first, second),) = queries.consecutive_occurrences(db, [anchor], [(0, [river]), (1, banks)])
    assert first == anchor
    assert queries.occurrences_by_id(db, [second])[second][:2] == (sentence, position + 1)
    assert queries.consecutive_occurrences(db, [anchor], [(0, [river]), (2, banks)]) == []


def test_keyword_scores_are_those_of_every_matching_sentence(collection: Collection) -> None:
    db = collection.db
    (deleted,) = db.execute(f"SELECT id FROM documents WHERE state = {int(schema.State.DELETED)}").fetchone()
    gone = [key for (key,) in db.execute("SELECT id FROM sentences WHERE document = ?", (deleted,))]
    every = [key for (key,) in db.execute("SELECT id FROM sentences ORDER BY id")]
    ids, scores = keyword_queries.keyword_scores(db, '"bank" OR "river"')
    assert ids.tolist() == every
    assert (scores > 0).all()
    assert scores.argmax() == every.index(gone[0])
    assert keyword_queries.matching_sentences(db, '"bank" NOT "river"').tolist() == sorted({*every} - {*gone})
    assert keyword_queries.matching_sentences(db, '"old bank"').tolist() == []
