"""How fast sentences become vectors, beside the TF1 graph of `google/elmo` and the machine's own matrix products.

    python benchmarks/encode.py [TEXT...] [--size original --size small] [--rounds 3] [--json FILE]
                                [--allennlp PYTHON] [--overhead [--profile]] [--cold] [--no-speed]

Weights are random, of full size, made on the spot (the bundled model is `small`, and as fast); text is real, by default
the sample documents. All runs of a size alternate in one process; figures are medians. Counted is CPU time of the whole
process, in tokens per second of one core. The limit: the products that are needed at all (biLSTM for every token, the
character CNN for every distinct word of the sentences; the sentence marks in neither), at the speed of the fastest
large product of the same run.

Then the bundled model: how far it is from the module made of its weights, and bfloat16 from float32; and how many of
the first ten hits of sense queries bfloat16 leaves where float32 has them, among the occurrences of data/senses.tsv.

--allennlp: AllenNLP's network of the same weights in the same rounds, by another Python: see encode_allennlp.py.
--overhead: the processor's time of indexing the texts beside the encoder's; --profile: what takes it. --cold: how long
`polyseme --help` and `polyseme sense` take from the start.
"""

from __future__ import annotations

import itertools
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ParamSpec

import click
import numpy as np
import numpy.typing as npt
from alone import alone
from encode_accuracy import DOCUMENTS, Hub, Sentences, bundled, difference, hits_kept
from encode_allennlp import BATCH, AllenNLP
from encode_indexing import first_answers, overhead, profiled
from polyseme.indexer.elmo import Precision
from polyseme.indexer.elmo.config import BiLMConfig, tensor_shapes
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.model import Model
from polyseme.indexer.elmo.networks.tensorflow_network import STREAMS
from polyseme.indexer.runtime import import_tensorflow
from polyseme.indexer.training.config import CONFIGS, Size
from polyseme.indexer.training.initial import first_weights
from polyseme.indexer.training.text import TextOptions, read_sentences

Given = ParamSpec("Given")
SIZES = [size.value for size in Size]
UNSORTED = 32  # sentences of a batch of the module that is given them as they come
PRODUCTS = ((2048, 2048, 2048), (4096, 1024, 1024), (1024, 1024, 4096), (16384, 1024, 256))
"""Rows, length and columns of large products; the last has the weights of `original` as its left factor."""
_WINDOWS = 12  # places of a filter on a word of usual length


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one precision; `share_of_a_step`: what a step's product alone reaches of the limit; `min_cosine`: the worst
    token of any layer against the module's."""

    tokens_per_cpu_second: float
    vs_hub_sorted: float
    vs_hub_unsorted: float
    share_of_limit: float
    share_of_a_step: float
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


def product_speed(precision: Precision, shapes: Sequence[tuple[int, int, int]] = PRODUCTS) -> float:
    """Operations in a CPU second of the best of TensorFlow's and numpy's products of these shapes."""
    import tensorflow as tf

    found = []
    for m, k, n in shapes:
        a, b = (tf.cast(tf.random.stateless_normal(shape, (1, 2)), precision.value) for shape in ((m, k), (k, n)))
        products = [(tf.function(lambda a, b: tf.matmul(a, b)[0, 0]), a, b)]
        if precision is Precision.FLOAT32:
            products.append((np.matmul, a.numpy(), b.numpy()))
        for product, x, y in products:
            product(x, y)
            found += [2 * m * k * n / max(cpu_seconds(product, x, y), 1e-9) for _ in range(5)]
    return max(found)


def step_speed(precision: Precision, config: BiLMConfig) -> float:
    """The same of a step's largest product alone, as the encoder lays it."""
    from polyseme.indexer.elmo.networks.packed import KERNEL_PADDING  # imports TensorFlow

    read, gates = 2 * config.projection, 4 * config.cell
    upright = precision is Precision.BFLOAT16
    return product_speed(precision, [(gates, read, STREAMS) if upright else (STREAMS, read, gates + KERNEL_PADDING)])


def random_model(config: BiLMConfig) -> Model:
    """Full size, first weights of a training."""
    rng = np.random.default_rng(1)
    return Model(
        config, {name: first_weights(name, shape, config, rng) for name, shape in tensor_shapes(config).items()}
    )


