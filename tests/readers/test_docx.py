"""Word documents are read as Word shows them."""

from pathlib import Path

import pytest
from polyseme.indexer.readers import read_file
from polyseme.indexer.readers.records import Extract, ReadOptions
from samples import docx_bytes, zip_bytes

TRANSITIONAL = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"


def word(tmp_path: Path, body: str, suffix: str = ".docx", namespace: str = TRANSITIONAL, **parts: str) -> Path:
    """Write a document. `parts` are the contents of further parts by the name of their root."""
    spaces = (
        f"xmlns:w='{namespace}' xmlns:m='http://schemas.openxmlformats.org/officeDocument/2006/math' "
        "xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'"
    )
    members = {"word/document.xml": f"<w:document {spaces}><w:body>{body}</w:body></w:document>"}
    members |= {f"word/{name}.xml": f"<w:{name} {spaces}>{content}</w:{name}>" for name, content in parts.items()}
    path = tmp_path / f"a{suffix}"
    path.write_bytes(zip_bytes(members))
    return path


def read(path: Path, *, comments: bool = False) -> list[str]:
    (extract,) = read_file(path, ReadOptions(comments=comments))
    assert isinstance(extract, Extract), extract
    return extract.text.split("\n\n")


def r(text: str, properties: str = "") -> str:
    rpr = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f"<w:r>{rpr}<w:t xml:space='preserve'>{text}</w:t></w:r>"


def p(*runs: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(r(run) if run[:1] != '<' else run for run in runs)}</w:p>"


def sym(font: str, char: str) -> str:
    return f"<w:r><w:sym w:font='{font}' w:char='{char}'/></w:r>"


@pytest.mark.parametrize(
    ("font", "char", "sign"),
    [
        ("Symbol", "F062", "β"),
        ("Symbol", "0062", "β"),
        ("symbol", "F0B3", "≥"),
        ("Symbol", "03B2", "β"),
        ("Arial", "0153", "œ"),
        ("Wingdings", "F04A", "☺"),
        ("Wingdings", "F0FC", "✓"),
        ("Wingdings 2", "F052", "☑"),
        ("Webdings", "F0FF", "\ufffd"),
        ("Some Font", "F041", "\ufffd"),
        ("Symbol", "nonsense", "\ufffd"),
        ("Symbol", "D800", "\ufffd"),
        ("Symbol", "FFFFFF", "\ufffd"),
    ],
)
def test_docx_signs_of_symbol_fonts_are_unicode(tmp_path: Path, font: str, char: str, sign: str) -> None:
    assert read(word(tmp_path, p("one ", sym(font, char), " two"))) == [f"one {sign} two"]


def test_docx_text_set_in_a_symbol_font_is_unicode(tmp_path: Path) -> None:
    font = "<w:rFonts w:ascii='Symbol' w:hAnsi='Symbol'/>"
    assert read(word(tmp_path, p(r("\uf061\uf062 a", font), "\uf061"))) == ["αβ a\uf061"]


@pytest.mark.parametrize("kind", ["drop", "margin"])
def test_docx_drop_capitals_begin_the_next_paragraph(tmp_path: Path, kind: str) -> None:
    frame = f"<w:framePr w:dropCap='{kind}' w:lines='3'/>"
    body = p("Before.") + p("T", properties=frame) + p("he mill was old.") + p("After.")
    assert read(word(tmp_path, body)) == ["Before.", "The mill was old.", "After."]
    assert read(word(tmp_path, p("T", properties=frame))) == ["T"]
    plain = p("Framed.", properties="<w:framePr w:dropCap='none'/>") + p("Next.")
    assert read(word(tmp_path, plain)) == ["Framed.", "Next."]


@pytest.mark.parametrize("mark", ["<w:del/>", "<w:moveFrom/>", "<w:vanish/>", "<w:specVanish/>"])
def test_docx_paragraphs_whose_mark_is_deleted_or_hidden_are_joined(tmp_path: Path, mark: str) -> None:
    gone = f"<w:rPr>{mark}</w:rPr>"
    body = p("He went ", properties=gone) + p("down to ", properties=gone) + p("the mill.") + p("Next.")
    assert read(word(tmp_path, body)) == ["He went down to the mill.", "Next."]


