"""Read the documents in a zip archive. Each member is a document, or several, with the id `archive.zip/member`."""

import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from . import COMPANIONS, WITHOUT_SUFFIX, format_of, type_of
from .archive import Archive
from .members import ARCHIVES, Members
from .records import Extract, Failure, ReadOptions, UnreadableError

_SYSTEM = frozenset({"__MACOSX"})


def read_zip(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the documents of all members, a Failure for each that cannot be read, and one for all of unknown types."""
    unknown: Counter[str] = Counter()
    with Archive(path) as archive, Members(options) as members:
        for name, about in archive.entries():
            parts = PurePosixPath(name).parts
            if not parts or any(_is_hidden(part) for part in parts):
                continue  # hidden, as in a folder
            if stat.S_ISLNK(about.external_attr >> 16):
                yield Failure("a link, which is not followed", name, member=name)
                continue
            member = Path(f"member{PurePosixPath(name).suffix.lower()}")
            kind = type_of(member)
            if kind in COMPANIONS:
                continue  # pictures, fonts and sounds are left out, as in a folder
            if kind != WITHOUT_SUFFIX and member.suffix not in ARCHIVES and format_of(member) is None:
                unknown[kind] += 1
                continue
            try:
                data = archive.read_entry(about, name)
            except UnreadableError as error:
                yield Failure(str(error), name, member=name)
                continue
            if kind == WITHOUT_SUFFIX and not members.is_known(name, data):
                unknown[kind] += 1
            else:
                yield from members.read(name, data)
    if unknown:
        kinds = ", ".join(f"{number} {kind}" for kind, number in unknown.most_common())
        total = unknown.total()
        yield Failure(f"{total} member{'s' * (total != 1)} of types that are not read: {kinds}")


def _is_hidden(part: str) -> bool:
    return part in _SYSTEM or (part.startswith(".") and part not in (".", ".."))
