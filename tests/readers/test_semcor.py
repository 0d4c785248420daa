"""The reader of SemCor markup gives readable text, exact offsets and WordNet sense keys. The samples are made up."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from polyseme.indexer.errors import DocumentError
from polyseme.indexer.gold import semcor

MARKUP = """<contextfile concordance=brown>
<context filename=br-a99 paras=yes>
<p pnum=1>
<s snum=1>
<punc>``</punc>
<wf cmd=done rdf=person pos=NNP lemma=person wnsn=1 lexsn=1:03:00:: pn=person>Ada_Penrose</wf>
<wf cmd=ignore pos=MD>ca</wf>
<wf cmd=done pos=RB lemma=n't wnsn=0 lexsn=4:02:00::>n't</wf>
<wf cmd=done pos=VB lemma=row wnsn=1;0 lexsn=2:38:00::;2:38:09::>row</wf>
<wf cmd=ignore pos=DT>the</wf>
<wf cmd=done pos=NN lemma=ferry_boat wnsn=1 lexsn=1:06:00::>ferry_boats</wf>
<punc>''</punc>
<punc>,</punc>
<wf cmd=done pos=VB lemma=say wnsn=1;4 lexsn=2:32:00::;2:32:13::>said</wf>
<wf cmd=ignore pos=DT>the</wf>
<wf cmd=done pos=NN lemma=man wnsn=1 lexsn=1:18:00::>man</wf>
<wf cmd=ignore pos=POS>'s</wf>
<wf cmd=done pos=JJ lemma=old wnsn=2 lexsn=5:00:00:past:00>old</wf>
<wf cmd=done pos=VBD ot=notag>was</wf>
<punc>.</punc>
</s>
<s snum=2>
<wf cmd=done pos=VB lemma=pay wnsn=1 lexsn=2:40:00::>Pay</wf>
<punc>$</punc>
<wf cmd=ignore pos=CD>20</wf>
<punc>(</punc>
<wf cmd=done pos=RB ot=complexprep>up_to</wf>
<wf cmd=ignore pos=CD>30</wf>
<punc>-</punc>
<wf cmd=ignore pos=CD>40</wf>
<punc>%</punc>
<punc>)</punc>
<punc>-</punc>
<wf cmd=done pos=RB lemma=now wnsn=1 lexsn=4:02:05::>now</wf>
<punc>!</punc>
</s>
</p>
<p pnum=3>
<s snum=4>
<wf cmd=ignore pos=DT>The</wf>
<wf cmd=done pos=NN lemma=boy wnsn=1 lexsn=1:18:00::>boys</wf>
<punc>'</punc>
<wf cmd=done pos=NN lemma=oar wnsn=1 lexsn=1:06:00::>oars</wf>
</s>
</p>
</context>
</contextfile>
"""
TEXT = (
    "\"Ada Penrose can't row the ferry boats\", said the man's old was. Pay $20 (up to 30-40%) - now!\n\nThe boys' oars"
)


def archive(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:xz") as out:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            out.addfile(member, io.BytesIO(text.encode()))
    return path


def test_markup_becomes_readable_text() -> None:
    text, _ = semcor.running_text(semcor.read_markup(MARKUP, "br-a99"))
    assert text == TEXT


def test_offsets_cut_the_tagged_words_from_the_text() -> None:
    text, tagged = semcor.running_text(semcor.read_markup(MARKUP, "br-a99"))
    assert [(text[row.start : row.end], row.lemma) for row in tagged] == [
        ("row", "row"),
        ("ferry boats", "ferry boat"),
        ("said", "say"),
        ("man", "man"),
        ("old", "old"),
        ("Pay", "pay"),
        ("now", "now"),
        ("boys", "boy"),
        ("oars", "oar"),
    ]


def test_senses_are_wordnet_keys_without_lost_senses_and_names() -> None:
    _, tagged = semcor.running_text(semcor.read_markup(MARKUP, "br-a99"))
    senses = {row.lemma: row.senses for row in tagged}
    assert senses["row"] == ("row%2:38:00::",)
    assert senses["say"] == ("say%2:32:00::", "say%2:32:13::")
    assert senses["ferry boat"] == ("ferry_boat%1:06:00::",)
    assert senses["old"] == ("old%5:00:00:past:00",)
    assert "person" not in senses
    assert "n't" not in senses


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ("They called it ' bright ' then .", "They called it 'bright' then."),
        ("Miller ( ' 50 ; ' 58 ) agrees .", "Miller ('50; '58) agrees."),
        ("the officers ' mess , and tea", "the officers' mess, and tea"),
        ("She `` ran [ home ] '' at 10 : 30 .", 'She "ran [home]" at 10:30.'),
        ("a 380 - foot drive at 3 mg / l", "a 380-foot drive at 3 mg/l"),
        ("a look - long and kind - at prayers / Shall", "a look - long and kind - at prayers / Shall"),
        ("we 've got ai n't 'em", "we've got ain't 'em"),
        ("rate of * * f at 16 ` .", "rate of **f at 16'."),
    ],
)
def test_words_and_punctuation_are_spaced_as_in_print(parts: str, text: str) -> None:
    entries = [semcor.Entry(part, "", ()) for part in parts.split()]
    printed, spans = semcor.sentence_text(entries)
    assert printed == text
    assert [printed[start:end] for entry, (start, end) in spans if entry.text.isalnum()] == [
        entry.text for entry in entries if entry.text.isalnum()
    ]


def test_an_archive_is_read_file_by_file(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "s.tar.xz", {"s/README": "no markup", "s/brown1/tagfiles/br-a99": MARKUP, "s/brownv/x.txt": "no"}
    )
    (found,) = semcor.read_archive(path)
    assert (found.part, found.name, found.text) == ("brown1", "br-a99", TEXT)


def test_an_unpacked_archive_reads_like_the_archive(tmp_path: Path) -> None:
    path = archive(tmp_path / "s.tar.xz", {"s/README": "no markup", "s/brown1/tagfiles/br-a99": MARKUP})
    with tarfile.open(path) as packed:
        packed.extractall(tmp_path / "out", filter="data")
    for folder in (tmp_path / "out", tmp_path / "out" / "s"):
        assert list(semcor.read_archive(folder)) == list(semcor.read_archive(path))
    assert next(semcor.read_archive(tmp_path / "out" / "s" / "brown1")).part == "brown1"


def test_errors_name_what_is_not_semcor(tmp_path: Path) -> None:
    empty = archive(tmp_path / "empty.tar.xz", {"a/b": "c"})
    with pytest.raises(DocumentError, match=r"empty\.tar\.xz holds no folder tagfiles"):
        list(semcor.read_archive(empty))
    with pytest.raises(DocumentError, match=r"none\.tar\.xz cannot be read"):
        list(semcor.read_archive(tmp_path / "none.tar.xz"))
    whole = archive(
        tmp_path / "whole.tar.xz", {f"s/brown1/tagfiles/br-a{n}": MARKUP * 50 for n in range(40)}
    ).read_bytes()
    for name, damaged in (("truncated", whole[:-200]), ("overwritten", whole[:300] + b"\0" * 8 + whole[308:])):
        (tmp_path / f"{name}.tar.xz").write_bytes(damaged)
        with pytest.raises(DocumentError, match=rf"{name}\.tar\.xz cannot be read"):
            list(semcor.read_archive(tmp_path / f"{name}.tar.xz"))
    with pytest.raises(DocumentError, match="br-a98 has no tagged sentence"):
        semcor.read_markup("plain words", "br-a98")
    with pytest.raises(DocumentError, match="br-a97 has a word outside a sentence"):
        semcor.read_markup("<wf cmd=ignore>Stray</wf>", "br-a97")
