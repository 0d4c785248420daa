"""Hits: occurrences and sentences of a collection that answer a query, with their scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from ..indexer.collection.records import Scalar

if TYPE_CHECKING:
    from pandas import DataFrame


class Match(StrEnum):
    """What a hit matches: the same form, the same lemma, any word, or a whole sentence."""

    FORM = "form"
    LEMMA = "lemma"
    ANY = "any"
    SENTENCE = "sentence"


@dataclass(frozen=True, slots=True)
class SentenceHit:
    """A sentence that answers a query.

    Attributes:
        score: Cosine in [-1, 1].
        confidence: Probability that the sense is the same. None for sentences (docs/results/senses.md says why).
        document: Title of the document, else its id.
        sentence_start: Offset of the sentence in the document's text, in characters.
    """

    rank: int
    score: float
    confidence: float | None
    document_id: str
    document: str
    sentence_id: int
    sentence: str
    sentence_start: int
    metadata: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class OccurrenceHit(SentenceHit):
    """An occurrence that answers a query by word in context. `sentence[start:end] == token`.

    For a target of several words, `token` is the whole span, `position` that of its first token, and `occurrence_id`
    that of its first stored word.

    Attributes:
        confidence: Probability that the sense is the same. None if the collection has no calibration.
        position: Number of the token in its sentence, from 0.
        start: Offset of the token in the sentence, in characters.
        end: Offset after its last character.
    """

    token: str
    lemma: str
    position: int
    start: int
    end: int
    occurrence_id: int


Hit = TypeVar("Hit", bound=SentenceHit)


class HitList(list[Hit], Generic[Hit]):
    """Hits, best first.

    Attributes:
        match: The match used, which may differ from the one requested.
        notice: A remark for the user, such as why another match was used. None if no remark is needed.
        verdict: A statement that no hit has the sense of the query, if the confidences say so. Else None.
    """

    def __init__(
        self,
        hits: Iterable[Hit] = (),
        match: Match = Match.SENTENCE,
        notice: str | None = None,
        verdict: str | None = None,
    ) -> None:
        super().__init__(hits)
        self.match = match
        self.notice = notice
        self.verdict = verdict

    def to_dicts(self) -> list[dict[str, object]]:
        """Return one dictionary for each hit, with the hit's fields in their order. Metadata is a nested dictionary."""
        return [hit_to_dict(hit) for hit in self]

    def to_pandas(self) -> DataFrame:
        """Return one row for each hit, with metadata in columns `metadata.FIELD`."""
        import pandas

        rows = []
        for row in self.to_dicts():
            metadata = row.pop("metadata")
            assert isinstance(metadata, dict)
            rows.append(row | {f"metadata.{field}": value for field, value in metadata.items()})
        return pandas.DataFrame(rows)


def hit_to_dict(hit: SentenceHit) -> dict[str, object]:
    """Return a hit's fields as plain values, in their order."""
    found = {field.name: getattr(hit, field.name) for field in fields(hit)}
    return found | {"metadata": dict(hit.metadata)}
