"""Find a model by its source: a bundled name, a folder, an AllenNLP pair, or a TF-Hub module."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ..errors import ModelError
from .bundled import bundled_folder, bundled_names
from .formats.allennlp import is_allennlp_source, read_allennlp
from .formats.model_folder import is_model_folder, read_model
from .model import Model

SAVED_MODEL_NAMES = ("saved_model.pb", "saved_model.pbtxt")
ARCHIVE_SUFFIXES = (".tar.gz", ".tgz", ".tar")


class ModelKind(StrEnum):
    """Format of a model."""

    BUNDLED = "bundled model"
    FOLDER = "model folder"
    ALLENNLP = "AllenNLP pair"
    HUB = "TF-Hub module"


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model that has been found, but not read."""

    kind: ModelKind
    name: str  # source that finds the model from any working directory
    path: Path | None  # None for a module behind a handle

    @property
    def folder(self) -> Path | None:
        """The model folder in our own format. None for the other formats."""
        return self.path if self.kind in (ModelKind.BUNDLED, ModelKind.FOLDER) else None

    def read(self) -> Model:
        """Read the model. A TF-Hub module is read by the functions of `hub` instead.

        Raises:
            ModelError: The model is damaged, or it is a module.
        """
        if self.path is None or self.kind is ModelKind.HUB:
            raise ModelError(f"{self.name} is a TF-Hub module; convert it with `polyseme model convert`")
        return read_allennlp(self.path) if self.kind is ModelKind.ALLENNLP else read_model(self.path)


def find_model(source: str | Path) -> ModelSource:
    """Find the model of any source that `load_encoder` accepts. Only names and paths are looked at.

    Raises:
        ModelError: The path does not exist or is not a model.
    """
    found = _look_up(str(source))
    if found:
        return found
    path = Path(source).expanduser()
    if path.exists():
        raise ModelError(
            f"{path} is not a model: it holds neither config.json with weights.safetensors, nor options.json with HDF5 "
            "weights, nor saved_model.pb; give the folder that does"
        )
    names = ", ".join(bundled_names())
    raise ModelError(f"no model {str(source)!r}: no such file or folder, nor a bundled model ({names}); give a path")


def model_folder(source: str | Path) -> Path | None:
    """Return the model folder of a source. None for every other source, also for one that does not exist."""
    found = _look_up(str(source))
    return found.folder if found else None


def is_handle(source: str) -> bool:
    """Return whether the source is the address of a module (`https://...`) and not a path."""
    return source.startswith(("https://", "http://"))


def is_hub_source(source: str) -> bool:
    """Return whether the source is a TF-Hub module: an address, a tar archive, or a folder with a SavedModel."""
    return "://" in source or source.endswith(ARCHIVE_SUFFIXES) or holds_saved_model(Path(source).expanduser())


def holds_saved_model(folder: Path) -> bool:
    """Return whether the folder holds a SavedModel."""
    return any((folder / name).is_file() for name in SAVED_MODEL_NAMES)


def _look_up(source: str) -> ModelSource | None:
    if (bundled := bundled_folder(source)) is not None:
        return ModelSource(ModelKind.BUNDLED, source, bundled)
    if "://" in source:
        return ModelSource(ModelKind.HUB, source, None)
    path = Path(source).expanduser()
    if is_hub_source(source):
        kind = ModelKind.HUB
    elif is_model_folder(path):
        kind = ModelKind.FOLDER
    elif path.exists() and is_allennlp_source(path):
        kind = ModelKind.ALLENNLP
    else:
        return None
    return ModelSource(kind, str(path.resolve()), path)
