"""Gold senses of a collection's documents: a table `senses.tsv` with one row for each judged occurrence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DocumentError
from .lines import table_rows

COLUMNS = ("document_id", "start", "end", "lemma", "sense")
"""Required columns, in any order. Other columns are ignored."""
LAYOUT = f"gold senses are a tab-separated file with the columns {' '.join(COLUMNS)}, offsets in the document's text"
LARGEST_TABLE = 64 * 2**20
"""Maximum size of a table, in bytes."""
MOST_ROWS = 2_000_000
"""Maximum number of rows of a table."""
LARGEST_OFFSET = 2**53
"""Maximum offset. No document is nearly as long."""
Place = tuple[str, int, int]
"""Document id, then start and end offsets in characters of the document's text."""


@dataclass(frozen=True, slots=True)
class Gold:
    """An occurrence and its gold sense. Several senses are joined by `;`."""

    place: Place
    lemma: str
    sense: str

    @property
    def senses(self) -> list[str]:
        """The senses one by one, at least one."""
        return self.sense.split(";")

    def same(self, other: Gold) -> bool:
        """Return whether the two occurrences share a sense."""
        return self.sense == other.sense or not set(self.senses).isdisjoint(other.senses)


def read_gold(path: Path) -> list[Gold]:
    """Read a table of gold senses.

    Raises:
        DocumentError: The file cannot be read, lacks a column or has no rows, or a row does not fit. A row fits if it
            has all five cells and offsets with 0 <= start < end.
    """
    rows = table_rows(path, COLUMNS, LAYOUT, LARGEST_TABLE, MOST_ROWS)
    return [_gold(cells, path, number) for number, cells in rows]


def by_word(gold: Iterable[Gold], key: Callable[[Gold], str] = lambda row: row.lemma) -> dict[str, list[Gold]]:
    """Group gold rows by word, in alphabetical order.

    Args:
        key: Returns the word of a row. By default its lemma.
    """
    words: dict[str, list[Gold]] = {}
    for row in gold:
        words.setdefault(key(row), []).append(row)
    return dict(sorted(words.items()))


def _gold(cells: Sequence[str | None], path: Path, number: int) -> Gold:
    document, start, end, lemma, sense = cells
    if document is None or start is None or end is None or lemma is None or sense is None:
        raise _misfit(path, number)
    try:
        place = document, int(start), int(end)
    except ValueError as error:
        raise _misfit(path, number) from error
    if not 0 <= place[1] < place[2] <= LARGEST_OFFSET:
        raise _misfit(path, number)
    return Gold(place, lemma, sense)


def _misfit(path: Path, number: int) -> DocumentError:
    return DocumentError(f"{path}, row {number}: not {len(COLUMNS)} columns with two offsets; {LAYOUT}")
