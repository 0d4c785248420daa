"""Readers read each published format. Other data gives a one-line error with the expected format."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from dictionary_files import write_wordnet
from gold_data import (
    KEYS,
    USES,
    make_beir,
    make_coarsewsd,
    make_dwug,
    make_semcor,
    make_sts,
    make_trec,
    make_unified,
    make_wic,
    make_wordnet,
    place_of,
    write,
)
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.gold.judgements import Gold, by_word, read_gold
from polyseme.search.evaluation.datasets.pairs import read_coarsewsd, read_sts_splits, read_usim, read_wic_splits
from polyseme.search.evaluation.datasets.retrieval import read_retrieval, unwrapped, with_title
from polyseme.search.evaluation.datasets.usage_graphs import read_dwug
from polyseme.search.evaluation.datasets.wsd import Instance, read_first_senses, read_wsd, word_of
from polyseme.search.evaluation.records import SentencePair, Span, Usage


def one_line(error: pytest.ExceptionInfo[DocumentError]) -> str:
    (line,) = str(error.value).splitlines()
    return line


def test_wic_splits_without_answers_are_left_out(tmp_path: Path) -> None:
    folder = make_wic(tmp_path)
    assert list(read_wic_splits(folder)) == ["train", "dev", "test"]
    (folder / "test" / "test.gold.txt").unlink()
    assert list(read_wic_splits(folder)) == ["train", "dev"]
    write(folder / "dev" / "dev.data.txt", "bank\tN\tone-2\ta\tb\n" * 15)
    with pytest.raises(DocumentError, match="'one' is not a number"):
        read_wic_splits(folder)
    (folder / "dev" / "dev.gold.txt").unlink()
    with pytest.raises(DocumentError, match=r"no dev/ or test/ with gold answers; WiC is a folder with") as error:
        read_wic_splits(folder)
    assert one_line(error)


def test_usim_requires_pairs_of_lines(tmp_path: Path) -> None:
    with pytest.raises(
        DocumentError, match="1 lines, which is not a number of pairs; usim is a file with two lines a pair"
    ):
        read_usim(write(tmp_path / "usim.txt", "a b\t1\t2.0\tb.n 1\n"))
    with pytest.raises(DocumentError, match=r"cannot be read.*; usim is a file"):
        read_usim(tmp_path)
    with pytest.raises(DocumentError, match="row 1: 2 columns, not 4"):
        read_usim(write(tmp_path / "usim.txt", "a b\t1\n"))
    (tmp_path / "usim.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DocumentError, match="is not UTF-8 text"):
        read_usim(tmp_path / "usim.txt")


def test_coarsewsd_is_read_word_by_word(tmp_path: Path) -> None:
    bank, seal = read_coarsewsd(make_coarsewsd(tmp_path))
    assert (bank.word, seal.word) == ("bank", "seal")
    text, sense = USES[0]
    place = place_of(text)
    assert bank.train[0] == Usage(Span(tuple(text.split()), place, place + 1), str(int(sense == "money")))
    assert [usage.sense for usage in seal.test] == ["0", "0", "0", "1", "1", "1"]
    write(tmp_path / "seal" / "test.gold.txt", "0\n")
    with pytest.raises(DocumentError, match=r"test\.gold\.txt has 1 lines, test\.data\.txt 6"):
        read_coarsewsd(tmp_path)
    write(tmp_path / "seal" / "test.data.txt", "9\ta seal\n")
    with pytest.raises(DocumentError, match="'seal' has a position outside its sentence 'a seal'"):
        read_coarsewsd(tmp_path)
    with pytest.raises(
        DocumentError, match=r"no word's folder with test\.data\.txt; CoarseWSD-20 is a folder of words"
    ):
        read_coarsewsd(tmp_path / "seal")


def test_sts_splits_come_from_folders_and_files(tmp_path: Path) -> None:
    folder = make_sts(tmp_path / "sts")
    splits = read_sts_splits([folder], str.split)
    assert list(splits) == ["dev", "train"]
    assert splits["dev"][0] == SentencePair(tuple(USES[0][0].capitalize().split()), tuple(USES[1][0].split()), 5.0)
    assert list(read_sts_splits([folder / "sts-train.csv"], str.split)) == ["train"]
    with pytest.raises(DocumentError, match=r"holds no sts-\*\.csv; sts is a file"):
        read_sts_splits([tmp_path], str.split)
    with pytest.raises(DocumentError, match="an empty sentence"):
        read_sts_splits([write(tmp_path / "sts-x.csv", "a\tb\tc\t1\t3.0\t \tword\n")], str.split)


def test_usage_graphs_give_the_sentence_of_the_target_and_skip_noise(tmp_path: Path) -> None:
    words = read_dwug(make_dwug(tmp_path))
    assert list(words) == ["bank_nn"]
    assert [usage.sense for usage in words["bank_nn"]] == [str(int(sense == "money")) for _, sense in USES]
    for usage, (text, _) in zip(words["bank_nn"], USES, strict=True):
        assert usage.span.sentence == tuple((text[:1].upper() + text[1:]).split())
        assert usage.span.sentence[usage.span.start : usage.span.end] == ("bank",)


def test_usage_graphs_without_sentence_offsets_are_split_by_us(tmp_path: Path) -> None:
    folder = make_dwug(tmp_path)
    columns = "identifier\tcontext\tindexes_target_token"
    write(folder / "data/bank_nn/uses.csv", f"{columns}\nuse_0\tIt was late. They left the bank. It shut.\t27:31\n")
    ((usage,),) = read_dwug(folder).values()
    assert usage.span == Span(("They", "left", "the", "bank", "."), 3, 4)


def test_malformed_usage_graphs_are_errors(tmp_path: Path) -> None:
    folder = make_dwug(tmp_path)
    uses, clusters = folder / "data/bank_nn/uses.csv", folder / "clusters/opt/bank_nn.csv"
    right = uses.read_text(encoding="utf-8")
    write(uses, right.replace("indexes_target_token\t", "indexes\t"))
    with pytest.raises(DocumentError, match="no column 'indexes_target_token'; dwug is a folder with data/LEMMA/uses"):
        read_dwug(folder)
    write(uses, right + "bank\tnn\n")
    with pytest.raises(DocumentError, match="row 9: 2 columns, not 9"):
        read_dwug(folder)
    write(uses, re.sub(r"\t\d+:\d+\t", "\t900:904\t", right))
    with pytest.raises(DocumentError, match="has no word at '900:904' of its context"):
        read_dwug(folder)
    clusters.unlink()
    with pytest.raises(DocumentError, match="1 words with uses and none with clusters"):
        read_dwug(folder)


def test_unified_framework_with_multiword_instances_is_read(tmp_path: Path) -> None:
    body = (
        '<?xml version="1.0" encoding="UTF-8" ?>\n<corpus lang="en" source="x"><text id="d000">'
        '<sentence id="d000.s000"><wf lemma="the" pos="DET">The</wf>\n<instance id="d000.s000.t000" '
        'lemma="Bell_ringer" pos="NOUN">bell ringers</instance><wf lemma="R&amp;D" pos="NOUN">R&amp;D</wf>'
        '<instance id="d000.s000.t001" lemma="good" pos="ADJ">good</instance></sentence></text></corpus>'
    )
    write(tmp_path / "se.data.xml", body)
    write(tmp_path / "se.gold.key.txt", "d000.s000.t000 a%1:00:00:: b%1:00:00::\nd000.s000.t001 good%5:00:00:x:00\n")
    data = read_wsd([tmp_path])
    sentence = ("The", "bell", "ringers", "R&D", "good")
    assert data.training == (
        "se",
        [
            Instance(Span(sentence, 1, 3), ("bell_ringer", "1"), ("a%1:00:00::", "b%1:00:00::"), "d000"),
            Instance(Span(sentence, 4, 5), ("good", "3"), ("good%5:00:00:x:00",), "d000"),
        ],
    )
    write(tmp_path / "se.gold.key.txt", "d000.s000.t000 a%1:00:00::\n")
    with pytest.raises(DocumentError, match=r"se\.gold\.key\.txt has no answer for 'd000\.s000\.t001'"):
        read_wsd([tmp_path])
    write(tmp_path / "se.data.xml", body[:200])
    with pytest.raises(DocumentError, match=r"se\.data\.xml is not XML .*; wsd is a pair") as error:
        read_wsd([tmp_path / "se.data.xml"])
    assert one_line(error)


def test_semcor_is_the_training_set(tmp_path: Path) -> None:
    make_unified(tmp_path / "Evaluation_Datasets" / "senseval2" / "senseval2", USES[:2])
    make_unified(tmp_path / "Training_Corpora" / "SemCor+OMSTI" / "semcor+omsti", USES)
    make_unified(tmp_path / "Training_Corpora" / "SemCor" / "semcor", USES)
    data = read_wsd([tmp_path])
    assert data.training[0] == "semcor"
    assert [len(data.training[1]), *map(len, data.tests.values())] == [6, 2]
    archive = make_semcor(tmp_path / "semcor3.0.tar.xz")
    alone = read_wsd([archive])
    assert (alone.training[0], len(alone.training[1]), alone.tests) == ("semcor", 18, {})
    first = alone.training[1][0]
    assert first.span.sentence[first.span.start : first.span.end] == ("bank",)
    assert (first.word, first.senses, first.document) == (("bank", "1"), (KEYS["river"],), "br-a00")
    both = read_wsd([tmp_path / "Evaluation_Datasets", archive])
    assert (both.training[0], list(both.tests)) == ("semcor", ["senseval2"])
    make_unified(tmp_path / "Evaluation_Datasets" / "se3" / "se3", USES[:2])
    with pytest.raises(DocumentError, match="2 sets and no SemCor to learn from; wsd is a pair"):
        read_wsd([tmp_path / "Evaluation_Datasets"])
    with pytest.raises(DocumentError, match="no sense-tagged text; wsd is a pair"):
        read_wsd([make_wordnet(tmp_path / "none")])
    with pytest.raises(DocumentError, match=r"neither \*\.data\.xml nor an archive"):
        read_wsd([write(tmp_path / "x.txt", "x")])


def test_wordnet_without_index_sense_has_its_order_in_the_data_files(tmp_path: Path) -> None:
    assert read_first_senses(write_wordnet(tmp_path / "dict")) == {
        ("bank", "1"): "bank%1:14:02::",
        ("shore", "1"): "shore%1:17:01::",
        ("damp", "3"): "damp%5:00:01:wet:00",
        ("wet", "3"): "wet%3:00:00::",
    }


def test_wordnet_first_sense_has_number_one(tmp_path: Path) -> None:
    assert read_first_senses(make_wordnet(tmp_path)) == {
        ("bank", "1"): "bank%1:17:01::",
        ("walk", "2"): "walk%2:38:00::",
    }
    assert word_of("Galore%5:00:00:abundant:00") == ("galore", "3")
    with pytest.raises(DocumentError, match=r"index\.sense cannot be read.*give the folder of WordNet"):
        read_first_senses(tmp_path / "none")
    with pytest.raises(DocumentError, match="is not WordNet's"):
        read_first_senses(write(tmp_path / "index.sense", "bank 1\n").parent)


def test_beir_is_read(tmp_path: Path) -> None:
    found = read_retrieval(make_beir(tmp_path))
    assert found.documents["doc0"] == f"Note 0\n\n{USES[0][0].capitalize()} Nothing else is said."
    assert found.queries == {"q1": "Who lent money?", "q2": "reeds by the river"}
    assert found.judgements == {"q1": {"doc3": 2, "doc5": 1, "doc0": 0}, "q2": {"doc2": 1}}
    write(tmp_path / "qrels" / "test.tsv", "q1\tdoc3\tyes\n")
    with pytest.raises(DocumentError, match="row 1: not 3 columns that end in a grade; retrieval is a folder"):
        read_retrieval(tmp_path)
    write(tmp_path / "qrels" / "test.tsv", "q9\tdoc3\t1\n")
    with pytest.raises(DocumentError, match="no query has a relevant document"):
        read_retrieval(tmp_path)
    write(tmp_path / "corpus.jsonl", '{"_id": "a"}\n')
    with pytest.raises(DocumentError, match=r"corpus\.jsonl, line 1: no object with _id and text"):
        read_retrieval(tmp_path)


def test_trec_is_read_and_topics_have_the_numbers_of_the_judgements(tmp_path: Path) -> None:
    found = read_retrieval(make_trec(tmp_path))
    assert list(found.documents) == ["1", "2", "3", "4", "5", "6"]
    # This text repeats its title, as Cranfield's texts do, so the title is not added.
    assert found.documents["1"] == f"{USES[0][0]}\n\nnothing & nobody ."
    assert found.queries == {"1": "who lent\nmoney ?", "2": "reeds by the river"}
    assert found.judgements["2"] == {"3": 1, "1": 0}
    write(tmp_path / "judged.qrel.txt", "1 0 4 1\n17 0 3 1\n")
    assert list(read_retrieval(tmp_path).queries) == ["1", "17"]
    (tmp_path / "topics.xml").unlink()
    with pytest.raises(DocumentError, match=r"holds 6 documents, 0 topics and 1 \*qrel\* files; retrieval is a folder"):
        read_retrieval(tmp_path)
    with pytest.raises(DocumentError, match="holds 0 documents"):
        read_retrieval(tmp_path / "all.xml")


def test_trec_topics_without_end_tags_are_read(tmp_path: Path) -> None:
    make_trec(tmp_path)
    topic = "<top>\n<num> Number: {}\n<title> Topic: {}\n<desc> Description:\nMore.\n</top>\n"
    write(tmp_path / "topics.xml", topic.format(1, "lent money") + topic.format(2, "reeds"))
    assert read_retrieval(tmp_path).queries == {"1": "lent money", "2": "reeds"}
    assert unwrapped("one\nline ,  e.g. this .  and\nmore ?\n\nEnd.") == "one line , e.g. this .\n\nand more ?\n\nEnd."
    assert with_title("A title", "A\ntitle and more") == "A\ntitle and more"


def test_gold_senses_are_read_by_their_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "g.tsv", "sense\tdocument_id\tstart\tend\tlemma\nx;y\ta.txt\t3\t7\tbank\n")
    (row,) = read_gold(path)
    assert row == Gold(("a.txt", 3, 7), "bank", "x;y")
    assert row.same(Gold(("b", 0, 1), "bank", "y"))
    assert not row.same(Gold(("b", 0, 1), "bank", "z"))
    assert list(by_word([row, Gold(("b", 0, 1), "arm", "z")])) == ["arm", "bank"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("document_id\tstart\tend\tlemma\n", "no column 'sense'; gold senses are a tab-separated file"),
        ("document_id\tstart\tend\tlemma\tsense\n", "has no row"),
        ("document_id\tstart\tend\tlemma\tsense\na\t1\tx\tb\tc\n", "row 2: not 5 columns with two offsets"),
        ("document_id\tstart\tend\tlemma\tsense\na\t1\n", "row 2: not 5 columns"),
        ("", "no column 'document_id'"),
    ],
)
def test_wrong_gold_senses_are_reported(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        read_gold(write(tmp_path / "g.tsv", text))


@pytest.mark.parametrize(
    "read",
    [
        read_wic_splits,
        read_coarsewsd,
        read_dwug,
        read_retrieval,
        lambda p: read_wsd([p]),
        lambda p: read_sts_splits([p], str.split),
    ],
)
def test_empty_folder_error_states_the_expected_layout(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(DocumentError, match=r"is a (folder|file|pair)") as error:
        read(tmp_path)
    assert one_line(error)


def test_published_files_are_read_completely(shared_eval: Path) -> None:
    assert {split: len(pairs) for split, pairs in read_wic_splits(shared_eval / "wic").items()} == {
        "train": 5428,
        "dev": 638,
    }
    words = read_coarsewsd(shared_eval / "coarsewsd-20")
    assert len(words) == 20
    assert sum(len(word.test) for word in words) == 10_196
    assert {
        split: len(pairs) for split, pairs in read_sts_splits([shared_eval / "stsbenchmark"], str.split).items()
    } == {
        "dev": 1500,
        "train": 5749,
    }
    cranfield = read_retrieval(shared_eval / "cranfield")
    assert (len(cranfield.documents), len(cranfield.queries), len(cranfield.judgements)) == (1400, 225, 225)
    # Topics are identified by position. The third one, number 4 in the file, is about composite slabs.
    assert "composite slabs" in cranfield.queries["3"]
