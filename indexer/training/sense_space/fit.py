"""Sense spaces fitted to text: from words with senses, by adapting one that is there, or from text alone."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...elmo.encoder import ElmoEncoder
from ...elmo.model import OutputLayer
from ...elmo.sense_space import Block, BlockKind, Blocks, SenseSpace, Topics, WordCounts
from ...errors import ModelError
from ...gold.sense_text import SenseText, SenseToken
from ...vectors.arrays import Array, Doubles
from .expected import group_expected, proper_words
from .lda import Scatter, ScatterSums, discriminants

Told = Callable[[int, int], None]  # tokens with senses read, of how many

STRENGTH = 1000
"""How many tokens with senses count as much as the space that they adapt."""
SHRINKAGE, POWER = 0.35, 0.75
CONTEXT, EXPECTED, OWN = 0.7, 0.7, 0.3
"""How much these blocks weigh beside the bag."""
_PART = 1000  # sentences encoded at a time
_STILL = 1e-2
"""Standard deviation of a block below which it is taken not to vary at all: what is left of it is rounding."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a space is fitted; `balance`: how much each block weighs once all have the same total variance."""

    blocks: Blocks
    balance: tuple[float, ...]
    dims: int = 64
    shrinkage: float = SHRINKAGE
    power: float = POWER

    def without(self, kind: BlockKind) -> "Recipe":
        """The same less the blocks of a kind."""
        kept = [pair for pair in zip(self.blocks.blocks, self.balance, strict=True) if pair[0].kind is not kind]
        blocks = replace(self.blocks, blocks=tuple(block for block, _ in kept))
        return replace(self, blocks=blocks, balance=tuple(weight for _, weight in kept))


def recipe_for(
    encoder: ElmoEncoder, output: OutputLayer | None, counts: WordCounts, topics: Topics | None = None
) -> Recipe:
    """The recipe that the tables of docs/sense-space.md reward; without an output layer nothing is expected."""
    words = list(counts.counts) if output is None else list(output.words)
    proper = proper_words(words)
    layer0 = encoder.word_vectors([words[i] for i in proper])  # (n, projection)
    mean = _single(layer0.mean(axis=0)) if proper else None
    context, bag = Block(BlockKind.CONTEXT, encoder.n_layers - 1), Block(BlockKind.BAG)
    own = Block(BlockKind.OWN, 1)
    blocks = Blocks((context, bag, own), word_mean=mean, topics=topics)
    if output is None or not proper:
        return Recipe(blocks, (CONTEXT, 1.0, OWN))
    vectors = blocks.words(layer0) if topics is None else topics.rows([output.words[i] for i in proper])  # (n, d)
    expected = group_expected(output, proper, vectors)
    likely = Block(BlockKind.EXPECTED, encoder.n_layers - 1)
    whole = replace(blocks, blocks=(context, bag, likely, own), expected=expected)
    return Recipe(whole, (CONTEXT, 1.0, EXPECTED, OWN))


def fit(encoder: ElmoEncoder, text: SenseText, counts: WordCounts, recipe: Recipe, told: Told) -> SenseSpace:
    """A space in which senses of a lemma lie apart: discriminant analysis over the text's tokens with senses.

    Raises:
        ModelError: no lemma has two senses in the text.
    """
    _check_senses(text)
    scatter = _scatter_of(encoder, text, recipe.blocks, counts, told)
    factors = factors_of(recipe, scatter.total, encoder.dim)  # (width,)
    dims = min(recipe.dims, len(factors))
    scaled = scatter.scaled(factors)
    map_ = factors[:, None] * discriminants(scaled, dims, recipe.shrinkage, recipe.power)  # (width, dims)
    return SenseSpace(recipe.blocks, _single(map_), _single(scatter.mean @ map_), counts)


