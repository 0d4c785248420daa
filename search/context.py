"""An open collection with its encoder (`Context`), and what one query sees of it (`View`).

Each question is a function of a view in a file of its own. `Searcher` opens the view and calls the function.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from ..indexer.collection import queries
from ..indexer.collection.collection import Collection
from ..indexer.collection.judgements import Mark
from ..indexer.collection.random_pairs import random_pair_quantiles
from ..indexer.collection.records import CollectionSettings, Layer, SentenceKind
from ..indexer.collection.segment import TOKEN_INDEX
from ..indexer.collection.snapshot import Snapshot
from ..indexer.collection.stored_tokens import StoredTokens
from ..indexer.errors import QueryError
from ..indexer.tagging import Tagging
from ..indexer.text import TextAnalyser, Token, form_of
from ..indexer.vectorise import SentenceModel, SentenceVectors, Vectoriser, computable_kind, sentence_problem
from ..indexer.vectors.arrays import Array, Ids
from .confidence import Calibration, Compared
from .hits import By, HitList, Match, OccurrenceHit, Order, SentenceHit, WordOrder
from .query.encode import Query, QueryEncoder, TargetQuery, read_target_query
from .query.filters import Condition, Where, parse_where, where_texts
from .query.scope import Scope, make_scope
from .query.subcorpora import expanded
from .query.target import check_text
from .retrieval.exact import Rows, index_notice, type_rows, vectors_of
from .retrieval.hydrate import occurrence_hits
from .retrieval.identities import Identities
from .retrieval.ranking import Ranked

if TYPE_CHECKING:
    from ..indexer.elmo import Encoder
    from ..indexer.elmo.lexical_substitution import Expectations

K = 20
"""Default number of hits."""
SAME_WORD = (Match.FORM, Match.LEMMA)
"""Matches whose hits are occurrences of the same word."""
WORD_MATCHES = (*SAME_WORD, Match.ANY)
"""Matches of a search by word in context."""


@dataclass(frozen=True, slots=True)
class View:
    """What one query sees: a snapshot of a collection, narrowed by filters, and the encoder for queries.

    Attributes:
        filters: The filters as text, with those of subcorpora written out.
    """

    context: Context
    scope: Scope
    encode: QueryEncoder
    calibration: Calibration | None
    filters: tuple[str, ...] = ()

    @property
    def collection(self) -> Collection:
        """The collection."""
        return self.context.collection

    @property
    def settings(self) -> CollectionSettings:
        """Settings of the collection."""
        return self.context.collection.settings

    @property
    def sentence_kind(self) -> SentenceKind:
        """Kind of the vectors by which sentences are compared: `default` if no product vectors can be encoded."""
        return computable_kind(self.settings, self.context.encoder, self.context.sentence_model)

    @property
    def analyser(self) -> TextAnalyser:
        """Tokeniser and lemmatiser of the collection's language."""
        return self.context.analyser

    @property
    def snapshot(self) -> Snapshot:
        """The state of the collection that the query reads."""
        return self.scope.snapshot

    def tokens(self, hit: SentenceHit) -> tuple[Token, ...]:
        """Return the tokens of a hit's sentence: those that its document has brought, or those of the analyser."""
        return self.tokens_of(hit.sentence_id, hit.sentence)

    def tokens_of(self, sentence: int, text: str) -> tuple[Token, ...]:
        """Return the tokens of a stored sentence with this text, with their stored lemmas. See `tokens`."""
        tokens = self.cut(sentence, text)
        if not self.settings.tagged_lemmas:
            return tokens
        stored = StoredTokens(self.snapshot.segments.values(), self.collection.words()).of_sentence(sentence)
        if stored is None or len(stored) != len(tokens):
            return tokens
        words = zip(tokens, stored, strict=True)
        return tuple(token._replace(lemma=word.lemma or token.lemma) for token, (_, word) in words)

    def cut(self, sentence: int, text: str) -> tuple[Token, ...]:
        """Return the tokens of a stored sentence with this text. Their lemmas are those of the form alone."""
        return self.analyser.tokens(text, self.collection.given_tokens(sentence))

    def tagged(
        self,
        tokens: Sequence[Token],
        vectors: SentenceVectors | None = None,
        named: Mapping[int, str] | None = None,
    ) -> tuple[Token, ...]:
        """Return the tokens of a query with the lemmas that they have in its sentence, as documents get them.

        Args:
            vectors: Vectors and tags of these tokens. None to encode them if tags are needed.
            named: Parts of speech that the query names, by position.
        """
        tagging = Tagging.of(self.settings, self.context.encoder, self.analyser)
        if tagging is None or tagging.rules is None or not tokens:
            return tuple(tokens)
        tags = (self.encode.elmo(tokens) if vectors is None else vectors).tags
        return tuple(tokens) if tags is None else tagging.tokens(tokens, tags, named)

    def target(self, query: Query) -> TargetQuery:
        """Read a query by word in context. Its tokens have the lemmas of their parts of speech.

        Raises:
            QueryError: There is no target, more than one, or no word in it.
        """
        found = read_target_query(self.analyser, query, self.settings.function_words)
        named = dict.fromkeys(found.encoded, found.pos) if found.pos else {}
        return replace(found, tokens=self.tagged(found.tokens, named=named))

    def unfiltered(self) -> View:
        """Return a view of the same snapshot without filters."""
        return self if self.scope.is_whole else replace(self, scope=Scope(self.snapshot), filters=())

    def types(self, word: str, match: Match) -> list[int]:
        """Return the keys of the types with a given lemma, or with a given form unless match is `lemma`."""
        find = queries.types_of_lemma if match is Match.LEMMA else queries.types_of_form
        return find(self.collection.db, word)

    def types_of_token(self, token: Token, match: Match, any_pos: bool = False) -> list[int]:
        """Return the keys of the types that match a token of a query.

        Args:
            any_pos: With match `lemma`, return the types of every lemma that the form may have: without its part of
                speech, and with those of the collection. If the collection lacks the token's lemma, these are returned
                too.
        """
        if match is not Match.LEMMA:
            return self.types(form_of(token), match)
        types = self.types(token.lemma, match)
        if not self.settings.tagged_lemmas or (types and not any_pos):
            return types
        others = queries.lemmas_of_form(self.collection.db, form_of(token))
        lemmas = {token.lemma, self.analyser.lemma(token.text), *others}
        return sorted({key for lemma in lemmas for key in self.types(lemma, match)})

    def rows(self, types: list[int]) -> list[Rows]:
        """Return the live rows of some types inside the filters, by segment."""
        return type_rows(self.collection, self.scope, types)

    def find_word(self, word: str, match: Match) -> tuple[str, list[Rows]]:
        """Return a word's lemma or form as stored, and its live rows inside the filters, by segment.

        Args:
            word: With match `lemma`, a lemma if the collection has it, else a form that is lemmatised. If the
                collection lacks that lemma too, its own most frequent lemma of the form is used.

        Raises:
            QueryError: The word is too long, or no text.
        """
        value = self.analyser.folding.form(check_text(word).strip())
        types = self.types(value, match)
        if not types and match is Match.LEMMA:
            form, value = value, self.analyser.lemma(word.strip())
            types = self.types(value, match)
            if not types and self.settings.tagged_lemmas:
                value = next(iter(queries.lemmas_of_form(self.collection.db, form)), value)
                types = self.types(value, match)
        return value, self.rows(types)

    def holds(self, word: str, match: Match) -> bool:
        """Return whether a word occurs inside the filters. See `find_word` for `word`."""
        return count_rows(self.find_word(word, match)[1]) > 0

    def require_documents(self) -> None:
        """Refuse filters that no document matches, since nothing can be counted there.

        Raises:
            QueryError: There are no documents inside the filters.
        """
        inside = self.scope.documents
        if inside is not None and not (inside & self.snapshot.live).any():
            raise QueryError(f"no document matches the filter {' and '.join(self.filters)[:100]!r}; widen it")

    def require_word(self, word: str, match: Match) -> tuple[str, list[Rows]]:
        """Return what `find_word` returns, for a word that must occur.

        Raises:
            QueryError: The word does not occur in the collection, or not inside the filters.
        """
        value, rows = self.find_word(word, match)
        if count_rows(rows):
            return value, rows
        self.require_documents()
        if self.unfiltered().holds(word, match):
            raise QueryError(f"{word[:60]!r} does not occur within the filter; widen it")
        raise QueryError(f"{self.collection.path} does not hold {word[:60]!r}; try another form, or `polyseme sense`")

    def vectors(self, ids: Ids) -> Array:
        """Read the stored vectors of occurrences, also of those outside the filters.  (n,) -> (n, d)

        Raises:
            QueryError: An occurrence is no longer in the collection, or a hit has none.
        """
        if not ids.all():
            raise QueryError("some of these hits have no vector, as punctuation has none; leave them out")
        if not len(ids):
            return np.zeros((0, 1), np.float32)
        db = self.collection.db
        if len(queries.live_occurrences(db, ids.tolist())) < len(np.unique(ids)):
            raise QueryError(f"some occurrences are no longer in {self.collection.path}; search again")
        types = sorted(queries.types_of_occurrences(db, ids.tolist()))
        return vectors_of(self.unfiltered().rows(types), ids)

    def hits(
        self,
        best: Ranked,
        match: Match,
        notice: str | None = None,
        candidates: int | None = None,
        mean_length: float | Array | None = None,
    ) -> HitList[OccurrenceHit]:
        """Read the hits for ranked occurrences and add their confidences.

        Args:
            candidates: Number of occurrences that the best were chosen from. None for a list without a verdict.
            mean_length: Length of the mean of several unit vectors, if scores are cosines with that mean: one length
                for all hits, or one for each (n,). None if scores compare two occurrences.
        """
        if match is Match.ANY:
            notice = "; ".join(filter(None, [notice, index_notice(self.scope, TOKEN_INDEX)])) or None
        if self.calibration is None:
            return HitList(occurrence_hits(self.collection, best), match, notice)
        weight = self.settings.word_weight
        # With match `any` the score includes the word's identity, which is 1 for the same word.
        scores = best.scores * (1 + weight) - weight if match is Match.ANY else best.scores
        # The inner product with an unscaled mean is the mean of the cosines with the averaged vectors.
        pairwise = scores if mean_length is None else scores * mean_length
        compared = Compared.PAIR if mean_length is None else Compared.CENTRE
        confidences = self.calibration.confidence(pairwise, compared)
        verdict = None if candidates is None else self.calibration.verdict(pairwise, candidates, confidences)
        return HitList(occurrence_hits(self.collection, best, confidences), match, notice, verdict)

    def count_occurrences(self) -> int:
        """Return the number of occurrences inside the filters, of all words."""
        masks = ((segment, self.scope.token_mask(segment)) for segment in self.snapshot.segments.values())
        return sum(len(segment.tokens) if mask is None else int(mask.sum()) for segment, mask in masks)

    def count_sentences(self) -> int:
        """Return the number of sentences inside the filters."""
        masks = ((segment, self.scope.sentence_mask(segment)) for segment in self.snapshot.segments.values())
        return sum(len(segment.sentence_ids) if mask is None else int(mask.sum()) for segment, mask in masks)


