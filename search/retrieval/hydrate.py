"""Read what SQLite stores of ranked sentences and occurrences, and make hits of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ...indexer.collection.collection import Collection
from ...indexer.collection.judgements import annotations_of
from ...indexer.collection.queries import documents_by_key, occurrences_by_id, sentences_by_id
from ...indexer.collection.records import read_metadata
from ...indexer.collection.schema import DATABASE_NAME
from ...indexer.collection.stored_tokens import UNKNOWN, StoredTokens
from ...indexer.collection.stream import Word
from ...indexer.errors import DamageError
from ...indexer.text import folding_of
from ...indexer.vectors.arrays import Array
from ..hits import Meeting, OccurrenceHit, SentenceHit
from .ranking import Ranked

DOCUMENTS_AT_ONCE = 16
"""Maximum number of documents whose texts are in memory at the same time."""
_Sentence = tuple[int, int, str, str, str, str]
"""Id, start in the document, text, document id, title and metadata (JSON) of a sentence."""


def _damaged(collection: Collection, what: str) -> DamageError:
    return DamageError(f"{collection.path / DATABASE_NAME} is damaged: {what}; run `polyseme verify`")


def _sentences(collection: Collection, ids: Sequence[int]) -> dict[int, _Sentence]:
    """Read sentences by id. The text of each document is read once.

    Raises:
        DamageError: A sentence is missing, or it is outside the text of its document.
    """
    inside: dict[int, list[tuple[int, int, int]]] = {}
    for key, document, start, end in sentences_by_id(collection.db, ids):
        inside.setdefault(document, []).append((key, start, end))
    found = {}
    keys = sorted(inside)
    for first in range(0, len(keys), DOCUMENTS_AT_ONCE):
        documents = documents_by_key(collection.db, keys[first : first + DOCUMENTS_AT_ONCE])
        for document, document_id, title, metadata, text in documents:
            for key, start, end in inside[document]:
                if not 0 <= start < end <= len(text):
                    raise _damaged(collection, f"sentence {key} is outside the text of {document_id!r}")
                found[key] = (key, start, text[start:end], document_id, title, metadata)
    if len(found) < len(ids):
        raise _damaged(collection, f"sentence {min(set(ids) - found.keys())} is not in it")
    return found


def sentence_texts(collection: Collection, ids: Sequence[int]) -> list[str]:
    """Read the texts of sentences by id, in the order of the ids.

    Raises:
        DamageError: A sentence is missing, or outside the text of its document.
    """
    rows = _sentences(collection, ids)
    return [rows[key][2] for key in ids]


def sentence_hits(
    collection: Collection,
    best: Ranked,
    confidences: Array | None = None,
    meetings: Sequence[tuple[Meeting, ...]] | None = None,
    alike: Mapping[int, tuple[int, ...]] | None = None,
) -> list[SentenceHit]:
    """Read the hits for n ranked sentence ids, in their order.

    Args:
        confidences: Confidence of each hit (n,). None if there is no calibration.
        meetings: Words of each hit that meet words of the query, n tuples.
        alike: Ids of further sentences that a hit represents, by its id.

    Raises:
        DamageError: A sentence is missing, or outside the text of its document.
    """
    rows = _sentences(collection, best.ids.tolist())
    sure = [None] * len(best.ids) if confidences is None else confidences.tolist()
    hits = []
    for n, (key, score) in enumerate(zip(best.ids.tolist(), best.scores.tolist(), strict=True)):
        hit = _sentence_hit(n + 1, score, rows[key])
        met = tuple(each.within(hit.sentence) for each in meetings[n]) if meetings else ()
        hits.append(replace(hit, confidence=sure[n], meetings=met, alike=(alike or {}).get(key, ())))
    return hits


def bare_sentence_hits(collection: Collection, ids: Sequence[int]) -> list[SentenceHit]:
    """Read sentences by id, in the order of the ids, which may repeat. Their scores are 1.

    Raises:
        DamageError: A sentence is missing, or outside the text of its document.
    """
    rows = _sentences(collection, sorted(set(ids)))
    return [_sentence_hit(n, 1.0, rows[key]) for n, key in enumerate(ids, start=1)]


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
        metadata=read_metadata(metadata),
    )


def _cosine(score: float) -> float:
    """Clip a score to [-1, 1]. Rounding to half precision may make a unit vector slightly too long."""
    return min(1.0, max(-1.0, score))


def words_at(collection: Collection, sentences: Sequence[int], positions: Sequence[int]) -> list[Word]:
    """Return the words at some places, with parts of speech. Collections of before have empty ones.

    Args:
        sentences: `sentences.id` of each place.
        positions: Number of the token in its sentence.
    """
    if not collection.settings.has_stream:
        return [UNKNOWN] * len(sentences)
    with collection.reading() as snapshot:
        tokens = StoredTokens(snapshot.segments.values(), collection.words())
        return [word or UNKNOWN for word in tokens.at(sentences, positions)]


def joined(values: Iterable[str]) -> str:
    """Join the parts of speech or tags of several tokens with spaces, `_` for an unknown one. Empty if all are."""
    known = list(values)
    return " ".join(value or "_" for value in known) if any(known) else ""


def occurrence_hits(collection: Collection, best: Ranked, confidences: Array | None = None) -> list[OccurrenceHit]:
    """Read the hits for n ranked occurrence ids, in their order.

    Args:
        confidences: Confidence of each hit (n,). None if the collection has no calibration.

    Raises:
        DamageError: An occurrence is missing, or the word at its place is not its form.
    """
    found = occurrences_by_id(collection.db, best.ids.tolist())
    if lost := set(best.ids.tolist()) - found.keys():
        raise _damaged(collection, f"occurrence {min(lost)} is not in it")
    sentences = _sentences(collection, sorted({row[0] for row in found.values()}))
    folding = folding_of(collection.settings.language, collection.settings.tokeniser)
    hits = []
    words = words_at(collection, [row[0] for row in found.values()], [row[1] for row in found.values()])
    word_of = dict(zip(found, words, strict=True))
    said = annotations_of(collection.db, list(found))
    sure = [None] * len(best.ids) if confidences is None else confidences.tolist()
    for rank, (key, score) in enumerate(zip(best.ids.tolist(), best.scores.tolist(), strict=True), start=1):
        sentence, position, start, end, lemma, form = found[key]
        whole = _sentence_hit(rank, score, sentences[sentence])
        token = whole.sentence[start:end]
        if not 0 <= start < end <= len(whole.sentence) or folding.form(token) != form:
            raise _damaged(collection, f"occurrence {key} is not {form!r}")
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
                token=token,
                lemma=lemma,
                position=position,
                start=start,
                end=end,
                occurrence_id=key,
                pos=word_of[key].pos,
                tag=word_of[key].tag,
                annotations=said.get(key, ()),
            )
        )
    return hits
