"""Figures of search by sentence on marked answers equal a plain computation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.gold.sentence_answers import Answer, GoldQuery, plain_sentence
from polyseme.search.evaluation import Score, measures
from polyseme.search.evaluation.measures import recall_at, reciprocal_rank
from polyseme.search.evaluation.own_sentences import DEPTH, answer_scores, answered, ask, evaluate_answers
from polyseme.search.hits import By, Order
from polyseme.search.searcher import Searcher

RIVER = "The stream ran past the mill. Reeds grew along the  muddy bank. Nobody fished there."
MONEY = "The clerk lent her money. She paid it back in May. The bank closed at noon."


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "ROUNDS", 40)


@pytest.fixture
def searcher(tmp_path: Path) -> Searcher:
    encoder = FakeEncoder()
    build(tmp_path / "c.pol", [Document("river", RIVER), Document("money", MONEY)], BuildConfig(), encoder)
    return Searcher.open(tmp_path / "c.pol", encoder)


def gold() -> list[GoldQuery]:
    return [
        GoldQuery("Reeds grew along the muddy bank.", (Answer("river", "Reeds grew along the muddy bank."),)),
        GoldQuery(
            'Who "lent" -money to her?',
            (Answer("money", "The clerk lent her money."), Answer("money", "She paid it back in May.")),
        ),
        GoldQuery("Is it there?", (Answer("gone", "The clerk lent her money."), Answer("money", "The clerk lent"))),
    ]


def values(scores: tuple[Score, ...] | list[Score]) -> dict[tuple[str, str], float]:
    return {(score.metric, score.representation): score.value for score in scores}


def test_scores_equal_a_computation_by_hand() -> None:
    found = {
        "keywords": [np.array([False, True, False]), np.array([False, False])],
        "meaning": [np.array([True, False, True]), np.array([False, False, True])],
    }
    scores = answer_scores(found, [2, 1])
    assert values(scores) == {
        ("MRR", "keywords"): pytest.approx(1 / 4),
        ("MRR", "meaning"): pytest.approx(2 / 3),
        ("recall@1", "keywords"): 0,
        ("recall@1", "meaning"): 1 / 2,
        ("recall@10", "keywords"): 1 / 4,
        ("recall@10", "meaning"): 1,
    }
    assert {(score.metric, score.baseline, score.baseline_name) for score in scores} == {
        ("MRR", 1 / 4, "keywords"),
        ("recall@1", 0, "keywords"),
        ("recall@10", 1 / 4, "keywords"),
    }


@given(st.lists(st.booleans(), max_size=15), st.integers(1, 12), st.integers(0, 3))
def test_ranks_and_recall_equal_a_loop(relevant: list[bool], k: int, missed: int) -> None:
    first = next((1 / rank for rank, hit in enumerate(relevant, 1) if hit), 0.0)
    assert reciprocal_rank(relevant) == pytest.approx(first)
    total = sum(relevant) + missed
    if total:
        best = sum(1 for rank in range(1, k + 1) if rank <= total)
        got = sum(1 for rank, hit in enumerate(relevant, 1) if hit and rank <= k)
        assert recall_at(relevant, total, k) == pytest.approx(got / best)


def test_answers_that_the_collection_lacks_are_left_out(searcher: Searcher) -> None:
    with searcher:
        asked, left_out = answered(searcher.collection, gold())
        assert (asked, left_out) == (gold()[:2], 2)
        report = evaluate_answers(searcher, gold())
        assert (report.queries, report.answers, report.left_out) == (2, 3, 2)
        with pytest.raises(DocumentError, match="no answer of the gold is a sentence there"):
            evaluate_answers(searcher, gold()[2:])


def test_every_order_is_measured_on_the_hits_that_search_returns(searcher: Searcher) -> None:
    with searcher:
        progress: list[tuple[int, int]] = []
        report = evaluate_answers(searcher, gold(), lambda done, total: progress.append((done, total)))
        assert progress == [(1, 2), (2, 2)]
        found = values(report.scores)
        options: dict[str, dict[str, Any]] = {str(order): {"order": order} for order in Order}
        options["default"] = {"by": By.DEFAULT}
        assert {name for _, name in found} == set(options)
        for name, chosen in options.items():
            ranks, recalls = [], []
            for text, query in zip((gold()[0].text, r"Who \"lent\" \-money to her?"), gold(), strict=False):
                hits = searcher.sentences(text, DEPTH, alike=False, **chosen)
                places = [
                    rank
                    for rank, hit in enumerate(hits, 1)
                    if Answer(hit.document_id, plain_sentence(hit.sentence)) in query.answers
                ]
                ranks.append(1 / places[0] if places else 0)
                recalls.append(len([rank for rank in places if rank <= 10]) / len(query.answers))
            assert found["MRR", name] == pytest.approx(np.mean(ranks)), name
            assert found["recall@10", name] == pytest.approx(np.mean(recalls)), name
        # A stored sentence, asked again, comes first.
        assert [hits[0] for name, (hits, _) in ask(searcher, gold()[:2]).items() if name != "words"] == [True] * 4
