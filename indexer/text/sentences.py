"""Find the spans of sentences in a text. Pure functions: no tokens, no state.

1. Layout. Blank lines and intended line breaks end a sentence, independent of the words.
2. Signs. Note marks, dashes and closing quotes are replaced by plainer signs of the same length (`plain_signs`), which
   the next step understands. Only the decisions read them.
3. Words. simplemma splits each stretch of running text. Corrections follow where it is systematically wrong.

simplemma was chosen from seven splitters. It is needed for lemmas anyway, is maintained, keeps exact offsets, is among
the fastest, and knows other languages. Its F1 on SemCor's sentences is 0.979, and 0.992 with the corrections. For
comparison, blingfire (99 MB) reaches 0.986, syntok 0.984, and the others stay below 0.97.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from .abbreviations import Abbreviations, abbreviations, bare
from .plain_signs import plain_signs

Span = tuple[int, int]

_LINE = re.compile(r"[^\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_LIST_MARK = re.compile(r"(?:[-*+•‣▪◦·–—]|\(?(?:\d{1,3}|[A-Za-z]|[ivxlc]{1,5})[.)])\s")

# Minimum width of hard-wrapped text, in characters. Narrower text is verse, a list or an address.
_MIN_WRAP_WIDTH = 40
# Minimum share of line breaks at which the next word would not have fitted.
_WRAPPED_SHARE = 0.8
# A line counts as full from this share of the width. In print, characters differ in width.
_NEARLY_FULL = 0.9
# From this share of lines that begin with a capital or a digit, the text is verse or a list.
_CAPITAL_SHARE = 0.75
# Verse: maximum length of a line and of a sentence of several lines in characters, and what a line looks like. It
# begins with a capital, perhaps after a quote, and has three words.
_LONGEST_VERSE = 75
_LONGEST_VERSES = 2000
_VERSE = re.compile(
    r"[\"'“‘«„(_]*[^\W\d_a-z][^\W\d_]*['’]?[^\s|:;={}\[\]]*(?:[ ,]+[\"'“‘(]?[^\W\d]\S*){2}[^\t|={}\[\]]*"
    r"[,;:.!?…—\"'”’»)\w-]$"
)
_VERSE_SHARE = 0.8
_GOES_ON = ",;—"
_STOPS = frozenset([*".!?:…", ""])
# A line below this share of the width was ended on purpose if the next word would have fitted.
_SHORT_LINE = 0.8


def sentence_spans(text: str, language: str) -> Iterator[Span]:
    """Yield the spans of the sentences in order.

    They do not overlap, have no outer space, and together cover all visible text.
    """
    splitter = _Splitter(language)
    for start, end in stretches(text):
        yield from splitter.split(text, start, end)


def stretches(text: str) -> Iterator[Span]:
    """Yield spans of running text between breaks that end a sentence: blank lines and intended line breaks.

    A line break inside a paragraph is only a space where the text is hard-wrapped. A text counts as hard-wrapped when
    three things hold:

    - At 4 of 5 breaks the next word would hardly have fitted into the widest line.
    - The widest line has at least 40 characters.
    - Fewer than 3 of 4 lines after a break begin with a capital or a digit, as in verse and lists.

    In hard-wrapped text a clearly short line still ends a stretch, and so does a line before a list mark. In other text
    every line is a stretch, but a line of verse goes on in the next one until the sentence ends.
    """
    lines = [span for span in (_strip(text, *match.span()) for match in _LINE.finditer(text)) if span[0] < span[1]]
    joinable = [not _blank_line_between(text, one[1], two[0]) for one, two in pairwise(lines)]
    stanzas, verses = _verses(text, lines, joinable)
    prose = [joins and i not in stanzas for i, joins in enumerate(joinable)]
    width = _wrap_width(text, lines, prose)
    start = None
    for i, line in enumerate(lines):
        start = line[0] if start is None else start
        is_last = i + 1 == len(lines)
        if not is_last and joinable[i]:
            if width is not None and _flows_on(text, line, lines[i + 1], width):
                continue
            if i in verses and line[1] - start < _LONGEST_VERSES:
                continue
        yield start, line[1]
        start = None


def _verses(text: str, lines: list[Span], joinable: list[bool]) -> tuple[set[int], set[int]]:
    """Return the lines of verse, by number, and those of them after which the sentence goes on in the next line.

    A stanza counts as verse if a quarter of its lines end with a comma or a semicolon. All lines must be short. Nearly
    all must begin with a capital and have several words. Lists and addresses do not count.
    """
    lines_of_verse: set[int] = set()
    found: set[int] = set()
    first = 0
    for last in range(len(lines)):
        if last < len(joinable) and joinable[last]:
            continue
        stanza = range(first, last + 1)
        first = last + 1
        inside = stanza[:-1]
        commas = sum(text[lines[n][1] - 1] in _GOES_ON for n in inside)
        if not inside or 4 * commas < len(inside) or any(lines[n][1] - lines[n][0] > _LONGEST_VERSE for n in stanza):
            continue
        verses = {n for n in stanza if _VERSE.match(text, *lines[n]) and not text[slice(*lines[n])].isupper()}
        if len(verses) >= _VERSE_SHARE * len(stanza):
            open_ends = (n for n in inside if text[slice(*lines[n])].rstrip(_CLOSERS)[-1:] not in _STOPS)
            lines_of_verse.update(stanza)
            found.update(n for n in open_ends if n in verses and n + 1 in verses)
    return lines_of_verse, found


def _blank_line_between(text: str, end: int, start: int) -> bool:
    gap = text[end:start].replace("\r\n", "\n")
    # A form feed is not a blank line: sentences continue on the next page.
    return sum(map(gap.count, "\n\r\v\x1c\x1d\x1e\x85\u2028")) > 1 or "\u2029" in gap


def _wrap_width(text: str, lines: list[Span], joinable: list[bool]) -> int | None:
    """Return the length of a full line in characters if the text is hard-wrapped, else None."""
    breaks = [(one, two) for one, two, joins in zip(lines, lines[1:], joinable, strict=False) if joins]
    breaks = [(one, two) for one, two in breaks if not _LIST_MARK.match(text, *two)]
    if not breaks:
        return None
    lengths = sorted(end - start for (start, end), _ in breaks)
    # One line in 20 may be longer, such as a web address that could not be broken.
    width = lengths[(len(lengths) - 1) * 19 // 20]
    too_long = sum(_with_next_word(text, one, two) > _NEARLY_FULL * width for one, two in breaks)
    # In text of capitals alone, such as telegrams, a capital shows nothing.
    capitals = sum(not _starts_low(text, two[0]) and not text[slice(*two)].isupper() for _, two in breaks)
    wrapped = width >= _MIN_WRAP_WIDTH and too_long >= _WRAPPED_SHARE * len(breaks)
    return width if wrapped and capitals < _CAPITAL_SHARE * len(breaks) else None


def _with_next_word(text: str, line: Span, following: Span) -> int:
    word = text[slice(*following)].split(maxsplit=1)[0]
    return line[1] - line[0] + 1 + len(word)


def _starts_low(text: str, position: int) -> bool:
    return not (text[position].isupper() or text[position].istitle() or text[position].isdigit())


def _flows_on(text: str, line: Span, following: Span, width: int) -> bool:
    if _LIST_MARK.match(text, *following):
        return False
    return _with_next_word(text, line, following) > _SHORT_LINE * width


def _strip(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


_OPENERS = "\"'`“‘«„([{¿¡"
_CLOSERS = "\"'”’»)]}"
# A full-width stop ends a sentence without a space after it.
_WIDE_STOP = re.compile("[。！？｡]+[」』”’）)]*")
_CAPITAL = "A-Z\u00c0-\u00d6\u00d8-\u00de\u0100-\u024f\u0370-\u052f"
_END_AND_START = re.compile(f"[.!?…][{re.escape(_CLOSERS)}]*\\s+(?=[{re.escape(_OPENERS)}»›‹‚]*([{_CAPITAL}]))")
_LAST_WORD = re.compile(r"\S+$")
_FIRST_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+|[^\W\d_]{1,2}\.(?:-[^\W\d_]{1,2}\.)+")
_ROMAN = re.compile(r"c{0,3}(?:x[cl]|l?x{0,3})(?:i[xv]|v?i{0,3})")
# After a comma or a bracket, a name follows these: "Beowulf, ed. Klaeber".
_BEFORE_EDITOR = re.compile(r"[,;(]\s*(?:eds?|transl?|tr|repr|rev)\.$")
_MONEY = re.compile(r"£?\d{1,3}[lsd]\.")  # pounds, shillings and pence before 1971
_NEXT_WORD = re.compile(r"([^\W\d_]+)\.")
_NUMBER_FOLLOWS = re.compile(r"[(#]?(?:\d|[IVXLC]+\b)")
_DASH_GOES_ON = re.compile(r"(?:(?:--+|[–—―])\s*|-)[\"'“‘«„(\[]*([^\W\d_])")

# A word of three letters or more with a vowel, which is rarely an abbreviation.
_STOP_AND_SMALL = re.compile(
    "(?<!\\S)[\"'“‘(]?(?=[^\\W\\d_]*[aeiouyäöüáéíóúàèìòùâêîôûåæø])([^\\W\\d_]{3,})[.!?][\"'”’)]*\\s+(?=[^\\W\\d_])"
)

# In these languages a number with a period inside a sentence is not an ordinal, so a capital after it begins one.
_NO_ORDINALS = frozenset({"en", "fr", "es", "it", "pt", "nl", "ru"})


class _Splitter:
    def __init__(self, language: str) -> None:
        from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

        self._code = language if language in SUPPORTED_LANGUAGES else None
        self._known = abbreviations(language)
        self._has_ordinals = language not in _NO_ORDINALS

    def split(self, text: str, start: int, end: int) -> Iterator[Span]:
        stretch = plain_signs(text[start:end])
        spans = _join(stretch, self._library(stretch), self._known)
        if self._known.starters:
            spans = (part for span in spans for part in _cut(stretch, span, self._known, self._has_ordinals))
        if _starts_low(stretch, 0):
            spans = _cut_small_letters(stretch, list(spans), self._known)
        ends = [
            _end_of_mark(text, start + part[1], end)
            for span in spans
            for part in _cut_at(stretch, span, (match.end() for match in _WIDE_STOP.finditer(stretch, *span)))
        ]
        for one, two in pairwise([start, *ends[:-1], end]):
            yield _strip(text, one, two)

    def _library(self, text: str) -> Iterator[Span]:
        from simplemma import split_sentences

        position, end = 0, len(text)
        for sentence in split_sentences(text, self._code):
            position, _ = _strip(text, position, end)  # the library returns slices in order, without outer space
            yield position, position + len(sentence)
            position += len(sentence)


def _end_of_mark(text: str, position: int, end: int) -> int:
    """Return the end of a sentence whose note mark gave its last character for a lost space ("bank.[2]Later")."""
    return position + (position < end and text[position] in "]⁰¹²³⁴⁵⁶⁷⁸⁹")


def _join(text: str, spans: Iterator[Span], known: Abbreviations) -> Iterator[Span]:
    """Undo cuts after an abbreviation, before a number, and after a quoted question inside a longer sentence."""
    held: Span | None = None
    for span in spans:
        if held is not None and _belongs_together(text, held, span, known):
            held = (held[0], span[1])
            continue
        if held is not None:
            yield held
        held = span
    if held is not None:
        yield held


def _belongs_together(text: str, left: Span, right: Span, known: Abbreviations) -> bool:
    word = _last_word(text, left)
    if word[-2:-1] in ('"', "”") and word[-1] in "?!":
        return text[right[0]].islower()
    if (dash := _DASH_GOES_ON.match(text, *right)) is not None and dash[1].islower():  # "No!" -- he said
        return True
    if text[right[0]] in ",;":
        return True
    core = word.strip(_OPENERS)
    if not core.endswith("."):
        return False
    folded = bare(core[:-1])
    if folded in known.leading:
        return True
    if (
        folded in known.titles and core[-len(folded) - 1 : -1].istitle()
    ):  # "Ms." is a title, "MS." and "200 ms." are not
        return True
    following = _NEXT_WORD.match(text, *right)
    if following is not None and folded in known.others and bare(following[1]) in known.others:  # "Co. Ltd."
        return True
    if _BEFORE_EDITOR.search(text, max(left[0], left[1] - 20), left[1]):
        return not _starts_with_starter(text, right, known)
    if len(core) > 2 and text[right[0]].isdigit() and _ROMAN.fullmatch(core[:-1]):  # "chap. xiii. 2"
        return True
    if _MONEY.fullmatch(core) and _MONEY.match(text, *right):  # "10s. 6d."
        return True
    if folded in known.numbered and _NUMBER_FOLLOWS.match(text, right[0], right[1]):
        return True
    # "et al. (1951)", "et al. 1999", "Bandon, Ore. (Sept. 28)"
    if folded in known.others and (text[right[0]] in "([" or text[right[0]].isdigit()):
        return True
    if known.is_inner(folded) or _DOTTED.fullmatch(core) is not None:
        return not _starts_with_starter(text, right, known)
    return False


def _cut(text: str, span: Span, known: Abbreviations, has_ordinals: bool) -> Iterator[Span]:
    """Add cuts that the library misses: after numbers, doubled periods, and abbreviations before a new sentence."""
    ends = (match.end() for match in _END_AND_START.finditer(text, *span) if match[1].isupper())
    return _cut_at(text, span, (end for end in ends if _ends_here(text, span, end, known, has_ordinals)))


def _ends_here(text: str, span: Span, position: int, known: Abbreviations, has_ordinals: bool) -> bool:
    left = _strip(text, span[0], position)
    word = _last_word(text, left).strip(_OPENERS).rstrip(_CLOSERS)
    if left[1] - len(word) <= span[0] or not word.endswith("."):  # the "1." of a list item is not a sentence
        return False
    core = word.rstrip(".")
    if word.endswith("..") and core:
        return True
    if core.replace(",", "").replace(".", "").replace("%", "").isdigit():
        return not has_ordinals or _is_numbered(text, (span[0], left[1] - len(word)), known)
    folded = core.casefold()
    is_unit = folded in known.titles and folded not in known.leading and not core.istitle()
    closes = len(core) == 1 or "." in core or is_unit or folded in known.others
    return closes and _starts_with_starter(text, (position, span[1]), known)


def _is_numbered(text: str, span: Span, known: Abbreviations) -> bool:
    """Return whether a text ends with an abbreviation before a number, so that the number is no ordinal ("S. 5.")."""
    word = _last_word(text, _strip(text, *span)).strip(_OPENERS)
    return word.endswith(".") and known.takes_number(bare(word[:-1]))


def _cut_small_letters(text: str, spans: list[Span], known: Abbreviations) -> Iterator[Span]:
    """Add cuts before small letters, in a text whose sentences all begin with one, as in chats."""
    writes_small = all(_first_letter(text, start).islower() for start, _ in spans)
    for span in spans:
        ends = _STOP_AND_SMALL.finditer(text, *span) if writes_small else ()
        yield from _cut_at(
            text, span, (end.end() for end in ends if not known.keeps_period(end[1], before_number=True))
        )


def _first_letter(text: str, position: int) -> str:
    match = _FIRST_WORD.search(text, position, position + 60)
    return match[0][0] if match is not None else ""


def _starts_with_starter(text: str, span: Span, known: Abbreviations) -> bool:
    match = _FIRST_WORD.search(text, *span)
    if match is None or not match[0][0].isupper() or match[0].casefold() not in known.starters:
        return False
    return len(match[0]) > 1 or text[match.end() : match.end() + 1] != "."  # a letter with a period is an initial


def _last_word(text: str, span: Span) -> str:
    match = _LAST_WORD.search(text, max(span[0], span[1] - 40), span[1])
    return match[0] if match is not None else ""


def _cut_at(text: str, span: Span, positions: Iterator[int]) -> Iterator[Span]:
    start = span[0]
    for position in positions:
        part = _strip(text, start, position)
        if part[0] < part[1] and position < span[1]:
            yield part
            start = position
    last = _strip(text, start, span[1])
    if last[0] < last[1]:
        yield last
