"""Read the glyphs of a PDF page as lines.

PDFium gives characters with their boxes. A row is cut at wide spaces, because these separate table cells or columns.
Digits that are smaller and higher than their line are note marks.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from ..text.marks import note_mark
from .raised import is_note_letter

if TYPE_CHECKING:
    from pypdfium2 import PdfTextPage  # type: ignore[import-untyped]

_BLANK = (32, 0xA0, 9)
_NO_INK = (*_BLANK, 0, 2)
_WIDE = 1.5  # width of a space that separates cells, at least, where the height of the type is 1
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_DIGITS = range(0x30, 0x3A)
_STOPS = (*".,;:!?)]", "”", "’", "»")
_APART = re.compile(r"(?<=[^\W\d_]) (?=[⁰¹²³⁴-⁹]+(?:[\s.,;:!?]|$))|(?<=[.,;:!?”’)\]]) (?=[⁰¹²³⁴-⁹]+(?:\s|$))")
_NOTE_LETTERS = re.compile(r"(?<=[^\W\d_])(?:[a-z](?:,[a-z])+|[abc])(?![^\W\d_])")
_STRETCHED = 6  # width of a space in a justified line, at most
_NEW_ROW = 0.7  # distance of baselines, at least, where the height of the type is 1
_LONGEST_ROW = 1000  # number of characters up to which the parts of a row are put together
_MARGIN_NUMBER = 4  # most digits of the number of a line


@dataclass(frozen=True, slots=True)
class Line:
    """A run of text on one baseline. Its box is in points from the lower left corner of the page.

    Attributes:
        shares_row: Whether a wide space separates it from other text of its row.
        is_glued: Whether only a narrow space separates it from the number before it, or from the text if it is one.
    """

    text: str
    left: float
    bottom: float
    right: float
    top: float
    shares_row: bool = False
    is_glued: bool = False

    @property
    def height(self) -> float:
        """Height of the font's box in points."""
        return max(self.top - self.bottom, 0.1)


def lines_of(page: "PdfTextPage") -> list[Line]:
    """Return the lines of a page in the order of the file."""
    from pypdfium2.raw import FPDFText_GetUnicode  # type: ignore[import-untyped]

    codes = [FPDFText_GetUnicode(page, i) for i in range(page.count_chars())]
    lines: list[Line] = []
    start = 0
    for i, code in enumerate([*codes, 10]):
        if code not in (10, 13, 2):
            continue
        for first, end in _rows(page, codes, start, i + (code == 2)):
            fragments = list(_fragments(page, codes, first, end))
            shares_row = any(not is_glued for _, _, is_glued in fragments[1:])
            for a, b, is_glued in fragments:
                line = _line(page, codes, a, b)
                if line.text:
                    _append(lines, replace(line, shares_row=shares_row, is_glued=is_glued))
        start = i + 1
    return lines


