"""Taggers: their tags against a plain computation, their file, and files from strangers."""

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
from polyseme.indexer.elmo import spelling as spelling_module
from polyseme.indexer.elmo.convert import Layout, convert, describe
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.model_folder import read_model, verify_model, write_model
from polyseme.indexer.elmo.formats.tagger_file import read_tagger, tagger_from_tensors, tagger_to_tensors
from polyseme.indexer.elmo.model import Model, model_id
from polyseme.indexer.elmo.spelling import FEATURES, SpellingVectors, spelling_rows
from polyseme.indexer.elmo.tagger import Tagger, read_states, windows
from polyseme.indexer.elmo.tags import TagSet
from polyseme.indexer.errors import ModelError
from polyseme.indexer.text.lemma_rules import LemmaRules
from polyseme.indexer.vectors.arrays import Array, Reals
from safetensors.numpy import save_file
from taggers import RULES, tagger_for

SENTENCES = [
    ["She", "sat", "on", "the", "river", "bank", "."],
    [],
    ["bank"],
    ["The", "bank", "lent", "“", "money", "”"],
]
Tensors = dict[str, npt.NDArray[Any]]


def plain_tags(tagger: Tagger, states: Array, tokens: list[str]) -> list[tuple[int, int]]:
    """Compute the tags of a sentence token by token, and try every pair."""
    rows = spelling_rows(tokens, tagger.words, len(tagger.table) - len(tagger.words))
    half = states.shape[2] // 2
    first: list[Any] = []
    for t in range(len(tokens)):
        read = np.concatenate([states[layer, t, :half] if layer == 0 else states[layer, t] for layer in tagger.layers])
        spelling = sum((tagger.table[row].astype(np.float64) for row in rows[t] if row >= 0), np.zeros(3))
        first.append(np.maximum(read @ tagger.map + spelling @ tagger.table_map + tagger.bias, 0))
    found = []
    nothing = np.zeros(len(tagger.bias))
    for t in range(len(tokens)):
        before = first[t - 1] if t else nothing
        after = first[t + 1] if t + 1 < len(tokens) else nothing
        second = np.maximum(np.concatenate([before, first[t], after]) @ tagger.window_map + tagger.window_bias, 0)
        scores = np.concatenate([second, first[t]]) @ tagger.out + tagger.out_bias
        number = len(tagger.tagset.upos)
        best = max(tagger.pairs.tolist(), key=lambda pair: scores[pair[0]] + scores[number + pair[1]])
        found.append((best[0], best[1]))
    return found


def equal(one: Tagger, other: Tagger) -> bool:
    """Return whether two taggers have equal attributes."""
    pairs = [(getattr(one, field.name), getattr(other, field.name)) for field in fields(Tagger)]
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else fields_of(a) == fields_of(b) for a, b in pairs)


def fields_of(value: Any) -> Any:
    """Return lemma rules as a tuple, and other values unchanged."""
    if isinstance(value, LemmaRules):
        return value.language, dict(value.exceptions), dict(value.endings), value.dictionary
    return list(value.items()) if isinstance(value, dict) else value


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.lists(st.sampled_from(["bank", "The", "a", "x-1", "Ünder", "\udcff"]), max_size=6), max_size=5),
)
def test_tags_equal_a_plain_computation(seed: int, sentences: list[list[str]]) -> None:
    model = read_model(Path(__file__).parents[1] / "fixtures" / "tiny_elmo")
    tagger, random = tagger_for(model, seed), np.random.default_rng(seed)
    states = [random.normal(0, 1, (3, len(each), model.config.dim)).astype(np.float32) for each in sentences]
    found = tagger.tags(states, sentences)
    for each, state, tokens in zip(found, states, sentences, strict=True):
        assert list(zip(each.upos.tolist(), each.xpos.tolist(), strict=True)) == plain_tags(tagger, state, tokens)
        assert each.upos.dtype == each.xpos.dtype == np.uint8


def test_encoder_tags_in_any_batch_and_changes_no_vector(tiny_model: Model) -> None:
    encoder = ElmoEncoder(replace(tiny_model, tagger=tagger_for(tiny_model)), "tagged")
    plain = ElmoEncoder(tiny_model, "plain")
    assert (plain.tagset, plain.tagger_id, plain.lemma_rules) == (None, "", None)
    assert encoder.tagset == TagSet(("U0", "U1", "U2"), ("X0", "X1", "X2", "X3"))
    assert encoder.lemma_rules is RULES
    assert encoder.model_id == plain.model_id
    together = encoder.represent(SENTENCES)
    for tokens, found, without in zip(SENTENCES, together, plain.represent(SENTENCES), strict=True):
        assert without.tags is None
        assert found.tags is not None
        (alone,) = encoder.represent([tokens])
        assert alone.tags is not None
        for kind in ("upos", "xpos"):
            np.testing.assert_array_equal(getattr(found.tags, kind), getattr(alone.tags, kind))
        np.testing.assert_array_equal(found.sense, without.sense)
        np.testing.assert_array_equal(found.sentence, without.sentence)


