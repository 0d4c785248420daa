r"""Parse patterns over tokens: a subset of the Corpus Query Language (CQL) of corpus linguistics.

    [lemma="bank" & pos="NOUN"] []{0,3} [word="loan.*"]

A pattern is a row of positions, each of which a token must fit. `[]` fits every token. A condition compares `word`,
`lemma`, `pos` or `tag` with a regular expression, which must fit the whole value. `"loan"` is short for
`[word="loan"]`, and `%c` after a string ignores case.

    pattern   := row ("|" row)*
    row       := part+
    part      := ("[" [or] "]" | string | "(" pattern ")") [repeat]
    repeat    := "?" | "*" | "+" | "{" number "}" | "{" [number] "," [number] "}"
    or        := and ("|" and)*
    and       := not ("&" not)*
    not       := "!" not | "(" or ")" | name ("=" | "!=") string
    string    := '"' regular expression '"' ["%c"]
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from ...indexer.collection.words import COLUMNS
from ...indexer.errors import QueryError
from .target import SURROGATE

LONGEST_PATTERN = 2_000
"""Maximum length of a pattern, in characters."""
LONGEST_EXPRESSION = 500
"""Maximum length of a regular expression, in characters."""
MOST_REPEATS = 100
"""Largest number of repetitions that a pattern may name."""
MOST_STEPS = 2_000
"""Maximum number of positions of a pattern whose repetitions are written out."""
DEEPEST = 20
"""Maximum depth of brackets inside one another."""
EXAMPLE = """write, for example, [lemma="bank" & pos="NOUN"] []{0,3} "loan.*\""""
"""End of error messages."""
ATTRIBUTES = {"word": "form", "lemma": "lemma", "pos": "pos", "tag": "tag"}
"""What conditions compare, and the columns of the table of words."""
assert set(ATTRIBUTES.values()) == set(COLUMNS)

# [], or [lemma= with a value, or [other=" with its mistake. A word such as "lemma=" or "pos=3" in brackets is a target.
_CONDITION = re.compile(
    rf"""\[\s*(?:\]|[!(\s]*(?:(?:{"|".join(ATTRIBUTES)})\s*!?=(?!\s*[]0-9])|[A-Za-z_]+\s*!?=\s*["']))"""
)
# Strings, groups and repetitions. Each alternative begins with another sign, so no text is compared twice.
_BEFORE_CONDITION = re.compile(r"""(?:\s|"(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'|[()|?*+]|\{[0-9,\s]*+\})*+""", re.DOTALL)
_SHOWN = 20
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<name>[A-Za-z_]+)|(?P<number>[0-9]+)"""
    r"""|(?P<flag>%[A-Za-z]*)|(?P<sign>!=|[][(){}=!&|?*+,]))""",
    re.DOTALL,
)
_SPECIAL = re.compile(r"[][\\^$.|?*+(){}]")
_IN_EXPRESSION = re.compile(
    r"\\[pPN]\{[^{}]*\}|\\.|\[\^?\]?(?:\\.|[^]\\])*\]|(?P<group>\((?:\?(?![:=!i<])|\?i(?!\))|\?<(?![=!])|\*))"
    r"|\{(?P<repeat>[^{}]*)\}?",
    re.DOTALL,
)
_REPEAT = re.compile(r"(\d{0,4})(,?)(\d{0,4})")
_LARGEST_REPEAT = 1_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison of one attribute of a token with a regular expression.

    Attributes:
        column: Column of the table of words.
        expression: Regular expression, which must fit the whole value.
        ignores_case: Whether case is ignored.
        is_negated: Whether the value must not fit.
    """

    column: str
    expression: str
    ignores_case: bool = False
    is_negated: bool = False

    @property
    def is_literal(self) -> bool:
        """Whether only one value fits, apart from case."""
        return not _SPECIAL.search(self.expression)


@dataclass(frozen=True, slots=True)
class Not:
    """A condition that must not hold."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class AllOf:
    """Conditions that must all hold."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Conditions of which one must hold."""

    conditions: tuple[Condition, ...]


Condition = Comparison | Not | AllOf | AnyOf


@dataclass(frozen=True, slots=True)
class Position:
    """One token. None fits every token."""

    condition: Condition | None


