"""The kind of a file: by its suffix, else by its content, and what is no document."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from polyseme.indexer.collection.paths import SEGMENTS
from polyseme.indexer.collection.schema import DATABASE_NAME
from polyseme.indexer.documents import Cause, Document, ReadOptions, Skipped, read_documents, scan
from polyseme.indexer.readers import FORMATS, WITHOUT_SUFFIX, Format, format_of, kind_of, type_of
from polyseme.indexer.readers.content import HEAD, is_text, suffixes_by_content
from polyseme.indexer.readers.walk import COLLECTION_FILES, files_under
from samples import PAGE, docx_bytes, epub_bytes, pdf_file, xhtml, zip_bytes

ODT = b"application/vnd.oasis.opendocument.text"
MAIL = b"From: a@x.example\r\nTo: b@x.example\r\nSubject: The bank\r\nDate: 1 May 1999\r\n\r\nThe bank held.\r\n"
LATIN = "Le café de la rivière était fermé, et la banque aussi. Où aller après cela? Élise le savait.\n"


def odt_bytes() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", ODT)
        archive.writestr("content.xml", "<x/>", zipfile.ZIP_DEFLATED)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "first"),
    [
        (b"The river rose.\n", ".txt"),
        (b"", ".txt"),
        (LATIN.encode(), ".txt"),
        (LATIN.encode("cp1252"), ".txt"),
        ("Река поднялась до самого моста, и банк закрыли.\n".encode("koi8-r") * 5, ".txt"),
        ("The bank — held.\n".encode("utf-16"), ".txt"),
        ("The bank — held.\n".encode("utf-8-sig"), ".txt"),
        (("é" * HEAD).encode(), ".txt"),
        (b"x" + ("é" * HEAD).encode(), ".txt"),
        (b"#!/bin/sh\necho river\n", ".txt"),
        (b"--- letter ---\nDear Anna\n", ".txt"),
        (b"%PDF-1.7\n\x00", ".pdf"),
        (b"{\\rtf1\\ansi The bank.}", ".rtf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), ".doc"),
        (b"\n<!DOCTYPE html><p>bank", ".html"),
        (b"<!-- saved -->\n<HTML><body>bank</body></HTML>", ".html"),
        (PAGE.encode(), ".html"),
        (xhtml("<p>bank</p>").encode(), ".xhtml"),
        (b'<?xml version="1.0"?>\n<!-- x -->\n<TEI xmlns="http://www.tei-c.org/ns/1.0"><text/></TEI>', ".tei"),
        (b'<?xml version="1.0"?><play><act/></play>', ".xml"),
        (b"# newdoc id = a\n\n1\tRain\train\tNOUN\tNN\t_\t0\troot\t_\t_\n", ".conllu"),
        (b'<?xml version="1.0"?>\n<doc id="1">\n<s>\nRain\tNN\train\nfell\tVBD\tfall\n</s>\n</doc>\n', ".vrt"),
        (b"<doc>\nA rain\tfell on\nthe town\n", ".txt"),
        (b"From anna Sat May  1 10:00:00 1999\nFrom: anna\n\nThe bank.\n", ".mbox"),
        (MAIL, ".eml"),
        (odt_bytes(), ".odt"),
        (docx_bytes(["The bank."]), ".docx"),
        (epub_bytes({"a.xhtml": xhtml("<p>bank</p>")}), ".epub"),
        (zip_bytes({"a.txt": "bank"}), ".zip"),
        (b"PK\x03\x04 broken", ".zip"),
    ],
)
def test_content_tells_the_format_of_a_file_without_a_suffix(tmp_path: Path, content: bytes, first: str) -> None:
    (tmp_path / "file").write_bytes(content)
    assert suffixes_by_content(tmp_path / "file")[0] == first


@pytest.mark.parametrize(
    "content",
    [
        b"\x7fELF\x02\x01\x01\0\0\0",
        b"\x1f\x8b\x08packed",
        bytes(range(256)) * 4,
        b"\x89PNG\r\n\x1a\n\0\0",
        os.urandom(4096),
    ],
)
def test_binary_content_is_of_no_format(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    assert suffixes_by_content(tmp_path / "file") == ()
    assert kind_of(tmp_path / "file") is None


def test_mail_is_read_as_text_where_no_reader_knows_it(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(MAIL)
    found = kind_of(tmp_path / "1")
    assert found is not None
    assert found.suffixes[0] in (".eml", ".txt")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("a.ODT", "odt"), ("a.tar.gz", "gz"), ("a.mp3", "mp3"), ("a.7z", "7z"), ("notes.txt~", "txt~")),
        *((name, WITHOUT_SUFFIX) for name in ("README", "letter.1850", "Mr. Smith", "vol. 2", "a.", "page.html?id=3")),
    ],
)
def test_the_end_of_a_name_is_a_suffix_only_if_it_looks_like_one(name: str, kind: str) -> None:
    assert type_of(Path(name)) == kind


@pytest.mark.parametrize("name", ["A.TXT", "a.text", "a.asc", "README", "letter.1850", "Mr. Smith"])
def test_plain_text_is_read_under_these_names(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("The river rose.", encoding="utf-8")
    assert list(read_documents(tmp_path)) == [Document(name, "The river rose.")]


def test_a_file_without_a_suffix_is_read_by_the_reader_of_its_format(tmp_path: Path) -> None:
    pdf_file(tmp_path / "paper.pdf", [["The bank held."]]).rename(tmp_path / "paper")
    (tmp_path / "letter").write_bytes(docx_bytes(["The bank refused."]))
    (tmp_path / "page").write_text("<html><title>T</title><p>The bank <b>rose</b>.", encoding="utf-8")
    texts = {item.id: item.text for item in read_documents(tmp_path) if isinstance(item, Document)}
    assert texts == {"letter": "The bank refused.", "page": "The bank rose.", "paper": "The bank held."}


def test_a_folder_names_what_it_does_not_read_and_leaves_out_what_is_hidden(tmp_path: Path) -> None:
    for name in (".hidden", "Thumbs.db", "desktop.ini", "~$note.docx", "a.txt", "b.xq", "c.JPG", "d", "e.xq"):
        (tmp_path / name).write_bytes(b"\0binary" if name != "a.txt" else b"The river.")
    skipped = [item for item in read_documents(tmp_path) if isinstance(item, Skipped)]
    assert [(item.document_id, item.type, item.cause) for item in skipped] == [
        ("b.xq", "xq", Cause.UNKNOWN_TYPE),
        ("c.JPG", "jpg", Cause.COMPANION),
        ("d", WITHOUT_SUFFIX, Cause.UNKNOWN_TYPE),
        ("e.xq", "xq", Cause.UNKNOWN_TYPE),
    ]
    found = scan(tmp_path)
    assert (found.files, found.unread) == (1, {"xq": 2, "jpg": 1, WITHOUT_SUFFIX: 1})
    assert scan(tmp_path, ReadOptions(globs=("*.txt",))).unread == {}
    assert scan(tmp_path, ReadOptions(globs=("*.xq",))).is_empty


def test_a_collection_inside_a_folder_is_no_document(tmp_path: Path) -> None:
    assert {DATABASE_NAME, SEGMENTS} == COLLECTION_FILES
    (tmp_path / "a.txt").write_text("The river.", encoding="utf-8")
    inside = tmp_path / "my.pol" / "segments"
    inside.mkdir(parents=True)
    (tmp_path / "my.pol" / "collection.db").write_bytes(b"SQLite")
    (inside / "tokens.npy").write_bytes(b"\x93NUMPY")
    assert [file.id for file in files_under(tmp_path, ())] == ["a.txt"]


def test_a_suffix_belongs_to_one_format() -> None:
    suffixes = [suffix for item in FORMATS for suffix in item.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert isinstance(format_of(Path("A.PDF")), Format)


def test_a_long_text_may_end_inside_a_character_where_it_is_cut() -> None:
    for shift in range(4):
        assert is_text(("a" * shift + "€ river\n" * HEAD).encode()[:HEAD])
        assert is_text(("a" * shift + "€" * HEAD).encode()[:HEAD])
