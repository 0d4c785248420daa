"""`benchmarks.quality.keyword_forms` ranks by words as written, stems and lemmas, and prints both sets."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from gold_data import make_trec, write
from polyseme.indexer.text import TextAnalyser
from polyseme.search.evaluation import measures

from benchmarks.quality import keyword_forms

TEXTS = ["The plate was heated.", "Two mice were seen.", "She saw a mouse.", "Heating costs more.", "Nothing here."]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("mouse", {"forms as written": {2}, "stems": {2}, "lemmas": {1, 2}, "stems and lemmas": {1, 2}}),
        ("mice", {"forms as written": {1}, "stems": {1}, "lemmas": {1, 2}, "forms and lemmas": {1, 2}}),
        ("heat", {"forms as written": set(), "stems": {0, 3}, "forms and stems": {0, 3}}),
        ("the", {"forms as written": {0}, "stems": {0}, "lemmas": {0}}),
        ("?", {"forms as written": set(), "stems": set(), "lemmas": set()}),
    ],
)
def test_each_form_finds_its_words(query: str, expected: dict[str, set[int]]) -> None:
    with keyword_forms.rankers(TextAnalyser("en"), TEXTS) as ranks:
        assert list(ranks) == list(keyword_forms.SIDES)
        for name, rows in expected.items():
            assert set(ranks[name](query, 10).tolist()) == rows
        assert len(ranks["stems"](query, 1)) <= 1


def test_two_forms_add_their_scores() -> None:
    """A text with the word in the form of the query is before one with another form of the same lemma."""
    with keyword_forms.rankers(TextAnalyser("en"), ["We saw two mice.", "We saw one mouse.", "No."]) as ranks:
        assert ranks["lemmas"]("mouse", 3).tolist() == [0, 1]
        assert ranks["forms and lemmas"]("mouse", 3).tolist() == [1, 0]


def test_both_tables_are_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(measures, "ROUNDS", 20)
    write(tmp_path / "documents" / "a.txt", "The clerk lent her money. Reeds grew along the bank.")
    rows = "query\tdocument_id\tsentence\nDid reeds grow?\ta.txt\tReeds grew along the bank.\n"
    monkeypatch.setattr(keyword_forms, "DOCUMENTS", tmp_path / "documents")
    monkeypatch.setattr(keyword_forms, "PARAPHRASES", write(tmp_path / "p.tsv", rows))
    make_trec(tmp_path / "eval" / "cranfield")
    monkeypatch.setattr(sys, "argv", ["keyword_forms", str(tmp_path / "eval")])
    assert keyword_forms.main() == 0
    out = capsys.readouterr().out
    for name in keyword_forms.SIDES:
        assert len(re.findall(rf"^\| {name} \|", out, re.MULTILINE)) == 2
    assert "| lemmas | 100.0 | +0.0 (+0.0 to +0.0) |" in out
