"""Filters -> which documents and occurrences may answer.

They narrow before the cut to k, so that k hits come back whenever k exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np

from indexer.collection.collection import Collection
from indexer.collection.snapshot import Snapshot
from indexer.errors import QueryError
from indexer.vectors.arrays import Ids, Mask
from search.query.scope import Members, Scope
from search.query.target import Condition, Operator

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
