"""Print how well induced senses and confidences agree with gold senses.

    python -m benchmarks.quality.senses --cache FOLDER [--coarsewsd FOLDER] [--semcor OUT COLLECTION]
                                        [--choose] [--words]

`python -m benchmarks.quality.semcor prepare` and `index` make OUT and COLLECTION. Vectors are encoded once for each
model and cached in FOLDER, so that further runs take minutes.

Without --choose the data is held out: the sample collection, CoarseWSD-20's test split, and half of SemCor's words.
With --choose it is the data on which parameters were chosen: CoarseWSD-20's train split, small balanced draws from it,
and the other half of SemCor's words. It also prints the product with other parameters, and the confidence curves that
fit this data best.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.vectors.arrays import Ids
from polyseme.search.confidence import LEAST_OF_BEST, Calibration, Compared
from polyseme.search.senses.branches import grow_branches
from polyseme.search.senses.clustering import CHOSEN, GRAIN, Settings, by_size, cluster
from polyseme.search.senses.tree import grow

from benchmarks.quality.confidence import (
    Reliability,
    centres,
    collection_null_distribution,
    fit,
    null_distribution,
    pairs,
    reliability,
    verdict_scores,
)
from benchmarks.quality.gold_words import Word, coarse_words, half, read_words, sample_words, semcor_words, write_words

LARGEST = 150
"""Maximum number of occurrences of a word of SemCor, evenly spaced."""
SEMCOR_WORDS = 120
"""Number of words of several senses that are drawn from each half of SemCor. Up to 60 words of one sense join them."""
Method = Callable[[Word], Ids]
SMALL = 18
"""Maximum number of occurrences of each sense in the small balanced draws."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Quality of a method on a set.

    Words of several senses: ARI, V-measure, paired F, B-cubed F, and share with the right number of senses. Words of
    one sense: share that is kept in one group.
    """

    several: int
    one: int
    ari: float
    v: float
    paired: float
    b_cubed: float
    number: float
    kept: float


def pair_f(gold: Sequence[str], found: Ids) -> float:
    """Return the F-score over pairs of occurrences in one group (Manandhar et al. 2010)."""
    senses = np.array(gold)
    upper = np.triu_indices(len(gold), 1)
    same, together = (senses[:, None] == senses)[upper], (found[:, None] == found)[upper]
    both = float((same & together).sum())
    return 2 * both / max(float(same.sum() + together.sum()), 1.0)


def b_cubed(gold: Sequence[str], found: Ids) -> float:
    """Return the B-cubed F-score: mean precision and recall of each occurrence's group (Bagga and Baldwin 1998)."""
    senses = np.array(gold)
    same, together = senses[:, None] == senses, found[:, None] == found
    both = (same & together).sum(axis=1)
    precision, recall = float((both / together.sum(axis=1)).mean()), float((both / same.sum(axis=1)).mean())
    return 2 * precision * recall / (precision + recall)


def measure(words: Sequence[Word], method: Method) -> Figures:
    """Cluster each word and return the mean figures."""
    from sklearn.metrics import adjusted_rand_score, v_measure_score

    rows, kept = [], []
    for word in words:
        found = method(word)
        count = len(np.unique(found[found >= 0]))
        if len(set(word.senses)) == 1:
            kept.append(count == 1)
            continue
        scores = (adjusted_rand_score(word.senses, found), v_measure_score(word.senses, found))
        rows.append((*scores, pair_f(word.senses, found), b_cubed(word.senses, found), count == word.gold_senses))
    means: npt.NDArray[np.float64] = np.array(rows, np.float64).mean(axis=0)
    ari, v, paired, cubed, number = (float(value) for value in means)
    return Figures(len(rows), len(kept), ari, v, paired, cubed, number, float(np.mean(kept)) if kept else float("nan"))


def one_sense(word: Word) -> Ids:
    """Put all occurrences in one group."""
    return np.zeros(len(word.senses), np.int64)


