"""Read files that are inside another one: members of an archive, attachments of a mail."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from .records import Extract, Failure, ReadOptions

ARCHIVES = frozenset({".zip", ".gz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".tgz", ".zst"})
"""Suffixes of archives. One inside another file is not read, so that nothing unpacks without end."""


class Members:
    """Reader of files inside another one. It has a temporary folder, which is made for the first of them."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._folder: TemporaryDirectory[str] | None = None

    def __enter__(self) -> "Members":
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def is_known(self, name: str, data: bytes) -> bool:
        """Return whether a file is of a known format, by the suffix of its name or by its first bytes."""
        from . import is_known

        path = self._written(Path(name).suffix.lower(), data)
        known = is_known(path)
        path.unlink()
        return known

    def _written(self, suffix: str, data: bytes) -> Path:
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="polyseme-")
        path = Path(self._folder.name) / f"member{suffix}"
        path.write_bytes(data)
        return path

    def read(self, name: str, data: bytes) -> Iterator[Extract | Failure]:
        """Yield the documents of a file. Its name chooses the reader, and no path of this system is made of it."""
        from . import kind_of, read_file

        suffix = Path(name).suffix.lower()
        path = self._written(suffix, data)
        kind = kind_of(path)  # the first bytes decide for a name without suffix
        if suffix in ARCHIVES or (kind is not None and ".zip" in kind.suffixes):
            path.unlink()
            yield Failure("an archive inside another file is not read; unpack it", name, member=name)
            return
        for item in read_file(path, self._options):
            where = f"{name}, {item.where}" if item.where else name
            member = f"{name}/{item.member}" if item.member else name
            yield replace(item, where=where, member=member)
        path.unlink()
