"""PDF files are read as their readers read them: across pages, without what the margins repeat."""

import textwrap
from collections.abc import Sequence
from pathlib import Path

import pytest
from fpdf import FPDF
from polyseme.indexer.readers import read_file
from polyseme.indexer.readers.line_ends import join_lines, words_of
from polyseme.indexer.readers.records import Extract, ReadOptions

TEXT = (
    "The mill had been standing at the bend of the stream for two hundred years when the new owner came to look at it. "
    "He walked around the wheel, which had not turned since the war, and wrote down in a small book what he saw there. "
    "His wife waited on the bridge with the horses and thought of the house in the town that they had sold so quickly. "
)
LEFT, LEADING = 20.0, 6.0  # mm


class Book:
    """A document whose lines are written at places of its pages, in mm from the upper left corner."""

    def __init__(self, tmp_path: Path) -> None:
        self._path = tmp_path / "a.pdf"
        self._pdf = FPDF(format="A4")
        self._pdf.set_auto_page_break(auto=False)
        self._pdf.core_fonts_encoding = "cp1252"

    def page(self, *lines: str, top: float = 30, left: float = LEFT, size: float = 12) -> None:
        """Begin a page with lines of text."""
        self._pdf.add_page()
        for number, line in enumerate(lines):
            self.write(left, top + number * LEADING, line, size)

    def write(self, x: float, y: float, text: str, size: float = 12) -> float:
        """Write a line and return its end."""
        self._pdf.set_font("Times", size=size)
        self._pdf.text(x, y, text)
        return x + float(self._pdf.get_string_width(text))

    def raised(self, x: float, y: float, before: str, mark: str, after: str) -> None:
        """Write a line with a raised mark in it."""
        x = self.write(x, y, before)
        x = self.write(x, y - 1.6, mark, 7)
        self.write(x, y, after)

    def read(self) -> list[str]:
        """Return the paragraphs."""
        self._pdf.output(str(self._path))
        (extract,) = read_file(self._path, ReadOptions())
        assert isinstance(extract, Extract), extract
        return extract.text.split("\n\n")


def lines_of(text: str, width: int = 70) -> list[str]:
    return textwrap.wrap(text, width, break_on_hyphens=False)


def pages_of(count: int, each: int = 8) -> tuple[list[list[str]], str]:
    """Return lines for some pages, which break sentences, and their text."""
    lines = lines_of(TEXT * count * each)[: count * each]
    return [lines[page * each : (page + 1) * each] for page in range(count)], " ".join(lines)


def reads(book: Book, text: str, *others: str) -> None:
    """Check that a document has one text and other paragraphs, and that only ends of sentences end a paragraph."""
    paragraphs = book.read()
    for other in others:
        paragraphs.remove(other)
    assert " ".join(paragraphs) == text
    assert all(paragraph.endswith(".") for paragraph in paragraphs[:-1])


# ---- heads and page numbers


@pytest.mark.parametrize(
    "form",
    ["{n}", "- {n} -", "Page {n}", "Page {n} of 9", "[{n}]", "{roman}", "p. {n}", "Seite {n} von 9", "{n} / 9"],
)
@pytest.mark.parametrize("count", [2, 5])
def test_pdf_page_numbers_are_left_out_and_sentences_go_on(tmp_path: Path, form: str, count: int) -> None:
    book = Book(tmp_path)
    pages, text = pages_of(count)
    for number, lines in enumerate(pages):
        book.page(*lines)
        side = 20 if number % 2 else 180
        book.write(side, 285, form.format(n=number + 3, roman=["iii", "iv", "v", "vi", "vii"][number]))
    reads(book, text)


def test_pdf_running_heads_of_odd_and_even_pages_are_left_out(tmp_path: Path) -> None:
    book = Book(tmp_path)
    pages, text = pages_of(7)
    for number, lines in enumerate(pages):
        book.page(*lines)
        if number % 2:
            book.write(20, 15, f"{number + 98}        THE OLD MILL", 10)
        else:
            book.write(150, 15, "A Writer", 10)
            book.write(190, 15, str(number + 98), 10)
        book.write(80, 290, "© 1850 The Press", 8)
    reads(book, text)


