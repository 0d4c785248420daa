"""What belongs into a sense space, and how it is fitted: every trial of docs/sense-space.md. Prints tables.

    python benchmarks/sense_space.py EVAL_FOLDER --cache FOLDER [--model SOURCE]

EVAL_FOLDER holds wic/, usim/usim_en.txt, coarsewsd-20/ and semcor3.0.tar.xz. The first run encodes them into FOLDER
(some ten minutes, half a gigabyte, half precision), outside the repository; later ones take minutes. Fitted on all of
SemCor for the first columns, and without a fifth of its lemmas and a fifth of its text for the last two.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from polyseme.indexer.elmo.bundled import english_counts
from polyseme.indexer.elmo.convert import read_any
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.model_folder import read_output_layer, read_word_counts
from polyseme.indexer.elmo.sources import model_folder
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.training.sense_space.fit import CONTEXT, EXPECTED, OWN, POWER, SHRINKAGE
from polyseme.indexer.training.sense_space.lda import Scatter, ScatterSums, discriminants
from polyseme.indexer.vectors.arrays import Array, Doubles
from polyseme.search.evaluation.measures import (
    accuracy,
    best_threshold,
    cosines,
    mean_average_precision,
    spearman,
)
from sense_space_data import Small, Tagged, block_makers, features, load, read_small, read_tagged

BAG0, EXPECTED0 = "bag of layer 0", "expected, layer 0"
BY_ROWS, WHOLE = "expected, grouped by rows", "expected, no groups"
FITTED = ("context 2", "bag", "expected", BAG0, EXPECTED0, BY_ROWS, WHOLE, "own 2", "own 1", "context 1", "word")
"""Blocks whose covariances are taken."""
COLUMNS = ("WiC train", "AUC", "WiC dev", "AUC", "usim", "Coarse MAP", "SemCor MAP", "WSD")
_ROWS = 20_000  # taken in at a time
_USES = 120  # of a lemma, at most, that are ranked


@dataclass(frozen=True, slots=True)
class Trial:
    """Blocks with their weights at equal variance, and how the map is made; `dims` None: no map, centred only."""

    name: str
    blocks: dict[str, float]
    dims: int | None = 64
    shrinkage: float = SHRINKAGE
    power: float = POWER
    principal: bool = False  # components of the total covariance, and no senses
    words: float = 0.0  # share of the covariance between lemmas that is added to that between senses
    centre: str = "lemmas"  # or tokens, or here: what is measured


class Lab:
    """Features of both kinds of sets, and the covariances of SemCor's: of all, and of the part that is trained on."""

    def __init__(self, small: Small, tagged: Tagged, files: dict[str, dict[str, Path]]) -> None:
        self.small, self.tagged, self.files = small, tagged, files
        self.blocks = [block for block in FITTED if block in files["semcor"]]
        self.unseen = (tagged.lemma % 5 == 0, tagged.stretch % 5 == 0)  # lemmas, text
        seen = ~(self.unseen[0] | self.unseen[1])
        self.widths = {block: np.load(files["semcor"][block], mmap_mode="r").shape[1] for block in self.blocks}
        self.all, self.token_mean, self.lemmas = self._scatter(np.ones(len(seen), np.bool_))
        self.part, _, _ = self._scatter(seen)

    def _scatter(self, mask: npt.NDArray[np.bool_]) -> tuple[Scatter, Doubles, Doubles]:
        """Covariances; mean of the rows; covariance between lemmas."""
        mapped = [np.load(self.files["semcor"][block], mmap_mode="r") for block in self.blocks]
        sums = ScatterSums(sum(self.widths.values()), self.tagged.lemma_of)
        total = np.zeros(sum(self.widths.values()))
        chosen = np.flatnonzero(mask)
        for start in range(0, len(chosen), _ROWS):
            rows = chosen[start : start + _ROWS]
            taken = np.concatenate([block[rows] for block in mapped], axis=1).astype(np.float32)
            sums.add(taken, self.tagged.sense[rows])
            total += taken.sum(axis=0, dtype=np.float64)
        found = sums.result()
        return found, total / len(chosen), found.total - found.within - found.between

    def columns(self, blocks: Sequence[str]) -> npt.NDArray[np.int64]:
        places = dict(zip(self.blocks, np.split(np.arange(len(self.token_mean)), self._ends()), strict=True))
        return np.concatenate([places[block] for block in blocks])

    def _ends(self) -> npt.NDArray[np.int64]:
        return np.cumsum(list(self.widths.values()))[:-1]

    def factors(self, trial: Trial) -> Doubles:
        """What each column of the trial's blocks is multiplied with: (width,)."""
        parts = []
        for block, weight in trial.blocks.items():
            columns = self.columns([block])
            parts.append(np.full(len(columns), weight / np.sqrt(np.diag(self.all.total)[columns].sum())))
        return np.concatenate(parts)

    def map_of(self, trial: Trial, scatter: Scatter) -> Doubles:
        """(width, dims)"""
        columns, factors = self.columns(list(trial.blocks)), self.factors(trial)
        chosen = np.ix_(columns, columns)
        within, between = scatter.within[chosen], scatter.between[chosen]
        own = Scatter(scatter.mean[columns], scatter.total[chosen], within, between, scatter.rows).scaled(factors)
        if trial.dims is None:
            return np.diag(factors)
        if trial.principal:
            axes = np.linalg.eigh(own.total)[1][:, ::-1][:, : trial.dims]  # (width, dims)
            return np.asarray(factors[:, None] * axes, np.float64)
        if trial.words:
            extra = trial.words * self.lemmas[chosen] * np.outer(factors, factors)
            own = replace(own, between=own.between + extra)
        return factors[:, None] * discriminants(own, trial.dims, trial.shrinkage, trial.power)

    def figures(self, trial: Trial) -> list[float]:
        columns, blocks = self.columns(list(trial.blocks)), list(trial.blocks)
        rows = load(self.files["small"], blocks)
        means = {"lemmas": self.all.mean[columns], "tokens": self.token_mean[columns], "here": rows.mean(axis=0)}
        figures = small_figures(self.small, (rows - means[trial.centre]) @ self.map_of(trial, self.all))
        part = self.map_of(trial, self.part)
        vectors = (load(self.files["semcor"], blocks) - self.part.mean[columns]).astype(np.float32) @ part
        return [*figures, retrieval(self.tagged, vectors, self.unseen[0]), self.wsd(vectors)[0]]

    def wsd(self, vectors: Doubles) -> tuple[float, float]:
        """Unseen text, words that the rest has: accuracy of the nearest centroid, and of the most frequent sense."""
        unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        test, sense = self.unseen[1], self.tagged.sense
        sums = np.zeros((len(self.tagged.lemma_of), vectors.shape[1]))
        np.add.at(sums, sense[~test], unit[~test])
        counts = np.bincount(sense[~test], minlength=len(sums))
        sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
        choices: dict[int, list[int]] = {}
        for number, lemma in enumerate(self.tagged.lemma_of):
            if counts[number]:
                choices.setdefault(lemma, []).append(number)
        asked = [row for row in np.flatnonzero(test) if self.tagged.lemma[row] in choices]
        right = []
        for row in asked:
            own = choices[self.tagged.lemma[row]]
            answers = own[int(np.argmax(sums[own] @ unit[row]))], own[int(np.argmax(counts[own]))]
            right.append([answer == sense[row] for answer in answers])
        nearest, frequent = 100 * np.mean(right, axis=0)
        return float(nearest), float(frequent)


