"""How good an order or a score is: pure measures, and the readers of the gold formats that they are used with."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.errors import DocumentError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TokenPair:
    """Two tokens of one lemma in their sentences; `gold`: 1 or 0 (same sense or not), or how alike they were judged."""

    lemma: str
    sentence1: tuple[str, ...]
    position1: int
    sentence2: tuple[str, ...]
    position2: int
    gold: float


@dataclass(frozen=True, slots=True)
class SentencePair:
    """Two sentences, and how alike people found them."""

    sentence1: tuple[str, ...]
    sentence2: tuple[str, ...]
    gold: float


def accuracy(scores: npt.ArrayLike, gold: npt.ArrayLike, threshold: float) -> float:
    """Share of the pairs for which `score >= threshold` is what `gold` (true or false) says."""
    return float(np.mean((np.asarray(scores) >= threshold) == np.asarray(gold, bool)))


def best_threshold(scores: npt.ArrayLike, gold: npt.ArrayLike) -> float:
    """The threshold of the highest accuracy on these pairs; of several the middle one of the lowest run."""
    score = np.asarray(scores, np.float64)  # (n,)
    order = np.argsort(score, kind="stable")
    true = np.asarray(gold, bool)[order]  # (n,), lowest score first
    # Cutting before the i-th: right are the false ones below the cut and the true ones above it.
    right = np.concatenate([[0], np.cumsum(~true)]) + true.sum() - np.concatenate([[0], np.cumsum(true)])  # (n + 1,)
    ends = np.concatenate([[-np.inf], score[order], [np.inf]])  # (n + 2,)
    right[ends[:-1] == ends[1:]] = -1  # no cut between equal scores
    cut = int(np.argmax(right))
    low, high = ends[cut], ends[cut + 1]
    if np.isinf(low) or np.isinf(high):
        return float(high if np.isinf(low) else np.nextafter(low, np.inf))
    return float((low + high) / 2) if low < (low + high) / 2 else float(high)


def ranks(values: npt.ArrayLike) -> Floats:
    """Rank of each value from 1, equal values sharing their mean rank: (n,)."""
    _, inverse, counts = np.unique(np.asarray(values, np.float64), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)  # rank of the last of each run of equal values
    return np.asarray((last - (counts - 1) / 2)[inverse.reshape(-1)], np.float64)


def spearman(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Spearman's rank correlation in [-1, 1]; 0 if either side has but one value."""
    x, y = ranks(a), ranks(b)
    x, y = x - x.mean(), y - y.mean()
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / norm if norm else 0.0


def average_precision(relevant: npt.ArrayLike) -> float:
    """Mean of the precision at each relevant place of an order, best first; 0 if nothing is relevant.

    The mean is over the relevant ones in the order given: give the whole order, not its head.
    """
    hits = np.asarray(relevant, bool)  # (n,)
    places = np.flatnonzero(hits) + 1.0  # (relevant,)
    return float(np.mean(np.arange(1, len(places) + 1) / places)) if len(places) else 0.0


def precision_at(relevant: npt.ArrayLike, k: int) -> float:
    """Share of the first `k` places that are relevant; places that are missing are not."""
    return float(np.asarray(relevant, bool)[:k].sum() / k)


def mean_average_precision(vectors: npt.NDArray[np.floating], labels: Sequence[str]) -> float:
    """Each occurrence asks for those of its own label, the others ordered by cosine: mean of the average precision.

    `vectors` (n, dim). Occurrences that are alone with their label do not ask.
    """
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)  # (n, dim)
    label = np.asarray(labels)  # (n,)
    order = np.argsort(-(unit @ unit.T), axis=1, kind="stable")  # (n, n)
    found = [average_precision(label[row[row != i]] == label[i]) for i, row in enumerate(order)]
    asking = [np.count_nonzero(label == own) > 1 for own in label]
    return float(np.mean(np.asarray(found)[asking])) if any(asking) else 0.0


def read_wic(folder: Path) -> list[TokenPair]:
    """Word-in-Context: `*.data.txt` (lemma, part of speech, positions, two sentences) and `*.gold.txt` (T or F)."""
    data, gold = (_only(folder, pattern) for pattern in ("*.data.txt", "*.gold.txt"))
    rows, answers = _rows(data, 5), [row[0] for row in _rows(gold, 1)]
    if len(rows) != len(answers) or not set(answers) <= {"T", "F"}:
        raise DocumentError(f"{gold} does not fit {data.name}; get both again")
    pairs = []
    for (lemma, _, positions, first, second), answer in zip(rows, answers, strict=True):
        position1, position2 = (int(position) for position in positions.split("-"))
        pairs.append(_pair(lemma, first, position1, second, position2, float(answer == "T"), data))
    return pairs


def read_usim(path: Path) -> list[TokenPair]:
    """Usage similarity: two lines a pair, each sentence, position, mean judgement (1 to 5), lemma.pos and a number."""
    rows = _rows(path, 4)
    if len(rows) % 2:
        raise DocumentError(f"{path} has an odd number of lines; get it again")
    pairs = []
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        if first[2] != second[2]:
            raise DocumentError(f"{path}: {first[0][:40]!r} has two judgements; get it again")
        lemma = first[3].rpartition(".")[0]
        pairs.append(_pair(lemma, first[0], int(first[1]), second[0], int(second[1]), float(first[2]), path))
    return pairs


def read_sts(path: Path) -> list[SentencePair]:
    """STS benchmark: tab-separated, fifth column the mean judgement (0 to 5), then two sentences, tokenised or not."""
    rows = _rows(path, 7)
    return [SentencePair(tuple(row[5].split()), tuple(row[6].split()), float(row[4])) for row in rows]


def _pair(lemma: str, first: str, position1: int, second: str, position2: int, gold: float, path: Path) -> TokenPair:
    sentence1, sentence2 = tuple(first.split()), tuple(second.split())
    if not (0 <= position1 < len(sentence1) and 0 <= position2 < len(sentence2)):
        raise DocumentError(f"{path}: {lemma!r} is to stand outside its sentence {first[:40]!r}; get it again")
    return TokenPair(lemma, sentence1, position1, sentence2, position2, gold)


def _rows(path: Path, columns: int) -> list[list[str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DocumentError(f"{path} cannot be read ({error.strerror}); give the file of the gold data") from error
    rows = [line.split("\t") for line in lines if line.strip()]
    for number, row in enumerate(rows, 1):
        if len(row) < columns:
            raise DocumentError(f"{path}, row {number}: {len(row)} columns, not {columns}; get it again")
    return [row[:columns] for row in rows]


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise DocumentError(f"{folder} holds {len(found)} files {pattern}, not one; give the folder of one split")
    return found[0]
