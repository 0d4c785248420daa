"""Character ids are those of bilm-tf. Quotation marks are normalised as in the training text."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from polyseme.indexer.elmo.characters import character_ids, normalise_token, spelling_lengths
from polyseme.indexer.elmo.config import Normalise

STRAIGHT = (Normalise.STRAIGHT_QUOTES,)


def test_ids_of_a_word_with_an_accent() -> None:
    (ids,) = character_ids(["né"], 8)
    assert ids.tolist() == [258, ord("n"), 0xC3, 0xA9, 259, 260, 260, 260]


def test_a_sentence_mark_is_one_character() -> None:
    assert character_ids(["<S>", "</S>"], 5).tolist() == [[258, 256, 259, 260, 260], [258, 257, 259, 260, 260]]


def test_long_words_keep_their_first_bytes_and_their_end() -> None:
    (ids,) = character_ids(["abcdefgh"], 6)
    assert ids.tolist() == [258, *b"abcd", 259]


def test_lone_surrogates_are_dropped() -> None:
    assert character_ids(["a\ud800b"], 6).tolist() == character_ids(["ab"], 6).tolist()


@given(st.lists(st.text(max_size=60), max_size=5))
def test_ids_spell_the_tokens(tokens: list[str]) -> None:
    ids = character_ids(tokens)
    assert ids.shape == (len(tokens), 50)
    for row, token, length in zip(ids, tokens, spelling_lengths(ids), strict=True):
        assert bytes(row[1 : length - 1].astype(np.uint8)) == token.encode("utf-8", "ignore")[:48]
        assert (row[0], row[length - 1]) == (258, 259)


def test_straight_quotes() -> None:
    read = [normalise_token(token, STRAIGHT) for token in ["“", "”", "‘", "n’t", "’s", "``", "''", "é", ""]]
    assert read == ['"', '"', "'", "n't", "'s", '"', '"', "é", ""]
    assert normalise_token("n’t", ()) == "n’t"