def small_figures(small: Small, vectors: Doubles) -> list[float]:
    """The first six columns, from vectors of all places (n, d)."""
    from sklearn.metrics import roc_auc_score

    scores = {name: cosines(vectors[pairs.first], vectors[pairs.second]) for name, pairs in small.pairs.items()}
    threshold = best_threshold(scores["wic train"], small.pairs["wic train"].gold)
    figures = []
    for split in ("wic train", "wic dev"):
        gold = small.pairs[split].gold
        figures += [accuracy(scores[split], gold, threshold), float(roc_auc_score(gold, scores[split]))]
    figures.append(spearman(scores["usim"], small.pairs["usim"].gold))
    found = [mean_average_precision(vectors[rows], senses.tolist()) for rows, senses in small.words.values()]
    return [100 * figure for figure in (*figures, float(np.mean(found)))]


def retrieval(tagged: Tagged, vectors: Doubles, mask: npt.NDArray[np.bool_]) -> float:
    """Same-sense retrieval among the uses of each lemma of the mask with at least 2 senses of 3 uses each."""
    generator = np.random.default_rng(0)
    rows = np.flatnonzero(mask)
    rows = rows[np.argsort(tagged.lemma[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(tagged.lemma[rows])) + 1
    found = []
    for uses in np.split(rows, starts):
        if len(uses) < 10 or (np.unique(tagged.sense[uses], return_counts=True)[1] >= 3).sum() < 2:
            continue
        asked = generator.choice(uses, _USES, replace=False) if len(uses) > _USES else uses
        found.append(mean_average_precision(vectors[asked], tagged.sense[asked].astype(str).tolist()))
    return 100 * float(np.mean(found))


def trials(blocks: Sequence[str]) -> dict[str, list[Trial]]:
    """The tables, by title."""
    unread = {"context 2": CONTEXT, "bag": 1.0} | ({"expected": EXPECTED} if "expected" in blocks else {})
    ours = unread | {"own 1": OWN}
    two = {"context 2": 1.0, "bag": 1.0}
    base = Trial("the recipe", ours)
    return {
        "Without senses": [
            Trial("context 2, bag: centred", two, None),
            Trial("and expected: centred", unread, None),
            Trial("context 2, bag: 64 principal components", two, principal=True),
            Trial("and expected: 64 principal components", unread, principal=True),
            Trial("words in the place of senses, power 0.5", unread, power=0.5, words=1e6),
        ],
        "What is mapped": [
            base,
            *[Trial(name, {"context 2": CONTEXT, "own 1": OWN} | other)
              for name, other in OTHERS.items() if EXPECTED0 in blocks],
            Trial("without own 1", unread),
            Trial("without expected", {"context 2": CONTEXT, "bag": 1.0, "own 1": OWN}),
            Trial("context 2, bag", two),
            Trial("context 2 alone", {"context 2": 1.0}),
            Trial("bag alone", {"bag": 1.0}),
            Trial("own 2 in the place of own 1", unread | {"own 2": OWN}),
            *[replace(base, name=name, blocks=ours | other) for name, other in EXTRA.items()],
            *[replace(base, name=f"context 2 {c:g}, expected {e:g}", blocks=ours | {"context 2": c, "expected": e})
              for c, e in ((1.0, 0.7), (0.5, 0.7), (0.7, 1.0), (0.5, 1.0)) if "expected" in blocks],
        ],
        "How it is mapped": [
            base,
            Trial("context 2, bag, 48 dimensions, 0.5, power 0.25 (before)", two, 48, 0.5, 0.25, centre="tokens"),
            *[replace(base, name=f"{dims} dimensions", dims=dims) for dims in (32, 48, 96)],
            *[replace(base, name=f"shrinkage {s:g}", shrinkage=s) for s in (0.1, 0.2, 0.5, 0.65, 0.8)],
            *[replace(base, name=f"power {power:g}", power=power) for power in (0.0, 0.25, 0.5, 1.0)],
            replace(base, name="between words too (0.3)", words=0.3),
            replace(base, name="centred on the mean of tokens", centre="tokens"),
            replace(base, name="centred on what is measured", centre="here"),
        ],
    }  # fmt: skip


OTHERS = {
    "expected, grouped by rows": {"bag": 1.0, BY_ROWS: EXPECTED},
    "expected, no groups": {"bag": 1.0, WHOLE: EXPECTED},
    "bag and expected of layer 0 (before)": {BAG0: 1.0, EXPECTED0: EXPECTED},
    "bag of topics, expected of layer 0": {"bag": 1.0, EXPECTED0: EXPECTED},
    "and 0.5 bag of layer 0": {"bag": 1.0, BAG0: 0.5, "expected": EXPECTED},
}
"""In the place of the recipe's bag and expected."""
EXTRA = {
    "own 1 0.6": {"own 1": 0.6},
    "and 0.3 own 2": {"own 2": 0.3},
    "and 0.4 context 1": {"context 1": 0.4},
    "and 0.3 word": {"word": 0.3},
}


def print_row(name: str, figures: Sequence[float]) -> None:
    print(f"{name:52}" + "".join(f"{figure:11.1f}" for figure in figures), flush=True)


def print_header(title: str, columns: Sequence[str]) -> None:
    print(f"\n{title:52}" + "".join(f"{column:>11}" for column in columns))


def run(folder: Path, source: str, cache: Path) -> None:
    small, tagged = read_small(folder), read_tagged(folder)
    model = read_any(source)
    own = model_folder(source)
    output = read_output_layer(own) if own else None
    counts = (read_word_counts(own) if own else None) or english_counts()
    encoder = ElmoEncoder(model, source)
    output = output and replace(output, counts=output.counts or counts)
    place = cache / encoder.model_id[:12]
    makers = block_makers(encoder, output, counts)
    files = {"small": features(encoder, makers, small.places, place, "small")}
    needed = {block: make for block, make in makers.items() if block in FITTED}
    files["semcor"] = features(encoder, needed, tagged.places, place, "semcor")
    print_header("Blocks alone, centred on what is measured", COLUMNS[:6])
    for block in makers:
        rows: Array = load(files["small"], [block])
        print_row(block, small_figures(small, (rows - rows.mean(axis=0)).astype(np.float64)))
    lab = Lab(small, tagged, files)
    for title, rows_of_table in trials(lab.blocks).items():
        print_header(title, COLUMNS)
        for trial in rows_of_table:
            print_row(trial.name, lab.figures(trial))
    frequent = lab.wsd(np.ones((len(tagged.sense), 1)))[1]
    print(f"\nWSD: nearest centroid, words that the rest of SemCor has; most frequent sense there {frequent:.1f}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Trials on sense spaces.")
    parser.add_argument("folder", type=Path, metavar="EVAL_FOLDER")
    parser.add_argument("--cache", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--model", default="default", metavar="SOURCE")
    arguments = parser.parse_args()
    try:
        run(arguments.folder, arguments.model, arguments.cache)
    except PolysemeError as error:
        print(f"sense_space: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
