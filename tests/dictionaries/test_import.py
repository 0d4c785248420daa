"""Import dictionaries into a collection of a tiny model: centroids, storage, verification and encoding again."""

from __future__ import annotations

import re
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dictionary_files import BANK, write_tsv
from polyseme.indexer.build import BuildConfig, build
from polyseme.indexer.collection.collection import Collection
from polyseme.indexer.collection.dictionaries import CentroidSource, StoredDictionary
from polyseme.indexer.collection.records import Layer
from polyseme.indexer.collection.schema import DATABASE_NAME
from polyseme.indexer.dictionaries.centroids import make_centroids, tagged_key
from polyseme.indexer.dictionaries.importing import carry_over, import_dictionary, remove_dictionary
from polyseme.indexer.dictionaries.records import DictionarySense
from polyseme.indexer.dictionaries.tagged import TaggedSenses, encode_tagged
from polyseme.indexer.documents import Document
from polyseme.indexer.elmo.encoder import ElmoEncoder
from polyseme.indexer.errors import CollectionError, QueryError
from polyseme.indexer.reencode import reencode
from polyseme.indexer.text import TextAnalyser
from polyseme.indexer.vectorise import Vectoriser
from polyseme.indexer.vectors.arrays import Array, unit
from polyseme.search.searcher import Searcher

TEXTS = (
    "They walked along the bank of the river. The bank lent him money. A muddy bank was near the shore.",
    "The banks were closed on Monday. She sat on the bank and read. He keeps his money in a bank.",
)
TAGGED = """<contextfile concordance=brown><context filename=br-a01 paras=yes><p pnum=1><s snum=1>
<wf cmd=ignore pos=DT>The</wf><wf cmd=done pos=NN lemma=bank wnsn=1 lexsn=1:14:02::>bank</wf>
<wf cmd=done pos=VB lemma=lend wnsn=1 lexsn=2:40:00::>lends</wf><wf cmd=ignore pos=NN>money</wf><punc>.</punc></s>
<s snum=2><wf cmd=ignore pos=DT>A</wf><wf cmd=done pos=NN lemma=bank wnsn=1 lexsn=1:14:02::>bank</wf>
<wf cmd=ignore pos=VB>closed</wf><punc>.</punc></s></p></context></contextfile>
"""


def make_collection(path: Path, encoder: ElmoEncoder) -> Path:
    documents = [Document(f"d{n}", text, {"year": str(1900 + 10 * n)}) for n, text in enumerate(TEXTS)]
    build(path, documents, BuildConfig(), encoder)
    return path


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, tiny_encoder: ElmoEncoder) -> Path:
    return make_collection(tmp_path_factory.mktemp("dictionary") / "small.pol", tiny_encoder)


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "small.pol"))


def add(path: Path, encoder: ElmoEncoder, file: Path, name: str = "small", replace: bool = False) -> StoredDictionary:
    with Collection.open(path) as collection:
        return import_dictionary(collection, encoder, file, name, replace=replace)


def vectoriser_of(path: Path, encoder: ElmoEncoder) -> Vectoriser:
    with Collection.open(path) as collection, collection.reading() as snapshot:
        return Vectoriser.of(collection.settings, encoder, snapshot.transforms)


def meaning(vectoriser: Vectoriser, text: str) -> Array:
    """Return the vector of the headword before a definition.  (d,)"""
    found: Array = vectoriser([[token.text for token in TextAnalyser("en").tokens(text)]])[0].tokens[0]
    return found


def test_centroids_are_means_of_the_headword_in_its_texts(
    path: Path, tiny_encoder: ElmoEncoder, tmp_path: Path
) -> None:
    found = add(path, tiny_encoder, write_tsv(tmp_path / "d.tsv", BANK))
    assert (found.senses, found.words, found.tagged, found.examples, found.definitions) == (4, 2, 0, 3, 1)
    with Collection.open(path) as collection:
        (stored,) = collection.dictionaries()
        senses = {one.id: one for _, one in collection.dictionary_senses(stored.key)}
    vectoriser = vectoriser_of(path, tiny_encoder)
    analyser = TextAnalyser("en")
    expected = []
    for text, word in (("The boat lay on the bank.", "bank"), ("a muddy bank", "bank")):
        tokens = [token.text for token in analyser.tokens(text)]
        expected.append(vectoriser([tokens])[0].tokens[tokens.index(word)])
    expected.append(0.5 * meaning(vectoriser, "bank: land beside a river"))
    assert senses["bank-1"].vector == pytest.approx(unit(np.sum(expected, axis=0)), abs=2e-3)
    assert (senses["bank-1"].source, senses["bank-1"].size) == (CentroidSource.EXAMPLES, 2)
    tokens = [token.text for token in analyser.tokens("bank: to lean in a turn")]
    assert senses["bank-3"].vector == pytest.approx(vectoriser([tokens])[0].tokens[0], abs=2e-3)
    assert senses["bank-3"].source is CentroidSource.DEFINITION
    assert [(one.id, one.examples, one.concept) for one in senses.values()] == [
        (one.id, one.examples, one.concept) for one in BANK
    ]


