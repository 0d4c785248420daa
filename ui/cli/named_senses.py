"""Commands for named senses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import collection_argument, format_option, k_option, match_option, model_option, where_option
from .printing import Format, note, one_line, show, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...search.senses.named_sense_file import NamedSense

replace_option = click.option("--replace", is_flag=True, help="In the place of one of that name.")
name_argument = click.argument("name")


@click.group()
def named_sense() -> None:
    """Name senses, filter by them (--where sense=NAME) and take them to other collections."""


@named_sense.command("save")
@collection_argument
@name_argument
@click.option("--word", help="Tell the senses of this word apart, and save one of them.")
@click.option("--sense", type=click.IntRange(1), help="Its number, as `polyseme senses` prints it.")
@match_option
@where_option
@click.option("--plus", type=int, multiple=True, metavar="ID", help="An occurrence that means it; repeated.")
@click.option("--minus", type=int, multiple=True, metavar="ID", help="An occurrence that does not; repeated.")
@replace_option
@model_option
@format_option
def save(
    collection: Path,
    name: str,
    word: str | None,
    sense: int | None,
    match: str,
    where: tuple[str, ...],
    plus: tuple[int, ...],
    minus: tuple[int, ...],
    replace: bool,
    model: str | None,
    form: str,
) -> None:
    """Save a sense as NAME: a sense of --word, or occurrences marked --plus (and --minus)."""
    from ...search.searcher import Searcher

    if (word is None) is not (sense is None) or (word is None) is (not plus):
        raise click.UsageError("give --word and --sense, or --plus ID")
    with Searcher.open(collection, model) as searcher:
        if word is None:
            made = searcher.save_named_sense(
                name, positive=searcher.hits(plus), negative=searcher.hits(minus), replace=replace
            )
        else:
            made = searcher.save_named_sense(name, searcher.senses(word, match, where), sense, replace=replace)
    _print_named_senses([made], form)


@named_sense.command("list")
@collection_argument
@model_option
@format_option
def list_named_senses(collection: Path, model: str | None, form: str) -> None:
    """List the named senses."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        found = searcher.named_senses()
    _print_named_senses(found, form)


@named_sense.command("show")
@collection_argument
@name_argument
@model_option
@format_option
def show_named_sense(collection: Path, name: str, model: str | None, form: str) -> None:
    """Show a named sense and lines that it was made from."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        found = searcher.named_sense(name)
    lines = "".join(f"    {one_line(line)}\n" for line in found.examples)
    row = _named_sense_row(found) | {"examples": list(found.examples)}
    show([row], Format(form), _named_sense_table([found]) + lines)


@named_sense.command("apply")
@collection_argument
@name_argument
@click.option(
    "--match", type=click.Choice(["form", "lemma", "any"]), help="Whose occurrences; default: its own word's."
)
@k_option
@where_option
@click.option("--context", type=click.IntRange(0), default=45, show_default=True, help="Characters on each side.")
@model_option
@format_option
def apply(
    collection: Path,
    name: str,
    match: str | None,
    k: int,
    where: tuple[str, ...],
    context: int,
    model: str | None,
    form: str,
) -> None:
    """Find the occurrences that belong to a named sense, the nearest first."""
    from ...search.searcher import Searcher
    from .search import concordance

    with Searcher.open(collection, model) as searcher:
        hits = searcher.apply_named_sense(name, k, match, where)
    note(hits.notice)
    show(hits.to_dicts(), Format(form), concordance(hits, context))


@named_sense.command("export")
@collection_argument
@name_argument
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@model_option
def export(collection: Path, name: str, file: Path, model: str | None) -> None:
    """Write a named sense to FILE, as JSON, for other collections made with the same model."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        searcher.export_named_sense(name, file)
    note(f"{name} is in {file}")


@named_sense.command("import")
@collection_argument
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@replace_option
@model_option
@format_option
def import_named_sense(collection: Path, file: Path, replace: bool, model: str | None, form: str) -> None:
    """Take a named sense from FILE."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        made = searcher.import_named_sense(file, replace)
    _print_named_senses([made], form)


@named_sense.command("remove")
@collection_argument
@name_argument
@model_option
def remove_named_sense(collection: Path, name: str, model: str | None) -> None:
    """Forget a named sense."""
    from ...search.searcher import Searcher

    with Searcher.open(collection, model) as searcher:
        searcher.remove_named_sense(name)
    note(f"{name} is removed")


def _named_sense_row(found: NamedSense) -> dict[str, object]:
    return {
        "name": found.name,
        "word": found.word,
        "match": str(found.match),
        "size": found.size,
        "rivals": len(found.rivals),
        "threshold": found.threshold,
        "model_id": found.model_id,
    }


def _named_sense_table(found: Sequence[NamedSense]) -> str:
    rows = [(p.name, p.word, str(p.match), p.size, len(p.rivals), p.threshold) for p in found]
    numbers = ["made of", "told from", "least score"]
    return table(["name", "word", "match", *numbers], rows, right=numbers)


def _print_named_senses(found: Sequence[NamedSense], form: str) -> None:
    show([_named_sense_row(one) for one in found], Format(form), _named_sense_table(found))
