"""Cite an answer: which question, which collection, which version of Polyseme, and when."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from .query.filters import Where, parse_where, where_texts


@dataclass(frozen=True, slots=True)
class Citation:
    """What to cite with an answer. `str` gives it as one line.

    Attributes:
        collection: Name of the collection's folder, and its size.
        question: What was asked, with its filters and settings.
        version: Version of Polyseme.
        date: Date of the answer, as in ISO 8601.
    """

    collection: str
    question: str
    version: str
    date: str

    @property
    def name(self) -> str:
        """Name of the collection alone, for titles."""
        return self.collection.partition(" (")[0]

    def __str__(self) -> str:
        question = self.question[:1].upper() + self.question[1:]
        return f"{question}. Collection {self.collection}. Polyseme {self.version}, {self.date}."


def citation(
    collection: str, question: str, version: str | None = None, date: datetime.date | str | None = None
) -> Citation:
    """Return what to cite with an answer.

    Args:
        collection: Name of the collection.
        question: What was asked, such as `frequency of bank (lemma) by year`.
        version: Version of Polyseme. None for the installed one.
        date: Date of the answer. None for today.
    """
    day = datetime.date.today().isoformat() if date is None else str(date)
    return Citation(_one_line(collection), _one_line(question), version or installed_version(), day)


def question_text(start: str, where: Where = None, *settings: str | None) -> str:
    """Return a question with its filters and settings, such as `senses of bank (lemma), where genre=letter`."""
    filters = " and ".join(where_texts(parse_where(where)))
    return ", ".join(filter(None, [start, *settings, f"where {filters}" if filters else None]))


def installed_version() -> str:
    """Return the version of the installed package."""
    try:
        return version("polyseme")
    except PackageNotFoundError:  # a checkout that is not installed
        return "(not installed)"


def _one_line(text: str) -> str:
    return " ".join("".join(_shown(text)).split())


def _shown(text: str) -> Iterable[str]:
    """Yield the signs of a text, with a space for each control character. A name may come from a stranger."""
    return (sign if sign.isprintable() else " " for sign in text)
