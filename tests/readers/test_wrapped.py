"""Text in lines: words cut at line ends, numbers of pages and verses, form feeds, narrow columns."""

from __future__ import annotations

import random
import re
import textwrap
from pathlib import Path

import pytest
from effort import grows_linearly
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.documents import Document, ReadOptions, read_documents
from polyseme.indexer.readers.hyphens import Hyphens, hyphens_of, keeps_hyphen, without_cuts
from polyseme.indexer.readers.wrapped import read_wrapped
from polyseme.indexer.text import TextAnalyser

PROSE = (
    "The harbour was empty when the surveyor returned, and nobody remembered which of the fishermen had promised to "
    "carry the instruments across. He waited beside the customs house until evening, wondering whether the weather "
    "would allow another crossing before the equinox. A well-known captain stopped and offered him tobacco, but the "
    "conversation did not continue, because the captain understood nothing of triangulation. "
)


def joined(text: str, language: str = "en") -> str:
    lines = text.split("\n")
    hyphens = hyphens_of(lines, language)
    return "\n".join(without_cuts(lines, hyphens) if hyphens else lines)


def letters(text: str) -> str:
    return "".join(filter(str.isalpha, text))


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        ("he was won-\ndering aloud", "he was\nwondering aloud"),
        ("he was won‐\ndering aloud", "he was\nwondering aloud"),
        ("he was won¬\ndering aloud", "he was\nwondering aloud"),
        ("he was won\u00ad\ndering aloud", "he was\nwondering aloud"),
        ("he was won-  \n   dering aloud", "he was\n   wondering aloud"),
        ("a lesson in self-\ncontrol today", "a lesson in\nself-control today"),
        ("the well-\nknown man", "the\nwell-known man"),
        ("a broad-\nbrimmed hat", "a\nbroad-brimmed hat"),
        ("the so-\ncalled expert", "the\nso-called expert"),
        ("her mother-in-\nlaw came", "her\nmother-in-law came"),
        ("her mother-\nin-law came", "her\nmother-in-law came"),
        ("the Anglo-\nSaxon kings", "the\nAnglo-Saxon kings"),
        ("both pre-\nand post-war years", "both pre-\nand post-war years"),
        ("a thous-\nand years", "a\nthousand years"),
        ("my hus-\nband’s hat", "my\nhusband’s hat"),
        ("THE HAR-\nBOUR WAS FULL", "THE\nHARBOUR WAS FULL"),
        ("said “under-\nstood” twice", "said\n“understood” twice"),
        ("the years 1914-\n18 were", "the years\n1914-18 were"),
        ("he stopped -\nthen went", "he stopped -\nthen went"),
        ("he stopped--\nthen went", "he stopped--\nthen went"),
        ("the town of Hal-\nwick slept", "the town of\nHalwick slept"),
        ("anti-\nauto-\nbio-", "anti-\nauto-\nbio-"),
        ("It was a stor-\nm", "It was a\nstorm"),
        ("an end-\n\nnew paragraph", "an end-\n\nnew paragraph"),
    ],
)
def test_a_hyphen_at_a_line_end(cut: str, expected: str) -> None:
    assert joined(cut) == expected


@pytest.mark.parametrize(
    ("cut", "language", "expected"),
    [
        ("die Sonnen-\nblume", "de", "die\nSonnenblume"),
        ("an Sonn-\nund Feiertagen", "de", "an Sonn-\nund Feiertagen"),
        ("die Donaudampf-\nschiffe", "de", "die\nDonaudampfschiffe"),
        ("Baden-\nWürttemberg", "de", "Baden-Württemberg"),
        ("il est peut-\nêtre là", "fr", "il est\npeut-être là"),
        ("la mai-\nson est", "fr", "la\nmaison est"),
        ("la ven-\ntana abierta", "es", "la\nventana abierta"),
    ],
)
def test_other_languages(cut: str, language: str, expected: str) -> None:
    assert joined(cut, language) == expected


def test_the_text_itself_decides_first() -> None:
    assert joined("the coöp-\nerage\n\nEach co-operative here. The cooper-\nage\nA cooper-age stood.").endswith(
        "The\ncooper-age\nA cooper-age stood."
    )
    assert "to-day" in joined("We eat to-\nday\nand to-day again")
    assert "today" in joined("We eat to-\nday\nand later")


def test_hyphens_of_other_readers() -> None:
    hyphens = Hyphens("en", ["week-end"])
    assert [hyphens.joint("a" + before, after) for before, after in ((" won-", "dering"), (" week-", "end"))] == [
        "",
        "-",
    ]
    assert hyphens.joint("a won\x02", "dering") == ""
    assert hyphens.joint("no hyphen", "here") is None
    assert hyphens.joint("Anglo-", "Saxon") == "-"
    assert keeps_hyphen("self", "control", frozenset())
    assert not keeps_hyphen("won", "dering", frozenset())
    assert keeps_hyphen("to", "day", frozenset({"to-day"}))
    assert keeps_hyphen("Anglo", "Saxon", frozenset())


