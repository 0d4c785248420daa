"""Files that ask for gigabytes or hours: they are refused in one line, or read in little memory and linear time."""

import copy
import io
import json
import os
import re
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from effort import SLOWEST_MACHINE, grows_linearly, takes_less
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.documents import Document, Skipped, read_documents
from polyseme.indexer.readers import apart, encodings, json_list, json_rows, markdown, markup, read_file, rows
from polyseme.indexer.readers.apart import ReaderProcess
from polyseme.indexer.readers.encodings import decode, python_codec
from polyseme.indexer.readers.front_matter import front_matter
from polyseme.indexer.readers.html import html_blocks
from polyseme.indexer.readers.line_ends import join_lines
from polyseme.indexer.readers.markup import without_tags
from polyseme.indexer.readers.pdf_lines import Line
from polyseme.indexer.readers.pdf_paragraphs import paragraphs_of
from polyseme.indexer.readers.records import Extract, Failure, ReadOptions
from samples import CONTAINER, PAGE, epub_bytes, ods_bytes, odt_bytes, xhtml, xlsx_bytes, zip_bytes

MIB = 2**20
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

# Reads files in a fresh process and prints what it read, and the larger peak of this process and its children. The peak
# of the process comes from /proc, because the system's other count begins with that of its parent.
MEASURE = """
import json, resource, sys
from pathlib import Path
from polyseme.indexer.documents import Document, read_documents
items = [len(i.text) if isinstance(i, Document) else i.reason for i in read_documents(sys.argv[1:])]
peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
print(json.dumps([items, max(peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) // 1024]))
"""


def measured(path: Path) -> tuple[list[int | str], int]:
    """Return the lengths of the texts, or the reasons why they are not read, and the peak of memory in MiB."""
    if not Path("/proc/self/status").exists():
        pytest.skip("this system does not tell a process's peak of memory")
    run = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    items, peak = json.loads(run.stdout)
    return items, peak


def read(path: Path) -> list[Extract | Failure]:
    return list(read_file(path, ReadOptions()))


def failures(path: Path) -> list[str]:
    return [item.reason for item in read(path) if isinstance(item, Failure)]


# ---- memory


def book(chapter: str) -> bytes:
    package = (
        '<package><manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="c"/></spine></package>'
    )
    container = '<container><rootfiles><rootfile full-path="c.opf"/></rootfiles></container>'
    return zip_bytes({"META-INF/container.xml": container, "c.opf": package, "c.xhtml": chapter})


def word(body: str) -> bytes:
    return zip_bytes({"word/document.xml": f'<w:document xmlns:w="{WORD}">{body}</w:document>'})


BOMB = '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'


