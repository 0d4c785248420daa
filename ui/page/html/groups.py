"""Build sentences under the headings of their documents.

All functions are pure, except that the page's own texts are in the visitor's language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ....indexer.values import Value
from ....search.hits import DocumentHit, OccurrenceHit, SentenceHit
from ..language import numeral, plural_html, say, say_html
from . import meetings
from .base import attribute, cut_right, escape, facts, number_of_lines
from .concordance import Style, Words, columns, item, score_cell
from .expanded import Expanded

TITLE = 200
"""Maximum length of the title of a document, in characters."""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under the heading of their document.

    Args:
        title: Title of the document, else its id.
        lines: The hits with their numbers.
        rank: Rank of the document, from 1. None for lines that have their own ranks.
        score: Score of the document. None if it has no own score.
        confidence: Confidence of its best line.
    """

    title: str
    metadata: Mapping[str, Value]
    lines: Sequence[tuple[int, SentenceHit]]
    rank: int | None = None
    score: float | None = None
    confidence: float | None = None


def by_document(hits: Sequence[SentenceHit], first: int) -> list[Group]:
    """Group lines by document, in the order of the first line of each document. Lines keep their numbers."""
    inside: dict[str, list[tuple[int, SentenceHit]]] = {}
    for number, hit in enumerate(hits, start=first):
        inside.setdefault(hit.document_id, []).append((number, hit))
    return [Group(lines[0][1].document, lines[0][1].metadata, lines) for lines in inside.values()]


def of_documents(documents: Sequence[DocumentHit], first: int) -> list[Group]:
    """Return ranked documents with their passages, which are numbered from `first` on."""
    groups = []
    for hit in documents:
        lines = list(enumerate(hit.passages, start=first))
        first += len(lines)
        groups.append(Group(hit.document, hit.metadata, lines, hit.rank, hit.score, hit.confidence))
    return groups


def grouped(groups: Sequence[Group], words: Words, expanded: Expanded | None = None) -> str:
    """Return a page of sentences under the headings of their documents."""
    hits = [hit for group in groups for _, hit in group.lines]
    ranked = all(group.rank is None for group in groups)
    style = Style(words, meetings.numbers_of(hits), expanded or Expanded(), grouped=True, ranked=ranked)
    items = "".join(_group(group, style) for group in groups)
    listed = f'<ol class="pol-groups" role="list" aria-label="{say_html("Documents")}">{items}</ol>'
    return f'<div class="pol-list">{columns(hits, grouped=True)}{listed}</div>'


def by_word(hits: Sequence[OccurrenceHit], first: int) -> list[Group]:
    """Group occurrences of several words by lemma, in the order of the first line of each. Lines keep their numbers."""
    inside: dict[str, list[tuple[int, SentenceHit]]] = {}
    for number, hit in enumerate(hits, start=first):
        inside.setdefault(hit.lemma, []).append((number, hit))
    return [Group(lemma, {}, lines) for lemma, lines in inside.items()]


def grouped_by_word(groups: Sequence[Group], style: Style) -> str:
    """Return a page of occurrences under their words."""
    hits = [hit for group in groups for _, hit in group.lines]
    aligned = "" if style.whole else " pol-aligned"
    items = "".join(
        f'<li class="pol-group" role="listitem"><h3 class="pol-word"><bdi>{escape(cut_right(group.title, TITLE))}</bdi>'
        f' <span class="pol-quiet">'
        f"{plural_html('{number} line on this page', '{number} lines on this page', len(group.lines))}</span></h3>"
        f'<ol class="pol-lines pol-kwic{aligned}" role="table" aria-label="{_lines_of(group)}">'
        f"{''.join(item(hit, number, style) for number, hit in group.lines)}</ol></li>"
        for group in groups
    )
    listed = f'<ol class="pol-byword" role="list" aria-label="{say_html("Words")}">{items}</ol>'
    return f'<div class="pol-list">{columns(hits, scored=style.scored)}{listed}</div>'


def _lines_of(group: Group) -> str:
    return say_html("Lines of {title}", title=attribute(cut_right(group.title, TITLE)))


def _group(group: Group, style: Style) -> str:
    name = escape(cut_right(group.title, TITLE))
    title, lines = f"<bdi>{name}</bdi>", ""
    if group.lines:
        title = (
            f'<button type="button" class="pol-open" data-open="{group.lines[0][0]}"'
            f' title="{say_html("Open the document at its first line here")}">{title}</button>'
        )
        items = "".join(item(hit, number, style) for number, hit in group.lines)
        lines = f'<ol class="pol-lines pol-whole" role="table" aria-label="{_lines_of(group)}">{items}</ol>'
    rank = "" if group.rank is None else str(group.rank)
    size = escape(number_of_lines(len(group.lines))) if group.rank is None else ""
    score = ""
    if group.score is not None:
        score = score_cell(group.score, group.confidence, _score_in_words(group.score, group.confidence))
    return (
        f'<li class="pol-group" role="listitem"><div class="pol-under"><span class="pol-rank">{rank}</span>'
        f'<div class="pol-where">{title}<span class="pol-facts">{facts(group.metadata)}</span></div>'
        f'<span class="pol-quiet">{size}</span>{score}</div>{lines}</li>'
    )


def _score_in_words(score: float, confidence: float | None) -> str:
    shown = numeral(score, ".4f")
    if confidence is None:
        return say("score of the document {score}", score=shown)
    return say(
        "score of the document {score}; the meaning of its best line is the same with a probability of {probability}",
        score=shown,
        probability=numeral(confidence, ".0%"),
    )
