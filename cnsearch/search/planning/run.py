"""A run of words: words of a query with no operator between them, planned together.

Words are cut by the tokenizer of the index into coarse words. Each that a document has adds to its score, and so does
each bigram of their characters, which stands for the words inside a word and for what another segmentation would give.
As an optional clause, a run makes a document a hit if it has enough of its words (``rule_of_hits.py``); where a
clause is required, excluded or operand of AND and OR, every coarse word must be there.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnsearch.analysis.scripts import CJK_RUN
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.query.asking import ASKING, WEIGHT
from cnsearch.query.tree import Words
from cnsearch.search.plan import Focus
from cnsearch.search.planning.cutting import Group, closed_up, grouped, is_sentence, with_loose_runs
from cnsearch.search.planning.forms import word_forms
from cnsearch.search.planning.words import QueryWord, WithSynonyms, characters_of, word_of
from cnsearch.search.rule_of_hits import MOST, SHARE
from cnsearch.search.steps.base import Marked, Step
from cnsearch.search.steps.joined import AllOf, AnyOf, Boosted
from cnsearch.search.steps.keywords import Keyword, Keywords
from cnsearch.search.steps.leaf import Term
from cnsearch.search.steps.synonyms import SynonymTerm
from cnsearch.search.steps.texts import Substring, Verbatim
from cnsearch.search.verbatim import LONG
from cnsearch.store.fields import TEXT_FIELDS

LEAST_SENTENCE = 5
"""So many words are a longer query, of which a hit also has ``SHARE`` of all weights."""


class Run:
    """A run of words, cut. The query 数字化 转型 in what follows:

    >>> run = Run(Words("数字化 转型"), WordTokenizer())
    >>> [word.text for word in run.words]
    ['数字化', '转型']
    """

    def __init__(self, words: Words, tokenizer: WordTokenizer, *, excluded: bool = False, apart: bool = False) -> None:
        """excluded : no document with these words is wanted: other forms of them are not looked for
        apart    : see ``closed_up``
        """
        self.fields = fields_of(words.field)
        self.typed = words.text.strip()
        self.text = self.typed if words.synonyms else closed_up(self.typed, tokenizer, apart=apart)
        self._anywhere = words.field is None
        self._groups = grouped(self.text, tokenizer)
        self._pairs = weighed_bigrams(self.text, self._groups, characters_of(self.fields))
        spans = [(one, self._between(one.start, one.end)) for one in words.synonyms]
        self._synonyms = [WithSynonyms.of(one, self.text, groups, self.fields) for one, groups in spans]
        taken = {id(group) for _, groups in spans for group in groups}
        rest = [group for group in self._groups if id(group) not in taken]
        coarse, loose = with_loose_runs(self.text, rest)
        forms = {} if excluded else word_forms(self.text, rest, self.fields)
        self._plain = [word_of(texts, loose, forms, self.fields) for texts in coarse]
        inside = (texts for word in self._synonyms for texts in word.marked_texts())
        self._inside_synonyms = [word_of(texts, loose, forms, self.fields) for texts in inside]

    def _between(self, start: int, end: int) -> list[Group]:
        return [group for group in self._groups if start <= group[-1].start and group[-1].end <= end]

    @property
    def words(self) -> list[QueryWord]:
        """Its words, those with synonyms last; what stands twice is there twice."""
        return [*self._plain, *self._synonyms]

    # What it is as a step

    def excluded(self) -> Step | None:
        """What must not be there: all of its words.

        >>> print(Run(Words("数字化 转型"), WordTokenizer(), excluded=True).excluded())
        ((数字化 OR "数字化") AND 转型)
        """
        plain = (word.required() for word in dict.fromkeys(self._plain))
        with_synonyms = dict.fromkeys(word.required() for word in self._synonyms)
        return joined(AllOf, [*plain, *with_synonyms])

    def required(self) -> Step | None:
        """What must be there: all of its words; its bigrams only rank.

        >>> print(Run(Words("上海"), WordTokenizer()).required())
        (+上海 chars:上海)
        """
        base, bonus = self.excluded(), joined(AnyOf, list(self._bigrams()))
        return base if base is None or bonus is None else Boosted(base, bonus)

    def optional(self, need: float = MOST) -> Keywords | None:
        """Words of which a document must have enough; None if there are none. ``need``: see ``Keywords``.

        >>> print(Run(Words("数字化 转型"), WordTokenizer()).optional())
        most(数字化 转型; chars:数字 chars:字化 chars:转型)
        """
        keywords = self._keywords()
        if not keywords:
            return None
        return Keywords(
            tuple(keywords),
            self._bigrams(),
            need,
            is_sentence(self.text, self._groups),
            SHARE if len(keywords) >= LEAST_SENTENCE else 0.0,
            Verbatim(self.text) if self._anywhere and len(self.text) > LONG else None,
        )

    def _keywords(self) -> list[Keyword]:
        """Its words, each once; of those that are synonyms of one another (人工智能 ai) the first: they are one."""
        plain = {word.text: word.keyword() for word in self._plain}
        with_synonyms: dict[SynonymTerm, Keyword] = {}
        for word in self._synonyms:
            with_synonyms.setdefault(word.leaf, word.keyword())
        return [*plain.values(), *with_synonyms.values()]

    def _bigrams(self) -> tuple[Term | SynonymTerm, ...]:
        """The bigrams that rank. One of a word with synonyms counts where one of these stands too: else the word as
        written would outweigh them by its bigrams, and by more the longer it is."""
        return tuple(dict.fromkeys(self._with_synonyms(pair) for pair in self._pairs))

    def _with_synonyms(self, pair: Term) -> Term | SynonymTerm:
        others = {other for word in self._synonyms for other in word.counting_in(pair)}
        if not others:
            return pair
        return SynonymTerm((pair, *sorted(others, key=lambda member: member.text)), pair.fields)

    # What else is made of it

    def marks(self) -> list[Marked]:
        """What is marked in excerpts: the words and their parts, then synonyms.

        >>> print(*Run(Words("数字化"), WordTokenizer()).marks())
        数字 数字化
        """
        own = (mark for word in (*self._plain, *self._inside_synonyms) for mark in word.marks())
        return [*own, *(mark for word in self._synonyms for mark in word.marks())]

    def focus(self) -> Focus:
        """What the second pass looks for: nothing of words of one field."""
        if not self._anywhere:
            return Focus()
        several = len(self._groups) > 1
        in_pairs = {char for pair in self._pairs for char in pair.text}
        wholes = [group[-1].text for group in self._groups]
        return Focus(
            bigrams=tuple(self._pairs),
            words=tuple(Term(whole, self.fields) for whole in wholes if in_pairs.isdisjoint(whole)),
            synonyms=tuple((word.text, tuple(other.text for other in word.others)) for word in self._synonyms),
            written=(self.typed,),
            pieces=(self.text,) if several else (),
            coarse=(*wholes, *(word.text for word in self._synonyms)) if several else (),
        )


def lone_character(words: Words) -> Substring | None:
    """What a Chinese character alone is looked for as: wherever it stands, not only where it is a word.

    >>> print(lone_character(Words("城")), lone_character(Words("城市")))
    "城" None
    """
    text = words.text.strip()
    if len(text) != 1 or words.synonyms or not CJK_RUN.match(text):
        return None
    return Substring(text, fields_of(words.field))


def fields_of(field: str | None) -> tuple[str, ...]:
    """The fields that a clause is looked for in. ``field``: the one that the query names, if it does."""
    return TEXT_FIELDS if field is None else (field,)


def joined(join: type[AllOf] | type[AnyOf], steps: Sequence[Step]) -> Step | None:
    """Several steps as one; None for none."""
    if not steps:
        return None
    return steps[0] if len(steps) == 1 else join(tuple(steps))


def weighed_bigrams(text: str, groups: Sequence[Group], fields: tuple[str, ...]) -> list[Term]:
    """The bigrams of the Chinese runs of a query, in order; those with a character of a word that asks weigh little,
    unless they stand elsewhere too.

    >>> print(*weighed_bigrams("什么数字", grouped("什么数字", WordTokenizer()), ("body_chars",)))
    body_chars:什么^0.3 body_chars:么数^0.3 body_chars:数字
    """
    asks = {at for group in groups if group[-1].text in ASKING for at in range(group[-1].start, group[-1].end)}
    weights: dict[str, float] = {}
    for run in CJK_RUN.finditer(text):
        for at in range(run.start(), run.end() - 1):
            pair, weight = text[at : at + 2], WEIGHT if at in asks or at + 1 in asks else 1.0
            weights[pair] = max(weight, weights.get(pair, 0.0))
    return [Term(pair, fields, weight) for pair, weight in weights.items()]
