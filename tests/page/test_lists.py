"""Tests of the lists behind the page without a browser: marked lines, named senses, other words, files, timelines.

The page shows what the searcher returns, and its headlines and counts are true.
"""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import streamlit
from pages import MONEY, RIVER, address, expected, html, lines, navigate_history
from polyseme.indexer.build import build
from polyseme.indexer.collection.records import Layer, SentenceKind
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import QueryError
from polyseme.search.hits import By, HitList, Match, OccurrenceHit, Order, SentenceHit
from polyseme.search.query.target import Target
from polyseme.search.searcher import Searcher
from polyseme.search.senses.timeline import make_timeline, restricted
from polyseme.ui.page import actions, cache, fetch, listing, session
from polyseme.ui.page.actions import word_of
from polyseme.ui.page.address import Listing, PageQuery, Sort
from polyseme.ui.page.export import Export, rows, settings
from polyseme.ui.page.facets import Facet, FacetKind
from polyseme.ui.page.html import base, concordance
from polyseme.ui.page.html.concordance import key_of
from polyseme.ui.page.lines import CANDIDATES
from polyseme.ui.page.listing import Question, answer, everything, read_target, understand
from polyseme.ui.page.marks import Kind
from polyseme.ui.page.over_time import dated, period_for, with_values
from streamlit.testing.v1 import AppTest

QUERY = "She sat on the river [bank]."
SHORE = "The shore was steep and green. They walked along the shores until it grew dark. Two banks of mud rose there."


def numbered(text: str, document: int) -> str:
    """Return a text with a number of its own in each sentence, so that no two sentences are nearly the same."""
    count = itertools.count(1000 * document + 1)
    return re.sub(r"\.", lambda _: f" {next(count)} times.", text)


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    path = tmp_path_factory.mktemp("lists") / "lists.pol"
    documents = [
        Document(f"{genre}/{n}", numbered(text, n), {"title": f"{genre} {n}", "year": year, "genre": genre})
        for genre, text, years in [
            ("letter", " ".join([RIVER] * 3), ("1950", "1951", "1962", "c. 1960")),
            ("news", " ".join([MONEY] * 3), ("1990", "1991", "1992", "n.d.")),
            ("shore", SHORE, ("1970", "1971", "1972", "1973")),
        ]
        for n, year in enumerate(years)
    ]
    build(path, documents, model=str(tiny_folder))
    return path


def opened(visit: AppTest, **parameters: str | list[str]) -> AppTest:
    """Open the page with an address that has only these parameters."""
    for name in list(visit.query_params):
        del visit.query_params[name]
    with pytest.MonkeyPatch.context() as patch:
        navigate_history(visit, patch, **parameters)
    return visit


def asked(searcher: Searcher, query: PageQuery) -> Question:
    return understand(searcher, query, read_target(searcher, query))


def marked(page: AppTest, kind: Kind, key: int) -> None:
    """Mark a line +, as a click does."""
    page.session_state["marks"] = {("", kind): {key: 1}}
    page.run()


def by_words(hits: Sequence[OccurrenceHit]) -> list[tuple[str, str]]:
    """Return what the page shows of hits of any word: the lines of each word together, in the order of the first."""
    words = list(dict.fromkeys(hit.lemma for hit in hits))
    ordered: list[OccurrenceHit] = sorted(hits, key=lambda hit: words.index(hit.lemma))
    return expected(ordered)


def keys(page: AppTest) -> set[str | None]:
    return {box.key for box in (*page.selectbox, *page.toggle, *page.button_group)}


def headline(page: AppTest) -> str:
    (found,) = re.findall(r'<h2 class="pol-found"[^>]*>(.*?)</h2>', html(page))
    return re.sub("<[^>]*>", "", found)


