"""Late interaction: scores and meetings of sentences, compared with loops over the stored vectors and rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder, word_vector
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import DamageError, QueryError
from polyseme.indexer.text import Token, TokenKind, form_of
from polyseme.indexer.vectors.arrays import Array, Ids, unit
from polyseme.indexer.vectors.int8 import Storage
from polyseme.search.context import View
from polyseme.search.hits import Meeting, Order
from polyseme.search.retrieval import meetings
from polyseme.search.retrieval.identities import LAYER_POWER, TABLE_POWER
from polyseme.search.retrieval.meetings import (
    agreement,
    length_factors,
    meetings_of,
    query_words,
    same_sense,
    similarity,
    word_candidates,
    word_scores,
)
from polyseme.search.retrieval.sentence_words import read_sentence_words, words_of_sentences
from polyseme.search.searcher import Searcher
from stored import change

TEXTS = (
    "He waited at the bank of the stream. The boats rest on the shore. They rowed from bank to bank.",
    "The bank lent her 300 pounds. The lender asked for 300 pounds. A bank counts its money by night.",
    "Streams run to the sea. The sea wears the shore away. A river may leave its bank in spring.",
    "Banks and lenders met in spring. Nobody waited. The stream of visitors ended at 5.",
)
QUERIES = (
    "He waited at the bank of the stream.",
    "Who lent 300 pounds?",
    "shores of a river in spring",
    "unheard words",
)


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build 24 sentences in several segments, with a deleted document."""
    path = tmp_path_factory.mktemp("meetings") / "c.pol"
    documents = [Document(f"doc{n}", TEXTS[n % 4] + f" Line {n} ends by the shore.", {"year": n}) for n in range(6)]
    config = BuildConfig(segment_sentences=8, sample_sentences=8, storage=Storage.BYTES)
    build(path, documents, config, model=FakeEncoder())
    with Collection.open(path) as opened:
        opened.remove(["doc4"])
    return path


@pytest.fixture(scope="module")
def searcher(collection: Path) -> Iterator[Searcher]:
    with Searcher.open(collection, FakeEncoder()) as opened:
        yield opened


@pytest.fixture(scope="module", params=[False, True], ids=["layer 0", "with a table"])
def either(request: pytest.FixtureRequest, collection: Path) -> Iterator[Searcher]:
    """Open the collection with a model that has no learned table of words, and with one that has."""
    with Searcher.open(collection, with_table() if request.param else FakeEncoder()) as opened:
        yield opened


def encoded(view: View, text: str) -> tuple[tuple[Token, ...], Array]:
    tokens = view.analyser.tokens(text)
    return tokens, view.encode(tokens).tokens


def all_sentences(view: View) -> Ids:
    return np.sort(np.concatenate([segment.sentence_ids for segment in view.snapshot.segments.values()]))


def stored_vectors(view: View) -> dict[int, Array]:
    """Return the stored vector of each occurrence, read row by row."""
    return {
        int(segment.token_ids[row]): np.asarray(segment.tokens[row], np.float32)
        for segment in view.snapshot.segments.values()
        for row in range(len(segment.tokens))
    }


class FakeTable:
    """A learned table of words: it has every second word, with vectors of its own."""

    def rows(self, tokens: Sequence[str]) -> Ids:
        return np.array([WORDS.index(token) if token in WORDS else -1 for token in tokens], np.int64)

    def row_vectors(self, rows: Ids) -> Array:
        found = np.stack(
            [word_vector(f"learned {WORDS[row]}", 5) if row >= 0 else np.zeros(5) for row in rows.tolist()]
        )
        return found.astype(np.float32)


WORDS = sorted({word.strip(".").lower() for text in (*TEXTS, "shore") for word in text.split()})[::2]
"""Words of the learned table."""


def with_table() -> FakeEncoder:
    encoder = FakeEncoder()
    encoder.word_table = FakeTable()
    return encoder


def cosine_of(first: Sequence[float], second: Sequence[float]) -> float:
    product = sum(x * y for x, y in zip(first, second, strict=True))
    lengths = [math.sqrt(sum(x * x for x in each)) for each in (first, second)]
    return product / (lengths[0] * lengths[1])


def word_cosine(view: View, token: Token, form: str, blob: bytes) -> float:
    """Return how similar a query's word and a stored form are alone: by layer 0, and by a table if it has both."""
    layer_0 = view.encode.vectoriser.words([form_of(token)])[0].tolist()
    layer_0_cosine = max(0.0, min(1.0, cosine_of(np.frombuffer(blob, np.float16).tolist(), layer_0)))
    value = layer_0_cosine**LAYER_POWER
    table = view.context.encoder.word_table
    if table is not None:
        rows = table.rows([form_of(token), form])
        if min(rows.tolist()) >= 0:
            first, second = table.row_vectors(rows).tolist()
            value = max(0.0, (layer_0_cosine + cosine_of(first, second)) / 2) ** TABLE_POWER
    return float(max(0.0, min(1.0, value)))


