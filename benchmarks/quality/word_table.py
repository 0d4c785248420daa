"""Print which vectors of words alone serve search for any word: layer 0, or a table that was learned with sentences.

    python -m benchmarks.quality.word_table [--model SOURCE] [--words FILE.npz] [--collection FOLDER]
                                            [--write-forms FILE.txt]

The documents and gold senses of the sample are the data, with a list of other words for each sense (`OTHERS`). First
comes the mean average precision of these words among all content words of the documents, by the cosine with the gold
word alone. Then come queries by gold occurrences: other words' occurrences are ranked by (sense + w * word) / (1 + w),
and those of the list are relevant. Every order is exact.

A model with a sentence space brings its table of words. FILE.npz is any other table: `forms` (n,) and `vectors` (n, p).
`--write-forms` writes the forms that such a table should have, and ends.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from polyseme.indexer.build import build
from polyseme.indexer.elmo import Encoder, load_encoder
from polyseme.indexer.errors import PolysemeError
from polyseme.indexer.gold.judgements import Gold, read_gold
from polyseme.indexer.vectors.arrays import Array, Mask, unit
from polyseme.search.evaluation.measures import average_precision
from polyseme.search.searcher import Searcher

from benchmarks.lib.paths import DOCUMENTS, SENSES
from benchmarks.lib.sql import stored_places, type_rows
from benchmarks.lib.stored import Stored, load_stored

WEIGHTS = (0.0, 0.3, 1.0, 2.0, 4.0)
"""Weights of the word beside the sense. The product's is 2."""
OTHERS = {
    ("bank", "river"): "shore beach towpath edge riverside embankment",
    ("bank", "money"): "lender treasurer treasury loan cashier",
    ("bark", "dog"): "growl howl whine bay",
    ("bark", "tree"): "skin rind",
    ("bass", "fish"): "trout perch pike salmon eel",
    ("bass", "music"): "guitar cello drum tenor baritone",
    ("bat", "animal"): "owl bird mouse",
    ("bat", "sport"): "ball racket wicket",
    ("bow", "ship"): "stern prow hull",
    ("bow", "weapon"): "arrow longbow crossbow",
    ("bow", "ribbon"): "ribbon knot",
    ("branch", "office"): "office department shop",
    ("branch", "tree"): "twig bough trunk limb",
    ("cell", "prison"): "prison jail cellar gaol",
    ("charge", "price"): "cost fee price fare",
    ("charge", "accusation"): "accusation offence crime",
    ("charge", "electric"): "battery current power",
    ("chip", "food"): "potato crisp",
    ("chip", "electronics"): "processor circuit computer",
    ("cloud", "sky"): "fog mist rain",
    ("cloud", "computing"): "server computer disk",
    ("club", "association"): "society association committee choir",
    ("court", "law"): "jury judge trial tribunal",
    ("court", "royal"): "king palace duchess queen",
    ("crane", "bird"): "heron stork bird",
    ("crane", "machine"): "lift hoist winch",
    ("fan", "admirer"): "supporter follower",
    ("jam", "food"): "marmalade honey jelly",
    ("jam", "traffic"): "queue traffic",
    ("letter", "mail"): "post note parcel postcard",
    ("letter", "alphabet"): "alphabet word",
    ("match", "game"): "game final tournament",
    ("mole", "animal"): "mouse rat badger",
    ("mole", "spy"): "spy agent traitor",
    ("mouse", "animal"): "mole rat cat",
    ("mouse", "device"): "keyboard screen computer",
    ("nail", "metal"): "screw bolt pin",
    ("nail", "finger"): "finger thumb toe",
    ("note", "message"): "letter message",
    ("note", "music"): "tune pitch scale",
    ("organ", "music"): "piano choir harmonium",
    ("organ", "body"): "heart liver kidney",
    ("palm", "hand"): "hand finger wrist",
    ("pitcher", "jug"): "jug bottle kettle",
    ("plant", "vegetation"): "flower tree shrub",
    ("plant", "factory"): "factory mill works",
    ("pupil", "student"): "student child girl boy",
    ("pupil", "eye"): "eye iris",
    ("ring", "jewellery"): "necklace brooch jewel",
    ("scale", "weighing"): "balance weight",
    ("seal", "animal"): "whale otter walrus",
    ("seal", "stamp"): "stamp wax signature",
    ("season", "year"): "spring summer autumn winter",
    ("sentence", "prison"): "prison punishment gallows",
    ("sentence", "grammar"): "word phrase",
    ("spring", "season"): "summer autumn winter season",
    ("spring", "water"): "well stream brook fountain",
    ("star", "sky"): "moon sun planet",
    ("star", "celebrity"): "actor singer celebrity",
    ("stream", "water"): "river brook spring",
    ("stream", "media"): "video film music",
    ("suit", "clothing"): "coat jacket dress",
    ("suit", "law"): "case trial claim",
    ("tablet", "pill"): "pill medicine aspirin",
    ("tablet", "device"): "phone computer screen",
    ("tablet", "stone"): "stone inscription slab",
    ("tank", "container"): "boiler bottle cistern",
    ("temple", "building"): "church shrine mosque",
    ("trunk", "luggage"): "suitcase bag case",
    ("trunk", "tree"): "branch timber log",
    ("virus", "disease"): "flu fever cold",
    ("virus", "computer"): "malware worm",
}
"""Words that mean nearly the same as a gold word in one sense, or are of its kind. Those of the documents count."""
Table = Callable[[Sequence[str]], Array]
"""Function from forms (n,) to vectors (n, p). A form that the table lacks is a row of zeros."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The sample collection: all occurrences, the forms of their types, and rows of gold occurrences with their senses.

    Attributes:
        gold: Row in `stored`, lemma and sense of each gold occurrence whose sense has a list of other words.
    """

    stored: Stored
    forms: list[str]
    gold: list[tuple[int, str, str]]

    def relevant_types(self, lemma: str, sense: str) -> Mask:
        """Return which types are other words of a sense.  (types,)"""
        others = set(OTHERS[lemma, sense].split())
        return np.array([each in others for each in self.stored.lemmas], bool)


