"""Sentences with sense-labelled tokens, which sense spaces are fitted to.

The labels come from SemCor, from a table of gold senses, or, in plain text, from the words' own lemmas.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..documents import Skipped, read_documents
from ..errors import DocumentError
from ..text import TextAnalyser, TokenKind
from .judgements import Gold, read_gold
from .semcor import read_archive


@dataclass(frozen=True, slots=True)
class SenseToken:
    """A token with a sense: the number of its sentence, its position in it, its lemma and its sense."""

    sentence: int
    position: int
    lemma: str
    sense: str


@dataclass(frozen=True, slots=True)
class SenseText:
    """Tokenised sentences and their sense-labelled tokens."""

    sentences: tuple[tuple[str, ...], ...]
    tokens: tuple[SenseToken, ...]
    missed: int = 0
    """Number of gold rows whose span is not exactly one token."""


def read_semcor(path: Path) -> SenseText:
    """Read SemCor 3.0, an archive or the unpacked folder.

    A lemma includes its part of speech, as in WordNet's sense keys: `charge%1`. If a token has several senses, the
    first one is used.

    Raises:
        DocumentError: The archive or folder cannot be read.
    """
    texts = (
        (
            file.text,
            [Gold((file.name, s.start, s.end), _lemma_and_part(s.senses[0]), s.senses[0]) for s in file.tagged],
        )
        for file in read_archive(path)
    )
    return _sense_text(texts, TextAnalyser("en"))


def read_judged(gold: Path, texts: Sequence[Path], language: str, on_skip: Callable[[str], None]) -> SenseText:
    """Read those documents of `texts` that a table of gold senses has rows for.

    If a row has several senses, the first one is used.

    Args:
        on_skip: Receives one line for each unreadable document, and one if judged documents are missing from `texts`.

    Raises:
        DocumentError: The table or a text cannot be read, all judged documents are missing, or an offset is outside
            its document.
        QueryError: The language is not supported.
    """
    rows: dict[str, list[Gold]] = {}
    for row in read_gold(gold):
        rows.setdefault(row.place[0], []).append(row)
    found = dict(_judged_documents(rows, texts, on_skip, gold))
    missing = sorted(set(rows) - set(found))
    if not found:
        raise DocumentError(
            f"{gold} has rows for {missing[0]}, which is not among the texts; give the texts that it is about"
        )
    if missing:
        on_skip(f"{gold}: {len(missing)} of its documents are not among the texts, the first is {missing[0]}")
    return _sense_text(((text, rows[name]) for name, text in found.items()), TextAnalyser(language))


def read_words(texts: Sequence[Path], language: str, most: int, on_skip: Callable[[str], None]) -> SenseText:
    """Read plain documents and label each content word with its lemma as its sense. Function words get no label.

    Args:
        most: Number of labelled words after which reading stops, at the end of the sentence.
        on_skip: Receives one line for each unreadable document.

    Raises:
        DocumentError: A text does not exist, or there is no content word.
        QueryError: The language is not supported.
    """
    analyser = TextAnalyser(language)
    sentences: list[tuple[str, ...]] = []
    tokens: list[SenseToken] = []
    for document in read_documents(list(texts)):
        if isinstance(document, Skipped):
            if document.is_loss:
                on_skip(f"{document.source}: {document.reason}")
            continue
        for sentence in analyser.sentences(document.text):
            if len(tokens) >= most:
                return SenseText(tuple(sentences), tuple(tokens))
            words = [(n, token.lemma) for n, token in enumerate(sentence.tokens) if token.kind is TokenKind.WORD]
            tokens += [SenseToken(len(sentences), position, lemma, lemma) for position, lemma in words]
            sentences.append(tuple(token.text for token in sentence.tokens))
    if not tokens:
        raise DocumentError("the texts contain no words; give more text")
    return SenseText(tuple(sentences), tuple(tokens))


def _judged_documents(
    rows: dict[str, list[Gold]], texts: Sequence[Path], on_skip: Callable[[str], None], gold: Path
) -> Iterator[tuple[str, str]]:
    """Yield id and text of each judged document."""
    for document in read_documents(list(texts)):
        if isinstance(document, Skipped):
            if document.is_loss:
                on_skip(f"{document.source}: {document.reason}")
        elif document.id in rows:
            last = max(row.place[2] for row in rows[document.id])
            if last > len(document.text):
                raise DocumentError(f"{gold}: offset {last} is outside {document.id}; give the text that was judged")
            yield document.id, document.text


def _sense_text(texts: Iterable[tuple[str, Sequence[Gold]]], analyser: TextAnalyser) -> SenseText:
    """Tokenise texts and label the tokens whose offsets equal those of a gold row."""
    sentences: list[tuple[str, ...]] = []
    tokens: list[SenseToken] = []
    n_judged = 0
    for text, gold in texts:
        rows = {row.place[1:]: row for row in gold}
        n_judged += len(rows)
        for sentence in analyser.sentences(text):
            for position, token in enumerate(sentence.tokens):
                row = rows.get((token.start, token.end))
                if row:
                    tokens.append(SenseToken(len(sentences), position, row.lemma, row.senses[0]))
            sentences.append(tuple(token.text for token in sentence.tokens))
    return SenseText(tuple(sentences), tuple(tokens), n_judged - len(tokens))


def _lemma_and_part(key: str) -> str:
    """Return lemma and part of speech of a sense key: `charge%1` for `charge%1:04:00::`.

    Satellite adjectives (part of speech 5) count as adjectives (3).
    """
    lemma, _, rest = key.partition("%")
    return f"{lemma}%{rest[:1].replace('5', '3')}"
