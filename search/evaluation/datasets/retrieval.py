"""Readers of retrieval collections: JSON lines of BEIR, and marked-up documents, topics and judgements of TREC."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ....indexer.errors import DocumentError
from ....indexer.files import read_bounded
from ....indexer.gold.lines import LARGEST_FILE, lines_of

LAYOUT = (
    "retrieval is a folder in BEIR's layout (corpus.jsonl, queries.jsonl, qrels/*.tsv) or TREC's (documents with"
    " <docno>, topics with <top>, judgements *qrel*)"
)
Judgements = dict[str, dict[str, int]]
"""Query id -> document id -> grade."""
_TAG = re.compile(r"<[^<>]*>")
_LONE_STOP = re.compile(r"(?<=\s)([.?!]) (?=\S)")
_LABEL = re.compile(r"^\s*(?:Number|Topic)\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """Documents and queries by id, and the judged relevance of documents."""

    documents: dict[str, str]
    queries: dict[str, str]
    judgements: Judgements


def read_retrieval(folder: Path) -> RetrievalSet:
    """Read a collection in the layout of BEIR or TREC.

    Raises:
        DocumentError: It has neither layout, or no query has a relevant document.
    """
    found = _read_beir(folder) if (folder / "corpus.jsonl").is_file() else _read_trec(folder)
    answered = {query for query, judged in found.judgements.items() if any(grade > 0 for grade in judged.values())}
    if not found.documents or not answered & set(found.queries):
        raise DocumentError(f"{folder}: no query has a relevant document; {LAYOUT}")
    return found


def _read_beir(folder: Path) -> RetrievalSet:
    documents = {key: with_title(row.get("title"), row["text"]) for key, row in _json_rows(folder / "corpus.jsonl")}
    queries = {key: str(row["text"]) for key, row in _json_rows(folder / "queries.jsonl")}
    tables = sorted((folder / "qrels").glob("*.tsv"))
    table = next((path for path in tables if path.stem == "test"), tables[0] if len(tables) == 1 else None)
    if table is None:
        raise DocumentError(f"{folder / 'qrels'} holds no test.tsv; {LAYOUT}")
    rows = [line.split("\t") if line else [] for line in lines_of(table, LAYOUT)]
    return RetrievalSet(documents, queries, _judgements((row for row in rows if row[2:] != ["score"]), table, 3))


def _json_rows(path: Path) -> Iterator[tuple[str, dict[str, object]]]:
    for number, line in enumerate(lines_of(path, LAYOUT), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            yield str(row["_id"]), row | {"text": str(row["text"])}
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DocumentError(f"{path}, line {number}: no object with _id and text; {LAYOUT}") from error


def with_title(title: object, text: object) -> str:
    """Prepend a title to a text, unless the text begins with it."""
    head, body = str(title or "").strip(), str(text).strip()
    same = " ".join(body.split()).startswith(" ".join(head.split()))
    return body if same else f"{head}\n\n{body}"


def _read_trec(folder: Path) -> RetrievalSet:
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    judged = [path for path in files if "qrel" in path.name.lower()]
    texts = {path: _text(path) for path in files if path not in judged and path.suffix.lower() not in (".md", ".pdf")}
    documents, topics = {}, {}
    for markup in texts.values():
        for body in _elements(markup, "doc"):
            text = with_title(_field(body, "title"), _field(body, "text", "body"))
            documents[_field(body, "docno")] = unwrapped(text)
        for body in _elements(markup, "top"):
            topics[_LABEL.sub("", _field(body, "num")).strip()] = _LABEL.sub("", _field(body, "title", "desc")).strip()
    if len(judged) != 1 or not documents or not topics:
        raise DocumentError(
            f"{folder} holds {len(documents)} documents, {len(topics)} topics and {len(judged)} *qrel* files; {LAYOUT}"
        )
    judgements = _judgements((line.split() for line in lines_of(judged[0], LAYOUT)), judged[0], 4)
    return RetrievalSet(documents, _numbered_as_judged(topics, judgements), judgements)


def unwrapped(text: str) -> str:
    """Remove the line breaks inside paragraphs, which belong to the markup. Put a paragraph break after each lone stop.

    Tokenised text may be all lower case, as Cranfield's is. Then a full stop between spaces is the only sign of a
    sentence's end.
    """
    paragraphs = (" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text))
    return "\n\n".join(_LONE_STOP.sub(r"\1\n\n", paragraph) for paragraph in paragraphs if paragraph)


def _text(path: Path) -> str:
    try:
        return read_bounded(path, LARGEST_FILE).decode("utf-8-sig", errors="replace")
    except OSError as error:
        raise DocumentError(f"{path} cannot be read ({error.strerror}); {LAYOUT}") from error


def _elements(markup: str, name: str) -> Iterator[str]:
    """Yield what is between each start tag and the next end tag, in one pass over the text."""
    start_tag, end_tag = (re.compile(rf"<{mark}{name}\b[^<>]*>", re.IGNORECASE) for mark in ("", "/"))
    place = 0
    while (start := start_tag.search(markup, place)) and (end := end_tag.search(markup, start.end())):
        yield markup[start.end() : end.start()]
        place = end.end()


def _field(body: str, *names: str) -> str:
    """Return the text of the first element that is not empty. An element without end tag ends at the next tag."""
    for name in names:
        start = re.search(rf"<{name}\b[^<>]*>", body, re.IGNORECASE)
        if start is None:
            continue
        end = re.compile(rf"</{name}\b", re.IGNORECASE).search(body, start.end()) or re.compile("<|$").search(
            body, start.end()
        )
        inside = body[start.end() : end.start() if end else len(body)]
        if text := html.unescape(_TAG.sub(" ", inside)).strip():
            return text
    return ""


def _numbered_as_judged(topics: dict[str, str], judgements: Judgements) -> dict[str, str]:
    """Return topics by the numbers that the judgements use: the topics' own numbers, or their positions in the file.

    The Cranfield topics keep their numbers from a longer list. The judgements use the positions 1 to 225.
    """
    if set(judgements) <= set(topics):
        return topics
    positions = {str(position): text for position, text in enumerate(topics.values(), 1)}
    return positions if set(judgements) <= set(positions) else topics


def _judgements(rows: Iterable[list[str]], path: Path, columns: int) -> Judgements:
    """Read rows of query id, document id and grade. Rows of TREC have a fourth column after the query id."""
    found: Judgements = {}
    for number, row in enumerate(rows, 1):
        if not row:
            continue
        try:
            query, document, grade = row[0], row[columns - 2], int(row[columns - 1])
        except (IndexError, ValueError) as error:
            raise DocumentError(f"{path}, row {number}: not {columns} columns that end in a grade; {LAYOUT}") from error
        found.setdefault(query, {})[document] = grade
    return found
