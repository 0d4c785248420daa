"""Values that a thread of its own computes."""

from __future__ import annotations

import threading

import pytest
from polyseme.ui.page.background import Background

NOTHING: tuple[str, ...] = ()


def test_nobody_waits_longer_than_wanted() -> None:
    may_end = threading.Event()

    def find() -> tuple[str, ...]:
        may_end.wait(60)
        return ("one", "two")

    background = Background(find, NOTHING)
    assert background.result() is None
    assert background.result(0.01) is None
    may_end.set()
    assert background.result(60) == ("one", "two")
    assert background.result() == ("one", "two")


def test_an_error_is_logged_and_gives_no_text(capfd: pytest.CaptureFixture[str]) -> None:
    def find() -> tuple[str, ...]:
        raise ValueError("a damaged sentence")

    assert Background(find, NOTHING).result(60) == NOTHING
    assert "ValueError: a damaged sentence" in capfd.readouterr().err
