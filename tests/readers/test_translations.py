"""Translation memories: the side that is indexed, the side that is kept, and hostile XML."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.readers import read_file, translations
from polyseme.indexer.readers.apart import ReaderProcess
from polyseme.indexer.readers.records import Extract, Failure, ReadOptions
from samples import XLIFF, XLIFF_2, tmx


def items_of(tmp_path: Path, data: str | bytes, name: str = "a.tmx", language: str = "en") -> list[Extract | Failure]:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(read_file(path, ReadOptions(language=language)))


def one(tmp_path: Path, data: str, name: str = "a.tmx", language: str = "en") -> Extract:
    (item,) = items_of(tmp_path, data, name, language)
    assert isinstance(item, Extract), item
    return item


@pytest.mark.parametrize(
    ("language", "text", "other"), [("en", "The tide.", "Die Flut."), ("de", "Die Flut.", "The tide.")]
)
@pytest.mark.parametrize(
    "codes", [("en", "de"), ("en-GB", "de-AT"), ("EN-US", "DE-DE"), ("en_US", "de_DE"), ("eng", "ger")]
)
def test_the_side_in_the_collections_language_is_the_text(
    tmp_path: Path, codes: tuple[str, str], language: str, text: str, other: str
) -> None:
    other_code = codes[language == "en"]
    for unit in ((codes[0], "The tide."), (codes[1], "Die Flut.")), ((codes[1], "Die Flut."), (codes[0], "The tide.")):
        assert one(tmp_path, tmx(dict(unit)), language=language) == Extract(
            text, {"translation": other, "translation_language": other_code}, "", 1, "unit 1"
        )


def test_several_translations_have_a_field_each(tmp_path: Path) -> None:
    found = one(tmp_path, tmx({"fr": "La marée.", "en": "The tide.", "de": "Die Flut.", "en-GB": "Tide."}))
    assert found.text == "The tide."
    assert found.metadata == {
        "translation.fr": "La marée.",
        "translation.de": "Die Flut.",
        "translation.en-GB": "Tide.",
    }


def test_what_a_unit_says_of_itself_is_metadata(tmp_path: Path) -> None:
    data = tmx({"en": "The tide."}).replace(
        "<tu>",
        '<tu tuid="7" creationdate="19990102T030405Z" creationid="ann" changeid="ben"><note>one</note><note>two</note>'
        '<prop type="x-domain">sea</prop>',
    )
    assert one(tmp_path, data).metadata == {
        "unit": "7",
        "created": "1999-01-02T03:04:05",
        "creator": "ann",
        "editor": "ben",
        "note": "one\ntwo",
        "domain": "sea",
    }


@pytest.mark.parametrize(
    ("seg", "text"),
    [
        ('The <bpt i="1">&lt;b></bpt>tide<ept i="1">&lt;/b></ept>.', "The tide."),
        ("The <hi>tide</hi> &amp; ebb.", "The tide & ebb."),
        ("The tide.<ph>&lt;br/&gt;</ph>The ebb.", "The tide.\nThe ebb."),
        ("The <it pos='begin'>{x<sub>A note.</sub>y}</it>tide.", "The tide.\n\nA note."),
        ("The <ut>\\b </ut>tide.", "The tide."),
        ("  The tide.\n ", "The tide."),
        ("<!-- c -->The <?p i?>tide.", "The tide."),
    ],
)
def test_codes_are_not_text(tmp_path: Path, seg: str, text: str) -> None:
    assert one(tmp_path, tmx({"en": seg})).text == text


def test_the_older_attribute_of_a_language_and_other_encodings_are_read(tmp_path: Path) -> None:
    data = tmx({"en": "The tide.", "de": "Die Flut für alle."})
    for encoded in (data.replace("xml:lang", "lang").encode(), data.replace("1.0", "1.0", 1).encode("utf-16")):
        (item,) = items_of(tmp_path, encoded)
        assert isinstance(item, Extract)
        assert item.metadata["translation"] == "Die Flut für alle."
    latin = data.replace('version="1.0"?', 'version="1.0" encoding="iso-8859-1"?', 1).encode("latin-1")
    assert items_of(tmp_path, latin) == [item]


def test_units_without_the_language_are_counted(tmp_path: Path) -> None:
    data = tmx({"en": "The tide.", "de": "Die Flut."}, {"de": "Die Ebbe."}, {"fr": "La marée.", "en": " "})
    item, failure = items_of(tmp_path, data)
    assert isinstance(item, Extract)
    assert failure == Failure("2 of 3 units have no text in 'en'; the languages are de (2), en (1), fr (1)")


def test_a_memory_without_the_language_says_which_there_are(tmp_path: Path) -> None:
    for name, data in (("a.tmx", tmx({"en": "The tide.", "de": "Die Flut."})), ("a.xliff", XLIFF_2)):
        (failure,) = items_of(tmp_path, data, name, "pl")
        assert isinstance(failure, Failure)
        assert failure.reason.startswith("no text in 'pl', the language of the collection; its units are in ")
        assert failure.reason.endswith("; index it into a collection of its own with --language en")


def test_xliff_1_is_read_unit_by_unit(tmp_path: Path) -> None:
    about = {"original": "a.html", "unit": "a", "note": "see b", "state": "final"}
    assert items_of(tmp_path, XLIFF, "a.xlf") == [
        Extract(
            "The bank was\nwet.",
            {"translation": "Das Ufer war nass.", "translation_language": "de", **about},
            "",
            1,
            "unit 1",
        ),
        Extract("It held.", {"original": "a.html", "unit": "2"}, "", 2, "unit 2"),
    ]
    item, failure = items_of(tmp_path, XLIFF, "a.xlf", "de")
    assert isinstance(item, Extract)
    assert (item.text, item.metadata["translation"]) == ("Das Ufer war nass.", "The bank was\nwet.")
    assert failure == Failure("1 of 2 units have no text in 'de'; the languages are en (2), de (1)")


def test_xliff_2_is_read_segment_by_segment(tmp_path: Path) -> None:
    found = items_of(tmp_path, XLIFF_2, "a.xliff")
    assert [(item.text, item.metadata["translation"]) for item in found if isinstance(item, Extract)] == [
        ("The bank.", "Das Ufer."),
        ("It held.", "Es hielt."),
    ]
    assert isinstance(found[0], Extract)
    assert found[0].metadata["note"] == "n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "no text in it"),
        ("<tmx></tmx>", "no translation units in it"),
        ("<tmx><body></tmx>", "damaged: mismatched tag"),
        (
            '<!DOCTYPE t [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><tmx>&c;</tmx>',
            "it declares entities, which are not read",
        ),
        ('<!DOCTYPE t [<!ENTITY a SYSTEM "file:///etc/hosts">]><tmx>&a;</tmx>', "it declares entities"),
        ("<a>" * 100_000, "damaged: its elements nest too deeply"),
        ('<?xml version="1.0" encoding="none"?><tmx/>', "damaged: "),
    ],
)
def test_broken_and_hostile_files_are_named(tmp_path: Path, data: str, reason: str) -> None:
    for name in ("a.tmx", "a.xlf"):
        (failure,) = items_of(tmp_path, data, name)
        assert isinstance(failure, Failure)
        assert failure.reason.startswith(reason)


def test_what_comes_before_a_break_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translations, "_CHUNK", 100)
    whole = tmx(*({"en": f"The tide {n}."} for n in range(9)))
    items = items_of(tmp_path, whole[:-60])
    assert [type(item) for item in items] == [Extract] * 8 + [Failure]
    assert isinstance(items[-1], Failure)
    assert items[-1].reason.endswith("; what comes after it is not read")
    monkeypatch.setattr(translations, "MAX_UNIT", 50)
    items = items_of(tmp_path, tmx({"en": "The tide."}, {"en": "x" * 500}))
    assert [type(item) for item in items] == [Extract, Failure]


def test_a_memory_is_read_while_it_is_used(tmp_path: Path) -> None:
    path = tmp_path / "a.tmx"
    path.write_text(tmx(*({"en": f"The tide {n}."} for n in range(20_000))))
    with_process = ReaderProcess()
    reading = with_process.read(path, ReadOptions())
    assert next(reading) == Extract("The tide 0.", {}, "", 1, "unit 1")
    process = with_process._process
    assert process is not None
    assert process.poll() is None
    del reading  # nobody reads the rest
    assert process.poll() is not None
    assert sum(1 for _ in with_process.read(path, ReadOptions())) == 20_000
    with_process.close()


def test_the_collections_language_chooses_the_side(tmp_path: Path) -> None:
    (tmp_path / "a.tmx").write_text(tmx({"en": "The tide came in.", "de": "Die Flut kam."}))
    for language, text in (("en", "The tide came in."), ("de", "Die Flut kam.")):
        collection = tmp_path / f"{language}.pol"
        for asked in (language, "fr"):  # the second run keeps the collection's language
            report = build(collection, [tmp_path / "a.tmx"], BuildConfig(language=asked), FakeEncoder())
            assert not report.skipped
        with Collection.open(collection) as opened:
            assert opened.document("a.tmx#1")[1] == text
