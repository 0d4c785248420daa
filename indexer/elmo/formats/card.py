"""Model cards: replace a section, and name sources without their folders."""

import re
from pathlib import Path


def last_part(given: str | Path) -> str:
    """Return the last part of a path. Handles and bundled names are returned unchanged.

    A card may be passed on, and the folders above a file are private to its user.
    """
    return str(given) if "://" in str(given) else Path(given).expanduser().resolve().name


def with_section(card: str, section: str) -> str:
    """Return the card with a section (`## Title` and its text) in the place of its old version, or at the end."""
    text = section.rstrip("\n") + "\n"
    title = re.escape(text.partition("\n")[0])
    old = re.compile(rf"^{title}$.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if old.search(card):
        return old.sub(lambda _: text + "\n", card, count=1).rstrip("\n") + "\n"
    return f"{card.rstrip(chr(10))}\n\n{text}"
