"""Every model format reads back what it wrote, and names what is damaged."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.elmo import load_encoder
from polyseme.indexer.elmo.config import Activation, BiLMConfig, tensor_shapes
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.elmo.formats.allennlp import read_allennlp, write_allennlp
from polyseme.indexer.elmo.formats.model_folder import (
    read_card,
    read_model,
    read_output_layer,
    verify_model,
    write_model,
)
from polyseme.indexer.elmo.model import Model, OutputLayer, model_id
from polyseme.indexer.errors import ModelError
from safetensors.numpy import load_file, save_file

SENTENCE = ["The", "river", "bank", "."]


def equal(one: Model, other: Model) -> bool:
    same_keys = one.config == other.config and set(one.weights) == set(other.weights)
    return same_keys and all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights)


@settings(max_examples=15, deadline=None)
@given(
    st.builds(
        BiLMConfig,
        char_dim=st.integers(1, 3),
        filters=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=3).map(tuple),
        n_highway=st.integers(0, 2),
        cell=st.integers(1, 4),
        projection=st.integers(1, 3),
        n_lstm=st.integers(1, 3),
        activation=st.sampled_from(Activation),
        skip=st.booleans(),
        cell_clip=st.none() | st.just(3.0),
    ),
    st.integers(0, 99),
    st.booleans(),
)
def test_every_format_reads_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, config: BiLMConfig, seed: int, plain: bool
) -> None:
    random = np.random.default_rng(seed)
    weights = {name: random.normal(size=shape).astype(np.float32) for name, shape in tensor_shapes(config).items()}
    if plain:
        weights |= {"mix.weights": np.zeros(config.n_layers, np.float32), "mix.gamma": np.ones((), np.float32)}
    folder, model = tmp_path_factory.mktemp("formats"), Model(config, weights)
    write_model(folder / "ours", model, "# card\n")
    write_allennlp(folder / "theirs", model)
    for back in (read_model(folder / "ours"), read_allennlp(folder / "theirs")):
        assert equal(back, model)
        assert model_id(back) == model_id(model)
    with h5py.File(folder / "theirs" / "weights.hdf5", "r") as file:
        assert file["char_embed"].shape == (261, config.char_dim)
        assert ("polyseme" in file) != plain


def test_folder_keeps_sense_space_output_layer_and_card(tmp_path: Path, tiny_folder: Path, tiny_model: Model) -> None:
    layer = read_output_layer(tiny_folder)
    assert layer is not None
    write_model(tmp_path / "copy", tiny_model, read_card(tiny_folder), output_layer=layer)
    for name in ("weights.safetensors", "sense_space.safetensors", "softmax.safetensors"):
        ours, theirs = load_file(tmp_path / "copy" / name), load_file(tiny_folder / name)
        assert {key: array.tolist() for key, array in ours.items()} == {k: a.tolist() for k, a in theirs.items()}
    for name in ("config.json", "vocab.txt", "MODEL_CARD.md"):
        assert (tmp_path / "copy" / name).read_bytes() == (tiny_folder / name).read_bytes()
    verify_model(tmp_path / "copy")
    assert model_id(read_model(tmp_path / "copy")) == model_id(tiny_model)


def test_arrays_in_column_order_keep_their_values(tmp_path: Path, tiny_model: Model) -> None:
    assert tiny_model.sense_space
    space = replace(tiny_model.sense_space, map=np.asarray(tiny_model.sense_space.map, order="F"))
    turned = {name: np.asarray(array, order="F") for name, array in tiny_model.weights.items()}
    write_model(tmp_path / "m", Model(tiny_model.config, turned, space), "")
    assert model_id(read_model(tmp_path / "m")) == model_id(tiny_model)


def test_half_precision_halves_the_file_and_keeps_the_vectors(tmp_path: Path, tiny_model: Model) -> None:
    write_model(tmp_path / "half", tiny_model, "", half=True)
    half = load_encoder(tmp_path / "half")
    (ours,), (exact,) = half.represent([SENTENCE]), ElmoEncoder(tiny_model, "exact").represent([SENTENCE])
    for one, other in ((ours.elmo, exact.elmo), (ours.sense, exact.sense)):
        cosine = (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
        assert cosine.min() >= 0.9999


def test_sha256sum_accepts_the_list_of_checksums(tiny_folder: Path) -> None:
    lines = (tiny_folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {line[66:]: line[:64] for line in lines}
    files = {path.name: path for path in tiny_folder.iterdir() if path.name != "SHA256SUMS"}
    assert listed == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["config.json", "weights.safetensors", "sense_space.safetensors", "vocab.txt"])
@pytest.mark.parametrize("harm", [damage, Path.unlink], ids=["damaged", "missing"])
def test_damaged_and_missing_files_are_named(
    tmp_path: Path, tiny_folder: Path, name: str, harm: Callable[[Path], None]
) -> None:
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "m"))
    harm(folder / name)
    with pytest.raises(ModelError, match=name) as caught:
        verify_model(folder)
    assert "\n" not in str(caught.value)
    if (harm, name) != (Path.unlink, "sense_space.safetensors"):
        with pytest.raises(ModelError, match=name):
            load_encoder(folder)


def test_verify_reads_what_loading_does_not(tmp_path: Path, tiny_folder: Path) -> None:
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "m"))
    damage(folder / "softmax.safetensors")
    load_encoder(folder)
    with pytest.raises(ModelError, match=r"softmax\.safetensors"):
        verify_model(folder)
    (folder / "SHA256SUMS").unlink()
    with pytest.raises(ModelError, match="SHA256SUMS is missing"):
        verify_model(folder)


def test_wrong_tensors_are_named(tmp_path: Path, tiny_folder: Path) -> None:
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "m"))
    (folder / "SHA256SUMS").unlink()
    weights = load_file(folder / "weights.safetensors")

    def refused(changed: dict[str, npt.NDArray[np.float32]], named: str) -> None:
        save_file(changed, folder / "weights.safetensors")
        with pytest.raises(ModelError, match=named):
            load_encoder(folder)

    refused({name: array for name, array in weights.items() if name != "projection.bias"}, "lacks .*projection.bias")
    refused(weights | {"projection.bias": np.zeros(9, np.float32)}, r"projection.bias has shape \(9,\)")
    refused(weights | {"projection.bias": np.full(6, np.nan, np.float32)}, "projection.bias holds values that are not")
    refused(weights | {"more": np.zeros(1, np.float32)}, "unknown tensor 'more'")
    (folder / "weights.safetensors").write_bytes(b"no tensors")
    with pytest.raises(ModelError, match=r"weights\.safetensors cannot be read"):
        load_encoder(folder)


def test_nothing_is_overwritten(tmp_path: Path, tiny_model: Model) -> None:
    (tmp_path / "m").mkdir()
    with pytest.raises(ModelError, match="exists already"):
        write_model(tmp_path / "m", tiny_model, "")
    write_allennlp(tmp_path / "a", tiny_model)
    with pytest.raises(ModelError, match="exists already"):
        write_allennlp(tmp_path / "a", tiny_model)


def test_a_failed_write_leaves_nothing(tmp_path: Path, tiny_model: Model) -> None:
    layer = OutputLayer(("other",), np.zeros((1, 6), np.float16), np.zeros(1, np.float16))
    with pytest.raises(ModelError, match="count different words"):
        write_model(tmp_path / "m", tiny_model, "", output_layer=layer)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def pair(tmp_path: Path, tiny_model: Model) -> Path:
    """An AllenNLP pair with another HDF5 file beside it, as in the published fixture."""
    write_allennlp(tmp_path / "pair", tiny_model)
    with h5py.File(tmp_path / "pair" / "lm_embeddings_0.hdf5", "w") as file:
        file["0"] = np.zeros(3)
    return tmp_path / "pair"


def test_pair_is_found_in_a_folder_by_its_weights_and_in_a_zip(pair: Path, tiny_model: Model) -> None:
    with zipfile.ZipFile(pair.parent / "212.zip", "w") as archive:
        archive.write(pair / "weights.hdf5", "model.hdf5")
        archive.write(pair / "options.json", "options.json")
        archive.writestr("meta.json", "{}")
        archive.writestr("vocab.txt", "<S>\n")
    (exact,) = ElmoEncoder(replace(tiny_model, sense_space=None), "exact").encode([SENTENCE])
    for source in (pair, pair / "weights.hdf5", pair.parent / "212.zip"):
        (found,) = load_encoder(source).encode([SENTENCE])
        np.testing.assert_allclose(found, exact, atol=1e-6)


def test_one_of_several_pairs_in_a_folder_is_chosen_by_name(pair: Path, tiny_model: Model) -> None:
    (pair / "weights.hdf5").rename(pair / "small_weights.hdf5")
    (pair / "options.json").rename(pair / "small_options.json")
    shutil.copy(pair / "small_weights.hdf5", pair / "big_weights.hdf5")
    (pair / "big_options.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelError, match="more than one HDF5 file"):
        load_encoder(pair)
    assert equal(
        read_allennlp(pair / "small_weights.hdf5"), replace(tiny_model, config=replace(tiny_model.config, normalise=()))
    )


def test_broken_pairs_are_named(pair: Path) -> None:
    options = json.loads((pair / "options.json").read_text(encoding="utf-8"))
    options["lstm"]["dim"] = 13
    (pair / "options.json").write_text(json.dumps(options), encoding="utf-8")
    with pytest.raises(ModelError, match=r"Cell0/LSTMCell/W_0 has shape \(12, 48\), .* ask for \(12, 52\)"):
        load_encoder(pair)
    options["lstm"] |= {"dim": 12, "n_layers": 3}
    (pair / "options.json").write_text(json.dumps(options), encoding="utf-8")
    with pytest.raises(ModelError, match=r"weights.hdf5 lacks RNN_0/RNN/MultiRNNCell/Cell2/LSTMCell/W_0"):
        load_encoder(pair)
    (pair / "options.json").unlink()
    with pytest.raises(ModelError, match=r"no options\.json for weights\.hdf5"):
        load_encoder(pair / "weights.hdf5")
    (pair / "weights.hdf5").write_bytes(b"x" * 100)
    with pytest.raises(ModelError, match="not a readable HDF5 file"):
        load_encoder(pair / "weights.hdf5")
    (pair.parent / "cut.zip").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(ModelError, match="cannot be unpacked"):
        load_encoder(pair.parent / "cut.zip")


def test_published_fixture_survives_a_round_trip(tmp_path: Path, allennlp_fixture: Path) -> None:
    first = read_allennlp(allennlp_fixture)
    write_allennlp(tmp_path / "again", first)
    assert equal(read_allennlp(tmp_path / "again"), first)
    with (
        h5py.File(allennlp_fixture / "lm_weights.hdf5", "r") as published,
        h5py.File(tmp_path / "again" / "weights.hdf5", "r") as ours,
    ):
        assert sorted(names(published)) == sorted(names(ours))
        for name in names(published):
            np.testing.assert_array_equal(published[name][...], ours[name][...])


def names(file: h5py.File) -> list[str]:
    found: list[str] = []
    file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    return found
