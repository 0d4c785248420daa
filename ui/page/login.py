"""Log visitors in where the page is served beyond this machine. On this machine, every local user may see the page.

The secrets are Streamlit's: `.streamlit/secrets.toml` in the working folder or the home folder. A `password` under
`[polyseme]` asks for that password. A section `[auth]` uses an OpenID Connect provider (`st.login`).

The server that starts the page imports this module too, so Streamlit is imported inside functions.
"""

from __future__ import annotations

import hmac
import ipaddress
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .html import base

MIN_PASSWORD = 8
"""Minimum length of a password, in characters."""
MAX_TRIES = 10
"""Maximum number of wrong passwords in one visit."""
PAUSE = 1.0
"""Delay after a wrong password, in seconds."""
LOGIN_ADVICE = (
    'the page asks for a login there: write [polyseme] password = "..." (at least 8 characters), or [auth] for OpenID'
    " Connect, into .streamlit/secrets.toml here or in your home folder"
)
"""How to configure a login, as a part of a sentence."""
_LOGGED_IN = "logged in"
_WRONG = "wrong passwords"


def is_local(address: str | None) -> bool:
    """Return whether only this machine can reach a server that listens on an address."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def secrets_files() -> tuple[Path, ...]:
    """Return the files in which Streamlit looks for secrets."""
    return Path.home() / ".streamlit" / "secrets.toml", Path.cwd() / ".streamlit" / "secrets.toml"


def written_secrets() -> dict[str, Any]:
    """Read the secrets files without Streamlit, before the server runs. Unreadable files are ignored."""
    found: dict[str, Any] = {}
    for path in secrets_files():
        try:
            found |= tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue
    return found


def password_of(secrets: Mapping[str, Any]) -> str | None:
    """Return the page's password, or None if it is missing or too short."""
    section = secrets.get("polyseme")
    password = section.get("password") if isinstance(section, Mapping) else None
    return password if isinstance(password, str) and len(password) >= MIN_PASSWORD else None


def can_log_in(secrets: Mapping[str, Any]) -> bool:
    """Return whether these secrets allow any login."""
    return password_of(secrets) is not None or "auth" in secrets


def is_served_beyond() -> bool:
    """Return whether other machines can reach this page."""
    import streamlit as st

    return not is_local(st.get_option("server.address"))


def admitted() -> bool:
    """Return whether this visitor may see the page. If not, draw the login form instead."""
    import streamlit as st

    if not is_served_beyond() or st.session_state.get(_LOGGED_IN):
        return True
    secrets = _secrets()
    if "auth" in secrets and getattr(st.user, "is_logged_in", False):
        return True
    st.html(base.heading("", None))
    if not can_log_in(secrets):
        st.html(base.message("Nobody can log in", f"Other machines can reach this page, and {LOGIN_ADVICE}."))
        return False
    _draw_form(secrets)
    return bool(st.session_state.get(_LOGGED_IN))


def _secrets() -> Mapping[str, Any]:
    import streamlit as st

    try:
        return st.secrets.to_dict()
    except FileNotFoundError:
        return {}


def _draw_form(secrets: Mapping[str, Any]) -> None:
    import streamlit as st

    with st.container(key="login", width=420):
        st.header("Log in", anchor=False)
        if "auth" in secrets:
            st.button("Log in with your account", on_click=st.login, type="primary")
        password = password_of(secrets)
        if password is None:
            return
        with st.form("password-form", border=False):
            given = st.text_input("Password", type="password", autocomplete="current-password")
            sent = st.form_submit_button("Open the page", type="primary")
    if sent:
        _check(given, password)


def _check(given: str, password: str) -> None:
    import streamlit as st

    wrong = st.session_state.get(_WRONG, 0)
    if wrong < MAX_TRIES and hmac.compare_digest(given.encode(), password.encode()):
        st.session_state[_LOGGED_IN] = True
        st.rerun()
    time.sleep(PAUSE)
    st.session_state[_WRONG] = wrong + 1
    st.error("That is not the password." if wrong < MAX_TRIES else "Too many wrong passwords. Try again later.")
