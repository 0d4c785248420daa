"""Lists of hits and other records as data frames and in notebooks, compared with the CSV files and read as HTML."""

from __future__ import annotations

import csv
import datetime
import importlib
import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from polyseme.indexer.errors import QueryError
from polyseme.search import tables
from polyseme.search.hits import DocumentHit, HitList, Match, Meeting, OccurrenceHit, SentenceHit
from polyseme.search.senses.change import Change
from polyseme.search.senses.inventory import Sense, SenseInventory
from polyseme.search.senses.timeline import make_timeline
from polyseme.search.statistics.collocates import Collocate
from polyseme.ui.formats import csv_text

TEXTS = (
    "She sat by the bank of the river.",
    "<script>alert(1)</script> bank <img src=x onerror=alert(2)>",
    "ישבנו ליד bank של הנהר הגדול",
    "x" * 3000 + " bank " + "y" * 3000,
)
METADATA: tuple[dict[str, Any], ...] = (
    {"year": 1950, "day": "1950-01-02", "by": ["Ann", "Bo"], "size": 1, "seen": "2020-01-02T03:04:05Z"},
    {"year": 1960, "day": "0999-12-31", "by": "Cy", "size": 0.5, "note": '"><b onclick="x">'},
    {"year": 1970, "<i>": "<u>", "size": 2, "seen": "2020-01-02T03:04:05.5+02:00"},
    {"title": "T", "size": 3, "year": 1980},
)


def occurrence(number: int) -> OccurrenceHit:
    text = TEXTS[number]
    start = text.index("bank")
    return OccurrenceHit(
        *(number + 1, 0.5 - number / 10, None if number else 0.9, f"d{number}", f"Title <{number}>", number, text, 7),
        METADATA[number],
        token="bank",
        lemma="bank",
        position=1,
        start=start,
        end=start + 4,
        occurrence_id=100 + number,
        pos="NOUN",
        tag="NN",
    )


@pytest.fixture
def hits() -> HitList[OccurrenceHit]:
    return HitList(map(occurrence, range(len(TEXTS))), Match.LEMMA, "a notice with <b>", None)


def sentence_hit(**fields: Any) -> SentenceHit:
    return SentenceHit(
        1, 0.5, None, "d", "D", 1, "A bank.", 0, {"year": 1950, "translation.de": "Eine Bank."}, **fields
    )


def columns_of_csv(records: Any) -> list[str]:
    return next(csv.reader(io.StringIO(csv_text(records.to_dicts()))))


def test_every_frame_has_the_columns_of_the_csv_file(hits: HitList[OccurrenceHit]) -> None:
    names = columns_of_csv(hits)
    assert "metadata.year" in names
    assert list(hits.to_pandas().columns) == names
    assert hits.to_polars().columns == names
    assert hits.to_arrow().column_names == names


def test_frames_hold_the_values_of_the_hits(hits: HitList[OccurrenceHit]) -> None:
    rows = [tables.flat(row) for row in hits.to_dicts()]
    by_polars, by_arrow = hits.to_polars().to_dicts(), hits.to_arrow().to_pylist()
    assert by_polars == by_arrow
    changed = {"metadata.day", "metadata.seen", "metadata.by"}
    for row, found in zip(rows, by_polars, strict=True):
        assert {name: row.get(name) for name in found.keys() - changed} == {
            name: value for name, value in found.items() if name not in changed
        }
    assert [row["metadata.by"] for row in by_polars] == [["Ann", "Bo"], ["Cy"], None, None]
    assert [row["metadata.day"] for row in by_polars[:3]] == [
        datetime.date(1950, 1, 2),
        datetime.date(999, 12, 31),
        None,
    ]
    seen = [row["metadata.seen"] for row in by_polars]
    assert seen[0] == datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    assert seen[2] == datetime.datetime(2020, 1, 2, 1, 4, 5, 500_000, tzinfo=datetime.UTC)


