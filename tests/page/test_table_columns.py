"""The page asks for the columns of a table, and lists what became of each file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pages import app
from polyseme.indexer.documents import ReadOptions
from polyseme.indexer.outcome import FileResult, FileState
from polyseme.indexer.readers.columns import Column
from polyseme.indexer.readers.describe import columns_if_table
from polyseme.ui.page.indexing import files_table
from polyseme.ui.page.table_columns import columns_table, likely_text, merged

TABLE = 'id,body,year\n1,"The bank held all night, and it rained.",1850\n2,A bank.,\n'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", TABLE),
        ("a.tsv", "id\tbody\tyear\n1\tThe bank held all night, and it rained.\t1850\n2\tA bank.\t\n"),
        ("a.csv", TABLE.replace(",", ";").replace("night;", "night,")),
        (
            "a.jsonl",
            '{"id": 1, "body": "The bank held all night, and it rained.", "year": 1850}\n'
            '{"id": 2, "body": "A bank.", "year": null}\n',
        ),
        (
            "a.json",
            '[{"id": 1, "body": "The bank held all night, and it rained.", "year": 1850},'
            ' {"id": 2, "body": "A bank.", "year": ""}]',
        ),
    ],
)
def test_the_columns_of_a_table_have_their_first_values(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert columns_if_table(tmp_path / name, ReadOptions()) == (
        Column("id", ("1", "2")),
        Column("body", ("The bank held all night, and it rained.", "A bank."), is_text=True),
        Column("year", ("1850",)),
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.csv", b"\0\1"), ("a.json", b"{"), ("a.jsonl", b"nothing"), ("a.txt", b"x,y\n1,2\n"), ("a.csv", b"")],
)
def test_what_is_no_table_has_no_columns(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert columns_if_table(tmp_path / name, ReadOptions()) == ()


def test_the_text_column_is_found_by_its_name_or_its_length() -> None:
    columns = merged([[Column("id", ("1",)), Column("body", ("A long text.",)), Column("", ())], [Column("id", ())]])
    assert columns == {"id": ("1",), "body": ("A long text.",)}
    assert likely_text(columns) == "body"
    assert likely_text({"body": ("A long text.",), "text": ("x",)}) == "text"
    assert "<b>" not in columns_table({"<b>": ("<b>bank</b>",)})


def test_files_with_a_problem_come_first_in_the_report() -> None:
    def result(file: str, state: FileState, reason: str = "") -> FileResult:
        return FileResult("/letters", file, "txt", 1, 2, state, reason)

    shown = files_table(
        [
            result("a.txt", FileState.ADDED),
            result("<i>.txt", FileState.SKIPPED, "damaged"),
            result("c", FileState.ADDED),
        ]
    )
    assert shown.index("&lt;i&gt;.txt") < shown.index("a.txt")
    assert "damaged" in shown
    reason = (
        f"its id 'a' is that of {Path('/letters/b.csv')}, row 1; name another id column (--id-column NAME), or number"
        " the rows (--id-column ''); name the right one: --text-column body"
    )
    shown = files_table([result("a.csv", FileState.SKIPPED, reason)])
    assert "is that of b.csv, row 1; name another id column, or number the rows; name the right one: body<" in shown
    assert "and 100 other files" in files_table([result(f"{number}", FileState.ADDED) for number in range(300)])


def test_the_page_asks_which_column_holds_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text(TABLE, encoding="utf-8")
    page = app(tmp_path / "new.pol", monkeypatch).run()
    assert not any(box.key == "text-column" for box in page.selectbox)
    page.text_input(key="path").set_value(str(tmp_path / "in")).run()
    assert page.selectbox(key="text-column").value == "body"
    assert page.selectbox(key="id-column").value == "id"


def test_columns_of_an_upload_are_read_from_its_content() -> None:
    from polyseme.ui.page.table_columns import _of_upload

    class Sent(io.BytesIO):
        name, size = "../a.csv", len(TABLE)

    assert [column.name for column in _of_upload(Sent(TABLE.encode()), ".csv")] == ["id", "body", "year"]
