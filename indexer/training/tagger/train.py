"""`polyseme train --tagger`: train a tagger on a treebank and write it with its model as a new model folder.

The result depends on the settings, the treebank and the model alone. An interrupted run resumes to the same result.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from ...elmo.characters import normalise_token
from ...elmo.config import Normalise
from ...elmo.convert import card_of, read_any
from ...elmo.encoder import ElmoEncoder
from ...elmo.formats.card import with_section
from ...elmo.formats.model_folder import read_output_layer
from ...elmo.formats.tagger_file import MAX_TAG, MAX_TAGS
from ...elmo.model import Model, OutputLayer
from ...elmo.sources import model_folder
from ...elmo.spelling import FEATURES, spelling_rows
from ...elmo.tagger import Tagger, read_states
from ...elmo.tags import TagSet
from ...errors import DocumentError, ModelError
from ...gold.conllu import GoldSentence, read_treebank
from ...runtime import one_blas_thread
from ...text import TextAnalyser
from ...text.lemma_rules import LemmaRules
from ...vectorise import as_read
from ...vectors.arrays import Half, Tagged
from ..checkpoint import load_checkpoint, save_checkpoint
from ..folder import Json, TrainingFolder, locked_folder
from ..pieces import prepare_states, to_half, unwritable
from ..sentence_space.fit import FitState, checkpoint_of, continued
from ..text import text_file
from .card import TaggerFacts, tagger_section, treebank_licence
from .config import (
    MAX_EPOCHS,
    MAX_SEED,
    Accuracy,
    OnProgress,
    TaggerConfig,
    TaggerProgress,
    TaggerReport,
    TaggerStage,
)
from .fit import FitOptions, TaggerTexts, fit, spread
from .lemmas import learn_lemmas
from .network import Arrays, Sizes, first_parameters
from .text import TaggedText, as_cut, training_texts

MIN_SENTENCES = 50
"""Minimum number of sentences of a treebank."""
HELD_OUT, HELD_OUT_SHARE = 250, 0.05
"""Maximum number of sentences to hold out, and maximum share of the treebank."""
SPELLING, HIDDEN, SECOND = 64, 128, 128
"""Lengths of a sum of table rows and of the two hidden vectors."""
BUCKETS = 8192
"""Number of rows of the table for hashed parts of the spelling."""
MIN_COUNT = 2
"""Number of times that a word must occur to have a row of its own."""
MAX_WORDS = 50_000
"""Maximum number of words with a row of their own."""
MIN_PAIR = 2
"""Number of times that two tags must occur together to be a pair that the tagger may choose."""
NONE = "_"
"""Tag of words without a tag of their own. It also replaces the rarest tags of a treebank with too many."""
_STEPS, _SMALLEST_BATCH, _BATCH = 150, 4, 64  # steps of an epoch that a small treebank gets by smaller batches
_ENCODED = 250  # sentences that are encoded at once


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """The model to train a tagger for, without a tagger of its own."""

    model: Model
    output: OutputLayer | None
    encoder: ElmoEncoder


def train_tagger(
    config: TaggerConfig, out: Path, on_progress: OnProgress = lambda progress: None, command: str | None = None
) -> TaggerReport:
    """Train a tagger on a treebank and write it with its model as the new model folder `out`.

    After an interruption the same call resumes. After the end it returns the report again.

    Args:
        command: The command line to show on the model's card.

    Raises:
        ModelError: The model cannot be read. The folder belongs to another training, is in use or cannot be written.
            The treebank has too few sentences or no tags.
        DocumentError: The treebank cannot be read.
        QueryError: The language is not supported.
    """
    began = time.monotonic()
    _check(config)
    analyser = TextAnalyser(config.language)
    source = _read_source(config.source)
    settings = _settings(config, source.encoder)
    with locked_folder(out) as folder:
        folder.claim(settings)
        if record := folder.record():
            folder.clear()
            return _report(out, record, began, already=True)
        on_progress(TaggerProgress(TaggerStage.READING, 0, None))
        sentences = read_treebank(config.treebank)
        drawn = _held_out(sentences, config)
        fitted = [each for n, each in enumerate(sentences) if n not in drawn]
        held_out = [sentences[n] for n in sorted(drawn)]
        texts = training_texts(sentences, drawn, config.language, config.seed)
        tagset, pairs = _tagset(fitted, config.treebank)
        lemmas = learn_lemmas(_lemma_words(fitted, analyser), analyser.lemma, analyser.language)
        prepared, words = _prepared(folder, texts, tagset, source.encoder, on_progress)
        sizes = Sizes(len(prepared.mean), SPELLING, HIDDEN, HIDDEN, len(tagset.upos), len(tagset.xpos))
        parameters = first_parameters(sizes, len(words) + BUCKETS, config.seed)
        _fit(config, folder, parameters, prepared, sizes, on_progress)
        tagger = fold(parameters, prepared, tagset, pairs, words, _layers(source.encoder), lemmas)
        model = replace(source.model, tagger=tagger)
        accuracy = measured(ElmoEncoder(model, config.source), held_out, analyser)
        results = {
            "sentences": len(sentences),
            "variants": len(texts),
            "held_out": len(held_out),
            "upos": len(tagset.upos),
            "xpos": len(tagset.xpos),
            "rules": len(lemmas.exceptions) + len(lemmas.endings),
            "accuracy": asdict(accuracy),
        }
        file = text_file(config.treebank, config.treebank)
        record = {"settings": settings, "results": results, "files": [asdict(file)], "skipped": []}
        report = _report(out, record, began)
        facts = TaggerFacts(tagger, config, report, treebank_licence(config.treebank), command, file)
        card = with_section(card_of(config.source, source.model), tagger_section(facts))
        half = all(weight.dtype == np.float16 for weight in model.weights.values())
        del prepared  # closes the mapped files, which are removed
        folder.finish(model, source.output, card, record, half)
        return report


def _check(config: TaggerConfig) -> None:
    """Check the numbers of a configuration.

    Raises:
        ModelError: A value is out of range.
    """
    if not 1 <= config.epochs <= MAX_EPOCHS:
        raise ModelError(f"--epochs is {config.epochs}; give a number from 1 to {MAX_EPOCHS}")
    if not 0 <= config.seed <= MAX_SEED:
        raise ModelError(f"the seed is {config.seed}; give a number from 0 to {MAX_SEED}")


def _read_source(source: str) -> _Source:
    model = replace(read_any(source), tagger=None)
    folder = model_folder(source)
    return _Source(model, read_output_layer(folder) if folder else None, ElmoEncoder(model, source))


def _settings(config: TaggerConfig, encoder: ElmoEncoder) -> Json:
    """Return the settings that must be equal for two runs to be the same training."""
    try:
        with config.treebank.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise DocumentError(f"{config.treebank} cannot be read ({error.strerror}); check the path") from error
    return {
        "--tagger": digest,
        "--model": encoder.model_id,
        "--epochs": config.epochs,
        "--seed": config.seed,
        "--language": config.language,
    }


def _held_out(sentences: Sequence[GoldSentence], config: TaggerConfig) -> set[int]:
    """Return the numbers of the sentences to hold out.

    Raises:
        ModelError: There are too few sentences with tags.
    """
    usable = [n for n, each in enumerate(sentences) if any(word.upos for word in each.words)]
    if len(usable) < MIN_SENTENCES:
        raise ModelError(
            f"{config.treebank} has {len(usable)} sentences with tags, of {MIN_SENTENCES} that are needed; give more"
        )
    number = min(HELD_OUT, int(HELD_OUT_SHARE * len(usable)))
    order = np.random.default_rng(config.seed).permutation(len(usable))
    return {usable[place] for place in order[:number].tolist()}


def _tagset(sentences: Sequence[GoldSentence], where: Path) -> tuple[TagSet, Tagged]:
    """Return the tags of a treebank, and the pairs of them that occur together: (p, 2).

    Raises:
        ModelError: It has too many parts of speech, or a strange tag.
    """
    words = [word for sentence in sentences for word in sentence.words if word.upos]
    upos = sorted({word.upos for word in words})
    if len(upos) > MAX_TAGS or any(len(tag) > MAX_TAG or not tag.isprintable() for tag in upos):
        raise ModelError(f"{where} has {len(upos)} parts of speech, or a strange one; {MAX_TAGS} are the most")
    counts = Counter(word.xpos for word in words if 0 < len(word.xpos) <= MAX_TAG and word.xpos.isprintable())
    kept = sorted(counts, key=lambda tag: (-counts[tag], tag))[: MAX_TAGS - 1]
    tagset = TagSet(tuple(upos), tuple(sorted({*kept, NONE} if len(kept) < len(counts) or not kept else kept)))
    places = _places(tagset)
    pairs = Counter(places(word.upos, word.xpos) for word in words)
    found = sorted(pair for pair, count in pairs.items() if count >= MIN_PAIR and -1 not in pair)
    covered = {pair[0] for pair in found}
    most = {pair[0]: pair for pair, _ in reversed(pairs.most_common()) if -1 not in pair}
    found += [most[place] for place in range(len(upos)) if place not in covered and place in most]
    return tagset, np.array(sorted(found), np.uint8)


def _places(tagset: TagSet) -> Callable[[str, str], tuple[int, int]]:
    """Return a function from tags to their places. The place of a tag that is not in the lists is that of `NONE`."""
    upos = {tag: place for place, tag in enumerate(tagset.upos)}
    xpos = {tag: place for place, tag in enumerate(tagset.xpos)}
    return lambda one, other: (upos.get(one, -1), xpos.get(other, xpos.get(NONE, -1)))


def _lemma_words(sentences: Sequence[GoldSentence], analyser: TextAnalyser) -> Iterator[tuple[str, str, str, str]]:
    """Yield the words that lemma rules are learned from: folded form and lemma, and both tags."""
    fold = analyser.folding.lemma
    for word in (word for sentence in sentences for word in sentence.words):
        row = (fold(word.form), fold(word.lemma), word.upos, word.xpos)
        if not any(sign in cell for cell in row for sign in "\t\n"):
            yield row


def _layers(encoder: ElmoEncoder) -> tuple[int, ...]:
    """Return the layers that the tagger reads: all."""
    return tuple(range(encoder.n_layers))


def _width(encoder: ElmoEncoder) -> int:
    """Return the length of the states of a token: half of layer 0, and the other layers."""
    return encoder.dim // 2 + (encoder.n_layers - 1) * encoder.dim


def _prepared(
    folder: TrainingFolder, texts: Sequence[TaggedText], tagset: TagSet, encoder: ElmoEncoder, on_progress: OnProgress
) -> tuple[TaggerTexts, dict[str, int]]:
    """Return the sentences as the network reads them, and the row of each word of the table."""
    read = [_as_counted(tokens) for tokens in as_read(encoder, [text.tokens for text in texts])]
    states = _states(folder.prepared, [text.tokens for text in texts], encoder, on_progress)
    counts = Counter(token.lower() for tokens in read for token in tokens)
    kept = sorted((word for word, count in counts.items() if count >= MIN_COUNT), key=lambda w: (-counts[w], w))
    words = {word: row for row, word in enumerate(filter(_is_storable, kept[:MAX_WORDS]))}
    forms: dict[str, int] = {}
    numbers = [forms.setdefault(token, len(forms)) for tokens in read for token in tokens]
    rows = spelling_rows(list(forms), words, BUCKETS)  # (forms, FEATURES)
    places = _places(tagset)
    tags = [places(word.upos, word.xpos) if word and word.upos else (-1, -1) for text in texts for word in text.words]
    upos, xpos = np.array(tags, np.int64).reshape(-1, 2).T
    mean, std = spread(states)
    starts = np.concatenate([[0], np.cumsum([len(text.tokens) for text in texts], dtype=np.int64)])
    rows = np.where(rows >= 0, rows, len(words) + BUCKETS).reshape(-1, FEATURES)
    return TaggerTexts(states, starts, np.array(numbers, np.int64), rows, upos, xpos, mean, std), words


def _as_counted(tokens: Sequence[str]) -> list[str]:
    """Return tokens with straight quotes, as the tagger looks them up."""
    return [normalise_token(token, tuple(Normalise)) for token in tokens]


def _is_storable(word: str) -> bool:
    """Return whether a word is a line of UTF-8 without tabs."""
    try:
        return bool(word.encode()) and not any(sign in word for sign in "\t\n")
    except UnicodeEncodeError:
        return False


def _states(folder: Path, texts: Sequence[Sequence[str]], encoder: ElmoEncoder, on_progress: OnProgress) -> list[Half]:
    """Return the states of the tokens of sentences. See `prepare_states`.

    Raises:
        ModelError: The folder cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error

    def encode(first: int, end: int) -> Iterator[Half]:
        return _encoded(texts[first:end], encoder)

    def on_piece(done: int, total: int) -> None:
        on_progress(TaggerProgress(TaggerStage.STATES, done, total))

    lengths = [len(text) for text in texts]
    return prepare_states(folder, lengths, _width(encoder), encode, on_piece, "choose another --out")


