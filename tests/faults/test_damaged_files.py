"""Files of a collection are damaged, and every command runs over it. None crashes, and none answers wrongly."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from faults.amounts import DAMAGES
from faults.commands import Done, Figures, Launcher
from faults.scenarios import DOCUMENTS, Place, state, write_documents
from polyseme.indexer.collection.database_sums import SUMS_NAME

TARGET = "They stood by the river [bank]."
READING: dict[str, tuple[object, ...]] = {
    "documents": ("documents", "c.pol"),
    "show": ("show", "c.pol", "d03.txt"),
    "info": ("info", "c.pol"),
    "search": ("search", "c.pol", "boats on the river"),
    "search --hybrid": ("search", "c.pol", "a letter of the bank", "--hybrid"),
    "sense": ("sense", "c.pol", TARGET),
    "sense --match any": ("sense", "c.pol", TARGET, "--match", "any"),
    "sense --where": ("sense", "c.pol", TARGET, "--where", "year=1950..1960"),
    "more-like": ("more-like", "c.pol", 3),
    "explain": ("explain", "c.pol", 3),
    "senses": ("senses", "c.pol", "bank"),
    "timeline": ("timeline", "c.pol", "bank"),
    "change": ("change", "c.pol", "bank", "--before", "year=..1955", "--after", "year=1956.."),
    "named-sense list": ("named-sense", "list", "c.pol"),
    "named-sense show": ("named-sense", "show", "c.pol", "shore"),
    "named-sense apply": ("named-sense", "apply", "c.pol", "shore"),
    "verify": ("verify", "c.pol"),
}
WRITING: dict[str, tuple[object, ...]] = {
    "index": ("index", "c.pol", "docs", "--quiet"),
    "remove": ("remove", "c.pol", "d02.txt"),
    "compact": ("compact", "c.pol"),
    "reencode": ("reencode", "c.pol", "--layer", "2"),
    "verify --repair": ("verify", "c.pol", "--repair", "--no-encode"),
    "named-sense save": ("named-sense", "save", "c.pol", "other", "--plus", "5"),
}
OWN_WORDS = ("info", "verify")
"""Commands whose output may differ: one prints sizes of files, one prints the damage."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A damage to one file."""

    name: str
    make: Callable[[Path, random.Random], None]


def _flip(path: Path, choose: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[choose.randrange(len(content))] ^= 1 << choose.randrange(8)
    path.write_bytes(content)


def _zero(path: Path, choose: random.Random) -> None:
    content = bytearray(path.read_bytes())
    first = choose.randrange(len(content))
    content[first : first + 512] = bytes(len(content[first : first + 512]))
    path.write_bytes(content)


def _shorten(path: Path, choose: random.Random) -> None:
    path.write_bytes(path.read_bytes()[: choose.randrange(path.stat().st_size)])


def _empty(path: Path, choose: random.Random) -> None:
    path.write_bytes(b"")


DAMAGE = (
    Damage("one flipped bit", _flip),
    Damage("512 bytes of zeros", _zero),
    Damage("a truncation", _shorten),
    Damage("an empty file", _empty),
    Damage("a missing file", lambda path, choose: path.unlink()),
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, launcher: Launcher) -> Place:
    """Return a folder with an undamaged collection of several segments, with metadata and a named sense."""
    place = Place(tmp_path_factory.mktemp("whole"))
    write_documents(place.documents)
    years = "".join(f"d{number:02}.txt,{1950 + number}\n" for number in range(DOCUMENTS))
    (place.documents / "metadata.csv").write_text(f"file,year\n{years}", encoding="utf-8")
    assert launcher.run("index", place.collection, place.documents, "--quiet").status == 0
    assert launcher.run("named-sense", "save", place.collection, "shore", "--plus", 3).status == 0
    return place


def run(launcher: Launcher, folder: Path, arguments: tuple[object, ...]) -> Done:
    """Run a command on the collection of a folder."""
    places = {"c.pol": folder / "c.pol", "docs": folder / "docs"}
    return launcher.run(*(places.get(str(one), one) for one in arguments))


def test_no_command_crashes_or_answers_wrongly_over_damaged_files(
    whole: Place, tmp_path: Path, launcher: Launcher, figures: Figures
) -> None:
    folder = tmp_path / "trial"
    shutil.copytree(whole.folder, folder)
    right = {name: run(launcher, folder, arguments) for name, arguments in READING.items()}
    assert {name: done.problem() or done.status for name, done in right.items()} == dict.fromkeys(READING, 0)
    expected = state(folder / "c.pol")
    files = sorted(path.relative_to(folder) for path in (folder / "c.pol").rglob("*") if path.is_file())
    files = [path for path in files if path.name != "lock" and not path.name.endswith(("-wal", "-shm"))]
    choose = random.Random(17)
    # Every kind of file and of damage has its turn. The same kind of file is in several segments.
    kinds = sorted({path.name for path in files})
    statuses: Counter[int] = Counter()
    for number in range(DAMAGES):
        damage = DAMAGE[number % len(DAMAGE)]
        file = choose.choice([path for path in files if path.name == kinds[(number * 4) % len(kinds)]])
        where = f"{damage.name} in {file}"

        def fresh(damage: Damage = damage, file: Path = file, seed: int = number) -> None:
            shutil.rmtree(folder)
            shutil.copytree(whole.folder, folder)
            damage.make(folder / file, random.Random(seed))

        fresh()
        changed = not (folder / file).exists() or (folder / file).read_bytes() != (whole.folder / file).read_bytes()
        for name, arguments in READING.items():
            done = run(launcher, folder, arguments)
            statuses[done.status] += 1
            assert done.problem() == "", f"{name}: {where}"
            if done.status == 0 and name not in OWN_WORDS and not done.err:
                assert done.out == right[name].out, f"{name} answers wrongly without a word: {where}"
            if name == "verify" and changed:
                # Without its checksums a database may be an older one. That is a notice.
                is_told = not (folder / file).exists() and file.name == SUMS_NAME and "no checksums" in done.err
                assert done.status == 1 or is_told, f"verify finds nothing: {where}"
        for name, arguments in WRITING.items():
            fresh()
            done = run(launcher, folder, arguments)
            statuses[done.status] += 1
            assert done.problem() == "", f"{name}: {where}"
            after = run(launcher, folder, READING["verify"])
            assert after.problem() == "", f"verify after {name}: {where}"
            if after.status == 0 and name in ("index", "compact", "verify --repair"):
                found = expected.difference(state(folder / "c.pol"))
                assert found == "", f"{name} hides the damage: {where}"
    figures["damaged files"].update(
        {
            "damages": DAMAGES,
            "commands run": statuses.total(),
            "ended with one line": statuses[1],
            "crashed": 0,
            "answered wrongly without a word": 0,
        }
    )
