"""Gold sentences of a collection's documents: a table of queries and the sentences that answer them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DocumentError
from .judgements import LAYOUT as SENSES_LAYOUT
from .lines import columns_of, table_rows

COLUMNS = ("query", "document_id", "sentence")
"""Required columns, in any order."""
KIND = "kind"
"""Optional column that groups queries."""
LAYOUT = (
    f"gold sentences are a tab-separated file with the columns {' '.join(COLUMNS)}, a row for each sentence that"
    " answers the query"
)
LARGEST_TABLE = 64 * 2**20
"""Maximum size of a table, in bytes."""
MOST_ROWS = 200_000
"""Maximum number of rows of a table."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A sentence of a document that answers a query. Its white space is single spaces."""

    document_id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class GoldQuery:
    """A query and the sentences that answer it, at least one.

    Attributes:
        kind: Group of the query, such as `question`. Empty if the table has no groups.
    """

    text: str
    answers: tuple[Answer, ...]
    kind: str = ""


def plain_sentence(text: str) -> str:
    """Return a text with single spaces. Line breaks inside a stored sentence then do not matter."""
    return " ".join(text.split())


def has_sentence_columns(path: Path) -> bool:
    """Return whether a table has the columns of gold sentences.

    Raises:
        DocumentError: The file cannot be read, is too large or is not UTF-8.
    """
    layout = f"{SENSES_LAYOUT}, and gold sentences have the columns {' '.join(COLUMNS)}"
    return set(COLUMNS) <= set(columns_of(path, layout, LARGEST_TABLE))


def read_sentence_gold(path: Path) -> list[GoldQuery]:
    """Read a table of gold sentences. Rows with the same query belong together.

    Raises:
        DocumentError: The file cannot be read, lacks a column or has no rows, or a cell of a row is empty.
    """
    names = columns_of(path, LAYOUT, LARGEST_TABLE)
    columns = (*COLUMNS, KIND) if KIND in names else COLUMNS
    answers: dict[str, list[Answer]] = {}
    kinds: dict[str, str] = {}
    for number, cells in table_rows(path, columns, LAYOUT, LARGEST_TABLE, MOST_ROWS):
        query, document, sentence = _filled(cells, path, number)
        answers.setdefault(query, []).append(Answer(document, plain_sentence(sentence)))
        kinds.setdefault(query, (cells[len(COLUMNS)] or "") if len(cells) > len(COLUMNS) else "")
    return [GoldQuery(query, tuple(dict.fromkeys(found)), kinds[query]) for query, found in answers.items()]


def _filled(cells: Sequence[str | None], path: Path, number: int) -> tuple[str, str, str]:
    query, document, sentence = (cell.strip() if cell else "" for cell in cells[: len(COLUMNS)])
    if not (query and document and sentence):
        raise DocumentError(f"{path}, row {number}: not {len(COLUMNS)} filled columns; {LAYOUT}")
    return query, document, sentence
