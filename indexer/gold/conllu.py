"""Read treebanks in CoNLL-U with their syntactic words, for training and measuring a tagger.

The texts are put together as in the evaluation of Universal Dependencies (Zeman et al. 2018). `# newdoc` begins a
document, and `# newpar` a paragraph after a blank line. Other sentences follow each other as `SpaceAfter` says.

A token is what is written, such as *don't*, and has one or several syntactic words (*do*, *n't*). A word has the span
of its own letters if the words together spell the token. Otherwise it has the span of the whole token.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO

from ..errors import DocumentError

LAYOUT = "give a treebank in CoNLL-U, of ten columns separated by tabs"
MAX_LINES = 50_000_000
"""Maximum number of lines of a treebank. The largest published ones have 4 million."""
MAX_LINE = 1 << 16
"""Maximum length of a line, in bytes."""
_COLUMNS = 10
_NUMBER = re.compile(r"(\d{1,6})(?:-(\d{1,6})|(\.\d{1,6}))?")
_MARK = re.compile(r"#\s*(newdoc|newpar)\b")
_TEXT = re.compile(r"#\s*text\s*=\s?(.*)")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class GoldWord:
    """A syntactic word.

    Attributes:
        upos: Universal part of speech, empty if the treebank has none.
        xpos: Tag of the treebank's own set, empty if it has none.
        lemma: Lemma, empty if the treebank has none.
        head: Number of the word that it depends on, from 1. 0 for the root or without a tree.
        start: Offset of its first character in the sentence's text.
        end: Offset after its last character.
    """

    form: str
    lemma: str
    upos: str
    xpos: str
    head: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class GoldSentence:
    """A sentence with the spans of its tokens and its words.

    Attributes:
        gap: What is between the sentence before and this one. None at the start of a document.
    """

    text: str
    tokens: tuple[Span, ...]
    words: tuple[GoldWord, ...]
    gap: str | None


@dataclass(frozen=True, slots=True)
class GoldDocument:
    """A running text with its sentences, and the offset of each in the text."""

    text: str
    starts: tuple[int, ...]
    sentences: tuple[GoldSentence, ...]


def read_treebank(path: Path) -> list[GoldSentence]:
    """Read the sentences of a treebank. The file may be compressed (.xz, .gz, .bz2).

    Raises:
        DocumentError: The file cannot be read, or is not CoNLL-U.
    """
    found: list[GoldSentence] = []
    gap: str | None = None
    mark, text = "newdoc", ""
    rows: list[list[str]] = []
    number = 0
    for number, line in enumerate(_lines(path), 1):
        if number > MAX_LINES:
            raise DocumentError(f"{path} has more than {MAX_LINES:,} lines; split it")
        if not line.strip():
            if rows:
                before = None if mark == "newdoc" else "\n\n" if mark else gap
                sentence, gap = _sentence(rows, text, before, f"{path}, before line {number}")
                found.append(sentence)
                mark, text, rows = "", "", []
        elif line.startswith("#"):
            if match := _MARK.match(line):
                mark = "newdoc" if "newdoc" in (mark, match[1]) else "newpar"
            elif match := _TEXT.match(line):
                text = match[1].strip()
        else:
            rows.append(_cells(line, f"{path}, line {number}"))
    if rows:
        before = None if mark == "newdoc" else "\n\n" if mark else gap
        found.append(_sentence(rows, text, before, f"{path}, line {number}")[0])
    if not found:
        raise DocumentError(f"{path} has no sentence; {LAYOUT}")
    return found


def documents(sentences: Sequence[GoldSentence]) -> Iterator[GoldDocument]:
    """Yield the running texts of sentences."""
    firsts = [n for n, each in enumerate(sentences) if each.gap is None or n == 0]
    for first, end in pairwise([*firsts, len(sentences)]):
        parts: list[str] = []
        starts: list[int] = []
        length = 0
        for each in sentences[first:end]:
            gap = each.gap if each.gap is not None and parts else ""
            starts.append(length + len(gap))
            parts += [gap, each.text]
            length += len(gap) + len(each.text)
        yield GoldDocument("".join(parts), tuple(starts), tuple(sentences[first:end]))


def _lines(path: Path) -> Iterator[str]:
    try:
        with _open(path) as stream:
            number = 0
            while line := stream.readline(MAX_LINE + 1):
                number += 1
                if len(line) > MAX_LINE:
                    raise DocumentError(f"{path}, line {number} is longer than {MAX_LINE:,} bytes; {LAYOUT}")
                yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path} is not UTF-8 text; {LAYOUT}") from error
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise DocumentError(f"{path} cannot be read ({reason}); {LAYOUT}") from error


def _open(path: Path) -> IO[bytes] | lzma.LZMAFile | gzip.GzipFile | bz2.BZ2File:
    if not path.is_file():
        raise OSError(0, "it is not a plain file", str(path))
    match path.suffix.lower():
        case ".xz":
            return lzma.open(path)
        case ".gz":
            return gzip.open(path)
        case ".bz2":
            return bz2.open(path)
    return path.open("rb")


def _cells(line: str, where: str) -> list[str]:
    cells = line.split("\t")
    if len(cells) != _COLUMNS or not _NUMBER.fullmatch(cells[0]):
        raise DocumentError(f"{where} has {len(cells)} columns, or no number of a word; {LAYOUT}")
    return cells


def _sentence(rows: Sequence[Sequence[str]], text: str, gap: str | None, where: str) -> tuple[GoldSentence, str]:
    """Return a sentence, and what is between it and the next one."""
    forms: list[str] = []  # of the tokens
    glued: list[bool] = []  # whether the next token follows without a space
    inside: list[list[Sequence[str]]] = []  # words of each token
    last = 0
    for cells in rows:
        number, until, is_empty = _NUMBER.fullmatch(cells[0]).groups()  # type: ignore[union-attr]
        if is_empty:
            continue
        if until is None and int(number) <= last and inside:
            inside[-1].append(cells)
            continue
        forms.append(" ".join(cells[1].split()) or "_")
        glued.append("SpaceAfter=No" in cells[9].split("|"))
        inside.append([cells] if until is None else [])
        last = int(until) if until else 0
    if not all(inside) or not inside:
        raise DocumentError(f"{where} has a token without words; {LAYOUT}")
    spans = _found_in(text, forms) if text else None
    if spans is None:
        text, spans = _put_together(forms, glued)
    words = [word for span, form, cells in zip(spans, forms, inside, strict=True) for word in _words(span, form, cells)]
    return GoldSentence(text, tuple(spans), tuple(words), gap), "" if glued[-1] else " "


def _found_in(text: str, forms: Sequence[str]) -> list[Span] | None:
    """Return the span of each token in the text of its sentence, or None if the text has other tokens."""
    spans, position = [], 0
    for form in forms:
        while position < len(text) and text[position].isspace():
            position += 1
        if not text.startswith(form, position):
            return None
        spans.append((position, position + len(form)))
        position += len(form)
    return spans if not text[position:].strip() else None


def _put_together(forms: Sequence[str], glued: Sequence[bool]) -> tuple[str, list[Span]]:
    parts, spans, length = [], [], 0
    for form, is_glued in zip(forms, glued, strict=True):
        spans.append((length, length + len(form)))
        parts.append(form if is_glued else f"{form} ")
        length += len(parts[-1])
    return "".join(parts).rstrip(), spans


def _words(span: Span, form: str, rows: Sequence[Sequence[str]]) -> Iterator[GoldWord]:
    """Yield the words of a token."""
    spelled = "".join(cells[1] for cells in rows) == form and len(rows) > 1
    start, end = span
    for cells in rows:
        end = start + len(cells[1]) if spelled else span[1]
        lemma, upos, xpos = (_value(cell) for cell in cells[2:5])
        if cells[1] == "_" == cells[2]:
            lemma = "_"
        head = int(cells[6]) if cells[6].isdecimal() and len(cells[6]) < 7 else 0
        yield GoldWord(cells[1], lemma, upos, xpos, head, start, end)
        start = end if spelled else span[0]


def _value(cell: str) -> str:
    return "" if cell == "_" else cell
