"""Seconds of the processor by part: what is clocked is what stands inside, all threads counted."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

from polyseme.indexer.elmo import Encoder

ASKED = ("represent", "word_vectors")
"""What indexing asks of an encoder."""


class Stopwatch:
    """Adds up the seconds inside its ``with`` blocks."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> None:
        self.seconds -= time.process_time()

    def __exit__(self, *error: object) -> None:
        self.seconds += time.process_time()


def encoder_clock(encoder: Encoder) -> Stopwatch:
    """A stopwatch that runs, from now on, while indexing waits for an encoder."""
    watch = Stopwatch()
    around(encoder, watch.__enter__, watch.__exit__)
    return watch


def around(encoder: Encoder, before: Callable[[], object], after: Callable[[], object]) -> None:
    """From now on, have `before` and `after` called around everything that indexing asks of an encoder."""

    def wrapped(ask: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(ask)
        def asked(*given: Any) -> Any:
            before()
            try:
                return ask(*given)
            finally:
                after()

        return asked

    for name in ASKED:
        setattr(encoder, name, wrapped(getattr(encoder, name)))
