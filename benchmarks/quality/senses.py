"""Senses told apart, and how far confidences can be believed, on gold senses. Prints the tables of docs/senses.md.

    python benchmarks/senses.py --cache FOLDER [--coarsewsd FOLDER] [--semcor OUT COLLECTION] [--choose] [--words]

--semcor: as ``benchmarks/semcor.py prepare`` and ``index`` made them. Vectors are made once and kept in --cache, by
model, so that further runs take minutes. Methods and their parameters were chosen by --choose, which shows
CoarseWSD-20's train split, small balanced draws from it, and one half of SemCor's words; without it, the rest:
the sample collection, CoarseWSD-20's test split, SemCor's other half.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.vectors.arrays import Array, Ids
from polyseme.search.confidence import LEAST_OF_BEST, Calibration, Compared
from polyseme.search.senses.clustering import cluster

from benchmarks.quality.confidence import (
    Reliability,
    background,
    centres,
    collection_background,
    fit,
    pairs,
    reliability,
    verdict_scores,
)
from benchmarks.quality.gold_words import Word, coarse_words, half, read_words, sample_words, semcor_words, write_words

LARGEST = 150
"""Occurrences of a word of SemCor that are clustered, evenly spread: some methods take the cube of their number."""
SEMCOR_WORDS = 120
"""Words of each half of SemCor, drawn at random, and as many of one sense as there are among the rest up to 60."""
Method = Callable[[Array], Ids]
SMALL = 18
"""Occurrences of each sense in the small balanced draws."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How well a method does on a set. of several senses: ARI, V, paired F, B-cubed F, right number; of one: kept."""

    several: int
    one: int
    ari: float
    v: float
    paired: float
    b_cubed: float
    number: float
    kept: float


def pair_f(gold: Sequence[str], found: Ids) -> float:
    """F-score over pairs of occurrences that are put together (Manandhar et al. 2010)."""
    senses = np.array(gold)
    upper = np.triu_indices(len(gold), 1)
    same, together = (senses[:, None] == senses)[upper], (found[:, None] == found)[upper]
    both = float((same & together).sum())
    return 2 * both / max(float(same.sum() + together.sum()), 1.0)


def b_cubed(gold: Sequence[str], found: Ids) -> float:
    """B-cubed F-score: precision and recall of each occurrence's group, averaged (Bagga and Baldwin 1998)."""
    senses = np.array(gold)
    same, together = senses[:, None] == senses, found[:, None] == found
    both = (same & together).sum(axis=1)
    precision, recall = float((both / together.sum(axis=1)).mean()), float((both / same.sum(axis=1)).mean())
    return 2 * precision * recall / (precision + recall)


def measure(words: Sequence[Word], method: Method) -> Figures:
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    rows, kept = [], []
    for word in words:
        found = method(word.vectors)
        count = len(np.unique(found[found >= 0]))
        if len(set(word.senses)) == 1:
            kept.append(count == 1)
            continue
        scores = (adjusted_rand_score(word.senses, found), v_measure_score(word.senses, found))
        rows.append((*scores, pair_f(word.senses, found), b_cubed(word.senses, found), count == word.gold_senses))
    means: npt.NDArray[np.float64] = np.array(rows, np.float64).mean(axis=0)
    ari, v, paired, cubed, number = (float(value) for value in means)
    return Figures(len(rows), len(kept), ari, v, paired, cubed, number, float(np.mean(kept)) if kept else float("nan"))


def one_sense(vectors: Array) -> Ids:
    return np.zeros(len(vectors), np.int64)


def each_its_own(vectors: Array) -> Ids:
    return np.arange(len(vectors))


def at_random(vectors: Array) -> Ids:
    return np.random.default_rng(0).integers(0, 2, len(vectors)).astype(np.int64)


METHODS: dict[str, Method] = {
    "one sense": one_sense,
    "each its own": each_its_own,
    "random, two": at_random,
    "the product": cluster,
}


def print_table(sets: dict[str, list[Word]]) -> None:
    for name, words in sets.items():
        first = True
        for method_name, method in METHODS.items():
            started = time.process_time()
            found = measure(words, method)
            seconds = time.process_time() - started
            if first:
                print(f"\n{name}: {found.several} words of several senses, {found.one} of one; in per cent")
                head = ("ARI", "V", "paired F", "B-cubed", "number", "one kept", "seconds")
                print(f"{'':36}" + "".join(f"{column:>10}" for column in head))
                first = False
            figures = (found.ari, found.v, found.paired, found.b_cubed, found.number, found.kept)
            print(
                f"{method_name:36}" + "".join(f"{100 * value:10.1f}" for value in figures) + f"{seconds:10.1f}",
                flush=True,
            )


def print_words(words: Sequence[Word]) -> None:
    """Senses of each word, how many were found, and ARI."""
    from sklearn.metrics import adjusted_rand_score

    print(f"\n{'word':12}{'occurrences':>12}{'senses':>8}{'found':>8}{'ARI':>8}")
    for word in words:
        found = cluster(word.vectors)
        score = 100 * adjusted_rand_score(word.senses, found)
        print(
            f"{word.name:12}{len(word.senses):12}{word.gold_senses:8}{len(np.unique(found[found >= 0])):8}{score:8.1f}"
        )


def evenly(word: Word, count: int) -> Word:
    """At most so many occurrences, evenly spread."""
    rows = np.unique(np.linspace(0, len(word.senses) - 1, count).astype(int))
    return Word(word.name, word.vectors[rows], tuple(word.senses[row] for row in rows))


