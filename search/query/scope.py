"""Apply filters to documents (by metadata) and to occurrences (by named sense or part of speech)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from ...indexer.collection.collection import Collection
from ...indexer.collection.queries import document_keys, documents_by_value
from ...indexer.collection.segment import Segment
from ...indexer.collection.snapshot import Snapshot
from ...indexer.errors import QueryError
from ...indexer.vectors.arrays import Ids, Mask, as_slice
from .filters import Condition, Operator
from .parts_of_speech import POS, TaggedTokens, filtered_tokens


@dataclass(frozen=True, slots=True)
class Members:
    """Occurrences of named senses, which a filter either requires or excludes.

    A required sense lets in sentences with such an occurrence. An excluded sense leaves them out.

    Attributes:
        rows: Token rows of the occurrences, by segment key.
    """

    rows: Mapping[int, Ids]
    excluding: bool

    def row_mask(self, segment: Segment, rows: Ids) -> Mask:
        """Return which of some token rows the filter lets in.  (n,) -> (n,)"""
        inside = np.isin(rows, self.rows.get(segment.key, np.zeros(0, np.int64)))
        return ~inside if self.excluding else inside

    def sentence_mask(self, segment: Segment) -> Mask:
        """Return which sentences of a segment the filter lets in.  (m,)"""
        holds = np.zeros(len(segment.sentences), bool)
        holds[segment.token_sentences[self.rows.get(segment.key, np.zeros(0, np.int64))]] = True
        return ~holds if self.excluding else holds

    def tokens(self, segment: Segment) -> Ids:
        """Return the tokens of a segment's stream that are such occurrences, in any order."""
        rows = self.rows.get(segment.key, np.zeros(0, np.int64))
        return np.zeros(0, np.int64) if segment.stream is None else np.asarray(segment.stream.token_places[rows])


@dataclass(frozen=True, slots=True)
class Phrases:
    """Sentences that hold the required phrases of a query, and those that hold an excluded one.

    Attributes:
        required: Ids of the sentences that hold all required phrases, ascending (n,). None if none is required.
        excluded: Ids of the sentences that hold an excluded phrase, ascending (m,).
    """

    required: Ids | None
    excluded: Ids

    def mask(self, ids: Ids) -> Mask:
        """Return which sentences may answer.  (n,) -> (n,)"""
        inside = ~np.isin(ids, self.excluded)
        return inside if self.required is None else inside & np.isin(ids, self.required)


@dataclass(frozen=True, slots=True)
class Scope:
    """What may answer a query, in one snapshot.

    Attributes:
        documents: Live documents that the filters let in, by key, or None for all live ones.
        senses: Filters by named sense and by part of speech, all of which must let an occurrence in.
        phrases: Sentences by the phrases of a query, or None for all.
    """

    snapshot: Snapshot
    documents: Mask | None = None
    senses: tuple[Members | TaggedTokens, ...] = ()
    phrases: Phrases | None = None
    _masks: dict[int, Mask | None] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_whole(self) -> bool:
        """Whether there are no filters."""
        return self.documents is None and not self.senses and self.phrases is None

    def sentence_mask(self, segment: Segment) -> Mask | None:
        """Return which sentences of a segment may answer, or None for all.  (m,)"""
        mask = self.documents_mask(segment)
        for members in self.senses:
            chosen = members.sentence_mask(segment)
            mask = chosen if mask is None else mask & chosen
        if self.phrases is not None:
            chosen = self.phrases.mask(segment.sentence_ids)
            mask = chosen if mask is None else mask & chosen
        return mask

    def inside(self, ids: Ids) -> Mask:
        """Return which sentences, by id, may answer. Ids that the snapshot lacks may not.  (n,) -> (n,)"""
        found = np.zeros(len(ids), bool)
        for segment, places, rows in self.sentence_rows(ids):
            mask = self.sentence_mask(segment)
            found[places] = True if mask is None else mask[rows]
        return found

    def sentence_rows(self, ids: Ids) -> Iterator[tuple[Segment, Ids, Ids]]:
        """Yield each segment that holds some of n sentences, their places among the n, and their rows.  (m,), (m,)"""
        for segment in self.snapshot.segments.values():
            stored = segment.sentence_ids
            rows = np.minimum(np.searchsorted(stored, ids), len(stored) - 1)
            places = np.flatnonzero(stored[rows] == ids) if len(stored) else np.zeros(0, np.int64)
            if len(places):
                yield segment, places, rows[places]

    def row_mask(self, segment: Segment, rows: Ids) -> Mask | None:
        """Return which of some token rows of a segment may answer, or None for all of them.  (n,) -> (n,)"""
        mask = self.documents_mask(segment)
        allowed = None if mask is None else mask[segment.token_sentences[as_slice(rows)]]
        for members in self.senses:
            chosen = members.row_mask(segment, rows)
            allowed = chosen if allowed is None else allowed & chosen
        if self.phrases is not None:
            chosen = self.phrases.mask(segment.sentence_ids)[segment.token_sentences[as_slice(rows)]]
            allowed = chosen if allowed is None else allowed & chosen
        return allowed

    def documents_mask(self, segment: Segment) -> Mask | None:
        """Return which sentences of a segment are in documents that may answer, or None for all.  (m,)"""
        if segment.key not in self._masks:
            self._masks[segment.key] = self.snapshot.sentence_mask(segment, self.documents)
        return self._masks[segment.key]

    def rows(self, segment: Segment, rows: Ids) -> Ids:
        """Return those of some token rows of a segment that may answer.  (n,) -> (<= n,)"""
        allowed = self.row_mask(segment, rows)
        return rows if allowed is None else rows[allowed]

    def token_mask(self, segment: Segment) -> Mask | None:
        """Return which token rows of a whole segment may answer, or None for all.  (n,)"""
        mask = self.documents_mask(segment)
        if self.senses or self.phrases is not None:
            return self.row_mask(segment, np.arange(len(segment.tokens)))
        return None if mask is None else mask[segment.token_sentences.whole()]


