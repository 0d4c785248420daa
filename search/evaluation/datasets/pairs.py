"""Readers of WiC, usage similarity, CoarseWSD-20 and STS in their published formats.

Each error is one line that names the file and the expected format.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ....indexer.errors import DocumentError
from ....indexer.gold.lines import rows_of
from ..records import SentencePair, Span, TokenPair, Tokens, Usage

Number = TypeVar("Number", int, float)
WIC_SPLITS = ("train", "dev", "test")
WIC_LAYOUT = "WiC is a folder with train/, dev/ or test/, each with one *.data.txt and one *.gold.txt"
USIM_LAYOUT = "usim is a file with two lines a pair: sentence, position, judgement, lemma.pos and number, tab-separated"
COARSEWSD_LAYOUT = "CoarseWSD-20 is a folder of words, each with {train,test}.data.txt and {train,test}.gold.txt"
STS_LAYOUT = "sts is a file sts-*.csv of the STS benchmark, or a folder of them: 7 tab-separated columns"


@dataclass(frozen=True, slots=True)
class CoarseWord:
    """A word of CoarseWSD-20 with its usages in both splits."""

    word: str
    train: tuple[Usage, ...]
    test: tuple[Usage, ...]


def read_wic_splits(folder: Path) -> dict[str, list[TokenPair]]:
    """Read the splits of Word-in-Context that exist and have gold answers.

    Raises:
        DocumentError: Neither dev nor test has gold answers, or a file does not have the published format.
    """
    found = {split: folder / split for split in WIC_SPLITS if any((folder / split).glob("*.gold.txt"))}
    if not set(found) - {"train"}:
        raise DocumentError(f"{folder} has no dev/ or test/ with gold answers; {WIC_LAYOUT}")
    return {split: read_wic(path) for split, path in found.items()}


def read_wic(folder: Path) -> list[TokenPair]:
    """Read one split of Word-in-Context (Pilehvar and Camacho-Collados 2019).

    `*.data.txt` has lemma, part of speech, positions and two sentences. `*.gold.txt` has T or F.

    Raises:
        DocumentError: A file does not have the published format.
    """
    data, gold = (_only(folder, pattern) for pattern in ("*.data.txt", "*.gold.txt"))
    rows, answers = rows_of(data, 5, WIC_LAYOUT), [row[0] for row in rows_of(gold, 1, WIC_LAYOUT)]
    if not rows or len(rows) != len(answers) or not set(answers) <= {"T", "F"}:
        raise DocumentError(f"{gold} does not match {data.name}; get both files again")
    pairs = []
    for (lemma, _, positions, first, second), answer in zip(rows, answers, strict=True):
        position1, position2 = (_number(int, part, data) for part in [*positions.split("-"), ""][:2])
        pairs.append(_pair(lemma, first, position1, second, position2, float(answer == "T"), data))
    return pairs


def read_usim(path: Path) -> list[TokenPair]:
    """Read usage similarity (Erk et al. 2013).

    A pair has two lines. Their columns are sentence, position, mean judgement from 1 to 5, and lemma.pos with a number.

    Raises:
        DocumentError: The file does not have the published format.
    """
    rows = rows_of(path, 4, USIM_LAYOUT)
    if not rows or len(rows) % 2:
        raise DocumentError(f"{path} has {len(rows)} lines, which is not a number of pairs; {USIM_LAYOUT}")
    pairs = []
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        if first[2] != second[2]:
            raise DocumentError(f"{path}: {first[0][:40]!r} has two judgements; get the file again")
        lemma = first[3].rpartition(".")[0]
        position1, position2 = _number(int, first[1], path), _number(int, second[1], path)
        pairs.append(_pair(lemma, first[0], position1, second[0], position2, _number(float, first[2], path), path))
    return pairs


def read_coarsewsd(folder: Path) -> list[CoarseWord]:
    """Read CoarseWSD-20 (Loureiro et al. 2021).

    Each word has a folder. Its data files have positions and sentences, and its gold files have class numbers.

    Raises:
        DocumentError: The folder does not have the published format.
    """
    folders = sorted(path.parent for path in folder.glob("*/test.data.txt"))
    if not folders:
        raise DocumentError(f"{folder} has no word's folder with test.data.txt; {COARSEWSD_LAYOUT}")
    return [CoarseWord(word.name, *(_coarse_split(word, split) for split in ("train", "test"))) for word in folders]


def _coarse_split(folder: Path, split: str) -> tuple[Usage, ...]:
    data, gold = folder / f"{split}.data.txt", folder / f"{split}.gold.txt"
    rows, answers = rows_of(data, 2, COARSEWSD_LAYOUT), rows_of(gold, 1, COARSEWSD_LAYOUT)
    if not rows or len(rows) != len(answers):
        raise DocumentError(f"{gold} has {len(answers)} lines, {data.name} {len(rows)}; get both files again")
    usages = []
    for (position, text), (answer,) in zip(rows, answers, strict=True):
        sentence, index = tuple(text.split()), _number(int, position, data)
        _check_position(sentence, index, folder.name, data)
        usages.append(Usage(Span(sentence, index, index + 1), answer))
    return tuple(usages)


def read_sts(path: Path, cut: Callable[[str], Sequence[str]] = str.split) -> list[SentencePair]:
    """Read the STS benchmark. The fifth of its tab-separated columns is the mean judgement from 0 to 5.

    The sixth and seventh columns are the two sentences. `cut` splits them into tokens.

    Raises:
        DocumentError: The file does not have the published format.
    """
    rows = rows_of(path, 7, STS_LAYOUT)
    pairs = [SentencePair(tuple(cut(row[5])), tuple(cut(row[6])), _number(float, row[4], path)) for row in rows]
    for number, pair in enumerate(pairs, 1):
        if not pair.sentence1 or not pair.sentence2:
            raise DocumentError(f"{path}, row {number}: an empty sentence; get the file again")
    return pairs


def read_sts_splits(paths: Sequence[Path], cut: Callable[[str], Sequence[str]]) -> dict[str, list[SentencePair]]:
    """Read the given files, and each `sts-*.csv` of a given folder, by split. The split of `sts-dev.csv` is dev.

    Raises:
        DocumentError: A folder has no such file, or a file does not have the published format.
    """
    files = []
    for path in paths:
        inside = sorted(path.glob("sts-*.csv")) or sorted(path.glob("*.csv")) or sorted(path.glob("*.tsv"))
        if path.is_dir() and not inside:
            raise DocumentError(f"{path} holds no sts-*.csv; {STS_LAYOUT}")
        files += inside if path.is_dir() else [path]
    return {path.stem.removeprefix("sts-"): read_sts(path, cut) for path in files}


def _number(kind: Callable[[str], Number], text: str, path: Path) -> Number:
    try:
        return kind(text)
    except ValueError as error:
        raise DocumentError(f"{path}: {text[:40]!r} is not a number; get the file again") from error


def _pair(lemma: str, first: str, position1: int, second: str, position2: int, gold: float, path: Path) -> TokenPair:
    sentence1, sentence2 = tuple(first.split()), tuple(second.split())
    _check_position(sentence1, position1, lemma, path)
    _check_position(sentence2, position2, lemma, path)
    return TokenPair(lemma, sentence1, position1, sentence2, position2, gold)


def _check_position(sentence: Tokens, position: int, word: str, path: Path) -> None:
    if not 0 <= position < len(sentence):
        start = " ".join(sentence)[:40]
        raise DocumentError(f"{path}: {word!r} has a position outside its sentence {start!r}; get the file again")


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise DocumentError(f"{folder} holds {len(found)} files {pattern}, not one; give the folder of one split")
    return found[0]
