"""Rows of tables in memory, compared with the same rows in a file, and indexed again."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fakes import FakeEncoder
from polyseme.indexer import progress_bar
from polyseme.indexer.build import build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.documents import Document, ReadOptions, Skipped, read_documents, scan
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.progress import Progress, Stage

COLUMNS: dict[str, list[Any]] = {
    "id": ["a", "b", "c"],
    "text": ["She sat by the bank.", "The <b>bank</b>\r\nrefused.", "=SUM(1)"],
    "year": [1950, 1960, None],
    "score": [0.5, float("nan"), 2.0],
    "day": [datetime.date(1999, 5, 6), None, datetime.date(2001, 1, 1)],
    "seen": [datetime.datetime(1999, 5, 6, 7, 8), datetime.datetime(2000, 1, 1), None],
    "by": [["Ann", "Bo"], [], None],
    "where": [{"city": "York", "note": None}, None, {"city": "Bath", "note": "old"}],
    "price": [Decimal("1.50"), None, Decimal("2.00")],
    "known": [True, False, None],
    "written": ["1987", "007", " "],
    "sense": ["x", "y", "z"],
}


class DataSet:
    """A stand-in with the interface of `datasets.Dataset` that matters: columns, length, and rows as dictionaries."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows
        self.column_names = list(rows[0])

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, key: int) -> dict[str, Any]:
        return self._rows[key]

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._rows)


def pandas_frame(table: pa.Table) -> pd.DataFrame:
    found = table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}.get)
    assert isinstance(found, pd.DataFrame)
    return found


TABLES: dict[str, Callable[[pa.Table], Any]] = {
    "pandas": pandas_frame,
    "pandas of Arrow": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": pl.from_arrow,
    "Arrow": lambda table: table,
    "batch of Arrow": lambda table: table.to_batches()[0],
    "batches of Arrow": lambda table: table.to_reader(),
    "data set": lambda table: DataSet(table.to_pylist()),
    "list of rows": lambda table: table.to_pylist(),
    "iterator of rows": lambda table: iter(table.to_pylist()),
    "one row at a time": lambda table: [table.slice(0, 1), *table.slice(1).to_pylist()],
}


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return pa.table(COLUMNS)


@pytest.fixture(scope="module")
def in_a_file(table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> list[Document]:
    path = tmp_path_factory.mktemp("tables") / "t.parquet"
    pq.write_table(table, path)
    return [item for item in read_documents([path]) if isinstance(item, Document)]


def content(items: Any) -> list[tuple[str, str, dict[str, Any]]]:
    return [(item.id, item.text, dict(item.metadata)) for item in items]


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_in_memory_has_the_documents_of_the_same_file(
    kind: str, table: pa.Table, in_a_file: list[Document]
) -> None:
    assert len(in_a_file) == 3
    assert content(read_documents(TABLES[kind](table))) == content(in_a_file)


def test_cells_of_numpy_are_stored_as_plain_values() -> None:
    row = {
        "id": np.int64(7),
        "text": "A bank.",
        "whole": np.int32(3),
        "part": np.float32(0.5),
        "none": np.float64("nan"),
        "yes": np.bool_(True),
        "list": np.array([1, 2]),
        "texts": np.array(["a", "b"], dtype=object),
        "never": pd.NaT,
        "missing": pd.NA,
        "day": pd.Timestamp("2020-02-03"),
    }
    expected = {"whole": 3, "part": 0.5, "yes": "true", "list": [1, 2], "texts": ["a", "b"], "day": "2020-02-03"}
    assert content(read_documents([row])) == [("7", "A bank.", expected)]


def test_whole_numbers_of_pandas_with_empty_cells_stay_whole() -> None:
    frame = pd.DataFrame({"id": [1, None, 3], "text": ["a bank", "a river", "a boat"], "year": [1950, None, 1970]})
    frame["ratio"] = [0.5, None, 1.0]
    first, second, third = read_documents(frame)
    assert isinstance(first, Document)
    assert isinstance(third, Document)
    assert isinstance(second, Document)
    assert (first.id, third.id) == ("1", "3")
    assert [repr(each.metadata.get("year")) for each in (first, second, third)] == ["1950", "None", "1970"]
    assert repr(third.metadata["ratio"]) == "1.0"


def test_the_named_index_of_pandas_is_a_column() -> None:
    frame = pd.DataFrame({"text": ["a bank", "a river"]}, index=pd.Index(["x", "y"], name="id"))
    assert [item[0] for item in content(read_documents(frame))] == ["x", "y"]


def test_columns_are_named() -> None:
    row = {"key": "k", "body": "A bank.", "year": 1950, "author": "Ann", "user": {"name": "Bo"}}
    options = ReadOptions(text_column="body", id_column="KEY", metadata_columns=("Year", "user.name"))
    assert content(read_documents([row], options)) == [("k", "A bank.", {"year": 1950, "user.name": "Bo"})]
    nested = {"id": "n", "post": {"body": "A river."}}
    options = ReadOptions(text_column="post.body", text_path="post.body")
    assert content(read_documents(DataSet([nested]), options)) == [("n", "A river.", {})]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (ReadOptions(), "no column 'text' in the table; the columns are 'key', 'body', 'year'; .*text='body'"),
        (
            ReadOptions(text_column="body", id_column="ids"),
            "no column 'ids' .* 'key', 'body', 'year'; name another one",
        ),
        (ReadOptions(text_column="body", metadata_columns=("yaer",)), "no column 'yaer' .* 'key', 'body', 'year'"),
    ],
)
@pytest.mark.parametrize("kind", ["pandas", "polars", "Arrow", "data set", "list of rows"])
def test_a_missing_column_is_named_before_anything_is_read(kind: str, options: ReadOptions, message: str) -> None:
    table = pa.table({"key": ["a"], "body": ["A long text of words"], "year": [1]})
    with pytest.raises(DocumentError, match=message) as error:
        scan(TABLES[kind](table), options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (pl.LazyFrame({"text": ["a"]}), "not LazyFrame; call its collect"),
        ({"train": DataSet([{"text": "a"}])}, r"a dictionary of tables; choose one of them, such as \['train'\]"),
        ([pd.Series(["a"])], "not Series"),
        ([7], "a path, a Document, a row or a table, not int"),
    ],
)
def test_other_sources_are_refused_in_one_line(source: Any, message: str) -> None:
    with pytest.raises(DocumentError, match=message) as error:
        scan([source] if isinstance(source, pl.LazyFrame) else source)
    assert "\n" not in str(error.value)


