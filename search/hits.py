"""Hits: occurrences and sentences of a collection that answer a query, with their scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, Generic, TypeVar

from ..indexer.collection.judgements import Annotation
from ..indexer.values import Value
from .kwic import concordance_line
from .markup import Line, lines_table
from .tables import Records
from .text_table import table


class Match(StrEnum):
    """What a hit matches: the same form, the same lemma, any word, a whole sentence, or a pattern of tokens."""

    FORM = "form"
    LEMMA = "lemma"
    ANY = "any"
    SENTENCE = "sentence"
    PATTERN = "pattern"


class By(StrEnum):
    """What a question by sentence compares: learned sentence vectors, ELMo's own ones, or whole documents."""

    SENTENCE = "sentence"
    DEFAULT = "default"
    DOCUMENT = "document"


class Order(StrEnum):
    """What orders the hits of a question by sentence."""

    MEANING = "meaning"  # cosine of the sentence vectors
    KEYWORDS = "keywords"  # BM25
    WORDS = "words"  # late interaction: words of the query that meet words in the same sense
    HYBRID = "hybrid"  # meaning and keywords together


class WordOrder(StrEnum):
    """What orders the occurrences of a word in context."""

    SENSE = "sense"  # cosine with the word in its sentence
    TEXT = "text"  # the order of the documents
    RANDOM = "random"  # a random order, which a seed determines
    EXAMPLES = "examples"  # the best examples for a dictionary, among the nearest in sense


TRANSLATION = "translation"
"""Field with the translation of a document's text. With several, each has a field such as `translation.fr`."""


def is_translation(field: str) -> bool:
    """Return whether a metadata field has a translation of the text, or its language."""
    return field in (TRANSLATION, f"{TRANSLATION}_language") or field.startswith(f"{TRANSLATION}.")


@dataclass(frozen=True, slots=True)
class Meeting:
    """A word of a hit that meets a word of the query: the same word, or another one in the same sense.

    Attributes:
        start, end: Offsets of the word in the hit's sentence, in characters.
        query_start, query_end: Offsets of the query's word in the query.
        similarity: Similarity of the two words in their sentences, in [0, 1].
        share: Share of the query's meaning that this meeting covers. All shares of a hit sum to at most 1.
    """

    token: str
    start: int
    end: int
    query_token: str
    query_start: int
    query_end: int
    similarity: float
    share: float

    def within(self, sentence: str) -> Meeting:
        """Return the meeting with its word cut from the hit's sentence."""
        return replace(self, token=sentence[self.start : self.end])


@dataclass(frozen=True, slots=True)
class SentenceHit:
    """A sentence that answers a query.

    Attributes:
        score: Cosine in [-1, 1].
        confidence: Probability that the hit means the same. None if there is no calibration.
        document: Title of the document, else its id.
        sentence_start: Offset of the sentence in the document's text, in characters.
        meetings: Words of a hit by sentence that meet words of the query, in the order of the hit's text.
        alike: Ids of further sentences that are nearly the same as this one, which represents them.
        before: The text of the sentences before this one in its document. It is only read on request.
        after: The text of the sentences after this one.
    """

    rank: int
    score: float
    confidence: float | None
    document_id: str
    document: str
    sentence_id: int
    sentence: str
    sentence_start: int
    metadata: Mapping[str, Value]
    meetings: tuple[Meeting, ...] = field(default=(), kw_only=True)
    alike: tuple[int, ...] = field(default=(), kw_only=True)
    before: str = field(default="", kw_only=True)
    after: str = field(default="", kw_only=True)

    @property
    def translations(self) -> dict[str, str]:
        """Translations of the document's text by language. An unknown language is an empty string."""
        found: dict[str, str] = {}
        if TRANSLATION in self.metadata:
            language = str(self.metadata.get(f"{TRANSLATION}_language", ""))
            found[language] = str(self.metadata[TRANSLATION])
        for name, value in self.metadata.items():
            if name.startswith(f"{TRANSLATION}."):
                found[name.removeprefix(f"{TRANSLATION}.")] = str(value)
        return found


