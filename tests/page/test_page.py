"""Tests of the page's own decisions: lines and their order, files, names, uploads, the library, logins, runs."""

from __future__ import annotations

import csv
import gc
import io
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from polyseme.indexer.build import BuildConfig, BuildReport
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.records import CollectionInfo, CollectionSettings, Layer
from polyseme.indexer.documents import Document, Skipped, read_documents
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.progress import Progress, Stage
from polyseme.indexer.vectors.transforms import Normalisation
from polyseme.search.hits import DocumentHit, Meeting, OccurrenceHit, SentenceHit
from polyseme.ui.page import jobs, login, uploads
from polyseme.ui.page.actions import Act, Event, read_event
from polyseme.ui.page.address import NO_SENSE, PageQuery, Sort, id_lists
from polyseme.ui.page.examples import rare_first
from polyseme.ui.page.export import (
    Export,
    ExportFormat,
    csv_bytes,
    file_name,
    jsonl_bytes,
    rows,
    settings,
    xlsx_bytes,
)
from polyseme.ui.page.facets import Facet, FacetKind
from polyseme.ui.page.html.base import distinct
from polyseme.ui.page.indexing import named_source
from polyseme.ui.page.library import is_library, library_at, new_path, safe_name
from polyseme.ui.page.lines import chosen_ids, date_key, page_of, sorted_hits
from polyseme.ui.page.over_time import dated, period_for
from polyseme.ui.page.session import Trail

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]
SETTINGS = CollectionSettings(
    "default", "d" * 64, "float32", "en", "any", Layer.SENSE, Normalisation.WHITENED, False, 2.0
)
INFO = CollectionInfo("/a/b.pol", 1, SETTINGS, 3, 0, 9, 20, 15, 1, 48, 512, 512, 10, 20)


def hit(
    key: int, left: str, node: str, right: str, score: float = 0.5, year: int | None = None, document: str = "d"
) -> OccurrenceHit:
    return OccurrenceHit(
        rank=key,
        score=score,
        confidence=0.25,
        document_id=f"{document}.txt",
        document=document,
        sentence_id=key,
        sentence=left + node + right,
        sentence_start=7,
        metadata={} if year is None else {"year": year, "note": "=2+3"},
        token=node,
        lemma=node,
        position=1,
        start=len(left),
        end=len(left) + len(node),
        occurrence_id=key,
    )


LINES = [
    hit(1, "the muddy ", "bank", " of a river", year=1990, document="b"),
    hit(2, "a Central ", "bank", " and its loans", year=1850, document="a"),
    hit(3, "one old ", "bank", " Alone", document="c"),
]


def order(sort: Sort, typical: dict[int, float] | None = None) -> list[int]:
    return [line.occurrence_id for line in sorted_hits(LINES, sort, typical or {})]


def test_lines_are_sorted_by_the_nearest_words_of_each_side() -> None:
    assert order(Sort.SCORE) == [1, 2, 3]
    assert order(Sort.LEFT) == [2, 1, 3]  # central, muddy, old
    assert order(Sort.RIGHT) == [3, 2, 1]  # alone, and, of
    assert order(Sort.DATE) == [2, 1, 3]
    assert order(Sort.DOCUMENT) == [2, 1, 3]
    assert order(Sort.ODD, {1: 0.9, 2: 0.5, 3: 0.1}) == [3, 2, 1]


def test_dates_and_years_sort_together_with_undated_last() -> None:
    values: list[dict[str, str | int | float]] = [
        {"year": -44},
        {"year": 476},
        {"date": "1066-10-14"},
        {"year": "1999"},
        {},
    ]
    assert sorted(values, key=date_key) == values


