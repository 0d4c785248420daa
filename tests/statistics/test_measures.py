"""Measures of several words at once are those of each word."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polyseme.search.statistics.measures import log_likelihood, log_likelihoods

COUNTS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 900)), min_size=1, max_size=20)


@given(COUNTS, st.integers(0, 50), st.integers(0, 5000))
def test_log_likelihoods_are_those_of_each_word(
    counts: list[tuple[int, int]], more_inside: int, more_outside: int
) -> None:
    inside, outside = np.array(counts, np.int64).T
    totals = int(inside.max()) + more_inside, int(outside.max()) + more_outside
    found = log_likelihoods(inside, totals[0], outside, totals[1])
    one_by_one = [log_likelihood(here, totals[0], there, totals[1]) for here, there in counts]
    assert found.tolist() == pytest.approx(one_by_one, rel=1e-9, abs=1e-9)
