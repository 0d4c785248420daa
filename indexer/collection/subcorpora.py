"""The subcorpora of a collection: filters that are kept under a name. All reading, checking and writing of their rows.

A collection of an earlier version has no such table until it is next opened for writing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .findings import Findings

MAX_SUBCORPORA = 10_000
"""Maximum number of subcorpora that are read. A stranger's collection may have any number."""
MAX_FILTERS = 50
"""Maximum number of filters of a subcorpus."""
MAX_BYTES = 1_000_000
"""Maximum length of the filters of a subcorpus as JSON, in bytes."""
LONGEST_NAME = 100
"""Maximum length of the name of a subcorpus, in characters."""
REPLACE = "remove it with `polyseme subcorpus remove`, or save it again with --replace"
"""What to do about a damaged subcorpus."""
_NAMES_SHOWN = 5
_NAME_BYTES = 4 * LONGEST_NAME + 1
"""Number of bytes of a name that are read: one more than the longest name has in UTF-8."""


@dataclass(frozen=True, slots=True)
class Subcorpora:
    """The subcorpora of a collection, in the order of their names.

    Attributes:
        filters: Filters of each subcorpus that can be used, by name.
        damaged: Names of the others, with "?" for signs that no name has. `delete_subcorpus` takes them.
    """

    filters: dict[str, tuple[str, ...]]
    damaged: tuple[str, ...] = ()

    @property
    def shown_damaged(self) -> str:
        """Names of the damaged subcorpora for a message, such as `the subcorpus 'letters'`. Empty if there is none."""
        if not self.damaged:
            return ""
        names = ", ".join(repr(name[:40]) for name in self.damaged[:_NAMES_SHOWN])
        more = len(self.damaged) - _NAMES_SHOWN
        kind = "the subcorpus" if len(self.damaged) == 1 else "the subcorpora"
        return f"{kind} {names}" + (f" and {more:,} more" if more > 0 else "")

    @property
    def problem(self) -> str | None:
        """One line that names damaged subcorpora, with the next step. None if there is none."""
        return f"damaged: {self.shown_damaged}; {REPLACE}" if self.damaged else None


def read_subcorpora(db: sqlite3.Connection) -> Subcorpora:
    """Return the subcorpora. A damaged row leaves the others usable."""
    found: dict[str, tuple[str, ...]] = {}
    damaged: list[str] = []
    for _, name, is_name, filters in _rows(db):
        if is_name and filters is not None:
            found[name] = filters
        else:
            damaged.append(name)
    return Subcorpora(found, tuple(damaged))


def check_subcorpora(db: sqlite3.Connection, findings: Findings) -> None:
    """Report each damaged subcorpus."""
    for name in read_subcorpora(db).damaged:
        findings.add("damaged subcorpora", f"the subcorpus {name[:40]!r} is damaged", REPLACE)


def _rows(db: sqlite3.Connection) -> Iterator[tuple[int, str, bool, tuple[str, ...] | None]]:
    """Yield row id, name as shown, whether it can be a name, and filters (None if damaged) of each row.

    Names and filters are read as bytes. A text that is not UTF-8 would end the query.
    """
    if not _has_table(db):
        return
    rows = db.execute(
        "SELECT rowid, typeof(name) = 'text', substr(CAST(name AS BLOB), 1, ?), CASE WHEN typeof(filters) = 'text'"
        " AND length(CAST(filters AS BLOB)) <= ? THEN CAST(filters AS BLOB) END FROM subcorpora ORDER BY name LIMIT ?",
        (_NAME_BYTES, MAX_BYTES, MAX_SUBCORPORA),
    ).fetchall()
    for key, is_text, data, filters in rows:
        text = (data or b"").decode("utf-8", "replace")
        name = "".join(sign if sign.isprintable() else "?" for sign in text)[:LONGEST_NAME] or "?"
        yield key, name, bool(is_text) and name.encode() == data, _filters(filters)


def _filters(data: bytes | None) -> tuple[str, ...] | None:
    """Return the filters of a row, or None if it is not a list of texts."""
    try:
        given = None if data is None else json.loads(data.decode())
    except (ValueError, RecursionError):
        return None
    if not isinstance(given, list) or not 0 < len(given) <= MAX_FILTERS:
        return None
    return tuple(given) if all(isinstance(text, str) for text in given) else None


def write_subcorpus(db: sqlite3.Connection, name: str, filters: Sequence[str]) -> None:
    """Store filters under a name. They replace those of the same name. The caller owns the transaction."""
    text = json.dumps(list(filters), ensure_ascii=False)
    delete_subcorpus(db, name)  # a damaged row may have another key that looks the same
    db.execute("INSERT OR REPLACE INTO subcorpora (name, filters) VALUES (?, ?)", (name, text))


def delete_subcorpus(db: sqlite3.Connection, name: str) -> bool:
    """Remove a subcorpus, also a damaged one, and return whether it existed. The caller owns the transaction."""
    rows = [(key, is_name and filters is not None) for key, shown, is_name, filters in _rows(db) if shown == name]
    # The name of a damaged row may look like a sound one. The first removal takes the damaged one.
    chosen = [(key,) for key, is_sound in rows if not is_sound] or [(key,) for key, _ in rows]
    db.executemany("DELETE FROM subcorpora WHERE rowid = ?", chosen)
    return bool(chosen)


def _has_table(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'subcorpora'").fetchone() is not None
