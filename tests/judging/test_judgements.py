"""Annotations of lines: what is said, by whom, undo and redo, and what outlives changes of documents and of vectors."""

from __future__ import annotations

import gc
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.lock import WriteLock
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import CollectionError, QueryError
from polyseme.indexer.reencode import reencode
from polyseme.search.hits import OccurrenceHit
from polyseme.search.judging import annotate as judge
from polyseme.search.searcher import Searcher
from sense_texts import documents
from stored import change


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("judgements") / "c.pol"
    build(path, documents(16), BuildConfig(segment_sentences=7), model=FakeEncoder())
    return path


@pytest.fixture
def path(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "c.pol"))


@pytest.fixture
def searcher(path: Path) -> Iterator[Searcher]:
    with Searcher.open(path, FakeEncoder()) as opened:
        yield opened


def banks(searcher: Searcher, **where: str) -> list[OccurrenceHit]:
    """Return the lines of *bank* in the order of their documents."""
    return sorted(searcher.occurrences("a [bank]", k=999, where=where or None), key=lambda hit: hit.document_id)


def said(searcher: Searcher) -> dict[str, dict[str, tuple[str, str, str, str]]]:
    """Return document -> author -> what is said about its line of *bank*."""
    return {
        hit.document_id: {one.author: (one.sense, one.label, one.mark, one.note) for one in hit.annotations}
        for hit in banks(searcher)
        if hit.annotations
    }


def test_lines_carry_what_each_author_says(searcher: Searcher) -> None:
    first, second, third, *_ = banks(searcher)
    event = searcher.annotate([first, second], "ann", sense="shore", note="near water\nand mud")
    assert event is not None
    assert (event.author, event.lines, event.fields) == ("ann", 2, ("name", "note", "sense", "word"))
    searcher.annotate([second.occurrence_id], "bob", sense="money", mark="+")
    searcher.annotate([third], "bob", label="odd", mark="bad")
    assert said(searcher) == {
        "d00": {"ann": ("shore", "", "", "near water\nand mud")},
        "d01": {"ann": ("shore", "", "", "near water\nand mud"), "bob": ("money", "", "+", "")},
        "d02": {"bob": ("", "odd", "bad", "")},
    }
    assert searcher.annotate([first], "ann", sense="shore") is None
    searcher.annotate([first], "ann", note="", sense="")
    assert set(said(searcher)) == {"d01", "d02"}
    with Searcher.open(searcher.collection.path, FakeEncoder()) as again:
        assert said(again) == said(searcher)
    assert {line.document_id: line.node for line in searcher.annotations("banks")} == {"d01": "bank", "d02": "bank"}
    assert searcher.annotation_counts("bank") == {
        "sense": {"money": 1, "shore": 1},
        "label": {"odd": 1},
        "mark": {"+": 1, "bad": 1},
        "author": {"bob": 2, "ann": 1},
    }


def test_undo_and_redo_give_every_earlier_state(searcher: Searcher) -> None:
    rng = random.Random(5)
    lines = banks(searcher)
    states = [_of(said(searcher), "ann")]
    for number in range(12):  # bob judges beside ann, and is never undone
        chosen = rng.sample(lines, 3)
        searcher.annotate(chosen, "ann", sense=rng.choice(["x", "y", ""]), mark=rng.choice(["+", "-", "good"]))
        states.append(_of(said(searcher), "ann"))
        searcher.annotate(rng.sample(lines, 2), "bob", label=f"b{number}")
    beside = _of(said(searcher), "bob")
    for state in reversed(states[:-1]):
        assert searcher.undo("ann") is not None
        assert _of(said(searcher), "ann") == state
        assert _of(said(searcher), "bob") == beside
    assert searcher.undo("ann") is None
    for state in states[1:8]:
        assert searcher.redo("ann") is not None
        assert _of(said(searcher), "ann") == state
    searcher.annotate(lines[:1], "ann", label="new")
    assert searcher.redo("ann") is None
    assert len(searcher.annotation_log(999, "ann")) == 12 + 12 + 7 + 1  # nothing was taken out of the log


def _of(state: dict[str, dict[str, tuple[str, str, str, str]]], author: str) -> dict[str, tuple[str, str, str, str]]:
    return {document: authors[author] for document, authors in state.items() if author in authors}


