"""Words expected in the place of a sense, with an output layer whose probabilities are known."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import build
from polyseme.indexer.vectors.arrays import Array
from polyseme.search.context import Context
from polyseme.search.searcher import Searcher
from sense_texts import documents

WORDS = ("shore", "shores", "bank", "the", "loan", "money", "tree")


class KnownExpectations:
    """Expects "shore" in sentences with "river", "loan" in others, and the word itself and "the" in all."""

    def __init__(self) -> None:
        self.encoder, self.output = self, SimpleNamespace(words=WORDS)

    def contexts_at(self, sentences: list[list[str]], positions: list[int]) -> Array:
        assert all(tokens[place] == "bank" for tokens, place in zip(sentences, positions, strict=True))
        return np.array([["river" in tokens] for tokens in sentences], np.float32)

    def log_probabilities(self, contexts: Array) -> Array:
        river = np.array([0.20, 0.15, 0.30, 0.30, 0.02, 0.01, 0.02], np.float32)
        money = np.array([0.01, 0.01, 0.30, 0.30, 0.20, 0.16, 0.02], np.float32)
        rows: Array = np.log(np.where(contexts > 0, river, money))
        return rows


def test_expected_words_name_each_sense_by_lemmas_other_than_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: Any = KnownExpectations()
    monkeypatch.setattr(Context, "expectations", known)
    build(tmp_path / "c.pol", documents(), model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        found = {
            "river" in sense.central[0].sentence.split(): sense.expected for sense in searcher.senses("bank").senses
        }
    assert found == {True: ("shore",), False: ("loan", "money")}


def test_a_model_without_an_output_layer_expects_no_words(tmp_path: Path) -> None:
    build(tmp_path / "c.pol", documents(), model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        assert {sense.expected for sense in searcher.senses("bank").senses} == {()}
