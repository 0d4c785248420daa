"""Retrieval of documents by their best sentence: sentence vectors, FTS5's BM25, and the two fused."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ....indexer.build import BuildConfig
from ....indexer.collection.queries import best_keyword_rows, fill_keyword_index
from ....indexer.collection.schema import connect, create_keyword_index
from ....indexer.pipeline import is_worth_keeping
from ....indexer.text.analyser import TextAnalyser
from ....indexer.vectors.arrays import Ids, top, unit
from ...retrieval.keywords import match_expression
from ...retrieval.ranking import fuse
from ...retrieval.sentences import HYBRID_CANDIDATES
from ..datasets.retrieval import RetrievalSet, read_retrieval
from ..measures import mean_interval, ndcg
from ..records import Score, Span, whole
from ..spans import tokens_of
from ..vectors import Report, Represented, represent
from .sentences import normalisations

if TYPE_CHECKING:
    from ....indexer.elmo import Encoder

K = 10
METRIC = f"nDCG@{K}"
BM25 = "FTS5 BM25"
SENTENCES = 1000
"""That one ranking brings, enough for ten documents."""
AT_ONCE = 256
"""Queries that are compared with all sentences together."""


@dataclass(frozen=True, slots=True)
class CutDocuments:
    """Sentences of documents one after the other: texts, tokens, and whose they are, as a place among the ids."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]  # of each sentence
    spans: tuple[Span, ...]  # of each sentence
    document: Ids  # (sentences,)


@dataclass(frozen=True, slots=True)
class Query:
    """A query, its tokens, and the grades that documents were given, by their ids."""

    text: str
    span: Span
    judged: dict[str, int]


Rankings = list[Ids]  # for each query, rows of sentences or places of documents, best first


def evaluate_retrieval(
    encoder: Encoder, folder: Path, language: str = "en", report: Report | None = None
) -> list[Score]:
    """nDCG@10 over the queries with a relevant document; baseline: BM25 over sentences. Queries are drawn.

    A document's place is that of its best sentence, for vectors and keywords alike, as a search of the product shows
    it; the fusion is the product's. Sentence vectors are the mean over their tokens, as they are, centred or whitened
    by the product's transforms, fitted on the first documents.
    """
    data = read_retrieval(folder)
    analyser = TextAnalyser(language)
    cut = cut_documents(analyser, data.documents)
    queries = cut_queries(analyser, data)
    found = represent(encoder, [*cut.spans, *(query.span for query in queries)], report)
    keywords = keyword_rankings(analyser, cut.texts, queries, SENTENCES)
    bm25 = gains(documents_of(keywords, cut), cut, queries)
    rows: list[tuple[str, str, list[float]]] = [
        (METRIC, BM25, bm25),
        (METRIC, f"{BM25}, whole documents", _whole_documents(analyser, data, cut, queries)),
    ]
    for name, by_vector in vector_rankings(found, cut, queries).items():
        pairs = zip(by_vector, keywords, strict=True)
        both = [fuse([ids[:HYBRID_CANDIDATES], words[:HYBRID_CANDIDATES]]) for ids, words in pairs]
        rows.append((METRIC, name, gains(documents_of(by_vector, cut), cut, queries)))
        rows.append((f"{METRIC}, hybrid", name, gains(documents_of(both, cut), cut, queries)))
    baseline = float(np.mean(bm25))
    return [
        Score("retrieval", metric, name, float(np.mean(values)), *mean_interval(values), baseline, BM25)
        for metric, name, values in rows
    ]


def cut_documents(analyser: TextAnalyser, documents: dict[str, str]) -> CutDocuments:
    """The sentences that a collection of these documents would keep."""
    texts, spans, owners = [], [], []
    for place, text in enumerate(documents.values()):
        for sentence in filter(is_worth_keeping, analyser.sentences(text)):
            texts.append(text[sentence.start : sentence.end])
            spans.append(whole(tuple(token.text for token in sentence.tokens)))
            owners.append(place)
    return CutDocuments(tuple(documents), tuple(texts), tuple(spans), np.array(owners, np.int64))


def cut_queries(analyser: TextAnalyser, data: RetrievalSet) -> list[Query]:
    """The queries that hold a word and have a relevant document."""
    queries = []
    for key, text in data.queries.items():
        judged, tokens = data.judgements.get(key, {}), tokens_of(analyser, text)
        if tokens and any(grade > 0 for grade in judged.values()):
            queries.append(Query(text, whole(tokens), judged))
    return queries


def vector_rankings(found: Represented, cut: CutDocuments, queries: Sequence[Query]) -> dict[str, Rankings]:
    """By representation and normalisation: for each query the nearest sentences."""
    rankings = {}
    for name in found.names:
        rows = found(name, cut.spans)  # (sentences, dim)
        asked = found(name, [query.span for query in queries])  # (queries, dim)
        for normalised, transform in normalisations(rows[: BuildConfig().sample_sentences]).items():
            sentences, wanted = unit(transform(rows)), unit(transform(asked))  # (sentences, dim), (queries, dim)
            parts = (wanted[first : first + AT_ONCE] @ sentences.T for first in range(0, len(wanted), AT_ONCE))
            rankings[f"{name}, {normalised}"] = [top(scores, SENTENCES) for part in parts for scores in part]
    return rankings


def keyword_rankings(analyser: TextAnalyser, texts: Sequence[str], queries: Iterable[Query], most: int) -> Rankings:
    """For each query the texts that hold a word of it, by FTS5's BM25: built and asked as a collection's index is."""
    with tempfile.TemporaryDirectory() as folder:
        db = connect(Path(folder) / "keywords.db")
        create_keyword_index(db, analyser.language)
        fill_keyword_index(db, texts)
        expressions = [match_expression(query.text, analyser) for query in queries]
        found = [best_keyword_rows(db, words, most) if words else [] for words in expressions]
        db.close()
    return [np.array(rows, np.int64) for rows in found]


def documents_of(rankings: Rankings, cut: CutDocuments) -> Rankings:
    """Documents in the order of their best sentences: (<= documents,) for each query."""
    return [_distinct(cut.document[rows]) for rows in rankings]


def gains(rankings: Rankings, cut: CutDocuments, queries: Sequence[Query]) -> list[float]:
    """nDCG@10 of each query's order of documents."""
    values = []
    for places, query in zip(rankings, queries, strict=True):
        grades = [query.judged.get(cut.ids[place], 0) for place in places[:K]]
        values.append(ndcg(grades, list(query.judged.values()), K))
    return values


def _whole_documents(
    analyser: TextAnalyser, data: RetrievalSet, cut: CutDocuments, queries: Sequence[Query]
) -> list[float]:
    return gains(keyword_rankings(analyser, list(data.documents.values()), queries, K), cut, queries)


def _distinct(places: Ids) -> Ids:
    """Each place once, where it comes first."""
    _, first = np.unique(places, return_index=True)
    return places[np.sort(first)]
