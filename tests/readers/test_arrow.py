"""Parquet and Arrow files: their rows, their types, and what hostile ones may cost."""

from __future__ import annotations

import datetime
import decimal
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pytest
from polyseme.indexer.readers import arrow, read_file
from polyseme.indexer.readers.apart import ReaderProcess
from polyseme.indexer.readers.columns import columns_of
from polyseme.indexer.readers.records import Extract, Failure, ReadOptions
from pyarrow import feather, ipc, parquet


def write_parquet(table: pyarrow.Table, path: Path) -> None:
    parquet.write_table(table, path)


def write_stream(table: pyarrow.Table, path: Path) -> None:
    with ipc.new_stream(str(path), table.schema) as stream:
        stream.write_table(table)


def write_feather(table: pyarrow.Table, path: Path) -> None:
    feather.write_feather(table, str(path))


WRITERS = {"a.parquet": write_parquet, "a.arrow": write_stream, "a.feather": write_feather, "b.arrow": write_feather}


def items_of(path: Path, **options: object) -> list[Extract | Failure]:
    return list(read_file(path, ReadOptions(**options)))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", WRITERS)
def test_rows_are_documents_with_plain_metadata(tmp_path: Path, name: str) -> None:
    table = pyarrow.table(
        {
            "ID": [7, 8],
            "text": ["The tide.", "The ebb."],
            "user": [{"name": "Ann", "at": {"x": 1.5}}, None],
            "day": [datetime.date(1999, 1, 2), None],
            "time": [datetime.datetime(1999, 1, 2), datetime.datetime(1999, 1, 2, 3, 4)],
            "price": [decimal.Decimal("1.10"), None],
            "bytes": [b"\xff\xfe", b"plain"],
            "tags": [["a", "b"], []],
        }
    )
    WRITERS[name](table, tmp_path / name)
    first = {"user.name": "Ann", "user.at.x": 1.5, "day": "1999-01-02", "time": "1999-01-02", "price": "1.10"}
    second: dict[str, object] = {
        "user": None,
        "day": None,
        "time": "1999-01-02T03:04:00",
        "price": None,
        "bytes": "plain",
        "tags": [],
    }
    assert items_of(tmp_path / name) == [
        Extract("The tide.", {**first, "bytes": None, "tags": ["a", "b"]}, "7", 1, "row 1"),
        Extract("The ebb.", second, "8", 2, "row 2"),
    ]
    process = ReaderProcess()
    assert list(process.read(tmp_path / name, ReadOptions())) == items_of(tmp_path / name)
    process.close()
    assert next(column.name for column in columns_of(tmp_path / name) if column.is_text) == "text"


def test_paths_and_columns_are_those_of_json_and_tables(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    row = {"post": {"body": "The tide.", "de": "Die Flut.", "id": "x"}, "n": 1}
    write_parquet(pyarrow.Table.from_pylist([row]), path)
    options = {"text_path": "post.body", "id_column": "post.id", "translation_column": "post.de"}
    assert items_of(path, **options) == [Extract("The tide.", {"translation": "Die Flut.", "n": 1}, "x", 1, "row 1")]
    assert items_of(path, text_column="post.de")[0] == Extract(
        "Die Flut.", {"post.body": "The tide.", "post.id": "x", "n": 1}, "", 1, "row 1"
    )
    write_parquet(pyarrow.table({"nr": [1], "body": ["The tide came in."]}), path)
    assert items_of(path) == [
        Failure("no column 'text'; its columns are 'nr', 'body'; name the right one: --text-column body")
    ]


def test_two_columns_of_one_name_are_both_kept_and_named(tmp_path: Path) -> None:
    table = pyarrow.table([["The tide."], ["The ebb."], ["a"], ["b"]], names=["text", "text", "n", "n"])
    write_stream(table, tmp_path / "a.arrow")
    failure, item = items_of(tmp_path / "a.arrow")
    assert isinstance(failure, Failure)
    assert failure.reason.startswith("2 columns are named 'text'; ")
    assert item == Extract("The tide.", {"text.2": "The ebb.", "n": "a", "n.2": "b"}, "", 1, "row 1")


def test_many_rows_are_read_in_batches(tmp_path: Path) -> None:
    table = pyarrow.table({"text": [f"The tide {n} came in." for n in range(2000)]})
    for name, write in WRITERS.items():
        write(table, tmp_path / name)
        found = items_of(tmp_path / name)
        assert [item.row for item in found] == list(range(1, 2001))
        assert isinstance(found[-1], Extract)
        assert found[-1].text == "The tide 1999 came in."


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.parquet", b"", "no text in it"),
        ("a.parquet", b"PAR1", "damaged: "),
        ("a.parquet", b"PAR1" + b"x" * 100 + b"\xff\xff\xff\x7fPAR1", "damaged"),
        ("a.arrow", b"", "no text in it"),
        ("a.arrow", b"ARROW1\0\0" + b"\xff" * 60, "damaged"),
        ("a.arrow", b"\xff\xff\xff\xff\xff\xff\xff\x7f", "damaged"),
        ("a.feather", b"FEA1" + b"x" * 100, "Feather version 1, which is not read; write it again as Parquet"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(data)
    process = ReaderProcess()
    (item,) = process.read(tmp_path / name, ReadOptions())
    process.close()
    assert isinstance(item, Failure)
    assert item.reason.startswith(reason)


def test_a_few_bytes_are_not_a_million_rows(tmp_path: Path) -> None:
    table = pyarrow.table({"text": pyarrow.array(["x"]).take(pyarrow.array([0] * 1_000_000))})
    parquet.write_table(table, tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 10_000
    assert items_of(tmp_path / "a.parquet") == [Failure("damaged: 1,000,000 rows in a file of this size")]


def test_a_file_that_unpacks_to_gigabytes_costs_itself_alone(tmp_path: Path) -> None:
    text = "y" * 300_000_000
    table = pyarrow.table({"text": [text] * 3}, schema=pyarrow.schema([("text", pyarrow.large_string())]))
    writers: dict[str, Callable[..., None]] = {"a.parquet": parquet.write_table, "b.feather": feather.write_feather}
    process = ReaderProcess()
    for name, write in writers.items():
        write(table, str(tmp_path / name), compression="zstd")
        assert (tmp_path / name).stat().st_size < 200_000
        *_, last = process.read(tmp_path / name, ReadOptions())
        assert isinstance(last, Failure)
        assert last.reason.startswith("damaged, or it ")
    process.close()


def test_a_table_of_too_many_columns_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow, "MAX_COLUMNS", 10)
    for name, write in WRITERS.items():
        write(pyarrow.table({f"c{n}": ["x"] for n in range(11)}), tmp_path / name)
        assert items_of(tmp_path / name) == [Failure("more than 10 columns")]


def test_without_the_library_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_parquet(pyarrow.table({"text": ["x"]}), tmp_path / "a.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert items_of(tmp_path / "a.parquet") == [
        Failure("it needs pyarrow; install the extra: pip install 'polyseme[parquet]'")
    ]
