"""How well vectors tell meanings apart: Word-in-Context, usage similarity, STS benchmark. Prints tables.

    python benchmarks/quality.py EVAL_FOLDER [--model SOURCE] [--precision float32|bfloat16]

EVAL_FOLDER holds wic/{train,dev}, usim/usim_en.txt, stsbenchmark/sts-{train,dev}.csv; what is missing is left out.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.elmo import Encoder, Precision, Representation, load_encoder
from indexer.errors import PolysemeError
from search.evaluation import (
    SentencePair,
    TokenPair,
    accuracy,
    best_threshold,
    read_sts,
    read_usim,
    read_wic,
    spearman,
)

Floats = npt.NDArray[np.floating]
Tokens = tuple[str, ...]
Represented = dict[Tokens, Representation]
TokenVector = Callable[[Representation, int], Floats]  # of the token at a position
Transform = Callable[[Floats], Floats]  # (n, dim) -> (n, dim)

SHRINK = 1.0  # share of the mean eigenvalue that is added to each before whitening by it


def represent(encoder: Encoder, sentences: Iterable[Tokens]) -> Represented:
    """Each distinct sentence once, a thousand at a time."""
    distinct = list(dict.fromkeys(sentences))
    parts = [distinct[i : i + 1000] for i in range(0, len(distinct), 1000)]
    return {sentence: found for part in parts for sentence, found in zip(part, encoder.represent(part), strict=True)}


def sentences_of(pairs: Iterable[TokenPair | SentencePair]) -> list[Tokens]:
    return [sentence for pair in pairs for sentence in (pair.sentence1, pair.sentence2)]


def cosines(a: Floats, b: Floats) -> Floats:
    """Row by row: (n, dim), (n, dim) -> (n,), rounded: equal vectors stay equal in any batch."""
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)  # (n,)
    rounded: Floats = np.round((a * b).sum(axis=1) / np.maximum(norms, 1e-12), 5)
    return rounded


def token_scores(pairs: list[TokenPair], found: Represented, vector: TokenVector) -> Floats:
    first = np.stack([vector(found[pair.sentence1], pair.position1) for pair in pairs])  # (n, dim)
    second = np.stack([vector(found[pair.sentence2], pair.position2) for pair in pairs])  # (n, dim)
    return cosines(first, second)


def token_vectors(encoder: Encoder) -> dict[str, TokenVector]:
    """The representations to compare, by name."""

    def layer(number: int) -> TokenVector:
        return lambda found, position: found.layers[number, position]

    named = {f"layer {number}": layer(number) for number in range(encoder.n_layers)}
    named["elmo (mixed)"] = lambda found, position: found.elmo[position]
    named["sense" if encoder.has_sense_space else "sense, uncentred"] = lambda found, position: found.sense[position]
    return named


def print_token_tables(encoder: Encoder, folder: Path) -> None:
    train, dev = (_wic(folder / "wic" / split) for split in ("train", "dev"))
    usim = read_usim(folder / "usim" / "usim_en.txt") if (folder / "usim").is_dir() else []
    found = represent(encoder, sentences_of([*train, *dev, *usim]))
    print(f"{'':18}{'WiC dev, threshold from':>26}{'usage similarity':>20}")
    print(f"{'':18}{'train':>13}{'dev':>13}{'Spearman':>20}")
    for name, vector in token_vectors(encoder).items():
        figures = []
        if dev:
            scores, gold = token_scores(dev, found, vector), [pair.gold for pair in dev]
            train_scores = token_scores(train, found, vector) if train else scores
            threshold = best_threshold(train_scores, [pair.gold for pair in train or dev])
            figures += [accuracy(scores, gold, threshold), accuracy(scores, gold, best_threshold(scores, gold))]
        else:
            figures += [np.nan, np.nan]
        figures.append(spearman(token_scores(usim, found, vector), [pair.gold for pair in usim]) if usim else np.nan)
        print(f"{name:18}{100 * figures[0]:13.2f}{100 * figures[1]:13.2f}{100 * figures[2]:20.2f}")


def transforms(fitted_on: Floats) -> dict[str, Transform]:
    """Ways to make sentence vectors (n, dim) comparable, fitted on other sentences' vectors (m, dim)."""
    mean = fitted_on.mean(axis=0)  # (dim,)
    values, axes = np.linalg.eigh(np.cov((fitted_on - mean).T))  # (dim,), (dim, dim)
    values = np.maximum(values, 0)
    full, shrunk = (axes / np.sqrt(values + share * values.mean()) for share in (1e-6, SHRINK))  # (dim, dim)
    return {
        "raw": lambda x: x,
        "centred": lambda x: x - mean,
        "whitened": lambda x: (x - mean) @ full,
        "whitened, shrunk": lambda x: (x - mean) @ shrunk,
    }


def print_sentence_table(encoder: Encoder, folder: Path) -> None:
    train, dev = (read_sts(folder / "stsbenchmark" / f"sts-{split}.csv") for split in ("train", "dev"))
    found = represent(encoder, sentences_of([*train, *dev]))

    def default(sentences: Iterable[Tokens]) -> Floats:
        return np.stack([found[sentence].default for sentence in sentences])  # (n, dim)

    print(f"\n{'STS benchmark':18}{'dev, fitted on train':>26}{'train, fitted on dev':>24}")
    columns = []
    for pairs, others in ((dev, train), (train, dev)):
        first, second = (default(sentences) for sentences in zip(*map(_both, pairs), strict=True))  # (n, dim) each
        gold = [pair.gold for pair in pairs]
        fitted = transforms(default(dict.fromkeys(sentences_of(others))))
        columns.append({name: spearman(cosines(f(first), f(second)), gold) for name, f in fitted.items()})
    for name, figure in columns[0].items():
        print(f"{name:18}{100 * figure:26.2f}{100 * columns[1][name]:24.2f}")


def main() -> int:
    parser = argparse.ArgumentParser(description="How well vectors tell meanings apart.")
    parser.add_argument("folder", type=Path, metavar="EVAL_FOLDER")
    parser.add_argument("--model", default="default")
    parser.add_argument("--precision", default=Precision.FLOAT32, choices=list(Precision))
    arguments = parser.parse_args()
    try:
        encoder = load_encoder(arguments.model, arguments.precision)
        print_token_tables(encoder, arguments.folder)
        if (arguments.folder / "stsbenchmark").is_dir():
            print_sentence_table(encoder, arguments.folder)
    except PolysemeError as error:
        print(f"quality: {error}", file=sys.stderr)
        return 1
    return 0


def _wic(folder: Path) -> list[TokenPair]:
    return read_wic(folder) if folder.is_dir() else []


def _both(pair: SentencePair) -> tuple[Tokens, Tokens]:
    return pair.sentence1, pair.sentence2


if __name__ == "__main__":
    sys.exit(main())
