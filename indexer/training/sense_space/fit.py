"""Fit sense spaces to sense-labelled words, adapt them to more labels, or centre them on a text."""

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
from .expected import alphabetic_words, group_expected
from .lda import Scatter, ScatterSums, discriminants

OnProgress = Callable[[int, int], None]
"""Receives the number of labelled tokens read so far, and their total number."""

PRIOR_TOKENS = 1000
"""Number of labelled tokens that count as much as the existing space when it is adapted."""
SHRINKAGE, POWER = 0.35, 0.75
"""Parameters of the discriminant analysis."""
CONTEXT, EXPECTED, OWN = 0.7, 0.7, 0.3
"""Weights of these blocks. The bag has weight 1."""
_SENTENCES_AT_ONCE = 1000  # sentences encoded at once
_MIN_DEVIATION = 1e-2
"""Standard deviation below which a block counts as constant. Smaller variation is rounding error."""


@dataclass(frozen=True, slots=True)
class SpaceRecipe:
    """Blocks and parameters of a sense space that is to be fitted."""

    blocks: Blocks
    balance: tuple[float, ...]  # weight of each block after all are scaled to the same total variance
    dims: int = 64
    shrinkage: float = SHRINKAGE
    power: float = POWER

    def without(self, kind: BlockKind) -> "SpaceRecipe":
        """Return the recipe without the blocks of a kind."""
        kept = [pair for pair in zip(self.blocks.blocks, self.balance, strict=True) if pair[0].kind is not kind]
        blocks = replace(self.blocks, blocks=tuple(block for block, _ in kept))
        return replace(self, blocks=blocks, balance=tuple(weight for _, weight in kept))


def recipe_for(
    encoder: ElmoEncoder, output: OutputLayer | None, counts: WordCounts, topics: Topics | None = None
) -> SpaceRecipe:
    """Return the recipe that measured best (docs/results/sense-space.md).

    Args:
        output: The model's output layer. Without one the space has no block of expected words.
        topics: Topic vectors for the bag and the expected words. Without them layer 0 is used.
    """
    words = list(counts.counts) if output is None else list(output.words)
    numbers = alphabetic_words(words)
    layer0 = encoder.word_vectors([words[i] for i in numbers])  # (n, projection)
    mean = _float32(layer0.mean(axis=0)) if numbers else None
    context, bag = Block(BlockKind.CONTEXT, encoder.n_layers - 1), Block(BlockKind.BAG)
    own = Block(BlockKind.OWN, 1)
    blocks = Blocks((context, bag, own), word_mean=mean, topics=topics)
    if output is None or not numbers:
        return SpaceRecipe(blocks, (CONTEXT, 1.0, OWN))
    vectors = blocks.words(layer0) if topics is None else topics.rows([output.words[i] for i in numbers])  # (n, d)
    groups = group_expected(output, numbers, vectors)
    expected = Block(BlockKind.EXPECTED, encoder.n_layers - 1)
    all_blocks = replace(blocks, blocks=(context, bag, expected, own), expected=groups)
    return SpaceRecipe(all_blocks, (CONTEXT, 1.0, EXPECTED, OWN))


def fit(
    encoder: ElmoEncoder, text: SenseText, counts: WordCounts, recipe: SpaceRecipe, on_progress: OnProgress
) -> SenseSpace:
    """Fit a space that separates the senses of a lemma, by discriminant analysis of the text's labelled tokens.

    Raises:
        ModelError: No lemma has two senses in the text.
    """
    _check_senses(text)
    scatter = _scatter_of(encoder, text, recipe.blocks, counts, on_progress)
    factors = column_factors(recipe, scatter.total, encoder.dim)  # (width,)
    dims = min(recipe.dims, len(factors))
    scaled = scatter.scaled(factors)
    map_ = factors[:, None] * discriminants(scaled, dims, recipe.shrinkage, recipe.power)  # (width, dims)
    return SenseSpace(recipe.blocks, _float32(map_), _float32(scatter.mean @ map_), counts)


