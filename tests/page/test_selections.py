"""Long lists of lines have a short name in the address: marks, the session, and the page without a browser."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
import streamlit
from hypothesis import given, settings
from hypothesis import strategies as st
from pages import address, app, expected, html, lines, navigate_history
from polyseme.indexer.build import build
from polyseme.indexer.collection.lock import WriteLock
from polyseme.indexer.collection.writer import Writer
from polyseme.indexer.documents import Document
from polyseme.indexer.reencode import reencode
from polyseme.search.searcher import Searcher
from polyseme.ui.page import cache, marks, session
from polyseme.ui.page.address import MAX_LISTS, PageQuery, ids_text, read_address, write_address
from polyseme.ui.page.marks import Kind
from stored import change
from streamlit.testing.v1 import AppTest

QUERY = "The [bank] closed."
NUMBER = 240


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    """A collection with more lines of *bank* than an address holds one by one."""
    path = tmp_path_factory.mktemp("many") / "many.pol"
    documents = [Document(f"d{n:03}", f"The bank number {n} closed. Nobody came.", {"n": n}) for n in range(NUMBER)]
    build(path, documents, model=str(tiny_folder))
    return path


@pytest.fixture
def collection(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "many.pol"))


@pytest.fixture
def searcher(collection: Path) -> Iterator[Searcher]:
    with Searcher.open(collection) as found:
        yield found


def visit(collection: Path, monkeypatch: pytest.MonkeyPatch, **parameters: str | list[str]) -> AppTest:
    """Open an address in another browser, after a restart of the server."""
    cache._working.cache_clear()
    streamlit.cache_resource.clear()
    page = app(collection, monkeypatch)
    for name, value in parameters.items():
        page.query_params[name] = value
    return page.run()


def kept(collection: Path) -> list[str]:
    with closing(sqlite3.connect(collection / "collection.db")) as db:
        return [name for (name,) in db.execute("SELECT name FROM selections ORDER BY rowid")]


def banks(searcher: Searcher, many: int = NUMBER) -> list[int]:
    """Return ids of lines of *bank*, every second one of the collection first."""
    found = sorted(hit.occurrence_id for hit in searcher.occurrences(QUERY, 1000))
    assert len(found) == NUMBER
    return sorted((found[::2] + found[1::2])[:many])


def warnings(page: AppTest) -> list[str]:
    """Return the lines above the answer, as a browser shows their Markdown."""
    return [re.sub(r"\\(.)", r"\1", each.value) for each in page.warning]


# The page


def test_an_address_with_many_lines_gets_short_and_opens_elsewhere(
    collection: Path, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    picked = banks(searcher, 200)
    page = visit(collection, monkeypatch, q=QUERY, lines=ids_text(picked), like=ids_text(picked[:9]), k="1000")
    assert kept(collection) == []  # an address that was given is unchanged
    page.selectbox(key="sort").set_value("document").run()
    short = address(page)
    (name,) = kept(collection)
    assert short == {
        "q": [QUERY],
        "match": ["lemma"],
        "k": ["1000"],
        "sort": ["document"],
        "selection": [name],
        "plus": [ids_text(picked[:9])],
    }
    shown = lines(page)
    assert len(shown) == 200
    assert warnings(page) == []
    for _ in range(2):
        other = visit(collection, monkeypatch, **short)
        assert lines(other) == shown
        assert address(other) == short
        assert warnings(other) == []
        assert other.session_state[session.QUERY].picked == tuple(picked)
        assert other.session_state[session.QUERY].like == tuple(picked[:9])
    with closing(sqlite3.connect(collection / "collection.db")) as db:
        assert db.execute("SELECT count(*) FROM selections").fetchone() == (1,)


def test_paging_sorting_back_and_forward_write_nothing(
    collection: Path, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    picked = banks(searcher, 200)
    page = visit(collection, monkeypatch, q=QUERY, lines=ids_text(picked))
    page.selectbox(key="sort").set_value("document").run()
    first = address(page)

    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("a selection is written again")

    monkeypatch.setattr(Writer, "__init__", refuse)
    page.button(key="page-next").click().run()
    assert address(page) == first | {"page": ["2"]}
    page.selectbox(key="sort").set_value("score").run()
    for here in ("left", "right"):
        page.selectbox(key="sort").set_value(here).run()
        assert address(page)["selection"] == first["selection"]
    trail = page.session_state[session.TRAIL]
    length, place = len(trail.queries), trail.place
    page.query_params.pop("page", None)
    navigate_history(page, monkeypatch, **address(page) | {"sort": ["left"]})
    trail = page.session_state[session.TRAIL]
    assert (len(trail.queries), trail.place) == (length, place - 1)
    assert page.session_state[session.QUERY].picked == tuple(picked)
    page.button(key="go1").click().run()
    assert page.session_state[session.TRAIL].place == place
    assert address(page) == {**first, "sort": ["right"]}


def test_a_collection_that_another_process_writes_has_long_addresses(
    collection: Path, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    picked = banks(searcher, 200)
    with WriteLock(collection):
        page = visit(collection, monkeypatch, q=QUERY, lines=ids_text(picked), plus=ids_text(picked))
        page.selectbox(key="sort").set_value("document").run()
        assert address(page)["lines"] == [ids_text(picked)]
        assert address(page)["plus"] == [ids_text(picked)]
        assert 'data-address="plus=' in html(page)
        page.button(key="page-next").click().run()
        assert address(page)["lines"] == [ids_text(picked)]
    assert kept(collection) == []
    page.selectbox(key="sort").set_value("left").run()
    assert "lines" not in address(page)
    assert set(kept(collection)) >= {*address(page)["selection"]}
    assert 'data-address="marks=' in html(page)
    assert warnings(page) == []


def test_marks_without_room_in_the_address_are_counted(collection: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with WriteLock(collection):
        page = visit(collection, monkeypatch, q=QUERY)
        page.session_state[marks.STATE] = {("", Kind.OCCURRENCE): dict.fromkeys(range(10**6, 10**6 + 600), 1)}
        page.run()
        assert "100 marks are not in the address, since the collection cannot be written now to keep them" in html(page)


def test_an_older_collection_has_long_addresses(
    collection: Path, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    picked = banks(searcher, 200)
    change(collection, "DROP TABLE selections")
    page = visit(collection, monkeypatch, q=QUERY, lines=ids_text(picked))
    page.selectbox(key="sort").set_value("document").run()
    assert address(page)["lines"] == [ids_text(picked)]
    assert warnings(page) == []
    assert warnings(visit(collection, monkeypatch, q=QUERY, selection="a" * 10)) != []


def test_a_name_that_the_collection_does_not_keep_costs_one_line(
    collection: Path, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_address = {"q": [QUERY], "k": ["50"], "selection": ["abcdefghij"], "marks": ["zyxwvutsrq"]}
    page = visit(collection, monkeypatch, **given_address)
    assert lines(page) == expected(searcher.occurrences(QUERY, 50))
    assert warnings(page) == [
        f"the address has {name} in the place of lines, which this collection does not keep; ask for the link again, or"
        " choose the lines again"
        for name in ("abcdefghij", "zyxwvutsrq")
    ]
    assert address(page) == given_address  # a new one would be an entry of the history that Back cannot leave
    page.selectbox(key="sort").set_value("document").run()
    assert warnings(page) == []
    assert address(page) == {"q": [QUERY], "match": ["lemma"], "k": ["50"], "sort": ["document"]}


@pytest.mark.parametrize(
    "name", ["A" * 10, "a" * 9, "a" * 53, "../../etc", "<b>x</b>" * 9, "a" * 100_000, "aaaaaaaaa1"]
)
def test_hostile_names_are_ignored_with_a_line(collection: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    page = visit(collection, monkeypatch, q=QUERY, selection=name, marks=name)
    assert len(lines(page)) == 20
    found = warnings(page)
    assert [each.partition("=")[0] for each in found] == ["selection", "marks"]
    assert all("is not the name of a selection; it is ignored" in each and len(each) < 200 for each in found)


def test_lines_that_are_gone_are_counted(
    collection: Path, searcher: Searcher, monkeypatch: pytest.MonkeyPatch, tiny_folder: Path
) -> None:
    picked = banks(searcher, 200)
    page = visit(collection, monkeypatch, q=QUERY, lines=ids_text(picked), k="1000")
    page.selectbox(key="sort").set_value("document").run()
    short, before = address(page), lines(page)
    gone = ["d000", "d002", "d004"]
    searcher.collection.remove(gone)
    other = visit(collection, monkeypatch, **short)
    assert lines(other) == [line for line in before if line[1] not in gone]
    assert warnings(other) == ["3 of 200 lines of the address are gone, since their documents were removed or changed"]
    assert address(other) == short
    other.selectbox(key="sort").set_value("score").run()
    assert address(other)["selection"] == short["selection"]  # its lines are there again once the documents are
    build(
        collection,
        [Document(name, f"The bank number {int(name[1:])} closed.") for name in gone],
        model=str(tiny_folder),
    )
    again = visit(collection, monkeypatch, **short)
    assert sorted(lines(again)) == sorted(before)
    assert warnings(again) == []


def test_a_damaged_selection_costs_one_line(
    collection: Path, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = visit(collection, monkeypatch, q=QUERY, lines=ids_text(banks(searcher, 200)))
    page.selectbox(key="sort").set_value("document").run()
    short = address(page)
    searcher.close()
    change(collection, "UPDATE selections SET lines = x'00'")
    other = visit(collection, monkeypatch, **short)
    assert len(lines(other)) == 20
    (line,) = warnings(other)
    assert "is damaged; choose its lines again" in line


def test_names_of_one_collection_mean_nothing_in_another(
    collection: Path, searcher: Searcher, monkeypatch: pytest.MonkeyPatch, tiny_folder: Path
) -> None:
    page = visit(collection, monkeypatch, q=QUERY, lines=ids_text(banks(searcher, 200)))
    page.selectbox(key="sort").set_value("document").run()
    (name,) = address(page)["selection"]
    build(collection.parent / "other.pol", [Document("o", "The bank closed. " * 30)], model=str(tiny_folder))
    page.run().selectbox(key="collection").set_value("other.pol").run()
    assert "selection" not in address(page)
    navigate_history(page, monkeypatch, q=QUERY, collection="other.pol", selection=name)
    assert page.session_state[session.QUERY].picked == ()
    assert len(warnings(page)) == 1
    assert name in warnings(page)[0]


def test_lines_of_another_kind_are_not_taken_for_those_of_the_question(
    collection: Path, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    like = banks(searcher, 200)
    page = visit(collection, monkeypatch, q=QUERY, like=ids_text(like))
    page.selectbox(key="sort").set_value("document").run()
    short = address(page)
    other = visit(collection, monkeypatch, **short | {"q": ["The bank closed."]})
    assert other.session_state[session.QUERY].like == ()
    assert "do not belong to the question of the address; they are ignored" in warnings(other)[0]
    sentences = tuple(hit.sentence_id for hit in searcher.sentences("The bank closed.", 200))
    page = visit(collection, monkeypatch, q="The bank closed.", like=ids_text(sentences))
    page.selectbox(key="k").set_value(50).run()
    assert page.session_state[session.QUERY].like == tuple(sorted(sentences))
    again = visit(collection, monkeypatch, **address(page))
    assert lines(again) == lines(page)
    assert again.session_state[session.QUERY].like == tuple(sorted(sentences))


def test_a_visit_reads_its_lines_again_after_a_new_encoding(
    collection: Path, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    searcher.collection.remove([f"d{n:03}" for n in range(9)])  # a new encoding gives others their ids
    picked = sorted(hit.occurrence_id for hit in searcher.occurrences(QUERY, 200))
    page = visit(collection, monkeypatch, q=QUERY, lines=ids_text(picked), plus=ids_text(picked), k="1000")
    page.selectbox(key="sort").set_value("document").run()
    before = lines(page)
    searcher.close()
    reencode(collection)
    page.run()
    assert page.session_state[session.QUERY].picked != tuple(picked)
    assert lines(page) == before
    with Searcher.open(collection) as new:
        marked = page.session_state[marks.STATE]["", Kind.OCCURRENCE]
        assert [hit.document_id for hit in new.live_hits(sorted(marked))] == [document for _, document in before]
    assert warnings(page) == []


# Marks


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The session state of one visitor, for marks without a page."""
    found: dict[str, object] = {}
    monkeypatch.setattr(streamlit, "session_state", found)
    return found


