"""Measure what parts of speech cost: CPU time of the pass that encodes, and of lemmas by part of speech.

Run it with `python -m benchmarks.encode.tagging CORPUS [--model SOURCE] [--sentences N] [--rounds N]`. CORPUS is a
folder of `.txt.xz` files.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.text import TextAnalyser

from benchmarks.encode.sentence_vectors import ROUNDS, cut_sentences, passes


def lemma_time(encoder: ElmoEncoder, sentences: list[list[str]]) -> float:
    """Return the CPU seconds that lemmas by part of speech take, after the tags are known."""
    tagset, rules, analyser = encoder.tagset, encoder.lemma_rules, TextAnalyser("en")
    assert tagset
    assert rules
    spent = 0.0
    for start in range(0, len(sentences), 512):
        part = sentences[start : start + 512]
        found = encoder.represent(part)
        began = time.process_time()
        for tokens, each in zip(part, found, strict=True):
            assert each.tags
            for token, upos, xpos in zip(tokens, each.tags.upos.tolist(), each.tags.xpos.tolist(), strict=True):
                analyser.tagged_lemma(token, tagset.upos[upos], tagset.xpos[xpos], rules)
        spent += time.process_time() - began
    return spent


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--sentences", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    encoder = load_encoder(arguments.model)
    assert isinstance(encoder, ElmoEncoder)
    sentences = cut_sentences(arguments.corpus, arguments.sentences)
    count = sum(map(len, sentences))
    first, *others = passes(encoder, sentences, "_tags", arguments.rounds + 1)
    print(f"{len(sentences)} sentences, {count} tokens. Microseconds of CPU a token:")
    for name, (whole, own) in (
        ("first pass, words are new", first),
        ("best further pass, words are known", min(others)),
    ):
        share = 100 * own / (whole - own)
        print(f"{name}: {1e6 * whole / count:.1f}, tags {1e6 * own / count:.2f} of them, {share:.1f} % more time")
    print(f"lemmas by part of speech: {1e6 * lemma_time(encoder, sentences) / count:.2f} microseconds a token")


if __name__ == "__main__":
    main()
