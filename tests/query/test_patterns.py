"""Patterns over tokens find what a comparison of every token by hand finds, and nothing that a person writes hangs."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from fakes import TAGSET, FakeEncoder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.stored_tokens import StoredTokens
from polyseme.indexer.collection.stream import Word
from polyseme.indexer.errors import PolysemeError, QueryError
from polyseme.search.hits import Match, OccurrenceHit
from polyseme.search.query.patterns import (
    AllOf,
    AnyOf,
    Choice,
    Comparison,
    Condition,
    Not,
    Pattern,
    Position,
    Repeat,
    Row,
    parse_pattern,
)
from polyseme.search.retrieval import patterns, word_masks
from polyseme.search.searcher import Searcher

from polyseme import Document, GivenSentence, GivenToken

WORDS = ["bank", "Bank", "banks", "the", "river", "of", "loan", "loans", "saw", "left", "—", "it's", "3rd", "Straße"]
ALL = 10**6
Tokens = list[tuple[int, Word]]


def documents() -> list[Document]:
    chance = random.Random(5)
    found = [
        Document(
            f"d{n:03}",
            "\n\n".join(" ".join(chance.choices(WORDS, k=chance.randint(1, 12))) + "." for _ in range(4)),
            {"year": 1900 + n},
        )
        for n in range(40)
    ]
    tokens = (GivenToken(0, 3, "SHE", "PRON", "PPH"), GivenToken(4, 8, "leave", None, "VVD"))
    return [*found, Document("own", "She left.", {"year": 2000}, sentences=(GivenSentence(0, 9, tokens),))]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("patterns") / "c.pol"
    sources = documents()
    for first in range(0, len(sources), 14):
        config = BuildConfig(sample_sentences=16, segment_sentences=30)
        build(path, sources[first : first + 14], config, FakeEncoder(tagger="first"))
    with Searcher.open(path, FakeEncoder(tagger="first")) as found:
        found.collection.remove(["d003", "d017"])
    return path


@pytest.fixture(scope="module")
def searcher(collection: Path) -> Iterator[Searcher]:
    with Searcher.open(collection, FakeEncoder(tagger="first")) as found:
        yield found


@pytest.fixture(scope="module")
def sentences(searcher: Searcher) -> dict[int, Tokens]:
    """Return all tokens of the live sentences, read one by one."""
    collection, found = searcher.collection, {}
    with collection.reading() as snapshot:
        tokens = StoredTokens(snapshot.segments.values(), collection.words())
        for document in collection.documents():
            for key, _, _ in collection.document_sentences(document.key):
                found[key] = tokens.of_sentence(key) or []
    assert sum(map(len, found.values())) > 900
    return dict(sorted(found.items()))


# The oracle


def holds(condition: Condition, word: Word) -> bool:
    match condition:
        case Comparison(column, expression, ignores_case, is_negated):
            flags = re.IGNORECASE if ignores_case or column == "lemma" else 0
            return (re.fullmatch(expression, getattr(word, column), flags) is not None) is not is_negated
        case Not(inner):
            return not holds(inner, word)
        case AllOf(conditions):
            return all(holds(each, word) for each in conditions)
        case AnyOf(conditions):
            return any(holds(each, word) for each in conditions)


def ends(pattern: Pattern, fits: Callable[[Position, int], bool], size: int, start: int) -> set[int]:
    """Return all ends of a pattern's matches from a place, by trying everything."""
    match pattern:
        case Position():
            return {start + 1} if start < size and fits(pattern, start) else set()
        case Row(parts):
            found = {start}
            for part in parts:
                found = {end for place in found for end in ends(part, fits, size, place)}
            return found
        case Choice(options):
            return {end for option in options for end in ends(option, fits, size, start)}
        case Repeat(part, least, most):
            found = {start} if least == 0 else set()
            reached, times = {start}, 0
            while reached and times < (size + least + 1 if most is None else most):
                reached = {end for place in reached for end in ends(part, fits, size, place)}
                times += 1
                if times >= least:
                    if reached <= found and times > size:
                        break
                    found |= reached
            return found


def by_hand(pattern: Pattern, sentences: dict[int, Tokens]) -> list[tuple[int, int, int]]:
    """Return (sentence, first token, number of tokens) of the longest matches from left to right."""
    found = []
    for key, tokens in sentences.items():

        def fits(position: Position, place: int, tokens: Tokens = tokens) -> bool:
            return position.condition is None or holds(position.condition, tokens[place][1])

        place = 0
        while place < len(tokens):
            end = max(ends(pattern, fits, len(tokens), place), default=place)
            if end > place:
                found.append((key, place, end - place))
            place = max(end, place + 1)
    return found


