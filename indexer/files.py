"""Write files so that they survive a crash or a power failure, and read files of bounded size."""

import errno
import os
import stat
from pathlib import Path


def flush(path: Path) -> None:
    """Force the content of a file, or the names in a folder, to the disk (fsync)."""
    if path.is_dir() and os.name == "nt":  # Windows cannot open folders
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Write a file atomically. After a crash or on a full disk, it has its old or its new content, never a part.

    Raises:
        OSError: The file cannot be written and keeps its old content, or its folder cannot be flushed afterwards.
    """
    temporary = path.with_name(f".{path.name}.partial")
    try:
        temporary.unlink(missing_ok=True)  # what a crash left, or a link that leads elsewhere
        with temporary.open("xb") as file:
            file.write(content)
        flush(temporary)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    flush(path.parent)


def write_anywhere(path: Path, content: bytes) -> None:
    """Write a file atomically, or write to a pipe or device that exists, such as /dev/stdout.

    Raises:
        OSError: The content cannot be written, or nobody reads the pipe.
    """
    if path.is_file() or not path.exists():
        write_atomically(path, content)
        return
    with open(path, "wb", opener=_open_at_once) as device:
        os.set_blocking(device.fileno(), True)
        device.write(content)


def read_bounded(path: Path, largest: int) -> bytes:
    """Read a whole file of at most `largest` bytes.

    Raises:
        OSError: The file cannot be read, is a pipe or a device, or is larger.
    """
    with open(path, "rb", opener=_open_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        content = file.read(largest + 1)
    if len(content) > largest:
        raise OSError(errno.EFBIG, f"it is larger than {largest >> 20} MiB", str(path))
    return content


def _open_at_once(path: str, flags: int) -> int:
    """Open a file. Without the flag, a pipe would be waited for until somebody writes to it."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def flush_files(folder: Path) -> None:
    """Force every file in a folder, and the folder itself, to the disk."""
    for path in sorted(folder.iterdir()):
        if path.is_file():
            flush(path)
    flush(folder)
