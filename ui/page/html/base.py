"""Build pieces of the page's HTML. All text from documents goes through `escape` or `label`.

All functions are pure, except that the page's own texts are in the visitor's language.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ....indexer.collection.records import CollectionInfo
from ....indexer.values import Value, text_of
from ....search import markup
from ....search.explanation import Contribution
from ....search.hits import OccurrenceHit, SentenceHit, is_translation
from ....search.markup import FACT as FACT
from ....search.markup import NODE as NODE
from ....search.markup import SENTENCE as SENTENCE
from ....search.markup import SPACE as SPACE
from ....search.markup import UNSHOWABLE as UNSHOWABLE
from ....search.markup import cut_left as cut_left
from ....search.markup import cut_right as cut_right
from ....search.markup import direction as direction
from ....search.markup import escape as escape
from ..language import numeral, plural, plural_html, say, say_html, to_translate

CONTEXT = 140
"""Maximum length of the context on each side of the node, in characters. The page is rarely wide enough for more."""
DOCUMENT = 60_000
"""Maximum length of the text of a document around the hit, in characters."""
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
COLOURS = 8
"""Number of senses with their own colour and shape. Further senses reuse them."""
POS_NAMES = {
    "ADJ": to_translate("adjective"),
    "ADP": to_translate("preposition"),
    "ADV": to_translate("adverb"),
    "AUX": to_translate("auxiliary verb"),
    "CCONJ": to_translate("coordinating conjunction"),
    "DET": to_translate("determiner"),
    "INTJ": to_translate("interjection"),
    "NOUN": to_translate("noun"),
    "NUM": to_translate("numeral"),
    "PART": to_translate("particle"),
    "PRON": to_translate("pronoun"),
    "PROPN": to_translate("name"),
    "PUNCT": to_translate("punctuation"),
    "SCONJ": to_translate("subordinating conjunction"),
    "SYM": to_translate("symbol"),
    "VERB": to_translate("verb"),
    "X": to_translate("other"),
}
"""The universal parts of speech."""
_ENDS = re.compile(r"--!?>|]>|</")
_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")
# Streamlit turns ":bank:" into an emoji and "->" into an arrow, even if escaped. A word joiner between them stops it.
_SHORTCODE = re.compile(r"([:<>=~-])")


def attribute(text: str) -> str:
    """Escape a text for an attribute. The browser's filter drops attributes in which markup could end."""
    return escape(_ENDS.sub(lambda found: f"{found[0][:-1]} {found[0][-1]}", text))


def label(text: str, longest: int = 200) -> str:
    """Escape text for a Streamlit label or message, which would interpret it as Markdown."""
    plain = UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", SPACE.sub(" ", cut_right(text, longest)))
    return _MARKDOWN.sub(lambda sign: "\\" + _SHORTCODE.sub("\\1\N{WORD JOINER}", sign[1]), plain)


def label_piece(text: str) -> str:
    """Escape text as one piece of a longer label. The spaces at its ends stay."""
    shown = label(text.strip())
    return " " * text[:1].isspace() + shown + " " * (text[-1:].isspace() and bool(shown))


def distinct(texts: Iterable[str], longest: int) -> dict[str, str]:
    """Return a distinct short form of each text. Texts with the same beginning are shortened in the middle."""
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


def facts(metadata: Mapping[str, Value]) -> str:
    """Return metadata in one line: year, date and author first, without the title and translations."""
    return markup.facts({field: value for field, value in metadata.items() if not is_translation(field)})


def pos_name(pos: str) -> str:
    """Return a part of speech in words. A tag that is not universal, and those of several words, stay as they are."""
    return say(POS_NAMES[pos]) if pos in POS_NAMES else cut_right(pos, FACT)


def _pos_of(hit: SentenceHit) -> str:
    """Return the part of speech of an occurrence for its line. "" if it is unknown."""
    if not isinstance(hit, OccurrenceHit) or not hit.pos.strip():
        return ""
    title = say("part of speech {pos}", pos=hit.pos)
    if hit.tag.strip():
        title = say("part of speech {pos}, tag {tag}", pos=hit.pos, tag=hit.tag)
    return f'<span class="pol-pos" title="{escape(cut_right(title, SENTENCE))}">{escape(pos_name(hit.pos))}</span>'


def document_cell(hit: SentenceHit, number: int) -> str:
    """Return a hit's document and metadata. The title is a button that opens the document of this line."""
    return (
        f'<div class="pol-where" role="cell"><button type="button" class="pol-open" data-open="{number}"'
        f' title="{say_html("Open the document at this line")}">'
        f"<bdi>{escape(cut_right(hit.document, 2 * FACT))}</bdi></button>"
        f'<span class="pol-facts">{" · ".join(filter(None, [_pos_of(hit), facts(hit.metadata)]))}</span></div>'
    )


def translations(hit: SentenceHit) -> str:
    """Return the translations of a hit's text, to be shown under its line."""
    shown = []
    for language, text in hit.translations.items():
        code = f' lang="{escape(language)}" title="{escape(language)}"' if language else ""
        folded = escape(SPACE.sub(" ", cut_right(text, SENTENCE)))
        shown.append(f'<p class="pol-translation" role="cell" dir="{direction(text)}"{code}>{folded}</p>')
    return "".join(shown)


