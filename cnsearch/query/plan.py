"""The tree of a query to what is executed: terms, substrings and patterns over fields, joined by and, or, not.

Words are cut by the tokenizer of the index into coarse words. Each that a document has adds to its score, and so does
each bigram of their characters, which stands for the words inside a word and for what another segmentation would give.
As an optional clause, a run of words makes a document a hit if it has enough of them (``Keywords``); where a clause is
required, excluded or operand of AND and OR, every coarse word must be there. A mixed token, and a coarse word that must
be there, is found whole or by all its parts.
"""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from itertools import pairwise

from cnsearch.analysis.compounds import atoms, joined, spellings, splits
from cnsearch.analysis.inflection import MARK, stem
from cnsearch.analysis.reading import read
from cnsearch.analysis.scripts import CJK, CJK_RUN, HAN, HAN_CHAR, WORD
from cnsearch.analysis.tokenizer import Token, WordTokenizer
from cnsearch.query import asking, tree
from cnsearch.query.dates import moment
from cnsearch.query.filters import Filters
from cnsearch.store.fields import CHARS_FIELD, DRAFT, LABEL_FIELDS, TEXT_FIELDS
from cnsearch.store.labels import label_term, own_label_term

# What is executed


@dataclass(frozen=True, slots=True)
class Term:
    """One indexed term, looked for in ``fields``: a word, or a bigram in character fields; ``weight`` multiplies its
    score."""

    text: str
    fields: tuple[str, ...] = TEXT_FIELDS
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Substring:
    """Folded text that stands in the folded title or body as it is."""

    text: str
    fields: tuple[str, ...] = TEXT_FIELDS


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Long folded text that stands in the title or body as it was typed, white space aside. ``inside``: what it is part
    of goes on before it or after it, so that it is no line or entry of its own."""

    text: str
    fields: tuple[str, ...] = ("title", "body")
    inside: bool = False


@dataclass(frozen=True, slots=True)
class Apart:
    """A word of letters where it is written in two parts (``wi fi`` for wifi, ``compounds.splits``)."""

    text: str
    fields: tuple[str, ...] = TEXT_FIELDS


@dataclass(frozen=True, slots=True)
class Compound:
    """A mixed token, marked in the ``spellings`` of ``step`` where neither letters nor digits go on at its ends; where
    ``step`` finds nothing, its parts are."""

    step: Term | AnyOf
    together: Together

    @property
    def parts(self) -> tuple[Term, ...]:
        return tuple(part for part in self.together.parts.clauses if isinstance(part, Term))


@dataclass(frozen=True, slots=True)
class TermPattern:
    """All terms that begin with ``prefix`` and match ``regex`` whole. ``text`` is what was typed."""

    prefix: str
    regex: re.Pattern[str]
    fields: tuple[str, ...] = TEXT_FIELDS
    text: str = ""


@dataclass(frozen=True, slots=True)
class SynonymTerm:
    """Words and substrings that count as one term: its frequency in a document is the sum of theirs, and the documents
    that have it are those that have any of them. So what is rare among synonyms scores no more than what is common, and
    a document with all of them is as one that repeats a word: its score stays below that of one word (as Lucene's
    SynonymQuery).

    members : sorted by their text
    fields  : whose lengths count; each member has as many of its own, in the same order
    """

    members: tuple[Term | Substring | Apart, ...]
    fields: tuple[str, ...] = TEXT_FIELDS


@dataclass(frozen=True, slots=True)
class WordForms(SynonymTerm):
    """A word of letters with its other forms, each occurrence of which counts as much as its weight says, and with what
    it is together with its neighbours (``wi fi``: wifi). ``text`` is the word as written."""

    text: str = ""


OTHER_FORM = 0.25
"""What an occurrence of another form counts (databases for database): of two articles alike, the one that has the word
as written stands before the other."""


@dataclass(frozen=True, slots=True)
class Keyword:
    """One coarse word, or a run of them with synonyms. ``step`` finds it; ``bigrams`` are those of its characters, none
    for a word of one character or of another script; ``otherwise`` is what a compound that nobody writes is taken for,
    its parts wherever they stand. ``singles`` add to the score: the characters of a run that is no word and is cut into
    these. ``text`` is the word as typed, folded; ``weight`` is what it counts in the rule of hits."""

    step: Term | Substring | SynonymTerm | AnyOf | BestOf
    bigrams: tuple[Term, ...] = ()
    otherwise: AllOf | None = None
    singles: tuple[Term, ...] = ()
    text: str = dataclasses.field(default="", compare=False)
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Keywords:
    """A run of words. Scores are summed over the words and the bigrams of the whole run that a document has.

    need     : how much of the words a document must have to be a hit, 0 is any; see ``search/execute.py``
    sentence : whether this is a sentence rather than a list of keywords: the documents with the best scores are hits,
               whichever of its words they have
    share    : of all weights a hit has at least this share, if ``need`` is not 0
    typed    : the documents that have this are hits
    """

    words: tuple[Keyword, ...]
    bigrams: tuple[Term | SynonymTerm, ...]
    need: float
    sentence: bool = False
    share: float = 0.0
    typed: Verbatim | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """The documents with this folded value in a label field. Does not rank."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class DateRange:
    """The documents with ``start <= date < end``, in seconds since 1970; None is open. Does not rank."""

    start: int | None
    end: int | None


