"""Print latency, recall, memory and disk space of search on 2 million real occurrences and, with --full, 10 million.

    python -m benchmarks.search.tables [CORPUS] [--json FILE] [--full] [--work FOLDER] [--words N]

CORPUS is a folder of texts `NAME.txt.xz` with one paragraph or sentence a line, by default `shared/corpus` beside the
repository. A collection of about 2 million occurrences is built from it in FOLDER and kept for the next run. The
bundled model encodes it, in bfloat16 on processors that multiply it fast. Each table comes from a fresh process that
searches on one thread. --full adds 10 million occurrences: the same documents again with slightly moved vectors
(`copies.py`). It also compares other libraries on all 2 million.
"""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.records import CollectionInfo
from polyseme.indexer.training.config import Size
from polyseme.indexer.training.precision import fast_precision
from polyseme.ui.cli.printing import note
from polyseme.ui.messages import one_line

from benchmarks.lib.corpus import OCCURRENCES_PER_WORD, Built, index_corpus
from benchmarks.lib.fresh_process import in_fresh_process
from benchmarks.lib.paths import CORPUS
from benchmarks.search import measures, peers
from benchmarks.search.copies import copy_collection
from benchmarks.search.measures import Times

REAL, LARGE, PEERS = 2_000_000, 10_000_000, 200_000
"""Numbers of occurrences: of the real collection, of the copies, and of the other libraries without --full."""
Made = TypeVar("Made")


def whole(path: Path, make: Callable[[Path], Made]) -> Made:
    """Make a collection under a temporary name, and rename it when it is complete.

    The remains of an interrupted run are therefore never used as a collection.
    """
    part = path.with_name(f"{path.name}.part")
    if part.exists():
        shutil.rmtree(part)
    made = make(part)
    part.rename(path)
    return made


def build(corpus: Path, path: Path, words: int) -> Built | None:
    """Build the collection. Return None if it exists."""
    if path.exists():
        note(f"{path} exists and is used")
        return None
    precision = in_fresh_process(fast_precision, Size.SMALL)
    built = whole(path, lambda part: in_fresh_process(index_corpus, corpus, part, words, precision.value))
    print(f"indexed with {precision} products:", end=" ")
    print(f"{built.documents:,} documents, {built.sentences:,} sentences, {built.tokens:,} tokens,", end=" ")
    print(f"{built.occurrences:,} occurrences, {built.segments} segments in {built.seconds:.0f} s;", end=" ")
    print(f"{built.other_us_per_token:.0f} CPU microseconds a token, and the encoder's", end=" ")
    print(f"{1e6 * built.encoder_cpu / built.tokens:.0f}; peak memory {built.peak / 2**20:,.0f} MiB")
    return built


def tables(path: Path) -> dict[str, Any]:
    """Print all tables of one collection, and return their figures for JSON."""
    info = _info(path)
    occurrences, precision = info.occurrences, info.settings.precision
    print(f"\n{path.name}: {occurrences:,} occurrences, {info.sentences:,} sentences, {precision}", flush=True)
    queries = in_fresh_process(measures.queries_of, path)
    firsts = [
        in_fresh_process(measures.cold, path, word)
        for word in in_fresh_process(measures.different_words, path, measures.COLD)
    ]
    same, found = in_fresh_process(measures.same_word, path), in_fresh_process(measures.any_word, path)
    sentences = in_fresh_process(measures.sentences, path)
    memory, disk, filters = (
        in_fresh_process(measures.memory, path, queries),
        measures.disk(path),
        in_fresh_process(measures.filtered, path),
    )
    print(f"\n{'milliseconds, 10 hits':28}{'p50':>8}{'p99':>8}{'encoded first':>16}{'p99':>8}{'recall@10':>12}")
    _row("same word, up to 20,000", same.known, same.encoded, same.recall_at_10)
    _row("any word", found.known, found.encoded, found.recall_at_10)
    _row("sentences", sentences.known, sentences.encoded, sentences.recall_at_10)
    print(f"any word: the bound proves {found.exact:.0%} of the queries exact; median {found.scored:,.0f} rows scored")
    cold = [first.opened + first.answered for first in firsts]
    print(f"same word, cold: median of {len(cold)} words {statistics.median(cold):,.0f} ms,", end=" ")
    print(f"worst {max(cold):,.0f}: opening the collection with an empty page cache", end=" ")
    print(f"(median {statistics.median(first.opened for first in firsts):,.0f}), encoding the query and", end=" ")
    print("answering it; libraries, analyser and model are loaded before")
    print(f"\n{'same word, occurrences':28}{'queries':>8}{'p50':>8}{'p99':>8}")
    for size, each in same.by_size.items():
        print(f"{size:28}{each.queries:8}{each.p50_ms:8.1f}{each.p99_ms:8.1f}")
    print(f"\n{'within a filter, p50 ms':28}" + "".join(f"{kind:>14}" for kind in filters["all"]))
    for name, kinds in filters.items():
        print(f"{name:28}" + "".join(f"{each.p50_ms:14.1f}" for each in kinds.values()))
    print(f"\nmemory, bytes an occurrence: {memory.opened / occurrences:.1f} on opening,", end=" ")
    print(f"{memory.served / occurrences:.1f} after every kind of search")
    print("disk, bytes an occurrence: " + ", ".join(f"{name} {size / occurrences:.1f}" for name, size in disk.items()))
    print(f"in all {sum(disk.values()) / occurrences:.0f}")
    return {
        "occurrences": occurrences,
        "precision": precision,
        "same_word": _flat(asdict(same))
        | {"cold_p50_ms": statistics.median(cold), "cold_worst_ms": max(cold), "cold": list(map(asdict, firsts))},
        "any_word": _flat(asdict(found))
        | {
            "bytes_per_occurrence": memory.opened / occurrences,
            "bytes_per_occurrence_served": memory.served / occurrences,
        },
        "sentences": _flat(asdict(sentences)),
        "filters": {name: {kind: asdict(each) for kind, each in kinds.items()} for name, kinds in filters.items()},
        "memory": {"opened": memory.opened, "served": memory.served},
        "disk": disk,
    }


