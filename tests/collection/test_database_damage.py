"""Damage to the database of a collection: found, named in one line, and never laundered."""

from __future__ import annotations

import shutil
import sqlite3
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection import database_check, database_sums, migrations, write_log
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.database_check import Finding, check_database
from polyseme.indexer.collection.database_file import DatabaseFile
from polyseme.indexer.collection.database_sums import BLOCK_BYTES, SUMS_NAME, BlockSums, read_sums
from polyseme.indexer.collection.schema import DATABASE_NAME
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import CollectionError, PolysemeError
from polyseme.indexer.verify import verify
from polyseme.search.searcher import Searcher
from polyseme.ui.cli.main import run_command
from stored import change

PAGE = 4096
ENCODER = FakeEncoder()


def documents(count: int, first: int = 0) -> list[Document]:
    return [
        Document(
            f"d{n}",
            f"She sat on the river bank {n}. The bank refused a loan of {n} crowns. They moored by the bank.",
            {"year": 1900 + n, "title": f"Title {n}"},
        )
        for n in range(first, first + count)
    ]


def make(path: Path, count: int = 6) -> Path:
    build(path, documents(count), BuildConfig(segment_sentences=8, sample_sentences=8), model=ENCODER)
    return path


@pytest.fixture(scope="module")
def intact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = make(tmp_path_factory.mktemp("intact") / "c.pol")
    with Searcher.open(path, ENCODER) as searcher:
        searcher.save_named_sense("mine", positive=searcher.occurrences("the [bank]", k=2))
    return path


@pytest.fixture
def copy(intact: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(intact, tmp_path / "c.pol"))


def edit(file: Path, offset: int, content: bytes) -> None:
    """Overwrite bytes of a file."""
    whole = bytearray(file.read_bytes())
    whole[offset : offset + len(content)] = content
    file.write_bytes(whole)


def flip(file: Path, offset: int, bits: int = 255) -> None:
    edit(file, offset, bytes([file.read_bytes()[offset] ^ bits]))


READERS: dict[str, Callable[[Searcher], Any]] = {
    "lemma": lambda s: list(s.occurrences("the river [bank]", k=50)),
    "any": lambda s: list(s.occurrences("the river [bank]", k=5, match="any")),
    "filter": lambda s: list(s.occurrences("the river [bank]", k=9, where="year=1900..1903")),
    "phrase": lambda s: list(s.occurrences("the [river bank]", k=5)),
    "sentences": lambda s: list(s.sentences("the river bank", hybrid=True)),
    "more like": lambda s: list(s.more_like(s.hits([1]), k=4)),
    "named": lambda s: (s.named_senses(), list(s.apply_named_sense("mine"))),
    "by sense": lambda s: list(s.occurrences("the [bank]", where="sense=mine")),
    "frequencies": lambda s: s.lemma_frequencies(["bank", "river"]),
    "holds": lambda s: s.holds("bank"),
    "vector": lambda s: s.vector(s.hits([2])[0]).tolist(),
    "documents": lambda s: list(s.collection.documents()),
    "document": lambda s: s.collection.document("d1"),
    "fields": lambda s: (s.collection.fields(), s.collection.values("year")),
    "info": lambda s: (s.collection.info().documents, s.collection.info().occurrences),
}
SLOW_READERS: dict[str, Callable[[Searcher], Any]] = {
    "senses": lambda s: repr(s.senses("bank")),
    "timeline": lambda s: repr(s.timeline(s.senses("bank"))),
    "explain": lambda s: repr(s.explain(s.hits([1])[0])),
    "change": lambda s: repr(s.change("bank", "year=1900..1902", "year=1903..1906")),
}


def answers(path: Path, readers: dict[str, Callable[[Searcher], Any]]) -> dict[str, str]:
    """Return each reader's answer, or "refused" where it raises one error in one line."""
    found = {}
    for name, read in readers.items():
        try:
            with Searcher.open(path, ENCODER) as searcher:
                found[name] = repr(read(searcher))
        except PolysemeError as error:
            is_short = "\n" not in str(error) and len(str(error)) <= 300
            found[name] = "refused" if is_short else str(error)
    return found


def ask(path: Path) -> None:
    """Search for any word, and then for one."""
    with Searcher.open(path, ENCODER) as searcher:
        searcher.occurrences("the river [bank]", k=40, match="any")
        searcher.occurrences("the river [bank]", k=40)


def assert_same_or_refused(path: Path, expected: dict[str, str], readers: dict[str, Callable[[Searcher], Any]]) -> None:
    for name, answer in answers(path, readers).items():
        assert answer in ("refused", expected[name]), name


