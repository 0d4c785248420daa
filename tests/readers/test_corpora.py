"""CoNLL-U, vertical files and running text with tags."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from polyseme.indexer.documents import ReadOptions, read_documents
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.readers import read_file
from polyseme.indexer.readers.records import Extract, Failure
from polyseme.indexer.readers.tagged import looks_like_tagged

Row = tuple[str, str | None, str | None, str | None]


def read(folder: Path, name: str, text: str, *columns: str) -> list[Extract | Failure]:
    (folder / name).write_text(text, encoding="utf-8")
    return list(read_file(folder / name, ReadOptions(columns=columns)))


def one(folder: Path, name: str, text: str, *columns: str) -> Extract:
    (found,) = read(folder, name, text, *columns)
    assert isinstance(found, Extract), found
    return found


def rows(item: Extract) -> list[Row]:
    return [(item.text[t.start : t.end], *t[2:]) for sentence in item.sentences for t in sentence.tokens]


def spans(item: Extract) -> list[str]:
    return [item.text[sentence.start : sentence.end] for sentence in item.sentences]


def conllu(text: str) -> str:
    """Return lines with tabs between their columns. A line without a comment has the columns that it names."""

    def line(match: re.Match[str]) -> str:
        cells = match[0].split(" ")
        return "\t".join([*cells[:-1], *"_" * (9 - len(cells[:-1])), cells[-1]])

    return re.sub(r"(?m)^\d.*", line, text)


BANK = conllu("1 The the DET DT _\n2 bank bank NOUN NN SpaceAfter=No\n3 . . PUNCT . _\n\n")


def test_conllu_has_its_own_sentences_tokens_lemmas_and_tags(tmp_path: Path) -> None:
    found = one(tmp_path, "a.conllu", f"# sent_id = 1\n{BANK}# sent_id = 2\n{BANK}")
    assert found.text == "The bank.\nThe bank."
    assert rows(found)[:3] == [("The", "the", "DET", "DT"), ("bank", "bank", "NOUN", "NN"), (".", ".", "PUNCT", ".")]
    assert spans(found) == ["The bank.", "The bank."]


def test_paragraphs_and_documents_of_conllu(tmp_path: Path) -> None:
    text = (
        "# newdoc id = a\n# genre = letter\n# global.columns = ID\n# meta::title = The Bank\n# newpar\n# sent_id = x\n"
        f"# note = of the sentence\n{BANK}{BANK}# newpar id = p2\n{BANK}# newdoc\n{BANK}"
    )
    first, second = read(tmp_path, "a.conllu", text)
    assert isinstance(first, Extract)
    assert isinstance(second, Extract)
    assert (first.id, dict(first.metadata)) == ("a", {"genre": "letter", "title": "The Bank"})
    assert first.text == "The bank. The bank.\n\nThe bank."
    assert (second.id, second.row, second.where) == ("", 2, "document 2")


MULTIWORD = [
    (
        "1-2 don't _ _ _ _\n1 do do AUX VBP _\n2 n't not PART RB _",
        "don't",
        [("do", "do", "AUX", "VBP"), ("n't", "not", "PART", "RB")],
    ),
    ("1-2 du _ _ _ _\n1 de de ADP _ _\n2 le le DET _ _", "du", [("du", "de+le", "ADP+DET", None)]),
    ("1-2 farlo _ _ _ _\n1 fare fare VERB V _\n2 lo lo PRON PC _", "farlo", [("farlo", "fare", "VERB", "V")]),
    (
        "1-2 im _ _ _ SpaceAfter=No\n1 in in ADP _ _\n2 dem der DET _ _\n3 , , PUNCT _ _",
        "im,",
        [("im", "in+der", "ADP+DET", None), (",", ",", "PUNCT", None)],
    ),
    (
        "1 He he PRON _ _\n1.1 saw see VERB _ _\n2 _ _ PUNCT _ _",
        "He _",
        [("He", "he", "PRON", None), ("_", "_", "PUNCT", None)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "text", "words"), MULTIWORD)
def test_a_multiword_token_is_what_is_written(tmp_path: Path, lines: str, text: str, words: list[Row]) -> None:
    found = one(tmp_path, "a.conllu", conllu(lines) + "\n\n")
    assert (found.text, rows(found)) == (text, words)


def test_the_text_of_a_sentence_decides_about_spaces(tmp_path: Path) -> None:
    lines = conllu("1 The the DET DT _\n2 10\u00a0000 10000 NUM CD _\n3 . . PUNCT . _\n\n")
    assert one(tmp_path, "a.conllu", "# text = The  10\u00a0000.\n" + lines).text == "The  10\u00a0000."
    assert one(tmp_path, "b.conllu", "# text = Something else\n" + lines).text == "The 10\u00a0000 ."
    spaced = conllu("1 a a X _ SpacesAfter=\\s\\s\n2 b b X _ SpacesAfter=\\n\\n\n\n1 c c X _ _\n\n")
    assert one(tmp_path, "c.conllu", spaced).text == "a  b\n\nc"


def test_a_broken_line_costs_its_document_and_no_other(tmp_path: Path) -> None:
    found = read(
        tmp_path, "a.conllu", f"# newdoc id = a\n{BANK}# newdoc id = b\n1\tThe\tthe\n\n# newdoc id = c\n{BANK}"
    )
    assert [type(item) for item in found] == [Extract, Failure, Extract]
    assert isinstance(found[1], Failure)
    assert (found[1].reason, found[1].where) == ("a line has 3 columns, not 10; correct it", "document 2, line 7")


@pytest.mark.parametrize("text", ["The bank NN\n", "", "\n\n", "# only = comments\n", "word\tNN\tlemma\n"])
def test_what_is_no_conllu_is_one_line(tmp_path: Path, text: str) -> None:
    (found,) = read(tmp_path, "a.conll", text)
    assert isinstance(found, Failure)
    assert "\n" not in found.reason


VERTICAL = """<?xml version="1.0"?>
<corpus name="c">
<text id="t1" year="1850" title='A "fine" bank'>
<p type="x">
<s>
The\tDT\tthe
R&amp;D\tNN\tR&amp;D
<g/>
,\t,\t,
&lt;\tSYM\t&lt;
</s>
<s>
<chunk type="NP">
It\tPP\tit
</chunk>
</s>
</p>
<p>
Loose\tJJ\t<unknown>
words\tNNS\tword
</p>
</text>
<text year="1851">
<s>
End\tNN\tend
</s>
</text>
</corpus>
"""


def test_a_vertical_file_has_documents_paragraphs_and_sentences(tmp_path: Path) -> None:
    first, second = read(tmp_path, "a.vrt", VERTICAL)
    assert isinstance(first, Extract)
    assert isinstance(second, Extract)
    assert first.text == "The R&D, < It\n\nLoose words"
    assert (first.id, dict(first.metadata)) == ("t1", {"year": "1850", "title": 'A "fine" bank'})
    assert rows(first)[1] == ("R&D", "R&D", "NN", None)
    assert [(text, item.loose) for text, item in zip(spans(first), first.sentences, strict=True)] == [
        ("The R&D, <", False),
        ("It", False),
        ("Loose words", True),
    ]
    assert rows(first)[-2:] == [("Loose", None, "JJ", None), ("words", "word", "NNS", None)]
    assert (second.text, second.id, second.row) == ("End", "", 2)


COLUMNS = [
    (("word", "lemma", "pos"), "banks\tbank\tNOUN", ("banks", "bank", "NOUN", None)),
    (("word", "tag", "lempos"), "banks\tNNS\tbank-n", ("banks", "bank", "n", "NNS")),
    (("-", "form", "-", "lemma"), "1\tbanks\tx\tbank\ty", ("banks", "bank", None, None)),
    ((), "banks\tNNS\tbank-n", ("banks", "bank", "n", "NNS")),
    ((), "banks\tNNS\tbank", ("banks", "bank", "NNS", None)),
    ((), "banks\tNNS", ("banks", None, "NNS", None)),
    ((), "banks", ("banks", None, None, None)),
    ((), "banks\tNNS\tbank\t4\tnsubj", ("banks", "bank", "NNS", None)),
]


@pytest.mark.parametrize(("columns", "line", "row"), COLUMNS)
def test_columns_are_named_or_the_usual_ones(tmp_path: Path, columns: tuple[str, ...], line: str, row: Row) -> None:
    assert rows(one(tmp_path, "a.vert", f"<s>\n{line}\n</s>\n", *columns)) == [row]


def test_columns_in_another_order_are_seen(tmp_path: Path) -> None:
    named = "<!-- #vrt positional-attributes: word ref lemma pos -->\n<s>\nbanks\t1\tbank\tNNS\n</s>\n"
    assert rows(one(tmp_path, "a.vrt", named)) == [("banks", "bank", "NNS", None)]
    swapped = "the\tthe\tDT\nbank\tbank\tNN\nwas\tbe\tVBD\nwet\twet\tJJ\n"
    assert rows(one(tmp_path, "b.vrt", swapped))[2] == ("was", "be", "VBD", None)


def test_blank_lines_end_sentences_where_no_sentence_is_marked(tmp_path: Path) -> None:
    found = one(tmp_path, "a.vert", "The\tDT\tthe\nbank\tNN\tbank\n\nIt\tPP\tit\n\n")
    assert [(text, item.loose) for text, item in zip(spans(found), found.sentences, strict=True)] == [
        ("The bank", False),
        ("It", False),
    ]
    found = one(tmp_path, "b.vert", "The\tDT\tthe\nbank\tNN\tbank\n.\t.\t.\nIt\tPP\tit\n")
    assert [item.loose for item in found.sentences] == [True]


def test_columns_without_a_word_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="must have one 'word'; name them in order"):
        read_documents(tmp_path, ReadOptions(columns=("lemma", "pos")))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a.vrt", "<a " + "b" * 500_000 + ">"),
        ("a.vrt", "<doc " + "b" * 500_000 + ">"),
        ("a.vrt", "<doc" + " " * 500_000 + "b>"),
        ("a.vrt", "<!-- #vrt positional-attributes:" + " " * 500_000 + "word"),
        ("a.vrt", "<doc" + " b=c" * 100_000),
        ("a.conllu", "#a" + " " * 500_000 + "b"),
        ("a.conllu", "# text = " + "a" * 500_000),
    ],
)
def test_long_lines_take_linear_time(tmp_path: Path, name: str, line: str) -> None:
    started = time.process_time()
    assert len(read(tmp_path, name, f"{line}\n{BANK}")) == 1
    assert time.process_time() - started < 5


BROWN = (
    "The/at river/nn bank/nn was/bedz wet/jj ./.\n``/`` It/pps is/bez-hl ''/'' said/vbd She/pps ./.\n\n"
    "And/cc so/rb ./.\n"
)


def test_running_text_with_tags_has_words_and_tags(tmp_path: Path) -> None:
    assert looks_like_tagged(BROWN)
    found = one(tmp_path, "ca01.txt", BROWN)
    assert found.text == "The river bank was wet .\n`` It is '' said She .\n\nAnd so ."
    assert rows(found)[2] == ("bank", None, "nn", None)
    assert len(found.sentences) == 3
    various = (
        "A/at cold/jj wind/nn in/in Ann's/np$ sails/nns said/vbd ``/`` no/rb ''/'' that/cs tore/vbd the/at mast/nn ./."
    )
    assert one(tmp_path, "c.txt", various).text == "A cold wind in Ann's sails said `` no '' that tore the mast ."
    assert one(tmp_path, "d.txt", "The_DT wind_NN fell_VBD\n").text == "The wind fell"
    claws = "The_AT0 bank_NN1 was_VBD wet_AJ0 ._PUN And_CJC so_AV0 on_AVP ._PUN"
    assert rows(one(tmp_path, "b.txt", claws))[1] == ("bank", None, "NN1", None)


@pytest.mark.parametrize(
    "text",
    [
        "The bank.\n",
        "and/or he/she his/her this/that either/or yes/no on/off in/out up/down win/lose black/white true/false a/b",
        "src/a/b.py src/a/c.py src/a/d.py docs/x/y.md docs/x/z.md tests/a/b.py",
        "self_one self_two self_three self_four self_five self_six self_seven self_eight self_nine a_b c_d e_f",
        "See usr/bin etc/at www/in read/at",
        "1/2 3/4 5/6 7/8 9/10 11/12",
        "",
    ],
)
def test_other_text_with_such_signs_is_not_taken_for_tagged(text: str) -> None:
    assert not looks_like_tagged(text)


def test_a_corpus_in_a_text_file_is_read_as_a_corpus(tmp_path: Path) -> None:
    rain = one(tmp_path, "a.txt", "<doc>\n<s>\nRain\tNN\train\nfell\tVBD\tfall\n</s>\n</doc>\n")
    assert (rain.text, len(rain.sentences)) == ("Rain fell", 1)
    rows_of_words = "1\tRain\train\tNOUN\tNN\t_\t2\tx\t_\t_\n2\tfell\tfall\tVERB\tVBD\t_\t0\troot\t_\t_\n"
    assert one(tmp_path, "b.txt", rows_of_words).text == "Rain fell"
