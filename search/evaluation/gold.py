"""Gold senses of one's own documents: a file with a row for each judged occurrence."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ...indexer.errors import DocumentError
from .datasets.pairs import lines_of

HEADER = ("document_id", "start", "end", "lemma", "sense")
LAYOUT = f"gold senses are a tab-separated file with the columns {' '.join(HEADER)}, offsets in the document's text"
Place = tuple[str, int, int]  # document id; start and end in its text


@dataclass(frozen=True, slots=True)
class Gold:
    """An occurrence and its sense; several senses are joined by ``;``."""

    place: Place
    lemma: str
    sense: str

    def same(self, other: Gold) -> bool:
        """Whether the two share a sense."""
        return self.sense == other.sense or not set(self.sense.split(";")).isdisjoint(other.sense.split(";"))


def read_gold(path: Path) -> list[Gold]:
    """The rows of a file of gold senses; DocumentError, which tells the layout, when it is none."""
    header, *rows = csv.reader(lines_of(path, LAYOUT), delimiter="\t", quoting=csv.QUOTE_NONE)
    missing = [name for name in HEADER if name not in header]
    if missing:
        raise DocumentError(f"{path} has no column {missing[0]!r}; {LAYOUT}")
    columns = [header.index(name) for name in HEADER]
    found = [_gold(row, columns, path, number) for number, row in enumerate(rows, 2) if row]
    if not found:
        raise DocumentError(f"{path} has no row; {LAYOUT}")
    return found


def by_word(gold: Iterable[Gold], key: Callable[[Gold], str] = lambda row: row.lemma) -> dict[str, list[Gold]]:
    """Gold rows of each word, words in alphabetical order."""
    words: dict[str, list[Gold]] = {}
    for row in gold:
        words.setdefault(key(row), []).append(row)
    return dict(sorted(words.items()))


def _gold(row: list[str], columns: list[int], path: Path, number: int) -> Gold:
    try:
        document, start, end, lemma, sense = (row[column] for column in columns)
        return Gold((document, int(start), int(end)), lemma, sense)
    except (IndexError, ValueError) as error:
        raise DocumentError(f"{path}, row {number}: not {len(HEADER)} columns with two offsets; {LAYOUT}") from error
