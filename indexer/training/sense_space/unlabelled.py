"""Fit a sense space to plain text: principal components of the blocks that best separate words by their contexts.

Without sense labels the blocks are chosen on pseudo-words. A pseudo-word merges two words (Schütze 1992, "Context
space"). The nearest neighbour of each use should be another use of the same word.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...elmo.encoder import ElmoEncoder
from ...elmo.sense_space import Block, BlockKind, SenseSpace, WordCounts
from ...gold.sense_text import SenseText, SenseToken
from ...vectors.arrays import Array, Doubles, Integers
from .fit import OnProgress, SpaceRecipe, block_rows, column_factors
from .lda import ScatterSums

WHITENING = (0.0, 0.25)
"""Candidate powers. Each component is divided by its variance to the power."""
_USES, _MAX_LEMMAS = 20, 400  # uses of each lemma in pseudo-words, maximum number of lemmas


@dataclass(frozen=True, slots=True)
class BlockChoice:
    """The chosen blocks and whitening, and their score on pseudo-words."""

    blocks: tuple[Block, ...]
    whitening: float
    precision: float | None
    """Share of uses nearest to a use of the same word. None if too few words recur in the text to measure it."""


def fit_unlabelled(
    encoder: ElmoEncoder, text: SenseText, counts: WordCounts, recipe: SpaceRecipe, on_progress: OnProgress
) -> tuple[SenseSpace, BlockChoice]:
    """Fit a space centred on the text's words, with the choice of the recipe's blocks that scores best.

    The word's own states are left out. They would reveal which of a pseudo-word's two words it is.

    Args:
        text: The result of `read_words`, where each lemma is its only sense.
    """
    recipe = recipe.without(BlockKind.OWN)
    pseudo_word_tokens = _pseudo_word_tokens(text)
    uses: dict[str, list[Array]] = {}
    lemmas = {lemma: i for i, lemma in enumerate(dict.fromkeys(token.lemma for token in text.tokens))}
    sums = ScatterSums(recipe.blocks.width(encoder.dim), range(len(lemmas)))
    for part, rows in block_rows(encoder, text, recipe.blocks, counts, on_progress):
        sums.add(rows, np.array([lemmas[token.lemma] for token in part]))
        for token, row in zip(part, rows, strict=True):
            if token in pseudo_word_tokens:
                uses.setdefault(token.lemma, []).append(row)
    scatter = sums.result()
    words = [np.stack(rows) - scatter.mean for rows in uses.values()]  # (_USES, width) each
    candidates = _candidates(recipe, scatter.total, encoder.dim)
    measured = [(_precision([rows[:, c.columns] @ c.map for rows in words]), c) for c in candidates]
    precision, best = max(measured, key=lambda pair: pair[0])
    needed = replace(recipe.blocks, blocks=best.blocks)
    shift = scatter.mean[best.columns] @ best.map  # (sense_dim,)
    space = SenseSpace(needed, np.asarray(best.map, np.float32), np.asarray(shift, np.float32), counts)
    return space, BlockChoice(best.blocks, best.whitening, precision if len(words) > 1 else None)


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A choice of blocks and its map."""

    blocks: tuple[Block, ...]
    whitening: float
    columns: Integers  # (c,) columns of these blocks among all the recipe's blocks
    map: Doubles  # (c, sense_dim)


def _candidates(recipe: SpaceRecipe, total: Doubles, dim: int) -> Iterator[_Candidate]:
    """Yield every choice of blocks, all blocks first, with the principal components of their covariance."""
    factors = column_factors(recipe, total, dim)  # (width,)
    widths = recipe.blocks.widths(dim)
    places = np.split(np.arange(len(total)), np.cumsum(widths)[:-1])
    for count in range(len(widths), 0, -1):
        for chosen in itertools.combinations(range(len(widths)), count):
            columns = np.concatenate([places[i] for i in chosen])  # (c,)
            scale = factors[columns]  # (c,)
            variances, axes = np.linalg.eigh(total[np.ix_(columns, columns)] * np.outer(scale, scale))
            variances, axes = np.maximum(variances[::-1][: recipe.dims], 0), axes[:, ::-1][:, : recipe.dims]
            for power in WHITENING:
                map_ = scale[:, None] * axes * (variances + variances.mean()) ** -power  # (c, sense_dim)
                yield _Candidate(tuple(recipe.blocks.blocks[i] for i in chosen), power, columns, map_)


def _pseudo_word_tokens(text: SenseText) -> set[SenseToken]:
    """Draw `_USES` uses of each of up to `_MAX_LEMMAS` lemmas, with a fixed seed."""
    generator = random.Random(1)
    uses: dict[str, list[SenseToken]] = {}
    for token in text.tokens:
        uses.setdefault(token.lemma, []).append(token)
    frequent = sorted(lemma for lemma, tokens in uses.items() if len(tokens) >= _USES)
    lemmas = generator.sample(frequent, min(_MAX_LEMMAS, len(frequent)))
    return {token for lemma in lemmas for token in generator.sample(uses[lemma], _USES)}


def _precision(words: Sequence[Doubles]) -> float:
    """Return the share of uses whose nearest neighbour in their pseudo-word is a use of the same word.

    Args:
        words: Vectors of the uses of each word, (_USES, d) each. Two consecutive words make a pseudo-word.
    """
    shares = []
    for pair in zip(words[::2], words[1::2], strict=False):
        rows = np.concatenate(pair)  # (2 * _USES, d)
        rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        cosines = rows @ rows.T  # (2 * _USES, 2 * _USES)
        np.fill_diagonal(cosines, -np.inf)
        is_first = np.arange(len(rows)) < len(pair[0])  # (2 * _USES,)
        shares.append(np.mean((cosines.argmax(axis=1) < len(pair[0])) == is_first))
    return float(np.mean(shares)) if shares else 0.0
