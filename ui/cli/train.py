"""The command that trains models and taggers, and fits sense spaces and sentence spaces."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .command_line import shareable_command
from .help import Command, FilePath, argument
from .options import SOURCES, Decorated, quiet_option
from .printing import note, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...indexer.training.config import TrainProgress
    from ...indexer.training.sense_space.train import SenseConfig
    from ...indexer.training.sentence_space.config import SentenceConfig, SentenceProgress
    from ...indexer.training.tagger.config import TaggerConfig, TaggerProgress, TaggerReport

_TRAINING_ONLY = (
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
"""Names of the parameters that have no meaning with --sense-space."""
_NOT_FOR_SENTENCES = (*(name for name in _TRAINING_ONLY if name != "seed"), "tokenized", "gold")
"""Names of the parameters that have no meaning with --sentence-space."""
_SENTENCES_ONLY = ("teacher", "sentences", "dim")
"""Names of the parameters that have no meaning without --sentence-space."""
_NOT_FOR_TAGGERS = (*_NOT_FOR_SENTENCES, *_SENTENCES_ONLY, "sentence_space")
"""Names of the parameters that have no meaning with --tagger."""
_DISPLAY = ("quiet", "checkpoint_every")
"""Names of the parameters that do not affect the trained model."""
NOTE_EVERY = 30
"""Seconds between two lines of progress, where standard error is not a terminal."""
CHECKPOINT_NOTE_EVERY = 10
"""Minimum number of seconds between a line of progress and one for a checkpoint, in the same case."""


def _sentence_number(name: str, shown: str, what: str) -> Callable[[Decorated], Decorated]:
    """Return a decorator that adds an option with a number of 1 or more, for --sentence-space alone."""
    explained = f"{what} Requires --sentence-space."
    return click.option(name, type=click.IntRange(1), metavar="N", show_default=shown, help=explained)


@click.command(cls=Command)
@argument(
    "texts",
    "Files and folders to train on, in any format that `polyseme index` reads, also compressed (.xz, .gz, .bz2). With"
    " --tokenized, text files.",
    nargs=-1,
    type=FilePath(),
    metavar="TEXT",
)
@click.option("--out", required=True, type=FilePath(), metavar="DIR", help="Model folder to write.")
@click.option(
    "--size",
    type=click.Choice(["tiny", "small", "medium", "original"]),
    show_default="small, or the size of the --from model",
    help="Size of a new model.",
)
@click.option(
    "--minutes",
    type=click.FloatRange(0, min_open=True),
    metavar="N",
    show_default="60, unless --steps is given",
    help="Training time in minutes.",
)
@click.option(
    "--steps",
    type=click.IntRange(1),
    metavar="N",
    show_default="as many as the time allows",
    help="Number of training steps, instead of a time.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    metavar="N",
    help="Random seed. The same seed and number of steps give the same model. When you continue with --from, pass a new"
    " seed so that the text is shuffled differently.",
)
@click.option(
    "--from",
    "source",
    metavar="SOURCE",
    show_default="a new model",
    help=f"Continue the training of a model: {SOURCES}",
)
@click.option(
    "--freeze-characters", is_flag=True, help="Do not train the character CNN of the --from model. Doubles the speed."
)
@click.option(
    "--learning-rate",
    type=float,
    metavar="RATE",
    show_default="set by the size, half of it with --from",
    help="Maximum learning rate of the Adam optimiser.",
)
@click.option(
    "--dropout",
    type=float,
    metavar="SHARE",
    show_default="set by the size",
    help="Dropout probability at the input of each layer.",
)
@click.option(
    "--sense-space",
    "gold",
    metavar="GOLD",
    show_default="train a model",
    help="Fit a sense space to the model of --model: from SemCor, from a table of judged words, or from TEXT alone"
    " ('unlabelled').",
)
@click.option(
    "--sentence-space",
    is_flag=True,
    help="Fit sentence vectors to the model of --model. They learn from the vectors of --teacher, on TEXT.",
)
@click.option(
    "--teacher",
    type=FilePath(),
    metavar="FOLDER",
    show_default="required by --sentence-space",
    help="Sentence transformer to learn from, a folder.",
)
@_sentence_number("--sentences", "400000", "Maximum number of sentences of TEXT to learn from.")
@click.option(
    "--tagger",
    "treebank",
    type=FilePath(),
    metavar="FILE",
    show_default="no tagger",
    help="Train a tagger of parts of speech for the model of --model, on a treebank in CoNLL-U. It may be compressed.",
)
@click.option(
    "--epochs",
    type=click.IntRange(1),
    metavar="N",
    show_default="4, with --tagger 6",
    help="Number of passes over the sentences. Requires --sentence-space or --tagger.",
)
@_sentence_number("--dim", "256, or as the teacher if that is less", "Number of dimensions of a sentence vector.")
@click.option(
    "--model",
    metavar="SOURCE",
    show_default="'default', the bundled model",
    help="Model to fit a sense space, a sentence space or a tagger to: 'default', a folder, a file or a TF-Hub handle.",
)
@click.option("--tokenized", is_flag=True, help="Read TEXT as one sentence per line, with spaces between tokens.")
@click.option(
    "--language", default="en", metavar="CODE", help="Language code of untokenised text, such as en, de or fr."
)
@click.option(
    "--checkpoint-every",
    type=click.IntRange(1),
    default=200,
    metavar="STEPS",
    help="Number of steps between checkpoints.",
)
@quiet_option
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
    sentence_space: bool,
    teacher: Path | None,
    sentences: int | None,
    treebank: Path | None,
    epochs: int | None,
    dim: int | None,
    model: str | None,
    tokenized: bool,
    language: str,
    checkpoint_every: int,
    quiet: bool,
) -> int:
    """Train an ELMo on files and folders, or fit a sense space, a sentence space or a tagger to a model.

    Run the same command again to resume an interrupted training.

    With --sense-space, the command fits the map from a model's states to its sense vectors. GOLD is one of three:

    \b
    - SemCor 3.0 (archive or folder) gives a new map.
      TEXT is optional and teaches the topics of words.
    - A table of judged words in TEXT adapts the model's map. Its columns,
      separated by tabs, are document_id, start, end, lemma and sense.
    - The word 'unlabelled' fits a map to TEXT without any senses.

    With --sentence-space, the command fits the vectors of sentences to those of a sentence transformer.

    With --tagger, the command trains a tagger of parts of speech, and learns rules for lemmas from the same treebank.
    """
    context = click.get_current_context()
    if treebank is not None:
        _refuse(context, _NOT_FOR_TAGGERS, "cannot be used with --tagger")
        if texts:
            raise click.UsageError("--tagger reads its treebank alone; leave out TEXT")
        from ...indexer.training.tagger.config import EPOCHS as TAGGER_EPOCHS
        from ...indexer.training.tagger.config import TaggerConfig

        tagger_epochs = TAGGER_EPOCHS if epochs is None else epochs
        tagger_config = TaggerConfig(treebank, model or "default", language, tagger_epochs, seed)
        fit_tagger(tagger_config, out, shareable_command(context, leave_out=_DISPLAY), quiet)
        return 0
    if sentence_space:
        _refuse(context, _NOT_FOR_SENTENCES, "cannot be used with --sentence-space")
        if teacher is None:
            raise click.UsageError("--sentence-space requires --teacher with the folder of a sentence transformer")
        if not texts:
            raise click.UsageError("Missing argument 'TEXT...'.")
        from ...indexer.training.sentence_space.config import EPOCHS, SENTENCES, SentenceConfig

        sentence_config = SentenceConfig(
            texts=texts,
            source=model or "default",
            language=language,
            sentences=SENTENCES if sentences is None else sentences,
            epochs=EPOCHS if epochs is None else epochs,
            dim=dim,
            seed=seed,
        )
        return fit_sentence_space(sentence_config, teacher, out, shareable_command(context, leave_out=_DISPLAY), quiet)
    _refuse(context, _SENTENCES_ONLY, "requires --sentence-space")
    _refuse(context, ("epochs",), "requires --sentence-space or --tagger")
    if gold is not None:
        _refuse(context, _TRAINING_ONLY, "cannot be used with --sense-space")
        from ...indexer.training.sense_space.train import SenseConfig

        sense_config = SenseConfig(
            gold=gold, source=model or "default", texts=texts, language=language, tokenized=tokenized
        )
        fit_sense_space(sense_config, out, shareable_command(context, leave_out=_DISPLAY), quiet)
        return 0
    _refuse(
        context, ("model",), "requires --sense-space, --sentence-space or --tagger; to continue a model, use --from"
    )
    if not texts:
        raise click.UsageError("Missing argument 'TEXT...'.")
    from ...indexer.training.config import Size
    from ...indexer.training.train import TrainConfig
    from ...indexer.training.train import train as run
    from ..formats import duration

    config = TrainConfig(
        texts=texts,
        size=Size(size) if size else None,
        minutes=minutes,
        steps=steps,
        seed=seed,
        source=source,
        tokenized=tokenized,
        language=language,
        freeze_characters=freeze_characters,
        learning_rate=learning_rate,
        dropout=dropout,
    )
    report = run(
        config,
        out,
        checkpoint_every,
        None if quiet else TrainingLines(),
        lambda line: note(f"skipped {line}"),
        command=shareable_command(context, leave_out=_DISPLAY),
    )
    for notice in report.notices:
        note(notice)
    note(
        f"{out}: trained{' already, nothing left to do' if report.already else ''}; {report.steps} steps,"
        f" {report.tokens} tokens in {duration(report.seconds)}, held-out perplexity forward {report.forward:.1f},"
        f" backward {report.backward:.1f}{skipped_text(report.skipped)}"
    )
    return 3 if report.skipped else 0


def skipped_text(skipped: Sequence[str]) -> str:
    """Return how many documents could not be read, and the first of them, or an empty string."""
    return f"; {len(skipped)} document{'s' * (len(skipped) > 1)} skipped, the first: {skipped[0]}" if skipped else ""


def _refuse(context: click.Context, names: tuple[str, ...], problem: str) -> None:
    """Raise a usage error if one of these parameters was given."""
    for name in names:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            option = {"source": "from", "gold": "sense-space", "treebank": "tagger"}.get(name, name).replace("_", "-")
            raise click.UsageError(f"--{option} {problem}")


def fit_sense_space(config: SenseConfig, out: Path, command: str, quiet: bool) -> None:
    """Fit a sense space, write the model and report the result. `command` is recorded on the model's card."""
    from ...indexer.training.sense_space.train import train_sense_space
    from ..formats import duration

    lines = SenseLines()
    report = train_sense_space(config, out, None if quiet else lines, None if quiet else lines.topics, command=command)
    for notice in report.notices:
        note(notice)
    note(
        f"{out}: sense vectors of {report.dim}, {report.method}: {report.tokens} words, {report.senses} senses of"
        f" {report.lemmas} lemmas, in {duration(report.seconds)}"
    )


