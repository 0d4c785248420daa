"""A collection of a stranger: names, links, pipes, and what a schema or a setting may hold."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import stored
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection import compaction, paths, segment
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.paths import (
    MARKER,
    file_name,
    foreign_names,
    remove_collection,
    remove_segment,
    remove_unnamed,
    segment_folder,
    segment_name,
)
from polyseme.indexer.collection.schema import DATABASE_NAME
from polyseme.indexer.collection.segment import write_sentence_index
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import CollectionError
from polyseme.indexer.verify import verify
from polyseme.search.searcher import Searcher

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links and pipes are made otherwise there")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "c.pol"
    texts = [Document(f"d{n}", f"The bank of river {n} is old. She has a loan.") for n in range(4)]
    build(folder, texts, BuildConfig(segment_sentences=4, sample_sentences=4), model=FakeEncoder())
    return folder


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "c.pol")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a folder of the user with names that look like ours."""
    folder = tmp_path / "home"
    (folder / "00000001").mkdir(parents=True)
    (folder / "photos").mkdir()
    (folder / "00000001" / "tokens.npy").write_bytes(b"mine")
    (folder / "photos" / "a.jpg").write_bytes(b"mine")
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def change(path: Path, *statements: str) -> None:
    """Change the database as a stranger would, who leaves out its checksums."""
    for statement in statements:
        stored.change(path, statement)


def read(path: Path) -> None:
    with Searcher.open(path, FakeEncoder()) as searcher:
        searcher.occurrences("the [bank]")


def write(path: Path) -> None:
    with Collection.open(path) as collection, collection.writing():
        pass


def lines(error: pytest.ExceptionInfo[CollectionError]) -> int:
    return len(str(error.value).splitlines())


BOTH = pytest.mark.parametrize("use", [read, write])
EVIL = ["../../home", "/etc", "", ".", "..", "a\0b", "00000001/..", "0000001", "00000001.tmp", "٠٠٠٠٠٠٠١", "9" * 19, 1]


@pytest.mark.parametrize("name", EVIL)
def test_only_eight_or_more_digits_name_a_segment(name: object) -> None:
    with pytest.raises(CollectionError, match="is not a name of a segment; restore"):
        segment_name(Path("c.pol"), name)


@pytest.mark.parametrize(
    "name", ["../tokens.npy", "/dev/zero", "tokens.npy/..", ".npy", "tokens.npy\0", "a.jpg", "T.npy"]
)
def test_only_our_patterns_name_a_file_of_a_segment(name: str) -> None:
    with pytest.raises(CollectionError, match="is not a name of a segment's file; restore"):
        file_name(name)


def test_our_own_names_are_accepted(path: Path) -> None:
    assert segment_name(path, "00000001") == "00000001"
    assert segment_name(path, "123456789012") == "123456789012"
    assert [file_name(name) for name in ("tokens.npy", "blocks.crc32")] == ["tokens.npy", "blocks.crc32"]
    assert segment_folder(path, "00000001") == path / "segments" / "00000001"


@BOTH
@pytest.mark.parametrize("name", ["../../home", "/tmp", ""])
def test_a_segment_with_the_name_of_a_path_is_refused(path: Path, name: str, use: Callable[[Path], None]) -> None:
    change(path, f"UPDATE segments SET name = '{name}' WHERE id = 1")
    with pytest.raises(CollectionError, match="is not a name of a segment") as error:
        use(path)
    assert lines(error) == 1


@pytest.mark.parametrize(
    "files",
    [
        '"x"',
        "[]",
        "{}",
        "[" * 5000,
        '{"../x.npy": {"size": 1, "sha256": ""}}',
        '{"tokens.npy": {"size": 1}}',
        "nothing",
    ],
)
def test_a_segment_with_other_records_of_its_files_is_refused(path: Path, files: str) -> None:
    change(path, f"UPDATE segments SET files = '{files}' WHERE id = 1")
    with pytest.raises(CollectionError, match=r"restore (the collection|it from a copy)") as error:
        read(path)
    assert lines(error) == 1


def test_the_recorded_size_of_a_file_must_be_a_number(path: Path) -> None:
    with Collection.open(path) as collection:
        (files,) = collection.db.execute("SELECT files FROM segments WHERE id = 1").fetchone()
    changed = json.loads(files)
    changed["tokens.npy"]["size"] = 1e308
    change(path, f"UPDATE segments SET files = '{json.dumps(changed)}' WHERE id = 1")
    with pytest.raises(CollectionError, match="recorded with impossible sizes"):
        read(path)


