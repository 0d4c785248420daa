"""What cards have in common: sections that are replaced as a whole, and names without what is nobody's business."""

import re
from pathlib import Path


def last_part(given: str | Path) -> str:
    """The last part of a path; what is none, a handle or a bundled model, as it is.

    What lies above is its user's own affair and stays out of a card that may be passed on.
    """
    return str(given) if "://" in str(given) else Path(given).expanduser().resolve().name


def with_section(card: str, section: str) -> str:
    """The card with this section, `## Title` and what belongs to it, in the place of its old one, or at its end."""
    text = section.rstrip("\n") + "\n"
    title = re.escape(text.partition("\n")[0])
    old = re.compile(rf"^{title}$.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if old.search(card):
        return old.sub(lambda _: text + "\n", card, count=1).rstrip("\n") + "\n"
    return f"{card.rstrip(chr(10))}\n\n{text}"