def query_weights(view: View, tokens: Sequence[Token], states: Sequence[Array]) -> list[float]:
    """Return the weight of each word of a query, by loops: its rarity times its agreement with the other words."""
    db, sentences, weights = view.collection.db, len(all_sentences(view)), []
    for n, token in enumerate(tokens):
        sql = "SELECT count(*) FROM occurrences o JOIN types t ON t.id = o.type WHERE t.lemma = ?"
        count = min(db.execute(sql, [token.lemma]).fetchone()[0], sentences)
        others = [max(0.0, float(states[n] @ state)) for k, state in enumerate(states) if k != n]
        factor = 1.0
        if others:
            share = sum(others) / len(others)
            factor = (meetings.AGREEMENT + (1 - meetings.AGREEMENT) * share) ** 2
        weights.append(math.log(1 + (sentences - count + 0.5) / (count + 0.5)) * factor)
    return [weight / sum(weights) for weight in weights]


def pair_similarity(view: View, token: Token, state: Array, lemma: str, form: str, vector: Array, blob: bytes) -> float:
    """Return the similarity of a query's word with a stored one, from the formulas of docs/results/meetings.md."""
    if token.kind is TokenKind.NUMBER:
        return float(lemma == token.lemma)
    sense = float(vector @ state)
    if view.calibration is None:
        chance = max(0.0, min(1.0, sense))
    else:
        chance = float(view.calibration.confidence(min(1.0, sense)) / view.calibration.confidence(1.0))
    odds = (chance / (1 - chance)) ** meetings.SHARPNESS if chance < 1 else math.inf
    sharp = 1.0 if math.isinf(odds) else odds / (1 + odds)
    same = meetings.SAME_WORD + (1 - meetings.SAME_WORD) * sharp
    return same if lemma == token.lemma else min(same, chance * word_cosine(view, token, form, blob))


def brute_force(
    view: View, text: str, sentence: int, vectors: dict[int, Array]
) -> list[tuple[float, float, int, Token]]:
    """Return (similarity, weight, start of the nearest word, query's token) of each word of a query, by loops."""
    rows = view.collection.db.execute(
        "SELECT o.id, o.start, t.lemma, t.form, t.vector FROM occurrences o JOIN types t ON t.id = o.type"
        " WHERE o.sentence = ? ORDER BY o.position",
        [sentence],
    ).fetchall()
    every = zip(*encoded(view, text), strict=True)
    asked = [(token, state) for token, state in every if token.kind in (TokenKind.WORD, TokenKind.NUMBER)]
    weights = query_weights(view, [token for token, _ in asked], [state for _, state in asked])
    found = []
    for (token, state), weight in zip(asked, weights, strict=True):
        best, at = 0.0, -1
        for key, start, lemma, form, blob in rows:
            value = pair_similarity(view, token, state, lemma, form, vectors[key], blob)
            if value > best:
                best, at = value, start
        found.append((best if best >= meetings.FLOOR else 0.0, weight, at, token))
    return found


def length_of(view: View, sentence: int) -> int:
    """Return the number of a sentence's stored words."""
    return int(
        view.collection.db.execute("SELECT count(*) FROM occurrences WHERE sentence = ?", [sentence]).fetchone()[0]
    )


@pytest.mark.parametrize("text", QUERIES)
def test_scores_equal_loops_over_stored_vectors(either: Searcher, text: str) -> None:
    with either._view() as view:
        ids = all_sentences(view)
        vectors = stored_vectors(view)
        found = word_scores(view, *encoded(view, text), ids)
        by_loops = [brute_force(view, text, key, vectors) for key in ids.tolist()]
        lengths = [length_of(view, key) for key in ids.tolist()]
    usual = max(len(by_loops[0]), sum(lengths) / len(lengths))
    wanted = []
    for words, length in zip(by_loops, lengths, strict=True):
        divisor = 1 - meetings.LENGTH + meetings.LENGTH * max(1, length / usual)
        wanted.append(sum(value * weight for value, weight, *_ in words) / divisor)
    assert found is not None
    np.testing.assert_allclose(found, wanted, atol=2e-3)
    assert max(wanted) > 0 or text == "unheard words"


@pytest.mark.parametrize("text", QUERIES)
def test_meetings_equal_loops_over_stored_vectors(either: Searcher, text: str) -> None:
    with either._view() as view:
        ids, vectors = all_sentences(view), stored_vectors(view)
        for key, met in zip(ids.tolist(), meetings_of(view, *encoded(view, text), ids), strict=True):
            wanted = [(at, token.start) for value, _, at, token in brute_force(view, text, key, vectors) if value > 0]
            assert [(each.start, each.query_start) for each in met] == sorted(wanted)