@BOTH
@pytest.mark.parametrize("name", ["segments", DATABASE_NAME, f"{DATABASE_NAME}-wal", "lock", "damaged"])
def test_a_link_in_the_place_of_our_own_files_is_refused(
    path: Path, home: Path, name: str, use: Callable[[Path], None]
) -> None:
    before = content(home)
    if (path / name).exists():
        (path / name).rename(home / name)
        before = content(home)
    is_folder = name in ("segments", "damaged")
    (path / name).symlink_to(home if is_folder and not (home / name).exists() else home / name)
    if name == f"{DATABASE_NAME}-wal":
        (home / name).touch()
        before = content(home)
    with pytest.raises(CollectionError, match=f"{name} is a link, which a collection may not have") as error:
        use(path)
    assert lines(error) == 1
    assert content(home) == before


def test_a_link_in_the_place_of_a_segment_is_neither_read_nor_removed(path: Path, home: Path) -> None:
    before = content(home)
    (path / "segments" / "00000099").symlink_to(home / "00000001")
    write(path)  # it is no segment of ours, and what it leads to stays
    assert content(home) == before
    folder = path / "segments" / "00000001"
    folder.rename(path.parent / "moved")
    folder.symlink_to(path.parent / "moved")
    with pytest.raises(CollectionError, match="00000001 is a link"):
        read(path)
    with Collection.open(path) as collection, pytest.raises(CollectionError, match="00000001 is a link"):
        collection.compact()
    assert not remove_segment(path, "00000001")
    assert (path.parent / "moved" / "tokens.npy").exists()


@pytest.mark.parametrize("name", ["tokens.npy", "sentence_ids.npy"])
def test_a_link_or_a_pipe_in_the_place_of_a_file_is_refused(path: Path, tmp_path: Path, name: str) -> None:
    file = path / "segments" / "00000001" / name
    file.rename(tmp_path / "kept")
    file.symlink_to(tmp_path / "kept")
    with pytest.raises(CollectionError, match=f"{name} is a link"):
        read(path)
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(CollectionError, match=f"{name} is not a file"):
        read(path)


def test_verify_does_not_wait_for_a_pipe(path: Path) -> None:
    file = path / "segments" / "00000001" / "tokens.faiss"
    file.unlink()
    os.mkfifo(file)
    with Collection.open(path) as collection, pytest.raises(CollectionError, match=r"tokens\.faiss is not a file"):
        verify(collection)


def test_a_pipe_in_the_place_of_the_database_is_refused(path: Path) -> None:
    (path / f"{DATABASE_NAME}-wal").unlink(missing_ok=True)
    os.mkfifo(path / f"{DATABASE_NAME}-wal")
    with pytest.raises(CollectionError, match="-wal is not a file"):
        Collection.open(path)


def test_an_undo_log_that_names_another_file_is_refused(path: Path, home: Path) -> None:
    before = content(home)
    (path / f"{DATABASE_NAME}-journal").write_bytes(str(home / "photos" / "a.jpg").encode())
    with pytest.raises(CollectionError, match="is an undo log of another program"):
        Collection.open(path)
    assert content(home) == before


def test_the_collection_itself_may_be_reached_through_a_link(path: Path) -> None:
    link = path.with_name("link.pol")
    link.symlink_to(path)
    read(link)
    with Collection.open(link) as collection:
        collection.remove(["d1"])
        assert collection.compact() == 1
    assert link.is_symlink()


def test_a_database_with_a_hard_link_is_read_but_not_written(path: Path, tmp_path: Path) -> None:
    os.link(path / DATABASE_NAME, tmp_path / "backup.db")
    read(path)
    with pytest.raises(CollectionError, match=r"has a second name \(hard link\)"):
        write(path)


@pytest.mark.parametrize("name", [f"{DATABASE_NAME}-shm", f"{DATABASE_NAME}-wal", "lock"])
def test_a_file_that_is_written_in_place_may_have_no_second_name(path: Path, tmp_path: Path, name: str) -> None:
    mine = tmp_path / "thesis.txt"
    mine.write_text("The work of years.", encoding="utf-8")
    (path / name).unlink(missing_ok=True)
    os.link(mine, path / name)
    if name.endswith("-wal"):
        with pytest.raises(CollectionError, match="has a second name"):
            read(path)
    else:
        read(path)
    with pytest.raises(CollectionError, match=rf"{name} has a second name \(hard link\)") as error:
        write(path)
    assert lines(error) == 1
    assert mine.read_text(encoding="utf-8") == "The work of years."


def test_a_copy_of_hard_links_answers_as_the_collection_does(path: Path, tmp_path: Path) -> None:
    with Collection.open(path):  # so that there are log files
        copy = shutil.copytree(path, tmp_path / "backup.pol", copy_function=os.link)
    before = content(copy)
    assert f"{DATABASE_NAME}-shm" in before
    with Searcher.open(path, FakeEncoder()) as first, Searcher.open(copy, FakeEncoder()) as second:
        assert second.occurrences("the [bank]") == first.occurrences("the [bank]")
    assert content(copy) == before


