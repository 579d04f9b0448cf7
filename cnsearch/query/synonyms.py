"""Synonyms: words that find one another, from a file with a group a line. For queries only: the index knows nothing
of them, so that another file takes effect at once.

    # members are separated by white space or commas; quotation marks keep one with spaces together
    人工智能 AI "artificial intelligence"
    新冠，新冠肺炎，COVID-19

Each run of whole words of the query that is a member becomes one word with alternatives: as if the user had written
(人工智能 OR ai) for it, but counted and scored as one (``SynonymTerm`` in ``search/steps/``). The longest run wins,
from left to right; a member inside a longer word of the query is none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from cnsearch.analysis.reading import spelt
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.errors import CorpusError
from cnsearch.query.tree import Node, Phrase, Synonym, Words

MAX_MEMBER_CHARS = 64

_MEMBER = re.compile(r'"([^"]*)"|([^\s,、"]+)')
_SEPARATORS = re.compile(r"[\s,、]*")


@dataclass(frozen=True)
class Synonyms:
    """Groups of folded members, each with two or more. A member of several groups finds the members of all of them,
    but these do not find one another."""

    groups: tuple[tuple[str, ...], ...] = ()
    _members: dict[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    _longest: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        members: dict[str, dict[str, None]] = {}
        for group in self.groups:
            for member in group:
                members.setdefault(member, {}).update(dict.fromkeys(other for other in group if other != member))
        object.__setattr__(self, "_members", {member: tuple(others) for member, others in members.items()})
        object.__setattr__(self, "_longest", max(map(len, members), default=0))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Synonyms:
        """Read a file (UTF-8). Raises CorpusError, with the line where one is to blame."""
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise CorpusError(path, error.strerror or str(error)) from error
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise CorpusError(f"{os.fspath(path)}:{line}", "not UTF-8", hint="Save the synonyms as UTF-8") from error
        return cls.parse(text, name=os.fspath(path))

    @classmethod
    def parse(cls, text: str, *, name: str = "synonyms") -> Synonyms:
        """The same from text. Empty lines and those that begin with # are skipped."""
        groups = []
        for number, line in enumerate(text.split("\n"), 1):
            folded = spelt(line).strip()
            if not folded or folded.startswith("#"):
                continue
            try:
                groups.append(_group(folded))
            except ValueError as error:
                raise CorpusError(f"{name}:{number}", str(error)) from error
        return cls(tuple(groups))

    def expand(self, node: Node | None, tokenizer: WordTokenizer) -> Node | None:
        """The query with the alternatives of its words. ``tokenizer`` is that of the index."""
        if not self.groups or node is None:
            return node

        def expanded(words: Words) -> Words:
            text = words.text.strip()
            found = tuple(self._found(text, words.field, tokenizer))
            return replace(words, text=text, synonyms=found) if found else words

        return node.rewritten(expanded)

    def _found(self, text: str, field: str | None, tokenizer: WordTokenizer) -> Iterator[Synonym]:
        """The runs of words of ``text`` that are members, with what they find."""
        spans = _coarse_spans(text, tokenizer)
        after = 0
        for first, (start, _) in enumerate(spans):
            if start < after:
                continue
            longest = ""
            for _, end in spans[first:]:
                run = " ".join(text[start:end].split())
                if len(run) > self._longest:
                    break
                if run in self._members:
                    longest, after = run, end
            if longest:
                others = tuple(_alternative(other, field, tokenizer) for other in self._members[longest])
                yield Synonym(start, after, others)


def _group(line: str) -> tuple[str, ...]:
    """The members of a folded line, each once. Raises ValueError."""
    members: dict[str, None] = {}
    at = _separators_end(line, 0)
    while at < len(line):
        match = _MEMBER.match(line, at)
        if match is None:
            raise ValueError("a quotation mark is not closed")
        member = " ".join((match.group(1) or match.group(2) or "").split())
        if not any(char.isalnum() for char in member):
            raise ValueError(f"{match.group()!r} has no letter, digit or Chinese character")
        if len(member) > MAX_MEMBER_CHARS:
            raise ValueError(f"{member[:20]!r}... has {len(member)} characters; a member may have {MAX_MEMBER_CHARS}")
        members[member] = None
        at = _separators_end(line, match.end())
    if len(members) < 2:
        raise ValueError(f"found {line!r}, expected two or more different words, separated by spaces or commas")
    return tuple(members)


def _separators_end(line: str, at: int) -> int:
    match = _SEPARATORS.match(line, at)
    return at if match is None else match.end()


def _coarse_spans(text: str, tokenizer: WordTokenizer) -> list[tuple[int, int]]:
    """(start, end) of the whole words of folded ``text``, by start."""
    return list({token.position: (token.start, token.end) for token in tokenizer.tokens(text)}.values())


def _alternative(member: str, field: str | None, tokenizer: WordTokenizer) -> Words | Phrase:
    """One word is found where it is a word, several as an exact substring."""
    one_word = _coarse_spans(member, tokenizer) == [(0, len(member))]
    return Words(member, field) if one_word else Phrase(member, field)
