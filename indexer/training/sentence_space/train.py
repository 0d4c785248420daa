"""`polyseme train --sentence-space`: fit a sentence space to a model and write both as a new model folder.

The result depends on the settings, the teacher and the model alone. An interrupted run resumes to the same result.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from ...elmo.bundled import english_counts
from ...elmo.convert import card_of, read_any
from ...elmo.encoder import ElmoEncoder
from ...elmo.formats.card import last_part, with_section
from ...elmo.formats.model_folder import read_output_layer, read_word_counts
from ...elmo.model import Model, OutputLayer
from ...elmo.sense_space import WordCounts
from ...elmo.sentence_space import SentenceSpace
from ...elmo.sources import model_folder
from ...errors import ModelError
from ...sentence_models import SentenceModel
from ...vectorise import as_read
from ...vectors.arrays import Array, unit
from ..checkpoint import load_checkpoint, save_checkpoint
from ..folder import Json, TrainingFolder, locked_folder
from ..text import TextRead
from .card import SentenceFacts, sentence_section, teacher_licence
from .config import (
    DIM,
    MAX_DIM,
    MAX_EPOCHS,
    MAX_SEED,
    MAX_SENTENCES,
    OnProgress,
    SentenceConfig,
    SentenceProgress,
    SentenceReport,
    SentenceStage,
)
from .fit import FitOptions, FitState, checkpoint_of, continued, fit
from .fold import StudentTexts, centred, fold, foreign_factors, mean_vector, rarity, spread
from .prepared import (
    OnPiece,
    counted,
    read_layers,
    read_texts,
    read_words,
    states,
    teacher_vectors,
    token_starts,
    width,
    write_texts,
    write_words,
)
from .student import Arrays, first_parameters
from .text import Drawn, DrawnText, draw_sentences

HELD_OUT, MEASURED = 2_000, 500
"""Number of sentences to hold out, and of those whose pairs are compared. Half of the latter are near to each other."""
MIN_TEXTS = 100
"""Minimum number of texts to fit to."""
_STEPS, _SMALLEST_BATCH = 100, 32  # steps of an epoch that a short text gets by smaller batches, and the least of them
_FIRST = 50_000  # texts from which the first maps are computed
_CENTRE = 20_000  # texts whose mean vector becomes the centre


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """The model to fit to, without a sentence space of its own."""

    model: Model
    output: OutputLayer | None
    encoder: ElmoEncoder
    vocabulary: Sequence[str]
    counts: WordCounts  # that say which words are rare
    has_counts: bool  # whether the counts are its own, not those of English text


def train_sentence_space(
    config: SentenceConfig,
    teacher: SentenceModel,
    out: Path,
    on_progress: OnProgress = lambda progress: None,
    on_skip: Callable[[str], None] = lambda line: None,
    command: str | None = None,
) -> SentenceReport:
    """Fit a sentence space to a model and write both as the new model folder `out`.

    After an interruption the same call resumes. After the end it returns the report again.

    Args:
        on_skip: Receives one line for each document that cannot be read.
        command: The command line to show on the model's card.

    Raises:
        ModelError: The model cannot be read. The folder belongs to another training, is in use or cannot be written.
            The texts have too few usable sentences. The teacher does not work.
        DocumentError: A text does not exist.
        QueryError: The language is not supported.
    """
    began = time.monotonic()
    config = _checked(config, teacher)
    source = _read_source(config.source)
    settings = _settings(config, teacher, source.encoder)
    with locked_folder(out) as folder:
        folder.claim(settings)
        if record := folder.record():
            folder.clear()
            return _report(out, record, began, already=True)
        read, drawn = _texts(config, folder, on_progress, on_skip)
        words, alone, texts = _prepared(folder, drawn, source, teacher, on_progress)
        parameters = _first_parameters(config, source, words, alone, texts, drawn)
        _fit(config, folder, parameters, alone, texts, len(drawn.fitted), on_progress)
        centre = mean_vector(parameters, alone, texts, min(len(drawn.fitted), _CENTRE))
        encoder = source.encoder
        space = fold(parameters, alone, words, read_layers(encoder), encoder.has_sense_space, texts, centre)
        model = replace(source.model, sentence_space=space)
        measured = _measured(drawn, config.seed)
        before, after = _quality(source, ElmoEncoder(model, config.source), drawn, texts, measured)
        results = {
            "texts": len(drawn.fitted),
            "words": len(words),
            "dim": space.dim,
            "held-out correlation": {"before": before, "after": after},
        }
        files = [asdict(file) for file in read.files]
        record = {"settings": settings, "results": results, "files": files, "skipped": read.skipped}
        report = _report(out, record, began)
        section = _section(config, teacher, space, report, len(measured), command, read)
        card = with_section(card_of(config.source, source.model), section)
        half = all(weight.dtype == np.float16 for weight in model.weights.values())
        del texts  # closes the mapped files, which are removed
        folder.finish(model, source.output, card, record, half)
        return report


def _checked(config: SentenceConfig, teacher: SentenceModel) -> SentenceConfig:
    """Return the configuration with a length of vectors.

    Raises:
        ModelError: A value is out of range.
    """
    limits = {"sentences": MAX_SENTENCES, "epochs": MAX_EPOCHS, "dim": min(MAX_DIM, teacher.dim)}
    config = replace(config, dim=min(DIM, teacher.dim)) if config.dim is None else config
    for name, most in limits.items():
        if not 1 <= getattr(config, name) <= most:
            why = ", the length of the teacher's vectors" if name == "dim" and most == teacher.dim else ""
            raise ModelError(f"--{name} is {getattr(config, name)}; give a number from 1 to {most}{why}")
    if not 0 <= config.seed <= MAX_SEED:
        raise ModelError(f"the seed is {config.seed}; give a number from 0 to {MAX_SEED}")
    if not config.texts:
        raise ModelError("there is no text to fit to; name files or folders")
    return config


def _read_source(source: str) -> _Source:
    model = replace(read_any(source), sentence_space=None)
    folder = model_folder(source)
    output = read_output_layer(folder) if folder else None
    counts = read_word_counts(folder) if folder else None
    vocabulary = output.words if output else list(counts.counts) if counts else ()
    encoder = ElmoEncoder(model, source)
    return _Source(model, output, encoder, vocabulary, counts or english_counts(), counts is not None)


def _settings(config: SentenceConfig, teacher: SentenceModel, encoder: ElmoEncoder) -> Json:
    """Return the settings that must be equal for two runs to be the same fit."""
    return {
        "text": [str(text.resolve()) for text in config.texts],
        "--sentence-space": True,
        "--teacher": teacher.id,
        "--model": encoder.model_id,
        "--sentences": config.sentences,
        "--epochs": config.epochs,
        "--dim": config.dim,
        "--seed": config.seed,
        "--language": config.language,
    }


def _texts(
    config: SentenceConfig, folder: TrainingFolder, on_progress: OnProgress, on_skip: Callable[[str], None]
) -> tuple[TextRead, Drawn]:
    """Return what was read and drawn. The texts are read only once.

    Raises:
        ModelError: There are too few usable sentences.
    """
    if read := folder.text_read():
        return read, read_texts(folder.prepared)
    read = TextRead([], [])

    def skip(line: str) -> None:
        read.skipped.append(line)
        on_skip(line)

    on_progress(SentenceProgress(SentenceStage.READING, 0, None))
    drawn = draw_sentences(
        config.texts, config.language, config.sentences, HELD_OUT, config.seed, skip, read.files.append
    )
    if len(drawn.fitted) < MIN_TEXTS:
        found = len(drawn.fitted)
        raise ModelError(
            f"the texts have only {found} usable sentences, of {MIN_TEXTS} that are needed; give more text"
        )
    write_texts(folder.prepared, drawn)
    folder.write_text_read(read)
    return read, drawn


def _prepared(
    folder: TrainingFolder, drawn: Drawn, source: _Source, teacher: SentenceModel, on_progress: OnProgress
) -> tuple[list[str], Array, StudentTexts]:
    """Return the words of the table, the teacher's vectors of them with a last row of zeros, and the texts."""
    prepared, encoder = folder.prepared, source.encoder
    texts = [*drawn.fitted, *drawn.held_out]
    spelled = [counted(encoder, each.tokens) for each in texts]
    words = read_words(prepared)
    if words is None:
        write_words(prepared, source.vocabulary, spelled[: len(drawn.fitted)])
        words = read_words(prepared) or []

    def reported(stage: SentenceStage) -> OnPiece:
        return lambda done, total: on_progress(SentenceProgress(stage, done, total))

    alone = teacher_vectors(prepared, "words", words, teacher, reported(SentenceStage.WORDS)).astype(np.float32)
    alone = np.concatenate([alone - alone.mean(axis=0), np.zeros((1, teacher.dim), np.float32)])
    lines = [each.text for each in texts]
    vectors = teacher_vectors(prepared, "teacher", lines, teacher, reported(SentenceStage.TEACHER))
    found = states(prepared, texts, encoder, reported(SentenceStage.STATES))
    mean, std = spread(found)
    place = {word: row for row, word in enumerate(words)}
    tokens = [token for each in spelled for token in each]
    rows = np.fromiter((place.get(token.lower(), len(words)) for token in tokens), np.int64, len(tokens))
    teacher_units = centred(vectors, len(drawn.fitted))
    rare = rarity(source.counts.frequencies(tokens))
    return words, alone, StudentTexts(found, token_starts(texts), rows, rare, teacher_units, mean, std)


