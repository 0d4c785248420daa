"""Compare words alone, without a sentence: by layer 0, and by the table that was learned with the sentence space.

Layer 0 knows how words are spelled and used. The table knows which words mean the same. Their mean is better than
either of them (docs/results/meetings.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...indexer.collection.collection import Collection
from ...indexer.collection.queries import forms_of_types
from ...indexer.vectors.arrays import Array, Ids, products, unit

if TYPE_CHECKING:
    from ...indexer.elmo import Encoder
    from ...indexer.elmo.interface import WordTable


LAYER_POWER, TABLE_POWER = 2.0, 1.25
"""Power of the cosine of layer 0 alone, and of its mean with that of the table. A weak likeness is mostly chance."""


class Identities:
    """Compares the types of an open collection with words.

    It knows the row of each type in the encoder's table of words. Type ids only grow, so rows are appended.
    """

    def __init__(self, collection: Collection, encoder: Encoder) -> None:
        """Start without rows. They are read at the first use."""
        self.collection, self.encoder = collection, encoder
        self._rows: Ids = np.zeros(0, np.int64)

    def cosines(self, forms: Sequence[str], layer_0: Array, types: Ids) -> Array:
        """Return how similar types are to words, from 0 to 1.  (T', w)

        Args:
            forms: Forms of the words (w,).
            layer_0: Their unit type vectors (w, p).
            types: Places of the types in the type table (T',).
        """
        stored = self.collection.types()
        cosines = np.clip(np.nan_to_num(products(stored.vectors[types], layer_0)), 0, 1)  # (T', w)
        found = cosines**LAYER_POWER
        table = self.encoder.word_table
        if table is not None:
            asked, rows = table.rows(forms), self._rows_of(table, stored.ids)[types]  # (w,), (T',)
            learned = products(unit(table.row_vectors(rows)), unit(table.row_vectors(asked)))  # (T', w)
            is_known = (rows >= 0)[:, None] & (asked >= 0)  # (T', w)
            found = np.where(is_known, np.clip((cosines + learned) / 2, 0, 1) ** TABLE_POWER, found)
        return np.asarray(found, np.float32)

    def _rows_of(self, table: WordTable, ids: Ids) -> Ids:
        """Return the row of each type in the order of the type table, -1 for unknown words.  (T,) -> (T,)"""
        if len(self._rows) < len(ids):
            last = int(ids[len(self._rows) - 1]) if len(self._rows) else 0
            forms = [form for _, form in forms_of_types(self.collection.db, last)]
            self._rows = np.concatenate([self._rows, table.rows(forms)])
        return self._rows[: len(ids)]
