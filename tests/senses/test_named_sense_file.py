"""Named senses from strangers: what is too large, too deep, ambiguous or no vector is refused in one line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fakes import SENSE_DIM, FakeEncoder
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.build import build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import QueryError
from polyseme.search.hits import Match
from polyseme.search.searcher import Searcher
from polyseme.search.senses.named_sense_file import LARGEST_FILE, NamedSense, from_json, read_file, to_json

FUZZ = settings(max_examples=int(os.environ.get("POLYSEME_FUZZ", "50")))
TAGGED = NamedSense("a", "b", Match.FORM, (1.0,), (), 0.5, 3, (), "m", "s", apart=("VERB", "AUX"))
MADE = NamedSense("a", "bank", Match.LEMMA, (1.0, 0.0), ((0.5, 0.5),), 0.5, 3, ("the [bank]",), "m", "s")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def one_line(error: QueryError) -> None:
    assert "\n" not in str(error)
    assert len(str(error)) <= 300


def refused(text: str, words: str = "") -> None:
    with pytest.raises(QueryError, match=words) as caught:
        from_json(text, "a.json")
    one_line(caught.value)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("mean", "[" + "0.0," * 2**16 + "0.0]", "too large"),
        ("mean", "[1e30, 0.0]", "too large"),
        ("mean", "[" + "9" * 400 + ", 0]", "too large"),
        ("mean", "[" + "9" * 5000 + ", 0]", "is not JSON"),
        ("mean", "[true, false]", "too large"),
        ("threshold", "9" * 400, "too large"),
        ("threshold", "1e999", "too large"),
        ("threshold", "-Infinity", "is not JSON"),
        ("size", "9" * 400, "too large"),
        ("rivals", "[" + "[0.1, 0.1]," * 1000 + "[0, 0]]", "too large"),
        ("examples", "[" + '"x",' * 100 + '"x"]', "too large"),
        ("examples", r'["\ud800"]', "too large"),
        ("word", r'"\udfff"', "too large"),
        ("word", '"' + "x" * 1001 + '"', "too large"),
        ("model_id", '"' + "x" * 1001 + '"', "too large"),
        ("match", "[]", "too large"),
        ("name", r'"\u001b[31m"', "cannot name a sense"),
        ("version", '"' + "1" * 1000 + '"', "has version"),
        ("mean", "[" * 100_000 + "]" * 100_000, "is not JSON"),
        ("name", '"a", "name": "b"', "a key occurs twice"),
    ],
)
def test_a_value_that_no_named_sense_has_is_refused(field: str, value: str, words: str) -> None:
    mark = "PLACE"
    text = json.dumps(json.loads(to_json(MADE)) | {field: mark}).replace(f'"{mark}"', value)
    refused(text, words)


def test_a_text_larger_than_any_named_sense_is_refused_unread() -> None:
    refused("[" * (LARGEST_FILE + 1), "is larger than any named sense")
    refused(json.dumps(json.loads(to_json(MADE)) | {"x" * 1000: 1}), "missing or unknown xxx")


def test_parts_of_speech_of_other_senses_are_kept_and_exclude() -> None:
    assert from_json(to_json(TAGGED), "a.json") == TAGGED
    assert json.loads(to_json(TAGGED))["version"] == 2
    assert json.loads(to_json(MADE))["version"] == 1
    refused(json.dumps(json.loads(to_json(TAGGED)) | {"version": 1}), "missing or unknown apart")
    refused(json.dumps(json.loads(to_json(TAGGED)) | {"apart": [1]}), "a value is of the wrong kind")
    rows = np.ones((3, 1), np.float32)
    assert TAGGED.holds(rows, ("NOUN", "VERB", "AUX")).tolist() == [True, False, False]
    assert TAGGED.holds(rows).all()


@FUZZ
@given(st.dictionaries(st.sampled_from(sorted(json.loads(to_json(MADE)))), JSON, max_size=3), JSON)
def test_any_json_is_a_named_sense_that_can_be_stored_or_an_error(changed: dict[str, object], other: object) -> None:
    for found in (json.loads(to_json(MADE)) | changed, other):
        try:
            made = from_json(json.dumps(found), "a.json")
        except QueryError as error:
            one_line(error)
        else:
            assert from_json(to_json(made).encode().decode(), "again") == made
            assert abs(made.centre).max() <= 1.0001


def test_a_file_that_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"\xff")
    for path, words in ((tmp_path, "Is a directory"), (tmp_path / "latin", "not UTF-8"), (tmp_path / "no", "No such")):
        with pytest.raises(QueryError, match=words):
            read_file(path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(QueryError, match="no regular file"):
            read_file(tmp_path / "pipe")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("stored") / "c.pol"
    build(place, [Document("d", "The river bank. The old bank.")], model=FakeEncoder())
    return place


def store(path: Path, name: str, change: Callable[[dict[str, object]], object]) -> None:
    with Searcher.open(path, FakeEncoder()) as searcher:
        made = searcher.save_named_sense("good", searcher.senses("bank"), 1, replace=True)
    content = json.loads(to_json(made)) | {"name": name}
    change(content)
    with Collection.open(path) as collection, collection.writing() as writer:
        writer.set_named_sense(name, json.dumps(content))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda found: found.update(mean=[0.1] * (SENSE_DIM + 1), rivals=[]), "numbers, vectors here have"),
        (lambda found: found.update(mean=[float("nan")] * SENSE_DIM), "is not JSON .*remove it and save it again"),
        (lambda found: found.update(name="other"), "has another name inside; remove it"),
        (lambda found: found.update(space="x"), "made from other vectors"),
        (lambda found: found.update(examples=[["x"]]), "remove it and save it again"),
    ],
)
def test_a_stored_named_sense_is_checked_like_a_file(
    path: Path, change: Callable[[dict[str, object]], object], words: str
) -> None:
    store(path, "bad", change)
    with Searcher.open(path, FakeEncoder()) as searcher:
        for ask in (
            lambda: searcher.named_sense("bad"),
            lambda: searcher.apply_named_sense("bad"),
            lambda: searcher.sentences("bank", where="sense=bad"),
        ):
            with pytest.raises(QueryError, match=words):
                ask()
        assert len(searcher.apply_named_sense("good")) == 2
        searcher.remove_named_sense("bad")
        assert [found.name for found in searcher.named_senses()] == ["good"]


def test_an_export_that_fails_keeps_the_file_before_it(path: Path, tmp_path: Path) -> None:
    store(path, "again", lambda found: None)
    with Searcher.open(path, FakeEncoder()) as searcher:
        searcher.export_named_sense("again", tmp_path / "a.json")
        assert read_file(tmp_path / "a.json").name == "again"
        (tmp_path / "folder").mkdir()
        for place in (tmp_path / "no" / "a.json", tmp_path / "folder"):
            with pytest.raises(QueryError, match="cannot be written"):
                searcher.export_named_sense("again", place)
    assert sorted(found.name for found in tmp_path.iterdir()) == ["a.json", "folder"]
