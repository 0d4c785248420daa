"""Group the lines of a PDF page into paragraphs.

A PDF has no paragraphs, only glyphs at positions. A paragraph is a run of lines at the usual leading, in one column and
one font size. It ends at a wider gap, another size, a bullet, or an indent or short line after a full stop.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from .pdf_lines import Line

CELL = 25
"""Maximum length in characters of a table cell. A longer line beside others is a line of a column."""
_ENDS_SENTENCE = re.compile(r"[.!?:;…][\"'”’»)\]⁰¹²³⁴-⁹]*$")
_SURELY_ENDS_SENTENCE = re.compile(r"[!?…][\"'”’»)\]⁰¹²³⁴-⁹]*$")
_ENDS_WORD_PART = re.compile(r"\w[-‐\x02\u00ad–]$")
_GOES_ON = re.compile(r"[\"'“‘«(\[]*[^\W\d_]")
_BULLET = re.compile(r"[•‣◦▪●○■▶]")
_NUMBERED = re.compile(r"(?:[*–—-]|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s")
_NEAR = 100  # number of lines before and after a line that tell the edge of its column
_COLUMN_ROWS = 4  # least number of rows of two lines side by side that make two columns


def paragraphs_of(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the lines of a page grouped into paragraphs, in reading order."""
    lines = _column_by_column([line for line in lines if line.text])
    leading = usual_leading(lines)
    paragraphs: list[list[Line]] = []
    for number, line in enumerate(lines):
        near = lines[max(0, number - _NEAR) : number + _NEAR]
        # In columns that are read row by row, the line above may be in an earlier paragraph of this page.
        recent = paragraphs[-4:] if line.shares_row else paragraphs[-1:]
        above = next((p for p in reversed(recent) if _continues(p[-1], line, leading, near)), None)
        if above is None:
            paragraphs.append([line])
        else:
            above.append(line)
    return _across_columns(paragraphs)


def runs_on(last: Sequence[Line], first: Sequence[Line], *, surely: bool = False) -> bool:
    """Return whether a sentence goes on from a paragraph to one that a page or a column separates from it.

    Args:
        last: Paragraph before the page or column.
        first: Paragraph after it.
        surely: Whether only a word that goes on or small letters count, and not the lengths of lines.
    """
    above, below = last[-1], first[0]
    if not 0.9 < above.height / below.height < 1.1 or _BULLET.match(below.text):
        return False
    begin = _GOES_ON.match(below.text)
    is_lower = begin is not None and begin[0][-1].islower()
    if _ENDS_WORD_PART.search(above.text):
        return is_lower or below.text[0].isdigit()
    if sum(len(line.text) for line in last[-3:]) < CELL or _SURELY_ENDS_SENTENCE.search(above.text):
        return False
    if surely and (above.shares_row or len(below.text) < CELL or _ENDS_SENTENCE.search(above.text)):
        return False
    if is_lower and (len(last) > 1 or len(above.text) > 2 * CELL):
        return _is_full(last, below) or not _ENDS_SENTENCE.search(above.text)
    if surely or _ENDS_SENTENCE.search(above.text) or _NUMBERED.match(below.text):
        return False
    indent = below.left - min(line.left for line in first)
    return len(last) > 1 and len(first) > 1 and _is_full(last, below) and indent < 0.7 * below.height


