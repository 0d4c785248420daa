"""Compare our sentence splitter and tokeniser with other libraries: agreement with gold, hard cases, offsets, speed.

    python -m benchmarks.quality.segmentation SEMCOR [--lines FILE.txt.xz] [--documents N]

SEMCOR is the unpacked semcor3.0.tar.xz (352 tagged documents). Its `<s>` elements give the boundaries, and its words
the tokens. FILE has one sentence a line, such as the Tatoeba sample. Thirty lines make a document. Boundaries are
compared by the offset where the next sentence begins. Libraries that are not installed are left out. Polyseme itself
does not need blingfire, syntok, pysbd, sentencex, nltk and PyICU.
"""

from __future__ import annotations

import html
import importlib
import lzma
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import click
from polyseme.indexer.text import TextAnalyser
from polyseme.indexer.text.sentences import sentence_spans

Span = tuple[int, int]
Cut = Callable[[str], Iterable[Span]]


@dataclass(frozen=True, slots=True)
class Gold:
    """A text with the offsets of its sentences and tokens."""

    text: str
    sentences: tuple[Span, ...]
    tokens: tuple[Span, ...]  # empty where there is no gold


@dataclass(slots=True)
class Tally:
    """Counts of right, found and wanted offsets, from which precision, recall and F1 follow."""

    right: int = 0
    found: int = 0
    wanted: int = 0

    def add(self, found: set[int] | set[Span], wanted: set[int] | set[Span]) -> None:
        """Add the counts of one text."""
        self.right += len(set(found) & set(wanted))
        self.found += len(found)
        self.wanted += len(wanted)

    def __str__(self) -> str:
        if not self.found or not self.wanted:
            return f"{'':20}"
        precision, recall = self.right / self.found, self.right / self.wanted
        return f"{precision:6.4f} {recall:6.4f} {2 * precision * recall / (precision + recall or 1):6.4f}"


HARD = (
    ["Dr. Lowe met Mrs. Pym at St. Mary's.", "She was ill."],
    ["It opened in the U.S.", "The rest of the world waited."],
    ["They left at 6 p.m.", "He did not."],
    ["See p. 5 and pp. 12 to 14.", "Then read fig. 3 again."],
    ["J. R. Hale and T. S. Orme wrote it.", "Nobody read it."],
    ["The rate rose by 3.5 points.", "It fell by 0.25."],
    ["It happened on Feb. 3, 1971.", "All was lost by Aug. 9."],
    ["Sen. Gray met Gov. Holt.", "They talked."],
    ["Apples, pears, etc. are sold here.", "Bring a bag."],
    ['"Where is it?" she asked.', '"Over there!" cried the boy.'],
    ["“It’s late.”", "“Is it?”", "The lamp went out."],
    ["It rained (as it does here).", "(The roof leaked.)", "We moved."],
    ["Wait... what was that?", "Nothing."],
    ["We met on June 30.", "All of them came."],
    ["Go to example.org for more.", "It is free."],
    ["Is it?", "Yes!", "No..."],
)
"""Hard cases: sentences that a splitter must find again in their concatenation. Our rules were made for them."""
ODD = (
    "e\u0301te\u0301 \u200fשלום\u200f 👩\u200d🔬 🇩🇪 𝔘𝔫𝔦 ``x'' \"y\" … "
    "A\u00a0b\u2028c\u3000d \x00 \x1f \ufeffz 银行在河边。ไทย don’t"
)
"""Unusual characters. A library that loses or invents one of them cannot give offsets."""


def read_semcor(folder: Path) -> Iterator[Gold]:
    """Yield the documents of SemCor with sentences and tokens.

    Raises:
        click.ClickException: The folder holds no document.
    """
    paths = sorted(folder.rglob("br-*"))
    if not paths:
        raise click.ClickException(f"{folder} holds no SemCor documents (br-*); unpack semcor3.0.tar.xz there")
    for path in paths:
        markup = path.read_text(encoding="latin-1")
        yield join_sentences([_semcor_words(part) for part in re.findall(r"<s snum=[^>]*>(.*?)</s>", markup, re.S)])


def _semcor_words(markup: str) -> list[str]:
    words = [
        word
        for found in re.findall(r"<(?:wf|punc)[^>]*>(.*?)</(?:wf|punc)>", markup)
        for word in html.unescape(found).split("_")
    ]
    return [word for word in words if word]