def test_marked_sentences_cannot_be_named_as_a_sense(page: AppTest, searcher: Searcher) -> None:
    opened(page, q="bank")
    assert "Senses of <i>bank</i>" in html(page)
    marked(page, Kind.SENTENCE, searcher.sentences("bank", 1)[0].sentence_id)
    assert "1 line marked +" in html(page)
    assert "sense-name" not in {box.key for box in page.text_input}
    opened(page, q="[bank]")
    marked(page, Kind.OCCURRENCE, searcher.occurrences("[bank]", 1)[0].occurrence_id)
    assert "sense-name" in {box.key for box in page.text_input}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PageQuery("bank", like=(3,), unlike=(4,)), PageQuery("[bank]")),
        (PageQuery("a [bank]", Match.ANY, like=(3,), unlike=(4,)), PageQuery("a [bank]")),
        (PageQuery("a [bank]", Match.FORM, like=(3,)), PageQuery("a [bank]", Match.FORM, like=(3,))),
        (PageQuery(where=("sense=mine",), like=(3,)), PageQuery(where=("sense=mine",), like=(3,))),
    ],
)
def test_choosing_a_sense_drops_marks_among_other_lines(before: PageQuery, after: PageQuery) -> None:
    assert word_of(before) == after


@pytest.mark.parametrize("match", ["lemma", "form", "any"])
def test_marked_lines_are_searched_again_among_matching_words(page: AppTest, searcher: Searcher, match: str) -> None:
    hits = searcher.occurrences(QUERY, 20)
    opened(page, q=QUERY, match=match, like=f"{hits[3].occurrence_id}-{hits[7].occurrence_id}")
    assert lines(page) == expected(searcher.more_like([hits[3], hits[7]], k=20, match=match))
    assert ("of bank" in headline(page)) is (match != "any")
    page.button_group(key="match").set_value(Match.FORM).run()
    assert lines(page) == expected(searcher.more_like([hits[3], hits[7]], k=20, match="form"))


def test_headline_names_the_word_of_the_lines(page: AppTest, searcher: Searcher) -> None:
    hits = searcher.occurrences("The [shore] was steep.", 20)
    like = str(hits[0].occurrence_id)
    opened(page, q="The [platypus] was steep.", like=like)
    like_lines = searcher.more_like([hits[0]], k=1000)
    assert headline(page) == f"{len(like_lines)} occurrences of shore nearest to the lines marked + first"
    opened(page, q="The [platypus] was steep.", like=like, match="form")
    assert headline(page).startswith("4 occurrences of shore nearest")


def test_layer_and_keywords_have_no_effect_without_a_ranking_text(page: AppTest, searcher: Searcher) -> None:
    hits = searcher.occurrences(QUERY, 20)
    like = str(hits[3].occurrence_id)
    opened(page, q=QUERY)
    assert "layer" in keys(page)
    opened(page, q=QUERY, like=like, layer="1")
    assert "layer" not in keys(page)
    assert lines(page) == expected(searcher.more_like([hits[3]], k=20))
    assert f">of {-(-len(searcher.senses('bank').assignments) // 20)}</p>" in html(page)
    opened(page, q=QUERY, sense="1", list="others", layer="1")
    assert "layer" not in keys(page)
    sentence = searcher.sentences("They fished.", 1)[0]
    opened(page, q="They fished.", hybrid="1")
    assert {"by", "order"} <= keys(page)
    assert page.selectbox(key="order").value == Order.HYBRID
    opened(page, q="They fished.", like=str(sentence.sentence_id), by="document", order="words", layer="1")
    assert not {"by", "order"} & keys(page)
    assert lines(page) == expected(searcher.more_like([sentence], k=20))
    assert not page.button(key="page-next").disabled


def test_documents_are_listed_with_their_passages(page: AppTest, searcher: Searcher) -> None:
    opened(page, q="They fished.", by="document", k="3", page="2")
    documents = searcher.documents("They fished.", 6)
    shown = html(page)
    assert re.findall(r'class="pol-under"><span class="pol-rank">(\d+)<', shown) == ["4", "5", "6"]
    found = [re.sub("<[^>]*>", "", text) for text in re.findall(r'<p class="pol-text".*?>(.*?)</p>', shown)]
    assert found == [hit.sentence for document in documents[3:] for hit in document.passages]
    assert "Order: left context" not in page.selectbox(key="sort").options
    first = 1 + sum(len(document.passages) for document in documents[:3])
    assert f'data-open="{first}"' in shown