@dataclass(frozen=True, slots=True)
class Row:
    """Parts that follow one another."""

    parts: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Patterns of which one must fit."""

    options: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """A pattern several times in a row, at most as often as `most`. None is without limit."""

    part: Pattern
    least: int
    most: int | None


Pattern = Position | Row | Choice | Repeat


def parse_pattern(text: str) -> Pattern:
    """Return the pattern that a text in CQL describes.

    Raises:
        QueryError: It cannot be understood or is too large. The message shows the place.
    """
    if len(text) > LONGEST_PATTERN:
        raise QueryError(f"the pattern has {len(text):,} characters; shorten it to at most {LONGEST_PATTERN:,}")
    if SURROGATE.search(text):
        raise QueryError("the pattern has bytes that are not text; type it again")
    found = _Parser(text).parse()
    if (steps := step_count(found)) > MOST_STEPS:
        raise QueryError(f"the pattern has {steps:,} positions with its repetitions; repeat less, up to {MOST_STEPS:,}")
    return found


def is_pattern(text: str) -> bool:
    """Return whether a text is meant as a pattern, and not as a sentence or as a word in brackets.

    Its first condition is `[]` or compares something, or a string before it has a flag such as `%c`. Then the text is a
    pattern even if it has a mistake. A row of strings alone is none, since they are phrases of a sentence.
    """
    text = text[:LONGEST_PATTERN].lstrip()
    if not text.startswith(("[", "(", '"', "'")):
        return False
    place = _BEFORE_CONDITION.match(text)
    rest = text[place.end() :] if place else text
    return _CONDITION.match(rest) is not None or re.match(r"%[A-Za-z]", rest) is not None


def step_count(pattern: Pattern) -> int:
    """Count the positions of a pattern whose repetitions are written out."""
    match pattern:
        case Position():
            return 1
        case Row(parts) | Choice(parts):
            return sum(map(step_count, parts))
        case Repeat(part, least, most):
            return step_count(part) * max(least + 1 if most is None else most, 1)


def tests_of(pattern: Pattern) -> Iterator[Comparison]:
    """Yield all comparisons in a pattern."""
    match pattern:
        case Position(condition):
            if condition is not None:
                yield from _tests_in(condition)
        case Row(parts) | Choice(parts):
            for part in parts:
                yield from tests_of(part)
        case Repeat(part):
            yield from tests_of(part)


def _tests_in(condition: Condition) -> Iterator[Comparison]:
    match condition:
        case Comparison():
            yield condition
        case Not(inner):
            yield from _tests_in(inner)
        case AllOf(conditions) | AnyOf(conditions):
            for each in conditions:
                yield from _tests_in(each)


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of a pattern: its kind, its text, and where it begins."""

    kind: str
    text: str
    start: int