DOCUMENT = "document"
"""Filter field for the document's id. A metadata field of that name is stored as `meta.document`."""
SENSE = "sense"
"""Filter field for named senses. A metadata field of that name is stored as `meta.sense`."""
ANNOTATION = "annotation"
"""First part of the filter fields for annotations of lines, such as `annotation.sense`."""
ANNOTATION_FIELDS = tuple(f"{ANNOTATION}.{name}" for name in ("sense", "label", "mark", "note", "author", "time"))
"""Filter fields for annotations of lines."""
MemberRows = Callable[[str], Mapping[int, Ids]]
"""Reader of named senses: name -> token rows of the sense's occurrences, by segment key."""
AnnotatedRows = Callable[[Condition], Mapping[int, Ids]]
"""Reader of annotations: condition -> token rows of the lines for which it holds, by segment key."""


def make_scope(
    collection: Collection,
    snapshot: Snapshot,
    conditions: Sequence[Condition],
    member_rows: MemberRows,
    annotated_rows: AnnotatedRows | None = None,
) -> Scope:
    """Return the scope in which all conditions hold.

    Args:
        member_rows: Reader of named senses.
        annotated_rows: Reader of annotations. Without it, no condition is about one.

    Raises:
        QueryError: No document has the field of a condition, there is no named sense of that name, or no word has that
            part of speech.
    """
    # Documents that were indexed by earlier versions may have a metadata field of this name.
    asks_pos = any(condition.field == POS for condition in conditions) and POS not in collection.fields()
    of_tokens = {SENSE, POS} if asks_pos else {SENSE}
    if annotated_rows is not None and any(condition.field in ANNOTATION_FIELDS for condition in conditions):
        of_tokens |= set(ANNOTATION_FIELDS) - set(collection.fields())

    def chosen(condition: Condition) -> Members | TaggedTokens:
        if condition.field == SENSE:
            return _members(condition, member_rows)
        if condition.field == POS or annotated_rows is None:
            return filtered_tokens(collection, snapshot, condition)
        return Members(annotated_rows(condition), condition.operator is Operator.NONE_OF)

    senses = tuple(chosen(condition) for condition in conditions if condition.field in of_tokens)
    others = [condition for condition in conditions if condition.field not in of_tokens]
    return Scope(snapshot, document_mask(collection, snapshot, others), senses)


def _members(condition: Condition, member_rows: MemberRows) -> Members:
    if condition.operator is Operator.RANGE:
        raise QueryError("named senses have no order; write sense=NAME, sense=A|B or sense!=NAME, not sense=A..B")
    found = [member_rows(name.strip()) for name in condition.values]
    keys = sorted({key for rows in found for key in rows})
    empty = np.zeros(0, np.int64)
    union = {key: np.unique(np.concatenate([rows.get(key, empty) for rows in found])) for key in keys}
    return Members(union, condition.operator is Operator.NONE_OF)


def document_mask(collection: Collection, snapshot: Snapshot, conditions: Sequence[Condition]) -> Mask | None:
    """Return the live documents, by key, for which all conditions hold. None without conditions.  (largest key + 1,)

    Raises:
        QueryError: No document has the field of a condition.
    """
    if not conditions:
        return None
    mask = snapshot.live.copy()
    for condition in conditions:
        mask &= snapshot.documents_by(condition, partial(_matching, collection, condition, len(mask)))
    return mask


def _matching(collection: Collection, condition: Condition, size: int) -> Mask:
    """Return the documents, by key, for which a condition holds.  (size,)"""
    excluding = condition.operator is Operator.NONE_OF
    documents_with: dict[str, list[int]] = {}
    for value, key in _values(collection, condition.field):
        documents_with.setdefault(value, []).append(key)
    found = np.zeros(size, dtype=bool)
    for value, keys in documents_with.items():
        if condition.holds(value) is not excluding:
            found[keys] = True
    # NONE_OF does not exclude documents without the field.
    return ~found if excluding else found


def _values(collection: Collection, field: str) -> list[tuple[str, int]]:
    """Return (value, document key) of a field."""
    if field == DOCUMENT:
        return document_keys(collection.db)
    values = documents_by_value(collection.db, field)
    if not values:
        known = ", ".join([*collection.fields(), DOCUMENT, SENSE, POS, *ANNOTATION_FIELDS])
        raise QueryError(f"no document has a field {field[:60]!r}; the fields are {known}")
    return values
