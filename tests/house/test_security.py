"""SECURITY.md names a test for each promise, and the tests exist."""

from __future__ import annotations

import ast
import re

from prose import ROOT

PROMISES = (ROOT / "SECURITY.md").read_text(encoding="utf-8").partition("## What is promised")[2]
PROMISES = PROMISES.partition("## What is not promised")[0]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def functions(path: str) -> set[str]:
    """Return the names of the test functions of a file, or nothing if there is no such file."""
    if not (ROOT / path).is_file():
        return set()
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_test_that_holds_a_promise_exists() -> None:
    named = NAMED.findall(PROMISES)
    assert len(named) > 30
    assert [f"{path}::{name}" for path, name in named if name not in functions(path)] == []


def test_every_promise_names_its_test() -> None:
    rows = [line for line in PROMISES.splitlines() if line.startswith("|") and "---" not in line]
    promises = [row for row in rows if row != "| promise | test |"]
    assert [row for row in promises if not NAMED.search(row)] == []
