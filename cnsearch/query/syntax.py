"""Query text to a tree of clauses. No text is an error: what does not parse is taken as words.

    query   := or_expr*                         juxtaposed clauses: any of them ranks, all with ``require_all``
    or_expr := and_expr (("OR" | "|") and_expr)*
    and_expr:= clause ("AND" clause)*
    clause  := ("+" | "-" | "NOT")* primary
    primary := "(" query ")" | '"' text '"' | field ":" (word | '"' text '"' | "(" query ")") | word

The text is folded first, which maps full-width parentheses, colons and bars and the quotation marks of both scripts to
the plain ones; fields also answer to their Chinese names. A quoted text is an exact substring and is required; so is a
clause of nothing but filters. A folded dash is a minus only where the user typed a minus. Characters that show nothing
are left out first.

Some signs are meant as they stand: the minus of a number alone or before a unit (-18℃), stars in pairs (**bold**) and
between numbers (2*3), NOT in an English sentence (How to NOT write).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from cnsearch.analysis.fold import fold
from cnsearch.analysis.reading import LINE_END, read, shaped, spelt
from cnsearch.analysis.scripts import CJK, CJK_RUN, WORD
from cnsearch.analysis.variants import in_context
from cnsearch.limits import DEFAULT_LIMITS, Limits

FILTER_FIELDS = ("source", "category", "author", "tag", "date")
TEXT_FIELDS = ("title", "body")
_FIELD_NAMES = {name: name for name in (*FILTER_FIELDS, *TEXT_FIELDS)} | {
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
class Synonym:
    """What finds the same as the words ``start .. end`` of a text: one word each, or an exact substring."""

    start: int
    end: int
    others: tuple[Words | Phrase, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """Text to be cut into words; ``field`` is "title", "body" or None for both; ``synonyms`` ascend and do not
    overlap."""

    text: str
    field: str | None = None
    synonyms: tuple[Synonym, ...] = ()

    def __str__(self) -> str:
        shown = []
        at = 0
        for synonym in self.synonyms:
            shown += self._shown(self.text[at : synonym.start].split())
            own = self.text[synonym.start : synonym.end]
            first = Phrase(own, self.field) if " " in own else Words(own, self.field)
            shown.append(f"({' OR '.join(map(str, (first, *synonym.others)))})")
            at = synonym.end
        if not shown and self.field is None:
            return self.text
        return " ".join([*shown, *self._shown(self.text[at:].split())])

    def _shown(self, words: list[str]) -> list[str]:
        return [_with_field(self.field, word) for word in words]


@dataclass(frozen=True, slots=True)
class Phrase:
    """An exact substring of the folded title or body."""

    text: str
    field: str | None = None

    def __str__(self) -> str:
        marks = "“”" if '"' in self.text else '""'
        return _with_field(self.field, f"{marks[0]}{self.text}{marks[1]}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Words that match ``*`` (any characters) and ``?`` (one character)."""

    text: str
    field: str | None = None

    def __str__(self) -> str:
        return _with_field(self.field, self.text)


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on source, category, author, tag, date, or an own field of articles. It selects and does not rank."""

    field: str
    value: str

    def __str__(self) -> str:
        return (
            f"{self.field}:{self.value}"
            if _WORD.fullmatch(self.value) and self.value[0] not in "+-("
            else f'{self.field}:"{self.value}"'
        )


@dataclass(frozen=True, slots=True)
class Everything:
    """Every article (``*``)."""

    def __str__(self) -> str:
        return "*"


@dataclass(frozen=True, slots=True)
class And:
    clauses: tuple[Node, ...]

    def __str__(self) -> str:
        return " AND ".join(map(_nested, self.clauses))


@dataclass(frozen=True, slots=True)
class Or:
    clauses: tuple[Node, ...]

    def __str__(self) -> str:
        return " OR ".join(map(_nested, self.clauses))


@dataclass(frozen=True, slots=True)
class Group:
    """Juxtaposed clauses: documents that match every ``required``, none of ``excluded`` and, where nothing but filters
    is required, at least one of ``optional``; ``optional`` ones rank."""

    required: tuple[Node, ...] = ()
    optional: tuple[Node, ...] = ()
    excluded: tuple[Node, ...] = ()

    def __str__(self) -> str:
        signs = {True: "", False: "+"}
        required = [signs[isinstance(node, (Filter, Phrase))] + _nested(node) for node in self.required]
        optional = [str(node) if isinstance(node, Words) else _nested(node) for node in self.optional]
        alone = not required + optional
        return " ".join([*required, *optional, *(_without(node, alone=alone) for node in self.excluded)])


Node = Words | Phrase | Pattern | Filter | Everything | And | Or | Group


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """``root`` is None where there is nothing to search for; ``notes`` say what was not taken as written."""

    root: Node | None
    notes: tuple[str, ...] = ()


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
        notes.append(f"the query is longer than {limits.query_chars} characters; the rest is left out")
    if raw:
        folded = spelt(text).strip()
        words = Words(folded) if folded else None
        if words is not None and require_all:
            return ParsedQuery(Group(required=(words,)), tuple(notes))
        return ParsedQuery(words, tuple(notes))
    root = _Parser(list(_lex(shaped(text)[0], own_fields)), require_all, notes, limits, literal=literal).query()
    if root is None:
        notes.append("there is nothing to search for in the query")
    return ParsedQuery(root, tuple(dict.fromkeys(notes)))


def text_with_signs(text: str, root: Node | None, limits: Limits = DEFAULT_LIMITS) -> str:
    """The query text as a text is read, if its tree has operators that may have been meant as they stand; else "".

    Not for words alone, where there are none, nor for one quoted text, whose marks are meant.
    """
    clauses = (root.required or root.optional) if isinstance(root, Group) else (root,)
    only_words = all(isinstance(clause, Words) and clause.field is None for clause in clauses)
    mixed = isinstance(root, Group) and (root.excluded or (root.required and root.optional))
    typed = read(text[: limits.query_chars]).text.strip()
    if root is None or isinstance(root, Phrase):
        return ""
    if only_words and not mixed:  # but for parentheses
        words = " ".join(clause.text for clause in clauses if isinstance(clause, Words))
        return "" if "".join(read(words).text.split()) == "".join(typed.split()) else typed
    return typed


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
    places = []
    excluded, depth = False, 0  # depth of the parentheses inside those that are excluded
    text, starts, ends = shaped(text)
    for lexeme in _lex(text, own_fields):
        if depth:
            depth += {"(": 1, ")": -1}.get(lexeme.kind, 0)
        elif lexeme.kind in ("-", "NOT"):
            excluded = not excluded
        elif lexeme.kind != "+":
            if excluded:
                depth = int(lexeme.kind == "(")
            elif lexeme.text and not _is_filter(lexeme.field) and not ("*" in lexeme.text or "?" in lexeme.text):
                places.append((lexeme.start, lexeme.start + len(lexeme.text)))
            excluded = False
    if starts is None or ends is None:
        return places
    return [(int(starts[start]), int(ends[end - 1])) for start, end in places]


def filters_of(node: Node | None) -> Iterator[Filter]:
    """Every condition of a query."""
    if isinstance(node, Filter):
        yield node
    elif isinstance(node, (And, Or)):
        for clause in node.clauses:
            yield from filters_of(clause)
    elif isinstance(node, Group):
        for clause in (*node.required, *node.optional, *node.excluded):
            yield from filters_of(clause)


def words_of(node: Node | None) -> Iterator[Words | Phrase | Pattern]:
    """The leaves that a document is asked to contain, not those of excluded clauses."""
    if isinstance(node, (Words, Phrase, Pattern)):
        yield node
    elif isinstance(node, (And, Or)):
        for clause in node.clauses:
            yield from words_of(clause)
    elif isinstance(node, Group):
        for clause in (*node.required, *node.optional):
            yield from words_of(clause)


def is_condition(node: Node) -> bool:
    """Whether a clause is made of nothing but filters (``source:甲 OR source:乙``): it selects and does not rank."""
    if isinstance(node, (And, Or)):
        return all(map(is_condition, node.clauses))
    if isinstance(node, Group):
        return all(map(is_condition, (*node.required, *node.optional, *node.excluded)))
    return isinstance(node, Filter)


# Lexing


@dataclass(frozen=True, slots=True)
class _Lexeme:
    kind: str  # one of ( ) | + - AND OR NOT word phrase
    text: str = ""
    field: str | None = None
    start: int = 0  # of the text, in the query
    written: str = ""  # a quoted text as typed


_FIELD = re.compile(r"(\w+):(?=[^\s)])")
_UNKNOWN_FIELD = re.compile(r"([a-z_]+):(?!//)(?=\S)")  # http://… is an address
_SPACE = re.compile(r"\s+")
_LINE_FEED = re.compile("\r?\n")
_WORD = re.compile(r'[^\s()|"]+')
_OPERATORS = {"AND", "OR", "NOT"}
_QUESTION_MARK = "？"
_STRAIGHT_QUOTES = '"＂'
_CLOSING = {"“": "”", "「": "」", "『": "』", "«": "»", "〝": "〞"}
_SIGNS = ("+", "-", "＋", "－")


def _lex(text: str, own_fields: Collection[str] = ()) -> Iterator[_Lexeme]:
    folded = in_context(fold(text))
    only_number = _NUMBER.fullmatch(folded.strip()) is not None
    word_before = ""
    if _QUESTION_MARK in text:  # folds to the wildcard, but who types the Chinese one asks a question
        folded = "".join(typed if typed == _QUESTION_MARK else char for typed, char in zip(text, folded, strict=True))
    at = 0
    while at < len(folded):
        char = folded[at]
        if char.isspace():
            at += 1
        elif char in "()|":
            yield _Lexeme(char)
            at += 1
        elif char == '"':
            closing = _closing(text, folded, at)
            if closing > at and not _is_quotation(text, at, closing):
                written = text[at + 1 : closing]
                yield _Lexeme("phrase", fold(folded[at + 1 : closing]), start=at + 1, written=written)
                at = closing + 1
            else:
                at += 1  # the quote that never closes is a stray mark
        elif text[at] in "+-＋－" and _begins_clause(folded, at) and not only_number and not _MEASURE.match(folded, at):
            yield _Lexeme(char)
            at += 1
        elif (match := _FIELD.match(folded, at)) is not None and (
            match.group(1) in _FIELD_NAMES or match.group(1) in own_fields
        ):
            field = _FIELD_NAMES.get(match.group(1), match.group(1))
            at = match.end()
            while (
                text[at : at + 1] in _SIGNS
                and not folded[at + 1 : at + 2].isspace()
                and at + 1 < len(folded)
                and not _MEASURE.match(folded, at)
            ):
                yield _Lexeme(folded[at])  # title:-上海 is -title:上海
                at += 1
            if folded[at] == "(":
                yield _Lexeme("(", field=field)
                at += 1
                continue
            closing = _closing(text, folded, at) if folded[at] == '"' else -1
            if closing > at:
                written = text[at + 1 : closing]
                yield _Lexeme("phrase", fold(folded[at + 1 : closing]), field, at + 1, written)
                at = closing + 1
            elif (value := _WORD.match(folded, at)) is not None:
                dashes = len(value.group()) - len(value.group().lstrip("+-"))  # not typed as signs: see below
                yield _Lexeme("word", text[at : at + dashes] + value.group()[dashes:], field, at)
                at = value.end()
        else:
            word = _WORD.match(folded, at)
            if word is None:
                at += 1
                continue
            written = text[at : word.end()]
            # A dash stays as typed (甲 —— 乙): folded, it would read as a minus where the query is shown as understood.
            dashes = len(word.group()) - len(word.group().lstrip("+-"))
            unsigned = written[:dashes] + word.group()[dashes:]
            if written in _OPERATORS and not (written == "NOT" and _in_sentence(word_before, folded, word.end())):
                yield _Lexeme(written)
                word_before = ""
            else:
                yield _Lexeme("word", unsigned, start=at)
                word_before = word.group()
            at = word.end()


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


def _in_sentence(before: str, folded: str, at: int) -> bool:
    """Whether NOT, which ends at ``at``, stands in an English sentence: beside what stands beside it there and is
    nothing that anyone looks for."""
    after = _WORD.match(folded, at + 1)
    return before in _BEFORE_NOT or (after is not None and after.group() in _AFTER_NOT)


def _closing(text: str, folded: str, at: int) -> int:
    """Where the quotation that begins at ``at`` ends, -1 if nowhere: at a mark of the same kind, so that a title with
    “marks” in it may be quoted by plain ones, else at any."""
    marks = _STRAIGHT_QUOTES if text[at] in _STRAIGHT_QUOTES else _CLOSING.get(text[at], "")
    ends = [end for mark in marks if (end := text.find(mark, at + 1)) >= 0]
    return min(ends) if ends else folded.find('"', at + 1)


def _is_quotation(text: str, at: int, closing: int) -> bool:
    """Whether typographic marks at these places quote something in a sentence (谁写了“围城”), to which they are
    joined by letters; then they ask for nothing."""
    if text[at] in _STRAIGHT_QUOTES:
        return False
    return text[max(0, at - 1) : at].isalnum() or text[closing + 1 : closing + 2].isalnum()


def _begins_clause(folded: str, at: int) -> bool:
    """A sign is an operator at the start of a clause, with the clause right behind it."""
    before = folded[at - 1] if at else " "
    after = folded[at + 1] if at + 1 < len(folded) else " "
    return (before.isspace() or before in '()|"+-') and not (after.isspace() or after in ")|")


# Parsing

_BINARY = ("OR", "|", "AND")
_PATTERN = re.compile(rf"[{CJK}{WORD}\-._'&+#%*?]+")
"""What a pattern may have in it: other characters (of an address, a sentence) stand in no term."""


_WILDCARDS = re.compile("[*?]+")
_PRODUCT = re.compile(r"[0-9.]+(?:\*[0-9.]+)+")


class _Parser:
    def __init__(
        self, lexemes: list[_Lexeme], require_all: bool, notes: list[str], limits: Limits, *, literal: bool = False
    ) -> None:
        if len(lexemes) > limits.query_clauses:
            notes.append(f"more than {limits.query_clauses} clauses; those after are taken as words")
            rest = " ".join(lexeme.text for lexeme in lexemes[limits.query_clauses :] if lexeme.text)
            lexemes = [*lexemes[: limits.query_clauses], *([_Lexeme("word", rest)] if rest else [])]
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
        signed: list[tuple[str, Node]] = []
        while self._kind() != "end":
            signed += self._clauses()
            self._at += 1
        return self._grouped(signed)

    def _clauses(self) -> list[tuple[str, Node]]:
        signed = []
        while self._kind() not in ("end", ")"):
            clause = self._or_expression()
            if clause is not None:
                signed.append(clause)
        return signed

    def _grouped(self, signed: list[tuple[str, Node]]) -> Node | None:
        required: list[Node] = []
        optional: list[Node] = []
        excluded: list[Node] = []
        for sign, node in signed:
            if sign == "-":
                excluded.append(node)
            elif sign == "+" or self._require_all or isinstance(node, Phrase) or is_condition(node):
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

    def _or_expression(self) -> tuple[str, Node] | None:
        return self._chain(("OR", "|"), self._and_expression, Or)

    def _and_expression(self) -> tuple[str, Node] | None:
        return self._chain(("AND",), self._signed, And)

    def _chain(self, operators: tuple[str, ...], operand, make) -> tuple[str, Node] | None:  # type: ignore[no-untyped-def]
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

    def _signed(self) -> tuple[str, Node] | None:
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
            if self._depth >= self._limits.query_depth:
                self._notes.append(f"parentheses more than {self._limits.query_depth} deep are passed over")
                return None
            self._depth += 1
            outer, self._field = self._field, lexeme.field or self._field
            signed = self._clauses()
            self._field = outer
            self._depth -= 1
            self._at += self._kind() == ")"
            return self._grouped(signed)
        lexeme = replace(lexeme, field=lexeme.field or self._field)
        if kind == "phrase":
            return _phrase(lexeme)
        if kind == "word":
            return self._word(lexeme)
        return None  # an operator without operands

    def _word(self, lexeme: _Lexeme) -> Node | None:
        text, field = lexeme.text, lexeme.field
        if field is not None and _is_filter(field):
            return Filter(field, text)
        unknown = _UNKNOWN_FIELD.match(text)
        if unknown is not None:
            self._notes.append(f'there is no field "{unknown.group(1)}": taken as words')
        if not any(char.isalnum() for char in text):
            if text == "*":
                return Everything()
            return Words(text, field)
        wild = "*" in text or "?" in text.rstrip("?")
        if not wild or not _PATTERN.fullmatch(text):
            return Words(text, field)
        if _PRODUCT.fullmatch(text) or (CJK_RUN.search(text) and ("**" in text or self._literal)):
            self._notes.append(f"{text} is taken as words")
            return Words(" ".join(_WILDCARDS.sub(" ", text).split()), field)
        self._num_patterns += 1
        if self._num_patterns > self._limits.query_patterns:
            self._notes.append(f"more than {self._limits.query_patterns} patterns; those after are taken as words")
            return Words(text, field)
        return Pattern(text, field)


def _phrase(lexeme: _Lexeme) -> Node | None:
    if lexeme.field is not None and _is_filter(lexeme.field):
        text = _SPACE.sub(" ", lexeme.text).strip()
        return Filter(lexeme.field, text) if text else None
    written = _LINE_FEED.sub(LINE_END, lexeme.written.strip())
    text = _SPACE.sub(" ", read(written).text).strip()
    return Phrase(text, lexeme.field) if text else None


def _is_filter(field: str | None) -> bool:
    """Whether a field selects; the others are texts."""
    return field is not None and field not in TEXT_FIELDS


def _merge_words(nodes: list[Node]) -> tuple[Node, ...]:
    """Neighbouring words of the same field become one run of words."""
    merged: list[Node] = []
    for node in nodes:
        last = merged[-1] if merged else None
        if isinstance(node, Words) and isinstance(last, Words) and node.field == last.field:
            merged[-1] = replace(last, text=f"{last.text} {node.text}")
        else:
            merged.append(node)
    return tuple(merged)


def _with_field(field: str | None, text: str) -> str:
    return text if field is None else f"{field}:{text}"


def _without(node: Node, *, alone: bool) -> str:
    """An excluded clause, so written that its minus is not that of a number."""
    text = _nested(node)
    return f"-({text})" if (alone and _NUMBER.fullmatch(f"-{text}")) or _MEASURE.match(f"-{text}") else f"-{text}"


def _nested(node: Node) -> str:
    several = isinstance(node, (And, Or, Group))
    if isinstance(node, Words):
        in_parentheses = [(synonym.start, synonym.end) for synonym in node.synonyms] == [(0, len(node.text))]
        several = bool(" " in node.text or node.synonyms) and not in_parentheses
    return f"({node})" if several else str(node)
