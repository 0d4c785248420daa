"""Find a browser on this machine, serve the page for it, and act on the page as a visitor does."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

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


def free_port() -> int:
    """Return a free port. Each worker of the tests has ports of its own, so that no two servers take the same one."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 20
    ports = list(range(20_000 + 500 * worker, 20_500 + 500 * worker))
    random.shuffle(ports)
    for port in ports:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)):  # nobody answers there
                return port
    raise OSError(f"no port from {min(ports)} to {max(ports)} is free; end some programs")


@contextmanager
def serving(
    collection: Path, port: int = 0, address: str = "127.0.0.1", folder: Path | None = None
) -> Iterator[subprocess.Popen[str]]:
    """Run the page's server, which may still be starting. folder: its working folder, which may hold secrets."""
    here = str(Path(__file__).parents[1])
    environment = os.environ | {"TF_NUM_INTRAOP_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONPATH": here}
    command = [sys.executable, "-c", START, str(collection), str(port or free_port()), address]
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


def opened(page: Page, address: str, query: str = "", more: str = "") -> Page:
    """Open the page with a query, and wait until it has answered.

    Args:
        more: Further parameters of the address, each after `&`.
    """
    from playwright.sync_api import expect  # here and below, since not every machine has it

    page.goto(f"{address}/?q={urllib.parse.quote(query)}{more}" if query or more else address)
    expect(page.locator(".pol-lines, .pol-message" if query else ".pol-top").first).to_be_visible()
    settled(page)
    return page


def settled(page: Page) -> None:
    """Wait until the page has answered the last action, as a person would."""
    from playwright.sync_api import expect

    expect(page.locator(".stApp")).to_have_attribute("data-test-script-state", "notRunning")


def parameters(page: Page) -> dict[str, list[str]]:
    """Return the parameters of the page's address."""
    return urllib.parse.parse_qs(urllib.parse.urlsplit(page.url).query)


def open_list(page: Page, name: str) -> None:
    """Open the list of a field.

    A scroll closes a list. A click scrolls first, and the browser reports the scroll up to a frame later, which may be
    after the list has opened. So the field is scrolled to before, and two frames pass.
    """
    field = page.get_by_role("combobox", name=name)
    field.scroll_into_view_if_needed()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    field.click()


def choose(page: Page, name: str, option: str) -> None:
    """Choose an option of a list. An answer may scroll the page and so close the list, which is then opened again."""
    from playwright.sync_api import Error

    wanted = page.get_by_role("option", name=option).first
    for _ in range(5):
        try:
            open_list(page, name)
            page.get_by_role("combobox", name=name).fill(option)  # a long list shows an option once it is searched for
            wanted.click(timeout=PATIENCE / 10)
        except Error:  # the page has just been drawn again
            page.keyboard.press("Escape")
        else:
            settled(page)
            return
    wanted.click()
