"""Convert a model to another format, and describe a model. The formats themselves are in `formats` and `hub`."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..errors import ModelError
from .config import BiLMConfig, n_weights
from .formats.allennlp import write_allennlp
from .formats.card import last_part
from .formats.model_folder import SUMS, read_card, read_output_layer, verify_model, write_model
from .model import Model, OutputLayer, model_id
from .sources import ModelKind, ModelSource, find_model
from .tagger import Tagger

NETWORK, GRAPH = "Polyseme's network, with the model's weights", "the module's own graph, which is a program"
"""What runs when a model encodes."""


class Layout(StrEnum):
    """Format that a model can be written in."""

    FOLDER = "folder"  # our model folder
    ALLENNLP = "allennlp"  # options.json and weights.hdf5
    HUB = "hub"  # a TF2 SavedModel with google/elmo's interface


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Facts about a model, for `polyseme model info`.

    A module whose variables cannot be read has no `config` and no `n_weights`, and `unread` gives the reason. A
    collection records the `model_id` of the model that encoded it.
    """

    source: str
    kind: ModelKind
    model_id: str
    n_layers: int
    dim: int  # length of a layer's vector
    config: BiLMConfig | None
    n_weights: int | None
    sense_dim: int | None  # length of a mapped sense vector, None without a sense space
    n_words: int | None  # size of the output layer's vocabulary, None without an output layer
    verified: tuple[str, ...]  # files that match SHA256SUMS
    sentence_dim: int | None = None  # length of a learned sentence vector, None without a sentence space
    tagger: str | None = None  # language and numbers of tags, None without a tagger
    runs: str = NETWORK  # what runs when the model encodes
    unread: str | None = None


@dataclass(frozen=True, slots=True)
class Conversion:
    """A finished conversion, with the parts of the model that the layout has no place for."""

    source: str
    destination: Path
    layout: Layout
    left_out: tuple[str, ...]


def convert(source: str, destination: Path, to: Layout = Layout.FOLDER, half: bool = False) -> Conversion:
    """Write a model in another format.

    Args:
        source: Any source that `load_encoder` accepts.
        destination: New or empty folder.
        to: Format to write.
        half: Store the weights of a model folder in half precision.

    Raises:
        ModelError: The source or its weights cannot be read, or the destination is not empty.
    """
    if half and to is not Layout.FOLDER:
        raise ModelError(f"only a model folder can hold half precision, not {to}; leave it out")
    _refuse_occupied(destination)
    found = find_model(source)
    model = _read(found)
    output_layer = read_output_layer(found.folder) if found.folder else None
    card = card_of(source, model)
    if destination.is_dir():
        destination.rmdir()  # it is empty, and the writers below create the folder
    if to is Layout.FOLDER:
        write_model(destination, model, card, output_layer=output_layer, half=half)
    elif to is Layout.ALLENNLP:
        write_allennlp(destination, model)
    else:
        _export_hub()(model, destination)
    return Conversion(source, destination, to, _left_out(model, output_layer, to))


def read_any(source: str) -> Model:
    """Read the weights of any source that `load_encoder` accepts.

    Raises:
        ModelError: The model cannot be found or read, or the variables of a module cannot (see `hub/weights.py`).
    """
    return _read(find_model(source))


def describe(source: str) -> ModelInfo:
    """Describe a model.

    The files of a model folder are compared with their checksums. The variables of a module are read if possible.

    Raises:
        ModelError: The model cannot be found or read, or a file is damaged.
    """
    found = find_model(source)
    if found.kind is ModelKind.HUB:
        return _describe_module(source, found)
    folder = found.folder
    listed = folder is not None and (folder / SUMS).is_file()
    if folder and listed:
        verify_model(folder)
    model = found.read()
    output_layer = read_output_layer(folder) if folder else None
    return ModelInfo(
        source=source,
        kind=found.kind,
        model_id=model_id(model),
        n_layers=model.config.n_layers,
        dim=model.config.dim,
        config=model.config,
        n_weights=n_weights(model.config),
        sense_dim=model.sense_space.dim if model.sense_space else None,
        n_words=len(output_layer.words) if output_layer else None,
        verified=_files(folder) if folder and listed else (),
        sentence_dim=model.sentence_space.dim if model.sentence_space else None,
        tagger=_tags(model.tagger) if model.tagger else None,
    )


def _tags(tagger: Tagger) -> str:
    """Return the language and the numbers of tags of a tagger."""
    tagset = tagger.tagset
    return f"{tagger.lemmas.language}, {len(tagset.upos)} parts of speech, {len(tagset.xpos)} own tags"


def card_of(source: str, model: Model) -> str:
    """Return the source's model card. A source without one gets a card that only names the source."""
    found = find_model(source)
    if own := read_card(found.path) if found.path and found.path.is_dir() else "":
        return own
    name = last_part(source)
    return (
        f"# {name}\n\nConverted by Polyseme from `{name}`: {model.config.n_layers} layers of {model.config.dim}, "
        f"{n_weights(model.config):,} weights. Its training text, quality and licence are those of that source; "
        "look them up there before passing the model on.\n"
    )


def _read(found: ModelSource) -> Model:
    if found.kind is ModelKind.HUB:
        from .hub.weights import read_hub_weights

        return read_hub_weights(found.name)
    return found.read()


def _describe_module(source: str, found: ModelSource) -> ModelInfo:
    """Describe a module. It is run only if its variables and its graph leave a choice."""
    from .hub.encoder import running_encoder
    from .hub.files import module_digest, module_folder
    from .hub.weights import certain_model, matching_model, read_variables

    config, unread = None, None
    with module_folder(found.name) as folder:
        digest = module_digest(folder)
        try:
            read = read_variables(folder, found.name)
        except ModelError as error:
            read, unread = None, str(error)
        if read and read.is_certain:
            config = certain_model(read, found.name).config
            n_layers, dim = config.n_layers, config.dim
        else:
            encoder = running_encoder(folder, found.name)
            n_layers, dim = encoder.n_layers, encoder.dim
            try:
                config = matching_model(encoder, read).config if read else None
            except ModelError as error:
                unread = str(error)
    return ModelInfo(
        source=source,
        kind=ModelKind.HUB,
        model_id=digest,
        n_layers=n_layers,
        dim=dim,
        config=config,
        n_weights=n_weights(config) if config else None,
        sense_dim=None,
        n_words=None,
        verified=(),
        runs=GRAPH if not (read and read.is_certain) else NETWORK,
        unread=unread,
    )


def _export_hub() -> Callable[[Model, Path], None]:
    from ..runtime import import_tensorflow

    import_tensorflow()
    from .hub.export import export_hub

    return export_hub


def _refuse_occupied(destination: Path) -> None:
    if destination.exists() and not (destination.is_dir() and not any(destination.iterdir())):
        raise ModelError(f"{destination} exists already and is not empty; remove it or choose another place")


def _left_out(model: Model, output_layer: OutputLayer | None, to: Layout) -> tuple[str, ...]:
    """Name the parts of the model that the layout has no place for."""
    if to is Layout.FOLDER:
        return ()
    parts = {
        "the sense space": model.sense_space is not None,
        "the sentence space": model.sentence_space is not None,
        "the tagger": model.tagger is not None,
        "the output layer": output_layer is not None,
        "the normalisation of tokens": to is Layout.ALLENNLP and bool(model.config.normalise),
    }
    return tuple(part for part, present in parts.items() if present)


def _files(folder: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in folder.iterdir() if path.is_file() and path.name != SUMS))