def test_lines_are_found_again_after_their_documents_changed(path: Path, searcher: Searcher) -> None:
    for hit in banks(searcher):
        searcher.annotate([hit], "ann", note=hit.document_id)
    before = said(searcher)
    changed = [Document(each.id, f"Words came before it. {each.text}", each.metadata) for each in documents(16)]
    changed[3] = Document("d03", "The bank is another one.", changed[3].metadata)
    build(path, changed, model=FakeEncoder())
    assert said(searcher) == {name: value for name, value in before.items() if name != "d03"}
    (lost,) = searcher.lost_annotations()
    assert (lost.document_id, lost.node, lost.annotations[0].note) == ("d03", "bank", "d03")
    searcher.collection.compact()
    assert set(said(searcher)) == set(before) - {"d03"}
    build(path, documents(16), model=FakeEncoder())  # the sentence is there again
    assert said(searcher) == before
    assert searcher.lost_annotations() == []
    reencode(path, BuildConfig(segment_sentences=3), model=FakeEncoder())
    assert said(searcher) == before
    assert searcher.undo("ann") is not None
    assert set(said(searcher)) == set(before) - {"d15"}
    assert searcher.collection.verify().problems == ()


def test_equal_sentences_keep_their_own_annotations(tmp_path: Path) -> None:
    line = "A bank of mud."
    text = f"{line} One came. {line} Two came. {line}"
    build(tmp_path / "c.pol", [Document("d", text)], model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        lines = sorted(banks(searcher), key=lambda hit: hit.sentence_start)
        for number, hit in enumerate(lines):
            searcher.annotate([hit], "ann", note=str(number))
        build(tmp_path / "c.pol", [Document("d", f"Hm. {text}")], model=FakeEncoder())
        found = sorted(banks(searcher), key=lambda hit: hit.sentence_start)
        assert [hit.annotations[0].note for hit in found] == ["0", "1", "2"]
        build(tmp_path / "c.pol", [Document("d", f"Hm. {line} Two came. {line}")], model=FakeEncoder())
        assert sorted(hit.annotations[0].note for hit in banks(searcher)) != ["2", "2"]
        assert len(searcher.lost_annotations()) == 1


def test_a_collection_without_the_tables_has_no_annotations_until_the_first(path: Path) -> None:
    for table in ("judgements", "judged_lines", "judgement_events"):
        change(path, f"DROP TABLE {table}")
    change(path, "DELETE FROM _sqlite_migrations WHERE name = 'judgement_tables'")
    with Searcher.open(path, FakeEncoder()) as searcher:
        assert said(searcher) == {}
        assert searcher.annotations() == searcher.lost_annotations() == []
        assert searcher.annotation_log() == []
        assert searcher.judged_senses() == ()
        assert searcher.agreement("bank").alpha is None
        searcher.annotate(banks(searcher)[:1], "ann", mark="good")
        assert said(searcher) == {"d00": {"ann": ("", "", "good", "")}}


def test_a_judgement_waits_briefly_for_another_writer(
    path: Path, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "WAIT", 0.05)
    with WriteLock(path), pytest.raises(CollectionError, match="is being written by another process; wait"):
        searcher.annotate(banks(searcher)[:1], "ann", mark="+")
    assert said(searcher) == {}


def test_a_judgement_keeps_the_snapshot_of_readers(searcher: Searcher) -> None:
    with searcher.collection.reading() as before:
        pass
    searcher.annotate(banks(searcher)[:2], "ann", sense="shore")
    with searcher.collection.reading() as after:
        assert after is before
    assert searcher.collection.check_database().problem == ""


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "nothing is said about the lines"),
        ({"mark": "?"}, r"mark is '\?'; choose one of \+, -, bad, good"),
        ({"sense": "a|b"}, "'a|b' cannot be written in a filter"),
        ({"label": "x" * 101}, "cannot name a label"),
        ({"note": "x" * 10_001}, "a note has 10,001 characters; shorten it"),
        ({"note": "\ud800"}, "a note has signs that are not text"),
        ({"author": "a\nb", "mark": "+"}, "cannot name an author"),
    ],
)
def test_what_cannot_be_said_is_refused(searcher: Searcher, values: dict[str, str], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        searcher.annotate(banks(searcher)[:1], **values)
    assert said(searcher) == {}


def test_unknown_lines_are_refused(searcher: Searcher) -> None:
    for lines in ([10**9], [0], [-1], [2**64], []):
        with pytest.raises(QueryError, match=r"occurrence 1000000000 is not|no occurrence, as|no line is given"):
            searcher.annotate(lines, "ann", mark="+")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE judgements SET field = 'evil'",
        "UPDATE judgements SET value = x'00ff'",
        "UPDATE judgements SET value = 'nine' WHERE field = 'sense'",
        "UPDATE judgements SET value = printf('%.*c', 20000, 'x') WHERE field = 'note'",
        "UPDATE judgement_events SET author = printf('%.*c', 20000, 'x')",
        "UPDATE judgement_events SET action = 'drop'",
        "UPDATE judged_lines SET context = 'x'",
        "UPDATE judgements SET value = '1', field = 'merged' WHERE field = 'name'",
        "UPDATE judgements SET line = 10 * 1000",
    ],
)
def test_damaged_rows_are_errors_of_one_line_or_found_by_verify(path: Path, searcher: Searcher, sql: str) -> None:
    searcher.annotate(banks(searcher)[:2], "ann", sense="shore", note="n")
    searcher.close()
    change(path, sql)
    problems: list[str] = []
    with Searcher.open(path, FakeEncoder()) as again:
        for ask in (lambda: banks(again), again.annotations, again.judged_senses, lambda: again.undo("ann")):
            try:
                ask()
            except CollectionError as error:
                problems.append(str(error))
        assert not any("\n" in line for line in problems)
        assert problems or again.collection.verify().problems or "merged" in sql


