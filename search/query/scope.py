"""What the filters of a query leave: documents by their metadata, occurrences by their sense."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ...indexer.collection.collection import Collection
from ...indexer.collection.segment import Segment
from ...indexer.collection.snapshot import Snapshot
from ...indexer.errors import QueryError
from ...indexer.vectors.arrays import Ids, Mask, as_slice
from .filters import Condition, Operator


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
        allowed = None if mask is None else mask[segment.token_sentences[as_slice(rows)]]
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


DOCUMENT = "document"
"""The filter field that holds the document's id; metadata of that name is stored as ``meta.document``."""


SENSE = "sense"
"""The filter field of named senses (`search.senses.named`); metadata of that name is stored as ``meta.sense``."""


MemberRows = Callable[[str, Snapshot], Mapping[int, Ids]]
"""Name of a sense -> rows of its occurrences in each segment."""


def make_scope(
    collection: Collection, snapshot: Snapshot, conditions: Sequence[Condition], member_rows: MemberRows
) -> Scope:
    """What all conditions together leave; QueryError for a field that no document has, or a sense without a name."""
    of_senses = [condition for condition in conditions if condition.field == SENSE]
    others = [condition for condition in conditions if condition.field != SENSE]
    senses = tuple(_members(condition, snapshot, member_rows) for condition in of_senses)
    return Scope(snapshot, document_mask(collection, snapshot, others), senses)


def _members(condition: Condition, snapshot: Snapshot, member_rows: MemberRows) -> Members:
    if condition.operator is Operator.RANGE:
        raise QueryError("senses have names, not numbers; write sense=NAME, sense=A|B or sense!=NAME")
    found = [member_rows(name.strip(), snapshot) for name in condition.values]
    keys = sorted({key for rows in found for key in rows})
    empty = np.zeros(0, np.int64)
    union = {key: np.unique(np.concatenate([rows.get(key, empty) for rows in found])) for key in keys}
    return Members(union, condition.operator is Operator.NONE_OF)


def document_mask(collection: Collection, snapshot: Snapshot, conditions: Sequence[Condition]) -> Mask | None:
    """Live documents, by key, for which every condition holds; None for no condition.  (largest key + 1,)

    QueryError for a field that no document has.
    """
    if not conditions:
        return None
    mask = snapshot.live.copy()
    for condition in conditions:
        mask &= snapshot.documents_by(condition, partial(_matching, collection, condition, len(mask)))
    return mask


def _matching(collection: Collection, condition: Condition, size: int) -> Mask:
    """Documents by key for which a condition holds.  (size,)"""
    excluding = condition.operator is Operator.NONE_OF
    documents_with: dict[str, list[int]] = {}
    for value, key in _values(collection, condition.field):
        documents_with.setdefault(value, []).append(key)
    found = np.zeros(size, dtype=bool)
    for value, keys in documents_with.items():
        if condition.holds(value) is not excluding:
            found[keys] = True
    # A document without the field is not one of those that NONE_OF excludes.
    return ~found if excluding else found


def _values(collection: Collection, field: str) -> list[tuple[str, int]]:
    """(value, document key) of a field."""
    if field == DOCUMENT:
        return collection.db.execute("SELECT document_id, id FROM documents").fetchall()
    values = collection.db.execute("SELECT value, document FROM metadata WHERE field = ?", (field,)).fetchall()
    if not values:
        known = ", ".join([*collection.fields(), DOCUMENT, SENSE])
        raise QueryError(f"no document has a field {field!r}; the fields are {known}")
    return values