def test_quotes_are_read_straight(tiny_model: Model) -> None:
    tagger = tagger_for(tiny_model)
    seen: list[list[str]] = []

    class Watched:
        tagset, lemmas = tagger.tagset, tagger.lemmas

        def tags(self, states: Any, sentences: Any) -> Any:
            seen.extend(sentences)
            return tagger.tags(states, sentences)

    watched: Any = Watched()
    ElmoEncoder(replace(tiny_model, tagger=watched), "watched").represent([["“", "a", "’s"]])
    assert seen == [['"', "a", "'s"]]


def test_windows_stay_inside_their_sentences() -> None:
    vectors = np.arange(1, 6, dtype=np.float32)[:, None]
    found = windows(vectors, np.array([0, 2, 2, 3, 5]))
    assert found.tolist() == [[0, 1, 2], [1, 2, 0], [0, 3, 0], [0, 4, 5], [4, 5, 0]]
    assert windows(vectors[:0], np.array([0, 0])).shape == (0, 3)


def test_spelling_has_a_row_for_the_word_and_shares_rows_of_endings() -> None:
    words = {"walked": 0, "the": 1}
    rows = spelling_rows(["Walked", "talked", "The", "a"], words, 1000)
    assert rows.shape == (4, FEATURES)
    assert rows[:, 0].tolist() == [0, -1, 1, -1]
    assert rows[0, 1:5].tolist() == rows[1, 1:5].tolist()  # d, ed, ked, lked
    assert (rows[:, 1:] < 1002).all()
    assert (rows[:3, 1:] != -1).any(axis=1).all()
    assert (rows[3, 2:] == -1).all()  # a single letter has a shape alone


def test_digest_depends_on_everything(tiny_model: Model) -> None:
    tagger = tagger_for(tiny_model)
    changed: list[dict[str, Any]] = [
        {name: getattr(tagger, name) + np.float32(1)}
        for name in ("table_map", "map", "bias", "window_map", "window_bias", "out", "out_bias")
    ]
    changed += [
        {"table": tagger.table + np.float16(1)},
        {"pairs": tagger.pairs[:-1]},
        {"words": {"bank": 0, "the": 1, "naive": 2, '"': 3}},
        {"layers": (0, 1)},
        {"tagset": TagSet(("A", "U1", "U2"), tagger.tagset.xpos)},
        {"lemmas": replace(RULES, language="de")},
        {"lemmas": replace(RULES, exceptions={})},
        {"lemmas": replace(RULES, endings={})},
        {"lemmas": replace(RULES, dictionary=frozenset())},
    ]
    digests = {tagger.digest(), *(replace(tagger, **change).digest() for change in changed)}
    assert len(digests) == len(changed) + 1
    assert {field.name for field in fields(Tagger)} == {name for change in changed for name in change}


texts = st.text(st.characters(exclude_characters="\n\t", exclude_categories=["Cs"]), max_size=6)
tags = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 99),
    st.lists(texts.filter(bool), unique=True, max_size=6),
    st.lists(tags, unique=True, min_size=1, max_size=9),
    st.dictionaries(st.tuples(texts, texts), texts, max_size=4),
    st.dictionaries(st.tuples(texts, texts), st.tuples(st.integers(0, 9), texts), max_size=4),
    st.frozensets(st.tuples(texts, st.booleans(), st.booleans()), max_size=4),
)
def test_file_reads_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    words: list[str],
    xpos: list[str],
    exceptions: dict[tuple[str, str], str],
    endings: dict[tuple[str, str], tuple[int, str]],
    dictionary: frozenset[tuple[str, bool, bool]],
) -> None:
    model = read_model(Path(__file__).parents[1] / "fixtures" / "tiny_elmo")
    tagger = tagger_for(model, seed, tags=(2, len(xpos)))
    table: Reals = np.resize(tagger.table, (len(words) + 3, 3)).astype(np.float16)
    tagger = replace(
        tagger,
        words={word: row for row, word in enumerate(words)},
        table=table,
        tagset=TagSet(("A", "B"), tuple(xpos)),
        lemmas=LemmaRules("de", exceptions, endings, dictionary),
    )
    path = tmp_path_factory.mktemp("file") / "tagger.safetensors"
    save_file(dict(tagger_to_tensors(tagger)), path)
    assert equal(read_tagger(path), tagger)
    assert read_tagger(path).digest() == tagger.digest()


