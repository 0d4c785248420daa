"""Build the signs of annotations: what people have said about the lines of the page. All functions are pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ....indexer.collection.judgements import Annotation, Mark
from ....search.hits import OccurrenceHit, SentenceHit
from ....search.judging.agreement import Agreement
from .base import count, cut_right, escape

CHIP = 24
"""Maximum length of the text of a sign, in characters."""
TITLE = 500
"""Maximum length of a note in the title of a sign, in characters."""
MARKS = {
    Mark.PLUS: "+ has the sense",
    Mark.MINUS: "\N{MINUS SIGN} does not have it",
    Mark.GOOD: "good example",
    Mark.BAD: "bad example",
}
"""Names of the marks."""
_SIGNS: dict[str, tuple[str, str]] = {
    Mark.PLUS: ("+", "has the sense"),
    Mark.MINUS: ("\N{MINUS SIGN}", "does not have the sense"),
    Mark.GOOD: ("good", "good example"),
    Mark.BAD: ("bad", "bad example"),
}


def of_lines(hits: Sequence[SentenceHit]) -> str:
    """Return the signs of the annotated lines of a page. The script moves them into the lines.

    They are apart from the lines, so that a judgement does not redraw the lines.
    """
    judged = (hit for hit in hits if isinstance(hit, OccurrenceHit) and hit.annotations)
    items = (f'<i data-key="{hit.occurrence_id}">{signs(hit.annotations)}</i>' for hit in judged)
    return f'<div class="pol-annotations" hidden>{"".join(items)}</div>'


def signs(said: Iterable[Annotation]) -> str:
    """Return what all authors say about a line: a sign for each sense, label, mark and note."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in said:
        for kind in ("sense", "label", "mark", "note"):
            if value := str(getattr(each, kind)):
                found.setdefault((kind, value), []).append(each.author)
    ordered = sorted(found.items(), key=lambda item: ("sense", "label", "mark", "note").index(item[0][0]))
    shown = "".join(_sign(kind, value, authors) for (kind, value), authors in ordered)
    return f'<span class="pol-chips">{shown}</span>'


def _sign(kind: str, value: str, authors: Sequence[str]) -> str:
    by = f"by {', '.join(authors)}"
    text, title = value, f"{kind} {value}"
    if kind == "mark":
        text, title = _SIGNS.get(value, (value, value))
    elif kind == "note":
        text, title = "note", f"note: {value}"
    full = escape(f"{cut_right(title, TITLE)}, {by}")
    return f'<span class="pol-chip" data-kind="{kind}" title="{full}"><bdi>{escape(cut_right(text, CHIP))}</bdi></span>'


def agreement(found: Agreement) -> str:
    """Return in one line how far the authors agree about the senses of a word. "" if there are fewer than two."""
    if len(found.authors) < 2:
        return ""
    people = f"{count(len(found.authors), 'author')}: {', '.join(found.authors)}"
    if found.alpha is None:
        text = f"{people}. Their agreement is not defined, since they have not judged the same lines differently"
    else:
        lines = count(found.lines, "line")
        text = f"{people}. Agreement on {lines} that several have judged: Krippendorff's alpha {found.alpha:.2f}"
    pairs = "; ".join(
        f"{pair.first} and {pair.second}: {pair.same:.0%} of {count(pair.lines, 'line')}" for pair in found.pairs
    )
    return f'<p class="pol-quiet pol-agreement" title="{escape(pairs)}">{escape(text)}.</p>'
