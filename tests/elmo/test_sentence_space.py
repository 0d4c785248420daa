"""Sentence spaces: their vectors against a plain computation, their file, and files from strangers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.elmo.convert import Layout, convert, describe
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.model_folder import read_model, verify_model, write_model
from polyseme.indexer.elmo.formats.sentence_space_file import (
    read_sentence_space,
    sentence_space_from_tensors,
    sentence_space_to_tensors,
)
from polyseme.indexer.elmo.model import Model, model_id
from polyseme.indexer.elmo.pooling import RARITY, pooled_vectors
from polyseme.indexer.elmo.sense_space import WordCounts
from polyseme.indexer.elmo.sentence_space import MOST_FACTOR, SentenceSpace
from polyseme.indexer.errors import ModelError
from polyseme.indexer.vectors.arrays import Array
from safetensors.numpy import save_file

SENTENCES = [
    ["She", "sat", "on", "the", "river", "bank", "."],
    [],
    ["bank"],
    ["The", "bank", "lent", "“", "money", "”"],
]
COUNTS = WordCounts({"the": 60, "bank": 3, ".": 40, "river": 1}, 1000)
Tensors = dict[str, npt.NDArray[Any]]


def space_for(model: Model, seed: int = 0, dim: int = 4, layers: tuple[int, ...] = (0, 2)) -> SentenceSpace:
    """Return a random sentence space for a model."""
    random = np.random.default_rng(seed)
    sense = model.sense_space.dim if model.sense_space else 2 * model.config.dim
    width = sum(model.config.projection if layer == 0 else model.config.dim for layer in layers) + sense

    def draw(*shape: int) -> Array:
        return random.normal(0, 0.4, shape).astype(np.float32)

    words = {"bank": 0, "the": 1, "river": 2, "naïve": 3, '"': 4}
    table = random.integers(-127, 128, (len(words), dim)).astype(np.int8)
    factors = draw(len(words)), draw(width)
    return SentenceSpace(
        words=words,
        table=table,
        scales=np.abs(draw(len(words))),
        word_factors=factors[0],
        layers=layers,
        reads_sense=True,
        map=draw(width, dim),
        shift=draw(dim),
        state_factors=factors[1],
        bias=0.25,
        rarity=1e-3,
        centre=draw(dim),
    )


def plain_vector(space: SentenceSpace, states: Array, sense: Array, tokens: list[str], counts: WordCounts) -> Array:
    """Return the vector of a sentence, token by token, as the module's documentation says."""
    half = states.shape[2] // 2
    total, weights = np.zeros(space.dim), 0.0
    for n, token in enumerate(tokens):
        parts = [states[layer, n, :half] if layer == 0 else states[layer, n] for layer in space.layers]
        row = np.concatenate([*parts, sense[n]]).astype(np.float64)
        word = space.words.get(token.lower())
        factor = space.bias + row @ space.state_factors + (0 if word is None else space.word_factors[word])
        frequency = counts.counts.get(token, 0) / counts.total
        weight = space.rarity / (space.rarity + frequency) * np.exp(np.clip(factor, -MOST_FACTOR, MOST_FACTOR))
        vector = row @ space.map + space.shift
        if word is not None:
            vector = vector + space.table[word].astype(np.float64) * space.scales[word]
        total, weights = total + weight * vector, weights + weight
    return np.asarray(total / weights - space.centre, np.float32)


def equal(one: SentenceSpace, other: SentenceSpace) -> bool:
    return all(np.array_equal(getattr(one, each.name), getattr(other, each.name)) for each in fields(SentenceSpace))


def test_vectors_equal_a_plain_computation_in_any_batch(tiny_model: Model) -> None:
    space = space_for(tiny_model)
    found = ElmoEncoder(tiny_model, "tiny").represent(SENTENCES)
    states, senses = [one.layers for one in found], [one.sense for one in found]
    vectors = space.vectors(states, senses, SENTENCES, COUNTS)
    many = space.vectors(states * 700, senses * 700, SENTENCES * 700, COUNTS)  # more than one group
    for n, tokens in enumerate(SENTENCES):
        expected = plain_vector(space, states[n], senses[n], tokens, COUNTS) if tokens else np.zeros(space.dim)
        assert vectors[n] == pytest.approx(expected, abs=1e-5)
        assert many[n :: len(SENTENCES)] == pytest.approx(np.tile(expected, (700, 1)), abs=1e-5)
    assert space.vectors([], [], [], COUNTS).shape == (0, space.dim)


def test_shares_of_tokens_make_the_vector(tiny_model: Model) -> None:
    space = space_for(tiny_model)
    (found,) = ElmoEncoder(tiny_model, "tiny").represent(SENTENCES[:1])
    shares = space.weights(found.layers, found.sense, SENTENCES[0], COUNTS)
    alone = [
        plain_vector(space, found.layers[:, n : n + 1], found.sense[n : n + 1], [token], COUNTS)
        for n, token in enumerate(SENTENCES[0])
    ]
    (vector,) = space.vectors([found.layers], [found.sense], SENTENCES[:1], COUNTS)
    assert shares @ np.stack(alone) == pytest.approx(vector, abs=1e-5)


