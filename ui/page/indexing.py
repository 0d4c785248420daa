"""Indexing from the page: choose files or name a folder, watch, cancel, go on; what was skipped is named with why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from ...indexer.build import BuildReport
from ...indexer.errors import PolysemeError
from ...indexer.progress import Progress, Stage
from ...indexer.readers import is_known
from ..formats import duration
from . import cache as loading
from . import login
from .address import PageQuery
from .html import base as views
from .jobs import Job, Jobs
from .library import Shelf, new_path
from .session import ask, tell
from .uploads import LARGEST, folder_for, keep

OPEN = "adding"
NEW = "A new collection"
WATCHED = "watched run"
SKIPPED = 200
"""Skipped documents that are named; the others are counted."""


@st.cache_resource
def jobs() -> Jobs:
    """The runs of all sessions."""
    return Jobs()


def open_panel() -> None:
    """Show the panel instead of the lines."""
    st.session_state[OPEN] = True


def close_panel() -> None:
    """Back to the lines."""
    st.session_state[OPEN] = False
    st.session_state.pop(WATCHED, None)


def is_open() -> bool:
    """Whether the panel is shown."""
    return bool(st.session_state.get(OPEN))


def notice(collection: Path) -> None:
    """That a collection is still being indexed, above its lines."""
    job = jobs().of(collection)
    if job is not None and job.running and not is_open():
        with st.container(horizontal=True, key="still", vertical_alignment="center"):
            st.html(
                '<p class="pol-told" role="status">Still indexing; what is committed can be searched already.</p>',
                width="content",
            )
            st.button("See how far it is", key="see", on_click=_watch, args=(collection,))


def _watch(collection: Path) -> None:
    st.session_state[OPEN] = True
    st.session_state[WATCHED] = collection


def draw(shelf: Shelf, current: Path | None, first: bool) -> None:
    """The panel. first: there is nothing to search yet, so there is no way back."""
    with st.container(key="adding"):
        watched: Path | None = st.session_state.get(WATCHED)
        job = _going_on(shelf, current, first) if watched is None else jobs().of(watched)
        if not first:
            st.button("Back to the search", key="close-adding", icon=":material/arrow_back:", on_click=close_panel)
        if job is not None:
            _run(job, shelf)
            return
        st.html(_welcome(shelf, current) if first else '<h2 class="pol-title">Add documents</h2>')
        _form(shelf, current)


def _going_on(shelf: Shelf, current: Path | None, first: bool) -> Job | None:
    """A run that this visit did not begin, or began before a reload: it can be watched and cancelled from here too."""
    job = None if current is None else jobs().of(current)
    if job is None and first and not shelf.alone:
        job = jobs().running_in(shelf.folder)
    if job is None or not job.running:
        return None
    st.session_state[WATCHED] = job.collection
    return job


def _welcome(shelf: Shelf, current: Path | None) -> str:
    name = current.name if current is not None else shelf.folder.name
    stays = "" if login.is_served_beyond() else " Nothing leaves this machine."
    return (
        '<section class="pol-welcome"><h2>Nothing indexed yet</h2><p>Choose documents, and'
        f" <b>{views.escape(name)}</b> will hold them: their sentences, and what every word means in each.{stays}"
        "</p></section>"
    )


def _form(shelf: Shelf, current: Path | None) -> None:
    names = sorted({*shelf.names, *([current.name] if current else [])})
    # What was chosen stays on offer, also while it is away for a moment, as when it is encoded anew.
    chosen = st.session_state.get("into")
    if chosen and chosen not in (*names, NEW) and not shelf.alone:
        names = sorted([*names, chosen])
    options = names if shelf.alone and names else [*names, NEW]
    usual = options.index(current.name) if current is not None else len(options) - 1
    into, name = NEW, ""
    if names:
        into = st.selectbox("Into", options, index=usual, key="into", filter_mode=None, persist_state="page")
    if into == NEW:
        name = st.text_input("Its name", key="new-name", placeholder="letters", max_chars=80, persist_state="page")
    files = st.file_uploader(
        "Documents: txt, md, html, pdf, docx, epub, csv, tsv, jsonl, json",
        accept_multiple_files=True,
        key="files",
        max_upload_size=LARGEST,
        help="A file named metadata.csv with a column file or id gives the others their year, author, genre and so on.",
    )
    path = ""
    if not login.is_served_beyond():
        path = st.text_input(
            "Or a folder or file on this machine", key="path", placeholder="/home/me/letters", autocomplete="off"
        )

    def begin() -> None:
        try:
            target = shelf.folder / into if into != NEW else new_path(shelf.folder, name)
            sources = [named_source(path)] if path.strip() else []
            if files:
                try:
                    kept = keep(files, folder_for(target))
                except OSError as error:
                    tell(f"the files cannot be kept ({error}); make room, or index them with `polyseme index`")
                    return
                # A folder's files of other kinds are passed over; those that were sent on purpose are named.
                sources += [folder_for(target), *(path for path in kept if not is_known(path))]
            _start(target, sources)
        except PolysemeError as error:
            tell(str(error))

    ready = bool(files or path.strip()) and (into != NEW or bool(name.strip()))
    # It says where the documents will go, so that nobody sends them elsewhere than they see.
    st.button(_doing(shelf, into, name), key="begin", type="primary", disabled=not ready, on_click=begin)
    if not ready:
        st.html('<p class="pol-quiet">Choose at least one document, and a name for a new collection.</p>')


def _doing(shelf: Shelf, into: str, name: str) -> str:
    """What the button does, as far as it is known."""
    try:
        target = into if into != NEW else new_path(shelf.folder, name).name
    except PolysemeError:  # told when it is pressed
        return "Index"
    return views.label(f"Index into {target}", 100)


def named_source(given: str) -> Path:
    """A folder or file of this machine; PolysemeError when it is not there, or may not be read."""
    try:
        path = Path(given.strip()).expanduser()
        found = path.exists()
    except OSError as error:
        raise PolysemeError(f"{given.strip()} cannot be read ({error.strerror}); check its permissions") from None
    except (RuntimeError, ValueError):  # no such user's home; a NUL
        found = False
    if not found:
        raise PolysemeError(f"there is no {given.strip()}; name a folder or a file on this machine")
    return path


def _start(target: Path, sources: list[Path]) -> None:
    jobs().start(target, sources, loading.given_model() or "default")
    st.session_state[WATCHED] = target


def _run(job: Job, shelf: Shelf) -> None:
    st.html(f'<h2 class="pol-title">Indexing into <bdi>{views.escape(job.collection.name)}</bdi></h2>')
    if job.running:
        _progress(job)
    elif job.report is not None:
        _report(job, job.report, shelf)
    elif job.problem is not None:
        st.error(views.label(job.problem, 1000))
        _ways_on(job, shelf, "Try again")
    else:
        st.html(
            '<p class="pol-told" role="status">Cancelled. What was committed stays; going on encodes only the rest.</p>'
        )
        _ways_on(job, shelf, "Go on")


@st.fragment(run_every=2.0)
def _progress(job: Job) -> None:
    if not job.running:
        st.rerun()
    now = job.progress
    text = "Ending after these sentences" if job.stop.is_set() else progress_text(now)
    st.progress(0.0 if now is None or now.fraction is None else now.fraction, text=text)
    st.button("Cancel", key="cancel", on_click=job.cancel, disabled=job.stop.is_set())


def progress_text(now: Progress | None) -> str:
    """How far a run is, for people."""
    if now is None or now.stage is Stage.LOADING:
        return "Loading the model"
    if now.stage is not Stage.INDEXING:
        return now.stage.value.capitalize()
    left = "" if now.seconds_left is None else f", about {duration(now.seconds_left)} left"
    skipped = f", {now.skipped} skipped" if now.skipped else ""
    return f"{views.count(now.documents, 'document')}, {views.count(now.sentences, 'sentence')}{skipped}{left}"


def _report(job: Job, report: BuildReport, shelf: Shelf) -> None:
    st.html(
        f'<p class="pol-told" role="status">Done: {report.added} added, {report.updated} replaced, {report.unchanged}'
        f" unchanged, {len(report.skipped)} skipped; {views.count(report.sentences, 'sentence')} in"
        f" {duration(report.seconds)}.</p>"
    )
    if report.skipped:
        rows = "".join(
            f"<tr><td><bdi>{views.escape(views.cut_left(item.source, 120))}</bdi></td>"
            f"<td>{views.escape(views.cut_right(item.reason, 300))}</td></tr>"
            for item in report.skipped[:SKIPPED]
        )
        rest = len(report.skipped) - SKIPPED
        more = f'<p class="pol-quiet">and {rest} others</p>' if rest > 0 else ""
        st.html(
            '<table class="pol-words"><caption>Skipped, and why</caption><thead><tr><th scope="col">document</th>'
            f'<th scope="col">reason</th></tr></thead><tbody>{rows}</tbody></table>{more}'
        )
    for line in report.notices:
        st.info(views.label(line, 1000))
    _ways_on(job, shelf, None)


def _ways_on(job: Job, shelf: Shelf, again: str | None) -> None:
    def go_on() -> None:
        try:
            jobs().start(job.collection, job.sources, job.model)
        except PolysemeError as error:
            tell(str(error))

    def search() -> None:
        close_panel()
        name = job.collection.name
        ask(PageQuery(collection="" if name == shelf.first else name))

    def more() -> None:
        st.session_state.pop(WATCHED, None)

    ways: list[tuple[str, str, Callable[[], None]]] = [("Add more documents", "more", more)]
    if (job.collection / "collection.db").is_file():
        ways.insert(0, ("Search it", "search-it", search))
    if again:
        ways.insert(0, (again, "go-on", go_on))
    with st.container(horizontal=True, key="ways"):
        for n, (name, key, act) in enumerate(ways):
            st.button(name, key=key, type="primary" if not n else "secondary", on_click=act)