def test_columns_have_types_of_their_own(hits: HitList[OccurrenceHit]) -> None:
    frame = hits.to_pandas()
    expected = {"rank": "int64", "score": "float64", "confidence": "float64", "metadata.year": "int64"}
    expected |= {"metadata.size": "float64", "metadata.day": "datetime64[s]", "metadata.seen": "datetime64[us, UTC]"}
    assert {name: str(frame[name].dtype) for name in expected} == expected
    assert frame["metadata.day"].isna().tolist() == [False, False, True, True]
    assert frame["metadata.size"].tolist() == [1, 0.5, 2, 3]
    assert frame["metadata.day"][0] == pd.Timestamp("1950-01-02")
    schema = hits.to_arrow().schema
    assert schema.field("metadata.by").type == pa.list_(pa.string())
    assert schema.field("metadata.day").type == pa.date32()
    gaps = HitList([*hits, SentenceHit(9, 0.1, None, "d", "D", 1, "A", 0, {"year": 3})]).to_pandas()
    assert str(gaps["occurrence_id"].dtype) == "Int64"


def test_a_column_of_unlike_values_is_text() -> None:
    rows: list[tables.Row] = [
        {"m": {"a": 1, "b": "1999-01-01", "c": 2**70, "d": "x\ud800"}},
        {"m": {"a": "x", "b": "1999"}},
    ]
    columns = tables.columns_of(rows)
    assert {column.name: list(column.values) for column in columns} == {
        "m.a": ["1", "x"],
        "m.b": ["1999-01-01", "1999"],
        "m.c": [str(2**70), None],
        "m.d": ["x\ufffd", None],
    }
    assert tables.polars_frame(columns)["m.a"].to_list() == tables.arrow_table(columns)["m.a"].to_pylist() == ["1", "x"]
    assert tables.pandas_frame(columns)["m.d"].tolist()[0] == "x\ufffd"
    other = tables.columns_of([{"text": "1999-01-01"}])
    assert other[0].kind is tables.Kind.TEXT  # only metadata has dates


def test_an_empty_list_has_the_columns_of_its_hits(hits: HitList[OccurrenceHit]) -> None:
    empty: HitList[OccurrenceHit] = HitList([], Match.LEMMA)
    own = [name for name in columns_of_csv(hits) if not name.startswith("metadata.")]
    assert list(empty.to_pandas().columns) == empty.to_polars().columns == empty.to_arrow().column_names == own
    assert empty.to_arrow().schema.field("score").type == pa.float64()
    none: HitList[SentenceHit] = HitList([])
    assert none.to_polars().schema["alike"] == pl.List(pl.String)
    assert "0 hits" in repr(empty)
    assert "<caption>0 hits" in empty._repr_html_()


def test_meetings_and_passages_are_nested(hits: HitList[OccurrenceHit]) -> None:
    met = sentence_hit(meetings=(Meeting("bank", 2, 6, "shore", 0, 5, 0.8, 0.5),), alike=(4, 5))
    found: HitList[SentenceHit] = HitList([met, sentence_hit()])
    assert found.to_polars()["alike"].to_list() == [[4, 5], []]
    (first, second) = found.to_arrow()["meetings"].to_pylist()
    assert (first[0]["query_token"], first[0]["similarity"], second) == ("shore", 0.8, [])
    documents: HitList[DocumentHit] = HitList([DocumentHit(1, 0.5, None, "d", "D", {"year": 1}, (met, sentence_hit()))])
    for value in (documents.to_arrow()["passages"].to_pylist()[0], documents.to_pandas()["passages"][0]):
        passages = json.loads(value) if isinstance(value, str) else value
        assert [passage["sentence"] for passage in passages] == ["A bank.", "A bank."]


