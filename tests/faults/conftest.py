"""Fixtures of the fault suite."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.commands import Figures, Launcher
from faults.figures import FIGURES


@pytest.fixture(scope="session")
def figures() -> Figures:
    """Return the figures, which are printed at the end: one line for each kind of fault."""
    return FIGURES


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the compiled `shim.c`. Skip the test where it cannot be compiled or loaded."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("failing system calls need Linux and a C compiler (cc)")
    target = tmp_path_factory.mktemp("shim") / "shim.so"
    source = Path(__file__).with_name("shim.c")
    command = [compiler, "-O1", "-shared", "-fPIC", "-o", str(target), str(source), "-ldl"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"shim.c does not compile here: {done.stderr.splitlines()[0]}")
    return target


@pytest.fixture(scope="session")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    """Yield a launcher of commands."""
    with Launcher(tmp_path_factory.mktemp("launcher")) as found:
        yield found


@pytest.fixture(scope="session")
def shimmed(tmp_path_factory: pytest.TempPathFactory, shim: Path) -> Iterator[Launcher]:
    """Yield a launcher of commands whose system calls can fail."""
    with Launcher(tmp_path_factory.mktemp("shimmed"), shim) as found:
        yield found
