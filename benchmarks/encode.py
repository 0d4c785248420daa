"""How fast sentences become vectors, beside the TF1 graph of `google/elmo` and the machine's own matrix products.

    python benchmarks/encode.py [TEXT...] [--size original --size small] [--rounds 3] [--json FILE]

Weights are random, of full size, made on the spot (the bundled model is `small`, and as fast); text is real, by default
the sample documents. All runs of a size alternate in one process; figures are medians. Counted is CPU time of the whole
process, in tokens per second of one core. The limit: the products that are needed at all (biLSTM for every token, the
character CNN for every distinct word of the sentences), at the speed of the fastest large product of the same run.
Last, how many of the first ten hits of sense queries bfloat16 leaves where float32 has them: with the bundled model,
occurrences of data/senses.tsv ask for the others of their word.
"""

from __future__ import annotations

import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ParamSpec

import click
import numpy as np
import numpy.typing as npt

from indexer.collection.vectors import unit
from indexer.elmo import Precision, load_encoder
from indexer.elmo.config import BiLMConfig, tensor_shapes
from indexer.elmo.encoder import ElmoEncoder
from indexer.elmo.quiet import import_tensorflow
from indexer.elmo.sense_gold import read_judged
from indexer.elmo.training_start import CONFIGS, Size, first_weights
from indexer.elmo.training_text import TextOptions, read_sentences
from indexer.elmo.weights import Model

Sentences = list[list[str]]
Given = ParamSpec("Given")
SIZES = [size.value for size in Size]
DOCUMENTS = Path(__file__).parents[1] / "data" / "documents"
SORTED, UNSORTED = 64, 32  # sentences of a batch of the module: in order of length; as they come
_WINDOWS = 12  # places of a filter on a word of usual length


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one precision; `min_cosine`: the worst token of the top layer against the module's."""

    tokens_per_cpu_second: float
    vs_hub_sorted: float
    vs_hub_unsorted: float
    share_of_limit: float
    min_cosine: float
    max_difference: float


def products(config: BiLMConfig) -> tuple[int, int]:
    """Multiplications of the biLSTM for a token, and of the character CNN for a word."""
    p, c = config.projection, config.cell
    lstm = 2 * config.n_lstm * (2 * p * 4 * c + c * p)
    cnn = _WINDOWS * sum(width * config.char_dim * number for width, number in config.filters)
    cnn += config.n_highway * 2 * config.n_filters**2 + config.n_filters * p
    return lstm, cnn


def operations(config: BiLMConfig, tokens: int, distinct: int) -> float:
    """Multiplications and additions that the products need."""
    lstm, cnn = products(config)
    return 2.0 * float(tokens * lstm + distinct * cnn)


def cpu_seconds(run: Callable[Given, object], *given: Given.args, **named: Given.kwargs) -> float:
    """Of all threads of this process."""
    began = time.process_time()
    run(*given, **named)
    return time.process_time() - began


def product_speed(precision: Precision) -> float:
    """Operations in a CPU second of the best of TensorFlow's and numpy's large products."""
    import tensorflow as tf

    found = []
    for m, k, n in ((2048, 2048, 2048), (4096, 1024, 1024), (1024, 1024, 4096)):
        a, b = (tf.cast(tf.random.stateless_normal(shape, (1, 2)), precision.value) for shape in ((m, k), (k, n)))
        products = [(tf.function(lambda a, b: tf.matmul(a, b)[0, 0]), a, b)]
        if precision is Precision.FLOAT32:
            products.append((np.matmul, a.numpy(), b.numpy()))
        for product, x, y in products:
            product(x, y)
            found += [2 * m * k * n / max(cpu_seconds(product, x, y), 1e-9) for _ in range(5)]
    return max(found)


def random_model(config: BiLMConfig) -> Model:
    """Full size, first weights of a training."""
    rng = np.random.default_rng(1)
    return Model(
        config, {name: first_weights(name, shape, config, rng) for name, shape in tensor_shapes(config).items()}
    )


class Hub:
    """The TF1 module behind `tensorflow_hub.load`, as people use it."""

    def __init__(self, model: Model, folder: Path) -> None:
        import tensorflow_hub
        from tf1_module import feed, write_tf1_module

        write_tf1_module(model, folder)
        self._feed, self._run = feed, tensorflow_hub.load(str(folder)).signatures["tokens"]

    def encode(self, sentences: Sequence[list[str]], size: int) -> list[npt.NDArray[np.float32]]:
        """Top layer of each sentence, (t, dim), in batches of `size` in the order given."""
        found: list[npt.NDArray[np.float32]] = []
        for start in range(0, len(sentences), size):
            batch = list(sentences[start : start + size])
            top = self._run(**self._feed(batch))["lstm_outputs2"].numpy()  # (b, t, dim)
            found += [np.asarray(states[: len(sentence)]) for states, sentence in zip(top, batch, strict=True)]
        return found


def encoded(encoder: ElmoEncoder, sentences: Sentences) -> list[npt.NDArray[np.float32]]:
    """Layers of each sentence, no word remembered from before."""
    encoder.forget_words()
    return encoder.encode(sentences)


