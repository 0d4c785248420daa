"""The collection on disk: commits, snapshots, tombstones, compaction and damage."""

from __future__ import annotations

import errno
import resource
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import faiss
import numpy as np
import pytest
import stored
from fakes import FakeEncoder
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection import schema
from polyseme.indexer.collection import segment as segment_module
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.compaction import MAX_SEGMENT_OCCURRENCES, SegmentSize, segments_to_merge
from polyseme.indexer.collection.schema import DATABASE_NAME, State
from polyseme.indexer.collection.stored_array import release_pages
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import CollectionError
from polyseme.indexer.verify import verify
from polyseme.search.searcher import Searcher

WORDS = ["bank", "river", "loan", "spring", "boat", "heron", "mill", "money"]


def documents(first: int, last: int) -> list[Document]:
    return [
        Document(
            f"d{n:03}",
            " ".join(
                f"The {WORDS[(n + i) % 8]} and the {WORDS[(n * i) % 8]} of house {n} stood {i}." for i in range(4)
            ),
            {"year": 1950 + n},
        )
        for n in range(first, last)
    ]


def make(path: Path, count: int = 24) -> Path:
    build(path, documents(0, count), BuildConfig(segment_sentences=16, sample_sentences=16), model=FakeEncoder())
    return path


def found(path: Path) -> list[tuple[str, str, int, float]]:
    with Searcher.open(path, FakeEncoder()) as searcher:
        hits = [h for w in WORDS for h in searcher.occurrences(f"an old [{w}] of the house", k=500)]
        hits += [h for w in WORDS for h in searcher.occurrences(f"an old [{w}] of the house", k=30, match="any")]
        return [(h.document_id, h.sentence, h.occurrence_id, round(h.score, 5)) for h in hits]


