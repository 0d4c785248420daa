"""The words that the glossary forbids do not occur in docstrings, comments, help, messages, documents and the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from prose import (
    ROOMS,
    ROOT,
    files_of,
    forbidden_words,
    markdown_pages,
    page_texts,
    problems_with_words,
    python_texts,
    script_texts,
)

GLOSSARY = ROOT / "docs" / "development" / "glossary.md"
FORBIDDEN = forbidden_words(GLOSSARY)
SCRIPTS = ("Makefile", "pyproject.toml", ".ci/run", ".pre-commit-config.yaml")


def test_the_glossary_forbids_words_and_names_others() -> None:
    assert len(FORBIDDEN) >= 20
    assert all(instead for _, instead in FORBIDDEN)
    assert sum(line.startswith("| ") for line in GLOSSARY.read_text(encoding="utf-8").splitlines()) >= 40


@pytest.mark.parametrize("room", ROOMS)
def test_no_forbidden_word_is_in_the_code(room: str) -> None:
    texts = [text for path in files_of(room) for text in python_texts(path)]
    assert texts
    assert problems_with_words(texts, FORBIDDEN) == []


def test_no_forbidden_word_is_in_scripts_and_settings() -> None:
    static = ROOT / "ui" / "page" / "static"
    paths = [*(ROOT / name for name in SCRIPTS), *(ROOT / "tools").glob("*.sh"), *static.glob("*.js")]
    texts = [text for path in [*paths, *static.glob("*.css")] for text in script_texts(path)]
    assert texts
    assert problems_with_words(texts, FORBIDDEN) == []


@pytest.mark.parametrize("page", markdown_pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_forbidden_word_is_in_a_document(page: Path) -> None:
    assert problems_with_words(page_texts(page), FORBIDDEN) == []


def test_forbidden_words_are_found_where_they_are_and_only_there(tmp_path: Path) -> None:
    path = tmp_path / "example.py"
    path.write_text(
        '"""Standard words, understood by all; `whoever` is code and "whoever" a quotation."""\n'
        "# Whoever reads this under a share-alike licence\n# is told so.\n"
        "def test_so_many() -> None:\n"
        '    raise ValueError(f"{1} stands here", name)\n'
        "x = 1  # anew\n",
        encoding="utf-8",
    )
    found = problems_with_words(python_texts(path), FORBIDDEN)
    assert [problem.split(";")[0].split(" in ")[0] for problem in found] == [
        "example.py:2: comment: 'Whoever'",
        "example.py:2: comment: 'is told'",
        "example.py:6: comment: 'anew'",
        "example.py:4: test name: 'so many'",
        "example.py:5: message: 'stands'",
    ]
