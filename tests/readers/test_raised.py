"""Raised letters: which are note marks, and which belong to their word, in every format that raises text."""

from __future__ import annotations

import zipfile
from pathlib import Path

import docx
import pytest
from polyseme.indexer.documents import Document, read_documents
from polyseme.indexer.readers.raised import raised
from polyseme.indexer.text.marks import note_mark

# What is before the raised letters, the letters, and what they are read as.
LETTERS = (
    ("the harbour", "a", "[a]"),
    ("Anna Orme", "b,c", "[b,c]"),
    ("It burned.", "d", "[d]"),
    ("the 1", "st", "st"),
    ("the XVIII", "e", "e"),
    ("dear Rich", "d", "d"),
    ("Sr", "a", "a"),
    ("Prof", "a", "a"),
    ("your serv", "t", "t"),
)


@pytest.mark.parametrize(("before", "letters", "expected"), LETTERS)
def test_letters_that_count_notes_are_marks(before: str, letters: str, expected: str) -> None:
    assert raised(letters, before) == expected


@pytest.mark.parametrize("suffix", ["html", "docx", "odt", "rtf"])
def test_all_formats_read_raised_letters_alike(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    if suffix == "html":
        path.write_text("".join(f"<p>{before}<sup>{letters}</sup> then</p>" for before, letters, _ in LETTERS))
    elif suffix == "rtf":
        lines = "".join(rf"{before}{{\super {letters}}} then\par " for before, letters, _ in LETTERS)
        path.write_text(rf"{{\rtf1\ansi {lines}}}")
    elif suffix == "docx":
        document = docx.Document()
        for before, letters, _ in LETTERS:
            paragraph = document.add_paragraph(before)
            paragraph.add_run(letters).font.superscript = True
            paragraph.add_run(" then")
        document.save(str(path))
    else:
        lines = "".join(
            f'<text:p>{before}<text:span text:style-name="T">{letters}</text:span> then</text:p>'
            for before, letters, _ in LETTERS
        )
        spaces = " ".join(
            f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "style")
        )
        style = (
            '<style:style style:name="T" style:family="text"><style:text-properties style:text-position="super 58%"/>'
        )
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
            archive.writestr(
                "content.xml",
                f"<office:document-content {spaces}><office:automatic-styles>{style}</style:style>"
                f"</office:automatic-styles><office:body><office:text>{lines}</office:text></office:body>"
                "</office:document-content>",
            )
    [document_read] = read_documents([path])
    assert isinstance(document_read, Document)
    lines_read = [line for line in document_read.text.split("\n") if line]
    assert lines_read == [f"{before}{expected} then" for before, _, expected in LETTERS]


def test_a_mark_that_is_raised_already_stays() -> None:
    assert note_mark("¹²") == "¹²"
    assert note_mark("12") == "¹²"
    assert note_mark("a") == "[a]"
