"""A new user's first steps: the environment is made or one line says why not, and the build has no warnings."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ("sh", "df", "awk", "cut", "cksum", "cat", "date", "dirname", "grep", "head", "mkdir", "mv", "rm", "env", "ln")

pytestmark = pytest.mark.skipif(os.name == "nt", reason="make and sh are for POSIX systems")

FAKE_PYTHON = """#!/bin/sh
# A fake interpreter: a version, and modules that may be missing. It logs each command, and can fail in `pip install`.
case "$*" in
  *version_info*) echo {version} ;;
  *ensurepip*) {ensurepip} ;;
  "-m venv "*)
    for last; do :; done
    mkdir -p "$last/bin" && cat "$0" > "$last/bin/python" && chmod +x "$last/bin/python" ;;
  *"pip install"*)
    echo "$0 $*" >> commands
    if [ -f fail ]; then echo "ERROR: No space left on device"; exit 1; fi
    if [ -f interrupt ]; then kill -INT $(cat interrupt); sleep 1; exit 1; fi
    echo "Collecting tensorflow" ;;
esac
"""
FAKE_UV = """#!/bin/sh
echo "uv $*" >> commands
if [ "$1" = venv ]; then
  for last; do :; done
  mkdir -p "$last/bin" && cat python-of-uv > "$last/bin/python" && chmod +x "$last/bin/python"
