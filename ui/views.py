"""Hits -> HTML that the page shows. Pure. Text from documents is data: everything goes through `escape` or `label`."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Mapping, Sequence

from indexer.collection.records import CollectionInfo, Scalar
from search.hits import HitList, Match, OccurrenceHit, SentenceHit
from search.kwic import concordance_line
from search.senses import Sense, SenseInventory

CONTEXT = 140
"""Characters on each side of the node; the page's width hides more."""
NODE = 80
SENTENCE = 700
FACT = 36
FACTS = 5
DOCUMENT = 60_000
"""Characters of a document that are shown at once, around the hit."""
NEAR = 60
_SPACE = re.compile(r"\s+")
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
    plain = _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", _SPACE.sub(" ", cut_right(text, longest)))
    return _MARKDOWN.sub(lambda sign: "\\" + _SHORTCODE.sub("\\1\N{WORD JOINER}", sign[1]), plain)


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


def facts(metadata: Mapping[str, Scalar]) -> str:
    """Metadata in one line: year, date and author first, the title left out."""
    fields = [field for field in _FIRST if field in metadata]
    fields += [field for field in metadata if field not in (*_FIRST, "title") and str(metadata[field]).strip()]
    shown = [f'<span title="{escape(f)}"><bdi>{escape(cut_right(str(metadata[f]), FACT))}</bdi></span>' for f in fields]
    return " · ".join(shown[:FACTS])


def concordance(hits: Sequence[OccurrenceHit]) -> str:
    """The hits as lines with the node in the middle, in reading order with their spaces."""
    lines = "".join(_item(hit, _kwic(hit, CONTEXT)) for hit in hits)
    return f'<ol class="pol-lines pol-kwic" aria-label="Occurrences, nearest in sense first">{lines}</ol>'


def sentence_list(hits: Sequence[SentenceHit]) -> str:
    """The hits as whole sentences."""
    items = "".join(
        _item(hit, f'<p class="pol-text" dir="{direction(hit.sentence)}">{escape(_folded(hit.sentence))}</p>')
        for hit in hits
    )
    return f'<ol class="pol-lines" aria-label="Sentences, nearest in meaning first">{items}</ol>'


def _folded(sentence: str) -> str:
    return cut_right(_SPACE.sub(" ", sentence).strip(), SENTENCE)


def _item(hit: SentenceHit, text: str) -> str:
    title = f"cosine {hit.score:.4f}"
    sure = ""
    if hit.confidence is not None:
        title += f"; nearer than {hit.confidence:.0%} of random pairs"
        sure = f'<span class="pol-sure">{hit.confidence:.0%}</span>'
    return (
        f'<li class="pol-line"><span class="pol-rank">{hit.rank}</span>{text}'
        f'<div class="pol-where"><button type="button" class="pol-open" data-open="{hit.rank}"'
        f' title="Open the document at this line"><bdi>{escape(cut_right(hit.document, 2 * FACT))}</bdi></button>'
        f'<span class="pol-facts">{facts(hit.metadata)}</span></div>'
        f'<span class="pol-score" title="{title}">{hit.score:.2f}{sure}</span></li>'
    )


def _kwic(hit: OccurrenceHit, width: int) -> str:
    line = concordance_line(hit)
    left = cut_left(line.left, width)
    # One run of inline text, so that a selection or a search in the page crosses the node; --left lets the style sheet
    # guess the shift that brings the node to the middle, until the script has measured it.
    return (
        f'<p class="pol-text" dir="{direction(hit.sentence)}"><span class="pol-run" style="--left:{len(left)}">'
        f'<bdi>{escape(left)}</bdi><mark class="pol-node"><bdi>{escape(cut_right(line.node, NODE))}</bdi></mark>'
        f"<bdi>{escape(cut_right(line.right, width))}</bdi></span></p>"
    )


def document_page(text: str, hit: SentenceHit) -> str:
    """The document's text around a hit, its sentence marked, and in it the node of an occurrence; by stored offsets."""
    start, end = hit.sentence_start, hit.sentence_start + len(hit.sentence)
    first, last = window(len(text), start, end, DOCUMENT)
    before, sentence, after = text[first:start], escape(hit.sentence), text[end:last]
    if isinstance(hit, OccurrenceHit):
        node = f'<mark class="pol-node">{escape(hit.sentence[hit.start : hit.end])}</mark>'
        sentence = escape(hit.sentence[: hit.start]) + node + escape(hit.sentence[hit.end :])
    return (
        '<div class="pol-document" tabindex="0" role="region" aria-label="Text of the document"'
        f' dir="{direction(text)}">{_left_out(first)}'
        f'{escape(before)}<span class="pol-sentence" data-here="{hit.rank}">{sentence}</span>{escape(after)}'
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


def sense_cards(inventory: SenseInventory) -> str:
    """The senses of a word: size, words that tell each from the others, and its most central lines."""
    note = f'<p class="pol-quiet">{escape(inventory.notice)}</p>' if inventory.notice else ""
    return note + f'<div class="pol-senses">{"".join(map(_sense_card, inventory.senses))}</div>'


def _sense_card(sense: Sense) -> str:
    words = ", ".join(escape(cut_right(word.lemma, NODE)) for word in sense.labels)
    lines = [f"<li>{_near(hit)}</li>" for hit in sense.central]
    more = f"<details><summary>more lines</summary><ul>{''.join(lines[1:])}</ul></details>" if lines[1:] else ""
    return (
        f'<section class="pol-sense"><h3>Sense {sense.number + 1}<span>{_count(sense.size, "line")}'
        f' · {sense.share:.0%}</span></h3><div class="pol-bar"><i style="width:{100 * sense.share:.1f}%"></i></div>'
        f'<p class="pol-labels">{words}</p><ul>{"".join(lines[:1])}</ul>{more}</section>'
    )


def _near(hit: OccurrenceHit) -> str:
    line = concordance_line(hit)
    left, right = cut_left(line.left, NEAR), cut_right(line.right, NEAR)
    node = f"<mark>{escape(cut_right(line.node, NODE))}</mark>"
    return f'<bdi dir="{direction(hit.sentence)}">{escape(left)}{node}{escape(right)}</bdi>'


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def found_sentences(hits: Sequence[SentenceHit], where: Sequence[str]) -> str:
    """The line above the hits of a query by sentence: how many, within which filters."""
    return _found(f"{_count(len(hits), 'sentence')}, nearest in meaning first", where)


def found_occurrences(hits: HitList[OccurrenceHit], target: str, where: Sequence[str]) -> str:
    """The line above the hits of a query by word in context: how many, of which words, within which filters."""
    word = f"<mark><bdi>{escape(cut_right(target, NODE))}</bdi></mark>"
    number = _count(len(hits), "occurrence")
    if hits.match is Match.ANY:
        return _found(f"{number} of any word, nearest in sense to {word} first", where)
    return _found(f"{number} of {word}, nearest in sense first", where)


def _found(what: str, where: Sequence[str]) -> str:
    within = f' <span class="pol-quiet">within {escape(", ".join(where))}</span>' if where else ""
    return f'<h2 class="pol-found">{what}{within}</h2>'


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
        parts += [_count(info.documents, "document"), _count(info.sentences, "sentence")]
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
