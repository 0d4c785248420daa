"""TEI: what of an edition is text, what is metadata, and what comes from its annotation."""

from __future__ import annotations

from pathlib import Path

import pytest
from polyseme.indexer.build import build
from polyseme.indexer.readers import read_file
from polyseme.indexer.readers.records import Extract, Failure, ReadOptions
from polyseme.indexer.text import TextAnalyser

HEAD = "<teiHeader><fileDesc><titleStmt><title>T</title></titleStmt></fileDesc></teiHeader>"


def tei(body: str, header: str = HEAD) -> str:
    return f'<TEI xmlns="http://www.tei-c.org/ns/1.0">{header}<text><body>{body}</body></text></TEI>'


def read(folder: Path, markup: str | bytes, name: str = "a.xml") -> list[Extract | Failure]:
    path = folder / name
    path.write_bytes(markup if isinstance(markup, bytes) else markup.encode())
    return list(read_file(path, ReadOptions()))


def text_of(folder: Path, body: str) -> str:
    (found,) = read(folder, tei(body))
    assert isinstance(found, Extract), found
    return found.text


TEXTS = [
    ("<p>On the ri<pb n='4'/>ver <hi>bank</hi>\n  we sat.</p>", "On the river bank we sat."),
    ("<p>Two<lb/>lines of pr<lb break='no'/>int, won-<lb/>\ndering</p>", "Two lines of print, wondering"),
    (
        "<p>far-<pb/>\n<fw>Running head</fw>away New-<lb/>York, cloth- <lb/>and silk</p>",
        "faraway New-York, cloth- and silk",
    ),
    ("<p>Haupt-<lb/>und Neben\u00ac<lb/>weg, Ober\u00ad<lb/>weg</p>", "Haupt- und Nebenweg, Oberweg"),
    ("<p>wan<g ref='char:EOLhyphen'/>dered y<hi rend='sup'>t</hi> 10 m<hi rend='sup'>2</hi></p>", "wandered yt 10 m²"),
    ("<p>The bank<note n='3'>A <hi>note</hi>.</note> held.</p><p>On.</p>", "The bank³ held.\n\nOn.\n\n³ A note."),
    ("<p>A<note>one</note>, b<note place='margin'>two</note>.</p>", "A¹, b².\n\n¹ one\n\n² two"),
    ("<div><p>A<note>one</note>.</p></div><div><p>B.</p></div>", "A¹.\n\n¹ one\n\nB."),
    ("<p><note>Summary.</note>The bank held.</p>", "Summary.\n\nThe bank held."),
    ("<p>A<ref target='#n7'/> b<ref target='#n8'>*</ref></p><note xml:id='n7'>One.</note>", "A⁷ b[*]\n\n⁷ One."),
    ("<p>See <ref target='#sec2'>the second part</ref>.</p>", "See the second part."),
    ("<head>Act <stage>A room</stage></head><p>On.</p>", "Act\n\nA room\n\nOn."),
    (
        "<sp><speaker>ANN</speaker><l>I go <stage>Exit.</stage> and</l><l>stay.</l></sp>",
        "ANN\n\nI go and\nstay.\n\nExit.",
    ),
    ("<stage><stage>Thunder.</stage> Enter Ann.</stage><p>Who?</p>", "Thunder. Enter Ann.\n\nWho?"),
    ("<lg><l>One</l>,\n <l>two</l></lg><lg><l>three</l></lg>", "One,\ntwo\n\nthree"),
    ("<p>Quoting <l>a line</l><l>or two</l> he went.</p>", "Quoting\n\na line\nor two\n\nhe went."),
    (
        "<p>A <choice><orig>vp</orig><reg>up</reg></choice> <choice><abbr>Dr</abbr> <expan>Doctor</expan>"
        "</choice>.</p>",
        "A up Doctor.",
    ),
    ("<p><choice><corr>the</corr><sic>teh</sic></choice> <sic>bnak</sic> <orig>ye</orig></p>", "the bnak ye"),
    (
        "<p>cun<expan>\n<am><g ref='x'/></am>\n<ex>que</ex>\n</expan> <app><rdg>a</rdg><lem>b</lem></app></p>",
        "cunque b",
    ),
    ("<p><del>old</del><add>new</add> <subst><del>bad</del><add>good</add></subst></p>", "new good"),
    (
        "<p>a <gap unit='chars'/>b <gap reason='lost'/> c<gap><desc>•</desc></gap> <gap><desc>1 page</desc>"
        "</gap></p>",
        "a •b […] c• […]",
    ),
    ("<p><supplied>The</supplied> <unclear>bank</unclear><space/>held</p>", "The bank held"),
    ("<p>One: <list><item>a</item><item>b</item></list> then</p>", "One:\n\na\n\nb\n\nthen"),
    ("<table><row><cell>a</cell><cell>b</cell></row></table>", "a\n\nb"),
    ("<p>Here <figure><head>A map</head><figDesc>scan</figDesc></figure></p>", "Here\n\nA map"),
    (
        "<p>He wrote: <floatingText><body><p>Sir,</p></body></floatingText> and left.</p>",
        "He wrote:\n\nSir,\n\nand left.",
    ),
    ("<p>so <quote>he said</quote> it</p>", "so he said it"),
    ("<u><seg>yes</seg><seg>no</seg></u>", "yes no"),
    ("<u who='#a'>Yes <pause/><vocal><desc>laughs</desc></vocal> no</u><u>Oh</u>", "Yes no\n\nOh"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "text"), TEXTS)