def workbook(rows: str, strings: str = "", head: str = "") -> bytes:
    """Return a spreadsheet with these rows and shared strings."""
    names = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    with zipfile.ZipFile(io.BytesIO(xlsx_bytes({"A": [["text"], ["x"]]}))) as book:
        members = {name: book.read(name) for name in book.namelist()}
    members["xl/worksheets/sheet1.xml"] = f"<worksheet {names}><sheetData>{rows}</sheetData></worksheet>".encode()
    if strings:
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
        part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'.encode()
        members["[Content_Types].xml"] = members["[Content_Types].xml"].replace(b"</Types>", part)
        members["xl/sharedStrings.xml"] = f"{head}<sst {names}>{strings}</sst>".encode()
    return zip_bytes(members)


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "tags.epub": (lambda: book("<html><body>" + "<i>x" * 4_500_000), ""),
    "inline.epub": (lambda: book("<p>" + "".join(f"<u id={n}>" for n in range(3000)) + "</p><p>x" * 3000), ""),
    "tags.docx": (lambda: word("<x/>" * 4_100_000), "more than 4,000,000 tags"),
    "nested.docx": (lambda: word("<w:x>" * 300_000 + "</w:x>" * 300_000), "no text in it"),
    "attributes.docx": (
        lambda: word("<w:p " + " ".join(f'a{n}=""' for n in range(100_000)) + "/>"),
        "a tag with more than 1,000 attributes",
    ),
    "container.epub": (
        lambda: zip_bytes({"META-INF/container.xml": CONTAINER.replace("<root", "<a/>" * 300_000 + "<root", 1)}),
        "more than 200,000 tags",
    ),
    "size.epub": (lambda: book(" " * (65 * MIB)), "unpacks to more than 64 MiB"),
    "inline.html": (lambda: ("<p>" + "".join(f"<b id={n}>" for n in range(5000)) + "</p><p>x" * 5000).encode(), ""),
    "blocks.html": (lambda: b"<p>She sat.</p>\n" * 60_000, ""),
    "stars.md": (lambda: b"*a_ " * 2_000, ""),
    "values.json": (lambda: b'[{"text": "x", "v": [' + b"{}," * 4_000_000 + b"{}]}]", "more than 1,000,000 values"),
    "values.jsonl": (lambda: b'{"text": "x", "v": [' + b"{}," * 4_000_000 + b"{}]}", "more than 1,000,000 values"),
    "list.json": (lambda: b"[" + b'{"text": "She sat."},\n' * 10_000 + b'{"text": "' + b"y" * 10 * MIB + b'"}]', ""),
    "cells.csv": (lambda: b"text,a\nx," + b"ab," * 5_000_000 + b"\n", "a row has more than"),
    "columns.csv": (lambda: b"text," + b"a," * 20_000 + b"\nx\n", "no column 'text'|no text|columns"),
    "tags.odt": (lambda: odt_bytes("<text:p/>" * 4_100_000), "more than 4,000,000 tags"),
    "nested.odt": (lambda: odt_bytes("<text:span>" * 300_000 + "</text:span>" * 300_000), "no text in it"),
    "paragraphs.odt": (lambda: odt_bytes("<text:p>" * 300_000 + "x" + "</text:p>" * 300_000), ""),
    "spaces.odt": (lambda: odt_bytes('<text:p>x<text:s text:c="999999999"/>y</text:p>'), ""),
    "size.odt": (lambda: odt_bytes(" " * (65 * MIB)), "unpacks to more than 64 MiB"),
    "entities.fodt": (
        lambda: b'<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><d>&b;</d>',
        "the file declares entities",
    ),
    "braces.rtf": (lambda: b"{\\rtf1 x" + b"{" * 100_000 + b"}" * 100_001, ""),
    "endless.rtf": (lambda: b"{\\rtf1 x" + b"{" * 2_000_000, "nested too deeply"),
    "binary.rtf": (lambda: b"{\\rtf1 x{\\pict\\bin2147483647 " + b"}" * MIB, "1"),
    "picture.rtf": (lambda: b"{\\rtf1 x{\\pict " + b"0123456789abcdef\n" * MIB + b"}}", ""),
    "notes.rtf": (lambda: b"{\\rtf1 x" + b"{\\footnote x" * 100_000 + b"}" * 100_001, ""),
    "cells.xlsx": (
        lambda: workbook("<row>" + "<c><v>1</v></c>" * 900_000 + "</row>"),
        "sheet1.xml has a row with more than 16,384 cells",
    ),
    "tags.xlsx": (lambda: workbook("<row><c/></row>" * 1_400_000), "more than 4,000,000 tags"),
    "strings.xlsx": (lambda: workbook("", "<si><t/></si>" * 1_400_000), "more than 4,000,000 tags"),
    "many.xlsx": (
        lambda: workbook(
            "<row><c t='inlineStr'><is><t>text</t></is></c></row>"
            + "".join(f"<row><c t='s'><v>{n}</v></c></row>" for n in range(500)),
            "<si><t>She sat.</t></si>" * 300_000,
        ),
        "",
    ),
    "size.xlsx": (lambda: workbook("", f"<si><t>{'x' * 65 * MIB}</t></si>"), "unpacks to more than 64 MiB"),
    "far.xlsx": (lambda: workbook('<row r="1"/><row r="99999999"><c><v>1</v></c></row>'), "more than 1,048,576 rows"),
    "entities.xlsx": (lambda: workbook("", "<si><t>&b;</t></si>", BOMB), "sharedStrings.xml declares entities"),
    "cells.ods": (
        lambda: ods_bytes(
            '<table:table><table:table-row table:number-rows-repeated="1048576"><table:table-cell'
            ' table:number-columns-repeated="1000"><text:p>x</text:p></table:table-cell></table:table-row>' * 9
        ),
        "damaged|more than 4,000,000 cells",
    ),
    "values.ipynb": (lambda: b'{"cells": [' + b"{}," * 4_000_000 + b"{}]}", "more than 1,000,000 values"),
    "nested.ipynb": (lambda: b'{"cells": ' + b"[" * 1_000_000, "broken JSON|nested too deeply"),
    "cues.srt": (lambda: b"1\n00:00:01,000 --> 00:00:02,000\n<i>x</i>\n\n" * 200_000, ""),
    "zeros.txt": (lambda: b"\0" * (60 * MIB), "binary content"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_small_file_takes_no_gigabytes(tmp_path: Path, name: str) -> None:
    make, reason = HOSTILE[name]
    path = tmp_path / name
    path.write_bytes(make())
    items, peak = measured(path)
    if reason:
        assert re.search(reason, str(items[0])), items[:3]
        assert all("\n" not in str(item) for item in items)
    else:
        assert isinstance(items[-1], int)
    assert peak < 300


def test_a_chapter_of_more_tags_than_any_book_is_read_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "SECONDS", SLOWEST_MACHINE * apart.SECONDS)
    path = tmp_path / "a.epub"
    path.write_bytes(book("<html><body>" + "<i>x" * 4_500_000))
    with closing(ReaderProcess()) as process:
        [extract] = process.read(path, ReadOptions())
    assert isinstance(extract, Extract)
    assert extract.text[:5] + extract.text[-2:] == "x x x x"
    assert extract.text.count("x") == 4_500_000