def usual_leading(lines: Sequence[Line]) -> float | None:
    """Return the distance between lines of a paragraph: the lower quartile, as gaps between paragraphs are larger."""
    steps = sorted(
        a.bottom - b.bottom
        for a, b in pairwise(lines)
        if 0.5 * a.height < a.bottom - b.bottom < 3 * a.height and _share_column(a, b)
    )
    return steps[len(steps) // 4] if len(steps) >= 3 else None


def _continues(above: Line, line: Line, leading: float | None, near: Sequence[Line]) -> bool:
    """Return whether `line` continues the paragraph whose last line is `above`. `near` are the lines around it."""
    step = above.bottom - line.bottom
    limit = 1.3 * leading if leading else 1.75 * above.height
    outdented = above.left - 3 * above.height < line.left < above.left < line.right  # the first line was indented
    if step < 0.3 * above.height or step > limit or not (outdented or _share_column(above, line)):
        return False
    if not 0.85 < above.height / line.height < 1.18 or _BULLET.match(line.text):
        return False
    if above.shares_row and len(above.text) < CELL:
        return False
    edge = _right_edge(near, line)
    short = above.right < edge - 0.15 * (edge - above.left)
    ends = bool(_ENDS_SENTENCE.search(above.text))
    if _NUMBERED.match(line.text) and (short or ends):
        return False
    indented = line.left - above.left > 0.7 * line.height and not _share_centre(above, line)
    return not (ends and (short or indented))


def _is_full(lines: Sequence[Line], after: Line) -> bool:
    """Return whether the last line of a paragraph has no room for the first word of the line after it."""
    room = max(line.right for line in lines[-_NEAR:]) - lines[-1].right
    word = (after.right - after.left) * (len(after.text.partition(" ")[0]) + 1) / len(after.text)
    return room < word + 1.5 * after.height


def _share_column(a: Line, b: Line) -> bool:
    overlap = min(a.right, b.right) - max(a.left, b.left)
    return overlap > 0.5 * min(a.right - a.left, b.right - b.left)


def _share_centre(a: Line, b: Line) -> bool:
    return abs((a.left + a.right) - (b.left + b.right)) < b.height


def _right_edge(lines: Sequence[Line], line: Line) -> float:
    return max(other.right for other in lines if _share_column(other, line))


def _across_columns(paragraphs: list[list[Line]]) -> list[list[Line]]:
    """Continue a paragraph from the foot of a column at the head of the next one."""
    joined: list[list[Line]] = []
    for paragraph in paragraphs:
        last = joined[-1] if joined else None
        if (
            last
            and paragraph[0].bottom > last[-1].top
            and paragraph[0].left > last[-1].right
            and runs_on(last, paragraph)
        ):
            last += paragraph
        else:
            joined.append(paragraph)
    return joined


def _column_by_column(lines: Sequence[Line]) -> list[Line]:
    """Return the lines with two columns one after the other, where the file has them row by row."""
    ordered: list[Line] = []
    start = 0
    while start < len(lines):
        left, right = _columns(lines, start)
        ordered += left
        ordered += right
        start += len(left) + len(right)
    return ordered


def _columns(lines: Sequence[Line], start: int) -> tuple[list[Line], list[Line]]:
    """Return the lines of the two columns that begin at `start`. Cells of a table and other lines are one column."""
    columns: tuple[list[Line], list[Line]] = ([], [])
    edges = (float("-inf"), float("inf"))  # right edge of the left column, left edge of the right one
    long_rows = rows = 0
    number = start
    while number < len(lines):
        line, after = lines[number], lines[number + 1] if number + 1 < len(lines) else None
        if line.shares_row and after is not None and after.shares_row and _share_row(line, after):
            edges = (max(edges[0], line.right), min(edges[1], after.left))
            if edges[0] >= edges[1]:
                break
            columns[0].append(line)
            columns[1].append(after)
            rows += 1
            long_rows += min(len(line.text), len(after.text)) >= CELL
            number += 2
        elif rows and (line.right < edges[1] or line.left > edges[0]) and line.bottom < columns[0][0].bottom:
            columns[line.left > edges[0]].append(line)
            number += 1
        else:
            break
    if long_rows >= max(_COLUMN_ROWS, 0.5 * rows):
        return columns
    return list(lines[start : max(number, start + 1)]), []


def _share_row(a: Line, b: Line) -> bool:
    return abs(a.bottom - b.bottom) < 0.5 * a.height and a.right < b.left
