"""A text prepared for training, on disk: each distinct form with its spelling, and the text as form ids.

    types.txt       one form per line: `<S>`, `</S>`, then the forms of the text, most frequent first. Line 0 is id 0.
    counts.npy      (types,) int64: occurrences of each form in the text, of `<S>` and `</S>` one per sentence
    spellings.npy   (types, max_characters) uint16: character ids
    tokens.npy      (tokens,) int32: the text, sentence after sentence, without `<S>` and `</S>`
    starts.npy      (sentences + 1,) int64: first token of each sentence

The arrays are memory-mapped, so the text may be larger than the memory.
"""

import array
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..elmo.characters import SENTENCE_END, SENTENCE_START, character_ids
from ..errors import ModelError
from ..files import flush_files
from ..vectors.arrays import Ids, Int32s, Integers

OnProgress = Callable[[int, int], None]
"""Receives the numbers of sentences and tokens read so far."""

START, END = 0, 1  # ids of `<S>` and `</S>`
UNKNOWN = "<UNK>"
MARKS = (SENTENCE_START, SENTENCE_END, UNKNOWN)
"""First words of every vocabulary."""
MIN_COUNT = 2
"""Minimum number of occurrences of a vocabulary word, in a text of at least `_MIN_TOKENS`."""
_MIN_TOKENS = 100_000  # in a shorter text every word is in the vocabulary
_REPORT_EVERY = 20_000  # sentences between two progress reports
_CHUNK = 1 << 20  # numbers written at once
_SPELL_AT_ONCE = 1 << 16  # forms


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """A prepared text, memory-mapped."""

    types: tuple[str, ...]
    counts: Integers  # (types,)
    spellings: Integers  # (types, max_characters)
    tokens: Integers  # (tokens,) type ids
    starts: Integers  # (sentences + 1,)

    @property
    def n_sentences(self) -> int:
        """Number of sentences in the text."""
        return len(self.starts) - 1

    def sentence(self, number: int) -> Integers:
        """Return the type ids of a sentence, without `<S>` and `</S>`: (t,)."""
        return self.tokens[self.starts[number] : self.starts[number + 1]]


def prepare(sentences: Iterable[Sequence[str]], folder: Path, max_characters: int, on_progress: OnProgress) -> None:
    """Write a text into the new folder `folder`, in the files listed at the top of this module.

    The folder appears only when it is complete. Empty sentences are left out.

    Raises:
        ModelError: There are fewer than two sentences, or the folder cannot be written.
    """
    temporary = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        numbers, counts, ends = _number_forms(sentences, temporary / "tokens.raw", on_progress)
        if len(ends) < 2:
            raise ModelError(f"the text has {len(ends)} sentences; at least two are needed, one is held out")
        order = np.concatenate([[START, END], 2 + np.argsort(-counts[2:], kind="stable")])  # (types,)
        _write(temporary, [*numbers], counts, order, np.concatenate([[0], ends]), max_characters)
        temporary.rename(folder)
    except OSError as error:
        raise ModelError(f"{folder} cannot be written ({error.strerror or error}); choose another place") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def open_corpus(folder: Path) -> Corpus:
    """Open a folder that `prepare` wrote.

    Raises:
        ModelError: The folder is damaged.
    """
    try:
        types = tuple((folder / "types.txt").read_bytes().decode().removesuffix("\n").split("\n"))
        arrays = [
            np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("counts", "spellings", "tokens", "starts")
        ]
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder} cannot be read ({error}); remove it and begin again") from error
    return Corpus(types, *arrays)


def vocabulary_of(corpus: Corpus, most: int) -> tuple[str, ...]:
    """Return the words of a new output layer: `MARKS`, then the most frequent words, `most` words in total."""
    min_count = MIN_COUNT if len(corpus.tokens) >= _MIN_TOKENS else 1
    known = int((np.asarray(corpus.counts[2:]) >= min_count).sum())
    words = [word for word in corpus.types[2 : 2 + known] if word != UNKNOWN]
    return (*MARKS, *words[: most - len(MARKS)])


def word_numbers(corpus: Corpus, vocabulary: Sequence[str]) -> Int32s:
    """Return the vocabulary number of each type, or that of `<UNK>`: (types,)."""
    place = {word: number for number, word in enumerate(vocabulary)}
    unknown = place[UNKNOWN]
    return np.fromiter((place.get(word, unknown) for word in corpus.types), np.int32, len(corpus.types))


def _number_forms(
    sentences: Iterable[Sequence[str]], path: Path, on_progress: OnProgress
) -> tuple[dict[str, int], Ids, Ids]:
    """Number forms in order of appearance and write the text as these numbers to `path`.

    Returns the number of each form, the counts (types,) and the end of each sentence (sentences,).
    """
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
            if len(ends) % _REPORT_EVERY == 0:
                on_progress(len(ends), total)
        stream.write(waiting)
    on_progress(len(ends), total)
    found = np.array(counts, np.int64)  # (types,)
    found[[START, END]] += len(ends)
    return numbers, found, np.array(ends, np.int64)


def _write(
    temporary: Path, forms: Sequence[str], counts: Integers, order: Integers, starts: Integers, max_characters: int
) -> None:
    ranks = np.empty(len(order), np.int32)  # (types,): number of first appearance -> id
    ranks[order] = np.arange(len(order), dtype=np.int32)
    types = [forms[number] for number in order]
    with (temporary / "types.txt").open("w", encoding="utf-8", newline="\n", errors="replace") as stream:
        stream.writelines(f"{form}\n" for form in types)
    np.save(temporary / "counts.npy", counts[order])
    np.save(temporary / "starts.npy", starts)
    spelled = (types[start : start + _SPELL_AT_ONCE] for start in range(0, len(types), _SPELL_AT_ONCE))
    ids = (character_ids(part, max_characters) for part in spelled)
    _save_parts(temporary / "spellings.npy", np.uint16, (len(types), max_characters), ids)
    raw = np.memmap(temporary / "tokens.raw", np.int32, "r")  # (tokens,)
    parts = (ranks[raw[start : start + _CHUNK]] for start in range(0, len(raw), _CHUNK))
    _save_parts(temporary / "tokens.npy", np.int32, raw.shape, parts)
    del raw, parts
    (temporary / "tokens.raw").unlink()
    flush_files(temporary)


def _save_parts(path: Path, dtype: type[np.generic], shape: tuple[int, ...], parts: Iterable[Integers]) -> None:
    """Write an array part by part. Through a memory map a full disk would kill the process instead of raising."""
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False, "shape": shape}
    with path.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
        for part in parts:
            stream.write(np.ascontiguousarray(part, dtype).data)
