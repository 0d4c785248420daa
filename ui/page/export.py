"""Write all hits of a list, with the query that found them, as CSV, XLSX or JSON Lines. All functions are pure."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum

from ...indexer.collection.records import CollectionInfo
from ...indexer.values import count
from ...search.citation import Citation
from ...search.hits import DocumentHit, OccurrenceHit, SentenceHit, annotation_lists
from ...search.kwic import concordance_line
from ..formats import cell, csv_text, flat, jsonl
from .address import PageQuery, id_lists, write_address
from .html.meetings import met_text
from .tab import Tab

MAX_LINES = 100_000
"""Maximum number of lines in a file."""
MAX_CELL = 32_767
"""Maximum length of a spreadsheet cell, in UTF-16 code units."""
MAX_COLUMNS = 16_384
"""Maximum number of columns of a sheet."""
MAX_NUMBER = 10**15
"""Spreadsheets keep 15 digits of a number. A larger one is written as text."""
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
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
        documents: The ranked documents of which the hits are passages. Empty for a list of lines.
    """

    hits: Sequence[SentenceHit]
    senses: Mapping[int, int | None]
    settings: Mapping[str, str]
    ids: Mapping[str, Sequence[int]] = field(default_factory=dict)
    documents: Sequence[DocumentHit] = ()


def settings(
    query: PageQuery, info: CollectionInfo, cut: int | None = None, cited: Citation | None = None
) -> dict[str, str]:
    """Return everything that decides the list: the address's parameters, the collection, its model, and any cut.

    Every line of a file repeats these values, so a list of ids appears as its length. `id_lists` returns the ids.

    Args:
        cut: Number of lines after which the list was cut. None for a whole list.
        cited: What to cite.
    """
    address = write_address(replace(query, page=1, picked=(), like=(), unlike=(), tab=Tab()))
    values = {name: value if isinstance(value, str) else " & ".join(value) for name, value in address.items()}
    values |= {name: count(len(keys), "id") for name, keys in id_lists(query).items()}
    if cut is not None:
        values["cut"] = f"the first {cut:,} lines; there are more"
    if cited is not None:
        values["citation"] = str(cited)
    return values | {
        "collection": info.path,
        "documents": str(info.documents),
        "model": info.settings.model,
        "model_id": info.settings.model_id,
        "stored_layer": str(info.settings.layer),
    }


def rows(export: Export) -> list[dict[str, object]]:
    """Return one row per line: left context, node, right context, then the hit's other fields.

    `sense` is the number of the line's sense, from 1, or None. `metadata` is a dictionary. A sentence has `meetings`,
    a list of dictionaries, and `alike`, a list of sentence ids. A passage has the rank and score of its document.
    """
    documents = {document.document_id: document for document in export.documents}
    return [
        _row(number, hit, export.senses) | _of_document(documents.get(hit.document_id))
        for number, hit in enumerate(export.hits, start=1)
    ]


def _of_document(document: DocumentHit | None) -> dict[str, object]:
    if document is None:
        return {}
    return {
        "document_rank": document.rank,
        "document_score": round(document.score, 6),
        "document_confidence": None if document.confidence is None else round(document.confidence, 4),
    }


def _table_rows(export: Export) -> list[dict[str, object]]:
    """Return the rows with the meetings as text, for cells: `shore ~ bank 0.80`."""
    made = rows(export)
    for row, hit in zip(made, export.hits, strict=True):
        if "meetings" in row:
            row["meetings"] = met_text(hit.meetings)
    return [flat(row) for row in made]


def _row(number: int, hit: SentenceHit, senses: Mapping[int, int | None]) -> dict[str, object]:
    left, node, right = "", hit.sentence, ""
    row: dict[str, object] = {}
    sense: int | None = None
    if isinstance(hit, OccurrenceHit):
        line = concordance_line(hit)
        left, node, right = line.left, line.node, line.right
        sense = senses.get(hit.occurrence_id)
        row = {"lemma": hit.lemma, "pos": hit.pos, "tag": hit.tag}
        row |= {"start": hit.start, "end": hit.end, "occurrence_id": hit.occurrence_id}
        row["annotations"] = annotation_lists(hit.annotations)
    else:
        row = {"meetings": [asdict(each) for each in hit.meetings], "alike": list(hit.alike)}
        row |= {name: text for name, text in (("before", hit.before), ("after", hit.after)) if text}
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
    return ("\ufeff" + csv_text([row | query for row in _table_rows(export)])).encode()


def jsonl_bytes(export: Export) -> bytes:
    """Return one JSON object per line, with the settings under `query`."""
    query = dict(export.settings)
    return jsonl(row | {"query": query} for row in rows(export)).encode()


def xlsx_bytes(export: Export) -> bytes:
    """Return a workbook with the lines, and the settings on a second sheet. No text becomes a formula."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet, about = book.create_sheet("lines"), book.create_sheet("query")

    def written(value: object, bold: bool = False) -> object:
        content = _sheet_cell(value)
        if not isinstance(content, str):
            return content
        made = WriteOnlyCell(sheet, value=content)
        made.data_type = "s"  # openpyxl takes text that starts with "=" for a formula
        if bold:
            made.font = Font(bold=True)
        return made

    flattened = _table_rows(export)
    columns = list(dict.fromkeys(key for row in flattened for key in row))[:MAX_COLUMNS]
    sheet.freeze_panes = "A2"
    sheet.append([written(column, bold=True) for column in columns])
    for row in flattened:
        sheet.append([written(row.get(column)) for column in columns])
    for name, value in export.settings.items():
        about.append([written(name, bold=True), written(value)])
    for name, keys in export.ids.items():
        for first in range(0, len(keys), CELL_IDS):
            part = "-".join(map(str, keys[first : first + CELL_IDS]))
            about.append([written(f"ids of {name}", bold=True), written(part)])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _sheet_cell(value: object) -> str | int | float | bool | None:
    """Return a value as a cell of a workbook. Text has only characters of XML and is no longer than a cell may be."""
    content = cell(value)
    if isinstance(content, int) and not isinstance(content, bool) and abs(content) >= MAX_NUMBER:
        return str(content)
    if not isinstance(content, str):
        return content
    text = _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", content)
    return text.encode("utf-16-le")[: 2 * MAX_CELL].decode("utf-16-le", "ignore")


def file_name(query: PageQuery, output_format: str) -> str:
    """Return a file name that contains the query."""
    words = "".join(sign if sign.isalnum() else " " for sign in query.text).split()
    return "-".join(["polyseme", *words[:8]])[:80] + f".{output_format}"
