"""What the trials on sense spaces are made of: tokens with gold, and every block of them, encoded once and kept.

Used by sense_space.py. A cache folder holds one file a block, in half precision, for one model.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.lexical_substitution import log_scores
from polyseme.indexer.elmo.model import OutputLayer
from polyseme.indexer.elmo.sense_space import Block, BlockKind, Blocks, Expected, WordCounts
from polyseme.indexer.gold.sense_text import SenseText, read_semcor
from polyseme.indexer.training.sense_space.expected import TEMPERATURE, alphabetic_words, group_expected
from polyseme.indexer.training.sense_space.fit import recipe_for
from polyseme.indexer.vectors.arrays import Array, Integers
from polyseme.search.evaluation.datasets.pairs import read_coarsewsd, read_usim, read_wic
from polyseme.search.evaluation.records import TokenPair
from polyseme.search.evaluation.tasks.words import draw

Tokens = tuple[str, ...]
Place = tuple[Tokens, int]
Make = Callable[[list[Array], Sequence[Tokens]], list[Array]]
"""States (n_layers, t + 2, dim) and tokens of sentences -> rows (t, width) of each."""

USAGES = 240  # of each CoarseWSD-20 word
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of tokens: rows of the first and of the second, and the gold."""

    first: slice
    second: slice
    gold: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Small:
    """The sets that choices are made on, all their tokens in one list."""

    places: list[Place]
    pairs: dict[str, Pairs]  # wic train, wic dev, usim
    words: dict[str, tuple[slice, npt.NDArray[np.str_]]]  # CoarseWSD-20: rows and senses of each word


@dataclass(frozen=True, slots=True)
class Tagged:
    """SemCor's tokens with senses, numbered senses, lemma of each, and the stretch of text (1,000 sentences)."""

    places: list[Place]
    sense: Integers  # (n,)
    lemma: Integers  # (n,)
    lemma_of: list[int]  # (senses,)
    stretch: Integers  # (n,)


def read_small(folder: Path) -> Small:
    places: list[Place] = []
    pairs = {}
    read: dict[str, list[TokenPair]] = {f"wic {split}": read_wic(folder / "wic" / split) for split in ("train", "dev")}
    for name, found in (read | {"usim": read_usim(folder / "usim" / "usim_en.txt")}).items():
        start, n = len(places), len(found)
        places += [(pair.sentence1, pair.position1) for pair in found]
        places += [(pair.sentence2, pair.position2) for pair in found]
        gold = np.array([pair.gold for pair in found])
        pairs[name] = Pairs(slice(start, start + n), slice(start + n, start + 2 * n), gold)
    words = {}
    for word in read_coarsewsd(folder / "coarsewsd-20"):
        usages, start = draw(word.test, USAGES, word.word), len(places)
        places += [(usage.span.sentence, usage.span.start) for usage in usages]
        words[word.word] = slice(start, len(places)), np.array([usage.sense for usage in usages])
    return Small(places, pairs, words)


