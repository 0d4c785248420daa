"""Arguments and options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from .help import FilePath, argument
from .printing import OutputFormat

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

SOURCES = "'default' (the bundled one), a folder, a file or a TF-Hub handle."
"""End of the help of every option that takes the source of a model."""
LAYERS = click.Choice(["sense", "0", "1", "2", "elmo"])
_EITHER_MATCH = click.Choice(["form", "lemma"])
ANY_MATCH = click.Choice(["form", "lemma", "any"])

collection_argument = argument("collection", "Folder of the collection, such as my.pol.", type=FilePath(is_text=True))
word_argument = argument("word", "Word to examine. With --match lemma, give the lemma or any of its forms.")
model_option = click.option(
    "--model",
    metavar="SOURCE",
    show_default="where you named it before",
    help="Location of the collection's model, if it has moved or you have not named it yet: a folder, a file or a"
    " TF-Hub handle.",
)
sentence_model_option = click.option(
    "--sentence-model",
    metavar="FOLDER",
    show_default="where you named it before",
    help="Location of the sentence transformer that the collection was made with.",
)
format_option = click.option(
    "--format",
    "output_format",
    type=click.Choice([str(known) for known in OutputFormat]),
    default=str(OutputFormat.TABLE),
    callback=lambda context, parameter, value: OutputFormat(value),
    help="Output format: an aligned table, one JSON object per line, or CSV.",
)
k_option = click.option("-k", "k", type=click.IntRange(1), default=20, metavar="N", help="Maximum number of hits.")
match_option = click.option(
    "--match", type=_EITHER_MATCH, default="lemma", help="Use occurrences of the same word form, or of the same lemma."
)
any_match_option = click.option(
    "--match", type=ANY_MATCH, default="lemma", help="Find the same word form, the same lemma, or any word."
)
where_option = click.option(
    "--where",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Use only documents that match FIELD=V, FIELD!=V, FIELD=A..B or FIELD=A|B. sense=NAME keeps the occurrences"
    " of a named or edited sense, sense=DICTIONARY/ID or sense=DICTIONARY/WORD/NUMBER those of a sense of a dictionary,"
    " and pos=NOUN those of a part of speech. annotation.sense=NAME, annotation.mark=+ and others keep annotated lines."
    " Repeat the option to require several conditions.",
)
dictionary_option = click.option(
    "--dictionary",
    metavar="NAME",
    show_default="none",
    help="Use the senses of this dictionary, which `polyseme dictionary import` has added to the collection.",
)
annotated_option = click.option(
    "--annotated",
    is_flag=True,
    help="Hold the senses fixed that you have given lines with `polyseme annotate`. The other lines follow them.",
)
number_option = click.option(
    "--number",
    type=click.IntRange(1),
    metavar="N",
    show_default="as many as the usual grain gives",
    help="Number of senses. All grains and numbers cut the same tree.",
)
grain_option = click.option(
    "--grain",
    type=click.FloatRange(-1, 1),
    metavar="COSINE",
    show_default="0.38, or one sense if the lines do not split clearly",
    help="How finely occurrences are grouped, from -1 (one sense) to 1. Groups whose mean cosine is lower are different"
    " senses.",
)
context_option = click.option(
    "--context",
    type=click.IntRange(0),
    default=45,
    metavar="N",
    help="Number of characters shown on each side of the word.",
)
plot_option = click.option(
    "--plot",
    type=FilePath(to_write=True),
    metavar="FILE",
    show_default="none",
    callback=lambda context, parameter, value: checked_plot(value),
    help="Also draw a figure for a paper, to a file that ends in .svg, .pdf or .png.",
)
cite_option = click.option(
    "--cite",
    is_flag=True,
    help="Add what to cite: question, collection, version and date. It is the last line of a table, and the column or"
    " field citation of CSV and JSON.",
)
language_option = click.option(
    "--language", default="en", metavar="CODE", help="Language code of the text, such as en, de or fr."
)
precision_option = click.option(
    "--precision",
    type=click.Choice(["float32", "bfloat16"]),
    default="float32",
    help="Floating-point type of the network's computations.",
)
quiet_option = click.option("--quiet", is_flag=True, help="Show no progress.")


def checked_plot(path: Path | None) -> Path | None:
    """Return the file of a figure, checked before the work begins."""
    if path is not None:
        from ...search.figures.style import check_figure_file

        check_figure_file(path)
    return path


def encoding_options(kept: str | None = None) -> Callable[[Decorated], Decorated]:
    """Return a decorator that adds the options which fix how a collection is encoded.

    Args:
        kept: Text shown in place of the defaults, for a command that keeps the settings of a collection.
    """
    shown: bool | str = kept or True
    options = (
        click.option(
            "--precision",
            type=click.Choice(["float32", "bfloat16"]),
            default="float32",
            show_default=shown,
            help="Floating-point type of the network's computations.",
        ),
        click.option(
            "--layer",
            type=LAYERS,
            default="sense",
            show_default=shown,
            help="Vector stored for each occurrence: the sense vector, one of the layers 0 to 2, or ELMo's mix.",
        ),
        click.option(
            "--normalisation",
            type=click.Choice(["none", "centred", "whitened"]),
            default="whitened",
            show_default=shown,
            help="Transform of ELMo's default sentence vectors: none, the mean subtracted, or the mean subtracted and"
            " whitened.",
        ),
        click.option(
            "--function-words",
            is_flag=True,
            show_default=kept or False,
            help="Also index function words, such as 'the' and 'of'.",
        ),
        click.option(
            "--storage",
            type=click.Choice(["half", "bytes"]),
            default="half",
            show_default=shown,
            help="Number type of stored token vectors: float16 (half), or int8 (bytes), which needs half the disk space"
            " and is slightly less exact.",
        ),
    )

    def decorate(command: Decorated) -> Decorated:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def page_options(command: Decorated) -> Decorated:
    """Add the options of the commands that open the page."""
    options = (
        click.option(
            "--port",
            type=click.IntRange(1, 65535),
            metavar="PORT",
            show_default="8501, or any free port if it is taken",
            help="Port that the page listens on.",
        ),
        click.option("--no-browser", is_flag=True, help="Do not open a browser window."),
        click.option(
            "--address",
            default="127.0.0.1",
            metavar="IP",
            help="Address that the page listens on. One that other machines can reach requires a login.",
        ),
        click.option(
            "--host",
            "hosts",
            multiple=True,
            metavar="NAME",
            help="Name under which others reach the page, for example through a proxy. It requires a login. May be"
            " repeated. The page answers to no other name.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command