NamedSenseRows = Callable[[View, str], Mapping[int, Ids]]
"""Reader of named senses: a view and a name -> rows of the sense's occurrences, by segment key."""
AnnotatedRows = Callable[[View, Condition], Mapping[int, Ids]]
"""Reader of annotations: a view and a condition -> rows of the lines with such an annotation, by segment key."""


class Context:
    """An open collection with its encoder and the caches that queries share. Threads may share it."""

    def __init__(
        self,
        collection: Collection,
        encoder: Encoder,
        named_sense_rows: NamedSenseRows,
        sentence_model: SentenceModel | None = None,
        annotated_rows: AnnotatedRows | None = None,
    ) -> None:
        self.collection = collection
        self.encoder = encoder
        self.sentence_model = sentence_model
        collection.compare_defaults(self._compares_defaults)
        self._is_noticed = False
        self.analyser = TextAnalyser(collection.settings.language, collection.settings.tokeniser)
        self._named_sense_rows = named_sense_rows
        self._annotated_rows = annotated_rows
        self._encode: QueryEncoder | None = None
        self._calibration: tuple[int, Calibration | None] | None = None
        self.identities = Identities(collection, encoder)

    @contextmanager
    def view(self, where: Where = None) -> Iterator[View]:
        """Open a view of the newest snapshot inside filters. It holds the collection's lock until it is closed."""
        with self.collection.reading() as snapshot:
            if self._encode is None or self._encode.vectoriser.transforms is not snapshot.transforms:
                settings, transforms = self.collection.settings, snapshot.transforms
                vectoriser = Vectoriser.of(settings, self.encoder, transforms, self.sentence_model)
                self._encode = QueryEncoder(vectoriser)
            if self._calibration is None or self._calibration[0] != snapshot.generation:
                quantiles = random_pair_quantiles(self.collection, snapshot)
                self._calibration = snapshot.generation, Calibration(quantiles) if quantiles else None
            view = View(self, Scope(snapshot), self._encode, self._calibration[1])
            if conditions := expanded(self.collection, parse_where(where)):
                rows_of = partial(self._named_sense_rows, view)
                annotated = None if self._annotated_rows is None else partial(self._annotated_rows, view)
                scope = make_scope(self.collection, snapshot, conditions, rows_of, annotated)
                view = replace(view, scope=scope, filters=tuple(where_texts(conditions)))
            yield view

    @functools.cached_property
    def expectations(self) -> Expectations | None:
        """The encoder with its output layer, which predicts words. None if the model has no such layer."""
        from ..indexer.elmo.lexical_substitution import expectations_of

        return expectations_of(self.encoder)

    def _compares_defaults(self, settings: CollectionSettings) -> bool:
        """Return whether sentences are compared by default vectors, since no others can be encoded."""
        return computable_kind(settings, self.encoder, self.sentence_model) is SentenceKind.DEFAULT

    def sentence_notice(self) -> str | None:
        """Return why a search by sentence compares default vectors, with the next step. Only the first call does."""
        if self._is_noticed:
            return None
        self._is_noticed = True
        settings = self.collection.settings
        problem = sentence_problem(self.collection.path, settings, self.encoder, self.sentence_model)
        if problem is None or settings.sentence_vectors is SentenceKind.DEFAULT:
            return problem
        return f"sentences are compared by ELMo's default vectors: {problem}"


def count_rows(rows: list[Rows]) -> int:
    """Return the number of rows in all segments."""
    return sum(len(item.rows) for item in rows)


Choice = TypeVar("Choice", Mark, Match, Layer, By, Order, WordOrder)


def parse_option(kind: type[Choice], value: str, name: str, allowed: Sequence[Choice]) -> Choice:
    """Return the option with a given value.

    Raises:
        QueryError: The value is not allowed. The message lists those that are.
    """
    if value not in allowed:
        raise QueryError(f"{name} is {value!r}; choose one of {', '.join(allowed)}")
    return kind(value)


def check_k(k: int) -> None:
    """Refuse a number of hits below 1.

    Raises:
        QueryError: k is below 1.
    """
    if k < 1:
        raise QueryError(f"k is {k}; ask for at least 1 hit")