def test_encoder_gives_the_vectors_of_its_sentence_space(tiny_model: Model) -> None:
    space = space_for(tiny_model)
    encoder, plain = ElmoEncoder(replace(tiny_model, sentence_space=space), "with"), ElmoEncoder(tiny_model, "without")
    assert (encoder.has_sentence_space, plain.has_sentence_space) == (True, False)
    assert encoder.sentence_dim == space.dim
    assert (encoder.sentence_id, plain.sentence_id) == (space.digest(), "")
    assert encoder.model_id == plain.model_id
    assert tiny_model.sense_space
    straight = str.maketrans("“”", '""')
    spelled = [[token.translate(straight) for token in tokens] for tokens in SENTENCES]
    for tokens, one, other in zip(spelled, encoder.represent(SENTENCES), plain.represent(SENTENCES), strict=True):
        assert np.array_equal(one.layers, other.layers)
        expected = np.zeros(space.dim, np.float32)
        if tokens:
            expected = plain_vector(space, one.layers, one.sense, tokens, tiny_model.sense_space.counts)
        assert one.sentence == pytest.approx(expected, abs=1e-5)


def test_model_without_a_space_pools_rare_words_more(tiny_model: Model) -> None:
    encoder = ElmoEncoder(tiny_model, "tiny")
    found = encoder.represent(SENTENCES)
    assert tiny_model.sense_space
    counts, half = tiny_model.sense_space.counts, tiny_model.config.projection
    for tokens, one in zip(SENTENCES, found, strict=True):
        assert one.sentence.shape == (encoder.sentence_dim,) == (3 * half,)
        weights = np.array([RARITY / (RARITY + counts.counts.get(t, 0) / counts.total) for t in tokens])
        if tokens:
            rows = np.concatenate([one.layers[0, :, :half], one.layers[1]], axis=1)
            assert one.sentence == pytest.approx(weights @ rows / weights.sum(), abs=1e-5)
    assert not found[1].sentence.any()
    assert pooled_vectors([], [], counts).shape[0] == 0


def test_digest_depends_on_everything(tiny_model: Model) -> None:
    space = space_for(tiny_model)
    others = [
        replace(space, words={**space.words, "x": 0}),
        replace(space, layers=(0, 1)),
        replace(space, reads_sense=False),
        replace(space, bias=0.5),
        replace(space, rarity=1e-4),
        *(
            replace(space, **{name: getattr(space, name) + np.ones(1, getattr(space, name).dtype)})
            for name in ("table", "scales", "word_factors", "map", "shift", "state_factors", "centre")
        ),
    ]
    assert len({each.digest() for each in [space, *others]}) == len(others) + 1


# The file


@settings(max_examples=40, deadline=None)
@given(
    words=st.lists(
        st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1), min_size=1, unique=True
    ),
    layers=st.lists(st.integers(0, 8), min_size=1, max_size=4, unique=True),
    width=st.integers(1, 5),
    dim=st.integers(1, 4),
    numbers=st.tuples(st.floats(-10, 10), st.floats(1e-6, 1)),
    reads_sense=st.booleans(),
    seed=st.integers(0, 99),
)
def test_file_reads_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    words: list[str],
    layers: list[int],
    width: int,
    dim: int,
    numbers: tuple[float, float],
    reads_sense: bool,
    seed: int,
) -> None:
    random = np.random.default_rng(seed)

    def draw(*shape: int) -> Array:
        return random.normal(size=shape).astype(np.float32)

    space = SentenceSpace(
        {word: n for n, word in enumerate(words)},
        random.integers(-127, 128, (len(words), dim)).astype(np.int8),
        draw(len(words)),
        draw(len(words)),
        tuple(layers),
        reads_sense,
        draw(width, dim),
        draw(dim),
        draw(width),
        numbers[0],
        numbers[1],
        draw(dim),
    )
    path = tmp_path_factory.mktemp("space") / "sentence_space.safetensors"
    save_file(sentence_space_to_tensors(space), path)
    back = read_sentence_space(path)
    assert equal(back, space)
    assert back.digest() == space.digest()


def test_word_with_a_newline_is_not_written(tiny_model: Model) -> None:
    with pytest.raises(ModelError, match="newline"):
        sentence_space_to_tensors(replace(space_for(tiny_model), words={"a\nb": 0}))


def test_model_folder_keeps_the_sentence_space(tmp_path: Path, tiny_model: Model) -> None:
    model = replace(tiny_model, sentence_space=space_for(tiny_model))
    assert model.sentence_space
    write_model(tmp_path / "one", model, "# card\n")
    verify_model(tmp_path / "one")
    convert(str(tmp_path / "one"), tmp_path / "two", half=True)
    for name in ("one", "two"):
        back = read_model(tmp_path / name)
        assert back.sentence_space
        assert equal(back.sentence_space, model.sentence_space)
        listed = (tmp_path / name / "SHA256SUMS").read_text(encoding="utf-8")
        content = (tmp_path / name / "sentence_space.safetensors").read_bytes()
        assert f"{hashlib.sha256(content).hexdigest()}  sentence_space.safetensors\n" in listed
    assert model_id(read_model(tmp_path / "one")) == model_id(tiny_model)
    assert describe(str(tmp_path / "one")).sentence_dim == model.sentence_space.dim
    left_out = convert(str(tmp_path / "one"), tmp_path / "pair", Layout.ALLENNLP).left_out
    assert "the sentence space" in left_out
    encoder = load_encoder(tmp_path / "one")
    assert encoder.sentence_id == model.sentence_space.digest()


