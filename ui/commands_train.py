"""The command that trains models."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ui.printing import note

if TYPE_CHECKING:
    from indexer.elmo.training_records import TrainProgress


@click.command()
@click.argument("texts", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="TEXT...")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="The model folder to make.")
@click.option("--size", type=click.Choice(["tiny", "small", "medium", "original"]), help="Of a new model.  [small]")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="How long to train.  [60]")
@click.option("--steps", type=click.IntRange(1), help="How many steps to train, instead of a time.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The same gives the same.")
@click.option("--from", "source", metavar="SOURCE", help="Go on with this model: default, a folder, a hub handle.")
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
    tokenized: bool,
    language: str,
    checkpoint_every: int,
    quiet: bool,
) -> None:
    """Train an ELMo on files and folders; the same command again resumes."""
    from indexer.elmo.train import TrainConfig
    from indexer.elmo.train import train as run
    from indexer.elmo.training_start import Size
    from ui.progress import duration

    config = TrainConfig(texts, Size(size) if size else None, minutes, steps, seed, source, tokenized, language)
    report = run(config, out, checkpoint_every, None if quiet else TrainingLines())
    for notice in report.notices:
        note(notice)
    note(
        f"{out}: trained{' already, nothing left to do' if report.already else ''}; {report.steps} steps,"
        f" {report.tokens} tokens in {duration(report.seconds)}, held-out perplexity forward {report.forward:.1f},"
        f" backward {report.backward:.1f}"
    )


def training_text(event: TrainProgress) -> str:
    """One line that says how far a training is."""
    from ui.progress import duration

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
