"""Print records as a table, JSON Lines or CSV on standard output, and messages on standard error."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from io import TextIOWrapper
from traceback import walk_tb

import click

from ...search.text_table import harmless
from ...search.text_table import table as table
from ..formats import Row, csv_text, jsonl
from ..messages import LONGEST, shortened

_NAME = "polyseme: "
"""Start of every message."""


class OutputFormat(StrEnum):
    """Format of what a command prints on standard output."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"


def show(rows: Sequence[Row], output_format: OutputFormat, as_table: str) -> None:
    """Print rows on standard output. For the table format, print `as_table` instead."""
    match output_format:
        case OutputFormat.JSONL:
            put(jsonl(rows, ascii_only=not _writes_unicode()))
        case OutputFormat.CSV:
            put(csv_text(rows))
        case OutputFormat.TABLE:
            put(harmless(as_table))


def put(text: str) -> None:
    """Print text on standard output. On a terminal, control characters that it may obey are replaced."""
    shown = harmless(text.replace("\r\n", "\n")) if sys.stdout.isatty() else text
    click.echo(shown, nl=False, color=True)  # else click takes escape sequences out of a document's text


def _writes_unicode() -> bool:
    return codecs.lookup(sys.stdout.encoding or "utf-8").name.startswith("utf")


def note(text: str | None) -> None:
    """Print a one-line message on standard error, if there is one."""
    if text:
        say(_NAME + shortened(text, LONGEST - len(_NAME)))


def say(text: str, end: str = "\n") -> None:
    """Print on standard error. A message that cannot be written does not stop the work that it is about."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: the stream is closed
        click.echo(text + end, nl=False, err=True)


def prepare_streams() -> None:
    """Make the standard streams usable, also if the process was started without them.

    A closed one gets the null device, or the next file of a collection would take its number. Standard output then
    refuses to be written. Characters that an encoding lacks are written as escapes.
    """
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def is_from_output(error: OSError) -> bool:
    """Return whether standard output could not be written. Only `click.echo` writes to it."""
    return any(frame.f_code is click.echo.__code__ for frame, _ in walk_tb(error.__traceback__))


def drop_output() -> None:
    """Send standard output to the null device, so that what is left in its buffer does not fail again at the end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
