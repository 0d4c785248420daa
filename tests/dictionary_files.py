"""Writers of small dictionaries in every format, for tests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from polyseme.indexer.dictionaries.records import DictionarySense

BANK = (
    DictionarySense(
        "bank-1", "bank", "NOUN", "land beside a river", ("The boat lay on the [bank].", "a muddy bank"), 3, "c-land"
    ),
    DictionarySense("bank-2", "bank", "NOUN", "a house that lends money", ("The bank lent him money.",), 5, "c-house"),
    DictionarySense("bank-3", "bank", "VERB", "to lean in a turn", (), 0, "c-lean"),
    DictionarySense("shore-1", "shore", "NOUN", "land beside a river", ("They walked along the shore.",), 1, "c-land"),
)
"""Four senses of two words, one without an example."""


def write_tsv(path: Path, senses: Sequence[DictionarySense]) -> Path:
    rows = ["id\tlemma\tpos\tdefinition\texamples\tfrequency\tconcept"]
    for one in senses:
        cells = [one.id, one.lemma, one.pos, one.definition, " | ".join(one.examples), str(one.frequency), one.concept]
        rows.append("\t".join(cells))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def as_object(one: DictionarySense) -> dict[str, object]:
    return {
        "id": one.id,
        "lemma": one.lemma,
        "pos": one.pos,
        "definition": one.definition,
        "examples": list(one.examples),
        "frequency": one.frequency,
        "concept": one.concept,
    }


def write_json(path: Path, senses: Sequence[DictionarySense]) -> Path:
    path.write_text(json.dumps([as_object(one) for one in senses]), encoding="utf-8")
    return path


def write_json_lines(path: Path, senses: Sequence[DictionarySense]) -> Path:
    path.write_text("".join(json.dumps(as_object(one)) + "\n" for one in senses), encoding="utf-8")
    return path


def write_lmf(path: Path, senses: Sequence[DictionarySense]) -> Path:
    """Write LMF of the Global WordNet Association. Each sense has its own synset, which has its definition."""
    parts = ['<?xml version="1.0" encoding="UTF-8"?>\n<LexicalResource><Lexicon id="x" language="en">']
    for number, one in enumerate(senses):
        examples = "".join(f"<Example>{escape(line)}</Example>" for line in one.examples)
        parts.append(
            f'<LexicalEntry id="e{number}"><Lemma writtenForm={quoteattr(one.lemma)}'
            f" partOfSpeech={quoteattr(one.pos)}/><Sense id={quoteattr(one.id)} synset={quoteattr(one.concept)}>"
            f"<Count>{one.frequency}</Count><Definition>{escape(one.definition)}</Definition>{examples}"
            "</Sense></LexicalEntry>"
        )
    parts.append("</Lexicon></LexicalResource>")
    path.write_text("\n".join(parts), encoding="utf-8")
    return path


def write_tei(path: Path, senses: Sequence[DictionarySense]) -> Path:
    parts = ['<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader/><text><body>']
    for one in senses:
        examples = "".join(f'<cit type="example"><quote>{escape(line)}</quote></cit>' for line in one.examples)
        parts.append(
            f"<entry><form><orth>{escape(one.lemma)}</orth></form><gramGrp><pos>{escape(one.pos)}</pos></gramGrp>"
            f"<sense xml:id={quoteattr(one.id)}><def>{escape(one.definition)}</def>{examples}</sense></entry>"
        )
    parts.append("</body></text></TEI>")
    path.write_text("\n".join(parts), encoding="utf-8")
    return path


LICENCE = "  1 This software and database is provided to test the reader.\n"
NOUNS = (
    "00000001 17 n 02 bank 0 shore 1 001 @ 00000002 n 0000 | land beside a river; wet; "
    '"a muddy bank"; "the long shore"  \n'
    '00000002 14 n 01 bank 2 000 | a house that lends money; "the Bank lent him money"  \n'
)
ADJECTIVES = (
    "00000003 00 a 01 wet 0 001 & 00000004 a 0000 | full of water  \n"
    "00000004 00 s 01 damp(p) 1 001 & 00000003 a 0000 | a little wet  \n"
)


def write_wordnet(folder: Path) -> Path:
    """Write a folder in the layout of WordNet: four senses of nouns, and an adjective with a satellite."""
    folder.mkdir()
    contents = {
        "data.noun": NOUNS,
        "index.noun": "bank n 2 1 @ 2 1 00000002 00000001  \nshore n 1 1 @ 1 0 00000001  \n",
        "data.adj": ADJECTIVES,
        "index.adj": "damp a 1 1 & 1 0 00000004  \nwet a 1 1 & 1 1 00000003  \n",
        "cntlist.rev": "bank%1:14:02:: 1 20\nwet%3:00:00:: 1 4\n",
    }
    for name, text in contents.items():
        (folder / name).write_text(LICENCE + text if name.startswith(("data", "index")) else text, encoding="utf-8")
    return folder
