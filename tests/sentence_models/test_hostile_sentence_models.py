"""A folder from a stranger gives a model or one line of error. It runs no code and reads nothing outside of itself."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.errors import ModelError
from polyseme.indexer.sentence_models import load_sentence_model
from polyseme.indexer.sentence_models.files import ModelFiles
from polyseme.indexer.sentence_models.onnx_graph import operators
from polyseme.indexer.sentence_models.settings import Pooling, read_settings
from polyseme.indexer.sentence_models.torch_model import load_torch
from tiny_sentence_models import TEXTS, Tiny, fixed, message, needs_onnxruntime, node, onnx_bytes, varint, write_folder

WHOLE = onnx_bytes(Tiny())


def refused(folder: Path, match: str) -> None:
    """Check that a folder is refused in one line."""
    with pytest.raises(ModelError, match=match) as found:
        load_sentence_model(folder)
    assert "\n" not in str(found.value)
    assert len(str(found.value)) < 600


def put(folder: Path, name: str, content: object) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content), encoding="utf-8")


def test_missing_and_empty_folders_are_refused(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere", "there is no folder")
    refused(tmp_path, "has no sentence transformer")
    refused(Path("a\0b"), "cannot be read|there is no folder")


def test_operators_are_those_of_the_graph() -> None:
    assert operators(WHOLE) == {"Gather", "Cast", "Unsqueeze", "Mul", "ReduceSum", "MatMul", "Add", "Tanh"}


def inside(kind: bytes) -> list[bytes]:
    """Return nodes that have another node in a graph of an attribute, and in one of many."""
    graph = message(1, node(kind.decode(), [], []))
    return [node("If", [], []) + message(5, message(number, graph)) for number in (6, 11)]


@pytest.mark.parametrize("extra", [node("Loop", [], []), node("EPContext", [], []), *inside(b"Scan")])
def test_operators_that_may_not_end_or_that_read_files_are_refused(extra: bytes) -> None:
    with pytest.raises(ValueError, match="which no sentence model needs"):
        operators(onnx_bytes(Tiny(), extra_node=extra))


EXTERNAL = message(13, message(1, b"location") + message(2, b"/etc/passwd"))


@pytest.mark.parametrize(
    "content",
    [
        onnx_bytes(Tiny(), tensor_field=EXTERNAL),
        onnx_bytes(Tiny(), tensor_field=varint(14, 1)),
        onnx_bytes(Tiny(), extra_node=node("Constant", [], ["c"]) + message(5, message(5, EXTERNAL))),
        onnx_bytes(Tiny(), extra_node=node("Constant", [], ["c"]) + message(5, message(22, message(1, EXTERNAL)))),
        WHOLE + message(7, message(15, message(2, EXTERNAL))),  # a second graph is merged with the first
        WHOLE + message(25, message(7, node("Constant", [], ["c"]) + message(5, message(10, EXTERNAL)))),
        WHOLE + message(20, message(1, message(5, EXTERNAL))),
    ],
)
def test_weights_in_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="weights in another file"):
        operators(content)


def test_graphs_inside_each_other_are_refused_without_recursion() -> None:
    graph = b""
    for _ in range(400):
        graph = message(1, message(5, message(6, graph)))
    with pytest.raises(ValueError, match="nested too deeply"):
        operators(message(7, graph))


@given(content=st.binary(max_size=200), cut=st.integers(0, len(WHOLE)), field=st.integers(1, 40))
@settings(max_examples=200, deadline=None)
def test_damaged_graphs_give_operators_or_one_reason(content: bytes, cut: int, field: int) -> None:
    for damaged in (content, WHOLE[:cut] + content, WHOLE + fixed(field, 1.0) + content):
        with contextlib.suppress(ValueError):
            assert all(isinstance(name, str) for name in operators(damaged))


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "modules.json", "1_Pooling/config.json"])
def test_links_out_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    needs_onnxruntime()
    folder = write_folder(tmp_path / "model")
    (folder / name).rename(tmp_path / "outside")
    (folder / name).symlink_to(tmp_path / "outside")
    refused(folder, "is a link out of the folder")


def test_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    needs_onnxruntime()
    folder = write_folder(tmp_path)
    before = load_sentence_model(folder)
    (folder / "model.onnx").rename(folder / "weights")
    (folder / "model.onnx").symlink_to("weights")
    assert load_sentence_model(folder).id == before.id


def test_pipes_and_long_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_onnxruntime()
    folder = write_folder(tmp_path)
    monkeypatch.setattr("polyseme.indexer.sentence_models.onnx_model.MAX_ONNX_BYTES", 100)
    refused(folder, "longer than 100 bytes")
    monkeypatch.undo()
    (folder / "tokenizer.json").unlink()
    os.mkfifo(folder / "tokenizer.json")
    refused(folder, "not a plain file")


@pytest.mark.parametrize("content", [b"", b"\x00" * 50, b"ORTM" * 20, WHOLE[:200], WHOLE[:-40], b"\xff" * 64])
def test_damaged_onnx_file_is_one_line(tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    needs_onnxruntime()
    folder = write_folder(tmp_path)
    (folder / "model.onnx").write_bytes(content)
    refused(folder, "model.onnx cannot be read")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"model": 1}', "[" * 9999])
def test_damaged_tokeniser_is_one_line(tmp_path: Path, content: str) -> None:
    needs_onnxruntime()
    folder = write_folder(tmp_path)
    (folder / "tokenizer.json").write_text(content, encoding="utf-8")
    refused(folder, "tokenizer.json cannot be read")


def test_graph_with_unknown_inputs_is_refused(tmp_path: Path) -> None:
    needs_onnxruntime()
    refused(write_folder(tmp_path, inputs=["input_ids", "pixels"]), "unknown input 'pixels'")


def test_ids_outside_the_embedding_are_one_line(tmp_path: Path) -> None:
    needs_onnxruntime()
    tiny = Tiny()
    tiny.embedding = tiny.embedding[:10]
    folder = write_folder(tmp_path, tiny)
    model = load_sentence_model(folder)
    with pytest.raises(ModelError, match="does not work") as found:
        model.vectors(TEXTS)
    assert "\n" not in str(found.value)


def test_weights_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    needs_onnxruntime()
    tiny = Tiny()
    tiny.kernel[0] = float("nan")
    refused(write_folder(tmp_path, tiny), "not numbers")


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("modules.json", {}, "not a list of steps"),
        ("modules.json", [{"type": 1, "path": ""}], "step with the path"),
        ("modules.json", [{"type": "sentence_transformers.models.Pooling", "path": "../other"}], "step with the path"),
        ("modules.json", [{"type": "sentence_transformers.models.Pooling", "path": "/etc"}], "step with the path"),
        ("1_Pooling/config.json", {"pooling_mode_max_tokens": True}, "another pooling"),
        ("1_Pooling/config.json", {"pooling_mode": "lasttoken"}, "another pooling"),
        ("1_Pooling/config.json", {"pooling_mode": {"a": 1}}, "another pooling"),
        ("1_Pooling/config.json", [1], "not an object"),
        ("sentence_bert_config.json", {"max_seq_length": 10**30}, "has the length"),
        ("sentence_bert_config.json", {"max_seq_length": True}, "has the length"),
        ("config_sentence_transformers.json", {"prompts": {"q": 7}, "default_prompt_name": "q"}, "no usable prompt"),
        ("config_sentence_transformers.json", {"prompts": {}, "default_prompt_name": []}, "no usable prompt"),
    ],
)
def test_odd_settings_are_refused(tmp_path: Path, name: str, content: object, match: str) -> None:
    folder = write_folder(tmp_path)
    put(folder, name, content)
    with pytest.raises(ModelError, match=match):
        read_settings(ModelFiles(folder))


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "path", "pooling_mode", "pooling_mode_cls_token", "max_seq_length", "prompts"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    content=_json,
    name=st.sampled_from(["modules.json", "1_Pooling/config.json", "sentence_bert_config.json", "config.json"]),
)
@settings(max_examples=150, deadline=None)
def test_any_json_gives_settings_or_one_line(content: Any, name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = write_folder(tmp_path_factory.mktemp("model"))
    put(folder, name, content)
    with contextlib.suppress(ModelError):
        assert read_settings(ModelFiles(folder)).pooling in tuple(Pooling)


def torch_folder(folder: Path) -> Path:
    """Return a folder for sentence-transformers, with weights that are never read."""
    write_folder(folder)
    (folder / "model.onnx").unlink()
    (folder / "model.safetensors").write_bytes(b"weights")
    put(folder, "config.json", {"model_type": "bert"})
    return folder


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda folder: (folder / "modeling.py").write_text("1", encoding="utf-8"), "could run code"),
        (lambda folder: put(folder, "adapter_config.json", {}), "could run code or load another model"),
        (lambda folder: put(folder, "config.json", {"auto_map": {}}), "chooses code"),
        (lambda folder: put(folder, "config.json", {"a": [{"attn_implementation": "x/y"}]}), "chooses code"),
        (lambda folder: put(folder, "tokenizer_config.json", {"auto_map": {}}), "chooses code"),
        (lambda folder: put(folder, "sentence_bert_config.json", {"model_args": {}}), "has 'model_args'"),
        (lambda folder: put(folder, "modules.json", [{"type": "os.system", "path": ""}]), "has other steps"),
        (
            lambda folder: put(
                folder,
                "modules.json",
                [{"type": f"sentence_transformers.models.{name}", "path": name} for name in ("Transformer", "Dense")],
            ),
            "has other steps",
        ),
        (lambda folder: (folder / "vocab.txt").symlink_to("/etc/passwd"), "link out of the folder"),
    ],
)
def test_folder_that_chooses_code_is_refused_before_the_library_sees_it(
    tmp_path: Path, change: Callable[[Path], object], match: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "sentence_transformers", None)  # an import would be another error
    folder = torch_folder(tmp_path)
    change(folder)
    refused(folder, match)


def test_pickled_weights_are_not_a_model(tmp_path: Path) -> None:
    folder = torch_folder(tmp_path)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    refused(folder, "has no sentence transformer")


def test_missing_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modules = __import__("sys").modules
    monkeypatch.setitem(modules, "sentence_transformers", None)
    refused(torch_folder(tmp_path / "torch"), "needs sentence-transformers")
    monkeypatch.setitem(modules, "onnxruntime", None)
    refused(write_folder(tmp_path / "onnx"), r"needs onnxruntime; install it with `pip install 'polyseme\[")


def test_settings_of_torch_folders_are_those_of_onnx_folders(tmp_path: Path) -> None:
    folder = torch_folder(tmp_path)
    put(folder, "modules.json", [{"type": "sentence_transformers.models.CNN", "path": ""}])
    files = ModelFiles(folder)
    assert not read_settings(files).is_complete
    with pytest.raises(ModelError, match="export the model to ONNX"):
        load_torch(files, read_settings(files))
