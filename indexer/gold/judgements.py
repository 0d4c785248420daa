"""Gold senses of a collection's documents: a table `senses.tsv` with one row for each judged occurrence."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import DocumentError
from .lines import lines_of

COLUMNS = ("document_id", "start", "end", "lemma", "sense")
"""Required columns, in any order. Other columns are ignored."""
LAYOUT = f"gold senses are a tab-separated file with the columns {' '.join(COLUMNS)}, offsets in the document's text"
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
    header, *lines = lines_of(path, LAYOUT)
    names = _cells(header)
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise DocumentError(f"{path} has no column {missing[0]!r}; {LAYOUT}")
    columns = [names.index(name) for name in COLUMNS]
    gold = [_gold(_cells(line), columns, path, number) for number, line in enumerate(lines, 2) if line.strip()]
    if not gold:
        raise DocumentError(f"{path} has no rows; {LAYOUT}")
    return gold


def by_word(gold: Iterable[Gold], key: Callable[[Gold], str] = lambda row: row.lemma) -> dict[str, list[Gold]]:
    """Group gold rows by word, in alphabetical order.

    Args:
        key: Returns the word of a row. By default its lemma.
    """
    words: dict[str, list[Gold]] = {}
    for row in gold:
        words.setdefault(key(row), []).append(row)
    return dict(sorted(words.items()))


def _cells(line: str) -> list[str]:
    return line.removesuffix("\r").split("\t")


def _gold(cells: list[str], columns: list[int], path: Path, number: int) -> Gold:
    try:
        document, start, end, lemma, sense = (cells[column] for column in columns)
        place = document, int(start), int(end)
    except (IndexError, ValueError) as error:
        raise _misfit(path, number) from error
    if not 0 <= place[1] < place[2]:
        raise _misfit(path, number)
    return Gold(place, lemma, sense)


def _misfit(path: Path, number: int) -> DocumentError:
    return DocumentError(f"{path}, row {number}: not {len(COLUMNS)} columns with two offsets; {LAYOUT}")
