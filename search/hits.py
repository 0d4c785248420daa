"""Hits: occurrences and sentences of the collection with a score, answering a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Generic, TypeVar

from ..indexer.collection.records import Scalar

if TYPE_CHECKING:
    from pandas import DataFrame


class Match(StrEnum):
    """Which occurrences may answer: the same form, the same lemma, any word; or whole sentences."""

    FORM = "form"
    LEMMA = "lemma"
    ANY = "any"
    SENTENCE = "sentence"


@dataclass(frozen=True, slots=True)
class SentenceHit:
    """A sentence that answers a query by sentence.

    score: cosine in [-1, 1]; confidence: None until calibrated, of sentences always (docs/senses.md tells why);
    document: its title, else its id; sentence_start: offset of the sentence in the document's text.
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
    """An occurrence that answers a query by word in context.

    ``sentence[start:end] == token``; position: number of the token in its sentence, from 0. For a target of several
    words the token is the whole span, position that of its first token, occurrence_id that of its first stored word.
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

    match: what was matched in the end; notice: what the asker should know, or None; verdict: None, or what the hits'
    confidences say together, where that is that nothing here means what was asked for.
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
        """One dictionary a hit, with the hit's fields in their order; metadata is a dictionary inside."""
        return [hit_to_dict(hit) for hit in self]

    def to_pandas(self) -> DataFrame:
        """One row a hit; metadata in columns ``metadata.FIELD``."""
        import pandas

        rows = []
        for row in self.to_dicts():
            metadata = row.pop("metadata")
            assert isinstance(metadata, dict)
            rows.append(row | {f"metadata.{field}": value for field, value in metadata.items()})
        return pandas.DataFrame(rows)


def hit_to_dict(hit: SentenceHit) -> dict[str, object]:
    """The hit's fields as plain values, in their order."""
    found = {field.name: getattr(hit, field.name) for field in fields(hit)}
    return found | {"metadata": dict(hit.metadata)}
