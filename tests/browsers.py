"""Find a browser on this machine, and serve the page for it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE = 60_000
"""Time limit for a busy machine, in milliseconds."""
START = (
    "import sys; from pathlib import Path; from polyseme.ui.page.server import launch;"
    " launch(Path(sys.argv[1]), port=int(sys.argv[2]) or None, address=sys.argv[3], browser=False)"
)


def program() -> str:
    """Return the browser's program. Skip the test if no browser is installed."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    return found


@contextmanager
def serving(
    collection: Path, port: int = 0, address: str = "127.0.0.1", folder: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run the page's server, which may still be starting. folder: its working folder, which may hold secrets."""
    here = str(Path(__file__).parents[1])
    environment = os.environ | {"TF_NUM_INTRAOP_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": here}
    command = [sys.executable, "-c", START, str(collection), str(port), address]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, cwd=folder) as found:
        try:
            yield found
        finally:  # a server that nobody ends would keep a failed test waiting
            found.send_signal(signal.SIGINT)


def address_of(server: subprocess.Popen[str]) -> str:
    """Return the page's address once it answers."""
    assert server.stderr is not None
    killer = threading.Timer(120, server.kill)
    killer.start()
    address = next((line.split()[3] for line in server.stderr if line.startswith("Polyseme is at ")), None)
    killer.cancel()
    assert address is not None, "the page did not start"
    # Keep reading the server's output. If its pipe were full, the server would block.
    threading.Thread(target=server.stderr.read, daemon=True).start()
    return address
