"""`polyseme demo`: what it prints, and which collections it may replace."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from polyseme.indexer.build import build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.errors import CollectionError
from polyseme.ui.cli import page
from polyseme.ui.cli.main import run_command
from polyseme.ui.page import server
from stored import change


@pytest.fixture
def documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two documents in place of the samples, an empty cache folder, and no web page."""
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "river.txt").write_text("She sat on the river bank.", encoding="utf-8")
    (folder / "money.txt").write_text("The bank refused a loan.", encoding="utf-8")
    monkeypatch.setattr(page, "bundled_documents", lambda: folder)
    monkeypatch.setattr(server, "launch", lambda *arguments: 0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def make_unreadable(collection: Path) -> None:
    """Give a collection the format of a later version."""
    change(collection, "UPDATE settings SET value = '99' WHERE key = 'format_version'")


def n_documents(collection: Path) -> int:
    with Collection.open(collection) as opened:
        return opened.info().documents


def test_demo_prints_what_it_does_how_long_it_takes_and_opens_the_page(
    documents: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["demo", "--no-browser"]) == 0
    captured = capsys.readouterr()
    target = page.default_demo_path()
    first, second, third, fourth = captured.err.splitlines()  # the page's server prints the fifth
    assert captured.out == ""
    assert "2 sample documents" in first
    assert str(target) in second
    assert "about 30 seconds" in second
    assert re.fullmatch(r"Indexed in \d+ s: 2 new documents, 0 indexed already\.", third)
    assert "Starting the web page. This takes about" in fourth
    assert n_documents(target) == 2
    assert run_command(["demo"]) == 0
    assert "0 new documents, 2 indexed already" in capsys.readouterr().err


def make_with_another_model(collection: Path, sources: list[Path], tiny_encoder: ElmoEncoder) -> None:
    """Index documents with a model that a later version does not have."""
    build(collection, sources, model=tiny_encoder)
    change(collection, "UPDATE settings SET value = '\"default\"' WHERE key = 'model'")


@pytest.mark.parametrize("given", [True, False])
def test_demo_makes_a_collection_of_samples_again_when_the_model_changed(
    given: bool, documents: Path, tmp_path: Path, tiny_encoder: ElmoEncoder
) -> None:
    target = tmp_path / "given.pol" if given else page.default_demo_path()
    target.parent.mkdir(parents=True, exist_ok=True)
    make_with_another_model(target, [documents], tiny_encoder)
    assert not page.can_be_opened(target)
    assert run_command(["demo", *(["--collection", str(target)] if given else [])]) == 0
    assert page.can_be_opened(target)
    assert n_documents(target) == 2


def test_demo_keeps_a_collection_with_other_documents_or_named_senses(
    documents: Path, tmp_path: Path, tiny_encoder: ElmoEncoder, capsys: pytest.CaptureFixture[str]
) -> None:
    own, named, newer = tmp_path / "own.pol", tmp_path / "named.pol", tmp_path / "newer.pol"
    (tmp_path / "letter.txt").write_text("I walked along the bank.", encoding="utf-8")
    make_with_another_model(own, [documents, tmp_path / "letter.txt"], tiny_encoder)
    make_with_another_model(named, [documents], tiny_encoder)
    with Collection.open(named) as opened, opened.writing() as writer:
        writer.set_named_sense("shore", "{}")
    build(newer, [documents], model=tiny_encoder)
    make_unreadable(newer)
    reencode = "was built with another version of model 'default'"
    for target, reason in ((own, reencode), (named, reencode), (newer, "has format 99")):
        before = (target / "collection.db").read_bytes()
        assert run_command(["demo", "--collection", str(target)]) == 1
        line = capsys.readouterr().err.splitlines()[-1]
        assert line.startswith(f"polyseme: {target} {reason}")
        assert (target / "collection.db").read_bytes() == before
    assert n_documents(own) == 3


def test_demo_keeps_samples_of_another_model_and_files_of_the_user(
    documents: Path, tmp_path: Path, tiny_encoder: ElmoEncoder, tiny_folder: Path
) -> None:
    mine, noted = tmp_path / "mine.pol", tmp_path / "noted.pol"
    build(mine, [documents], model=str(tiny_folder))
    change(mine, "UPDATE settings SET value = '\"another\"' WHERE key = 'model_id'")
    make_with_another_model(noted, [documents], tiny_encoder)
    (noted / "notes.txt").write_text("mine", encoding="utf-8")
    for target in (mine, noted):
        assert not page.can_be_opened(target)
        before = sorted(path.name for path in target.iterdir())
        assert run_command(["demo", "--collection", str(target)]) == 1
        assert sorted(path.name for path in target.iterdir()) == before
    assert (noted / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_demo_keeps_a_folder_that_is_not_a_collection(
    documents: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "x.txt").write_text("mine", encoding="utf-8")
    assert run_command(["demo", "--collection", str(tmp_path / "mine")]) == 1
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.endswith("exists and is not a collection; choose another place")
    assert (tmp_path / "mine" / "x.txt").read_text(encoding="utf-8") == "mine"


def test_demo_keeps_a_collection_that_another_process_writes(documents: Path) -> None:
    target = page.default_demo_path()
    page.index_samples(target, documents)
    with Collection.open(target) as opened, opened.writing():
        (documents / "new.txt").write_text("A new document.", encoding="utf-8")
        with pytest.raises(CollectionError) as error:
            page.index_samples(target, documents)
    assert "another" in str(error.value) or "writ" in str(error.value)
    assert n_documents(target) == 2