@dataclass(frozen=True, slots=True)
class DocumentHit:
    """A document that answers a question by sentence.

    Attributes:
        score: Score of the document, from its best passages and its mean.
        confidence: Confidence of its best passage.
        passages: Its best sentences, best first.
    """

    rank: int
    score: float
    confidence: float | None
    document_id: str
    document: str
    metadata: Mapping[str, Value]
    passages: tuple[SentenceHit, ...]


@dataclass(frozen=True, slots=True)
class OccurrenceHit(SentenceHit):
    """An occurrence that answers a query by word in context. `sentence[start:end] == token`.

    For a target of several words, `token` is the whole span, `position` that of its first token, and `occurrence_id`
    that of its first stored word. In a hit of a pattern, it is 0 if none of the words has a vector.

    Attributes:
        confidence: Probability that the sense is the same. None if the collection has no calibration.
        position: Number of the token in its sentence, from 0.
        start: Offset of the token in the sentence, in characters.
        end: Offset after its last character.
        pos: Universal part of speech, such as `NOUN`. Empty if it is unknown. Those of several words have spaces
            between them.
        tag: Tag of a finer set, such as `NNS`, in the same way.
        annotations: What each author says about the line, in the order of their names.
    """

    token: str
    lemma: str
    position: int
    start: int
    end: int
    occurrence_id: int
    pos: str = ""
    tag: str = ""
    annotations: tuple[Annotation, ...] = ()


Hit = TypeVar("Hit", bound=SentenceHit | DocumentHit)


class HitList(list[Hit], Records, Generic[Hit]):
    """Hits, best first. A notebook shows them as a concordance, and a terminal as a table.

    Attributes:
        match: The match used, which may differ from the one requested.
        notice: A remark for the user, such as why another match was used. None if no remark is needed.
        verdict: A statement that no hit, or perhaps none, has the sense of the query. It never says more than the
            confidences of the hits. None if there is no reason to say so.
        total: Number of hits that there would be without the limit k. None if it is unknown.
    """

    def __init__(
        self,
        hits: Iterable[Hit] = (),
        match: Match = Match.SENTENCE,
        notice: str | None = None,
        verdict: str | None = None,
        total: int | None = None,
    ) -> None:
        super().__init__(hits)
        self.total = total
        self.match = match
        self.notice = notice
        self.verdict = verdict

    def to_dicts(self) -> list[dict[str, object]]:
        """Return one dictionary for each hit, with the hit's fields in their order. Metadata is a nested dictionary."""
        return [hit_to_dict(hit) for hit in self]

    def column_types(self) -> Mapping[str, type]:
        """Return the types of the hits' own fields. An empty list has the fields that its match would have."""
        if self and isinstance(self[0], DocumentHit):
            return _column_types(DocumentHit)
        return _column_types(OccurrenceHit if self._is_kwic else SentenceHit)

    def __repr__(self) -> str:
        """Return the first hits as a table for a terminal, with the notice and the verdict of the list."""
        shown = self[:SHOWN]
        if self._is_kwic:
            names, right = ["#", "score", "left", "node", "right", "document"], ["#", "score", "left"]
            rows: list[tuple[object, ...]] = []
            for hit in shown:
                assert isinstance(hit, OccurrenceHit)
                line = concordance_line(hit, WIDTH)
                rows.append((hit.rank, hit.score, line.left, f"[{line.node}]", line.right, _cut(hit.document)))
        else:
            names, right = ["#", "score", "sentence", "document"], ["#", "score"]
            rows = [(hit.rank, hit.score, _cut(_text_of(hit), 3 * WIDTH), _cut(hit.document)) for hit in shown]
        remarks = [self._caption, *self._remarks]
        if len(self) > SHOWN:
            remarks.append(f"The first {SHOWN} are shown.")
        return "\n".join([*remarks, table(names, rows, right=right).rstrip("\n")] if self else remarks)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(type(self).__name__ if cycle else repr(self))

    def _repr_html_(self) -> str:
        """Return the first hits as a concordance, or a table of sentences, for a notebook."""
        return lines_table(self._caption, [_line(hit) for hit in self], self._is_kwic, self._remarks)

    @property
    def _is_kwic(self) -> bool:
        return all(isinstance(hit, OccurrenceHit) for hit in self) if self else self.match is not Match.SENTENCE

    @property
    def _caption(self) -> str:
        what = "document" if self and isinstance(self[0], DocumentHit) else "hit"
        return f"{len(self):,} {what}{'' if len(self) == 1 else 's'}"

    @property
    def _remarks(self) -> list[str]:
        return [f"{text[:1].upper()}{text[1:]}." for text in (self.notice, self.verdict) if text]


