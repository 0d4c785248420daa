"""Brackets and filters: parsed, written and parsed back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.errors import QueryError
from polyseme.indexer.text import TextAnalyser
from polyseme.search.query.filters import Condition, Operator, compare_values, parse_where, where_texts
from polyseme.search.query.target import Target, parse_query, parse_target, write_query


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


@given(st.text(), st.text(min_size=1).filter(lambda t: t.strip()), st.text())
def test_the_target_is_parsed_from_any_escaped_text(left: str, node: str, right: str) -> None:
    target = parse_target(f"{escaped(left)}[{escaped(node)}]{escaped(right)}")
    assert target.sentence == left + node + right
    assert target.sentence[target.start : target.end] == node.strip()


def test_escaped_brackets_belong_to_the_text() -> None:
    target = parse_target(r"He wrote \[sic\] on the [bank] note.")
    assert (target.sentence, target.sentence[target.start : target.end]) == (
        "He wrote [sic] on the bank note.",
        "bank",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("no mark at all", "no word is marked"),
        (r"only \[escaped\]", "no word is marked"),
        ("[two] and [three]", "2 words are marked"),
        ("[a [b] c]", "brackets do not match"),
        ("] back to front [", "brackets do not match"),
        ("[]", "brackets are empty"),
    ],
)
def test_anything_but_one_target_is_an_error_with_an_example(text: str, problem: str) -> None:
    with pytest.raises(QueryError, match=problem) as caught:
        parse_target(text)
    assert "[bank]" in str(caught.value)


@pytest.mark.parametrize("text", ["a\\", "a\\b", "\\[x\\]", "[]", "a ] b [", "\\\\"])
def test_sentences_with_brackets_and_backslashes_round_trip(text: str) -> None:
    assert parse_query(write_query(text)) == text


@given(st.text() | st.text(alphabet="ab \\[]", max_size=12), st.data())
def test_any_sentence_and_target_round_trip(sentence: str, data: st.DataObject) -> None:
    assert parse_query(write_query(sentence)) == sentence
    start = data.draw(st.integers(0, len(sentence)))
    end = data.draw(st.integers(start, len(sentence)))
    if sentence[start:end].strip() == sentence[start:end] != "":
        assert parse_query(write_query(sentence, start, end)) == Target(sentence, start, end)


def test_each_token_of_a_sentence_with_brackets_can_be_the_target() -> None:
    analyser = TextAnalyser("en")
    sentence = "He said [sic] that the bank by the river bank \\ was shut."
    for token in analyser.tokens(sentence):
        written = write_query(sentence, token.start, token.end)
        assert parse_query(written) == Target(sentence, token.start, token.end)


def test_two_targets_are_an_error_with_an_example() -> None:
    with pytest.raises(QueryError, match=r"2 words are marked.*\[bank\]"):
        parse_query("two [marks] in [one]")


@pytest.mark.parametrize(
    ("text", "yes", "no"),
    [
        ("year=1999", ["1999", "1999.0"], ["1998", "19990"]),
        ("year!=1999", ["1998"], ["1999"]),
        ("year=1990..1999", ["1990", "1995.5", "1999"], ["1989", "2000", "0199"]),
        ("year=1990..", ["1990", "12000"], ["1989"]),
        ("year=..1990", ["1990", "-5"], ["1991"]),
        ("date=1987-03-01..1987-03-31", ["1987-03-01", "1987-03-31"], ["1987-04-01", "1986-03-15"]),
        ("date=1986..1987", ["1987-12-31", "1986-01-01", "1986"], ["1988-01-01", "1985-12-31"]),
        ("date=1987-02..1987-03", ["1987-03-31"], ["1987-04-01"]),
        ("date=..1987-03-04", ["1987-03-04T23:59:00"], ["1987-03-05T00:00:00"]),
        ("date=1987-03-04T10:00:00Z", ["1987-03-04T11:00:00+01:00"], ["1987-03-04T11:00:00"]),
        ("title=1999-05-01", ["1999-05-01"], ["1999-05-01 Minutes"]),
        ("genre=news|letter", ["news", "letter"], ["news|letter", "story"]),
        ("genre!=news|letter", ["story"], ["news", "letter"]),
        ("name=a..c", ["a", "bzzz", "c"], ["cc", "d"]),
        ("title=a=b", ["a=b"], ["a"]),
    ],
)
def test_filters_accept_and_reject_values(text: str, yes: list[str], no: list[str]) -> None:
    (condition,) = parse_where([text])
    assert all(condition.holds(value) for value in yes)
    assert not any(condition.holds(value) for value in no)


def test_python_and_command_line_write_the_same_filters() -> None:
    python = parse_where({"year": "1999..", "genre": ["news", "letters"], "author": "!Anon", "page": 7})
    assert python == parse_where(["year=1999..", "genre=news|letters", "author!=Anon", "page=7"])
    assert where_texts(python) == ["year=1999..", "genre=news|letters", "author!=Anon", "page=7"]
    assert parse_where(None) == ()
    assert parse_where("year=1999") == (Condition("year", Operator.ONE_OF, ("1999",)),)


@pytest.mark.parametrize("text", ["year", "=1999", "!=x", "year=.."])
def test_malformed_filters_are_errors(text: str) -> None:
    with pytest.raises(QueryError, match="write"):
        parse_where([text])


NAMES = st.text(st.characters(exclude_characters="=!|.", exclude_categories=["Cs"]), min_size=1).map(str.strip)


@given(NAMES.filter(bool), st.lists(NAMES, min_size=1, max_size=3), st.booleans())
def test_written_conditions_are_parsed_back(field: str, values: list[str], negated: bool) -> None:
    operator = Operator.NONE_OF if negated else Operator.ONE_OF
    condition = Condition(field, operator, tuple(values))
    assert parse_where(where_texts([condition])) == (condition,)


@given(st.text(), st.text(), st.text())
def test_comparison_is_antisymmetric(a: str, b: str, c: str) -> None:
    assert compare_values(a, b) == -compare_values(b, a)
    assert compare_values(a, a) == 0
