"""Retrieval of documents, as the product answers, by plain BM25, and by the mean vector of each layer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ....indexer.build import BuildConfig, build
from ....indexer.collection.collection import Collection
from ....indexer.collection.queries import best_keyword_rows, fill_keyword_index
from ....indexer.collection.schema import connect, create_keyword_index
from ....indexer.documents import Document
from ....indexer.errors import QueryError
from ....indexer.text import TextAnalyser, has_words
from ....indexer.vectors.arrays import Ids, top, unit
from ...hits import By, Order
from ...query.sentence import write_sentence
from ...retrieval.keywords import match_expression
from ...searcher import Searcher
from ..datasets.retrieval import RetrievalSet, read_retrieval
from ..measures import mean_interval, ndcg
from ..records import Score, Span, whole_sentence
from ..spans import tokens_of
from ..vectors import DEFAULT, PRODUCT, OnProgress, SpanVectors, represent
from .sentences import normalisations

if TYPE_CHECKING:
    from ....indexer.elmo import Encoder
    from ....indexer.progress import Progress

K = 10
"""Number of first documents that nDCG takes into account."""
METRIC = f"nDCG@{K}"
BEST_SENTENCE = f"{METRIC}, best sentence"
BM25 = "bm25"
SENTENCES = 1000
"""Maximum number of sentences in a ranking. They belong to ten documents or more."""
FIRST_SENTENCES = 100
"""Number of sentences that the product is asked for at first. They nearly always belong to ten documents."""
AT_ONCE = 256
"""Number of queries that one matrix product compares with all sentences."""
ORDERS = {
    PRODUCT: Order.MEANING,
    f"{PRODUCT}, {Order.HYBRID}": Order.HYBRID,
    f"{PRODUCT}, {Order.KEYWORDS}": Order.KEYWORDS,
    f"{PRODUCT}, {Order.WORDS}": Order.WORDS,
}
"""Orders of the product's search by sentence, by their names in tables."""


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
Grades = list[list[int]]
"""Grades of the first documents of each query, best first."""


def evaluate_retrieval(
    encoder: Encoder, folder: Path, language: str = "en", on_progress: OnProgress | None = None, layers: bool = True
) -> list[Score]:
    """Return nDCG@10 over the queries with a relevant document. The bootstrap draws queries.

    The documents are indexed into a temporary collection. The product's own search ranks them as documents, and in a
    second measure by their best sentence. `product` is its order by meaning, and `default` compares ELMo's default
    vectors by the same rules. Baseline: FTS5's BM25 over whole documents, and over sentences.

    Rows of layers have the mean over a sentence's tokens: raw, centred or whitened. The transforms are fitted on the
    first sentences.

    Args:
        encoder: The model.
        folder: The data set.
        language: Language of the texts.
        on_progress: Called while sentences are encoded.
        layers: Whether to measure the layers, for which all sentences are encoded a second time.
    """
    data = read_retrieval(folder)
    analyser = TextAnalyser(language)
    cut = cut_documents(analyser, data.documents)
    queries = cut_queries(analyser, data)
    whole = grades_of(keyword_rankings(analyser, list(data.documents.values()), queries, K), cut, queries)
    keywords = documents_of(keyword_rankings(analyser, cut.texts, queries, SENTENCES), cut)
    baselines = {METRIC: whole, BEST_SENTENCE: grades_of(keywords, cut, queries)}
    rows: list[tuple[str, str, Grades]] = []
    with product_collection(encoder, data.documents, language, _counted(on_progress, len(cut.texts))) as searcher:
        rows += product_rows(searcher, queries)
    rows += [(metric, BM25, grades) for metric, grades in baselines.items()]
    if layers:
        found = represent(encoder, [*cut.spans, *(query.span for query in queries)], on_progress)
        for name, ranking in vector_rankings(found, cut, queries).items():
            rows.append((BEST_SENTENCE, name, grades_of(documents_of(ranking, cut), cut, queries)))
    return list(_scores(rows, baselines, queries))


