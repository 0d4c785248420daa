"""Load a TF-Hub module as an encoder: our own network with its variables, or else the module's own graph."""

import logging
from collections.abc import Sequence

import numpy as np

from ...errors import ModelError
from ...vectors.arrays import Array
from ..encoder import ElmoEncoder
from ..interface import Encoder, Precision
from ..model import Model
from .encoder import running_encoder
from .files import full_name, module_digest, module_folder
from .weights import certain_model, read_variables

_log = logging.getLogger(__name__)


class ModuleEncoder(ElmoEncoder):
    """Our own network with the variables of a module. The module's graph is not run.

    It has the digest and the vectors of the module, so collections of both fit. A module does not return the states at
    the sentence marks, so `sense` reads zeros there.
    """

    def __init__(self, model: Model, source: str, digest: str, precision: Precision) -> None:
        super().__init__(model, source, precision)
        self.model_id = digest

    def _sense(self, counted: Sequence[Sequence[str]], states: Sequence[Array]) -> list[Array]:
        return super()._sense(counted, [_without_marks(state) for state in states])


def load_module(source: str, precision: Precision = Precision.FLOAT32, expected: str | None = None) -> Encoder:
    """Load a module from a handle (`https://...`), a folder, or a `.tar.gz`. The log says if its graph is run.

    Args:
        expected: Digest that the module must have. With it, no other module is read or run, and none is fetched.

    Raises:
        ModelError: The module does not exist, cannot be fetched in time, is damaged, is another one than expected, or
            lacks a signature or output.
    """
    with module_folder(source, may_fetch=expected is None) as folder:
        digest = module_digest(folder)
        if expected not in (None, digest):
            raise ModelError(
                f"{source} has changed since you named it (now {digest[:12]}); if you trust it, name it with --model"
            )
        try:
            model = certain_model(read_variables(folder, source), source)
        except ModelError as error:
            if precision is not Precision.FLOAT32:
                raise ModelError(f"{source} runs as a module, which has float32 only; leave the precision") from error
            _log.warning("%s runs as a program of its author, with all of your rights: %s", source, error)
            return running_encoder(folder, source)
        _log.info("%s: its variables are read, its graph is not run", source)
        return ModuleEncoder(model, full_name(source), digest, precision)


def _without_marks(states: Array) -> Array:
    """Return a copy of the states of all layers (n_layers, t + 2, dim) with zeros at the sentence marks."""
    inner = np.zeros_like(states)
    inner[:, 1:-1] = states[:, 1:-1]
    return inner