def test_tags_are_dropped_in_slices_that_keep_every_word() -> None:
    markup = "".join(f"<i a{n}>w{n}</i> &amp; " for n in range(100_000)) + "< 3 <b"
    assert without_tags(markup).split() == [
        *(word for n in range(100_000) for word in (f"w{n}", "&amp;")),
        *("3", "b"),
    ]


def test_a_word_document_is_read_without_a_tree(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(word("<w:p><w:r><w:t>She sat on the bank.</w:t></w:r></w:p>" * 20_000))
    items, peak = measured(path)
    assert items == [20_000 * 22 - 2]
    assert peak < 150


def test_an_archive_with_an_endless_list_of_members_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x", "")
        for n in range(1000):
            about = copy.copy(archive.infolist()[0])
            about.filename = f"{n:09}" + "y" * 9000
            archive.filelist.append(about)
    assert failures(path) == ["it has more members than a document has"]


def test_archives_packed_with_rare_methods_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(zip_bytes({"word/document.xml": "<a/>"}, zipfile.ZIP_LZMA))
    assert failures(path) == ["word/document.xml is packed with a method that is not read"]


def test_a_chapter_is_read_once_however_often_the_spine_names_it(tmp_path: Path) -> None:
    data = epub_bytes({"a.xhtml": xhtml("<p>one</p>")}).replace(b'<itemref idref="i0"/>', b'<itemref idref="i0"/>' * 9)
    path = tmp_path / "a.epub"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META-INF/container.xml", CONTAINER)
        start = data.index(b"<package")
        archive.writestr("OPS/book.opf", data[start : data.index(b"</package>") + 10])
        archive.writestr("OPS/a.xhtml", xhtml("<p>one</p>"))
    assert [item.text for item in read(path) if isinstance(item, Extract)] == ["one"]


# ---- markup


@pytest.mark.parametrize(
    "form",
    [
        "<div>",
        "<ul><li>",
        "<dl><dd>",
        "<b id={n}>",
        "<body a{n}=1>",
        "<span></x>",
        "<svg><g></x>",
        "<option>x</option>",
        "<!--><div>",
        "<p><em id={n}></p><p>x",
        "</div><section>",
        "<a><div>x</a>",
        '<i title=">" id={n}>',
    ],
)
def test_markup_is_parsed_in_linear_time(form: str) -> None:
    def work(count: int) -> None:
        html_blocks("<select>" * ("option" in form) + "".join(form.format(n=n) for n in range(count)))

    assert grows_linearly(work, 3_000)


@pytest.mark.parametrize("form", ["a{n}=1", 'a{n}=">"', "a{n}", "a{n} = '<p>'", "a{n}/"])
def test_a_tag_with_many_attributes_is_parsed_in_linear_time(form: str) -> None:
    tag = "<p " + " ".join(form.format(n=n) for n in range(20_000)) + ">"
    assert takes_less(1, lambda: html_blocks(f"{tag}text</p><p>more"))
    assert html_blocks(f"<p>one</p>{tag}text</p><p>more") == ["one", "text", "more"]


def test_text_below_the_deepest_element_is_kept() -> None:
    deep = "<div>" * 2000 + "a<section>b</section><em>c</em>d" + "</div>" * 2000 + "<p>e"
    assert html_blocks(deep) == ["a", "b", "cd", "e"]
    assert html_blocks("<p>" + "<b>" * 100 + "one" + "</b>" * 100 + " two</p><p>three") == ["one two", "three"]


NODES = st.recursive(
    st.text("ab \n", min_size=1, max_size=4),
    lambda inside: (
        st.builds(
            lambda tag, children: f"<{tag}>{''.join(children)}</{tag.split()[0]}>",
            st.sampled_from(
                ["div", "section", "ul", "b", "i", "span", "blockquote", "nav", "div hidden", "table", "pre"]
            ),
            st.lists(inside, max_size=4),
        )
        | st.builds("<{0[0]}>{0[1]}".format, st.tuples(st.sampled_from(["p", "li", "dd", "td"]), inside))
    ),
    max_leaves=40,
)


@given(st.lists(NODES, max_size=8).map("".join))
def test_scanning_does_not_change_a_page(page: str) -> None:
    before = html_blocks(page)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markup, "SMALL", 0)
        assert list(markup.pieces(page)) == [page]
        assert html_blocks(page) == before


