"""Ids -> hits: what SQLite knows of sentences and occurrences, read for the few that are returned."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ...indexer.collection.collection import Collection
from ...indexer.collection.schema import State
from ...indexer.vectors.arrays import Array
from ..hits import OccurrenceHit, SentenceHit
from .ranking import Ranked

_SENTENCE = 'SELECT id, document, start, "end" FROM sentences WHERE id IN ({})'
_DOCUMENT = "SELECT id, document_id, title, metadata, text FROM documents WHERE id IN ({})"
_OCCURRENCE = (
    'SELECT o.id, o.sentence, o.position, o.start, o."end", t.lemma'
    " FROM occurrences o JOIN types t ON t.id = o.type WHERE o.id IN ({})"
)
_LIVE = (
    "SELECT o.id FROM occurrences o JOIN sentences s ON s.id = o.sentence JOIN documents d ON d.id = s.document"
    f" WHERE d.state = {int(State.LIVE)} AND o.id IN ({{}})"
)
_VALUE = (
    "SELECT o.id, m.value FROM occurrences o JOIN sentences s ON s.id = o.sentence"
    " JOIN metadata m ON m.document = s.document AND m.field = ? WHERE o.id IN ({})"
)
_PART = 500
_DOCUMENTS = 16
"""Documents whose texts are in memory together."""


def _by_id(collection: Collection, sql: str, ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    found = {}
    for first in range(0, len(ids), _PART):
        part = ids[first : first + _PART]
        for row in collection.db.execute(sql.format(",".join("?" * len(part))), list(part)):
            found[row[0]] = row
    return found


def _sentences(collection: Collection, ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    """(id, start, text, document id, title, metadata) of sentences; each document's text is read once."""
    rows = _by_id(collection, _SENTENCE, ids)
    inside: dict[int, list[tuple[int, int, int]]] = {}
    for key, document, start, end in rows.values():
        inside.setdefault(document, []).append((key, start, end))
    found = {}
    keys = sorted(inside)
    for first in range(0, len(keys), _DOCUMENTS):
        documents = _by_id(collection, _DOCUMENT, keys[first : first + _DOCUMENTS])
        for document, document_id, title, metadata, text in documents.values():
            for key, start, end in inside[document]:
                found[key] = (key, start, text[start:end], document_id, title, metadata)
    return found


def sentence_hits(collection: Collection, best: Ranked) -> list[SentenceHit]:
    """Hits for sentence ids, in their order."""
    rows = _sentences(collection, best.ids.tolist())
    return [
        _sentence_hit(rank, score, rows[key])
        for rank, (key, score) in enumerate(zip(best.ids.tolist(), best.scores.tolist(), strict=True), start=1)
    ]


def _sentence_hit(rank: int, score: float, row: tuple[Any, ...]) -> SentenceHit:
    key, start, sentence, document_id, title, metadata = row
    return SentenceHit(
        rank=rank,
        score=_cosine(score),
        confidence=None,
        document_id=document_id,
        document=title,
        sentence_id=key,
        sentence=sentence,
        sentence_start=start,
        metadata=json.loads(metadata),
    )


def _cosine(score: float) -> float:
    """Half precision may leave a unit vector a little too long."""
    return min(1.0, max(-1.0, score))


def live_occurrences(collection: Collection, ids: Sequence[int]) -> set[int]:
    """Those of some occurrences whose documents have not been removed since."""
    return set(_by_id(collection, _LIVE, ids))


def occurrence_hits(collection: Collection, best: Ranked, confidences: Array | None = None) -> list[OccurrenceHit]:
    """Hits for n occurrence ids, in their order; confidences: (n,), None where they are not calibrated."""
    found = _by_id(collection, _OCCURRENCE, best.ids.tolist())
    sentences = _sentences(collection, sorted({row[1] for row in found.values()}))
    hits = []
    sure = [None] * len(best.ids) if confidences is None else confidences.tolist()
    for rank, (key, score) in enumerate(zip(best.ids.tolist(), best.scores.tolist(), strict=True), start=1):
        _, sentence, position, start, end, lemma = found[key]
        whole = _sentence_hit(rank, score, sentences[sentence])
        hits.append(
            OccurrenceHit(
                rank=rank,
                score=whole.score,
                confidence=sure[rank - 1],
                document_id=whole.document_id,
                document=whole.document,
                sentence_id=whole.sentence_id,
                sentence=whole.sentence,
                sentence_start=whole.sentence_start,
                metadata=whole.metadata,
                token=whole.sentence[start:end],
                lemma=lemma,
                position=position,
                start=start,
                end=end,
                occurrence_id=key,
            )
        )
    return hits


def metadata_of(collection: Collection, ids: Sequence[int], field: str) -> dict[int, str]:
    """A metadata field of some occurrences' documents, by occurrence, where there is one."""
    found: dict[int, str] = {}
    for first in range(0, len(ids), _PART):
        part = ids[first : first + _PART]
        sql = _VALUE.format(",".join("?" * len(part)))
        found.update(collection.db.execute(sql, [field, *part]).fetchall())
    return found