def test_text_of_an_edition(tmp_path: Path, body: str, text: str) -> None:
    assert text_of(tmp_path, body) == text


def test_a_sentence_goes_on_across_lines_of_verse(tmp_path: Path) -> None:
    body = "<lg><l>When will the tide</l><l>Return to the bank? It</l><l>Will.</l></lg><lg><l>No</l><l>Way</l></lg>"
    (found,) = read(tmp_path, tei(body))
    assert isinstance(found, Extract)
    cut = [found.text[one.start : one.end] for one in TextAnalyser().sentences(found.text, found.sentences)]
    assert cut == ["When will the tide\nReturn to the bank?", "It\nWill.", "No\nWay"]


HEADERS = [
    (
        "<titleStmt><title type='sub'>S</title><title type='main'>The Bank: an electronic edition</title>"
        "<author><persName><forename>Ann</forename> <surname>Fox</surname></persName><idno>Q1</idno></author>"
        "<author>Lee, B.</author><editor>C. Day</editor></titleStmt><publicationStmt><publisher>Online</publisher>"
        "<idno>X9</idno><date when='2015-02-03'/></publicationStmt><sourceDesc><bibl type='digitalSource'>"
        "<date>1999</date></bibl><bibl><publisher>Hay,</publisher>"
        "<date>London, 1851.</date></bibl><bibl><date when='1849-05'/></bibl>"
        "</sourceDesc>",
        {
            "title": "The Bank",
            "author": ["Ann Fox", "Lee, B."],
            "editor": "C. Day",
            "publisher": "Hay",
            "idno": "X9",
            "date": "1849-05",
            "year": "1849",
        },
    ),
    (
        "<titleStmt><title>T</title></titleStmt><publicationStmt><date>3 May 2015</date></publicationStmt>",
        {"title": "T", "file_date": "2015", "file_year": "2015"},
    ),
    (
        "<titleStmt><title>T</title></titleStmt><sourceDesc><bibl><author>Day, C.</author>"
        "<title>T</title><date from='1850-01-02'/></bibl></sourceDesc>",
        {"title": "T", "author": "Day, C.", "date": "1850-01-02", "year": "1850"},
    ),
]


@pytest.mark.parametrize(("file", "metadata"), HEADERS)
def test_metadata_of_the_text_go_before_those_of_the_file(
    tmp_path: Path, file: str, metadata: dict[str, object]
) -> None:
    (found,) = read(tmp_path, tei("<p>a</p>", f"<teiHeader><fileDesc>{file}</fileDesc></teiHeader>"))
    assert isinstance(found, Extract)
    assert found.metadata == metadata


