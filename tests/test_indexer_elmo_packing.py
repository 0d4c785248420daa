"""Packing: every token has a place of its own, steps are dense, and turning is its own inverse."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.elmo.batching import packed_batches
from indexer.elmo.packing import pack

lengths_of_sentences = st.lists(st.integers(1, 30), min_size=1, max_size=20)


@given(lengths_of_sentences, st.sampled_from([1, 4, 32]))
def test_each_step_holds_the_tokens_that_stand_there(lengths: list[int], multiple: int) -> None:
    packing = pack(lengths, multiple)
    tokens = [(row, step) for row, length in enumerate(lengths) for step in range(length)]
    assert len(set(packing.places.tolist())) == len(tokens)
    columns: dict[int, set[int]] = {}
    for (row, step), place in zip(tokens, packing.places.tolist(), strict=True):
        column = place - packing.starts[step]
        assert 0 <= column < packing.sizes[step]
        columns.setdefault(row, set()).add(column)
    assert all(len(found) == 1 for found in columns.values())  # a sentence keeps its column
    assert len({next(iter(found)) for found in columns.values()}) == len(lengths)
    for step, size in enumerate(packing.sizes.tolist()):
        running = sum(length > step for length in lengths)
        assert running <= size < running + multiple
        assert size % multiple == 0
    assert packing.n == packing.sizes.sum() == packing.starts[-1] + packing.sizes[-1]


@given(lengths_of_sentences, st.sampled_from([1, 8]))
def test_turning_mirrors_each_sentence(lengths: list[int], multiple: int) -> None:
    packing = pack(lengths, multiple)
    np.testing.assert_array_equal(packing.turn[packing.turn], np.arange(packing.n))
    ends = np.cumsum(lengths)
    for end, length in zip(ends.tolist(), lengths, strict=True):
        places = packing.places[end - length : end]
        np.testing.assert_array_equal(packing.turn[places], places[::-1])
    outside = np.setdiff1d(np.arange(packing.n), packing.places)
    np.testing.assert_array_equal(packing.turn[outside], outside)


@given(st.lists(st.integers(1, 600), max_size=60), st.integers(1, 20), st.integers(1, 3000))
def test_batches_hold_everything_once_within_bounds(lengths: list[int], rows: int, places: int) -> None:
    batches = packed_batches(lengths, rows, places)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or (len(batch) <= rows and sum(lengths[i] for i in batch) <= places)
    flat = [lengths[i] for batch in batches for i in batch]
    assert flat == sorted(flat, reverse=True)
