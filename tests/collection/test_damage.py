"""Damage in every file of a segment: a search answers as before, or names the file. It never gives a wrong list."""

from __future__ import annotations

import errno
import io
import json
import random
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import numpy.typing as npt
import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection import compaction, faiss_index
from polyseme.indexer.collection import segment as segment_module
from polyseme.indexer.collection.checksums import CHECKSUM_FILE
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.database_sums import SUMS_NAME
from polyseme.indexer.collection.repair import repair_files
from polyseme.indexer.collection.schema import DATABASE_NAME
from polyseme.indexer.collection.segment import DERIVED_FILES, INDEX_FILES, VECTOR_FILES, add_checksums
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import CollectionError, DamageError
from polyseme.indexer.reencode import reencode
from polyseme.indexer.text import TextAnalyser
from polyseme.indexer.vectors.int8 import Storage
from polyseme.indexer.verify import verify
from polyseme.search import context
from polyseme.search.hits import By, SentenceHit
from polyseme.search.retrieval import any_word, exact
from polyseme.search.retrieval import sentences as sentences_module
from polyseme.search.searcher import Searcher
from polyseme.search.senses import inventory

Answers = dict[str, object]
FILES = (*VECTOR_FILES, *DERIVED_FILES)
ANALYSER = TextAnalyser("en")
"""Shared, since a new one takes longer than the searches."""
ADJECTIVES = ["old", "north", "wide", "poor", "new", "green", "low", "far"]
NOUNS = ["bank", "river", "loan", "spring", "boat", "heron", "mill", "money"]


def documents(first: int, last: int) -> list[Document]:
    found = []
    for n in range(first, last):
        chance = random.Random(n)
        sentences = [
            f"Paul {chance.choice(['saw', 'left', 'paid'])} the {chance.choice(ADJECTIVES)} {chance.choice(NOUNS)} near"
            f" house {chance.randint(1, 60)} and the {chance.choice(ADJECTIVES)} {chance.choice(NOUNS)}."
            for _ in range(14)
        ]
        found.append(Document(f"d{n:03}", "\n".join(sentences), {"year": 1900 + n}))
    return found


@pytest.fixture(autouse=True)
def always_by_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small segments be searched through their indexes, too, and leave out what takes long."""
    monkeypatch.setattr(exact, "CANDIDATES", 100)
    monkeypatch.setattr(exact, "SCAN_LIMIT", 0)
    monkeypatch.setattr(any_word, "CANDIDATES", 100)
    monkeypatch.setattr(any_word, "MOST_SCORED", 10)
    monkeypatch.setattr(context, "TextAnalyser", lambda language, tokeniser: ANALYSER)
    monkeypatch.setattr(inventory, "stability", lambda vectors, tree, number, known: (1.0,) * number)


@pytest.fixture
def few_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a search by sentence ask the index of a small segment for fewer sentences than it has."""
    monkeypatch.setattr(sentences_module, "CANDIDATES", 20)


