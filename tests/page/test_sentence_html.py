"""Tests of the HTML of sentences: marks of words that meet, documents, neighbours, and near duplicates."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markup import TEXT, read
from polyseme.search.hits import DocumentHit, Meeting, SentenceHit
from polyseme.ui.page.html import base, meetings
from polyseme.ui.page.html.concordance import concordance
from polyseme.ui.page.html.expanded import Expanded
from polyseme.ui.page.html.groups import by_document, grouped, of_documents

QUERY = "She waited at the bank."
SHORE = "They reached the shore, and the shore was wet."


def words(sentence: str) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer(r"\w+", sentence)]


def hit(sentence: str, key: int = 1, document: str = "d", met: tuple[Meeting, ...] = ()) -> SentenceHit:
    return SentenceHit(key, 0.5, 0.25, f"{document}.txt", document, key, sentence, 0, {"year": 1950}, meetings=met)


def meeting(sentence: str, word: str, asked: str, share: float, similarity: float = 0.8, nth: int = 0) -> Meeting:
    start = [found.start() for found in re.finditer(re.escape(word), sentence)][nth]
    place = QUERY.index(asked)
    return Meeting(word, start, start + len(word), asked, place, place + len(asked), similarity, share)


def marks(html: str) -> list[tuple[int, str, str]]:
    """Return shade, explanation and word of each mark."""
    found = re.findall(r'<mark class="pol-met" data-shade="(\d)"[^>]*data-met="([^"]*)"[^>]*>(.*?)</mark>', html)
    return [(int(shade), unescape(said), unescape(word)) for shade, said, word in found]


def test_words_that_meet_are_marked_at_their_places_and_say_what_they_meet() -> None:
    met = (meeting(SHORE, "shore", "bank", 0.3, nth=1), meeting(SHORE, "reached", "waited", 0.01, 0.456))
    html = concordance([hit(SHORE, met=met)], 1, words)
    assert marks(html) == [(1, "met: reached ~ waited 0.46", "reached"), (4, "met: shore ~ bank 0.80", "shore")]
    assert f'data-hop="{met[0].start}-{met[0].end}"' in html
    reader = read(html)
    assert "".join(reader.inside["p.pol-text"]) == SHORE
    # Screen readers do not announce marks. They read this after the sentence.
    said = ["met: shore ~ bank 0.80, reached ~ waited 0.46", "score ", "probability "]
    assert "".join(reader.inside["span.pol-said"]) == "".join(said)


@given(st.floats(0, 1), st.floats(0, 1))
def test_larger_share_has_no_lighter_shade(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 1 <= meetings.shade(low) <= meetings.shade(high) <= 4


def test_query_above_the_lines_has_the_marks_of_all_of_them() -> None:
    first = hit(SHORE, 1, met=(meeting(SHORE, "shore", "bank", 0.02), meeting(SHORE, "shore", "bank", 0.04, nth=1)))
    second = hit(SHORE, 2, met=(meeting(SHORE, "reached", "waited", 0.5), meeting(SHORE, "shore", "bank", 0.01)))
    html = meetings.query_line(QUERY, [first, second, hit("Nothing.", 3)])
    assert marks(html) == [(4, "met in 1 of 3 lines", "waited"), (2, "met in 2 of 3 lines", "bank")]
    assert "".join(read(html).text).endswith(QUERY)
    numbers = [unescape(number) for number in re.findall(r'data-meets="([^"]*)"', html)]
    lines = concordance([second], 1, words)
    assert numbers == ["1", "2"]
    assert set(re.findall(r'data-meets="([^"]*)"', lines)) == {"1", "2"}
    assert meetings.query_line(QUERY, [hit("Nothing.")]) == ""


@settings(deadline=None)
@given(TEXT.filter(bool), TEXT.filter(bool), st.data())
def test_any_text_with_any_meetings_is_shown_as_text(sentence: str, query: str, data: st.DataObject) -> None:
    place, other = st.integers(0, len(sentence)), st.integers(0, len(query))
    odd = [
        Meeting(sentence, data.draw(place), data.draw(place), query, data.draw(other), data.draw(other), 0.5, 0.2)
        for _ in range(3)
    ]
    one = replace(hit(sentence, document=query, met=tuple(odd)), alike=(2, 3), metadata={sentence: query})
    opened = Expanded({1: (query, sentence)}, {1: [hit(query, 2, sentence)]})
    document = DocumentHit(1, 0.5, 0.25, query, sentence, {query: sentence}, (one,))
    shown = base.UNSHOWABLE.sub("\ufffd", re.sub(r"\s+", " ", sentence))
    for html in (
        concordance([one], 1, words, opened),
        grouped(by_document([one], 1), words, opened),
        grouped(of_documents([document], 1), words, opened),
    ):
        reader = read(html)
        if len(sentence) < base.SENTENCE:
            assert re.sub(" +", " ", "".join(reader.inside["p.pol-text"])) == re.sub(" +", " ", shown)
    read(meetings.query_line(query, [one]))
    read(base.phrases([sentence], [query]))


def test_sentences_are_grouped_by_document_with_their_numbers() -> None:
    hits = [hit("One.", 1, "b"), hit("Two.", 2, "a"), hit("Three.", 3, "b")]
    html = grouped(by_document(hits, 21), words)
    titles = re.findall(r'class="pol-group"[^>]*>.*?<bdi>(.*?)</bdi>', html)
    assert titles == ["b", "a"]
    assert re.findall(r'<span class="pol-rank" role="cell">(\d+)</span><p class="pol-text".*?data-in="(\d)"', html) == [
        ("21", "1"),
        ("23", "3"),
        ("22", "2"),
    ]
    assert re.findall(r'data-open="(\d+)"', html) == ["21", "21", "23", "22", "22"]


def test_documents_show_their_score_and_their_passages_best_first() -> None:
    documents = [
        DocumentHit(3, 0.71, 0.9, "b.txt", "b", {}, (hit("One.", 1, "b"), hit("Two.", 2, "b"))),
        DocumentHit(4, 0.52, None, "a.txt", "a", {}, ()),
        DocumentHit(5, 0.51, None, "c.txt", "c", {}, (hit("Three.", 3, "c"),)),
    ]
    html = grouped(of_documents(documents, 8), words)
    heads = re.findall(r'pol-under"><span class="pol-rank">(\d)</span>.*?pol-score" title="([^"]*)">', html)
    assert heads == [
        ("3", "score of the document 0.7100; the meaning of its best line is the same with a probability of 90%"),
        ("4", "score of the document 0.5200"),
        ("5", "score of the document 0.5100"),
    ]
    assert re.findall(r'aria-label="Mark line (\d+) plus"', html) == ["8", "9", "10"]


def test_opened_lines_show_their_neighbours_and_near_duplicates() -> None:
    one = replace(hit("Two.", 2), alike=tuple(range(10, 215)))
    closed = concordance([one], 1, words)
    assert "+205 alike" in closed
    assert re.findall(r'data-(?:around|alike)="2" aria-expanded="(\w+)"', closed) == ["false", "false"]
    html = concordance([one], 1, words, Expanded({2: ("One.", "")}, {2: [hit("Two!", 10, "copy")]}))
    assert re.findall(r'data-(?:around|alike)="2" aria-expanded="(\w+)"', html) == ["true", "true"]
    reader = read(html)
    assert "".join(reader.inside["p.pol-around"]) == "before: One."
    assert "".join(reader.inside["ul.pol-copies"]) == "Two! copy"
    assert 'data-read="10"' in html
    assert "and 204 more" in html
    alone = concordance([one], 1, words, Expanded({2: ("", "")}))
    assert "This is the only sentence of its document." in alone


@pytest.mark.parametrize(
    ("required", "excluded", "line"),
    [
        (("river bank",), (), "Understood: only hits with river bank"),
        ((), ("money", "loan"), "Understood: only hits without money, loan"),
        (("a", "b"), ("c",), "Understood: only hits with a, b and without c"),
        ((), (), ""),
    ],
)
def test_page_says_what_it_understood(required: tuple[str, ...], excluded: tuple[str, ...], line: str) -> None:
    assert "".join(read(base.phrases(required, excluded)).text) == line
