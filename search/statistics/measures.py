"""Compute the measures of corpus linguistics from counts: intervals, association, effect size and dispersion."""

from __future__ import annotations

import math

import numpy as np

from ...indexer.vectors.arrays import Doubles, Ids

Z = 1.959963984540054
"""Standard normal quantile of a 95 % interval."""
PER_MILLION = 1_000_000
"""Number of tokens to which rates refer."""
ABSENT = 0.5
"""Count that replaces 0 in a ratio, as in Hardie's log ratio."""


def wilson(count: int, total: int, z: float = Z) -> tuple[float, float]:
    """Return the bounds of a share (Wilson 1927), or (0, 1) if total is 0.

    Args:
        z: Standard normal quantile of the interval.
    """
    if not total:
        return 0.0, 1.0
    share = count / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return (0.0 if not count else centre - half), (1.0 if count == total else centre + half)


def poisson(count: int) -> tuple[float, float]:
    """Return the bounds of the 95 % interval of an expected count (Garwood 1936, the exact Poisson interval)."""
    from scipy.special import gammaincinv

    low = float(gammaincinv(count, 0.025)) if count else 0.0
    return low, float(gammaincinv(count + 1, 0.975))


def rate(count: float, tokens: int) -> float:
    """Return a count per million tokens, or 0 without tokens."""
    return PER_MILLION * count / tokens if tokens else 0.0


def log_likelihood(inside: int, inside_total: int, outside: int, outside_total: int) -> float:
    """Return the signed log-likelihood ratio G2 of a word inside a group against outside (Dunning 1993).

    It is negative if the word is rarer inside.

    Args:
        inside: Occurrences of the word inside.
        inside_total: All occurrences inside.
    """
    total = inside_total + outside_total
    observed = ((inside, inside_total), (outside, outside_total))
    share = (inside + outside) / total if total else 0.0
    score = 0.0
    for count, size in observed:
        for seen, expected in ((count, size * share), (size - count, size * (1 - share))):
            if seen and expected:
                score += 2 * seen * math.log(seen / expected)
    rarer = inside * max(outside_total, 1) < outside * max(inside_total, 1)
    return -score if rarer else score


def log_likelihoods(inside: Ids, inside_total: int, outside: Ids, outside_total: int) -> Doubles:
    """Return `log_likelihood` of several words.

    Args:
        inside: Occurrences of each word inside.  (n,)
        outside: The same outside.

    Returns:
        Signed log-likelihood ratios (n,).
    """
    total = inside_total + outside_total
    share = (inside + outside) / max(total, 1)  # (n,)
    scores = np.zeros(len(inside), np.float64)
    for count, size in ((inside, inside_total), (outside, outside_total)):
        for seen, expected in ((count, size * share), (size - count, size * (1 - share))):
            here = (seen != 0) & (expected != 0)
            scores[here] += 2 * seen[here] * np.log(seen[here] / expected[here])
    rarer = inside * max(outside_total, 1) < outside * max(inside_total, 1)
    return np.where(rarer, -scores, scores)


def p_value(likelihood: float) -> float:
    """Return the probability of a log-likelihood at least as large by chance, from chi-squared with 1 degree."""
    return math.erfc(math.sqrt(abs(likelihood) / 2))


def log_dice(together: int, group: int, word: int) -> float:
    """Return 14 + log2 of the Dice coefficient (Rychlý 2008). It is at most 14.

    Args:
        together: Number of the group's occurrences that the word is near.
        group: Number of occurrences of the group.
        word: Number of occurrences of the word.
    """
    return 14 + math.log2(2 * together / (group + word)) if together else float("-inf")


def mutual_information(together: int, expected: float) -> float:
    """Return log2 of an observed count by its expected one (Church & Hanks 1990)."""
    return math.log2(together / expected) if together and expected else float("-inf")


def log_ratio(inside: int, inside_total: int, outside: int, outside_total: int) -> tuple[float, float, float]:
    """Return log2 of the ratio of two relative frequencies (Hardie 2014), and the bounds of its 95 % interval.

    A count of 0 is replaced by `ABSENT`. The interval is that of a ratio of two rates on the logarithmic scale. All
    are 0 without tokens on one of the sides.
    """
    if not inside_total or not outside_total:
        return 0.0, 0.0, 0.0
    first, second = inside or ABSENT, outside or ABSENT
    ratio = math.log2(first / inside_total / (second / outside_total))
    half = Z * math.sqrt(1 / first + 1 / second) / math.log(2)
    return ratio, ratio - half, ratio + half


def deviation_of_proportions(counts: Ids, sizes: Ids) -> tuple[float, float]:
    """Return Gries' DP (2008), and DP divided by its maximum (Lijffijt & Gries 2012).

    0 is the dispersion in proportion to the sizes of the parts. Values near 1 mean that one part has all.

    Args:
        counts: Occurrences in each part.  (p,)
        sizes: Tokens of each part.  (p,)
    """
    if not counts.sum() or not sizes.sum():
        return 0.0, 0.0
    shares = sizes / sizes.sum()  # (p,)
    found = float(np.abs(counts / counts.sum() - shares).sum() / 2)
    most = 1 - float(shares[shares > 0].min())
    return found, min(1.0, found / most) if most else 0.0


def juilland(counts: Ids, sizes: Ids) -> float:
    """Return Juilland's D (1970) of the relative frequencies in the parts: 1 is even, 0 is in one part alone.

    Args:
        counts: Occurrences in each part.  (p,)
        sizes: Tokens of each part. Parts without tokens are left out.  (p,)
    """
    rates = counts[sizes > 0] / sizes[sizes > 0]  # (q,)
    if len(rates) < 2 or not rates.sum():
        return 1.0 if rates.sum() else 0.0
    return max(0.0, 1 - float(rates.std() / rates.mean()) / math.sqrt(len(rates) - 1))
