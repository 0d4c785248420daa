"""Write text, concordance lines and tables as HTML. All functions are pure, and all text goes through `escape`.

The page uses the small pieces. The whole tables are for notebooks, which show them through `_repr_html_`.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..indexer.values import Value, text_of

SPACE = re.compile(r"\s+")
FACT = 36
"""Maximum length of a metadata value, in characters."""
FACTS = 5
"""Maximum number of metadata values of a line."""
NODE = 80
"""Maximum length of the node, in characters."""
SENTENCE = 700
"""Maximum length of a sentence or a cell, in characters."""
CONTEXT = 55
"""Maximum length of the context on each side of the node in a notebook, in characters."""
ROWS = 100
"""Maximum number of rows that are shown in a notebook."""
_FIRST = ("year", "date", "author")
_ENDS = re.compile(r"--!?>|]>|</")
# HTML allows no control characters except white space, and Streamlit cannot send lone surrogates.
UNSHOWABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_STYLE = """\
<style>
.polyseme-hits {overflow-x: auto; color: inherit}
.polyseme-hits table {border-collapse: collapse; color: inherit; background: transparent; font-size: .95em}
.polyseme-hits caption {text-align: start; caption-side: top; padding: .3em 0; color: inherit}
.polyseme-hits :is(th, td) {padding: .15em .5em; vertical-align: baseline; text-align: start; color: inherit;
  background: transparent; border-bottom: 1px solid rgb(128 128 128 / .35); font-weight: normal}
.polyseme-hits th {font-weight: 600}
.polyseme-hits .number {text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap}
.polyseme-hits .left {text-align: right; padding-right: 0}
.polyseme-hits .node {padding-inline: 0}
.polyseme-hits .right {text-align: left; padding-left: 0}
.polyseme-hits th:is(.left, .node) {padding-inline: .5em}
.polyseme-hits .document {min-width: 15em}
.polyseme-hits :is(.left, .node, .right) {white-space: pre}
.polyseme-hits mark {background: rgb(255 200 60 / .38); color: inherit; font-weight: 600; padding: 0 .15em}
.polyseme-hits td {overflow-wrap: anywhere; min-width: 3em}
.polyseme-hits small {opacity: .8}
</style>"""
"""Colours are those of the notebook, so that light and dark themes both work."""


@dataclass(frozen=True, slots=True)
class Line:
    """A hit as a line of a table.

    Attributes:
        score: Its score as text.
        left, right: Contexts of the node. They are empty for a whole sentence, which is the node.
        document: Title of its document.
        metadata: What is shown of the document.
        notes: Further texts under the line, such as translations.
    """

    rank: int
    score: str
    left: str
    node: str
    right: str
    document: str
    metadata: Mapping[str, Value]
    notes: Sequence[str] = ()


def escape(text: object) -> str:
    """Escape text for HTML. `attribute` does so for text of documents inside an attribute."""
    return html.escape(UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", str(text)), quote=True)


def attribute(text: object) -> str:
    """Escape text for an attribute in double quotes.

    A browser's filter (DOMPurify) drops an attribute in which markup could end, such as a title with `</b>`. So a space
    divides such signs.
    """
    return escape(_ENDS.sub(lambda found: f"{found[0][:-1]} {found[0][-1]}", str(text)))


def direction(text: str) -> str:
    """Return `rtl` if the first letter with a direction is written from right to left, else `ltr`."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return "ltr"