def test_every_answer_of_a_damaged_database_is_right_or_refused(intact: Path, copy: Path) -> None:
    expected = answers(intact, READERS)
    assert "refused" not in expected.values()
    file = copy / DATABASE_NAME
    good = file.read_bytes()
    readers = list(READERS.items())
    number = 0
    for page in range(0, len(good), PAGE):
        damages = [
            good[:page] + bytes(PAGE) + good[page + PAGE :],
            good[:page],
            *(
                good[:at] + bytes([good[at] ^ bits]) + good[at + 1 :]
                for at, bits in ((page, 255), (page + 5, 1), (page + 8 + number % 200, 32), (page + PAGE - 40, 4))
            ),
        ]
        for content in damages:
            file.write_bytes(content)
            name, read = readers[number % len(readers)]
            assert_same_or_refused(copy, expected, {name: read})
            number += 1
    file.write_bytes(good)
    assert answers(copy, READERS) == expected


def test_slow_answers_of_a_damaged_database_are_refused(intact: Path, copy: Path) -> None:
    expected = answers(intact, SLOW_READERS)
    assert "refused" not in expected.values()
    for number, page in enumerate(range(0, (copy / DATABASE_NAME).stat().st_size, 7 * PAGE)):
        shutil.copy(intact / DATABASE_NAME, copy / DATABASE_NAME)
        flip(copy / DATABASE_NAME, page + 100 + number, 16)
        assert set(answers(copy, SLOW_READERS).values()) == {"refused"}


def test_damage_without_checksums_ends_in_no_traceback(intact: Path, copy: Path) -> None:
    (copy / SUMS_NAME).unlink()
    names = list(READERS)
    for number, page in enumerate(range(0, (copy / DATABASE_NAME).stat().st_size, PAGE)):
        for content in (bytes([255]), bytes(64)):
            shutil.copy(intact / DATABASE_NAME, copy / DATABASE_NAME)
            edit(copy / DATABASE_NAME, page + 7 * number, content)
            name = names[number % len(names)]
            answers(copy, {name: READERS[name]})


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("UPDATE occurrences SET start = start + 1", r"is damaged: occurrence \d+ is not '\w+'; run `polyseme verify`"),
        ("UPDATE occurrences SET sentence = sentence + 1", r"is damaged: "),
        ('UPDATE occurrences SET "end" = 9999', r"is damaged: occurrence \d+ is not"),
        ("UPDATE types SET form = 'BANK' WHERE form = 'bank'", r"is damaged: occurrence \d+ is not 'BANK'"),
        ('UPDATE sentences SET "end" = "end" + 500', r"is damaged: sentence \d+ is outside the text of 'd\d'"),
        ("DELETE FROM sentences", r"is damaged: sentence \d+ is not in it"),
        ("DELETE FROM occurrences", r"is damaged: occurrence \d+ is not in it"),
        ("UPDATE documents SET metadata = '{'", r"cannot be read \(JSONDecodeError"),
        ("UPDATE documents SET text = x'00'", r"cannot be read \(TypeError|is damaged"),
        ("UPDATE types SET vector = x'00'", r"cannot be read \(ValueError"),
        ("UPDATE arrays SET data = x'00'", r"transform '\w+' is damaged .* restore it from a copy"),
        ("UPDATE segments SET files = '[]'", r"the files of a segment are not recorded \(.*; restore"),
        (
            "UPDATE settings SET value = '{' WHERE key = 'background'",
            "the setting 'background' has a value that it cannot have",
        ),
        (
            "UPDATE settings SET value = '{}' WHERE key = 'background'",
            "the setting 'background' has a value that it cannot have",
        ),
        ("UPDATE settings SET value = '7' WHERE key = 'model'", "the setting 'model' has a value that it cannot have"),
        (
            "UPDATE settings SET value = '\"x\"' WHERE key = 'layer'",
            r"has an unknown setting \('x' is not a valid Layer",
        ),
        (
            "UPDATE settings SET value = 'x' WHERE key = 'generation'",
            "the setting 'generation' has a value that it cannot have",
        ),
        ("DROP TABLE ranges", r"collection\.db has no column ranges\.type; restore it"),
    ],
)
def test_rows_that_cannot_be_right_are_refused_without_checksums(copy: Path, sql: str, message: str) -> None:
    change(copy, sql)
    with pytest.raises(CollectionError, match=message) as raised:
        ask(copy)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) <= 300


def test_a_closed_searcher_says_so(copy: Path) -> None:
    searcher = Searcher.open(copy, ENCODER)
    searcher.close()
    with pytest.raises(CollectionError, match="was closed; open it again"):
        searcher.occurrences("the [bank]")
    with pytest.raises(CollectionError, match="was closed; open it again"):
        list(searcher.collection.documents())


