"""Documents from files, folders and Python: ids, metadata, what is skipped and what is an error."""

import errno
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.documents import Cause, Document, ReadOptions, Skipped, SourceScan, read_documents, scan
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.readers import metadata, read_file
from polyseme.indexer.readers.metadata import storable, tidy_metadata
from polyseme.indexer.readers.records import Failure
from polyseme.indexer.readers.walk import files_under, matches

DEFAULTS = ReadOptions()
Files = dict[str, str]


def make(folder: Path, files: Files) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def read(*sources: str | Path | Document, options: ReadOptions = DEFAULTS) -> list[Document | Skipped]:
    return list(read_documents(list(sources), options))


def documents(*sources: str | Path | Document, options: ReadOptions = DEFAULTS) -> dict[str, Document]:
    return {item.id: item for item in read(*sources, options=options) if isinstance(item, Document)}


def deny(monkeypatch: pytest.MonkeyPatch, call: str, name: str, number: int = errno.EACCES) -> None:
    """Let a system call fail for all paths of this name. Permissions do not stop the user root."""
    real = getattr(os, call)

    def guarded(path: str | Path, *rest: Any, **named: Any) -> Any:
        if isinstance(path, str | Path) and Path(path).name == name:
            raise OSError(number, os.strerror(number))
        return real(path, *rest, **named)

    monkeypatch.setattr(os, call, guarded)


def skips(*sources: str | Path | Document, options: ReadOptions = DEFAULTS) -> list[Skipped]:
    return [item for item in read(*sources, options=options) if isinstance(item, Skipped)]


# ---- the record


@pytest.mark.parametrize(("id_", "text"), [("", "x"), ("  ", "x"), (7, "x"), ("a", None), ("a", b"x")])
def test_a_document_without_id_or_text_is_refused(id_: object, text: object) -> None:
    with pytest.raises(DocumentError):
        Document(id_, text)  # type: ignore[arg-type]


def test_title_is_the_metadata_title_else_the_id() -> None:
    assert Document("a", "x").title == "a"
    assert Document("a", "x", {"title": 1984}).title == "1984"


# ---- folders


def test_folders_are_read_in_sorted_order_without_hidden_and_unknown_files(tmp_path: Path) -> None:
    make(
        tmp_path,
        {
            "b.txt": "b",
            "a/z.md": "z",
            "a/é.txt": "e",
            ".hidden.txt": "h",
            ".git/x.txt": "g",
            "pic.png": "p",
            "B.TXT": "B",
        },
    )
    assert [(item.id, item.text) for item in read(tmp_path) if isinstance(item, Document)] == [
        ("B.TXT", "B"),
        ("a/z.md", "z"),
        ("a/é.txt", "e"),
        ("b.txt", "b"),
    ]
    assert [(item.document_id, item.cause, item.is_loss) for item in skips(tmp_path)] == [
        ("pic.png", Cause.COMPANION, False)
    ]