def test_docx_a_deleted_paragraph_mark_joins_nothing_beyond_its_cell_or_a_table(tmp_path: Path) -> None:
    gone = "<w:rPr><w:del/></w:rPr>"
    table = f"<w:tbl><w:tr><w:tc>{p('a', properties=gone)}</w:tc><w:tc>{p('b')}</w:tc></w:tr></w:tbl>"
    assert read(word(tmp_path, p("x", properties=gone) + table + p("y"))) == ["x", "a", "b", "y"]
    earlier = "<w:rPr><w:rPrChange><w:rPr><w:del/><w:vanish/></w:rPr></w:rPrChange><w:vanish w:val='0'/></w:rPr>"
    assert read(word(tmp_path, p("x", properties=earlier) + p("y"))) == ["x", "y"]


def test_docx_deleted_rows_and_cells_are_left_out(tmp_path: Path) -> None:
    def row(text: str, properties: str = "", cell: str = "") -> str:
        return f"<w:tr><w:trPr>{properties}</w:trPr><w:tc><w:tcPr>{cell}</w:tcPr>{p(text)}</w:tc></w:tr>"

    rows = row("kept") + row("deleted", "<w:del/>") + row("hidden", "<w:hidden/>") + row("cell", cell="<w:cellDel/>")
    assert read(word(tmp_path, f"<w:tbl>{rows}{row('new', '<w:ins/>')}</w:tbl>")) == ["kept", "new"]


def test_docx_moved_text_is_read_once(tmp_path: Path) -> None:
    moved = p(f"<w:moveFrom>{r('moved')}</w:moveFrom>", properties="<w:rPr><w:moveFrom/></w:rPr>")
    body = moved + p("stays") + p(f"<w:moveTo>{r('moved')}</w:moveTo>")
    assert read(word(tmp_path, body)) == ["stays", "moved"]


def test_docx_ruby_keeps_its_base(tmp_path: Path) -> None:
    ruby = f"<w:ruby><w:rubyPr/><w:rt>{r('どて')}</w:rt><w:rubyBase>{r('土手')}</w:rubyBase></w:ruby>"
    assert read(word(tmp_path, p("川の", f"<w:r>{ruby}</w:r>", "に"))) == ["川の土手に"]


STYLES = (
    "<w:docDefaults><w:rPrDefault><w:rPr/></w:rPrDefault></w:docDefaults>"
    "<w:style w:type='character' w:styleId='Secret'><w:rPr><w:vanish/></w:rPr></w:style>"
    "<w:style w:type='character' w:styleId='Child'><w:basedOn w:val='Secret'/></w:style>"
    "<w:style w:type='character' w:styleId='Shown'><w:basedOn w:val='Child'/>"
    "<w:rPr><w:vanish w:val='false'/></w:rPr></w:style>"
    "<w:style w:type='paragraph' w:styleId='Draft'><w:rPr><w:vanish/></w:rPr></w:style>"
    "<w:style w:type='paragraph' w:styleId='Loop'><w:basedOn w:val='Loop2'/></w:style>"
    "<w:style w:type='paragraph' w:styleId='Loop2'><w:basedOn w:val='Loop'/></w:style>"
    "<w:style w:type='table' w:styleId='Key'><w:rPr><w:vanish w:val='1'/></w:rPr>"
    "<w:tblStylePr><w:rPr><w:vanish w:val='0'/></w:rPr></w:tblStylePr></w:style>"
    "<w:style w:type='character' w:styleId='Raised'><w:rPr><w:vertAlign w:val='superscript'/></w:rPr></w:style>"
)


@pytest.mark.parametrize(
    ("paragraph", "properties", "seen"),
    [
        ("", "<w:rStyle w:val='Secret'/>", False),
        ("", "<w:rStyle w:val='Child'/>", False),
        ("", "<w:rStyle w:val='Shown'/>", True),
        ("", "<w:rStyle w:val='Child'/><w:vanish w:val='0'/>", True),
        ("", "<w:rStyle w:val='Shown'/><w:vanish/>", False),
        ("", "<w:rStyle w:val='Unknown'/>", True),
        ("Draft", "", False),
        ("Draft", "<w:vanish w:val='off'/>", True),
        ("Draft", "<w:rStyle w:val='Secret'/>", True),  # two styles that hide show again, as the standard says
        ("Loop", "", True),
    ],
)
@pytest.mark.parametrize("namespace", [TRANSITIONAL, STRICT])
def test_docx_text_hidden_by_a_style_is_left_out(
    tmp_path: Path, paragraph: str, properties: str, seen: bool, namespace: str
) -> None:
    body = p(r("text", properties), properties=f"<w:pStyle w:val='{paragraph}'/>") + p("end")
    path = word(tmp_path, body, namespace=namespace, styles=STYLES)
    assert read(path) == (["text", "end"] if seen else ["end"])