def test_lines_are_grouped_under_their_documents(page: AppTest, searcher: Searcher) -> None:
    opened(page, q="They fished.")
    page.toggle(key="group").set_value(True).run()
    assert address(page)["group"] == ["1"]
    hits = searcher.sentences("They fished.", 20)
    titles = re.findall(r'class="pol-under">.*?<bdi>(.*?)</bdi>', html(page))
    assert titles == list(dict.fromkeys(hit.document for hit in hits))
    keys_shown = [int(key) for key in re.findall(r'class="pol-line" role="row" data-key="(\d+)"', html(page))]
    assert sorted(keys_shown) == sorted(hit.sentence_id for hit in hits)


def test_neighbours_of_a_sentence_are_those_of_its_document(searcher: Searcher) -> None:
    for hit in searcher.sentences("They fished.", 20):
        _, text = searcher.collection.document(hit.document_id)
        sentences = list(searcher.analyser.sentences(text))
        place = [sentence.start for sentence in sentences].index(hit.sentence_start)
        around = ["", *(text[sentence.start : sentence.end] for sentence in sentences), ""]
        assert fetch.around(searcher, hit) == (around[place], around[place + 2])


def test_opened_sentence_shows_its_neighbours_until_another_question(page: AppTest, searcher: Searcher) -> None:
    opened(page, q="They fished.")
    hit = searcher.sentences("They fished.", 1)[0]
    page.session_state["expanded"] = {("around", hit.sentence_id)}
    page.run()
    before, after = fetch.around(searcher, hit)
    shown = [re.sub("<[^>]*>", "", text) for text in re.findall(r'<p class="pol-around".*?>(.*?)</p>', html(page))]
    assert shown == [f"{place}: {text}" for place, text in (("before", before), ("after", after)) if text]
    page.selectbox(key="order").set_value("keywords").run()
    assert "pol-around" not in html(page)


def test_page_says_which_phrases_and_words_it_understood(page: AppTest, searcher: Searcher) -> None:
    opened(page, q='They fished at the "far bank" -heron')
    assert "Understood: only hits with <b><bdi>far bank</bdi></b> and without <b><bdi>heron</bdi></b>" in html(page)
    assert lines(page) == expected(searcher.sentences('They fished at the "far bank" -heron', 20))
    assert "heron" not in {button.label for button in page.button if (button.key or "").startswith("word-")}


def test_whole_sentence_with_quotation_marks_requires_no_phrase(page: AppTest) -> None:
    opened(page, q='"Go away," he said by the [bank].')
    page.button(key="whole").click().run()
    assert address(page)["q"] == ['\\"Go away,\\" he said by the bank.']
    assert "Understood: a sentence." in html(page)


@pytest.mark.parametrize(
    ("kind", "by", "begins"),
    [
        ("default", "sentence", "This collection has only"),
        ("external", "sentence", "Sentences are compared by the sentence model a/model"),
        ("external", "default", None),
        ("learned", "sentence", None),
    ],
)
def test_other_sentence_vectors_are_named(searcher: Searcher, kind: str, by: str, begins: str | None) -> None:
    settings = replace(searcher.settings, sentence_vectors=SentenceKind(kind), sentence_source="a/model")
    line = fetch.vectors_notice(settings, PageQuery("x", by=By(by)))
    assert (line or "").startswith(begins or "")
    assert (line is None) is (begins is None)


def test_layer_in_the_address_does_not_end_a_list_of_sentences(page: AppTest, searcher: Searcher) -> None:
    opened(page, q="They fished.", layer="1", page="2")
    assert lines(page) == expected(searcher.sentences("They fished.", 40)[20:])
    assert headline(page).startswith(f"The nearest of {searcher.collection.info().sentences} sentences ")


