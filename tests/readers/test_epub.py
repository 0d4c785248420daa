"""EPUB books are read once, in order, with what only links lead to."""

import io
import unicodedata
import zipfile
from pathlib import Path

import pytest
from polyseme.indexer.readers import read_file
from polyseme.indexer.readers.archive import member_names
from polyseme.indexer.readers.records import Extract, ReadOptions
from samples import CONTAINER, epub_bytes, xhtml, zip_bytes


def read(path: Path) -> Extract:
    (extract,) = read_file(path, ReadOptions())
    assert isinstance(extract, Extract), extract
    return extract


def book(tmp_path: Path, package: str, members: dict[str, str]) -> list[str]:
    """Return the paragraphs of a book whose manifest, spine and guide are given."""
    path = tmp_path / "a.epub"
    package = f'<package xmlns="http://www.idpf.org/2007/opf"><metadata/>{package}</package>'
    files = {"META-INF/container.xml": CONTAINER, "OPS/book.opf": package}
    path.write_bytes(zip_bytes(files | {f"OPS/{name}": xhtml(body) for name, body in members.items()}))
    return read(path).text.split("\n\n")


def manifest(*names: str, properties: str = "") -> str:
    items = "".join(
        f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"{properties}/>' for name in names
    )
    return f"<manifest>{items}</manifest>"


def spine(*references: str) -> str:
    items = "".join(f"<itemref idref='{name}'/>" for name in references)
    return f"<spine>{items}</spine>"


def test_epub_several_authors_are_a_list(tmp_path: Path) -> None:
    head = (
        "<dc:creator id='a'>Ann Miller</dc:creator><dc:creator opf:role='aut'>Bob Smith</dc:creator>"
        "<dc:contributor opf:role='trl'>Cleo Weaver</dc:contributor><dc:contributor id='d'>Dan Cook</dc:contributor>"
        "<meta refines='#d' property='role'>aut</meta><dc:contributor opf:role='bkp'>A Program</dc:contributor>"
        "<dc:creator>Ann Miller</dc:creator>"
    )
    (tmp_path / "a.epub").write_bytes(epub_bytes({"a.xhtml": xhtml("<p>one</p>")}, head))
    assert read(tmp_path / "a.epub").metadata == {
        "author": ["Ann Miller", "Bob Smith", "Dan Cook"],
        "contributor": "Cleo Weaver",
    }
    (tmp_path / "a.epub").write_bytes(epub_bytes({"a.xhtml": xhtml("<p>one</p>")}, "<dc:creator>A; B</dc:creator>"))
    assert read(tmp_path / "a.epub").metadata == {"author": ["A", "B"]}


def test_epub_the_date_of_the_file_is_not_that_of_the_text(tmp_path: Path) -> None:
    head = "<dc:date>2005-03-01</dc:date><dc:date opf:event='original-publication'>1850</dc:date>"
    (tmp_path / "a.epub").write_bytes(epub_bytes({"a.xhtml": xhtml("<p>one</p>")}, head))
    assert read(tmp_path / "a.epub").metadata == {
        "file_date": "2005-03-01",
        "file_year": "2005",
        "date": "1850",
        "year": "1850",
    }


def test_epub_notes_outside_the_order_of_reading_are_read_once_at_the_end(tmp_path: Path) -> None:
    mark = "<a href='{}'>1</a>"
    package = manifest("notes.xhtml", "one.xhtml", "more.xhtml", "two.xhtml", "unlinked.xhtml")
    package += "<spine><itemref idref='notes.xhtml' linear='no'/><itemref idref='one.xhtml'/>"
    members = {
        "one.xhtml": f"<p>one {mark.format('notes.xhtml#n1')} {mark.format('More.xhtml#a')}</p>",
        "two.xhtml": f"<p>two {mark.format('notes.xhtml#n2')} {mark.format('http://example.org/unlinked.xhtml')}</p>",
        "notes.xhtml": "<p>note 1</p><p>note 2</p>",
        "more.xhtml": "<p>more</p>",
        "unlinked.xhtml": "<p>unlinked</p>",
    }
    blocks = book(tmp_path, f"{package}<itemref idref='two.xhtml'/></spine>", members)
    assert [block.split()[0] for block in blocks] == ["one", "two", "note", "note", "more"]
    (extract,) = read_file(next(tmp_path.glob("*.epub")), ReadOptions())
    assert isinstance(extract, Extract)
    assert extract.warning == "1 text outside the order of reading not read: unlinked.xhtml"


def test_epub_linked_notes_may_link_to_further_notes_and_back(tmp_path: Path) -> None:
    package = manifest("one.xhtml", "notes.xhtml", "more.xhtml") + spine("one.xhtml")
    members = {
        "one.xhtml": "<p>one <a href='notes.xhtml'>a</a></p>",
        "notes.xhtml": "<p>two <a href='one.xhtml#x'>b</a> <a href=\"more.xhtml\">c</a></p>",
        "more.xhtml": "<p>three <a href='notes.xhtml'>d</a> <a href='http://['>e</a></p>",
    }
    assert [block.split()[0] for block in book(tmp_path, package, members)] == ["one", "two", "three"]


