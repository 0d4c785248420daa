"""Replace a whole collection by another one, so that a kill at any moment loses nothing.

The new collection is made beside the old one, in a folder `.NAME.<random>.reencode`. Both folders have a marker file
with the same random part before they change places. Only a folder with such a name and its marker is resumed, moved
or removed. Where the system can, the two change places in one step, so that a reader always finds one of them. Else
the old one is first renamed to `.NAME.<random>.replaced`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from ..errors import CollectionError
from ..files import flush, write_atomically
from .exchange import exchange
from .lock import WriteLock
from .paths import MARKER, file_size, foreign_names, is_folder, remove_collection, remove_files

_TOKEN = re.compile(r"[0-9a-f]{16}")
_MAX_MARKER = 1000
"""Maximum size of a marker in bytes."""
_MAX_NAME = 200
"""Maximum number of bytes of the collection's name in the name of the folder beside it."""
_PAUSES = (0.01, 0.1, 0.5)
"""Pauses in which a reader waits for the second rename of a replacement, in seconds."""


class Role(StrEnum):
    """What a folder is in a replacement."""

    OLD = "old"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Marker:
    """What the marker file of a folder says: which replacement it belongs to, and what it is in it."""

    token: str
    role: Role


def real_folder(path: Path) -> Path:
    """Return the folder that a path leads to, which must be one that can be replaced.

    Raises:
        CollectionError: It is the root of a disk, or its parent folder cannot be written.
    """
    real = Path(os.path.realpath(path))
    if _is_mounted(real):
        raise CollectionError(f"{path} is a mounted disk and cannot be replaced; copy it into a folder first")
    if not os.access(real.parent, os.W_OK):
        raise CollectionError(f"{path} cannot be replaced, since {real.parent} cannot be written; copy it first")
    return real


def _is_mounted(path: Path) -> bool:
    if os.path.ismount(path):
        return True
    try:  # a folder that is mounted from the same disk
        lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    except OSError:
        return False
    name = re.sub(rb"[\\ \t\n]", lambda found: b"\\%03o" % found[0][0], os.fsencode(path))
    return any(line.split()[4] == name for line in lines)


def new_folder(real: Path) -> Path:
    """Make a folder with a marker for the new collection, beside the old one.

    Raises:
        CollectionError: It cannot be made.
    """
    token = secrets.token_hex(8)
    folder = _beside(real, token, "reencode")
    try:
        folder.mkdir()
        _write(folder, Marker(token, Role.NEW))
    except OSError as error:
        raise CollectionError(f"{folder} cannot be made ({error}); copy {real} to a place that you own") from error
    return folder


def begun_folders(real: Path) -> Iterator[Path]:
    """Yield the folders of interrupted runs that hold a new collection, or the beginning of one."""
    pattern = re.compile(rf"\.{re.escape(_short(real))}\.({_TOKEN.pattern})\.reencode")
    for folder in sorted(real.parent.iterdir()):
        found = pattern.fullmatch(folder.name)
        if not found or not is_folder(folder):
            continue
        if _marker(folder) == Marker(found[1], Role.NEW):
            yield folder
        elif not {path.name for path in folder.iterdir()} - {
            f".{MARKER}.partial"
        }:  # the run ended before it wrote the marker
            remove_collection(folder)


def discard(folder: Path) -> None:
    """Remove the folder of an interrupted run."""
    remove_collection(folder)


def replace_collection(real: Path, new: Path) -> list[str]:
    """Put the collection `new`, from `new_folder`, in the place of `real`, and remove the old one.

    The caller holds the locks of both, and has closed both databases. If the process dies, `finish` or `recover`
    does the rest.

    Returns:
        Names of the user's own files that could not be moved to the new collection, and the folder that has them.
    """
    marker = _marker(new)
    if marker is None:
        raise CollectionError(f"{new / MARKER} has vanished; run `polyseme reencode` again")
    _write(real, Marker(marker.token, Role.OLD))
    if not exchange(real, new):
        real.rename(_beside(real, marker.token, "replaced"))
        new.rename(real)
    flush(real.parent)
    return finish(real)


