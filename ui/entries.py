"""Write the entry of a word as Markdown, HTML, JSON, DOCX, LMF or TEI Lex-0. All functions are pure.

Texts of a collection may come from a stranger, so each format escapes them.
"""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from xml.etree import ElementTree

from ..indexer.values import count
from ..search.judging.entry import Entry, EntryExample, EntrySense
from .messages import clean_text

_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~&!$])")
_LIST = re.compile(r"^(\s*\d*)([-+.)])(\s)")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile(r"\s+")
_NOT_NAME = re.compile("[^A-Za-z0-9]+")
_TEI = "http://www.tei-c.org/ns/1.0"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_LMF_POS = {"NOUN": "n", "VERB": "v", "ADJ": "a", "ADV": "r", "PROPN": "n"}


class EntryFormat(StrEnum):
    """A format of an entry."""

    MARKDOWN = "md"
    HTML = "html"
    JSON = "json"
    DOCX = "docx"
    LMF = "lmf"
    TEI = "tei"


SUFFIXES = {EntryFormat.LMF: "xml", EntryFormat.TEI: "xml"}
"""Suffix of a file, where it is not the name of the format."""


def entry_bytes(entry: Entry, output_format: EntryFormat) -> bytes:
    """Return the content of a file with an entry."""
    return _WRITERS[output_format](entry)


def _clean(text: str) -> str:
    """Return a text of one line without signs that XML or a terminal cannot show."""
    return _SPACES.sub(" ", _NOT_XML.sub("", clean_text(text))).strip()


def _title(entry: Entry, sense: EntrySense) -> str:
    """Return number and name of a sense, with its part of speech if the entry has several."""
    name = f" {_clean(sense.name)}" if sense.name else ""
    pos = f" ({_clean(sense.pos)})" if sense.pos and len({one.pos for one in entry.senses}) > 1 else ""
    return f"{sense.number}.{name}{pos}"


def _pos(entry: Entry) -> str:
    """Return the parts of speech of the senses, the largest sense first."""
    found = list(dict.fromkeys(sense.pos for sense in entry.senses if sense.pos))
    return _clean(", ".join(found) or entry.pos)


def _by_pos(entry: Entry) -> list[tuple[str, str, list[EntrySense]]]:
    """Return the senses by part of speech: its sign in LMF, its name, and its senses. Names are nouns."""
    groups: dict[str, tuple[str, list[EntrySense]]] = {}
    for sense in entry.senses:
        pos = (sense.pos or entry.pos).partition(" ")[0]
        groups.setdefault(_LMF_POS.get(pos, "u"), (pos, []))[1].append(sense)
    return [(sign, pos, senses) for sign, (pos, senses) in groups.items()]


def _share(entry: Entry, sense: EntrySense) -> str:
    judged = f", {sense.judged:,} judged" if sense.judged else ""
    return f"{sense.size:,} of {count(entry.lines, 'line')} ({sense.share:.0%}{judged})"


def _source(example: EntryExample) -> str:
    return ", ".join(filter(None, [_clean(example.document), _clean(example.date)]))


def _parts(example: EntryExample) -> tuple[str, str, str]:
    """Return the text of an example before the word, the word, and the text after it."""
    sentence = example.sentence
    sides = sentence[: example.start], sentence[example.start : example.end], sentence[example.end :]
    left, node, right = (_SPACES.sub(" ", _NOT_XML.sub("", clean_text(side))) for side in sides)
    return left.lstrip(), node, right.rstrip()


def _years(entry: Entry) -> list[str]:
    return [f"{start}" if start == end else f"{start}\N{EN DASH}{end}" for start, end in entry.periods]


def _head(entry: Entry) -> str:
    lines = count(entry.lines, "line")
    return lines if not entry.unassigned else f"{lines}, {entry.unassigned:,} of them fit no sense"


# Markdown


def _md(text: str) -> str:
    """Escape text that may begin a line."""
    return _LIST.sub(r"\1\\\2\3", _inside(text))


def _inside(text: str) -> str:
    """Escape text inside a line."""
    return _MARKDOWN.sub(r"\\\1", text)


