"""Every kind of source is recognised, by name or by path, without reading the model."""

import shutil
from pathlib import Path

import pytest
from polyseme.indexer.elmo.bundled import bundled_folder
from polyseme.indexer.elmo.formats.allennlp import write_allennlp
from polyseme.indexer.elmo.formats.model_folder import write_model
from polyseme.indexer.elmo.model import Model, model_id
from polyseme.indexer.elmo.sources import ModelKind, find_model, model_folder
from polyseme.indexer.errors import ModelError


def test_bundled_model_is_found_by_name() -> None:
    found = find_model("default")
    assert (found.kind, found.name, found.path) == (ModelKind.BUNDLED, "default", bundled_folder("default"))
    assert found.folder == model_folder("default") == found.path


def test_kind_of_each_path_is_recognised(tmp_path: Path, tiny_folder: Path, tiny_model: Model) -> None:
    write_allennlp(tmp_path / "pair", tiny_model)
    (tmp_path / "module").mkdir()
    (tmp_path / "module" / "saved_model.pb").write_bytes(b"graph")
    kinds = {
        tiny_folder: ModelKind.FOLDER,
        tmp_path / "pair": ModelKind.ALLENNLP,
        tmp_path / "pair" / "weights.hdf5": ModelKind.ALLENNLP,
        tmp_path / "module": ModelKind.HUB,
        tmp_path / "module.tar.gz": ModelKind.HUB,
    }
    for path, kind in kinds.items():
        found = find_model(path)
        assert (found.kind, found.path) == (kind, path)
        assert found.folder == model_folder(path) == (path if kind is ModelKind.FOLDER else None)


@pytest.mark.parametrize("handle", ["https://tfhub.dev/google/elmo/3", "gs://bucket/elmo"])
def test_address_is_a_module_without_a_path(handle: str) -> None:
    found = find_model(handle)
    assert (found.kind, found.name, found.path) == (ModelKind.HUB, handle, None)
    with pytest.raises(ModelError, match="is a TF-Hub module; convert it"):
        found.read()


def test_name_finds_the_model_from_another_working_directory(
    tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny_folder, tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    name = find_model("model").name
    monkeypatch.chdir(tiny_folder)
    assert find_model(name).path == tmp_path / "model"


def test_missing_path_is_an_error_and_has_no_model_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such file or folder, nor a bundled model"):
        find_model(tmp_path / "nowhere")
    assert model_folder(tmp_path / "nowhere") is None


def test_model_found_by_path_is_read(tmp_path: Path, tiny_model: Model) -> None:
    write_model(tmp_path / "model", tiny_model, "")
    assert model_id(find_model(tmp_path / "model").read()) == model_id(tiny_model)
