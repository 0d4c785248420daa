"""Log visitors in where the page is served beyond this machine. On this machine, every local user may see the page.

The secrets are Streamlit's: `.streamlit/secrets.toml` in the working folder or the home folder. A `password` under
`[polyseme]` asks for that password. A section `[auth]` uses an OpenID Connect provider (`st.login`).

The command that starts the page, and the server before its first visit, import this module too. So Streamlit, and what
draws the page, are imported inside functions.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import math
import os
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .guesses import GUESSES
from .language import to_translate
from .visits import VISITS

HOSTS_VARIABLE = "POLYSEME_HOSTS"
"""Environment variable with the names under which others reach the page, as a JSON list."""
VISIT_HEADER = "x-polyseme-visit"
"""Header by which the guard in front of the server tells which visit the page is drawn for."""
MIN_PASSWORD = 8
"""Minimum length of a password, in characters."""
PAUSE = 1.0
"""Delay after a wrong password, in seconds."""
LOGIN_ADVICE = to_translate(
    'the page asks for a login there: write [polyseme] password = "..." (at least 8 characters), or [auth] for OpenID'
    " Connect, into .streamlit/secrets.toml here or in your home folder"
)
"""How to configure a login, as a part of a sentence."""
_LOGGED_IN = "logged in"


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


def given_hosts() -> list[str]:
    """Return the names under which others reach the page, as `launch` received them."""
    found: list[str] = json.loads(os.environ.get(HOSTS_VARIABLE, "[]"))
    return found


def is_served_beyond() -> bool:
    """Return whether other machines can reach this page, by its address or through a proxy."""
    import streamlit as st

    return bool(given_hosts()) or not is_local(st.get_option("server.address"))


def admitted() -> bool:
    """Return whether this visitor may use the page, and tell it to the guard. If not, draw the login form instead."""
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    context = get_script_run_ctx()
    visit, session = st.context.headers.get(VISIT_HEADER), context.session_id if context else ""
    beyond = is_served_beyond()
    secrets = _secrets() if beyond else {}
    account = "auth" in secrets and getattr(st.user, "is_logged_in", False)
    if beyond and not st.session_state.get(_LOGGED_IN) and not account:
        VISITS.refuse(visit, session)
        _draw_login(secrets, visit)
        return False
    VISITS.admit(visit, session)
    return True


def _draw_login(secrets: Mapping[str, Any], visit: str | None) -> None:
    import streamlit as st

    from .html import base
    from .language import say

    st.html(base.heading("", None))
    if can_log_in(secrets):
        _draw_form(secrets, visit)
    else:
        advice = say("Other machines can reach this page, and {advice}.", advice=say(LOGIN_ADVICE))
        st.html(base.message(say("Nobody can log in"), advice))


def _secrets() -> Mapping[str, Any]:
    import streamlit as st

    try:
        return st.secrets.to_dict()
    except FileNotFoundError:
        return {}


def _draw_form(secrets: Mapping[str, Any], visit: str | None) -> None:
    import streamlit as st

    from .language import say

    with st.container(key="login", width=420):
        st.header(say("Log in"), anchor=False)
        if "auth" in secrets:
            st.button(say("Log in with your account"), on_click=st.login, type="primary")
        password = password_of(secrets)
        if password is None:
            return
        with st.form("password-form", border=False):
            given = st.text_input(say("Password"), type="password", autocomplete="current-password")
            sent = st.form_submit_button(say("Open the page"), type="primary")
    if sent:
        _check(given, password, visit)


def _check(given: str, password: str, visit: str | None) -> None:
    import streamlit as st

    from .language import plural, say

    found = VISITS.of(visit)
    address, browser = (found.address, found.browser) if found else ("", None)
    if wait := GUESSES.wait(address, browser):
        text = plural(
            "Too many wrong passwords. Wait {number} second, then try again.",
            "Too many wrong passwords. Wait {number} seconds, then try again.",
            math.ceil(wait),
        )
        st.error(text)
    elif is_password(given, password):
        GUESSES.was_right(address, browser)
        st.session_state[_LOGGED_IN] = True
        st.rerun()
    else:
        time.sleep(PAUSE)
        st.error(say("That is not the password."))


def is_password(given: str, password: str) -> bool:
    """Compare in a time that depends on neither text, also if their lengths differ."""
    digests = (hashlib.sha256(text.encode(errors="surrogatepass")).digest() for text in (given, password))
    return hmac.compare_digest(*digests)