def fit_sentence_space(config: SentenceConfig, teacher: Path, out: Path, command: str, quiet: bool) -> int:
    """Fit a sentence space, write the model and report the result. `command` is recorded on the model's card."""
    from ...indexer.sentence_models import load_sentence_model
    from ...indexer.training.sentence_space.train import train_sentence_space
    from ..formats import duration

    report = train_sentence_space(
        config,
        load_sentence_model(teacher),
        out,
        (lambda progress: None) if quiet else SentenceLines(),
        lambda line: note(f"skipped {line}"),
        command,
    )
    note(
        f"{out}: sentence vectors of {report.dim}, fitted {'already, nothing left to do' if report.already else 'to'}"
        f"{'' if report.already else f' {report.texts} texts in {duration(report.seconds)}'}; correlation with the"
        f" teacher on held-out sentences {report.correlation:.3f}, without this map {report.before:.3f}"
        f"{skipped_text(report.skipped)}"
    )
    return 3 if report.skipped else 0


def fit_tagger(config: TaggerConfig, out: Path, command: str, quiet: bool) -> None:
    """Train a tagger, write the model and report the result. `command` is recorded on the model's card."""
    from ...indexer.training.tagger.train import train_tagger

    report = train_tagger(config, out, (lambda progress: None) if quiet else SentenceLines(), command)
    note(f"{out}: {tagger_text(report)}")


