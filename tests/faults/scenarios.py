"""The commands that write to a collection, each with a state to begin with, and the oracle for what they leave.

A trial copies the beginning to the same place each time, because a collection records where its documents were.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dictionary_files import BANK, write_tsv
from fakes import FakeEncoder
from faults.commands import Done, Fault, Launcher
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.errors import CollectionError
from polyseme.indexer.verify import verify
from polyseme.search.hits import OccurrenceHit, SentenceHit
from polyseme.search.searcher import Searcher

WORDS = ("bank", "river", "loan", "spring", "boat", "heron", "mill", "money", "letter", "crane")
DOCUMENTS = 20
QUERIES = ("the river [bank] is wet", "a cold [spring] day", "the [money] in a letter")
ALL = 1000
"""More hits than there are, so that each answer is complete."""
SQLITE_FILES = ("-wal", "-shm", "-journal")


def text(number: int, version: int = 0) -> str:
    """Return the text of a document: three sentences that say its number and version."""
    words = [WORDS[(number * (i + 1) + 3 * i + version) % len(WORDS)] for i in range(3)]
    return " ".join(f"The {word} number {number} of {version} stood by the bank {i}." for i, word in enumerate(words))


def write_documents(folder: Path, version: int = 0, numbers: range = range(DOCUMENTS)) -> None:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"d{number:02}.txt").write_text(text(number, version), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trial is run: a folder with the collection and its documents."""

    folder: Path

    @property
    def collection(self) -> Path:
        return self.folder / "c.pol"

    @property
    def documents(self) -> Path:
        return self.folder / "docs"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A command and its beginning.

    Args:
        prepare: Makes the beginning, with a launcher.
        command: The command, without its collection.
        after: Arguments after the collection.
        repeats: Whether the command succeeds again after it has succeeded.
    """

    name: str
    prepare: Callable[[Place, Launcher], None]
    command: tuple[str, ...]
    after: Callable[[Place], tuple[object, ...]] = lambda place: ()
    repeats: bool = True

    def arguments(self, place: Place) -> tuple[object, ...]:
        return (*self.command, place.collection, *self.after(place))


def _documents(place: Place, launcher: Launcher) -> None:
    write_documents(place.documents)


def _indexed(place: Place, launcher: Launcher) -> None:
    write_documents(place.documents)
    index = launcher.run("index", place.collection, place.documents, "--quiet")
    assert index.status == 0, index.err


def _changed(place: Place, launcher: Launcher) -> None:
    _indexed(place, launcher)
    write_documents(place.documents, 1, range(0, DOCUMENTS, 3))
    write_documents(place.documents, 1, range(DOCUMENTS, DOCUMENTS + 4))


def _vanished(place: Place, launcher: Launcher) -> None:
    _indexed(place, launcher)
    for number in range(0, DOCUMENTS, 4):
        (place.documents / f"d{number:02}.txt").unlink()


def _removed(place: Place, launcher: Launcher) -> None:
    _changed(place, launcher)
    index = launcher.run("index", place.collection, place.documents, "--quiet")
    assert index.status == 0, index.err
    remove = launcher.run("remove", place.collection, "d01.txt", "d07.txt")
    assert remove.status == 0, remove.err


def _damaged(place: Place, launcher: Launcher) -> None:
    _changed(place, launcher)
    index = launcher.run("index", place.collection, place.documents, "--quiet")
    assert index.status == 0, index.err
    for number, path in enumerate(sorted(place.collection.glob("segments/*/*.faiss"))):
        if number % 2:
            path.write_bytes(path.read_bytes()[:-20] + b"x" * 20)
        elif number % 4 == 0:
            path.unlink()


def _with_dictionary(place: Place, launcher: Launcher) -> None:
    """Index the documents and import a dictionary, which the command replaces by one with other senses."""
    _indexed(place, launcher)
    first = write_tsv(place.documents / "dictionary.tsv", BANK[:1])
    done = launcher.run("dictionary", "import", place.collection, first, "--name", "own", "--quiet")
    assert done.status == 0, done.err
    write_tsv(first, BANK)


def _index_arguments(place: Place) -> tuple[object, ...]:
    return place.documents, "--quiet"


SCENARIOS = (
    Scenario("index", _documents, ("index",), _index_arguments),
    Scenario("update", _changed, ("index",), _index_arguments),
    Scenario("remove", _indexed, ("remove",), lambda place: ("d02.txt", "d05.txt", "d11.txt"), repeats=False),
    Scenario("prune", _vanished, ("index",), lambda place: (*_index_arguments(place), "--prune")),
    Scenario("compact", _removed, ("compact",)),
    Scenario("reencode", _removed, ("reencode",), lambda place: ("--layer", "2")),
    Scenario("repair", _damaged, ("verify",), lambda place: ("--repair", "--no-encode")),
    Scenario(
        "named-sense",
        _indexed,
        ("named-sense", "save"),
        lambda place: ("shore", "--plus", "3", "--minus", "8", "--replace"),
    ),
    Scenario(
        "dictionary",
        _with_dictionary,
        ("dictionary", "import"),
        lambda place: (place.documents / "dictionary.tsv", "--name", "own", "--replace", "--quiet"),
    ),
)


@dataclass(frozen=True, slots=True)
class State:
    """What a collection answers.

    Args:
        texts: Text of each live document.
        hits: For each query, the score of each hit by document, sentence and place.
        dictionaries: Ids of the senses of each dictionary.
    """

    texts: Mapping[str, str]
    hits: tuple[Mapping[tuple[str, str, int], float], ...]
    named_senses: Mapping[str, str]
    dictionaries: Mapping[str, Sequence[str]]

    def difference(self, other: State) -> str:
        """Return how another state differs, or an empty text. Scores may differ by the rounding of stored vectors."""
        if self.texts != other.texts:
            return f"documents {sorted(set(self.texts.items()) ^ set(other.texts.items()))[:4]}"
        if self.named_senses != other.named_senses:
            return f"named senses {other.named_senses}"
        if self.dictionaries != other.dictionaries:
            return f"dictionaries {other.dictionaries}"
        for number, (mine, theirs) in enumerate(zip(self.hits, other.hits, strict=True)):
            if mine.keys() != theirs.keys():
                return f"hits of query {number}: {sorted(mine.keys() ^ theirs.keys())[:3]}"
            if far := [key for key, score in mine.items() if abs(score - theirs[key]) > 2e-3]:
                return f"scores of query {number}: {far[:3]}"
        return ""


def texts(path: Path) -> dict[str, str]:
    """Return the text of each live document."""
    with Collection.open(path) as collection:
        return {found.document_id: collection.document(found.document_id)[1] for found in collection.documents()}


def state(path: Path) -> State:
    """Return what a collection answers."""
    encoder = FakeEncoder("default")
    with Searcher.open(path, encoder) as searcher:
        answers: list[Sequence[SentenceHit]] = [
            *(searcher.occurrences(query, k=ALL) for query in QUERIES),
            searcher.occurrences(QUERIES[0], k=ALL, match="any"),
            searcher.sentences("boats on the river", k=ALL),
            searcher.sentences("the bank of the river", k=ALL, hybrid=True),
        ]
        named_senses = searcher.collection.named_senses()
        dictionaries = {
            found.name: [sense.id for _, sense in searcher.collection.dictionary_senses(found.key)]
            for found in searcher.dictionaries()
        }
    hits = tuple({(hit.document_id, hit.sentence, offset(hit)): hit.score for hit in found} for found in answers)
    return State(texts(path), hits, named_senses, dictionaries)


def offset(hit: SentenceHit) -> int:
    """Return the place of a hit in its document."""
    return hit.sentence_start + (hit.start if isinstance(hit, OccurrenceHit) else 0)


def problems(path: Path) -> tuple[str, ...]:
    """Return what `verify` finds."""
    with Collection.open(path) as collection:
        return verify(collection, FakeEncoder("default"), sample=20).problems


def names(place: Place) -> set[str]:
    """Return the names beside the collection and in it, without those of segments and of SQLite's own files."""
    beside = {path.name for path in place.folder.iterdir()}
    inside = {f"c.pol/{path.name}" for path in place.collection.iterdir() if not path.name.endswith(SQLITE_FILES)}
    return beside | inside


