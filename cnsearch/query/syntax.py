"""Query text to a tree of clauses. No text is an error: what does not parse is taken as words.

    query   := or_expr*                         juxtaposed clauses: any of them ranks, all with ``require_all``
    or_expr := and_expr (("OR" | "|") and_expr)*
    and_expr:= clause ("AND" clause)*
    clause  := ("+" | "-" | "NOT")* primary
    primary := "(" query ")" | '"' text '"' | field ":" (word | '"' text '"' | "(" query ")") | word

A quoted text is an exact substring and is required; so is a clause of nothing but filters. Characters that show nothing
are left out first. Stars in pairs (**bold**) and between numbers (2*3) are meant as they stand. Which signs are
operators: ``lexer.py``; what a clause is: ``tree.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from cnsearch.analysis.fold import fold
from cnsearch.analysis.reading import LINE_END, read, shaped, spelt
from cnsearch.analysis.scripts import CJK, CJK_RUN, WORD
from cnsearch.analysis.variants import in_context
from cnsearch.limits import DEFAULT_LIMITS, Limits
from cnsearch.patterns import late
from cnsearch.query.lexer import OPERATORS, Lexeme, lex, selects
from cnsearch.query.tree import And, Everything, Filter, Group, Node, Or, Pattern, Phrase, Words


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """``root`` is None where there is nothing to search for; ``notes`` say what was not taken as written; ``plain`` is
    whether there is nothing but words of letters and digits, and spaces."""

    root: Node | None
    notes: tuple[str, ...] = ()
    plain: bool = False


def parse_query(
    text: str,
    *,
    require_all: bool = False,
    raw: bool = False,
    literal: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    own_fields: Collection[str] = (),
) -> ParsedQuery:
    """The tree of a query text. Never raises for any str.

    require_all : juxtaposed words are all required
    raw         : no syntax: the whole text is words
    literal     : a pattern with Chinese characters (``甲*乙``) is words
    limits      : of characters, clauses, patterns and depth; ``notes`` say what is cut short
    own_fields  : names of own fields of articles, folded, by which a query may filter too
    """
    notes = []
    if len(text) > limits.query_chars:
        text = text[: limits.query_chars]
        notes.append(f"the query is longer than {_counted(limits.query_chars, 'character')}; the rest is left out")
    if raw:
        folded = spelt(text).strip()
        words = Words(folded) if folded else None
        if words is not None and require_all:
            return ParsedQuery(Group(required=(words,)), tuple(notes))
        return ParsedQuery(words, tuple(notes))
    plain = _plain_words(text, limits)
    if plain:
        together = not require_all
        words_alone = tuple([Words(" ".join(plain))] if together else map(Words, plain))
        if together and len(plain) == 1:
            return ParsedQuery(words_alone[0], tuple(notes), plain=True)
        group = Group(optional=words_alone) if together else Group(required=words_alone)
        return ParsedQuery(group, tuple(notes), plain=True)
    root = _Parser(list(lex(shaped(text)[0], own_fields)), require_all, notes, limits, literal=literal).query()
    if root is None:
        notes.append("there is nothing to search for in the query")
    return ParsedQuery(root, tuple(dict.fromkeys(notes)))


def _plain_words(text: str, limits: Limits) -> list[str]:
    """The words of a query text, folded, where it is nothing but these; else none, and a parser has to tell what it is.

    >>> _plain_words("數字化 Linux", DEFAULT_LIMITS), _plain_words("数字化 -Linux", DEFAULT_LIMITS)
    (['数字化', 'linux'], [])
    """
    shape, starts, _ = shaped(text)
    folded = in_context(fold(shape)) if starts is None else ""
    if not _PLAIN.fullmatch(folded) or not OPERATORS.isdisjoint(text.split()):
        return []
    words = folded.split()
    return words if len(words) <= limits.query_clauses else []


def text_with_signs(text: str, root: Node | None, limits: Limits = DEFAULT_LIMITS) -> str:
    """The query text as a text is read, if its tree has operators that may have been meant as they stand; else "".

    Not for words alone, where there are none, nor for one quoted text, whose marks are meant.
    """
    if root is None or isinstance(root, Phrase):
        return ""
    typed = read(text[: limits.query_chars]).text.strip()
    words = _only_words(root)
    if words is not None and "".join(read(words).text.split()) == "".join(typed.split()):
        return ""  # else there are parentheses
    return typed


def _only_words(root: Node) -> str | None:
    """The text of a query that is one run of words, of no field; None for another one."""
    group = root if isinstance(root, Group) else Group(optional=(root,))
    if group.excluded or (group.required and group.optional):
        return None
    texts = [node.text for node in group.required or group.optional if isinstance(node, Words) and node.field is None]
    return " ".join(texts) if len(texts) == len(group.required or group.optional) else None


def parse_as_text(text: str, *, require_all: bool = False, limits: Limits = DEFAULT_LIMITS) -> ParsedQuery:
    """The tree of a query text whose operators stand in an article just so, and are words: with a note."""
    parsed = parse_query(text, require_all=require_all, raw=True, limits=limits)
    return replace(parsed, notes=(*parsed.notes, "an article has this text as typed: its signs are no operators"))


def places_of_words(
    text: str, *, raw: bool = False, limits: Limits = DEFAULT_LIMITS, own_fields: Collection[str] = ()
) -> list[tuple[int, int]]:
    """(start, end) in the query text of each word and each quoted text that a document is asked to contain: no filter,
    no operator, no pattern, and nothing excluded. Arguments as for ``parse_query``."""
    text = text[: limits.query_chars]
    if raw:
        return [match.span() for match in re.finditer(r"\S+", text)]
    text, starts, ends = shaped(text)
    wanted = [lexeme for lexeme in _not_excluded(lex(text, own_fields)) if lexeme.text and not selects(lexeme.field)]
    words = [lexeme for lexeme in wanted if not ("*" in lexeme.text or "?" in lexeme.text)]
    places = [(lexeme.start, lexeme.start + len(lexeme.text)) for lexeme in words]
    if starts is None or ends is None:
        return places
    return [(int(starts[start]), int(ends[end - 1])) for start, end in places]


def _not_excluded(lexemes: Iterable[Lexeme]) -> Iterator[Lexeme]:
    """Those that no minus stands before, nor before parentheses around them."""
    excluded, depth = False, 0  # depth of the parentheses inside those that are excluded
    for lexeme in lexemes:
        if depth:
            depth += {"(": 1, ")": -1}.get(lexeme.kind, 0)
        elif lexeme.kind in ("-", "NOT"):
            excluded = not excluded
        elif lexeme.kind != "+":
            if excluded:
                depth = int(lexeme.kind == "(")
            else:
                yield lexeme
            excluded = False


# Parsing

_BINARY = ("OR", "|", "AND")
_SPACE = re.compile(r"\s+")
_LINE_FEED = re.compile("\r?\n")
_PLAIN = re.compile(r"\s*[^\W_]+(?:\s+[^\W_]+)*\s*")
_UNKNOWN_FIELD = re.compile(r"([a-z_]+):(?!//)(?=\S)")  # http://… is an address
_PATTERN = late(rf"[{CJK}{WORD}\-._'&+#%*?]+")
"""What a pattern may have in it: other characters (of an address, a sentence) stand in no term."""
_WILDCARDS = re.compile("[*?]+")
_PRODUCT = re.compile(r"[0-9.]+(?:\*[0-9.]+)+")


_Signed = tuple[str, Node]
"""A clause with its sign: "+", "-" or ""."""


class _Parser:
    """Recursive descent, a method for each rule of the grammar. ``_at`` is the next lexeme."""

    def __init__(
        self, lexemes: list[Lexeme], require_all: bool, notes: list[str], limits: Limits, *, literal: bool = False
    ) -> None:
        if len(lexemes) > limits.query_clauses:
            notes.append(f"more than {_counted(limits.query_clauses, 'clause')}; those after are taken as words")
            rest = " ".join(lexeme.text for lexeme in lexemes[limits.query_clauses :] if lexeme.text)
            lexemes = [*lexemes[: limits.query_clauses], *([Lexeme("word", rest)] if rest else [])]
        self._limits = limits
        self._num_patterns = 0
        self._lexemes = lexemes
        self._at = 0
        self._depth = 0
        self._field: str | None = None  # of the parentheses around: title:(上海 OR 北京)
        self._require_all = require_all
        self._notes = notes
        self._literal = literal

    def _kind(self) -> str:
        return self._lexemes[self._at].kind if self._at < len(self._lexemes) else "end"

    def query(self) -> Node | None:
        """Everything up to the end; a closing parenthesis that closes nothing is passed over."""
        signed: list[_Signed] = []
        while self._kind() != "end":
            signed += self._clauses()
            self._at += 1
        return self._grouped(signed)

    def _clauses(self) -> list[_Signed]:
        signed = []
        while self._kind() not in ("end", ")"):
            clause = self._or_expression()
            if clause is not None:
                signed.append(clause)
        return signed

    def _grouped(self, signed: list[_Signed]) -> Node | None:
        """Juxtaposed clauses as one; one that stands alone as it is."""
        required: list[Node] = []
        optional: list[Node] = []
        excluded: list[Node] = []
        for sign, node in signed:
            if sign == "-":
                excluded.append(node)
            elif sign == "+" or self._require_all or node.required_unsigned or node.is_condition:
                required.append(node)
            else:
                optional.append(node)
        if not signed:
            return None
        sign, first = signed[0]
        all_its_words = isinstance(first, Words) and (sign == "+" or self._require_all)
        if len(signed) == 1 and not excluded and not all_its_words:
            return first
        return Group(tuple(required), _merge_words(optional), tuple(excluded))

    def _or_expression(self) -> _Signed | None:
        return self._chain(("OR", "|"), self._and_expression, Or)

    def _and_expression(self) -> _Signed | None:
        return self._chain(("AND",), self._signed, And)

    def _chain(
        self,
        operators: tuple[str, ...],
        operand: Callable[[], _Signed | None],
        make: Callable[[tuple[Node, ...]], Node],
    ) -> _Signed | None:
        """Operands joined by ``operators``. Operators in a row are one; those with nothing to join are passed over."""
        first = operand()
        clauses = [] if first is None else [first]
        while self._kind() in operators:
            while self._kind() in _BINARY:
                self._at += 1
            clause = operand()
            if clause is not None:
                clauses.append(clause)
        if len(clauses) < 2:
            return clauses[0] if clauses else None
        return "", make(tuple(Group(excluded=(node,)) if sign == "-" else node for sign, node in clauses))

    def _signed(self) -> _Signed | None:
        """A clause; of several signs each minus turns those before it round (NOT NOT 甲 is 甲)."""
        sign = ""
        while self._kind() in ("+", "-", "NOT"):
            minus = self._kind() != "+"
            sign = ("" if sign == "-" else "-") if minus else (sign or "+")
            self._at += 1
        node = self._primary()
        return None if node is None else (sign, node)

    def _primary(self) -> Node | None:
        kind = self._kind()
        if kind in ("end", ")"):
            return None
        lexeme = self._lexemes[self._at]
        self._at += 1
        if kind == "(":
            return self._in_parentheses(lexeme.field)
        if self._field is not None and lexeme.field is None:
            lexeme = replace(lexeme, field=self._field)
        if kind == "phrase":
            return _phrase(lexeme)
        if kind == "word":
            return self._word(lexeme)
        return None  # an operator without operands

    def _in_parentheses(self, field: str | None) -> Node | None:
        """What stands behind an opening parenthesis, up to its closing one or the end."""
        if self._depth >= self._limits.query_depth:
            self._notes.append(f"parentheses more than {self._limits.query_depth} deep are passed over")
            return None
        self._depth += 1
        outer, self._field = self._field, field or self._field
        signed = self._clauses()
        self._field = outer
        self._depth -= 1
        self._at += self._kind() == ")"
        return self._grouped(signed)

    def _word(self, lexeme: Lexeme) -> Node:
        """A word: a filter, a pattern, everything, or words."""
        text, field = lexeme.text, lexeme.field
        if field is not None and selects(field):
            return Filter(field, text)
        unknown = _UNKNOWN_FIELD.match(text)
        if unknown is not None:
            self._notes.append(f'there is no field "{unknown.group(1)}": taken as words')
        if text == "*":
            return Everything()
        wild = "*" in text or "?" in text.rstrip("?")
        if not wild or not _PATTERN.fullmatch(text) or not any(map(str.isalnum, text)):
            return Words(text, field)
        return self._pattern(text, field)

    def _pattern(self, text: str, field: str | None) -> Node:
        """A word with wildcards, as far as they are meant as such."""
        if _PRODUCT.fullmatch(text) or (CJK_RUN.search(text) and ("**" in text or self._literal)):
            self._notes.append(f"{text} is taken as words")
            return Words(" ".join(_WILDCARDS.sub(" ", text).split()), field)
        self._num_patterns += 1
        if self._num_patterns > self._limits.query_patterns:
            most = _counted(self._limits.query_patterns, "pattern")
            self._notes.append(f"more than {most}; those after are taken as words")
            return Words(text, field)
        return Pattern(text, field)


def _phrase(lexeme: Lexeme) -> Node | None:
    """A quoted text, or a filter whose value is quoted; None if nothing stands between the marks."""
    if lexeme.field is not None and selects(lexeme.field):
        text = _SPACE.sub(" ", lexeme.text).strip()
        return Filter(lexeme.field, text) if text else None
    written = _LINE_FEED.sub(LINE_END, lexeme.written.strip())
    text = _SPACE.sub(" ", read(written).text).strip()
    return Phrase(text, lexeme.field) if text else None


def _merge_words(nodes: list[Node]) -> tuple[Node, ...]:
    """Neighbouring words of the same field become one run of words."""
    merged: list[Node] = []
    for node in nodes:
        last = merged[-1] if merged else None
        if isinstance(node, Words) and isinstance(last, Words) and node.field == last.field:
            merged[-1] = Words(f"{last.text} {node.text}", last.field, last.synonyms)
        else:
            merged.append(node)
    return tuple(merged)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
