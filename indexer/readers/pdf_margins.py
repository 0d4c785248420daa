"""Find what is printed in the margins of a PDF's pages: running heads, page numbers and the numbers of lines.

They are known by their recurrence: the same text, or numbers that count with the pages, at the same height of the page.
What does not recur stays in the text.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import groupby, takewhile
from statistics import median

from .pdf_line_numbers import without_line_numbers
from .pdf_lines import Line

_OUTER = 3  # rows at the head and at the foot of a page that may be in its margin
_SAME_HEIGHT = 4.0  # points from the middle within which a running head is at the same height of every page
_MARGIN = 0.15  # height of the margin at the head and at the foot, where that of all text is 1
_APART = 1.4  # distance of a running foot from the text, at least, where its height is 1
_PAGES = 3  # pages on which a text must recur
_ROMAN = r"(?<!\w)m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})(?<=\w)(?!\w)"
_NUMBER = re.compile(rf"\d{{1,5}}|{_ROMAN}")
_PAGE_NUMBER = re.compile(
    rf"(?:page|seite|página|pagina|pag\.|pg\.?|p\.|s\.|n[o°º]\.?)?[\W_]*(\d{{1,5}}|{_ROMAN})[\W_]*"
    r"(?:(?:of|von|de|sur|di|van|/)\s*\d{1,5})?[\W_]*"
)
_NOTE_MARKS = "⁰¹²³⁴⁵⁶⁷⁸⁹*†‡§¶["  # a note is no running foot, though many notes may say the same
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}


@dataclass(frozen=True, slots=True)
class _Row:
    """A row at the head or at the foot of a page.

    Attributes:
        page: Number of the page, from 0.
        lines: Positions of its lines among those of the page.
        zone: 1 at the head of the page, -1 at its foot.
        text: Its text in small letters, with `#` for numbers.
        numbers: Values of these numbers.
        number: The page number that it may be, or None.
        is_apart: Whether space separates it from the text. The last line of a note has none above it.
    """

    page: int
    lines: tuple[int, ...]
    zone: int
    bottom: float
    height: float
    text: str
    numbers: tuple[int, ...]
    number: int | None
    is_apart: bool


def without_margins(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return the lines of all pages without running heads, page numbers and numbers of lines."""
    numbered = without_line_numbers(pages)
    edges = _edges(numbered)
    outer = [row for page, lines in enumerate(numbered) for row in _outer_rows(page, lines, edges)]
    parts = [part for row in outer if len(row.lines) > 1 for part in _parts(row, numbered[row.page])]
    counting = _counting([*outer, *parts])
    recurring = _recurring(outer, len(pages), {_offset(row) for row in counting})
    removed = {(row.page, i) for row in counting for i in row.lines}
    for _, rows in groupby(outer, key=lambda row: (row.page, row.zone)):
        # From the edge of the page inwards, so that no line inside the text is taken.
        margin = list(takewhile(lambda row: row in counting or row in recurring, rows))
        while margin and not margin[-1].is_apart:
            margin.pop()
        removed.update((row.page, i) for row in margin for i in row.lines)
    return [[line for i, line in enumerate(lines) if (page, i) not in removed] for page, lines in enumerate(numbered)]


# ---- rows at the edges of pages


def rows_of(lines: Sequence[Line]) -> list[list[int]]:
    """Return the positions of the lines of each row, from the head of the page to its foot."""
    rows: list[list[int]] = []
    lowest = 0.0
    for i in sorted(range(len(lines)), key=lambda i: -(lines[i].bottom + lines[i].top)):
        line = lines[i]
        if rows and (line.bottom + line.top) / 2 > lowest:
            rows[-1].append(i)
        else:
            rows.append([i])
            lowest = line.bottom + 0.1 * line.height
    return [sorted(row, key=lambda i: lines[i].left) for row in rows]


def _edges(pages: Sequence[Sequence[Line]]) -> tuple[float, float]:
    """Return the heights above which and below which a row may be in the margin of a page."""
    top = max((line.top for lines in pages for line in lines), default=0.0)
    bottom = min((line.bottom for lines in pages for line in lines), default=0.0)
    return top - _MARGIN * (top - bottom), bottom + _MARGIN * (top - bottom)


def _outer_rows(page: int, lines: Sequence[Line], edges: tuple[float, float]) -> Iterator[_Row]:
    rows = [(row, _box(lines, row)) for row in rows_of(lines)]
    half = (len(rows) + 1) // 2
    for zone, some in ((1, rows[:half]), (-1, rows[half:][::-1])):
        for (row, (bottom, top)), inner in zip(some[:_OUTER], [*some[1:], None], strict=False):
            if (top < edges[0]) if zone == 1 else (bottom > edges[1]):
                break
            is_apart = zone == 1 or inner is None or inner[1][0] - bottom > _APART * (top - bottom)
            yield _row(page, zone, lines, row, is_apart=is_apart)


def _row(page: int, zone: int, lines: Sequence[Line], row: Sequence[int], *, is_apart: bool) -> _Row:
    bottom, top = _box(lines, row)
    written = " ".join(lines[i].text for i in row).casefold()[:500]
    found = _PAGE_NUMBER.fullmatch(written)
    return _Row(
        page,
        tuple(row),
        zone,
        bottom,
        top - bottom,
        _NUMBER.sub("#", written),
        tuple(_value(number[0]) for number in _NUMBER.finditer(written)),
        _value(found[1]) if found else None,
        is_apart,
    )


