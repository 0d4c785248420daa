"""Choose the lines whose judgement would settle most: between two senses, and unlike each other."""

from __future__ import annotations

import numpy as np

from ...indexer.errors import QueryError
from ...indexer.vectors.arrays import Array, Ids, unit
from ..context import View, check_k
from ..hits import HitList, Match, OccurrenceHit
from ..retrieval.exact import rows_vectors
from ..retrieval.ranking import Ranked
from ..senses.inventory import SenseInventory, find_senses
from ..senses.known import read_known
from ..senses.tree import NONE
from .annotate import edited_senses

TEMPERATURE = 0.1
"""Difference of two cosines that makes a line e times as likely to be of the nearer sense."""


def lines_to_judge(view: View, word: str, k: int) -> HitList[OccurrenceHit]:
    """Return the k lines of a word whose judgement would settle most. See `Searcher.to_judge`."""
    check_k(k)
    senses = edited_senses(view, word)
    inventory = find_senses(view, word, Match.LEMMA, read_known=lambda value: read_known(view, value, senses))
    _, rows = view.require_word(word, Match.LEMMA)
    ids, vectors = rows_vectors(rows)  # (n,), (n, d)
    judged = {key for sense in senses for key in sense.lines}
    free = np.array([key not in judged for key in ids.tolist()], bool)
    if not free.any():
        raise QueryError(f"all {len(ids):,} lines of {inventory.word!r} here have a sense; there is nothing to judge")
    centres = _centres(ids, vectors, inventory)
    chosen = chosen_lines(vectors[free], centres, k)
    doubt = doubts(vectors[free], centres)[chosen]
    return view.hits(Ranked(ids[free][chosen], doubt), Match.LEMMA)


def _centres(ids: Ids, vectors: Array, inventory: SenseInventory) -> Array:
    """Return the centre of each sense of an inventory of these occurrences.  (n,), (n, d) -> (s, d)"""
    numbers = np.array([inventory.assignments.get(key) or NONE for key in ids.tolist()], np.int64)
    means = [vectors[numbers == sense.number].mean(axis=0) for sense in inventory.senses]
    return np.stack([unit(mean) for mean in means])


def doubts(vectors: Array, centres: Array) -> Array:
    """Return how unsure the sense of each line is: the entropy of its senses as a share of the largest.

    With one sense, it is the distance from its centre.

    Args:
        vectors: Unit rows (n, d).
        centres: Unit rows, one for each sense (s, d).

    Returns:
        Numbers in [0, 1] (n,), or up to 2 with one sense.
    """
    cosines = vectors @ centres.T  # (n, s)
    if len(centres) == 1:
        return np.asarray(1 - cosines[:, 0], np.float32)
    weights = np.exp((cosines - cosines.max(axis=1, keepdims=True)) / TEMPERATURE)
    shares = weights / weights.sum(axis=1, keepdims=True)
    entropy = -(shares * np.log(np.maximum(shares, 1e-12))).sum(axis=1) / np.log(len(centres))
    return np.asarray(entropy, np.float32)


def chosen_lines(vectors: Array, centres: Array, k: int) -> Ids:
    """Choose k rows one by one: each time the one with the most doubt times distance from those chosen before.

    Args:
        vectors: Unit rows (n, d).
        centres: Unit rows, one for each sense (s, d).

    Returns:
        Row numbers in the order of the choice (<= k,). Equal rows are in their order.
    """
    doubt = doubts(vectors, centres) + 1e-6  # (n,)
    apart = np.ones(len(vectors), np.float32)  # (n,)
    chosen: list[int] = []
    for _ in range(min(k, len(vectors))):
        gain = doubt * apart
        gain[chosen] = -1
        best = int(gain.argmax())
        chosen.append(best)
        apart = np.minimum(apart, np.clip(1 - vectors @ vectors[best], 0, 1))
    return np.array(chosen, np.int64)
