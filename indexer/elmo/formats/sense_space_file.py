"""The tensors of a sense space, as stored in `sense_space.safetensors`.

format      1
blocks      (n, 2) kind and layer of each block. Kinds: 0 context, 1 bag, 2 expected, 3 own
map         (width of the blocks, sense_dim)
shift       (sense_dim,)
window      tokens on each side that the bag reads
rarity      relative frequency at which a word's weight in the bag is a half
counts      (words,) count of each word of `vocab.txt` in the training text
total       number of words in that text

Optional:

word_mean                       (projection,) mean of the word vectors
topics                          (words, d) int8, topic vector of each word of `vocab.txt`, or zeros
expected.keys, expected.values  (groups, projection), (groups, d)
expected.bias                   (groups,)
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ...vectors.arrays import Array, Bytes
from ..limits import one_line, shown
from ..sense_space import Block, BlockKind, Blocks, Expected, SenseSpace, Topics, WordCounts

Tensors = Mapping[str, npt.NDArray[Any]]
Number = TypeVar("Number", int, float)

FORMAT = 1
MAX_VALUE = 1 << 10  # of the bag's window. A window has a loop over its tokens
_KINDS = (BlockKind.CONTEXT, BlockKind.BAG, BlockKind.EXPECTED, BlockKind.OWN)  # index: the number in the file
_EXPECTED = ("keys", "bias", "values")


def sense_space_to_tensors(space: SenseSpace) -> tuple[tuple[str, ...], dict[str, npt.NDArray[np.generic]]]:
    """Return the words that the space counts, and its tensors."""
    counts, blocks = space.counts, space.blocks
    words = tuple(counts.counts)
    optional: dict[str, npt.NDArray[np.generic]] = {}
    if blocks.word_mean is not None:
        optional["word_mean"] = blocks.word_mean
    if expected := blocks.expected:
        optional |= {f"expected.{name}": getattr(expected, name) for name in _EXPECTED}
    if blocks.topics is not None:
        optional["topics"] = _topics_to_tensor(blocks.topics, words)
    return words, optional | {
        "format": np.asarray(FORMAT, np.int64),
        "blocks": np.asarray([[_KINDS.index(block.kind), block.layer] for block in blocks.blocks], np.int64),  # (n, 2)
        "map": space.map,
        "shift": space.shift,
        "window": np.asarray(blocks.window, np.int64),
        "rarity": np.asarray(blocks.rarity, np.float64),
        "counts": np.fromiter(counts.counts.values(), np.int64, len(words)),  # (words,)
        "total": np.asarray(counts.total, np.int64),
    }


def sense_space_from_tensors(tensors: Tensors, words: Sequence[str], where: str) -> SenseSpace:
    """Build a sense space from its tensors and the words of `vocab.txt`. Error messages call the file `where`.

    Raises:
        ModelError: A tensor is missing or does not fit `words`, or the format is not the one that this Polyseme reads.
    """
    try:
        if (found := int(tensors["format"])) != FORMAT:
            raise ModelError(
                f"{where} has format {found}, this Polyseme reads {FORMAT};"
                " fit it again with `polyseme train --sense-space`"
            )
        if tensors["counts"].shape != (len(words),):
            raise ModelError(f"{where} does not fit vocab.txt; get the model again")
        counts = WordCounts(dict(zip(words, tensors["counts"].tolist(), strict=True)), int(tensors["total"]))
        if wrong := [name for name, array in tensors.items() if not np.isfinite(array).all()]:
            raise ValueError(f"its tensor {shown(wrong[0])} holds values that are not numbers")
        if min(tensors["counts"].min(initial=0), int(tensors["total"])) < 0:
            raise ValueError("it has counts below 0")
        kinds = tuple(Block(_kind(kind), layer) for kind, layer in tensors["blocks"].tolist())
        blocks = Blocks(
            kinds,
            window=_above(0, int(tensors["window"])),
            rarity=_above(0, float(tensors["rarity"])),
            word_mean=_single(tensors["word_mean"]) if "word_mean" in tensors else None,
            expected=_expected_from_tensors(kinds, tensors),
            topics=_topics_from_tensors(words, tensors),
        )
        return SenseSpace(blocks, _single(tensors["map"]), _single(tensors["shift"]), counts)
    except KeyError as error:
        raise ModelError(f"{where} lacks the tensor {error}; get the model again") from error
    except (IndexError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{where} is not a sense space ({one_line(error)}); get the model again") from error


def _kind(number: int) -> BlockKind:
    if number not in range(len(_KINDS)):
        raise ValueError(f"it has a block of the kind {shown(number)}")
    return _KINDS[number]


def _above(limit: int, value: Number) -> Number:
    if not limit < value < MAX_VALUE:
        raise ValueError(f"its window or rarity is {shown(value)}")
    return value


def _expected_from_tensors(blocks: Sequence[Block], tensors: Tensors) -> Expected | None:
    if all(block.kind is not BlockKind.EXPECTED for block in blocks):
        return None
    return Expected(*(_single(tensors[f"expected.{name}"]) for name in _EXPECTED))


def _topics_from_tensors(words: Sequence[str], tensors: Tensors) -> Topics | None:
    vectors = tensors.get("topics")
    if vectors is None:
        return None
    if vectors.dtype != np.int8 or vectors.ndim != 2 or len(vectors) != len(words):
        raise ValueError("its topics do not fit vocab.txt")
    return Topics({word: row for row, word in enumerate(words)}, vectors)


def _topics_to_tensor(topics: Topics, words: Sequence[str]) -> Bytes:
    """Return the topic vectors in the order of `words`: (words, d)."""
    vectors = np.zeros((len(words), topics.dim), np.int8)  # (words, d)
    for row, word in enumerate(words):
        if word in topics.words:
            vectors[row] = topics.vectors[topics.words[word]]
    return vectors


def _single(array: npt.NDArray[Any]) -> Array:
    return array.astype(np.float32)