def each_its_own(word: Word) -> Ids:
    """Put each occurrence in a group of its own."""
    return np.arange(len(word.senses))


def at_random(word: Word) -> Ids:
    """Put occurrences in two random groups."""
    return np.random.default_rng(0).integers(0, 2, len(word.senses)).astype(np.int64)


def ungated(word: Word) -> Ids:
    """Cut the product's tree at its usual grain, whether or not the word splits clearly."""
    tree = grow(word.vectors)
    return tree.cut(tree.number_at(GRAIN))


def average_link(word: Word) -> Ids:
    """Cut average linkage by cosine at 0.2, without smoothing and without a smallest group."""
    from sklearn.cluster import AgglomerativeClustering

    if len(word.vectors) < 2:
        return one_sense(word)
    model = AgglomerativeClustering(n_clusters=None, distance_threshold=0.8, metric="cosine", linkage="average")
    return np.asarray(model.fit_predict(word.vectors), np.int64)


def hdbscan(word: Word) -> Ids:
    """Cluster by density, with a smallest group as in the product. Noise is one group more."""
    from sklearn.cluster import HDBSCAN

    vectors = word.vectors
    if len(vectors) < 8:
        return one_sense(word)
    smallest = max(4, min(10, round(0.08 * len(vectors))))
    found = HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(vectors.astype(np.float64))
    return np.asarray(found - found.min(), np.int64)


def leiden(word: Word) -> Ids:
    """Maximise the sum of (cosine - 0.3) over the pairs of each group by the Leiden method (Traag et al. 2019)."""
    igraph, vectors = importlib.import_module("igraph"), word.vectors
    rows, columns = np.triu_indices(len(vectors), 1)
    graph = igraph.Graph(n=len(vectors), edges=np.column_stack([rows, columns]).tolist())
    weights = (vectors @ vectors.T)[rows, columns].tolist()
    random.seed(0)
    igraph.set_random_number_generator(random)
    found = graph.community_leiden("CPM", weights=weights, resolution=0.3, n_iterations=-1)
    return np.asarray(found.membership, np.int64)


def whole(word: Word) -> Ids:
    """Cluster as the product does, but all parts of speech together."""
    return cluster(word.vectors)


def branched(word: Word, settings: Settings = CHOSEN) -> Ids:
    """Cluster as the product does."""
    tree, usual = grow_branches(word.vectors, word.parts, settings=settings)
    return by_size(tree.cut(usual))


CHOICES: dict[str, Method] = {
    **{
        f"at most {neighbours} neighbours": partial(
            branched, settings=replace(CHOSEN, tree=replace(CHOSEN.tree, neighbours=neighbours))
        )
        for neighbours in (3, 4, 5, 6, 8)
    },
    **{
        f"grain {grain}": partial(branched, settings=replace(CHOSEN, grain=grain)) for grain in (0.34, 0.36, 0.40, 0.42)
    },
    **{
        f"floor of the gate {floor:+}": partial(branched, settings=replace(CHOSEN, floor=CHOSEN.floor + floor))
        for floor in (-0.5, 0.5)
    },
    "no split postponed": partial(branched, settings=replace(CHOSEN, unstable=0.0)),
}
"""The product with other parameters."""


METHODS: dict[str, Method] = {
    "one sense": one_sense,
    "each its own": each_its_own,
    "random, two": at_random,
    "average link, cut at 0.2": average_link,
    "HDBSCAN": hdbscan,
    "the product's tree, without gate": ungated,
    "parts of speech together": whole,
    "the product": branched,
}
if importlib.util.find_spec("igraph") is not None:  # no dependency, for this table alone
    METHODS["Leiden, resolution 0.3"] = leiden


def print_table(sets: dict[str, list[Word]], methods: dict[str, Method]) -> None:
    """Print a table for each set, with a row for each method."""
    for name, words in sets.items():
        first = True
        for method_name, method in methods.items():
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