def needs_no_word(pattern: Pattern) -> bool:
    """Return whether a pattern fits a row of tokens of which none fits any condition."""
    return bool(ends(pattern, lambda position, _: position.condition is None, 12, 0))


# Random patterns as trees, written as text


def quoted(text: str) -> str:
    escaped = text.replace('"', '\\"')
    return f'"{escaped}"'


def written_condition(condition: Condition) -> str:
    match condition:
        case Comparison(column, expression, ignores_case, is_negated):
            name = "word" if column == "form" else column
            return f"{name}{'!=' if is_negated else '='}{quoted(expression)}{'%c' if ignores_case else ''}"
        case Not(inner):
            return f"!({written_condition(inner)})"
        case AllOf(conditions):
            return " & ".join(f"({written_condition(each)})" for each in conditions)
        case AnyOf(conditions):
            return "|".join(f"({written_condition(each)})" for each in conditions)


def written(pattern: Pattern) -> str:
    match pattern:
        case Position(None):
            return "[]"
        case Position(Comparison("form", expression, ignores_case, False)):
            return quoted(expression) + ("%c" if ignores_case else "")
        case Position(condition):
            assert condition is not None
            return f"[ {written_condition(condition)} ]"
        case Row(parts):
            return " ".join(f"({written(part)})" if isinstance(part, Choice | Row) else written(part) for part in parts)
        case Choice(options):
            return " | ".join(written(option) for option in options)
        case Repeat(part, least, most):
            sign = {(0, 1): "?", (0, None): "*", (1, None): "+"}.get((least, most))
            sign = sign or (f"{{{least}}}" if least == most else f"{{{least},{'' if most is None else most}}}")
            return f"({written(part)}){sign}" if not isinstance(part, Position) else written(part) + sign