def test_damaged_sentence_space_is_named(tmp_path: Path, tiny_model: Model) -> None:
    write_model(tmp_path / "m", replace(tiny_model, sentence_space=space_for(tiny_model)), "")
    path = tmp_path / "m" / "sentence_space.safetensors"
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    for read in (read_model, verify_model):
        with pytest.raises(ModelError, match=r"sentence_space\.safetensors is not what SHA256SUMS says"):
            read(tmp_path / "m")
    path.unlink()
    with pytest.raises(ModelError, match="is missing"):
        verify_model(tmp_path / "m")


def _text(words: bytes) -> npt.NDArray[np.uint8]:
    return np.frombuffer(words, np.uint8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.update(format=np.asarray(2)), "has format 2"),
        (lambda t: t.update(format=np.zeros(3, np.int64)), "not a sentence space"),
        (lambda t: t.pop("map"), "lacks the tensor 'map'"),
        (lambda t: t.pop("words"), "lacks the tensor 'words'"),
        (lambda t: t.update(words=_text(b"")), "words are not a text"),
        (lambda t: t.update(words=_text(b"a\na\nb\nc\nd")), "a word twice"),
        (lambda t: t.update(words=_text(b"a\nb")), "table has the shape"),
        (lambda t: t.update(words=_text(b"\xff\xfe\n\n")), "not a sentence space"),
        (lambda t: t.update(words=t["words"].astype(np.int64)), "words are not a text"),
        (lambda t: t.update(table=t["table"].astype(np.float32)), "its table has the type float32"),
        (lambda t: t.update(table=t["table"][:, :2].copy()), "table has the shape"),
        (lambda t: t.update(scales=t["scales"][:1]), "scales has the shape"),
        (lambda t: t.update(scales=np.full_like(t["scales"], np.nan)), "values that are not numbers"),
        (lambda t: t.update(map=np.full(t["map"].shape, 1e300)), "beyond single precision"),
        (lambda t: t.update(map=np.zeros((4, 0), np.float32)), "its vectors have 0 numbers"),
        (lambda t: t.update(map=np.zeros(4, np.float32)), "map has the shape"),
        (lambda t: t.update(centre=np.zeros(9, np.float32)), "centre has the shape"),
        (lambda t: t.update(state_factors=np.zeros(2, np.float32)), "state_factors has the shape"),
        (lambda t: t.update(layers=np.zeros(0, np.int64)), "it reads the layers"),
        (lambda t: t.update(layers=np.array([1, 1])), "it reads the layers"),
        (lambda t: t.update(layers=np.arange(1000)), "it reads the layers"),
        (lambda t: t.update(rarity=np.asarray(0.0)), "its rarity is 0.0"),
        (lambda t: t.update(rarity=np.asarray(-1.0)), "its rarity is -1.0"),
        (lambda t: t.update(bias=np.asarray(np.inf)), "values that are not numbers"),
    ],
)
def test_strange_tensors_are_refused_in_one_line(
    tiny_model: Model, change: Callable[[Tensors], object], message: str
) -> None:
    tensors: Tensors = dict(sentence_space_to_tensors(space_for(tiny_model)))
    change(tensors)
    with pytest.raises(ModelError, match=message) as caught:
        sentence_space_from_tensors(tensors, "a/sentence_space.safetensors")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("a/sentence_space.safetensors")


@pytest.mark.parametrize("layers", [(0, 9), (-1, 2), (0, 1, 2)])
def test_space_for_a_model_of_another_size_is_refused(
    tmp_path: Path, tiny_model: Model, layers: tuple[int, ...]
) -> None:
    space = replace(space_for(tiny_model), layers=layers)
    with pytest.raises(ModelError, match="the sentence space is for a model of another size"):
        write_model(tmp_path / "m", replace(tiny_model, sentence_space=space), "")


def test_sizes_are_checked_before_memory_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "sentence_space.safetensors"
    header = b'{"table":{"dtype":"I8","shape":[1000000,1000000],"data_offsets":[0,1000000000000]}}'
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * 100)
    with pytest.raises(ModelError, match="cannot be read"):
        read_sentence_space(path)


def test_vectors_that_overflow_are_refused(tiny_model: Model) -> None:
    space = space_for(tiny_model)
    huge = replace(space, map=np.full_like(space.map, 3e38), shift=np.full_like(space.shift, 3e38))
    with pytest.raises(ModelError, match="values that are not numbers"), np.errstate(all="ignore"):
        ElmoEncoder(replace(tiny_model, sentence_space=huge), "huge").represent(SENTENCES)
