"""Suggestions: against a slow twin on random titles, and what is suggested for the sample posts."""

from __future__ import annotations

import gc
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

import cnsearch
from cnsearch.analysis import pinyin
from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.compounds import parts
from cnsearch.analysis.fold import fold
from cnsearch.search import phrases, vocabulary
from cnsearch.search.phrases import squeezed
from cnsearch.search.suggest import suggest
from cnsearch.search.vocabulary import Vocabulary
from cnsearch.store.segment import Segment

ANALYZER = ChineseAnalyzer()


class FakeSegment:
    segment_id = "MAIN_fake"

    def __init__(self, titles: Sequence[str]) -> None:
        self._titles = list(titles)
        self.live = np.ones(len(titles), dtype=bool)

    def titles(self) -> list[str]:
        return self._titles


class FakeSnapshot:
    """Titles and bodies without an index around them."""

    def __init__(self, titles: Sequence[str], bodies: Sequence[str] = ()) -> None:
        self.analyzer = ANALYZER
        self.live = None
        self.num_docs = self.num_live_docs = len(titles)
        self._titles = titles
        self.segments = [FakeSegment(titles)]
        terms = ANALYZER.tokenizer.terms
        self._uses = {
            field: count([set(terms(fold(text))) for text in texts])
            for field, texts in (("title", titles), ("tags", ()), ("body", bodies))
        }

    def title(self, number: int) -> str:
        return self._titles[number]

    def doc_freqs(self, field: str, prefix: str = "") -> tuple[list[str], Any]:
        found = sorted(term for term in self._uses[field] if term.startswith(prefix))
        return found, np.array([self._uses[field][term] for term in found], dtype=np.int64)

    def doc_freq(self, field: str, term: str) -> int:
        return self._uses[field].get(term, 0)

    def has_term(self, field: str, term: str) -> bool:
        return term in self._uses[field]


def count(several: Sequence[set[str]]) -> dict[str, int]:
    return {term: sum(term in terms for terms in several) for term in set().union(*several)}


# The twin: words and phrases as lists and sets, entries compared one by one


def is_chinese(word: str) -> bool:
    return re.search("[一-鿿]", word) is not None


def words_and_joints(title: str) -> tuple[list[str], list[int], list[int], list[bool]]:
    """Coarse words, their starts and ends, and whether each is joined to the one after it."""
    last = {token.position: token for token in ANALYZER.tokenizer.tokens(title)}.values()
    words = [(token.text, token.start, token.end) for token in last]
    joined = []
    for (one, _, end), (two, start, _) in pairwise(words):
        between, both = title[end:start], is_chinese(one) and is_chinese(two)
        joined.append(between == "" or (between == " " and not both) or (between == "·" and both))
    return [word[0] for word in words], [word[1] for word in words], [word[2] for word in words], joined


@cache
def slow_uses(titles: tuple[str, ...]) -> dict[str, int]:
    docs: dict[tuple[str, ...], set[int]] = defaultdict(set)
    spelt: dict[tuple[str, ...], str] = {}
    before: dict[tuple[str, ...], list[str]] = defaultdict(list)  # empty where nothing is joined
    uses: dict[str, set[int]] = defaultdict(set)
    for number, title in enumerate(titles):
        words, starts, ends, joined = words_and_joints(title)
        for first in range(len(words)):
            uses[words[first]].add(number)
            if not is_chinese(words[first]):
                for part, _, _ in parts(words[first]):
                    if part.isalpha():
                        uses[part].add(number)
            for last in range(first + 1, min(first + 8, len(words))):
                if not all(joined[first:last]):
                    break
                phrase = tuple(words[first : last + 1])
                docs[phrase].add(number)
                spelt.setdefault(phrase, title[starts[first] : ends[last]])
                before[phrase].append(words[first - 1] if first and joined[first - 1] else "")
    often = {phrase: len(numbers) for phrase, numbers in docs.items() if len(numbers) >= 2}

    weak = phrases._LOOSE | phrases._PLACES

    def is_shown(phrase: tuple[str, ...]) -> bool:
        first, last = phrase[0], phrase[-1]
        if len(phrase) == 2 and (first in phrases._LOOSE or last in phrases._PLACES):
            return False
        if (len(last) == 1 or (first in phrases._LOOSE and len(first) == 1)) and is_chinese(
            last if len(last) == 1 else first
        ):
            return False
        if phrases._ORDINAL.fullmatch(last) and is_chinese(last):
            return False
        if re.fullmatch("[0-9.,%]+", last) and is_chinese(phrase[-2]):
            return False
        if first in weak and before[phrase].count("") / len(before[phrase]) < phrases.FREE:
            return False
        leader, times = Counter(filter(None, before[phrase])).most_common(1)[0] if any(before[phrase]) else ("", 0)
        if times / len(before[phrase]) >= phrases.LED and (
            (len(first) == 1 and is_chinese(first)) or (len(leader) == 1 and is_chinese(leader) and leader not in weak)
        ):
            return False
        return last not in phrases._LOOSE | phrases._OPEN

    found = {word: len(numbers) for word, numbers in uses.items() if 1 < len(word) <= 32}
    spellings: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for phrase, number in often.items():
        longer = [n for other, n in often.items() if len(other) > len(phrase) and other[: len(phrase)] == phrase
                  and is_shown(other)]  # fmt: skip
        if is_shown(phrase) and max(longer, default=0) < number * phrases.ALMOST:
            spellings[squeezed(spelt[phrase])][spelt[phrase]] += number
    for key, several in spellings.items():
        text = key if key in found else min(several, key=lambda one: (-several[one], one))
        found[text] = max(found.get(text, 0), sum(several.values()))
    return found