def balanced(words: Sequence[Word]) -> list[Word]:
    """A few occurrences of each sense that has at least five: what a small collection holds."""
    out = []
    for word in words:
        senses = np.array(word.senses)
        frequent = [name for name, count in sorted(Counter(word.senses).items()) if count >= 5]
        rows = np.sort(np.concatenate([np.flatnonzero(senses == name)[:SMALL] for name in frequent]))
        if len(rows) >= SMALL:
            out.append(Word(word.name, word.vectors[rows], tuple(senses[rows].tolist())))
    return out


def drawn(words: Sequence[Word]) -> list[Word]:
    """Words of SemCor: some of several senses and some of one."""
    rng = np.random.default_rng(0)
    several = [word for word in words if word.gold_senses > 1]
    one = [word for word in words if len(set(word.senses)) == 1]
    chosen = [several[n] for n in rng.permutation(len(several))[:SEMCOR_WORDS].tolist()] + one[:60]
    return [evenly(word, LARGEST) for word in chosen]


def print_reliability(name: str, found: Reliability, compared_with: Compared) -> None:
    what = {Compared.PAIR: "a hit and a query", Compared.CENTRE: "a hit and a sense"}[compared_with]
    print(f"\n{name}, {what}: {100 * found.base:.0f} % of the same sense; Brier score {found.brier:.3f} ", end="")
    print(f"(base rate {found.base_brier:.3f}), expected calibration error {100 * found.error:.1f} %")
    print(f"{'share of pairs':>16}{'predicted':>12}{'observed':>12}")
    for share, predicted, observed in found.bins:
        print(f"{100 * share:16.1f}{100 * predicted:12.1f}{100 * observed:12.1f}")


def print_confidence(sets: dict[str, tuple[Calibration, list[Word]]], choose: bool) -> None:
    """The curves that fit, or how those in use do; and the verdict's errors."""
    for kind, judge in ((Compared.PAIR, pairs), (Compared.CENTRE, centres)):
        judged = {name: (calibration, judge(words)) for name, (calibration, words) in sets.items()}
        if choose:
            intercept, slope = fit(list(judged.values()))
            print(f"\n{kind.name}: intercept {intercept:.2f}, slope {slope:.2f}; in use {kind.value}")
        for name, (calibration, found) in judged.items():
            print_reliability(name, reliability(calibration, found, kind), kind)
    print(f"\n{'nothing here means that':36}{'said wrongly':>14}{'said rightly':>14}   per cent")
    for name, (calibration, words) in sets.items():
        there, absent = verdict_scores(words, calibration)
        wrong, right = (100 * float((part < LEAST_OF_BEST).mean()) for part in (there, absent))
        print(f"{name:36}{wrong:14.1f}{right:14.1f}")


def load(cache: Path, coarse: Path | None, semcor: tuple[Path, Path] | None, source: str) -> dict[str, list[Word]]:
    """The sets, from the cache or made now."""
    encoder = load_encoder(source)
    cache.mkdir(parents=True, exist_ok=True)
    makers: dict[str, Callable[[], Iterable[Word]]] = {"sample": lambda: sample_words(encoder, cache)}
    if coarse is not None:
        makers["coarse-train"] = lambda: coarse_words(encoder, coarse, "train")
        makers["coarse-test"] = lambda: coarse_words(encoder, coarse, "test")
    if semcor is not None:
        makers["semcor"] = lambda: semcor_words(*semcor)
    found = {}
    for name, make in makers.items():
        path = cache / f"{name}-{encoder.model_id[:12]}.npz"
        if not path.exists():
            write_words(path, make())
        found[name] = read_words(path)
    return found


def of_words(words: Sequence[Word]) -> list[Word]:
    """Without the words that are one class of another."""
    return [word for word in words if " " not in word.name]


def main() -> int:
    parser = argparse.ArgumentParser(description="Senses told apart, on gold senses.")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--coarsewsd", type=Path)
    parser.add_argument("--semcor", type=Path, nargs=2, metavar=("OUT", "COLLECTION"))
    parser.add_argument("--model", default="default")
    parser.add_argument("--choose", action="store_true", help="the data that choices are made by")
    parser.add_argument("--words", action="store_true", help="also each word of the sample collection")
    arguments = parser.parse_args()
    try:
        found = load(
            arguments.cache, arguments.coarsewsd, arguments.semcor and tuple(arguments.semcor), arguments.model
        )
    except PolysemeError as error:
        print(f"senses: {error}", file=sys.stderr)
        return 1
    number = 0 if arguments.choose else 1
    split = "train" if arguments.choose else "test"
    sets: dict[str, list[Word]] = {} if arguments.choose else {"sample collection": found["sample"]}
    sample = arguments.cache / f"sample-{load_encoder(arguments.model).model_id[:12]}.pol"
    confident = {name: (collection_background(sample), words) for name, words in sets.items()}
    if "coarse-test" in found:
        coarse = found[f"coarse-{split}"]
        sets[f"CoarseWSD-20, {split}"] = coarse
        sets[f"CoarseWSD-20, {split}, small and balanced"] = balanced(coarse)
        confident[f"CoarseWSD-20, {split}"] = background(of_words(coarse)), of_words(coarse)
    if "semcor" in found:
        part = [word for word in found["semcor"] if half(word.name) == number]
        sets[f"SemCor, half {number}"] = drawn(part)
        confident[f"SemCor, half {number}"] = collection_background(arguments.semcor[1]), part
    print_table(sets)
    if arguments.words:
        print_words(found["sample"])
    print_confidence(confident, arguments.choose)
    return 0


if __name__ == "__main__":
    sys.exit(main())
