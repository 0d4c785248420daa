"""Read PDF as paragraphs.

PDFium (pypdfium2: Apache-2.0/BSD-3) gives characters with their boxes. This file groups them into lines and paragraphs,
because a PDF has no paragraphs, only glyphs at positions. A paragraph is a run of lines at the usual leading, in one
column and one font size. It ends at a wider gap, another size, a bullet, or an indent or short line after a full stop.
A word cut at a line's end is joined, unless the document has it with a hyphen elsewhere. Pages are read one at a time.
Page headers are paragraphs.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from .records import Extract, ReadOptions, UnreadableError

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfTextPage  # type: ignore[import-untyped]

_LINE_HYPHEN = "\x02"  # PDFium's code for a hyphen at the end of a line
_ENDS_SENTENCE = re.compile(r"[.!?:;…][\"'”’»)\]]*$")
_BULLET = re.compile(r"[•‣◦▪●○■▶]")
_NUMBERED = re.compile(r"(?:[*–—-]|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s")
_EAST_ASIAN = r"[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]"
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
# Maximum length in characters of a table cell. A longer line beside others is a line of a column.
_CELL = 25


@dataclass(frozen=True, slots=True)
class Line:
    """A run of text on one baseline. Its box is in points from the lower left corner of the page."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    shares_row: bool = False

    @property
    def height(self) -> float:
        """Height of the font's box in points."""
        return max(self.top - self.bottom, 0.1)


def read_pdf(path: Path, _options: ReadOptions) -> Iterator[Extract]:
    """Yield the PDF's paragraphs with title, author and year."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        encrypted = "password" in str(error).lower()
        raise UnreadableError("encrypted: it asks for a password" if encrypted else f"damaged: {error}") from None
    try:
        paragraphs: list[list[str]] = []
        for number in range(len(document)):
            _append_page(paragraphs, page_paragraphs(_page_lines(document, number)))
        information = document.get_metadata_dict(skip_empty=True)
    finally:
        document.close()
    if not paragraphs:
        raise UnreadableError("no text in it: scanned pages need OCR first")
    yield Extract("\n\n".join(_joined(paragraphs)), _information(information))


def _information(fields: dict[str, str]) -> dict[str, object]:
    found: dict[str, object] = {"title": fields.get("Title", ""), "author": fields.get("Author", "")}
    if year := re.match(r"(?:D:)?([12]\d{3})", fields.get("CreationDate", "")):
        found["year"] = year[1]
    return found


# ---- glyphs to lines


def _page_lines(document: "PdfDocument", number: int) -> list[Line]:
    import pypdfium2

    try:
        page = document[number]
    except pypdfium2.PdfiumError as error:
        raise UnreadableError(f"damaged: page {number + 1}: {error}") from None
    try:
        text_page = page.get_textpage()
        try:
            return _lines(text_page)
        finally:
            text_page.close()
    finally:
        page.close()


def _lines(page: "PdfTextPage") -> list[Line]:
    from pypdfium2.raw import FPDFText_GetUnicode  # type: ignore[import-untyped]

    codes = [FPDFText_GetUnicode(page, i) for i in range(page.count_chars())]
    lines: list[Line] = []
    start = 0
    for i, code in enumerate([*codes, 10]):
        if code not in (10, 13, 2):
            continue
        fragments = list(_fragments(page, codes, start, i + (code == 2)))
        lines += [_line(page, codes, a, b, shares_row=len(fragments) > 1) for a, b in fragments]
        start = i + 1
    return lines


def _fragments(page: "PdfTextPage", codes: Sequence[int], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a row at spaces wider than those between words: table cells, or lines of neighbouring columns."""
    blank = [i for i in range(start, end) if codes[i] in (32, 0xA0, 9)]
    inked = [i for i in range(start, end) if codes[i] not in (32, 0xA0, 9, 0, 2)]
    if not inked:
        return
    first = inked[0]
    for i in blank:
        if not first < i < inked[-1] or codes[i + 1] in (32, 0xA0, 9):
            continue
        before = next(j for j in range(i, first - 1, -1) if codes[j] not in (32, 0xA0, 9))
        left = page.get_charbox(before, loose=True)
        if page.get_charbox(i + 1, loose=True)[0] - left[2] > 1.5 * (left[3] - left[1]):
            yield first, before + 1
            first = i + 1
    yield first, end


