"""The words of a query: each kind says what it needs where it must be there, what it is as one of several, and what is
marked of it.

A run of words is cut into coarse tokens; each is one of these kinds. To add a kind, write a class, and let ``word_of``
make it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cnsearch.analysis.compounds import atoms, joined, spellings
from cnsearch.analysis.scripts import CJK_RUN, HAN_CHAR
from cnsearch.query.asking import ASKING, WEIGHT
from cnsearch.query.tree import Phrase, Synonym
from cnsearch.search.planning.cutting import Group, Texts, is_loose, spaced, texts_of
from cnsearch.search.steps.base import Marked, Step
from cnsearch.search.steps.compound import CompoundMark, PartsMark, Together, whole_or_together
from cnsearch.search.steps.joined import AllOf, AnyOf, BestOf
from cnsearch.search.steps.keywords import Keyword
from cnsearch.search.steps.leaf import Term, bigrams
from cnsearch.search.steps.synonyms import SynonymTerm, WordForms
from cnsearch.search.steps.texts import Substring
from cnsearch.store.fields import CHARS_FIELD


class QueryWord(ABC):
    """One word of a query, ``text`` as typed, folded, looked for in ``fields``. Frozen, hashable, comparable."""

    __slots__ = ()

    text: str
    fields: tuple[str, ...]

    @abstractmethod
    def required(self) -> Step:
        """What a document must have where every word must be there."""

    @abstractmethod
    def keyword(self) -> Keyword:
        """What it is as one of the words of which a document must have enough."""

    @abstractmethod
    def marks(self) -> tuple[Marked, ...]:
        """What is marked of it in excerpts."""


@dataclass(frozen=True, slots=True)
class ChineseWord(QueryWord):
    """A word with Chinese characters, and the words that are ``parts`` of it. It is found as a word, as one of several
    also by its bigrams; where it must be there and has three characters or more, also where the text was cut otherwise.

    >>> word = ChineseWord("数字化", ("body",), ("数字",))
    >>> print(word.required(), *word.keyword().bigrams, *word.marks())
    (body:数字化 OR body:"数字化") body_chars:数字 body_chars:字化 body:数字 body:数字化
    """

    text: str
    fields: tuple[str, ...]
    parts: Texts = ()

    def required(self) -> Term | AnyOf:
        word = Term(self.text, self.fields)
        if len(self.text) > 2 and CJK_RUN.fullmatch(self.text):
            return AnyOf((word, Substring(self.text, self.fields)))
        return word

    def keyword(self) -> Keyword:
        pairs = bigrams(self.text, characters_of(self.fields)) if CJK_RUN.fullmatch(self.text) else ()
        weight = WEIGHT if self.text in ASKING else 1.0
        return Keyword(Term(self.text, self.fields, weight), pairs, text=self.text, weight=weight)

    def marks(self) -> tuple[Marked, ...]:
        parts = self.parts if HAN_CHAR.search(self.text) else ()
        return tuple(Term(text, self.fields) for text in (*parts, self.text))


@dataclass(frozen=True, slots=True)
class LooseRun(QueryWord):
    """What is cut into nothing but single characters, and mixed tokens between them: found as it is written (U盘), and
    with a space wherever Chinese and other characters meet (U 盘). One character alone is found wherever it stands.

    >>> print(LooseRun("u盘", ("body",)).required())
    same(body:"u 盘" body:"u盘")
    """

    text: str
    fields: tuple[str, ...]

    def required(self) -> Substring | SynonymTerm:
        return self._with_space() or Substring(self.text, self.fields)

    def _with_space(self) -> SynonymTerm | None:
        """As it is written, or with spaces; None if these are the same."""
        both = sorted({self.text, spaced(self.text)})
        return SynonymTerm(tuple(Substring(one, self.fields) for one in both), self.fields) if len(both) > 1 else None

    def keyword(self) -> Keyword:
        if len(self.text) == 1:
            return Keyword(Substring(self.text, self.fields), text=self.text)
        weight = WEIGHT if self.text in ASKING else 1.0
        return Keyword(
            self._with_space() or Term(self.text, self.fields, weight),
            bigrams(self.text, characters_of(self.fields)),
            singles=tuple(Term(char, self.fields) for char in dict.fromkeys(HAN_CHAR.findall(self.text))),
            text=self.text,
            weight=weight,
        )

    def marks(self) -> tuple[Marked, ...]:
        with_space = self._with_space()
        return with_space.members if with_space else (Substring(self.text, self.fields),)


@dataclass(frozen=True, slots=True)
class Compound(QueryWord):
    """A mixed token (``s-300``): whole, or where its parts stand together in one of its spellings. As one of several,
    where nobody writes any of these, its parts wherever they stand.

    >>> word = Compound("s-300", ("body",))
    >>> print(word.required(), word.keyword().otherwise)
    (body:s300 OR together(s-300 | s300 | s 300)) (body:s AND body:300)
    """

    text: str
    fields: tuple[str, ...]

    def required(self) -> AnyOf:
        return whole_or_together(self.text, self.fields)

    def keyword(self) -> Keyword:
        return Keyword(self.required(), otherwise=Together.of(self.text, self.fields).parts, text=self.text)

    def marks(self) -> tuple[Marked, ...]:
        step, parts = self.required(), dict.fromkeys(atoms(self.text))
        return (
            CompoundMark(step, spellings(self.text)),
            PartsMark(step, tuple(Term(part, self.fields) for part in parts)),
            Term(joined(self.text), self.fields),
        )


@dataclass(frozen=True, slots=True)
class PlainWord(QueryWord):
    """A word of letters or a number. ``forms``: it with its other forms, and with what it makes with its neighbours, if
    there are any.

    >>> print(PlainWord("linux", ("body",)).required())
    body:linux
    """

    text: str
    fields: tuple[str, ...]
    forms: WordForms | None = None

    def required(self) -> Term | WordForms:
        return self.forms or Term(self.text, self.fields)

    def keyword(self) -> Keyword:
        return Keyword(self.required(), text=self.text)

    def marks(self) -> tuple[Marked, ...]:
        return self.forms.members if self.forms else (Term(self.text, self.fields),)


def word_of(texts: Texts, loose: set[str], forms: Mapping[str, WordForms], fields: tuple[str, ...]) -> QueryWord:
    """The word that a coarse token is. ``texts``: of its parts, then of itself; ``loose``, ``forms``: of its run."""
    whole = texts[-1]
    if whole in loose:
        return LooseRun(whole, fields)
    if is_compound(whole):
        return Compound(whole, fields)
    if CJK_RUN.fullmatch(whole) or HAN_CHAR.search(whole):
        return ChineseWord(whole, fields, texts[:-1])
    return PlainWord(whole, fields, forms.get(whole))


def is_compound(text: str) -> bool:
    """Whether the text of a coarse token is a compound of parts.

    >>> is_compound("s-300"), is_compound("linux"), is_compound("t恤")
    (True, False, False)
    """
    return not HAN_CHAR.search(text) and bool(atoms(text))


def characters_of(fields: tuple[str, ...]) -> tuple[str, ...]:
    """The fields that have the characters of ``fields``."""
    return tuple(CHARS_FIELD[field] for field in fields)


@dataclass(frozen=True, slots=True)
class WithSynonyms(QueryWord):
    """A run of words of the query that has synonyms.

    text   : the run, its words one space apart
    leaf   : what finds all of them alike
    own    : what finds the run as it was typed
    others : what finds its synonyms
    texts  : of its coarse tokens
    """

    text: str
    fields: tuple[str, ...]
    leaf: SynonymTerm
    own: Term | Substring
    others: tuple[Term | Substring, ...]
    texts: tuple[Texts, ...]

    @classmethod
    def of(cls, synonym: Synonym, text: str, groups: Sequence[Group], fields: tuple[str, ...]) -> WithSynonyms:
        """That of the part ``synonym.start .. synonym.end`` of ``text``, which is cut into ``groups``."""
        texts = tuple(map(texts_of, groups))
        run = " ".join(text[synonym.start : synonym.end].split())
        exact = len(texts) > 1 or (len(text) == 1 and CJK_RUN.match(text) is not None)
        own = Substring(run, fields) if exact else Term(texts[0][-1], fields)
        others = tuple(
            Substring(one.text, fields) if isinstance(one, Phrase) else Term(one.text, fields) for one in synonym.others
        )
        members = sorted({own, *others}, key=lambda member: (member.text, isinstance(member, Term)))
        return cls(own.text, fields, SynonymTerm(tuple(members), fields), own, others, texts)

    @property
    def _is_loose(self) -> bool:
        """Whether its words say nothing one by one."""
        return len(self.texts) > 1 and is_loose(self.texts, self.text, whole=True)

    def marked_texts(self) -> tuple[Texts, ...]:
        """Its own words, where they are marked one by one."""
        return () if self._is_loose else self.texts

    def marks(self) -> tuple[Marked, ...]:
        """What is marked besides its own words."""
        return (self.own, *self.others) if len(self.texts) == 1 or self._is_loose else self.others

    def required(self) -> SynonymTerm | BestOf:
        """It matches whatever its own words would without synonyms."""
        if self._is_loose:
            return self.leaf
        words = tuple(word_of(texts, set(), {}, self.fields).required() for texts in self.texts)
        if len(words) > 1:
            return BestOf((self.leaf, AllOf(words)))
        return self.leaf if isinstance(words[0], Term) else BestOf((self.leaf, words[0]))

    def keyword(self) -> Keyword:
        """Its own words are there as far as their bigrams, or words of other scripts, are."""
        wholes = [texts[-1] for texts in self.texts]
        characters = characters_of(self.fields)
        inside = tuple(pair for run in CJK_RUN.findall(self.text) for pair in bigrams(run, characters))
        if len(wholes) > 1:
            latin = tuple(Term(whole, self.fields) for whole in wholes if not CJK_RUN.search(whole))
            return Keyword(self.leaf, inside + latin, text=self.text)
        if CJK_RUN.fullmatch(wholes[0]):
            return Keyword(self.leaf, inside, text=self.text)
        if is_compound(wholes[0]):
            parts = Together.of(wholes[0], self.fields).parts
            return Keyword(self.required(), otherwise=parts, text=self.text)
        return Keyword(self.leaf, text=self.text)

    def counting_in(self, pair: Term) -> tuple[Term | Substring, ...]:
        """What stands for a bigram of the query: the synonyms, if it is one of the run."""
        return self.others if pair.text in self.text else ()
