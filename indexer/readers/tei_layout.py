"""Write the pieces of a TEI paragraph as text, with the offsets of its words and sentences.

A paragraph is a list of text and marks, in the order of the file. White space is collapsed. A word goes on across the
end of a line or page if the encoding says so, or if it has a hyphen there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Union

from ..given import GivenSentence, GivenToken

_BLANKS = re.compile(r"[ \t\r\n]+")
_HYPHENS = "-\u2010\u00ad\u00ac"
_CONJUNCTION = re.compile(r"(?:und|oder|bzw|bis|and|or|en|of|och|og)\b")
_CLOSES = re.compile(r"[.,;:!?)\]}]+")


class Mark(Enum):
    """A point in a paragraph that has no text."""

    LINE = auto()  # the end of a line of verse, kept as a line break
    BREAK = auto()  # the end of a line in print, a space
    PAGE = auto()  # the end of a page or column
    INSIDE = auto()  # the end of a line or page inside a word
    SENTENCE = auto()  # <s>
    SENTENCE_END = auto()
    WORD_END = auto()


@dataclass(slots=True)
class Word:
    """The start of a word or a punctuation mark, with its annotation.

    Attributes:
        join: Where no space is, as TEI's attribute `join` says it.
        continues: Whether it is a later part of a word that has begun before.
    """

    lemma: str | None = None
    pos: str | None = None
    tag: str | None = None
    join: str = ""
    is_mark: bool = False
    continues: bool = False


@dataclass(frozen=True, slots=True)
class NoteMark:
    """The mark of a note, written directly after the word."""

    text: str


Piece = Union[str, Mark, Word, NoteMark, "list[Piece]"]


@dataclass(slots=True)
class Paragraph:
    """The pieces of a paragraph.

    Attributes:
        is_verse: Whether its lines are lines of verse.
    """

    pieces: list[Piece] = field(default_factory=list)
    is_verse: bool = False
    has_text: bool = False
    is_heading: bool = False


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A paragraph as text. Offsets are those in this text."""

    text: str
    sentences: tuple[GivenSentence, ...]


def flat(pieces: list[Piece]) -> Iterator[str | Mark | Word | NoteMark]:
    """Yield the pieces of nested lists in order."""
    waiting = [iter(pieces)]
    while waiting:
        for piece in waiting[-1]:
            if isinstance(piece, list):
                waiting.append(iter(piece))
                break
            yield piece
        else:
            waiting.pop()


def laid_out(paragraph: Paragraph, spaced: bool) -> LaidOut:
    """Return a paragraph as text.

    Args:
        spaced: Whether the file has the spaces between its words. If not, they are added.
    """
    layout = _Layout(spaced)
    for piece in flat(paragraph.pieces):
        layout.add(piece)
    return layout.result()


