"""Print how well keywords find documents and sentences by words as written, by stems, by lemmas, and by two of them.

    python -m benchmarks.quality.keyword_forms [EVAL_FOLDER]

Each form has an FTS5 table of its own, without the content. Forms and stems are cut by FTS5, lemmas by our analyser. A
pair of forms adds both BM25. EVAL_FOLDER holds cranfield/. The queries of data/paraphrases.tsv need no folder, and no
query needs a model.

Two forms are compared by queries. The last columns have the mean difference to stems, with its 95 % bootstrap interval.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from polyseme.indexer.collection.keyword_queries import keyword_scores
from polyseme.indexer.collection.queries import fill_keyword_index
from polyseme.indexer.collection.schema import connect, create_keyword_index
from polyseme.indexer.documents import Document, read_documents
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.gold.sentence_answers import Answer, plain_sentence, read_sentence_gold
from polyseme.indexer.text import TextAnalyser, Token, TokenKind
from polyseme.indexer.vectors.arrays import Array, Ids
from polyseme.search.evaluation.datasets.retrieval import RetrievalSet, read_retrieval
from polyseme.search.evaluation.measures import mean_interval, reciprocal_rank
from polyseme.search.evaluation.own_sentences import DEPTH
from polyseme.search.evaluation.tasks.retrieval import (
    SENTENCES,
    CutDocuments,
    K,
    Rankings,
    cut_documents,
    cut_queries,
    documents_of,
    gains,
    grades_of,
)
from polyseme.search.retrieval.keywords import any_of, keywords_of
from polyseme.search.retrieval.ranking import ranked

from benchmarks.lib.paths import DOCUMENTS, PARAPHRASES

STEMS = "stems"
Values = list[float]
"""A figure of each query."""
Rank = Callable[[str, int], Ids]
"""Ranks the rows of a table for a query: the text, and the maximum number of rows."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a text is indexed.

    Attributes:
        stemmed: Whether FTS5 stems the words (Porter).
        written: Returns the text to index, and the words of a query.
    """

    stemmed: bool
    written: Callable[[TextAnalyser, str], str]
    words: Callable[[Sequence[Token]], list[str]]


def lemmas_of(tokens: Sequence[Token]) -> list[str]:
    """Return the distinct lemmas of the content words and numbers, or those of the function words."""
    kept = [t.lemma for t in tokens if t.kind in (TokenKind.WORD, TokenKind.NUMBER)]
    return sorted(set(kept or [t.lemma for t in tokens if t.kind is TokenKind.FUNCTION]))


def lemma_text(analyser: TextAnalyser, text: str) -> str:
    """Return the lemmas of a text in their order, with spaces between them."""
    sentences = analyser.sentences(text)
    return " ".join(t.lemma for one in sentences for t in one.tokens if t.kind is not TokenKind.PUNCTUATION)


def as_written(analyser: TextAnalyser, text: str) -> str:
    """Return a text unchanged."""
    return text


FORMS = {
    "forms as written": Form(False, as_written, keywords_of),
    STEMS: Form(True, as_written, keywords_of),
    "lemmas": Form(False, lemma_text, lemmas_of),
}
SIDES = {
    **{name: (name,) for name in FORMS},
    "forms and stems": ("forms as written", STEMS),
    "forms and lemmas": ("forms as written", "lemmas"),
    "stems and lemmas": (STEMS, "lemmas"),
}
"""Rows of the tables: the forms whose BM25 are added."""


@contextmanager
def rankers(analyser: TextAnalyser, texts: Sequence[str]) -> Iterator[Mapping[str, Rank]]:
    """Index texts in each form, and open a function for each row of the tables that ranks them."""
    with tempfile.TemporaryDirectory() as folder:
        tables = {}
        for number, (name, form) in enumerate(FORMS.items()):
            db = connect(Path(folder) / f"{number}.db")
            # The other languages have no stemming.
            create_keyword_index(db, "en" if form.stemmed else "de")
            fill_keyword_index(db, [form.written(analyser, text) for text in texts])
            tables[name] = db

        def scores(name: str, tokens: Sequence[Token]) -> Array:
            """Return the BM25 of all rows: (n,)."""
            found = np.zeros(len(texts), np.float32)
            if expression := any_of(FORMS[name].words(tokens)):
                rows, values = keyword_scores(tables[name], expression)
                found[rows] = values
            return found

        def ranker(names: Sequence[str]) -> Rank:
            def rank(text: str, most: int) -> Ids:
                tokens = analyser.tokens(text)
                total = np.sum([scores(name, tokens) for name in names], axis=0)
                rows = np.flatnonzero(total > 0)
                return ranked(rows, total[rows], most).ids

            return rank

        try:
            yield {row: ranker(names) for row, names in SIDES.items()}
        finally:
            for db in tables.values():
                db.close()


def cranfield(analyser: TextAnalyser, data: RetrievalSet) -> dict[str, dict[str, Values]]:
    """Return nDCG@10 of each query by row, by whole documents and by the best sentence."""
    cut, queries = cut_documents(analyser, data.documents), cut_queries(analyser, data)

    def measured(texts: Sequence[str], most: int, documents: Callable[[Rankings], Rankings]) -> dict[str, Values]:
        with rankers(analyser, texts) as ranks:
            return {
                row: gains(grades_of(documents([rank(query.text, most) for query in queries]), cut, queries), queries)
                for row, rank in ranks.items()
            }

    return {
        "documents": measured(list(data.documents.values()), K, lambda rankings: rankings),
        "best sentence": measured(cut.texts, SENTENCES, lambda rankings: documents_of(rankings, cut)),
    }


def paraphrases(analyser: TextAnalyser) -> dict[str, dict[str, Values]]:
    """Return the reciprocal rank of each query's first answer by row, among the sentences of the sample documents."""
    documents = {one.id: one.text for one in read_documents(DOCUMENTS) if isinstance(one, Document)}
    cut: CutDocuments = cut_documents(analyser, documents)
    names = [cut.ids[place] for place in cut.document.tolist()]
    stored = [Answer(name, plain_sentence(text)) for name, text in zip(names, cut.texts, strict=True)]
    queries = read_sentence_gold(PARAPHRASES)
    found: dict[str, Values] = {}
    with rankers(analyser, cut.texts) as ranks:
        for row, rank in ranks.items():
            hits = [[stored[n] in query.answers for n in rank(query.text, DEPTH).tolist()] for query in queries]
            found[row] = [reciprocal_rank(np.array(each, bool)) for each in hits]
    return {"MRR": found}


