"""A prepared text -> the batches that the network trains on. Pure numpy; what comes depends on seed and position alone.

The sentences, shuffled anew in each epoch, are laid one after another into parallel rows, and the rows are read in
windows of a fixed length: nothing is padding. A sentence of n tokens takes n + 1 places in either direction:

    forward   reads <S> a b c, and is to say a b c </S>          backward  reads </S> c b a, and is to say c b a <S>
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..elmo.characters import PAD, spelling_lengths
from ..vectors.arrays import Integers
from .corpus import END, START, Corpus

HELD_OUT = 1000
"""Sentences at most that are kept from training, for the figures before and after."""


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """Where in the endless text the rows stand: all that is needed to go on."""

    epoch: int
    taken: int  # sentences of this epoch that rows have begun
    sentences: Integers  # (rows,) int64: which sentence each row is in; -1 for none yet
    offsets: Integers  # (rows,) int64: places of it that were read


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """One window of all rows, both directions; `position` is where the text goes on after it."""

    inputs: npt.NDArray[np.int32]  # (2, steps, rows) type ids
    targets: npt.NDArray[np.int32]  # (2, steps, rows) vocabulary numbers
    goes_on: npt.NDArray[np.float32]  # (steps, rows): 0 at the first place of a sentence, 1 elsewhere
    position: Position


@dataclass(frozen=True, slots=True, eq=False)
class Spellings:
    """The distinct words of a window, spelled, in groups of like length; a word of padding leads each group."""

    characters: npt.NDArray[np.int32]  # (words, max_characters)
    groups: npt.NDArray[np.int32]  # (groups,): how many words each holds
    places: npt.NDArray[np.int32]  # (2, steps, rows): which word stands where


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """Rows of the output layer that a window needs: the candidates, then the targets that are not among them."""

    words: npt.NDArray[np.int32]  # (needed,) vocabulary numbers, each once
    correction: npt.NDArray[np.float32]  # (needed,): - log of how often it is expected among the candidates
    targets: npt.NDArray[np.int32]  # (2, steps, rows): which row of `words` each target is


def start_position(rows: int) -> Position:
    """Before the first sentence."""
    return Position(0, 0, np.full(rows, -1, np.int64), np.zeros(rows, np.int64))


class Windows:
    """The endless text as windows. The same seed and position give the same windows."""

    def __init__(
        self,
        corpus: Corpus,
        numbers: npt.NDArray[np.int32],
        held_out: Integers,
        steps: int,
        seed: int,
        position: Position,
    ) -> None:
        self._corpus = corpus
        self._numbers = numbers  # (types,): type id -> vocabulary number
        self._kept = np.setdiff1d(np.arange(corpus.n_sentences), held_out)  # (sentences,)
        self._steps = steps
        self._seed = seed
        self._epoch, self._taken = position.epoch, position.taken
        self._sentences, self._offsets = position.sentences.copy(), position.offsets.copy()
        self._order = self._shuffled()

    def next(self) -> Window:
        """Read the next window of every row."""
        shape = (self._steps, len(self._sentences))
        inputs, targets = np.empty((2, *shape), np.int32), np.empty((2, *shape), np.int32)  # (2, steps, rows)
        goes_on = np.ones(shape, np.float32)  # (steps, rows)
        for row in range(shape[1]):
            filled = 0
            while filled < self._steps:
                filled += self._lay(row, filled, inputs, targets, goes_on)
        position = Position(self._epoch, self._taken, self._sentences.copy(), self._offsets.copy())
        return Window(inputs, self._numbers[targets], goes_on, position)

    def _lay(
        self,
        row: int,
        filled: int,
        inputs: npt.NDArray[np.int32],
        targets: npt.NDArray[np.int32],
        goes_on: npt.NDArray[np.float32],
    ) -> int:
        """Lay what fits of the row's sentence at its place `filled`; returns how much that was."""
        if self._sentences[row] < 0:
            self._sentences[row], self._offsets[row] = self._take(), 0
            goes_on[filled, row] = 0
        words = self._corpus.sentence(int(self._sentences[row]))  # (n,)
        offset = int(self._offsets[row])
        count = min(self._steps - filled, len(words) + 1 - offset)
        for direction, (first, last, read) in enumerate(((START, END, words), (END, START, words[::-1]))):
            marked = np.concatenate([[first], read, [last]])[offset : offset + count + 1]  # (count + 1,)
            inputs[direction, filled : filled + count, row] = marked[:-1]
            targets[direction, filled : filled + count, row] = marked[1:]
        self._offsets[row] += count
        if self._offsets[row] == len(words) + 1:
            self._sentences[row] = -1
        return count

    def _take(self) -> int:
        if self._taken == len(self._order):
            self._epoch, self._taken = self._epoch + 1, 0
            self._order = self._shuffled()
        self._taken += 1
        return int(self._order[self._taken - 1])

    def _shuffled(self) -> npt.NDArray[np.int64]:
        return np.random.default_rng([self._seed, self._epoch]).permutation(self._kept)