@pytest.mark.parametrize("order", list(Order))
def test_meetings_are_exact_slices_and_their_shares_bound_the_score(searcher: Searcher, order: Order) -> None:
    text = QUERIES[0]
    hits = searcher.sentences(text, 30, order=order)
    assert any(hit.meetings for hit in hits)
    with searcher._view() as view:
        scores = word_scores(view, *encoded(view, text), np.array([hit.sentence_id for hit in hits], np.int64))
    assert scores is not None
    for hit, score in zip(hits, scores.tolist(), strict=True):
        for met in hit.meetings:
            assert hit.sentence[met.start : met.end] == met.token
            assert text[met.query_start : met.query_end] == met.query_token
            assert meetings.FLOOR <= met.similarity <= 1
        covered = sum(met.share for met in hit.meetings)
        assert score - 1e-5 <= covered <= 1 + 1e-5
        assert (covered > 0) == (score > 0)
        assert searcher.explain(hit, text) == hit.meetings


def test_a_stored_sentence_asked_again_meets_all_its_words_and_comes_first(searcher: Searcher) -> None:
    for text in ("The sea wears the shore away.", "The lender asked for 300 pounds."):
        hits = searcher.sentences(text, 5, order=Order.WORDS)
        assert hits[0].sentence == text
        words = {met.query_token: met for met in hits[0].meetings}
        assert all(met.token == word and met.similarity > 0.9 for word, met in words.items())
        assert sum(met.share for met in hits[0].meetings) == pytest.approx(1, abs=0.1)


def test_equal_sentences_have_equal_scores(searcher: Searcher) -> None:
    with searcher._view() as view:
        ids = all_sentences(view)
        scores = word_scores(view, *encoded(view, QUERIES[0]), ids)
        texts = [view.collection.sentence_text(key) for key in ids.tolist()]
    assert scores is not None
    by_text: dict[str, set[float]] = {}
    for text, score in zip(texts, scores.tolist(), strict=True):
        by_text.setdefault(text, set()).add(score)
    assert len(by_text) < len(ids)
    assert all(len(each) == 1 for each in by_text.values())


def test_excluded_words_neither_meet_nor_weigh(searcher: Searcher) -> None:
    plain = searcher.sentences("the stream in spring", 30, order=Order.WORDS)
    without = searcher.sentences("the stream in spring -bank", 30, order=Order.WORDS)
    assert not any(met.query_token == "bank" for hit in without for met in hit.meetings)
    assert not any("bank" in hit.sentence.lower().split() for hit in without)
    met = {hit.sentence_id: {(each.start, each.query_token) for each in hit.meetings} for hit in plain}
    assert all(hit.sentence_id in met for hit in without)


def test_function_words_and_unknown_ids_meet_nothing(searcher: Searcher) -> None:
    with searcher._view() as view:
        ids = all_sentences(view)
        assert word_scores(view, *encoded(view, "of the and"), ids) is None
        assert meetings_of(view, *encoded(view, "of the and"), ids[:2]) == [(), ()]
        assert not len(word_candidates(view, *encoded(view, "of the and")))
        gone = np.array([10**9, int(ids[0])], np.int64)
        scores = word_scores(view, *encoded(view, "bank stream waited"), gone)
        assert scores is not None
        assert scores[0] == 0 < scores[1]
        assert meetings_of(view, *encoded(view, "bank"), gone)[0] == ()


def test_a_number_meets_the_same_number_alone(searcher: Searcher) -> None:
    with searcher._view() as view:
        ids = all_sentences(view)
        found = zip(ids.tolist(), meetings_of(view, *encoded(view, "300"), ids), strict=True)
        for key, met in found:
            text = view.collection.sentence_text(key)
            assert [each.within(text).token for each in met] == ["300"] * ("300" in text)


def test_candidates_are_live_and_inside_the_filter(searcher: Searcher) -> None:
    with searcher._view("year=1..4") as view:
        found = word_candidates(view, *encoded(view, QUERIES[0])).tolist()
        rows = dict(
            view.collection.db.execute(
                "SELECT s.id, d.document_id FROM sentences s JOIN documents d ON d.id = s.document"
            )
        )
    assert found
    assert {rows[key] for key in found} <= {f"doc{n}" for n in (1, 2, 3)}


def test_the_rarest_words_of_a_long_query_are_compared(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meetings, "MOST_WORDS", 2)
    with searcher._view() as view:
        words = query_words(view, *encoded(view, "shore unheard bank unseen"))
    assert [token.text for token in words.tokens] == ["unheard", "unseen"]
    np.testing.assert_allclose(words.weights, [0.5, 0.5])


