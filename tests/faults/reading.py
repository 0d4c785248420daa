"""Jobs for one writer and many readers, made so that the right answers of each generation are known.

The writer replaces all documents by their next version in one commit, then removes some of them in one commit, and
sometimes compacts. So an answer holds one version only, and the documents of it are all or those that are kept.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.documents import Document
from polyseme.search.hits import SentenceHit
from polyseme.search.searcher import Searcher

ALL = frozenset(f"d{n:02}" for n in range(12))
REMOVED = frozenset(sorted(ALL)[:4])
HITS = {"lemma": 2, "any": 10, "sentences": 2, "hybrid": 2}
"""Number of hits of each query in each document."""
K = 1000
VERSION = re.compile(r"version (\d+)")
WAYS = ("held", "held", "held", "held", "opened", "opened", "info", "documents")
"""What each reader does: ask a searcher that stays open, open one each time, count, or list the documents."""


def documents(version: int) -> list[Document]:
    """Return all documents in one version."""
    return [
        Document(name, f"The bank of version {version} holds water. A boat of version {version} reached the bank.")
        for name in sorted(ALL)
    ]


def write_versions(arguments: list[str]) -> None:
    """Write version after version until the time is over, and print what was done."""
    path, seconds = Path(arguments[0]), float(arguments[1])
    done: Counter[str] = Counter()
    end = time.monotonic() + seconds
    version = 0
    while time.monotonic() < end:
        version += 1
        build(path, documents(version), BuildConfig(), FakeEncoder("default"))
        done["versions"] += 1
        with Collection.open(path) as collection:
            collection.remove(sorted(REMOVED))
            done["removals"] += 1
            if version % 2 == 0:
                collection.compact()
                done["compactions"] += 1
    print(json.dumps(done))


def mistake(way: str, found: Iterable[tuple[str, str]], oldest: int) -> tuple[str, int]:
    """Return what is wrong with an answer, or an empty text, and its version.

    Args:
        found: Document id and sentence of each hit.
        oldest: Version of the reader's last answer. None may be older.
    """
    hits = list(found)
    versions = {int(number) for _, sentence in hits for number in VERSION.findall(sentence)}
    counts = Counter(name for name, _ in hits)
    if len(versions) != 1:
        return f"{way}: {len(hits)} hits of versions {sorted(versions)}", oldest
    (version,) = versions
    if version < oldest:
        return f"{way}: version {version} after {oldest}", oldest
    if counts.keys() not in (ALL, ALL - REMOVED):
        return f"{way}: version {version} of {sorted(counts)}", version
    if set(counts.values()) != {HITS[way]}:
        return f"{way}: version {version} has {sorted(counts.values())} hits in each document", version
    return "", version


def queries(searcher: Searcher) -> dict[str, Callable[[], Iterable[SentenceHit]]]:
    """Return the queries by name."""
    return {
        "lemma": lambda: searcher.occurrences("The [bank] holds water.", k=K),
        "any": lambda: searcher.occurrences("The [bank] holds water.", k=K, match="any"),
        "sentences": lambda: searcher.sentences("A boat on the river.", k=K, order="meaning", alike=False),
        "hybrid": lambda: searcher.sentences("A boat at the bank.", k=K, order="hybrid", alike=False),
    }


def read_versions(arguments: list[str]) -> None:
    """Read in one way until the time is over, and print the number of answers and what was wrong with them."""
    path, way, seconds = Path(arguments[0]), arguments[1], float(arguments[2])
    os.nice(5)  # so that the writer gets on
    answers, version = 0, 0
    seen: set[int] = set()
    wrong: list[str] = []
    held = Searcher.open(path, FakeEncoder("default")) if way == "held" else None
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if way == "info":
                with Collection.open(path) as collection:
                    info = collection.info()
                if info.documents not in (len(ALL), len(ALL - REMOVED)) or info.sentences != 2 * info.documents:
                    wrong.append(f"info: {info.documents} documents, {info.sentences} sentences")
                answers += 1
                continue
            if way == "documents":
                with Collection.open(path) as collection:
                    names = {found.document_id for found in collection.documents()}
                if names not in (ALL, ALL - REMOVED):
                    wrong.append(f"documents: {sorted(names)}")
                answers += 1
                continue
            searcher = held or Searcher.open(path, FakeEncoder("default"))
            for name, ask in queries(searcher).items():
                problem, version = mistake(name, ((hit.document_id, hit.sentence) for hit in ask()), version)
                wrong += [problem] if problem else []
                seen.add(version)
                answers += 1
            if searcher is not held:
                searcher.close()
        except Exception as error:  # a reader must never fail
            wrong.append(f"{way}: {type(error).__name__}: {error}")
    print(json.dumps({"answers": answers, "versions": len(seen), "wrong": len(wrong), "examples": wrong[:5]}))
