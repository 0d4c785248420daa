"""Read a dictionary: find its format, open it, packed or not, and yield its senses."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Iterator
from lzma import LZMAError
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import DocumentError
from ..readers.records import UnreadableError, open_file
from . import lmf, tei
from .records import DictionarySense, numbered
from .tables import read_json_dictionary, read_tsv
from .wordnet import is_wordnet, read_wordnet

LAYOUT = (
    "a dictionary is TSV (with the columns lemma and definition), JSON, LMF, TEI, or the folder of WordNet's own files"
)
LARGEST_FILE = 2 * 2**30
"""Maximum size of a dictionary, unpacked, in bytes."""
_HEAD = 2**14
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)(?=[\s/>])")
_PACKED = {b"\x1f\x8b": "gzip", b"\xfd7zXZ": "lzma", b"BZh": "bz2"}


def read_dictionary(path: Path) -> Iterator[DictionarySense]:
    """Yield the senses of a dictionary, each with an id of its own, in the order of the file.

    Raises:
        DocumentError: The path cannot be read, has no known format, exceeds a limit, or has no sense.
    """
    found = False
    try:
        for sense in numbered(_senses(path)):
            found = True
            yield sense
    except UnreadableError as error:
        raise DocumentError(f"{path}: {error}; {LAYOUT}") from error
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path} is not UTF-8 text; {LAYOUT}") from error
    except (EOFError, LZMAError, zlib.error) as error:
        raise DocumentError(f"{path} is damaged ({error}); {LAYOUT}") from error
    except OSError as error:
        raise DocumentError(f"{path} cannot be read ({error.strerror or error}); {LAYOUT}") from error
    if not found:
        raise DocumentError(f"{path} has no sense with a definition or an example; {LAYOUT}")


def _senses(path: Path) -> Iterator[DictionarySense]:
    if path.is_dir():
        folders = [path, path / "dict"]
        found = next((folder for folder in folders if is_wordnet(folder)), None)
        if found is None:
            raise UnreadableError("the folder has no file data.noun of WordNet")
        yield from read_wordnet(found)
        return
    with open_file(path) as file:
        opened = _Bounded(_unpacked(file))
        with io.BufferedReader(opened, _HEAD * 16) as stream:
            yield from _reader(stream.peek(_HEAD)[:_HEAD])(cast(BinaryIO, stream))


def _reader(head: bytes) -> Callable[[BinaryIO], Iterator[DictionarySense]]:
    """Return the reader of a format, by the first bytes of a file."""
    text = head.decode("utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace").lstrip()
    if text.startswith("<"):
        root = _ROOT.search(text)
        return lmf.read_lmf if root and root[1] == lmf.ROOT else tei.read_tei_dictionary
    if text.startswith(("[", "{")):
        return read_json_dictionary
    return read_tsv


def _unpacked(file: BinaryIO) -> BinaryIO:
    """Return a file, or what is packed in it."""
    start = file.read(6)
    file.seek(0)
    kind = next((kind for sign, kind in _PACKED.items() if start.startswith(sign)), "")
    if kind == "gzip":
        import gzip

        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    if kind == "lzma":
        import lzma

        return cast(BinaryIO, lzma.LZMAFile(file))
    if kind == "bz2":
        import bz2

        return cast(BinaryIO, bz2.BZ2File(file))
    return file


class _Bounded(io.RawIOBase):
    """A file of at most `LARGEST_FILE` bytes. Packed files may unpack to any size."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = LARGEST_FILE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer))
        data = self._file.read(min(len(view), self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise UnreadableError(f"larger than {LARGEST_FILE >> 20} MiB; split it")
        view[: len(data)] = data
        return len(data)
