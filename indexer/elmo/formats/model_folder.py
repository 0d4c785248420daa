"""Write, read and verify a model folder, our own model format. It holds no pickle and no code.

config.json              `BiLMConfig`
weights.safetensors      every tensor of `config.tensor_shapes`, in single or half precision
MODEL_CARD.md            training text, quality and licences
SHA256SUMS               checksums of all other files, as `sha256sum -c` reads them
vocab.txt                optional: one word a line, most frequent first
softmax.safetensors      optional: output layer of the language models, `weights` (words, projection), `bias` (words,).
                         If known, `counts` (words,) and `total`: word counts of the training text
sense_space.safetensors  optional: `SenseSpace` and its word counts (see `sense_space_file.py`)
sentence_space.safetensors  optional: `SentenceSpace` (see `sentence_space_file.py`)
tagger.safetensors       optional: `Tagger` (see `tagger_file.py`)
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ...files import flush, flush_files, write_atomically
from ..config import config_to_json, read_config, tensor_shapes
from ..limits import MAX_JSON_BYTES, MAX_TENSOR_FILE_BYTES, MAX_TEXT_BYTES, MAX_WORDS, one_line, read_bytes, shown
from ..model import Model, OutputLayer, check_weights
from ..sense_space import SenseSpace, WordCounts
from .sense_space_file import sense_space_from_tensors, sense_space_to_tensors
from .sentence_space_file import read_sentence_space, sentence_space_to_tensors
from .tagger_file import read_tagger, tagger_to_tensors
from .tensor_file import FLOATS, NUMBERS, read_tensors

Tensors = Mapping[str, npt.NDArray[Any]]

CONFIG, WEIGHTS, CARD, SUMS = "config.json", "weights.safetensors", "MODEL_CARD.md", "SHA256SUMS"
VOCAB, SOFTMAX, SENSE_SPACE = "vocab.txt", "softmax.safetensors", "sense_space.safetensors"
SENTENCE_SPACE, TAGGER = "sentence_space.safetensors", "tagger.safetensors"


def write_model(
    folder: Path, model: Model, card: str, *, output_layer: OutputLayer | None = None, half: bool = False
) -> None:
    """Write a model folder. The folder appears complete or not at all.

    Args:
        folder: Path that does not exist yet.
        model: The model to write.
        card: Text of the model card.
        output_layer: Output layer of the language models.
        half: Store weights and output layer in half precision.

    Raises:
        ModelError: The path exists already, a tensor is missing or wrong, or the folder cannot be written.
    """
    check_weights(model, str(folder))
    if folder.exists():
        raise ModelError(f"{folder} exists already; remove it or choose another place")
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        temporary.mkdir(parents=True)
        _write_files(temporary, model, card, output_layer, half)
        sums = "".join(f"{_file_digest(path)}  {path.name}\n" for path in sorted(temporary.iterdir()))
        (temporary / SUMS).write_text(sums, encoding="utf-8")
        flush_files(temporary)
        temporary.rename(folder)
        flush(folder.parent)
    except OSError as error:
        raise ModelError(f"{folder} cannot be written ({error.strerror or error}); choose another place") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def read_model(folder: Path) -> Model:
    """Read a model folder and compare its checksums. `read_output_layer` reads the output layer.

    Raises:
        ModelError: A file is missing, damaged, or does not fit the configuration.
    """
    needed = [CONFIG, WEIGHTS]
    if (folder / SENSE_SPACE).is_file():
        needed += [SENSE_SPACE, VOCAB]
    needed += [name for name in (SENTENCE_SPACE, TAGGER) if (folder / name).is_file()]
    _compare_sums(folder, needed)
    config = read_config(folder / CONFIG)
    weights = read_tensors(folder / WEIGHTS, FLOATS, tensor_shapes(config))
    space = _read_sense_space(folder) if SENSE_SPACE in needed else None
    counts = None if space else read_word_counts(folder)
    sentences = read_sentence_space(folder / SENTENCE_SPACE) if SENTENCE_SPACE in needed else None
    tagger = read_tagger(folder / TAGGER) if TAGGER in needed else None
    return check_weights(Model(config, weights, space, counts, sentences, tagger), str(folder / WEIGHTS))


def read_output_layer(folder: Path) -> OutputLayer | None:
    """Read the output layer of the language models. None if the folder has none.

    Raises:
        ModelError: The output layer is damaged.
    """
    if not (folder / SOFTMAX).is_file():
        return None
    _compare_sums(folder, [SOFTMAX, VOCAB])
    words, tensors = _read_words(folder), read_tensors(folder / SOFTMAX, NUMBERS)
    shapes = {"weights": (len(words), read_config(folder / CONFIG).projection), "bias": (len(words),)}
    if "counts" in tensors or "total" in tensors:
        shapes |= {"counts": (len(words),), "total": ()}
    if {name: array.shape for name, array in tensors.items()} != shapes:
        raise ModelError(f"{folder / SOFTMAX} does not fit {VOCAB} and {CONFIG}; get the model again")
    if not all(np.isfinite(array).all() for array in tensors.values()):
        raise ModelError(f"{folder / SOFTMAX} holds values that are not numbers; get the model again")
    total = tensors.get("total")
    counts = _word_counts(words, tensors["counts"], total) if total is not None else None
    return OutputLayer(words, tensors["weights"], tensors["bias"], counts)


def read_word_counts(folder: Path) -> WordCounts | None:
    """Read the word counts of the model's training text. None if the folder has none."""
    if (folder / SENSE_SPACE).is_file():
        _compare_sums(folder, [SENSE_SPACE, VOCAB])
        return _read_sense_space(folder).counts
    output = read_output_layer(folder)
    return output.counts if output else None


