"""`benchmarks.quality.tasks` runs the tasks whose data is in a folder, and writes their figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from fakes import FakeEncoder
from gold_data import make_coarsewsd, make_semcor, make_sts, make_trec, make_usim, make_wic
from polyseme.search.evaluation import measures

from benchmarks.quality import tasks


@pytest.fixture
def quality(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr(tasks, "load_encoder", lambda source, precision: FakeEncoder(source))
    monkeypatch.setattr(measures, "ROUNDS", 20)
    return tasks


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "eval"
    make_wic(root / "wic")
    make_usim(root / "usim" / "usim_en.txt")
    make_coarsewsd(root / "coarsewsd-20")
    make_sts(root / "stsbenchmark")
    make_trec(root / "cranfield")
    make_semcor(root / "semcor3.0.tar.xz")
    return root


def run(module: ModuleType, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["tasks", *map(str, arguments)])
    return int(module.main())


def test_every_task_in_the_folder_is_measured(
    quality: ModuleType,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, plot = tmp_path / "o.jsonl", tmp_path / "p.svg"
    assert run(quality, monkeypatch, folder, "--model", "some/model", "--jsonl", out, "--plot", plot) == 0
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert list(dict.fromkeys(row["task"] for row in rows)) == [
        "wic",
        "usim",
        "sts",
        "coarsewsd",
        "retrieval",
        "wsd",
    ]
    assert "coarsewsd, 1-NN accuracy (baseline: majority 50.0)" in capsys.readouterr().out
    assert "some/model" in plot.read_text(encoding="utf-8")


def test_quick_mode_and_only_select_tasks(
    quality: ModuleType, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "o.jsonl"
    assert run(quality, monkeypatch, folder, "--quick", "--jsonl", out) == 0
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    metrics = {(row["task"], row["metric"]) for row in rows}
    assert {task for task, _ in metrics} == {"wic", "usim", "coarsewsd"}
    assert ("coarsewsd", "1-NN accuracy") not in metrics
    assert run(quality, monkeypatch, folder, "--only", "usim", "--jsonl", out) == 0
    assert {json.loads(line)["task"] for line in out.read_text(encoding="utf-8").splitlines()} == {"usim"}


def test_folder_without_gold_data_is_an_error(
    quality: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(quality, monkeypatch, tmp_path, "--only", "sts", "--only", "wsd") == 1
    assert f"{tmp_path} holds none of stsbenchmark, wsd, semcor3.0.tar.xz" in capsys.readouterr().err