def read_sample(encoder: Encoder, folder: Path, gold: list[Gold]) -> tuple[Sample, Table]:
    """Index the sample documents. Return their occurrences, and layer 0 as the collection has it."""
    build(folder, [DOCUMENTS], model=encoder)
    with Searcher.open(folder, encoder) as searcher, searcher._view() as view:
        stored = load_stored(searcher.collection, view.snapshot)
        places = stored_places(searcher.collection)
        forms = [row.form for row in type_rows(searcher.collection)]
        senses = {row.place: (row.lemma, row.sense) for row in gold}
        found = ((row, senses.get(places[key][0], ("", ""))) for row, key in enumerate(stored.ids.tolist()))
        rows = [(row, lemma, sense) for row, (lemma, sense) in found if (lemma, sense) in OTHERS]
    return Sample(stored, forms, rows), lambda _: stored.words


def read_table(path: Path) -> Table:
    """Return the table of words in a file.

    Raises:
        PolysemeError: The file has no such arrays.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            forms, vectors = file["forms"].tolist(), unit(file["vectors"])
    except (OSError, ValueError, KeyError) as error:
        raise PolysemeError(
            f"{path} has no arrays `forms` and `vectors` ({error}); write them with numpy.savez"
        ) from error
    place = {form: n for n, form in enumerate(forms)}
    missing = np.zeros(vectors.shape[1], np.float32)
    return lambda asked: np.stack([vectors[place[form]] if form in place else missing for form in asked])


def learned_table(encoder: Encoder) -> Table | None:
    """Return the table of words of a model's sentence space, or None if it has none."""
    space = getattr(getattr(encoder, "model", None), "sentence_space", None)
    return None if space is None else lambda forms: unit(space.word_vectors(forms))


