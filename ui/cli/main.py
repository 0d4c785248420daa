"""The command `polyseme`: parse, call one function, print. Commands import heavy libraries when they run.

Exit status: 0 done, 1 an error reported in one line, 2 wrong usage, 3 done but some documents were skipped (each is
reported), 130 interrupted.
"""

from __future__ import annotations

import io
import os
import sys
import traceback

import click

from ..messages import problem, shortened
from .annotate import annotate
from .dictionaries import dictionary
from .entry import entry, examples
from .evaluate import evaluate
from .help import Group
from .index import compact, documents, index, info, reencode, remove, show_document, verify
from .model import model
from .named_senses import named_sense, prototype
from .page import demo, open_page
from .printing import drop_output, is_from_output, note, prepare_streams, say
from .search import compare, search, sense, senses
from .senses import change, explain, more_like, sense_map, timeline
from .statistics import collocates, dispersion, frequency, keywords
from .subcorpora import subcorpus
from .train import train

SECTIONS = {
    "Index and search": (index, search, sense, more_like, explain),
    "Senses of a word": (senses, named_sense, dictionary, timeline, sense_map, change, compare),
    "Judge lines": (annotate, examples, entry),
    "Count words": (frequency, dispersion, keywords, collocates),
    "Manage a collection": (documents, subcorpus, show_document, info, remove, verify, compact, reencode),
    "Models": (model, train, evaluate),
    "Web page": (open_page, demo),
}
EXIT_STATUS = (
    "Exit status: 0 done, 1 an error reported in one line, 2 wrong usage, 3 done but some documents were skipped,"
    " 130 interrupted. Messages and progress go to standard error. Set the environment variable POLYSEME_DEBUG to 1 to"
    " see the traceback of an error as well."
)
DEBUG_VARIABLE = "POLYSEME_DEBUG"
"""Environment variable that makes every error print its traceback as well."""


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
    prepare_streams()
    sys.exit(run_command(sys.argv[1:]))


def run_command(arguments: list[str]) -> int:
    """Run a command and return its exit status. Every error is printed in one line."""
    try:
        status = cli.main(arguments, prog_name="polyseme", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except click.UsageError as error:
        say(_usage(error))
        return 2
    except click.ClickException as error:
        note(error.format_message())
        return 1
    except (KeyboardInterrupt, click.Abort):
        say("\npolyseme: interrupted; committed work is kept, run the same command again to continue")
        return 130
    except Exception as error:
        if os.environ.get(DEBUG_VARIABLE):
            say(traceback.format_exc(), end="")
        return _report(error)


def _report(error: Exception) -> int:
    """Print the last-resort line of an error and return the exit status."""
    if not isinstance(error, OSError) or not is_from_output(error):
        note(problem(error))
        return 1
    drop_output()
    if isinstance(error, BrokenPipeError):  # the reader of the pipe has all it wants
        return 0
    note(f"standard output cannot be written ({error.strerror}); write to another place")
    return 1


def _usage(error: click.UsageError) -> str:
    """Return a usage error as click writes it, each line harmless and of bounded length."""
    written = io.StringIO()
    error.show(written)
    return "\n".join(shortened(line) for line in written.getvalue().splitlines())
