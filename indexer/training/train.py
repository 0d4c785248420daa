"""Training of a biLM (Peters et al. 2018), from texts to a model folder. An interrupted training can be resumed.

The forward and the backward language model share the character CNN and the softmax. With `steps` the result depends on
the settings and the seed only. With `minutes` it also depends on the speed of the machine, because the learning rate
follows the training time.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from ..elmo.bundled import bundled_folder
from ..elmo.config import BiLMConfig
from ..errors import ModelError
from ..runtime import import_tensorflow
from .batches import HELD_OUT, held_out_sentences
from .checkpoint import Checkpoint, load_checkpoint
from .config import TrainConfig, TrainProgress, TrainReport, TrainStage
from .corpus import Corpus, open_corpus, prepare
from .folder import Json, TrainingFolder, locked_folder
from .initial import (
    InitialModel,
    continued_model,
    initial_from_checkpoint,
    network_config,
    new_model,
    read_source,
    size_of,
)
from .text import TextOptions, TextRead, read_sentences
from .word2vec import MIN_TOKENS, warm_start

__all__ = ["CHECKPOINT_EVERY", "TrainConfig", "TrainProgress", "TrainReport", "TrainStage", "train"]

DEFAULT_MINUTES = 60.0
"""Training time in minutes if neither minutes nor steps are given."""
CHECKPOINT_EVERY = 200
"""Default number of steps between two checkpoints."""
MAX_SEED = 2**31 - 1

OnProgress = Callable[[TrainProgress], None]


def train(
    config: TrainConfig,
    out: Path,
    checkpoint_every: int = CHECKPOINT_EVERY,
    on_progress: OnProgress | None = None,
    on_skip: Callable[[str], None] | None = None,
    command: str | None = None,
) -> TrainReport:
    """Train a model and write it to the folder `out`.

    After an interruption the same call resumes from the last checkpoint. After the end it returns the report again.

    Args:
        checkpoint_every: Number of steps between two checkpoints.
        on_skip: Receives one line for each document that cannot be read, during reading.
        command: The command line to show on the model's card.

    Raises:
        ModelError: The folder belongs to another training or is in use. The text is too short. A text or the model to
            continue is unreadable. The training diverged.
        DocumentError: A text does not exist.
        QueryError: The language is not supported.
    """
    config, on_progress = _checked(config), on_progress or (lambda _: None)
    with locked_folder(out) as folder:
        folder.claim(_settings(config))
        if record := folder.record():
            folder.clear()
            return _report(out, record, already=True)
        initial, corpus, read, checkpoint = _begin(config, folder, on_progress, on_skip or (lambda _: None))
        import_tensorflow()
        from .loop import TrainingRun

        run = TrainingRun(config, initial, corpus, folder.checkpoint, checkpoint)
        run.train(checkpoint_every, on_progress)
        results = run.results()
        card = run.card(out.resolve().name, command, results, read.files)
        files = [dataclasses.asdict(file) for file in read.files]
        record = {"settings": _settings(config), "results": results, "files": files, "skipped": read.skipped}
        folder.finish(run.model(), run.output_layer(), card, record)
        return _report(out, record, notices=tuple(f"left out: {part}" for part in initial.left_out))


def _begin(
    config: TrainConfig, folder: TrainingFolder, on_progress: OnProgress, on_skip: Callable[[str], None]
) -> tuple[InitialModel, Corpus, TextRead, Checkpoint | None]:
    """Return the initial model, the prepared text, what was read for it, and the checkpoint if there is one."""
    checkpoint = load_checkpoint(folder.checkpoint)
    resumed = initial_from_checkpoint(checkpoint) if checkpoint else None
    source = read_source(config.source) if config.source and not resumed else None
    network = resumed.model.config if resumed else network_config(config.size, source)
    read = folder.text_read() or _prepare(config, folder, network, on_progress, on_skip)
    corpus = open_corpus(folder.prepared)
    if resumed:
        return resumed, corpus, read, checkpoint
    if source:
        return continued_model(source, corpus, config.seed), corpus, read, None
    initial = new_model(size_of(network), corpus, config.seed)
    return _with_warm_start(initial, corpus, config.seed, on_progress), corpus, read, None


def _prepare(
    config: TrainConfig,
    folder: TrainingFolder,
    network: BiLMConfig,
    on_progress: OnProgress,
    on_skip: Callable[[str], None],
) -> TextRead:
    """Read the texts and write the prepared text into the folder."""
    for text in config.texts:
        if not text.exists():
            raise ModelError(f"{text} does not exist; check the path of the text")
    read = TextRead([], [])

    def skip(line: str) -> None:
        read.skipped.append(line)
        on_skip(line)

    def report(sentences: int, tokens: int) -> None:
        on_progress(TrainProgress(TrainStage.READING, tokens, sentences))

    options = TextOptions(config.tokenized, config.language, network.normalise)
    sentences = read_sentences(config.texts, options, skip, read.files.append)
    prepare(sentences, folder.prepared, network.max_characters, report)
    folder.write_text_read(read)
    return read


def _with_warm_start(initial: InitialModel, corpus: Corpus, seed: int, on_progress: OnProgress) -> InitialModel:
    """Return the model with word2vec vectors in its output layer, if its recipe asks for it and the text is long."""
    tokens = len(corpus.tokens)
    if not initial.recipe.warm_start or tokens < MIN_TOKENS:
        return initial

    def report(fraction: float) -> None:
        on_progress(TrainProgress(TrainStage.WORD_VECTORS, tokens, fraction=fraction))

    held_out = held_out_sentences(corpus, HELD_OUT)
    return dataclasses.replace(initial, output=warm_start(initial.output, corpus, seed, report, held_out))


def _checked(config: TrainConfig) -> TrainConfig:
    """Return the configuration with a time budget.

    Raises:
        ModelError: A value is out of range, or two values exclude each other.
    """
    if config.minutes is not None and config.steps is not None:
        raise ModelError("both --minutes and --steps are given; give one of them")
    if any(budget is not None and budget <= 0 for budget in (config.minutes, config.steps)):
        raise ModelError("--minutes and --steps must be more than 0; give a larger number")
    if not 0 <= config.seed <= MAX_SEED:
        raise ModelError(f"the seed is {config.seed}; give a number from 0 to {MAX_SEED}")
    if config.freeze_characters and config.source is None:
        raise ModelError("--freeze-characters needs a model with a trained character CNN; name its model with --from")
    if config.learning_rate is not None and not 0 < config.learning_rate <= 1:
        raise ModelError(f"the learning rate is {config.learning_rate:g}; give one above 0 and up to 1")
    if config.dropout is not None and not 0 <= config.dropout < 1:
        raise ModelError(f"the dropout is {config.dropout:g}; give a share from 0 to less than 1")
    if not config.texts:
        raise ModelError("there is no text to train on; name files or folders")
    unlimited = config.minutes is None and config.steps is None
    return dataclasses.replace(config, minutes=DEFAULT_MINUTES) if unlimited else config


def _settings(config: TrainConfig) -> Json:
    """Return the settings that must be equal for two runs to be the same training."""
    source = config.source
    if source is not None and "://" not in source and bundled_folder(source) is None:
        source = str(Path(source).expanduser().resolve())
    return {
        "text": [str(text.resolve()) for text in config.texts],
        "--size": config.size and config.size.value,
        "--minutes": config.minutes,
        "--steps": config.steps,
        "--seed": config.seed,
        "--from": source,
        "--tokenized": config.tokenized,
        "--language": config.language,
        "--freeze-characters": config.freeze_characters or None,
        "--learning-rate": config.learning_rate,
        "--dropout": config.dropout,
    }


def _report(out: Path, record: Json, already: bool = False, notices: tuple[str, ...] = ()) -> TrainReport:
    results, skipped = record["results"], tuple(record.get("skipped", ()))
    after = results["perplexity"]["after"]
    steps, tokens, seconds = results["steps"], results["tokens"], results["seconds"]
    return TrainReport(out, steps, tokens, seconds, after["forward"], after["backward"], already, notices, skipped)