def test_stored_words_are_in_the_order_of_sentences_and_texts(searcher: Searcher) -> None:
    with searcher._view() as view:
        ids = all_sentences(view)
        words = read_sentence_words(view, ids[::-1])
        wanted = view.collection.db.execute(
            'SELECT start, "end" FROM occurrences ORDER BY sentence, position'
        ).fetchall()
    assert list(zip(words.starts.tolist(), words.ends.tolist(), strict=True)) == wanted
    assert words.words.sentences.tolist() == ids.tolist()


def test_words_of_segments_equal_those_of_the_database(searcher: Searcher) -> None:
    with searcher._view() as view:
        ids = all_sentences(view)[::2]
        placed = read_sentence_words(view, ids).words
        words = words_of_sentences(view, np.append(ids[::-1], 10**9))
        vectors = [each.senses(np.arange(len(each.types))) for each in (placed, words)]
    groups = []
    for each, senses in zip((placed, words), vectors, strict=True):
        rows: dict[int, list[tuple[int, ...]]] = {}
        ends = each.firsts + each.lengths
        for key, first, end in zip(each.sentences.tolist(), each.firsts.tolist(), ends.tolist(), strict=True):
            found = np.column_stack([each.types[first:end], np.rint(1000 * senses[first:end]).astype(int)])
            rows[key] = sorted(map(tuple, found.tolist()))
        groups.append(rows)
    assert groups[0] == groups[1]
    assert len(groups[0]) == len(ids)


def test_words_that_agree_weigh_more() -> None:
    rng = np.random.default_rng(1)
    topic, other = unit(rng.standard_normal((2, 8)))
    senses = unit(np.stack([topic, topic + 0.2 * other, other]))
    factors = agreement(senses)
    assert factors[0] > factors[2]
    assert (factors >= meetings.AGREEMENT**2 - 1e-6).all()
    assert (factors <= 1 + 1e-6).all()
    assert agreement(senses[:1]).tolist() == [1]
    assert agreement(unit(np.ones((3, 2)))).tolist() == pytest.approx([1, 1, 1])


@given(st.lists(st.integers(1, 40), min_size=1, max_size=9), st.integers(1, 12), st.floats(1, 40))
def test_length_costs_only_what_is_longer_than_usual(lengths: list[int], asked: int, mean: float) -> None:
    factors = length_factors(np.sort(np.array(lengths)), asked, mean)
    assert (np.diff(factors) <= 1e-6).all()
    for length, factor in zip(sorted(lengths), factors.tolist(), strict=True):
        assert (factor == 1) == (length <= max(mean, asked))
        assert factor > 0


def test_explaining_a_hit_by_sentence_needs_its_query_and_its_sentence(searcher: Searcher) -> None:
    hit = searcher.sentences("the shore", 1)[0]
    with pytest.raises(QueryError, match="pass that text"):
        searcher.explain(hit, None)  # type: ignore[call-overload]
    with pytest.raises(QueryError, match="the query is empty"):
        searcher.explain(hit, " ")
    with pytest.raises(QueryError, match="no longer"):
        searcher.explain(replace(hit, sentence_id=10**9), "the shore")


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("UPDATE occurrences SET type = 999999", "has a type that is not in it"),
        ("UPDATE occurrences SET type = 1 WHERE type = (SELECT max(type) FROM occurrences)", "is in no segment"),
    ],
)
def test_damaged_rows_are_one_error(tmp_path: Path, sql: str, message: str) -> None:
    path = tmp_path / "c.pol"
    build(path, [Document("a", TEXTS[0])], model=FakeEncoder())
    change(path, sql)
    with Searcher.open(path, FakeEncoder()) as searcher, searcher._view() as view:
        ids, asked = all_sentences(view), encoded(view, "the bank of the stream")
        with pytest.raises(DamageError, match=message):
            meetings_of(view, *asked, ids)


@given(
    st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=9),
    st.floats(0, 1, width=32),
    st.booleans(),
)
def test_similarity_grows_with_the_sense_and_stays_in_its_range(
    cosines: list[float], identity: float, is_same: bool
) -> None:
    sense = same_sense(None, np.sort(np.array(cosines, np.float32)))
    alone = np.full(len(cosines), identity, np.float32)
    found = similarity(sense, alone, np.full(len(cosines), is_same))
    assert (np.diff(found) >= -1e-6).all()
    assert (found >= 0).all()
    assert (found <= 1 + 1e-6).all()
    assert (similarity(sense, alone, np.ones(len(cosines), bool)) >= found - 1e-6).all()


def test_a_meeting_cuts_its_word_from_the_sentence() -> None:
    met = Meeting("", 4, 8, "shore", 0, 5, 0.5, 0.25)
    assert met.within("The bank rose.").token == "bank"
