"""Encode the sentences of spans, each distinct one once, and return vectors of the spans in every representation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ...indexer.vectorise import represent as read_and_encode
from ...indexer.vectors.arrays import Array, Reals
from .records import Span, Tokens

if TYPE_CHECKING:
    from ...indexer.elmo import Encoder, Representation

OnProgress: TypeAlias = Callable[[int, int], None]
"""Called from time to time with the number of encoded sentences and the number of all sentences."""

TOKENS_AT_ONCE = 16_384
"""Maximum number of tokens in one call to the encoder: 70 MB of vectors for `small`, 270 MB for `original`."""
ELMO, SENSE = "elmo", "sense"
PRODUCT, DEFAULT = "product", "default"
"""Representations of a sentence: the vector that search by sentence compares, and ELMo's default vector."""


class SpanVectors:
    """Vectors of spans by representation. A span of several tokens has the mean of their vectors.

    Whole sentences may have the vectors of search by sentence too, `product` and `default`, which are no means.
    """

    def __init__(self, rows: dict[Span, int], vectors: dict[str, Reals]) -> None:
        self._rows = rows
        self._vectors = vectors

    @property
    def names(self) -> list[str]:
        """The representations of tokens, lowest layer first."""
        return [name for name in self._vectors if name not in (PRODUCT, DEFAULT)]

    def __call__(self, name: str, spans: Sequence[Span]) -> Array:
        """Return the vectors of n spans in a representation.  (n, dim)"""
        rows = [self._rows[span] for span in spans]
        return np.asarray(self._vectors[name][rows], np.float32)


def represent(
    encoder: Encoder,
    spans: Iterable[Span],
    on_progress: OnProgress | None = None,
    half: bool = False,
    whole: bool = False,
) -> SpanVectors:
    """Encode the sentences of some spans.

    Args:
        half: Whether to store the vectors as float16, to save memory.
        whole: Whether to store the raw vectors of search by sentence too. The spans are whole sentences.
    """
    rows = {span: row for row, span in enumerate(dict.fromkeys(spans))}
    spans_of: dict[Tokens, list[Span]] = {}
    for span in rows:
        spans_of.setdefault(span.sentence, []).append(span)
    dims = dimensions(encoder)
    if whole:
        dims |= {PRODUCT: encoder.sentence_dim, DEFAULT: encoder.dim}
    dtype = np.float16 if half else np.float32
    vectors: dict[str, Reals] = {name: np.zeros((len(rows), dim), dtype) for name, dim in dims.items()}  # (spans, dim)
    done = 0
    for batch in batches(sorted(spans_of, key=len)):
        found = dict(zip(batch, read_and_encode(encoder, batch), strict=True))
        for span in (span for sentence in batch for span in spans_of[sentence]):
            one = found[span.sentence]
            stored = [one.sentence, one.default] if whole else []
            for name, vector in zip(dims, [*span_vectors(one, span), *stored], strict=True):
                vectors[name][rows[span]] = vector
        done += len(batch)
        if on_progress:
            on_progress(done, len(spans_of))
    return SpanVectors(rows, vectors)


def dimensions(encoder: Encoder) -> dict[str, int]:
    """Return an encoder's representations, lowest layer first, and the length of their vectors."""
    layers = {f"layer {number}": encoder.dim for number in range(encoder.n_layers)}
    return layers | {ELMO: encoder.dim, title(SENSE, encoder): encoder.sense_dim}


def title(name: str, encoder: Encoder) -> str:
    """Return a representation's name in tables. A model without a sense space has uncentred sense blocks."""
    return f"{SENSE}, uncentred" if name == SENSE and not encoder.has_sense_space else name


def span_vectors(found: Representation, span: Span) -> list[Array]:
    """Return the mean over a span's tokens in every representation, in the order of `dimensions`.  (dim,) each"""
    inside = slice(span.start, span.end)
    layers = found.layers[:, inside].mean(axis=1)  # (n_layers, dim)
    return [*layers, found.elmo[inside].mean(axis=0), found.sense[inside].mean(axis=0)]


def batches(sentences: Sequence[Tokens], tokens: int = TOKENS_AT_ONCE) -> Iterator[list[Tokens]]:
    """Yield batches of consecutive sentences with at most `tokens` tokens. A longer sentence is a batch of its own."""
    batch: list[Tokens] = []
    held = 0
    for sentence in sentences:
        if batch and held + len(sentence) > tokens:
            yield batch
            batch, held = [], 0
        batch.append(sentence)
        held += len(sentence)
    if batch:
        yield batch