def _rows(page: "PdfTextPage", codes: Sequence[int], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut what PDFium takes for one row where the baseline changes.

    It takes a page of short lines for vertical writing, and puts the ends of lines between the letters.
    """
    from pypdfium2.raw import FPDFText_GetCharAngle

    inked = [i for i in range(start, end) if codes[i] not in _NO_INK]
    if not inked:
        return
    boxes = [page.get_charbox(i, loose=True) for i in (inked[0], inked[len(inked) // 2], inked[-1])]
    lowest, height = min(box[1] for box in boxes), max(box[3] - box[1] for box in boxes)
    first = start
    if max(box[1] for box in boxes) - lowest > _NEW_ROW * height and not FPDFText_GetCharAngle(page, inked[0]) > 0:
        baseline = boxes[0][1]
        for i in inked:
            bottom = page.get_charbox(i, loose=True)[1]
            if abs(bottom - baseline) > _NEW_ROW * height:
                yield first, i
                first, baseline = i, bottom
    yield first, end


def _append(lines: list[Line], line: Line) -> None:
    """Append a line, or continue the last one where a raised mark has cut a row in two."""
    last = lines[-1] if lines else None
    is_apart = line.shares_row or line.is_glued or last is None or last.is_glued or len(last.text) > _LONGEST_ROW
    if last is None or is_apart or not _adjoin(last, line):
        lines.append(line)
        return
    space = " " if line.left - last.right > 0.1 * min(last.height, line.height) else ""
    tall = max(last, line, key=lambda part: part.height)
    texts = [_raised(part, tall) for part in (last, line)]
    lines[-1] = replace(tall, text=space.join(texts), left=last.left, right=line.right, shares_row=last.shares_row)


def _adjoin(a: Line, b: Line) -> bool:
    height = min(a.height, b.height)
    return -0.3 * height < b.left - a.right < height and min(a.top, b.top) - max(a.bottom, b.bottom) > 0.5 * height


def _raised(part: Line, tall: Line) -> str:
    is_mark = part.text.isascii() and part.text.isdigit()
    is_mark = is_mark and part.height < 0.85 * tall.height and part.bottom > tall.bottom + 0.1 * tall.height
    return note_mark(part.text) if is_mark else part.text


def _fragments(page: "PdfTextPage", codes: Sequence[int], start: int, end: int) -> Iterator[tuple[int, int, bool]]:
    """Cut a row at spaces wider than those between words: table cells, or lines of neighbouring columns.

    A number at its beginning or end is cut off at a narrower space too, because it may be in the margin. The third
    value is then true for the second part.
    """
    inked = [i for i in range(start, end) if codes[i] not in _NO_INK]
    if not inked:
        return
    spaces = []  # characters before and after each space, its width where the height of the type is 1
    for before, after in pairwise(inked):
        if after - before > 1 and all(codes[i] in _BLANK for i in range(before + 1, after)):
            left, right = page.get_charbox(before, loose=True), page.get_charbox(after, loose=True)
            spaces.append((before, after, (right[0] - left[2]) / max(left[3] - left[1], 0.1)))
    first, was_narrow = inked[0], False
    for before, after, width in () if _is_justified(spaces, inked) else spaces:
        is_number = _is_number(codes, first, before) or _is_number(codes, after, inked[-1])
        if width > _WIDE or (is_number and width > 0.6):
            yield first, before + 1, was_narrow
            first, was_narrow = after, width <= _WIDE
    yield first, end, was_narrow


def _is_justified(spaces: Sequence[tuple[int, int, float]], inked: Sequence[int]) -> bool:
    """Return whether a few words of several lengths with equal spaces fill a line."""
    widths = [width for _, _, width in spaces]
    starts = [inked[0], *(after for _, after, _ in spaces)]
    lengths = {before - start for start, (before, _, _) in zip(starts, spaces, strict=False)}
    return len(widths) > 1 and len(lengths) > 1 and _WIDE < max(widths) < min(_STRETCHED, min(widths) + 0.15)


def _is_number(codes: Sequence[int], first: int, last: int) -> bool:
    return last - first < _MARGIN_NUMBER and all(codes[i] in _DIGITS for i in range(first, last + 1))


def _line(page: "PdfTextPage", codes: Sequence[int], start: int, end: int) -> Line:
    inked = [i for i in range(start, end) if codes[i] not in _NO_INK]
    boxes = [page.get_charbox(i, loose=True) for i in (inked[0], inked[len(inked) // 2], inked[-1])]
    left, right = min(box[0] for box in boxes), max(box[2] for box in boxes)
    tallest = max(boxes, key=lambda box: box[3] - box[1])  # a raised mark does not give the height of its line
    marks = set(_marks(page, codes, inked, tallest))
    written = [ord(note_mark(chr(codes[i]))) if i in marks else codes[i] for i in range(start, end)]
    for first, last, mark in reversed(list(_letters(page, codes, start, end))):
        written[first - start : last - start] = map(ord, mark)
    return Line(_APART.sub("", _text(written)), left, tallest[1], right, tallest[3])


def _marks(
    page: "PdfTextPage", codes: Sequence[int], inked: Sequence[int], tallest: tuple[float, ...]
) -> Iterator[int]:
    """Yield digits that are note marks: smaller and higher than what is before them, or small right after a word."""
    last = -1
    beside = tallest  # box of the last character that is not part of a mark
    for before, i in pairwise([-1, *inked]):
        if codes[i] not in _DIGITS:
            continue
        if before >= 0 and before != last and codes[before] not in _DIGITS:
            beside = page.get_charbox(before, loose=True)
        box = page.get_charbox(i, loose=True)
        height = max(beside[3] - beside[1], 0.1)
        rise = (box[1] - beside[1]) / height
        follows = before == i - 1 and (before == last or _ends_word(codes, before))
        if box[3] - box[1] < 0.85 * height and (rise > 0.1 or (rise > 0.05 and follows)):
            last = i
            yield i


def _letters(page: "PdfTextPage", codes: Sequence[int], start: int, end: int) -> Iterator[tuple[int, int, str]]:
    """Yield note marks of letters, such as those of authors' addresses: first character, end, and the mark."""
    text = "".join(chr(code) if code < 0x110000 else " " for code in codes[start:end])
    for match in _NOTE_LETTERS.finditer(text):
        first = start + match.start()
        beside, box = page.get_charbox(first - 1, loose=True), page.get_charbox(first, loose=True)
        height = max(beside[3] - beside[1], 0.1)
        is_raised = box[3] - box[1] < 0.85 * height and box[1] - beside[1] > 0.1 * height
        if is_raised and is_note_letter(match[0], text[: match.start()][-30:]):
            yield first, start + match.end(), note_mark(match[0])


def _ends_word(codes: Sequence[int], last: int) -> bool:
    """Return whether a character ends a word of some length, or a part of a sentence."""
    end = "".join(chr(code) for code in codes[max(0, last - 3) : last + 1] if code < 0x110000)
    return (end.isalpha() and len(end) == 4) or end[-1:] in _STOPS


def _text(codes: Sequence[int]) -> str:
    """Return the text of UTF-16 code units or code points. Which of them PDFium gives depends on its version."""
    units = "".join(chr(code) for code in codes if 0 < code < 0x110000)
    text = units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return re.sub(r"\s+", " ", text.translate(_LIGATURES)).strip(" ")
