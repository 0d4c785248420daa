"""Compare sentences and words of Polyseme with those of a sentence transformer: quality, speed and bytes.

    python -m benchmarks.quality.sentence_models EVAL_FOLDER --sentence-model FOLDER [--model SOURCE]

`minilm_export.py` makes FOLDER. It needs the extra sentence-models. EVAL_FOLDER holds stsbenchmark/, cranfield/, wic/,
usim/usim_en.txt and coarsewsd-20/. Sets that are missing are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

for _name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ[_name] = "1"  # one thread each, before a library is loaded

import numpy as np  # noqa: E402
from polyseme.indexer.build import BuildConfig  # noqa: E402
from polyseme.indexer.elmo import Encoder, Representation, load_encoder  # noqa: E402
from polyseme.indexer.elmo.sources import model_folder  # noqa: E402
from polyseme.indexer.errors import PolysemeError  # noqa: E402
from polyseme.indexer.sentence_models import SentenceModel, load_sentence_model  # noqa: E402
from polyseme.indexer.text import TextAnalyser  # noqa: E402
from polyseme.indexer.text.recasing import UsualForms  # noqa: E402
from polyseme.indexer.vectorise import represent  # noqa: E402
from polyseme.indexer.vectors.arrays import Array, top, unit  # noqa: E402
from polyseme.indexer.vectors.transforms import Normalisation, fit  # noqa: E402
from polyseme.search.evaluation.datasets.pairs import read_sts_splits  # noqa: E402
from polyseme.search.evaluation.datasets.retrieval import read_retrieval  # noqa: E402
from polyseme.search.evaluation.measures import cosines, spearman  # noqa: E402
from polyseme.search.evaluation.tasks import words  # noqa: E402
from polyseme.search.evaluation.tasks.retrieval import (  # noqa: E402
    SENTENCES,
    cut_documents,
    cut_queries,
    documents_of,
    gains,
    grades_of,
)

from benchmarks.lib.stopwatch import Stopwatch  # noqa: E402

TIMED = 2048
"""Number of sentences that are timed."""
TURN = 128
"""Number of sentences that one side encodes before the other encodes them."""
AT_ONCE = 256
Encode = Callable[[Sequence[str]], Array]
"""Maps n texts to raw or unit vectors (n, e)."""


class TokenVectors:
    """The last hidden state of a sentence transformer, in the shape of an encoder's layers.

    Words are cut into pieces by its tokeniser. A word's vector is the mean over its pieces.
    """

    n_layers = 1
    has_sense_space = True
    usual_forms = UsualForms({})

    def __init__(self, folder: Path, dim: int) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self.dim = self.sense_dim = dim
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options)
        self._tokeniser = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokeniser.no_padding()
        self._tokeniser.no_truncation()
        self._names = [one.name for one in self._session.get_inputs()]

    def represent(self, sentences: Sequence[Sequence[str]]) -> list[Representation]:
        """Return the vectors of each sentence's words as its only layer, mixed layer and sense vectors."""
        return [self._represent(sentence) for sentence in sentences]

    def _represent(self, sentence: Sequence[str]) -> Representation:
        pieces = self._tokeniser.encode(list(sentence), is_pretokenized=True)
        columns = {"input_ids": pieces.ids, "attention_mask": pieces.attention_mask, "token_type_ids": pieces.type_ids}
        inputs = {name: np.array([columns[name][:512]], np.int64) for name in self._names}
        (states,) = self._session.run(["last_hidden_state"], inputs)  # (1, pieces, dim)
        owners = pieces.word_ids[:512]
        found = np.zeros((len(sentence), self.dim), np.float32)  # (t, dim)
        for word in {owner for owner in owners if owner is not None}:
            inside = [n for n, owner in enumerate(owners) if owner == word]
            found[word] = states[0, inside].mean(axis=0)
        mean = found.mean(axis=0) if len(found) else np.zeros(self.dim, np.float32)
        return Representation(found[None], found, found, mean, mean)


