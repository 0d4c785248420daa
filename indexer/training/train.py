"""Training a biLM (Peters et al. 2018) from text to a model folder: prepare, train, measure, write; resume anywhere.

The forward and the backward language model share the character CNN and the softmax. What a run does depends on its
settings and its seed alone; with `steps` also its result. With `minutes` the learning rate follows the time trained.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from ..elmo.bundled import bundled_folder
from ..elmo.config import BiLMConfig
from ..errors import ModelError
from ..runtime import import_tensorflow
from .batches import HELD_OUT, held_out_sentences
from .checkpoint import Saved, load_checkpoint
from .config import TrainConfig, TrainProgress, TrainReport, TrainStage
from .corpus import Corpus, open_corpus, prepare
from .folder import Json, TrainingFolder, held_folder
from .initial import Start, continued, network_config, new_start, read_source, size_of, start_again
from .text import TextOptions, TextRead, read_sentences
from .word2vec import ENOUGH, warm_rows

__all__ = ["CHECKPOINT_EVERY", "TrainConfig", "TrainProgress", "TrainReport", "TrainStage", "train"]

MINUTES = 60.0
"""Time budget if neither minutes nor steps are given."""
CHECKPOINT_EVERY = 200
MOST_SEED = 2**31 - 1

Told = Callable[[TrainProgress], None]


def train(
    config: TrainConfig,
    out: Path,
    checkpoint_every: int = CHECKPOINT_EVERY,
    told: Told | None = None,
    on_skip: Callable[[str], None] | None = None,
    command: str | None = None,
) -> TrainReport:
    """Train to the end and leave a model folder at `out`; the same call again resumes, or says that it is done.

    `on_skip` is told of each document that cannot be read, in one line, when that is found. `command` is the command
    line that the model's card names.

    Raises:
        ModelError: the folder is another training's or in use, the text is too little or cannot be read, the model
            to continue cannot be read, or the training diverged.
        DocumentError: a text does not exist.
        QueryError: there is no such language.
    """
    config, told = _checked(config), told or (lambda _: None)
    with held_folder(out) as folder:
        folder.claim(_settings(config))
        if record := folder.record():
            folder.clear()
            return _report(out, record, already=True)
        start, corpus, read, saved = _begun(config, folder, told, on_skip or (lambda _: None))
        import_tensorflow()
        from .loop import Run

        run = Run(config, start, corpus, folder.checkpoint, saved)
        run.train(checkpoint_every, told)
        results = run.results()
        card = run.card(out.resolve().name, command, results, read.files)
        files = [dataclasses.asdict(file) for file in read.files]
        record = {"settings": _settings(config), "results": results, "files": files, "skipped": read.skipped}
        folder.finish(run.model(), run.output_layer(), card, record)
        return _report(out, record, notices=tuple(f"left out: {part}" for part in start.left_out))


def _begun(
    config: TrainConfig, folder: TrainingFolder, told: Told, on_skip: Callable[[str], None]
) -> tuple[Start, Corpus, TextRead, Saved | None]:
    """Where the training stands: the model as it starts, or as the last checkpoint has it, and the prepared text."""
    saved = load_checkpoint(folder.checkpoint)
    again = start_again(saved) if saved else None
    source = read_source(config.source) if config.source and not again else None
    network = again.model.config if again else network_config(config.size, source)
    read = folder.reading() or _prepared(config, folder, network, told, on_skip)
    corpus = open_corpus(folder.prepared)
    if again:
        return again, corpus, read, saved
    if source:
        return continued(source, corpus, config.seed), corpus, read, None
    start = _warmed(new_start(size_of(network), corpus, config.seed), corpus, config.seed, told)
    return start, corpus, read, None


def _prepared(
    config: TrainConfig, folder: TrainingFolder, network: BiLMConfig, told: Told, on_skip: Callable[[str], None]
) -> TextRead:
    """Read the texts, which then lie prepared in the folder."""
    for text in config.texts:
        if not text.exists():
            raise ModelError(f"{text} does not exist; check the path of the text")
    read = TextRead([], [])

    def skipped(line: str) -> None:
        read.skipped.append(line)
        on_skip(line)

    def heard(n: int, tokens: int) -> None:
        told(TrainProgress(TrainStage.READING, tokens, n))

    options = TextOptions(config.tokenized, config.language, network.normalise)
    sentences = read_sentences(config.texts, options, skipped, read.files.append)
    prepare(sentences, folder.prepared, network.max_characters, heard)
    folder.keep_reading(read)
    return read


def _warmed(start: Start, corpus: Corpus, seed: int, told: Told) -> Start:
    """The start with word2vec's vectors in its output layer, if its recipe wants them and there is enough text."""
    tokens = len(corpus.tokens)
    if not start.recipe.warm or tokens < ENOUGH:
        return start

    def reported(fraction: float) -> None:
        told(TrainProgress(TrainStage.WORD_VECTORS, tokens, fraction=fraction))

    held_out = held_out_sentences(corpus, HELD_OUT)
    return dataclasses.replace(start, output=warm_rows(start.output, corpus, seed, reported, held_out))


def _checked(config: TrainConfig) -> TrainConfig:
    """The configuration with its time budget; raises `ModelError` for one that makes no sense."""
    if config.minutes is not None and config.steps is not None:
        raise ModelError("both --minutes and --steps are given; give one of them")
    if any(budget is not None and budget <= 0 for budget in (config.minutes, config.steps)):
        raise ModelError("a training needs more than no time and no steps; give a larger number")
    if not 0 <= config.seed <= MOST_SEED:
        raise ModelError(f"the seed is {config.seed}; give a number from 0 to {MOST_SEED}")
    if config.freeze_characters and config.source is None:
        raise ModelError("--freeze-characters leaves a trained character CNN as it is; name its model with --from")
    if config.learning_rate is not None and not 0 < config.learning_rate <= 1:
        raise ModelError(f"the learning rate is {config.learning_rate:g}; give one above 0 and up to 1")
    if config.dropout is not None and not 0 <= config.dropout < 1:
        raise ModelError(f"the dropout is {config.dropout:g}; give a share from 0 to less than 1")
    if not config.texts:
        raise ModelError("there is no text to train on; name files or folders")
    unlimited = config.minutes is None and config.steps is None
    return dataclasses.replace(config, minutes=MINUTES) if unlimited else config


def _settings(config: TrainConfig) -> Json:
    """What two runs must share to be one training."""
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
