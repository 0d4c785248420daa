"""Search for any word, compared with brute force over the stored vectors."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection import types
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.types import Bounds, NearTypes
from polyseme.indexer.documents import Document
from polyseme.indexer.vectors.arrays import Array, Ids, unit
from polyseme.indexer.vectors.int8 import Storage
from polyseme.search.query.filters import parse_where
from polyseme.search.query.scope import make_scope
from polyseme.search.retrieval import any_word, exact
from polyseme.search.retrieval.any_word import nearest_any, portions
from polyseme.search.retrieval.ranking import Ranked

WORDS = [f"{a}{b}{c}" for a in "bdfgklmt" for b in "aeiou" for c in ("nk", "rt", "st")]  # 120


def documents(first: int, last: int) -> list[Document]:
    rng = np.random.default_rng(first)
    chances = 1 / np.arange(1, len(WORDS) + 1)
    return [
        Document(
            f"doc{n}",
            " ".join(" ".join(rng.choice(WORDS, 9, p=chances / chances.sum())) + "." for _ in range(12)),
            {"year": 1900 + n},
        )
        for n in range(first, last)
    ]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build some 3,500 occurrences in segments of several sizes, with deleted documents."""
    folder = tmp_path_factory.mktemp("any") / "c.pol"
    config = BuildConfig(segment_sentences=100, sample_sentences=50)
    build(folder, documents(0, 33), config, model=FakeEncoder())
    with Collection.open(folder) as collection:
        collection.remove(["doc3", "doc20"])
    return folder


@pytest.fixture
def collection(path: Path) -> Iterator[Collection]:
    with Collection.open(path) as opened:
        yield opened


def brute_force(collection: Collection, where: str | None, sense: Array, word: Array, k: int) -> Ranked:
    """Score every live occurrence inside the filter, read from files and tables one by one."""
    weight = collection.settings.word_weight
    sql = (
        "SELECT r.first, r.count, t.vector FROM ranges r JOIN types t ON t.id = r.type WHERE r.segment = ?"
        " ORDER BY r.first"
    )
    found: list[tuple[float, int]] = []
    with collection.reading() as snapshot:
        scope = make_scope(collection, snapshot, parse_where(where), lambda name: {})
        for segment in snapshot.segments.values():
            mask = scope.sentence_mask(segment)
            for first, count, vector in collection.db.execute(sql, (segment.key,)):
                identity = float(np.frombuffer(vector, np.float16).astype(np.float32) @ word)
                for row in range(first, first + count):
                    if mask is None or mask[segment.token_sentences[row]]:
                        cosine = float(np.asarray(segment.tokens[row], np.float32) @ sense)
                        found.append(((cosine + weight * identity) / (1 + weight), int(segment.token_ids[row])))
    found.sort(key=lambda item: (-item[0], item[1]))
    return Ranked(np.array([key for _, key in found[:k]]), np.array([score for score, _ in found[:k]], np.float32))


def queries(collection: Collection) -> list[tuple[Array, Array]]:
    """Return (sense, identity) of stored occurrences of frequent and rare words, and of some random vectors."""
    rng = np.random.default_rng(5)
    with collection.reading() as snapshot:
        types = collection.types()
        segment = next(iter(snapshot.segments.values()))
        rows = rng.choice(len(segment.tokens), 12, replace=False)
        places = types.ranges[segment.key].places(rows)
        stored = [
            (np.asarray(segment.tokens[row], np.float32), types.vectors[place])
            for row, place in zip(rows, places, strict=True)
        ]
        made = [(_direction(rng, segment.tokens.shape[1]), _direction(rng, types.vectors.shape[1])) for _ in range(4)]
    return stored + made


def _direction(rng: np.random.Generator, dim: int) -> Array:
    return np.asarray(unit(rng.standard_normal((1, dim)))[0])


def check(collection: Collection, where: str | None, k: int) -> None:
    for sense, word in queries(collection):
        with collection.reading() as snapshot:
            scope = make_scope(collection, snapshot, parse_where(where), lambda name: {})
            best = nearest_any(collection, scope, sense, word, k)
        wanted = brute_force(collection, where, sense, word, k)
        np.testing.assert_allclose(best.scores, wanted.scores, atol=1e-5)
        # Scores that differ only in the last bit may change places.
        assert set(best.ids[: k - 1].tolist()) <= set(brute_force(collection, where, sense, word, k + 3).ids.tolist())


