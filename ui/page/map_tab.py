"""Draw the map of a word: its occurrences as points, coloured by sense, mark or metadata, the figure, and the files."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Sequence

import numpy as np
import streamlit as st

from ...indexer.errors import PolysemeError
from ...indexer.vectors.arrays import Array
from ...search.citation import question_text
from ...search.hits import OccurrenceHit
from ...search.searcher import Searcher
from ...search.senses.inventory import SenseInventory
from ...search.senses.sense_map import SenseMap
from . import cache, controls, dictionary, figures
from .address import PageQuery
from .colouring import FIELD, MARKS, Colouring, by_field, by_mark, by_sense, offered
from .facets import Facet
from .html import base, points, senses
from .language import plural, say
from .listing import Answer
from .session import marks
from .tab import PROJECTIONS

MAX_POINTS = 3000
"""Maximum number of points on the map."""


def draw(
    searcher: Searcher, inventory: SenseInventory, facets: Sequence[Facet], found: Answer, query: PageQuery
) -> None:
    """Draw the map with its settings."""
    method, colour = _draw_settings(offered(facets), query)
    try:
        places = cache.places(searcher, inventory, method)
    except PolysemeError as error:
        st.warning(base.label(str(error), 500))
        return
    # Only points inside the filters are drawn, so that each point has a line.
    every = list(inventory.assignments)
    inside = [n for n, key in enumerate(every) if found.inside is None or key in found.inside]
    step = max(1, -(-len(inside) // MAX_POINTS))
    ids = [every[n] for n in inside[::step]]
    colouring = _colouring(searcher, inventory, facets, colour)
    numbers = [colouring.numbers.get(key) for key in ids]
    tips = {hit.occurrence_id: hit for hit in found.lines if isinstance(hit, OccurrenceHit)}
    rows = range(0, len(inside), step)
    word = f"{inventory.word} {inventory.match} {method}"
    shown = points.occurrence_map(places[inside], rows, ids, numbers, colouring.names, tips, query.picked, word)
    st.html(shown + _legend(inventory, colouring, numbers, colour))
    st.html(base.remark(_explained(found.inside is not None, step)))
    _draw_files(searcher, inventory, found, query, method, places, inside)


def _draw_settings(colours: Sequence[str], query: PageQuery) -> tuple[str, str]:
    """Draw the choices of the projection and of the colours, and return the chosen ones."""
    method = "pca"
    with st.container(horizontal=True, key="map-choices", vertical_alignment="bottom"):
        if importlib.util.find_spec("umap") is not None:
            method = controls.segments(
                say("Projection"), "projection", {name: name for name in PROJECTIONS}, query.tab.projection
            )
        colour = controls.select(say("Colour"), "colour", colours, query.tab.colour, _colour_name)
    return method, colour


def _colour_name(colour: str) -> str:
    return {"": say("sense"), MARKS: say("mark")}.get(colour, colour.removeprefix(FIELD))


def _colouring(searcher: Searcher, inventory: SenseInventory, facets: Sequence[Facet], colour: str) -> Colouring:
    if colour == MARKS:
        return by_mark(marks())
    field = next((item for item in facets if FIELD + item.field == colour), None)
    return by_sense(inventory) if field is None else by_field(searcher, inventory, field)


def _legend(inventory: SenseInventory, colouring: Colouring, numbers: Sequence[int | None], colour: str) -> str:
    if not colour:
        return senses.legend(dictionary.with_lines(inventory))
    counts = Counter(numbers)
    groups: list[int | None] = [*range(1, len(colouring.names)), None]
    return points.key(colouring.names, [counts[number] for number in groups])


def _explained(filtered: bool, step: int) -> str:
    texts = [
        say(
            "Points that are close together have similar senses. Click a point to see its line, or draw a frame around"
            " several. After a click on Lasso you draw any shape. Hold Shift to add to the picked lines. The arrow keys"
            " go from point to point. The wheel zooms while you hold Ctrl."
        )
    ]
    if filtered:
        texts.append(say("Occurrences outside the filters are not drawn."))
    if step > 1:
        texts.append(
            plural(
                "All occurrences are drawn.",
                "One in {number} occurrences is drawn. The squares behind them are darker where there are more.",
                step,
            )
        )
    return " ".join(texts)


def _draw_files(
    searcher: Searcher,
    inventory: SenseInventory,
    found: Answer,
    query: PageQuery,
    method: str,
    places: Array,
    inside: Sequence[int],
) -> None:
    """Draw the figure and the files. They have all occurrences inside the filters, by sense.

    Args:
        places: Coordinates of all occurrences of the word.  (n, 2)
        inside: Rows of those inside the filters.
    """
    every = list(inventory.assignments.items())
    cited = searcher.cite(
        question_text(f"map of {inventory.word} ({inventory.match})", found.question.within, f"by {method}")
    )
    drawn_map = SenseMap(
        inventory.word,
        method,
        np.array([every[n][0] for n in inside], np.int64),
        np.array([every[n][1] or 0 for n in inside], np.int64),
        places[inside],
        inventory.sense_names(),
        cited,
    )
    figures.draw(
        searcher,
        query,
        "map",
        drawn_map.plot if len(inside) else None,
        drawn_map.to_dicts,
        cited,
        say("Map of the occurrences of {word}, with a colour and a marker for each sense.", word=inventory.word),
    )
