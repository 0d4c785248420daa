"""Encoded tagged lines in a file, and WordNet at its usual places."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from dictionary_files import BANK, write_tsv, write_wordnet
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.dictionaries import CentroidSource, StoredSense
from polyseme.indexer.collection.records import Layer
from polyseme.indexer.dictionaries import places
from polyseme.indexer.dictionaries.importing import import_dictionary, make_tagged_file
from polyseme.indexer.dictionaries.tagged import TaggedSenses
from polyseme.indexer.dictionaries.tagged_file import TAGGED_FILE, TaggedFile, read_bundled, read_tagged, write_tagged
from polyseme.indexer.documents import Document
from polyseme.indexer.elmo import Encoder, load_encoder
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.vectorise import space_of
from polyseme.indexer.vectors.arrays import unit
from polyseme.ui.cli.main import cli

TEXT = "They walked along the bank of the river. The bank lent him money. A muddy bank was near the shore."
TAGGED = """<contextfile concordance=brown><context filename=br-a01 paras=yes><p pnum=1><s snum=1>
<wf cmd=ignore pos=DT>The</wf><wf cmd=done pos=NN lemma=bank wnsn=1 lexsn=1:14:02::>bank</wf>
<wf cmd=done pos=VB lemma=lend wnsn=1 lexsn=2:40:00::>lends</wf><wf cmd=ignore pos=NN>money</wf><punc>.</punc></s>
<s snum=2><wf cmd=ignore pos=DT>A</wf><wf cmd=done pos=NN lemma=bank wnsn=1 lexsn=1:14:02::>bank</wf>
<wf cmd=ignore pos=VB>closed</wf><punc>.</punc></s></p></context></contextfile>
"""


@pytest.fixture(scope="module")
def semcor(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("semcor")
    (folder / "brown1" / "tagfiles").mkdir(parents=True)
    (folder / "brown1" / "tagfiles" / "br-a01").write_text(TAGGED, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Path:
    path = tmp_path_factory.mktemp("tagged")
    shutil.copytree(tiny_folder, path / "model")
    build(path / "c.pol", [Document("d", TEXT)], BuildConfig(), load_encoder(path / "model"))
    return path


@pytest.fixture
def place(template: Path, tmp_path: Path) -> Path:
    """A folder with a collection and its model."""
    shutil.copytree(template, tmp_path / "place")
    return tmp_path / "place"


def imported(place: Path, encoder: Encoder, tagged: Path | None) -> dict[str, StoredSense]:
    file = write_tsv(place / "d.tsv", [replace(BANK[0], id="bank%1:14:02::"), BANK[1]])
    with Collection.open(place / "c.pol") as collection:
        import_dictionary(collection, encoder, file, "own", tagged, replace=True)
        (found,) = collection.dictionaries()
        return {one.id: one for _, one in collection.dictionary_senses(found.key)}


def test_a_file_gives_the_centroids_of_its_lines(place: Path, semcor: Path) -> None:
    encoder = load_encoder(place / "model")
    from_lines = imported(place, encoder, semcor)
    made = make_tagged_file(encoder, semcor, place / "lines.safetensors")
    assert made.senses.counts == {"bank%1:14:02::": 2, "lend%2:40:00::": 1}
    for given, folder in ((place / "lines.safetensors", None), (None, place / "model")):
        if folder:
            shutil.copy(place / "lines.safetensors", folder / TAGGED_FILE)
        found = imported(place, encoder, given)
        assert found.keys() == from_lines.keys()
        for key, one in found.items():
            assert one.source is (CentroidSource.TAGGED if key == "bank%1:14:02::" else CentroidSource.EXAMPLES)
            assert (one.frequency, one.size) == (from_lines[key].frequency, from_lines[key].size)
            assert one.vector == pytest.approx(from_lines[key].vector, abs=0.02)


def test_a_file_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    sums = {f"w{n}%1:00:00::": (n + 1) * generator.standard_normal(8).astype(np.float32) for n in range(20)}
    written = TaggedFile(TaggedSenses(sums, {key: n + 1 for n, key in enumerate(sums)}), "model", "space")
    write_tagged(tmp_path / "a.safetensors", written)
    found = read_tagged(tmp_path / "a.safetensors")
    assert (found.model_id, found.space, found.senses.counts) == ("model", "space", written.senses.counts)
    for key, vector in found.senses.sums.items():
        assert vector == pytest.approx(sums[key], abs=float(np.abs(sums[key]).max()) / 127)
    with pytest.raises(DocumentError, match="cannot be written"):
        write_tagged(tmp_path / "a.safetensors", written)


def test_damaged_files_and_those_of_other_models_are_refused(
    place: Path, semcor: Path, tmp_path: Path, tiny_folder: Path
) -> None:
    from safetensors.numpy import load_file, save_file

    encoder = load_encoder(place / "model")
    path = tmp_path / "lines.safetensors"
    make_tagged_file(encoder, semcor, path)
    tensors = load_file(path)
    for name, value in (
        ("counts", -tensors["counts"]),
        ("counts", tensors["counts"][:1]),
        ("scales", tensors["scales"] * np.float32(np.nan)),
        ("vectors", tensors["vectors"].astype(np.float32)),
        ("keys", tensors["keys"][:10]),
        ("keys", np.zeros(4, np.int8)),
    ):
        bad = tmp_path / "bad.safetensors"
        save_file(tensors | {name: value}, bad)
        with pytest.raises(DocumentError, match=r"is damaged .*polyseme dictionary tagged"):
            read_tagged(bad)
    bad.write_bytes(path.read_bytes()[:50])
    with pytest.raises(DocumentError, match="polyseme dictionary tagged"):
        read_tagged(bad)
    written = read_tagged(path)
    path.unlink()
    write_tagged(path, replace(written, model_id="another"))
    with pytest.raises(DocumentError, match="another model"):
        imported(place, encoder, path)
    shutil.copy(path, place / "model" / TAGGED_FILE)
    assert {one.source for one in imported(place, encoder, None).values()} == {CentroidSource.EXAMPLES}


def test_wordnet_is_found_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nltk" / "corpora").mkdir(parents=True)
    folder = write_wordnet(tmp_path / "nltk" / "corpora" / "wordnet")
    monkeypatch.delenv("WNHOME", raising=False)
    monkeypatch.setenv("WNSEARCHDIR", str(folder))
    assert places.find_wordnet() == folder
    monkeypatch.delenv("WNSEARCHDIR")
    monkeypatch.setenv("NLTK_DATA", str(tmp_path / "nltk"))
    assert folder in places.usual_places()
    monkeypatch.setattr(places, "is_wordnet", lambda place: False)
    with pytest.raises(DocumentError, match="apt install wordnet-base"):
        places.find_wordnet()


def test_one_command_imports_wordnet(
    place: Path, semcor: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*arguments: object) -> str:
        result = CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WNSEARCHDIR", str(write_wordnet(tmp_path / "files")))
    assert "2 senses of 3 lines" in run(
        "dictionary", "tagged", semcor, place / "model" / TAGGED_FILE, "--model", place / "model", "--quiet"
    )
    run("dictionary", "import", place / "c.pol", "wordnet", "--quiet", "--model", place / "model")
    with Collection.open(place / "c.pol") as collection:
        (found,) = collection.dictionaries()
        senses = {one.id: one for _, one in collection.dictionary_senses(found.key)}
    assert found.name == "wordnet"
    assert senses["bank%1:14:02::"].source is CentroidSource.TAGGED
    assert senses["bank%1:14:02::"].frequency == 2


def test_the_bundled_model_has_the_lines_of_semcor() -> None:
    encoder = load_encoder("default")
    found = read_bundled("default", encoder.model_id, space_of(Layer.SENSE, {}))
    assert found is not None
    assert (found.counts["bank%1:17:01::"], found.counts["bank%1:14:00::"]) == (14, 20)
    river, money = (unit(found.sums[key][None])[0] for key in ("shore%1:17:00::", "money%1:21:00::"))
    bank = unit(found.sums["bank%1:17:01::"][None])[0]
    assert bank @ river > bank @ money
    assert read_bundled("default", encoder.model_id, space_of(Layer.ELMO, {})) is None
