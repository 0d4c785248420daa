"""Tests of the page without a browser: typing, clicking and filtering give the searcher's own list."""

from __future__ import annotations

import re
import threading
import time
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from pages import MONEY, RIVER, address, app, ask, expected, html, lines, navigate_history
from polyseme.indexer.build import build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.records import CollectionSettings, Layer
from polyseme.indexer.documents import Document
from polyseme.indexer.vectors.transforms import Normalisation
from polyseme.search.hits import Match
from polyseme.search.searcher import Searcher
from polyseme.search.senses.inventory import SenseInventory
from polyseme.ui.page import cache, indexing
from polyseme.ui.page.guesses import Guesses
from polyseme.ui.page.html import senses
from streamlit.testing.v1 import AppTest

BANKS = "The bank by the river bank was shut on Monday."

EVIL = "<script>alert('x')</script> **The bank** of $x$ & :smile: was [closed]."


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    path = tmp_path_factory.mktemp("ui") / "small & <b>.pol"
    documents = [
        Document(f"{genre}/{year}.txt", text, {"title": f"{genre} of {year}", "year": year, "genre": genre})
        for year, genre, text in [
            *((1950 + n, "letter", RIVER.replace("river", f"river {n}")) for n in range(5)),
            *((1990 + n, "news", MONEY.replace("loan", f"loan {n}")) for n in range(5)),
        ]
    ]
    documents.append(Document("evil", EVIL, {"title": "<i>Evil</i>", "genre": "odd"}))
    build(path, documents, model=str(tiny_folder))
    return path


def test_sentence_query_shows_the_searchers_hits_in_order(page: AppTest, searcher: Searcher) -> None:
    ask(page, "They fished in the river.")
    assert lines(page) == expected(searcher.sentences("They fished in the river.", 20))
    assert address(page) == {"q": ["They fished in the river."], "match": ["lemma"], "k": ["20"]}
    page.selectbox(key="order").set_value("meaning").run()
    assert lines(page) == expected(searcher.sentences("They fished in the river.", 20, order="meaning"))
    assert address(page)["order"] == ["meaning"]
    page.button_group(key="by").set_value("default").run()
    assert lines(page) == expected(searcher.sentences("They fished in the river.", 20, by="default"))
    assert address(page)["by"] == ["default"]


def test_first_run_is_shown_to_a_new_visitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()

    def endless(*arguments: object) -> None:
        ended.wait(60)

    monkeypatch.setattr("polyseme.ui.page.jobs.build", endless)
    folder = tmp_path / "mine"
    (folder / "letters.pol.files").mkdir(parents=True)
    job = indexing.jobs().start(folder / "letters.pol", [folder])
    try:
        shown = app(folder, monkeypatch).run()
        assert "Indexing into <bdi>letters.pol</bdi>" in html(shown)
        assert [button.label for button in shown.button] == ["Cancel"]
        shown.button(key="cancel").click().run()
        assert job.stop.is_set()
    finally:
        ended.set()
        assert job.thread is not None
        job.thread.join(60)


def test_stale_address_does_not_undo_a_click(page: AppTest, searcher: Searcher) -> None:
    """A click can leave the browser before the browser receives the address of the previous click."""
    ask(page, "They fished in the river.")
    page.query_params.clear()
    page.selectbox(key="order").set_value("keywords").run()
    assert lines(page) == expected(searcher.sentences("They fished in the river.", 20, order="keywords"))
    assert address(page) == {"q": ["They fished in the river."], "match": ["lemma"], "k": ["20"], "order": ["keywords"]}


def test_clicking_a_repeated_word_searches_for_that_occurrence(page: AppTest, searcher: Searcher) -> None:
    ask(page, BANKS)
    buttons = [button.key for button in page.button if (button.key or "").startswith("word-")]
    assert buttons == [f"word-{position}" for position in range(10)]
    page.button(key="word-5").click().run()
    assert page.text_input(key="text").value == "The bank by the river [bank] was shut on Monday."
    second = expected(searcher.occurrences((BANKS, 5), 20))
    assert lines(page) == second
    page.button(key="word-1").click().run()
    assert page.text_input(key="text").value == "The [bank] by the river bank was shut on Monday."
    first = expected(searcher.occurrences((BANKS, 1), 20))
    assert lines(page) == first
    assert first != second
    page.button(key="whole").click().run()
    assert lines(page) == expected(searcher.sentences(BANKS, 20))


