"""Selections: lists of lines that a collection keeps under a name. They are read back, and never as other lines."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEncoder
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection import selections
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.selections import NAME, LineList, Selection
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import CollectionError
from polyseme.indexer.reencode import reencode
from polyseme.indexer.verify import verify
from sense_texts import documents
from stored import change

LINE = (
    'SELECT d.document_id, s.start + o.start, substr(d.text, s.start + 1, s."end" - s.start), o.start'
    " FROM occurrences o JOIN sentences s ON s.id = o.sentence JOIN documents d ON d.id = s.document"
    " WHERE o.id = ? AND d.state = 1"
)
SENTENCE = (
    'SELECT d.document_id, s.start, substr(d.text, s.start + 1, s."end" - s.start) FROM sentences s'
    " JOIN documents d ON d.id = s.document WHERE s.id = ? AND d.state = 1"
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("selections") / "c.pol"
    build(path, documents(16), BuildConfig(segment_sentences=7), model=FakeEncoder())
    return path


@pytest.fixture(scope="module")
def scratch(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that all examples of a test write to."""
    return Path(shutil.copytree(built, tmp_path_factory.mktemp("scratch") / "c.pol"))


@pytest.fixture
def path(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "c.pol"))


@pytest.fixture
def collection(path: Path) -> Iterator[Collection]:
    with Collection.open(path) as opened:
        yield opened


def keep(collection: Collection, lists: Mapping[str, LineList]) -> str:
    with collection.writing() as writer:
        name = writer.keep_selection(lists)
    assert name is not None
    assert NAME.fullmatch(name)
    return name


def kept(collection: Collection, name: str) -> Selection:
    found = collection.selection(name)
    assert found is not None
    return found


def message(collection: Collection, name: str) -> str:
    """Return the line that reading a selection ends with. Empty if it ends without one."""
    try:
        collection.selection(name)
    except CollectionError as error:
        return str(error)
    return ""


def ids(collection: Collection, table: str) -> tuple[int, ...]:
    return tuple(key for (key,) in collection.db.execute(f"SELECT id FROM {table} ORDER BY id"))


def texts(collection: Collection, found: Selection) -> dict[str, set[tuple[object, ...]]]:
    """Return document, offset and text of each line, as the tables have it now."""
    return {
        name: {collection.db.execute(SENTENCE if name == "like" else LINE, (key,)).fetchone() for key in keys}
        for name, keys in found.lists.items()
    }


def rows(path: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path / "collection.db")) as db:
        return db.execute("SELECT name, used, lines, ids FROM selections ORDER BY name").fetchall()


def everything(collection: Collection) -> dict[str, LineList]:
    return {"lines": LineList(ids(collection, "occurrences")), "like": LineList(ids(collection, "sentences"), True)}


@settings(max_examples=40)
@given(st.data())
def test_what_is_kept_is_read_back_under_one_name(scratch: Path, data: st.DataObject) -> None:
    with Collection.open(scratch) as collection:
        words, sentences = ids(collection, "occurrences"), ids(collection, "sentences")
        given_lists = {
            name: LineList(tuple(data.draw(st.lists(st.sampled_from(sentences if of else words), min_size=1))), of)
            for name, of in data.draw(st.dictionaries(st.text("abcß_", min_size=1, max_size=9), st.booleans())).items()
        }
        with collection.writing() as writer:
            name = writer.keep_selection(given_lists)
            if not 0 < len(given_lists) <= selections.MAX_LISTS:
                assert name is None
                return
            turned = {key: LineList(each.ids[::-1] * 2, each.of_sentences) for key, each in given_lists.items()}
            assert writer.keep_selection(dict(reversed(turned.items()))) == name
        assert name is not None
        found = kept(collection, name)
        assert found.lists == {key: tuple(sorted(set(each.ids))) for key, each in given_lists.items()}
        assert (found.gone, found.is_fresh) == (0, True)
        assert found.lines == len({(each.of_sentences, key) for each in given_lists.values() for key in each.ids})
        assert len([row for row in rows(scratch) if row[0] == name]) == 1


