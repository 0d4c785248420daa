"""Pieces of HTML that the page shows. Pure. Text from documents is data: all of it goes through `escape` or `label`."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ....indexer.collection.records import CollectionInfo, Scalar
from ....search.explanation import Contribution
from ....search.hits import OccurrenceHit, SentenceHit

CONTEXT = 140
"""Characters on each side of the node; the page's width hides more."""
NODE = 80
SENTENCE = 700
FACT = 36
FACTS = 5
DOCUMENT = 60_000
"""Characters of a document that are shown at once, around the hit."""
SPACE = re.compile(r"\s+")
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
COLOURS = 8
"""Senses that have a colour and shape of their own."""
_FIRST = ("year", "date", "author")
# HTML has no control characters but white space, and Streamlit sends no lone surrogates.
_UNSHOWABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")
# Streamlit turns ":bank:" into pictures and "->" into arrows after escapes are read; a word joiner keeps them apart.
_SHORTCODE = re.compile(r"([:<>=~-])")


def escape(text: object) -> str:
    """Text as HTML shows it, also inside an attribute in double quotes."""
    return html.escape(_UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", str(text)), quote=True)


def label(text: str, longest: int = 200) -> str:
    """Text as a Streamlit label or message shows it, which would read it as Markdown."""
    plain = _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", SPACE.sub(" ", cut_right(text, longest)))
    return _MARKDOWN.sub(lambda sign: "\\" + _SHORTCODE.sub("\\1\N{WORD JOINER}", sign[1]), plain)


def edged(text: str) -> str:
    """A label that is a piece of a longer one: the spaces at its ends stay."""
    shown = label(text.strip())
    return " " * text[:1].isspace() + shown + " " * (text[-1:].isspace() and bool(shown))


def direction(text: str) -> str:
    """``rtl`` where the first letter with a direction runs from right to left, else ``ltr``."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return "ltr"


def cut_right(text: str, longest: int) -> str:
    """The beginning of a text, cut between words where a space is near."""
    if len(text) <= longest:
        return text
    kept = text[: longest - 1]
    space = kept.rfind(" ", longest - 1 - longest // 3)
    return (kept if space < 0 else kept[:space]) + "…"


def cut_left(text: str, longest: int) -> str:
    """The end of a text, cut between words where a space is near."""
    if len(text) <= longest:
        return text
    kept = text[len(text) - longest + 1 :]
    space = kept.find(" ", 0, longest // 3)
    return "…" + (kept if space < 0 else kept[space + 1 :])


def distinct(texts: Iterable[str], longest: int) -> dict[str, str]:
    """Texts -> how they are shown, each in a way of its own: those that begin alike are cut in their middle."""
    known = list(dict.fromkeys(texts))
    shown = {text: cut_right(text, longest) for text in known}
    counts = Counter(shown.values())
    for text in (text for text in known if counts[shown[text]] > 1 and len(text) > longest):
        half = (longest - 1) // 2
        shown[text] = f"{text[:half]}…{text[-half:]}"
    counts, seen = Counter(shown.values()), Counter[str]()
    for text in (text for text in known if counts[shown[text]] > 1):
        seen[shown[text]] += 1
        shown[text] = f"{shown[text]} [{seen[shown[text]]}]"
    return shown


def facts(metadata: Mapping[str, Scalar]) -> str:
    """Metadata in one line: year, date and author first, the title left out."""
    fields = [field for field in _FIRST if field in metadata]
    fields += [field for field in metadata if field not in (*_FIRST, "title") and str(metadata[field]).strip()]
    shown = [f'<span title="{escape(f)}"><bdi>{escape(cut_right(str(metadata[f]), FACT))}</bdi></span>' for f in fields]
    return " · ".join(shown[:FACTS])


def document_cell(hit: SentenceHit, number: int) -> str:
    """A hit's document and metadata; the title opens the document at the line of this number."""
    return (
        f'<div class="pol-where"><button type="button" class="pol-open" data-open="{number}"'
        f' title="Open the document at this line"><bdi>{escape(cut_right(hit.document, 2 * FACT))}</bdi></button>'
        f'<span class="pol-facts">{facts(hit.metadata)}</span></div>'
    )


UNMARKED = '<span class="pol-s"></span>'
"""The place of a sense's sign, where nothing is known of a line's sense."""


def sense_colour(number: int | None) -> str:
    """Which of the colours and shapes a sense has."""
    return "none" if number is None else str((number - 1) % COLOURS)


def sense_mark(number: int | None) -> str:
    """The small sign that tells a line's sense: a colour, a shape and a number, so that none is needed alone."""
    if number is None:
        return '<span class="pol-s" data-s="none" title="no sense">\N{EN DASH}</span>'
    return f'<span class="pol-s" data-s="{sense_colour(number)}" title="sense {number}">{number}</span>'


def document_page(text: str, hit: SentenceHit, number: int) -> str:
    """The document's text around a hit, its sentence marked, and in it the node of an occurrence; by stored offsets.

    number: of the line, so that another hit of the same sentence is brought into view too.
    """
    start, end = hit.sentence_start, hit.sentence_start + len(hit.sentence)
    first, last = window(len(text), start, end, DOCUMENT)
    before, sentence, after = text[first:start], escape(hit.sentence), text[end:last]
    if isinstance(hit, OccurrenceHit):
        node = f'<mark class="pol-node">{escape(hit.sentence[hit.start : hit.end])}</mark>'
        sentence = escape(hit.sentence[: hit.start]) + node + escape(hit.sentence[hit.end :])
    return (
        '<div class="pol-document" tabindex="0" role="region" aria-label="Text of the document"'
        f' dir="{direction(text)}">{_left_out(first)}'
        f'{escape(before)}<span class="pol-sentence" data-here="{number}">{sentence}</span>{escape(after)}'
        f"{_left_out(len(text) - last)}</div>"
    )


def _left_out(characters: int) -> str:
    return f'<p class="pol-quiet">… {characters:,} more characters …</p>' if characters else ""


def window(length: int, start: int, end: int, size: int) -> tuple[int, int]:
    """A stretch of at most ``size`` of ``length`` characters around [start, end), all of which it holds."""
    first = max(0, min(start, (start + end - size) // 2, length - size))
    return first, min(length, max(end, first + size))


def document_head(hit: SentenceHit, hits: int, key: int) -> str:
    """Title, metadata and place of the document that is open."""
    fields = "".join(
        f"<div><dt>{escape(field)}</dt><dd><bdi>{escape(cut_right(str(value), 200))}</bdi></dd></div>"
        for field, value in hit.metadata.items()
        if field != "title"
    )
    return (
        f'<header class="pol-head"><h2><bdi>{escape(cut_right(hit.document, 200))}</bdi></h2>'
        f'<p class="pol-quiet">line {key} of {hits} · {escape(cut_left(hit.document_id, 120))}</p>'
        f"<dl>{fields}</dl></header>"
    )


def why(words: Sequence[Contribution], layers: Mapping[str, float]) -> str:
    """Which words around a hit make it alike with the query, and how alike both are by each layer."""
    helping = ", ".join(f"<b>{escape(word.token)}</b> {word.drop:+.2f}" for word in words) or "none by itself"
    by_layer = ", ".join(f"{_layer_name(name)} {score:.2f}" for name, score in layers.items())
    return (
        f'<p class="pol-why">What helps most, by its share of the score: {helping}.<br>Cosine by layer: {by_layer}.</p>'
    )


def _layer_name(name: str) -> str:
    return f"layer {name}:" if name.isdecimal() else escape(name)


def count(number: int, what: str) -> str:
    """``1 line``, ``1,234 lines``."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def found(hits: str, target: str | None, order: str, where: Sequence[str]) -> str:
    """The line above the lines: how many, of which word, in which order, within which filters."""
    word = "" if target is None else f" of <mark><bdi>{escape(cut_right(target, NODE))}</bdi></mark>"
    within = f' <span class="pol-quiet">within {escape(", ".join(where))}</span>' if where else ""
    rest = f'<span class="pol-quiet">{escape(order)}</span>{within}'
    return f'<h2 class="pol-found" aria-live="polite">{escape(hits)}{word} {rest}</h2>'


def notice(text: str) -> str:
    """What the asker should know about the list, as one line that is read out."""
    return f'<p class="pol-notice" role="status">{escape(text[:1].upper() + text[1:])}.</p>'


def message(title: str, text: str, step: str = "") -> str:
    """A state of the whole page: what is so, and the next step as a command to copy."""
    command = f"<pre><code>{escape(step)}</code></pre>" if step else ""
    return f'<section class="pol-message"><h2>{escape(title)}</h2><p>{escape(text)}</p>{command}</section>'


def heading(name: str, info: CollectionInfo | None) -> str:
    """The line that stays above everything: the collection, its size, model and layer."""
    parts = [f"<b><bdi>{escape(cut_right(name, 60))}</bdi></b>"]
    if info is not None:
        parts += [count(info.documents, "document"), count(info.sentences, "sentence")]
        parts += [f"model {escape(cut_left(info.settings.model, 40))}", f"layer {escape(info.settings.layer)}"]
    shown = "".join(f"<span>{part}</span>" for part in parts)
    return f'<header class="pol-top"><h1>Polyseme</h1><p>{shown}</p></header>'


def collection_facts(info: CollectionInfo) -> str:
    """What the collection is, for the side."""
    rows = {
        "documents": f"{info.documents:,}",
        "sentences": f"{info.sentences:,}",
        "occurrences": f"{info.occurrences:,}",
        "different words": f"{info.types:,}",
        "language": info.settings.language,
        "model": f"{cut_left(info.settings.model, 60)} ({info.settings.model_id[:8]})",
        "layer": str(info.settings.layer),
    }
    listed = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows.items())
    return f'<dl class="pol-info" title="{escape(info.path)}">{listed}</dl>'
