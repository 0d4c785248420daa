"""Training texts: their sentences as tokens, one at a time, and the size and digest of each file."""

import bz2
import gzip
import hashlib
import lzma
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..documents import Document, Skipped, read_documents
from ..elmo.batching import MAX_TOKENS
from ..elmo.characters import normalise_token
from ..elmo.config import Normalise
from ..errors import ModelError
from ..text import TextAnalyser, TokenKind

COMPRESSED = (".xz", ".gz", ".bz2")
"""Suffixes of files that are decompressed as they are read."""
_UNREADABLE = (OSError, EOFError, lzma.LZMAError, zlib.error)  # what decompression raises
_MAX_FILES = 200  # files that a card lists one by one


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that was read, as listed on the model's card.

    The path starts at the given text. The folders above it are private and must not appear on a card.
    """

    path: str
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class TextRead:
    """The files that were read, and a line for each document that could not be read."""

    files: list[TextFile]
    skipped: list[str]


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How texts are split into tokens."""

    tokenized: bool  # whether each line is one sentence, its tokens separated by spaces
    language: str  # of raw text, not used for tokenised text
    normalise: tuple[Normalise, ...]


def read_sentences(
    texts: Sequence[Path],
    options: TextOptions,
    on_skip: Callable[[str], None],
    on_file: Callable[[TextFile], None] | None = None,
) -> Iterator[list[str]]:
    """Yield the sentences of files and folders in order, with tokens normalised as the encoder reads them.

    A sentence of more than 512 tokens is split, as the encoder does.

    Args:
        on_skip: Receives one line for each document that cannot be read.
        on_file: Receives each file that was read.

    Raises:
        ModelError: A tokenised text is missing, unreadable or not UTF-8.
        DocumentError: A raw text does not exist.
        QueryError: The language is not supported.
    """
    on_file = on_file or (lambda file: None)
    if options.tokenized:
        sentences = _tokenized_sentences(texts, on_file)
    else:
        sentences = _raw_sentences(texts, options.language, on_skip, on_file)
    for sentence in sentences:
        tokens = [normalise_token(token, options.normalise) for token in sentence]
        for start in range(0, len(tokens), MAX_TOKENS):
            yield tokens[start : start + MAX_TOKENS]


def files_of(texts: Sequence[Path], skipped: Sequence[str] = ()) -> list[TextFile]:
    """Return every file of the given texts with its size and digest. Hidden files are left out.

    Args:
        skipped: The lines that `on_skip` received. Their files are left out.

    Raises:
        ModelError: A text does not exist or cannot be read.
    """
    read = ((text, path) for text, path in _files(texts) if not any(s.startswith(f"{path}: ") for s in skipped))
    return [text_file(text, path) for text, path in read]


def text_file(text: Path, path: Path) -> TextFile:
    """Return size and digest of a file of the given text.

    Raises:
        ModelError: The file cannot be read.
    """
    name = (text.resolve().name / path.relative_to(text)).as_posix() if text.is_dir() else path.name
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return TextFile(name, path.stat().st_size, digest)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); correct it or leave it out") from error


def file_rows(files: Sequence[TextFile]) -> str:
    """Return the rows of a card's table of files: path, bytes, sha256."""
    rows = [
        f"| `{file.path.replace('|', chr(92) + '|')}` | {file.size:,} | `{file.sha256}` |"
        for file in files[:_MAX_FILES]
    ]
    if len(files) > _MAX_FILES:
        rest = files[_MAX_FILES:]
        rows.append(f"| and {len(rest):,} more | {sum(file.size for file in rest):,} | see `training.json` |")
    return "\n".join(rows)


