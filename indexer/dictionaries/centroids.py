"""Make the centroid vector of each sense: from its tagged lines, else its examples, else its definition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..collection.dictionaries import CentroidSource, StoredSense
from ..text import TextAnalyser, Token
from ..vectorise import Vectoriser
from ..vectors.arrays import Array, unit
from .records import DictionarySense
from .tagged import OnProgress, TaggedSenses, batches_of

LONGEST_SENTENCE = 200
"""Maximum number of tokens of an example or a definition that are encoded."""
_MARKED = re.compile(r"\[([^\[\]]+)\]")
_OTHER_KEYS = re.compile(r"(?:[a-z]+-)?(.+)__([1-5])\.(\d\d)\.(\d\d)\.([^.]*)\.(\d*)")
"""Sense ids of Open English WordNet, such as `oewn-bank__1.17.01..`."""


@dataclass(frozen=True, slots=True)
class Centroids:
    """The senses of a dictionary with their centroids.

    Attributes:
        senses: Lemma, folded as a collection's lemmas are, and sense, in the order of the dictionary.
        left_out: Number of senses of expressions of several words.
    """

    senses: tuple[tuple[str, StoredSense], ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class _Text:
    """Tokens to encode, and the position of the headword among them."""

    row: int
    tokens: tuple[str, ...]
    position: int


def make_centroids(
    senses: Iterable[DictionarySense],
    vectoriser: Vectoriser,
    analyser: TextAnalyser,
    tagged: TaggedSenses | None = None,
    on_progress: OnProgress | None = None,
) -> Centroids:
    """Make the centroids of the senses of single words, in a collection's own space.

    A definition is encoded after its headword, as in `bank: sloping land`. The states of the headword then have read
    the definition. The frequency of a sense is the number of its tagged lines, if there are any for its word.
    """
    words: list[tuple[str, DictionarySense]] = []
    left_out = 0
    for sense in senses:
        if _is_single(sense.lemma, analyser):
            words.append((analyser.folding.lemma(sense.lemma), sense))
        else:
            left_out += 1
    texts: list[_Text] = []
    sources = []
    for row, (lemma, sense) in enumerate(words):
        found, source = _texts(row, lemma, sense, analyser, tagged)
        texts += found
        sources.append(source)
    sums, counts = _encoded(texts, len(words), vectoriser, on_progress)
    stored = []
    counted = _words_with_tags(words, tagged)
    for row, (lemma, sense) in enumerate(words):
        key = tagged_key(sense.id, tagged)
        if tagged is not None and sources[row] is CentroidSource.TAGGED:
            vector, size = tagged.sums[key], tagged.counts[key]
        else:
            vector, size = sums[row], int(counts[row])
        frequency = sense.frequency
        if tagged is not None and (lemma, sense.pos) in counted:
            frequency = tagged.counts.get(key, 0)
        stored.append((lemma, _stored(sense, sources[row], size, frequency, vector)))
    return Centroids(tuple(stored), left_out)


def remade(senses: Sequence[tuple[str, StoredSense]], vectoriser: Vectoriser, analyser: TextAnalyser) -> Centroids:
    """Make the centroids of stored senses again, in another space. Those of tagged lines come from other texts."""
    again = (
        DictionarySense(one.id, one.word, one.pos, one.definition, one.examples, one.frequency, one.concept)
        for _, one in senses
    )
    return make_centroids(again, vectoriser, analyser)


def tagged_key(sense: str, tagged: TaggedSenses | None) -> str:
    """Return the id under which a sense has tagged lines. Ids of Open English WordNet become WordNet's sense keys."""
    if tagged is None or sense in tagged.counts:
        return sense
    found = _OTHER_KEYS.fullmatch(sense)
    if found is None:
        return sense
    lemma, kind, file, number, head, head_number = found.groups()
    return f"{lemma.lower()}%{kind}:{file}:{number}:{head}:{head_number}"


def _is_single(lemma: str, analyser: TextAnalyser) -> bool:
    return " " not in lemma and "_" not in lemma and len(analyser.tokens(lemma)) == 1


def _words_with_tags(words: Sequence[tuple[str, DictionarySense]], tagged: TaggedSenses | None) -> set[tuple[str, str]]:
    """Return the words, lemma and part of speech, of which a sense has tagged lines."""
    if tagged is None:
        return set()
    return {(lemma, sense.pos) for lemma, sense in words if tagged_key(sense.id, tagged) in tagged.counts}


def _texts(
    row: int, lemma: str, sense: DictionarySense, analyser: TextAnalyser, tagged: TaggedSenses | None
) -> tuple[list[_Text], CentroidSource]:
    """Return the texts that the centroid of a sense is made from. There are none for tagged lines."""
    if tagged is not None and tagged_key(sense.id, tagged) in tagged.counts:
        return [], CentroidSource.TAGGED
    found = []
    for line in sense.examples:
        text, mark = _unmarked(line)
        tokens = analyser.tokens(text)[:LONGEST_SENTENCE]
        position = _position(tokens, lemma, mark, analyser)
        if position is not None:
            found.append(_Text(row, tuple(token.text for token in tokens), position))
    if found:
        return found, CentroidSource.EXAMPLES
    meaning = sense.definition or _unmarked(sense.examples[0])[0]
    tokens = analyser.tokens(f"{sense.lemma}: {meaning}")[:LONGEST_SENTENCE]
    return [_Text(row, tuple(token.text for token in tokens), 0)], CentroidSource.DEFINITION


def _unmarked(line: str) -> tuple[str, int | None]:
    """Return an example without the brackets around its headword, and the offset of the headword, if there is one."""
    found = _MARKED.findall(line)
    if len(found) != 1:
        return line, None
    return _MARKED.sub(r"\1", line), line.index("[")


def _position(tokens: Sequence[Token], lemma: str, mark: int | None, analyser: TextAnalyser) -> int | None:
    """Return the position of the headword: the marked one, else the first with its lemma or form."""
    if mark is not None:
        return next((n for n, token in enumerate(tokens) if token.start <= mark < token.end), None)
    places = (n for n, token in enumerate(tokens) if token.lemma == lemma or analyser.folding.form(token.text) == lemma)
    return next(places, None)


def _encoded(
    texts: Sequence[_Text], rows: int, vectoriser: Vectoriser, on_progress: OnProgress | None
) -> tuple[list[Array | None], Array]:
    """Return the sum of the headword's vectors of each row, (d,) or None without a text, and their number.  (rows,)"""
    sums: list[Array | None] = [None] * rows
    counts = np.zeros(rows, np.float32)
    order = sorted(range(len(texts)), key=lambda place: (len(texts[place].tokens), place))
    done = 0
    for batch in batches_of(order, [len(texts[place].tokens) for place in order]):
        encoded = vectoriser([texts[place].tokens for place in batch])
        for place, vectors in zip(batch, encoded, strict=True):
            row, vector = texts[place].row, vectors.tokens[texts[place].position]
            before = sums[row]
            sums[row] = vector.copy() if before is None else before + vector
            counts[row] += 1
        done += len(batch)
        if on_progress is not None:
            on_progress(done, len(texts))
    return sums, counts


def _stored(
    sense: DictionarySense, source: CentroidSource, size: int, frequency: int, vector: Array | None
) -> StoredSense:
    if vector is None or not np.linalg.norm(vector) > 0:
        raise ValueError(f"the sense {sense.id!r} has no vector")
    return StoredSense(
        sense.id,
        sense.lemma,
        sense.pos,
        sense.definition,
        sense.examples,
        frequency,
        sense.concept,
        source,
        size,
        unit(vector),
    )
