"""Texts to train on -> sentences of tokens, one at a time; what is known of their files."""

import bz2
import gzip
import hashlib
import lzma
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..documents import Skipped, read_documents
from ..elmo.batching import MAX_TOKENS
from ..elmo.characters import normalise_token
from ..elmo.config import Normalise
from ..errors import ModelError
from ..text.analyser import TextAnalyser, TokenKind


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that was read, for the model's card: its path from the text given, its size, and its digest.

    What lies above the text is the user's own affair and stays out of a card that may be passed on.
    """

    path: str
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class TextRead:
    """What was read of the texts, and a line for each document that could not be."""

    files: list[TextFile]
    skipped: list[str]


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How texts become tokens; `language` cuts raw text and says nothing about tokenised text."""

    tokenized: bool
    language: str
    normalise: tuple[Normalise, ...]


def read_sentences(
    texts: Sequence[Path],
    options: TextOptions,
    on_skip: Callable[[str], None],
    on_file: Callable[[TextFile], None] | None = None,
) -> Iterator[list[str]]:
    """Yield the sentences of files and folders in order, tokens normalised as the encoder will read them.

    A sentence of more than 512 tokens is cut, as the encoder does. `on_skip` is told of each document that cannot be
    read, in one line; `on_file` of each file that was.

    Raises:
        ModelError: a text to be read as tokens is missing, cannot be read or is not UTF-8.
        DocumentError: a text does not exist.
        QueryError: there is no such language.
    """
    heard = on_file or (lambda file: None)
    cut = _tokenized(texts, heard) if options.tokenized else _raw(texts, options.language, on_skip, heard)
    for sentence in cut:
        tokens = [normalise_token(token, options.normalise) for token in sentence]
        for start in range(0, len(tokens), MAX_TOKENS):
            yield tokens[start : start + MAX_TOKENS]


def files_of(texts: Sequence[Path], skipped: Sequence[str] = ()) -> list[TextFile]:
    """Every file of the texts given, hidden ones left out, with size and digest.

    `skipped`: what `on_skip` heard; files that could not be read are left out.

    Raises:
        ModelError: a text does not exist, or cannot be read.
    """
    read = ((text, path) for text, path in _files(texts) if not any(s.startswith(f"{path}: ") for s in skipped))
    return [text_file(text, path) for text, path in read]


def text_file(text: Path, path: Path) -> TextFile:
    """A file of a text given; raises `ModelError` if it cannot be read."""
    name = (text.resolve().name / path.relative_to(text)).as_posix() if text.is_dir() else path.name
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return TextFile(name, path.stat().st_size, digest)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); correct it or leave it out") from error


def _files(texts: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Each text with each of its files, hidden ones left out."""
    for text in texts:
        if text.is_dir():
            parts = sorted(path for path in text.rglob("*") if path.is_file())
            hidden = (any(p.startswith(".") for p in path.relative_to(text).parts) for path in parts)
            yield from ((text, path) for path, is_hidden in zip(parts, hidden, strict=True) if not is_hidden)
        elif text.is_file():
            yield text, text
        else:
            raise ModelError(f"{text} does not exist or is no file; check the path of the text")


def _tokenized(texts: Sequence[Path], on_file: Callable[[TextFile], None]) -> Iterator[list[str]]:
    for text, path in _files(texts):
        try:
            with _opened(path) as stream:
                for number, line in enumerate(stream, 1):
                    yield _decoded(line, path, number).split()
        except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
            raise ModelError(f"{path} cannot be read ({error}); correct it or leave it out") from error
        on_file(text_file(text, path))


def _opened(path: Path) -> IO[bytes] | lzma.LZMAFile | gzip.GzipFile | bz2.BZ2File:
    match path.suffix.lower():
        case ".xz":
            return lzma.open(path)
        case ".gz":
            return gzip.open(path)
        case ".bz2":
            return bz2.open(path)
    return path.open("rb")


def _decoded(line: bytes, path: Path, number: int) -> str:
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}, line {number} is not UTF-8; convert it, or train without --tokenized") from error


def _raw(
    texts: Sequence[Path], language: str, on_skip: Callable[[str], None], on_file: Callable[[TextFile], None]
) -> Iterator[list[str]]:
    analyser = TextAnalyser(language)
    # One by one: that two documents bear one id is of no matter here.
    for text in texts:
        told: set[Path] = set()
        for document in read_documents([text]):
            if isinstance(document, Skipped):
                on_skip(f"{document.source}: {document.reason}")
                continue
            path = text / document.source if document.source else text
            if path not in told:
                told.add(path)
                on_file(text_file(text, path))
            for sentence in analyser.sentences(document.text):
                if any(token.kind is not TokenKind.PUNCTUATION for token in sentence.tokens):
                    yield [token.text for token in sentence.tokens]
