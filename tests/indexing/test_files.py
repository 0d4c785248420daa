"""A file that is written atomically has its old or its new content."""

import errno
import os
from pathlib import Path

import pytest
from polyseme.indexer.files import read_bounded, write_anywhere, write_atomically


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


def test_a_link_under_the_temporary_name_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"mine")
    (tmp_path / ".card.md.partial").symlink_to(other)
    write_atomically(tmp_path / "card.md", b"new")
    assert (other.read_bytes(), (tmp_path / "card.md").read_bytes()) == (b"mine", b"new")


def test_a_bounded_file_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_bytes(b"x" * 10)
    assert read_bounded(place, 10) == b"x" * 10
    with pytest.raises(OSError, match="it is larger than 0 MiB"):
        read_bounded(place, 9)
    with pytest.raises(IsADirectoryError):
        read_bounded(tmp_path, 9)
    with pytest.raises(FileNotFoundError):
        read_bounded(tmp_path / "none", 9)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_a_pipe_or_an_endless_device_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match="it is no regular file"):
            read_bounded(place, 10)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
def test_a_pipe_is_written_only_if_somebody_reads_it(tmp_path: Path) -> None:
    write_anywhere(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device"):
        write_anywhere(tmp_path / "pipe", b"new")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_anywhere(tmp_path / "pipe", b"new")
    assert os.read(reader, 10) == b"new"
    os.close(reader)
