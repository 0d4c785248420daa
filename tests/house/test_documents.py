"""The documentation is true: its links lead somewhere, its Python runs, its commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from prose import ROOMS, ROOT, files_of, markdown_pages, page_texts, python_texts

PAGES = [*markdown_pages(), ROOT / "docs" / "development" / "glossary.md"]
GUIDE = ("index", "search", "senses", "statistics", "page", "models", "train", "python")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
PLACE = re.compile(r"\b(?:docs|benchmarks|tools)/[\w./-]*\w")
MODULE = re.compile(r"python -m (benchmarks\.[\w.]*\w)")
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub forms them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    broken = []
    for link in LINK.findall(text):
        place, _, anchor = link.partition("#")
        target = page if not place else page.parent / place
        if "://" in link or link.startswith("mailto:"):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_the_guide_is_complete_and_each_page_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in GUIDE:
        assert (ROOT / "docs" / "guide" / f"{name}.md").is_file()
        assert f"(docs/guide/{name}.md" in readme


def test_architecture_is_short() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_every_file_and_folder_that_architecture_names_exists() -> None:
    text = re.sub(r"```.*?```", "", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    named = {name for name in re.findall(r"`([\w/.]+)`", text) if "/" in name}
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("room", ROOMS)
def test_documents_and_benchmarks_named_in_code_exist(room: str) -> None:
    texts = [text for path in files_of(room) for text in python_texts(path)]
    named = [(str(text), place) for text in texts for place in PLACE.findall(text.text)]
    assert [place for place in named if not (ROOT / place[1]).exists()] == []


def test_benchmarks_named_in_documents_exist() -> None:
    for page in PAGES:
        for module in MODULE.findall(page.read_text(encoding="utf-8")):
            place = ROOT / module.replace(".", "/")
            assert place.is_dir() or place.with_suffix(".py").is_file(), f"{page.name}: {module}"
    assert any("benchmarks" in text.text for page in PAGES for text in page_texts(page))


@pytest.mark.parametrize("reference", ["python", "format"])
def test_the_python_of_the_reference_runs(reference: str, tmp_path: Path) -> None:
    blocks = BLOCK.findall((ROOT / "docs" / "reference" / f"{reference}.md").read_text(encoding="utf-8"))
    assert blocks
    build = BLOCK.findall((ROOT / "docs" / "reference" / "python.md").read_text(encoding="utf-8"))[0]
    code = "\n".join(dict.fromkeys([build, *blocks]))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "2 documents, 2 sentences"
    assert [line.split()[0] for line in lines[1:3]] == ["1", "2"]
    assert lines[3].startswith("1 only 2 occurrences")
    if reference == "format":
        assert re.fullmatch(r"1\.000 [ab] .*\.", lines[4])
        assert sorted(map(int, re.findall(r"\d+", lines[6]))) == [1, 2]
