"""The annotations of lines: what people have judged about occurrences. All SQL and checks of their three tables.

`judgements` is a log. Rows are added and never changed, so nothing that was judged is lost. The present state is the
last row of each line, author and field. To undo an event, a new one adds the earlier values again.

A line is anchored by its document, the text of its sentence and its place in it (`judged_lines`). `occurrence` is only
the place where the line was found last. `relocate` finds it again after its document was indexed again.

A collection of an earlier version has no such tables until it is next opened for writing.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from ..errors import QueryError
from .findings import Findings
from .schema import State, in_batches

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
_SENSE_FIELDS = (NAME, WORD, DEFINITION, MERGED)


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


_FOUND = (
    "judged_lines l JOIN occurrences o ON o.id = l.occurrence JOIN sentences s ON s.id = o.sentence"
    f" JOIN documents d ON d.id = s.document AND d.state = {int(State.LIVE)} AND d.document_id = l.document"
)
"""The lines whose occurrence is in the collection."""


_TABLES = {
    "judged_lines": "id, document, start, sentence, length, place, form, lemma, context, occurrence",
    "judgement_events": "id, author, time, action, target",
    "judgements": "id, event, line, sense, field, value",
}
"""The columns of each table."""
_INTEGERS = frozenset({"id", "start", "length", "place", "occurrence", "target", "event", "line", "sense"})
"""Columns with integers that are not negative. The others have text."""
_NULLABLE = frozenset({"occurrence", "target", "line", "sense", "value"})


def _sound(table: str) -> str:
    """Return SQL for whether the values of a row have the types that this program writes."""
    tests = []
    for column in _TABLES[table].split(", "):
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
    return _number(number)


# What stored values may be


def _text(value: object, longest: int) -> str:
    """Return a stored text.

    Raises:
        ValueError: The value is damaged.
    """
    if not isinstance(value, str) or len(value) > longest:
        raise ValueError("a judgement has a text that it cannot have")
    return value


def _number(value: object) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError("a judgement has a number that it cannot have")
    return value


def _short(column: str, longest: int) -> str:
    """Return SQL for a text of a row, cut to what it may have and one character more, so that damage is seen."""
    return f"substr({column}, 1, {longest + 1})"


def _longest(field: str) -> int:
    if field.startswith(NAMED_SENSE):
        return LONGEST_VALUE
    return LONGEST_NOTE if field in (Field.NOTE, DEFINITION) else LONGEST_SHORT


# The present state


def annotations_of(db: sqlite3.Connection, occurrences: Sequence[int]) -> dict[int, tuple[Annotation, ...]]:
    """Return what people say about some occurrences. Those without an annotation are left out.

    Raises:
        ValueError: A row is damaged.
    """
    if not has_judgements(db):
        return {}
    lines = {
        _number(line): _number(key)
        for key, line in in_batches(db, f"SELECT o.id, l.id FROM {_FOUND} WHERE o.id IN ({{}})", occurrences)
    }
    found = _annotations(db, list(lines)) if lines else {}
    return {lines[line]: said for line, said in found.items() if said}


def _annotations(db: sqlite3.Connection, lines: Sequence[int] | None) -> dict[int, tuple[Annotation, ...]]:
    """Return what people say about lines, by number. None for all lines.

    Raises:
        ValueError: A row is damaged.
    """
    values: dict[tuple[int, str], dict[str, str]] = {}
    times: dict[tuple[int, str], str] = {}
    names: dict[int, str] | None = None
    for line, author, time, field, value, _ in _last_values(db, lines):
        key = line, author
        times[key] = max(times.get(key, ""), time)
        if value is None:
            continue
        if field == Field.SENSE:
            names = _names(db) if names is None else names
            value = names.get(int(value), "")
        values.setdefault(key, {})[field] = value
    found: dict[int, list[Annotation]] = {}
    for line, author in sorted(times):
        said = values.get((line, author), {})
        if any(said.values()):
            found.setdefault(line, []).append(Annotation(author, times[line, author], **said))
    return {line: tuple(said) for line, said in found.items()}


def _names(db: sqlite3.Connection) -> dict[int, str]:
    """Return the name that the lines of each sense have now."""
    senses = sense_fields(db)
    return {number: senses.get(now, {}).get(NAME, "") for number, now in present_senses(senses).items()}


_Last = tuple[int, str, str, str, str | None, int]


def _last_values(db: sqlite3.Connection, lines: Sequence[int] | None, field: str | None = None) -> Iterator[_Last]:
    """Yield the last row of the log for each line, author and field: these, time, value and number of the row.

    Args:
        lines: Numbers of the lines. None for all.
        field: The only field to read. None for all.

    Raises:
        ValueError: A row is damaged.
    """
    author, time, value = _short("e.author", LONGEST_AUTHOR), _short("e.time", 40), _short("j.value", LONGEST_NOTE)
    sql = (
        f"SELECT j.line, {author}, {time}, {_short('j.field', 40)}, {value}, max(j.id) FROM judgements j"
        " JOIN judgement_events e ON e.id = j.event WHERE {}"
        f" GROUP BY j.line, e.author, j.field LIMIT {MOST_ROWS}"
    )
    if lines is None:
        rows: Iterable[Sequence[object]] = db.execute(sql.format("j.line IS NOT NULL"))
    else:
        rows = in_batches(db, sql.replace("{}", "j.line IN ({})"), lines)
    for line, by, when, name, stored, last in rows:
        kind = Field(_text(name, 40))
        if field is not None and kind != field:
            continue
        said = None if stored is None else _text(stored, _longest(kind))
        if said is not None and kind is Field.SENSE and not (said.isdecimal() and len(said) < 16):
            raise ValueError("a judgement has a sense that is not a number")
        yield _number(line), _text(by, LONGEST_AUTHOR), _text(when, 40), kind, said, _number(last)


def sense_fields(db: sqlite3.Connection) -> dict[int, dict[str, str]]:
    """Return the fields of every edited sense, by its number. A sense without a name was removed, or its making undone.

    Raises:
        ValueError: A row is damaged.
    """
    sql = (
        f"SELECT sense, {_short('field', 40)}, {_short('value', LONGEST_NOTE)}, max(id) FROM judgements"
        f" WHERE sense IS NOT NULL GROUP BY sense, field LIMIT {MOST_ROWS}"
    )
    found: dict[int, dict[str, str]] = {}
    for sense, field, value, _ in db.execute(sql) if has_judgements(db) else ():
        name = _text(field, 40)
        fields = found.setdefault(_number(sense), {})
        if name not in _SENSE_FIELDS:
            raise ValueError(f"an edited sense has the field {name!r}")
        if value is None:
            continue
        fields[name] = _text(value, _longest(name))
        if name == MERGED and not (fields[name].isdecimal() and len(fields[name]) < 16):
            raise ValueError("an edited sense is merged into something that is not a number")
    return found


def present_senses(senses: Mapping[int, Mapping[str, str]]) -> dict[int, int]:
    """Return the number of the sense that has the lines of each sense now: itself, or the one it was merged into.

    Senses of a word that have the same name are the first of them. An undo can give a sense back a name that another
    one has meanwhile. Of senses that are merged in a circle, the first one has the lines.
    """
    ends: dict[int, int] = {}
    for number in senses:
        path: dict[int, None] = {}
        while number not in ends and number not in path and MERGED in senses.get(number, {}):
            path[number] = None
            number = int(senses[number][MERGED])
        end = min(list(path)[list(path).index(number) :]) if number in path else ends.get(number, number)
        ends |= dict.fromkeys([*path, end], end)
    first: dict[tuple[str | None, str], int] = {}
    for number in sorted(set(ends.values())):
        fields = senses.get(number, {})
        if NAME in fields:
            ends[number] = first.setdefault((fields.get(WORD), fields[NAME]), number)
    return {number: ends[end] for number, end in ends.items()}


def read_senses(db: sqlite3.Connection, word: str | None = None, author: str | None = None) -> list[JudgedSense]:
    """Return the edited senses of a lemma, in the order in which they were made.

    Args:
        word: The lemma. None for those of all words.
        author: The only author whose judgements of lines count. None for all, of whom the last one counts.

    Raises:
        ValueError: A row is damaged.
    """
    senses = sense_fields(db)
    now = present_senses(senses)
    kept = {
        number: fields
        for number, fields in senses.items()
        if fields.get(NAME) and now[number] == number and word in (None, fields.get(WORD))
    }
    if not kept:
        return []
    inside: dict[int, list[int]] = {number: [] for number in kept}
    for line, number in _sense_of_lines(db, author).items():
        if (into := now.get(number)) in inside:
            inside[into].append(line)
    places = _places(db, [line for lines in inside.values() for line in lines])
    return [
        JudgedSense(
            number,
            fields.get(WORD, ""),
            fields[NAME],
            fields.get(DEFINITION, ""),
            tuple(sorted(places[line] for line in inside[number] if line in places)),
        )
        for number, fields in sorted(kept.items())
    ]


def _sense_of_lines(db: sqlite3.Connection, author: str | None) -> dict[int, int]:
    """Return the number of the sense of each line, before merges. Of several authors, the last judgement counts."""
    newest: dict[int, tuple[int, int]] = {}
    for line, by, _, _, value, last in _last_values(db, None, Field.SENSE):
        if value is not None and author in (None, by) and last > newest.get(line, (-1, 0))[0]:
            newest[line] = last, int(value)
    return {line: number for line, (_, number) in newest.items()}


def _places(db: sqlite3.Connection, lines: Sequence[int]) -> dict[int, int]:
    """Return the occurrence of each line that is not lost."""
    rows = in_batches(db, f"SELECT l.id, o.id FROM {_FOUND} WHERE l.id IN ({{}})", lines)
    return {_number(line): _number(key) for line, key in rows}


def read_lines(
    db: sqlite3.Connection, word: str | None = None, occurrences: Sequence[int] | None = None
) -> list[JudgedLine]:
    """Return the lines that have an annotation, also those that are lost, in the order of documents.

    Args:
        word: The only lemma to read. None for all words.
        occurrences: The only occurrences to read. None for all.

    Raises:
        ValueError: A row is damaged.
    """
    if not has_judgements(db):
        return []
    parts = ", ".join(
        [_short("document", 10_000), _short("lemma", 1000), _short("context", 3 * LONGEST_CONTEXT + 1000)]
    )
    sql = f"SELECT id, {parts} FROM judged_lines"
    if occurrences is not None:
        keys = list(dict.fromkeys(occurrences))
        numbers = [line for (line,) in in_batches(db, f"SELECT l.id FROM {_FOUND} WHERE o.id IN ({{}})", keys)]
        rows = list(in_batches(db, f"{sql} WHERE id IN ({{}})", numbers))
    elif word is not None:
        rows = db.execute(f"{sql} WHERE lemma = ? LIMIT {MOST_ROWS}", (word,)).fetchall()
    else:
        rows = db.execute(f"{sql} LIMIT {MOST_ROWS}").fetchall()
    numbers = [_number(row[0]) for row in rows]
    said = _annotations(db, numbers)
    places = _places(db, numbers)
    found = []
    for number, document, lemma, context in rows:
        if number not in said:
            continue
        sides = _text(context, 3 * LONGEST_CONTEXT + 1000).split(SEPARATOR)
        if len(sides) != 3:
            raise ValueError("a judged line has a damaged context")
        left, node, right = sides
        name, form = _text(document, 10_000), _text(lemma, 1000)
        found.append(JudgedLine(number, places.get(number), name, form, left, node, right, said[number]))
    return sorted(found, key=lambda line: (line.document_id, line.occurrence_id or 0, line.number))


def occurrences_with(db: sqlite3.Connection, fits: Callable[[Annotation], bool]) -> list[int]:
    """Return the occurrences with an annotation that fits, ascending.

    Raises:
        ValueError: A row is damaged.
    """
    if not has_judgements(db):
        return []
    wanted = [line for line, said in _annotations(db, None).items() if any(map(fits, said))]
    return sorted(_places(db, wanted).values())


def sense_ratings(db: sqlite3.Connection, word: str) -> dict[tuple[int, str], int]:
    """Return (line, author) -> number of the sense, for all judged lines of a lemma.

    Raises:
        ValueError: A row is damaged.
    """
    if not has_judgements(db):
        return {}
    now = present_senses(sense_fields(db))
    lines = [line for (line,) in db.execute(f"SELECT id FROM judged_lines WHERE lemma = ? LIMIT {MOST_ROWS}", (word,))]
    return {
        (line, author): now.get(int(value), int(value))
        for line, author, _, _, value, _ in _last_values(db, lines, Field.SENSE)
        if value is not None
    }


# The log


def add_event(
    db: sqlite3.Connection,
    author: str,
    changes: Sequence[Change],
    action: Action = Action.DO,
    target: int | None = None,
) -> int:
    """Add an event to the log, and return its number. The caller owns the transaction."""
    time = datetime.now(UTC).isoformat(timespec="seconds")
    event = db.execute(
        "INSERT INTO judgement_events (author, time, action, target) VALUES (?, ?, ?, ?)",
        (author, time, action, target),
    ).lastrowid
    assert event is not None
    db.executemany(
        "INSERT INTO judgements (event, line, sense, field, value) VALUES (?, ?, ?, ?, ?)",
        ((event, each.line, each.sense, each.field, each.value) for each in changes),
    )
    return event


def new_sense(db: sqlite3.Connection) -> int:
    """Return a number for a new sense, which was never used. The caller owns the transaction."""
    (number,) = db.execute("SELECT coalesce(max(sense), 0) + 1 FROM judgements").fetchone()
    return _number(number)


def values_of(db: sqlite3.Connection, author: str, lines: Sequence[int]) -> dict[tuple[int, str], str | None]:
    """Return (line, field) -> value, of one author's present judgements of some lines.

    Raises:
        ValueError: A row is damaged.
    """
    return {(line, field): value for line, by, _, field, value, _ in _last_values(db, lines) if by == author}


def undo(db: sqlite3.Connection, author: str) -> int | None:
    """Undo the last event of an author that is not undone, by adding the earlier values.

    The caller owns the transaction. Senses are shared. What another author has changed since stays.

    Returns:
        Number of the new event. None if there is nothing to undo.

    Raises:
        ValueError: A row is damaged.
    """
    done, _ = _stacks(db, author)
    if not done:
        return None
    event = done[-1]
    changes = []
    for change in _changes(db, event):
        if change.line is None and _last_event(db, change) not in (event, None):
            continue
        changes.append(Change(change.field, _value_before(db, change, author, event), change.line, change.sense))
    _apply(db, changes)
    return add_event(db, author, changes, Action.UNDO, event)


def redo(db: sqlite3.Connection, author: str) -> int | None:
    """Do the last undone event of an author again. The caller owns the transaction.

    Returns:
        Number of the new event. None if nothing was undone, or if the author has judged something since.

    Raises:
        ValueError: A row is damaged.
    """
    _, undone = _stacks(db, author)
    if not undone:
        return None
    changes = _changes(db, undone[-1])
    _apply(db, changes)
    return add_event(db, author, changes, Action.REDO, undone[-1])


def _stacks(db: sqlite3.Connection, author: str) -> tuple[list[int], list[int]]:
    """Return the events of an author that can be undone and those that can be done again, the next one last."""
    if not has_judgements(db):
        return [], []
    done: list[int] = []
    undone: list[int] = []
    sql = "SELECT id, action, target FROM judgement_events WHERE author = ? ORDER BY id"
    for key, action, target in db.execute(sql, (author,)):
        match Action(_text(action, 10)):
            case Action.DO:
                done.append(_number(key))
                undone.clear()
            case Action.UNDO if done and done[-1] == target:
                undone.append(done.pop())
            case Action.REDO if undone and undone[-1] == target:
                done.append(undone.pop())
            case other:
                raise ValueError(f"an event {other} has a target that it cannot have")
    return done, undone


def _changes(db: sqlite3.Connection, event: int) -> list[Change]:
    """Return the rows of an event, in their order."""
    sql = f"SELECT field, {_short('value', LONGEST_VALUE)}, line, sense FROM judgements WHERE event = ? ORDER BY id"
    return [
        Change(name := _text(field, 200), None if value is None else _text(value, _longest(name)), line, sense)
        for field, value, line, sense in db.execute(sql, (event,))
    ]


def _about(change: Change) -> tuple[str, list[object]]:
    """Return SQL for the rows of the log that are about the same field as a change, and its parameters."""
    if change.line is not None:
        return "j.line = ? AND j.field = ?", [change.line, change.field]
    if change.sense is not None:
        return "j.sense = ? AND j.field = ?", [change.sense, change.field]
    return "j.line IS NULL AND j.sense IS NULL AND j.field = ?", [change.field]


def _last_event(db: sqlite3.Connection, change: Change) -> int | None:
    """Return the event that has last changed what a change is about. Undone events and their undoing do not count."""
    about, parameters = _about(change)
    sql = (
        "SELECT e.id, e.action, e.target FROM judgements j JOIN judgement_events e ON e.id = j.event"
        f" WHERE {about} ORDER BY j.id DESC"
    )
    skipped: set[int] = set()
    for key, action, target in db.execute(sql, parameters):
        if action == Action.UNDO:
            skipped.add(_number(target))
        elif action == Action.REDO:
            if target not in skipped:
                return _number(target)
            skipped.discard(target)
        elif key not in skipped:
            return _number(key)
        else:
            skipped.discard(key)
    return None


def _value_before(db: sqlite3.Connection, change: Change, author: str, event: int) -> str | None:
    """Return the value that a field had before an event, of this author for a line, of all authors for a sense."""
    about, parameters = _about(change)
    by = " AND e.author = ?" if change.line is not None else ""
    sql = (
        f"SELECT {_short('j.value', LONGEST_VALUE)} FROM judgements j JOIN judgement_events e ON e.id = j.event"
        f" WHERE {about} AND j.event < ?{by} ORDER BY j.id DESC LIMIT 1"
    )
    row = db.execute(sql, [*parameters, event, author] if by else [*parameters, event]).fetchone()
    return None if row is None or row[0] is None else _text(row[0], LONGEST_VALUE)


def _apply(db: sqlite3.Connection, changes: Iterable[Change]) -> None:
    """Bring the named senses of the collection to the values of changes. Other fields have no place but the log."""
    for change in changes:
        if change.field.startswith(NAMED_SENSE):
            _store_named_sense(db, change.field.removeprefix(NAMED_SENSE), change.value)


def _store_named_sense(db: sqlite3.Connection, name: str, data: str | None) -> None:
    if data is None:
        db.execute("DELETE FROM prototypes WHERE name = ?", (name,))
    else:
        db.execute("INSERT OR REPLACE INTO prototypes (name, data) VALUES (?, ?)", (name, data))


def change_named_sense(db: sqlite3.Connection, author: str, name: str, data: str | None) -> bool:
    """Store or remove a named sense and log it, so that it can be undone. The caller owns the transaction.

    Args:
        data: The sense as JSON. None to remove it.

    Returns:
        Whether there was one of this name.
    """
    row = db.execute("SELECT value FROM (SELECT data AS value FROM prototypes WHERE name = ?)", (name,)).fetchone()
    before = None if row is None else str(row[0])
    if before is None and data is None:
        return False
    field = NAMED_SENSE + name
    logged = db.execute(
        "SELECT value FROM judgements WHERE field = ? AND line IS NULL ORDER BY id DESC LIMIT 1", (field,)
    ).fetchone()
    first = [] if (logged[0] if logged else None) == before else [Change(field, before)]
    if first:  # it was made before the log began, or by an earlier version
        add_event(db, "", first)
    _store_named_sense(db, name, data)
    add_event(db, author, [Change(field, data)])
    return before is not None


def read_event(db: sqlite3.Connection, number: int) -> Event:
    """Return an event of the log.

    Raises:
        ValueError: A row is damaged.
    """
    (found,) = read_events(db, None, 1, number)
    return found


def read_events(db: sqlite3.Connection, author: str | None, k: int, number: int | None = None) -> list[Event]:
    """Return the last k events of the log, the last one first.

    Args:
        author: The only author. None for all.
        number: The only event. None for all.

    Raises:
        ValueError: A row is damaged.
    """
    if not has_judgements(db):
        return []
    sql = (
        f"SELECT id, {_short('author', LONGEST_AUTHOR)}, {_short('time', 40)}, action, target FROM judgement_events"
        " WHERE (? IS NULL OR author = ?) AND (? IS NULL OR id = ?) ORDER BY id DESC LIMIT ?"
    )
    found = []
    for key, by, time, action, target in db.execute(sql, (author, author, number, number, k)).fetchall():
        what = "SELECT DISTINCT substr(field, 1, 200) FROM judgements WHERE event = ? ORDER BY 1 LIMIT 20"
        fields = tuple(_text(field, 200) for (field,) in db.execute(what, (key,)))
        (lines,) = db.execute("SELECT count(DISTINCT line) FROM judgements WHERE event = ?", (key,)).fetchone()
        kind, undone = Action(_text(action, 10)), None if target is None else _number(target)
        found.append(Event(key, _text(by, LONGEST_AUTHOR), _text(time, 40), kind, undone, lines, fields))
    return found


# Lines and where they are


def line_numbers(db: sqlite3.Connection, occurrences: Sequence[int]) -> dict[int, int]:
    """Return the number of the line of each occurrence. Lines that are new get one. The caller owns the transaction.

    Raises:
        QueryError: An occurrence is not in the collection.
    """
    ids = list(dict.fromkeys(occurrences))
    sql = (
        'SELECT o.id, o.start, o."end", s.start, s."end", d.id, d.document_id, t.lemma FROM occurrences o'
        " JOIN sentences s ON s.id = o.sentence JOIN documents d ON d.id = s.document JOIN types t ON t.id = o.type"
        f" WHERE d.state = {int(State.LIVE)} AND o.id IN ({{}})"
    )
    rows = {row[0]: row[1:] for row in in_batches(db, sql, ids)}
    if missing := [key for key in ids if key not in rows]:
        raise QueryError(f"occurrence {missing[0]} is not in the collection; search again for its number")
    relocate(db, sorted({row[5] for row in rows.values()}))
    known = dict(in_batches(db, f"SELECT o.id, l.id FROM {_FOUND} WHERE o.id IN ({{}})", ids))
    texts: dict[int, str] = {}
    for key in sorted(set(ids) - set(known), key=lambda key: (rows[key][4], key)):
        start, end, first, last, document, name, lemma = rows[key]
        if document not in texts:
            texts = {document: db.execute("SELECT text FROM documents WHERE id = ?", (document,)).fetchone()[0]}
        sentence = texts[document][first:last]
        sides = sentence[:start][-LONGEST_CONTEXT:], sentence[start:end], sentence[end:][:LONGEST_CONTEXT]
        context = SEPARATOR.join(side.replace(SEPARATOR, " ") for side in sides)
        known[key] = _number(
            db.execute(
                "INSERT INTO judged_lines (document, start, sentence, length, place, form, lemma, context, occurrence)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (name, first + start, _digest(sentence), last - first, start, sides[1], lemma, context, key),
            ).lastrowid
        )
    return known


def _digest(sentence: str) -> str:
    return hashlib.sha256(sentence.encode("utf-8", "surrogatepass")).hexdigest()


def relocate(db: sqlite3.Connection, documents: Sequence[str] | None = None) -> None:
    """Find lines again whose documents were indexed again. The caller owns the transaction.

    A line is found by its document, the text of its sentence, its place in the sentence and its form. Of several equal
    sentences, the nearest one that has no other line counts. A line that is not found, or is damaged, stays as it was.

    Args:
        documents: Ids of the only documents to look at. None for all.
    """
    if not has_judgements(db):
        return
    # As bytes, since a text that is not UTF-8 would end the query.
    sql = (
        "SELECT CAST(document AS BLOB), id, start, CAST(sentence AS BLOB), length, place, CAST(form AS BLOB)"
        f" FROM judged_lines WHERE {{}} AND {_sound('judged_lines')}"
        f" AND NOT EXISTS (SELECT 1 FROM {_FOUND} WHERE l.id = judged_lines.id) ORDER BY document, id"
    )
    if documents is None:
        rows: Iterable[Sequence[object]] = db.execute(sql.format("1 = 1")).fetchall()
    else:
        rows = list(in_batches(db, sql.replace("{}", "document IN ({})"), documents))
    lost: dict[str, list[_Anchor]] = {}
    for row in rows:
        with suppress(UnicodeDecodeError):
            document, *anchor = (value.decode() if isinstance(value, bytes) else value for value in row)
            lost.setdefault(str(document), []).append(_Anchor(*anchor))  # type: ignore[arg-type]
    for document, anchors in lost.items():
        for line, occurrence in _found_again(db, document, anchors).items():
            db.execute("UPDATE judged_lines SET occurrence = ? WHERE id = ?", (occurrence, line))


@dataclass(frozen=True, slots=True)
class _Anchor:
    """Where a line was: start of its node in the document, and digest, length, place and form of it."""

    line: int
    start: int
    sentence: str
    length: int
    place: int
    form: str


def _found_again(db: sqlite3.Connection, document: str, anchors: Sequence[_Anchor]) -> dict[int, int]:
    """Return the occurrence of each line of a document that is found."""
    live = f"document_id = ? AND state = {int(State.LIVE)}"
    row = db.execute(f"SELECT id, text FROM documents WHERE {live}", (document,)).fetchone()
    if row is None:
        return {}
    key, text = row
    lengths, wanted = {each.length for each in anchors}, {each.sentence for each in anchors}
    places: dict[str, list[tuple[int, int]]] = {}
    for sentence, start, end in db.execute('SELECT id, start, "end" FROM sentences WHERE document = ?', (key,)):
        if end - start in lengths and (digest := _digest(text[start:end])) in wanted:
            places.setdefault(digest, []).append((sentence, start))
    used = {key for (key,) in db.execute(f"SELECT o.id FROM {_FOUND} WHERE l.document = ?", (document,))}
    pairs = sorted(
        (abs(start + each.place - each.start), each.line, sentence, each.place, len(each.form))
        for each in anchors
        for sentence, start in places.get(each.sentence, ())
    )
    found: dict[int, int] = {}
    for _, line, sentence, place, length in pairs:
        if line in found:
            continue
        sql = 'SELECT id FROM occurrences WHERE sentence = ? AND start = ? AND "end" = ?'
        row = db.execute(sql, (sentence, place, place + length)).fetchone()
        if row is not None and row[0] not in used:
            used.add(row[0])
            found[line] = row[0]
    return found


def copy_judgements(old: sqlite3.Connection, new: sqlite3.Connection) -> None:
    """Copy all judgements of a collection into one that was encoded again. The caller owns the transaction of `new`."""
    for table, columns in _TABLES.items():
        new.execute(f"DELETE FROM {table}")
        if has_judgements(old):
            marks = ", ".join("?" * len(columns.split(", ")))
            rows = old.execute(f"SELECT {columns} FROM {table} ORDER BY id")
            new.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
    new.execute("UPDATE judged_lines SET occurrence = NULL")
    relocate(new)


def check_judgements(db: sqlite3.Connection, findings: Findings) -> None:
    """Check the rows of all judgements, and that each belongs to an event and a line."""
    if not has_judgements(db):
        return
    with findings.reading("the annotations of lines"):
        read_lines(db)
        sense_fields(db)
        for (author,) in db.execute("SELECT DISTINCT author FROM judgement_events").fetchall():
            _stacks(db, author)
    for table in _TABLES:
        (damaged,) = db.execute(f"SELECT count(*) FROM {table} WHERE NOT {_sound(table)}").fetchone()
        if damaged:
            detail = f"{damaged} rows of the table {table} have values of the wrong type"
            findings.add("annotations of lines", detail, "restore the collection from a copy")
    for column, table in (("event", "judgement_events"), ("line", "judged_lines")):
        sql = f"SELECT count(*) FROM judgements WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT id FROM {table})"
        (stray,) = db.execute(sql).fetchone()
        if stray:
            detail = f"{stray} rows of the log of annotations have no {column}"
            findings.add("annotations of lines", detail, "restore the collection from a copy")
