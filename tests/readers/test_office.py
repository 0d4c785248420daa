"""OpenDocument texts, RTF and Word documents before 2007."""

import html
import os
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.readers import doc, read_file
from polyseme.indexer.readers.raised import raised
from polyseme.indexer.readers.records import Extract, Failure, ReadOptions
from samples import RTF, docx_bytes, odf_xml, odt_bytes, zip_bytes

REAL = Path(__file__).parents[3] / "shared" / "real"
WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co", "Zs", "Zl", "Zp"], exclude_characters="\u00ad\ufeff"),
    min_size=1,
)
PARAGRAPHS = st.lists(st.lists(WORDS, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=5)


def read(folder: Path, name: str, data: bytes | str) -> list[Extract | Failure]:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(read_file(path, ReadOptions()))


def blocks(folder: Path, name: str, data: bytes | str) -> list[str]:
    (extract,) = read(folder, name, data)
    assert isinstance(extract, Extract), extract
    return extract.text.split("\n\n")


def fields(folder: Path, name: str, data: bytes | str) -> dict[str, object]:
    (extract,) = read(folder, name, data)
    assert isinstance(extract, Extract), extract
    return dict(extract.metadata)


def reason(folder: Path, name: str, data: bytes | str) -> str:
    (failure,) = read(folder, name, data)
    assert isinstance(failure, Failure), failure
    return failure.reason


# ---- OpenDocument


@given(PARAGRAPHS)
@settings(max_examples=50)
def test_odt_paragraphs_are_read_back(tmp_path_factory: pytest.TempPathFactory, paragraphs: list[str]) -> None:
    body = "".join(f"<text:p>\n {html.escape(paragraph)}\n</text:p>" for paragraph in paragraphs)
    assert blocks(tmp_path_factory.getbasetemp(), "a.odt", odt_bytes(body)) == paragraphs


def note(mark: str, text: str) -> str:
    citation = f"<text:note-citation>{mark}</text:note-citation>"
    return f"<text:note>{citation}<text:note-body><text:p>{text}</text:p></text:note-body></text:note>"


def test_odt_notes_are_marked_where_they_are_called_and_come_last(tmp_path: Path) -> None:
    body = f"<text:p>A bank{note('1', 'Of <text:span>a</text:span> river.')} is. So.{note('*', 'Yes.')}</text:p>"
    assert blocks(tmp_path, "a.odt", odt_bytes(f"{body}<text:p>End.</text:p>")) == [
        *("A bank¹ is. So.[*]", "End.", "Of a river.", "Yes.")
    ]


def test_odt_page_numbers_of_a_table_of_contents_are_left_out(tmp_path: Path) -> None:
    body = (
        "<text:table-of-content><text:index-body><text:p>The mill<text:tab/>12</text:p>"
        "<text:p>The year 1850<text:tab/>xiv</text:p><text:p>Part 2</text:p></text:index-body></text:table-of-content>"
        "<text:p>Sheep<text:tab/>12</text:p>"
    )
    assert blocks(tmp_path, "a.odt", odt_bytes(body)) == ["The mill", "The year 1850", "Part 2", "Sheep\t12"]


def test_odt_deleted_text_is_left_out_wherever_it_is_kept(tmp_path: Path) -> None:
    region = (
        '<text:changed-region text:id="{0}"><text:{1}><dc:creator>Ann</dc:creator>{2}</text:{1}></text:changed-region>'
    )
    kept_apart = region.format("c1", "deletion", "<text:p>apart</text:p>")
    in_place = region.format("c2", "deletion", "") + region.format("c3", "insertion", "")
    body = (
        f"<text:tracked-changes>{kept_apart}{in_place}</text:tracked-changes>"
        '<text:p>one <text:change text:change-id="c1"/>two<text:change-start text:change-id="c2"/> gone</text:p>'
        f'<text:p>gone<text:s/>{note("1", "gone")}<text:change-end text:change-id="c2"/> three'
        '<text:change-start text:change-id="c3"/> new<text:change-end text:change-id="c3"/></text:p>'
    )
    assert blocks(tmp_path, "a.odt", odt_bytes(body)) == ["one two three new"]
    unfinished = body.partition("<text:change-end")[0] + "</text:p>"
    assert blocks(tmp_path, "a.odt", odt_bytes(unfinished)) == ["one two"]


def test_odt_hidden_text_comments_headers_and_descriptions_are_left_out(tmp_path: Path) -> None:
    hide = '<style:text-properties text:display="none"/>'
    styles = (
        f'<style:style style:name="P" style:family="paragraph">{hide}</style:style>'
        '<style:style style:name="T2" style:family="text" style:parent-style-name="T"/>'
        '<style:style style:name="C" style:family="text" style:parent-style-name="C"/>'
    )
    elsewhere = f'<office:styles><style:style style:name="T" style:family="text">{hide}</style:style></office:styles>'
    page = "<office:master-styles><style:header><text:p>head</text:p></style:header></office:master-styles>"
    body = (
        '<text:p>se<text:span text:style-name="T2">no</text:span>en'
        '<text:span text:style-name="C">.</text:span></text:p>'
        '<text:p text:style-name="P">no</text:p><text:section text:display="none"><text:p>no</text:p></text:section>'
        '<text:section text:display="condition" text:is-hidden="true"><text:p>no</text:p></text:section>'
        '<text:p>no<text:hidden-paragraph text:is-hidden="true"/></text:p>'
        "<text:p>a<office:annotation><dc:creator>Ann</dc:creator><text:p>no</text:p></office:annotation>"
        "<draw:frame><svg:title>no</svg:title><svg:desc>no</svg:desc></draw:frame> <text:title>T</text:title></text:p>"
        "<text:table-of-content><text:table-of-content-source><text:index-title-template>no"
        "</text:index-title-template></text:table-of-content-source></text:table-of-content>"
    )
    extra = {"styles.xml": odf_xml("document-styles", elsewhere + page)}
    assert blocks(tmp_path, "a.odt", odt_bytes(body, styles, extra=extra)) == ["seen.", "a T"]


def test_odt_spaces_cells_lists_boxes_and_raised_text_are_read(tmp_path: Path) -> None:
    properties = '<style:text-properties style:text-position="{}"/>'
    styles = f'<style:style style:name="S" style:family="text">{properties}</style:style>'
    sup = '<text:span text:style-name="S">{}</text:span>'
    body = (
        f"<text:h>m{sup.format(2)} 1{sup.format('st')} x{sup.format('*')}</text:h>"
        '<text:p>\n a\n  b<text:s text:c="3"/>c<text:tab/>d<text:line-break/> e </text:p>'
        "<text:list><text:list-item><text:number>1.</text:number><text:p>one</text:p><text:list><text:list-item>"
        "<text:p>two</text:p></text:list-item></text:list></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>x</text:p><text:p>y</text:p></table:table-cell>"
        "<table:covered-table-cell/><table:table-cell><text:p>z</text:p></table:table-cell></table:table-row></table:table>"
        "<text:p>be<draw:frame><draw:text-box><text:p>box</text:p></draw:text-box></draw:frame>fore</text:p>"
        "<text:p><text:ruby><text:ruby-base>漢</text:ruby-base><text:ruby-text>kan</text:ruby-text></text:ruby>字</text:p>"
    )
    rest = ["a b   c\td\ne", "one", "two", "x", "y", "z", "box", "before", "漢字"]
    for position, first in (("super 58%", "m² 1st x[*]"), ("33% 58%", "m² 1st x[*]"), ("sub 58%", "m2 1st x*")):
        found = blocks(tmp_path, "a.odt", odt_bytes(body, styles.format(position)))
        assert found == [first, *rest], position


META = (
    "<dc:title>The Bank</dc:title><dc:subject>Rivers</dc:subject><meta:keyword>a</meta:keyword>"
    "<dc:language>de</dc:language><meta:keyword>b</meta:keyword><dc:creator>Bob</dc:creator>"
    "<meta:creation-date>1999-03-04T10:00:00</meta:creation-date><dc:date>2020-01-01</dc:date>"
)


def test_odt_properties_are_metadata(tmp_path: Path) -> None:
    first = "<meta:initial-creator>Ann</meta:initial-creator>"
    expected = {
        **{"title": "The Bank", "subject": "Rivers", "keywords": ["a", "b"], "language": "de"},
        **{"author": "Ann", "file_date": "1999-03-04", "file_year": "1999"},
    }
    body = "<text:p>x</text:p>"
    assert fields(tmp_path, "a.odt", odt_bytes(body, meta=META + first)) == expected
    assert fields(tmp_path, "a.ott", odt_bytes(body, meta=META)) == expected | {"author": "Bob"}
    inside = f"<office:meta>{META}</office:meta><office:body><office:text>{body}</office:text></office:body>"
    assert fields(tmp_path, "a.fodt", odf_xml("document", inside)) == expected | {"author": "Bob"}


def test_odt_that_is_encrypted_or_broken_is_refused_in_a_line(tmp_path: Path) -> None:
    manifest = {"META-INF/manifest.xml": "<manifest:encryption-data/>"}
    assert reason(tmp_path, "a.odt", odt_bytes("", extra=manifest)) == "encrypted"
    assert reason(tmp_path, "b.odt", zip_bytes({"x": "y"})) == "damaged: no content.xml in it"
    assert reason(tmp_path, "c.odt", b"junk") == "damaged, or no ODT file"
    assert reason(tmp_path, "d.fodt", b"<a><b></a>").startswith("damaged: the file: mismatched tag")
    assert read(tmp_path, "e.odt", odt_bytes("<text:p/>")) == [Extract("")]


def test_raised_letters_stay_and_raised_marks_are_marks() -> None:
    cases = {
        "2": "²",
        " 12 ": " ¹² ",
        "-1": "⁻¹",
        "st": "st",
        "lle": "lle",
        "*": "[*]",
        "1,2": "[1,2]",
        "": "",
        "a b": "a b",
    }
    assert {text: raised(text) for text in cases} == cases


# ---- RTF


def rtf(body: str, head: str = "") -> bytes:
    return f"{{\\rtf1\\ansi\\ansicpg1252\\deff0{head}\\pard {body}}}".encode("latin-1")


def escaped(text: str) -> str:
    units = text.encode("utf-16-le")
    codes = (int.from_bytes(units[at : at + 2], "little", signed=True) for at in range(0, len(units), 2))
    return "".join(f"\\u{code}?" for code in codes)


@given(PARAGRAPHS)
@settings(max_examples=50)
def test_rtf_paragraphs_are_read_back(tmp_path_factory: pytest.TempPathFactory, paragraphs: list[str]) -> None:
    body = "\\par\r\n".join(escaped(paragraph) for paragraph in paragraphs)
    assert blocks(tmp_path_factory.getbasetemp(), "a.rtf", rtf(body)) == paragraphs


FONTS = (
    "{\\fonttbl{\\f0\\fcharset0 A;}{\\f1\\fcharset238 B{\\*\\falt C};}{\\f2\\fcharset77 D;}{\\f3\\fcharset2 Symbol;}"
    "{\\f4\\fcharset204 E;}{\\f5\\fcharset128 F;}{\\f6\\cpg1253 G;}}"
)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("ESP\\'cdRITO na\\'efve", "ESPÍRITO naïve"),
        ("{\\f1 Zg\\'b3oski \\'9c}\\'9c", "Zgłoski śœ"),
        ("\\f1 \\'b3\\plain\\'b3", "ł³"),
        ("{\\f2 caf\\'8e}", "café"),
        ("{\\f4 \\'d0\\'e5\\'ea\\'e0}", "Река"),
        ("{\\f5 \\'93\\'fa\\'96\\'7b \\'83A}", "日本 ア"),
        ("{\\f6 \\'e1}", "α"),
        ("{\\f3 \\'61}\\f3 b", "αβ"),
        ("\\u322\\'b3a\\u322?b{\\uc0\\u322 c}{\\uc2\\u322 ??d}\\u322 e", "łałbłcłdł"),
        ("\\u322\\b n\\u322 \\f1\\'b3", "łnłł"),
        ("a{\\b\\comment b}", "ab"),
        ("\\u-10179?\\u-8704?", "😀"),
        ("\\u-3913?", "•"),
        ("wo\r\nrd one\n two", "word one two"),
        ("a\\tab b\\line c\\~d\\_e\\-f\\emdash g\\lquote h\\rquote", "a\tb\nc\u00a0d-ef—g‘h’"),
        ("\\{a\\}\\\\b", "{a}\\b"),
        ("s\\v hid\\v0 een {\\v hid}{\\v hid\\plain en}", "seen en"),
        ("a{\\deleted gone\\par gone} b{\\revised new}", "a bnew"),
        ("a{\\*\\unknown no}{\\pict 00ff}{\\pict\\bin3 }}}}{\\nonshppict{\\pict 00}}b", "ab"),
        ("a\\bin4 }}{{b", "ab"),
        ("{\\field{\\*\\fldinst HYPERLINK x}{\\fldrslt link}} {\\field{\\*\\fldinst{ PAGE }}{\\fldrslt 7}}", "link 7"),
        ("{\\field{\\*\\fldinst{ EQ \\\\* jc2 \\\\o\\\\ad(\\\\s\\\\up 11(k),\\u28450?)}}{\\fldrslt}}", "漢"),
        ("a{\\*\\atnid X}{\\*\\atnauthor Y}\\chatn{\\*\\annotation{\\*\\atnref 1}\\pard no}b", "ab"),
        ("a{\\xe\\v no}{\\tc no}{\\*\\bkmkstart no}b{\\*\\bkmkend no}", "ab"),
        ("{\\upr{old}{\\*\\ud{n\\u322?w}}} end", "nłw end"),
        ("m{\\super 2} 1{\\super st} H{\\sub 2}O {\\super\\nosupersub 3}", "m² 1st H2O 3"),
        ("{\\mmath{\\*\\moMath{\\mr{\\*\\mrPr x}y}}}", "y"),
        ("{\\object{\\*\\objclass no}{\\*\\objdata 00}{\\result shown}}", "shown"),
        ("{\\listtext\\pard\\'b7\\tab}item", "item"),
    ],
)
def test_rtf_text_is_read_as_a_reader_sees_it(tmp_path: Path, body: str, text: str) -> None:
    assert blocks(tmp_path, "a.rtf", rtf(body, FONTS)) == [text]


