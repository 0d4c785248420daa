"""Search: a snapshot of a collection and its encoder -> hits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from ..indexer.collection.records import Layer
from ..indexer.errors import QueryError
from ..indexer.pipeline import form_of, is_asked_about
from ..indexer.text.analyser import TextAnalyser
from ..indexer.vectorise import raw_vectors
from ..indexer.vectors.arrays import Array, Ids, row_products, unit
from ..indexer.vectors.rows import scan
from .context import K, View, check_k, choice
from .explanation import Explanation, explain
from .hits import HitList, Match, OccurrenceHit, SentenceHit
from .named_sense_reader import NamedSenseReader
from .query.encode import Asked, QueryEncoder, ask
from .query.filters import Where
from .query.scope import Scope
from .query.target import Target
from .retrieval.any_word import nearest_any
from .retrieval.exact import narrowed, nearest_rows, nearest_sentences, type_rows
from .retrieval.hydrate import sentence_hits
from .retrieval.keywords import keyword_ranks
from .retrieval.phrases import PhraseWord, find_spans, span_vectors
from .retrieval.ranking import Ranked, fuse, more_like_vector, ranked

LAYER_CANDIDATES = 200
"""Hits that are encoded again when another layer is asked for."""
HYBRID_CANDIDATES = 200
"""Sentences that each of the two rankings brings to the fusion."""
LONGEST_PHRASE = 32
"""Words of a target: SQLite joins at most 64 tables."""
AnyHit = TypeVar("AnyHit", bound=SentenceHit)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How alike two words in context are: cosine of their sense vectors; confidence: None until calibrated."""

    score: float
    confidence: float | None
    first: str
    second: str