def _markdown(entry: Entry) -> bytes:
    pos = f" ({_md(_pos(entry))})" if _pos(entry) else ""
    out = [f"# {_md(_clean(entry.word))}{pos}", "", f"{_head(entry)}.", ""]
    for sense in entry.senses:
        out += [f"## {_inside(_title(entry, sense))}", ""]
        if sense.definition:
            out += [_md(_clean(sense.definition)), ""]
        out += [f"{_share(entry, sense)}.", ""]
        for example in sense.examples:
            left, node, right = _parts(example)
            out.append(f"- {_md(left)}**{_md(node)}**{_md(right)} ({_md(_source(example))})")
        out += [""] if sense.examples else []
        if sense.collocates:
            out += [f"Collocates: {_md(', '.join(map(_clean, sense.collocates)))}", ""]
    if entry.periods:
        out += [f"| {_md(_clean(entry.field))} | " + " | ".join(_years(entry)) + " |"]
        out += ["|---|" + "---:|" * len(entry.periods)]
        out += [
            f"| {_inside(_title(entry, sense))} | " + " | ".join(map(str, sense.counts)) + " |"
            for sense in entry.senses
        ]
        out += [""]
    return ("\n".join([*out, _md(_clean(entry.citation))]) + "\n").encode()


# HTML


def _html(entry: Entry) -> bytes:
    def esc(text: str) -> str:
        return html.escape(_clean(text))

    pos = f" <small>{esc(_pos(entry))}</small>" if _pos(entry) else ""
    language = html.escape(_clean(entry.language), quote=True)
    out = [
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head><meta charset="utf-8">',
        f"<title>{esc(entry.word)}</title></head>",
        f"<body>\n<h1>{esc(entry.word)}{pos}</h1>\n<p>{esc(_head(entry))}.</p>",
    ]
    for sense in entry.senses:
        out.append(f"<h2>{esc(_title(entry, sense))}</h2>")
        out += [f"<p>{esc(sense.definition)}</p>"] if sense.definition else []
        out.append(f"<p>{esc(_share(entry, sense))}.</p>")
        if sense.examples:
            items = []
            for example in sense.examples:
                left, node, right = map(html.escape, _parts(example))
                cited = html.escape(_source(example))
                items.append(f"<li><q>{left}<strong>{node}</strong>{right}</q> <cite>{cited}</cite></li>")
            out.append("<ul>\n" + "\n".join(items) + "\n</ul>")
        if sense.collocates:
            out.append(f"<p>Collocates: {esc(', '.join(sense.collocates))}</p>")
    if entry.periods:
        header = "".join(f'<th scope="col">{esc(years)}</th>' for years in _years(entry))
        rows = [
            f'<tr><th scope="row">{esc(_title(entry, sense))}</th>'
            + "".join(f"<td>{count}</td>" for count in sense.counts)
            + "</tr>"
            for sense in entry.senses
        ]
        first = f'<tr><th scope="col">{esc(entry.field)}</th>{header}</tr>'
        out.append("<table>\n" + "\n".join([first, *rows]) + "\n</table>")
    return ("\n".join([*out, f"<p><small>{esc(entry.citation)}</small></p>\n</body>\n</html>"]) + "\n").encode()


# JSON


def _json(entry: Entry) -> bytes:
    return (clean_text(json.dumps(asdict(entry), ensure_ascii=False, indent=1)) + "\n").encode()


# DOCX


def _docx(entry: Entry) -> bytes:
    from docx import Document

    document = Document()
    document.core_properties.title = _clean(entry.word)[:250]
    document.core_properties.author = "Polyseme"
    document.add_heading(_clean(f"{entry.word} ({_pos(entry)})" if _pos(entry) else entry.word), level=0)
    document.add_paragraph(f"{_head(entry)}.")
    for sense in entry.senses:
        document.add_heading(_title(entry, sense), level=1)
        if sense.definition:
            document.add_paragraph(_clean(sense.definition))
        document.add_paragraph(f"{_share(entry, sense)}.")
        for example in sense.examples:
            left, node, right = _parts(example)
            line = document.add_paragraph(left, style="List Bullet")
            line.add_run(node).bold = True
            line.add_run(f"{right} ({_source(example)})")
        if sense.collocates:
            document.add_paragraph(f"Collocates: {', '.join(map(_clean, sense.collocates))}")
    if entry.periods:
        table = document.add_table(rows=1, cols=1 + len(entry.senses))
        table.style = "Table Grid"
        heads = [_clean(entry.field), *(_title(entry, sense) for sense in entry.senses)]
        for cell, text in zip(table.rows[0].cells, heads, strict=True):
            cell.text = text
        for place, years in enumerate(_years(entry)):
            values = [years, *(str(sense.counts[place]) for sense in entry.senses)]
            for cell, text in zip(table.add_row().cells, values, strict=True):
                cell.text = text
    document.add_paragraph(_clean(entry.citation))
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


# LMF and TEI


def _name(entry: Entry) -> str:
    """Return the word as part of an XML name. Signs of other scripts become their numbers."""
    plain = "".join(sign if sign.isascii() else f"u{ord(sign):x}" for sign in _clean(entry.word))
    return f"w-{_NOT_NAME.sub('-', plain).strip('-')[:80] or 'word'}"


def _written(root: ElementTree.Element, head: str = "") -> bytes:
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}{body}\n'.encode()


