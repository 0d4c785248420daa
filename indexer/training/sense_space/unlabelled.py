"""A sense space from text alone: principal components of those blocks that tell words apart by their context best.

Nobody has judged the text, so the measure is made of it: two words are taken for one, a pseudo-word (Schütze 1992,
"Context space"), and a use of either should be nearest to another use of the same.
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
from .fit import Recipe, Told, factors_of, rows_of
from .lda import ScatterSums

WHITENING = (0.0, 0.25)
"""Powers of its variance that a component is divided by, to choose from."""
_USES, _LEMMAS = 20, 400  # uses of each lemma that pseudo-words are made of; how many lemmas at most


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and the share of uses of a pseudo-word that are nearest to a use of the same word.

    `precision` is None where the text has too few words that recur, so that nothing was measured.
    """

    blocks: tuple[Block, ...]
    whitening: float
    precision: float | None


def fit_unlabelled(
    encoder: ElmoEncoder, text: SenseText, counts: WordCounts, recipe: Recipe, told: Told
) -> tuple[SenseSpace, Choice]:
    """A space centred on the text's words, with the choice of the recipe's blocks that measured best.

    `text`: as `read_words` gives it, each word a sense of its own. A word's own states are left out: they know which
    of a pseudo-word's two words they are.
    """
    recipe = recipe.without(BlockKind.OWN)
    asked = _pseudo_words(text)
    uses: dict[str, list[Array]] = {}
    lemmas = {lemma: i for i, lemma in enumerate(dict.fromkeys(token.lemma for token in text.tokens))}
    sums = ScatterSums(recipe.blocks.width(encoder.dim), range(len(lemmas)))
    for part, rows in rows_of(encoder, text, recipe.blocks, counts, told):
        sums.add(rows, np.array([lemmas[token.lemma] for token in part]))
        for token, row in zip(part, rows, strict=True):
            if token in asked:
                uses.setdefault(token.lemma, []).append(row)
    scatter = sums.result()
    words = [np.stack(rows) - scatter.mean for rows in uses.values()]  # (_USES, width) each
    candidates = _candidates(recipe, scatter.total, encoder.dim)
    measured = [(_nearest([rows[:, c.columns] @ c.map for rows in words]), c) for c in candidates]
    precision, best = max(measured, key=lambda pair: pair[0])
    needed = replace(recipe.blocks, blocks=best.blocks)
    shift = scatter.mean[best.columns] @ best.map  # (sense_dim,)
    space = SenseSpace(needed, np.asarray(best.map, np.float32), np.asarray(shift, np.float32), counts)
    return space, Choice(best.blocks, best.whitening, precision if len(words) > 1 else None)


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    blocks: tuple[Block, ...]
    whitening: float
    columns: Integers  # (c,), of the recipe's blocks
    map: Doubles  # (c, sense_dim)


def _candidates(recipe: Recipe, total: Doubles, dim: int) -> Iterator[_Candidate]:
    """Every choice of blocks, all of them first, with the principal components of their covariance."""
    factors = factors_of(recipe, total, dim)  # (width,)
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


def _pseudo_words(text: SenseText) -> set[SenseToken]:
    """`_USES` uses of each of some lemmas, drawn at random, the same at every run."""
    generator = random.Random(1)
    uses: dict[str, list[SenseToken]] = {}
    for token in text.tokens:
        uses.setdefault(token.lemma, []).append(token)
    enough = sorted(lemma for lemma, tokens in uses.items() if len(tokens) >= _USES)
    lemmas = generator.sample(enough, min(_LEMMAS, len(enough)))
    return {token for lemma in lemmas for token in generator.sample(uses[lemma], _USES)}


def _nearest(words: Sequence[Doubles]) -> float:
    """Two words at a time are taken for one: the share of uses nearest to a use of the same word, (_USES, d) each."""
    right = []
    for pair in zip(words[::2], words[1::2], strict=False):
        rows = np.concatenate(pair)  # (2 * _USES, d)
        rows = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
        likeness = rows @ rows.T  # (2 * _USES, 2 * _USES)
        np.fill_diagonal(likeness, -np.inf)
        right.append(np.mean((likeness.argmax(axis=1) < len(pair[0])) == (np.arange(len(rows)) < len(pair[0]))))
    return float(np.mean(right)) if right else 0.0
