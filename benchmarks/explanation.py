"""Which words around a hit make it one: ways to tell, by deletion tests on the sample collection. Prints tables.

    python benchmarks/explanation.py [--model SOURCE] [--collection FOLDER] [--pairs 2]

A gold occurrence asks, and one of the ten nearest others of its sense is the hit. Each method orders the hit's context
words. Out: how far the score falls without the first 1, 2, 3 words; in: what score is left with these words and the
target alone. The same seed at every run; --collection: the sample documents, already indexed.
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
from polyseme.indexer.vectors.arrays import Doubles, Mask
from polyseme.search.evaluation.gold import by_word, read_gold
from polyseme.search.evaluation.measures import mean_interval
from polyseme.search.explanation import Around, shares
from polyseme.search.query.encode import query_for_hit
from polyseme.search.searcher import Searcher
from same_sense import ROUNDS, stored_places
from searching import load_stored

DATA = Path(__file__).parents[1] / "data"
NEAREST = 10
MOST = 3
"""Words that are taken out or kept."""
FEWEST = 5
"""Context words that a sentence must have."""
NEUTRAL = ","
Method = Callable[[Around, np.random.Generator], Doubles]


@dataclass(frozen=True, slots=True)
class Pair:
    """Occurrence ids of a same-sense query and hit."""

    word: str
    asked: int
    hit: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One method on one pair: out and in by words taken (2 * MOST,), for both kinds of absence; processor time."""

    word: str
    removed: Doubles
    replaced: Doubles
    milliseconds: float


class Replaced(Around):
    """A comma stands where a word is absent, so that none moves."""

    def _remaining(self, absent: set[int]) -> tuple[list[str], list[int]]:
        tokens = [NEUTRAL if n in absent else token.text for n, token in enumerate(self._hit.tokens)]
        return tokens, list(self._hit.encoded)


def draw_pairs(searcher: Searcher, each: int) -> list[Pair]:
    """Up to so many pairs of each word of the gold."""
    with searcher.collection.reading() as snapshot:
        stored = load_stored(searcher.collection, snapshot)
        places = stored_places(searcher.collection)
    row_of = {places[key][0]: row for row, key in enumerate(stored.ids.tolist())}
    rng = np.random.default_rng(0)
    pairs = []
    for word, every in by_word(read_gold(DATA / "senses.tsv")).items():
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


def at_random(around: Around, rng: np.random.Generator) -> Doubles:
    return rng.permutation(len(around.positions)).astype(np.float64)


def leave_one_out(around: Around, rng: np.random.Generator) -> Doubles:
    n = len(around.positions)
    found = around.scores(np.concatenate([~np.eye(n, dtype=bool), np.ones((1, n), bool)]))  # (n + 1,)
    return np.asarray(found[-1] - found[:-1], np.float64)


def leave_one_in(around: Around, rng: np.random.Generator) -> Doubles:
    return around.scores(np.eye(len(around.positions), dtype=bool))


def out_and_in(around: Around, rng: np.random.Generator) -> Doubles:
    n = len(around.positions)
    return shares(around.scores, n, float(around.scores(np.ones((1, n), bool))[0]))