def our_sentences(encoder: Encoder, analyser: TextAnalyser) -> Encode:
    """Return the encoding of texts by Polyseme: learned vectors, or today's mean vector (`default`)."""

    def encode(texts: Sequence[str]) -> Array:
        rows: list[Array] = []
        tokens = [[token.text for token in analyser.tokens(text)] for text in texts]
        for first in range(0, len(tokens), AT_ONCE):
            found = represent(encoder, tokens[first : first + AT_ONCE])
            rows += [one.sentence if encoder.has_sentence_space else one.default for one in found]
        return np.stack(rows)  # (n, e)

    return encode


def comparable(encoder: Encoder | None, vectors: Array) -> Callable[[Array], Array]:
    """Return what a collection does to vectors: whitening for mean vectors, nothing for learned and external ones."""
    if encoder is None or encoder.has_sentence_space:
        return unit
    fitted = fit(Normalisation.WHITENED, vectors[: BuildConfig().sample_sentences])
    return unit if fitted is None else fitted


def similarity(folder: Path, encode: Encode, encoder: Encoder | None) -> Iterator[tuple[str, float]]:
    """Yield Spearman's correlation on dev and train of the STS benchmark."""
    splits = read_sts_splits([folder / "sts-dev.csv", folder / "sts-train.csv"], lambda text: (text,))
    for split, pairs in splits.items():
        texts = [text for pair in pairs for text in (pair.sentence1[0], pair.sentence2[0])]
        vectors = encode(texts)  # (2 * pairs, e)
        rows = comparable(encoder, vectors)(vectors)
        gold = np.array([pair.gold for pair in pairs])  # (pairs,)
        yield f"STS-B {split}", 100 * spearman(cosines(rows[0::2], rows[1::2]), gold)


def retrieval(folder: Path, analyser: TextAnalyser, encode: Encode, encoder: Encoder | None) -> float:
    """Return nDCG@10 of documents by their best sentence."""
    data = read_retrieval(folder)
    cut, queries = cut_documents(analyser, data.documents), cut_queries(analyser, data)
    stored = encode(cut.texts)  # (sentences, e)
    normalise = comparable(encoder, stored)
    rows, asked = normalise(stored), normalise(encode([query.text for query in queries]))
    rankings = [top(rows @ vector, SENTENCES) for vector in asked]
    return 100 * float(np.mean(gains(grades_of(documents_of(rankings, cut), cut, queries), queries)))


def speed(texts: Sequence[str], sides: dict[str, Encode]) -> dict[str, float]:
    """Return the sentences that each side encodes in a CPU second. Both encode the same texts in turns."""
    watches = {name: Stopwatch() for name in sides}
    for encode in sides.values():
        encode(texts[:TURN])  # loads what is loaded late
    for first in range(0, len(texts), TURN):
        for name, encode in sides.items():
            with watches[name]:
                encode(texts[first : first + TURN])
    return {name: len(texts) / watch.seconds for name, watch in watches.items()}


def bytes_of(folder: Path | None, names: Sequence[str] = ()) -> int:
    """Return the bytes of a model's files on disk, all or those with some names."""
    files = [path for path in folder.rglob("*") if path.is_file()] if folder else []
    return sum(path.stat().st_size for path in files if not names or path.name in names)


def word_rows(encoder: Any, folder: Path) -> Iterator[tuple[str, float]]:
    """Yield figures of words in context: WiC, usage similarity and CoarseWSD-20."""
    if (folder / "wic").is_dir():
        yield from (
            ("WiC " + one.metric, 100 * one.value)
            for one in words.evaluate_wic(encoder, folder / "wic")
            if _is_sense(one)
        )
    if (folder / "usim" / "usim_en.txt").is_file():
        found = words.evaluate_usim(encoder, folder / "usim" / "usim_en.txt")
        yield from (("usage similarity " + one.metric, 100 * one.value) for one in found if _is_sense(one))
    if (folder / "coarsewsd-20").is_dir():
        found = words.evaluate_coarsewsd(encoder, folder / "coarsewsd-20", nearest=False)
        yield from (("CoarseWSD-20 " + one.metric, 100 * one.value) for one in found if _is_sense(one))