def measure(size: Size, sentences: Sentences, rounds: int) -> dict[str, Figures]:
    """Figures of both precisions."""
    config = CONFIGS[size]
    model = random_model(config)
    tokens, distinct = sum(map(len, sentences)), len({token for s in sentences for token in s}) + 2
    ordered = sorted(sentences, key=len)
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(model, Path(folder) / "module")
        encoders = {precision: ElmoEncoder(model, "random", precision) for precision in Precision}
        expected = hub.encode(ordered, SORTED)
        accuracy = {precision: _against(encoded(encoder, ordered), expected) for precision, encoder in encoders.items()}
        times: dict[str, list[float]] = {name: [] for name in ("sorted", "unsorted", *Precision)}
        speeds: dict[str, list[float]] = {precision: [] for precision in Precision}
        for _ in range(rounds):
            for precision, encoder in encoders.items():
                speeds[precision].append(product_speed(precision))
                times[precision].append(cpu_seconds(encoded, encoder, sentences))
            times["sorted"].append(cpu_seconds(hub.encode, ordered, SORTED))
            times["unsorted"].append(cpu_seconds(hub.encode, sentences, UNSORTED))
    usual = {name: statistics.median(found) for name, found in times.items()}
    needed = operations(config, tokens, distinct)
    print(f"\n{size}: {tokens} tokens, {distinct} distinct words, {needed / tokens / 1e6:.0f} MFLOP a token")
    print(f"hub module, sorted, batches of {SORTED}: {tokens / usual['sorted']:.0f} tokens/CPU-second; ", end="")
    print(f"as it comes, batches of {UNSORTED}: {tokens / usual['unsorted']:.0f}")
    found = {}
    for precision in Precision:
        speed = statistics.median(speeds[precision])
        figures = Figures(
            tokens / usual[precision],
            usual["sorted"] / usual[precision],
            usual["unsorted"] / usual[precision],
            needed / usual[precision] / speed,
            *accuracy[precision],
        )
        print(f"{precision}: {_line(figures)}; one product {speed / 1e9:.0f} GFLOP/CPU-second")
        found[precision.value] = figures
    return found


def _against(found: list[npt.NDArray[np.float32]], expected: list[npt.NDArray[np.float32]]) -> tuple[float, float]:
    """Least cosine of a token's top layer with the module's, and the largest difference of a number."""
    a = np.concatenate([layers[-1] for layers in found])  # (tokens, dim)
    b = np.concatenate(expected)  # (tokens, dim)
    cosine = (a * b).sum(1) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-12)  # (tokens,)
    return float(cosine.min()), float(np.abs(a - b).max())


def hits_kept(queries: int = 200, k: int = 10) -> tuple[float, float]:
    """Shares of the first k hits in float32 that are among the first k in bfloat16, and that have the same rank."""
    data = DOCUMENTS.parent
    text = read_judged(data / "senses.tsv", [DOCUMENTS], "en", lambda _: None)
    vectors = []
    for precision in Precision:
        rows = load_encoder("default", precision).sense(text.sentences)  # (t, dim) each
        vectors.append(unit(np.stack([rows[token.sentence][token.position] for token in text.tokens])))  # (n, dim)
    lemmas = np.array([token.lemma for token in text.tokens])  # (n,)
    kept, ranked = [], []
    for asking in np.random.default_rng(1).choice(len(lemmas), queries, replace=False):
        others = np.flatnonzero((lemmas == lemmas[asking]) & (np.arange(len(lemmas)) != asking))  # (m,)
        exact, low = (others[np.argsort(-(rows[others] @ rows[asking]), kind="stable")][:k] for rows in vectors)
        kept.append(len(set(exact.tolist()) & set(low.tolist())) / len(exact))
        ranked.append(float(np.mean(exact == low)))
    return float(np.mean(kept)), float(np.mean(ranked))


def _line(figures: Figures) -> str:
    return (
        f"{figures.tokens_per_cpu_second:.0f} tokens/CPU-second, {figures.vs_hub_sorted:.2f} times the module sorted,"
        f" {figures.vs_hub_unsorted:.2f} times as it comes, {figures.share_of_limit:.0%} of the limit,"
        f" least cosine {figures.min_cosine:.5f}, largest difference {figures.max_difference:.1e}"
    )


@click.command()
@click.argument("texts", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--size", "sizes", multiple=True, type=click.Choice(SIZES), default=["original", "small"])
@click.option("--sentences", "count", default=256, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--json", "file", type=click.Path(path_type=Path))
def main(texts: tuple[Path, ...], sizes: tuple[str, ...], count: int, rounds: int, file: Path | None) -> None:
    """Print the table."""
    import_tensorflow()
    options = TextOptions(False, "en", CONFIGS[Size.SMALL].normalise)
    read = read_sentences(texts or (DOCUMENTS,), options, lambda _: None)
    sentences = list(itertools.islice((sentence for sentence in read if len(sentence) > 1), count))
    found = {size: measure(Size(size), sentences, rounds) for size in sizes}
    kept, ranked = hits_kept()
    print(
        f"\nbfloat16, 200 sense queries: {kept:.1%} of the first ten hits are the same, {ranked:.1%} at the same rank"
    )
    if file:
        table: dict[str, dict[str, object]] = {
            size: {name: asdict(figures) for name, figures in each.items()} for size, each in found.items()
        }
        table["hits"] = {"kept": kept, "same_rank": ranked}
        file.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
