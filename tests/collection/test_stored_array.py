"""Arrays of a segment: written in pieces, checked block by block, and refused if they are anything else."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.collection import stored_array
from polyseme.indexer.collection.checksums import (
    BLOCK_BYTES,
    CHECKSUM_FILE,
    FileRecord,
    block_checksums,
    check_file,
    file_record,
    measure_file,
    split_blocks,
)
from polyseme.indexer.collection.stored_array import StoredArray, write_array
from polyseme.indexer.errors import CollectionError, DamageError

TYPES = ("<f2", "|i1", "<i4", "<i8")


def stored(path: Path, array: np.ndarray, limit: int | None = None, blocks: bool = True) -> StoredArray:
    write_array(path, [array], array.shape, array.dtype)
    return reopened(path, array, limit, blocks)


def reopened(path: Path, array: np.ndarray, limit: int | None = None, blocks: bool = True) -> StoredArray:
    record, checksums = measure_file(path)
    table = np.array(checksums, np.uint32) if blocks else None
    return StoredArray(path, record, table, TYPES, array.ndim, "do this", limit)


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 4
    path.write_bytes(content)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 5_000), st.sampled_from([0, 1, 7, 30, 9_000]), st.data())
def test_every_way_to_select_rows_gives_what_numpy_gives(
    tmp_path_factory: pytest.TempPathFactory, n: int, width: int, data: st.DataObject
) -> None:
    n = n if width < 9_000 else n % 50
    shape = (n, width) if width else (n,)
    array = np.random.default_rng(n).integers(-100, 100, shape).astype(np.float16 if width else np.int64)
    found = stored(tmp_path_factory.mktemp("a") / "a.npy", array)
    assert (found.shape, found.dtype, len(found)) == (array.shape, array.dtype, n)
    bound = st.integers(-2 * n - 1, 2 * n + 1) | st.none()
    for _ in range(4):
        part = slice(data.draw(bound), data.draw(bound), data.draw(st.sampled_from([None, 1, 2, -1])))
        np.testing.assert_array_equal(found[part], array[part])
        if n:
            rows = np.array(data.draw(st.lists(st.integers(0, n - 1), max_size=20)), np.int64)
            np.testing.assert_array_equal(found[rows], array[rows])
            np.testing.assert_array_equal(found[rows.astype(np.int32)], array[rows.astype(np.int32)])
            np.testing.assert_array_equal(found[int(n // 2)], array[n // 2])
    mask = np.arange(n) % 3 == 0
    np.testing.assert_array_equal(found[mask], array[mask])
    np.testing.assert_array_equal(np.asarray(found), array)


def test_only_the_blocks_of_the_wanted_rows_are_read_and_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = np.arange(20 * BLOCK_BYTES // 8)
    found = stored(tmp_path / "a.npy", array)
    read: list[tuple[int, int]] = []

    def reading(descriptor: int, size: int, start: int) -> bytes:
        read.append((start // BLOCK_BYTES, -(-(start + size) // BLOCK_BYTES)))
        return os.pread(descriptor, size, start)

    monkeypatch.setattr(stored_array, "_read_at", reading)
    per_block = BLOCK_BYTES // 8
    assert found[5 * per_block] == 5 * per_block
    assert found[5 * per_block : 5 * per_block + 9].tolist() == list(range(5 * per_block, 5 * per_block + 9))
    assert read == [(5, 6)]
    assert found[np.array([3 * per_block, 5 * per_block])].tolist() == [3 * per_block, 5 * per_block]
    assert read == [(5, 6), (3, 4)]
    found.whole()
    assert read == [(5, 6), (3, 4), (0, 3), (4, 5), (6, 21)]
    found.whole()
    assert len(read) == 5


@pytest.mark.parametrize("blocks", [True, False])
def test_a_flipped_byte_is_found_before_its_row_is_used(tmp_path: Path, blocks: bool) -> None:
    array = np.arange(4 * BLOCK_BYTES, dtype=np.int64).reshape(-1, 2)
    path = tmp_path / "a.npy"
    write_array(path, [array], array.shape, array.dtype)
    record, checksums = measure_file(path)
    flip(path, 2 * BLOCK_BYTES + 100)
    found = StoredArray(path, record, np.array(checksums, np.uint32) if blocks else None, TYPES, 2, "do this")
    row = (2 * BLOCK_BYTES + 100 - 128) // 16
    for rows in (row, slice(row - 1, row + 1), np.array([0, row]), np.arange(len(array)) == row, slice(None)):
        with pytest.raises(DamageError, match=r"a\.npy is damaged: it does not have the recorded checksum; do this"):
            found[rows]
    if blocks:  # other blocks are sound
        np.testing.assert_array_equal(found[: row - 2000], array[: row - 2000])
        assert found[len(array) - 1].tolist() == array[-1].tolist()
    with pytest.raises(DamageError, match=r"recorded checksum; do this"):
        check_file(path, record, np.array(checksums, np.uint32) if blocks else None, "do this")


def test_rows_that_do_not_exist_are_refused_before_and_after_everything_was_checked(tmp_path: Path) -> None:
    array = np.arange(100, dtype=np.int64)
    found = stored(tmp_path / "a.npy", array)
    for _ in range(2):
        for rows in (100, 2**40, np.array([3, 100]), np.array([2**62])):
            with pytest.raises(DamageError, match="has no such row, so it does not fit the database; do this"):
                found[rows]
        found.whole()


def test_numbers_that_refer_to_nothing_are_refused(tmp_path: Path) -> None:
    array = np.arange(3 * BLOCK_BYTES // 4, dtype=np.int32) % 50
    assert stored(tmp_path / "good.npy", array, limit=50)[:].max() == 49
    for wrong in (50, -1):
        array[-1] = wrong
        for blocks in (True, False):
            found = stored(tmp_path / "wrong.npy", array, limit=50, blocks=blocks)
            with pytest.raises(DamageError, match=r"wrong\.npy refers to rows that do not exist; do this"):
                found[len(array) - 3 :]


def saved(array: np.ndarray, version: tuple[int, int] | None = None) -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version, allow_pickle=True)
    return out.getvalue()


def with_header(text: bytes, content: bytes = b"\0" * 64) -> bytes:
    header = text + b" " * (-(10 + len(text) + 1) % 64) + b"\n"
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + content


STRANGE = {
    "objects": saved(np.array([{"a": 1}, None], object)),
    "another number type": saved(np.zeros(8, np.float64)),
    "Fortran order": saved(np.asfortranarray(np.arange(6, dtype=np.int64).reshape(2, 3))),
    "another dimension": saved(np.zeros((2, 3, 4), np.int64)),
    "no dimension": saved(np.array(3)),
    "a later version": saved(np.zeros(8, np.int64), (2, 0)),
    "fields": saved(np.zeros(2, [("a", "<i8")])),
    "a huge shape": with_header(b"{'descr': '<i8', 'fortran_order': False, 'shape': (2305843009213693960,), }"),
    "a negative shape": with_header(b"{'descr': '<i8', 'fortran_order': False, 'shape': (-8,), }"),
    "rows without numbers": with_header(b"{'descr': '<i8', 'fortran_order': False, 'shape': (99999999, 0), }", b""),
    "an expression": with_header(b"{'descr': '<i8', 'fortran_order': False, 'shape': (__import__('os').getpid(),), }"),
    "deep brackets": with_header(b"(" * 900),
    "a pickle": b"\x80\x04\x95\x1f" + b"\0" * 60,
    "nothing": b"",
    "half a header": saved(np.zeros(8, np.int64))[:40],
}


@pytest.mark.parametrize("kind", STRANGE)
def test_a_strange_file_is_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "strange.npy"
    path.write_bytes(STRANGE[kind])
    for dimensions in (1, 2):
        with pytest.raises(DamageError) as caught:
            StoredArray(path, file_record(path), None, TYPES, dimensions, "do this")
        message = str(caught.value)
        assert message.startswith(f"{path} is not an array of this collection (")
        assert message.endswith("; do this")
        assert "\n" not in message


def test_a_file_that_changes_under_a_reader_gives_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.arange(10 * BLOCK_BYTES // 8)
    path = tmp_path / "a.npy"
    found = stored(path, array)
    found[:10]

    def failing(descriptor: int, size: int, start: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    def failing_open(path: Path, mode: str) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr(stored_array, "_read_at", failing)
        with pytest.raises(DamageError, match=r"a\.npy cannot be read \(Input/output error\); do this"):
            found.whole()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", failing_open)
        with pytest.raises(CollectionError, match=r"cannot be read \(Too many open files\); check who") as caught:
            StoredArray(path, FileRecord(163_968, ""), None, TYPES, 1, "do this")
        assert not isinstance(caught.value, DamageError)
    found.whole()
    with path.open("r+b") as file:
        file.truncate(3 * BLOCK_BYTES)
    for rows in (0, slice(None), np.array([len(array) - 1])):
        with pytest.raises(DamageError, match=r"a\.npy was cut short while it was in use; do this"):
            found[rows]
    with pytest.raises(DamageError, match=r"a\.npy has 49152 bytes, not 163968; do this"):
        StoredArray(path, FileRecord(163_968, ""), None, TYPES, 1, "do this")
    path.unlink()
    with pytest.raises(DamageError, match=r"a\.npy is missing; do this"):
        StoredArray(path, FileRecord(163_968, ""), None, TYPES, 1, "do this")


def test_an_open_array_keeps_no_descriptor_beside_its_map_once_all_is_checked(tmp_path: Path) -> None:
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("there is no /proc/self/fd")

    def opened() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    before = opened()
    found = stored(tmp_path / "a.npy", np.arange(9))
    assert opened() == before + 2
    found.whole()
    assert opened() == before + 1
    del found
    assert opened() == before


def test_arrays_are_written_in_pieces_as_numpy_reads_them(tmp_path: Path) -> None:
    array = np.random.default_rng(0).standard_normal((1000, 3)).astype(np.float16)
    write_array(tmp_path / "a.npy", (array[n : n + 300] for n in range(0, 1000, 300)), array.shape, array.dtype)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), array)
    write_array(tmp_path / "empty.npy", [], (0, 3), np.float16)
    assert np.load(tmp_path / "empty.npy").shape == (0, 3)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_an_array_that_does_not_fit_on_the_disk_gives_the_systems_error() -> None:
    for size in (1, 10**6):  # also what is only written when the file is closed
        with pytest.raises(OSError, match="No space left on device") as caught:
            write_array(Path("/dev/full"), [np.zeros(size)], (size,), np.float64)
        assert caught.value.errno == errno.ENOSPC


def test_checksums_are_those_of_blocks_and_fit_the_files() -> None:
    content = bytes(range(256)) * 200
    checksums = block_checksums(content)
    assert len(checksums) == 4
    assert checksums[3] == block_checksums(content[3 * BLOCK_BYTES :])[0]
    files = {"b": FileRecord(BLOCK_BYTES + 1, ""), "a": FileRecord(5, ""), CHECKSUM_FILE: FileRecord(9, "")}
    found = split_blocks(np.array([7, 8, 9], np.uint32), files)
    assert found is not None
    assert {name: blocks.tolist() for name, blocks in found.items()} == {"a": [7], "b": [8, 9]}
    assert split_blocks(np.array([7, 8], np.uint32), files) is None
