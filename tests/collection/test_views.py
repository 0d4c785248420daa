"""The views of a collection's database, compared with the texts, and made in collections of before."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.views import EARLIER, VIEWS
from polyseme.indexer.documents import Document, GivenSentence, GivenToken
from polyseme.indexer.errors import CollectionError, QueryError
from polyseme.indexer.text import TextAnalyser, is_indexed
from polyseme.search.searcher import Searcher
from stored import change

TEXTS = {
    "a": "She sat by the river Bank.\nThe bank was old. 𝔅anks e\u0301 fail.",
    "b": 'No bank, no river: a <b>bank</b> & "more".',
}
TAGGED = "They charge us."


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build documents with metadata, one with parts of speech, and one that is deleted."""
    folder = tmp_path_factory.mktemp("views") / "c.pol"
    tokens = (GivenToken(0, 4, "they", "PRON"), GivenToken(5, 11, "charge", "VERB"), GivenToken(12, 14, "we", "PRON"))
    documents = [Document(key, text, {"year": 1950, "by": ["A", "B"]}) for key, text in TEXTS.items()]
    documents.append(Document("c", TAGGED, sentences=(GivenSentence(0, len(TAGGED), tokens),)))
    build(folder, [*documents, Document("gone", "A bank.", {"title": "Gone"})], model=FakeEncoder())
    with Collection.open(folder) as collection:
        collection.remove(["gone"])
    return folder


@pytest.fixture(scope="module")
def db(path: Path) -> sqlite3.Connection:
    found = sqlite3.connect(f"{(path / 'collection.db').as_uri()}?mode=ro&immutable=1", uri=True)
    found.row_factory = sqlite3.Row
    return found


def test_hits_are_all_words_of_the_live_texts_in_their_contexts(db: sqlite3.Connection) -> None:
    expected = set()
    for key, text in {**TEXTS, "c": TAGGED}.items():
        for number, sentence in enumerate(TextAnalyser("en").sentences(text), start=1):
            first, last = sentence.start, sentence.end
            expected |= {
                (key, number, text[first : token.start], token.text, text[token.end : last], text[first:last])
                for token in sentence.tokens
                if is_indexed(token, False)
            }
    columns = "document_id, sentence_number, left_context, node, right_context, sentence"
    assert {tuple(row) for row in db.execute(f"SELECT {columns} FROM hits")} == expected
    forms = db.execute("SELECT DISTINCT form, lemma FROM hits WHERE node = 'Bank'").fetchall()
    assert [tuple(row) for row in forms] == [("bank", "bank")]


def test_hits_have_the_parts_of_speech_that_their_word_has(db: sqlite3.Connection) -> None:
    found = db.execute("SELECT node, possible_parts_of_speech AS pos FROM hits WHERE document_id = 'c'").fetchall()
    assert {row["node"]: row["pos"] for row in found} == {"charge": "VERB"}


def test_hits_have_the_part_of_speech_of_the_occurrence_itself(tmp_path: Path) -> None:
    text = "We charge a charge. They charge."
    tokens = [("we", "PRON"), ("charge", "VERB"), ("a", "DET"), ("charge", "NOUN")]
    starts = [0, 3, 10, 12]
    given = tuple(
        GivenToken(start, start + len(lemma), lemma, pos) for start, (lemma, pos) in zip(starts, tokens, strict=True)
    )
    sentences = (GivenSentence(0, 19, given),)
    build(tmp_path / "c.pol", [Document("d", text, sentences=sentences)], model=FakeEncoder())
    with closing(sqlite3.connect(tmp_path / "c.pol" / "collection.db")) as opened:
        sql = "SELECT sentence_number, part_of_speech, possible_parts_of_speech FROM hits WHERE lemma = 'charge'"
        found = opened.execute(f"{sql} ORDER BY sentence_number, length(left_context)").fetchall()
    assert [row[:2] for row in found] == [(1, "VERB"), (1, "NOUN"), (2, None)]
    assert {frozenset(row[2].split(",")) for row in found} == {frozenset({"VERB", "NOUN"})}
    with Collection.open(tmp_path / "c.pol") as collection:
        assert collection.verify().problems == ()
    change(tmp_path / "c.pol", "UPDATE occurrences SET word = word + 1 WHERE id = 1")
    with Collection.open(tmp_path / "c.pol") as collection:
        (problem,) = collection.verify().problems
    assert "1 occurrences of segment" in problem
    assert "another word in the table" in problem