def test_lines_are_narrowed_to_a_sense_and_to_picked_ids() -> None:
    numbers: dict[int, int | None] = {1: 1, 2: 2, 3: 1}
    assert chosen_ids(numbers, 1, ()) == frozenset({1, 3})
    assert chosen_ids(numbers, None, (2, 3)) == frozenset({2, 3})
    assert chosen_ids(numbers, 1, (2, 3)) == frozenset({3})
    assert chosen_ids(numbers, NO_SENSE, ()) == frozenset()
    assert chosen_ids({1: 1, 2: None}, NO_SENSE, ()) == frozenset({2})
    assert chosen_ids(numbers, 1, (), marked={1, 2}) == frozenset({1})
    assert chosen_ids(numbers, None, (), marked=()) == frozenset()
    assert chosen_ids(numbers, None, ()) is None


@given(st.integers(1, 50), st.integers(1, 60), st.integers(0, 300))
def test_pages_hold_every_line_once(k: int, number: int, found: int) -> None:
    seen: list[int] = []
    for page in range(1, max(1, -(-found // k)) + 1):
        here = page_of(PageQuery(k=k, page=page), found, complete=True)
        assert here.number == page
        assert here.more is (here.last < found)
        seen += range(here.first, here.last)
    assert seen == list(range(found))
    beyond = page_of(PageQuery(k=k, page=number), found, complete=True)
    assert beyond.first <= found
    assert beyond.last - beyond.first <= k


def export() -> Export:
    odd = [hit(n, text, "bank", f" {text}", year=1990) for n, text in enumerate(FORMULAS, start=10)]
    wide = hit(99, "bell \x07 and ", "bank", " " + "w" * 40_000)
    asked = PageQuery("=a [bank]", where=("year=1990..", "genre=x"), sort=Sort.LEFT)
    return Export([*LINES, *odd, wide], {1: 1, 2: None}, settings(asked, INFO))


def test_exported_row_holds_the_hit_and_the_query() -> None:
    made = export()
    read = [json.loads(line) for line in jsonl_bytes(made).decode().splitlines()]
    assert len(read) == len(made.hits)
    first = read[0]
    assert (first["left"], first["node"], first["right"]) == ("the muddy ", "bank", " of a river")
    assert (first["score"], first["confidence"], first["document_id"]) == (0.5, 0.25, "b.txt")
    assert [row["sense"] for row in read[:3]] == [1, None, None]
    assert "sense_shown" not in first
    assert first["sentence"][first["start"] : first["end"]] == "bank"
    assert first["metadata"] == {"year": 1990, "note": "=2+3"}
    assert first["query"]["q"] == "=a [bank]"
    assert first["query"]["where"] == "year=1990.. & genre=x"
    assert first["query"]["model_id"] == "d" * 64


def test_file_of_documents_holds_meetings_duplicates_and_the_scores_of_documents() -> None:
    met = (Meeting("shore", 4, 9, "bank", 2, 6, 0.8, 0.5), Meeting("=wet", 10, 14, "dry", 7, 10, 0.4, 0.1))
    line = SentenceHit(1, 0.5, 0.25, "a.txt", "a", 7, "The shore =wet", 0, {}, meetings=met, alike=(8, 9), after="So.")
    other = SentenceHit(2, 0.4, None, "b.txt", "b", 11, "It rained.", 0, {})
    documents = [
        DocumentHit(1, 0.7, 0.9, "a.txt", "a", {}, (line,)),
        DocumentHit(2, 0.6, None, "b.txt", "b", {}, (other,)),
    ]
    made = Export([line, other], {}, {}, documents=documents)
    first, second = (json.loads(text) for text in jsonl_bytes(made).decode().splitlines())
    assert [Meeting(**each) for each in first["meetings"]] == list(met)
    assert (first["alike"], first["after"], second["alike"], second["meetings"]) == ([8, 9], "So.", [], [])
    assert [(row["document_rank"], row["document_score"]) for row in (first, second)] == [(1, 0.7), (2, 0.6)]
    assert (first["document_confidence"], second["document_confidence"]) == (0.9, None)
    table = list(csv.DictReader(io.StringIO(csv_bytes(made).decode("utf-8-sig"), newline="")))
    assert [row["meetings"] for row in table] == ["shore ~ bank 0.80, =wet ~ dry 0.40", ""]
    assert [row["alike"] for row in table] == ["8; 9", ""]
    assert "before" not in table[0]
    assert "document_rank" not in rows(Export([line], {}, {}))[0]


def test_no_cell_of_a_spreadsheet_is_a_formula() -> None:
    made = export()
    table = list(csv.DictReader(io.StringIO(csv_bytes(made).decode("utf-8-sig"), newline="")))
    assert len(table) == len(made.hits)
    cells = [cell for row in table for cell in row.values()]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))]
    assert table[3]["left"] == "'=1+1"
    assert table[0]["metadata.note"] == "'=2+3"
    assert table[0]["query.q"] == "'=a [bank]"
    assert [row["sense"] for row in table[:3]] == ["1", "", ""]
    book = load_workbook(io.BytesIO(xlsx_bytes(made)))
    lines, asked = book["lines"], book["query"]
    assert {cell.data_type for row in (*lines, *asked) for cell in row} <= {"s", "n", "inlineStr"}
    assert [cell.value for cell in next(lines.iter_rows())] == [key for key in table[0] if "query." not in key]
    assert lines.max_row == len(made.hits) + 1
    assert ("where", "year=1990.. & genre=x") in asked.iter_rows(values_only=True)


