r"""Read and write the bracket notation of queries.

`the [bank] of the river` asks for *bank*, and `a [charge/NOUN] of theft` for *charge* as a noun. `\[` and `\]` are
brackets of the text itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...indexer.errors import QueryError

EXAMPLE = 'mark one word with brackets, as in "She sat on the river [bank]."'
"""End of every error message about brackets."""
UNIVERSAL = frozenset(
    "ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X".split()  # noqa: SIM905
)
"""The universal parts of speech (Nivre et al. 2020)."""
LONGEST_QUERY = 50_000
"""Maximum length of a query, in characters. A longer one would take minutes to encode."""
SURROGATE = re.compile("[\ud800-\udfff]")
"""A lone surrogate, which is no character. Bytes of an argument that are not UTF-8 become such."""
_BRACKETS = re.compile(r"\\([\[\]\\])|([\[\]])")
# A backslash is escaped only before a bracket or a backslash, and at the end of a part, where a bracket may follow.
_TO_ESCAPE = re.compile(r"[\[\]]|\\(?=[\[\]\\]|$)")


@dataclass(frozen=True, slots=True)
class Target:
    """A sentence without its brackets, and the character offsets of the bracketed text in it.

    Attributes:
        pos: Part of speech that was written after the word, as in `[charge/VERB]`. Empty without one.
    """

    sentence: str
    start: int
    end: int
    pos: str = ""


def check_text(text: str) -> str:
    """Return the text of a query.

    Raises:
        QueryError: It is longer than `LONGEST_QUERY`, or has lone surrogates, which are no characters.
    """
    if len(text) > LONGEST_QUERY:
        raise QueryError(f"the query has {len(text):,} characters; shorten it to at most {LONGEST_QUERY:,}")
    if SURROGATE.search(text):
        raise QueryError("the query has bytes that are not text; type it again")
    return text


def parse_query(text: str) -> Target | str:
    r"""Return the target where the text has brackets, else the sentence. `\[` and `\]` become plain brackets.

    Raises:
        QueryError: The brackets do not match, are empty, or mark more than one target, or the text is too long.
    """
    check_text(text)
    if any(found[2] for found in _BRACKETS.finditer(text)):
        return parse_target(text)
    return _BRACKETS.sub(r"\1", text)


def parse_target(text: str) -> Target:
    """Return the target of a query. White space inside the brackets is not part of it.

    Raises:
        QueryError: There is not exactly one pair of brackets with text inside, or the text is too long. The message
            has an example.
    """
    check_text(text)
    plain: list[str] = []
    length = 0
    marks: list[tuple[str, int]] = []
    last = 0
    for found in _BRACKETS.finditer(text):
        plain.append(text[last : found.start()] + (found[1] or ""))
        length += len(plain[-1])
        last = found.end()
        if found[2]:
            marks.append((found[2], length))
    plain.append(text[last:])
    shape = "".join(mark for mark, _ in marks)
    if shape != "[]":
        count = shape.count("[]") if shape.replace("[]", "") == "" else None
        what = {0: "no word is marked", None: "the brackets do not match"}.get(count, f"{count} words are marked")
        raise QueryError(f"{what}; {EXAMPLE}")
    start, end = marks[0][1], marks[1][1]
    sentence = "".join(plain)
    inside = sentence[start:end]
    if not inside.strip():
        raise QueryError(f"the brackets are empty; {EXAMPLE}")
    lead = len(inside) - len(inside.lstrip())
    target = Target(sentence, start + lead, start + len(inside.rstrip()))
    return _with_pos(target)


def _with_pos(target: Target) -> Target:
    """Return a target with the part of speech at its end, as in `[charge/VERB]`, taken out of its sentence."""
    word, slash, pos = target.sentence[target.start : target.end].rpartition("/")
    if not slash or not word or word != word.rstrip() or pos not in UNIVERSAL:
        return target
    end = target.start + len(word)
    return Target(target.sentence[:end] + target.sentence[target.end :], target.start, end, pos)


def write_query(sentence: str, start: int | None = None, end: int | None = None) -> str:
    """Write a query for a sentence, with [start, end) as its target. `parse_query` reads it back."""
    if start is None or end is None:
        return _escaped(sentence)
    return f"{_escaped(sentence[:start])}[{_escaped(sentence[start:end])}]{_escaped(sentence[end:])}"


def _escaped(text: str) -> str:
    return _TO_ESCAPE.sub(r"\\\g<0>", text)