def test_pdf_heads_of_odd_and_even_pages_of_a_short_file_are_kept_once(tmp_path: Path) -> None:
    for count in (3, 4):
        book = Book(tmp_path)
        pages, text = pages_of(count)
        for number, lines in enumerate(pages):
            book.page(*lines)
            book.write(80, 15, "THE OLD MILL" if number % 2 else "A. WRITER", 10)
        reads(book, text, "A. WRITER", "THE OLD MILL")


def test_pdf_heads_of_short_chapters_are_left_out(tmp_path: Path) -> None:
    book = Book(tmp_path)
    pages, text = pages_of(8)
    for number, lines in enumerate(pages):
        book.page(*lines)
        book.write(80, 15, "The Wheel" if number < 3 else "The Bridge" if number < 5 else "The House", 10)
    reads(book, text)


def test_pdf_a_head_of_two_pages_is_kept_once_and_does_not_interrupt(tmp_path: Path) -> None:
    book = Book(tmp_path)
    pages, text = pages_of(2)
    for lines in pages:
        book.page(*lines)
        book.write(80, 15, "THE OLD MILL", 10)
    reads(book, text, "THE OLD MILL")
    other = Book(tmp_path)
    for head, lines in zip(("THE OLD MILL", "A. WRITER"), pages, strict=True):
        other.page(*lines)
        other.write(80, 15, head, 10)
    reads(other, text, "THE OLD MILL", "A. WRITER")


