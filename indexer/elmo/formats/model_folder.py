"""The model folder: written aside and renamed, read, verified. No pickle, no code.

config.json            `BiLMConfig`
weights.safetensors    every tensor of `config.tensor_shapes`, in single or half precision
MODEL_CARD.md          what it was trained on, how well it does, its licences
SHA256SUMS             of all the other files, as `sha256sum -c` reads it
vocab.txt              optional: one word a line, most frequent first
softmax.safetensors    optional: `weights` (words, projection), `bias` (words,), the language models' output layer;
                       `counts` (words,), `total` where they are known: how often each word stood in the text read
sense_space.safetensors  optional: `SenseSpace`, and how often each word of `vocab.txt` was seen
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ...files import flush, flush_files, write_whole
from ..config import config_to_json, read_config
from ..model import Model, OutputLayer, check_weights
from ..sense_space import SenseSpace, WordCounts
from .sense_space_file import sense_space_from_tensors, sense_space_to_tensors

Tensors = dict[str, npt.NDArray[np.generic]]

CONFIG, WEIGHTS, CARD, SUMS = "config.json", "weights.safetensors", "MODEL_CARD.md", "SHA256SUMS"
VOCAB, SOFTMAX, SENSE_SPACE = "vocab.txt", "softmax.safetensors", "sense_space.safetensors"


def write_model(
    folder: Path, model: Model, card: str, *, output_layer: OutputLayer | None = None, half: bool = False
) -> None:
    """Write a model folder; it appears whole or not at all. `half` stores weights and output layer in half precision.

    Raises:
        ModelError: something is there already, a tensor is missing or wrong, or the folder cannot be written.
    """
    check_weights(model, str(folder))
    if folder.exists():
        raise ModelError(f"{folder} exists already; remove it or choose another place")
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        aside.mkdir(parents=True)
        _write_files(aside, model, card, output_layer, half)
        sums = "".join(f"{_file_digest(path)}  {path.name}\n" for path in sorted(aside.iterdir()))
        (aside / SUMS).write_text(sums, encoding="utf-8")
        flush_files(aside)
        aside.rename(folder)
        flush(folder.parent)
    except OSError as error:
        raise ModelError(f"{folder} cannot be written ({error.strerror or error}); choose another place") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def read_model(folder: Path) -> Model:
    """Read a model folder, its checksums compared; the output layer is left to `read_output_layer`.

    Raises:
        ModelError: a file is missing, damaged, or does not fit the configuration.
    """
    needed = [CONFIG, WEIGHTS]
    if (folder / SENSE_SPACE).is_file():
        needed += [SENSE_SPACE, VOCAB]
    _compare_sums(folder, needed)
    space = _read_sense_space(folder) if SENSE_SPACE in needed else None
    weights = _read_tensors(folder / WEIGHTS)
    counts = None if space else read_word_counts(folder)
    return check_weights(Model(read_config(folder / CONFIG), weights, space, counts), str(folder / WEIGHTS))


def read_output_layer(folder: Path) -> OutputLayer | None:
    """The language models' output layer, or None where the folder has none. Raises `ModelError` if it is damaged."""
    if not (folder / SOFTMAX).is_file():
        return None
    _compare_sums(folder, [SOFTMAX, VOCAB])
    words, tensors = _read_words(folder), _read_tensors(folder / SOFTMAX)
    total = tensors.pop("total", None)
    fits = {"weights", "bias"} <= set(tensors) <= {"weights", "bias", "counts"}
    if not fits or ("counts" in tensors) != (total is not None) or {len(a) for a in tensors.values()} != {len(words)}:
        raise ModelError(f"{folder / SOFTMAX} does not fit {VOCAB}; get the model again")
    counts = _word_counts(words, tensors["counts"], total) if total is not None else None
    return OutputLayer(words, tensors["weights"], tensors["bias"], counts)


def read_word_counts(folder: Path) -> WordCounts | None:
    """How often the model's words stood in its training text, or None where the folder does not say."""
    if (folder / SENSE_SPACE).is_file():
        _compare_sums(folder, [SENSE_SPACE, VOCAB])
        return _read_sense_space(folder).counts
    output = read_output_layer(folder)
    return output.counts if output else None


def read_card(folder: Path) -> str:
    """The model card's text, or "" where there is none."""
    try:
        return (folder / CARD).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def replace_card(folder: Path, card: str) -> None:
    """Write another card into a model folder, and its checksum; raises `ModelError` if it cannot be written."""
    sums = _read_sums(folder)
    sums[CARD] = hashlib.sha256(card.encode()).hexdigest()
    texts = {CARD: card}
    if (folder / SUMS).is_file():
        texts[SUMS] = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    try:
        for name, text in texts.items():
            write_whole(folder / name, text.encode())
    except OSError as error:
        raise ModelError(f"{folder / CARD} cannot be written ({error.strerror}); check the folder") from error


