"""Named senses: save a sense under a name, filter by it, find its occurrences, take it to another collection.

A named sense is the mean of some occurrences of a word. It also keeps the means of its rivals, which are other groups
of occurrences that it is distinguished from. The table `prototypes` of a collection stores it as JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...indexer.collection.collection import Collection
from ...indexer.errors import QueryError
from ...indexer.files import write_anywhere
from ...indexer.text import form_of
from ...indexer.vectorise import space_of as space_digest
from ...indexer.vectors.arrays import Array, unit
from ..confidence import Compared
from ..context import WORD_MATCHES, View, check_k, parse_option
from ..hits import HitList, Match, OccurrenceHit
from ..query.encode import read_target_query
from ..query.parts_of_speech import alike, parts_of_rows
from ..query.target import write_query
from ..retrieval.any_word import nearest_any
from ..retrieval.exact import Rows, nearest_rows, rows_vectors
from .branches import parts_apart
from .inventory import SenseInventory
from .members import check_number, live_members
from .named_sense_file import LONGEST_NAME, NamedSense, check_name, from_json, read_file, to_json

EXAMPLES = 5
"""Maximum number of example sentences that a named sense keeps."""
SLACK = 1e-4
"""Subtracted from the lowest score of a sense's own occurrences, so that rounding cannot exclude one of them."""


_NAMES_SHOWN = 10


def stored_named_senses(collection: Collection) -> tuple[NamedSense, ...]:
    """Read all named senses of a collection, in the order of their names."""
    return tuple(_stored(collection, name, text) for name, text in collection.named_senses().items())


def _stored(collection: Collection, name: str, text: str) -> NamedSense:
    """Decode a named sense of a collection, which is as little trusted as a file.

    Raises:
        QueryError: It is damaged, or has another name inside.
    """
    where, step = f"the sense {name[:LONGEST_NAME]!r} of {collection.path}", "remove it and save it again"
    found = from_json(text, where, step)
    if found.name != name:
        raise QueryError(f"{where} has another name inside; {step}")
    return found


def read_named_sense(view: View, name: str) -> NamedSense:
    """Read a named sense.

    Raises:
        QueryError: No named sense has that name, or its vectors cannot be compared with the collection's.
    """
    path, stored = view.collection.path, view.collection.named_senses()
    if name not in stored:
        known = ", ".join([*stored][:_NAMES_SHOWN]) or "none yet; save one with `polyseme named-sense save`"
        raise QueryError(f"{path} has no sense named {name[:LONGEST_NAME]!r}; there are: {known}")
    found = _stored(view.collection, name, stored[name])
    check_space(view, found, f"the sense {name!r}")
    return found


def own_rows(view: View, named_sense: NamedSense, match: Match) -> list[Rows]:
    """Return the rows of the sense's word, inside the filters, that belong to the sense."""
    out = []
    for item in view.rows(_own_types(view, named_sense, match)):
        parts: list[str] = []
        if named_sense.apart and view.settings.has_stream:
            order = np.argsort(item.ids)
            by_id = parts_of_rows(view.collection, {item.segment: item.rows})  # in the order of the ids
            parts = [by_id[place] for place in np.argsort(order).tolist()]
        vectors = np.asarray(item.segment.tokens[item.rows], np.float32)
        out.append(Rows(item.segment, item.rows[named_sense.holds(vectors, parts)]))
    return out


def _own_types(view: View, named_sense: NamedSense, match: Match) -> list[int]:
    """Return the types of the sense's word. A sense of a collection with another folding has its word in its examples.

    So "strasse" of an older collection is found as "straße".
    """
    types = view.types(named_sense.word, match)
    if types or not named_sense.examples:
        return types
    try:
        tokens = read_target_query(view.analyser, named_sense.examples[0], function_words=True).target_tokens
    except QueryError:  # the file of a stranger may have other brackets
        return types
    words = [token.lemma if match is Match.LEMMA else form_of(token) for token in tokens]
    is_same = len(words) == 1 and words[0].casefold() == named_sense.word.casefold()
    return view.types(words[0], match) if is_same else types


