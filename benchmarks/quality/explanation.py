"""Print how well explanations name the words that make a hit, by deletion tests on the sample collection.

    python -m benchmarks.quality.explanation [--model SOURCE] [--collection FOLDER] [--pairs 2]

The query is a gold occurrence, and the hit is one of the ten nearest others of its sense. Each method orders the hit's
context words. "Out" is how far the score falls without the first 1, 2 and 3 words. "In" is the score with only these
words and the target. Every run draws the same pairs.

The product's shares are the mean of two deletions: leaving one word out, and leaving one word in. Both halves are
measured too, and a random order.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.elmo import Encoder, load_encoder
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.gold.judgements import by_word, read_gold
from polyseme.indexer.vectorise import Vectoriser
from polyseme.indexer.vectors.arrays import Doubles
from polyseme.search.evaluation.measures import mean_interval
from polyseme.search.explanation import ContextWords, shares
from polyseme.search.query.encode import QueryEncoder, read_target_query
from polyseme.search.searcher import Searcher

from benchmarks.lib.paths import DOCUMENTS, SENSES
from benchmarks.lib.same_sense import ROUNDS
from benchmarks.lib.sql import stored_places
from benchmarks.lib.stored import load_stored

NEAREST = 10
"""Number of nearest occurrences of a sense from which the hit is drawn."""
MOST = 3
"""Maximum number of words that are left out or in."""
FEWEST = 5
"""Minimum number of context words in a hit's sentence."""
Method = Callable[[ContextWords, np.random.Generator], Doubles]
"""Returns a value for each context word. Words with high values come first.  (n,)"""


@dataclass(frozen=True, slots=True)
class Pair:
    """Occurrence ids of a query and a hit of the same sense."""

    word: str
    asked: int
    hit: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """Deletion tests of one method on one pair: out 1 to MOST, in 1 to MOST (2 * MOST,), and CPU milliseconds."""

    word: str
    figures: Doubles
    milliseconds: float


def draw_pairs(searcher: Searcher, each: int) -> list[Pair]:
    """Draw at most `each` pairs for each gold word."""
    with searcher.collection.reading() as snapshot:
        stored = load_stored(searcher.collection, snapshot)
        places = stored_places(searcher.collection)
    row_of = {places[key][0]: row for row, key in enumerate(stored.ids.tolist())}
    rng = np.random.default_rng(0)
    pairs = []
    for word, every in by_word(read_gold(SENSES)).items():
        gold = [one for one in every if one.place in row_of]
        rows = [row_of[one.place] for one in gold]
        vectors = stored.sense[rows]  # (n, d)
        for asked in rng.permutation(len(gold))[:each].tolist():
            order = np.argsort(-(vectors @ vectors[asked]), kind="stable").tolist()
            near = [n for n in order if n != asked and gold[n].same(gold[asked])][:NEAREST]
            if near:
                hit = near[int(rng.integers(len(near)))]
                pairs.append(Pair(word, int(stored.ids[rows[asked]]), int(stored.ids[rows[hit]])))
    return pairs


def at_random(context: ContextWords, rng: np.random.Generator) -> Doubles:
    """Return random values."""
    return rng.permutation(len(context.positions)).astype(np.float64)


def leave_one_out(context: ContextWords, rng: np.random.Generator) -> Doubles:
    """Return how far the score falls without each word."""
    n = len(context.positions)
    found = context.scores(np.concatenate([~np.eye(n, dtype=bool), np.ones((1, n), bool)]))  # (n + 1,)
    return np.asarray(found[-1] - found[:-1], np.float64)


def leave_one_in(context: ContextWords, rng: np.random.Generator) -> Doubles:
    """Return the score with each word alone."""
    return context.scores(np.eye(len(context.positions), dtype=bool))


def product(context: ContextWords, rng: np.random.Generator) -> Doubles:
    """Return the shares that `searcher.explain` reports."""
    n = len(context.positions)
    return shares(context.scores, n, float(context.scores(np.ones((1, n), bool))[0]))


PRODUCT = "**out and in (the product)**"
METHODS: dict[str, Method] = {
    "random": at_random,
    "leave one out": leave_one_out,
    "leave one in": leave_one_in,
    PRODUCT: product,
}


