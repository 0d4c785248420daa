"""Build tables of counts as HTML: frequencies, dispersion, keywords and collocates.

All functions are pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from ....search.statistics.collocates import Collocates
from ....search.statistics.dispersion import Dispersion
from ....search.statistics.frequency import Frequency, FrequencyComparison, PartFrequency
from ....search.statistics.keywords import Keywords
from .base import FACT, NODE, cut_right, escape, pos_name

Row = TypeVar("Row")
MAX_ROWS = 200
"""Maximum number of rows of a table. The files have all of them."""


def frequency(found: Frequency, measure: str) -> str:
    """Return the frequency of a word in each part, with a bar and its interval, and in all documents."""
    parts = [*((_value(part, found.field), part) for part in found.parts), ("all documents", found.total)]
    highest = max((_measured(part, measure)[2] for _, part in parts), default=0.0) or 1.0
    rows = [
        [
            f"<bdi>{escape(cut_right(name, FACT))}</bdi>",
            f"{part.count:,}",
            f"{part.per_million:,.1f}",
            f"{part.low:,.1f}\N{EN DASH}{part.high:,.1f}",
            _bar(*_measured(part, measure), highest),
            f"{part.tokens:,}",
            f"{part.documents_with:,} of {part.documents:,}",
        ]
        for name, part in _cut(parts)
    ]
    what = "occurrences per million tokens" if measure == "per-million" else "occurrences"
    heads = [
        (found.field or "", "value of the field, or years"),
        ("count", "occurrences of the word"),
        ("per million", "occurrences per million tokens"),
        ("95 % interval", "exact Poisson interval of the rate (Garwood 1936)"),
        (f"0\N{EN DASH}{highest:,.1f}", f"{what}, with the 95 % interval as a line"),
        ("tokens", "all tokens of these documents"),
        ("documents", "documents that have the word, of all"),
    ]
    return _table(f"Frequency of {found.word}", heads, rows, len(parts))


def comparison(found: FrequencyComparison) -> str:
    """Return two frequencies side by side, with their ratio and the test of their difference."""
    parts = [*((part.value, part) for part in found.parts), ("all documents", found.total)]
    field = found.first.field
    rows = [
        [
            f"<bdi>{escape(cut_right(name if name is not None else f'without {field}', FACT))}</bdi>",
            *(f"{side.count:,} ({side.per_million:,.1f})" for side in (part.first, part.second)),
            f"{part.ratio:,.2f}",
            f"{part.low:,.2f}\N{EN DASH}{part.high:,.2f}",
            f"{part.log_ratio:.2f}",
            f"{part.log_likelihood:.1f}",
            _probability(part.p_value),
        ]
        for name, part in _cut(parts)
    ]
    heads = [
        (field or "", "value of the field, or years"),
        *((cut_right(name, NODE), "occurrences, and per million tokens in brackets") for name in found.names),
        ("ratio", "how many times as frequent the first one is"),
        ("95 % interval", "interval of the ratio"),
        ("log ratio", "log2 of the ratio (Hardie 2014)"),
        ("log-l.", "log-likelihood (Dunning 1993)"),
        ("p", "probability of such a difference by chance"),
    ]
    return _table(f"{found.names[0]} compared with {found.names[1]}", heads, rows, len(parts))


def dispersion(found: Dispersion) -> str:
    """Return how evenly a word is spread, and the parts that have it."""
    kinds = "documents" if found.field == "document" else f"values of {found.field}"
    summary = (
        f"{found.count:,} occurrences in {found.range:,} of {found.number:,} {kinds}. DP {found.dp:.3f}"
        f" (normalised {found.dp_norm:.3f}), Juilland's D {found.juilland_d:.3f}."
    )
    explained = "DP is 0 if each part has its share by size, and near 1 if one has all. D is 1 if they are even."
    rows = [
        [
            f"<bdi>{escape(cut_right(part.title or part.value or f'without {found.field}', FACT))}</bdi>",
            f"{part.count:,}",
            f"{part.tokens:,}",
            f"{part.per_million:,.1f}",
            _strip(part.places),
        ]
        for part in _cut(found.parts)
    ]
    heads = [
        ("document" if found.field == "document" else found.field, "the parts with most occurrences first"),
        ("count", "occurrences of the word"),
        ("tokens", "all tokens of the part"),
        ("per million", "occurrences per million tokens"),
        ("places", "where the word occurs, from the beginning of the document to its end"),
    ]
    intro = f'<p class="pol-status">{escape(summary)}</p><p class="pol-quiet">{explained}</p>'
    return intro + _table(f"Dispersion of {found.word}", heads, rows, len(found.parts))


def collocates(found: Collocates) -> str:
    """Return the collocates of a word. Each is a button that shows the lines with it."""
    rows = [
        [
            f'<button type="button" class="pol-near" data-collocate="{number}"'
            f' aria-label="{escape(cut_right(word.lemma, NODE))}: show {len(word.occurrence_ids):,} lines">'
            f"<bdi>{escape(cut_right(word.lemma, NODE))}</bdi></button>",
            escape(pos_name(word.pos)),
            f"{word.count:,}",
            f"{word.left:,}",
            f"{word.right:,}",
            f"{word.frequency:,}",
            f"{word.log_dice:.1f}",
            f"{word.log_likelihood:.1f}",
            f"{word.mutual_information:.1f}",
        ]
        for number, word in enumerate(_cut(found.words))
    ]
    heads = [
        ("word", "lemma. Click one for its lines"),
        ("", "part of speech"),
        ("lines", "occurrences of the word that it is near"),
        ("left", "of these, on the left"),
        ("right", "of these, on the right"),
        ("in all", "its tokens in these documents"),
        ("logDice", "logDice (Rychlý 2008), at most 14"),
        ("log-l.", "log-likelihood against the rest of the text (Dunning 1993)"),
        ("MI", "mutual information (Church & Hanks 1990)"),
    ]
    return _table(f"Collocates of {found.word}", heads, rows, len(found.words))


def keywords(found: Keywords) -> str:
    """Return the keywords of some documents, with the size and the certainty of each difference."""
    rows = [
        [
            f"<bdi>{escape(cut_right(word.word, NODE))}</bdi>",
            f"{word.count:,} ({word.per_million:,.1f})",
            f"{word.rest:,} ({word.rest_per_million:,.1f})",
            f"{word.log_ratio:.2f}",
            f"{word.low:.2f} to {word.high:.2f}",
            f"{word.log_likelihood:.1f}",
            _probability(word.p_value),
            f"{word.documents:,}",
        ]
        for word in _cut(found.words)
    ]
    heads = [
        (found.unit, "content word"),
        ("here", "occurrences inside the filters, and per million tokens in brackets"),
        ("elsewhere", "occurrences in the rest of the collection"),
        ("log ratio", "log2 of the ratio of both rates (Hardie 2014). 1 is twice as frequent"),
        ("95 % interval", "interval of the log ratio"),
        ("log-l.", "log-likelihood (Dunning 1993): how sure the difference is"),
        ("p", "probability of such a difference by chance"),
        ("documents", "documents inside the filters that have the word"),
    ]
    return _table("Keywords", heads, rows, len(found.words))


def _value(part: PartFrequency, field: str | None) -> str:
    return part.value if part.value is not None else f"without {field}"


def _measured(part: PartFrequency, measure: str) -> tuple[float, float, float]:
    if measure == "per-million":
        return part.per_million, part.low, part.high
    scale = part.tokens / 1e6
    return float(part.count), part.low * scale, part.high * scale


def _probability(value: float) -> str:
    return "&lt; 0.001" if value < 0.001 else f"{value:.3f}"


def _bar(middle: float, low: float, high: float, highest: float) -> str:
    """Return a horizontal bar with its interval. Its full width is `highest`."""
    start, length = 100 * low / highest, 100 * (high - low) / highest
    return (
        f'<span class="pol-rate" aria-hidden="true"><i style="width:{100 * middle / highest:.1f}%"></i>'
        f'<b style="left:{start:.1f}%;width:{length:.1f}%"></b></span>'
    )


def _strip(places: Sequence[float]) -> str:
    """Return the places in a document as marks on a strip. No place: no strip."""
    marks = "".join(f'<i style="left:{100 * min(max(place, 0.0), 1.0):.1f}%"></i>' for place in places[:MAX_ROWS])
    return f'<span class="pol-strip" aria-hidden="true">{marks}</span>' if marks else ""


def _cut(rows: Sequence[Row]) -> Sequence[Row]:
    return rows[:MAX_ROWS]


def _table(name: str, heads: Sequence[tuple[str, str]], rows: Iterable[Sequence[str]], number: int) -> str:
    """Return a table. Cells are HTML. Heads are texts with explanations."""
    head = "".join(
        f'<th scope="col" title="{escape(cut_right(title, FACT))}">{escape(cut_right(text, FACT))}</th>'
        for text, title in heads
    )
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{each}</td>" for each in row[1:])}</tr>' for row in rows
    )
    body = body or f'<tr><td colspan="{len(heads)}">There is none.</td></tr>'
    more = f'<p class="pol-quiet">The first {MAX_ROWS} of {number:,}. The CSV has all.</p>' if number > MAX_ROWS else ""
    label = escape(cut_right(name, FACT))
    return (
        f'<div class="pol-scroll" tabindex="0" role="region" aria-label="{label}"><table class="pol-words pol-counts">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}"
    )
