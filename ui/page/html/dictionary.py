"""Build the senses of a dictionary as HTML: their definitions, with their lines in the collection.

All functions are pure, except that the page's own texts are in the visitor's language.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from ....search.senses.dictionary import DictionarySenses
from ..address import NO_SENSE
from ..language import plural_html, say, say_html
from .base import attribute, cut_right, escape, pos_name
from .senses import badge_row, central_line

DEFINITION = 300
"""Maximum length of a definition in a row, in characters."""
NAME = 40
"""Maximum length of a definition as the name of a sense, in characters."""


def short_name(found: DictionarySenses, number: int) -> str:
    """Return the name of a sense in a table: its number in the dictionary and the beginning of its definition."""
    lemma, own = found.places[number - 1]
    entry = found.entries[number - 1]
    return f"{lemma} {own}: {cut_right(entry.definition or entry.id, NAME)}"


def entry(found: DictionarySenses, chosen: int | None, inside: Collection[int] | None) -> str:
    """Return one row per sense with lines: its sign, definition, lines and most central line.

    The head of each row is a button that filters the lines. The senses are in the order of the dictionary.

    Args:
        chosen: Number of the chosen sense, or `NO_SENSE`, or None.
        inside: Ids of the word's occurrences inside the filters. None if there are no filters.
    """
    inventory = found.inventory
    within = None if inside is None else Counter(inventory.assignments[key] for key in inside)
    rows, empty = "", 0
    for sense, one in zip(inventory.senses, found.entries, strict=True):
        if not sense.size:
            empty += 1
            continue
        lemma, own = found.places[sense.number - 1]
        head = f"{lemma} {own}" + (f" ({pos_name(one.pos)})" if one.pos else "")
        words = f"{head}: {cut_right(one.definition or one.id, DEFINITION)}"
        line = central_line(sense.central[0]) if sense.central else ""
        rows += badge_row(sense.number, words, sense.size, sense.share, within, chosen == sense.number, line)
    stray = sum(number is None for number in inventory.assignments.values())
    if stray:
        share = stray / len(inventory.assignments)
        rows += badge_row(None, say("not in the dictionary"), stray, share, within, chosen == NO_SENSE)
    more = ""
    if empty:
        text = plural_html(
            "{number} sense of this dictionary without lines",
            "{number} senses of this dictionary without lines",
            empty,
        )
        more = f'<p class="pol-quiet">{text}</p>'
    name = say_html("Senses of {word} in a dictionary", word=attribute(inventory.word))
    return f'<ol class="pol-senses" aria-label="{name}">{rows}</ol>{more}'


def missing(name: str, word: str) -> str:
    """Return that a dictionary does not have a word, so that its senses come from the texts."""
    text = say_html(
        "The dictionary {name} has no sense of {word}. These come from the texts.",
        name=escape(cut_right(name, NAME)),
        word=escape(cut_right(word, NAME)),
    )
    return f'<p class="pol-quiet">{text}</p>'
