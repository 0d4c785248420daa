"""The process that reads formats of which one bad file could take all memory, all time, or the process itself.

It reads requests from standard input, one JSON line each, and writes what `read_file` yields to standard output.
Nothing that it writes is code, so a file that takes over a parser gains nothing in the other process.
"""

import json
import os
import signal
import struct
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

from ..given import as_lists
from . import read_file
from .records import Extract, Failure, ReadOptions

MEMORY = 2**30
"""Maximum address space of the process in bytes, where the system can limit it."""
HEADER = struct.Struct("!II")
"""Sizes in bytes of a record as JSON and of the text behind it."""
_RETIRED = 384 * 2**20  # peak of memory after which the process is not used again


def serve() -> None:
    """Answer requests until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the process that asks
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints must not be taken for an answer
    _limit_memory()
    _end(answers, retired=False)  # tells that the process has started
    for line in sys.stdin.buffer:
        request = json.loads(line)
        _limit_time(request["seconds"])
        for item in read_file(Path(request["path"]), ReadOptions.from_json(request["options"])):
            _send(answers, item)
        _end(answers, retired=_peak() > _RETIRED)
    os._exit(0)


def _end(answers: BinaryIO, *, retired: bool) -> None:
    _write(answers, {"kind": "end", "retired": retired}, b"")
    answers.flush()


def _send(answers: BinaryIO, item: Extract | Failure) -> None:
    if isinstance(item, Failure):
        _write(answers, {"kind": "failure", **asdict(item)}, b"")
    else:
        text = item.text.encode("utf-8", "surrogatepass")
        about = {
            "kind": "extract",
            "id": item.id,
            "row": item.row,
            "where": item.where,
            "warning": item.warning,
            "member": item.member,
            "metadata": dict(item.metadata),
            "sentences": as_lists(item.sentences),
        }
        _write(answers, about, text)


def _write(answers: BinaryIO, about: dict[str, object], text: bytes) -> None:
    record = json.dumps(about, separators=(",", ":")).encode()
    answers.write(HEADER.pack(len(record), len(text)))
    answers.write(record)
    answers.write(text)


def _limit_memory() -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _limit_time(seconds: int) -> None:
    """Let the system end the process after some more seconds of processor time."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        most = int(used.ru_utime + used.ru_stime) + seconds + 1
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _peak() -> int:
    """Return the peak of memory of this process in bytes, or 0 where the system does not tell it."""
    with suppress(OSError, StopIteration):
        # Linux counts the memory of the process that started this one in `ru_maxrss`.
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024
    with suppress(ImportError):
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return 0