def test_tagged_lines_come_before_examples(path: Path, tiny_encoder: ElmoEncoder, tmp_path: Path) -> None:
    folder = tmp_path / "semcor" / "brown1" / "tagfiles"
    folder.mkdir(parents=True)
    (folder / "br-a01").write_text(TAGGED, encoding="utf-8")
    vectoriser, analyser = vectoriser_of(path, tiny_encoder), TextAnalyser("en")
    tagged = encode_tagged(tmp_path / "semcor", vectoriser)
    assert tagged.counts == {"bank%1:14:02::": 2, "lend%2:40:00::": 1}
    senses = [replace(BANK[0], id="oewn-bank__1.14.02..", frequency=9), replace(BANK[1], frequency=9), BANK[2]]
    made = make_centroids(senses, vectoriser, analyser, tagged)
    first, second, third = (one for _, one in made.senses)
    sentences = [["The", "bank", "lends", "money", "."], ["A", "bank", "closed", "."]]
    expected = np.sum([vectoriser([tokens])[0].tokens[1] for tokens in sentences], axis=0)
    for text, position in (("The boat lay on the bank.", 5), ("a muddy bank", 2)):
        expected += vectoriser([[token.text for token in analyser.tokens(text)]])[0].tokens[position]
    expected += 0.5 * meaning(vectoriser, "bank: land beside a river")
    assert first.vector == pytest.approx(unit(expected), abs=2e-3)
    assert (first.source, first.size, first.frequency) == (CentroidSource.TAGGED, 2, 2)
    assert (second.source, second.frequency) == (CentroidSource.EXAMPLES, 0)
    assert (third.source, third.frequency) == (CentroidSource.DEFINITION, 0)


@pytest.mark.parametrize(
    ("sense", "key"),
    [
        ("oewn-damp__5.00.01.wet.00", "damp%5:00:01:wet:00"),
        ("damp__5.00.01.wet.00", "damp%5:00:01:wet:00"),
        ("oewn-o-ap-clock__4.02.00..", "o'clock%4:02:00::"),
        ("oewn-o-apos-clock__4.02.00..", "o'clock%4:02:00::"),
        ("oewn-x-ray__1.06.00..", "x-ray%1:06:00::"),
        ("oewn-x--ray__1.06.00..", "x-ray%1:06:00::"),
        ("x-ray__1.06.00..", "x-ray%1:06:00::"),
        ("oewn-Bank__1.14.02..", "bank%1:14:02::"),
        ("bank%1:14:02::", "bank%1:14:02::"),
    ],
)
def test_ids_of_open_english_wordnet_are_sense_keys(sense: str, key: str) -> None:
    assert tagged_key(sense, TaggedSenses(counts={key: 1})) == key
    assert tagged_key(sense, TaggedSenses(counts={"other%1:00:00::": 1})) == sense
    assert tagged_key("damp-1", TaggedSenses(counts={key: 1})) == "damp-1"


def test_expressions_of_several_words_are_left_out(path: Path, tiny_encoder: ElmoEncoder, tmp_path: Path) -> None:
    senses = [*BANK, DictionarySense("x", "bank holiday", "NOUN", "a day off")]
    assert add(path, tiny_encoder, write_tsv(tmp_path / "d.tsv", senses)).left_out == 1
    with pytest.raises(QueryError, match="no sense of a single word"):
        add(path, tiny_encoder, write_tsv(tmp_path / "e.tsv", senses[-1:]), "other")


def test_only_words_of_the_collection_are_imported_unless_all_are_asked_for(
    path: Path, tiny_encoder: ElmoEncoder, tmp_path: Path
) -> None:
    other = DictionarySense("r-1", "Reef", "NOUN", "rocks below the water")
    form = DictionarySense("c-1", "closed", "ADJ", "not open")
    file = write_tsv(tmp_path / "d.tsv", [*BANK, other, form, DictionarySense("x", "reef knot", "NOUN", "a knot")])
    found = add(path, tiny_encoder, file)
    assert (found.senses, found.absent, found.left_out) == (5, 1, 1)
    with Searcher.open(path, tiny_encoder) as searcher:
        with pytest.raises(QueryError, match="import it again if the word came later"):
            searcher.dictionary_senses("river", "small")
        every = searcher.import_dictionary(file, "every", all_words=True)
        assert (every.senses, every.absent, every.left_out) == (6, 0, 1)
        with pytest.raises(QueryError, match=r"has no sense of a word that .* has"):
            searcher.import_dictionary(write_tsv(tmp_path / "e.tsv", [other]), "none")
    reencode(path, BuildConfig(layer=Layer.LAYER_1), tiny_encoder)
    with Collection.open(path) as collection:
        kept = {one.name: (one.senses, one.absent, one.left_out) for one in collection.dictionaries()}
    assert kept == {"every": (6, 0, 1), "small": (5, 1, 1)}


