"""Gold tables and evaluation sets that are damaged or hostile: an error that names the file, in bounded time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.gold.judgements import read_gold
from polyseme.indexer.gold.sentence_answers import read_sentence_gold
from polyseme.search.evaluation.datasets.pairs import read_sts, read_usim, read_wic
from polyseme.search.evaluation.datasets.retrieval import read_retrieval
from polyseme.search.evaluation.datasets.usage_graphs import read_dwug

HEADER = "document_id\tstart\tend\tlemma\tsense\n"
FUZZ = settings(max_examples=int(os.environ.get("POLYSEME_FUZZ", "30")))
PIECES = st.lists(
    st.sampled_from(
        ["\t", "\n", "\r", "1", "-1", "9" * 30, "bank", '"', "\0", "\ud7ff", "{", "}", "[", '"_id"', ":", ",", "<doc>"]
    )
    | st.text(max_size=3),
    max_size=40,
).map("".join)


@FUZZ
@given(PIECES, st.booleans())
def test_any_table_is_read_or_is_an_error(tmp_path_factory: pytest.TempPathFactory, text: str, header: bool) -> None:
    folder = tmp_path_factory.mktemp("any")
    table = folder / "t.tsv"
    table.write_text(HEADER * header + text, encoding="utf-8")
    for name in ("a.data.txt", "a.gold.txt", "corpus.jsonl", "queries.jsonl"):
        (folder / name).write_text(text, encoding="utf-8")
    readers: list[tuple[Callable[[Path], object], Path]] = [
        (read_gold, table),
        (read_sentence_gold, table),
        (read_usim, table),
        (read_sts, table),
        (read_wic, folder),
        (read_retrieval, folder),
    ]
    named = []
    for read, path in readers:
        try:
            read(path)
        except DocumentError as error:
            named.append(str(folder) in str(error))
    assert all(named)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("d\t0\t99999999999999999999\tbank\tb", "row 2: not 5 columns"),
        ("d\t-1\t4\tbank\tb", "row 2: not 5 columns"),
        (f"d\t0\t{'9' * 5000}\tbank\tb", "row 2: not 5 columns"),
        ("d\tnan\t4\tbank\tb", "row 2: not 5 columns"),
    ],
)
def test_an_offset_that_no_document_has_is_refused(tmp_path: Path, row: str, words: str) -> None:
    (tmp_path / "g.tsv").write_text(HEADER + row)
    with pytest.raises(DocumentError, match=words):
        read_gold(tmp_path / "g.tsv")


def test_a_table_that_is_too_large_or_no_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DocumentError, match="Is a directory"):
        read_gold(tmp_path)
    (tmp_path / "g.tsv").write_text(HEADER + "d\t0\t4\tbank\tb\n" * 9)
    monkeypatch.setattr("polyseme.indexer.gold.judgements.MOST_ROWS", 5)
    with pytest.raises(DocumentError, match="has more than 5 rows"):
        read_gold(tmp_path / "g.tsv")
    monkeypatch.setattr("polyseme.indexer.gold.judgements.LARGEST_TABLE", 5)
    with pytest.raises(DocumentError, match="it is larger than"):
        read_gold(tmp_path / "g.tsv")


def test_cells_longer_than_the_csv_module_allows_are_read(tmp_path: Path) -> None:
    (tmp_path / "data" / "bank").mkdir(parents=True)
    (tmp_path / "clusters" / "opt").mkdir(parents=True)
    context = "The bank. " + "x" * 200_000
    uses = f"identifier\tcontext\tindexes_target_token\nu1\t{context}\t4:8\n"
    (tmp_path / "data" / "bank" / "uses.csv").write_text(uses)
    (tmp_path / "clusters" / "opt" / "bank.csv").write_text("identifier\tcluster\nu1\t0\n")
    (usage,) = read_dwug(tmp_path)["bank"]
    assert usage.span.sentence[usage.span.start] == "bank"


def test_markup_without_end_tags_is_read_in_one_pass(tmp_path: Path) -> None:
    (tmp_path / "docs.txt").write_text("<doc><title>" * 100_000 + "<doc " * 100_000)
    (tmp_path / "qrels.txt").write_text("1 0 1 1\n")
    start = time.process_time()
    with pytest.raises(DocumentError, match="holds 0 documents"):
        read_retrieval(tmp_path)
    assert time.process_time() - start < 10


def test_deeply_nested_json_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text("[" * 100_000)
    with pytest.raises(DocumentError, match="line 1: no object with _id and text"):
        read_retrieval(tmp_path)