ROW = "document_id, occurrence_id, left_context, node, right_context, lemma, author, time, sense, label, mark, note"


def annotated_lines(path: Path) -> set[tuple[object, ...]]:
    with closing(sqlite3.connect(path / "collection.db")) as opened:
        rows = opened.execute(f"SELECT {ROW} FROM annotated_lines").fetchall()
    assert len(set(rows)) == len(rows)
    return {tuple(value or "" for value in row) for row in rows}


def test_annotated_lines_are_the_present_state_of_the_log(path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(path, tmp_path / "c.pol"))
    chance = random.Random(3)
    with Searcher.open(copy, FakeEncoder()) as searcher:
        hits = searcher.occurrences("the [bank]", k=99)
        changes: list[Callable[[str], object]] = [
            lambda by: searcher.annotate(chance.sample(list(hits), 2), by, sense=chance.choice(["x", "y", "z", ""])),
            lambda by: searcher.annotate(
                chance.sample(list(hits), 2), by, label=chance.choice("ab"), note="one\n\x1ftwo"[:4]
            ),
            lambda by: searcher.annotate(chance.sample(list(hits), 2), by, mark=chance.choice(["+", "-", ""])),
            lambda by: searcher.merge_senses("bank", chance.choice("xyz"), chance.choice("xyz"), by),
            lambda by: searcher.forget_sense("bank", chance.choice("xyz"), by),
            lambda by: searcher.edit_sense("bank", chance.choice("xyz"), chance.choice("xyz"), None, by),
            *(2 * [searcher.undo]),
            searcher.redo,
        ]
        states = set()
        for _ in range(60):
            with suppress(QueryError):
                chance.choice(changes)(chance.choice(["ann", "bob"]))
            expected = {
                (
                    *(line.document_id, line.occurrence_id or "", line.left, line.node, line.right, line.lemma),
                    *(said.author, said.time, said.sense, said.label, said.mark, said.note),
                )
                for line in searcher.annotations()
                for said in line.annotations
            }
            assert annotated_lines(copy) == expected
            states.add(frozenset(expected))
        assert len(states) > 20
        searcher.annotate(list(hits), "ann", note="n")
        searcher.collection.remove(["b"])
        lost = [row for row in annotated_lines(copy) if row[0] == "b"]
        assert lost
        assert {row[1] for row in lost} == {""}


def test_merges_in_a_circle_give_the_lines_to_the_first_sense(path: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(path, tmp_path / "c.pol"))
    with Searcher.open(copy, FakeEncoder()) as searcher:
        hits = searcher.occurrences("the [bank]", k=4)
        for number, name in enumerate("wxyz"):
            searcher.annotate([hits[number % len(hits)]], "ann", sense=name)
        numbers = {sense.name: sense.number for sense in searcher.judged_senses()}
    insert = "INSERT INTO judgements (event, sense, field, value) VALUES (1, ?, 'merged', ?)"
    for one, two in ("wx", "xy", "yz", "zx"):
        change(copy, insert, numbers.get(one, 1), str(numbers.get(two, 1)))
    with Searcher.open(copy, FakeEncoder()) as searcher:
        expected = {said.sense for line in searcher.annotations() for said in line.annotations}
    assert {row[8] for row in annotated_lines(copy)} == expected


@pytest.mark.parametrize("column", ["lemma", "form"])
def test_the_hits_of_a_word_are_found_by_indexes(db: sqlite3.Connection, column: str) -> None:
    plan = [row["detail"] for row in db.execute(f"EXPLAIN QUERY PLAN SELECT * FROM hits WHERE {column} = 'bank'")]
    assert not [step for step in plan if step.startswith("SCAN")]
    assert any("occurrences_by_type (type=?)" in step for step in plan)


