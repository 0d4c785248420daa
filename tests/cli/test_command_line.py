"""The command line that is written on the card of a model: it can be run again and names no private paths."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from polyseme.ui.cli.command_line import redact, shareable_command
from polyseme.ui.cli.main import cli


def shared(arguments: list[str], leave_out: tuple[str, ...] = ()) -> str:
    name, *rest = arguments
    parent = click.Context(cli, info_name="polyseme")
    context = cli.commands[name].make_context(name, rest, parent=parent)
    return shareable_command(context, leave_out)


def test_training_command_keeps_given_options_and_drops_folders(tmp_path: Path) -> None:
    options = "--minutes 1.5 --seed 3 --from default --learning-rate 0.002 --dropout 0.0 --language de --tokenized"
    arguments = ["train", str(tmp_path / "my text.txt"), "--out", str(tmp_path / "out"), *options.split()]
    arguments += ["--freeze-characters", "--quiet"]
    command = shared(arguments, leave_out=("quiet",))
    assert command == (
        "polyseme train 'my text.txt' --out out --minutes 1.5 --seed 3 --from default --freeze-characters"
        " --learning-rate 0.002 --dropout 0.0 --tokenized --language de"
    )
    assert shared(command.replace("'my text.txt'", "x.txt").split()[1:]) == command.replace("'my text.txt'", "x.txt")


def test_options_that_were_not_given_are_left_out() -> None:
    assert shared(["eval", "--task", "wic=a/b/WiC", "--task=usim=../usim", "--card"]) == (
        "polyseme eval --task wic=WiC --task usim=usim --card"
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/home/me/secret project/my-elmo", "my-elmo"),
        ("~/models/elmo.tar.gz", "elmo.tar.gz"),
        ("wic=/home/me/WiC", "wic=WiC"),
        ("default", "default"),
        ("1e-05", "1e-05"),
        ("https://tfhub.dev/google/elmo/3", "https://tfhub.dev/google/elmo/3"),
        ("gold=https://me:password@example.org/gold", "gold=https://example.org/gold"),
        ("https://me:password@example.org/elmo?token=abc#part", "https://example.org/elmo"),
    ],
)
def test_redact_drops_folders_passwords_and_queries(given: str, expected: str) -> None:
    assert redact(given) == expected


def test_redact_names_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "corpus").mkdir()
    monkeypatch.chdir(tmp_path / "corpus")
    assert redact(".") == "corpus"
