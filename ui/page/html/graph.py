"""Build the collocates of a word as a graph: the node in the middle, and around it buttons that show lines.

It is arranged for wide windows and for narrow ones, which may have room for fewer words. Lengths are in rem, so that a
visitor's larger letters have their room. All functions are pure, except that the page's own texts are in the
visitor's language.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np

from ....search.figures.radial import Arrangement, GraphLink, GraphWord, arrange, circle_size
from ....search.statistics.collocates import Collocate, Collocates
from ..language import numeral, plural, plural_html, say, say_html
from .base import attribute, cut_right, escape, sense_colour

WINDOWS = {"wide": (46.0, 27.0, 11.0), "narrow": (20.0, 36.0, 6.4)}
"""Smallest width and height of the graph, and greatest width of a word, in rem. `page.css` has the same sizes."""
LONGEST = 18
"""Maximum length of a word in the graph, in characters."""
LINKED = 5
"""Maximum number of linked words that a word's name for screen readers has."""
SMALLEST, LARGEST = 1.0, 1.8
"""Diameters of circles, in rem."""
LOWEST = 1.5
"""Minimum height of a button, in rem."""
FONT, NODE_FONT = 0.9, 1.15
"""Sizes of letters, in rem."""
_GAP = 0.3
_LINES = (0.06, 0.24)
"""Widths of the lines of the weakest and of the strongest link, in rem."""


def arrangements(found: Collocates) -> dict[str, Arrangement]:
    """Return where the node and the words are in each of `WINDOWS`."""
    words, links = found.graph_words(), found.graph_links()
    return {name: _arranged(found.word, words, links, *sizes) for name, sizes in WINDOWS.items()}


def collocates(found: Collocates, windows: Mapping[str, Arrangement], measure: str) -> str:
    """Return the collocates around their node. Each is a button that shows the lines with it.

    Args:
        windows: What `arrangements` returns.
        measure: Name of what orders them, in the visitor's language.
    """
    words, links = found.graph_words(), found.graph_links()
    drawn = "".join(_lines(each, words, links, window) for window, each in windows.items())
    node = "".join(_place(each.node, window) for window, each in windows.items())
    linked = _linked(words, links)
    buttons = "".join(
        _button(number, found, words, measure, linked[number], windows)
        for number in range(len(words))
        if any(number in each.places for each in windows.values())
    )
    name = say_html("Collocates of {word} as a graph", word=attribute(cut_right(found.word, LONGEST)))
    return (
        f'<p class="pol-quiet">{escape(_explained(found, measure))}</p>'
        f'<div class="pol-network"><div class="pol-graph" role="group" aria-label="{name}">{drawn}'
        f'<b class="pol-middle" style="{node}"><bdi>{escape(cut_right(found.word, LONGEST))}</bdi></b>{buttons}</div>'
        f"{''.join(_rest(found, each, window) for window, each in windows.items())}</div>"
    )


def text_width(text: str) -> float:
    """Return a width that a text has at most, by the size of its letters."""
    return sum(map(_sign_width, text))


