"""Tests of orders and windows of a word's occurrences, of subcorpora and of pages of documents."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import QueryError
from polyseme.indexer.reencode import reencode
from polyseme.search.searcher import Searcher
from stored import change

QUERY = "The boat lay by the [shore]."
PHRASE = "They saw the [muddy shore] again."
TEXT = "The muddy shore was steep. A boat left the far shore. They walked along the shore until dark."


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("windows") / "c.pol"
    documents = [
        Document(
            f"d{n}", f"Line {n} begins. {TEXT} Line {n} ends.", {"year": 1900 + n, "genre": "news" if n % 2 else "a_b"}
        )
        for n in range(8)
    ]
    build(path, documents, BuildConfig(segment_sentences=9, sample_sentences=9), model=FakeEncoder())
    with Collection.open(path) as opened:
        opened.remove(["d3"])
    return path


@pytest.fixture(scope="module")
def searcher(collection: Path) -> Iterator[Searcher]:
    with Searcher.open(collection, FakeEncoder()) as opened:
        yield opened


@pytest.mark.parametrize("order", ["sense", "text", "random"])
@pytest.mark.parametrize("query", [QUERY, PHRASE])
def test_windows_together_are_the_whole_list(searcher: Searcher, query: str, order: str) -> None:
    whole = searcher.occurrences(query, 1000, order=order, seed=5)
    assert whole.total == len(whole) == (7 if query == PHRASE else 21)
    parts = [searcher.occurrences(query, 4, order=order, seed=5, skip=first) for first in range(0, len(whole), 4)]
    assert [hit for part in parts for hit in part] == list(whole)
    assert {part.total for part in parts} == {len(whole)}
    assert searcher.occurrences(query, 4, order=order, skip=1000) == []


def test_text_order_is_that_of_documents_and_random_order_follows_from_its_seed(searcher: Searcher) -> None:
    texts = {
        each.document_id: searcher.collection.document(each.document_id)[1] for each in searcher.collection.documents()
    }
    expected = [
        (key, found.start())
        for key in sorted(texts, key=lambda key: int(key[1:]))
        for found in re.finditer("shore", texts[key])
    ]
    listed = searcher.occurrences(QUERY, 1000, order="text")
    assert [(hit.document_id, hit.sentence_start + hit.start) for hit in listed] == expected
    assert {(hit.score, hit.confidence) for hit in listed} == {(1.0, None)}
    shuffled = [searcher.occurrences(QUERY, 1000, order="random", seed=seed) for seed in (1, 1, 2)]
    assert [hit.occurrence_id for hit in shuffled[0]] == [hit.occurrence_id for hit in shuffled[1]]
    assert [hit.occurrence_id for hit in shuffled[0]] != [hit.occurrence_id for hit in shuffled[2]]
    assert {hit.occurrence_id for hit in shuffled[2]} == {hit.occurrence_id for hit in listed}


def test_only_the_named_occurrences_are_listed_in_their_order(searcher: Searcher) -> None:
    whole = searcher.occurrences(QUERY, 1000)
    wanted = {hit.occurrence_id for hit in whole[2::3]}
    found = searcher.occurrences(QUERY, 1000, among=wanted)
    assert [hit.occurrence_id for hit in found] == [hit.occurrence_id for hit in whole[2::3]]
    assert [hit.score for hit in found] == [hit.score for hit in whole[2::3]]
    assert found.total == len(wanted)
    assert searcher.occurrences(QUERY, 1000, among=set()).total == 0


def test_missing_word_has_no_lines_where_senses_are_not_compared(searcher: Searcher) -> None:
    found = searcher.occurrences("[platypus]", order="text")
    assert (list(found), found.total) == ([], 0)
    assert found.notice == "'platypus' does not occur in this collection"
    with pytest.raises(QueryError, match="leave out order"):
        searcher.occurrences(QUERY, match="any", skip=3)


def test_total_is_the_number_of_hits_without_a_limit(searcher: Searcher) -> None:
    info = searcher.collection.info()
    assert searcher.sentences("A boat left.", 2).total == info.sentences
    assert searcher.occurrences(QUERY, 2, "any").total == info.occurrences
    inside = searcher.occurrences(QUERY, 2, where="year=..1901")
    assert inside.total == len(searcher.occurrences(QUERY, 1000, where="year=..1901")) == 6
    assert searcher.sentences("A boat left.", 2, where="year=..1901").total == 10


def test_subcorpus_means_its_filters_until_it_is_removed(searcher: Searcher) -> None:
    filters = ["genre=a_b", "year=1902..1906"]
    assert searcher.save_subcorpus(" early ", filters) == tuple(filters)
    assert searcher.occurrences(QUERY, 1000, where="in=early") == searcher.occurrences(QUERY, 1000, where=filters)
    narrower = searcher.occurrences(QUERY, 1000, where=["in=early", "year=..1904"])
    assert narrower == searcher.occurrences(QUERY, 1000, where=[*filters, "year=..1904"])
    assert searcher.save_subcorpus("nested", ["in=early", "document!=d2"]) == (*filters, "document!=d2")
    with pytest.raises(QueryError, match="has a subcorpus 'early'"):
        searcher.save_subcorpus("early", "year=1900")
    searcher.save_subcorpus("early", "year=1900", replace=True)
    assert searcher.subcorpora() == {"early": ("year=1900",), "nested": (*filters, "document!=d2")}
    for name in ("early", "nested"):
        searcher.remove_subcorpus(name)
    for action in (lambda: searcher.occurrences(QUERY, where="in=early"), lambda: searcher.remove_subcorpus("early")):
        with pytest.raises(QueryError, match="no subcorpus 'early'; it has none"):
            action()


@pytest.mark.parametrize(
    ("name", "where", "message"),
    [
        ("a|b", "year=1900", "cannot be written in a filter"),
        ("a..b", "year=1900", "cannot be written in a filter"),
        ("", "year=1900", "cannot name a subcorpus"),
        ("plain", None, "needs at least one filter"),
        ("plain", "colour=red", "no document has a field"),
        ("plain", "in=nothing", "no subcorpus 'nothing'"),
        ("plain", "in!=nothing", "write in=NAME"),
    ],
)
def test_subcorpus_that_means_nothing_is_refused(
    searcher: Searcher, name: str, where: str | None, message: str
) -> None:
    with pytest.raises(QueryError, match=message):
        searcher.save_subcorpus(name, where)
    assert searcher.subcorpora() == {}


DAMAGE = {
    "not json": ("bad", "nonsense"),
    "a number": ("bad", 7),
    "bytes": ("bad", b"\xff\x00"),
    "numbers": ("bad", "[1, 2]"),
    "nothing": ("bad", "[]"),
    "an object": ("bad", '{"a": 1}'),
    "deep": ("bad", "[" * 9000),
    "long": ("bad", json.dumps(["x" * 1_000_001])),
    "many": ("bad", json.dumps(["year=1900"] * 51)),
    "a name of bytes": (b"bad", '["year=1900"]'),
    "no name": (None, '["year=1900"]'),
    "a name with a line break": ("b\nad", '["year=1900"]'),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_subcorpus_leaves_the_others_usable(searcher: Searcher, tmp_path: Path, kind: str) -> None:
    path = Path(shutil.copytree(searcher.collection.path, tmp_path / "c.pol"))
    shown = {"a name with a line break": "b?ad", "no name": "?"}.get(kind, "bad")
    insert = "INSERT INTO subcorpora (name, filters) VALUES (?, ?)"
    with Searcher.open(path, FakeEncoder()) as opened:
        opened.save_subcorpus("early", "year=..1903")
        expected = opened.occurrences(QUERY, 1000, where="year=..1903")
    change(path, insert, *DAMAGE[kind])
    change(path, insert.replace("?)", "CAST(? AS TEXT))"), "latin", b'["year=\xff"]')
    with Searcher.open(path, FakeEncoder()) as opened:
        assert opened.subcorpora() == {"early": ("year=..1903",)}
        assert opened.occurrences(QUERY, 1000, where="in=early") == expected
        (one, two) = sorted(opened.collection.verify().problems)
        assert f"the subcorpus '{shown}' is damaged; remove it" in one
        assert "the subcorpus 'latin' is damaged" in two
        problem = opened.collection.subcorpora().problem
        assert problem is not None
        assert f"'{shown}'" in problem
        assert "\n" not in problem
        for name in (shown, "latin"):
            for action in (opened.save_subcorpus, lambda name, _: opened.occurrences(QUERY, where=f"in={name}")):
                with pytest.raises(QueryError, match=r"damaged; remove it|a subcorpus '.*' already"):
                    action(name, "year=1900")
        opened.save_subcorpus("latin", "year=1901", replace=True)
        opened.remove_subcorpus(shown)
        assert opened.subcorpora() == {"early": ("year=..1903",), "latin": ("year=1901",)}
        assert opened.collection.subcorpora().problem is None
        assert opened.collection.verify().problems == ()


def test_a_damaged_subcorpus_is_left_out_and_named_by_reencode(searcher: Searcher, tmp_path: Path) -> None:
    path = Path(shutil.copytree(searcher.collection.path, tmp_path / "c.pol"))
    with Searcher.open(path, FakeEncoder()) as opened:
        opened.save_subcorpus("early", "year=..1903")
    change(path, "INSERT INTO subcorpora (name, filters) VALUES ('bad', 'nonsense')")
    report = reencode(path, model=FakeEncoder())
    assert [line for line in report.notices if "the subcorpus 'bad'" in line]
    with Searcher.open(path, FakeEncoder()) as opened:
        assert opened.subcorpora() == {"early": ("year=..1903",)}


def test_pages_of_documents_are_searched_and_sorted(searcher: Searcher) -> None:
    collection = searcher.collection
    every = {each.document_id: each for each in collection.documents()}
    for order, descending, key in (
        ("id", False, lambda each: each.document_id),
        ("year", True, lambda each: -int(str(each.metadata["year"]))),
    ):
        expected = sorted(every.values(), key=key)
        pages = [collection.document_page("", order, descending, skip, 3) for skip in (0, 3, 6)]
        assert [each for page in pages for each in page.documents] == expected
        assert {page.total for page in pages} == {7}
    assert {each.document_id for each in collection.document_page("a_b").documents} == {"d0", "d2", "d4", "d6"}
    assert collection.document_page("190%").total == 0
    assert collection.document_page("D5").documents == (every["d5"],)


def test_edited_metadata_is_found_and_keeps_the_text(collection: Path, searcher: Searcher) -> None:
    before, text = searcher.collection.document("d1")
    searcher.collection.set_metadata("d1", {"title": "New", "year": 2001, "tags": ["x", "y"]})
    after, same = searcher.collection.document("d1")
    assert (after.title, dict(after.metadata), same) == (
        "New",
        {"title": "New", "year": 2001, "tags": ["x", "y"]},
        text,
    )
    assert {hit.document_id for hit in searcher.occurrences(QUERY, 1000, where="tags=y")} == {"d1"}
    assert "d1" not in {hit.document_id for hit in searcher.occurrences(QUERY, 1000, where="genre=news")}
    searcher.collection.set_metadata("d1", before.metadata)
    assert searcher.collection.verify().problems == ()