SHOWN = 20
"""Maximum number of hits that a terminal shows."""
WIDTH = 40
"""Number of characters on each side of the node on a terminal."""
_PLAIN = {"int": int, "str": str, "float": float, "float | None": float}
"""Annotations of the fields of hits, and the types of their columns."""


def _column_types(kind: type[SentenceHit] | type[DocumentHit]) -> dict[str, type]:
    """Return the types of the columns of a kind of hit, in the order of `hit_to_dict`."""
    left_out = (*(OF_SENTENCES if kind is OccurrenceHit else ()), "metadata", "annotations")
    own = {each.name: _PLAIN.get(str(each.type), list) for each in fields(kind) if each.name not in left_out}
    said = annotation_lists(()) if kind is OccurrenceHit else {}
    return own | {f"annotations.{name}": list for name in said}


def _text_of(hit: SentenceHit | DocumentHit) -> str:
    """Return the sentence of a hit, or the best sentence of a document."""
    if isinstance(hit, DocumentHit):
        return hit.passages[0].sentence if hit.passages else ""
    return hit.sentence


def _line(hit: SentenceHit | DocumentHit) -> Line:
    """Return a hit as a line of a table in a notebook."""
    left = right = ""
    node = " ".join(_text_of(hit).split())
    if isinstance(hit, OccurrenceHit):
        line = concordance_line(hit)
        left, node, right = line.left, line.node, line.right
    score = f"{hit.score:.3f}" + ("" if hit.confidence is None else f" ({hit.confidence:.0%})")
    notes: list[str] = []
    if isinstance(hit, DocumentHit):
        notes = [passage.sentence for passage in hit.passages[1:]]
    else:
        notes = [f"{language}: {text}" if language else text for language, text in hit.translations.items()]
    metadata = {name: value for name, value in hit.metadata.items() if not is_translation(name)}
    return Line(hit.rank, score, left, node, right, hit.document, metadata, notes)


def _cut(text: str, longest: int = WIDTH) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


OF_SENTENCES = ("meetings", "alike", "before", "after")
"""Fields that only hits by sentence have."""


def annotation_lists(annotations: Iterable[Annotation]) -> dict[str, list[str]]:
    """Return what the authors say about a line as one list for each field, in the order of the authors.

    In a table each list is a column, such as `annotations.sense`.
    """
    said = list(annotations)
    return {each.name: [getattr(one, each.name) for one in said] for each in fields(Annotation)}


def hit_to_dict(hit: SentenceHit | DocumentHit) -> dict[str, object]:
    """Return a hit's fields as plain values, in their order. Meetings and passages are lists of dictionaries."""
    left_out = OF_SENTENCES if isinstance(hit, OccurrenceHit) else ()
    found = {each.name: getattr(hit, each.name) for each in fields(hit) if each.name not in left_out}
    if isinstance(hit, DocumentHit):
        found["passages"] = [hit_to_dict(each) for each in hit.passages]
    elif isinstance(hit, OccurrenceHit):
        found["annotations"] = annotation_lists(hit.annotations)
    else:
        found |= {"meetings": [asdict(each) for each in hit.meetings], "alike": list(hit.alike)}
    return found | {"metadata": dict(hit.metadata)}
