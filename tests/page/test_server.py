"""Tests of the page's server: it starts, announces its address, is local by default, and ends on request."""

from __future__ import annotations

import importlib.machinery
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest
from polyseme.indexer.errors import PolysemeError
from polyseme.ui.page import login, server

# A loaded machine may miss a click, a double click or the moment of a signal. A fault fails three times.
pytestmark = pytest.mark.flaky(reruns=2)
ENTRY = server.SCRIPT.parent
START = """
import sys
from pathlib import Path
from polyseme.ui.page.server import launch
sys.exit(launch(Path(sys.argv[1]), int(sys.argv[2]), browser=False))
"""


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_server_announces_its_address_and_ends_with_ctrl_c_or_its_terminal(number: str, tmp_path: Path) -> None:
    if not hasattr(signal, number):
        pytest.skip(f"this system has no {number}")
    if signal.getsignal(getattr(signal, number)) is signal.SIG_IGN:
        pytest.skip(f"the tests run with {number} ignored, as under nohup")
    port = server.free_port(server.LOCALHOST, 0)
    launched = subprocess.Popen(
        [sys.executable, "-c", START, str(tmp_path / "none.pol"), str(port)], stderr=subprocess.PIPE, text=True
    )
    assert launched.stderr is not None
    killer = threading.Timer(60, launched.kill)
    killer.start()
    try:
        line = launched.stderr.readline()
        assert line == f"Polyseme is at http://127.0.0.1:{port} (Ctrl-C ends it)\n"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{port}/", timeout=60) as reply:
            assert b"<html" in reply.read().lower()
        launched.send_signal(getattr(signal, number))
        assert launched.wait(15) == 0
        assert launched.stderr.read() == ""
    finally:
        killer.cancel()
        launched.kill()
        launched.wait()
        launched.stderr.close()
    assert server.free_port(server.LOCALHOST, port) == port


def test_taken_port_is_an_error_with_advice() -> None:
    with socket.socket() as taken:
        taken.bind((server.LOCALHOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PolysemeError, match=rf"127\.0\.0\.1:{port} .*choose another --port"):
            server.free_port(server.LOCALHOST, port)


def test_unavailable_address_is_an_error() -> None:
    with pytest.raises(PolysemeError, match=r"cannot listen on 203\.0\.113\.7:8501"):
        server.free_port("203.0.113.7", None)
    with pytest.raises(PolysemeError, match="70000"):
        server.free_port(server.LOCALHOST, 70000)


def test_another_port_is_used_if_the_default_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind((server.LOCALHOST, 0))
        taken.listen()
        monkeypatch.setattr(server, "FIRST_PORT", taken.getsockname()[1])
        assert server.free_port(server.LOCALHOST, None) != server.FIRST_PORT


def test_collection_of_any_name_reaches_the_server_in_its_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(server.MODEL_VARIABLE, "an older one")
    name = "--server.port=1; rm -rf $HOME"
    found = server.environment(Path(name), None)
    assert found[server.COLLECTION_VARIABLE] == str(tmp_path / name)
    assert server.MODEL_VARIABLE not in found
    assert found["PATH"] == os.environ["PATH"]
    assert not any(name in part for part in server.command(1, server.LOCALHOST))


def test_server_refuses_a_public_address_without_a_login(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PolysemeError, match=r"can be reached from other machines.*\.streamlit/secrets\.toml"):
        server.launch(tmp_path / "none.pol", 0, browser=False, address="0.0.0.0")
    with pytest.raises(PolysemeError, match=r"corpus\.example\.org can be reached.*leave out --address and --host"):
        server.launch(tmp_path / "none.pol", 0, browser=False, hosts=["Corpus.Example.org"])
    with pytest.raises(PolysemeError, match="not the name of a host"):
        server.launch(tmp_path / "none.pol", 0, browser=False, hosts=["https://corpus.example.org"])
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text('[polyseme]\npassword = "correct horse"\n')
    assert login.can_log_in(login.written_secrets())


def test_page_with_a_named_host_asks_for_a_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy on the same machine makes a local address public."""
    monkeypatch.setattr("streamlit.get_option", lambda name: server.LOCALHOST)
    monkeypatch.delenv(login.HOSTS_VARIABLE, raising=False)
    assert not login.is_served_beyond()
    found = server.environment(Path("a.pol"), None, ["corpus.example.org"])
    monkeypatch.setenv(login.HOSTS_VARIABLE, found[login.HOSTS_VARIABLE])
    assert login.given_hosts() == ["corpus.example.org"]
    assert login.is_served_beyond()
    assert login.HOSTS_VARIABLE not in server.environment(Path("a.pol"), None)


def test_server_imports_nothing_from_the_working_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert server.command(1, server.LOCALHOST)[1] == "-P"
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "-P" not in server.command(1, server.LOCALHOST)


def test_server_options_disable_statistics_and_prompts() -> None:
    command = server.command(8501, server.LOCALHOST)
    assert "--browser.gatherUsageStats=false" in command
    assert "--server.address=127.0.0.1" in command
    assert "--server.fileWatcherType=none" in command
    assert "--server.showEmailPrompt=false" in command
    assert "--server.maxUploadSize=200" in command


def test_every_server_option_is_known_to_streamlit() -> None:
    from streamlit import config

    for name in server._OPTIONS:
        config.get_option(name)


@pytest.mark.parametrize(
    ("address", "page"),
    [("127.0.0.1", "http://127.0.0.1:1"), ("0.0.0.0", "http://127.0.0.1:1"), ("::1", "http://[::1]:1")],
)
def test_page_address_can_be_typed_into_a_browser(address: str, page: str) -> None:
    assert server.page_address(address, 1) == page


def test_no_file_beside_the_script_hides_a_module() -> None:
    """`streamlit run ui/page/entry/run_page.py` puts ui/page/entry first on sys.path."""
    elsewhere = [entry for entry in sys.path if Path(entry or ".").resolve() != ENTRY]
    for file in ENTRY.glob("*.py"):
        if file.stem != "__init__":
            assert file.stem not in sys.stdlib_module_names
            assert importlib.machinery.PathFinder.find_spec(file.stem, elsewhere) is None, file.stem


def test_start_imports_neither_streamlit_nor_numpy() -> None:
    code = (
        "import sys, polyseme.ui.page.server, polyseme.ui.page.serving;"
        " print([name for name in ('streamlit', 'numpy', 'polyseme.search') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
