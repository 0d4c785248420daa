"""Odd arguments for every parameter of every command: a usage error, an answer, or one line with the next step."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from polyseme.ui.cli.help import FilePath
from polyseme.ui.cli.main import cli, run_command

PATHS = ("", "file.bin", "no/where", "x" * 300, "x/" * 3000, "b\udcff", "a\0b", "\x1b[31mred\n", "/dev/zero", "pipe")
TEXTS = (
    "",
    " ",
    "\0",
    "\udcff",
    "\ud83d",
    "[" * 100_000,
    "\x1b]0;evil\x07",
    "--",
    "year=1e400..nan",
    "document=|x",
    "x" * 200_000,
)
NUMBERS = ("", "-1", "0", str(2**31), str(2**63), str(2**64), "9" * 5000, "nan", "-inf", "1e400", "0x10", "1.5")
SERVERS = {"ui", "demo"}
GIVEN = {
    "collection": ["c.pol"],
    "paths": ["no/documents"],
    "query": ["the [bank]"],
    "document": ["no such"],
    "document_ids": ["no such"],
    "name": ["no such"],
    "file": ["no/file.json"],
    "occurrence": ["1"],
    "first": ["a [bank]"],
    "second": ["a [bank]"],
    "sentence": ["a [bank]"],
    "source": ["no-model"],
    "destination": ["made"],
}
GIVEN_OPTIONS = {"--model": "no-model", "--before": "year=..1960", "--after": "year=1961..", "--out": "made"}


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        elif name not in SERVERS and path != ("prototype",):
            yield (*path, name), command


def odd_values(parameter: click.Parameter) -> tuple[str, ...]:
    if isinstance(parameter.type, click.Choice) or getattr(parameter, "is_flag", False):
        return ()
    if isinstance(parameter.type, FilePath):
        return PATHS
    is_number = isinstance(parameter.type, click.IntRange | click.FloatRange) or parameter.type in (
        click.INT,
        click.FLOAT,
    )
    return NUMBERS if is_number else TEXTS


def lines_of(path: tuple[str, ...], command: click.Command) -> Iterator[list[str]]:
    """Yield command lines in which one parameter has an odd value, and the others have none that works."""
    for odd in command.params:
        for value in odd_values(odd):
            line = list(path)
            for parameter in command.params:
                if isinstance(parameter, click.Argument):
                    line += [value] if parameter is odd else GIVEN.get(parameter.name or "", ["x"])
                elif parameter is odd:
                    line += [parameter.opts[0], value]
                elif parameter.opts[0] in GIVEN_OPTIONS:
                    line += [parameter.opts[0], GIVEN_OPTIONS[parameter.opts[0]]]
            yield line


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with odd files, no collection and no model. So a command ends at the value or soon after."""
    place = tmp_path_factory.mktemp("odd")
    (place / "file.bin").write_text("x")
    os.mkfifo(place / "pipe")
    return place


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes")
@pytest.mark.parametrize(
    ("path", "command"), list(commands(cli)), ids=lambda part: "-".join(part) if isinstance(part, tuple) else ""
)
def test_every_odd_argument_is_refused_in_one_line(
    path: tuple[str, ...],
    command: click.Command,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    for line in lines_of(path, command):
        status = run_command(line)
        shown = capsys.readouterr().err
        assert status in (0, 1, 2, 3), line
        assert "Traceback" not in shown
        assert not re.search(r"unexpected \w+: ", shown), (line, shown)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]", shown)
        assert all(len(one) <= 300 for one in shown.splitlines()), shown
        if status == 1:
            assert [one for one in shown.splitlines() if one.startswith("polyseme: ")] == shown.splitlines()[-1:], shown


@pytest.mark.parametrize("value", ["9" * 20, str(2**63), "-1"])
def test_an_id_that_no_collection_has_is_unknown(
    value: str, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("She sat on the river bank.")
    assert run_command(["index", "c.pol", "a.txt", "--model", str(tiny_folder), "--quiet"]) == 0
    capsys.readouterr()
    for line in (["explain", "c.pol", "--", value], ["more-like", "c.pol", "--", value]):
        assert run_command(line) == 1
        assert f"has no occurrence {value}; search again" in capsys.readouterr().err