def test_other_words_in_another_order_end_after_the_candidates(page: AppTest, searcher: Searcher) -> None:
    inventory = searcher.senses("bank")
    opened(page, q=QUERY, sense="1", list="others", sort="document", k="100", where=["genre=letter|news"])
    others = searcher.same_sense_other_words(inventory, 1, 200, "genre=letter|news")
    assert len(searcher.same_sense_other_words(inventory, 1, 300, "genre=letter|news")) > len(others) == 200
    ordered = sorted(others, key=lambda hit: (hit.document, hit.document_id, hit.sentence_start + hit.start))
    assert lines(page) == expected(ordered[:100])
    assert headline(page) == (
        f"{len(others)} occurrences other words, the 200 nearest, by document within genre=letter|news"
    )
    page.button(key="page-last").click().run()
    assert lines(page) == expected(ordered[100:])
    assert page.button(key="page-next").disabled
    opened(page, q=QUERY, sense="1", list="others", sort="odd")
    assert lines(page) == by_words(searcher.same_sense_other_words(inventory, 1, 20))


def test_search_from_marked_other_words_matches_any_word_and_no_sense(page: AppTest, searcher: Searcher) -> None:
    opened(page, q=QUERY, sense="1", list="others")
    other = searcher.same_sense_other_words(searcher.senses("bank"), 1, 1)[0]
    marked(page, Kind.OCCURRENCE, other.occurrence_id)
    page.button(key="again").click().run()
    assert address(page)["match"] == ["any"]
    assert not {"sense", "list"} & address(page).keys()
    assert lines(page) == by_words(searcher.more_like([other], k=20, match="any"))


