"""Training batches from a prepared text, in numpy. They depend on the seed and the reading position only.

The sentences are shuffled again for each epoch and written one after another into parallel rows. The rows are read in
windows of a fixed length, without padding. A sentence of n tokens takes n + 1 steps in each direction:

    forward   reads <S> a b c and predicts a b c </S>          backward  reads </S> c b a and predicts c b a <S>
"""

from dataclasses import dataclass

import numpy as np

from ..elmo.characters import PAD, spelling_lengths
from ..vectors.arrays import Array, Ids, Int32s, Integers, Places
from .corpus import END, START, Corpus

HELD_OUT = 1000
"""Maximum number of sentences held out from training, for the perplexities before and after."""


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """Reading position of all rows in the endless text. Reading can resume from it exactly."""

    epoch: int
    taken: int  # sentences of this epoch that rows have begun
    sentences: Integers  # (rows,) int64: current sentence of each row, -1 for none yet
    offsets: Integers  # (rows,) int64: steps of that sentence already read


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """One window of all rows, in both directions. `position` is the reading position after it."""

    inputs: Int32s  # (2, steps, rows) type ids
    targets: Int32s  # (2, steps, rows) vocabulary numbers
    keep_mask: Array  # (steps, rows): 0 at the first step of a sentence, where the state is reset, 1 elsewhere
    position: Position


@dataclass(frozen=True, slots=True, eq=False)
class Spellings:
    """Spellings of the distinct words of a window, grouped by length. Each group begins with a word of padding."""

    characters: Int32s  # (words, max_characters)
    groups: Int32s  # (groups,): number of words in each group
    places: Places  # (2, steps, rows): row of `characters` of each input


@dataclass(frozen=True, slots=True, eq=False)
class OutputRows:
    """Rows of the output layer that a window needs: the candidates, then the targets that are not candidates."""

    words: Int32s  # (needed,) distinct vocabulary numbers
    correction: Array  # (needed,): -log of the expected number of times that the word is drawn as a candidate
    targets: Places  # (2, steps, rows): place of each target in `words`


def start_position(rows: int) -> Position:
    """Return the position before the first sentence."""
    return Position(0, 0, np.full(rows, -1, np.int64), np.zeros(rows, np.int64))


class Windows:
    """The endless text in windows. The same seed and position give the same windows."""

    def __init__(
        self, corpus: Corpus, numbers: Int32s, held_out: Integers, steps: int, seed: int, position: Position
    ) -> None:
        self._corpus = corpus
        self._numbers = numbers  # (types,): type id -> vocabulary number
        self._training = np.setdiff1d(np.arange(corpus.n_sentences), held_out)  # (sentences,)
        self._steps = steps
        self._seed = seed
        self._epoch, self._taken = position.epoch, position.taken
        self._sentences, self._offsets = position.sentences.copy(), position.offsets.copy()
        self._order = self._shuffled()

    def next(self) -> Window:
        """Read the next window of every row."""
        shape = (self._steps, len(self._sentences))
        inputs, targets = np.empty((2, *shape), np.int32), np.empty((2, *shape), np.int32)  # (2, steps, rows)
        keep_mask = np.ones(shape, np.float32)  # (steps, rows)
        for row in range(shape[1]):
            filled = 0
            while filled < self._steps:
                filled += self._fill(row, filled, inputs, targets, keep_mask)
        position = Position(self._epoch, self._taken, self._sentences.copy(), self._offsets.copy())
        return Window(inputs, self._numbers[targets], keep_mask, position)

    def _fill(self, row: int, filled: int, inputs: Int32s, targets: Int32s, keep_mask: Array) -> int:
        """Write as much of the row's sentence as fits, from step `filled` on. Return the number of steps written."""
        if self._sentences[row] < 0:
            self._sentences[row], self._offsets[row] = self._take(), 0
            keep_mask[filled, row] = 0
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
        """Return the next sentence of the epoch, or the first of the next epoch."""
        if self._taken == len(self._order):
            self._epoch, self._taken = self._epoch + 1, 0
            self._order = self._shuffled()
        self._taken += 1
        return int(self._order[self._taken - 1])

    def _shuffled(self) -> Ids:
        return np.random.default_rng([self._seed, self._epoch]).permutation(self._training)


