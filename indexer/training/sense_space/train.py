"""`polyseme train --sense-space`: a model and gold in, the same model with a sense space out."""

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
from .fit import Told, adapt, centre, fit, recipe_for
from .topics import learn_topics
from .unlabelled import fit_unlabelled

UNLABELLED = "unlabelled"
"""Given for GOLD: there is none, the texts alone must do."""
MOST_WORDS = 200_000
"""Words read of texts without senses."""
_COUNTED = 60_000  # forms kept of a text that is counted


class Way(StrEnum):
    """How a sense space came to be."""

    FITTED = "fitted to words with senses"
    ADAPTED = "adapted to words with senses"
    CENTRED = "centred on a text"
    UNLABELLED = "fitted to a text without senses"


@dataclass(frozen=True, slots=True)
class SenseConfig:
    """What to fit: `gold` is SemCor (archive or folder), a table of judged words in `texts`, or `UNLABELLED`.

    With SemCor, `texts` teach the topics of words (`sense_topics`); without any the model's own stay. `tokenized`: they
    are one sentence a line, tokens between spaces.
    """

    gold: str
    source: str
    texts: tuple[Path, ...] = ()
    language: str = "en"
    tokenized: bool = False


@dataclass(frozen=True, slots=True)
class SenseReport:
    """What came of it: tokens with senses (without labels: words), how many senses of how many lemmas."""

    out: Path
    way: Way
    tokens: int
    senses: int
    lemmas: int
    dim: int
    seconds: float
    notices: tuple[str, ...] = ()


def train_sense_space(
    config: SenseConfig,
    out: Path,
    told: Told | None = None,
    told_topics: Callable[[float], None] | None = None,
    command: str | None = None,
) -> SenseReport:
    """Fit a sense space for the model of any source and write both as the new model folder `out`.

    SemCor makes a new space. A table of judged words adapts the model's own, or one made of the texts; texts alone
    centre the model's own on them, or make one. `told` hears how many words of how many have been read, `told_topics`
    how much of the topics is learnt, 0 to 1. `command` is the command line that the model's card names.

    Raises:
        ModelError: the source cannot be read, `out` is there already, or nothing in the gold can be told apart.
        DocumentError: the gold or a text cannot be read, or they do not belong together.
        QueryError: there is no such language.
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
        topics = learn_topics(sentences, list(counts.counts), told_topics or (lambda done: None))
    made = _make(config, model, output, counts, topics, text, told or (lambda done, total: None))
    senses = {(token.lemma, token.sense) for token in text.tokens}
    report = SenseReport(
        out=out,
        way=made.way,
        tokens=len(text.tokens),
        senses=len(senses),
        lemmas=len({lemma for lemma, _ in senses}),
        dim=made.space.dim,
        seconds=time.monotonic() - began,
        notices=tuple(notices),
    )
    half = all(weight.dtype == np.float16 for weight in model.weights.values())
    section = _section(config, command, made, report)
    card = with_section(card_of(config.source, model), section)
    write_model(out, replace(model, sense_space=made.space), card, output_layer=output, half=half)
    return report


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    space: SenseSpace
    way: Way
    how: str  # a sentence for the card


def _make(
    config: SenseConfig,
    model: Model,
    output: OutputLayer | None,
    counts: WordCounts,
    topics: Topics | None,
    text: SenseText,
    told: Told,
) -> _Made:
    encoder, own = ElmoEncoder(model, config.source), model.sense_space
    if config.gold == UNLABELLED and own:
        return _Made(centre(encoder, own, text, told), Way.CENTRED, "")
    if own and not _is_semcor(config.gold):
        return _Made(adapt(encoder, own, text, told), Way.ADAPTED, adapted_text(len(text.tokens)))
    recipe = recipe_for(encoder, output and replace(output, counts=counts), counts, topics)
    if _is_semcor(config.gold):
        return _Made(fit(encoder, text, counts, recipe, told), Way.FITTED, recipe_text(recipe))
    plain = text
    if config.gold != UNLABELLED:
        plain = read_words(config.texts, config.language, MOST_WORDS, lambda _: None)
    space, choice = fit_unlabelled(encoder, plain, counts, recipe, told)
    if config.gold == UNLABELLED:
        return _Made(space, Way.UNLABELLED, choice_text(choice))
    adapted = adapt(encoder, space, text, told)
    return _Made(adapted, Way.ADAPTED, f"{choice_text(choice)} {adapted_text(len(text.tokens))}")


def _read(config: SenseConfig, on_skip: Callable[[str], None]) -> SenseText:
    if config.gold != UNLABELLED and not Path(config.gold).exists():
        raise ModelError(f"{config.gold} does not exist; give SemCor, a table of judged words, or {UNLABELLED}")
    if _is_semcor(config.gold):
        return read_semcor(Path(config.gold))
    if config.tokenized:
        raise ModelError("judged words and texts to centre on are raw; leave --tokenized out")
    if not config.texts:
        raise ModelError(f"{config.gold} needs the texts that it is about; name files or folders")
    if config.gold == UNLABELLED:
        return read_words(config.texts, config.language, MOST_WORDS, on_skip)
    text = read_judged(Path(config.gold), config.texts, config.language, on_skip)
    if text.missed:
        on_skip(f"{text.missed} of the judged stretches are not one token and were left out")
    return text


def _is_semcor(gold: str) -> bool:
    path = Path(gold)
    return gold != UNLABELLED and (path.is_dir() or ".tar" in path.suffixes or path.suffix == ".tgz")


def _read_source(config: SenseConfig, text: SenseText) -> tuple[Model, OutputLayer | None, WordCounts]:
    """The model, its output layer if it has one, and word counts: its own, else English ones, else the text's."""
    model = read_any(config.source)
    folder = model_folder(config.source)
    output = read_output_layer(folder) if folder else None
    known = read_word_counts(folder) if folder else None
    if known:
        return model, output, known
    found = english_counts() if config.language == "en" else _counted(text)
    if output is None:
        return model, None, found
    counts = WordCounts({word: found.counts.get(word, 0) for word in output.words}, found.total)
    return model, output, counts


def _counted(text: SenseText) -> WordCounts:
    forms = Counter(normalise_token(form, tuple(Normalise)) for sentence in text.sentences for form in sentence)
    return WordCounts(dict(forms.most_common(_COUNTED)), forms.total())


def _section(config: SenseConfig, command: str | None, made: _Made, report: SenseReport) -> str:
    gold = [] if config.gold == UNLABELLED else [Path(config.gold)]
    known = not _is_semcor(config.gold) or gold[0].is_file()
    files = files_of([*config.texts, *gold], report.notices) if known else []
    return sense_section(
        SenseFacts(
            space=made.space,
            way=report.way,
            how=made.how,
            command=command,
            tokens=report.tokens,
            senses=report.senses,
            lemmas=report.lemmas,
            seconds=report.seconds,
            files=files,
        )
    )