def test_single_file_is_named_by_its_file_name_and_sources_may_be_mixed(tmp_path: Path) -> None:
    make(tmp_path, {"x/a.txt": "one", "y/b.txt": "two"})
    given_sources = iter(
        cast(
            "list[str | Path | Document]",
            [str(tmp_path / "x" / "a.txt"), Document("c", "three", {"n": 1}), tmp_path / "y"],
        )
    )
    assert list(read_documents(given_sources)) == [
        Document("a.txt", "one"),
        Document("c", "three", {"n": 1}),
        Document("b.txt", "two"),
    ]
    assert (
        list(read_documents(tmp_path / "x")) == list(read_documents(str(tmp_path / "x"))) == [Document("a.txt", "one")]
    )


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("*.txt", "a/b/c.txt", True),
        ("*.txt", "a.txt.bak", False),
        ("letters/*.md", "letters/a.md", True),
        ("letters/*.md", "letters/old/a.md", False),
        ("letters/**/*.md", "letters/old/1950/a.md", True),
        ("letters/**/*.md", "letters/a.md", True),
        ("**/a.md", "a.md", True),
        ("./letters/**", "letters/old/a.md", True),
        ("letters/", "letters/a.md", True),
        ("**", "x/y", True),
        ("a?[0-9].txt", "ab7.txt", True),
        ("letters/*.md", "other/letters/a.md", False),
    ],
)
def test_globs_match_names_and_paths(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected


def test_a_glob_restricts_folders_and_names_what_it_cannot_read(tmp_path: Path) -> None:
    make(tmp_path, {"a.txt": "a", "b.md": "b", "c/d.md": "d", "e.wps": "e", "f.png": "f"})
    assert list(documents(tmp_path, options=ReadOptions(globs=("*.md",)))) == ["b.md", "c/d.md"]
    assert list(documents(tmp_path / "a.txt", options=ReadOptions(globs=("*.md",)))) == ["a.txt"]
    unread = skips(tmp_path, options=ReadOptions(globs=("*",)))
    assert [(item.type, item.cause) for item in unread] == [("wps", Cause.UNKNOWN_TYPE), ("png", Cause.COMPANION)]
    (skipped,) = skips(tmp_path, options=ReadOptions(globs=("*.wps", "*.md")))
    assert (skipped.source, skipped.document_id) == (str(tmp_path / "e.wps"), "e.wps")
    assert skipped.reason == "unknown file type '.wps'; `polyseme index --help` lists the types that are read"


def test_a_file_of_unknown_type_named_directly_is_skipped(tmp_path: Path) -> None:
    make(tmp_path, {"a.xyz": "a"})
    (tmp_path / "program").write_bytes(b"\x7fELF\0\0\x01")
    found = skips(tmp_path / "a.xyz", tmp_path / "program")
    reasons = [skipped.reason.split(";")[0] for skipped in found]
    assert reasons == ["unknown file type '.xyz'", "no file type in its name, and its content is of none"]
    assert [item.cause for item in found] == [Cause.FAILED, Cause.FAILED]


def test_link_loops_pipes_and_dead_links_do_not_stop_the_walk(tmp_path: Path) -> None:
    make(tmp_path, {"a/b.txt": "b"})
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "linked.txt").symlink_to(tmp_path / "a" / "b.txt")
    (tmp_path / "dead.txt").symlink_to(tmp_path / "nowhere.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket.txt"))
    (tmp_path / "round.txt").symlink_to("round.txt")
    (tmp_path / "one.txt").symlink_to("two.txt")
    (tmp_path / "two.txt").symlink_to("one.txt")
    assert list(documents(tmp_path)) == ["a/b.txt", "a/linked.txt"]
    round_trip = os.strerror(errno.ELOOP)
    assert [(item.document_id, item.reason) for item in skips(tmp_path)] == [
        ("dead.txt", "a link that leads nowhere"),
        ("one.txt", round_trip),
        ("pipe.txt", "neither a file nor a folder"),
        ("round.txt", round_trip),
        ("socket.txt", "neither a file nor a folder"),
        ("two.txt", round_trip),
    ]
    assert scan(tmp_path).files == 2
    assert [skipped.reason for skipped in skips(tmp_path / "pipe.txt")] == ["neither a file nor a folder"]


def test_files_without_permission_are_skipped_and_the_rest_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, {"a.txt": "a", "shut/b.txt": "b", "z.txt": "z"})
    deny(monkeypatch, "scandir", "shut")
    deny(monkeypatch, "open", "a.txt")
    assert read(tmp_path) == [
        Skipped(str(tmp_path / "a.txt"), "Permission denied", "a.txt"),
        Skipped(str(tmp_path / "shut"), "Permission denied", "shut"),
        Document("z.txt", "z"),
    ]


