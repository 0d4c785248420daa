"""Docstrings and comments are plain: no semicolons, and at most 25 words in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prose import ROOMS, Kind, Text, files_of, paragraphs, python_texts, sentences, without_code, words

MOST_WORDS = 25
CHECKED = (Kind.DOCSTRING, Kind.COMMENT)


def problems(texts: list[Text]) -> Iterator[str]:
    """Yield one line for each semicolon and each long sentence."""
    for text in texts:
        if text.kind not in CHECKED:
            continue
        for paragraph in paragraphs(text.text):
            if ";" in without_code(paragraph):
                yield f"{text}: a semicolon in '{paragraph[:100]}'"
            for sentence in sentences(paragraph):
                if words(sentence) > MOST_WORDS:
                    yield f"{text}: {words(sentence)} words in '{sentence[:100]}'"


@pytest.mark.parametrize("room", ROOMS)
def test_docstrings_and_comments_have_short_sentences_without_semicolons(room: str) -> None:
    texts = [text for path in files_of(room) for text in python_texts(path)]
    assert list(problems(texts)) == []


def test_sentences_end_where_a_reader_sees_the_end() -> None:
    text = 'Read e.g. a file (see Peters et al. 2018). Return `a. B` of it: The rest stays. "So." Then 3.5 GB. 4 of 5.'
    assert list(sentences(text)) == [
        "Read e.g a file .",
        "Return CODE of it:",
        "The rest stays.",
        "QUOTED Then 3.5 GB. 4 of 5.",
    ]
    assert words("Return CODE of 3 it's half-done.") == 5


def test_paragraphs_are_apart_where_a_docstring_has_lists_entries_shapes_tables_and_code() -> None:
    text = """Return the best rows
of a segment.  (n, d) -> (k,)

Args:
    rows: Numbers of rows.
    query, k: Unit vector
        and number of rows.

- first item
- second item

| table | skipped |

    code = skipped(1)

Done."""
    assert list(paragraphs(text)) == [
        "Return the best rows of a segment.",
        "(n, d) -> (k,)",
        "Numbers of rows.",
        "Unit vector and number of rows.",
        "first item",
        "second item",
        "Done.",
    ]


def test_comments_below_each_other_are_one_text(tmp_path: Path) -> None:
    path = tmp_path / "example.py"
    path.write_text("# One\n# text.\nx = 1  # (n,)\ny = 2  # (m,)\n# noqa: E501\n# Other.\n", encoding="utf-8")
    assert [(text.line, text.text) for text in python_texts(path)] == [
        (1, "One\ntext."),
        (3, "(n,)"),
        (4, "(m,)"),
        (6, "Other."),
    ]


def test_semicolons_and_long_sentences_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "example.py"
    long = " ".join(["word"] * 26)
    path.write_text(f'"""Do this; then that."""\n# {long}.\n# `a; b` is code.\nx = "a; b"\n', encoding="utf-8")
    found = list(problems(list(python_texts(path))))
    assert [line.split(" in ")[0] for line in found] == [
        "example.py:1: docstring: a semicolon",
        "example.py:2: comment: 26 words",
    ]
