"""Search for documents: the scores of candidates beside their definitions, and whole searches."""

from __future__ import annotations

import math

import numpy as np
import pytest
from fakes import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import QueryError
from polyseme.indexer.vectors.arrays import unit
from polyseme.search.hits import Order
from polyseme.search.retrieval.documents import best_mean, document_bm25, meaning_scores
from polyseme.search.searcher import Searcher

TEXTS = {
    "harbour": "The boat left the harbour. A storm hid the lighthouse. The crew mended the sail.",
    "kitchen": "She baked bread in the oven. The oven was hot.",
    "garden": "The roses need water. A gardener cut the hedge. The harbour is far away.",
}


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-50, 50)), max_size=30), st.integers(1, 4))
def test_the_mean_of_the_best_sentences_is_that_of_each_document(rows: list[tuple[int, int]], best: int) -> None:
    scores = np.array([score for _, score in rows], np.float32)
    owners = np.array([owner for owner, _ in rows], np.int64)
    expected = []
    for owner in range(5):
        own = sorted((score for place, score in rows if place == owner), reverse=True)[:best]
        expected.append(sum(own) / len(own) if own else 0.0)
    assert best_mean(scores, owners, 5, best).tolist() == pytest.approx(expected)


def test_meaning_is_half_the_best_two_sentences_and_half_the_mean() -> None:
    rng = np.random.default_rng(3)
    vectors, asked = unit(rng.normal(size=(9, 5))), unit(rng.normal(size=(2, 5)))
    owners = np.array([0, 0, 0, 1, 2, 2, 2, 2, 0])
    expected = []
    for owner in range(3):
        own = vectors[owners == owner]
        best = np.mean([np.sort(own @ one)[::-1][:2].mean() for one in asked])
        mean, centre = own.mean(axis=0), asked.mean(axis=0)
        expected.append((best + mean @ centre / np.linalg.norm(mean) / np.linalg.norm(centre)) / 2)
    assert meaning_scores(asked, vectors, owners, 3).tolist() == pytest.approx(expected, abs=1e-5)


def test_bm25_of_documents_is_that_of_the_definition() -> None:
    counts, lengths = np.array([[2, 0, 1], [0, 3, 1]], np.float32), np.array([4, 6, 2], np.float32)
    frequencies, mean, total = np.array([2, 40], np.float32), 5.0, 50
    expected = []
    for document in range(3):
        score = 0.0
        for word in range(2):
            rarity = math.log(1 + (total - frequencies[word] + 0.5) / (frequencies[word] + 0.5))
            often = counts[word, document]
            score += rarity * often * 2.2 / (often + 1.2 * (0.25 + 0.75 * lengths[document] / mean))
        expected.append(score)
    assert document_bm25(counts, frequencies, lengths, mean, total).tolist() == pytest.approx(expected, abs=1e-5)


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    path = tmp_path_factory.mktemp("documents") / "c.pol"
    build(path, [Document(name, text, {"place": name}) for name, text in TEXTS.items()], model=FakeEncoder())
    return Searcher.open(path, FakeEncoder())


@pytest.mark.parametrize("order", [Order.MEANING, Order.KEYWORDS, Order.HYBRID])
def test_a_document_asked_for_itself_comes_first(searcher: Searcher, order: Order) -> None:
    for name, text in TEXTS.items():
        hits = searcher.documents(text, k=3, order=order, passages=2)
        assert hits[0].document_id == name
        assert hits[0].metadata == {"place": name}
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
        for hit in hits:
            assert len(hit.passages) == 2
            assert {passage.document_id for passage in hit.passages} == {hit.document_id}
            assert all(passage.sentence in TEXTS[hit.document_id] for passage in hit.passages)


def test_documents_by_keywords_hold_one_and_filters_apply(searcher: Searcher) -> None:
    assert {hit.document_id for hit in searcher.documents("harbour", order="keywords")} == {"harbour", "garden"}
    (only,) = searcher.documents("harbour", where="place=garden", order="hybrid", passages=1)
    assert only.document_id == "garden"
    (passage,) = only.passages
    assert passage.sentence == "The harbour is far away."
    assert searcher.documents("zeppelin", order="keywords") == []


def test_the_score_of_a_document_by_meaning_is_that_of_its_sentences(searcher: Searcher) -> None:
    question = "The oven was hot."
    asked = searcher.vector(searcher.sentences(question, k=1)[0])
    for hit in searcher.documents(question, k=3, order="meaning", passages=9):
        vectors = np.stack([searcher.vector(passage) for passage in hit.passages])
        expected = meaning_scores(asked[None], vectors, np.zeros(len(vectors), np.int64), 1)[0]
        assert hit.score == pytest.approx(float(expected), abs=2e-3)
        assert [passage.score for passage in hit.passages] == sorted((p.score for p in hit.passages), reverse=True)


def test_default_vectors_rank_documents_by_the_same_rule(searcher: Searcher) -> None:
    question = "The oven was hot."
    with searcher._context.view() as view:
        asked = view.encode.elmo(view.analyser.tokens(question)).default
        (segment,) = view.snapshot.segments.values()
        vectors, owners = np.asarray(segment.defaults[:], np.float32), np.asarray(segment.sentence_documents)
    keys, places = np.unique(owners, return_inverse=True)
    expected = dict(zip(keys.tolist(), meaning_scores(asked[None], vectors, places, len(keys)).tolist(), strict=True))
    names = {stored.document_id: stored.key for stored in searcher.collection.documents()}
    hits = searcher.documents(question, k=3, by="default")
    assert {hit.document_id: hit.score for hit in hits} == {
        name: pytest.approx(expected[key], abs=1e-5) for name, key in names.items()
    }
    assert [hit.score for hit in hits] == sorted(expected.values(), reverse=True)
    assert {hit.confidence for hit in hits} == {None}
    (only,) = searcher.documents('"oven" water', k=3, by="default", order="hybrid")
    assert only.document_id == "kitchen"
    with pytest.raises(QueryError, match="by is 'document'"):
        searcher.documents(question, by="document")