def test_docx_page_numbers_of_a_table_of_contents_are_left_out(tmp_path: Path) -> None:
    tab = "<w:r><w:tab/></w:r>"
    styles = "<w:style w:type='paragraph' w:styleId='Verzeichnis1'><w:name w:val='toc 1'/></w:style>"
    contents = [
        p(title, tab, page, properties="<w:pStyle w:val='Verzeichnis1'/>")
        for title, page in (("The mill", "12"), ("The year 1850", "xiv"))
    ]
    body = "".join(contents) + p("Sheep", tab, "12")
    assert read(word(tmp_path, body, styles=styles)) == ["The mill", "The year 1850", "Sheep\t12"]
    unnamed = p("The weir", tab, "3", properties="<w:pStyle w:val='TOC2'/>")
    assert read(word(tmp_path, unnamed)) == ["The weir"]


def test_docx_styles_of_tables_and_defaults_hide_text(tmp_path: Path) -> None:
    table = f"<w:tbl><w:tblPr><w:tblStyle w:val='Key'/></w:tblPr><w:tr><w:tc>{p('cell')}</w:tc></w:tr></w:tbl>"
    assert read(word(tmp_path, table + p("after"), styles=STYLES)) == ["after"]
    usual = STYLES.replace("w:styleId='Draft'", "w:styleId='Draft' w:default='1'")
    assert read(word(tmp_path, p("hidden") + p(r("seen", "<w:vanish w:val='0'/>")), styles=usual)) == ["seen"]
    every = STYLES.replace("<w:rPr/>", "<w:rPr><w:vanish/></w:rPr>")
    assert read(word(tmp_path, p("hidden") + p(r("seen", "<w:vanish w:val='0'/>")), styles=every)) == ["seen"]
    assert read(word(tmp_path, p("text"), styles="<broken")) == ["text"]


def call(kind: str, number: int, own: str = "") -> str:
    if not own:
        return f"<w:r><w:{kind}Reference w:id='{number}'/></w:r>"
    return f"<w:r><w:{kind}Reference w:customMarkFollows='1' w:id='{number}'/><w:t>{own}</w:t></w:r>"


def note(kind: str, number: int, text: str) -> str:
    return f"<w:{kind} w:id='{number}'>{p(f'<w:r><w:{kind}Ref/></w:r>', f' {text}')}</w:{kind}>"


def test_docx_notes_have_marks_and_are_text_of_their_own_in_the_order_of_their_calls(tmp_path: Path) -> None:
    body = p("mill.", call("footnote", 3), " Later", call("footnote", 2), call("footnote", 4, "*"), " on.")
    body += p("End", call("endnote", 1), ".", call("footnote", 5))
    notes = "".join(note("footnote", number, f"note {number}") for number in (2, 3, 4, 5, 6))
    path = word(tmp_path, body, footnotes=notes, endnotes=note("endnote", 1, "last"))
    assert read(path) == [
        "mill.¹ Later²[*] on.",
        "End[i].³",
        "¹ note 3",
        "² note 2",
        "note 4",
        "³ note 5",
        "note 6",
        "[i] last",
    ]


def test_docx_notes_of_deleted_and_hidden_calls_are_left_out(tmp_path: Path) -> None:
    hidden = call("footnote", 2).replace("<w:r>", "<w:r><w:rPr><w:vanish/></w:rPr>")
    body = p("a", f"<w:del>{call('footnote', 1)}</w:del>", hidden, "b", call("footnote", 3))
    notes = "".join(note("footnote", number, f"note {number}") for number in (1, 2, 3))
    assert read(word(tmp_path, body, footnotes=notes)) == ["ab¹", "¹ note 3"]


def test_docx_note_numbers_follow_the_settings(tmp_path: Path) -> None:
    settings = "<w:footnotePr><w:numFmt w:val='upperRoman'/></w:footnotePr><w:endnotePr><w:numFmt w:val='chicago'/>"
    body = p("a", *(call("footnote", number) for number in range(4)), "b", call("endnote", 1), call("endnote", 2))
    assert read(word(tmp_path, body, settings=f"{settings}</w:endnotePr>")) == ["a[I][II][III][IV]b[*][†]"]