def test_brackets_select_the_word_and_the_node_is_highlighted(page: AppTest, searcher: Searcher) -> None:
    ask(page, "She sat on the river [bank].")
    hits = searcher.occurrences("She sat on the river [bank].", 20)
    assert lines(page) == expected(hits)
    nodes = re.findall(r'<mark class="pol-node"[^>]*><bdi>(.*?)</bdi>', html(page))
    assert nodes == [hit.token for hit in hits]
    labels = {button.key: button.proto.type for button in page.button}
    assert labels["word-5"] == "primary"
    assert labels["word-4"] == "tertiary"


def test_address_reproduces_the_list(page: AppTest, searcher: Searcher) -> None:
    page.query_params["q"] = "She sat on the river [bank]."
    page.query_params["match"] = "form"
    page.query_params["k"] = "7"
    page.query_params["where"] = ["year=..1953", "genre!=news"]
    page.run()
    hits = searcher.occurrences("She sat on the river [bank].", 7, "form", ["year=..1953", "genre!=news"])
    assert len(hits) == 7
    assert lines(page) == expected(hits)
    assert page.selectbox(key="k").value == 7
    assert page.number_input(key="facet-year-to").value == 1953
    assert page.text_area(key="other").value == "genre!=news"
    assert address(page)["where"] == ["year=..1953", "genre!=news"]


def test_browser_back_restores_the_previous_query(
    page: AppTest, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(page, "They fished in the river.")
    navigate_history(page, monkeypatch, q=BANKS)
    assert lines(page) == expected(searcher.sentences(BANKS, 20))
    assert page.text_input(key="text").value == BANKS


def test_filters_equal_those_of_the_command_line(page: AppTest, searcher: Searcher) -> None:
    ask(page, "The [bank] lends money.")
    page.multiselect(key="facet-genre").set_value(["letter", "odd"]).run()
    page.number_input(key="facet-year-from").set_value(1952).run()
    where = ["year=1952..", "genre=letter|odd"]
    assert address(page)["where"] == where
    assert lines(page) == expected(searcher.occurrences("The [bank] lends money.", 20, where=where))
    page.text_area(key="other").set_value("year!=1954\n\ngenre!=odd").run()
    where += ["year!=1954", "genre!=odd"]
    assert address(page)["where"] == where
    assert lines(page) == expected(searcher.occurrences("The [bank] lends money.", 20, where=where))
    page.button(key="clear").click().run()
    assert "where" not in address(page)
    assert lines(page) == expected(searcher.occurrences("The [bank] lends money.", 20))


def test_match_and_lines_per_page_change_the_list(page: AppTest, searcher: Searcher) -> None:
    ask(page, "The [bank] lends money.")
    page.selectbox(key="k").set_value(50).run()
    assert lines(page) == expected(searcher.occurrences("The [bank] lends money.", 50))
    page.button_group(key="match").set_value(Match.ANY).run()
    assert lines(page) == expected(searcher.occurrences("The [bank] lends money.", 50, "any"))
    assert address(page)["match"] == ["any"]
    assert address(page)["k"] == ["50"]


def test_unknown_word_shows_a_notice(page: AppTest, searcher: Searcher) -> None:
    ask(page, "The [platypus] lends money.")
    hits = searcher.occurrences("The [platypus] lends money.", 20)
    assert hits.notice is not None
    assert "platypus&#x27; does not occur" in html(page)
    assert lines(page) == expected(hits)


def test_no_hit_within_the_filters_offers_to_clear_them(page: AppTest, searcher: Searcher) -> None:
    page.query_params["q"] = "The [bank] lends money."
    page.query_params["where"] = ["year=3000.."]
    page.run()
    assert "No hit within the filters" in html(page)
    assert "Widen or clear them: year=3000.." in html(page)
    page.button(key="unfilter").click().run()
    assert lines(page) == expected(searcher.occurrences("The [bank] lends money.", 20))


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("two [marks] in [one]", None, "2 words are marked"),
        ("no [", None, "the brackets do not match"),
        ("They fished.", "colour=red", "no document has a field 'colour'"),
        ("They fished.", "nonsense", "'nonsense' is no filter"),
    ],
)
def test_error_is_one_line_with_the_next_step(page: AppTest, text: str, where: str | None, message: str) -> None:
    page.query_params["q"] = text
    if where:
        page.query_params["where"] = [where]
    page.run()
    assert not page.exception
    (error,) = page.error
    assert message in re.sub(r"[\\\u2060]", "", error.value)
    assert page.text_input(key="text").value == text


