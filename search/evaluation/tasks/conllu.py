"""Parts of speech, lemmas, sentences and tokens against a treebank in CoNLL-U.

Tags and lemmas are measured on the treebank's own words, which the encoder reads in place of our tokens. Sentences and
tokens are measured on the running text, cut as documents are.

Sentences and tokens follow the evaluation of the CoNLL 2018 shared task (Zeman et al. 2018). A sentence or a token is
right if it begins and ends at the same characters, spaces left out. A token is what is written: *don't* is one, and
its two syntactic words share it. Our tokeniser cuts *do* and *n't*, which counts as two wrong tokens and one missed.
The measure `words f1` counts the syntactic words instead. Such a word has the span of its own letters if the words
together spell their token, and otherwise the span of the token.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ....indexer.gold.conllu import GoldDocument, GoldSentence, Span, documents, read_treebank
from ....indexer.text import TextAnalyser
from ....indexer.vectorise import represent
from ....indexer.vectors.arrays import Doubles, Ids
from ..measures import interval, ratio_interval
from ..records import Score
from ..vectors import OnProgress, batches

if TYPE_CHECKING:
    from ....indexer.elmo import Encoder

TASK = "conllu"
UPOS, XPOS, LEMMA = "upos", "xpos", "lemma"
SENTENCES, TOKENS, WORDS = "sentences f1", "tokens f1", "words f1"
PLAIN_LEMMA = "without tags"
"""Name of the baseline of lemmas."""
FREQUENT = "most frequent tag"
"""Name of the baseline of tags: the most frequent tag of the file for each word, which knows the answers."""
TAGGER, ANALYSER = "tagger", "text analyser"


def evaluate_conllu(
    encoder: Encoder, path: Path, language: str = "en", on_progress: OnProgress | None = None
) -> list[Score]:
    """Return the accuracy of tags and lemmas on gold words, and the F1 of sentences, tokens and words of running text.

    A model without a tagger has no scores of tags. Its lemmas are those without tags, which are also the baseline.
    Measures of columns that the treebank leaves empty are left out. Lemmas are compared folded, as they are stored.

    Raises:
        DocumentError: The file is not CoNLL-U.
        QueryError: The language is not a language code.
    """
    sentences = read_treebank(path)
    analyser = TextAnalyser(language)
    scores = list(_tag_scores(encoder, sentences, analyser, on_progress))
    return [*scores, *_span_scores(list(documents(sentences)), analyser)]


class _Counts:
    """Numbers of right and of all words of each sentence, by measure."""

    def __init__(self, sentences: int) -> None:
        self._sentences = sentences
        self._right: dict[str, Doubles] = {}
        self._all: dict[str, Doubles] = {}

    def add(self, name: str, sentence: int, found: Iterable[str], gold: Iterable[str]) -> None:
        """Add the words of a sentence. A word without a gold value does not count."""
        right = self._right.setdefault(name, np.zeros(self._sentences))
        total = self._all.setdefault(name, np.zeros(self._sentences))
        for one, other in zip(found, gold, strict=True):
            total[sentence] += bool(other)
            right[sentence] += bool(other) and one == other

    def share(self, name: str) -> float | None:
        """Return the accuracy, None if no word has a gold value."""
        if name not in self._all or not self._all[name].sum():
            return None
        return float(self._right[name].sum() / self._all[name].sum())

    def bounds(self, name: str) -> tuple[float, float]:
        """Return the interval of the accuracy. The bootstrap draws sentences."""
        return ratio_interval(self._right[name], self._all[name])


def _tag_scores(
    encoder: Encoder, sentences: Sequence[GoldSentence], analyser: TextAnalyser, on_progress: OnProgress | None
) -> Iterator[Score]:
    counts = _Counts(len(sentences))
    for n, sentence in enumerate(sentences):
        gold = [analyser.folding.lemma(word.lemma) for word in sentence.words]
        counts.add(PLAIN_LEMMA, n, (analyser.lemma(word.form) for word in sentence.words), gold)
    if encoder.tagset is not None:
        _count_tags(encoder, sentences, analyser, counts, on_progress)
    baselines = {
        UPOS: _frequent((word.form, word.upos) for each in sentences for word in each.words),
        XPOS: _frequent((word.form, word.xpos) for each in sentences for word in each.words),
    }
    for name, baseline in baselines.items():
        if (value := counts.share(name)) is not None:
            yield Score(TASK, name, TAGGER, value, *counts.bounds(name), baseline, FREQUENT)
    plain = counts.share(PLAIN_LEMMA)
    if plain is None:
        return
    name = LEMMA if counts.share(LEMMA) is not None else PLAIN_LEMMA
    value = counts.share(name) or 0.0
    title = TAGGER if name == LEMMA else ANALYSER
    yield Score(TASK, LEMMA, title, value, *counts.bounds(name), plain, PLAIN_LEMMA)


def _count_tags(
    encoder: Encoder,
    sentences: Sequence[GoldSentence],
    analyser: TextAnalyser,
    counts: _Counts,
    on_progress: OnProgress | None,
) -> None:
    """Tag the words of sentences and count what is right."""
    numbers: dict[tuple[str, ...], list[int]] = {}
    for n, sentence in enumerate(sentences):
        numbers.setdefault(tuple(word.form for word in sentence.words), []).append(n)
    done = 0
    for batch in batches(sorted(numbers, key=len)):
        for tokens, found in zip(batch, represent(encoder, batch), strict=True):
            if encoder.tagset is None or found.tags is None:
                continue
            upos = [encoder.tagset.upos[place] for place in found.tags.upos]
            xpos = [encoder.tagset.xpos[place] for place in found.tags.xpos]
            rules = encoder.lemma_rules
            tagged = zip(tokens, upos, xpos, strict=True)
            lemmas = [analyser.tagged_lemma(*each, rules) if rules else analyser.lemma(each[0]) for each in tagged]
            for n in numbers[tokens]:
                words = sentences[n].words
                counts.add(UPOS, n, upos, (word.upos for word in words))
                counts.add(XPOS, n, xpos, (word.xpos for word in words))
                counts.add(LEMMA, n, lemmas, (analyser.folding.lemma(word.lemma) for word in words))
        done += len(batch)
        if on_progress:
            on_progress(done, len(numbers))


def _frequent(words: Iterable[tuple[str, str]]) -> float:
    """Return the accuracy of the most frequent tag of each form. Words without a tag do not count."""
    tags: dict[str, Counter[str]] = {}
    for form, tag in words:
        if tag:
            tags.setdefault(form, Counter())[tag] += 1
    right = sum(max(counter.values()) for counter in tags.values())
    return right / max(sum(counter.total() for counter in tags.values()), 1)


def _span_scores(texts: Sequence[GoldDocument], analyser: TextAnalyser) -> Iterator[Score]:
    kinds: dict[str, list[tuple[int, int, int]]] = {SENTENCES: [], TOKENS: [], WORDS: []}
    for document in texts:
        found = list(analyser.sentences(document.text))
        own = [(each.start, each.end) for each in found]
        cut = [(token.start, token.end) for each in found for token in each.tokens]
        gold_sentences = [(start, start + len(each.text)) for start, each in _placed(document)]
        gold_tokens = [(start + a, start + b) for start, each in _placed(document) for a, b in each.tokens]
        gold_words = [
            (start + word.start, start + word.end) for start, each in _placed(document) for word in each.words
        ]
        for name, ours, gold in (
            (SENTENCES, own, gold_sentences),
            (TOKENS, cut, gold_tokens),
            (WORDS, cut, gold_words),
        ):
            kinds[name].append(matches(ours, gold, document.text))
    for name, each in kinds.items():
        counts = np.array(each, np.float64)  # (documents, 3)
        yield Score(TASK, name, ANALYSER, _f1(counts), *_interval(counts), 0.0, "")


def _interval(counts: Doubles) -> tuple[float, float]:
    def drawn(rows: Ids) -> float:
        return _f1(counts[rows])

    return interval(drawn, len(counts))


def _placed(document: GoldDocument) -> Iterator[tuple[int, GoldSentence]]:
    """Yield the offset of each sentence and the sentence."""
    return zip(document.starts, document.sentences, strict=True)


def matches(ours: Sequence[Span], gold: Sequence[Span], text: str) -> tuple[int, int, int]:
    """Return the number of spans in both lists, in ours and in the gold. Spaces inside and around spans do not count.

    A span that a list has several times, as words that share a token, counts each time.
    """
    visible = np.cumsum([0, *(not character.isspace() for character in text)])  # (characters + 1,)
    first, second = (Counter((int(visible[a]), int(visible[b])) for a, b in spans) for spans in (ours, gold))
    return (first & second).total(), first.total(), second.total()


def _f1(counts: Doubles) -> float:
    """Return the F1 of rows of matches, own spans and gold spans: (n, 3)."""
    right, ours, gold = counts.sum(axis=0)
    return float(2 * right / max(ours + gold, 1))