def encoded(encoder: ElmoEncoder, sentences: Sentences) -> list[npt.NDArray[np.float32]]:
    """Layers of each sentence, no word remembered from before."""
    encoder.clear_word_cache()
    return encoder.encode(sentences)


def measure(size: Size, sentences: Sentences, rounds: int, apart: Path | None) -> dict[str, Any]:
    """Figures of both precisions, and of AllenNLP's network where `apart` is a Python that has it."""
    config = CONFIGS[size]
    model = random_model(config)
    tokens, distinct = sum(map(len, sentences)), len({token for s in sentences for token in s})
    ordered = sorted(sentences, key=len)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        hub = Hub(model, folder / "module")
        encoders = {precision: ElmoEncoder(model, "random", precision) for precision in Precision}
        expected = hub.encode(ordered, BATCH)
        found = {precision: difference(encoded(each, ordered), expected) for precision, each in encoders.items()}
        theirs = stack.enter_context(closing(AllenNLP(apart, model, ordered, folder))) if apart else None
        times: dict[str, list[float]] = {name: [] for name in ("sorted", "unsorted", "allennlp", *Precision)}
        speeds: dict[str, list[float]] = {precision: [] for precision in Precision}
        steps: dict[str, list[float]] = {precision: [] for precision in Precision}
        for _ in range(rounds):
            for precision, encoder in encoders.items():
                speeds[precision].append(product_speed(precision))
                steps[precision].append(step_speed(precision, config))
                times[precision].append(cpu_seconds(encoded, encoder, sentences))
            times["sorted"].append(cpu_seconds(hub.encode, ordered, BATCH))
            times["unsorted"].append(cpu_seconds(hub.encode, sentences, UNSORTED))
            if theirs:
                times["allennlp"].append(theirs.cpu_seconds())
        apart_from = difference(theirs.layers(), expected) if theirs else None
    usual = {name: statistics.median(found) for name, found in times.items() if found}
    needed = operations(config, tokens, distinct)
    print(f"\n{size}: {tokens} tokens, {distinct} distinct words, {needed / tokens / 1e6:.0f} MFLOP a token")
    print(f"hub module, sorted, batches of {BATCH}: {tokens / usual['sorted']:.0f} tokens/CPU-second; ", end="")
    print(f"as it comes, batches of {UNSORTED}: {tokens / usual['unsorted']:.0f}")
    table: dict[str, Any] = {}
    if apart_from:
        ratio = usual["sorted"] / usual["allennlp"]
        print(f"AllenNLP, sorted, batches of {BATCH}: {tokens / usual['allennlp']:.0f} tokens/CPU-second,", end=" ")
        print(f"{ratio:.2f} times the module sorted, largest difference from it {apart_from.max_difference:.1e}")
        table["allennlp"] = {"tokens_per_cpu_second": tokens / usual["allennlp"], "vs_hub_sorted": ratio}
    for precision in Precision:
        speed = statistics.median(speeds[precision])
        figures = Figures(
            tokens / usual[precision],
            usual["sorted"] / usual[precision],
            usual["unsorted"] / usual[precision],
            needed / usual[precision] / speed,
            statistics.median(steps[precision]) / speed,
            found[precision].min_cosine,
            found[precision].max_difference,
        )
        print(f"{precision}: {_line(figures)}; one product {speed / 1e9:.0f} GFLOP/CPU-second")
        table[precision.value] = asdict(figures)
    return table


def _line(figures: Figures) -> str:
    return (
        f"{figures.tokens_per_cpu_second:.0f} tokens/CPU-second, {figures.vs_hub_sorted:.2f} times the module sorted,"
        f" {figures.vs_hub_unsorted:.2f} times as it comes, {figures.share_of_limit:.0%} of the limit"
        f" (a step's product alone {figures.share_of_a_step:.0%}),"
        f" least cosine {figures.min_cosine:.5f}, largest difference {figures.max_difference:.1e}"
    )