@pytest.mark.parametrize("name", ["collection.db.bak", "collection.db-old", "collection.sums.orig", ".collection.db"])
def test_a_copy_of_our_file_that_the_user_has_made_stays(path: Path, name: str) -> None:
    (path / name).write_bytes(b"mine")
    assert foreign_names(path) == [name]
    assert not remove_collection(path)
    assert content(path) == {name: b"mine"}


def test_only_our_own_names_are_removed(path: Path) -> None:
    segments = path / "segments"
    for name in ("00000099", "00000100.tmp", "photos", "0000099", "00000101"):
        (segments / name).mkdir()
        (segments / name / "tokens.npy").touch()
    (segments / "00000101" / "notes.txt").write_text("mine", encoding="utf-8")
    (segments / "00000102").write_text("a file", encoding="utf-8")
    named = {"00000001", "00000002"}
    remove_unnamed(path, named)
    left = {p.name for p in segments.iterdir()}
    assert left == named | {"photos", "0000099", "00000101", "00000102"}
    assert [p.name for p in (segments / "00000101").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("has_descriptors", [True, False])
def test_a_removed_collection_leaves_what_links_lead_to(
    path: Path, home: Path, has_descriptors: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "_HAS_DESCRIPTORS", has_descriptors and paths._HAS_DESCRIPTORS)
    before = content(home)
    (path / MARKER).touch()
    (path / "damaged").symlink_to(home)
    (path / "segments" / "00000077").symlink_to(home / "00000001")
    (path / "mine.txt").touch()
    assert not remove_collection(path)
    assert content(home) == before
    # The marker stays, so that the removal can be tried again.
    assert {p.name for p in path.iterdir()} == {"mine.txt", "damaged", "segments", MARKER}
    assert [p.name for p in (path / "segments").iterdir()] == ["00000077"]


def test_a_whole_collection_is_removed(path: Path) -> None:
    (path / "damaged" / "00000001").mkdir(parents=True)
    (path / "damaged" / "00000001" / "tokens.faiss").touch()
    assert remove_collection(path)
    assert not path.exists()


SCHEMAS = {
    "a trigger": "CREATE TRIGGER t AFTER UPDATE ON settings BEGIN DELETE FROM documents; END",
    "a view": "CREATE VIEW extra AS SELECT * FROM documents",
    "an expression in the index": "CREATE INDEX x ON documents (lower(title))",
    "an expression in the table": "CREATE TABLE extra (a, b AS (a || a))",
    "a virtual table": "CREATE VIRTUAL TABLE extra USING fts5(text)",
}


@BOTH
@pytest.mark.parametrize("problem", SCHEMAS)
def test_a_schema_in_which_something_can_run_is_refused(path: Path, problem: str, use: Callable[[Path], None]) -> None:
    change(path, SCHEMAS[problem])
    with pytest.raises(CollectionError, match=f"has {problem} '.*', which Polyseme never makes") as error:
        use(path)
    assert lines(error) == 1


def test_a_view_in_the_place_of_a_table_is_refused(path: Path) -> None:
    change(path, "ALTER TABLE documents RENAME TO hidden", "CREATE VIEW documents AS SELECT * FROM hidden")
    with pytest.raises(CollectionError, match=r"has a view '(documents|hits)'"):
        Collection.open(path)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX x ON documents (title) WHERE length(text) > 3",
        "CREATE INDEX x ON documents (title COLLATE NOCASE)",
        "CREATE TABLE x (a CHECK (a > 1))",
        "CREATE TABLE x (a DEFAULT (random()))",
        'CREATE TABLE x (a, --"\n b AS (hex(a)) --"\n)',
        'CREATE TABLE x (a, /*"*/ b AS (hex(a)) /*"*/)',
        "CREATE VIRTUAL TABLE x USING fts5vocab(sentences_fts, row)",
    ],
)
def test_other_expressions_in_a_schema_are_refused(path: Path, statement: str) -> None:
    change(path, statement)
    with pytest.raises(CollectionError, match="which Polyseme never makes"):
        Collection.open(path)


def test_a_missing_column_is_named(path: Path) -> None:
    change(path, "ALTER TABLE ranges RENAME COLUMN count TO number")
    with pytest.raises(CollectionError, match=r"has no column ranges\.count; restore it"):
        Collection.open(path)


