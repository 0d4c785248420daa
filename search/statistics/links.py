"""Find links: two collocates of a word that are near the same occurrences more often than chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...indexer.vectors.arrays import Ids
from ..citation import Citation
from ..tables import Records
from .measures import log_dice, log_likelihood

LINKED = 15.13
"""Minimum log-likelihood of a link, p < 0.0001. Of the 780 pairs of 40 collocates, chance links one in 13 graphs."""
DISTINCTIVE = 3.84
"""Minimum log-likelihood of a collocate in the lines of its sense, p < 0.05."""
FEWEST = 2
"""Minimum number of occurrences that both collocates of a link are near."""
ROWS = 1 << 16
"""Number of places that are counted at once."""


@dataclass(frozen=True, slots=True)
class CollocateLink:
    """Two collocates that are near the same occurrences of their word more often than chance.

    Attributes:
        first, second: Their places among the collocates, from 0.
        source, target: Their names. A lemma with several parts of speech has its part of speech too.
        together: Number of occurrences that both are near.
        expected: Number that chance would give.
        log_likelihood: G2 of the pair among the occurrences of the word (Dunning 1993).
        log_dice: logDice of the pair among these (Rychlý 2008), at most 14.
    """

    first: int
    second: int
    source: str
    target: str
    together: int
    expected: float
    log_likelihood: float
    log_dice: float


@dataclass(frozen=True, slots=True)
class CollocateLinks(Records):
    """The links between the collocates of a word, the surest first.

    Attributes:
        word: The lemma or form as stored, or the pattern.
        compared: Number of collocates that were compared with each other, from the first one.
        cited: What to cite.
    """

    word: str = ""
    compared: int = 0
    links: tuple[CollocateLink, ...] = ()
    cited: Citation | None = field(default=None, compare=False)

    def to_dicts(self) -> list[dict[str, object]]:
        """Return one row for each link. The names of columns are those that programs for graphs read."""
        return [
            {
                "word": self.word,
                "source": link.source,
                "target": link.target,
                "type": "Undirected",
                "weight": link.together,
                "expected": link.expected,
                "log_likelihood": link.log_likelihood,
                "log_dice": link.log_dice,
            }
            for link in self.links
        ]

    def column_types(self) -> Mapping[str, type]:
        """Return the types of the columns of `to_dicts`."""
        numbers = dict.fromkeys(("expected", "log_likelihood", "log_dice"), float)
        return {**dict.fromkeys(("word", "source", "target", "type"), str), "weight": int, **numbers}

    @property
    def _title(self) -> str:
        return f"Links between the collocates of {self.word}"


def distinct_words(words: Sequence[tuple[str, str]]) -> list[str]:
    """Return a name of each lemma with its part of speech, which it has only if the lemma has another one too."""
    lemmas = [lemma for lemma, _ in words]
    return [f"{lemma} {pos}".strip() if lemmas.count(lemma) > 1 else lemma for lemma, pos in words]


def pair_counts(places: Ids, words: Ids, n: int) -> Ids:
    """Count the places that each two of n words are near.

    Args:
        places, words: Place and word, from 0, of each token.  (t,)

    Returns:
        The counts, with those of each word alone on the diagonal (n, n).
    """
    found = np.zeros((n, n), np.int64)
    if not len(places):
        return found
    pairs = np.unique(places * n + words)  # each place and word once
    _, rows = np.unique(pairs // n, return_inverse=True)
    columns, number = pairs % n, int(rows[-1]) + 1
    for low in range(0, number, ROWS):
        first, last = np.searchsorted(rows, [low, low + ROWS])
        near = np.zeros((min(ROWS, number - low), n), np.float32)  # (r, n), 1 where a word is near a place
        near[rows[first:last] - low, columns[first:last]] = 1
        found += np.rint(near.T @ near).astype(np.int64)
    return found


def find_links(words: Sequence[tuple[str, str]], together: Ids, size: int) -> tuple[CollocateLink, ...]:
    """Return the pairs of words that are near the same places more often than chance, the surest first.

    Args:
        words: Lemma and part of speech of each word.
        together: What `pair_counts` returns (n, n).
        size: Number of all places.
    """
    names, counts = distinct_words(words), np.diagonal(together)
    found = []
    for first, second in np.argwhere(np.triu(together >= FEWEST, 1)).tolist():
        both, one, other = int(together[first, second]), int(counts[first]), int(counts[second])
        likelihood = log_likelihood(both, one, other - both, size - one)
        if likelihood >= LINKED:
            found.append(
                CollocateLink(
                    first,
                    second,
                    names[first],
                    names[second],
                    both,
                    one * other / size,
                    likelihood,
                    log_dice(both, one, other),
                )
            )
    return tuple(sorted(found, key=lambda link: (-link.log_likelihood, link.first, link.second)))


def distinctive_sense(counts: Ids, sizes: Ids) -> int | None:
    """Return the sense in whose lines a word is most over-represented. None if it is so in none.

    Args:
        counts: Number of lines of each sense that the word is near, from sense 1. The first is of no sense.  (s + 1,)
        sizes: Number of all lines of each.  (s + 1,)
    """
    near, total = int(counts.sum()), int(sizes.sum())
    scores = [
        log_likelihood(count, size, near - count, total - size)
        for count, size in zip(counts[1:].tolist(), sizes[1:].tolist(), strict=True)
    ]
    best = max(range(len(scores)), key=scores.__getitem__, default=None)
    return None if best is None or scores[best] < DISTINCTIVE else best + 1