UNKNOWN_SENSE = '<span class="pol-s" role="cell"></span>'
"""Empty column of a line whose sense is unknown."""


def copy_button() -> str:
    """Return the button that copies the address. The script warns if other machines cannot open it."""
    return f'<button type="button" class="pol-copy" data-copy="1">{say_html("Copy address")}</button>'


def fold_button() -> str:
    """Return the button that folds the panel of the senses and unfolds it. The script does it without the server."""
    hide, show = say_html("Hide senses"), say_html("Show senses")
    return (
        f'<button type="button" class="pol-fold" data-fold="1" data-hide="{hide}" data-show="{show}"'
        f' aria-expanded="true">{hide}</button>'
    )


def keys() -> str:
    """Return what the keys do."""
    text = say_html(
        "Press the arrow key down in the search box, or Tab, to reach a line. The arrow keys go from word to word and"
        " from line to line. Enter searches for the word, + and \N{MINUS SIGN} mark the line, o opens its document, c"
        " shows the sentences around it, and a those that are nearly the same. g annotates the marked lines, u undoes"
        " that, and U does it again. / goes to the search box."
    )
    return f'<details class="pol-keys"><summary>{say_html("Keys")}</summary><p>{text}</p></details>'


def sense_colour(number: int | None) -> str:
    """Return which of the colours and shapes a sense has."""
    return "none" if number is None else str((number - 1) % COLOURS)


def sense_sign(number: int | None) -> str:
    """Return the small sign of a sense. Colour, shape and number each identify it, so none of them is needed alone."""
    if number is None:
        return f'<span class="pol-s" data-s="none" title="{sense_name(None)}">\N{EN DASH}</span>'
    return f'<span class="pol-s" data-s="{sense_colour(number)}" title="{sense_name(number)}">{number}</span>'


def sense_name(number: int | None) -> str:
    """Return the number of a sense in words, as HTML."""
    return say_html("no sense") if number is None else say_html("sense {sense}", sense=str(number))


def document_page(text: str, hit: SentenceHit, number: int) -> str:
    """Return the document's text around a hit. Stored offsets highlight its sentence, and the node of an occurrence.

    Args:
        number: Number of the line. It makes the script scroll to another hit of the same sentence too.
    """
    start, end = hit.sentence_start, hit.sentence_start + len(hit.sentence)
    first, last = window(len(text), start, end, DOCUMENT)
    before, sentence, after = text[first:start], escape(hit.sentence), text[end:last]
    if isinstance(hit, OccurrenceHit):
        node = f'<mark class="pol-node">{escape(hit.sentence[hit.start : hit.end])}</mark>'
        sentence = escape(hit.sentence[: hit.start]) + node + escape(hit.sentence[hit.end :])
    return (
        f'<div class="pol-document" tabindex="0" role="region" aria-label="{say_html("Text of the document")}"'
        f' dir="{direction(text)}">{_left_out(first)}'
        f'{escape(before)}<span class="pol-sentence" data-here="{number}">{sentence}</span>{escape(after)}'
        f"{_left_out(len(text) - last)}</div>"
    )


def _left_out(characters: int) -> str:
    if not characters:
        return ""
    text = plural_html("… {number} more character …", "… {number} more characters …", characters)
    return f'<p class="pol-quiet">{text}</p>'