def print_accuracy(sentences: Sentences) -> dict[str, Any]:
    """Of the bundled model: its numbers, and what its low precision does to hits."""
    apart = bundled(sentences)
    against = {
        "float32": "float32 and the module of the same weights",
        "float32_alone": "the same, each sentence encoded alone",
        "bfloat16": "bfloat16 and float32",
    }
    print("\nbundled model, all layers:")
    for name, title in against.items():
        print(
            f"{title}: least cosine {apart[name].min_cosine:.6f}, largest difference {apart[name].max_difference:.1e}"
        )
    own, every = hits_kept()
    for kept, title in ((own, "of the word"), (every, "of any word")):
        print(f"bfloat16, 200 sense queries among {kept.candidates:,.0f} occurrences {title}:", end=" ")
        print(f"{kept.kept:.1%} of the first ten hits are the same, {kept.same_rank:.1%} at the same rank")
    return {
        "bundled": {name: asdict(each) for name, each in apart.items()},
        "hits": {"kept": own.kept, "same_rank": own.same_rank, "any_word": asdict(every)},
    }


def print_ratios(table: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """How many times as fast `small` is as `original`, by precision."""
    speeds = [table[size] for size in (Size.SMALL.value, Size.ORIGINAL.value)]
    small, original = ({p.value: speed[p.value]["tokens_per_cpu_second"] for p in Precision} for speed in speeds)
    ratios = {name: small[name] / original[name] for name in small}
    print("\nsmall over original: " + ", ".join(f"{name} {ratio:.1f} times" for name, ratio in ratios.items()))
    return ratios


def print_overhead(sources: list[Path], profile: bool, original: Mapping[str, Any]) -> dict[str, Any]:
    """Of indexing; original: what was measured of `original`, if it was."""
    found = alone(overhead, sources)
    print(
        f"\nindexing {found.tokens:,} tokens with the bundled model in float32, microseconds of the processor", end=" "
    )
    print(
        f"a token: {found.encoder_us_per_token:.0f} of the encoder, {found.other_us_per_token:.1f} beside it,", end=" "
    )
    print(f"{found.each_us_per_token:.1f} of them without what is done once for a collection")
    shares = {}
    for name in (precision.value for precision in Precision if precision.value in original):
        shares[name] = found.other_us_per_token * original[name]["tokens_per_cpu_second"] / 1e6
        print(
            f"{found.other_us_per_token:.1f} is {shares[name]:.1%} of what `original` takes to encode a token in {name}"
        )
    if profile:
        print(f"\nwhat takes it, by its own time:\n{alone(profiled, sources)}")
    return asdict(found) | {"share_of_original": shares}


@click.command()
@click.argument("texts", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--size", "sizes", multiple=True, type=click.Choice(SIZES), default=["original", "small"])
@click.option("--sentences", "count", default=256, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--json", "file", type=click.Path(path_type=Path))
@click.option("--allennlp", "apart", type=click.Path(path_type=Path, exists=True), metavar="PYTHON")
@click.option("--overhead", "indexing", is_flag=True, help="What indexing costs beside the encoder, too.")
@click.option("--profile", is_flag=True, help="With --overhead: which functions take it.")
@click.option("--cold", is_flag=True, help="How long first answers of the command line take, too.")
@click.option("--no-speed", is_flag=True, help="Leave out speed and accuracy: only what is asked for beside them.")
def main(
    texts: tuple[Path, ...],
    sizes: tuple[str, ...],
    count: int,
    rounds: int,
    file: Path | None,
    apart: Path | None,
    indexing: bool,
    profile: bool,
    cold: bool,
    no_speed: bool,
) -> None:
    """Print the table."""
    table: dict[str, Any] = {}

    def add(**found: object) -> None:  # what is measured stays if the rest is interrupted
        table.update(found)
        if file:
            file.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")

    if cold:
        add(cold=first_answers())
        print(f"polyseme --help {table['cold']['help_s']:.2f} s,", end=" ")
        print(f"polyseme sense on the sample collection {table['cold']['sense_s']:.2f} s, medians of 5 by the clock")
    if not no_speed:
        import_tensorflow()
        options = TextOptions(False, "en", CONFIGS[Size.SMALL].normalise)
        read = read_sentences(texts or (DOCUMENTS,), options, lambda _: None)
        sentences = list(itertools.islice((sentence for sentence in read if len(sentence) > 1), count))
        for size in sizes:
            add(**{size: measure(Size(size), sentences, rounds, apart)})
        if {Size.SMALL.value, Size.ORIGINAL.value} <= set(table):
            add(small_vs_original=print_ratios(table))
        add(**print_accuracy(sentences))
    if indexing:
        add(overhead=print_overhead(list(texts or (DOCUMENTS,)), profile, table.get(Size.ORIGINAL.value, {})))


if __name__ == "__main__":
    main()