@pytest.mark.parametrize(
    ("language", "line", "after", "word"),
    [
        ("en", "in the corn-", "field", "cornfield"),
        ("en", "the hay-", "stack", "haystack"),
        ("en", "a short-", "lived joy", "short-lived"),
        ("en", "her self-", "control", "self-control"),
        ("en", "my neigh-", "bour", "neighbour"),
        ("en", "the boat had out-", "lasted it", "outlasted"),
        ("fr", "le voilà, dit-", "il", "dit-il"),
        ("fr", "et celui-", "ci", "celui-ci"),
        ("fr", "il était là-", "bas", "là-bas"),
        ("fr", "une ri-", "vière", "rivière"),
        ("fr", "une pla-", "ce", "place"),
        ("pt", "ele disse-", "me", "disse-me"),
        ("ru", "это кто-", "то", "кто-то"),
        ("de", "das Fluss-", "ufer", "Flussufer"),
    ],
)
def test_hyphens_of_compounds_and_attached_words(language: str, line: str, after: str, word: str) -> None:
    joint = Hyphens(language).joint(line, after)
    assert joint is not None
    assert line.split()[-1][:-1] + joint + after.split()[0] == word


LINES = st.lists(st.text(st.sampled_from("abz ZA-‐¬\u00ad'’.,3 \tñß"), max_size=12), max_size=12)


@given(LINES, st.sampled_from(["en", "de", "fr", "xx"]))
def test_joining_never_loses_letters(lines: list[str], language: str) -> None:
    hyphens = hyphens_of(lines, language)
    found = without_cuts(lines, hyphens) if hyphens else lines
    assert letters("".join(found)) == letters("".join(lines))
    assert len(found) <= len(lines)


@given(st.text())
def test_reading_never_loses_letters_or_adds_any(text: str) -> None:
    assert letters(read_wrapped(text)) == letters(text)


def hyphenated(text: str, width: int, seed: int = 0) -> str:
    """Wrap a text and cut words at line ends, where they have two letters and a vowel on each side."""
    choose, lines, line = random.Random(seed), [], ""
    for word in text.split():
        room = width - len(line) - 1
        if len(line) + 1 + len(word) <= width or not line:
            line = f"{line} {word}".strip()
            continue
        places = [n for n in range(2, min(room - 1, len(word) - 2)) if re.search("[aeiou]", word[:n])]
        places = [n for n in places if word.isalpha() and re.search("[aeiou]", word[n:])]
        if places and room > 3 and len(word) > 5:
            n = choose.choice(places)
            lines.append(f"{line} {word[:n]}-")
            line = word[n:]
        else:
            lines.append(line)
            line = word
    return "\n".join([*lines, line])


@pytest.mark.parametrize("width", [28, 34, 45, 60, 72])
def test_wrapped_text_with_cut_words_has_the_sentences_of_the_text(width: int) -> None:
    text = "".join(PROSE + "So it was. " * n for n in range(6)).strip()
    cut = hyphenated(text, width)
    assert cut.count("-\n") > 2
    analyser = TextAnalyser()
    expected = [[token.text for token in sentence.tokens] for sentence in analyser.sentences(text)]
    found = [[token.text for token in sentence.tokens] for sentence in analyser.sentences(read_wrapped(cut))]
    assert found == expected


POEM = [
    "The ferry leaves before the light,",
    "The rope is coiled, the lamp is low,",
    "And those who watched it all the night",
    "Have nothing more to say, and go;",
    "A gull is crying on the mast,",
    "The harbour turns from grey to white,",
    "The keeper counts the boats, the last",
    "Is gone before the end of night.",
    "The water closes on the keel,",
    "And nobody is there to feel",
    "The cold that rises from the stone,",
    "Or hear the bell that rings alone.",
]


def numbered(form: str, lines: list[str] = POEM, step: int = 5) -> str:
    found = []
    for n, line in enumerate(lines, start=1):
        if n % step:
            found.append("      " + line if form == "left" else line)
        elif form == "left":
            found.append(f"{n:<4}  {line}")
        elif form == "alone":
            found += [line, str(n)]
        else:
            found.append(
                line + (f"{n:>{50 - len(line)}}" if form == "right" else f"\t{n}" if form == "tab" else f" {n}")
            )
    return "\n".join(found)


@pytest.mark.parametrize("form", ["right", "left", "tab", "alone"])
def test_numbers_of_verses_are_left_out(form: str) -> None:
    found = read_wrapped(numbered(form))
    assert [line.strip() for line in found.split("\n")] == POEM