def find_named_sense(view: View, name: str, k: int, match: str | None) -> HitList[OccurrenceHit]:
    """Find the occurrences of a named sense. See `Searcher.apply_named_sense`."""
    check_k(k)
    found = read_named_sense(view, name)
    wanted = found.match if match is None else parse_option(Match, match, "match", WORD_MATCHES)
    if wanted is Match.ANY:
        identity = view.encode.vectoriser.words([found.word])[0]  # (p,)
        best = nearest_any(view.collection, view.scope, found.centre, identity, k)
        return view.hits(best, wanted, mean_length=found.length)
    best = nearest_rows(own_rows(view, found, wanted), found.centre, k)
    notice = None if len(best.ids) else f"no occurrence of {found.word!r} here belongs to {name!r}"
    return view.hits(best, wanted, notice, mean_length=found.length)


def make_named_sense(
    view: View,
    name: str,
    inventory: SenseInventory | None,
    sense: int | None,
    positive: Sequence[OccurrenceHit],
    negative: Sequence[OccurrenceHit],
    any_pos: bool = False,
) -> NamedSense:
    """Make a named sense of an induced sense or of marked hits. See `Searcher.save_named_sense`."""
    if (inventory is None) is (not positive) or (inventory is None) is not (sense is None):
        raise QueryError("give a sense of an inventory, or at least one hit that is marked +")
    if inventory is not None and sense is not None:
        if any_pos:
            raise QueryError("a sense of an inventory has its parts of speech; any_pos is for hits that are marked +")
        return _from_inventory(view, name, inventory, sense)
    return _from_hits(view, name, positive, negative, any_pos)


def _from_inventory(view: View, name: str, inventory: SenseInventory, number: int) -> NamedSense:
    check_number(inventory, number)
    members = live_members(view, inventory)
    inside = members.vectors[members.numbers == number]  # (n, d)
    if not len(inside):
        raise QueryError(f"sense {number} of {inventory.word!r} has no occurrence left; look up its senses again")
    chosen = inventory.senses[number - 1]
    own = alike(chosen.pos)
    # Senses of other parts of speech are no rivals, because none of their occurrences can have this sense.
    others = [sense.number for sense in inventory.senses if sense.number != number and sense.pos in own]
    apart = sorted({part for sense in inventory.senses if sense.pos not in own for part in alike(sense.pos)})
    rivals = [members.vectors[members.numbers == other] for other in others]
    word, match, least = inventory.word, inventory.match, lowest_score(inside)
    return replace(_named_sense(view, name, word, match, inside, rivals, least, chosen.central), apart=tuple(apart))


def _from_hits(
    view: View, name: str, positive: Sequence[OccurrenceHit], negative: Sequence[OccurrenceHit], any_pos: bool
) -> NamedSense:
    words = sorted({hit.lemma for hit in positive})
    if len(words) > 1:
        raise QueryError(f"the hits marked + are of several words ({', '.join(words)}); mark hits of one")
    if not view.types(words[0], Match.LEMMA):
        raise QueryError(f"{words[0]!r} is more than one word; mark hits of a single word")
    ids = [hit.occurrence_id for hit in positive]
    inside = view.vectors(np.array(ids, np.int64))
    outside = view.vectors(np.array([hit.occurrence_id for hit in negative], np.int64))
    made = _named_sense(view, name, words[0], Match.LEMMA, inside, [outside], _threshold(view, inside), positive)
    return made if any_pos else replace(made, apart=_parts_apart(view, words[0], ids))


def _parts_apart(view: View, word: str, lines: Sequence[int]) -> tuple[str, ...]:
    """Return the parts of speech of a lemma's other branches: those that have none of the marked lines.

    *Charge* the noun and *charge* the verb have no sense in common. A line that is marked belongs to the sense, so a
    sense of nouns and verbs has both.
    """
    rows = view.unfiltered().rows(view.types(word, Match.LEMMA))
    if not view.settings.has_stream or not rows:
        return ()
    parts = parts_of_rows(view.collection, {item.segment: item.rows for item in rows})
    if len({min(alike(part)) for part in parts if part}) < 2:
        return ()
    ids, vectors = rows_vectors(rows)
    return parts_apart(vectors, parts, np.isin(ids, np.array(lines, np.int64)))


def marked_sense(
    view: View, name: str, word: str, lines: Sequence[int], rivals: Sequence[Sequence[int]] = ()
) -> NamedSense:
    """Make a sense of judged lines of a lemma, without storing it.

    Args:
        lines: Ids of the occurrences that have the sense, at least one.
        rivals: Ids of the occurrences of each other sense.
    """
    inside, *outside = (view.vectors(np.array(ids, np.int64)) for ids in (lines, *rivals))
    made = _named_sense(view, name, word, Match.LEMMA, inside, outside, _threshold(view, inside), ())
    return replace(made, apart=_parts_apart(view, word, lines))