def test_epub_contents_are_not_text(tmp_path: Path) -> None:
    links = "<p>Contents</p><p><a href='a.xhtml'>The Mill at the Bend</a></p><p><a href='a.xhtml#b'>The Bridge</a></p>"
    package = manifest("toc.xhtml", "a.xhtml") + spine("toc.xhtml", "a.xhtml")
    guide = "<guide><reference type='toc' href='toc.xhtml'/></guide>"
    text = {"a.xhtml": "<h1>The Mill at the Bend</h1>"}
    assert book(tmp_path, package + guide, {"toc.xhtml": links} | text) == ["The Mill at the Bend"]
    foreword = {"toc.xhtml": links + "<p>A foreword that is much longer than the list of chapters before it.</p>"}
    assert len(book(tmp_path, package + guide, foreword | text)) == 5
    nav = manifest("toc.xhtml", properties=" properties='nav'").replace("</manifest>", "")
    nav += manifest("a.xhtml").replace("<manifest>", "") + spine("toc.xhtml", "a.xhtml")
    linked = {"a.xhtml": "<p>one <a href='toc.xhtml'>two</a></p>"}
    assert book(tmp_path, nav, {"toc.xhtml": links} | linked) == ["one two"]


@pytest.mark.parametrize(
    "mark",
    [
        "<span epub:type='pagebreak' id='p12' title='12'>12</span>",
        '<span epub:type="x pagebreak"><a id="p12">[Pg 12]</a></span>',
        "<span role='doc-pagebreak' id='p12'>12</span>",
        "<span class='pagenum'><a id='Page_12'>{12}</a></span>",
        "<a class='x pageno' href='#p12'>xii</a>",
        "<span class='pagenum'><span id='x'></span>12</span>",
        "<span epub:type='pagebreak' title='12'/>",
    ],
)
def test_epub_numbers_of_printed_pages_are_left_out(tmp_path: Path, mark: str) -> None:
    package = manifest("a.xhtml") + spine("a.xhtml")
    body = f"<p>the neigh{mark}bours of {mark}the mill</p><div epub:type='pagebreak'>13</div><p>and</p>"
    assert book(tmp_path, package, {"a.xhtml": body}) == ["the neighbours of the mill", "and"]


def test_epub_text_that_is_no_page_number_is_kept(tmp_path: Path) -> None:
    package = manifest("a.xhtml") + spine("a.xhtml")
    body = (
        "<div class='pagenum'>A text that somebody has put into an element of this name.</div>"
        "<span class='pagination'>12</span><aside epub:type='footnote' hidden='hidden'><p>a note</p></aside>"
        "<p hidden='hidden'>gone</p>"
    )
    assert book(tmp_path, package, {"a.xhtml": body}) == [
        "A text that somebody has put into an element of this name.",
        "12",
        "a note",
    ]


def test_epub_a_chapter_in_another_format_is_replaced(tmp_path: Path) -> None:
    items = (
        "<item id='x' href='x.pdf' media-type='application/pdf' fallback='y'/>"
        "<item id='y' href='y.svg' media-type='image/svg+xml' fallback='a.xhtml'/>"
        "<item id='loop' href='z.pdf' media-type='application/pdf' fallback='loop'/>"
    )
    package = manifest("a.xhtml").replace("</manifest>", f"{items}</manifest>") + spine("x", "loop")
    assert book(tmp_path, package, {"a.xhtml": "<p>one</p>"}) == ["one"]


# ---- names of members


@pytest.mark.parametrize(
    ("address", "member"),
    [
        ("caf%C3%A9.xhtml", "café.xhtml"),
        ("café.xhtml", "café.xhtml"),
        ("a%20b.xhtml", "a b.xhtml"),
        ("a%20b.xhtml", "a%20b.xhtml"),
        ("100%.xhtml", "100%.xhtml"),
        ("A.XHTML", "a.xhtml"),
        ("../OPS/a.xhtml", "a.xhtml"),
        ("é.xhtml", unicodedata.normalize("NFD", "é.xhtml")),
        ("глава.xhtml", "глава.xhtml"),
    ],
)
@pytest.mark.parametrize("flagged", [True, False])
def test_epub_members_are_found_however_their_names_are_written(
    tmp_path: Path, address: str, member: str, flagged: bool
) -> None:
    package = f'<package xmlns="http://www.idpf.org/2007/opf"><metadata/>{manifest(address)}{spine(address)}</package>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("OPS/book.opf", package)
        # As programs write it that do not set the flag for UTF-8. The name is as long as that of the member.
        name = "OPS/" + "~" * len(member.encode())
        archive.writestr(f"OPS/{member}" if flagged else name, xhtml("<p>one</p>"))
    data = file.getvalue()
    if not flagged:
        data = data.replace(name.encode(), b"OPS/" + member.encode())
    (tmp_path / "a.epub").write_bytes(data)
    assert read(tmp_path / "a.epub").text == "one"
    with zipfile.ZipFile(tmp_path / "a.epub") as archive:
        assert member_names(archive.infolist())[-1] == f"OPS/{member}"


def test_names_that_are_not_utf_8_stay_as_they_are(tmp_path: Path) -> None:
    data = zip_bytes({"caf~.txt": "x"}).replace(b"caf~.txt", b"caf\x82.txt")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert member_names(archive.infolist())[0] == "café.txt"


def test_epub_references_to_notes_are_note_marks(tmp_path: Path) -> None:
    package = manifest("a.xhtml", "notes.xhtml") + spine("a.xhtml")
    members = {
        "a.xhtml": "<p>the mill<a epub:type='noteref' href='notes.xhtml#n1'>1</a> was"
        " old.<sup><a href='notes.xhtml#n2'>2</a></sup> It</p>",
        "notes.xhtml": "<p id='n1'>a note</p>",
    }
    assert book(tmp_path, package, members) == ["the mill¹ was old.² It", "a note"]
