"""Annotate lines on the page: give them a sense, a label, a mark or a note, undo that, and filter by it.

Everything is saved at once in the collection, by `Searcher.annotate`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from ...indexer.collection.judgements import Event, Mark
from ...indexer.errors import PolysemeError, QueryError
from ...search.hits import Match, OccurrenceHit
from ...search.query.scope import ANNOTATION
from ...search.searcher import Searcher
from . import cache, listing, login, marks, session
from .facets import Facet, FacetKind, facet
from .html import base
from .html.annotate import KINDS, MARKS
from .language import numeral, say, to_translate
from .listing import Answer
from .session import current, show_message

AUTHOR = "author"
"""Key of the field with the name of the visitor who judges, in the session state."""
FIELD = f"{ANNOTATION}."
"""Beginning of the filters by an annotation."""
FACETS = {
    f"{FIELD}sense": to_translate("Sense given"),
    f"{FIELD}label": to_translate("Label"),
    f"{FIELD}mark": to_translate("Mark"),
    f"{FIELD}author": to_translate("Annotated by"),
}
"""What lines are filtered by, and its name in the sidebar."""
CHANGED = {
    **KINDS,
    "name": to_translate("new name"),
    "definition": to_translate("definition"),
    "merged": to_translate("merged"),
}
"""What an event changes."""
NOTE_HEIGHT = 80
"""Height of the field of a note, in pixels."""


def author() -> str | None:
    """Return who judges: the account that is logged in, or the name in the sidebar. None for the user of this machine.

    Raises:
        QueryError: The page is served, and the visitor has given no name.
    """
    if not login.is_served_beyond():
        return None
    if account := _account():
        return account
    if name := str(st.session_state.get(AUTHOR, "")).strip():
        return name
    raise QueryError(say("nobody knows who you are; type your name in the sidebar, under Annotations, and do it again"))


def _account() -> str:
    """Return the name of the account that is logged in, or ""."""
    if not getattr(st.user, "is_logged_in", False):
        return ""
    known = st.user.to_dict()
    return str(known.get("email") or known.get("name") or known.get("sub") or "")[:100]


# The forms


def draw_marked(searcher: Searcher, found: Answer, keys: Sequence[int]) -> None:
    """Draw a button that opens the form for the lines marked +."""
    if not _has_occurrences(found) or not keys:
        return

    def done() -> None:
        query = current()
        if not query.marked:
            searched = {*query.like, *query.unlike}
            marks.remove(query.collection, marks.shown(), [key for key in keys if key not in searched])

    _draw_popover(searcher, found, say("Annotate"), "annotate", lambda: list(keys), done)


def draw_list(searcher: Searcher, found: Answer) -> None:
    """Draw a button that opens the form for all lines of a list, and the buttons that undo and redo."""
    if not _has_occurrences(found):
        return
    if found.complete and found.size and not found.question.of_pattern:

        def every() -> list[int]:
            lines = listing.everything(searcher, found.question)
            if lines.cut:
                count = numeral(len(lines.lines))
                raise QueryError(say("the list has more than {count} lines; narrow it with a filter", count=count))
            return [hit.occurrence_id for hit in lines.lines if isinstance(hit, OccurrenceHit)]

        label = say("Annotate all lines") if found.size > 1 else say("Annotate the line")
        _draw_popover(searcher, found, label, "annotateall", every, lambda: None)
    if searcher.annotation_state():
        undo = say("Undo your last annotation or change of a sense (key {letter} in a line)", letter="u")
        redo = say("Redo your last annotation or change of a sense (key {letter} in a line)", letter="U")
        # Only the icons of the buttons are shown.
        st.button(say("Undo"), key="undo", icon=":material/undo:", help=undo, on_click=_undo, args=(searcher,))
        st.button(say("Redo"), key="redo", icon=":material/redo:", help=redo, on_click=_redo, args=(searcher,))


def _has_occurrences(found: Answer) -> bool:
    return found.question.of_words and found.match is not Match.SENTENCE and not found.question.of_documents


def _draw_popover(
    searcher: Searcher,
    found: Answer,
    label: str,
    key: str,
    lines: Callable[[], list[int]],
    done: Callable[[], None],
) -> None:
    # A new key makes a new popover, which is closed. So the popover closes when something was saved.
    key = f"{key}-{searcher.annotation_state()}"
    with st.popover(label, icon=":material/edit_note:", key=key), st.container(key=f"form-{key}"):
        _draw_form(searcher, found, key, lines, done)


def _draw_form(
    searcher: Searcher, found: Answer, key: str, lines: Callable[[], list[int]], done: Callable[[], None]
) -> None:
    names = sense_names(searcher, found)
    shown = base.distinct(names, 60)
    marked = {mark: say(text) for mark, text in MARKS.items()}

    def save() -> None:
        values = {name: st.session_state.get(f"{key}-{name}") or None for name in ("sense", "label", "mark", "note")}
        _annotate(searcher, lines, values, done)

    def remove() -> None:
        _annotate(searcher, lines, dict.fromkeys(("sense", "label", "mark", "note"), ""), done)

    with st.form(f"{key}-form", border=False):
        st.selectbox(
            say("Sense"),
            names,
            index=None,
            format_func=lambda name: shown.get(name, name),
            key=f"{key}-sense",
            placeholder=say("choose a sense, or type a new one"),
            accept_new_options=True,
        )
        st.text_input(say("Label"), key=f"{key}-label", max_chars=100)
        st.segmented_control(say("Mark"), list(Mark), format_func=marked.__getitem__, key=f"{key}-mark")
        st.text_area(say("Note"), key=f"{key}-note", max_chars=10_000, height=NOTE_HEIGHT)
        st.form_submit_button(say("Save"), on_click=save, type="primary")
    st.html(base.remark(say("A field that you leave empty changes nothing.")))
    st.button(say("Remove what you have said"), key=f"{key}-remove", type="tertiary", on_click=remove)


def sense_names(searcher: Searcher, found: Answer) -> list[str]:
    """Return the names that lines of a list can get: the edited senses, then the named senses of their word."""
    # The senses may not be computed yet, so the inventory is not asked for the word.
    word = None if found.match is Match.ANY else listing.word_asked(searcher, current())
    judged = [sense.name for sense in searcher.judged_senses(word)]
    named = [item.name for item in searcher.named_senses() if word is None or item.word == word]
    return list(dict.fromkeys([*judged, *named]))


def _annotate(
    searcher: Searcher,
    lines: Callable[[], list[int]],
    values: dict[str, str | None],
    done: Callable[[], None],
) -> None:
    """Save what was said about lines, and show what was saved, or why not."""
    try:
        event = searcher.annotate(lines(), author(), **values)
    except PolysemeError as error:
        show_message(str(error))
        return
    st.session_state.pop(session.MESSAGE, None)
    done()
    st.toast(say("That was said before") if event is None else say("Saved: {what}", what=described(event)))


def change(act: Callable[[str | None], Event]) -> bool:
    """Change a sense by the visitor's name. Show what was done, or why not. Return whether it was done.

    Args:
        act: Changes the sense, given the author.
    """
    try:
        event = act(author())
    except PolysemeError as error:
        show_message(str(error))
        return False
    st.session_state.pop(session.MESSAGE, None)
    st.toast(say("Saved: {what}", what=described(event)))
    return True


def _undo(searcher: Searcher) -> None:
    _step(searcher.undo, lambda what: say("Undone: {what}", what=what), say("There is nothing to undo"))


def _redo(searcher: Searcher) -> None:
    _step(searcher.redo, lambda what: say("Done again: {what}", what=what), say("There is nothing to redo"))


def _step(act: Callable[[str | None], Event | None], done: Callable[[str], str], nothing: str) -> None:
    """Undo or redo, and show what was done.

    Args:
        done: Returns what is shown of a change.
        nothing: What is shown if there is nothing to do.
    """
    try:
        event = act(author())
    except PolysemeError as error:
        show_message(str(error))
        return
    st.session_state.pop(session.MESSAGE, None)
    st.toast(nothing if event is None else done(described(event)))


def described(event: Event) -> str:
    """Return in words what an event has changed, such as `sense, note of 3 lines`."""
    fields = ", ".join(say(CHANGED[field]) if field in CHANGED else field for field in event.fields)
    what = base.label(fields or say("nothing"), 100)
    return say("{what} of {lines}", what=what, lines=base.number_of_lines(event.lines)) if event.lines else what


# The sidebar


def facets(searcher: Searcher) -> tuple[Facet, ...]:
    """Return what lines can be filtered by, with the numbers of lines of the query's word, or of all words."""
    if not searcher.annotation_state():
        return ()
    word = listing.word_asked(searcher, current())
    counts: dict[str, dict[str, int]] = cache.cached(
        searcher, ("annotation counts", word), lambda: searcher.annotation_counts(word)
    )
    found = []
    for name, values in counts.items():
        field = FIELD + name
        if (made := facet(field, values)) is not None:
            # Labels may be numbers. They are chosen all the same.
            is_list = made.kind is FacetKind.TYPED
            found.append(made if is_list else Facet(field, FacetKind.CHOICE, dict(values)))
    return tuple(found)


def draw_author() -> None:
    """Draw the field with the visitor's name, if the page is served and the login tells no name."""
    if login.is_served_beyond() and not _account():
        st.text_input(say("Your name, for annotations"), key=AUTHOR, max_chars=100)
