"""Real processes with odd standard streams, folders and arguments: one line, a right exit status, no traceback."""

from __future__ import annotations

import os
import pty
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document

PROGRAM = [sys.executable, "-c", "from polyseme.ui.cli.main import main; main()"]
FULL = Path("/dev/full")
EVIL = "A \x1b]0;title\x07 bank \x9b31m of \u202e the river.\tDone."


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("streams") / "c.pol"
    metadata: dict[str, str | int | float] = {
        "title": "\x1b]0;owned\x07\x9b2J",
        "year": 1950,
        "\x1b[2Jfield": "\x1b[31m=1+1\x07",
    }
    documents = [
        Document("é.txt", "The café by the bank.\n" * 3, metadata={"title": "Café"}),
        Document("evil\x1b[2J.txt", EVIL, metadata=metadata),
    ]
    build(path, documents, model=FakeEncoder())
    return path


def shell(command: str, collection: Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command line. In it, `polyseme` is the program and `$C` the collection."""
    text = command.replace("polyseme", shlex.join(PROGRAM)).replace("$C", f'"{collection}"')
    environment = {**os.environ, **dict(options.pop("env", {}))}  # type: ignore[call-overload]
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        ["bash", "-c", text], capture_output=True, text=True, check=False, timeout=120, env=environment, **options
    )


def one_line(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert done.returncode == 1, done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("polyseme: ")
    assert words in done.stderr
    assert len(done.stderr) <= 301


@pytest.mark.skipif(not FULL.exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize(
    "command",
    ["documents $C", "documents $C --format csv", "documents $C --format jsonl", "show $C é.txt", "info $C", "--help"],
)
def test_a_full_standard_output_is_one_line_and_exit_status_1(collection: Path, command: str) -> None:
    one_line(shell(f"polyseme {command} > {FULL}", collection), "standard output cannot be written (No space left on")


def test_a_closed_standard_output_is_an_error_of_commands_that_print(collection: Path) -> None:
    one_line(shell("polyseme documents $C >&-", collection), "standard output cannot be written")
    done = shell("polyseme compact $C >&- <&-", collection)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("end", ["2>&-", "2>/dev/full", "<&- 2>&-"])
def test_messages_that_cannot_be_written_stop_nothing(collection: Path, end: str) -> None:
    done = shell(f"polyseme documents $C --format jsonl {end}", collection)
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 2)
    assert shell(f"polyseme show $C nothing {end}", collection).returncode == 1
    assert shell(f"polyseme compact $C {end}", collection).returncode == 0


def test_files_of_a_collection_never_take_the_number_of_a_closed_stream(collection: Path) -> None:
    code = (
        "import os\nfrom polyseme.ui.cli.printing import prepare_streams\nprepare_streams()\n"
        "assert os.open(os.devnull, os.O_RDONLY) > 2"
    )
    done = subprocess.run(["bash", "-c", f"'{sys.executable}' -c '{code}' <&- >&- 2>&-"], check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "utf-8"])
def test_every_encoding_of_the_output_can_be_written(collection: Path, encoding: str) -> None:
    environment = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    for options in ("", "--format csv", "--format jsonl"):
        done = subprocess.run(
            [*PROGRAM, "documents", str(collection), *options.split()],
            capture_output=True,
            check=False,
            env={**os.environ, **environment},
        )
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"caf" in done.stdout.lower()


@pytest.mark.parametrize(
    "command",
    [
        "documents $C",
        "documents $C --format csv",
        "documents $C --format jsonl",
        "show $C evil*",
        "info $C",
        "show $C x",
    ],
)
def test_no_escape_sequence_of_a_document_reaches_a_terminal(collection: Path, command: str) -> None:
    words = [
        str(collection) if word == "$C" else "evil\x1b[2J.txt" if word == "evil*" else word for word in command.split()
    ]
    leader, follower = pty.openpty()
    process = subprocess.Popen([*PROGRAM, *words], stdin=follower, stdout=follower, stderr=follower)
    os.close(follower)
    shown = b""
    while True:
        try:
            piece = os.read(leader, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
    os.close(leader)
    process.wait(60)
    text = shown.decode()
    assert not [sign for sign in text if sign in "\x1b\x07\x9b\u202e"]
    assert len(text) > 20


def test_show_writes_the_text_of_a_document_unchanged_to_a_file(collection: Path, tmp_path: Path) -> None:
    done = shell(f"polyseme show $C $'evil\\x1b[2J.txt' > '{tmp_path}/out'", collection)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out").read_text(encoding="utf-8") == EVIL + "\n"


def test_a_missing_working_folder_is_one_line(collection: Path, tmp_path: Path) -> None:
    command = f"mkdir '{tmp_path}/gone'; cd '{tmp_path}/gone'; rmdir '{tmp_path}/gone'; polyseme documents c.pol"
    one_line(shell(command, collection), "c.pol")


def test_an_unknown_home_folder_is_no_traceback(collection: Path) -> None:
    done = shell("unset HOME; polyseme documents $C | head -1", collection)
    assert (done.returncode, done.stderr) == (0, "")


def test_memory_that_cannot_be_had_is_one_line(collection: Path) -> None:
    code = (
        "import sys\nfrom polyseme.ui.cli import index\nfrom polyseme.ui.cli.main import run_command\n"
        "from polyseme.indexer.collection.collection import Collection\n"
        "Collection.documents = lambda self: bytes(10**12)\n"
        "sys.exit(run_command(['documents', sys.argv[1]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, collection],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2**32, 2**32)),
    )
    one_line(done, "there is not enough memory; close other programs, or ask for less at once")


def test_the_traceback_is_shown_when_it_is_asked_for(collection: Path) -> None:
    done = shell("polyseme show $C nothing", collection, env={"POLYSEME_DEBUG": "1"})
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("polyseme: ")
