"""Benchmarks of search: brute-force answers are exact, and incomplete collections are never used."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build, new_settings
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.documents import Document
from polyseme.indexer.vectors.arrays import Array, Half, Ids, row_products, top, unit
from polyseme.search.searcher import Searcher

from benchmarks.encode import accuracy
from benchmarks.lib import stopwatch
from benchmarks.lib.stored import K, load_stored
from benchmarks.search import copies, exact, patterns, peers, scale, tables


@dataclass
class SomeSentences:
    sentences: Half
    sentence_ids: Ids


TEXT = "The river rose over its bank in March. A bank lent them money. They rowed to the other bank of the river."


@pytest.fixture(scope="module")
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory, encoder: FakeEncoder) -> Path:
    path = tmp_path_factory.mktemp("benchmarks") / "small.pol"
    build(path, [Document(f"d{n}", TEXT) for n in range(6)], BuildConfig(), encoder)
    return path


def test_best_sentences_equal_exhaustive_scoring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "SCAN_ROWS", 64)
    rng = np.random.default_rng(0)
    rows = unit(rng.standard_normal((300, 8))).astype(np.float16)
    rows[150:] = rows[:150]  # equal scores are ordered by id
    ids = rng.permutation(300).astype(np.int64) + 7
    parts = [slice(0, 100), slice(100, 103), slice(103, 300)]
    segments = [SomeSentences(sentences=rows[part], sentence_ids=ids[part]) for part in parts]
    queries = unit(rng.standard_normal((5, 8)))
    found = exact.best_sentences(segments, queries, 11)
    for query, best in zip(queries, found, strict=True):
        assert best == ids[top(row_products(rows.astype(np.float32), query), 11, ids)].tolist()


def test_brute_force_within_a_lemma_equals_search(collection: Path, encoder: FakeEncoder) -> None:
    with Searcher.open(collection, encoder) as searcher, searcher.collection.reading() as snapshot:
        lemmas = exact.Lemmas(load_stored(searcher.collection, snapshot))
        hits = searcher.occurrences("A [bank] lent them money.", k=5)
        (segment,) = snapshot.segments.values()
        own = np.asarray(segment.token_ids) == hits[0].occurrence_id
        asked = np.asarray(segment.tokens[own], np.float32)[0]  # (d,)
        assert lemmas.best("bank", asked, 5) == [hit.occurrence_id for hit in hits]
        assert lemmas.best("nothing", asked, 5) == []


def test_incomplete_collection_is_built_again(tmp_path: Path) -> None:
    path = tmp_path / "real.pol"

    def make(part: Path, fails: bool) -> str:
        part.mkdir()  # fails if the remains of an earlier run exist
        if fails:
            raise KeyboardInterrupt
        return part.name

    with pytest.raises(KeyboardInterrupt):
        tables.whole(path, lambda part: make(part, True))
    assert not path.exists()
    assert tables.whole(path, lambda part: make(part, False)) == "real.pol.part"
    assert [found.name for found in tmp_path.iterdir()] == ["real.pol"]


def test_copy_is_a_complete_collection(collection: Path, tmp_path: Path) -> None:
    made = copies.copy_collection(collection, tmp_path / "copy.pol", 100)
    assert made.stored_cpu > 0
    with Collection.open(tmp_path / "copy.pol") as copy:
        assert copy.verify().problems == ()
        assert copy.info().occurrences >= 100


def test_peers_share_a_workload_and_polyseme_has_full_recall(collection: Path, tmp_path: Path) -> None:
    workload = peers.prepare(collection, tmp_path)
    rows = np.load(workload.file)
    for row, least in zip(workload.rows, workload.least, strict=True):
        others = np.delete(rows @ rows[row], row)
        assert least == pytest.approx(np.sort(others)[-K], abs=1e-6)
    kind = peers.KINDS[peers.OURS]
    with ExitStack() as stack:
        _, _, recall = peers.first_good_effort(kind.open(collection, stack), rows, rows[workload.rows], workload)
    assert recall == 1
    assert kind.disk(collection) > rows.nbytes / 4
    assert peers.OURS not in peers.missing()


def test_stopwatch_measures_indexing_in_the_encoder(tmp_path: Path) -> None:
    encoder, calls = FakeEncoder(), []
    stopwatch.around(encoder, lambda: calls.append("before"), lambda: calls.append("after"))
    watch = stopwatch.encoder_clock(encoder)
    build(tmp_path / "c.pol", [Document("d", TEXT)], BuildConfig(), encoder)
    assert calls[:2] == ["before", "after"]
    assert len(calls) >= 2 * len(stopwatch.TIMED_METHODS)
    assert watch.seconds > 0


@pytest.mark.parametrize(
    ("name", "values", "slope", "there"),
    [
        ("seconds", [30.0, 120.0, 1020.0], 0.93, 41_687),  # 20 s of fixed cost
        ("on_disk", [1.0, 10.0, 100.0], 1.0, 100 / 2.4e6 * 1e8),
        ("served", [5.0, 5.0, 4.0], -0.1, 4.67),  # the cost of an occurrence is never negative
        ("any_word_p50", [3.0, 2.0, 4.0], 0.3, 4 * (1e8 / 2.4e6) ** np.log10(2)),
        ("any_word_p50", [1.0, 4.0, 2.0], -0.3, 2.0),
    ],
)
def test_extrapolation_to_a_hundred_million(name: str, values: list[float], slope: float, there: float) -> None:
    sizes = [24_000, 240_000, 2_400_000]
    assert scale.slope(sizes, values) == pytest.approx(slope, abs=0.01)
    assert scale.extrapolated(name, sizes, values) == pytest.approx(there, rel=1e-2)
    assert scale.fixed_and_each([10], [5.0]) == (0.0, 0.5)


def test_difference_is_the_worst_of_any_layer() -> None:
    a: Array = np.ones((3, 4, 2), np.float32)
    b = a.copy()
    b[1, 2] = (1, -1)
    assert accuracy.difference([a, a], [a, b]) == accuracy.Difference(0.0, 2.0)


def test_made_up_tokens_make_a_sound_collection_for_measuring(
    tmp_path: Path, encoder: FakeEncoder, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = tmp_path / "old.pol", tmp_path / "new.pol"
    Collection.create(old, replace(new_settings(BuildConfig(), encoder), tagger_id=None)).close()
    build(old, [Document(f"d{n}", TEXT) for n in range(6)], BuildConfig(), encoder)
    patterns.add_tokens(old, new)
    with Searcher.open(new, encoder) as searcher:
        assert searcher.collection.verify(all_text=True).problems == ()
        (found,) = patterns.measure(searcher, ['"of" "the" "river"'], 1)
        assert found.matches == 6
        patterns.print_costs(searcher.collection)
    tokens = 6 * len(searcher.analyser.tokens(TEXT))
    assert f"{tokens} tokens, " in capsys.readouterr().out