def test_a_page_cut_in_pieces_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    page = PAGE * 3 + "".join(
        f"<section><h2>Part {n}</h2><p>one <b>two</b><p>three<div hidden><p>gone<p>gone</div><ul><li>a<li>b</ul>"
        f"<nav><p>menu<p>menu</nav><blockquote><pre> x\n  y</pre><p>z</blockquote></section>"
        for n in range(30)
    )
    whole = html_blocks(page)
    monkeypatch.setattr(markup, "SMALL", 0)
    for size in (3, 7, 20, 100):
        monkeypatch.setattr(markup, "PIECE", size)
        assert len(list(markup.pieces(page))) > 3
        assert html_blocks(page) == whole, size


def test_markdown_parsed_in_parts_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"# Part {n}\n\nOne *two*\nthree.\n\n- a\n\n  b\n\n```\nx\n\ny\n```\n\n> q\n\n" for n in range(50))
    whole = markdown._rendered(text)
    for size in (1, 30, 200):
        monkeypatch.setattr(markdown, "_PART", size)
        assert len(list(markdown._parts(text))) > 10
        assert html_blocks(markdown._rendered(text)) == html_blocks(whole)


# ---- rows


def test_a_list_is_read_item_by_item(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_list, "_STEP", 7)
    path = tmp_path / "a.json"
    items = [
        {"text": 'a "b" \\ \u00e9 [{,', "n": [1, 2.5, {"x": None}]},
        12345678901,
        "text",
        {"text": "z" * 50, "id": 7},
    ]
    for indent in (None, 1):
        path.write_text(json.dumps(items, indent=indent))
        assert read(path) == [
            Extract('a "b" \\ \u00e9 [{,', {"n": [1, 2.5, {"x": None}]}, "", 1, "row 1"),
            Failure("neither an object nor a text", "row 2", 2),
            Extract("text", {}, "", 3, "row 3"),
            Extract("z" * 50, {}, "7", 4, "row 4"),
        ]
    path.write_text("\ufeff [ ] \n")
    assert read(path) == [Failure("no text in it")]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "no text in it"),
        (" ", "broken JSON: it is empty"),
        ("{}", "no text in 'text'"),
        ("7", "neither a list nor an object"),
        ('[{"text": "a"} {"text": "b"}]', "broken JSON after row 1: no comma; the rest is not read"),
        ('[{"text": "a"}, {"text": "b"', "broken JSON in row 2: Expecting ',' delimiter; the rest is not read"),
        ('[{"text": "a"}', "broken JSON after row 1: no comma; the rest is not read"),
        ('[{"text": "a"}] x', "broken JSON: more text after the list"),
        (
            '[{"text": "a"}, {"text": "b}]',
            "broken JSON in row 2: Unterminated string starting at; the rest is not read",
        ),
        ('[{"text": "a"}, ' + "[" * 90_000, "broken JSON in row 2: "),
    ],
)
def test_what_comes_before_broken_json_is_read(tmp_path: Path, data: str, reason: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(data)
    items = read(path)
    assert isinstance(items[-1], Failure)
    assert items[-1].reason.startswith(reason)
    assert [item.text for item in items[:-1] if isinstance(item, Extract)] == ["a"] * data.startswith("[")


def test_a_long_item_is_refused_and_broken_json_is_found_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_text('[{"text": "a"}, {"text": "' + "b" * 5 * MIB + '"}]')
    monkeypatch.setattr(json_list, "MAX_ITEM", MIB)
    assert [type(item) for item in read(path)] == [Extract, Failure]
    assert failures(path) == ["row 2 is longer than 1 MiB; the rest is not read"]


def test_a_long_line_is_refused_and_the_next_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rows, "MAX_ITEM", MIB)
    monkeypatch.setattr(json_rows, "_STEP", 2**16)
    path = tmp_path / "a.jsonl"
    lines = ['{"text": "' + "a" * size + '"}' for size in (10, 2 * MIB, 2**17, 2**16 - 14)]
    path.write_text("\n".join(lines))
    found = [(item.row, len(item.text) if isinstance(item, Extract) else item.reason) for item in read(path)]
    assert found == [(1, 10), (2, "longer than 1 MiB"), (3, 2**17), (4, 2**16 - 14)]