def read_lines(path: Path, documents: int) -> Iterator[Gold]:
    """Yield documents of thirty lines each, with sentences only."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for _ in range(documents):
            yield join_sentences([[line.strip()] for line in islice(lines, 30)], with_tokens=False)


def join_sentences(sentences: list[list[str]], *, with_tokens: bool = True) -> Gold:
    """Join words into a text as it would be printed, and record the offsets."""
    text, bounds, tokens = "", [], []
    for words in sentences:
        text += " " if text else ""
        start, glue = len(text), True
        for word in words:
            form, glues_left, glues_right = _set_type(word)
            text += "" if glue or glues_left else " "
            tokens.append((len(text), len(text) + len(form)))
            text += form
            glue = glues_right
        bounds.append((start, len(text)))
    return Gold(text, tuple(bounds), tuple(tokens) if with_tokens else ())


def _set_type(word: str) -> tuple[str, bool, bool]:
    """Return the printed form of a Treebank token, and whether it joins the word before and the word after."""
    if word in ("``", "''"):
        return '"', word == "''", word == "``"
    is_clitic = word == "n't" or (word.startswith("'") and len(word) <= 3)
    return word, is_clitic or word in {*".,;:!?)]}%"}, word in {*"([{$"}


def beginnings(text: str, spans: Iterable[Span]) -> set[int]:
    """Return the offsets of the first visible character of each span."""
    places = set()
    for start, end in spans:
        stripped = end - len(text[start:end].lstrip())
        if stripped < end:
            places.add(stripped)
    return places


def _aligned(text: str, parts: Iterable[str]) -> Iterator[Span]:
    """Yield offsets for libraries that return strings.

    Raises:
        ValueError: A string is not a slice of the text.
    """
    position = 0
    for part in filter(None, map(str.strip, parts)):
        position = text.index(part, position)
        yield position, position + len(part)
        position += len(part)


def _spacy() -> tuple[Cut, Cut]:
    spacy = importlib.import_module("spacy")
    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer")
    pipeline.max_length = 10**9
    return (
        lambda text: [(span.start_char, span.end_char) for span in pipeline(text).sents],
        lambda text: [(word.idx, word.idx + len(word)) for word in pipeline.make_doc(text) if not word.is_space],
    )


def _blingfire() -> tuple[Cut, Cut | None]:
    library = importlib.import_module("blingfire")
    return lambda text: library.text_to_sentences_and_offsets(text)[1], None


def _syntok() -> tuple[Cut, Cut]:
    segmenter = importlib.import_module("syntok.segmenter")
    tokenizer = importlib.import_module("syntok.tokenizer").Tokenizer(
        emit_hyphen_or_underscore_sep=True, replace_not_contraction=False
    )

    def sentences(text: str) -> Iterator[Span]:
        for paragraph in segmenter.analyze(text):
            for sentence in map(list, paragraph):
                yield sentence[0].offset, sentence[-1].offset + len(sentence[-1].value)

    return sentences, lambda text: [(t.offset, t.offset + len(t.value)) for t in tokenizer.tokenize(text)]


def _pysbd() -> tuple[Cut, None]:
    segmenter = importlib.import_module("pysbd").Segmenter(language="en", clean=False)
    return lambda text: _aligned(text, segmenter.segment(text)), None


def _sentencex() -> tuple[Cut, None]:
    library = importlib.import_module("sentencex")
    return lambda text: [(b["start_index"], b["end_index"]) for b in library.get_sentence_boundaries("en", text)], None


def _simplemma() -> tuple[Cut, Cut]:
    library = importlib.import_module("simplemma")
    splitter = importlib.import_module("simplemma.sentences")
    return (
        lambda text: _aligned(text, splitter.split_sentences(text, "en")),
        lambda text: _aligned(text, library.simple_tokenizer(text)),
    )


def _nltk() -> tuple[Cut | None, Cut]:
    tokenizer = importlib.import_module("nltk.tokenize").NLTKWordTokenizer()
    return None, lambda text: tokenizer.span_tokenize(text)


def _icu() -> tuple[Cut, Cut]:
    icu = importlib.import_module("icu")

    def cut(iterator: Any, text: str) -> Iterator[Span]:
        iterator.setText(icu.UnicodeString(text))  # offsets count UTF-16 units: exact below U+10000 only
        start = 0
        for end in iterator:
            if text[start:end].strip():
                yield start, end
            start = end

    locale = icu.Locale("en@ss=standard")
    return (
        lambda text: cut(icu.BreakIterator.createSentenceInstance(locale), text),
        lambda text: cut(icu.BreakIterator.createWordInstance(locale), text),
    )


def _ours() -> tuple[Cut, Cut]:
    analyser = TextAnalyser("en")
    return (
        lambda text: sentence_spans(text, "en"),
        lambda text: [(token.start, token.end) for token in analyser.tokens(text)],
    )


LIBRARIES: dict[str, Callable[[], tuple[Cut | None, Cut | None]]] = {
    "spacy": _spacy,
    "blingfire": _blingfire,
    "syntok": _syntok,
    "pysbd": _pysbd,
    "sentencex": _sentencex,
    "simplemma": _simplemma,
    "nltk": _nltk,
    "PyICU": _icu,
    "ours": _ours,
}


def sentence_row(cut: Cut, semcor: list[Gold], lines: list[Gold]) -> str:
    """Return the row of a sentence splitter."""
    tallies, seconds, words = (Tally(), Tally()), 0.0, 0
    for tally, documents in zip(tallies, (semcor, lines), strict=True):
        for gold in documents:
            start = time.process_time()
            found = list(cut(gold.text))
            seconds += time.process_time() - start
            words += gold.text.count(" ") + 1
            tally.add(beginnings(gold.text, found), beginnings(gold.text, gold.sentences))
    hard = sum(_finds(cut, case) for case in HARD)
    return f"{tallies[0]}   {tallies[1]}   {hard:2}/{len(HARD)}   {seconds / words * 1e6:6.2f}   {_exactness(cut)}"


def _finds(cut: Cut, case: list[str]) -> bool:
    text = " ".join(case)
    return beginnings(text, cut(text)) == beginnings(text, _aligned(text, case))


def token_row(cut: Cut, documents: list[Gold]) -> str:
    """Return the row of a tokeniser. It reads gold sentences, so that splitting errors do not count twice."""
    tally, seconds = Tally(), 0.0
    for gold in documents:
        found: set[Span] = set()
        for start, end in gold.sentences:
            begun = time.process_time()
            spans = list(cut(gold.text[start:end]))
            seconds += time.process_time() - begun
            found.update((start + a, start + b) for a, b in spans)
        tally.add(found, set(gold.tokens))
    return f"{tally}   {seconds / tally.wanted * 1e6:6.2f}   {_exactness(cut)}"


def _exactness(cut: Cut) -> str:
    """Return whether spans of an unusual text are ordered, inside the text, and cover every visible character."""
    try:
        spans = list(cut(ODD))
    except Exception as error:  # this column reports how libraries fail
        return f"fails: {type(error).__name__}"
    ordered = all(a < b for a, b in spans) and all(one[1] <= two[0] for one, two in pairwise(spans))
    if not ordered or spans[-1][1] > len(ODD):
        return "wrong offsets"
    covered = {place for a, b in spans for place in range(a, b)}
    lost = [c for i, c in enumerate(ODD) if c.isprintable() and not c.isspace() and i not in covered]
    return f"loses {len(lost)} characters" if lost else "exact"


def whole_row(documents: list[Gold]) -> str:
    """Return the speed of our whole analysis: sentences, tokens, lemmas and kinds."""
    analyser = TextAnalyser("en")
    analyser.tokens("The libraries' dictionaries are read now.")
    start = time.process_time()
    tokens = sum(len(sentence.tokens) for gold in documents for sentence in analyser.sentences(gold.text))
    return f"{tokens} tokens, {(time.process_time() - start) / tokens * 1e6:.2f} microseconds of CPU a token"


@click.command()
@click.argument("semcor", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--lines",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Text with one sentence a line, compressed with xz.",
)
@click.option("--documents", default=352, help="Number of SemCor documents to use.")
def main(semcor: Path, lines: Path | None, documents: int) -> None:
    """Print the comparison of sentence splitters and tokenisers."""
    gold = list(islice(read_semcor(semcor), documents))
    line_gold = list(read_lines(lines, 200)) if lines else []
    cuts: dict[str, tuple[Cut | None, Cut | None]] = {}
    for name, make in LIBRARIES.items():
        try:
            cuts[f"{name} {'' if name == 'ours' else version(name)}"] = make()
        except (ImportError, PackageNotFoundError):
            click.echo(f"{name} is not installed", err=True)
    click.echo(f"sentences{'':13}{'SemCor: P, R, F1':23}{'lines: P, R, F1':23}hard    us/word   odd text")
    for name, (sentences, _) in cuts.items():
        if sentences is not None:
            click.echo(f"{name:22}{sentence_row(sentences, gold, line_gold)}")
    click.echo(f"\ntokens{'':16}{'SemCor: P, R, F1':23}us/token  odd text")
    for name, (_, tokens) in cuts.items():
        if tokens is not None:
            click.echo(f"{name:22}{token_row(tokens, gold)}")
    click.echo(f"\nsentences, tokens, lemmas and kinds together: {whole_row(gold)}")


if __name__ == "__main__":
    main()