def test_file_name_outside_unicode_can_be_stored(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9.txt", "wb") as file:  # noqa: PTH123 - a name in bytes
        file.write(b"text")
    assert read(tmp_path) == [Document("caf\ufffd.txt", "text")]


def test_a_file_out_of_reach_is_named_wherever_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, {"a.txt": "a", "b.html": "<p>b", "z.txt": "z", "metadata.csv": "id,n\nz.txt,1\n"})
    (tmp_path / "c.txt").symlink_to(tmp_path / "closed" / "c.txt")
    stat = Path.stat

    def guarded(path: Path, **named: bool) -> os.stat_result:
        if path.name == "c.txt":
            raise PermissionError(errno.EACCES, "Permission denied")
        return stat(path, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", guarded)
        assert scan(tmp_path).files == 3
        assert skips(tmp_path) == [Skipped(str(tmp_path / "c.txt"), "Permission denied", "c.txt")]
        assert scan(tmp_path / "z.txt").files == 1
    (tmp_path / "c.txt").unlink()
    deny(monkeypatch, "open", "a.txt", errno.EIO)
    assert skips(tmp_path) == [Skipped(str(tmp_path / "a.txt"), os.strerror(errno.EIO), "a.txt")]


def test_a_file_that_vanishes_or_changes_while_the_folder_is_read_is_named(tmp_path: Path) -> None:
    make(tmp_path, dict.fromkeys(("a.txt", "b.html", "c.txt", "d.csv"), "text"))
    make(tmp_path, {"d.csv": "id,text\nx,one\ny,two\n"})
    found: list[Document | Skipped] = []
    for item in read_documents(tmp_path):
        found.append(item)
        if item == Document("a.txt", "text"):
            (tmp_path / "b.html").unlink()
            (tmp_path / "c.txt").unlink()
        if item == Document("x", "one"):
            (tmp_path / "d.csv").write_text("id,text\n")
    assert [(i.document_id, i.reason) for i in found if isinstance(i, Skipped)] == [
        ("b.html", "No such file or directory"),
        ("c.txt", "No such file or directory"),
        ("d.csv", "it changed while it was read; index it again"),
    ]


def test_very_deep_folders_and_odd_names_are_read(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    for name in ("n\nl.txt", "x" * 251 + ".txt", "\x1b[31m.txt"):
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=here))
    with os.fdopen(os.open("a.txt", os.O_CREAT | os.O_WRONLY, dir_fd=here), "w") as file:
        file.write("deep")
    os.close(here)
    below_all = "d/" * 1200
    items = read(tmp_path)
    assert [item.id for item in items if isinstance(item, Document)] == [f"{below_all}a.txt"]
    assert all("\n" not in item.source for item in items if isinstance(item, Skipped))
    assert [item.reason for item in items if isinstance(item, Skipped)] == ["no text in it"] * 3
    for depth in range(1200, 0, -1):  # pytest removes folders recursively
        folder = tmp_path / ("d/" * depth)
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    for name in ("b.txt", "c.csv", "d.jsonl", "e.html", "f.docx"):
        make(tmp_path, {name: "b"})
        (file,) = files_under(tmp_path, (name,))
        file.path.unlink()
        os.mkfifo(file.path)
        assert [item.reason for item in read_file(file.path, DEFAULTS) if isinstance(item, Failure)] == [
            "not a regular file"
        ]


# ---- errors


def test_missing_path_is_an_error_before_anything_is_read(tmp_path: Path) -> None:
    make(tmp_path, {"a.txt": "a"})
    with pytest.raises(DocumentError, match=r"nowhere\.txt does not exist; check the path"):
        read_documents([tmp_path / "a.txt", tmp_path / "nowhere.txt"])
    with pytest.raises(DocumentError, match="does not exist"):
        scan([tmp_path / "nowhere.txt"])
    stream = read_documents(path for path in (tmp_path / "a.txt", Path("no\0where")))
    assert next(stream) == Document("a.txt", "a")
    with pytest.raises(DocumentError, match="does not exist"):
        next(stream)


def test_bad_source_or_encoding_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="a source must be a path, a Document, a row or a table, not int"):
        read_documents([3])
    with pytest.raises(DocumentError, match="unknown encoding 'klingon'"):
        read_documents([tmp_path], ReadOptions(encoding="klingon"))
    with pytest.raises(DocumentError, match="unknown encoding 'zlib'"):
        read_documents([tmp_path], ReadOptions(encoding="zlib"))
    with pytest.raises(DocumentError, match=r"m\.csv: No such file"):
        read_documents([tmp_path], ReadOptions(metadata=tmp_path / "m.csv"))