def ways(letters: str, sounds: Sequence[str]) -> Iterator[bool]:
    """For each way to read the sounds in the letters, whether whole syllables are typed."""
    letters = letters.removeprefix("'")
    for end in range(1, 7):
        piece, rest = letters[:end], letters[end:]
        if not sounds or len(piece) < end or "'" in piece:
            return
        sound, syllable = sounds[0], re.sub("^([ln])ue$", r"\1ve", piece)
        if not rest:
            if sound.startswith(syllable):
                yield True
        elif pinyin.is_syllable(syllable):
            if sound == syllable:
                yield from ways(rest, sounds[1:])
        elif (piece in pinyin.INITIALS and sound.startswith(piece)) or (len(piece) == 1 and sound == piece):
            yield from (False for _ in ways(rest, sounds[1:]))


def slow_suggest(titles: Sequence[str], bodies: Sequence[str], prefix: str, limit: int) -> list[tuple[str, int]]:
    folded = tuple(" ".join(fold(title).split()) for title in titles)
    typed = " ".join(fold(prefix).split())
    key, letters = squeezed(typed), pinyin.typed(typed)
    if not key:
        return []

    def tier(text: str) -> int:
        if squeezed(text).startswith(key) and squeezed(text) != key:
            return 0
        if letters is None or not is_chinese(text):
            return 2
        (reading,) = pinyin.readings([text])
        return min((0 if whole else 1 for whole in ways(letters, pinyin.spelled(reading).split())), default=2)

    title_terms = {term for title in folded for term in ANALYZER.tokenizer.terms(title)}
    in_bodies = count([set(ANALYZER.tokenizer.terms(fold(body))) for body in bodies])
    others = {
        term: use
        for term, use in in_bodies.items()
        if use >= 2 and term not in title_terms and 1 < len(term) <= 32 and not term[0].isdigit()
        and any(map(str.isalpha, term))
    }  # fmt: skip
    found = []
    all_bodies = {term for body in bodies for term in ANALYZER.tokenizer.terms(fold(body))}
    if len(key) > 1 and key in title_terms | all_bodies:
        in_titles = count([set(ANALYZER.tokenizer.terms(title)) for title in folded])
        found.append((key, max(in_titles.get(key, 0), in_bodies.get(key, 0))))
    for uses in (slow_uses(folded), others):
        places = {text: tier(text) for text in uses}
        ranked = sorted(uses, key=lambda text: (-uses[text] * (10, 1, 0)[places[text]], places[text],
                                                -uses[text], len(text), text))  # fmt: skip
        found += [(text, uses[text]) for text in ranked if places[text] < 2]
    if len(key) >= 2:
        whole = sorted((squeezed(title), title) for title in set(folded))
        known = {text for text, _ in found}
        found += [(t, 1) for k, t in whole if k.startswith(key) and k != key and t not in known]
    if not found and " " in typed:
        before, _, last = typed.rpartition(" ")
        return [(f"{before} {text}", use) for text, use in slow_suggest(titles, bodies, last, limit)]
    return found[:limit]


PIECES = """
数字 数字 数字 数字化 化 转型 转型 的 的 经济 在 豚 江 江 linux linux 内核 iPhone15 iphone c++ 重庆 银行 上 阿·甲 旅行
第 二 新 冠 新冠 會 德国 西 安 先 第二 第二 第二 q'q iphone江 linux经济 ， 數字
""".split()
PIECES += [" ", " ", "\n"]
PREFIXES = """
数 数字 数字化 数字化转 转 的 江 江豚 linux l lin linux内 i ip 1 重 chong cq chongqing zhongqing yinhang yh de xian
xi'an sz szh shuzi shuzihzx shu'zi shuzihuazhuanxing zx zhuanxing z zh lv lü lvx lvxing 阿 阿· nh nei neihe c s x'x x
數 e er ip q'q 经济数 经济 linuxneihe linuxnh linux数字 在 在数 数字, v u 数zi jt d j
""".split()
PREFIXES += ["linux 内", "数字 shu", "江 ", "", " "]


