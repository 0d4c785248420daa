"""The state of a collection that a reader sees. It does not change while the reader works."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import cached_property

from ..errors import DamageError
from ..vectors.arrays import Mask
from ..vectors.transforms import Transform
from .checksums import RESTORE
from .segment import Segment

CACHED_FILTERS = 16
"""Maximum number of filters whose documents a snapshot caches."""


class Snapshot:
    """The segments of one generation, and which documents are live in it."""

    def __init__(self, generation: int, segments: Sequence[Segment], live: Mask, transforms: dict[str, Transform]):
        """Make a snapshot.

        Raises:
            DamageError: The segments hold vectors of different lengths.
        """
        kinds = {(s.tokens.shape[1], s.products.shape[1], s.defaults.shape[1], s.has_products) for s in segments}
        kinds_of_streams = {segment.stream is None for segment in segments}
        if len(kinds) > 1:
            raise DamageError(f"{segments[0].folder.parent} holds vectors of different lengths; {RESTORE}")
        if len(kinds_of_streams) > 1:
            raise DamageError(f"{segments[0].folder.parent} has files of several format versions; {RESTORE}")
        self.generation = generation
        self.segments = {segment.key: segment for segment in segments}
        self.live = live  # (largest documents.id + 1,)
        self.transforms = transforms
        self._chosen: dict[Hashable, Mask] = {}

    @cached_property
    def _masks(self) -> dict[int, Mask | None]:
        masks = {}
        for key, segment in self.segments.items():
            documents = segment.sentence_documents  # (m,)
            if len(documents) and not 0 <= int(documents.min()) <= int(documents.max()) < len(self.live):
                raise DamageError(f"{segment.folder} names documents that the database does not have; {RESTORE}")
            mask = self.live[documents]  # (m,)
            masks[key] = None if mask.all() else mask
        return masks

    def documents_by(self, key: Hashable, choose: Callable[[], Mask]) -> Mask:
        """Return which documents pass a filter, from the cache if possible.  (largest documents.id + 1,)

        Call this inside `Collection.reading()`, which lets in one thread at a time.

        Args:
            key: Identifies the filter.
            choose: Computes the mask.
        """
        if key not in self._chosen:
            if len(self._chosen) >= CACHED_FILTERS:
                self._chosen.clear()
            self._chosen[key] = choose()
            self._chosen[key].setflags(write=False)
        return self._chosen[key]

    def sentence_mask(self, segment: Segment, documents: Mask | None = None) -> Mask | None:
        """Return which sentences of a segment are live, or None if all are.  (m,)

        Args:
            documents: If given, only sentences of these documents, by `documents.id`.
        """
        live = self._masks[segment.key]
        if documents is None:
            return live
        chosen = documents[segment.sentence_documents]
        return chosen if live is None else chosen & live
