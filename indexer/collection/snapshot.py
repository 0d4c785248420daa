"""What a reader of a collection sees, unchanged for as long as it reads."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property

from ..vectors.arrays import Mask
from ..vectors.transforms import Transform
from .segment import Segment

REMEMBERED = 16
"""Filters whose documents a snapshot remembers."""


class Snapshot:
    """What a reader sees: the segments of one generation and which documents are live in it."""

    def __init__(self, generation: int, segments: Sequence[Segment], live: Mask, transforms: dict[str, Transform]):
        self.generation = generation
        self.segments = {segment.key: segment for segment in segments}
        self.live = live  # (largest document key + 1,)
        self.transforms = transforms
        self._chosen: dict[Hashable, Mask] = {}

    @cached_property
    def _masks(self) -> dict[int, Mask | None]:
        masks = {}
        for key, segment in self.segments.items():
            mask = self.live[segment.sentence_documents]  # (m,)
            masks[key] = None if mask.all() else mask
        return masks

    def documents_by(self, key: Hashable, choose: Callable[[], Mask]) -> Mask:
        """What ``choose`` gives, kept under a key: which documents, by key, a filter lets in.  (largest key + 1,)

        To be called while the collection is read, which one thread does at a time.
        """
        if key not in self._chosen:
            if len(self._chosen) >= REMEMBERED:
                self._chosen.clear()
            self._chosen[key] = choose()
            self._chosen[key].setflags(write=False)
        return self._chosen[key]

    def sentence_mask(self, segment: Segment, documents: Mask | None = None) -> Mask | None:
        """Which sentences of a segment are live (and in ``documents``, by key); None: all.  (m,)"""
        live = self._masks[segment.key]
        if documents is None:
            return live
        chosen = documents[segment.sentence_documents]
        return chosen if live is None else chosen & live
