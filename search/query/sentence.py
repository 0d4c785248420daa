r"""Read queries by sentence: a text in which some phrases may be required and some words excluded.

`river "flood plain" -dam` asks for sentences with the phrase *flood plain* and without the word *dam*. `\"` and `\-`
are signs of the text itself. A hyphen inside a word, before a number or beside a space is text, and so is a single
quotation mark.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ...indexer.errors import QueryError
from .target import check_text

MOST_PHRASES = 100
"""Maximum number of required and excluded phrases in a query."""
LONGEST_PHRASE = 300
"""Maximum length of a phrase, in characters. What is longer is text with quotation marks."""
_QUOTED = "|".join(
    rf"{opening}{after}([^{opening}{closing}]{{1,{LONGEST_PHRASE}}})[{closing}](?!\w)"
    for opening, after, closing in (('"', r"(?!\s)", '"'), ("“", "", "”"), ("„", "", "“”"), ("«", "", "»"))
)
_ESCAPED = r'\\(["“”„«»\\-])'
_SIGNS = re.compile(rf"{_ESCAPED}|((?<!\S)-)?(?<!\w)(?:{_QUOTED})|(?<!\S)-([^\W\d_]\S*)")
_OUTER = re.compile(r"^\W+|\W+$")
_TO_ESCAPE = re.compile(r'["“”„«»]|(?<!\S)-(?=\S)|\\(?=["“”„«»\\-])')


@dataclass(frozen=True, slots=True)
class SentenceQuery:
    """A query by sentence, without its signs.

    Attributes:
        text: The query without backslashes, with spaces in the place of excluded parts. Quotation marks stay, so that
            a stored sentence with some, asked again, has the same vector.
        required: Phrases that a sentence must hold.
        excluded: Words and phrases that a sentence must not hold.
    """

    text: str
    required: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


def parse_sentence(text: str) -> SentenceQuery:
    """Return a query without its signs, and the phrases that it requires and excludes.

    Raises:
        QueryError: Nothing is left to search for, or the text or the list of phrases is too long.
    """
    parts: list[str] = []
    required: list[str] = []
    excluded: list[str] = []
    last = 0
    for found in _SIGNS.finditer(check_text(text)):
        parts.append(text[last : found.start()])
        last = found.end()
        escaped, minus, *quoted, word = found.groups()
        phrase = _OUTER.sub("", word or "".join(filter(None, quoted)))
        if escaped:
            parts.append(escaped)
        elif minus or word:
            excluded.append(phrase)
            parts.append(" " * len(found[0]))
        else:
            required.append(phrase)
            parts.append(found[0])
    query = SentenceQuery("".join([*parts, text[last:]]), _distinct(required), _distinct(excluded))
    if len(query.required) + len(query.excluded) > MOST_PHRASES:
        raise QueryError(f"the query has more than {MOST_PHRASES} phrases and excluded words; leave some out")
    if not query.text.strip():
        if query.excluded:
            raise QueryError(r"the query only excludes words; add what to search for, or write \- for a hyphen")
        raise QueryError("the query is empty; type a sentence")
    return query


def write_sentence(text: str) -> str:
    """Write a query for a text that requires and excludes nothing. `parse_sentence` reads the text back."""
    return _TO_ESCAPE.sub(r"\\\g<0>", text)


def _distinct(phrases: list[str]) -> tuple[str, ...]:
    """Return each phrase once, in the order of the query. Phrases without a word are left out."""
    return tuple(dict.fromkeys(filter(None, phrases)))
