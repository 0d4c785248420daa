"""The tensors of a tagger, as stored in `tagger.safetensors`.

format        1
language      (bytes,) uint8, code of the language of the treebank
upos          (bytes,) uint8, the parts of speech in UTF-8, joined by newlines
xpos          (bytes,) uint8, the treebank's own tags, likewise
pairs         (p, 2) uint8, pairs of places in both lists that occur together
words         (bytes,) uint8, the words of the table, likewise. It has 0 bytes without words
table         (words + buckets, e)
table_map     (e, h)
layers        (n,) layers that are read
map           (width, h)
bias          (h,)
window_map    (3 * h, k)
window_bias   (k,)
out           (k + h, upos + xpos)
out_bias      (upos + xpos,)
exceptions    (bytes,) uint8, a line for each exception of the lemma rules: key, form and lemma, separated by tabs
endings       (bytes,) uint8, a line for each ending: key, ending, number of characters to cut, characters to add
dictionary    (bytes,) uint8, a line for each disagreement in which the dictionary is followed: key, 0 or 1, 0 or 1
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ...text.lemma_rules import MAX_SUFFIX, LemmaRules
from ..limits import MAX_WORDS, one_line, shown
from ..tagger import WINDOW, Tagger
from ..tags import TagSet
from .tensor_file import FLOATS, distinct_layers, read_tensors, rows_of_words, text_lines

Tensors = Mapping[str, npt.NDArray[Any]]

FORMAT = 1
MAX_TAGS = 255
"""Maximum number of tags of a kind. A tag is stored in one byte."""
MAX_DIM = 4096
"""Maximum length of a hidden vector."""
MAX_TAG = 100
"""Maximum length of a tag, in characters."""
MAX_CUT = 1000
"""Maximum number of characters that a lemma rule cuts."""
_TYPES = FLOATS | {"U8": 1, "I64": 8}
_ARRAYS = {"table_map": 2, "map": 2, "bias": 1, "window_map": 2, "window_bias": 1, "out": 2, "out_bias": 1}
"""Number of axes of each array of weights but the table. Its name is that of a field."""
_HALF = ("table", "table_map", "map", "window_map", "out")
"""Arrays that are stored in half precision."""


def tagger_to_tensors(tagger: Tagger) -> dict[str, npt.NDArray[np.generic]]:
    """Return the tensors of a tagger.

    Raises:
        ModelError: A word, a tag or a rule has a tab or a newline, so that the file could not be read back.
    """
    rules, separators = tagger.lemmas, ("\n", "\t")
    texts = {
        "language": [[rules.language]],
        "upos": [[tag] for tag in tagger.tagset.upos],
        "xpos": [[tag] for tag in tagger.tagset.xpos],
        "words": [[word] for word in sorted(tagger.words, key=tagger.words.__getitem__)],
        "exceptions": [[*place, lemma] for place, lemma in sorted(rules.exceptions.items())],
        "endings": [[*place, str(cut), added] for place, (cut, added) in sorted(rules.endings.items())],
        "dictionary": [[key, str(int(known)), str(int(ending))] for key, known, ending in sorted(rules.dictionary)],
    }
    if any(sign in cell for rows in texts.values() for row in rows for cell in row for sign in separators):
        raise ModelError("a word, a tag or a lemma of the tagger has a tab or a newline; leave it out")
    arrays = {name: np.asarray(getattr(tagger, name)) for name in ("table", *_ARRAYS)}
    return {
        **{name: np.asarray(each, np.float16 if name in _HALF else np.float32) for name, each in arrays.items()},
        **{name: np.frombuffer(_joined(rows), np.uint8) for name, rows in texts.items()},
        "format": np.asarray(FORMAT, np.int64),
        "pairs": np.asarray(tagger.pairs, np.uint8),
        "layers": np.asarray(tagger.layers, np.int64),
    }


def _joined(rows: Iterable[Sequence[str]]) -> bytes:
    return "\n".join("\t".join(row) for row in rows).encode()


def read_tagger(path: Path) -> Tagger:
    """Read `tagger.safetensors`.

    Raises:
        ModelError: The file cannot be read, is damaged, or has a format that this Polyseme does not read.
    """
    return tagger_from_tensors(read_tensors(path, _TYPES), str(path))


def tagger_from_tensors(tensors: Tensors, where: str) -> Tagger:
    """Build a tagger from its tensors. Error messages call the file `where`.

    Raises:
        ModelError: A tensor is missing, has another shape, or holds what is no number, or the format is another one.
    """
    try:
        if (found := int(tensors["format"])) != FORMAT:
            raise ModelError(
                f"{where} has format {shown(found)}, this Polyseme reads {FORMAT};"
                " train it again with `polyseme train --tagger`, or upgrade Polyseme"
            )
        tagset = TagSet(_tags(tensors["upos"], "upos"), _tags(tensors["xpos"], "xpos"))
        words = _words(tensors["words"])
        arrays = {name: _array(tensors[name], axes, name) for name, axes in _ARRAYS.items()}
        table = tensors["table"]
        _array(table, 2, "table")
        _require_shapes(arrays | {"table": table}, len(words), len(tagset.upos) + len(tagset.xpos))
        return Tagger(
            tagset=tagset,
            pairs=_pairs(tensors["pairs"], tagset),
            words=words,
            table=table,
            table_map=arrays["table_map"],
            layers=_layers(tensors["layers"]),
            map=arrays["map"],
            bias=arrays["bias"],
            window_map=arrays["window_map"],
            window_bias=arrays["window_bias"],
            out=arrays["out"],
            out_bias=arrays["out_bias"],
            lemmas=_rules(tensors),
        )
    except KeyError as error:
        raise ModelError(f"{where} lacks the tensor {error}; get the model again") from error
    except (IndexError, TypeError, ValueError, OverflowError) as error:
        raise ModelError(f"{where} is not a tagger ({one_line(error)}); get the model again") from error


def _require_shapes(arrays: Tensors, words: int, tags: int) -> None:
    """Raise an error if a weight does not have the shape that the others ask for."""
    width, first = arrays["map"].shape
    second = len(arrays["window_bias"])
    rows, spelling = arrays["table"].shape
    if not (0 < first <= MAX_DIM and 0 < second <= MAX_DIM and 0 < spelling <= MAX_DIM):
        raise ValueError(f"its vectors have {spelling}, {first} and {second} numbers")
    if not max(words, 1) <= rows <= 2 * MAX_WORDS:
        raise ValueError(f"its table has {rows} rows for {words} words")
    shapes = {
        "table_map": (spelling, first),
        "map": (width, first),
        "bias": (first,),
        "window_map": (WINDOW * first, second),
        "out": (second + first, tags),
        "out_bias": (tags,),
    }
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has the shape {shown(arrays[name].shape)}, not {shown(shape)}")


def _pairs(stored: npt.NDArray[Any], tagset: TagSet) -> npt.NDArray[np.uint8]:
    if stored.dtype != np.uint8 or stored.ndim != 2 or stored.shape[1] != 2 or not len(stored):
        raise ValueError(f"its pairs have the shape {shown(stored.shape)}")
    if len(np.unique(stored, axis=0)) < len(stored):
        raise ValueError("it has a pair of tags twice")
    if (stored >= [len(tagset.upos), len(tagset.xpos)]).any():
        raise ValueError("a pair of tags is not in its lists")
    return stored


def _layers(stored: npt.NDArray[Any]) -> tuple[int, ...]:
    if stored.dtype != np.int64 or stored.ndim != 1:
        raise ValueError(f"its layers have the shape {shown(stored.shape)}")
    return distinct_layers(stored.tolist())


def _tags(stored: npt.NDArray[Any], name: str) -> tuple[str, ...]:
    tags = tuple(text_lines(stored, name))
    if not 0 < len(tags) <= MAX_TAGS or len(set(tags)) < len(tags):
        raise ValueError(f"it has {len(tags)} tags of {name}, or one twice")
    if any(not tag.isprintable() or not 0 < len(tag) <= MAX_TAG for tag in tags):
        raise ValueError(f"a tag of {name} is empty, too long or not printable")
    return tags


def _words(stored: npt.NDArray[Any]) -> dict[str, int]:
    """Return the row of each word."""
    return rows_of_words(text_lines(stored, "words") if len(stored) else [])


def _rules(tensors: Tensors) -> LemmaRules:
    """Return the lemma rules."""
    (language,) = text_lines(tensors["language"], "language")
    if not language.isascii() or not language.isalpha() or not 2 <= len(language) <= 3:
        raise ValueError(f"its language is {shown(language)}")
    exceptions = {(key, form): lemma for key, form, lemma in _rows(tensors["exceptions"], "exceptions")}
    endings = {}
    for key, ending, cut, added in _rows(tensors["endings"], "endings"):
        if not cut.isdecimal() or not 0 <= int(cut) <= MAX_CUT or len(ending) > MAX_SUFFIX:
            raise ValueError(f"the ending {shown(ending)} cuts {shown(cut)}")
        endings[key, ending] = int(cut), added
    dictionary = set()
    for key, known, ending in _rows(tensors["dictionary"], "dictionary"):
        if {known, ending} - {"0", "1"}:
            raise ValueError(f"the dictionary is followed for {shown((known, ending))}")
        dictionary.add((key, known == "1", ending == "1"))
    return LemmaRules(language, exceptions, endings, frozenset(dictionary))


def _rows(stored: npt.NDArray[Any], name: str) -> list[list[str]]:
    return [line.split("\t") for line in text_lines(stored, name)] if len(stored) else []


def _array(array: npt.NDArray[Any], axes: int, name: str) -> npt.NDArray[np.float32]:
    if array.ndim != axes or array.dtype.kind != "f":
        raise ValueError(f"{name} has the shape {shown(array.shape)} and the type {array.dtype}")
    with np.errstate(over="ignore"):
        found = array.astype(np.float32)
    if not np.isfinite(found).all():
        raise ValueError(f"its tensor {name} holds values that are not numbers in single precision")
    return found
