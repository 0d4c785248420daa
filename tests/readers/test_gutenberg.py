"""Books of Project Gutenberg lose the project's text, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from effort import grows_linearly
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.documents import Document, read_documents
from polyseme.indexer.readers.gutenberg import without_licence
from polyseme.indexer.readers.records import Extract

BOOK = "CHAPTER I\n\nThe ferry left at noon. " + "Nobody saw the _captain_ go.\n" * 9 + "\nTHE END"
NEW = """\ufeffThe Project Gutenberg eBook of The Ferry at Noon

This eBook is for the use of anyone anywhere in these parts. You may copy it
under the terms of the licence.

Title: The Ferry at Noon
       A Tale of the Lower Harbour

Author: Ada Quill
        Ben Marrow

Translator: C. Dorn

Release date: March 4, 2011 [eBook #98765]
                Most recently updated: July 1, 2024

Language: English

Original publication: London: Quill & Sons, 1887

Credits: Some Volunteers


*** START OF THE PROJECT GUTENBERG EBOOK THE FERRY AT NOON ***




Produced by Some Volunteers and
the Online Team

{book}



Transcriber's Notes:

Hyphens were kept. The cover was made by the transcriber.

*** END OF THE PROJECT GUTENBERG EBOOK THE FERRY AT NOON ***

Updated editions will replace the previous one. You may copy the licence.
"""
OLD = """Project Gutenberg's The Ferry at Noon, by Ada Quill

This eBook is for the use of anyone anywhere at no cost.

Title: The Ferry at Noon

Author: Ada Quill

Release Date: March, 1998 [EBook #1234]

Language: French

*** START OF THIS PROJECT GUTENBERG EBOOK THE FERRY
AT NOON ***

E-text prepared by D. W.

{book}

End of Project Gutenberg's The Ferry at Noon, by Ada Quill

*** END OF THIS PROJECT GUTENBERG EBOOK THE FERRY AT NOON ***

***** This file should be named 1234.txt *****

*** START: FULL LICENSE ***

THE FULL PROJECT GUTENBERG LICENSE
"""
SMALL = """**The Project Gutenberg Etext of The Ferry at Noon, by Ada Quill**

Copyright laws are changing all over the world.

The Ferry at Noon, by Ada Quill

March, 1993  [Etext #57]

***START**THE SMALL PRINT!**FOR PUBLIC DOMAIN ETEXTS**START***
Why is this "Small Print!" statement here? You know: lawyers.
*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*

{book}

End of The Project Gutenberg Etext of The Ferry at Noon, by Ada Quill
"""


def text_of(markup: str) -> str:
    return without_licence(Extract(markup.format(book=BOOK))).text


@pytest.mark.parametrize("form", [NEW, OLD, SMALL, NEW.replace("*** START", "***START"), NEW.replace("eBook", "EBook")])
def test_only_the_book_is_left(form: str) -> None:
    assert text_of(form) == BOOK


def test_the_header_becomes_metadata() -> None:
    assert without_licence(Extract(NEW.format(book=BOOK))).metadata == {
        "title": "The Ferry at Noon A Tale of the Lower Harbour",
        "author": ["Ada Quill", "Ben Marrow"],
        "translator": "C. Dorn",
        "release_date": "2011-03-04",
        "language": "en",
        "original_publication": "London: Quill & Sons, 1887",
        "gutenberg_id": "98765",
    }
    found = without_licence(Extract(OLD.format(book=BOOK))).metadata
    assert (found["release_date"], found["language"], found["author"]) == ("1998-03", "fr", "Ada Quill")
    found = without_licence(Extract(SMALL.format(book=BOOK))).metadata
    assert found == {"title": "The Ferry at Noon", "author": "Ada Quill", "gutenberg_id": "57"}


def test_a_file_of_several_books_keeps_them_all() -> None:
    assert text_of(NEW + "\n" + OLD + "\n" + SMALL) == "\n\n".join([BOOK] * 3)


def test_a_file_that_was_cut_off_loses_its_header_only() -> None:
    assert text_of(NEW.partition("Transcriber's Notes")[0]) == BOOK


@pytest.mark.parametrize(
    "text",
    [
        "I copied it. *** START OF THE PROJECT GUTENBERG EBOOK X ***\n\nIt was long.",
        "*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\nA\n\n*** END OF THE PROJECT GUTENBERG EBOOK X ***",
        "The Project Gutenberg Etext was typed by hand.\n\nI like it.\n\nEnd of Project Gutenberg's first decade.",
        "Our talk of Project Gutenberg went on.\n\nIt has no licence line.",
        "An essay\n\nTranscriber's Notes\n\nare what I read first.",
        "",
    ],
)
def test_a_text_about_the_project_loses_nothing(text: str) -> None:
    assert without_licence(Extract(text, {"year": "1990"})) == Extract(text, {"year": "1990"})


def test_text_after_a_book_that_is_no_licence_is_kept() -> None:
    essay = "My own essay goes on. " * 3000
    assert essay.strip() in text_of(NEW + essay.replace("{", ""))


@given(st.text(st.characters(exclude_characters="\r{}")))
def test_a_book_keeps_every_letter(book: str) -> None:
    body = f"FIRST LINE\n\n{BOOK}\n\n{book}\n\nLAST LINE"
    found = without_licence(
        Extract(NEW.replace("{book}", body).replace("Produced by Some Volunteers and\nthe Online Team", ""))
    )
    assert found.text == body.strip("\r\n")


def test_notes_and_page_marks_of_the_transcriber_are_left_out_at_the_end_only() -> None:
    book = f"Transcriber's Notes:\n\nHe went [Pg 12]on to the [Pg xiv]inn, and page [12] was lost.\n\n{BOOK}"
    found = without_licence(Extract(NEW.format(book=book))).text
    assert found == book.replace("[Pg 12]", "").replace("[Pg xiv]", "")


@pytest.mark.parametrize("filling", ["*", "* ", "** x", " by ", "a\n", "Title: x\n y\n", " "])
def test_hostile_headers_take_linear_time(filling: str) -> None:
    def work(size: int) -> None:
        long = filling * (size // len(filling))
        start = "*** START OF THE PROJECT GUTENBERG EBOOK"
        without_licence(Extract(f"The Project Gutenberg eBook of {long}\n{start} {long}x\n" * 3))
        without_licence(Extract(f"{long}x"))
        without_licence(Extract(f"The Project Gutenberg eBook of {long}\n"))

    assert grows_linearly(work, 6_000)


def test_many_books_in_one_file_take_linear_time() -> None:
    name = "PROJECT GUTENBERG EBOOK X ***"
    book = f"The Project Gutenberg EBook of X\n\n*** START OF THE {name}\n\nThe bank.\n\n*** END OF THE {name}\n"
    found = without_licence(Extract(book * 4_000)).text
    assert found.split("\n\n") == ["The bank."] * 4_000
    assert grows_linearly(lambda count: without_licence(Extract(book * count)), 1_000)


def html(book: str) -> str:
    head = '<title>The Project Gutenberg eBook of X</title><meta name="dcterms.created" content="2011-03-04">'
    blocks = NEW.format(book=book).split("\n\n")
    return f"<html lang='en'><head>{head}</head><body>{''.join(f'<p>{b}</p>' for b in blocks)}</body></html>"


def test_text_and_html_files_are_read_without_the_licence(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(NEW.format(book=BOOK), encoding="utf-8")
    (tmp_path / "b.html").write_text(html(BOOK), encoding="utf-8")
    (tmp_path / "c.txt").write_text("---\ndate: 1887\ntitle: Mine\n---\n" + NEW.format(book=BOOK), encoding="utf-8")
    text, page, own = (item for item in read_documents(tmp_path) if isinstance(item, Document))
    assert text.text == own.text == BOOK
    assert page.text.split() == BOOK.split()
    assert text.title == "The Ferry at Noon A Tale of the Lower Harbour"
    assert not {"date", "year"} & {*text.metadata, *page.metadata}
    assert page.metadata["release_date"] == "2011-03-04"
    assert (own.title, own.metadata["date"]) == ("Mine", 1887)
