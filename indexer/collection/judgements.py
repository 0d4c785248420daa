"""The annotations of lines: what people have judged about occurrences. All SQL and checks of their three tables.

`judgements` is a log (`judgement_log.py`). Rows are added and never changed, so nothing that was judged is lost. The
present state (`judgement_state.py`) is the last row of each line, author and field. `judgement_records.py` has the
records and the tables.

A line is anchored by its document, the text of its sentence and its place in it (`judged_lines.py`). Its occurrence is
only the place where the line was found last. `relocate` finds it again after its document was indexed again.

A collection of an earlier version has no such tables until it is next opened for writing.
"""

from __future__ import annotations

import sqlite3

from .findings import Findings
from .judged_lines import copy_judgements, line_numbers, relocate
from .judgement_log import add_event, change_named_sense, new_sense, read_event, read_events, redo, stacks, undo
from .judgement_records import (
    DEFINITION,
    LONGEST_AUTHOR,
    LONGEST_NOTE,
    MERGED,
    NAME,
    NAMED_SENSE,
    TABLES,
    WORD,
    Action,
    Annotation,
    Change,
    Event,
    Field,
    JudgedLine,
    JudgedSense,
    Mark,
    has_judgements,
    log_length,
    sound_sql,
)
from .judgement_state import (
    annotations_of,
    occurrences_with,
    present_senses,
    read_lines,
    read_senses,
    sense_fields,
    sense_ratings,
    values_of,
)

__all__ = [
    "DEFINITION",
    "LONGEST_AUTHOR",
    "LONGEST_NOTE",
    "MERGED",
    "NAME",
    "NAMED_SENSE",
    "WORD",
    "Action",
    "Annotation",
    "Change",
    "Event",
    "Field",
    "JudgedLine",
    "JudgedSense",
    "Mark",
    "add_event",
    "annotations_of",
    "change_named_sense",
    "check_judgements",
    "copy_judgements",
    "line_numbers",
    "log_length",
    "new_sense",
    "occurrences_with",
    "present_senses",
    "read_event",
    "read_events",
    "read_lines",
    "read_senses",
    "redo",
    "relocate",
    "sense_fields",
    "sense_ratings",
    "undo",
    "values_of",
]
"""What other modules use. They need not know which file has it."""


def check_judgements(db: sqlite3.Connection, findings: Findings) -> None:
    """Check the rows of all judgements, and that each belongs to an event and a line."""
    if not has_judgements(db):
        return
    with findings.reading("the annotations of lines"):
        read_lines(db)
        sense_fields(db)
        for (author,) in db.execute("SELECT DISTINCT author FROM judgement_events").fetchall():
            stacks(db, author)
    for table in TABLES:
        (damaged,) = db.execute(f"SELECT count(*) FROM {table} WHERE NOT {sound_sql(table)}").fetchone()
        if damaged:
            detail = f"{damaged} rows of the table {table} have values of the wrong type"
            findings.add("annotations of lines", detail, "restore the collection from a copy")
    for column, table in (("event", "judgement_events"), ("line", "judged_lines")):
        sql = f"SELECT count(*) FROM judgements WHERE {column} IS NOT NULL AND {column} NOT IN (SELECT id FROM {table})"
        (stray,) = db.execute(sql).fetchone()
        if stray:
            detail = f"{stray} rows of the log of annotations have no {column}"
            findings.add("annotations of lines", detail, "restore the collection from a copy")
