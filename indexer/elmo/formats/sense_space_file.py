"""A sense space as tensors, in and out of `sense_space.safetensors`.

format 4   as format 3, its `topics` where there are any, and blocks of kind 3: a layer's own states at the token
format 3   as format 2, and `topics` (words, d) int8: a vector for each word of `vocab.txt`, or zeros
format 2   `blocks` (n, 2): kind and layer of each block; `map` (width, sense_dim), `shift` (sense_dim,), `window`,
           `rarity`; `counts` (words,) of `vocab.txt`, `total`; where the blocks use them, `word_mean` (projection,) and
           `expected.keys`, `expected.values` (groups, projection), `expected.bias` (groups,)
format 1   (no `format`) context of the top layer and a bag of layer 0 twice over, each centred and scaled: `map`
           (2 * dim, sense_dim), `context_mean` and `bag_mean` (dim,), `context_scale`, `bag_scale`; the rest as above
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ...vectors.arrays import Doubles
from ..sense_space import Block, BlockKind, Blocks, Expected, SenseSpace, Topics, WordCounts

Tensors = Mapping[str, npt.NDArray[Any]]

FORMAT = 4
_WITH_TOPICS, _WITHOUT_TOPICS = 3, 2
_KINDS = (BlockKind.CONTEXT, BlockKind.BAG, BlockKind.EXPECTED, BlockKind.OWN)  # by their number in the file

_EXPECTED = ("keys", "bias", "values")


def sense_space_to_tensors(space: SenseSpace) -> tuple[tuple[str, ...], dict[str, npt.NDArray[np.generic]]]:
    """The words that the space counts, and its tensors; an older format stays as it was, and so does its digest."""
    counts = space.counts
    if space.older:
        return tuple(counts.counts), dict(space.older)
    blocks = [[_KINDS.index(block.kind), block.layer] for block in space.blocks.blocks]
    optional: dict[str, npt.NDArray[np.generic]] = {}
    if space.blocks.word_mean is not None:
        optional["word_mean"] = space.blocks.word_mean
    if expected := space.blocks.expected:
        optional |= {f"expected.{name}": getattr(expected, name) for name in _EXPECTED}
    topics = space.blocks.topics
    if topics is not None:
        optional["topics"] = _topics_of(topics, tuple(counts.counts))
    return tuple(counts.counts), optional | {
        "format": np.asarray(_oldest_format(space.blocks), np.int64),
        "blocks": np.asarray(blocks, np.int64),  # (n, 2)
        "map": space.map,
        "shift": space.shift,
        "window": np.asarray(space.blocks.window, np.int64),
        "rarity": np.asarray(space.blocks.rarity, np.float64),
        "counts": np.fromiter(counts.counts.values(), np.int64, len(counts.counts)),
        "total": np.asarray(counts.total, np.int64),
    }


def _oldest_format(blocks: Blocks) -> int:
    """The first format that can hold these blocks, so that older programs read what they can."""
    if any(block.kind is BlockKind.OWN for block in blocks.blocks):
        return FORMAT
    return _WITHOUT_TOPICS if blocks.topics is None else _WITH_TOPICS


def sense_space_from_tensors(tensors: Tensors, words: Sequence[str], top: int, where: str) -> SenseSpace:
    """Read either format; `top` is the model's top layer, `where` names the file.

    Raises:
        ModelError: a tensor is missing, does not fit `words`, or the format is newer than this.
    """
    try:
        found = int(tensors["format"]) if "format" in tensors else 1
        if found > FORMAT:
            raise ModelError(f"{where} is of format {found}, newer than this Polyseme reads; install a newer one")
        if tensors["counts"].shape != (len(words),):
            raise ModelError(f"{where} does not fit vocab.txt; get the model again")
        counts = WordCounts(dict(zip(words, tensors["counts"].tolist(), strict=True)), int(tensors["total"]))
        window, rarity = int(tensors["window"]), float(tensors["rarity"])
        if found == 1:
            named, map_, shift = _first_format(tensors, top)
        else:
            named = tuple(Block(_KINDS[kind], layer) for kind, layer in tensors["blocks"].tolist())
            map_, shift = tensors["map"], tensors["shift"]
        mean, expected = _single(tensors.get("word_mean")), _expected(named, tensors)
        blocks = Blocks(named, window, rarity, mean, expected, _topics(words, tensors))
    except KeyError as error:
        raise ModelError(f"{where} lacks the tensor {error}; get the model again") from error
    except (IndexError, TypeError, ValueError) as error:
        raise ModelError(f"{where} is no sense space ({error}); get the model again") from error
    older = dict(tensors) if found == 1 else None
    return SenseSpace(blocks, map_.astype(np.float32), shift.astype(np.float32), counts, older)


def _expected(blocks: Sequence[Block], tensors: Tensors) -> Expected | None:
    if all(block.kind is not BlockKind.EXPECTED for block in blocks):
        return None
    return Expected(*(tensors[f"expected.{name}"].astype(np.float32) for name in _EXPECTED))


def _topics(words: Sequence[str], tensors: Tensors) -> Topics | None:
    vectors = tensors.get("topics")
    if vectors is None:
        return None
    if vectors.dtype != np.int8 or vectors.ndim != 2 or len(vectors) != len(words):
        raise ValueError("its topics do not fit vocab.txt")
    return Topics({word: row for row, word in enumerate(words)}, vectors)


def _topics_of(topics: Topics, words: Sequence[str]) -> npt.NDArray[np.int8]:
    """The topics' vectors in the order of `words`."""
    vectors = np.zeros((len(words), topics.dim), np.int8)  # (words, d)
    for row, word in enumerate(words):
        if word in topics.words:
            vectors[row] = topics.vectors[topics.words[word]]
    return vectors


def _single(array: npt.NDArray[Any] | None) -> npt.NDArray[np.float32] | None:
    return None if array is None else array.astype(np.float32)


def _first_format(tensors: Tensors, top: int) -> tuple[tuple[Block, ...], Doubles, Doubles]:
    """Centring and scaling as one map and shift; both halves of layer 0 are equal, so their maps are added."""
    blocks = (Block(BlockKind.CONTEXT, top), Block(BlockKind.BAG, 0))
    dim = len(tensors["context_mean"])
    mean = np.concatenate([tensors["context_mean"], tensors["bag_mean"]]).astype(np.float64)  # (2 * dim,)
    scale = np.repeat([float(tensors["context_scale"]), float(tensors["bag_scale"])], dim)  # (2 * dim,)
    scaled = tensors["map"].astype(np.float64) / scale[:, None]  # (2 * dim, sense_dim)
    bag = scaled[dim : dim + dim // 2] + scaled[dim + dim // 2 :]  # (dim / 2, sense_dim)
    return blocks, np.concatenate([scaled[:dim], bag]), mean @ scaled