fi
"""


class Machine:
    """A folder with the project's `pyproject.toml`, and a search path with the programs that a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.bin = folder / "bin"
        self.folder.mkdir()
        self.bin.mkdir()
        for tool in (*TOOLS, "chmod", "sleep"):
            found = shutil.which(tool)
            assert found is not None, tool
            (self.bin / tool).symlink_to(found)
        shutil.copy(ROOT / "pyproject.toml", self.folder)
        self.program("df", "#!/bin/sh\necho header\necho disk 99999999 1 9000000 1% /\n")

    def program(self, name: str, text: str) -> None:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)

    def python(self, name: str, version: str, ensurepip: bool = True) -> None:
        self.program(name, FAKE_PYTHON.format(version=version, ensurepip="true" if ensurepip else "false"))

    def uv(self) -> None:
        self.program("uv", FAKE_UV)
        text = FAKE_PYTHON.format(version="3.13", ensurepip="false")
        (self.folder / "python-of-uv").write_text(text, encoding="utf-8")

    def make(self, extra: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        command = ["sh", str(ROOT / "tools" / "make_venv.sh"), *filter(None, [extra])]
        environment = {"PATH": str(self.bin), "HOME": str(self.folder), **variables}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    def commands(self) -> list[str]:
        path = self.folder / "commands"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_newest_supported_python_is_taken(machine: Machine) -> None:
    for name, version in (("python3.11", "3.11"), ("python3.13", "3.13"), ("python3.14", "3.14"), ("python3", "3.14")):
        machine.python(name, version)
    done = machine.make("dev")
    assert done.returncode == 0, done.stderr
    lines = done.stderr.splitlines()
    assert lines[0].startswith("Making an environment in .venv (Python 3.13): ")
    names = [line.rpartition(":")[0] for line in lines[1:]]
    assert names == ["  1/3 create the environment", "  2/3 install the packages", "  3/3 start Polyseme once"]
    assert all(line.endswith(" s") for line in lines[1:])
    assert [command.partition(" -m ")[2] for command in machine.commands()] == [
        "pip install --no-input --progress-bar off --editable .[dev]"
    ]


def test_a_python_without_venv_or_interpreter_is_passed_over(machine: Machine) -> None:
    machine.program("python3.13", "#!/bin/sh\necho 'python3.13: command not found' >&2\nexit 127\n")
    machine.python("python3.12", "3.12", ensurepip=False)
    machine.python("python3.11", "3.11")
    done = machine.make()
    assert done.returncode == 0, done.stderr
    assert "(Python 3.11)" in done.stderr.splitlines()[0]


def test_the_python_named_by_the_user_is_taken(machine: Machine) -> None:
    machine.python("python3.13", "3.13")
    machine.python("my-python", "3.12")
    assert "(Python 3.12)" in machine.make(PYTHON="my-python").stderr


def test_a_python_named_by_the_user_is_not_replaced(machine: Machine) -> None:
    machine.python("python3.13", "3.13")
    machine.python("my-python", "3.14")
    machine.uv()
    done = machine.make(PYTHON="my-python")
    assert done.returncode == 1
    assert "found only 3.14" in done.stderr
    assert machine.commands() == []


@pytest.mark.parametrize(
    ("pythons", "line"),
    [
        (
            {"python3": ("3.14", True)},
            "polyseme: Polyseme needs Python 3.11, 3.12 or 3.13 and found only 3.14; install one of them or uv,"
            " then run make again",
        ),
        (
            {"python3": ("3.12", False)},
            "polyseme: Python 3.12 cannot make virtual environments; install python3.12-venv (Debian, Ubuntu) or uv,"
            " then run make again",
        ),
        ({}, "polyseme: no Python was found; install Python 3.13 or uv, then run make again"),
    ],
)
def test_what_to_install_is_said_in_one_line(machine: Machine, pythons: dict[str, tuple[str, bool]], line: str) -> None:
    for name, (version, ensurepip) in pythons.items():
        machine.python(name, version, ensurepip)
    done = machine.make()
    assert (done.returncode, done.stdout, done.stderr) == (1, "", line + "\n")
    assert not (machine.folder / ".venv").exists()


@pytest.mark.parametrize("python", [None, ("3.14", True), ("3.12", False)])
def test_uv_is_used_where_python_cannot_make_the_environment(machine: Machine, python: tuple[str, bool] | None) -> None:
    if python is not None:
        machine.python("python3", *python)
    machine.uv()
    done = machine.make("dev")
    assert done.returncode == 0, done.stderr
    assert machine.commands() == [
        "uv venv --python >=3.11,<3.14 .venv",
        "uv pip install --python .venv/bin/python --editable .[dev]",
    ]
    assert machine.make("dev").stderr == ""


def test_a_full_disk_is_reported_in_one_line_or_left_to_uv(machine: Machine) -> None:
    machine.python("python3", "3.13")
    machine.program("df", "#!/bin/sh\necho header\necho disk 99999999 1 1048576 99% /\n")
    done = machine.make()
    assert done.returncode == 1
    assert done.stderr == (
        "polyseme: the environment needs 3.5 GB of disk and 1024 MB are free; free some, or install uv (it shares"
        " packages that it has)\n"
    )
    machine.uv()
    assert machine.make().returncode == 0
    assert machine.commands()[0].startswith("uv venv")


def test_a_finished_environment_is_left_alone_and_a_changed_one_updated(machine: Machine) -> None:
    machine.python("python3", "3.13")
    assert machine.make("dev").returncode == 0
    assert machine.make("dev").stderr == ""
    assert machine.make().stderr == ""  # the extra dev includes everything that the page needs
    with (machine.folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    done = machine.make("dev")
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == "Updating the environment in .venv (Python 3.13):"
    assert len(machine.commands()) == 2
    assert machine.make("dev").stderr == ""


def test_the_extra_dev_is_added_to_an_environment_without_it(machine: Machine) -> None:
    machine.python("python3", "3.13")
    assert machine.make().returncode == 0
    assert machine.make("dev").stderr.startswith("Updating the environment")
    assert machine.commands()[-1].endswith(".[dev]")


@pytest.mark.parametrize("cause", ["fail", "interrupt"])
def test_a_half_made_environment_is_never_taken_for_a_finished_one(machine: Machine, cause: str) -> None:
    machine.python("python3", "3.13")
    if cause == "fail":
        (machine.folder / "fail").touch()
        done = machine.make()
        assert "2/3 install the packages: failed after" in done.stderr
        last = done.stderr.splitlines()[-1]
        assert last.startswith("polyseme: ERROR: No space left on device; the whole log is .venv/install.log")
    else:
        text = f"#!/bin/sh\necho $$ > {machine.folder}/interrupt\nexec sh {ROOT / 'tools' / 'make_venv.sh'}\n"
        machine.program("interrupted", text)
        done = subprocess.run(
            ["interrupted"], executable=str(machine.bin / "interrupted"), cwd=machine.folder, text=True,
            env={"PATH": str(machine.bin)}, capture_output=True, check=False, timeout=60,
            # A test run in the background ignores interrupts, and a shell cannot trap what it inherits as ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        assert done.stderr.splitlines()[-1] == "polyseme: interrupted; the same command begins again"
    assert done.returncode == 1
    assert not (machine.folder / ".venv" / "complete").exists()
    (machine.folder / cause).unlink()
    done = machine.make()
    assert done.returncode == 0
    assert done.stderr.splitlines()[0] == "Removing .venv, which is unfinished or of another Python."
    assert machine.make().stderr == ""


def test_an_environment_that_was_moved_or_lost_its_python_is_made_again(machine: Machine) -> None:
    machine.python("python3", "3.13")
    assert machine.make().returncode == 0
    machine.folder = machine.folder.rename(machine.folder.with_name("moved"))
    assert machine.make().stderr.startswith("Removing .venv")
    (machine.folder / ".venv" / "bin" / "python").unlink()
    assert machine.make().stderr.startswith("Removing .venv")
    assert machine.make().stderr == ""


def test_the_build_of_the_wheel_warns_of_nothing(tmp_path: Path) -> None:
    copy = tmp_path / "source"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in filter(None, tracked.split("\0")):
        if name.startswith(("polyseme/", "indexer/", "search/", "ui/", "data/", "pyproject.toml", "README.md", "LIC")):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            # Large files are left out: their size decides nothing here.
            (copy / name).write_bytes(b"" if name.endswith(".safetensors") else (ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps", "--verbose"]
    command += ["--no-build-isolation", "-w", str(tmp_path / "wheels"), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    suspicious = ("absent from", "would be ignored", "Deprecat", "SetuptoolsWarning", "BackendWarning")
    output = (done.stdout + done.stderr).splitlines()
    assert [line for line in output if any(text in line for text in suspicious)] == []


@pytest.fixture(scope="module")
def resolver() -> ModuleType:
    """Load the script `tools/resolve.py` as a module."""
    spec = spec_from_file_location("resolve", ROOT / "tools" / "resolve.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_resolver_reads_versions_and_all_requirements(resolver: ModuleType) -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert resolver.supported_versions(project) == ["3.11", "3.12", "3.13"]
    assert project["requires-python"] == ">=3.11,<3.14"
    wanted = resolver.requirements(project)
    assert {item.split(">")[0] for item in wanted} >= {"tensorflow", "umap-learn", "Authlib", "pytest", "ruff"}
    assert not any(item.startswith("polyseme") for item in wanted)


def test_resolver_passes_where_no_registry_answers_and_fails_on_conflicts(resolver: ModuleType) -> None:
    kinds = resolver.Outcome
    assert resolver.outcome(0, "") is kinds.RESOLVED
    offline = "WARNING: Retrying after connection broken by 'NewConnectionError(...)'\nERROR: No matching distribution"
    assert resolver.outcome(1, offline) is kinds.UNREACHABLE
    assert resolver.outcome(1, "ERROR: No matching distribution found for gensim") is kinds.FAILED
