"""Small files of all formats, made by the tests themselves."""

import io
import json
import re
import zipfile
from pathlib import Path

CONTAINER = (
    '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
    '<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
TEXT = "She sat on the river bank. The bank refused a loan — it was £5."
PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>The Bank</title><meta name=author content="A">'
    "<style>p { color: red }</style><script>if (1 < 2) {}</script></head><body><h1>Bank</h1><p>She <b>sat</b> on the"
    ' <a href="x">bank</a>.<ul><li>one<li>two <ul><li>three</ul></ul><table><tr><td>a<td>b</table><pre> x\n  y</pre>'
    "<!-- note --><p hidden>gone<p>It cost &pound;5 &amp; more.<br>New line.<div><div>deep</div></div></body></html>"
)
MARKDOWN = (
    '---\ntitle: The Bank\ntags: [a, b]\n---\n# The *river* bank\n\nShe **sat** on the [bank](x "t") `code`.\n\n'
    "- one\n- two\n\n  three\n\n> quoted\n\n| a | b |\n|---|---|\n| c | d |\n\n```\nx = 1\n```\n\n<div>raw</div>\n"
)
TEI = (
    '<?xml version="1.0" encoding="utf-8"?><teiCorpus xmlns="http://www.tei-c.org/ns/1.0"><TEI><teiHeader><fileDesc>'
    "<titleStmt><title>The Bank</title><author><persName>A. Writer</persName></author></titleStmt><publicationStmt>"
    '<date when="2012-03-04"/></publicationStmt><sourceDesc><bibl><date>printed 1850</date></bibl></sourceDesc>'
    "</fileDesc></teiHeader><text><front><titlePage><titlePart>The Bank</titlePart></titlePage></front><body>"
    '<div type="a"><head>One</head><p>She <hi>sat</hi> on the ri<pb n="2"/>ver bank.<note n="1">A <q>note</q>.</note>'
    ' <choice><orig>Ye</orig><reg>The</reg></choice> ba-<lb break="no"/>nk <gap reason="lost"/> held.</p>'
    "<lg><l>One line,</l><l>two</l></lg><sp><speaker>ANN</speaker><l>Go! <stage>Exit.</stage></l></sp>"
    '<p><s><w lemma="the" pos="DET">The</w> <w lemma="bank" msd="n.s">banks</w><pc>.</pc></s></p></div></body></text>'
    "</TEI><TEI><text><group><text><body><p>two</p></body></text></group></text></TEI></teiCorpus>"
)
CONLLU = (
    "# newdoc id = a\n# meta::title = The Bank\n# sent_id = 1\n# text = It won't hold, du.\n"
    "1 It it PRON PRP _ 2 x _ _|2-3 won't _ _ _ _ _ _ _ _|2 wo will AUX MD _ 0 x _ _|3 n't not PART RB _ 2 x _ _|"
    "4 hold hold VERB VB _ 2 x _ SpaceAfter=No|5 , , PUNCT , _ 4 x _ _|6-7 du _ _ _ _ _ _ _ SpaceAfter=No|"
    "6 de de ADP _ _ 4 x _ _|7 le le DET _ _ 4 x _ _|7.1 _ _ _ _ _ _ _ _ _|8 . . PUNCT . _ 4 x _ SpacesAfter=\\n|\n"
    "# newdoc id = b\n# newpar\n1 End end NOUN NN _ 0 x _ _||"
)
CONLLU = re.sub(r"(?m)^[^#].*", lambda line: line[0].replace(" ", "\t").replace("|", "\n"), CONLLU)
VERTICAL = (
    '<?xml version="1.0"?>\n<corpus>\n<doc id="a" year="1850" title=\'The "Bank"\'>\n<p>\n<s>\nThe\tDT\tthe\n'
    "bank\tNN\tbank\n<g/>\n&amp;\tCC\t&amp;\n</s>\n</p>\nloose\tJJ\tloose\n</doc>\n<doc>\nmore\tRB\tmore\n\n"
    ".\t.\t.\n</doc>\n</corpus>\n"
)
MAIL = (
    "From: =?utf-8?q?Zo=C3=AB?= <a@example.org>\nSubject: The =?iso-8859-1?b?YuRuaw==?=\n"
    "Date: Thu, 1 Jan 2015 10:00:00 +0100\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=bb\n\n"
    "--bb\nContent-Type: text/plain; charset=utf-8; format=flowed\n\nShe sat on the \nbank.\n> quoted\n"
    "--bb\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n<p>The b=C3=A4nk</p>\n--bb--\n"
)


