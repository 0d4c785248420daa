"""Look up known vulnerabilities of the installed packages, with pip-audit.

Usage: `python tools/audit.py`. The exit status is 1 where a package has one, and 0 where none has or where the service
that lists them does not answer. Then a line says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence

LONGEST = 300
"""Seconds after which the service is taken not to answer."""
UNREACHABLE = "the list of known vulnerabilities cannot be reached; not checked"


def verdict(packages: Sequence[Mapping[str, object]]) -> tuple[int, list[str]]:
    """Return the exit status and the lines to print for the packages of pip-audit's JSON.

    A registry that mirrors packages alone knows no vulnerabilities. It makes pip-audit skip every package and call the
    result clean, so the number of packages that were looked up decides.
    """
    looked_up = [package for package in packages if "vulns" in package]
    if not looked_up:
        return 0, [UNREACHABLE]
    lines = []
    for package in looked_up:
        found = package["vulns"]
        assert isinstance(found, list)
        for one in found:
            fixed = ", ".join(one["fix_versions"]) or "no version"
            lines.append(f"{package['name']} {package['version']}: {one['id']}, fixed in {fixed}")
    if lines:
        return 1, lines
    skipped = len(packages) - len(looked_up)
    left_out = f"; {skipped} are not in the list" if skipped else ""
    return 0, [f"{len(looked_up)} packages without a known vulnerability{left_out}"]


def main() -> int:
    """Run pip-audit on the running environment and print the verdict. Return the exit status."""
    folder = sysconfig.get_path("purelib")
    command = [sys.executable, "-m", "pip_audit", "--path", folder, "--format", "json", "--progress-spinner", "off"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)
        packages = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        print(UNREACHABLE)
        return 0
    status, lines = verdict(packages)
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main())