def test_the_profile_dates_and_describes_the_text(tmp_path: Path) -> None:
    profile = (
        "<profileDesc><creation><date when='1847'/></creation><langUsage><language ident='de'/></langUsage>"
        "<textClass><keywords><term>letters</term><term>rivers</term></keywords></textClass></profileDesc>"
    )
    header = HEAD.replace("</teiHeader>", f"{profile}</teiHeader>")
    (found,) = read(tmp_path, tei("<p>a</p>", header))
    assert isinstance(found, Extract)
    assert (found.metadata["date"], found.metadata["language"]) == ("1847", "de")
    assert found.metadata["keywords"] == ["letters", "rivers"]
    events = "<event type='print' when='1623'/><event type='written' when='1606'/>"
    events = f"<standOff><listEvent>{events}</listEvent></standOff>"
    (found,) = read(tmp_path, tei("<p>a</p>", HEAD + events))
    assert isinstance(found, Extract)
    assert (found.metadata["date"], found.metadata["year"], found.text) == ("1606", "1606", "a")


def test_a_corpus_and_a_group_are_several_documents(tmp_path: Path) -> None:
    one = tei("<p>one</p>")
    group = tei("<p>x</p>").replace(
        "<body><p>x</p></body>",
        "<front><p>Preface.</p></front><group><text n='1'><body><p>A</p></body></text><text><body>"
        "<head>Two</head></body></text></group><back><p>End.</p></back>",
    )
    found = read(tmp_path, f"<teiCorpus>{HEAD.replace('T<', 'All<')}{one}{group}</teiCorpus>")
    texts = [(item.text, item.row, item.metadata.get("part")) for item in found if isinstance(item, Extract)]
    assert texts == [
        ("one", 1, None),
        ("Preface.", 2, None),
        ("A", 3, "1"),
        ("Two", 4, "Two"),
        ("End.", 5, None),
    ]


def test_the_texts_before_damage_are_read(tmp_path: Path) -> None:
    found = read(tmp_path, f"<teiCorpus>{HEAD}{tei('<p>one</p>')}{tei('<p>two</p>')[:-20]}")
    assert [item.text if isinstance(item, Extract) else item.reason[:8] for item in found] == ["one", "damaged:"]


def tokens(folder: Path, body: str) -> tuple[str, list[tuple[str, str | None, str | None, str | None]]]:
    (found,) = read(folder, tei(body))
    assert isinstance(found, Extract)
    return found.text, [(found.text[t.start : t.end], *t[2:]) for one in found.sentences for t in one.tokens]


