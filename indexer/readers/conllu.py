"""Read CoNLL-U, the format of Universal Dependencies, and CoNLL-X, from which it comes.

A token of the text is what is written. Of a multiword token, such as French *du* (*de*, *le*), the parts are tokens if
they are written one after the other, as in *don't* (*do*, *n't*). Otherwise the whole is one token. It has the lemma
and the tags of its only content word, or those of all words with plus signs between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .corpus_text import MAX_TOKENS, CorpusText, CorpusToken, corpus_lines, numbered
from .records import Extract, Failure, ReadOptions, UnreadableError, with_year

COLUMNS = 10
_NUMBER = re.compile(r"(\d+)(?:-(\d+)|(\.\d+))?")
_OF_A_SENTENCE = re.compile(r"sent_id|text(?:[_ ].*)?|newpar.*|global\..*|s_type|.*transl.*|.*translit.*")
_CONTENT = frozenset({"NOUN", "VERB", "ADJ", "ADV", "PROPN", "NUM", "INTJ"})
_ESCAPE = re.compile(r"\\([strnp\\])")
_ESCAPES = {"s": " ", "t": "\t", "r": "\r", "n": "\n", "p": "|", "\\": "\\"}


@dataclass(slots=True)
class _Sentence:
    """A sentence that is being read.

    Attributes:
        whole: A multiword token whose words are being read.
        last: Number of its last word.
        words: Its words so far.
    """

    text: str | None = None
    starts_paragraph: bool = False
    tokens: list[CorpusToken] = field(default_factory=list)
    whole: CorpusToken | None = None
    last: int = 0
    words: list[CorpusToken] = field(default_factory=list)

    def close_whole(self) -> None:
        """Add the multiword token that is open."""
        if self.whole is not None:
            self.tokens += _joined(self.whole, self.words)
        self.whole, self.words = None, []


@dataclass(slots=True)
class _Document:
    """A document that is being read.

    Attributes:
        in_head: Whether no sentence has begun, so that comments are about the document.
        broken: What is wrong in it, and in which line.
    """

    id: str = ""
    metadata: dict[str, object] = field(default_factory=dict)
    sentences: list[_Sentence] = field(default_factory=list)
    size: int = 0
    in_head: bool = True
    broken: Failure | None = None


def read_conllu(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    """Yield the documents of a file, or the whole file if it marks none. Documents without an id are counted."""
    yield from numbered(_documents(path, options), "document")


def _documents(path: Path, options: ReadOptions) -> Iterator[Extract | Failure]:
    document, sentence = _Document(), _Sentence()
    for number, line in enumerate(corpus_lines(path, options.encoding), start=1):
        if not line.strip():
            _end(document, sentence)
            sentence = _Sentence()
        elif line.startswith("#"):
            name, value = (part.strip() for part in line[1:].partition("=")[::2])
            if re.match(r"newdoc\b", name):
                _end(document, sentence)
                yield from _complete(document)
                document = _Document(id=value)
                sentence = sentence if not sentence.tokens else _Sentence()  # its comments may come before this one
            else:
                _comment(document, sentence, name, value)
        elif document.broken is None:
            problem = _read_word(line, sentence)
            if problem and not document.sentences and not sentence.tokens and document.in_head and not document.id:
                raise UnreadableError(f"line {number} has {problem}; CoNLL-U has {COLUMNS}, and .vrt takes --columns")
            if problem:
                document.broken = Failure(f"a line has {problem}, not {COLUMNS}; correct it", f"line {number}")
            document.in_head = False
    _end(document, sentence)
    yield from _complete(document)


def _comment(document: _Document, sentence: _Sentence, name: str, value: str) -> None:
    if name == "text" and value:
        sentence.text = value
    elif re.match(r"newpar\b", name):
        sentence.starts_paragraph = True
    elif name == "sent_id":
        document.in_head = False
    elif name.startswith("meta::") and value:
        document.metadata.setdefault(name.removeprefix("meta::"), value)
    elif document.in_head and document.id and value and not _OF_A_SENTENCE.fullmatch(name):
        document.metadata.setdefault(name, value)


def _read_word(line: str, sentence: _Sentence) -> str:
    """Read the line of a word, and return what it has in place of the ten columns, or an empty string."""
    cells = line.split("\t") if "\t" in line else line.split()
    match = _NUMBER.fullmatch(cells[0])
    if len(cells) != COLUMNS or match is None:
        return f"{len(cells)} columns" if len(cells) != COLUMNS else f"no word number, but {cells[0][:20]!r}"
    first, last, is_empty = match.groups()
    if is_empty:  # a word that is understood and not written
        return ""
    form, lemma, pos, tag = (cell if cell not in ("", "_") else None for cell in cells[1:5])
    if form is None:
        form = "_"
        lemma = lemma or "_"
    token = CorpusToken(form, lemma, pos, tag, _after(cells[9]))
    if last:
        sentence.close_whole()
        sentence.whole, sentence.last = token, int(last)
    elif sentence.whole is not None and int(first) <= sentence.last:
        sentence.words.append(token)
        if int(first) == sentence.last:
            sentence.close_whole()
    else:
        sentence.close_whole()
        sentence.tokens.append(token)
    return ""


def _after(misc: str) -> str:
    """Return what follows a token, as the last column says it."""
    for entry in misc.split("|"):
        name, _, value = entry.partition("=")
        if name == "SpaceAfter" and value == "No":
            return ""
        if name == "SpacesAfter":
            return _ESCAPE.sub(lambda found: _ESCAPES[found[1]], value)
    return " "


def _joined(whole: CorpusToken, words: Sequence[CorpusToken]) -> list[CorpusToken]:
    """Return the tokens of a multiword token: its words if they are what is written, else the whole."""
    if words and "".join(word.form for word in words) == whole.form:
        return [*(word._replace(after="") for word in words[:-1]), words[-1]._replace(after=whole.after)]
    content = [word for word in words if word.pos in _CONTENT]
    chosen = content if len(content) == 1 else words
    lemma, pos, tag = (_sum(word[place] for word in chosen) for place in (1, 2, 3))
    return [whole._replace(lemma=lemma or whole.lemma, pos=pos or whole.pos, tag=tag or whole.tag)]


def _sum(values: Iterable[str | None]) -> str | None:
    return "+".join(filter(None, values)) or None


def _end(document: _Document, sentence: _Sentence) -> None:
    sentence.close_whole()
    document.size += len(sentence.tokens)
    if document.size > MAX_TOKENS and document.broken is None:
        document.broken = Failure(f"a document of more than {MAX_TOKENS:,} tokens; divide it with '# newdoc'")
        document.sentences.clear()
    if sentence.tokens and document.broken is None:
        document.sentences.append(sentence)


def _complete(document: _Document) -> Iterator[Extract | Failure]:
    if document.broken is not None:
        yield document.broken
    elif document.sentences:
        text, sentences = _text(document).result()
        yield Extract(text, with_year(document.metadata), document.id, sentences=sentences)


def _text(document: _Document) -> CorpusText:
    """Put the text together. Without marks of paragraphs, each sentence is a line of its own."""
    text = CorpusText()
    has_paragraphs = any(one.starts_paragraph for one in document.sentences)
    for one in document.sentences:
        if one.starts_paragraph:
            text.end_paragraph()
        spans = _spans(one.text, one.tokens) if one.text else None
        if one.text and spans is not None:
            text.add_sentence(one.text, spans, one.tokens)
        else:
            text.add(one.tokens)
        if text.gap == " " and not has_paragraphs:
            text.gap = "\n"
    return text


def _spans(text: str, tokens: Sequence[CorpusToken]) -> list[tuple[int, int]] | None:
    """Return the place of each token in the text of its sentence, or None if the text is another one."""
    spans = []
    position = 0
    for token in tokens:
        while position < len(text) and text[position].isspace():
            position += 1
        if not text.startswith(token.form, position):
            return None
        spans.append((position, position + len(token.form)))
        position += len(token.form)
    return None if text[position:].strip() else spans
