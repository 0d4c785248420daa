"""Annotation that a document brings along: its own sentences, tokens, lemmas and tags.

Offsets count characters of the document's text. Nothing here needs a language.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast

MAX_STRETCH = 500
"""Number of tokens of a loose stretch that are stored together. A search reads all of them for one sentence."""
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class GivenToken(NamedTuple):  # millions are made, and a frozen dataclass takes twice as long to make
    """A token that a document brings: its offsets in the text, and what its annotation says of it.

    Attributes:
        lemma: Dictionary form, or None to look it up.
        pos: Part of speech, or None. In Universal Dependencies it is UPOS.
        tag: Tag of a second, finer set, or None. In Universal Dependencies it is XPOS.
    """

    start: int
    end: int
    lemma: str | None = None
    pos: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class GivenSentence:
    """A sentence that a document brings. What no token of it covers is cut into tokens as usual.

    Attributes:
        tokens: Its tokens in order. Without any, the sentence is cut into tokens as usual.
        loose: Whether the span is not a sentence, but a stretch of running text. It is cut into sentences as usual,
            together with the text around it. No cut goes through a token, and a line end in it ends no sentence.
    """

    start: int
    end: int
    tokens: tuple[GivenToken, ...] = ()
    loose: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.tokens, list):
            object.__setattr__(self, "tokens", tuple(self.tokens))


def given_problem(text: str, sentences: Sequence[GivenSentence]) -> str | None:
    """Return the first fault of an annotation in words, or None if it fits the text."""
    position, size = 0, len(text)
    for number, sentence in enumerate(sentences):
        if not isinstance(sentence, GivenSentence):
            return f"sentence {number} is {type(sentence).__name__}, not GivenSentence"
        problem = _span_problem(sentence.start, sentence.end, position, size)
        if problem:
            return f"sentence {number} {problem}"
        if problem := _token_problem(sentence):
            return f"sentence {number}, {problem}"
        if type(sentence.loose) is not bool:
            return f"sentence {number} has no truth value for 'loose'"
        position = sentence.end
    return None


def _token_problem(sentence: GivenSentence) -> str | None:
    position = sentence.start
    if not isinstance(sentence.tokens, tuple):
        return "its tokens are not a tuple"
    for number, token in enumerate(sentence.tokens):
        if not isinstance(token, GivenToken):
            return f"token {number} is {type(token).__name__}, not GivenToken"
        problem = _span_problem(token.start, token.end, position, sentence.end)
        if problem:
            return f"token {number} {problem}"
        if not all(value is None or isinstance(value, str) for value in token[2:]):
            return f"token {number} has a lemma or a tag that is not text"
        position = token.end
    return None


def _span_problem(start: object, end: object, least: int, most: int) -> str | None:
    """Return what is wrong with a span that must be inside [least, most), or None."""
    if type(start) is not int or type(end) is not int:
        return "has offsets that are not integers"
    if start >= end:
        return f"is empty: it goes from {start} to {end}"
    if start < least:
        return f"starts at {start}, before {least}, where it may begin"
    if end > most:
        return f"ends at {end}, after {most}, where it must end"
    return None


def storable_given(sentences: Sequence[GivenSentence]) -> tuple[GivenSentence, ...]:
    """Return sentences whose strings can be stored, with U+FFFD for the rest. Long loose stretches are divided."""
    return tuple(part for sentence in sentences for part in _divided(_storable(sentence)))


def _storable(sentence: GivenSentence) -> GivenSentence:
    words = [value for token in sentence.tokens for value in token[2:] if value]
    if not _UNSTORABLE.search("".join(words)):
        return sentence
    tokens = (GivenToken(*token[:2], *map(_clean, token[2:])) for token in sentence.tokens)
    return replace(sentence, tokens=tuple(tokens))


def _clean(value: str | None) -> str | None:
    return None if value is None else _UNSTORABLE.sub("\ufffd", value)


def _divided(sentence: GivenSentence) -> Iterator[GivenSentence]:
    """Yield the parts of a loose stretch. Neighbouring stretches are one stretch for the analyser."""
    if not sentence.loose or len(sentence.tokens) <= MAX_STRETCH:
        yield sentence
        return
    groups = [sentence.tokens[n : n + MAX_STRETCH] for n in range(0, len(sentence.tokens), MAX_STRETCH)]
    for number, group in enumerate(groups):
        start = group[0].start if number else sentence.start
        end = groups[number + 1][0].start if number + 1 < len(groups) else sentence.end
        yield GivenSentence(start, end, group, loose=True)


def content_hash(text: bytes, rows: Iterable[tuple[int, int, int, str]]) -> str:
    """Return the SHA-256 of a text in UTF-8, and of the rows of its annotation if it has any, in hexadecimal."""
    found = hashlib.sha256(text).hexdigest()
    annotation = None
    for row in rows:
        if annotation is None:
            annotation = hashlib.sha256(found.encode())
        annotation.update("\n{} {} {} {}".format(*row).encode("utf-8", "surrogatepass"))
    return found if annotation is None else annotation.hexdigest()


def packed(sentences: Iterable[GivenSentence]) -> Iterator[tuple[int, int, int, str]]:
    """Yield (start, end, loose, tokens) of each sentence, as a collection stores it.

    The tokens are JSON: a list of [start, end, lemma, pos, tag] with offsets in the sentence, without nulls at its end.
    """
    for sentence in sentences:
        rows = [_row(token, sentence.start) for token in sentence.tokens]
        data = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
        yield sentence.start, sentence.end, int(sentence.loose), data


def _row(token: GivenToken, first: int) -> list[int | str | None]:
    row: list[int | str | None] = [token.start - first, token.end - first, *token[2:]]
    while row[-1] is None:
        row.pop()
    return row


def unpacked(start: int, end: int, loose: int, data: str) -> GivenSentence:
    """Return the sentence of a row that `packed` made. A collection may come from a stranger.

    Raises:
        ValueError: The row is not one that `packed` makes.
    """
    try:
        rows = json.loads(data)
        tokens = tuple(GivenToken(row[0] + start, row[1] + start, *row[2:]) for row in rows)
    except (TypeError, IndexError, KeyError, RecursionError) as error:
        raise ValueError("the annotation of a sentence is damaged") from error
    sentence = GivenSentence(start, end, tokens, bool(loose))
    if _span_problem(start, end, 0, end if type(end) is int else 0) or _token_problem(sentence):
        raise ValueError("the annotation of a sentence is damaged")
    return sentence


def as_lists(sentences: Iterable[GivenSentence]) -> list[list[Any]]:
    """Return sentences as lists that JSON can hold."""
    return [[one.start, one.end, one.tokens, one.loose] for one in sentences]


def from_lists(rows: object) -> tuple[GivenSentence, ...]:
    """Return the sentences that `as_lists` returned. Their offsets are not checked.

    Raises:
        TypeError, ValueError: The lists have another shape.
    """
    known: dict[str, str] = {}  # the same few tags and lemmas come again and again
    return tuple(
        GivenSentence(
            start, end, tuple(GivenToken(one, two, *_shared(known, more)) for one, two, *more in tokens), loose
        )
        for start, end, tokens, loose in cast("list[tuple[int, int, list[Any], bool]]", rows)
    )


def _shared(known: dict[str, str], values: Iterable[Any]) -> list[Any]:
    return [known.setdefault(value, value) if isinstance(value, str) else value for value in values]
