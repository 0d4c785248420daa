"""Spans of sentences -> their vectors in every representation, each distinct sentence encoded once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from ...indexer.vectors.arrays import Array
from .records import Span, Tokens

if TYPE_CHECKING:
    from ...indexer.elmo import Encoder, Representation

Report: TypeAlias = Callable[[int, int], None]
"""Told now and then how many sentences of how many are encoded."""

TOKENS_AT_ONCE = 16_384
"""Of one call to the encoder: some 70 MB of vectors for a small model, 270 MB for the original size."""
ELMO, SENSE = "elmo", "sense"


class Represented:
    """Vectors of spans by representation; a span of several tokens has the mean of theirs."""

    def __init__(self, rows: dict[Span, int], vectors: dict[str, npt.NDArray[np.floating]]) -> None:
        self._rows = rows
        self._vectors = vectors

    @property
    def names(self) -> list[str]:
        """The representations, the lowest layer first."""
        return list(self._vectors)

    def __call__(self, name: str, spans: Sequence[Span]) -> Array:
        """Vectors of n spans in a representation: (n, dim)."""
        rows = [self._rows[span] for span in spans]
        return np.asarray(self._vectors[name][rows], np.float32)


def represent(
    encoder: Encoder,
    spans: Iterable[Span],
    report: Report | None = None,
    half: bool = False,
) -> Represented:
    """Encode the sentences of some spans; `half` keeps the vectors in half precision, where there are very many."""
    rows = {span: row for row, span in enumerate(dict.fromkeys(spans))}
    asked: dict[Tokens, list[Span]] = {}
    for span in rows:
        asked.setdefault(span.sentence, []).append(span)
    dims = dimensions(encoder)
    dtype = np.float16 if half else np.float32
    vectors = {name: np.zeros((len(rows), dim), dtype) for name, dim in dims.items()}  # (spans, dim) each
    done = 0
    for batch in batches(sorted(asked, key=len)):
        found = dict(zip(batch, encoder.represent(batch), strict=True))
        for span in (span for sentence in batch for span in asked[sentence]):
            for name, vector in zip(dims, span_vectors(found[span.sentence], span), strict=True):
                vectors[name][rows[span]] = vector
        done += len(batch)
        if report:
            report(done, len(asked))
    return Represented(rows, vectors)


def dimensions(encoder: Encoder) -> dict[str, int]:
    """The representations of an encoder, the lowest layer first, and how long their vectors are."""
    layers = {f"layer {number}": encoder.dim for number in range(encoder.n_layers)}
    return layers | {ELMO: encoder.dim, own_name(SENSE, encoder): encoder.sense_dim}


def own_name(name: str, encoder: Encoder) -> str:
    """A representation's name; the sense blocks of a model without a sense space are called what they are."""
    return f"{SENSE}, uncentred" if name == SENSE and not encoder.has_sense_space else name


def span_vectors(found: Representation, span: Span) -> list[Array]:
    """The mean over a span's tokens in every representation, in the order of `dimensions`: (dim,) each."""
    inside = slice(span.start, span.end)
    layers = found.layers[:, inside].mean(axis=1)  # (n_layers, dim)
    return [*layers, found.elmo[inside].mean(axis=0), found.sense[inside].mean(axis=0)]


def batches(sentences: Sequence[Tokens], tokens: int = TOKENS_AT_ONCE) -> Iterator[list[Tokens]]:
    """Runs of sentences with at most so many tokens together, a longer one by itself."""
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
