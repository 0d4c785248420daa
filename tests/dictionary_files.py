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


OPEN_WORDNET = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE LexicalResource SYSTEM "http://globalwordnet.github.io/schemas/WN-LMF-1.3.dtd">
<LexicalResource xmlns:dc="https://globalwordnet.github.io/schemas/dc/">
  <Lexicon id="oewn" label="A small wordnet" language="en" email="nobody@example.org"
           license="https://creativecommons.org/licenses/by/4.0" version="2024" url="https://example.org">
    <LexicalEntry id="oewn-bank-n">
      <Lemma writtenForm="bank" partOfSpeech="n">
        <Pronunciation variety="GB">b\u00e6\u014bk</Pronunciation>
      </Lemma>
      <Sense id="oewn-bank__1.14.02.." n="1" synset="oewn-08437235-n" dc:identifier="no key">
        <SenseRelation relType="derivation" target="oewn-bank__2.40.00.."/>
      </Sense>
      <Sense id="oewn-bank__1.17.00.." n="0" synset="oewn-09236472-n"/>
    </LexicalEntry>
    <LexicalEntry id="oewn-bank-v">
      <Lemma writtenForm="bank" partOfSpeech="v"/>
      <Form writtenForm="banked"/>
      <Sense id="oewn-bank__2.40.00.." synset="oewn-02313256-v" subcat="vtai vii"/>
    </LexicalEntry>
    <LexicalEntry id="oewn-o-ap-clock-r">
      <Lemma writtenForm="o'clock" partOfSpeech="r"/>
      <Sense id="oewn-o-ap-clock__4.02.00.." synset="oewn-00251039-r"/>
    </LexicalEntry>
    <LexicalEntry id="oewn-damp-s">
      <Lemma writtenForm="damp" partOfSpeech="s"/>
      <Sense id="oewn-damp__5.00.01.wet.00" adjposition="p" synset="oewn-02552640-s"/>
    </LexicalEntry>
    <Synset id="oewn-09236472-n" ili="i85000" members="oewn-bank-n" partOfSpeech="n" lexfile="noun.object"
            dc:source="somebody">
      <Definition>sloping land beside water</Definition>
      <ILIDefinition>not this one</ILIDefinition>
      <SynsetRelation relType="hypernym" target="oewn-09483001-n"/>
      <Example>they walked along the bank</Example>
      <Example dc:source="a book">the green shore</Example>
    </Synset>
    <Synset id="oewn-08437235-n" ili="i82000" members="oewn-bank-n" partOfSpeech="n" lexfile="noun.group">
      <Definition>a house that lends money</Definition>
    </Synset>
    <Synset id="oewn-02313256-v" ili="in" members="oewn-bank-v" partOfSpeech="v" lexfile="verb.possession">
      <Definition>do business with a house that lends money</Definition>
    </Synset>
    <Synset id="oewn-00251039-r" ili="" members="oewn-o-ap-clock-r" partOfSpeech="r" lexfile="adv.all">
      <Definition>by the clock</Definition>
    </Synset>
    <Synset id="oewn-02552640-s" ili="" members="oewn-damp-s" partOfSpeech="s" lexfile="adj.all">
      <Definition>a little wet</Definition>
      <SynsetRelation relType="similar" target="oewn-02551380-a"/>
    </Synset>
    <SyntacticBehaviour id="vii" subcategorizationFrame="Somebody ----s"/>
  </Lexicon>
  <LexiconExtension id="more" label="More" language="en" email="nobody@example.org" license="none" version="1">
    <Extends id="oewn" version="2024"/>
    <ExternalLexicalEntry id="oewn-damp-s">
      <Sense id="more-damp-1" synset="more-1"/>
    </ExternalLexicalEntry>
    <ExternalLexicalEntry id="elsewhere-1">
      <Sense id="more-lost-1" synset="more-1"/>
    </ExternalLexicalEntry>
    <ExternalSynset id="oewn-02552640-s"/>
    <Synset id="more-1" ili="" partOfSpeech="s"><Definition>of weather</Definition></Synset>
  </LexiconExtension>
  <Lexicon id="own" label="Own" language="en" email="nobody@example.org" license="none" version="1">
    <LexicalEntry id="own-1">
      <Lemma writtenForm="bank" partOfSpeech="n"/>
      <Sense id="own-bank-1" synset="own-s1" dc:identifier="bank%1:06:00::"><Count>3</Count></Sense>
    </LexicalEntry>
    <Synset id="own-s1" ili="i1" partOfSpeech="n"><Definition>a row of keys</Definition></Synset>
  </Lexicon>
</LexicalResource>
"""
"""LMF in the shape of Open English WordNet, with an extension and a second lexicon. The texts are made up."""

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