class Searcher(NamedSenseReader):
    """Answers both questions from one collection. Threads may share it; ``with`` closes it."""

    def holds(self, word: str, match: str = Match.LEMMA) -> bool:
        """Return whether the collection holds an occurrence of a word: of a `lemma` or a `form`."""
        wanted = choice(Match, match, "match", [Match.FORM, Match.LEMMA])
        with self._view() as view:
            try:
                self._word_rows(view, word, wanted)
            except QueryError:
                return False
        return True

    def sentences(self, text: str, k: int = K, where: Where = None, hybrid: bool = False) -> HitList[SentenceHit]:
        """The k sentences nearest in meaning to a text.

        hybrid: order by reciprocal rank fusion with the keyword ranks (FTS5, BM25); ``score`` stays the cosine.
        QueryError for a text without a word, or a filter on a field that no document has.
        """
        check_k(k)
        tokens = self.analyser.tokens(text)
        if not any(token.text.strip() for token in tokens):
            raise QueryError("the query is empty; type a sentence")
        with self._view(where) as view:
            vector = view.encode(tokens).sentence
            best = nearest_sentences(view.scope, vector, max(k, HYBRID_CANDIDATES) if hybrid else k)
            if hybrid:
                best = self._fused(view, best, text, vector, k)
            return HitList(sentence_hits(self.collection, best), Match.SENTENCE)

    def _fused(self, view: View, best: Ranked, text: str, vector: Array, k: int) -> Ranked:
        words = keyword_ranks(self.collection, self.analyser, view.scope, text, HYBRID_CANDIDATES)
        ids = fuse([best.ids, words], k)
        return Ranked(ids, self._sentence_scores(view, ids, vector))

    def _sentence_scores(self, view: View, ids: Ids, vector: Array) -> Array:
        scores = np.zeros(len(ids), np.float32)
        for n, key in enumerate(ids.tolist()):
            for segment in view.snapshot.segments.values():
                row = segment.sentence_row(key)
                if row is not None:
                    scores[n] = scan(segment.sentences, vector, np.array([row]))[0]
        return scores

    def occurrences(
        self,
        query: str | tuple[str, int] | Target,
        k: int = K,
        match: str = Match.LEMMA,
        where: Where = None,
        layer: str | None = None,
    ) -> HitList[OccurrenceHit]:
        """The k occurrences nearest in sense to a word in context.

        query: a sentence with the target in brackets, (sentence, position of the token from 0), or a Target. match:
        ``form`` (equal after case folding), ``lemma``, or ``any`` word; a target that the collection does not hold is
        answered with ``any``, which ``match`` and ``notice`` of the list tell. layer: order the first 200 by another
        representation (``sense``, ``0``, ``1``, ``2``, ``elmo``), encoding their sentences again.
        """
        check_k(k)
        wanted = choice(Match, match, "match", [Match.FORM, Match.LEMMA, Match.ANY])
        other = None if layer is None else choice(Layer, layer, "layer", list(Layer))
        with self._view(where) as view:
            asked = ask(self.analyser, query, self.settings.function_words)
            first = k if other is None or other is self.settings.layer else max(k, LAYER_CANDIDATES)
            found = self._find(view, asked, wanted, first)
            if other is not None and other is not self.settings.layer:
                found = self._by_layer(asked, found, other, k)
            return found

    def _find(self, view: View, asked: Asked, match: Match, k: int) -> HitList[OccurrenceHit]:
        if match is Match.ANY:
            return self._find_any(view, asked, k)
        words = self._phrase_words(view, asked, match)
        if words is None:
            found = self._find_any(view, asked, k)
            found.notice = f"{asked.text!r} does not occur in this collection; these are other words in a similar sense"
            if not asked.stored and not self.settings.function_words:
                found.notice = f"function words such as {asked.text!r} are not indexed here; these are other words"
            return found
        if not (asked.is_one_word if match is Match.LEMMA else len(asked.target) == 1):
            found = self._find_phrase(view, asked, words, match, view.encode.sense(asked), k)
            return found or self._instead(view, asked, k)
        best = nearest_rows(words[0].rows, view.encode.sense(asked), k)
        notice = None if len(best.ids) else f"{asked.text!r} does not occur within the filter"
        return self._hits(view, best, match, notice, sum(len(item.rows) for item in words[0].rows))

    def _instead(self, view: View, asked: Asked, k: int) -> HitList[OccurrenceHit]:
        found = self._find_any(view, asked, k)
        found.notice = f"{asked.text!r} does not occur in these documents; these are other words in a similar sense"
        return found

    def _find_any(self, view: View, asked: Asked, k: int) -> HitList[OccurrenceHit]:
        sense, identity = view.encode.sense(asked), view.encode.identity(asked)
        return self._hits(view, nearest_any(self.collection, view.scope, sense, identity, k), Match.ANY)

    def _phrase_words(self, view: View, asked: Asked, match: Match) -> list[PhraseWord] | None:
        """The target's stored words with their live rows inside the filter; None where one is not in the collection."""
        words = []
        for position in asked.stored:
            token = asked.tokens[position]
            value = token.lemma if match is Match.LEMMA else form_of(token)
            types = self._types(match, value)
            every = type_rows(self.collection, Scope(view.snapshot), types)
            if not any(len(item.rows) for item in every):
                return None
            rows = narrowed(view.scope, every)
            words.append(PhraseWord(position - asked.target[0], types, rows))
        return words or None

    def _find_phrase(
        self, view: View, asked: Asked, words: list[PhraseWord], match: Match, vector: Array, k: int
    ) -> HitList[OccurrenceHit]:
        """The places of the same words in a row that are nearest to a unit vector (d,); none where there are none."""
        if len(words) > LONGEST_PHRASE:
            raise QueryError(
                f"the target has {len(words)} words; mark at most {LONGEST_PHRASE}, or use sentence search"
            )
        spans = find_spans(self.collection, self.analyser, asked.words, words, match)
        if not spans:
            return HitList((), match)
        scores = row_products(span_vectors(words, spans), vector)
        first_ids = np.array([span.ids[0] for span in spans], np.int64)
        best = ranked(first_ids, scores.astype(np.float32), k)
        by_id = {span.ids[0]: span for span in spans}
        hits = []
        found = self._hits(view, best, match, None, len(spans))
        for hit in found:
            tokens = self.analyser.tokens(hit.sentence)
            place = by_id[hit.occurrence_id].position
            whole = tokens[place : place + len(asked.target)]
            start, end = whole[0].start, whole[-1].end
            lemma = " ".join(token.lemma for token in whole)
            hits.append(replace(hit, token=hit.sentence[start:end], lemma=lemma, position=place, start=start, end=end))
        return HitList(hits, match, None, found.verdict)

    def _by_layer(self, asked: Asked, found: HitList[OccurrenceHit], layer: Layer, k: int) -> HitList[OccurrenceHit]:
        """The same hits in the order of another representation, of which the collection stores nothing."""
        sentences = [self.analyser.tokens(hit.sentence) for hit in found]
        tokens = [[token.text for token in asked.tokens], *([token.text for token in s] for s in sentences)]
        raw = raw_vectors(self.encoder, layer, tokens)
        target = unit(unit(raw[0].tokens[list(asked.meaning)]).mean(axis=0))  # (d,)
        scores = np.empty(len(found), np.float32)
        for n, hit in enumerate(found):
            inside = list(self._asked_hit(hit).meaning)
            scores[n] = unit(unit(raw[n + 1].tokens[inside]).mean(axis=0)) @ target
        ids = np.array([hit.occurrence_id for hit in found], np.int64)
        by_id = {hit.occurrence_id: hit for hit in found}
        best = ranked(ids, scores, k)
        hits = [
            replace(by_id[key], rank=rank, score=score)
            for rank, (key, score) in enumerate(zip(best.ids.tolist(), best.scores.tolist(), strict=True), start=1)
        ]
        note = f"the {len(found)} nearest by {self.settings.layer}, in the order of layer {layer}"
        return HitList(hits, found.match, "; ".join(filter(None, [found.notice, note])))

    def more_like(
        self,
        positive: Sequence[AnyHit],
        negative: Sequence[AnyHit] = (),
        k: int = K,
        where: Where = None,
        match: str = Match.LEMMA,
    ) -> HitList[AnyHit]:
        """Hits near the positive ones and away from the negative ones (Rocchio), of the same words, or sentences.

        match: of the positive ones' ``lemma``, of their ``form``, or of ``any`` word; sentences have none. Of targets
        of several words the first positive one tells the words.
        """
        check_k(k)
        wanted = choice(Match, match, "match", [Match.FORM, Match.LEMMA, Match.ANY])
        if not positive:
            raise QueryError("nothing is marked +; mark at least one hit that means what you look for")
        with self._view(where) as view:
            vector = self._wanted(positive, negative, view)
            plus = [hit for hit in positive if isinstance(hit, OccurrenceHit)]
            if not plus:
                best = nearest_sentences(view.scope, vector, k)
                return HitList(sentence_hits(self.collection, best), Match.SENTENCE)  # type: ignore[arg-type]
            return self._like(view, plus, wanted, vector, k)  # type: ignore[return-value]

    def _like(
        self, view: View, plus: Sequence[OccurrenceHit], match: Match, vector: Array, k: int
    ) -> HitList[OccurrenceHit]:
        """The occurrences nearest to a unit vector (d,), of the words that were marked or, with ``any``, near them."""
        asked = [self._asked_hit(hit) for hit in plus]
        length = None if len(plus) == 1 else float(np.linalg.norm(self._plus(plus, view).mean(axis=0)))
        if match is Match.ANY:
            identity = unit(np.mean([view.encode.identity(item) for item in asked], axis=0))  # (p,)
            best = nearest_any(self.collection, view.scope, vector, identity, k)
            return self._hits(view, best, match, length=length)
        if len(asked[0].target) > 1:
            words = self._phrase_words(view, asked[0], match)
            return self._find_phrase(view, asked[0], words, match, vector, k) if words else HitList((), match)
        values = {hit.lemma for hit in plus} if match is Match.LEMMA else {form_of(a.words[0]) for a in asked}
        types = [key for value in sorted(values) for key in self._types(match, value)]
        rows = type_rows(self.collection, view.scope, types)
        best = nearest_rows(rows, vector, k)
        return self._hits(view, best, match, None, sum(len(item.rows) for item in rows), length)

    def _wanted(self, positive: Sequence[SentenceHit], negative: Sequence[SentenceHit], view: View) -> Array:
        if len({isinstance(hit, OccurrenceHit) for hit in [*positive, *negative]}) > 1:
            raise QueryError("both sentences and occurrences are marked; mark hits of one kind")
        plus = self._plus(positive, view)
        minus = self._plus(negative, view) if negative else np.zeros((0, plus.shape[1]), np.float32)
        return more_like_vector(plus, minus)

    def _plus(self, hits: Sequence[SentenceHit], view: View) -> Array:
        """Stored unit vectors of hits.  (n, d)"""
        return np.stack([self._stored(hit, view) for hit in hits])

    def compare(self, first: str, second: str) -> Comparison:
        """How alike two words in context are, by this collection's model and transforms."""
        with self._view() as view:
            found = compare(self.analyser, view.encode, first, second)
            if view.calibration is None:
                return found
            return replace(found, confidence=float(view.calibration.confidence([found.score])[0]))

    def explain(self, hit: OccurrenceHit, query: str | tuple[str, int] | Target | None = None) -> Explanation:
        """Which words around a hit make it alike with the query (left out and put in), and the score by layer.

        query: what the hit answered; None: the hit's own sentence (what its vector leans on).
        """
        with self._view() as view:
            own = self._asked_hit(hit)
            asked = own if query is None else ask(self.analyser, query, self.settings.function_words)
            return explain(view.encode, asked, own)

    def _asked_hit(self, hit: OccurrenceHit) -> Asked:
        tokens = self.analyser.tokens(hit.sentence)
        target = tuple(n for n, token in enumerate(tokens) if token.start >= hit.start and token.end <= hit.end)
        stored = tuple(n for n in target if is_asked_about(tokens[n], self.settings.function_words))
        return Asked(hit.sentence, tokens, target, stored)

    def vector(self, hit: SentenceHit) -> Array:
        """The stored unit vector of a hit: of its occurrence (d,), the mean of several words, of its sentence (e,)."""
        with self._view() as view:
            return self._stored(hit, view)

    def _stored(self, hit: SentenceHit, view: View) -> Array:
        if isinstance(hit, OccurrenceHit):
            inside = self.collection.db.execute(
                'SELECT id, type FROM occurrences WHERE sentence = ? AND start >= ? AND "end" <= ? ORDER BY position',
                (hit.sentence_id, hit.start, hit.end),
            ).fetchall()
            found = [self._stored_occurrence(view, key, kind) for key, kind in inside]
            vectors = [vector for vector in found if vector is not None]
            if vectors and len(vectors) == len(found):
                return vectors[0] if len(vectors) == 1 else unit(np.mean(vectors, axis=0))
        else:
            for segment in view.snapshot.segments.values():
                number = segment.sentence_row(hit.sentence_id)
                if number is not None:
                    return np.asarray(segment.sentences[number], np.float32)
        raise QueryError(f"sentence {hit.sentence_id} is no longer in {self.collection.path}; search again")

    def _stored_occurrence(self, view: View, key: int, kind: int) -> Array | None:
        for item in type_rows(self.collection, Scope(view.snapshot), [kind]):
            place = np.flatnonzero(item.ids == key)
            if len(place):
                return np.asarray(item.segment.tokens[item.rows[place[0]]], np.float32)
        return None


def compare(analyser: TextAnalyser, encode: QueryEncoder, first: str, second: str) -> Comparison:
    """How alike two words in context are; both are sentences with one word in brackets."""
    a, b = ask(analyser, first, function_words=True), ask(analyser, second, function_words=True)
    score = float(encode.sense(a) @ encode.sense(b))
    return Comparison(min(1.0, max(-1.0, score)), None, a.text, b.text)
