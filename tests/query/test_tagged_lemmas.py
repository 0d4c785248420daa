"""Lemmas by part of speech: what is stored, what queries find, and what verification accepts."""

from __future__ import annotations

import random
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import stored
from fakes import TAGSET, FakeEncoder
from polyseme.indexer.build import BuildConfig, build, new_settings
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.schema import DATABASE_NAME
from polyseme.indexer.collection.stored_tokens import StoredTokens
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.errors import QueryError
from polyseme.indexer.reencode import reencode
from polyseme.indexer.text import Token, form_of, is_indexed
from polyseme.indexer.text.lemma_rules import LemmaRules
from polyseme.indexer.verify import verify
from polyseme.search.hits import Match, OccurrenceHit
from polyseme.search.query.parts_of_speech import alike
from polyseme.search.searcher import Searcher

from polyseme import Document, GivenSentence, GivenToken

RULES = LemmaRules(
    "en",
    {
        ("VERB", "saw"): "see",
        ("NOUN", "saw"): "saw",
        ("ADJ", "saw"): "saw",
        ("ADJ", "left"): "left",
        ("NOUN", "left"): "left",
        ("VERB VBD", "left"): "leave",
        ("VERB", "found"): "found",
        ("VERB VBD", "found"): "find",
    },
    {("NOUN", "s"): (1, ""), ("NOUN", ""): (0, "")},
    frozenset(),
)
WORDS = ["saw", "Saw", "saws", "see", "left", "leave", "found", "the", "of", "banks", "bank", "1999", ","]
CONFIG = BuildConfig(sample_sentences=16, segment_sentences=40)
ALL = 10**6


def tagged(tagger: str = "first") -> FakeEncoder:
    return FakeEncoder(tagger=tagger, rules=RULES)


def documents() -> list[Document]:
    chance = random.Random(11)
    texts = [" ".join(chance.choices(WORDS, k=9)).capitalize() + " it." for _ in range(60)]
    return [Document(f"d{n:02}", text) for n, text in enumerate(texts)]


