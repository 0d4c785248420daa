"""Tests of the page's HTML, which shows the text of documents as text only, and of addresses and facets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markup import TEXT, read
from polyseme.indexer.collection.records import Layer
from polyseme.indexer.text import TextAnalyser
from polyseme.search.explanation import Contribution
from polyseme.search.hits import By, Match, OccurrenceHit, Order, SentenceHit
from polyseme.search.senses.inventory import Sense, SenseInventory
from polyseme.search.senses.timeline import make_timeline
from polyseme.search.statistics.collocates import Collocate, Collocates
from polyseme.search.statistics.links import CollocateLink, CollocateLinks
from polyseme.ui.page import actions, app
from polyseme.ui.page.address import (
    MAX_COLLECTION,
    MAX_FILTER,
    MAX_FILTERS,
    MAX_IDS,
    MAX_TEXT,
    NO_SENSE,
    Listing,
    PageQuery,
    Sort,
    new_question,
    read_address,
    write_address,
)
from polyseme.ui.page.facets import FacetKind, facet, facets, filters, select
from polyseme.ui.page.html import base, concordance, graph, points, senses
from polyseme.ui.page.html import counts as tables

ANALYSER = TextAnalyser("en")


def words(sentence: str) -> list[tuple[int, int]]:
    return [(token.start, token.end) for token in ANALYSER.tokens(sentence)]


def lines_of(hits: Sequence[SentenceHit]) -> str:
    return concordance.concordance(hits, 1, words) + concordance.senses([1], {1: 1}) + concordance.marks({1: 1, 2: -1})


def test_every_class_of_the_stylesheet_is_used_by_the_page() -> None:
    folder = Path(app.__file__).parent
    sources = [*folder.rglob("*.py"), folder / "static" / "page.js"]
    code = "".join(path.read_text(encoding="utf-8") for path in sources)
    style = app.static("page.css")
    used = set(re.findall(r"(?<![-\w])(pol-[a-z]+)(?![-\w])", code))
    assert {"pol-line", "pol-dot"} <= set(re.findall(r"\.(pol-[a-z]+)", style)) <= used
    keys = {*re.findall(r'\bkey="([a-z-]+)"', code), actions.KEY}
    assert set(re.findall(r"\.st-key-([a-z-]+)", style)) <= keys


def occurrence(
    left: str, node: str, right: str, title: str = "Title", metadata: dict[str, str | int | float] | None = None
) -> OccurrenceHit:
    return OccurrenceHit(
        rank=1,
        score=0.5,
        confidence=None,
        document_id=f"{title}.txt",
        document=title,
        sentence_id=1,
        sentence=left + node + right,
        sentence_start=7,
        metadata=metadata or {},
        token=node,
        lemma=node,
        position=1,
        start=len(left),
        end=len(left) + len(node),
        occurrence_id=1,
    )


def shown(text: str) -> str:
    """Return a text as a browser shows it, with white space collapsed."""
    return base.UNSHOWABLE.sub("\ufffd", re.sub(r"\s+", " ", text))


@settings(deadline=None)  # the first call loads the tokeniser
@given(TEXT, TEXT.filter(bool), TEXT, TEXT)
def test_line_shows_exactly_the_text_with_the_node_at_its_offsets(left: str, node: str, right: str, field: str) -> None:
    hit = occurrence(left, node, right, title=node, metadata={"note": field, field: left})
    reader = read(lines_of([hit]))
    text = "".join(reader.inside["p.pol-text"])
    if max(map(len, (left, right))) < base.CONTEXT and len(node) < base.NODE:
        folded = shown(left.lstrip()) + shown(node) + shown(right.rstrip())
        assert re.sub(" +", " ", text) == re.sub(" +", " ", folded)
        assert "".join(reader.inside.get("mark.pol-node", [])) == shown(node)
    assert len(text) <= 2 * base.CONTEXT + base.NODE + 2


def network(word: str, other: str) -> Collocates:
    """Return the collocates of a word, two of which are linked."""
    names = [(word, "NOUN"), (other, "X"), (other + word, ""), ("loan", "NOUN")]
    words = tuple(
        Collocate(name, 9 - n, 8.0 - n, 9.0 - n, pos, positions=((n - 1, 5), (2, 1)), sense=n or None)
        for n, (name, pos) in enumerate(names)
    )
    link = CollocateLink(0, 1, word, other, 5, 1.5, 20.0, 12.0)
    return Collocates(word, "lemma", 5, 5, 30, "log_dice", words, links=CollocateLinks(word, 4, (link,)))


@settings(deadline=None)
@given(TEXT.filter(bool), TEXT)
def test_every_html_builder_escapes_its_text(sentence: str, value: str) -> None:
    hit = occurrence("", sentence, "", title=value, metadata={"author": value, value: sentence})
    others = {"translation": value, "translation_language": sentence, f"translation.{value}": sentence}
    plain = SentenceHit(1, 0.5, 0.99, value, value, 1, sentence, 0, {"year": 1999, "author": value, **others})
    word = Collocate(sentence, 1, 1.0, 1.0)
    sense = Sense(1, 1, 1.0, (word,), (hit, hit), expected=(value,), pos=value, phrases=(word,))
    inventory = SenseInventory(sentence, Match.LEMMA, (sense,), {1: 1}, {1: 0.5}, value)
    for html in (
        lines_of([plain]),
        lines_of([hit]),
        base.document_head(plain, 1, 1),
        base.document_page(sentence, plain, 1),
        senses.entry(inventory, 1, {1}),
        senses.legend(inventory),
        senses.collocate_tables(inventory, None),
        senses.timeline(make_timeline("year", 10, 1, {1: 1}, {1: "1999"}), inventory),
        points.occurrence_map(PLACES, [0], [1], [1], [value, value], {1: hit}, [1], value),
        points.occurrence_map(PLACES, [0], [1], [None], [value, value], {}, [], value),
        points.key([value, value], [1, 2]),
        graph.collocates(network(sentence, value), graph.arrangements(network(sentence, value)), value),
        base.notice(value),
        base.message(value, sentence, value),
        base.heading(value, None),
        base.headline(value, sentence, value, [value]),
        base.explanation([Contribution(sentence, 0, 0, 1, 0.5)], {value: 0.5}),
    ):
        read(html)


def test_attributes_keep_their_text_through_the_filter_of_the_browser() -> None:
    assert base.attribute('a </b> --> --!> ]> "&') == "a &lt; /b&gt; -- &gt; --! &gt; ] &gt; &quot;&amp;"
    sources = Path(base.__file__).parent.glob("*.py")
    code = "".join(path.read_text(encoding="utf-8") for path in sources)
    assert re.findall(r'(?:title|label|lang|data-[a-z]+)="\{attribute\(', code)
    assert not re.findall(r'(?:title|label|lang|data-[a-z]+)="[^"<]*\{escape\(', code)


def test_the_table_of_collocates_has_the_senses_of_the_graph() -> None:
    found = network("river", "water")
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", tables.collocates(found))
    assert [re.findall(r'title="sense (\d)"', row) for row in rows] == [[], ["1"], ["2"], ["3"]]
    plain = replace(found, words=tuple(replace(word, sense=None) for word in found.words))
    assert "sense" not in tables.collocates(plain)


@settings(deadline=None)
@given(TEXT.filter(bool), TEXT)
def test_each_word_of_a_graph_is_a_button_with_a_name(word: str, other: str) -> None:
    found = network(word, other)
    html = graph.collocates(found, graph.arrangements(found), "logDice")
    tags = read(html).tags
    buttons = [attributes for tag, attributes in tags if tag == "button"]
    assert [button["data-collocate"] for button in buttons] == ["0", "1", "2", "3"]
    for button, each in zip(buttons, found.words, strict=True):
        name = str(button["aria-label"])
        assert not re.search(r"--!?>|\]>|</", name)  # the browser drops attributes in which markup could end
        facts = name.rpartition(f", {each.count} lines, logDice {each.log_dice:.1f}")[2]
        assert facts.startswith(f", sense {each.sense}, mostly on the" if each.sense else ", mostly on the")
        assert ("linked with" in facts) == (each in found.words[:2])
        assert (button["type"], button["data-side"]) == ("button", "left" if each.balance < 0 else "right")
    assert buttons[3]["aria-label"] == "loan, 6 lines, logDice 6.0, sense 3, mostly on the right"
    links = [attributes for _, attributes in tags if attributes.get("class") == "pol-link"]
    assert {link["data-ends"] for link in links} <= {"0 1"}


PLACES = np.array([[0, 0], [1, 1], [0.5, 0.5]], np.float32)


def test_density_counts_every_point_once() -> None:
    random = np.random.default_rng(3)
    places = random.uniform(0, 100, (2, 5000)).astype(np.float32)
    places[:, :100] = [[100.0], [0.0]]  # the corners count too
    shown = re.findall(r'left:([\d.]+)%;top:([\d.]+)%;opacity:([\d.]+)"', points.density(*places))
    found = [(round(float(x) * points.COLUMNS / 100), round(float(y) * points.ROWS / 100), o) for x, y, o in shown]
    cells = Counter(
        (min(int(left * points.COLUMNS / 100), points.COLUMNS - 1), min(int(top * points.ROWS / 100), points.ROWS - 1))
        for left, top in places.T.astype(float).tolist()
    )
    assert {(x, y) for x, y, _ in found} == set(cells)
    most = max(cells.values())
    for x, y, opacity in found:
        assert float(opacity) == pytest.approx(points.DARKEST * (cells[x, y] / most) ** 0.5, abs=0.006)


def test_points_say_their_groups_and_where_they_are() -> None:
    html = points.occurrence_map(PLACES, [0, 2], [7, 9], [2, None], ["a", "b & c", "none"], {}, [9], "bank")
    dots = re.findall(r'data-pick="(\d+)" data-s="(\w+)"( data-\w+="1")? style="([^"]*)".*?aria-label="([^"]*)"', html)
    assert dots == [
        ("7", "1", ' data-out="1"', "--l:2.00%;--t:97.00%", "b &amp; c: occurrence 7"),
        ("9", "none", ' data-in="1"', "--l:50.00%;--t:50.00%", "none: occurrence 9"),
    ]
    assert "pol-density" in html
    assert "pol-density" not in points.occurrence_map(PLACES[:1], [0], [7], [1], ["a", "none"], {}, [], "bank")
    odd = points.occurrence_map(PLACES[:1], [0], [7], [1], ["a-->b--!></style>]>" + "c" * 500, ""], {}, [], "bank")
    assert 'aria-label="a-- &gt;b--! &gt;&lt; /style&gt;] &gt;cc' in odd
    assert len(odd) < 2000
    assert points.key(["a", "b", "none"], [3, 0, 1_000]).count("<li>") == 2


def test_each_sense_counts_its_lines_inside_the_filters() -> None:
    both = (Sense(1, 3, 0.5, (), ()), Sense(2, 2, 0.3, (), ()))
    inventory = SenseInventory("bank", Match.LEMMA, both, {1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: None}, {}, None)
    assert " here<" not in senses.entry(inventory, None, None)
    for inside, counts in (({1, 2, 5, 6}, ["2", "1", "1"]), ({4, 5}, ["0", "2", "0"]), (set[int](), ["0"] * 3)):
        assert re.findall(r">(\d+) here<", senses.entry(inventory, None, inside)) == counts


def test_script_in_a_document_is_shown_as_text() -> None:
    hit = occurrence("Type <script>", "alert", "(1)</script> & wait", title='A "quoted" <title>')
    html = lines_of([hit])
    assert "<script" not in html
    assert "Type <script>alert(1)</script> & wait" in "".join(read(html).inside["p.pol-text"])
    assert "A &quot;quoted&quot; &lt;title&gt;" in html


def test_translations_are_shown_under_the_line_as_text() -> None:
    metadata: dict[str, str | int | float] = {
        "translation": "Das <b>Ufer</b>\nwar nass.",
        "translation_language": 'de" onclick="x',
        "translation.he": "שלום",
        "year": 1999,
    }
    html = lines_of([occurrence("The ", "bank", " was wet.", metadata=metadata)])
    reader = read(html)
    shown = [attributes for tag, attributes in reader.tags if attributes.get("class") == "pol-translation"]
    assert "".join(reader.inside["p.pol-translation"]) == "Das <b>Ufer</b> war nass.שלום"
    assert [each["lang"] for each in shown] == ['de" onclick="x', "he"]
    assert [each["dir"] for each in shown] == ["ltr", "rtl"]
    assert "".join(reader.inside["span.pol-facts"]) == "1999"
    assert "pol-translation" not in lines_of([occurrence("The ", "bank", " was wet.", metadata={"year": 1999})])


def test_translations_are_no_filters() -> None:
    offered = facets(
        {"translation": {"x": 1}, "translation_language": {"de": 1}, "translation.fr": {"y": 1}, "n": {"1": 1}}
    )
    assert [each.field for each in offered] == ["n"]


def test_second_of_two_equal_words_is_highlighted() -> None:
    html = lines_of([occurrence("the bank by the river ", "bank", " again")])
    assert html.count("<mark") == 1
    assert "".join(read(html).inside["p.pol-text"]) == "the bank by the river bank again"
    assert 'data-hop="22-26" data-in="1"><bdi>bank</bdi></mark>' in html


def test_every_word_of_a_line_has_its_offsets() -> None:
    sentence = "The bank by the river bank was shut."
    hit = occurrence(sentence[:22], "bank", sentence[26:])
    hops = re.findall(r'data-hop="(\d+)-(\d+)" data-in="1">(?:<bdi>)?(\w+)<', lines_of([hit]))
    assert [(int(start), int(end)) for start, end, _ in hops] == words(sentence)[:-1]
    assert all(sentence[int(start) : int(end)] == word for start, end, word in hops)


def test_long_contexts_are_cut_at_the_far_end() -> None:
    hit = occurrence("far " * 100, "node", " away" * 100)
    text = "".join(read(lines_of([hit])).inside["p.pol-text"])
    left, _, right = text.partition("node")
    assert left.startswith("…far")
    assert right.endswith("away…")
    assert max(len(left), len(right)) <= base.CONTEXT + 1


def test_hebrew_line_is_written_from_right_to_left() -> None:
    assert 'dir="rtl"' in lines_of([occurrence("123 שלום ", "עולם", "!")])
    assert 'dir="ltr"' in lines_of([occurrence("123 ", "hello", " שלום")])


@given(st.text(alphabet="ab ", max_size=300), st.integers(4, 80))
def test_cut_text_is_a_prefix_or_suffix_within_the_limit(text: str, longest: int) -> None:
    left, right = base.cut_left(text, longest), base.cut_right(text, longest)
    assert len(left) <= longest
    assert len(right) <= longest
    assert text.endswith(left.removeprefix("…"))
    assert text.startswith(right.removesuffix("…"))
    assert (left == text) == (right == text) == (len(text) <= longest)


def test_text_is_cut_at_a_nearby_space() -> None:
    assert base.cut_right("one two three four", 12) == "one two…"
    assert base.cut_left("one two three four", 12) == "…three four"


@given(st.integers(0, 500), st.integers(0, 200), st.integers(0, 500), st.integers(1, 300))
def test_window_of_a_long_document_contains_the_sentence(before: int, sentence: int, after: int, size: int) -> None:
    length, end = before + sentence + after, before + sentence
    first, last = base.window(length, before, end, size)
    assert 0 <= first <= before
    assert end <= last <= length
    assert last - first <= max(size, sentence)
    if length <= size:
        assert (first, last) == (0, length)


def test_document_is_shown_with_sentence_and_node_highlighted_by_offsets() -> None:
    text = "Before. The bank, the bank.\n\nAfter & <so> on."
    hit = SentenceHit(1, 0.5, None, "d", "d", 1, "The bank, the bank.", 8, {})
    reader = read(base.document_page(text, hit, 1))
    assert "".join(reader.text) == text
    assert "".join(reader.inside["span.pol-sentence"]) == "The bank, the bank."
    marked = occurrence("The bank, the ", "bank", ".")
    reader = read(base.document_page("1234567" + text[8:], marked, 1))
    assert "".join(reader.inside["mark.pol-node"]) == "bank"
    assert "".join(reader.text) == "1234567" + text[8:]


def test_long_document_shows_how_many_characters_are_omitted() -> None:
    text = "a " * 100_000 + "Here. " + "b " * 100_000
    hit = SentenceHit(1, 0.5, None, "d", "d", 1, "Here.", 200_000, {})
    html = base.document_page(text, hit, 1)
    assert len(html) < base.DOCUMENT + 2000
    assert "more characters" in html
    assert ">Here.</span>" in html


@given(TEXT)
def test_label_keeps_its_text_and_escapes_markdown(text: str) -> None:
    label = base.label(text, 20_000)
    plain = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", label).replace("\N{WORD JOINER}", "")
    assert plain == shown(text).replace("\N{WORD JOINER}", "")
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_`$\[\]<>#]", re.sub(r"\\.", "", label))
    assert ":smile:" not in label.replace("\\", "")


FULL = PageQuery(
    "a",
    Match.FORM,
    9,
    By.DOCUMENT,
    Order.WORDS,
    True,
    ("b=c",),
    Layer.ELMO,
    Sort.DATE,
    2,
    1,
    Listing.OTHERS,
    (1,),
    (1,),
    (1,),
    senses=3,
    known=("a", "b"),
    dictionary="d",
    selection="a" * 10,
)
"""A query with all parts, so that its address has all parameters."""
QUERIES = st.builds(
    PageQuery,
    st.text(max_size=20),
    st.sampled_from([Match.LEMMA, Match.FORM, Match.ANY]),
    st.integers(1, 1000),
    st.sampled_from(list(By)),
    st.sampled_from([None, *Order]),
    st.booleans(),
    st.lists(st.text(min_size=1, max_size=10), max_size=3).map(tuple),
    st.sampled_from([None, *Layer]),
    st.sampled_from(list(Sort)),
    st.integers(1, 10**8),
    st.none() | st.integers(NO_SENSE, 100),
    st.sampled_from(list(Listing)),
    *[st.sets(st.integers(0, 10**18 - 1), max_size=5).map(lambda keys: tuple(sorted(keys)))] * 3,
    st.text(max_size=10),
    st.none() | st.integers(1, 100),
    st.lists(st.text(min_size=1, max_size=10), max_size=3, unique=True).map(tuple),
    st.text(max_size=100),
    selection=st.just("") | st.from_regex("[a-z2-7]{10,52}", fullmatch=True),
)


@given(QUERIES)
def test_query_round_trips_through_its_address(query: PageQuery) -> None:
    address = write_address(query)
    given_back = {key: [value] if isinstance(value, str) else value for key, value in address.items()}
    assert read_address(given_back) == (query, ())


def test_links_from_before_rank_by_meaning_and_words() -> None:
    assert read_address({"q": ["x"], "hybrid": ["1"]}) == (PageQuery("x", order=Order.HYBRID), ())
    assert read_address({"q": ["x"], "hybrid": ["0"]}) == (PageQuery("x"), ())
    assert read_address({"q": ["x"], "hybrid": ["1"], "order": ["words"]}) == (PageQuery("x", order=Order.WORDS), ())
    assert "hybrid" not in write_address(PageQuery("x", order=Order.HYBRID))


def test_new_question_keeps_what_is_compared_and_drops_choices_among_lines() -> None:
    kept = PageQuery("a", Match.FORM, 50, By.DOCUMENT, Order.WORDS, True, ("year=1",), Layer.ELMO, collection="c")
    chosen = replace(kept, page=3, sense=1, listing=Listing.OTHERS, picked=(1,), like=(2,), unlike=(3,), sort=Sort.ODD)
    chosen = replace(chosen, selection="a" * 10)
    assert new_question(chosen, "b") == replace(kept, text="b")


def test_invalid_parts_of_an_address_are_reported_and_the_rest_is_used() -> None:
    query, problems = read_address({"q": ["x"], "match": ["lemmma"], "k": ["0"], "where": ["a=b", "c=d"]})
    assert query == PageQuery("x", where=("a=b", "c=d"))
    assert [line.split(" ")[0] for line in problems] == ["match=lemmma", "k=0"]


@given(
    st.dictionaries(
        st.sampled_from(["hybrid", *write_address(FULL)]) | st.text(max_size=5),
        st.lists(st.text(max_size=30) | st.integers().map(str) | st.text("0123456789-", max_size=60), max_size=3),
    )
)
def test_every_address_gives_a_query_and_short_lines(parameters: dict[str, list[str]]) -> None:
    query, problems = read_address(parameters)
    assert all(len(line) <= 300 and len(line.splitlines()) == 1 for line in problems)
    again, _ = read_address({k: [v] if isinstance(v, str) else v for k, v in write_address(query).items()})
    assert again == query


def test_parts_of_an_address_that_are_too_large_are_refused_in_one_line_each() -> None:
    query, problems = read_address(
        {
            "q": ["x" * (MAX_TEXT + 1)],
            "where": ["a=b", "y" * (MAX_FILTER + 1)],
            "collection": ["z" * (MAX_COLLECTION + 1)],
            "lines": ["-".join(map(str, range(MAX_IDS + 1)))],
            "like": ["9" * 10**6],
            "k": ["7" * 10**6],
            "sort": ["s" * 10**6],
        }
    )
    assert query == PageQuery(where=("a=b",))
    assert sorted(line.split(" ")[0][:8] for line in problems) == sorted(
        ["q", "a", "collecti", "lines", "like=999", "k=777777", "sort=sss"]
    )
    assert max(map(len, problems)) < 200
    assert read_address({"where": ["a=b"] * (MAX_FILTERS + 1)})[0] == PageQuery()
    assert read_address({"where": ["a=b"] * MAX_FILTERS})[1] == ()
    assert read_address({"lines": ["-".join(map(str, range(MAX_IDS)))]})[0].picked == tuple(range(MAX_IDS))


@pytest.mark.parametrize("sense", ["-1", "0", "two", ""])
def test_address_with_an_unknown_sense_keeps_all_lines(sense: str) -> None:
    query, problems = read_address({"q": ["x"], "sense": [sense]})
    assert query == PageQuery("x")
    assert [line.split(" ")[0] for line in problems] == [f"sense={sense}"]


def test_senses_in_an_address_count_from_1_and_none_means_no_sense() -> None:
    assert read_address({"sense": ["1"]}) == (PageQuery(sense=1), ())
    assert read_address({"sense": ["none"]}) == (PageQuery(sense=NO_SENSE), ())
    assert write_address(PageQuery("x", sense=NO_SENSE))["sense"] == "none"


def test_kind_of_a_facet_follows_from_its_values() -> None:
    years = {str(year): 1 for year in range(1950, 2000)}
    dates = {f"1999-0{month}-1{day}": 1 for month in range(1, 4) for day in range(4)}
    found = facets(
        {"year": years, "date": dates, "genre": {"news": 2, "letter": 1}, "title": {f"t{n}": 1 for n in range(60)}}
        | {"many": {f"m{n}": 1 for n in range(2000)}, "grade": {"10": 1, "9": 1}, "a=b": {"x": 1}}
    )
    kinds = {item.field: (item.kind, item.short) for item in found}
    assert kinds == {
        "year": (FacetKind.NUMBER, True),
        "date": (FacetKind.DATE, True),
        "genre": (FacetKind.CHOICE, True),
        "grade": (FacetKind.CHOICE, True),
        "many": (FacetKind.TYPED, True),
        "title": (FacetKind.CHOICE, False),
    }
    by_field = {item.field: item for item in found}
    assert (by_field["year"].low, by_field["year"].high, by_field["year"].whole) == ("1950", "1999", True)
    assert list(by_field["grade"].options) == ["9", "10"]


def test_values_that_no_filter_can_express_are_not_offered() -> None:
    found = facet("place", {"A|B": 1, "C": 1, "1..2": 1})
    assert found is not None
    assert dict(found.options) == {"C": 1}


def test_filters_round_trip_through_selections() -> None:
    offered = facets({"year": {str(year): 1 for year in range(1950, 2000)}, "genre": {"news": 2, "letter": 1}})
    where = ("year=1960..", "genre=news|letter", "author!=Anon", "genre!=news", "nonsense")
    chosen, rest = select(where, offered)
    assert chosen == {"year": ("1960", ""), "genre": ("news", "letter")}
    assert rest == ("author!=Anon", "genre!=news", "nonsense")
    assert filters(chosen, offered, rest) == where
    assert filters({"year": ("", ""), "genre": ()}, offered, ()) == ()
