"""The facade of search: it opens a view of a collection for each question and calls the function that answers it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from collections.abc import Collection as Container
from collections.abc import Set as AbstractSet
from dataclasses import replace as replaced
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, overload

from ..indexer.collection.collection import Collection
from ..indexer.collection.dictionaries import StoredDictionary
from ..indexer.collection.judgements import (
    Event,
    Field,
    JudgedLine,
    JudgedSense,
    log_length,
    read_events,
    sense_ratings,
)
from ..indexer.collection.queries import lemma_frequencies
from ..indexer.collection.records import CollectionSettings
from ..indexer.errors import QueryError
from ..indexer.sentence_models.named import fitting_sentence_model
from ..indexer.vectorise import SentenceModel, fitting_encoder
from ..indexer.vectors.arrays import Array
from .citation import Citation, citation, question_text
from .comparison import Comparison, compare_calibrated
from .context import SAME_WORD, Context, K, check_k, parse_option
from .explanation import Explanation, explain
from .hits import By, DocumentHit, HitList, Match, Meeting, OccurrenceHit, SentenceHit, WordOrder
from .judging import annotate as judge
from .judging.active import lines_to_judge
from .judging.agreement import Agreement, measure_agreement
from .judging.annotate import Lines
from .judging.entry import Entry, make_entry
from .judging.examples import Example, good_examples, ordered_as_examples
from .judging.rows import CachedSenseRows, annotated_rows
from .query import subcorpora
from .query.encode import Query
from .query.filters import Where
from .query.parts_of_speech import PosCounts
from .query.scope import DOCUMENT
from .query.target import check_text
from .retrieval.by_id import all_lines, hits_by_id, live_occurrence_hits, live_sentence_hits
from .retrieval.documents import find_documents
from .retrieval.more_like import AnyHit, find_more_like, hit_vector
from .retrieval.occurrences import count_parts_of_speech, find_occurrences, holds_words
from .retrieval.patterns import find_pattern
from .retrieval.sentences import PASSAGES, check_passages, find_sentences, open_question, parse_order
from .retrieval.windows import Window
from .senses import members, named
from .senses.ambiguity import ambiguous_lemmas
from .senses.change import Change, measure_change
from .senses.dictionary import DictionaryLine, DictionarySenses, dictionary_lines, find_dictionary_senses
from .senses.expected import read_contexts
from .senses.gaps import Gap, find_gaps
from .senses.inventory import (
    ArrangedWord,
    SenseInventory,
    arrange_word,
    cut_word,
    describe_senses,
    find_senses,
    sense_stability,
    word_vectors,
)
from .senses.known import Known, read_known
from .senses.named_sense_file import NamedSense
from .senses.sense_map import SenseMap, find_map
from .senses.timeline import DATE_FIELD, Timeline, find_timeline
from .sentence_explanation import explain_sentence
from .statistics.collocates import FEWEST_TOGETHER, WINDOW, Collocates, find_collocates
from .statistics.dispersion import Dispersion, find_dispersion
from .statistics.frequency import Frequency, find_frequency
from .statistics.keywords import FEWEST, Keywords, find_keywords

if TYPE_CHECKING:
    from ..indexer.elmo import Encoder
    from ..indexer.text import Token


DESCRIBED_TOGETHER = 20
"""Number of central occurrences whose contexts are encoded before other threads can search."""
EXAMPLES_AMONG = 200
"""Number of nearest occurrences that are sorted as examples for a dictionary."""


class Searcher:
    """Answers questions about one collection. Threads may share it. Use it in a `with` block, which closes it.

    Methods raise QueryError for a question that cannot be answered, with the next step. `where` narrows the answer to
    documents or named senses (see `search.query.filters.parse_where`).
    """

    def __init__(self, collection: Collection, encoder: Encoder, sentence_model: SentenceModel | None = None) -> None:
        self.collection = collection
        self.encoder = encoder
        self._context = Context(collection, encoder, CachedSenseRows(), sentence_model, annotated_rows)
        self.analyser = self._context.analyser
        self._view = self._context.view

    @property
    def settings(self) -> CollectionSettings:
        """Settings of the collection. `reencode` may change those of sentence vectors."""
        return self.collection.settings

    @classmethod
    def open(
        cls,
        path: str | Path,
        model: str | Encoder | None = None,
        sentence_model: str | Path | SentenceModel | None = None,
    ) -> Self:
        """Open a collection with the model that it was made with.

        Args:
            model: An encoder, or the source to load that model from. None for a bundled model, or one named before.
            sentence_model: Sentence transformer that the collection was made with, or its folder. None for one named
                before. Without it, sentences of such a collection are compared by ELMo's default vectors.

        Raises:
            CollectionError: The collection or its model cannot be opened. The message has the next step.
        """
        collection = Collection.open(path)
        try:
            transformer = fitting_sentence_model(collection, sentence_model)
            return cls(collection, fitting_encoder(collection, model), transformer)
        except BaseException:
            collection.close()
            raise

    def close(self) -> None:
        """Close the collection. Hits stay valid."""
        self.collection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def sentences(
        self,
        text: str,
        k: int = K,
        where: Where = None,
        hybrid: bool | None = None,
        by: str = By.SENTENCE,
        order: str | None = None,
        alike: bool = True,
        neighbours: int = 0,
    ) -> HitList[SentenceHit]:
        r"""Find the k sentences that answer a query by sentence best.

        Args:
            text: A sentence. A "phrase in quotes" must occur, and a -word or -"phrase" must not. `\"` and `\-` are
                signs of the text.
            hybrid: An older name of `order`: True for `hybrid`, False for `meaning`.
            by: Vectors to compare: the best ones (`sentence`), or those that ELMo's authors name (`default`).
            order: What orders the hits: `meaning`, `keywords` (BM25), `words` (words in the same sense) or `hybrid`
                (meaning and keywords, the default). `score` is the cosine in every order.
            alike: Show one of several sentences that are nearly the same.
            neighbours: Number of sentences before and after each hit to read into its `before` and `after`.
        """
        with self._view(where) as view:
            return find_sentences(view, text, k, by, order, hybrid, alike, neighbours)

    def documents(
        self,
        text: str,
        k: int = K,
        where: Where = None,
        order: str | None = None,
        passages: int = PASSAGES,
        by: str = By.SENTENCE,
    ) -> HitList[DocumentHit]:
        """Find the k documents that answer a query by sentence best, each with its best sentences.

        Args:
            text: A sentence, with signs as in `sentences`. Phrases count anywhere in a document.
            order: What orders the documents: `meaning`, `keywords`, `words` or `hybrid`.
            passages: Maximum number of sentences of each document.
            by: Vectors that meaning compares: `sentence`, or `default` (ELMo's, in the order `meaning` unless you name
                another).
        """
        check_k(k)
        check_passages(passages)
        compared = parse_option(By, by, "by", (By.SENTENCE, By.DEFAULT))
        with self._view(where) as view:
            chosen = parse_order(order, None, compared)
            narrowed, question = open_question(view, text, compared, whole_documents=True)
            return find_documents(narrowed, question, k, chosen, passages)

    def occurrences(
        self,
        query: Query,
        k: int = K,
        match: str = Match.LEMMA,
        where: Where = None,
        layer: str | None = None,
        any_pos: bool = False,
        order: str = WordOrder.SENSE,
        seed: int = 0,
        skip: int = 0,
        among: AbstractSet[int] | None = None,
    ) -> HitList[OccurrenceHit]:
        """Find the k occurrences nearest in sense to a word in context.

        Args:
            query: A sentence with the target in brackets, (sentence, position of the target token from 0), or a
                `Target`.
            match: Which occurrences may answer: `form` (equal after folding), `lemma`, or `any` word. A target
                that the collection lacks is answered with `any`. The list's `match` and `notice` say so.
            layer: Rerank the first 200 by another layer (`sense`, `0`, `1`, `2`, `elmo`). Their sentences are encoded
                again.
            any_pos: With match `lemma`, include occurrences of another part of speech than the target in its sentence.
                A query such as `a [charge/NOUN] of theft` names the part of speech.
            order: What orders the occurrences of a word: `sense` (nearest first), `text` (the order of the documents),
                `random`, or `examples` (the best examples for a dictionary among the nearest 200). `text` and `random`
                have no scores, and do not answer a missing word with other words.
            seed: Seed of the order `random`.
            skip: Number of hits to leave out before the first one, so that a page of a long list is read alone.
            among: Ids of the only occurrences to list. None for all.
        """
        wanted = parse_option(WordOrder, order, "order", list(WordOrder))
        if wanted is WordOrder.EXAMPLES:
            among_near = max(k + skip, EXAMPLES_AMONG)
            hits = self.occurrences(query, among_near, match, where, layer, any_pos, among=among)
            best = self.by_examples(hits)[skip : skip + k]
            hits[:] = [replaced(one.hit, rank=rank) for rank, one in enumerate(best, start=skip + 1)]
            return hits
        window = Window(wanted, seed, max(0, skip), None if among is None else frozenset(among))
        with self._view(where) as view:
            return find_occurrences(view, query, k, match, layer, any_pos, window)

    def parts_of_speech(self, query: Query, match: str = Match.LEMMA, where: Where = None) -> PosCounts:
        """Count the occurrences of a word in context by part of speech, and return that of the word in its sentence.

        There are no counts for several words, nor in a collection without parts of speech.

        Args:
            query: A word in context, as in `occurrences`.
            match: Which occurrences count: `form` or `lemma`.
        """
        with self._view(where) as view:
            return count_parts_of_speech(view, query, match)

    def pattern(self, text: str, k: int = K, where: Where = None, at: int | None = None) -> HitList[OccurrenceHit]:
        """Find the first k places of a pattern over words, parts of speech and tags, in the order of documents.

        Places are found from left to right, each as long as possible, and none overlaps another one. A score is 1.

        Args:
            text: A pattern such as `[lemma="bank" & pos="NOUN"] []{0,3} [word="loan.*"]`, in a subset of CQL. See
                `search.query.patterns`.
            at: Number of the word of each place that the hit is, from 1, or from the end with -1. None for the whole
                place. A hit of one word with a vector can be asked for its sense.
        """
        with self._view(where) as view:
            return find_pattern(view, text, k, at)

    def more_like(
        self,
        positive: Sequence[AnyHit],
        negative: Sequence[AnyHit] = (),
        k: int = K,
        where: Where = None,
        match: str = Match.LEMMA,
    ) -> HitList[AnyHit]:
        """Find k hits near the positive ones and away from the negative ones (Rocchio): occurrences, or sentences.

        Args:
            match: For occurrences: those of the positive hits' `lemma` or `form`, or of `any` word. If the target has
                several words, the first positive hit determines them.
        """
        with self._view(where) as view:
            return find_more_like(view, positive, negative, k, match)

    def hits(self, ids: Sequence[int]) -> list[OccurrenceHit]:
        """Read occurrences by their ids, in the order given, each with score 1."""
        with self._view() as view:
            return hits_by_id(view, ids)

    def live_hits(self, ids: Sequence[int], sentences: bool = False) -> list[SentenceHit]:
        """Read the occurrences, or sentences, among some ids that still exist, in the order of their ids.

        Args:
            sentences: Whether the ids are those of sentences.
        """
        with self._view() as view:
            return live_sentence_hits(view, ids) if sentences else list(live_occurrence_hits(view, ids))

    def tokens(self, sentence: str) -> tuple[Token, ...]:
        """Return the tokens of a query's sentence, with the lemmas that the collection stores for such tokens.

        Raises:
            QueryError: The sentence is too long, or no text.
        """
        with self._view() as view:
            return view.tagged(view.analyser.tokens(check_text(sentence)))

    def lemma_frequencies(self, lemmas: Sequence[str]) -> dict[str, int]:
        """Count the stored occurrences of lemmas. A lemma that the collection lacks is left out."""
        with self._view() as view:
            return lemma_frequencies(view.collection.db, lemmas)

    def holds(self, words: Query, match: str = Match.LEMMA, where: Where = None) -> bool:
        """Return whether the collection has a word, or several words in a row.

        Args:
            words: Text of the words alone, or a target in its sentence. With match `lemma`, a single word is a lemma
                if the collection has it, else a form that is lemmatised.
            match: `form` or `lemma`.
        """
        wanted = parse_option(Match, match, "match", SAME_WORD)
        with self._view(where) as view:
            return holds_words(view, words, wanted)

    def compare(self, first: str, second: str) -> Comparison:
        """Compare two words in context, each marked with brackets, with this collection's model and transforms."""
        with self._view() as view:
            return compare_calibrated(view, first, second)

    @overload
    def explain(self, hit: OccurrenceHit, query: Query | None = None) -> Explanation: ...  # type: ignore[overload-overlap]

    @overload
    def explain(self, hit: SentenceHit, query: str) -> tuple[Meeting, ...]: ...

    def explain(self, hit: SentenceHit, query: Query | None = None) -> Explanation | tuple[Meeting, ...]:
        """Explain a hit.

        For an occurrence these are the words around it that make it similar to the query, and the score by layer. For a
        sentence these are its words that meet words of the query, also if its vector alone has found it.

        Args:
            query: The query that the hit answered. None for the sentence of an occurrence itself, which shows what its
                vector depends on. A hit by sentence needs the text of the query.

        Raises:
            QueryError: The query is none that can have found the hit, or the hit is no longer in the collection.
        """
        with self._view() as view:
            if isinstance(hit, OccurrenceHit):
                return explain(view, hit, query)
            if not isinstance(query, str):
                raise QueryError("a hit by sentence is explained by the text of its query; pass that text")
            return explain_sentence(view, hit, query)

    def vector(self, hit: SentenceHit) -> Array:
        """Read the stored unit vector of a hit: of its occurrence (d,) or its sentence (e,).

        For a target of several words it is the unit mean of their vectors.
        """
        with self._view() as view:
            return hit_vector(view, hit)

    def senses(
        self,
        word: str,
        match: str = Match.LEMMA,
        where: Where = None,
        grain: float | None = None,
        number: int | None = None,
        known: Sequence[Known] = (),
    ) -> SenseInventory:
        """Induce the senses of a word from its occurrences.

        All grains and numbers cut the same tree, so that finer senses only divide coarser ones. In a collection with
        parts of speech, the first splits separate these, and each part of speech is divided by itself.

        Args:
            word: With match `lemma`, a lemma if the collection has it, else a form that is lemmatised.
            match: `form` or `lemma`.
            grain: Cosine from -1 to 1. Groups with a lower mean cosine are different senses, so a higher grain gives
                finer senses. None for the default cut.
            number: Number of senses, limited to what the tree has. None for the default cut.
            known: Senses that are known: names of named senses, or lists of ids of occurrences that share a sense.
                Their occurrences stay together, and apart from those of other known senses. The rest is grouped
                around them.
        """
        with self._view(where) as view:
            found = find_senses(view, word, match, grain, number, lambda value: read_known(view, value, known))
        cut = f"{number} senses" if number is not None else f"grain {grain:g}" if grain is not None else None
        return replaced(found, cited=self.cite(question_text(f"senses of {found.word} ({match})", where, cut)))

    def arrange(
        self, word: str, match: str = Match.LEMMA, where: Where = None, known: Sequence[Known] = ()
    ) -> ArrangedWord:
        """Arrange the occurrences of a word in the tree that `cut` cuts. Both together do what `senses` does.

        Cuts share what they compute, so that a further cut of the same tree is fast. Arguments are those of `senses`.
        """
        with self._view(where) as view:
            return arrange_word(view, word, match, lambda value: read_known(view, value, known))

    def cut(
        self, arranged: ArrangedWord, grain: float | None = None, number: int | None = None, describe: bool = True
    ) -> SenseInventory:
        """Cut an arranged word into senses. Other arguments are those of `senses`.

        Arrange the word again after documents were added or deleted.

        Args:
            describe: Whether to find what `describe` adds.
        """
        with self._view() as view:
            return cut_word(view, arranged, grain, number, describe)

    def describe(self, arranged: ArrangedWord, inventory: SenseInventory) -> SenseInventory:
        """Add stability, collocates and expected words to each sense that `cut` has found without them.

        It takes seconds for a large word. Other threads can search meanwhile.
        """
        sense_stability(arranged, inventory)  # it needs no collection, and is kept in the arranged word
        central = [hit for sense in inventory.senses for hit in sense.central]
        for first in range(0, len(central), DESCRIBED_TOGETHER):
            with self._view() as view:
                read_contexts(view, central[first : first + DESCRIBED_TOGETHER], arranged.nearby.contexts)
            time.sleep(0.001)  # a thread that waits for the collection gets it now
        with self._view() as view:
            return describe_senses(view, arranged, inventory)

    def sense_occurrences(
        self, inventory: SenseInventory, number: int | Literal["none"] | None = None
    ) -> list[tuple[OccurrenceHit, int | None]]:
        """List the occurrences of an inventory with the numbers of their senses.

        Occurrences that fit no sense come first, with None. Then come the senses by number, each with its most central
        occurrences first. Occurrences removed since the inventory was made are left out.

        Args:
            number: Number of the only sense to list, from 1. "none" lists the occurrences that fit no sense, and None
                lists all.
        """
        with self._view() as view:
            return members.sense_occurrences(view, inventory, number)

    def same_sense_other_words(
        self, inventory: SenseInventory, number: int, k: int = K, where: Where = None
    ) -> HitList[OccurrenceHit]:
        """Find the k occurrences of other words nearest to a sense. Scores are those of match `any`.

        Args:
            number: Number of the sense, from 1.
        """
        with self._view(where) as view:
            return members.other_words(view, inventory, number, k)

    def within(self, inventory: SenseInventory, where: Where) -> frozenset[int]:
        """Return the ids of an inventory's occurrences inside the filters."""
        with self._view(where) as view:
            return members.members_inside(view, inventory)

    def project(self, source: SenseInventory | Sequence[OccurrenceHit], method: str = "pca") -> Array:
        """Project occurrences to two dimensions: an inventory's in the order of its assignments, or hits.  -> (n, 2)

        Args:
            method: `pca` or `umap`.
        """
        with self._view() as view:
            return members.project_occurrences(view, source, method)

    def map(self, inventory: SenseInventory, method: str = "pca") -> SenseMap:
        """Project the occurrences of an inventory that still exist to two dimensions, with their senses.

        Args:
            method: `pca` or `umap`.
        """
        cited = self.cite(question_text(f"map of {inventory.word} ({inventory.match})", None, f"by {method}"))
        with self._view() as view:
            return find_map(view, inventory, method, cited)

    def timeline(
        self, inventory: SenseInventory, field: str = DATE_FIELD, period: int = 10, where: Where = None
    ) -> Timeline:
        """Count the occurrences of each sense by period.

        Args:
            field: Metadata field that holds the date.
            period: Length of a period, in years.
            where: Filters that the inventory was made with. They limit the documents whose tokens are counted.
        """
        start = f"senses of {inventory.word} ({inventory.match}) by {field}"
        cited = self.cite(question_text(start, where, f"periods of {period} years" if period > 1 else None))
        with self._view(where) as view:
            return find_timeline(view, inventory, field, period, cited)

    def frequency(
        self,
        word: str,
        by: str | None = None,
        period: int | None = None,
        match: str = Match.LEMMA,
        where: Where = None,
        within: Container[int] | None = None,
    ) -> Frequency:
        """Count a word in all documents and in parts of them: occurrences, tokens, rates with intervals.

        All tokens count, also function words. Filters by sense or part of speech narrow the word, and not the tokens.

        Args:
            word: A word, several words in a row, or a pattern.
            by: Metadata field that divides the documents, or `document`. None for all documents together.
            period: Length of periods in years, if the field has dates. None to divide by values.
            match: `lemma`, `form` or `pattern`.
            within: Ids of the only occurrences that count, such as those of a sense. None for all.
        """
        divided = None if by is None else f"by {by}"
        years = None if period is None else f"periods of {period} years"
        cited = self.cite(question_text(f"frequency of {word} ({match})", where, divided, years))
        with self._view(where) as view:
            return find_frequency(view, word, match, by, period, within, cited)

    def dispersion(self, word: str, by: str = DOCUMENT, match: str = Match.LEMMA, where: Where = None) -> Dispersion:
        """Measure how evenly a word is spread over documents: range, Gries' DP and Juilland's D.

        Args:
            word: A word, several words in a row, or a pattern.
            by: `document`, or a metadata field whose values are the parts.
            match: `lemma`, `form` or `pattern`.
        """
        over = "documents" if by == DOCUMENT else by
        cited = self.cite(question_text(f"dispersion of {word} ({match})", where, f"over {over}"))
        with self._view(where) as view:
            return find_dispersion(view, word, match, by, cited)

    def keywords(
        self,
        where: Where,
        against: Where = None,
        unit: str = "lemma",
        k: int = 50,
        fewest: int = FEWEST,
        order: str = "log_likelihood",
        pos: Container[str] = (),
        function_words: bool = False,
        rarer: bool = False,
    ) -> Keywords:
        """Find words that are more frequent in the documents of a filter than in others.

        Args:
            where: Filter by metadata for the documents.
            against: Filter for the others. None for the rest of the collection.
            unit: `lemma` or `form`.
            fewest: Minimum number of occurrences in the documents, or in the others with `rarer`.
            order: `log_likelihood` (how sure the difference is) or `log_ratio` (how large).
            pos: Parts of speech of keywords. Empty for all.
            function_words: Include function words and numbers.
            rarer: Find words that are rarer in the documents.
        """
        other = " and ".join([against] if isinstance(against, str) else [str(each) for each in against or ()])
        start = f"words {'rarer' if rarer else 'more frequent'} than in {other or 'the rest'}"
        cited = self.cite(question_text(start, where, f"at least {fewest} times", f"by {order.replace('_', ' ')}"))
        with self._view(where) as view:
            return find_keywords(view, against, unit, k, fewest, order, pos, function_words, rarer, cited)

    def collocates(
        self,
        word: str,
        match: str = Match.LEMMA,
        where: Where = None,
        within: Container[int] | None = None,
        left: int = WINDOW,
        right: int = WINDOW,
        k: int = 50,
        fewest: int = FEWEST_TOGETHER,
        measure: str = "log_dice",
        pos: Container[str] = (),
        function_words: bool = False,
        examples: int = 1,
    ) -> Collocates:
        """Count the words near a word, by position, with several measures of association.

        Args:
            word: A word, several words in a row, or a pattern.
            match: `lemma`, `form` or `pattern`.
            within: Ids of the only occurrences that count, such as those of a sense. None for all.
            left, right: Number of tokens of the window on each side. The window ends with the sentence.
            fewest: Minimum number of occurrences that a collocate is near.
            measure: What orders them: `log_dice`, `log_likelihood`, `mutual_information` or `count`.
            pos: Parts of speech of collocates. Empty for all.
            function_words: Include function words and numbers.
            examples: Number of example lines of each collocate.
        """
        window = f"window {left} left {right} right"
        some = None if within is None else f"{len(within):,} chosen occurrences"
        start = f"collocates of {word} ({match})"
        cited = self.cite(question_text(start, where, window, f"by {measure.replace('_', ' ')}", some))
        with self._view(where) as view:
            return find_collocates(
                view, word, match, within, left, right, k, fewest, measure, pos, function_words, examples, cited
            )

    def cite(self, question: str) -> Citation:
        """Return what to cite with an answer: the collection and its size, the question, the version and the date."""
        with self._view() as view:
            documents = int(view.snapshot.live.sum())
        return citation(f"{self.collection.path.name} ({documents:,} documents)", question)

    def change(self, word: str, before: Where, after: Where, match: str = Match.LEMMA) -> Change:
        """Measure how far a word's meaning changed between the documents of two filters."""
        with self._view(before) as view:
            _, first = word_vectors(view, word, match)
        with self._view(after) as view:
            value, second = word_vectors(view, word, match)
        return measure_change(value, first, second)

    def dictionaries(self) -> list[StoredDictionary]:
        """Read the dictionaries of the collection, in the order of their names, without their senses."""
        return self.collection.dictionaries()

    def import_dictionary(
        self,
        path: str | Path,
        name: str | None = None,
        tagged: str | Path | None = None,
        replace: bool = False,
        on_progress: Callable[[int, int], None] | None = None,
        all_words: bool = False,
    ) -> StoredDictionary:
        """Import a dictionary from TSV, JSON, LMF, TEI, or WordNet's folder, with a centroid of each sense.

        Args:
            name: Name of the dictionary in the collection. None for the name of the file or folder.
            tagged: SemCor 3.0. Its lines make the centroids of the senses that they are tagged with.
            replace: Replace a dictionary of the same name.
            on_progress: Called with the number of encoded texts and the number of all texts.
            all_words: Also import the senses of words that the collection does not have yet.
        """
        from ..indexer.dictionaries.importing import import_dictionary

        lines = None if tagged is None else Path(tagged)
        return import_dictionary(
            self.collection, self.encoder, Path(path), name, lines, replace, on_progress, all_words
        )

    def remove_dictionary(self, name: str) -> None:
        """Remove a dictionary."""
        from ..indexer.dictionaries.importing import remove_dictionary

        remove_dictionary(self.collection, name)

    def dictionary_senses(
        self, word: str, dictionary: str, match: str = Match.LEMMA, where: Where = None
    ) -> DictionarySenses:
        """Give each line of a word its most probable sense in a dictionary.

        The frequency of senses in the whole collection counts, so filters do not change the sense of a line.

        Args:
            word: With match `lemma`, a lemma if the collection has it, else a form that is lemmatised.
            match: `form` or `lemma`.
        """
        with self._view(where) as view:
            return find_dictionary_senses(view, word, dictionary, match)

    def dictionary_lines(self, found: DictionarySenses, number: int | None = None) -> list[DictionaryLine]:
        """List lines with their senses and probabilities, the most probable of each sense first.

        Args:
            number: Number of the only sense to list, from 1. None lists all.
        """
        with self._view() as view:
            return dictionary_lines(view, found, number)

    def dictionary_gaps(
        self, dictionary: str, word: str | None = None, k: int = K, where: Where = None, match: str = Match.LEMMA
    ) -> list[Gap]:
        """Find k groups of lines that are far from every sense of their word in a dictionary, farthest first.

        Args:
            word: The only word to look at. None for the most frequent words of the dictionary.
        """
        with self._view(where) as view:
            return find_gaps(view, dictionary, word, k, match)

    def ambiguous_lemmas(self, k: int) -> list[str]:
        """Return at most k lemmas, of the more frequent ones, whose occurrences split most clearly into senses."""
        with self._view() as view:
            return ambiguous_lemmas(view, k)

    def subcorpora(self) -> dict[str, tuple[str, ...]]:
        """Read the filters that are kept under a name: {name: filters}."""
        return self.collection.subcorpora().filters

    def save_subcorpus(self, name: str, where: Where, replace: bool = False) -> tuple[str, ...]:
        """Keep filters under a name, and return them. `where="in=NAME"` then means these filters.

        Args:
            replace: Replace a subcorpus of the same name.
        """
        with self._view(where):  # filters that mean nothing raise an error here
            pass
        return subcorpora.save_subcorpus(self.collection, name, where, replace)

    def remove_subcorpus(self, name: str) -> None:
        """Remove a subcorpus. Its documents stay."""
        subcorpora.remove_subcorpus(self.collection, name)

    def save_named_sense(
        self,
        name: str,
        inventory: SenseInventory | None = None,
        sense: int | None = None,
        positive: Sequence[OccurrenceHit] = (),
        negative: Sequence[OccurrenceHit] = (),
        replace: bool = False,
        author: str | None = None,
        any_pos: bool = False,
    ) -> NamedSense:
        """Save a sense under a name: a sense of an inventory, or hits marked positive and negative.

        Args:
            sense: Number of the sense in the inventory, from 1.
            replace: Replace a named sense of the same name. `undo` brings that one back.
            author: Who saves it. None for the user of this machine.
            any_pos: Let a sense of hits hold occurrences of all parts of speech. Else a sense of nouns holds no verb.
        """
        with self._view() as view:
            made = named.make_named_sense(view, name, inventory, sense, positive, negative, any_pos)
        named.store_named_sense(self.collection, made, replace, _author(author))
        return made

    def named_senses(self) -> tuple[NamedSense, ...]:
        """Read all named senses, in the order of their names."""
        with self._view() as view:
            return named.stored_named_senses(view.collection)

    def named_sense(self, name: str) -> NamedSense:
        """Read a named sense."""
        with self._view() as view:
            return named.read_named_sense(view, name)

    def remove_named_sense(self, name: str, author: str | None = None) -> None:
        """Remove a named sense. `undo` brings it back.

        Args:
            author: Who removes it. None for the user of this machine.
        """
        named.remove_named_sense(self.collection, name, _author(author))

    def apply_named_sense(
        self, name: str, k: int = K, match: str | None = None, where: Where = None
    ) -> HitList[OccurrenceHit]:
        """Find the k occurrences nearest to a named sense, of those that belong to it.

        Args:
            match: Whose occurrences: `form` or `lemma` of the sense's word, or the nearest of `any` word. None for the
                match that the sense was saved with.
        """
        with self._view(where) as view:
            return named.find_named_sense(view, name, k, match)

    def export_named_sense(self, name: str, path: str | Path) -> None:
        """Write a named sense to a JSON file for other collections made with the same model."""
        with self._view() as view:
            named.write_named_sense(view, name, Path(path))

    def import_named_sense(self, path: str | Path, replace: bool = False) -> NamedSense:
        """Read a named sense from a JSON file and save it.

        Args:
            replace: Replace a named sense of the same name.
        """
        with self._view() as view:
            found = named.load_named_sense(view, Path(path))
        named.store_named_sense(self.collection, found, replace, _author(None))
        return found

    def annotate(
        self,
        lines: Lines,
        author: str | None = None,
        sense: str | None = None,
        label: str | None = None,
        mark: str | None = None,
        note: str | None = None,
    ) -> Event | None:
        """Say something about lines, in one event that the author can undo. It is saved when the call returns.

        None leaves a field unchanged, and an empty text removes it. If another process is writing for more than three
        seconds, this raises CollectionError, and nothing is changed.

        Args:
            lines: Hits, or ids of occurrences.
            author: Who judges. None for the user of this machine. Several authors judge side by side.
            sense: Name of a sense of the lines' word. One that does not exist is made.
            label: A label of one's own.
            mark: `+`, `-`, `bad` or `good`.
            note: Free text, up to 10,000 characters.

        Returns:
            The event. None if that was said before.
        """
        said = {Field.SENSE: sense, Field.LABEL: label, Field.MARK: mark, Field.NOTE: note}
        return judge.annotate(self.collection, lines, _author(author), said)

    def annotations(self, lines: str | Lines | None = None) -> list[JudgedLine]:
        """Read the lines with an annotation, also those that are lost, in the order of documents.

        Args:
            lines: A word, hits, or ids of occurrences. None for all lines.
        """
        with self._view() as view:
            return judge.judged_lines(view, lines)

    def lost_annotations(self) -> list[JudgedLine]:
        """Read the judged lines that are no longer in the collection: their sentence has changed, or is gone."""
        return [line for line in self.annotations() if line.occurrence_id is None]

    def annotation_state(self) -> int:
        """Return a number that grows with each change of an annotation, for caches of hits."""
        with self._view() as view:
            return log_length(view.collection.db)

    def annotation_counts(self, word: str | None = None) -> dict[str, dict[str, int]]:
        """Count the lines by what was said about them: field -> value -> number of lines, the most frequent first.

        The fields are `sense`, `label`, `mark` and `author`. A value fits a filter such as `annotation.sense=VALUE`.

        Args:
            word: The only word. None for all.
        """
        return judge.counts(line for line in self.annotations(word) if line.occurrence_id is not None)

    def undo(self, author: str | None = None) -> Event | None:
        """Undo the last event of an author. Return the event that did so, or None if there is nothing to undo."""
        return judge.undo(self.collection, _author(author))

    def redo(self, author: str | None = None) -> Event | None:
        """Do the last undone event of an author again. Return the event that did so, or None."""
        return judge.undo(self.collection, _author(author), again=True)

    def annotation_log(self, k: int = K, author: str | None = None) -> list[Event]:
        """Read the last k events, the last one first.

        Args:
            author: The only author. None for all.
        """
        check_k(k)
        with self._view() as view:
            return read_events(view.collection.db, author, k)

    def agreement(self, word: str) -> Agreement:
        """Measure how far the authors agree about the senses of a word's lines, with Krippendorff's alpha."""
        with self._view() as view:
            return measure_agreement(sense_ratings(view.collection.db, judge.stored_word(view, word)))

    def judged_senses(self, word: str | None = None, author: str | None = None) -> tuple[JudgedSense, ...]:
        """Read the senses that people have made by judging lines. `senses(word, known=...)` takes them.

        Args:
            word: The only word. None for all.
            author: The only author whose judgements count. None for all, of whom the last one counts for each line.
        """
        with self._view() as view:
            return judge.edited_senses(view, word, author)

    def edit_sense(
        self,
        word: str,
        name: str,
        new_name: str | None = None,
        definition: str | None = None,
        author: str | None = None,
    ) -> Event:
        """Give an edited sense another name or definition. An empty definition removes it."""
        return self._change_sense(word, author, lambda lemma: judge.edited(lemma, name, new_name, definition))

    def merge_senses(self, word: str, name: str, into: str, author: str | None = None) -> Event:
        """Give all lines of an edited sense to another one of the same word, those of all authors."""
        return self._change_sense(word, author, lambda lemma: judge.merged_into(lemma, name, into))

    def forget_sense(self, word: str, name: str, author: str | None = None) -> Event:
        """Remove an edited sense, so that its lines have none. `undo` brings it and its lines back."""
        return self._change_sense(word, author, lambda lemma: judge.forgotten(lemma, name))

    def lines(self, word: str, match: str = Match.LEMMA, where: Where = None) -> HitList[OccurrenceHit]:
        """Read all lines of a word in the order of the collection, each with score 1.

        Args:
            word: With match `lemma`, a lemma if the collection has it, else a form that is lemmatised.
            match: `form` or `lemma`.
        """
        with self._view(where) as view:
            return all_lines(view, word, match)

    def by_examples(self, hits: Sequence[OccurrenceHit]) -> list[Example]:
        """Score lines as examples of a dictionary (GDEX) and sort them, the best first."""
        with self._view() as view:
            return ordered_as_examples(view, hits)

    def good_examples(
        self, word: str, per_sense: int = 3, where: Where = None, inventory: SenseInventory | None = None
    ) -> dict[int, list[Example]]:
        """Find the best examples of each sense of a word, by the number of the sense.

        Lines that were marked `good` come first, and those marked `bad` are left out.

        Args:
            inventory: Senses that are known already. None for those of `senses`, with the judged ones held fixed.
        """
        found = self._judged_inventory(word, where) if inventory is None else inventory
        with self._view() as view:
            return good_examples(view, found, per_sense)

    def entry(
        self, word: str, per_sense: int = 3, where: Where = None, field: str | None = None, period: int = 10
    ) -> Entry:
        """Make the entry of a word, with the judged senses held fixed. `ui.entries.write_entry` writes it to a file.

        Args:
            per_sense: Number of examples of each sense.
            field: Metadata field that holds the date. None for "year", or for no dates if no document has that field.
            period: Length of a period, in years.
        """
        inventory = self._judged_inventory(word, where)
        judged = self.judged_senses(word)
        examples = self.good_examples(word, per_sense, where, inventory)
        with self._view() as view:
            is_dated = field is not None or DATE_FIELD in view.collection.fields()
        timeline = self.timeline(inventory, field or DATE_FIELD, period, where) if is_dated else None
        with self._view() as view:
            return make_entry(view, inventory, judged, examples, timeline, self.cite(f"entry of {inventory.word}"))

    def to_judge(self, word: str, k: int = 10, where: Where = None) -> HitList[OccurrenceHit]:
        """Find the k lines of a word whose judgement would settle most, the first one first.

        They have no sense yet, are between two senses, and are unlike each other. Their score is the doubt about their
        sense, from 0 to 1.
        """
        with self._view(where) as view:
            return lines_to_judge(view, word, k)

    def _judged_inventory(self, word: str, where: Where) -> SenseInventory:
        return self.senses(word, where=where, known=self.judged_senses(word))

    def _change_sense(self, word: str, author: str | None, change: Callable[[str], judge.SenseChange]) -> Event:
        with self._view() as view:
            lemma = judge.stored_word(view, word)
        return judge.change_sense(self.collection, lemma, _author(author), change(lemma))


def _author(author: str | None) -> str:
    return judge.default_author() if author is None else judge.check_author(author)