def _line(page: "PdfTextPage", codes: Sequence[int], start: int, end: int, *, shares_row: bool) -> Line:
    inked = [i for i in range(start, end) if codes[i] not in (32, 0xA0, 9, 0, 2)]
    boxes = [page.get_charbox(i, loose=True) for i in (inked[0], inked[len(inked) // 2], inked[-1])]
    left, right = min(box[0] for box in boxes), max(box[2] for box in boxes)
    tallest = max(boxes, key=lambda box: box[3] - box[1])  # a superscript does not give the height of its line
    return Line(_text(codes[start:end]), left, tallest[1], right, tallest[3], shares_row)


def _text(codes: Sequence[int]) -> str:
    """Return the text of UTF-16 code units or code points. Which of them PDFium gives depends on its version."""
    units = "".join(chr(code) for code in codes if 0 < code < 0x110000)
    text = units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return re.sub(r"\s+", " ", text.translate(_LIGATURES)).strip(" ")


# ---- lines to paragraphs


def page_paragraphs(lines: Sequence[Line]) -> list[list[str]]:
    """Return the lines of a page grouped into paragraphs, in reading order."""
    lines = [line for line in lines if line.text]
    leading = _usual_leading(lines)
    paragraphs: list[list[Line]] = []
    for line in lines:
        # In columns that are read row by row, the line above may be in an earlier paragraph of this page.
        recent = paragraphs[-4:] if line.shares_row else paragraphs[-1:]
        above = next((p for p in reversed(recent) if _continues(p[-1], line, leading, _right_edge(lines, line))), None)
        if above is None:
            paragraphs.append([line])
        else:
            above.append(line)
    return [[line.text for line in paragraph] for paragraph in paragraphs]


def _continues(above: Line, line: Line, leading: float | None, edge: float) -> bool:
    """Return whether `line` continues the paragraph whose last line is `above`."""
    step = above.bottom - line.bottom
    limit = 1.3 * leading if leading else 1.75 * above.height
    if step < 0.3 * above.height or step > limit or not _share_column(above, line):
        return False
    if not 0.85 < above.height / line.height < 1.18 or _BULLET.match(line.text):
        return False
    if above.shares_row and len(above.text) < _CELL:
        return False
    short = above.right < edge - 0.15 * (edge - above.left)
    ends = bool(_ENDS_SENTENCE.search(above.text))
    if _NUMBERED.match(line.text) and (short or ends):
        return False
    indented = line.left - above.left > 0.7 * line.height and not _share_centre(above, line)
    return not (ends and (short or indented))


def _share_column(a: Line, b: Line) -> bool:
    overlap = min(a.right, b.right) - max(a.left, b.left)
    return overlap > 0.5 * min(a.right - a.left, b.right - b.left)


def _share_centre(a: Line, b: Line) -> bool:
    return abs((a.left + a.right) - (b.left + b.right)) < b.height


def _right_edge(lines: Sequence[Line], line: Line) -> float:
    return max(other.right for other in lines if _share_column(other, line))


def _usual_leading(lines: Sequence[Line]) -> float | None:
    """Return the distance between lines of a paragraph: the lower quartile, as gaps between paragraphs are larger."""
    steps = sorted(
        a.bottom - b.bottom
        for a, b in pairwise(lines)
        if 0.5 * a.height < a.bottom - b.bottom < 3 * a.height and _share_column(a, b)
    )
    return steps[len(steps) // 4] if len(steps) >= 3 else None


# ---- paragraphs to text


def _append_page(paragraphs: list[list[str]], page: list[list[str]]) -> None:
    """Append a page. A sentence interrupted by the page break continues."""
    if paragraphs and page and _runs_on(paragraphs[-1][-1], page[0][0]):
        paragraphs[-1] += page.pop(0)
    paragraphs += page


def _runs_on(last: str, first: str) -> bool:
    if min(len(last), len(first)) < _CELL:
        return False
    return first[0].islower() and re.search(r"[\w,\x02-]$", last) is not None


def _joined(paragraphs: Sequence[Sequence[str]]) -> list[str]:
    written = {word.lower() for lines in paragraphs for line in lines for word in _WORDS.findall(line)}
    texts = (join_lines(lines, written) for lines in paragraphs)
    return [text for text in texts if text.strip()]


def join_lines(lines: Sequence[str], written: set[str] | frozenset[str] = frozenset()) -> str:
    """Join the lines of a paragraph.

    Args:
        written: Words of the document in lower case. They decide whether a hyphen at a line's end is kept, as in
            `well-known`, or removed, as in `won-dered`.
    """
    text = lines[0]
    for line in lines[1:]:
        text = _join(text, line, written)
    return text.replace(_LINE_HYPHEN, "-").replace("\u00ad", "")


def _join(text: str, line: str, written: set[str] | frozenset[str]) -> str:
    if text.endswith("\u00ad"):
        return text[:-1] + line
    if not re.search(r"\w[-‐\x02]$", text):
        tight = re.search(_EAST_ASIAN + "$", text) and re.match(_EAST_ASIAN, line)
        return f"{text}{line}" if tight else f"{text} {line}"
    head = re.search(r"[^\W\d_]+(?:-[^\W\d_]+)*$", text[:-1])
    tail = re.match(r"[^\W\d_]+", line)
    if head is None or tail is None or not tail[0][0].islower() or "-" in head[0]:
        return f"{text[:-1]}-{line}"
    whole, hyphenated = (head[0] + tail[0]).lower(), f"{head[0]}-{tail[0]}".lower()
    if hyphenated in written and whole not in written:
        return f"{text[:-1]}-{line}"
    return text[:-1] + line
