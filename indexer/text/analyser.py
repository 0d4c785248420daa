"""Cut text into sentences and tokens with character offsets, lemma and kind.

Documents and queries go through the same analyser, so both are cut the same way.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from typing import NamedTuple

from ..given import GivenSentence, GivenToken
from .chunks import chunks
from .folding import folding_of
from .lemma_rules import LemmaRules
from .lemmas import Lemmatiser
from .marks import is_mark
from .sentences import Span, sentence_spans
from .tokeniser import Ending, Tokeniser, has_word
from .word_lists import ACRONYMS, PRONOUNS_IN_CAPITALS, function_words

_LINE_END = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_ORDINAL = re.compile(r"\d[\d.,]*(?:st|nd|rd|th|s|'s)", re.IGNORECASE)

# Maximum number of chunks in each of the two generations of the cache, about 400 bytes each. Text repeats itself, so
# the cache answers 19 of 20 chunks.
_MAX_CACHED = 60_000


class TokenKind(StrEnum):
    """Kind of a token, judged by its form alone."""

    WORD = "word"
    FUNCTION = "function"  # determiner, pronoun, preposition, conjunction, auxiliary, particle, clitic
    NUMBER = "number"
    PUNCTUATION = "punctuation"  # also symbols, emoji and note marks


class Token(NamedTuple):  # a named tuple is made twice as fast as a frozen dataclass, and there are millions
    """One surface form, with `text == source[start:end]`. The lemma is folded, and so is `form`, or it is empty.

    Attributes:
        pos, tag: Part of speech and finer tag that the document has brought, or empty.
        has_given_lemma: Whether the document has brought the lemma.
    """

    text: str
    start: int
    end: int
    lemma: str
    kind: TokenKind
    form: str = ""
    pos: str = ""
    tag: str = ""
    has_given_lemma: bool = False


@dataclass(frozen=True, slots=True)
class Sentence:
    """A span of the source with its tokens. There is at least one token, and all are inside [start, end)."""

    start: int
    end: int
    tokens: tuple[Token, ...]


# A token of a chunk: start and end in the chunk, text, lemma, kind, folded form.
_Part = tuple[int, int, str, str, TokenKind, str]


class TextAnalyser:
    """Analyser for text in one language. Threads may share it.

    Making one is cheap: libraries and dictionaries are read at first use. In a language without a lemmatiser
    `has_lemmas` is False, and the lemma is the folded form. In a language without a list of function words no token is
    marked as a function word.

    Args:
        language: Code of the language.
        tokeniser: The name that a collection records. Forms and lemmas are then folded as in that collection.

    Raises:
        QueryError: `language` is not a language code.
    """

    def __init__(self, language: str = "en", tokeniser: str = "") -> None:
        self.folding = folding_of(language, tokeniser)
        self._lemmatiser = Lemmatiser(language, self.folding)
        self.language = self._lemmatiser.language
        self.has_lemmas = self._lemmatiser.has_lemmas
        self._tokeniser = Tokeniser(self.language)
        # Stored in the collection. A tokeniser with another name may cut the same text differently.
        fold = f" fold {self.folding.version};" if self.folding.version > 1 else ""
        self.name = f"{self._tokeniser.name}; simplemma {version('simplemma')} rules 2;{fold} {self.language}"
        self._function_words = frozenset(map(self.folding.lemma, function_words(self.language)))
        self._parts: dict[tuple[str, Ending], tuple[_Part, ...]] = {}
        self._older: dict[tuple[str, Ending], tuple[_Part, ...]] = {}
        self._tagged: dict[tuple[str, str, str], str] = {}
        self._tagged_rules: LemmaRules | None = None

    def sentences(self, text: str, given: Sequence[GivenSentence] = ()) -> Iterator[Sentence]:
        """Yield the sentences of a whole document in order. Together they hold every visible character.

        Args:
            given: Sentences and tokens that the document brings. They are used unchanged. The text between them is cut.
        """
        position = 0
        loose: list[GivenSentence] = []
        for one in given:
            if one.loose:
                loose.append(one)
                continue
            yield from self._cut(text, position, one.start, loose)
            tokens = self._tokens(text, one.start, one.end, one.tokens)
            if tokens:
                yield Sentence(one.start, one.end, tokens)
            position, loose = one.end, []
        yield from self._cut(text, position, len(text), loose)

    def tokens(self, text: str, given: Sequence[GivenToken] = ()) -> tuple[Token, ...]:
        """Return the tokens of a text treated as one sentence. Empty text has none.

        Args:
            given: Tokens that the document brings, with offsets in this text. What is between them is cut.
        """
        return self._tokens(text, 0, len(text), given)

    def kind(self, form: str) -> TokenKind:
        """Return the kind of a token with this form, outside a sentence in capitals."""
        return self._kind(form)

    def lemma(self, form: str) -> str:
        """Return the lemma of a token with this form, without its part of speech."""
        return self._lemmatiser.lemma(form)

    def tagged_lemma(self, form: str, upos: str, xpos: str, rules: LemmaRules) -> str:
        """Return the lemma of a token with this form and these tags, which a tagger with these rules gave.

        The lemma of a number or a sign is its folded form, as without tags.
        """
        found = self._tagged.get((form, upos, xpos)) if rules is self._tagged_rules else None
        if found is None:
            if rules is not self._tagged_rules or len(self._tagged) >= _MAX_CACHED:
                self._tagged, self._tagged_rules = {}, rules
            kind = self._kind(form)
            is_word = kind not in (TokenKind.NUMBER, TokenKind.PUNCTUATION)
            found = (self._lemmatiser.lemma(form, upos, xpos, rules) if is_word else self._lemma_of(form, kind)) or form
            self._tagged[form, upos, xpos] = found
        return found

    def _cut(self, text: str, first: int, last: int, loose: Sequence[GivenSentence]) -> Iterator[Sentence]:
        """Cut a part of a text into sentences. The loose stretches are inside, and no cut goes through their tokens."""
        part = text if last - first == len(text) else text[first:last]
        if not part or part.isspace():
            return
        if loose:
            part = "".join(_running(text, first, last, loose))
        given = tuple(token for one in loose for token in one.tokens)
        used = 0
        spans = ((first + start, first + end) for start, end in sentence_spans(part, self.language))
        for start, end in _around_tokens(spans, given):
            until = used
            while until < len(given) and given[until].start < end:
                until += 1
            tokens = self._tokens(text, start, end, given[used:until])
            used = until
            if tokens:
                yield Sentence(min(start, tokens[0].start), max(end, tokens[-1].end), tokens)

    def _tokens(self, text: str, start: int, end: int, given: Sequence[GivenToken] = ()) -> tuple[Token, ...]:
        """Return the tokens of a span: the given ones, and those that the text between them is cut into."""
        if not given:
            return self._own_tokens(text, start, end)
        found: list[Token] = []
        for one in given:
            if start < one.start and not text[start : one.start].isspace():
                found += self._own_tokens(text, start, one.start)
            found.append(self._given_token(text[one.start : one.end], one))
            start = one.end
        found += self._own_tokens(text, start, end)
        return tuple(found)

    def _given_token(self, form: str, given: GivenToken) -> Token:
        kind = self._kind(form)
        lemma = self.folding.lemma(given.lemma).strip() if given.lemma else ""
        folded = self.folding.form(form) or form
        own = lemma or self._lemma_of(form, kind)
        return Token(form, given.start, given.end, own, kind, folded, given.pos or "", given.tag or "", bool(lemma))

    def _own_tokens(self, text: str, start: int, end: int) -> tuple[Token, ...]:
        found = chunks(text, start, end, self.language)
        endings = _endings([chunk for _, chunk in found])
        tokens = tuple(
            Token(form, offset + part_start, offset + part_end, lemma, kind, folded)
            for (offset, chunk), ending in zip(found, endings, strict=True)
            for part_start, part_end, form, lemma, kind, folded in self._chunk(chunk, ending)
        )
        is_new = self.folding.version > 1
        return tuple(map(self._in_capitals, tokens)) if is_new and text[start:end].isupper() else tokens

    def _in_capitals(self, token: Token) -> Token:
        """Return a token of a sentence in capitals. In such a sentence IT and WHO are pronouns."""
        is_pronoun = token.text in PRONOUNS_IN_CAPITALS and self.folding.lemma(token.text) in self._function_words
        return token._replace(kind=TokenKind.FUNCTION) if is_pronoun else token

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
        return start, end, form, self._lemma_of(form, kind), kind, self.folding.form(form) or form

    def _lemma_of(self, form: str, kind: TokenKind) -> str:
        is_word = kind not in (TokenKind.NUMBER, TokenKind.PUNCTUATION)
        return (self.lemma(form) if is_word else self.folding.lemma(form)) or form

    def _kind(self, form: str) -> TokenKind:
        if is_mark(form):
            return TokenKind.PUNCTUATION
        folded = self.folding.lemma(form)
        if folded in self._function_words and form not in ACRONYMS:
            return TokenKind.FUNCTION
        if any(map(str.isalpha, form)):
            return TokenKind.NUMBER if self.language == "en" and _ORDINAL.fullmatch(folded) else TokenKind.WORD
        return TokenKind.NUMBER if any(map(str.isnumeric, form)) else TokenKind.PUNCTUATION


def _running(text: str, first: int, last: int, loose: Sequence[GivenSentence]) -> Iterator[str]:
    """Yield the parts of a text with a space for each line end in a stretch. A sentence goes on across these."""
    for one in loose:
        yield text[first : one.start]
        yield _LINE_END.sub(" ", text[one.start : one.end])
        first = one.end
    yield text[first:last]


def _around_tokens(spans: Iterator[Span], given: Sequence[GivenToken]) -> Iterator[Span]:
    """Yield the spans of sentences, joined where a given token goes from one into the next."""
    number = 0
    held: Span | None = None
    for span in spans:
        held = span if held is None else (held[0], span[1])
        while number < len(given) and given[number].end <= held[1]:
            number += 1
        if number < len(given) and given[number].start < held[1]:
            continue
        yield held
        held = None
    if held is not None:
        yield held


def _endings(chunks: list[str]) -> Iterator[Ending]:
    """Yield what follows each chunk of a sentence. Only chunks with a period need it. The others get INSIDE."""
    following = 0
    for i, chunk in enumerate(chunks):
        if "." not in chunk:
            yield Ending.INSIDE
            continue
        # A word is still the last one when only separate quotes, brackets and note marks follow it.
        following = max(following, i + 1)
        while following < len(chunks) and not has_word(chunks[following]):
            following += 1
        if following == len(chunks):
            yield Ending.FINAL
        else:
            is_number = chunks[following].lstrip("(#")[:1].isdigit()
            yield Ending.BEFORE_NUMBER if is_number else Ending.INSIDE