def test_lines_are_found_again_and_those_that_are_gone_are_counted(path: Path, collection: Collection) -> None:
    name = keep(collection, everything(collection))
    before = texts(collection, kept(collection, name))
    changed = [Document(each.id, f"Words came before it. {each.text}", each.metadata) for each in documents(16)]
    changed[3] = Document("d03", "The bank is another one.", changed[3].metadata)
    build(path, changed, model=FakeEncoder())

    def without_offsets(
        lines: dict[str, set[tuple[object, ...]]], gone: str = ""
    ) -> dict[str, set[tuple[object, ...]]]:
        """Return the lines without their offsets in their documents, which have moved."""
        return {n: {(each[0], *each[2:]) for each in found if each[0] != gone} for n, found in lines.items()}

    def holds(gone: str) -> None:
        found = kept(collection, name)
        assert without_offsets(texts(collection, found)) == without_offsets(before, gone)
        assert found.gone == sum(each[0] == gone for lines in before.values() for each in lines)

    holds(gone="d03")
    collection.compact()
    holds(gone="d03")
    build(path, documents(16), model=FakeEncoder())  # the sentences are there again
    holds(gone="")
    assert keep(collection, {n: LineList(k, n == "like") for n, k in kept(collection, name).lists.items()}) == name
    collection.remove(["d05"])
    holds(gone="d05")
    collection.compact()
    holds(gone="d05")
    assert verify(collection, FakeEncoder()).problems == ()


def test_ids_that_mean_other_lines_after_a_new_encoding_are_not_believed(path: Path, collection: Collection) -> None:
    build(path, [Document("d00", "Another text has the first place now. The bank.", {})], model=FakeEncoder())
    name = keep(collection, everything(collection))
    before = texts(collection, kept(collection, name))
    old = {key: collection.db.execute(LINE, (key,)).fetchone() for key in ids(collection, "occurrences")}
    assert reencode(path, BuildConfig(segment_sentences=3), model=FakeEncoder()).notices == ()
    with Collection.open(path) as again:
        new = {key: again.db.execute(LINE, (key,)).fetchone() for key in ids(again, "occurrences")}
        assert any(old[key] != new[key] for key in old.keys() & new.keys()), "the ids are the same, which tests nothing"
        assert texts(again, kept(again, name)) == before
        assert kept(again, name).gone == 0
        (row,) = [row for row in rows(path) if row[0] == name]
        assert set(json.loads(row[3])) >= set(kept(again, name).lists["lines"]), "the new ids are kept beside the lines"


def test_a_selection_in_a_collection_of_other_documents_finds_only_equal_lines(
    path: Path, collection: Collection, tmp_path: Path
) -> None:
    name = keep(collection, everything(collection))
    texts_before = texts(collection, kept(collection, name))
    others = [Document(each.id, each.text.replace("today", "now"), each.metadata) for each in documents(16)[::-1]]
    build(tmp_path / "other.pol", others, BuildConfig(segment_sentences=7), model=FakeEncoder())
    with Collection.open(tmp_path / "other.pol") as other:
        assert other.selection(name) is None
        with other.writing() as writer:
            for row in rows(path):
                writer.db.execute("INSERT INTO selections (name, used, lines, ids) VALUES (?, ?, ?, ?)", row)
        found = kept(other, name)
        same = {"A boat was seen."}
        assert all(each[2] in same for lines in texts(other, found).values() for each in lines)
        assert found.gone == sum(each[2] not in same for lines in texts_before.values() for each in lines)


def test_equal_sentences_keep_their_places(tmp_path: Path) -> None:
    line = "A bank of mud."
    text = f"{line} One came. {line} Two came. {line}"
    build(tmp_path / "c.pol", [Document("d", text)], model=FakeEncoder())
    with Collection.open(tmp_path / "c.pol") as collection:
        found = [key for key in ids(collection, "sentences") if collection.sentence_text(key) == line]
        names = [keep(collection, {"like": LineList((key,), True)}) for key in found]
        assert len(set(names)) == 3
        build(tmp_path / "c.pol", [Document("d", f"Hm. {text}")], model=FakeEncoder())
        places = [texts(collection, kept(collection, name))["like"] for name in names]
        assert [[each[1] for each in place] for place in places] == [[4], [29], [54]]
        both = keep(
            collection,
            {"like": LineList(tuple(key for name in names for key in kept(collection, name).lists["like"]), True)},
        )
        build(tmp_path / "c.pol", [Document("d", f"Hm. {line} Two came. {line}")], model=FakeEncoder())
        assert (len(kept(collection, both).lists["like"]), kept(collection, both).gone) == (2, 1)