def test_pdf_one_page_loses_nothing(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.page(*lines_of(TEXT))
    book.write(80, 15, "THE OLD MILL", 10)
    book.write(100, 285, "12")
    assert sorted(book.read()) == sorted(["THE OLD MILL", "12", TEXT.strip()])


def test_pdf_text_that_does_not_recur_is_kept(tmp_path: Path) -> None:
    book = Book(tmp_path)
    for number in range(4):
        book.page(*lines_of(TEXT), top=40)
        book.write(LEFT, 25, f"Chapter {['One', 'Two', 'Three', 'Four'][number]}", 18)
        book.write(LEFT, 285, f"In the year {1850 + 7 * number} it was sold.", 12)
    kept = book.read()
    assert kept.count(TEXT.strip()) == 4
    assert [text for text in kept if text.startswith("Chapter")] == [
        f"Chapter {n}" for n in ["One", "Two", "Three", "Four"]
    ]
    assert [text for text in kept if text.startswith("In the")] == [
        f"In the year {1850 + 7 * number} it was sold." for number in range(4)
    ]


def test_pdf_numbered_headings_at_the_same_place_are_kept(tmp_path: Path) -> None:
    book = Book(tmp_path)
    for number in (1, 0, 2, 0, 0, 3, 0):
        book.page(*lines_of(TEXT), top=40)
        if number:
            book.write(LEFT, 25, f"Chapter {number}", 14)
    assert {f"Chapter {number}" for number in (1, 2, 3)} <= set(book.read())


def test_pdf_heads_with_the_numbers_of_chapters_are_left_out(tmp_path: Path) -> None:
    book = Book(tmp_path)
    pages, text = pages_of(8)
    for number, lines in enumerate(pages):
        book.page(*lines)
        book.write(LEFT, 15, f"{number + 33} | Chapter {number // 4 + 1}" if number % 2 else "Part 1", 10)
    reads(book, text)


def test_pdf_page_numbers_between_other_words_are_left_out(tmp_path: Path) -> None:
    book = Book(tmp_path)
    pages, _ = pages_of(4)
    for number, (lines, words) in enumerate(
        zip(pages, ("alder ash", "bank barge", "bend boat", "mill moor"), strict=True)
    ):
        book.page(*lines)
        for x, word in zip((20, 170, 95), (*words.split(), str(number + 99)), strict=True):
            book.write(x, 15, word, 10)
    text = " ".join(book.read())
    assert "bank barge" in text
    assert not any(letter.isdigit() for letter in text)


def test_pdf_a_page_without_text_does_not_end_a_sentence(tmp_path: Path) -> None:
    book = Book(tmp_path)
    pages, text = pages_of(2)
    book.page(*pages[0])
    book.page()
    book.page(*pages[1])
    reads(book, text)


# ---- sentences and words across pages


@pytest.mark.parametrize(
    ("end", "begin", "joined"),
    [
        ("was told by the neigh-", "bours that it was so.", "was told by the neighbours that it was so."),
        ("was told by the neigh-", "bours.", "was told by the neighbours."),
        ("was then told by the old", "mill.", "was then told by the old mill."),
        ("was (as they said", "(and wrote) later) sold.", "was (as they said (and wrote) later) sold."),
        ("was in the years 1914–", "1918 not for sale.", "was in the years 1914–1918 not for sale."),
        ("was seen; for this reason;", "nobody bought it.", "was seen; for this reason; nobody bought it."),
        ("had self-control, and self-", "control is a virtue.", "had self-control, and self-control is a virtue."),
    ],
)
def test_pdf_a_sentence_goes_on_across_a_page(tmp_path: Path, end: str, begin: str, joined: str) -> None:
    book = Book(tmp_path)
    first = [*lines_of(TEXT)[:4], "The mill that had been standing there for so long " + end]
    book.page(*first)
    book.page(begin, *([] if begin.endswith(".") and len(begin) < 20 else ["Then he left and was not seen again."]))
    assert any(joined in paragraph for paragraph in book.read())


def test_pdf_a_name_in_capitals_goes_on_across_a_page(tmp_path: Path) -> None:
    text = TEXT + TEXT.replace("stream", "estate of King George")
    breaks = (lines_of(text, width) for width in range(60, 90))
    lines, cut = next((lines, n) for lines in breaks for n, line in enumerate(lines) if line.endswith("of King"))
    book = Book(tmp_path)
    book.page(*lines[: cut + 1])
    book.page(*lines[cut + 1 :])
    reads(book, " ".join(lines))


def test_pdf_headings_and_lists_do_not_go_on(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.page(*lines_of(TEXT), "", "The next chapter")
    book.page("begins in small letters and is not the heading", "of the page before.", "1. It has", "2. a list")
    assert book.read() == [
        TEXT.strip(),
        "The next chapter",
        "begins in small letters and is not the heading of the page before.",
        "1. It has",
        "2. a list",
    ]


# ---- notes


def test_pdf_raised_numbers_are_marks_and_notes_are_text_of_their_own(tmp_path: Path) -> None:
    pages, _ = pages_of(3, 6)
    book = Book(tmp_path)
    for number, lines in enumerate(pages):
        book.page(*lines[:2], *lines[3:])
        book.raised(LEFT, 30 + 5 * LEADING, "and the bank refused.", str(number + 1), " Later it was")
        book.write(LEFT, 250, f"{number + 1} Letter of {1850 + number * 3},", 9)
        book.write(LEFT, 254, "kept in the town.", 9)
    text, *notes = book.read()
    assert "refused.¹ Later" in text
    assert "refused.² Later" in text
    assert "refused.³ Later" in text
    assert notes == [f"{n + 1} Letter of {1850 + n * 3}, kept in the town." for n in range(3)]


def test_pdf_a_note_does_not_interrupt_and_goes_on_across_a_page(tmp_path: Path) -> None:
    pages, text = pages_of(2)
    book = Book(tmp_path)
    for lines, notes in zip(
        pages,
        (
            ["1 See above.", "2 The letter was kept in the archive of the town of"],
            ["his birth, and burnt later.", "* Not in the first edition."],
        ),
        strict=True,
    ):
        book.page(*lines)
        for number, note in enumerate(notes):
            book.write(LEFT, 250 + 4 * number, note, 9)
        book.write(100, 285, str(41 + (lines is pages[1])))
    assert book.read() == [
        text,
        "1 See above.",
        "2 The letter was kept in the archive of the town of his birth, and burnt later.",
        "* Not in the first edition.",
    ]


def test_pdf_a_note_above_a_foot_in_the_type_of_the_text_does_not_interrupt(tmp_path: Path) -> None:
    pages, text = pages_of(2)
    book = Book(tmp_path)
    for lines, foot in zip(pages, ("THE OLD MILL", "A. WRITER"), strict=True):
        book.page(*lines)
        book.write(LEFT, 250, "1 A letter of the owner to his brother in the town, which was never sent.", 9)
        book.write(90, 285, foot)
    note = "1 A letter of the owner to his brother in the town, which was never sent."
    reads(book, text, note, note, "THE OLD MILL", "A. WRITER")


@pytest.mark.parametrize(
    ("before", "raised", "after", "text"),
    [
        ("It was the 1", "st", " of May.", "It was the 1st of May."),
        ("The field of 12 m", "2", " was sold.", "The field of 12 m² was sold."),
        ("She saw the bank", "12", ", and left.", "She saw the bank¹², and left."),
        ("The end of the bank.", "7", "", "The end of the bank.⁷"),
        ("She saw the bank", "a", ", and left.", "She saw the bank[a], and left."),
        ("By Anna Orme", "b,c", " and others.", "By Anna Orme[b,c] and others."),
        ("Your obedient serv", "t", " at the mill.", "Your obedient servt at the mill."),
        ("In the XVIII", "e", " century.", "In the XVIIIe century."),
    ],
)
def test_pdf_raised_text_of_other_kinds(tmp_path: Path, before: str, raised: str, after: str, text: str) -> None:
    book = Book(tmp_path)
    book.page()
    book.raised(LEFT, 30, before, raised, after)
    reads(book, text)


@pytest.mark.parametrize(
    ("size", "rise", "gap", "text"),
    [
        (7, 1.6, 0.0, "the bank¹² later"),
        (7, 1.6, 0.8, "the bank¹² later"),
        (6, 2.4, 0.0, "the bank¹² later"),
        (9, 1.5, 0.0, "the bank¹² later"),
        (7, 0.0, 0.0, "the bank¹² later"),
        (7, -0.8, 0.0, "the bank12 later"),
        (12, 0.0, 0.0, "the bank12 later"),
    ],
)
def test_pdf_small_digits_after_a_word_are_marks(
    tmp_path: Path, size: float, rise: float, gap: float, text: str
) -> None:
    book = Book(tmp_path)
    book.page()
    x = book.write(LEFT, 30, "the bank")
    x = book.write(x + gap, 30 - rise, "12", size)
    book.write(x, 30, " later")
    assert book.read() == [text]


# ---- numbers in the margin


def rows(book: Book, pages: Sequence[Sequence[str]], numbers: Sequence[Sequence[str]], x: float, left: float) -> None:
    for lines, some in zip(pages, numbers, strict=True):
        book.page(*lines, left=left)
        for number, text in enumerate(some):
            if text:
                book.write(x, 30 + number * LEADING, text, 10)


@pytest.mark.parametrize(("x", "left"), [(20, 40), (28, 34), (180, 20)])
def test_pdf_numbers_of_every_line_are_left_out(tmp_path: Path, x: float, left: float) -> None:
    book = Book(tmp_path)
    pages, text = pages_of(3, 12)
    rows(book, pages, [[str(n + 1) for n in range(12)]] * 3, x, left)
    reads(book, text)


@pytest.mark.parametrize(("x", "left"), [(20, 40), (150, 40)])
def test_pdf_numbers_of_every_fifth_line_are_left_out(tmp_path: Path, x: float, left: float) -> None:
    verses = [
        f"And {word} the wheel went round and round," for word in ["now", "then", "here", "there", "still", "once"]
    ]
    pages = [(verses * 4)[:18], (verses * 2)[:8]]
    numbers = [
        [str(n + 1) if n % 5 == 4 else "" for n in range(first, first + count)] for first, count in ((0, 18), (18, 8))
    ]
    book = Book(tmp_path)
    rows(book, pages, numbers, x, left)
    assert not any(letter.isdigit() for letter in " ".join(book.read()))


def test_pdf_numbers_of_lists_and_tables_are_kept(tmp_path: Path) -> None:
    book = Book(tmp_path)
    for page in range(2):
        book.page()
        for number in range(12):
            book.write(20, 30 + 6 * number, str(12 * page + number + 1))
            book.write(60, 30 + 6 * number, f"mill {number}")
        for number, year in enumerate((1850, 1860, 1870)):
            book.write(20, 140 + 6 * number, str(year))
            book.write(60, 140 + 6 * number, "The wheel of the mill was renewed.")
    kept = " ".join(book.read()).split()
    assert {str(number + 1) for number in range(24)} | {"1850", "1860", "1870"} <= set(kept)


def test_pdf_a_number_near_its_text_stays_with_it(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.page(*lines_of(TEXT), top=60)
    end = book.write(LEFT, 40, "12")
    book.write(end + 4, 40, "The Mill")
    assert set(book.read()) == {"12 The Mill", TEXT.strip()}


# ---- columns


@pytest.mark.parametrize("by_row", [True, False])
def test_pdf_a_sentence_goes_on_in_the_next_column(tmp_path: Path, by_row: bool) -> None:
    lines = lines_of(TEXT * 2, 38)
    half = len(lines) // 2
    places = [(20.0, row, text) for row, text in enumerate(lines[:half])]
    places += [(110.0, row, text) for row, text in enumerate(lines[half:])]
    book = Book(tmp_path)
    book.page()
    for x, row, text in sorted(places, key=lambda place: place[1]) if by_row else places:
        book.write(x, 30 + LEADING * row, text)
    assert book.read() == [" ".join(lines)]


# ---- ends of lines


@pytest.mark.parametrize(
    ("end", "begin", "joined"),
    [
        ("in 1914–", "1918 it", "in 1914–1918 it"),
        ("in 1914", "–1918 it", "in 1914–1918 it"),
        ("the Paris–", "London train", "the Paris–London train"),
        ("she said—", "and left", "she said—and left"),
        ("she said –", "and left", "she said – and left"),
        ("Come.", "—Yes, she said", "Come. —Yes, she said"),
        ("https://example.org/", "page/1", "https://example.org/page/1"),
        ("https://example.org/a-", "b.html", "https://example.org/a-b.html"),
        ("https://example.org/a\x02", "b.html", "https://example.org/a-b.html"),
        ("https://example.", "org/page", "https://example.org/page"),
        ("https://example.org/a", "?b=c", "https://example.org/a?b=c"),
        ("at https://example.org.", "The mill", "at https://example.org. The mill"),
        ("at https://example.org", "the mill", "at https://example.org the mill"),
        ("writer@", "example.org", "writer@example.org"),
        ("doi:10.1000/", "abc.12", "doi:10.1000/abc.12"),
        ("and/", "or", "and/or"),
        ("a /", "b", "a / b"),
        ("pre-", "and post-war", "pre- and post-war"),
        ("Vor-", "und Nachteile", "Vor- und Nachteile"),
        ("thous-", "and men", "thousand men"),
        ("won\x02", "dered", "wondered"),
        ("self-", "pity", "self-pity"),
        ("self-", "ish", "selfish"),
        ("the well\x02", "known", "the well-known"),
        ("Anglo-", "Saxon", "Anglo-Saxon"),
        ("the mother-in-", "law", "the mother-in-law"),
        ("the corn\x02", "mill", "the corn-mill"),
        ("a thun-", "der", "a thunder"),
        ("soft\u00ad", "ly", "softly"),
    ],
)
def test_ends_of_lines_are_joined_as_they_would_be_written(end: str, begin: str, joined: str) -> None:
    written = words_of(["a thousand, well-known and a Corn‑mill"])
    assert join_lines([end, begin], written) == joined


def test_pdf_a_compound_keeps_its_hyphen_if_the_document_writes_it_so(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.page(
        "The corn-mill at the bend was older than the river-", "bank, and the corn-", "mill knew it. A thun-", "der"
    )
    assert book.read() == [
        "The corn-mill at the bend was older than the riverbank, and the corn-mill knew it. A thunder"
    ]


def test_pdf_a_short_last_line_is_no_end_of_the_sentence(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.page(
        "   " + "The mill",
        "was old and",
        "the wheel that had been standing there for so long was gone since",
        "the war.",
    )
    assert book.read() == [
        "The mill was old and the wheel that had been standing there for so long was gone since the war."
    ]


def test_pdf_a_narrow_column_is_not_taken_for_vertical_writing(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.page(*"123456789")
    assert " ".join(book.read()).split() == list("123456789")


def test_pdf_few_words_that_fill_a_line_are_no_cells(tmp_path: Path) -> None:
    lines = lines_of(TEXT)
    book = Book(tmp_path)
    book.page(*lines)
    x = LEFT
    for word in ("during", "the", "extraordinarily", "long"):
        x = 12 + book.write(x, 30 + len(lines) * LEADING, word)
    book.write(LEFT, 30 + (len(lines) + 1) * LEADING, "summer.")
    assert book.read()[-1].endswith("quickly. during the extraordinarily long summer.")
