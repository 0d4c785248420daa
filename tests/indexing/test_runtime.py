"""Process set-up: heap memory goes back to the operating system, and the garbage collector runs less often."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest
from polyseme.indexer.runtime import _malloc_trim, raised_gc_threshold, trim_heap


def resident() -> int:
    """Return the bytes of anonymous memory that this process has resident."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return 1024 * int(line.split()[1])
    raise AssertionError("/proc/self/status has no line RssAnon")


@pytest.mark.skipif(not sys.platform.startswith("linux") or _malloc_trim() is None, reason="only glibc keeps it")
def test_trim_heap_returns_memory_freed_below_blocks_in_use() -> None:
    piece = 64 * 1024  # bytes, small enough for the heap
    pieces = [bytearray(piece) for _ in range(2000)]
    last = bytearray(piece)
    held = resident()
    del pieces
    trim_heap()
    assert resident() < held - 100_000_000
    assert last == bytes(piece)


def test_trim_heap_does_nothing_without_glibc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    _malloc_trim.cache_clear()
    assert _malloc_trim() is None
    trim_heap()
    _malloc_trim.cache_clear()


def test_raised_gc_threshold_avoids_collections_and_ends_with_the_block() -> None:
    def collections() -> int:
        return sum(generation["collections"] for generation in gc.get_stats())

    before, began = gc.get_threshold(), collections()
    with raised_gc_threshold():
        tokens = [[n] for n in range(100_000)]
        assert collections() == began
    assert gc.get_threshold() == before
    tokens += [[n] for n in range(100_000)]
    assert collections() > began


def test_gc_threshold_is_restored_after_an_error() -> None:
    before = gc.get_threshold()
    with pytest.raises(OSError, match="disk"), raised_gc_threshold():
        raise OSError("disk")
    assert gc.get_threshold() == before


def test_importing_the_indexer_loads_no_library_for_set_up() -> None:
    late = "ctypes threadpoolctl numpy tensorflow"
    code = f"import sys, polyseme.indexer; print([m for m in {late.split()!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
