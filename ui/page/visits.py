"""Remember who is here: the open connections, which of them may use the page, and what they have uploaded.

The script that draws the page knows who is logged in. The guard in front of the server knows the connections. They
meet here, in one process. This module does not import Streamlit.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass

MAX_STRANGERS = 200
"""Maximum number of open connections that may not use the page yet."""
MAX_HELD = 1000 * 2**20
"""Maximum size of all uploads that the server holds in memory, in bytes."""
MIN_CHARGE = 4096
"""Size that the smallest upload counts as, in bytes, so that the number of uploads is limited too."""


@dataclass(slots=True)
class Visit:
    """One connection of a browser.

    Args:
        browser: What identifies the browser in a cookie, or None if it sent no valid cookie.
        session: Streamlit's session, once the page was drawn for a visitor who may use it.
    """

    address: str
    browser: str | None
    session: str | None = None


class Visits:
    """The visits of one server. Its methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, Visit] = {}
        self._admitted: dict[str, str | None] = {}  # session -> browser
        self._everyone = False

    def begin(self, address: str, browser: str | None, resumed: str | None = None) -> str | None:
        """Return the key of a new visit, or None if too many strangers are here.

        Args:
            resumed: The session that the browser had before its connection was lost.
        """
        with self._lock:
            session = resumed if resumed in self._admitted and self._admitted[resumed] == browser else None
            if session is None and sum(visit.session is None for visit in self._open.values()) >= MAX_STRANGERS:
                return None
            key = secrets.token_urlsafe(16)
            self._open[key] = Visit(address, browser, session)
            return key

    def of(self, key: str | None) -> Visit | None:
        """Return an open visit."""
        return self._open.get(key) if key else None

    def admit(self, key: str | None, session: str) -> None:
        """Let a visit use the page."""
        with self._lock:
            if key in self._open:
                self._open[key].session = session
                self._admitted[session] = self._open[key].browser

    def admit_everyone(self) -> None:
        """Let everyone fetch files and send long messages: only this machine can reach the page."""
        self._everyone = True

    @property
    def needs_no_login(self) -> bool:
        """Whether everyone who reaches the page may use it."""
        return self._everyone

    def refuse(self, key: str | None, session: str) -> None:
        """Let a visit no longer use the page."""
        with self._lock:
            self._admitted.pop(session, None)
            if key in self._open:
                self._open[key].session = None

    def may_upload(self, session: str) -> bool:
        """Return whether files may be stored for a session."""
        return session in self._admitted

    def may_fetch(self, browser: str | None) -> bool:
        """Return whether a browser may fetch the files that the page offers."""
        with self._lock:
            return self._everyone or (browser is not None and browser in self._admitted.values())

    def end(self, key: str) -> str | None:
        """Forget a visit whose connection is closed, and return its session if it was allowed to use the page."""
        with self._lock:
            visit = self._open.pop(key, None)
            return visit.session if visit else None

    def forget(self, session: str) -> bool:
        """Forget a session that no connection uses any more. Return whether it is forgotten."""
        with self._lock:
            if any(visit.session == session for visit in self._open.values()):
                return False
            self._admitted.pop(session, None)
            return True


class Held:
    """The sizes of the uploads in memory and on their way. Its methods may be called from any thread."""

    def __init__(self, limit: int = MAX_HELD) -> None:
        self._lock = threading.Lock()
        self._limit = limit
        self._sizes: dict[tuple[str, str], int] = {}
        self._coming = 0

    def reserve(self, size: int) -> bool:
        """Reserve room for an upload that begins. Return False if there is none."""
        with self._lock:
            if self._coming + sum(self._sizes.values()) + max(size, MIN_CHARGE) > self._limit:
                return False
            self._coming += max(size, MIN_CHARGE)
            return True

    def settle(self, session: str, file: str, size: int, kept: bool) -> None:
        """Turn a reservation into an upload in memory, or free it."""
        with self._lock:
            self._coming -= max(size, MIN_CHARGE)
            if kept:
                self._sizes[session, file] = max(size, MIN_CHARGE)

    def remove(self, session: str, file: str) -> None:
        """Forget one upload."""
        with self._lock:
            self._sizes.pop((session, file), None)

    def drop(self, session: str) -> None:
        """Forget the uploads of a session."""
        with self._lock:
            self._sizes = {key: size for key, size in self._sizes.items() if key[0] != session}

    def of(self, session: str) -> int:
        """Return the size of the uploads of a session."""
        with self._lock:
            return sum(size for key, size in self._sizes.items() if key[0] == session)


VISITS = Visits()
"""The visits of this process."""
HELD = Held()
"""The uploads that this process holds."""