def test_commands_that_read_name_the_damaged_database(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flip(copy / DATABASE_NAME, 3 * PAGE + 2000)
    for command in (["info"], ["documents"], ["show"], ["remove"], ["compact"]):
        arguments = ["d1"] if command[0] in ("show", "remove") else []
        assert run_command([*command, str(copy), *arguments]) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert "collection.db does not have the recorded checksum in the 64 KiB from byte 0; restore it" in line


def test_a_writer_refuses_a_damaged_database_and_keeps_its_checksums(copy: Path) -> None:
    before = (copy / SUMS_NAME).read_bytes()
    flip(copy / DATABASE_NAME, 3 * PAGE + 2000)
    with pytest.raises(CollectionError, match="does not have the recorded checksum"):
        build(copy, documents(9), model=ENCODER)
    assert (copy / SUMS_NAME).read_bytes() == before


def test_removed_or_damaged_checksums_and_leftover_logs_change_no_answer(intact: Path, copy: Path) -> None:
    few = {name: READERS[name] for name in ("lemma", "documents")}
    expected = answers(intact, few)
    sums = copy / SUMS_NAME
    good = sums.read_bytes()
    for content in (b"", b"x", good[:-1], good[: len(good) // 2], good.replace(b"1", b"2"), b"\xff" * 99):
        sums.write_bytes(content)
        assert_same_or_refused(copy, expected, few)
    for offset in range(0, len(good), 60):
        sums.write_bytes(good)
        flip(sums, offset, 1)
        assert answers(copy, few) == expected
    sums.unlink()
    assert answers(copy, few) == expected
    log = copy / f"{DATABASE_NAME}-wal"
    for content in (b"left over", bytes(5000), b"\x37\x7f\x06\x82" + bytes(9000)):
        log.write_bytes(content)
        assert_same_or_refused(copy, expected, few)


def test_checksums_exist_only_while_no_writer_is_open(copy: Path) -> None:
    with Collection.open(copy) as collection:
        first = read_sums(copy)
        assert first is not None
        with collection.writing():
            assert read_sums(copy) is None
        assert read_sums(copy) == first
        collection.remove(["d1"])
        second = read_sums(copy)
        assert second is not None
        assert second.generation == first.generation + 1
        assert second.digests != first.digests
    with closing(DatabaseFile(copy / DATABASE_NAME)) as file:
        assert check_database(copy, file).finding is Finding.SOUND


def test_a_small_change_reads_only_the_blocks_that_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.pol"
    build(path, documents(200), BuildConfig(segment_sentences=400), model=ENCODER)
    digests: list[int] = []
    really = database_sums.block_digest

    def noting(file: DatabaseFile, block: int) -> str:
        digests.append(block)
        return really(file, block)

    with Collection.open(path) as collection:
        before = read_sums(path)
        collection._database.require_sound()
        monkeypatch.setattr(database_check, "block_digest", noting)
        collection.remove(["d7"])
    after = read_sums(path)
    assert before is not None
    assert after is not None
    assert len(before.digests) >= 4
    changed = {n for n, (one, two) in enumerate(zip(before.digests, after.digests, strict=True)) if one != two}
    assert changed
    assert changed <= set(digests)
    assert len(set(digests)) < len(before.digests)
    with closing(DatabaseFile(path / DATABASE_NAME)) as file:
        assert check_database(path, file).finding is Finding.SOUND


def test_a_writer_does_not_launder_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.pol"
    build(path, documents(200), BuildConfig(segment_sentences=400), model=ENCODER)
    blocks = (path / DATABASE_NAME).stat().st_size // BLOCK_BYTES
    flip(path / DATABASE_NAME, (blocks - 1) * BLOCK_BYTES + 5000)
    with closing(sqlite3.connect(path / DATABASE_NAME)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'settings'").fetchone()
    flip(path / DATABASE_NAME, (page - 1) * 4096 + 900)  # in the first block, which every commit changes
    with Collection.open(path, is_checked=False) as collection:
        collection.remove(["d7"])
    with closing(DatabaseFile(path / DATABASE_NAME)) as file:
        sums = read_sums(path)
        assert sums is not None
        wrong = [n for n, digest in enumerate(sums.digests) if database_sums.block_digest(file, n) != digest]
    assert wrong == [0, blocks - 1]
    with Collection.open(path) as collection, pytest.raises(CollectionError, match="in the 64 KiB from byte 0"):
        collection.info()


def test_a_long_run_moves_its_log_and_ends_with_right_checksums(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("polyseme.indexer.collection.writer.CHECKPOINT_BYTES", 20_000)
    path = make(tmp_path / "c.pol", 60)
    build(path, documents(70, 20), BuildConfig(segment_sentences=8), model=ENCODER)
    with Collection.open(path) as collection:
        collection.compact()
        assert verify(collection, ENCODER).problems == ()
    with closing(DatabaseFile(path / DATABASE_NAME)) as file:
        assert check_database(path, file).finding is Finding.SOUND


def test_a_writer_that_begins_during_a_check_is_no_damage(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = database_sums.block_digest

    def late(file: DatabaseFile, block: int) -> str:
        if (copy / SUMS_NAME).exists():
            with Collection.open(copy, is_checked=False) as other:
                monkeypatch.setattr(database_check, "block_digest", really)
                other.remove(["d2"])
        return really(file, block)

    monkeypatch.setattr(database_check, "block_digest", late)
    with closing(DatabaseFile(copy / DATABASE_NAME)) as file:
        checked = check_database(copy, file)
    assert checked.finding is Finding.UNCHECKED
    assert "writer is at work" in checked.notice


def test_a_program_without_checksums_that_commits_is_no_damage(copy: Path) -> None:
    change(copy, "UPDATE settings SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'", keep_sums=True)
    change(copy, "UPDATE documents SET title = 'New' WHERE id = 1", keep_sums=True)
    with Collection.open(copy) as collection:
        assert "New" in [document.title for document in collection.documents()]
        collection.remove(["d2"])
    with Collection.open(copy) as collection:
        assert len(list(collection.documents())) == 5
        assert collection.check_database().finding is Finding.SOUND


def test_a_writer_that_fails_after_an_upgrade_of_the_tables_leaves_no_wrong_checksums(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = migrations.connect_to_write

    def upgrade(path: Path) -> Any:
        db = really(path)
        db.execute("CREATE TABLE IF NOT EXISTS newer (key TEXT)")
        return db

    def fail(*arguments: object) -> None:
        raise CollectionError("the disk has gone")

    with Collection.open(copy) as collection, monkeypatch.context() as patched:
        patched.setattr(migrations, "connect_to_write", upgrade)
        patched.setattr("polyseme.indexer.collection.writer.remove_unnamed", fail)
        with pytest.raises(CollectionError, match="has gone"):
            collection.writing()
    with Collection.open(copy) as collection:
        assert len(list(collection.documents())) == 6
        collection.remove(["d2"])
    with Collection.open(copy) as collection:
        assert collection.check_database().finding is Finding.SOUND


def test_an_upgrade_of_the_tables_that_writes_much_leaves_right_checksums(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def upgrade(db: Any) -> None:  # more pages than SQLite keeps in a log by itself, in two transactions
        for name in ("first", "second"):
            with db.atomic():
                db.execute("INSERT INTO arrays VALUES (?, zeroblob(?))", [name, 1100 * PAGE])

    with monkeypatch.context() as patched:
        patched.setattr(migrations.migrations, "apply", upgrade)
        with Collection.open(copy) as collection:
            collection.remove(["d2"])
    with Collection.open(copy) as collection:
        assert collection.check_database().finding is Finding.SOUND
        assert len(list(collection.documents())) == 5


def test_a_large_database_is_checked_beside_the_first_answers(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_check, "WAIT_BYTES", 0)
    flip(copy / DATABASE_NAME, 2 * PAGE - 9)
    with Collection.open(copy) as collection:
        check = collection._database._check
        assert check is not None
        check._thread.join()
        with pytest.raises(CollectionError, match="does not have the recorded checksum"):
            collection.info()


def test_the_checksums_are_written_as_the_format_says(copy: Path) -> None:
    lines = (copy / SUMS_NAME).read_text(encoding="ascii").splitlines()
    size = (copy / DATABASE_NAME).stat().st_size
    assert lines[:3] == ["polyseme sums 1", str(size), "65536"]
    assert len(lines) == 4 + -(-size // 65536) + 1
    with pytest.raises(ValueError, match="its own checksum differs"):
        BlockSums.from_bytes("\n".join(lines[:-1]).encode())
    (copy / SUMS_NAME).unlink()
    (copy / SUMS_NAME).symlink_to(copy / DATABASE_NAME)
    with pytest.raises(CollectionError, match=r"collection\.sums cannot be read"):
        read_sums(copy)


@pytest.fixture
def killed(copy: Path, tmp_path: Path) -> Iterator[Path]:
    """Yield a copy of a collection whose writer has committed twice and was killed."""
    with Collection.open(copy) as collection:
        writer = collection.writing()
        for n in (1, 2):
            writer.remove([f"d{n}"])
        yield Path(shutil.copytree(copy, tmp_path / "killed.pol"))
        writer.close()


def test_what_a_killed_writer_has_committed_is_read(killed: Path) -> None:
    with Collection.open(killed) as collection:
        assert [document.document_id for document in collection.documents()] == ["d0", "d3", "d4", "d5"]
        assert not write_log.is_log_damaged(killed / DATABASE_NAME)
        report = collection.verify()
    assert report.problems == ()
    assert "has no checksums, since it is older, or a writer is at work or was killed" in report.notices[0]


def test_a_damaged_log_is_named_and_a_repair_goes_on_without_its_rest(killed: Path) -> None:
    log = killed / f"{DATABASE_NAME}-wal"
    page_size = struct.unpack(">I", log.read_bytes()[8:12])[0]
    flip(log, 32 + 24 + page_size // 2, 1)
    for read in (lambda c: list(c.documents()), lambda c: c.info(), lambda c: c.remove(["d3"])):
        with (
            pytest.raises(CollectionError, match="-wal is damaged, and what was committed last is lost"),
            Collection.open(killed) as collection,
        ):
            read(collection)
    with Collection.open(killed, is_checked=False) as collection:
        assert any("-wal is damaged" in problem for problem in collection.verify().problems)
        assert verify(collection, repair=True).problems == ()
    with Collection.open(killed) as collection:
        assert len(list(collection.documents())) == 6


def test_a_log_cut_in_the_middle_of_a_frame_is_no_damage(killed: Path) -> None:
    log = killed / f"{DATABASE_NAME}-wal"
    log.write_bytes(log.read_bytes()[:-100])
    with Collection.open(killed) as collection:
        assert len(list(collection.documents())) == 5
    flip(log, 4, 1)  # the header
    with pytest.raises(CollectionError, match="-wal is damaged"), Collection.open(killed) as collection:
        list(collection.documents())


def test_a_log_that_changes_is_not_judged(killed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = killed / f"{DATABASE_NAME}-wal"
    good = log.read_bytes()
    flip(log, 32 + 24 + 9, 1)
    assert write_log.is_log_damaged(killed / DATABASE_NAME)
    for change_log in (lambda: log.write_bytes(good), lambda: log.unlink()):
        monkeypatch.setattr("time.sleep", lambda seconds, change_log=change_log: change_log())
        assert not write_log.is_log_damaged(killed / DATABASE_NAME)
        log.write_bytes(good)
        flip(log, 32 + 24 + 9, 1)


def test_a_large_transaction_writes_no_frame_twice(copy: Path) -> None:
    log = copy / f"{DATABASE_NAME}-wal"
    with Collection.open(copy) as collection, collection.writing() as writer:
        with writer.db.atomic():
            for n in range(300):
                writer.db.execute("INSERT INTO prototypes VALUES (?, ?)", (f"p{n}", "x" * 30_000))
            assert log.stat().st_size < BLOCK_BYTES
        assert log.stat().st_size > 300 * 30_000
    assert write_log.CACHE_BYTES > 1.2 * write_log.MAX_CHECKED  # SQLite begins to write when a tenth is left


def test_the_locks_of_sqlite_survive_the_end_of_a_check(copy: Path) -> None:
    with Collection.open(copy) as first:
        with first.reading():
            with Collection.open(copy) as second:
                second.info()
            with closing(sqlite3.connect(copy / DATABASE_NAME, timeout=0)) as other:
                other.execute("PRAGMA locking_mode = EXCLUSIVE")
                with pytest.raises(sqlite3.OperationalError, match="locked"):
                    other.execute("PRAGMA journal_mode = DELETE").fetchone()
        first.info()


@pytest.mark.parametrize("content", [b"", b"\0" * 512, b"polyseme sums 1\n"])
def test_damaged_checksums_are_a_problem_that_repair_mends(intact: Path, tmp_path: Path, content: bytes) -> None:
    path = Path(shutil.copytree(intact, tmp_path / "c.pol"))
    (path / SUMS_NAME).write_bytes(content)
    with Searcher.open(path, ENCODER) as searcher:
        assert len(searcher.occurrences("the [bank]")) > 0
    with Collection.open(path, is_checked=False) as collection:
        (problem,) = verify(collection).problems
        assert problem.startswith(f"{path / SUMS_NAME} cannot be read")
        assert problem.endswith("run `polyseme verify --repair`")
        assert verify(collection, repair=True).problems == ()
        assert verify(collection).problems == ()
    assert read_sums(path) is not None
