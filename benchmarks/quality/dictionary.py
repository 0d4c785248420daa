"""Senses of a dictionary against gold senses: accuracy, calibration, and senses that were left out of the dictionary.

    python -m benchmarks.quality.dictionary SEMCOR WORDNET --cache FOLDER     # WordNet with SemCor, by folds
    python -m benchmarks.quality.dictionary SEMCOR WORDNET --cache FOLDER --fit
    python -m benchmarks.quality.dictionary --gaps SEMCOR --cache FOLDER      # average precision of left-out senses
    python -m benchmarks.quality.dictionary --gaps-sample                     # the same on the sample documents

SEMCOR is semcor3.0.tar.xz, and WORDNET the folder of WordNet 3.0's files. `--words N` takes one of N lemmas. The
functions that are measured are those of `polyseme senses --dictionary` and `polyseme dictionary gaps`. The row "parts
of speech by the tagger" is what a collection gives: all senses of a lemma, and tags of the bundled model.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from polyseme.indexer.collection.dictionaries import StoredSense
from polyseme.indexer.collection.records import Layer
from polyseme.indexer.dictionaries.centroids import EncodedSense
from polyseme.indexer.dictionaries.tagged import batches_of
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.gold.sense_text import SenseText, read_judged
from polyseme.indexer.vectorise import Vectoriser, represent
from polyseme.indexer.vectors.arrays import Array, Ids, Mask, unit
from polyseme.search.evaluation.datasets.wsd import Instance, Word, read_set, word_of
from polyseme.search.evaluation.tasks.dictionary_wsd import encode_wordnet, senses_by_word
from polyseme.search.senses.disambiguation import CHOSEN, Weights, shares_by_pos
from polyseme.search.senses.gaps import distances

from benchmarks.lib.paths import SENSES

FOLDS = 10
"""Number of folds of SemCor's documents. Documents with neighbouring names are in different folds."""
BINS = 10
"""Number of bins of probability in the calibration error."""
FEWEST_LINES = 30
"""Minimum number of tagged lines of a word whose senses are left out."""
FEWEST_OF_SENSE = 3
"""Minimum number of tagged lines of a sense that is left out, in the half that is ranked."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """Tagged words of a corpus with their vectors.

    Attributes:
        words: Word of each, such as (bank, 1) (n).
        senses: Gold senses of each (n).
        folds: Fold of each (n,).
        vectors: Unit vectors (n, d).
        parts: Part of speech of each by the tagger, or empty (n).
    """

    words: list[Word]
    senses: list[tuple[str, ...]]
    folds: Ids
    vectors: Array
    parts: list[str]


def default_vectoriser() -> Vectoriser:
    """Return the vectoriser of a new collection of the bundled model, which has no transform of token vectors."""
    return Vectoriser(load_encoder("default"), Layer.SENSE, {})


def read_semcor(path: Path, cache: Path, share: int = 0) -> Tagged:
    """Return SemCor's tagged words. Vectors are cached in a folder.

    Args:
        share: One of this number of lemmas gets parts of speech. 0 for none.
    """
    instances = read_set(path)
    documents = sorted({instance.document for instance in instances})
    fold_of = {document: place % FOLDS for place, document in enumerate(documents)}
    stored = cache / "semcor.npy"
    if stored.is_file():
        vectors = np.load(stored)
    else:
        vectors = _encode(instances)
        cache.mkdir(parents=True, exist_ok=True)
        np.save(stored, vectors)
    folds = np.array([fold_of[instance.document] for instance in instances], np.int64)
    parts = _parts(instances, share) if share else [""] * len(instances)
    return Tagged([one.word for one in instances], [one.senses for one in instances], folds, vectors, parts)


def in_share(word: Word, share: int) -> bool:
    """Return whether a word is among those of one of `share` lemmas."""
    return zlib.crc32(word[0].encode()) % share == 0


def _parts(instances: Sequence[Instance], share: int) -> list[str]:
    """Return the part of speech that the bundled model's tagger gives to the last token of each word."""
    encoder = load_encoder("default")
    assert encoder.tagset is not None  # the bundled model has a tagger
    rows: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, instance in enumerate(instances):
        if in_share(instance.word, share):
            rows[instance.span.sentence].append(row)
    sentences = sorted(rows, key=len)
    found = [""] * len(instances)
    for batch in batches_of(range(len(sentences)), [len(sentence) for sentence in sentences]):
        for place, one in zip(batch, represent(encoder, [sentences[place] for place in batch]), strict=True):
            assert one.tags is not None
            for row in rows[sentences[place]]:
                found[row] = encoder.tagset.upos[one.tags.upos[instances[row].span.end - 1]]
    return found


