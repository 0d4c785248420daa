"""The card of a trained model: what it read, how it was trained, how well it predicts."""

import platform
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ..elmo.config import BiLMConfig
from .config import Recipe
from .perplexity import Perplexities
from .text import TextFile

_FILES = 200  # that are listed one by one


@dataclass(frozen=True, slots=True)
class CardFacts:
    """Everything that the card tells."""

    name: str
    command: str | None
    config: BiLMConfig
    recipe: Recipe
    precision: str
    candidates: int
    source: str | None
    files: Sequence[TextFile]
    sentences: int
    tokens: int  # of the text
    words: int  # of the output layer
    seed: int
    steps: int
    seen: int  # tokens read in training
    hours: float
    start: Perplexities
    end: Perplexities
    left_out: Sequence[str]


def card_text(facts: CardFacts) -> str:
    """The card, in Markdown."""
    config, recipe = facts.config, facts.recipe
    parameters = f"{config.n_lstm} LSTM layers of {config.cell} cells, projection {config.projection}"
    continued = f" It continues `{facts.source}`." if facts.source else ""
    left_out = f" Not carried over from it: {'; '.join(facts.left_out)}." if facts.left_out else ""
    command = f"    {facts.command}\n\n" if facts.command else ""
    return f"""# {facts.name}

A character-based bidirectional LSTM language model (ELMo, Peters et al. 2018) trained with Polyseme: {parameters}, \
{config.n_filters} character filters. Every layer gives vectors of {config.dim}.{continued}{left_out}

## Licence
To be filled in by whoever passes these weights on: they carry the conditions of the texts below.

## What it read
{facts.sentences:,} sentences, {facts.tokens:,} tokens.

| file | bytes | sha256 |
|---|---|---|
{_files(facts.files)}

## How it was trained
{command}| | |
|---|---|
| steps, tokens read | {facts.steps:,}, {facts.seen:,} ({facts.seen / max(facts.tokens, 1):.2f} times the text) |
| time | {facts.hours:.2f} hours on {_machine()} |
| seed | {facts.seed} |
| batch | {recipe.rows} rows of {recipe.steps} tokens, state zero at each sentence |
| softmax | {facts.words:,} words, {facts.candidates:,} candidates |
| optimiser | Adam, learning rate {recipe.rate:g} brought to zero, gradients clipped at norm 1 |
| dropout | {recipe.dropout:g} |
| products | {facts.precision} |
| made with | {_libraries()} |

## How well it predicts
Perplexity on {facts.end.tokens:,} held-out tokens over {facts.words:,} words, `<UNK>` counted.

| | forward | backward |
|---|---|---|
| before | {facts.start.forward:.1f} | {facts.start.backward:.1f} |
| after | {facts.end.forward:.1f} | {facts.end.backward:.1f} |
"""


def _files(files: Sequence[TextFile]) -> str:
    rows = [
        f"| `{file.path.replace('|', chr(92) + '|')}` | {file.size:,} | `{file.sha256}` |" for file in files[:_FILES]
    ]
    if len(files) > _FILES:
        rest = files[_FILES:]
        rows.append(f"| and {len(rest):,} more | {sum(file.size for file in rest):,} | see `training.json` |")
    return "\n".join(rows)


def _machine() -> str:
    import tensorflow as tf

    gpus = [
        tf.config.experimental.get_device_details(device).get("device_name", "a GPU")
        for device in tf.config.list_physical_devices("GPU")
    ]
    return ", ".join(gpus) or f"CPU ({platform.machine()})"


def _libraries() -> str:
    names = [f"{name} {version(name)}" for name in ("tensorflow", "numpy", "safetensors")]
    try:
        ours = f"Polyseme {version('polyseme')}"
    except PackageNotFoundError:
        ours = "Polyseme"
    return ", ".join([f"{ours}{_commit()}", *names, f"Python {platform.python_version()}"])


def _commit() -> str:
    """The commit of our own checkout, if it is one."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return ""
    try:
        command = ["git", "-C", str(root), "rev-parse", "--short=12", "HEAD"]
        return f" ({subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()})"
    except (OSError, subprocess.CalledProcessError):
        return ""