def test_a_long_row_of_a_table_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_ROW", 1000)
    monkeypatch.setattr(rows, "_SHORT", 100)
    path = tmp_path / "a.csv"
    path.write_text(f"text\na\n{'b' * 2000}\nc\n")
    items = read(path)
    assert [item.text for item in items if isinstance(item, Extract)] == ["a"]
    assert failures(path) == [
        "a row has more than 1,000 characters or 4,194,304 cells; the rest of the file is not read"
    ]
    path.write_text('text\na\n"' + "b\n" * 600 + '"\nc\n')  # a quote that may never close
    items = read(path)
    assert [item.text for item in items if isinstance(item, Extract)] == ["a", *["b"] * 599, "c"]
    assert [item.row for item in items if isinstance(item, Failure)] == [2, 602]


# ---- encodings and PDF


@pytest.mark.parametrize("label", ["punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "utf-7"])
def test_a_file_cannot_choose_a_codec_that_is_no_encoding(label: str) -> None:
    assert python_codec(label) is None
    assert decode(b"<p>a\\u0041+AEE-", declared=label) == "<p>a\\u0041+AEE-"


def test_text_that_grows_when_it_is_decoded_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "MAX_TEXT", 4000)
    path = tmp_path / "a.txt"
    for text, fits in (("a" * 3999, True), ("a" * 1990 + "\u00e9", True), ("a" * 1500 + "\U0001f600", False)):
        path.write_text(text, encoding="utf-8")
        assert isinstance(read(path)[0], Extract) is fits


def test_pages_and_paragraphs_of_a_pdf_are_put_together_in_linear_time() -> None:
    def work(count: int) -> None:
        lines = [Line("a line of the page and-", 50, -12.0 * n, 500, 10 - 12.0 * n) for n in range(count)]
        paragraphs_of(lines)
        join_lines([line.text for line in lines])

    assert grows_linearly(work, 800)


def test_a_long_paragraph_of_a_pdf_is_joined_as_a_short_one() -> None:
    assert join_lines(["she took the sen-", "tence"] * 1000) == " ".join(["she took the sentence"] * 1000)


# ---- a process of its own


@pytest.mark.parametrize(
    "fields",
    [
        "+++\n" + ".".join("a" * 30_000) + " = 1\n+++\n",
        "+++\n[" + " . ".join(["'a b'"] * 5_000) + "]\n+++\n",
        "+++\na = " + "[" * 60_000 + "\n+++\n",
        "---\na: " + "[" * 60_000 + "\n---\n",
        "---\na: " + "{b: " * 15_000 + "\n---\n",
    ],
)
def test_front_matter_that_nests_too_deep_is_text(fields: str) -> None:
    tracemalloc.start()
    try:
        assert takes_less(2, lambda: front_matter(f"{fields}The bank."))
        assert tracemalloc.get_traced_memory()[1] < 64 * MIB
    finally:
        tracemalloc.stop()
    assert front_matter(f"{fields}The bank.") == ({}, f"{fields}The bank.")


OUTSIDE = "Words of another file."
TEI = '<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader/><text><body><p>The bank.</p>{}</body></text></TEI>'
FLAT = (
    '<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
    ' office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>'
    '<text:section><text:section-source xlink:href="{}"/></text:section><text:p>The bank.</text:p>'
    "</office:text></office:body></office:document>"
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tei", '<!DOCTYPE TEI [<!ENTITY x SYSTEM "file://{}">]>' + TEI.format("<p>&x;</p>")),
        ("b.tei", '<!DOCTYPE TEI SYSTEM "http://127.0.0.1:9/x.dtd">' + TEI.format("")),
        ("c.xml", TEI.format('<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file://{}" parse="text"/>')),
        (
            "a.tmx",
            '<!DOCTYPE tmx [<!ENTITY x SYSTEM "{}">]><tmx><body>'
            '<tu><tuv xml:lang="en"><seg>&x;</seg></tuv></tu></body></tmx>',
        ),
        ("a.fodt", FLAT),
        ("a.html", "<p>The bank.</p><object data='file://{}'></object><iframe src='{}'></iframe><img src='{}'>"),
        ("a.md", "The bank.\n\n![[{}]]\n\n<iframe src='{}'></iframe>"),
        ("a.rtf", r"{{\rtf1 The bank. {{\field{{\*\fldinst INCLUDETEXT {} }}{{\fldrslt x}}}}}}"),
        ("a.tex", r"The bank. \input{{{}}} \include{{{}}} \lstinputlisting{{{}}} \write18{{cat {}}}"),
        ("a.eml", "Content-Type: message/external-body; access-type=local-file; name={}\n\nx\n\nThe bank."),
    ],
)
def test_a_document_opens_no_other_file(tmp_path: Path, name: str, content: str) -> None:
    other = tmp_path / "other.txt"
    other.write_text(OUTSIDE)
    folder = tmp_path / "documents"
    folder.mkdir()
    try:
        text = content.format(*[other] * 5)
    except (KeyError, IndexError, ValueError):
        text = content.replace("{}", str(other))
    (folder / name).write_text(text)
    found = list(read_documents([folder]))
    assert found
    assert not any(isinstance(item, Document) and OUTSIDE in item.text for item in found)