def read_card(folder: Path) -> str:
    """Read the model card. The text is empty if the folder has none.

    Raises:
        ModelError: The card is not a plain file, or far too long.
    """
    try:
        return read_bytes(folder / CARD, MAX_TEXT_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise ModelError(f"{folder / CARD} cannot be read ({error.strerror}); get the model again") from error


def replace_card(folder: Path, card: str) -> None:
    """Replace the card of a model folder and its checksum.

    Raises:
        ModelError: The card cannot be written.
    """
    sums = _read_sums(folder)
    sums[CARD] = hashlib.sha256(card.encode()).hexdigest()
    texts = {CARD: card}
    if (folder / SUMS).is_file():
        texts[SUMS] = "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items()))
    try:
        for name, text in texts.items():
            write_atomically(folder / name, text.encode())
    except OSError as error:
        raise ModelError(f"{folder / CARD} cannot be written ({error.strerror}); check the folder") from error


def is_model_folder(folder: Path) -> bool:
    """Return whether the folder holds `config.json` or `weights.safetensors`."""
    return (folder / CONFIG).is_file() or (folder / WEIGHTS).is_file()


def verify_model(folder: Path) -> None:
    """Compare every file with SHA256SUMS, and read all of them.

    Raises:
        ModelError: A file is missing or damaged. The message names the first.
    """
    if not (folder / SUMS).is_file():
        raise ModelError(f"{folder / SUMS} is missing; get the model again")
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and path.name != SUMS)
    missing = sorted(set(_read_sums(folder)) - set(names))
    if missing:
        raise ModelError(f"{folder}: {shown(missing[0])}, which {SUMS} lists, is missing; get the model again")
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
    if model.sentence_space:
        _save(sentence_space_to_tensors(model.sentence_space), folder / SENTENCE_SPACE)
    if model.tagger:
        _save(tagger_to_tensors(model.tagger), folder / TAGGER)
    if output_layer:
        if words and words != output_layer.words:
            raise ModelError(f"{folder}: the sense space and the output layer count different words; leave one out")
        words = output_layer.words
        _save(_output_layer_to_tensors(output_layer, dtype if half else None), folder / SOFTMAX)
    if words:
        (folder / VOCAB).write_text("".join(f"{word}\n" for word in words), encoding="utf-8", newline="\n")


def _save(tensors: Tensors, path: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    # `save_file` writes an array's memory in its own order, and makes the file unreadable for other users.
    try:
        save_file({name: np.asarray(array, order="C") for name, array in tensors.items()}, path)
    except SafetensorError as error:  # raised for a full disk
        raise OSError(str(error)) from error
    path.chmod(0o644)


def _output_layer_to_tensors(output: OutputLayer, dtype: type[np.floating] | None) -> Tensors:
    parts = {"weights": output.weights, "bias": output.bias}
    tensors: dict[str, npt.NDArray[np.generic]] = {
        name: np.asarray(array, dtype or array.dtype) for name, array in parts.items()
    }
    if output.counts:
        counts = [output.counts.counts[word] for word in output.words]
        tensors["counts"] = np.asarray(counts, np.int64)  # (words,)
        tensors["total"] = np.asarray(output.counts.total, np.int64)
    return tensors


def _word_counts(words: Sequence[str], counts: npt.NDArray[np.generic], total: npt.NDArray[np.generic]) -> WordCounts:
    return WordCounts(dict(zip(words, counts.tolist(), strict=True)), int(total))


def _read_sense_space(folder: Path) -> SenseSpace:
    path = folder / SENSE_SPACE
    return sense_space_from_tensors(read_tensors(path, NUMBERS), _read_words(folder), str(path))


def _read_words(folder: Path) -> tuple[str, ...]:
    try:
        text = read_bytes(folder / VOCAB, MAX_TEXT_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{folder / VOCAB} cannot be read ({one_line(error)}); get the model again") from error
    text = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    if text.count("\n") >= MAX_WORDS:
        raise ModelError(f"{folder / VOCAB} holds more than {MAX_WORDS:,} words; get the model again")
    words = tuple(text.split("\n"))
    if len(set(words)) != len(words):
        raise ModelError(f"{folder / VOCAB} holds a word twice; get the model again")
    return words


def _compare_sums(folder: Path, names: Iterable[str]) -> None:
    """Check that each file exists, and that its checksum is right if the folder has SHA256SUMS."""
    expected = _read_sums(folder)
    for name in names:
        if not (folder / name).is_file():
            raise ModelError(f"{folder / name} is missing; get the model again")
        if (folder / name).stat().st_size > MAX_TENSOR_FILE_BYTES:
            raise ModelError(f"{folder / name} is longer than {MAX_TENSOR_FILE_BYTES:,} bytes; get the model again")
        if expected and _file_digest(folder / name) != expected.get(name):
            raise ModelError(f"{folder / name} is not what {SUMS} says: damaged or changed; get the model again")


def _read_sums(folder: Path) -> dict[str, str]:
    if not (folder / SUMS).is_file():
        return {}
    try:
        lines = read_bytes(folder / SUMS, MAX_JSON_BYTES).decode("utf-8", "replace").splitlines()
    except OSError as error:
        raise ModelError(f"{folder / SUMS} cannot be read ({error.strerror}); get the model again") from error
    return {name.strip(): digest for digest, _, name in (line.partition("  ") for line in lines)}


def _file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
