"""ELMo: tokens in, vectors out. The one door is `load_encoder`; TensorFlow is imported when a network first runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from ..errors import ModelError
from ..vectors.arrays import Array
from .config import BiLMConfig

__all__ = ["BiLMConfig", "ElmoOutputs", "Encoder", "Precision", "Representation", "load_encoder"]


class Precision(StrEnum):
    """Of the network's products; vectors are float32 in either case."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


@dataclass(frozen=True, slots=True, eq=False)
class ElmoOutputs:
    """The five arrays of the google/elmo module; zeros stand past a sentence's end."""

    word_emb: Array  # (b, t, projection)
    lstm_outputs1: Array  # (b, t, dim)
    lstm_outputs2: Array  # (b, t, dim)
    elmo: Array  # (b, t, dim), the layers mixed
    default: Array  # (b, dim), mean of elmo over the real tokens; zeros where there are none


@dataclass(frozen=True, slots=True, eq=False)
class Representation:
    """Everything that one pass through the network says about a sentence of t tokens."""

    layers: Array  # (n_layers, t, dim)
    elmo: Array  # (t, dim), the layers mixed
    sense: Array  # (t, sense_dim)
    default: Array  # (dim,), mean of elmo over the tokens; zeros for the empty sentence


class Encoder(Protocol):
    """A loaded ELMo.

    Results depend on the sentence alone: not on what else is in the call, its order, or its padding (1e-5 in float32,
    cosine 0.9999 in bfloat16). `encode`, `sense`, `represent` and `word_vectors` normalise each token as the model's
    configuration says; `default` and `tokens` do not, as the module. Sentences of more than 512 tokens are read in
    overlapping windows; the empty sentence gives arrays with t = 0.
    """

    @property
    def model_id(self) -> str:
        """Digest (sha256) of configuration and weights; the same in every precision and file format."""

    @property
    def source(self) -> str:
        """What `load_encoder` takes to load this model again."""

    @property
    def config(self) -> BiLMConfig | None:
        """Shape of the network; None for a hub module, which does not tell it (our own exports do)."""

    @property
    def n_layers(self) -> int:
        """Character CNN and biLSTM layers together."""

    @property
    def dim(self) -> int:
        """Length of each layer's vector: forward half, backward half."""

    @property
    def sense_dim(self) -> int:
        """Length of a sense vector."""

    @property
    def has_sense_space(self) -> bool:
        """Whether `sense` is mapped by the model; else it is the uncentred blocks, context and bag, side by side."""

    def encode(self, sentences: Sequence[Sequence[str]], carry_state: bool = False) -> list[Array]:
        """All layers, (n_layers, t, dim) for each sentence.

        With `carry_state` the call is the batch, as in bilm-tf: sentence i starts from the state that sentence i of
        the call with `carry_state` before left.
        """

    def sense(self, sentences: Sequence[Sequence[str]]) -> list[Array]:
        """Sense vectors, (t, sense_dim) for each sentence."""

    def represent(self, sentences: Sequence[Sequence[str]]) -> list[Representation]:
        """Layers, mix, sense vectors and sentence vector, in one pass."""

    def word_vectors(self, forms: Sequence[str]) -> Array:
        """Layer 0 of words by themselves, once instead of twice over: (n, projection)."""

    def word_topics(self, words: Sequence[str]) -> Array | None:
        """What words are written about with, (n, d): directions alike for words of one topic, longer for rarer words,
        at most 1, zeros for unknown ones. None where the model knows nothing of it.
        """

    def default(self, texts: Sequence[str]) -> ElmoOutputs:
        """The module's signature `default`: each text is split on spaces."""

    def tokens(self, tokens: Sequence[Sequence[str]], sequence_len: Sequence[int]) -> ElmoOutputs:
        """The module's signature `tokens`: the first `sequence_len[i]` of row i are its tokens, the rest padding."""


def load_encoder(source: str | Path = "default", precision: Precision | str = Precision.FLOAT32) -> Encoder:
    """Load an ELMo.

    `source`: `default` or another name in `data/models` (bundled models); one of our model folders; an AllenNLP or
    bilm-tf pair (folder, zip, or the HDF5 file); a TF-Hub handle (`https://...`), its folder, or its `.tar.gz`.

    Raises:
        ModelError: nothing like that is there, or it is damaged, incomplete, or cannot be fetched.
    """
    from .bundled import bundled_folder, bundled_names
    from .encoder import ElmoEncoder
    from .formats.allennlp import is_allennlp_source, read_allennlp
    from .formats.model_folder import is_model_folder, read_model

    if precision not in tuple(Precision):
        raise ModelError(f"unknown precision {precision!r}; use {' or '.join(Precision)}")
    precision, source = Precision(precision), str(source)
    if (bundled := bundled_folder(source)) is not None:
        return ElmoEncoder(read_model(bundled), source, precision)
    path = Path(source).expanduser()
    if _is_hub_source(source, path):
        from .hub.encoder import load_hub_encoder

        return load_hub_encoder(source if "://" in source else str(path), precision)
    if not path.exists():
        names = ", ".join(bundled_names())
        raise ModelError(f"no model {source!r}: no such file or folder, nor a bundled model ({names}); give a path")
    if path.is_dir() and is_model_folder(path):
        return ElmoEncoder(read_model(path), str(path.resolve()), precision)
    if is_allennlp_source(path):
        return ElmoEncoder(read_allennlp(path), str(path.resolve()), precision)
    raise ModelError(
        f"{path} is no model: it holds neither config.json with weights.safetensors, nor options.json with HDF5 "
        "weights, nor saved_model.pb; give the folder that does"
    )


def _is_hub_source(source: str, path: Path) -> bool:
    if "://" in source:
        return True
    if path.is_dir():
        return any((path / name).is_file() for name in ("saved_model.pb", "saved_model.pbtxt"))
    return path.is_file() and path.name.endswith((".tar.gz", ".tgz", ".tar"))
