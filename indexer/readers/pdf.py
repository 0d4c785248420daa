"""Read PDF as paragraphs.

PDFium (pypdfium2: Apache-2.0/BSD-3) gives characters with their boxes, from which this package makes lines
(`pdf_lines.py`). What recurs in the margins is left out (`pdf_margins.py`). Lines become paragraphs, which go on from
page to page (`pdf_paragraphs.py`). Small type at the foot of a page is text of its own. It follows the paragraph that
it interrupts. A word cut at a line's end is joined, unless the document has it with a hyphen elsewhere
(`line_ends.py`).
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .line_ends import join_lines, words_of
from .pdf_lines import Line, lines_of
from .pdf_margins import without_margins
from .pdf_paragraphs import CELL, paragraphs_of, runs_on
from .records import Extract, ReadOptions, UnreadableError, with_year

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument  # type: ignore[import-untyped]

_SMALL = 0.93  # height of the type of notes, at most, where that of the text is 1
_ASIDE = 3 * CELL  # maximum length of a row that a sentence may go on across
_NEAR = 5  # paragraphs at the end and at the beginning of a page between which a sentence may go on
_STRIPS = 24  # vertical strips of a page in which the lowest line of the text is looked up
_NOTE_MARK = re.compile(r"[⁰¹²³⁴-⁹]+|\(?(\d{1,3})[.)]?\s|[*†‡§¶]|\[\w+\]")


def read_pdf(path: Path, options: ReadOptions) -> Iterator[Extract]:
    """Yield the PDF's paragraphs with title, author and the date of the file."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        encrypted = "password" in str(error).lower()
        reason = "encrypted: it asks for a password" if encrypted else "damaged, or no PDF file"
        raise UnreadableError(reason) from None
    try:
        pages = [_page_lines(document, number) for number in range(len(document))]
        information = document.get_metadata_dict(skip_empty=True)
    finally:
        document.close()
    paragraphs = text_of(pages, options.language)
    if not paragraphs:
        raise UnreadableError("no text in it: scanned pages need OCR first")
    yield Extract("\n\n".join(paragraphs), _information(information))


def _information(fields: dict[str, str]) -> dict[str, object]:
    found: dict[str, object] = {"title": fields.get("Title", ""), "author": fields.get("Author", "")}
    if date := re.match(r"(?:D:)?([12]\d{3})(?:(0[1-9]|1[0-2])([0-2]\d|3[01])?)?", fields.get("CreationDate", "")):
        found["file_date"] = "-".join(part for part in date.groups() if part)
    return with_year(found)


def _page_lines(document: "PdfDocument", number: int) -> list[Line]:
    import pypdfium2

    try:
        page = document[number]
    except pypdfium2.PdfiumError as error:
        raise UnreadableError(f"damaged: page {number + 1}: {error}") from None
    try:
        text_page = page.get_textpage()
        try:
            return lines_of(text_page)
        finally:
            text_page.close()
    finally:
        page.close()


def text_of(pages: Sequence[Sequence[Line]], language: str = "en") -> list[str]:
    """Return the paragraphs of a document in some language."""
    text = _Text()
    size = _usual_size(pages)
    for lines in without_margins(pages):
        body, foot = _at_foot(lines, _SMALL * size)
        text.add_page(paragraphs_of(body), _notes(foot))
    written = words_of(line.text for lines in pages for line in lines)
    joined = (join_lines([line.text for line in paragraph], written, language) for paragraph in text.paragraphs)
    return [paragraph for paragraph in joined if paragraph.strip()]


def _usual_size(pages: Sequence[Sequence[Line]]) -> float:
    """Return the height of the type in which most of the text is set."""
    sizes: Counter[float] = Counter()
    for lines in pages:
        for line in lines:
            sizes[round(2 * line.height) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0


# ---- notes


def _at_foot(lines: Sequence[Line], small: float) -> tuple[list[Line], list[Line]]:
    """Return the lines of the text, and those in small type with no line of the text below them."""
    if not any(line.height > small for line in lines):
        return list(lines), []
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    width = max(right - left, 1) / _STRIPS

    def strips(line: Line) -> range:
        return range(int((line.left - left) / width), min(int((line.right - left) / width) + 1, _STRIPS))

    lowest = [float("inf")] * _STRIPS
    for line in lines:
        if line.height > small:
            for strip in strips(line):
                lowest[strip] = min(lowest[strip], line.bottom)
    ground = min(lowest)
    body: list[Line] = []
    foot: list[Line] = []
    for line in lines:
        below = [lowest[strip] for strip in strips(line) if lowest[strip] < float("inf")] or [ground]
        (foot if line.height <= small and line.top <= min(below) + 0.3 * line.height else body).append(line)
    return body, foot


def _notes(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the notes at the foot of a page. A mark, or the number after that of the last note, begins a note."""
    notes: list[list[Line]] = []
    number = 0
    for paragraph in paragraphs_of(lines):
        note: list[Line] = []
        for line in paragraph:
            mark = _NOTE_MARK.match(line.text)
            counted = int(mark[1]) if mark and mark[1] else 0
            if note and mark and (not mark[1] or counted == number + 1):
                notes.append(note)
                note = []
            number = counted or number
            note.append(line)
        notes.append(note)
    return notes


# ---- pages to text


class _Text:
    """Collector of the paragraphs of pages. A sentence goes on across a page, and across what is printed there."""

    def __init__(self) -> None:
        self.paragraphs: list[list[Line]] = []
        self._open: list[int] = []  # positions of the last paragraphs of the text, the last one first
        self._note: int | None = None  # position of the last note of the page before

    def add_page(self, body: Sequence[list[Line]], notes: Sequence[list[Line]]) -> None:
        """Append a page."""
        place = self._continued(body)
        positions = []
        for number, paragraph in enumerate(body):
            if place is not None and number == place[1]:
                self.paragraphs[place[0]] += paragraph
                positions.append(place[0])
            else:
                positions.append(self._append(paragraph))
        if body:
            self._open = positions[: -_NEAR - 1 : -1]
        before, self._note = self._note, None
        for number, note in enumerate(notes):
            goes_on = number == 0 and before is not None and not _NOTE_MARK.match(note[0].text)
            if goes_on and before is not None and runs_on(self.paragraphs[before], note):
                self.paragraphs[before] += note
                self._note = before
            else:
                self._note = self._append(note)

    def _append(self, paragraph: list[Line]) -> int:
        self.paragraphs.append(list(paragraph))
        return len(self.paragraphs) - 1

    def _continued(self, body: Sequence[list[Line]]) -> tuple[int, int] | None:
        """Return the paragraph that the page continues, and the paragraph of the page that does so."""
        candidates = _reachable([self.paragraphs[position] for position in self._open])
        for after in range(_reachable(body[:_NEAR])):
            for before in range(candidates):
                surely = after > 0 or before > 0
                if runs_on(self.paragraphs[self._open[before]], body[after], surely=surely):
                    return self._open[before], after
        if self._note is not None and body and runs_on(self.paragraphs[self._note], body[0], surely=True):
            return self._note, 0
        return None


def _reachable(paragraphs: Sequence[Sequence[Line]]) -> int:
    """Return how many paragraphs can be reached if only short rows and notes are skipped."""
    for number, paragraph in enumerate(paragraphs):
        if _NOTE_MARK.match(paragraph[0].text):
            continue
        row = paragraph[0].bottom - paragraph[-1].bottom < 0.5 * paragraph[0].height
        if not row or sum(len(line.text) for line in paragraph) > _ASIDE:
            return number + 1
    return len(paragraphs)
