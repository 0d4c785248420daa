"""Retrieval of documents by their best sentence: with sentence vectors, FTS5's BM25, and the fusion of both."""

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
from ....indexer.pipeline import has_words
from ....indexer.text import TextAnalyser
from ....indexer.vectors.arrays import Ids, top, unit
from ...retrieval.keywords import match_expression
from ...retrieval.ranking import fuse
from ...retrieval.sentences import HYBRID_CANDIDATES
from ..datasets.retrieval import RetrievalSet, read_retrieval
from ..measures import mean_interval, ndcg
from ..records import Score, Span, whole_sentence
from ..spans import tokens_of
from ..vectors import OnProgress, SpanVectors, represent
from .sentences import normalisations

if TYPE_CHECKING:
    from ....indexer.elmo import Encoder

K = 10
"""Number of first documents that nDCG takes into account."""
METRIC = f"nDCG@{K}"
BM25 = "FTS5 BM25"
SENTENCES = 1000
"""Maximum number of sentences in a ranking. They belong to ten documents or more."""
AT_ONCE = 256
"""Number of queries that one matrix product compares with all sentences."""


@dataclass(frozen=True, slots=True)
class CutDocuments:
    """All sentences of some documents.

    Attributes:
        ids: Document ids.
        texts: Text of each sentence.
        spans: Tokens of each sentence.
        document: Index in `ids` of each sentence's document.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    spans: tuple[Span, ...]
    document: Ids  # (sentences,)


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query, its tokens, and the grades of judged documents by id."""

    text: str
    span: Span
    judged: dict[str, int]


Rankings = list[Ids]
"""Rows of sentences, or indices of documents, for each query, best first."""


def evaluate_retrieval(
    encoder: Encoder, folder: Path, language: str = "en", on_progress: OnProgress | None = None
) -> list[Score]:
    """Return nDCG@10 over the queries with a relevant document. Baseline: BM25 over sentences.

    A document has the rank of its best sentence, for vectors and for keywords. Fusion and transforms are those of
    Polyseme's own search. A sentence vector is the mean over its tokens: raw, centred or whitened. The transforms are
    fitted on the first sentences. The bootstrap draws queries.
    """
    data = read_retrieval(folder)
    analyser = TextAnalyser(language)
    cut = cut_documents(analyser, data.documents)
    queries = cut_queries(analyser, data)
    found = represent(encoder, [*cut.spans, *(query.span for query in queries)], on_progress)
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
    """Return the sentences that a collection of these documents would store."""
    texts, spans, owners = [], [], []
    for place, text in enumerate(documents.values()):
        for sentence in filter(has_words, analyser.sentences(text)):
            texts.append(text[sentence.start : sentence.end])
            spans.append(whole_sentence(tuple(token.text for token in sentence.tokens)))
            owners.append(place)
    return CutDocuments(tuple(documents), tuple(texts), tuple(spans), np.array(owners, np.int64))


def cut_queries(analyser: TextAnalyser, data: RetrievalSet) -> list[JudgedQuery]:
    """Return the queries that contain a token and have a relevant document."""
    queries = []
    for key, text in data.queries.items():
        judged, tokens = data.judgements.get(key, {}), tokens_of(analyser, text)
        if tokens and any(grade > 0 for grade in judged.values()):
            queries.append(JudgedQuery(text, whole_sentence(tokens), judged))
    return queries


def vector_rankings(found: SpanVectors, cut: CutDocuments, queries: Sequence[JudgedQuery]) -> dict[str, Rankings]:
    """Return the nearest sentences of each query, by representation and normalisation."""
    rankings = {}
    for name in found.names:
        rows = found(name, cut.spans)  # (sentences, dim)
        asked = found(name, [query.span for query in queries])  # (queries, dim)
        for normalised, transform in normalisations(rows[: BuildConfig().sample_sentences]).items():
            sentences, wanted = unit(transform(rows)), unit(transform(asked))  # (sentences, dim), (queries, dim)
            parts = (wanted[first : first + AT_ONCE] @ sentences.T for first in range(0, len(wanted), AT_ONCE))
            rankings[f"{name}, {normalised}"] = [top(scores, SENTENCES) for part in parts for scores in part]
    return rankings


def keyword_rankings(
    analyser: TextAnalyser, texts: Sequence[str], queries: Iterable[JudgedQuery], most: int
) -> Rankings:
    """Return at most `most` texts for each query, ranked by BM25 in an FTS5 table like that of a collection."""
    with tempfile.TemporaryDirectory() as folder:
        db = connect(Path(folder) / "keywords.db")
        create_keyword_index(db, analyser.language)
        fill_keyword_index(db, texts)
        expressions = [match_expression(query.text, analyser) for query in queries]
        found = [best_keyword_rows(db, words, most) if words else [] for words in expressions]
        db.close()
    return [np.array(rows, np.int64) for rows in found]


def documents_of(rankings: Rankings, cut: CutDocuments) -> Rankings:
    """Return documents in the order of their best sentences.  (<= documents,) for each query"""
    return [_distinct(cut.document[rows]) for rows in rankings]


def gains(rankings: Rankings, cut: CutDocuments, queries: Sequence[JudgedQuery]) -> list[float]:
    """Return the nDCG@10 of each query's documents."""
    values = []
    for places, query in zip(rankings, queries, strict=True):
        grades = [query.judged.get(cut.ids[place], 0) for place in places[:K]]
        values.append(ndcg(grades, list(query.judged.values()), K))
    return values


def _whole_documents(
    analyser: TextAnalyser, data: RetrievalSet, cut: CutDocuments, queries: Sequence[JudgedQuery]
) -> list[float]:
    return gains(keyword_rankings(analyser, list(data.documents.values()), queries, K), cut, queries)


def _distinct(places: Ids) -> Ids:
    """Return each value once, in the order of first occurrence."""
    _, first = np.unique(places, return_index=True)
    return places[np.sort(first)]
