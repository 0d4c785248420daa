"""Read and write AllenNLP's and bilm-tf's published format: `options.json` and HDF5 weights, in a folder or a zip.

`char_embed` has 261 rows in the file, and AllenNLP itself adds a row of zeros. The format has no place for the layer
mix. A mix other than the plain mean is written to two datasets of our own, which other readers ignore.
"""

import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

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
from ..limits import MAX_FILES, MAX_JSON_BYTES, fits_packed, one_line, read_bytes, shown
from ..model import Model, check_weights
from .hdf5_file import has_object, read_dataset

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
        return _read_pair(read_bytes(named, MAX_JSON_BYTES), str(named), chosen, str(chosen), chosen.stat().st_size)
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
            raise ModelError(
                f"{where} has n_characters {shown(cnn['n_characters'])}; ELMo's are 261 or 262: correct it"
            )
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
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
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
            _check_members(archive, [options, *hdf5], path)
            streams = [(name, io.BytesIO(archive.read(name))) for name in hdf5]
            weights = [(name, stream) for name, stream in streams if _holds_bilm(stream, f"{path}, {name}")]
            name, stream = _only(weights, f"{path}", "HDF5 file with char_embed and RNN_0; give another zip")
            size = archive.getinfo(name).file_size
            return _read_pair(archive.read(options), f"{path}, {options}", stream, f"{path}, {name}", size)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, zlib.error) as error:
        reason = one_line(error)
        raise ModelError(f"{path} cannot be unpacked ({reason}); it may be cut short: get it again") from error


def _check_members(archive: zipfile.ZipFile, names: Sequence[str], path: Path) -> None:
    """Refuse a zip whose members unpack to far more than its size, before memory is asked for.

    Raises:
        ModelError: It does, or it has too many members.
    """
    members = [archive.getinfo(name) for name in names]
    unpacked = sum(member.file_size for member in members)
    if not fits_packed(unpacked, path.stat().st_size) or len(archive.filelist) > MAX_FILES:
        raise ModelError(f"{path} unpacks to {unpacked:,} bytes, far more than a model has; do not trust this zip")
    options = next(member for member in members if _is_options(member.filename))
    # Other methods unpack a block to any length at once.
    plain = all(member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members)
    if options.file_size > MAX_JSON_BYTES or not plain:
        raise ModelError(f"{path}: {shown(options.filename)} or the weights are packed as no model is; unpack the zip")


def _read_pair(options: bytes, options_name: str, weights: Path | BinaryIO, weights_name: str, n_bytes: int) -> Model:
    import h5py

    config = config_from_options(parse_json(options, options_name), options_name)
    shapes = tensor_shapes(config)
    tensors: dict[str, Reals] = {}
    try:
        with h5py.File(weights, "r") as file:
            for ours, theirs in _dataset_names(config).items():
                array = read_dataset(file, theirs, _file_shapes(ours, shapes[ours]), n_bytes)
                tensors[ours] = array[0] if array.ndim == 4 else array
            has_mix = has_object(file, "polyseme")
            for ours, theirs, plain in (("weights", "mix_weights", 0), ("gamma", "gamma", 1)):
                shape = shapes[f"mix.{ours}"]
                tensors[f"mix.{ours}"] = (
                    read_dataset(file, f"polyseme/{theirs}", [shape], n_bytes)
                    if has_mix
                    else np.full(shape, plain, np.float32)
                )
    except KeyError as error:
        missing = one_line(str(error.args[0]))
        raise ModelError(f"{weights_name} lacks {missing}, which its options ask for; get the pair again") from error
    except (OSError, RuntimeError, ValueError, TypeError, OverflowError, zlib.error) as error:
        raise ModelError(f"{weights_name} cannot be read ({one_line(error)}); get the pair again") from error
    if len(tensors["characters.embedding"]) == N_CHARACTERS + 1:
        tensors["characters.embedding"] = tensors["characters.embedding"][1:]  # (261, char_dim)
    return check_weights(Model(config, tensors), weights_name)


def _file_shapes(name: str, shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return the shapes that a weight may have in the file."""
    if name == "characters.embedding":
        return [shape, (N_CHARACTERS + 1, *shape[1:])]
    return [shape, (1, *shape)] if len(shape) == 3 else [shape]


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

    if isinstance(file, Path) and not file.is_file():
        raise ModelError(f"{where} does not exist; give a model's folder, zip or HDF5 file")
    try:
        with h5py.File(file, "r") as content:
            return has_object(content, "char_embed") and has_object(content, "RNN_0")
    except (OSError, RuntimeError, ValueError, TypeError) as error:
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