def test_the_second_document_of_an_id_is_skipped_and_the_rest_is_read(tmp_path: Path) -> None:
    make(tmp_path, {"rows.csv": "id,text\nn,one\nn,two\nm,three\n", "z.md": "---\nid: m\n---\nfour"})
    items = read(tmp_path)
    assert [item.text for item in items if isinstance(item, Document)] == ["one", "three"]
    rows, other = (item for item in items if isinstance(item, Skipped))
    assert (rows.source, rows.document_id, rows.cause) == (f"{tmp_path / 'rows.csv'}, row 2", "n", Cause.DUPLICATE)
    assert rows.reason == (
        "its id 'n' is that of row 1; name another id column (--id-column NAME), or number the rows (--id-column '')"
    )
    assert other.reason == f"its id 'm' is that of {tmp_path / 'rows.csv'}, row 3; give it another id"
    (tmp_path / "z.tsv").write_text("id\ttext\nn\tfive\n")
    again = skips(tmp_path)[-1].reason
    assert again.startswith(f"its id 'n' is that of {tmp_path / 'rows.csv'}, row 1; name another id column")
    (tmp_path / "z.tsv").unlink()
    assert [s.document_id for s in skips(Document("d", "x"), Document("d", "y"))] == ["d"]
    numbered = documents(tmp_path / "rows.csv", options=ReadOptions(id_column=""))
    assert {name: item.metadata for name, item in numbered.items()} == {
        "rows.csv#1": {"id": "n"},
        "rows.csv#2": {"id": "n"},
        "rows.csv#3": {"id": "m"},
    }


def test_files_of_one_name_in_two_folders_get_ids_of_their_own(tmp_path: Path) -> None:
    make(tmp_path, {"x/a.txt": "one", "y/a.txt": "two", "y/b.txt": "three", "p/x/a.txt": "four", "z/c.txt": "five"})
    x, y, z, far = tmp_path / "x", tmp_path / "y", tmp_path / "z", tmp_path / "p" / "x"
    assert {name: item.text for name, item in documents(x, y, z).items()} == {
        "x/a.txt": "one",
        "y/a.txt": "two",
        "y/b.txt": "three",
        "c.txt": "five",
    }
    assert list(documents(x / "a.txt", y / "a.txt")) == ["x/a.txt", "y/a.txt"]
    assert list(documents(x, far)) == [f"{tmp_path.name}/x/a.txt", "p/x/a.txt"]
    assert list(documents(x / "a.txt", Document("a.txt", "given"))) == ["a.txt"]
    streamed = [item.id for item in read_documents(iter([x, y])) if isinstance(item, Document)]
    assert streamed == ["a.txt", "y/a.txt", "b.txt"]


def test_a_file_that_is_given_twice_is_read_once(tmp_path: Path) -> None:
    make(tmp_path, {"x/a.txt": "one", "x/b.txt": "two"})
    folder = tmp_path / "x"
    for sources in ([folder, folder], [folder, folder / "a.txt"], [folder, folder / ".." / "x"]):
        assert [item.id for item in read(*sources) if isinstance(item, Document)] == ["a.txt", "b.txt"]
        assert skips(*sources) == []


