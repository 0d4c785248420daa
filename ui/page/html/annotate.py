"""Build the signs of annotations: what people have said about the lines of the page.

All functions are pure, except that the page's own texts are in the visitor's language.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ....indexer.collection.judgements import Annotation, Mark
from ....search.hits import OccurrenceHit, SentenceHit
from ....search.judging.agreement import Agreement
from ..language import numeral, plural, say, say_html, to_translate
from .base import attribute, cut_right, escape, number_of_lines

CHIP = 24
"""Maximum length of the text of a sign, in characters."""
TITLE = 500
"""Maximum length of a note in the title of a sign, in characters."""
MARKS = {
    Mark.PLUS: to_translate("+ has the sense"),
    Mark.MINUS: to_translate("\N{MINUS SIGN} does not have it"),
    Mark.GOOD: to_translate("good example"),
    Mark.BAD: to_translate("bad example"),
}
"""Names of the marks."""
KINDS = {
    "sense": to_translate("sense"),
    "label": to_translate("label"),
    "mark": to_translate("mark"),
    "note": to_translate("note"),
}
"""What an annotation has."""
_SIGNS: dict[str, tuple[str, str]] = {
    Mark.PLUS: ("+", to_translate("has the sense")),
    Mark.MINUS: ("\N{MINUS SIGN}", to_translate("does not have the sense")),
    Mark.GOOD: (to_translate("good"), to_translate("good example")),
    Mark.BAD: (to_translate("bad"), to_translate("bad example")),
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
        for kind in KINDS:
            if value := str(getattr(each, kind)):
                found.setdefault((kind, value), []).append(each.author)
    ordered = sorted(found.items(), key=lambda item: list(KINDS).index(item[0][0]))
    shown = "".join(_sign(kind, value, authors) for (kind, value), authors in ordered)
    return f'<span class="pol-chips">{shown}</span>'


def _sign(kind: str, value: str, authors: Sequence[str]) -> str:
    text, title = value, f"{say(KINDS[kind])} {value}"
    if kind == "mark":
        text, title = map(say, _SIGNS[value]) if value in _SIGNS else (value, value)
    elif kind == "note":
        text, title = say("note"), say("note: {note}", note=value)
    full = say_html(
        "{said}, by {authors}", said=attribute(cut_right(title, TITLE)), authors=attribute(", ".join(authors))
    )
    return f'<span class="pol-chip" data-kind="{kind}" title="{full}"><bdi>{escape(cut_right(text, CHIP))}</bdi></span>'


def agreement(found: Agreement) -> str:
    """Return in one line how far the authors agree about the senses of a word. "" if there are fewer than two."""
    if len(found.authors) < 2:
        return ""
    people = plural(
        "{number} author: {names}.", "{number} authors: {names}.", len(found.authors), names=", ".join(found.authors)
    )
    if found.alpha is None:
        text = say("Their agreement is not defined, since they have not judged the same lines differently.")
    else:
        text = plural(
            "Agreement on {number} line that several have judged: Krippendorff's alpha {alpha}.",
            "Agreement on {number} lines that several have judged: Krippendorff's alpha {alpha}.",
            found.lines,
            alpha=numeral(found.alpha, ".2f"),
        )
    pairs = "; ".join(
        say(
            "{first} and {second}: {same} of {lines}",
            first=pair.first,
            second=pair.second,
            same=numeral(pair.same, ".0%"),
            lines=number_of_lines(pair.lines),
        )
        for pair in found.pairs
    )
    return f'<p class="pol-quiet pol-agreement" title="{attribute(pairs)}">{escape(f"{people} {text}")}</p>'
