"""Spreadsheets: one document per row, as in CSV."""

import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.documents import Document, Skipped, read_documents
from polyseme.indexer.readers import read_file
from polyseme.indexer.readers.columns import Column, columns_of
from polyseme.indexer.readers.records import Extract, Failure, ReadOptions
from samples import ods_bytes, xlsx_bytes

CELLS = st.text(st.characters(min_codepoint=33, exclude_categories=["Cs", "Cn", "Co", "Cc"]), min_size=1, max_size=9)


def read(folder: Path, name: str, data: bytes, options: ReadOptions | None = None) -> list[Extract | Failure]:
    path = folder / name
    path.write_bytes(data)
    return list(read_file(path, options or ReadOptions()))


def row(*cells: str, repeat: int = 1) -> str:
    made = "".join(
        cell if cell.startswith("<") else f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>"
        for cell in cells
    )
    return f'<table:table-row table:number-rows-repeated="{repeat}">{made}</table:table-row>'


def table(*rows: str, name: str = "A", style: str = "") -> str:
    return f'<table:table table:name="{name}" table:style-name="{style}">{"".join(rows)}</table:table>'


@given(
    st.lists(
        CELLS.filter(lambda text: text.strip() and text[0] not in "=_" and "_x" not in text), min_size=1, max_size=6
    )
)
@settings(max_examples=30)
def test_xlsx_cells_are_read_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    data = xlsx_bytes({"A": [["text", "n"], *([text, number] for number, text in enumerate(texts))]})
    found = read(tmp_path_factory.getbasetemp(), "a.xlsx", data)
    wrong = {"#NULL!", "#N/A"}
    assert [(item.text, item.metadata) for item in found if isinstance(item, Extract)] == [
        (text, {"n": str(number)}) for number, text in enumerate(texts) if text not in wrong
    ]


def test_rows_of_a_sheet_are_documents_with_ids_and_metadata(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [],
        ["id", " Text ", "year", "when", "at", "score", "yes", "wrong"],
        [
            "a",
            "She sat.\n_x000D_Two.",
            1987,
            datetime.date(1999, 3, 4),
            datetime.datetime(1999, 3, 4, 5, 6),
            1.5,
            True,
            "#N/A",
        ],
        [],
        [7, "Seven", 2.0],
        ["c", None, 3],
    ]
    assert read(tmp_path, "a.xlsx", xlsx_bytes({"A": rows})) == [
        Extract(
            "She sat.\n\nTwo.",
            {"year": "1987", "when": "1999-03-04", "at": "1999-03-04 05:06:00", "score": "1.5", "yes": "true"},
            *("a", 1, "row 3"),
        ),
        Extract("Seven", {"year": "2"}, "7", 2, "row 5"),
        Failure("no text in 'Text'", "row 6", 3),
    ]
    options = ReadOptions(text_column="when", id_column="YEAR")
    first = read(tmp_path, "a.xlsx", xlsx_bytes({"A": rows}), options)[0]
    assert isinstance(first, Extract)
    assert (first.text, first.id, first.metadata["id"]) == ("1999-03-04", "1987", "a")


def test_all_sheets_are_read_and_what_is_left_out_is_named(tmp_path: Path) -> None:
    sheets: dict[str, list[list[object]]] = {
        "One": [["text"], ["first"], ["second"]],
        "Two": [["who", "text"], ["me", "third"], ["", "", "", "odd"]],
        "Other": [["a", "b"], [1, 2]],
        "Hidden": [["text"], ["no"]],
        "Empty": [],
    }
    found = read(tmp_path, "a.xlsx", xlsx_bytes(sheets, hidden=("Hidden",)))
    assert found == [
        Extract("first", {"sheet": "One"}, "", 1, "sheet 'One', row 2"),
        Extract("second", {"sheet": "One"}, "", 2, "sheet 'One', row 3"),
        Extract("third", {"who": "me", "sheet": "Two"}, "", 3, "sheet 'Two', row 2"),
        Failure("no text in 'text'", "sheet 'Two', row 3", 4),
        Failure("no column 'text'; its columns are 'a', 'b'; name the right one: --text-column NAME", "sheet 'Other'"),
        Failure("hidden sheet; show it in the spreadsheet to index it", "sheet 'Hidden'"),
    ]
    ids = [item.id for item in read_documents(tmp_path) if isinstance(item, Document)]
    assert ids == ["a.xlsx#1", "a.xlsx#2", "a.xlsx#3"]


def test_columns_of_a_spreadsheet_are_shown_and_one_may_hold_translations(tmp_path: Path) -> None:
    sheets: dict[str, list[list[object]]] = {
        "A": [["en", "de"], ["The bank was wet.", "Das Ufer war nass."]],
        "B": [["x"]],
    }
    (tmp_path / "a.xlsx").write_bytes(xlsx_bytes(sheets, hidden=("B",)))
    assert [(column.name, column.values) for column in columns_of(tmp_path / "a.xlsx") if column.name != "sheet"] == [
        ("en", ("The bank was wet.",)),
        ("de", ("Das Ufer war nass.",)),
    ]
    options = ReadOptions(text_column="EN", translation_column="de")
    found = [item for item in read_documents(tmp_path / "a.xlsx", options) if isinstance(item, Document)]
    assert [(item.text, item.metadata["translation"]) for item in found] == [
        ("The bank was wet.", "Das Ufer war nass.")
    ]


def test_a_number_names_a_column_of_a_sheet_without_a_header(tmp_path: Path) -> None:
    data = xlsx_bytes({"A": [["me", "first"], ["you", "second"]]})
    found = read(tmp_path, "a.xlsx", data, ReadOptions(text_column="2", id_column="1"))
    assert found == [Extract("first", {}, "me", 1, "row 1"), Extract("second", {}, "you", 2, "row 2")]


