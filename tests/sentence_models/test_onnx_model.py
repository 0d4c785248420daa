"""A sentence transformer in ONNX gives the vectors that the same network in numpy gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.errors import ModelError
from polyseme.indexer.sentence_models import load_sentence_model
from polyseme.indexer.sentence_models.batches import BATCH_TOKENS, batches_by_length
from tiny_sentence_models import DIM, TEXTS, WORDS, Tiny, needs_onnxruntime, write_folder

needs_onnxruntime()


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_vectors_equal_the_network_in_numpy(tmp_path: Path, pooling: str) -> None:
    model = load_sentence_model(write_folder(tmp_path, pooling=pooling))
    assert (model.dim, model.source) == (DIM, str(tmp_path))
    np.testing.assert_allclose(model.vectors(TEXTS), Tiny().vectors(TEXTS, pooling), atol=1e-5)


def test_folder_without_pooling_takes_the_mean(tmp_path: Path) -> None:
    model = load_sentence_model(write_folder(tmp_path, pooling=None))
    np.testing.assert_allclose(model.vectors(TEXTS), Tiny().vectors(TEXTS), atol=1e-5)


def test_folder_named_onnx_is_found(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "onnx").mkdir()
    (tmp_path / "model.onnx").rename(tmp_path / "onnx" / "model.onnx")
    np.testing.assert_allclose(load_sentence_model(tmp_path).vectors(TEXTS), Tiny().vectors(TEXTS), atol=1e-5)


@given(texts=st.lists(st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join), max_size=12))
@settings(max_examples=15, deadline=None)
def test_a_text_has_the_same_vector_in_each_batch(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    model = load_sentence_model(write_folder(tmp_path_factory.mktemp("model")))
    together = model.vectors(texts)
    assert together.shape == (len(texts), DIM)
    for text, vector in zip(texts, together, strict=True):
        np.testing.assert_allclose(model.vectors([text])[0], vector, atol=1e-4)


@pytest.mark.parametrize("graph", [{"dynamic": True}, {"inputs": ["input_ids"]}])
def test_graph_that_mixes_its_batch_reads_one_text_at_a_time(tmp_path: Path, graph: dict[str, Any]) -> None:
    model = load_sentence_model(write_folder(tmp_path, **graph))
    alone = np.concatenate([model.vectors([text]) for text in TEXTS])
    np.testing.assert_allclose(model.vectors(TEXTS), alone, atol=1e-6)


def test_empty_text_is_zero_and_no_text_has_no_row(tmp_path: Path) -> None:
    model = load_sentence_model(write_folder(tmp_path))
    found = model.vectors(["", "rain", " \n"])
    assert not found[[0, 2]].any()
    np.testing.assert_allclose(found[1], Tiny().vectors(["rain"])[0], atol=1e-5)
    assert model.vectors([]).shape == (0, DIM)


def test_long_text_is_cut_at_the_length_of_the_settings(tmp_path: Path) -> None:
    write_folder(tmp_path)
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 6}', encoding="utf-8")
    expected = Tiny().vectors(TEXTS, length=6)
    np.testing.assert_allclose(load_sentence_model(tmp_path).vectors(TEXTS), expected, atol=1e-5)


def test_default_prompt_is_put_before_each_text(tmp_path: Path) -> None:
    write_folder(tmp_path)
    config = {"prompts": {"query": "we saw it "}, "default_prompt_name": "query"}
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(config), encoding="utf-8")
    expected = Tiny().vectors([f"we saw it {text}" for text in TEXTS])
    np.testing.assert_allclose(load_sentence_model(tmp_path).vectors(TEXTS), expected, atol=1e-5)


def test_id_depends_on_what_decides_the_vectors_and_not_on_the_place(tmp_path: Path) -> None:
    first = load_sentence_model(write_folder(tmp_path / "first"))
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    (tmp_path / "second" / "README.md").write_text("card", encoding="utf-8")
    assert load_sentence_model(tmp_path / "second").id == first.id
    others = {
        load_sentence_model(write_folder(tmp_path / "weights", Tiny(1))).id,
        load_sentence_model(write_folder(tmp_path / "pooling", pooling="cls")).id,
    }
    changed = (tmp_path / "second" / "tokenizer.json").read_text(encoding="utf-8").replace('"rain"', '"rains"')
    (tmp_path / "second" / "tokenizer.json").write_text(changed, encoding="utf-8")
    others.add(load_sentence_model(tmp_path / "second").id)
    assert len(others | {first.id}) == 4


@given(lengths=st.lists(st.integers(1, 3000), max_size=80), most=st.none() | st.integers(1, 5))
def test_batches_hold_each_row_once_in_the_order_of_length(lengths: list[int], most: int | None) -> None:
    batches = list(batches_by_length(lengths, most))
    rows = [row for batch in batches for row in batch]
    assert sorted(rows) == list(range(len(lengths)))
    assert [lengths[row] for row in rows] == sorted(lengths)
    for batch in batches:
        assert len(batch) <= (most or 32)
        assert len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= BATCH_TOKENS


@pytest.mark.parametrize("output", ["sentence_embedding", "v"])
def test_graph_with_vectors_of_texts_needs_no_pooling(tmp_path: Path, output: str) -> None:
    folder = write_folder(tmp_path, output=output, pooled=True)
    steps = [{"type": f"sentence_transformers.models.{name}", "path": name} for name in ("Transformer", "Dense")]
    (folder / "modules.json").write_text(json.dumps(steps), encoding="utf-8")
    np.testing.assert_allclose(load_sentence_model(folder).vectors(TEXTS), Tiny().vectors(TEXTS), atol=1e-5)


def test_graph_without_the_last_steps_is_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    steps = [{"type": f"sentence_transformers.models.{name}", "path": name} for name in ("Transformer", "Dense")]
    (folder / "modules.json").write_text(json.dumps(steps), encoding="utf-8")
    with pytest.raises(ModelError, match="steps after the pooling"):
        load_sentence_model(folder)