@contextmanager
def product_collection(
    encoder: Encoder, documents: dict[str, str], language: str, on_progress: Callable[[Progress], None] | None = None
) -> Iterator[Searcher]:
    """Index texts into a temporary collection with the settings of a new one, and open it for search."""
    with tempfile.TemporaryDirectory(prefix="polyseme-") as folder:
        path = Path(folder) / "evaluated.pol"
        sources = [Document(key, text) for key, text in documents.items()]
        build(path, sources, BuildConfig(language=language), encoder, on_progress)
        with Searcher(Collection.open(path), encoder) as searcher:
            yield searcher


def product_rows(searcher: Searcher, queries: Sequence[JudgedQuery]) -> list[tuple[str, str, Grades]]:
    """Return the grades of the product's first documents, by measure and by name of the order."""
    rows: list[tuple[str, str, Grades]] = []
    for name, order in ORDERS.items():
        rows.append((METRIC, name, [_graded(first_documents(searcher, query.text, order), query) for query in queries]))
    found = [_graded(first_documents(searcher, query.text, Order.MEANING, By.DEFAULT), query) for query in queries]
    rows.append((METRIC, DEFAULT, found))
    for name, order in ORDERS.items():
        found = [_graded(best_documents(searcher, query.text, By.SENTENCE, order), query) for query in queries]
        rows.append((BEST_SENTENCE, name, found))
    found = [_graded(best_documents(searcher, query.text, By.DEFAULT), query) for query in queries]
    rows.append((BEST_SENTENCE, DEFAULT, found))
    return rows


def first_documents(searcher: Searcher, text: str, order: Order, by: By = By.SENTENCE) -> list[str]:
    """Return the ids of the first ten documents that answer a text, by the product's rule for documents."""
    try:
        hits = searcher.documents(write_sentence(text), K, order=order, passages=1, by=by)
    except QueryError:  # a query that is too long has no answer
        return []
    return [hit.document_id for hit in hits]


def best_documents(searcher: Searcher, text: str, by: By, order: Order | None = None) -> list[str]:
    """Return the ids of at least ten documents in the order of their best sentences, or of all that were found."""
    query = write_sentence(text)
    documents: list[str] = []
    for k in (FIRST_SENTENCES, SENTENCES):
        try:
            hits = searcher.sentences(query, k, by=by, order=order, alike=False)
        except QueryError:  # a query that is too long has no answer
            return []
        documents = list(dict.fromkeys(hit.document_id for hit in hits))
        if len(documents) >= K or len(hits) < k:
            break
    return documents


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


def gains(grades: Sequence[Sequence[int]], queries: Sequence[JudgedQuery]) -> list[float]:
    """Return the nDCG@10 of each query, from the grades of its first documents."""
    return [ndcg(found, list(query.judged.values()), K) for found, query in zip(grades, queries, strict=True)]


def _graded(documents: Sequence[str], query: JudgedQuery) -> list[int]:
    """Return the grades of the first ten documents. Those without a judgement have 0."""
    return [query.judged.get(document, 0) for document in documents[:K]]


def grades_of(rankings: Rankings, cut: CutDocuments, queries: Sequence[JudgedQuery]) -> Grades:
    """Return the grades of each query's first documents, from rankings of indices of documents."""
    return [
        _graded([cut.ids[place] for place in places[:K]], query)
        for places, query in zip(rankings, queries, strict=True)
    ]


def _scores(
    rows: Sequence[tuple[str, str, Grades]], baselines: dict[str, Grades], queries: Sequence[JudgedQuery]
) -> Iterator[Score]:
    """Yield the mean nDCG of each row with its interval."""
    baseline = {metric: float(np.mean(gains(grades, queries))) for metric, grades in baselines.items()}
    for metric, name, grades in rows:
        values = gains(grades, queries)
        yield Score("retrieval", metric, name, float(np.mean(values)), *mean_interval(values), baseline[metric], BM25)


def _counted(on_progress: OnProgress | None, sentences: int) -> Callable[[Progress], None] | None:
    """Return a function that passes the number of indexed sentences on."""
    return None if on_progress is None else lambda state: on_progress(min(state.sentences, sentences - 1), sentences)


def _distinct(places: Ids) -> Ids:
    """Return each value once, in the order of first occurrence."""
    _, first = np.unique(places, return_index=True)
    return places[np.sort(first)]
