"""Texts whose words carry senses, read for fitting a sense space: SemCor, or documents with a table of judged words."""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..documents import Skipped, read_documents
from ..errors import DocumentError
from ..text.analyser import TextAnalyser, TokenKind
from .semcor import Tagged, read_archive

COLUMNS = ("document_id", "start", "end", "lemma", "sense")
"""Of a table of judged words; `start`, `end`: offsets into the document's text; several senses are joined by `;`."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A stretch of a text that stands for one word, and its sense."""

    start: int
    end: int
    lemma: str
    sense: str


@dataclass(frozen=True, slots=True)
class SenseToken:
    """A token with a sense: the number of its sentence, its position there, its lemma, its sense."""

    sentence: int
    position: int
    lemma: str
    sense: str


@dataclass(frozen=True, slots=True)
class SenseText:
    """Sentences of tokens, and which of them have senses; `missed`: judged stretches that are not one token."""

    sentences: tuple[tuple[str, ...], ...]
    tokens: tuple[SenseToken, ...]
    missed: int = 0


def read_semcor(path: Path) -> SenseText:
    """SemCor 3.0, archive or folder. A lemma has its part of speech with it, as WordNet's sense keys do.

    Raises:
        DocumentError: it cannot be read.
    """

    def judged(row: Tagged) -> Judged:
        return Judged(row.start, row.end, _lemma_and_part(row.senses[0]), row.senses[0])

    texts = ((marked.text, [judged(row) for row in marked.tagged]) for marked in read_archive(path))
    return _sense_text(texts, TextAnalyser("en"))


def read_judged(gold: Path, texts: Sequence[Path], language: str, on_skip: Callable[[str], None]) -> SenseText:
    """The documents of `texts` that the table `gold` (tab-separated, `COLUMNS`) has rows of.

    `on_skip` is told of documents that cannot be read, and of those that the table names and that are not there.

    Raises:
        DocumentError: the table or a text cannot be read, no document of the table is there, or an offset lies outside.
        QueryError: there is no such language.
    """
    rows = _table(gold)
    found = dict(_judged_documents(rows, texts, on_skip, gold))
    missing = sorted(set(rows) - set(found))
    if not found:
        raise DocumentError(
            f"{gold} judges {missing[0]}, which is not among the texts; give the texts that it is about"
        )
    if missing:
        on_skip(f"{gold}: {len(missing)} of its documents are not among the texts, the first is {missing[0]}")
    return _sense_text(((text, rows[name]) for name, text in found.items()), TextAnalyser(language))


def read_words(texts: Sequence[Path], language: str, most: int, on_skip: Callable[[str], None]) -> SenseText:
    """The documents of `texts` themselves: each word that is no function word stands for its lemma; `most` of them.

    Raises:
        DocumentError: a text does not exist, or there is no word.
        QueryError: there is no such language.
    """
    analyser = TextAnalyser(language)
    sentences: list[tuple[str, ...]] = []
    tokens: list[SenseToken] = []
    for document in read_documents(list(texts)):
        if isinstance(document, Skipped):
            on_skip(f"{document.source}: {document.reason}")
            continue
        for sentence in analyser.sentences(document.text):
            if len(tokens) >= most:
                return SenseText(tuple(sentences), tuple(tokens))
            words = [(n, token.lemma) for n, token in enumerate(sentence.tokens) if token.kind is TokenKind.WORD]
            tokens += [SenseToken(len(sentences), position, lemma, lemma) for position, lemma in words]
            sentences.append(tuple(token.text for token in sentence.tokens))
    if not tokens:
        raise DocumentError("the texts hold no word; give more of them")
    return SenseText(tuple(sentences), tuple(tokens))


def _judged_documents(
    rows: dict[str, list[Judged]], texts: Sequence[Path], on_skip: Callable[[str], None], gold: Path
) -> Iterator[tuple[str, str]]:
    for document in read_documents(list(texts)):
        if isinstance(document, Skipped):
            on_skip(f"{document.source}: {document.reason}")
        elif document.id in rows:
            last = max(row.end for row in rows[document.id])
            if last > len(document.text):
                raise DocumentError(f"{gold}: offset {last} lies outside {document.id}; give the text that was judged")
            yield document.id, document.text


def _table(gold: Path) -> dict[str, list[Judged]]:
    """Document id -> what was judged in it."""
    rows: dict[str, list[Judged]] = {}
    try:
        with gold.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
            if tuple(next(reader, ())) != COLUMNS:
                raise DocumentError(f"{gold} does not begin with {' '.join(COLUMNS)}; give a table of judged words")
            for row in reader:
                if not row:
                    continue
                document, start, end, lemma, sense = row
                rows.setdefault(document, []).append(Judged(int(start), int(end), lemma, sense.partition(";")[0]))
    except (OSError, ValueError) as error:
        raise DocumentError(f"{gold} cannot be read ({error}); give a table of judged words") from error
    if not rows:
        raise DocumentError(f"{gold} judges no word; give a table of judged words")
    return rows


def _sense_text(texts: Iterable[tuple[str, Sequence[Judged]]], analyser: TextAnalyser) -> SenseText:
    sentences: list[tuple[str, ...]] = []
    tokens: list[SenseToken] = []
    judged_in_all = 0
    for text, judged in texts:
        places = {(row.start, row.end): row for row in judged}
        judged_in_all += len(places)
        for sentence in analyser.sentences(text):
            for position, token in enumerate(sentence.tokens):
                row = places.get((token.start, token.end))
                if row:
                    tokens.append(SenseToken(len(sentences), position, row.lemma, row.sense))
            sentences.append(tuple(token.text for token in sentence.tokens))
    return SenseText(tuple(sentences), tuple(tokens), judged_in_all - len(tokens))


def _lemma_and_part(key: str) -> str:
    """`charge%1:04:00::` -> `charge%1`; adjectives' satellites (5) with the adjectives (3)."""
    lemma, _, rest = key.partition("%")
    return f"{lemma}%{rest[:1].replace('5', '3')}"