def tagger_text(report: TaggerReport) -> str:
    """Return the result of training a tagger in one line."""
    from ..formats import duration

    accuracy = {"upos": report.accuracy.upos, "xpos": report.accuracy.xpos, "lemma": report.accuracy.lemma}
    shares = ", ".join(f"{name} {100 * share:.1f} %" for name, share in accuracy.items() if share is not None)
    done = "already, nothing left to do" if report.already else f"on {report.sentences} sentences"
    time_taken = "" if report.already else f" in {duration(report.seconds)}"
    return f"tagger trained {done}{time_taken}; accuracy on {report.held_out} held-out sentences: {shares}"


class SentenceLines:
    """Lines of progress on standard error while a sentence space or a tagger is fitted."""

    def __init__(self) -> None:
        self.stage = ""
        self.last = 0.0

    def __call__(self, progress: SentenceProgress | TaggerProgress) -> None:
        """Show an event, if it begins a stage or a line is due."""
        if progress.stage == self.stage and time.monotonic() - self.last < NOTE_EVERY:
            return
        self.stage, self.last = progress.stage, time.monotonic()
        if progress.total is None:
            note("reading the texts")
            return
        loss = "" if progress.loss is None else f", loss {progress.loss:.3f}"
        share = progress.done / max(progress.total, 1)
        note(f"{share:4.0%}  {progress.done} of {progress.total} {progress.stage.value}{loss}")


