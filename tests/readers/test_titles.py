"""Titles that say nothing are left out, and dates of files are no dates of texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from polyseme.indexer.documents import Document, read_documents
from polyseme.indexer.readers.titles import real_title, several_authors
from samples import epub_bytes, pdf_file, xhtml


@pytest.mark.parametrize(
    "title",
    [
        *("Microsoft Word - x.doc", "Microsoft Word - letter to Anna.docx", "Microsoft Word - Document1"),
        *("untitled", "Untitled-1", "Untitled Document", "UNTITLED (2)", "Document1", "Dokument2", "Document 12"),
        *("PowerPoint Presentation", "PowerPoint-Präsentation", "Présentation PowerPoint", "Slide 1", "Layout 1"),
        *("docx", "Title", "title", "letter.pdf", "final report v2.indd", "paper.dvi", "C:\\texts\\a.tex"),
        *("", "-", "...", "Microsoft Word - 17", "Word Document", "no title", "Sans titre 3", "index.html"),
    ],
)
def test_what_a_program_wrote_is_no_title(title: str) -> None:
    assert real_title(title) == ""


@pytest.mark.parametrize(
    "title",
    [
        *("The River", "Untitled Stories", "The Document", "A Title", "1984", "Title and Deed", "Page Boy", "Mr. Doc"),
        *("What is .docx?", "Pages from a Diary", "Presentation of the Bank", "Slide Rules", "Ω"),
    ],
)
def test_real_titles_stay(title: str) -> None:
    assert real_title(title) == title


def test_a_printed_name_of_several_words_is_a_title() -> None:
    assert real_title("Microsoft Word - The banks of the Tay") == "The banks of the Tay"


def the_one(path: Path) -> Document:
    (found,) = read_documents(path)
    assert isinstance(found, Document)
    return found


def test_a_document_without_a_real_title_has_its_id_as_title(tmp_path: Path) -> None:
    pdf_file(tmp_path / "a.pdf", [["The bank held."]], title="Microsoft Word - letter.doc", author="Anna")
    found = the_one(tmp_path / "a.pdf")
    assert (found.title, found.metadata["author"]) == ("a.pdf", "Anna")
    (tmp_path / "b.html").write_text("<title>Untitled-1</title><p>The bank.", encoding="utf-8")
    assert "title" not in the_one(tmp_path / "b.html").metadata


def test_a_title_in_a_table_or_a_header_is_believed(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ntitle: Untitled\n---\nA poem.", encoding="utf-8")
    (tmp_path / "b.csv").write_text("title,text\nUntitled,A poem.\n", encoding="utf-8")
    assert the_one(tmp_path / "a.md").title == the_one(tmp_path / "b.csv").title == "Untitled"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('<meta property="article:published_time" content="1999-05-01T10:00">', {"date": "1999-05-01", "year": 1999}),
        ('<meta name="date" content="1850-03-02">', {"date": "1850-03-02", "year": 1850}),
        ('<meta name="dcterms.created" content="2013-12-23">', {"file_date": "2013-12-23", "file_year": 2013}),
        (
            '<meta name="date" content="2013-12-23"><meta name="generator" content="LibreOffice 7.4">',
            {"file_date": "2013-12-23", "file_year": 2013},
        ),
        ('<meta name="generator" content="WordPress"><meta name="date" content="1999">', {"date": 1999, "year": 1999}),
    ],
)
def test_a_page_tells_its_text_date_from_that_of_its_program(
    tmp_path: Path, head: str, expected: dict[str, object]
) -> None:
    (tmp_path / "a.html").write_text(f"<html><head>{head}</head><p>The bank.", encoding="utf-8")
    assert the_one(tmp_path / "a.html").metadata == expected


def test_the_release_of_an_ebook_is_no_year_of_its_text(tmp_path: Path) -> None:
    chapters = {"a.xhtml": xhtml("<p>The bank.</p>")}
    head = '<dc:date opf:event="original-publication">1901</dc:date><dc:date>2025-02-03</dc:date>'
    (tmp_path / "a.epub").write_bytes(epub_bytes(chapters, head))
    found = the_one(tmp_path / "a.epub").metadata
    assert found == {"date": 1901, "year": 1901, "file_date": "2025-02-03", "file_year": 2025}


def test_several_authors_in_one_field_are_a_list(tmp_path: Path) -> None:
    (found,) = read_documents([pdf_file(tmp_path / "a.pdf", [["The bank."]], author="Ann One; Ben  Two;")])
    assert isinstance(found, Document)
    assert found.metadata["author"] == ["Ann One", "Ben Two"]
    assert (several_authors("Ann One;"), several_authors(";")) == ("Ann One", "")
