"""Articles like one: its terms, and the ranking by them, against the formulas written out."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

import cnsearch
from cnsearch import Article
from cnsearch.analysis.fold import fold
from cnsearch.analysis.tokenizer import WordTokenizer
from cnsearch.search.rule_of_hits import MOST, NORM
from cnsearch.search.scoring import FIELD_WEIGHTS, K1, B, idf
from cnsearch.search.similar import MAX_TERMS, TITLE_WEIGHT, weighty_terms
from cnsearch.store.opening import Store

SEED = 9
TOKENIZER = WordTokenizer()
TOPICS = [
    "上海 城市 规划 人工智能 工厂 数字化转型 车间 机器 工人 订单".split(),
    "咖啡 龙井茶 泉水 杯子 味道 云南 雨季 农户 种植 普洱".split(),
    "江豚 卫星 太空 火箭 轨道 航天员 空间站 发射 linux c++ s-300".split(),
]
ANY = "今天 记者 时间 问题 的 了 是 一个 我们 300 2024 5g".split() + [word for topic in TOPICS for word in topic]


def letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def articles() -> list[Article]:
    rnd = random.Random(SEED)
    found = []
    for number in range(150):
        topic = rnd.choice(TOPICS)
        rare = [letters(number // 2) + "x"] * rnd.randint(0, 3)  # two articles have it
        rare += [letters(number) + "z"] * (number % 4)  # nobody else
        words = rnd.choices(topic, k=rnd.randint(0, 60)) + rnd.choices(ANY, k=rnd.randint(1, 60))
        rnd.shuffle(words)
        found.append(
            Article(
                id=f"{number:03d}",
                title=" ".join(rnd.choices(topic, k=rnd.randint(0, 3))),
                paragraphs=("，".join(words + rare),),
                source=rnd.choice(["每经网", "新浪财经"]),
                categories=("金融", rnd.choice(["甲", "乙"])),
                date=datetime(2024, 1, 1, tzinfo=timezone.utc) + timedelta(days=number),
            )
        )
    return found


EVERY = {article.id: article for article in articles()}
TERMS = {
    id: {
        name: Counter(TOKENIZER.terms(fold(text)))
        for name, text in (("title", a.title), ("tags", "\n".join(a.tags)), ("body", a.body))
    }
    for id, a in EVERY.items()
}
TOKENS = {term for counts in TERMS.values() for field in counts.values() for term in field}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[cnsearch.Index]:
    with cnsearch.open_index(tmp_path_factory.mktemp("similar") / "index", create=True) as index:
        several = list(EVERY.values())
        index.add(several[:80])
        index.add(several[80:])
        yield index


def telling(term: str) -> bool:
    return term not in ("300", "2024") and len(term) > 1


def has(term: str, fields: tuple[str, ...] = ("title", "body")) -> list[str]:
    return [id for id, counts in TERMS.items() if any(counts[field][term] for field in fields)]


def expected_terms(article_id: str) -> dict[str, float]:
    """Every telling term with its weight."""
    counts = TERMS[article_id]
    found = {}
    for term in {*counts["title"], *counts["body"]}:
        doc_freq = len(has(term, ("body",)))
        doc_freq = doc_freq if doc_freq > 1 else max(doc_freq, len(has(term, ("title",))))
        if telling(term) and doc_freq > 1:
            tf = TITLE_WEIGHT * counts["title"][term] + counts["body"][term]
            found[term] = tf * math.log(1 + (len(EVERY) - doc_freq + 0.5) / (doc_freq + 0.5))
    return found


def test_terms_are_the_weightiest(index: cnsearch.Index, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = Store.open(index.path).snapshot()
    for limit in (MAX_TERMS, 3, 10):
        monkeypatch.setattr("cnsearch.search.similar.MAX_TERMS", limit)
        for article in list(EVERY.values())[::5]:
            found = [term for term, _ in weighty_terms(snapshot, article.title, article.body)]
            weights = expected_terms(article.id)
            assert len(found) == min(limit, len(weights)) == len(set(found))
            assert [weights[term] for term in found] == pytest.approx(sorted(weights.values(), reverse=True)[:limit])
            assert index.similar(article.id, limit=0).understood == " ".join(found)
    snapshot.close()


def test_ranking_is_that_of_the_formula(index: cnsearch.Index) -> None:
    average = {
        field: max(1.0, sum(sum(counts[field].values()) for counts in TERMS.values()) / len(EVERY))
        for field in FIELD_WEIGHTS
    }

    def impact(term: str, id: str) -> float:
        tf = sum(
            weight * TERMS[id][field][term] / (1 - B + B * sum(TERMS[id][field].values()) / average[field])
            for field, weight in FIELD_WEIGHTS.items()
        )
        return tf / (K1 + tf)

    for article_id in list(EVERY)[::10]:
        results = index.similar(article_id, limit=200)
        tf = {
            term: TITLE_WEIGHT * TERMS[article_id]["title"][term] + TERMS[article_id]["body"][term] for term in TOKENS
        }
        chosen = results.understood.split()
        rarity = {term: idf(len(EVERY), len(has(term))) for term in chosen}
        most = max((tf[term] for term in chosen), default=0)
        need = MOST * sum(value ** (NORM / 2) for value in rarity.values()) ** (1 / NORM)
        expected = {
            id: sum(tf[term] / most * rarity[term] * impact(term, id) for term in chosen)
            for id in EVERY
            if id != article_id
            and sum(math.sqrt(rarity[term]) for term in chosen if TERMS[id]["title"][term] + TERMS[id]["body"][term])
            >= need * (1 - 1e-5)
            > 0
        }
        assert {hit.id: hit.score for hit in results} == pytest.approx(expected, rel=1e-4)
        assert results.total == len(expected)
        assert [hit.score for hit in results] == sorted((hit.score for hit in results), reverse=True)
        for hit in results[:3]:
            assert sum(part.score for part in hit.explain()) == pytest.approx(hit.score, abs=1e-3)


def test_filters_and_pages(index: cnsearch.Index) -> None:
    whole = index.similar("010", limit=200)
    assert 20 < whole.total == len(whole) < 150
    assert [hit.rank for hit in whole] == list(range(1, len(whole) + 1))
    assert "010" not in [hit.id for hit in whole]
    pages = [hit.id for offset in range(0, len(whole), 7) for hit in index.similar("010", limit=7, offset=offset)]
    assert pages == [hit.id for hit in whole]
    for given, kept in (
        ({"source": "每经网"}, lambda hit: hit.source == "每经网"),
        (
            {"category": ["金融/甲"], "source": ["每经网", "x"]},
            lambda hit: hit.source + hit.categories[1] == "每经网甲",
        ),
        ({"since": "2024-02", "until": "2024-03"}, lambda hit: hit.date.month in (2, 3)),
        ({"author": "没有人"}, lambda hit: False),
    ):
        results = index.similar("010", limit=200, **given)  # type: ignore[arg-type]
        if "since" not in given:  # its dates are those of Shanghai, ours of UTC
            assert [hit.id for hit in results] == [hit.id for hit in whole if kept(hit)]
        else:
            assert 0 < len(results) < len(whole)


def test_misuse(index: cnsearch.Index) -> None:
    with pytest.raises(cnsearch.ArticleNotFoundError, match="nope"):
        index.similar("nope")
    with pytest.raises(ValueError, match="limit"):
        index.similar("010", limit=-1)
    with pytest.raises(TypeError, match="since"):
        index.similar("010", since=5)  # type: ignore[arg-type]
    with pytest.raises(cnsearch.QuerySyntaxError):
        index.similar("010", until="2024-13")


def test_nothing_to_go_by(tmp_path: object) -> None:
    with cnsearch.open_index(f"{tmp_path}/index", create=True) as index:
        index.add(
            [Article(id="1", title="上海的城市规划"), Article(id="2", title="城 12 34"), Article(id="3", title="")]
        )
        for article_id in "123":
            results = index.similar(article_id)
            assert (results.total, results.understood, list(results)) == (0, "", [])
        index.add(Article(id="4", title="北京的城市"))
        assert [hit.id for hit in index.similar("1")] == ["4"]
        index.delete("4")
        assert index.similar("1").total == 0


def test_a_cut_copy_comes_first_and_topics_stay_together(data_index: cnsearch.Index, tmp_path: object) -> None:
    every = [data_index.get(hit.id) for hit in data_index.search("*", limit=100)]
    cut = [
        Article(id=f"cut/{a.id}", title=a.paragraphs[-1][:15], paragraphs=(a.body[: len(a.body) // 2],)) for a in every
    ]
    with cnsearch.open_index(f"{tmp_path}/index", create=True) as index:
        index.add([*every, *cut])
        firsts = [index.similar(article.id, limit=1)[0].id for article in cut]
    twice = "云南雨季里的咖啡"  # two posts with one text
    assert sum(f"cut/{id}" == a.id for id, a in zip(firsts, cut, strict=True) if twice not in a.id) == len(every) - 2
    (satellite,) = (hit.id for hit in data_index.search("title:衛星升空"))  # in traditional characters, the others not
    assert all("江豚" in hit.title for hit in data_index.similar(satellite, limit=2))


def test_snippets_mark_the_shared_terms(data_index: cnsearch.Index) -> None:
    (hit,) = data_index.search("江城 2028年 数字化转型", limit=1)
    results = data_index.similar(hit.id, limit=3)
    terms = results.understood.split()
    assert {"数字化", "转型", "工厂"} <= set(terms)
    for found in results:
        marked = [text[start:end] for part in found.fragments for text in [part.text] for start, end in part.highlights]
        assert marked
        assert all(any(term in text for term in terms) for text in map(fold, marked))
