"""Index SemCor 3.0 as a collection, and print the cost of indexing, latency and same-sense retrieval.

    python -m benchmarks.quality.semcor prepare ARCHIVE OUT      # OUT/text/*.txt, OUT/text/metadata.csv, OUT/gold.tsv
    python -m benchmarks.quality.semcor index OUT COLLECTION     # time, memory, size on disk
    python -m benchmarks.quality.semcor measure OUT COLLECTION   # latency, same-sense retrieval

ARCHIVE is SemCor 3.0 (semcor3.0.tar.xz). Keep ARCHIVE and OUT outside the repository, because they have licences of
their own.
"""

from __future__ import annotations

import argparse
import csv
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from polyseme.indexer.build import build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.gold.judgements import COLUMNS, Gold, by_word, read_gold
from polyseme.indexer.gold.semcor import GENRES, read_archive
from polyseme.search.searcher import Searcher

from benchmarks.lib.fresh_process import peak_memory
from benchmarks.lib.same_sense import ask_all, summarise
from benchmarks.search.latency import measure_latency, print_latency

QUERIES_PER_WORD = 10
"""Maximum number of queries for a word."""


def prepare(archive: Path, out: Path) -> None:
    """Write the documents, their metadata and the gold senses."""
    text_folder = out / "text"
    text_folder.mkdir(parents=True, exist_ok=True)
    files = rows = 0
    with (
        (out / "gold.tsv").open("w", encoding="utf-8", newline="") as gold_file,
        (text_folder / "metadata.csv").open("w", encoding="utf-8", newline="") as metadata_file,
    ):
        gold = csv.writer(gold_file, delimiter="\t", lineterminator="\n")
        metadata = csv.writer(metadata_file, lineterminator="\n")
        gold.writerow(COLUMNS)
        metadata.writerow(["id", "title", "genre", "part"])
        for marked in read_archive(archive):
            name = f"{marked.name}.txt"
            (text_folder / name).write_text(marked.text, encoding="utf-8", newline="")
            metadata.writerow([name, marked.name, GENRES.get(marked.name[3:4], "other"), marked.part])
            gold.writerows([name, row.start, row.end, row.lemma, ";".join(row.senses)] for row in marked.tagged)
            files, rows = files + 1, rows + len(marked.tagged)
    print(f"{files:,} documents, {rows:,} gold senses in {out}")


def index(out: Path, collection: Path) -> None:
    """Index the documents and print the cost. The process is fresh, so its peak memory is that of indexing."""
    started = time.monotonic()
    report = build(collection, [out / "text"])
    wall = time.monotonic() - started
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = usage.ru_utime + usage.ru_stime
    print(f"documents            {report.added:>12,}")
    print(f"sentences            {report.sentences:>12,}")
    print(f"tokens               {report.tokens:>12,}")
    print(f"wall time            {wall:>10.0f} s")
    print(f"CPU time             {cpu:>10.0f} s")
    print(f"tokens per second    {report.tokens / wall:>12,.0f}   per CPU second {report.tokens / cpu:,.0f}")
    print(f"peak memory          {peak_memory() / 2**20:>8,.0f} MiB")
    print_sizes(collection)


def print_sizes(collection: Path) -> None:
    """Print the size of a collection on disk, in all and by file name."""
    sizes: Counter[str] = Counter()
    for path in collection.rglob("*"):
        if path.is_file():
            sizes[path.name] += path.stat().st_size
    with Collection.open(collection) as opened:
        info = opened.info()
    print(
        f"\non disk {sizes.total() / 2**20:,.1f} MiB: {info.occurrences:,} occurrences, {info.types:,} types, ", end=""
    )
    print(f"{info.segments} segments, {sizes.total() / max(info.occurrences, 1):,.0f} bytes an occurrence")
    for name, size in sizes.most_common():
        if size >= 2**16:
            print(f"  {name:26}{size / 2**20:8.1f} MiB")


def measure(out: Path, collection: Path, queries: int) -> None:
    """Print latency and same-sense retrieval."""
    gold = read_gold(out / "gold.tsv")
    with Searcher.open(collection) as searcher:
        print_latency(measure_latency(searcher, queries))
        single = [row for row in gold if " " not in row.lemma]
        print(f"\n{'same-sense retrieval':24}{'words':>7}{'queries':>9}{'MAP':>7}{'95 % interval':>15}{'chance':>9}")
        for name, words in (
            ("lemma", by_word(single)),
            ("lemma, part of speech", by_word(single, lemma_and_part)),
        ):
            found = summarise(ask_all(searcher, words, enough, QUERIES_PER_WORD))
            bounds = f"{100 * found.low:.1f}-{100 * found.high:.1f}"
            print(f"{name:24}{found.words:7,}{found.asked:9,}{100 * found.precision:7.1f}", end="")
            print(f"{bounds:>15}{100 * found.chance:9.1f}", flush=True)


def lemma_and_part(row: Gold) -> str:
    """Return a lemma and WordNet's number of its part of speech, as in `charge%1`. Satellites count as adjectives."""
    lemma, _, key = row.sense.partition(";")[0].partition("%")
    return f"{lemma}%{key[0].replace('5', '3')}"


def enough(rows: Sequence[Gold]) -> bool:
    """Return whether there are 10 occurrences, and 2 senses with 3 occurrences each."""
    counts = Counter(sense for row in rows for sense in row.sense.split(";"))
    return len(rows) >= 10 and sum(count >= 3 for count in counts.values()) >= 2


def main() -> int:
    """Run a command."""
    parser = argparse.ArgumentParser(description="Prepare, index and measure SemCor as a collection.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("prepare")
    command.add_argument("archive", type=Path)
    command.add_argument("out", type=Path)
    for name in ("index", "measure"):
        command = commands.add_parser(name)
        command.add_argument("out", type=Path)
        command.add_argument("collection", type=Path)
        if name == "measure":
            command.add_argument("--queries", type=int, default=200, help="number of queries of each kind")
    arguments = parser.parse_args()
    try:
        if arguments.command == "prepare":
            prepare(arguments.archive, arguments.out)
        elif arguments.command == "index":
            index(arguments.out, arguments.collection)
        else:
            measure(arguments.out, arguments.collection, arguments.queries)
    except PolysemeError as error:
        print(f"semcor: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