def test_columns_of_the_same_name_get_different_names() -> None:
    frame = pd.DataFrame([["a", "A bank.", 1, "x"]], columns=["id", "text", "n", "n"])
    assert content(read_documents(frame)) == [("a", "A bank.", {"n": 1, "n.2": "x"})]
    skipped, document = read_documents(pd.DataFrame([["A bank.", "b"]], columns=["text", "text"]))
    assert isinstance(skipped, Skipped)
    assert "2 columns are named 'text'" in skipped.reason
    assert isinstance(document, Document)
    assert document.metadata == {"text.2": "b"}


def test_rows_without_ids_have_them_from_their_texts() -> None:
    rows = [{"text": text} for text in ("A bank.", "A river.", "A bank.")]
    ids = [item[0] for item in content(read_documents(rows))]
    assert len(set(ids)) == 3
    assert ids[2] == f"{ids[0]}#2"
    assert [item[0] for item in content(read_documents(rows[::-1]))] == [ids[0], ids[1], ids[2]]
    numbered = content(read_documents(rows, ReadOptions(id_column="")))
    assert [item[0] for item in numbered] == ["row 1", "row 2", "row 3"]


def test_rows_without_text_and_second_rows_of_an_id_are_skipped() -> None:
    rows = [{"id": 1, "text": "A bank."}, {"id": 2, "text": float("nan")}, {"id": 1, "text": "B"}, {"text": None}]
    reasons = [item.reason for item in read_documents(rows) if isinstance(item, Skipped)]
    assert reasons[0] == "no text in 'text'"
    assert reasons[1].startswith("its id '1' is that of row 1")
    assert len(reasons) == 3


def test_the_same_frame_again_changes_nothing_and_changed_rows_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    frame = pl.DataFrame({"key": ["a", "b"], "body": ["A bank.", "A river."], "year": [1950, 1960], "x": [1, 2]})
    columns: dict[str, Any] = {"text": "body", "id": "key", "metadata": ["year"]}
    assert build(path, frame, model=FakeEncoder(), **columns).added == 2
    again = build(path, frame, model=FakeEncoder(), **columns)
    assert (again.added, again.updated, again.unchanged, again.sentences) == (0, 0, 2, 0)
    changed = frame.with_columns(body=pl.Series(["A bank.", "A boat."]), year=pl.Series([1951, 1960]))
    events: list[Progress] = []
    report = build(path, changed, model=FakeEncoder(), progress=events.append, **columns)
    assert (report.added, report.updated, report.unchanged) == (0, 1, 1)
    assert [event.fraction for event in events if event.stage is Stage.COMPACTING] == [1.0]
    with Collection.open(path) as collection:
        stored = {item.document_id: dict(item.metadata) for item in collection.documents()}
        assert stored == {"a": {"year": 1951}, "b": {"year": 1960}}
        assert collection.document("b")[1] == "A boat."


def test_a_bar_is_shown_in_notebooks_and_on_request_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert progress_bar.progress_or_bar(None) is None
    assert progress_bar.progress_or_bar(False) is None
    assert progress_bar.progress_or_bar(print) is print
    bar = progress_bar.progress_or_bar(True)
    assert bar is not None
    for stage, fraction in ((Stage.LOADING, None), (Stage.INDEXING, 0.5), (Stage.DONE, 1.0)):
        bar(Progress(stage, 3, 40, 400, 1, fraction, 2.0))
    out, err = capsys.readouterr()
    assert out == ""
    assert "indexing:  50%" in err
    assert "3 documents, 40 sentences, 1 skipped" in err
    assert "done: 100%" in err
    kernel = type("Shell", (), {"config": {"IPKernelApp": {}}})()
    monkeypatch.setitem(sys.modules, "IPython", type("IPython", (), {"get_ipython": staticmethod(lambda: kernel)}))
    assert progress_bar.in_notebook()
    assert isinstance(progress_bar.progress_or_bar(None), progress_bar.ProgressBar)
    assert progress_bar.progress_or_bar(False) is None
