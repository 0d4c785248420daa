"""`polyseme eval --gold` and `polyseme train --sense-space` read the same tables of gold senses."""

from __future__ import annotations

from pathlib import Path

import pytest
from gold_data import USES, write
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.records import Layer
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.model_folder import SENSE_SPACE
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.gold.judgements import COLUMNS, Gold, read_gold
from polyseme.ui.cli.main import run_command

HEADER = "\t".join(COLUMNS)


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    for number, (text, _) in enumerate(USES):
        write(tmp_path / "texts" / f"{number}.txt", text)
    return tmp_path / "texts"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """The table with its five columns only."""
    rows = [HEADER]
    for number, (text, sense) in enumerate(USES):
        start = text.index("bank")
        rows.append(f"{number}.txt\t{start}\t{start + 4}\tbank\t{sense}")
    return write(tmp_path / "plain" / "senses.tsv", "\n".join(rows) + "\n")


def with_extra_column(table: Path) -> Path:
    """Write the same table with its columns in reverse order, one more in front, and Windows line ends."""
    rows = [line.split("\t") for line in table.read_text().splitlines()]
    extra = ["annotator", *("me" for _ in rows[1:])]
    lines = ["\t".join([cell, *reversed(row)]) for cell, row in zip(extra, rows, strict=True)]
    path = table.parent.parent / "extra" / table.name
    path.parent.mkdir()
    path.write_bytes("\r\n".join([*lines, "", ""]).encode())
    return path


def test_both_commands_read_a_table_with_an_extra_column_as_one_without(
    tmp_path: Path,
    texts: Path,
    table: Path,
    tiny_folder: Path,
    tiny_encoder: ElmoEncoder,
    capsys: pytest.CaptureFixture[str],
) -> None:
    collection = tmp_path / "c.pol"
    build(collection, [texts], BuildConfig(layer=Layer.LAYER_0), tiny_encoder)
    figures, spaces = [], []
    for path in (table, with_extra_column(table)):
        assert run_command(["eval", str(collection), "--gold", str(path), "--model", str(tiny_folder)]) == 0
        captured = capsys.readouterr()
        assert "1 words, 6 occurrences ranked" in captured.err
        figures.append(captured.out)
        out = tmp_path / f"model-{path.parent.name}"
        fit = ["train", str(texts), "--sense-space", str(path), "--model", str(tiny_folder), "--out", str(out)]
        assert run_command([*fit, "--quiet"]) == 0
        assert "6 words, 2 senses of 1 lemmas" in capsys.readouterr().err
        spaces.append((out / SENSE_SPACE).read_bytes())
    assert figures[0] == figures[1]
    assert spaces[0] == spaces[1]


def test_both_commands_refuse_a_bad_row_in_one_line_with_file_and_row(
    tmp_path: Path, texts: Path, table: Path, tiny_encoder: ElmoEncoder, capsys: pytest.CaptureFixture[str]
) -> None:
    collection = tmp_path / "c.pol"
    build(collection, [texts], BuildConfig(layer=Layer.LAYER_0), tiny_encoder)
    table.write_text(table.read_text() + "0.txt\t4\tfour\tbank\triver\n")
    capsys.readouterr()
    for command in (
        ["eval", str(collection), "--gold", str(table)],
        ["train", str(texts), "--sense-space", str(table), "--out", str(tmp_path / "model")],
    ):
        assert run_command(command) == 1
        (line,) = capsys.readouterr().err.splitlines()
        assert "senses.tsv, row 8: not 5 columns with two offsets" in line


def test_a_row_needs_only_the_required_cells(tmp_path: Path) -> None:
    path = write(tmp_path / "g.tsv", f"{HEADER}\tnote\na.txt\t3\t7\tbank\tx;y\n\n")
    (row,) = read_gold(path)
    assert row == Gold(("a.txt", 3, 7), "bank", "x;y")
    assert row.senses == ["x", "y"]


@pytest.mark.parametrize("offsets", ["-1\t3", "3\t3", "7\t3", "3.0\t7", "\t"])
def test_offsets_that_span_no_text_are_refused(tmp_path: Path, offsets: str) -> None:
    path = write(tmp_path / "g.tsv", f"{HEADER}\na.txt\t{offsets}\tbank\tx\n")
    with pytest.raises(DocumentError, match=r"g\.tsv, row 2: not 5 columns with two offsets"):
        read_gold(path)
