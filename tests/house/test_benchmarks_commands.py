"""Commands of benchmarks in docstrings and in docs/results exist, and deleted ones name their commit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REPORTS = sorted((ROOT / "docs" / "results").glob("*.md"))
COMMAND = re.compile(r"python -m (benchmarks[.\w]+)")
DELETED = re.compile(r"python (benchmarks/\w+\.py)")
OTHER_PYTHON = {"benchmarks.encode.allennlp_peer", "benchmarks.quality.minilm_export"}
"""Scripts for another Python. They are run as files."""
COMMIT = "449368b"


def runnable() -> dict[str, str]:
    """Return the source of each module that is run as a command."""
    files = {path: path.read_text(encoding="utf-8") for path in (ROOT / "benchmarks").rglob("*.py")}
    names = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files}
    return {names[path]: source for path, source in files.items() if '__name__ == "__main__"' in source}


def test_every_benchmark_documents_its_command() -> None:
    commands = runnable()
    listed = set(COMMAND.findall((ROOT / "benchmarks" / "__init__.py").read_text(encoding="utf-8")))
    assert listed == set(commands) - OTHER_PYTHON
    for name in listed:
        assert f"python -m {name}" in commands[name]
        assert set(COMMAND.findall(commands[name])) <= set(commands)


@pytest.mark.parametrize("report", REPORTS, ids=lambda path: path.stem)
def test_every_command_in_a_report_exists(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    assert set(COMMAND.findall(text)) <= set(runnable())
    for paragraph in re.split(r"\n\s*\n(?!    )", text):
        if DELETED.search(paragraph):
            assert COMMIT in paragraph


@pytest.mark.parametrize("report", REPORTS, ids=lambda path: path.stem)
def test_every_link_and_path_in_a_report_exists(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        assert (report.parent / target).is_file(), target
    for path in re.findall(r"`((?:search|indexer|tests|ui|data)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path