def test_a_taken_name_needs_replace_and_removal_leaves_nothing(
    path: Path, tiny_encoder: ElmoEncoder, tmp_path: Path
) -> None:
    file = write_tsv(tmp_path / "d.tsv", BANK)
    add(path, tiny_encoder, file)
    with pytest.raises(QueryError, match="has a dictionary 'small' already"):
        add(path, tiny_encoder, file)
    add(path, tiny_encoder, write_tsv(file, BANK[:2]), replace=True)
    with Collection.open(path) as collection:
        (found,) = collection.dictionaries()
        assert found.senses == len(collection.dictionary_senses(found.key)) == 2
        remove_dictionary(collection, "small")
        assert collection.dictionaries() == []
        with pytest.raises(QueryError, match="has no dictionary 'small'"):
            remove_dictionary(collection, "small")
    with sqlite3.connect(path / DATABASE_NAME) as db:
        assert db.execute("SELECT count(*) FROM dictionary_senses").fetchone() == (0,)


@pytest.mark.parametrize("name", ["", "a|b", "a/b", "a..b", "x" * 101, "!a", "a\nb"])
def test_names_that_no_filter_can_have_are_refused(
    name: str, path: Path, tiny_encoder: ElmoEncoder, tmp_path: Path
) -> None:
    with pytest.raises(QueryError, match=r"dictionary|filter"):
        add(path, tiny_encoder, write_tsv(tmp_path / "d.tsv", BANK), name)


def test_a_collection_without_documents_is_refused(tiny_encoder: ElmoEncoder, tmp_path: Path) -> None:
    build(tmp_path / "empty.pol", [Document("d", "The bank.")], BuildConfig(), tiny_encoder)
    with sqlite3.connect(tmp_path / "empty.pol" / DATABASE_NAME) as db:
        db.execute("DELETE FROM segments")
    (tmp_path / "empty.pol" / "collection.sums").unlink(missing_ok=True)
    with pytest.raises(CollectionError, match="index documents first"):
        add(tmp_path / "empty.pol", tiny_encoder, write_tsv(tmp_path / "d.tsv", BANK))


DAMAGES = {
    "vector": ("UPDATE dictionary_senses SET vector = x'0000' WHERE sense = 'bank-1'", "unit length|numbers"),
    "source": ("UPDATE dictionary_senses SET source = 'guess' WHERE sense = 'bank-1'", "guess"),
    "examples": ("UPDATE dictionary_senses SET examples = '{' WHERE sense = 'bank-1'", "small"),
    "number": ("DELETE FROM dictionary_senses WHERE sense = 'bank-1'", "has 3 senses, and 4 were imported"),
    "about": ("UPDATE dictionaries SET about = '[]'", "the dictionary 'small'"),
    "stray": ("UPDATE dictionary_senses SET dictionary = 7 WHERE sense = 'bank-1'", "1 senses of no dictionary"),
}


@pytest.mark.parametrize(("sql", "reason"), DAMAGES.values(), ids=DAMAGES)
def test_verify_names_damaged_rows(
    sql: str, reason: str, path: Path, tiny_encoder: ElmoEncoder, tmp_path: Path
) -> None:
    add(path, tiny_encoder, write_tsv(tmp_path / "d.tsv", BANK))
    with Collection.open(path) as collection:
        assert not collection.verify().problems
    with sqlite3.connect(path / DATABASE_NAME) as db:
        db.execute(sql)
    (path / "collection.sums").unlink(missing_ok=True)
    with Collection.open(path) as collection:
        problems = collection.verify().problems

    assert any(re.search(reason, line) for line in problems), problems


def test_reencoding_in_the_same_space_keeps_centroids(path: Path, tiny_encoder: ElmoEncoder, tmp_path: Path) -> None:
    add(path, tiny_encoder, write_tsv(tmp_path / "d.tsv", BANK))
    with Collection.open(path) as collection:
        before = collection.dictionary_senses(collection.dictionaries()[0].key)
    report = reencode(path, model=tiny_encoder)
    assert not [line for line in report.notices if "dictionary" in line]
    with Collection.open(path) as collection:
        after = collection.dictionary_senses(collection.dictionaries()[0].key)
        assert not collection.verify().problems
    assert [(lemma, one.id) for lemma, one in after] == [(lemma, one.id) for lemma, one in before]
    for (_, one), (_, two) in zip(before, after, strict=True):
        assert one.vector == pytest.approx(two.vector, abs=1e-6)


