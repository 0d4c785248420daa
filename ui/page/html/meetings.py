"""Build the marks of words that meet: in the lines, and in the query above them.

All functions are pure, except that the page's own texts are in the visitor's language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ....search.hits import Meeting, SentenceHit
from ..language import numeral, plural_html, say_html
from .base import SENTENCE, SPACE, attribute, cut_right, direction, escape

SHADES = (0.05, 0.12, 0.25)
"""Shares of the query's meaning from which on a mark has the second, third and fourth shade."""
WORD = 40
"""Maximum length of a word in the text of a mark, in characters."""


def shade(share: float) -> int:
    """Return the shade of a share of the query's meaning, from 1 to 4."""
    return 1 + sum(share >= limit for limit in SHADES)


def numbers_of(hits: Iterable[SentenceHit]) -> dict[tuple[int, int], int]:
    """Return the number of each word of the query that a hit meets, from 1 in the order of the query."""
    spans = {(each.query_start, each.query_end) for hit in hits for each in hit.meetings}
    return {span: number for number, span in enumerate(sorted(spans), start=1)}


def met_text(meetings: Sequence[Meeting], written: Callable[[float], str] = "{:.2f}".format) -> str:
    """Return what a mark means in words: `shore ~ bank 0.80`. Several meetings are in one line.

    Args:
        written: Writes a similarity. Files have the same number in every language.
    """
    return ", ".join(
        f"{_word(each.token)} ~ {_word(each.query_token)} {written(each.similarity)}"
        for each in sorted(meetings, key=lambda each: -each.share)
    )


def met_html(meetings: Sequence[Meeting]) -> str:
    """Return what a mark means as HTML, with numbers in the visitor's language."""
    return escape(_met_text(meetings))


def _met_text(meetings: Sequence[Meeting]) -> str:
    return met_text(meetings, lambda similarity: numeral(similarity, ".2f"))


def _word(text: str) -> str:
    return SPACE.sub(" ", cut_right(text, WORD))


def mark_of(
    meetings: Sequence[Meeting], start: int, end: int, numbers: Mapping[tuple[int, int], int]
) -> tuple[str, str] | None:
    """Return the attributes of a word that meets words of the query, and its shade. None if it meets none.

    Args:
        start: Offset of the word in its sentence.
        end: Offset after its last character.
    """
    here = [each for each in meetings if each.start < end and each.end > start]
    if not here:
        return None
    met = sorted({numbers.get((each.query_start, each.query_end), 0) for each in here})
    shown = " ".join(map(str, met))
    strength = shade(sum(each.share for each in here))
    return f' data-met="{_met(here)}" data-meets="{shown}"', str(strength)


def _met(meetings: Sequence[Meeting]) -> str:
    return say_html("met: {words}", words=attribute(_met_text(meetings)))


def query_line(text: str, hits: Sequence[SentenceHit]) -> str:
    """Return the query with the words marked that hits of this page meet. It explains the marks of the lines.

    A word has the shade of its largest share among the hits. Without meetings the line is empty.
    """
    numbers = numbers_of(hits)
    if not numbers:
        return ""
    shares: dict[tuple[int, int], float] = dict.fromkeys(numbers, 0.0)
    counts = dict.fromkeys(numbers, 0)
    for hit in hits:
        for span in {(each.query_start, each.query_end) for each in hit.meetings}:
            covered = sum(each.share for each in hit.meetings if (each.query_start, each.query_end) == span)
            shares[span] = max(shares[span], covered)
            counts[span] += 1
    out, place = [], 0
    for (start, end), number in numbers.items():
        if not place <= start < end <= min(len(text), SENTENCE):
            continue
        said = plural_html(
            "met in {met} of {number} line", "met in {met} of {number} lines", len(hits), met=str(counts[start, end])
        )
        out.append(escape(SPACE.sub(" ", text[place:start])))
        out.append(
            f'<mark class="pol-met" data-shade="{shade(shares[start, end])}" data-meets="{number}" data-met="{said}"'
            f' tabindex="0">{escape(SPACE.sub(" ", text[start:end]))}</mark>'
        )
        place = end
    rest = cut_right(text[place:], max(1, SENTENCE - place)) if place < SENTENCE else ""
    out.append(escape(SPACE.sub(" ", rest)))
    return (
        '<p class="pol-query"><span class="pol-quiet">'
        f"{say_html('Words that meet yours in the same sense are marked:')} </span>"
        f'<span dir="{direction(text)}">{"".join(out)}</span></p>'
    )


def said(hit: SentenceHit) -> str:
    """Return the meetings of a hit for screen readers, which do not announce marks. "" without meetings."""
    return f'<span class="pol-said" role="cell">{_met(hit.meetings)}</span>' if hit.meetings else ""