def _lmf(entry: Entry) -> bytes:
    """Write WN-LMF 1.3 (Global WordNet Association): an entry for each part of speech.

    Each sense has a synset of its own, which has its definition.
    """
    name, word = _name(entry), _clean(entry.word)
    root = ElementTree.Element("LexicalResource", {"xmlns:dc": "https://globalwordnet.github.io/schemas/dc/"})
    about = {"id": "polyseme", "label": f"Entry {word}", "language": _clean(entry.language) or "und"}
    about |= {"email": "nobody@example.org", "license": "unknown", "version": "1"}
    lexicon = ElementTree.SubElement(root, "Lexicon", about | {"dc:description": _clean(entry.citation)})
    parts = _by_pos(entry)
    for sign, _, senses in parts:
        item = ElementTree.SubElement(lexicon, "LexicalEntry", {"id": f"polyseme-{name}-{sign}"})
        ElementTree.SubElement(item, "Lemma", {"writtenForm": word, "partOfSpeech": sign})
        for sense in senses:
            synset = f"polyseme-{name}-s{sense.number}"
            made = ElementTree.SubElement(item, "Sense", {"id": f"{synset}-sense", "synset": synset})
            for example in sense.examples:
                ElementTree.SubElement(made, "Example", {"dc:source": _source(example)}).text = "".join(_parts(example))
            ElementTree.SubElement(made, "Count").text = str(sense.size)
    for sign, sense in ((sign, sense) for sign, _, senses in parts for sense in senses):
        synset = f"polyseme-{name}-s{sense.number}"
        made = ElementTree.SubElement(lexicon, "Synset", {"id": synset, "ili": "", "partOfSpeech": sign})
        definition = _clean(sense.definition) or _clean(sense.name)
        if definition:
            ElementTree.SubElement(made, "Definition").text = definition
    return _written(
        root,
        '<!DOCTYPE LexicalResource SYSTEM "https://globalwordnet.github.io/schemas/WN-LMF-1.3.dtd">\n',
    )


def _tei(entry: Entry) -> bytes:
    """Write TEI Lex-0: a main entry for each part of speech, with `gram`, and examples with their sources."""
    name, word = _name(entry), _clean(entry.word)
    root = ElementTree.Element("TEI", {"xmlns": _TEI, "type": "lex-0"})
    header = ElementTree.SubElement(ElementTree.SubElement(root, "teiHeader"), "fileDesc")
    ElementTree.SubElement(ElementTree.SubElement(header, "titleStmt"), "title").text = f"Entry {word}"
    for part, text in (("publicationStmt", "Made with Polyseme."), ("sourceDesc", _clean(entry.citation))):
        ElementTree.SubElement(ElementTree.SubElement(header, part), "p").text = text
    body = ElementTree.SubElement(ElementTree.SubElement(root, "text"), "body")
    language = {f"{_XML}lang": _clean(entry.language) or "und"}
    for sign, pos, senses in _by_pos(entry):
        item = ElementTree.SubElement(body, "entry", {f"{_XML}id": f"{name}-{sign}", "type": "mainEntry"} | language)
        ElementTree.SubElement(ElementTree.SubElement(item, "form", {"type": "lemma"}), "orth").text = word
        if pos:
            grammar = ElementTree.SubElement(item, "gramGrp")
            ElementTree.SubElement(grammar, "gram", {"type": "pos"}).text = _clean(pos)
        for sense in senses:
            _add_tei_sense(item, f"{name}-s{sense.number}", entry, sense)
    return _written(root)


def _add_tei_sense(item: ElementTree.Element, name: str, entry: Entry, sense: EntrySense) -> None:
    made = ElementTree.SubElement(item, "sense", {f"{_XML}id": name, "n": str(sense.number)})
    definition = _clean(sense.definition) or _clean(sense.name)
    if definition:
        ElementTree.SubElement(made, "def").text = definition
    for example in sense.examples:
        cited = ElementTree.SubElement(made, "cit", {"type": "example"})
        ElementTree.SubElement(cited, "quote").text = "".join(_parts(example))
        ElementTree.SubElement(cited, "bibl").text = _source(example)
    if sense.name and sense.definition:
        ElementTree.SubElement(made, "note", {"type": "name"}).text = _clean(sense.name)
    ElementTree.SubElement(made, "note", {"type": "frequency"}).text = _share(entry, sense)


_WRITERS: dict[EntryFormat, Callable[[Entry], bytes]] = {
    EntryFormat.MARKDOWN: _markdown,
    EntryFormat.HTML: _html,
    EntryFormat.JSON: _json,
    EntryFormat.DOCX: _docx,
    EntryFormat.LMF: _lmf,
    EntryFormat.TEI: _tei,
}
