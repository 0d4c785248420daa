"""CSV, JSON Lines and messages: all is read back, and no text becomes a formula, an escape sequence or a line."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import re
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.errors import CollectionError
from polyseme.ui.formats import cell, csv_text, defuse, jsonl
from polyseme.ui.messages import LONGEST, harmless, is_expected, one_line, problem, shortened

SIGNS = "=+-@＝＋－＠−﹢﹣﹦﹫"
UNSEEN = " \t\r\n\v\f\0\x1f\x7f\x85\xa0\u200b\u200d\u2028\u202e\u2060\u3000\ufeff\ud800"
LED = st.builds(
    lambda unseen, sign, rest: unseen + sign + rest, st.text(UNSEEN, max_size=3), st.sampled_from(SIGNS), st.text()
)
ANY_TEXT = st.text(st.characters()) | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zs"]), max_size=8)
NUMBERS = st.integers() | st.floats() | st.booleans() | st.none()
VALUES = LED | ANY_TEXT | NUMBERS
METADATA = st.dictionaries(LED | ANY_TEXT, VALUES | st.lists(NUMBERS, max_size=2), max_size=3)
ROWS = st.lists(
    st.fixed_dictionaries({"id": VALUES, "list": st.lists(LED, max_size=2), "metadata": METADATA}), max_size=4
)


def is_evaluated(text: str) -> bool:
    """Return whether some spreadsheet takes a cell for a formula: its first visible character is a sign."""
    return text.lstrip(UNSEEN)[:1] in tuple(SIGNS)


@given(LED)
def test_text_led_by_a_sign_is_prefixed_also_after_invisible_characters(text: str) -> None:
    assert is_evaluated(text)
    assert defuse(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", " and the bank", "a=b", "7 - 4", "–dash", "'=1", "\u200bx", "[x]", "$A$1"])
def test_other_text_is_unchanged(text: str) -> None:
    assert defuse(text) == text
    assert cell(text) == text


@given(ROWS)
def test_csv_is_read_back_and_holds_no_formula(rows: list[dict[str, object]]) -> None:
    table = list(csv.reader(io.StringIO(csv_text(rows), newline="")))
    assert len(table) == len(rows) + bool(rows)
    cells = [one for line in table for one in line]
    assert not [one for one in cells if is_evaluated(one) and not re.fullmatch(r"-[\d.e+-]+", one)]
    for line, row in zip(table[1:], rows, strict=True):
        found, given_value = line[table[0].index("id")], row["id"]
        if isinstance(given_value, str):
            assert found.removeprefix("'") == re.sub("[\ud800-\udfff]", "\ufffd", given_value).removeprefix("'")
        elif given_value is None or (isinstance(given_value, float) and not math.isfinite(given_value)):
            assert found == ""
        else:
            assert found == str(given_value)
    csv_text(rows).encode()


@given(ROWS, st.booleans())
def test_jsonl_is_strict_and_safe_on_a_terminal(rows: list[dict[str, object]], ascii_only: bool) -> None:
    written = jsonl(rows, ascii_only)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", written)
    assert written.isascii() or not ascii_only
    read = [json.loads(line, parse_constant=pytest.fail) for line in written.split("\n")[:-1]]
    assert len(read) == len(rows)
    for found, row in zip(read, rows, strict=True):
        if isinstance(row["id"], str):
            assert found["id"] == re.sub("[\ud800-\udfff]", "\ufffd", row["id"])
        elif isinstance(row["id"], float) and not math.isfinite(row["id"]):
            assert found["id"] is None
        else:
            assert found["id"] == row["id"]


@given(ANY_TEXT)
def test_messages_are_one_harmless_line_of_bounded_length(text: str) -> None:
    for line in (one_line(text), shortened(text * 50)):
        assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", line)
    assert len(shortened(text * 50)) <= LONGEST
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", harmless(text))


def test_a_long_message_keeps_its_start_and_the_next_step() -> None:
    found = shortened(f"{'x' * 1000} is no collection; make one with `polyseme index`")
    assert found.startswith("xxx")
    assert found.endswith("xx is no collection; make one with `polyseme index`")
    assert len(found) == LONGEST


class ResourceExhaustedError(Exception):
    """Has the name of TensorFlow's error."""


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (CollectionError("c.pol is gone; look elsewhere"), "c.pol is gone; look elsewhere"),
        (MemoryError(), "there is not enough memory; close other programs, or ask for less at once"),
        (RuntimeError("std::bad_alloc"), "there is not enough memory; close other programs, or ask for less at once"),
        (ResourceExhaustedError("x"), "there is not enough memory; close other programs, or ask for less at once"),
        (RecursionError("maximum depth"), "the input is nested too deeply; simplify it"),
        (
            OSError(errno.ENOSPC, "No space left on device", "c.pol/x.npy"),
            "c.pol/x.npy: the disk is full; what was committed is intact, free space and run again",
        ),
        (
            RuntimeError("Error in write: No space left on device"),
            "the disk is full; what was committed is intact, free space and run again",
        ),
        (sqlite3.OperationalError("database or disk is full"), "the disk is full; what was committed is intact, free"),
        (sqlite3.OperationalError("disk I/O error"), "the disk is full, or reports an error; free space or check"),
        (sqlite3.OperationalError("database is locked"), "another process is writing; wait until it has finished"),
        (
            sqlite3.DatabaseError("database disk image is malformed"),
            "(database disk image is malformed); run `polyseme",
        ),
        (PermissionError(errno.EACCES, "Permission denied", "a\nb"), "a b: access is denied; check the permissions"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "x" * 999), "x: the name is too long; choose a shorter one"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), "no longer exists; change to another folder"),
        (OSError("half a message"), "half a message; check the path, the disk and your permissions"),
        (RuntimeError("Could not determine home directory."), "the home folder is unknown; set HOME"),
        (ImportError("libx.so: failed to map segment"), "there is not enough memory"),
    ],
)
def test_known_errors_have_a_line_of_their_own(error: Exception, line: str) -> None:
    assert line in problem(error)
    assert is_expected(error)
    assert len(problem(error)) <= LONGEST
    error.add_note("my.pol")
    assert line in problem(error)


def test_an_unknown_error_names_the_collection_and_how_to_see_the_traceback() -> None:
    error = ValueError("axis 1 is out of bounds\n\x1b[31m" + "x" * 1000)
    assert not is_expected(error)
    assert problem(error).startswith("unexpected ValueError: axis 1 is out of bounds [31mxxx")
    assert problem(error).endswith("; set POLYSEME_DEBUG=1 to see the traceback, and report it")
    error.add_note("my.pol")
    assert problem(error).startswith("my.pol: unexpected ValueError")
    assert "`polyseme verify`" in problem(error)
    assert len(problem(error)) <= LONGEST