def test_reencoding_in_another_space_makes_centroids_again(
    path: Path, tiny_encoder: ElmoEncoder, tmp_path: Path
) -> None:
    folder = tmp_path / "semcor" / "brown1" / "tagfiles"
    folder.mkdir(parents=True)
    (folder / "br-a01").write_text(TAGGED, encoding="utf-8")
    file = write_tsv(tmp_path / "d.tsv", [replace(BANK[0], id="bank%1:14:02::"), *BANK[1:]])
    with Collection.open(path) as collection:
        found = import_dictionary(collection, tiny_encoder, file, "small", tmp_path / "semcor")
        assert found.tagged == 1
    report = reencode(path, BuildConfig(layer=Layer.LAYER_1), tiny_encoder)
    assert [line for line in report.notices if "import it again" in line]
    with Collection.open(path) as collection:
        (found,) = collection.dictionaries()
        assert (found.tagged, found.examples) == (0, 3)
        assert not collection.verify().problems
        (_, one), *_ = collection.dictionary_senses(found.key)
    tokens = [token.text for token in TextAnalyser("en").tokens("a muddy bank")]
    vectoriser = vectoriser_of(path, tiny_encoder)
    first = vectoriser([tokens])[0].tokens[2]
    second = vectoriser([["The", "boat", "lay", "on", "the", "bank", "."]])[0].tokens[5]
    third = 0.5 * meaning(vectoriser, "bank: land beside a river")
    assert one.vector == pytest.approx(unit(first + second + third), abs=2e-3)


def test_a_collection_of_an_earlier_version_gets_the_tables_when_it_is_written(
    path: Path, tiny_encoder: ElmoEncoder, tmp_path: Path
) -> None:
    with sqlite3.connect(path / DATABASE_NAME) as db:
        db.execute("DROP TABLE dictionaries")
        db.execute("DROP TABLE dictionary_senses")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'dictionary_tables'")
    (path / "collection.sums").unlink(missing_ok=True)
    with Collection.open(path) as collection:
        assert collection.dictionaries() == []
        assert not collection.verify().problems
    assert add(path, tiny_encoder, write_tsv(tmp_path / "d.tsv", BANK)).senses == 4
    with Collection.open(path) as collection:
        assert [found.name for found in collection.dictionaries()] == ["small"]


def test_dictionaries_that_were_removed_meanwhile_are_not_carried_over(
    path: Path, tiny_encoder: ElmoEncoder, tmp_path: Path
) -> None:
    add(path, tiny_encoder, write_tsv(tmp_path / "d.tsv", BANK))
    target = Path(shutil.copytree(path, tmp_path / "target.pol"))
    with Collection.open(path) as old, Collection.open(target) as new:
        remove_dictionary(old, "small")
        with new.writing() as writer:
            assert carry_over(old, new, writer, tiny_encoder) == []
        assert new.dictionaries() == []


def test_damaged_dictionaries_are_one_line_for_a_search(path: Path, tiny_encoder: ElmoEncoder, tmp_path: Path) -> None:
    add(path, tiny_encoder, write_tsv(tmp_path / "d.tsv", BANK))
    with sqlite3.connect(path / DATABASE_NAME) as db:
        db.execute("UPDATE dictionary_senses SET vector = x'0000' WHERE sense = 'bank-1'")
    (path / "collection.sums").unlink(missing_ok=True)
    with (
        Searcher.open(path, tiny_encoder) as searcher,
        pytest.raises(CollectionError, match="unit length") as refused,
    ):
        searcher.dictionary_senses("bank", "small")
    assert "\n" not in str(refused.value)


def test_a_dictionary_of_other_vectors_is_refused(path: Path, tiny_encoder: ElmoEncoder, tmp_path: Path) -> None:
    found = add(path, tiny_encoder, write_tsv(tmp_path / "d.tsv", BANK))
    with Collection.open(path) as collection:
        senses = collection.dictionary_senses(collection.dictionaries()[0].key)
        with collection.writing() as writer:
            writer.set_dictionary(replace(found, space="other"), senses)
    with Searcher.open(path, tiny_encoder) as searcher:
        with pytest.raises(QueryError, match="import it again"):
            searcher.dictionary_senses("bank", "small")
        with pytest.raises(QueryError, match="import it again"):
            searcher.dictionary_gaps("small", "bank")