def _encode(instances: Sequence[Instance]) -> Array:
    vectoriser = default_vectoriser()
    rows: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, instance in enumerate(instances):
        rows[instance.span.sentence].append(row)
    sentences = sorted(rows, key=len)
    found = np.zeros((len(instances), vectoriser.encoder.sense_dim), np.float32)
    for batch in batches_of(range(len(sentences)), [len(sentence) for sentence in sentences]):
        for place, vectors in zip(batch, vectoriser([sentences[place] for place in batch]), strict=True):
            for row in rows[sentences[place]]:
                span = instances[row].span
                found[row] = vectors.tokens[span.start : span.end].mean(axis=0)
    return unit(found)


def read_senses(folder: Path, words: set[Word]) -> list[EncodedSense]:
    """Return WordNet's senses of some words, with the vectors of their examples and definitions."""
    return encode_wordnet(load_encoder("default"), folder, words)


@dataclass(frozen=True, slots=True)
class Question:
    """The lines of a word in one fold: their vectors (n, d), its senses from the other folds, and the gold (n, s).

    Attributes:
        parts: Part of speech of each line, or empty (n).
    """

    vectors: Array
    senses: list[StoredSense]
    gold: Mask
    parts: list[str]


def questions(tagged: Tagged, encoded: Sequence[EncodedSense], by_lemma: bool) -> list[Question]:
    """Return the lines of each word and fold, with centroids of the tagged lines in the other folds.

    Args:
        by_lemma: Whether the senses of all parts of speech of a lemma compete, as in a collection.
    """

    def key(word: Word) -> Word:
        return (word[0], "") if by_lemma else word

    words = {word_of(one.sense.id) for one in encoded}
    known = [row for row, word in enumerate(tagged.words) if word in words]
    found = []
    for fold in range(FOLDS):
        rows_of: dict[Word, list[int]] = defaultdict(list)
        for row in known:
            if tagged.folds[row] == fold:
                rows_of[key(tagged.words[row])].append(row)
        learned = [(tagged.senses[row], tagged.vectors[row]) for row in known if tagged.folds[row] != fold]
        senses_of: dict[Word, list[StoredSense]] = defaultdict(list)
        for word, senses in senses_by_word(encoded, learned).items():
            senses_of[key(word)] += senses
        for word, rows in rows_of.items():
            places = {sense.id: place for place, sense in enumerate(senses_of[word])}
            gold = np.zeros((len(rows), len(places)), bool)
            for n, row in enumerate(rows):
                gold[n, [places[sense] for sense in tagged.senses[row] if sense in places]] = True
            asked = gold.any(axis=1)
            if asked.any():
                parts = [tagged.parts[rows[n]] for n in np.flatnonzero(asked).tolist()]
                found.append(Question(tagged.vectors[rows][asked], senses_of[word], gold[asked], parts))
    return found


def accuracy(asked: Sequence[Question], weights: Weights) -> tuple[float, float, float]:
    """Return the share of right answers, the calibration error and the mean negative log likelihood."""
    chosen, right, losses = [], [], []
    for one in asked:
        shares = shares_by_pos(one.vectors, one.senses, one.parts, weights)
        best = shares.argmax(axis=1)
        chosen.append(shares.max(axis=1))
        right.append(one.gold[np.arange(len(best)), best])
        losses.append(-np.log(np.maximum((shares * one.gold).sum(axis=1), 1e-9)))
    sure, hits = np.concatenate(chosen), np.concatenate(right)
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    parts = [bins == number for number in range(BINS) if (bins == number).any()]
    error = sum(float(abs(hits[part].mean() - sure[part].mean()) * part.mean()) for part in parts)
    return float(hits.mean()), error, float(np.concatenate(losses).mean())


def fit(asked: Sequence[Question]) -> Weights:
    """Return the weights with the best likelihood, found from those in use."""
    from scipy.optimize import minimize

    names = ("tagged", "examples", "definition", "no_tags", "no_examples", "prior", "per_line", "size")

    def with_values(values: Sequence[float]) -> Weights:
        changed: dict[str, Any] = dict(zip(names, map(float, values), strict=True))
        return replace(CHOSEN, **changed)

    def loss(values: Sequence[float]) -> float:
        return accuracy(asked, with_values(values))[2]

    start = [getattr(CHOSEN, name) for name in names]
    best = minimize(loss, start, method="Powell", options={"maxiter": 3, "xtol": 0.05, "ftol": 1e-4}).x
    return with_values(np.round(best, 2).tolist())


def measure(tagged: Tagged, senses: Sequence[EncodedSense], fits: bool) -> None:
    """Print a table of accuracies by folds."""
    asked = questions(tagged, senses, by_lemma=False)
    if fits:
        print(fit(asked))
        return
    print(f"{sum(len(one.vectors) for one in asked):,} lines")
    print(f"{'':50}{'accuracy':>10}{'calibration error':>20}")
    rows = [
        (
            "frequency alone",
            replace(CHOSEN, tagged=0, examples=0, definition=0, no_tags=0, no_examples=0, per_line=0, size=0, prior=1),
        )
    ]
    rows.append(("lemma and part of speech", CHOSEN))
    for name, weights in rows:
        found = accuracy(asked, weights)
        print(f"{name:50}{100 * found[0]:10.1f}{100 * found[1]:20.1f}")
    asked = questions(tagged, senses, by_lemma=True)
    untagged = [replace(one, parts=[""] * len(one.parts)) for one in asked]
    for name, lines in (
        ("lemma alone, a collection without tags", untagged),
        ("lemma, parts of speech by the tagger", asked),
    ):
        found = accuracy(lines, CHOSEN)
        print(f"{name:50}{100 * found[0]:10.1f}{100 * found[1]:20.1f}")


