"""Token vectors stored as int8: what is read back, and the hits of searches over them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.documents import Document
from polyseme.indexer.reencode import reencode
from polyseme.indexer.vectors.arrays import unit
from polyseme.indexer.vectors.int8 import ByteRows, Storage, to_bytes
from polyseme.indexer.vectors.rows import scan
from polyseme.indexer.verify import verify
from polyseme.search.searcher import Searcher
from polyseme.ui.cli.main import run_command

PLACES = ["river", "loan", "boat", "mill", "money", "shore", "letter", "crane", "water"]
QUERY = "They walked along the river [bank] to the mill."


def documents(n: int) -> list[Document]:
    rng = np.random.default_rng(n)
    texts = [" ".join("The {} by the {} saw a bank and a {}.".format(*rng.choice(PLACES, 3)) for _ in range(6))]
    texts += [
        f"Then the {a} was by the {b} bank." for a, b in zip(rng.choice(PLACES, n), rng.choice(PLACES, n), strict=True)
    ]
    return [Document(f"d{number:03}", text) for number, text in enumerate(texts)]


@given(
    arrays.arrays(np.float32, st.tuples(st.integers(0, 9), st.integers(1, 9)), elements=st.floats(-1, 1, width=16)),
)
def test_rows_keep_their_length_and_nearly_their_values(rows: np.ndarray) -> None:
    rows = np.where(np.abs(rows).max(axis=1, keepdims=True, initial=0) < 0.01, 0, rows)
    read = ByteRows(to_bytes(rows))
    assert read.shape == rows.shape
    assert len(read) == len(rows)
    found = read[:]
    assert found.dtype == np.float32
    step = np.abs(rows).max(axis=1, keepdims=True, initial=0) / 127
    assert (np.abs(found - rows) <= 2.1 * step).all()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), np.linalg.norm(rows, axis=1), rtol=1e-3)
    for n in range(len(rows)):
        np.testing.assert_array_equal(read[n], found[n])
    places = np.arange(len(rows))[::-1]
    np.testing.assert_array_equal(read[places], found[places])
    np.testing.assert_array_equal(read[1:], found[1:])


def test_scan_of_int8_rows_equals_scan_of_the_decoded_rows() -> None:
    rng = np.random.default_rng(1)
    vectors, query = unit(rng.standard_normal((500, 64))), unit(rng.standard_normal(64))
    read = ByteRows(to_bytes(vectors))
    np.testing.assert_allclose(scan(read, query), read[:] @ query, atol=1e-6)
    rows = np.array([3, 4, 5, 400, 7])
    np.testing.assert_array_equal(scan(read, query, rows), scan(read, query)[rows])
    assert np.abs(scan(read, query) - vectors @ query).max() < 0.005


def test_int8_collection_is_half_as_large_and_gives_the_same_hits(tmp_path: Path) -> None:
    encoder, hits = FakeEncoder(), {}
    for storage in Storage:
        path = tmp_path / f"{storage}.pol"
        config = BuildConfig(segment_sentences=20, sample_sentences=20, storage=storage)
        build(path, documents(60), config, encoder)
        with Collection.open(path) as collection:
            assert collection.settings.storage is storage
            assert collection.info().format_version == 3
            assert not verify(collection, encoder, 30).problems
            collection.compact()
            assert not verify(collection, encoder, 30).problems
            with collection.reading() as snapshot:
                (segment,) = snapshot.segments.values()
                assert segment.stored_tokens.dtype == (np.int8 if storage is Storage.BYTES else np.float16)
                width = encoder.sense_dim
                assert np.asarray(segment.stored_tokens).nbytes == len(segment.tokens) * (
                    width + 2 if storage is Storage.BYTES else 2 * width
                )
        with Searcher.open(path, encoder) as searcher:
            for match in ("form", "any"):
                found = searcher.occurrences(QUERY, k=30, match=match)
                hits[storage, match] = {(hit.document_id, hit.sentence_id, hit.position): hit.score for hit in found}
    for match in ("form", "any"):
        half, bytewise = hits[Storage.HALF, match], hits[Storage.BYTES, match]
        assert list(bytewise.values()) == pytest.approx(list(half.values()), abs=0.01)
        assert len(half.keys() & bytewise.keys()) >= 27


def test_reencode_changes_the_storage_only_on_request(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    build(path, documents(10), BuildConfig(storage=Storage.BYTES), FakeEncoder())
    report = build(path, documents(12), BuildConfig(), FakeEncoder())
    assert report.added == 2
    assert report.notices == ()
    reencode(path, model=FakeEncoder())
    with Collection.open(path) as collection:
        assert collection.settings.storage is Storage.BYTES
    reencode(path, BuildConfig(), FakeEncoder())
    with Collection.open(path) as collection:
        assert collection.settings.storage is Storage.HALF
    report = build(path, documents(12), BuildConfig(storage=Storage.BYTES), FakeEncoder())
    assert ["storage stays 'half'" in notice for notice in report.notices] == [True]


def test_index_option_storage_bytes_stores_int8(
    tmp_path: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_text("She sat on the river bank. The bank refused a loan.", encoding="utf-8")
    path = str(tmp_path / "c.pol")
    command = ["index", path, str(tmp_path / "a.txt"), "--model", str(tiny_folder), "--storage", "bytes", "--quiet"]
    assert run_command(command) == 0
    assert run_command(["info", path, "--format", "jsonl"]) == 0
    assert json.loads(capsys.readouterr().out)["storage"] == "bytes"
    assert run_command(["sense", path, "On the river [bank].", "--format", "jsonl"]) == 0
    assert [json.loads(line)["token"] for line in capsys.readouterr().out.splitlines()] == ["bank", "bank"]
