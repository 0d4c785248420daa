"""The interface of every ELMo encoder, and the records it returns."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from ..text.lemma_rules import LemmaRules
from ..text.recasing import UsualForms
from ..vectors.arrays import Array, Ids
from .config import BiLMConfig
from .tags import Tags, TagSet


class Precision(StrEnum):
    """Number format of the network's matrix products. Vectors are float32 in either case."""

    FLOAT32 = "float32"
    BFLOAT16 = "bfloat16"


@dataclass(frozen=True, slots=True, eq=False)
class ElmoOutputs:
    """The five arrays that the module google/elmo returns. Padding after a sentence is zero."""

    word_emb: Array  # (b, t, projection)
    lstm_outputs1: Array  # (b, t, dim)
    lstm_outputs2: Array  # (b, t, dim)
    elmo: Array  # (b, t, dim), the mixed layers
    default: Array  # (b, dim), mean of elmo over the real tokens, zero for an empty sentence


@dataclass(frozen=True, slots=True, eq=False)
class Representation:
    """Every vector of one sentence of t tokens, from one pass through the network."""

    layers: Array  # (n_layers, t, dim)
    elmo: Array  # (t, dim), the mixed layers
    sense: Array  # (t, sense_dim)
    default: Array  # (dim,), mean of elmo over the tokens, zero for an empty sentence
    sentence: Array  # (sentence_dim,), raw product vector, zero for an empty sentence
    tags: Tags | None = None  # parts of speech of the tokens, None without a tagger


class WordTable(Protocol):
    """Vectors of words alone that were learned with sentences. Words that mean the same have a high cosine."""

    def rows(self, tokens: Sequence[str]) -> Ids:
        """Return the row of each token, -1 for an unknown word: (t,)."""

    def row_vectors(self, rows: Ids) -> Array:
        """Return the vectors of rows, zero for -1: (t,) -> (t, e)."""


class Encoder(Protocol):
    """A loaded ELMo.

    A sentence's vectors depend on that sentence alone. The rest of the call, its order and its padding have no
    influence (to 1e-5 in float32, to a cosine of 0.9999 in bfloat16). `encode`, `sense`, `represent` and `word_vectors`
    normalise each token as the model's configuration says. `default` and `tokens` do not, like the module. Sentences
    of more than 512 tokens are read in overlapping windows. An empty sentence has arrays with t = 0.
    """

    @property
    def model_id(self) -> str:
        """Digest (sha256) of configuration and weights. It does not depend on precision or file format."""

    @property
    def source(self) -> str:
        """Argument with which `load_encoder` loads this model again."""

    @property
    def config(self) -> BiLMConfig | None:
        """Shape of the network. None for a module that is run and has no configuration (our own exports have one)."""

    @property
    def n_layers(self) -> int:
        """Number of layers: the character CNN and the biLSTM layers."""

    @property
    def dim(self) -> int:
        """Length of a layer's vector: forward half, then backward half."""

    @property
    def sense_dim(self) -> int:
        """Length of a sense vector."""

    @property
    def has_sense_space(self) -> bool:
        """Whether the model maps sense vectors. If not, `sense` returns the uncentred blocks: context, then bag."""

    @property
    def sentence_dim(self) -> int:
        """Length of a product vector, before a collection transforms it."""

    @property
    def has_sentence_space(self) -> bool:
        """Whether the model has learned sentence vectors. If not, product vectors are pooled states (`pooling.py`)."""

    @property
    def sentence_id(self) -> str:
        """Digest (sha256) of the sentence space, empty without one. `model_id` does not depend on it."""

    @property
    def tagset(self) -> TagSet | None:
        """Tags that the model's tagger chooses from. None if the model has no tagger."""

    @property
    def tagger_id(self) -> str:
        """Digest (sha256) of the tagger, empty without one. `model_id` does not depend on it."""

    @property
    def lemma_rules(self) -> LemmaRules | None:
        """Rules for lemmas by the tagger's tags. None if the model has no tagger."""

    @property
    def usual_forms(self) -> UsualForms:
        """Usual form of each word of the vocabulary, in small letters or with capitals."""

    def encode(self, sentences: Sequence[Sequence[str]], carry_state: bool = False) -> list[Array]:
        """Encode sentences: all layers of each, (n_layers, t, dim).

        Args:
            sentences: Tokens of each sentence.
            carry_state: Treat the call as one batch of bilm-tf. Sentence i starts from the state that sentence i of
                the previous call with `carry_state` ended in.
        """

    def sense(self, sentences: Sequence[Sequence[str]]) -> list[Array]:
        """Return the sense vectors of each sentence, (t, sense_dim)."""

    def represent(self, sentences: Sequence[Sequence[str]]) -> list[Representation]:
        """Return layers, mixed layers, sense vectors and both sentence vectors of each sentence, in one pass."""

    def word_vectors(self, forms: Sequence[str]) -> Array:
        """Return layer 0 of words without a sentence, one half of it, as both are equal: (n, projection)."""

    @property
    def word_table(self) -> WordTable | None:
        """Table of words that was learned with the sentence space. None without one."""

    def word_topics(self, words: Sequence[str]) -> Array | None:
        """Return the topic vectors of words: (n, d), or None if the model has none.

        Words of one topic have similar directions. Rarer words have longer vectors, of length at most 1. Unknown
        words are zero.
        """

    def default(self, texts: Sequence[str]) -> ElmoOutputs:
        """Run the module's signature `default`, which splits each text on spaces."""

    def tokens(self, tokens: Sequence[Sequence[str]], sequence_len: Sequence[int]) -> ElmoOutputs:
        """Run the module's signature `tokens`: the first `sequence_len[i]` entries of row i are tokens."""