def adapt(encoder: ElmoEncoder, space: SenseSpace, text: SenseText, told: Told) -> SenseSpace:
    """The space moved towards tokens with senses, however few: a discriminant analysis inside it.

    The covariances of the n tokens, within and between senses, count n / (n + `STRENGTH`); for the rest all dimensions
    are alike, which leaves the space as it is.

    Raises:
        ModelError: no lemma has two senses in the text.
    """
    _check_senses(text)
    scatter = _scatter_of(encoder, text, space.blocks, space.counts, told)
    inside = scatter.mapped(space.map.astype(np.float64))
    share = inside.rows / (inside.rows + STRENGTH)
    prior = np.eye(space.dim) / space.dim  # (sense_dim, sense_dim)
    within = prior
    if np.trace(inside.within) > _STILL**2 * np.trace(inside.total):  # else each sense was judged once
        within = share * inside.within / np.trace(inside.within) + (1 - share) * prior
    between = share * inside.between / np.trace(inside.between) + (1 - share) * prior
    turned = discriminants(replace(inside, within=within, between=between), space.dim, 0.0, POWER)
    shift = (1 - share) * space.shift + share * inside.mean  # (sense_dim,)
    return replace(space, map=_single(space.map @ turned), shift=_single(shift @ turned))


def centre(encoder: ElmoEncoder, space: SenseSpace, text: SenseText, told: Told) -> SenseSpace:
    """The space centred on a text: the mean of its lemmas' means."""
    scatter = _scatter_of(encoder, text, space.blocks, space.counts, told)
    return replace(space, shift=_single(scatter.mean @ space.map))


def _check_senses(text: SenseText) -> None:
    senses = {(token.lemma, token.sense) for token in text.tokens}
    if len(senses) == len({lemma for lemma, _ in senses}):
        raise ModelError("no word of the gold has two senses, so there is nothing to tell apart; give more of it")


def _scatter_of(encoder: ElmoEncoder, text: SenseText, blocks: Blocks, counts: WordCounts, told: Told) -> Scatter:
    senses = list(dict.fromkeys((token.lemma, token.sense) for token in text.tokens))
    number = {sense: i for i, sense in enumerate(senses)}
    lemmas = {lemma: i for i, lemma in enumerate(dict.fromkeys(lemma for lemma, _ in senses))}
    sums = ScatterSums(blocks.width(encoder.dim), [lemmas[lemma] for lemma, _ in senses])
    for part, rows in rows_of(encoder, text, blocks, counts, told):
        sums.add(rows, np.array([number[token.lemma, token.sense] for token in part]))
    return sums.result()


def rows_of(
    encoder: ElmoEncoder, text: SenseText, blocks: Blocks, counts: WordCounts, told: Told
) -> Iterator[tuple[Sequence[SenseToken], Array]]:
    """The text's tokens with senses, part by part, and their blocks side by side: (n, width)."""
    done = 0
    for part in _parts(text):
        sentences = dict.fromkeys(token.sentence for token in part)
        rows = encoder.blocks([text.sentences[i] for i in sentences], blocks, counts)  # (t, width) each
        found = dict(zip(sentences, rows, strict=True))
        yield part, np.stack([found[token.sentence][token.position] for token in part])
        done += len(part)
        told(done, len(text.tokens))


def _parts(text: SenseText) -> Iterator[Sequence[SenseToken]]:
    """The tokens with senses, those of `_PART` sentences at a time."""
    for _, part in itertools.groupby(text.tokens, key=lambda token: token.sentence // _PART):
        yield list(part)


def factors_of(recipe: Recipe, total: Doubles, dim: int) -> Doubles:
    """What each column is multiplied with, so that the blocks have the variances that the recipe says: (width,).

    `total` (width, width): covariance of the blocks as they are.
    """
    widths = recipe.blocks.widths(dim)
    spread = [np.sqrt(max(part.sum(), 0.0)) for part in np.split(np.diag(total), np.cumsum(widths)[:-1])]
    each = [weight / size if size > _STILL else 0.0 for weight, size in zip(recipe.balance, spread, strict=True)]
    return np.repeat(each, widths)


def _single(array: Doubles) -> Array:
    return np.asarray(array, np.float32)
