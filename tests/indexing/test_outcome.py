"""What a run says of each file, ids that stay, and lists in metadata."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import BuildConfig, BuildReport, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.documents import Cause, Document, ReadOptions, Skipped
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.outcome import FileState, Warned, counted_types, unread_line
from polyseme.indexer.preview import preview
from polyseme.indexer.readers.apart import ReaderProcess
from polyseme.indexer.readers.records import Extract
from polyseme.indexer.values import MAX_ITEMS
from polyseme.indexer.verify import verify
from polyseme.search.searcher import Searcher

BANK = "The bank was wet."


def write(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def index(
    collection: Path, *sources: Path | Document, prune: bool = False, text: str = "text", globs: tuple[str, ...] = ()
) -> BuildReport:
    config = BuildConfig(prune=prune, reading=ReadOptions(text_column=text, globs=globs))
    return build(collection, list(sources), config, model=FakeEncoder())


def stored(collection: Path) -> dict[str, str]:
    with Collection.open(collection) as opened:
        return {found.document_id: opened.document(found.document_id)[1] for found in opened.documents()}


# ---- ids


def test_a_second_folder_with_the_same_names_replaces_and_renames_nothing(tmp_path: Path) -> None:
    c, first, second = tmp_path / "c.pol", tmp_path / "1850", tmp_path / "1851"
    write(first, {"letter.txt": "The old bank.", "other.txt": "The other bank."})
    write(second, {"letter.txt": "The new bank.", "more.txt": "More of the bank."})
    index(c, first)
    report = index(c, second)
    expected = {
        "letter.txt": "The old bank.",
        "other.txt": "The other bank.",
        "1851/letter.txt": "The new bank.",
        "1851/more.txt": "More of the bank.",
    }
    assert (report.added, report.updated, report.vanished) == (2, 0, ())
    assert stored(c) == expected
    for sources in ([first, second], [second, first], [first], [second], [second / "letter.txt"]):
        report = index(c, *sources, prune=True)
        assert (report.added, report.updated, report.removed) == (0, 0, 0)
        assert stored(c) == expected
    write(first, {"new.txt": "A new bank."})
    index(c, first, second)
    assert "new.txt" in stored(c)


def test_two_folders_given_together_keep_their_ids_when_one_is_given_alone(tmp_path: Path) -> None:
    c, first, second = tmp_path / "c.pol", tmp_path / "1850", tmp_path / "1851"
    write(first, {"letter.txt": "The old bank.", "rows.csv": "text\nOne bank.\nTwo banks.\n"})
    write(second, {"letter.txt": "The new bank."})
    index(c, first, second)
    names = ["1850/letter.txt", "1850/rows.csv#1", "1850/rows.csv#2", "1851/letter.txt"]
    assert sorted(stored(c)) == names
    write(first, {"letter.txt": "The old bank, changed."})
    report = index(c, first)
    assert (report.added, report.updated, report.unchanged) == (0, 1, 2)
    (second / "letter.txt").unlink()
    write(second, {"b.txt": "Another bank."})
    report = index(c, second, prune=True)
    assert (report.vanished, report.removed) == (("1851/letter.txt",), 1)
    assert sorted(stored(c)) == [*names[:3], "1851/b.txt"]


def test_single_files_of_one_name_do_not_replace_each_other(tmp_path: Path) -> None:
    c = tmp_path / "c.pol"
    write(tmp_path, {"a/x.txt": "One bank.", "b/x.txt": "Two banks."})
    index(c, tmp_path / "a" / "x.txt")
    index(c, tmp_path / "b" / "x.txt")
    assert stored(c) == {"x.txt": "One bank.", "b/x.txt": "Two banks."}
    report = index(c, tmp_path / "a")
    assert (report.added, report.unchanged) == (0, 1)


def test_a_folder_that_has_moved_keeps_its_ids(tmp_path: Path) -> None:
    c = tmp_path / "c.pol"
    write(tmp_path / "old" / "letters", {"a.txt": "One bank.", "b.txt": "Two banks."})
    index(c, tmp_path / "old" / "letters")
    (tmp_path / "new").mkdir()
    shutil.move(tmp_path / "old" / "letters", tmp_path / "new" / "letters")
    write(tmp_path / "new" / "letters", {"b.txt": "Two banks, changed."})
    report = index(c, tmp_path / "new" / "letters")
    assert (report.added, report.updated, report.unchanged) == (0, 1, 1)
    (tmp_path / "new" / "letters").rename(tmp_path / "renamed")
    report = index(c, tmp_path / "renamed")
    assert (report.added, report.unchanged) == (0, 2)


def test_another_folder_in_the_place_of_one_that_is_away_replaces_nothing(tmp_path: Path) -> None:
    c = tmp_path / "c.pol"
    index(c, write(tmp_path / "1850", {"letter.txt": "The old bank."}))
    (tmp_path / "1850").rename(tmp_path / "away")
    index(c, write(tmp_path / "1851", {"letter.txt": "The new bank."}))
    assert stored(c) == {"letter.txt": "The old bank.", "1851/letter.txt": "The new bank."}


def test_a_document_that_takes_the_id_of_another_file_is_named(tmp_path: Path) -> None:
    c = tmp_path / "c.pol"
    write(tmp_path, {"a.csv": "id,text\n1,One bank.\n", "b.csv": "id,text\n1,Two banks.\n"})
    assert index(c, tmp_path / "a.csv").notices == ()
    report = index(c, tmp_path / "b.csv")
    assert report.updated == 1
    assert f"'1' was that of {tmp_path / 'a.csv'}" in report.notices[0]


def test_duplicates_do_not_hide_what_has_vanished(tmp_path: Path) -> None:
    c, folder = tmp_path / "c.pol", tmp_path / "in"
    index(c, write(folder, {"a.csv": "id,text\n1,One bank.\n2,Two banks.\n"}))
    write(folder, {"a.csv": "id,text\n1,One bank.\n1,Another bank.\n"})
    report = index(c, folder, prune=True)
    assert (report.removed, [item.cause for item in report.skipped]) == (1, [Cause.DUPLICATE])
    assert stored(c) == {"1": "One bank."}


# ---- what is said


def test_each_file_has_a_state_and_a_reason(tmp_path: Path) -> None:
    c, folder = tmp_path / "c.pol", tmp_path / "in"
    write(
        folder,
        {"a.txt": BANK, "b.csv": "id,text\n1,A bank.\n2,\n", "c.pdf": "no", "d.xq": "x", "e.jpg": "x", "f": BANK},
    )
    report = index(c, folder)
    assert [(item.file, item.type, item.documents, item.sentences, item.state) for item in report.files] == [
        ("a.txt", "txt", 1, 1, FileState.ADDED),
        ("b.csv", "csv", 1, 1, FileState.IN_PART),
        ("c.pdf", "pdf", 0, 0, FileState.SKIPPED),
        ("d.xq", "xq", 0, 0, FileState.NOT_READ),
        ("e.jpg", "jpg", 0, 0, FileState.NOT_READ),
        ("f", "txt", 1, 1, FileState.ADDED),
    ]
    reasons = {item.file: item.reason for item in report.files}
    assert reasons["b.csv"] == "row 2: no text in 'text'"
    assert not report.is_complete
    write(folder, {"a.txt": "The bank was dry."})
    states = {item.file: item.state for item in index(c, folder).files}
    assert (states["a.txt"], states["f"]) == (FileState.UPDATED, FileState.UNCHANGED)


def test_pictures_do_not_make_a_run_incomplete(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.html": f"<p>{BANK}", "a_files/x.css": "p {}", "a_files/y.JPG": "x"})
    report = index(tmp_path / "c.pol", folder)
    assert (report.is_complete, [item.type for item in report.skipped]) == (True, ["css", "jpg"])
    assert unread_line(report.skipped, Cause.COMPANION).startswith("2 files without text: 1 css, 1 jpg (a_files/x.css,")


def test_types_are_counted_in_one_line_the_most_frequent_first() -> None:
    assert counted_types({"without suffix": 9, "rtf": 1, "odt": 2}) == "2 odt, 1 rtf, 9 without suffix"
    many = counted_types({f"t{number}": 1 for number in range(32)})
    assert many.endswith(", 12 of other types")
    skipped = [Skipped(f"{n}.odt", "r", cause=Cause.UNKNOWN_TYPE, type="odt", file=f"{n}.odt") for n in range(5)]
    assert unread_line(skipped, Cause.UNKNOWN_TYPE) == (
        "5 files of types that are not read: 5 odt (0.odt, 1.odt, 2.odt, ...)"
    )
    assert unread_line(skipped, Cause.COMPANION) == ""


def test_a_new_collection_is_not_made_from_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.xq": "x", "b.xq": "x"})
    with pytest.raises(
        DocumentError, match=r"nothing to read in .*: 2 files of types that are not read: 2 xq; `polyseme index --help"
    ):
        index(tmp_path / "c.pol", folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DocumentError, match=r"nothing to read in .*empty: no files in it"):
        index(tmp_path / "c.pol", tmp_path / "empty")
    with pytest.raises(
        DocumentError, match=r"nothing to read in .*: no file in it matches '\*\.y' or 'z'; change the pattern"
    ):
        index(tmp_path / "c.pol", folder, globs=("*.y", "z"))
    with pytest.raises(DocumentError, match=r"unknown file type '\.xq'|types that are not read"):
        index(tmp_path / "c.pol", folder / "a.xq")
    assert not (tmp_path / "c.pol").exists()
    index(tmp_path / "c.pol", write(tmp_path / "good", {"a.txt": BANK}))
    assert index(tmp_path / "c.pol", folder).is_empty


def test_a_warning_of_a_reader_is_reported_and_the_document_indexed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: object) -> list[Extract]:
        return [
            Extract(BANK, warning="the encoding is a guess"),
            Extract(f"{BANK} 2", row=2, warning="the encoding is a guess"),
        ]

    monkeypatch.setattr(ReaderProcess, "read", read)
    report = index(tmp_path / "c.pol", write(tmp_path / "in", {"a.txt": BANK}))
    assert report.warnings == (Warned(f"{tmp_path / 'in'}/a.txt", "the encoding is a guess"),)
    assert (report.added, report.is_complete, report.files[0].reason) == (2, True, "the encoding is a guess")


def test_a_preview_writes_nothing_and_shows_what_a_run_would_read(tmp_path: Path) -> None:
    table = 'id,body,year\n1,"The bank held. It rained.",1850\n2,Another bank.,1851\n'
    folder = write(
        tmp_path / "in",
        {"a.csv": table, "b.csv": table, "c.txt": "The bank. It rose. It fell. It was gone.", "d.xq": "x"},
    )
    (folder / "e.txt").write_bytes("Un café au bord de la rivière.".encode("cp1252"))
    found = preview([folder], tmp_path / "c.pol", ReadOptions(text_column="body"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]
    by_name = {item.result.file: item for item in found.files}
    assert {name: (item.encoding, item.result.state) for name, item in by_name.items()} == {
        "a.csv": ("utf-8", FileState.READ),
        "b.csv": ("utf-8", FileState.SKIPPED),
        "c.txt": ("utf-8", FileState.READ),
        "d.xq": ("", FileState.NOT_READ),
        "e.txt": ("cp1252", FileState.READ),
    }
    columns = {column.name: column.values for column in by_name["a.csv"].columns}
    assert columns == {
        "id": ("1", "2"),
        "body": ("The bank held. It rained.", "Another bank."),
        "year": ("1850", "1851"),
    }
    sample = by_name["a.csv"].sample
    assert sample is not None
    assert (sample.document_id, sample.metadata) == ("1", {"year": 1850})
    assert sample.sentences == ("The bank held.", "It rained.")
    assert by_name["b.csv"].sample is by_name["e.txt"].sample is None
    other = preview([folder / "a.csv"], tmp_path / "c.pol").files[0]
    assert (other.result.documents, [column.name for column in other.columns]) == (0, ["id", "body", "year"])
    assert "no column 'text'" in other.result.reason


def test_a_preview_gives_files_the_ids_that_they_have(tmp_path: Path) -> None:
    c = tmp_path / "c.pol"
    index(c, write(tmp_path / "1850", {"letter.txt": BANK}))
    second = write(tmp_path / "1851", {"letter.txt": BANK})
    (item,) = preview([second], c).files
    assert item.sample is not None
    assert item.sample.document_id == "1851/letter.txt"


# ---- lists in metadata


def found_with(collection: Path, where: str) -> list[str]:
    with Searcher.open(collection, FakeEncoder()) as searcher:
        return sorted({hit.document_id for hit in searcher.occurrences("The [bank] was wet.", 50, where=where)})


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    write(
        tmp_path / "in",
        {
            "a.md": f"---\ntags: [river, bank]\nauthor: [Anna, Ben]\nyears: [1850, 1861]\n---\n{BANK}",
            "b.jsonl": json.dumps({"text": BANK, "tags": ["river"], "author": "Anna"}),
            "c.csv": 'text,tags\n"The bank was dry.","[""money"", ""bank""]"\n',
            "d.txt": BANK,
        },
    )
    index(tmp_path / "c.pol", tmp_path / "in")
    return tmp_path / "c.pol"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("tags=bank", ["a.md", "c.csv#1"]),
        ("tags=river", ["a.md", "b.jsonl#1"]),
        ("tags=money|river", ["a.md", "b.jsonl#1", "c.csv#1"]),
        ("tags!=river", ["c.csv#1", "d.txt"]),
        ("author=Anna", ["a.md", "b.jsonl#1"]),
        ("author=Ben", ["a.md"]),
        ("years=1860..1869", ["a.md"]),
        ("years=1851..1860", []),
    ],
)
def test_a_filter_finds_one_item_of_a_list(listed: Path, where: str, expected: list[str]) -> None:
    assert found_with(listed, where) == expected


def test_the_items_of_lists_are_counted_and_the_collection_verifies(listed: Path) -> None:
    with Collection.open(listed) as opened:
        assert opened.fields() == {"author": 2, "tags": 3, "years": 1}
        assert opened.values("tags") == {"bank": 2, "money": 1, "river": 2}
        assert opened.values("author") == {"Anna": 2, "Ben": 1}
        assert {d.document_id: d.metadata.get("tags") for d in opened.documents()}["a.md"] == ["river", "bank"]
        assert verify(opened, None, 10).problems == ()


def test_lists_of_older_collections_are_found_by_their_items(listed: Path) -> None:
    text = '["river", "bank"]'
    with Collection.open(listed) as opened, opened.writing() as writer:
        key = writer.find("d.txt").key  # type: ignore[union-attr]
        writer.set_metadata(Document("d.txt", BANK, {"tags": text}), key)
    assert found_with(listed, "tags=bank") == ["a.md", "c.csv#1", "d.txt"]
    assert found_with(listed, f"tags={text}") == ["d.txt"]
    with Collection.open(listed) as opened:
        assert opened.values("tags") == {"bank": 3, "money": 1, "river": 3}


def test_a_list_of_too_many_items_is_one_text(tmp_path: Path) -> None:
    items = [f"t{number}" for number in range(MAX_ITEMS + 1)]
    index(tmp_path / "c.pol", Document("a", BANK, {"few": items[:-1], "many": items}))
    with Collection.open(tmp_path / "c.pol") as opened:
        assert (len(opened.values("few")), len(opened.values("many"))) == (MAX_ITEMS, 1)


def test_a_collection_that_is_copied_with_its_folder_goes_on_with_its_documents(tmp_path: Path) -> None:
    one = tmp_path / "one"
    (one / "docs").mkdir(parents=True)
    for name in ("a.txt", "b.txt"):
        (one / "docs" / name).write_text(f"The bank of {name}.")
    build(one / "c.pol", [one / "docs"], model=FakeEncoder())
    two = Path(shutil.copytree(one, tmp_path / "two"))
    (two / "docs" / "b.txt").write_text("Another bank.")
    report = build(two / "c.pol", [two / "docs"], model=FakeEncoder())
    assert (report.added, report.updated, report.unchanged) == (0, 1, 1)
    other = tmp_path / "three" / "docs"
    other.mkdir(parents=True)
    (other / "a.txt").write_text("A third bank.")
    assert build(two / "c.pol", [other], model=FakeEncoder()).added == 1
    with Collection.open(two / "c.pol") as collection:
        assert [found.document_id for found in collection.documents()] == ["a.txt", "b.txt", "docs/a.txt"]
