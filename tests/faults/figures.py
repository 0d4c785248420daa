"""Gather the figures of the fault suite from all worker processes of pytest, and print them at the end of a run."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest
from faults.commands import Figures

FIGURES: Figures = defaultdict(Counter)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the figures of a worker process to the process that prints them."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["faults"] = {kind: dict(counts) for kind, counts in FIGURES.items()}


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Add the figures of a worker process that has ended. A worker that crashed has none."""
    for kind, counts in getattr(node, "workeroutput", {}).get("faults", {}).items():
        FIGURES[kind].update(counts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures: one line for each kind of fault."""
    if FIGURES:
        terminalreporter.write_sep("=", "faults")
        for kind, counts in FIGURES.items():
            found = ", ".join(f"{count} {what}" for what, count in counts.items())
            terminalreporter.write_line(f"{kind}: {found}")
