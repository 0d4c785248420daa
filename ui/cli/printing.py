"""Print records as a table, JSON Lines or CSV on standard output, and messages on standard error."""

from __future__ import annotations

import codecs
import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING

import click

from ...search.text_table import harmless, one_line
from ...search.text_table import table as table
from ..formats import Row, csv_text, jsonl
from ..messages import LONGEST, shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...search.citation import Citation

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


def columns_of(rows: Sequence[Row], columns: Sequence[str], right: Sequence[str] = ()) -> str:
    """Return a table of some columns of rows.

    Args:
        right: Headers of the columns to align right.
    """
    return table(columns, [[row[column] for column in columns] for row in rows], right)


def show_cited(rows: Sequence[Row], output_format: OutputFormat, as_table: str, cited: Citation | None) -> None:
    """Print rows with what to cite, if it is given: as the last line of a table, else as the last field of each row.

    So CSV and JSON Lines stay what other programs read.
    """
    if cited is not None:
        rows = [{**row, "citation": str(cited)} for row in rows]
        as_table += f"\n{one_line(str(cited))}\n"
    show(rows, output_format, as_table)


def write_plot_of(path: Path | None, draw: Callable[[], Figure]) -> None:
    """Draw a figure and write it, if a file is named.

    Raises:
        DocumentError: The file cannot be written.
    """
    if path is not None:
        from ...search.figures.style import missing_signs, write_figure

        figure = draw()
        write_figure(figure, path)
        if (missing := missing_signs(figure)) and path.suffix.lower() != ".svg":
            note(f"{path.name} has boxes for {missing[:20]}, which no font here has; install one, or write .svg")


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