def is_model_folder(folder: Path) -> bool:
    """Tell whether `folder` is meant as one of ours: it holds `config.json` or `weights.safetensors`."""
    return (folder / CONFIG).is_file() or (folder / WEIGHTS).is_file()


def verify_model(folder: Path) -> None:
    """Compare every file with SHA256SUMS and read everything; raises `ModelError` naming the first file that fails."""
    if not (folder / SUMS).is_file():
        raise ModelError(f"{folder / SUMS} is missing; get the model again")
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and path.name != SUMS)
    missing = sorted(set(_read_sums(folder)) - set(names))
    if missing:
        raise ModelError(f"{folder / missing[0]} is missing; get the model again")
    _compare_sums(folder, names)
    read_model(folder)
    read_output_layer(folder)


def _write_files(folder: Path, model: Model, card: str, output_layer: OutputLayer | None, half: bool) -> None:
    text = json.dumps(config_to_json(model.config), indent=1) + "\n"
    (folder / CONFIG).write_text(text, encoding="utf-8")
    (folder / CARD).write_text(card, encoding="utf-8")
    dtype = np.float16 if half else np.float32
    _save({name: np.asarray(array, dtype) for name, array in model.weights.items()}, folder / WEIGHTS)
    words: tuple[str, ...] = ()
    if model.sense_space:
        words, tensors = sense_space_to_tensors(model.sense_space)
        _save(tensors, folder / SENSE_SPACE)
    if output_layer:
        if words and words != output_layer.words:
            raise ModelError(f"{folder}: the sense space and the output layer count different words; leave one out")
        words = output_layer.words
        _save(_output_layer_to_tensors(output_layer, dtype if half else None), folder / SOFTMAX)
    if words:
        (folder / VOCAB).write_text("".join(f"{word}\n" for word in words), encoding="utf-8", newline="\n")


def _save(tensors: Mapping[str, npt.NDArray[np.generic]], path: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    # It writes an array's memory as it lies there, whatever its order, and leaves a file that nobody else may read.
    try:
        save_file({name: np.asarray(array, order="C") for name, array in tensors.items()}, path)
    except SafetensorError as error:  # what it makes of a full disk
        raise OSError(str(error)) from error
    path.chmod(0o644)


def _output_layer_to_tensors(output: OutputLayer, dtype: type[np.floating] | None) -> Tensors:
    parts = {"weights": output.weights, "bias": output.bias}
    tensors: Tensors = {name: np.asarray(array, dtype or array.dtype) for name, array in parts.items()}
    if output.counts:
        counts = [output.counts.counts[word] for word in output.words]
        tensors["counts"] = np.asarray(counts, np.int64)  # (words,)
        tensors["total"] = np.asarray(output.counts.total, np.int64)
    return tensors


def _word_counts(words: Sequence[str], counts: npt.NDArray[np.generic], total: npt.NDArray[np.generic]) -> WordCounts:
    return WordCounts(dict(zip(words, counts.tolist(), strict=True)), int(total))


def _read_sense_space(folder: Path) -> SenseSpace:
    top = read_config(folder / CONFIG).n_lstm
    return sense_space_from_tensors(
        _read_tensors(folder / SENSE_SPACE), _read_words(folder), top, str(folder / SENSE_SPACE)
    )


def _read_words(folder: Path) -> tuple[str, ...]:
    try:
        words = tuple((folder / VOCAB).read_text(encoding="utf-8").removesuffix("\n").split("\n"))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{folder / VOCAB} cannot be read ({error}); get the model again") from error
    if len(set(words)) != len(words):
        raise ModelError(f"{folder / VOCAB} holds a word twice; get the model again")
    return words


def _read_tensors(path: Path) -> dict[str, npt.NDArray[np.floating]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        tensors: dict[str, npt.NDArray[np.floating]] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path} cannot be read ({error}); get the model again") from error
    return tensors


def _compare_sums(folder: Path, names: Iterable[str]) -> None:
    """Each file is there, and as SHA256SUMS says if there is such a list."""
    expected = _read_sums(folder)
    for name in names:
        if not (folder / name).is_file():
            raise ModelError(f"{folder / name} is missing; get the model again")
        if expected and _file_digest(folder / name) != expected.get(name):
            raise ModelError(f"{folder / name} is not what {SUMS} says: damaged or changed; get the model again")


def _read_sums(folder: Path) -> dict[str, str]:
    if not (folder / SUMS).is_file():
        return {}
    lines = (folder / SUMS).read_text(encoding="utf-8", errors="replace").splitlines()
    return {name.strip(): digest for digest, _, name in (line.partition("  ") for line in lines)}


def _file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
