"""End-to-end test of the login by OpenID Connect: the real server, a real browser, and a small provider."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import socket
import threading
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from browsers import PATIENCE, address_of, program, serving
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document

pytest.importorskip("authlib", reason="Authlib is not installed")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from joserfc import jwt  # noqa: E402
from joserfc.jwk import RSAKey  # noqa: E402

CLIENT, SECRET = "polyseme", "a secret of the client"


@dataclass
class Provider:
    """An OpenID Connect provider with one account. Its authorisation endpoint grants every request."""

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signs_with: RSAKey | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    address: str = ""

    def metadata(self) -> dict[str, Any]:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        return {name: f"{self.address}/{path}" for name, path in names.items()} | {
            "issuer": self.address,
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def token(self, sent: dict[str, str], authorization: str) -> dict[str, Any]:
        """Return the tokens for the code of the last visit, and check that the client is the one that requested it."""
        asked = self.asked[-1]
        assert base64.b64decode(authorization.removeprefix("Basic ")).decode() == f"{CLIENT}:{SECRET}"
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT, "sub": "1", "nonce": asked["nonce"], "email": "ann@example.org"}
        key = self.signs_with or self.key
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims | {"iat": now, "exp": now + 60}, key)
        return {"access_token": "x", "token_type": "Bearer", "id_token": signed}


class Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path == "/authorize":
            asked = dict(urllib.parse.parse_qsl(query))
            self.provider.asked.append(asked)
            back = urllib.parse.urlencode({"code": "c", "state": asked["state"]})
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri']}?{back}")
            self.end_headers()
        elif path == "/jwks":
            self._json({"keys": [self.provider.key.as_dict(private=False)]})
        else:
            self._json(self.provider.metadata())

    def do_POST(self) -> None:
        sent = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self._json(self.provider.token(sent, self.headers["Authorization"]))

    def _json(self, value: object) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[Provider]:
    found = Provider()
    handler = type("Bound", (Handler,), {"provider": found})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        found.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield found
        server.shutdown()


def test_only_visitors_with_a_valid_token_see_the_page(provider: Provider, tmp_path: Path, tiny_folder: Path) -> None:
    chromium = program()
    build(tmp_path / "letters.pol", [Document("a", "The bank of the river. " * 5)], model=str(tiny_folder))
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text(
        f'[auth]\nredirect_uri = "http://127.0.0.1:{port}/oauth2callback"\ncookie_secret = "{secrets.token_hex()}"\n'
        f'client_id = "{CLIENT}"\nclient_secret = "{SECRET}"\n'
        f'server_metadata_url = "{provider.address}/.well-known/openid-configuration"\n'
    )
    with (
        serving(tmp_path / "letters.pol", port, "0.0.0.0", folder=tmp_path) as server,
        sync_api.sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context()
        context.set_default_timeout(PATIENCE)
        sync_api.expect.set_options(timeout=PATIENCE)
        page = context.new_page()
        page.goto(address_of(server))
        button = page.get_by_role("button", name="Log in with your account")
        provider.signs_with = RSAKey.generate_key(2048)  # the key of a stranger
        with page.expect_request(lambda request: "/oauth2callback" in request.url):
            button.click()
        page.wait_for_url(f"http://127.0.0.1:{port}/")
        sync_api.expect(button).to_be_visible()
        sync_api.expect(page.locator(".pol-top")).not_to_contain_text("letters.pol")
        provider.signs_with = None
        button.click()
        sync_api.expect(page.locator(".pol-top")).to_contain_text("letters.pol")
        sync_api.expect(page.locator(".pol-top")).to_contain_text("5 sentences")
        assert [asked["scope"] for asked in provider.asked] == ["openid email profile"] * 2
        browser.close()
