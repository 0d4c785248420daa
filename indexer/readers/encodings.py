"""Decode bytes: by a byte order mark, else as UTF-8, else as the file declares, else by detection."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .code_pages import LATIN_CODE_PAGES, declared_share
from .detection import C1, SAMPLE, Guessed, detect, detected, non_ascii_lines, python_codec
from .records import UnreadableError, open_file

__all__ = ["MAX_TEXT", "Decoded", "decode", "decoded", "detect", "file_encoding", "file_guess", "python_codec"]

_DOUBTFUL_SHARE = 0.3  # share of explained characters below which a code page is doubted
_CHUNK = 2**20
MAX_TEXT = 384 * 2**20
"""Maximum size in bytes of a decoded text. One character beyond U+FFFF makes each character take four bytes."""
_STATEFUL = frozenset(
    {"iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_3", "iso2022_jp_ext", "iso2022_kr", "hz"}
)
_SINGLE_BYTE = re.compile(r"cp1?\d\d\d|iso8859-\d+|mac[-_]\w+|koi8[-_][rut]|tis[-_]620")
_UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_BROKEN = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, and what may be wrong with it in one line, or ""."""

    text: str
    warning: str = ""


def decode(data: bytes, encoding: str | None = None, declared: str | None = None) -> str:
    """Return the text of a file's bytes without byte order mark, as `decoded` does."""
    return decoded(data, encoding, declared).text


def decoded(data: bytes, encoding: str | None = None, declared: str | None = None) -> Decoded:
    """Return the text of a file's bytes without byte order mark. Line ends stay.

    Args:
        encoding: The encoding that the user names.
        declared: The encoding that the file names, as in `<meta charset>`. It is ignored if the bytes contradict it
            or begin with a byte order mark. Valid UTF-8 beyond ASCII contradicts every other encoding.

    Raises:
        UnreadableError: The bytes do not fit `encoding`, are not text, or take more than `MAX_TEXT`.
    """
    _check_size(data)
    if encoding is not None:
        return Decoded(_without_bom(_strict(data, encoding)))
    guess = detected([data])
    named = python_codec(declared) if declared else None
    if named and guess.codec in ("utf-8", *_STATEFUL) and data.isascii():
        text = _declared_text(data, named) if named in _STATEFUL else None
        return Decoded(data.decode("ascii") if text is None else text)
    if guess.is_certain:
        return Decoded(_without_bom(data.decode(guess.codec, "replace")))
    if (broken := _mostly_utf8(data, is_declared=named == "utf-8")) is not None:
        return broken
    if named and b"\0" not in data and not _contradicts(data, named, guess):
        text = _declared_text(data, named)
        if text is not None:
            return Decoded(text)
    return Decoded(_without_bom(data.decode(guess.codec, "replace")), guess.warning)


def file_encoding(path: Path, encoding: str | None = None) -> str:
    """Return the codec for reading a file row by row, after one pass over its bytes, one chunk at a time."""
    return file_guess(path, encoding).codec


def file_guess(path: Path, encoding: str | None = None) -> Guessed:
    """Return the codec for reading a file row by row, and how certain it is, after one pass over its bytes."""
    if encoding is None:
        return detected(_chunks(path))
    codec = "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        for chunk in _chunks(path):
            decoder.decode(chunk)
        decoder.decode(b"", True)
    except UnicodeDecodeError as error:
        raise UnreadableError(_misfit(encoding, error)) from None
    return Guessed(codec, is_certain=True)


def _declared_text(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeDecodeError, LookupError):
        return None


def _mostly_utf8(data: bytes, *, is_declared: bool) -> Decoded | None:
    """Return UTF-8 text in which a few bytes are broken, as in a file that was cut or joined. They are read as 1252."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        part = data[max(0, error.start - _CHUNK) : error.start + _CHUNK]
    else:
        return None
    whole = len(_UTF8_CHARACTER.findall(part))
    broken = len(_BROKEN.findall(_UTF8_CHARACTER.sub(b"", part)))
    if not whole or whole < (2 if is_declared else 20) * broken:
        return None
    warning = "some bytes are not UTF-8 and were read as Windows-1252; give --encoding"
    return Decoded(_without_bom(data.decode("utf-8", _STRAY)), warning)


def _stray_byte(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


_STRAY = "polyseme.stray"
codecs.register_error(_STRAY, _stray_byte)


def _contradicts(data: bytes, codec: str, guess: Guessed) -> bool:
    """Return whether the bytes make a declared encoding of one byte for each character implausible."""
    if not _SINGLE_BYTE.fullmatch(codec) or guess.codec == codec:
        return False
    sample = non_ascii_lines(data)[:SAMPLE]
    text = sample.decode(codec, "replace")
    if C1.search(text):
        return True
    if guess.is_doubtful:
        return False
    share = declared_share(sample, codec)
    if guess.codec in LATIN_CODE_PAGES:
        return share < _DOUBTFUL_SHARE
    return codec in LATIN_CODE_PAGES and share < _DOUBTFUL_SHARE


def _check_size(data: bytes) -> None:
    if len(data) <= MAX_TEXT // 4 or data.isascii():
        return
    width = 4 if re.search(rb"[\xf0-\xf4][\x80-\xbf]{3}", data) else 2
    if len(data) * width > MAX_TEXT:
        raise UnreadableError(f"takes more than {MAX_TEXT // 2**20} MiB of memory as text; split it")


def _strict(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableError(_misfit(encoding, error)) from None
    if "\0" in text:
        raise UnreadableError("binary content, not text")
    return text


def _misfit(encoding: str, error: UnicodeDecodeError) -> str:
    return f"not {encoding}: {error.reason} at byte {error.start}"


def _chunks(path: Path) -> Iterator[bytes]:
    with open_file(path) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _without_bom(text: str) -> str:
    return text.removeprefix("\ufeff")