def test_bad_and_empty_documents_are_skipped_with_file_row_and_reason(tmp_path: Path) -> None:
    make(
        tmp_path,
        {
            "a.pdf": "no pdf",
            "b.txt": " \n",
            "c.jsonl": '{"text": "one"}\n{broken\n',
            "d/e.csv": "id,text\nx,\n",
            "f.txt": "f",
        },
    )
    items = read(tmp_path, Document("g", ""))
    assert [item.id for item in items if isinstance(item, Document)] == ["c.jsonl#1", "f.txt"]
    found = [(s.source, s.reason.split(":")[0], s.document_id) for s in items if isinstance(s, Skipped)]
    assert found == [
        (str(tmp_path / "a.pdf"), "damaged, or no PDF file", "a.pdf"),
        (str(tmp_path / "b.txt"), "no text in it", "b.txt"),
        (f"{tmp_path / 'c.jsonl'}, line 2", "broken JSON", "c.jsonl#2"),
        (f"{tmp_path / 'd' / 'e.csv'}, row 1", "no text in 'text'", "d/e.csv#1"),
        ("g", "no text in it", "g"),
    ]
    assert all("\n" not in item.reason for item in items if isinstance(item, Skipped))


# ---- ids and metadata


def test_rows_without_an_id_are_named_by_file_and_row(tmp_path: Path) -> None:
    make(tmp_path, {"a/r.csv": "text,genre\none,news\ntwo,\n"})
    assert read(tmp_path) == [Document("a/r.csv#1", "one", {"genre": "news"}), Document("a/r.csv#2", "two")]


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        *(("1987", 1987), ("3.5", 3.5), ("-2", -2), ("0", 0), (" 12 ", 12), ("-0.5", -0.5)),
        *((text, text) for text in ("007", "1e5", "+1", "1_000", "1.10", ".5", "5.", "-0", "١٢", "1987-05-01", "nan")),
        *(("9" * 30, "9" * 30), ("", None), ("  ", None), (None, None), (float("nan"), None), ([], None)),
        *((True, "true"), (2**70, str(2**70)), (1.5, 1.5), ({"a": ["é"]}, '{"a": ["é"]}'), ("a\ud800", "a\ufffd")),
    ],
)
def test_metadata_values_become_numbers_only_without_loss(written: object, stored: object) -> None:
    assert tidy_metadata({"k": written}) == ({} if stored is None else {"k": stored})


@given(st.dictionaries(st.text(), st.none() | st.text() | st.integers() | st.floats() | st.lists(st.text())))
def test_any_metadata_can_be_stored(fields: dict[str, object]) -> None:
    for key, value in tidy_metadata(fields).items():
        json.dumps([key, value], allow_nan=False, ensure_ascii=False).encode()
        for item in value if isinstance(value, list) else [value]:
            assert isinstance(item, str | float) or (isinstance(item, int) and -(2**63) <= item < 2**63)


@given(st.text())
def test_text_made_storable_keeps_every_offset(text: str) -> None:
    stored = storable(text)
    stored.encode()
    assert len(stored) == len(text)
    assert all(a == b or b == "\ufffd" for a, b in zip(text, stored, strict=True))


def test_metadata_given_in_python_keeps_its_types(tmp_path: Path) -> None:
    (document,) = read(Document("a", "x\ud800", {"year": "1987", "n": 3, "sense": "s", "none": ""}))
    assert document == Document("a", "x\ufffd", {"year": "1987", "n": 3, "meta.sense": "s"})


def test_reserved_field_names_get_a_prefix(tmp_path: Path) -> None:
    make(tmp_path, {"a.jsonl": '{"text": "x", "sense": "river", "document": "d", "Sense": 1}\n'})
    assert documents(tmp_path)["a.jsonl#1"].metadata == {"meta.sense": "river", "meta.document": "d", "Sense": 1}