def test_lines_that_are_not_in_the_collection_are_not_kept(collection: Collection) -> None:
    with collection.writing() as writer:
        for lists in (
            *({}, {"lines": LineList(())}, {"lines": LineList((10**9, 0))}),
            *(
                {"lines": LineList((1,)), "like": LineList((10**9,), True)},
                {f"l{n}": LineList((1,)) for n in range(11)},
            ),
        ):
            assert writer.keep_selection(lists) is None
        name = writer.keep_selection({"lines": LineList((1, 10**9))})
    assert rows(collection.path)
    assert kept(collection, str(name)).lists == {"lines": (1,)}


def test_keeping_counts_no_commit_and_leaves_the_checksums_right(collection: Collection) -> None:
    with collection.reading() as before:
        pass
    name = keep(collection, everything(collection))
    with collection.reading() as after:
        assert after is before
    assert collection.check_database().problem == ""
    with collection.writing() as writer:
        writer.touch_selection(name)
    assert collection.check_database().problem == ""
    assert kept(collection, name).is_fresh


def test_those_go_first_that_nobody_has_used_for_the_longest_time(
    path: Path, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = iter(range(1, 30))
    monkeypatch.setattr(selections, "_today", lambda: f"2026-01-{next(days):02}")
    monkeypatch.setattr(selections, "MAX_SELECTIONS", 3)
    names = [keep(collection, {"lines": LineList((key,))}) for key in (1, 2, 3)]
    with collection.writing() as writer:
        writer.touch_selection(names[0])
    names.append(keep(collection, {"lines": LineList((4,))}))
    assert {row[0] for row in rows(path)} == {names[0], names[2], names[3]}
    assert keep(collection, {"lines": LineList((3,))}) == names[2]  # kept again, so it is the newest
    names.append(keep(collection, {"lines": LineList((5,))}))
    assert {row[0] for row in rows(path)} == {names[2], names[3], names[4]}
    monkeypatch.setattr(selections, "MAX_TOTAL", 200)
    large = keep(collection, {"lines": LineList(ids(collection, "occurrences"))})
    assert [row[0] for row in rows(path)] == [large]


def test_two_selections_of_one_name_get_longer_ones(
    path: Path, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = selections._digest_name
    monkeypatch.setattr(selections, "_digest_name", lambda lines, length: ("a" * 10 + real(lines, 52))[:length])
    one, two = (keep(collection, {"lines": LineList((key,))}) for key in (1, 2))
    assert (one, two[:10], len(two)) == ("a" * 10, "a" * 10, 12)
    assert [kept(collection, name).lists["lines"] for name in (one, two)] == [(1,), (2,)]
    change(path, "UPDATE selections SET lines = x'00' WHERE name = ?", one)
    assert keep(collection, {"lines": LineList((3,))}) == one  # a damaged row has no right to its name


def test_an_older_collection_keeps_nothing_until_it_is_written(path: Path) -> None:
    change(path, "DROP TABLE selections")
    change(path, "DELETE FROM _sqlite_migrations WHERE name = 'selection_table'")
    with Collection.open(path) as collection:
        assert not collection.can_keep_selections()
        assert collection.selection("a" * 10) is None
        assert collection.verify().problems == ()
        name = keep(collection, {"lines": LineList((1,))})
        assert collection.can_keep_selections()
        assert kept(collection, name).lists == {"lines": (1,)}


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE selections SET lines = x'00'",
        "UPDATE selections SET lines = CAST(lines AS TEXT)",
        "UPDATE selections SET lines = replace(CAST(lines AS TEXT), 'd00', 'd01')",
        "UPDATE selections SET lines = CAST(replace(CAST(lines AS TEXT), 'd00', 'd01') AS BLOB)",
        "UPDATE selections SET lines = zeroblob(5000000)",
        "UPDATE selections SET ids = x'5b5d'",
        "UPDATE selections SET ids = CAST('[-1]' AS BLOB)",
        "UPDATE selections SET ids = 5",
        "UPDATE selections SET ids = zeroblob(5000000)",
        "UPDATE selections SET name = x'00ff'",
        "UPDATE selections SET name = CAST(x'61ff' AS TEXT)",
        "UPDATE selections SET name = 'aaaaaaaaaa'",
        "UPDATE selections SET name = printf('%.*c', 20000, 'x')",
    ],
)
def test_damaged_rows_cost_one_line_and_can_be_removed(path: Path, sql: str) -> None:
    with Collection.open(path) as collection:
        name = keep(collection, {"lines": LineList((1,))})
        other = keep(collection, {"lines": LineList((2,))})
    change(path, f"{sql} WHERE name = ?", name)
    with Collection.open(path) as collection:
        assert "\n" not in message(collection, name)
        assert message(collection, name) in (
            "",
            f"the selection {name} is damaged; choose its lines again, or run `polyseme verify --repair` to remove it",
        )
        assert kept(collection, other).lists == {"lines": (2,)}
        (problem,) = collection.verify().problems
        assert "is damaged; run `polyseme verify --repair`, which removes it" in problem
        assert "\n" not in problem
        assert verify(collection, repair=True).problems == ()
        assert [row[0] for row in rows(path)] == [other]
        assert keep(collection, {"lines": LineList((1,))}) == name