def test_invalid_address_shows_a_warning_and_the_list(page: AppTest, searcher: Searcher) -> None:
    page.query_params["q"] = "They fished."
    page.query_params["k"] = "many"
    page.run()
    (warning,) = page.warning
    assert "20 is used" in warning.value
    assert lines(page) == expected(searcher.sentences("They fished.", 20))


def test_text_that_is_too_long_is_refused_in_one_line(page: AppTest) -> None:
    page.query_params["q"] = "word " * 10_000
    page.query_params["where"] = ["a=b"] * 200
    page.run()
    assert [warning.value.split("\\")[0] for warning in page.warning] == [
        "q in the address has 50",
        "the address has 200 filters",
    ]
    page.text_input(key="text").set_value("word " * 10_000).run()
    assert not page.exception
    (error,) = page.error
    assert error.value.replace("\\", "") == "the query has 49,999 characters; ask for at most 20,000"


def test_heading_shows_the_collection(page: AppTest) -> None:
    page.run()
    assert "11 documents" in html(page)
    assert "layer sense" in html(page)
    assert "small &amp; &lt;b&gt;.pol" in html(page)


def test_first_view_offers_example_sentences(page: AppTest, searcher: Searcher) -> None:
    while "example-0" not in [button.key for button in page.run().button]:  # they are looked for meanwhile
        time.sleep(0.1)
    page.button(key="example-0").click().run()
    asked = page.text_input(key="text").value
    assert asked
    assert lines(page)[0][0] == asked
    assert lines(page) == expected(searcher.sentences(asked, 20))