def random_titles(seed: int) -> list[str]:
    """Made of a few random stretches, so that they have something in common."""
    random = Random(seed)
    stretches = ["".join(random.choices(PIECES, k=random.randint(1, 5))) for _ in range(8)]
    weights = [random.random() ** 2 for _ in stretches]
    size = (3, 40, 150)[seed % 3]
    return [
        "".join(random.choices(stretches, weights, k=random.randint(0, 2))) + random.choice(PIECES) for _ in range(size)
    ]


@pytest.mark.parametrize("seed", range(15))
def test_equals_the_slow_twin(seed: int) -> None:
    titles, bodies = random_titles(seed), random_titles(100 + seed)
    snapshot: Any = FakeSnapshot(titles, bodies)
    made = Vocabulary(snapshot)
    made._num_counted = 1000  # it has been asked often: what is asked for is made of all titles
    for number, prefix in enumerate(PREFIXES):
        limit = (5, 1000)[number % 2]
        expected = slow_suggest(tuple(titles), tuple(bodies), prefix, limit)
        assert [(one.text, one.articles) for one in suggest(made, prefix, limit)] == expected, prefix
        if number % 4 == seed % 4:  # a first one is made of some of the titles
            first = suggest(Vocabulary(snapshot), prefix, limit)
            assert [(one.text, one.articles) for one in first] == expected, prefix


def test_phrases_are_estimated_where_titles_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    titles = ["数字化转型", "重庆，江豚"] * 30
    titles[-1] = "银行"
    monkeypatch.setattr(vocabulary, "MAX_TITLES", 20)
    snapshot: Any = FakeSnapshot(titles)
    made = Vocabulary(snapshot)
    for _ in range(2):
        assert [(one.text, one.articles) for one in suggest(made, "sz", 9)] == [("数字化", 30), ("数字化转型", 30)]
        assert [(one.text, one.articles) for one in suggest(made, "yh", 9)] == [("银行", 1)]  # not in the sample
        assert suggest(made, "数", 9) == suggest(made, "shu", 9)[:2]  # 数字 only is a part of another word


def test_titles_are_read_once_for_each_segment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    titles = Segment.titles

    def counted(self: Segment) -> list[str]:
        read.append(self.num_docs)
        return titles(self)

    monkeypatch.setattr(Segment, "titles", counted)
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(cnsearch.Article(str(at), title) for at, title in enumerate(["数字化转型", "江豚"] * 200))
        for _ in range(2):
            assert texts(index, "数字化") == ["数字化", "数字化转型"]
        index.add([cnsearch.Article("new", "数字化时代"), cnsearch.Article("newer", "数字化时代")])
        assert texts(index, "数字化") == ["数字化", "数字化转型", "数字化时代"]
        index.delete(["new", "newer"])
        assert texts(index, "数字化") == ["数字化", "数字化转型"]
    assert read == [400, 2]


def texts(index: cnsearch.Index, prefix: str, limit: int = 10) -> list[str]:
    return [one.text for one in index.suggest(prefix, limit=limit)]


@pytest.mark.parametrize("prefix", ["数字", "數", "shuzi", "sz", "szh", "shuzihua", "shuz"])
def test_the_sample_posts_have_digital_transformation(data_index: cnsearch.Index, prefix: str) -> None:
    found = texts(data_index, prefix)
    assert {"数字化", "数字化转型"} <= set(found[:5])
    assert found.index("数字化") < found.index("数字化转型")


@pytest.mark.parametrize("prefix", ["szhzx", "shuzihuazhuanxing", "shuzihuazx", "shu zi hua zhuan", "数字化转"])
def test_the_whole_phrase(data_index: cnsearch.Index, prefix: str) -> None:
    assert texts(data_index, prefix)[0] == "数字化转型"


def test_other_prefixes_of_the_sample_posts(data_index: cnsearch.Index) -> None:
    assert texts(data_index, "ipho") == texts(data_index, "ＩＰｈｏ") == ["iphone"]
    assert texts(data_index, "江", 2) == ["江城", "江豚"]
    assert texts(data_index, "mls") == ["马拉松"]
    assert texts(data_index, "rengong") == ["人工智能"]
    assert texts(data_index, "七二法") == ["七二法则:3.5%的利率要多久才能让本金翻倍_"]
    assert texts(data_index, "大熊猫 szhz") == ["大熊猫 数字化转型"]
    assert texts(data_index, "") == texts(data_index, " ") == texts(data_index, "qqqq") == []
    assert texts(data_index, "数" * 1000) == texts(data_index, "\ud800") == texts(data_index, "'") == []