def test_long_id_lists_are_stored_once_and_whole() -> None:
    picked = tuple(range(10**17, 10**17 + 5000))
    query = PageQuery("a [bank]", picked=picked, like=(7,))
    made = Export(LINES, {}, settings(query, INFO), id_lists(query))
    (first, *_) = [json.loads(line) for line in jsonl_bytes(made).decode().splitlines()]
    assert (first["query"]["lines"], first["query"]["like"]) == ("5,000 ids", "1 id")
    assert "unlike" not in first["query"]
    assert len(csv_bytes(made)) < 5000
    cells = list(load_workbook(io.BytesIO(xlsx_bytes(made)))["query"].iter_rows(values_only=True))
    kept = [int(key) for name, value in cells if name == "ids of lines" for key in str(value).split("-")]
    assert kept == list(picked)
    assert ("ids of like", "7") in cells


def test_file_name_contains_the_query() -> None:
    assert file_name(PageQuery('../"She [sat]" on'), ExportFormat.CSV) == "polyseme-She-sat-on.csv"
    assert rows(Export([], {}, {})) == []


@pytest.mark.parametrize(
    ("field", "values", "period"),
    [
        ("year", ["1850", "1855", "c. 1860", "n.d."], 1),
        ("Published", ["1850-03-01", "1990/2", ""], 20),
        ("date", ["-44", "476"], 50),
        ("year", ["n.d.", "c. 1860"], None),
        ("edition", ["1850", "1855"], None),
    ],
)
def test_field_with_some_years_is_a_date_field(field: str, values: list[str], period: int | None) -> None:
    facet = Facet(field, FacetKind.CHOICE, dict.fromkeys(values, 1))
    assert dated([facet]) == ([] if period is None else [facet])
    if period is not None:
        assert period_for(facet) == period


NAMES = st.text(max_size=40) | st.sampled_from(
    ["../../etc/passwd", "..\\..\\boot.ini", "/abs", "C:\\x.txt", "a\x00b.txt", ".bashrc", "con.txt", "‮txt.exe", "…"]
)


@given(NAMES)
def test_safe_name_never_leads_out_of_its_folder(name: str) -> None:
    try:
        kept = safe_name(name)
    except PolysemeError:
        assert not any(sign.isalnum() for sign in name.replace("\\", "/").split("/")[-1])
        return
    folder = Path("/library/files")
    path = folder / kept
    assert path.parent == folder
    assert path.name == kept
    assert not kept.startswith(".")
    assert ".." not in path.parts
    assert kept.isprintable() or not any(ord(sign) < 32 for sign in kept)
    assert len(kept.encode()) <= 125