def spell(inputs: npt.NDArray[np.int32], spellings: Integers, bounds: tuple[int, ...]) -> Spellings:
    """The distinct types of `inputs` (2, steps, rows), spelled; group g holds those of at most `bounds[g]` ids."""
    found, places = np.unique(inputs, return_inverse=True)
    ids = np.asarray(spellings[found], np.int32)  # (found, max_characters)
    group = np.searchsorted(bounds, spelling_lengths(ids))  # (found,)
    # A group without a word would be an array of nothing, which not every kernel takes.
    ids = np.concatenate([np.full((len(bounds), ids.shape[1]), PAD, np.int32), ids])  # (words, max_characters)
    group = np.concatenate([np.arange(len(bounds)), group])  # (words,)
    order = np.argsort(group, kind="stable")  # (words,)
    rank = np.empty(len(order), np.int32)  # (words,)
    rank[order] = np.arange(len(order), dtype=np.int32)
    sizes = np.bincount(group, minlength=len(bounds)).astype(np.int32)  # (groups,)
    return Spellings(ids[order], sizes, rank[len(bounds) + places.reshape(inputs.shape)])


def choose(targets: npt.NDArray[np.int32], n_words: int, samples: int, seed: int, step: int) -> Choice:
    """Candidates for the sampled softmax of one step (Jean et al. 2015), shared by all its places.

    Distinct words are drawn by the log-uniform distribution, which fits a vocabulary sorted by frequency, until there
    are `samples` of them; 0 samples, or no fewer than there are words, take every word, without correction.
    """
    if not 0 < samples < n_words:
        return Choice(np.arange(n_words, dtype=np.int32), np.zeros(n_words, np.float32), targets)
    candidates, tries = _draw(np.random.default_rng([seed, step, 1]), n_words, samples)
    others = np.setdiff1d(targets, candidates)  # (others,)
    words = np.concatenate([candidates, others]).astype(np.int32)  # (needed,)
    place = np.zeros(n_words, np.int32)  # (n_words,)
    place[words] = np.arange(len(words), dtype=np.int32)
    chance = np.log1p(1 / (words + 1.0)) / np.log(n_words + 1.0)  # (needed,)
    expected = -np.expm1(tries * np.log1p(-chance))  # (needed,)
    return Choice(words, -np.log(expected).astype(np.float32), place[targets])


def _draw(rng: np.random.Generator, n_words: int, samples: int) -> tuple[npt.NDArray[np.int64], int]:
    """Distinct words (samples,) in the order drawn, and how many draws it took."""
    drawn = np.empty(0, np.int64)
    while True:
        uniform = rng.random(4 * samples)  # (4 * samples,)
        more = np.minimum(np.exp(uniform * np.log(n_words + 1.0)).astype(np.int64) - 1, n_words - 1)
        drawn = np.concatenate([drawn, more])
        _, first = np.unique(drawn, return_index=True)
        if len(first) >= samples:
            first = np.sort(first)[:samples]  # (samples,)
            return drawn[first], int(first[-1]) + 1


def held_out_sentences(corpus: Corpus, most: int) -> npt.NDArray[np.int64]:
    """Numbers of the sentences that are kept from training: a twentieth, at least one and at most `most`. Sorted.

    The same of a text whatever the seed: a training that goes on with another one's model is measured by what neither
    has read.
    """
    count = min(max(corpus.n_sentences // 20, 1), most)
    rng = np.random.default_rng([1, 2, 2])
    return np.sort(rng.choice(corpus.n_sentences, count, replace=False))
