"""Cut text into sentences and tokens with character offsets, lemma and kind.

Documents and queries go through the same analyser, so both are cut the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from typing import NamedTuple

from .lemmas import Lemmatiser, fold
from .sentences import sentence_spans
from .tokeniser import CHUNK, Ending, Tokeniser
from .word_lists import ACRONYMS, function_words

_ORDINAL = re.compile(r"\d[\d.,]*(?:st|nd|rd|th|s|'s)", re.IGNORECASE)

# Maximum number of chunks in each of the two generations of the cache, about 400 bytes each. Text repeats itself, so
# the cache answers 19 of 20 chunks.
_MAX_CACHED = 60_000


class TokenKind(StrEnum):
    """Kind of a token, judged by its form alone."""

    WORD = "word"
    FUNCTION = "function"  # determiner, pronoun, preposition, conjunction, auxiliary, particle, clitic
    NUMBER = "number"
    PUNCTUATION = "punctuation"  # also symbols and emoji


class Token(NamedTuple):  # a named tuple is made twice as fast as a frozen dataclass, and there are millions
    """One surface form, with `text == source[start:end]`. The lemma is case folded."""

    text: str
    start: int
    end: int
    lemma: str
    kind: TokenKind


@dataclass(frozen=True, slots=True)
class Sentence:
    """A span of the source with its tokens. There is at least one token, and all are inside [start, end)."""

    start: int
    end: int
    tokens: tuple[Token, ...]


# A token of a chunk: start and end in the chunk, text, lemma, kind.
_Part = tuple[int, int, str, str, TokenKind]


class TextAnalyser:
    """Analyser for text in one language. Threads may share it.

    Making one is cheap: libraries and dictionaries are read at first use. In a language without a lemmatiser
    `has_lemmas` is False, and the lemma is the folded form. In a language without a list of function words no token is
    marked as a function word.

    Raises:
        QueryError: `language` is not a language code.
    """

    def __init__(self, language: str = "en") -> None:
        self._lemmatiser = Lemmatiser(language)
        self.language = self._lemmatiser.language
        self.has_lemmas = self._lemmatiser.has_lemmas
        self._tokeniser = Tokeniser(self.language)
        # Stored in the collection. A tokeniser with another name may cut the same text differently.
        self.name = f"{self._tokeniser.name}; simplemma {version('simplemma')} rules 1; {self.language}"
        self._function_words = function_words(self.language)
        self._parts: dict[tuple[str, Ending], tuple[_Part, ...]] = {}
        self._older: dict[tuple[str, Ending], tuple[_Part, ...]] = {}

    def sentences(self, text: str) -> Iterator[Sentence]:
        """Yield the sentences of a whole document in order. Together they hold every visible character."""
        for start, end in sentence_spans(text, self.language):
            tokens = self._tokens(text, start, end)
            if tokens:
                yield Sentence(min(start, tokens[0].start), end, tokens)

    def tokens(self, text: str) -> tuple[Token, ...]:
        """Return the tokens of a text treated as one sentence. Empty text has none."""
        return self._tokens(text, 0, len(text))

    def lemma(self, form: str) -> str:
        """Return the lemma of a token with this form."""
        return self._lemmatiser.lemma(form)

    def _tokens(self, text: str, start: int, end: int) -> tuple[Token, ...]:
        chunks = [(match.start(), match.group()) for match in CHUNK.finditer(text, start, end)]
        endings = _endings([chunk for _, chunk in chunks])
        return tuple(
            Token(form, offset + part_start, offset + part_end, lemma, kind)
            for (offset, chunk), ending in zip(chunks, endings, strict=True)
            for part_start, part_end, form, lemma, kind in self._chunk(chunk, ending)
        )

    def _chunk(self, chunk: str, ending: Ending) -> tuple[_Part, ...]:
        parts = self._parts.get((chunk, ending))
        if parts is None:
            parts = self._older.get((chunk, ending))
            if parts is None:
                parts = tuple(self._part(chunk, start, end) for start, end in self._tokeniser.cut(chunk, ending))
            if len(self._parts) >= _MAX_CACHED:
                self._older, self._parts = self._parts, {}
            self._parts[chunk, ending] = parts
        return parts

    def _part(self, chunk: str, start: int, end: int) -> _Part:
        form = chunk[start:end]
        kind = self._kind(form)
        lemma = fold(form) if kind in (TokenKind.NUMBER, TokenKind.PUNCTUATION) else self.lemma(form)
        return start, end, form, lemma or form, kind

    def _kind(self, form: str) -> TokenKind:
        folded = fold(form)
        if folded in self._function_words and form not in ACRONYMS:
            return TokenKind.FUNCTION
        if any(map(str.isalpha, form)):
            return TokenKind.NUMBER if self.language == "en" and _ORDINAL.fullmatch(folded) else TokenKind.WORD
        return TokenKind.NUMBER if any(map(str.isnumeric, form)) else TokenKind.PUNCTUATION


def _endings(chunks: list[str]) -> Iterator[Ending]:
    """Yield what follows each chunk of a sentence. Only chunks with a period need it. The others get INSIDE."""
    following = 0
    for i, chunk in enumerate(chunks):
        if "." not in chunk:
            yield Ending.INSIDE
            continue
        # A word is still the last one when only separate quotes and brackets follow it.
        following = max(following, i + 1)
        while following < len(chunks) and not any(map(str.isalnum, chunks[following])):
            following += 1
        if following == len(chunks):
            yield Ending.FINAL
        else:
            is_number = chunks[following].lstrip("(#")[:1].isdigit()
            yield Ending.BEFORE_NUMBER if is_number else Ending.INSIDE
