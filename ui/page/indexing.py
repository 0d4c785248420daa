"""Index from the page: choose files or name a folder, watch the run, cancel it, resume it, see what was skipped."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from ...indexer.build import BuildReport
from ...indexer.documents import ReadOptions
from ...indexer.errors import PolysemeError
from ...indexer.outcome import FileResult, FileState
from ...indexer.progress import Progress, Stage
from ..formats import duration
from ..outcome import skip_lines
from . import cache, login, table_columns
from .address import PageQuery
from .html import base
from .jobs import Job, Jobs
from .language import keyed, numeral, plural, plural_html, say, say_html, to_translate
from .library import Library, is_collection, new_path
from .session import ask, free_uploads, show_message
from .uploads import MAX_FILE, folder_for, keep

OPEN = "adding"
"""Key of whether the panel is shown, in the session state."""
NEW = "\N{NULL}"
"""Choice of the form that creates a collection. No collection has this name."""
WATCHED = "watched run"
"""Key of the collection whose run is shown, in the session state."""
MAX_FILES = 200
"""Maximum number of files that the report lists, those with a problem first. The others are counted."""
_COLUMNS = (
    to_translate("file"),
    to_translate("type"),
    to_translate("documents"),
    to_translate("sentences"),
    to_translate("what happened"),
    to_translate("reason"),
)
_STATES = {
    FileState.ADDED: to_translate("added"),
    FileState.UPDATED: to_translate("updated"),
    FileState.UNCHANGED: to_translate("unchanged"),
    FileState.READ: to_translate("read, not stored"),
    FileState.IN_PART: to_translate("read in part"),
    FileState.SKIPPED: to_translate("skipped"),
    FileState.NOT_READ: to_translate("not read"),
}
_STAGES = {
    Stage.LOADING: to_translate("Loading the model"),
    Stage.COMPACTING: to_translate("Compacting"),
    Stage.DONE: to_translate("Done"),
}
_OPTION = re.compile(r" \(--[a-z-]+ [^()]*\)| --[a-z-]+(?= \S)")  # as in "name the right one: --text-column body"
MAX_LINES = 20
"""Maximum number of lines about documents that were skipped."""


@st.cache_resource
def jobs() -> Jobs:
    """Return the runs of all sessions."""
    return Jobs()


def open_panel() -> None:
    """Show the panel instead of the lines."""
    st.session_state[OPEN] = True


def close_panel() -> None:
    """Show the lines again."""
    st.session_state[OPEN] = False
    st.session_state.pop(WATCHED, None)


def is_open() -> bool:
    """Return whether the panel is shown."""
    return bool(st.session_state.get(OPEN))


def draw_notice(collection: Path) -> None:
    """Draw a notice above the lines while their collection is being indexed."""
    job = jobs().of(collection)
    if job is not None and job.running and not is_open():
        with st.container(horizontal=True, key="still", vertical_alignment="center"):
            text = say_html("Indexing is in progress. Committed documents can be searched already.")
            st.html(f'<p class="pol-status" role="status">{text}</p>', width="content")
            st.button(say("Show progress"), key="see", on_click=watch, args=(collection,))


def watch(collection: Path) -> None:
    """Show the run of a collection."""
    st.session_state[OPEN] = True
    st.session_state[WATCHED] = collection


def draw(library: Library, current: Path | None, first: bool) -> None:
    """Draw the panel.

    Args:
        first: Whether there is nothing to search yet, so no way back to the lines.
    """
    with st.container(key="adding"):
        watched: Path | None = st.session_state.get(WATCHED)
        job = _running(library, current, first) if watched is None else jobs().of(watched)
        if not first:
            st.button(say("Back to the search"), key="close-adding", icon=":material/arrow_back:", on_click=close_panel)
        if job is not None:
            _draw_run(job, library)
            return
        st.html(_welcome(library, current) if first else f'<h2 class="pol-title">{say_html("Add documents")}</h2>')
        _draw_form(library, current)


def _running(library: Library, current: Path | None, first: bool) -> Job | None:
    """Return a run in progress that another visit started, or this visit before a reload."""
    job = None if current is None else jobs().of(current)
    if job is None and first and not library.alone:
        job = jobs().running_in(library.folder)
    if job is None or not job.running:
        return None
    st.session_state[WATCHED] = job.collection
    return job


def _welcome(library: Library, current: Path | None) -> str:
    name = current.name if current is not None else library.folder.name
    text = say_html(
        "Choose documents. Their sentences, and the meaning of every word in its sentence, will be stored in {name}.",
        name=f"<b>{base.escape(name)}</b>",
    )
    if not login.is_served_beyond():
        text += " " + say_html("Nothing leaves this machine.")
    return f'<section class="pol-welcome"><h2>{say_html("Nothing indexed yet")}</h2><p>{text}</p></section>'


def _draw_form(library: Library, current: Path | None) -> None:
    names = sorted({*library.names, *([current.name] if current else [])})
    # A chosen collection stays in the list while it is missing for a moment, for example during `reencode`.
    chosen = st.session_state.get(keyed("into"))
    if chosen and chosen not in (*names, NEW) and not library.alone:
        names = sorted([*names, chosen])
    options = names if library.alone and names else [*names, NEW]
    usual = options.index(current.name) if current is not None else len(options) - 1
    into, name, new = NEW, "", say("A new collection")
    if names:
        into = st.selectbox(
            say("Into"),
            options,
            index=usual,
            format_func=lambda name: new if name == NEW else name,
            key=keyed("into"),
            filter_mode=None,
            persist_state="page",
        )
    if into == NEW:
        name = st.text_input(
            say("Its name"), key="new-name", placeholder=say("letters"), max_chars=80, persist_state="page"
        )
    # Streamlit returns a copy of all content, so nothing keeps it. The session state has the files themselves.
    chosen_files = bool(
        st.file_uploader(
            say("Documents: text, web pages, PDF, Word, e-books, tables, corpora, subtitles, mail, zip"),
            accept_multiple_files=True,
            key="files",
            max_upload_size=MAX_FILE,
            help=say(
                "To give documents a year, author, genre or other metadata, add a file metadata.csv with a column file"
                " or id."
            ),
        )
    )
    if files := st.session_state.get("files"):
        size = sum(file.size for file in files) / 2**20
        text = plural_html(
            "{number} file chosen, {size} MiB",
            "{number} files chosen, {size} MiB",
            len(files),
            size=numeral(size, ",.1f"),
        )
        st.html(f'<p class="pol-status" role="status">{text}</p>', width="content")
    path = ""
    if not login.is_served_beyond():
        path = st.text_input(
            say("Or a folder or file on this machine"), key="path", placeholder="/home/me/letters", autocomplete="off"
        )

    reading = table_columns.draw(st.session_state.get("files") or (), path)

    def begin() -> None:
        try:
            target = library.folder / into if into != NEW else new_path(library.folder, name)
            sources = [named_source(path)] if path.strip() else []
            if files := st.session_state["files"]:
                try:
                    kept = keep(files, folder_for(target))
                except OSError as error:
                    text = say(
                        "the files cannot be stored ({error}); free some disk space, or index them with"
                        " `polyseme index`",
                        error=error,
                    )
                    show_message(text)
                    return
                # Tables that were sent earlier may have their text in another column.
                sources += kept if reading != ReadOptions() and kept else [folder_for(target)]
            _start(target, sources, reading)
            free_uploads()
        except PolysemeError as error:
            show_message(str(error))

    ready = (chosen_files or bool(path.strip())) and (into != NEW or bool(name.strip()))
    # The label names the target, so that visitors see where their documents will go.
    st.button(_button_label(library, into, name), key="begin", type="primary", disabled=not ready, on_click=begin)
    if not ready:
        st.html(base.remark(say("Choose at least one document, and a name for a new collection.")))


def _button_label(library: Library, into: str, name: str) -> str:
    try:
        target = into if into != NEW else new_path(library.folder, name).name
    except PolysemeError:  # reported when the button is pressed
        return say("Index")
    return base.label(say("Index into {collection}", collection=target), 100)


def named_source(given: str) -> Path:
    """Return a folder or file of this machine.

    Raises:
        PolysemeError: It does not exist, or may not be read.
    """
    try:
        path = Path(given.strip()).expanduser()
        found = path.exists()
    except OSError as error:
        text = say("{path} cannot be read ({error}); check its permissions", path=given.strip(), error=error.strerror)
        raise PolysemeError(text) from None
    except (RuntimeError, ValueError):  # the home folder of an unknown user, or a NUL character
        found = False
    if not found:
        raise PolysemeError(say("there is no {path}; name a folder or a file on this machine", path=given.strip()))
    return path


def _start(target: Path, sources: list[Path], reading: ReadOptions) -> None:
    jobs().start(target, sources, cache.given_model() or "default", reading)
    watch(target)  # the panel stays after the first run too, because its report is there


def _draw_run(job: Job, library: Library) -> None:
    name = f"<bdi>{base.escape(job.collection.name)}</bdi>"
    st.html(f'<h2 class="pol-title">{say_html("Indexing into {collection}", collection=name)}</h2>')
    if job.running:
        _draw_progress(job)
    elif job.report is not None:
        _draw_report(job, job.report, library)
    elif job.problem is not None:
        st.error(base.label(job.problem, 1000))
        _draw_next_steps(job, library, say("Try again"))
    else:
        text = say_html("Cancelled. Committed documents stay. Resuming encodes only the rest.")
        st.html(f'<p class="pol-status" role="status">{text}</p>')
        _draw_next_steps(job, library, say("Resume"))


@st.fragment(run_every=2.0)
def _draw_progress(job: Job) -> None:
    if not job.running:
        st.rerun()
    now = job.progress
    text = say("Cancelling after these sentences") if job.stop.is_set() else progress_text(now)
    st.progress(0.0 if now is None or now.fraction is None else now.fraction, text=text)
    st.button(say("Cancel"), key="cancel", on_click=job.cancel, disabled=job.stop.is_set())


def progress_text(now: Progress | None) -> str:
    """Return the progress of a run in words."""
    stage = Stage.LOADING if now is None else now.stage
    if now is None or stage in _STAGES:
        return say(_STAGES[stage])
    parts = [
        plural("{number} document", "{number} documents", now.documents),
        plural("{number} sentence", "{number} sentences", now.sentences),
    ]
    if now.skipped:
        parts.append(plural("{number} skipped", "{number} skipped", now.skipped))
    if now.seconds_left is not None:
        parts.append(say("about {duration} left", duration=duration(now.seconds_left)))
    return ", ".join(parts)


def _draw_report(job: Job, report: BuildReport, library: Library) -> None:
    lost = sum(item.is_loss for item in report.skipped)
    text = say_html(
        "Done: {added} added, {updated} replaced, {unchanged} unchanged, {lost} skipped; {sentences} in {duration}.",
        added=numeral(report.added),
        updated=numeral(report.updated),
        unchanged=numeral(report.unchanged),
        lost=numeral(lost),
        sentences=plural_html("{number} sentence", "{number} sentences", report.sentences),
        duration=duration(report.seconds),
    )
    st.html(f'<p class="pol-status" role="status">{text}</p>')
    # The table has the reasons of files. Lines are for the rest, such as a row of a metadata table.
    lines = skip_lines([item for item in report.skipped if item.file is None])
    items = "".join(f"<li><bdi>{base.escape(base.cut_right(line, 400))}</bdi></li>" for line in lines[:MAX_LINES])
    if len(lines) > MAX_LINES:
        items += f"<li>{plural_html('and {number} more', 'and {number} more', len(lines) - MAX_LINES)}</li>"
    if items:
        st.html(f'<ul class="pol-quiet">{items}</ul>')
    if report.files:
        st.html(files_table(report.files))
    for line in report.notices:
        st.info(base.label(line, 1000))
    _draw_next_steps(job, library, None)


def files_table(files: Sequence[FileResult]) -> str:
    """Return what became of each file as a table. Files with a problem come first."""
    fine = (FileState.ADDED, FileState.UPDATED, FileState.UNCHANGED)
    ordered = sorted(files, key=lambda item: item.state in fine and not item.reason)
    rows = "".join(
        f"<tr><td><bdi>{base.escape(base.cut_left(item.file, 80))}</bdi></td><td>{base.escape(item.type)}</td>"
        f"<td>{item.documents}</td><td>{'' if item.sentences is None else item.sentences}</td>"
        f"<td>{say_html(_STATES[item.state])}</td>"
        f"<td><bdi>{base.escape(base.cut_right(_for_page(item), 300))}</bdi></td></tr>"
        for item in ordered[:MAX_FILES]
    )
    heads = "".join(f'<th scope="col">{say_html(name)}</th>' for name in _COLUMNS)
    rest = len(files) - MAX_FILES
    others = plural_html("and {number} other file", "and {number} other files", rest)
    more = f'<p class="pol-quiet">{others}</p>' if rest > 0 else ""
    return (
        f'<table class="pol-words pol-files"><caption>{say_html("What became of each file")}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{more}"
    )


def _for_page(item: FileResult) -> str:
    """Return the reason of a file without options of the command line and without the folder."""
    return _OPTION.sub("", item.reason).replace(item.root.rstrip("/\\") + os.sep, "")


def _draw_next_steps(job: Job, library: Library, again: str | None) -> None:
    """Draw the buttons below a run that has ended.

    Args:
        again: Label of the button that starts the run again. None for no such button.
    """

    def resume() -> None:
        try:
            jobs().start(job.collection, job.sources, job.model, job.reading)
        except PolysemeError as error:
            show_message(str(error))

    def search() -> None:
        close_panel()
        name = job.collection.name
        ask(PageQuery(collection="" if name == library.first else name))

    def more() -> None:
        st.session_state.pop(WATCHED, None)

    steps: list[tuple[str, str, Callable[[], None]]] = [(say("Add more documents"), "more", more)]
    if is_collection(job.collection):
        steps.insert(0, (say("Search this collection"), "search-it", search))
    if again:
        steps.insert(0, (again, "go-on", resume))
    with st.container(horizontal=True, key="ways"):
        for n, (name, key, act) in enumerate(steps):
            st.button(name, key=key, type="primary" if not n else "secondary", on_click=act)
