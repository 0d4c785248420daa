"""Tests of the layer in front of the page's server, with an application behind it that answers everything."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from polyseme.ui.page import guard as guards
from polyseme.ui.page.guard import Guard
from polyseme.ui.page.hosts import known_hosts
from polyseme.ui.page.login import VISIT_HEADER
from polyseme.ui.page.visits import MAX_STRANGERS, MIN_CHARGE, Held, Visits
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState

HOST = "localhost:8501"
UPLOAD = "/_stcore/upload_file/session/file"
FILES = ("/media/a.csv", "/component/name/x.js", "/_stcore/bidi-components/name/x.js")


class Behind:
    """An application that says yes to everything, and remembers what reached it."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.kinds: list[str | None] = []
        self.scopes: list[Scope] = []
        self.status = 204

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.paths.append(scope["path"])
        self.scopes.append(scope)
        if scope["type"] == "http":
            headers = [(b"set-cookie", b"_streamlit_xsrf=2; Path=/")]
            await send({"type": "http.response.start", "status": self.status, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        while (message := await receive())["type"] == "websocket.receive":
            sent = BackMsg.FromString(message["bytes"])
            operation = sent.backend_operation_request.WhichOneof("payload")
            kind = sent.WhichOneof("type")
            self.kinds.append(f"{kind}.{operation}" if operation else kind)


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch) -> Visits:
    found = Visits()
    monkeypatch.setattr(guards, "VISITS", found)
    return found


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    found = Held(10_000)
    monkeypatch.setattr(guards, "HELD", found)
    return found


@pytest.fixture
def behind() -> Behind:
    return Behind()


@pytest.fixture
def guard(behind: Behind, visits: Visits, held: Held) -> Guard:
    return Guard(behind, known_hosts("127.0.0.1", (), local=True))


def scope_of(path: str, method: str, headers: Mapping[str, str]) -> Scope:
    raw = [(name.encode(), value.encode()) for name, value in {"host": HOST, **headers}.items() if value != "none"]
    kind = "websocket" if method == "WS" else "http"
    scope = {"type": kind, "path": path, "method": method, "headers": raw, "scheme": "http", "query_string": b""}
    return {**scope, "server": ("127.0.0.1", 8501), "client": ("10.0.0.1", 5)}


def asked(guard: Guard, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, list[str]]]:
    """Return the status and the headers of a reply."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    given = {name.replace("_", "-"): value for name, value in headers.items()}
    asyncio.run(guard(scope_of(path, method, given), receive, send))
    found: dict[str, list[str]] = {}
    for name, value in sent[0]["headers"]:
        found.setdefault(name.decode(), []).append(value.decode())
    return sent[0]["status"], found


def connected(
    guard: Guard, messages: Sequence[bytes | str], path: str = "/_stcore/stream", **headers: str
) -> list[Message]:
    """Send messages over a WebSocket, and return what came back."""
    coming: list[Message] = [
        {"type": "websocket.receive", "bytes" if isinstance(data, bytes) else "text": data} for data in messages
    ]
    coming.append({"type": "websocket.disconnect", "code": 1000})
    sent: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    given = {name.replace("_", "-"): value for name, value in headers.items()}
    asyncio.run(guard(scope_of(path, "WS", given), receive, send))
    return sent


def frame(kind: str) -> bytes:
    """Return a message of a kind. For `operation.name` it asks for an operation of the server."""
    message = BackMsg()
    kind, _, operation = kind.partition(".")
    if operation:
        getattr(message.backend_operation_request, operation).SetInParent()
    elif isinstance(getattr(message, kind), bool):
        setattr(message, kind, True)
    else:
        getattr(message, kind).SetInParent()
    found: bytes = message.SerializeToString()
    return found


OPERATIONS = BackMsg().backend_operation_request.DESCRIPTOR.oneofs_by_name["payload"].fields
KINDS = [
    *(field.name for field in BackMsg.DESCRIPTOR.fields if field.containing_oneof is not None),
    *(f"backend_operation_request.{field.name}" for field in OPERATIONS),
]


@pytest.mark.parametrize(
    "path", ["/", "/static/js/index.js", "/_stcore/health", "/_stcore/host-config", *FILES, "/auth/login", UPLOAD]
)
def test_no_endpoint_answers_under_another_name(guard: Guard, behind: Behind, visits: Visits, path: str) -> None:
    visits.admit_everyone()
    for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST"):
        for headers in (
            {"host": "evil.example"},
            {"host": "evil.example", "origin": "http://evil.example"},
            {"origin": "http://evil.example"},
            {"origin": "null"},
            {"host": "none"},
        ):
            assert asked(guard, path, method, **headers)[0] == 403
    assert asked(guard, f"http://localhost:8501{path}")[0] == 403
    assert behind.paths == []


def test_no_websocket_opens_under_another_name_or_elsewhere(guard: Guard, behind: Behind) -> None:
    closed = [{"type": "websocket.close", "code": 1008}]
    assert connected(guard, [], host="evil.example", origin="http://evil.example") == closed
    assert connected(guard, [], origin="http://localhost:8888") == closed
    assert connected(guard, [], path="/_stcore/other") == closed
    assert connected(guard, [], path="/") == closed
    assert behind.paths == []
    assert connected(guard, [], origin=f"http://{HOST}") == []
    assert connected(guard, []) == []
    assert behind.paths == ["/_stcore/stream"] * 2


def test_stranger_gets_the_page_and_nothing_else(guard: Guard, behind: Behind) -> None:
    for path in ("/", "/static/js/index.js", "/_stcore/health", "/_stcore/host-config", "/auth/login"):
        assert asked(guard, path)[0] == 204
    reached = list(behind.paths)
    for path, status in [
        *((path, 403) for path in FILES),
        (UPLOAD, 403),
        ("/_stcore/metrics", 404),
        ("/_stcore/script-health-check", 404),
        ("/_stcore/agent/openapi.json", 404),
        ("/_stcore/upload_file/a/b/c", 404),
    ]:
        assert asked(guard, path)[0] == status
    for method in ("PUT", "DELETE", "OPTIONS"):
        assert asked(guard, UPLOAD, method, content_length="5")[0] == 403
    for path in ("/", "/_stcore/health", "/media/a.csv", "/anything"):
        assert asked(guard, path, "POST")[0] == 405
    assert behind.paths == reached


def test_stranger_is_obeyed_only_where_the_login_needs_it(guard: Guard, behind: Behind, visits: Visits) -> None:
    every = list(map(frame, KINDS))
    assert connected(guard, every) == []
    assert set(behind.kinds) == {"rerun_script", "stop_script", "app_heartbeat"}
    behind.kinds.clear()
    visits.admit(visits.begin("", None), "known")
    assert connected(guard, every, sec_websocket_protocol="streamlit, x, known") == []
    download = "backend_operation_request.deferred_file"
    assert set(behind.kinds) == {"rerun_script", "stop_script", "app_heartbeat", "file_urls_request", download}


@pytest.mark.parametrize("data", ["text", b"\xff\xff", b"x" * (guards.MAX_STRANGERS_FRAME + 1)])
def test_message_that_is_none_ends_the_connection(guard: Guard, behind: Behind, data: bytes | str) -> None:
    assert connected(guard, [data, frame("rerun_script")]) == [{"type": "websocket.close", "code": 1008}]
    assert behind.kinds == []


def test_long_message_is_only_for_those_who_may_use_the_page(guard: Guard, behind: Behind, visits: Visits) -> None:
    long: list[bytes | str] = [BackMsg(rerun_script=ClientState(query_string="x" * 10**5)).SerializeToString()]
    assert connected(guard, long)[0]["type"] == "websocket.close"
    visits.admit(visits.begin("", None), "known")
    assert connected(guard, long, sec_websocket_protocol="streamlit, x, known") == []
    assert behind.kinds == ["rerun_script"]


def test_long_message_is_accepted_where_no_login_is_needed(guard: Guard, behind: Behind, visits: Visits) -> None:
    visits.admit_everyone()
    message = BackMsg()
    uploads = message.rerun_script.widget_states.widgets.add(id="files").file_uploader_state_value
    for n in range(10_000):
        file = uploads.uploaded_file_info.add(file_id=f"{n:036}", name=f"letter {n:05}.txt", size=1000)
        place = f"/_stcore/upload_file/{n:036}/{n:036}"
        file.file_urls.file_id, file.file_urls.upload_url, file.file_urls.delete_url = f"{n:036}", place, place
    assert connected(guard, [message.SerializeToString()]) == []
    assert behind.kinds == ["rerun_script"]


def test_upload_needs_a_known_session_a_length_and_room(
    guard: Guard, behind: Behind, visits: Visits, held: Held
) -> None:
    visits.admit(visits.begin("", None), "session")
    assert asked(guard, UPLOAD, "PUT")[0] == 411
    for wrong in ("-5", "1e3", "5, 5", "", "9" * 20):
        assert asked(guard, UPLOAD, "PUT", content_length=wrong)[0] == 411
    assert asked(guard, UPLOAD, "PUT", content_length="10001")[0] == 507
    assert behind.paths == []
    assert asked(guard, UPLOAD, "PUT", content_length="9000")[0] == 204
    assert held.of("session") == 9000
    assert asked(guard, "/_stcore/upload_file/session/other", "PUT", content_length="9000")[0] == 507
    assert asked(guard, "/_stcore/upload_file/stranger/other", "PUT", content_length="1")[0] == 403
    behind.status = 403
    assert asked(guard, UPLOAD, "DELETE")[0] == 403
    assert held.of("session") == 9000, "the file was not removed"
    behind.status = 204
    assert asked(guard, UPLOAD, "DELETE")[0] == 204
    assert held.of("session") == 0
    behind.status = 413
    assert asked(guard, UPLOAD, "PUT", content_length="9000")[0] == 413
    behind.status = 204
    assert asked(guard, "/_stcore/upload_file/session/other", "PUT", content_length="9000")[0] == 204


def test_room_is_counted_while_uploads_are_on_their_way() -> None:
    held = Held(100_000)
    assert held.reserve(60_000)
    assert not held.reserve(60_000)
    held.settle("a", "1", 60_000, kept=False)
    assert held.reserve(60_000)
    held.settle("a", "1", 60_000, kept=True)
    assert held.reserve(40_000)
    held.settle("b", "1", 40_000, kept=True)
    assert not held.reserve(0)
    held.drop("a")
    assert (held.of("a"), held.of("b")) == (0, 40_000)
    assert sum(held.reserve(0) for _ in range(100)) == 60_000 // MIN_CHARGE  # the number is limited too


def test_visitor_who_leaves_takes_the_uploads_along(
    guard: Guard, visits: Visits, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guards, "KEPT_WITH_FILES", 0.0)
    monkeypatch.setattr(guards, "KEPT", 0.0)

    async def leave() -> None:
        key = visits.begin("", None)
        assert key is not None
        visits.admit(key, "session")
        assert held.reserve(5000)
        held.settle("session", "file", 5000, kept=True)
        again = visits.begin("", None, resumed="session")
        guards._forget("session")
        assert held.of("session") == 5000, "another connection still uses the session"
        assert visits.end(key) == visits.end(again or "") == "session"
        guards._forget("session")

    asyncio.run(leave())
    assert held.of("session") == 0
    assert not visits.may_upload("session")
    assert asked(guard, UPLOAD, "PUT", content_length="1")[0] == 403


def test_files_are_for_browsers_of_visitors_who_may_use_the_page(guard: Guard, behind: Behind, visits: Visits) -> None:
    behind.status = 200
    cookie = asked(guard, "/")[1]["set-cookie"][-1]
    assert cookie.startswith("polyseme_8501=")
    assert "; HttpOnly" in cookie
    assert "; SameSite=Lax" in cookie
    sent = cookie.partition(";")[0]
    assert not any(line.startswith("polyseme") for line in asked(guard, "/", cookie=sent)[1]["set-cookie"])
    assert asked(guard, "/media/a", cookie=sent)[0] == 403
    connected(guard, [], cookie=sent)
    key = dict(behind.scopes[-1]["headers"])[VISIT_HEADER.encode()].decode()
    assert visits.of(key) is None, "the visit has ended"
    browser = sent.partition("=")[2].partition(".")[0]
    visits.admit(visits.begin("", browser), "session")
    assert asked(guard, "/media/a", cookie=sent)[0] == 200
    for forged in (
        f"polyseme_8501={browser}",
        f"polyseme_8501={browser}.00",
        f"other={browser}",
        "=;=",
        "polyseme_8501=",
    ):
        assert asked(guard, "/media/a", cookie=forged)[0] == 403
    visits.refuse(None, "session")
    assert asked(guard, "/media/a", cookie=sent)[0] == 403


def test_tab_that_outlives_the_server_gets_a_cookie_of_the_new_one(guard: Guard, behind: Behind) -> None:
    behind.status = 200
    old = asked(Guard(behind, known_hosts("127.0.0.1", (), local=True)), "/")[1]["set-cookie"][-1].partition(";")[0]
    new = asked(guard, "/_stcore/health", cookie=old)[1]["set-cookie"][-1].partition(";")[0]
    assert new.startswith("polyseme_8501=")
    assert new != old
    assert len(asked(guard, "/_stcore/health", cookie=new)[1]["set-cookie"]) == 1
    assert len(asked(guard, "/_stcore/host-config")[1]["set-cookie"]) == 1


def test_session_is_resumed_by_the_same_browser_only(visits: Visits) -> None:
    visits.admit(visits.begin("", "mine"), "session")
    own, foreign = visits.begin("", "mine", "session"), visits.begin("", "other", "session")
    assert [visit.session for visit in map(visits.of, (own, foreign)) if visit] == ["session", None]


def test_visit_header_of_a_client_is_replaced(guard: Guard, behind: Behind) -> None:
    connected(guard, [], **{VISIT_HEADER: "forged"})
    headers = [value for name, value in behind.scopes[0]["headers"] if name == VISIT_HEADER.encode()]
    assert len(headers) == 1
    assert headers != [b"forged"]


def test_number_of_strangers_is_limited(guard: Guard, visits: Visits) -> None:
    for _ in range(MAX_STRANGERS):
        assert visits.begin("", None)
    assert connected(guard, []) == [{"type": "websocket.close", "code": 1013}]


def test_headers_protect_every_reply(guard: Guard, behind: Behind) -> None:
    for path, origin in (("/", "none"), ("/static/x.js", "none"), ("/", "http://evil.example")):
        _, headers = asked(guard, path, origin=origin)
        assert headers["x-content-type-options"] == ["nosniff"]
        assert headers["x-frame-options"] == ["DENY"]
        assert headers["referrer-policy"] == ["same-origin"]
        policy = headers["content-security-policy"][0]
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self' blob: 'sha256-" in policy
    assert not any("Secure" in cookie for cookie in asked(guard, "/")[1]["set-cookie"])
    secure = asked(guard, "/", x_forwarded_proto="https")[1]["set-cookie"]
    assert len(secure) == 2
    assert all(cookie.endswith("; Secure") for cookie in secure)


def test_page_below_a_path_is_guarded_there(behind: Behind, visits: Visits) -> None:
    guard = Guard(behind, known_hosts("127.0.0.1", (), local=True), "/corpus")
    assert asked(guard, "/corpus/")[0] == 204
    assert asked(guard, "/corpus/media/a")[0] == 403
    assert asked(guard, "/corpus/_stcore/metrics")[0] == 404
    assert asked(guard, "/media/a")[0] == 403
    assert connected(guard, [], path="/corpus/_stcore/stream") == []
