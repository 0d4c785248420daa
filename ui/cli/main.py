"""The command ``polyseme``: parse, call one function, print. Heavy imports wait for the command that needs them.

Exit status: 0 done, 1 a user's error in one line, 2 usage, 3 done but some documents were skipped (each is named),
130 interrupted.
"""

from __future__ import annotations

import os
import sys

import click

from ...indexer.errors import PolysemeError
from .evaluate import evaluate
from .index import compact, documents, index, info, reencode, remove, show_document, verify
from .model import model
from .named_senses import named_sense
from .page import demo, open_page
from .printing import note
from .search import compare, search, sense, senses
from .senses import change, explain, more_like, timeline
from .train import train


class Group(click.Group):
    """Commands in the order in which they are written."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: D102
        return list(self.commands)


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="polyseme")
def cli() -> None:
    """Sense-aware search over your own documents, with ELMo."""


for command in (
    index,
    search,
    sense,
    senses,
    more_like,
    explain,
    named_sense,
    timeline,
    change,
    documents,
    show_document,
    info,
    verify,
    compact,
    remove,
    reencode,
):
    cli.add_command(command)
for command in (compare, model, train, evaluate, open_page, demo):
    cli.add_command(command)


def main() -> None:
    """Run the command and leave with its exit status."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """Run the command with these arguments; what a user caused is told in one line."""
    try:
        status = cli.main(arguments, prog_name="polyseme", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except click.UsageError as error:
        error.show()
        return 2
    except click.ClickException as error:
        note(error.format_message())
        return 1
    except PolysemeError as error:
        note(str(error))
        return 1
    except (KeyboardInterrupt, click.Abort):
        click.echo("\npolyseme: interrupted; what was committed stays, the same command goes on", err=True)
        return 130
    except BrokenPipeError:
        # The reader of a pipe has gone: nothing more to say, and nothing to flush into it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