def print_corrections(sets: dict[str, list[Word]]) -> None:
    """Print the index of the other occurrences before and after three wrong ones are corrected.

    The three are of the gold sense that most often is in a group of another sense. Three central occurrences of each
    group are confirmed too. Each word is corrected three times, with other draws.
    """
    from sklearn.metrics import adjusted_rand_score

    print(f"\n{'three corrected, ARI of the others':44}{'corrections':>12}{'before':>10}{'after':>10}")
    for name, words in sets.items():
        rows = []
        for word in words:
            gold = np.array(word.senses)
            found = cluster(word.vectors)
            for draw in range(3):
                known = _corrected(word, found, np.random.default_rng(draw))
                if known is None:
                    break
                tree = grow(word.vectors, known)
                others = known != int(known.max())
                groups = (found, tree.cut(tree.fixed + 1))
                rows.append([100 * adjusted_rand_score(gold[others], group[others]) for group in groups])
        if not rows:
            continue  # no word has four wrong occurrences of one sense
        before, after = (float(value) for value in np.mean(rows, axis=0))
        print(f"{name:44}{len(rows):12}{before:10.1f}{after:10.1f}", flush=True)


def _corrected(word: Word, found: Ids, rng: np.random.Generator) -> Ids | None:
    """Return the known senses after a correction (n,). None if fewer than four occurrences of a sense are wrong."""
    gold = np.array(word.senses)
    usual = {group: Counter(gold[found == group].tolist()).most_common(1)[0][0] for group in np.unique(found)}
    wrong = np.array([group >= 0 and usual[group] != sense for group, sense in zip(found, gold, strict=True)])
    if not wrong.any():
        return None
    (sense, count), *_ = Counter(gold[wrong].tolist()).most_common(1)
    if count < 4:
        return None
    drawn = rng.choice(np.flatnonzero(wrong & (gold == sense)), 3, replace=False)
    known = np.full(len(gold), -1, np.int64)
    for group in range(int(found.max()) + 1):
        inside = np.setdiff1d(np.flatnonzero(found == group), drawn)
        centre = word.vectors[inside].mean(axis=0)
        known[inside[np.argsort(-(word.vectors[inside] @ centre), kind="stable")[:3]]] = group
    known[drawn] = int(found.max()) + 1
    return known


def print_words(words: Sequence[Word]) -> None:
    """Print the number of gold senses and of induced senses of each word, and ARI."""
    from sklearn.metrics import adjusted_rand_score

    print(f"\n{'word':12}{'occurrences':>12}{'senses':>8}{'found':>8}{'ARI':>8}")
    for word in words:
        found = branched(word)
        score = 100 * adjusted_rand_score(word.senses, found)
        print(
            f"{word.name:12}{len(word.senses):12}{word.gold_senses:8}{len(np.unique(found[found >= 0])):8}{score:8.1f}"
        )


def evenly(word: Word, count: int) -> Word:
    """Return a word with at most `count` occurrences, evenly spaced."""
    rows = np.unique(np.linspace(0, len(word.senses) - 1, count).astype(int))
    return word.chosen(rows)


def balanced(words: Sequence[Word]) -> list[Word]:
    """Return words with few occurrences of each frequent sense (at least five), as in a small collection."""
    out = []
    for word in words:
        senses = np.array(word.senses)
        frequent = [name for name, count in sorted(Counter(word.senses).items()) if count >= 5]
        rows = np.sort(np.concatenate([np.flatnonzero(senses == name)[:SMALL] for name in frequent]))
        if len(rows) >= SMALL:
            out.append(word.chosen(rows))
    return out


def drawn(words: Sequence[Word]) -> list[Word]:
    """Draw words of SemCor: some of several senses and some of one."""
    rng = np.random.default_rng(0)
    several = [word for word in words if word.gold_senses > 1]
    one = [word for word in words if len(set(word.senses)) == 1]
    chosen = [several[n] for n in rng.permutation(len(several))[:SEMCOR_WORDS].tolist()] + one[:60]
    return [evenly(word, LARGEST) for word in chosen]


