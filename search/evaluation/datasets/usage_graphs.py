"""Reader of word usage graphs (DWUG): usages of a word and their clusters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ....indexer.errors import DocumentError
from ....indexer.gold.lines import lines_of
from ....indexer.text import TextAnalyser
from ..records import Span, Usage
from ..spans import span_of, spans_at

LAYOUT = (
    "dwug is a folder with data/LEMMA/uses.csv (tab-separated: identifier, context, indexes_target_token) and"
    " clusters/opt/LEMMA.csv (identifier, cluster)"
)
NOISE = "-1"
"""Cluster of usages that annotators could not judge."""
_PLACE = re.compile(r"(\d+):(\d+)")


def read_dwug(folder: Path, language: str = "en") -> dict[str, list[Usage]]:
    """Read the clustered usages of each word (Schlechtweg et al. 2021).

    A usage keeps only the sentence of its context that has the target.

    Raises:
        DocumentError: The folder does not have the published layout.
    """
    analyser = TextAnalyser(language)
    tables = sorted(folder.glob("data/*/uses.csv"))
    clustered = [table for table in tables if _clusters_of(folder, table).is_file()]
    if not clustered:
        raise DocumentError(f"{folder} has {len(tables)} words with uses and none with clusters; {LAYOUT}")
    return {table.parent.name: list(_usages(analyser, table, _clusters_of(folder, table))) for table in clustered}


def _clusters_of(folder: Path, table: Path) -> Path:
    return folder / "clusters" / "opt" / f"{table.parent.name}.csv"


def _usages(analyser: TextAnalyser, table: Path, clusters: Path) -> Iterator[Usage]:
    cluster_of = {row["identifier"]: row["cluster"] for row in _table(clusters, ("identifier", "cluster"))}
    for row in _table(table, ("identifier", "context", "indexes_target_token")):
        cluster = cluster_of.get(row["identifier"], NOISE)
        if cluster == NOISE:
            continue
        span = _span(analyser, row["context"], row["indexes_target_token"], row.get("indexes_target_sentence", ""))
        if span is None:
            where = row["indexes_target_token"]
            raise DocumentError(f"{table}: {row['identifier']!r} has no word at {where!r} of its context; {LAYOUT}")
        yield Usage(span, cluster)


def _span(analyser: TextAnalyser, context: str, target: str, sentence: str) -> Span | None:
    """Return the target in its sentence. The sentence is that of the data set, or else that of our own splitter."""
    place, given = _PLACE.match(target.strip()), _PLACE.match(sentence.strip())
    start, end = (int(place[1]), int(place[2])) if place else (0, 0)
    first, last = (int(given[1]), int(given[2])) if given else (0, 0)
    if not first <= start < end <= last:
        return spans_at(analyser, context, [(start, end)])[0]
    return span_of(analyser.tokens(context[first:last]), start - first, end - first)


def _table(path: Path, needed: tuple[str, ...]) -> list[dict[str, str]]:
    """Read the rows of a tab-separated file without quoting. All `needed` columns must exist."""
    # csv.reader has a maximum length of cells, and takes a lone carriage return for an error.
    header, *lines = [line.split("\t") if line else [] for line in lines_of(path, LAYOUT)]
    missing = [name for name in needed if name not in header]
    if missing:
        raise DocumentError(f"{path} has no column {missing[0]!r}; {LAYOUT}")
    rows = [line for line in lines if line]
    for number, row in enumerate(rows, 2):
        if len(row) != len(header):
            raise DocumentError(f"{path}, row {number}: {len(row)} columns, not {len(header)}; {LAYOUT}")
    return [dict(zip(header, row, strict=True)) for row in rows]
