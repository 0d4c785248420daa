"""Tests of the limit on guessing the page's password: by address, for the server, and for many visits at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from polyseme.ui.page import guesses
from polyseme.ui.page.guesses import ADDRESS, SERVER, Guesses, network
from polyseme.ui.page.login import is_password


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limited(clock: Clock) -> Guesses:
    return Guesses(clock)


def tried(limited: Guesses, address: str, number: int, browser: str | None = None) -> int:
    """Try a number of wrong passwords. Return how many were compared."""
    return sum(limited.wait(address, browser) == 0 for _ in range(number))


def addresses() -> Iterator[str]:
    return (f"10.0.{n // 250}.{n % 250}" for n in range(10**5))


def test_delay_of_an_address_doubles_and_a_right_password_waits_too(limited: Guesses, clock: Clock) -> None:
    assert tried(limited, "10.0.0.1", 50) == ADDRESS.free
    for delay in (10, 20, 40, 80, 160, 300, 300):
        left = limited.wait("10.0.0.1")
        assert delay - 1 < left <= delay
        clock.now += left - 0.01
        assert limited.wait("10.0.0.1") == pytest.approx(0.01)  # asking early does not prolong the delay
        clock.now += 0.02
        assert limited.wait("10.0.0.1") == 0
    assert limited.wait("10.0.0.2") == 0


def test_whole_server_is_limited_but_never_for_long(limited: Guesses, clock: Clock) -> None:
    fresh = addresses()
    assert sum(limited.wait(next(fresh)) == 0 for _ in range(200)) == SERVER.free
    compared = 0
    for _ in range(600):
        clock.now += 1
        compared += sum(limited.wait(next(fresh)) == 0 for _ in range(20))
    assert compared <= 600 / SERVER.longest + 6
    assert limited.wait(next(fresh)) <= SERVER.longest


def test_owner_is_not_kept_out_by_the_guesses_of_others(limited: Guesses, clock: Clock) -> None:
    assert limited.wait("10.9.9.9", "owner") == 0
    limited.was_right("10.9.9.9", "owner")
    fresh = addresses()
    assert tried(limited, "10.9.9.9", 9) == 5
    assert sum(limited.wait(next(fresh)) == 0 for _ in range(200)) < SERVER.free
    assert limited.wait("10.9.9.9", "stranger") > 0
    assert limited.wait("10.9.9.9", "owner") == 0
    assert tried(limited, "10.1.1.1", 20, "owner") == ADDRESS.free - 1  # the owner's browser has its own limit


def test_right_password_does_not_wipe_out_the_wrong_ones_of_its_address(limited: Guesses) -> None:
    assert tried(limited, "10.0.0.1", 4) == 4
    assert limited.wait("10.0.0.1") == 0
    limited.was_right("10.0.0.1")
    assert tried(limited, "10.0.0.1", 5) == 1


def test_wrong_passwords_are_forgotten_with_time(limited: Guesses, clock: Clock) -> None:
    assert tried(limited, "10.0.0.1", 5) == 5
    clock.now += 5 * ADDRESS.forgotten
    assert tried(limited, "10.0.0.1", 9) == 5


def test_visits_at_the_same_time_have_no_more_tries(limited: Guesses) -> None:
    allowed: list[bool] = []
    gate = threading.Barrier(40)

    def guess() -> None:
        gate.wait()
        allowed.append(limited.wait("10.0.0.1") == 0)

    threads = [threading.Thread(target=guess) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(allowed) == ADDRESS.free


def test_memory_is_bounded(limited: Guesses, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guesses, "MAX_ENTRIES", 50)
    for address in (next(addresses()) for _ in range(500)):
        clock.now += SERVER.longest
        limited.wait(address)
    assert len(limited._addresses) <= 50


def test_network_of_ipv6_counts_as_one_visitor() -> None:
    assert network("2001:db8:1:2:3:4:5:6") == network("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert network("2001:db8:1:3::9") != network("2001:db8:1:2::9")
    assert network("::ffff:10.0.0.1") == network("10.0.0.1") == "10.0.0.1"
    assert network("") == network("x" * 1000) == "unknown"


def test_passwords_are_compared_whole() -> None:
    assert is_password("correct horse", "correct horse")
    for wrong in ("", "correct", "correct horse ", "Correct horse", "cörrect horse", "\ud800"):
        assert not is_password(wrong, "correct horse")