def window(length: int, start: int, end: int, size: int) -> tuple[int, int]:
    """Return a range of at most `size` of `length` characters that contains all of [start, end)."""
    first = max(0, min(start, (start + end - size) // 2, length - size))
    return first, min(length, max(end, first + size))


def document_head(hit: SentenceHit, hits: int, key: int) -> str:
    """Return the title and metadata of the opened document, and the number of its line."""
    known = {field: text_of(value) for field, value in hit.metadata.items() if field != "title"}
    if isinstance(hit, OccurrenceHit) and hit.pos.strip():
        known = {say("part of speech"): pos_name(hit.pos) + (f" ({hit.tag})" if hit.tag.strip() else "")} | known
    fields = "".join(
        f"<div><dt>{escape(field)}</dt><dd><bdi>{escape(cut_right(value, 200))}</bdi></dd></div>"
        for field, value in known.items()
    )
    place = say_html("line {line} of {lines}", line=numeral(key), lines=numeral(hits))
    return (
        f'<header class="pol-head"><h2><bdi>{escape(cut_right(hit.document, 200))}</bdi></h2>'
        f'<p class="pol-quiet">{place} · {escape(cut_left(hit.document_id, 120))}</p>'
        f"<dl>{fields}</dl></header>"
    )


def explanation(words: Sequence[Contribution], layers: Mapping[str, float]) -> str:
    """Return which context words make a hit similar to the query, and the cosine of both targets by layer."""
    helping = ", ".join(f"<b>{escape(word.token)}</b> {numeral(word.drop, '+.2f')}" for word in words)
    helped = say_html("Words that raise the score most: {words}.", words=helping or say_html("no single word"))
    by_layer = ", ".join(f"{_layer_name(name)} {numeral(score, '.2f')}" for name, score in layers.items())
    return f'<p class="pol-why">{helped}<br>{say_html("Cosine by layer: {scores}.", scores=by_layer)}</p>'


def _layer_name(name: str) -> str:
    return say_html("layer {layer}:", layer=name) if name.isdecimal() else escape(name)


def headline(hits: str, target: str | None, order: str, where: Sequence[str]) -> str:
    """Return the headline: number of lines, their word, their order, and the filters."""
    found = escape(hits)
    if target is not None:
        found = say_html(
            "{hits} of {word}", hits=found, word=f"<mark><bdi>{escape(cut_right(target, NODE))}</bdi></mark>"
        )
    within = ""
    if where:
        within = f' <span class="pol-quiet">{say_html("within {filters}", filters=escape(", ".join(where)))}</span>'
    return (
        f'<h2 class="pol-found" aria-live="polite">{found} <span class="pol-quiet">{escape(order)}</span>{within}</h2>'
    )


def notice(text: str) -> str:
    """Return a notice about the list, as one line that screen readers announce."""
    return f'<p class="pol-notice" role="status">{escape(text[:1].upper() + text[1:])}.</p>'


def phrases(required: Sequence[str], excluded: Sequence[str]) -> str:
    """Return in one line what a query requires and excludes. "" if it does neither."""

    def listed(texts: Sequence[str]) -> str:
        return ", ".join(f"<b><bdi>{escape(cut_right(text, NODE))}</bdi></b>" for text in texts)

    with_all, without = listed(required), listed(excluded)
    if with_all and without:
        shown = say_html("Understood: only hits with {words} and without {others}", words=with_all, others=without)
    elif with_all:
        shown = say_html("Understood: only hits with {words}", words=with_all)
    elif without:
        shown = say_html("Understood: only hits without {others}", others=without)
    else:
        return ""
    return f'<p class="pol-quiet" role="status">{shown}</p>'


def kept_pos(pos: str, is_named: bool) -> str:
    """Return in one line that a list keeps the part of speech of its target.

    Args:
        is_named: Whether the query names it. If not, it is that of the word in its sentence.
    """
    name = f"<b>{escape(pos_name(pos))}</b>"
    if is_named:
        text = say_html("{pos}, as you asked; other parts of speech are left out", pos=name)
    else:
        text = say_html("{pos}, as in your sentence; other parts of speech are left out", pos=name)
    return f'<p class="pol-quiet" role="status">{text}</p>'


def working(text: str, tall: bool = False) -> str:
    """Return what is being worked on, as a line that screen readers announce.

    Args:
        tall: Whether to take about the height of the senses, so that the lines below move little when they come.
    """
    height = ' data-tall="1"' if tall else ""
    return f'<p class="pol-working" role="status"{height}>{escape(text)}</p>'


def number_of_lines(number: int) -> str:
    """Return a number of lines in words."""
    return plural("{number} line", "{number} lines", number)


def remark(text: str) -> str:
    """Return a quiet line that explains something."""
    return f'<p class="pol-quiet">{escape(text)}</p>'


def message(title: str, text: str, step: str = "") -> str:
    """Return a message that fills the page.

    Args:
        step: The next step, as a command to copy.
    """
    command = f"<pre><code>{escape(step)}</code></pre>" if step else ""
    return f'<section class="pol-message"><h2>{escape(title)}</h2><p>{escape(text)}</p>{command}</section>'


def heading(name: str, info: CollectionInfo | None) -> str:
    """Return the heading, which stays in view: the collection, its size, model and layer."""
    parts = [f"<b><bdi>{escape(cut_right(name, 60))}</bdi></b>"]
    if info is not None:
        parts += [
            plural_html("{number} document", "{number} documents", info.documents),
            plural_html("{number} sentence", "{number} sentences", info.sentences),
            say_html("model {model}", model=escape(cut_left(info.settings.model, 40))),
            say_html("layer {layer}", layer=escape(info.settings.layer)),
        ]
    shown = "".join(f"<span>{part}</span>" for part in parts)
    busy = f'<span class="pol-busy" aria-hidden="true">{say_html("Working …")}</span>'  # the script state shows it
    return f'<header class="pol-top"><h1>Polyseme</h1><p>{shown}</p>{busy}</header>'


def collection_facts(info: CollectionInfo) -> str:
    """Return the facts of the collection, for the sidebar."""
    rows = {
        say("documents"): numeral(info.documents),
        say("sentences"): numeral(info.sentences),
        say("occurrences"): numeral(info.occurrences),
        say("different words"): numeral(info.types),
        say("language"): info.settings.language,
        say("model"): f"{cut_left(info.settings.model, 60)} ({info.settings.model_id[:8]})",
        say("layer"): str(info.settings.layer),
    }
    listed = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows.items())
    return f'<dl class="pol-info" title="{escape(info.path)}">{listed}</dl>'
