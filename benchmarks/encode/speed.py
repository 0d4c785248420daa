"""Print the speed of encoding beside the TF1 graph of `google/elmo` and the machine's own matrix products.

    python -m benchmarks.encode.speed [TEXT...] [--size original --size small] [--rounds 3] [--json FILE]
                                      [--allennlp PYTHON] [--overhead [--profile]] [--cold] [--no-speed]

Weights are random and of full size. The bundled model has size `small` and the same speed. Texts are real, by default
the sample documents. All runs of a size alternate in one process, and figures are medians. The unit is tokens for each
CPU second of the whole process.

The limit is the time of the necessary products at the speed of the fastest large product of the same run. The biLSTM is
necessary for every token, and the character CNN for every distinct word, both without sentence marks.

Then it compares the bundled model with a module of its weights, and bfloat16 with float32. Last, it counts how many of
the first ten hits are the same in bfloat16 and float32. Its queries are occurrences of data/senses.tsv.

With `--allennlp` it also measures AllenNLP's network, with the same weights in the same rounds (see
`allennlp_peer.py`). With `--overhead` it measures the CPU time of indexing outside the encoder, and with `--profile`
lists the functions. With `--cold` it measures the wall time of `polyseme --help` and `polyseme sense` in new processes.
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
from polyseme.indexer.elmo import Precision
from polyseme.indexer.elmo.config import BiLMConfig, tensor_shapes
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.model import Model
from polyseme.indexer.elmo.networks.tensorflow_network import STREAMS
from polyseme.indexer.runtime import import_tensorflow
from polyseme.indexer.training.config import CONFIGS, Size
from polyseme.indexer.training.initial import first_weights
from polyseme.indexer.training.text import TextOptions, read_sentences

from benchmarks.encode.accuracy import Hub, Sentences, bundled, difference, hits_kept
from benchmarks.encode.allennlp_peer import BATCH, AllenNLP
from benchmarks.encode.overhead import first_answers, overhead, profiled
from benchmarks.lib.fresh_process import in_fresh_process
from benchmarks.lib.paths import DOCUMENTS

Parameters = ParamSpec("Parameters")
SIZES = [size.value for size in Size]
UNSORTED = 32
"""Number of sentences in a batch when the module reads them in their own order."""
PRODUCTS = ((2048, 2048, 2048), (4096, 1024, 1024), (1024, 1024, 4096), (16384, 1024, 256))
"""Rows, inner length and columns of large products. The last one has the weights of `original` as its left factor."""
_WINDOWS = 12
"""Number of positions of a filter on a word of average length."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of one precision.

    Attributes:
        share_of_limit: Speed of encoding as a share of the limit.
        share_of_a_step: Speed of one step's product as a share of the limit.
        min_cosine: Lowest cosine with the module, over all tokens and layers.
        max_difference: Largest difference from the module.
    """

    tokens_per_cpu_second: float
    vs_hub_sorted: float
    vs_hub_unsorted: float
    share_of_limit: float
    share_of_a_step: float
    min_cosine: float
    max_difference: float


def products(config: BiLMConfig) -> tuple[int, int]:
    """Return the multiplications of the biLSTM for a token, and of the character CNN for a word."""
    p, c = config.projection, config.cell
    lstm = 2 * config.n_lstm * (2 * p * 4 * c + c * p)
    cnn = _WINDOWS * sum(width * config.char_dim * number for width, number in config.filters)
    cnn += config.n_highway * 2 * config.n_filters**2 + config.n_filters * p
    return lstm, cnn


def operations(config: BiLMConfig, tokens: int, distinct: int) -> float:
    """Return the multiplications and additions that the products need."""
    lstm, cnn = products(config)
    return 2.0 * float(tokens * lstm + distinct * cnn)


def cpu_seconds(run: Callable[Parameters, object], *arguments: Parameters.args, **keywords: Parameters.kwargs) -> float:
    """Return the CPU seconds of a call, over all threads of this process."""
    began = time.process_time()
    run(*arguments, **keywords)
    return time.process_time() - began


def product_speed(precision: Precision, shapes: Sequence[tuple[int, int, int]] = PRODUCTS) -> float:
    """Return the operations in a CPU second of the fastest product of these shapes, by TensorFlow or numpy."""
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
    """Return the operations in a CPU second of a step's largest product alone, in the encoder's memory layout."""
    from polyseme.indexer.elmo.networks.packed import KERNEL_PADDING  # imports TensorFlow

    read, gates = 2 * config.projection, 4 * config.cell
    transposed = precision is Precision.BFLOAT16
    return product_speed(precision, [(gates, read, STREAMS) if transposed else (STREAMS, read, gates + KERNEL_PADDING)])


def random_model(config: BiLMConfig) -> Model:
    """Return a model of full size with the initial weights of a training."""
    rng = np.random.default_rng(1)
    return Model(
        config, {name: first_weights(name, shape, config, rng) for name, shape in tensor_shapes(config).items()}
    )


def encoded(encoder: ElmoEncoder, sentences: Sentences) -> list[npt.NDArray[np.float32]]:
    """Return the layers of each sentence, encoded with an empty word cache."""
    encoder.clear_word_cache()
    return encoder.encode(sentences)


def measure(size: Size, sentences: Sentences, rounds: int, other_python: Path | None) -> dict[str, Any]:
    """Measure both precisions, and AllenNLP's network if `other_python` has it."""
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
        theirs = stack.enter_context(closing(AllenNLP(other_python, model, ordered, folder))) if other_python else None
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
        theirs_from_hub = difference(theirs.layers(), expected) if theirs else None
    usual = {name: statistics.median(found) for name, found in times.items() if found}
    needed = operations(config, tokens, distinct)
    print(f"\n{size}: {tokens} tokens, {distinct} distinct words, {needed / tokens / 1e6:.0f} MFLOP a token")
    print(f"hub module, sorted, batches of {BATCH}: {tokens / usual['sorted']:.0f} tokens/CPU-second; ", end="")
    print(f"unsorted, batches of {UNSORTED}: {tokens / usual['unsorted']:.0f}")
    table: dict[str, Any] = {}
    if theirs_from_hub:
        ratio = usual["sorted"] / usual["allennlp"]
        print(f"AllenNLP, sorted, batches of {BATCH}: {tokens / usual['allennlp']:.0f} tokens/CPU-second,", end=" ")
        print(f"{ratio:.2f} times the module sorted, largest difference from it {theirs_from_hub.max_difference:.1e}")
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
        f" {figures.vs_hub_unsorted:.2f} times the module unsorted, {figures.share_of_limit:.0%} of the limit"
        f" (one step's product alone {figures.share_of_a_step:.0%}),"
        f" lowest cosine {figures.min_cosine:.5f}, largest difference {figures.max_difference:.1e}"
    )


