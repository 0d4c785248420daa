"""Run programs that convert documents, without a shell and with limits of time, memory and output."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .records import UnreadableError

MAX_OUTPUT = 128 * 2**20
"""Maximum size in bytes of what a program writes."""
# A function that runs between fork and exec could hang in a process with threads, so the limits are set by a program.
_LIMITED = """
import json, os, sys
seconds, memory, size = json.loads(sys.argv[1])
try:
    import resource
    def limit(what, most):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit(resource.RLIMIT_CPU, seconds)
    limit(resource.RLIMIT_FSIZE, size)
    if memory:
        limit(resource.RLIMIT_AS, memory)
except (ImportError, ValueError, OSError):
    pass
os.execv(sys.argv[2], sys.argv[2:])
"""


@dataclass(frozen=True, slots=True)
class Output:
    """What a program wrote, and the status with which it ended."""

    status: int
    text: bytes
    messages: str


def run(
    command: Sequence[str], *, seconds: int, memory: int = 0, given: bytes = b"", home: Path | None = None
) -> Output:
    """Run a program and return its output. Nothing of the user's environment reaches it but the paths of programs.

    Args:
        command: The program's absolute path and its arguments.
        seconds: Maximum time in seconds.
        memory: Maximum address space in bytes, or 0 for no limit.
        given: Standard input.
        home: Folder that the program takes for the home folder.

    Raises:
        UnreadableError: It takes too long, writes too much, or cannot be started.
    """
    name = Path(command[0]).stem
    limits = json.dumps([seconds, memory, MAX_OUTPUT])
    line = [sys.executable, "-I", "-S", "-c", _LIMITED, limits, *command] if os.name == "posix" else list(command)
    kept = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT", "ANTIWORDHOME", "TMPDIR") if key in os.environ}
    environment = kept | {"LC_ALL": "C.UTF-8", "HOME": str(home or tempfile.gettempdir())}
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as text, tempfile.TemporaryFile() as messages:
        source.write(given)
        source.seek(0)
        try:
            done = subprocess.run(
                line, stdin=source, stdout=text, stderr=messages, env=environment, timeout=2 * seconds, check=False
            )
        except subprocess.TimeoutExpired:
            raise UnreadableError(f"{name} takes more than {seconds} s to read it; save it in another format") from None
        except OSError as error:
            raise UnreadableError(f"{name} cannot be started: {error.strerror}; install it again") from None
        text.seek(0)
        data = text.read(MAX_OUTPUT)
        messages.seek(0)
        said = messages.read(2**20).decode("utf-8", "replace")
    if len(data) == MAX_OUTPUT:
        raise UnreadableError(f"{name} makes more than {MAX_OUTPUT // 2**20} MiB of it; split it")
    return Output(done.returncode, data, said)
