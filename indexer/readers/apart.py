"""Read formats with a parser in C, or of unforeseeable cost, in a process of their own.

A crash of PDFium, gigabytes from a few kilobytes, or hours of parsing then cost one file, and not the page or the run.
The process starts with the first such file and ends with the run. Where it cannot start, files are read in this one.
Limits of memory and of processor time need a Unix system. The limit of time by the clock holds everywhere.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from ..given import from_lists
from . import kind_of, read_file
from .records import Extract, Failure, ReadOptions
from .worker import HEADER, MEMORY

SECONDS = 10
"""Processor time in seconds that a small file may take."""
SECONDS_PER_MEBIBYTE = 10
"""Processor time in seconds that a file may take for each MiB."""
_START = (
    "import importlib, json, sys\nsys.path[:] = json.loads(sys.argv[1])\nimportlib.import_module(sys.argv[2]).serve()\n"
)


class ReaderProcess:
    """A process that reads files one after the other. It is started when it is first needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._can_start = True

    def read(self, path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
        """Yield the documents of one file, as `read_file` does. The next file is asked for once this one has ended."""
        found = kind_of(path)
        process = self._running() if found is not None and found.apart else None
        return read_file(path, options) if process is None else self._ask(process, path, options)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _running(self) -> subprocess.Popen[bytes] | None:
        """Return the process, or None if this system cannot start it."""
        if self._process is None and self._can_start:
            with suppress(OSError):
                self._process = _started()
            # It answers once it has imported what it needs.
            self._can_start = self._process is not None and _received(_answers(self._process)) is not None
            if not self._can_start:
                self.close()
        return self._process

    def _ask(self, process: subprocess.Popen[bytes], path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
        """Yield the documents as they come. A table or a translation memory may hold more than memory does."""
        seconds = SECONDS + SECONDS_PER_MEBIBYTE * _size(path) // 2**20
        request = json.dumps({"path": str(path.absolute()), "options": options.as_json(), "seconds": seconds})
        # The clock goes on while other processes work, so it gets more time.
        clock = _Clock(process, 30 + 5 * seconds)
        try:
            assert process.stdin is not None
            process.stdin.write(f"{request}\n".encode())
            process.stdin.flush()
            while (item := clock.answer()) is not None:
                if isinstance(item, bool):
                    if item:
                        self.close()
                    return
                yield item
        except (OSError, ValueError, KeyError, TypeError):  # the process has ended, or answers nonsense
            pass
        except BaseException:  # nobody reads the rest of its answers
            self.close()
            raise
        finally:
            clock.stop()
        self._wait(process)
        yield Failure(_end_of(process.returncode, seconds))

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        """Let a process that has closed its answers end by itself, so that its status tells the reason."""
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        self.close()


class _Clock:
    """A clock that ends a process once its answers have been waited for too long. Their use takes no time of it."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process, self._left = process, seconds
        self._since: float | None = None  # when the wait began
        self._stopped = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def answer(self) -> Extract | Failure | bool | None:
        """Return the next answer of the process, as `_received` does."""
        start = self._since = time.monotonic()
        try:
            return _received(_answers(self._process))
        finally:
            self._since = None
            self._left -= time.monotonic() - start

    def stop(self) -> None:
        """Stop watching."""
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(0.2):
            since = self._since
            if since is not None and time.monotonic() - since > self._left:
                self._process.kill()
                return


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _answers(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdout is not None
    return process.stdout


def _started() -> subprocess.Popen[bytes]:
    # The first imports must not find modules in the working folder, which may hold a stranger's files. A Python path
    # may name that folder as `.`, and this process's own path is handed over anyway.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-P", "-c", _START, json.dumps(sys.path), f"{__package__}.worker"]
    return subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=2**16,
    )


def _received(answers: IO[bytes]) -> Extract | Failure | bool | None:
    """Return the next record, whether the process retires at the end of a file, or None if the process has ended."""
    start = answers.read(HEADER.size)
    if len(start) < HEADER.size:
        return None
    size, text_size = HEADER.unpack(start)
    if max(size, text_size) > MEMORY:
        return None
    about = json.loads(answers.read(size))
    text = answers.read(text_size)
    if about["kind"] == "end":
        return bool(about["retired"])
    if about["kind"] == "failure":
        return Failure(str(about["reason"]), str(about["where"]), int(about["row"]), str(about["member"]))
    return Extract(
        text.decode("utf-8", "surrogatepass"),
        dict(about["metadata"]),
        str(about["id"]),
        int(about["row"]),
        str(about["where"]),
        str(about["warning"]),
        from_lists(about["sentences"]),
        str(about["member"]),
    )


def _end_of(status: int, seconds: int) -> str:
    """Return why a file cannot be read whose reader has ended."""
    if status in (-getattr(signal, "SIGXCPU", 0), -getattr(signal, "SIGKILL", 0)):
        return f"takes more than {seconds} s to read; split it, or convert it to text"
    return f"damaged, or it needs more than {MEMORY // 2**20} MiB of memory: its reader ended with status {status}"
