"""Read what SQLite stores of ranked sentences and occurrences, and make hits of it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ...indexer.collection.collection import Collection
from ...indexer.collection.queries import documents_by_key, occurrences_by_id, sentences_by_id
from ...indexer.vectors.arrays import Array
from ..hits import OccurrenceHit, SentenceHit
from .ranking import Ranked

DOCUMENTS_AT_ONCE = 16
"""Maximum number of documents whose texts are in memory at the same time."""
_Sentence = tuple[int, int, str, str, str, str]
"""Id, start in the document, text, document id, title and metadata (JSON) of a sentence."""


def _sentences(collection: Collection, ids: Sequence[int]) -> dict[int, _Sentence]:
    """Read sentences, by id. The text of each document is read once."""
    inside: dict[int, list[tuple[int, int, int]]] = {}
    for key, document, start, end in sentences_by_id(collection.db, ids):
        inside.setdefault(document, []).append((key, start, end))
    found = {}
    keys = sorted(inside)
    for first in range(0, len(keys), DOCUMENTS_AT_ONCE):
        documents = documents_by_key(collection.db, keys[first : first + DOCUMENTS_AT_ONCE])
        for document, document_id, title, metadata, text in documents:
            for key, start, end in inside[document]:
                found[key] = (key, start, text[start:end], document_id, title, metadata)
    return found


def sentence_hits(collection: Collection, best: Ranked) -> list[SentenceHit]:
    """Read the hits for ranked sentence ids, in their order."""
    rows = _sentences(collection, best.ids.tolist())
    return [
        _sentence_hit(rank, score, rows[key])
        for rank, (key, score) in enumerate(zip(best.ids.tolist(), best.scores.tolist(), strict=True), start=1)
    ]


def _sentence_hit(rank: int, score: float, row: _Sentence) -> SentenceHit:
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
    """Clip a score to [-1, 1]. Rounding to half precision may make a unit vector slightly too long."""
    return min(1.0, max(-1.0, score))


def occurrence_hits(collection: Collection, best: Ranked, confidences: Array | None = None) -> list[OccurrenceHit]:
    """Read the hits for n ranked occurrence ids, in their order.

    Args:
        confidences: Confidence of each hit (n,). None if the collection has no calibration.
    """
    found = occurrences_by_id(collection.db, best.ids.tolist())
    sentences = _sentences(collection, sorted({row[0] for row in found.values()}))
    hits = []
    sure = [None] * len(best.ids) if confidences is None else confidences.tolist()
    for rank, (key, score) in enumerate(zip(best.ids.tolist(), best.scores.tolist(), strict=True), start=1):
        sentence, position, start, end, lemma = found[key]
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
