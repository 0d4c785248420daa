"""Ids -> hits: what SQLite knows of sentences and occurrences, read for the few that are returned."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from indexer.collection.collection import Collection
from search.hits import OccurrenceHit, SentenceHit
from search.ranking import Ranked

_SENTENCE = (
    'SELECT s.id, s.start, s."end", d.document_id, d.title, d.metadata, d.text'
    " FROM sentences s JOIN documents d ON d.id = s.document WHERE s.id IN ({})"
)
_OCCURRENCE = (
    'SELECT o.id, o.sentence, o.position, o.start, o."end", t.lemma'
    " FROM occurrences o JOIN types t ON t.id = o.type WHERE o.id IN ({})"
)
_PART = 500


def _by_id(collection: Collection, sql: str, ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    found = {}
    for first in range(0, len(ids), _PART):
        part = ids[first : first + _PART]
        for row in collection.db.execute(sql.format(",".join("?" * len(part))), list(part)):
            found[row[0]] = row
    return found


def sentence_hits(collection: Collection, best: Ranked) -> list[SentenceHit]:
    """Hits for sentence ids, in their order."""
    rows = _by_id(collection, _SENTENCE, best.ids.tolist())
    return [
        _sentence_hit(rank, score, rows[key])
        for rank, (key, score) in enumerate(zip(best.ids.tolist(), best.scores.tolist(), strict=True), start=1)
    ]


def _sentence_hit(rank: int, score: float, row: tuple[Any, ...]) -> SentenceHit:
    key, start, end, document_id, title, metadata, text = row
    return SentenceHit(
        rank=rank,
        score=_cosine(score),
        confidence=None,
        document_id=document_id,
        document=title,
        sentence_id=key,
        sentence=text[start:end],
        sentence_start=start,
        metadata=json.loads(metadata),
    )


def _cosine(score: float) -> float:
    """Half precision may leave a unit vector a little too long."""
    return min(1.0, max(-1.0, score))


def occurrence_hits(collection: Collection, best: Ranked) -> list[OccurrenceHit]:
    """Hits for occurrence ids, in their order."""
    found = _by_id(collection, _OCCURRENCE, best.ids.tolist())
    sentences = _by_id(collection, _SENTENCE, sorted({row[1] for row in found.values()}))
    hits = []
    for rank, (key, score) in enumerate(zip(best.ids.tolist(), best.scores.tolist(), strict=True), start=1):
        _, sentence, position, start, end, lemma = found[key]
        whole = _sentence_hit(rank, score, sentences[sentence])
        hits.append(
            OccurrenceHit(
                rank=rank,
                score=whole.score,
                confidence=None,
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
