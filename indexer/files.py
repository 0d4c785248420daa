"""Write files so that they survive a crash or a power failure."""

import os
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
        temporary.write_bytes(content)
        flush(temporary)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    flush(path.parent)


def flush_files(folder: Path) -> None:
    """Force every file in a folder, and the folder itself, to the disk."""
    for path in sorted(folder.iterdir()):
        if path.is_file():
            flush(path)
    flush(folder)