def test_what_could_not_be_read_back_is_not_written(tiny_model: Model) -> None:
    for change in ({"words": {"a\nb": 0}}, {"lemmas": replace(RULES, exceptions={("NOUN", "a\tb"): "a"})}):
        with pytest.raises(ModelError, match="a tab or a newline"):
            tagger_to_tensors(replace(tagger_for(tiny_model), **change))


def test_model_folder_keeps_the_tagger(tmp_path: Path, tiny_model: Model) -> None:
    model = replace(tiny_model, tagger=tagger_for(tiny_model))
    assert model.tagger
    write_model(tmp_path / "one", model, "# card\n")
    verify_model(tmp_path / "one")
    convert(str(tmp_path / "one"), tmp_path / "two", half=True)
    for name in ("one", "two"):
        back = read_model(tmp_path / name)
        assert back.tagger
        assert equal(back.tagger, model.tagger)
        listed = (tmp_path / name / "SHA256SUMS").read_text(encoding="utf-8")
        content = (tmp_path / name / "tagger.safetensors").read_bytes()
        assert f"{hashlib.sha256(content).hexdigest()}  tagger.safetensors\n" in listed
    assert model_id(read_model(tmp_path / "one")) == model_id(tiny_model)
    assert describe(str(tmp_path / "one")).tagger == "en, 3 parts of speech, 4 own tags"
    assert "the tagger" in convert(str(tmp_path / "one"), tmp_path / "pair", Layout.ALLENNLP).left_out
    encoder = load_encoder(tmp_path / "one")
    assert encoder.tagger_id == model.tagger.digest()
    (found,) = encoder.represent([["The", "bank"]])
    assert found.tags is not None


def _text(content: bytes) -> npt.NDArray[np.uint8]:
    return np.frombuffer(content, np.uint8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.update(format=np.asarray(2)), "has format 2"),
        (lambda t: t.update(format=np.zeros(3, np.int64)), "not a tagger"),
        (lambda t: t.pop("map"), "lacks the tensor 'map'"),
        (lambda t: t.pop("exceptions"), "lacks the tensor 'exceptions'"),
        (lambda t: t.update(upos=_text(b"")), "empty, too long or not printable"),
        (lambda t: t.update(upos=_text(b"A\nA\nB")), "or one twice"),
        (lambda t: t.update(upos=_text(b"A\nB\x1b[31m\nC")), "not printable"),
        (lambda t: t.update(upos=_text(b"A\n" + b"B" * 101 + b"\nC")), "too long"),
        (lambda t: t.update(upos=_text("\n".join(map(str, range(256))).encode())), "256 tags of upos"),
        (lambda t: t.update(upos=_text(b"A\nB\nC\nD")), "out has the shape"),
        (lambda t: t.update(upos=t["upos"].astype(np.int64)), "upos are not a text"),
        (lambda t: t.update(xpos=_text(b"\xff\xfe")), "not a tagger"),
        (lambda t: t.update(words=_text(b"a\na")), "a word twice"),
        (
            lambda t: t.update(words=_text(b"\n".join(b"w%d" % n for n in range(99)))),
            "its table has 20 rows for 99 words",
        ),
        (lambda t: t.update(pairs=np.zeros((0, 2), np.uint8)), "its pairs have the shape"),
        (lambda t: t.update(pairs=np.zeros((2, 2), np.uint8)), "a pair of tags twice"),
        (lambda t: t.update(pairs=np.array([[3, 0]], np.uint8)), "a pair of tags is not in its lists"),
        (lambda t: t.update(pairs=np.array([[0, 4]], np.uint8)), "a pair of tags is not in its lists"),
        (lambda t: t.update(pairs=t["pairs"].astype(np.int64)), "its pairs have the shape"),
        (lambda t: t.update(table=t["table"][:, :0].copy()), "its vectors have 0, 5 and 6 numbers"),
        (lambda t: t.update(table=np.full_like(t["table"], np.nan)), "values that are not numbers"),
        (lambda t: t.update(table=np.zeros((20, 3), np.uint8)), "table has the shape"),
        (lambda t: t.update(map=np.full(t["map"].shape, 1e300)), "values that are not numbers in single"),
        (lambda t: t.update(map=np.zeros(4, np.float32)), "map has the shape"),
        (lambda t: t.update(window_map=t["window_map"][:-1].copy()), "window_map has the shape"),
        (lambda t: t.update(out_bias=t["out_bias"][:-1].copy()), "out_bias has the shape"),
        (lambda t: t.update(layers=np.zeros(0, np.int64)), "it reads the layers"),
        (lambda t: t.update(layers=np.array([1, 1])), "it reads the layers"),
        (lambda t: t.update(layers=np.array([0.5])), "its layers have the shape"),
        (lambda t: t.update(language=_text(b"en\nde")), "not a tagger"),
        (lambda t: t.update(language=_text(b"e1")), "its language is 'e1'"),
        (lambda t: t.update(exceptions=_text(b"NOUN\tgeese")), "not a tagger"),
        (lambda t: t.update(endings=_text(b"NOUN\ts\t-1\t")), "cuts '-1'"),
        (lambda t: t.update(endings=_text(b"NOUN\ts\t99999999999\t")), "cuts '99999999999'"),
        (lambda t: t.update(endings=_text(b"NOUN\tlongending\t1\t")), "the ending 'longending'"),
        (lambda t: t.update(dictionary=_text(b"NOUN\t1\t2")), "the dictionary is followed for"),
    ],
)
def test_strange_tensors_are_refused_in_one_line(
    tiny_model: Model, change: Callable[[Tensors], object], message: str
) -> None:
    tensors: Tensors = dict(tagger_to_tensors(tagger_for(tiny_model)))
    change(tensors)
    with pytest.raises(ModelError, match=message) as caught:
        tagger_from_tensors(tensors, "a/tagger.safetensors")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("a/tagger.safetensors")


