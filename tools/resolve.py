"""Resolve the requirements of pyproject.toml for each supported Python, from wheels alone, without installing them.

Usage: `python tools/resolve.py [VERSION...]`, with versions such as 3.12. The default is every supported version but
the running one. Environment markers are evaluated for the running system. The exit status is 1 where a set cannot be
resolved, and 0 where it can or where no package registry answers.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from enum import Enum
from pathlib import Path

ROOT = Path(__file__).parents[1]
UNREACHABLE = re.compile(
    r"NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|NameResolutionError|name resolution|SSLError"
    r"|Connection (refused|reset|aborted|broken)|Network is unreachable|Could not fetch URL"
)
"""Messages of pip that mean that no registry answers."""


class Outcome(Enum):
    """What pip said about a set of requirements."""

    RESOLVED = "resolved"
    UNREACHABLE = "no package registry answers; not checked"
    FAILED = "not resolved"


def supported_versions(project: dict[str, object]) -> list[str]:
    """Return the Python versions that the classifiers name, such as `3.12`."""
    classifiers = project["classifiers"]
    assert isinstance(classifiers, list)
    return [match[1] for text in classifiers if (match := re.fullmatch(r".*:: Python :: (3\.\d+)", text))]


def requirements(project: dict[str, object]) -> list[str]:
    """Return the dependencies and those of every extra, without references to the project's own extras."""
    dependencies, extras = project["dependencies"], project["optional-dependencies"]
    assert isinstance(dependencies, list)
    assert isinstance(extras, dict)
    every = [*dependencies, *(item for extra in extras.values() for item in extra)]
    return [item for item in every if not item.startswith(f"{project['name']}[")]


def outcome(status: int, output: str) -> Outcome:
    """Classify the exit status and the output of pip."""
    if status == 0:
        return Outcome.RESOLVED
    return Outcome.UNREACHABLE if UNREACHABLE.search(output) else Outcome.FAILED


def resolve(version: str, wanted: Sequence[str]) -> tuple[Outcome, str]:
    """Resolve requirements for a Python version with pip. Return the outcome and the errors that pip printed."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-input", "--quiet"]
        command += ["--retries", "1", "--python-version", version, "--only-binary", ":all:", "--target", folder]
        done = subprocess.run([*command, *wanted], capture_output=True, text=True, check=False)
    found = outcome(done.returncode, done.stdout + done.stderr)
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
    return found, "\n".join(errors)


def main(arguments: Sequence[str]) -> int:
    """Resolve for the versions given, or for all others. Return the exit status."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    versions = arguments or [version for version in supported_versions(project) if version != running]
    status = 0
    for version in versions:
        found, errors = resolve(version, requirements(project))
        print(f"Python {version}: {found.value}", flush=True)
        if found is Outcome.FAILED:
            print(errors, file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
