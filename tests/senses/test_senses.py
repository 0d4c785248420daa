"""Senses and named senses of documents whose metadata gives the sense, compared with it and with brute force."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.random_pairs import measure, random_pair_quantiles
from polyseme.indexer.documents import Document
from polyseme.indexer.errors import QueryError
from polyseme.indexer.reencode import reencode
from polyseme.indexer.vectors.arrays import Array
from polyseme.search.confidence import DOUBT, LIKELY, SURE, VERDICT, Calibration, Compared
from polyseme.search.hits import Match, OccurrenceHit
from polyseme.search.query.target import Target, parse_target
from polyseme.search.searcher import Searcher
from polyseme.search.senses.inventory import sense_numbers
from polyseme.search.senses.labels import labels_of
from polyseme.search.senses.named_sense_file import NamedSense, from_json, to_json
from sense_texts import documents
from stored import change


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("senses") / "c.pol"
    build(folder, documents(), BuildConfig(segment_sentences=17), model=FakeEncoder())
    return folder


@pytest.fixture
def searcher(path: Path) -> Iterator[Searcher]:
    with Searcher.open(path, FakeEncoder()) as opened:
        for named_sense in opened.named_senses():
            opened.remove_named_sense(named_sense.name)
        yield opened


def kinds(hits: list[object]) -> set[object]:
    return {hit.metadata["kind"] for hit in hits}  # type: ignore[attr-defined]


def test_induced_senses_match_the_documents_kinds(searcher: Searcher) -> None:
    inventory = searcher.senses("banks")
    assert [(sense.number, sense.size, sense.share) for sense in inventory.senses] == [(1, 20, 0.5), (2, 20, 0.5)]
    for sense in inventory.senses:
        hits = [hit for hit, _ in searcher.sense_occurrences(inventory, sense.number)]
        (kind,) = kinds(list(hits))
        assert len(hits) == sense.size
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        first: dict[str, OccurrenceHit] = {}
        for hit in hits:
            first.setdefault(hit.sentence, hit)
        assert len(first) < len(hits)  # the documents repeat sentences, and a sense shows each once
        central = list(first.values())[:5]
        assert list(sense.central) == [replace(h, confidence=None, rank=n) for n, h in enumerate(central, 1)]
        assert sense.labels[0].lemma == kind
        assert kind in {word.lemma for word in sense.collocates}
        assert sense.stability is not None
        assert sense.stability > 0.9
    assert (inventory.word, inventory.match, inventory.notice) == ("bank", Match.LEMMA, None)
    assert "average linkage" in inventory.method
    assert searcher.senses("banks") == inventory


def test_finer_senses_divide_coarser_ones_at_any_grain(searcher: Searcher) -> None:
    usual = searcher.senses("bank")
    assert (usual.usual, len(usual.senses)) == (2, 2)
    assert usual.tree is not None
    finest = searcher.senses("bank", number=10**6)
    assert len(finest.senses) == finest.most > 2
    assert f"{finest.most} senses, not 1000000" in (finest.notice or "")
    assert len(searcher.senses("bank", grain=-1).senses) == len(searcher.senses("bank", number=1).senses) == 1
    assert len(searcher.senses("bank", grain=1).senses) == finest.most
    for number in range(1, finest.most):
        coarse, fine = searcher.senses("bank", number=number), searcher.senses("bank", number=number + 1)
        pairs = {(fine.assignments[key], coarse.assignments[key]) for key in fine.assignments}
        assert len(pairs) == number + 1
        assert coarse.grain <= fine.grain


def test_a_cut_is_described_later_as_at_once(searcher: Searcher) -> None:
    for number in (None, 2, 10**6):
        arranged = searcher.arrange("bank")
        quick = searcher.cut(arranged, number=number, describe=False)
        assert not quick.is_described
        assert {(sense.stability, sense.expected, sense.collocates) for sense in quick.senses} == {(None, (), ())}
        described = searcher.describe(arranged, quick)
        assert described.is_described
        assert described == searcher.cut(searcher.arrange("bank"), number=number)
        assert all(0 < (sense.stability or 0) <= 1 for sense in described.senses)
    few = searcher.arrange("trout") if searcher.holds("trout") else searcher.arrange("bank", where="year=1900")
    assert searcher.describe(few, searcher.cut(few, describe=False)) == searcher.cut(few)


def test_other_threads_search_while_senses_are_described(searcher: Searcher, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[bool] = []

    def meanwhile(_: float) -> None:
        other = threading.Thread(target=lambda: answers.append(searcher.holds("bank")))
        other.start()
        other.join(60)

    monkeypatch.setattr("polyseme.search.searcher.time.sleep", meanwhile)
    monkeypatch.setattr("polyseme.search.searcher.DESCRIBED_TOGETHER", 3)
    arranged = searcher.arrange("bank")
    quick = searcher.cut(arranged, describe=False)
    assert searcher.describe(arranged, quick) == searcher.cut(searcher.arrange("bank"))
    assert answers == [True] * -(-sum(len(sense.central) for sense in quick.senses) // 3)


def test_known_senses_are_held_fixed(searcher: Searcher) -> None:
    hits = searcher.occurrences("The [bank] stood.", k=99)
    river = [hit.occurrence_id for hit in hits if hit.metadata["kind"] == "river"]
    money = [hit.occurrence_id for hit in hits if hit.metadata["kind"] == "money"]
    mixed = searcher.senses("bank", number=2, known=[river[:3], [river[3], *money[:2]]])
    sense = mixed.assignments
    assert len({sense[key] for key in river[:3]}) == len({sense[key] for key in (river[3], *money[:2])}) == 1
    assert sense[river[0]] != sense[river[3]]
    assert len(searcher.senses("bank", number=1, known=[river[:3], money[:3]]).senses) == 2
    searcher.save_named_sense("shore", searcher.senses("bank"), sense=searcher.senses("bank").assignments[river[0]])
    named = searcher.senses("bank", known=["shore"])
    assert sorted(filter(None, (item.name for item in named.senses))) == ["shore"]
    (held,) = [item.number for item in named.senses if item.name == "shore"]
    assert {key for key, number in named.assignments.items() if number == held} == set(river)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.senses("bank", grain=0.3, number=2), "are both given; give one"),
        (lambda s: s.senses("bank", grain=1.5), "the grain is 1.5; give a number from -1"),
        (lambda s: s.senses("bank", grain=float("nan")), "the grain is nan"),
        (lambda s: s.senses("bank", number=0), "the number of senses is 0; ask for at least 1"),
        (lambda s: s.senses("bank", known=["nowhere"]), "has no sense named 'nowhere'"),
        (lambda s: s.senses("bank", known=[[10**9]]), "occurrence 1000000000 is not one of 'bank' here"),
        (lambda s: s.senses("bank", known=[[1, 2], [2]]), "occurrence 2 is in two known senses"),
        (lambda s: _of_another_word(s), "the sense 'ship' is of 'boat', not of 'bank'"),
    ],
)
def test_impossible_cuts_are_errors(searcher: Searcher, call: Callable[[Searcher], object], message: str) -> None:
    with pytest.raises(QueryError, match=message):
        call(searcher)


def _of_another_word(searcher: Searcher) -> None:
    searcher.save_named_sense("ship", positive=searcher.occurrences("a [boat]", k=2))
    searcher.senses("bank", known=["ship"])


def test_occurrences_that_fit_no_sense_have_none_and_come_first(searcher: Searcher) -> None:
    assert sense_numbers(np.array([1, -1, 0])) == [2, None, 1]
    found = searcher.senses("bank")
    stray = min(found.assignments)
    inventory = replace(found, assignments=found.assignments | {stray: None})
    listed = searcher.sense_occurrences(inventory)
    assert [number for _, number in listed] == [None, *sorted(filter(None, inventory.assignments.values()))]
    assert listed[0][0].occurrence_id == stray
    assert stray not in {
        hit.occurrence_id for hit, _ in searcher.sense_occurrences(inventory, found.assignments[stray])
    }
    assert [hit.occurrence_id for hit, _ in searcher.sense_occurrences(inventory, "none")] == [stray]
    timeline = searcher.timeline(inventory)
    assert sum(sum(period.counts) for period in timeline.periods) + sum(timeline.undated) == len(listed) - 1
    assert stray in searcher.within(inventory, None)
    made = searcher.save_named_sense("mine", inventory, found.assignments[stray])
    assert made.size == found.senses[0].size - 1


def test_senses_inside_a_filter_use_only_its_occurrences(searcher: Searcher) -> None:
    inventory = searcher.senses("bank", where="kind=river")
    assert [sense.size for sense in inventory.senses] == [20]
    few = searcher.senses("bank", where="year=1900..1904")
    assert "only 5 occurrences" in (few.notice or "")
    assert few.senses[0].stability is None
    with pytest.raises(QueryError, match=r"no document matches the filter 'year=1700\.\.1701'"):
        searcher.senses("bank", where="year=1700..1701")


def test_same_sense_other_words_never_returns_the_word_itself(searcher: Searcher) -> None:
    inventory = searcher.senses("bank")
    found = searcher.same_sense_other_words(inventory, 1, k=10)
    assert len(found) == 10
    assert "bank" not in {hit.lemma for hit in found}
    assert [hit.rank for hit in found] == list(range(1, 11))
    assert kinds(list(searcher.same_sense_other_words(inventory, 1, 10, "kind=river"))) == {"river"}
    with pytest.raises(QueryError, match="has senses 1 to 2, not 3"):
        searcher.same_sense_other_words(inventory, 3)
    for number in (0, -1, 3):
        with pytest.raises(QueryError, match=f"has senses 1 to 2, not {number}"):
            searcher.sense_occurrences(inventory, number)


def test_within_returns_what_a_search_with_the_same_filters_finds(searcher: Searcher) -> None:
    inventory = searcher.senses("bank")
    searcher.save_named_sense("mine", inventory, 1)
    for where in ("kind=river", "year=..1910", "sense=mine", "sense!=mine", ["sense=mine", "year=1911.."]):
        found = {hit.occurrence_id for hit in searcher.occurrences("The [bank] stood.", k=99, where=where)}
        assert searcher.within(inventory, where) == found
        assert found
    assert searcher.within(inventory, None) == inventory.assignments.keys()
    assert not searcher.within(inventory, ["kind=river", "kind=money"])


def test_the_timeline_counts_the_documents_years(searcher: Searcher) -> None:
    inventory = searcher.senses("bank")
    found = searcher.timeline(inventory, period=10)
    assert [(p.start, p.counts) for p in found.periods] == [(1900 + 10 * n, (5, 5)) for n in range(3)] + [
        (1930, (4, 4))
    ]
    assert found.undated == (1, 1)
    ids = {key for period in found.periods for group in period.ids for key in group}
    assert len(ids) == 38
    with pytest.raises(QueryError, match="no document has a field 'decade'; the fields are kind, year"):
        searcher.timeline(inventory, "decade")


def test_timelines_and_maps_of_no_documents_name_the_filter(searcher: Searcher) -> None:
    inventory = searcher.senses("bank")
    message = r"no document matches the filter 'year=1700 and kind!=river'; widen it"
    nowhere = ["year=1700", "kind!=river"]
    for ask in (lambda: searcher.timeline(inventory, where=nowhere), lambda: searcher.senses("bank", where=nowhere)):
        with pytest.raises(QueryError, match=message):
            ask()


def test_change_is_significant_between_kinds_and_not_within_one(searcher: Searcher) -> None:
    far = searcher.change("bank", "kind=river", "kind=money")
    near = searcher.change("bank", ["kind=river", "year=..1918"], ["kind=river", "year=1919.."])
    assert far.apd > near.apd
    assert far.p_value < 0.01 < near.p_value
    assert (far.n_before, far.n_after, near.n_before) == (20, 20, 10)
    with pytest.raises(QueryError, match=r"no document matches the filter 'year=\.\.1899'"):
        searcher.change("bank", "year=..1899", "year=1900..")


def test_named_sense_filters_every_kind_of_query(searcher: Searcher) -> None:
    inventory = searcher.senses("bank")
    (kind,) = kinds([hit for hit, _ in searcher.sense_occurrences(inventory, 1)])
    members = {key for key, number in inventory.assignments.items() if number == 1}
    searcher.save_named_sense("mine", inventory, 1)
    inside = searcher.occurrences("The [bank] stood.", k=99, where={"sense": "mine"})
    assert {hit.occurrence_id for hit in inside} == members
    outside = searcher.occurrences("The [bank] stood.", k=99, where="sense!=mine")
    assert {hit.occurrence_id for hit in outside} == set(inventory.assignments) - members
    sentences = searcher.sentences("a boat", k=99, where="sense=mine", alike=False)
    assert {hit.sentence_id for hit in sentences} == {hit.sentence_id for hit in inside}
    hybrid = searcher.sentences("today", k=99, where="sense=mine", hybrid=True, alike=False)
    assert {hit.sentence_id for hit in hybrid} == {hit.sentence_id for hit in inside}
    like = searcher.more_like([inside[0]], k=99, where=["sense=mine", "year=..1910"])
    assert {hit.occurrence_id for hit in like} == {h.occurrence_id for h in inside if _year(h.metadata) <= 1910}
    assert [sense.size for sense in searcher.senses("bank", where="sense=mine").senses] == [20]
    assert {hit.lemma for hit in searcher.occurrences("a [boat]", match="any", k=99, where="sense=mine")} == {"bank"}
    both = searcher.occurrences("The [bank] stood.", k=99, where=f"kind={kind}")
    assert {hit.occurrence_id for hit in both} == members


def _year(metadata: object) -> float:
    assert isinstance(metadata, dict)
    return float(metadata.get("year", 9999))


def test_named_sense_from_marks_matches_plus_and_rejects_minus(searcher: Searcher) -> None:
    hits = searcher.occurrences("The [bank] stood.", k=99)
    river = [hit for hit in hits if hit.metadata["kind"] == "river"]
    money = [hit for hit in hits if hit.metadata["kind"] == "money"]
    made = searcher.save_named_sense("shore", positive=river[:3], negative=money[:2])
    assert (made.word, made.size, len(made.rivals)) == ("bank", 3, 1)
    found = searcher.apply_named_sense("shore", k=99)
    assert kinds(list(found)) == {"river"}
    assert {hit.occurrence_id for hit in river[:3]} <= {hit.occurrence_id for hit in found}
    assert found[0].confidence is not None
    alone = searcher.save_named_sense("shore", positive=river[:4], replace=True)
    assert alone.rivals == ()
    assert kinds(list(searcher.apply_named_sense("shore", k=5))) == {"river"}
    other = searcher.apply_named_sense("shore", k=99, match="any")
    assert len({hit.lemma for hit in other}) > 1


def test_examples_of_a_named_sense_keep_brackets_and_backslashes(tmp_path: Path) -> None:
    texts = {r"The bank is C:\[new] and not [old].", r"A [bank] of the river \\."}
    build(tmp_path / "c.pol", [Document(text, text) for text in texts], model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        hits = searcher.occurrences("the [bank]")
        made = searcher.save_named_sense("mine", positive=hits)
    assert {hit.sentence for hit in hits} == texts
    assert [parse_target(text) for text in made.examples] == [Target(h.sentence, h.start, h.end) for h in hits]


def test_phrase_search_respects_an_excluded_named_sense(tmp_path: Path) -> None:
    texts = ["A river bank.", "The old mill by the river bank was shut.", "One bank and a bank and a bank and a bank."]
    build(tmp_path / "c.pol", [Document(str(n), text) for n, text in enumerate(texts)], model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        every = searcher.occurrences("the [river bank]")
        assert {hit.document_id for hit in every} == {"0", "1"}
        banks = {hit.document_id: hit for hit in searcher.occurrences("the [bank]")}
        searcher.save_named_sense("mine", positive=[banks["0"]], negative=[banks["1"]])
        belonging = {hit.document_id for hit in searcher.apply_named_sense("mine", k=99)}
        assert "1" not in belonging
        (kept,) = searcher.occurrences("the [river bank]", where="sense!=mine")
        (wanted,) = [hit for hit in every if hit.document_id == "1"]
        assert (kept.document_id, kept.token) == ("1", "river bank")
        assert kept.score == pytest.approx(wanted.score)


def test_named_sense_is_exported_and_imported_by_collections_of_one_model(searcher: Searcher, tmp_path: Path) -> None:
    made = searcher.save_named_sense("mine", searcher.senses("bank"), 1)
    searcher.export_named_sense("mine", tmp_path / "mine.json")
    build(tmp_path / "other.pol", documents(20), model=FakeEncoder())
    build(tmp_path / "foreign.pol", documents(20), model=FakeEncoder("foreign"))
    with Searcher.open(tmp_path / "other.pol", FakeEncoder()) as other:
        assert other.import_named_sense(tmp_path / "mine.json") == made == other.named_sense("mine")
        kind = kinds(list(searcher.apply_named_sense("mine")))
        found = other.occurrences("the [bank]", k=99, where="sense=mine")
        assert kinds(list(found)) == kind
        assert len(found) == 10
        with pytest.raises(QueryError, match="a sense named 'mine' already"):
            other.import_named_sense(tmp_path / "mine.json")
    with (
        Searcher.open(tmp_path / "foreign.pol", FakeEncoder("foreign")) as foreign,
        pytest.raises(QueryError, match="made with another model"),
    ):
        foreign.import_named_sense(tmp_path / "mine.json")


def test_named_senses_survive_compaction_removal_and_reencoding(tmp_path: Path) -> None:
    folder = tmp_path / "c.pol"
    build(folder, documents(), BuildConfig(segment_sentences=17), model=FakeEncoder())
    with Searcher.open(folder, FakeEncoder()) as searcher:
        searcher.save_named_sense("mine", searcher.senses("bank"), 1)
        before = searcher.occurrences("the [bank]", k=99, where="sense=mine").to_dicts()
        searcher.collection.compact()
        assert searcher.occurrences("the [bank]", k=99, where="sense=mine").to_dicts() == before
        gone = before[0]["document_id"]
        assert isinstance(gone, str)
        searcher.collection.remove([gone])
        after = searcher.occurrences("the [bank]", k=99, where="sense=mine")
        assert {hit.document_id for hit in after} == {row["document_id"] for row in before} - {gone}
    reencode(folder, model=FakeEncoder())
    with Searcher.open(folder, FakeEncoder()) as searcher:
        assert [named_sense.name for named_sense in searcher.named_senses()] == ["mine"]
        assert len(searcher.apply_named_sense("mine", k=99)) == len(after)


def test_collection_without_stored_random_pairs_has_confidences_and_named_senses(tmp_path: Path) -> None:
    folder = tmp_path / "old.pol"
    build(folder, documents(20), model=FakeEncoder())
    change(folder, "DELETE FROM settings WHERE key = 'background'")
    with Searcher.open(folder, FakeEncoder()) as searcher:
        assert searcher.named_senses() == ()
        hits = searcher.occurrences("the [bank]", k=3)
        assert hits[0].confidence is not None
        searcher.save_named_sense("mine", positive=hits[:2])
        assert [named_sense.name for named_sense in searcher.named_senses()] == ["mine"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.occurrences("a [bank]", where="sense=none"), "has no sense named 'none'; there are: none yet"),
        (lambda s: s.occurrences("a [bank]", where="sense=a..b"), "named senses have no order"),
        (lambda s: s.remove_named_sense("none"), "has no sense named 'none'"),
        (lambda s: s.save_named_sense("a|b", positive=s.occurrences("a [bank]", k=1)), "cannot be written in a filter"),
        (lambda s: s.save_named_sense(" ", positive=s.occurrences("a [bank]", k=1)), "cannot name a sense"),
        (lambda s: s.save_named_sense("x"), "give a sense of an inventory"),
        (lambda s: s.save_named_sense("x", s.senses("bank"), 7), "has senses 1 to 2, not 7"),
        (lambda s: s.save_named_sense("x", s.senses("bank")), "give a sense of an inventory"),
        (lambda s: s.import_named_sense("/no/such/file.json"), "cannot be read"),
        (lambda s: s.hits([1, 10**6]), "has no occurrence 1000000"),
        (lambda s: s.timeline(s.senses("bank"), period=0), "period is 0"),
        (lambda s: s.apply_named_sense("x", k=0), "k is 0"),
    ],
)
def test_impossible_requests_raise_one_line_errors(
    searcher: Searcher, call: Callable[[Searcher], object], message: str
) -> None:
    with pytest.raises(QueryError, match=message) as caught:
        call(searcher)
    assert "\n" not in str(caught.value)


FINITE = st.floats(-1, 1, allow_nan=False)
VECTOR = st.lists(FINITE, min_size=3, max_size=3).map(tuple)
NAME = st.text("abcdefg äöü日本-_()", min_size=1, max_size=40).map(str.strip).filter(bool)


@given(NAME, st.text(min_size=1), VECTOR, st.lists(VECTOR), FINITE, st.integers(1, 10**6), st.lists(st.text()))
def test_a_named_sense_round_trips_through_json(
    name: str,
    word: str,
    mean: tuple[float, ...],
    rivals: list[tuple[float, ...]],
    threshold: float,
    size: int,
    examples: list[str],
) -> None:
    made = NamedSense(name, word, Match.FORM, mean, tuple(rivals), threshold, size, tuple(examples), "m" * 64, "s")
    assert from_json(to_json(made), "here") == made


DAMAGED: list[tuple[Callable[[dict[str, object]], object], str]] = [
    (lambda d: d.update(version=3), "has version 3, this Polyseme reads 1 and 2; upgrade"),
    (lambda d: d.update(format="x"), "is not a named sense"),
    (lambda d: d.pop("mean"), "missing or unknown mean"),
    (lambda d: d.update(code="import os"), "missing or unknown code"),
    (lambda d: d.update(mean=[1.0, "0"]), "of the wrong kind"),
    (lambda d: d.update(mean=[]), "of the wrong kind"),
    (lambda d: d.update(rivals=[[0.5]]), "of the wrong kind"),
    (lambda d: d.update(size=0), "of the wrong kind"),
    (lambda d: d.update(size=True), "of the wrong kind"),
    (lambda d: d.update(threshold=None), "of the wrong kind"),
    (lambda d: d.update(match="any"), "of the wrong kind"),
    (lambda d: d.update(examples=[1]), "of the wrong kind"),
    (lambda d: d.update(name="a=b"), "cannot be written in a filter"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGED)
def test_a_damaged_named_sense_raises_a_one_line_error(
    damage: Callable[[dict[str, object]], object], message: str
) -> None:
    made = NamedSense("a", "bank", Match.LEMMA, (1.0, 0.0), (), 0.5, 3, ("the [bank]",), "m", "s")
    found = json.loads(to_json(made))
    damage(found)
    with pytest.raises(QueryError, match=message) as caught:
        from_json(json.dumps(found), "a.json")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[", "[]", "{}", '{"format": NaN}', "[" * 100_000, '{"mean": [1e999]}'])
def test_text_that_is_not_a_named_sense_is_an_error(text: str) -> None:
    with pytest.raises(QueryError):
        from_json(text, "a.json")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_numbers_that_are_not_finite_are_errors(number: str) -> None:
    made = NamedSense("a", "bank", Match.LEMMA, (0.25, 0.0), (), 0.5, 3, (), "m", "s")
    with pytest.raises(QueryError):
        from_json(to_json(made).replace("0.25", number), "a.json")


SCORES = st.lists(st.integers(-1000, 1000).map(lambda n: n / 1000), min_size=2, max_size=9)


@given(SCORES, SCORES)
def test_confidence_is_a_probability_and_grows_with_the_score(quantiles: list[float], scores: list[float]) -> None:
    calibration = Calibration(tuple(sorted(quantiles)))
    for compared in Compared:
        found = calibration.confidence(sorted(scores), compared)
        assert (np.diff(found) >= 0).all()
        assert ((found >= 0) & (found <= 1)).all()


def test_confidence_at_the_even_score_is_one_half() -> None:
    calibration = Calibration(tuple(np.linspace(-0.5, 1, 201).tolist()))
    for compared in Compared:
        assert calibration.confidence([calibration.even_score(compared)], compared)[0] == pytest.approx(0.5, abs=0.02)


def test_hits_no_better_than_random_pairs_get_the_verdict() -> None:
    calibration = Calibration(tuple(np.linspace(-0.5, 1, 201).tolist()))
    assert calibration.verdict([0.0, -0.1, -0.2, -0.3], 50) == VERDICT
    assert calibration.verdict([0.2, 0.1, 0.0, -0.3], 50) == DOUBT
    assert calibration.verdict([0.9, 0.8, 0.7, -0.3], 50) is None
    assert calibration.verdict([-0.4], 2) == VERDICT
    assert calibration.verdict([0.4], 2) is None
    assert calibration.verdict([], 0) is None


@given(SCORES, SCORES, st.integers(0, 100), st.sampled_from(Compared), st.floats(0.1, 1))
def test_the_verdict_never_contradicts_a_confidence(
    quantiles: list[float], scores: list[float], candidates: int, compared: Compared, length: float
) -> None:
    calibration = Calibration(tuple(sorted(quantiles)))
    confidences = calibration.confidence(np.array(scores) * length, compared)
    said = calibration.verdict(np.array(scores) * length, candidates, confidences)
    shown = [float(f"{value:.2f}") for value in confidences]
    assert said is None or max(shown) < {VERDICT: LIKELY, DOUBT: SURE}[said]
    assert calibration.verdict([0.99] * 3, candidates, [0.9, 0.1, 0.1]) is None


def test_random_pairs_are_stored_and_measured_again_after_growth(tmp_path: Path) -> None:
    folder = tmp_path / "c.pol"
    build(folder, documents(20), model=FakeEncoder())
    with Searcher.open(folder, FakeEncoder()) as searcher:
        collection = searcher.collection
        with collection.reading() as snapshot:
            stored = random_pair_quantiles(collection, snapshot)
            assert stored == measure(collection, snapshot)
            row = collection.db.execute("SELECT value FROM settings WHERE key = 'background'").fetchone()
        assert tuple(json.loads(row[0])["quantiles"]) == stored
        build(folder, [*documents(20), Document("more", "The loan bank coin. " * 200)], model=FakeEncoder())
        with collection.reading() as snapshot:
            grown = random_pair_quantiles(collection, snapshot)
            assert grown == measure(collection, snapshot) != stored
        text = json.dumps({"rows": 1, "quantiles": [0.0, 1.0]})
        change(folder, "UPDATE settings SET value = ? WHERE key = 'background'", text)
        with collection.reading() as snapshot:
            assert random_pair_quantiles(collection, snapshot) == grown


def test_labels_fit_the_topic_of_the_lines_and_not_chance() -> None:
    river, money = [["come", "river"], ["come", "water"], ["come", "fish"]], [["say", "loan"], ["say", "cash"]]
    axes = {"river": [1, 0], "water": [1, 0.2], "fish": [0.9, 0], "loan": [0, 1], "cash": [0.1, 1], "come": [0.02, 0.1]}

    def topics(words: Sequence[str]) -> Array:
        return np.array([axes.get(word, [0, 0]) for word in words], np.float32)

    assert [word.lemma for word in labels_of(river, money, topics)] == ["river", "fish", "water"]
    assert {word.lemma for word in labels_of(money, river, topics)} == {"loan", "cash"}
    assert labels_of(river, money, lambda words: None)[0].lemma == "come"
    unknown = labels_of([["x", "y"]], [["z"]], topics)
    assert [word.lemma for word in unknown] == ["x", "y"]
    assert [word.lemma for word in labels_of([["river"]], [], topics)] == []
