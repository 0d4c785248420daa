"""Measure effort for tests that guard against quadratic cost.

Times are processor times, so that other processes hardly count. One slow try proves nothing, since a processor may
be slowed down for a moment. A fault of the kind that is looked for is slow in every try.
"""

import time
from collections.abc import Callable

TRIES = 5
SLOWEST_MACHINE = 5
"""Factor by which a machine may be slower than the one on which limits were chosen."""


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time of some work in seconds."""
    start = time.process_time()
    work()
    return time.process_time() - start


def takes_less(limit: float, work: Callable[[], object]) -> bool:
    """Return whether some work stays below a limit of processor time in seconds on the slowest machine."""
    return any(seconds(work) < SLOWEST_MACHINE * limit for _ in range(TRIES))


def grows_linearly(work: Callable[[int], object], size: int) -> bool:
    """Return whether four times the size takes at most eight times as long. Quadratic cost takes sixteen times."""

    def is_linear() -> bool:
        small = min(seconds(lambda: work(size)) for _ in range(2))
        return seconds(lambda: work(4 * size)) < 8 * small + 0.1

    return any(is_linear() for _ in range(TRIES))
