"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from .printing import Format

Command = TypeVar("Command", bound=Callable[..., Any])

collection_argument = click.argument("collection", type=click.Path(path_type=Path))
model_option = click.option("--model", metavar="SOURCE", help="Where the model lies: default, a folder, a hub handle.")
format_option = click.option(
    "--format",
    "form",
    type=click.Choice([str(f) for f in Format]),
    default="table",
    help="How to print.",
    show_default=True,
)
k_option = click.option("-k", "k", type=click.IntRange(1), default=20, show_default=True, help="How many hits.")
match_option = click.option("--match", type=click.Choice(["form", "lemma"]), default="lemma", show_default=True)
where_option = click.option(
    "--where", multiple=True, metavar="FIELD=VALUE", help="Filter: F=V, F!=V, F=A..B, F=A|B; repeated = and."
)
LAYERS = click.Choice(["sense", "0", "1", "2", "elmo"])


def build_options(command: Command) -> Command:
    """The options that fix how a collection is encoded."""
    for option in (
        click.option("--precision", type=click.Choice(["float32", "bfloat16"]), default="float32", show_default=True),
        click.option("--layer", type=LAYERS, default="sense", show_default=True, help="What stands for an occurrence."),
        click.option(
            "--normalisation",
            type=click.Choice(["none", "centred", "whitened"]),
            default="whitened",
            show_default=True,
            help="Of sentence vectors.",
        ),
        click.option("--function-words", is_flag=True, help="Also index the, of, and, ..."),
        click.option(
            "--storage",
            type=click.Choice(["half", "bytes"]),
            default="half",
            show_default=True,
            help="Of token vectors: bytes takes half the room, and is a little less exact.",
        ),
    ):
        command = option(command)
    return command


page_options = (
    click.option("--port", type=click.IntRange(1, 65535), help="Default: a free one."),
    click.option("--no-browser", is_flag=True, help="Do not open a browser."),
    click.option("--address", default="127.0.0.1", show_default=True, help="Where to listen."),
)


def with_page_options(command: Command) -> Command:
    """The options of the commands that open the page."""
    for option in page_options:
        command = option(command)
    return command
