"""Keep long lists of lines in the collection under a short name, and read the lists that an address names.

The address names lines one by one: those picked on the map, those to search again from, and the marked ones. Hundreds
of them make an address that mail programs break and servers refuse. So the collection keeps them
(`indexer.collection.selections`), and the address has their name. Equal lines have the same name in every visit, so
nothing is kept twice.

What is kept when: the lists of a query when the address first has it, which is one click such as a lasso. Marks when
those that were put or cleared since the last time are long themselves (`marks.py`). Paging, sorting, Back and Forward
find the name in the session, and write nothing.

A collection that cannot be written has long addresses, as it always had. The page does not wait for another process
that writes. It does not bring the tables of an older collection up to date either, since that may take minutes.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from ...indexer.collection.paths import identity
from ...indexer.collection.schema import DATABASE_NAME
from ...indexer.collection.selections import LineList, Selection
from ...indexer.errors import PolysemeError
from ...search.searcher import Searcher
from . import marks, session
from .language import numeral, plural, say

IDENTITIES = "identities"
"""Key of the databases that this visit has seen, in the session state: collection -> file."""


def settle(searcher: Searcher) -> None:
    """Read the selections that the address names, keep the long lists of the query, and write its address.

    Call it when the collection is open. Before, `session.begin` and `session.write` only pass the names on.
    """
    _notice_another_database(searcher)
    _read_lists(searcher)
    _read_marks(searcher)
    if not session.is_unwritten():
        return
    query = session.current()
    lists = session.kept_lists(query)
    kinds = {name: name.endswith(session.SENTENCES) for name in lists}
    if name := _keep(searcher, {each: LineList(keys, kinds[each]) for each, keys in lists.items()}):
        session.note_selection(query.collection, name, lists)
    session.write(is_last=True)


def keep_marks(searcher: Searcher) -> None:
    """Keep the marks of the collection if the address is too short for them."""
    collection = session.current().collection
    lists = marks.lists_to_keep(collection)
    if lists and (name := _keep(searcher, lists)):
        marks.note_kept(collection, name)


def left_out(collection: str) -> str:
    """Return the line about marks for which the address has no room, or ""."""
    number = marks.left_out(collection)
    if not number:
        return ""
    return plural(
        "{number} mark is not in the address, since the collection cannot be written now to keep it",
        "{number} marks are not in the address, since the collection cannot be written now to keep them",
        number,
    )


def _read_lists(searcher: Searcher) -> None:
    """Put the lists of the selection that the query names into the query."""
    query = session.current()
    if not query.selection:
        return
    found = _read(searcher, query.selection)
    lists = {} if found is None else dict(found.lists)
    filled = session.filled(query, lists)
    if found is not None and any(lists.values()) and not session.uses_lists(query, lists):
        text = say(
            "the lines {name} do not belong to the question of the address; they are ignored", name=query.selection
        )
        session.add_problem(text)
    session.note_selection(query.collection, query.selection, lists)
    session.settle(filled)


def _read_marks(searcher: Searcher) -> None:
    """Add the marks that the address names."""
    collection = session.current().collection
    if name := marks.wanted(collection):
        found = _read(searcher, name)
        marks.fill(collection, {} if found is None else found.lists)


def _read(searcher: Searcher, name: str) -> Selection | None:
    """Read a selection. If it, or some of its lines, cannot be found, say so on the page."""
    try:
        found = searcher.collection.selection(name)
    except PolysemeError as error:
        session.add_problem(str(error))
        return None
    if found is None:
        problem = say(
            "the address has {name} in the place of lines, which this collection does not keep; ask for the link again,"
            " or choose the lines again",
            name=name,
        )
        session.add_problem(problem)
        return None
    if found.gone:
        problem = plural(
            "{number} of {all} lines of the address is gone, since its document was removed or changed",
            "{number} of {all} lines of the address are gone, since their documents were removed or changed",
            found.gone,
            all=numeral(found.lines),
        )
        session.add_problem(problem)
    if not found.is_fresh:
        _touch(searcher, name)
    return found


def _touch(searcher: Searcher, name: str) -> None:
    """Note that a selection was opened, if the collection can be written now."""
    try:
        with searcher.collection.writing() as writer:
            writer.touch_selection(name)
    except (PolysemeError, OSError):
        return


def _keep(searcher: Searcher, lists: Mapping[str, LineList]) -> str | None:
    """Keep lists of lines, and return their name. None if they cannot be kept now."""
    try:
        if not searcher.collection.can_keep_selections():
            return None
        with searcher.collection.writing() as writer:
            return writer.keep_selection(lists)
    except (PolysemeError, OSError):
        return None


def _notice_another_database(searcher: Searcher) -> None:
    """Forget the ids of kept lines if another database has taken the place of the one that this visit knows.

    Such a one is a collection that was encoded again. Its ids are those of other lines.
    """
    collection = session.current().collection
    here = identity(searcher.collection.path / DATABASE_NAME)
    seen: dict[str, tuple[int, int] | None] = st.session_state.setdefault(IDENTITIES, {})
    if seen.get(collection, here) != here:
        session.forget_selections(collection)
        marks.forget_ids(collection)
    seen[collection] = here
