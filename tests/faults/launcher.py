"""Run commands of Polyseme in processes of their own, which are forked from this one. It is run as a script.

The libraries are imported once, so a command starts within milliseconds and can be killed hundreds of times. The
encoder is the one of `fakes`, so TensorFlow is not loaded. `commands.py` starts this script and talks to it by lines
of JSON.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import json
import os
import signal
import sqlite3  # noqa: F401 - before Polyseme, which would bind its calls past `shim.c`
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

sys.path.insert(0, str(Path(__file__).parents[1]))

import faiss  # noqa: F401
import polyseme.indexer.collection.migrations
import polyseme.indexer.elmo
import polyseme.indexer.reencode
import polyseme.indexer.verify
import polyseme.search.searcher
import polyseme.ui.cli.main
import sklearn.cluster  # noqa: F401
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig
from polyseme.indexer.text import TextAnalyser


def set_sizes(sizes: dict[str, int]) -> None:
    """Change the defaults of `BuildConfig`, which the command line does not offer as options."""
    defaults = BuildConfig.__init__.__kwdefaults__
    assert defaults is not None
    assert set(sizes) <= set(defaults)
    defaults.update(sizes)


def load_fake_encoder(source: str | Path = "default", *options: object, **more: object) -> FakeEncoder:
    return FakeEncoder(str(source))


def run_command_line(arguments: list[str]) -> None:
    from polyseme.ui.cli.main import main

    sys.argv = ["polyseme", *arguments]
    main()


def jobs() -> dict[str, Callable[[list[str]], None]]:
    """Return the jobs by name. Each takes its arguments and ends by itself."""
    from faults.reading import read_versions, write_versions

    return {"polyseme": run_command_line, "read": read_versions, "write": write_versions}


def begin(request: dict[str, Any]) -> Callable[[], None]:
    """Prepare this new process for a job, and return the job."""
    os.chdir(request["cwd"])
    for number, name in ((0, os.devnull), (1, request["out"]), (2, request["err"])):
        target = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(target, number)
        os.close(target)
    if request["sizes"]:
        set_sizes(request["sizes"])
    if shim := request["shim"]:
        log = os.open(shim["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) if shim["log"] else -1
        ctypes.CDLL(None).shim_arm(
            os.fsencode(shim["folder"]),
            ctypes.c_int(shim["kind"]),
            ctypes.c_long(shim["at"]),
            ctypes.c_int(shim["error"]),
            ctypes.c_int(log),
            ctypes.c_int(shim["reads"]),
        )
    job, arguments = jobs()[request["job"]], list(request["arguments"])
    return lambda: job(arguments)


def wait(pid: int, kill_after: float | None, limit: float) -> dict[str, Any]:
    """Wait for a child. Kill it after some seconds. -> status (negative: the signal), and why it was killed."""
    begun = time.monotonic()
    killed = ""
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        seconds = time.monotonic() - begun
        if found:
            return {"status": os.waitstatus_to_exitcode(status), "killed": killed, "seconds": seconds}
        if not killed and (seconds > limit or (kill_after is not None and seconds >= kill_after)):
            killed = "too slow" if seconds > limit else "as asked"
            os.kill(pid, signal.SIGKILL)  # the child is not waited for yet, so the number is still its own
        time.sleep(0.0005 if kill_after is not None else 0.002)


def serve() -> Callable[[], None] | None:
    """Answer requests until the input ends. In a child, return its job."""
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "start":
            pid = os.fork()
            if pid == 0:
                return begin(request)
            answer: dict[str, Any] = {"pid": pid}
        else:
            answer = wait(request["pid"], request["kill_after"], request["limit"])
        print(json.dumps(answer), flush=True)
    return None


def warm_up() -> None:
    """Load what commands load when they first cut text: spaCy and the table of lemmas."""
    for sentence in TextAnalyser("en").sentences("It's 5 o'clock (or so), said Mr. Smith-Jones. The banks were dry."):
        assert all(token.lemma for token in sentence.tokens)


def end_with(job: Callable[[], None]) -> NoReturn:
    """Run a job and end the process with its status.

    The interpreter is not torn down: that would take longer than the command, since all libraries are loaded.
    """
    status = 0
    try:
        job()
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else 1
    except BaseException:
        traceback.print_exc()
        status = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    warm_up()
    polyseme.indexer.elmo.load_encoder = load_fake_encoder
    gc.freeze()  # so that a child's garbage collector does not copy all of this memory
    print(json.dumps({"ready": True}), flush=True)
    if job := serve():
        end_with(job)
