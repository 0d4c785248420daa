"""Asks visitors for a login where the page is served beyond this machine; on it, whoever uses it may see the page."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from ..access import HOW, can_log_in, is_local, password_of
from .html import base as views

TRIES = 10
"""Wrong passwords from one visit after which it must wait."""
PAUSE = 1.0
"""Seconds that a wrong password takes."""
_IN = "logged in"
_WRONG = "wrong passwords"


def is_served_beyond() -> bool:
    """Whether other machines can reach this page."""
    return not is_local(st.get_option("server.address"))


def admitted() -> bool:
    """Whether this visitor may see the page; else the page has asked for a login."""
    if not is_served_beyond() or st.session_state.get(_IN):
        return True
    secrets = _secrets()
    if "auth" in secrets and getattr(st.user, "is_logged_in", False):
        return True
    st.html(views.heading("", None))
    if not can_log_in(secrets):
        st.html(views.message("Nobody can log in", f"This page is served beyond this machine, and {HOW}."))
        return False
    _ask(secrets)
    return bool(st.session_state.get(_IN))


def _secrets() -> Mapping[str, Any]:
    try:
        return st.secrets.to_dict()
    except FileNotFoundError:
        return {}


def _ask(secrets: Mapping[str, Any]) -> None:
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
    wrong = st.session_state.get(_WRONG, 0)
    if wrong < TRIES and hmac.compare_digest(given.encode(), password.encode()):
        st.session_state[_IN] = True
        st.rerun()
    time.sleep(PAUSE)
    st.session_state[_WRONG] = wrong + 1
    st.error("That is not the password." if wrong < TRIES else "Too many wrong passwords; come back later.")