@pytest.mark.parametrize(
    ("text", "read_as"),
    [("12", "mill¹²"), ("1,2", "mill¹,²"), ("st", "millst"), ("e", "mille"), ("-3", "mill⁻³"), ("", "mill")],
)
def test_docx_raised_numbers_are_marks_and_raised_letters_are_not(tmp_path: Path, text: str, read_as: str) -> None:
    for properties in ("<w:vertAlign w:val='superscript'/>", "<w:rStyle w:val='Raised'/>"):
        assert read(word(tmp_path, p("mill", r(text, properties)), styles=STYLES)) == [read_as]
    base = "<w:rStyle w:val='Raised'/><w:vertAlign w:val='baseline'/>"
    assert read(word(tmp_path, p("mill", r(text, base)), styles=STYLES)) == [f"mill{text}"]


def test_docx_comments_are_read_on_request(tmp_path: Path) -> None:
    anchor = "<w:commentRangeStart w:id='0'/>" + r("mill") + "<w:r><w:commentReference w:id='0'/></w:r>"
    comment = f"<w:comment w:id='0' w:author='B'>{p('<w:r><w:annotationRef/></w:r>', 'Which one?')}</w:comment>"
    path = word(tmp_path, p("the ", anchor, "."), comments=comment, header1=p("Head"))
    assert read(path) == ["the mill."]
    assert read(path, comments=True) == ["the mill.", "Which one?"]


def test_docx_results_of_fields_are_read_and_instructions_are_not(tmp_path: Path) -> None:
    def border(kind: str) -> str:
        return f"<w:r><w:fldChar w:fldCharType='{kind}'/></w:r>"

    inner = f"{border('begin')}<w:r><w:instrText>DATE</w:instrText></w:r>{border('separate')}{r('1850')}{border('end')}"
    outer = f"{border('begin')}<w:r><w:instrText>IF </w:instrText></w:r>{inner}{border('separate')}"
    body = p("a ", outer, "result", border("end"), " b") + p(border("begin"), "open") + p("next")
    body += p("<w:fldSimple w:instr='PAGE'>" + r("7") + "</w:fldSimple>")
    assert read(word(tmp_path, body)) == ["a result b", "next", "7"]


def test_docx_a_text_box_is_read_once(tmp_path: Path) -> None:
    def box(text: str) -> str:
        return f"<w:txbxContent>{p(text)}</w:txbxContent>"

    both = f"<mc:AlternateContent><mc:Choice>{box('one')}</mc:Choice><mc:Fallback>{box('one')}</mc:Fallback>"
    only = "<mc:AlternateContent><mc:Choice/><mc:Fallback>" + box("two") + "</mc:Fallback></mc:AlternateContent>"
    body = p("host", f"<w:r>{both}</mc:AlternateContent></w:r>") + p(f"<w:r>{only}</w:r>")
    assert read(word(tmp_path, body)) == ["one", "host", "two"]


def test_docx_parts_of_equations_stay_apart(tmp_path: Path) -> None:
    def part(name: str, text: str) -> str:
        return f"<m:{name}><m:r><m:t>{text}</m:t></m:r></m:{name}>"

    body = (
        f"<m:oMath><m:f>{part('num', 'a')}{part('den', 'b')}</m:f><m:r><m:t>=</m:t></m:r>"
        f"<m:sSup>{part('e', 'x')}{part('sup', '12')}</m:sSup>"
        f"<m:d><m:dPr><m:begChr m:val='['/></m:dPr>{part('e', 'y')}{part('e', 'z')}</m:d>"
        f"<m:rad><m:deg/>{part('e', '2')}</m:rad><m:func>{part('fName', 'sin')}{part('e', 'x')}</m:func>"
        f"<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr>{part('sub', '1')}{part('sup', 'n')}{part('e', 'i')}</m:nary>"
        "</m:oMath>"
    )
    assert read(word(tmp_path, p("Let ", body, "."))) == ["Let a/b=x¹²[y|z)√2sin x∑ 1 n i."]


@pytest.mark.parametrize("suffix", [".docm", ".dotx", ".dotm", ".DOCX"])
def test_docx_suffixes_and_strict_documents_are_read(tmp_path: Path, suffix: str) -> None:
    body = p("<w:smartTag>" + r("co") + "<w:r><w:noBreakHyphen/><w:softHyphen/></w:r>" + r("op") + "</w:smartTag>")
    assert read(word(tmp_path, body, suffix, STRICT)) == ["co-op"]


