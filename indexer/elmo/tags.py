"""Parts of speech of the tokens of a sentence, as a tagger of a model gives them."""

from __future__ import annotations

from dataclasses import dataclass

from ..vectors.arrays import Tagged


@dataclass(frozen=True, slots=True)
class TagSet:
    """The tags that a tagger chooses from.

    Attributes:
        upos: Universal parts of speech (Nivre et al. 2020), such as `NOUN`.
        xpos: Tags of the treebank's own set, such as `NNS` of the Penn Treebank.
    """

    upos: tuple[str, ...]
    xpos: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Tags:
    """Tags of a sentence of t tokens, as places in the lists of a `TagSet`.

    Attributes:
        upos: Place of each token's part of speech (t,).
        xpos: Place of each token's tag of the treebank's own set (t,).
    """

    upos: Tagged
    xpos: Tagged
