"""Packing gives every token its own place, streams have no gaps, and mirroring is its own inverse."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.elmo.batching import packed_batches
from polyseme.indexer.elmo.networks.packing import pack

lengths_of_sentences = st.lists(st.integers(1, 30), min_size=1, max_size=20)


@given(lengths_of_sentences, st.integers(1, 8), st.sampled_from([1, 4, 32]))
def test_each_stream_reads_its_sentences_one_after_another(lengths: list[int], streams: int, multiple: int) -> None:
    packing = pack(lengths, streams, multiple)
    assert len(set(packing.places.tolist())) == sum(lengths)
    step_of = np.repeat(np.arange(len(packing.sizes)), packing.sizes)
    read: dict[int, list[int]] = {}  # the steps that each stream reads
    ends = np.cumsum(lengths)
    for end, length in zip(ends.tolist(), lengths, strict=True):
        places = packing.places[end - length : end]
        steps = step_of[places]
        assert (np.diff(steps) == 1).all()
        (row,) = set((places - packing.starts[steps]).tolist())  # a sentence stays in its stream
        np.testing.assert_array_equal(packing.keep_mask[places], [0] + [1] * (length - 1))
        read.setdefault(row, []).extend(steps.tolist())
    assert sorted(read) == list(range(min(streams, len(lengths))))
    assert all(sorted(steps) == list(range(len(steps))) for steps in read.values())  # without a gap
    totals = [len(read[row]) for row in sorted(read)]
    assert totals == sorted(totals, reverse=True)
    assert totals[0] - totals[-1] <= max(lengths)
    for step, size in enumerate(packing.sizes.tolist()):
        running = sum(total > step for total in totals)
        assert size == (running if multiple == 1 else rounded_up(running, multiple))
    assert packing.n == packing.sizes.sum() == packing.starts[-1] + packing.sizes[-1]


def rounded_up(rows: int, multiple: int) -> int:
    size = multiple
    while size < rows:
        size *= 2
    return size


def test_streams_are_full_nearly_to_their_end() -> None:
    lengths = np.random.default_rng(0).integers(3, 40, 500).tolist()
    sizes = pack(lengths, 64).sizes
    assert (sizes == 64).sum() >= len(sizes) - 3  # the shortest sentences fill the gaps
    assert (pack(lengths, 500).sizes == 500).sum() == min(lengths)


@given(lengths_of_sentences, st.integers(1, 8), st.sampled_from([1, 8]))
def test_mirror_reverses_each_sentence(lengths: list[int], streams: int, multiple: int) -> None:
    packing = pack(lengths, streams, multiple)
    np.testing.assert_array_equal(packing.mirror[packing.mirror], np.arange(packing.n))
    ends = np.cumsum(lengths)
    for end, length in zip(ends.tolist(), lengths, strict=True):
        places = packing.places[end - length : end]
        np.testing.assert_array_equal(packing.mirror[places], places[::-1])
    outside = np.setdiff1d(np.arange(packing.n), packing.places)
    np.testing.assert_array_equal(packing.mirror[outside], outside)


@given(st.lists(st.integers(1, 600), max_size=60), st.integers(1, 20), st.integers(1, 3000))
def test_batches_hold_everything_once_within_bounds(lengths: list[int], rows: int, places: int) -> None:
    batches = packed_batches(lengths, rows, places)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or (len(batch) <= rows and sum(lengths[i] for i in batch) <= places)
    flat = [lengths[i] for batch in batches for i in batch]
    assert flat == sorted(flat, reverse=True)
