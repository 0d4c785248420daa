"""Measure how far several authors agree about the senses of lines: Krippendorff's alpha for nominal values.

Krippendorff, Computing Krippendorff's Alpha-Reliability (2011). The package `krippendorff` has a licence under which
this program could not be passed on, so the formula is here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import combinations


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How far two authors agree.

    Attributes:
        lines: Number of lines that both have judged.
        same: Share of these lines with the same sense.
        alpha: Krippendorff's alpha. None if it is not defined.
    """

    first: str
    second: str
    lines: int
    same: float
    alpha: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the authors agree about the senses of a word.

    Attributes:
        authors: The authors, in the order of their names.
        lines: Number of lines that at least two of them have judged.
        alpha: Krippendorff's alpha of all authors: 1 is full agreement, 0 is chance. None if it is not defined, since
            fewer than two have judged the same line, or all judgements are the same sense.
        pairs: Each two authors who have judged the same line.
    """

    authors: tuple[str, ...]
    lines: int
    alpha: float | None
    pairs: tuple[PairAgreement, ...]


def krippendorff_alpha(ratings: Mapping[tuple[int, str], Hashable]) -> float | None:
    """Return Krippendorff's alpha for nominal values, or None if no two values could differ.

    Args:
        ratings: (unit, author) -> value. Missing ones are allowed.
    """
    units: dict[int, Counter[Hashable]] = {}
    for (unit, _), value in ratings.items():
        units.setdefault(unit, Counter())[value] += 1
    paired = [counts for counts in units.values() if counts.total() > 1]
    totals: Counter[Hashable] = Counter()
    observed = 0.0
    for counts in paired:
        totals.update(counts)
        n = counts.total()
        observed += (n * n - sum(count * count for count in counts.values())) / (n - 1)
    n = totals.total()
    expected = n * n - sum(count * count for count in totals.values())
    return 1 - (n - 1) * observed / expected if expected else None


def measure_agreement(ratings: Mapping[tuple[int, str], int]) -> Agreement:
    """Measure the agreement of all authors, and of each two.

    Args:
        ratings: (line, author) -> number of the sense.
    """
    authors = sorted({author for _, author in ratings})
    times = Counter(line for line, _ in ratings)
    of_author = {name: {line: value for (line, by), value in ratings.items() if by == name} for name in authors}
    pairs = []
    for first, second in combinations(authors, 2):
        one, other = of_author[first], of_author[second]
        both = one.keys() & other.keys()
        if not both:
            continue
        same = sum(one[line] == other[line] for line in both) / len(both)
        inside = {(line, name): of_author[name][line] for line in both for name in (first, second)}
        pairs.append(PairAgreement(first, second, len(both), same, krippendorff_alpha(inside)))
    shared = sum(count > 1 for count in times.values())
    return Agreement(tuple(authors), shared, krippendorff_alpha(ratings), tuple(pairs))