@pytest.mark.parametrize("prefix", ["数字", "s", "r", "p", "jc"])
def test_counts_are_the_articles_that_contain_it(data_index: cnsearch.Index, prefix: str) -> None:
    snapshot = data_index._backend.current().snapshot
    found = data_index.suggest(prefix)
    assert [one.articles for one in found] == sorted((one.articles for one in found), reverse=True)
    articles = [snapshot.texts(number) for number in range(snapshot.num_docs)]
    terms = [{term for text in both for term in ANALYZER.tokenizer.terms(fold(text))} for both in articles]
    in_terms = count(terms)
    for one in found:
        contain = sum(any(one.text in fold(text) for text in both) for both in articles)
        assert one.articles == max(1, in_terms.get(one.text, contain)), one.text


def test_a_whole_word_is_suggested_too_and_deleted_articles_are_not_counted(tmp_path: Any) -> None:
    articles = [cnsearch.Article(id=str(n), title="西安市 西安站", paragraphs=("西安 linux",)) for n in range(4)]
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add(articles)
        index.delete("0")
        assert {(one.text, one.articles) for one in index.suggest("西安")} >= {("西安", 3), ("西安市", 3)}
        assert index.suggest("linux") == (cnsearch.Suggestion("linux", 3),)


def test_phrases_that_are_cut_off_are_none() -> None:
    titles = ["python 来 读", "胜利80 周年", "会议第二十四次 开", "称打击 敌人", "在北京 见面", "windows 11"]
    found = phrases.count_uses([title.split("，")[0] for title in titles * 3], ANALYZER.tokenizer)
    assert "windows 11" in found
    assert not {"python 来", "胜利80", "会议第二十四次", "称打击", "在北京"} & set(found)


def test_eight_threads_make_a_part_of_the_vocabulary_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def counted(*args: Any) -> dict[str, int]:
        made.append(1)
        start.wait(0.1)  # lets the others in
        return phrases.count_uses(*args)

    start = threading.Event()
    monkeypatch.setattr(vocabulary, "count_uses", counted)
    snapshot: Any = FakeSnapshot(["数字化转型"] * 3)
    shared = Vocabulary(snapshot)
    with ThreadPoolExecutor(8) as pool:
        lexicons = list(pool.map(lambda _: shared.titles, range(8)))
    assert len(made) == 1
    assert all(lexicon is lexicons[0] for lexicon in lexicons)


def test_wrong_arguments(data_index: cnsearch.Index) -> None:
    with pytest.raises(ValueError, match="limit"):
        data_index.suggest("数", limit=-1)
    with pytest.raises(TypeError, match="prefix"):
        data_index.suggest(None)  # type: ignore[arg-type]
    assert data_index.suggest("数", limit=0) == ()


def test_deleted_articles_suggest_nothing(tmp_path: Any) -> None:
    articles = [cnsearch.Article(id=str(n), title="数字化转型", paragraphs=("江豚江豚",)) for n in range(3)]
    with cnsearch.open_index(tmp_path, create=True) as index:
        index.add([*articles, cnsearch.Article(id="x", title="量子", paragraphs=("计算",))])
        assert texts(index, "s") == ["数字化", "数字化转型"]
        index.delete(["0", "1", "2"])
        for prefix in ("s", "数字", "江", "jt", "数"):
            assert texts(index, prefix) == []
        assert texts(index, "liang") == ["量子"]


def test_segments_are_counted_together(tmp_path: Any) -> None:
    articles = [
        cnsearch.Article(id=str(n), title=title, paragraphs=(body,))
        for n, (title, body) in enumerate([("数字化转型", "江豚 量子"), ("银行", "江豚"), ("数字化转型", "江豚 量子")])
    ]
    with cnsearch.open_index(tmp_path / "many", create=True) as many:
        for article in articles:
            many.add(article)
        assert len(many._backend.current().snapshot.segments) == 3
        with cnsearch.open_index(tmp_path / "one", create=True) as one:
            one.add(articles)
            for prefix in ("s", "数", "jt", "江", "lz", "量", "y"):
                assert many.suggest(prefix) == one.suggest(prefix) != ()
            assert many.search("liangzi").correction == one.search("liangzi").correction == "量子"


def test_one_index_serves_many_threads(data_index_path: Any) -> None:
    prefixes = ["数", "shu", "szhzx", "ip", "江", "jt"] * 4
    with cnsearch.open_index(data_index_path) as index, ThreadPoolExecutor(8) as pool:
        together = list(pool.map(index.suggest, prefixes))
        assert together == [index.suggest(prefix) for prefix in prefixes]
        assert gc.isenabled()