def test_a_spreadsheet_without_text_or_with_damage_is_one_line(tmp_path: Path) -> None:
    assert read(tmp_path, "a.xlsx", xlsx_bytes({"A": []})) == [Failure("no text in it")]
    assert read(tmp_path, "a.xlsx", xlsx_bytes({"A": [["text"]]})) == [Failure("no text in it")]
    assert read(tmp_path, "a.xlsx", b"junk") == [Failure("damaged, or no XLSX file")]
    assert read(tmp_path, "a.xlsx", b"\xd0\xcf\x11\xe0") == [Failure("encrypted, or in the Office format before 2007")]
    (failure,) = read(tmp_path, "a.xlsx", ods_bytes(table()))
    assert isinstance(failure, Failure)
    assert failure.reason.startswith("damaged: openpyxl cannot read it (")
    (tmp_path / "b.xlsx").write_bytes(xlsx_bytes({"A": [["a", "b"], [1, 2]]}))
    (skipped,) = read_documents(tmp_path / "b.xlsx")
    assert isinstance(skipped, Skipped)
    assert skipped.reason == "no column 'text'; its columns are 'a', 'b'; name the right one: --text-column NAME"


def test_ods_is_read_as_xlsx_is(tmp_path: Path) -> None:
    cell = '<table:table-cell office:value-type="{0}" office:{1}="{2}"><text:p>{3}</text:p></table:table-cell>'
    date = cell.format("date", "date-value", "1999-03-04", "4 March")
    number = cell.format("float", "value", "1987", "1,987")
    empty = '<table:table-cell table:number-columns-repeated="16000"/>'
    lines = (
        "<table:table-cell><office:annotation><text:p>no</text:p></office:annotation><text:p>She<text:s/>sat.</text:p>"
        "<text:p>Two.</text:p></table:table-cell>"
    )
    sheets = table(
        row(empty), row("text", "when", "n", empty), row(lines, date, number, empty), row(empty, repeat=10**6)
    )
    assert read(tmp_path, "a.ods", ods_bytes(sheets)) == [
        Extract("She sat.\nTwo.", {"when": "1999-03-04", "n": "1987"}, "", 1, "row 3")
    ]
    style = '<style:style style:name="H"><style:table-properties table:display="false"/></style:style>'
    several = table(row("text"), row("one", repeat=2), name="A") + table(row("text"), row("no"), name="B", style="H")
    assert read(tmp_path, "a.ods", ods_bytes(several, style)) == [
        Extract("one", {"sheet": "A"}, "", 1, "sheet 'A', row 2"),
        Extract("one", {"sheet": "A"}, "", 2, "sheet 'A', row 3"),
        Failure("hidden sheet; show it in the spreadsheet to index it", "sheet 'B'"),
    ]


def test_a_sheet_has_a_translation_column_and_a_caption_as_csv_has(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Diary, in two languages"], [], ["id", "Text", "French"], [1, "Rain.", "Pluie."]]
    options = ReadOptions(translation_column="french")
    assert read(tmp_path, "a.xlsx", xlsx_bytes({"A": rows}), options) == [
        Extract("Rain.", {"translation": "Pluie.", "caption": "Diary, in two languages"}, "1", 1, "row 4")
    ]
    plain = ods_bytes(table(row("Rain.", "Pluie.")))
    options = ReadOptions(text_column="1", translation_column="2")
    assert read(tmp_path, "a.ods", plain, options) == [Extract("Rain.", {"translation": "Pluie."}, "", 1, "row 1")]
    options = ReadOptions(translation_column="German")
    (failure,) = read(tmp_path, "a.xlsx", xlsx_bytes({"A": rows}), options)
    assert isinstance(failure, Failure)
    assert failure.reason.startswith("no column 'German'; its columns are 'id', 'Text', 'French'")


def test_columns_of_a_sheet_are_kept_and_named(tmp_path: Path) -> None:
    rows: list[list[object]] = [["text", "text", None], ["Rain.", "Snow.", "wet"]]
    assert read(tmp_path, "a.xlsx", xlsx_bytes({"A": rows, "B": [["text"], ["Hail."]]})) == [
        Failure(
            "2 columns are named 'text'; the first is read as that, the other as metadata 'text.2'; rename one",
            "sheet 'A', header",
        ),
        Extract("Rain.", {"text.2": "Snow.", "column 3": "wet", "sheet": "A"}, "", 1, "sheet 'A', row 2"),
        Extract("Hail.", {"sheet": "B"}, "", 2, "sheet 'B', row 2"),
    ]


@pytest.mark.parametrize("name", ["a.xlsx", "a.ods"])
def test_columns_of_a_sheet_are_listed_with_values(tmp_path: Path, name: str) -> None:
    sheet: list[list[object]] = [["no", "said", "note"], ["1", "It rained a lot.", None], ["2", "Snow.", None]]
    secret: list[list[object]] = [["text"], ["no"]]
    lines = [row(*("" if cell is None else str(cell) for cell in cells)) for cells in sheet]
    hidden = '<style:style style:name="H"><style:table-properties table:display="false"/></style:style>'
    ods = ods_bytes(table(row("text"), row("no"), name="B", style="H") + table(*lines), hidden)
    (tmp_path / name).write_bytes(ods if name == "a.ods" else xlsx_bytes({"B": secret, "A": sheet}, hidden=("B",)))
    assert columns_of(tmp_path / name) == (
        Column("no", ("1", "2")),
        Column("said", ("It rained a lot.", "Snow."), True),
        Column("note", ()),
    )
