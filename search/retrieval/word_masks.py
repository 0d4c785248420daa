"""Which words of a collection fit the conditions of a pattern. Conditions are compared with distinct values only."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from functools import reduce
from operator import and_, or_

import numpy as np

from ...indexer.collection.words import WordTable
from ...indexer.errors import QueryError
from ...indexer.vectors.arrays import Mask
from ..query.patterns import AllOf, AnyOf, Comparison, Condition, Not

MOST_SECONDS = 10.0
"""CPU time after which a pattern is given up, for regular expressions and the comparison of tokens."""
LONGEST_VALUE = 1_000
"""Values with more characters fit no regular expression, only the same text."""
_PREFIX = re.compile(r"[^][\\^$.|?*+(){}]*")


class Deadline:
    """The time by which a pattern must have been answered."""

    def __init__(self) -> None:
        """Begin now."""
        self._end = time.thread_time() + MOST_SECONDS

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            QueryError: There are none.
        """
        seconds = self._end - time.thread_time()
        if seconds <= 0:
            raise QueryError(
                f"the pattern takes more than {MOST_SECONDS:g} seconds; give it a rarer word, or simpler expressions"
            )
        return seconds


class WordMasks:
    """Evaluates conditions on the words of a snapshot, each once."""

    def __init__(self, words: WordTable, deadline: Deadline) -> None:
        self._words = words
        self._deadline = deadline
        self._known: dict[Condition, Mask] = {}

    def __call__(self, condition: Condition) -> Mask:
        """Return which words fit a condition.  (V,)

        Raises:
            QueryError: It takes too long.
        """
        if condition not in self._known:
            self._known[condition] = self._mask(condition)
        return self._known[condition]

    def _mask(self, condition: Condition) -> Mask:
        match condition:
            case Comparison():
                fits = self._fitting(condition)[self._words.column(condition.column).codes]
                return ~fits if condition.is_negated else fits
            case Not(inner):
                return ~self(inner)
            case AllOf(conditions):
                return reduce(and_, map(self, conditions))
            case AnyOf(conditions):
                return reduce(or_, map(self, conditions))

    def _fitting(self, test: Comparison) -> Mask:
        """Return which distinct values of a column fit an expression, whether the test is negated or not."""
        values = self._words.column(test.column).values
        is_lemma = test.column == "lemma"  # lemmas are stored in small letters
        ignores_case = test.ignores_case or is_lemma
        fits = np.zeros(len(values), bool)
        if test.is_literal and (is_lemma or not ignores_case):
            code = self._words.code(test.column, test.expression.lower() if is_lemma else test.expression)
            if code is not None:
                fits[code] = True
            return fits
        fits[self._matching(test.expression, ignores_case, values)] = True
        return fits

    def _matching(self, expression: str, ignores_case: bool, values: Sequence[str]) -> list[int]:
        import regex

        compiled = regex.compile(expression, regex.IGNORECASE if ignores_case else 0)
        start = "" if ignores_case or "|" in expression else _literal_start(expression)
        found = []
        try:
            for code, value in enumerate(values):
                if not value.startswith(start) or len(value) > LONGEST_VALUE:
                    continue
                if compiled.fullmatch(value, timeout=self._deadline.left()):
                    found.append(code)
        except TimeoutError:
            raise QueryError(
                f"the regular expression {expression[:60]!r} takes more than {MOST_SECONDS:g} seconds; make it simpler"
            ) from None
        return found


def _literal_start(expression: str) -> str:
    """Return the plain characters with which every fitting value begins."""
    found = _PREFIX.match(expression)
    plain = found[0] if found else ""
    return plain[:-1] if expression[len(plain) : len(plain) + 1] in ("*", "?", "{") else plain
