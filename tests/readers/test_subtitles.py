"""Subtitles as running text, and notebooks."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polyseme.indexer.readers import read_file
from polyseme.indexer.readers.records import Extract, Failure, ReadOptions
from samples import notebook

WORD = st.text(st.sampled_from("abcdeÄñ漢"), min_size=1, max_size=6)


def read(folder: Path, name: str, data: str | bytes) -> list[Extract | Failure]:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(read_file(path, ReadOptions()))


def text_of(folder: Path, name: str, data: str | bytes) -> list[str]:
    (extract,) = read(folder, name, data)
    assert isinstance(extract, Extract), extract
    return extract.text.split("\n\n")


def srt(*cues: str, gap: float = 0.0) -> str:
    """Return cues of one second each, with a gap between them."""
    made = []
    for number, cue in enumerate(cues):
        start = round(number * (1 + gap) * 1000)
        times = (f"00:{at // 60000:02}:{at // 1000 % 60:02},{at % 1000:03}" for at in (start, start + 1000))
        made.append(f"{number + 1}\n{' --> '.join(times)}\n{cue}\n")
    return "\n".join(made)


@given(st.lists(st.lists(WORD, min_size=1, max_size=4).map(" ".join), min_size=1, max_size=5, unique=True))
@settings(max_examples=50)
def test_the_words_of_all_cues_are_read_back(tmp_path_factory: pytest.TempPathFactory, cues: list[str]) -> None:
    assert text_of(tmp_path_factory.getbasetemp(), "a.srt", srt(*cues)) == [" ".join(cues)]


@pytest.mark.parametrize(
    ("cues", "text"),
    [
        (["The bank of the", "river was steep."], ["The bank of the river was steep."]),
        (["It closed in", "1984", "2", "and that was it."], ["It closed in 1984 2 and that was it."]),
        (["<i>One</i> <font color='#fff'>two</font>", "{\\an8}{\\i1}three{i}four{/i}"], ["One two threefour"]),
        (["5 < 6 and a > b", "{sic} &amp; &lt;x&gt; &copyright"], ["5 < 6 and a > b {sic} & <x> &copyright"]),
        (["One.\nTwo", "three."], ["One. Two three."]),
        (["- Where?\n- There.", "Come."], ["- Where?", "- There. Come."]),
        (["He left.", "[DOOR SLAMS]", "She sat."], ["He left.", "[DOOR SLAMS]", "She sat."]),
        (["He heard", "(thunder)", "and left."], ["He heard (thunder) and left."]),
        (["♪ la la ♪", "Stop."], ["♪ la la ♪", "Stop."]),
        (["JOHN: No.", "\u200bYes\\Nor no."], ["JOHN: No. Yes or no."]),
    ],
)
def test_cues_are_joined_into_sentences(tmp_path: Path, cues: list[str], text: list[str]) -> None:
    assert text_of(tmp_path, "a.srt", srt(*cues)) == text
    assert text_of(tmp_path, "a.srt", srt(*cues).replace("\n", "\r\n").encode("utf-8-sig")) == text
    assert text_of(tmp_path, "a.srt", srt(*cues).replace("\n\n", "\n")) == text  # no lines between the cues


def test_a_pause_ends_the_paragraph_of_a_finished_sentence(tmp_path: Path) -> None:
    assert text_of(tmp_path, "a.srt", srt("One.", "Two", "three.", gap=5)) == ["One.", "Two three."]
    assert text_of(tmp_path, "a.srt", srt("One.", "Two.", gap=1)) == ["One. Two."]


def test_odd_times_and_encodings_of_subtitles_are_read(tmp_path: Path) -> None:
    odd = "1\n0:0:1.5-->00:00:02\ncaf\u00e9\n\n00:00:03,000 --> 00:00:04,000 X1:1 Y1:2\nbar\n\n\nbaz\n"
    assert text_of(tmp_path, "a.srt", odd.encode("cp1252")) == ["café bar baz"]
    assert read(tmp_path, "a.srt", "A letter.\n") == [Failure("no subtitles in it: no line with two times")]
    assert read(tmp_path, "a.srt", "\n") == [Failure("empty")]


VTT = """WEBVTT - a film
Kind: captions
Language: en-GB

STYLE
::cue { color: red }

REGION
id:fred

NOTE
a comment
of two lines

