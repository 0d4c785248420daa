"""Where the page may be served, and what lets people in: a password or an OpenID Connect provider. No Streamlit.

Secrets are Streamlit's: ``.streamlit/secrets.toml`` in the working or home folder, with a ``password`` under
``[polyseme]``, or with ``[auth]`` for the login of an OpenID Connect provider (``st.login``).
"""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SHORTEST = 8
"""Characters that a password must have."""
HOW = (
    'the page asks for a login there: write [polyseme] password = "..." (at least 8 characters), or [auth] for OpenID'
    " Connect, into .streamlit/secrets.toml here or in your home folder"
)


def is_local(address: str | None) -> bool:
    """Whether a server that listens on this address is reached from this machine alone."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


def secrets_files() -> tuple[Path, ...]:
    """Where Streamlit looks for secrets."""
    return Path.home() / ".streamlit" / "secrets.toml", Path.cwd() / ".streamlit" / "secrets.toml"


def written_secrets() -> dict[str, Any]:
    """What the secrets' files say, before there is a server."""
    found: dict[str, Any] = {}
    for path in secrets_files():
        try:
            found |= tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue
    return found


def password_of(secrets: Mapping[str, Any]) -> str | None:
    """The page's password, where there is one that is long enough."""
    section = secrets.get("polyseme")
    password = section.get("password") if isinstance(section, Mapping) else None
    return password if isinstance(password, str) and len(password) >= SHORTEST else None


def can_log_in(secrets: Mapping[str, Any]) -> bool:
    """Whether these secrets let anyone log in."""
    return password_of(secrets) is not None or "auth" in secrets