def test_docx_parts_are_found_by_their_relations(tmp_path: Path) -> None:
    spaces = f"xmlns:w='{TRANSITIONAL}'"
    types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    members = {
        "_rels/.rels": f"<R><Relationship Type='{types}/officeDocument' Target='/w/main.xml'/></R>",
        "w/_rels/main.xml.rels": f"<R><Relationship Type='{types}/footnotes' Target='Notes/N.xml'/></R>",
        "w/main.xml": f"<w:document {spaces}><w:body>{p('a', call('footnote', 1))}</w:body></w:document>",
        "w/notes/n.xml": f"<w:footnotes {spaces}>{note('footnote', 1, 'b')}</w:footnotes>",
    }
    (tmp_path / "a.docx").write_bytes(zip_bytes(members))
    assert read(tmp_path / "a.docx") == ["a¹", "¹ b"]


def taken_in(tmp_path: Path, body: str, kind: str, member: str, data: bytes) -> tuple[list[str], str]:
    """Return the paragraphs and the warning of a document with one part beside it, whose relation is `x`."""
    spaces = f"xmlns:w='{TRANSITIONAL}' xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'"
    members = {
        "word/document.xml": f"<w:document {spaces}><w:body>{p('Before.')}{body}{p('After.')}</w:body></w:document>",
        "word/_rels/document.xml.rels": f"<R><Relationship Id='x' Type='t/{kind}' Target='{member}'/></R>",
    }
    path = tmp_path / "a.docx"
    path.write_bytes(zip_bytes({name: text.encode() for name, text in members.items()} | {f"word/{member}": data}))
    (extract,) = read_file(path, ReadOptions())
    assert isinstance(extract, Extract), extract
    return extract.text.split("\n\n"), extract.warning


@pytest.mark.parametrize(
    ("member", "data", "texts", "warning"),
    [
        ("c.html", b"<p>One.</p><p>Two.</p>", ["One.", "Two."], ""),
        ("c.docx", docx_bytes(["One.", "Two."]), ["One.", "Two."], ""),
        ("c.mht", b"MIME-Version: 1.0\nContent-Type: text/html\n\n<p>One.</p>", ["One."], ""),
        ("c.xyz", b"?", [], "not read: word/c.xyz (unknown file type '.xyz')"),
    ],
)
def test_docx_files_taken_in_are_read_at_their_place(
    tmp_path: Path, member: str, data: bytes, texts: list[str], warning: str
) -> None:
    body = "<w:altChunk r:id='x'/><w:altChunk r:id='x'/><w:altChunk r:id='none'/>"
    assert taken_in(tmp_path, body, "aFChunk", member, data) == (["Before.", *texts, "After."], warning)


def test_docx_diagrams_and_labels_of_charts_are_read(tmp_path: Path) -> None:
    runs = "<a:p><a:r><a:t>The </a:t></a:r><a:r><a:t>bank</a:t></a:r></a:p>"
    diagram = f"<d xmlns:a='a'><pt><t>{runs}</t></pt><pt><t>{runs}</t></pt><pt><t><a:p/></t></pt></d>"
    body = p("<w:r><w:drawing><relIds r:dm='x' r:lo='y'/></w:drawing></w:r>")
    assert taken_in(tmp_path, body, "diagramData", "d.xml", diagram.encode()) == (["Before.", "The bank", "After."], "")
    chart = (
        f"<c xmlns:a='a'><title>{runs}</title><strCache><pt><v>River</v></pt><pt><v>Sea</v></pt></strCache>"
        "<numCache><pt><v>4.3</v></pt></numCache></c>"
    )
    body = p("<w:r><w:drawing><chart r:id='x'/></w:drawing></w:r>")
    assert taken_in(tmp_path, body, "chart", "c.xml", chart.encode())[0][1:-1] == ["The bank", "River", "Sea"]
    texts, warning = taken_in(tmp_path, body, "chartEx", "c.xml", chart.encode())
    assert (texts, warning) == (["Before.", "After."], "not read: word/c.xml")
    package = p("<w:r><w:object><OLEObject r:id='x'/></w:object></w:r>")
    assert taken_in(tmp_path, package, "package", "d.xlsx", b"?")[1] == "not read: word/d.xlsx"
    assert taken_in(tmp_path, package, "oleObject", "d.bin", b"?")[1] == ""
    assert taken_in(tmp_path, "<w:subDoc r:id='x'/>", "subDocument", "d.docx", b"?")[1] == "not read: word/d.docx"
    hidden = p("<w:r><w:rPr><w:vanish/></w:rPr><w:drawing><chart r:id='x'/></w:drawing></w:r>")
    assert taken_in(tmp_path, hidden, "chart", "c.xml", chart.encode()) == (["Before.", "After."], "")
    assert taken_in(tmp_path, body, "chart", "c.xml", b"<broken")[1].startswith("not read: word/c.xml (damaged")
