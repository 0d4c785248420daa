"""Read the words near occurrences: content lemmas with their parts of speech, and phrases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from sys import intern

import numpy as np

from ...indexer.collection.segment import Segment
from ...indexer.collection.stored_tokens import UNKNOWN
from ...indexer.collection.stream import TokenStream, Word
from ...indexer.text import TokenKind
from ...indexer.vectors.arrays import Array, Ids, as_slice
from ..context import View
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


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where the occurrences of a word are in the streams.

    Attributes:
        ids: Occurrence ids, ascending.  (n,)
        segments: Key of each one's segment.  (n,)
        tokens: Token of each in the stream of its segment.  (n,)
    """

    ids: Ids
    segments: Ids
    tokens: Ids

    @classmethod
    def of_rows(cls, rows: Mapping[Segment, Ids]) -> Places:
        """Look up the places of the token rows of each segment. Segments without a stream have none."""
        parts = [np.zeros((3, 0), np.int64)]
        for segment, inside in rows.items():
            if segment.stream is not None:
                tokens = np.asarray(segment.stream.token_places[as_slice(inside)], np.int64)
                ids = np.asarray(segment.token_ids[as_slice(inside)], np.int64)
                parts.append(np.stack([ids, np.full(len(ids), segment.key, np.int64), tokens]))
        every = np.concatenate(parts, axis=1)
        return cls(*every[:, np.argsort(every[0], kind="stable")])


@dataclass(frozen=True, slots=True)
class NearbyWords:
    """What was read so far about the occurrences of a word, so that another cut of its tree reads less.

    Attributes:
        places: Where the occurrences are in the streams. None if the collection has no streams.
        lines: Occurrence id -> the words near it.
        nouns: How often each lemma nearby was a noun or an adjective, and how often it was any word.
        contexts: Occurrence id -> context of the language models (dim,).
    """

    places: Places | None = None
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
    known.lines.update(_stored_lines(view, missing, known))
    left = np.array([key for key in missing.tolist() if key not in known.lines], np.int64)
    nothing: Array = np.zeros(len(left), np.float32)
    for hit in occurrence_hits(view.collection, Ranked(left, nothing)):
        tokens = view.tokens(hit)
        first, last = max(0, hit.position - LABEL_REACH), hit.position + LABEL_REACH + 1
        near = [(token.lemma if token.kind is TokenKind.WORD else "") for token in tokens[first:last]]
        known.lines[hit.occurrence_id] = _line(near, hit.position - first, hit.lemma)
    return [known.lines[key] for key in chosen.tolist()]


def _stored_lines(view: View, ids: Ids, known: NearbyWords) -> Iterator[tuple[int, Line]]:
    """Yield the id and the line of each occurrence whose tokens are stored. It reads no text.

    Args:
        known: The counts of the nouns that are read now are added.
    """
    places = known.places
    if places is None or not len(places.ids) or not len(ids):
        return
    rows = np.minimum(np.searchsorted(places.ids, ids), len(places.ids) - 1)
    rows = rows[places.ids[rows] == ids]
    for key in np.unique(places.segments[rows]).tolist():
        segment = view.snapshot.segments.get(key)
        if segment is None or segment.stream is None:  # it was merged since the word was arranged
            continue
        here = rows[places.segments[rows] == key]
        windows = _windows(view, segment.stream, places.tokens[here])
        for number, (words, at) in zip(places.ids[here].tolist(), windows, strict=True):
            near = [lemma for _, lemma in words]
            for word, lemma in words:
                if lemma and word.pos and word.lemma != words[at][0].lemma:
                    named, total = known.nouns.get(lemma, (0, 0))
                    known.nouns[lemma] = named + (word.pos in _NAMING), total + 1
            own = words[at][0]
            phrases = phrases_of([word for word, _ in words], at) if own.pos else []
            yield number, _line(near, at, own.lemma, tuple(map(intern, phrases)))


def _windows(view: View, stream: TokenStream, tokens: Ids) -> Iterator[tuple[list[tuple[Word, str]], int]]:
    """Yield the words within `LABEL_REACH` of each token, in its sentence, and the place of the token among them.

    Beside each word is its lemma, "" for one that is no content word.
    """
    sentences = stream.sentences_of(tokens)  # (n,)
    firsts = np.maximum(stream.starts[sentences], tokens - LABEL_REACH)
    lasts = np.minimum(stream.starts[sentences + 1], tokens + LABEL_REACH + 1)
    counts = lasts - firsts
    ends = np.cumsum(counts)
    every = np.arange(ends[-1]) + np.repeat(firsts - ends + counts, counts)  # (tokens of all windows,)
    ids, numbers = np.unique(stream.word_ids[stream.words[every]], return_inverse=True)
    words = [(word or UNKNOWN) for word in view.collection.words().words(ids)]
    kind = view.analyser.kind
    marked = [(word, intern(word.lemma) if kind(word.form) is TokenKind.WORD else "") for word in words]
    found = [marked[number] for number in numbers.reshape(-1).tolist()]
    for first, end, count, token in zip(firsts.tolist(), ends.tolist(), counts.tolist(), tokens.tolist(), strict=True):
        yield found[end - count : end], token - first


def _line(near: Sequence[str], at: int, own: str, phrases: tuple[str, ...] = ()) -> Line:
    """Return the line of an occurrence.

    Args:
        near: Lemma of each word within `LABEL_REACH`, "" for one that is no content word.
        at: Place of the occurrence among them.
        own: Its lemma, which is left out.
    """
    places = [n for n, lemma in enumerate(near) if lemma and lemma != own and is_word(lemma)]
    wide = tuple(intern(near[n]) for n in places)
    return Line(wide, tuple(intern(near[n]) for n in places if abs(n - at) <= COLLOCATE_REACH), phrases)


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