class SenseLines:
    """Lines of progress on standard error while a sense space is fitted."""

    def __init__(self) -> None:
        self.last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        """Report how many words have been read, if a line is due."""
        if time.monotonic() - self.last >= NOTE_EVERY:
            self.last = time.monotonic()
            note(f"{done} of {total} words read")

    def topics(self, done: float) -> None:
        """Report which share of the topics has been learnt, 0 to 1, if a line is due."""
        if time.monotonic() - self.last >= NOTE_EVERY:
            self.last = time.monotonic()
            note(f"{done:4.0%}  learning the topics of words")


def training_text(event: TrainProgress) -> str:
    """Return the progress of a training in one line."""
    from ..formats import duration

    if event.stage.value == "word vectors":
        return f"{event.fraction or 0:4.0%}  word2vec on {event.tokens} tokens, to initialise the output layer"
    if event.step is None:
        return f"reading: {event.sentences} sentences, {event.tokens} tokens"
    return (
        f"{event.fraction or 0:4.0%}  step {event.step}, {event.tokens / 1e6:.2f}M tokens,"
        f" {event.tokens_per_second or 0:.0f} tokens/s, loss {event.loss:.3f}, perplexity forward {event.forward:.1f}"
        f" backward {event.backward:.1f}, {duration(event.seconds_left or 0)} left"
    )


class TrainingLines:
    """Progress of a training on standard error.

    On a terminal, one line is overwritten, and a line per checkpoint stays. Elsewhere, a line is written every 30
    seconds, and one per checkpoint, but at most one line in 10 seconds.
    """

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty()
        self.last = 0.0
        self.width = 0

    def __call__(self, event: TrainProgress) -> None:
        """Show an event, if a line is due."""
        now = time.monotonic()
        stays = event.stage.value == "checkpoint"
        pause = 0.2 if self.terminal else CHECKPOINT_NOTE_EVERY if stays else NOTE_EVERY
        if now - self.last < pause and not (stays and self.terminal):
            return
        self.last = now
        text = training_text(event)
        self.width = max(self.width, len(text))
        if self.terminal:
            say("\r" + text.ljust(self.width), end="\n" if stays else "")
        else:
            say(text)
