"""What the filters of a query leave: documents by their metadata, occurrences by their sense."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from indexer.collection.segment import Segment
from indexer.collection.snapshot import Snapshot
from indexer.vectors.arrays import Ids, Mask, together


@dataclass(frozen=True, slots=True)
class Members:
    """Occurrences of some senses, as rows of each segment; excluding: these are left out, else only these are let in.

    A sentence is let in when it holds such an occurrence, and left out when it holds an excluded one.
    """

    rows: Mapping[int, Ids]
    excluding: bool

    def among(self, segment: Segment, rows: Ids) -> Mask:
        """Which of some rows are let in.  (n,) -> (n,)"""
        inside = np.isin(rows, self.rows.get(segment.key, np.zeros(0, np.int64)))
        return ~inside if self.excluding else inside

    def sentences(self, segment: Segment) -> Mask:
        """Which sentences are let in.  (m,)"""
        holds = np.zeros(len(segment.sentences), bool)
        holds[segment.token_sentences[self.rows.get(segment.key, np.zeros(0, np.int64))]] = True
        return ~holds if self.excluding else holds


@dataclass(frozen=True, slots=True)
class Scope:
    """What may answer, in one snapshot. documents: by key, None for all live ones; senses: all must let in."""

    snapshot: Snapshot
    documents: Mask | None = None
    senses: tuple[Members, ...] = ()
    _masks: dict[int, Mask | None] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_whole(self) -> bool:
        """Whether every live document and occurrence may answer."""
        return self.documents is None and not self.senses

    def sentence_mask(self, segment: Segment) -> Mask | None:
        """Which sentences of a segment may answer; None: all.  (m,)"""
        mask = self._documents_mask(segment)
        for members in self.senses:
            chosen = members.sentences(segment)
            mask = chosen if mask is None else mask & chosen
        return mask

    def among(self, segment: Segment, rows: Ids) -> Mask | None:
        """Which of a segment's token rows may answer; None: all of them.  (n,) -> (n,)"""
        mask = self._documents_mask(segment)
        allowed = None if mask is None else mask[segment.token_sentences[together(rows)]]
        for members in self.senses:
            chosen = members.among(segment, rows)
            allowed = chosen if allowed is None else allowed & chosen
        return allowed

    def _documents_mask(self, segment: Segment) -> Mask | None:
        if segment.key not in self._masks:
            self._masks[segment.key] = self.snapshot.sentence_mask(segment, self.documents)
        return self._masks[segment.key]

    def rows(self, segment: Segment, rows: Ids) -> Ids:
        """Those of a segment's token rows that may answer.  (n,) -> (<= n,)"""
        allowed = self.among(segment, rows)
        return rows if allowed is None else rows[allowed]

    def token_mask(self, segment: Segment) -> Mask | None:
        """Which token rows of a segment may answer; None: all.  (n,)"""
        mask = self._documents_mask(segment)
        if self.senses:
            return self.among(segment, np.arange(len(segment.tokens)))
        return None if mask is None else mask[segment.token_sentences]