def judged_sample() -> Tagged:
    """Return the judged words of the sample documents, encoded with the bundled model."""
    text: SenseText = read_judged(SENSES, [SENSES.parent / "documents"], "en", print)
    vectoriser = default_vectoriser()
    numbers = sorted({token.sentence for token in text.tokens})
    encoded = dict(zip(numbers, vectoriser([text.sentences[number] for number in numbers]), strict=True))
    vectors = np.stack([encoded[token.sentence].tokens[token.position] for token in text.tokens])
    words: list[Word] = [(token.lemma, "") for token in text.tokens]
    # Half of the lines of each sense make its centroid.
    seen: dict[tuple[str, str], int] = defaultdict(int)
    folds = []
    for token in text.tokens:
        folds.append(seen[token.lemma, token.sense] % 2)
        seen[token.lemma, token.sense] += 1
    senses: list[tuple[str, ...]] = [(token.sense,) for token in text.tokens]
    return Tagged(words, senses, np.array(folds, np.int64), unit(vectors), [""] * len(words))


def measure_gaps(tagged: Tagged, fewest_lines: int) -> None:
    """Print the mean average precision of the lines of a sense that was left out of the dictionary.

    Centroids are made from the even folds, and the lines of the odd folds are ranked.
    """
    rows_of: dict[Word, list[int]] = defaultdict(list)
    for row, word in enumerate(tagged.words):
        rows_of[word].append(row)
    results = []
    for rows in rows_of.values():
        if len(rows) < fewest_lines:
            continue
        gold = np.array([tagged.senses[row][0] for row in rows])
        learned = tagged.folds[rows] % 2 == 0
        vectors = tagged.vectors[rows]
        for left_out in np.unique(gold):
            wanted = gold[~learned] == left_out
            others = [sense for sense in np.unique(gold[learned]) if sense != left_out]
            if others and FEWEST_OF_SENSE <= wanted.sum() <= len(wanted) / 2:
                sums = [vectors[learned & (gold == sense)].sum(axis=0) for sense in others]
                centroids = unit(np.stack(sums))
                asked = vectors[~learned]
                counts = [int((learned & (gold == sense)).sum()) for sense in others]
                shares = (np.array(counts) + CHOSEN.unseen) / sum(counts)
                smooth = average_precision(distances(asked, centroids, shares), wanted)
                plain = average_precision(1 - (asked @ centroids.T).max(axis=1), wanted)
                results.append((smooth, plain, wanted.mean()))
    smooth, plain, chance = np.mean(results, axis=0)
    print(f"{len(results):,} senses left out, one at a time: mean average precision {100 * smooth:.1f},")
    print(f"without smoothing {100 * plain:.1f}, chance {100 * chance:.1f}")


def average_precision(scores: Array, wanted: Mask) -> float:
    """Return the average precision of a ranking, highest score first.  (n,), (n,)"""
    ranked = wanted[np.argsort(-scores, kind="stable")]
    return float((np.cumsum(ranked) / np.arange(1, len(ranked) + 1))[ranked].mean())


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="Measure senses of a dictionary against gold senses.")
    parser.add_argument("semcor", type=Path, nargs="?")
    parser.add_argument("wordnet", type=Path, nargs="?")
    parser.add_argument("--gaps", type=Path, metavar="SEMCOR", help="measure left-out senses on SemCor")
    parser.add_argument("--gaps-sample", action="store_true", help="measure left-out senses on the sample documents")
    parser.add_argument("--fit", action="store_true", help="print fitted weights")
    parser.add_argument("--words", type=int, default=1, metavar="N", help="take the words of one of N lemmas")
    parser.add_argument("--cache", type=Path, default=Path("build/dictionary"), help="folder for vectors")
    arguments = parser.parse_args()
    try:
        if arguments.gaps_sample:
            measure_gaps(judged_sample(), 2 * FEWEST_OF_SENSE)
        elif arguments.gaps is not None:
            measure_gaps(read_semcor(arguments.gaps, arguments.cache), FEWEST_LINES)
        elif arguments.semcor is None or arguments.wordnet is None:
            parser.error("give SEMCOR and WORDNET, --gaps SEMCOR or --gaps-sample")
        else:
            tagged = read_semcor(arguments.semcor, arguments.cache, arguments.words)
            words = {word for word in tagged.words if in_share(word, arguments.words)}
            measure(tagged, read_senses(arguments.wordnet, words), arguments.fit)
    except PolysemeError as error:
        print(f"dictionary: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
