"""Tests of parts of speech and patterns on the page: its lists are the searcher's own, and its counts are true."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import address, app, ask, expected, html, lines
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import QueryError
from polyseme.search.query.patterns import is_pattern, parse_pattern
from polyseme.search.query.target import parse_query, write_query
from polyseme.search.searcher import Searcher
from polyseme.ui.page import actions, session
from polyseme.ui.page.actions import word_of
from polyseme.ui.page.address import PageQuery, new_question, read_address, write_address
from polyseme.ui.page.asked import PatternText, read_text
from polyseme.ui.page.export import Export, jsonl_bytes, settings
from polyseme.ui.page.html.concordance import concordance
from polyseme.ui.page.listing import answer, everything, read_target, understand
from streamlit.testing.v1 import AppTest

SENTENCES = (
    "The charge of theft was dropped by the court.",
    "They charge a fee of two pounds for the room.",
    "The police will charge him with murder tomorrow.",
    "There is no charge for the service in this hotel.",
    "He was arrested on a serious charge of fraud.",
    "Banks charge interest on every large loan.",
)
VERB = "Hotels [charge] guests a fee."
PATTERN = '[pos="ADJ"] [lemma="charge" & pos="NOUN"] []{0,1} "of"'
EVERY = 1000


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tagged") / "tagged.pol"
    documents = [
        Document(
            f"{genre}/{n}", " ".join(text.replace(".", f" in {1900 + n}.") for text in SENTENCES), {"genre": genre}
        )
        for n in range(5)
        for genre in ("letter", "news")
    ]
    build(path, documents)
    return path


def pos_values(page: AppTest) -> dict[str, int]:
    """Return the offered parts of speech with their numbers of lines."""
    (control,) = [each for each in page.button_group if each.key == "pos"]
    shown = {label: int(number) for label, number in (text.rsplit(" ", 1) for text in control.options)}
    return shown


def notices(page: AppTest) -> list[str]:
    return [unescape(text) for text in re.findall(r'<p class="pol-notice"[^>]*>(.*?)</p>', html(page))]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[bank]", False),
        ("[charge/VERB]", False),
        ("The [bank] of the river", False),
        ("[x=3]", False),
        ("[lemma=]", False),
        ("[pos=3]", False),
        ('[lemma]="bank"', False),
        ('"far bank" -heron', False),
        ('"Yes," [he] said', False),
        ('"Why"? [he] said', False),
        ("'tis the [bank] of 'em", False),
        ('\\[lemma="bank"\\]', False),
        ("100%c", False),
        ('[lemma="bank"]', True),
        (' [ word != "bank" ]', True),
        ('[!(pos="NOUN")]', True),
        ("[pos=NOUN]", True),
        ('[part="NOUN"]', True),
        ("[]", True),
        ('[] "loan"', True),
        ('"loan"%c', True),
        ('"loan" []{0,3} "bank"', True),
        ('("a" | "the")? [lemma="bank"]', True),
    ],
)
def test_patterns_differ_from_words_in_brackets(text: str, wanted: bool) -> None:
    assert is_pattern(text) is wanted


@given(
    st.lists(st.sampled_from(['"', "'", "[", "]", "(", ")", "lemma", "=", "bank", " ", "\\", "%c", "x/VERB", "{1,}"]))
)
def test_text_is_read_as_a_pattern_or_as_before(parts: list[str]) -> None:
    text = "".join(parts)

    def outcome(read: Callable[[str], object]) -> object:
        try:
            return read(text)
        except QueryError as error:
            return str(error)

    if not is_pattern(text):
        assert outcome(read_text) == outcome(parse_query)
    elif isinstance(parsed := outcome(parse_pattern), str):
        assert outcome(read_text) == parsed
    else:
        assert outcome(read_text) == PatternText(text)


@given(st.text(alphabet="ab \"'[](){}=!%c\\", max_size=20), st.text(alphabet="abc=3/", min_size=1, max_size=8))
def test_a_clicked_word_is_never_read_as_a_pattern(before: str, word: str) -> None:
    """A click writes a sentence with one word in brackets. A word has no quotes, and a sentence keeps its brackets."""
    if not before.lstrip().startswith(("'", '"')):
        assert not is_pattern(write_query(before + word, len(before), len(before) + len(word)))


def test_parts_of_speech_are_counted_as_the_hits_have_them(searcher: Searcher) -> None:
    for query, match, where in (
        (VERB, "lemma", None),
        ("the [charge]", "form", "genre=news"),
        ("a [fee]", "lemma", None),
    ):
        found = searcher.parts_of_speech(query, match, where)
        hits = searcher.occurrences(query, EVERY, match, where, any_pos=True)
        assert found.counts == Counter(hit.pos for hit in hits)
        assert list(found.counts.values()) == sorted(found.counts.values(), reverse=True)
    assert searcher.parts_of_speech(VERB).target == "VERB"
    assert searcher.parts_of_speech("a [charge/VERB] of theft").target == "VERB"
    assert searcher.parts_of_speech("a [serious charge]").counts == {}
    assert searcher.parts_of_speech("a [platypus]").counts == {}
    with pytest.raises(QueryError, match="match is 'any'"):
        searcher.parts_of_speech(VERB, "any")


def test_sentence_says_which_part_of_speech_is_kept(page: AppTest, searcher: Searcher) -> None:
    ask(page, VERB)
    assert lines(page) == expected(searcher.occurrences(VERB, 20))
    counts = searcher.parts_of_speech(VERB).counts
    assert pos_values(page) == {"any": sum(counts.values()), "verb": counts["VERB"], "noun": counts["NOUN"]}
    assert "<b>verb</b>, as in your sentence; other parts of speech are left out" in html(page)
    assert page.button_group(key="pos").value == "VERB"
    assert not any("--any-pos" in text for text in notices(page))
    page.button_group(key="pos").set_value("").run()
    assert address(page)["any_pos"] == ["1"]
    assert lines(page) == expected(searcher.occurrences(VERB, 20, any_pos=True))
    assert "left out" not in html(page)


def test_part_of_speech_filters_the_lines(page: AppTest, searcher: Searcher) -> None:
    ask(page, VERB)
    page.button_group(key="pos").set_value("NOUN").run()
    assert address(page)["where"] == ["pos=NOUN"]
    assert lines(page) == expected(searcher.occurrences(VERB, 20, where="pos=NOUN", any_pos=True))
    assert not any("speech" in text or "sentence" in text for text in notices(page))
    assert pos_values(page)["verb"] == searcher.parts_of_speech(VERB).counts["VERB"]
    page.button_group(key="pos").set_value("").run()
    assert "where" not in address(page)
    ask(page, "He paid a [fee].")
    assert "pos" not in {each.key for each in page.button_group}


def test_named_part_of_speech_gives_way_to_another(page: AppTest, searcher: Searcher) -> None:
    ask(page, "They [charge/NOUN] a fee.")
    assert "<b>noun</b>, as you asked; other parts of speech are left out" in html(page)
    page.button_group(key="pos").set_value("VERB").run()
    assert page.text_input(key="text").value == "They [charge] a fee."
    assert lines(page) == expected(searcher.occurrences("They [charge] a fee.", 20, where="pos=VERB", any_pos=True))


def test_word_alone_and_its_senses_have_any_part_of_speech(page: AppTest, searcher: Searcher) -> None:
    ask(page, "charge")
    assert page.text_input(key="text").value == "[charge]"
    assert lines(page) == expected(searcher.occurrences("[charge]", 20, any_pos=True, order="text"))
    inventory = searcher.senses("charge")
    hits = {hit.occurrence_id: hit.pos for hit, _ in searcher.sense_occurrences(inventory)}
    for sense in inventory.senses:
        counts = Counter(hits[key] for key, number in inventory.assignments.items() if number == sense.number)
        assert sense.pos == max(counts, key=lambda pos: counts[pos])
        assert f'<span class="pol-pos" title="part of speech">{sense.pos.lower()}</span>' in html(page)
        # A named sense keeps to its part of speech.
        searcher.save_named_sense("chosen", inventory, sense.number)
        named = searcher.occurrences("[charge]", EVERY, where="sense=chosen", any_pos=True)
        searcher.remove_named_sense("chosen")
        assert {hit.pos for hit in named} == {sense.pos}
        assert len(named) >= 0.9 * sense.size
    assert {sense.pos for sense in inventory.senses} >= {"NOUN", "VERB"}
    assert any("charge of" in phrase.lemma for sense in inventory.senses for phrase in sense.phrases)
    for number, sense in enumerate(inventory.senses, start=1):
        query = PageQuery(VERB, sense=number)
        found = answer(searcher, understand(searcher, query, read_target(searcher, query)))
        assert len(found.lines) == sense.size


def test_lines_and_documents_say_the_part_of_speech(page: AppTest, searcher: Searcher) -> None:
    ask(page, VERB)
    hit = searcher.occurrences(VERB, 1)[0]
    assert f'title="part of speech VERB, tag {hit.tag}">verb</span> · ' in html(page)
    page.session_state["opened"] = 1
    page.run()
    assert f"<dt>part of speech</dt><dd><bdi>verb ({hit.tag})</bdi></dd>" in html(page)


def test_pattern_gives_an_ordinary_list(page: AppTest, searcher: Searcher) -> None:
    ask(page, PATTERN)
    hits = searcher.pattern(PATTERN, EVERY)
    assert len(hits) == 10
    assert lines(page) == expected(hits)
    assert "Understood: a pattern" in html(page)
    assert f"{len(hits)} occurrences" in html(page)
    assert address(page)["q"] == [PATTERN]
    assert "pol-sure" not in html(page)
    assert "cosine" not in html(page)
    page.selectbox(key="sort").set_value("right").run()
    right = sorted(hits, key=lambda hit: [word.casefold() for word in re.findall(r"\w+", hit.sentence[hit.end :])])
    assert lines(page) == expected(right)
    page.multiselect(key="facet-genre").set_value(["news"]).run()
    assert {document for _, document in lines(page)} == {
        hit.document for hit in searcher.pattern(PATTERN, 9, "genre=news")
    }


def test_each_word_of_a_place_can_be_asked_for(page: AppTest, searcher: Searcher) -> None:
    ask(page, PATTERN)
    hit = searcher.pattern(PATTERN, 1)[0]
    node = re.findall(r'<mark class="pol-node"><bdi>(.*?)</bdi></mark>', html(page))[0]
    words = re.findall(r'<span data-hop="(\d+)-(\d+)" data-in="(\d+)">(.*?)</span>', node)
    assert [word for *_, word in words] == hit.token.split()
    start, end, sentence = (int(number) for number in words[1][:3])
    with pytest.MonkeyPatch.context() as patch:
        asked: list[PageQuery] = []
        patch.setattr(session, "ask", asked.append)
        patch.setattr(session, "current", lambda: PageQuery(PATTERN, where=("pos=ADJ", "genre=news")))
        actions.hop(searcher, sentence, start, end)
    marked = hit.sentence[:start] + "[charge]" + hit.sentence[end:]
    assert asked == [PageQuery(marked, where=("genre=news",))]


def test_wrong_pattern_is_one_line(page: AppTest) -> None:
    ask(page, '[lemma="bank" & pos=]')
    (error,) = page.error
    assert "the pattern cannot be read" in error.value.replace("\\", "").replace("\N{WORD JOINER}", "")
    assert "\n" not in error.value
    assert not lines(page)
    ask(page, "[]")
    assert len(page.error) == 1


def test_places_without_a_vector_have_no_marks(searcher: Searcher) -> None:
    hits = [*searcher.pattern('"of"', 1), *searcher.pattern(PATTERN, 1)]
    assert [bool(hit.occurrence_id) for hit in hits] == [False, True]
    shown = concordance(hits, 1, lambda sentence: [], of_pattern=True, scored=False)
    assert re.findall(r'data-mark="1" data-key="(\d+)"', shown) == [str(hits[1].occurrence_id)]


def test_marked_places_are_searched_again_by_their_first_word(searcher: Searcher) -> None:
    hit = searcher.pattern(PATTERN, 1)[0]
    query = PageQuery(PATTERN, like=(hit.occurrence_id,))
    found = answer(searcher, understand(searcher, query, read_target(searcher, query)))
    assert list(found.lines) == searcher.more_like(searcher.hits([hit.occurrence_id]), k=EVERY)


def test_file_of_a_pattern_has_all_lines_and_the_pattern(searcher: Searcher) -> None:
    query = PageQuery('[pos="NOUN"]', k=20)
    full = everything(searcher, understand(searcher, query, read_target(searcher, query)))
    assert full.lines == searcher.pattern('[pos="NOUN"]', EVERY)
    described = settings(full.query, searcher.collection.info())
    rows = [json.loads(row) for row in jsonl_bytes(Export(full.lines, {}, described)).splitlines()]
    assert {row["pos"] for row in rows} == {"NOUN"}
    assert rows[0]["query"]["q"] == '[pos="NOUN"]'


def test_address_keeps_any_part_of_speech_and_a_new_word_drops_the_filter() -> None:
    query = PageQuery(VERB, any_pos=True, where=("pos = NOUN", "pos!=VERB", "position=1"))
    kept = {key: [value] if isinstance(value, str) else value for key, value in write_address(query).items()}
    assert read_address(kept) == (query, ())
    assert new_question(query, "[fee]") == replace(query, text="[fee]", where=("position=1",))


def test_event_for_senses_of_a_pattern_does_nothing() -> None:
    assert word_of(PageQuery(PATTERN)) == PageQuery(PATTERN)


def test_collection_without_tags_shows_none(tmp_path: Path, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plain.pol"
    build(path, [Document("d", " ".join(SENTENCES), {"year": 1900})], model=str(tiny_folder))
    page = app(path, monkeypatch)
    ask(page, VERB)
    assert lines(page)
    assert "art of speech" not in html(page)
    assert "pos" not in {each.key for each in page.button_group}
    ask(page, '[pos="NOUN"]')
    assert "has no tagger" in page.error[0].value.replace("\\", "") or "has a pos" in page.error[0].value
    ask(page, '[word="fee"]')
    assert [text for text, _ in lines(page)] == [SENTENCES[1]]
