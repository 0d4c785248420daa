"""Read and write AllenNLP's and bilm-tf's published format: `options.json` and HDF5 weights, in a folder or a zip.

`char_embed` has 261 rows in the file, and AllenNLP itself adds a row of zeros. The format has no place for the layer
mix. A mix other than the plain mean is written to two datasets of our own, which other readers ignore.
"""

import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ...errors import ModelError
from ...vectors.arrays import Reals
from ..config import (
    DIRECTIONS,
    N_CHARACTERS,
    Activation,
    BiLMConfig,
    clip_from_json,
    filters_from_json,
    parse_json,
    refuse_unknown_keys,
    tensor_shapes,
    wrong_content,
)
from ..model import Model, check_weights

if TYPE_CHECKING:
    import h5py

_HDF5_SUFFIXES = (".hdf5", ".h5")
_KINDS = {"kernel": "W", "bias": "b"}

_OPTIONS = [
    "lstm",
    "char_cnn",
    # The rest says how the model was trained. Published files keep it.
    "bidirectional",
    "dropout",
    "all_clip_norm_val",
    "n_epochs",
    "n_train_tokens",
    "batch_size",
    "n_tokens_vocab",
    "unroll_steps",
    "n_negative_samples_batch",
    "sample_softmax",
    "share_embedding_softmax",
    "learning_rate",
]
_CNN_OPTIONS = ["activation", "embedding", "filters", "n_highway", "n_characters", "max_characters_per_token"]
_LSTM_OPTIONS = ["cell_clip", "dim", "n_layers", "proj_clip", "projection_dim", "use_skip_connections"]


def is_allennlp_source(path: Path) -> bool:
    """Return whether `path` is a zip, an HDF5 file, or a folder with an options file."""
    if path.is_dir():
        return any(_is_options(file.name) for file in path.iterdir())
    return path.suffix in (".zip", *_HDF5_SUFFIXES)


def read_allennlp(path: Path) -> Model:
    """Read a model from a folder, a zip, or an HDF5 file with its options beside it.

    Of several HDF5 files in a folder, the weights are the one that holds `char_embed` and `RNN_0`. The model has no
    sense space, and its `normalise` is empty.

    Raises:
        ModelError: A file is missing, ambiguous, unreadable, or does not fit the options.
    """
    try:
        if path.suffix == ".zip" and path.is_file():
            return _read_zip(path)
        folder = path if path.is_dir() else path.parent
        files = sorted(file for file in folder.iterdir() if file.is_file())
        candidates = [file for file in files if file.suffix in _HDF5_SUFFIXES] if path.is_dir() else [path]
        weights = [file for file in candidates if _holds_bilm(file, str(file))]
        chosen = _only(weights, f"{path}", "HDF5 file with char_embed and RNN_0; name the .hdf5 file itself")
        options = [file for file in files if _is_options(file.name)]
        if len(options) > 1:
            stem = chosen.name.removesuffix(chosen.suffix).removesuffix("weights")
            options = [file for file in options if file.name.startswith(stem)]
        named = _only(options, f"{folder}", f"options.json for {chosen.name}; put it beside")
        return _read_pair(named.read_bytes(), str(named), chosen, str(chosen))
    except OSError as error:
        raise ModelError(f"{error.filename or path} cannot be read ({error.strerror}); give a path that can") from error