def test_folder_table_describes_documents_by_path_or_name_and_is_not_a_document(tmp_path: Path) -> None:
    make(
        tmp_path,
        {
            "a.txt": "---\ntitle: Front\nyear: 1950\nkeep: k\n---\na",
            "old/a.txt": "old",
            "old/b.txt": "b",
            "old/metadata.csv": "id,text\n1,a document\n",
            "c.html": "<title>Embedded</title>c",
            "x.txt": "---\nid: doc-x\n---\nx",
            "metadata.csv": "File;Title;title;year;note\na.txt;T;Table;1987;\n./old\\b.txt;;B;;n\nc.html;;C;;\n"
            "doc-x;;X;;\ngone.txt;;G;;\ngone.txt;;H;;\n;;I;;\n",
        },
    )
    found = documents(tmp_path)
    assert found["a.txt"].metadata == {"title": "Table", "Title": "T", "year": 1987, "keep": "k"}
    assert found["old/a.txt"].metadata == {}
    assert found["old/b.txt"].metadata == {"title": "B", "note": "n"}
    assert found["c.html"].metadata == {"title": "C"}
    assert found["doc-x"].metadata == {"title": "X"}
    assert set(found) == {"a.txt", "old/a.txt", "old/b.txt", "c.html", "doc-x", "1"}
    assert [(skipped.source, skipped.reason) for skipped in skips(tmp_path)] == [
        (f"{tmp_path / 'metadata.csv'}, row 6", "a second row for 'gone.txt'; the first one is used"),
        (f"{tmp_path / 'metadata.csv'}, row 7", "it does not say which document it describes"),
        (str(tmp_path / "metadata.csv"), "1 row for no document here: 'gone.txt'"),
    ]


def test_a_table_row_matches_by_file_name_below_folders(tmp_path: Path) -> None:
    make(tmp_path, {"deep/er/a.txt": "a", "metadata.tsv": "filename\tid\tauthor\na.txt\t17\tAnon\n"})
    assert read(tmp_path) == [Document("deep/er/a.txt", "a", {"author": "Anon", "id": 17})]


def test_explicit_table_overrides_the_folder_table_and_describes_any_document(tmp_path: Path) -> None:
    make(
        tmp_path,
        {
            "d/a.txt": "a",
            "d/metadata.csv": "id,year,genre\na.txt,1950,news\n",
            "d/m.csv": "id,year\na.txt,1999\np,2000\n",
        },
    )
    options = ReadOptions(metadata=tmp_path / "d" / "m.csv")
    assert read(tmp_path / "d", Document("p", "x", {"year": 1, "b": 2}), options=options) == [
        Document("a.txt", "a", {"year": 1999, "genre": "news"}),
        Document("p", "x", {"year": 2000, "b": 2}),
    ]


def test_row_for_an_unreadable_file_is_not_reported_as_unmatched(tmp_path: Path) -> None:
    make(tmp_path, {"a.pdf": "bad", "metadata.csv": "id,year\na.pdf,1950\n"})
    assert [skipped.source for skipped in skips(tmp_path)] == [str(tmp_path / "a.pdf")]


def test_table_without_a_column_for_documents_is_refused(tmp_path: Path) -> None:
    make(tmp_path, {"a.txt": "a", "metadata.csv": "doi,year\nx,1950\n"})
    items = read(tmp_path)
    assert items[1:] == [Document("a.txt", "a")]
    assert isinstance(items[0], Skipped)
    assert items[0].reason.startswith("not used as metadata: none of the columns")
    with pytest.raises(DocumentError, match=r"metadata\.csv: none of the columns"):
        read_documents([tmp_path], ReadOptions(metadata=tmp_path / "metadata.csv"))


@pytest.mark.parametrize(
    ("name", "limit", "reason"),
    [
        ("MAX_TABLE", 20, "larger than 0 MiB"),
        ("MAX_COLUMNS", 2, "more than 2 columns or 2,000,000 cells"),
        ("MAX_CELLS", 5, "more than 1,000 columns or 5 cells"),
    ],
)
def test_a_metadata_table_has_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, limit: int, reason: str
) -> None:
    make(tmp_path, {"a.txt": "a", "b.txt": "b", "metadata.csv": "id,year,note\na.txt,1,x\nb.txt,2,y\n"})
    monkeypatch.setattr(metadata, name, limit)
    assert read(tmp_path) == [
        Skipped(str(tmp_path / "metadata.csv"), f"not used as metadata: {reason}"),
        Document("a.txt", "a"),
        Document("b.txt", "b"),
    ]
    with pytest.raises(DocumentError, match=f"{reason}; a metadata table says"):
        read_documents([tmp_path], ReadOptions(metadata=tmp_path / "metadata.csv"))


