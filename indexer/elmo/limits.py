"""Limits for model files, which may come from a stranger: sizes are checked before memory is asked for."""

import os
import stat
from pathlib import Path

MAX_WEIGHTS = 1 << 28  # of a network. The largest published ELMo has 94 million
MAX_JSON_BYTES = 1 << 20
MAX_TEXT_BYTES = 1 << 26  # of a vocabulary, a model card or a list of checksums
MAX_WORDS = 1 << 22  # of a vocabulary
MAX_TENSOR_FILE_BYTES = 1 << 32
MAX_HEADER_BYTES = 1 << 20  # of a safetensors file
MAX_TENSORS = 4096
MAX_FILES = 1000  # in an archive
MAX_UNPACKED_BYTES = 1 << 33
MAX_RATIO = 32  # of unpacked to packed bytes, weights hardly get smaller
SLACK_BYTES = 1 << 24  # unpacked bytes that need no ratio
_MAX_SHOWN, _MAX_REASON = 80, 160  # characters of a message


def read_bytes(path: Path, limit: int) -> bytes:
    """Read a plain file. A link to one is followed, but a device or a pipe could be read for ever.

    Raises:
        OSError: The file cannot be read, is not a plain file, or is longer than `limit` bytes.
    """
    # A pipe without a writer would block the call for ever.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as stream:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(0, "it is not a plain file", str(path))
        content = stream.read(min(limit, found.st_size) + 1)  # the call asks for that memory at once
    if len(content) > limit:
        raise OSError(0, f"it is longer than {limit:,} bytes", str(path))
    return content


def fits_packed(unpacked: int, packed: int) -> bool:
    """Return whether the number of unpacked bytes is possible for a model. Far more than the packed ones is a trap."""
    return unpacked <= min(MAX_UNPACKED_BYTES, SLACK_BYTES + MAX_RATIO * packed)


def shown(value: object) -> str:
    """Return a value from a file for a message: quoted, so that it has one line, and cut."""
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 3]}..."


def one_line(error: BaseException | str) -> str:
    """Return the first line of another library's error, shortened, as our own messages have one line."""
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return text if len(text) <= _MAX_REASON else f"{text[: _MAX_REASON - 3]}..."