def test_a_crash_of_a_parser_costs_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = apart._START.replace("importlib.import_module(sys.argv[2]).serve()", "")
    start += (
        "import os, signal\n"
        "from polyseme.indexer import readers\n"
        "worker = importlib.import_module(sys.argv[2])\n"
        "def read(path, options):\n"
        "    if path.name.startswith('b'): os.kill(os.getpid(), signal.SIGSEGV)\n"
        "    if path.name.startswith('c'):\n"
        "        while True: pass\n"
        "    if path.name.startswith('d'): print('noise', flush=True)\n"
        "    if path.name.startswith('e'): bytearray(3 * 2**30)\n"
        "    return real(path, options)\n"
        "real, worker.read_file = worker.read_file, read\n"
        "worker.serve()\n"
    )
    monkeypatch.setattr(apart, "_START", start)
    monkeypatch.setattr(apart, "SECONDS", 1)
    for name in "abcdef":
        (tmp_path / f"{name}.html").write_text(f"<p>{name}")
    items = list(read_documents(tmp_path))
    assert [item.id for item in items if isinstance(item, Document)] == ["a.html", "d.html", "f.html"]
    reasons = [item.reason for item in items if isinstance(item, Skipped)]
    assert reasons[0].startswith("damaged, or it needs more than 1024 MiB of memory: its reader ended with status -")
    assert reasons[1] == "takes more than 1 s to read; split it, or convert it to text"
    assert reasons[2].startswith("damaged, or it needs more than 1024 MiB of memory")


