"""Each format of a dictionary is read back, and what a stranger may write into one is refused in one line."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import json
import lzma
import os
import string
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from dictionary_files import (
    BANK,
    NOUNS,
    OPEN_WORDNET,
    write_json,
    write_json_lines,
    write_lmf,
    write_tei,
    write_tsv,
    write_wordnet,
)
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.dictionaries import read as reading
from polyseme.indexer.dictionaries import records
from polyseme.indexer.dictionaries.read import read_dictionary
from polyseme.indexer.dictionaries.records import DictionarySense, clean
from polyseme.indexer.errors import DocumentError

Writing = Callable[[Path, Sequence[DictionarySense]], Path]
COMPLETE: dict[str, Writing] = {"tsv": write_tsv, "json": write_json, "jsonl": write_json_lines, "xml": write_lmf}
LETTERS = st.text(st.sampled_from(string.ascii_letters + "äßé漢 '-<>&.,!\"[]"), max_size=30)
WORDS = st.text(st.sampled_from(string.ascii_lowercase + "äß漢"), min_size=1, max_size=12)


@st.composite
def senses(draw: st.DrawFn) -> list[DictionarySense]:
    """Draw senses with ids of their own, and with a definition or an example."""
    found = []
    for number in range(draw(st.integers(1, 6))):
        examples = tuple(dict.fromkeys(filter(None, map(clean, draw(st.lists(LETTERS, max_size=3))))))
        definition = clean(draw(LETTERS)) or ("" if examples else "what it means")
        pos = draw(st.sampled_from(["NOUN", "VERB", "ADJ", "ADV", "", "particle"]))
        lemma, frequency = draw(WORDS), draw(st.integers(0, 10**6))
        found.append(DictionarySense(f"s{number}", lemma, pos, definition, examples, frequency, f"c{number}"))
    return found


@pytest.mark.parametrize("suffix", COMPLETE)
@given(drawn=senses())
def test_what_is_written_is_read_back(
    suffix: str, drawn: list[DictionarySense], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("dictionary") / f"file.{suffix}"
    assert list(read_dictionary(COMPLETE[suffix](path, drawn))) == drawn


@given(drawn=senses())
def test_tei_is_read_back_without_what_it_cannot_say(
    drawn: list[DictionarySense], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write_tei(tmp_path_factory.mktemp("dictionary") / "file.xml", drawn)
    assert list(read_dictionary(path)) == [replace(one, frequency=0, concept="") for one in drawn]


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_packed_files_are_unpacked(pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    plain = write_lmf(tmp_path / "a.xml", BANK)
    packed = tmp_path / "packed"
    packed.write_bytes(pack(plain.read_bytes()))
    assert list(read_dictionary(packed)) == list(BANK)


def test_wordnet_gives_sense_keys_counts_and_the_examples_of_each_word(tmp_path: Path) -> None:
    found = {one.id: one for one in read_dictionary(write_wordnet(tmp_path / "dict"))}
    assert list(found) == [
        "bank%1:14:02::",
        "bank%1:17:00::",
        "shore%1:17:01::",
        "damp%5:00:01:wet:00",
        "wet%3:00:00::",
    ]
    assert found["bank%1:17:00::"].examples == ("a muddy bank",)
    assert found["shore%1:17:01::"].examples == ("the long shore",)
    assert found["bank%1:17:00::"].definition == "land beside a river; wet"
    assert found["bank%1:17:00::"].concept == found["shore%1:17:01::"].concept
    assert {key: one.frequency for key, one in found.items() if one.frequency} == {
        "bank%1:14:02::": 20,
        "wet%3:00:00::": 4,
    }
    assert found["damp%5:00:01:wet:00"].pos == "ADJ"


def test_lmf_takes_definitions_and_examples_from_synsets(tmp_path: Path) -> None:
    path = tmp_path / "wn.xml"
    path.write_text(
        '<?xml version="1.0"?><!DOCTYPE LexicalResource SYSTEM "http://example.org/WN-LMF-1.3.dtd">'
        '<LexicalResource xmlns:dc="https://example.org/dc/"><Lexicon id="oewn">'
        '<LexicalEntry id="w1"><Lemma writtenForm="bank" partOfSpeech="n"/>'
        '<Sense id="bank__1" synset="s1"/></LexicalEntry>'
        '<LexicalEntry id="w2"><Lemma writtenForm="shore" partOfSpeech="n"/>'
        '<Sense id="shore__1" synset="s1"/></LexicalEntry>'
        '<Synset id="s1" partOfSpeech="n"><Definition>land by water</Definition>'
        "<Example>a muddy bank</Example></Synset></Lexicon></LexicalResource>",
        encoding="utf-8",
    )
    first, second = read_dictionary(path)
    assert (first.id, first.definition, first.examples) == ("bank__1", "land by water", ("a muddy bank",))
    assert (second.lemma, second.pos, second.definition, second.examples) == ("shore", "NOUN", "land by water", ())
    assert first.concept == second.concept == "s1"


def test_open_english_wordnet_with_an_extension_and_a_second_lexicon(tmp_path: Path) -> None:
    path = _file(tmp_path / "oewn.xml.gz", gzip.compress(OPEN_WORDNET.encode()))
    land, house = "oewn-09236472-n", "oewn-08437235-n"
    assert list(read_dictionary(path)) == [
        DictionarySense(
            "oewn-bank__1.17.00..",
            "bank",
            "NOUN",
            "sloping land beside water",
            ("they walked along the bank",),
            concept=land,
        ),
        DictionarySense("oewn-bank__1.14.02..", "bank", "NOUN", "a house that lends money", concept=house),
        DictionarySense(
            "oewn-bank__2.40.00..",
            "bank",
            "VERB",
            "do business with a house that lends money",
            concept="oewn-02313256-v",
        ),
        DictionarySense("oewn-o-ap-clock__4.02.00..", "o'clock", "ADV", "by the clock", concept="oewn-00251039-r"),
        DictionarySense("oewn-damp__5.00.01.wet.00", "damp", "ADJ", "a little wet", concept="oewn-02552640-s"),
        DictionarySense("more-damp-1", "damp", "ADJ", "of weather", concept="more-1"),
        DictionarySense("bank%1:06:00::", "bank", "NOUN", "a row of keys", frequency=3, concept="own-s1"),
    ]


def test_iso_lmf_has_features(tmp_path: Path) -> None:
    path = tmp_path / "iso.xml"
    path.write_text(
        '<LexicalResource><Lexicon><LexicalEntry><feat att="partOfSpeech" val="noun"/>'
        '<Lemma><feat att="writtenForm" val="Bank"/></Lemma><Sense id="B1"><Definition>'
        '<feat att="text" val="a seat"/></Definition><SenseExample><feat att="text" val="Sie sass auf der Bank."/>'
        "</SenseExample></Sense></LexicalEntry></Lexicon></LexicalResource>",
        encoding="utf-8",
    )
    assert list(read_dictionary(path)) == [DictionarySense("B1", "Bank", "NOUN", "a seat", ("Sie sass auf der Bank.",))]


def test_tei_nests_senses_and_leaves_translations_out(tmp_path: Path) -> None:
    path = tmp_path / "d.xml"
    path.write_text(
        "<TEI><text><body><superEntry><entry><form><orth>bank</orth></form>"
        "<hom><gramGrp><pos>n.</pos></gramGrp><sense n='1'><def>a <hi>slope</hi></def><sense><def>a steep one</def>"
        "<cit type='example'><quote>the high bank</quote><cit type='translation'><quote>das Ufer</quote></cit></cit>"
        "</sense></sense></hom><hom><pos>v.</pos><sense><def>to lean</def></sense></hom></entry>"
        "<entry><form><orth>ford</orth></form><def>a shallow place</def></entry></superEntry></body></text></TEI>",
        encoding="utf-8",
    )
    assert list(read_dictionary(path)) == [
        DictionarySense("bank.NOUN.1", "bank", "NOUN", "a slope"),
        DictionarySense("bank.NOUN.2", "bank", "NOUN", "a steep one", ("the high bank",)),
        DictionarySense("bank.VERB.1", "bank", "VERB", "to lean"),
        DictionarySense("ford.1", "ford", "", "a shallow place"),
    ]


def test_json_of_words_with_senses(tmp_path: Path) -> None:
    path = tmp_path / "wiktionary.jsonl"
    word = {"word": "bank", "pos": "noun", "senses": [{"glosses": ["slope"], "examples": [{"text": "a high bank"}]}]}
    path.write_text(json.dumps(word) + "\n" + json.dumps(word | {"pos": "verb", "senses": []}), encoding="utf-8")
    with pytest.raises(DocumentError, match="no sense"):
        list(read_dictionary(_file(tmp_path / "empty.json", b"[]")))
    assert list(read_dictionary(path)) == [DictionarySense("bank.NOUN.1", "bank", "NOUN", "slope", ("a high bank",))]


def _senses_or_one_error(path: Path) -> list[DictionarySense]:
    """Return the senses of a file. No other error than `DocumentError` may come."""
    with contextlib.suppress(DocumentError):
        return list(read_dictionary(path))
    return []


def _file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<LexicalResource><Lexicon>&b;</Lexicon></LexicalResource>"
)
OUTSIDE = (
    b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><TEI><text><entry><orth>x</orth><def>&a;</def></entry>'
    b"</text></TEI>"
)
HOSTILE = {
    "entities": (LAUGHS, "entities"),
    "external entities": (OUTSIDE, "entities"),
    "depth": (b"<TEI><text>" + b"<sense>" * 5000, "deep"),
    "cut short": (b"<LexicalResource><Lexicon>", "damaged XML"),
    "other XML": (b"<html><body/></html>", "root is <html>"),
    "no UTF-8": (b"lemma\tdefinition\nb\xff\tx\n", "not UTF-8"),
    "no columns": (b"a\tb\n1\t2\n", "lacks the columns"),
    "no lemma": (b"lemma\tdefinition\n\tx\n", "line 2 has no lemma"),
    "frequency": (b"lemma\tdefinition\tfrequency\nbank\tx\t-3\n", "frequency"),
    "same id": (b"id\tlemma\tdefinition\ns\tbank\tx\ns\tbank\ty\n", "two senses have the id"),
    "long headword": (b"lemma\tdefinition\n" + b"b" * 201 + b"\tx\n", "more than 200"),
    "long line": (b"lemma\tdefinition\nbank\t" + b"x" * 2**21, "a line has more"),
    "deep JSON": (b"[" * 200_000, "JSON|row"),
    "JSON without a lemma": (b'[{"definition": "x"}]', "row 1 has no lemma"),
    "JSON of numbers": (b"[1, 2]", "row 1 is no object"),
    "huge frequency": (b'[{"lemma": "b", "definition": "x", "frequency": 1e400}]', "frequency"),
    "damaged gzip": (gzip.compress(b"lemma\tdefinition\nbank\tx\n" * 100)[:-20], "damaged|cannot be read"),
}


@pytest.mark.parametrize(("content", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_refused_in_one_line(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=reason) as refused:
        list(read_dictionary(_file(tmp_path / "hostile", content)))
    assert "\n" not in str(refused.value)


@given(content=st.binary(max_size=400), start=st.sampled_from([b"", b"<TEI>", b"<LexicalResource>", b"[{", b"lemma\t"]))
def test_any_bytes_give_senses_or_one_error(
    content: bytes, start: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = _file(tmp_path_factory.mktemp("dictionary") / "file", start + content)
    assert all(one.lemma and (one.definition or one.examples) for one in _senses_or_one_error(path))


@given(damage=st.binary(min_size=1, max_size=12), at=st.integers(0, 250))
def test_a_damaged_wordnet_gives_senses_or_one_error(
    damage: bytes, at: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = write_wordnet(tmp_path_factory.mktemp("dictionary") / "dict")
    data = NOUNS.encode()
    (folder / "data.noun").write_bytes(data[:at] + damage + data[at + len(damage) :])
    assert all(one.id for one in _senses_or_one_error(folder))


def test_a_packed_file_of_any_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LARGEST_FILE", 2**20)
    bomb = _file(tmp_path / "bomb.gz", gzip.compress(b"lemma\tdefinition\n" + b"bank\tx\n" * 2**18))
    with pytest.raises(DocumentError, match="larger than 1 MiB"):
        list(read_dictionary(bomb))


def test_too_many_senses_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MOST_SENSES", 3)
    with pytest.raises(DocumentError, match="more than 3 senses"):
        list(read_dictionary(write_tsv(tmp_path / "d.tsv", BANK)))


def test_long_texts_are_cut_and_control_characters_are_spaces(tmp_path: Path) -> None:
    path = _file(tmp_path / "d.json", json.dumps([{"lemma": "b\u0007ank", "definition": "x" * 10_000}]).encode())
    (one,) = read_dictionary(path)
    assert one.lemma == "b ank"
    assert one.definition == "x" * records.LONGEST_TEXT


def test_pipes_missing_files_and_other_folders_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, reason in [
        (tmp_path / "pipe", "regular file"),
        (tmp_path / "missing", "cannot be read"),
        (tmp_path, "no file data.noun"),
    ]:
        with pytest.raises(DocumentError, match=reason):
            list(read_dictionary(path))
