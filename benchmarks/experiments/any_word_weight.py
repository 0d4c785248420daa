"""Print which weight a word's identity should have beside its sense, when any word can be a hit.

    python -m benchmarks.experiments.any_word_weight OUT COLLECTION --wordnet FOLDER [--queries 400]

`python -m benchmarks.quality.semcor prepare` and `index` make OUT and COLLECTION. FOLDER holds WordNet 3.0's
index.sense. Occurrences of any lemma are relevant if SemCor tags them with the query's WordNet synset. The order for
each weight is exact, over all tagged occurrences that the collection stores. The query itself is left out.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.errors import DocumentError, PolysemeError
from polyseme.indexer.gold.judgements import Gold, read_gold
from polyseme.indexer.vectors.arrays import Array, Mask

from benchmarks.lib.sql import stored_places
from benchmarks.lib.stored import Stored, load_stored

WEIGHTS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
DEPTH = 20
"""Number of first hits that nDCG takes into account."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """The n tagged occurrences that a collection stores: vectors, lemmas and synsets."""

    stored: Stored
    lemmas: npt.NDArray[np.str_]  # (n,)
    synsets: list[frozenset[str]]  # of each

    def members(self) -> dict[str, npt.NDArray[np.int64]]:
        """Return the rows of each synset, ascending."""
        rows = defaultdict(list)
        for row, synsets in enumerate(self.synsets):
            for synset in synsets:
                rows[synset].append(row)
        return {synset: np.array(found) for synset, found in rows.items()}


def read_synsets(wordnet: Path) -> dict[str, str]:
    """Read the synset of each sense key from WordNet's index.sense. Satellites count as adjectives.

    Raises:
        DocumentError: The file cannot be read.
    """
    path = wordnet / "index.sense"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DocumentError(f"{path} cannot be read ({error.strerror}); give the folder of WordNet 3.0") from error
    synsets = {}
    for line in lines:
        key, offset, *_ = line.split(" ")
        synsets[key] = key.partition("%")[2][0].replace("5", "3") + offset
    return synsets


def load_tagged(gold: list[Gold], collection: Collection, synset: dict[str, str]) -> Tagged:
    """Return the gold occurrences of one token that the collection stores."""
    by_place = {row.place: row for row in gold}
    with collection.reading() as snapshot:
        stored = load_stored(collection, snapshot)
        places = stored_places(collection)
    rows, lemmas, synsets = [], [], []
    for row, key in enumerate(stored.ids.tolist()):
        found = by_place.get(places[key][0])
        senses = frozenset(synset[sense] for sense in found.sense.split(";") if sense in synset) if found else ()
        if found is not None and senses:
            rows.append(row)
            lemmas.append(found.lemma)
            synsets.append(frozenset(senses))
    kept = np.array(rows)
    part = Stored(stored.ids[kept], stored.sense[kept], stored.types[kept], stored.words, stored.lemmas)
    return Tagged(part, np.array(lemmas), synsets)


def ranks_of(scores: Array, relevant: Mask) -> Array:
    """Return the ranks, from 1, of the relevant items. Ties favour them.  (n,), (n,) -> (r,) ascending"""
    wanted = -np.sort(-scores[relevant])  # (r,)
    above = len(scores) - np.searchsorted(np.sort(scores), wanted, side="right")  # (r,)
    return np.maximum(above + 1, np.arange(1, len(wanted) + 1)).astype(np.float32)


def average_precision_of(found: Array) -> float:
    """Return average precision from the ranks of the relevant items, ascending.  (r,)"""
    return float(np.mean(np.arange(1, len(found) + 1) / found))


def ndcg(found: Array, depth: int = DEPTH) -> float:
    """Return nDCG of the first `depth` ranks with gains 0 and 1, from the ranks of the relevant items.  (r,)"""
    ideal = 1 / np.log2(np.arange(2, min(depth, len(found)) + 2))
    return float((1 / np.log2(found[found <= depth] + 1)).sum() / ideal.sum())


def draw(tagged: Tagged, members: dict[str, npt.NDArray[np.int64]], count: int, other_lemmas: bool) -> list[int]:
    """Draw one occurrence for each of `count` random lemmas. Each has a relevant occurrence.

    With `other_lemmas`, each has a relevant occurrence of another lemma.
    """
    generator = random.Random(1)
    by_lemma = defaultdict(list)
    for row, synsets in enumerate(tagged.synsets):
        found = np.concatenate([members[synset] for synset in synsets])
        if np.any(tagged.lemmas[found] != tagged.lemmas[row]) if other_lemmas else len(found) > len(synsets):
            by_lemma[str(tagged.lemmas[row])].append(row)
    lemmas = generator.sample(sorted(by_lemma), min(count, len(by_lemma)))
    return [generator.choice(by_lemma[lemma]) for lemma in lemmas]


def judge(
    tagged: Tagged, asking: list[int], members: dict[str, npt.NDArray[np.int64]], other_lemmas: bool
) -> dict[float, tuple[float, float]]:
    """Return mean average precision and mean nDCG@20 for each weight."""
    figures: dict[float, list[tuple[float, float]]] = {weight: [] for weight in WEIGHTS}
    stored = tagged.stored
    for row in asking:
        relevant = np.zeros(len(stored.ids), np.bool_)
        for synset in tagged.synsets[row]:
            relevant[members[synset]] = True
        candidates = tagged.lemmas != tagged.lemmas[row] if other_lemmas else np.ones(len(relevant), np.bool_)
        candidates[row] = False
        judged = relevant[candidates]
        sense = (stored.sense @ stored.sense[row])[candidates]  # (c,)
        word = (stored.words @ stored.words[stored.types[row]])[stored.types][candidates]  # (c,)
        for weight in WEIGHTS:
            found = ranks_of(sense + np.float32(weight) * word, judged)
            figures[weight].append((average_precision_of(found), ndcg(found)))
    return {weight: tuple(np.mean(found, axis=0).tolist()) for weight, found in figures.items()}


def measure(gold: Path, collection: Path, wordnet: Path, queries: int) -> None:
    """Print the table of weights.

    Raises:
        DocumentError: No tagged occurrence has another one in its synset.
    """
    synsets = read_synsets(wordnet)
    with Collection.open(collection) as opened:
        tagged = load_tagged(read_gold(gold), opened, synsets)
        own = opened.settings.word_weight
    members = tagged.members()
    print(f"{len(tagged.synsets):,} tagged occurrences, {len(members):,} synsets; the collection's own weight is {own}")
    figures = []
    for other_lemmas in (False, True):
        asking = draw(tagged, members, queries, other_lemmas)
        if not asking:
            what = "of another lemma " if other_lemmas else ""
            raise DocumentError(f"{gold}: no occurrence has another one {what}in its synset; give more gold senses")
        figures.append(judge(tagged, asking, members, other_lemmas))
        print(f"{'other lemmas only' if other_lemmas else 'any lemma'}: {len(asking)} queries")
    print(f"\n{'weight':>8}{'any lemma: MAP':>16}{'nDCG@20':>9}{'other lemmas: MAP':>19}{'nDCG@20':>9}")
    for weight in WEIGHTS:
        (a, b), (c, d) = (found[weight] for found in figures)
        print(f"{weight:8.2f}{100 * a:16.1f}{100 * b:9.1f}{100 * c:19.2f}{100 * d:9.2f}")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Print the quality of search for any word by the weight of the word.")
    parser.add_argument("out", type=Path, help="folder that `benchmarks.quality.semcor prepare` wrote")
    parser.add_argument("collection", type=Path, help="collection that `benchmarks.quality.semcor index` built")
    parser.add_argument(
        "--wordnet", type=Path, required=True, metavar="FOLDER", help="folder with WordNet's index.sense"
    )
    parser.add_argument("--queries", type=int, default=400, help="number of lemmas to draw")
    arguments = parser.parse_args()
    try:
        measure(arguments.out / "gold.tsv", arguments.collection, arguments.wordnet, arguments.queries)
    except PolysemeError as error:
        print(f"any_word_weight: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
