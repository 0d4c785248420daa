"""Write all hits of a list, with the query that found them, as CSV, XLSX or JSON Lines. All functions are pure."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ...indexer.collection.records import CollectionInfo
from ...search.hits import OccurrenceHit, SentenceHit
from ...search.kwic import concordance_line
from ..formats import csv_text, defuse, flat
from .address import PageQuery, write_address
from .html.base import count

MAX_LINES = 100_000
"""Maximum number of lines in a file."""
MAX_CELL = 32_767
"""Maximum length of a spreadsheet cell, in characters."""
CELL_IDS = 1000
"""Number of ids in a cell. An id has at most 18 digits."""


class ExportFormat(StrEnum):
    """A kind of file."""

    CSV = "csv"
    XLSX = "xlsx"
    JSONL = "jsonl"


MIME: Mapping[ExportFormat, str] = {
    ExportFormat.CSV: "text/csv",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.JSONL: "application/jsonl",
}


@dataclass(frozen=True, slots=True)
class Export:
    """Lines in their order, and the query that found them.

    Args:
        senses: Occurrence id -> number of its sense, from 1. None: it fits no sense.
        settings: Name -> value of everything that decides the list.
        ids: Name -> list of ids in the query. Only a workbook stores them.
    """

    hits: Sequence[SentenceHit]
    senses: Mapping[int, int | None]
    settings: Mapping[str, str]
    ids: Mapping[str, Sequence[int]] = field(default_factory=dict)


def settings(query: PageQuery, info: CollectionInfo, cut: bool = False) -> dict[str, str]:
    """Return everything that decides the list: the address's parameters, the collection, its model, and any cut.

    Every line of a file repeats these values, so a list of ids appears as its length. `id_lists` returns the ids.
    """
    address = write_address(replace(query, page=1, picked=(), like=(), unlike=()))
    values = {name: value if isinstance(value, str) else " & ".join(value) for name, value in address.items()}
    values |= {name: count(len(keys), "id") for name, keys in id_lists(query).items()}
    if cut:
        values["cut"] = f"the first {MAX_LINES:,} lines; there are more"
    return values | {
        "collection": info.path,
        "documents": str(info.documents),
        "model": info.settings.model,
        "model_id": info.settings.model_id,
        "stored_layer": str(info.settings.layer),
    }


def id_lists(query: PageQuery) -> dict[str, Sequence[int]]:
    """Return the ids that the query names one by one, by their names in its address."""
    named = {"lines": query.picked, "like": query.like, "unlike": query.unlike}
    return {name: keys for name, keys in named.items() if keys}


def rows(export: Export) -> list[dict[str, object]]:
    """Return one row per line: left context, node, right context, then the hit's other fields.

    `sense` is the number of the line's sense, from 1, or None. `metadata` is a dictionary.
    """
    return [_row(number, hit, export.senses) for number, hit in enumerate(export.hits, start=1)]


def _row(number: int, hit: SentenceHit, senses: Mapping[int, int | None]) -> dict[str, object]:
    left, node, right = "", hit.sentence, ""
    row: dict[str, object] = {}
    sense: int | None = None
    if isinstance(hit, OccurrenceHit):
        line = concordance_line(hit)
        left, node, right = line.left, line.node, line.right
        sense = senses.get(hit.occurrence_id)
        row = {"lemma": hit.lemma, "start": hit.start, "end": hit.end, "occurrence_id": hit.occurrence_id}
    return {
        "line": number,
        "left": left,
        "node": node,
        "right": right,
        "score": round(hit.score, 6),
        "confidence": None if hit.confidence is None else round(hit.confidence, 4),
        "sense": sense,
        "document": hit.document,
        "document_id": hit.document_id,
        "sentence": hit.sentence,
        "sentence_id": hit.sentence_id,
        "sentence_start": hit.sentence_start,
        **row,
        "metadata": dict(hit.metadata),
    }


def csv_bytes(export: Export) -> bytes:
    """Return CSV in UTF-8 with a byte order mark for spreadsheets. The settings are in columns `query.NAME`."""
    query = {f"query.{name}": value for name, value in export.settings.items()}
    return ("\ufeff" + csv_text([_blank(row) | query for row in rows(export)])).encode()


def jsonl_bytes(export: Export) -> bytes:
    """Return one JSON object per line, with the settings under `query`."""
    query = dict(export.settings)
    lines = [json.dumps(row | {"query": query}, ensure_ascii=False) for row in rows(export)]
    return "".join(line + "\n" for line in lines).encode(errors="replace")


def xlsx_bytes(export: Export) -> bytes:
    """Return a workbook with the lines, and the settings on a second sheet. No text becomes a formula."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet, about = book.create_sheet("lines"), book.create_sheet("query")

    def cell(value: object, bold: bool = False) -> object:
        if not isinstance(value, str):
            return value
        text = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", str(defuse(value)))[:MAX_CELL]
        made = WriteOnlyCell(sheet, value=text.encode(errors="replace").decode())
        made.data_type = "s"
        if bold:
            made.font = Font(bold=True)
        return made

    flattened = [flat(row) for row in rows(export)]
    columns = list(dict.fromkeys(key for row in flattened for key in row))
    sheet.freeze_panes = "A2"
    sheet.append([cell(column, bold=True) for column in columns])
    for row in flattened:
        sheet.append([cell(row.get(column)) for column in columns])
    for name, value in export.settings.items():
        about.append([cell(name, bold=True), cell(value)])
    for name, keys in export.ids.items():
        for first in range(0, len(keys), CELL_IDS):
            part = "-".join(map(str, keys[first : first + CELL_IDS]))
            about.append([cell(f"ids of {name}", bold=True), cell(part)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _blank(row: Mapping[str, object]) -> dict[str, object]:
    return {key: "" if value is None else value for key, value in row.items()}


def file_name(query: PageQuery, output_format: ExportFormat) -> str:
    """Return a file name that contains the query."""
    words = "".join(sign if sign.isalnum() else " " for sign in query.text).split()
    return "-".join(["polyseme", *words[:8]])[:80] + f".{output_format}"
