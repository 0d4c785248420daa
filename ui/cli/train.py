"""The command that trains models."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .printing import note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...indexer.training.config import TrainProgress

_OF_A_TRAINING = (
    "size",
    "minutes",
    "steps",
    "seed",
    "source",
    "freeze_characters",
    "learning_rate",
    "dropout",
    "checkpoint_every",
)


@click.command()
@click.argument("texts", nargs=-1, type=click.Path(path_type=Path), metavar="[TEXT]...")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="The model folder to make.")
@click.option("--size", type=click.Choice(["tiny", "small", "medium", "original"]), help="Of a new model.  [small]")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="How long to train.  [60]")
@click.option("--steps", type=click.IntRange(1), help="How many steps to train, instead of a time.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The same gives the same.")
@click.option("--from", "source", metavar="SOURCE", help="Go on with this model: default, a folder, a hub handle.")
@click.option("--freeze-characters", is_flag=True, help="Leave the model's character CNN as it is: twice as quick.")
@click.option("--learning-rate", type=float, metavar="RATE", help="At its highest.  [as the size, half with --from]")
@click.option("--dropout", type=float, metavar="SHARE", help="Of what goes into a layer.  [as the size]")
@click.option("--sense-space", "gold", metavar="GOLD", help="Fit a sense space to --model: see above.")
@click.option("--model", metavar="SOURCE", help="The model to fit a sense space to.  [default]")
@click.option("--tokenized", is_flag=True, help="TEXT is one sentence a line, tokens between spaces.")
@click.option("--language", default="en", show_default=True, metavar="CODE", help="Of raw text: en, de, fr, ...")
@click.option("--checkpoint-every", type=click.IntRange(1), default=200, show_default=True, metavar="STEPS")
@click.option("--quiet", is_flag=True, help="No progress.")
def train(
    texts: tuple[Path, ...],
    out: Path,
    size: str | None,
    minutes: float | None,
    steps: int | None,
    seed: int,
    source: str | None,
    freeze_characters: bool,
    learning_rate: float | None,
    dropout: float | None,
    gold: str | None,
    model: str | None,
    tokenized: bool,
    language: str,
    checkpoint_every: int,
    quiet: bool,
) -> int:
    """Train an ELMo on files and folders; the same command again resumes.

    With --sense-space, fit the map to sense vectors of a model that is there: GOLD is SemCor 3.0 (archive or folder;
    TEXT, if there is any, teaches which words keep company), a table of judged words in TEXT (tab-separated:
    document_id, start, end, lemma, sense), which adapts the map, or the word "unlabelled": TEXT alone.
    """
    context = click.get_current_context()
    if gold is not None:
        _refuse(context, _OF_A_TRAINING, "--sense-space")
        fit_sense_space(gold, model or "default", texts, language, tokenized, out, quiet)
        return 0
    _refuse(context, ("model",), "a training; for --sense-space")
    if not texts:
        raise click.UsageError("Missing argument 'TEXT...'.")
    from ...indexer.training.config import Size
    from ...indexer.training.train import TrainConfig
    from ...indexer.training.train import train as run
    from ..formats import duration

    config = TrainConfig(
        texts,
        Size(size) if size else None,
        minutes,
        steps,
        seed,
        source,
        tokenized,
        language,
        freeze_characters,
        learning_rate,
        dropout,
    )
    report = run(
        config, out, checkpoint_every, None if quiet else TrainingLines(), lambda line: note(f"skipped {line}")
    )
    for notice in report.notices:
        note(notice)
    note(
        f"{out}: trained{' already, nothing left to do' if report.already else ''}; {report.steps} steps,"
        f" {report.tokens} tokens in {duration(report.seconds)}, held-out perplexity forward {report.forward:.1f},"
        f" backward {report.backward:.1f}{told_skipped(report.skipped)}"
    )
    return 3 if report.skipped else 0


def told_skipped(skipped: Sequence[str]) -> str:
    """How many documents could not be read, if any."""
    return f"; {len(skipped)} document{'s' * (len(skipped) > 1)} skipped, the first: {skipped[0]}" if skipped else ""


def _refuse(context: click.Context, names: tuple[str, ...], what: str) -> None:
    """Options that were given and mean nothing here are a usage error."""
    for name in names:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            option = {"source": "from"}.get(name, name).replace("_", "-")
            raise click.UsageError(f"--{option} is not for {what}.")


def fit_sense_space(
    gold: str, model: str, texts: tuple[Path, ...], language: str, tokenized: bool, out: Path, quiet: bool
) -> None:
    """Fit a sense space and tell what came of it."""
    from ...indexer.training.sense_space.train import SenseConfig, train_sense_space
    from ..formats import duration

    config = SenseConfig(gold, model, texts, language, tokenized)
    lines = SenseLines()
    report = train_sense_space(config, out, None if quiet else lines, None if quiet else lines.topics)
    for notice in report.notices:
        note(notice)
    note(
        f"{out}: sense vectors of {report.dim}, {report.method}: {report.tokens} words, {report.senses} senses of"
        f" {report.lemmas} lemmas, in {duration(report.seconds)}"
    )


class SenseLines:
    """Tells how many words have been read, every thirty seconds."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Tell, if it is time to."""
        if time.monotonic() - self.last >= 30:
            self.last = time.monotonic()
            note(f"{done} of {total} words read")

    def topics(self, done: float) -> None:
        """The same while topics are learnt."""
        if time.monotonic() - self.last >= 30:
            self.last = time.monotonic()
            note(f"{done:4.0%}  topics of words")


def training_text(event: TrainProgress) -> str:
    """One line that says how far a training is."""
    from ..formats import duration

    if event.stage.value == "word vectors":
        return f"{event.fraction or 0:4.0%}  word vectors of {event.tokens} tokens, as a first output layer"
    if event.step is None:
        return f"reading: {event.sentences} sentences, {event.tokens} tokens"
    return (
        f"{event.fraction or 0:4.0%}  step {event.step}, {event.tokens / 1e6:.2f}M tokens,"
        f" {event.tokens_per_second or 0:.0f} tokens/s, loss {event.loss:.3f}, perplexity forward {event.forward:.1f}"
        f" backward {event.backward:.1f}, {duration(event.seconds_left or 0)} left"
    )


class TrainingLines:
    """Shows events: one line that is overwritten on a terminal, and a line that stays for every checkpoint.

    Elsewhere a line every thirty seconds, and one for every checkpoint, at most one in ten seconds.
    """

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()
        self.last = 0.0
        self.width = 0

    def __call__(self, event: TrainProgress) -> None:
        """Show an event, if it is time to."""
        now = time.monotonic()
        stays = event.stage.value == "checkpoint"
        if now - self.last < (0.2 if self.terminal else 10 if stays else 30) and not (stays and self.terminal):
            return
        self.last = now
        text = training_text(event)
        self.width = max(self.width, len(text))
        if self.terminal:
            sys.stderr.write("\r" + text.ljust(self.width) + ("\n" if stays else ""))
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()
