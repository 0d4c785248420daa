"""Choose among the senses of a dictionary: probabilities from centroids and from the frequency of senses.

The model is a conditional logit. The logit of a sense has three parts. The first is a weighted cosine of the line with
the centroid. The second is a constant for the kind of centroid. The third is the weighted logarithm of the sense's
prior probability. The weights were fitted by folds of SemCor's documents (docs/results/dictionary.md), so the
probabilities are calibrated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...indexer.collection.dictionaries import CentroidSource, StoredSense
from ...indexer.dictionaries.records import part_of_speech
from ...indexer.vectors.arrays import Array, Doubles, Mask
from ..query.parts_of_speech import alike
from ..query.target import UNIVERSAL


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the logit of a sense.

    Attributes:
        tagged, examples, definition: Weight of the cosine with a centroid of that source.
        no_tags, no_examples: Constant for a centroid of examples, and of a definition.
        prior: Weight of the logarithm of the prior probability.
        unseen: Frequency of a sense that was never tagged, divided by its place in the dictionary.
        strength: Number of lines that the order of the dictionary counts as, against the lines of the collection.
        per_tag: Number of lines that each tagged line counts as. A prior of many tagged lines hardly moves.
        rounds: Number of rounds of expectation and maximisation.
    """

    tagged: float = 6.75
    examples: float = 5.56
    definition: float = 5.54
    no_tags: float = 1.84
    no_examples: float = 2.04
    prior: float = 0.83
    unseen: float = 0.5
    strength: float = 20.0
    per_tag: float = 5.0
    rounds: int = 10


CHOSEN = Weights()
"""Weights in use."""


def priors(frequencies: Sequence[int], weights: Weights = CHOSEN) -> Doubles:
    """Return the prior probability of each sense of a word from its frequency and its place.  (s,)

    Senses that were never tagged share a little, the first ones most of it.
    """
    counts = np.asarray(frequencies, np.float64)
    found: Doubles = counts + weights.unseen / np.arange(1, len(counts) + 1)
    return np.asarray(found / found.sum())


def logits(vectors: Array, senses: Sequence[StoredSense], weights: Weights = CHOSEN) -> Doubles:
    """Return the logit of each sense for each line, without the priors.  (n, d) -> (n, s)"""
    centroids = np.stack([sense.vector for sense in senses])  # (s, d)
    cosines = np.einsum("nd,sd->ns", vectors, centroids).astype(np.float64)  # (n, s)
    slopes = {
        CentroidSource.TAGGED: (weights.tagged, 0.0),
        CentroidSource.EXAMPLES: (weights.examples, weights.no_tags),
        CentroidSource.DEFINITION: (weights.definition, weights.no_examples),
    }
    factor, constant = np.array([slopes[sense.source] for sense in senses]).T
    return np.asarray(cosines * factor + constant)


def probabilities(scores: Doubles, prior: Doubles, weights: Weights = CHOSEN) -> Doubles:
    """Return the probability of each sense for each line.  (n, s), (s,) -> (n, s)"""
    logs = scores + weights.prior * np.log(np.maximum(prior, 1e-12))
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def adapted(scores: Doubles, prior: Doubles, tags: int, weights: Weights = CHOSEN) -> Doubles:
    """Return the probabilities of senses in a collection: the prior, moved by the lines (Saerens et al. 2002).

    Where a dictionary has no frequencies, this gains much. Where it has those of many tagged lines, they are better
    than what the lines say of themselves (docs/results/dictionary.md).

    Args:
        scores: Logits of the collection's lines of the word.  (n, s)
        prior: Probabilities from the dictionary.  (s,)
        tags: Number of tagged lines that the prior comes from, the sum of the frequencies.
    """
    strength = weights.strength + weights.per_tag * tags
    found = prior
    for _ in range(weights.rounds):
        counts = probabilities(scores, found, weights).sum(axis=0)  # (s,)
        found = (strength * prior + counts) / (strength + len(scores))
    return found


def sense_shares(vectors: Array, senses: Sequence[StoredSense], weights: Weights = CHOSEN) -> Doubles:
    """Return the probability of each sense for each line, of all lines of a word in a collection.  (n, d) -> (n, s)"""
    scores = logits(vectors, senses, weights)
    frequencies = [sense.frequency for sense in senses]
    prior = priors(frequencies, weights)
    return probabilities(scores, adapted(scores, prior, sum(frequencies), weights), weights)


def competing(senses: Sequence[StoredSense], pos: str) -> Mask:
    """Return which senses a line of a part of speech may have.  (s,)

    They are those of the same part of speech, and those whose part of speech is unknown. If there are none, or if that
    of the line is unknown, all compete. Nouns and names count as one, and so do verbs and auxiliary verbs.
    """
    wanted = alike(part_of_speech(pos))
    found: Mask = np.array([sense.pos not in UNIVERSAL or sense.pos in wanted for sense in senses], bool)
    return found if pos and found.any() else np.ones(len(senses), bool)


def shares_by_pos(
    vectors: Array, senses: Sequence[StoredSense], parts: Sequence[str], weights: Weights = CHOSEN
) -> Doubles:
    """Return the probability of each sense for each line, among those of its part of speech.  (n, d) -> (n, s)

    Lines with the same competing senses are read together, so they move the prior of these senses alone.

    Args:
        parts: Part of speech of each line, or empty.
    """
    rows_of: dict[bytes, list[int]] = {}
    masks = {pos: competing(senses, pos).tobytes() for pos in set(parts)}
    for row, pos in enumerate(parts):
        rows_of.setdefault(masks[pos], []).append(row)
    found = np.zeros((len(vectors), len(senses)))
    for mask, lines in rows_of.items():
        rows, places = np.array(lines, np.int64), np.flatnonzero(np.frombuffer(mask, bool))
        chosen = [senses[place] for place in places.tolist()]
        found[rows[:, None], places] = sense_shares(vectors[rows], chosen, weights)
    return found
