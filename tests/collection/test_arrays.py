"""Transforms of several arrays in one call equal one call for each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.vectors.arrays import Array, unit, unit_parts
from polyseme.indexer.vectors.transforms import Transform, fit_centring, fit_whitening

DIMENSIONS = (1, 3, 64, 256, 512)
lengths = st.lists(st.integers(0, 40), min_size=1, max_size=30)


def parts_of(counts: list[int], d: int) -> list[Array]:
    """Return random rows, every seventh of them zero."""
    rng = np.random.default_rng(len(counts) + 100 * d)
    parts = [rng.standard_normal((n, d)).astype(np.float32) for n in counts]
    for part in parts:
        part[::7] = 0
    return parts


def equal(found: list[Array], wanted: list[Array]) -> bool:
    return len(found) == len(wanted) and all(map(np.array_equal, found, wanted))


@cache
def fitted(fit: Callable[[Array], Transform], d: int) -> Transform:
    return fit(parts_of([50], d)[0])


@pytest.mark.parametrize("fit", [fit_whitening, fit_centring])
@settings(deadline=None)
@given(counts=lengths, d=st.sampled_from(DIMENSIONS))
def test_arrays_transformed_together_equal_arrays_transformed_alone(
    fit: Callable[[Array], Transform], counts: list[int], d: int
) -> None:
    transform = fitted(fit, d)
    parts = parts_of(counts, d)
    assert equal(transform.of_each(parts), [transform(part) for part in parts])


@settings(deadline=None)
@given(counts=lengths, d=st.sampled_from(DIMENSIONS))
def test_arrays_scaled_together_equal_arrays_scaled_alone(counts: list[int], d: int) -> None:
    parts = parts_of(counts, d)
    assert equal(unit_parts(parts), [unit(part) for part in parts])
