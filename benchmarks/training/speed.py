"""Print the speed of training as a share of the machine's speed of matrix products in the same run.

    python -m benchmarks.training.speed TEXT... [--tokenized] [--size small] [--seconds 30] [--freeze-characters]

The speed counts the multiplications and additions of the necessary products. A step needs three times those of the
forward pass, because gradients cost twice as much. The character CNN counts once for each distinct word of a window. A
frozen character CNN does not count, because words are then looked up. The reference is the speed of two large parallel
products of the same precision just before and just after.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
from polyseme.indexer.elmo.config import BiLMConfig
from polyseme.indexer.runtime import import_tensorflow
from polyseme.indexer.training.batches import OutputRows, Window, Windows, choose_rows, spell, start_position
from polyseme.indexer.training.config import CONFIGS, Size
from polyseme.indexer.training.corpus import open_corpus, prepare, word_numbers
from polyseme.indexer.training.initial import InitialModel, new_model
from polyseme.indexer.training.text import TextOptions, read_sentences

from benchmarks.encode.speed import products

if TYPE_CHECKING:
    from polyseme.indexer.training.network import WindowInputs

    Batch = tuple[Window, WindowInputs, OutputRows]


def product_speed(precision: str, seconds: float = 2.0) -> float:
    """Return the operations a second of two parallel products of 2048 x 2048 matrices, the best of many."""
    import tensorflow as tf

    n = 2048
    a, b = (tf.cast(tf.random.stateless_normal((n, n), (1, i)), tf.DType(tf.as_dtype(precision))) for i in (1, 2))
    product = tf.function(lambda a, b: tf.matmul(a, b)[0, 0] + tf.matmul(b, a)[0, 0])
    product(a, b).numpy()
    best, end = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        product(a, b).numpy()
        best = max(best, 2 * 2 * n**3 / (time.perf_counter() - began))
    return best


def operations(config: BiLMConfig, tokens: int, distinct: int, candidates: int) -> dict[str, float]:
    """Return the operations of one training step, by part."""
    lstm, cnn = products(config)
    softmax = 2 * candidates * config.projection
    parts = {"LSTM": tokens * lstm, "softmax": tokens * softmax, "character CNN": distinct * cnn}
    return {name: 3 * 2.0 * count for name, count in parts.items()}


def batches(
    texts: tuple[Path, ...], tokenized: bool, size: Size, frozen: bool, folder: Path, count: int
) -> tuple[InitialModel, list[Batch]]:
    """Return the initial model of a training and the first `count` windows of a text."""
    from polyseme.indexer.training.layers import group_bounds
    from polyseme.indexer.training.network import WordTable

    config = CONFIGS[size]
    sentences = read_sentences(texts, TextOptions(tokenized, "en", config.normalise), lambda _: None)
    prepare(sentences, folder / "prepared", config.max_characters, lambda *_: None)
    corpus = open_corpus(folder / "prepared")
    start = new_model(size, corpus, 1)
    recipe, numbers = start.recipe, word_numbers(corpus, start.output.words)
    table = WordTable(start.model, corpus.spellings)
    windows = Windows(corpus, numbers, np.array([0]), recipe.steps, 1, start_position(recipe.rows))
    made = []
    for step in range(count):
        window = windows.next()
        choice = choose_rows(window.targets, len(start.output.words), start.candidates, 1, step)
        spelled = spell(window.inputs, corpus.spellings, group_bounds(config))
        made.append((window, table(window.inputs) if frozen else spelled, choice))
    return start, made


@click.command()
@click.argument("texts", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--tokenized", is_flag=True, help="TEXTS have one tokenised sentence a line.")
@click.option(
    "--size",
    type=click.Choice([size.value for size in Size]),
    default="small",
    show_default=True,
    help="Size of the model.",
)
@click.option("--seconds", default=30.0, show_default=True, help="Time of the measurement.")
@click.option("--freeze-characters", "frozen", is_flag=True, help="Do not train the character CNN.")
def main(texts: tuple[Path, ...], tokenized: bool, size: str, seconds: float, frozen: bool) -> None:
    """Print the speed of training on TEXTS."""
    import_tensorflow()
    from polyseme.indexer.training.network import TrainingNetwork, TrainingShape

    with tempfile.TemporaryDirectory() as folder:
        start, made = batches(texts, tokenized, Size(size), frozen, Path(folder), 20)
        recipe = start.recipe
        shape = TrainingShape(recipe.rows, recipe.steps, start.candidates, recipe.dropout, start.precision, frozen)
        network = TrainingNetwork(start.model, start.output, shape, 1)
        for step, batch in enumerate(made[:10]):  # compile the graph for all usual numbers of words
            network.train(*batch, 1e-4, step)
        before = product_speed(start.precision)
        times: list[float] = []
        while sum(times) < seconds:
            began = time.perf_counter()
            network.train(*made[len(times) % len(made)], 1e-4, len(times))
            times.append(time.perf_counter() - began)
        after = product_speed(start.precision)
    tokens = recipe.rows * recipe.steps
    distinct = float(np.mean([len(np.unique(window.inputs)) for window, _, _ in made]))
    parts = operations(start.model.config, tokens, 0 if frozen else round(distinct), start.candidates)
    usual, product = float(np.median(times)), (before + after) / 2
    print(f"size {size}, {tokens} tokens and {distinct:.0f} distinct words a step, {len(start.output.words)} words,")
    print(f"{start.candidates} candidates, products in {start.precision}")
    print(f"step, median of {len(times)}: {usual:.3f} s, {tokens / usual:.0f} tokens/s; best {tokens / min(times):.0f}")
    for name, count in parts.items():
        print(f"{name:20} {count / 1e9:8.1f} G operations a step")
    speed = sum(parts.values()) / usual
    print(f"products in training {speed / 1e9:8.0f} G operations/s")
    print(
        f"large products       {product / 1e9:8.0f} G operations/s (before {before / 1e9:.0f}, after {after / 1e9:.0f})"
    )
    print(f"share                {speed / product:8.1%}")


if __name__ == "__main__":
    main()
