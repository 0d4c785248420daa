"""Documents in which *bank* has two clear senses for the encoder in `fakes`, which reads the neighbouring words."""

from __future__ import annotations

import numpy as np
from polyseme.indexer.documents import Document

RIVER = ["water", "reed", "heron", "mud"]
MONEY = ["loan", "clerk", "debt", "coin"]


def documents(n: int = 40) -> list[Document]:
    """Return documents about river banks (even numbers) and money banks (odd numbers).

    The years begin at 1900. The last two documents have no year.
    """
    rng = np.random.default_rng(3)
    out = []
    for number in range(n):
        words = RIVER if number % 2 == 0 else MONEY
        a, b = rng.choice(words, 2, replace=False)
        sides = ("river", "river") if number % 2 == 0 else ("money", "money")
        text = f"The {a} {sides[0]} bank {sides[1]} {b} today. A boat was seen."
        metadata: dict[str, str | int | float] = {"kind": sides[0]}
        if number < n - 2:
            metadata["year"] = 1900 + number
        out.append(Document(f"d{number:02}", text, metadata))
    return out
