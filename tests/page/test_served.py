"""Tests of the real server: raw requests under other names, and what a visitor gets before and after the login."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsers import address_of
from polyseme.ui.page import server
from polyseme.ui.page.serving import option
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

# A loaded machine may miss a click, a double click or the moment of a signal. A fault fails three times.
pytestmark = pytest.mark.flaky(reruns=2)
NAME = "corpus.example.org"
START = (
    "import sys; from pathlib import Path; from polyseme.ui.page.server import launch;"
    f" launch(Path(sys.argv[1]), port=int(sys.argv[2]), hosts=['{NAME}'], browser=False)"
)
UPGRADE = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: streamlit\r\n"
)
PATHS = ("/", "/_stcore/health", "/_stcore/host-config", "/_stcore/stream", "/media/x", "/_stcore/upload_file/a/b")


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a server that asks for a password, as behind a proxy."""
    folder = tmp_path_factory.mktemp("served")
    (folder / ".streamlit").mkdir()
    (folder / ".streamlit" / "secrets.toml").write_text('[polyseme]\npassword = "correct horse"\n')
    found = server.free_port(server.LOCALHOST, 0)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(folder)}
    command = [sys.executable, "-c", START, str(folder / "none.pol"), str(found)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment, cwd=folder) as launched:
        address_of(launched)
        yield found
        launched.terminate()


def answer(port: int, request: str) -> str:
    """Send a request unchanged, and return the first line of the reply."""
    with socket.create_connection((server.LOCALHOST, port), 20) as connection:
        connection.sendall(request.encode())
        with connection.makefile("r", encoding="latin-1", newline="\n") as reply:
            return reply.readline().strip()


@pytest.mark.parametrize("path", PATHS)
def test_no_endpoint_answers_a_page_that_rebinds_its_name(port: int, path: str) -> None:
    upgrade = UPGRADE if path == "/_stcore/stream" else ""
    for lines in (
        f"Host: evil.example:{port}\r\nOrigin: http://evil.example:{port}\r\n",
        f"Host: evil.example:{port}\r\n",
        f"Host: 127.0.0.1:{port}\r\nOrigin: http://evil.example\r\n",
        f"Host: 127.0.0.1:{port}@evil.example\r\n",
        f"Host: {NAME}.evil.example\r\n",
        "Host: \r\n",
    ):
        assert answer(port, f"GET {path} HTTP/1.1\r\n{lines}{upgrade}\r\n").startswith("HTTP/1.1 403"), lines
    for lines in ("", f"Host: 127.0.0.1:{port}\r\nHost: evil.example\r\n"):
        assert answer(port, f"GET {path} HTTP/1.1\r\n{lines}{upgrade}\r\n")[:10] in ("HTTP/1.1 4", "")
    absolute = f"GET http://evil.example{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{upgrade}\r\n"
    assert answer(port, absolute).startswith("HTTP/1.1 403")


