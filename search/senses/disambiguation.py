"""Choose among the senses of a dictionary: probabilities from centroids and from the frequency of senses.

The model is a conditional logit. The logit of a sense has four parts. The first is a weighted cosine of the line with
the centroid. The second is a constant for the kind of centroid and its number of tagged lines. The third is the
weighted logarithm of the sense's prior probability. The fourth is that of the line's part of speech. The weights were
fitted on documents of SemCor that the sense space had not seen (docs/results/dictionary.md), so the probabilities are
calibrated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...indexer.collection.dictionaries import CentroidSource, StoredSense
from ...indexer.dictionaries.records import part_of_speech
from ...indexer.vectors.arrays import Array, Doubles
from ..query.parts_of_speech import alike
from ..query.target import UNIVERSAL


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of the logit of a sense.

    Attributes:
        tagged, examples, definition: Weight of the cosine with a centroid of that source.
        no_tags, no_examples: Constant for a centroid of examples, and of a definition.
        prior: Weight of the logarithm of the prior probability.
        pos: Weight of the logarithm of the probability of a line's part of speech. It is low, because sense vectors
            know parts of speech too.
        per_line: What the weight of the cosine with a centroid of tagged lines grows by, times the logarithm of one
            more than their number. The more lines a centroid is the mean of, the more exact it is.
        size: What the logit of such a sense falls by, times the same logarithm.
        unseen: Frequency of a sense that was never tagged, divided by its place among those of its part of speech.
        strength: Number of lines that the order of the dictionary counts as, against the lines of the collection.
        rounds: Number of rounds of expectation and maximisation.
    """

    tagged: float = 5.76
    examples: float = 6.80
    definition: float = 4.17
    no_tags: float = 2.54
    no_examples: float = 4.00
    prior: float = 1.95
    pos: float = 0.28
    per_line: float = 0.61
    size: float = 1.63
    unseen: float = 0.5
    strength: float = 20.0
    rounds: int = 10


RIGHT_TAG = 0.95
"""Probability that a tagger gives a word of a rarer part of speech its own one."""
RARE_TAG = 0.001
"""Probability of a tag that a word of a part of speech hardly ever gets."""
TAGS_OF: Mapping[str, Mapping[str, float]] = {
    "NOUN": {"NOUN": 0.927, "PROPN": 0.046, "ADJ": 0.011, "NUM": 0.005, "VERB": 0.005, "PRON": 0.002},
    "VERB": {"VERB": 0.808, "AUX": 0.177, "NOUN": 0.008, "ADJ": 0.006},
    "ADJ": {
        **{"ADJ": 0.779, "NUM": 0.090, "VERB": 0.062, "NOUN": 0.025, "DET": 0.019, "ADV": 0.018},
        **{"PROPN": 0.004, "ADP": 0.003},
    },
    "ADV": {
        **{"ADV": 0.844, "PART": 0.100, "ADJ": 0.019, "ADP": 0.013, "NOUN": 0.008, "SCONJ": 0.005, "DET": 0.005},
        **{"CCONJ": 0.002},
    },
}
"""Probability of each tag of the bundled tagger, by the part of speech that SemCor's annotators gave the word.

Rarer ones are left out. They come from all tagged words of SemCor (docs/results/dictionary.md).
"""
CHOSEN = Weights()
"""Weights for words with tagged lines."""
UNTAGGED = Weights(examples=5.56, definition=5.54, no_tags=1.84, no_examples=2.04, prior=0.83, per_line=0, size=0)
"""Weights for words without a tagged line, whose frequencies or order come from the dictionary alone."""


