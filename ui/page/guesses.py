"""Limit how fast passwords can be guessed, by address and for the whole server, over all visits.

A wrong password makes the next try wait, longer each time. A try that comes too early is not compared, not even if it
is right, and does not prolong the delay. This module does not import Streamlit.
"""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MAX_ENTRIES = 10_000
"""Maximum number of addresses that are remembered. The one whose last try is longest ago is forgotten."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many wrong passwords are free, and how the delay after further ones grows.

    Args:
        free: Number of wrong passwords without a delay.
        first: The first delay, in seconds. Each further wrong password doubles it.
        longest: The longest delay, in seconds.
        forgotten: Time after which one wrong password is forgotten, in seconds.
    """

    free: int
    first: float
    longest: float
    forgotten: float


ADDRESS = Limit(free=5, first=10, longest=300, forgotten=600)
"""Limit of one address, or of a browser that has logged in before."""
SERVER = Limit(free=30, first=2, longest=30, forgotten=60)
"""Limit of all addresses together. Its longest delay is short, so that nobody is locked out for long."""


@dataclass(slots=True)
class _Count:
    """Wrong passwords, fewer with time, and the moment from which another may be tried."""

    wrong: float = 0.0
    since: float = 0.0
    next_try: float = 0.0

    def add(self, limit: Limit, now: float) -> None:
        self.wrong = max(0.0, self.wrong - (now - self.since) / limit.forgotten) + 1
        self.since = now
        # The exponent is bounded, because the power of a large number is too large for a float.
        beyond = min(math.ceil(self.wrong) - limit.free, 60)
        delay = min(limit.first * 2**beyond, limit.longest) if beyond >= 0 else 0.0
        self.next_try = now + delay

    def take_back(self, now: float) -> None:
        self.wrong = max(0.0, self.wrong - 1)
        self.next_try = now


class Guesses:
    """The wrong passwords of all visits. Its methods may be called from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._server = _Count()
        self._addresses: OrderedDict[str, _Count] = OrderedDict()
        self._browsers: OrderedDict[str, _Count] = OrderedDict()  # those that have logged in

    def wait(self, address: str, browser: str | None = None) -> float:
        """Return 0 if a password may be compared now, else the seconds to wait.

        A password that may be compared counts as wrong until `was_right` takes that back. So visits at the same time
        cannot have more tries together than one after the other.

        Args:
            browser: The visitor's browser. One that has logged in before has its own limit, and strangers cannot make
                it wait.
        """
        with self._lock:
            now = self._clock()
            counts = self._counts_of(address, browser)
            left = max(count.next_try - now for _, count in counts)
            if left > 0:
                return left
            for limit, count in counts:
                count.add(limit, now)
            return 0.0

    def was_right(self, address: str, browser: str | None = None) -> None:
        """Take back that the last password counted as wrong, and remember the browser."""
        with self._lock:
            now = self._clock()
            for _, count in self._counts_of(address, browser):
                count.take_back(now)
            if browser is not None:
                _remembered(self._browsers, browser)

    def _counts_of(self, address: str, browser: str | None) -> list[tuple[Limit, _Count]]:
        if browser is not None and browser in self._browsers:
            return [(ADDRESS, _remembered(self._browsers, browser))]
        return [(ADDRESS, _remembered(self._addresses, network(address))), (SERVER, self._server)]


def _remembered(counts: OrderedDict[str, _Count], key: str) -> _Count:
    found = counts.setdefault(key, _Count())
    counts.move_to_end(key)
    if len(counts) > MAX_ENTRIES:
        counts.popitem(last=False)
    return found


def network(address: str) -> str:
    """Return what one visitor owns: an IPv4 address, or the network of 64 bits of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))


GUESSES = Guesses()
"""The wrong passwords of this process."""