def test_rtf_is_decoded_by_its_code_page(tmp_path: Path) -> None:
    for page, byte, letter in ((1250, 0xB3, "ł"), (1251, 0xE6, "ж"), (10000, 0x8E, "é"), (437, 0x82, "é")):
        text = (
            f"{{\\rtf1\\ansi\\ansicpg{page}{{\\fonttbl{{\\f0\\fcharset0 A;}}}}\\f0 x\\'{byte:02x}y".encode() + b"\\par}"
        )
        assert blocks(tmp_path, "a.rtf", text) == [f"x{letter}y"], page
    assert blocks(tmp_path, "a.rtf", b"{\\rtf1\\mac caf\\'8e}") == ["café"]
    assert blocks(tmp_path, "a.rtf", b"{\\rtf1\\ansi\\ansicpg1250 \xb3ad}") == ["ład"]


def test_rtf_notes_are_marked_where_they_are_called_and_come_last(tmp_path: Path) -> None:
    auto = "{\\super\\chftn}{%s\\pard {\\super\\chftn} %s\\par}"
    body = (
        "One" + auto % ("\\footnote", "First.") + " and" + auto % ("\\*\\footnote", "Second.") + "\\par "
        "End" + auto % ("\\footnote\\ftnalt", "Third.") + ".\\par "
        "Own{\\super *}{\\footnote {\\super *} Fourth.}.\\par "
        "{\\deleted\\chftn{\\footnote no}}{\\v \\chftn{\\footnote no}}"
    )
    assert blocks(tmp_path, "a.rtf", rtf(body)) == [
        *("One¹ and²", "End¹.", "Own[*].", "First.", "Second.", "Third.", "Fourth."),
    ]


