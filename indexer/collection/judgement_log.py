"""The log of annotations: add an event, undo it and do it again, and read the last events.

Rows are added and never changed. To undo an event, a new one adds the earlier values again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from .judgement_records import (
    LONGEST_AUTHOR,
    LONGEST_VALUE,
    NAMED_SENSE,
    Action,
    Change,
    Event,
    has_judgements,
    longest_of,
    number_in,
    short_sql,
    text_in,
)


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
    return number_in(number)


def undo(db: sqlite3.Connection, author: str) -> int | None:
    """Undo the last event of an author that is not undone, by adding the earlier values.

    The caller owns the transaction. Senses are shared. What another author has changed since stays.

    Returns:
        Number of the new event. None if there is nothing to undo.

    Raises:
        ValueError: A row is damaged.
    """
    done, _ = stacks(db, author)
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
    _, undone = stacks(db, author)
    if not undone:
        return None
    changes = _changes(db, undone[-1])
    _apply(db, changes)
    return add_event(db, author, changes, Action.REDO, undone[-1])


def stacks(db: sqlite3.Connection, author: str) -> tuple[list[int], list[int]]:
    """Return the events of an author that can be undone and those that can be done again, the next one last."""
    if not has_judgements(db):
        return [], []
    done: list[int] = []
    undone: list[int] = []
    sql = "SELECT id, action, target FROM judgement_events WHERE author = ? ORDER BY id"
    for key, action, target in db.execute(sql, (author,)):
        match Action(text_in(action, 10)):
            case Action.DO:
                done.append(number_in(key))
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
    sql = f"SELECT field, {short_sql('value', LONGEST_VALUE)}, line, sense FROM judgements WHERE event = ? ORDER BY id"
    return [
        Change(name := text_in(field, 200), None if value is None else text_in(value, longest_of(name)), line, sense)
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
            skipped.add(number_in(target))
        elif action == Action.REDO:
            if target not in skipped:
                return number_in(target)
            skipped.discard(target)
        elif key not in skipped:
            return number_in(key)
        else:
            skipped.discard(key)
    return None


def _value_before(db: sqlite3.Connection, change: Change, author: str, event: int) -> str | None:
    """Return the value that a field had before an event, of this author for a line, of all authors for a sense."""
    about, parameters = _about(change)
    by = " AND e.author = ?" if change.line is not None else ""
    sql = (
        f"SELECT {short_sql('j.value', LONGEST_VALUE)} FROM judgements j JOIN judgement_events e ON e.id = j.event"
        f" WHERE {about} AND j.event < ?{by} ORDER BY j.id DESC LIMIT 1"
    )
    row = db.execute(sql, [*parameters, event, author] if by else [*parameters, event]).fetchone()
    return None if row is None or row[0] is None else text_in(row[0], LONGEST_VALUE)


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
        f"SELECT id, {short_sql('author', LONGEST_AUTHOR)}, {short_sql('time', 40)}, action, target"
        " FROM judgement_events WHERE (? IS NULL OR author = ?) AND (? IS NULL OR id = ?) ORDER BY id DESC LIMIT ?"
    )
    found = []
    for key, by, time, action, target in db.execute(sql, (author, author, number, number, k)).fetchall():
        what = "SELECT DISTINCT substr(field, 1, 200) FROM judgements WHERE event = ? ORDER BY 1 LIMIT 20"
        fields = tuple(text_in(field, 200) for (field,) in db.execute(what, (key,)))
        (lines,) = db.execute("SELECT count(DISTINCT line) FROM judgements WHERE event = ?", (key,)).fetchone()
        kind, undone = Action(text_in(action, 10)), None if target is None else number_in(target)
        found.append(Event(key, text_in(by, LONGEST_AUTHOR), text_in(time, 40), kind, undone, lines, fields))
    return found