def _first_parameters(
    config: SentenceConfig, source: _Source, words: Sequence[str], alone: Array, texts: StudentTexts, drawn: Drawn
) -> Arrays:
    """Return the parameters before the first step. The counts of a text in another language than the model's count."""
    sample = unit(texts.teacher[: min(len(drawn.fitted), _FIRST)])
    dim = config.dim or DIM
    parameters = first_parameters(width(source.encoder), len(words), sample, dim, config.seed)
    if not source.has_counts and config.language != "en":
        forms = Counter(words[row] for row in texts.rows.tolist() if row < len(words))
        of_texts = WordCounts(forms, len(texts.rows))
        parameters["word_factors"][:-1] = foreign_factors(words, source.counts, of_texts)
    return parameters


def _fit(
    config: SentenceConfig,
    folder: TrainingFolder,
    parameters: Arrays,
    alone: Array,
    texts: StudentTexts,
    fitted: int,
    on_progress: OnProgress,
) -> None:
    """Fit the parameters in place, from the last checkpoint if there is one. Each epoch ends with a checkpoint."""
    batch = min(FitOptions().batch, max(fitted // _STEPS, _SMALLEST_BATCH))
    options = FitOptions(epochs=config.epochs, batch=batch, seed=config.seed)
    checkpoint = load_checkpoint(folder.checkpoint)
    state = continued(checkpoint, parameters, folder.checkpoint) if checkpoint else None

    def report(done: int, steps: int, loss: float) -> None:
        if not np.isfinite(loss):
            raise ModelError("the fit diverged; choose another teacher or other texts")
        on_progress(SentenceProgress(SentenceStage.FITTING, done, steps, loss))

    def save(state: FitState) -> None:
        save_checkpoint(folder.checkpoint, checkpoint_of(parameters, state))

    fit(parameters, alone, fitted, texts.read, options, report, save, state)


def _measured(drawn: Drawn, seed: int) -> list[int]:
    """Return the numbers of the held-out sentences whose pairs are compared."""
    order = np.random.default_rng(seed).permutation(len(drawn.held_out))
    return sorted(order[:MEASURED].tolist())


def _quality(
    source: _Source, fitted: ElmoEncoder, drawn: Drawn, texts: StudentTexts, measured: Sequence[int]
) -> tuple[float, float]:
    """Return the rank correlation of cosines with the teacher's, of pooled and of fitted vectors."""
    sentences = [drawn.held_out[n] for n in measured]
    teacher = unit(texts.teacher[len(drawn.fitted) + np.array(measured, np.int64)])
    pairs = np.triu_indices(len(measured), 1)

    def correlation(encoder: ElmoEncoder) -> float:
        vectors = sentence_vectors(encoder, sentences)
        if encoder is source.encoder:
            vectors = vectors - vectors.mean(axis=0)
        rows = unit(vectors)
        return float(spearmanr((rows @ rows.T)[pairs], (teacher @ teacher.T)[pairs]).statistic)

    return correlation(source.encoder), correlation(fitted)


def sentence_vectors(encoder: ElmoEncoder, texts: Sequence[DrawnText]) -> Array:
    """Return the raw product vectors of texts: (n, e)."""
    sentences = as_read(encoder, [each.tokens for each in texts])
    return np.stack([found.sentence for found in encoder.represent(sentences)])


def _report(out: Path, record: Json, began: float, already: bool = False) -> SentenceReport:
    results = record["results"]
    correlation = results["held-out correlation"]
    return SentenceReport(
        out=out,
        texts=results["texts"],
        words=results["words"],
        dim=results["dim"],
        correlation=correlation["after"],
        before=correlation["before"],
        seconds=time.monotonic() - began,
        already=already,
        skipped=tuple(record["skipped"]),
    )


def _section(
    config: SentenceConfig,
    teacher: SentenceModel,
    space: SentenceSpace,
    report: SentenceReport,
    held_out: int,
    command: str | None,
    read: TextRead,
) -> str:
    facts = SentenceFacts(
        space=space,
        config=config,
        report=report,
        held_out=held_out,
        teacher=last_part(teacher.source),
        licence=teacher_licence(Path(teacher.source)),
        command=command,
        files=read.files,
    )
    return sentence_section(facts)
