"""JSON of all shapes: lists, lines, one object, lists and objects in an object, and nested fields."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.documents import Document, read_documents
from polyseme.indexer.readers import fields, json_list, read_file
from polyseme.indexer.readers.fields import flat, take
from polyseme.indexer.readers.records import Extract, Failure, ReadOptions


def items_of(tmp_path: Path, data: object, name: str = "a.json", **options: str) -> list[Extract | Failure]:
    path = tmp_path / name
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return list(read_file(path, ReadOptions(**options)))  # type: ignore[arg-type]


ONE, TWO = {"id": 1, "text": "The tide."}, {"id": 2, "text": "The ebb."}
BOTH = [("The tide.", "1"), ("The ebb.", "2")]


@pytest.mark.parametrize(
    "data",
    [
        [ONE, TWO],
        {"data": [ONE, TWO]},
        {"meta": {"n": {}}, "data": [ONE, TWO], "tags": ["a", "b"]},
        {"response": {"docs": [ONE, TWO]}},
        {"train": [ONE], "test": [TWO]},
        {"a": ONE, "b": TWO},
        {"1": {"text": "The tide."}, "2": {"text": "The ebb."}},
        {"x": {"a": ONE, "n": 5}, "y": {"b": TWO}},
        {"id": [1, 2], "text": ["The tide.", "The ebb."]},
        {"id": {"0": 1, "1": 2}, "text": {"0": "The tide.", "1": "The ebb."}},
        f"{json.dumps(ONE)}\n{json.dumps(TWO)}",
        f"\ufeff{json.dumps(ONE)}\n\n{json.dumps(TWO)}\n",
        f"{json.dumps(ONE, indent=1)}\n{json.dumps(TWO, indent=1)}\n",
        f"{json.dumps(ONE)},\n{json.dumps(TWO)}\n",
    ],
)
@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_the_documents_of_any_shape_are_found(tmp_path: Path, data: object, suffix: str) -> None:
    text = data if isinstance(data, str) else json.dumps(data, indent=1)
    items = items_of(tmp_path, text, f"a{suffix}")
    assert [(item.text, item.id) for item in items if isinstance(item, Extract)] == BOTH, items
    assert len({item.row for item in items}) == len(items) == 2


def test_one_object_is_one_document_with_the_id_of_its_file(tmp_path: Path) -> None:
    assert items_of(tmp_path, {"text": "The tide.", "tags": ["a"], "by": {"name": "Ann"}}) == [
        Extract("The tide.", {"tags": ["a"], "by.name": "Ann"})
    ]
    (found,) = read_documents(tmp_path)
    assert isinstance(found, Document)
    assert found.id == "a.json"


def test_an_object_around_the_only_text_is_one_document(tmp_path: Path) -> None:
    data = {"post": {"id": 7, "text": "The tide.", "n": 1}, "user": {"name": "Ann"}, "tags": ["a"]}
    assert items_of(tmp_path, data) == [Extract("The tide.", {"post.n": 1, "user.name": "Ann", "tags": ["a"]}, "7")]
    assert items_of(tmp_path, {"id": 8, **data})[0] == Extract(
        "The tide.", {"post.id": 7, "post.n": 1, "user.name": "Ann", "tags": ["a"]}, "8"
    )


def test_objects_are_named_by_their_keys_and_those_without_a_text_are_named(tmp_path: Path) -> None:
    data = {"a": {"text": "The tide."}, "b": {"c": {"text": "The surf."}}, "d": {"text": "The ebb."}, "n": 5}
    assert items_of(tmp_path, data) == [
        Extract("The tide.", {}, "a", 1, "row 1"),
        Failure("no text in 'text'; there is text in 'c.text'; name it with --text-path or --text-column", "row 2", 2),
        Extract("The ebb.", {}, "d", 3, "row 3"),
    ]
    deeper = {"x": {"a": {"text": "The tide."}}, "y": {"a": {"text": "The ebb."}}}
    assert [item.id for item in items_of(tmp_path, deeper) if isinstance(item, Extract)] == ["x/a", "y/a"]


def test_texts_without_fields_are_documents(tmp_path: Path) -> None:
    expected = [Extract("The tide.", {}, "", 1, "row 1"), Extract("The ebb.", {}, "", 2, "row 2")]
    assert items_of(tmp_path, ["The tide.", "The ebb."]) == expected
    assert [item.row for item in items_of(tmp_path, '"The tide."\n"The ebb."\n', "a.jsonl")] == [1, 2]
    assert items_of(tmp_path, {"title": "T", "lines": ["The tide.", "The ebb."]}, text_path="lines[]") == [
        Extract(item.text, {"title": "T"}, "", item.row, item.where) for item in expected
    ]


def test_a_list_of_paragraphs_is_one_text(tmp_path: Path) -> None:
    data = {"title": "T", "lines": ["The tide.", "The ebb."]}
    assert items_of(tmp_path, data, text_path="lines") == [Extract("The tide.\n\nThe ebb.", {"title": "T"})]
    assert items_of(tmp_path, data, "a.jsonl", text_column="lines")[0] == Extract(
        "The tide.\n\nThe ebb.", {"title": "T"}, "", 1, "line 1"
    )


def test_what_is_around_a_list_describes_its_documents(tmp_path: Path) -> None:
    data = {"source": "Times", "about": {"year": 1999}, "data": [{"text": "The tide.", "source": "Post"}]}
    assert items_of(tmp_path, data) == [
        Extract("The tide.", {"source": "Post", "about.year": 1999}, "", 1, "row 1"),
    ]
    assert items_of(tmp_path, {"a": [{"text": "x"}], "b": [{"text": "y"}]}) == [
        Extract("x", {"list": "a"}, "", 1, "a, row 1"),
        Extract("y", {"list": "b"}, "", 2, "b, row 1"),
    ]


@pytest.mark.parametrize(
    ("path", "text", "rest"),
    [
        ("post.body", "The tide.", {"post.by": "Ann", "all": [{"t": "x", "n": 1}, {"t": "y"}], "a.b": "z"}),
        ("all[].t", "x\n\ny", {"post.body": "The tide.", "post.by": "Ann", "all": [{"n": 1}], "a.b": "z"}),
        ("all.t", "x\n\ny", {"post.body": "The tide.", "post.by": "Ann", "all": [{"n": 1}], "a.b": "z"}),
        ("all[1].t", "y", {"post.body": "The tide.", "post.by": "Ann", "all": [{"t": "x", "n": 1}], "a.b": "z"}),
        ("a.b", "z", {"post.body": "The tide.", "post.by": "Ann", "all": [{"t": "x", "n": 1}, {"t": "y"}]}),
        ("$.post.by", "Ann", {"post.body": "The tide.", "all": [{"t": "x", "n": 1}, {"t": "y"}], "a.b": "z"}),
    ],
)
def test_a_path_leads_to_the_text(tmp_path: Path, path: str, text: str, rest: dict[str, object]) -> None:
    row = {
        "post": {"body": "The tide.", "by": "Ann"},
        "all": [{"t": "x", "n": 1}, {"t": "y"}],
        "a.b": "z",
        "user": {"id": 7},
    }
    expected = [Extract(text, rest, "7", 1, "line 1")]
    assert items_of(tmp_path, row, "a.jsonl", text_path=path, id_column="user.id") == expected
    if not path.startswith("$"):
        assert items_of(tmp_path, row, "a.jsonl", text_column=path, id_column="user.id") == expected


def test_a_path_may_begin_at_the_list_or_at_the_file(tmp_path: Path) -> None:
    data = {"hits": {"hits": [{"_id": "x", "_source": {"body": "The tide.", "year": 1999}}]}}
    for path in ("_source.body", "hits.hits._source.body", "hits.hits[]._source.body"):
        assert items_of(tmp_path, data, text_path=path, id_column="_id") == [
            Extract("The tide.", {"_source.year": 1999}, "x", 1, "row 1")
        ]
    (failure,) = items_of(tmp_path, data)
    assert isinstance(failure, Failure)
    assert failure.reason.startswith(
        "no text in 'text'; there is text in 'hits.hits[]._id', 'hits.hits[]._source.body'; "
    )


def test_a_text_path_is_for_json_and_a_text_column_for_tables(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("line\nThe tide.\n")
    (tmp_path / "b.jsonl").write_text('{"post": {"body": "The ebb."}}\n')
    found = list(read_documents(tmp_path, ReadOptions(text_column="line", text_path="post.body")))
    assert [item.text for item in found if isinstance(item, Document)] == ["The tide.", "The ebb."]


def test_a_translation_in_a_field_is_kept(tmp_path: Path) -> None:
    row = {"text": "The tide.", "other": {"de": "Die Flut.", "n": 1}}
    assert items_of(tmp_path, row, "a.jsonl", translation_column="other.de") == [
        Extract("The tide.", {"translation": "Die Flut.", "other.n": 1}, "", 1, "line 1")
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("{}", "no text in 'text'"),
        ("5", "neither a list nor an object"),
        ('{"a": "The tide.", "b": {"c": "x"}}', "no text in 'text'; there is text in 'a', 'b.c'; name it with --text-"),
        ('{"text": "a" "b"}', "broken JSON: Expecting ',' delimiter; the rest is not read"),
        ('{"a": 1, 2: 3}', "broken JSON: Expecting property name|no key where one must be|broken JSON: no key"),
        ('{"a" 1}', "broken JSON: no key where one must be"),
        ('{"a": [1, 2', "broken JSON after row 2: no comma"),
        ('{"a": "x', "broken JSON: Unterminated string"),
        ('{"a":' * 90_000, "broken JSON: maximum recursion|broken JSON"),
    ],
)
def test_a_broken_object_is_named(tmp_path: Path, data: str, reason: str) -> None:
    (item,) = items_of(tmp_path, data)
    assert isinstance(item, Failure)
    assert any(item.reason.startswith(part) for part in reason.split("|")), item.reason


def test_what_comes_before_a_break_in_a_list_of_an_object_is_read(tmp_path: Path) -> None:
    one, failure = items_of(tmp_path, '{"data": [{"text": "The tide."}, {"text": "The')
    assert one == Extract("The tide.", {}, "", 1, "row 1")
    assert isinstance(failure, Failure)
    assert failure.reason.startswith("broken JSON in row 2")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.[]0", max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.text("ab.", max_size=4), JSON, max_size=4), st.text("ab.[]0", max_size=6))
def test_taking_a_field_loses_no_other(row: dict[str, object], path: str) -> None:
    before = json.dumps(row)
    found, rest = take(row, path)
    assert json.dumps(row) == before
    assert sorted(scalars(row)) == sorted([*scalars(found), *scalars(rest)])
    assert sorted(scalars(row)) == sorted(scalars(list(flat(row).values())))


def scalars(value: object) -> list[str]:
    """Return the texts and numbers in a value."""
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [each for item in inner for each in scalars(item)]
    return [] if value is None else [repr(value)]


def test_fields_that_come_to_have_one_name_are_both_kept() -> None:
    assert flat({"a": {"b": 1}, "a.b": 2, "c": {}, "d": [{"e": 1}]}) == {"a.b": 1, "a.b.2": 2, "c": {}, "d": [{"e": 1}]}


def test_hostile_objects_stay_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep: dict[str, object] = {}
    for _ in range(400):
        deep = {"k" * 300: deep, "x": 1}
    (found,) = items_of(tmp_path, {"text": "The tide.", "deep": deep}, "a.jsonl")
    assert isinstance(found, Extract)
    assert max(map(len, found.metadata)) < 1000
    monkeypatch.setattr(fields, "MAX_FIELDS", 1000)
    many = {"text": "The tide.", **{f"f{n}": n for n in range(2000)}}
    assert items_of(tmp_path, many, "a.jsonl") == [Failure("more than 1,000 fields", "line 1", 1)]
    start = time.process_time()
    keys = ",".join(f'"{n}": {{"text": {n}}}' for n in range(100_000))
    assert len(items_of(tmp_path, f"{{{keys}}}")) == 1
    assert time.process_time() - start < 20


def test_an_object_is_walked_value_by_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_list, "_STEP", 7)
    data = {
        "n": 12345678901,
        "data": [{"text": 'The "tide" \\ [{,', "id": 1}, {"text": "z" * 50, "id": 2}],
        "m": {"x": None},
    }
    for indent in (None, 1):
        found = items_of(tmp_path, json.dumps(data, indent=indent))
        assert [item.id for item in found if isinstance(item, Extract)] == ["1", "2"]
        assert found[1] == Extract("z" * 50, {"n": 12345678901, "m.x": None}, "2", 2, "row 2")
