"""Measure the CPU time of the parts of a run, over all threads."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from polyseme.indexer.elmo import Encoder

TIMED_METHODS = ("represent", "word_vectors")
"""Methods of an encoder that indexing calls."""


class Stopwatch:
    """Sum of the CPU seconds spent inside its `with` blocks."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> None:
        self.seconds -= time.process_time()

    def __exit__(self, *error: object) -> None:
        self.seconds += time.process_time()


def encoder_clock(encoder: Encoder) -> Stopwatch:
    """Return a stopwatch that from now on measures the time that indexing spends in an encoder."""
    watch = Stopwatch()
    around(encoder, watch.__enter__, watch.__exit__)
    return watch


def around(encoder: Encoder, before: Callable[[], object], after: Callable[[], object]) -> None:
    """Wrap `TIMED_METHODS` of an encoder so that each call runs `before` and `after`."""

    def wrapped(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def timed(*arguments: Any) -> Any:
            before()
            try:
                return method(*arguments)
            finally:
                after()

        return timed

    for name in TIMED_METHODS:
        setattr(encoder, name, wrapped(getattr(encoder, name)))
