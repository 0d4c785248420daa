"""The section of a model's card about its sense vectors: the formula, and what the map was fitted to."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...elmo.sense_space import BlockKind, SenseSpace
from ..text import TextFile
from .expected import TEMPERATURE
from .fit import PRIOR_TOKENS, SpaceRecipe
from .unlabelled import BlockChoice

TITLE = "## Sense vectors"
_MAX_FILES = 20  # files listed one by one


@dataclass(frozen=True, slots=True, eq=False)
class SenseFacts:
    """Content of the section."""

    space: SenseSpace
    method: str
    details: str  # sentences about the method
    command: str | None
    tokens: int
    senses: int
    lemmas: int
    seconds: float
    files: Sequence[TextFile]


def sense_section(facts: SenseFacts) -> str:
    """Return the section in Markdown."""
    space, words = facts.space, f"{facts.tokens:,} words, {facts.senses:,} senses of {facts.lemmas:,} lemmas"
    blocks = "\n".join(f"- {_block_text(space, block.kind, block.layer)}" for block in space.blocks.blocks)
    command = f"    {facts.command}\n\n" if facts.command else ""
    return f"""{TITLE}
The states at a token mostly encode which word it is. Its meaning shows best in states that have not read it. These \
blocks of the token at position t are concatenated:

{blocks}

The sense vector is blocks @ `map` {space.map.shape} - `shift`. Sense vectors are compared by cosine.

The map was {facts.method}: {words}. {facts.details}

{command}Fitting took {facts.seconds:.0f} seconds.{_file_table(facts.files)}
"""


def recipe_text(recipe: SpaceRecipe) -> str:
    """Return how a space is fitted to sense-labelled words."""
    weights = ", ".join(
        f"{block}: {weight:g}" for block, weight in zip(recipe.blocks.blocks, recipe.balance, strict=True)
    )
    return (
        "The method is linear discriminant analysis: variance between the senses of a lemma against variance within"
        f" senses. The within-sense covariance is shrunk by {recipe.shrinkage:g}. The {recipe.dims} dimensions are"
        f" scaled by (l / (1 + l)) ** {recipe.power:g}. The weights of the blocks at equal variance are {weights}. The"
        " space is centred on the mean of the lemmas' means."
    )


def adapted_text(tokens: int) -> str:
    """Return how a space is adapted."""
    share = tokens / (tokens + PRIOR_TOKENS)
    return (
        "The method is linear discriminant analysis inside the existing space. These words have a weight of"
        f" {share:.0%} (n / (n + {PRIOR_TOKENS})). The rest of the weight is on equal variance in all dimensions. The"
        " centre moves by the same share."
    )


def choice_text(choice: BlockChoice) -> str:
    """Return how a space is made from text alone."""
    blocks = ", ".join(map(str, choice.blocks))
    method = f"The dimensions are principal components of {blocks}, divided by their variance ** {choice.whitening:g}"
    if choice.precision is None:
        return f"{method}. The text was too short to measure this choice."
    return (
        f"{method}. This choice scored best on pseudo-words: for {choice.precision:.1%} of the uses the nearest use is"
        " of the same word."
    )


def _block_text(space: SenseSpace, kind: BlockKind, layer: int) -> str:
    """Return the formula of a block."""
    blocks = space.blocks
    words = "layer 0" if blocks.word_mean is None else "layer 0 (centred on `word_mean`, then scaled to length 1)"
    words = words if blocks.topics is None else "`topics`"
    if kind is BlockKind.CONTEXT:
        return (
            f"forward layer {layer} at t - 1 and backward layer {layer} at t + 1, which at the ends of the sentence are"
            " the states at `<S>` and `</S>`"
        )
    if kind is BlockKind.OWN:
        return f"layer {layer} at t itself"
    if kind is BlockKind.BAG:
        return (
            f"the mean of {words} of the other tokens j within {blocks.window} tokens, weighted by 1 / (2 + |t - j|)"
            f" times {blocks.rarity:g} / ({blocks.rarity:g} + relative frequency of the word)"
        )
    groups = 0 if blocks.expected is None else len(blocks.expected.bias)
    return (
        f"the mean of {words} of the words that both directions of layer {layer} expect at t, weighted by p(w | before)"
        f" p(w | after) / p(w) to the power of 1 / {TEMPERATURE:g}, over {groups} groups of similar words"
    )


def _file_table(files: Sequence[TextFile]) -> str:
    if not files:
        return ""
    rows = [f"| `{file.path}` | {file.size:,} | `{file.sha256}` |" for file in files[:_MAX_FILES]]
    rest = files[_MAX_FILES:]
    rows += [f"| and {len(rest):,} more | {sum(file.size for file in rest):,} | |"] if rest else []
    return "\n\n| file | bytes | sha256 |\n|---|---|---|\n" + "\n".join(rows)
