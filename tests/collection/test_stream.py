"""Every token of a collection is stored with its part of speech, and an indexed lookup finds it."""

from __future__ import annotations

import io
import json
import random
import sqlite3
from collections import defaultdict
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import stored
from fakes import TAGSET, FakeEncoder
from polyseme.indexer.build import BuildConfig, build, new_settings
from polyseme.indexer.collection.checksums import CHECKSUM_FILE
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.schema import DATABASE_NAME
from polyseme.indexer.collection.segment import add_checksums
from polyseme.indexer.collection.stored_tokens import StoredTokens
from polyseme.indexer.collection.stream import STREAM_FILES, Word
from polyseme.indexer.errors import CollectionError
from polyseme.indexer.reencode import reencode
from polyseme.indexer.text import TextAnalyser
from polyseme.indexer.verify import verify

from polyseme import Document, GivenSentence, GivenToken

CONFIG = BuildConfig(sample_sentences=16, segment_sentences=20)
WORDS = [
    "bank",
    "Banks",
    "the",
    "river",
    "of",
    "loan",
    "loans",
    "paid",
    "saw",
    "left",
    "a",
    "—",
    "“old”",
    "it's",
    "3rd",
]
ANALYSER = TextAnalyser("en")
Tokens = list[tuple[int, Word]]


def tagged() -> FakeEncoder:
    return FakeEncoder(tagger="first")


def documents(first: int, last: int) -> list[Document]:
    chance = random.Random(first)
    return [
        Document(
            f"d{n:03}", "\n\n".join(" ".join(chance.choices(WORDS, k=chance.randint(1, 9))) + "." for _ in range(5))
        )
        for n in range(first, last)
    ]


def make(path: Path, encoder: FakeEncoder | None = None) -> Path:
    """Make a collection of several segments, one of which is a merged one."""
    for first in range(0, 12, 4):
        build(path, documents(first, first + 4), CONFIG, encoder or tagged())
    return path


def make_version_2(path: Path) -> Path:
    Collection.create(path, replace(new_settings(CONFIG, FakeEncoder()), tagger_id=None)).close()
    return make(path, FakeEncoder())


def expected(path: Path, encoder: FakeEncoder) -> dict[int, Tokens]:
    """Return the tokens of all live sentences, cut and tagged again."""
    with Collection.open(path) as collection, closing(sqlite3.connect(path / DATABASE_NAME)) as db:
        live = "SELECT s.id FROM sentences s JOIN documents d ON d.id = s.document WHERE d.state = 1"
        found = {}
        for (key,) in db.execute(live).fetchall():
            tokens = ANALYSER.tokens(collection.sentence_text(key), collection.given_tokens(key))
            tags = encoder.tags([token.text for token in tokens])
            found[key] = [
                (
                    token.start,
                    Word(
                        token.text,
                        token.lemma,
                        token.pos or (TAGSET.upos[tags.upos[n]] if tags else ""),
                        token.tag or (TAGSET.xpos[tags.xpos[n]] if tags else ""),
                    ),
                )
                for n, token in enumerate(tokens)
            ]
    return found


def check(path: Path, encoder: FakeEncoder) -> None:
    """Compare the streams of a collection with its texts, and each lookup with a scan of all tokens."""
    wanted = expected(path, encoder)
    with Collection.open(path) as collection, collection.reading() as snapshot:
        words = collection.words()
        tokens = StoredTokens(snapshot.segments.values(), words)
        assert {key: tokens.of_sentence(key) for key in wanted} == wanted
        at = [(key, n) for key, each in wanted.items() for n in range(len(each))]
        found = tokens.at([key for key, _ in at], [n for _, n in at])
        assert found == [wanted[key][n][1] for key, n in at]
        assert tokens.at([1, 10**9, 1], [-1, 0, 1000]) == [None] * 3
        for segment in snapshot.segments.values():
            assert segment.stream is not None
            places = defaultdict(list)
            for place, row in enumerate(np.asarray(segment.stream.words).tolist()):
                places[row].append(place)
            for row in range(len(segment.stream.word_ids)):
                mask = np.zeros(len(segment.stream.word_ids), bool)
                mask[row] = True
                assert segment.stream.tokens_of(mask).tolist() == places[row]
            everything = segment.stream.tokens_of(np.ones(len(segment.stream.word_ids), bool))
            assert everything.tolist() == list(range(len(segment.stream)))
            rows = segment.stream.sentences_of(np.asarray(segment.stream.token_places))
            starts = segment.stream.starts[rows]
            positions = (np.asarray(segment.stream.token_places) - starts).tolist()
            sentences = segment.sentence_ids[rows].tolist()
            sql = "SELECT sentence, position FROM occurrences WHERE id = ?"
            stored_places = [
                collection.db.execute(sql, (key,)).fetchone() for key in np.asarray(segment.token_ids).tolist()
            ]
            assert list(zip(sentences, positions, strict=True)) == stored_places
        assert verify(collection, encoder, sample=500).problems == ()


