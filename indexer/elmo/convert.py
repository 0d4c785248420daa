"""From one model format to another, and what a model is: orchestration only, the formats are known elsewhere."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..errors import ModelError
from . import load_encoder
from .bundled import bundled_folder
from .config import BiLMConfig, tensor_shapes
from .encoder import ElmoEncoder
from .formats.allennlp import write_allennlp
from .formats.model_folder import (
    SUMS,
    is_model_folder,
    read_card,
    read_output_layer,
    verify_model,
    write_model,
)
from .hub.files import is_handle, is_hub_source
from .model import Model, OutputLayer


class Layout(StrEnum):
    """What a model can be written as."""

    FOLDER = "folder"  # our model folder
    ALLENNLP = "allennlp"  # options.json and weights.hdf5
    HUB = "hub"  # a TF2 SavedModel with google/elmo's interface


class Kind(StrEnum):
    """What a source is."""

    BUNDLED = "bundled model"
    FOLDER = "model folder"
    ALLENNLP = "AllenNLP pair"
    HUB = "TF-Hub module"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What there is to know of a model, for `polyseme model info`.

    `config` and `n_weights` are None for a module whose variables cannot be read, and `unread` says why. `model_id` is
    what a collection records of the model that it was built with.
    """

    source: str
    kind: Kind
    model_id: str
    n_layers: int
    dim: int  # length of each layer's vector
    config: BiLMConfig | None
    n_weights: int | None
    sense_dim: int | None  # length of a mapped sense vector; None without a sense space
    n_words: int | None  # of the language models' output layer; None without one
    verified: tuple[str, ...]  # files found to be as SHA256SUMS says
    unread: str | None = None


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was written where, and what the source had that the layout has no place for."""

    source: str
    destination: Path
    layout: Layout
    left_out: tuple[str, ...]


def convert(source: str, destination: Path, to: Layout = Layout.FOLDER, half: bool = False) -> Conversion:
    """Write the model of any `source` that `load_encoder` takes into the new folder `destination`.

    `half` stores the weights of our own layout in half precision.

    Raises:
        ModelError: the source cannot be read, its weights cannot be had, or something lies at the destination already.
    """
    if half and to is not Layout.FOLDER:
        raise ModelError(f"only a model folder can hold half precision, not {to}; leave it out")
    _refuse_occupied(destination)
    model = read_any(source)
    folder = _own_folder(source)
    output_layer = read_output_layer(folder) if folder else None
    card = card_of(source, model)
    if destination.is_dir():
        destination.rmdir()  # empty; the writers below let a folder appear whole
    if to is Layout.FOLDER:
        write_model(destination, model, card, output_layer=output_layer, half=half)
    elif to is Layout.ALLENNLP:
        write_allennlp(destination, model)
    else:
        _export_hub()(model, destination)
    return Conversion(source, destination, to, _left_out(model, output_layer, to))


def read_any(source: str) -> Model:
    """The weights of any source that `load_encoder` takes.

    Raises:
        ModelError: as `load_encoder`; for a module, also that its variables cannot be read (see `hub_weights`).
    """
    if _is_module(source):
        from .hub.weights import read_hub_weights

        return read_hub_weights(source)
    return _own_encoder(source).model


def describe(source: str) -> ModelInfo:
    """What the model of any source is; a model folder's checksums are compared, a module's weights tried.

    Raises:
        ModelError: as `load_encoder`.
    """
    if _is_module(source):
        return _describe_module(source)
    folder = _own_folder(source)
    listed = folder is not None and (folder / SUMS).is_file()
    if folder and listed:
        verify_model(folder)
    encoder = _own_encoder(source)
    model = encoder.model
    output_layer = read_output_layer(folder) if folder else None
    return ModelInfo(
        source=source,
        kind=_kind(source, folder),
        model_id=encoder.model_id,
        n_layers=model.config.n_layers,
        dim=model.config.dim,
        config=model.config,
        n_weights=_n_weights(model.config),
        sense_dim=model.sense_space.dim if model.sense_space else None,
        n_words=len(output_layer.words) if output_layer else None,
        verified=_files(folder) if folder and listed else (),
    )


def _describe_module(source: str) -> ModelInfo:
    from .hub.encoder import opened_module
    from .hub.weights import proven_model

    config, unread = None, None
    with opened_module(source) as (encoder, folder):
        try:
            config = proven_model(encoder, folder).config
        except ModelError as error:
            unread = str(error)
    return ModelInfo(
        source=source,
        kind=Kind.HUB,
        model_id=encoder.model_id,
        n_layers=encoder.n_layers,
        dim=encoder.dim,
        config=config,
        n_weights=_n_weights(config) if config else None,
        sense_dim=None,
        n_words=None,
        verified=(),
        unread=unread,
    )


def _own_encoder(source: str) -> ElmoEncoder:
    encoder = load_encoder(source)
    if not isinstance(encoder, ElmoEncoder):
        raise ModelError(f"the weights of {source} cannot be read; give a model folder, an AllenNLP pair or a module")
    return encoder


def _export_hub() -> Callable[[Model, Path], None]:
    from ..runtime import import_tensorflow

    import_tensorflow()
    from .hub.export import export_hub

    return export_hub


def _is_module(source: str) -> bool:
    return bundled_folder(source) is None and is_hub_source(source)


def _own_folder(source: str) -> Path | None:
    """Where the source lies as a model folder of ours; None for every other kind."""
    path = bundled_folder(source) or Path(source).expanduser()
    return path if is_model_folder(path) else None


def _kind(source: str, folder: Path | None) -> Kind:
    if folder is None:
        return Kind.ALLENNLP
    return Kind.BUNDLED if bundled_folder(source) else Kind.FOLDER


def _refuse_occupied(destination: Path) -> None:
    if destination.exists() and not (destination.is_dir() and not any(destination.iterdir())):
        raise ModelError(f"{destination} exists already and is not empty; remove it or choose another place")


def _left_out(model: Model, output_layer: OutputLayer | None, to: Layout) -> tuple[str, ...]:
    """What the layout has no place for, in words."""
    if to is Layout.FOLDER:
        return ()
    parts = {
        "the sense space": model.sense_space is not None,
        "the output layer": output_layer is not None,
        "the normalisation of tokens": to is Layout.ALLENNLP and bool(model.config.normalise),
    }
    return tuple(part for part, there in parts.items() if there)


def card_of(source: str, model: Model) -> str:
    """The source's model card; for weights that come without one, one that can only say where they are from."""
    path = _own_folder(source) or Path(source).expanduser()
    if own := read_card(path) if path.is_dir() else "":
        return own
    name = source if is_handle(source) else Path(source).name
    return (
        f"# {name}\n\nConverted by Polyseme from `{name}`: {model.config.n_layers} layers of {model.config.dim}, "
        f"{_n_weights(model.config):,} weights. Its training text, quality and licence are those of that source; "
        "look them up there before passing the model on.\n"
    )


def _n_weights(config: BiLMConfig) -> int:
    """How many numbers the network has, the layer mix included."""
    return sum(math.prod(shape) for shape in tensor_shapes(config).values())


def _files(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in folder.iterdir() if path.is_file() and path.name != SUMS))
