"""Making a collection and replacing one: locks, kills at every step, and folders of the user with similar names."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread

import pytest
from fakes import FakeEncoder
from filelock import FileLock
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection import replacement
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.exchange import exchange
from polyseme.indexer.collection.lock import WriteLock
from polyseme.indexer.collection.paths import MARKER
from polyseme.indexer.collection.records import Layer
from polyseme.indexer.collection.replacement import Marker, Role
from polyseme.indexer.collection.schema import DATABASE_NAME
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import CollectionError
from polyseme.indexer.reencode import reencode
from polyseme.search.searcher import Searcher
from polyseme.ui.cli.main import run_command
from polyseme.ui.page.library import library_at

NEW = BuildConfig(layer=Layer.LAYER_2)


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "c.pol"
    build(folder, [Document("a", "The bank of the river."), Document("b", "A bank has money.")], model=FakeEncoder())
    return folder


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made, tmp_path / "c.pol")


def ids(path: Path) -> list[str]:
    with Collection.open(path) as collection:
        return [document.document_id for document in collection.documents()]


def layer(path: Path) -> Layer:
    with Collection.open(path) as collection:
        return collection.settings.layer


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def test_reencode_leaves_nothing_beside_and_keeps_the_users_files(path: Path) -> None:
    (path / "notes.txt").write_text("mine", encoding="utf-8")
    reencode(path, NEW, FakeEncoder())
    assert layer(path) is Layer.LAYER_2
    assert names(path.parent) == {"c.pol"}
    assert (path / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert MARKER not in names(path)


def test_folders_of_the_user_with_similar_names_stay(path: Path) -> None:
    mine = [path.with_name(f"c.pol{end}") for end in (".old", ".reencode")]
    mine += [path.with_name(f".c.pol.{'0' * 16}.{end}") for end in ("reencode", "replaced")]
    for folder in mine:
        folder.mkdir()
        shutil.copy(path / DATABASE_NAME, folder)
    reencode(path, NEW, FakeEncoder())
    assert all(names(folder) == {DATABASE_NAME} for folder in mine)
    path.rename(path.with_name("moved.pol"))
    with pytest.raises(CollectionError, match="is not a collection; make one"):
        Collection.open(path)
    build(path, [Document("new", "Another bank.")], model=FakeEncoder())
    assert ids(path) == ["new"]
    assert all(names(folder) == {DATABASE_NAME} for folder in mine)


@contextmanager
def killed_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """End the process before the n-th change of a folder in a replacement. Yield the changes that were made."""
    made: list[str] = []

    def counted(name: str, really: object) -> object:
        def call(*arguments: object, **named: object) -> object:
            if len(made) == step:
                raise Killed
            made.append(name)
            return really(*arguments, **named)  # type: ignore[operator]

        return call

    with monkeypatch.context() as patch:
        for name in ("exchange", "write_atomically", "remove_files", "flush", "_keep_foreign"):
            patch.setattr(replacement, name, counted(name, getattr(replacement, name)))
        patch.setattr(Path, "rename", counted("rename", Path.rename))
        patch.setattr(os, "unlink", counted("unlink", os.unlink))
        patch.setattr(os, "rmdir", counted("rmdir", os.rmdir))
        yield made


@pytest.mark.skipif(os.name == "nt", reason="folders that are open are not renamed there")
@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_replacement_that_is_killed_at_any_step_goes_on(
    path: Path, can_exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not can_exchange:
        monkeypatch.setattr(replacement, "exchange", lambda first, second: False)
    whole = path.with_name("whole")
    path.rename(whole)
    mine = path.with_name("c.pol.old")
    mine.mkdir()
    for step in range(200):
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(whole, path)
        new = replacement.new_folder(path)
        shutil.copytree(whole, new, dirs_exist_ok=True)
        with killed_at(step, monkeypatch) as made:
            try:
                replacement.replace_collection(path, new)
            except Killed:
                pass
            else:
                break
        if path.exists():
            assert ids(path) == ["a", "b"]
        else:
            assert made[-1] == "rename"
            with pytest.raises(CollectionError, match="was cut off; run `polyseme reencode"):
                Collection.open(path)
        replacement.recover(path)
        with Collection.open(path) as collection, collection.writing():
            pass
        for begun in replacement.begun_folders(path):
            replacement.discard(begun)
        assert ids(path) == ["a", "b"]
        assert names(path.parent) == {"c.pol", "c.pol.old", "whole"}, made
        assert MARKER not in names(path)
    assert step > 20


def test_reencode_goes_on_after_each_kind_of_cut(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replacement, "exchange", lambda first, second: False)
    really = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if self.name.endswith(".reencode"):
            raise Killed
        return really(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename)
        with pytest.raises(Killed):
            reencode(path, NEW, FakeEncoder())
    assert not path.exists()
    encoder = FakeEncoder()
    reencode(path, NEW, encoder)
    assert encoder.encoded == 0  # what was encoded is used
    assert (ids(path), layer(path)) == (["a", "b"], Layer.LAYER_2)
    assert names(path.parent) == {"c.pol"}


def test_the_command_puts_back_a_collection_whose_replacement_was_cut_off(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = replacement.new_folder(path)
    token = new.name.split(".")[-2]
    replacement._write(path, Marker(token, Role.OLD))
    path.rename(path.with_name(f".c.pol.{token}.replaced"))
    assert run_command(["reencode", str(path)]) == 1
    assert "model" in capsys.readouterr().err  # the stand-in for a model cannot be loaded by its name
    assert ids(path) == ["a", "b"]


def test_a_begun_folder_with_other_settings_is_replaced(path: Path) -> None:
    begun = replacement.new_folder(path)
    Collection.create(begun, Collection.open(path).settings).close()
    empty = replacement.new_folder(path)
    (empty / MARKER).rename(empty / f".{MARKER}.partial")
    reencode(path, NEW, FakeEncoder())
    assert names(path.parent) == {"c.pol"}
    assert layer(path) is Layer.LAYER_2


def test_a_forged_marker_removes_no_folder(path: Path) -> None:
    other = path.with_name("victim")
    shutil.copytree(path, other)
    link = path.with_name(f".c.pol.{'a' * 16}.reencode")
    link.symlink_to(other)
    for folder, role in ((path, Role.NEW), (other, Role.OLD)):
        replacement._write(folder, Marker("a" * 16, role))
    with Collection.open(path) as collection, collection.writing():
        pass
    replacement._write(path, Marker("../victim", Role.NEW))
    with Collection.open(path) as collection, collection.writing():
        pass
    assert ids(other) == ["a", "b"]
    assert link.is_symlink()


def test_reencode_works_through_a_link_and_keeps_it(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.pol"
    link.symlink_to(path)
    reencode(link, NEW, FakeEncoder())
    assert link.is_symlink()
    assert layer(link) is layer(path) is Layer.LAYER_2
    assert names(tmp_path) == {"c.pol", "elsewhere"}
    assert names(link.parent) == {"link.pol"}


def test_a_mounted_disk_and_a_fixed_parent_are_refused_before_encoding(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = FakeEncoder()
    with monkeypatch.context() as patch:
        patch.setattr(replacement, "_is_mounted", lambda folder: True)
        with pytest.raises(CollectionError, match="is a mounted disk and cannot be replaced; copy it"):
            reencode(path, NEW, encoder)
    really = os.access
    monkeypatch.setattr(os, "access", lambda place, mode: place != path.parent and really(place, mode))
    with pytest.raises(CollectionError, match=r"cannot be replaced, since .* cannot be written; copy it"):
        reencode(path, NEW, encoder)
    assert encoder.encoded == 0


@pytest.mark.skipif(not Path("/proc/mounts").exists(), reason="there is no /proc")
def test_the_root_and_proc_are_mounted_and_a_plain_folder_is_not(path: Path) -> None:
    assert replacement._is_mounted(Path("/proc"))
    assert not replacement._is_mounted(path)


def test_long_names_are_replaced_too(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 120 + ".pol")
    build(path, [Document("a", "The bank.")], model=FakeEncoder())
    reencode(path, NEW, FakeEncoder())
    assert names(tmp_path) == {path.name}


def test_a_reader_waits_while_the_two_renames_of_a_replacement_are_made(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = replacement.new_folder(path)
    token = new.name.split(".")[-2]
    old = path.with_name(f".c.pol.{token}.replaced")
    replacement._write(path, Marker(token, Role.OLD))
    path.rename(old)
    monkeypatch.setattr(time, "sleep", lambda seconds: old.exists() and old.rename(path))
    assert ids(path) == ["a", "b"]


def test_files_that_are_read_late_are_those_of_the_same_collection(path: Path) -> None:
    with Searcher.open(path, FakeEncoder()) as searcher, searcher.collection.reading() as snapshot:
        segment = next(iter(snapshot.segments.values()))
        reencode(path, model=FakeEncoder())
        with pytest.raises(CollectionError, match="has been replaced; search again"):
            assert segment.token_index


def test_a_lock_that_was_waited_for_across_a_replacement_is_not_used(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other.pol"
    shutil.copytree(path, other)
    really = FileLock.acquire

    def acquire(self: FileLock) -> object:
        result = really(self)
        path.rename(tmp_path / "gone.pol")
        other.rename(path)
        return result

    with monkeypatch.context() as patch:
        patch.setattr(FileLock, "acquire", acquire)
        with pytest.raises(CollectionError, match="has just been replaced by another process"):
            WriteLock(path)
    with WriteLock(path), pytest.raises(CollectionError, match="is being written by another process; wait"):
        WriteLock(path)


def test_two_folders_change_places_or_the_system_says_that_it_cannot(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if exchange(tmp_path / "a", tmp_path / "b"):
        assert (tmp_path / "a" / "b").exists()
        assert (tmp_path / "b" / "a").exists()
        with pytest.raises(OSError, match="No such file"):
            exchange(tmp_path / "a", tmp_path / "missing")
    else:
        assert (tmp_path / "a" / "a").exists()


def test_a_collection_that_is_being_made_is_locked(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    path.mkdir()
    with WriteLock(path), pytest.raises(CollectionError, match="is being written by another process; wait"):
        build(path, [Document("a", "The bank.")], model=FakeEncoder())
    build(path, [Document("a", "The bank.")], model=FakeEncoder())
    assert ids(path) == ["a"]


def test_of_two_writers_that_begin_at_once_one_works_and_the_other_waits(tmp_path: Path) -> None:
    for n in range(2):
        path, barrier = tmp_path / f"{n}.pol", Barrier(2)
        ended: list[str] = []

        def run(name: str, path: Path = path, ended: list[str] = ended, barrier: Barrier = barrier) -> None:
            barrier.wait()
            try:
                build(path, [Document(name, "The bank.")], model=FakeEncoder())
                ended.append(name)
            except CollectionError as error:
                assert "is being written by another process; wait" in str(error)  # noqa: PT017

        threads = [Thread(target=run, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ended
        assert ids(path) == sorted(ended)


def test_rests_of_a_new_database_are_removed_under_the_lock(tmp_path: Path) -> None:
    path, mine = tmp_path / "c.pol", tmp_path / "mine.txt"
    (path / "segments").mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")
    (path / f"{DATABASE_NAME}.new").symlink_to(mine)
    with pytest.raises(CollectionError, match="is a link"):
        build(path, [Document("a", "The bank.")], model=FakeEncoder())
    (path / f"{DATABASE_NAME}.new").unlink()
    (path / f"{DATABASE_NAME}.new").write_bytes(b"half")
    build(path, [Document("a", "The bank.")], model=FakeEncoder())
    assert ids(path) == ["a"]
    assert f"{DATABASE_NAME}.new" not in names(path)
    assert mine.read_text(encoding="utf-8") == "mine"


def test_info_counts_the_files_of_its_own_snapshot(path: Path) -> None:
    with Collection.open(path) as collection:
        before = collection.info()
        assert before.bytes_vectors == sum(p.stat().st_size for p in path.glob("segments/*/*"))
        with collection.reading():
            with Collection.open(path) as other:
                other.remove(["a"])
                other.compact()
            assert collection.info().bytes_vectors == before.bytes_vectors
            assert collection.verify().problems == ()  # the files of this snapshot are gone, and nothing is damaged
        assert collection.info().documents == 1


def test_the_page_does_not_offer_the_folders_of_a_replacement(path: Path) -> None:
    begun = replacement.new_folder(path)
    Collection.create(begun, Collection.open(path).settings).close()
    assert library_at(path).names == ("c.pol",)
    assert library_at(begun).path(begun.name) == begun  # the user names it
