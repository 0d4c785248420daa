"""The audit of dependencies: a vulnerability fails, and a list that cannot be reached is never called clean."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest
from prose import ROOT

CLEAN = {"name": "numpy", "version": "2.0.0", "vulns": []}
SKIPPED = {"name": "polyseme", "skip_reason": "Dependency not found"}
BAD = {
    "name": "h5py",
    "version": "3.0",
    "vulns": [{"id": "X-1", "fix_versions": ["3.1", "4.0"]}, {"id": "X-2", "fix_versions": []}],
}


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    """Load the script `tools/audit.py` as a module."""
    spec = spec_from_file_location("audit", ROOT / "tools" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_known_vulnerability_fails_and_names_its_remedy(audit: ModuleType) -> None:
    assert audit.verdict([CLEAN, BAD]) == (
        1,
        ["h5py 3.0: X-1, fixed in 3.1, 4.0", "h5py 3.0: X-2, fixed in no version"],
    )
    assert audit.verdict([CLEAN, SKIPPED]) == (0, ["1 packages without a known vulnerability; 1 are not in the list"])


def test_packages_that_were_not_looked_up_are_not_called_clean(audit: ModuleType) -> None:
    assert audit.verdict([SKIPPED, SKIPPED]) == (0, [audit.UNREACHABLE])
    assert audit.verdict([]) == (0, [audit.UNREACHABLE])


def test_an_answer_that_is_no_report_is_not_checked(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit.sys, "executable", "/bin/echo")
    assert audit.main() == 0
    assert capsys.readouterr().out == f"{audit.UNREACHABLE}\n"
