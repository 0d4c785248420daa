"""The session of a lexicographer in docs/guide/senses.md, step by step, on a part of the texts that it was held on."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.search.hits import OccurrenceHit
from polyseme.search.query.parts_of_speech import alike
from polyseme.search.searcher import Searcher
from polyseme.search.senses.inventory import SenseInventory
from polyseme.ui.entries import EntryFormat, entry_bytes
from selectolax.lexbor import LexborHTMLParser

from benchmarks.lib.corpus import source_documents

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
SOURCES = ("federal-reserve", "openstax-ccby", "recipes", "standardebooks", "wikinews", "wikipedia-2018-new")
DOCUMENTS = 100
"""Number of documents of 60 lines that are read of each text."""
PER_SOURCE = {"charge": 60, "note": 15, "court": 15, "season": 30, "left": 25}
"""Maximum number of sentences with a word that are taken of each text."""
FORMS = {
    "charge": "charge|charges|charged|charging",
    "note": "note|notes|noted|noting",
    "court": "court|courts",
    "season": "season|seasons|seasoned|seasoning",
    "left": "left|leave|leaves|leaving",
}
CRIME = re.compile(
    r"murder|assault|arrest|crime|guilty|felony|convict|treason|theft|fraud|illegal|kidnap", re.IGNORECASE
)
TASK = re.compile(
    r"with (\w+ly )?(ensur|carry|review|overs|protect|enforc|explor|investigat|implement|decid|develop|regulat)"
    r"|responsibility|task|dut(y|ies)",
    re.IGNORECASE,
)
SPORT = re.compile(r"team|league|club|game|coach|cup|score|goal|play|match|champion|football|race|win", re.IGNORECASE)
COOKING = re.compile(r"salt|pepper|paprika|olive|garlic|sauce|taste|cook", re.IGNORECASE)
SHOPPING = re.compile(r"sale|retail|holiday|christmas|tourist|shop|store", re.IGNORECASE)


def sentences_with(words: dict[str, str], sources: Sequence[str]) -> Iterator[Document]:
    """Yield sentences with each word as documents, evenly taken, and as many of each text as possible."""
    patterns = {word: re.compile(rf"\b({forms})\b", re.IGNORECASE) for word, forms in words.items()}
    every = re.compile("|".join(words.values()).casefold())  # most sentences have none of the words
    for source in sources:
        found: dict[str, list[str]] = {word: [] for word in words}
        for document in itertools.islice(source_documents(CORPUS / f"{source}.txt.xz"), DOCUMENTS):
            for sentence in re.split(r"(?<=[.!?]) +|\n", document.text):
                if not every.search(sentence.casefold()):
                    continue
                word = next((word for word, pattern in patterns.items() if pattern.search(sentence)), None)
                if word is not None:
                    found[word].append(sentence)
        for word, texts in found.items():
            wanted = PER_SOURCE[word]
            step = max(1.0, len(texts) / wanted)
            for number in range(min(wanted, len(texts))):
                yield Document(f"{source}/{word}/{number}", texts[int(number * step)], {"source": source})


@pytest.fixture(scope="session")
def session_searcher(tmp_path_factory: pytest.TempPathFactory, default_encoder: ElmoEncoder) -> Iterator[Searcher]:
    """Yield a searcher on sentences with the five words, in which `accuse` and `entrust` are judged by three lines."""
    if not CORPUS.is_dir():
        pytest.skip("the shared test data is not here")
    path = tmp_path_factory.mktemp("session") / "session.pol"
    build(path, sentences_with(FORMS, SOURCES), model=default_encoder)
    with Searcher.open(path, default_encoder) as searcher:
        yield searcher


@pytest.fixture(scope="module")
def charge(session_searcher: Searcher) -> SenseInventory:
    return session_searcher.senses("charge")


@pytest.fixture(scope="module")
def judged(session_searcher: Searcher, charge: SenseInventory) -> dict[str, list[int]]:
    """Give three lines each of *charge with* the senses `accuse` and `entrust`. Return their ids."""
    places = session_searcher.pattern('[lemma="charge" & pos="VERB"] "with"', 1000, at=1)
    found = {
        "accuse": [hit.occurrence_id for hit in places if CRIME.search(after(hit))][:3],
        "entrust": [hit.occurrence_id for hit in places if TASK.search(after(hit)) and not CRIME.search(after(hit))][
            :3
        ],
    }
    for name, ids in found.items():
        session_searcher.annotate(ids, "ann", sense=name)
    session_searcher.edit_sense("charge", "accuse", definition="to say that somebody did wrong", author="ann")
    return found


@pytest.fixture(scope="module")
def corrected(session_searcher: Searcher, judged: dict[str, list[int]]) -> SenseInventory:
    return session_searcher.senses("charge", known=session_searcher.judged_senses("charge"))


def after(hit: OccurrenceHit) -> str:
    """Return the beginning of the text after the node."""
    return hit.sentence[hit.end :][:60]


def members(searcher: Searcher, inventory: SenseInventory, number: int) -> list[OccurrenceHit]:
    return [hit for hit, _ in searcher.sense_occurrences(inventory, number)]


def share(hits: Sequence[OccurrenceHit], words: re.Pattern[str]) -> float:
    """Return the share of lines that have one of these words."""
    return sum(words.search(hit.sentence) is not None for hit in hits) / len(hits)


def test_nouns_and_verbs_have_senses_of_their_own(session_searcher: Searcher, charge: SenseInventory) -> None:
    assert {"NOUN", "VERB"} <= {sense.pos for sense in charge.senses}
    for word, match, errors in (("charge", "lemma", 0.0), ("note", "lemma", 0.1), ("left", "form", 0.1)):
        inventory = charge if word == "charge" else session_searcher.senses(word, match)
        for sense in inventory.senses:  # a part of speech with few lines is an error of the tagger, and joins another
            parts = [hit.pos for hit in members(session_searcher, inventory, sense.number)]
            verbs = sum(pos in alike("VERB") for pos in parts) / len(parts)
            assert verbs >= 1 - errors if sense.pos == "VERB" else verbs <= errors, (word, sense.number)


def test_the_senses_of_charge_are_crime_price_and_electricity(charge: SenseInventory) -> None:
    words = {
        sense.number: {word.lemma for word in sense.labels} | set(" ".join(p.lemma for p in sense.phrases).split())
        for sense in charge.senses
    }
    pos = {sense.number: sense.pos for sense in charge.senses}
    for part, word in (("VERB", "price"), ("VERB", "murder"), ("NOUN", "criminal"), ("NOUN", "positive")):
        assert any(word in found for number, found in words.items() if pos[number] == part), (part, word)


def test_finer_senses_divide_those_of_charge(session_searcher: Searcher, charge: SenseInventory) -> None:
    finer = session_searcher.senses("charge", number=len(charge.senses) + 2)
    assert len(finer.senses) > len(charge.senses)
    both = [(finer.assignments[key], number) for key, number in charge.assignments.items()]
    parents = {fine: number for fine, number in both if fine is not None}
    assert {fine for fine, _ in both if fine is not None} == set(parents)
    assert all(parents[fine] == number for fine, number in both if fine is not None and number is not None)
    assert set(parents.values()) - {None} == {sense.number for sense in charge.senses}


def test_finer_senses_of_season_are_sport_shopping_and_cooking(session_searcher: Searcher) -> None:
    inventory = session_searcher.senses("season", number=6)
    lines = {sense.number: members(session_searcher, inventory, sense.number) for sense in inventory.senses}
    found = []
    for words, others in ((SPORT, COOKING), (COOKING, SPORT), (SHOPPING, COOKING)):
        number = max(lines, key=lambda number: share(lines[number], words))
        assert share(lines[number], words) > 0.5, words.pattern
        assert share(lines[number], others) < 0.2, words.pattern
        found.append(number)
    assert len(set(found)) == 3


def test_left_is_a_direction_and_a_verb(session_searcher: Searcher) -> None:
    inventory = session_searcher.senses("left", "form")
    right = re.compile(r"\bright\b|side|hand|arm|artery|ventricle|wing", re.IGNORECASE)
    shares: dict[bool, list[float]] = {True: [], False: []}
    for sense in inventory.senses:
        shares[sense.pos == "VERB"].append(share(members(session_searcher, inventory, sense.number), right))
    assert max(shares[False]) > 0.5 > max(shares[True][:1])


def test_no_sense_shows_a_sentence_twice(session_searcher: Searcher, charge: SenseInventory) -> None:
    for sense in (*charge.senses, *session_searcher.senses("court").senses):
        sentences = [" ".join(hit.sentence.split()) for hit in sense.central]
        assert len(set(sentences)) == len(sentences)


def test_a_pattern_finds_charge_with_up_to_two_words_between(session_searcher: Searcher) -> None:
    query = '[lemma="charge" & pos="VERB"] []{0,2} [lemma="with"]'
    places = session_searcher.pattern(query, 1000)
    assert len(places) > 10
    for hit in places:
        assert re.fullmatch(
            r"charg(e|es|ed|ing)(\W+\w+){0,2}?\W+with", hit.sentence[hit.start : hit.end], re.IGNORECASE
        )
    verbs = session_searcher.pattern(query, 1000, at=1)
    assert {(hit.lemma, hit.pos) for hit in verbs} == {("charge", "VERB")}
    assert [hit.sentence_id for hit in verbs] == [hit.sentence_id for hit in places]


def test_three_corrected_lines_stay_and_others_follow(
    session_searcher: Searcher, charge: SenseInventory, judged: dict[str, list[int]], corrected: SenseInventory
) -> None:
    named = {sense.name: sense.number for sense in corrected.senses if sense.name}
    assert set(named) == {"accuse", "entrust"}
    for name, ids in judged.items():
        assert {corrected.assignments[key] for key in ids} == {named[name]}
    senses = [{charge.assignments[key] for key in ids} for ids in judged.values()]
    assert senses[0] & senses[1]  # one sense had lines of both
    before = senses[0] | senses[1]
    followers = {
        name: [
            hit.occurrence_id
            for hit in members(session_searcher, corrected, number)
            if hit.occurrence_id not in judged[name] and charge.assignments[hit.occurrence_id] in before
        ]
        for name, number in named.items()
    }
    lines = {hit.occurrence_id: hit for hit in session_searcher.lines("charge")}
    assert all(followers.values())
    crime = {
        name: sum(bool(CRIME.search(after(lines[key]))) for key in keys) / len(keys) for name, keys in followers.items()
    }
    assert crime["accuse"] > 2 * crime["entrust"]


def test_the_entry_has_the_judged_senses(
    session_searcher: Searcher, judged: dict[str, list[int]], corrected: SenseInventory
) -> None:
    entry = session_searcher.entry("charge", per_sense=2)
    assert [(one.name, one.size) for one in entry.senses if one.is_judged] == [
        (sense.name, sense.size) for sense in corrected.senses if sense.name
    ]
    assert {one.name: one.definition for one in entry.senses}["accuse"] == "to say that somebody did wrong"
    assert {one.name: one.judged for one in entry.senses if one.is_judged} == {
        name: len(ids) for name, ids in judged.items()
    }
    assert entry.periods == ()  # these documents have no dates
    for one in entry.senses:
        for example in one.examples:
            assert corrected.assignments[example.occurrence_id] == one.number
            assert example.sentence[example.start : example.end].casefold().startswith("charg")
    tree = LexborHTMLParser(entry_bytes(entry, EntryFormat.HTML).decode())
    assert [node.text() for node in tree.css("h2")] == [f"{one.number}. {one.name} ({one.pos})" for one in entry.senses]


def test_judged_lines_are_a_filter_and_counted(session_searcher: Searcher, judged: dict[str, list[int]]) -> None:
    kept = session_searcher.lines("charge", where="annotation.sense=entrust")
    assert {hit.occurrence_id for hit in kept} == set(judged["entrust"])
    found = session_searcher.frequency("charge", by="source")
    lines = Counter(hit.metadata["source"] for hit in session_searcher.lines("charge"))
    assert {row["value"]: row["count"] for row in found.to_dicts() if row["count"]} == dict(lines)
