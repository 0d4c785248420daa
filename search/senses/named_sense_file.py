"""The record of a named sense and its JSON format, as collections store it and as files.

Everything read is validated, down to each number. The `format` of a file is "polyseme prototype".
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...indexer.errors import QueryError
from ...indexer.files import read_bounded
from ...indexer.vectors.arrays import Array, Mask, row_products, unit
from ..hits import Match
from ..query.target import SURROGATE

FORMAT = "polyseme prototype"
"""Value of `format` in every file."""
VERSION = 2
"""Version of the format of senses with `apart`. Those without it are written as version 1."""
LONGEST_NAME = 100
"""Maximum length of a name, in characters."""
LARGEST_FILE = 16 * 2**20
"""Maximum size of a file, in bytes."""
LONGEST_VECTOR = 2**16
"""Maximum number of dimensions."""
LARGEST_NUMBER = 2.0
"""Maximum absolute value in a mean of unit vectors, rounding included."""
MOST_RIVALS = 1000
"""Maximum number of rivals."""
MOST_EXAMPLES = 100
"""Maximum number of examples."""
MOST_PARTS = 100
"""Maximum number of parts of speech."""
LONGEST_WORD = 1000
"""Maximum length of the word and of the two digests, in characters."""
EXPORT_AGAIN = "export the named sense again"
"""Next step for a file that cannot be read."""


@dataclass(frozen=True, slots=True)
class NamedSense:
    """A named sense of a word.

    Attributes:
        word: Lemma or form, by `match`, whose occurrences may belong to the sense.
        mean: Mean of the unit vectors that it was made from, not scaled (d,). Its inner product with a unit vector is
            the mean cosine with them.
        rivals: Means of the groups that it is distinguished from, each (d,).
        threshold: Minimum cosine with the centre.
        size: Number of occurrences that it was made from.
        examples: Some of their sentences, with the target in brackets.
        model_id: Digest of the model that made the vectors.
        space: Digest of the collection's layer and transform. The vectors of equal spaces can be compared.
        apart: Parts of speech of the word's other branches. Occurrences that have one do not belong to the sense.
    """

    name: str
    word: str
    match: Match
    mean: tuple[float, ...]
    rivals: tuple[tuple[float, ...], ...]
    threshold: float
    size: int
    examples: tuple[str, ...]
    model_id: str
    space: str
    apart: tuple[str, ...] = ()

    @property
    def centre(self) -> Array:
        """Unit vector in the direction of the mean.  (d,)"""
        return unit(np.array(self.mean, np.float32))

    @property
    def length(self) -> float:
        """Length of the mean, which equals the mean cosine of the occurrences with the centre."""
        return float(np.linalg.norm(np.array(self.mean)))

    def scores(self, vectors: Array) -> Array:
        """Return the cosine of unit rows with the centre.  (n, d) -> (n,)"""
        return row_products(vectors, self.centre)

    def holds(self, vectors: Array, parts: Sequence[str] = ()) -> Mask:
        """Return which unit rows belong to the sense: near enough, and nearer than to any rival.  (n, d) -> (n,)

        Args:
            parts: Part of speech of each (n,). Empty if none is known.
        """
        own = self.scores(vectors)
        inside: Mask = own >= self.threshold
        if parts and self.apart:
            inside &= ~np.isin(np.array(parts), self.apart)
        for rival in self.rivals:
            inside &= own > row_products(vectors, unit(np.array(rival, np.float32)))
        return inside


def check_name(name: str, what: str = "a sense", longest: int = LONGEST_NAME) -> str:
    """Return a name without surrounding white space.

    Args:
        what: What it names, for the message.
        longest: Maximum length, in characters.

    Raises:
        QueryError: No filter could be written with this name.
    """
    stripped = name.strip()
    if not stripped or len(stripped) > longest or not stripped.isprintable():
        raise QueryError(f"{name[:40]!r} cannot name {what}; give a name of 1 to {longest} printable characters")
    if stripped.startswith("!") or ".." in stripped or any(sign in stripped for sign in "|=,;[]"):
        raise QueryError(f"{stripped!r} cannot be written in a filter; leave out ! | = , ; [ ] and ..")
    return stripped


def to_json(named_sense: NamedSense) -> str:
    """Write a named sense as JSON. `from_json` reads the same numbers back."""
    fields = asdict(named_sense)
    if not fields["apart"]:
        del fields["apart"]
    head = {"format": FORMAT, "version": VERSION if "apart" in fields else 1}
    return json.dumps(head | fields, ensure_ascii=False, indent=1) + "\n"


def from_json(text: str, where: str, step: str = EXPORT_AGAIN) -> NamedSense:
    """Read a named sense from JSON.

    Args:
        where: Name of the source, for error messages.
        step: The next step, for error messages.

    Raises:
        QueryError: The text is not what `to_json` writes, or is larger than any named sense.
    """
    if len(text) > LARGEST_FILE:
        raise QueryError(f"{where} is larger than any named sense; {step}")
    try:
        found = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_each_key_once)
    except (ValueError, RecursionError) as error:
        raise QueryError(f"{where} is not JSON ({error}); {step}") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise QueryError(f"{where} is not a named sense; make one with `polyseme named-sense export`")
    version = found.get("version")
    if version not in (1, VERSION) or isinstance(version, bool):
        raise QueryError(
            f"{where} has version {repr(version)[:20]}, this Polyseme reads 1 and {VERSION}; upgrade Polyseme"
        )
    names = set(NamedSense.__dataclass_fields__) - (set() if version == VERSION else {"apart"})
    if set(found) - {"format", "version"} != names:
        wrong = ", ".join(sorted((set(found) - {"format", "version"}) ^ names))
        raise QueryError(f"{where}: missing or unknown {wrong[:80]}; {step}")
    return _checked(found, where, step)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no finite number")


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _checked(found: Mapping[str, Any], where: str, step: str) -> NamedSense:
    texts = {key: found[key] for key in ("name", "word", "model_id", "space")}
    examples = found["examples"]
    rivals = found["rivals"]
    apart = found.get("apart", [])
    right = (
        all(_is_text(text) and 0 < len(text) <= LONGEST_WORD for text in texts.values())
        and found["match"] in (Match.FORM, Match.LEMMA)
        and isinstance(found["size"], int)
        and not isinstance(found["size"], bool)
        and 0 < found["size"] < 2**63
        and isinstance(examples, list)
        and len(examples) <= MOST_EXAMPLES
        and all(map(_is_text, examples))
        and _is_vector(found["mean"])
        and isinstance(rivals, list)
        and len(rivals) <= MOST_RIVALS
        and all(_is_vector(rival) and len(rival) == len(found["mean"]) for rival in rivals)
        and _is_number(found["threshold"])
        and isinstance(apart, list)
        and len(apart) <= MOST_PARTS
        and all(_is_text(part) and len(part) <= LONGEST_WORD for part in apart)
    )
    if not right:
        raise QueryError(f"{where}: a value is of the wrong kind, or too large; {step}")
    return NamedSense(
        name=check_name(texts["name"]),
        word=texts["word"],
        match=Match(found["match"]),
        mean=tuple(map(float, found["mean"])),
        rivals=tuple(tuple(map(float, rival)) for rival in rivals),
        threshold=float(found["threshold"]),
        size=found["size"],
        examples=tuple(examples),
        model_id=texts["model_id"],
        space=texts["space"],
        apart=tuple(apart),
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not SURROGATE.search(value)


def _is_vector(value: object) -> bool:
    """Return whether a value is a non-empty list of numbers, as the mean of unit vectors has them."""
    return (
        isinstance(value, list)
        and 0 < len(value) <= LONGEST_VECTOR
        and all(_is_number(number) and abs(number) <= LARGEST_NUMBER for number in value)
    )


def _is_number(value: object) -> bool:
    """Return whether a value is a finite number. An integer of more digits than a float holds is none."""
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < 2**63
    return isinstance(value, float) and math.isfinite(value)


def read_file(path: Path) -> NamedSense:
    """Read a named sense from a file.

    Raises:
        QueryError: The file cannot be read, or is not a named sense.
    """
    step = "name a file that `named-sense export` made"
    try:
        text = read_bounded(path, LARGEST_FILE).decode("utf-8")
    except OSError as error:
        raise QueryError(f"{path} cannot be read ({error.strerror}); {step}") from error
    except UnicodeDecodeError as error:
        raise QueryError(f"{path} is not UTF-8 text; {step}") from error
    return from_json(text, str(path))
