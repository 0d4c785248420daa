"""Help texts: arguments with a description, and commands listed in sections. click itself has neither."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from ..messages import clean_text, one_line

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Argument(click.Argument):
    """A positional argument with a description for `--help` and the reference."""

    def __init__(self, param_decls: Sequence[str], description: str = "", **attributes: Any) -> None:
        super().__init__(param_decls, **attributes)
        self.description = description

    def make_metavar(self, ctx: click.Context | None = None) -> str:  # noqa: D102
        return argument_usage(self)


class FilePath(click.Path):
    """A path of a file or folder. An empty one is refused, or an unset variable of a script names this folder.

    Args:
        to_write: Whether the path may be a pipe or a device, such as /dev/stdout.
        is_text: Whether the path must be UTF-8. FAISS reads and writes no others.
    """

    def __init__(self, to_write: bool = False, is_text: bool = False, **attributes: Any) -> None:
        super().__init__(path_type=Path, **attributes)
        self.to_write = to_write
        self.is_text = is_text

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: D102
        if not str(value):
            self.fail("the path is empty.", param, ctx)
        if "\0" in str(value):
            self.fail("a NUL character cannot be used.", param, ctx)
        if self.is_text and str(value) != clean_text(str(value)):
            self.fail("the path is not UTF-8; rename the folder.", param, ctx)
        if not self.to_write and _is_special(value):
            self.fail(f"{one_line(str(value))} is a pipe, socket or device; name a file or a folder.", param, ctx)
        return super().convert(value, param, ctx)


def _is_special(path: str) -> bool:
    """Return whether something exists at a path that is neither a file nor a folder. Reading it might never end."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - the path may be text
    except OSError:
        return False  # the command reports it
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


class Command(click.Command):
    """A command whose help lists its arguments above its options."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. An error gets a note that names the collection it is about."""
        for parameter in self.params:
            check_text(ctx, parameter)
        try:
            return super().invoke(ctx)
        except Exception as error:
            if collection := ctx.params.get("collection"):
                error.add_note(str(collection))
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: D102
        rows = [(argument_usage(argument), argument.description) for argument in described_arguments(self)]
        if rows:
            with formatter.section("Arguments"):
                formatter.write_dl(rows)
        super().format_options(ctx, formatter)


class Group(click.Group):
    """A group whose help lists its commands in the order of definition, in sections if it has any.

    Args:
        sections: Title of each section and the names of its commands. Hidden commands are in no section.
    """

    command_class = Command

    def __init__(self, *args: Any, sections: Mapping[str, Sequence[str]] | None = None, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.sections = dict(sections or {})

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: D102
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: D102
        visible = visible_commands(self)
        for title, names in (self.sections or {"Commands": list(visible)}).items():
            with formatter.section(title):
                formatter.write_dl([(name, summary(visible[name])) for name in names])


def check_text(ctx: click.Context, parameter: click.Parameter) -> None:
    """Refuse an argument that is not text. Bytes that are not UTF-8 are allowed in paths only.

    Raises:
        click.BadParameter: The argument has such bytes, or a NUL character.
    """
    value = ctx.params.get(parameter.name or "")
    for part in value if isinstance(value, tuple) else (value,):
        if isinstance(part, str) and "\0" in part:
            raise click.BadParameter("a NUL character cannot be used.", ctx, parameter)
        if isinstance(part, str) and part != clean_text(part):
            raise click.BadParameter("the text is not UTF-8.", ctx, parameter)


def argument(name: str, description: str, **attributes: Any) -> Callable[[Decorated], Decorated]:
    """Return a decorator that adds a described argument to a command."""
    return click.argument(name, cls=Argument, description=description, **attributes)


def visible_commands(group: click.Group) -> dict[str, click.Command]:
    """Return the commands of a group by name, without hidden ones, in the order of definition."""
    return {name: command for name, command in group.commands.items() if not command.hidden}


def described_arguments(command: click.Command) -> Iterator[Argument]:
    """Yield the arguments of a command that have a description."""
    for parameter in command.params:
        if isinstance(parameter, Argument):
            yield parameter


def argument_usage(parameter: click.Argument) -> str:
    """Return an argument as the usage line shows it, such as `COLLECTION`, `[TEXT...]` or `DOCUMENT...`."""
    name = parameter.metavar or (parameter.name or "").upper()
    name += "..." if parameter.nargs == -1 else ""
    return name if parameter.required else f"[{name}]"


def summary(command: click.Command) -> str:
    """Return the first sentence of a command's help, without its full stop."""
    first_line = " ".join((command.help or "").partition("\n\n")[0].split())
    return first_line.partition(". ")[0].rstrip(".")