def test_old_answer_goes_first_and_lines_come_before_senses(
    page: AppTest, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []

    def recorded(name: str, plain: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **more: object) -> object:
            events.append(f"{name}: {given[0]}" if name == "said" else name)
            return plain(*given, **more)

        return call

    for name, module, function in (
        ("said", base, "working"),
        ("answer", listing, "answer"),
        ("lines", concordance, "concordance"),
        ("senses", cache, "senses"),
    ):
        monkeypatch.setattr(module, function, recorded(name, getattr(module, function)))
    opened(page, q=QUERY)
    lines_of = len(searcher.senses("bank").assignments)
    order = ["said: Searching …", "answer", "lines", f"said: Grouping the {lines_of} lines by sense …", "senses"]
    assert [event for event in dict.fromkeys(events) if event in order] == order
    events.clear()
    page.session_state["marks"] = {}
    page.run()
    assert not [event for event in events if event.startswith("said")], "a click that asks nothing redraws the answer"
    monkeypatch.setattr(listing, "answer", lambda *given: (_ for _ in ()).throw(QueryError("refused")))
    opened(page, q="The [boat].")
    assert "Searching" not in html(page)
    assert "refused" in page.error[0].value


def test_named_sense_is_listed_among_matching_words(page: AppTest, searcher: Searcher) -> None:
    searcher.save_named_sense("lemma", searcher.senses("bank"), 1)
    searcher.save_named_sense("form", searcher.senses("bank", match="form"), 1)
    opened(page, where="sense=lemma")
    for match in (Match.LEMMA, Match.FORM, Match.ANY):
        page.button_group(key="match").set_value(match).run()
        assert lines(page) == expected(searcher.apply_named_sense("lemma", 20, match))
        assert ("within sense=lemma" in headline(page)) is (match is not Match.ANY)
        assert ("of bank" in headline(page)) is (match is not Match.ANY)
    assert "layer" not in keys(page)
    opened(page, where="sense=form", match="lemma")
    assert lines(page) == expected(searcher.apply_named_sense("form", 20))
    assert page.button_group(key="match").value == Match.FORM
    for name in ("lemma", "form"):
        searcher.remove_named_sense(name)


@pytest.mark.parametrize("sort", list(Sort))
def test_unknown_word_fetches_no_more_hits_than_are_shown(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch, sort: Sort
) -> None:
    limits: list[int] = []
    plain = searcher.occurrences

    def counted(query: Target, k: int, *rest: object, **more: object) -> HitList[OccurrenceHit]:
        limits.append(k)
        return plain(query, k, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(searcher, "occurrences", counted)
    for query in (f"The [platypus] was by {sort}.", f"The [steep platypus] was by {sort}."):
        found = answer(searcher, asked(searcher, PageQuery(query, sort=sort)))
        assert found.match is Match.ANY
        assert len(found.shown) == 20
    assert max(limits) <= CANDIDATES


@pytest.mark.parametrize(
    ("text", "k", "limits"),
    [
        ("She rowed to the [bank].", 20, [200]),
        ("She rowed to the [platypus].", 20, [20]),
        ("She rowed to the [muddy bank].", 5, [200]),
        ("She rowed to the [muddy platypus].", 5, [5]),
    ],
)
def test_answer_searches_once(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch, text: str, k: int, limits: list[int]
) -> None:
    found: list[int] = []
    plain = searcher.occurrences

    def counted(query: Target, k: int, *rest: object, **more: object) -> HitList[OccurrenceHit]:
        found.append(k)
        return plain(query, k, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(searcher, "occurrences", counted)
    monkeypatch.setattr("polyseme.ui.page.cache.cached", lambda searcher, key, find: find())
    answer(searcher, asked(searcher, PageQuery(text, k=k)))
    assert found == limits


def test_pages_of_several_words_hold_all_their_occurrences(searcher: Searcher) -> None:
    text = "A heron stood on the [muddy bank]."
    seen: list[SentenceHit] = []
    for number in (1, 2, 3):
        found = answer(searcher, asked(searcher, PageQuery(text, k=5, page=number)))
        seen += found.shown
    assert found.complete
    assert not found.page.more
    assert seen == list(searcher.occurrences(text, 1000))


def here(page: AppTest) -> dict[int | None, int]:
    """Return the number of lines inside the filters that each sense shows."""
    found = re.findall(r'data-sense="(\d+)" aria-pressed=.*?(?:>([\d,]+) here</span>.*?)?</li>', html(page))
    return {int(number) or None: int(count) for number, count in found if count}


@pytest.mark.parametrize("text", [QUERY, "bank"])
@pytest.mark.parametrize("match", ["lemma", "any"])
def test_senses_count_their_lines_inside_the_filters(page: AppTest, searcher: Searcher, text: str, match: str) -> None:
    opened(page, q=text, match=match)
    assert 'class="pol-senses"' in html(page)
    assert not here(page)
    where = ["year=..1961", "genre!=shore"]
    opened(page, q=text, match=match, where=where)
    numbers = searcher.senses("bank").assignments
    counts = Counter(numbers[hit.occurrence_id] for hit in searcher.occurrences("[bank]", 1000, where=where))
    assert here(page) == {number: counts[number] for number in {*numbers.values()}}
    opened(page, q=QUERY, sense="1", list="others", where=where)
    assert here(page) == {number: counts[number] for number in {*numbers.values()}}


@pytest.mark.parametrize(
    "query",
    [
        PageQuery("They fished.", sort=Sort.DOCUMENT),
        PageQuery("They fished."),
        PageQuery("They fished.", order=Order.HYBRID),
        PageQuery("The bank of the river.", order=Order.KEYWORDS),
        PageQuery("They fished.", by=By.DOCUMENT, k=5),
        PageQuery(QUERY, Match.ANY, sort=Sort.LEFT),
        PageQuery(QUERY, sense=1, listing=Listing.OTHERS, sort=Sort.DATE),
        PageQuery(QUERY, sort=Sort.RIGHT),
        PageQuery(QUERY, sense=1),
        PageQuery(QUERY, layer=Layer.LAYER_1),
    ],
)
def test_file_holds_the_lines_of_all_pages(searcher: Searcher, query: PageQuery) -> None:
    whole = everything(searcher, asked(searcher, query))
    seen: list[SentenceHit] = []
    for number in range(1, 99):
        found = answer(searcher, asked(searcher, replace(query, page=number)))
        seen += found.shown
        if not found.page.more:
            break
    # A small collection is scanned completely, so the number of hits does not change their order.
    assert [key_of(hit) for hit in whole.lines] == [key_of(hit) for hit in seen]
    assert len(seen) > 20
    assert not whole.cut


def test_settings_in_a_file_reproduce_its_lines(page: AppTest, searcher: Searcher) -> None:
    inventory = searcher.senses("bank", "form")
    whole = everything(
        searcher, asked(searcher, PageQuery(QUERY, Match.FORM, sense=1, listing=Listing.OTHERS, layer=Layer.LAYER_1))
    )
    said = settings(whole.query, searcher.collection.info())
    assert [key_of(hit) for hit in whole.lines[:20]] == [
        hit.occurrence_id for hit in searcher.same_sense_other_words(inventory, 1, 20)
    ]
    assert "layer" not in said
    opened(page, **{name: said[name] for name in ("q", "match", "k", "sense", "list")})
    assert lines(page) == by_words(cast("list[OccurrenceHit]", whole.lines[:20]))


def test_cut_file_says_that_it_is_cut(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    info = searcher.collection.info()
    number = len(searcher.senses("bank").assignments)
    for most, cut in ((number, False), (number - 1, True), (30, True)):
        monkeypatch.setattr("polyseme.ui.page.lines.MAX_LINES", most)
        for sort in (Sort.SCORE, Sort.DATE):
            whole = everything(searcher, asked(searcher, PageQuery(QUERY, sort=sort, page=3)))
            assert (len(whole.lines), whole.cut) == (most, cut)
            said = settings(whole.query, info, len(whole.lines) if cut else None)
            assert said.get("cut") == (f"the first {most:,} lines; there are more" if cut else None)
            assert "page" not in settings(whole.query, info)
    assert everything(searcher, asked(searcher, PageQuery("They fished.", order=Order.MEANING))).cut


def test_export_says_how_many_lines_a_file_will_hold(page: AppTest) -> None:
    opened(page, q=QUERY, sort="date")
    assert len(lines(page)) == 20
    assert re.search(r"All \d+ lines of this list, not only this page", html(page))
    opened(page, q="They fished.", order="meaning")
    assert "A list of more than 100,000 lines is cut, and the file says so" in html(page)
    opened(page, q="They fished.", order="words")
    assert "A list of more than 1,000 lines is cut, and the file says so" in html(page)


def test_files_and_page_number_senses_like_the_command_line(page: AppTest, searcher: Searcher) -> None:
    whole = everything(searcher, asked(searcher, PageQuery(QUERY)))
    numbers = {hit.occurrence_id: number for hit, number in searcher.sense_occurrences(searcher.senses("bank"))}
    read = rows(Export(whole.lines, whole.numbers, {}))
    assert {row["occurrence_id"]: row["sense"] for row in read} == numbers
    opened(page, q=QUERY)
    shown = re.findall(r'data-sense="(\d+)" aria-pressed=.*?title="sense (\d+)">(\d+)<', html(page))
    assert shown == [(str(sense.number),) * 3 for sense in searcher.senses("bank").senses]


def points(page: AppTest) -> dict[tuple[int, int], int]:
    """Return the counts of the timeline by period and sense."""
    found = re.findall(r'class="pol-point" data-period="(-?\d+)" data-of="(\d+)".*?(\d+)</span></button>', html(page))
    return {(int(place), int(sense)): int(count) for place, sense, count in found}


def over_time(visit: AppTest, **parameters: str | list[str]) -> AppTest:
    opened(visit, **parameters)
    return visit.button_group(key="pane").set_value("time").run()


def test_undated_documents_do_not_change_the_timeline(page: AppTest, searcher: Searcher) -> None:
    over_time(page, q=QUERY)
    period = page.selectbox(key="period-year").value or 0
    found = searcher.timeline(searcher.senses("bank"), "year", period)
    shown = points(page)
    for place, slot in enumerate(found.periods):
        assert slot.counts == tuple(shown.get((place, sense), 0) for sense in range(1, len(slot.counts) + 1))
    assert sum(found.undated) > 0


def test_timeline_and_other_words_follow_the_number_of_senses(page: AppTest, searcher: Searcher) -> None:
    for number in (2, 3):
        inventory = searcher.senses("bank", number=number)
        over_time(page, q=QUERY, senses=str(number))
        found = searcher.timeline(inventory, "year", page.selectbox(key="period-year").value or 0)
        counted = {
            (n, s): size for n, slot in enumerate(found.periods) for s, size in enumerate(slot.counts, 1) if size
        }
        assert counted == {place: size for place, size in points(page).items() if place[0] >= 0}
        opened(page, q=QUERY, senses=str(number), sense="2", list="others")
        assert lines(page) == by_words(searcher.same_sense_other_words(inventory, 2, 20))


def test_slider_cuts_the_tree_that_was_grown(
    page: AppTest, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(page, q=QUERY, match="form")
    grown: list[str] = []
    monkeypatch.setattr(Searcher, "arrange", lambda *arguments, **named: grown.append("again"))
    for number in (1, 3):
        page.slider(key="grain").set_value(number).run()
        assert len(shown_senses(page)) == len(searcher.senses("bank", "form", number=number).senses)
    assert not grown


def shown_senses(page: AppTest) -> list[str]:
    return re.findall(r'class="pol-badge" data-sense="([1-9]\d*)"', html(page))


def test_named_senses_of_the_word_can_be_held_fixed(page: AppTest, searcher: Searcher) -> None:
    opened(page, q=QUERY)
    assert "known" not in keys(page)
    inventory = searcher.senses("bank", number=3)
    searcher.save_named_sense("third", inventory, 3)
    searcher.save_named_sense("of form", searcher.senses("bank", "form"), 1)
    opened(page, q=QUERY)
    page.button_group(key="known").set_value(["third"]).run()
    assert address(page)["known"] == ["third"]
    held = searcher.senses("bank", known=["third"])
    assert len(shown_senses(page)) == len(held.senses)
    assert "third: " in html(page)
    # The address keeps it, and names without a sense have no effect.
    opened(page, q=QUERY, known=["third", "gone"])
    assert page.button_group(key="known").value == ["third"]
    numbers = {hit.occurrence_id: number for hit, number in searcher.sense_occurrences(held)}
    first = next(number for number in sorted({n for n in numbers.values() if n is not None}))
    opened(page, q=QUERY, known=["third"], sense=str(first), k="1000")
    assert len(lines(page)) == held.senses[first - 1].size
    searcher.remove_named_sense("third")
    searcher.remove_named_sense("of form")


def test_years_are_read_from_a_field_with_unlisted_values(searcher: Searcher) -> None:
    (found,) = dated([with_values(searcher, Facet(field, FacetKind.TYPED, {})) for field in ("genre", "year")])
    assert (found.field, period_for(found)) == ("year", 5)


def test_timeline_and_map_show_only_lines_inside_the_filters(page: AppTest, searcher: Searcher) -> None:
    where = ["genre=letter", "year!=1951"]
    over_time(page, q=QUERY, where=where)
    inventory, period = searcher.senses("bank"), page.selectbox(key="period-year").value or 0
    inside = searcher.within(inventory, where)
    found = restricted(searcher.timeline(inventory, "year", period), inside)
    shown = points(page)
    counted = {(n, s): size for n, slot in enumerate(found.periods) for s, size in enumerate(slot.counts, 1) if size}
    assert counted == {place: size for place, size in shown.items() if place[0] >= 0}
    assert "Lines outside the filters are not counted" in html(page)
    page.button_group(key="pane").set_value("map").run()
    assert {int(key) for key in re.findall(r'data-pick="(\d+)"', html(page))} == inside
    assert "Occurrences outside the filters are not drawn" in html(page)
    opened(page, q=QUERY)
    page.button_group(key="pane").set_value("map").run()
    assert {int(key) for key in re.findall(r'data-pick="(\d+)"', html(page))} == inventory.assignments.keys()
    assert "not drawn" not in html(page)


def test_undated_lines_have_buttons_like_a_period(page: AppTest, searcher: Searcher) -> None:
    over_time(page, q=QUERY, sort="date")
    inventory = searcher.senses("bank")
    found = searcher.timeline(inventory, "year", page.selectbox(key="period-year").value or 0)
    buttons = re.findall(r'data-period="-1" data-of="(\w+)" aria-label="([^"]*)">', html(page))
    total = sum(found.undated)
    assert buttons == [
        ("all", f"undated: {total} lines"),
        *((str(n), f"sense {n}, undated: {size} lines") for n, size in enumerate(found.undated, start=1)),
    ]


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The session state of one visitor, for clicks without a page."""
    state: dict[str, object] = {}
    monkeypatch.setattr(streamlit, "session_state", state)
    return state


def test_clicks_open_and_close_what_is_under_a_sentence(visit: dict[str, object]) -> None:
    session.ask(PageQuery("They fished."))

    def click(act: str, key: int) -> None:
        visit[actions.KEY] = {"act": {"act": act, "numbers": [key]}}
        actions.act(cast(Searcher, None))

    for act, key in (("around", 7), ("alike", 7), ("around", 8), ("around", 7)):
        click(act, key)
    assert session.expanded() == {("alike", 7), ("around", 8)}
    click("read", 9)
    assert (visit[session.OPENED], visit[session.READ]) == (1, 9)
    click("open", 3)
    assert (visit[session.OPENED], visit[session.READ]) == (3, None)
    session.ask(PageQuery("They swam."))
    assert not session.expanded()


def test_clicking_a_period_keeps_its_lines(visit: dict[str, object]) -> None:
    numbers, values = {1: 1, 2: 2, 3: 1, 4: 1, 5: 2}, {1: "1903", 2: "1905", 3: "n.d."}
    visit[actions.PERIODS] = make_timeline("year", 10, 2, numbers, values)
    for place, sense, picked in [(0, 1, (1,)), (0, -1, (1, 2)), (-1, 1, (3, 4)), (-1, 2, (5,)), (-1, -1, (3, 4, 5))]:
        session.ask(PageQuery("[bank]", sense=1, page=3))
        actions.pick_period(place, sense)
        assert session.current() == PageQuery("[bank]", picked=picked)
        assert session.MESSAGE not in visit
    for place, sense in [(-2, 1), (1, 1), (0, 3), (0, 0), (0, -2)]:
        session.ask(PageQuery("[bank]"))
        actions.pick_period(place, sense)
        assert session.current() == PageQuery("[bank]")


def test_picking_more_lines_than_an_address_holds_is_reported(visit: dict[str, object]) -> None:
    session.ask(PageQuery("[bank]"))
    visit[actions.PERIODS] = make_timeline("year", 10, 1, dict.fromkeys(range(6000), 1), {})
    actions.pick_period(-1, 1)
    assert session.current().picked == tuple(range(5000))
    assert "Of these 6,000 lines the first 5,000 of the collection are kept" in str(visit[session.MESSAGE])
    visit[actions.KEY] = {"act": {"act": "pick", "numbers": list(range(5000, 5002)), "every": True}}
    actions.act(cast(Searcher, None))
    assert session.current().picked == tuple(range(5000))
    assert "Of these 5,002 lines" in str(visit[session.MESSAGE])


def test_named_sense_without_examples_lists_occurrences(page: AppTest, searcher: Searcher, tmp_path: Path) -> None:
    searcher.save_named_sense("bare", searcher.senses("bank"), 1)
    searcher.export_named_sense("bare", tmp_path / "bare.json")
    text = json.loads((tmp_path / "bare.json").read_text())
    (tmp_path / "bare.json").write_text(json.dumps(text | {"examples": []}))
    searcher.import_named_sense(tmp_path / "bare.json", replace=True)
    hits = searcher.apply_named_sense("bare", 20)
    opened(page, where="sense=bare", like=str(hits[5].occurrence_id))
    assert lines(page) == expected(searcher.more_like([hits[5]], k=20, where="sense=bare"))
    assert "occurrences" in headline(page)
    searcher.remove_named_sense("bare")
