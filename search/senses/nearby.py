"""Read the words near occurrences: content lemmas with their parts of speech, and phrases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from sys import intern

import numpy as np

from ...indexer.collection.stored_tokens import StoredTokens
from ...indexer.collection.stream import Word
from ...indexer.text import TokenKind
from ...indexer.vectors.arrays import Array, Ids
from ..context import View
from ..hits import OccurrenceHit
from ..retrieval.hydrate import occurrence_hits
from ..retrieval.ranking import Ranked
from .phrases import phrases_of

LABEL_REACH = 20
"""Number of tokens on each side whose words may become labels."""
COLLOCATE_REACH = 5
"""Number of tokens on each side whose words are collocates, the usual window of concordancers."""
LINES = 400
"""Maximum number of occurrences of a sense that are read."""
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""2^64 divided by the golden ratio, whose multiples are evenly spread."""


@dataclass(frozen=True, slots=True)
class Line:
    """The words near an occurrence.

    Attributes:
        wide: Content lemmas within `LABEL_REACH`.
        narrow: Content lemmas within `COLLOCATE_REACH`.
        phrases: Phrases that it is in. Empty if no parts of speech are stored.
    """

    wide: tuple[str, ...]
    narrow: tuple[str, ...]
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NearbyWords:
    """What was read so far about the occurrences of a word, so that another cut of its tree reads less.

    Attributes:
        lines: Occurrence id -> the words near it.
        nouns: How often each lemma nearby was a noun or an adjective, and how often it was any word.
        contexts: Occurrence id -> context of the language models (dim,).
    """

    lines: dict[int, Line] = field(default_factory=dict)
    nouns: dict[str, tuple[int, int]] = field(default_factory=dict)
    contexts: dict[int, Array] = field(default_factory=dict)

    def weight(self, lemma: str) -> float:
        """Return how well a lemma names a topic: 1 for a noun or an adjective, `VERB_WEIGHT` for other words."""
        named, total = self.nouns.get(lemma, (1, 1))
        return VERB_WEIGHT + (1 - VERB_WEIGHT) * named / total


VERB_WEIGHT = 0.3
"""Weight of a label that is neither a noun nor an adjective. Such words seldom name a topic."""
_NAMING = frozenset({"NOUN", "PROPN", "ADJ"})


def read_lines(view: View, ids: Ids, known: NearbyWords) -> list[Line]:
    """Read the words near some occurrences of a group, at most `LINES`.

    Args:
        known: What was read before. What is read now is added.
    """
    chosen = drawn_lines(ids)
    missing = np.array([key for key in chosen.tolist() if key not in known.lines], np.int64)
    nothing: Array = np.zeros(len(missing), np.float32)
    stored = (
        StoredTokens(view.snapshot.segments.values(), view.collection.words()) if view.settings.has_stream else None
    )
    for hit in occurrence_hits(view.collection, Ranked(missing, nothing)):
        words = None if stored is None else stored.of_sentence(hit.sentence_id)
        known.lines[hit.occurrence_id] = _line(view, hit, [word for _, word in words or ()], known.nouns)
    return [known.lines[key] for key in chosen.tolist()]


def _line(view: View, hit: OccurrenceHit, words: Sequence[Word], nouns: dict[str, tuple[int, int]]) -> Line:
    tokens = view.tokens(hit)
    tagged = len(words) == len(tokens)
    wide, narrow = [], []
    for place in range(max(0, hit.position - LABEL_REACH), min(len(tokens), hit.position + LABEL_REACH + 1)):
        token = tokens[place]
        if token.kind is not TokenKind.WORD or token.lemma == hit.lemma or not is_word(token.lemma):
            continue
        lemma = intern(token.lemma)
        wide.append(lemma)
        if abs(place - hit.position) <= COLLOCATE_REACH:
            narrow.append(lemma)
        if tagged and words[place].pos:
            named, total = nouns.get(lemma, (0, 0))
            nouns[lemma] = named + (words[place].pos in _NAMING), total + 1
    phrases = phrases_of(words, hit.position) if tagged and words[hit.position].pos else []
    return Line(tuple(wide), tuple(narrow), tuple(map(intern, phrases)))


def is_word(lemma: str) -> bool:
    """Return whether a lemma is more than a single Latin letter, which is a symbol or an abbreviation."""
    return len(lemma) > 1 or not lemma.isascii()


def drawn_lines(ids: Ids) -> Ids:
    """Return at most `LINES` ids of a group, as if at random. A part of the group has many of the same lines.

    The order of all ids is fixed by multiplication modulo 2^64. So a finer cut reads few lines again.  (n,) -> (m,)
    """
    if len(ids) <= LINES:
        return ids
    order = np.argsort(ids.astype(np.uint64) * _MULTIPLIER, kind="stable")
    return np.asarray(np.sort(ids[order[:LINES]]))
