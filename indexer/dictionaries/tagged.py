"""Encode the tagged lines of a sense-tagged corpus, for the centroids of a dictionary's senses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..gold.sense_text import SenseToken, read_semcor
from ..vectorise import Vectoriser
from ..vectors.arrays import Array

OnProgress = Callable[[int, int], None]
"""Called from time to time with the number of encoded texts and the number of all texts."""
TOKENS_AT_ONCE = 8_192
"""Maximum number of tokens in one call to the encoder, unless a single text has more."""


@dataclass(slots=True)
class TaggedSenses:
    """The sums of the unit vectors of tagged lines, and their numbers, by sense id."""

    sums: dict[str, Array] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, sense: str, vector: Array) -> None:
        """Add a line with a unit vector (d,)."""
        if sense in self.sums:
            self.sums[sense] += vector
        else:
            self.sums[sense] = vector.astype(np.float32)
        self.counts[sense] = self.counts.get(sense, 0) + 1


def encode_tagged(path: Path, vectoriser: Vectoriser, on_progress: OnProgress | None = None) -> TaggedSenses:
    """Encode the tagged lines of SemCor 3.0, an archive or the unpacked folder, with a collection's vectoriser.

    Only lines whose tagged word is one token count, and of several senses of a line the first one.

    Raises:
        DocumentError: The archive or folder cannot be read.
    """
    text = read_semcor(path)
    tokens_of: dict[int, list[SenseToken]] = {}
    for token in text.tokens:
        tokens_of.setdefault(token.sentence, []).append(token)
    found = TaggedSenses()
    order = sorted(tokens_of, key=lambda number: (len(text.sentences[number]), number))
    done = 0
    for batch in batches_of(order, [len(text.sentences[number]) for number in order]):
        encoded = vectoriser([text.sentences[number] for number in batch])
        for number, vectors in zip(batch, encoded, strict=True):
            for token in tokens_of[number]:
                found.add(token.sense, vectors.tokens[token.position])
        done += len(batch)
        if on_progress is not None:
            on_progress(done, len(order))
    return found


def batches_of(items: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield consecutive items in batches of at most `TOKENS_AT_ONCE` tokens.

    Args:
        lengths: Number of tokens of each item.
    """
    batch: list[int] = []
    held = 0
    for item, length in zip(items, lengths, strict=True):
        if batch and held + length > TOKENS_AT_ONCE:
            yield batch
            batch, held = [], 0
        batch.append(item)
        held += length
    if batch:
        yield batch