def finish(path: Path) -> list[str]:
    """Remove what an interrupted replacement left beside a collection. The caller holds its lock.

    Returns:
        The folders that could not be removed, since the user has put files there.
    """
    real = Path(os.path.realpath(path))
    if not (path / MARKER).exists() or is_beside(real.name):
        return []
    marker, left = _marker(path), []
    if marker is not None and marker.role is Role.NEW:
        for ending in ("reencode", "replaced"):
            old = _beside(real, marker.token, ending)
            if _marker(old) == Marker(marker.token, Role.OLD) or _is_bare(old):
                _keep_foreign(old, real)
                if not remove_collection(old):
                    left.append(str(old))
    if not left:  # else the next writer tries again
        remove_files(path, [MARKER])
    return left


def _keep_foreign(old: Path, real: Path) -> None:
    """Move files that the user has put into the old collection to the new one."""
    for name in foreign_names(old):
        if not os.path.lexists(real / name):
            (old / name).rename(real / name)


def recover(path: Path) -> None:
    """Undo a replacement that ended between its two renames. Only a command that writes calls this.

    Raises:
        CollectionError: Another process is replacing the collection.
    """
    real = Path(os.path.realpath(path))
    old = _renamed(real)
    if old is None:
        return
    with WriteLock(old):
        if not os.path.lexists(real):
            old.rename(real)
            flush(real.parent)


def wait_for_replacement(path: Path) -> None:
    """Wait while another process is between the two renames of a replacement of this collection.

    Raises:
        CollectionError: That process has ended.
    """
    real = Path(os.path.realpath(path))
    for seconds in _PAUSES:
        if os.path.lexists(real) or _renamed(real) is None:
            return
        time.sleep(seconds)
    if not os.path.lexists(real) and _renamed(real) is not None:
        raise CollectionError(f"{path} was being encoded again and this was cut off; run `polyseme reencode {path}`")


def _renamed(real: Path) -> Path | None:
    """Return the old collection if it and the new one are both beside the missing folder, else None."""
    if os.path.lexists(real):
        return None
    try:
        begun = list(begun_folders(real))
    except OSError:
        return None
    for folder in begun:
        token = folder.name.split(".")[-2]
        old = _beside(real, token, "replaced")
        if _marker(old) == Marker(token, Role.OLD):
            return old
    return None


def _short(real: Path) -> str:
    """Return the name of the collection, shortened so that the longer names beside it are allowed."""
    name = os.fsencode(real.name)
    if len(name) <= _MAX_NAME:
        return real.name
    return f"{name[:_MAX_NAME].decode(errors='ignore')}.{hashlib.sha256(name).hexdigest()[:8]}"


def _beside(real: Path, token: str, ending: str) -> Path:
    return real.with_name(f".{_short(real)}.{token}.{ending}")


def is_beside(name: str) -> bool:
    """Return whether a name is that of a folder that a replacement makes."""
    return re.fullmatch(rf"\..*\.{_TOKEN.pattern}\.(reencode|replaced)", name, re.DOTALL) is not None


def _is_bare(folder: Path) -> bool:
    """Return whether a run ended before it wrote the marker of a folder, or after it had removed all but the folder."""
    return is_folder(folder) and not {path.name for path in folder.iterdir()} - {f".{MARKER}.partial"}


def _write(folder: Path, marker: Marker) -> None:
    write_atomically(folder / MARKER, json.dumps(asdict(marker)).encode())


def _marker(folder: Path) -> Marker | None:
    """Read the marker of a folder. The result is None if there is none of ours, or if a link is on the way."""
    path = folder / MARKER
    try:
        if not is_folder(folder) or (file_size(path) or _MAX_MARKER) >= _MAX_MARKER:
            return None
        found = json.loads(path.read_bytes())
        marker = Marker(str(found["token"]), Role(found["role"]))
    except (OSError, CollectionError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return marker if _TOKEN.fullmatch(marker.token) else None