intro
00:01.000 --> 00:02.000 align:start position:0%
<v.loud Mary Ann>The <b>bank</b></v>

1
00:02.000 --> 01:00:03.000
<v Mary Ann>was <c.yellow>closed</c> <00:02.500>today.
NOTE me: 2 < 3

NOTE a comment

00:03.000 --> 00:04.000
<v Bob>Tom &amp; I &nbsp;saw <lang fr>ça</lang> <ruby>漢<rt>kan</rt></ruby>.

00:04.000 --> 00:05.000
Yes.
"""


def test_vtt_speakers_tags_notes_and_styles_are_left_out(tmp_path: Path) -> None:
    expected = ["The bank was closed today. NOTE me: 2 < 3", "Tom & I saw ça 漢.", "Yes."]
    assert text_of(tmp_path, "a.vtt", VTT) == expected
    (extract,) = read(tmp_path, "a.vtt", VTT.replace("\n", "\r\n"))
    assert extract == Extract("\n\n".join(expected), {"language": "en-GB"})
    assert text_of(tmp_path, "a.srt", VTT) == expected  # its content decides


def test_captions_that_roll_say_each_line_once(tmp_path: Path) -> None:
    lines = [
        " \nthe<00:00.5><c> bank</c>",
        "the bank\n ",
        "the bank\nwas<c> steep</c>",
        "was steep\n ",
        "was steep\nand wet",
    ]
    cues = "\n\n".join(f"00:0{n}.000 --> 00:0{n + 1}.000\n{cue}" for n, cue in enumerate(lines))
    assert text_of(tmp_path, "a.vtt", f"WEBVTT\n\n{cues}\n") == ["the bank was steep and wet"]
    assert text_of(tmp_path, "a.srt", srt("No.", "No.", "Why?", "I said.", "So.")) == ["No. No. Why? I said. So."]


@pytest.mark.parametrize("sign", ["<", ".", "<v ", "<i", "{\\", ")", "&", "<1", "00:", "-->", '"', "<rt>", "- "])
@pytest.mark.parametrize("name", ["a.srt", "a.vtt"])
def test_odd_lines_are_read_in_linear_time(tmp_path: Path, name: str, sign: str) -> None:
    started = time.process_time()
    read(tmp_path, name, srt("<" + sign * 100_000, sign * 100_000 + "x"))
    assert time.process_time() - started < 3


# ---- notebooks


def test_markdown_cells_are_text_and_code_is_counted(tmp_path: Path) -> None:
    cells = [
        ("markdown", "# The *Bank*\n\nOne **two**."),
        ("code", "secret = 1"),
        ("markdown", "```\nopen"),
        ("raw", "no"),
    ]
    (extract,) = read(tmp_path, "a.ipynb", notebook(*cells, ("markdown", "- end")))
    assert extract == Extract(
        "The Bank\n\nOne two.\n\nopen\n\nend", {"title": "The Bank", "code_cells": 1, "raw_cells": 1}
    )


def test_titles_and_authors_of_notebooks_are_metadata(tmp_path: Path) -> None:
    front = ("raw", "---\ntitle: Front\nauthor: Zed\nid: n1\n---\n")
    (extract,) = read(
        tmp_path, "a.ipynb", notebook(front, ("markdown", "Text"), authors=[{"name": "Ann"}, {"name": "Bob"}])
    )
    assert extract == Extract("Text", {"title": "Front", "author": ["Ann", "Bob"]}, "n1")
    (extract,) = read(tmp_path, "a.ipynb", notebook(("markdown", "# One"), title="Two"))
    assert extract == Extract("One", {"title": "Two"})
    old = {"worksheets": [{"cells": [{"cell_type": "heading", "source": "One"}, {"cell_type": "code", "input": "x"}]}]}
    (extract,) = read(tmp_path, "a.ipynb", json.dumps(old))
    assert extract == Extract("One", {"title": "One", "code_cells": 1})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "no text in it"),
        ("{", "broken JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "not a notebook: no cells in it"),
        ('{"cells": 1}', "not a notebook: no cells in it"),
        ('{"cells": [1, null]}', "no text in it"),
        (notebook(("code", "x"), ("code", "y")), "no text in it: 2 cells of code are left out"),
    ],
)
def test_a_notebook_without_text_says_why(tmp_path: Path, data: str, reason: str) -> None:
    assert read(tmp_path, "a.ipynb", data) == [Failure(reason)]
