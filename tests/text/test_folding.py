"""Folding of forms: spellings that are the same, spellings that are not, and collections with an older folding."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeEncoder
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polyseme.indexer import build as building
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.records import CollectionSettings
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import QueryError
from polyseme.indexer.reencode import reencode
from polyseme.indexer.text import TextAnalyser, fold, folding_of, form_of
from polyseme.indexer.vectorise import SentenceModel
from polyseme.indexer.verify import verify
from polyseme.search.searcher import Searcher

SPECIAL = "iIİı\u0307sσςΣßẞſ'’\u2018\u00ad\u200b\u200c\u200d‐ﬁﬀ\u0300\u0345\u0640ـﺑ𝐛Ｂ"
WORDS = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(SPECIAL)), max_size=12)


@settings(deadline=None, max_examples=500)
@given(WORDS, st.sampled_from(["", "en", "de", "el", "tr"]))
@example("\u03f9", "el")
@example("\ufcf2", "ar")
def test_folding_twice_changes_nothing(text: str, language: str) -> None:
    assert fold(fold(text, language), language) == fold(text, language)


@settings(deadline=None, max_examples=500)
@given(WORDS)
def test_composed_and_decomposed_spellings_fold_to_the_same(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text)) == fold(text)


@given(st.text(st.characters(codec="ascii")))
def test_ascii_is_only_lowered(text: str) -> None:
    assert fold(text) == text.lower().replace("`", "'")


@pytest.mark.parametrize(
    "same",
    [
        ("cooperate", "co\u00adoperate", "Co\u200bop\u2060erate", "\ufeffCOOPERATE", "coo\u200dperate"),
        ("don't", "don’t", "DONʼT", "don\u2018t", "don´t", "don`t", "don＇t"),
        ("soft", "ſoft", "Soft", "ＳＯＦＴ", "𝐬𝐨𝐟𝐭"),
        ("café", "cafe\u0301", "CAFÉ", "CAFE\u0301"),
        ("office", "oﬃce", "OFFICE", "of\u00adfice"),
        ("straße", "Straße", "STRAẞE", "Stra\u00adße"),
        ("παπαδόπουλος", "Παπαδόπουλος", "ΠΑΠΑΔΌΠΟΥΛΟΣ", "παπαδόπουλοσ"),
        ("self-control", "Self\u2010control", "self\u2011control", "SELF-CONTROL"),
        ("istanbul", "İstanbul", "i\u0307stanbul", "I\u0307STANBUL"),
        ("ångström", "A\u030angstro\u0308m", "\u212bngström"),
        ("ijsberg", "ĳsberg", "Ĳsberg", "IJSBERG"),
        ("džep", "ǆep", "ǅep", "Džep"),
        ("كتاب", "كـتـاب", "ﻛﺘﺎﺏ", "\u200fكتاب"),
    ],
    ids=lambda same: same[0],
)
def test_spellings_that_people_see_as_the_same_are_one_form(same: tuple[str, ...]) -> None:
    assert {fold(word) for word in same} == {same[0]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Maßen", "Massen"),
        ("Buße", "Busse"),
        ("m²", "m2"),
        ("x₁", "x1"),
        ("schon", "schön"),
        ("resume", "résumé"),
        ("നന്‍മ", "നന്മ"),  # a joiner after a letter of an Indic script
        ("نامه\u200cای", "نامهای"),
        ("½", "1/2"),
        ("№", "No"),
    ],
)
def test_different_spellings_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize("word", ["ทำ", "ຳ", "한국", "œuvre", "æther", "ǿ", "ﷺ", "¼", "5℃"])
def test_what_people_write_in_small_letters_is_its_own_fold(word: str) -> None:
    assert fold(word) == word.lower() or word == "5℃"


def test_turkish_has_two_letters_i() -> None:
    assert [fold(word, "tr") for word in ("Işık", "IŞIK", "ışık", "İzmir", "DİŞ")] == ["ışık"] * 3 + ["izmir", "diş"]
    turkish = TextAnalyser("tr")
    assert {form_of(token) for token in turkish.tokens("Işık IŞIK ışık")} == {"ışık"}
    assert {token.lemma for token in turkish.tokens("Işık IŞIK ışık")} == {"ışık"}


@pytest.mark.parametrize(
    ("language", "form", "lemma"),
    [
        ("de", "Straßen", "straße"),
        ("de", "STRAẞEN", "straße"),
        ("de", "Stra\u00adßen", "straße"),
        ("de", "HÄUSER", "haus"),
        ("de", "Ha\u0308user", "haus"),
        ("el", "Παπαδόπουλος", "παπαδόπουλος"),
        ("el", "ΤΡΆΠΕΖΕΣ", "τράπεζα"),
        ("en", "BANKS", "bank"),
        ("en", "bank\u00ading", "banking"),
        ("en", "ſongs", "song"),
        ("en", "oﬃces", "office"),
        ("fr", "cafe\u0301s", "café"),
    ],
)
def test_lemmas_are_written_as_people_write_them(language: str, form: str, lemma: str) -> None:
    assert TextAnalyser(language).lemma(form) == lemma


def test_function_words_are_found_in_every_spelling() -> None:
    kinds = {token.text: token.kind for token in TextAnalyser("de").tokens("Außer AUẞER ausser Muſs daß BÜCHER")}
    assert {kind for word, kind in kinds.items() if word not in ("BÜCHER", "Muſs")} == {kinds["daß"]}
    assert kinds["BÜCHER"] != kinds["daß"]


GERMAN = [
    Document("mass", "Er trank Wein in Maßen und sprach wenig."),
    Document("masses", "Die Leute kamen in Massen auf den Platz."),
    Document("strasse", "Die Straße war lang und leer."),
]
ENGLISH = [
    Document("typographic", "They don’t know where the soft light came from."),
    Document("old", "A ſoft anſwer turneth away wrath, ſaid the clerk."),
    Document("decomposed", "We sat in the cafe\u0301 until the evening."),
    Document("hyphenated", "The two banks co\u00adoperate in small matters."),
]


@pytest.mark.parametrize("old", [False, True], ids=["new collection", "collection with full case folding"])
def test_a_collection_is_searched_with_the_folding_it_was_made_with(
    old: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.pol"
    if old:
        monkeypatch.setattr(building, "new_settings", _old_settings)
    build(path, GERMAN[:2], BuildConfig(language="de"), model=FakeEncoder())
    monkeypatch.undo()
    report = build(path, GERMAN, BuildConfig(language="de"), model=FakeEncoder())  # an old collection grows
    assert any("reencode" in notice for notice in report.notices) is old
    with Searcher.open(path, FakeEncoder()) as searcher:
        found = searcher.occurrences("Alles in [Maßen] trinken.", match="form")
        assert [hit.token for hit in found] == (["Maßen", "Massen"] if old else ["Maßen"])
        assert {hit.lemma for hit in searcher.occurrences("Eine [Straße].")} == {"strasse" if old else "straße"}
        assert len(searcher.occurrences("[Straße]", match="form")) == 1
    with Collection.open(path) as collection:
        checked = verify(collection, FakeEncoder())
        assert (checked.problems, checked.documents_cut) == ((), 3)


def test_reencoding_brings_an_old_collection_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.pol"
    monkeypatch.setattr(building, "new_settings", _old_settings)
    build(path, GERMAN, BuildConfig(language="de"), model=FakeEncoder())
    monkeypatch.undo()
    with Searcher.open(path, FakeEncoder()) as searcher:
        searcher.save_named_sense("road", positive=searcher.occurrences("Die [Straße] war lang."))
        assert searcher.named_sense("road").word == "strasse"
    reencode(path, model=FakeEncoder())
    with Searcher.open(path, FakeEncoder()) as searcher:
        assert [hit.token for hit in searcher.apply_named_sense("road")] == ["Straße"]
        assert [hit.token for hit in searcher.occurrences("In [Maßen].", match="form")] == ["Maßen"]


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("They [don't] know.", "typographic"),
        ("A [soft] answer.", "old"),
        ("A [ſoft] light.", "typographic"),
        ("Coffee in the [café].", "decomposed"),
        ("They [cooperate].", "hyphenated"),
        ("They [co\u00adoperate].", "hyphenated"),
    ],
)
def test_a_form_is_found_in_every_spelling(query: str, document: str, tmp_path: Path) -> None:
    build(tmp_path / "c.pol", ENGLISH, BuildConfig(function_words=True), model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        assert document in {hit.document_id for hit in searcher.occurrences(query, match="form")}


def test_a_word_of_no_collection_is_named_in_the_error(tmp_path: Path) -> None:
    build(tmp_path / "c.pol", GERMAN, BuildConfig(language="de"), model=FakeEncoder())
    with (
        Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher,
        pytest.raises(QueryError, match="Flüsse"),
    ):
        searcher.senses("Flüsse")


def test_the_recorded_name_decides_the_version() -> None:
    newest = TextAnalyser("de").name
    assert folding_of("de", newest) == folding_of("de")
    assert folding_of("de", newest.replace(" fold 2;", "")).version == 1
    assert folding_of("de", newest.replace(" fold 2;", " fold 99;")).version == 2
    assert TextAnalyser("de", newest).name == newest
    assert TextAnalyser("de", newest.replace(" fold 2;", "")).name == newest.replace(" fold 2;", "")


def _old_settings(
    config: BuildConfig, encoder: FakeEncoder, sentence_model: SentenceModel | None = None
) -> CollectionSettings:
    made = _NEW_SETTINGS(config, encoder, sentence_model)
    return replace(made, tokeniser=made.tokeniser.replace(" fold 2;", ""))


_NEW_SETTINGS = building.new_settings
