"""A text made ready for training, on disk: every form once, with its spelling; the text as numbers.

    types.txt       one form a line: `<S>`, `</S>`, then the text's own, most frequent first; its line is its id
    counts.npy      (types,) int64: how often each stands in the text; the marks: once a sentence
    spellings.npy   (types, max_characters) uint16: character ids
    tokens.npy      (tokens,) int32: the text, sentence after sentence
    starts.npy      (sentences + 1,) int64: where each sentence begins

All but the list of forms is mapped into memory: a text larger than memory can be trained on.
"""

import array
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..elmo.characters import SENTENCE_END, SENTENCE_START, character_ids
from ..errors import ModelError
from ..files import flush_files
from ..vectors.arrays import Integers

START, END = 0, 1  # ids of the marks among the forms
UNKNOWN = "<UNK>"
MARKS = (SENTENCE_START, SENTENCE_END, UNKNOWN)  # first in every vocabulary
RARE = 2  # a word seen less often than this is <UNK>, in a text of some size
_SOME_SIZE = 100_000  # tokens
_TOLD = 20_000  # sentences between two reports
_CHUNK = 1 << 20  # numbers written at a time
_SPELLED = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """A prepared text, mapped into memory."""

    types: tuple[str, ...]
    counts: Integers  # (types,)
    spellings: Integers  # (types, max_characters)
    tokens: Integers  # (tokens,) type ids
    starts: Integers  # (sentences + 1,)

    @property
    def n_sentences(self) -> int:
        """Sentences in the text."""
        return len(self.starts) - 1

    def sentence(self, number: int) -> Integers:
        """Type ids of a sentence, without marks: (t,)."""
        return self.tokens[self.starts[number] : self.starts[number + 1]]


def prepare(
    sentences: Iterable[Sequence[str]], folder: Path, max_characters: int, told: Callable[[int, int], None]
) -> None:
    """Write the files above into the new folder `folder`, which appears whole or not at all.

    `told` hears now and then how many sentences and tokens were read. Empty sentences are left out.

    Raises:
        ModelError: there are fewer than two sentences, or the folder cannot be written.
    """
    aside = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(parents=True)
        numbers, counts, ends = _number(sentences, aside / "tokens.raw", told)
        if len(ends) < 2:
            raise ModelError(f"the text has {len(ends)} sentences; at least two are needed, one is held out")
        order = np.concatenate([[START, END], 2 + np.argsort(-counts[2:], kind="stable")])  # (types,)
        _write(aside, [*numbers], counts, order, np.concatenate([[0], ends]), max_characters)
        aside.rename(folder)
    except OSError as error:
        raise ModelError(f"{folder} cannot be written ({error.strerror or error}); choose another place") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def open_corpus(folder: Path) -> Corpus:
    """What `prepare` wrote; raises `ModelError` if it is damaged."""
    try:
        types = tuple((folder / "types.txt").read_bytes().decode().removesuffix("\n").split("\n"))
        arrays = [
            np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("counts", "spellings", "tokens", "starts")
        ]
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder} cannot be read ({error}); remove it and begin again") from error
    return Corpus(types, *arrays)


def vocabulary_of(corpus: Corpus, most: int) -> tuple[str, ...]:
    """Words that a new output layer tells apart: the marks, then at most `most` in all, most frequent first."""
    rare = RARE if len(corpus.tokens) >= _SOME_SIZE else 1
    known = int((np.asarray(corpus.counts[2:]) >= rare).sum())
    words = [word for word in corpus.types[2 : 2 + known] if word != UNKNOWN]
    return (*MARKS, *words[: most - len(MARKS)])


def word_numbers(corpus: Corpus, vocabulary: Sequence[str]) -> npt.NDArray[np.int32]:
    """For each type its number in the vocabulary, or that of `<UNK>`: (types,)."""
    place = {word: number for number, word in enumerate(vocabulary)}
    unknown = place[UNKNOWN]
    return np.fromiter((place.get(word, unknown) for word in corpus.types), np.int32, len(corpus.types))


def _number(
    sentences: Iterable[Sequence[str]], path: Path, told: Callable[[int, int], None]
) -> tuple[dict[str, int], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Number forms as they come and write the text so; returns forms, counts (types,), sentence ends (sentences,)."""
    numbers = {SENTENCE_START: START, SENTENCE_END: END}
    ends, waiting, total = array.array("q"), array.array("i"), 0
    counts = array.array("q", [0, 0])
    with path.open("wb") as stream:
        for sentence in sentences:
            if not sentence:
                continue
            for token in sentence:
                number = numbers.setdefault(token, len(numbers))
                if number == len(counts):
                    counts.append(0)
                counts[number] += 1
                waiting.append(number)
            total += len(sentence)
            ends.append(total)
            if len(waiting) >= _CHUNK:
                stream.write(waiting)
                waiting = array.array("i")
            if len(ends) % _TOLD == 0:
                told(len(ends), total)
        stream.write(waiting)
    told(len(ends), total)
    found = np.array(counts, np.int64)  # (types,)
    found[[START, END]] += len(ends)
    return numbers, found, np.array(ends, np.int64)


def _write(
    aside: Path, forms: Sequence[str], counts: Integers, order: Integers, starts: Integers, max_characters: int
) -> None:
    ranks = np.empty(len(order), np.int32)  # (types,): number as it came -> id
    ranks[order] = np.arange(len(order), dtype=np.int32)
    types = [forms[number] for number in order]
    with (aside / "types.txt").open("w", encoding="utf-8", newline="\n", errors="replace") as stream:
        stream.writelines(f"{form}\n" for form in types)
    np.save(aside / "counts.npy", counts[order])
    np.save(aside / "starts.npy", starts)
    spelled = (types[start : start + _SPELLED] for start in range(0, len(types), _SPELLED))
    ids = (character_ids(part, max_characters) for part in spelled)
    _save_parts(aside / "spellings.npy", np.uint16, (len(types), max_characters), ids)
    raw = np.memmap(aside / "tokens.raw", np.int32, "r")  # (tokens,)
    parts = (ranks[raw[start : start + _CHUNK]] for start in range(0, len(raw), _CHUNK))
    _save_parts(aside / "tokens.npy", np.int32, raw.shape, parts)
    del raw, parts
    (aside / "tokens.raw").unlink()
    flush_files(aside)


def _save_parts(path: Path, dtype: type[np.generic], shape: tuple[int, ...], parts: Iterable[Integers]) -> None:
    """Write an array part by part. Not through a memory map: a full disk would kill the process there."""
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        for part in parts:
            stream.write(np.ascontiguousarray(part, dtype).data)