def test_no_visitor_waits_for_examples(collection: Path, searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    may_end = threading.Event()

    def slow(_: Searcher) -> tuple[str, ...]:
        may_end.wait(60)
        return ("A slow [bank] .",)

    monkeypatch.setattr("polyseme.ui.page.cache.find_examples", slow)
    cache._examples.clear()
    page = app(collection, monkeypatch).run()
    assert "Looking for words with several senses" in html(page)
    ask(page, "They fished in the river.")
    assert lines(page) == expected(searcher.sentences("They fished in the river.", 20))
    may_end.set()
    fresh = app(collection, monkeypatch).run()
    assert fresh.button(key="example-0").label.replace("\\", "") == "A slow **bank** ."
    cache._examples.clear()


def test_document_text_never_becomes_markup(page: AppTest) -> None:
    ask(page, "The script was closed.")
    page.selectbox(key="k").set_value(100).run()
    shown = html(page)
    assert "<script>" not in shown
    assert any("<script>alert('x')</script>" in text for text, _ in lines(page))
    assert "&lt;i&gt;Evil&lt;/i&gt;" in shown


def test_senses_of_the_word_are_shown(page: AppTest, searcher: Searcher) -> None:
    ask(page, "The [bank] lends money.")
    senses = searcher.senses("bank").senses
    rows = re.findall(r'data-sense="(\d+)".*?<b>([\d,]+) lines?</b>', html(page))
    assert rows == [(str(sense.number), str(sense.size)) for sense in senses]


def test_hit_opens_in_its_document_with_a_button_to_the_next(page: AppTest, searcher: Searcher) -> None:
    ask(page, "She sat on the river [bank].")
    hits = searcher.occurrences("She sat on the river [bank].", 20)
    page.session_state["opened"] = 2
    page.run()
    _, text = searcher.collection.document(hits[1].document_id)
    assert document(page) == text
    page.button(key="next").click().run()
    _, text = searcher.collection.document(hits[2].document_id)
    assert document(page) == text
    assert f"<h2><bdi>{hits[2].document}</bdi></h2>" in html(page)
    ask(page, "They fished.")
    assert 'class="pol-document"' not in html(page)


def document(page: AppTest) -> str:
    (shown,) = re.findall(r'<div class="pol-document"[^>]*>(.*?)</div>', html(page), re.DOTALL)
    assert shown.count("<mark") == 1
    return unescape(re.sub("<[^>]*>", "", shown))


def test_page_without_a_collection_offers_to_create_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page = app(tmp_path / "none.pol", monkeypatch).run()
    assert "Nothing indexed yet" in html(page)
    assert "none.pol" in html(page)
    assert page.button(key="begin").disabled
    assert "polyseme ui my.pol" in html(app(None, monkeypatch).run())


def test_empty_collection_offers_to_add_documents(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, collection: Path
) -> None:
    with Collection.open(collection) as full:
        Collection.create(tmp_path / "empty.pol", full.settings).close()
    assert "Nothing indexed yet" in html(app(tmp_path / "empty.pol", monkeypatch).run())


def test_missing_model_shows_the_command_that_helps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    settings = CollectionSettings(
        gone, "0" * 64, "float32", "en", "any", Layer.SENSE, Normalisation.WHITENED, False, 0.3
    )
    Collection.create(tmp_path / "old.pol", settings).close()
    shown = html(app(tmp_path / "old.pol", monkeypatch).run())
    assert "cannot be opened" in shown
    assert "polyseme reencode" in shown


def test_folder_that_is_not_a_collection_shows_the_command_to_index_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("A letter.")
    shown = html(app(tmp_path / "letters", monkeypatch).run())
    assert "is not a collection" in shown
    assert "polyseme index letters.pol" in shown


def test_address_holds_sort_order_and_page_number(page: AppTest, searcher: Searcher) -> None:
    page.query_params["q"] = "She sat on the river [bank]."
    page.query_params["page"] = "2"
    page.run()
    hits = searcher.occurrences("She sat on the river [bank].", 1000)
    assert lines(page) == expected(hits[20:40])
    page.button(key="page-last").click().run()
    assert lines(page) == expected(hits[40:])
    page.selectbox(key="sort").set_value("document").run()
    ordered = sorted(hits, key=lambda hit: (hit.document, hit.sentence_start + hit.start))
    assert lines(page) == expected(ordered[:20])
    assert address(page)["sort"] == ["document"]


def test_chosen_sense_keeps_only_its_lines(page: AppTest, searcher: Searcher) -> None:
    page.query_params["q"] = "She sat on the river [bank]."
    page.query_params["sense"] = "1"
    page.run()
    numbers = searcher.senses("bank").assignments
    hits = [h for h in searcher.occurrences("She sat on the river [bank].", 1000) if numbers[h.occurrence_id] == 1]
    assert hits
    assert lines(page) == expected(hits[:20])


def test_address_with_marked_lines_searches_again_from_them(page: AppTest, searcher: Searcher) -> None:
    hits = searcher.occurrences("She sat on the river [bank].", 20)
    page.query_params["q"] = "She sat on the river [bank]."
    page.query_params["like"] = f"{hits[3].occurrence_id}-{hits[7].occurrence_id}"
    page.query_params["unlike"] = str(hits[0].occurrence_id)
    page.run()
    assert lines(page) == expected(searcher.more_like([hits[3], hits[7]], [hits[0]], 20))


def test_back_and_forward_go_through_the_searches_of_the_visit(page: AppTest) -> None:
    ask(page, "They fished.")
    ask(page, "The bank lends money.")
    page.button(key="go-1").click().run()
    assert page.text_input(key="text").value == "They fished."
    page.button(key="go1").click().run()
    assert page.text_input(key="text").value == "The bank lends money."


def test_another_layer_reranks_the_same_candidates(page: AppTest, searcher: Searcher) -> None:
    ask(page, "She sat on the river [bank].")
    page.selectbox(key="layer").set_value("1").run()
    assert lines(page) == expected(searcher.occurrences("She sat on the river [bank].", 20, layer="1"))
    assert address(page)["layer"] == ["1"]


def test_single_word_shows_its_senses(page: AppTest, searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(page, "bank")
    assert page.text_input(key="text").value == "[bank]"
    assert lines(page) == expected(searcher.occurrences("[bank]", 20, order="text"))
    assert "Senses of <i>bank</i>" in html(page)
    assert "Nothing here means that" not in html(page)
    # In an address, as on the command line, a text without brackets is a sentence.
    navigate_history(page, monkeypatch, q="bank")
    assert lines(page) == expected(searcher.sentences("bank", 20))
    assert "Senses of <i>bank</i>" in html(page)


def test_senses_are_drawn_before_they_are_described(
    page: AppTest, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[bool] = []
    entry = senses.entry

    def kept(inventory: SenseInventory, *rest: Any) -> str:
        drawn.append(inventory.is_described)
        return entry(inventory, *rest)

    monkeypatch.setattr(senses, "entry", kept)
    ask(page, "The [river].")
    assert drawn == [False, True]
    ask(page, "The [rivers].")
    assert drawn[:2] == [False, True]
    assert all(drawn[2:])
    assert searcher.senses("river").senses[0].expected == ("bank",)
    assert "\N{ALMOST EQUAL TO} bank" in html(page)


def test_slider_divides_the_senses_and_the_address_says_so(
    page: AppTest, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(page, "The [bank].")
    usual = searcher.senses("bank")
    assert page.slider(key="grain").value == len(usual.senses)
    assert "senses" not in address(page)
    page.slider(key="grain").set_value(usual.most).run()
    assert address(page)["senses"] == [str(usual.most)]
    assert html(page).count('class="pol-badge"') == usual.most
    next(button for button in page.button if button.label.startswith("Usual")).click().run()
    assert "senses" not in address(page)
    navigate_history(page, monkeypatch, q="The [bank].", senses="1")
    assert page.slider(key="grain").value == 1
    assert html(page).count('class="pol-badge"') == 1


def test_another_collection_of_the_folder_can_be_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tiny_folder: Path
) -> None:
    for name in ("one", "two"):
        build(tmp_path / f"{name}.pol", [Document(name, f"The {name} bank. " * 3)], model=str(tiny_folder))
    page = app(tmp_path / "one.pol", monkeypatch).run()
    page.selectbox(key="collection").set_value("two.pol").run()
    ask(page, "The [bank].")
    assert {document for _, document in lines(page)} == {"two"}
    assert address(page)["collection"] == ["two.pol"]
    navigate_history(page, monkeypatch, collection="../elsewhere")
    assert "No such collection" in html(page)
    next(button for button in page.button if button.label == "Open one\\.pol").click().run()
    assert "collection" not in address(page)
    assert "one.pol" in html(page)


def test_page_served_beyond_this_machine_asks_for_the_password(
    monkeypatch: pytest.MonkeyPatch, collection: Path
) -> None:
    page = app(collection, monkeypatch)
    monkeypatch.setattr("polyseme.ui.page.login.is_served_beyond", lambda: True)
    monkeypatch.setattr("polyseme.ui.page.login.PAUSE", 0.0)
    assert "Nobody can log in" in html(page.run())
    page.secrets["polyseme"] = {"password": "correct horse"}
    page.run()
    assert "sentences" not in html(page)
    page.text_input[0].set_value("wrong horse")
    page.button[0].click().run()
    assert "not the password" in page.error[0].value
    page.text_input[0].set_value("correct horse")
    page.button[0].click().run()
    assert "11 documents" in html(page)


def test_guesses_of_all_visits_together_are_limited(monkeypatch: pytest.MonkeyPatch, collection: Path) -> None:
    monkeypatch.setattr("polyseme.ui.page.login.GUESSES", Guesses())
    monkeypatch.setattr("polyseme.ui.page.login.PAUSE", 0.0)

    def visit(password: str) -> AppTest:
        page = app(collection, monkeypatch)
        monkeypatch.setattr("polyseme.ui.page.login.is_served_beyond", lambda: True)
        page.secrets["polyseme"] = {"password": "correct horse"}
        page.run().text_input[0].set_value(password)
        return page.button[0].click().run()

    assert "documents" in html(visit("correct horse"))
    for n in range(5):
        assert visit(f"guess {n}").error[0].value == "That is not the password."
    for password in ("guess 6", "correct horse"):
        page = visit(password)
        assert re.fullmatch(r"Too many wrong passwords\. Wait \d+ seconds?, then try again\.", page.error[0].value)
        assert "documents" not in html(page)
