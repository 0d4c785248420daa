"""Collect what a verification finds, a few lines of each kind and then a count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto

from ..errors import CollectionError
from .damage import DAMAGE
from .schema import DATABASE_NAME

SHOWN = 5
"""Maximum number of lines of one kind."""
RESTORE = "restore it from a copy"
REENCODE = "run `polyseme reencode`"
REPAIR = "run `polyseme verify --repair`"


class Repair(Enum):
    """What can be rebuilt from the rest of the database, or removed without loss of anything else."""

    KEYWORDS = auto()
    METADATA = auto()
    TITLES = auto()
    COUNTERS = auto()
    SELECTIONS = auto()


class Findings:
    """The problems of a database, and what could repair them."""

    def __init__(self) -> None:
        """Begin without a problem."""
        self.repairs: set[Repair] = set()
        self._lines: list[str] = []
        self._steps: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    def add(self, kind: str, detail: str, step: str, repair: Repair | None = None) -> None:
        """Add a problem.

        Args:
            kind: The kind of problem, in the plural, for the count of those that are not shown.
            detail: What is wrong, and where.
            step: What to do.
            repair: What `polyseme verify --repair` rebuilds or removes.
        """
        self._counts[kind] += 1
        self._steps[kind] = step
        if self._counts[kind] <= SHOWN:
            self._lines.append(f"{DATABASE_NAME}: {detail}; {step}")
        if repair is not None:
            self.repairs.add(repair)

    def lines(self) -> list[str]:
        """Return the problems, one line each."""
        more = [
            f"{DATABASE_NAME}: {count - SHOWN} more {kind}; {self._steps[kind]}"
            for kind, count in self._counts.items()
            if count > SHOWN
        ]
        return self._lines + more

    @contextmanager
    def reading(self, what: str) -> Iterator[None]:
        """Make a problem of an error that damaged rows and files raise."""
        try:
            yield
        except CollectionError as error:  # it names the file and the next step
            self._lines.append(str(error))
        except DAMAGE as error:
            reason = " ".join(str(error).split())[:120]
            name = type(error).__name__
            self.add("parts that cannot be read", f"{what} cannot be read ({name}: {reason})", RESTORE)