def _sign_width(sign: str) -> float:
    if unicodedata.combining(sign) or unicodedata.category(sign) in ("Mn", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.4 if unicodedata.category(sign) == "So" else 1.1
    if ord(sign) >= 0x530:  # letters of another script than Latin, Greek and Cyrillic
        return 1.1
    if sign in "fijlrt.,;:'|!()[] -":
        return 0.4
    return 0.95 if sign in "mwMW@%" else 0.72 if sign.isupper() or not sign.isascii() else 0.6


def _arranged(
    node: str, words: Sequence[GraphWord], links: Sequence[GraphLink], width: float, height: float, longest: float
) -> Arrangement:
    most = max((word.count for word in words), default=0)
    boxes = [_box(word, circle_size(word.count, most, SMALLEST, LARGEST), longest) for word in words]
    shown = NODE_FONT * text_width(cut_right(node, LONGEST)), LOWEST
    return arrange(words, links, np.array(boxes).reshape(-1, 4), shown, width, height)


def _box(word: GraphWord, circle: float, longest: float) -> tuple[float, float, float, float]:
    """Return what is drawn to the left, above, to the right and below the middle of a word's circle."""
    tall, beside = max(circle, LOWEST) / 2, circle / 2 + _GAP + min(_width(word), longest)
    return (beside, tall, circle / 2, tall) if word.balance < 0 else (circle / 2, tall, beside, tall)


def _width(word: GraphWord) -> float:
    return FONT * text_width(cut_right(word.name, LONGEST))


def _place(place: tuple[float, float], window: str) -> str:
    """Return a place as properties of a style, which `page.css` reads."""
    left, top = (100 * at / whole for at, whole in zip(place, WINDOWS[window], strict=False))
    return f"--{window}-x:{left:.2f}%;--{window}-y:{top:.2f}%;"


def _lines(found: Arrangement, words: Sequence[GraphWord], links: Sequence[GraphLink], window: str) -> str:
    """Return the lines of a graph, which are decoration: the names of the buttons have the linked words.

    The browser's filter drops SVG, so they are turned boxes. The graph keeps its shape, so their angles stay.
    """
    drawn = [_line(found.node, place, 0.04, window) for place in found.places.values()]
    for link in links:
        if {link.first, link.second} <= set(found.places):
            group = words[link.first].group
            same = f' data-s="{sense_colour(group)}"' if group and group == words[link.second].group else ""
            width = _LINES[0] + (_LINES[1] - _LINES[0]) * min(link.weight, 1.0)
            ends = f' class="pol-link" data-ends="{link.first} {link.second}"{same}'
            drawn.append(_line(found.places[link.first], found.places[link.second], width, window, ends))
    return f'<div class="pol-links" data-window="{window}" aria-hidden="true">{"".join(drawn)}</div>'


def _line(
    first: tuple[float, float], second: tuple[float, float], width: float, window: str, more: str = ' class="pol-spoke"'
) -> str:
    across, down = second[0] - first[0], second[1] - first[1]
    length, turn = 100 * math.hypot(across, down) / WINDOWS[window][0], math.degrees(math.atan2(down, across))
    left, top = (100 * at / whole for at, whole in zip(first, WINDOWS[window], strict=False))
    return (
        f'<i{more} style="left:{left:.2f}%;top:{top:.2f}%;width:{length:.2f}%;height:{width:.2f}rem;'
        f'transform:translateY(-50%) rotate({turn:.2f}deg)"></i>'
    )


def _linked(words: Sequence[GraphWord], links: Sequence[GraphLink]) -> list[list[str]]:
    """Return the names of the words that are linked with each word."""
    found: list[list[str]] = [[] for _ in words]
    for link in links:
        found[link.first].append(words[link.second].name)
        found[link.second].append(words[link.first].name)
    return found


def _button(
    number: int,
    found: Collocates,
    words: Sequence[GraphWord],
    measure: str,
    linked: Sequence[str],
    windows: Mapping[str, Arrangement],
) -> str:
    word, most = words[number], max(each.count for each in words)
    places = {window: each.places[number] for window, each in windows.items() if number in each.places}
    style = "".join(_place(place, window) for window, place in places.items())
    name = attribute(_name(found.words[number], word.name, found.measure, measure, linked))
    side = "left" if word.balance < 0 else "right"
    only = f' data-window="{next(iter(places))}"' if len(places) < len(windows) else ""
    return (
        f'<button type="button" class="pol-collocate" data-collocate="{number}" data-side="{side}"{only}'
        f' style="{style}--d:{circle_size(word.count, most, SMALLEST, LARGEST):.2f}rem;--w:{_width(word):.2f}rem"'
        f' aria-label="{name}" title="{name}">'
        f'<span class="pol-s" data-s="{sense_colour(word.group)}" aria-hidden="true">{word.group or ""}</span>'
        f"<bdi>{escape(cut_right(word.name, LONGEST))}</bdi></button>"
    )


def _name(word: Collocate, shown: str, order: str, measure: str, linked: Sequence[str]) -> str:
    """Return what a screen reader says of a word: its lines, strength, sense, side, and the words linked with it."""
    parts = [shown, plural("{number} line", "{number} lines", word.count)]
    if order != "count":
        parts.append(f"{measure} {numeral(getattr(word, order), ',.1f')}")
    if word.sense is not None:
        parts.append(say("sense {sense}", sense=str(word.sense)))
    if word.balance:
        parts.append(say("mostly on the left") if word.balance < 0 else say("mostly on the right"))
    if linked:
        words = ", ".join(cut_right(each, LONGEST) for each in linked[:LINKED])
        parts.append(say("linked with {words}", words=words))
    return ", ".join(parts)


def _explained(found: Collocates, measure: str) -> str:
    texts = [
        say(
            "The nearer a word is to {word}, the stronger it is ({measure}). Words that are mostly on its left are on"
            " the left. Circles grow with the number of lines.",
            word=cut_right(found.word, LONGEST),
            measure=measure,
        )
    ]
    if found.links.links:
        texts.append(say("Links join words that are near the same occurrences more often than chance."))
    if any(word.sense is not None for word in found.words):
        texts.append(say("Colours are the sense in whose lines a word is over-represented."))
    return " ".join(texts)


def _rest(found: Collocates, drawn: Arrangement, window: str) -> str:
    """Return how many words are drawn, if they are not all."""
    placed, number = len(drawn.places), len(found.words)
    if placed == number:
        return ""
    text = plural_html(
        "{number} of {all} is drawn. The table has all.",
        "{number} of {all} are drawn. The table has all.",
        placed,
        all=numeral(number),
    )
    return f'<p class="pol-quiet" data-window="{window}">{text}</p>'
