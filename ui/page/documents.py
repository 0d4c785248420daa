"""Draw the list of documents: search, sort, open, edit metadata, read again, remove."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import streamlit as st

from ...indexer.collection.document_list import ID, TITLE
from ...indexer.collection.records import StoredDocument
from ...indexer.errors import PolysemeError
from ...indexer.readers.metadata import tidy_metadata
from ...indexer.values import Value, text_of
from ...search.searcher import Searcher
from . import cache, indexing, login
from .cache import Contents
from .html import base
from .html.documents import document_table
from .language import keyed, numeral, plural, plural_html, say, say_html
from .session import show_message

OPEN = "documents"
"""Key of whether the list is shown, in the session state."""
CHOSEN = "chosen documents"
"""Key of the ids of the chosen documents, in the session state."""
PAGE = "page of documents"
"""Key of the number of the page, in the session state."""
PER_PAGE = 50
"""Number of documents per page."""
MAX_COLUMNS = 6
"""Maximum number of metadata columns that the list shows at first."""
MAX_VALUE = 5000
"""Maximum length of a metadata value that the form takes, in characters."""


def open_list() -> None:
    """Show the list instead of the lines."""
    st.session_state[OPEN] = True
    st.session_state[PAGE] = 1
    st.session_state[CHOSEN] = set()


def close_list() -> None:
    """Show the lines again."""
    st.session_state[OPEN] = False


def is_open() -> bool:
    """Return whether the list is shown."""
    return bool(st.session_state.get(OPEN))


def choose(key: int) -> None:
    """Choose a document, or no longer choose it.

    Args:
        key: `documents.id`.
    """
    chosen: set[int] = st.session_state.setdefault(CHOSEN, set())
    chosen.symmetric_difference_update({key})


def draw(path: Path, searcher: Searcher, contents: Contents) -> None:
    """Draw the list."""
    with st.container(key="documents"):
        st.button(say("Back to the search"), key="close-documents", icon=":material/arrow_back:", on_click=close_list)
        st.html(f'<h2 class="pol-title">{say_html("Documents")}</h2>')
        fields = [facet.field for facet in contents.facets if facet.field != TITLE]
        text, order, descending, columns = _draw_choices(fields)
        number = max(1, int(st.session_state.get(PAGE, 1)))
        found = searcher.collection.document_page(text, order, descending, (number - 1) * PER_PAGE, PER_PAGE)
        last = max(1, -(-found.total // PER_PAGE))
        if number > last:
            st.session_state[PAGE] = number = last
            found = searcher.collection.document_page(text, order, descending, (number - 1) * PER_PAGE, PER_PAGE)
        chosen: set[int] = st.session_state.setdefault(CHOSEN, set())
        total = plural_html("{number} document", "{number} documents", found.total)
        st.html(f'<p class="pol-status" role="status">{total}</p>')
        # What can be done is above the table, so that a choice in a long table is answered on the screen.
        _draw_actions(path, searcher, [each for each in found.documents if each.key in chosen])
        st.html(document_table(found.documents, columns, chosen))
        _draw_pages(number, last)


def _draw_choices(fields: Sequence[str]) -> tuple[str, str, bool, list[str]]:
    """Draw what the list is searched for, sorted by, and which fields it shows."""

    def first_page() -> None:
        st.session_state[PAGE] = 1

    with st.container(horizontal=True, key="documents-choices", vertical_alignment="bottom"):
        text = st.text_input(say("Search in title, id and metadata"), key="documents-text", on_change=first_page)
        orders = [TITLE, ID, *(each for each in fields if each != ID)]
        names = {TITLE: say("title"), ID: say("id")}
        order = st.selectbox(
            say("Sort by"), orders, format_func=lambda field: names.get(field, field), key=keyed("documents-order")
        )
        descending = st.toggle(say("Descending"), key="documents-descending", on_change=first_page)
    columns = st.multiselect(say("Fields"), fields, default=list(fields[:MAX_COLUMNS]), key="documents-fields")
    return text.strip(), order or TITLE, descending, columns


def _draw_pages(number: int, last: int) -> None:
    def go(to: int) -> None:
        st.session_state[PAGE] = to

    if last == 1:
        return
    with st.container(horizontal=True, key="documents-pages", vertical_alignment="center"):
        st.button(say("Previous"), key="documents-before", disabled=number == 1, on_click=go, args=(number - 1,))
        place = say_html("Page {page} of {pages}", page=numeral(number), pages=numeral(last))
        st.html(f'<p class="pol-page">{place}</p>', width="content")
        st.button(say("Next"), key="documents-after", disabled=number == last, on_click=go, args=(number + 1,))
        st.button(say("Last"), key="documents-last", disabled=number == last, on_click=go, args=(last,))


def _draw_actions(path: Path, searcher: Searcher, chosen: Sequence[StoredDocument]) -> None:
    """Draw what can be done with the chosen documents of this page."""
    if not chosen:
        text = say("Choose documents to remove them, to edit their metadata, or to read them again.")
        st.html(base.remark(text))
        return
    with st.container(horizontal=True, key="documents-actions"):
        label = plural("Remove {number} document", "Remove {number} documents", len(chosen))
        with st.popover(label, icon=":material/delete:"):
            st.html(f'<p class="pol-quiet">{base.escape(_question(chosen))}</p>')
            st.button(
                say("Remove"), key="documents-remove", type="primary", on_click=_remove, args=(searcher, tuple(chosen))
            )
        readable = [each for each in chosen if each.root is not None and each.source is not None]
        if readable and not login.is_served_beyond():
            st.button(
                plural("Read {number} file again", "Read {number} files again", len(readable)),
                key="documents-again",
                on_click=_read_again,
                args=(path, tuple(readable)),
            )
    if len(chosen) == 1:
        _draw_form(searcher, chosen[0])


def _question(chosen: Sequence[StoredDocument]) -> str:
    names = ", ".join(base.cut_right(each.title, 60) for each in chosen[:3]) + (" …" if len(chosen) > 3 else "")
    return say("Remove {names} from the collection? Their files stay where they are.", names=names)


def _remove(searcher: Searcher, chosen: Sequence[StoredDocument]) -> None:
    try:
        searcher.collection.remove([each.document_id for each in chosen])
    except PolysemeError as error:
        show_message(str(error))
        return
    st.session_state[CHOSEN] = set()
    text = plural(
        "{number} document removed. Index its file again to get it back",
        "{number} documents removed. Index their files again to get them back",
        len(chosen),
    )
    show_message(text)


def _read_again(path: Path, chosen: Sequence[StoredDocument]) -> None:
    files = [Path(each.root or "", each.source or "") for each in chosen]
    missing = [file for file in files if not file.is_file()]
    if missing:
        text = say("{file} is not there any more; index the document from its new place", file=missing[0])
        show_message(text)
        return
    try:
        indexing.jobs().start(path, files, cache.given_model() or "default")
    except PolysemeError as error:
        show_message(str(error))
        return
    close_list()
    indexing.watch(path)


def _draw_form(searcher: Searcher, document: StoredDocument) -> None:
    """Draw the metadata of one document as lines to edit."""
    lines = "\n".join(f"{field}={text_of(value)}" for field, value in document.metadata.items())
    with st.form(f"metadata-{document.key}"):
        label = say("Metadata of {title}, one FIELD=VALUE per line", title=base.label(document.title, 60))
        text = st.text_area(label, value=lines, height=180)
        if st.form_submit_button(say("Save metadata")):
            try:
                searcher.collection.set_metadata(document.document_id, read_fields(text, document.metadata))
            except PolysemeError as error:
                st.error(base.label(str(error), 1000))
                return
            show_message(say("The metadata is saved. Indexing the file again reads the metadata of the file"))
            st.rerun()


def read_fields(text: str, before: Mapping[str, Value]) -> dict[str, Value]:
    """Return the metadata of lines `FIELD=VALUE`. A value that is unchanged keeps its type, such as a list.

    Raises:
        PolysemeError: A line is not of this form, or a value is too long.
    """
    found: dict[str, Value] = {}
    for line in filter(str.strip, text.splitlines()):
        field, sign, value = line.partition("=")
        if not sign or not field.strip():
            raise PolysemeError(say("{line} is no metadata; write FIELD=VALUE", line=repr(line[:60])))
        if len(value) > MAX_VALUE:
            text = say(
                "the value of {field} is too long; shorten it to {limit} characters",
                field=repr(field[:60]),
                limit=numeral(MAX_VALUE),
            )
            raise PolysemeError(text)
        name = field.strip()
        if name in before and value.strip() == text_of(before[name]).strip():
            found[name] = before[name]
        else:
            found |= tidy_metadata({name: value})
    return found