WORDS = [
    (
        "<p><s><w lemma='the' pos='DT'>The</w> <w lemma='bank' ana='#NN1' msd='sg'>banks</w><pc>.</pc></s></p>",
        "The banks.",
        [("The", "the", "DT", None), ("banks", "bank", "sg", "NN1"), (".", None, None, None)],
    ),
    (  # spaces are where `join` does not forbid them
        "<p><w>The</w>\n<w>bank</w><pc join='left'>,</pc>\n<pc join='right'>(</pc><w>wet</w>\n"
        "<pc join='left'>)</pc></p>",
        "The bank, (wet)",
        [("The", None, None, None), ("bank", None, None, None), (",", None, None, None), ("(", None, None, None),
         ("wet", None, None, None), (")", None, None, None)],
    ),
    (  # a file without spaces between its words
        "<p><w type='A'>The</w><w>river</w><w>bank</w><pc>.</pc></p><p><w>On</w><w>it</w></p>",
        "The river bank.\n\nOn it",
        [("The", None, "A", None), ("river", None, None, None), ("bank", None, None, None), (".", None, None, None),
         ("On", None, None, None), ("it", None, None, None)],
    ),
    (  # words across lines, in parts, and with a note inside
        "<p><w>bro-<lb/>\n ken</w> <w part='I' lemma='away'>a</w><lb/>\n<w part='F'>way</w>"
        " <w>bank<note>n</note></w></p>",
        "broken away bank¹\n\n¹ n",
        [("broken", None, None, None), ("away", "away", None, None), ("bank", None, None, None)],
    ),
    (
        "<p><w>The </w><w>bank </w><w>ca</w><w>n't</w></p>",
        "The bank can't",
        [("The", None, None, None), ("bank", None, None, None), ("ca", None, None, None), ("n't", None, None, None)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "text", "words"), WORDS)
def test_words_of_the_file(
    tmp_path: Path, body: str, text: str, words: list[tuple[str, str | None, str | None, str | None]]
) -> None:
    assert tokens(tmp_path, body) == (text, words)


def test_a_note_inside_a_sentence_leaves_the_sentence_whole(tmp_path: Path) -> None:
    (found,) = read(tmp_path, tei("<p><s>The bank<note><s>A note.</s></note> was wet.</s> The rest.</p>"))
    assert isinstance(found, Extract)
    assert [found.text[one.start : one.end] for one in found.sentences] == ["The bank¹ was wet.", "A note."]
    assert found.text == "The bank¹ was wet. The rest.\n\n¹ A note."


def test_the_british_national_corpus_is_read(tmp_path: Path) -> None:
    words = (
        "<w c5='AT0' hw='the' pos='ART'>The </w><mw><w c5='NN1' hw='bank' pos='SUBST'>bank</w></mw><c c5='PUN'>.</c>"
    )
    markup = f"<bncDoc>{HEAD}<wtext><div><p><s n='1'>{words}</s></p></div></wtext></bncDoc>"
    (found,) = read(tmp_path, markup)
    assert isinstance(found, Extract)
    assert found.text == "The bank."
    assert found.sentences[0].tokens[1][2:] == ("bank", "SUBST", "NN1")


FAULTS = [
    ("<rss><channel/></rss>", "XML that is not TEI: its root is <rss>"),
    (tei("<p>a")[:-12], "damaged: "),
    ("", "no text in it"),
    ("hello", "damaged: syntax error"),
    (tei(""), "no text in it"),
    ("<!DOCTYPE TEI.2 [<!ENTITY x 'y'>]><TEI.2><text><p>&x;</p></text></TEI.2>", "xmllint --noent"),
    (tei("<p>a&mdash;b</p>"), "uses an entity that it does not declare"),
    (tei("<p>a</p>").replace("<TEI", "<?xml version='1.0' encoding='nonsense'?><TEI", 1), "damaged: "),
]


@pytest.mark.parametrize(("markup", "reason"), FAULTS)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, markup: str, reason: str) -> None:
    (found,) = read(tmp_path, markup)
    assert isinstance(found, Failure)
    assert reason in found.reason
    assert "\n" not in found.reason


def test_characters_by_name_are_read_if_the_document_type_is_elsewhere(tmp_path: Path) -> None:
    markup = (
        '<!DOCTYPE TEI.2 SYSTEM "teixlite.dtd"><TEI.2><text><body><p>caf&eacute;&mdash;bar</p></body></text></TEI.2>'
    )
    (found,) = read(tmp_path, markup, "a.tei")
    assert isinstance(found, Extract)
    assert found.text == "café—bar"


def test_a_tei_file_is_indexed_in_a_process_of_its_own_with_its_annotation(tmp_path: Path) -> None:
    from fakes import FakeEncoder
    from polyseme.indexer.collection.collection import Collection

    (tmp_path / "a.xml").write_text(tei("<p><s><w lemma='shore'>bank</w>, <w>wet</w></s></p>"), encoding="utf-8")
    assert build(tmp_path / "c.pol", [tmp_path / "a.xml"], model=FakeEncoder()).skipped == ()
    with Collection.open(tmp_path / "c.pol") as collection:
        (sentence,) = collection.annotation(collection.document("a.xml")[0].key)
    assert [token.lemma for token in sentence.tokens] == ["shore", None]


def test_nesting_and_alternatives_take_linear_time(tmp_path: Path) -> None:
    deep = "<hi>" * 30_000 + "x" + "</hi>" * 30_000
    assert text_of(tmp_path, f"<p>{deep}</p>") == "x"
    deep = "<choice><reg>a" * 20_000 + "</reg></choice>" * 20_000
    assert len(text_of(tmp_path, f"<p>{deep}</p>")) == 20_000
    blanks = " " * 500_000
    assert text_of(tmp_path, f"<p><w>a{blanks}\n{blanks}b</w>{blanks}<note n='{blanks}'/></p>")[0] == "a"
    title = f"<titleStmt><title>{'(ELTeC ' * 50_000}</title></titleStmt>"
    assert len(read(tmp_path, tei("<p>a</p>", f"<teiHeader><fileDesc>{title}</fileDesc></teiHeader>"))) == 1