BROUGHT = Document(
    "brought",
    "They saw left banks.",
    sentences=(
        GivenSentence(
            0,
            20,
            (
                GivenToken(5, 8, "sägen", "VERB", "VBD"),
                GivenToken(9, 13, None, "VERB", "VBD"),
                GivenToken(14, 19, None, None, "NNS"),
            ),
        ),
    ),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lemmas") / "c.pol"
    build(path, [*documents(), BROUGHT], CONFIG, tagged())
    return path


@pytest.fixture(scope="module")
def searcher(path: Path) -> Iterator[Searcher]:
    with Searcher.open(path, tagged()) as found:
        yield found


def lemma_of(searcher: Searcher, token: Token, upos: str, xpos: str) -> str:
    """Return the lemma that a token must have, by the rules alone."""
    return token.lemma if token.has_given_lemma else searcher.analyser.tagged_lemma(token.text, upos, xpos, RULES)


def tokens_with_lemmas(searcher: Searcher) -> dict[tuple[int, int], tuple[Token, str, str]]:
    """Return each token of the collection with its lemma and part of speech, by sentence and position."""
    encoder, found = tagged(), {}
    with closing(sqlite3.connect(searcher.collection.path / DATABASE_NAME)) as db:
        keys = [key for (key,) in db.execute("SELECT id FROM sentences")]
    for key in keys:
        given = searcher.collection.given_tokens(key)
        tokens = searcher.analyser.tokens(searcher.collection.sentence_text(key), given)
        tags = encoder.tags([token.text for token in tokens])
        assert tags is not None
        for n, token in enumerate(tokens):
            pos = token.pos or TAGSET.upos[tags.upos[n]]
            tag = token.tag or TAGSET.xpos[tags.xpos[n]]
            found[key, n] = token, lemma_of(searcher, token, pos, tag), pos
    return found


def places(hits: list[OccurrenceHit]) -> list[tuple[int, int]]:
    return sorted((hit.sentence_id, hit.position) for hit in hits)


def test_stored_lemmas_are_by_part_of_speech_unless_brought(searcher: Searcher) -> None:
    wanted = tokens_with_lemmas(searcher)
    assert searcher.collection.settings.tagged_lemmas
    with closing(sqlite3.connect(searcher.collection.path / DATABASE_NAME)) as db:
        rows = db.execute("SELECT sentence, position, form, lemma FROM occurrences JOIN types ON types.id = type")
        occurrences = {(sentence, position): (form, lemma) for sentence, position, form, lemma in rows}
    assert occurrences == {
        place: (form_of(token), lemma) for place, (token, lemma, _) in wanted.items() if is_indexed(token, False)
    }
    with searcher.collection.reading() as snapshot:
        tokens = StoredTokens(snapshot.segments.values(), searcher.collection.words())
        for (sentence, n), (_, lemma, pos) in wanted.items():
            word = (tokens.of_sentence(sentence) or [])[n][1]
            assert (word.lemma, word.pos) == (lemma, pos)
    forms = defaultdict(set)
    for form, lemma in occurrences.values():
        forms[form].add(lemma)
    assert {"see", "saw", "sägen"} <= forms["saw"]
    assert {"leave", "left"} <= forms["left"]
    assert {"find", "found"} <= forms["found"]


def test_a_target_finds_the_lemma_and_part_of_speech_that_it_has(searcher: Searcher) -> None:
    every = tokens_with_lemmas(searcher)
    asked = 0
    for (sentence, n), (token, lemma, pos) in every.items():
        if form_of(token) not in ("saw", "left", "found", "banks") or token.has_given_lemma or token.pos:
            continue
        text = searcher.collection.sentence_text(sentence)
        assert searcher.tokens(text)[n].lemma == lemma
        hits = searcher.occurrences((text, n), k=ALL)
        expected = [p for p, (t, one, o) in every.items() if one == lemma and o in alike(pos) and is_indexed(t, False)]
        assert places(hits) == sorted(expected)
        assert {hit.lemma for hit in hits} == {lemma}
        forms = {one for t, one, _ in every.values() if form_of(t) == form_of(token)}
        forms.add(searcher.analyser.lemma(token.text))
        others = searcher.occurrences((text, n), k=ALL, any_pos=True)
        assert places(others) == sorted(p for p, (t, one, _) in every.items() if one in forms and is_indexed(t, False))
        if len(others) > len(hits):
            left = f"{len(others) - len(hits)} occurrences have another part of speech; --any-pos includes them"
            assert hits.notice == left
        asked += 1
        if asked == 40:
            break
    assert asked == 40


@pytest.mark.parametrize(("pos", "lemma"), [("VERB", "see"), ("NOUN", "saw")])
def test_a_named_part_of_speech_decides_about_the_lemma(searcher: Searcher, pos: str, lemma: str) -> None:
    every = tokens_with_lemmas(searcher)
    for sentence in ("They [saw/{}] him.", "A [saw/{}] of the bank.", "saw [saw/{}] saw"):
        hits = searcher.occurrences(sentence.format(pos), k=ALL)
        assert hits
        assert places(hits) == sorted(p for p, (_, one, o) in every.items() if (one, o) == (lemma, pos))


def test_a_bare_word_is_a_lemma_of_the_collection_or_a_form(searcher: Searcher, tmp_path: Path) -> None:
    every = tokens_with_lemmas(searcher)
    for word in ("see", "saw", "leave", "left", "find"):
        assert len(searcher.senses(word).assignments) == sum(lemma == word for _, lemma, _ in every.values()), word
        assert searcher.holds(word)
    path = tmp_path / "one.pol"
    rules = LemmaRules("en", {(pos, "saw"): "cut" for pos in TAGSET.upos}, {}, frozenset())
    encoder = FakeEncoder(tagger="first", rules=rules)
    build(path, [Document("d", "The saw was there.")], CONFIG, encoder)
    with Searcher.open(path, encoder) as found:
        assert found.senses("saw").word == found.senses("cut").word == "cut"
        assert found.senses("saw").match is Match.LEMMA
        assert found.holds("saw")
        assert not found.holds("see")
        with pytest.raises(QueryError, match="does not hold 'see'"):
            found.senses("see")


def test_phrases_find_their_words_with_any_part_of_speech(searcher: Searcher) -> None:
    every = tokens_with_lemmas(searcher)
    lemmas = {}
    for word in ("saw", "left"):
        lemmas[word] = {one for t, one, _ in every.values() if form_of(t) == word} | {searcher.analyser.lemma(word)}
    expected = [
        (sentence, n)
        for (sentence, n), (_, lemma, _) in every.items()
        if lemma in lemmas["saw"] and every.get((sentence, n + 1), (None, "", ""))[1] in lemmas["left"]
    ]
    hits = searcher.occurrences("They [saw left] again.", k=ALL)
    assert expected
    assert places(hits) == sorted(expected)
    assert all(hit.lemma.split()[0] == every[hit.sentence_id, hit.position][1] for hit in hits)
    assert searcher.holds("saw left")


def test_words_of_a_sentence_meet_the_lemma_that_they_have(searcher: Searcher) -> None:
    every = tokens_with_lemmas(searcher)
    for hit in searcher.sentences("Saw left found bank", k=5, order="words", alike=False):
        tokens = searcher.tokens(hit.sentence)
        assert [token.lemma for token in tokens] == [every[hit.sentence_id, n][1] for n in range(len(tokens))]
        meetings = searcher.explain(hit, hit.sentence)
        assert {each.query_token for each in meetings if each.similarity > 0.99} == {
            token.text for token in tokens if is_indexed(token, False)
        }


def problems(path: Path, encoder: FakeEncoder | None = None) -> str:
    with Collection.open(path, is_checked=False) as collection:
        return "\n".join(verify(collection, encoder, sample=500).problems)


def test_verification_accepts_what_was_written(path: Path, tmp_path: Path) -> None:
    for encoder in (None, tagged(), tagged("second"), FakeEncoder()):
        assert problems(path, encoder) == ""
    copy = tmp_path / "c.pol"
    build(copy, documents()[:5], CONFIG, tagged())
    report = build(copy, [BROUGHT, Document("more", "He left, and he saw it.")], CONFIG, tagged("second"))
    assert any("are of another tagger" in notice for notice in report.notices)
    for encoder in (None, tagged("second")):
        assert problems(copy, encoder) == ""
    assert "differ in tokens or lemmas" not in problems(copy, tagged())


@pytest.mark.parametrize(
    ("sql", "is_found_alone"),
    [
        ("UPDATE types SET lemma = 'seen' WHERE lemma = 'see' AND form = 'saw'", True),
        ("UPDATE words SET lemma = 'seen' WHERE lemma = 'see' AND form = 'saw'", True),
        ("UPDATE words SET lemma = 'x' WHERE form = 'saw' AND lemma = 'sägen'", True),
        ("UPDATE words SET lemma = 'x' WHERE form = 'the'", False),
        ("UPDATE words SET pos = 'VERB', tag = 'VBD' WHERE form = 'left' AND pos = 'NOUN'", False),
    ],
)
def test_verification_finds_wrong_lemmas(tmp_path: Path, sql: str, is_found_alone: bool) -> None:
    path = tmp_path / "c.pol"
    build(path, [*documents(), BROUGHT], CONFIG, tagged())
    stored.change(path, sql)
    assert "differ in tokens or lemmas from its text, cut again" in problems(path, tagged())
    assert ("differ in tokens or lemmas from its text, cut again" in problems(path)) is is_found_alone


def test_collections_of_before_keep_their_lemmas_until_reencoded(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.pol"
    Collection.create(old, replace(new_settings(CONFIG, tagged()), tagged_lemmas=False)).close()
    stored.change(old, "DELETE FROM settings WHERE key = 'tagged_lemmas'")
    report = build(old, [*documents(), BROUGHT], CONFIG, tagged())
    (notice,) = report.notices
    assert notice == f"the lemmas of {old} are not by part of speech; `polyseme reencode` makes them so"
    assert problems(old, tagged()) == problems(old) == ""
    plain = FakeEncoder(tagger="first")
    with Searcher.open(old, tagged()) as searcher:
        text = searcher.collection.sentence_text(1)
        assert searcher.tokens(text) == searcher.analyser.tokens(text)
        assert {hit.lemma for hit in searcher.occurrences("We [saw] it.", k=ALL)} == {"see"}
        for any_pos in (False, True):
            assert len(searcher.occurrences("We [saw] it.", k=ALL, any_pos=any_pos)) > 0
    with Searcher.open(old, plain) as searcher:
        assert not searcher.collection.settings.tagged_lemmas
    reencode(old, model=tagged())
    assert problems(old, tagged()) == ""
    sql = "SELECT form, lemma, pos, tag FROM words ORDER BY form, lemma, pos, tag"
    with closing(sqlite3.connect(old / DATABASE_NAME)) as one, closing(sqlite3.connect(path / DATABASE_NAME)) as two:
        assert one.execute(sql).fetchall() == two.execute(sql).fetchall()


SENTENCES = {
    "verbs": "We saw the film last week. She left the house. They found the keys on the table.",
    "others": "The carpenter sharpened the saw. She wrote with her left hand.",
    "founded": "The brothers founded a company in London.",
}


def test_bundled_model_separates_saw_left_and_found(tmp_path: Path, default_encoder: ElmoEncoder) -> None:
    path = tmp_path / "c.pol"
    build(path, [Document(*item) for item in SENTENCES.items()], CONFIG, default_encoder)
    with Searcher.open(path, default_encoder) as searcher:

        def found(query: str, any_pos: bool = False) -> list[tuple[str, str]]:
            hits = searcher.occurrences(query, k=ALL, any_pos=any_pos)
            return sorted((hit.document_id, hit.lemma) for hit in hits)

        assert found("Yesterday I [saw] my friend.") == [("verbs", "see")]
        assert found("He cut the wood with a [saw].") == [("others", "saw")]
        assert found("He cut the wood with a [saw].", any_pos=True) == [("others", "saw"), ("verbs", "see")]
        assert found("He [left] the town early.") == [("verbs", "leave")]
        assert found("He [found] his wallet.") == [("verbs", "find")]
        assert found("She [founded] a school.") == [("founded", "found")]
        assert [hit.document_id for sense in searcher.senses("see").senses for hit in sense.central] == ["verbs"]
        assert [hit.document_id for sense in searcher.senses("saw").senses for hit in sense.central] == ["others"]
        assert {hit.document_id for sense in searcher.senses("left").senses for hit in sense.central} == {"others"}
    with Collection.open(path) as collection:
        assert verify(collection, default_encoder).problems == ()