def test_a_row_with_a_long_value_is_named_and_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, {"a.txt": "a", "b.txt": "b", "metadata.csv": "id,note\na.txt,12345678901\nb.txt,y\n"})
    monkeypatch.setattr(metadata, "MAX_VALUE", 10)
    assert documents(tmp_path)["a.txt"].metadata == {}
    assert documents(tmp_path)["b.txt"].metadata == {"note": "y"}
    assert skips(tmp_path)[0] == Skipped(
        f"{tmp_path / 'metadata.csv'}, row 1", "a value has more than 10 characters; it is not used"
    )


@pytest.mark.parametrize("kind", ["loop", "pipe", "folder", "denied"])
def test_a_metadata_table_that_cannot_be_opened_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    make(tmp_path, {"a.txt": "a"})
    table = tmp_path / "metadata.csv"
    if kind == "loop":
        table.symlink_to("metadata.csv")
    elif kind == "pipe":
        os.mkfifo(table)
    elif kind == "folder":
        table.mkdir()
    else:
        table.write_text("id\na.txt\n")
        deny(monkeypatch, "open", "metadata.csv")
    items = read(tmp_path)
    assert items[1:] == [Document("a.txt", "a")]
    assert isinstance(items[0], Skipped)
    assert items[0].source == str(table)
    assert items[0].reason.startswith("not used as metadata: ")


# ---- scan


def test_scan_counts_files_without_opening_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, {"a.txt": "four", "b/c.md": "123456", "x.png": "no", "metadata.csv": "id\na.txt\n", "d.MD": "1"})

    def refuse(*_: object) -> None:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    found = scan([tmp_path, tmp_path / "a.txt", Document("d", "x")])
    assert found == SourceScan(4, 15, {".md": 7, ".txt": 8}, (tmp_path, tmp_path / "a.txt"), documents=1)
    assert scan([tmp_path], ReadOptions(globs=("b/*",))) == SourceScan(1, 6, {".md": 6}, (tmp_path,))


def test_scan_leaves_an_iterator_untouched() -> None:
    stream = iter([Document("a", "x")])
    assert scan(stream) == SourceScan(complete=False)
    assert next(stream) == Document("a", "x")


def test_documents_are_read_one_at_a_time() -> None:
    drawn: list[int] = []

    def endless() -> Iterator[Document]:
        for number in range(10**9):
            drawn.append(number)
            yield Document(f"n{number}", "text")

    stream = read_documents(endless())
    assert [item.id for item, _ in zip(stream, range(3), strict=False) if isinstance(item, Document)] == [
        "n0",
        "n1",
        "n2",
    ]
    assert len(drawn) <= 4


@given(
    # A word that is cut at a line end is joined, which test_wrapped.py tests.
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\f\0\ufeff-‐¬\u00ad\u2e17")).filter(
        lambda text: text.strip()
    )
)
def test_offsets_into_a_text_file_are_offsets_into_its_document(text: str) -> None:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        path.write_bytes(text.encode())
        (document,) = read_documents([path])
        assert isinstance(document, Document)
        assert document.text == path.read_bytes().decode()


def test_importing_documents_loads_no_heavy_library() -> None:
    import subprocess
    import sys

    heavy = "cchardet selectolax pypdfium2 markdown_it yaml defusedxml tensorflow faiss numpy"
    code = f"import sys, indexer.documents; print([m for m in {heavy.split()!r} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


def test_document_records_its_folder_and_file(tmp_path: Path) -> None:
    make(tmp_path, {"in/a.txt": "one", "in/b/c.csv": "id,text\nx,two\n"})
    found = [d for d in read_documents([tmp_path / "in"]) if isinstance(d, Document)]
    assert [(d.id, d.root, d.source) for d in found] == [
        ("a.txt", str(tmp_path / "in"), "a.txt"),
        ("x", str(tmp_path / "in"), "b/c.csv"),
    ]
    (alone,) = read_documents([tmp_path / "in" / "a.txt"])
    assert isinstance(alone, Document)
    assert (alone.root, alone.source) == (str(tmp_path / "in"), "a.txt")
