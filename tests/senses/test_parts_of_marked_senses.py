"""A sense of marked lines holds only their parts of speech, as induced senses do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import build
from polyseme.indexer.documents import Document, GivenSentence, GivenToken
from polyseme.indexer.errors import QueryError
from polyseme.search.hits import OccurrenceHit
from polyseme.search.searcher import Searcher
from polyseme.search.senses import branches

NOUN = ["The", "charge", "for", "a", "loan", "of", "money", "was", "paid", "at", "the", "bank"]
VERB = ["They", "charge", "him", "with", "murder", "before", "a", "river", "judge"]


def document(number: int, words: list[str], pos: str) -> Document:
    text = " ".join([*words, f"number{number}."])
    start = text.index("charge")
    token = GivenToken(start, start + len("charge"), "charge", pos)
    return Document(f"d{number:02}", text, {"pos": pos}, sentences=(GivenSentence(0, len(text), (token,)),))


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Searcher]:
    """Open a collection with 20 nouns, 16 verbs and one adjective, which is an error of the tagger."""
    path = tmp_path_factory.mktemp("marked") / "c.pol"
    documents = [document(n, NOUN, "PROPN" if n % 5 == 0 else "NOUN") for n in range(20)]
    documents += [document(n, VERB, "VERB") for n in range(20, 36)]
    build(path, [*documents, document(36, NOUN, "ADJ")], model=FakeEncoder())
    with Searcher.open(path, FakeEncoder()) as opened:
        yield opened


def lines(searcher: Searcher, pos: str) -> list[OccurrenceHit]:
    return [hit for hit in searcher.occurrences("a [charge]", k=99, any_pos=True) if hit.pos == pos]


def held(searcher: Searcher, name: str) -> dict[str, int]:
    """Count the lines of a named sense by part of speech."""
    found: dict[str, int] = {}
    for hit in searcher.apply_named_sense(name, k=99):
        found[hit.pos] = found.get(hit.pos, 0) + 1
    return found


def test_a_sense_of_nouns_holds_no_verb_unless_any_part_of_speech_may(
    searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branches, "SAME_USE", 1.1)  # the vectors of the fake encoder are near each other
    monkeypatch.setattr("polyseme.search.senses.named._threshold", lambda view, inside: -1.0)
    nouns, verbs = lines(searcher, "NOUN"), lines(searcher, "VERB")
    made = searcher.save_named_sense("fee", positive=nouns[:2])
    assert made.apart == ("AUX", "VERB")
    assert held(searcher, "fee") == {"NOUN": 16, "PROPN": 4, "ADJ": 1}
    assert len(searcher.occurrences("a [charge]", k=99, any_pos=True, where="sense=fee")) == 21
    made = searcher.save_named_sense("accuse", positive=verbs[:3], negative=nouns[:1])
    assert made.apart == ("NOUN", "PROPN")
    assert set(held(searcher, "accuse")) <= {"VERB", "ADJ"}
    assert held(searcher, "accuse")["VERB"] == 16
    searcher.save_named_sense("fee", positive=nouns[:2], replace=True, any_pos=True)
    assert held(searcher, "fee") == {"NOUN": 16, "PROPN": 4, "VERB": 16, "ADJ": 1}
    both = searcher.save_named_sense("both", positive=[nouns[0], verbs[0]])
    assert both.apart == ()
    (stray,) = lines(searcher, "ADJ")  # it is in the branch of the nouns, which it is like
    assert searcher.save_named_sense("stray", positive=[stray]).apart == ("AUX", "VERB")


def test_a_judged_sense_follows_the_same_rule(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(branches, "SAME_USE", 1.1)
    monkeypatch.setattr("polyseme.search.senses.named._threshold", lambda view, inside: -1.0)
    searcher.annotate(lines(searcher, "NOUN")[:2], "ann", sense="fee of judged lines")
    found = searcher.occurrences("a [charge]", k=99, any_pos=True, where="sense=fee of judged lines")
    assert {hit.pos for hit in found} == {"NOUN", "PROPN", "ADJ"}


def test_parts_of_speech_that_are_used_alike_are_not_told_apart(searcher: Searcher) -> None:
    made = searcher.save_named_sense("alike", positive=lines(searcher, "NOUN")[:2], replace=True)
    assert made.apart in ((), ("AUX", "VERB"))
    inventory = searcher.senses("charge")
    assert bool(made.apart) is (len({sense.pos for sense in inventory.senses}) > 1)


def test_any_part_of_speech_is_refused_for_a_sense_of_an_inventory(searcher: Searcher) -> None:
    with pytest.raises(QueryError, match=r"any_pos is for hits that are marked \+"):
        searcher.save_named_sense("no", searcher.senses("charge"), 1, any_pos=True)
