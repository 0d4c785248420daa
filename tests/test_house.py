"""Structure of the project: direction of imports, content of the wheel, truth of the documentation."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ["indexer", "search", "ui"]  # a package may import from those before it
SQL = re.compile(
    r"\s*(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|DELETE\s+FROM|UPDATE\s+\w+\s+SET|CREATE\s+(TEMP\s+)?(VIRTUAL\s+)?TABLE)\s",
    re.DOTALL,
)
# A call that runs SQL.
EXECUTE = re.compile(r"\.execute(?:many|script)?\(")
# Folder of code -> prefixes of the modules that it must not import.
BELOW = {
    "indexer.text": ("indexer.collection.", "indexer.elmo.", "indexer.training.", "indexer.readers."),
    "indexer.readers": ("indexer.collection.", "indexer.elmo.", "indexer.training.", "indexer.text."),
    "indexer.vectors": ("indexer.collection.", "indexer.elmo.", "indexer.training.", "indexer.text."),
    "indexer.elmo": ("indexer.collection.", "indexer.training.", "indexer.readers."),
    "indexer.elmo.networks": ("indexer.elmo.formats.", "indexer.elmo.hub."),
    "indexer.gold": ("indexer.collection.", "indexer.elmo.", "indexer.training.", "indexer.build."),
    "indexer.training": ("indexer.collection.", "indexer.build."),
    "indexer.collection": (
        "indexer.elmo.",
        "indexer.training.",
        "indexer.readers.",
        "indexer.build.",
        "indexer.verify.",
    ),
    "search.query": ("search.retrieval.", "search.statistics.", "search.senses.", "search.evaluation."),
    "search.retrieval": ("search.statistics.", "search.senses.", "search.evaluation.", "search.searcher."),
    "search.statistics": ("search.senses.", "search.evaluation.", "search.searcher."),
    "search.figures": (
        "search.retrieval.",
        "search.statistics.",
        "search.senses.",
        "search.evaluation.",
        "search.context.",
    ),
    "search.senses": ("search.evaluation.", "search.searcher."),
    "ui.page.html": ("streamlit.",),
    "ui.cli": ("ui.page.app.", "streamlit."),
    "ui.page": ("ui.cli.",),
}
# Modules of signs and words that every room may import. They import no room but their own.
OPEN = ("indexer.text.marks.", "indexer.text.vocabulary.")
HEAVY = {
    "tensorflow",
    "matplotlib",
    "tensorflow_hub",
    "faiss",
    "streamlit",
    "spacy",
    "sklearn",
    "h5py",
    "pandas",
    "sqlite_utils",
}


def modules() -> dict[str, Path]:
    """Return the file of every module of the project, by dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(path: Path) -> set[str]:
    """Return every module that a file imports: at import time, inside functions, and for types.

    Names inside the project are relative to its root. Every way to import the module gives `indexer.build`.
    """
    package = path.relative_to(ROOT).parent.parts
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) + 1 - node.level] if node.level else ()
            module = ".".join((*above, *filter(None, [node.module])))
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def statements(path: Path) -> list[str]:
    """Return the strings of a file that are SQL statements."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [text for text in texts if SQL.match(text)]


def test_imports_run_from_ui_to_search_to_indexer() -> None:
    for name, path in modules().items():
        level = PACKAGES.index(name.split(".")[0])
        used = {module.split(".")[0] for module in imports(path)}
        assert not used & set(PACKAGES[level + 1 :]), f"{name} imports from above"


def test_inner_rooms_do_not_import_outer_ones() -> None:
    for room, outer in BELOW.items():
        for name, path in modules().items():
            if f"{name}.".startswith(f"{room}."):
                used = {module for module in imports(path) if f"{module}.".startswith(outer)}
                used = {module for module in used if not f"{module}.".startswith(OPEN)}
                assert not used, f"{name} imports {', '.join(sorted(used))}"


def test_there_is_no_import_cycle() -> None:
    """Imports inside functions and for types count too, because they only hide a cycle."""
    ours = modules()
    graph = {name: imports(path) & set(ours) - {name} for name, path in ours.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name not in done:
            for used in sorted(graph[name]):
                visit(used, (*trail, name))
            done.add(name)

    for name in ours:
        visit(name, ())


def test_the_cycle_test_sees_imports_inside_functions(tmp_path: Path) -> None:
    path = ROOT / "search" / "senses" / "x.py"
    code = "def f():\n    from ...indexer import build\n    from .clustering import cluster\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "read_text", lambda self, encoding: code)
        assert imports(path) >= {"indexer.build", "search.senses.clustering"}


def test_sql_is_written_in_the_collection_alone() -> None:
    for name, path in modules().items():
        if not name.startswith("indexer.collection"):
            found = [*statements(path), *EXECUTE.findall(path.read_text(encoding="utf-8"))]
            assert not found, f"{name} writes SQL; put it into indexer/collection/queries.py"


def test_array_types_have_one_home() -> None:
    alias = re.compile(r"^\w+ = (npt|np\.typing)\.NDArray", re.MULTILINE)
    homes = {name for name, path in modules().items() if alias.search(path.read_text(encoding="utf-8"))}
    assert homes == {"indexer.vectors.arrays"}


def test_every_folder_of_code_is_installed_and_described() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    installed = set(settings["tool"]["setuptools"]["packages"])
    folders = {path.parent.relative_to(ROOT) for path in modules().values() if path.parent.name != "entry"}
    assert {f"polyseme.{'.'.join(folder.parts)}" for folder in folders} <= installed
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for folder in folders:
        assert f"`{folder.as_posix()}/`" in text, f"ARCHITECTURE.md does not describe {folder}/"


@pytest.mark.parametrize(
    "module", ["polyseme.indexer.build", "polyseme.search.searcher", "polyseme.ui.cli.main", "polyseme.indexer.elmo"]
)
def test_heavy_libraries_wait_until_they_are_needed(module: str) -> None:
    code = f"import sys, {module}; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_only_faiss_index_imports_faiss() -> None:
    users = {name for name, path in modules().items() if "faiss" in imports(path)}
    assert users == {"indexer.collection.faiss_index"}


OLD_NAMES = """
import sys
from indexer.build import build, BuildConfig
from indexer.documents import Document
from indexer.collection.collection import Collection
from indexer.elmo import load_encoder
from search.searcher import Searcher
from ui.cli.main import main
import polyseme
assert polyseme.build is build and polyseme.Searcher is Searcher and polyseme.open == Searcher.open
assert polyseme.load_encoder is load_encoder and polyseme.Document is Document
assert sys.modules["indexer.build"] is sys.modules["polyseme.indexer.build"]
assert sys.modules["indexer.build"].__spec__.name == "polyseme.indexer.build"
"""


def test_a_checkout_keeps_the_short_names_without_a_warning() -> None:
    command = [sys.executable, "-W", "error", "-c", OLD_NAMES]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_readmes_python_runs(tmp_path: Path) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    done = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert "She sat on the river  [ bank ] ." in lines[0]
    assert lines[2].startswith("The bank refused a loan.")
    assert -1 <= float(lines[3]) <= 1


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
    assert sorted(path.stem for path in (site / "polyseme/ui/page/languages").iterdir()) == ["de", "es", "fr"]
    environment = os.environ | {"PYTHONPATH": str(site)}
    code = (
        "import polyseme, polyseme.data\nfrom polyseme.indexer.elmo import load_encoder\n"
        "from polyseme.ui.cli.page import bundled_documents\n"
        "print(polyseme.__file__, polyseme.data.__file__, len(list(bundled_documents().glob('*.txt'))))\n"
        "print(load_encoder().encode([['the', 'river', 'bank']])[0].shape)"
    )
    # -P keeps the working directory off the path. PYTHONPATH comes before the editable install.
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
    )
    assert done.stderr == ""
    first, second = done.stdout.splitlines()
    assert first.split() == [str(site / "polyseme/__init__.py"), str(site / "polyseme/data/__init__.py"), "84"]
    assert second == "(3, 3, 256)"
    # The old names, until version 0.2: the same modules, with a warning.
    code = "import indexer.build, search.searcher, ui.cli.main, polyseme\nprint(indexer.build.build is polyseme.build)"
    done = subprocess.run(
        [sys.executable, "-P", "-W", "always", "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert done.stdout == "True\n"
    assert "import polyseme.indexer instead of indexer" in done.stderr


FIRST = "from polyseme.indexer.collection.schema import connect\nfrom pathlib import Path\n"
ASK = "connect(Path('x.db')).execute('CREATE VIRTUAL TABLE t USING fts5(x)')\nprint('made')"


@pytest.mark.parametrize("before", ["import tensorflow\n", "import tensorflow_hub\n", ""])
def test_full_text_search_works_in_a_program_that_imports_tensorflow_first(tmp_path: Path, before: str) -> None:
    code = "import warnings\nwarnings.simplefilter('ignore')\n" + before + FIRST + ASK
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.stdout == "made\n", done.stderr


def test_an_sqlite_that_came_with_tensorflow_is_reported_in_one_line(tmp_path: Path) -> None:
    code = "import tensorflow, sqlite3\n" + FIRST + ASK
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    last = done.stderr.splitlines()[-1]
    assert done.stdout == "made\n" or "import polyseme.indexer, or sqlite3, before tensorflow" in last
