"""The workbook of the export: cells that a spreadsheet can hold, and none that it evaluates."""

from __future__ import annotations

import io
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from polyseme.search.hits import SentenceHit
from polyseme.ui.page.export import MAX_CELL, Export, csv_bytes, jsonl_bytes, xlsx_bytes

TEXT = st.text(st.characters(), max_size=20) | st.sampled_from(
    ["=1+1", " \ufeff＝1", "\ud800@x", "\x00\x07", "a\ufffeb"]
)
METADATA = st.dictionaries(
    TEXT, TEXT | st.integers() | st.floats() | st.booleans() | st.none() | st.lists(TEXT), max_size=3
)


def hit(text: str, metadata: dict[str, object], key: int = 1) -> SentenceHit:
    return SentenceHit(
        rank=1,
        score=0.5,
        confidence=None,
        document_id=text,
        document=text,
        sentence_id=key,
        sentence=text,
        sentence_start=0,
        metadata=metadata,  # type: ignore[arg-type]  # a collection from elsewhere may hold any JSON
    )


@settings(max_examples=20)
@given(TEXT, METADATA)
def test_any_hit_is_written_in_every_format(text: str, metadata: dict[str, object]) -> None:
    made = Export([hit(text, metadata)], {}, {"q": text})
    book = load_workbook(io.BytesIO(xlsx_bytes(made)))
    for sheet in book:
        for row in sheet:
            for one in row:
                assert one.data_type in {"s", "n", "b", "inlineStr"}
                assert not str(one.value).startswith(("=", "＝", "@", "+"))
    assert csv_bytes(made).decode("utf-8-sig")
    assert len(jsonl_bytes(made).decode().split("\n")) == 2


def test_ids_and_long_texts_keep_to_what_a_cell_can_hold() -> None:
    made = Export([hit("\N{GRINNING FACE}" * 40_000, {"id": "00123", "e": "1E5"}, key=2**62)], {}, {})
    header, row = load_workbook(io.BytesIO(xlsx_bytes(made)))["lines"].iter_rows(values_only=True)
    found = dict(zip(header, row, strict=True))
    assert (found["metadata.id"], found["metadata.e"]) == ("00123", "1E5")
    assert found["sentence_id"] == str(2**62)
    assert len(str(found["node"]).encode("utf-16-le")) == 2 * (MAX_CELL - 1)
    assert str(found["node"]) == "\N{GRINNING FACE}" * (MAX_CELL // 2)


def test_numbers_that_json_lacks_are_null() -> None:
    (line,) = jsonl_bytes(Export([hit("a", {"x": float("nan"), "y": [float("inf"), 1]})], {}, {})).decode().splitlines()
    assert json.loads(line)["metadata"] == {"x": None, "y": [None, 1]}
