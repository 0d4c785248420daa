"""A function run in a fresh process: its memory, its threads and its caches are its own."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import ParamSpec, TypeVar

from polyseme.indexer.runtime import trim_heap
from threadpoolctl import threadpool_limits

Given = ParamSpec("Given")
Found = TypeVar("Found")

_PARENT_DEATH = 1  # PR_SET_PDEATHSIG
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in the unit of ``ru_maxrss``."""
THREADS = (
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "OMP_NUM_THREADS",
    "LANCE_CPU_THREADS",
    "TOKIO_WORKER_THREADS",
)
"""Numbers of threads that libraries read when they are imported or first used."""


def alone(function: Callable[Given, Found], *given: Given.args, **named: Given.kwargs) -> Found:
    """The result of a function of a module, from a process that ends with it."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_end_with_parent) as pool:
        return pool.submit(function, *given, **named).result()


def _end_with_parent() -> None:
    """Have this process killed when the one that started it is (Linux), however long it has still to work."""
    control = getattr(ctypes.CDLL(None), "prctl", None)
    if control:
        control(_PARENT_DEATH, signal.SIGKILL)


@contextmanager
def one_thread() -> Iterator[None]:
    """Products, FAISS and what is imported from now on keep to one thread; call it through `alone`."""
    import faiss  # before the limit, which holds for what is loaded

    os.environ.update(dict.fromkeys(THREADS, "1"))
    with threadpool_limits(1):
        faiss.omp_set_num_threads(1)
        yield


def anonymous_memory() -> int:
    """Bytes of this process that no file backs (Linux)."""
    for line in Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Anonymous:"):
            return 1024 * int(line.split()[1])
    raise RuntimeError("this system does not tell a process's anonymous memory")


def memory_before() -> int:
    """Anonymous memory once what was freed is given back: what grows after it could not hide in free room (glibc)."""
    trim_heap()
    return anonymous_memory()


def peak_memory() -> int:
    """Bytes that this process held at most, mapped files included."""
    return PEAK_UNIT * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def forget_files(folder: Path) -> None:
    """Ask the system to drop what it keeps of a folder's files in memory, so that the next reader is a first one.

    Pages that another process has mapped, or that were never written out, stay; so does what a host keeps of a virtual
    machine's disk.
    """
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)  # only pages that are on the disk can be dropped
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)