def tagged(text: SenseText) -> Tagged:
    senses = {key: i for i, key in enumerate(dict.fromkeys((token.lemma, token.sense) for token in text.tokens))}
    lemmas = {lemma: i for i, lemma in enumerate(dict.fromkeys(lemma for lemma, _ in senses))}
    return Tagged(
        [(text.sentences[token.sentence], token.position) for token in text.tokens],
        np.array([senses[token.lemma, token.sense] for token in text.tokens]),
        np.array([lemmas[token.lemma] for token in text.tokens]),
        [lemmas[lemma] for lemma, _ in senses],
        np.array([token.sentence // 1000 for token in text.tokens]),
    )


def block_makers(encoder: ElmoEncoder, output: OutputLayer | None, counts: WordCounts) -> dict[str, Make]:
    """Every block that is tried, by name. The first three are the recipe's."""
    space = encoder.model.sense_space
    topics = space.blocks.topics if space else None
    ours = recipe_for(encoder, output, counts, topics).blocks
    plain = recipe_for(encoder, output, counts).blocks
    top = encoder.n_layers - 1
    context, bag = Block(BlockKind.CONTEXT, top), Block(BlockKind.BAG)

    def only(block: Block, blocks: Blocks = ours) -> Make:
        return lambda states, tokens: replace(blocks, blocks=(block,)).rows(states, tokens, counts)

    makers = {"context 2": only(context), "bag": only(bag)}
    if output and ours.expected:
        proper = alphabetic_words(output.words)
        rows, scores = output.weights[proper] / TEMPERATURE, log_scores(output)[proper] / TEMPERATURE
        names = [output.words[i] for i in proper]
        vectors = ours.words(encoder.word_vectors(names)) if topics is None else topics.rows(names)  # (words, d)
        whole = Expected(rows.astype(np.float32), scores.astype(np.float32), vectors)
        block = Block(BlockKind.EXPECTED, top)
        by_rows = group_expected(output, proper, vectors, vector_weight=0)
        makers |= {"expected": only(block), "expected, no groups": only(block, replace(ours, expected=whole))}
        makers |= {"expected, grouped by rows": only(block, replace(ours, expected=by_rows))}
        makers |= {"expected, layer 0": only(block, plain)}
    return makers | {
        "context 2, zeros at the ends": lambda states, tokens: only(context)([_zeros(s) for s in states], tokens),
        "context 1": only(Block(BlockKind.CONTEXT, top - 1)),
        "own 2": lambda states, _: [state[-1, 1:-1] for state in states],
        "own 1": lambda states, _: [state[-2, 1:-1] for state in states],
        "word": lambda states, _: [ours.words(state[0, 1:-1, : state.shape[2] // 2]) for state in states],
        "bag of layer 0": only(bag, plain),
        "bag of raw layer 0": only(bag, replace(plain, word_mean=None)),
        "bag, window 5": only(bag, replace(ours, window=5)),
        "bag, window 30": only(bag, replace(ours, window=30)),
        "bag, rarity 0.01": only(bag, replace(ours, rarity=0.01)),
        "bag, rarity 0.0001": only(bag, replace(ours, rarity=0.0001)),
    }


def features(
    encoder: ElmoEncoder, makers: dict[str, Make], places: Sequence[Place], cache: Path, name: str
) -> dict[str, Path]:
    """Rows (n, width) of each block at the places, kept in the cache: block -> file."""
    files = {block: cache / f"{name}.{block.replace(', ', '-').replace(' ', '_')}.npy" for block in makers}
    missing = {block: makers[block] for block, file in files.items() if not file.is_file()}
    if not missing:
        return files
    wanted: dict[Tokens, list[tuple[int, int]]] = {}
    for row, (tokens, position) in enumerate(places):
        wanted.setdefault(tokens, []).append((row, position))
    found: dict[str, npt.NDArray[np.float16]] = {}
    sentences = list(wanted)
    for start in range(0, len(sentences), _AT_ONCE):
        part = sentences[start : start + _AT_ONCE]
        states = encoder.states(part)
        for block, make in missing.items():
            for tokens, rows in zip(part, make(states, part), strict=True):
                if block not in found:
                    found[block] = np.zeros((len(places), rows.shape[1]), np.float16)
                for row, position in wanted[tokens]:
                    found[block][row] = rows[position]
        print(f"{name}: {start + len(part)} of {len(sentences)} sentences", file=sys.stderr, flush=True)
    cache.mkdir(parents=True, exist_ok=True)
    for block, kept in found.items():
        np.save(files[block], kept)
    return files


def load(files: dict[str, Path], blocks: Iterable[str]) -> Array:
    """Blocks side by side, (n, width)."""
    return np.concatenate([np.load(files[block]).astype(np.float32) for block in blocks], axis=1)


def read_tagged(folder: Path) -> Tagged:
    return tagged(read_semcor(folder / "semcor3.0.tar.xz"))


def _zeros(state: Array) -> Array:
    without = state.copy()
    without[:, [0, -1]] = 0
    return without
