"""Build the concordance lines: plain text in reading order, each word an element that can be clicked.

All functions are pure, except that the page's own texts are in the visitor's language.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ....search.hits import Meeting, OccurrenceHit, SentenceHit
from ..language import numeral, say, say_html
from . import meetings
from .base import (
    CONTEXT,
    ELLIPSIS,
    NODE,
    SENTENCE,
    SPACE,
    UNKNOWN_SENSE,
    attribute,
    cut_right,
    direction,
    document_cell,
    escape,
    sense_name,
    sense_sign,
    translations,
)
from .expanded import Expanded, around_button, under_line

Words = Callable[[str], Iterable[tuple[int, int]]]
"""Returns the start and end of each word of a sentence, in order."""
Marks = Mapping[int, int]
"""Id of an occurrence or sentence -> 1 for a mark +, -1 for a mark -."""


@dataclass(frozen=True, slots=True)
class Style:
    """What all lines of a list share.

    Args:
        met: Offsets of a word of the query -> its number, for the words that lines meet.
        expanded: What is open under the lines.
        grouped: Whether the lines are under the heading of their document.
        ranked: Whether the lines show their numbers.
        of_pattern: Whether the lines are places of a pattern. Each word of the node can be clicked.
        scored: Whether the lines have scores.
        context: Maximum length of the context on each side of a node, in characters.
        whole: Whether occurrences are shown in whole sentences, without aligned nodes.
    """

    words: Words
    met: Mapping[tuple[int, int], int]
    expanded: Expanded = field(default_factory=Expanded)
    grouped: bool = False
    ranked: bool = True
    of_pattern: bool = False
    scored: bool = True
    context: int = CONTEXT
    whole: bool = False


def concordance(
    hits: Sequence[SentenceHit],
    first: int,
    words: Words,
    expanded: Expanded | None = None,
    of_pattern: bool = False,
    scored: bool = True,
    context: int = CONTEXT,
    whole: bool = False,
) -> str:
    """Return a page of lines below column headings. Occurrences have the node in the middle, sentences are whole.

    Args:
        first: Number of the first line.
        expanded: What is open under the lines.
        of_pattern: Whether the lines are places of a pattern.
        scored: Whether the lines have scores.
        context: Maximum length of the context on each side of a node, in characters.
        whole: Whether occurrences are shown in whole sentences.
    """
    kwic = any(isinstance(hit, OccurrenceHit) for hit in hits)
    style = Style(
        words,
        meetings.numbers_of(hits),
        expanded or Expanded(),
        of_pattern=of_pattern,
        scored=scored,
        context=context,
        whole=whole,
    )
    items = "".join(item(hit, first + n, style) for n, hit in enumerate(hits))
    name = say_html("Occurrences") if kwic else say_html("Sentences")
    aligned = "" if whole else " pol-aligned"
    kind = f"pol-lines pol-kwic{aligned}" if kwic else "pol-lines pol-whole"
    lines = f'<ol class="{kind}" role="table" aria-label="{name}" start="{first}">{items}</ol>'
    return f'<div class="pol-list">{columns(hits, scored=scored)}{lines}</div>'


def columns(hits: Sequence[SentenceHit], grouped: bool = False, scored: bool = True) -> str:
    """Return the column headings. Screen readers skip them, because every cell has its own label."""
    sure = any(hit.confidence is not None for hit in hits)
    kwic = any(isinstance(hit, OccurrenceHit) for hit in hits)
    title = say_html("Cosine similarity")
    if sure and kwic:
        title = say_html("Cosine similarity, and the probability that the sense is the same")
    elif sure:
        title = say_html("Cosine similarity, and the probability that the meaning is the same")
    document = "" if grouped else say_html("document")
    name = say_html("score, sure") if sure else say_html("score")
    score = f'<span title="{title}">{name}</span>' if scored else "<span></span>"
    names = f"<span></span><span>{document}</span><span>{say_html('mark')}</span>{score}"
    return f'<div class="pol-columns{"" if kwic else " pol-whole"}" aria-hidden="true">{names}</div>'


def key_of(hit: SentenceHit) -> int:
    """Return the id that a mark refers to: of the occurrence, or of the sentence."""
    return hit.occurrence_id if isinstance(hit, OccurrenceHit) else hit.sentence_id


def item(hit: SentenceHit, number: int, style: Style) -> str:
    """Return one line with its buttons, its score, and what is open under it: a row of cells for screen readers."""
    key, sense, extra, more = key_of(hit), "", "", ""
    if isinstance(hit, OccurrenceHit):
        context = SENTENCE if style.whole else style.context
        text = kwic_text(hit, style.words, whole_node=not style.of_pattern, context=context)
        sense = UNKNOWN_SENSE
    else:
        met = hit.meetings
        shown = clickable_words(hit.sentence, style.words(hit.sentence), 0, SENTENCE, key, met, style.met)
        cut = ELLIPSIS if len(hit.sentence) > SENTENCE else ""
        text = f"{_text(hit)}{shown}{cut}</p>{meetings.said(hit)}"
        extra = around_button(hit, number, style.expanded)
        more = under_line(hit, style.expanded)
    place = _read_button(number) if style.grouped else document_cell(hit, number)
    rank = number if style.ranked else ""
    # Only what has a vector can be compared, so other places of a pattern have no marks.
    buttons = '<span class="pol-marks"></span>' if style.of_pattern and not key else _mark_buttons(key, number, extra)
    score = _score(hit) if style.scored else '<span class="pol-score"></span>'
    return (
        f'<li class="pol-line" role="row" data-key="{key}"><span class="pol-rank" role="cell">{rank}</span>{sense}'
        f"{text}{place}{buttons}{score}{translations(hit)}{more}</li>"
    )


def _read_button(number: int) -> str:
    name = say_html("Open the document at line {line}", line=str(number))
    return (
        f'<div class="pol-where" role="cell"><button type="button" class="pol-open" data-open="{number}"'
        f' aria-label="{name}" title="{say_html("Open the document at this line")}">{say_html("read")}</button></div>'
    )


def _text(hit: SentenceHit) -> str:
    """Return the start of the cell with the text of a hit. The keyboard reaches it."""
    return f'<p class="pol-text" role="cell" tabindex="0" dir="{direction(hit.sentence)}">'


def _sense_cell(number: int | None) -> str:
    """Return the cell of a line with the sign of its sense."""
    cell = f'role="cell" aria-label="{sense_name(number)}"'
    return sense_sign(number).replace("<span ", f"<span {cell} ", 1)


def answered(word: object, lines: object, tab: object) -> str:
    """Return which answer the page shows. The script scrolls to what has changed, unless it is on the screen.

    Args:
        word: What decides the word of the answer.
        lines: What decides its lines.
        tab: What decides the content of the open tab.
    """
    of_word, of_lines, of_tab = (zlib.crc32(repr(part).encode()) for part in (word, lines, tab))
    return f'<i class="pol-answer" data-word="{of_word}" data-lines="{of_lines}" data-tab="{of_tab}" hidden></i>'


def senses(keys: Iterable[int], numbers: Mapping[int, int | None]) -> str:
    """Return the signs of the senses of some lines. The script moves them into the lines.

    They are apart from the lines, which are shown before the senses are known.

    Args:
        numbers: Occurrence id -> number of its sense.
    """
    signs = (f'<i data-key="{key}">{_sense_cell(numbers[key])}</i>' for key in keys if key in numbers)
    return f'<div class="pol-signs" hidden>{"".join(signs)}</div>'


def marks(marked: Marks, address: Mapping[str, str] | None = None) -> str:
    """Return which lines are marked + and -. The script presses their buttons, and writes the marks in the address.

    Args:
        address: Parameters that hold all marks of the collection.
    """
    held = escape("&".join(f"{name}={keys}" for name, keys in (address or {}).items()))
    plus, minus = (" ".join(str(key) for key, sign in sorted(marked.items()) if sign == wanted) for wanted in (1, -1))
    return f'<i class="pol-marked" data-plus="{plus}" data-minus="{minus}" data-address="{held}" hidden></i>'


def _mark_buttons(key: int, number: int, extra: str) -> str:
    buttons = "".join(
        f'<button type="button" data-mark="{sign}" data-key="{key}" aria-pressed="false"'
        f' aria-label="{name}" title="{title}">{shown}</button>'
        for sign, shown, name, title in (
            (1, "+", say_html("Mark line {line} plus", line=str(number)), say_html("More like this line")),
            (
                -1,
                "\N{MINUS SIGN}",
                say_html("Mark line {line} minus", line=str(number)),
                say_html("Less like this line"),
            ),
        )
    )
    return f'<span class="pol-marks" role="cell">{buttons}{extra}</span>'


def _score(hit: SentenceHit) -> str:
    title = say("cosine {score}", score=numeral(hit.score, ".4f"))
    if hit.confidence is not None:
        values = {"score": numeral(hit.score, ".4f"), "probability": numeral(hit.confidence, ".0%")}
        if isinstance(hit, OccurrenceHit):
            title = say("cosine {score}; the sense is the same with a probability of {probability}", **values)
        else:
            title = say("cosine {score}; the meaning is the same with a probability of {probability}", **values)
    return score_cell(hit.score, hit.confidence, title, of_line=True)


def score_cell(score: float, confidence: float | None, title: str, of_line: bool = False) -> str:
    """Return a score with its confidence. The title says what both are.

    Args:
        of_line: Whether both are cells of a line.
    """
    cell = ' role="cell"' if of_line else ""
    sure = ""
    if confidence is not None:
        said = f'<span class="pol-said">{say_html("probability")} </span>'
        sure = f'<span class="pol-sure"{cell}>{said}{numeral(confidence, ".0%")}</span>'
    return (
        f'<span class="pol-score" title="{attribute(title)}"><span class="pol-value"{cell}><span class="pol-said">'
        f"{say_html('score')} </span>{numeral(score, '.2f')}</span>{sure}</span>"
    )


def kwic_text(hit: OccurrenceHit, words: Words, whole_node: bool = True, context: int = CONTEXT) -> str:
    """Return one run of inline text, so that selecting or searching text works across the node.

    Args:
        whole_node: Whether a click on the node searches for all of it. If not, each of its words can be clicked.
        context: Maximum length of the context on each side, in characters.
    """
    spans = list(words(hit.sentence))
    first = _cut(hit.sentence, hit.start - context, hit.start, context)
    last = _cut(hit.sentence, hit.end, hit.end + context, context, from_right=True)
    left = clickable_words(hit.sentence, spans, first, hit.start, hit.sentence_id).lstrip()
    right = clickable_words(hit.sentence, spans, hit.end, last, hit.sentence_id).rstrip()
    before = ELLIPSIS if first else ""
    after = ELLIPSIS if last < len(hit.sentence) else ""
    node = escape(cut_right(SPACE.sub(" ", hit.sentence[hit.start : hit.end]), NODE))
    hop = f' data-hop="{hit.start}-{hit.end}" data-in="{hit.sentence_id}"'
    if not whole_node:
        whole = hit.end - hit.start <= NODE
        end = hit.end if whole else hit.start + NODE
        node = clickable_words(hit.sentence, spans, hit.start, end, hit.sentence_id) + ("" if whole else ELLIPSIS)
        hop = ""
    return (
        f'{_text(hit)}<span class="pol-run"><bdi>{before}{left}</bdi>'
        f'<mark class="pol-node"{hop}><bdi>{node}</bdi></mark><bdi>{right}{after}</bdi></span></p>'
    )


def _cut(text: str, start: int, end: int, context: int, from_right: bool = False) -> int:
    """Return where a context from the node to `start` (or `end`) is cut, at a space if one is near."""
    if from_right:
        if end >= len(text):
            return len(text)
        space = text.rfind(" ", end - context // 3, end)
        return space if space > start else end
    if start <= 0:
        return 0
    space = text.find(" ", start, start + context // 3)
    return space + 1 if 0 <= space < end else start


def clickable_words(
    sentence: str,
    words: Iterable[tuple[int, int]],
    first: int,
    last: int,
    sentence_id: int,
    met: Sequence[Meeting] = (),
    numbers: Mapping[tuple[int, int], int] | None = None,
) -> str:
    """Return sentence[first:last] with white space collapsed, and each whole word in a clickable element.

    Args:
        met: Words of the sentence that meet words of the query. They are marked.
        numbers: Offsets of a word of the query -> its number.
    """
    out: list[str] = []
    place = first
    for start, end in words:
        if start < place or end > last:
            continue
        out.append(_folded(sentence[place:start]))
        word, hop = _folded(sentence[start:end]), f'data-hop="{start}-{end}" data-in="{sentence_id}"'
        if marked := meetings.mark_of(met, start, end, numbers or {}):
            attributes, strength = marked
            out.append(f'<mark class="pol-met" data-shade="{strength}" {hop}{attributes}>{word}</mark>')
        else:
            out.append(f"<span {hop}>{word}</span>")
        place = end
    out.append(_folded(sentence[place:last]))
    return "".join(out)


def _folded(text: str) -> str:
    return escape(SPACE.sub(" ", text))