class _Layout:
    def __init__(self, spaced: bool) -> None:
        self._spaced = spaced
        self._parts: list[str] = []
        self._size = 0
        self._last = ""  # the last character
        self._gap = ""  # white space to write before the next text
        self._is_inside = False  # after a line end inside a word
        self._is_after_end = False  # after a line end or page end that may be inside a word
        self._word: Word | None = None
        self._word_start: int | None = None
        self._before: Word | None = None
        self._marks: list[str] = []  # those inside the open word, to be written after it
        self._tokens: list[GivenToken] = []
        self._in_sentence = False
        self._sentence_start: int | None = None
        self._spans: list[tuple[int, int]] = []

    def add(self, piece: str | Mark | Word | NoteMark) -> None:
        if isinstance(piece, str):
            self._text(piece)
        elif isinstance(piece, Word):
            self._start_word(piece)
        elif isinstance(piece, NoteMark):
            self._note_mark(piece.text)
        elif piece is Mark.WORD_END:
            self._end_word()
        elif piece is Mark.LINE:
            self._gap = "\n"
        elif piece is Mark.BREAK:
            self._gap = self._gap or " "
            self._is_after_end = True
        elif piece is Mark.PAGE:
            self._is_after_end = True
        elif piece is Mark.INSIDE:
            self._gap = ""
            self._is_inside = self._is_after_end = True
        elif piece is Mark.SENTENCE:
            self._in_sentence, self._sentence_start = True, None
        elif piece is Mark.SENTENCE_END:
            if self._sentence_start is not None:
                self._spans.append((self._sentence_start, self._size))
            self._in_sentence, self._sentence_start = False, None

    def _note_mark(self, mark: str) -> None:
        if self._word is not None:
            self._marks.append(mark)
        else:
            self._gap = ""
            self._write(mark)

    def _text(self, text: str) -> None:
        if self._word is not None:  # a line break inside a word is the layout of the file
            first, *others = text.split("\n")
            text = "".join([first.rstrip(" \t\r") if others else first, *map(str.lstrip, others)])
        text = _BLANKS.sub(" ", text)
        if text.startswith(" ") and not self._is_inside:
            self._gap = self._gap or " "
        stripped = text.strip(" ")
        if not stripped:
            return
        self._write(stripped)
        if text.endswith(" "):
            self._gap = " "

    def _write(self, text: str) -> None:
        if self._is_after_end and self._last and self._last in _HYPHENS and text[0].isalpha() and self._ends_word():
            self._join_lines(text)
        gap = self._gap if self._size else ""
        if self._sentence_start is None and self._in_sentence:
            self._sentence_start = self._size + len(gap)
        if self._word is not None and self._word_start is None:
            self._word_start = self._size + len(gap)
        ends_soft = text[-1] == "\u00ad"
        text = text.replace("\u00ad", "") + ("\u00ad" if ends_soft else "")
        self._parts.append(gap + text)
        self._size += len(gap) + len(text)
        self._last = text[-1]
        self._gap, self._is_inside, self._is_after_end = "", False, False

    def _ends_word(self) -> bool:
        part = self._parts[-1]
        before = part[-2:-1] or (self._parts[-2][-1:] if len(self._parts) > 1 else "")
        return before.isalpha()

    def _join_lines(self, text: str) -> None:
        """Write the rest of a word at once after its beginning, without the hyphen that only the line end needed."""
        if _CONJUNCTION.match(text):  # "Haupt- und Nebenſatz"
            return
        self._gap = ""
        if text[0].islower():
            self._parts[-1] = self._parts[-1][:-1]
            self._size -= 1

    def _start_word(self, word: Word) -> None:
        before = self._before
        if word.continues or word.join in ("left", "both", "overlap") or (before and before.join in ("right", "both")):
            self._gap = ""
        elif not self._spaced and before is not None and not (word.is_mark and not self._opens(word)):
            self._gap = "" if before.is_mark and self._opens_last() else self._gap or " "
        self._word, self._word_start = word, None

    def _opens(self, word: Word) -> bool:
        return word.join == "right"

    def _opens_last(self) -> bool:
        return unicodedata.category(self._last) in ("Ps", "Pi") if self._last else False

    def _end_word(self) -> None:
        word, start = self._word, self._word_start
        self._word = self._word_start = None
        if word is None or start is None or start >= self._size:
            self._marks.clear()
            return
        if word.continues and self._tokens:
            first = self._tokens.pop()
            token = GivenToken(
                first.start, self._size, first.lemma or word.lemma, first.pos or word.pos, first.tag or word.tag
            )
        else:
            token = GivenToken(start, self._size, word.lemma, word.pos, word.tag)
        self._tokens.append(token)
        self._before = word
        while self._marks:
            self._note_mark(self._marks.pop(0))

    def result(self) -> LaidOut:
        if self._in_sentence and self._sentence_start is not None:
            self._spans.append((self._sentence_start, self._size))
        text = "".join(self._parts)
        return LaidOut(text, _annotation(text, self._spans, self._tokens))


def _annotation(text: str, spans: list[tuple[int, int]], tokens: list[GivenToken]) -> tuple[GivenSentence, ...]:
    """Return sentences with their tokens. Tokens outside them are loose stretches, and so is text of several lines."""
    if not spans:
        is_stretch = bool(tokens) or "\n" in text
        return (GivenSentence(0, len(text), tuple(tokens), loose=True),) if is_stretch and text else ()
    found: list[GivenSentence] = []
    used = position = 0

    def take(end: int) -> tuple[GivenToken, ...]:
        nonlocal used
        first = used
        while used < len(tokens) and tokens[used].end <= end:
            used += 1
        return tuple(tokens[first:used])

    for start, end in spans:
        if start >= end or start < position:
            continue
        if loose := take(start):
            found.append(GivenSentence(loose[0].start, loose[-1].end, loose, loose=True))
        found.append(GivenSentence(start, end, take(end)))
        position = end
    if loose := take(len(text)):
        found.append(GivenSentence(loose[0].start, loose[-1].end, loose, loose=True))
    return tuple(found)


def closing_signs(text: str) -> int:
    """Return the number of characters at the start of a text that close the line before it."""
    match = _CLOSES.match(text)
    return match.end() if match else 0
