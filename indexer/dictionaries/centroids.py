"""Make the centroid of each sense: from tagged lines, examples and the definition, as far as they exist."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
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
DEFINITION = 0.5
"""Weight of a definition beside tagged lines and examples, which have 1 each (docs/results/dictionary.md)."""
_MARKED = re.compile(r"\[([^\[\]]+)\]")
_OTHER_KEYS = re.compile(r"(.+)__([1-5])\.(\d\d)\.(\d\d)\.([^.]*)\.(\d*)")
"""Sense ids of Open English WordNet, such as `oewn-bank__1.17.01..`."""
_LEXICON = re.compile(r"[a-z]+-")
"""The name of the lexicon before the headword of such an id."""
_SIGNS = {"ap": "'", "ex": "!", "cm": ",", "cn": ":", "pl": "+", "sl": "/", "sp": "_"}
"""Names of signs in ids up to the edition of 2024, between hyphens."""
_NEWER_SIGNS = {"apos": "'", "excl": "!", "comma": ",", "colon": ":", "plus": "+", "sol": "/", "sp": "_", "": "-"}
"""Names of signs in ids from the edition of 2025 on. Two hyphens are a hyphen."""


@dataclass(frozen=True, slots=True)
class Centroids:
    """The senses of a dictionary with their centroids.

    Attributes:
        senses: Lemma, folded as a collection's lemmas are, and sense, in the order of the dictionary.
        left_out: Number of senses of expressions of several words, or without a vector.
        absent: Number of senses of words that were not wanted.
    """

    senses: tuple[tuple[str, StoredSense], ...]
    left_out: int
    absent: int


@dataclass(frozen=True, slots=True)
class _Text:
    """Tokens to encode, the position of the headword among them, and the weight of its vector in the sum."""

    row: int
    tokens: tuple[str, ...]
    position: int
    weight: float


@dataclass(frozen=True, slots=True)
class EncodedSense:
    """A sense of a single word with the vectors of its texts.

    Attributes:
        lemma: The headword, folded as a collection's lemmas are.
        total: Weighted sum of the unit vectors of its examples and its definition (d,). None without a text.
        examples: Number of its examples that hold the headword.
    """

    lemma: str
    sense: DictionarySense
    total: Array | None
    examples: int


def make_centroids(
    senses: Iterable[DictionarySense],
    vectoriser: Vectoriser,
    analyser: TextAnalyser,
    tagged: TaggedSenses | None = None,
    on_progress: OnProgress | None = None,
    words: Container[str] | None = None,
) -> Centroids:
    """Make the centroids of the senses of single words, in a collection's own space.

    The frequency of a sense is the number of its tagged lines, if there are any for its word.

    Args:
        words: Folded headwords whose senses are wanted. None for all.
    """
    kept, absent = [], 0
    for sense in senses:
        if words is None or analyser.folding.lemma(sense.lemma) in words or not _is_single(sense.lemma, analyser):
            kept.append(sense)
        else:
            absent += 1
    encoded, left_out = encode_senses(kept, vectoriser, analyser, on_progress)
    made = with_tags(encoded, tagged)
    return Centroids(tuple(made), left_out + len(encoded) - len(made), absent)


def encode_senses(
    senses: Iterable[DictionarySense],
    vectoriser: Vectoriser,
    analyser: TextAnalyser,
    on_progress: OnProgress | None = None,
) -> tuple[list[EncodedSense], int]:
    """Encode the examples and definitions of the senses of single words. Also return the number of other senses.

    A definition is encoded after its headword, as in `bank: sloping land`. The states of the headword then have read
    the definition.
    """
    words: list[tuple[str, DictionarySense]] = []
    left_out = 0
    for sense in senses:
        if _is_single(sense.lemma, analyser):
            words.append((analyser.folding.lemma(sense.lemma), sense))
        else:
            left_out += 1
    texts = [text for row, (lemma, sense) in enumerate(words) for text in _texts(row, lemma, sense, analyser)]
    sums = _encoded(texts, len(words), vectoriser, on_progress)
    examples = Counter(text.row for text in texts if text.weight == 1.0)
    return [EncodedSense(*word, sums[row], examples[row]) for row, word in enumerate(words)], left_out


def with_tags(encoded: Sequence[EncodedSense], tagged: TaggedSenses | None) -> list[tuple[str, StoredSense]]:
    """Return each sense with its lemma and its centroid: the mean of its texts and its tagged lines.

    A sense without a vector is left out, as a model may have none for rare signs.
    """
    known = tagged or TaggedSenses()
    counted = {(one.lemma, one.sense.pos) for one in encoded if tagged_key(one.sense.id, known) in known.counts}
    found = []
    for one in encoded:
        key = tagged_key(one.sense.id, known)
        total, size = one.total, one.examples or 1
        source = CentroidSource.EXAMPLES if one.examples else CentroidSource.DEFINITION
        if key in known.counts:
            total, size = known.sums[key] if total is None else total + known.sums[key], known.counts[key]
            source = CentroidSource.TAGGED
        is_counted = (one.lemma, one.sense.pos) in counted
        frequency = known.counts.get(key, 0) if is_counted else one.sense.frequency
        if total is not None and np.linalg.norm(total) > 0:
            found.append((one.lemma, _stored(one.sense, source, size, frequency, total)))
    return found


def remade(senses: Sequence[tuple[str, StoredSense]], vectoriser: Vectoriser, analyser: TextAnalyser) -> Centroids:
    """Make the centroids of stored senses again, in another space. Those of tagged lines come from other texts."""
    again = (
        DictionarySense(one.id, one.word, one.pos, one.definition, one.examples, one.frequency, one.concept)
        for _, one in senses
    )
    return make_centroids(again, vectoriser, analyser)


def tagged_key(sense: str, tagged: TaggedSenses) -> str:
    """Return the id under which a sense has tagged lines. Ids of Open English WordNet become WordNet's sense keys."""
    return next((key for key in _keys(sense) if key in tagged.counts), sense)


