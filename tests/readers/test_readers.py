import csv
import html
import io
import json
import logging
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polyseme.indexer.readers import SUFFIXES, archive, read_file
from polyseme.indexer.readers.encodings import decode
from polyseme.indexer.readers.front_matter import front_matter
from polyseme.indexer.readers.html import html_blocks
from polyseme.indexer.readers.line_ends import join_lines
from polyseme.indexer.readers.pdf_lines import Line
from polyseme.indexer.readers.pdf_paragraphs import paragraphs_of
from polyseme.indexer.readers.records import Extract, Failure, ReadOptions
from samples import docx_bytes, epub_bytes, pdf_file, xhtml, zip_bytes

PLAINLY = ReadOptions()
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
# what XML and HTML can hold. Soft hyphens are invisible and left out by design
WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn", "Zs", "Zl", "Zp"], exclude_characters="\u00ad\ufeff"),
    min_size=1,
)
PARAGRAPHS = st.lists(st.lists(WORDS, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=5)


def read_one(path: Path, options: ReadOptions = PLAINLY) -> Extract:
    (item,) = read_file(path, options)
    assert isinstance(item, Extract), item
    return item


def failure(path: Path, options: ReadOptions = PLAINLY) -> str:
    (item,) = read_file(path, options)
    assert isinstance(item, Failure), item
    return item.reason


def written(name: str, data: bytes | str, read: Callable[[Path], Extract] = read_one) -> Extract:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return read(path)


def as_html(paragraphs: list[str]) -> str:
    return "".join(f"<p>{html.escape(paragraph)}</p>\n" for paragraph in paragraphs)


# ---- what is written is read back


@given(ANY_TEXT)
@example("a\r\nb\rc\n\n\td  ")
@example("--- \nnot: [closed\n---\n")
def test_a_text_file_keeps_all_but_line_ends_and_byte_order_mark(text: str) -> None:
    text = re.sub("[\f‐¬\u00ad-]+$", "", text.replace("\f", ""), flags=re.MULTILINE)  # see test_wrapped.py
    plain = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    if text and not front_matter(plain)[0]:
        assert written("a.txt", text).text == plain


@given(PARAGRAPHS)
def test_html_paragraphs_are_read_back(paragraphs: list[str]) -> None:
    assert written("a.html", f'<meta charset="utf-8">{as_html(paragraphs)}').text.split("\n\n") == paragraphs


@given(PARAGRAPHS)
@settings(max_examples=25)
def test_docx_paragraphs_are_read_back(paragraphs: list[str]) -> None:
    assert written("a.docx", docx_bytes(paragraphs)).text.split("\n\n") == paragraphs


@given(PARAGRAPHS, PARAGRAPHS)
@settings(max_examples=50)
def test_epub_paragraphs_are_read_back_in_spine_order(one: list[str], two: list[str]) -> None:
    data = epub_bytes({"z.xhtml": xhtml(as_html(one)), "a%20b.xhtml": xhtml(as_html(two))})
    assert written("a.epub", data).text.split("\n\n") == one + two


@given(st.lists(ANY_TEXT.filter(str.strip), min_size=1, max_size=5))
def test_csv_and_json_lines_are_read_back(texts: list[str]) -> None:
    table = io.StringIO(newline="")
    csv.writer(table).writerows([["id", "text"], *([f"n{i}", text] for i, text in enumerate(texts))])
    lines = "".join(json.dumps({"id": f"n{i}", "text": text}) + "\n" for i, text in enumerate(texts))
    expected = [(f"n{i}", text.replace("\r\n", "\n").replace("\r", "\n")) for i, text in enumerate(texts)]
    for name, data in (("a.csv", table.getvalue()), ("a.jsonl", lines)):
        with TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(data.encode())
            items = list(read_file(path, ReadOptions()))
        assert [(item.id, item.text) for item in items if isinstance(item, Extract)] == expected, name


@given(st.binary(max_size=300), st.sampled_from(SUFFIXES))
@settings(max_examples=300)
def test_no_input_makes_a_reader_raise(data: bytes, suffix: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        path.write_bytes(data)
        for item in read_file(path, ReadOptions()):
            assert isinstance(item, Extract | Failure)


# ---- encodings

ENCODED = [
    ("cp1252", "The café’s “special” cost £5 — a head."),
    ("cp1252", "It’s late."),
    ("cp1252", "The price is £5."),
    ("cp1252", "naïve"),
    ("cp1252", "El niño comió una manzana en el jardín mañana"),
    ("iso8859-1", "Der Bär läuft über die Straße und grüßt"),
    ("iso8859-1", "Ça va très bien, merci. À bientôt"),
    ("iso8859-2", "Zażółć gęślą jaźń"),
    ("iso8859-2", "Příliš žluťoučký kůň úpěl ďábelské ódy"),
    ("cp1250", "Łódź – miasto w środkowej Polsce"),
    ("utf-16", "She sat on the bank."),
    ("utf-16-le", "She sat on the bank."),
    ("utf-16-be", "Она сидела на берегу."),
    ("utf-32", "She sat on the bank."),
    ("utf-8-sig", "She sat on the bänk."),
    ("shift_jis", "私は昨日、川の土手を歩いた。"),
    ("shift_jis", "カタカナ"),
    ("euc_jp", "私は昨日、川の土手を歩いた。"),
    ("gb18030", "今天我们去河边散步，看见了很多船。"),
    ("koi8-r", "Она сидела на берегу реки."),
    ("koi8-r", "река"),
    ("cp1251", "Она сидела на берегу реки."),
    ("cp1253", "Η γάτα κάθεται στο χαλί και κοιτάζει"),
]


@pytest.mark.parametrize(("encoding", "text"), ENCODED)
def test_encodings_are_detected_from_one_line(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(("encoding", "text"), ENCODED)
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_rows_are_read_in_the_encoding_of_their_file(tmp_path: Path, encoding: str, text: str, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    lines = [json.dumps({"text": text}, ensure_ascii=False)] if suffix == ".jsonl" else ["text", f'"{text}"']
    path.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
    assert read_one(path).text == text


def test_one_accent_deep_in_a_long_file_decides_the_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"Plain line after plain line.\n" * 100_000 + "It’s a café.\n".encode("cp1252"))
    assert read_one(path).text.endswith("\nIt’s a café.\n")


def test_a_given_encoding_is_used_strictly(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("река".encode("cp866"))
    assert read_one(path, ReadOptions(encoding="cp866")).text == "река"
    assert re.fullmatch("not utf-8: .* at byte 3", failure(path, ReadOptions(encoding="utf-8")))


@pytest.mark.parametrize("suffix", [".txt", ".csv", ".jsonl", ".md"])
def test_binary_content_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    for data in (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", b"\xff\xd8\x01\x02\x03\x04\x05\xfe\x06\x07\x08", b"text\n\0\n"):
        path.write_bytes(data)
        assert failure(path) == "binary content, not text"


@pytest.mark.parametrize(
    ("encoding", "head"),
    [
        ("iso8859-2", '<meta charset="iso-8859-2">'),
        ("koi8-r", '<META http-equiv=Content-Type content="text/html; charset=koi8-r">'),
        ("cp1252", "<meta charset='latin1'>"),
        ("utf-8-sig", '<meta charset="iso-8859-1">'),
        ("utf-8", '<meta charset="utf-16">'),
        ("utf-16", ""),
    ],
)
def test_the_declared_charset_of_a_page_is_used(encoding: str, head: str) -> None:
    word = {"iso8859-2": "žízeň", "koi8-r": "река"}.get(encoding, "“é”")
    assert written("a.html", f"{head}<p>{word}</p>".encode(encoding)).text == word


# ---- text and Markdown


def test_front_matter_is_metadata_with_scalars_unchanged() -> None:
    text = "---\nid: x-1\ntitle: The River\nyear: 1987\ncode: 007\ndraft: yes\nempty:\nnil: null\n"
    text += "tags: [a, b]\n---\nText.\n"
    extract = written("a.txt", text)
    assert (extract.id, extract.text) == ("x-1", "Text.\n")
    assert extract.metadata == {
        "title": "The River",
        "year": "1987",
        "code": "007",
        "draft": "yes",
        "empty": "",
        "tags": ["a", "b"],
    }


@pytest.mark.parametrize(
    "text",
    [
        "---\nkey: [unclosed\n---\nText\n",
        "---\nJust a line between rules.\n---\nText\n",
        "---\n- a\n- list\n---\n",
        "---\na: &a [x]\nb: *a\n---\nText\n",
        "---\nnever: closed\n",
        "---\na: !!python/object/apply:os.system [ls]\n--\n",
        f"---\na: {'[' * 5000}\n---\n",
    ],
)
def test_malformed_front_matter_is_text(text: str) -> None:
    assert written("a.txt", text).text == text


def test_yaml_tags_create_no_objects() -> None:
    fields, _ = front_matter("---\na: !!python/object/apply:os.getcwd []\n---\n")
    assert fields == {"a": []}


def test_markdown_is_read_as_blocks() -> None:
    text = (
        '---\ntitle: T\n---\n# The *river* bank\n\nShe **sat** on the [bank](http://x.org "t")\nof the river.  \n'
        "New line.\n\n"
        "- one &amp; two\n- three\n\n  four\n\n> quoted\n\n| a | b |\n|---|---|\n| c `d` | e |\n\n"
        "```python\nx = 1\n\ny = [2]\n```\n"
        "![alt](pic.png)\n\n<div>raw <b>html</b></div>\n\n<script>alert(1)</script>\n"
    )
    extract = written("a.md", text)
    assert extract.metadata == {"title": "T"}
    assert extract.text.split("\n\n") == [
        "The river bank",
        "She sat on the bank of the river.\nNew line.",
        *("one & two", "three", "four", "quoted", "a", "b", "c d", "e", "x = 1", "y = [2]", "raw html"),
    ]


# ---- HTML


@pytest.mark.parametrize(
    ("markup", "blocks"),
    [
        ("a<b>b</b>c <i> d</i>\n e", ["abc d e"]),
        ("<p>one<p>two<br>three<br><br>four", ["one", "two\nthree\n\nfour"]),
        ("<ul><li>a<li>b <ul><li>c</ul> d</ul>", ["a", "b", "c", "d"]),
        ("<table><tr><th>a<td>b<tr><td>c d</table>", ["a", "b", "c d"]),
        ("<h1>Head</h1>text<div>x</div>y", ["Head", "text", "x", "y"]),
        ("&lt;p&gt; &amp; &eacute;&#8217;&nbsp;x", ["<p> & é’\u00a0x"]),
        ("a<script>1</script><style>p{}</style><noscript>no</noscript><template>t</template>b", ["ab"]),
        ("a<nav>menu</nav>b", ["a", "b"]),
        ("<p hidden>x<p style='display: none'>y<div role=navigation>z</div><p>seen<!-- not -->", ["seen"]),
        ("<pre>  a\n    b\n</pre>c", ["  a\n    b", "c"]),
        ("to\u00adgether im&shy;possible", ["together impossible"]),
        ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>字", ["漢字"]),
        ("<form>Name <input value=x><button>Go</button><select><option>1</select></form>", ["Name"]),
        (
            "<dl><dt>bank</dt><dd>side of a river</dd></dl><figure><figcaption>cap</figcaption></figure>",
            ["bank", "side of a river", "cap"],
        ),
        ("", []),
    ],
)
def test_html_is_read_as_its_visible_text(markup: str, blocks: list[str]) -> None:
    assert html_blocks(markup) == blocks


def test_deeply_nested_html_is_read() -> None:
    assert html_blocks("<div>" * 10_000 + "deep") == ["deep"]


def test_html_metadata_has_title_author_date_and_language() -> None:
    markup = (
        "<html lang=en-GB><head><title> The\n Bank </title><meta name=Author content='A. Writer'>"
        "<meta property='article:published_time' content='1999-05-01T10:00:00Z'></head><body><p>x</p></body></html>"
    )
    assert written("a.htm", markup).metadata == {
        "title": "The Bank",
        "author": "A. Writer",
        "date": "1999-05-01",
        "year": "1999",
        "language": "en-GB",
    }


def test_self_closed_xhtml_elements_contain_no_following_text() -> None:
    body = '<p><a id="a>b"/>one</p><script src="x.js"/><p>two<br/>three</p><div/><p>four</p>'
    assert written("a.xhtml", xhtml(body)).text.split("\n\n") == ["one", "two\nthree", "four"]


# ---- Word and EPUB


def test_docx_tables_links_notes_and_properties_are_read(tmp_path: Path) -> None:
    import datetime

    import docx

    document = docx.Document()
    document.add_heading("Title", 1)
    paragraph = document.add_paragraph("She ")
    paragraph.add_run("sat").bold = True
    paragraph.add_run(" down.\tThen\nleft.")
    paragraph.add_run("secret").font.hidden = True
    table = document.add_table(rows=1, cols=2)
    table.cell(0, 0).text, table.cell(0, 1).text = "a", "b"
    properties = document.core_properties
    properties.title, properties.author, properties.language = "The Bank", "A. Writer", "en"
    properties.created = datetime.datetime(1999, 5, 1, 10, tzinfo=datetime.UTC)
    document.save(str(tmp_path / "a.docx"))
    extract = read_one(tmp_path / "a.docx")
    assert extract.text.split("\n\n") == ["Title", "She sat down.\tThen\nleft.", "a", "b"]
    assert extract.metadata == {
        "title": "The Bank",
        "author": "A. Writer",
        "language": "en",
        "file_date": "1999-05-01",
        "file_year": "1999",
    }


def test_docx_insertions_and_content_controls_are_read_but_no_deletions() -> None:
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = (
        "<w:p><w:pPr><w:tabs><w:tab w:val='left'/></w:tabs></w:pPr><w:r><w:t>one</w:t></w:r>"
        "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t xml:space='preserve'> new</w:t></w:r></w:ins>"
        "<w:r><w:fldChar/><w:instrText>PAGE</w:instrText></w:r>"
        "<w:r><w:t>\u00ad co</w:t><w:noBreakHyphen/><w:t>op</w:t></w:r></w:p>"
        "<w:sdt><w:sdtPr><w:tag w:val='x'/></w:sdtPr>"
        "<w:sdtContent><w:p><w:r><w:t>control</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:r><w:t>host</w:t><w:txbxContent><w:p><w:r><w:t>box</w:t></w:r></w:p></w:txbxContent></w:r></w:p>"
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", f"<w:document xmlns:w='{word}'><w:body>{body}</w:body></w:document>")
        notes = "<w:footnote><w:p><w:r><w:t>a note</w:t></w:r></w:p></w:footnote>"
        archive.writestr("word/footnotes.xml", f"<w:footnotes xmlns:w='{word}'>{notes}</w:footnotes>")
    text = written("a.docx", file.getvalue()).text
    assert text.split("\n\n") == ["one new co-op", "control", "box", "host", "a note"]


def test_epub_metadata_has_title_author_date_and_language() -> None:
    head = (
        "<dc:title>The Bank</dc:title><dc:creator>A. Writer</dc:creator><dc:language>en</dc:language>"
        "<dc:date opf:event='modification'>2020-01-01</dc:date><dc:date>1999-05-01</dc:date>"
    )
    extract = written("a.epub", epub_bytes({"a.xhtml": xhtml("<p>caf&eacute;</p><nav>x</nav>")}, head))
    assert extract.text == "café"
    assert extract.metadata == {
        "title": "The Bank",
        "author": "A. Writer",
        "language": "en",
        "file_date": "1999-05-01",
        "file_year": "1999",
    }


def test_a_missing_epub_chapter_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(io.BytesIO(epub_bytes({"a.xhtml": xhtml("<p>one</p>"), "b.xhtml": ""}))) as whole,
        zipfile.ZipFile(tmp_path / "a.epub", "w") as archive,
    ):
        for name in whole.namelist():
            if not name.endswith("b.xhtml"):
                archive.writestr(name, whole.read(name))
    assert list(read_file(tmp_path / "a.epub", ReadOptions())) == [
        Failure("damaged: no OPS/b.xhtml in it", "OPS/b.xhtml"),
        Extract("one"),
    ]


def test_epub_with_encrypted_chapters_is_refused_but_encrypted_fonts_are_fine(tmp_path: Path) -> None:
    form = "<encryption xmlns:e='http://www.w3.org/2001/04/xmlenc#'><e:CipherReference URI='{}'/></encryption>"
    path = tmp_path / "a.epub"
    chapters = {"a.xhtml": xhtml("<p>one</p>")}
    path.write_bytes(epub_bytes(chapters, extra={"META-INF/encryption.xml": form.format("OPS/a.xhtml")}))
    assert failure(path) == "encrypted (DRM)"
    path.write_bytes(epub_bytes(chapters, extra={"META-INF/encryption.xml": form.format("OPS/font.otf")}))
    assert read_one(path).text == "one"


def test_expanding_entities_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><d>&b;</d>'
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("word/document.xml", bomb)
    assert failure(tmp_path / "a.docx") == "word/document.xml declares entities, which are not read"


def test_archive_members_are_unpacked_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_MEMBER", 2**20)
    with zipfile.ZipFile(tmp_path / "a.docx", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("word/document.xml", " " * 2**21)
    assert failure(tmp_path / "a.docx") == "word/document.xml unpacks to more than 1 MiB"


@pytest.mark.parametrize("suffix", [".docx", ".epub", ".pdf"])
def test_damaged_files_are_reported_as_damaged(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"not this format at all")
    assert failure(path) == f"damaged, or no {suffix[1:].upper()} file"
    path.write_bytes(b"")
    assert failure(path) == "no text in it"
    if suffix != ".pdf":
        path.write_bytes(b"\xd0\xcf\x11\xe0 Word 97")
        assert failure(path).startswith("encrypted, or ")


@pytest.mark.parametrize(("suffix", "data"), [(".zip", zip_bytes({})), (".csv", b"id,text\n"), (".json", b"[]")])
def test_a_file_without_documents_is_named(tmp_path: Path, suffix: str, data: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    assert failure(path)


def test_a_truncated_zip_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(docx_bytes(["text"])[:-200])
    assert failure(tmp_path / "a.docx").startswith("damaged")


# ---- PDF


LONG = (
    "The river had been rising since the morning, and by noon the water stood level with the lower step of the old "
    "landing stage. Nobody in the village could remember a spring like it. The ferryman tied his boat to the willow "
    "on the bank and went up to the inn, where he told everyone who would listen that the bridge would not hold."
)


def test_pdf_paragraphs_title_author_and_year_are_read(tmp_path: Path) -> None:
    paragraphs = ["Chapter One", LONG, "It held.", LONG[:150] + ".", "The end."]
    path = pdf_file(tmp_path / "a.pdf", [paragraphs, [LONG]], title="The River", author="A. Writer")
    extract = read_one(path)
    assert extract.text.split("\n\n") == [*paragraphs, LONG]
    assert extract.metadata["title"] == "The River"
    assert extract.metadata["author"] == "A. Writer"
    assert re.fullmatch(r"20\d\d", str(extract.metadata["file_year"]))
    assert "year" not in extract.metadata


def test_pdf_sentence_continues_on_the_next_page(tmp_path: Path) -> None:
    one, two = LONG[: LONG.index(" bank")], LONG[LONG.index("bank") :]
    assert read_one(pdf_file(tmp_path / "a.pdf", [[one], [two]])).text == LONG


def test_pdf_columns_and_table_cells_are_separate(tmp_path: Path) -> None:
    from fpdf import FPDF

    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Times", size=11)
    left = [
        "She walked along the river and won-",
        "dered whether the well-known bank",
        "would still be there in the spring.",
    ]
    right = [
        "The manager of the bank refused the",
        "loan without so much as looking at",
        "the papers on his desk that day.",
    ]
    for row, (a, b) in enumerate(zip(left, right, strict=True)):
        pdf.text(20, 20 + 5 * row, a)
        pdf.text(120, 20 + 5 * row, b)
    with pdf.table(first_row_as_headings=False, line_height=6) as table:
        for cells in (("Bank", "Branch"), ("North", "High Street")):
            row_of_cells = table.row()
            for cell in cells:
                row_of_cells.cell(cell)
    pdf.output(str(tmp_path / "a.pdf"))
    blocks = read_one(tmp_path / "a.pdf").text.split("\n\n")
    assert (
        "She walked along the river and wondered whether the well-known bank would still be there in the spring."
        in blocks
    )
    assert " ".join(right) in blocks
    assert {"Bank", "Branch", "North", "High Street"} <= set(blocks)


def test_pdf_with_a_password_and_scanned_pdf_are_refused_by_name(tmp_path: Path) -> None:
    from fpdf import FPDF
    from fpdf.enums import EncryptionMethod

    pdf = FPDF()
    pdf.add_page()
    pdf.output(str(tmp_path / "empty.pdf"))
    assert failure(tmp_path / "empty.pdf") == "no text in it: scanned pages need OCR first"
    locked = FPDF()
    locked.set_encryption("owner", "user", encryption_method=EncryptionMethod.RC4)
    locked.add_page()
    locked.output(str(tmp_path / "locked.pdf"))
    assert failure(tmp_path / "locked.pdf") == "encrypted: it asks for a password"


def test_pdf_reading_prints_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    data = pdf_file(tmp_path / "a.pdf", [[LONG]]).read_bytes()
    with caplog.at_level(logging.DEBUG):
        for cut in range(0, len(data), 97):
            (tmp_path / "b.pdf").write_bytes(data[:cut] + data[cut + 20 :])
            list(read_file(tmp_path / "b.pdf", ReadOptions()))
    out, err = capfd.readouterr()
    assert (out, err, caplog.text) == ("", "", "")


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["a river", "bank"], "a river bank"),
        (["she won-", "dered"], "she wondered"),
        (["the well-", "known bank"], "the well-known bank"),
        (["Anglo-", "Saxon"], "Anglo-Saxon"),
        (["1990-", "1995"], "1990-1995"),
        (["mother-in-", "law"], "mother-in-law"),
        (["a dash -", "so"], "a dash - so"),
        (["soft\u00ad", "ly"], "softly"),
        (["read\x02", "ing"], "reading"),
        (["川の", "土手"], "川の土手"),
        (["川の", "bank"], "川の bank"),
    ],
)
def test_pdf_lines_are_joined_with_and_without_hyphens(lines: list[str], text: str) -> None:
    assert join_lines(lines, frozenset({"well-known"})) == text


def line(text: str, row: float, left: float = 50, right: float = 550, size: float = 12) -> Line:
    return Line(text, left, 700 - row * 14, right, 700 - row * 14 + size)


def test_pdf_paragraphs_end_at_gaps_indents_short_lines_bullets_and_sizes() -> None:
    lines = [
        line("A heading", 0, right=150, size=18),
        line("first line of a paragraph", 2),
        line("its second line ends.", 3, right=300),
        line("Another begins here", 4),
        line("and fills the line to its very end.", 5),
        line("Indented one begins", 6, left=70),
        line("and goes on", 7, right=200),
        line("after a gap", 9),
        line("• a bullet", 10, right=140),
        line("• a second", 11, right=140),
    ]
    assert [[line.text for line in paragraph] for paragraph in paragraphs_of(lines)] == [
        ["A heading"],
        ["first line of a paragraph", "its second line ends."],
        ["Another begins here", "and fills the line to its very end."],
        ["Indented one begins", "and goes on"],
        ["after a gap"],
        ["• a bullet"],
        ["• a second"],
    ]


# ---- tables


def items_of(tmp_path: Path, name: str, data: str, options: ReadOptions = PLAINLY) -> list[Extract | Failure]:
    path = tmp_path / name
    path.write_bytes(data.encode())
    return list(read_file(path, options))


def test_csv_columns_become_metadata_and_rows_are_numbered(tmp_path: Path) -> None:
    data = "\ufeffnr,body,year,\n7,one,1987,x\n\n,two,,\n8,,1990,\n9,a,b,c,d\n"
    options = ReadOptions(text_column="body", id_column="nr")
    assert items_of(tmp_path, "a.csv", data, options) == [
        Extract("one", {"year": "1987", "column 4": "x"}, "7", 1, "row 1"),
        Extract("two", {"year": ""}, "", 2, "row 2"),
        Failure("no text in 'body'", "row 3", 3),
        Failure("broken row: 5 cells under 4 columns", "row 4", 4),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_csv_with_any_usual_delimiter_is_read(tmp_path: Path, delimiter: str) -> None:
    data = f'id{delimiter}text\n1{delimiter}"one{delimiter} ""two""\nthree"\n'
    assert items_of(tmp_path, "a.csv", data) == [Extract(f'one{delimiter} "two"\nthree', {}, "1", 1, "row 1")]


def test_a_csv_row_with_a_broken_quote_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    data = 'id,text\n1,"one" more\n2,two\n3,"never closed\n'
    items = items_of(tmp_path, "a.csv", data)
    assert items[1] == Extract("two", {}, "2", 2, "row 2")
    assert [item.where for item in items if isinstance(item, Failure)] == ["row 1", "row 3"]
    assert all(isinstance(item, Extract) or item.reason.startswith("broken row, line ") for item in items)


def test_csv_without_text_column_lists_its_columns(tmp_path: Path) -> None:
    assert items_of(tmp_path, "a.csv", "id;body\n1;x\n") == [
        Failure("no column 'text'; its columns are 'id', 'body'; name the right one: --text-column body"),
    ]
    assert items_of(tmp_path, "b.csv", "") == [Failure("no text in it")]


def test_a_csv_field_beyond_the_default_limit_is_read(tmp_path: Path) -> None:
    text = "word " * 100_000
    assert items_of(tmp_path, "a.csv", f"text\n{text}\n") == [Extract(text, {}, "", 1, "row 1")]


def test_tsv_quotation_marks_are_text_unless_they_pair(tmp_path: Path) -> None:
    spoken = 'id\ttext\n1\t"Hello," she said.\n2\t5" nails\n'
    assert [item.text for item in items_of(tmp_path, "a.tsv", spoken) if isinstance(item, Extract)] == [
        '"Hello," she said.',
        '5" nails',
    ]
    quoted = 'id\ttext\n1\t"a\tb ""c"""\n'
    assert items_of(tmp_path, "b.tsv", quoted) == [Extract('a\tb "c"', {}, "1", 1, "row 1")]


def test_a_broken_json_line_is_named(tmp_path: Path) -> None:
    data = (
        '{"id": 7, "text": "one", "tags": ["a"], "n": 1.5}\n\n{"text": \n["x"]\n{"text": 5}\n{"text": "two\\u2028"}\n'
    )
    items = items_of(tmp_path, "a.ndjson", data)
    assert items[0] == Extract("one", {"tags": ["a"], "n": 1.5}, "7", 1, "line 1")
    assert [(item.where, item.reason.split(":")[0]) for item in items if isinstance(item, Failure)] == [
        ("line 3", "broken JSON"),
        ("line 4", "neither an object nor a text"),
        ("line 5", "no text in 'text'"),
    ]
    assert items[-1] == Extract("two\u2028", {}, "", 6, "line 6")


def test_json_is_a_list_of_objects(tmp_path: Path) -> None:
    assert items_of(tmp_path, "a.json", '[{"text": "one"}, 3]') == [
        Extract("one", {}, "", 1, "row 1"),
        Failure("neither an object nor a text", "row 2", 2),
    ]
    assert items_of(tmp_path, "b.json", '{"text": "one"}') == [Extract("one")]
    assert isinstance(items_of(tmp_path, "c.json", "[" * 100_000)[0], Failure)
    assert isinstance(items_of(tmp_path, "d.jsonl", '{"text": ' + "9" * 5000 + "}")[0], Failure)


def test_rows_are_read_lazily(tmp_path: Path) -> None:
    import tracemalloc

    row = json.dumps({"text": "She sat on the river bank. " * 40}) + "\n"
    (tmp_path / "a.jsonl").write_text(row * 20_000)
    (tmp_path / "a.csv").write_text("text\n" + f"{'She sat on the river bank. ' * 40}\n" * 20_000)
    for name in ("a.jsonl", "a.csv"):
        tracemalloc.start()
        assert sum(isinstance(item, Extract) for item in read_file(tmp_path / name, ReadOptions())) == 20_000
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 8 * 2**20 < (tmp_path / name).stat().st_size