def measure(searcher: Searcher, pairs: Sequence[Pair]) -> dict[str, list[Outcome]]:
    """Return the outcomes of each method on all pairs."""
    outcomes: dict[str, list[Outcome]] = {name: [] for name in METHODS}
    with searcher.collection.reading() as snapshot:
        vectoriser = Vectoriser.of(searcher.settings, searcher.encoder, snapshot.transforms)
        encode = QueryEncoder(vectoriser)
        for number, pair in enumerate(pairs):
            asked, hit = (
                read_target_query(searcher.analyser, (found.sentence, found.position), searcher.settings.function_words)
                for found in searcher.hits([pair.asked, pair.hit])
            )
            context = ContextWords(vectoriser, encode.sense(asked), hit)
            if len(context.positions) < FEWEST:
                continue
            for name, method in METHODS.items():
                start = time.process_time()
                values = method(context, np.random.default_rng(number))
                spent = 1000 * (time.process_time() - start)
                outcomes[name].append(Outcome(pair.word, deletion(context, values), spent))
    return outcomes


def deletion(context: ContextWords, values: Doubles) -> Doubles:
    """Return the fall of the score without the 1 to MOST words of highest value, then the score with them alone.

    Args:
        values: Value of each context word.  (n,)

    Returns:
        Falls, then scores.  (2 * MOST,)
    """
    rank = np.argsort(np.argsort(-values, kind="stable"))  # (n,)
    kept = rank < np.arange(1, MOST + 1)[:, None]  # (MOST, n)
    found = context.scores(np.concatenate([np.ones((1, len(values)), bool), ~kept, kept]))
    return np.concatenate([found[0] - found[1 : MOST + 1], found[MOST + 1 :]])


def print_table(outcomes: dict[str, list[Outcome]]) -> None:
    """Print a row for each method, with the product's lead in the mean of all figures. The bootstrap draws words."""
    steps = range(1, MOST + 1)
    names = [*(f"out {n}" for n in steps), *(f"in {n}" for n in steps), "mean", "product's lead (95 %)", "ms"]
    print(f"\n| by | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
    for name, found in outcomes.items():
        figures = np.array([one.figures for one in found])  # (pairs, 2 * MOST)
        own = word_means(found)  # (words,)
        lead = word_means(outcomes[PRODUCT]) - own  # (words,)
        low, high = mean_interval(lead, ROUNDS)
        columns = " | ".join(f"{figure:.3f}" for figure in figures.mean(axis=0))
        interval = "" if name == PRODUCT else f"{lead.mean():+.3f} ({low:+.3f} to {high:+.3f})"
        spent = np.mean([one.milliseconds for one in found])
        print(f"| {name} | {columns} | {own.mean():.3f} | {interval} | {spent:.0f} |")


def word_means(found: Sequence[Outcome]) -> Doubles:
    """Return the mean of all figures of each word's pairs.  (words,)"""
    by_name: dict[str, list[Doubles]] = {}
    for one in found:
        by_name.setdefault(one.word, []).append(one.figures)
    return np.array([np.mean(rows) for rows in by_name.values()])


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Print how well explanations name the words that make a hit.")
    parser.add_argument("--model", default="default", metavar="SOURCE", help="model to measure")
    parser.add_argument(
        "--collection", type=Path, metavar="FOLDER", help="collection of the sample documents, if built"
    )
    parser.add_argument("--pairs", type=int, default=2, help="number of pairs for each word")
    arguments = parser.parse_args()
    try:
        encoder: Encoder = load_encoder(arguments.model)
        with tempfile.TemporaryDirectory() as folder:
            path = arguments.collection or Path(folder) / "sample.pol"
            if arguments.collection is None:
                build(path, [DOCUMENTS], BuildConfig(), encoder)
            with Searcher.open(path, encoder) as searcher:
                outcomes = measure(searcher, draw_pairs(searcher, arguments.pairs))
    except PolysemeError as error:
        print(f"explanation: {error}", file=sys.stderr)
        return 1
    print(f"{len(outcomes[PRODUCT])} pairs")
    print_table(outcomes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