def _files(texts: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Yield each text with each of its files. Hidden files are left out."""
    for text in texts:
        if text.is_dir():
            parts = sorted(path for path in text.rglob("*") if path.is_file())
            hidden = (any(p.startswith(".") for p in path.relative_to(text).parts) for path in parts)
            yield from ((text, path) for path, is_hidden in zip(parts, hidden, strict=True) if not is_hidden)
        elif text.is_file():
            yield text, text
        else:
            raise ModelError(f"{text} does not exist or is not a file; check the path of the text")


def _tokenized_sentences(texts: Sequence[Path], on_file: Callable[[TextFile], None]) -> Iterator[list[str]]:
    for text, path in _files(texts):
        try:
            with _open(path) as stream:
                for number, line in enumerate(stream, 1):
                    yield _decode(line, path, number).split()
        except _UNREADABLE as error:
            raise ModelError(f"{path} cannot be read ({error}); correct it or leave it out") from error
        on_file(text_file(text, path))


def _open(path: Path) -> IO[bytes] | lzma.LZMAFile | gzip.GzipFile | bz2.BZ2File:
    match path.suffix.lower():
        case ".xz":
            return lzma.open(path)
        case ".gz":
            return gzip.open(path)
        case ".bz2":
            return bz2.open(path)
    return path.open("rb")


def _decode(line: bytes, path: Path, number: int) -> str:
    try:
        return line.decode("utf-8-sig" if number == 1 else "utf-8")
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}, line {number} is not UTF-8; convert it, or train without --tokenized") from error


def _raw_sentences(
    texts: Sequence[Path], language: str, on_skip: Callable[[str], None], on_file: Callable[[TextFile], None]
) -> Iterator[list[str]]:
    analyser = TextAnalyser(language)
    for document in training_documents(texts, on_skip, on_file):
        for sentence in analyser.sentences(document.text):
            if any(token.kind is not TokenKind.PUNCTUATION for token in sentence.tokens):
                yield [token.text for token in sentence.tokens]


def training_documents(
    texts: Sequence[Path], on_skip: Callable[[str], None], on_file: Callable[[TextFile], None]
) -> Iterator[Document]:
    """Yield the documents of files and folders in order. See `read_sentences` for the callbacks.

    Raises:
        DocumentError: A text does not exist.
    """
    # One text at a time, so that equal document ids in two texts are no error.
    for text in texts:
        compressed = [path for _, path in _files([text]) if _is_compressed(path)] if text.exists() else []
        if compressed != [text]:
            yield from _documents(text, on_skip, on_file)
        for path in compressed:
            yield from _decompressed(text, path, on_skip, on_file)


def _is_compressed(path: Path) -> bool:
    return path.suffix.lower() in COMPRESSED


def _documents(text: Path, on_skip: Callable[[str], None], on_file: Callable[[TextFile], None]) -> Iterator[Document]:
    """Yield the documents of a file or a folder, without those of compressed files."""
    reported: set[Path] = set()
    for document in read_documents([text]):
        if isinstance(document, Skipped):
            if document.is_loss and not _is_compressed(Path(document.source)):
                on_skip(f"{document.source}: {document.reason}")
            continue
        path = text / document.source if document.source and text.is_dir() else text
        if path not in reported:
            reported.add(path)
            on_file(text_file(text, path))
        yield document


def _decompressed(
    text: Path, path: Path, on_skip: Callable[[str], None], on_file: Callable[[TextFile], None]
) -> Iterator[Document]:
    """Yield the documents of a compressed file. Readers want a file, so one is written for them and removed."""
    with tempfile.TemporaryDirectory(prefix="polyseme-") as folder:
        plain = Path(folder) / path.stem
        try:
            with _open(path) as stream, plain.open("wb") as out:
                shutil.copyfileobj(stream, out)
        except _UNREADABLE as error:
            on_skip(f"{path}: it cannot be decompressed ({error})")
            return
        is_read = False
        for document in read_documents([plain]):
            if isinstance(document, Skipped):
                on_skip(f"{path}: {document.reason}")
                continue
            if not is_read:
                is_read = True
                on_file(text_file(text, path))
            yield document
