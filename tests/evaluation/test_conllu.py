"""The task `conllu`: treebanks as read, and scores against figures computed by hand."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.elmo import Representation
from polyseme.indexer.elmo.tags import Tags, TagSet
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.gold.conllu import documents, read_treebank
from polyseme.indexer.text.lemma_rules import LemmaRules
from polyseme.search.evaluation.records import Score
from polyseme.search.evaluation.run import Task, TaskName, evaluate, parse_tasks
from polyseme.search.evaluation.tasks.conllu import matches
from polyseme.ui.cli.main import run_command


def row(number: str, form: str, lemma: str, upos: str, xpos: str, head: int = 0, misc: str = "_") -> str:
    """Return the line of a word."""
    return "\t".join([number, form, lemma, upos, xpos, "_", str(head), "_", "_", misc])


TREEBANK = "\n".join(
    [
        "# newdoc id = a",
        "# newpar",
        "# text = She saw it.",
        row("1", "She", "she", "PRON", "PRP", 2),
        row("2", "saw", "see", "VERB", "VBD"),
        row("3", "it", "it", "PRON", "PRP", 2, "SpaceAfter=No"),
        row("4", ".", ".", "PUNCT", ".", 2),
        "",
        "# text = I don't!",
        row("1", "I", "I", "PRON", "PRP", 2),
        row("2-3", "don't", "_", "_", "_", 0, "SpaceAfter=No"),
        row("2", "do", "do", "AUX", "VBP"),
        row("3", "n't", "not", "PART", "RB", 2),
        row("3.1", "go", "go", "VERB", "VB"),
        row("4", "!", "!", "PUNCT", ".", 2),
        "",
        "# newpar",
        row("1", "The", "the", "DET", "DT", 2),
        row("2", "saw", "saw", "NOUN", "NN", 0, "SpaceAfter=No"),
        "",
        row("1", ",", ",", "PUNCT", ",", 2),
        row("2", "uh", "_", "INTJ", "_"),
        "",
        "# newdoc",
        row("1", "Rust", "rust", "NOUN", "NN", 0),
        "",
    ]
)


class TaggedEncoder(FakeEncoder):
    """An encoder that tags each token by its form, and *saw* always as a verb."""

    def __init__(self) -> None:
        super().__init__()
        self.tagset = TagSet(("AUX", "DET", "INTJ", "NOUN", "PART", "PRON", "PUNCT", "VERB"), ("A", "B", "PRP", "VBD"))
        self.lemma_rules = LemmaRules("en", {("AUX", "n't"): "never"}, {}, frozenset())

    def represent(self, sentences: Sequence[Sequence[str]]) -> list[Representation]:
        tagset = self.tagset
        assert tagset is not None
        upos = {"She": "PRON", "it": "PRON", "I": "PRON", "saw": "VERB", "The": "DET", "do": "AUX", "n't": "AUX"}
        xpos = {"She": "PRP", "saw": "VBD"}
        found = []
        for each, tokens in zip(super().represent(sentences), sentences, strict=True):
            one = [tagset.upos.index(upos.get(token, "PUNCT")) for token in tokens]
            other = [tagset.xpos.index(xpos.get(token, "A")) for token in tokens]
            found.append(replace(each, tags=Tags(np.array(one, np.uint8), np.array(other, np.uint8))))
        return found


def scores_of(tmp_path: Path, encoder: FakeEncoder, treebank: str = TREEBANK) -> dict[str, Score]:
    path = tmp_path / "a.conllu"
    path.write_text(treebank, encoding="utf-8")
    found = evaluate(encoder, Task(TaskName.CONLLU, (path,)))
    assert len({score.metric for score in found}) == len(found)
    return {score.metric: score for score in found}


def test_running_text_is_put_together_from_paragraphs_and_spaces(tmp_path: Path) -> None:
    (tmp_path / "a.conllu").write_text(TREEBANK, encoding="utf-8")
    first, second = documents(read_treebank(tmp_path / "a.conllu"))
    assert first.text == "She saw it. I don't!\n\nThe saw, uh"
    assert first.starts == (0, 12, 22, 29)
    assert second.text == "Rust"
    words = first.sentences[1].words
    assert [(word.form, word.start, word.end) for word in words] == [
        ("I", 0, 1),
        ("do", 2, 4),
        ("n't", 4, 7),
        ("!", 7, 8),
    ]
    assert first.sentences[1].tokens == ((0, 1), (2, 7), (7, 8))
    assert [word.lemma for word in first.sentences[3].words] == [",", ""]


def test_scores_equal_those_computed_by_hand(tmp_path: Path) -> None:
    found = scores_of(tmp_path, TaggedEncoder())
    assert set(found) == {"upos", "xpos", "lemma", "sentences f1", "tokens f1", "words f1"}
    # Wrong: n't, saw the noun, uh, Rust. Of 13 words all have a part of speech.
    assert found["upos"].value == pytest.approx(9 / 13)
    # Right: She, saw the verb. 12 words have an own tag.
    assert found["xpos"].value == pytest.approx(2 / 12)
    # n't is "never" by the rules, and "saw" is "see" by the dictionary. 12 words have a lemma.
    assert found["lemma"].value == pytest.approx(10 / 12)
    assert found["lemma"].baseline == pytest.approx(11 / 12)
    assert found["lemma"].representation == "tagger"
    # Gold: She saw it. | I don't! | The saw | , uh | Rust. Ours joins the fourth to the third.
    assert found["sentences f1"].value == pytest.approx(2 * 3 / (4 + 5))
    # Gold has 12 tokens. Ours has 13, of which "do" and "n't" are parts of a token.
    assert found["tokens f1"].value == pytest.approx(2 * 11 / (12 + 13))
    assert found["words f1"].value == pytest.approx(1)


def test_model_without_a_tagger_has_lemmas_and_cuts_alone(tmp_path: Path) -> None:
    found = scores_of(tmp_path, FakeEncoder())
    assert set(found) == {"lemma", "sentences f1", "tokens f1", "words f1"}
    assert found["lemma"].value == found["lemma"].baseline == pytest.approx(11 / 12)


def test_columns_that_are_empty_have_no_score(tmp_path: Path) -> None:
    bare = "\n".join([row("1", "Hello", "_", "_", "_"), row("2", "there", "_", "ADV", "_"), "", ""])
    assert set(scores_of(tmp_path, TaggedEncoder(), bare)) == {"upos", "sentences f1", "tokens f1", "words f1"}


def test_words_that_do_not_spell_their_token_share_its_span(tmp_path: Path) -> None:
    french = "\n".join(
        [
            row("1-2", "du", "_", "_", "_"),
            row("1", "de", "de", "ADP", "_", 3),
            row("2", "le", "le", "DET", "_", 3),
            row("3", "pain", "pain", "NOUN", "_"),
            "",
        ]
    )
    found = scores_of(tmp_path, FakeEncoder(), french)
    assert found["tokens f1"].value == 1
    assert found["words f1"].value == pytest.approx(2 * 2 / (2 + 3))


@given(st.data())
def test_matches_equal_a_plain_count(data: st.DataObject) -> None:
    text = data.draw(st.text("ab \n", max_size=10))
    span = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda pair: (min(pair), max(pair)))
    ours, gold = data.draw(st.lists(span, max_size=6)), data.draw(st.lists(span, max_size=6))

    def key(one: tuple[int, int]) -> tuple[int, int]:
        return len("".join(text[: one[0]].split())), len("".join(text[: one[1]].split()))

    left = [key(one) for one in gold]
    right = 0
    for one in map(key, ours):
        if one in left:
            left.remove(one)
            right += 1
    assert matches(ours, gold, text) == (right, len(ours), len(gold))


@pytest.mark.parametrize(("suffix", "pack"), [("xz", lzma.compress), ("gz", gzip.compress), ("bz2", bz2.compress)])
def test_compressed_treebanks_are_read(tmp_path: Path, suffix: str, pack: object) -> None:
    assert callable(pack)
    plain, packed = tmp_path / "a.conllu", tmp_path / f"a.conllu.{suffix}"
    plain.write_text(TREEBANK, encoding="utf-8")
    packed.write_bytes(pack(TREEBANK.encode()))
    assert read_treebank(packed) == read_treebank(plain)
    packed.write_bytes(pack(TREEBANK.encode())[:-9])
    with pytest.raises(DocumentError, match="cannot be read"):
        read_treebank(packed)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no sentence"),
        (b"# text = only\n\n", "has no sentence"),
        (b"The cat sat.\n", "line 1 has 1 columns"),
        (b"x\ta\ta\tX\tX\t_\t0\t_\t_\t_\n", "line 1 has 10 columns, or no number of a word"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"1\t" + b"a" * 70_000, "is longer than"),
        (b"1-2\tab\t_\t_\t_\t_\t_\t_\t_\t_\n\n", "a token without words"),
    ],
)
def test_strange_treebanks_are_refused_in_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.conllu"
    path.write_bytes(content)
    with pytest.raises(DocumentError, match=message) as caught:
        read_treebank(path)
    assert "\n" not in str(caught.value)


cells = st.sampled_from(
    ["1", "2", "3", "1-2", "2-2", "2.1", "", "_", "a", "b c", "NOUN", "SpaceAfter=No", "9" * 30, "\x85"]
)
lines_ = st.one_of(
    st.lists(cells, min_size=10, max_size=10).map("\t".join),
    st.tuples(st.sampled_from(["1", "2", "3", "1-2", "2.1"]), st.lists(cells, min_size=9, max_size=9)).map(
        lambda pair: "\t".join([pair[0], *pair[1]])
    ),
    st.sampled_from(["", "# newdoc", "# newpar id = 1", "# text = a b c", "#"]),
)


@given(st.lists(lines_, max_size=8))
def test_any_lines_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = tmp_path_factory.mktemp("any") / "a.conllu"
    path.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    try:
        sentences = read_treebank(path)
    except DocumentError:
        return
    for document in documents(sentences):
        for start, sentence in zip(document.starts, document.sentences, strict=True):
            assert document.text[start : start + len(sentence.text)] == sentence.text
            for word in sentence.words:
                assert 0 <= word.start < word.end <= len(sentence.text)


def test_command_prints_the_measures_as_json_lines(
    tmp_path: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.conllu.xz"
    path.write_bytes(lzma.compress(TREEBANK.encode()))
    arguments = ["eval", "--model", str(tiny_folder), "--task", f"conllu={path}", "--format", "jsonl"]
    assert run_command(arguments) == 0
    out = capsys.readouterr().out
    for metric in ("lemma", "sentences f1", "tokens f1"):
        assert f'"metric": "{metric}"' in out
    assert parse_tasks([f"conllu={path}"]) == [Task(TaskName.CONLLU, (path,))]
