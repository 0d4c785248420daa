"""A collection made with a sentence transformer compares its sentences with it, once the user has named the model."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.records import SentenceKind
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import CollectionError
from polyseme.indexer.reencode import reencode
from polyseme.indexer.sentence_models.named import fitting_sentence_model
from polyseme.indexer.verify import verify
from polyseme.search.searcher import Searcher
from polyseme.ui.cli.main import run_command
from tiny_sentence_models import Tiny, needs_onnxruntime, write_folder

needs_onnxruntime()
TEXT = "The boat lay at the bank of the river . She put her money in the bank . Cold rain fell on the wet boat ."
SENTENCES = [f"{one.strip()} ." for one in TEXT.split(" .") if one.strip()]
QUERY = "we saw the rain fell on it"


@pytest.fixture(autouse=True)
def own_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a configuration of its own, in which no model is named."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "config"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "model")


@pytest.fixture
def made(tmp_path: Path, folder: Path) -> Path:
    """Return a collection that was made with the model in `folder`."""
    path = tmp_path / "c.pol"
    build(path, [Document("a", TEXT)], BuildConfig(sentence_model=folder), FakeEncoder())
    return path


@pytest.fixture
def stranger(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget the named models once the collection is made, as on another machine."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("APPDATA", str(tmp_path / "other"))


def by_hand() -> list[tuple[str, float]]:
    """Return the sentences with their cosines to the query, best first, from the network in numpy."""
    found = Tiny().vectors(SENTENCES) @ Tiny().vectors([QUERY])[0]
    order = np.argsort(-found)
    return [(SENTENCES[n], float(found[n])) for n in order]


def check_answers(path: Path, **options: Path) -> None:
    with Searcher.open(path, FakeEncoder(), **options) as searcher:
        hits = searcher.sentences(QUERY, k=3)
        assert hits.notice is None
        for hit, (sentence, score) in zip(hits, by_hand(), strict=True):
            assert hit.sentence == sentence
            assert hit.score == pytest.approx(score, abs=0.02)  # stored as bytes


def test_sentences_are_ordered_by_the_named_model(made: Path) -> None:
    check_answers(made)


def test_id_and_place_are_recorded(made: Path, folder: Path) -> None:
    with Collection.open(made) as collection:
        settings = collection.settings
        model = fitting_sentence_model(collection)
    assert (settings.sentence_vectors, settings.sentence_source) == (SentenceKind.EXTERNAL, str(folder))
    assert model is not None
    assert (model.id, model.source) == (settings.sentence_id, str(folder))


@pytest.mark.usefixtures("stranger")
def test_place_in_a_collection_of_a_stranger_is_not_looked_at(made: Path, folder: Path) -> None:
    with Searcher.open(made, FakeEncoder()) as searcher:
        assert searcher.occurrences("the [bank] of the river", k=1)[0].sentence == SENTENCES[0]
        notice = searcher.sentences(QUERY).notice
    assert notice is not None
    assert "name that model with --sentence-model" in notice
    check_answers(made, sentence_model=folder)
    check_answers(made)  # it is named now


@pytest.mark.usefixtures("stranger")
def test_unnamed_model_is_not_added_to(made: Path) -> None:
    with pytest.raises(CollectionError, match="name that model with --sentence-model"):
        build(made, [Document("b", "The rain .")], model=FakeEncoder())


def test_named_model_encodes_added_documents(made: Path) -> None:
    build(made, [Document("b", "The deep river .")], model=FakeEncoder())
    with Searcher.open(made, FakeEncoder()) as searcher:
        assert searcher.sentences("the deep river .", k=1)[0].score == pytest.approx(1, abs=0.001)


def test_other_model_is_refused(made: Path, tmp_path: Path) -> None:
    other = write_folder(tmp_path / "other", Tiny(1))
    with pytest.raises(CollectionError, match="name the right model"):
        Searcher.open(made, FakeEncoder(), other)
    with pytest.raises(CollectionError, match="name the right model"):
        build(made, [Document("b", "The rain .")], BuildConfig(sentence_model=other), FakeEncoder())


def test_model_that_has_changed_or_gone_is_one_line(made: Path, folder: Path, tmp_path: Path) -> None:
    write_folder(folder, Tiny(1))
    with (
        Searcher.open(made, FakeEncoder()) as searcher,
        pytest.raises(CollectionError, match=r"has changed since you named it.*--sentence-model"),
    ):
        searcher.sentences(QUERY)
    shutil.rmtree(folder)
    with Searcher.open(made, FakeEncoder()) as searcher:
        with pytest.raises(CollectionError, match="there is no folder"):
            searcher.sentences(QUERY)
        assert searcher.occurrences("the [bank] of the river", k=1)[0].sentence == SENTENCES[0]
        # ELMo's default vectors are compared without the model, in any order.
        by_default = searcher.sentences(SENTENCES[2], k=1, by="default")
        assert [hit.sentence for hit in by_default] == [SENTENCES[2]]
        assert searcher.sentences(SENTENCES[2], k=1, by="default", order="hybrid")[0].sentence == SENTENCES[2]
    check_answers(made, sentence_model=write_folder(tmp_path / "moved"))


def test_reencode_keeps_changes_and_drops_the_model(made: Path, tmp_path: Path) -> None:
    def kind() -> tuple[SentenceKind, str]:
        with Collection.open(made) as collection:
            return collection.settings.sentence_vectors, collection.settings.sentence_source

    before = kind()
    reencode(made, model=FakeEncoder())
    assert kind() == before
    check_answers(made)
    other = write_folder(tmp_path / "other", pooling="cls")
    reencode(made, model=FakeEncoder(), sentence_model=other)
    assert kind() == (SentenceKind.EXTERNAL, str(other))
    reencode(made, model=FakeEncoder(), sentence_model="none")
    assert kind() == (SentenceKind.LEARNED, "")
    with pytest.raises(CollectionError, match="has no sentence vectors of a sentence model"):
        Searcher.open(made, FakeEncoder(), other)


def test_verify_compares_sentence_vectors_with_the_model(made: Path, folder: Path) -> None:
    with Collection.open(made) as collection:
        model = fitting_sentence_model(collection)
        report = verify(collection, FakeEncoder(), sentence_model=model)
    assert report.problems == ()
    assert not any("not compared" in notice for notice in report.notices)


def test_command_line_makes_searches_and_verifies(
    tmp_path: Path, folder: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    path = str(tmp_path / "c.pol")

    def call(*arguments: str, status: int = 0) -> str:
        found, shown = run_command(list(arguments)), capsys.readouterr()
        assert found == status, shown
        return shown.out + shown.err

    model = ["--model", str(tiny_folder)]
    call("index", path, str(tmp_path / "a.txt"), *model, "--sentence-model", str(folder), "--quiet")
    assert str(folder) in call("info", path)
    found = call("search", path, QUERY, "-k", "3", "--format", "csv")
    assert [found.index(sentence) for sentence, _ in by_hand()] == sorted(found.index(one) for one, _ in by_hand())
    assert "no problems" in call("verify", path)
    assert "there is no folder" in call("search", path, QUERY, "--sentence-model", str(tmp_path / "no"), status=1)
    call("reencode", path, "--sentence-model", "none")
    assert str(folder) not in call("info", path)
