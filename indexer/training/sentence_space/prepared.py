"""What a sentence space is fitted to, on disk: texts, words, the teacher's vectors and the states of all tokens.

texts.tsv            a line for each text that is fitted to: the text, then its tokens, separated by tabs
held-out.tsv         the same for sentences to measure on
words.txt            the words of the table, one a line
words-NUMBER.npy     the teacher's vectors of words alone, in pieces (rows, t)
teacher-NUMBER.npy   the teacher's vectors of the texts, in pieces (rows, t)
states-NUMBER.npy    states of the tokens of some texts (tokens, width), in half precision

NUMBER is the number of the first text or word of a piece. The texts that are held out follow the others. A piece has
its name only when it is complete. An interrupted run goes on with the next piece.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from ...elmo.characters import normalise_token
from ...elmo.config import Normalise
from ...elmo.encoder import ElmoEncoder
from ...errors import ModelError
from ...files import write_atomically
from ...sentence_models import SentenceModel
from ...vectorise import as_read
from ...vectors.arrays import Half, Ids
from ..pieces import damaged, piece_path, prepare_states, read_piece, to_half, unwritable, write_piece
from .text import Drawn, DrawnText

TEXTS, HELD_OUT, WORDS = "texts.tsv", "held-out.tsv", "words.txt"
PIECE = 10_000
"""Number of texts or words in a piece of the teacher's vectors."""
MAX_TABLE = 120_000
"""Maximum number of words in the table."""
MIN_COUNT = 2
"""Number of times that a word must occur in the texts if the model's vocabulary lacks it."""
_ENCODED = 250  # texts that are encoded at once

OnPiece = Callable[[int, int], None]
"""Receives the number of rows that are done, and of all rows."""


def write_texts(folder: Path, drawn: Drawn) -> None:
    """Write the texts into the folder, which is created.

    Raises:
        ModelError: They cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, texts in ((TEXTS, drawn.fitted), (HELD_OUT, drawn.held_out)):
            lines = "".join("\t".join((each.text, *each.tokens)) + "\n" for each in texts)
            write_atomically(folder / name, lines.encode("utf-8", "surrogatepass"))
    except OSError as error:
        raise unwritable(folder, error) from error


def read_texts(folder: Path) -> Drawn:
    """Read the texts back.

    Raises:
        ModelError: A file is missing or damaged.
    """
    strings: dict[str, str] = {}  # one object for equal tokens

    def texts(name: str) -> list[DrawnText]:
        with (folder / name).open(encoding="utf-8", errors="surrogatepass", newline="\n") as lines:
            parts = (line.rstrip("\n").split("\t") for line in lines)
            return [DrawnText(text, tuple(strings.setdefault(each, each) for each in rest)) for text, *rest in parts]

    try:
        return Drawn(texts(TEXTS), texts(HELD_OUT))
    except (OSError, ValueError) as error:
        raise ModelError(f"the texts in {folder} cannot be read ({error}); remove {folder} to begin again") from error


def counted(encoder: ElmoEncoder, tokens: Sequence[str]) -> list[str]:
    """Return the tokens of a sentence as the encoder looks up their counts."""
    (read,) = as_read(encoder, [tokens])
    return [normalise_token(token, tuple(Normalise)) for token in read]


def write_words(folder: Path, vocabulary: Sequence[str], texts: Sequence[Sequence[str]]) -> None:
    """Choose the words of the table: those of the vocabulary, then words that the texts have at least twice.

    Args:
        vocabulary: The model's words, most frequent first.
        texts: Tokens of each text, as their counts are looked up.

    Raises:
        ModelError: There is no word, or the file cannot be written.
    """
    counts = Counter(token.lower() for tokens in texts for token in tokens)
    further = sorted((word for word, count in counts.items() if count >= MIN_COUNT), key=lambda w: (-counts[w], w))
    words = dict.fromkeys(word for word in (*(word.lower() for word in vocabulary), *further) if _is_storable(word))
    if not words:
        raise ModelError("no word occurs twice in the texts; give longer texts")
    content = "\n".join(list(words)[:MAX_TABLE])
    try:
        write_atomically(folder / WORDS, content.encode())
    except OSError as error:
        raise unwritable(folder, error) from error


def read_words(folder: Path) -> list[str] | None:
    """Return the words of the table. None if they are not chosen yet.

    Raises:
        ModelError: The file is damaged.
    """
    try:
        return (folder / WORDS).read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise damaged(folder / WORDS, error) from error


def _is_storable(word: str) -> bool:
    """Return whether a word is one line of UTF-8 and more than white space."""
    if not word.strip() or "\n" in word or "\r" in word:
        return False
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def teacher_vectors(folder: Path, name: str, texts: Sequence[str], teacher: SentenceModel, on_piece: OnPiece) -> Half:
    """Return the teacher's vectors of texts, in half precision: (n, t). Those that are missing are computed.

    Args:
        name: First part of the names of the pieces.

    Raises:
        ModelError: A piece cannot be written or read, or the teacher does not work.
    """
    found = np.empty((len(texts), teacher.dim), np.float16)
    for start in range(0, len(texts), PIECE):
        part = texts[start : start + PIECE]
        path = piece_path(folder, name, start)
        if not path.exists():
            write_piece(path, to_half(teacher.vectors(part)))
        found[start : start + len(part)] = read_piece(path, (len(part), teacher.dim))
        on_piece(start + len(part), len(texts))
    return found


def read_layers(encoder: ElmoEncoder) -> tuple[int, ...]:
    """Return the layers that the student reads: all."""
    return tuple(range(encoder.n_layers))


def width(encoder: ElmoEncoder) -> int:
    """Return the length of the states of a token: half of layer 0, the other layers, and the mapped sense vector."""
    return (
        encoder.dim // 2 + (encoder.n_layers - 1) * encoder.dim + (encoder.sense_dim if encoder.has_sense_space else 0)
    )


def states(folder: Path, texts: Sequence[DrawnText], encoder: ElmoEncoder, on_piece: OnPiece) -> list[Half]:
    """Return the states of the tokens of texts. See `prepare_states`."""

    def encode(first: int, end: int) -> Iterator[Half]:
        return _encoded(texts[first:end], encoder)

    lengths, advice = [len(each.tokens) for each in texts], "lower --sentences or choose another --out"
    return prepare_states(folder, lengths, width(encoder), encode, on_piece, advice)


def _encoded(texts: Sequence[DrawnText], encoder: ElmoEncoder) -> Iterator[Half]:
    """Yield the states of each text: (t, width)."""
    half = encoder.dim // 2
    for start in range(0, len(texts), _ENCODED):
        sentences = as_read(encoder, [each.tokens for each in texts[start : start + _ENCODED]])
        for found in encoder.represent(sentences):
            parts = [found.layers[0, :, :half], *found.layers[1:]]
            yield to_half(np.concatenate([*parts, found.sense] if encoder.has_sense_space else parts, axis=1))


def token_starts(texts: Sequence[DrawnText]) -> Ids:
    """Return the number of the first token of each text, and the number of all tokens: (n + 1,)."""
    return np.concatenate([[0], np.cumsum([len(each.tokens) for each in texts], dtype=np.int64)])
