"""Stand in front of Streamlit: an ASGI layer that passes on only what the page needs, from those who may use it.

Streamlit checks the header Host for its WebSocket alone, and it stores files for visitors who have not logged in.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
from pathlib import Path

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import runtime
from streamlit.proto.BackMsg_pb2 import BackMsg

from .hosts import Hosts
from .login import VISIT_HEADER
from .visits import HELD, MAX_HELD, VISITS

MAX_FRAME = 2**22
"""Maximum size of a message from a visitor, in bytes. The longest address fits, and the names of 10,000 uploads."""
MAX_STRANGERS_FRAME = 2**16
"""The same for a visitor who may not use the page yet."""
KEPT_WITH_FILES = 5.0
"""Time for which the uploads of a visitor who has left are kept, in seconds. A lost connection is back sooner."""
KEPT = 120.0
"""Time for which a visitor who has left without uploads can come back to the same session, in seconds."""
_OPERATION = "backend_operation_request"
# `deferred_file` is the operation that makes the file of a download button.
_OBEYED = frozenset({"rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "deferred_file"})
_STRANGERS_MAY = frozenset({"rerun_script", "stop_script", "app_heartbeat"})
_STREAM = "/_stcore/stream"
_UPLOAD = re.compile(r"/_stcore/upload_file/([^/]{1,100})/([^/]{1,100})")
_HEALTH = "/_stcore/health"
_OPEN_CORE = frozenset({_HEALTH, "/_stcore/host-config"})
_FILES = ("/media/", "/component/", "/_stcore/bidi-components/")
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Guard:
    """Refuse requests for other hosts, and what strangers ask for. Pass everything else on to Streamlit.

    Args:
        base: The path under which Streamlit serves the page, such as `/corpus`, or "".
    """

    def __init__(self, app: ASGIApp, hosts: Hosts, base: str = "") -> None:
        self._app = app
        self._hosts = hosts
        self._base = base
        self._secret = secrets.token_bytes(32)
        self._headers = _HEADERS | {"content-security-policy": content_policy()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request or a connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        path = scope["path"]
        inside = path.startswith(f"{self._base}/")
        meant = inside and self._hosts.accept(headers.getlist("host"), headers.getlist("origin"))
        path = path.removeprefix(self._base)
        if scope["type"] == "websocket":
            if not meant or path != _STREAM:
                await send({"type": "websocket.close", "code": 1008})
                return
            await self._visit(scope, headers, receive, send)
            return
        send = self._finished(scope, headers, path, send)
        if not meant:
            await _refuse(scope, receive, send, 403, "this server has another name; start it with --host NAME")
        elif upload := _UPLOAD.fullmatch(path):
            await self._upload(scope, headers, receive, send, upload[1], upload[2])
        elif scope["method"] not in ("GET", "HEAD"):
            await _refuse(scope, receive, send, 405, "this method is not allowed here")
        elif path.startswith(_FILES) and not VISITS.may_fetch(self._browser(scope)):
            await _refuse(scope, receive, send, 403, "log in to fetch files")
        elif path.startswith("/_stcore/") and path not in _OPEN_CORE and not path.startswith(_FILES):
            await _refuse(scope, receive, send, 404, "there is no such page")
        else:
            await self._app(scope, receive, send)

    async def _upload(
        self, scope: Scope, headers: Headers, receive: Receive, send: Send, session: str, file: str
    ) -> None:
        """Store or remove a file of a visitor who may use the page, as long as there is room for it."""
        if not VISITS.may_upload(session):
            await _refuse(scope, receive, send, 403, "log in to send files")
        elif scope["method"] == "DELETE":
            watched = _Status(send)
            await self._app(scope, receive, watched)
            if watched.ok:  # Streamlit keeps the file if the request has no valid token
                HELD.remove(session, file)
        elif scope["method"] != "PUT":
            await _refuse(scope, receive, send, 405, "this method is not allowed here")
        elif not re.fullmatch("[0-9]{1,15}", length := headers.get("content-length", "")):
            await _refuse(scope, receive, send, 411, "send the file with its length")
        elif not HELD.reserve(int(length)):
            limit = MAX_HELD // 2**20
            await _refuse(scope, receive, send, 507, f"the server holds {limit} MiB of files already; send it later")
        else:
            watched = _Status(send)
            try:
                await self._app(scope, receive, watched)
            finally:
                HELD.settle(session, file, int(length), kept=watched.ok)
                if not VISITS.may_upload(session):  # the visitor left meanwhile
                    _drop_files(session)

    async def _visit(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Connect a visitor's browser with Streamlit, and leave out the messages that it may not send."""
        protocols = [part.strip() for part in headers.get("sec-websocket-protocol", "").split(",")]
        address = scope["client"][0] if scope.get("client") else ""
        key = VISITS.begin(address, self._browser(scope), protocols[2] if len(protocols) > 2 else None)
        if key is None:
            await send({"type": "websocket.close", "code": 1013})
            return

        async def allowed() -> Message:
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return message
                visit = VISITS.of(key)
                known = VISITS.needs_no_login or (visit and visit.session)
                kind = _kind(message, MAX_FRAME if known else MAX_STRANGERS_FRAME)
                if kind is None:
                    await send({"type": "websocket.close", "code": 1008})
                    return {"type": "websocket.disconnect", "code": 1008}
                if kind in (_OBEYED if visit and visit.session else _STRANGERS_MAY):
                    return message

        try:
            await self._app(_with_visit(scope, headers, key), allowed, send)
        finally:
            if session := VISITS.end(key):
                delay = KEPT_WITH_FILES if HELD.of(session) else KEPT
                asyncio.get_running_loop().call_later(delay, _forget, session)

    def _browser(self, scope: Scope) -> str | None:
        """Return what identifies a browser by its cookie, or None if this server has not made the cookie."""
        name, _, signature = HTTPConnection(scope).cookies.get(_cookie_name(scope), "").partition(".")
        return name if hmac.compare_digest(signature.encode(), self._sign(name).encode()) else None

    def _sign(self, name: str) -> str:
        return hmac.new(self._secret, name.encode(), hashlib.sha256).hexdigest()

    def _finished(self, scope: Scope, headers: Headers, path: str, send: Send) -> Send:
        """Return a function that adds headers to a reply. A browser that opens the page gets a cookie."""
        # A tab that is still open when the server starts again asks for its health, but not for the page.
        is_page = path == _HEALTH or not path.startswith(("/static/", "/_stcore/", *_FILES))
        secure = scope.get("scheme") == "https" or headers.get("x-forwarded-proto", "").lower() == "https"

        async def finish(message: Message) -> None:
            if message["type"] == "http.response.start":
                reply = MutableHeaders(
                    raw=[_protected(name, value, secure) for name, value in message.get("headers", ())]
                )
                reply.update(self._headers)
                if is_page and message["status"] < 400 and self._browser(scope) is None:
                    new = secrets.token_urlsafe(24)
                    cookie = f"{_cookie_name(scope)}={new}.{self._sign(new)}; Path=/; HttpOnly; SameSite=Lax"
                    reply.append("set-cookie", cookie + "; Secure" * secure)
                message["headers"] = reply.raw
            await send(message)

        return finish


