"""Memory that was freed goes back to the system.

glibc keeps what lies between pieces that are still in use, and a run that frees and takes many small pieces would hold
a tenth more with every commit. Elsewhere this does nothing.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Callable


def give_back() -> None:
    """Give back what was freed; some tens of milliseconds."""
    trim = _trim()
    if trim is not None:
        trim(0)


@functools.cache
def _trim() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc, not of musl
    return found
