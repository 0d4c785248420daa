"""What indexing does about memory: freed pieces go back to the system, and Python seldom looks for garbage."""

from __future__ import annotations

import ctypes
import functools
import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Tokens and occurrences that are made before Python looks once: fewer than a commit stores.
_NEW_OBJECTS = 200_000


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """Have Python look for garbage in circles once for 200,000 new objects, not 700.

    Indexing makes millions of tokens, which refer to nothing in a circle; looking them through, over and over, took
    half as long as cutting them.
    """
    before = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def give_back() -> None:
    """Give back what was freed; some tens of milliseconds.

    glibc keeps what lies between pieces that are still in use, and a run that frees and takes many small pieces would
    hold a tenth more with every commit. Elsewhere this does nothing.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@functools.cache
def _trim() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc, not of musl
    return found