def adapt(encoder: ElmoEncoder, space: SenseSpace, text: SenseText, on_progress: OnProgress) -> SenseSpace:
    """Adapt a space to labelled tokens, even a few of them, by a discriminant analysis inside the space.

    The covariances of the n tokens have weight n / (n + `PRIOR_TOKENS`). The rest of the weight is on a prior with
    equal variance in all dimensions, which alone would leave the space unchanged.

    Raises:
        ModelError: No lemma has two senses in the text.
    """
    _check_senses(text)
    scatter = _scatter_of(encoder, text, space.blocks, space.counts, on_progress)
    inside = scatter.mapped(space.map.astype(np.float64))
    share = inside.rows / (inside.rows + PRIOR_TOKENS)
    prior = np.eye(space.dim) / space.dim  # (sense_dim, sense_dim)
    within = prior
    # Without variance within senses, each sense was judged once and only the prior is used.
    if np.trace(inside.within) > _MIN_DEVIATION**2 * np.trace(inside.total):
        within = share * inside.within / np.trace(inside.within) + (1 - share) * prior
    between = share * inside.between / np.trace(inside.between) + (1 - share) * prior
    rotation = discriminants(replace(inside, within=within, between=between), space.dim, 0.0, POWER)
    shift = (1 - share) * space.shift + share * inside.mean  # (sense_dim,)
    return replace(space, map=_float32(space.map @ rotation), shift=_float32(shift @ rotation))


def centre(encoder: ElmoEncoder, space: SenseSpace, text: SenseText, on_progress: OnProgress) -> SenseSpace:
    """Centre a space on a text: on the mean of its lemmas' means."""
    scatter = _scatter_of(encoder, text, space.blocks, space.counts, on_progress)
    return replace(space, shift=_float32(scatter.mean @ space.map))


def _check_senses(text: SenseText) -> None:
    senses = {(token.lemma, token.sense) for token in text.tokens}
    if len(senses) == len({lemma for lemma, _ in senses}):
        raise ModelError(
            "no word in the gold data has two senses, so there is nothing to separate; give more gold data"
        )


def _scatter_of(
    encoder: ElmoEncoder, text: SenseText, blocks: Blocks, counts: WordCounts, on_progress: OnProgress
) -> Scatter:
    """Return the covariances of the blocks of all labelled tokens."""
    senses = list(dict.fromkeys((token.lemma, token.sense) for token in text.tokens))
    number = {sense: i for i, sense in enumerate(senses)}
    lemmas = {lemma: i for i, lemma in enumerate(dict.fromkeys(lemma for lemma, _ in senses))}
    sums = ScatterSums(blocks.width(encoder.dim), [lemmas[lemma] for lemma, _ in senses])
    for part, rows in block_rows(encoder, text, blocks, counts, on_progress):
        sums.add(rows, np.array([number[token.lemma, token.sense] for token in part]))
    return sums.result()


def block_rows(
    encoder: ElmoEncoder, text: SenseText, blocks: Blocks, counts: WordCounts, on_progress: OnProgress
) -> Iterator[tuple[Sequence[SenseToken], Array]]:
    """Yield the labelled tokens in parts, with their concatenated blocks: (n, width)."""
    done = 0
    for part in _parts(text):
        sentences = dict.fromkeys(token.sentence for token in part)
        rows = encoder.blocks([text.sentences[i] for i in sentences], blocks, counts)  # (t, width) each
        found = dict(zip(sentences, rows, strict=True))
        yield part, np.stack([found[token.sentence][token.position] for token in part])
        done += len(part)
        on_progress(done, len(text.tokens))


def _parts(text: SenseText) -> Iterator[Sequence[SenseToken]]:
    """Yield the labelled tokens of `_SENTENCES_AT_ONCE` sentences at a time."""
    for _, part in itertools.groupby(text.tokens, key=lambda token: token.sentence // _SENTENCES_AT_ONCE):
        yield list(part)


def column_factors(recipe: SpaceRecipe, total: Doubles, dim: int) -> Doubles:
    """Return the factor of each column that gives the blocks their variances in the recipe: (width,).

    Args:
        total: Covariance of the unscaled blocks, (width, width).
        dim: Length of the model's vectors.
    """
    widths = recipe.blocks.widths(dim)
    deviations = [np.sqrt(max(part.sum(), 0.0)) for part in np.split(np.diag(total), np.cumsum(widths)[:-1])]
    factors = [
        weight / deviation if deviation > _MIN_DEVIATION else 0.0
        for weight, deviation in zip(recipe.balance, deviations, strict=True)
    ]
    return np.repeat(factors, widths)


def _float32(array: Doubles) -> Array:
    return np.asarray(array, np.float32)