def docx_bytes(paragraphs: list[str]) -> bytes:
    """Return a Word document."""
    import docx

    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def xhtml(body: str) -> str:
    """Return a chapter of a book."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
        f"<head><title/></head><body>{body}</body></html>"
    )


def epub_bytes(chapters: dict[str, str], head: str = "", extra: dict[str, str] | None = None) -> bytes:
    """Return a book. `head` is its metadata as XML, and `extra` are further members."""
    items = "".join(
        f'<item id="i{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(len(chapters)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:opf="http://www.idpf.org/2007/opf" version="3.0">'
        f"<metadata>{head}</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    members = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER, "OPS/book.opf": package}
    members |= {f"OPS/{name.replace('%20', ' ')}": text for name, text in chapters.items()}
    return zip_bytes(members | (extra or {}), zipfile.ZIP_STORED)


def zip_bytes(members: dict[str, str] | dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def pdf_file(path: Path, pages: list[list[str]], **about: str) -> Path:
    """Write a PDF file with paragraphs on each page."""
    from fpdf import FPDF

    pdf = FPDF()
    for name, value in about.items():
        getattr(pdf, f"set_{name}")(value)
    for paragraphs in pages:
        pdf.add_page()
        pdf.set_font("Times", size=12)
        for paragraph in paragraphs:
            pdf.multi_cell(120, 6, paragraph, align="J", new_x="LMARGIN", new_y="NEXT")
            pdf.ln(4)
    pdf.output(str(path))
    return path


ODF = "urn:oasis:names:tc:opendocument:xmlns:"
_ODF_NAMES = " ".join(
    f'xmlns:{short}="{ODF}{name}:1.0"'
    for short, name in {
        **{"office": "office", "text": "text", "style": "style", "table": "table", "draw": "drawing", "meta": "meta"},
        **{"fo": "xsl-fo-compatible", "svg": "svg-compatible"},
    }.items()
)


def odf_xml(root: str, inside: str) -> str:
    """Return a member of an OpenDocument file."""
    names = f'{_ODF_NAMES} xmlns:dc="http://purl.org/dc/elements/1.1/"'
    return f'<?xml version="1.0" encoding="UTF-8"?><office:{root} {names}>{inside}</office:{root}>'


def odt_bytes(body: str, styles: str = "", meta: str = "", extra: dict[str, str] | None = None) -> bytes:
    """Return an OpenDocument text. All parts are XML."""
    content = f"<office:automatic-styles>{styles}</office:automatic-styles>"
    content += f"<office:body><office:text>{body}</office:text></office:body>"
    members = {
        "mimetype": "application/vnd.oasis.opendocument.text",
        "content.xml": odf_xml("document-content", content),
        "meta.xml": odf_xml("document-meta", f"<office:meta>{meta}</office:meta>"),
    }
    return zip_bytes(members | (extra or {}))


def ods_bytes(tables: str, styles: str = "") -> bytes:
    """Return an OpenDocument spreadsheet."""
    content = f"<office:automatic-styles>{styles}</office:automatic-styles>"
    content += f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body>"
    return zip_bytes({"content.xml": odf_xml("document-content", content)})


def xlsx_bytes(sheets: dict[str, list[list[object]]], hidden: tuple[str, ...] = ()) -> bytes:
    """Return a workbook with rows of cells by the names of its sheets."""
    import openpyxl

    book = openpyxl.Workbook()
    del book["Sheet"]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


RTF = (
    "{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0\\fcharset0 A;}{\\f1\\fcharset238 B;}}{\\info{\\title T}"
    "{\\creatim\\yr1999}}{\\header H\\par}\\pard She sat\\chftn{\\footnote {\\chftn} a note} on the b\\'e4nk.\\par "
    "{\\v no}{\\f1 \\'b3}\\u322 l"
    "{\\pict\\bin3 }}}}{\\field{\\*\\fldinst X}{\\fldrslt Y}}\\par}"
)
SUBTITLES = (
    "1\n00:00:01,000 --> 00:00:02,000\n<i>She sat on</i>\n\n2\n00:00:02,000 --> 00:00:03,500\nthe bank.\n- Who?\n"
)
CAPTIONS = (
    "WEBVTT\nLanguage: en\n\nNOTE x\n\na\n00:01.000 --> 00:02.000 align:start\n<v Ann>She &amp; I sat</v>\n\n"
    "00:02.000 --> 00:03.000\non the <00:02.500><c.x>bank</c>.\n"
)
LATEX = (
    "\\documentclass{article}\\title{T}\\author{A \\and B}\n\\begin{document}\\maketitle\n\\section{One}\n"
    "She \\emph{sat}\\footnote{A"
    " note.} on the bank.\n\\begin{itemize}\\item x $a^2$\\end{itemize}\n\\lex{word} % no\n\\end{document}\n"
)


ODT_STYLES = (
    '<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>'
)
ODT_BODY = (
    "<text:h>One</text:h><text:p>She sat<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>a"
    ' note</text:p></text:note-body></text:note> <text:span text:style-name="H">no</text:span>on<text:s text:c="2"/>the'
    " bank.</text:p><table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell>"
    "</table:table-row></table:table>"
)
ODS_TABLE = (
    '<table:table table:name="A"><table:table-row><table:table-cell><text:p>text</text:p></table:table-cell>'
    '<table:table-cell table:number-columns-repeated="3"/></table:table-row><table:table-row>'
    '<table:table-cell table:number-columns-repeated="2"><text:p>She sat</text:p></table:table-cell>'
    "</table:table-row></table:table>"
)


def notebook(*cells: tuple[str, str], **metadata: object) -> str:
    """Return a Jupyter notebook with cells of a kind and a source."""
    made = [{"cell_type": kind, "metadata": {}, "source": source.splitlines(True)} for kind, source in cells]
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def tmx(*units: dict[str, str]) -> str:
    """Return a translation memory. A unit is a text in each language."""
    body = "".join(
        "<tu>" + "".join(f'<tuv xml:lang="{code}"><seg>{text}</seg></tuv>' for code, text in unit.items()) + "</tu>"
        for unit in units
    )
    return f'<?xml version="1.0"?><!DOCTYPE tmx SYSTEM "tmx14.dtd"><tmx version="1.4"><body>{body}</body></tmx>'


XLIFF = (
    '<xliff version="1.2"><file original="a.html" source-language="en" target-language="de"><body>'
    '<trans-unit id="1" resname="a"><source>The <g id="1">bank</g> was<x id="2" ctype="lb"/>wet.</source>'
    '<target state="final">Das Ufer war nass.</target><note>see b</note><alt-trans><source>no</source>'
    "<target>nein</target></alt-trans></trans-unit>"
    '<trans-unit id="2"><source>It held.</source></trans-unit></body></file></xliff>'
)
XLIFF_2 = (
    '<xliff version="2.0" srcLang="en" trgLang="de"><file id="f" original="b.txt"><unit id="u"><notes><note>n</note>'
    '</notes><originalData><data id="d">code</data></originalData><segment state="final"><source>The '
    '<pc id="1" dataRefStart="d">bank</pc>.</source><target>Das <pc id="1">Ufer</pc>.</target></segment>'
    '<ignorable><source> </source></ignorable><segment><source>It<ph id="3"/> held.</source><target>Es hielt.'
    "</target></segment></unit></file></xliff>"
)


def arrow_samples(folder: Path) -> dict[str, list[bytes]]:
    """Return a file of each binary format of tables."""
    import pyarrow
    from pyarrow import feather, ipc, parquet

    table = pyarrow.table({"id": ["a", "b"], "text": [TEXT, "two"], "user": [{"name": "Anna"}, None], "n": [1, None]})
    parquet.write_table(table, folder / "sample.parquet")
    feather.write_feather(table, folder / "sample.feather")
    with ipc.new_stream(str(folder / "sample.arrow"), table.schema) as stream:
        stream.write_table(table)
    return {suffix: [(folder / f"sample{suffix}").read_bytes()] for suffix in (".parquet", ".arrow", ".feather")}


def samples(folder: Path) -> dict[str, list[bytes]]:
    """Return one or two files of each format by suffix. `folder` is for files on the way."""
    pdf = pdf_file(folder / "sample.pdf", [["She sat on the bank.", "It held."], ["The end."]], title="T").read_bytes()
    rows = [{"id": "a", "text": TEXT, "year": 1987, "tags": ["x", {"y": None}]}, {"text": "two\n\u2028"}]
    table = f'id,text,year\na,"{TEXT} ""Yes,""\nshe said.",1987\nb,two,\n'
    return {
        ".txt": [f"---\ntitle: T\nlist: [a, {{b: c}}]\n---\n{TEXT}\n".encode(), TEXT.encode("cp1252")],
        ".md": [MARKDOWN.encode()],
        ".html": [PAGE.encode(), PAGE.replace("utf-8", "x").encode("utf-16")],
        ".xhtml": [xhtml(f"<p>{TEXT}</p><div/><p>caf&eacute;</p>").encode()],
        ".pdf": [pdf],
        ".docx": [docx_bytes([TEXT, "two"])],
        ".epub": [epub_bytes({"a.xhtml": xhtml(f"<p>{TEXT}</p>"), "b.xhtml": PAGE}, "<dc:title>T</dc:title>")],
        ".odt": [odt_bytes(ODT_BODY, ODT_STYLES, "<dc:title>T</dc:title>")],
        ".fodt": [odf_xml("document", f"<office:body><office:text>{ODT_BODY}</office:text></office:body>").encode()],
        ".rtf": [RTF.encode()],
        ".doc": [RTF.encode(), docx_bytes([TEXT]), PAGE.encode()],
        ".tex": [LATEX.encode(), LATEX.encode("utf-16")],
        ".ipynb": [notebook(("markdown", "# One\n\nShe *sat*."), ("code", "x = 1")).encode()],
        ".srt": [SUBTITLES.encode()],
        ".vtt": [CAPTIONS.encode()],
        ".xlsx": [xlsx_bytes({"A": [["id", "text", "year"], ["a", TEXT, 1987], ["b", "two", None]]})],
        ".ods": [ods_bytes(ODS_TABLE)],
        ".csv": [table.encode(), table.replace(",", ";").encode("cp1252")],
        ".tsv": [table.replace(",", "\t").encode()],
        ".jsonl": [b"".join(json.dumps(row).encode() + b"\n" for row in rows)],
        ".json": [
            json.dumps(rows, ensure_ascii=False).encode(),
            json.dumps(rows, indent=1).encode("utf-16"),
            json.dumps({"data": rows, "n": 2}).encode(),
        ],
        ".tmx": [tmx({"en": TEXT, "de": "Das <ph>&lt;br></ph>Ufer."}, {"fr": "La rive."}).encode()],
        ".xlf": [XLIFF.encode()],
        ".xliff": [XLIFF_2.encode()],
        **arrow_samples(folder),
        ".tei": [TEI.encode(), TEI.replace("utf-8", "utf-16").encode("utf-16")],
        ".conllu": [CONLLU.encode()],
        ".vrt": [VERTICAL.encode()],
        ".eml": [MAIL.encode()],
        ".mbox": [f"From a Thu Jan  1 00:00:00 2015\n{MAIL}\n\nFrom b Fri Jan  2 00:00:00 2015\n{MAIL}".encode()],
        ".mhtml": [MAIL.replace("alternative", "related").encode()],
        ".zip": [zip_bytes({"a.txt": TEXT, "b/c.html": PAGE, "d.md": MARKDOWN, "e.xyz": "?"})],
    }
