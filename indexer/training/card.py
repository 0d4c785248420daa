"""The card of a trained model: the texts it read, how it was trained, and its perplexity."""

import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..elmo.config import BiLMConfig
from .config import TrainingRecipe
from .perplexity import Perplexities
from .text import TextFile, file_rows


@dataclass(frozen=True, slots=True)
class CardFacts:
    """Content of a card."""

    name: str
    command: str | None
    config: BiLMConfig
    recipe: TrainingRecipe
    precision: str
    candidates: int
    source: str | None
    files: Sequence[TextFile]
    sentences: int
    tokens: int  # in the text
    words: int  # in the output layer
    seed: int
    steps: int
    tokens_trained: int
    hours: float
    before: Perplexities
    after: Perplexities
    left_out: Sequence[str]


def card_text(facts: CardFacts) -> str:
    """Return the card in Markdown."""
    config, recipe = facts.config, facts.recipe
    size = f"{config.n_lstm} LSTM layers of {config.cell} cells, projection {config.projection}"
    continued = f" It continues `{facts.source}`." if facts.source else ""
    left_out = f" Not carried over from it: {'; '.join(facts.left_out)}." if facts.left_out else ""
    command = f"    {facts.command}\n\n" if facts.command else ""
    epochs = facts.tokens_trained / max(facts.tokens, 1)
    return f"""# {facts.name}

A character-based bidirectional LSTM language model (ELMo, Peters et al. 2018), trained with Polyseme: {size}, \
{config.n_filters} character filters. The vectors of each layer have {config.dim} dimensions.{continued}{left_out}

## Licence
To be completed before the weights are distributed. The licences of the texts below apply to them.

## Training text
{facts.sentences:,} sentences, {facts.tokens:,} tokens.

| file | bytes | sha256 |
|---|---|---|
{file_rows(facts.files)}

## Training
{command}| | |
|---|---|
| steps, tokens trained on | {facts.steps:,}, {facts.tokens_trained:,} ({epochs:.2f} times the text) |
| time | {facts.hours:.2f} hours on {_machine()} |
| seed | {facts.seed} |
| batch | {recipe.rows} rows of {recipe.steps} tokens, state reset at each sentence |
| softmax | {facts.words:,} words, {facts.candidates:,} candidates |
| optimiser | Adam, maximum learning rate {recipe.rate:g}, linear decay to zero, gradients clipped at norm 1 |
| dropout | {recipe.dropout:g} |
| precision of matrix products | {facts.precision} |
| software | {_libraries()} |

## Perplexity
On {facts.after.tokens:,} held-out tokens, with a vocabulary of {facts.words:,} words. `<UNK>` counts as a word.

| | forward | backward |
|---|---|---|
| before training | {facts.before.forward:.1f} | {facts.before.backward:.1f} |
| after training | {facts.after.forward:.1f} | {facts.after.backward:.1f} |
"""


def _machine() -> str:
    """Return the names of the GPUs, or the CPU architecture."""
    import tensorflow as tf

    gpus = [
        tf.config.experimental.get_device_details(device).get("device_name", "a GPU")
        for device in tf.config.list_physical_devices("GPU")
    ]
    return ", ".join(gpus) or f"CPU ({platform.machine()})"


def _libraries() -> str:
    """Return names and versions of Polyseme, its main libraries and Python."""
    names = [f"{name} {version(name)}" for name in ("tensorflow", "numpy", "safetensors")]
    try:
        ours = f"Polyseme {version('polyseme')}"
    except PackageNotFoundError:
        ours = "Polyseme"
    return ", ".join([f"{ours}{_commit()}", *names, f"Python {platform.python_version()}"])


def _commit() -> str:
    """Return the commit of Polyseme's checkout in parentheses, or nothing if it is not a checkout."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return ""
    try:
        command = ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"]
        return f" ({subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()})"
    except (OSError, subprocess.CalledProcessError):
        return ""