def test_collection_can_be_read_with_sqlite3_and_faiss_alone(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    db = sqlite3.connect(path / DATABASE_NAME)
    segment, first, count = db.execute(
        "SELECT s.name, r.first, r.count FROM ranges r JOIN segments s ON s.id = r.segment"
        " JOIN types t ON t.id = r.type WHERE t.form = 'bank' ORDER BY s.id"
    ).fetchone()
    folder = path / "segments" / segment
    vectors = np.load(folder / "tokens.npy", mmap_mode="r")
    ids = np.load(folder / "token_ids.npy")[first : first + count]
    text, start, end, left, right = db.execute(
        'SELECT d.text, s.start, s."end", o.start, o."end" FROM occurrences o JOIN sentences s ON s.id = o.sentence'
        " JOIN documents d ON d.id = s.document WHERE o.id = ?",
        (int(ids[0]),),
    ).fetchone()
    assert text[start:end][left:right] == "bank"
    assert np.linalg.norm(vectors[first : first + count].astype(np.float32), axis=1) == pytest.approx(1, abs=2e-3)
    index = faiss.read_index(str(folder / "tokens.faiss"))
    assert index.ntotal == len(vectors)
    own = index.reconstruct(int(first))
    assert index.search(own[None, :], 1)[1][0][0] == first


def test_removed_documents_vanish_at_once_and_compaction_deletes_their_rows(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    before = found(path)
    dead = {"d003", "d010", "d017"}
    with Collection.open(path) as collection:
        collection.remove(sorted(dead))
        assert {d.document_id for d in collection.documents()} == {d.id for d in documents(0, 24)} - dead
    tombstoned = found(path)
    assert {hit[0] for hit in tombstoned} == {hit[0] for hit in before} - dead
    with Collection.open(path) as collection:
        assert collection.compact() == 3
        assert collection.info().segments == 1
        assert verify(collection, FakeEncoder(), sample=500).problems == ()
        assert collection.compact() == 0
    assert found(path) == tombstoned
    db = sqlite3.connect(path / DATABASE_NAME)
    assert db.execute("SELECT count(*) FROM documents WHERE document_id IN ('d003','d010','d017')").fetchone() == (0,)
    assert db.execute("SELECT count(*) FROM sentences_fts WHERE sentences_fts MATCH '\"house 10\"'").fetchone() == (0,)


def test_removing_is_all_or_nothing(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    with Collection.open(path) as collection:
        with pytest.raises(CollectionError, match="holds no document 'nope'"):
            collection.remove(["d001", "nope"])
        assert collection.info().documents == 24


def test_reader_keeps_its_snapshot_during_a_query_and_moves_on_between_queries(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    query = "an old [bank] of the house"
    with Searcher.open(path, FakeEncoder()) as searcher:
        before = searcher.occurrences(query, k=500)
        with searcher.collection.reading() as snapshot:
            with Collection.open(path) as other:
                other.remove([before[0].document_id])
                other.compact()
            held = snapshot.segments
            assert all(np.isfinite(segment.tokens[:]).all() for segment in held.values())
            inside = searcher.occurrences(query, k=500)
            assert [h.occurrence_id for h in inside] == [h.occurrence_id for h in before]
        after = searcher.occurrences(query, k=500)
        gone = before[0].document_id
        assert [h.occurrence_id for h in after] == [h.occurrence_id for h in before if h.document_id != gone]


def test_one_writer_at_a_time_and_its_lock_dies_with_its_process(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom indexer.collection.writer import Writer\n"
        "w = Writer(Path(sys.argv[1]))\nprint('locked', flush=True)\ntime.sleep(600)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "locked\n"
    with Collection.open(path) as collection:
        with pytest.raises(CollectionError, match="being written by another process"):
            collection.remove(["d001"])
        assert collection.info().documents == 24
        child.kill()
        child.communicate()
        collection.remove(["d001"])
        assert collection.info().documents == 23


def test_orphaned_segments_are_deleted_at_the_next_opening_for_writing(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    for name in ("00000099", "00000100.tmp"):
        (path / "segments" / name).mkdir()
        (path / "segments" / name / "tokens.npy").write_bytes(b"half")
    before = found(path)
    with Collection.open(path) as collection, collection.writing():
        assert not {"00000099", "00000100.tmp"} & {p.name for p in (path / "segments").iterdir()}
    assert found(path) == before


@pytest.mark.parametrize("where", ["write_index", "publish", "flush"])
def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    path = make(tmp_path / "c.pol")
    before = found(path)

    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(segment_module, where, full)
        with pytest.raises(CollectionError, match=r"the disk is full; what was committed is intact"):
            build(path, documents(24, 30), model=FakeEncoder())
    assert not list((path / "segments").glob("*.tmp"))
    assert found(path) == before
    build(path, documents(24, 30), model=FakeEncoder())
    with Collection.open(path) as collection:
        assert verify(collection, FakeEncoder()).problems == ()
        assert collection.info().documents == 30


def segment_folders(path: Path) -> list[Path]:
    return sorted((path / "segments").iterdir())


@pytest.mark.parametrize(
    "name",
    [*segment_module.VECTOR_FILES, *segment_module.INDEX_FILES],
)
def test_verify_names_every_file_with_changed_bytes(tmp_path: Path, name: str) -> None:
    path = make(tmp_path / "c.pol")
    file = segment_folders(path)[0] / name
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 4] = bytes(b ^ 0x55 for b in content[middle : middle + 4])
    file.write_bytes(content)
    with Collection.open(path) as collection:
        problems = collection.verify().problems
    assert any(name in problem and "checksum" in problem and "run `polyseme" in problem for problem in problems)


def test_damaged_index_is_kept_in_a_folder_and_rebuilt_from_the_vectors(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    before = found(path)
    first, second = segment_folders(path)[:2]
    (first / "tokens.faiss").write_bytes(b"not an index")
    (second / "sentences.faiss").unlink()
    assert found(path) == before  # the vectors are scanned instead
    with Collection.open(path) as collection:
        assert len(collection.verify().problems) == 2
        assert verify(collection, FakeEncoder(), repair=True).problems == ()
    assert found(path) == before
    assert (path / "damaged" / first.name / "tokens.faiss").read_bytes() == b"not an index"


def test_an_open_reader_uses_an_index_that_was_repaired_meanwhile(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    file = segment_folders(path)[0] / "tokens.faiss"
    with Collection.open(path) as reader:
        with reader.reading() as snapshot:
            first = next(iter(snapshot.segments.values()))
        file.write_bytes(b"not an index")
        with pytest.raises(CollectionError, match=r"tokens\.faiss has 12 bytes"):
            assert first.token_index
        with Collection.open(path) as other:
            assert verify(other, repair=True).problems == ()
        with reader.reading() as snapshot:
            assert snapshot.segments[first.key].token_index.ntotal == len(first.tokens)
        assert reader.verify().problems == ()


def test_in_batches_passes_every_value_once_and_repeats_the_parameters_before() -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE numbers (n INTEGER, name TEXT)")
    db.executemany("INSERT INTO numbers VALUES (?, ?)", [(n, name) for n in range(1300) for name in "ab"])
    wanted = list(range(1, 1300, 2))
    rows = schema.in_batches(db, "SELECT n, name FROM numbers WHERE name = ? AND n IN ({}) ORDER BY n", wanted, "b")
    assert list(rows) == [(n, "b") for n in wanted]
    assert list(schema.in_batches(db, "SELECT n FROM numbers WHERE n IN ({})", [])) == []
    db.close()


def test_collection_verify_finds_what_the_full_verification_finds_in_storage(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    with Collection.open(path) as collection:
        assert collection.verify() == verify(collection)
        assert collection.verify().sentences_encoded == 0
    (segment_folders(path)[0] / "tokens.faiss").unlink()
    with Collection.open(path) as collection:
        report = verify(collection, FakeEncoder())
        assert report == collection.verify()
        assert len(report.problems) == 1


def test_a_truncated_vector_file_is_refused_with_its_name(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    file = segment_folders(path)[0] / "tokens.npy"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(CollectionError, match=r"tokens\.npy has \d+ bytes, not \d+; restore it"):
        found(path)


def test_newer_format_and_other_files_are_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    stored.change(path, "UPDATE settings SET value = '4' WHERE key = 'format_version'")
    with pytest.raises(CollectionError, match="has format 4, this Polyseme reads up to 3; upgrade"):
        Collection.open(path)
    stored.change(path, "UPDATE settings SET value = '3' WHERE key = 'format_version'")
    stored.change(path, "DELETE FROM settings WHERE key = 'storage'")
    with pytest.raises(CollectionError, match=r"development version \(storage not recorded\); index again"):
        Collection.open(path)
    with pytest.raises(CollectionError, match="is not a collection; make one with `polyseme index"):
        Collection.open(tmp_path / "nothing")
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / DATABASE_NAME).write_bytes(b"this is not SQLite" * 100)
    with pytest.raises(CollectionError, match="cannot be read as SQLite"):
        Collection.open(tmp_path / "junk")


def test_a_collection_can_be_moved_and_copied(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    before = found(path)
    shutil.copytree(path, tmp_path / "copy.pol")
    path.rename(tmp_path / "moved.pol")
    assert found(tmp_path / "copy.pol") == before
    assert found(tmp_path / "moved.pol") == before


def test_verify_reports_vectors_that_differ_from_freshly_encoded_ones(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    encoder = FakeEncoder()
    with Collection.open(path) as collection:
        good = verify(collection, encoder, sample=1000)
        assert (good.problems, good.sentences_encoded) == ((), 96)
        assert good.lowest_cosine is not None
        assert good.lowest_cosine >= 0.999
    other = FakeEncoder("other")
    other.model_id = encoder.model_id
    wrong = other.represent
    monkey = lambda s: wrong([[w[::-1] for w in sentence] for sentence in s])  # noqa: E731
    other.represent = monkey  # type: ignore[method-assign]
    with Collection.open(path) as collection:
        problems = verify(collection, other, sample=10).problems
    assert len(problems) == 10
    assert all("stored and fresh vectors differ" in problem for problem in problems)


SIZES = st.lists(st.tuples(st.integers(1, 10**7), st.floats(0, 1)), max_size=300).map(
    lambda pairs: [SegmentSize(n, size, int(size * share)) for n, (size, share) in enumerate(pairs)]
)


@given(SIZES)
def test_full_merge_leaves_few_segments_without_deleted_rows(sizes: list[SegmentSize]) -> None:
    groups = segments_to_merge(sizes, full=True)
    by_key = {size.key: size for size in sizes}
    merged = [key for group in groups for key in group]
    assert len(merged) == len(set(merged))
    for group in groups:
        assert sum(by_key[key].live for key in group) <= MAX_SEGMENT_OCCURRENCES or len(group) == 1
    untouched = set(by_key) - set(merged)
    assert all(by_key[key].live == by_key[key].occurrences for key in untouched)


@given(SIZES)
def test_tiered_merging_keeps_the_number_of_segments_logarithmic(sizes: list[SegmentSize]) -> None:
    live = {size.key: size for size in sizes}
    while groups := segments_to_merge(list(live.values()), full=False):
        for group in groups:
            total = sum(live.pop(key).live for key in group)
            key = max(group) + 1000 * (len(live) + 1)
            live[key] = SegmentSize(key, total, total)
            assert total <= MAX_SEGMENT_OCCURRENCES or len(group) == 1
    small = [size for size in live.values() if size.live <= MAX_SEGMENT_OCCURRENCES // 2]
    assert len(small) < 8 * 8  # each power of 8 is a tier of fewer than 8 segments


def test_large_segments_are_merged_up_to_the_maximum_size() -> None:
    percents = [35, 69] * 4
    sizes = [
        SegmentSize(n, MAX_SEGMENT_OCCURRENCES * p // 100, MAX_SEGMENT_OCCURRENCES * p // 100)
        for n, p in enumerate(percents)
    ]
    assert segments_to_merge(sizes, full=False) == [[0, 2], [4, 6]]
    nine = [SegmentSize(n, MAX_SEGMENT_OCCURRENCES * 2 // 15, MAX_SEGMENT_OCCURRENCES * 2 // 15) for n in range(9)]
    assert segments_to_merge(nine, full=False) == [[0, 1, 2, 3, 4, 5, 6]]
    assert segments_to_merge(nine, full=True) == [[0, 1, 2, 3, 4, 5, 6], [7, 8]]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=80), min_size=1, max_size=5))
def test_any_text_is_stored_and_read_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.mktemp("any") / "c.pol"
    given_documents = [
        Document(f"d{n}", text.replace("\0", " ") or " ", {"note": text}) for n, text in enumerate(texts)
    ]
    report = build(path, given_documents, model=FakeEncoder())
    skipped = {item.document_id for item in report.skipped}
    with Collection.open(path) as collection:
        for document in given_documents:
            if document.id not in skipped:
                _, text = collection.document(document.id)
                assert len(text) == len(document.text)
                assert all(a == b or 0xD800 <= ord(b) < 0xE000 for a, b in zip(text, document.text, strict=True))
        assert verify(collection, FakeEncoder(), sample=50).problems == ()


def test_long_document_is_visible_only_when_all_of_it_is_stored(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    text = " ".join(f"The bank number {n} stood there." for n in range(40))
    config = BuildConfig(segment_sentences=10, batch_sentences=5, sample_sentences=5)

    class FailsLate(FakeEncoder):
        def represent(self, sentences):  # type: ignore[no-untyped-def]
            if self.encoded >= 25:
                raise KeyboardInterrupt
            return super().represent(sentences)

    with pytest.raises(KeyboardInterrupt):
        build(path, [Document("long", text)], config, model=FailsLate())
    with Collection.open(path) as collection:
        assert list(collection.documents()) == []
        pending = collection.db.execute("SELECT state FROM documents").fetchall()
        assert pending == [(int(State.PENDING),)]
    again = FakeEncoder()
    build(path, [Document("long", text)], config, model=again)
    assert again.encoded == 20  # committed sentences are not encoded again
    with Collection.open(path) as collection:
        assert [d.sentences for d in collection.documents()] == [40]
        assert verify(collection, FakeEncoder(), sample=100).problems == ()


def test_collection_on_a_read_only_medium_can_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path / "c.pol")
    before = found(path)
    really = schema._opened

    def refusing(file: Path, mode: str) -> object:
        if mode in ("mode=ro", "mode=rwc"):
            raise sqlite3.OperationalError("attempt to write a readonly database")
        return really(file, mode)

    monkeypatch.setattr(schema, "_opened", refusing)
    assert found(path) == before
    with Collection.open(path) as collection, pytest.raises(CollectionError, match="cannot be written"):
        collection.remove(["d001"])
    (path / f"{DATABASE_NAME}-wal").write_bytes(b"left over")
    with pytest.raises(CollectionError, match="was not closed and cannot be written; copy it"):
        Collection.open(path)


def test_sentences_without_indexed_words_are_merged_and_found(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    for n in range(9):
        build(path, [Document(f"d{n}", "It is what it is.")], model=FakeEncoder())
    with Collection.open(path) as collection:
        assert collection.info().segments < 9
        assert verify(collection, FakeEncoder()).problems == ()
    with Searcher.open(path, FakeEncoder()) as searcher:
        found = searcher.sentences("It is what it is.", alike=False)
        assert [hit.document_id for hit in found] == [f"d{n}" for n in range(9)]


def test_foreign_file_among_the_segments_is_kept(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    stray = path / "segments" / ".DS_Store"
    stray.write_bytes(b"a desktop's")
    with Collection.open(path) as collection:
        collection.remove(["d001"])
        collection.compact()
        assert verify(collection, FakeEncoder()).problems == ()
    assert stray.exists()


def test_a_document_named_twice_is_removed_once(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    with Collection.open(path) as collection:
        before = {d.document_id for d in collection.documents()}
        collection.remove(["d001", "d001"])
        assert {d.document_id for d in collection.documents()} == before - {"d001"}


def test_compaction_deletes_half_indexed_documents_of_an_interrupted_run(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    text = " ".join(f"The bank number {n} stood there." for n in range(40))
    config = BuildConfig(segment_sentences=10, batch_sentences=5, sample_sentences=5)
    encoder = FakeEncoder()
    really = encoder.represent

    def failing(sentences):  # type: ignore[no-untyped-def]
        if encoder.encoded >= 25:
            raise KeyboardInterrupt
        return really(sentences)

    encoder.represent = failing  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        build(path, [Document("long", text)], config, model=encoder)
    with Collection.open(path) as collection:
        assert collection.compact() == 1
        assert verify(collection, FakeEncoder()).problems == ()
        assert collection.db.execute("SELECT count(*) FROM sentences").fetchone() == (0,)
    build(path, [Document("long", text)], config, model=FakeEncoder())
    with Collection.open(path) as collection:
        assert [d.sentences for d in collection.documents()] == [40]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="there is no /proc/self/statm")
def test_released_pages_use_no_memory_and_keep_their_content(tmp_path: Path) -> None:
    def mapped() -> int:  # bytes of mapped files and shared memory
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[2]) * resource.getpagesize()

    n = 1 << 22
    array = np.lib.format.open_memmap(tmp_path / "a.npy", "w+", np.float32, (n,))
    array[:] = np.arange(n)
    written = mapped()
    release_pages(array)
    assert written - mapped() > array.nbytes // 2
    np.testing.assert_array_equal(array, np.arange(n, dtype=np.float32))
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), np.arange(n, dtype=np.float32))
    release_pages(np.zeros(3))  # not a mapped array
