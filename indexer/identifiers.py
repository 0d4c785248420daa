"""Give each file an id of its own, the same one in every run.

The id of a file is its path in the folder that was given. Where files of two folders would share it, it begins with the
name of the folder: `1850/letter.txt` and `1851/letter.txt`. A file that the collection has already keeps its id,
also if other folders are given with it. A file never takes the id of another file that exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Protocol


class FileOwner(Protocol):
    """The file that a stored document came from. `root` is None if it is unknown."""

    @property
    def root(self) -> str | None:
        """The folder that was given."""

    @property
    def source(self) -> str | None:
        """The path of the file in it."""

    @property
    def content_hash(self) -> str:
        """The hash of the document's text."""


class KnownNames(Protocol):
    """The ids that a collection has. `indexer.collection.names` reads them."""

    def of_root(self, root: str) -> Mapping[str, str]:
        """Return the id of each file of a folder by its path there."""

    def owner(self, document_id: str) -> FileOwner | None:
        """Return where the document with an id came from, or None if there is no such document."""

    def is_copied(self, owner: str, root: str) -> bool:
        """Return whether the collection was copied together with the folder `owner`, which is `root` here."""


class FileNames:
    """The ids of the files of one run."""

    def __init__(self, known: KnownNames | None = None) -> None:
        self._known = known
        self._stored: dict[str, Mapping[str, str]] = {}
        self._depths: dict[str, int] = {}  # number of folder names before the path
        self._is_there: dict[tuple[str, str], bool] = {}

    def plan(self, roots: Mapping[str, Iterable[str]]) -> None:
        """Choose how the ids of several folders begin, so that no two files share one.

        Args:
            roots: The paths of the files of each folder.
        """
        names = {root: set(sources) for root, sources in roots.items()}
        fresh = [root for root in names if not self._of_root(root)]
        for root in fresh:
            if any(self._is_owned_elsewhere(source, root) for source in names[root]):
                self._depths[root] = 1
        for root in fresh:
            others = [other for other in names if other != root]
            if any(not names[root].isdisjoint(names[other]) for other in others):
                depths = range(1, len(_parts(root)) + 1)
                apart = (n for n in depths if all(_start(root, n) != _start(other, n) for other in others))
                self._depths[root] = next(apart, len(_parts(root)))

    def candidates(self, root: str, source: str) -> Iterator[str]:
        """Yield the ids that a file may have, the best first: the one that it has already, then ever longer paths."""
        stored = self._of_root(root)
        if source in stored:
            yield stored[source]
        elif root not in self._depths and stored:
            path, name = next(iter(stored.items()))
            self._depths[root] = min(name.removesuffix(path).count("/"), len(_parts(root)))
        for depth in range(self._depths.get(root, 0), len(_parts(root)) + 1):
            yield _start(root, depth) + source

    def is_free(self, document_id: str, root: str, source: str, content_hash: str) -> bool:
        """Return whether a document of this file may have an id: it has it already, or no other file has it.

        A folder that is gone has been moved or renamed, if its name or the text is the same. Its files keep their ids.
        """
        owner = None if self._known is None else self._known.owner(document_id)
        if owner is None or owner.root is None or (owner.root, owner.source) == (root, source):
            return True
        if self._is_another_folder(owner.root, root):
            return False
        same_place = owner.source == source and Path(owner.root).name == Path(root).name
        return owner.content_hash == content_hash or same_place or Path(owner.root).is_dir()

    def _of_root(self, root: str) -> Mapping[str, str]:
        if root not in self._stored:
            self._stored[root] = {} if self._known is None else self._known.of_root(root)
        return self._stored[root]

    def _is_owned_elsewhere(self, document_id: str, root: str) -> bool:
        owner = None if self._known is None else self._known.owner(document_id)
        return owner is not None and owner.root is not None and self._is_another_folder(owner.root, root)

    def _is_another_folder(self, owner: str, root: str) -> bool:
        """Return whether a folder exists, is not another path of `root`, and is not what `root` is a copy of."""
        key = owner, root
        if key not in self._is_there:
            is_copied = self._known is not None and self._known.is_copied(owner, root)
            try:
                self._is_there[key] = not is_copied and not Path(owner).samefile(root)
            except OSError:
                self._is_there[key] = False
        return self._is_there[key]


@lru_cache(maxsize=1024)  # a table asks for the same folder with each row
def _parts(root: str) -> tuple[str, ...]:
    path = Path(root)
    return tuple(part for part in path.parts if part != path.anchor)


def _start(root: str, depth: int) -> str:
    """Return the last `depth` names of a folder's path, as the start of an id."""
    return "".join(f"{part}/" for part in _parts(root)[len(_parts(root)) - depth :])