def test_its_own_names_are_answered(port: int) -> None:
    for host in (f"127.0.0.1:{port}", "LOCALHOST", "[::1]:1", NAME, f"{NAME.upper()}.:443"):
        assert answer(port, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n") == "HTTP/1.1 200 OK"
        origin = f"Origin: https://{NAME}\r\n"
        stream = f"GET /_stcore/stream HTTP/1.1\r\nHost: {host}\r\n{origin}{UPGRADE}\r\n"
        assert answer(port, stream) == "HTTP/1.1 101 Switching Protocols"


async def visited(port: int) -> ClientConnection:
    return await connect(f"ws://127.0.0.1:{port}/_stcore/stream", subprotocols=["streamlit"], max_size=None, proxy=None)  # type: ignore[list-item]


def ends(message: ForwardMsg, until: str) -> bool:
    early = message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
    return message.WhichOneof("type") == until and not (until == "script_finished" and early)


async def replies(stream: ClientConnection, message: BackMsg, until: str = "script_finished") -> list[ForwardMsg]:
    """Send a message, and return the answers up to one of a kind, or those of two seconds.

    The end of a run that gives way to another one is no end.
    """
    await stream.send(message.SerializeToString())
    found: list[ForwardMsg] = []
    try:
        while not found or not ends(found[-1], until):
            data = await asyncio.wait_for(stream.recv(decode=False), 60 if until else 2)
            found.append(ForwardMsg.FromString(data))
    except TimeoutError:
        pass
    return found


def drawn(messages: list[ForwardMsg], kind: str) -> list[Any]:
    elements = [message.delta.new_element for message in messages if message.WhichOneof("type") == "delta"]
    return [getattr(element, kind) for element in elements if element.WhichOneof("type") == kind]


def rerun(*states: WidgetState) -> BackMsg:
    message = BackMsg()
    message.rerun_script.query_string = ""
    message.rerun_script.widget_states.widgets.extend(states)
    return message


async def logged_in(stream: ClientConnection) -> tuple[str, list[ForwardMsg]]:
    """Type the password. Return the session and what is drawn then."""
    first = await replies(stream, rerun())
    (box,), (button,) = drawn(first, "text_input"), drawn(first, "button")
    session = next(m.new_session.initialize.session_id for m in first if m.WhichOneof("type") == "new_session")
    states = WidgetState(id=box.id, string_value="correct horse"), WidgetState(id=button.id, trigger_value=True)
    return session, await replies(stream, rerun(*states))


def send_file(port: int, session: str, size: int) -> int:
    """Send a file as the page does. Return the status of the reply."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/_stcore/health", timeout=60) as reply:
        cookies = [line.partition(";")[0] for line in reply.headers.get_all("set-cookie") or []]
    token = next(cookie for cookie in cookies if cookie.startswith("_streamlit_xsrf="))
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/_stcore/upload_file/{session}/one",
        head + b"x" * size + b"\r\n--b--\r\n",
        {"Content-Type": "multipart/form-data; boundary=b", "Cookie": token, "X-Xsrftoken": token.partition("=")[2]},
        method="PUT",
    )
    try:
        with opener.open(request, timeout=60) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_nothing_is_stored_or_obeyed_before_the_login(port: int) -> None:
    async def visit() -> None:
        async with await visited(port) as stream:
            first = await replies(stream, rerun())
            assert len(drawn(first, "text_input")) == 1
            session = next(m.new_session.initialize.session_id for m in first if m.WhichOneof("type") == "new_session")
            assert await asyncio.to_thread(send_file, port, session, 10) == 403
            ask = BackMsg()
            ask.file_urls_request.file_names.append("a.txt")
            for message in (BackMsg(clear_cache=True), BackMsg(load_git_info=True)):
                await stream.send(message.SerializeToString())
            ignored = await replies(stream, ask, until="")
            assert {message.WhichOneof("type") for message in ignored} <= {"session_status_changed"}
            session, after = await logged_in(stream)
            assert drawn(after, "file_uploader")
            assert await asyncio.to_thread(send_file, port, session, 10) == 204
            assert (await replies(stream, ask, "file_urls_response"))[-1].file_urls_response.file_urls

    asyncio.run(visit())


def test_memory_of_uploads_is_freed_when_the_visitor_leaves(port: int) -> None:
    async def visit() -> str:
        async with await visited(port) as stream:
            session, _ = await logged_in(stream)
            assert await asyncio.to_thread(send_file, port, session, 1000) == 204
            return session

    session = asyncio.run(visit())
    last = time.monotonic() + 120
    while send_file(port, session, 10) == 400:  # held, but Streamlit knows that the visitor is away
        assert time.monotonic() < last
        time.sleep(0.5)
    assert send_file(port, session, 10) == 403


def test_guessing_in_many_visits_is_no_faster(port: int) -> None:
    async def guess() -> str:
        async with await visited(port) as stream:
            first = await replies(stream, rerun())
            (box,), (button,) = drawn(first, "text_input"), drawn(first, "button")
            states = WidgetState(id=box.id, string_value="wrong"), WidgetState(id=button.id, trigger_value=True)
            (alert,) = drawn(await replies(stream, rerun(*states)), "alert")
            return str(alert.body)

    async def guesses() -> list[str]:
        return await asyncio.gather(*(guess() for _ in range(20)))

    found = asyncio.run(guesses())
    assert 1 <= found.count("That is not the password.") <= 5
    assert {text[:24] for text in found} == {"That is not the password", "Too many wrong passwords"}


def test_options_of_the_server_are_read_with_their_types() -> None:
    assert option("--server.port=8501") == ("server.port", 8501)
    assert option("--server.headless=true") == ("server.headless", True)
    assert option("--theme.light.primaryColor=#0b5566") == ("theme.light.primaryColor", "#0b5566")
    assert option("--server.address=127.0.0.1") == ("server.address", "127.0.0.1")
