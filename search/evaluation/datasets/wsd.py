"""Readers of sense-tagged text: the unified framework of Raganato et al. 2017, SemCor, and WordNet's sense order."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from ....indexer.dictionaries.read import read_dictionary
from ....indexer.dictionaries.wordnet import is_wordnet
from ....indexer.errors import DocumentError
from ....indexer.gold.lines import lines_of
from ....indexer.gold.semcor import read_archive
from ....indexer.text import TextAnalyser
from ..records import Span
from ..spans import spans_at

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LAYOUT = (
    "wsd is a pair X.data.xml and X.gold.key.txt of the unified framework, SemCor 3.0's archive, or a folder of them"
    " (files named semcor are training data)"
)
DATA, GOLD = ".data.xml", ".gold.key.txt"
_PARTS_OF_SPEECH = {"NOUN": "1", "VERB": "2", "ADJ": "3", "ADV": "4", "n": "1", "v": "2", "a": "3", "s": "3", "r": "4"}
_SEPARATORS = re.compile(r"[\s_]+")
Word = tuple[str, str]
"""A lower-case lemma with `_` between its parts, and the number of its part of speech in sense keys.

Adjective satellites count as adjectives: 3.
"""


@dataclass(frozen=True, slots=True)
class Instance:
    """An occurrence to disambiguate: its span, its word, the correct sense keys, and its document."""

    span: Span
    word: Word
    senses: tuple[str, ...]
    document: str


@dataclass(frozen=True, slots=True)
class WsdData:
    """A named training set and named test sets. Without test sets, the training set is split into folds."""

    training: tuple[str, list[Instance]]
    tests: dict[str, list[Instance]]


def read_wsd(paths: Sequence[Path]) -> WsdData:
    """Read all data sets in some files and folders. SemCor is the training set, and the others are test sets.

    Raises:
        DocumentError: There is no training set, or a file does not have a known format.
    """
    found = {name: path for path in paths for name, path in _sources(path)}
    semcor = sorted((name for name in found if name.lower().startswith("semcor")), key=len)
    tests = [name for name in found if name not in semcor and "omsti" not in name.lower()]
    if not semcor and len(tests) == 1:
        semcor, tests = tests, []
    if not semcor:
        what = f"{len(tests)} sets and no SemCor to learn from" if tests else "no sense-tagged text"
        raise DocumentError(f"{', '.join(map(str, paths))}: {what}; {LAYOUT}")
    return WsdData((semcor[0], read_set(found[semcor[0]])), {name: read_set(found[name]) for name in tests})


def _sources(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and file of each set. If two sets have the same name, the one in the unified format comes last."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file())
        archives = [file for file in files if "semcor" in file.name.lower() and ".tar" in file.name]
        files = archives + [file for file in files if file.name.endswith(DATA)]
    else:
        files = [path]
    for file in files:
        yield (file.name.removesuffix(DATA) if file.name.endswith(DATA) else "semcor"), file


def read_set(path: Path) -> list[Instance]:
    """Read the instances of one file.

    Raises:
        DocumentError: The file does not have a known format or has no tagged word.
    """
    if path.name.endswith(DATA):
        instances = list(_read_unified(path))
    elif tarfile.is_tarfile(path):
        instances = list(read_semcor(path))
    else:
        raise DocumentError(f"{path} is neither *{DATA} nor an archive; {LAYOUT}")
    if not instances:
        raise DocumentError(f"{path} has no tagged word; {LAYOUT}")
    return instances


def read_semcor(path: Path) -> Iterator[Instance]:
    """Yield SemCor's tagged words. Its text is split and tokenised like documents."""
    analyser = TextAnalyser("en")
    for marked in read_archive(path):
        spans = spans_at(analyser, marked.text, [(tagged.start, tagged.end) for tagged in marked.tagged])
        for tagged, span in zip(marked.tagged, spans, strict=True):
            if span is not None:
                yield Instance(span, word_of(tagged.senses[0]), tagged.senses, marked.name)


def _read_unified(path: Path) -> Iterator[Instance]:
    gold_path = path.with_name(path.name.removesuffix(DATA) + GOLD)
    gold = dict(_gold_rows(lines_of(gold_path, LAYOUT)))
    for document, sentence in _sentences(path):
        tokens: list[str] = []
        tagged: list[tuple[int, int, Element]] = []
        for element in sentence:
            parts = [part for part in _SEPARATORS.split(element.text or "") if part]
            tokens += parts
            if element.tag == "instance" and parts:
                tagged.append((len(tokens) - len(parts), len(tokens), element))
        for start, end, element in tagged:
            key = element.get("id", "")
            if key not in gold:
                raise DocumentError(f"{gold_path} has no answer for {key!r}; get both files again")
            lemma = _SEPARATORS.sub("_", element.get("lemma", "").strip().lower())
            part = _PARTS_OF_SPEECH.get(element.get("pos", ""), word_of(gold[key][0])[1])
            yield Instance(Span(tuple(tokens), start, end), (lemma, part), gold[key], document)


def _sentences(path: Path) -> Iterator[tuple[str, Element]]:
    """Yield document id and element of each sentence of a unified file."""
    from defusedxml.ElementTree import iterparse

    document = ""
    try:
        for event, element in iterparse(path, events=("start", "end")):
            if event == "start" and element.tag == "text":
                document = element.get("id", "")
            elif event == "end" and element.tag == "sentence":
                yield document, element
                element.clear()
    except (ParseError, ValueError) as error:  # ValueError: entities, which defusedxml forbids
        raise DocumentError(f"{path} is not XML ({error}); {LAYOUT}") from error
    except OSError as error:
        raise DocumentError(f"{path} cannot be read ({error.strerror}); {LAYOUT}") from error


def _gold_rows(lines: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for line in lines:
        key, *senses = line.split() or [""]
        if senses:
            yield key, tuple(senses)


def word_of(sense_key: str) -> Word:
    """Return the word of a WordNet sense key: `say%2:32:00::` gives (say, 2)."""
    lemma, _, rest = sense_key.partition("%")
    return lemma.lower(), {"5": "3"}.get(rest[:1], rest[:1])


def read_first_senses(folder: Path) -> dict[Word, str]:
    """Read WordNet's first sense of each word from `index.sense` (sense key, offset, sense number, count).

    Debian's `wordnet-base` lacks that file, and then the data files have the senses in order.

    Raises:
        DocumentError: The files are missing or have another format.
    """
    layout = "give the folder of WordNet 3.0 that holds index.sense"
    path = folder / "index.sense"
    if not path.is_file() and is_wordnet(folder):
        found: dict[Word, str] = {}
        for sense in read_dictionary(folder):
            found.setdefault(word_of(sense.id), sense.id)
        return found
    rows = [line.split() for line in lines_of(path, layout) if line]
    if not rows or any(len(row) < 3 for row in rows):
        raise DocumentError(f"{path} is not WordNet's; {layout}")
    return {word_of(row[0]): row[0] for row in rows if row[2] == "1"}