CLICKS = st.lists(
    st.tuples(st.sampled_from(Kind), st.integers(1, 400), st.sampled_from([1, -1, 0])), min_size=1, max_size=900
)


@settings(max_examples=30)
@given(CLICKS, st.sets(st.integers(0, 900)))
def test_every_address_of_many_marks_is_short_and_has_them_all(
    clicks: list[tuple[Kind, int, int]], reloads: set[int]
) -> None:
    store: dict[str, dict[str, tuple[int, ...]]] = {}
    names = iter(f"{chr(97 + n // 26)}{chr(97 + n % 26)}aaaaaaaa" for n in range(676))
    wanted: dict[tuple[Kind, int], int] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streamlit, "session_state", {})
        for step, (kind, key, sign) in enumerate(clicks):
            marks.put("c", kind, key, sign)
            wanted[kind, key] = sign
            if lists := marks.lists_to_keep("c"):
                name = next(names)
                store[name] = {each: found.ids for each, found in lists.items()}
                assert all(found.of_sentences == each.endswith("sentences") for each, found in lists.items())
                marks.note_kept("c", name)
            written = marks.write("c")
            assert sum(map(len, written.values())) <= MAX_LISTS + 20
            assert marks.left_out("c") == 0
            assert marks.lists_to_keep("c") is None
            if step in reloads or step == len(clicks) - 1:
                patch.setattr(streamlit, "session_state", {})
                assert marks.read("c", {each: [text] for each, text in written.items()}) == ()
                assert marks.write("c") == written  # before the collection is open
                if name_read := marks.wanted("c"):
                    marks.fill("c", store[name_read])
                assert marks.wanted("c") is None
                assert marks.write("c") == written
                assert _marked() == {each: sign for each, sign in wanted.items() if sign}
    assert len(store) <= 1 + len(clicks) // 100


