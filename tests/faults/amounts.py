"""How much the fault suite does: the numbers of the short form, or those of the environment."""

from __future__ import annotations

import os

ALL_CALLS = 10**9


def amount(name: str, short: int) -> int:
    """Return an amount from the environment, or that of the short form."""
    given = os.environ.get(name, "")
    return int(given) if given else short


KILLS = amount("POLYSEME_KILLS", 24)
"""Number of kills, shared among the scenarios."""
CALLS = ALL_CALLS if os.environ.get("POLYSEME_CALLS") == "all" else amount("POLYSEME_CALLS", 4)
"""Number of failing calls for each scenario, or all of them."""
DAMAGES = amount("POLYSEME_DAMAGES", 6)
"""Number of damages to files. All commands run over each of them."""
SECONDS = amount("POLYSEME_SECONDS", 20)
"""Seconds for which readers read beside a writer."""
FUZZ = amount("POLYSEME_FUZZ", 200)
"""Number of inputs of each fuzz test."""