@pytest.mark.parametrize("layers", [(0, 9), (-1, 2), (0, 1, 2)])
def test_tagger_for_a_model_of_another_size_is_refused(
    tmp_path: Path, tiny_model: Model, layers: tuple[int, ...]
) -> None:
    tagger = replace(tagger_for(tiny_model), layers=layers)
    with pytest.raises(ModelError, match="the tagger is for a model of another size"):
        write_model(tmp_path / "m", replace(tiny_model, tagger=tagger), "")


def test_sizes_are_checked_before_memory_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "tagger.safetensors"
    header = b'{"table":{"dtype":"F16","shape":[1000000,1000000],"data_offsets":[0,2000000000000]}}'
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * 100)
    with pytest.raises(ModelError, match="cannot be read"):
        read_tagger(path)


def test_damaged_tagger_is_named(tmp_path: Path, tiny_model: Model) -> None:
    write_model(tmp_path / "m", replace(tiny_model, tagger=tagger_for(tiny_model)), "")
    path = tmp_path / "m" / "tagger.safetensors"
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"tagger\.safetensors is not what SHA256SUMS says"):
        read_model(tmp_path / "m")


def test_scores_that_overflow_still_give_tags_of_the_lists(tiny_model: Model) -> None:
    tagger = tagger_for(tiny_model)
    huge = replace(tagger, map=np.full_like(tagger.map, 3e38), out=np.full_like(tagger.out, 3e38))
    for found in ElmoEncoder(replace(tiny_model, tagger=huge), "huge").represent(SENTENCES):
        assert found.tags is not None
        assert (found.tags.upos < 3).all()
        assert (found.tags.xpos < 4).all()


def test_states_of_layer_0_are_read_once() -> None:
    layers = np.arange(24, dtype=np.float32).reshape(3, 2, 4)
    found = np.zeros((2, 6), np.float32)
    read_states(layers, (0, 2), found)
    assert found.tolist() == [[0, 1, 16, 17, 18, 19], [4, 5, 20, 21, 22, 23]]


def test_vectors_of_spellings_do_not_depend_on_what_was_looked_up_before(
    tiny_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagger = tagger_for(tiny_model)

    def vectors(batches: list[list[str]]) -> list[Array]:
        spelling = SpellingVectors(tagger.words, tagger.table, tagger.table_map)
        return [spelling.look_up(tokens) for tokens in batches]

    batches = [["a", "b", "a"], [], ["c", "bank"], ["d", "e", "f", "g", "h", "i", "a"], ["b"]]
    wanted = [vectors([tokens])[0] for tokens in batches]
    for numbers in (1 << 22, 20, 1):  # numbers of 5 make a vector
        monkeypatch.setattr(spelling_module, "_CACHED_NUMBERS", numbers)
        for found, alone in zip(vectors(batches), wanted, strict=True):
            np.testing.assert_allclose(found, alone, rtol=1e-6)