def test_the_process_ends_with_the_run(tmp_path: Path) -> None:
    held = b"x" * (500 * 2**20)  # the memory of the run is not that of the process
    (tmp_path / "a.html").write_text("<p>a")
    (tmp_path / "b.html").write_text("<p>b")
    reader = ReaderProcess()
    assert [item for name in "ab" for item in reader.read(tmp_path / f"{name}.html", ReadOptions())] == [
        Extract("a"),
        Extract("b"),
    ]
    process = reader._process
    assert process is not None, f"it has retired, though only this process holds {len(held)} bytes"
    reader.close()
    assert process.poll() is not None
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_the_process_imports_nothing_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("importlib", "json", "sys", "signal"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'has-run')!r}, 'w')\n")
    (tmp_path / "a.html").write_text("<p>She sat on the bank.</p>")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    with closing(ReaderProcess()) as process:
        [extract] = process.read(Path("a.html"), ReadOptions())
    assert isinstance(extract, Extract)
    assert extract.text == "She sat on the bank."
    assert not (tmp_path / "has-run").exists()


def test_files_are_read_in_this_process_where_no_other_can_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.html").write_text("<p>a")
    monkeypatch.setattr(apart, "_START", "raise SystemExit(1)")
    assert list(read_documents(tmp_path)) == [Document("a.html", "a")]
    monkeypatch.setattr(sys, "executable", "")
    assert list(read_documents(tmp_path)) == [Document("a.html", "a")]


def test_what_the_process_reads_is_what_is_read_here(tmp_path: Path) -> None:
    front = "---\nid: n\ntags: [a, {b: c}]\ntitle: \ud83d\ude00\n---\nText \u2014 **x**\n"
    (tmp_path / "a.md").write_bytes(front.encode("utf-16", "surrogatepass"))
    (tmp_path / "b.epub").write_bytes(epub_bytes({"a.xhtml": xhtml("<p>one")}).replace(b"OPS/a.xhtml", b"OPS/x.xhtml"))
    (tmp_path / "c.html").write_bytes("<p>r\u00e9".encode("cp1252"))
    reader = ReaderProcess()
    for options in (ReadOptions(), ReadOptions(encoding="utf-8")):
        for path in sorted(tmp_path.iterdir()):
            assert list(reader.read(path, options)) == list(read_file(path, options))
    reader.close()


def test_quotes_that_never_close_in_a_tag_take_linear_time(tmp_path: Path) -> None:
    (tmp_path / "a.xhtml").write_text(f"<p>The bank held.</p><a {QUOTES}", encoding="utf-8")
    started = time.process_time()
    (found,) = read_file(tmp_path / "a.xhtml", ReadOptions())
    assert isinstance(found, Extract)
    assert found.text.startswith("The bank held.")
    assert time.process_time() - started < 2


QUOTES = "\"x' /" * 40_000
