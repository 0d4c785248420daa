"""Measure a model's tagger on a treebank in several spellings, and list its most frequent errors.

    python -m benchmarks.quality.tagging FILE.conllu[.xz] [--model SOURCE] [--language CODE] [--sentences N]

The spellings are the treebank's words, Polyseme's tokens of the same text, small letters, a capital at each word, and
capitals. The tokens of Polyseme have the tags that training gives them (`indexer/training/tagger/text.py`).
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from polyseme.indexer.elmo import Encoder, load_encoder
from polyseme.indexer.gold.conllu import read_treebank
from polyseme.indexer.text import TextAnalyser
from polyseme.indexer.training.tagger.text import SPELLINGS, TaggedText, as_cut, as_we_cut
from polyseme.indexer.vectorise import represent

Errors = Counter[tuple[str, str]]


def accuracy(encoder: Encoder, texts: Sequence[TaggedText]) -> tuple[float, float, int, Errors]:
    """Return the accuracy of both kinds of tags, the number of tagged tokens, and pairs of gold and wrong tags."""
    tagset = encoder.tagset
    assert tagset
    right_upos = right_xpos = total = 0
    errors: Errors = Counter()
    ordered = sorted(texts, key=lambda text: len(text.tokens))
    for start in range(0, len(ordered), 256):
        part = ordered[start : start + 256]
        for text, found in zip(part, represent(encoder, [each.tokens for each in part]), strict=True):
            assert found.tags
            for word, upos, xpos in zip(text.words, found.tags.upos, found.tags.xpos, strict=True):
                if word is None or not word.upos:
                    continue
                total += 1
                right_upos += tagset.upos[upos] == word.upos
                right_xpos += tagset.xpos[xpos] == word.xpos
                if tagset.upos[upos] != word.upos:
                    errors[word.upos, tagset.upos[upos]] += 1
    return right_upos / max(total, 1), right_xpos / max(total, 1), total, errors


def main() -> None:
    """Print a line for each spelling."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("treebank", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--language", default="en")
    parser.add_argument("--sentences", type=int, default=1_000_000)
    arguments = parser.parse_args()
    encoder, analyser = load_encoder(arguments.model), TextAnalyser(arguments.language)
    sentences = read_treebank(arguments.treebank)[: arguments.sentences]
    plain = [as_cut(sentence) for sentence in sentences]
    spelled = {"words of the treebank": plain, "tokens of Polyseme": [as_we_cut(each, analyser) for each in sentences]}
    for name, (_, change) in SPELLINGS.items():
        spelled[name] = [TaggedText(tuple(map(change, text.tokens)), text.words) for text in plain]
    print(f"{'':24}{'UPOS':>8}{'XPOS':>8}{'tokens':>9}")
    worst: Errors = Counter()
    for name, texts in spelled.items():
        upos, xpos, total, errors = accuracy(encoder, texts)
        print(f"{name:24}{100 * upos:8.2f}{100 * xpos:8.2f}{total:9,}")
        worst = worst or errors
    print("gold and wrong: " + ", ".join(f"{a} {b} {count}" for (a, b), count in worst.most_common(8)))


if __name__ == "__main__":
    main()
