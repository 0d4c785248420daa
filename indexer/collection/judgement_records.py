"""The records of annotations of lines, the tables that hold them, and what their stored values may be."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from enum import StrEnum

from .schema import State

LONGEST_AUTHOR = 100
"""Maximum length of the name of an author, in characters."""
LONGEST_NOTE = 10_000
"""Maximum length of a note and of the definition of a sense, in characters."""
LONGEST_SHORT = 100
"""Maximum length of a label and of the name of a sense, in characters."""
LONGEST_VALUE = 16 * 2**20
"""Maximum length of a named sense in the log, in characters."""
LONGEST_CONTEXT = 120
"""Number of characters on each side of the node that are kept, to show a line that is lost."""
MOST_ROWS = 2_000_000
"""Maximum number of rows of the log that one question reads. A stranger's collection may have any number."""
NAMED_SENSE = "named sense "
"""Start of the field that logs a change to a named sense. Its name follows."""
SEPARATOR = "\N{UNIT SEPARATOR}"


class Mark(StrEnum):
    """A mark of a line: has the sense, does not have it, a bad example, a good example."""

    PLUS = "+"
    MINUS = "-"
    BAD = "bad"
    GOOD = "good"


class Field(StrEnum):
    """What can be said about a line."""

    SENSE = "sense"
    LABEL = "label"
    MARK = "mark"
    NOTE = "note"


class Action(StrEnum):
    """What an event of the log has done."""

    DO = "do"
    UNDO = "undo"
    REDO = "redo"


NAME, WORD, DEFINITION, MERGED = "name", "word", "definition", "merged"
"""Fields of an edited sense. `merged` is the number of the sense that has taken its lines."""
SENSE_FIELDS = (NAME, WORD, DEFINITION, MERGED)


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one author says about a line at present. A text that was not given is empty.

    Attributes:
        time: Time of the last judgement, in UTC, such as `2026-01-31T09:30:00+00:00`.
        sense: Name of the sense.
    """

    author: str
    time: str
    sense: str = ""
    label: str = ""
    mark: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """A line that was judged.

    Attributes:
        number: Its number in the log.
        occurrence_id: Its occurrence, or None if the line is lost.
        document_id: The document that had it.
        left, node, right: Its text when it was judged, at most 120 characters on each side.
        annotations: What each author says, in the order of the names.
    """

    number: int
    occurrence_id: int | None
    document_id: str
    lemma: str
    left: str
    node: str
    right: str
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True, slots=True)
class JudgedSense:
    """A sense that people have made by judging lines.

    Attributes:
        number: Its number in the log.
        word: Lemma of its lines.
        lines: Ids of the occurrences that have it, ascending. Of several authors, the last judgement of a line counts.
    """

    number: int
    word: str
    name: str
    definition: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One action of an author: judgements, an edit of senses, or an undo or redo of an earlier one.

    Attributes:
        target: Number of the event that was undone or done again. None for other actions.
        lines: Number of lines that it judged.
        fields: What it changed, such as `sense` or `definition`.
    """

    number: int
    author: str
    time: str
    action: Action
    target: int | None
    lines: int
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A row to add to the log: the new value of a field of a line, of a sense or of the collection. None removes it."""

    field: str
    value: str | None
    line: int | None = None
    sense: int | None = None


FOUND = (
    "judged_lines l JOIN occurrences o ON o.id = l.occurrence JOIN sentences s ON s.id = o.sentence"
    f" JOIN documents d ON d.id = s.document AND d.state = {int(State.LIVE)} AND d.document_id = l.document"
)
"""The lines whose occurrence is in the collection."""


TABLES = {
    "judged_lines": "id, document, start, sentence, length, place, form, lemma, context, occurrence",
    "judgement_events": "id, author, time, action, target",
    "judgements": "id, event, line, sense, field, value",
}
"""The columns of each table."""
_INTEGERS = frozenset({"id", "start", "length", "place", "occurrence", "target", "event", "line", "sense"})
"""Columns with integers that are not negative. The others have text."""
_NULLABLE = frozenset({"occurrence", "target", "line", "sense", "value"})


def sound_sql(table: str) -> str:
    """Return SQL for whether the values of a row have the types that this program writes."""
    tests = []
    for column in TABLES[table].split(", "):
        is_right = (
            f"typeof({column}) = 'integer' AND {column} >= 0" if column in _INTEGERS else f"typeof({column}) = 'text'"
        )
        tests.append(f"({is_right} OR {column} IS NULL)" if column in _NULLABLE else is_right)
    return f"({' AND '.join(tests)})"


def has_judgements(db: sqlite3.Connection) -> bool:
    """Return whether a collection has the tables of judgements."""
    return db.execute("SELECT 1 FROM sqlite_master WHERE name = 'judged_lines'").fetchone() is not None


def log_length(db: sqlite3.Connection) -> int:
    """Return the number of the last row of the log. It grows with each change of a judgement."""
    if not has_judgements(db):
        return 0
    (number,) = db.execute("SELECT coalesce(max(id), 0) FROM judgements").fetchone()
    return number_in(number)


def text_in(value: object, longest: int) -> str:
    """Return a stored text.

    Raises:
        ValueError: The value is damaged.
    """
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError("a judgement has a text that it cannot have")
    return value


def number_in(value: object) -> int:
    """Return a stored number that is not negative.

    Raises:
        ValueError: The value is damaged.
    """
    if not isinstance(value, int) or value < 0:
        raise ValueError("a judgement has a number that it cannot have")
    return value


def short_sql(column: str, longest: int) -> str:
    """Return SQL for a text of a row, cut to what it may have and one character more, so that damage is seen."""
    return f"substr({column}, 1, {longest + 1})"


def longest_of(field: str) -> int:
    """Return the maximum length of the value of a field, in characters."""
    if field.startswith(NAMED_SENSE):
        return LONGEST_VALUE
    return LONGEST_NOTE if field in (Field.NOTE, DEFINITION) else LONGEST_SHORT
