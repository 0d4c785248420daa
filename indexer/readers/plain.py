"""Read text files with front matter."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from .conllu import read_conllu
from .content import HEAD, corpus_suffix
from .encodings import Decoded, decoded
from .front_matter import front_matter
from .gutenberg import without_licence
from .records import Extract, Failure, ReadOptions, plain_newlines, whole_file, with_year
from .tagged import looks_like_tagged, tagged_extract
from .vertical import read_vertical
from .wrapped import read_wrapped


def read_text(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the file's text without front matter, numbers of pages and verses, and hyphens at line ends.

    Words that carry tags, as in `bank/NN`, become words with tags. CoNLL-U and vertical files are read as such.
    """
    content = content_of(path, options)
    if suffix := corpus_suffix(content.text[:HEAD].encode(errors="replace")):
        yield from (read_conllu if suffix == ".conllu" else read_vertical)(path, options)
        return
    fields, body = front_matter(content.text)
    if looks_like_tagged(body):
        found = with_fields(fields, body, content.warning)
        yield replace(tagged_extract(body, found.metadata, found.id), warning=found.warning)
        return
    book = without_licence(Extract(body))
    found = with_fields(fields, read_wrapped(book.text, options.language), content.warning)
    yield replace(found, metadata={**book.metadata, **found.metadata})


def content_of(path: Path, options: ReadOptions) -> Decoded:
    """Return the decoded content of a file with plain line ends."""
    found = decoded(whole_file(path), options.encoding)
    return Decoded(plain_newlines(found.text), found.warning)


def with_fields(fields: Mapping[str, object], text: str, warning: str) -> Extract:
    """Return a document with the fields of its front matter."""
    # the loader of YAML returns null as text
    metadata = {key: value for key, value in fields.items() if value not in ("null", "Null", "NULL", "~")}
    for key in ("author", "authors"):  # pandoc and Quarto write each with affiliation and address
        if isinstance(people := metadata.get(key), list | dict):
            metadata[key] = _names(people)
    name = metadata.pop("id", "")
    if "year" not in metadata:
        metadata = with_year(metadata)
    return Extract(text, metadata, id=name.strip() if isinstance(name, str) else "", warning=warning)


def _names(people: object) -> object:
    """Return the names of people that are described by several fields."""
    if isinstance(people, list):
        return [_names(one) for one in people]
    if isinstance(people, dict) and isinstance(name := people.get("name"), str):
        return name
    return people