def test_safe_name_keeps_suffix_and_letters() -> None:
    assert safe_name("../../letters of 1999.txt") == "letters of 1999.txt"
    assert safe_name("brève lettre.txt") == "brève lettre.txt"
    assert safe_name("x" * 300 + ".jsonl").endswith("x.jsonl")
    assert safe_name("con.txt") == "_con.txt"
    assert safe_name("ann\u202etxt.exe\u2066\u200f\u2028\ufeff.txt") == "ann_txt.exe_.txt"


class Sent:
    def __init__(self, name: str, data: bytes, size: int | None = None) -> None:
        self.name, self.data, self.size = name, data, len(data) if size is None else size

    def getbuffer(self) -> memoryview:
        return memoryview(self.data)


def test_uploaded_files_stay_in_their_folder(tmp_path: Path) -> None:
    folder = uploads.folder_for(tmp_path / "my.pol")
    kept = uploads.keep([Sent("../../evil.txt", b"one"), Sent("b.txt", b"two")], folder)
    assert kept == [folder / "evil.txt", folder / "b.txt"]
    assert sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")) == [
        "my.pol.files",
        "my.pol.files/b.txt",
        "my.pol.files/evil.txt",
    ]
    uploads.keep([Sent("b.txt", b"three")], folder)
    assert (folder / "b.txt").read_bytes() == b"three"