def test_stream_holds_every_token_through_commits_merges_and_removals(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    check(path, tagged())
    with Collection.open(path) as collection:
        collection.remove(["d001", "d006", "d007"])
    check(path, tagged())
    with Collection.open(path) as collection:
        assert collection.compact() == 3
        assert collection.info().segments == 1
    check(path, tagged())
    build(path, documents(20, 22), CONFIG, tagged())
    check(path, tagged())
    with Collection.open(path) as collection:
        collection.remove([document.document_id for document in collection.documents()])
        collection.compact()
        assert len(collection.words()) == 0
    build(path, documents(30, 31), CONFIG, tagged())
    check(path, tagged())


def test_many_small_segments_are_merged_with_their_streams(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    for n in range(9):
        build(path, documents(n, n + 1), CONFIG, tagged())
    with Collection.open(path) as collection:
        assert collection.info().segments < 9
    check(path, tagged())


def test_tokens_without_a_tagger_have_no_tags(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol", FakeEncoder())
    check(path, FakeEncoder())
    report = build(path, documents(20, 21), CONFIG, tagged())
    assert any("was made without a tagger; `polyseme reencode" in notice for notice in report.notices)
    check(path, FakeEncoder())
    reencode(path, model=tagged())
    check(path, tagged())


def test_another_tagger_adds_no_tags(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    report = build(path, documents(20, 21), CONFIG, FakeEncoder(tagger="second"))
    assert any("are of another tagger" in notice for notice in report.notices)
    with Collection.open(path) as collection, collection.reading() as snapshot:
        tokens = StoredTokens(snapshot.segments.values(), collection.words())
        last = max(int(segment.sentence_ids[-1]) for segment in snapshot.segments.values())
        assert {word.pos for _, word in tokens.of_sentence(last) or []} == {""}


def test_tags_and_lemmas_of_a_document_are_kept(tmp_path: Path) -> None:
    text = "She left. He saw it."
    given = GivenSentence(
        0,
        9,
        (
            GivenToken(0, 3, None, "PRON"),
            GivenToken(4, 8, "leave", "VERB", "VVD"),
            GivenToken(8, 9, None, None, "SENT"),
        ),
    )
    path = tmp_path / "c.pol"
    build(path, [Document("d", text, sentences=(given,))], CONFIG, tagged())
    check(path, tagged())
    with Collection.open(path) as collection, collection.reading() as snapshot:
        tokens = StoredTokens(snapshot.segments.values(), collection.words())
        (she, left, stop), second = tokens.of_sentence(1) or [], tokens.of_sentence(2) or []
    assert left[1] == ("left", "leave", "VERB", "VVD")
    assert (she[1].pos, stop[1].tag) == ("PRON", "SENT")
    assert all(word.tag in TAGSET.xpos for word in (she[1], *(word for _, word in second)))
    assert [word.form for _, word in second] == ["He", "saw", "it", "."]


def test_version_2_answers_grows_and_is_brought_up(tmp_path: Path) -> None:
    path = make_version_2(tmp_path / "old.pol")
    for folder in (path / "segments").iterdir():
        assert not {file.name for file in folder.iterdir()} & set(STREAM_FILES)
    report = build(path, documents(20, 21), CONFIG, tagged())
    assert any("does not store parts of speech; `polyseme reencode" in notice for notice in report.notices)
    with Collection.open(path) as collection:
        assert collection.info().format_version == 2
        assert collection.settings.tagger_id is None
        assert verify(collection, tagged(), sample=500).problems == ()
        collection.remove(["d001"])
        collection.compact()
        assert verify(collection, tagged(), sample=500).problems == ()
        reencode(path, model=tagged())
        with collection.reading():  # a reader follows
            assert collection.settings.tagger_id == tagged().tagger_id
            assert collection.info().format_version == 3
    check(path, tagged())


def saved(array: npt.ArrayLike) -> bytes:
    out = io.BytesIO()
    np.save(out, np.asarray(array))
    return out.getvalue()


def write_with_right_checksums(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    (folder / CHECKSUM_FILE).unlink(missing_ok=True)
    records = {file: asdict(record) for file, record in add_checksums(folder).items()}
    stored.change(folder.parents[1], "UPDATE segments SET files = ? WHERE name = ?", json.dumps(records), folder.name)


def hostile(folder: Path) -> dict[str, tuple[str, npt.ArrayLike]]:
    """Return hostile contents of the files of a stream: file and array, by what is wrong."""
    arrays = {name: np.load(folder / name) for name in STREAM_FILES}
    starts, kinds, words, places = (
        arrays[name] for name in ("stream_starts.npy", "stream_words.npy", "stream.npy", "token_places.npy")
    )
    t, w = len(words), len(kinds)
    back, late = starts.copy(), starts.copy()
    back[2], late[0] = starts[-1], 1
    small, falling = kinds.copy(), kinds.copy()
    small[1, 1], falling[1, 0] = t, kinds[0, 0]
    return {
        "starts fall": ("stream_starts.npy", back),
        "starts begin late": ("stream_starts.npy", late),
        "starts beyond": ("stream_starts.npy", starts + 1),
        "too few starts": ("stream_starts.npy", starts[:-1]),
        "an unknown word": ("stream.npy", np.full(t, w, np.int32)),
        "a negative word": ("stream.npy", np.full(t, -1, np.int32)),
        "fewer tokens": ("stream.npy", words[:-1]),
        "a negative offset": ("stream_offsets.npy", np.full(t, -1, np.int32)),
        "an unknown token": ("stream_order.npy", np.full(t, t, np.int32)),
        "an unknown place": ("token_places.npy", np.full(len(places), t, np.int32)),
        "firsts beyond": ("stream_words.npy", small),
        "words fall": ("stream_words.npy", falling),
        "three columns": ("stream_words.npy", np.zeros((w, 3), np.int64)),
        "no words": ("stream_words.npy", np.zeros((0, 2), np.int64)),
        "floats": ("stream.npy", words.astype(np.float16)),
        "long numbers": ("stream.npy", words.astype(np.int64)),
    }


def read_everything(path: Path) -> None:
    with Collection.open(path) as collection, collection.reading() as snapshot:
        for segment in snapshot.segments.values():
            stream = segment.stream
            assert stream is not None
            tokens = stream.tokens_of(np.ones(len(stream.word_ids), bool))
            stream.sentences_of(tokens)
            stream.words.whole(), stream.offsets.whole(), stream.token_places.whole()
            assert stream.order_problem() is None


def test_hostile_stream_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    build(path, documents(0, 3), CONFIG, tagged())
    (folder,) = (path / "segments").iterdir()
    before = {name: (folder / name).read_bytes() for name in STREAM_FILES}
    read_everything(path)
    for what, (name, array) in hostile(folder).items():
        write_with_right_checksums(folder, name, saved(array))
        with pytest.raises(CollectionError) as refused:
            read_everything(path)
        message = str(refused.value)
        assert "\n" not in message, what
        assert str(folder) in message, what
        assert "run `polyseme" in message or "restore" in message, what
        with Collection.open(path, is_checked=False) as collection:
            assert verify(collection, tagged()).problems, what
        write_with_right_checksums(folder, name, before[name])
    read_everything(path)


def test_verification_finds_a_wrong_stream(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    build(path, documents(0, 3), CONFIG, tagged())
    (folder,) = (path / "segments").iterdir()
    places, words, order = (np.load(folder / name) for name in ("token_places.npy", "stream.npy", "stream_order.npy"))

    def problems() -> str:
        with Collection.open(path) as collection:
            return "\n".join(verify(collection, tagged(), sample=500).problems)

    assert problems() == ""
    for name, array, said in [
        ("token_places.npy", places[::-1], "occurrences are tokens of another sentence"),
        ("stream_order.npy", order[::-1], "the order of its tokens is not that of their words"),
        ("stream.npy", np.roll(words, 1), "the order of its tokens is not that of their words"),
        ("stream_offsets.npy", np.zeros(len(words), np.int32), "differ in tokens or lemmas from its text"),
    ]:
        content = (folder / name).read_bytes()
        write_with_right_checksums(folder, name, saved(np.ascontiguousarray(array)))
        assert said in problems()
        write_with_right_checksums(folder, name, content)
    assert problems() == ""
    for sql, said in [
        ("UPDATE words SET pos = 'VERB'", "parts of speech differ from fresh ones"),
        ("UPDATE words SET lemma = 'x' WHERE form = 'bank'", "differ in tokens or lemmas from its text"),
        ("UPDATE words SET form = x'00' WHERE form = 'bank'", "has a form that is no text"),
        ("DELETE FROM words WHERE form = 'bank'", "of its words are not in the database"),
        ("UPDATE settings SET value = 1 WHERE key = 'next_word'", "'next_word' is 1, but an id in words is"),
        ("DELETE FROM settings WHERE key = 'next_word'", "'next_word' is None, but an id in words is"),
        ("DROP TABLE words", "no such table: words"),
    ]:
        content = (path / DATABASE_NAME).read_bytes()
        stored.change(path, sql)
        assert said in problems(), sql
        (path / DATABASE_NAME).write_bytes(content)


def test_merge_refuses_a_wrong_stream_in_one_line(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol")
    folder = sorted((path / "segments").iterdir())[0]
    write_with_right_checksums(folder, "stream_starts.npy", saved(np.load(folder / "stream_starts.npy") * 0))
    with (
        Collection.open(path) as collection,
        pytest.raises(CollectionError, match=r"stream_starts\.npy does not divide"),
    ):
        collection.compact()