@pytest.mark.parametrize(
    ("method", "library"), [("to_pandas", "pandas"), ("to_polars", "polars"), ("to_arrow", "pyarrow")]
)
def test_a_missing_library_is_one_line_with_the_command(
    method: str, library: str, hits: HitList[OccurrenceHit], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", refuse)
    monkeypatch.setattr(tables, "import_module", refuse)
    with pytest.raises(QueryError, match=rf"needs {library}; install it: pip install {library}$"):
        getattr(hits, method)()


class Elements(HTMLParser):
    """Collects the elements of HTML with their attributes, and the text of each cell."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "td":
            self.cells.append("")
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "td" in self._open:
            self.cells[-1] += data


def test_a_list_shows_itself_as_a_concordance(hits: HitList[OccurrenceHit]) -> None:
    found = Elements(hits._repr_html_())
    names = {tag for tag, _ in found.tags}
    assert names <= {
        *("style", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "mark", "bdi", "br", "small", "span")
    }
    assert not [name for _, attrs in found.tags for name in attrs if name.startswith("on") or name in ("src", "href")]
    assert [attrs["scope"] for tag, attrs in found.tags if tag == "th"] == ["col"] * 6
    assert ("caption", {}) in found.tags
    lines = [found.cells[n : n + 6] for n in range(0, len(found.cells), 6)]
    assert lines[0][:5] == ["1", "0.500 (90%)", "She sat by the ", "bank", " of the river."]
    assert lines[1][2:5] == ["<script>alert(1)</script> ", "bank", " <img src=x onerror=alert(2)>"]
    assert '"><b onclick="x">' in lines[1][5]
    assert lines[2][2:5] == [
        " של הנהר הגדול",
        "bank",
        "ישבנו ליד ",
    ]  # from right to left, the beginning is on the right
    assert [attrs["dir"] for _, attrs in found.tags if "dir" in attrs][6:9] == ["rtl"] * 3
    assert max(map(len, lines[3][2:5])) < 100
    assert "A notice with &lt;b&gt;." in hits._repr_html_()


def test_a_long_list_says_how_many_hits_are_left_out() -> None:
    many = HitList([occurrence(0)] * 1200, Match.LEMMA)
    assert many._repr_html_().count("<tr>") == 101
    assert "The first 100 of 1,200 are shown." in many._repr_html_()
    shown = repr(many)
    assert shown.startswith("1,200 hits\nThe first 20 are shown.\n")
    assert len(shown.splitlines()) == 23


def test_a_terminal_gets_aligned_lines_without_control_characters(hits: HitList[OccurrenceHit]) -> None:
    odd = HitList([occurrence(0), replace(occurrence(0), document="a\x1b[31m\nb")], Match.LEMMA)
    lines = repr(odd).splitlines()
    assert "\x1b" not in repr(odd)
    assert lines[1].split() == ["#", "score", "left", "node", "right", "document"]
    assert len({line.index("[bank]") for line in lines[2:]}) == 1
    assert repr(hits).splitlines()[1] == "A notice with <b>."


def test_sentences_and_documents_are_shown_with_their_texts() -> None:
    found = Elements(HitList([sentence_hit()])._repr_html_())
    assert found.cells[:3] == ["1", "0.500", "A bank.de: Eine Bank."]
    assert "translation" not in "".join(found.cells[3:])
    documents = HitList([DocumentHit(1, 0.5, None, "d", "D", {}, (sentence_hit(), sentence_hit()))])
    assert "<caption>1 document" in documents._repr_html_()
    assert "A bank." in repr(documents)


def test_senses_timelines_and_changes_are_rows_too() -> None:
    sense = Sense(1, 5, 0.5, (Collocate("river", 3, 2.0, 5.0),), (occurrence(1),))
    inventory = SenseInventory("bank", Match.LEMMA, (sense,), {1: 1}, {1: 0.5}, None)
    assert inventory.to_polars().select("word", "sense", "share", "stability", "labels").to_dicts() == [
        {"word": "bank", "sense": 1, "share": 0.5, "stability": None, "labels": ["river"]}
    ]
    assert inventory.to_arrow().schema.field("stability").type == pa.float64()
    assert "<script>" not in inventory._repr_html_()
    line = make_timeline("year", 10, 1, {1: 1, 2: 1, 3: 1}, {1: "1950", 2: "1965"})
    frame = line.to_pandas()
    assert frame["from"].tolist()[:2] == [1950, 1960]
    assert frame["from"].isna().tolist()[-1]
    assert frame["count"].sum() == 3
    assert str(frame["from"].dtype) == "Int64"
    assert "occurrence_ids" in frame.columns
    assert "occurrence_ids" not in line._repr_html_()
    change = Change("bank", 3, 4, 0.5, 0.4, 0.6, 0.3, 0.2, 0.05)
    assert change.to_pandas()["p_value"].tolist() == [0.05]
    assert columns_of_csv(change) == change.to_polars().columns


def test_ipython_prints_a_table() -> None:
    class Printer:
        shown = ""

        def text(self, text: str) -> None:
            self.shown += text

    printer = Printer()
    Change("bank", 3, 4, 0.5, 0.4, 0.6, 0.3, 0.2, 0.05)._repr_pretty_(printer, cycle=False)
    assert printer.shown.splitlines()[0] == "Change"
    assert printer.shown.splitlines()[1].split()[:2] == ["word", "n_before"]
