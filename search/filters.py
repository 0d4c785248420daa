"""Filters -> which documents may answer. Narrows before the cut to k, so that k hits come back whenever k exist."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from indexer.collection.collection import Collection, Snapshot
from indexer.collection.vectors import Mask
from indexer.errors import QueryError
from search.query import Condition, Operator

DOCUMENT = "document"
"""The filter field that holds the document's id; metadata of that name is stored as ``meta.document``."""


def document_mask(collection: Collection, snapshot: Snapshot, conditions: Sequence[Condition]) -> Mask | None:
    """Live documents, by key, for which every condition holds; None for no condition.  (largest key + 1,)

    QueryError for a field that no document has.
    """
    if not conditions:
        return None
    mask = snapshot.live.copy()
    for condition in conditions:
        mask &= _matching(collection, condition, len(mask))
    return mask


def _matching(collection: Collection, condition: Condition, size: int) -> Mask:
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
        known = ", ".join([*collection.fields(), DOCUMENT])
        raise QueryError(f"no document has a field {field!r}; the fields are {known}")
    return values
