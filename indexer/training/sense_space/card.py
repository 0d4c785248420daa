"""The section of a model's card that tells how its sense vectors are made and what they were fitted to."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...elmo.sense_space import BlockKind, SenseSpace
from ..text import TextFile
from .expected import TEMPERATURE
from .fit import STRENGTH, Recipe
from .unlabelled import Choice

TITLE = "## Sense vectors"
_FILES = 20  # that are listed one by one


@dataclass(frozen=True, slots=True, eq=False)
class SenseFacts:
    """Everything that the section tells."""

    space: SenseSpace
    way: str
    how: str
    command: str | None
    tokens: int
    senses: int
    lemmas: int
    seconds: float
    files: Sequence[TextFile]


def sense_section(facts: SenseFacts) -> str:
    """The section, in Markdown."""
    space, words = facts.space, f"{facts.tokens:,} words, {facts.senses:,} senses of {facts.lemmas:,} lemmas"
    command = f"    {facts.command}\n\n" if facts.command else ""
    return f"""{TITLE}
A token's own states mostly say which word it is; what it means shows most in what has not read it. Side by side, for \
the token at t: {"; ".join(_block_text(space, block.kind, block.layer) for block in space.blocks.blocks)}. The sense \
vector is these blocks @ `map` {space.map.shape} - `shift`, compared by cosine.

The map was {facts.way}: {words}. {facts.how}

{command}{facts.seconds:.0f} seconds.{_files(facts.files)}
"""


def recipe_text(recipe: Recipe) -> str:
    """How a space is fitted to words with senses."""
    weights = ", ".join(
        f"{block} {weight:g}" for block, weight in zip(recipe.blocks.blocks, recipe.balance, strict=True)
    )
    return (
        "Linear discriminant analysis, between the senses of a lemma against within a sense, the latter shrunk by"
        f" {recipe.shrinkage:g}; {recipe.dims} dimensions scaled by (l / (1 + l)) ** {recipe.power:g}; blocks weigh"
        f" {weights} at equal variance; centred on the mean of the lemmas' means."
    )


def adapted_text(tokens: int) -> str:
    """How a space is adapted."""
    share = tokens / (tokens + STRENGTH)
    return (
        f"Linear discriminant analysis inside the space that was there, these words counting {share:.0%}"
        f" (n / (n + {STRENGTH})), the rest that all dimensions are alike; the centre moves as far."
    )


def choice_text(choice: Choice) -> str:
    """How a space is made of text alone."""
    blocks = ", ".join(map(str, choice.blocks))
    how = f"Principal components of {blocks}, divided by their variance ** {choice.whitening:g}"
    if choice.precision is None:
        return f"{how}; the text was too short to measure."
    return f"{how}: chosen on pseudo-words, {choice.precision:.1%} of whose uses are nearest to one of the same word."


def _block_text(space: SenseSpace, kind: BlockKind, layer: int) -> str:
    blocks = space.blocks
    words = "layer 0" if blocks.word_mean is None else "layer 0 (less `word_mean`, of unit length)"
    words = words if blocks.topics is None else "`topics`"
    if kind is BlockKind.CONTEXT:
        return f"forward layer {layer} at t - 1 and backward layer {layer} at t + 1, at the ends those at `<S>`, `</S>`"
    if kind is BlockKind.OWN:
        return f"layer {layer} at t itself"
    if kind is BlockKind.BAG:
        return (
            f"the mean of {words} of the other tokens j within {blocks.window}, weighted by 1 / (2 + |t - j|) times"
            f" {blocks.rarity:g} / ({blocks.rarity:g} + relative frequency of the word)"
        )
    groups = 0 if blocks.expected is None else len(blocks.expected.bias)
    return (
        f"the mean of {words} of the words that both directions of layer {layer} expect at t, p(w | before)"
        f" p(w | after) / p(w) to the power of 1 / {TEMPERATURE:g}, over {groups} groups of alike words"
    )


def _files(files: Sequence[TextFile]) -> str:
    if not files:
        return ""
    rows = [f"| `{file.path}` | {file.size:,} | `{file.sha256}` |" for file in files[:_FILES]]
    rest = files[_FILES:]
    rows += [f"| and {len(rest):,} more | {sum(file.size for file in rest):,} | |"] if rest else []
    return "\n\n| file | bytes | sha256 |\n|---|---|---|\n" + "\n".join(rows)
