"""Fit the curves of `search/sentence_confidence.py` on the STS benchmark, and print their held-out errors.

    python -m benchmarks.quality.sentence_confidence STS_FOLDER [--model SOURCE | --vectors FOLDER]

Two sentences mean the same from 3 points of 5 on. A curve is fitted on one split and tried on the other one. The
verdict is tried on the sentences of train. The first sentence of a pair asks. The second one is in the collection, or
it was removed with all that say nearly the same. `--vectors` names a folder with `train.npy` and `dev.npy`. They hold
the vectors of the first and second sentence of each pair in turn.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from polyseme.indexer.build import build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.queries import document_keys
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.vectors.arrays import Array, Doubles, unit
from polyseme.search.sentence_confidence import LIKELY, SentenceCalibration, mean_of_pairs

SAME = 3.0
"""Judgement from which two sentences mean the same."""
ANSWER = 4.0
"""Judgement from which the second sentence of a pair answers the first one."""
RELATED = 2.5
"""Judgement from which a sentence is removed with the answer."""
BINS = 10
QUESTIONS = 800
Rows = list[tuple[float, str, str]]
"""Judgement and both sentences of each pair."""


def read(path: Path) -> Rows:
    """Read a split of the STS benchmark."""
    rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    return [(float(row[4]), row[5].strip(), row[6].strip()) for row in rows]


def product_vectors(rows: Rows, model: str) -> Array:
    """Return the vectors that a collection of these sentences stores, of both sentences of n pairs.  (n, 2, e)"""
    texts = [text for _, *pair in rows for text in pair]
    distinct = {text: str(number) for number, text in enumerate(dict.fromkeys(texts))}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sts.pol"
        build(path, [Document(key, text) for text, key in distinct.items()], model=model)
        with Collection.open(path) as collection, collection.reading() as snapshot:
            segments = snapshot.segments.values()
            owners = np.concatenate([np.asarray(segment.sentence_documents) for segment in segments])
            vectors = np.concatenate(
                [np.asarray(segment.sentences[np.arange(len(segment.sentences))], np.float32) for segment in segments]
            )
            keys = dict(document_keys(collection.db))
    sums = np.zeros((int(owners.max()) + 1, vectors.shape[1]))
    np.add.at(sums, owners, vectors)
    return unit(sums[[keys[distinct[text]] for text in texts]]).reshape(len(rows), 2, -1)


def products(first: Array, second: Array) -> Doubles:
    """Return the inner products row by row.  (n, e), (n, e) -> (n,)"""
    return np.asarray(np.einsum("ne,ne->n", first, second, dtype=np.float64), np.float64)


def fit_curve(scaled: Doubles, same: Doubles) -> tuple[float, float]:
    """Fit a logistic curve by Newton's method. Returns its intercept and slope.  (n,), (n,)"""
    rows, found = np.stack([np.ones_like(scaled), scaled], axis=1), np.zeros(2)
    for _ in range(50):
        said = 1 / (1 + np.exp(-(rows @ found)))
        found += np.linalg.solve((rows * (said * (1 - said))[:, None]).T @ rows, rows.T @ (same - said))
    return float(found[0]), float(found[1])


def calibration_error(said: Array, same: Doubles) -> float:
    """Return the mean distance of predicted and observed share over tenths of the prediction.  (n,), (n,)"""
    slot = np.minimum((said * BINS).astype(int), BINS - 1)
    bins = [slot == number for number in np.unique(slot)]
    return float(sum(inside.mean() * abs(said[inside].mean() - same[inside].mean()) for inside in bins))


def groups(rows: Rows) -> list[int]:
    """Return a number for each of the 2n sentences. Sentences that may say the same share it.

    They have the same text but for capitals, or were judged at `RELATED` or more, also through others.
    """
    parent = list(range(2 * len(rows)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    first: dict[str, int] = {}
    for pair, (judged, *texts) in enumerate(rows):
        for side, text in enumerate(texts):
            key = text.lower().strip(" .")
            parent[root(2 * pair + side)] = root(first.setdefault(key, 2 * pair + side))
        if judged >= RELATED:
            parent[root(2 * pair + 1)] = root(2 * pair)
    return [root(place) for place in range(len(parent))]


def verdict_shares(rows: Rows, vectors: Array, curve: SentenceCalibration) -> tuple[float, float]:
    """Return how often the verdict is given wrongly, with the answer present, and rightly, with it removed."""
    stored, group = vectors.reshape(-1, vectors.shape[2]), np.array(groups(rows))
    asking = np.flatnonzero(np.array([judged >= ANSWER for judged, _, _ in rows]))
    chosen = np.random.default_rng(0).permutation(asking)[:QUESTIONS]
    present, removed = [], []
    for pair in chosen.tolist():
        cosines = stored @ vectors[pair, 0]
        answer = cosines[2 * pair + 1]
        others = float(cosines[group != group[2 * pair]].max())
        removed.append(others)
        present.append(max(float(answer), others))
    wrongly, rightly = (float((curve.confidence(best) < LIKELY).mean()) for best in (present, removed))
    return wrongly, rightly


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Fit the confidence of sentences on the STS benchmark.")
    parser.add_argument("sts", type=Path, metavar="STS_FOLDER")
    parser.add_argument("--model", default="default")
    parser.add_argument("--vectors", type=Path, metavar="FOLDER")
    chosen = parser.parse_args(arguments)
    try:
        splits = {split: read(chosen.sts / f"sts-{split}.csv") for split in ("train", "dev")}
        vectors = {}
        for split, rows in splits.items():
            if chosen.vectors is None:
                vectors[split] = product_vectors(rows, chosen.model)
            else:
                stored = unit(np.load(chosen.vectors / f"{split}.npy"))
                vectors[split] = stored.reshape(len(rows), 2, -1)
    except (PolysemeError, OSError, ValueError, IndexError) as error:
        print(f"sentence_confidence: {error}", file=sys.stderr)
        return 1
    means = {split: mean_of_pairs(found.reshape(-1, found.shape[2])) for split, found in vectors.items()}
    cosines = {split: products(found[:, 0], found[:, 1]) for split, found in vectors.items()}
    scaled = {split: (cosines[split] - means[split]) / (1 - means[split]) for split in splits}
    same = {split: np.array([float(judged >= SAME) for judged, _, _ in rows]) for split, rows in splits.items()}
    print("| fitted on | tried on | the same, % | Brier score | of the base rate | calibration error, % |")
    print("|---|---|---|---|---|---|")
    for fitted, tried in (("train", "dev"), ("dev", "train")):
        curve = SentenceCalibration(means[tried], *fit_curve(scaled[fitted], same[fitted]))
        said, truth = curve.confidence(cosines[tried]), same[tried]
        base = truth.mean()
        print(
            f"| {fitted} | {tried} | {100 * base:.0f} | {((said - truth) ** 2).mean():.3f} | {base * (1 - base):.3f}"
            f" | {100 * calibration_error(said, truth):.1f} |"
        )
    both = fit_curve(np.concatenate(list(scaled.values())), np.concatenate(list(same.values())))
    print(f"\nIntercept and slope, fitted on both: {both[0]:.2f}, {both[1]:.2f}")
    # The verdict is tried with the curve of the other split.
    held_out = SentenceCalibration(means["train"], *fit_curve(scaled["dev"], same["dev"]))
    wrongly, rightly = verdict_shares(splits["train"], vectors["train"], held_out)
    print(f'"Nothing here says that": wrongly {100 * wrongly:.1f} %, rightly {100 * rightly:.1f} %')
    return 0


if __name__ == "__main__":
    sys.exit(main())