def test_a_plain_table_of_a_newer_program_is_allowed(path: Path) -> None:
    change(path, "CREATE TABLE extra (id INTEGER PRIMARY KEY, name TEXT NOT NULL)", "CREATE INDEX e ON extra (name)")
    read(path)
    write(path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model", "7"),
        ("model", json.dumps("a\nb")),
        ("model_id", "null"),
        ("word_weight", "1e308"),
        ("word_weight", "NaN"),
        ("word_weight", '"2"'),
        ("function_words", "1"),
        ("generation", "9223372036854775807"),
        ("generation", "-1"),
        ("next_segment", '"../x"'),
        ("next_type", "1.5"),
        ("format_version", "true"),
        ("layer", "[]"),
        ("background", '{"rows": 2, "quantiles": [Infinity]}'),
        ("language", "[" * 100_000),
        ("tokeniser", json.dumps("a" * 2_000_000)),
        ("storage", "not JSON"),
    ],
)
@BOTH
def test_a_setting_of_another_type_is_refused(path: Path, key: str, value: str, use: Callable[[Path], None]) -> None:
    change(path, f"UPDATE settings SET value = '{value}' WHERE key = '{key}'")
    with pytest.raises(CollectionError, match=f"the setting '{key}' has a value that it cannot have") as error:
        use(path)
    assert lines(error) == 1
    assert len(str(error.value)) < 300 + len(str(path))


def test_an_unknown_kind_of_vectors_is_refused(path: Path) -> None:
    change(path, """UPDATE settings SET value = '"7"' WHERE key = 'layer'""")
    with pytest.raises(CollectionError, match=r"has an unknown setting \('7' is not a valid Layer\)"):
        Collection.open(path)


def test_a_connection_obeys_no_schema_and_attaches_no_other_file(path: Path) -> None:
    with Collection.open(path) as collection:
        assert collection.db.execute("PRAGMA trusted_schema").fetchone() == (0,)
        assert collection.db.execute("PRAGMA cell_size_check").fetchone() == (1,)
        with pytest.raises(sqlite3.OperationalError, match="too many attached databases"):
            collection.db.execute("ATTACH ':memory:' AS other")


@pytest.fixture
def crowded(path: Path) -> Path:
    """Return a collection in which a file manager has put its files, also beside what a killed run has left."""
    segments = path / "segments"
    for name in ("00000003", "00000003.tmp", "00000004", "00000004.tmp", "00000001.repair.tmp"):
        (segments / name).mkdir()
        (segments / name / "tokens.npy").write_bytes(b"of the killed run")
    for folder in [path, *(each for each in path.rglob("*") if each.is_dir())]:
        for name in (".DS_Store", "Thumbs.db", "desktop.ini", "tokens (conflicted copy).npy"):
            (folder / name).write_bytes(b"mine")
    return path


def added(path: Path, *numbers: int) -> None:
    texts = [Document(f"new{n}", f"The bank of lake {n} is new.") for n in numbers]
    build(path, texts, BuildConfig(segment_sentences=4, sample_sentences=4), model=FakeEncoder())


def test_files_of_a_file_manager_stop_no_writer(crowded: Path) -> None:
    before = {name for name, data in content(crowded).items() if data == b"mine"}
    added(crowded, 1)
    added(crowded, 2)
    (crowded / "segments" / "00000001" / "tokens.faiss").write_bytes(b"damaged")
    with Collection.open(crowded) as collection:
        assert verify(collection, FakeEncoder(), repair=True).problems == ()
    with Collection.open(crowded) as collection:
        collection.remove(["d1"])
        assert collection.compact() == 1
        assert collection.verify().problems == ()
    left = {name for name, data in content(crowded).items() if data == b"mine"}
    assert {name for name in before if ".tmp" not in name} <= left


def test_a_file_that_appears_while_a_segment_is_written_is_no_part_of_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def write(target: Path, *arguments: Any) -> None:
        write_sentence_index(target, *arguments)
        (target.parent / ".DS_Store").write_bytes(b"mine")

    monkeypatch.setattr(segment, "write_sentence_index", write)
    monkeypatch.setattr(compaction, "write_sentence_index", write)
    added(path, 1)
    with Collection.open(path) as collection:
        assert collection.verify().problems == ()
        collection.remove(["d1"])
        assert collection.compact() == 1
        assert collection.verify().problems == ()
    read(path)


@pytest.mark.parametrize("metadata", ['{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", "[1, 2]", '"text"', "null", "{"])
def test_strange_metadata_are_one_line_that_names_the_collection(path: Path, metadata: str) -> None:
    change(path, f"UPDATE documents SET metadata = '{metadata}' WHERE id = 1")
    with Collection.open(path) as collection:
        with pytest.raises(CollectionError, match=rf"{path} cannot be read .*; run `polyseme verify`") as error:
            list(collection.documents())
        assert lines(error) == 1
        assert len(str(error.value)) < 300
        assert any("'d0'" in problem for problem in collection.verify().problems)


@pytest.mark.parametrize("vector", ["x''", "zeroblob(100000)"])
def test_a_type_vector_of_another_length_is_one_line_for_a_writer(path: Path, vector: str) -> None:
    change(path, f"UPDATE types SET vector = {vector}")
    with pytest.raises(CollectionError, match=r"cannot be read .*; run `polyseme verify`") as error:
        added(path, 1)
    assert lines(error) == 1
