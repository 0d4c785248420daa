"""Build tables of counts as HTML: frequencies, dispersion, keywords and collocates.

All functions are pure, except that the page's own texts are in the visitor's language.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from ....search.statistics.collocates import Collocates
from ....search.statistics.dispersion import Dispersion
from ....search.statistics.frequency import Frequency, FrequencyComparison, PartFrequency
from ....search.statistics.keywords import Keywords
from ..language import numeral, plural_html, say, say_html, to_translate
from .base import FACT, NODE, attribute, cut_right, escape, pos_name, sense_sign

Row = TypeVar("Row")
MAX_ROWS = 200
"""Maximum number of rows of a table. The files have all of them."""
ALL = to_translate("all documents")
"""Name of all documents together. Files have it in English."""
UNITS = {"lemma": to_translate("lemma"), "form": to_translate("form")}
"""What keywords are."""


def frequency(found: Frequency, measure: str) -> str:
    """Return the frequency of a word in each part, with a bar and its interval, and in all documents."""
    parts = [*((_value(part, found.field), part) for part in found.parts), (say(ALL), found.total)]
    highest = max((_measured(part, measure)[2] for _, part in parts), default=0.0) or 1.0
    rows = [
        [
            f"<bdi>{escape(cut_right(name, FACT))}</bdi>",
            numeral(part.count),
            numeral(part.per_million, ",.1f"),
            f"{numeral(part.low, ',.1f')}\N{EN DASH}{numeral(part.high, ',.1f')}",
            _bar(*_measured(part, measure), highest),
            numeral(part.tokens),
            say_html("{some} of {all}", some=numeral(part.documents_with), all=numeral(part.documents)),
        ]
        for name, part in _cut(parts)
    ]
    scale = say("occurrences, with the 95 % interval as a line")
    if measure == "per-million":
        scale = say("occurrences per million tokens, with the 95 % interval as a line")
    heads = [
        (found.field or "", say("value of the field, or years")),
        (say("count"), say("occurrences of the word")),
        (say("per million"), say("occurrences per million tokens")),
        (say("95 % interval"), say("exact Poisson interval of the rate (Garwood 1936)")),
        (f"0\N{EN DASH}{numeral(highest, ',.1f')}", scale),
        (say("tokens"), say("all tokens of these documents")),
        (say("documents"), say("documents that have the word, of all")),
    ]
    return _table(say("Frequency of {word}", word=found.word), heads, rows, len(parts))


def comparison(found: FrequencyComparison) -> str:
    """Return two frequencies side by side, with their ratio and the test of their difference."""
    parts = [*((part.value, part) for part in found.parts), (say(ALL), found.total)]
    field, names = found.first.field, [say(ALL) if name == ALL else name for name in found.names]
    rows = [
        [
            f"<bdi>{escape(cut_right(name if name is not None else _without(field), FACT))}</bdi>",
            *(_with_rate(side.count, side.per_million) for side in (part.first, part.second)),
            numeral(part.ratio, ",.2f"),
            f"{numeral(part.low, ',.2f')}\N{EN DASH}{numeral(part.high, ',.2f')}",
            numeral(part.log_ratio, ".2f"),
            numeral(part.log_likelihood, ".1f"),
            _probability(part.p_value),
        ]
        for name, part in _cut(parts)
    ]
    heads = [
        (field or "", say("value of the field, or years")),
        *((cut_right(name, NODE), say("occurrences, and per million tokens in brackets")) for name in names),
        (say("ratio"), say("how many times as frequent the first one is")),
        (say("95 % interval"), say("interval of the ratio")),
        (say("log ratio"), say("log2 of the ratio (Hardie 2014)")),
        (say("log-l."), say("log-likelihood (Dunning 1993)")),
        (say("p"), say("probability of such a difference by chance")),
    ]
    first, second = names
    return _table(say("{first} compared with {second}", first=first, second=second), heads, rows, len(parts))


def dispersion(found: Dispersion) -> str:
    """Return how evenly a word is spread, and the parts that have it."""
    of_documents = found.field == "document"
    kinds = say("documents") if of_documents else say("values of {field}", field=found.field)
    summary = say(
        "{count} occurrences in {some} of {all} {kinds}. DP {dp} (normalised {norm}), Juilland's D {juilland}.",
        count=numeral(found.count),
        some=numeral(found.range),
        all=numeral(found.number),
        kinds=kinds,
        dp=numeral(found.dp, ".3f"),
        norm=numeral(found.dp_norm, ".3f"),
        juilland=numeral(found.juilland_d, ".3f"),
    )
    explained = say_html(
        "DP is 0 if each part has its share by size, and near 1 if one has all. D is 1 if they are even."
    )
    rows = [
        [
            f"<bdi>{escape(cut_right(part.title or part.value or _without(found.field), FACT))}</bdi>",
            numeral(part.count),
            numeral(part.tokens),
            numeral(part.per_million, ",.1f"),
            _strip(part.places),
        ]
        for part in _cut(found.parts)
    ]
    heads = [
        (say("document") if of_documents else found.field, say("the parts with most occurrences first")),
        (say("count"), say("occurrences of the word")),
        (say("tokens"), say("all tokens of the part")),
        (say("per million"), say("occurrences per million tokens")),
        (say("places"), say("where the word occurs, from the beginning of the document to its end")),
    ]
    intro = f'<p class="pol-status">{escape(summary)}</p><p class="pol-quiet">{explained}</p>'
    return intro + _table(say("Dispersion of {word}", word=found.word), heads, rows, len(found.parts))


def collocates(found: Collocates) -> str:
    """Return the collocates of a word. Each is a button that shows the lines with it."""
    has_senses = any(word.sense is not None for word in found.words)
    rows = [
        [
            f'<button type="button" class="pol-near" data-collocate="{number}"'
            f' aria-label="{_shows_lines(word.lemma, len(word.occurrence_ids))}">'
            f"<bdi>{escape(cut_right(word.lemma, NODE))}</bdi></button>",
            escape(pos_name(word.pos)),
            numeral(word.count),
            numeral(word.left),
            numeral(word.right),
            numeral(word.frequency),
            numeral(word.log_dice, ".1f"),
            numeral(word.log_likelihood, ".1f"),
            numeral(word.mutual_information, ".1f"),
            *([sense_sign(word.sense) if word.sense is not None else ""] if has_senses else []),
        ]
        for number, word in enumerate(_cut(found.words))
    ]
    heads = [
        (say("word"), say("lemma. Click one for its lines")),
        ("", say("part of speech")),
        (say("lines"), say("occurrences of the word that it is near")),
        (say("left"), say("of these, on the left")),
        (say("right"), say("of these, on the right")),
        (say("in all"), say("its tokens in these documents")),
        (say("logDice"), say("logDice (Rychlý 2008), at most 14")),
        (say("log-l."), say("log-likelihood against the rest of the text (Dunning 1993)")),
        (say("MI"), say("mutual information (Church & Hanks 1990)")),
    ]
    if has_senses:
        heads.append((say("sense"), say("the sense in whose lines it is most over-represented")))
    return _table(say("Collocates of {word}", word=found.word), heads, rows, len(found.words))


def _shows_lines(word: str, lines: int) -> str:
    name = attribute(cut_right(word, NODE))
    return plural_html("{word}: show {number} line", "{word}: show {number} lines", lines, word=name)


def keywords(found: Keywords) -> str:
    """Return the keywords of some documents, with the size and the certainty of each difference."""
    rows = [
        [
            f"<bdi>{escape(cut_right(word.word, NODE))}</bdi>",
            _with_rate(word.count, word.per_million),
            _with_rate(word.rest, word.rest_per_million),
            numeral(word.log_ratio, ".2f"),
            say_html("{low} to {high}", low=numeral(word.low, ".2f"), high=numeral(word.high, ".2f")),
            numeral(word.log_likelihood, ".1f"),
            _probability(word.p_value),
            numeral(word.documents),
        ]
        for word in _cut(found.words)
    ]
    heads = [
        (say(UNITS[found.unit]) if found.unit in UNITS else found.unit, say("content word")),
        (say("here"), say("occurrences inside the filters, and per million tokens in brackets")),
        (say("elsewhere"), say("occurrences in the rest of the collection")),
        (say("log ratio"), say("log2 of the ratio of both rates (Hardie 2014). 1 is twice as frequent")),
        (say("95 % interval"), say("interval of the log ratio")),
        (say("log-l."), say("log-likelihood (Dunning 1993): how sure the difference is")),
        (say("p"), say("probability of such a difference by chance")),
        (say("documents"), say("documents inside the filters that have the word")),
    ]
    return _table(say("Keywords"), heads, rows, len(found.words))


def _value(part: PartFrequency, field: str | None) -> str:
    return part.value if part.value is not None else _without(field)


def _without(field: str | None) -> str:
    return say("without {field}", field=field)


def _with_rate(count: int, per_million: float) -> str:
    return f"{numeral(count)} ({numeral(per_million, ',.1f')})"


def _measured(part: PartFrequency, measure: str) -> tuple[float, float, float]:
    if measure == "per-million":
        return part.per_million, part.low, part.high
    scale = part.tokens / 1e6
    return float(part.count), part.low * scale, part.high * scale


def _probability(value: float) -> str:
    return f"&lt; {numeral(0.001, '.3f')}" if value < 0.001 else numeral(value, ".3f")


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
        f'<th scope="col" title="{attribute(cut_right(title, FACT))}">{escape(cut_right(text, FACT))}</th>'
        for text, title in heads
    )
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{each}</td>" for each in row[1:])}</tr>' for row in rows
    )
    body = body or f'<tr><td colspan="{len(heads)}">{say_html("There is none.")}</td></tr>'
    cut = say_html("The first {some} of {all}. The CSV has all.", some=numeral(MAX_ROWS), all=numeral(number))
    more = f'<p class="pol-quiet">{cut}</p>' if number > MAX_ROWS else ""
    label = attribute(cut_right(name, FACT))
    return (
        f'<div class="pol-scroll" tabindex="0" role="region" aria-label="{label}"><table class="pol-words pol-counts">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}"
    )
