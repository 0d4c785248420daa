"""Print the tables of docs/results/sentences.md: how well search by sentence finds what a query means.

    python -m benchmarks.quality.sentences [EVAL_FOLDER] [--model SOURCE] [--only NAME]... [--json FILE]

EVAL_FOLDER holds stsbenchmark/ and cranfield/. A set that is missing is left out. The queries of data/paraphrases.tsv
are asked in a collection of data/documents and need no folder.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.elmo import Encoder, load_encoder
from polyseme.indexer.elmo.bundled import DEFAULT as DEFAULT_MODEL
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.gold.sentence_answers import read_sentence_gold
from polyseme.indexer.text import TextAnalyser
from polyseme.search.evaluation import Score, spearman
from polyseme.search.evaluation.datasets.pairs import read_sts_splits
from polyseme.search.evaluation.measures import reciprocal_rank
from polyseme.search.evaluation.own_sentences import answer_scores, answered, ask
from polyseme.search.evaluation.records import SentencePair, whole_sentence
from polyseme.search.evaluation.spans import tokens_of
from polyseme.search.evaluation.tasks.retrieval import BEST_SENTENCE, METRIC, evaluate_retrieval
from polyseme.search.evaluation.tasks.sentences import stored_cosines, stored_maps
from polyseme.search.evaluation.vectors import DEFAULT, PRODUCT, SpanVectors, represent
from polyseme.search.searcher import Searcher

from benchmarks.lib.paths import DOCUMENTS, PARAPHRASES

FOLDS = 5
"""Number of folds of the pairs of dev and train together."""
Table = list[dict[str, object]]
"""Rows of a table: the name, then figures."""


def sts_table(encoder: Encoder, folder: Path) -> Table:
    """Return Spearman's correlation of both sentence vectors on dev, on train, and in folds of both together."""
    splits = read_sts_splits([folder], partial(tokens_of, TextAnalyser("en")))
    every = [pair for pairs in splits.values() for pair in pairs]
    sentences = (whole_sentence(text) for pair in every for text in (pair.sentence1, pair.sentence2))
    found = represent(encoder, sentences, whole=True)
    rows: Table = []
    for name in (PRODUCT, DEFAULT):
        row: dict[str, object] = {"vector": name}
        for split, pairs in splits.items():
            others = [pair for other, some in splits.items() if other != split for pair in some]
            row[split] = correlation(encoder, found, name, pairs, others or pairs)
        folds = fold_correlations(encoder, found, name, every)
        rows.append(row | {"both, mean of folds": float(np.mean(folds)), "lowest": min(folds), "highest": max(folds)})
    return rows


def correlation(
    encoder: Encoder, found: SpanVectors, name: str, pairs: Sequence[SentencePair], others: Sequence[SentencePair]
) -> float:
    """Return Spearman's correlation of a vector's cosines on pairs. Its transform is fitted on the other pairs."""
    cosine = stored_cosines(found, name, pairs, stored_maps(encoder, found, others)[name])
    return spearman(cosine, [pair.gold for pair in pairs])


def fold_correlations(
    encoder: Encoder, found: SpanVectors, name: str, pairs: Sequence[SentencePair], folds: int = FOLDS
) -> list[float]:
    """Return the correlation on each fold, with the transform of the other folds."""
    scores = []
    for fold in range(folds):
        others = [pair for number, pair in enumerate(pairs) if number % folds != fold]
        scores.append(correlation(encoder, found, name, pairs[fold::folds], others))
    return scores


def retrieval_table(encoder: Encoder, folder: Path) -> Table:
    """Return nDCG@10 on Cranfield of each order: of documents, and of documents by their best sentence."""
    scores = evaluate_retrieval(encoder, folder, layers=False)
    names = list(dict.fromkeys(score.representation for score in scores))
    by_name = {(score.representation, score.metric): score for score in scores}
    return [
        {"ranked by": name, "documents": by_name[name, METRIC], "best sentence": by_name[name, BEST_SENTENCE]}
        for name in names
    ]


def paraphrase_tables(encoder: Encoder) -> tuple[Table, Table]:
    """Return MRR and recall of each order on the sample documents, and MRR by kind of query."""
    queries = read_sentence_gold(PARAPHRASES)
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder) / "sample.pol", [DOCUMENTS], BuildConfig(), encoder)
        with Searcher.open(Path(folder) / "sample.pol", encoder) as searcher:
            asked, left_out = answered(searcher.collection, queries)
            found = ask(searcher, asked)
    if left_out:
        raise PolysemeError(f"{PARAPHRASES}: {left_out} answers are no sentences of {DOCUMENTS}; correct the table")
    scores = answer_scores(found, [len(query.answers) for query in asked])
    measures: Table = []
    kinds: Table = []
    for name, every in found.items():
        figures: dict[str, object] = {score.metric: score for score in scores if score.representation == name}
        measures.append({"ranked by": name} | figures)
        ranks = [reciprocal_rank(hits) for hits in every]
        row: dict[str, object] = {"ranked by": name}
        for kind in dict.fromkeys(query.kind for query in asked):
            row[kind] = float(np.mean([rank for rank, query in zip(ranks, asked, strict=True) if query.kind == kind]))
        kinds.append(row)
    return measures, kinds


def print_table(title: str, rows: Table) -> None:
    """Print a table in Markdown. Figures are times 100."""
    print(f"\n{title}\n\n| " + " | ".join(rows[0]) + " |\n" + "|---" * len(rows[0]) + "|")
    for row in rows:
        print("| " + " | ".join(_cell(value) for value in row.values()) + " |", flush=True)


def _cell(value: object) -> str:
    if isinstance(value, Score):
        return f"{100 * value.value:.1f} ({100 * value.low:.1f} to {100 * value.high:.1f})"
    return f"{100 * value:.1f}" if isinstance(value, float) else str(value)


def _plain(row: dict[str, object]) -> dict[str, object]:
    return {key: value.row() if isinstance(value, Score) else value for key, value in row.items()}


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Print how well search by sentence finds what a query means.")
    parser.add_argument("folder", nargs="?", type=Path, metavar="EVAL_FOLDER", help="folder with the published sets")
    parser.add_argument("--model", default=DEFAULT_MODEL, metavar="SOURCE", help="model to measure")
    parser.add_argument(
        "--only", action="append", choices=("sts", "retrieval", "paraphrases"), help="table to print; repeat for more"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    arguments = parser.parse_args()
    tables: dict[str, Table] = {}

    def is_wanted(name: str, place: str | None = None) -> bool:
        there = place is None or (arguments.folder is not None and (arguments.folder / place).exists())
        return there and (not arguments.only or name in arguments.only)

    def add(title: str, rows: Table) -> None:
        tables[title] = rows
        print_table(title, rows)

    try:
        encoder = load_encoder(arguments.model)
        if is_wanted("sts", "stsbenchmark"):
            add("STS benchmark, Spearman's correlation", sts_table(encoder, arguments.folder / "stsbenchmark"))
        if is_wanted("retrieval", "cranfield"):
            add("Cranfield, nDCG@10", retrieval_table(encoder, arguments.folder / "cranfield"))
        if is_wanted("paraphrases"):
            measures, kinds = paraphrase_tables(encoder)
            add("Sample documents, 60 queries", measures)
            add("Sample documents, MRR by kind of query", kinds)
    except PolysemeError as error:
        print(f"sentences: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        plain = {title: list(map(_plain, rows)) for title, rows in tables.items()}
        arguments.json.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
