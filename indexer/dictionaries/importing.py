"""Import a dictionary into a collection, and carry it over when the collection is encoded again."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..collection.collection import Collection
from ..collection.dictionaries import CentroidSource, StoredDictionary, check_dictionary_name
from ..collection.records import Layer
from ..collection.writer import Writer
from ..errors import CollectionError, DocumentError, QueryError
from ..text import TextAnalyser
from ..vectorise import Vectoriser, space_of
from .centroids import Centroids, make_centroids, remade
from .places import WORDNET, find_wordnet
from .read import read_dictionary
from .tagged import OnProgress, TaggedSenses, encode_tagged
from .tagged_file import SUFFIX, TaggedFile, read_bundled, read_fitting, write_tagged

if TYPE_CHECKING:
    from ..elmo import Encoder


def import_dictionary(
    collection: Collection,
    encoder: Encoder,
    path: Path,
    name: str | None = None,
    tagged: Path | None = None,
    replace: bool = False,
    on_progress: OnProgress | None = None,
    all_words: bool = False,
) -> StoredDictionary:
    """Import a dictionary: make a centroid of each sense and store both in the collection, all or nothing.

    Without `all_words`, only senses of words that occur in the collection. A large dictionary then takes a fraction of
    the time and space.

    Args:
        encoder: The collection's encoder.
        name: Name of the dictionary in the collection. None for the name of the file or folder.
        path: The dictionary. `wordnet` finds an installed WordNet, if there is no file of that name.
        tagged: SemCor 3.0, whose lines are tagged with the sense keys of WordNet, or what `write_tagged` wrote. None
            for the encoded lines in the model's folder, if there are any.
        replace: Replace a dictionary of the same name.
        all_words: Also import the senses of words that the collection does not have yet.

    Raises:
        DocumentError: A file cannot be read, or has no sense.
        QueryError: The name cannot be used, is taken, or no sense is of a single word.
        CollectionError: The collection has no document yet, or cannot be written.
    """
    if str(path) == WORDNET and not path.exists():
        path, name = find_wordnet(), name or WORDNET
    name = check_dictionary_name(path.name.split(".")[0] if name is None else name)
    if not replace and any(found.name == name for found in collection.dictionaries()):
        raise QueryError(f"{collection.path} has a dictionary {name!r} already; choose another --name, or --replace")
    settings = collection.settings
    with collection.reading() as snapshot:
        if not snapshot.segments:
            raise CollectionError(f"{collection.path} has no words yet; index documents first")
        vectoriser = Vectoriser.of(settings, encoder, snapshot.transforms)
    analyser = TextAnalyser(settings.language, settings.tokeniser)
    senses = list(read_dictionary(path))
    lines = _tagged_lines(tagged, vectoriser, settings.model_id, on_progress)
    words = None if all_words else collection.lemmas_and_forms()
    made = make_centroids(senses, vectoriser, analyser, lines, on_progress, words)
    if not made.senses and made.absent:
        raise QueryError(f"{path} has no sense of a word that {collection.path} has; import all with --all")
    if not made.senses:
        raise QueryError(f"{path} has no sense of a single word; only single words have senses here")
    found = _dictionary(name, made, vectoriser, settings.model_id)
    with collection.writing() as writer:
        writer.set_dictionary(found, made.senses)
    return found


def _tagged_lines(
    path: Path | None, vectoriser: Vectoriser, model_id: str, on_progress: OnProgress | None
) -> TaggedSenses | None:
    space = space_of(vectoriser.layer, vectoriser.transforms)
    if path is None:
        return read_bundled(vectoriser.encoder.source, model_id, space)
    if path.suffix == SUFFIX:
        return read_fitting(path, model_id, space)
    return encode_tagged(path, vectoriser, on_progress)


def make_tagged_file(encoder: Encoder, semcor: Path, path: Path, on_progress: OnProgress | None = None) -> TaggedFile:
    """Encode the lines of SemCor once and write them, for collections of sense vectors of a model with a sense space.

    Raises:
        DocumentError: SemCor cannot be read, or the file exists or cannot be written.
        QueryError: The model has no sense space, so that each collection has a transform of its own.
    """
    if not encoder.has_sense_space:
        raise QueryError(f"{encoder.source} has no sense space, so its collections cannot share vectors; use another")
    if path.suffix != SUFFIX or path.exists():
        raise DocumentError(f"{path} exists or does not end in {SUFFIX}; give the name of a new file")
    vectoriser = Vectoriser(encoder, Layer.SENSE, {})
    senses = encode_tagged(semcor, vectoriser, on_progress)
    found = TaggedFile(senses, encoder.model_id, space_of(Layer.SENSE, {}))
    write_tagged(path, found)
    return found


def _dictionary(name: str, made: Centroids, vectoriser: Vectoriser, model_id: str) -> StoredDictionary:
    sources = Counter(one.source for _, one in made.senses)
    return StoredDictionary(
        key=0,
        name=name,
        senses=len(made.senses),
        words=len({lemma for lemma, _ in made.senses}),
        tagged=sources[CentroidSource.TAGGED],
        examples=sources[CentroidSource.EXAMPLES],
        definitions=sources[CentroidSource.DEFINITION],
        left_out=made.left_out,
        absent=made.absent,
        model_id=model_id,
        space=space_of(vectoriser.layer, vectoriser.transforms),
    )


def remove_dictionary(collection: Collection, name: str) -> None:
    """Remove a dictionary from a collection.

    Raises:
        QueryError: The collection has no dictionary of that name.
    """
    with collection.writing() as writer:
        if not writer.remove_dictionary(name):
            raise QueryError(f"{collection.path} has no dictionary {name[:40]!r}; list them first")


def carry_over(old: Collection, target: Collection, writer: Writer, encoder: Encoder) -> list[str]:
    """Copy the dictionaries of a collection into one that was encoded again.

    Where the vectors have another space, centroids are made again from examples and definitions.

    Returns:
        One line for each dictionary that must be imported again, since their centroids came from tagged lines.
    """
    notices = []
    settings = target.settings
    with target.reading() as snapshot:
        has_words = bool(snapshot.segments)
        vectoriser = Vectoriser.of(settings, encoder, snapshot.transforms)
    space = space_of(vectoriser.layer, vectoriser.transforms)
    kept = {found.name for found in old.dictionaries()}
    for stale in target.dictionaries():  # an interrupted run may have stored one that was removed later
        if stale.name not in kept:
            writer.remove_dictionary(stale.name)
    for found in old.dictionaries():
        senses = old.dictionary_senses(found.key)
        if (found.model_id, found.space) == (settings.model_id, space) or not has_words:
            writer.set_dictionary(found, senses)
            continue
        made = remade(senses, vectoriser, TextAnalyser(settings.language, settings.tokeniser))
        counted = replace(made, left_out=found.left_out + made.left_out, absent=found.absent)
        writer.set_dictionary(_dictionary(found.name, counted, vectoriser, settings.model_id), made.senses)
        if found.tagged:
            notices.append(
                f"the dictionary {found.name!r} has centroids of examples and definitions now;"
                " import it again for those of its tagged lines"
            )
    return notices
