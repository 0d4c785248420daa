"""What has been written is on the disk, not only on its way there."""

import os
from pathlib import Path


def flush(path: Path) -> None:
    """Force a file's content, or the names in a folder, to the disk."""
    if path.is_dir() and os.name == "nt":  # Windows opens no folders
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file so that a crash or a full disk leaves it as it was or as it shall be, never cut short.

    Raises:
        OSError: it cannot be written, and what was there is there still; or, last, its folder cannot be flushed.
    """
    aside = path.with_name(f".{path.name}.partial")
    try:
        aside.write_bytes(content)
        flush(aside)
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    flush(path.parent)


def flush_files(folder: Path) -> None:
    """Force every file of a folder, and the folder itself, to the disk."""
    for path in sorted(folder.iterdir()):
        if path.is_file():
            flush(path)
    flush(folder)