def priors(senses: Sequence[StoredSense], weights: Weights = CHOSEN) -> Doubles:
    """Return the prior probability of each sense of a word from its frequency and its place.  (s,)

    Senses that were never tagged share a little, the first ones of each part of speech most of it.
    """
    counts = np.array([sense.frequency for sense in senses], np.float64)
    seen: Counter[str] = Counter()
    places = []
    for sense in senses:
        seen[sense.pos] += 1
        places.append(seen[sense.pos])
    found: Doubles = counts + weights.unseen / np.array(places)
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
    lines = [sense.size if sense.source is CentroidSource.TAGGED else 0 for sense in senses]
    logs = np.log1p(lines)  # (s,)
    return np.asarray(cosines * (factor + weights.per_line * logs) + constant - weights.size * logs)


def probabilities(scores: Doubles, prior: Doubles, weights: Weights = CHOSEN) -> Doubles:
    """Return the probability of each sense for each line.  (n, s), (s,) -> (n, s)"""
    logs = scores + weights.prior * np.log(np.maximum(prior, 1e-12))
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def adapted(scores: Doubles, prior: Doubles, weights: Weights = CHOSEN) -> Doubles:
    """Return the probabilities of senses in a collection: the prior, moved by the lines (Saerens et al. 2002).

    Where a dictionary has no frequencies, this gains much.

    Args:
        scores: Logits of the collection's lines of the word.  (n, s)
        prior: Probabilities from the dictionary.  (s,)
    """
    found = prior
    for _ in range(weights.rounds):
        counts = probabilities(scores, found, weights).sum(axis=0)  # (s,)
        found = (weights.strength * prior + counts) / (weights.strength + len(scores))
    return found


def weights_for(senses: Sequence[StoredSense]) -> Weights:
    """Return the weights for the senses of a word."""
    return CHOSEN if any(sense.source is CentroidSource.TAGGED for sense in senses) else UNTAGGED


def sense_shares(vectors: Array, senses: Sequence[StoredSense], weights: Weights | None = None) -> Doubles:
    """Return the probability of each sense for each line, of all lines of a word in a collection.  (n, d) -> (n, s)

    Args:
        weights: None for those that fit the word.
    """
    return shares_by_pos(vectors, senses, [""] * len(vectors), weights)


def tag_probabilities(senses: Sequence[StoredSense], pos: str) -> Doubles:
    """Return for each sense the probability that a tagger gives a word of it a part of speech.  (s,)

    A sense whose own part of speech is unknown fits each line, as if the tagger were right. Without a part of speech
    of the line all senses get 1.

    Args:
        pos: Part of speech of a line. Universal names and those of dictionaries are understood.
    """
    wanted = pos if pos in UNIVERSAL else part_of_speech(pos)
    if wanted not in UNIVERSAL:
        return np.ones(len(senses))
    return np.array([_tag_probability(sense.pos, wanted) for sense in senses], np.float64)


def _tag_probability(sense: str, tag: str) -> float:
    """Return the probability of a tag if the part of speech of the sense is known or not."""
    own = TAGS_OF.get(sense)
    if own is not None:
        return own.get(tag, RARE_TAG)
    return RIGHT_TAG if sense not in UNIVERSAL or tag in alike(sense) else RARE_TAG


def shares_by_pos(
    vectors: Array, senses: Sequence[StoredSense], parts: Sequence[str], weights: Weights | None = None
) -> Doubles:
    """Return the probability of each sense for each line, given the line's part of speech.  (n, d) -> (n, s)

    A tagger errs, so a part of speech makes senses of another one improbable and does not exclude them. If the
    dictionary has no frequencies, the lines move the prior. Frequencies are better than what lines say of themselves.

    Args:
        parts: Part of speech of each line, or empty.
        weights: None for those that fit the word.
    """
    used = weights or weights_for(senses)
    of_tag = {pos: used.pos * np.log(tag_probabilities(senses, pos)) for pos in set(parts)}
    tagged = np.array([of_tag[pos] for pos in parts]).reshape(len(vectors), len(senses))  # (n, s)
    scores, prior = logits(vectors, senses, used) + tagged, priors(senses, used)
    if not any(sense.frequency for sense in senses):
        prior = adapted(scores, prior, used)
    return probabilities(scores, prior, used)
