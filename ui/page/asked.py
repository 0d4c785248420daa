"""What the text of a query asks for: a word in its sentence, a whole sentence, or a pattern."""

from __future__ import annotations

from dataclasses import dataclass

from ...indexer.errors import QueryError
from ...search.query.patterns import is_pattern, parse_pattern
from ...search.query.target import Target, parse_query


@dataclass(frozen=True, slots=True)
class PatternText:
    """A pattern as typed, which can be read."""

    text: str


Asked = Target | PatternText | str
"""A word in its sentence, a pattern, or a whole sentence."""


def asks_for_sentences(text: str) -> bool:
    """Return whether the text of a query can be read, and asks for sentences."""
    try:
        return bool(text) and isinstance(read_text(text), str)
    except QueryError:
        return False


def read_text(text: str) -> Asked:
    """Parse the text of a query.

    Raises:
        QueryError: It is a pattern that cannot be read, or its brackets do not match, are empty, or mark several words.
    """
    if not is_pattern(text):
        return parse_query(text)
    parse_pattern(text)
    return PatternText(text)
