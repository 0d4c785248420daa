"""Lemmas by part of speech: rules learned from a treebank, beside the dictionary."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.text import TextAnalyser
from polyseme.indexer.text.lemma_rules import LemmaRules, edit_of, keys
from polyseme.indexer.training.tagger.lemmas import learn_lemmas

DICTIONARY = {"saw": "see", "ran": "run", "left": "leave", "meeting": "meet", "walked": "walk", "dogs": "dog"}
Word = tuple[str, str, str, str]
WORDS: list[Word] = [
    *[(form, form, "NOUN", "NN") for form in ("law", "jaw", "cat", "dog", "ending", "evening", "wing", "walk", "car")],
    *[(f"{noun}s", noun, "NOUN", "NNS") for noun in ("law", "cat", "wing", "car", "walk", "lamp")],
    *[(form, form, "ADJ", "JJ") for form in ("soft", "cold", "deft", "red", "tired")],
    *[(f"{verb}ed", verb, "VERB", "VBD") for verb in ("ask", "jump", "talk", "mark")],
    *[(form, verb, "VERB", "VBD") for form, verb in (("ran", "run"), ("saw", "see"), ("left", "leave"))],
    ("went", "go", "VERB", "VBD"),
]
words = st.text("abc", max_size=5)


def known(form: str) -> str:
    """Return the lemma of a small dictionary."""
    return DICTIONARY.get(form, form)


@pytest.fixture(scope="module")
def rules() -> LemmaRules:
    return learn_lemmas(WORDS, known, "en")


@pytest.mark.parametrize(
    ("form", "upos", "xpos", "lemma"),
    [
        ("saw", "NOUN", "NN", "saw"),  # the ending of law and jaw
        ("saw", "VERB", "VBD", "see"),
        ("left", "ADJ", "JJ", "left"),
        ("left", "VERB", "", "leave"),
        ("meeting", "NOUN", "", "meeting"),
        ("went", "VERB", "VBD", "go"),  # an exception, as nothing is in common
        ("worked", "VERB", "VBD", "work"),
        ("hens", "NOUN", "NNS", "hen"),
        ("hens", "NOUN", "", "hen"),
        ("bus", "NOUN", "NN", "bus"),  # the longer key knows better
        ("saw", "X", "", None),
    ],
)
def test_lemma_depends_on_the_part_of_speech(
    rules: LemmaRules, form: str, upos: str, xpos: str, lemma: str | None
) -> None:
    assert rules.lemma(form, upos, xpos, known(form)) == lemma


def test_every_form_of_the_treebank_has_its_most_frequent_lemma() -> None:
    rows: list[Word] = [*WORDS, ("axes", "axe", "NOUN", "NNS"), *2 * [("axes", "axis", "NOUN", "NNS")]]
    learned = learn_lemmas(rows, known, "en")
    assert learned.lemma("axes", "NOUN", "NNS", "axe") == "axis"
    for form, lemma, upos, xpos in WORDS:
        assert learned.lemma(form, upos, xpos, known(form)) == lemma


@given(st.lists(st.tuples(words, words, st.sampled_from(["A", "B"]), st.sampled_from(["", "x"])), max_size=30))
def test_learned_rules_reproduce_any_treebank_without_conflicts(rows: list[Word]) -> None:
    first: dict[tuple[str, str, str], str] = {}
    plain: dict[tuple[str, str], str] = {}
    kept: list[Word] = []
    for form, lemma, upos, xpos in rows:  # one lemma for a form and its part of speech
        is_usable = form and lemma and not (lemma.startswith(form) and len(lemma) > len(form) + 3)
        if is_usable and plain.setdefault((form, upos), lemma) == lemma:
            first[form, upos, xpos] = lemma
            kept.append((form, lemma, upos, xpos))
    learned = learn_lemmas(kept, lambda form: form, "en")
    for (form, upos, xpos), lemma in first.items():
        assert learned.lemma(form, upos, xpos, form) == lemma
    again = learn_lemmas(kept[::-1], lambda form: form, "en")
    assert (again.exceptions, again.endings, again.dictionary) == (
        learned.exceptions,
        learned.endings,
        learned.dictionary,
    )


@given(words, words)
def test_an_edit_leads_from_a_form_to_its_lemma(form: str, lemma: str) -> None:
    cut, added = edit_of(form, lemma)
    assert form[: len(form) - cut] + added == lemma


@given(st.dictionaries(st.tuples(st.just("A"), words), st.tuples(st.integers(0, 4), words), max_size=8), words)
def test_the_longest_ending_wins(endings: Mapping[tuple[str, str], tuple[int, str]], form: str) -> None:
    rules = LemmaRules("en", {}, endings, frozenset())
    fitting = [key[1] for key, edit in endings.items() if form.endswith(key[1]) and edit[0] <= len(form)]
    wanted = None
    if fitting:
        cut, added = endings["A", max(fitting, key=len)]
        wanted = form[: len(form) - cut] + added or None
    assert rules.by_ending(form, "A") == wanted


def test_keys_begin_with_the_most_exact_one() -> None:
    assert list(keys("VERB", "VBD")) == ["VERB VBD", "VERB"]
    assert list(keys("VERB", "")) == ["VERB"]


def test_analyser_heeds_tags_only_with_rules_of_its_language(rules: LemmaRules) -> None:
    analyser = TextAnalyser("en")
    assert analyser.lemma("saw") == "see"
    assert analyser.tagged_lemma("Saw", "NOUN", "NN", rules) == "saw"
    assert analyser.tagged_lemma("Saw", "VERB", "VBD", rules) == "see"
    assert (
        analyser.tagged_lemma("saw", "NOUN", "NN", LemmaRules("de", {("NOUN", "saw"): "x"}, {}, frozenset())) == "see"
    )
    assert analyser.tagged_lemma("saw", "NOUN", "NN", rules) == "saw"  # not what other rules gave
    assert (
        analyser.tagged_lemma("1999", "NUM", "CD", LemmaRules("en", {("NUM", "1999"): "year"}, {}, frozenset()))
        == "1999"
    )
    assert TextAnalyser("de").tagged_lemma("Saw", "NOUN", "NN", rules) == TextAnalyser("de").lemma("Saw")


@given(st.text(min_size=1, max_size=20), st.text(max_size=5), st.text(max_size=5))
def test_no_form_and_no_tag_raises(form: str, upos: str, xpos: str) -> None:
    rules = LemmaRules("en", {("A", "b"): ""}, {("A", ""): (1, ""), ("NOUN", "s"): (1, "")}, frozenset())
    assert TextAnalyser("en").tagged_lemma(form, upos, xpos, rules)
