"""Build the senses of a word as HTML: rows as in a dictionary, a map, a timeline, collocates.

All functions are pure, except that the page's own texts are in the visitor's language.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from ....search.hits import OccurrenceHit
from ....search.kwic import concordance_line
from ....search.senses.inventory import Sense, SenseInventory
from ....search.senses.timeline import Period, Timeline
from ....search.statistics.collocates import Collocate
from ..address import NO_SENSE
from ..language import numeral, plural_html, say, say_html, to_translate
from .base import (
    NODE,
    attribute,
    cut_left,
    cut_right,
    direction,
    escape,
    number_of_lines,
    pos_name,
    sense_colour,
    sense_name,
    sense_sign,
)

LEFT, RIGHT = 36, 80
"""Maximum length of the context before and after the node of a central line, in characters."""
LABELS = 6
"""Maximum number of labels of a sense."""
FEW_LABELS = 3
"""Maximum number of labels beside expected words."""
EXPECTED = 3
"""Maximum number of expected words of a sense."""
PHRASES = 2
"""Maximum number of phrases of a sense."""
PHRASE = 40
"""Maximum length of a phrase, in characters."""
DEFINITION = 120
"""Maximum length of a definition in the row of its sense, in characters."""
TITLE = 500
"""Maximum length of a definition in a title, in characters."""
COLLOCATES = 12
"""Maximum number of collocates of a sense."""
UNDATED = -1
"""The place of undated lines among the periods."""
_SHOWN = {
    "share": to_translate(
        "Share of each sense by {field}, with its 95 % interval and the number of lines. A bar of full height is {top}."
    ),
    "count": to_translate(
        "Number of lines of each sense by {field}, with its 95 % interval and the number of lines."
        " A bar of full height is {top}."
    ),
    "per-million": to_translate(
        "Occurrences per million tokens of each sense by {field}, with its 95 % interval and the number of lines."
        " A bar of full height is {top}."
    ),
}
"""What a timeline shows, by its measure."""
AWAITED = "\N{ALMOST EQUAL TO} " + ", ".join(["n" * 8] * 3)
"""What takes the room of three expected words of eight letters. It is not visible."""
EMPTY = "\N{EN DASH}"
"""Text of a cell without lines."""


def entry(
    inventory: SenseInventory,
    chosen: int | None,
    inside: Collection[int] | None,
    definitions: Mapping[str, str] | None = None,
) -> str:
    """Return one row per sense: its sign, size, distinctive words and most central line.

    The head of each row is a button that filters the lines.

    Args:
        chosen: Number of the chosen sense, or `NO_SENSE`, or None.
        inside: Ids of the word's occurrences inside the filters. None if there are no filters.
        definitions: Name of an edited sense -> its definition.
    """
    described = definitions or {}
    within = None if inside is None else Counter(inventory.assignments[key] for key in inside)
    note = f'<p class="pol-quiet">{escape(sentence_case(inventory.notice))}</p>' if inventory.notice else ""
    rows = "".join(_row(inventory, sense, chosen, within, described) for sense in inventory.senses)
    stray = sum(number is None for number in inventory.assignments.values())
    if stray:
        share = stray / len(inventory.assignments)
        rows += badge_row(None, say("fits no sense"), stray, share, within, chosen == NO_SENSE)
    name = say_html("Senses of {word}", word=attribute(inventory.word))
    return f'{note}<ol class="pol-senses" aria-label="{name}">{rows}</ol>'


def sentence_case(text: str) -> str:
    """Return a notice as a sentence."""
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _row(
    inventory: SenseInventory,
    sense: Sense,
    chosen: int | None,
    within: Mapping[int | None, int] | None,
    definitions: Mapping[str, str],
) -> str:
    shown = FEW_LABELS if sense.expected or not inventory.is_described else LABELS
    words = ", ".join(cut_right(word.lemma, NODE) for word in sense.labels[:shown])
    line = central_line(sense.central[0]) if sense.central else ""
    stable = "" if sense.stability is None else say("stability {share}", share=numeral(sense.stability, ".0%"))
    if not words:
        words = inventory.word
    if sense.name is not None:
        words = f"{sense.name}: {words}"
    return badge_row(
        sense.number,
        words,
        sense.size,
        sense.share,
        within,
        chosen == sense.number,
        line,
        stable,
        sense.expected,
        sense.pos,
        [phrase.lemma for phrase in sense.phrases[:PHRASES]],
        definitions.get(sense.name or "", ""),
        awaits=not inventory.is_described,
    )


def badge_row(
    number: int | None,
    words: str,
    size: int,
    share: float,
    within: Mapping[int | None, int] | None,
    chosen: bool,
    line: str = "",
    stable: str = "",
    expected: Sequence[str] = (),
    pos: str = "",
    phrases: Sequence[str] = (),
    definition: str = "",
    awaits: bool = False,
) -> str:
    """Return the row of a sense. Its head is a button that filters the lines.

    Args:
        number: Number of the sense. None for the lines that fit no sense.
        within: Number of lines of each sense inside the filters. None if there are no filters.
        line: HTML of its most central line.
        stable: Text about its stability.
        expected: Words that are expected in its place.
        pos: Part of speech. Empty if it is unknown.
        phrases: Phrases that name it.
        definition: Its definition, if a person has written one.
        awaits: Whether the expected words come later. Their room is kept, so that they seldom move the rows below.
    """
    here = 0 if within is None else within.get(number, 0)
    inside = ""
    if within is not None:
        inside = _quiet(say("inside the filters"), plural_html("{number} here", "{number} here", here))
    title = say("mean overlap with this sense in random samples ({all} is perfect)", all=numeral(1, ".0%"))
    more = _quiet(title, escape(stable)) if stable else ""
    alike = ", ".join(cut_right(word, NODE) for word in expected[:EXPECTED])
    like = " " + _quiet(say("words expected in its place"), f"\N{ALMOST EQUAL TO} {escape(alike)}") if alike else ""
    if awaits:
        like = f' <span class="pol-awaited" aria-hidden="true">{AWAITED}</span>'
    marked = ", ".join(say("“{phrase}”", phrase=cut_right(text, PHRASE)) for text in phrases)
    quoted = " " + _quiet(say("phrases with it"), escape(marked)) if marked else ""
    if definition:
        like += " · " + _quiet(cut_right(definition, TITLE), escape(cut_right(definition, DEFINITION)))
    shown, lines = pos_name(pos), escape(number_of_lines(size))
    part = f'<span class="pol-pos" title="{say_html("part of speech")}">{escape(shown)}</span> · ' if pos else ""
    pressed = str(chosen).lower()
    name = sense_name(number)
    name += f", {attribute(shown)}" if pos else ""
    return (
        f'<li data-chosen="{pressed}"><button type="button" class="pol-badge" data-sense="{number or NO_SENSE}"'
        f' aria-pressed="{pressed}" aria-label="{name}: {attribute(words)}, {lines}">'
        f'{sense_sign(number)}<span class="pol-labels">{part}{escape(words)}{quoted}{like}</span></button>'
        f'<span class="pol-size"><b>{lines}</b> <span>{numeral(share, ".0%")}</span>{inside}{more}'
        f'<span class="pol-bar"><i data-s="{sense_colour(number)}" style="width:{100 * share:.1f}%"></i></span></span>'
        f"{line}</li>"
    )


def _quiet(title: str, content: str) -> str:
    return f'<span class="pol-quiet" title="{attribute(title)}">{content}</span>'


def central_line(hit: OccurrenceHit) -> str:
    """Return the most central line of a sense."""
    line = concordance_line(hit)
    left, right = cut_left(line.left, LEFT), cut_right(line.right, RIGHT)
    node = f"<mark>{escape(cut_right(line.node, NODE))}</mark>"
    shown = f'<bdi dir="{direction(hit.sentence)}">{escape(left)}{node}{escape(right)}</bdi>'
    return f'<p class="pol-central">{shown}</p>'


def legend(inventory: SenseInventory) -> str:
    """Return the legend: the sign and labels of each sense."""
    items = "".join(f"<li>{_short(sense, inventory.word)}</li>" for sense in inventory.senses)
    return f'<ul class="pol-legend" aria-label="{say_html("Legend")}">{items}</ul>'


def _short(sense: Sense, word: str) -> str:
    words = sense.name or ", ".join(cut_right(label.lemma, NODE) for label in sense.labels[:3])
    words = say("{name}: {option}", name=pos_name(sense.pos), option=words or word) if sense.pos else words
    return f"{sense_sign(sense.number)} {escape(words or word)}"


def timeline(found: Timeline, inventory: SenseInventory, measure: str = "share", smoothing: int = 1) -> str:
    """Return a table of senses by period. Each cell has a measure, its interval and a count, and opens its lines.

    Args:
        found: The timeline, which has been smoothed.
        measure: `share`, `count` or `per-million`.
        smoothing: Number of periods of its window, which is said.
    """
    values = [found_value for period in found.periods for found_value in _measured(period, measure)]
    highest = 1.0 if measure == "share" else max((value[2] for value in values if value), default=1.0) or 1.0
    heads = "".join(_head(n, _years(period), sum(period.counts)) for n, period in enumerate(found.periods))
    heads += _head(UNDATED, say_html("undated"), sum(found.undated))
    rows = "".join(_timeline_row(found, sense, inventory.word, measure, highest) for sense in inventory.senses)
    top = numeral(1, ".0%") if measure == "share" else numeral(highest, ",.1f")
    explained = [say_html(_SHOWN[measure], field=escape(found.field), top=top)]
    if smoothing > 1 and measure == "count":
        explained.append(say_html("Each period has the lines of {window} periods around it.", window=str(smoothing)))
    elif smoothing > 1:
        explained.append(say_html("Each period is the moving average over {window} periods.", window=str(smoothing)))
    explained.append(say_html("Click a cell to see its lines."))
    totals = "".join(f"<td>{sum(period.counts) or EMPTY}</td>" for period in found.periods)
    foot = f'<tr><th scope="row">{say_html("lines")}</th>{totals}<td>{sum(found.undated) or EMPTY}</td></tr>'
    return (
        f'<p class="pol-quiet">{" ".join(explained)}</p><div class="pol-scroll" tabindex="0" role="region"'
        f' aria-label="{say_html("Senses over time")}"><table class="pol-time">'
        f'<thead><tr><th scope="col">{say_html("sense")}</th>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody><tfoot>{foot}</tfoot></table></div>"
    )


def _head(place: int, name: str, size: int) -> str:
    if not size:
        return f'<th scope="col">{name}</th>'
    lines = escape(number_of_lines(size))
    button = f'<button type="button" data-period="{place}" data-of="all" aria-label="{name}: {lines}">'
    return f'<th scope="col">{button}{name}</button></th>'


def _years(period: Period) -> str:
    return str(period.start) if period.start == period.end else f"{period.start}\N{EN DASH}{period.end % 100:02}"


def _measured(period: Period, measure: str) -> list[tuple[float, float, float] | None]:
    return [period.value(number, measure) for number in range(1, len(period.counts) + 1)]


def _timeline_row(found: Timeline, sense: Sense, word: str, measure: str, highest: float) -> str:
    number = sense.number
    cells = "".join(_timeline_cell(n, period, number, measure, highest) for n, period in enumerate(found.periods))
    return (
        f'<tr><th scope="row">{_short(sense, word)}</th>{cells}{_undated_cell(found.undated[number - 1], number)}</tr>'
    )


def _undated_cell(size: int, number: int) -> str:
    if not size:
        return f"<td>{EMPTY}</td>"
    name = f"{sense_name(number)}, {say_html('undated')}: {escape(number_of_lines(size))}"
    return (
        f'<td><button type="button" data-period="{UNDATED}" data-of="{number}" aria-label="{name}">{size}</button></td>'
    )


def _timeline_cell(n: int, period: Period, number: int, measure: str, highest: float) -> str:
    size, total = period.counts[number - 1], sum(period.counts)
    value = period.value(number, measure)
    if not total or value is None:
        return f'<td class="pol-none" title="{say_html("no line in {years}", years=_years(period))}">{EMPTY}</td>'
    middle, low, high = value
    form = ".0%" if measure == "share" else ",.1f"
    rate = say_html("{low} to {high}", low=numeral(low, form), high=numeral(high, form))
    rate = f"{numeral(middle, form)} ({rate})"
    if measure == "per-million":
        values = {"low": numeral(low, form), "high": numeral(high, form)}
        rate = say_html("{rate} per million tokens ({low} to {high})", rate=numeral(middle, form), **values)
    lines = escape(number_of_lines(size))
    if measure == "share":
        lines = say_html("{some} of {all}", some=numeral(size), all=numeral(total))
    title = f"{_years(period)}: {lines}, {rate}"
    colour = sense_colour(number)
    bottom, height, point = 100 * low / highest, 100 * (high - low) / highest, 100 * middle / highest
    drawn = (
        f'<span class="pol-plot"><i class="pol-range" style="bottom:{bottom:.1f}%;height:{height:.1f}%">'
        f'</i><i class="pol-share" data-s="{colour}" style="bottom:{point:.1f}%"></i></span>'
    )
    if not size:
        return f'<td title="{title}">{drawn}<span>0</span></td>'
    return (
        f'<td><button type="button" class="pol-point" data-period="{n}" data-of="{number}" title="{title}"'
        f' aria-label="{sense_name(number)}, {title}">{drawn}<span>{size}</span></button></td>'
    )


def collocate_tables(inventory: SenseInventory, chosen: int | None) -> str:
    """Return the words near each sense's occurrences that distinguish it from the others, with their statistics."""
    shown = [sense for sense in inventory.senses if chosen in (None, NO_SENSE, sense.number)]
    return f'<div class="pol-collocates">{"".join(_collocates(sense) for sense in shown)}</div>'


def _collocates(sense: Sense) -> str:
    words: Sequence[Collocate] = sense.collocates or sense.labels
    rows = "".join(
        f"<tr><td><bdi>{escape(cut_right(word.lemma, NODE))}</bdi></td><td>{numeral(word.count)}</td>"
        f"<td>{numeral(word.log_likelihood, '.1f')}</td><td>{numeral(word.log_dice, '.1f')}</td></tr>"
        for word in words[:COLLOCATES]
    )
    head = "".join(
        f'<th scope="col" title="{title}">{name}</th>'
        for name, title in (
            (say_html("word"), say_html("lemma of a content word nearby")),
            (say_html("lines"), say_html("lines of this sense with it nearby")),
            (say_html("log-l."), say_html("log-likelihood against the word's other senses (Dunning 1993)")),
            (say_html("logDice"), say_html("logDice with this sense (Rychlý 2008)")),
        )
    )
    none = say_html("no word distinguishes this sense from the others")
    body = rows or f'<tr><td colspan="4" class="pol-quiet">{none}</td></tr>'
    return (
        f'<table class="pol-words"><caption>{sense_sign(sense.number)} {escape(number_of_lines(sense.size))}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