def _keys(sense: str) -> Iterator[str]:
    """Yield a sense id, and the sense keys that it may be written for, in the spellings of all editions."""
    yield sense
    found = _OTHER_KEYS.fullmatch(sense)
    if found is None:
        return
    written, kind, file, number, head, head_number = found.groups()
    for lemma in dict.fromkeys([_LEXICON.sub("", written, count=1) if _LEXICON.match(written) else written, written]):
        for signs in (_SIGNS, _NEWER_SIGNS):
            name, other = (_spelled(text, signs).lower() for text in (lemma, head))
            yield f"{name}%{kind}:{file}:{number}:{other}:{head_number}"


def _spelled(text: str, signs: Mapping[str, str]) -> str:
    """Return a part of an id with signs for their names: `o-ap-clock` gives *o'clock*."""
    return re.sub(f"-({'|'.join(signs)})-", lambda found: signs[found[1]], text)


def _is_single(lemma: str, analyser: TextAnalyser) -> bool:
    return " " not in lemma and "_" not in lemma and len(analyser.tokens(lemma)) == 1


def _texts(row: int, lemma: str, sense: DictionarySense, analyser: TextAnalyser) -> list[_Text]:
    """Return the texts that the centroid of a sense is made from, beside tagged lines."""
    found = []
    for line in sense.examples:
        text, mark = _unmarked(line)
        tokens = analyser.tokens(text)[:LONGEST_SENTENCE]
        position = _position(tokens, lemma, mark, analyser)
        if position is not None:
            found.append(_Text(row, tuple(token.text for token in tokens), position, 1.0))
    meaning = sense.definition or ("" if found else _unmarked(sense.examples[0])[0])
    if meaning:
        tokens = analyser.tokens(f"{sense.lemma}: {meaning}")[:LONGEST_SENTENCE]
        found.append(_Text(row, tuple(token.text for token in tokens), 0, DEFINITION))
    return found


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
) -> list[Array | None]:
    """Return the weighted sum of the headword's vectors of each row, (d,) or None without a text."""
    sums: list[Array | None] = [None] * rows
    order = sorted(range(len(texts)), key=lambda place: (len(texts[place].tokens), place))
    done = 0
    for batch in batches_of(order, [len(texts[place].tokens) for place in order]):
        encoded = vectoriser([texts[place].tokens for place in batch])
        for place, vectors in zip(batch, encoded, strict=True):
            text = texts[place]
            vector, before = text.weight * vectors.tokens[text.position], sums[text.row]
            sums[text.row] = vector if before is None else before + vector
        done += len(batch)
        if on_progress is not None:
            on_progress(done, len(texts))
    return sums


def _stored(sense: DictionarySense, source: CentroidSource, size: int, frequency: int, vector: Array) -> StoredSense:
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
