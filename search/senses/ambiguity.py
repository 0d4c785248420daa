"""Which words of a collection fall apart most clearly: cheap enough to look at hundreds before any is clustered."""

from __future__ import annotations

from math import ceil, log, sqrt

import numpy as np

from ...indexer.collection.collection import Collection
from ...indexer.collection.snapshot import Snapshot
from ...indexer.vectors.arrays import Array, Ids
from ..query.scope import Scope
from ..retrieval.exact import type_rows
from .clustering import NONE, centres_of, cluster
from .inventory import rows_vectors

FEWEST, MOST = 20, 400
"""Occurrences of a word that is looked at: enough to tell senses by, few enough to read hundreds of words at once."""
LOOKED_AT = 200
SAMPLE = 64
"""Occurrences of a word whose spread is measured."""
CLUSTERED = 40
"""Words of the widest spread whose occurrences are grouped."""


def spread(vectors: Array) -> float:
    """Share of the variance that lies along one line, in [0, 1]: high where vectors form two groups.  (n, d)

    A random sample of one group spreads in all directions alike; two groups apart spread along the line between them.
    """
    centred = vectors - vectors.mean(axis=0)  # (n, d)
    products = centred @ centred.T if len(centred) < centred.shape[1] else centred.T @ centred  # (min(n, d),) * 2
    whole = float(np.trace(products))
    return float(np.linalg.eigvalsh(products)[-1]) / whole if whole > 0 else 0.0


def gap(vectors: Array, numbers: Ids) -> float:
    """How much nearer vectors are to their own centre than to the next; the more, the larger the second group is.

    vectors: (n, d), unit; numbers: (n,) group of each, -1 for none. 0 where there is one group.
    """
    kept, groups = vectors[numbers != NONE], numbers[numbers != NONE]
    if not len(groups) or int(groups.max()) == 0:
        return 0.0
    cosines = kept @ centres_of(vectors, numbers).T  # (kept, s)
    own = np.take_along_axis(cosines, groups[:, None], axis=1)[:, 0]  # (kept,)
    np.put_along_axis(cosines, groups[:, None], -np.inf, axis=1)
    second = np.sort(np.bincount(groups))[-2] / len(vectors)
    return float((own - cosines.max(axis=1)).mean() * sqrt(second))


def ambiguous_lemmas(collection: Collection, snapshot: Snapshot, k: int) -> list[str]:
    """At most k lemmas, of the more frequent ones, whose occurrences fall apart most clearly; best first."""
    counted = (
        "SELECT t.lemma, SUM(r.count) AS n FROM ranges r JOIN types t ON t.id = r.type GROUP BY t.lemma"
        " HAVING n BETWEEN ? AND ? ORDER BY n DESC, t.lemma LIMIT ?"
    )
    found = collection.db.execute(counted, (FEWEST, MOST, LOOKED_AT)).fetchall()
    spreads: dict[str, tuple[float, Array]] = {}
    for lemma, _ in found:
        vectors = _vectors(collection, snapshot, lemma)  # (n, d)
        if lemma.isalpha() and len(vectors) >= FEWEST:
            # Few vectors lie along a line by chance.
            spreads[lemma] = (
                spread(vectors[:: ceil(len(vectors) / SAMPLE)]) * len(vectors) / (len(vectors) + 10),
                vectors,
            )
    likely = sorted(spreads, key=lambda lemma: (-spreads[lemma][0], lemma))[:CLUSTERED]
    gaps = {
        lemma: gap(vectors, cluster(vectors)) * log(len(vectors)) for lemma in likely for vectors in spreads[lemma][1:]
    }
    return [lemma for lemma in sorted(likely, key=lambda lemma: (-gaps[lemma], lemma)) if gaps[lemma] > 0][:k]


def _vectors(collection: Collection, snapshot: Snapshot, lemma: str) -> Array:
    """The live occurrences of a lemma.  (n, d)"""
    types = [key for (key,) in collection.db.execute("SELECT id FROM types WHERE lemma = ?", (lemma,))]
    rows = type_rows(collection, Scope(snapshot), types)
    return rows_vectors(rows)[1] if rows else np.zeros((0, 1), np.float32)
