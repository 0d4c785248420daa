"""Measure what product vectors cost: CPU time of the pass that encodes, and bytes of a collection.

Run it with `python -m benchmarks.encode.sentence_vectors CORPUS [--sentences N] [--only time|bytes]`. CORPUS is a
folder of `.txt.xz` files. Without a sentence space in the model, a random one of the same size is measured.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from polyseme.indexer.build import BuildConfig, build, new_settings
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.records import SentenceKind
from polyseme.indexer.documents import Document
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.model import Model
from polyseme.indexer.elmo.sentence_space import SentenceSpace
from polyseme.indexer.text import TextAnalyser

from benchmarks.lib.corpus import corpus_documents

DIM = 256
ROUNDS = 3


def random_space(model: Model, dim: int = DIM) -> SentenceSpace:
    """Return a random sentence space that reads all layers and the sense vector."""
    assert model.sense_space
    random = np.random.default_rng(0)
    words = list(dict.fromkeys(word.lower() for word in model.sense_space.counts.counts))
    width = model.config.projection + (model.config.n_layers - 1) * model.config.dim + model.sense_space.dim
    return SentenceSpace(
        words={word: n for n, word in enumerate(words)},
        table=random.integers(-127, 128, (len(words), dim)).astype(np.int8),
        scales=np.full(len(words), 0.01, np.float32),
        word_factors=random.normal(0, 0.3, len(words)).astype(np.float32),
        layers=tuple(range(model.config.n_layers)),
        reads_sense=True,
        map=random.normal(0, 0.1, (width, dim)).astype(np.float32),
        shift=np.zeros(dim, np.float32),
        state_factors=random.normal(0, 0.05, width).astype(np.float32),
        bias=0.0,
        rarity=1e-4,
        centre=np.zeros(dim, np.float32),
    )


def documents(corpus: Path, sentences: int) -> Iterator[Document]:
    """Yield documents until they hold a number of sentences."""
    analyser, read = TextAnalyser("en"), 0
    for document in corpus_documents(corpus, 1 << 40):
        yield document
        read += sum(1 for _ in analyser.sentences(document.text))
        if read >= sentences:
            return


def cut_sentences(corpus: Path, number: int) -> list[list[str]]:
    """Return the tokens of sentences of a corpus."""
    analyser = TextAnalyser("en")
    cut = (s for document in documents(corpus, number) for s in analyser.sentences(document.text))
    return [[token.text for token in sentence.tokens] for sentence in itertools.islice(cut, number)]


def share_of_time(encoder: ElmoEncoder, sentences: list[list[str]]) -> tuple[float, float]:
    """Return the CPU seconds of a pass, and those of them that make product vectors, of the fastest round."""
    return min(passes(encoder, sentences, "_sentences", ROUNDS + 1)[1:])


def passes(encoder: ElmoEncoder, sentences: list[list[str]], step: str, rounds: int) -> list[tuple[float, float]]:
    """Return the CPU seconds of each pass, and those of them that one step takes. The first pass fills caches."""
    spent = [0.0]
    own = getattr(encoder, step)

    def timed(*arguments: object) -> object:
        began = time.process_time()
        found = own(*arguments)
        spent[0] += time.process_time() - began
        return found

    setattr(encoder, step, timed)
    taken = []
    for _ in range(rounds):
        spent[0], began = 0.0, time.process_time()
        for start in range(0, len(sentences), 512):
            encoder.represent(sentences[start : start + 512])
        taken.append((time.process_time() - began, spent[0]))
    return taken


def sizes(corpus: Path, sentences: int, encoder: ElmoEncoder) -> tuple[int, int]:
    """Return the bytes of a collection of real text in format version 1, and in version 2."""
    read, found = list(documents(corpus, sentences)), []
    with tempfile.TemporaryDirectory() as folder:
        for version, kind in ((1, SentenceKind.DEFAULT), (2, SentenceKind.LEARNED)):
            path = Path(folder) / f"{version}.pol"
            settings = new_settings(BuildConfig(), encoder)
            digest = encoder.sentence_id if kind is SentenceKind.LEARNED else ""
            Collection.create(path, replace(settings, sentence_vectors=kind, sentence_id=digest)).close()
            build(path, read, BuildConfig(), encoder)
            found.append(sum(each.stat().st_size for each in path.rglob("*") if each.is_file()))
    return found[0], found[1]


def main() -> None:
    """Print both figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--sentences", type=int, default=20_000)
    parser.add_argument("--only", choices=["time", "bytes"])
    arguments = parser.parse_args()
    encoder = load_encoder("default")
    assert isinstance(encoder, ElmoEncoder)
    if not encoder.has_sentence_space:
        encoder = ElmoEncoder(replace(encoder.model, sentence_space=random_space(encoder.model)), "default")
    if arguments.only != "bytes":
        tokens = cut_sentences(arguments.corpus, arguments.sentences)
        whole, own = share_of_time(encoder, tokens)
        count = sum(map(len, tokens))
        print(f"{len(tokens)} sentences, {count} tokens: {whole:.2f} CPU s, product vectors {own:.2f} CPU s of it")
        print(f"product vectors make the pass {100 * own / (whole - own):.1f} % slower")
    if arguments.only != "time":
        before, after = sizes(arguments.corpus, arguments.sentences, encoder)
        print(f"version 1: {before:,} bytes, version 2: {after:,} bytes, {100 * (after / before - 1):+.1f} %")


if __name__ == "__main__":
    main()
