"""Make the entry of a word: its senses with definitions, shares, examples, collocates and counts over time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from ...indexer.collection.judgements import JudgedSense
from ..citation import Citation
from ..context import View
from ..hits import OccurrenceHit
from ..senses.inventory import SenseInventory
from ..senses.timeline import Timeline
from .examples import Example

MOST_COLLOCATES = 8
"""Maximum number of collocates of a sense."""


@dataclass(frozen=True, slots=True)
class EntryExample:
    """An example of a sense: a sentence with the offsets of the word, and where it is from."""

    sentence: str
    start: int
    end: int
    document: str
    document_id: str
    date: str
    occurrence_id: int


@dataclass(frozen=True, slots=True)
class EntrySense:
    """A sense of an entry.

    Attributes:
        number: Number from 1, the largest first.
        name: Name that a person gave it, else its first labels, else empty.
        pos: Most frequent part of speech of its lines. Empty if the collection has none.
        is_judged: Whether a person has made it.
        judged: Number of lines that people have given this sense.
        size, share: Number of lines, and share of all lines of the word.
        counts: Number of lines in each period of the entry.
    """

    number: int
    name: str
    is_judged: bool
    definition: str
    judged: int
    size: int
    share: float
    examples: tuple[EntryExample, ...]
    collocates: tuple[str, ...]
    counts: tuple[int, ...]
    pos: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry of a word.

    Attributes:
        pos: Part of speech of most of its lines, or empty. Its senses may have others.
        lines: Number of lines.
        unassigned: Number of lines that fit no sense.
        field: Metadata field of the dates. Empty if documents have none.
        periods: First and last year of each period. Empty if no line has a date.
        citation: One line that says what the entry was made from.
    """

    word: str
    language: str
    pos: str
    lines: int
    unassigned: int
    field: str
    periods: tuple[tuple[int, int], ...]
    senses: tuple[EntrySense, ...]
    citation: str


def make_entry(
    view: View,
    inventory: SenseInventory,
    judged: tuple[JudgedSense, ...],
    examples: Mapping[int, list[Example]],
    timeline: Timeline | None,
    cited: Citation,
) -> Entry:
    """Put an entry together. See `Searcher.entry`.

    Args:
        timeline: The senses over time. None if documents have no dates.
    """
    field, periods = ("", ()) if timeline is None else (timeline.field, timeline.periods)
    edited = {sense.name: sense for sense in judged}
    senses = []
    for sense in inventory.senses:
        person = edited.get(sense.name or "")
        labels = ", ".join(label.lemma for label in sense.labels[:3])
        senses.append(
            EntrySense(
                sense.number,
                sense.name or labels,
                sense.name is not None,
                person.definition if person else "",
                len(person.lines) if person else 0,
                sense.size,
                sense.share,
                tuple(_example(one.hit, field) for one in examples.get(sense.number, ())),
                tuple(word.lemma for word in sense.collocates[:MOST_COLLOCATES]),
                tuple(period.counts[sense.number - 1] for period in periods),
                sense.pos,
            )
        )
    parts = Counter[str]()
    for each in senses:
        parts[each.pos] += each.size
    return Entry(
        inventory.word,
        view.settings.language,
        max(sorted(parts), key=parts.__getitem__, default=""),
        len(inventory.assignments),
        sum(number is None for number in inventory.assignments.values()),
        field,
        tuple((period.start, period.end) for period in periods),
        tuple(senses),
        str(cited),
    )


def _example(hit: OccurrenceHit, field: str) -> EntryExample:
    date = str(hit.metadata.get(field, ""))
    return EntryExample(hit.sentence, hit.start, hit.end, hit.document, hit.document_id, date, hit.occurrence_id)