def print_accuracy(sentences: Sentences) -> dict[str, Any]:
    """Print the accuracy of the bundled model, and how bfloat16 changes hits."""
    differences = bundled(sentences)
    against = {
        "float32": "float32 and the module of the same weights",
        "float32_alone": "the same, each sentence encoded alone",
        "bfloat16": "bfloat16 and float32",
    }
    print("\nbundled model, all layers:")
    for name, title in against.items():
        print(
            f"{title}: lowest cosine {differences[name].min_cosine:.6f},"
            f" largest difference {differences[name].max_difference:.1e}"
        )
    own, every = hits_kept()
    for kept, title in ((own, "of the word"), (every, "of any word")):
        print(f"bfloat16, 200 sense queries among {kept.candidates:,.0f} occurrences {title}:", end=" ")
        print(f"{kept.kept:.1%} of the first ten hits are the same, {kept.same_rank:.1%} at the same rank")
    return {
        "bundled": {name: asdict(each) for name, each in differences.items()},
        "hits": {"kept": own.kept, "same_rank": own.same_rank, "any_word": asdict(every)},
    }


def print_ratios(table: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Print and return the speed of `small` relative to `original`, by precision."""
    speeds = [table[size] for size in (Size.SMALL.value, Size.ORIGINAL.value)]
    small, original = ({p.value: speed[p.value]["tokens_per_cpu_second"] for p in Precision} for speed in speeds)
    ratios = {name: small[name] / original[name] for name in small}
    print("\nsmall over original: " + ", ".join(f"{name} {ratio:.1f} times" for name, ratio in ratios.items()))
    return ratios


def print_overhead(sources: list[Path], profile: bool, original: Mapping[str, Any]) -> dict[str, Any]:
    """Print the cost of indexing outside the encoder.

    Args:
        original: Figures of size `original`, or nothing if it was not measured.
    """
    found = in_fresh_process(overhead, sources)
    print(f"\nindexing {found.tokens:,} tokens with the bundled model in float32, CPU microseconds", end=" ")
    print(
        f"a token: {found.encoder_us_per_token:.0f} in the encoder, {found.other_us_per_token:.1f} outside it,", end=" "
    )
    print(f"{found.each_us_per_token:.1f} of them without fixed costs of a collection")
    shares = {}
    for name in (precision.value for precision in Precision if precision.value in original):
        shares[name] = found.other_us_per_token * original[name]["tokens_per_cpu_second"] / 1e6
        print(f"{found.other_us_per_token:.1f} is {shares[name]:.1%} of the time of `original` for a token in {name}")
    if profile:
        print(f"\nfunctions by own time:\n{in_fresh_process(profiled, sources)}")
    return asdict(found) | {"share_of_original": shares}


@click.command()
@click.argument("texts", nargs=-1, type=click.Path(path_type=Path, exists=True))
@click.option("--size", "sizes", multiple=True, type=click.Choice(SIZES), default=["original", "small"])
@click.option("--sentences", "count", default=256, show_default=True, help="Number of sentences to encode.")
@click.option("--rounds", default=3, show_default=True, help="Number of rounds. Figures are their medians.")
@click.option("--json", "file", type=click.Path(path_type=Path), metavar="FILE", help="Write all figures to FILE.")
@click.option(
    "--allennlp",
    "other_python",
    type=click.Path(path_type=Path, exists=True),
    metavar="PYTHON",
    help="Also measure AllenNLP with this Python, which has it installed.",
)
@click.option("--overhead", "indexing", is_flag=True, help="Also measure indexing outside the encoder.")
@click.option("--profile", is_flag=True, help="With --overhead: print the slowest functions.")
@click.option("--cold", is_flag=True, help="Also measure first answers of the command line.")
@click.option("--no-speed", is_flag=True, help="Skip speed and accuracy. Measure only what other options ask for.")
def main(
    texts: tuple[Path, ...],
    sizes: tuple[str, ...],
    count: int,
    rounds: int,
    file: Path | None,
    other_python: Path | None,
    indexing: bool,
    profile: bool,
    cold: bool,
    no_speed: bool,
) -> None:
    """Print the speed of encoding TEXTS, by default the sample documents."""
    table: dict[str, Any] = {}

    def add(**found: object) -> None:  # writes after each measurement, so that an interrupted run keeps its figures
        table.update(found)
        if file:
            file.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")

    if cold:
        add(cold=first_answers())
        print(f"polyseme --help {table['cold']['help_s']:.2f} s,", end=" ")
        print(f"polyseme sense on the sample collection {table['cold']['sense_s']:.2f} s, medians of 5, wall time")
    if not no_speed:
        import_tensorflow()
        options = TextOptions(False, "en", CONFIGS[Size.SMALL].normalise)
        read = read_sentences(texts or (DOCUMENTS,), options, lambda _: None)
        sentences = list(itertools.islice((sentence for sentence in read if len(sentence) > 1), count))
        for size in sizes:
            add(**{size: measure(Size(size), sentences, rounds, other_python)})
        if {Size.SMALL.value, Size.ORIGINAL.value} <= set(table):
            add(small_vs_original=print_ratios(table))
        add(**print_accuracy(sentences))
    if indexing:
        add(overhead=print_overhead(list(texts or (DOCUMENTS,)), profile, table.get(Size.ORIGINAL.value, {})))


if __name__ == "__main__":
    main()
