"""The command-line reference and the help texts: complete, up to date and quick."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from polyseme.ui.cli.help import argument_usage, described_arguments, visible_commands
from polyseme.ui.cli.main import SECTIONS, cli, run_command
from polyseme.ui.cli.reference import PATH, REGENERATE, default_text, reference_text

ROOT = Path(__file__).parents[2]


def all_commands(group: click.Group = cli, path: str = "polyseme") -> Iterator[tuple[str, click.Command]]:
    """Yield every visible command and group with the words that run it."""
    for name, command in visible_commands(group).items():
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from all_commands(command, f"{path} {name}")


COMMANDS = dict(all_commands())
LEAVES = {path: command for path, command in COMMANDS.items() if not isinstance(command, click.Group)}


def test_reference_is_up_to_date() -> None:
    stored = (ROOT / PATH).read_text(encoding="utf-8") if (ROOT / PATH).exists() else ""
    assert stored == reference_text(), f"{PATH} is out of date; run `make reference` or `{REGENERATE}`"


def test_reference_describes_every_command_argument_and_option() -> None:
    text = reference_text()
    for path, command in COMMANDS.items():
        _, heading, rest = text.partition(f"\n### {path}\n")
        assert heading, path
        chapter = rest.partition("\n### ")[0]
        for parameter in command.params:
            names = [argument_usage(parameter)] if isinstance(parameter, click.Argument) else parameter.opts
            for name in names:
                assert f"`{name}" in chapter, (path, name)


@pytest.mark.parametrize("path", LEAVES)
def test_every_argument_and_option_has_a_whole_phrase_as_help(path: str) -> None:
    command = LEAVES[path]
    arguments = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
    assert arguments == list(described_arguments(command))
    texts = [argument.description for argument in described_arguments(command)]
    texts += [option.help or "" for option in command.params if isinstance(option, click.Option)]
    for text in (command.help or "", *texts):
        assert text[:1].isupper(), text
        assert text.rstrip().endswith((".", "'")), text
        assert len(text.split()) >= 3, text


@pytest.mark.parametrize("path", LEAVES)
def test_every_option_documents_its_default(path: str) -> None:
    for option in LEAVES[path].params:
        if isinstance(option, click.Option):
            assert default_text(option), option.name


def test_help_lists_every_command_once_in_a_section(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    listed = [line.split()[0] for line in lines if line[:2] == "  " and line[2:3].strip() and "  " in line[3:]]
    assert [name for name in listed if name in cli.commands] == list(visible_commands(cli))
    assert [line[:-1] for line in lines if line.endswith(":") and line[:-1] in SECTIONS] == list(SECTIONS)
    assert not any("prototype" in line for line in lines)
    assert not any("..." in line for line in lines if "[ARGS]" not in line)


def test_help_of_a_command_shows_arguments_and_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["sense", "--help"]) == 0
    out = capsys.readouterr().out
    assert "Usage: polyseme sense [OPTIONS] COLLECTION QUERY\n" in out
    assert "\nArguments:\n  COLLECTION  Folder of the collection" in out
    assert "[default: 20" in out
    assert run_command(["index", "-h"]) == 0
    assert "[OPTIONS] COLLECTION PATH...\n" in capsys.readouterr().out
