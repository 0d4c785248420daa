"""Explanations of hits: shares of the score, compared with brute force and with the definition of Shapley values."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.documents import Document
from polyseme.indexer.vectors.arrays import Array, Doubles, Mask, unit
from polyseme.search.explanation import shares
from polyseme.search.searcher import Searcher

TEXTS = [
    "The boat lay at the bank, near the old mill.",
    "A loan from the bank pays for the mill.",
    "Bank.",
    "They sold ice cream by the river bank in spring.",
]
QUERY = "An old man saw the [bank] near the mill."


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explanation") / "c.pol"
    documents = [Document(str(n), text) for n, text in enumerate(TEXTS)]
    build(folder, documents, BuildConfig(segment_sentences=64, sample_sentences=50), model=FakeEncoder())
    return folder


def vector(tokens: list[str], places: list[int]) -> Array:
    return unit(FakeEncoder().sense([tokens])[0][places].mean(axis=0))


def test_a_share_is_the_mean_of_adding_a_word_last_and_first(path: Path) -> None:
    with Searcher.open(path, FakeEncoder()) as searcher:
        asked = [token.text for token in searcher.analyser.tokens(QUERY.replace("[", "").replace("]", ""))]
        target = vector(asked, [5])
        for hit in searcher.occurrences(QUERY):
            tokens = [token.text for token in searcher.analyser.tokens(hit.sentence)]
            found = searcher.explain(hit, QUERY)
            words = [n for n, token in enumerate(tokens) if n != hit.position and token.isalpha()]

            def score(present: set[int], tokens: list[str] = tokens, hit_position: int = hit.position) -> float:
                kept = [n for n, t in enumerate(tokens) if n in present or n == hit_position or not t.isalpha()]
                return float(vector([tokens[n] for n in kept], [kept.index(hit_position)]) @ target)

            assert found.score == pytest.approx(score(set(words)), abs=1e-6)
            assert found.score == pytest.approx(hit.score, abs=1e-3)
            expected = {n: (score(set(words)) - score(set(words) - {n}) + score({n}) - score(set())) / 2 for n in words}
            assert {word.position: word.drop for word in found.words} == pytest.approx(expected, abs=1e-5)
            assert all(hit.sentence[word.start : word.end] == word.token for word in found.words)


def test_words_are_sorted_by_share_and_a_single_word_has_none(path: Path) -> None:
    with Searcher.open(path, FakeEncoder()) as searcher:
        explanations = {hit.document_id: searcher.explain(hit, QUERY) for hit in searcher.occurrences(QUERY)}
    for found in explanations.values():
        drops = [word.drop for word in found.words]
        assert drops == sorted(drops, reverse=True)
    assert [word.token for word in explanations["0"].words].count("the") == 2
    assert explanations["2"].words == ()


def test_context_words_of_a_phrase_are_outside_the_phrase(path: Path) -> None:
    query = "I like [ice cream] best."
    with Searcher.open(path, FakeEncoder()) as searcher:
        (hit,) = searcher.occurrences(query)
        found = searcher.explain(hit, query)
    assert found.score == pytest.approx(hit.score, abs=1e-3)
    assert {word.token for word in found.words} == {"They", "sold", "by", "the", "river", "bank", "in", "spring"}


def pairwise(n: int, seed: int) -> tuple[Doubles, Doubles]:
    """Draw what each of n words adds alone (n,), and what each pair adds together (n, n), upper triangle."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal(n), np.triu(rng.standard_normal((n, n)), 1)


@pytest.mark.parametrize(("n", "seed"), [(1, 0), (2, 1), (5, 2), (6, 3)])
def test_shares_are_shapley_values_where_words_act_in_pairs(n: int, seed: int) -> None:
    """Compare with Shapley's definition: what a word adds to those before it, averaged over all orders."""
    single, double = pairwise(n, seed)

    def scores(present: Mask) -> Doubles:
        x = present.astype(np.float64)  # (c, n)
        return np.asarray(0.3 + x @ single + np.einsum("ci,ij,cj->c", x, double, x), np.float64)

    whole, none = scores(np.array([[True] * n, [False] * n]))
    expected = np.zeros(n)
    orders = list(permutations(range(n)))
    for order in orders:
        present = np.zeros((n + 1, n), bool)
        for step, word in enumerate(order):
            present[step + 1 :, word] = True
        expected[list(order)] += np.diff(scores(present)) / len(orders)
    found = shares(scores, n, whole)
    assert found == pytest.approx(expected, abs=1e-9)
    assert found.sum() == pytest.approx(whole - none, abs=1e-9)


def test_two_redundant_words_share_the_score() -> None:
    def scores(present: Mask) -> Doubles:
        return np.asarray(0.1 + 0.8 * present[:, :2].any(axis=1), np.float64)

    assert shares(scores, 3, 0.9) == pytest.approx([0.4, 0.4, 0], abs=1e-9)