def _is_sense(score: Any) -> bool:
    return bool(score.representation.startswith("sense"))


def print_table(title: str, ours: dict[str, float], theirs: dict[str, float]) -> None:
    """Print a table with a column for each side."""
    print(f"\n{title:42} {'Polyseme':>14} {'theirs':>14}", flush=True)
    for name in ours:
        print(f"{name:42} {ours[name]:14,.1f} {theirs[name]:14,.1f}", flush=True)


def compare(folder: Path, source: str, place: Path) -> None:
    """Print all tables."""
    encoder, theirs, analyser = load_encoder(source), load_sentence_model(place), TextAnalyser("en")
    sides: dict[str, tuple[Encode, Encoder | None]] = {
        "ours": (our_sentences(encoder, analyser), encoder),
        "theirs": (theirs.vectors, None),
    }
    print("our sentence vectors:", "learned" if encoder.has_sentence_space else "today's mean vector, whitened")
    quality: dict[str, dict[str, float]] = {name: {} for name in sides}
    for name, (encode, own) in sides.items():
        if (folder / "stsbenchmark").is_dir():
            quality[name] |= dict(similarity(folder / "stsbenchmark", encode, own))
        if (folder / "cranfield").is_dir():
            quality[name]["Cranfield nDCG@10"] = retrieval(folder / "cranfield", analyser, encode, own)
    print_table("sentences", quality["ours"], quality["theirs"])
    texts = timed_texts(folder, analyser)
    found = speed(texts, {name: encode for name, (encode, _) in sides.items()})
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print_table(
        f"sentences in a CPU second (load {load})", {"one thread": found["ours"]}, {"one thread": found["theirs"]}
    )
    sizes = storage(encoder, source, theirs, place)
    print_table("bytes", sizes[0], sizes[1])
    both = [dict(word_rows(one, folder)) for one in (encoder, TokenVectors(place, theirs.dim))]
    print_table("words in context", both[0], both[1])


def storage(
    encoder: Encoder, source: str, theirs: SentenceModel, place: Path
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the bytes of both models on disk, and of a stored product vector (int8 with a scale of 2 bytes)."""
    dim = encoder.sentence_dim if encoder.has_sentence_space else encoder.dim
    model, vector = "model on disk", "stored for a sentence"
    names = ("model.onnx", "tokenizer.json")
    return (
        {model: bytes_of(model_folder(source)), vector: dim + 2},
        {model: bytes_of(place, names), vector: theirs.dim + 2},
    )


def timed_texts(folder: Path, analyser: TextAnalyser) -> list[str]:
    """Return the sentences that are timed, in an order that mixes their lengths."""
    texts = list(cut_documents(analyser, read_retrieval(folder / "cranfield").documents).texts)
    order = np.random.default_rng(1).permutation(len(texts))[:TIMED]
    return [texts[n] for n in order]


def main() -> int:
    """Print the tables, or one line if the libraries or the model are absent."""
    parser = argparse.ArgumentParser(description="Compare Polyseme with a sentence transformer.")
    parser.add_argument("folder", type=Path, metavar="EVAL_FOLDER", help="folder with the gold data")
    parser.add_argument("--sentence-model", type=Path, required=True, metavar="FOLDER", help="the sentence transformer")
    parser.add_argument("--model", default="default", metavar="SOURCE", help="our model")
    arguments = parser.parse_args()
    absent = [name for name in ("onnxruntime", "tokenizers") if importlib.util.find_spec(name) is None]
    if absent or not arguments.sentence_model.is_dir():
        what = ", ".join(absent) or f"the folder {arguments.sentence_model}"
        print(f"sentence_models: skipped, as {what} is absent", file=sys.stderr)
        return 0
    began = time.monotonic()
    try:
        compare(arguments.folder, arguments.model, arguments.sentence_model)
    except PolysemeError as error:
        print(f"sentence_models: {error}", file=sys.stderr)
        return 1
    print(f"sentence_models: {time.monotonic() - began:.0f} s", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