def test_numbers_of_verses_after_one_space_need_three_in_a_row() -> None:
    assert read_wrapped(numbered("space", POEM * 2)) == "\n".join(POEM * 2)
    assert read_wrapped(numbered("space")) == numbered("space")


def test_stanzas_do_not_count() -> None:
    stanzas = "\n".join(line if n % 6 else f"{line}\n" for n, line in enumerate(numbered("right").split("\n"), start=1))
    assert not re.search(r"\d", read_wrapped(stanzas))


@pytest.mark.parametrize(
    "text",
    [
        "Apples    5\nPears    10\nPlums    15\nQuinces    20",
        "1  First of all\n2  Then\n3  At last",
        "\n".join(f"The price of item {n} was    {n * 7}" for n in range(40)),
        "In all there were\n5\nof them, and then\n10\nmore.",
        "Chapter    5\n\n" + "A line of text.\n" * 9 + "Chapter    6\n",
        "1999\n\n2000\n\n2001",
        "\n\n".join(f"{n}\n\n" + "It ended here.\n" * 20 for n in range(1, 6)),  # numbers of chapters
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert read_wrapped(text) == text


def pages(number: str, seam: str) -> str:
    lines = textwrap.wrap(PROSE * 12, 60)
    parts = ["\n".join(lines[n : n + 17]) for n in range(0, len(lines) - 17, 17)]
    return seam.join(f"{part}\n\n{number.format(n)}" for n, part in enumerate(parts, start=88))


@pytest.mark.parametrize("number", ["{}", "      {}", "- {} -", "[{}]", "Page {}"])
@pytest.mark.parametrize("seam", ["\n\n", "\n\f", "\f", "\n\f\n"])
def test_page_numbers_are_left_out_and_sentences_go_on(number: str, seam: str) -> None:
    found = read_wrapped(pages(number, seam))
    assert not re.search(r"\d|\f", found)
    lines = textwrap.wrap(PROSE * 12, 60)
    whole = " ".join(lines[: len(lines) // 17 * 17]).split()
    assert found.split() == whole[: len(found.split())]
    interrupted = [part for part in re.split(r"\n\s*\n", found) if not part.rstrip().endswith((".", "continue,"))]
    assert len(interrupted) <= 2  # before a capital, the end of a page may be that of a paragraph


def test_numbers_of_short_pages_are_left_out_if_sentences_go_on_after_them() -> None:
    pages = (
        "Nobody on the ferry knew why the bell had rung at noon, and",
        "the captain would not say. He looked at the water.",
        "Then the wind turned, and the deck was empty again until the",
        "lamps were lit.",
    )
    text = "".join(f"{page}\n\n          {number}\n\n" for number, page in enumerate(pages, start=7))
    assert read_wrapped(text).split() == " ".join(pages).split()
    lists = "Buy for the trip:\n\n1\n\nbread and\n\n2\n\nsoap\n\n3\n\nrope"
    assert read_wrapped(lists) == lists
    chapters = "The ferry left late that day.\n\n1\n\nNobody knew why.\n\n2\n\nThe bell rang at noon.\n"
    assert read_wrapped(chapters) == chapters


def test_a_word_is_joined_across_pages() -> None:
    parts = [
        "He walked along the quay and was\n" * 16 + "still won-",
        "dering where they went, but in the\n" * 16 + "end the",
    ]
    text = f"{parts[0]}\n\n7\n\f\n{parts[1]}\n\n8\n\fharbour."
    assert "wondering where" in " ".join(read_wrapped(text).split())


def test_a_form_feed_alone_does_not_end_a_sentence() -> None:
    assert (
        read_wrapped("The boat had left the\n\n\fharbour before noon.") == "The boat had left the\nharbour before noon."
    )
    assert read_wrapped("The boat had left.\n\n\fThe harbour lay still.").count("\n") == 2


@pytest.mark.parametrize("piece", ["a-\n", "12\n\n", "x  5\n", "-\n", "ab-", "\f\n"])
def test_large_files_take_linear_time(piece: str) -> None:
    assert grows_linearly(lambda count: read_wrapped(piece * count), 8_000)


def test_text_files_are_read_in_the_language_of_the_collection(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Es ist die Sonnen-\nblume im Garten.\n", encoding="utf-8")
    (found,) = read_documents(tmp_path, ReadOptions(language="de"))
    assert isinstance(found, Document)
    assert found.text.split() == ["Es", "ist", "die", "Sonnenblume", "im", "Garten."]


@pytest.mark.parametrize("mark", "¬\u00ad⸗")
def test_a_word_cut_on_every_line_takes_linear_time(mark: str) -> None:
    assert read_wrapped(f"ab{mark}\n" * 10_000).count("ab") == 10_000
    assert grows_linearly(lambda count: read_wrapped(f"ab{mark}\n" * count), 8_000)
