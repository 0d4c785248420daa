"""Measure how well search by sentence finds the answers that the owner of a collection has marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...indexer.collection.collection import Collection
from ...indexer.errors import DocumentError
from ...indexer.gold.sentence_answers import Answer, GoldQuery, plain_sentence
from ...indexer.text import TextAnalyser, has_words
from ...indexer.vectors.arrays import Mask
from ..hits import By, Order, SentenceHit
from ..query.sentence import write_sentence
from ..searcher import Searcher
from .measures import mean_interval, recall_at, reciprocal_rank
from .records import Score
from .vectors import OnProgress

TASK = "sentences"
DEPTH = 100
"""Number of hits that are looked at. An answer after them counts as not found."""
RECALLS = (1, 10)
"""Numbers of first hits for which recall is measured."""
BASELINE = str(Order.KEYWORDS)


@dataclass(frozen=True, slots=True)
class AnswersReport:
    """The measurement of a collection's search by sentence.

    Attributes:
        scores: Mean reciprocal rank and recall of every order, and of ELMo's default vectors.
        queries: Number of queries that have an answer in the collection.
        answers: Number of their answers.
        left_out: Number of marked answers that the collection lacks.
    """

    scores: tuple[Score, ...]
    queries: int
    answers: int
    left_out: int


def evaluate_answers(
    searcher: Searcher, gold: Sequence[GoldQuery], on_progress: OnProgress | None = None
) -> AnswersReport:
    """Ask every query in every order, and measure where its answers are.

    Baseline: keywords. The bootstrap draws queries. Quotation marks and hyphens of a query are part of its text. Near
    duplicates of a hit are separate hits.

    Raises:
        DocumentError: No answer is a sentence of the collection.
    """
    asked, left_out = answered(searcher.collection, gold)
    if not asked:
        raise DocumentError(
            f"{searcher.collection.path}: no answer of the gold is a sentence there; check document_id, and copy"
            " sentences as hits show them"
        )
    scores = answer_scores(ask(searcher, asked, on_progress), [len(query.answers) for query in asked])
    return AnswersReport(tuple(scores), len(asked), sum(len(query.answers) for query in asked), left_out)


def ask(
    searcher: Searcher, queries: Sequence[GoldQuery], on_progress: OnProgress | None = None
) -> dict[str, list[Mask]]:
    """Return for each order, and for `default`, which of the first hits of each query are answers.  (hits,) each"""
    found: dict[str, list[Mask]] = {}
    for number, query in enumerate(queries, 1):
        for name, hits in rankings(searcher, query.text, DEPTH).items():
            found.setdefault(name, []).append(relevant(hits, query))
        if on_progress:
            on_progress(number, len(queries))
    return found


def rankings(searcher: Searcher, text: str, k: int) -> dict[str, Sequence[SentenceHit]]:
    """Return the first k hits of a text by each order, and by ELMo's default vectors."""
    query = write_sentence(text)
    found: dict[str, Sequence[SentenceHit]] = {
        str(order): searcher.sentences(query, k, order=order, alike=False) for order in Order
    }
    return found | {str(By.DEFAULT): searcher.sentences(query, k, by=By.DEFAULT, alike=False)}


def relevant(hits: Sequence[SentenceHit], query: GoldQuery) -> Mask:
    """Return which hits are answers.  (hits,)"""
    answers = set(query.answers)
    return np.array([Answer(hit.document_id, plain_sentence(hit.sentence)) in answers for hit in hits], bool)


def answer_scores(found: Mapping[str, Sequence[Mask]], answers: Sequence[int]) -> list[Score]:
    """Return the mean reciprocal rank and the recalls of each ranking.

    Args:
        found: For each ranking and query, which hits are answers, best first.  (hits,) each
        answers: Number of answers of each query.
    """
    values: dict[tuple[str, str], list[float]] = {
        ("MRR", name): [reciprocal_rank(hits) for hits in every] for name, every in found.items()
    }
    for k in RECALLS:
        for name, every in found.items():
            pairs = zip(every, answers, strict=True)
            values[f"recall@{k}", name] = [recall_at(hits, number, k) for hits, number in pairs]
    return [
        Score(TASK, metric, name, _mean(some), *mean_interval(some), _mean(values[metric, BASELINE]), BASELINE)
        for (metric, name), some in values.items()
    ]


def answered(collection: Collection, gold: Sequence[GoldQuery]) -> tuple[list[GoldQuery], int]:
    """Return the queries with the answers that the collection has, and the number of answers that it lacks.

    Queries without an answer are left out.
    """
    analyser = TextAnalyser(collection.settings.language, collection.settings.tokeniser)
    known = {stored.document_id for stored in collection.documents()}
    wanted = {answer.document_id for query in gold for answer in query.answers} & known
    stored_answers: set[Answer] = set()
    for document in sorted(wanted):
        stored, text = collection.document(document)
        for sentence in filter(has_words, analyser.sentences(text, collection.annotation(stored.key))):
            stored_answers.add(Answer(document, plain_sentence(text[sentence.start : sentence.end])))
    kept = [replace(query, answers=tuple(a for a in query.answers if a in stored_answers)) for query in gold]
    asked = [query for query in kept if query.answers]
    return asked, sum(len(query.answers) for query in gold) - sum(len(query.answers) for query in asked)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))
