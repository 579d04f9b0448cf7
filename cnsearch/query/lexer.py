"""Query text to lexemes: words, quoted texts, names of fields, parentheses and operators.

The text is folded first, which maps full-width parentheses, colons and bars and the quotation marks of both scripts to
the plain ones; fields also answer to their Chinese names. A folded dash is a minus only where the user typed a minus.

Some signs are meant as they stand: the minus of a number alone or before a unit (-18℃), NOT in an English sentence (How
to NOT write).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from cnsearch.analysis.fold import fold
from cnsearch.analysis.variants import in_context

FILTER_FIELDS = ("source", "category", "author", "tag", "date")
TEXT_FIELDS = ("title", "body")
FIELD_NAMES = {name: name for name in (*FILTER_FIELDS, *TEXT_FIELDS)} | {
    "来源": "source",
    "分类": "category",
    "作者": "author",
    "标签": "tag",
    "tags": "tag",
    "日期": "date",
    "标题": "title",
    "正文": "body",
}


@dataclass(frozen=True, slots=True)
class Lexeme:
    """kind   : one of ``( ) | + - AND OR NOT word phrase``
    text    : of a word or a quoted text, folded
    field   : that it names: of the articles, or None
    start   : where ``text`` starts in the query
    written : a quoted text as typed
    """

    kind: str
    text: str = ""
    field: str | None = None
    start: int = 0
    written: str = ""


def lex(text: str, own_fields: Collection[str] = ()) -> Iterator[Lexeme]:
    """The lexemes of a query text, in order. Never raises for any str.

    own_fields : names of own fields of articles, folded, which are fields of the query too

    >>> [(one.kind, one.field, one.text) for one in lex('标题:上海 -"甲 乙"')]
    [('word', 'title', '上海'), ('-', None, ''), ('phrase', None, '甲 乙')]
    """
    return _Lexer(text, own_fields).lexemes()


def selects(field: str | None) -> bool:
    """Whether a field selects; the others are texts."""
    return field is not None and field not in TEXT_FIELDS


def is_one_word(text: str) -> bool:
    """Whether a text stands for itself without quotation marks."""
    return _WORD.fullmatch(text) is not None


def is_negative_number(text: str, *, alone: bool) -> bool:
    """Whether a text begins with a number below zero and what it counts (-18℃), or is such a number ``alone``.

    >>> is_negative_number("-18℃", alone=False), is_negative_number("-18", alone=False)
    (True, False)
    """
    return (alone and _NUMBER.fullmatch(text) is not None) or _MEASURE.match(text) is not None


_FIELD = re.compile(r"(\w+):(?=[^\s)])")
_WORD = re.compile(r'[^\s()|"]+')
OPERATORS = frozenset({"AND", "OR", "NOT"})
_QUESTION_MARK = "？"
_STRAIGHT_QUOTES = '"＂'
_CLOSING = {"“": "”", "「": "」", "『": "』", "«": "»", "〝": "〞"}
_SIGNS = ("+", "-", "＋", "－")
_NUMBER = re.compile(r"-[0-9]+(?:[.,][0-9]+)*")
_MEASURE = re.compile(
    r"-[0-9]+(?:[.,][0-9]+)*[ \u00a0]?"
    r"(?:[℃℉°%‰度分元米倍层楼点万亿]|摄氏|华氏|美元|百分|个百分|基点|(?:dbm?|kv|mv|ev|bps?|ppm)(?![a-z]))"
)
"""A number below zero, and what it counts."""
_BEFORE_NOT = frozenset(
    "to do does did is are am was were be been can could will would shall should must may might have has had why if or "
    "and but i you we they it that".split()
)
_AFTER_NOT = frozenset("a an the so to only just all be been in on by at for found null exists".split())


class _Lexer:
    """Goes through a text from left to right; ``_at`` is where it is, in the typed text as in the folded one."""

    def __init__(self, text: str, own_fields: Collection[str]) -> None:
        folded = in_context(fold(text))
        self._only_number = _NUMBER.fullmatch(folded.strip()) is not None
        if _QUESTION_MARK in text:  # folds to the wildcard, but who types the Chinese one asks a question
            folded = "".join(
                typed if typed == _QUESTION_MARK else char for typed, char in zip(text, folded, strict=True)
            )
        self._typed = text
        self._folded = folded
        self._own_fields = own_fields
        self._word_before = ""
        self._at = 0

    def lexemes(self) -> Iterator[Lexeme]:
        while self._at < len(self._folded):
            char = self._folded[self._at]
            if char.isspace():
                self._at += 1
            elif char in "()|":
                self._at += 1
                yield Lexeme(char)
            elif char == '"':
                yield from self._quotation()
            elif self._is_sign():
                yield self._sign()
            elif (field := self._field()) is not None:
                yield from self._with_field(field)
            else:
                yield from self._word()

    def _quotation(self) -> Iterator[Lexeme]:
        """A quoted text; nothing for marks in a sentence, and for one that never closes, which is a stray mark."""
        closing = self._closing()
        if closing > self._at and not self._is_in_sentence(closing):
            yield self._phrase(closing, None)
        else:
            self._at += 1

    def _phrase(self, closing: int, field: str | None) -> Lexeme:
        """The text from the mark here to the ``closing`` one."""
        start = self._at + 1
        self._at = closing + 1
        return Lexeme("phrase", fold(self._folded[start:closing]), field, start, self._typed[start:closing])

    def _closing(self) -> int:
        """Where the quotation that begins here ends, -1 if nowhere: at a mark of the same kind, so that a title with
        “marks” in it may be quoted by plain ones, else at any."""
        opening = self._typed[self._at]
        marks = _STRAIGHT_QUOTES if opening in _STRAIGHT_QUOTES else _CLOSING.get(opening, "")
        ends = [end for mark in marks if (end := self._typed.find(mark, self._at + 1)) >= 0]
        return min(ends) if ends else self._folded.find('"', self._at + 1)

    def _is_in_sentence(self, closing: int) -> bool:
        """Whether typographic marks here and at ``closing`` quote something in a sentence (谁写了“围城”), to which they
        are joined by letters; then they ask for nothing."""
        if self._typed[self._at] in _STRAIGHT_QUOTES:
            return False
        before, after = self._typed[max(0, self._at - 1) : self._at], self._typed[closing + 1 : closing + 2]
        return before.isalnum() or after.isalnum()

    def _is_sign(self) -> bool:
        """Whether a + or - stands here that is an operator: at the start of a clause, with the clause right behind
        it, and no minus of a number."""
        if self._typed[self._at] not in _SIGNS:
            return False
        before = self._folded[self._at - 1] if self._at else " "
        after = self._folded[self._at + 1] if self._at + 1 < len(self._folded) else " "
        begins_clause = (before.isspace() or before in '()|"+-') and not (after.isspace() or after in ")|")
        return begins_clause and not self._only_number and not _MEASURE.match(self._folded, self._at)

    def _sign(self) -> Lexeme:
        self._at += 1
        return Lexeme(self._folded[self._at - 1])

    def _field(self) -> re.Match[str] | None:
        """The name of a field with its colon, if one stands here."""
        match = _FIELD.match(self._folded, self._at)
        if match is None or not (match.group(1) in FIELD_NAMES or match.group(1) in self._own_fields):
            return None
        return match

    def _with_field(self, name: re.Match[str]) -> Iterator[Lexeme]:
        """What follows the name of a field. Signs go before it: ``title:-上海`` is ``-title:上海``."""
        field = FIELD_NAMES.get(name.group(1), name.group(1))
        self._at = name.end()
        while self._is_sign_of_value():
            yield self._sign()
        if self._folded[self._at] == "(":
            self._at += 1
            yield Lexeme("(", field=field)
            return
        closing = self._closing() if self._folded[self._at] == '"' else -1
        if closing > self._at:
            yield self._phrase(closing, field)
        elif (value := _WORD.match(self._folded, self._at)) is not None:
            yield self._word_lexeme(value, field)

    def _is_sign_of_value(self) -> bool:
        after = self._folded[self._at + 1 : self._at + 2]
        typed = self._typed[self._at : self._at + 1] in _SIGNS
        ends = after in ("", ")", "|") or after.isspace()
        return typed and not ends and not _MEASURE.match(self._folded, self._at)

    def _word(self) -> Iterator[Lexeme]:
        word = _WORD.match(self._folded, self._at)
        if word is None:
            self._at += 1
            return
        written = self._typed[self._at : word.end()]
        if written in OPERATORS and not (written == "NOT" and self._is_not_of_sentence(word.end())):
            self._at = word.end()
            self._word_before = ""
            yield Lexeme(written)
        else:
            self._word_before = word.group()
            yield self._word_lexeme(word, None)

    def _word_lexeme(self, word: re.Match[str], field: str | None) -> Lexeme:
        """A dash stays as typed (甲 —— 乙): folded, it would read as a minus where the query is shown as understood."""
        start, self._at = self._at, word.end()
        bare = word.group().lstrip("+-")
        dashes = len(word.group()) - len(bare)
        return Lexeme("word", self._typed[start : start + dashes] + bare, field, start)

    def _is_not_of_sentence(self, end: int) -> bool:
        """Whether NOT, which ends at ``end``, stands in an English sentence: beside what stands beside it there and is
        nothing that anyone looks for."""
        after = _WORD.match(self._folded, end + 1)
        return self._word_before in _BEFORE_NOT or (after is not None and after.group() in _AFTER_NOT)