def _flat(found: Mapping[str, Any]) -> dict[str, Any]:
    """Copy the latencies with cached query vectors to the top level, first."""
    return {"p50_ms": found["known"]["p50_ms"], "p99_ms": found["known"]["p99_ms"], **found}


def _row(name: str, known: Times, encoded: Times, recall: float) -> None:
    print(f"{name:28}{known.p50_ms:8.1f}{known.p99_ms:8.1f}{encoded.p50_ms:16.1f}{encoded.p99_ms:8.1f}{recall:12.4f}")


def side_by_side(path: Path) -> list[dict[str, Any]]:
    """Compare the installed libraries on the vectors of one collection, in the same run."""
    missing, found = peers.missing(), []
    with tempfile.TemporaryDirectory(dir=path.parent) as passing:
        folder = Path(passing)
        workload = in_fresh_process(peers.prepare, path, folder)
        print(f"\n{len(workload.rows)} queries of the same vectors, each library opened from the disk:", end=" ")
        print("build in wall and CPU seconds, bytes a vector, milliseconds a query")
        print(f"{'':26}{'build':>9}{'CPU':>9}{'disk':>7}{'memory':>8}{'recall@10':>11}", end="")
        print(f"{'p50':>8}{'p99':>8}{'CPU':>8}{'effort':>8}")
        for name, kind in peers.KINDS.items():
            if name in missing:
                continue
            try:
                built = in_fresh_process(peers.build, name, workload, folder)
                peer = in_fresh_process(
                    peers.answer, name, workload, path if kind.uses_collection else folder / name, built
                )
            except Exception as error:  # an error of another library must not end the run
                print(f"{kind.title:26} fails: {type(error).__name__}: {one_line(str(error))}")
                continue
            finally:
                shutil.rmtree(folder / name, ignore_errors=True)
            print(f"{peer.name:26}{peer.build_seconds:9.1f}{peer.build_cpu:9.1f}", end="")
            print(f"{peer.disk:7.0f}{peer.memory:8.1f}", end="")
            print(f"{peer.recall_at_10:11.4f}{peer.known.p50_ms:8.2f}{peer.known.p99_ms:8.2f}", end="")
            print(f"{peer.processor_ms:8.2f}{peer.effort or '':>8}", flush=True)
            found.append(asdict(peer))
    if missing:
        print(f"not installed: {', '.join(missing)}")
    return found


def copied(source: Path, path: Path, occurrences: int) -> None:
    """Make a collection of this number of occurrences from another one. Keep it if it exists."""
    if path.exists():
        note(f"{path} exists and is used")
        return
    began = time.monotonic()
    made = whole(path, lambda part: in_fresh_process(copy_collection, source, part, occurrences))
    print(f"\n{path.name}: {occurrences:,} occurrences of copied documents stored in", end=" ")
    print(f"{made.stored_cpu:.0f} CPU seconds (building and writing segments, inserting rows),", end=" ")
    print(f"compacted in {made.compacted_cpu:.0f}; {time.monotonic() - began:.0f} s of wall time, with", end=" ")
    print(f"reading the source and moving its vectors; peak memory {made.peak / 2**20:,.0f} MiB, with", end=" ")
    print("a segment's documents, its index, and the mapped files of both collections")


def _info(path: Path) -> CollectionInfo:
    """Return the counts and settings of a collection."""
    with Collection.open(path) as collection:
        return collection.info()


@click.command()
@click.argument("corpus", type=click.Path(path_type=Path, exists=True, file_okay=False), default=CORPUS)
@click.option("--json", "file", type=click.Path(path_type=Path), metavar="FILE", help="Write all figures to FILE.")
@click.option(
    "--full", is_flag=True, help="Measure 10 million occurrences too, and compare other libraries on all 2 million."
)
@click.option(
    "--work", type=click.Path(path_type=Path), help="Keep the collections in this folder.  [a temporary folder]"
)
@click.option(
    "--words",
    type=int,
    default=int(1.06 * REAL / OCCURRENCES_PER_WORD),
    show_default=True,
    help="Number of words of the corpus to index.",
)
def main(corpus: Path, file: Path | None, full: bool, work: Path | None, words: int) -> None:
    """Print the tables of search on the texts of CORPUS."""
    with tempfile.TemporaryDirectory() as passing:
        folder = work or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        built = build(corpus, folder / "real.pol", words)
        found = tables(folder / "real.pol")
        found["built"] = None if built is None else asdict(built)
        _write(file, found)
        compared = folder / "real.pol"
        if not full:
            compared = folder / "peers.pol"
            copied(folder / "real.pol", compared, PEERS)
        found["peers"] = side_by_side(compared)
        _write(file, found)
        if full:
            copied(folder / "real.pol", folder / "large.pol", LARGE)
            found["large"] = tables(folder / "large.pol")
            _write(file, found)


def _write(file: Path | None, found: Mapping[str, Any]) -> None:
    """Write the figures so far, so that an interrupted run keeps them."""
    if file:
        file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
