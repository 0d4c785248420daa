"""The house itself: which way imports run, what the wheel carries, whether the docs are true."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ["indexer", "search", "ui"]  # a package may import from those before it
HEAVY = {"tensorflow", "tensorflow_hub", "faiss", "streamlit", "spacy", "sklearn", "h5py", "pandas", "sqlite_utils"}


def modules() -> dict[str, Path]:
    """Dotted name -> file of every module of ours."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path, top_level_only: bool) -> set[str]:
    """Modules that a file imports; top_level_only: at import time, not inside functions or for types.

    Names inside the project are relative to its root: `indexer.build`, whichever way the import is written.
    """
    package = path.relative_to(ROOT).parent.parts
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else list(ast.walk(tree))
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            module = ".".join((*above, *filter(None, [node.module])))
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def test_imports_run_from_ui_to_search_to_indexer() -> None:
    for name, path in modules().items():
        level = PACKAGES.index(name.split(".")[0])
        used = {module.split(".")[0] for module in imports(path, top_level_only=False)}
        assert not used & set(PACKAGES[level + 1 :]), f"{name} imports from above"


def test_there_is_no_import_cycle() -> None:
    ours = modules()
    graph = {name: imports(path, top_level_only=True) & set(ours) - {name} for name, path in ours.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for used in sorted(graph[name]):
                visit(used, (*trail, name))
            done.add(name)

    for name in ours:
        visit(name, ())


@pytest.mark.parametrize(
    "module", ["polyseme.indexer.build", "polyseme.search.searcher", "polyseme.ui.cli.main", "polyseme.indexer.elmo"]
)
def test_heavy_libraries_wait_until_they_are_needed(module: str) -> None:
    code = f"import sys, {module}; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_only_vectors_imports_faiss() -> None:
    users = {name for name, path in modules().items() if "faiss" in imports(path, top_level_only=False)}
    assert users == {"indexer.collection.faiss_index"}


def test_the_readmes_python_runs(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert "She sat on the river  [ bank ] ." in lines[0]
    assert lines[2].startswith("The bank refused a loan.")
    assert -1 <= float(lines[3]) <= 1


def test_architecture_names_every_module_it_should() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    named = {name.removesuffix(".py").rpartition("/")[2] for name in re.findall(r"`([\w/*.]+)`", text)}
    for package in ("indexer", "search", "ui"):
        for path in (ROOT / package).rglob("*.py"):
            is_named = any(fnmatch(path.stem, name) for name in named) or path.parent.name == "readers"
            assert is_named or path.stem == "__init__", path


def test_the_wheel_works_outside_the_checkout(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    # A copy, so that the build leaves nothing in the checkout.
    copy = tmp_path / "source"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, tracked.split("\0")):
        if name.startswith(("polyseme/", "indexer/", "search/", "ui/", "data/", "pyproject.toml", "README.md")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    wheels = tmp_path / "wheels"
    command = [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(copy)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = wheels.glob("*.whl")
    site = tmp_path / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(site), str(wheel)], check=True, capture_output=True)
    environment = os.environ | {"PYTHONPATH": str(site)}
    code = (
        "import polyseme, polyseme.data\nfrom polyseme.indexer.elmo import load_encoder\n"
        "from polyseme.ui.cli.page import bundled_documents\n"
        "print(polyseme.__file__, polyseme.data.__file__, len(list(bundled_documents().glob('*.txt'))))\n"
        "print(load_encoder().encode([['the', 'river', 'bank']])[0].shape)"
    )
    # -P keeps the working directory off the path; PYTHONPATH comes before the editable install.
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
    )
    assert done.stderr == ""
    first, second = done.stdout.splitlines()
    assert first.split() == [str(site / "polyseme/__init__.py"), str(site / "polyseme/data/__init__.py"), "84"]
    assert second == "(3, 3, 256)"


FIRST = "from polyseme.indexer.collection.schema import connect\nfrom pathlib import Path\n"
ASK = "connect(Path('x.db')).execute('CREATE VIRTUAL TABLE t USING fts5(x)')\nprint('made')"


@pytest.mark.parametrize("before", ["import tensorflow\n", "import tensorflow_hub\n", ""])
def test_full_text_search_works_in_a_program_that_imports_tensorflow_first(tmp_path: Path, before: str) -> None:
    code = "import warnings\nwarnings.simplefilter('ignore')\n" + before + FIRST + ASK
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stdout == "made\n", done.stderr


def test_an_sqlite_that_came_with_tensorflow_is_told_in_one_line(tmp_path: Path) -> None:
    code = "import tensorflow, sqlite3\n" + FIRST + ASK
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    last = done.stderr.splitlines()[-1]
    assert done.stdout == "made\n" or "import indexer, or sqlite3, before tensorflow" in last
