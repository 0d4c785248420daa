"""Measures equal scipy and brute force. Readers read the gold formats and report errors by name."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from polyseme.indexer.errors import DocumentError
from polyseme.search.evaluation import (
    SentencePair,
    TokenPair,
    accuracy,
    average_precision,
    best_threshold,
    mean_average_precision,
    precision_at,
    read_sts,
    read_usim,
    read_wic,
    spearman,
)
from scipy import stats

values = st.floats(-5, 5, allow_nan=False).map(lambda x: round(x, 1))
scored = st.lists(st.tuples(values, st.booleans()), min_size=1, max_size=30)


@given(st.lists(st.tuples(values, values), min_size=2, max_size=40))
def test_spearman_is_scipys_and_zero_for_constant_values(pairs: list[tuple[float, float]]) -> None:
    a, b = zip(*pairs, strict=True)
    if len(set(a)) > 1 and len(set(b)) > 1:
        assert spearman(a, b) == pytest.approx(stats.spearmanr(a, b).statistic)
    else:
        assert spearman(a, b) == 0


@given(scored)
def test_no_threshold_beats_the_best_threshold(pairs: list[tuple[float, bool]]) -> None:
    scores, gold = zip(*pairs, strict=True)
    best = accuracy(scores, gold, best_threshold(scores, gold))
    assert best == max(accuracy(scores, gold, cut) for cut in [*scores, min(scores) - 1, max(scores) + 1])


def test_best_threshold_is_between_the_scores() -> None:
    assert best_threshold([0.1, 0.4, 0.8], [False, False, True]) == pytest.approx(0.6)


def test_average_precision_by_hand() -> None:
    assert average_precision([True, False, True]) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([False, False]) == 0
    assert precision_at([True, False, True, True], 2) == 0.5
    assert precision_at([True], 10) == 0.1


@given(st.lists(st.sampled_from("ab"), min_size=2, max_size=12), st.integers(0, 9))
def test_mean_average_precision_equals_brute_force(labels: list[str], seed: int) -> None:
    vectors = np.random.default_rng(seed).normal(size=(len(labels), 3))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assume(all(len(set(row)) == len(row) for row in np.round(unit @ unit.T, 5).tolist()))
    found = []
    for i, label in enumerate(labels):
        others = sorted((j for j in range(len(labels)) if j != i), key=lambda j: -float(unit[i] @ unit[j]))
        if label in [labels[j] for j in others]:
            found.append(average_precision([labels[j] == label for j in others]))
    assert mean_average_precision(vectors, labels) == pytest.approx(np.mean(found) if found else 0)


def test_wic_is_read(tmp_path: Path) -> None:
    (tmp_path / "x.data.txt").write_text("carry\tV\t1-1\tYou carry gear .\tSound carries .\n", encoding="utf-8")
    (tmp_path / "x.gold.txt").write_text("T\n", encoding="utf-8")
    pair = TokenPair("carry", ("You", "carry", "gear", "."), 1, ("Sound", "carries", "."), 1, 1.0)
    assert read_wic(tmp_path) == [pair]
    (tmp_path / "x.gold.txt").write_text("T\nF\n", encoding="utf-8")
    with pytest.raises(DocumentError, match=r"x\.gold\.txt does not match x\.data\.txt"):
        read_wic(tmp_path)
    (tmp_path / "x.gold.txt").unlink()
    with pytest.raises(DocumentError, match=r"holds 0 files \*\.gold\.txt"):
        read_wic(tmp_path)


def test_usim_is_read(tmp_path: Path) -> None:
    path = tmp_path / "usim.txt"
    path.write_text("A bright boy\t1\t1.5\tbright.a 1\nbright sun\t0\t1.5\tbright.a 2\n", encoding="utf-8")
    assert read_usim(path) == [TokenPair("bright", ("A", "bright", "boy"), 1, ("bright", "sun"), 0, 1.5)]
    path.write_text("A bright boy\t3\t1.5\tbright.a 1\nbright sun\t0\t1.5\tbright.a 2\n", encoding="utf-8")
    with pytest.raises(DocumentError, match="'bright' has a position outside"):
        read_usim(path)
    with pytest.raises(DocumentError, match=r"none\.txt cannot be read"):
        read_usim(tmp_path / "none.txt")


def test_sts_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sts.csv"
    path.write_text('main\tMSRvid\t2012\t1\t3.800\ta "man" sings .\ta man .\n', encoding="utf-8")
    assert read_sts(path) == [SentencePair(("a", '"man"', "sings", "."), ("a", "man", "."), 3.8)]
    path.write_text("main\t1\n", encoding="utf-8")
    with pytest.raises(DocumentError, match="row 1: 2 columns, not 7"):
        read_sts(path)
