"""Tests of what the page shows of annotations, and of the name by which it saves them."""

from __future__ import annotations

import re
from html import unescape

import pytest
import streamlit
from polyseme.indexer.collection.judgements import Annotation
from polyseme.indexer.errors import QueryError
from polyseme.search.judging.agreement import measure_agreement
from polyseme.ui.page import annotate, login
from polyseme.ui.page.html.annotate import agreement, signs


def test_signs_of_a_line_name_their_authors_and_show_no_markup() -> None:
    evil = "<img src=x onerror='window.evil = 1'>"
    said = [
        Annotation("ann", "2026-01-31T09:30:00+00:00", sense=evil, mark="good"),
        Annotation('"bob"', "2026-01-31T09:30:00+00:00", sense=evil, note="a\nb" * 1000),
    ]
    shown = signs(said)
    assert "<img" not in shown
    found = re.findall(r'data-kind="(\w+)" title="([^"]*)"><bdi>([^<]*)</bdi>', shown)
    assert [kind for kind, _, _ in found] == ["sense", "mark", "note"], "a sense that two authors give is one sign"
    titles = [unescape(title) for _, title, _ in found]
    assert titles[0] == f'sense {evil}, by ann, "bob"'
    assert titles[1] == "good example, by ann"
    assert titles[2].startswith("note: a\nba\nb")
    assert len(titles[2]) < 600
    assert [unescape(text) for _, _, text in found][1:] == ["good", "note"]


def test_agreement_is_shown_for_several_authors_only() -> None:
    assert agreement(measure_agreement({(1, "ann"): 1, (2, "ann"): 2})) == ""
    ratings = {(1, "ann"): 1, (1, "<bob>"): 1, (2, "ann"): 2, (2, "<bob>"): 2, (3, "ann"): 1, (3, "<bob>"): 2}
    found = measure_agreement(ratings)
    shown = agreement(found)
    assert f"Krippendorff&#x27;s alpha {found.alpha:.2f}" in shown
    assert "&lt;bob&gt;" in shown
    assert "67% of 3 lines" in shown


def test_author_is_the_account_then_the_typed_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "is_served_beyond", lambda: False)
    assert annotate.author() is None, "the user of this machine"
    monkeypatch.setattr(login, "is_served_beyond", lambda: True)
    state = {annotate.AUTHOR: "  "}
    monkeypatch.setattr(streamlit, "session_state", state)
    monkeypatch.setattr(annotate, "_account", lambda: "")
    with pytest.raises(QueryError, match="type your name in the sidebar"):
        annotate.author()
    state[annotate.AUTHOR] = " Ann "
    assert annotate.author() == "Ann"
    monkeypatch.setattr(annotate, "_account", lambda: "ann@example.org")
    assert annotate.author() == "ann@example.org"
