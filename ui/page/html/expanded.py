"""Build what a visitor opens under a sentence: its neighbours, and sentences that are nearly the same.

All functions are pure, except that the page's own texts are in the visitor's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ....search.hits import SentenceHit
from ..language import plural_html, say_html
from . import meetings
from .base import SENTENCE, SPACE, cut_left, cut_right, direction, escape

NEIGHBOUR = 400
"""Maximum length of a neighbouring sentence, in characters."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """What the visitor has opened under lines, by the id of their sentence.

    Args:
        around: The sentences before and after. An empty text means that there is none.
        copies: Sentences that are nearly the same.
    """

    around: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    copies: Mapping[int, Sequence[SentenceHit]] = field(default_factory=dict)


def around_button(hit: SentenceHit, number: int, expanded: Expanded) -> str:
    """Return the button that shows the neighbours of a sentence."""
    opened = str(hit.sentence_id in expanded.around).lower()
    name = say_html("Sentences around line {line}", line=str(number))
    return (
        f'<button type="button" data-around="{hit.sentence_id}" aria-expanded="{opened}"'
        f' aria-label="{name}" title="{say_html("Show the sentences before and after")}">'
        "\N{MIDLINE HORIZONTAL ELLIPSIS}</button>"
    )


def under_line(hit: SentenceHit, expanded: Expanded) -> str:
    """Return what is under a sentence: its neighbours, and the sentences that are nearly the same."""
    parts: list[str] = []
    if hit.sentence_id in expanded.around:
        before, after = (SPACE.sub(" ", text).strip() for text in expanded.around[hit.sentence_id])
        if not (before or after):
            parts.append(f'<p class="pol-quiet">{say_html("This is the only sentence of its document.")}</p>')
        parts += _neighbour(say_html("before:"), cut_left(before, NEIGHBOUR)) if before else []
        parts += _neighbour(say_html("after:"), cut_right(after, NEIGHBOUR)) if after else []
        if hit.meetings:
            met = say_html("Met: {words}", words=meetings.met_html(hit.meetings))
            parts.append(f'<p class="pol-why">{met}</p>')
    if hit.alike:
        key, opened = hit.sentence_id, hit.sentence_id in expanded.copies
        parts.append(
            f'<button type="button" class="pol-alike" data-alike="{key}" aria-expanded="{str(opened).lower()}"'
            f' title="{say_html("Sentences that are nearly the same as this one")}">'
            f"{plural_html('+{number} alike', '+{number} alike', len(hit.alike))}</button>"
        )
        if opened:
            items = "".join(_alike(each) for each in expanded.copies[key])
            hidden = len(hit.alike) - len(expanded.copies[key])
            more = plural_html("and {number} more", "and {number} more", hidden)
            rest = f'<p class="pol-quiet">{more}</p>' if hidden > 0 else ""
            name = say_html("Sentences that are nearly the same")
            parts.append(f'<ul class="pol-copies" aria-label="{name}">{items}</ul>{rest}')
    return f'<div class="pol-more" role="cell">{"".join(parts)}</div>' if parts else ""


def _neighbour(place: str, text: str) -> list[str]:
    return [f'<p class="pol-around" dir="{direction(text)}"><span class="pol-quiet">{place} </span>{escape(text)}</p>']


def _alike(hit: SentenceHit) -> str:
    text = escape(SPACE.sub(" ", cut_right(hit.sentence, SENTENCE)))
    return (
        f'<li><span dir="{direction(hit.sentence)}">{text}</span> <button type="button" class="pol-open"'
        f' data-read="{hit.sentence_id}" title="{say_html("Open the document at this sentence")}">'
        f"<bdi>{escape(cut_right(hit.document, 60))}</bdi></button></li>"
    )
