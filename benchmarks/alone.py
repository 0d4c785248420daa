"""A function run in a fresh process: its memory and its caches are its own."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Found = TypeVar("Found")

PEAK_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in the unit of ``ru_maxrss``."""


def alone(function: Callable[Given, Found], *given: Given.args, **named: Given.kwargs) -> Found:
    """The result of a function of a module, from a process that ends with it."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *given, **named).result()


def anonymous_memory() -> int:
    """Bytes of this process that no file backs (Linux)."""
    for line in Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Anonymous:"):
            return 1024 * int(line.split()[1])
    raise RuntimeError("this system does not tell a process's anonymous memory")


def peak_memory() -> int:
    """Bytes that this process held at most, mapped files included."""
    return PEAK_UNIT * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def forget_files(folder: Path) -> None:
    """Ask the system to drop what it keeps of a folder's files in memory, so that the next reader is a first one."""
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(descriptor)
