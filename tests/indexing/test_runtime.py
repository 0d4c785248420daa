"""What was freed is given back, although pieces in use lie above it; garbage is looked for seldom, and again after."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import pytest
from polyseme.indexer.runtime import _trim, give_back, seldom_collecting


def resident() -> int:
    """Bytes of this process in memory that no file backs."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return 1024 * int(line.split()[1])
    raise AssertionError("the system does not tell")


@pytest.mark.skipif(not sys.platform.startswith("linux") or _trim() is None, reason="only glibc keeps what is freed")
def test_what_was_freed_between_pieces_in_use_goes_back_to_the_system() -> None:
    piece = 64 * 1024  # of the heap, not a mapping of its own
    pieces = [bytearray(piece) for _ in range(2000)]
    last = bytearray(piece)
    held = resident()
    del pieces
    give_back()
    assert resident() < held - 100_000_000
    assert last == bytes(piece)


def test_elsewhere_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    _trim.cache_clear()
    assert _trim() is None
    give_back()
    _trim.cache_clear()


def test_tokens_make_python_look_for_garbage_seldom_and_only_while_indexing() -> None:
    def looks() -> int:
        return sum(generation["collections"] for generation in gc.get_stats())

    before, began = gc.get_threshold(), looks()
    with seldom_collecting():
        tokens = [[n] for n in range(100_000)]
        assert looks() == began
    assert gc.get_threshold() == before
    tokens += [[n] for n in range(100_000)]
    assert looks() > began


def test_garbage_is_looked_for_as_before_when_indexing_fails() -> None:
    before = gc.get_threshold()
    with pytest.raises(OSError, match="disk"), seldom_collecting():
        raise OSError("disk")
    assert gc.get_threshold() == before
