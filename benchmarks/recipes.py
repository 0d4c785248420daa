"""Which way of training gives the best model in the same time.

    python benchmarks/recipes.py TEXT... [--tokenized] [--size small] [--minutes 10] [--only NAME]... [--words 30000]

Each recipe makes a new model from the same text in so many minutes, in a process of its own, one after another, and is
measured on the same held-out sentences. "as shipped" is what `polyseme train` does. The last trains its first half as
shipped and its second half from there with the character CNN as it is. Preparing the text is not counted, the word
vectors of the warm start are told apart: they take the same time however long the training is.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import click
from alone import alone
from polyseme.indexer.training import initial as training_start
from polyseme.indexer.training.config import RECIPES, Size, TrainingRecipe
from polyseme.indexer.training.train import TrainConfig, TrainProgress, TrainReport, TrainStage, train

Change = Callable[[TrainingRecipe], TrainingRecipe]
SHIPPED = "as shipped"
FROZEN = "character CNN frozen for the second half"
CHANGES: dict[str, Change] = {
    SHIPPED: lambda recipe: recipe,
    "cold: no word vectors": lambda recipe: replace(recipe, warm_start=False),
    "dropout 0.1": lambda recipe: replace(recipe, dropout=0.1, dropout_continued=0.1),
    "half the learning rate": lambda recipe: replace(recipe, rate=recipe.rate / 2),
    FROZEN: lambda recipe: replace(recipe, dropout_continued=0.0),
}


@dataclass(frozen=True, slots=True)
class Trained:
    """What came of one recipe."""

    recipe: str
    tokens: int
    seconds: float
    word_vectors: float  # seconds
    forward: float
    backward: float


def trained(name: str, size: Size, words: int, config: TrainConfig, folder: Path) -> Trained:
    """Train by a recipe; to be run in a process of its own, whose recipes it changes."""
    training_start.RECIPES[size] = replace(CHANGES[name](RECIPES[size]), words=words)
    spent: dict[TrainStage, float] = dict.fromkeys(TrainStage, 0.0)
    last = time.monotonic()

    def told(progress: TrainProgress) -> None:
        nonlocal last
        now = time.monotonic()
        spent[progress.stage] += now - last
        last = now

    reports: list[TrainReport] = []
    if name == FROZEN:
        half = replace(config, minutes=(config.minutes or 1) / 2)
        reports.append(train(half, folder / "first", on_progress=told))
        on = replace(half, size=None, source=str(folder / "first"), freeze_characters=True)
        reports.append(train(on, folder / "second", on_progress=told))
    else:
        reports.append(train(config, folder / "whole", on_progress=told))
    return Trained(
        name,
        sum(report.tokens for report in reports),
        sum(report.seconds for report in reports),
        spent[TrainStage.WORD_VECTORS],
        reports[-1].forward,
        reports[-1].backward,
    )


@click.command()
@click.argument("texts", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--tokenized", is_flag=True)
@click.option("--size", type=click.Choice([size.value for size in Size]), default="small", show_default=True)
@click.option("--minutes", default=10.0, show_default=True, help="Of each recipe.")
@click.option("--seed", default=1, show_default=True)
@click.option("--words", default=30_000, show_default=True, help="Of the output layer.")
@click.option("--only", type=click.Choice(list(CHANGES)), multiple=True)
def main(
    texts: tuple[Path, ...], tokenized: bool, size: str, minutes: float, seed: int, words: int, only: tuple[str, ...]
) -> None:
    """Print the table, a row as each recipe ends."""
    config = TrainConfig(texts, Size(size), minutes, seed=seed, tokenized=tokenized)
    print("| recipe | tokens read | a second | word vectors, s | perplexity: forward | backward |", flush=True)
    print("|---|---|---|---|---|---|", flush=True)
    for name in only or CHANGES:
        with tempfile.TemporaryDirectory() as folder:
            found = alone(trained, name, Size(size), words, config, Path(folder))
        speed = found.tokens / found.seconds
        print(
            f"| {name} | {found.tokens / 1e6:.2f} M | {speed:,.0f} | {found.word_vectors:.0f} "
            f"| {found.forward:.1f} | {found.backward:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