def write_allennlp(folder: Path, model: Model) -> None:
    """Write `options.json` and `weights.hdf5` in single precision. The folder is made if it is missing.

    The format has no place for the sense space, the output layer and `normalise`.

    Raises:
        ModelError: One of the files exists already, or the folder cannot be written.
    """
    import h5py

    check_weights(model, str(folder))
    options, weights = folder / "options.json", folder / "weights.hdf5"
    for path in (options, weights):
        if path.exists():
            raise ModelError(f"{path} exists already; remove it or choose another place")
    temporary = weights.with_suffix(f".{os.getpid()}.partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with h5py.File(temporary, "w") as file:
            for ours, theirs in _dataset_names(model.config).items():
                array = np.asarray(model.weights[ours], np.float32)
                file[theirs] = array[None] if ".conv." in ours and array.ndim == 3 else array
            if not _is_plain_mean(model):
                file["polyseme/mix_weights"] = np.asarray(model.weights["mix.weights"], np.float32)
                file["polyseme/gamma"] = np.asarray(model.weights["mix.gamma"], np.float32)
        options.write_text(json.dumps(config_to_options(model.config), indent=1) + "\n", encoding="utf-8")
        temporary.rename(weights)
    except OSError as error:
        raise ModelError(f"{folder} cannot be written ({error.strerror}); choose another place") from error
    finally:
        temporary.unlink(missing_ok=True)


def config_from_options(content: Mapping[str, Any], where: str) -> BiLMConfig:
    """Build a configuration from the content of `options.json`. Error messages call the file `where`.

    `n_characters` may be 261 (bilm-tf, as trained) or 262 (AllenNLP, with a row for padding). The weights are equal.

    Raises:
        ModelError: A key is unknown or missing, a value is wrong, or the model reads in one direction only.
    """
    refuse_unknown_keys(content, _OPTIONS, where)
    if content.get("bidirectional") is False:
        raise ModelError(f"{where} describes a model of one direction; ELMo needs both")
    try:
        cnn, lstm = content["char_cnn"], content["lstm"]
        refuse_unknown_keys(cnn, _CNN_OPTIONS, f"{where}, char_cnn")
        refuse_unknown_keys(lstm, _LSTM_OPTIONS, f"{where}, lstm")
        if int(cnn.get("n_characters", N_CHARACTERS)) not in (N_CHARACTERS, N_CHARACTERS + 1):
            raise ModelError(f"{where} has n_characters {cnn['n_characters']}; ELMo's are 261 or 262: correct it")
        return BiLMConfig(
            char_dim=int(cnn["embedding"]["dim"]),
            filters=filters_from_json(cnn["filters"]),
            n_highway=int(cnn.get("n_highway") or 0),
            cell=int(lstm["dim"]),
            projection=int(lstm["projection_dim"]),
            n_lstm=int(lstm["n_layers"]),
            activation=Activation(cnn.get("activation", "relu")),
            skip=bool(lstm.get("use_skip_connections", False)),
            cell_clip=clip_from_json(lstm.get("cell_clip")),
            proj_clip=clip_from_json(lstm.get("proj_clip")),
            max_characters=int(cnn.get("max_characters_per_token", 50)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise wrong_content(where, error) from error


def config_to_options(config: BiLMConfig) -> dict[str, Any]:
    """Return the content of AllenNLP's `options.json`, which has no place for `normalise`."""
    return {
        "lstm": {
            "use_skip_connections": config.skip,
            "projection_dim": config.projection,
            "cell_clip": config.cell_clip,
            "proj_clip": config.proj_clip,
            "dim": config.cell,
            "n_layers": config.n_lstm,
        },
        "char_cnn": {
            "activation": config.activation.value,
            "filters": [list(pair) for pair in config.filters],
            "n_highway": config.n_highway,
            "embedding": {"dim": config.char_dim},
            "n_characters": N_CHARACTERS + 1,
            "max_characters_per_token": config.max_characters,
        },
    }


def _read_zip(path: Path) -> Model:
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(name for name in archive.namelist() if not name.startswith("__MACOSX"))
            options = _only([name for name in names if _is_options(name)], f"{path}", "options.json; give another zip")
            hdf5 = [name for name in names if name.endswith(_HDF5_SUFFIXES)]
            streams = [(name, io.BytesIO(archive.read(name))) for name in hdf5]
            weights = [(name, stream) for name, stream in streams if _holds_bilm(stream, f"{path}, {name}")]
            name, stream = _only(weights, f"{path}", "HDF5 file with char_embed and RNN_0; give another zip")
            return _read_pair(archive.read(options), f"{path}, {options}", stream, f"{path}, {name}")
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise ModelError(f"{path} cannot be unpacked ({error}); it may be cut short: get it again") from error


def _read_pair(options: bytes, options_name: str, weights: Path | BinaryIO, weights_name: str) -> Model:
    import h5py

    config = config_from_options(parse_json(options, options_name), options_name)
    with h5py.File(weights, "r") as file:
        tensors = {ours: _dataset(file, theirs, weights_name) for ours, theirs in _dataset_names(config).items()}
        plain = np.zeros(config.n_layers, np.float32)
        tensors["mix.weights"] = np.asarray(file["polyseme/mix_weights"]) if "polyseme" in file else plain
        tensors["mix.gamma"] = np.asarray(file["polyseme/gamma"] if "polyseme" in file else 1, np.float32)
    if len(tensors["characters.embedding"]) == N_CHARACTERS + 1:
        tensors["characters.embedding"] = tensors["characters.embedding"][1:]  # (261, char_dim)
    return check_weights(Model(config, tensors), weights_name)


def _dataset(file: "h5py.File", name: str, where: str) -> Reals:
    if name not in file:
        raise ModelError(f"{where} lacks {name}, which its options ask for; get the pair again")
    array = np.asarray(file[name])
    return array[0] if array.ndim == 4 and len(array) == 1 else array


def _dataset_names(config: BiLMConfig) -> dict[str, str]:
    """Return the HDF5 dataset of each of our weights, the layer mix excluded."""
    return {name: _dataset_name(name) for name in tensor_shapes(config) if not name.startswith("mix.")}


def _dataset_name(name: str) -> str:
    match name.split("."):
        case ["characters", "embedding"]:
            return "char_embed"
        case ["characters", "conv", number, kind]:
            return f"CNN/{_KINDS[kind]}_cnn_{number}"
        case ["highway", number, gate, kind]:
            return f"CNN_high_{number}/{_KINDS[kind]}_{gate}"
        case ["projection", kind]:
            return f"CNN_proj/{_KINDS[kind]}_proj"
        case [direction, layer, kind]:
            theirs = {"kernel": "W_0", "bias": "B", "projection": "W_P_0"}[kind]
            return f"RNN_{DIRECTIONS.index(direction)}/RNN/MultiRNNCell/Cell{layer}/LSTMCell/{theirs}"
    raise KeyError(name)


def _holds_bilm(file: Path | BinaryIO, where: str) -> bool:
    import h5py

    try:
        with h5py.File(file, "r") as content:
            return "char_embed" in content and "RNN_0" in content
    except FileNotFoundError as error:
        raise ModelError(f"{where} does not exist; give a model's folder, zip or HDF5 file") from error
    except OSError as error:
        raise ModelError(f"{where} is not a readable HDF5 file; get it again") from error


def _is_options(name: str) -> bool:
    return "options" in Path(name).name and name.endswith(".json")


def _is_plain_mean(model: Model) -> bool:
    mix = np.asarray(model.weights["mix.weights"])  # (n_layers,)
    return bool((mix == mix[0]).all() and model.weights["mix.gamma"] == 1)


def _only(found: Sequence[Any], where: str, what: str) -> Any:
    if len(found) != 1:
        raise ModelError(f"{where} holds {'no' if not found else 'more than one'} {what}")
    return found[0]