COMPARISONS = st.builds(
    Comparison,
    st.just("form"),
    st.sampled_from(
        [*WORDS, "ban.*", "[Bb]anks?", "loan|loans", "l.{2,3}n", ".", "(?:the|of)", ".*s", "x", "(?i)BANK"]
    ),
    st.booleans(),
    st.booleans(),
) | st.one_of(
    st.builds(Comparison, st.just("lemma"), st.sampled_from(["bank", "Loan", "see|saw", "[a-m].*"]), st.booleans()),
    st.builds(Comparison, st.just("pos"), st.sampled_from([*TAGSET.upos, "NOUN|VERB", ".", ""]), st.booleans()),
    st.builds(Comparison, st.just("tag"), st.sampled_from([*TAGSET.xpos, "NN.*", "VV.", "v.*"]), st.booleans()),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    COMPARISONS,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(AllOf, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=4,
)
COUNTS = st.sampled_from([(0, 1), (0, None), (1, None), (2, 2), (0, 3), (1, 2), (2, None), (3, 4)])
PATTERNS: st.SearchStrategy[Pattern] = st.recursive(
    st.builds(Position, st.none() | CONDITIONS),
    lambda inner: (
        st.builds(Row, st.lists(inner, min_size=2, max_size=4).map(tuple))
        | st.builds(Choice, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(lambda part, count: Repeat(part, *count), inner, COUNTS)
    ),
    max_leaves=6,
)


def placed(hits: Sequence[OccurrenceHit], sentences: dict[int, Tokens]) -> list[tuple[int, int, int]]:
    """Return (sentence, first token, number of tokens) of hits, whose other fields are compared with the tokens."""
    found = []
    for rank, hit in enumerate(hits, start=1):
        tokens = sentences[hit.sentence_id]
        last = next(n for n, (offset, word) in enumerate(tokens) if offset + len(word.form) == hit.end)
        words = [word for _, word in tokens[hit.position : last + 1]]
        assert hit.sentence[hit.start : hit.end] == hit.token
        assert (hit.rank, hit.score, hit.start) == (rank, 1.0, tokens[hit.position][0])
        assert hit.lemma == " ".join(word.lemma for word in words)
        assert hit.pos == " ".join(word.pos or "_" for word in words)
        assert hit.tag == " ".join(word.tag or "_" for word in words)
        found.append((hit.sentence_id, hit.position, len(words)))
    return found


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(PATTERNS)
def test_random_patterns_find_what_comparing_every_token_finds(
    searcher: Searcher, sentences: dict[int, Tokens], pattern: Pattern
) -> None:
    text = written(pattern)
    if needs_no_word(pattern):
        with pytest.raises(QueryError, match="any words would fit this pattern"):
            searcher.pattern(text)
        return
    expected = by_hand(pattern, sentences)
    assert placed(searcher.pattern(text, k=ALL), sentences) == expected
    assert by_hand(parse_pattern(text), sentences) == expected


@pytest.mark.parametrize("at_once", [1, 7, 100])
def test_parts_of_any_size_give_the_same_places(
    searcher: Searcher, sentences: dict[int, Tokens], monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(patterns, "TOKENS_AT_ONCE", at_once)
    text = '[lemma="bank"] []{0,3} [pos="NOUN"]+'
    assert placed(searcher.pattern(text, k=ALL), sentences) == by_hand(parse_pattern(text), sentences)


def test_a_list_has_the_first_k_places_and_a_notice_with_their_number(searcher: Searcher) -> None:
    every = searcher.pattern('"bank"', k=ALL)
    few = searcher.pattern('"bank"', k=3)
    assert few == every[:3]
    assert (few.match, few.notice) == (Match.PATTERN, f"the first 3 of {len(every)} matches")
    assert every.notice is None
    assert [hit.sentence_id for hit in every] == sorted(hit.sentence_id for hit in every)


def test_filters_by_document_and_by_named_sense_narrow_the_places(searcher: Searcher) -> None:
    every = searcher.pattern('[lemma="bank"] []', k=ALL)
    inside = searcher.pattern('[lemma="bank"] []', k=ALL, where="year=1905..1920")
    wanted = [hit for hit in every if 1905 <= int(str(hit.metadata["year"])) <= 1920]
    assert 0 < len(inside) < len(every)
    assert [(hit.sentence_id, hit.position) for hit in inside] == [(hit.sentence_id, hit.position) for hit in wanted]
    marked = searcher.pattern('"bank"', k=2)
    searcher.save_named_sense("one", positive=marked)
    try:
        members = {
            hit.occurrence_id for hit in searcher.occurrences("a [bank]", k=ALL, where="sense=one", any_pos=True)
        }
        found = searcher.pattern('[] [lemma="bank"]', k=ALL, where="sense=one", at=-1)
        assert {hit.occurrence_id for hit in found} <= members
        assert found
        others = searcher.pattern('[] [lemma="bank"]', k=ALL, where="sense!=one", at=-1)
        both = [(hit.sentence_id, hit.position) for hit in [*found, *others]]
        every = searcher.pattern('[] [lemma="bank"]', k=ALL, at=-1)
        assert sorted(both) == [(hit.sentence_id, hit.position) for hit in every]
    finally:
        searcher.remove_named_sense("one")


def test_each_word_of_a_place_can_be_asked_for_its_sense(searcher: Searcher, sentences: dict[int, Tokens]) -> None:
    text = '[lemma="bank"] "of" [pos!="X"]+'
    whole = searcher.pattern(text, k=ALL)
    spans = placed(whole, sentences)
    assert len({length for _, _, length in spans}) > 1
    for at in (1, 2, 3, -1, -2, 9):
        hits = searcher.pattern(text, k=ALL, at=at)
        number = [(key, first + (at - 1 if at > 0 else length + at), length) for key, first, length in spans]
        expected = [
            (key, place)
            for (key, place, length), span in zip(number, spans, strict=True)
            if span[1] <= place < span[1] + length
        ]
        assert [(hit.sentence_id, hit.position) for hit in hits] == expected
    (bank, *_), (of, *_) = searcher.pattern(text, at=1), searcher.pattern(text, at=2)
    assert of.occurrence_id == 0
    assert whole[0].occurrence_id == bank.occurrence_id
    (again,) = searcher.hits([bank.occurrence_id])
    assert (again.token, again.pos, again.tag) == (bank.token, bank.pos, bank.tag)
    assert searcher.vector(bank).shape == searcher.vector(again).shape
    assert searcher.more_like([bank], k=3)
    with pytest.raises(QueryError, match="no vector"):
        searcher.vector(of)
    with pytest.raises(QueryError, match="no vector"):
        searcher.more_like([of])
    with pytest.raises(QueryError, match="have no vector"):
        searcher.project([bank, of])
    with pytest.raises(QueryError, match="counted from 1"):
        searcher.pattern(text, at=0)


def test_tags_of_a_document_are_found_as_they_are(searcher: Searcher) -> None:
    (hit,) = searcher.pattern('[tag="PPH"] [lemma="leave" & tag="VVD"] [word="\\."]')
    assert (hit.token, hit.document_id) == ("She left.", "own")
    assert hit.pos.split()[0] == "PRON"


WRONG = {
    "": "the pattern is empty",
    "[": "at the end: a condition is missing",
    "[word=]": "at ']', character 7: a string in quotes is missing",
    '[word="a"': "at the end: ']' is missing after a condition",
    '"a" "b': "at '\"b', character 5: a string has no end",
    '[form="a"]': "'form' is none of word, lemma, pos, tag",
    '"a"{3,2}': "character 4: the second number is smaller than the first",
    '"a"{1000}': "repeated up to 100 times",
    '"a"{0}': "occurs 0 times",
    '"a"{,}{': "at the end: a number is missing",
    '"a"{2': "'}' is missing after the number of repetitions",
    '[]{2,3} "a"?': "any words would fit this pattern",
    '[word="("]': "its regular expression is wrong",
    '[word="a{e<=1}"]': "braces hold no numbers",
    '[word="a{5000}"]': "can repeat up to 1000 times",
    '"(?R)"': "groups of the kind '(?R' are not supported",
    '"(?P<x>a)"': "groups of the kind '(?P' are not supported",
    '"(?<x>a)"': "groups of the kind '(?<' are not supported",
    '"(*FAIL)"': "are not supported",
    '"a" )': "')' is not expected",
    '"a"%d': "'%d' is no flag, only %c is",
    '"a" within s': "every match is within one sentence",
    '"a" ; "b"': "';' means nothing here",
    '"' + "a" * 3000 + '"': "3,002 characters",
    '"' + "a" * 600 + '"': "600 characters, of which 500",
    "(" * 50 + '"a"' + ")" * 50: "more than 20 brackets",
    '[word="a" & ' + "!" * 50 + 'word="b"]': "more than 20 brackets",
    '((("a"{100}){100}){100})': "1,000,000 positions",
    '"\udc80"': "bytes that are not text",
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_patterns_are_refused_in_one_line_that_shows_the_place(searcher: Searcher, text: str) -> None:
    with pytest.raises(QueryError, match=re.escape(WRONG[text])) as refused:
        searcher.pattern(text)
    message = str(refused.value)
    assert "\n" not in message
    assert len(message) < 300


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("[]{}()\"'=!&|?*+%c,01 \\^$.-<:#~@wordlempstagRPi\n\0é"), max_size=40))
def test_any_text_gives_hits_or_one_line(searcher: Searcher, text: str) -> None:
    for pattern in (text, f'[word="{text}"]'):
        try:
            searcher.pattern(pattern)
        except PolysemeError as error:
            assert "\n" not in str(error)  # noqa: PT017 - only some texts are refused


def test_slow_expressions_are_given_up(searcher: Searcher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "long.pol"
    config = BuildConfig(sample_sentences=4)
    build(path, [Document("d", f"The {'a' * 200}b left.")], config, FakeEncoder())
    monkeypatch.setattr(word_masks, "MOST_SECONDS", 0.5)
    begun = time.monotonic()
    with (
        Searcher.open(path, FakeEncoder()) as opened,
        pytest.raises(QueryError, match=r"takes more than 0\.5 seconds; make it simpler"),
    ):
        opened.pattern('[word="(?:a|aa)+c?d?[^b]"]')
    assert time.monotonic() - begun < 60
    monkeypatch.setattr(word_masks, "MOST_SECONDS", 0.0)
    with pytest.raises(QueryError, match="give it a rarer word"):
        searcher.pattern('"b.*"')


def test_a_notice_names_the_known_parts_of_speech_if_one_is_unknown(searcher: Searcher) -> None:
    found = searcher.pattern('[pos="noun"]')
    assert not found
    assert found.notice == "no word has the pos 'noun', the collection has ADJ, DET, NOUN, PRON, VERB, X"
    assert searcher.pattern('[pos="noun"%c]')


def test_collections_without_tokens_or_tags_say_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    build(path, documents()[:2], BuildConfig(sample_sentences=4), FakeEncoder())
    with Searcher.open(path, FakeEncoder()) as opened:
        assert opened.pattern('"bank" []')
        assert all(hit.pos == "" for hit in opened.pattern('"bank"'))
        with pytest.raises(QueryError, match="has a pos, since its model has no tagger; run `polyseme reencode"):
            opened.pattern('[pos="NOUN"]')