def spell(inputs: Int32s, spellings: Integers, bounds: tuple[int, ...]) -> Spellings:
    """Return the spellings of the distinct types of a window.

    Args:
        inputs: Type ids (2, steps, rows).
        spellings: Character ids of each type (types, max_characters).
        bounds: Maximum number of character ids of the words in each group.
    """
    found, places = np.unique(inputs, return_inverse=True)
    ids = np.asarray(spellings[found], np.int32)  # (found, max_characters)
    group = np.searchsorted(bounds, spelling_lengths(ids))  # (found,)
    # Each group gets a word of padding, because some TensorFlow kernels do not accept empty arrays.
    ids = np.concatenate([np.full((len(bounds), ids.shape[1]), PAD, np.int32), ids])  # (words, max_characters)
    group = np.concatenate([np.arange(len(bounds)), group])  # (words,)
    order = np.argsort(group, kind="stable")  # (words,)
    rank = np.empty(len(order), np.int32)  # (words,)
    rank[order] = np.arange(len(order), dtype=np.int32)
    sizes = np.bincount(group, minlength=len(bounds)).astype(np.int32)  # (groups,)
    return Spellings(ids[order], sizes, rank[len(bounds) + places.reshape(inputs.shape)])


def choose_rows(targets: Int32s, n_words: int, samples: int, seed: int, step: int) -> OutputRows:
    """Draw the candidates of the sampled softmax for one step (Jean et al. 2015). All predictions share them.

    Distinct words are drawn from the log-uniform distribution, which fits a vocabulary sorted by frequency.

    Args:
        targets: Vocabulary numbers (2, steps, rows).
        samples: Number of candidates. With 0, or at least `n_words`, all words are candidates, without correction.
    """
    if not 0 < samples < n_words:
        return OutputRows(np.arange(n_words, dtype=np.int32), np.zeros(n_words, np.float32), targets)
    candidates, draws = _draw(np.random.default_rng([seed, step, 1]), n_words, samples)
    others = np.setdiff1d(targets, candidates)  # (others,)
    words = np.concatenate([candidates, others]).astype(np.int32)  # (needed,)
    place = np.zeros(n_words, np.int32)  # (n_words,)
    place[words] = np.arange(len(words), dtype=np.int32)
    chance = np.log1p(1 / (words + 1.0)) / np.log(n_words + 1.0)  # (needed,)
    expected = -np.expm1(draws * np.log1p(-chance))  # (needed,)
    return OutputRows(words, -np.log(expected).astype(np.float32), place[targets])


def _draw(rng: np.random.Generator, n_words: int, samples: int) -> tuple[Ids, int]:
    """Return distinct words (samples,) in the order drawn, and the number of draws."""
    drawn = np.empty(0, np.int64)
    while True:
        uniform = rng.random(4 * samples)  # (4 * samples,)
        more = np.minimum(np.exp(uniform * np.log(n_words + 1.0)).astype(np.int64) - 1, n_words - 1)
        drawn = np.concatenate([drawn, more])
        _, first = np.unique(drawn, return_index=True)
        if len(first) >= samples:
            first = np.sort(first)[:samples]  # (samples,)
            return drawn[first], int(first[-1]) + 1


def held_out_sentences(corpus: Corpus, most: int) -> Ids:
    """Return the numbers of the held-out sentences, sorted: 5% of the text, at least one, at most `most`.

    They depend on the text but not on the seed. So a training that continues another model on the same text measures
    both on sentences that neither has read.
    """
    count = min(max(corpus.n_sentences // 20, 1), most)
    rng = np.random.default_rng([1, 2, 2])
    return np.sort(rng.choice(corpus.n_sentences, count, replace=False))
