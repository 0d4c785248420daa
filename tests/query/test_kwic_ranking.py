"""Concordance lines, rankings, association measures and transforms, compared with their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from polyseme.indexer.vectors.arrays import sense_word_vector, top, unit
from polyseme.indexer.vectors.transforms import fit_centring, fit_pca, fit_whitening
from polyseme.search.hits import OccurrenceHit
from polyseme.search.kwic import concordance_line
from polyseme.search.retrieval.ranking import more_like_vector, ranked
from polyseme.search.senses.clustering import cluster
from polyseme.search.senses.labels import collocates
from polyseme.search.statistics.measures import log_dice, log_likelihood
from scipy.stats import chi2_contingency
from sklearn.metrics import adjusted_rand_score


def hit(sentence: str, start: int, end: int) -> OccurrenceHit:
    return OccurrenceHit(1, 0.5, None, "d", "D", 1, sentence, 0, {}, sentence[start:end], "x", 0, start, end, 1)


@given(st.text(), st.text(min_size=1), st.text())
def test_a_concordance_line_is_the_sentence_split_at_the_offsets(left: str, node: str, right: str) -> None:
    line = concordance_line(hit(left + node + right, len(left), len(left) + len(node)))
    assert (line.left + line.node + line.right).split() == (left + node + right).split()
    assert "".join(line.node.split()) == "".join(node.split())


def test_context_is_cut_to_its_width_with_an_ellipsis() -> None:
    line = concordance_line(hit("one two three bank four five six", 14, 18), width=6)
    assert (line.left, line.node, line.right) == ("…hree ", "bank", " four…")
    assert concordance_line(hit("bank", 0, 4), width=0) == concordance_line(hit("bank", 0, 4))


@given(
    arrays(np.float32, st.integers(0, 60), elements=st.sampled_from([0.0, 0.25, 0.5, -1.0])),
    st.integers(1, 70),
)
def test_ranking_sorts_by_score_then_id(scores: np.ndarray[tuple[int], np.dtype[np.float32]], k: int) -> None:
    ids = np.random.default_rng(0).permutation(len(scores)).astype(np.int64)
    wanted = sorted(zip((-scores).tolist(), ids.tolist(), strict=True))[:k]
    assert ranked(ids, scores, k).ids.tolist() == [key for _, key in wanted]
    assert ids[top(scores, k, ids)].tolist() == [key for _, key in wanted]


def test_log_likelihood_equals_scipys_g_test() -> None:
    for a, n, b, m in ((10, 50, 5, 200), (1, 9, 30, 80), (20, 20, 1, 40)):
        table = [[a, b], [n - a, m - b]]
        g = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
        assert abs(log_likelihood(a, n, b, m)) == pytest.approx(g)
    assert log_likelihood(10, 50, 5, 200) > 0 > log_likelihood(1, 50, 40, 200)


def test_log_dice_is_at_most_14() -> None:
    assert log_dice(10, 10, 10) == 14
    assert log_dice(5, 10, 10) == 13
    assert log_dice(0, 10, 10) == float("-inf")


def test_collocates_distinguish_one_group_from_the_others() -> None:
    river = [["water", "boat", "go"], ["water", "heron"], ["water", "go"]] * 4
    money = [["loan", "go"], ["loan", "cheque"], ["loan", "go"]] * 4
    assert [c.lemma for c in collocates(river, money, 2)] == ["water", "boat"]
    assert "go" not in {c.lemma for c in collocates(river, money, 9)}


def test_sense_word_vectors_have_the_weighted_cosine() -> None:
    rng = np.random.default_rng(0)
    sense, word = unit(rng.standard_normal((6, 5))), unit(rng.standard_normal((6, 3)))
    both = sense_word_vector(sense, word, 0.3)
    wanted = (sense @ sense.T + 0.3 * (word @ word.T)) / 1.3
    assert both @ both.T == pytest.approx(wanted, abs=1e-6)


def test_whitening_equalises_a_large_sample_and_shrinks_for_a_small_one() -> None:
    rng = np.random.default_rng(0)
    mix = rng.standard_normal((8, 8))
    sample = (rng.standard_normal((50_000, 8)) @ mix + 3).astype(np.float32)
    transform = fit_whitening(sample)
    assert transform.matrix is not None
    before = np.linalg.eigvalsh(np.cov(sample.T, bias=True))
    after = np.linalg.eigvalsh(np.cov(((sample - transform.mean) @ transform.matrix).T, bias=True))
    # half shrunk: an eigenvalue l becomes 2 l m / (l + m), where m is the mean eigenvalue
    assert after == pytest.approx(2 * before * before.mean() / (before + before.mean()), rel=0.02)
    few = fit_whitening(sample[:2])
    assert few.matrix is not None
    assert np.linalg.cond(few.matrix) < 3
    assert np.isfinite(fit_whitening(sample[:1])(sample[:5])).all()


def test_centring_removes_the_mean_and_pca_keeps_most_variance() -> None:
    rng = np.random.default_rng(1)
    sample = (rng.standard_normal((5000, 6)) + 10).astype(np.float32)
    assert (sample - fit_centring(sample).mean).mean(axis=0) == pytest.approx(np.zeros(6), abs=0.1)
    plane = rng.standard_normal((4000, 2)) @ rng.standard_normal((2, 10))
    blocks = [plane[:, :6].astype(np.float32), plane[:, 6:].astype(np.float32)]
    kept = fit_pca(blocks, 2)
    assert kept.dim == 2
    whole = fit_pca(blocks, 10)
    rows = np.concatenate(blocks, axis=1)
    assert kept(rows[:50]) @ kept(rows[:50]).T == pytest.approx(whole(rows[:50]) @ whole(rows[:50]).T, abs=1e-3)


def test_more_like_is_rocchio() -> None:
    plus, minus = np.eye(3, dtype=np.float32)[:2], np.eye(3, dtype=np.float32)[2:]
    assert more_like_vector(plus, minus[:0]) == pytest.approx(np.array([1, 1, 0]) / np.sqrt(2))
    assert more_like_vector(plus, minus) == pytest.approx(np.array([1, 1, -1]) / np.sqrt(3))


@pytest.mark.parametrize("groups", [1, 2, 3, 4])
def test_clear_clusters_are_found_and_numbered_by_size(groups: int) -> None:
    rng = np.random.default_rng(groups)
    gold = np.repeat(np.arange(groups), [40, 25, 15, 10][:groups])
    centres = np.linalg.qr(rng.standard_normal((48, 48)))[0][:groups]
    noise = 0.35 * rng.standard_normal((len(gold), 48)) / np.sqrt(48) * 3
    vectors = unit(2 * centres[gold] + noise if groups > 1 else rng.standard_normal((len(gold), 48)))
    order = rng.permutation(len(gold))
    numbers = cluster(vectors[order])
    assert adjusted_rand_score(gold[order], numbers) == pytest.approx(1.0)
    counts = np.bincount(numbers)
    assert (np.diff(counts) <= 0).all()
    assert (cluster(vectors[order]) == numbers).all()
