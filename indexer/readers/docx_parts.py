"""Read what a Word document shows from other parts: diagrams (SmartArt), charts, and whole files put into it.

Files that it shows as a picture only, and chapters in files of their own, are named in a warning.
"""

import posixpath
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from .archive import Archive, find_all, local
from .members import Members
from .records import Failure, ReadOptions, UnreadableError

PLACE = "\0"
"""Begins a paragraph that names a part to be read there. XML text cannot have this character."""
_PLACES = {"altChunk": "id", "chart": "id", "relIds": "dm", "OLEObject": "id", "subDoc": "id"}
_NAMED = 5  # number of parts that a warning names
_SHOWN = frozenset({"chart", "diagramData"})


def place_of(name: str, attributes: dict[str, str]) -> str:
    """Return the paragraph that keeps the place of a part, or "" if an element shows none."""
    wanted = _PLACES.get(name)
    found = next((value for key, value in attributes.items() if wanted and key.endswith(f"}}{wanted}")), "")
    return f"{PLACE}{found}" if found else ""


def without_places(blocks: list[str]) -> list[str]:
    """Return paragraphs without the places of parts. Notes and comments name their parts in lists of their own."""
    return [block for block in blocks if not block.startswith(PLACE)]


@dataclass(slots=True)
class Parts:
    """The parts of a document beside its main text, each read once."""

    archive: Archive
    main: str
    options: ReadOptions
    unread: list[str] = field(default_factory=list)
    _done: set[str] = field(default_factory=set)

    def fill(self, blocks: list[str]) -> list[str]:
        """Return the paragraphs with the texts of the parts at their places."""
        if not any(block.startswith(PLACE) for block in blocks):
            return blocks
        members = self._members()
        found: list[str] = []
        for block in blocks:
            if not block.startswith(PLACE):
                found.append(block)
                continue
            kind, member = members.get(block[1:], ("", ""))
            if member and member not in self._done:
                self._done.add(member)
                found += without_places(list(self._texts(kind, member)))
        return found

    @property
    def warning(self) -> str:
        """What could not be read, in one line, or ""."""
        more = ", ..." if len(self.unread) > _NAMED else ""
        return f"not read: {', '.join(self.unread[:_NAMED])}{more}" if self.unread else ""

    def _members(self) -> dict[str, tuple[str, str]]:
        """Return the kind and the member of each relation of the main part."""
        folder, name = posixpath.split(self.main)
        members: dict[str, tuple[str, str]] = {}
        with suppress(UnreadableError):
            for relation in find_all(self.archive.xml(posixpath.join(folder, "_rels", f"{name}.rels")), "Relationship"):
                kind, target = relation.get("Type", "").rpartition("/")[2], relation.get("Target", "")
                if relation.get("TargetMode") != "External":
                    target = posixpath.normpath(posixpath.join(folder, target)).lstrip("/")
                members[relation.get("Id", "")] = kind, target
        return members

    def _texts(self, kind: str, member: str) -> Iterator[str]:
        try:
            if kind in _SHOWN:
                shown = _Shown()
                self.archive.walk(member, shown)
                yield from shown.texts
            elif kind == "aFChunk":
                yield from self._file(member)
            elif kind != "oleObject":  # which mostly is an equation or a picture
                self.unread.append(member)
        except UnreadableError as error:
            self.unread.append(f"{member} ({error})")

    def _file(self, member: str) -> Iterator[str]:
        """Yield the text of a file that Word would take in when it opens the document."""
        with Members(self.options) as members:
            for item in members.read(PurePosixPath(member).name, self.archive.read(member)):
                if isinstance(item, Failure):
                    self.unread.append(f"{member} ({item.reason.partition(';')[0]})")
                else:
                    yield from filter(None, item.text.split("\n\n"))


class _Shown:
    """Collector of the paragraphs of a diagram, or of the titles and labels of a chart, each once."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}
        self._names: list[str] = []
        self._pieces: list[str] = []

    @property
    def texts(self) -> list[str]:
        """The paragraphs in order."""
        return list(self._texts)

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        """Open an element."""
        self._names.append(local(tag))

    def data(self, text: str) -> None:
        """Read text of a run, or a label."""
        if self._names[-1] == "t" or (self._names[-1] == "v" and "strCache" in self._names[-4:]):
            self._pieces.append(text)

    def end(self, _tag: str) -> None:
        """Close an element."""
        name = self._names.pop()
        if name in ("p", "pt", "br") and (text := "".join(self._pieces).strip()):
            self._texts[text] = None
        if name in ("p", "pt", "br"):
            self._pieces.clear()

    def close(self) -> None:
        """End the part."""