def test_rtf_cells_and_boxes_are_apart_and_headers_are_left_out(tmp_path: Path) -> None:
    body = (
        "{\\header no\\par}{\\footerl no}\\trowd\\cellx9\\intbl a\\cell b{\\nonesttables\\par}\\nestcell\\row "
        "be{\\shp{\\*\\shpinst{\\sp{\\sn no}{\\sv no}}{\\shptxt box\\par}}{\\shprslt{\\*\\do{\\dptxbxtext no}}}}"
        "fore\\par"
        "{\\*\\do{\\dptxbxtext old box\\par}}\\sect c\\page d\\\ne"
    )
    assert blocks(tmp_path, "a.rtf", rtf(body)) == ["a", "b", "box", "before", "old box", "c\nd", "e"]


def test_rtf_properties_are_metadata(tmp_path: Path) -> None:
    head = (
        "\\deflang1031{\\info{\\title Caf\\'e9 \\u8212?}{\\author Ann}{\\subject S}{\\keywords a; b}{\\operator no}"
        "{\\creatim\\yr1999\\mo3\\dy4\\hr1}{\\revtim\\yr2020}{\\author Bob}{\\doccomm no}{\\*\\company no}}"
    )
    assert fields(tmp_path, "a.rtf", rtf("x", head)) == {
        **{"title": "Café —", "author": "Ann", "subject": "S", "keywords": ["a", "b"]},
        **{"language": "de", "file_date": "1999-03-04", "file_year": "1999"},
    }
    assert fields(tmp_path, "a.rtf", rtf("x", "{\\info{\\creatim\\yr1999}{\\title  }}")) == {
        "file_date": "1999",
        "file_year": "1999",
    }
    assert fields(tmp_path, "a.rtf", rtf("x", "{\\info{\\creatim\\yr99999999\\mo-5\\dy77}}")) == {}


