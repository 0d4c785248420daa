"""Write a text, or any error, as one harmless line. The command line and the page share these functions."""

from __future__ import annotations

import errno
import re
import sqlite3

from ..indexer.errors import PolysemeError
from ..search.text_table import clean_text as clean_text
from ..search.text_table import harmless as harmless
from ..search.text_table import one_line as one_line

LONGEST = 300
"""Maximum length of a message, in characters."""
SEE_MORE = "set POLYSEME_DEBUG=1 to see the traceback"
"""How to see the traceback of an error of a command."""
_END = 110
"""Number of characters at the end of a message that are kept when it is cut. The next step is there."""
_CUT = " ... "
_FULL = re.compile(r"no space left|disk (is |quota )?(full|exceeded)|write error", re.IGNORECASE)
_MEMORY = re.compile(
    r"bad_alloc|out of memory|cannot allocate|failed to (allocate|map)|\boom\b|resource ?exhausted", re.I
)
_NO_MEMORY = "there is not enough memory; close other programs, or ask for less at once"
_DISK_FULL = "the disk is full; what was committed is intact, free space and run again"
_REASONS = {
    errno.ENOSPC: _DISK_FULL,
    errno.EDQUOT: _DISK_FULL,
    errno.ENOMEM: _NO_MEMORY,
    errno.EACCES: "access is denied; check the permissions, or choose another place",
    errno.EPERM: "access is denied; check the permissions, or choose another place",
    errno.EROFS: "the disk cannot be written; choose another place",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ENOENT: "it does not exist; check the path",
    errno.ENOTDIR: "a part of the path is not a folder; check the path",
    errno.EISDIR: "it is a folder; name a file",
    errno.EEXIST: "it exists already; choose another place",
    errno.ELOOP: "links lead in a circle; name the file itself",
    errno.EMFILE: "too many files are open; raise the limit with `ulimit -n`",
    errno.ENFILE: "too many files are open; close other programs",
    errno.EIO: "the disk reports an error; check the disk, and restore from a copy",
}
_NO_FOLDER = "the working folder, or a folder that is needed, no longer exists; change to another folder"


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return a text as one line. A longer one is cut in its middle, because the next step is at its end."""
    line = one_line(text)
    if len(line) <= longest:
        return line
    end = min(_END, longest // 2)
    return line[: longest - end - len(_CUT)] + _CUT + line[-end:]


def is_expected(error: BaseException) -> bool:
    """Return whether an error has a known cause outside the program: the user, the disk, memory or damage."""
    return _known(error) is not None


def problem(error: BaseException, see_more: str = SEE_MORE) -> str:
    """Describe any error in one line with the next step.

    A `PolysemeError` has its own message. A note on the error (`add_note`) names the collection that it is about.

    Args:
        see_more: Where the traceback of an unexpected error can be seen.
    """
    notes: list[str] = getattr(error, "__notes__", [])
    place = notes[0] if notes else ""
    known = _known(error)
    if known is not None:
        if isinstance(error, PolysemeError) or not place or place in known:
            return shortened(known)
        return shortened(f"{place}: {known}")
    what = one_line(f"unexpected {type(error).__name__}: {error}")[: LONGEST // 2]
    if place:
        return shortened(f"{place}: {what}; check it with `polyseme verify`, or {see_more}")
    return shortened(f"{what}; {see_more}, and report it")


def _known(error: BaseException) -> str | None:
    if isinstance(error, PolysemeError):
        return str(error) or type(error).__name__
    if isinstance(error, MemoryError):
        return _NO_MEMORY
    if isinstance(error, RecursionError):
        return "the input is nested too deeply; simplify it"
    if isinstance(error, sqlite3.Error):
        return _database_problem(str(error))
    if isinstance(error, OSError):
        return _system_problem(error)
    if isinstance(error, UnicodeEncodeError):
        return "a text or name has bytes that are not UTF-8; correct it, or rename the file"
    return _problem_in_words(error)


def _problem_in_words(error: BaseException) -> str | None:
    """Recognise an error of FAISS, TensorFlow or the dynamic linker by its words."""
    words = f"{type(error).__name__}: {error}"
    if _MEMORY.search(words):
        return _NO_MEMORY
    if _FULL.search(words):
        return _DISK_FULL
    if isinstance(error, ImportError):
        return f"a library cannot be loaded ({error}); install Polyseme again"
    if isinstance(error, RuntimeError) and "home directory" in words:
        return "the home folder is unknown; set HOME"
    return None


def _database_problem(words: str) -> str:
    if "full" in words:
        return _DISK_FULL
    if "disk I/O" in words:
        return "the disk is full, or reports an error; free space or check the disk, then run again"
    if "locked" in words:
        return "another process is writing; wait until it has finished"
    if "readonly" in words:
        return "the collection cannot be written; copy it to a place that you own"
    return f"the database cannot be used ({words}); run `polyseme verify`, or restore the collection from a copy"


def _system_problem(error: OSError) -> str:
    if error.errno == errno.ENOENT and error.filename is None:
        return _NO_FOLDER
    default = f"{error.strerror or error}; check the path, the disk and your permissions"
    reason = _REASONS.get(error.errno or 0, default)
    if error.filename is None:
        return reason
    name = error.filename if isinstance(error.filename, str) else repr(error.filename)
    return f"{name}: {reason}"