def test_documents_are_listed_with_their_metadata(db: sqlite3.Connection) -> None:
    rows = {row["document_id"]: dict(row) for row in db.execute("SELECT * FROM document_list")}
    assert rows.keys() == {"a", "b", "c"}
    assert rows["a"]["metadata"] == "by: A; by: B; year: 1950"
    assert rows["a"]["characters"] == len(TEXTS["a"])
    assert rows["a"]["sentences"] == 3
    fields = db.execute("SELECT field, value, document_id FROM document_metadata").fetchall()
    pairs = [("by", "A"), ("by", "B"), ("year", "1950")]
    assert sorted(map(tuple, fields)) == sorted((*pair, key) for pair in pairs for key in "ab")


def without_views(path: Path, folder: Path, *statements: str) -> Path:
    """Return a copy of a collection as it was before the views."""
    old = Path(shutil.copytree(path, folder / "old.pol"))
    names = (f"DROP VIEW {name}" for name in VIEWS)
    later = "'reading_views', 'words_of_occurrences', 'annotation_view'"
    forget = f"DELETE FROM _sqlite_migrations WHERE name IN ({later})"
    column = "ALTER TABLE occurrences DROP COLUMN word"
    for statement in (*names, column, "DROP INDEX occurrences_by_type", forget, *statements):
        change(old, statement)
    return old


def views_of(path: Path) -> dict[str, str]:
    with sqlite3.connect(path / "collection.db") as db:
        return dict(db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'"))


def test_a_collection_of_before_gets_the_views_when_it_is_next_written(path: Path, tmp_path: Path) -> None:
    old = without_views(path, tmp_path)
    with Collection.open(old) as collection:  # a reader needs none
        assert len(list(collection.documents())) == 3
        assert views_of(old) == {}
        collection.remove(["b"])
    assert views_of(old) == VIEWS
    with Collection.open(old) as collection:
        assert [document.document_id for document in collection.documents()] == ["a", "c"]


def test_views_whose_text_has_changed_are_made_again(path: Path, tmp_path: Path) -> None:
    old = without_views(
        path,
        tmp_path,
        *EARLIER["hits"],
        "CREATE INDEX occurrences_by_type ON occurrences (type)",
    )
    with Collection.open(old) as collection:
        assert views_of(old) == {"hits": EARLIER["hits"][0]}
        assert collection.verify().problems == ()
    build(old, [Document("new", "A new bank.")], model=FakeEncoder())
    assert views_of(old) == VIEWS
    with closing(sqlite3.connect(old / "collection.db")) as opened:
        words = dict(
            opened.execute(
                "SELECT h.document_id, count(o.word) FROM hits h JOIN occurrences o"
                " ON o.id = h.occurrence_id GROUP BY 1"
            )
        )
    assert {key for key, count in words.items() if count} == {"new"}
    with Collection.open(old) as collection:
        assert collection.verify().problems == ()


def test_a_table_with_the_name_of_a_view_stays(path: Path, tmp_path: Path) -> None:
    old = without_views(path, tmp_path, "CREATE TABLE hits (mine TEXT)")
    with Collection.open(old) as collection:
        collection.remove(["b"])
    assert views_of(old).keys() == VIEWS.keys() - {"hits"}


@pytest.mark.parametrize(
    "statement",
    [
        VIEWS["hits"].replace("hits", "other_hits", 1),
        VIEWS["hits"].replace("t.form AS form", "load_extension('x') AS form"),
        "CREATE VIEW hits AS SELECT 1",
    ],
)
def test_a_view_that_differs_from_ours_is_refused(path: Path, tmp_path: Path, statement: str) -> None:
    bad = without_views(path, tmp_path, statement)
    with pytest.raises(CollectionError, match=r"has a view '.*hits', which Polyseme never makes"):
        Collection.open(bad)