COLUMNS = {
    "judged_lines": "document start sentence length place form lemma context occurrence",
    "judgement_events": "author time action target",
    "judgements": "event line sense field value",
}


@pytest.mark.parametrize("table", COLUMNS)
def test_values_of_wrong_types_cost_one_line_and_lose_nothing(path: Path, searcher: Searcher, table: str) -> None:
    lines = banks(searcher)
    searcher.annotate(lines[:2], "ann", sense="shore", note="n")
    searcher.save_named_sense("named", positive=lines[:2], author="ann")
    searcher.annotate(lines[2:3], "bob", label="odd")
    searcher.undo("bob")
    searcher.close()
    sound = (path / "collection.db").read_bytes()
    for number, column in enumerate(COLUMNS[table].split()):
        value = ("x'00ff'", "CAST(x'61ff' AS TEXT)", "x'3432'")[number % 3]
        (path / "collection.db").write_bytes(sound)
        change(path, f"UPDATE {table} SET {column} = {value}")
        before = rows_of(path)
        with Searcher.open(path, FakeEncoder()) as opened:
            assert opened.collection.verify().problems, column
            asked: tuple[Callable[[], object], ...] = (
                *(opened.annotations, lambda opened=opened: opened.annotations("bank"), opened.annotation_log),
                *(opened.judged_senses, lambda opened=opened: banks(opened)),
                *(lambda opened=opened: opened.undo("ann"), lambda opened=opened: opened.redo("bob")),
            )
            for ask in asked:
                assert message_of(ask).count("\n") == 0, column
        after = rows_of(path)
        assert [row for row in before if row[0] != "prototypes" and row not in after] == [], column


@pytest.mark.parametrize("ask", [Searcher.annotations, banks, lambda opened: opened.undo("ann")])
def test_nothing_is_printed_after_the_error_of_a_damaged_log(
    path: Path, searcher: Searcher, ask: Callable[[Searcher], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher.annotate(banks(searcher), "ann", note="n")
    searcher.close()
    change(path, "UPDATE judgements SET value = x'00ff' WHERE id = 3")
    printed: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda error: printed.append(error.exc_value))
    # The connection is closed while the error holds what was being read.
    with pytest.raises(CollectionError) as raised, Searcher.open(path, FakeEncoder()) as opened:
        ask(opened)
    assert "\n" not in str(raised.value)
    del raised
    gc.collect()
    assert printed == []


def message_of(ask: Callable[[], object]) -> str:
    """Return the message of the error that a call ends with. Empty if it ends without one."""
    try:
        ask()
    except CollectionError as error:
        return str(error)
    return ""


def rows_of(path: Path) -> list[tuple[object, ...]]:
    """Return all rows of the log and all named senses, with the bytes of texts."""
    with closing(sqlite3.connect(path / "collection.db")) as db:
        db.text_factory = bytes
        tables = (*COLUMNS, "prototypes")
        return [(table, *row) for table in tables for row in db.execute(f"SELECT * FROM {table}").fetchall()]


def test_a_damaged_line_does_not_keep_others_from_being_found_again(path: Path, searcher: Searcher) -> None:
    for hit in banks(searcher):
        searcher.annotate([hit], "ann", note=hit.document_id)
    before = said(searcher)
    searcher.close()
    damages = ("start = 'x'", "place = x'00'", "form = CAST(x'ff' AS TEXT)", "sentence = 1.5", "length = -1")
    for number, damage in enumerate(damages, start=1):
        change(path, f"UPDATE judged_lines SET {damage} WHERE id = ?", number)
    changed = [Document(each.id, f"Words came before it. {each.text}", each.metadata) for each in documents(16)]
    build(path, changed, model=FakeEncoder())
    with Searcher.open(path, FakeEncoder()) as again:
        assert said(again) == {name: value for name, value in before.items() if name >= f"d{len(damages):02}"}
