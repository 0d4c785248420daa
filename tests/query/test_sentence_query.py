"""Queries by sentence: their signs, and the order of their hits, compared with scores computed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from polyseme.indexer.build import build
from polyseme.indexer.collection.records import SentenceKind
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import QueryError
from polyseme.search.hits import By, Order
from polyseme.search.query.sentence import SentenceQuery, parse_sentence, write_sentence
from polyseme.search.retrieval.keywords import WEIGHTS_BY_KIND
from polyseme.search.retrieval.ranking import combine, coverage_weight
from polyseme.search.retrieval.sentences import find_candidates, open_question, parse_order
from polyseme.search.searcher import Searcher

DOCUMENTS = [
    Document("dam", "The flood plain has a dam. The river rose at night. A mill stood there.", {"year": 1900}),
    Document("plain", "The plain flood came late. The river was calm. Flood plains are wet.", {"year": 1950}),
    Document("town", "The town has a bridge. The well-known mill burned down. Bees hum.", {"year": 1950}),
]


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    """Open a collection of three documents."""
    folder: Path = tmp_path_factory.mktemp("sentences") / "c.pol"
    build(folder, DOCUMENTS, model=FakeEncoder())
    with Searcher.open(folder, FakeEncoder()) as opened:
        yield opened


@pytest.mark.parametrize(
    ("text", "required", "excluded"),
    [
        ('river "flood plain" -dam', ("flood plain",), ("dam",)),
        ('x -"a phrase" “curly one” -“not this”', ("curly one",), ("a phrase", "not this")),
        ("„so was“ und «autre chose»", ("so was", "autre chose"), ()),
        ("well-known at -40 - or -- --option", (), ()),
        ('a 5" pipe and a 3" pipe', (), ()),
        (r"\"literal\" and \-word", (), ()),
        ('a lone " sign, "..." and -...', (), ()),
        ('"twice" "twice" -no, -no.', ("twice",), ("no",)),
    ],
)
def test_signs_require_and_exclude(text: str, required: tuple[str, ...], excluded: tuple[str, ...]) -> None:
    query = parse_sentence(text)
    assert (query.required, query.excluded) == (required, excluded)


def test_text_has_spaces_in_the_place_of_excluded_parts_and_no_backslashes() -> None:
    assert parse_sentence('a -dam "b c"').text == 'a      "b c"'
    assert parse_sentence(r"a \-dam \"b").text == 'a -dam "b'


@given(st.text('ab1"-\\ “”„«».', max_size=12).filter(str.strip))
def test_written_sentences_are_read_back_without_phrases(text: str) -> None:
    assert parse_sentence(write_sentence(text)) == SentenceQuery(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-dam", "only excludes words"),
        ('-dam -"a b"', "add what to search for"),
        (" ", "empty"),
        ('"x" ' * 40_000, "50,"),
    ],
)
def test_queries_without_a_question_are_refused_with_the_next_step(text: str, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        parse_sentence(text)


def test_at_most_a_hundred_phrases() -> None:
    with pytest.raises(QueryError, match="more than 100 phrases"):
        parse_sentence(" ".join(f'"word {n}"' for n in range(101)))


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("where", [None, "year=1950"])
def test_phrases_hold_in_every_order_and_filter(searcher: Searcher, order: Order, where: str | None) -> None:
    hits = searcher.sentences('the "flood plain"', where=where, order=order)
    wanted = {"The flood plain has a dam.", "Flood plains are wet."}
    assert {hit.sentence for hit in hits} == {text for text in wanted if where is None or "wet" in text}
    without = searcher.sentences("the flood plain -dam", where=where, order=order)
    assert without
    assert not any("dam" in hit.sentence for hit in without)


def test_a_phrase_that_nothing_has_gives_no_hits_and_says_so(searcher: Searcher) -> None:
    hits = searcher.sentences('"late flood" of the river')
    assert list(hits) == []
    assert (
        hits.notice == 'nothing has "late flood" as you ask; drop the quotation marks, or write \\" for a literal one'
    )


def test_the_order_of_keywords_is_that_of_sentences_with_the_rarer_words(searcher: Searcher) -> None:
    hits = searcher.sentences("bees at the river", order="keywords")
    assert hits[0].sentence == "Bees hum."
    assert {hit.sentence for hit in hits} == {"Bees hum.", "The river rose at night.", "The river was calm."}


def test_hybrid_orders_by_the_combination_of_all_scores(searcher: Searcher) -> None:
    query = "the mill by the river"
    cosines = {hit.sentence_id: hit.score for hit in searcher.sentences(query, 100, order="meaning")}
    hybrid = searcher.sentences(query, 100, order="hybrid")
    assert {hit.sentence_id: hit.score for hit in hybrid} == pytest.approx(cosines, abs=1e-6)
    assert {word for hit in hybrid[:4] for word in ("mill", "river") if word in hit.sentence} == {"mill", "river"}


def test_keywords_weigh_by_the_kind_of_vectors_that_are_compared(searcher: Searcher) -> None:
    """The collection has learned vectors, which find more than default ones."""
    query = "was the river calm ?"
    with searcher._context.view() as view:
        assert view.sentence_kind is SentenceKind.LEARNED
        weights = {}
        for by in (By.SENTENCE, By.DEFAULT):
            narrowed, question = open_question(view, query, by)
            weights[by] = find_candidates(narrowed, question, Order.HYBRID, 100).weight
    assert weights[By.SENTENCE] > 0
    assert weights[By.DEFAULT] == pytest.approx(WEIGHTS_BY_KIND[SentenceKind.DEFAULT] * weights[By.SENTENCE])


def test_documents_have_phrases_anywhere_and_never_an_excluded_word(searcher: Searcher) -> None:
    found = searcher.documents('"flood plain" "river"')
    assert {hit.document_id for hit in found} == {"dam", "plain"}
    assert [hit.rank for hit in found] == [1, 2]
    assert {hit.document_id for hit in searcher.documents("flood plain -dam")} == {"plain", "town"}
    assert all(len(hit.passages) == 2 for hit in searcher.documents("the river", passages=2))


@pytest.mark.parametrize(
    ("order", "hybrid", "by", "expected"),
    [
        (None, True, By.SENTENCE, Order.HYBRID),
        (None, False, By.SENTENCE, Order.MEANING),
        (None, None, By.DEFAULT, Order.MEANING),
        ("keywords", None, By.DEFAULT, Order.KEYWORDS),
        ("hybrid", True, By.SENTENCE, Order.HYBRID),
    ],
)
def test_order_follows_the_options(order: str | None, hybrid: bool | None, by: By, expected: Order) -> None:
    assert parse_order(order, hybrid, by) is expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": "rank"}, "order is 'rank'; choose one of meaning, keywords, words, hybrid"),
        ({"order": "keywords", "hybrid": True}, "order is 'keywords' and hybrid is True; leave one of them out"),
        ({"by": "document"}, "by is 'document'; choose one of sentence, default"),
        ({"k": 0}, "k is 0; ask for at least 1 hit"),
    ],
)
def test_options_that_do_not_exist_are_refused(searcher: Searcher, options: dict[str, object], message: str) -> None:
    with pytest.raises(QueryError) as error:
        searcher.sentences("river", **options)  # type: ignore[arg-type]
    assert str(error.value) == message
    with pytest.raises(QueryError, match="passages is 0"):
        searcher.documents("river", passages=0)


@given(
    arrays(np.float32, st.integers(1, 30), elements=st.floats(-1, 1, width=16)),
    st.floats(0.5, 4, width=16),
    st.floats(-1, 1, width=16),
)
def test_combination_does_not_depend_on_the_units_of_a_signal(
    cosines: np.ndarray[tuple[int], np.dtype[np.float32]], factor: float, shift: float
) -> None:
    keywords = np.arange(len(cosines), dtype=np.float32)[::-1]
    expected = combine(cosines, keywords, 1.5)
    assert combine(cosines, keywords * np.float32(factor), 1.5) == pytest.approx(expected, abs=1e-3)
    assert combine(np.zeros_like(cosines) + np.float32(shift), keywords, 1.5).argmax() == 0


@given(st.lists(st.floats(0, 12, width=16), max_size=9), st.floats(0, 1, width=16))
def test_keywords_weigh_as_much_as_they_cover_of_the_query(rarities: list[float], share: float) -> None:
    """A sentence with all words of the query, repeated without end, covers all of it."""
    rare = np.array(rarities, np.float32)
    highest = 2.2 * sum(rarities)
    weight = coverage_weight(share * highest, rare)
    assert weight == pytest.approx(min(2, 20 * share**2) if highest > 1e-6 else 0, abs=1e-3)
    assert coverage_weight(0, rare) == 0
