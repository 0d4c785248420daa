"""Measure which layer and normalisation suit a collection best, by gold senses of its own documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...indexer.build import BuildConfig
from ...indexer.collection.collection import Collection
from ...indexer.collection.records import CollectionSettings, Layer
from ...indexer.errors import DocumentError
from ...indexer.gold.judgements import Gold
from ...indexer.text import TextAnalyser, has_words
from ...indexer.vectorise import fit_tokens
from ...indexer.vectors.arrays import Array, Doubles, Mask
from ...indexer.vectors.transforms import Normalisation, Transform
from .measures import mean_interval, same_sense_precisions
from .records import Score, Span, Tokens
from .spans import spans_in
from .tasks.sentences import normalised_name
from .vectors import ELMO, SENSE, OnProgress, represent, title

if TYPE_CHECKING:
    from ...indexer.elmo import Encoder

TASK = "collection"
SAMPLE_SENTENCES = 1000
"""Approximate number of evenly spaced sentences of the collection on which transforms are fitted."""
SAMPLE_TOKENS = 20_000
"""Maximum number of evenly spaced tokens of these sentences."""
FOLDS = 10
"""Maximum number of folds of words. Each fold is scored with the best choice of the other folds."""


@dataclass(frozen=True, slots=True)
class VectorChoice:
    """A layer and a normalisation of token vectors.

    Attributes:
        normalisation: None for principal components of the sense blocks.
    """

    layer: Layer
    normalisation: Normalisation | None

    def name(self, encoder: Encoder) -> str:
        """Return the name of the choice in tables."""
        layer = f"layer {self.layer}" if self.layer.isdigit() else title(str(self.layer), encoder)
        if self.normalisation is not None:
            return f"{layer}, {normalised_name(self.normalisation)}"
        return f"{SENSE}, principal components"


@dataclass(frozen=True, slots=True)
class Measured:
    """Mean average precision of a choice over words, and the difference from the collection's present choice."""

    choice: VectorChoice
    score: Score
    difference: Score


@dataclass(frozen=True, slots=True)
class OwnReport:
    """The measurement of a collection.

    Attributes:
        measured: Scores of every choice.
        now: The collection's present choice.
        best: The best choice, or `now` if none is better.
        gain: Held-out gain of choosing. The choice is made on some words and its gain measured on others, because the
            best of many choices is partly best by chance.
        words: Number of ranked words.
        occurrences: Number of ranked occurrences.
        left_out: Number of gold rows without a word in the collection.
    """

    measured: tuple[Measured, ...]
    now: VectorChoice
    best: Measured
    gain: Score
    words: int
    occurrences: int
    left_out: int

    @property
    def is_sure(self) -> bool:
        """Whether the gain of the best choice is significant: its 95 % interval is above 0."""
        return self.best.choice != self.now and self.gain.low > 0


@dataclass(frozen=True, slots=True)
class _GoldWord:
    """The n occurrences of a gold word in the collection, and whether two of them share a sense (n, n)."""

    spans: tuple[Span, ...]
    same: Mask


def evaluate_collection(
    collection: Collection, encoder: Encoder, gold: Sequence[Gold], on_progress: OnProgress | None = None
) -> OwnReport:
    """Measure every layer and normalisation by same-sense retrieval among the gold occurrences of each word.

    The encoder encodes the sentences of these occurrences again. It also encodes a sample of the collection, on which
    the transforms are fitted. The bootstrap draws words.

    Raises:
        DocumentError: No word of the gold has two senses in the collection.
    """
    analyser = TextAnalyser(collection.settings.language, collection.settings.tokeniser)
    asked, left_out = _words(collection, analyser, gold)
    sample = _sample(collection, analyser)
    found = represent(encoder, [*(span for word in asked for span in word.spans), *sample], on_progress)
    precisions: dict[VectorChoice, Doubles] = {}
    chance = 0.0
    for layer in layers_of(encoder):
        name = title(f"layer {layer}" if layer.isdigit() else str(layer), encoder)
        rows = found(name, sample)  # (n, dim)
        vectors = [found(name, word.spans) for word in asked]
        for normalisation in normalisations_of(layer, encoder):
            transform = fit_tokens(encoder, layer, normalisation, rows)
            means = np.array([_means(word, part, transform) for word, part in zip(asked, vectors, strict=True)])
            precisions[VectorChoice(layer, normalisation)] = means[:, 0]  # (words,)
            chance = float(means[:, 1].mean())
    now = current(collection.settings, encoder)
    measured = tuple(_measured(choice, precisions, now, chance, encoder) for choice in precisions)
    # In a tie, the present choice wins, and otherwise the earlier choice.
    best = max(measured, key=lambda one: (one.score.value, one.choice == now))
    gains = held_out_gains(precisions, now)  # (words,)
    other = float(precisions[now].mean())
    gain = Score(TASK, "MAP, gain of choosing", "held out", float(gains.mean()), *mean_interval(gains), other, "")
    return OwnReport(measured, now, best, gain, len(asked), sum(len(word.spans) for word in asked), left_out)


