"""CSV and TSV as spreadsheets, databases and people write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.documents import Document, Skipped, read_documents
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.readers import header, read_file, rows
from polyseme.indexer.readers.columns import Column, columns_of
from polyseme.indexer.readers.fields import distinct_names
from polyseme.indexer.readers.records import Extract, Failure, ReadOptions


def items_of(tmp_path: Path, data: str, name: str = "a.csv", **options: str) -> list[Extract | Failure]:
    path = tmp_path / name
    path.write_bytes(data.encode())
    return list(read_file(path, ReadOptions(**options)))  # type: ignore[arg-type]


def texts(items: list[Extract | Failure]) -> list[str]:
    return [item.text if isinstance(item, Extract) else f"{item.where}: {item.reason}" for item in items]


@pytest.mark.parametrize(
    "head",
    [
        "sep=;\r\n",
        '"sep=;"\r\n',
        "SEP=;\n",
        "\ufeffsep=;\n",
        "\n\n \n",
        ";;\n\n",
        "Letters of a year;;\n",
        '"Letters; all of them"\nmade;1999\n\n',
        "sep=;\nLetters\n\n",
    ],
)
def test_what_comes_before_a_header_is_not_a_header(tmp_path: Path, head: str) -> None:
    items = items_of(tmp_path, f"{head}id;text;year\n1;The tide came in.;1999\n")
    assert [(item.text, item.id) for item in items if isinstance(item, Extract)] == [("The tide came in.", "1")]
    assert len(items) == 1


def test_a_title_above_the_header_becomes_the_caption(tmp_path: Path) -> None:
    (item,) = items_of(tmp_path, "Letters,,\n,,\nid,text,year\n1,The tide.,1999\n")
    assert item == Extract("The tide.", {"caption": "Letters", "year": "1999"}, "1", 1, "row 1")


def test_a_row_is_no_header_because_a_cell_says_text(tmp_path: Path) -> None:
    (item,) = items_of(tmp_path, "id,body\n1,text\n2,book\n")
    assert isinstance(item, Failure)
    assert item.reason.startswith("no column 'text'; its columns are 'id', 'body'")


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_does_not_depend_on_the_suffix(tmp_path: Path, suffix: str, delimiter: str) -> None:
    data = f"id{delimiter}text{delimiter}year\n1{delimiter}The tide: in.{delimiter}1999\n"
    assert items_of(tmp_path, data, f"a{suffix}") == [Extract("The tide: in.", {"year": "1999"}, "1", 1, "row 1")]


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ('1, "The tide, it said, came in.", 1999', "The tide, it said, came in."),
        ('1, "The tide came in.", 1999', "The tide came in."),
        ('1,"The tide, it came in." ,1999', "The tide, it came in."),
        ('1, "The ""tide"", in.", 1999', 'The "tide", in.'),
        ('1,\t"The tide, in.",1999', "The tide, in."),
        ('1, "The tide,\nin." , 1999', "The tide,\nin."),
        ('1,"Say \\"tide\\", then go.",1999', 'Say "tide", then go.'),
        ('1,"5\\", 6\\" and 7",1999', '5", 6" and 7'),
        ('1,"A word: \\"tide\\"",1999', 'A word: "tide"'),
        ('1,"Say \\"tide\\"\nand go.",1999', 'Say "tide"\nand go.'),
        ('1, "Say \\"tide\\", go.", 1999', 'Say "tide", go.'),
        ('1,"C:\\dir\\",1999', "C:\\dir\\"),
        ('1,A 5" nail,1999', 'A 5" nail'),
        ("1,,1999", ""),
    ],
)
def test_quotes_are_read_as_they_are_meant(tmp_path: Path, row: str, text: str) -> None:
    first, last = items_of(tmp_path, f"id,text,year\n{row}\n2,after,2000\n")
    assert last == Extract("after", {"year": "2000"}, "2", 2, "row 2")
    assert first == (Extract(text, first.metadata, "1", 1, "row 1") if isinstance(first, Extract) else first)
    assert isinstance(first, Extract) == bool(text)
    assert isinstance(first, Failure) or first.metadata["year"].strip() == "1999"  # type: ignore[attr-defined]


def test_without_quotes_a_delimiter_in_the_only_column_is_text(tmp_path: Path) -> None:
    data = 'text\nThe tide, which came, went.\n"Quoted, too"\nBare\n'
    assert texts(items_of(tmp_path, data)) == ["The tide, which came, went.", "Quoted, too", "Bare"]


def test_a_quote_that_never_closes_costs_one_row_and_names_those_it_swallowed(tmp_path: Path) -> None:
    reason = "a quote that never closes swallowed rows"
    after = "the rows after row 2 are read without it"
    for rest in ('3,three\n4,"four"\n5,five\n', "3,three\n4,four\n5,five\n", '3,three\n4,four\n5,five"\n'):
        found = texts(items_of(tmp_path, f'id,text\n1,one\n2,"two\n{rest}'))
        assert found[0] == "one"
        assert found[1].startswith(f"row 2: broken row, line 3: {reason} 2 to ")
        assert found[1].endswith(after)
        assert [text.strip('"') for text in found[2:]] == ["three", "four", "five"]
    found = texts(items_of(tmp_path, 'id,text\n1,"one\ntwo\n3,three"\n4,four\n'))
    assert found == ["one\ntwo\n3,three", "four"]  # a cell of several lines is one


def test_many_quotes_that_never_close_take_linear_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "KEPT", 4000)
    monkeypatch.setattr(rows, "REREAD", 20_000)
    found = items_of(tmp_path, "id,text\n" + 'a","\n' * 20_000 + "1,end\n")
    assert texts(found)[-1] == "end"
    assert len(found) == 20_001


@given(st.lists(st.text(st.sampled_from('a",;\\ \n\r\t'), max_size=8), max_size=8))
def test_no_quoting_loses_a_line_in_silence(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    folder = tmp_path_factory.getbasetemp()
    data = "id,text\n" + "\n".join(parts) + "\n1,The end.\n"
    found = items_of(folder, data, "quotes.csv")
    said = " ".join(texts(found))
    assert "The end." in said or "swallowed" in said or "broken row" in said


def test_two_columns_of_one_name_are_both_kept_and_named(tmp_path: Path) -> None:
    assert items_of(tmp_path, "id,text,text,note,note,\n1,one,two,a,b,c\n") == [
        Failure(
            "2 columns are named 'text'; the first is read as that, the other as metadata 'text.2'; rename one",
            "header",
        ),
        Extract("one", {"text.2": "two", "note": "a", "note.2": "b", "column 6": "c"}, "1", 1, "row 1"),
    ]


@given(st.lists(st.sampled_from(["", "a", "a.2", "a.3", "column 1", "column 2"]), max_size=9))
def test_columns_have_distinct_names(names: list[str]) -> None:
    columns, doubled = distinct_names(names)
    assert len(set(columns)) == len(columns) == len(names)
    changed = [new for new, old in zip(columns, names, strict=True) if old and new != old]
    assert set(changed) <= {name for copies in doubled.values() for name in copies}


def test_a_column_is_found_in_any_capitals(tmp_path: Path) -> None:
    assert items_of(tmp_path, "ID;Text\n1;one\n") == [Extract("one", {}, "1", 1, "row 1")]
    assert items_of(tmp_path, "ID;text;TEXT\n1;one;two\n") == [Extract("one", {"TEXT": "two"}, "1", 1, "row 1")]


def test_rows_of_empty_cells_are_not_documents(tmp_path: Path) -> None:
    assert [item.row for item in items_of(tmp_path, "id,text\n1,one\n,\n\n , \n2,two\n,\n")] == [1, 4]


def test_a_table_without_a_header_is_read_by_the_numbers_of_its_columns(tmp_path: Path) -> None:
    data = "7\tThe tide came in, slowly.\ten\n8\tIt left.\ten\n"
    (failure,) = items_of(tmp_path, data, "a.tsv")
    assert isinstance(failure, Failure)
    assert failure.reason.endswith("if that is no header, name the right column by its number: --text-column 2")
    for name in ("a.tsv", "a.csv"):
        assert items_of(tmp_path, data, name, text_column="2", id_column="1") == [
            Extract("The tide came in, slowly.", {"3": "en"}, "7", 1, "row 1"),
            Extract("It left.", {"3": "en"}, "8", 2, "row 2"),
        ]


def test_a_missing_column_is_named_with_the_one_that_may_be_meant(tmp_path: Path) -> None:
    data = "nr,link,message\n1,http://x.example/1234567890,The tide came in and went.\n"
    (failure,) = items_of(tmp_path, data)
    assert failure == Failure(
        "no column 'text'; its columns are 'nr', 'link', 'message'; name the right one: --text-column message"
    )
    (failure,) = items_of(tmp_path, data, text_column="message", translation_column="de")
    assert failure == Failure(
        "no column 'de'; its columns are 'nr', 'link', 'message'; name the right one: --translation-column NAME"
    )


def test_a_translation_in_another_column_is_kept(tmp_path: Path) -> None:
    data = "en,de,year\nThe tide.,Die Flut.,1999\nThe ebb.,,\n"
    assert items_of(tmp_path, data, text_column="en", translation_column="de") == [
        Extract("The tide.", {"translation": "Die Flut.", "year": "1999"}, "", 1, "row 1"),
        Extract("The ebb.", {"year": ""}, "", 2, "row 2"),
    ]
    pairs = "The tide.\tDie Flut.\n"
    assert items_of(tmp_path, pairs, "a.tsv", text_column="1", translation_column="2") == [
        Extract("The tide.", {"translation": "Die Flut."}, "", 1, "row 1")
    ]


def test_too_many_columns_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header, "MAX_COLUMNS", 10)
    (failure,) = items_of(tmp_path, "text," + "a," * 20 + "\nx\n")
    assert failure == Failure("no column 'text'; a row has more than 10 columns")


def test_a_metadata_table_may_have_a_title_too(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The tide came in.")
    (tmp_path / "metadata.csv").write_text("sep=;\nLetters;;\nfile;author;author\na.txt;Ann;Ben\n")
    (found,) = read_documents(tmp_path)
    assert isinstance(found, Document)
    assert found.metadata == {"author": "Ann", "author.2": "Ben", "caption": "Letters"}


def test_columns_are_listed_with_samples_and_a_guess(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("All letters,,\nnr,body,year\n" + "".join(f"{n},The tide {n} came in.,1999\n" for n in range(9)))
    assert columns_of(path) == (
        Column("nr", ("0", "1", "2"), False),
        Column("body", ("The tide 0 came in.", "The tide 1 came in.", "The tide 2 came in."), True),
        Column("year", ("1999",), False),
        Column("caption", ("All letters",), False),
    )
    assert [column.is_text for column in columns_of(path, ReadOptions(text_column="year"))] == [
        False,
        False,
        True,
        False,
    ]
    for name, data in (("b.csv", ""), ("c.txt", "text"), ("d.jsonl", ""), ("e.parquet", "PAR1")):
        (tmp_path / name).write_text(data)
        with pytest.raises(DocumentError, match=name):
            columns_of(tmp_path / name)


def test_what_is_wrong_with_a_table_is_one_line_of_the_report(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text,text\n1,one,two\n")
    found = list(read_documents(tmp_path / "a.csv"))
    assert [type(item) for item in found] == [Skipped, Document]
    assert isinstance(found[0], Skipped)
    assert found[0].source.endswith("a.csv, header")


def test_a_table_that_is_only_a_header_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text\n", encoding="utf-8")
    assert list(read_file(tmp_path / "a.csv", ReadOptions())) == [Failure("no text in it")]