def _parts(row: _Row, lines: Sequence[Line]) -> Iterator[_Row]:
    """Yield the numbers that are alone in a part of a row, such as a page number between the words of a dictionary."""
    for i in row.lines:
        part = _row(row.page, row.zone, lines, [i], is_apart=row.is_apart)
        if part.number is not None:
            yield part


def _box(lines: Sequence[Line], row: Sequence[int]) -> tuple[float, float]:
    """Return the bottom of a row, and the top of its tallest line."""
    bottom = min(lines[i].bottom for i in row)
    return bottom, bottom + max(lines[i].height for i in row)


def _value(number: str) -> int:
    if number.isdigit():
        return int(number)
    values = [_ROMAN_VALUES[letter] for letter in number]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _slots(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """Yield rows that are at about the same height of their pages."""
    slot: list[_Row] = []
    for row in sorted(rows, key=lambda row: (row.zone, row.bottom)):
        if slot and (row.zone != slot[0].zone or row.bottom - slot[0].bottom > 2 * _SAME_HEIGHT):
            yield slot
            slot = []
        slot.append(row)
    if slot:
        yield slot


def _counting(rows: Sequence[_Row]) -> set[_Row]:
    """Return the page numbers: numbers alone at one height that count with the pages, on two pages at least."""
    found: set[_Row] = set()
    for slot in _slots([row for row in rows if row.number is not None]):
        series = Counter(_offset(row) for row in slot)
        if max(series.values()) >= 2:
            # A part with its own numbers may have one page. Its number is known by its place.
            found.update(row for row in slot if series[_offset(row)] >= 2 or max(series.values()) >= _PAGES)
    return found


def _offset(row: _Row) -> int:
    return (row.number or 0) - row.page


def _recurring(rows: Sequence[_Row], pages: int, offsets: Set[int]) -> set[_Row]:
    """Return the running heads: rows of one text on three pages at least, of which only page numbers may differ.

    In a file of fewer pages, the first row of a text is kept and the others are running heads. `offsets` are the
    differences between the page numbers and the numbers of the pages in the file.
    """
    found: set[_Row] = set()
    least = min(_PAGES, pages)
    for slot in _slots(rows):
        texts: dict[str, list[_Row]] = defaultdict(list)
        for row in slot:
            if row.number is None and any(letter.isalpha() for letter in row.text) and row.text[0] not in _NOTE_MARKS:
                texts[row.text].append(row)
        for alike in texts.values():
            for some in _heads(alike, offsets):
                if least >= 2 and len(some) >= least:
                    # The head of a table is kept once.
                    keeps_first = least < _PAGES or len(some[0].lines) > 2
                    found.update(sorted(some, key=lambda row: row.page)[keeps_first:])
        found.update(_alternating(slot))
        heads = [row for row in slot if row in found]
        if len(heads) >= max(_PAGES, 0.5 * len(slot)):
            # Heads of short chapters share place and size with those that recur more often.
            size = median(row.height for row in heads)
            pairs = [
                row for alike in texts.values() for some in _heads(alike, offsets) if len(some) == 2 for row in some
            ]
            found.update(row for row in pairs if abs(row.height - size) < 0.05 * size)
    return found


def _alternating(slot: Sequence[_Row]) -> set[_Row]:
    """Return the heads of a short file that are of one text on left pages and of another on right pages.

    On three pages or more that follow each other, each page has one. The first row of each text is kept.
    """
    rows = sorted((row for row in slot if row.number is None), key=lambda row: row.page)
    pages = [row.page for row in rows]
    if len(rows) < _PAGES or pages != list(range(pages[0], pages[0] + len(rows))):
        return set()
    texts = [row.text for row in rows]
    alternate = texts[0] != texts[1] and texts[2:] == texts[:-2] and all(any(map(str.isalpha, t)) for t in texts[:2])
    return set(rows[2:]) if alternate and not any(text[0] in _NOTE_MARKS for text in texts[:2]) else set()


def _heads(rows: Sequence[_Row], offsets: Set[int]) -> Iterator[list[_Row]]:
    """Yield rows of one text that may be heads: a number in them counts with the pages, or no number differs.

    At the foot of a page, a number that counts may be that of a note. Then the file has other page numbers, or the note
    has further numbers.
    """
    found = [
        _counted(rows, place)
        for place, values in enumerate(zip(*(row.numbers for row in rows), strict=True))
        if len(set(values)) > 1
    ]
    counted = {offset for offset in found if offset is not None}
    may_be_note = rows[0].zone == -1 and (None in found or (offsets and not offsets & counted))
    if counted and not may_be_note:
        yield list(rows)
        return
    same: dict[tuple[int, ...], list[_Row]] = defaultdict(list)
    for row in rows:
        same[row.numbers].append(row)
    yield from same.values()


def _counted(rows: Sequence[_Row], place: int) -> int | None:
    """Return by how much a number in rows of one text is larger than that of its page, or None if it does not count."""
    [(offset, count)] = Counter(row.numbers[place] - row.page for row in rows).most_common(1)
    return offset if count >= 0.6 * len(rows) > 1 else None
