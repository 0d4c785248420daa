"""Scores of random pairs of one form: the null distribution that confidences are measured against.

The indexer stores it in `settings` at the end of a run, as quantiles of the cosines and the number of rows. If the
collection has grown or shrunk much since then, a reader measures it again for itself.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..vectors.arrays import Doubles, Ids
from .schema import QUANTILES_KEY, write_settings
from .writer import storage_errors

if TYPE_CHECKING:
    from .collection import Collection
    from .segment import Segment
    from .snapshot import Snapshot
    from .writer import Writer

FORMS = 400
"""Maximum number of forms to sample, spread evenly over the alphabet."""
PAIRS = 40
"""Number of pairs drawn from each form."""
QUANTILES = 201
"""Number of stored quantiles."""
MAX_CHANGE = 0.25
"""Largest change in the number of rows, as a share, for which stored quantiles are still used."""
Quantiles = tuple[float, ...]


def random_pair_quantiles(collection: Collection, snapshot: Snapshot) -> Quantiles:
    """Return the quantiles of the cosines of random pairs, in ascending order.

    They are measured again if the collection has changed much since they were stored. The tuple is empty if no form
    occurs twice.
    """
    row = collection.db.execute("SELECT value FROM settings WHERE key = ?", (QUANTILES_KEY,)).fetchone()
    if row is not None:
        stored = json.loads(row[0])
        now = _rows(snapshot)
        if abs(now - stored["rows"]) <= MAX_CHANGE * stored["rows"]:
            return tuple(stored["quantiles"])
    return measure(collection, snapshot)


def measure(collection: Collection, snapshot: Snapshot) -> Quantiles:
    """Measure the quantiles on random pairs of live occurrences of one form.

    A form's occurrences are numbered in the order of their ids, which is that of the documents. So the drawn pairs do
    not depend on how the collection is divided into segments.
    """
    frequent = collection.db.execute(
        "SELECT t.id FROM types t JOIN ranges r ON r.type = t.id GROUP BY t.id HAVING sum(r.count) >= 2"
        " ORDER BY t.form, t.lemma"
    ).fetchall()
    if not frequent:
        return ()
    chosen = np.unique(np.linspace(0, len(frequent) - 1, FORMS).astype(int)).tolist()
    rng = np.random.default_rng(0)
    scores = np.concatenate([_pairs(collection, snapshot, frequent[n][0], rng) for n in chosen])  # (n,)
    if not len(scores):
        return ()
    return tuple(round(float(value), 6) for value in np.quantile(scores, np.linspace(0, 1, QUANTILES)))


def _pairs(collection: Collection, snapshot: Snapshot, type_id: int, rng: np.random.Generator) -> Doubles:
    """Return the cosines of random pairs of different live occurrences of a type.  (<= PAIRS,)"""
    rows = collection.db.execute(
        "SELECT segment, first, count FROM ranges WHERE type = ? ORDER BY segment, first", (type_id,)
    ).fetchall()
    found = [_live(snapshot, snapshot.segments[segment], first, count) for segment, first, count in rows]
    count = sum(len(part) for _, part in found)
    first, second = rng.integers(0, max(count, 1), (2, PAIRS))
    kept = first != second
    if count < 2:
        return np.zeros(0)
    left, right = (_vectors(found, numbers[kept]) for numbers in (first, second))
    return np.asarray(np.einsum("nd,nd->n", left, right), np.float64)


def _live(snapshot: Snapshot, segment: Segment, first: int, count: int) -> tuple[Segment, Ids]:
    segment.check_range(first, count)
    rows = np.arange(first, first + count)
    mask = snapshot.sentence_mask(segment)
    return segment, rows if mask is None else rows[mask[segment.token_sentences[rows]]]


def _vectors(found: Sequence[tuple[Segment, Ids]], numbers: Ids) -> Doubles:
    """Return the vectors of a type's occurrences by their numbers.  (n,) -> (n, d)"""
    dim = found[0][0].tokens.shape[1]
    out = np.empty((len(numbers), dim))
    start = 0
    for segment, rows in found:
        here = (numbers >= start) & (numbers < start + len(rows))
        out[here] = segment.tokens[rows[numbers[here] - start]]
        start += len(rows)
    return out


def _rows(snapshot: Snapshot) -> int:
    return sum(len(segment.tokens) for segment in snapshot.segments.values())


def store_random_pairs(collection: Collection, writer: Writer) -> None:
    """Measure the newest state of a collection, and store the quantiles in it."""
    with collection.reading() as snapshot:
        found = {"rows": _rows(snapshot), "quantiles": measure(collection, snapshot)}
    with storage_errors(writer.path), writer.db.atomic():
        write_settings(writer.db.conn, {QUANTILES_KEY: found})
