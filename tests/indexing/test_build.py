"""Indexing: what is stored, resumed, replaced, pruned and refused."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEncoder
from polyseme.indexer.build import RECORDED, BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.records import Layer
from polyseme.indexer.documents import Document, ReadOptions, SourceScan, scan
from polyseme.indexer.elmo import Representation
from polyseme.indexer.errors import CollectionError, DocumentError
from polyseme.indexer.progress import Progress, Stage
from polyseme.indexer.reencode import reencode
from polyseme.indexer.text import TextAnalyser
from polyseme.indexer.vectors.int8 import Storage
from polyseme.indexer.vectors.transforms import Normalisation
from polyseme.indexer.verify import verify
from polyseme.search.searcher import Searcher

TEXTS = {
    "river.txt": "She sat on the river bank. The boats went by all day.\n\nA heron stood on the far bank of the river.",
    "money.txt": "The bank refused her a loan. Another bank in town lent money at four per cent.",
    "letters/old.txt": "Dear Ann, the spring came late. We walked to the spring above the mill.",
}


def write(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def answers(path: Path, encoder: FakeEncoder) -> list[dict[str, object]]:
    """Return all hits of some queries, to compare two collections."""
    with Searcher.open(path, encoder) as searcher:
        found = [
            *searcher.occurrences("the river [bank] is wet", k=50).to_dicts(),
            *searcher.occurrences("a cold [spring] day", k=50, match="any").to_dicts(),
            *searcher.sentences("boats on the river", k=50).to_dicts(),
            *searcher.sentences("the bank of the river", k=50, hybrid=True).to_dicts(),
        ]
    return found


def test_stored_offsets_cut_every_token_from_the_stored_text(tmp_path: Path) -> None:
    report = build(tmp_path / "c.pol", [write(tmp_path / "in", TEXTS)], model=FakeEncoder())
    assert (report.added, report.updated, report.unchanged, report.skipped) == (3, 0, 0, ())
    with Collection.open(tmp_path / "c.pol") as collection:
        for name, text in TEXTS.items():
            stored, found = collection.document(name)
            assert found == text
            spans = collection.document_sentences(stored.key)
            assert all(text[start:end].strip() == text[start:end] for _, start, end in spans)
        rows = collection.db.execute(
            'SELECT d.text, s.start, s."end", o.start, o."end", t.form FROM occurrences o JOIN types t ON t.id = o.type'
            " JOIN sentences s ON s.id = o.sentence JOIN documents d ON d.id = s.document"
        ).fetchall()
        assert {text[a:b][c:d].casefold() for text, a, b, c, d, _ in rows} >= {"bank", "heron", "spring", "loan"}
        assert all(text[a:b][c:d].casefold() == form for text, a, b, c, d, form in rows)
        assert not {form for *_, form in rows} & {"the", "of", ".", "she"}


def test_unchanged_documents_are_not_encoded_again_and_changed_ones_are_replaced(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", TEXTS)
    build(tmp_path / "c.pol", [folder], model=FakeEncoder())
    again = FakeEncoder()
    report = build(tmp_path / "c.pol", [folder], model=again)
    assert (report.added, report.updated, report.unchanged, again.encoded) == (0, 0, 3, 0)
    write(folder, {"money.txt": "A crane lifted the safe of the bank."})
    report = build(tmp_path / "c.pol", [folder], model=again)
    assert (report.added, report.updated, report.unchanged) == (0, 1, 2)
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        money = searcher.occurrences("the [bank]", where={"document": "money.txt"})
        assert [hit.sentence for hit in money] == ["A crane lifted the safe of the bank."]


def test_changed_metadata_is_stored_without_encoding(tmp_path: Path) -> None:
    build(tmp_path / "c.pol", [Document("a", "The river bank.", {"year": 1950})], model=FakeEncoder())
    encoder = FakeEncoder()
    build(tmp_path / "c.pol", [Document("a", "The river bank.", {"year": 1999, "title": "A"})], model=encoder)
    assert encoder.encoded == 0
    with Searcher.open(tmp_path / "c.pol", encoder) as searcher:
        (hit,) = searcher.occurrences("the [bank]", where="year=1999")
        assert (hit.document, dict(hit.metadata)) == ("A", {"year": 1999, "title": "A"})


def test_two_documents_with_equal_text_are_two_documents(tmp_path: Path) -> None:
    build(tmp_path / "c.pol", [Document("a", "The bank."), Document("b", "The bank.")], model=FakeEncoder())
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        assert [hit.document_id for hit in searcher.occurrences("The [bank].")] == ["a", "b"]


def test_vanished_documents_are_reported_and_removed_only_with_prune(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", TEXTS)
    other = write(tmp_path / "other", {"else.txt": "A bank elsewhere."})
    build(tmp_path / "c.pol", [folder, other], model=FakeEncoder())
    (folder / "money.txt").unlink()
    report = build(tmp_path / "c.pol", [folder], model=FakeEncoder())
    assert (report.vanished, report.removed) == (("money.txt",), 0)
    with Collection.open(tmp_path / "c.pol") as collection:
        assert [d.document_id for d in collection.documents()] == [
            "else.txt",
            "letters/old.txt",
            "money.txt",
            "river.txt",
        ]
    report = build(tmp_path / "c.pol", [folder], BuildConfig(prune=True), model=FakeEncoder())
    assert (report.vanished, report.removed) == (("money.txt",), 1)
    with Collection.open(tmp_path / "c.pol") as collection:
        assert [d.document_id for d in collection.documents()] == ["else.txt", "letters/old.txt", "river.txt"]


def test_file_outside_the_globs_or_unreadable_has_not_vanished(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", TEXTS)
    build(tmp_path / "c.pol", [folder], model=FakeEncoder())
    (folder / "money.txt").write_bytes(b"\0\1\2\0" * 50)
    config = BuildConfig(prune=True, reading=ReadOptions(globs=("money.txt",)))
    report = build(tmp_path / "c.pol", [folder], config, model=FakeEncoder())
    assert (report.vanished, [s.document_id for s in report.skipped]) == ((), ["money.txt"])
    with Collection.open(tmp_path / "c.pol") as collection:
        assert len(list(collection.documents())) == 3


def test_prune_keeps_what_may_only_be_out_of_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "in", {**TEXTS, "disk/a.txt": "The river bank.", "disk/b.txt": "The bank of England."})
    (folder / "linked.txt").symlink_to(write(tmp_path / "out", {"x.txt": "A bank elsewhere."}) / "x.txt")
    build(tmp_path / "c.pol", [folder], model=FakeEncoder())
    scandir, lstat = os.scandir, Path.lstat

    def pruned() -> tuple[int, list[tuple[str, str]]]:
        report = build(tmp_path / "c.pol", [folder], BuildConfig(prune=True), model=FakeEncoder())
        return report.removed, [(item.source, item.reason) for item in report.skipped]

    def denied(path: Path | int, *_: object) -> Any:
        if not isinstance(path, int) and "disk" in Path(path).parts:
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", denied)
        assert pruned() == (0, [(str(folder / "disk"), "Permission denied")])

        def failing(path: Path) -> os.stat_result:
            if "disk" in path.parts:
                raise OSError(errno.EIO, "Input/output error")
            return lstat(path)

        patch.setattr(Path, "lstat", failing)
        assert pruned() == (0, [(str(folder / "disk"), "Permission denied")])
    shutil.rmtree(tmp_path / "out")
    assert pruned() == (0, [(str(folder / "linked.txt"), "a link that leads nowhere")])
    (folder / "linked.txt").unlink()
    for name in ("a.txt", "b.txt"):
        (folder / "disk" / name).unlink()
    empty = "the folder is empty, perhaps its disk is not mounted, so its documents are kept"
    assert pruned() == (1, [(str(folder / "disk"), empty)])
    write(folder, {"disk/c.txt": "A new bank."})
    assert pruned() == (2, [])
    shutil.rmtree(folder / "disk")
    assert pruned() == (1, [])
    shutil.rmtree(folder / "letters")
    for name in TEXTS:
        (folder / name).unlink(missing_ok=True)
    assert pruned() == (0, [(str(folder), empty)])
    (folder / "lost+found").mkdir()
    write(folder, {".DS_Store": "x", "Thumbs.db": "x", "desktop.ini": "x"})
    assert pruned() == (0, [(str(folder), empty)])


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8 need Linux")
def test_prune_finds_files_whose_names_are_not_utf8(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    places = [folder / os.fsdecode(name) for name in (b"b\xff.txt", b"d\xfe/c.txt")]
    places[1].parent.mkdir(parents=True)
    for place in [*places, folder / "a.txt"]:
        place.write_text("The river bank.")
    build(tmp_path / "c.pol", [folder], model=FakeEncoder())
    config = BuildConfig(prune=True, reading=ReadOptions(globs=("a.txt",)))
    report = build(tmp_path / "c.pol", [folder], config, model=FakeEncoder())
    assert (report.vanished, report.removed) == ((), 0)
    places[0].unlink()
    report = build(tmp_path / "c.pol", [folder], config, model=FakeEncoder())
    assert (report.vanished, report.removed) == (("b\ufffd.txt",), 1)


def test_a_row_that_vanished_from_its_file_is_reported_and_pruned(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"rows.csv": "id,text\na,The river bank.\nb,The bank of England.\n"})
    build(tmp_path / "c.pol", [folder], model=FakeEncoder())
    write(folder, {"rows.csv": "id,text\nb,The bank of England.\n"})
    report = build(tmp_path / "c.pol", [folder], BuildConfig(prune=True), model=FakeEncoder())
    assert (report.vanished, report.removed) == (("a",), 1)
    write(folder, {"rows.csv": "id,text\nc,The spring.\nb,\n"})
    report = build(tmp_path / "c.pol", [folder], BuildConfig(prune=True), model=FakeEncoder())
    assert (report.vanished, len(report.skipped)) == ((), 1)  # an unreadable row still exists


def test_a_collection_cut_by_older_rules_works_and_the_next_step_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = TextAnalyser.__init__

    def older(analyser: TextAnalyser, language: str = "en", tokeniser: str = "") -> None:
        made(analyser, language, tokeniser)
        analyser.name = analyser.name.replace("rules 2", "rules 1", 1)

    with monkeypatch.context() as patched:
        patched.setattr(TextAnalyser, "__init__", older)
        build(tmp_path / "c.pol", [Document("a", "The river bank.")], model=FakeEncoder())
    report = build(tmp_path / "c.pol", [Document("b", "The bank,--and a loan.")], model=FakeEncoder())
    assert ["rules 1" in notice and "`polyseme reencode`" in notice for notice in report.notices] == [True]
    with Searcher.open(tmp_path / "c.pol", FakeEncoder()) as searcher:
        assert {hit.document for hit in searcher.occurrences("the [bank] is wet")} == {"a", "b"}
    with Collection.open(tmp_path / "c.pol") as collection:
        assert verify(collection, FakeEncoder()).problems == ()
    reencode(tmp_path / "c.pol", model=FakeEncoder())
    assert build(tmp_path / "c.pol", [Document("c", "The bank.")], model=FakeEncoder()).notices == ()


def test_settings_without_effect_are_reported(tmp_path: Path) -> None:
    build(tmp_path / "c.pol", [Document("a", "The bank.")], model=FakeEncoder())
    config = BuildConfig(language="de", layer=Layer.LAYER_1)
    report = build(tmp_path / "c.pol", [Document("b", "The bank.")], config, model=FakeEncoder())
    assert [notice.split(",")[0] for notice in report.notices] == ["language stays 'en'", "layer stays 'sense'"]
    assert all("polyseme reencode" in notice for notice in report.notices)


def test_bad_input_is_refused_before_a_folder_is_made(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="nowhere"):
        build(tmp_path / "c.pol", [tmp_path / "nowhere"], model=FakeEncoder())
    assert not (tmp_path / "c.pol").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    with pytest.raises(CollectionError, match="is not a collection"):
        build(tmp_path / "full", [Document("a", "b")], model=FakeEncoder())


def test_another_model_is_refused_with_the_next_step(tmp_path: Path) -> None:
    build(tmp_path / "c.pol", [Document("a", "The bank.")], model=FakeEncoder("one"))
    with pytest.raises(CollectionError, match=r"built with model 'one'.*polyseme reencode"):
        build(tmp_path / "c.pol", [Document("b", "The bank.")], model=FakeEncoder("two"))
    with pytest.raises(CollectionError, match=r"built with model 'one'.*--model"):
        Searcher.open(tmp_path / "c.pol", FakeEncoder("two"))
    with pytest.raises(CollectionError, match=r"not named on this machine.*--model SOURCE.*polyseme reencode"):
        Searcher.open(tmp_path / "c.pol")


def test_a_document_with_no_words_is_skipped_with_its_reason(tmp_path: Path) -> None:
    report = build(tmp_path / "c.pol", [Document("a", "* * *"), Document("b", "The bank.")], model=FakeEncoder())
    assert [(s.source, s.reason) for s in report.skipped] == [("a", "has no words")]
    assert report.added == 1


def test_document_that_lost_its_words_is_not_counted_as_updated(tmp_path: Path) -> None:
    build(tmp_path / "c.pol", [Document("a", "The bank."), Document("b", "The river.")], model=FakeEncoder())
    documents = [Document("a", "* * *"), Document("b", "The spring."), Document("c", "-"), Document("d", "The mill.")]
    report = build(tmp_path / "c.pol", documents, model=FakeEncoder())
    assert (report.added, report.updated, report.unchanged) == (1, 1, 0)
    assert [skipped.document_id for skipped in report.skipped] == ["a", "c"]


def test_sources_are_scanned_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scans: list[SourceScan] = []

    def counting(sources: Sequence[Path], options: ReadOptions) -> SourceScan:
        scans.append(scan(sources, options))
        return scans[-1]

    monkeypatch.setattr("polyseme.indexer.build.scan", counting)
    events: list[Progress] = []
    build(tmp_path / "c.pol", [write(tmp_path / "in", TEXTS)], model=FakeEncoder(), progress=events.append)
    assert len(scans) == 1
    assert events[-1].estimate is not None
    assert events[-1].estimate.files == 3


def test_every_recorded_setting_goes_from_config_to_collection_and_back(tmp_path: Path) -> None:
    config = BuildConfig(
        language="de",
        precision="bfloat16",
        layer=Layer.LAYER_1,
        normalisation=Normalisation.CENTRED,
        token_normalisation=Normalisation.WHITENED,
        function_words=True,
        storage=Storage.BYTES,
    )
    assert all(getattr(config, name) != getattr(BuildConfig(), name) for name in RECORDED)
    build(tmp_path / "c.pol", [Document("a", "Die Bank am Fluss.")], config, model=FakeEncoder())
    with Collection.open(tmp_path / "c.pol") as collection:
        assert BuildConfig.from_settings(collection.settings) == config


@pytest.mark.parametrize("segment_sentences", [1, 2, 3, 1000])
def test_segment_size_does_not_change_answers(tmp_path: Path, segment_sentences: int) -> None:
    folder = write(tmp_path / "in", TEXTS)
    config = BuildConfig(segment_sentences=segment_sentences, sample_sentences=4)
    build(tmp_path / "whole.pol", [folder], BuildConfig(sample_sentences=4), model=FakeEncoder())
    build(tmp_path / "parts.pol", [folder], config, model=FakeEncoder())
    drop = {"occurrence_id"}
    whole, parts = (
        [{k: v for k, v in hit.items() if k not in drop} for hit in answers(tmp_path / name, FakeEncoder())]
        for name in ("whole.pol", "parts.pol")
    )
    for one, other in zip(whole, parts, strict=True):
        assert one.pop("score") == pytest.approx(other.pop("score"), abs=2e-3)
        assert one == other


def test_a_generator_of_documents_is_streamed(tmp_path: Path) -> None:
    pulled: list[int] = []
    committed: list[int] = []

    def documents() -> Iterator[Document]:
        for n in range(40):
            pulled.append(n)
            yield Document(f"d{n:02}", f"The bank number {n} stood there. It was a bank.")
            if (tmp_path / "c.pol" / "segments").is_dir():
                committed.append(len(list((tmp_path / "c.pol" / "segments").glob("0*[0-9]"))))

    config = BuildConfig(segment_sentences=8, batch_sentences=4, sample_sentences=4)
    build(tmp_path / "c.pol", documents(), config, model=FakeEncoder())
    assert pulled == list(range(40))
    assert committed[20] >= 3  # segments were committed before later documents existed


def test_progress_events_end_with_done(tmp_path: Path) -> None:
    events: list[Progress] = []
    build(tmp_path / "c.pol", [write(tmp_path / "in", TEXTS)], model=FakeEncoder(), progress=events.append)
    assert events[0].stage is Stage.LOADING
    assert events[-1].stage is Stage.DONE
    assert (events[-1].documents, events[-1].sentences, events[-1].fraction) == (3, 7, 1.0)


def test_reencode_with_another_layer_equals_a_fresh_build(tmp_path: Path) -> None:
    build(tmp_path / "c.pol", [write(tmp_path / "in", TEXTS)], model=FakeEncoder("one"))
    config = BuildConfig(layer=Layer.LAYER_2)
    reencode(tmp_path / "c.pol", config, FakeEncoder("two"))
    build(tmp_path / "fresh.pol", [tmp_path / "in"], config, model=FakeEncoder("two"))
    assert answers(tmp_path / "c.pol", FakeEncoder("two")) == answers(tmp_path / "fresh.pol", FakeEncoder("two"))
    with Collection.open(tmp_path / "c.pol") as collection:
        assert collection.settings.layer is Layer.LAYER_2
    report = build(tmp_path / "c.pol", [tmp_path / "in"], model=FakeEncoder("two"))
    assert report.unchanged == 3


def test_document_removed_while_reencode_is_interrupted_stays_removed(tmp_path: Path) -> None:
    class Interrupted(FakeEncoder):
        def represent(self, sentences: Sequence[Sequence[str]]) -> list[Representation]:
            if self.encoded >= 24:
                raise KeyboardInterrupt
            return super().represent(sentences)

    path = tmp_path / "c.pol"
    build(path, [Document(f"d{n:02}", f"The bank number {n} is old.") for n in range(40)], model=FakeEncoder())
    config = BuildConfig(layer=Layer.LAYER_2, segment_sentences=8, batch_sentences=8, sample_sentences=8)
    with pytest.raises(KeyboardInterrupt):
        reencode(path, config, Interrupted())
    (begun,) = tmp_path.glob(".c.pol.*.reencode")
    with Collection.open(begun) as partial, Collection.open(path) as collection:
        assert "d03" in {document.document_id for document in partial.documents()}
        collection.remove(["d03"])
    reencode(path, config, FakeEncoder())
    with Collection.open(path) as collection:
        assert [d.document_id for d in collection.documents()] == [f"d{n:02}" for n in range(40) if n != 3]
        assert verify(collection, FakeEncoder()).problems == ()


def test_open_reader_switches_to_the_reencoded_collection(tmp_path: Path) -> None:
    path = tmp_path / "c.pol"
    build(path, [Document("a", "The bank of the river.")], model=FakeEncoder())
    with Searcher.open(path, FakeEncoder()) as searcher:
        before = searcher.occurrences("the [bank]")
        reencode(path, model=FakeEncoder())
        build(path, [Document("b", "A bank.")], model=FakeEncoder())
        after = searcher.occurrences("the [bank]")
        assert {hit.document_id for hit in after} == {"a", "b"}
        assert before[0].score in [hit.score for hit in after]
        reencode(path, BuildConfig(layer=Layer.LAYER_0), FakeEncoder())
        with pytest.raises(CollectionError, match="encoded with other settings since it was opened; open it again"):
            searcher.occurrences("the [bank]")


def test_folders_of_the_same_relative_name_are_different_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c.pol"
    for name in ("here", "there"):
        write(tmp_path / name / "in", {f"{name}.txt": "The bank."})
        monkeypatch.chdir(tmp_path / name)
        report = build(path, ["in"], BuildConfig(prune=True), model=FakeEncoder())
        assert (report.vanished, report.removed) == ((), 0)
    (tmp_path / "there" / "in" / "there.txt").unlink()
    report = build(path, [tmp_path / "there" / "in"], BuildConfig(prune=True), model=FakeEncoder())
    assert report.vanished == ("there.txt",)


CHILD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from fakes import FakeEncoder
from polyseme.indexer.build import RECORDED, BuildConfig, build
print("ready", flush=True)
build(sys.argv[2], [sys.argv[3]], BuildConfig(segment_sentences=7, batch_sentences=5, sample_sentences=12),
      model=FakeEncoder(), progress=None)
print("done", flush=True)
"""