def held_out_gains(precisions: Mapping[VectorChoice, Doubles], now: VectorChoice) -> Doubles:
    """Return for each word the gain over `now` of the choice that is best for the words of other folds.  (words,)

    If there is only one word, its gain is 0.

    Args:
        precisions: Mean average precision of each word, by choice.  (words,) each
        now: The collection's present choice.
    """
    words = len(precisions[now])
    folds = np.arange(words) % min(words, FOLDS)  # (words,)
    gains = np.zeros(words)
    for fold in range(min(words, FOLDS) if words > 1 else 0):
        inside = folds == fold  # (words,)
        best = max(precisions, key=lambda choice: (precisions[choice][~inside].mean(), choice == now))
        gains[inside] = precisions[best][inside] - precisions[now][inside]
    return gains


def layers_of(encoder: Encoder) -> list[Layer]:
    """Return the layers that a collection can store."""
    numbered = [layer for layer in Layer if layer.isdigit() and int(layer) < encoder.n_layers]
    return [Layer.SENSE, *numbered, Layer(ELMO)]


def normalisations_of(layer: Layer, encoder: Encoder) -> list[Normalisation | None]:
    """Return the normalisations of a layer. Only sense blocks without a sense space have None as a separate choice."""
    usual: list[Normalisation | None] = [None] if layer is Layer.SENSE and not encoder.has_sense_space else []
    return usual + list(Normalisation)


def current(settings: CollectionSettings, encoder: Encoder) -> VectorChoice:
    """Return a collection's present choice. A default normalisation is returned by its name, not as None."""
    normalisation = settings.token_normalisation
    if normalisation is None and settings.layer is not Layer.SENSE:
        normalisation = Normalisation.CENTRED
    elif normalisation is None and encoder.has_sense_space:
        normalisation = Normalisation.NONE
    return VectorChoice(settings.layer, normalisation)


def _words(collection: Collection, analyser: TextAnalyser, gold: Sequence[Gold]) -> tuple[list[_GoldWord], int]:
    """Return the words that can be measured, and the number of gold rows without a word in the collection."""
    places: dict[str, list[Gold]] = {}
    for row in gold:
        places.setdefault(row.place[0], []).append(row)
    known = {stored.document_id for stored in collection.documents()}
    words: dict[str, list[tuple[Gold, Span]]] = {}
    for document in sorted(set(places) & known):
        stored, text = collection.document(document)
        spans = spans_in(
            list(analyser.sentences(text, collection.annotation(stored.key))),
            [row.place[1:] for row in places[document]],
        )
        for row, span in zip(places[document], spans, strict=True):
            if span is not None:
                words.setdefault(row.lemma, []).append((row, span))
    asked = [_gold_word(rows) for _, rows in sorted(words.items())]
    asked = [word for word in asked if not word.same.all() and (word.same.sum(axis=1) > 1).any()]
    if not asked:
        raise DocumentError(
            f"{collection.path}: no word of the gold has two senses there, one of them twice; judge more occurrences,"
            " or check document_id and offsets"
        )
    return asked, len(gold) - sum(map(len, words.values()))


def _gold_word(rows: Sequence[tuple[Gold, Span]]) -> _GoldWord:
    same = np.array([[one.same(other) for other, _ in rows] for one, _ in rows])  # (n, n)
    return _GoldWord(tuple(span for _, span in rows), same)


def _sample(collection: Collection, analyser: TextAnalyser) -> list[Span]:
    """Return evenly spaced tokens of evenly spaced sentences of the collection."""
    total = sum(stored.sentences for stored in collection.documents())
    every = max(1, -(-total // SAMPLE_SENTENCES))  # rounded up
    chosen: list[Tokens] = []
    number = 0
    for stored in collection.documents():
        _, text = collection.document(stored.document_id)
        for sentence in filter(has_words, analyser.sentences(text, collection.annotation(stored.key))):
            if number % every == 0:
                chosen.append(tuple(token.text for token in sentence.tokens))
            number += 1
    tokens = [Span(sentence, n, n + 1) for sentence in chosen for n in range(len(sentence))]
    return tokens[:: max(1, -(-len(tokens) // SAMPLE_TOKENS))]


def _means(word: _GoldWord, vectors: Array, transform: Transform | None) -> tuple[float, float]:
    """Return a word's mean average precision, and that of a random order.  (n, dim)"""
    found, by_chance = same_sense_precisions(vectors if transform is None else transform(vectors), word.same)
    return float(found.mean()), float(by_chance.mean())


def _measured(
    choice: VectorChoice, precisions: dict[VectorChoice, Doubles], now: VectorChoice, chance: float, encoder: Encoder
) -> Measured:
    own, other = precisions[choice], precisions[now]  # (words,), (words,)
    gain = own - other  # (words,)
    name = choice.name(encoder)
    score = Score(TASK, "MAP", name, float(own.mean()), *mean_interval(own), chance, "chance")
    bounds = mean_interval(gain)
    difference = Score(TASK, "MAP, gain over now", name, float(gain.mean()), *bounds, float(other.mean()), "")
    return Measured(choice, score, difference)


def settings_for(collection: Path, choice: VectorChoice, encoder: Encoder) -> BuildConfig:
    """Return the settings that encode a collection again with another choice and change nothing else."""
    with Collection.open(collection) as opened:
        now = opened.settings
    usual = current(replace(now, layer=choice.layer, token_normalisation=None), encoder)
    return replace(
        BuildConfig.from_settings(now),
        layer=choice.layer,
        token_normalisation=None if choice == usual else choice.normalisation,
    )
