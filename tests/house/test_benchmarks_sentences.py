"""`benchmarks.quality.sentences` prints the tables whose data exists, and writes their figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from gold_data import make_sts, make_trec, write
from polyseme.search.evaluation import measures
from polyseme.search.evaluation.datasets.pairs import read_sts_splits
from polyseme.search.evaluation.tasks.sentences import evaluate_sts

from benchmarks.quality import sentences


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sentences, "load_encoder", FakeEncoder)
    monkeypatch.setattr(measures, "ROUNDS", 20)
    write(tmp_path / "documents" / "a.txt", "The clerk lent her money. Reeds grew along the bank.")
    rows = "query\tkind\tdocument_id\tsentence\nReeds grew along the bank.\tsame\ta.txt\tReeds grew along the bank.\n"
    monkeypatch.setattr(sentences, "DOCUMENTS", tmp_path / "documents")
    monkeypatch.setattr(sentences, "PARAPHRASES", write(tmp_path / "p.tsv", rows))


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["sentences", *map(str, arguments)])
    return sentences.main()


def test_every_table_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_sts(tmp_path / "eval" / "stsbenchmark")
    make_trec(tmp_path / "eval" / "cranfield")
    assert run(monkeypatch, tmp_path / "eval", "--json", tmp_path / "o.json") == 0
    tables = json.loads((tmp_path / "o.json").read_text(encoding="utf-8"))
    sts, cranfield, measured, kinds = tables.values()
    assert [row["vector"] for row in sts] == ["product", "default"]
    expected = evaluate_sts(FakeEncoder(), [tmp_path / "eval" / "stsbenchmark"])
    for row in sts:
        for split in ("dev", "train"):
            (score,) = [s for s in expected if (s.metric, s.representation) == (f"Spearman {split}", row["vector"])]
            assert row[split] == pytest.approx(score.value)
        assert row["lowest"] <= row["both, mean of folds"] <= row["highest"]
    assert [row["ranked by"] for row in cranfield][:2] == ["product", "product, hybrid"]
    assert {row["documents"]["metric"] for row in cranfield} == {"nDCG@10"}
    (meaning,) = [row for row in measured if row["ranked by"] == "meaning"]
    assert meaning["MRR"]["value"] == 1
    assert {row["ranked by"]: row["same"] for row in kinds}["keywords"] == 1
    out = capsys.readouterr().out
    assert "| meaning | 100.0 (100.0 to 100.0) |" in out


def test_folds_divide_the_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    splits = read_sts_splits([make_sts(tmp_path)], lambda text: text.split())
    pairs = [pair for some in splits.values() for pair in some]
    seen: list[tuple[int, int]] = []

    def correlation(encoder: object, found: object, name: str, scored: list[object], others: list[object]) -> float:
        assert not {id(pair) for pair in scored} & {id(pair) for pair in others}
        seen.append((len(scored), len(others)))
        return 0.5

    monkeypatch.setattr(sentences, "correlation", correlation)
    assert np.mean(sentences.fold_correlations(FakeEncoder(), None, "product", pairs)) == 0.5  # type: ignore[arg-type]
    assert sum(scored for scored, _ in seen) == len(pairs)
    assert {sum(each) for each in seen} == {len(pairs)}


def test_answers_that_are_no_sentences_of_the_documents_are_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "p.tsv", (tmp_path / "p.tsv").read_text() + "Who?\tq\ta.txt\tNobody.\n")
    assert run(monkeypatch, "--only", "paraphrases") == 1
    assert "1 answers are no sentences of" in capsys.readouterr().err