def print_reliability(name: str, found: Reliability, compared_with: Compared) -> None:
    """Print Brier score, calibration error and bins of one set."""
    what = {Compared.PAIR: "a hit and a query", Compared.CENTRE: "a hit and a sense"}[compared_with]
    print(f"\n{name}, {what}: {100 * found.base:.0f} % of the same sense; Brier score {found.brier:.3f} ", end="")
    print(f"(base rate {found.base_brier:.3f}), expected calibration error {100 * found.error:.1f} %")
    print(f"{'share of pairs':>16}{'predicted':>12}{'observed':>12}")
    for share, predicted, observed in found.bins:
        print(f"{100 * share:16.1f}{100 * predicted:12.1f}{100 * observed:12.1f}")


def print_confidence(sets: dict[str, tuple[Calibration, list[Word]]], choose: bool) -> None:
    """Print the reliability of confidences, and the errors of the verdict that nothing matches.

    With `choose`, also print the curves that fit best.
    """
    for kind, judge in ((Compared.PAIR, pairs), (Compared.CENTRE, centres)):
        judged = {name: (calibration, judge(words)) for name, (calibration, words) in sets.items()}
        if choose:
            intercept, slope = fit(list(judged.values()))
            print(f"\n{kind.name}: intercept {intercept:.2f}, slope {slope:.2f}; in use {kind.value}")
        for name, (calibration, found) in judged.items():
            print_reliability(name, reliability(calibration, found, kind), kind)
    print(f"\n{'nothing here means that':36}{'said wrongly':>14}{'said rightly':>14}   per cent")
    for name, (calibration, words) in sets.items():
        present, absent = verdict_scores(words, calibration)
        wrong, right = (100 * float((part < LEAST_OF_BEST).mean()) for part in (present, absent))
        print(f"{name:36}{wrong:14.1f}{right:14.1f}")


def load(cache: Path, coarse: Path | None, semcor: tuple[Path, Path] | None, source: str) -> dict[str, list[Word]]:
    """Return the sets. Encode those that are not in the cache."""
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
        path = cache / f"{name}-{encoder.model_id[:12]}-tagged.npz"
        if not path.exists():
            write_words(path, make())
        found[name] = read_words(path)
    return found


def of_words(words: Sequence[Word]) -> list[Word]:
    """Leave out the words that are one class of another word."""
    return [word for word in words if " " not in word.name]


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description="Print how well induced senses and confidences agree with gold senses."
    )
    parser.add_argument("--cache", type=Path, required=True, metavar="FOLDER", help="folder for encoded vectors")
    parser.add_argument("--coarsewsd", type=Path, metavar="FOLDER", help="CoarseWSD-20")
    parser.add_argument(
        "--semcor", type=Path, nargs=2, metavar=("OUT", "COLLECTION"), help="SemCor, prepared and indexed"
    )
    parser.add_argument("--model", default="default", metavar="SOURCE", help="model to measure")
    parser.add_argument("--choose", action="store_true", help="measure the data on which parameters are chosen")
    parser.add_argument("--words", action="store_true", help="also print each word of the sample collection")
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
    confident = {name: (collection_null_distribution(sample), words) for name, words in sets.items()}
    if "coarse-test" in found:
        coarse = found[f"coarse-{split}"]
        sets[f"CoarseWSD-20, {split}"] = coarse
        sets[f"CoarseWSD-20, {split}, small and balanced"] = balanced(coarse)
        confident[f"CoarseWSD-20, {split}"] = null_distribution(of_words(coarse)), of_words(coarse)
    if "semcor" in found:
        part = [word for word in found["semcor"] if half(word.name) == number]
        sets[f"SemCor, half {number}"] = drawn(part)
        confident[f"SemCor, half {number}"] = collection_null_distribution(arguments.semcor[1]), part
    print_table(sets, METHODS | CHOICES if arguments.choose else METHODS)
    print_corrections(sets)
    if arguments.words:
        print_words(found["sample"])
    print_confidence(confident, arguments.choose)
    return 0


if __name__ == "__main__":
    sys.exit(main())