def _marked() -> Mapping[tuple[Kind, int], int]:
    return {(kind, key): sign for kind in Kind for key, sign in marks.of("c", kind).items()}


def test_a_name_of_marks_without_marks_is_dropped(state: dict[str, object]) -> None:
    marks.read("c", {"marks": ["aaaaaaaaaa"], "plus": ["1-2"], "cleared": ["7"]})
    assert marks.write("c") == {"marks": "aaaaaaaaaa", "plus": "1-2", "cleared": "7"}
    marks.fill("c", {})
    assert marks.write("c") == {"plus": "1-2"}
    assert marks.read("c", {"marks": ["AAA\n" * 99]}) == (
        "marks=AAA AAA AAA AAA AAA AAA AAA AAA AAA AAA in the address is not the name of a selection; it is ignored",
    )
    assert _marked() == {(Kind.OCCURRENCE, 1): 1, (Kind.OCCURRENCE, 2): 1}
    assert state


# The address


@given(
    st.tuples(*(st.sets(st.integers(0, 10**6)),) * 3).map(lambda ids: tuple(map(tuple, map(sorted, ids)))),
    st.from_regex("[a-z2-7]{10,52}", fullmatch=True),
)
def test_an_address_has_a_name_or_lists(ids: tuple[tuple[int, ...], ...], name: str) -> None:
    query = PageQuery("a [bank]", picked=ids[0], like=ids[1], unlike=ids[2])
    named = write_address(query, name)
    assert {each: [str(text)] for each, text in named.items()} == {
        "q": ["a [bank]"],
        "match": ["lemma"],
        "k": ["20"],
        "selection": [name],
    }
    assert read_address({each: [str(text)] for each, text in named.items()}) == (
        PageQuery("a [bank]", selection=name),
        (),
    )
    both = write_address(PageQuery("x", picked=ids[0], selection=name))
    assert read_address({each: [str(text)] for each, text in both.items()}) == (
        PageQuery("x", picked=ids[0], selection=name),
        (),
    )
