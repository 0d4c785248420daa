"""Set up the process: SQLite, TensorFlow, BLAS threads, heap memory and the garbage collector.

`import polyseme.indexer` imports this module first, so it imports only the standard library and nothing of ours.
"""

from __future__ import annotations

import functools
import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ParamSpec, Protocol, TypeVar

Given = ParamSpec("Given")
Found = TypeVar("Found")
GC_THRESHOLD = 200_000
"""Garbage collector threshold while indexing, in new objects. One commit stores more tokens and occurrences."""

_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
"""oneDNN is 1.5 times as fast as TensorFlow's default kernels on CPUs without AVX-512."""


# SQLite


def import_sqlite3() -> None:
    """Import `sqlite3` with Python's own SQLite library, even after TensorFlow.

    TensorFlow's library contains an SQLite without full-text search, and its symbols take precedence in every library
    that is loaded later. A program that imports TensorFlow first would get that SQLite. `RTLD_DEEPBIND` (glibc) makes
    the module prefer the library that it was built for.
    """
    if "_sqlite3" in sys.modules or not hasattr(os, "RTLD_DEEPBIND"):
        import sqlite3

        return
    flags = sys.getdlopenflags()
    sys.setdlopenflags(flags | os.RTLD_DEEPBIND)
    try:
        import sqlite3  # noqa: F401
    finally:
        sys.setdlopenflags(flags)


# Threads


def one_blas_thread() -> AbstractContextManager[object]:
    """Limit BLAS to one thread inside a `with` block.

    Small matrix products do not gain from a second thread. They slow down when another program uses its core.
    """
    limit: AbstractContextManager[object] = _blas().limit(limits=1, user_api="blas")
    return limit


def with_one_blas_thread(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """Let a function, and all that it calls, use one thread of BLAS."""

    @functools.wraps(function)
    def limited(*arguments: Given.args, **named: Given.kwargs) -> Found:
        with one_blas_thread():
            return function(*arguments, **named)

    return limited


@functools.cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def set_tensorflow_threads() -> None:
    """Let TensorFlow run the forward and the backward LSTM at the same time, each on half of the cores.

    Threads that share one matrix product wait for each other at its end. Call this before TensorFlow is imported.
    `TF_NUM_*` variables that are already set take precedence.
    """
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", str(max((os.cpu_count() or 1) // 2, 1)))
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "2")


def cpu_threads() -> int:
    """Return the number of threads for other libraries than TensorFlow: all cores, or what `TF_NUM_*` allow."""
    try:
        wanted = [int(os.environ[f"TF_NUM_{name}_THREADS"]) for name in ("INTRAOP", "INTEROP")]
    except (KeyError, ValueError):
        return os.cpu_count() or 1
    return min(max(wanted[0] * wanted[1], 1), os.cpu_count() or 1)


# TensorFlow


def import_tensorflow() -> None:
    """Import TensorFlow and list its devices without its log messages. Standard error is for our own messages.

    If the user has set `TF_CPP_MIN_LOG_LEVEL`, the messages are shown. Some are written by C++ code before it reads
    the log level, so the file descriptor itself is redirected.
    """
    if "tensorflow" in sys.modules:
        return
    set_tensorflow_threads()
    os.environ.setdefault(_ONEDNN, "1")
    if _LOG_LEVEL in os.environ:
        return
    os.environ[_LOG_LEVEL] = "2"
    with _muted_stderr():
        import tensorflow as tf

        tf.config.list_logical_devices()
    del os.environ[_LOG_LEVEL]  # TensorFlow reads it once, and a child process must not inherit it


@contextmanager
def _muted_stderr() -> Iterator[None]:
    sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # the process was started without a standard error
        yield
        return
    try:
        with open(os.devnull, "wb") as null:  # noqa: PTH123
            os.dup2(null.fileno(), 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


# Heap memory


def trim_heap() -> None:
    """Return freed heap memory to the operating system. This takes some tens of milliseconds.

    glibc keeps freed memory below blocks that are still in use. Without trimming, a run that allocates many small
    objects would grow by a tenth with every commit. Without glibc this does nothing.
    """
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


@functools.cache
def _malloc_trim() -> Callable[[int], int] | None:
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, musl does not
    return found


# Garbage collector


@contextmanager
def raised_gc_threshold() -> Iterator[None]:
    """Raise the garbage collector's threshold from 700 to 200,000 new objects, and restore it at the end.

    Indexing creates millions of tokens, which are never part of a reference cycle. With the default threshold,
    examining them again and again took half as long as splitting the text into tokens.
    """
    before = gc.get_threshold()
    gc.set_threshold(GC_THRESHOLD, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def freeze_gc() -> None:
    """Exclude all existing objects from garbage collection.

    Reference counting still frees them. Reference cycles among them are never freed. Models, collections and searchers
    are not part of one. TensorFlow has 400,000 objects, and Streamlit collects garbage after every run of the page,
    which stops all threads for half a second each time. Indexing triggers about one garbage collection per commit.
    """
    gc.freeze()


class _Counted(Protocol):
    @property
    def sentences(self) -> int: ...


_Progress = TypeVar("_Progress", bound=_Counted)


def freezing_gc(on_progress: Callable[[_Progress], None] | None = None) -> Callable[[_Progress], None]:
    """Return a progress callback that calls `freeze_gc` once sentences have been encoded.

    By then the model and its libraries are loaded.

    Args:
        on_progress: Callback that also receives every event.
    """
    frozen = False

    def freeze_once(progress: _Progress) -> None:
        nonlocal frozen
        if progress.sentences and not frozen:
            freeze_gc()
            frozen = True
        if on_progress is not None:
            on_progress(progress)

    return freeze_once