@pytest.fixture(scope="module", params=["half and exhaustive", "bytes and inverted file"])
def collection(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("damage") / "c.pol"
    inverted = "inverted" in request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(faiss_index, "FLAT_LIMIT", 20 if inverted else 20_000)
        storage = Storage.BYTES if inverted else Storage.HALF
        build(path, documents(0, 60), BuildConfig(storage=storage, sample_sentences=64), model=FakeEncoder())
    with Collection.open(path) as opened:
        opened.remove(["d007"])
    return path


def ask(path: Path) -> tuple[Answers, str | None]:
    """Return the answer to each kind of question, or its error, and the notice of the search by sentence."""
    notice = None

    def listed(hits: Sequence[SentenceHit]) -> list[tuple[object, ...]]:
        return [(hit.rank, hit.sentence_id, round(hit.score, 6), hit.sentence) for hit in hits]

    def sentences(searcher: Searcher) -> object:
        nonlocal notice
        hits = searcher.sentences("Paul paid the old bank near house 7.", k=8)
        notice = hits.notice
        return listed(hits)

    def by_default(searcher: Searcher) -> object:
        with searcher._view() as view:
            query = view.encode(searcher.analyser.tokens("Paul paid the old bank near house 7.")).default
            best = exact.nearest_sentences(view.scope, query, 8, By.DEFAULT)
        return list(zip(best.ids.tolist(), best.scores.round(6).tolist(), strict=True))

    def tokens(searcher: Searcher) -> object:
        """Look up each token of each word in the stream, and the token of each occurrence, in any segments."""
        places, occurrences = [], []
        with searcher._view() as view:
            for segment in view.snapshot.segments.values():
                stream = segment.stream
                assert stream is not None
                found = stream.tokens_of(np.ones(len(stream.word_ids), bool))
                sentences = segment.sentence_ids[stream.sentences_of(found)].tolist()
                words = view.collection.words().words(stream.word_ids[stream.words[found]])
                here = list(zip(sentences, stream.offsets[found].tolist(), words, strict=True))
                places += here
                tokens = stream.token_places[:].tolist()
                occurrences += [
                    (key, here[token]) for key, token in zip(segment.token_ids[:].tolist(), tokens, strict=True)
                ]
        return sorted(places, key=str), sorted(occurrences, key=str)

    bank = "Paul saw the old [bank] near house 7."
    questions: dict[str, Callable[[Searcher], object]] = {
        "sentences": sentences,
        "default": by_default,
        "hybrid": lambda s: listed(s.sentences("the wide river and the poor heron", k=8, hybrid=True)),
        "same word": lambda s: listed(s.occurrences(bank, k=50)),
        "filtered": lambda s: listed(s.occurrences(bank, k=50, where="year=1900..1930")),
        "form": lambda s: listed(s.occurrences("They [paid] the mill.", k=9, match="form")),
        "any word": lambda s: listed(s.occurrences(bank, k=8, match="any")),
        "phrase": lambda s: listed(s.occurrences("Paul saw the [old bank] near house 7.", k=9)),
        "senses": lambda s: [(each.size, each.number) for each in s.senses("bank", where="year=1900..1905").senses],
        "tokens": tokens,
        "more": lambda s: listed(s.more_like(s.sentences("the new boat", k=2), k=5)),
    }
    answers: Answers = {}
    try:
        with Searcher.open(path, FakeEncoder()) as searcher:
            for name, question in questions.items():
                try:
                    answers[name] = question(searcher)
                except CollectionError as error:
                    answers[name] = error
    except CollectionError as error:
        return dict.fromkeys(questions, error), None
    return answers, notice


def damages(content: bytes) -> dict[str, bytes | None]:
    """Return damaged versions of a file. None means that the file is gone."""
    chance = random.Random(len(content))
    found: dict[str, bytes | None] = {"gone": None, "longer": content + b"\0", "empty": b""}
    places = [0, 6, 9, 30, 70, len(content) - 1, *(chance.randrange(len(content)) for _ in range(5))]
    for place in places:
        flipped = bytearray(content)
        flipped[place % len(content)] ^= 1 << chance.randrange(8)
        found[f"byte {place} flipped"] = bytes(flipped)
    for name, start, size in [("a block", 0, 512), ("the middle", len(content) // 2, 512), ("the end", -512, 512)]:
        zeroed = bytearray(content)
        start %= len(content)
        zeroed[start : start + size] = bytes(len(zeroed[start : start + size]))
        found[f"{name} zeroed"] = bytes(zeroed)
    found["shorter"] = content[: len(content) // 2]
    return {name: damaged for name, damaged in found.items() if damaged != content}


@pytest.mark.parametrize("file", FILES)
def test_damage_in_any_file_never_changes_an_answer_in_silence(collection: Path, file: str) -> None:
    expected, _ = ask(collection)
    assert not any(isinstance(answer, CollectionError) for answer in expected.values())
    (path,) = (collection / "segments").glob(f"*/{file}")
    content = path.read_bytes()
    refused = set()
    for damage, damaged in damages(content).items():
        path.unlink() if damaged is None else path.write_bytes(damaged)
        try:
            answers, notice = ask(collection)
        finally:
            path.write_bytes(content)
        for question, answer in answers.items():
            if isinstance(answer, CollectionError):
                refused.add(question)
                assert file in str(answer), (damage, question)
                assert "\n" not in str(answer)
                assert len(str(answer)) <= 300 + len(str(collection))
            else:
                assert answer == expected[question], (damage, question)
        if file == "sentences.faiss":
            assert notice is not None
            assert "sentences.faiss is damaged, so all vectors were compared; run `polyseme verify" in notice
    assert bool(refused) == (file in VECTOR_FILES)


def flip(path: Path, place: int = -1) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def small(path: Path, count: int = 3, each: int = 1) -> list[Path]:
    """Make a collection of some segments with some documents each, and return their folders."""
    for n in range(count):
        build(path, documents(n * each, (n + 1) * each), BuildConfig(sample_sentences=16), model=FakeEncoder())
    return sorted((path / "segments").iterdir())


def edit(path: Path, change: Callable[[sqlite3.Connection], object]) -> None:
    """Change the database as a stranger would, who leaves out its checksums."""
    (path / SUMS_NAME).unlink(missing_ok=True)
    db = sqlite3.connect(path / DATABASE_NAME)
    with db:
        change(db)
    db.close()


def write_with_right_checksums(folder: Path, name: str, content: bytes) -> None:
    """Replace a file of a segment as a stranger would, who can also change what is recorded about it."""
    (folder / name).write_bytes(content)
    (folder / CHECKSUM_FILE).unlink(missing_ok=True)
    records = {file: asdict(record) for file, record in add_checksums(folder).items()}
    edit(
        folder.parent.parent,
        lambda db: db.execute("UPDATE segments SET files = ? WHERE name = ?", (json.dumps(records), folder.name)),
    )


def forget_checksums(path: Path) -> None:
    """Make the segments as earlier versions wrote them."""
    for folder in (path / "segments").iterdir():
        (folder / CHECKSUM_FILE).unlink()
    edit(path, lambda db: db.execute(f"UPDATE segments SET files = json_remove(files, '$.\"{CHECKSUM_FILE}\"')"))


def saved(array: npt.ArrayLike) -> bytes:
    out = io.BytesIO()
    np.save(out, np.asarray(array))
    return out.getvalue()


@pytest.mark.parametrize("file", VECTOR_FILES)
def test_compaction_refuses_damage_and_leaves_it_to_be_found(tmp_path: Path, file: str) -> None:
    path = tmp_path / "c.pol"
    folders = small(path)
    flip(folders[1] / file)
    with Collection.open(path) as opened:
        opened.remove(["d000"])
        before = opened.verify().problems
        with pytest.raises(DamageError, match=rf"{folders[1].name}/{file} is damaged: .*; restore it from a copy or"):
            opened.compact()
        assert opened.verify().problems == before
        assert len(before) == 1
        assert opened.info().deleted_documents == 1
    assert sorted((path / "segments").iterdir()) == folders
    flip(folders[1] / file)
    with Collection.open(path) as opened:
        assert opened.compact() == 1
        assert verify(opened, FakeEncoder(), sample=50).problems == ()


def test_a_verification_names_each_damaged_file_though_a_segment_cannot_be_opened(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    folders = small(path)
    flip(folders[0] / "tokens.npy", 60)  # in its header
    (folders[1] / "sentence_ids.npy").unlink()
    flip(folders[2] / "tokens.faiss")
    with Collection.open(path, is_checked=False) as opened:
        report = verify(opened, FakeEncoder(), repair=False)
    assert [line.removeprefix(f"{path}/segments/") for line in report.problems] == [
        f"{folders[0].name}/tokens.npy does not have the recorded checksum; run `polyseme reencode`",
        f"{folders[1].name}/sentence_ids.npy is missing; run `polyseme reencode`",
        f"{folders[2].name}/tokens.faiss does not have the recorded checksum; run `polyseme verify --repair`",
    ]
    assert (report.documents, report.sentences_encoded) == (3, 0)


def test_indexing_goes_on_beside_a_damaged_segment_and_reports_it(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    folders = small(path, 7)
    flip(folders[2] / "tokens.npy")
    for n in (7, 8):
        report = build(path, documents(n, n + 1), model=FakeEncoder())
        assert report.added == 1
        assert len(report.notices) == 1
        assert f"{folders[2].name}/tokens.npy is damaged" in report.notices[0]
    names = sorted(folder.name for folder in (path / "segments").iterdir())
    assert len(names) == 2  # the other eight are merged
    assert names[0] == folders[2].name
    with Collection.open(path) as opened:
        assert {document.document_id for document in opened.documents()} == {f"d{n:03}" for n in range(9)}
        assert [folders[2].name in problem for problem in opened.verify().problems] == [True]
    flip(folders[2] / "tokens.npy")
    with Collection.open(path) as opened:
        assert verify(opened, FakeEncoder(), sample=50).problems == ()


@pytest.mark.parametrize("full", ["array", "index", "checksums"])
def test_a_full_disk_while_merging_is_one_error_and_leaves_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    path = tmp_path / "c.pol"
    folders = small(path)
    before, _ = ask(path)
    where = {"array": (compaction, "write_array"), "index": (compaction, "write_token_index")}
    module, name = where.get(full, (segment_module, "write_checksums"))
    really = getattr(module, name)

    def filled(target: Path, *arguments: object) -> None:
        really(target, *arguments)
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(module, name, filled)
        with Collection.open(path) as opened, pytest.raises(CollectionError, match="the disk is full; what was comm"):
            opened.compact()
    assert sorted((path / "segments").iterdir()) == folders
    assert ask(path)[0] == before
    with Collection.open(path) as opened:
        opened.compact()
        assert opened.info().segments == 1
    assert ask(path)[0] == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_an_index_that_does_not_fit_on_the_disk_gives_the_systems_error() -> None:
    rows = np.eye(50, 8, dtype=np.float32)
    index = faiss_index.build_index(50, lambda numbers: rows[numbers])
    with pytest.raises(OSError, match="No space left on device") as caught:
        faiss_index.write_index(index, Path("/dev/full"))
    assert caught.value.errno == errno.ENOSPC


def test_repair_replaces_only_what_is_broken_and_readers_keep_the_old_files(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    (folder,) = small(path, 1)
    content = {file.name: file.read_bytes() for file in folder.iterdir()}
    with Searcher.open(path, FakeEncoder()) as reader:
        with reader.collection.reading() as snapshot:
            (segment,) = snapshot.segments.values()
            old = segment.token_index
            query = np.array(old.reconstruct(3))
            expected = faiss_index.search_index(old, query, 5).tolist()
            flip(folder / "tokens.faiss")
            flip(folder / CHECKSUM_FILE)
            inodes = {file.name: file.stat().st_ino for file in folder.iterdir()}
            with Collection.open(path) as other:
                assert len(other.verify().problems) == 2
                assert verify(other, repair=True).problems == ()
            assert faiss_index.search_index(old, query, 5).tolist() == expected
        assert reader.sentences("the old bank", k=3).notice is None
    now = {file.name: file.stat().st_ino for file in folder.iterdir()}
    assert {name for name in now if now[name] != inodes[name]} == {"tokens.faiss", CHECKSUM_FILE}
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == content
    assert {file.name for file in (path / "damaged" / folder.name).iterdir()} == {"tokens.faiss", CHECKSUM_FILE}
    assert list((path / "segments").iterdir()) == [folder]


def test_repair_leaves_a_segment_alone_whose_vectors_are_damaged_and_mends_the_others(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    first, second, _ = small(path)
    (first / "tokens.npy").write_bytes(b"cut short")
    for folder in (first, second):
        flip(folder / "sentences.faiss")
    with Collection.open(path) as opened, opened.writing() as writer:
        assert repair_files(writer) == [f"{second.name}/sentences.faiss"]
    assert not (path / "damaged" / first.name).exists()


@pytest.mark.usefixtures("few_candidates")
def test_segments_without_block_checksums_are_read_and_get_them_when_documents_are_added(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    (folder,) = small(path, 1, 8)
    before, _ = ask(path)
    forget_checksums(path)
    assert ask(path) == (before, None)
    for file in (*VECTOR_FILES, *INDEX_FILES):
        flip(folder / file)
        answers, notice = ask(path)
        wrong = [answer for name, answer in answers.items() if answer != before[name]]
        assert all(isinstance(answer, DamageError) and file in str(answer) for answer in wrong)
        assert bool(wrong) == (file in VECTOR_FILES)
        assert (notice is not None) == (file == "sentences.faiss")
        build(path, documents(0, 1), model=FakeEncoder())
        assert not (folder / CHECKSUM_FILE).exists()  # damage gets no checksums of its own
        flip(folder / file)
    build(path, documents(0, 1), model=FakeEncoder())
    assert (folder / CHECKSUM_FILE).exists()
    with Collection.open(path) as opened:
        assert opened.verify().problems == ()
        assert opened.verify().files == len(FILES)
    assert ask(path) == (before, None)


def test_encoding_again_is_a_way_out_of_damaged_vectors(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    first, _, third = small(path)
    before, _ = ask(path)
    flip(first / "tokens.npy")
    (third / "sentences.npy").unlink()
    reencode(path, model=FakeEncoder())
    assert ask(path)[0]["same word"] == before["same word"]
    with Collection.open(path) as opened:
        assert verify(opened, FakeEncoder(), sample=50).problems == ()


def hostile() -> dict[str, tuple[str, Callable[[Path], bytes]]]:
    """Return files with right checksums that a stranger could have made: name of the file, and its content."""

    def changed(file: str, change: Callable[[npt.NDArray[Any]], npt.ArrayLike]) -> tuple[str, Callable[[Path], bytes]]:
        return file, lambda folder: saved(change(np.load(folder / file)))

    other = faiss.IndexFlatIP(16)
    other.add(np.zeros((112, 16), np.float32))
    narrow = faiss.index_factory(5, "SQfp16", faiss.METRIC_INNER_PRODUCT)
    narrow.train(np.zeros((1, 5), np.float32))
    narrow.add(np.zeros((112, 5), np.float32))
    return {
        "sentences that do not exist": changed("token_sentences.npy", lambda a: a + 10**6),
        "sentences before the first": changed("token_sentences.npy", lambda a: a - 10**6),
        "documents that do not exist": changed("sentence_documents.npy", lambda a: a + 10**15),
        "documents before the first": changed("sentence_documents.npy", lambda a: a - 10**15),
        "sentence ids that do not exist": changed("sentence_ids.npy", lambda a: a + 10**15),
        "occurrence ids that do not exist": changed("token_ids.npy", lambda a: a - 10**15),
        "fewer ids than vectors": changed("token_ids.npy", lambda a: a[:-1]),
        "fewer vectors": changed("tokens.npy", lambda a: a[:-1]),
        "shorter vectors": changed("tokens.npy", lambda a: a[:, :-1]),
        "longer sentence vectors": changed("sentences.npy", lambda a: np.hstack([a, a])),
        "vectors without numbers": changed("tokens.npy", lambda a: a[:, :0]),
        "numbers of 32 bits": changed("tokens.npy", lambda a: a.astype(np.float32)),
        "another index": ("sentences.faiss", lambda folder: faiss.serialize_index(other).tobytes()),
        "an index of other vectors": ("sentences.faiss", lambda folder: faiss.serialize_index(narrow).tobytes()),
        "no index": ("sentences.faiss", lambda folder: b"IxSQ" + b"\xff" * 200),
    }


@pytest.mark.usefixtures("few_candidates")
@pytest.mark.parametrize("kind", hostile())
def test_a_strangers_file_with_right_checksums_is_refused_in_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "c.pol"
    (folder,) = small(path, 1, 8)
    before, _ = ask(path)
    file, content = hostile()[kind]
    write_with_right_checksums(folder, file, content(folder))
    answers, notice = ask(path)  # no other error than a CollectionError
    refused = [str(answer) for answer in answers.values() if isinstance(answer, DamageError)]
    assert bool(refused) == (file in VECTOR_FILES)
    assert not any("\n" in message for message in refused)
    if file in INDEX_FILES:
        assert answers == before
        assert notice is not None


def test_ranges_that_do_not_fit_the_vectors_are_refused_in_one_line(tmp_path: Path) -> None:
    for number, change in enumerate(["first = first + 1000000", "count = count + 1000000", "first = -5", "count = -1"]):
        path = tmp_path / f"{number}.pol"
        small(path, 1)
        edit(path, lambda db, change=change: db.execute(f"UPDATE ranges SET {change}"))  # type: ignore[misc]
        answers, _ = ask(path)
        for question in ("same word", "any word", "phrase"):
            assert "rows, the database names others; restore" in str(answers[question])
        build(path, documents(1, 2), model=FakeEncoder())
        with Collection.open(path) as opened, pytest.raises(DamageError, match="ranges in the database do not fit"):
            opened.compact()
