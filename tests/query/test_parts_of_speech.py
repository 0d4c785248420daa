"""Filters and queries by part of speech keep what a comparison of every occurrence keeps."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import stored
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build, new_settings
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.errors import QueryError
from polyseme.search.hits import OccurrenceHit
from polyseme.search.query.parts_of_speech import alike
from polyseme.search.query.target import Target, parse_target
from polyseme.search.searcher import Searcher

from polyseme import Document

WORDS = ["bank", "Bank", "banks", "the", "river", "of", "charge", "charged", "saw", "a", "loan"]
CONFIG = BuildConfig(sample_sentences=16, segment_sentences=40)
ALL = 10**6


def documents(more: dict[str, str] | None = None) -> list[Document]:
    chance = random.Random(7)
    texts = [" ".join(chance.choices(WORDS, k=9)).capitalize() + "." for _ in range(60)]
    return [Document(f"d{n:02}", text, {"year": 1900 + n, **(more or {})}) for n, text in enumerate(texts)]


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    path = tmp_path_factory.mktemp("pos") / "c.pol"
    build(path, documents(), CONFIG, FakeEncoder(tagger="first"))
    with Searcher.open(path, FakeEncoder(tagger="first")) as found:
        yield found


def ids(hits: list[OccurrenceHit]) -> list[int]:
    return [hit.occurrence_id for hit in hits]


def everything(searcher: Searcher, word: str = "bank", any_pos: bool = True) -> list[OccurrenceHit]:
    return searcher.occurrences(f"They saw the [{word}] again.", k=ALL, any_pos=any_pos)


def test_hits_have_the_tags_of_the_tagger(searcher: Searcher) -> None:
    encoder = FakeEncoder(tagger="first")
    hits = everything(searcher)
    assert len({hit.pos for hit in hits}) > 2
    for hit in hits:
        tokens = [token.text for token in searcher.analyser.tokens(hit.sentence)]
        tags = encoder.tags(tokens)
        assert tags is not None
        assert encoder.tagset is not None
        assert hit.pos == encoder.tagset.upos[tags.upos[hit.position]]
        assert hit.tag == encoder.tagset.xpos[tags.xpos[hit.position]]
        assert hit.tag == searcher.hits([hit.occurrence_id])[0].tag
    row = hits.to_dicts()[0]  # type: ignore[attr-defined]
    assert (row["pos"], row["tag"]) == (hits[0].pos, hits[0].tag)
    (phrase, *_) = searcher.occurrences("the [bank of the]", k=1)
    if phrase.token.count(" "):
        assert len(phrase.pos.split()) == 3


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ("pos=NOUN", lambda pos: pos == "NOUN"),
        ("pos=NOUN|VERB", lambda pos: pos in ("NOUN", "VERB")),
        ("pos!=NOUN", lambda pos: pos != "NOUN"),
    ],
)
@pytest.mark.parametrize("match", ["lemma", "any"])
def test_filter_by_part_of_speech_keeps_what_has_it(searcher: Searcher, where: str, wanted: object, match: str) -> None:
    assert callable(wanted)
    query = "They saw the [bank] again."
    every = searcher.occurrences(query, k=ALL, match=match, any_pos=True)
    expected = [hit.occurrence_id for hit in every if wanted(hit.pos)]
    assert 0 < len(expected) < len(every)
    found = searcher.occurrences(query, k=ALL, match=match, where=where, any_pos=True)
    assert sorted(ids(found)) == sorted(expected)
    assert searcher.occurrences(query, k=3, match=match, where=where, any_pos=True) == found[:3]
    years = [where, "year=1910..1930"]
    both = searcher.occurrences(query, k=ALL, match=match, where=years, any_pos=True)
    assert {hit.occurrence_id for hit in both} == {
        hit.occurrence_id for hit in every if wanted(hit.pos) and 1910 <= int(str(hit.metadata["year"])) <= 1930
    }


def test_filter_of_sentences_and_patterns_and_senses(searcher: Searcher) -> None:
    nouns = {hit.sentence_id for hit in searcher.pattern('[pos="NOUN"]', k=ALL)}
    found = {hit.sentence_id for hit in searcher.sentences("the river bank", k=ALL, where="pos=NOUN", alike=False)}
    assert found == nouns
    without = {hit.sentence_id for hit in searcher.sentences("the river bank", k=ALL, where="pos!=NOUN", alike=False)}
    assert not nouns & without
    assert len(nouns | without) == 60
    places = searcher.pattern('"the" []', k=ALL, where="pos=VERB")
    assert places
    assert [hit.occurrence_id for hit in places] == [
        hit.occurrence_id for hit in searcher.pattern('"the" []', k=ALL) if "VERB" in hit.pos.split()
    ]
    verbs = {hit.occurrence_id for hit in everything(searcher) if hit.pos == "VERB"}
    assert set(searcher.senses("bank", where="pos=VERB").assignments) == verbs


@pytest.mark.parametrize("where", ["pos=noun", "pos=NOUN|NOPE", "pos=A..B"])
def test_wrong_filters_are_refused_with_what_there_is(searcher: Searcher, where: str) -> None:
    with pytest.raises(QueryError, match=r"no word has the part of speech '(noun|NOPE)'; the collection|have no order"):
        searcher.occurrences("a [bank]", where=where)


def test_lemma_search_respects_the_part_of_speech_of_the_target(searcher: Searcher) -> None:
    every = everything(searcher)
    seen = set()
    for sentence in {hit.sentence for hit in every}:
        for target in [n for n, t in enumerate(searcher.analyser.tokens(sentence)) if t.lemma == "bank"]:
            found = searcher.occurrences((sentence, target), k=ALL)
            pos = next(hit.pos for hit in every if (hit.sentence, hit.position) == (sentence, target))
            seen.add(pos)
            assert {hit.pos for hit in found} <= alike(pos)
            assert sorted(ids(found)) == sorted(hit.occurrence_id for hit in every if hit.pos in alike(pos))
            assert found.notice == (
                f"{len(every) - len(found)} occurrences have another part of speech; --any-pos includes them"
            )
            assert found[0].score >= 0.999
            assert sorted(ids(searcher.occurrences((sentence, target), k=ALL, any_pos=True))) == sorted(ids(every))
            form = searcher.occurrences((sentence, target), k=ALL, match="form")
            assert len({hit.pos for hit in form}) > 1
    assert len(seen) > 2


def test_query_may_name_the_part_of_speech(searcher: Searcher) -> None:
    every = everything(searcher, "charge")
    verbs = searcher.occurrences("They [charge/VERB] him with theft.", k=ALL)
    assert sorted(ids(verbs)) == sorted(hit.occurrence_id for hit in every if hit.pos == "VERB")
    assert verbs
    form = searcher.occurrences("They [charge/VERB] him with theft.", k=ALL, match="form")
    assert ids(form) == [key for key in ids(verbs) if key in ids(form)]
    none = searcher.occurrences("They [charge/INTJ] him.", k=ALL)
    assert not none
    assert none.notice == "'charge' does not occur as INTJ here"
    for wrong in (("a [bank/NOUN] of", "any"), ("a [bank of/NOUN] it", "lemma")):
        with pytest.raises(QueryError, match="/NOUN after a word says its part of speech"):
            searcher.occurrences(wrong[0], match=wrong[1])


def test_part_of_speech_is_cut_from_the_target() -> None:
    assert parse_target("They [ charge/VERB ] him.") == Target("They  charge  him.", 6, 12, "VERB")
    assert parse_target("an [input/OUTPUT] box") == Target("an input/OUTPUT box", 3, 15)
    assert parse_target("the [/NOUN] sign") == Target("the /NOUN sign", 4, 9)
    assert parse_target("[and/or/CCONJ]") == Target("and/or", 0, 6, "CCONJ")


def test_metadata_field_of_that_name_is_renamed_and_one_of_before_stays(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    build(path, documents({"pos": "left"}), CONFIG, FakeEncoder(tagger="first"))
    with Searcher.open(path, FakeEncoder(tagger="first")) as searcher:
        every = everything(searcher)
        assert ids(searcher.occurrences("a [bank]", k=ALL, where="meta.pos=left", any_pos=True)) != []
        nouns = searcher.occurrences("a [bank]", k=ALL, where="pos=NOUN", any_pos=True)
        assert sorted(ids(nouns)) == sorted(hit.occurrence_id for hit in every if hit.pos == "NOUN")
    stored.change(path, "UPDATE metadata SET field = 'pos' WHERE field = 'meta.pos'")
    with Searcher.open(path, FakeEncoder(tagger="first")) as searcher:
        found = searcher.occurrences("a [bank]", k=ALL, where="pos=left", any_pos=True)
        assert sorted(ids(found)) == sorted(ids(every))


def test_collections_of_before_say_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "old.pol"
    encoder = FakeEncoder(tagger="first")
    Collection.create(path, replace(new_settings(CONFIG, encoder), tagger_id=None)).close()
    build(path, documents(), CONFIG, encoder)
    with Searcher.open(path, encoder) as searcher:
        assert {hit.pos for hit in everything(searcher, any_pos=False)} == {""}
        asks: list[Callable[[], object]] = [
            lambda: searcher.occurrences("a [bank]", where="pos=NOUN"),
            lambda: searcher.occurrences("a [bank/NOUN]"),
            lambda: searcher.pattern('"bank"'),
        ]
        for ask in asks:
            with pytest.raises(QueryError, match=r"run `polyseme reencode|`polyseme reencode .*` adds them"):
                ask()
