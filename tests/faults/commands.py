"""Start commands of Polyseme as processes, kill them, let their system calls fail, and read what they said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, Self

LAUNCHER = Path(__file__).with_name("launcher.py")
SMALL = {"segment_sentences": 7, "batch_sentences": 5, "sample_sentences": 12}
"""Sizes at which few documents make many commits."""
LIMIT = 120.0
"""Seconds after which a command counts as hanging."""
LONGEST_LINE = 300
"""Maximum length of an error message."""
Figures = dict[str, Counter[str]]
"""For each kind of fault, what was done and found."""


class Kind(IntEnum):
    """What happens at one call, as in `shim.c`."""

    NOTHING = 0
    FAIL = 1
    FULL = 2
    SHORT = 3
    KILL = 4


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of one file system call below a folder. Calls are numbered from 1.

    Args:
        error: The `errno` of `Kind.FAIL`.
        log: File that gets a line for each call, or "".
        reads: Number the calls that read, instead of those that write.
    """

    folder: str
    kind: Kind = Kind.NOTHING
    at: int = 0
    error: int = 0
    log: str = ""
    reads: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """A process that has ended. A negative status is the number of the signal that ended it."""

    status: int
    out: str
    err: str
    seconds: float
    killed: str

    def problem(self) -> str:
        """Return how the process broke the rules for errors, or an empty text.

        A command ends with status 0, 1 or 3. With 1 it has written one line of at most `LONGEST_LINE` characters to
        standard error. There is never a traceback.
        """
        if self.killed:
            return f"it was killed ({self.killed})"
        if self.status not in (0, 1, 3):
            return f"it ended with status {self.status}: {self.err[-300:]}"
        lines = self.err.splitlines()
        if "Traceback" in self.err:
            return f"a traceback: {lines[-1]}"
        if self.status == 1 and len(lines) != 1 and not self.out:
            return f"{len(lines)} lines of errors: {self.err[:500]}"
        if long := [line for line in lines if len(line) > LONGEST_LINE]:
            return f"a line of {len(long[0])} characters: {long[0]}"
        return ""


class Launcher:
    """A process that forks commands. Use it in a `with` block, which ends it.

    Args:
        folder: Folder for what the commands print.
        shim: The compiled `shim.c`, or None to do without.
    """

    def __init__(self, folder: Path, shim: Path | None = None) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self._outputs: dict[int, tuple[Path, Path]] = {}
        self._started = 0
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        if shim is not None:
            environment["LD_PRELOAD"] = str(shim)
        self._process = subprocess.Popen(
            [sys.executable, str(LAUNCHER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self._answer() == {"ready": True}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def _ask(self, **request: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def start(
        self,
        job: str,
        arguments: Sequence[object],
        fault: Fault | None = None,
        sizes: Mapping[str, int] = SMALL,
    ) -> int:
        """Start a job and return its process id. `launcher.py` has the jobs."""
        self._started += 1
        outputs = self.folder / f"{self._started % 100}.out", self.folder / f"{self._started % 100}.err"
        for path in outputs:  # a job may be killed before it opens them, and the names are used again
            path.write_bytes(b"")
        answer = self._ask(
            do="start",
            job=job,
            arguments=[str(one) for one in arguments],
            cwd=str(self.folder),
            out=str(outputs[0]),
            err=str(outputs[1]),
            sizes=dict(sizes),
            shim=None if fault is None else asdict(fault),
        )
        pid = int(answer["pid"])
        self._outputs[pid] = outputs
        return pid

    def wait(self, pid: int, kill_after: float | None = None, limit: float = LIMIT) -> Done:
        """Wait for a job. Kill it with SIGKILL after some seconds, if asked."""
        answer = self._ask(do="wait", pid=pid, kill_after=kill_after, limit=limit)
        out, err = (path.read_text(encoding="utf-8", errors="replace") for path in self._outputs.pop(pid))
        return Done(answer["status"], out, err, answer["seconds"], answer["killed"])

    def run(self, *arguments: object, kill_after: float | None = None, fault: Fault | None = None) -> Done:
        """Run the command `polyseme` with arguments."""
        return self.wait(self.start("polyseme", arguments, fault), kill_after)
