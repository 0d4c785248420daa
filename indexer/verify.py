"""Verify a collection: read everything back, and encode a sample of sentences again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from .collection.collection import Collection
from .collection.content import sample_types
from .collection.content_repair import repair_rows
from .collection.integrity import stored_positions
from .collection.records import CollectionSettings, SentenceKind, VerifyReport
from .collection.repair import repair_files
from .collection.stored_tokens import StoredTokens
from .tagging import Tagging, sentence_words
from .text import TextAnalyser, Token
from .vectorise import SentenceModel, Vectoriser, computable_kind, sentence_problem, spelled, tag_problem
from .vectors.int8 import Storage

if TYPE_CHECKING:
    from .elmo import Encoder
    from .elmo.tags import Tags
    from .text.lemma_rules import LemmaRules

MIN_COSINE = {Storage.HALF: 0.999, Storage.BYTES: 0.99}
"""Minimum cosine between a stored vector and the vector that its sentence gives when it is encoded again."""

MAX_OTHER_TAGS = 0.01
"""Largest share of tokens whose stored part of speech may differ from a fresh one. Two tags may be equally likely."""


@dataclass(frozen=True, slots=True)
class TagCounts:
    """Number of tokens whose parts of speech were compared, and of those with other ones than are stored."""

    compared: int = 0
    different: int = 0


def verify(
    collection: Collection,
    encoder: Encoder | None = None,
    sample: int = 100,
    repair: bool = False,
    sentence_model: SentenceModel | None = None,
) -> VerifyReport:
    """Compare everything that a collection stores with what was recorded about it.

    `Collection.verify` checks the files and the database. If it finds no problem, a sample of sentences and of types is
    encoded again. Each of their stored vectors must have a cosine of at least `MIN_COSINE` with the new one.

    Args:
        collection: Open it with `is_checked=False`, or a damaged database is refused.
        encoder: The encoder that the collection was built with, or None to encode nothing. With it all texts are cut
            again, without it a sample.
        sample: Maximum number of sentences, and of types, to encode.
        repair: First rebuild damaged FAISS files from the stored vectors, and the keyword index, the table of metadata,
            titles and counters from the documents. Damaged selections are removed.
        sentence_model: Sentence transformer that the collection was built with. Without it, product vectors of the
            kind `external` are not compared.

    Raises:
        CollectionError: Another process is writing (with `repair`).
    """
    rules = None if encoder is None else _lemma_rules(collection.settings, encoder)
    accepted = _repair(collection, rules) if repair else ()
    report = collection.verify(all_text=repair or encoder is not None, rules=rules)
    report = replace(report, notices=(*accepted, *report.notices))
    if encoder is None or report.problems:
        return report
    settings = collection.settings
    # Another version cuts some sentences in another way, and has the encoder read some in another spelling.
    is_same = settings.tokeniser == TextAnalyser(settings.language).name
    if not is_same:
        note = f"no sentence was encoded again: {settings.tokeniser!r} cut them; run `polyseme reencode`"
        report = replace(report, notices=(*report.notices, note))
    has_products = settings.sentence_vectors is not SentenceKind.DEFAULT
    problem = sentence_problem(collection.path, settings, encoder, sentence_model) if has_products else None
    if problem:
        report = replace(report, notices=(*report.notices, f"sentence vectors were not compared: {problem}"))
    if settings.has_stream and (problem := tag_problem(collection.path, settings, encoder)):
        report = replace(report, notices=(*report.notices, f"parts of speech were not compared: {problem}"))
    with collection.reading():
        cosines, tags = _encode_again(collection, encoder, sample, sentence_model) if is_same else ([], TagCounts())
        words = _encode_types_again(collection, encoder, sample)
    problems = tuple(
        f"sentence {sentence}: stored and fresh vectors differ (cosine {cosine:.4f}); run `polyseme reencode`"
        for sentence, cosine, is_right in cosines
        if not is_right
    )
    problems += tuple(
        f"type {form!r}: stored and fresh vectors differ (cosine {cosine:.4f}); run `polyseme reencode`"
        for form, cosine in words
        if not cosine >= MIN_COSINE[Storage.HALF]
    )
    if tags.different > MAX_OTHER_TAGS * tags.compared:
        problems += (
            f"{tags.different} of {tags.compared} parts of speech differ from fresh ones; run `polyseme reencode`",
        )
    lowest = min((cosine for _, cosine, _ in cosines), default=None)
    return replace(report, sentences_encoded=len(cosines), lowest_cosine=lowest, problems=problems)


def _lemma_rules(settings: CollectionSettings, encoder: Encoder) -> LemmaRules | None:
    """Return the rules that a collection's lemmas follow. None if they follow none, or the encoder has others."""
    is_same = settings.tagged_lemmas and settings.tagger_id == encoder.tagger_id
    return encoder.lemma_rules if is_same else None


