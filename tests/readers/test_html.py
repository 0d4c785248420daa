"""Web pages: the article without menus, note marks, and what is left out."""

from pathlib import Path

import pytest
from polyseme.indexer.readers import read_file
from polyseme.indexer.readers.html import html_blocks, html_page
from polyseme.indexer.readers.records import Extract, ReadOptions

MENU = '<ul class="menu"><li><a href="/">Start</a><li><a href="/m">Money</a><li><a href="/s">Shops</a></ul>'
STORY = [
    "The ferry left the eastern bank at dawn, and nobody on the pier had slept during the storm.",
    "By noon the water had risen to the second step, so the market was moved to the church yard.",
    "A clerk of the savings bank carried the ledgers upstairs, one by one, before the cellar filled.",
]
TEASERS = (
    '<div class="related"><h3>More stories</h3>'
    '<ul><li><a href="/1">Five loans</a><li><a href="/2">Ten cards</a></ul></div>'
)
NOTICE = "<footer><p>Cookies. Terms of use. Privacy.</p></footer>"


def page(*parts: str) -> str:
    return f"<html><body>{''.join(parts)}</body></html>"


def paragraphs(texts: list[str]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def kept(markup: str, *, whole: bool = False) -> list[str]:
    return html_page(markup, whole=whole)[0]


@pytest.mark.parametrize(
    "markup",
    [
        page(MENU, f"<div id=story>{paragraphs(STORY)}</div>", TEASERS, NOTICE),
        page(f"<header>{MENU}</header><article>{paragraphs(STORY)}</article>", NOTICE),
        page(f"<nav>{MENU}</nav><main>{paragraphs(STORY)}</main><aside>{TEASERS}</aside>"),
        page(f"<table><tr><td>{MENU}<td>{paragraphs(STORY)}</table>", NOTICE),
        page(MENU, paragraphs(STORY), '<div role="contentinfo"><p>Imprint</p></div>'),
    ],
)
def test_the_article_is_kept_and_the_menus_are_not(markup: str) -> None:
    assert kept(markup) == STORY


def test_the_whole_page_is_kept_on_request(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text(page(f"<nav>{MENU}</nav>", paragraphs(STORY), NOTICE))
    [extract] = read_file(path, ReadOptions(whole_page=True))
    assert isinstance(extract, Extract)
    assert extract.text.split("\n\n") == ["Start", "Money", "Shops", *STORY, "Cookies. Terms of use. Privacy."]


@pytest.mark.parametrize(
    "markup",
    [
        page("<h1>My page</h1><p>Hello. I like boats.</p><p>Ann</p>"),  # a plain page by hand
        page("<h1>Poems</h1>", "".join(f"<h2>{n}</h2><p>The bank<br>was green<br>in May {n}</p>" for n in range(30))),
        page("".join(f"<p>{n}. {text}</p>" for n, text in enumerate(STORY * 50))),
        page("<table>", "".join(f"<tr><td>{n}<td>bank {n}" for n in range(50)), "</table>"),
        page("".join(f'<div class="post"><b>user{n}</b><p>{STORY[n % 3]} ({n})</p></div>' for n in range(40))),
        page('<ul class="words">', "".join(f"<li>bank {n}: a place" for n in range(40)), "</ul>"),
    ],
)
def test_a_page_without_menus_is_kept_whole(markup: str) -> None:
    assert kept(markup) == html_blocks(markup)


def test_a_thread_keeps_all_its_posts() -> None:
    posts = [f"{STORY[n % 3]} Said visitor number {n}." for n in range(12)]
    thread = "".join(
        f'<div class="comment"><a href="/u{n}">u{n}</a><p>{post}</p></div>' for n, post in enumerate(posts)
    )
    found = kept(page(MENU, f"<h1>Floods</h1>{thread}", NOTICE))
    assert [post for post in posts if post not in found] == []


def test_links_and_lists_inside_an_article_are_kept() -> None:
    inside = '<p><a href="/x">A clerk was asked about the flood of last year</a></p><ul><li>one<li>two</ul>'
    found = kept(page(MENU, f"<article>{paragraphs(STORY[:2])}{inside}{paragraphs(STORY[2:])}</article>", NOTICE))
    assert found == [*STORY[:2], "A clerk was asked about the flood of last year", "one", "two", STORY[2]]


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("the bank<sup>12</sup> and", "the bank¹² and"),
        ("the bank.<sup>3</sup> Later", "the bank.³ Later"),
        ('the bank<sup><a href="#a">a</a></sup> and', "the bank[a] and"),
        ('the bank<a href="#n1"><sup>1</sup></a> and', "the bank¹ and"),
        ('the bank <sup><a href="#n1">1</a></sup> and', "the bank¹ and"),
        ('the bank<sup class="reference"><a href="#c"><span>[</span>2<span>]</span></a></sup>', "the bank[2]"),
        ('the bank.<a class="fnanchor" href="#F_1">[1]</a> Later', "the bank.[1] Later"),
        ('the bank.<a href="#fn4">4</a> Later', "the bank.⁴ Later"),
        ('the bank<a epub:type="noteref" href="n.xhtml#x">5</a>', "the bank⁵"),
        ('the bank <a role="doc-noteref" href="#x">*</a>', "the bank[*]"),
        ("the bank<sup>*</sup>", "the bank[*]"),
        ("the bank<sup>1,2</sup>", "the bank[1,2]"),
        ("the bank<sup>(3)</sup> and<sup>a,b</sup>", "the bank³ and[a,b]"),
        ('<img alt="O">nce upon <img alt="A">', "Once upon"),
        ('<img alt="X">Close <img alt="T">HE bank', "Close THE bank"),
        ('<img alt="“T">he bank <img alt="A picture">of it', "“The bank of it"),
        ("1<sup>st</sup> M<sup>lle</sup> n<sup>o</sup>", "1st Mlle no"),
        ("CO<sub>2</sub> H<sub>2</sub>O", "CO2 H2O"),
        ("5 m<sup>2</sup> 10<sup>-3</sup> Ca<sup>2+</sup>", "5 m² 10⁻³ Ca²⁺"),
        ("<sup>3</sup>/<sub>4</sub> of it", "3/4 of it"),
        ("5 m<sup>3</sup>/s", "5 m³/s"),
        ("the bank<sup>(12)</sup> and", "the bank¹² and"),
        ("the bank.<sup>b</sup> Later!”<sup>iv</sup> Sr.<sup>a</sup>", "the bank.[b] Later!”[iv] Sr.a"),
        ('<a href="#c">[7]</a><sup>: 12–14 </sup>', "[7]:12–14"),
        ("2<sup>3</sup>/<sub>4</sub> of it", "2 3/4 of it"),
        ('The note.<a class="footnote-back" href="#r2">↩</a>', "The note."),
        ('<a class="footnote-back" href="#r2">2</a>. The note.', "2. The note."),
        ('<a role="doc-backlink" href="#r2">[2]</a> The note.', "[2] The note."),
        ('The note. <a role="doc-backlink" href="#r2">Back to text</a>', "The note."),
        ('The note. <a class="footnote-back" href="#r2">back</a>', "The note."),
        ('<a href="#c1">1</a> The bank', "1 The bank"),  # a table of contents
        ('see <a href="#n1">12</a>', "see 12"),
        ('w<a href="#i">i</a>ll', "will"),
        ('the bank.<a href="https://example.org/a">3</a> Later, <a href="/p">4</a>', "the bank.³ Later, 4"),
        ('Head <span class="mw-editsection">[<a href="?action=edit">edit</a>]</span>', "Head"),
        ('Head [<a href="/w?title=x&action=edit&section=1">edit</a>]', "Head"),
        ('Head [<a href="?action=edit">edit</a> | <a href="?veaction=edit&action=edit">source</a>]', "Head"),
        ('The note. <a href="#r1">↩</a>', "The note."),
        ("shown<span aria-hidden=true>x</span> <i hidden>y</i><b style='visibility:hidden'>z</b>", "shown"),
        ("bal<wbr>ance im\u00adpossible", "balance impossible"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rtc>x</rtc></ruby>字", "漢字"),
        ("<math><semantics><mi>x</mi><annotation>tex</annotation></semantics></math>", "x"),
    ],
)
def test_marks_and_what_is_left_out(markup: str, text: str) -> None:
    assert html_blocks(f"<p>{markup}</p>") == [text]


def test_references_of_an_encyclopaedia_are_texts_of_their_own() -> None:
    markup = (
        '<p>Built in 1902.<sup id="cite_ref-1"><a href="#cite_note-1">[1]</a></sup> It stood.</p>'
        '<ol class="references">'
        '<li id="cite_note-1"><span class="mw-cite-backlink"><b><a href="#cite_ref-1">^</a></b></span> '
        '<span class="reference-text">Smith, <i>Banks</i>, p. 3.</span></li></ol>'
    )
    assert html_blocks(markup) == ["Built in 1902.[1] It stood.", "Smith, Banks, p. 3."]


def test_a_page_that_only_a_script_shows_is_read() -> None:
    markup = page('<div>Loading</div><div style="display:none">', paragraphs(STORY), "</div>")
    assert kept(markup) == ["Loading", *STORY]
    assert kept(page(f"<p>{STORY[0]}</p><p hidden>{STORY[1]}</p>")) == STORY[:1]


def test_notes_after_an_article_are_kept() -> None:
    notes = '<section role="doc-endnotes"><ol><li>A short note.</li><li>Ibid., p. 3.</li></ol></section>'
    found = kept(page(MENU, f"<article>{paragraphs(STORY)}</article>", notes, NOTICE))
    assert found == [*STORY, "A short note.", "Ibid., p. 3."]


def test_several_authors_of_a_page_are_a_list() -> None:
    head = "".join(
        f'<meta name="{name}" content="{content}">'
        for name, content in (
            ("author", "Ann One"),
            ("citation_author", "Ben Two"),
            ("article:author", "https://example.org/ann"),
            ("citation_publication_date", "1998-03-04"),
        )
    )
    assert html_page(f"<html><head>{head}</head><body><p>Text.</p></body></html>")[1] == {
        "author": ["Ann One", "Ben Two"],
        "date": "1998-03-04",
        "year": "1998",
    }