def test_later_metadata_table_is_merged_with_the_earlier_one(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    uploads.keep([Sent("a.txt", b"one"), Sent("metadata.tsv", b"file\tyear\na.txt\t1950\nb.txt\t1960\n")], folder)
    more = [Sent("c.txt", b"three"), Sent("metadata.csv", b"id;author\nc.txt;Ann\n"), Sent("b.txt", b"two")]
    uploads.keep(more, folder)
    uploads.keep([Sent("metadata.csv", b"file,year\nb.txt,1961\n")], folder)
    described = {item.id: dict(item.metadata) for item in read_documents([folder]) if isinstance(item, Document)}
    assert described == {"a.txt": {"year": 1950}, "b.txt": {"year": 1961}, "c.txt": {"author": "Ann"}}
    assert sorted(path.name for path in folder.iterdir()) == ["a.txt", "b.txt", "c.txt", "metadata.csv"]
    for wrong, message in ((b"file,year\n,1950\n", "row 1: it does not say which"), (b"colour\nred\n", "none of the")):
        with pytest.raises(PolysemeError, match=message):
            uploads.keep([Sent("metadata.csv", wrong)], folder)
    assert "1961" in (folder / "metadata.csv").read_text()
    with pytest.raises(PolysemeError, match=r"two files are called 'a\.txt'"):
        uploads.keep([Sent("old/a.txt", b"x"), Sent("new/a.txt", b"y")], folder)
    assert (folder / "a.txt").read_bytes() == b"one"


def test_too_large_uploads_are_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    huge = uploads.MAX_FILE * 2**20 + 1
    with pytest.raises(PolysemeError, match="larger than 200 MiB"):
        uploads.keep([Sent("a.txt", b"a"), Sent("b.txt", b"b", huge)], tmp_path / "files")
    with pytest.raises(PolysemeError, match="1000 MiB together"):
        uploads.keep([Sent(f"{n}.txt", b"b", huge - 1) for n in range(6)], tmp_path / "files")
    assert not (tmp_path / "files").exists()


def test_nothing_is_sent_through_links(tmp_path: Path) -> None:
    """A received collection may bring a folder of files along."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "own.txt").write_text("mine")
    folder = uploads.folder_for(tmp_path / "my.pol")
    folder.symlink_to(precious)
    with pytest.raises(PolysemeError, match=r"'my\.pol\.files' is a link.*remove it"):
        uploads.keep([Sent("own.txt", b"theirs")], folder)
    folder.unlink()
    for name in ("own.txt", "metadata.csv", ".sent.csv", ".own.txt.partial", "metadata.tsv"):
        folder.mkdir(exist_ok=True)
        (folder / name).symlink_to(precious / "own.txt")
        with pytest.raises(PolysemeError, match="is a link"):
            uploads.keep([Sent("own.txt", b"theirs"), Sent("metadata.csv", b"file,year\nown.txt,1950\n")], folder)
        (folder / name).unlink()
    (folder / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(PolysemeError, match="is a link"):
        uploads.keep([Sent("own.txt", b"theirs")], folder)
    assert [path.name for path in precious.iterdir()] == ["own.txt"]
    assert (precious / "own.txt").read_text() == "mine"
    assert [path.name for path in folder.iterdir()] == ["dangling"]


def test_library_is_the_folder_itself_or_the_collections_parent(tmp_path: Path) -> None:
    for name in ("b.pol", "a.pol"):
        Collection.create(tmp_path / name, SETTINGS).close()
    (tmp_path / "notes").mkdir()
    found = library_at(tmp_path)
    assert (found.names, found.first) == (("a.pol", "b.pol"), "a.pol")
    assert library_at(tmp_path / "b.pol").first == "b.pol"
    assert library_at(tmp_path / "b.pol").path("a.pol") == tmp_path / "a.pol"
    assert library_at(tmp_path / "b.pol", alone=True).path("a.pol") is None
    assert library_at(tmp_path / "b.pol").path("../b.pol") is None
    assert library_at(tmp_path / "new.pol").path("") == tmp_path / "new.pol"
    with pytest.raises(PolysemeError, match="already exists"):
        new_path(tmp_path, "a")
    assert new_path(tmp_path, "../c") == tmp_path / "c.pol"
    assert library_at(tmp_path / "b.pol", alone=True).alone
    assert not library_at(tmp_path, alone=True).alone


def test_folder_stays_a_library_during_its_first_run(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    assert is_library(tmp_path / "new")
    uploads.keep([Sent("a.txt", b"one")], uploads.folder_for(tmp_path / "new" / "letters.pol"))
    assert is_library(tmp_path / "new")
    (tmp_path / "new" / "letters.pol").mkdir()
    assert library_at(tmp_path / "new").folder == tmp_path / "new"
    (tmp_path / "new" / "notes.txt").write_text("mine")
    assert not is_library(tmp_path / "new")


def test_values_with_the_same_beginning_get_distinct_labels() -> None:
    long = ["x" * 100 + end for end in ("a", "b")] + ["x" * 50 + middle + "x" * 50 for middle in ("1", "2")]
    shown = distinct(["short", *long], 20)
    assert shown["short"] == "short"
    assert len(set(shown.values())) == 5
    assert shown[long[0]].endswith("a")


def test_examples_put_rare_words_first() -> None:
    topics = np.array([[0.6, 0], [0, 0.99], [0.7, 0.1], [0.95, 0]], np.float32)
    assert rare_first(["back", "pupil", "take", "bank"], topics) == ["pupil", "bank", "back", "take"]
    assert rare_first(["back", "pupil"], None) == ["back", "pupil"]
    assert rare_first([], np.zeros((0, 2), np.float32)) == []


@pytest.mark.parametrize("path", ["~nobody-of-that-name/x", "/none/such", "a\0b"])
def test_missing_source_is_an_error(path: str) -> None:
    with pytest.raises(PolysemeError, match="there is no"):
        named_source(path)


@pytest.mark.parametrize(
    ("address", "local"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("::", False), (None, False)],
)
def test_only_local_addresses_need_no_login(address: str | None, local: bool) -> None:
    assert login.is_local(address) is local


def test_login_needs_a_long_enough_password_or_a_provider() -> None:
    assert login.password_of({}) is None
    assert login.password_of({"polyseme": {"password": "short"}}) is None
    assert login.password_of({"polyseme": {"password": "long enough"}}) == "long enough"
    assert not login.can_log_in({"polyseme": {"password": ""}})
    assert login.can_log_in({"auth": {}})


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "open",
        {"act": "format", "numbers": [1]},
        {"act": "open", "numbers": "1"},
        {"act": "open", "numbers": [1.5]},
        {"act": "open", "numbers": [True]},
        {"act": "pick", "numbers": [-2]},
        {"act": "pick", "numbers": [2**70]},
        {"act": "pick", "numbers": list(range(6000))},
    ],
)
def test_invalid_browser_events_are_ignored(sent: object) -> None:
    assert read_event(sent) is None


def test_valid_browser_event_is_read() -> None:
    assert read_event({"act": "pick", "numbers": [3, 4], "every": True}) == Event(Act.PICK, (3, 4), True)


def test_trail_goes_back_and_forward_and_drops_abandoned_queries() -> None:
    trail = Trail()
    a, b, c = PageQuery("a"), PageQuery("b"), PageQuery("c")
    for query in (a, b, b):
        trail.go(query)
    assert (trail.beside(-1), trail.beside(1)) == (a, None)
    trail.go(a)  # like the browser's back button
    assert (trail.beside(-1), trail.beside(1)) == (None, b)
    trail.go(c)
    assert (trail.beside(-1), trail.beside(1)) == (a, None)
    assert trail.queries == [a, c]


REPORT = BuildReport(1, 0, 0, 0, 5, 50, (Skipped("x.zip", "unknown file type '.zip'"),), (), (), 0.1)


def test_run_can_be_watched_cancelled_and_resumed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    going = threading.Event()
    calls: list[tuple[Path, ...]] = []

    def endless(
        collection: Path,
        sources: tuple[Path, ...],
        config: BuildConfig,
        model: str,
        progress: Callable[[Progress], None],
    ) -> BuildReport:
        calls.append(sources)
        if len(calls) == 2:
            return REPORT
        while True:
            progress(Progress(Stage.INDEXING, 1, 2, 3, 0, 0.5, 1.0))
            going.set()

    monkeypatch.setattr(jobs, "build", endless)
    runs = jobs.Jobs()
    job = runs.start(tmp_path / "a.pol", [tmp_path])
    assert going.wait(10)
    assert job.running
    assert job.progress is not None
    assert job.progress.fraction == 0.5
    with pytest.raises(PolysemeError, match="being indexed"):
        runs.start(tmp_path / "a.pol", [tmp_path])
    job.cancel()
    assert job.thread is not None
    job.thread.join(10)
    assert not job.running
    assert job.report is None
    again = runs.start(job.collection, job.sources, job.model)
    assert again.thread is not None
    again.thread.join(10)
    assert again.report == REPORT
    assert calls == [(tmp_path,)] * 2
    assert runs.of(tmp_path / "a.pol") is again


def test_objects_loaded_by_a_run_are_frozen_for_the_garbage_collector(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loaded: list[list[str]] = []

    def loads(*given: Any) -> BuildReport:
        *_, progress = given
        progress(Progress(Stage.LOADING, 0, 0, 0, 0, None, 0.0))
        loaded.append(["the model"])
        progress(Progress(Stage.INDEXING, 1, 2, 3, 0, 0.5, 1.0))
        return REPORT

    monkeypatch.setattr(jobs, "build", loads)
    job = jobs.Jobs().start(tmp_path / "a.pol", [tmp_path])
    assert job.thread is not None
    job.thread.join(10)
    assert job.report == REPORT
    assert not any(found is loaded[0] for found in gc.get_objects())
    gc.unfreeze()
    assert any(found is loaded[0] for found in gc.get_objects())


def test_failed_run_reports_its_error_in_one_line(tmp_path: Path) -> None:
    job = jobs.Jobs().start(tmp_path / "a.pol", [tmp_path / "missing"])
    assert job.thread is not None
    job.thread.join(60)
    assert job.problem is not None
    assert "missing" in job.problem
    assert not job.running
