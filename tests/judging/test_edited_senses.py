"""Senses edited by hand, what follows them in filters and inventories, and the agreement of authors."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.errors import QueryError
from polyseme.search.hits import OccurrenceHit
from polyseme.search.judging.agreement import krippendorff_alpha
from polyseme.search.searcher import Searcher
from sense_texts import documents


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("edited") / "c.pol"
    build(path, documents(24), BuildConfig(segment_sentences=17), model=FakeEncoder())
    return path


@pytest.fixture
def searcher(built: Path, tmp_path: Path) -> Iterator[Searcher]:
    shutil.copytree(built, tmp_path / "c.pol")
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as opened:
        yield opened


@pytest.fixture
def river(searcher: Searcher) -> list[OccurrenceHit]:
    return searcher.occurrences("a [bank]", k=99, where={"kind": "river"})


@pytest.fixture
def money(searcher: Searcher) -> list[OccurrenceHit]:
    return searcher.occurrences("a [bank]", k=99, where={"kind": "money"})


def ids(searcher: Searcher, *where: str) -> set[int]:
    return {hit.occurrence_id for hit in searcher.occurrences("a [bank]", k=99, where=where)}


def keys(hits: list[OccurrenceHit]) -> set[int]:
    return {hit.occurrence_id for hit in hits}


def test_a_sense_is_renamed_described_merged_and_forgotten_and_all_is_undone(
    searcher: Searcher, river: list[OccurrenceHit], money: list[OccurrenceHit]
) -> None:
    searcher.annotate(river[:3], "ann", sense="shore")
    searcher.annotate(money[:2], "ann", sense="money")
    searcher.annotate(money[2:3], "bob", sense="loan")
    states = [searcher.judged_senses("bank")]
    assert [(one.name, set(one.lines)) for one in states[0]] == [
        ("shore", keys(river[:3])),
        ("money", keys(money[:2])),
        ("loan", keys(money[2:3])),
    ]
    searcher.edit_sense("banks", "shore", "river side", "land beside water", author="ann")
    states.append(searcher.judged_senses("bank"))
    assert (states[-1][0].name, states[-1][0].definition) == ("river side", "land beside water")
    searcher.merge_senses("bank", "loan", "money", author="ann")
    states.append(searcher.judged_senses("bank"))
    assert [(one.name, set(one.lines)) for one in states[-1][1:]] == [("money", keys(money[:3]))]
    assert {one.sense for hit in searcher.hits(list(keys(money[2:3]))) for one in hit.annotations} == {"money"}
    searcher.forget_sense("bank", "money", author="ann")
    assert [one.name for one in searcher.judged_senses("bank")] == ["river side"]
    assert ids(searcher, "annotation.sense=money") == set()
    for state in reversed(states):
        searcher.undo("ann")
        assert searcher.judged_senses("bank") == state
    searcher.redo("ann")
    assert searcher.judged_senses("bank") == states[1]


def test_an_undo_leaves_what_another_author_has_changed_since(searcher: Searcher, river: list[OccurrenceHit]) -> None:
    searcher.annotate(river[:1], "ann", sense="shore")
    searcher.edit_sense("bank", "shore", definition="first", author="ann")
    searcher.edit_sense("bank", "shore", definition="second", author="bob")
    searcher.undo("ann")
    assert searcher.judged_senses()[0].definition == "second"
    searcher.undo("bob")
    assert searcher.judged_senses()[0].definition == "first"


def test_senses_that_get_the_same_name_by_an_undo_are_one(searcher: Searcher, river: list[OccurrenceHit]) -> None:
    searcher.annotate(river[:2], "ann", sense="shore")
    searcher.edit_sense("bank", "shore", "river side", author="ann")
    searcher.annotate(river[2:4], "bob", sense="shore")
    searcher.undo("ann")
    assert [(one.name, set(one.lines)) for one in searcher.judged_senses("bank")] == [("shore", keys(river[:4]))]
    assert {one.sense for hit in searcher.hits(sorted(keys(river[:4]))) for one in hit.annotations} == {"shore"}
    assert [sense.name for sense in searcher.senses("bank", known=searcher.judged_senses("bank")).senses].count(
        "shore"
    ) == 1
    searcher.annotate(river[4:5], "eve", sense="shore")
    assert [len(one.lines) for one in searcher.judged_senses("bank")] == [5]
    searcher.redo("ann")
    assert {one.name: set(one.lines) for one in searcher.judged_senses("bank")}["river side"] >= keys(river[:2])


def test_senses_that_are_merged_in_a_circle_keep_their_lines(searcher: Searcher, river: list[OccurrenceHit]) -> None:
    searcher.annotate(river[:2], "ann", sense="shore")
    searcher.annotate(river[2:3], "ann", sense="side")
    searcher.merge_senses("bank", "shore", "side", author="ann")
    searcher.undo("ann")
    searcher.merge_senses("bank", "side", "shore", author="bob")
    searcher.redo("ann")
    (only,) = searcher.judged_senses("bank")
    assert set(only.lines) == keys(river[:3])
    searcher.annotate(river[3:4], "ann", sense=only.name)
    assert [set(one.lines) for one in searcher.judged_senses("bank")] == [keys(river[:4])]


def test_lines_follow_any_number_of_merges(searcher: Searcher, river: list[OccurrenceHit]) -> None:
    searcher.annotate(river[:1], "ann", sense="0")
    for number in range(30):
        searcher.annotate(river[1:2], "ann", sense=f"{number + 1}")
        searcher.merge_senses("bank", f"{number}", f"{number + 1}", author="ann")
    assert [(one.name, set(one.lines)) for one in searcher.judged_senses("bank")] == [("30", keys(river[:2]))]


def test_filters_find_the_lines_of_annotations(
    searcher: Searcher, river: list[OccurrenceHit], money: list[OccurrenceHit]
) -> None:
    searcher.annotate(river[:4], "ann", sense="shore", mark="+")
    searcher.annotate(money[:3], "bob", label="odd", mark="-", note="The Second Word")
    every = ids(searcher)
    assert ids(searcher, "annotation.sense=shore") == keys(river[:4])
    assert ids(searcher, "annotation.sense!=shore") == every - keys(river[:4])
    assert ids(searcher, "annotation.mark=+|-") == keys(river[:4]) | keys(money[:3])
    assert ids(searcher, "annotation.mark=-", "annotation.author=bob") == keys(money[:3])
    assert ids(searcher, "annotation.author=ann", "annotation.label=odd") == set()
    assert ids(searcher, "annotation.note=second") == keys(money[:3])
    assert ids(searcher, "annotation.time=2000..") == keys(river[:4]) | keys(money[:3])
    found = searcher.sentences("water", k=99, where="annotation.sense=shore", alike=False)
    assert {hit.document_id for hit in found} == {hit.document_id for hit in river[:4]}


def test_the_other_lines_follow_what_was_judged(
    searcher: Searcher, river: list[OccurrenceHit], money: list[OccurrenceHit]
) -> None:
    searcher.annotate([*river[:4], money[0]], "ann", sense="shore")
    searcher.annotate(money[1:5], "ann", sense="loan")
    inside = ids(searcher, "sense=shore")
    assert keys([*river[:4], money[0]]) <= inside  # what was judged, however far it is
    assert not keys(money[1:5]) & inside
    assert not ids(searcher, "sense=shore") & ids(searcher, "sense=loan")
    inventory = searcher.senses("bank", known=searcher.judged_senses("bank"))
    named = {sense.name: sense.number for sense in inventory.senses if sense.name}
    assert set(named) == {"shore", "loan"}
    assert {inventory.assignments[key] for key in keys([*river[:4], money[0]])} == {named["shore"]}
    assert {inventory.assignments[key] for key in keys(money[1:5])} == {named["loan"]}
    few = searcher.senses("bank", where="year=1900..1907", known=searcher.judged_senses("bank"))
    assert [item.name for item in few.senses if item.name is None] == []  # fewer lines than are grouped


def test_a_judged_line_overrules_a_named_sense(
    searcher: Searcher, river: list[OccurrenceHit], money: list[OccurrenceHit]
) -> None:
    searcher.save_named_sense("shore", positive=river[:6], negative=money[:6])
    before = ids(searcher, "sense=shore")
    assert keys(river[:6]) <= before
    searcher.annotate(river[:1], "ann", sense="loan")
    searcher.annotate(money[:1], "ann", sense="shore")
    assert keys(money[:1]) <= ids(searcher, "sense=shore")
    assert not keys(river[:1]) & ids(searcher, "sense=shore")


def test_replacing_and_forgetting_a_named_sense_is_undone(
    searcher: Searcher, river: list[OccurrenceHit], money: list[OccurrenceHit]
) -> None:
    first = searcher.save_named_sense("s", positive=river[:4], author="ann")
    second = searcher.save_named_sense("s", positive=money[:4], replace=True, author="ann")
    searcher.remove_named_sense("s", author="ann")
    assert searcher.named_senses() == ()
    searcher.undo("ann")
    assert searcher.named_senses() == (second,)
    searcher.undo("ann")
    assert searcher.named_senses() == (first,)
    assert ids(searcher, "sense=s") & keys(river)
    searcher.redo("ann")
    assert searcher.named_senses() == (second,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda s: s.edit_sense("bank", "nowhere", "x"),
            "'bank' has no edited sense 'nowhere'; there are: shore, loan",
        ),
        (lambda s: s.edit_sense("bank", "shore"), "nothing is changed"),
        (lambda s: s.edit_sense("bank", "shore", "loan"), "has a sense 'loan' already; merge the two"),
        (lambda s: s.merge_senses("bank", "shore", "shore"), "cannot be merged into itself"),
        (lambda s: s.senses("boat", known=s.judged_senses("bank")), "the sense 'shore' is of 'bank', not of 'boat'"),
    ],
)
def test_impossible_edits_are_errors(
    searcher: Searcher, river: list[OccurrenceHit], money: list[OccurrenceHit], call: object, message: str
) -> None:
    searcher.annotate(river[:1], "ann", sense="shore")
    searcher.annotate(money[:1], "ann", sense="loan")
    with pytest.raises(QueryError, match=message):
        call(searcher)  # type: ignore[operator]
    assert len(searcher.annotation_log(99)) == 2


def test_alpha_is_that_of_the_published_example() -> None:
    """Krippendorff 2011, section C: four observers, twelve units, nominal values: 0.743."""
    table = {
        "a": [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        "b": [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        "c": [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        "d": [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    }
    ratings = {(unit, by): value for by, row in table.items() for unit, value in enumerate(row) if value is not None}
    assert krippendorff_alpha(ratings) == pytest.approx(0.743, abs=0.0005)
    assert krippendorff_alpha({(1, "a"): 1, (1, "b"): 1}) is None
    assert krippendorff_alpha({}) is None


def test_agreement_counts_the_lines_that_two_have_judged(
    searcher: Searcher, river: list[OccurrenceHit], money: list[OccurrenceHit]
) -> None:
    searcher.annotate(river[:4], "ann", sense="shore")
    searcher.annotate(money[:4], "ann", sense="loan")
    searcher.annotate(river[:3], "bob", sense="shore")
    searcher.annotate([river[3], *money[:2]], "bob", sense="loan")
    searcher.annotate(river[:1], "cy", sense="shore")
    found = searcher.agreement("banks")
    assert (found.authors, found.lines) == (("ann", "bob", "cy"), 6)
    pair = found.pairs[0]
    assert (pair.first, pair.second, pair.lines) == ("ann", "bob", 6)
    assert pair.same == pytest.approx(5 / 6)
    # Twelve values of the pair, 7 shore and 5 loan, and one line of six differs: 1 - 11 * 2 / (12**2 - 7**2 - 5**2).
    assert pair.alpha == pytest.approx(1 - 11 * 2 / 70)
    assert found.pairs[1].alpha is None