@dataclass(frozen=True, slots=True)
class All:
    """Every document, with score 0."""


@dataclass(frozen=True, slots=True)
class AllOf:
    """Documents that match every clause; scores are summed."""

    clauses: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Documents that match at least one clause; scores of those that match are summed."""

    clauses: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class BestOf:
    """Documents that match at least one clause; of several scores the best counts."""

    clauses: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Boosted:
    """Documents of ``base``; those that match ``bonus`` too get its score added."""

    base: Step
    bonus: Step


@dataclass(frozen=True, slots=True)
class Without:
    """Documents of ``base`` that do not match ``excluded``."""

    base: Step
    excluded: Step


@dataclass(frozen=True, slots=True)
class Together:
    """Documents of ``parts`` in which these stand together, as one of ``spellings``, in one of ``fields``."""

    parts: AllOf
    spellings: tuple[str, ...]
    fields: tuple[str, ...] = TEXT_FIELDS


Leaf = Term | Substring | TermPattern | SynonymTerm | Apart
Step = Leaf | Keywords | Label | DateRange | All | AllOf | AnyOf | BestOf | Boosted | Without | Together

MOST, NORM = 0.85, 3
"""What a hit must have of the words of a query: words whose weights (the square root of the idf) add up to MOST
times the norm of all weights of this order, the cube root of the sum of their cubes. Of words about as rare that
is any two, up to thirteen, then three; one word is enough where it outweighs the others (of two, by a third in
idf); of two, the commoner alone never is. Chosen so that long questions lose no good answers (DRCD) and keywords
are not flooded (news)."""

SHARE = 0.3
"""Of a longer query a hit also has this share of all weights: a few words of a hundred copied characters in common say
nothing. 100 copied characters match 225 of 21,495 articles (median), with MOST alone 8,330."""
LEAST_SENTENCE = 5
"""So many words are a longer query, ..."""
UNSPACED_SENTENCE = 8
"""... and so many without a space between them a sentence; fewer may name one thing (自动提取代码库标签)."""
LONG = 16
"""What has more characters is looked for as it was typed: no other article has it by chance."""
NUM_BEST = 10
"""In a sentence, the documents with the best scores that are hits whichever words they have: a question is no list of
what the answer has in it."""


@dataclass(frozen=True, slots=True)
class Focus:
    """What the second pass looks for close together: ``bigrams`` of the query, and its other words. ``synonyms`` are
    words of the query, each with what counts as an occurrence of it. ``written`` are the texts that were typed, and
    ``pieces`` those of them that are more than one of ``coarse``, the words they are cut into."""

    bigrams: tuple[Term, ...] = ()
    words: tuple[Term, ...] = ()
    synonyms: tuple[tuple[str, tuple[str, ...]], ...] = ()
    written: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    coarse: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.bigrams or self.words)


@dataclass(frozen=True, slots=True)
class Plan:
    """``step`` is None where nothing is asked for: no hits. ``ranked`` is False where no clause gives a score.

    leaves : what adds to scores
    marks  : what is marked in excerpts: words and their parts, compounds, substrings, patterns
    patterns : every pattern, also of clauses that are excluded
    """

    step: Step | None
    leaves: tuple[Leaf, ...] = ()
    marks: tuple[Leaf | Compound, ...] = ()
    focus: Focus = Focus()
    patterns: tuple[TermPattern, ...] = ()

    @property
    def ranked(self) -> bool:
        return bool(self.leaves)


def make_plan(
    root: tree.Node | None, filters: Filters, tokenizer: WordTokenizer, zone: tzinfo, *, need: float = MOST
) -> Plan:
    """The plan of a parsed query under ``filters``. Dates are read in ``zone``. ``need``: see ``Keywords``.

    Raises QuerySyntaxError for a date that does not exist.
    """
    planner = _Planner(tokenizer, zone, need)
    step = None if root is None else planner.step(root, _Role.OPTIONAL)
    conditions = planner.conditions(filters)
    wanted = tuple(_leaves(step))
    if conditions:
        if step is not None:
            step = AllOf((step, *conditions))
        elif root is None:
            step = AllOf(tuple(conditions))
    written = planner.written if planner.has_words else []
    parts = (planner.bigrams, planner.words, planner.synonyms, written, planner.pieces, planner.coarse)
    focus = Focus(*(tuple(dict.fromkeys(part)) for part in parts))  # type: ignore[arg-type]
    return Plan(step, wanted, tuple(dict.fromkeys(planner.marks)), focus, tuple(planner.patterns))


def _leaves(step: Step | None) -> Iterator[Leaf]:
    """The leaves that add to scores, each once, in order."""
    if isinstance(step, (Term, Substring, TermPattern, SynonymTerm, Apart)):
        yield step
    elif isinstance(step, Keywords):
        for word in step.words:
            yield from _leaves(word.step)
            yield from word.singles
        yield from step.bigrams
    elif isinstance(step, (AllOf, AnyOf, BestOf)):
        for clause in step.clauses:
            yield from _leaves(clause)
    elif isinstance(step, Boosted):
        yield from _leaves(step.base)
        yield from _leaves(step.bonus)
    elif isinstance(step, Without):
        yield from _leaves(step.base)
    elif isinstance(step, Together):
        yield from _leaves(step.parts)


class _Role(enum.Enum):
    """What a clause is for."""

    OPTIONAL = enum.auto()
    REQUIRED = enum.auto()
    EXCLUDED = enum.auto()


class _Planner:
    """Makes steps; collects what is marked in excerpts, and what the second pass looks for."""

    def __init__(self, tokenizer: WordTokenizer, zone: tzinfo, need: float) -> None:
        self._tokenizer = tokenizer
        self._zone = zone
        self._need = need
        self.marks: list[Leaf | Compound] = []
        self.patterns: list[TermPattern] = []
        self.bigrams: list[Term] = []
        self.words: list[Term] = []
        self.synonyms: list[tuple[str, tuple[str, ...]]] = []
        self.written: list[str] = []
        self.pieces: list[str] = []
        self.coarse: list[str] = []
        self.has_words = False

    def step(self, node: tree.Node, role: _Role) -> Step | None:
        """What to execute for ``node``; None if nothing in it can be searched for (punctuation)."""
        if isinstance(node, tree.Words):
            return self._words(node, role)
        if isinstance(node, tree.Phrase):
            if node.field is None and role is not _Role.EXCLUDED:
                self.written.append(node.text)
            return self._marked(Substring(node.text, _fields(node.field)), role)
        if isinstance(node, tree.Pattern):
            pattern = _pattern(node)
            if isinstance(pattern, TermPattern):
                self.patterns.append(pattern)
            return self._marked(pattern, role)
        if isinstance(node, tree.Filter):
            return self._filter(node.field, node.value)
        if isinstance(node, tree.Everything):
            return All()
        if isinstance(node, tree.Group):
            return self._group(node, role)
        assert isinstance(node, (tree.And, tree.Or))
        clauses = self._steps(node.clauses, _Role.EXCLUDED if role is _Role.EXCLUDED else _Role.REQUIRED)
        return _joined(AllOf if isinstance(node, tree.And) else AnyOf, clauses)

    def _marked(self, leaf: Leaf, role: _Role) -> Leaf:
        if role is not _Role.EXCLUDED:
            self.marks.append(leaf)
        return leaf

    def _steps(self, nodes: Sequence[tree.Node], role: _Role) -> list[Step]:
        steps = (self.step(node, role) for node in nodes)
        return [step for step in steps if step is not None]

    def _group(self, group: tree.Group, role: _Role) -> Step | None:
        inside = _Role.EXCLUDED if role is _Role.EXCLUDED else _Role.REQUIRED
        required = self._steps(group.required, inside)
        optional = _joined(AnyOf, self._steps(group.optional, role if role is _Role.EXCLUDED else _Role.OPTIONAL))
        excluded = _joined(AnyOf, self._steps(group.excluded, _Role.EXCLUDED))
        base = _joined(AllOf, required)
        if optional is not None:
            if base is None:
                base = optional
            elif all(clause.is_condition for clause in group.required):
                base = AllOf((base, optional))
            else:
                base = Boosted(base, optional)
        if excluded is None:
            return base
        return Without(All() if base is None else base, excluded)

    def _words(self, words: tree.Words, role: _Role) -> Step | None:
        fields = _fields(words.field)
        text = words.text.strip()
        if words.field is None and role is not _Role.EXCLUDED:
            self.written.append(text)
            self.has_words = True
        text = text if words.synonyms else self._closed_up(text)
        if len(text) == 1 and CJK_RUN.match(text) and not words.synonyms:
            return self._marked(Substring(text, fields), role)  # wherever it stands, not only where it is a word
        tokens: dict[int, list[Token]] = {}
        for token in self._tokenizer.tokens(text):
            tokens.setdefault(token.position, []).append(token)
        groups = list(tokens.values())
        several = [_WithSynonyms.of(synonym, text, groups, fields) for synonym in words.synonyms]
        rest = [group for group in groups if not any(group in some.groups for some in several)]
        coarse, loose = _with_loose_runs(text, rest)
        forms = {} if role is _Role.EXCLUDED else _word_forms(text, rest, fields)
        needed: list[Step] = [
            *(
                _loose(group[0], fields)
                if group[0] in loose
                else forms.get(group[-1]) or _whole_or_parts(group, fields)
                for group in dict.fromkeys(coarse)
            ),
            *dict.fromkeys(some.required() for some in several),
        ]
        if role is _Role.EXCLUDED:
            return _joined(AllOf, needed)
        characters = tuple(CHARS_FIELD[field] for field in fields)
        bigrams = _weighed_bigrams(text, groups, characters)
        for group in [*coarse, *(group for some in several for group in some.marked())]:
            if _is_compound(group):
                self.marks.append(Compound(_whole_or_parts(group, fields), _together(group, fields)))
                self.marks.append(Term(joined(group[-1]), fields))
            elif group[0] in loose:
                run = _loose(group[0], fields)
                self.marks += run.members if isinstance(run, SynonymTerm) else [run]
            elif not HAN_CHAR.search(group[-1]):
                several_forms = forms.get(group[-1])
                self.marks += several_forms.members if several_forms else [Term(group[-1], fields)]
            else:
                self.marks += [Term(text, fields) for text in group]
        self.marks += [mark for some in several for mark in some.marks]
        if words.field is None:
            if len(groups) > 1:
                self.pieces.append(text)
                self.coarse += [group[-1].text for group in groups]
                self.coarse += [some.own.text for some in several]  # which others may stand for
            self.bigrams += bigrams
            self.synonyms += [(some.own.text, tuple(other.text for other in some.others)) for some in several]
            in_pairs = {char for bigram in bigrams for char in bigram.text}
            self.words += [Term(group[-1].text, fields) for group in groups if in_pairs.isdisjoint(group[-1].text)]
        ranking = list(dict.fromkeys(_with_others(bigram, several) for bigram in bigrams))
        if role is _Role.REQUIRED:
            base = _joined(AllOf, needed)
            bonus = _joined(AnyOf, list(ranking))
            return base if base is None or bonus is None else Boosted(base, bonus)
        found: dict[str | SynonymTerm, Keyword] = {}
        for group in coarse:
            whole = group[-1]
            if whole in loose and len(whole) == 1:
                found[whole] = Keyword(Substring(whole, fields))
            elif whole in loose or CJK_RUN.fullmatch(whole):
                singles = tuple(Term(char, fields) for char in dict.fromkeys(HAN_CHAR.findall(whole)))
                pairs = tuple(Term(pair, characters) for pair in _pairs(whole))
                written = _loose(whole, fields) if whole in loose else None
                word = written if isinstance(written, SynonymTerm) else Term(whole, fields)
                found[whole] = Keyword(word, pairs, singles=() if written is None else singles)
            elif _is_compound(group):
                found[whole] = Keyword(_whole_or_parts(group, fields), otherwise=_together(group, fields).parts)
            else:
                found[whole] = Keyword(forms.get(whole) or Term(whole, fields))
        found = {whole: _weighed(keyword, str(whole)) for whole, keyword in found.items()}
        for some in several:  # of one group (人工智能 ai) the first: it is one word
            found.setdefault(some.leaf, replace(some.keyword(), text=some.own.text))
        if not found:
            return None
        share = SHARE if len(found) >= LEAST_SENTENCE else 0.0
        typed = Verbatim(text) if words.field is None and len(text) > LONG else None
        return Keywords(tuple(found.values()), tuple(ranking), self._need, _is_sentence(text, groups), share, typed)

    def _closed_up(self, text: str) -> str:
        """A spaced-out run (数 字 化) closed up where that makes words of it; else its characters are keywords each.
        And one character beside one letter or a number (U 盘, 9 月 1 日)."""
        text = with_lone_chars(text)
        reading = read(text)
        if not reading.shifted:
            return text
        chinese = [word for word in self._tokenizer.coarse(reading.text)[0] if HAN_CHAR.search(word)]
        in_words = sum(len(word) for word in chinese if len(word) > 1)
        return reading.text if 2 * in_words > sum(map(len, chinese)) else text

    def _filter(self, field: str, value: str) -> Step:
        if field == "date":
            return date_range(value, self._zone)
        return label(field, value)

    def conditions(self, filters: Filters) -> list[Step]:
        found: list[Step] = []
        for field, values in filters.labels:
            labels = tuple(label(field, value) for value in values)
            found.append(labels[0] if len(labels) == 1 else AnyOf(labels))  # none of no labels
        if filters.draft is not None:
            drafts = Label("draft", DRAFT)
            found.append(drafts if filters.draft else Without(All(), drafts))
        if filters.since is not None or filters.until is not None:
            start = None if filters.since is None else moment(filters.since, self._zone)[0]
            end = None if filters.until is None else moment(filters.until, self._zone)[1]
            found.append(DateRange(start, end))
        return found


@dataclass(frozen=True, slots=True)
class _WithSynonyms:
    """A run of words of the query that has synonyms. ``groups`` are the tokens of its coarse words."""

    leaf: SynonymTerm
    groups: list[list[Token]]
    own: Term | Substring
    others: tuple[Term | Substring, ...]

    @classmethod
    def of(
        cls, synonym: tree.Synonym, text: str, groups: Sequence[list[Token]], fields: tuple[str, ...]
    ) -> _WithSynonyms:
        inside = [group for group in groups if synonym.start <= group[-1].start and group[-1].end <= synonym.end]
        run = " ".join(text[synonym.start : synonym.end].split())
        exact = len(inside) > 1 or (len(text) == 1 and CJK_RUN.match(text) is not None)
        own = Substring(run, fields) if exact else Term(inside[0][-1].text, fields)
        others = tuple((Term if isinstance(one, tree.Words) else Substring)(one.text, fields) for one in synonym.others)
        members = sorted({own, *others}, key=lambda member: (member.text, isinstance(member, Term)))
        return cls(SynonymTerm(tuple(members), fields), inside, own, others)

    def marked(self) -> list[tuple[str, ...]]:
        """Its own words, where they are marked one by one."""
        texts = [_texts(group) for group in self.groups]
        return [] if len(texts) > 1 and _is_loose(texts, self.own.text, whole=True) else texts

    @property
    def marks(self) -> tuple[Leaf, ...]:
        """What is marked besides its own words."""
        return (self.own, *self.others) if len(self.groups) == 1 or not self.marked() else self.others

    def required(self) -> SynonymTerm | BestOf:
        """What must be there where all words must: it matches whatever its own words would without synonyms."""
        fields, texts = self.leaf.fields, [_texts(group) for group in self.groups]
        if len(texts) > 1:
            if _is_loose(texts, self.own.text, whole=True):
                return self.leaf
            return BestOf((self.leaf, AllOf(tuple(_whole_or_parts(group, fields) for group in texts))))
        step = _whole_or_parts(texts[0], fields)
        return self.leaf if isinstance(step, Term) else BestOf((self.leaf, step))

    def keyword(self) -> Keyword:
        """One of the words of which a document must have enough; its own words are there as far as their bigrams, or
        words of other scripts, are."""
        fields = self.leaf.fields
        characters = tuple(CHARS_FIELD[field] for field in fields)
        wholes = [group[-1].text for group in self.groups]
        inside = tuple(Term(pair, characters) for run in CJK_RUN.findall(self.own.text) for pair in _pairs(run))
        if len(wholes) > 1:
            latin = tuple(Term(whole, fields) for whole in wholes if not CJK_RUN.search(whole))
            return Keyword(self.leaf, inside + latin)
        if CJK_RUN.fullmatch(wholes[0]):
            return Keyword(self.leaf, inside)
        if _is_compound(_texts(self.groups[0])):
            return Keyword(self.required(), otherwise=_together(_texts(self.groups[0]), fields).parts)
        return Keyword(self.leaf)


def _with_others(bigram: Term, several: Sequence[_WithSynonyms]) -> Term | SynonymTerm:
    """A bigram of a word with synonyms counts where one of these stands too: else the word as written would outweigh
    them by its bigrams, and by more the longer it is."""
    others = {other for some in several if bigram.text in some.own.text for other in some.others}
    if not others:
        return bigram
    return SynonymTerm((bigram, *sorted(others, key=lambda member: member.text)), bigram.fields)


def _texts(group: Sequence[Token]) -> tuple[str, ...]:
    return tuple(token.text for token in group)


def label(field: str, value: str) -> Label:
    """The documents with this value, as written, in a label field of every article or in an own one."""
    if field in LABEL_FIELDS:
        return Label(field, label_term(field, value))
    return Label("label", own_label_term(field, value))


def _fields(field: str | None) -> tuple[str, ...]:
    return TEXT_FIELDS if field is None else (field,)


def _joined(join: type[AllOf] | type[AnyOf], steps: list[Step]) -> Step | None:
    if not steps:
        return None
    return steps[0] if len(steps) == 1 else join(tuple(steps))


def _is_sentence(text: str, groups: Sequence[Sequence[Token]]) -> bool:
    """Whether words that ask are among the words, or many stand without a space between them."""
    wholes = [group[-1] for group in groups]
    if any(word.text in asking.ASKING for word in wholes):
        return len(wholes) > 2
    in_one = longest = 1
    for before, word in pairwise(wholes):
        between = text[before.end : word.start]
        in_one = 1 if between.isspace() and HAN_CHAR.search(before.text + word.text) else in_one + 1
        longest = max(longest, in_one)
    return longest >= UNSPACED_SENTENCE


def _weighed(keyword: Keyword, text: str) -> Keyword:
    """A word that asks weighs little."""
    if text not in asking.ASKING or not isinstance(keyword.step, Term):
        return replace(keyword, text=text)
    return replace(keyword, step=replace(keyword.step, weight=asking.WEIGHT), text=text, weight=asking.WEIGHT)


def _weighed_bigrams(text: str, groups: Sequence[Sequence[Token]], fields: tuple[str, ...]) -> list[Term]:
    """The bigrams of the Chinese runs of a query, in order; those with a character of a word that asks weigh little,
    unless they stand elsewhere too."""
    asks = {at for group in groups if group[-1].text in asking.ASKING for at in range(group[-1].start, group[-1].end)}
    weights: dict[str, float] = {}
    for run in CJK_RUN.finditer(text):
        for at in range(run.start(), run.end() - 1):
            pair, weight = text[at : at + 2], asking.WEIGHT if at in asks or at + 1 in asks else 1.0
            weights[pair] = max(weight, weights.get(pair, 0.0))
    return [Term(pair, fields, weight) for pair, weight in weights.items()]


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)]


_CHUNK = re.compile(rf"(?<!\S)[{CJK}{WORD}\-_.]+(?!\S)")


def _with_loose_runs(text: str, groups: Sequence[Sequence[Token]]) -> tuple[list[tuple[str, ...]], set[str]]:
    """The texts of the coarse tokens; but what is cut into nothing but single Chinese characters, and mixed tokens
    between them (a part of a longer word, a name, 95后, 歼-20, one character alone), as it is written. And these."""
    coarse: list[tuple[str, ...]] = []
    loose: set[str] = set()
    spans: dict[int, list[tuple[int, bool]]] = {}
    for pattern in (_CHUNK, CJK_RUN):
        for match in pattern.finditer(text):
            spans.setdefault(match.start(), []).append((match.end(), pattern is _CHUNK))
    at = 0
    while at < len(groups):
        first, taken = groups[at][-1].start, 1
        texts = _texts(groups[at])
        for end, whole in spans.get(first, ()):
            stop = at + 1
            while stop < len(groups) and groups[stop][-1].start < end:
                stop += 1
            inside = groups[at:stop]
            written = text[first : inside[-1][-1].end]
            if _is_loose([_texts(group) for group in inside], written, whole=whole):
                texts, taken = (written,), len(inside)
                loose.add(written)
                break
        coarse.append(texts)
        at += taken
    return coarse, loose


def _is_loose(groups: Sequence[tuple[str, ...]], written: str, *, whole: bool) -> bool:
    """Whether the tokens, which are all of ``written``, say nothing one by one. ``whole``: white space is around."""
    if not HAN_CHAR.search(written) or (len(groups) == 1 and not whole):
        return False
    if not all(len(group[-1]) == 1 or not HAN_CHAR.search(group[-1]) for group in groups):
        return False
    return sum(len(group[-1]) for group in groups) + written.count("-") + written.count("_") >= len(written)


_EDGE = re.compile(rf"(?<=[{HAN}])(?=[a-z0-9])|(?<=[a-z0-9])(?=[{HAN}])")
_BARE = re.compile(r"[a-z]|[0-9]{1,4}")
_LATIN_END = re.compile(r"[a-z]$")


def with_lone_chars(text: str) -> str:
    """A Chinese character alone beside a letter alone, or a number that belongs to no word before it, joined to it.

    >>> with_lone_chars("u 盘 数据"), with_lone_chars("9 月 1 日"), with_lone_chars("iphone 14 壳")
    ('u盘 数据', '9月1日', 'iphone 14 壳')
    """
    chunks = text.split(" ")
    found = chunks[:1]
    for at, (before, chunk) in enumerate(pairwise(chunks)):
        bare, char = (before, chunk) if HAN_CHAR.fullmatch(chunk) else (chunk, before)
        if char in asking.GRAMMAR or char in asking.ASKING:
            found.append(chunk)
            continue
        named = bare is before and at and bare.isdigit() and _LATIN_END.search(chunks[at - 1])
        if HAN_CHAR.fullmatch(char) and _BARE.fullmatch(bare) and not named:
            found[-1] += chunk
        else:
            found.append(chunk)
    return " ".join(found)


def _loose(written: str, fields: tuple[str, ...]) -> Substring | SynonymTerm:
    """A run is found as it is written (U盘), and with a space wherever Chinese and other characters meet (U 盘)."""
    spaced = _EDGE.sub(" ", written)
    if spaced == written:
        return Substring(written, fields)
    members = sorted({written, spaced})
    return SynonymTerm(tuple(Substring(member, fields) for member in members), fields)


def _is_compound(group: Sequence[str]) -> bool:
    """Whether the terms of a coarse token are a compound and its parts: ``s``, ``300``, ``s-300``."""
    return not HAN_CHAR.search(group[-1]) and bool(atoms(group[-1]))


def _whole_or_parts(group: Sequence[str], fields: tuple[str, ...]) -> Term | AnyOf:
    """The last term is the whole. A Chinese word of three characters or more may also stand where the text was cut
    otherwise; a compound as it is indexed joined, or in any of its spellings where its parts stand together: ``s`` and
    ``300`` say nothing alone. Each adds its score."""
    whole = Term(group[-1], fields)
    if _is_compound(group):
        return AnyOf((Term(joined(whole.text), fields), _together(group, fields)))
    if len(whole.text) > 2 and CJK_RUN.fullmatch(whole.text):
        return AnyOf((whole, Substring(whole.text, fields)))
    return whole


def _together(group: Sequence[str], fields: tuple[str, ...]) -> Together:
    parts = AllOf(tuple(Term(text, fields) for text in dict.fromkeys(atoms(group[-1]))))
    return Together(parts, spellings(group[-1]), fields)


_LETTERS = re.compile("[a-z]+")
_MAX_SPELT_OUT = 6
"""u s a, but no longer: letters one by one."""


def _word_forms(text: str, groups: Sequence[Sequence[Token]], fields: tuple[str, ...]) -> dict[str, WordForms]:
    """For each word of letters among the coarse tokens of ``text`` that has any: its other forms, and what it makes
    together with the word beside it, or with the single letters."""
    found: dict[str, dict[Term | Apart, None]] = {}
    run: list[Token] = []
    for group in (*groups, None):
        word = group[-1] if group and _LETTERS.fullmatch(group[-1].text) else None
        if word is not None and (not run or text[run[-1].end : word.start] in (" ", "/")):
            run.append(word)
            continue
        _add_joined(run, found, fields)
        run = [] if word is None else [word]
    _add_joined(run, found, fields)
    for text, members in found.items():
        own = stem(text)
        for other in sorted({MARK + own, own} - {text}) if own else ():
            members[Term(other, fields, OTHER_FORM)] = None
        if splits(text):
            members[Apart(text, fields)] = None
    return {
        text: WordForms(
            tuple(sorted((Term(text, fields), *members), key=lambda one: (one.text, isinstance(one, Apart)))),
            fields,
            text,
        )
        for text, members in found.items()
        if members
    }


def _sorted(members: list[Term | Apart]) -> tuple[Term | Apart, ...]:
    return tuple(sorted(members, key=lambda member: (member.text, isinstance(member, Apart))))


def _add_joined(run: Sequence[Token], found: dict[str, dict[Term | Apart, None]], fields: tuple[str, ...]) -> None:
    """Add to each word of a run what it makes with its neighbours."""
    for word in run:
        found.setdefault(word.text, {})
    windows = [run[at : at + 2] for at in range(len(run) - 1)]
    if 2 < len(run) <= _MAX_SPELT_OUT and all(len(word.text) == 1 for word in run):
        windows = [run]
    for window in windows:
        together = Term("".join(word.text for word in window), fields)
        for word in window:
            if word.text != together.text:
                found[word.text][together] = None


def _pattern(node: tree.Pattern) -> TermPattern | Substring:
    """Of Chinese characters with ``*`` at the ends only: these characters wherever they stand, for nobody sees where a
    Chinese word begins and ends (``数字化转*``)."""
    text, fields = node.text, _fields(node.field)
    inside = text.strip("*")
    if len(inside) > 1 and CJK_RUN.fullmatch(inside):
        return Substring(inside, fields)
    return TermPattern(re.split(r"[*?]", text, maxsplit=1)[0], wildcard_regex(text), fields, text)


def wildcard_regex(text: str) -> re.Pattern[str]:
    """A regular expression for whole terms: ``*`` stands for any characters, ``?`` for one.

    What stands between two ``*`` is looked for from the left, and once found never again: if the rest does not match
    behind the first place, it does not behind a later one. A look-ahead that captures, with a reference to it, does not
    backtrack (as in Python's ``fnmatch.translate``); else ``*a*a*a*b`` would try all ways to choose three of the
    letters of ``aaaa…``. Time: length of the pattern times length of the term, at most.
    """
    first, *others = (re.escape(piece).replace(r"\?", ".") for piece in re.split(r"\*+", text))
    middle = [f"(?=(?P<_{at}>.*?{piece}))(?P=_{at})" for at, piece in enumerate(others[:-1]) if piece]
    last = [f".*{others[-1]}"] if others else []
    return re.compile("".join([f"(?!{MARK})", first, *middle, *last]), re.DOTALL)


# Dates


def date_range(value: str, zone: tzinfo) -> DateRange:
    """``2021-10`` or ``2021-10-01..2021-10-31`` (either end may be left out) in ``zone``. Both ends are included.

    Raises QuerySyntaxError for what is not a date.
    """
    first, dots, last = value.partition("..")
    if not dots:
        start, end = moment(value, zone)
        return DateRange(start, end)
    return DateRange(moment(first, zone)[0] if first else None, moment(last, zone)[1] if last else None)