@pytest.mark.parametrize("weight", [0.0, 0.3, 2.0, 50.0])
@pytest.mark.parametrize("where", [None, "year=1910..1914"])
def test_any_word_equals_brute_force(
    collection: Collection, where: str | None, weight: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(any_word, "FIRST_ROWS", 20)
    monkeypatch.setattr(types, "MAX_EXHAUSTIVE", 0)
    collection.settings = replace(collection.settings, word_weight=weight)
    check(collection, where, k=15)


def test_any_word_over_int8_vectors_equals_brute_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(any_word, "FIRST_ROWS", 20)
    config = BuildConfig(segment_sentences=100, sample_sentences=50, storage=Storage.BYTES)
    build(tmp_path / "c.pol", documents(0, 20), config, model=FakeEncoder())
    with Collection.open(tmp_path / "c.pol") as collection:
        with collection.reading() as snapshot:
            norms = [np.linalg.norm(segment.tokens[:], axis=1).max() for segment in snapshot.segments.values()]
        assert max(norms) < any_word.HIGHEST_COSINE
        check(collection, None, k=15)


@pytest.mark.parametrize("limit", ["MOST_SCORED", "MOST_SEEN", "MOST_TYPES"])
def test_indexes_propose_candidates_if_scanning_types_exceeds_a_limit(
    collection: Collection, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(any_word, "FIRST_ROWS", 20)
    monkeypatch.setattr(any_word, limit, 40)
    asked = []
    original = exact.candidates

    def counted(*arguments: object) -> Ids:
        asked.append(1)
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(any_word, "candidates", counted)
    collection.settings = replace(collection.settings, word_weight=0.3)
    check(collection, None, k=15)
    assert asked


def test_a_high_word_weight_ends_the_search_early(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(any_word, "FIRST_ROWS", 20)
    monkeypatch.setattr(any_word, "candidates", None)
    scored: list[int] = []
    original = any_word.AnyWord._score

    def counted(self: any_word.AnyWord, segment: object, rows: Ids, kinds: Ids) -> None:
        scored.append(len(rows))
        original(self, segment, rows, kinds)  # type: ignore[arg-type]

    monkeypatch.setattr(any_word.AnyWord, "_score", counted)
    collection.settings = replace(collection.settings, word_weight=50.0)
    sense, word = queries(collection)[0]
    with collection.reading() as snapshot:
        scope = make_scope(collection, snapshot, (), lambda name: {})
        best = nearest_any(collection, scope, sense, word, 3)
    assert 3 == len(best.ids) <= sum(scored) < 1000


def test_types_added_after_opening_are_found(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "grown.pol"
    build(folder, documents(0, 9), BuildConfig(segment_sentences=60, sample_sentences=50), model=FakeEncoder())
    with Collection.open(folder) as collection:
        check(collection, None, k=5)
        more = [Document("new", "Zebus and quaggas graze. A zebu is no quagga. The zebu drinks.")]
        build(folder, more, model=FakeEncoder())
        check(collection, None, k=5)
        with collection.reading() as snapshot:
            forms = dict(collection.db.execute("SELECT id, form FROM types").fetchall())
            types = collection.types()
            counted = {forms[key]: int(count) for key, count in zip(types.ids.tolist(), types.counts, strict=True)}
            assert counted["zebu"] == 2
            assert sum(types.counts) == sum(len(s.tokens) for s in snapshot.segments.values())
        collection.compact()
        check(collection, None, k=5)


@given(
    st.lists(st.tuples(st.floats(-1, 1, width=32), st.integers(0, 3000)), min_size=1, max_size=60),
    st.lists(st.floats(-1, 1), max_size=3),
    st.integers(1, 500),
)
def test_portions_contain_every_type_once_nearest_first(
    kinds: list[tuple[float, int]], least: list[float], rows: int
) -> None:
    identity = np.array([cosine for cosine, _ in kinds], np.float32)
    counts = np.array([count for _, count in kinds], np.int64)
    order = np.argsort(-identity, kind="stable")
    cuts = [0, *(int((identity >= bound).sum()) for bound in sorted(least, reverse=True)), len(order)]
    bounds = [*sorted(least, reverse=True), None]
    stages = [
        NearTypes(order[first:last], identity[order[first:last]], rest)
        for (first, last), rest in zip(itertools.pairwise(cuts), bounds, strict=True)
    ]
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(any_word, "FIRST_ROWS", rows)
        patch.setattr(any_word, "MOST_SEEN", 10**9)
        for places, bound in portions(stages, counts):
            found.append(places)
            rest = np.setdiff1d(order, np.concatenate(found))
            assert bound is None or not len(rest) or identity[rest].max() <= bound
            assert bound is not None or not len(rest)
    assert np.concatenate(found).tolist() == order.tolist()


@pytest.mark.parametrize("few", [0, 10**6])
@pytest.mark.parametrize("most", [3, 40, 10**6])
def test_type_stages_are_nearest_first_and_bound_later_types(
    few: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(3)
    centres = rng.standard_normal((12, 16))
    vectors = unit(centres[rng.integers(0, 12, 500)] + 0.5 * rng.standard_normal((500, 16)))
    monkeypatch.setattr(types, "MAX_EXHAUSTIVE", few)
    bounds = Bounds()
    bounds.extend(vectors[:200])
    bounds.extend(vectors)  # the basis stays that of the first
    stages = 0
    for word in vectors[:20]:
        exact = vectors @ word
        assert (bounds(word) >= exact).all()
        found: list[int] = []
        for near in types.near_types(vectors, bounds, word, most):
            stages += 1
            np.testing.assert_allclose(near.cosines, exact[near.places], atol=1e-6)
            assert (np.diff(near.cosines) <= 0).all()
            found += near.places.tolist()
            later = np.setdiff1d(np.arange(len(vectors)), found)
            assert (near.rest is None) == (not len(later))
            assert near.rest is None or exact[later].max() <= near.rest + 1e-6
        wanted = np.argsort(-exact)[: min(most, len(vectors))].tolist()
        assert set(wanted) <= set(found)
        assert len(found) == len(set(found))
    assert stages == 20 or (not few and most > 3)
    assert stages > 20 or few or most == 3
