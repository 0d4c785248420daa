r"""What the page is asked, and how its address says it: ``/?q=She sat on the river [bank].&match=form&k=20``. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.hits import Match
from search.query import Target, parse_target

K = 20
MOST = 1000
"""Hits that one page shows at most."""
MATCHES = (Match.LEMMA, Match.FORM, Match.ANY)
_ESCAPED = re.compile(r"\\([\[\]\\])")


@dataclass(frozen=True, slots=True)
class PageQuery:
    """Everything that decides which list the page shows.

    text: as typed; with one stretch in brackets it asks for a word, without for sentences. where: filters as the
    command line writes them.
    """

    text: str = ""
    match: Match = Match.LEMMA
    k: int = K
    hybrid: bool = False
    where: tuple[str, ...] = ()


def read_address(parameters: Mapping[str, Sequence[str]]) -> tuple[PageQuery, tuple[str, ...]]:
    """The query that an address asks, and one line for each part of it that cannot be understood."""
    problems = []
    last = {key: values[-1] for key, values in parameters.items() if values}
    match, k = Match.LEMMA, K
    if (asked := last.get("match", match)) in MATCHES:
        match = Match(asked)
    else:
        problems.append(f"match={asked} in the address is none of {', '.join(MATCHES)}; {match} is used")
    if (number := last.get("k", str(k))).isdecimal() and 1 <= int(number[:9]) <= MOST:
        k = int(number)
    else:
        problems.append(f"k={number} in the address is no number from 1 to {MOST}; {k} is used")
    hybrid = last.get("hybrid", "") not in ("", "0", "false")
    where = tuple(parameters.get("where", ()))
    return PageQuery(last.get("q", ""), match, k, hybrid, where), tuple(problems)


def write_address(query: PageQuery) -> dict[str, str | list[str]]:
    """The parameters that `read_address` reads back; nothing for the page as it first opens."""
    if query == PageQuery():
        return {}
    address: dict[str, str | list[str]] = {"q": query.text, "match": str(query.match), "k": str(query.k)}
    if query.hybrid:
        address["hybrid"] = "1"
    if query.where:
        address["where"] = list(query.where)
    return address


def read_text(text: str) -> Target | str:
    r"""The target where something is bracketed, else the sentence; ``\[`` and ``\]`` are brackets of the text itself.

    Raises QueryError for brackets that do not match, hold nothing, or mark two stretches.
    """
    if not re.search(r"[\[\]]", _ESCAPED.sub("", text)):
        return _ESCAPED.sub(r"\1", text)
    return parse_target(text)


def write_text(sentence: str, start: int | None = None, end: int | None = None) -> str:
    """What to type for a sentence, with [start, end) as its target: `read_text` gives them back."""
    if start is None or end is None:
        return _escape(sentence)
    return f"{_escape(sentence[:start])}[{_escape(sentence[start:end])}]{_escape(sentence[end:])}"


def _escape(text: str) -> str:
    # A backslash means itself unless a bracket or another backslash follows, as may happen where pieces are joined.
    return re.sub(r"([\[\]]|\\(?=[\[\]\\]|$))", r"\\\1", text)
