"""`polyseme train --sense-space`: fit a sense space to a model and write both as a new model folder."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import numpy as np

from ...elmo.bundled import english_counts
from ...elmo.characters import normalise_token
from ...elmo.config import Normalise
from ...elmo.convert import card_of, read_any
from ...elmo.encoder import ElmoEncoder
from ...elmo.formats.card import with_section
from ...elmo.formats.model_folder import read_output_layer, read_word_counts, write_model
from ...elmo.model import Model, OutputLayer
from ...elmo.sense_space import SenseSpace, Topics, WordCounts
from ...elmo.sources import model_folder
from ...errors import ModelError
from ...gold.sense_text import SenseText, read_judged, read_semcor, read_words
from ..text import TextOptions, files_of, read_sentences
from .card import SenseFacts, adapted_text, choice_text, recipe_text, sense_section
from .fit import OnProgress, adapt, centre, fit, recipe_for
from .topics import learn_topics
from .unlabelled import fit_unlabelled

UNLABELLED = "unlabelled"
"""Value of GOLD for texts without sense labels."""
MAX_WORDS = 200_000
"""Maximum number of words to read from texts without sense labels."""
_MAX_COUNTED = 60_000  # forms whose counts are kept, if the counts come from the text


class FitMethod(StrEnum):
    """How a sense space was fitted."""

    FITTED = "fitted to words with senses"
    ADAPTED = "adapted to words with senses"
    CENTRED = "centred on a text"
    UNLABELLED = "fitted to a text without senses"


@dataclass(frozen=True, slots=True)
class SenseConfig:
    """What to fit a sense space to.

    With SemCor, `texts` are only read for topic vectors. Without them the model keeps its own topic vectors.
    """

    gold: str  # SemCor (archive or folder), a table of gold senses of `texts`, or `UNLABELLED`
    source: str  # the model
    texts: tuple[Path, ...] = ()  # files and folders
    language: str = "en"  # of the texts
    tokenized: bool = False  # whether each line of the texts is one sentence, its tokens separated by spaces


@dataclass(frozen=True, slots=True)
class SenseReport:
    """Result of fitting a sense space."""

    out: Path
    method: FitMethod
    tokens: int  # labelled tokens
    senses: int
    lemmas: int
    dim: int  # of the sense vectors
    seconds: float
    notices: tuple[str, ...] = ()


def train_sense_space(
    config: SenseConfig,
    out: Path,
    on_progress: OnProgress | None = None,
    on_topics_progress: Callable[[float], None] | None = None,
    command: str | None = None,
) -> SenseReport:
    """Fit a sense space to a model and write both as the new model folder `out`.

    SemCor makes a new space. A table of gold senses adapts the model's own space, or a space made from the texts if the
    model has none. Texts alone centre the model's own space on them, or make a space.

    Args:
        on_progress: Receives the number of labelled tokens read so far, and their total number.
        on_topics_progress: Receives the fraction of the topic vectors learned, 0 to 1.
        command: The command line to show on the model's card.

    Raises:
        ModelError: The model cannot be read, `out` exists already, or no word has two senses.
        DocumentError: The gold data or a text cannot be read, or they do not fit together.
        QueryError: The language is not supported.
    """
    began = time.monotonic()
    if out.exists():
        raise ModelError(f"{out} exists already; remove it or choose another place")
    notices: list[str] = []
    text = _read(config, notices.append)
    model, output, counts = _read_source(config, text)
    topics = model.sense_space.blocks.topics if model.sense_space else None
    if config.texts and _is_semcor(config.gold):
        options = TextOptions(config.tokenized, config.language, tuple(Normalise))
        sentences = read_sentences(config.texts, options, notices.append)
        topics = learn_topics(sentences, list(counts.counts), on_topics_progress or (lambda done: None))
    fitted = _fit(config, model, output, counts, topics, text, on_progress or (lambda done, total: None))
    senses = {(token.lemma, token.sense) for token in text.tokens}
    report = SenseReport(
        out=out,
        method=fitted.method,
        tokens=len(text.tokens),
        senses=len(senses),
        lemmas=len({lemma for lemma, _ in senses}),
        dim=fitted.space.dim,
        seconds=time.monotonic() - began,
        notices=tuple(notices),
    )
    sentence_space = model.sentence_space
    if sentence_space and sentence_space.reads_sense:
        sentence_space = None
        notices.append("the sentence space is left out, since it reads the old sense vectors; fit it again")
    half = all(weight.dtype == np.float16 for weight in model.weights.values())
    section = _section(config, command, fitted, report)
    card = with_section(card_of(config.source, model), section)
    model = replace(model, sense_space=fitted.space, sentence_space=sentence_space)
    write_model(out, model, card, output_layer=output, half=half)
    return report


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """A fitted space, its method, and sentences about the method for the card."""

    space: SenseSpace
    method: FitMethod
    details: str


def _fit(
    config: SenseConfig,
    model: Model,
    output: OutputLayer | None,
    counts: WordCounts,
    topics: Topics | None,
    text: SenseText,
    on_progress: OnProgress,
) -> _Fitted:
    encoder, own = ElmoEncoder(model, config.source), model.sense_space
    if config.gold == UNLABELLED and own:
        return _Fitted(centre(encoder, own, text, on_progress), FitMethod.CENTRED, "")
    if own and not _is_semcor(config.gold):
        return _Fitted(adapt(encoder, own, text, on_progress), FitMethod.ADAPTED, adapted_text(len(text.tokens)))
    recipe = recipe_for(encoder, output and replace(output, counts=counts), counts, topics)
    if _is_semcor(config.gold):
        return _Fitted(fit(encoder, text, counts, recipe, on_progress), FitMethod.FITTED, recipe_text(recipe))
    plain = text
    if config.gold != UNLABELLED:
        plain = read_words(config.texts, config.language, MAX_WORDS, lambda _: None)
    space, choice = fit_unlabelled(encoder, plain, counts, recipe, on_progress)
    if config.gold == UNLABELLED:
        return _Fitted(space, FitMethod.UNLABELLED, choice_text(choice))
    adapted = adapt(encoder, space, text, on_progress)
    return _Fitted(adapted, FitMethod.ADAPTED, f"{choice_text(choice)} {adapted_text(len(text.tokens))}")


def _read(config: SenseConfig, on_skip: Callable[[str], None]) -> SenseText:
    """Read the gold data and the texts that it is about."""
    if config.gold != UNLABELLED and not Path(config.gold).exists():
        raise ModelError(f"{config.gold} does not exist; give SemCor, a table of gold senses, or {UNLABELLED}")
    if _is_semcor(config.gold):
        return read_semcor(Path(config.gold))
    if config.tokenized:
        raise ModelError("with a table of gold senses, or none, the texts must be raw; leave --tokenized out")
    if not config.texts:
        raise ModelError(f"{config.gold} needs the texts that it is about; name files or folders")
    if config.gold == UNLABELLED:
        return read_words(config.texts, config.language, MAX_WORDS, on_skip)
    text = read_judged(Path(config.gold), config.texts, config.language, on_skip)
    if text.missed:
        on_skip(f"{text.missed} of the judged spans are not one token and were left out")
    return text


def _is_semcor(gold: str) -> bool:
    path = Path(gold)
    return gold != UNLABELLED and (path.is_dir() or ".tar" in path.suffixes or path.suffix == ".tgz")


def _read_source(config: SenseConfig, text: SenseText) -> tuple[Model, OutputLayer | None, WordCounts]:
    """Return the model, its output layer if it has one, and word counts.

    The counts are the model's own, or else those of English text, or else, for other languages, those of `text`.
    """
    model = read_any(config.source)
    folder = model_folder(config.source)
    output = read_output_layer(folder) if folder else None
    own_counts = read_word_counts(folder) if folder else None
    if own_counts:
        return model, output, own_counts
    found = english_counts() if config.language == "en" else _count_words(text)
    if output is None:
        return model, None, found
    counts = WordCounts({word: found.counts.get(word, 0) for word in output.words}, found.total)
    return model, output, counts


def _count_words(text: SenseText) -> WordCounts:
    forms = Counter(normalise_token(form, tuple(Normalise)) for sentence in text.sentences for form in sentence)
    return WordCounts(dict(forms.most_common(_MAX_COUNTED)), forms.total())


def _section(config: SenseConfig, command: str | None, fitted: _Fitted, report: SenseReport) -> str:
    """Return the card's section. It lists the files of the texts and of the gold data, but not of a SemCor folder."""
    gold = [] if config.gold == UNLABELLED else [Path(config.gold)]
    has_files = not _is_semcor(config.gold) or gold[0].is_file()
    files = files_of([*config.texts, *gold], report.notices) if has_files else []
    return sense_section(
        SenseFacts(
            space=fitted.space,
            method=report.method,
            details=fitted.details,
            command=command,
            tokens=report.tokens,
            senses=report.senses,
            lemmas=report.lemmas,
            seconds=report.seconds,
            files=files,
        )
    )