def _repair(collection: Collection, rules: LemmaRules | None) -> tuple[str, ...]:
    """Rebuild what can be rebuilt. If nothing else is wrong, the database gets new checksums.

    Returns:
        A line that says so if its old checksums did not fit.
    """
    before = collection.check_database()
    with collection.writing() as writer:
        repair_files(writer)
        report = collection.verify(all_text=True, rules=rules)
        if report.repairs:
            repair_rows(writer, set(report.repairs))
            report = collection.verify(all_text=True, rules=rules)
        if report.problems:
            return ()
        writer.sums.forget()
    return (f"{before.problem}; all that can be checked is right, so it has new checksums",) if before.problem else ()


def _encode_types_again(collection: Collection, encoder: Encoder, sample: int) -> list[tuple[str, float]]:
    """Return (form, cosine of its stored vector with a fresh one) for a sample of types, evenly over their ids."""
    with collection.reading() as snapshot:
        rows = sample_types(collection.db, sample)
        vectoriser = Vectoriser(encoder, collection.settings.layer, snapshot.transforms)
        fresh = vectoriser.words([form for form, _ in rows])  # (n, p)
        stored = [np.frombuffer(vector, np.float16).astype(np.float32) for _, vector in rows]
        return [(form, float(one @ two)) for (form, _), one, two in zip(rows, stored, fresh, strict=True)]


def _encode_again(
    collection: Collection, encoder: Encoder, sample: int, sentence_model: SentenceModel | None
) -> tuple[list[tuple[int, float, bool]], TagCounts]:
    """Encode a fixed random sample of live sentences again.

    Returns:
        For each sentence its id, the lowest cosine of its stored vectors with fresh ones, and whether each is high
        enough for its storage. Beside it the tokens whose parts of speech were compared.
    """
    settings = collection.settings
    has_products = settings.sentence_vectors is not SentenceKind.DEFAULT
    is_comparable = computable_kind(settings, encoder, sentence_model) is settings.sentence_vectors
    limits = MIN_COSINE[Storage.BYTES if has_products else Storage.HALF], MIN_COSINE[settings.storage]
    with collection.reading() as snapshot:
        segments = list(snapshot.segments.values())
        live = [np.flatnonzero(snapshot.live[segment.sentence_documents]) for segment in segments]
        ends = np.cumsum([len(rows) for rows in live])
        total = int(ends[-1]) if len(ends) else 0
        places = random.Random(0).sample(range(total), min(sample, total))
        inside = np.searchsorted(ends, places, side="right").tolist()
        chosen = [(segments[n], int(live[n][place - int(ends[n])])) for n, place in zip(inside, places, strict=True)]
        analyser = TextAnalyser(settings.language, settings.tokeniser)
        vectoriser = Vectoriser.of(settings, encoder, snapshot.transforms, sentence_model)
        keys = [int(segment.sentence_ids[row]) for segment, row in chosen]
        tokens = [analyser.tokens(collection.sentence_text(key), collection.given_tokens(key)) for key in keys]
        words = [[token.text for token in sentence] for sentence in tokens]
        fresh = vectoriser(words, [spelled(sentence) for sentence in tokens])
        found = []
        for (segment, row), vectors in zip(chosen, fresh, strict=True):
            key = int(segment.sentence_ids[row])
            own = [float(np.asarray(segment.defaults[row], np.float32) @ vectors.default)]
            if has_products and is_comparable:
                own.append(float(np.asarray(segment.products[row], np.float32) @ vectors.sentence))
            cosines = [1.0]
            for place, position in stored_positions(collection.db, segment, key):
                stored = np.asarray(segment.tokens[place], np.float32)
                is_there = position < len(vectors.tokens)
                cosines.append(float(stored @ vectors.tokens[position]) if is_there else -1.0)
            is_right = min(own) >= limits[0] and min(cosines) >= limits[1]
            found.append((key, min(*own, *cosines), is_right))
        tagging = Tagging.of(settings, encoder, analyser)
        return found, _compare_tags(collection, tagging, keys, tokens, [vectors.tags for vectors in fresh])


def _compare_tags(
    collection: Collection,
    tagging: Tagging | None,
    keys: Sequence[int],
    sentences: Sequence[Sequence[Token]],
    tags: Sequence[Tags | None],
) -> TagCounts:
    """Compare the stored parts of speech and lemmas of sentences with fresh ones.

    Args:
        keys: `sentences.id` of each sentence.
    """
    if tagging is None:
        return TagCounts()
    with collection.reading() as snapshot:
        stored = StoredTokens(snapshot.segments.values(), collection.words())
        different = compared = 0
        for key, tokens, fresh in zip(keys, sentences, tags, strict=True):
            expected = sentence_words(tokens, fresh, tagging)
            found = [word for _, word in stored.of_sentence(key) or []]
            compared += len(expected)
            different += sum(one != two for one, two in zip(found, expected, strict=False))
            different += abs(len(found) - len(expected))
        return TagCounts(compared, different)
