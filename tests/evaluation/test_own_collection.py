"""Figures of a collection by gold senses equal brute force, and the written choice is the measured one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from gold_data import USES
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.records import Layer
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.gold.judgements import Gold
from polyseme.indexer.reencode import reencode
from polyseme.indexer.vectors.transforms import Normalisation
from polyseme.search.evaluation import mean_average_precision, measures
from polyseme.search.evaluation.own_collection import (
    OwnReport,
    VectorChoice,
    current,
    evaluate_collection,
    held_out_gains,
    normalisations_of,
    settings_for,
)

TEXTS = [text.replace(" .", ".").capitalize() for text, _ in USES]
MORE = ["The seal swam by.", "A seal of wax.", "His seal was broken.", "The seal barked.", "Two seals lay there."]
SEALS = ["animal", "stamp", "stamp;animal", "animal", "animal"]


@pytest.fixture(autouse=True)
def few_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measures, "ROUNDS", 40)


def gold() -> list[Gold]:
    rows = [
        Gold((f"d{n}", text.index("bank"), text.index("bank") + 4), "bank", sense)
        for n, (text, (_, sense)) in enumerate(zip(TEXTS, USES, strict=True))
    ]
    for n, (text, sense) in enumerate(zip(MORE, SEALS, strict=True)):
        start = text.index("seal")
        rows.append(Gold((f"s{n}", start, start + 4), "seal", sense))
    return rows


def make(path: Path, encoder: FakeEncoder, config: BuildConfig) -> Path:
    documents = [Document(f"d{n}", text) for n, text in enumerate(TEXTS)]
    build(path, [*documents, *(Document(f"s{n}", text) for n, text in enumerate(MORE))], config, encoder)
    return path


def measure(path: Path, encoder: FakeEncoder) -> OwnReport:
    with Collection.open(path) as collection:
        return evaluate_collection(collection, encoder, gold())


def test_score_of_a_layer_equals_brute_force(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    report = measure(make(tmp_path / "c.pol", encoder, BuildConfig(layer=Layer.LAYER_1)), encoder)
    assert (report.words, report.occurrences, report.left_out) == (2, 11, 0)
    rows = [[*text.rstrip(".").split(), "."] for text in TEXTS]
    vectors = np.stack([encoder.represent([row])[0].layers[1, row.index("bank")] for row in rows])
    bank = mean_average_precision(vectors, [sense for _, sense in USES])
    (raw,) = [one for one in report.measured if one.choice == VectorChoice(Layer.LAYER_1, Normalisation.NONE)]
    (now,) = [one for one in report.measured if one.choice == report.now]
    assert report.now == VectorChoice(Layer.LAYER_1, Normalisation.CENTRED)
    assert (now.difference.value, now.difference.low, now.difference.high) == (0, 0, 0)
    assert raw.difference.value == pytest.approx(raw.score.value - now.score.value)
    # The bootstrap draws two words, so the interval's ends are the scores of the two words.
    assert bank == pytest.approx(raw.score.low) or bank == pytest.approx(raw.score.high)
    assert report.best.score.value == max(one.score.value for one in report.measured)


def test_gain_is_measured_on_held_out_words() -> None:
    now, lucky, better = (VectorChoice(layer, None) for layer in (Layer.LAYER_0, Layer.LAYER_1, Layer.LAYER_2))
    base = np.full(10, 0.5)
    # The lucky layer is better on one word only. It is best by chance and gains nothing on held-out words.
    chance = {now: base, lucky: base + 0.4 * (np.arange(10) == 3)}
    assert held_out_gains(chance, now).tolist() == pytest.approx([0] * 10)
    assert held_out_gains({now: base, better: base + 0.1}, now) == pytest.approx(np.full(10, 0.1))
    assert held_out_gains({now: base[:1], better: base[:1] + 0.1}, now).tolist() == [0]


def test_reencoded_collection_stores_the_choice_and_measures_it_as_present(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    path = make(tmp_path / "c.pol", encoder, BuildConfig(layer=Layer.LAYER_0))
    choice = VectorChoice(Layer.LAYER_2, Normalisation.WHITENED)
    reencode(path, settings_for(path, choice, encoder), encoder)
    report = measure(path, encoder)
    assert report.now == choice
    with Collection.open(path) as collection, collection.reading() as snapshot:
        (segment,) = snapshot.segments.values()
        transform = snapshot.transforms["token"]
        assert transform.matrix is not None
        stored = {}
        for row, key in enumerate(np.asarray(segment.token_ids).tolist()):
            sentence, position = collection.db.execute(
                "SELECT sentence, position FROM occurrences WHERE id = ?", (key,)
            ).fetchone()
            stored[collection.sentence_text(sentence), position] = segment.tokens[row]
    tokens = [*TEXTS[0].rstrip(".").split(), "."]
    place = tokens.index("bank")
    raw = encoder.represent([tokens])[0].layers[2, place]
    assert stored[TEXTS[0], place] @ transform(raw[None])[0] == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("layer", list(Layer))
@pytest.mark.parametrize("has_sense_space", [True, False])
def test_default_normalisation_is_shown_by_name_and_stored_as_none(
    tmp_path: Path, layer: Layer, has_sense_space: bool
) -> None:
    encoder = FakeEncoder(has_sense_space=has_sense_space)
    path = make(tmp_path / "c.pol", encoder, BuildConfig(layer=layer))
    with Collection.open(path) as collection:
        now = current(collection.settings, encoder)
    assert now.normalisation in normalisations_of(layer, encoder)
    assert settings_for(path, now, encoder).token_normalisation is None
    other = VectorChoice(layer, Normalisation.WHITENED)
    assert settings_for(path, other, encoder).token_normalisation is Normalisation.WHITENED


def test_model_without_sense_space_has_principal_components_as_an_extra_choice(tmp_path: Path) -> None:
    encoder = FakeEncoder(has_sense_space=False)
    path = make(tmp_path / "c.pol", encoder, BuildConfig())
    report = measure(path, encoder)
    names = [one.score.representation for one in report.measured]
    assert names[:4] == [
        "sense, principal components",
        "sense, uncentred, raw",
        "sense, uncentred, centred",
        "sense, uncentred, whitened",
    ]
    assert len(names) == 16
    assert report.now == VectorChoice(Layer.SENSE, None)


def test_gold_without_two_senses_or_outside_the_collection_is_an_error(tmp_path: Path) -> None:
    encoder = FakeEncoder()
    path = make(tmp_path / "c.pol", encoder, BuildConfig())
    rows = gold()
    with Collection.open(path) as collection:
        for wrong in (rows[:3], rows[2:4], [Gold(("x", *row.place[1:]), row.lemma, row.sense) for row in rows]):
            with pytest.raises(DocumentError, match="no word of the gold has two senses there"):
                evaluate_collection(collection, encoder, wrong)
        outside = [*rows, Gold(("d0", 5000, 5004), "bank", "river"), Gold(("x", 0, 4), "bank", "river")]
        assert evaluate_collection(collection, encoder, outside).left_out == 2