def word_precision(sample: Sample, words: Array) -> list[float]:
    """Return for each gold word the average precision of its senses' other words among all lemmas.

    Args:
        words: Unit vectors of the types (types, p).
    """
    lemmas = np.array(sample.stored.lemmas)
    precisions = []
    for lemma in sorted({each for _, each, _ in sample.gold}):
        own = np.flatnonzero(lemmas == lemma)
        query = next((n for n in own.tolist() if sample.forms[n] == lemma), int(own[0]))
        order = np.argsort(-(words @ words[query]), kind="stable")
        order = order[lemmas[order] != lemma]
        _, first = np.unique(lemmas[order], return_index=True)  # a lemma has the rank of its best form
        order = order[np.sort(first)]
        senses = {sense for _, each, sense in sample.gold if each == lemma}
        relevant = np.any([sample.relevant_types(lemma, sense) for sense in senses], axis=0)
        if relevant[order].any():
            precisions.append(average_precision(relevant[order].tolist()))
    return precisions


def sense_precision(sample: Sample, words: Array) -> dict[float, float]:
    """Return for each weight the mean over senses of the mean average precision of their gold occurrences."""
    stored, lemmas = sample.stored, np.array(sample.stored.lemmas)
    found: dict[float, dict[tuple[str, str], list[float]]] = {weight: {} for weight in WEIGHTS}
    for row, lemma, sense in sample.gold:
        candidates = lemmas[stored.types] != lemma
        relevant = sample.relevant_types(lemma, sense)[stored.types][candidates]
        if not relevant.any():
            continue
        senses = (stored.sense @ stored.sense[row])[candidates]
        identity = (words @ words[stored.types[row]])[stored.types][candidates]
        for weight in WEIGHTS:
            order = np.argsort(-(senses + np.float32(weight) * identity), kind="stable")
            found[weight].setdefault((lemma, sense), []).append(average_precision(relevant[order].tolist()))
    return {weight: float(np.mean([np.mean(each) for each in rows.values()])) for weight, rows in found.items()}


def print_table(sample: Sample, tables: dict[str, Table]) -> None:
    """Print a row for each table of words."""
    print(f"{'MAP in per cent':24}{'word alone':>12}" + "".join(f"{f'w = {weight}':>10}" for weight in WEIGHTS))
    for name, table in tables.items():
        words = table(sample.forms)
        alone = float(np.mean(word_precision(sample, words)))
        print(f"{name:24}{100 * alone:12.1f}", end="")
        print("".join(f"{100 * value:10.1f}" for value in sense_precision(sample, words).values()), flush=True)
        if {"bank", "shore"} <= set(sample.forms):
            near = words @ words[sample.forms.index("bank")]
            rank = int((near > near[sample.forms.index("shore")]).sum())
            print(f"  shore is the {rank}th nearest of {len(near)} forms to bank")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Print which vectors of words alone serve search for any word.")
    parser.add_argument("--model", default="default", metavar="SOURCE", help="model to measure")
    parser.add_argument("--words", type=Path, metavar="FILE.npz", help="another table: arrays forms and vectors")
    parser.add_argument("--collection", type=Path, help="collection of the sample documents, made if it does not exist")
    parser.add_argument("--write-forms", type=Path, metavar="FILE.txt", help="write the documents' forms, and end")
    arguments = parser.parse_args()
    try:
        encoder = load_encoder(arguments.model)
        with tempfile.TemporaryDirectory() as folder:
            collection = arguments.collection or Path(folder) / "sample.pol"
            sample, layer_0 = read_sample(encoder, collection, read_gold(SENSES))
        if arguments.write_forms:
            arguments.write_forms.write_text("\n".join(sample.forms) + "\n", encoding="utf-8")
            return 0
        tables = {"layer 0": layer_0}
        if (learned := learned_table(encoder)) is not None:
            tables["table of sentences"] = learned
        if arguments.words:
            tables[arguments.words.stem] = read_table(arguments.words)
        print_table(sample, tables)
    except PolysemeError as error:
        print(f"word_table: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
