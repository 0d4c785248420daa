"""The command line as scripts and users see it: output, streams, exit status."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import click
import pytest
from polyseme.search.hits import OF_SENTENCES, OccurrenceHit, SentenceHit
from polyseme.search.searcher import Searcher
from polyseme.ui.cli.help import visible_commands
from polyseme.ui.cli.main import cli, run_command

POLYSEME = [sys.executable, "-c", "from polyseme.ui.cli.main import main; main()"]
TEXTS = {
    "river.txt": "She sat on the river bank. The boats went by all day.\n\nA heron stood on the far bank of the river.",
    "money.txt": "The bank refused her a loan. Another bank in town lent money at four per cent.",
    "letters/old.txt": "Dear Ann, the spring came late.\nWe walked to the =spring above the mill.",
}
METADATA = "id,title,year\nriver.txt,The River,1999\nmoney.txt,=HYPERLINK(1),1950\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("cli")
    for name, text in TEXTS.items():
        (root / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "in" / name).write_text(text, encoding="utf-8")
    (root / "in" / "metadata.csv").write_text(METADATA, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def collection(folder: Path, tiny_folder: Path) -> str:
    path = str(folder / "c.pol")
    assert run_command(["index", path, str(folder / "in"), "--model", str(tiny_folder), "--quiet"]) == 0
    return path


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


WORD_FIELDS = [field.name for field in fields(OccurrenceHit) if field.name not in OF_SENTENCES]
"""Fields of a hit by word in context."""


def test_sense_prints_one_hit_per_line_with_exactly_its_fields(
    collection: str, capsys: pytest.CaptureFixture[str]
) -> None:
    query = "He fished from the [bank]."
    assert run_command(["sense", collection, query, "-k", "3", "--format", "jsonl"]) == 0
    rows = lines(capsys)
    with Searcher.open(collection) as searcher:
        assert rows == searcher.occurrences(query, k=3).to_dicts()
    assert [list(row) for row in rows] == [WORD_FIELDS] * 3
    assert [row["rank"] for row in rows] == [1, 2, 3]
    for row in rows:
        sentence, start, end = row["sentence"], row["start"], row["end"]
        assert isinstance(sentence, str)
        assert isinstance(start, int)
        assert isinstance(end, int)
        assert sentence[start:end] == row["token"] == "bank"


def test_search_prints_what_python_returns(collection: str, capsys: pytest.CaptureFixture[str]) -> None:
    for options, hybrid in (([], True), (["--no-hybrid"], False)):
        assert run_command(["search", collection, "a [sic] loan", *options, "--format", "jsonl"]) == 0
        rows = lines(capsys)
        with Searcher.open(collection) as searcher:
            assert rows == searcher.sentences("a [sic] loan", hybrid=hybrid).to_dicts()
        assert list(rows[0]) == [field.name for field in fields(SentenceHit)]


def test_search_for_a_pattern_prints_what_python_returns(collection: str, capsys: pytest.CaptureFixture[str]) -> None:
    pattern = '"the"%c []{0,2} [lemma="bank"]'
    for options, at in (((), None), (("--at", "-1"), -1)):
        command = ["search", collection, "--pattern", pattern, *options, "-k", "3"]
        assert run_command([*command, "--format", "jsonl"]) == 0
        rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        with Searcher.open(collection) as searcher:
            assert rows == searcher.pattern(pattern, k=3, at=at).to_dicts()
        assert rows
        assert run_command(command) == 0
        assert f"[{rows[0]['token']}]" in capsys.readouterr().out
    for wrong in ([], ["bank", "--pattern", pattern], ["bank", "--at", "1"]):
        assert run_command(["search", collection, *wrong]) == 2
    assert "--pattern" in capsys.readouterr().err
    assert run_command(["search", collection, "--pattern", "[word="]) == 1
    assert "the pattern cannot be read at the end" in capsys.readouterr().err


def test_sense_passes_filter_match_and_layer_to_the_search(collection: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["sense", collection, "the [bank]", "--where", "year=1990..", "--format", "jsonl"]) == 0
    assert {row["document_id"] for row in lines(capsys)} == {"river.txt"}
    command = ["sense", collection, "the [shore]", "--match", "form", "--layer", "1", "--format", "jsonl"]
    assert run_command(command) == 0
    captured = capsys.readouterr()
    assert "'shore' does not occur in this collection" in captured.err
    assert "layer 1" in captured.err
    assert len(captured.out.splitlines()) > 5


def test_csv_quotes_cells_and_defuses_formulas(collection: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["search", collection, "spring", "--format", "csv", "-k", "50"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    assert {row["document"] for row in rows} == {"The River", "'=HYPERLINK(1)", "letters/old.txt"}
    assert {row["metadata.year"] for row in rows} == {"1999", "1950", ""}
    assert any(row["sentence"].startswith("Dear Ann,") for row in rows)


def test_concordance_aligns_keywords_in_one_column(collection: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["sense", collection, "the [bank]", "--context", "12"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert len({line.index("[bank]") for line in out[1:]}) == 1
    assert len(out) == 5


def test_senses_prints_senses_or_every_occurrence_with_its_sense(
    collection: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["senses", collection, "banks", "--format", "jsonl"]) == 0
    captured = capsys.readouterr()
    (row,) = [json.loads(line) for line in captured.out.splitlines()]
    assert (row["word"], row["sense"], row["size"], row["share"]) == ("bank", 1, 4, 1.0)
    assert "only 4 occurrences" in captured.err
    assert run_command(["senses", collection, "bank", "--occurrences", "--format", "jsonl"]) == 0
    rows = lines(capsys)
    assert [list(row) for row in rows] == [[*WORD_FIELDS, "sense"]] * 4
    assert {row["sense"] for row in rows} == {1}


def test_documents_show_info_verify_compact_and_remove(
    folder: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(folder / "own.pol")
    assert run_command(["index", path, str(folder / "in"), "--model", str(tiny_folder), "--quiet"]) == 0
    assert run_command(["documents", path, "--format", "jsonl"]) == 0
    assert [row["document_id"] for row in lines(capsys)] == ["letters/old.txt", "money.txt", "river.txt"]
    assert run_command(["show", path, "river.txt"]) == 0
    assert capsys.readouterr().out == TEXTS["river.txt"] + "\n"
    assert run_command(["remove", path, "money.txt", "no-such"]) == 1
    assert "holds no document 'no-such'" in capsys.readouterr().err
    assert run_command(["remove", path, "money.txt"]) == 0
    assert run_command(["compact", path]) == 0
    assert "1 removed documents gone for good" in capsys.readouterr().err
    assert run_command(["info", path, "--format", "jsonl"]) == 0
    (info,) = lines(capsys)
    assert (info["documents"], info["deleted_documents"], info["layer"], info["language"]) == (2, 0, "sense", "en")
    assert run_command(["verify", path]) == 0
    assert "no problems" in capsys.readouterr().out
    index = next((Path(path) / "segments").glob("*/tokens.faiss"))
    index.write_bytes(b"")
    assert run_command(["verify", path, "--no-encode"]) == 1
    assert "tokens.faiss" in capsys.readouterr().out
    assert run_command(["verify", path, "--repair"]) == 0


def test_reencode_keeps_settings_without_an_option(
    folder: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(folder / "again.pol")
    command = ["index", path, str(folder / "in"), "--model", str(tiny_folder), "--function-words", "--quiet"]
    assert run_command(command) == 0
    assert run_command(["reencode", path, "--layer", "2"]) == 0
    capsys.readouterr()
    assert run_command(["info", path, "--format", "jsonl"]) == 0
    (info,) = lines(capsys)
    assert (info["layer"], info["function_words"], info["model"]) == ("2", True, str(tiny_folder.resolve()))
    assert run_command(["info", path]) == 0
    shown = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert (shown["function_words"], shown["tagged_lemmas"], shown["sentence_id"]) == ("yes", "no", "none")


def test_compare_and_the_model_commands(tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    same = ["compare", "--model", str(tiny_folder), "the [bank]", "the [bank]", "--format", "jsonl"]
    assert run_command(same) == 0
    (row,) = lines(capsys)
    assert row["score"] == pytest.approx(1.0, abs=1e-6)
    assert run_command(["model", "info", str(tiny_folder), "--format", "jsonl"]) == 0
    (info,) = lines(capsys)
    assert (info["n_layers"], info["dim"]) == (3, 12)
    assert run_command(["model", "convert", str(tiny_folder), str(tmp_path / "pair"), "--to", "allennlp"]) == 0
    assert run_command(["model", "info", str(tmp_path / "pair"), "--format", "jsonl"]) == 0
    (pair,) = lines(capsys)
    assert (pair["n_layers"], pair["dim"], pair["n_weights"]) == (3, 12, info["n_weights"])
    assert run_command(["model", "convert", str(tiny_folder), str(tmp_path / "pair")]) == 1
    assert run_command(["model", "convert", str(tiny_folder), str(tmp_path / "folder")]) == 0
    capsys.readouterr()
    assert run_command(["model", "info", str(tmp_path / "folder"), "--format", "jsonl"]) == 0
    assert lines(capsys)[0]["model_id"] == info["model_id"]


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*POLYSEME, *arguments], capture_output=True, text=True, cwd=cwd, timeout=120, check=False)


def test_unreadable_file_is_reported_and_exit_status_is_3(folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "good.txt").write_text("The river bank.")
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 broken")
    done = run("index", str(tmp_path / "c.pol"), str(tmp_path), "--model", str(tiny_folder), "--glob", "*.*")
    assert done.returncode == 3
    assert done.stdout == ""
    assert re.search(r"skipped .*bad\.pdf: .+", done.stderr)
    assert "1 added" in done.stderr


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """Return a folder with files that are read, damaged, of other types, and without text."""
    (tmp_path / "in").mkdir()
    for name in ("a.txt", "b.xq", "c.xq", "d.yq", "e.png", "notes", "f.pdf"):
        (tmp_path / "in" / name).write_text("The river bank.")
    (tmp_path / "in" / "program").write_bytes(b"\x7fELF\0\0")
    (tmp_path / "in" / "g.csv").write_text("id,body\n1,The bank.\n")
    return tmp_path


def test_a_folder_run_says_what_became_of_each_file(
    mixed: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = mixed / "in" / "report.csv"
    c, folder = str(mixed / "c.pol"), str(mixed / "in")
    command = ["index", c, folder, "--model", str(tiny_folder), "--quiet", "--report", str(report)]
    assert run_command(command) == 3
    said = capsys.readouterr().err
    unread = "4 files of types that are not read: 2 xq, 1 yq, 1 without suffix (b.xq, c.xq, d.yq, ...)"
    assert f"polyseme: {unread}\n" in said
    assert "polyseme: 1 file without text: 1 png (e.png)\n" in said
    assert "2 added" in said
    rows = list(csv.DictReader(io.StringIO(report.read_text(encoding="utf-8"))))
    assert [(Path(row["file"]).name, row["type"], row["encoding"], row["state"]) for row in rows] == [
        ("a.txt", "txt", "utf-8", "added"),
        ("b.xq", "xq", "", "not read"),
        ("c.xq", "xq", "", "not read"),
        ("d.yq", "yq", "", "not read"),
        ("e.png", "png", "", "not read"),
        ("f.pdf", "pdf", "", "skipped"),
        ("g.csv", "csv", "", "skipped"),
        ("notes", "txt", "utf-8", "added"),
        ("program", "without suffix", "", "not read"),
    ]
    assert run_command(command) == 3  # the report itself is no document
    assert "report.csv" not in capsys.readouterr().err
    assert run_command([*command, "--glob", "*.txt"]) == 0
    assert run_command(["index", c, folder, "--glob", "*.xq", "--quiet"]) == 1
    assert "nothing was read" in capsys.readouterr().err
    assert run_command(["index", str(mixed / "new.pol"), folder, "--glob", "*.xq"]) == 1
    error = capsys.readouterr().err
    assert "nothing to read in" in error
    assert error.count("\n") == 1
    assert not (mixed / "new.pol").exists()
    assert run_command(["index", c, folder, "--report", str(mixed / "no" / "report.csv")]) == 1
    assert "there is no folder" in capsys.readouterr().err
    assert run_command(["index", c, folder, "--report", folder]) == 1
    assert "is a folder; name a file in it" in capsys.readouterr().err


def test_a_dry_run_writes_nothing_and_shows_columns_and_sentences(
    mixed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(mixed.rglob("*"))
    c, folder = str(mixed / "c.pol"), str(mixed / "in")
    assert run_command(["index", c, folder, "--dry-run"]) == 3
    shown = capsys.readouterr()
    assert "columns: id ('1'), body ('The bank.')" in shown.out
    assert "  | The river bank.\n" in shown.out
    assert "2 documents in 2 of 9 files; nothing was written" in shown.err
    assert run_command(["index", c, folder, "--dry-run", "--text-column", "body", "--format", "jsonl"]) == 3
    rows = {Path(str(row["file"])).name: row for row in lines(capsys)}
    assert (rows["g.csv"]["documents"], rows["g.csv"]["columns"]) == (1, ["id", "body"])
    assert rows["g.csv"]["first_sentences"] == ["The bank."]
    assert run_command(["index", c, str(mixed / "in" / "f.pdf"), "--dry-run"]) == 1
    assert run_command(["index", c, str(mixed / "in" / "a.txt"), "--dry-run"]) == 0
    capsys.readouterr()
    assert run_command(["index", c, str(mixed / "in" / "a.txt"), "--dry-run", "--report", str(mixed / "r.csv")]) == 0
    assert "no report is written with --dry-run" in capsys.readouterr().err
    assert sorted(mixed.rglob("*")) == before


def test_many_skipped_rows_of_one_file_are_counted(tmp_path: Path, tiny_folder: Path) -> None:
    rows = "".join(f"same,Bank {number}.\n" for number in range(40))
    (tmp_path / "a.csv").write_text(f"id,text\n{rows}")
    done = run("index", str(tmp_path / "c.pol"), str(tmp_path / "a.csv"), "--model", str(tiny_folder), "--quiet")
    assert done.returncode == 3
    assert done.stderr.count("polyseme: skipped") == 11
    assert "skipped 29 more documents of" in done.stderr
    assert "1 added" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["sense", "{c}", "no brackets"], 1, r"no word is marked; .*\[bank\]"),
        (["sense", "{c}", "[two] [marks]"], 1, "2 words are marked"),
        (["search", "nowhere.pol", "x"], 1, "nowhere.pol is not a collection; make one with"),
        (["search", "{c}", "x", "--where", "colour=red"], 1, "no document has a field 'colour'"),
        (["search", "{c}", "x", "--where", "year"], 1, "'year' is no filter"),
        (["senses", "{c}", "xylophone"], 1, "does not hold 'xylophone'"),
        (["show", "{c}", "none.txt"], 1, "holds no document 'none.txt'"),
        (["index", "new.pol", "no-such-folder"], 1, "no-such-folder does not exist"),
        (["index", "new.pol", ".", "--language", "xx123"], 1, "xx123"),
        (["index", "new.pol", ".", "--model", "no-such-model"], 1, "no model 'no-such-model'"),
        (["model", "info", "no-such-model"], 1, "no-such-model"),
        (["sense", "{c}"], 2, "Missing argument"),
        (["sense", "{c}", "the [bank]", "-k", "0"], 2, "Invalid value"),
        (["sens"], 2, "No such command"),
    ],
)
def test_errors_are_one_line_on_stderr_with_an_exit_status(
    collection: str, tmp_path: Path, arguments: list[str], status: int, message: str
) -> None:
    (tmp_path / "a.txt").write_text("The bank.")
    done = run(*[a.replace("{c}", collection) for a in arguments], cwd=tmp_path)
    assert done.returncode == status
    assert done.stdout == ""
    assert re.search(message, done.stderr)
    assert "Traceback" not in done.stderr
    assert status == 2 or len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "new.pol").exists()


def test_closed_pipe_is_not_an_error(collection: str) -> None:
    command = shlex.join([*POLYSEME, "search", collection, "bank"])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -c 1"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_help_imports_no_heavy_library() -> None:
    code = (
        "import sys\nfrom polyseme.ui.cli.main import run_command\nrun_command(['--help'])\n"
        "print([m for m in ('tensorflow', 'faiss', 'streamlit', 'numpy', 'spacy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_control_characters_in_documents_do_not_reach_the_terminal(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "evil.txt").write_text("The \x1b[31mred\x1b[0m bank\u202e of the river.\r\n")
    run_command(["index", str(tmp_path / "c.pol"), str(tmp_path / "evil.txt"), "--model", str(tiny_folder), "--quiet"])
    capsys.readouterr()
    assert run_command(["search", str(tmp_path / "c.pol"), "bank"]) == 0
    out = capsys.readouterr().out
    assert "bank" in out
    assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", out)


def documented_options() -> list[tuple[str, click.Parameter]]:
    found = []
    for name, command in visible_commands(cli).items():
        inner = command.commands.items() if isinstance(command, click.Group) else [("", command)]
        for sub, each in inner:
            found += [(f"{name} {sub}".strip(), parameter) for parameter in each.params]
    return found


def test_documentation_names_every_command_and_option() -> None:
    root = Path(__file__).parents[2]
    pages = [root / "README.md", *sorted((root / "docs" / "guide").glob("*.md"))]
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    for command, parameter in documented_options():
        assert f"polyseme {command}" in text, command
        if isinstance(parameter, click.Option):
            assert any(option in text for option in parameter.opts), (command, parameter.opts)


def test_translations_are_printed_under_the_lines(
    tmp_path: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = "en\tde\tyear\nThe tide came in.\tDie Flut\x1b kam.\t1999\nThe tide went out.\t\t2000\n"
    (tmp_path / "a.tsv").write_text(rows)
    collection = str(tmp_path / "c.pol")
    columns = ["--text-column", "en", "--translation-column", "de"]
    command = ["index", collection, str(tmp_path / "a.tsv"), "--model", str(tiny_folder), "--quiet", *columns]
    assert run_command(command) == 0
    capsys.readouterr()
    for search in (["sense", collection, "The [tide]."], ["search", collection, "The tide."]):
        assert run_command(search) == 0
        printed = capsys.readouterr().out.splitlines()
        place = next(n for n, line in enumerate(printed) if "came" in line or "in." in line)
        assert printed[place + 1].strip() == "= Die Flut  kam."
        assert len(printed) == 4
        assert run_command([*search, "--format", "jsonl"]) == 0
        assert sorted(str(row["metadata"]) for row in lines(capsys)) == [
            "{'translation': 'Die Flut\\x1b kam.', 'year': 1999}",
            "{'year': 2000}",
        ]
    with Searcher.open(collection) as searcher:
        hits = searcher.occurrences("The [tide] came in.")
    assert [hit.translations for hit in hits] == [{"": "Die Flut\x1b kam."}, {}]
