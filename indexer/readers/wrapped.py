"""Read plain text in lines: words that are cut at line ends, numbers of pages and verses, form feeds.

What a printer puts between the lines is left out only where it is recognised by its recurrence. Lines of
verse stay.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .hyphens import cut_word, hyphens_of, without_cuts

_BEFORE_FEED = re.compile("(?<=[^\n])(?=\f)")
_PAGE = re.compile(r"[ \t\f]*(?P<open>[-–—\[(|.]*)[ \t]*(?:[Pp](?:age|g|\.)[ \t]*)?(\d{1,4})[ \t]*[-–—\])|.]*[ \t\f]*")
_RIGHT = re.compile(r"(?P<text>.*[^\W\d_].*?\S|[^\W\d_])(?P<gap>[ \t]+)(?P<number>\d{1,5})[ \t]*")
_LEFT = re.compile(r"[ \t]*(?P<number>\d{1,5})(?P<gap>[ \t]{2,}|\t)(?P<text>\S.*)")
_ALONE = re.compile(r"[ \t]*(?P<number>\d{1,5})[ \t]*(?P<gap>)(?P<text>)")
_ENDS_SENTENCE = re.compile(r"[.!?:;…][\"'”’»)\]*_]*\s*$")
_LEAST_STEP = 4  # verses are numbered every fifth or tenth line, at least every fourth
_LEAST_PAGE = 15  # minimum number of lines from one page number to the next
_PART = 2**24  # length in characters of a text that is read at once
_LONGEST = 400  # maximum length in characters of a line that may have a number of its own
_NARROW = 40  # width in characters below which `text.sentences` takes lines for verse or a list
_LIST_MARK = re.compile(r"\s*(?:[-*+•‣▪◦·–—]|\(?(?:\d{1,3}|[A-Za-z]|[ivxlc]{1,5})[.)])\s")


@dataclass(frozen=True, slots=True)
class _Number:
    """A number that may be that of a page or a line: place of its line, value, text without it.

    Attributes:
        strong: Whether it is set off from the text.
        order: Number of lines with text before this line.
    """

    place: int
    value: int
    text: str
    strong: bool
    order: int


def read_wrapped(text: str, language: str = "en") -> str:
    """Return a text without numbers of pages and verses, with the words that were cut at line ends."""
    return "".join(_read_part(part, language) for part in _parts(text))


def _parts(text: str) -> Iterator[str]:
    """Cut a long text between paragraphs, because its lines take several times the memory of the text."""
    start = 0
    while len(text) - start > _PART:
        end = text.rfind("\n\n", start, start + _PART)
        if end <= start:
            break
        yield text[start : end + 2]
        start = end + 2
    yield text[start:]


def _read_part(text: str, language: str) -> str:
    lines = _without_verse_numbers(_without_pages(text))
    hyphens = hyphens_of(lines, language)
    if hyphens is None:
        return "\n".join(lines)
    joined = without_cuts(lines, hyphens)
    return "\n".join(_unwrapped(joined) if _is_narrow(lines) else joined)


# ---- pages


def _without_pages(text: str) -> list[str]:
    """Return the lines without page numbers and the form feeds beside them. A sentence that they interrupt goes on.

    Without such numbers and sentences every character stays.
    """
    lines = (_BEFORE_FEED.sub("\n", text) if "\f" in text else text).split("\n")
    numbers = _page_numbers(lines)
    if not numbers and "\f" not in text:
        return lines
    is_changed = bool(numbers)
    found: list[str] = []
    seam = False  # whether the lines since the last text hold the end of a page
    for place, line in enumerate(lines):
        before, feed, after = line.rpartition("\f")
        if place in numbers:
            seam = True
            continue
        if feed and not before.strip("\f \t"):
            seam, line = True, after
        if not line.strip(" \t\f"):
            found.append(line.replace("\f", ""))
            continue
        if seam:
            is_changed |= _close_seam(found, line)
            seam = False
        found.append(line)
    return found if is_changed else text.split("\n")


def _close_seam(found: list[str], line: str) -> bool:
    """Remove the blank lines before a line if a sentence goes on in it after the end of a page. Return if any were."""
    last = len(found)
    while last and not found[last - 1].strip():
        last -= 1
    if last and not _ENDS_SENTENCE.search(found[last - 1]) and line.lstrip()[:1].islower():
        is_changed = last < len(found)
        del found[last:]
        return is_changed
    return False


def _page_numbers(lines: Sequence[str]) -> set[int]:
    candidates = [(place, int(m[2])) for place, line in enumerate(lines) if (m := _page_number(lines, place, line))]
    at_feeds = {place for place, _ in candidates if _is_at_feed(lines, place)}
    found: set[int] = set(at_feeds) if len(at_feeds) > 1 else set()
    run: list[int] = []
    for (place, value), (following, other) in pairwise([*candidates, (-1, -1)]):
        run.append(place)
        if not (1 <= other - value <= 3 and following - place >= _LEAST_PAGE):
            # Chapters have such numbers too, but they do not come in the middle of sentences.
            inside = sum(_interrupts(lines, number) for number in run)
            found.update(run if len(run) > 2 and inside > 0.3 * len(run) else ())
            run = []
    return found | _numbers_of_short_pages(lines, candidates)


def _numbers_of_short_pages(lines: Sequence[str], candidates: Sequence[tuple[int, int]]) -> set[int]:
    """Return numbers that count by one between blank lines, if sentences go on in small letters after a third of them.

    Such pages may be of any length.
    """
    found: set[int] = set()
    run: list[int] = []
    alone = [(place, value) for place, value in candidates if _is_alone(lines, place)]
    for (place, value), (_, other) in pairwise([*alone, (-1, -1)]):
        run.append(place)
        if other != value + 1:
            inside = sum(_surely_interrupts(lines, number) for number in run)
            found.update(run if len(run) > 1 and 3 * inside >= len(run) else ())
            run = []
    return found


def _is_alone(lines: Sequence[str], place: int) -> bool:
    """Return whether blank lines are before and after a line."""
    return 0 < place < len(lines) - 1 and not lines[place - 1].strip() and not lines[place + 1].strip()


def _page_number(lines: Sequence[str], place: int, line: str) -> re.Match[str] | None:
    """Return the match of a line that is a number beside a blank line, a form feed, or the edge of the text."""
    if len(line) > 40 or not (match := _PAGE.fullmatch(line)):
        return None
    beside = [lines[n] for n in (place - 1, place + 1) if 0 <= n < len(lines)]
    free = len(beside) < 2 or any(not other.strip() or "\f" in other for other in (*beside, *([line] * ("\f" in line))))
    return match if free else None


def _is_at_feed(lines: Sequence[str], place: int) -> bool:
    if "\f" in lines[place]:
        return True
    return any("\f" in line for line in (_near(lines, place, 1), _near(lines, place, -1)))


def _interrupts(lines: Sequence[str], place: int) -> bool:
    before = _near(lines, place, -1)
    return bool(before) and not _ENDS_SENTENCE.search(before)


def _surely_interrupts(lines: Sequence[str], place: int) -> bool:
    """Return whether a sentence goes on after a number in small letters. Items of a list may be short and do so too."""
    is_long = len(_near(lines, place, -1).strip()) >= _NARROW
    return is_long and _interrupts(lines, place) and _near(lines, place, 1).lstrip()[:1].islower()


def _near(lines: Sequence[str], place: int, step: int) -> str:
    """Return the next line with text or a form feed, at most three lines away."""
    for n in range(place + step, place + 4 * step, step):
        if 0 <= n < len(lines) and (lines[n].strip(" \t") or "\f" in lines[n]):
            return lines[n]
    return ""


# ---- verse


def _without_verse_numbers(lines: list[str]) -> list[str]:
    """Leave out the numbers of lines at a margin: each counts the lines of verse before it."""
    found = lines
    for pattern in (_RIGHT, _LEFT, _ALONE):
        removed = {number.place: number.text for number in _counting(list(_numbers(found, pattern)))}
        if removed:
            kept = (removed.get(place, line) for place, line in enumerate(found))
            found = [line for place, line in enumerate(kept) if line or place not in removed]
    return found


def _numbers(lines: Sequence[str], pattern: re.Pattern[str]) -> Iterator[_Number]:
    order = 0
    for place, line in enumerate(lines):
        if not line.strip():
            continue
        bare = line.strip()
        is_near = len(line) <= _LONGEST and (bare[0] if pattern is _LEFT else bare[-1]).isdigit()
        match = pattern.fullmatch(line) if is_near else None
        if match is not None:
            strong = len(match["gap"]) != 1 or match["gap"] == "\t"
            yield _Number(place, int(match["number"]), match["text"], strong, order)
        # A number on a line of its own comes after the line that it counts.
        order += pattern is not _ALONE or match is None


def _counting(numbers: Sequence[_Number]) -> Iterator[_Number]:
    """Yield the numbers that count lines: the difference of two values is the number of lines between them."""
    run: list[_Number] = []
    for number, following in pairwise([*numbers, None]):
        if number is None:
            continue
        run.append(number)
        step = following.value - number.value if following else 0
        known = run[-1].value - run[-2].value if len(run) > 1 else step
        counts = following is not None and step == following.order - number.order and step == known
        if not counts or step < _LEAST_STEP or number.value % step:
            if len(run) > (1 if all(each.strong for each in run) else 2):
                yield from run
            run = []


# ---- narrow columns


def _is_narrow(lines: Sequence[str]) -> bool:
    """Return whether a text is set in a column so narrow that only its cut words show that it is wrapped."""
    bare = [line.strip() for line in lines if line.strip()]
    widths = sorted(map(len, bare))
    cut = sum(cut_word(line) is not None for line in bare)
    low = sum(line[0].islower() for line in bare)
    is_wrapped = cut >= 0.05 * len(bare) and low >= 0.4 * len(bare)  # most lines of verse begin with a capital
    return bool(bare) and is_wrapped and widths[(len(widths) - 1) * 19 // 20] < _NARROW


def _unwrapped(lines: Sequence[str]) -> list[str]:
    """Join the lines of paragraphs. A paragraph ends at a blank line, a list mark, and after a short line."""
    widths = sorted(len(line.strip()) for line in lines if line.strip())
    width = widths[(len(widths) - 1) * 19 // 20]
    found: list[str] = []
    previous = ""
    for line in lines:
        bare = line.strip()
        word = bare.split(maxsplit=1)[0] if bare else ""
        flows = previous and bare and not _LIST_MARK.match(line) and len(previous) + 1 + len(word) > 0.8 * width
        found.append(f" {bare}" if flows else f"\n{line}")
        previous = bare
    return "".join(found)[1:].split("\n")