def test_rtf_that_ends_early_is_read_and_named(tmp_path: Path) -> None:
    lost = Failure("ends inside a group; its end may be missing", "end")
    assert read(tmp_path, "a.rtf", b"{\\rtf1 one\\par two {\\b thr") == [Extract("one\n\ntwo thr"), lost]
    assert read(tmp_path, "a.rtf", b"{\\rtf1 one{\\pict\\bin99 }}}") == [Extract("one"), lost]
    assert read(tmp_path, "a.rtf", b"{\\rtf1 one}}} after") == [Extract("one")]
    assert reason(tmp_path, "a.rtf", b"a letter") == "not RTF; save it as RTF or DOCX"
    assert reason(tmp_path, "a.rtf", b"") == "no text in it"


# ---- Word before 2007

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def program(folder: Path, name: str, code: str) -> None:
    """Make a program that can be found by its name."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys\nfrom pathlib import Path\n{code}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if os.name != "posix":
        pytest.skip("the programs of the tests are scripts")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(doc, "_OFFICE_PLACES", ())
    return tmp_path / "bin"


def test_doc_without_a_program_says_what_to_install(tmp_path: Path, programs: Path) -> None:
    advice = "in Word's format before 2007; install LibreOffice or antiword, or save it as DOCX"
    assert reason(tmp_path, "a.doc", OLE) == advice


def test_doc_is_converted_by_libreoffice_before_antiword(tmp_path: Path, programs: Path) -> None:
    (tmp_path / "made.odt").write_bytes(odt_bytes("<text:p>She sat.</text:p>", meta="<dc:title>T</dc:title>"))
    program(programs, "antiword", "print('wrong')")
    code = (
        "folder = Path(sys.argv[sys.argv.index('--outdir') + 1])\n"
        "assert Path(sys.argv[-1]).read_bytes().startswith(b'\\xd0\\xcf')\n"
        f"(folder / 'document.odt').write_bytes(Path({str(tmp_path / 'made.odt')!r}).read_bytes())"
    )
    program(programs, "soffice", code)
    assert read(tmp_path, "-a b.doc", OLE) == [Extract("She sat.", {"title": "T"})]
    program(programs, "soffice", "sys.exit(77)")
    assert reason(tmp_path, "a.doc", OLE) == "damaged: LibreOffice cannot read it; save it as DOCX"


def test_doc_is_read_by_antiword(tmp_path: Path, programs: Path) -> None:
    lines = "One[?] \u00e9.[pic]\\n\\n|a |b|\\n-----------------------\\n[1]\\tA note.\\n"
    program(
        programs, "antiword", f"assert Path(sys.argv[-1]).is_absolute()\nsys.stdout.buffer.write('{lines}'.encode())"
    )
    assert blocks(tmp_path, "a.doc", OLE) == ["One é.", "a", "b", "A note."]
    program(programs, "antiword", "print('not a Word document', file=sys.stderr)\nsys.exit(1)")
    found = reason(tmp_path, "a.doc", OLE)
    assert found == "damaged: antiword cannot read it (not a Word document); save it as DOCX"


def test_a_program_that_never_ends_or_never_stops_writing_is_ended(
    tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doc, "SECONDS", 1)
    program(programs, "antiword", "while True: pass")
    assert reason(tmp_path, "a.doc", OLE).startswith(
        ("antiword takes more than 1 s", "damaged: antiword cannot read it")
    )
    program(programs, "antiword", "import time\ntime.sleep(60)")
    assert reason(tmp_path, "a.doc", OLE) == "antiword takes more than 1 s to read it; save it in another format"
    program(programs, "antiword", "while True: sys.stdout.write('x' * 2**20)")
    assert "antiword" in reason(tmp_path, "a.doc", OLE)


def test_doc_of_another_format_is_read_as_what_it_is(tmp_path: Path) -> None:
    assert blocks(tmp_path, "a.doc", RTF)[0].startswith("She sat¹ on the bänk.")
    assert blocks(tmp_path, "b.doc", docx_bytes(["She sat."])) == ["She sat."]
    assert blocks(tmp_path, "c.doc", "<html><body><p>She sat.</p></body></html>") == ["She sat."]
    assert (
        reason(tmp_path, "d.doc", b"WordPerfect?") == "not a Word document; name it by its format, or save it as DOCX"
    )
    assert reason(tmp_path, "e.doc", b"") == "no text in it"


# ---- real files


@pytest.mark.skipif(not REAL.is_dir(), reason="the shared test data is not here")
def test_real_files_lose_nothing_and_leak_nothing() -> None:
    def texts(name: str) -> list[str]:
        (extract,) = read_file(REAL / name, ReadOptions())
        assert isinstance(extract, Extract)
        return extract.text.split("\n\n")

    assert texts("testFooter.odt") == ["Here is some text...", "Here is some text on page 2"]
    assert [len(texts(name)) for name in ("source.odt", "testODTStyles2.odt")] == [1, 23]
    assert texts("testRTFHexEscapeInsideWord.rtf") == ["GOVERNO DO ESTADO DO ESPÍRITO SANTO"]
    assert texts("testRTF.rtf") == ["Test d’indexation Word"]
    lists = ["A short ordered list:", "one", "two", "three", "A short unordered list:", "first", "second", "third"]
    assert texts("testRTFListMicrosoftWord.rtf") == [*lists, "A nested list:", "a", "aa", "ab", "b", "c"]