def shapley_orders(number: int) -> Method:
    """Shapley values by sampled orders of the words, each also backwards (Castro et al. 2009)."""

    def method(around: Around, rng: np.random.Generator) -> Doubles:
        n = len(around.positions)
        drawn = [rng.permutation(n) for _ in range(number // 2)]
        orders = [order for one in drawn for order in (one, one[::-1])]
        rank = np.stack([np.argsort(order) for order in orders])  # (orders, n)
        present = rank[:, None, :] < np.arange(n + 1)[:, None]  # (orders, n + 1, n)
        scores = distinct_scores(around, present.reshape(-1, n)).reshape(len(orders), n + 1)
        added = np.take_along_axis(np.diff(scores, axis=1), rank, axis=1)  # (orders, n), by word
        return np.asarray(added.mean(axis=0), np.float64)

    return method


def shapley_regression(number: int) -> Method:
    """Shapley values by least squares over sampled sets of words and their complements (Covert and Lee 2021)."""

    def method(around: Around, rng: np.random.Generator) -> Doubles:
        n = len(around.positions)
        sizes = np.arange(1, n)
        chances = 1 / (sizes * (n - sizes))
        drawn = np.zeros((number // 2, n), bool)
        for row in drawn:
            row[rng.choice(n, rng.choice(sizes, p=chances / chances.sum()), replace=False)] = True
        present = np.concatenate([drawn, ~drawn, np.zeros((1, n), bool), np.ones((1, n), bool)])
        *scores, none, whole = distinct_scores(around, present)
        x = present[:-2].astype(np.float64)  # (number, n)
        inverse = np.linalg.inv(x.T @ x / len(x) + 1e-3 * np.eye(n))  # (n, n)
        free = inverse @ (x.T @ (np.array(scores) - none) / len(x))  # (n,)
        toll = inverse.sum(axis=1)  # (n,), what makes the values add up
        return np.asarray(free - toll * (free.sum() - (whole - none)) / toll.sum(), np.float64)

    return method


def greedily(taking_out: bool) -> Method:
    """One word after the other, each the best after those before: what the deletion test itself asks for."""

    def method(around: Around, rng: np.random.Generator) -> Doubles:
        n = len(around.positions)
        chosen = np.zeros(n, bool)
        value = np.zeros(n)
        for step in range(MOST):
            left = np.flatnonzero(~chosen)
            tried = np.repeat(chosen[None], len(left), 0)  # (left, n)
            tried[np.arange(len(left)), left] = True
            scores = around.scores(~tried if taking_out else tried)
            best = left[scores.argmin() if taking_out else scores.argmax()]
            chosen[best], value[best] = True, MOST - step
        return value

    return method


def distinct_scores(around: Around, present: Mask) -> Doubles:
    """`Around.scores`, each set of words encoded once.  (c, n) -> (c,)"""
    sets, place = np.unique(present, axis=0, return_inverse=True)
    return around.scores(sets)[place.ravel()]


PRODUCT = "**out and in (the product)**"
METHODS: dict[str, tuple[Method, type[Around]]] = {
    "random": (at_random, Around),
    "leave one out (before)": (leave_one_out, Around),
    "leave one out, replaced": (leave_one_out, Replaced),
    "leave one in": (leave_one_in, Around),
    "leave one in, replaced": (leave_one_in, Replaced),
    PRODUCT: (out_and_in, Around),
    "out and in, replaced": (out_and_in, Replaced),
    **{f"Shapley, {n} orders": (shapley_orders(n), Around) for n in (2, 4, 8)},
    **{f"Shapley, {n} sets": (shapley_regression(n), Around) for n in (32, 64, 128)},
    "greedily out": (greedily(True), Around),
    "greedily in": (greedily(False), Around),
}


def measure(searcher: Searcher, pairs: Sequence[Pair]) -> dict[str, list[Outcome]]:
    """Outcomes of each method, and the mean score of the pairs."""
    outcomes: dict[str, list[Outcome]] = {name: [] for name in METHODS}
    with searcher._view() as view:  # the product's own transforms
        for number, pair in enumerate(pairs):
            asked, hit = (
                query_for_hit(view.analyser, found, view.settings.function_words)
                for found in searcher.hits([pair.asked, pair.hit])
            )
            kinds = {kind: kind(view.encode.vectoriser, view.encode.sense(asked), hit) for kind in (Around, Replaced)}
            if len(kinds[Around].positions) < FEWEST:
                continue
            for name, (method, kind) in METHODS.items():
                start = time.process_time()
                value = method(kinds[kind], np.random.default_rng(number))
                spent = 1000 * (time.process_time() - start)
                removed, replaced = (deletion(test, value) for test in kinds.values())
                outcomes[name].append(Outcome(pair.word, removed, replaced, spent))
    return outcomes


def deletion(around: Around, value: Doubles) -> Doubles:
    """Fall of the score without the 1 to MOST words of highest value, then what they alone give.  -> (2 * MOST,)"""
    rank = np.argsort(np.argsort(-value, kind="stable"))  # (n,)
    kept = rank < np.arange(1, MOST + 1)[:, None]  # (MOST, n)
    found = around.scores(np.concatenate([np.ones((1, len(value)), bool), ~kept, kept]))
    return np.concatenate([found[0] - found[1 : MOST + 1], found[MOST + 1 :]])


def print_table(outcomes: dict[str, list[Outcome]], replaced: bool) -> None:
    """Rows of methods; the mean of all six figures, and by how much the product's is higher, words drawn."""
    steps = range(1, MOST + 1)
    names = [*(f"out {n}" for n in steps), *(f"in {n}" for n in steps), "mean", "product's lead (95 %)", "ms"]
    print(f"\n| by | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
    for name, found in outcomes.items():
        figures = np.array([one.replaced if replaced else one.removed for one in found])  # (pairs, 2 * MOST)
        own = word_means(found, replaced)  # (words,)
        lead = word_means(outcomes[PRODUCT], replaced) - own  # (words,)
        low, high = mean_interval(lead, ROUNDS)
        columns = " | ".join(f"{figure:.3f}" for figure in figures.mean(axis=0))
        told = "" if name == PRODUCT else f"{lead.mean():+.3f} ({low:+.3f} to {high:+.3f})"
        spent = np.mean([one.milliseconds for one in found])
        print(f"| {name} | {columns} | {own.mean():.3f} | {told} | {spent:.0f} |")


def word_means(found: Sequence[Outcome], replaced: bool) -> Doubles:
    """Mean of all figures of each word's pairs.  -> (words,)"""
    by: dict[str, list[Doubles]] = {}
    for one in found:
        by.setdefault(one.word, []).append(one.replaced if replaced else one.removed)
    return np.array([np.mean(rows) for rows in by.values()])


def main() -> int:
    parser = argparse.ArgumentParser(description="Ways to tell which words make a hit.")
    parser.add_argument("--model", default="default")
    parser.add_argument("--collection", type=Path, metavar="FOLDER")
    parser.add_argument("--pairs", type=int, default=2, help="of each word")
    arguments = parser.parse_args()
    try:
        encoder: Encoder = load_encoder(arguments.model)
        with tempfile.TemporaryDirectory() as folder:
            path = arguments.collection or Path(folder) / "sample.pol"
            if arguments.collection is None:
                build(path, [DATA / "documents"], BuildConfig(), encoder)
            with Searcher.open(path, encoder) as searcher:
                outcomes = measure(searcher, draw_pairs(searcher, arguments.pairs))
    except PolysemeError as error:
        print(f"explanation: {error}", file=sys.stderr)
        return 1
    print(f"{len(outcomes['random'])} pairs; absent words are taken away:")
    print_table(outcomes, replaced=False)
    print(f"\nabsent words are replaced by {NEUTRAL!r}:")
    print_table(outcomes, replaced=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