def _encoded(texts: Sequence[Sequence[str]], encoder: ElmoEncoder) -> Iterator[Half]:
    """Yield the states of each sentence: (t, width)."""
    for start in range(0, len(texts), _ENCODED):
        for states in encoder.encode(as_read(encoder, texts[start : start + _ENCODED])):
            read = np.empty((states.shape[1], _width(encoder)), np.float32)
            read_states(states, _layers(encoder), read)
            yield to_half(read)


def _fit(
    config: TaggerConfig,
    folder: TrainingFolder,
    parameters: Arrays,
    texts: TaggerTexts,
    sizes: Sizes,
    on_progress: OnProgress,
) -> None:
    """Fit the parameters in place, from the last checkpoint if there is one. Each epoch ends with a checkpoint."""
    batch = min(_BATCH, max((len(texts.starts) - 1) // _STEPS, _SMALLEST_BATCH))
    options = FitOptions(epochs=config.epochs, batch=batch, seed=config.seed)
    checkpoint = load_checkpoint(folder.checkpoint)
    state = continued(checkpoint, parameters, folder.checkpoint) if checkpoint else None

    def report(done: int, steps: int, loss: float) -> None:
        if not np.isfinite(loss):
            raise ModelError("the training diverged; choose another model or another treebank")
        on_progress(TaggerProgress(TaggerStage.FITTING, done, steps, loss))

    def save(state: FitState) -> None:
        save_checkpoint(folder.checkpoint, checkpoint_of(parameters, state))

    with one_blas_thread():  # the result must not depend on the number of threads
        fit(parameters, texts, sizes, options, report, save, state)


def fold(
    parameters: Arrays,
    texts: TaggerTexts,
    tagset: TagSet,
    pairs: Tagged,
    words: dict[str, int],
    layers: tuple[int, ...],
    lemmas: LemmaRules,
) -> Tagger:
    """Return the tagger that gives the scores of the network, up to the rounding to half precision.

    The network reads standardised states, (x - mean) / std. Mean and std go into the map and its bias.
    """
    p = parameters
    half = {name: p[name].astype(np.float16) for name in ("table_map", "window_map", "out")}
    return Tagger(
        tagset=tagset,
        pairs=pairs,
        words=words,
        table=p["table"][:-1].astype(np.float16),
        table_map=half["table_map"].astype(np.float32),
        layers=layers,
        map=(p["map"] / texts.std[:, None]).astype(np.float16).astype(np.float32),
        bias=np.asarray(p["bias"] - (texts.mean / texts.std) @ p["map"], np.float32),
        window_map=half["window_map"].astype(np.float32),
        window_bias=p["window_bias"].copy(),
        out=half["out"].astype(np.float32),
        out_bias=p["out_bias"].copy(),
        lemmas=lemmas,
    )


def measured(encoder: ElmoEncoder, sentences: Sequence[GoldSentence], analyser: TextAnalyser) -> Accuracy:
    """Return the accuracy of tags and lemmas on the words of sentences, as the treebank cuts them."""
    tagger = encoder.model.tagger
    right, total = Counter[str](), Counter[str]()
    for start in range(0, len(sentences) if tagger else 0, _ENCODED):
        part = sentences[start : start + _ENCODED]
        found = encoder.represent(as_read(encoder, [as_cut(sentence).tokens for sentence in part]))
        for sentence, each in zip(part, found, strict=True):
            if tagger is None or each.tags is None:
                continue
            for word, one, other in zip(sentence.words, each.tags.upos, each.tags.xpos, strict=True):
                upos, xpos = tagger.tagset.upos[one], tagger.tagset.xpos[other]
                lemma = analyser.tagged_lemma(word.form, upos, xpos, tagger.lemmas)
                gold_lemma = analyser.folding.lemma(word.lemma)
                for name, given, gold in (
                    ("upos", upos, word.upos),
                    ("xpos", xpos, word.xpos),
                    ("lemma", lemma, gold_lemma),
                ):
                    total[name] += bool(gold)
                    right[name] += bool(gold) and given == gold
    shares = {name: right[name] / total[name] if total[name] else None for name in ("upos", "xpos", "lemma")}
    return Accuracy(shares["upos"] or 0.0, shares["xpos"], shares["lemma"])


def _report(out: Path, record: Json, began: float, already: bool = False) -> TaggerReport:
    results = dict(record["results"])
    accuracy = Accuracy(**results.pop("accuracy"))
    return TaggerReport(out=out, accuracy=accuracy, seconds=time.monotonic() - began, already=already, **results)
