"""The command `polyseme`: parse, call one function, print. Commands import heavy libraries when they run.

Exit status: 0 done, 1 an error reported in one line, 2 wrong usage, 3 done but some documents were skipped (each is
reported), 130 interrupted.
"""

from __future__ import annotations

import os
import sys

import click

from ...indexer.errors import PolysemeError
from .evaluate import evaluate
from .help import Group
from .index import compact, documents, index, info, reencode, remove, show_document, verify
from .model import model
from .named_senses import named_sense, prototype
from .page import demo, open_page
from .printing import note
from .search import compare, search, sense, senses
from .senses import change, explain, more_like, timeline
from .train import train

SECTIONS = {
    "Index and search": (index, search, sense, more_like, explain),
    "Senses of a word": (senses, named_sense, timeline, change, compare),
    "Manage a collection": (documents, show_document, info, remove, verify, compact, reencode),
    "Models": (model, train, evaluate),
    "Web page": (open_page, demo),
}
EXIT_STATUS = (
    "Exit status: 0 done, 1 an error reported in one line, 2 wrong usage, 3 done but some documents were skipped,"
    " 130 interrupted. Messages and progress go to standard error."
)


@click.group(
    cls=Group,
    sections={title: [command.name for command in commands] for title, commands in SECTIONS.items()},
    context_settings={"help_option_names": ["-h", "--help"], "show_default": True},
    epilog=EXIT_STATUS,
)
@click.version_option(package_name="polyseme")
def cli() -> None:
    """Search your own documents by meaning, with ELMo.

    Run `polyseme COMMAND --help` for the arguments and options of a command.
    """


for section in SECTIONS.values():
    for command in section:
        cli.add_command(command)
cli.add_command(prototype)


def main() -> None:
    """Run the command of this process and exit with its status."""
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """Run a command and return its exit status. Errors that a user can cause are printed in one line."""
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
        click.echo("\npolyseme: interrupted; committed work is kept, run the same command again to continue", err=True)
        return 130
    except BrokenPipeError:
        # The reader of the pipe has closed it. Redirect standard output, so that the flush at exit does not fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
