"""Hundreds of generated queries over several segments, with changed and deleted articles, against a plain reading of
the articles themselves: the same hits, order, total and scores."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.analysis.compounds import atoms, joined, spellings, standing_alone
from cnsearch.analysis.fold import fold
from cnsearch.analysis.inflection import MARK, is_marked, stem
from cnsearch.analysis.ngrams import character_terms
from cnsearch.analysis.reading import read
from cnsearch.analysis.scripts import CJK, CJK_RUN, HAN, HAN_CHAR, LETTER, WORD
from cnsearch.analysis.tokenizer import Token, WordTokenizer
from cnsearch.kernels import searching
from cnsearch.query import tree
from cnsearch.query.asking import ASKING, WEIGHT
from cnsearch.query.syntax import parse_as_text, parse_query, text_with_signs
from cnsearch.search.closeness import LEAD_CHARS, TEXT_CHARS, WINDOW_CHARS
from cnsearch.search.planning.cutting import with_lone_chars
from cnsearch.search.planning.run import LEAST_SENTENCE
from cnsearch.search.rule_of_hits import MOST, NORM, NUM_BEST, SHARE
from cnsearch.search.scoring import DEFAULT_RANKING, FIELD_WEIGHTS, K1, B
from cnsearch.search.steps.texts import OTHER_FORM
from cnsearch.search.verbatim import LONG, stands
from cnsearch.search.written import TO_THE_DOT, letters, pieces

SEED = 20260
NUM_QUERIES = 400
TOKENIZER = WordTokenizer()
ZONE = timezone(timedelta(hours=8))
WORDS = (
    "上海 北京 數字 数字化 数字化转型 转型 城市 规划 人工智能 智能 工厂 产品和服务 和服 龙井茶 高铁 的 了 城 茶 "
    "5G S-300 300 C++ iPhone15 15 2021-10-27 3.5% linux Ｌｉｎｕｘ 😀 S300 Databases database userName user 3,500.00 "
    "什么 吗"
).split()
MARKS = ["，", "。", " ", "、", "“", "-"]
SOURCES = ["每经网", "新浪财经", "Solidot", ""]
LEVELS = ["甲", "乙", "AI / ML"]

Scores = dict[int, float]


def make_article(number: int, version: int, rnd: random.Random) -> Article:
    lines = ("".join(rnd.choices(WORDS + MARKS, k=rnd.randint(1, 25))) for _ in range(rnd.randint(0, 4)))
    source = rnd.choice(SOURCES)
    day = datetime(2021, 1, 1, tzinfo=timezone.utc) + timedelta(hours=8 * rnd.randrange(400))
    return Article(
        id=f"{number:03d}",
        title="".join(rnd.choices(WORDS, k=rnd.randint(0, 3))),
        paragraphs=tuple(line for line in lines if line.strip()),
        source=source,
        categories=("金融", source or "无", rnd.choice(LEVELS))[: rnd.randint(0, 3)],
        author=rnd.choice(["莫言", "余华", ""]),
        date=None if rnd.random() < 0.1 else day,
        url=f"v{version}",
        tags=tuple(rnd.choices(WORDS, k=rnd.randint(1, 3))) if rnd.random() < 0.3 else (),
    )


class Twin:
    """Every document of the index in its order, the deleted ones too: they count in the statistics until a merge.

    A query tree is read over the texts, one document at a time. What matches is a dict of document number to score.
    """

    def __init__(self, documents: list[Article], live: list[bool]) -> None:
        self.documents = documents
        self.live = live
        readings = [{"title": read(a.title), "tags": read("\n".join(a.tags)), "body": read(a.body)} for a in documents]
        self.texts = [{name: one.text for name, one in both.items()} for both in readings]
        self.terms = [
            {name: Counter(TOKENIZER.terms(one.text, one.seams)) for name, one in both.items()} for both in readings
        ]
        self.lengths = [{name: sum(terms.values()) for name, terms in both.items()} for both in self.terms]
        self.average = {name: self.mean(name, self.lengths) for name in FIELD_WEIGHTS}
        self.pairs = [{name: Counter(character_terms(text)) for name, text in texts.items()} for texts in self.texts]
        self.pair_lengths = [{name: sum(pairs.values()) for name, pairs in both.items()} for both in self.pairs]
        self.pair_average = {name: self.mean(name, self.pair_lengths) for name in FIELD_WEIGHTS}
        self.ranked = False
        self.match = "most"
        self.focus_pairs: dict[str, float] = {}
        self.focus_words: set[str] = set()
        self.written: list[str] = []
        self.whole: list[str] = []
        self.coarse: set[str] = set()
        self.words_asked = False

    @staticmethod
    def mean(name: str, lengths: list[dict[str, int]]) -> float:
        """Of tags over the documents that have any."""
        counted = [both[name] for both in lengths if name != "tags" or both[name]]
        return max(1.0, sum(counted) / max(1, len(counted)))

    def search(
        self, root: tree.Node | None, conditions: list[set[int]], by_date: bool, match: str, *, apart: bool = False
    ) -> list[tuple[int, float]]:
        """(document, score), in rank order. ``apart``: a letter and a character side by side are two words."""
        self.apart = apart
        self.ranked, self.match, self.focus_pairs, self.focus_words = False, match, {}, set()
        self.written, self.whole, self.coarse, self.words_asked = [], [], set(), False
        found = self.every() if root is None else self.read(root, optional=True)
        if found is None or (root is None and not conditions):
            return []
        hits = [(n, score) for n, score in found.items() if self.live[n] and all(n in group for group in conditions)]
        if self.words_asked:
            hits = self.as_typed(hits)
        if by_date or not self.ranked:
            return sorted(hits, key=lambda hit: (-self.second(hit[0]), hit[0]))
        hits.sort(key=lambda hit: (-hit[1], hit[0]))
        if self.focus_pairs or self.focus_words:
            best = [(n, score + self.closeness(n)) for n, score in hits[: DEFAULT_RANKING.depth]]
            hits[: DEFAULT_RANKING.depth] = sorted(best, key=lambda hit: (-hit[1], hit[0]))
        return hits

    def as_typed(self, hits: list[tuple[int, float]]) -> list[tuple[int, float]]:
        """With what words of the query earn that stand as they were typed, and a title that is the query."""
        weights, scores = self.focus_weights(), dict(hits)
        second = (DEFAULT_RANKING.closeness + DEFAULT_RANKING.lead) * sum(weights.values())
        wholes: list[set[int]] = []
        for whole in dict.fromkeys(self.whole):
            if len(whole) > LONG:
                wholes.append(self.verbatim(whole, inside=True) & scores.keys())
                continue
            for piece in pieces(whole, self.coarse, lambda piece: bool(self.standing(piece))):
                inside = sum(weight for unit, weight in weights.items() if unit in piece and not is_character(unit))
                standing = self.standing(piece)
                bonus = self.idf(len(standing)) * (1 + DEFAULT_RANKING.written * inside / self.idf(1))
                scores.update({number: scores[number] + bonus for number in standing if number in scores})
        for typed in wholes:
            most = max(scores.values(), default=0.0) + second
            scores.update({number: scores[number] + most for number in typed})
        most = max(scores.values(), default=0.0) + second
        written = list(dict.fromkeys(self.written))
        typed = "".join(written)
        for number in scores:
            title = self.texts[number]["title"]
            if letters(title) == letters(typed) != "":
                scores[number] += most * (TO_THE_DOT if [title] == written else 1.0)
        return list(scores.items())

    def verbatim(self, text: str, *, inside: bool = False) -> set[int]:
        """Of a long text, those where it stands as typed, white space aside."""
        typed = "".join(text.split())
        if len(text) <= LONG or not any(len(part) > 1 for part in text.split()):
            return set()
        return {
            number
            for number, texts in enumerate(self.texts)
            if self.live[number] and any(stands(typed, texts[name], inside=inside) for name in ("title", "body"))
        }

    def standing(self, text: str) -> set[int]:
        found = self.substring(text, tuple(FIELD_WEIGHTS))
        return {number for number in found if self.live[number]} if len(text) > 2 else set(found)

    def focus_weights(self) -> dict[str, float]:
        every = tuple(FIELD_WEIGHTS)
        rarity = {text: self.idf(len(self.pair(text, every))) * weight for text, weight in self.focus_pairs.items()}
        weights = {
            char: min(weight for text, weight in rarity.items() if char in text) for char in "".join(self.focus_pairs)
        }
        weights.update({text: DEFAULT_RANKING.order * weight for text, weight in rarity.items()})
        weights.update({word: self.idf(len(self.term(word, every))) for word in self.focus_words})
        return weights

    def closeness(self, number: int) -> float:
        """The second pass: the best window and the beginning, character by character."""
        weights = self.focus_weights()
        text = read(f"{self.documents[number].title}\n{self.documents[number].body}"[:TEXT_CHARS]).text
        places = {
            unit: [m.start() for m in re.finditer(re.escape(unit), text)]
            if HAN_CHAR.match(unit)
            else [m.start() for m in re.finditer(rf"(?<![{LETTER}]){re.escape(unit)}(?![{LETTER}])", text)]
            for unit in weights
        }
        windows = (
            sum(
                weights[unit]
                for unit in weights
                if any(start <= place < start + WINDOW_CHARS for place in places[unit])
            )
            for start in range(-WINDOW_CHARS, len(text))
        )
        lead = sum(weights[unit] for unit in weights if any(place < LEAD_CHARS for place in places[unit]))
        return DEFAULT_RANKING.closeness * max(windows) + DEFAULT_RANKING.lead * lead

    def idf(self, doc_freq: int) -> float:
        return math.log(1 + (len(self.documents) - doc_freq + 0.5) / (doc_freq + 0.5))

    def every(self) -> Scores:
        return dict.fromkeys(range(len(self.documents)), 0.0)

    def second(self, number: int) -> float:
        date = self.documents[number].date
        return -math.inf if date is None else date.timestamp()

    def day(self, number: int) -> str:
        date = self.documents[number].date
        return "" if date is None else date.astimezone(ZONE).strftime("%Y-%m-%d")

    # Leaves

    def bm25f(
        self,
        counts: list[dict[str, int]],
        doc_freq: int | None = None,
        *,
        lengths: list[dict[str, int]] | None = None,
        average: dict[str, float] | None = None,
    ) -> Scores:
        lengths, average = lengths or self.lengths, average or self.average
        found: Scores = {}
        for number, by_field in enumerate(counts):
            tf = sum(
                FIELD_WEIGHTS[name] * count / (1 - B + B * lengths[number][name] / average[name])
                for name, count in by_field.items()
            )
            if tf:
                found[number] = tf
        idf = self.idf(len(found) if doc_freq is None else doc_freq)
        return {number: idf * tf / (K1 + tf) for number, tf in found.items()}

    @cache  # noqa: B019
    def term(self, text: str, fields: tuple[str, ...]) -> Scores:
        return self.bm25f([{name: terms[name][text] for name in fields} for terms in self.terms])

    @cache  # noqa: B019
    def pair(self, text: str, fields: tuple[str, ...]) -> Scores:
        counts = [{name: pairs[name][text] for name in fields} for pairs in self.pairs]
        return self.bm25f(counts, lengths=self.pair_lengths, average=self.pair_average)

    @cache  # noqa: B019
    def substring(self, text: str, fields: tuple[str, ...]) -> Scores:
        if len(text) <= 2:  # from the bigrams, so 的的 stands twice in 的的的
            again = re.compile(f"(?={re.escape(text)})")
            return self.bm25f([{name: len(again.findall(texts[name])) for name in fields} for texts in self.texts])
        counts = [{name: texts[name].count(text) for name in fields} for texts in self.texts]
        # Longer ones are verified in the stored text, which is not done for deleted documents.
        alive = sum(any(by_field.values()) for by_field, live in zip(counts, self.live, strict=True) if live)
        return self.bm25f(counts, doc_freq=alive)

    @cache  # noqa: B019
    def loose(self, text: str, fields: tuple[str, ...]) -> Scores:
        """A text as it is written, or with spaces where Chinese and other characters meet."""
        if len(ways := ways_to_write(text)) == 1:
            return self.substring(text, fields)
        counts = [
            {
                name: sum(len(re.findall(f"(?={re.escape(one)})", texts[name])) for one in ways if live or len(one) < 3)
                for name in fields
            }
            for texts, live in zip(self.texts, self.live, strict=True)
        ]
        return self.bm25f(counts)

    @cache  # noqa: B019
    def pattern(self, text: str, fields: tuple[str, ...]) -> Scores:
        regex = re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in text))
        return self.bm25f(
            [
                {
                    name: sum(n for term, n in terms[name].items() if regex.fullmatch(term) and not is_marked(term))
                    for name in fields
                }
                for terms in self.terms
            ]
        )

    # Clauses

    def read(self, node: tree.Node, *, optional: bool, excluded: bool = False) -> Scores | None:
        """What a clause matches; None if it asks for nothing."""
        if isinstance(node, tree.Everything):
            return self.every()
        if isinstance(node, tree.Filter):
            return dict.fromkeys(self.selected(node.field, node.value), 0.0)
        if isinstance(node, tree.And):
            return both(self.several(node.clauses, excluded=excluded))
        if isinstance(node, tree.Or):
            return either(self.several(node.clauses, excluded=excluded))
        if isinstance(node, tree.Group):
            return self.group(node, excluded=excluded)
        fields = tuple(FIELD_WEIGHTS) if node.field is None else (node.field,)
        if node.field is None and not excluded and not isinstance(node, tree.Pattern):
            self.written.append(node.text.strip())
            self.words_asked |= isinstance(node, tree.Words)
        if isinstance(node, tree.Words):
            return self.words(node.text, fields, optional=optional, excluded=excluded, anywhere=node.field is None)
        self.ranked = True
        inside = node.text.strip("*")
        if isinstance(node, tree.Phrase):
            return self.substring(node.text, fields)
        if len(inside) > 1 and CJK_RUN.fullmatch(inside):  # nobody sees where a Chinese word begins and ends
            return self.substring(inside, fields)
        return self.pattern(node.text, fields)

    def several(self, nodes: tuple[tree.Node, ...], *, optional: bool = False, excluded: bool = False) -> list[Scores]:
        found = [self.read(node, optional=optional, excluded=excluded) for node in nodes]
        return [scores for scores in found if scores is not None]

    def group(self, group: tree.Group, *, excluded: bool) -> Scores | None:
        required = both(self.several(group.required, excluded=excluded))
        optional = either(self.several(group.optional, optional=not excluded, excluded=excluded))
        ranked = self.ranked
        left_out = either(self.several(group.excluded, excluded=True))
        self.ranked = ranked
        if required is None:
            found = optional
        elif optional is None:
            found = required
        elif all(clause.is_condition for clause in group.required):
            found = both([required, optional])
        else:
            found = {number: score + optional.get(number, 0.0) for number, score in required.items()}
        if left_out is None:
            return found
        return {n: score for n, score in (self.every() if found is None else found).items() if n not in left_out}

    def words(
        self, text: str, fields: tuple[str, ...], *, optional: bool, excluded: bool, anywhere: bool
    ) -> Scores | None:
        if CJK_RUN.fullmatch(text.strip()) and len(text.strip()) == 1:
            self.ranked = True
            return self.substring(text.strip(), fields)
        text = closed_up(text.strip(), apart=self.apart)
        by_position: dict[int, list[Token]] = {}
        for token in TOKENIZER.tokens(text):
            by_position.setdefault(token.position, []).append(token)
        groups, loose = loose_runs(text, by_position)
        if not groups:
            return None
        self.ranked = True
        if excluded:
            return both([self.needed(group, fields, loose) for group in groups.values()])
        beside = joined_words(text, by_position)
        pairs = weighed_pairs(text, by_position)
        if anywhere:
            if len(by_position) > 1:
                self.whole.append(text)
                self.coarse |= {tokens[-1].text for tokens in by_position.values()}
            self.focus_pairs |= {pair: max(weight, self.focus_pairs.get(pair, 0.0)) for pair, weight in pairs.items()}
            self.focus_words |= {
                tokens[-1].text for tokens in by_position.values() if not set(tokens[-1].text) & set("".join(pairs))
            }
        bonus = Counter[int]()
        for pair, weight in pairs.items():
            for number, score in self.pair(pair, fields).items():
                bonus[number] += DEFAULT_RANKING.bigrams * weight * score  # type: ignore[assignment]
        if optional:
            found = {
                whole: self.substring(whole, fields)
                if whole in loose and len(whole) == 1
                else self.loose(whole, fields)
                if whole in loose and len(ways_to_write(whole)) > 1
                else self.term(whole, fields)
                if HAN_CHAR.search(whole)
                else self.whole_or_parts(group, fields, beside.get(whole, ()))
                or both([self.term(part, fields) for part in dict.fromkeys(atoms(whole))])
                or {}
                for whole, group in groups.items()
            }
            singles = [
                self.term(char, fields)
                for run in loose
                if len(run) > 1
                for char in dict.fromkeys(run)
                if HAN_CHAR.match(char)
            ]
            for whole in (found.keys() & ASKING) - loose:  # one character alone is looked for wherever it stands
                found[whole] = {number: WEIGHT * score for number, score in found[whole].items()}
            scores = either([*found.values(), *singles]) or {}
            hits = (self.with_any if self.match == "any" else self.with_most)(found, fields, loose)
            if self.match == "most" and hits and is_sentence(text, by_position):
                every = {n: scores.get(n, 0.0) + bonus[n] for n in {*scores, *bonus} if self.live[n]}
                hits |= set(sorted(every, key=lambda n: (-every[n], n))[:NUM_BEST])
            if self.match == "most" and fields == tuple(FIELD_WEIGHTS):
                hits |= self.verbatim(text)
        else:
            needed = [self.needed(group, fields, loose, beside.get(whole, ())) for whole, group in groups.items()]
            scores = both(needed) or {}
            hits = set(scores)
        return {number: scores.get(number, 0.0) + bonus[number] for number in hits}

    def presence(self, whole: str, scores: Scores, fields: tuple[str, ...], loose: set[str]) -> list[set[int]]:
        """The documents that have a word of two characters; or each of the pairs of a longer one, or of one that nobody
        has, without those that nobody has."""
        found = [set(scores)]
        of_pairs = len(whole) > 1 and (CJK_RUN.fullmatch(whole) or whole in loose) and (len(whole) > 2 or not scores)
        if of_pairs or (whole in loose and len(ways_to_write(whole)) > 1):
            found = [set(self.pair(whole[at : at + 2], fields)) for at in range(len(whole) - 1)]
        return [numbers for numbers in found if numbers]

    def with_any(self, found: dict[str, Scores], fields: tuple[str, ...], loose: set[str]) -> set[int]:
        """The documents that have any of the words, or all pairs of it; of a word that nobody has, the most pairs."""
        hits: set[int] = set()
        for whole, scores in found.items():
            presence = self.presence(whole, scores, fields, loose)
            if whole in loose and len(ways_to_write(whole)) > 1 and scores:
                presence = []
            share = Counter(number for numbers in presence for number in numbers)
            if presence and not scores:
                hits |= {number for number, count in share.items() if count == max(share.values())}
            elif len(presence) == len(whole) - 1 > 1 and CJK_RUN.fullmatch(whole):
                hits |= {number for number, count in share.items() if count == len(presence)}
            hits |= set(scores)
        return hits

    def with_most(self, found: dict[str, Scores], fields: tuple[str, ...], loose: set[str]) -> set[int]:
        """The documents that have most of the words, by weight."""
        weights, cover = [], Counter[int]()
        for whole, scores in found.items():
            presence = self.presence(whole, scores, fields, loose)
            spaced = whole in loose and len(ways_to_write(whole)) > 1
            if presence or (spaced and scores):
                weights.append(math.sqrt(self.idf(len(scores))) * (WEIGHT if whole in ASKING - loose else 1.0))
                share = Counter(number for numbers in presence for number in numbers)
                if spaced:
                    share |= Counter(dict.fromkeys(scores, max(1, len(presence))))
                for number, count in share.items():
                    cover[number] += weights[-1] * count / max(1, len(presence))  # type: ignore[assignment]
        alive = {number: weight for number, weight in cover.items() if self.live[number]}
        if not alive:
            return set()
        need = MOST * sum(weight**NORM for weight in weights) ** (1 / NORM)
        if len(found) >= LEAST_SENTENCE:
            need = max(need, SHARE * sum(weights))
        need = min(need, MOST * max(alive.values()))
        return {number for number, weight in alive.items() if weight >= need * (1 - 1e-5)}

    def needed(
        self, group: list[str], fields: tuple[str, ...], loose: set[str], beside: tuple[str, ...] | None = None
    ) -> Scores:
        return self.loose(group[0], fields) if group[0] in loose else self.whole_or_parts(group, fields, beside)

    @cache  # noqa: B019
    def forms(self, word: str, beside: tuple[str, ...], fields: tuple[str, ...]) -> Scores:
        """A word of letters, what it is with its neighbours, and its other forms, which count less."""
        weights = dict.fromkeys((word, *beside), 1.0)
        if stem(word):
            weights |= dict.fromkeys({stem(word), MARK + stem(word)} - {word}, OTHER_FORM)
        counts = [
            {name: sum(terms[name][one] * weight for one, weight in weights.items()) for name in fields}
            for terms in self.terms
        ]
        return self.bm25f(counts)  # type: ignore[arg-type]

    def whole_or_parts(
        self, group: list[str], fields: tuple[str, ...], beside: tuple[str, ...] | None = None
    ) -> Scores:
        """``beside``: what the word makes with its neighbours; None if it is looked for as written only."""
        if beside is not None and re.fullmatch("[a-z]+", group[-1]):
            return self.forms(group[-1], beside, fields)
        whole = self.term(group[-1], fields)
        if CJK_RUN.fullmatch(group[-1]):
            return either([whole, self.substring(group[-1], fields)]) or {} if len(group[-1]) > 2 else whole
        parts = both([self.term(part, fields) for part in dict.fromkeys(atoms(group[-1]))])
        if parts is None or HAN_CHAR.search(group[-1]):
            return whole
        alone = [standing_alone(one) for one in spellings(group[-1])]
        near = {
            number
            for number, texts in enumerate(self.texts)
            if self.live[number]  # as substrings, these are verified in the stored text
            and any(pattern.search(texts[name]) for pattern in alone for name in fields)
        }
        parts = {number: score for number, score in parts.items() if number in near}
        return either([self.term(joined(group[-1]), fields), parts]) or {}

    # Filters

    def selected(self, field: str, value: str) -> set[int]:
        numbers = range(len(self.documents))
        if field == "date":
            first, dots, last = value.partition("..")
            last = last if dots else first
            return {n for n in numbers if (day := self.day(n)) and first <= day and day[: len(last)] <= (last or day)}
        if field == "category":
            return {n for n in numbers if fold(value) in paths(self.documents[n].categories)}
        return {n for n in numbers if fold(getattr(self.documents[n], field)) == fold(value)}


def closed_up(text: str, *, apart: bool) -> str:
    """A spaced-out run closed up if at least half of its characters are then in words."""
    text = text if apart else with_lone_chars(text)
    closed = read(text).text
    words = [word for word in TOKENIZER.coarse(closed)[0] if HAN_CHAR.search(word)]
    many = sum(len(word) if len(word) > 1 else -1 for word in words) > 0
    return closed if many else text


def ways_to_write(text: str) -> set[str]:
    return {text, re.sub(f"(?<=[{HAN}])(?=[a-z0-9])|(?<=[a-z0-9])(?=[{HAN}])", " ", text)}


def joined_words(text: str, by_position: dict[int, list[Token]]) -> dict[str, tuple[str, ...]]:
    """Each word of letters with what it makes with one that stands one space away, or with a run of single letters."""
    spans = {tokens[-1].start: tokens[-1].end for tokens in by_position.values()}
    found: dict[str, list[str]] = {}
    for match in re.finditer("[a-z]+(?: [a-z]+)*", text):
        words = list(re.finditer("[a-z]+", match.group()))
        words = [m for m in words if spans.get(match.start() + m.start()) == match.start() + m.end()]
        texts = [m.group() for m in words]
        windows = [[one.group(), other.group()] for one, other in pairwise(words) if one.end() + 1 == other.start()]
        if 2 < len(texts) <= 6 and len(texts) == len(match.group().split()) and max(map(len, texts)) == 1:
            windows = [texts]
        for word in texts:
            found.setdefault(word, [])
        for window in windows:
            for word in window:
                found[word].append("".join(window))
    return {word: tuple(dict.fromkeys(several)) for word, several in found.items()}


def is_character(unit: str) -> bool:
    return len(unit) == 1 and HAN_CHAR.match(unit) is not None


def weighed_pairs(text: str, by_position: dict[int, list[Token]]) -> dict[str, float]:
    """The bigrams of the Chinese runs; those with a character of a word that asks weigh little."""
    asking = [tokens[-1] for tokens in by_position.values() if tokens[-1].text in ASKING]
    found: dict[str, float] = {}
    for run in CJK_RUN.finditer(text):
        for at in range(run.start(), run.end() - 1):
            weight = WEIGHT if any(word.start < at + 2 and at < word.end for word in asking) else 1.0
            found[text[at : at + 2]] = max(weight, found.get(text[at : at + 2], 0.0))
    return found


def is_sentence(text: str, by_position: dict[int, list[Token]]) -> bool:
    """Three words, one of which asks; or eight, without a space at a Chinese one."""
    words = [tokens[-1] for tokens in by_position.values()]
    if any(word.text in ASKING for word in words):
        return len(words) > 2
    spaces = [
        text[one.end : two.start].isspace() and bool(HAN_CHAR.search(one.text + two.text))
        for one, two in pairwise(words)
    ]
    return any(not any(spaces[at : at + 7]) for at in range(len(spaces) - 6))


def loose_runs(text: str, by_position: dict[int, list[Token]]) -> tuple[dict[str, list[str]], set[str]]:
    """The words of a text, each with its parts; what has no longer word in it is one. And these."""
    groups = [[token.text for token in tokens] for tokens in by_position.values()]
    spans = [(tokens[-1].start, tokens[-1].end) for tokens in by_position.values()]
    chunks = [match.span() for match in re.finditer(r"\S+", text)]
    chunks = [span for span in chunks if re.fullmatch(f"[{CJK}{WORD}._-]+", text[slice(*span)])]
    runs = [match.span() for match in CJK_RUN.finditer(text) if len(match.group()) > 1]
    taken: dict[int, tuple[int, str]] = {}
    for start, end in [*chunks, *runs]:
        inside = [at for at, span in enumerate(spans) if start <= span[0] < end]
        words = [groups[at][-1] for at in inside]
        if not inside or spans[inside[0]][0] != start or inside[0] in taken:
            continue
        written = text[start : spans[inside[-1]][1]]
        single = all(len(word) == 1 or not HAN_CHAR.search(word) for word in words)
        if single and HAN_CHAR.search(written) and len("".join(words)) >= len(re.sub("[-_]", "", written)):
            taken[inside[0]] = (len(inside), written)
    found: dict[str, list[str]] = {}
    at = 0
    while at < len(groups):
        count, written = taken.get(at, (1, ""))
        found[written or groups[at][-1]] = [written] if written else groups[at]
        at += count
    return found, {written for _, written in taken.values()}


def paths(categories: tuple[str, ...]) -> set[str]:
    """What a category filter may say for an article, spaces around "/" left out."""
    levels = [fold(level).replace(" / ", "/") for level in categories]
    return {*levels, *("/".join(levels[:depth]) for depth in range(1, len(levels) + 1))}


def both(several: list[Scores]) -> Scores | None:
    if not several:
        return None
    numbers = set.intersection(*(set(scores) for scores in several))
    return {number: sum(scores[number] for scores in several) for number in sorted(numbers)}


def either(several: list[Scores]) -> Scores | None:
    if not several:
        return None
    found: Counter[int] = Counter()
    for scores in several:
        for number, score in scores.items():
            found[number] += score  # type: ignore[assignment]
    return dict(found)


@pytest.fixture(scope="module", params=["compiled", "python"])
def indexed(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[tuple[cnsearch.Index, Twin]]:
    """By the kernels of both kinds."""
    if request.param == "compiled" and searching() is None:
        pytest.skip("there are no compiled kernels here")
    rnd = random.Random(SEED)
    versions: dict[tuple[str, str], Article] = {}
    with cnsearch.open_index(tmp_path_factory.mktemp("random") / "index", create=True) as index:
        for commit, (first, last) in enumerate([(0, 90), (90, 150), (150, 210), (210, 230)]):
            numbers = [*range(first, last), *rnd.sample(range(first), k=min(first, 8))]  # new ones and changed ones
            articles = [make_article(number, commit, rnd) for number in numbers]
            versions.update({(article.id, article.url): article for article in articles})
            index.add(articles)
        index.delete([f"{number:03d}" for number in rnd.sample(range(230), k=30)])
        searcher = index._backend.current()
        snapshot = searcher.snapshot
        if request.param == "python":
            searcher.leaves.compiled = None
        assert len(snapshot.segments) > 1, "the test needs several segments"
        assert any(segment.has_deletions for segment in snapshot.segments), "and deleted articles in them"
        documents = [snapshot.about(number) for number in range(snapshot.num_docs)]
        live = [bool(alive) for segment in snapshot.segments for alive in segment.live]
        yield index, Twin([versions[about["id"], about["url"]] for about in documents], live)


class Queries:
    """Texts of queries, each made of what the grammar has."""

    def __init__(self, seed: int, texts: list[str]) -> None:
        self.rnd = random.Random(seed)
        self.texts = [text for text in texts if text]

    def query(self, depth: int = 2) -> str:
        if depth == 2 and self.rnd.random() < 0.1:
            return self.copied()
        return " ".join(self.clause(depth) for _ in range(self.rnd.randint(1, 3)))

    def copied(self) -> str:
        text = self.rnd.choice(self.texts)
        start = self.rnd.randrange(len(text))
        return " ".join(text[start : start + self.rnd.randint(10, 60)].split()) or "上海"

    def clause(self, depth: int) -> str:
        sign = self.rnd.choice(["", "", "", "", "+", "-", "NOT "])
        kind = self.rnd.random()
        if depth and kind < 0.15:
            return f"{sign}({self.query(depth - 1)})"
        if depth and kind < 0.35:
            operator = self.rnd.choice([" AND ", " OR ", "|", " AND NOT "])
            return operator.join(self.clause(depth - 1) for _ in range(self.rnd.randint(2, 3)))
        return sign + self.leaf()

    def leaf(self) -> str:
        choose = self.rnd.choice
        kind = self.rnd.random()
        if kind < 0.4:
            return "".join(self.rnd.choices(WORDS, k=self.rnd.randint(1, 2)))
        if kind < 0.6:
            return f'{choose(["", "", "title:", "正文："])}"{self.substring()}"'
        if kind < 0.7:
            return choose(["数字*", "?海", "*化", "s-*", "3?0", "l*x", "*", "标题:数*", "没有*", "i*1?"])
        if kind < 0.75:
            return choose(["title:上海", "标题:数字化", "body:城", "正文：S-300", "没有的词", "，。"])
        return choose(
            [
                *("来源:每经网", "source:SOLIDOT", "作者:莫言", "分类:金融", "category:乙", "分类:金融/每经网"),
                *('category:"ai / ml"', "分类:金融/每经网/甲", "date:2021-03", "date:2021", "date:..2021-02"),
                *("date:2021-02..2021-03-15", "日期：2021-04..", "source:没有"),
            ]
        )

    def substring(self) -> str:
        text = self.rnd.choice(self.texts)
        start = self.rnd.randrange(len(text))
        return re.sub(r"\s+", " ", text[start : start + self.rnd.randint(1, 6)].replace('"', "")).strip() or "上海"

    def filters(self) -> dict[str, Any]:
        if self.rnd.random() < 0.7:
            return {}
        choose = self.rnd.choice
        return choose(
            [
                {"source": choose(["每经网", ["每经网", "solidot"]])},
                {"category": choose(["甲", "AI / ML", "金融/新浪财经", ["甲", "乙"]]), "author": "余华"},
                {"since": "2021-02", "until": "2021-03"},
                {"until": "2021-03-15"},
                {"source": "新浪财经", "since": "2021-03-05"},
            ]
        )


def conditions_of(filters: dict[str, Any], twin: Twin) -> list[set[int]]:
    found = []
    for field in ("source", "category", "author"):
        if field in filters:
            values = [filters[field]] if isinstance(filters[field], str) else filters[field]
            found.append(set().union(*(twin.selected(field, value.replace(" / ", "/")) for value in values)))
    if "since" in filters or "until" in filters:
        found.append(twin.selected("date", f"{filters.get('since', '')}..{filters.get('until', '')}"))
    return found


def normalised(node: tree.Node | None) -> tree.Node | None:
    """Category filters without spaces around "/", as the twin compares them."""
    if node is None:
        return None
    return parse_query(str(node).replace(" / ", "/")).root


def compare(
    index: cnsearch.Index, twin: Twin, text: str, filters: dict[str, Any], match: str, sort: str
) -> tuple[cnsearch.SearchResults, list[tuple[int, float]]]:
    """What both find, after they were found to be the same."""
    shown = f"seed {SEED}: {text!r} {filters} match={match} sort={sort}"
    root = parse_query(text, require_all=match == "all").root
    typed = text_with_signs(text, root)
    literal = parse_query(text, require_all=match == "all", literal=True).root
    tree = normalised(root)
    if twin.verbatim(typed):
        root = tree = parse_as_text(text, require_all=match == "all").root
    expected = twin.search(tree, conditions_of(filters, twin), sort == "date", match)
    if not expected and literal != root:  # 没有* finds nothing as a pattern
        expected = twin.search(normalised(literal), conditions_of(filters, twin), sort == "date", match)
    if not expected:
        expected = twin.search(tree, conditions_of(filters, twin), sort == "date", match, apart=True)
    results = index.search(text, match=match, sort=sort, limit=1000, **filters)  # type: ignore[arg-type]
    assert results.total == len(expected) == len(results), shown
    scores = {twin.documents[number].id: score for number, score in expected}
    assert {hit.id: pytest.approx(hit.score, rel=1e-4, abs=1e-5) for hit in results} == scores, shown
    if sort == "date" or not twin.ranked:
        assert [hit.id for hit in results] == list(scores), shown
    else:  # by our scores, and documents of equal score in order of the index
        numbers = {twin.documents[number].id: number for number, _ in expected}
        assert list(results) == sorted(results, key=lambda hit: (-hit.score, numbers[hit.id])), shown
    assert [hit.rank for hit in results] == list(range(1, len(results) + 1))
    for hit in (*results.hits[:2], *results.hits[10:12]):
        assert sum(part.score for part in hit.explain()) == pytest.approx(hit.score, rel=1e-4, abs=1e-5), shown
    return results, expected


def test_queries_find_rank_and_score_like_the_twin(indexed: tuple[cnsearch.Index, Twin]) -> None:
    index, twin = indexed
    queries = Queries(SEED, [texts["body"] for texts in twin.texts])
    num_hits = []
    for _ in range(NUM_QUERIES):
        text, filters = queries.query(), queries.filters()
        match = queries.rnd.choice(["most", "most", "any", "all"])
        sort = queries.rnd.choice(["score", "score", "score", "date"])
        results, expected = compare(index, twin, text, filters, match, sort)
        num_hits.append(len(expected))
        if expected:
            offset, limit = queries.rnd.randrange(len(expected) + 2), queries.rnd.randrange(12)
            page = index.search(text, match=match, sort=sort, limit=limit, offset=offset, **filters)  # type: ignore[arg-type]
            assert page.hits == results.hits[offset : offset + limit], text
            assert page.total == results.total, text
    assert sum(map(bool, num_hits)) > NUM_QUERIES / 2, "most queries should find something"
    assert len(set(num_hits)) > 50


@pytest.mark.parametrize("match", ["most", "any", "all"])
def test_a_letter_and_a_character_that_nobody_writes_together_are_two_words(
    indexed: tuple[cnsearch.Index, Twin], match: str
) -> None:
    for text in ("s 城", "城 s", "300 城", "5 茶", "+s +城", "s 城 没有的词", "q 城"):
        results, _ = compare(*indexed, text, {}, match, "score")
        assert results.total or (text, match) == ("q 城", "all") or "没有" in text or "+" in text, text


def test_hits_carry_the_article(indexed: tuple[cnsearch.Index, Twin]) -> None:
    index, twin = indexed
    by_id = {article.id: article for article, live in zip(twin.documents, twin.live, strict=True) if live}
    results = index.search("*", limit=1000)
    assert {hit.id for hit in results} == set(by_id)
    for hit in results:
        article = by_id[hit.id]
        about = (hit.title, hit.source, hit.categories, hit.author, hit.date, hit.url)
        assert about == (
            article.title,
            article.source,
            article.categories,
            article.author,
            article.date,
            article.url,
        )
        assert index.get(hit.id).paragraphs == article.paragraphs


def test_equal_scores_stand_in_order_of_the_index(tmp_path: Any) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        for commit in range(3):
            index.add([Article(id=f"{commit}-{9 - n}", title="上海", paragraphs=("同一篇",)) for n in range(5)])
        whole = index.search("上海", limit=100)
        expected = [f"{commit}-{9 - n}" for commit in range(3) for n in range(5)]
        assert [hit.id for hit in whole] == expected
        assert len({hit.score for hit in whole.hits[DEFAULT_RANKING.depth :]}) == 1
        for limit in (1, 4, 7):
            pages = [hit for at in range(0, 15, limit) for hit in index.search("上海", limit=limit, offset=at)]
            assert [hit.id for hit in pages] == expected
        assert [hit.id for hit in index.search("上海", sort="date", limit=3)] == expected[:3]


def test_an_article_deeper_than_a_token_is_long(tmp_path: Any) -> None:
    """Only the beginning of a very long token is indexed, but every substring of it is found."""
    token = "a" * 70 + "xyz" + "b" * 70
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add([Article(id="1", title=token, paragraphs=(f"见{token}。",)), Article(id="2", title="xy")])
        for text in ("xyz", "a" * 65, token, token[1:], "xyzb"):
            assert [hit.id for hit in index.search(f'"{text}"')] == ["1"], text
        assert [hit.id for hit in index.search(token)] == ["1"]
        assert index.search('"xya"').total == 0


def test_labels_match_whatever_spaces_were_written(tmp_path: Any) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add(Article(id="1", title="甲", source=" 每经网 ", categories=("AI / ML", " 金融"), author="莫 言"))
        for filters in (
            {"source": "每经网"},
            {"source": " 每經網 "},
            {"category": "AI / ML"},
            {"category": "ai/ml"},
            {"category": "AI/ML/金融"},
            {"category": "金融 "},
            {"author": "莫 言"},
        ):
            assert index.search("", **filters).total == 1, filters  # type: ignore[arg-type]
        assert index.search("", author="莫言").total == 0
        hit = index.search("甲")[0]
        assert (hit.source, hit.categories) == (" 每经网 ", ("AI / ML", " 金融"))  # shown as written


def test_words_in_the_scripts_of_china_are_found(tmp_path: Any) -> None:
    texts = ["ئۇيغۇرچە كىتاب", "ꆈꌠꉙ ꁱꂷ", "བོད་ཡིག", "汉字 𠮷野家"]
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        index.add([Article(id=str(n), title="", paragraphs=(text,)) for n, text in enumerate(texts)])
        for n, text in enumerate(texts):
            for word in text.split():
                for query in (word, f'"{word}"', f"+{word}", f'"{word[:2]}"'):
                    assert [hit.id for hit in index.search(query)] == [str(n)], query


@pytest.mark.parametrize("query", ["", "   ", "，。！", '""', "()", "AND"])
def test_a_query_that_asks_for_nothing_finds_nothing(indexed: tuple[cnsearch.Index, Twin], query: str) -> None:
    results = indexed[0].search(query)
    assert (results.total, len(results)) == (0, 0)


def test_an_empty_index_finds_nothing(tmp_path: Any) -> None:
    with cnsearch.open_index(tmp_path / "index", create=True) as index:
        for query in ("上海", "*", '"上海"', "上*", "NOT 上海", "date:2021"):
            assert index.search(query).total == 0


@pytest.mark.parametrize("arguments", [{"limit": -1}, {"offset": -1}, {"sort": "size"}, {"match": "some"}])
def test_misuse_is_a_value_error(indexed: tuple[cnsearch.Index, Twin], arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        indexed[0].search("上海", **arguments)
