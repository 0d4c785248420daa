"""Build the concordance lines: plain text in reading order, each word an element that can be clicked.

All functions are pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ....search.hits import OccurrenceHit, SentenceHit
from .base import (
    CONTEXT,
    ELLIPSIS,
    NODE,
    SENTENCE,
    SPACE,
    UNKNOWN_SENSE,
    cut_right,
    direction,
    document_cell,
    escape,
    sense_sign,
)

Words = Callable[[str], Iterable[tuple[int, int]]]
"""Returns the start and end of each word of a sentence, in order."""
Marks = Mapping[int, int]
"""Id of an occurrence or sentence -> 1 for a mark +, -1 for a mark -."""


def concordance(hits: Sequence[SentenceHit], first: int, words: Words, numbers: Mapping[int, int | None]) -> str:
    """Return a page of lines below column headings. Occurrences have the node in the middle, sentences are whole.

    Args:
        first: Number of the first line.
        numbers: Occurrence id -> number of its sense.
    """
    kwic = any(isinstance(hit, OccurrenceHit) for hit in hits)
    items = "".join(_item(hit, first + n, words, numbers) for n, hit in enumerate(hits))
    name = "Occurrences" if kwic else "Sentences"
    kind = "pol-lines pol-kwic" if kwic else "pol-lines"
    lines = f'<ol class="{kind}" aria-label="{name}" start="{first}">{items}</ol>'
    return f'<div class="pol-list">{_columns(hits)}{lines}</div>'


def _columns(hits: Sequence[SentenceHit]) -> str:
    """Return the column headings. Screen readers skip them, because every cell has its own label."""
    sure = ", sure" if any(hit.confidence is not None for hit in hits) else ""
    title = "Cosine similarity" + (", and the probability that the sense is the same" if sure else "")
    names = f'<span></span><span>document</span><span>mark</span><span title="{title}">score{sure}</span>'
    return f'<div class="pol-columns" aria-hidden="true">{names}</div>'


def key_of(hit: SentenceHit) -> int:
    """Return the id that a mark refers to: of the occurrence, or of the sentence."""
    return hit.occurrence_id if isinstance(hit, OccurrenceHit) else hit.sentence_id


def _item(hit: SentenceHit, number: int, words: Words, numbers: Mapping[int, int | None]) -> str:
    key, sense = key_of(hit), ""
    if isinstance(hit, OccurrenceHit):
        text = kwic_text(hit, words)
        sense = sense_sign(numbers[key]) if key in numbers else UNKNOWN_SENSE
    else:
        shown = clickable_words(hit.sentence, words(hit.sentence), 0, SENTENCE, hit.sentence_id)
        cut = ELLIPSIS if len(hit.sentence) > SENTENCE else ""
        text = f'<p class="pol-text" tabindex="0" dir="{direction(hit.sentence)}">{shown}{cut}</p>'
    return (
        f'<li class="pol-line" data-key="{key}"><span class="pol-rank">{number}</span>{sense}{text}'
        f"{document_cell(hit, number)}{_mark_buttons(key, number)}{_score(hit)}</li>"
    )


def marks(marked: Marks) -> str:
    """Return which lines are marked + and -. The script presses their buttons."""
    plus, minus = (" ".join(str(key) for key, sign in sorted(marked.items()) if sign == wanted) for wanted in (1, -1))
    return f'<i class="pol-marked" data-plus="{plus}" data-minus="{minus}" hidden></i>'


def _mark_buttons(key: int, number: int) -> str:
    buttons = "".join(
        f'<button type="button" data-mark="{sign}" data-key="{key}" aria-pressed="false"'
        f' aria-label="Mark line {number} {name}" title="{title}">{shown}</button>'
        for sign, shown, name, title in (
            (1, "+", "plus", "More like this line"),
            (-1, "\N{MINUS SIGN}", "minus", "Less like this line"),
        )
    )
    return f'<span class="pol-marks">{buttons}</span>'


def _score(hit: SentenceHit) -> str:
    title, sure = f"cosine {hit.score:.4f}", ""
    if hit.confidence is not None:
        title += f"; the sense is the same with a probability of {hit.confidence:.0%}"
        sure = f'<span class="pol-sure">{hit.confidence:.0%}</span>'
    return f'<span class="pol-score" title="{title}">{hit.score:.2f}{sure}</span>'


def kwic_text(hit: OccurrenceHit, words: Words) -> str:
    """Return one run of inline text, so that selecting or searching text works across the node."""
    spans = list(words(hit.sentence))
    first = _cut(hit.sentence, hit.start - CONTEXT, hit.start)
    last = _cut(hit.sentence, hit.end, hit.end + CONTEXT, from_right=True)
    left = clickable_words(hit.sentence, spans, first, hit.start, hit.sentence_id).lstrip()
    right = clickable_words(hit.sentence, spans, hit.end, last, hit.sentence_id).rstrip()
    before = ELLIPSIS if first else ""
    after = ELLIPSIS if last < len(hit.sentence) else ""
    node = escape(cut_right(SPACE.sub(" ", hit.sentence[hit.start : hit.end]), NODE))
    hop = f'data-hop="{hit.start}-{hit.end}" data-in="{hit.sentence_id}"'
    return (
        f'<p class="pol-text" tabindex="0" dir="{direction(hit.sentence)}">'
        f'<span class="pol-run"><bdi>{before}{left}</bdi>'
        f'<mark class="pol-node" {hop}><bdi>{node}</bdi></mark><bdi>{right}{after}</bdi></span></p>'
    )


def _cut(text: str, start: int, end: int, from_right: bool = False) -> int:
    """Return where a context from the node to `start` (or `end`) is cut, at a space if one is near."""
    if from_right:
        if end >= len(text):
            return len(text)
        space = text.rfind(" ", end - CONTEXT // 3, end)
        return space if space > start else end
    if start <= 0:
        return 0
    space = text.find(" ", start, start + CONTEXT // 3)
    return space + 1 if 0 <= space < end else start


def clickable_words(sentence: str, words: Iterable[tuple[int, int]], first: int, last: int, sentence_id: int) -> str:
    """Return sentence[first:last] with white space collapsed, and each whole word in a clickable element."""
    out: list[str] = []
    place = first
    for start, end in words:
        if start < place or end > last:
            continue
        out.append(_folded(sentence[place:start]))
        word = _folded(sentence[start:end])
        out.append(f'<span data-hop="{start}-{end}" data-in="{sentence_id}">{word}</span>')
        place = end
    out.append(_folded(sentence[place:last]))
    return "".join(out)


def _folded(text: str) -> str:
    return escape(SPACE.sub(" ", text))