def print_table(title: str, columns: Mapping[str, Mapping[str, Values]]) -> None:
    """Print a table in Markdown, with a column for each measure and one for its difference to stems. Times 100."""
    heads = [head for name in columns for head in (name, "minus stems")]
    print(f"\n{title}\n\n| keywords by | " + " | ".join(heads) + " |\n" + "|---" * (len(heads) + 1) + "|")
    for row in SIDES:
        cells = []
        for values in columns.values():
            difference = np.array(values[row]) - np.array(values[STEMS])  # (queries,)
            low, high = mean_interval(difference.tolist())
            cells.append(f"{100 * np.mean(values[row]):.1f}")
            mean = f"{100 * difference.mean():+.1f} ({100 * low:+.1f} to {100 * high:+.1f})"
            cells.append("" if row == STEMS else mean)
        print(f"| {row} | " + " | ".join(cells) + " |", flush=True)


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Compare keywords as written, their stems and their lemmas.")
    parser.add_argument("folder", nargs="?", type=Path, metavar="EVAL_FOLDER", help="folder with cranfield/")
    arguments = parser.parse_args()
    analyser = TextAnalyser("en")
    try:
        print_table("Sample documents, MRR of 60 queries", paraphrases(analyser))
        if arguments.folder is not None and (arguments.folder / "cranfield").is_dir():
            print_table("Cranfield, nDCG@10", cranfield(analyser, read_retrieval(arguments.folder / "cranfield")))
    except PolysemeError as error:
        print(f"keyword_forms: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
