"""Find the numbers of lines in the margin of a PDF's pages, as in verse, transcripts and bills.

They are numbers in a column of their own that count the lines, one by one or in steps.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from .pdf_lines import Line
from .pdf_paragraphs import CELL, usual_leading

_LINE_NUMBER = re.compile(r"[1-9]\d{0,3}", re.ASCII)
_STEPS = (1, 2, 3, 4, 5, 10, 20)
_MOST_LINES = 2000  # no page with more has numbered lines
_EVERY_LINE = 8  # least number of counted lines on a page, where each has its number


def without_line_numbers(pages: Sequence[Sequence[Line]]) -> list[list[Line]]:
    """Return the pages without numbers of lines. A number that is none is put back before or after its text."""
    columns = [_numbered_lines(lines) for lines in pages]
    steps = Counter(step for _, step in columns)
    model = next(
        (([lines[i] for i in found], step) for lines, (found, step) in zip(pages, columns, strict=True) if step > 1),
        None,
    )
    kept: list[list[Line]] = []
    for lines, (numbers, step) in zip(pages, columns, strict=True):
        is_column = step > 1 or (step == 1 and steps[1] >= 2)
        if not is_column and model is not None:
            numbers = _lone_numbers(lines, *model)
            is_column = bool(numbers)
        kept.append(_unglued(lines, numbers if is_column else frozenset()))
    return kept


def _numbered_lines(lines: Sequence[Line]) -> tuple[frozenset[int], int]:
    """Return the positions of the numbers of lines of a page, and how many lines they count at a time, or 0."""
    numbers = [i for i, line in enumerate(lines) if _LINE_NUMBER.fullmatch(line.text)]
    if len(lines) > _MOST_LINES:
        return frozenset(), 0
    columns = [*_aligned(numbers, lambda i: lines[i].left), *_aligned(numbers, lambda i: lines[i].right)]
    for column in sorted(columns, key=len, reverse=True):
        if step := _step(lines, column):
            return frozenset(column), step
    return frozenset(), 0


def _aligned(numbers: Sequence[int], edge: Callable[[int], float]) -> Iterator[list[int]]:
    """Yield numbers that share an edge."""
    column: list[int] = []
    for i in sorted(numbers, key=edge):
        if column and edge(i) - edge(column[-1]) > 2:
            yield column
            column = []
        column.append(i)
    if column:
        yield column


def _step(lines: Sequence[Line], column: Sequence[int]) -> int:
    """Return how many lines a column of numbers counts at a time, or 0 if it does not count lines."""
    ordered = sorted(column, key=lambda i: -lines[i].bottom)
    values = [int(lines[i].text) for i in ordered]
    gaps = {b - a for a, b in pairwise(values)}
    step = min(gaps, default=0)
    if step not in _STEPS or len(values) < (_EVERY_LINE if step == 1 else 2) or any(gap % step for gap in gaps):
        return 0
    if step > 1 and any(value % step for value in values):
        return 0
    if values != sorted(values):
        return 0
    left, right = min(lines[i].left for i in ordered), max(lines[i].right for i in ordered)
    top, bottom = lines[ordered[0]].top, lines[ordered[-1]].bottom
    inside = set(column)
    text = [line for i, line in enumerate(lines) if i not in inside and line.bottom < top and line.top > bottom]
    if not text or any(line.left < right and line.right > left for line in text):
        return 0
    if step == 1:
        return 1 if median(len(line.text) for line in text) >= CELL else 0
    return step if _counts_lines(lines, ordered, values, text) else 0


def _counts_lines(lines: Sequence[Line], ordered: Sequence[int], values: Sequence[int], text: Sequence[Line]) -> bool:
    """Return whether numbers are as far apart as the lines that they count."""
    leading = usual_leading([line for line in text if not _LINE_NUMBER.fullmatch(line.text)])
    if leading is None:
        return False
    pitches = [
        (lines[a].bottom - lines[b].bottom) / (after - before)
        for (a, b), (before, after) in zip(pairwise(ordered), pairwise(values), strict=True)
    ]
    return 0.85 * leading < median(pitches) < 1.6 * leading


def _lone_numbers(lines: Sequence[Line], column: Sequence[Line], step: int) -> frozenset[int]:
    """Return the numbers of a short page that are in the place of a column of another page."""
    if len(lines) > _MOST_LINES:
        return frozenset()
    found = set()
    for i, line in enumerate(lines):
        if not _LINE_NUMBER.fullmatch(line.text) or int(line.text) % step:
            continue
        in_place = any(abs(line.left - other.left) < 2 or abs(line.right - other.right) < 2 for other in column)
        if in_place and not any(_share_place(line, other) for j, other in enumerate(lines) if j != i):
            found.add(i)
    return frozenset(found)


def _share_place(number: Line, line: Line) -> bool:
    return line.left < number.right and line.right > number.left and not _LINE_NUMBER.fullmatch(line.text)


def _unglued(lines: Sequence[Line], removed: frozenset[int]) -> list[Line]:
    """Return the lines without those removed, with every other number joined to the text that it was cut from."""
    kept: list[Line] = []
    alone = False  # whether what shared its row was removed
    for i, line in enumerate(lines):
        if i in removed:
            if kept and kept[-1].shares_row and line.bottom < kept[-1].top and line.top > kept[-1].bottom:
                kept[-1] = replace(kept[-1], shares_row=False)
            alone = True
            continue
        if line.is_glued and not alone and kept:
            last = kept[-1]
            kept[-1] = replace(
                max(last, line, key=lambda part: len(part.text)),
                text=f"{last.text} {line.text}",
                left=last.left,
                right=line.right,
            )
        else:
            kept.append(replace(line, shares_row=line.shares_row and not alone, is_glued=False))
        alone = False
    return kept
