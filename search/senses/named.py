"""Named senses: saved in a collection and as small JSON files, applied as filters and to other collections.

A named sense is the mean of some occurrences of a word, and the means of others that it is told apart from. JSON in and
out is validated to the last number; a file holds no code.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...indexer.collection.records import CollectionSettings
from ...indexer.errors import QueryError
from ...indexer.vectors.arrays import Array, Mask, row_products, unit
from ...indexer.vectors.transforms import Transform
from ..hits import Match

FORMAT = "polyseme prototype"
VERSION = 1
LONGEST_NAME = 100
LARGEST_FILE = 16 * 2**20
"""Bytes of a file that is still read."""
EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class NamedSense:
    """A named sense of a word.

    word, match: whose occurrences it sorts; mean: of the occurrences that it was made from, not scaled, so that its
    product with an occurrence is the mean cosine with them (d,); rivals: means of what it is told apart from;
    threshold: the least cosine with the centre of what belongs to it; size: how many occurrences it was made from;
    examples: some of them, the target in brackets; model_id, space: what its numbers mean.
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

    @property
    def centre(self) -> Array:
        """Unit vector in the direction of the mean.  (d,)"""
        return unit(np.array(self.mean, np.float32))

    @property
    def length(self) -> float:
        """Length of the mean: the mean cosine of its occurrences with the centre."""
        return float(np.linalg.norm(np.array(self.mean)))

    def scores(self, vectors: Array) -> Array:
        """Cosine of unit rows with the centre.  (n, d) -> (n,)"""
        return row_products(vectors, self.centre)

    def holds(self, vectors: Array) -> Mask:
        """Which of some unit rows belong to the sense: near enough, and nearer than to any rival.  (n, d) -> (n,)"""
        own = self.scores(vectors)
        inside: Mask = own >= self.threshold
        for rival in self.rivals:
            inside &= own > row_products(vectors, unit(np.array(rival, np.float32)))
        return inside


def space_of(settings: CollectionSettings, transform: Transform | None) -> str:
    """Digest of what a collection does to a model's token vectors; equal ones make vectors that can be compared."""
    digest = hashlib.sha256(f"{settings.layer}".encode())
    if transform is not None:
        for array in (transform.mean, transform.matrix):
            digest.update(b"" if array is None else np.ascontiguousarray(array, np.float32).tobytes())
    return digest.hexdigest()[:16]


def check_name(name: str) -> str:
    """The name as it is kept; QueryError for one that a filter could not be written with."""
    kept = name.strip()
    if not kept or len(kept) > LONGEST_NAME or not kept.isprintable():
        raise QueryError(f"{name[:40]!r} is no name for a sense; give one of 1 to {LONGEST_NAME} printable characters")
    if kept.startswith("!") or ".." in kept or any(sign in kept for sign in "|=,;[]"):
        raise QueryError(f"{kept!r} cannot be written in a filter; leave out ! | = , ; [ ] and ..")
    return kept


def to_json(named_sense: NamedSense) -> str:
    """The file of a named sense; numbers as they are, so that reading gives the same named sense."""
    head = {"format": FORMAT, "version": VERSION}
    return json.dumps(head | asdict(named_sense), ensure_ascii=False, indent=1) + "\n"


def from_json(text: str, where: str) -> NamedSense:
    """Read what ``to_json`` wrote; QueryError, which names ``where`` it was, for anything else."""
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise QueryError(f"{where} is not JSON ({error}); export the named sense again") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise QueryError(f"{where} is no named sense; make one with `polyseme named-sense export`")
    version = found.get("version")
    if version != VERSION:
        raise QueryError(f"{where} has version {version!r}, this Polyseme reads {VERSION}; upgrade Polyseme")
    names = set(NamedSense.__dataclass_fields__)
    if set(found) - {"format", "version"} != names:
        wrong = sorted((set(found) - {"format", "version"}) ^ names)
        raise QueryError(f"{where}: missing or unknown {', '.join(wrong)}; export the named sense again")
    return _checked(found, where)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no finite number")


def _checked(found: Mapping[str, Any], where: str) -> NamedSense:
    texts = {key: found[key] for key in ("name", "word", "model_id", "space")}
    examples = found["examples"]
    rivals = found["rivals"]
    right = (
        all(isinstance(text, str) and text for text in texts.values())
        and found["match"] in (Match.FORM, Match.LEMMA)
        and isinstance(found["size"], int)
        and not isinstance(found["size"], bool)
        and found["size"] > 0
        and isinstance(examples, list)
        and all(isinstance(text, str) for text in examples)
        and _is_vector(found["mean"])
        and isinstance(rivals, list)
        and all(_is_vector(rival) and len(rival) == len(found["mean"]) for rival in rivals)
        and _is_vector([found["threshold"]])
    )
    if not right:
        raise QueryError(f"{where}: a value is of the wrong kind; export the named sense again")
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
    )


def _is_vector(value: object) -> bool:
    """A list of finite numbers, not empty."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) for x in value)
    )


def read_file(path: Path) -> NamedSense:
    """A named sense from its file; QueryError in one line when it is none."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise QueryError(f"{path} is larger than any named sense; name another file")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"{path} cannot be read ({error}); name a file that `named-sense export` made") from error
    return from_json(text, str(path))


def check_space(named_sense: NamedSense, settings: CollectionSettings, space: str, dim: int, where: str) -> None:
    """QueryError when the named sense's numbers mean nothing in this collection."""
    if named_sense.model_id != settings.model_id:
        raise QueryError(
            f"{where} was made with another model ({named_sense.model_id[:12]}, here {settings.model_id[:12]});"
            " save the sense again in this collection"
        )
    if named_sense.space != space:
        raise QueryError(f"{where} was made from other vectors of the same model; save the sense again here")
    if dim and len(named_sense.mean) != dim:
        raise QueryError(f"{where} has {len(named_sense.mean)} numbers, vectors here have {dim}; export it again")


def make(
    name: str,
    word: str,
    match: Match,
    inside: Array,
    rivals: Sequence[Array],
    threshold: float,
    examples: Sequence[str],
    model_id: str,
    space: str,
) -> NamedSense:
    """A named sense of occurrences (n, d), told apart from groups of others (each (m, d)); all are unit rows."""
    return NamedSense(
        name=check_name(name),
        word=word,
        match=match,
        mean=_mean(inside),
        rivals=tuple(_mean(group) for group in rivals if len(group)),
        threshold=threshold,
        size=len(inside),
        examples=tuple(examples[:EXAMPLES]),
        model_id=model_id,
        space=space,
    )


def _mean(vectors: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in vectors.astype(np.float32).mean(axis=0))
