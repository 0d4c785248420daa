"""Sections of a model's card: replaced as a whole by whoever knows better."""

import re


def with_section(card: str, section: str) -> str:
    """The card with this section, `## Title` and what belongs to it, in the place of its old one, or at its end."""
    text = section.rstrip("\n") + "\n"
    title = re.escape(text.partition("\n")[0])
    old = re.compile(rf"^{title}$.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if old.search(card):
        return old.sub(lambda _: text + "\n", card, count=1).rstrip("\n") + "\n"
    return f"{card.rstrip(chr(10))}\n\n{text}"
