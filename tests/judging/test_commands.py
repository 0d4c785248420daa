"""The commands that judge lines print what the Python interface returns, and errors in one line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from polyseme.indexer.build import build
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.search.searcher import Searcher
from polyseme.ui.cli.main import run_command
from sense_texts import documents

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: ElmoEncoder) -> str:
    path = tmp_path_factory.mktemp("commands") / "c.pol"
    build(path, documents(24), model=tiny_encoder)
    return str(path)


def run(capsys: Capture, *command: str) -> list[dict[str, object]]:
    assert run_command([*command, "--format", "jsonl"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def act(capsys: Capture, *command: str) -> str:
    assert run_command(["annotate", *command]) == 0
    return capsys.readouterr().err


def test_lines_are_annotated_listed_filtered_and_undone(collection: str, capsys: Capture) -> None:
    river = ("--word", "bank", "--where", "kind=river")
    assert "ann: mark, sense of 12 lines changed" in act(
        capsys, "add", collection, *river, "--sense", "shore", "--mark", "+", "--author", "ann"
    )
    hits = run(capsys, "sense", collection, "a [bank]", "-k", "99", "--where", "annotation.sense=shore")
    assert {hit["metadata"]["kind"] for hit in hits} == {"river"}  # type: ignore[index]
    assert len(hits) == 12
    first = str(hits[0]["occurrence_id"])
    act(capsys, "add", collection, first, "--label", "x", "--author", "bob")
    assert run_command(["sense", collection, "a [bank]", "-k", "99", "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    (row,) = [row for row in rows if row["occurrence_id"] == first]
    columns = ("author", "sense", "label", "mark")
    assert [row[f"annotations.{name}"] for name in columns] == ["ann; bob", "shore; ", "; x", "'+; "]
    assert {row["annotations.sense"] for row in rows if row["metadata.kind"] == "money"} == {""}
    with Searcher.open(collection) as searcher:
        listed = run(capsys, "annotate", "list", collection, "--word", "bank")
        assert len(listed) == sum(len(line.annotations) for line in searcher.annotations("bank")) == 13
        assert run(capsys, "annotate", "lost", collection) == []
        events = run(capsys, "annotate", "log", collection)
        assert [event["event"] for event in events] == [each.number for each in searcher.annotation_log()]
    assert "bob: label of 1 line undone" in act(capsys, "undo", collection, "--author", "bob")
    assert "nothing to undo" in act(capsys, "undo", collection, "--author", "bob")
    assert "bob: label of 1 line done again" in act(capsys, "redo", collection, "--author", "bob")


def test_senses_are_edited_and_shown(collection: str, capsys: Capture) -> None:
    act(capsys, "add", collection, "--word", "bank", "--where", "kind=river", "--sense", "water", "--author", "cy")
    act(capsys, "add", collection, "--word", "bank", "--where", "kind=money", "--sense", "loan", "--author", "cy")
    act(capsys, "edit-sense", collection, "bank", "loan", "--rename", "house", "--definition", "it lends")
    (house,) = [row for row in run(capsys, "annotate", "senses", collection) if row["name"] == "house"]
    assert (house["word"], house["definition"], house["lines"]) == ("bank", "it lends", 12)
    rows = run(capsys, "senses", collection, "bank", "--annotated")
    assert {row["name"]: row["size"] for row in rows} == {"water": 12, "house": 12}
    years = run(capsys, "timeline", collection, "bank", "--annotated")
    assert {row["name"] for row in years} == {"water", "house"}
    (both, *_) = run(capsys, "annotate", "agreement", collection, "bank")
    assert both["lines"] == 0 or both["alpha"] is not None
    found = run(capsys, "examples", collection, "bank", "--per-sense", "2")
    assert [row["sense"] for row in found] == [1, 1, 2, 2]
    ordered = run(capsys, "sense", collection, "a [bank]", "-k", "5", "--order", "examples")
    with Searcher.open(collection) as searcher:
        best = searcher.by_examples(searcher.occurrences("a [bank]", k=200))[:5]
    assert [row["occurrence_id"] for row in ordered] == [one.hit.occurrence_id for one in best]
    assert [row["rank"] for row in ordered] == [1, 2, 3, 4, 5]
    act(capsys, "merge-senses", collection, "bank", "house", "water", "--author", "cy")
    act(capsys, "undo", collection, "--author", "cy")
    act(capsys, "forget-sense", collection, "bank", "house", "--author", "cy")
    assert "house" not in {row["name"] for row in run(capsys, "annotate", "senses", collection)}
    asked = run(capsys, "annotate", "next", collection, "bank", "-k", "3")
    assert len({row["occurrence_id"] for row in asked}) == 3


def test_an_entry_is_written_to_a_file_or_printed(collection: str, capsys: Capture, tmp_path: Path) -> None:
    file = tmp_path / "bank.docx"
    assert run_command(["entry", collection, "bank", "--format", "docx", "-o", str(file)]) == 0
    assert file.read_bytes().startswith(b"PK")
    capsys.readouterr()
    assert run_command(["entry", collection, "bank"]) == 0
    assert capsys.readouterr().out.startswith("# bank\n")


@pytest.mark.parametrize(
    ("command", "status", "message"),
    [
        (("annotate", "add", "1", "--mark", "+", "--word", "bank"), 2, "give ids of lines, or --word WORD"),
        (("annotate", "add", "1"), 1, "nothing is said about the lines"),
        (("annotate", "add", "999999999", "--mark", "+"), 1, "occurrence 999999999 is not in the collection"),
        (("annotate", "edit-sense", "bank", "nowhere", "--rename", "x"), 1, "has no edited sense 'nowhere'"),
        (("entry", "bank", "--format", "docx"), 2, "DOCX is no text; give -o FILE"),
        (("examples", "absent"), 1, "does not hold 'absent'"),
        (("senses", "bank", "--annotated", "--dictionary", "x"), 2, "--annotated or --dictionary, not both"),
    ],
)
def test_errors_are_one_line(
    collection: str, capsys: Capture, command: tuple[str, ...], status: int, message: str
) -> None:
    place = 2 if command[0] == "annotate" else 1
    assert run_command([*command[:place], collection, *command[place:]]) == status
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error
