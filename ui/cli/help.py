"""Help texts: arguments with a description, and commands listed in sections. click itself has neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Argument(click.Argument):
    """A positional argument with a description for `--help` and the reference."""

    def __init__(self, param_decls: Sequence[str], description: str = "", **attributes: Any) -> None:
        super().__init__(param_decls, **attributes)
        self.description = description

    def make_metavar(self, ctx: click.Context | None = None) -> str:  # noqa: D102
        return argument_usage(self)


class Command(click.Command):
    """A command whose help lists its arguments above its options."""

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
