"""Print figures of same-sense retrieval on the sample collection (data/documents, data/senses.tsv).

    python -m benchmarks.quality.sample [--model SOURCE] [--json FILE]

Each gold occurrence is a query, and the other occurrences of its lemma are ranked. The figures are mean average
precision of the sense vector, of each layer and of a random order. Then comes precision at 10 of two queries that are
not in the collection.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.records import Layer
from polyseme.indexer.elmo import Encoder, load_encoder
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.gold.judgements import Gold, by_word, read_gold
from polyseme.search.evaluation import precision_at
from polyseme.search.searcher import Searcher

from benchmarks.lib.paths import DOCUMENTS, SENSES
from benchmarks.lib.same_sense import Summary, WordScore, ask_all, place, summarise, word_scores

LAYERS = (Layer.SENSE, Layer.LAYER_0, Layer.LAYER_1, Layer.LAYER_2, Layer.ELMO)
QUERIES = {"She sat on the river [bank] and watched the boats.": "river", "The [bank] refused her a loan.": "money"}
Measured = dict[Layer, tuple[list[WordScore], Summary]]
Precisions = dict[str, dict[Layer, float]]


def measure(encoder: Encoder, documents: Path, gold: list[Gold], folder: Path) -> tuple[Measured, Precisions]:
    """Build a collection for each layer. Return scores by layer, and precision at 10 by query and layer."""
    measured: Measured = {}
    precisions: Precisions = {query: {} for query in QUERIES}
    senses = {row.place: row.sense for row in gold}
    for layer in LAYERS:
        collection = folder / f"{layer}.pol"
        build(collection, [documents], BuildConfig(layer=layer), encoder)
        with Searcher.open(collection, encoder) as searcher:
            answers = ask_all(searcher, by_word(gold))
            measured[layer] = word_scores(answers), summarise(answers)
            for query, sense in QUERIES.items():
                hits = searcher.occurrences(query, k=10)
                precisions[query][layer] = precision_at([senses.get(place(hit)) == sense for hit in hits], 10)
    return measured, precisions


def print_words(measured: Measured) -> None:
    """Print a row for each word."""
    print(f"{'word':10}{'occurrences':>12}{'senses':>8}{'chance':>8}" + "".join(f"{name(x):>9}" for x in measured))
    columns = [scores for scores, _ in measured.values()]
    for row in zip(*columns, strict=True):
        first = row[0]
        print(f"{first.word:10}{first.occurrences:12}{first.senses:8}{100 * first.chance:8.1f}", end="")
        print("".join(f"{100 * score.precision:9.1f}" for score in row))


def print_summary(measured: Measured, precisions: Precisions) -> None:
    """Print the means of each layer, and the precision of each query."""
    first = measured[Layer.SENSE][1]
    print(f"\nmean average precision over {first.words} words, {first.asked} queries; chance {100 * first.chance:.1f}")
    print(f"{'':10}{'words':>8}{'95 % interval':>16}{'occurrences':>13}")
    for layer, (_, found) in measured.items():
        bounds = f"{100 * found.low:.1f}-{100 * found.high:.1f}"
        print(f"{name(layer):10}{100 * found.precision:8.1f}{bounds:>16}{100 * found.precision_by_occurrence:13.1f}")
    print("\nprecision at 10")
    for query, found_by in precisions.items():
        print(f"{query:52}" + "  ".join(f"{name(layer)} {figure:.1f}" for layer, figure in found_by.items()))


def name(layer: Layer) -> str:
    """Return the name of a layer in the tables."""
    return f"layer {layer}" if layer.isdigit() else str(layer)


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Print figures of same-sense retrieval on the sample collection.")
    parser.add_argument("--model", default="default", metavar="SOURCE", help="model to measure")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    arguments = parser.parse_args()
    try:
        encoder = load_encoder(arguments.model)
        with tempfile.TemporaryDirectory() as folder:
            gold = read_gold(SENSES)
            measured, precisions = measure(encoder, DOCUMENTS, gold, Path(folder))
    except PolysemeError as error:
        print(f"sample: {error}", file=sys.stderr)
        return 1
    print_words(measured)
    print_summary(measured, precisions)
    if arguments.json:
        layers = {
            layer: {"summary": asdict(found), "words": [asdict(score) for score in scores]}
            for layer, (scores, found) in measured.items()
        }
        arguments.json.write_text(json.dumps({"layers": layers, "precision_at_10": precisions}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
