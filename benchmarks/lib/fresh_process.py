"""Run a function in a fresh process, and measure the memory of a process.

A fresh process has its own memory, threads and caches, so that one measurement does not disturb the next.
"""

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

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_PARENT_DEATH = 1  # PR_SET_PDEATHSIG
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in the unit of `ru_maxrss`."""
THREADS = (
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "OMP_NUM_THREADS",
    "LANCE_CPU_THREADS",
    "TOKIO_WORKER_THREADS",
)
"""Environment variables from which libraries read their number of threads, at import or at first use."""


def in_fresh_process(
    function: Callable[Parameters, Result], *arguments: Parameters.args, **keywords: Parameters.kwargs
) -> Result:
    """Call a module's function in a new process and return its result. The process ends with the call."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_end_with_parent) as pool:
        return pool.submit(function, *arguments, **keywords).result()


def _end_with_parent() -> None:
    """Ask Linux to kill this process when its parent dies, even in the middle of work."""
    control = getattr(ctypes.CDLL(None), "prctl", None)
    if control:
        control(_PARENT_DEATH, signal.SIGKILL)


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit BLAS, FAISS and later imports to one thread. Use it inside `in_fresh_process`."""
    import faiss  # before the limit, which applies to loaded libraries only

    os.environ.update(dict.fromkeys(THREADS, "1"))
    with threadpool_limits(1):
        faiss.omp_set_num_threads(1)
        yield


def anonymous_memory() -> int:
    """Return the bytes of this process that no file backs (Linux only).

    Raises:
        RuntimeError: The system does not report anonymous memory.
    """
    for line in Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Anonymous:"):
            return 1024 * int(line.split()[1])
    raise RuntimeError("this system does not report a process's anonymous memory")


def trimmed_memory() -> int:
    """Return freed heap memory to the system, then the bytes of anonymous memory that are left.

    Without the trim, later growth could reuse freed memory and would not be measured (glibc).
    """
    trim_heap()
    return anonymous_memory()


def peak_memory() -> int:
    """Return the largest number of bytes that this process has held, mapped files included."""
    return PEAK_UNIT * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def drop_page_cache(folder: Path) -> None:
    """Ask the system to drop a folder's files from the page cache, so that the next read comes from the disk.

    Pages that another process has mapped stay in memory. So does the host's cache of a virtual machine's disk.
    """
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)  # only pages that are on the disk can be dropped
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)
