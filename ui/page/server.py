"""Start the page: run Streamlit in a process of its own, bound to this machine, with usage statistics turned off."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from ...indexer.errors import PolysemeError
from .hosts import host_name
from .login import HOSTS_VARIABLE, LOGIN_ADVICE, can_log_in, is_local, written_secrets
from .uploads import MAX_FILE

COLLECTION_VARIABLE = "POLYSEME_COLLECTION"
MODEL_VARIABLE = "POLYSEME_MODEL"
SCRIPT = Path(__file__).parent / "entry" / "run_page.py"
LOCALHOST = "127.0.0.1"
"""Address that only this machine can reach."""
FIRST_PORT = 8501
STARTED_WITHIN = 60.0
"""Maximum time until a new server answers, in seconds."""
STOPPED_WITHIN = 1.5
"""Time after which a server that was asked to end is killed, in seconds. It only reads, so nothing is lost."""

_OPTIONS: Mapping[str, str] = {
    "global.developmentMode": "false",
    "server.headless": "true",
    "server.showEmailPrompt": "false",
    "server.fileWatcherType": "none",
    "server.runOnSave": "false",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "type",
    "server.maxUploadSize": str(MAX_FILE),
    "server.enableXsrfProtection": "true",
    "logger.level": "warning",
    "theme.light.primaryColor": "#0b5566",
    "theme.light.backgroundColor": "#fdfcfa",
    "theme.light.secondaryBackgroundColor": "#f3f1ec",
    "theme.light.textColor": "#1f2326",
    "theme.dark.primaryColor": "#1d7f92",
    "theme.dark.backgroundColor": "#16181a",
    "theme.dark.secondaryBackgroundColor": "#202326",
    "theme.dark.textColor": "#e6e4df",
}


def launch(
    collection: Path,
    port: int | None = None,
    browser: bool = True,
    model: str | None = None,
    address: str = LOCALHOST,
    hosts: Sequence[str] = (),
) -> int:
    """Serve the page until Ctrl-C, and return the exit status. Print the page's address on stderr once it answers.

    Args:
        collection: A collection, or a folder of collections.
        port: None takes 8501 if it is free, else any free port.
        browser: Whether to open the page in a browser.
        model: Where the collection's model is now. None: bundled, or where the user has named it.
        hosts: Names under which visitors reach the page, for example through a proxy. With a name, it asks for a login.

    Raises:
        PolysemeError: The address or port is not available, or a host is not a plain name. Or other machines can reach
            the page, but no login is configured.
    """
    names = [host_name(name) for name in hosts]
    chosen = free_port(address, port)
    if names or not is_local(address):
        reached = names[0] if names else address
        if not can_log_in(written_secrets()):
            raise PolysemeError(
                f"{reached} can be reached from other machines, and {LOGIN_ADVICE}; or leave out --address and --host"
            )
        print(f"anyone who can reach {reached}:{chosen} and log in can read {collection}", file=sys.stderr)
    # In a new process group, the server does not receive Ctrl-C, so this process can end it in order.
    server = subprocess.Popen(
        command(chosen, address),
        env=environment(collection, model, names),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    # A process that was started in the background inherits ignored interrupts, so the handlers are set explicitly.
    before = {number: signal.signal(number, _interrupt) for number in _ends()}
    try:
        return _attend(server, page_address(address, chosen), browser)
    except KeyboardInterrupt:
        return 0
    finally:
        _stop(server)
        for number, handler in before.items():
            signal.signal(number, handler)


def command(port: int, address: str) -> list[str]:
    """Return the command that runs the page."""
    options = {**_OPTIONS, "server.port": str(port), "server.address": address}
    given = [f"--{name}={value}" for name, value in options.items()]
    # `python -m` would import modules from the working folder, which may hold a stranger's files.
    safe = [] if str(Path.cwd()) in sys.path else ["-P"]
    return [sys.executable, *safe, "-m", "polyseme.ui.page.serving", "run", str(SCRIPT), *given]


def environment(collection: Path, model: str | None, hosts: Sequence[str] = ()) -> dict[str, str]:
    """Return the server's environment, which names the collection, its model, and the hosts of the page."""
    ours = (COLLECTION_VARIABLE, MODEL_VARIABLE, HOSTS_VARIABLE)
    found = {name: value for name, value in os.environ.items() if name not in ours}
    found[COLLECTION_VARIABLE] = str(collection.absolute())
    if hosts:
        found[HOSTS_VARIABLE] = json.dumps(list(hosts))
    if model:
        found[MODEL_VARIABLE] = model
    return found


def free_port(address: str, port: int | None) -> int:
    """Return the port to listen on.

    Raises:
        PolysemeError: The port or the address is not available.
    """
    wanted = [FIRST_PORT, 0] if port is None else [port]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    problem: Exception | None = None
    for candidate in wanted:
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            # Like the server, accept a port whose last connections are still in TIME_WAIT.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind((address, candidate))
            except (OSError, OverflowError, ValueError) as error:  # ValueError: no host can have that name
                problem = error
                continue
            return int(trial.getsockname()[1])
    raise PolysemeError(f"the page cannot listen on {address}:{wanted[0]} ({problem}); choose another --port")


def page_address(address: str, port: int) -> str:
    """Return the URL to type into a browser on this machine."""
    host = {"0.0.0.0": LOCALHOST, "::": "::1"}.get(address, address)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _attend(server: subprocess.Popen[bytes], page: str, browser: bool) -> int:
    """Wait until the server answers, announce it, then wait until it ends. Return its exit status."""
    last = time.monotonic() + STARTED_WITHIN
    while not _answers(page):
        if server.poll() is not None:
            raise PolysemeError(f"the page's server ended at once with status {server.returncode}; see its lines above")
        if time.monotonic() > last:
            raise PolysemeError(f"the page does not answer at {page} after {STARTED_WITHIN:.0f} s; try another --port")
        time.sleep(0.1)
    print(f"Polyseme is at {page} (Ctrl-C ends it)", file=sys.stderr, flush=True)
    if browser:
        webbrowser.open(page)
    return server.wait()


def _answers(page: str) -> bool:
    # This machine reaches itself without a proxy.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{page}/_stcore/health", timeout=2) as reply:
            return bool(reply.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _ends() -> list[signal.Signals]:
    """Return the signals that end the page. A closed terminal does so too, except under `nohup`, which ignores it."""
    closed: signal.Signals | None = getattr(signal, "SIGHUP", None)  # Windows has none
    if closed is None or signal.getsignal(closed) is signal.SIG_IGN:
        return [signal.SIGINT, signal.SIGTERM]
    return [signal.SIGINT, signal.SIGTERM, closed]


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.terminate()
    try:
        server.wait(STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