def _threshold(view: View, inside: Array) -> float:
    """Return the minimum cosine with the centre of marked lines (n, d) that another line of the sense must have."""
    if view.calibration is None:
        return 0.0
    compared = Compared.PAIR if len(inside) == 1 else Compared.CENTRE
    length = max(float(np.linalg.norm(inside.mean(axis=0))), 1e-6)
    # Hits marked + belong to the sense, however dissimilar they are.
    return min(lowest_score(inside), view.calibration.even_score(compared) / length)


def lowest_score(vectors: Array) -> float:
    """Return the lowest cosine of unit rows (n, d) with their centre, less `SLACK`."""
    return float((vectors @ unit(vectors.mean(axis=0))).min()) - SLACK


def _named_sense(
    view: View,
    name: str,
    word: str,
    match: Match,
    inside: Array,
    rivals: Sequence[Array],
    threshold: float,
    examples: Sequence[OccurrenceHit],
) -> NamedSense:
    """Make a named sense of occurrences (n, d), distinguished from rivals (each (m, d)). All are unit rows."""
    return NamedSense(
        name=check_name(name),
        word=word,
        match=match,
        mean=_mean(inside),
        rivals=tuple(_mean(group) for group in rivals if len(group)),
        threshold=threshold,
        size=len(inside),
        examples=tuple(write_query(hit.sentence, hit.start, hit.end) for hit in examples[:EXAMPLES]),
        model_id=view.settings.model_id,
        space=space_of(view),
    )


def _mean(vectors: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in vectors.astype(np.float32).mean(axis=0))


def store_named_sense(collection: Collection, named_sense: NamedSense, replace: bool, author: str) -> None:
    """Store a named sense in a collection. The author can undo that.

    Raises:
        QueryError: Its name is taken and `replace` is false.
    """
    if not replace and named_sense.name in collection.named_senses():
        raise QueryError(f"there is a sense named {named_sense.name!r} already; choose another name, or replace it")
    with collection.writing() as writer:
        writer.set_named_sense(named_sense.name, to_json(named_sense), author)


def remove_named_sense(collection: Collection, name: str, author: str) -> None:
    """Remove a named sense from a collection. The author can undo that.

    Raises:
        QueryError: No named sense has that name.
    """
    with collection.writing() as writer:
        if not writer.remove_named_sense(name, author):
            raise QueryError(f"{collection.path} has no sense named {name!r}; list them first")


def write_named_sense(view: View, name: str, path: Path) -> None:
    """Write a named sense to a JSON file.

    Raises:
        QueryError: No named sense has that name, or the file cannot be written.
    """
    found = read_named_sense(view, name)
    content = to_json(found).encode()
    try:
        write_anywhere(path, content)
    except OSError as error:
        raise QueryError(f"{path} cannot be written ({error.strerror}); name another file") from error


def load_named_sense(view: View, path: Path) -> NamedSense:
    """Read a named sense from a JSON file.

    Raises:
        QueryError: The file is damaged, or its vectors cannot be compared with the collection's.
    """
    found = read_file(path)
    check_space(view, found, str(path))
    return found


def space_of(view: View) -> str:
    """Return a digest of the collection's layer and token transform. The vectors of equal spaces can be compared."""
    return space_digest(view.settings.layer, view.snapshot.transforms)


def check_space(view: View, named_sense: NamedSense, where: str) -> None:
    """Refuse a named sense whose vectors cannot be compared with the collection's.

    Args:
        where: Name of its source, for error messages.

    Raises:
        QueryError: Model, layer, transform or dimension differ.
    """
    model_id = view.settings.model_id
    if named_sense.model_id != model_id:
        raise QueryError(
            f"{where} was made with another model ({named_sense.model_id[:12]}, here {model_id[:12]});"
            " save the sense again in this collection"
        )
    if named_sense.space != space_of(view):
        raise QueryError(f"{where} was made from other vectors of the same model; save the sense again here")
    dim = next((segment.tokens.shape[1] for segment in view.snapshot.segments.values()), 0)
    if dim and len(named_sense.mean) != dim:
        raise QueryError(f"{where} has {len(named_sense.mean)} numbers, vectors here have {dim}; export it again")