def start_indexer(collection: Path, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(Path(__file__).parents[1]), str(collection), str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_half_created_collection_is_created_again(tmp_path: Path) -> None:
    target = tmp_path / "c.pol"
    (target / "segments").mkdir(parents=True)
    for end in ("", "-journal", "-wal", "-shm"):
        (target / f"collection.db.new{end}").write_bytes(b"half" * 128)
    folder = write(tmp_path / "in", {"a.txt": "The bank of the river."})
    assert build(target, [folder], model=FakeEncoder()).added == 1
    with Collection.open(target) as collection:
        assert verify(collection, FakeEncoder(), sample=1).problems == ()
    assert not list(target.glob("collection.db.new*"))


def test_indexer_killed_at_fifty_moments_gives_the_same_hits(tmp_path: Path) -> None:
    """Kill a real process with SIGKILL. After each kill the collection verifies, and at the end nothing differs."""
    words = ["bank", "river", "loan", "spring", "boat", "heron", "mill", "money", "letter", "crane"]
    texts = {
        f"d{n:03}.txt": " ".join(
            f"The {words[(n + i) % 10]} number {n} stood by the {words[(n * i + 3) % 10]} of the bank."
            for i in range(6)
        )
        for n in range(120)
    }
    texts["long.txt"] = " ".join(f"A long tale of the bank and the {words[i % 10]} went on." for i in range(60))
    folder = write(tmp_path / "in", texts)
    whole = start_indexer(tmp_path / "whole.pol", folder)
    assert whole.stdout is not None
    assert whole.stdout.readline() == "ready\n"
    begun = time.monotonic()
    assert whole.communicate()[0] == "done\n"
    length = time.monotonic() - begun
    kills = finished = round_number = 0
    target = tmp_path / "killed.pol"
    moments = [((7 * n) % 50 + 0.5) / 50 for n in range(50)]
    while kills < 50:
        process = start_indexer(target, folder)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        # The moments are spread over a whole run. After a complete run a new collection is begun, to hit all stages.
        time.sleep(moments[kills] * length * 0.6)
        process.kill()
        finished += "done" in process.communicate()[0]
        kills += 1
        if not (target / "collection.db").exists():
            continue
        with Collection.open(target) as collection:
            if kills % 5 == 0:
                assert verify(collection, FakeEncoder(), sample=20).problems == ()
            stored = {d.document_id: d for d in collection.documents()}
            assert all(collection.document(name)[1] == texts[name] for name in stored)
        if len(stored) == len(texts):
            round_number += 1
            target = tmp_path / f"killed{round_number}.pol"
    process = start_indexer(target, folder)
    assert process.communicate()[0] == "ready\ndone\n"
    with Collection.open(target) as collection:
        assert verify(collection, FakeEncoder(), sample=1000).problems == ()
    assert json.dumps(answers(target, FakeEncoder())) == json.dumps(answers(tmp_path / "whole.pol", FakeEncoder()))
    assert finished < 25
