"""Print how well late interaction ranks sentences, beside keywords, sentence vectors and all of them together.

    python -m benchmarks.quality.late_interaction --cranfield FOLDER --coarsewsd FOLDER --cache FOLDER [--each 6]

Cranfield: nDCG@10 of documents, each with the rank of its best sentence, in every order of the product.

CoarseWSD-20: each query is a sentence with one of 20 ambiguous nouns, and does not say which word is meant. Mean
average precision counts which of the other sentences with the noun have it in the same sense.

Collections of the texts are made in the cache.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.vectors.arrays import Array, Ids
from polyseme.search.context import View
from polyseme.search.evaluation.datasets.retrieval import read_retrieval
from polyseme.search.evaluation.measures import average_precision, ndcg
from polyseme.search.hits import By, Order
from polyseme.search.query.sentence import write_sentence
from polyseme.search.retrieval.exact import sentence_cosines
from polyseme.search.retrieval.keywords import keyword_weight, score_keywords
from polyseme.search.retrieval.meetings import word_scores
from polyseme.search.retrieval.sentences import CANDIDATES, Candidates, find_candidates, open_question
from polyseme.search.searcher import Searcher

K = 10
"""Number of first documents that nDCG takes into account."""
SENTENCES_OF_NOUN = 100
"""Maximum number of sentences with one noun."""


@dataclass(frozen=True, slots=True)
class Noun:
    """A sentence with an ambiguous noun: its document id, text, noun and sense."""

    key: str
    text: str
    noun: str
    sense: str


def read_nouns(folder: Path) -> list[Noun]:
    """Read the same sentences of each noun's test split in every run."""
    found = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        texts, senses = (
            (place / f"test.{kind}.txt").read_text(encoding="utf-8").splitlines() for kind in ("data", "gold")
        )
        rows = list(zip(texts, senses, strict=True))
        random.Random(place.name).shuffle(rows)
        for n, (line, sense) in enumerate(rows[:SENTENCES_OF_NOUN]):
            found.append(Noun(f"{place.name}-{n}", line.split("\t", 1)[-1], place.name, sense))
    return found


def documents_by_sentence(searcher: Searcher) -> dict[int, str]:
    """Return the document id of each sentence."""
    sql = "SELECT s.id, d.document_id FROM sentences s JOIN documents d ON d.id = s.document"
    return dict(searcher.collection.db.execute(sql))


def measure_cranfield(folder: Path, collection: Path) -> dict[str, list[float]]:
    """Return nDCG@10 of each query in each order."""
    data = read_retrieval(folder)
    build(collection, [Document(key, text) for key, text in data.documents.items() if text.strip()])
    found: dict[str, list[float]] = {order: [] for order in Order}
    with Searcher.open(collection) as searcher:
        owner = documents_by_sentence(searcher)
        for key, text in data.queries.items():
            judged = data.judgements.get(key, {})
            if not any(grade > 0 for grade in judged.values()):
                continue
            with searcher._view() as view:
                view, question = open_question(view, write_sentence(text))
                for order in Order:
                    candidates = find_candidates(view, question, order, CANDIDATES)
                    best = candidates.ids[np.argsort(-candidates.scores(order), kind="stable")]
                    documents = list(dict.fromkeys(owner[each] for each in best.tolist()))[:K]
                    grades = [judged.get(document, 0) for document in documents]
                    found[order].append(ndcg(grades, list(judged.values()), K))
    return found


def scores_of(view: View, text: str, ids: Ids) -> Iterator[tuple[str, Array]]:
    """Yield the scores of given sentences by each signal, and by all together.  (n,) each"""
    view, question = open_question(view, write_sentence(text))
    cosines = sentence_cosines(view.scope, ids, question.vector, By.SENTENCE)
    keywords = score_keywords(view, question.tokens).of(ids)
    words = word_scores(view, question.tokens, question.vectors.tokens, ids)
    weight = keyword_weight(view, question.tokens, float(keywords.max(initial=0)))
    candidates = Candidates(ids, cosines, keywords, words, weight)
    for order in Order:
        yield order, candidates.scores(order)


def measure_nouns(folder: Path, collection: Path, each: int) -> dict[str, list[float]]:
    """Return the mean average precision of each noun by each signal.

    Args:
        each: Maximum number of queries of a noun.
    """
    nouns = read_nouns(folder)
    build(collection, [Document(noun.key, noun.text) for noun in nouns])
    found: dict[str, list[float]] = {order: [] for order in Order}
    with Searcher.open(collection) as searcher:
        sentence_of = {document: key for key, document in documents_by_sentence(searcher).items()}
        for name in sorted({noun.noun for noun in nouns}):
            rows = [noun for noun in nouns if noun.noun == name and noun.key in sentence_of]
            precisions: dict[str, list[float]] = {order: [] for order in Order}
            for query in random.Random(name).sample(rows, min(each, len(rows))):
                others = sorted((row for row in rows if row is not query), key=lambda row: sentence_of[row.key])
                relevant = np.array([row.sense == query.sense for row in others])
                if not relevant.any():
                    continue
                ids = np.array([sentence_of[row.key] for row in others], np.int64)
                with searcher._view() as view:
                    for order, scores in scores_of(view, query.text, ids):
                        ranks = np.argsort(-scores, kind="stable")
                        precisions[order].append(average_precision(relevant[ranks].tolist()))
            for order, values in precisions.items():
                if values:
                    found[order].append(float(np.mean(values)))
    return found


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Print how well late interaction ranks sentences.")
    parser.add_argument("--cranfield", type=Path, metavar="FOLDER", help="folder of Cranfield")
    parser.add_argument("--coarsewsd", type=Path, metavar="FOLDER", help="folder of CoarseWSD-20")
    parser.add_argument("--cache", type=Path, required=True, metavar="FOLDER", help="folder for collections")
    parser.add_argument("--each", type=int, default=6, help="number of queries of each noun")
    arguments = parser.parse_args()
    try:
        if arguments.coarsewsd:
            print_row(
                "CoarseWSD-20, MAP", measure_nouns(arguments.coarsewsd, arguments.cache / "nouns.pol", arguments.each)
            )
        if arguments.cranfield:
            print_row("Cranfield, nDCG@10", measure_cranfield(arguments.cranfield, arguments.cache / "cranfield.pol"))
    except PolysemeError as error:
        print(f"late_interaction: {error}", file=sys.stderr)
        return 1
    return 0


def print_row(name: str, found: dict[str, list[float]]) -> None:
    """Print the means of one set by order, in per cent."""
    print(f"{name:20}" + "".join(f"  {order} {100 * float(np.mean(values)):.1f}" for order, values in found.items()))


if __name__ == "__main__":
    sys.exit(main())
