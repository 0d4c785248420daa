"""The two sentence vectors of a collection: product and default vectors, and collections of format version 1."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import DIM, SENTENCE_DIM, FakeEncoder, word_vector
from polyseme.indexer.build import BuildConfig, BuildReport, build, new_settings
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.records import SentenceKind
from polyseme.indexer.collection.schema import DATABASE_NAME
from polyseme.indexer.collection.segment import DEFAULTS, SENTENCE_INDEX, add_checksums
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import CollectionError, DamageError
from polyseme.indexer.reencode import reencode
from polyseme.indexer.text import TextAnalyser
from polyseme.indexer.vectorise import spelled
from polyseme.indexer.vectors.arrays import Array, unit
from polyseme.indexer.vectors.int8 import ByteRows, to_bytes
from polyseme.indexer.vectors.transforms import CENTRING_ROWS
from polyseme.indexer.verify import verify
from polyseme.search.hits import By
from polyseme.search.query.scope import Scope
from polyseme.search.retrieval.exact import nearest_sentences
from polyseme.search.searcher import Searcher

WORDS = ["bank", "river", "loan", "spring", "boat", "heron", "mill", "money", "clerk", "reed"]
CONFIG = BuildConfig(segment_sentences=16, sample_sentences=16)
QUERY = "The heron of the mill stood by a river."


def documents(first: int, last: int) -> list[Document]:
    return [
        Document(
            f"d{n:03}",
            " ".join(
                f"The {WORDS[(n + i) % 10]} and the {WORDS[(n * i) % 10]} of house {n} saw {WORDS[i]} {i}."
                for i in range(4)
            ),
        )
        for n in range(first, last)
    ]


def make(path: Path, encoder: FakeEncoder, count: int = 12) -> Path:
    build(path, documents(0, count), CONFIG, encoder)
    return path


def make_version_1(path: Path, count: int = 12, encoder: FakeEncoder | None = None) -> Path:
    """Make a collection with the files and rows of format version 1."""
    encoder = encoder or FakeEncoder()
    settings = new_settings(CONFIG, encoder)
    kind = {"sentence_vectors": SentenceKind.DEFAULT, "sentence_id": "", "sentence_source": ""}
    Collection.create(path, replace(settings, **kind)).close()  # type: ignore[arg-type]
    build(path, documents(0, count), CONFIG, encoder)
    return path


def stored(path: Path, name: str) -> Array:
    """Return the rows of a file of all segments in the order of sentences."""
    folders = sorted((path / "segments").iterdir())
    found = [np.load(folder / name) for folder in folders]
    rows = [ByteRows(each)[:] if each.dtype == np.int8 else each.astype(np.float32) for each in found]
    ids = np.concatenate([np.load(folder / "sentence_ids.npy") for folder in folders])
    return np.asarray(np.concatenate(rows)[np.argsort(ids)], np.float32)


def settings_of(path: Path) -> dict[str, object]:
    with sqlite3.connect(path / DATABASE_NAME) as db:
        return {key: json.loads(value) for key, value in db.execute("SELECT key, value FROM settings")}


def texts_of(path: Path) -> list[str]:
    with sqlite3.connect(path / DATABASE_NAME) as db:
        rows = db.execute(
            'SELECT substr(d.text, s.start + 1, s."end" - s.start) FROM sentences s JOIN documents d'
            " ON d.id = s.document ORDER BY s.id"
        )
        return [text for (text,) in rows]


def by_brute_force(searcher: Searcher, by: By) -> list[str]:
    """Return the texts of all sentences, nearest first, by vectors that are encoded again."""
    tokens = [searcher.analyser.tokens(text) for text in texts_of(searcher.collection.path)]
    with searcher._view() as view:
        vectors = [view.encode(each) for each in tokens]
        query = view.encode(searcher.analyser.tokens(QUERY))
    rows = np.stack([one.default if by is By.DEFAULT else one.sentence for one in vectors])
    scores = rows @ (query.default if by is By.DEFAULT else query.sentence)
    order = np.argsort(-scores, kind="stable")
    return [texts_of(searcher.collection.path)[n] for n in order[:5]]


def nearest(searcher: Searcher, by: By) -> list[str]:
    with searcher._view() as view:
        query = view.encode(searcher.analyser.tokens(QUERY))
        found = nearest_sentences(view.scope, query.default if by is By.DEFAULT else query.sentence, 5, by)
        return [searcher.collection.sentence_text(key) for key in found.ids.tolist()]


class WordSum:
    """A sentence transformer for tests: the sum of vectors of words, which it cuts at spaces."""

    id = "ab" * 32
    dim = 6
    source = "a folder"

    def __init__(self) -> None:
        self.texts: list[str] = []

    def vectors(self, texts: Sequence[str]) -> Array:
        self.texts += texts
        return np.stack([np.sum([word_vector(word, 6) for word in text.split()], axis=0) for text in texts])


def test_new_collection_stores_product_and_default_vectors_as_bytes(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol", FakeEncoder())
    analyser = TextAnalyser("en")
    tokens = [[token.text for token in analyser.tokens(text)] for text in texts_of(path)]
    raw = FakeEncoder().represent(tokens)
    for folder in (path / "segments").iterdir():
        assert np.load(folder / "sentences.npy").dtype == np.load(folder / DEFAULTS).dtype == np.int8
    products = np.stack([each.sentence for each in raw])
    with Collection.open(path) as collection, collection.reading() as snapshot:
        expected = snapshot.transforms["default"](np.stack([each.default for each in raw]))
        assert set(snapshot.transforms) == {"default", "sentence", "word"}
        centring = snapshot.transforms["sentence"]
        assert centring.matrix is None
        info = collection.info()
    sample = products[: CONFIG.sample_sentences]
    assert np.allclose(centring.mean, sample.sum(axis=0) / (len(sample) + CENTRING_ROWS), atol=1e-5)
    assert np.allclose(stored(path, "sentences.npy"), unit(products - centring.mean), atol=0.02)
    assert np.allclose(stored(path, DEFAULTS), expected, atol=0.02)
    assert (info.format_version, info.sentence_dim, info.default_dim) == (3, SENTENCE_DIM, DIM)
    assert info.settings.sentence_vectors is SentenceKind.LEARNED
    assert info.settings.sentence_id == FakeEncoder().sentence_id


@pytest.mark.parametrize("by", [By.SENTENCE, By.DEFAULT])
@pytest.mark.parametrize("space", ["first", ""], ids=["learned", "pooled"])
def test_search_by_either_vector_equals_brute_force(tmp_path: Path, by: By, space: str) -> None:
    encoder = FakeEncoder(sentence_space=space)
    path = make(tmp_path / "c.pol", encoder)
    with Searcher.open(path, encoder) as searcher:
        assert nearest(searcher, by) == by_brute_force(searcher, by)
        assert searcher.sentences(QUERY, k=5).notice is None


def test_sentence_asked_again_comes_first(tmp_path: Path) -> None:
    for space in ("first", ""):
        path = make(tmp_path / f"{space}.pol", FakeEncoder(sentence_space=space))
        with Searcher.open(path, FakeEncoder(sentence_space=space)) as searcher:
            for text in texts_of(path)[:20]:
                best = searcher.sentences(text, k=1, order="meaning")[0]
                assert best.score >= 0.999
                assert best.sentence == text


def test_default_search_stays_inside_filters(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol", FakeEncoder())
    with Collection.open(path) as collection:
        collection.remove(["d003"])
        with collection.reading() as snapshot:
            query = snapshot.transforms["default"](np.ones((1, DIM), np.float32))[0]
            found = nearest_sentences(Scope(snapshot), query, 1000, By.DEFAULT)
            texts = {collection.sentence_text(key) for key in found.ids.tolist()}
    assert len(texts) == 44
    assert not any("house 3 " in text for text in texts)


def test_compaction_keeps_both_vectors(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol", FakeEncoder())
    before = stored(path, "sentences.npy"), stored(path, DEFAULTS)
    with Collection.open(path) as collection:
        collection.remove(["d000"])
        collection.compact()
        assert verify(collection, FakeEncoder(), sample=500).problems == ()
    assert np.array_equal(stored(path, "sentences.npy"), before[0][4:])
    assert np.array_equal(stored(path, DEFAULTS), before[1][4:])


def damage_row(path: Path, name: str) -> None:
    """Replace the vector of one sentence by another one, with right checksums."""
    folder = sorted((path / "segments").iterdir())[0]
    array = np.load(folder / name)
    array[1] = to_bytes(-ByteRows(array)[1:2])[0]
    np.save(folder / name, array)
    with sqlite3.connect(path / DATABASE_NAME) as db:
        files = {file: {"size": r.size, "sha256": r.sha256} for file, r in add_checksums(folder).items()}
        db.execute("UPDATE segments SET files = ? WHERE name = ?", (json.dumps(files), folder.name))
    (path / "collection.sums").unlink(missing_ok=True)


@pytest.mark.parametrize("name", ["sentences.npy", DEFAULTS])
def test_verify_compares_both_vectors_with_fresh_ones(tmp_path: Path, name: str) -> None:
    path = make(tmp_path / "c.pol", FakeEncoder())
    damage_row(path, name)
    with Collection.open(path) as collection:
        (problem,) = verify(collection, FakeEncoder(), sample=500).problems
    assert "sentence 2: stored and fresh vectors differ" in problem


def test_repair_builds_the_sentence_index_again(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol", FakeEncoder())
    with Searcher.open(path, FakeEncoder()) as searcher:
        before = searcher.sentences(QUERY, k=5)
    folder = sorted((path / "segments").iterdir())[0]
    whole = (folder / SENTENCE_INDEX).read_bytes()
    (folder / SENTENCE_INDEX).write_bytes(whole[:-5] + b"xxxxx")
    with Collection.open(path) as collection:
        assert verify(collection, FakeEncoder(), repair=True).problems == ()
    assert (folder / SENTENCE_INDEX).read_bytes() == whole
    with Searcher.open(path, FakeEncoder()) as searcher:
        assert searcher.sentences(QUERY, k=5) == before


# Other sentence spaces


def test_words_of_another_sentence_space_are_answered_and_sentences_by_default(tmp_path: Path) -> None:
    path, other = make(tmp_path / "c.pol", FakeEncoder()), FakeEncoder(sentence_space="second")
    with Searcher.open(path, FakeEncoder()) as searcher:
        words = searcher.occurrences("the [bank] of a river", k=9)
        expected = nearest(searcher, By.DEFAULT)
    with Searcher.open(path, other) as searcher:
        assert searcher.occurrences("the [bank] of a river", k=9) == words
        found = searcher.sentences(QUERY, k=5, order="meaning", alike=False)
        assert [hit.sentence for hit in found] == expected
        assert {hit.confidence for hit in found} == {None}  # the curve is that of learned vectors
        assert found.notice is not None
        assert "default vectors" in found.notice
        assert "polyseme reencode" in found.notice
        again = searcher.sentences(QUERY, k=5)
        assert again.notice is None  # once is enough
        liked = searcher.more_like([again[0]], k=3)
        assert liked[0] == replace(again[0], score=liked[0].score, meetings=())
    with Collection.open(path) as collection:
        report = verify(collection, other, sample=500)
        assert report.problems == ()
        assert any("sentence vectors were not compared" in notice for notice in report.notices)


def test_sentences_of_another_space_are_not_added(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol", FakeEncoder())
    for space in ("second", ""):
        with pytest.raises(CollectionError, match=r"nothing was added.*polyseme reencode"):
            build(path, documents(12, 14), CONFIG, FakeEncoder(sentence_space=space))
    with Collection.open(path) as collection:
        assert collection.info().documents == 12


def test_reencode_gives_a_collection_the_new_sentence_space(tmp_path: Path) -> None:
    path, other = make(tmp_path / "c.pol", FakeEncoder()), FakeEncoder(sentence_space="second")
    with Searcher.open(path, other) as searcher:
        words = searcher.occurrences("the [bank] of a river", k=9)
        reencode(path, model=other)
        again = searcher.occurrences("the [bank] of a river", k=9)
        assert [hit.score for hit in again] == pytest.approx([hit.score for hit in words], abs=1e-2)
        assert nearest(searcher, By.SENTENCE) == by_brute_force(searcher, By.SENTENCE)
        assert searcher.sentences(QUERY).notice is None
    build(fresh := tmp_path / "fresh.pol", documents(0, 12), model=other)  # with the sample of the other one
    assert np.array_equal(stored(path, "sentences.npy"), stored(fresh, "sentences.npy"))


# Sentence transformers


def test_sentence_transformer_sees_texts_of_documents_and_queries(tmp_path: Path) -> None:
    model, path = WordSum(), tmp_path / "c.pol"
    text = "A heron  stood by the mill. The clerk's loan was not paid."
    build(path, [Document("a", text), *documents(0, 5)], CONFIG, FakeEncoder(), sentence_model=model)
    assert model.texts[:2] == ["A heron stood by the mill.", "The clerk's loan was not paid."]
    settings = settings_of(path)
    names = ("sentence_vectors", "sentence_id", "sentence_source")
    assert [settings[name] for name in names] == ["external", WordSum.id, "a folder"]
    with Searcher.open(path, FakeEncoder(), model) as searcher:
        asked = len(model.texts)
        searcher.occurrences("the [heron] of the river", k=3)
        assert len(model.texts) == asked  # words need no sentence transformer
        assert searcher.sentences("a heron stood by the mill.", k=1)[0].sentence == "A heron  stood by the mill."
        assert nearest(searcher, By.SENTENCE) == by_brute_force(searcher, By.SENTENCE)
        assert nearest(searcher, By.DEFAULT) == by_brute_force(searcher, By.DEFAULT)
    with Collection.open(path) as collection:
        assert verify(collection, FakeEncoder(), sample=500, sentence_model=model).problems == ()
        assert verify(collection, FakeEncoder(), sample=500).problems == ()


def test_collection_of_a_sentence_transformer_opens_without_it(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    build(path, documents(0, 5), CONFIG, FakeEncoder(), sentence_model=WordSum())
    with Searcher.open(path, FakeEncoder()) as searcher:
        assert nearest(searcher, By.SENTENCE) == nearest(searcher, By.DEFAULT)
        notice = searcher.sentences(QUERY).notice
        assert notice is not None
        assert "--sentence-model" in notice
    with pytest.raises(CollectionError, match="--sentence-model"):
        build(path, documents(5, 6), CONFIG, FakeEncoder())
    report = reencode(path, model=FakeEncoder())
    assert any("no more of 'a folder'" in notice for notice in report.notices)
    assert settings_of(path)["sentence_vectors"] == "learned"


def test_spelling_of_tokens_is_the_text_with_single_spaces() -> None:
    text = "She  said:\n“don't!” — and left."
    assert spelled(TextAnalyser("en").tokens(text)) == " ".join(text.split())
    assert spelled(()) == ""


# Format version 1


def test_version_1_has_the_files_and_settings_of_before(tmp_path: Path) -> None:
    path = make_version_1(tmp_path / "old.pol")
    settings = settings_of(path)
    assert settings["format_version"] == 1
    assert not {"sentence_vectors", "sentence_id", "sentence_source"} & set(settings)
    with sqlite3.connect(path / DATABASE_NAME) as db:
        assert {name for (name,) in db.execute("SELECT name FROM arrays")} == {"sentence", "word"}
    for folder in (path / "segments").iterdir():
        assert np.load(folder / "sentences.npy").dtype == np.float16
        assert not (folder / DEFAULTS).exists()


def test_version_1_answers_grows_and_is_brought_up(tmp_path: Path) -> None:
    path = make_version_1(tmp_path / "old.pol")
    with Searcher.open(path, FakeEncoder()) as searcher:
        assert nearest(searcher, By.SENTENCE) == by_brute_force(searcher, By.DEFAULT)
        assert nearest(searcher, By.DEFAULT) == by_brute_force(searcher, By.DEFAULT)
        found = searcher.sentences(QUERY, k=5)
        assert found.notice is not None
        assert "polyseme reencode" in found.notice
        assert searcher.sentences(QUERY, k=5).notice is None
        build(path, documents(12, 20), CONFIG, FakeEncoder(sentence_space="second"))  # any space will do
        assert all(np.load(f / "sentences.npy").dtype == np.float16 for f in (path / "segments").iterdir())
        with Collection.open(path) as collection:
            assert verify(collection, FakeEncoder(), sample=500).problems == ()
            collection.remove(["d001"])
            collection.compact()
            assert verify(collection, FakeEncoder(), sample=500).problems == ()
        reencode(path, model=FakeEncoder())
        assert settings_of(path)["format_version"] == 3
        assert nearest(searcher, By.SENTENCE) == by_brute_force(searcher, By.SENTENCE)
        assert searcher.settings.sentence_vectors is SentenceKind.LEARNED
        assert searcher.sentences(QUERY, k=5).notice is None
    with Collection.open(path) as collection:
        assert verify(collection, FakeEncoder(), sample=500).problems == ()


def test_version_1_with_default_vectors_equal_to_those_of_version_2(tmp_path: Path) -> None:
    old, new = make_version_1(tmp_path / "old.pol"), make(tmp_path / "new.pol", FakeEncoder())
    assert np.allclose(stored(old, "sentences.npy"), stored(new, DEFAULTS), atol=0.01)


def test_segments_of_another_version_are_refused(tmp_path: Path) -> None:
    old, new = make_version_1(tmp_path / "old.pol"), make(tmp_path / "new.pol", FakeEncoder())
    for one, other in ((old, new), (new, old)):
        copy = tmp_path / f"{one.stem}-mixed.pol"
        shutil.copytree(one, copy)
        shutil.rmtree(copy / "segments")
        shutil.copytree(other / "segments", copy / "segments")
        with sqlite3.connect(other / DATABASE_NAME) as db:
            files = db.execute("SELECT name, files FROM segments").fetchall()
        with sqlite3.connect(copy / DATABASE_NAME) as db:
            db.executemany("UPDATE segments SET files = ? WHERE name = ?", [(f, n) for n, f in files])
        (copy / "collection.sums").unlink(missing_ok=True)
        with Collection.open(copy) as collection, pytest.raises(DamageError, match="another format version"):
            collection.info()


def test_settings_that_do_not_fit_the_version_are_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "c.pol", FakeEncoder())
    for value in ("default", "none", 3):
        with sqlite3.connect(path / DATABASE_NAME) as db:
            db.execute("UPDATE settings SET value = ? WHERE key = 'sentence_vectors'", (json.dumps(value),))
        (path / "collection.sums").unlink(missing_ok=True)
        with pytest.raises(CollectionError):
            Collection.open(path)


def test_fresh_build_reports_no_notice(tmp_path: Path) -> None:
    report: BuildReport = build(tmp_path / "c.pol", documents(0, 3), CONFIG, FakeEncoder())
    assert report.notices == ()
