"""A file that is written atomically has its old or its new content."""

import errno
from pathlib import Path

import pytest
from polyseme.indexer.files import write_atomically


def test_file_is_replaced_without_leftovers(tmp_path: Path) -> None:
    place = tmp_path / "card.md"
    for content in (b"one\n", b"two\r\nlines\n", b""):
        write_atomically(place, memoryview(content))
        assert place.read_bytes() == content
        assert list(tmp_path.iterdir()) == [place]


def test_full_disk_keeps_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    place = tmp_path / "card.md"
    place.write_bytes(b"before")
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(place, b"after")
    assert place.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [place]