def test_damaged_rows_are_left_out_of_a_new_encoding(path: Path) -> None:
    with Collection.open(path) as collection:
        name, other = (keep(collection, {"lines": LineList((key,))}) for key in (1, 2))
    change(path, "UPDATE selections SET lines = x'00' WHERE name = ?", name)
    report = reencode(path, model=FakeEncoder())
    assert report.notices == ("left out, since damaged: 1 selection of lines; choose these lines again",)
    assert [row[0] for row in rows(path)] == [other]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 20) | st.floats() | st.text(max_size=5) | st.just(10**30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
ANCHOR = st.lists(st.integers(-1, 50) | st.text("0123456789abcdef", max_size=16) | st.none(), max_size=6)
SOUND_ANCHOR = st.tuples(
    *(st.integers(0, 60),) * 2, st.text("0123456789abcdef", max_size=16), *(st.integers(0, 60),) * 2
)
CONTENT = JSON | st.fixed_dictionaries(
    {
        "documents": st.lists(
            st.tuples(
                st.sampled_from(["d00", "d01", "\ud800", "x"]) | JSON,
                st.text(max_size=3) | JSON,
                st.lists(ANCHOR | SOUND_ANCHOR, max_size=3),
            )
            | JSON,
            max_size=3,
        ),
        "lists": st.dictionaries(st.text(max_size=50), st.lists(st.integers(-1, 3), max_size=3), max_size=12) | JSON,
    }
)


@settings(max_examples=100)
@given(CONTENT, st.lists(st.integers(-1, 99) | JSON, max_size=9) | JSON)
def test_any_row_of_a_stranger_gives_lines_or_one_line(scratch: Path, content: object, ids_given: object) -> None:
    lines = json.dumps(content).encode()
    name = selections._digest_name(lines, 10)
    row = name, "2026-01-01", lines, json.dumps(ids_given).encode()
    with Collection.open(scratch) as collection, collection.writing() as writer:
        with writer.db.atomic():
            writer.db.execute("DELETE FROM selections")
            writer.db.execute("INSERT INTO selections (name, used, lines, ids) VALUES (?, ?, ?, ?)", row)
        if not (line := message(collection, name)):
            found = kept(collection, name)
            assert 0 <= found.gone <= found.lines
            known = {*ids(collection, "occurrences"), *ids(collection, "sentences")}
            assert all(key in known for keys in found.lists.values() for key in keys)
        assert len(line.splitlines()) <= 1