class _Status:
    """Send a reply, and remember whether it was a success."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.ok = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.ok = message["status"] < 300
        await self._send(message)


def content_policy() -> str:
    """Return the policy that lets the page load from its own server only, and run no script in its text."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    digests = (hashlib.sha256(script.encode()).digest() for script in _INLINE_SCRIPT.findall(page))
    own = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return (
        # Streamlit runs the script of a component from a blob.
        f"default-src 'self'; script-src 'self' blob: {own}; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data: blob:; font-src 'self' data:; object-src 'none'; base-uri 'none';"
        " form-action 'self'; frame-ancestors 'none'"
    )


def _kind(message: Message, longest: int) -> str | None:
    """Return the kind of a message from the browser, or None if it is none or too long."""
    data = message.get("bytes")
    if data is None or len(data) > longest:
        return None
    try:
        sent = BackMsg.FromString(data)
    except Exception:  # protobuf's own error, which differs between its implementations
        return None
    kind = sent.WhichOneof("type") or ""
    # Streamlit has operations that write into the home folder of the server's user.
    return sent.backend_operation_request.WhichOneof("payload") or "" if kind == _OPERATION else kind


def _with_visit(scope: Scope, headers: Headers, key: str) -> Scope:
    """Return a connection that tells the script its visit, and whose Host is that of the origin.

    A proxy may have replaced Host. Streamlit would then ask another server for this machine's address.
    """
    changed = headers.mutablecopy()
    origin = changed.get("origin")
    if origin is not None:
        changed["host"] = origin.partition("://")[2]
    changed[VISIT_HEADER] = key
    return {**scope, "headers": changed.raw}


def _protected(name: bytes, value: bytes, secure: bool) -> tuple[bytes, bytes]:
    """Return a header. A cookie that came by TLS may leave the browser by TLS only."""
    if secure and name.lower() == b"set-cookie" and b"; secure" not in value.lower():
        value += b"; Secure"
    return name.lower(), value


def _cookie_name(scope: Scope) -> str:
    # Browsers share cookies between the ports of a host.
    return f"polyseme_{scope['server'][1] if scope.get('server') else 0}"


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, reason: str) -> None:
    await PlainTextResponse(reason + "\n", status)(scope, receive, send)


def _forget(session: str) -> None:
    """Free what a visitor who has left still holds."""
    server = runtime.get_instance() if runtime.exists() else None
    if (server is None or not server.is_active_session(session)) and VISITS.forget(session):
        _drop_files(session)
        if server is not None:
            server.close_session(session)


def _drop_files(session: str) -> None:
    HELD.drop(session)
    if runtime.exists():
        runtime.get_instance().uploaded_file_mgr.remove_session_files(session)
