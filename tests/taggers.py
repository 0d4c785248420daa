"""A random tagger for tests."""

from __future__ import annotations

from itertools import product

import numpy as np
from polyseme.indexer.elmo.model import Model
from polyseme.indexer.elmo.tagger import Tagger
from polyseme.indexer.elmo.tags import TagSet
from polyseme.indexer.text.lemma_rules import LemmaRules
from polyseme.indexer.vectors.arrays import Array

RULES = LemmaRules(
    "en",
    {("VERB", "saw"): "see", ("NOUN", "\u00e9"): ""},
    {("NOUN NNS", "s"): (1, "")},
    frozenset({("VERB", True, False)}),
)


def tagger_for(
    model: Model, seed: int = 0, layers: tuple[int, ...] = (0, 2), tags: tuple[int, int] = (3, 4), hidden: int = 5
) -> Tagger:
    """Return a random tagger for a model."""
    random = np.random.default_rng(seed)
    width = sum(model.config.projection if layer == 0 else model.config.dim for layer in layers)
    words = {"bank": 0, "the": 1, "naïve": 2, '"': 3}

    def draw(*shape: int) -> Array:
        return random.normal(0, 0.5, shape).astype(np.float16).astype(np.float32)

    pairs = np.array(list(product(range(tags[0]), range(tags[1]))), np.uint8)
    return Tagger(
        tagset=TagSet(tuple(f"U{n}" for n in range(tags[0])), tuple(f"X{n}" for n in range(tags[1]))),
        pairs=pairs[np.sort(random.permutation(len(pairs))[: max(1, len(pairs) // 2)])],
        words=words,
        table=draw(len(words) + 16, 3).astype(np.float16),
        table_map=draw(3, hidden),
        layers=layers,
        map=draw(width, hidden),
        bias=draw(hidden),
        window_map=draw(3 * hidden, hidden + 1),
        window_bias=draw(hidden + 1),
        out=draw(2 * hidden + 1, sum(tags)),
        out_bias=draw(sum(tags)),
        lemmas=RULES,
    )