def unnamed_segments(path: Path) -> set[str]:
    """Return the names in the folder of segments that the database does not name."""
    with Collection.open(path) as collection, collection.reading() as snapshot:
        named = {segment.folder.name for segment in snapshot.segments.values()}
    return {found.name for found in (path / "segments").iterdir()} - named


class Trials:
    """The trials of one scenario: a beginning, and the end of an undisturbed run.

    Args:
        folder: A folder of its own.
    """

    def __init__(self, scenario: Scenario, folder: Path, launcher: Launcher) -> None:
        self.scenario = scenario
        self.launcher = launcher
        self.place = Place(folder / "trial")
        self._beginning = folder / "beginning"
        self.place.folder.mkdir(parents=True)
        scenario.prepare(self.place, launcher)
        shutil.copytree(self.place.folder, self._beginning, symlinks=True)
        self.before = texts(self.place.collection) if self.place.collection.exists() else {}
        done = self.run()
        assert done.status == 0, done.err
        self.seconds = done.seconds
        self.names = names(self.place)
        self.expected = state(self.place.collection)
        assert problems(self.place.collection) == ()

    def reset(self) -> None:
        """Go back to the beginning."""
        shutil.rmtree(self.place.folder)
        shutil.copytree(self._beginning, self.place.folder, symlinks=True)

    def run(self, kill_after: float | None = None, fault: Fault | None = None) -> Done:
        """Run the command of the scenario."""
        return self.launcher.run(*self.scenario.arguments(self.place), kill_after=kill_after, fault=fault)

    def lost(self, seen: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
        """Return which committed document is lost after a disturbed run, or an empty text, and what is there now.

        Args:
            seen: Documents that were there before this run. The command replaces them by those of the end.
        """
        try:
            found = texts(self.place.collection)
        except CollectionError as error:
            if seen or "is not a collection" not in str(error):
                raise
            return "", {}
        for name in seen.keys() | found.keys():
            final = self.expected.texts.get(name)
            if found.get(name) not in (seen.get(name), final):
                return f"{name} is {found.get(name)!r}", found
            if seen.get(name) == final != found.get(name):
                return f"{name} is {found.get(name)!r}, but it was finished", found
        return "", found

    def finish(self) -> str:
        """Run the command again, and return how the result differs from that of an undisturbed run, or nothing."""
        done = self.run()
        repeated = not self.scenario.repeats and done.status == 1 and "holds no document" in done.err
        if done.status != 0 and not repeated:
            return f"the same command again: status {done.status}: {done.err[-600:]}"
        if (found := names(self.place)) != self.names:
            return f"left over or missing: {sorted(found ^ self.names)}"
        if unnamed := unnamed_segments(self.place.collection):
            return f"segments that no row names: {sorted(unnamed)}"
        return self.difference()

    def difference(self) -> str:
        """Return how the collection differs from that of an undisturbed run, or an empty text.

        What is left over is not looked for, because the next command that writes removes it.
        """
        if wrong := problems(self.place.collection):
            return f"verify: {wrong[:3]}"
        return self.expected.difference(state(self.place.collection))
