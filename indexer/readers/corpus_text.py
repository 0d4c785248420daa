"""Put a text together from the sentences and tokens of an annotated corpus."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeVar

from ..given import GivenSentence, GivenToken
from .encodings import file_encoding
from .records import Extract, Failure, UnreadableError, open_file

T = TypeVar("T", Extract, Extract | Failure)
MAX_TOKENS = 2_000_000
"""Maximum number of tokens in one document."""
MAX_LINE = 2**20
"""Maximum number of characters in a line."""


def corpus_lines(path: Path, encoding: str | None) -> Iterator[str]:
    """Yield the lines of a file without their ends.

    Raises:
        UnreadableError: It is not text, or a line is longer than `MAX_LINE`.
    """
    codec = file_encoding(path, encoding)
    with io.TextIOWrapper(open_file(path), encoding=codec, errors="replace", newline=None) as file:
        while line := file.readline(MAX_LINE):
            if len(line) == MAX_LINE and line[-1] != "\n":
                raise UnreadableError(f"a line has more than {MAX_LINE:,} characters")
            yield line.rstrip("\n").removeprefix("\ufeff")


def numbered(items: Iterator[T], kind: str) -> Iterator[T]:
    """Yield the documents of a file, numbered from 1 if there are several.

    Args:
        kind: What a document is called in messages.
    """
    held: T | None = None
    number = 0
    try:
        for item in items:
            if held is not None:
                number += 1
                yield _with_number(held, kind, number)
            held = item
    except Exception:
        if held is not None:  # it was read before the fault
            yield _with_number(held, kind, number + 1)
        raise
    if held is None:
        raise UnreadableError("no text in it")
    yield _with_number(held, kind, number + 1) if number else held


def _with_number(item: T, kind: str, number: int) -> T:
    where = f"{kind} {number}"
    return replace(item, row=number, where=f"{where}, {item.where}" if item.where else where)


class CorpusToken(NamedTuple):
    """A token of a corpus: its form, its annotation, and what is between it and the next one."""

    form: str
    lemma: str | None = None
    pos: str | None = None
    tag: str | None = None
    after: str = " "


class CorpusText:
    """A text that grows by sentences and stretches of tokens.

    Attributes:
        gap: What is between the last token and the next one.
        tokens: Number of tokens.
    """

    def __init__(self) -> None:
        self.gap = ""
        self.tokens = 0
        self._size = 0
        self._parts: list[str] = []
        self._sentences: list[GivenSentence] = []
        self._strings: dict[str, str] = {}

    def add(self, tokens: Sequence[CorpusToken], *, loose: bool = False) -> None:
        """Add the tokens of a sentence, or of a stretch whose sentences are not known.

        Raises:
            UnreadableError: There are more than `MAX_TOKENS`.
        """
        given = []
        for token in tokens:
            if not token.form.strip():
                continue
            start = self._write(token.form)
            given.append(GivenToken(start, self._size, *map(self._shared, token[1:4])))
            self.gap = token.after
        if not given:
            return
        self.tokens += len(given)
        if self.tokens > MAX_TOKENS:
            raise UnreadableError(f"a document of more than {MAX_TOKENS:,} tokens; divide it into documents")
        self._sentences.append(GivenSentence(given[0].start, given[-1].end, tuple(given), loose))

    def add_sentence(self, text: str, spans: Sequence[tuple[int, int]], tokens: Sequence[CorpusToken]) -> None:
        """Add a sentence whose text is known.

        Args:
            spans: Start and end of each token in that text.
        """
        first = self._write(text)
        last = tokens[-1].after if tokens else " "
        given = tuple(
            GivenToken(first + start, first + end, *map(self._shared, token[1:4]))
            for (start, end), token in zip(spans, tokens, strict=True)
        )
        self.tokens += len(given)
        if self.tokens > MAX_TOKENS:
            raise UnreadableError(f"a document of more than {MAX_TOKENS:,} tokens; divide it into documents")
        self._sentences.append(GivenSentence(first, self._size, given))
        self.gap = last

    def end_paragraph(self) -> None:
        """End the paragraph."""
        self.gap = "\n\n"

    def _write(self, text: str) -> int:
        """Write the gap and a text, and return where the text begins."""
        gap = self.gap if self._size else ""
        self._parts += (gap, text)
        start = self._size + len(gap)
        self._size = start + len(text)
        return start

    def _shared(self, value: str | None) -> str | None:
        """Return a string that is in memory once, since lemmas and tags come again and again."""
        return self._strings.setdefault(value, value) if value else None

    def result(self) -> tuple[str, tuple[GivenSentence, ...]]:
        """Return the text and its annotation."""
        return "".join(self._parts), tuple(self._sentences)