class _Parser:
    """Reads one pattern from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[_Token] = []
        self._next = 0
        self._depth = 0
        place = 0
        while place < len(text.rstrip()):
            found = _TOKEN.match(text, place)
            if found is None:
                start = place + len(text[place:]) - len(text[place:].lstrip())
                what = "a string has no end" if text[start] in "\"'" else f"{text[start]!r} means nothing here"
                self._fail(what, start)
            kind = str(found.lastgroup)
            self._tokens.append(_Token(kind, found[kind], found.start(kind)))
            place = found.end()
        self._end = _Token("end", "", len(text.rstrip()))

    def parse(self) -> Pattern:
        if not self._tokens:
            raise QueryError(f"the pattern is empty; {EXAMPLE}")
        found = self._pattern()
        if self._peek().text == "within":
            self._within()
        if self._peek().kind != "end":
            self._fail(f"{self._peek().text!r} is not expected")
        return found

    def _within(self) -> None:
        self._fail("every match is within one sentence, so leave out what begins with 'within'")

    def _peek(self) -> _Token:
        return self._tokens[self._next] if self._next < len(self._tokens) else self._end

    def _take(self, *signs: str) -> _Token | None:
        """Return the next token and go on if it is one of some signs."""
        token = self._peek()
        if token.kind != "sign" or token.text not in signs:
            return None
        self._next += 1
        return token

    def _require(self, sign: str, after: str) -> None:
        if not self._take(sign):
            self._fail(f"{sign!r} is missing after {after}")

    def _fail(self, what: str, start: int | None = None) -> NoReturn:
        """Raise the error for a place, by default that of the next token."""
        place = self._peek().start if start is None else start
        rest = " ".join(self._text[place : place + _SHOWN].split())
        where = f"at {rest!r}, character {place + 1}" if rest else "at the end"
        raise QueryError(f"the pattern cannot be read {where}: {what}; {EXAMPLE}")

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            self._fail(f"there are more than {DEEPEST} brackets inside one another")

    def _pattern(self) -> Pattern:
        options = [self._row()]
        while self._take("|"):
            options.append(self._row())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _row(self) -> Pattern:
        parts: list[Pattern] = []
        while (token := self._peek()).kind == "string" or token.text in ("[", "("):
            parts.append(self._repeated(self._part()))
        if not parts:
            self._fail("a position is missing")
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def _part(self) -> Pattern:
        if self._take("("):
            self._deeper()
            found = self._pattern()
            self._require(")", "a group")
            self._depth -= 1
            return found
        if not self._take("["):
            return Position(self._test("word", is_negated=False))
        if self._take("]"):
            return Position(None)
        condition = self._or()
        self._require("]", "a condition")
        return Position(condition)

    def _repeated(self, part: Pattern) -> Pattern:
        while sign := self._take("?", "*", "+", "{"):
            match sign.text:
                case "?":
                    part = Repeat(part, 0, 1)
                case "*":
                    part = Repeat(part, 0, None)
                case "+":
                    part = Repeat(part, 1, None)
                case _:
                    part = self._counted(part, sign.start)
        return part

    def _counted(self, part: Pattern, start: int) -> Pattern:
        least = self._number()
        most = least
        if self._take(","):
            most = self._number()
        elif least is None:
            self._fail("a number is missing")
        self._require("}", "the number of repetitions")
        if most is not None and most < (least or 0):
            self._fail("the second number is smaller than the first", start)
        if most == 0:
            self._fail("a part that occurs 0 times says nothing", start)
        return Repeat(part, least or 0, most)

    def _number(self) -> int | None:
        token = self._peek()
        if token.kind != "number":
            return None
        if len(token.text) > 6 or int(token.text) > MOST_REPEATS:
            self._fail(f"a part can be repeated up to {MOST_REPEATS} times, or without limit as in {{2,}}")
        self._next += 1
        return int(token.text)

    def _or(self) -> Condition:
        found = [self._and()]
        while self._take("|"):
            found.append(self._and())
        return found[0] if len(found) == 1 else AnyOf(tuple(found))

    def _and(self) -> Condition:
        found = [self._not()]
        while self._take("&"):
            found.append(self._not())
        return found[0] if len(found) == 1 else AllOf(tuple(found))

    def _not(self) -> Condition:
        if self._take("!"):
            self._deeper()
            found = Not(self._not())
            self._depth -= 1
            return found
        if self._take("("):
            self._deeper()
            condition = self._or()
            self._require(")", "a condition")
            self._depth -= 1
            return condition
        name = self._peek()
        if name.kind != "name":
            self._fail("a condition is missing")
        if name.text not in ATTRIBUTES:
            self._fail(f"{name.text!r} is none of {', '.join(ATTRIBUTES)}")
        self._next += 1
        sign = self._take("=", "!=")
        if sign is None:
            self._fail(f"'=' or '!=' is missing after {name.text!r}")
        return self._test(name.text, is_negated=sign.text == "!=")

    def _test(self, name: str, *, is_negated: bool) -> Comparison:
        token = self._peek()
        if token.kind != "string":
            self._fail("a string in quotes is missing")
        self._next += 1
        quote = token.text[0]
        expression = token.text[1:-1].replace(f"\\{quote}", quote)
        if problem := expression_problem(expression):
            self._fail(problem, token.start)
        ignores_case = False
        if (flag := self._peek()).kind == "flag":
            if flag.text != "%c":
                self._fail(f"{flag.text!r} is no flag, only %c is")
            ignores_case = True
            self._next += 1
        return Comparison(ATTRIBUTES[name], expression, ignores_case, is_negated)


def expression_problem(expression: str) -> str | None:
    """Return what is wrong with a regular expression, or None. Parts that are not needed for words are refused."""
    import regex

    if len(expression) > LONGEST_EXPRESSION:
        return f"a regular expression has {len(expression)} characters, of which {LONGEST_EXPRESSION} are allowed"
    for found in _IN_EXPRESSION.finditer(expression):
        if found["group"] is not None:
            return f"groups of the kind {expression[found.start() : found.start() + 3]!r} are not supported"
        if found["repeat"] is not None:
            counts = _REPEAT.fullmatch(found["repeat"])
            if counts is None or not found[0].endswith("}") or not (counts[1] or counts[3]):
                return "braces hold no numbers, so write \\{ for the sign itself"
            if max(int(counts[1] or 0), int(counts[3] or 0)) > _LARGEST_REPEAT:
                return f"a regular expression can repeat up to {_LARGEST_REPEAT} times"
    try:
        regex.compile(expression)
    except (regex.error, ValueError, OverflowError, RecursionError) as error:
        return f"its regular expression is wrong ({error})"
    return None
