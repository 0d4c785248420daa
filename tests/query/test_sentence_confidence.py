"""Confidence of hits by sentence, and the verdict on a list of them."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.indexer.vectors.arrays import unit
from polyseme.search import sentence_confidence
from polyseme.search.searcher import Searcher
from polyseme.search.sentence_confidence import CURVES, VERDICT, SentenceCalibration, mean_of_pairs, verdict_of


def test_the_mean_of_pairs_is_that_over_all_pairs() -> None:
    vectors = unit(np.random.default_rng(5).normal(0.3, 1, (17, 6)))
    expected = np.mean([first @ second for first, second in itertools.combinations(vectors, 2)])
    assert mean_of_pairs(vectors) == pytest.approx(float(expected), abs=1e-5)


@pytest.mark.parametrize("kind", CURVES)
def test_confidence_grows_from_strangers_to_the_sentence_itself(kind: str) -> None:
    found = SentenceCalibration(0.2, *CURVES[kind])
    values = found.confidence([-0.2, 0.2, 0.5, 0.8, 1.0])
    assert values.tolist() == sorted(values.tolist())
    assert values[1] < 0.1
    assert values[-1] > 0.9
    # The mean of random pairs is subtracted: a stranger of another collection has the same confidence.
    assert values[1] == pytest.approx(SentenceCalibration(0.6, *CURVES[kind]).confidence([0.6])[0])


def test_the_verdict_says_that_no_hit_is_likely() -> None:
    assert verdict_of([0.1, 0.49]) == VERDICT
    assert verdict_of([0.1, 0.5]) is None
    assert verdict_of([0.4999]) is None  # lists print it as 0.50
    assert verdict_of([None, None]) is None
    assert verdict_of([]) is None


def test_hits_have_a_confidence_if_the_kind_of_vectors_has_a_curve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path / "c.pol", [Document("a", "The boat left the harbour. A storm came.")], model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        kind = str(getattr(searcher.settings, "sentence_vectors", "default"))
        monkeypatch.setattr(sentence_confidence, "CURVES", {})
        assert [hit.confidence for hit in searcher.sentences("A storm came.")] == [None, None]
        assert searcher.sentences("A storm came.").verdict is None
        monkeypatch.setattr(sentence_confidence, "CURVES", {kind: (-2.0, 4.0)})
        hits = searcher.sentences("A storm came.")
        expected = [1 / (1 + np.exp(2 - 4 * hit.score)) for hit in hits]
        assert [hit.confidence for hit in hits] == pytest.approx(expected, abs=1e-3)
        assert hits.verdict is None
        assert searcher.documents("A storm came.")[0].confidence == pytest.approx(expected[0], abs=1e-3)
        monkeypatch.setattr(sentence_confidence, "CURVES", {kind: (-9.0, 4.0)})
        assert searcher.sentences("A storm came.").verdict == VERDICT


def test_single_words_and_required_phrases_get_no_verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path / "c.pol", [Document("a", "The boat left the harbour. A storm came.")], model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        kind = str(getattr(searcher.settings, "sentence_vectors", "default"))
        monkeypatch.setattr(sentence_confidence, "CURVES", {kind: (-9.0, 4.0)})
        for short in ("storm", "a storm", "storm!?"):
            hits = searcher.sentences(short)
            assert [hit.confidence for hit in hits] == [None, None]
            assert hits.verdict is None
            assert searcher.documents(short)[0].confidence is None
        phrase = searcher.sentences('a "storm came"')
        assert [hit.sentence for hit in phrase] == ["A storm came."]
        assert phrase[0].confidence is not None
        assert phrase.verdict is None
        assert searcher.sentences("a storm came -boat").verdict == VERDICT
