"""All-words disambiguation as `polyseme senses --dictionary` does it: WordNet's senses, with centroids of SemCor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ....indexer.collection.dictionaries import StoredSense
from ....indexer.collection.records import Layer
from ....indexer.dictionaries.centroids import EncodedSense, encode_senses, with_tags
from ....indexer.dictionaries.read import read_dictionary
from ....indexer.dictionaries.tagged import TaggedSenses
from ....indexer.text import TextAnalyser
from ....indexer.vectorise import Vectoriser
from ....indexer.vectors.arrays import Array, Ids, unit
from ...senses.disambiguation import sense_shares
from ..datasets.wsd import Instance, Word, word_of

if TYPE_CHECKING:
    from ....indexer.elmo import Encoder


def encode_wordnet(encoder: Encoder, folder: Path, words: set[Word]) -> list[EncodedSense]:
    """Encode the examples and definitions of WordNet's senses of some words, with a model that has a sense space.

    Raises:
        DocumentError: The folder does not have WordNet's files.
    """
    senses = (sense for sense in read_dictionary(folder) if word_of(sense.id) in words)
    return encode_senses(senses, Vectoriser(encoder, Layer.SENSE, {}), TextAnalyser("en"))[0]


def senses_by_word(
    encoded: Sequence[EncodedSense], lines: Iterable[tuple[Sequence[str], Array]]
) -> dict[Word, list[StoredSense]]:
    """Return the senses of each word with the centroids of tagged lines.

    The frequency of a sense is the number of its lines. WordNet's own counts come from SemCor too, and would tell the
    answers of a fold.

    Args:
        lines: Sense keys and unit vector (d,) of each tagged line.
    """
    tagged = TaggedSenses()
    for keys, vector in lines:
        for key in keys:
            tagged.add(key, vector)
    found: dict[Word, list[StoredSense]] = defaultdict(list)
    for _, sense in with_tags(encoded, tagged):
        found[word_of(sense.id)].append(replace(sense, frequency=tagged.counts.get(sense.id, 0)))
    return dict(found)


def answers_by_dictionary(
    encoded: Sequence[EncodedSense],
    training: Sequence[Instance],
    asked: Sequence[Instance],
    rounds: Iterable[tuple[Ids, Ids]],
    learned: Array,
    vectors: Array,
) -> list[str | None]:
    """Return for each instance its most probable sense, or None if the dictionary does not have its word.

    A word is a lemma with its gold part of speech, so only senses of that part compete. In a collection the tagger's
    part of speech takes its place.

    Args:
        rounds: Rows of the training instances and of the instances to disambiguate, in each round.
        learned: Vectors of the training instances.  (n, d)
        vectors: Vectors of the instances to disambiguate.  (m, d)
    """
    answers: list[str | None] = [None] * len(asked)
    known = {word_of(one.sense.id) for one in encoded}
    lines, questions = unit(learned), unit(vectors)
    for learned_rows, asked_rows in rounds:
        used = [row for row in learned_rows.tolist() if training[row].word in known]
        senses = senses_by_word(encoded, ((training[row].senses, lines[row]) for row in used))
        rows_of: dict[Word, list[int]] = defaultdict(list)
        for row in asked_rows.tolist():
            rows_of[asked[row].word].append(row)
        for word, rows in rows_of.items():
            if word in senses:
                best = sense_shares(questions[rows], senses[word]).argmax(axis=1)
                for row, place in zip(rows, best.tolist(), strict=True):
                    answers[row] = senses[word][place].id
    return answers
