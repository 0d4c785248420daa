"""Read running text whose words carry their tags, as in the Brown corpus: `The/at bank/nn`, or `The_AT bank_NN1`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .corpus_text import CorpusText, CorpusToken
from .records import Extract

_SAMPLE = 300  # number of words that are looked at
_SHARE = 0.95
_FREQUENT = (
    "AT DT DET NN NN1 NN2 NNS NNP NNPS NP NP0 NP1 NOUN PROPN JJ JJR AJ0 ADJ RB AV0 VB VBD VBZ VBP VBN VBG VVD VVZ VVB"
    " VERB AUX PP PRP PPS PRON CC CJC CS TO CD MD IN ADP"
)
_KNOWN = frozenset(_FREQUENT.split())
"""Frequent tags of the Penn, Brown, CLAWS and universal tagsets."""
_TAG = re.compile(r"[A-Za-z]{1,8}[A-Za-z0-9$*+&'-]{0,12}|[.,:;()'`\"?!*-]{1,3}(?:-[A-Za-z]{2,3})?|#|\$")


def looks_like_tagged(text: str) -> bool:
    """Return whether nearly every word of a text has a tag, with the same sign before it."""
    words = text[: _SAMPLE * 40].split()[:_SAMPLE]
    if len(text) > _SAMPLE * 40:
        words = words[:-1]  # it may be cut off
    if len(words) < 3:
        return False
    return any(_share(words, sign) >= _SHARE for sign in "/_")


def _share(words: list[str], sign: str) -> float:
    cut = [word.rpartition(sign) for word in words]
    tags = [tag for form, _, tag in cut if form and _TAG.fullmatch(tag)]
    if sum(sign in form for form, _, _ in cut) > 0.1 * len(words):  # paths and addresses
        return 0.0
    # Tagged text has tags of punctuation, or tags that everyone knows. "and/or his/her" has not.
    has_signs = any(form and tag and not any(map(str.isalnum, form)) for form, _, tag in cut)
    has_known = sum(tag.upper() in _KNOWN for tag in tags) >= 0.5 * len(words)
    is_varied = 1 < len(set(tags)) <= max(12, 0.8 * len(words))
    return len(tags) / len(words) if is_varied and (has_signs or has_known) else 0.0


def tagged_extract(text: str, metadata: Mapping[str, object] | None = None, document_id: str = "") -> Extract:
    """Return a tagged text with its words and tags. A line is a sentence, and a blank line ends a paragraph."""
    sample = text[: _SAMPLE * 40].split()[:_SAMPLE]
    sign = max("/_", key=lambda each: _share(sample, each))
    found = CorpusText()
    for line in text.splitlines():
        tokens = []
        for word in line.split():
            form, _, tag = word.rpartition(sign)
            tokens.append(CorpusToken(form, pos=tag) if form and tag else CorpusToken(word))
        if tokens:
            found.add(tokens)
            found.gap = "\n"
        else:
            found.end_paragraph()
    body, sentences = found.result()
    return Extract(body, metadata or {}, document_id, sentences=sentences)