def cut_right(text: str, longest: int) -> str:
    """Return the beginning of a text, cut at a space if one is near the limit."""
    if len(text) <= longest:
        return text
    kept = text[: longest - 1]
    space = kept.rfind(" ", longest - 1 - longest // 3)
    return (kept if space < 0 else kept[:space]) + "…"


def cut_left(text: str, longest: int) -> str:
    """Return the end of a text, cut at a space if one is near the limit."""
    if len(text) <= longest:
        return text
    kept = text[len(text) - longest + 1 :]
    space = kept.find(" ", 0, longest // 3)
    return "…" + (kept if space < 0 else kept[space + 1 :])


def facts(metadata: Mapping[str, Value]) -> str:
    """Return metadata in one line: year, date and author first, without the title."""
    fields = [field for field in _FIRST if field in metadata]
    fields += [field for field in metadata if field not in (*_FIRST, "title") and text_of(metadata[field]).strip()]
    values = ((field, escape(cut_right(text_of(metadata[field]), FACT))) for field in fields)
    shown = [f'<span title="{attribute(field)}"><bdi>{value}</bdi></span>' for field, value in values]
    return " · ".join(shown[:FACTS])


def lines_table(caption: str, lines: Sequence[Line], is_kwic: bool, notes: Sequence[str] = ()) -> str:
    """Return hits as a table with its style: a concordance if `is_kwic`, else whole sentences.

    Args:
        notes: Remarks on the list.
    """
    names = ["left", "node", "right"] if is_kwic else ["sentence"]
    head = _heading([("#", "number"), ("score", "number"), *((name, name) for name in names), ("document", "document")])
    body = "".join(_line(line, is_kwic) for line in lines[:ROWS])
    return _framed(caption, head, body, len(lines), notes)


def rows_table(caption: str, rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows as a table with its style. Numbers are aligned at the end, and nested values are JSON."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    are_numbers = {name: all(_is_number(row.get(name)) for row in rows) for name in columns}
    head = _heading([(name, "number" if are_numbers[name] else "") for name in columns])
    body = "".join(
        "<tr>" + "".join(_cell(row.get(name), are_numbers[name]) for name in columns) + "</tr>" for row in rows[:ROWS]
    )
    return _framed(caption, head, body, len(rows), ())


def shown_value(value: object) -> str:
    """Return a value as the text of a cell: rounded numbers, items of a list after one another, the rest as JSON."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, list | tuple) and not any(isinstance(item, Mapping | list | tuple) for item in value):
        return "; ".join(map(str, value))
    return (
        json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, Mapping | list | tuple) else str(value)
    )


def _line(line: Line, is_kwic: bool) -> str:
    cells = f'<td class="number">{line.rank}</td><td class="number">{escape(line.score)}</td>'
    whole = direction(line.left + line.node + line.right)
    node = f"<mark><bdi>{escape(cut_right(line.node, NODE))}</bdi></mark>"
    if is_kwic:
        # In a line from right to left, the beginning of the sentence is in the right cell.
        left, right = cut_left(line.left, CONTEXT), cut_right(line.right, CONTEXT)
        first, last = (right, left) if whole == "rtl" else (left, right)
        cells += f'<td class="left" dir="{whole}">{escape(first)}</td>'
        cells += f'<td class="node" dir="{whole}">{node}</td>'
        cells += f'<td class="right" dir="{whole}">{escape(last)}</td>'
    else:
        notes = "".join(f"<br><small><bdi>{escape(cut_right(note, SENTENCE))}</bdi></small>" for note in line.notes)
        text = "".join(filter(None, [escape(line.left), escape(cut_right(line.node, SENTENCE)), escape(line.right)]))
        cells += f'<td dir="{whole}">{text}{notes}</td>'
    known = facts(line.metadata)
    document = f"<bdi>{escape(cut_right(line.document, 2 * FACT))}</bdi>" + (
        f"<br><small>{known}</small>" if known else ""
    )
    return f'<tr>{cells}<td class="document">{document}</td></tr>'


def _heading(columns: Sequence[tuple[str, str]]) -> str:
    return "".join(
        f'<th scope="col" class="{kind or "text"}">{escape(cut_right(name, NODE))}</th>' for name, kind in columns
    )


def _cell(value: object, is_number: bool) -> str:
    text = cut_right(SPACE.sub(" ", shown_value(value)), SENTENCE // 2)
    return f'<td class="{"number" if is_number else "text"}"><bdi>{escape(text)}</bdi></td>'


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _framed(caption: str, head: str, body: str, size: int, notes: Sequence[str]) -> str:
    """Return a table with its style, its caption and a remark if rows are left out."""
    left_out = [f"The first {ROWS} of {size:,} are shown."] if size > ROWS else []
    shown = "".join(f"<br><small>{escape(note)}</small>" for note in (*notes, *left_out))
    return (
        f'{_STYLE}<div class="polyseme-hits" role="region" tabindex="0" aria-label="{attribute(caption)}"><table>'
        f"<caption>{escape(caption)}{shown}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
