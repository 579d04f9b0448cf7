"""Pages as a browser without JavaScript has them: every state is a link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup

import cnsearch
from cnsearch import Article


def links(page: BeautifulSoup, selector: str) -> list[str]:
    return [str(found["href"]) for found in page.select(selector)]


def titles(page: BeautifulSoup) -> list[str]:
    return [found.get_text() for found in page.select(".hit h2")]


def test_a_search_shows_what_the_library_finds(client: Any, web_index: cnsearch.Index) -> None:
    page = client.page("/?q=咖啡")
    results = web_index.search("咖啡", collapse=True)
    assert titles(page) == [hit.title for hit in results]
    first = page.select_one(".hit")
    assert first is not None
    assert "".join(str(part) for part in first.select_one("h2 a").contents) == results[0].title_fragment.html()
    assert first.select_one(".snippet").get_text() == results[0].snippet.text()
    assert f"{results.total} articles" in page.select_one(".summary").get_text()


def test_the_home_page_has_the_newest_articles_and_the_sources(client: Any, web_index: cnsearch.Index) -> None:
    page = client.page("/")
    newest = [hit.title for hit in web_index.search("*", sort="date")]
    assert [found.get_text() for found in page.select(".newest a")] == newest
    source, count = next(iter(web_index.stats()["sources"].items()))
    assert page.select_one(".sources a").get_text() == f"{source} {count}"


def test_every_facet_value_finds_as_many_as_it_says(client: Any) -> None:
    page = client.page("/?q=咖啡&since=2025&collapse=false")
    assert {section["data-facet"] for section in page.select(".facet")} >= {"source", "category_path"}
    for value in page.select(".facet li > a"):
        narrowed = client.page(value["href"])
        found = narrowed.select_one(".summary").get_text().split()[0]
        assert found == value.select_one(".n").get_text(), value["href"]
        assert "since=2025" in value["href"] or value.find_parent(class_="facet")["data-facet"] == "year"


def test_a_facet_of_which_a_value_is_chosen_still_offers_the_others(client: Any) -> None:
    page = client.page("/?q=咖啡&source=青禾生活志")
    values = page.select(".facet[data-facet=source] li > a")
    assert len(values) > 1
    assert values[0].get("class") == ["chosen"]
    both = client.page(values[1]["href"])
    assert len(both.select(".chips li")) == 2
    none = client.page(values[0]["href"])
    assert not none.select(".chips li")


LANGUAGES, GENRES = ("zh", "en", "zh", "zh"), ("史话", "", "史话", "游记")


def own_fields() -> list[Article]:
    """Four articles: every one has a language and a number of its own, three have a genre."""
    return [
        Article(
            f"{at}",
            f"江豚 {at}",
            labels={"language": (language,), "slug": (f"a{at}",), **({"体裁": (genre,)} if genre else {})},
            source="甲报" if at % 2 else "乙报",
        )
        for at, (language, genre) in enumerate(zip(LANGUAGES, GENRES, strict=True))
    ]


def facet_of(page: BeautifulSoup, name: str) -> dict[str, str]:
    values = page.select(f'.facet[data-facet="{name}"] li > a')
    return {value.span.get_text(): value.select_one(".n").get_text() for value in values}


def test_fields_of_the_users_own_are_facets(client_of: Callable[..., Any]) -> None:
    client = client_of(own_fields())
    page = client.page("/?q=江豚&collapse=false")
    assert [section["data-facet"] for section in page.select(".facet")] == ["source", "language", "体裁"]
    assert page.select(".facet h2")[-1].get_text() == "体裁"
    assert facet_of(page, "language") == {"zh": "3", "en": "1"}
    chosen = client.page(page.select('.facet[data-facet="language"] li > a')[0]["href"])
    assert len(titles(chosen)) == 3
    assert facet_of(chosen, "language") == {"zh": "3", "en": "1"}, "the others can be chosen instead"
    assert facet_of(chosen, "体裁") == {"史话": "2", "游记": "1"}, "counted among what was chosen"
    assert chosen.select_one(".chips li").get_text(strip=True) == "language: zh×"
    both = client.page(chosen.select('.facet[data-facet="体裁"] li > a')[0]["href"])
    assert len(titles(both)) == 2
    assert facet_of(both, "language") == {"zh": "2"}
    assert len(both.select(".chips li")) == 2
    less = client.page(both.select('.facet[data-facet="language"] li > a.chosen')[0]["href"])
    assert less.select_one(".chips li").get_text(strip=True) == "体裁: 史话×"


def test_fields_that_come_with_a_new_commit_are_facets_too(client_of: Callable[..., Any]) -> None:
    client = client_of([Article("x", "江豚")])
    assert not client.page("/?q=江豚").select(".facet")
    client.index.add(own_fields(), jobs=1)
    assert facet_of(client.page("/?q=江豚&collapse=false"), "体裁") == {"史话": "2", "游记": "1"}


def test_chips_take_filters_away(client: Any) -> None:
    filters = "source=青禾生活志&category=生活&since=2025-01&until=2025-12&draft=false&match=any&raw=1"
    page = client.page(f"/?q=咖啡&{filters}")
    assert len(page.select(".chips li")) == 7
    while chips := links(page, ".chips a"):
        before = len(chips)
        page = client.page(chips[0])
        assert len(page.select(".chips li")) == before - 1
    assert page.select_one("#q")["value"] == "咖啡"


def test_the_tree_of_categories_goes_down_where_it_is_chosen(client: Any) -> None:
    page = client.page("/?q=咖啡")
    tree = page.select(".facet[data-facet=category_path] > ul > li > a")
    inner = client.page(tree[0]["href"])
    below = inner.select(".facet[data-facet=category_path] ul ul a")
    assert below
    assert "%2F" in below[0]["href"]
    assert titles(client.page(below[0]["href"]))


def test_the_bars_of_the_chart_narrow_to_their_month(client: Any, web_index: cnsearch.Index) -> None:
    page = client.page("/?q=咖啡")
    months = web_index.search("咖啡", facets=["month"]).facets["month"]
    bars = [bar for bar in page.select(".chart a") if bar.select_one(".bar")["height"] != "0"]
    assert {bar.select_one("title").get_text() for bar in bars} == {f"{month}: {n}" for month, n in months.items()}
    narrowed = client.page(bars[0]["href"])
    assert narrowed.select_one(".chips").get_text(strip=True).startswith("Date: 2025-")


def test_pages_hold_all_hits_once(client_of: Callable[..., Any]) -> None:
    client = client_of([Article(f"{number:02d}", f"江豚第{number}号", (f"第{number}篇。",)) for number in range(25)])
    page, seen = client.page("/?q=江豚"), []
    while True:
        seen += titles(page)
        after = links(page, "a[rel=next]")
        if not after:
            break
        page = client.page(after[0])
    assert len(seen) == len(set(seen)) == 25
    assert page.select_one(".pages strong").get_text() == "3"
    beyond = client.page("/?q=江豚&page=9")
    assert "no more results" in beyond.get_text()
    assert links(beyond, ".nothing a") == ["/?q=%E6%B1%9F%E8%B1%9A"]


@pytest.mark.parametrize("query", ["江豚", "source=报", "*"])
def test_pages_of_folded_copies_end_where_nothing_is_left(client_of: Callable[..., Any], query: str) -> None:
    texts = [
        f"第{number}篇讲的是江里的第{number}件事，和别的事没有关系，只有{number * 7919}这个数。" * 9
        for number in range(12)
    ]
    articles = [
        Article(f"{at:02d}{copy}", f"江豚 {at}", (text,), source="报")
        for at, text in enumerate(texts)
        for copy in "甲乙"
    ]
    client = client_of(articles)
    page, seen = client.page(f"/?{query}" if "=" in query else f"/?q={query}"), []
    while True:
        assert titles(page)
        seen += titles(page)
        after = links(page, "a[rel=next]")
        if not after:
            break
        page = client.page(after[0])
    assert sorted(seen) == sorted({f"江豚 {at}" for at in range(12)})


def test_pages_of_folded_copies_are_counted_three_ahead(client_of: Callable[..., Any]) -> None:
    client = client_of([Article(f"{number:02d}", f"江豚第{number}号", (f"第{number}篇。",)) for number in range(61)])
    numbers = {page: client.page(f"/?q=江豚&page={page}").select_one(".pages").get_text(" ") for page in (1, 2, 4, 7)}
    assert numbers[1].split() == ["1", "2", "3", "4", "Next"]
    assert numbers[2].split() == ["Previous", "1", "2", "3", "4", "5", "Next"]
    assert numbers[4].split() == ["Previous", "1", "2", "3", "4", "5", "6", "7", "Next"]
    assert numbers[7].split() == ["Previous", "1", "…", "4", "5", "6", "7"]
    assert not client.page("/?q=江豚&page=8").select(".pages")


def test_orders_are_links(client: Any, web_index: cnsearch.Index) -> None:
    page = client.page("/?q=咖啡")
    newest = client.page(links(page, ".orders a")[0])
    assert titles(newest) == [hit.title for hit in web_index.search("咖啡", sort="date", collapse=True)]


def test_copies_are_folded_and_can_be_seen(client_of: Callable[..., Any]) -> None:
    text = "江豚一号搭乘商业火箭升空，十三分钟后与末级分离，一小时四十分钟之后传回第一组遥测数据。" * 8
    day = datetime(2025, 10, 15, tzinfo=timezone.utc)
    client = client_of([Article(name, f"江豚入轨 {name}", (text,), source=name, date=day) for name in "甲乙丙"])
    page = client.page("/?q=江豚")
    assert len(titles(page)) == 1
    assert page.select_one(".copies summary").get_text() == "2 copies"
    assert len(links(page, ".copies a")) == 2
    assert len(titles(client.page(links(page, ".ends a")[-1]))) == 3


def test_of_many_copies_some_are_named_and_all_are_counted(client_of: Callable[..., Any]) -> None:
    text = "江豚一号搭乘商业火箭升空，十三分钟后与末级分离，一小时四十分钟之后传回第一组遥测数据。" * 8
    page = client_of([Article(f"{at}", f"江豚入轨 {at}", (text,)) for at in range(61)]).page("/?q=江豚")
    assert page.select_one(".copies summary").get_text() == "60 copies"
    assert "60 copies folded" in page.select_one(".summary").get_text()
    copies = page.select(".copies a")
    assert len(copies) == 51
    assert copies[-1].get_text() == "10 more"
    assert "collapse=false" in copies[-1]["href"]


def test_corrections_notes_and_missing_words_are_said(client: Any) -> None:
    page = client.page("/?q=kafeiqihuo")
    assert links(page, ".correction a")
    assert titles(client.page(links(page, ".correction a")[0]))
    assert "no article has" in client.page("/?q=咖啡&source=没有的报").select_one(".note").get_text()
    assert "Search without filters" in client.page("/?q=咖啡&source=没有的报").get_text()
    page = client.page("/?q=咖啡 云南 手冲 水温 日晒")
    assert page.select(".missing s")


def test_a_word_that_is_missing_can_be_required(client: Any, web_index: cnsearch.Index) -> None:
    page = client.page("/?q=咖啡 云南 手冲 水温")
    wanted = page.select_one(".missing a")
    assert wanted is not None
    word = page.select_one(".missing s").get_text()
    required = client.page(wanted["href"])
    assert titles(required) == [hit.title for hit in web_index.search(f"咖啡 云南 手冲 水温 +{word}", collapse=True)]


def test_filters_stay_in_the_form_and_pages_do_not(client: Any) -> None:
    page = client.page("/?q=咖啡&source=青禾生活志&sort=date&page=1")
    hidden = {field["name"]: field["value"] for field in page.select("form input[type=hidden]")}
    assert hidden == {"source": "青禾生活志", "sort": "date"}


def test_options_of_the_form_say_what_is_chosen(client: Any) -> None:
    page = client.page("/?q=咖啡&since=2025-02&until=2025-09&match=all&raw=true&source=青禾生活志")
    assert page.select_one(".options").has_attr("open")
    fields = {field["name"]: field["value"] for field in page.select("form input[type=hidden], .options input")}
    assert fields == {"source": "青禾生活志", "since": "2025-02", "until": "2025-09", "raw": "true"}
    assert page.select_one(".options option[selected]")["value"] == "all"
    assert not client.page("/?q=咖啡").select_one(".options").has_attr("open")


def test_filters_alone_are_a_search(client: Any, web_index: cnsearch.Index) -> None:
    page = client.page("/?source=江城晚报")
    assert len(titles(page)) == web_index.search("", source="江城晚报").total
    assert not page.select(".note")


# An article


def test_an_article_has_its_paragraphs_and_all_marks(client: Any, web_index: cnsearch.Index) -> None:
    hit = web_index.search("咖啡 云南")[0]
    page = client.page(links(client.page("/?q=咖啡 云南"), ".hit h2 a")[0])
    for step in page.select(".step"):
        step.extract()
    article = web_index.get(hit.id)
    assert [found.get_text() for found in page.select(".text > *")] == list(article.paragraphs)
    _, *fragments = web_index.marked(hit.id, "咖啡 云南")
    marked = [part.text[start:end] for part in fragments for start, end in part.highlights]
    assert [mark.get_text() for mark in page.select(".text mark")] == marked
    assert page.select_one(".matches").get_text(strip=True) == f"{len(marked)} matches"


def test_matches_lead_to_one_another_in_a_circle(client: Any, web_index: cnsearch.Index) -> None:
    article_id = web_index.search("咖啡 云南")[0].id
    page = client.page(f"/a/{quote(article_id)}?q=咖啡 云南")
    marks = page.select(".text mark")
    seen, here = [], links(page, ".matches a")[0]
    for _ in marks:
        seen.append(here)
        here = links(page, f"mark{here} a[rel=next]")[0]
    assert here == seen[0] == "#m1"
    assert len(set(seen)) == len(marks)
    assert links(page, "mark#m1 a[rel=prev]") == [f"#m{len(marks)}"]


def test_an_article_leads_to_similar_ones_its_source_and_the_original(client_of: Callable[..., Any]) -> None:
    address = "https://www.example.cn/a?x=1&y=2"
    articles = [
        Article("甲/一.md", "江豚入轨", ("江豚一号搭乘火箭升空。", "小标题", "甲\n乙"), source="星图", url=address,
                path="/home/anna/posts/甲/一.md", categories=("科技", "航天"), headings=(1,)),
        Article("二", "江豚一号传回数据", ("江豚一号搭乘火箭升空之后传回数据。",), url="javascript:alert(1)"),
    ]  # fmt: skip
    client = client_of(articles)
    page = client.page("/a/甲/一.md")
    assert [found.name for found in page.select(".text > *")] == ["p", "h2", "p"]
    assert page.select_one(".text p:last-child").decode_contents() == "甲<br/>乙"
    assert address in links(page, ".about a")
    assert page.select_one(".file span").get_text() == "甲/一.md"
    assert "anna" not in str(page)
    assert [found.get_text() for found in page.select(".similar li a")] == ["江豚一号传回数据"]
    assert titles(client.page(links(page, ".about a")[0])) == ["江豚入轨"]
    assert not [link for link in links(client.page("/a/二"), "a") if "javascript" in link]


ODD_IDS = ["a/../b", "../b", "a//b", "/a", "a/", ".", "a?b=c&d", "a#b", "100%", "甲 乙", "a%2Fb", "a\\b"]


@pytest.mark.parametrize("article_id", ODD_IDS)
def test_any_id_has_a_page(client_of: Callable[..., Any], article_id: str) -> None:
    client = client_of([Article(article_id, "江豚入轨", ("正文。",))])
    for link in (*links(client.page("/?q=江豚"), ".hit h2 a"), *links(client.page("/"), ".newest a")):
        assert client.page(link).select_one("h1").get_text() == "江豚入轨"


def test_an_article_that_is_not_there(client: Any) -> None:
    for address in ("/a/nirgends", "/a", "/a/", "/a?id="):
        response = client.get(address)
        assert response.status_code == 404, address
        assert "no such article" in response.text


@pytest.mark.parametrize("address", ["/?q=咖啡&since=2021-02-30", "/?q=咖啡&page=0", "/a/nirgends?q=咖啡"])
def test_what_was_typed_stays_in_the_box_when_something_is_wrong(client: Any, address: str) -> None:
    page = BeautifulSoup(client.get(address).text, "lxml")
    assert page.select_one(".problem")
    assert page.select_one("#q")["value"] == "咖啡"


# The index


def test_the_state_of_the_index(client: Any, web_index: cnsearch.Index) -> None:
    page = client.page("/stats")
    stats = web_index.stats()
    facts = {
        found.select_one("dt").get_text(): found.select_one("dd").get_text() for found in page.select(".facts div")
    }
    assert facts["Articles"] == str(stats["articles"])
    assert facts["Last change"] == stats["last_commit"][:16].replace("T", " ")
    counts = {
        row.th.get_text(): int(row.select_one(".n").get_text()) for row in page.select(".counts:first-of-type tr")[1:]
    }
    assert counts == dict(list(stats["sources"].items())[:15])
    assert stats["index"] not in str(page)


# Languages


def test_the_language_of_the_browser_and_the_one_that_was_chosen(client: Any) -> None:
    assert client.page("/").html["lang"] == "en"
    chinese = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
    page = client.page("/?q=咖啡", headers=chinese)
    assert page.html["lang"] == "zh-Hans"
    assert "篇" in page.select_one(".summary").get_text()
    switch = links(page, ".menu a[hreflang=en]")[0]
    response = client.get(switch, headers=chinese)
    assert 'lang="en"' in response.text
    cookie = response.headers["set-cookie"].partition(";")[0]
    again = client.page("/?q=咖啡", headers={**chinese, "Cookie": cookie})
    assert again.html["lang"] == "en"
    assert again.select_one("#q")["value"] == "咖啡"


def test_notes_of_the_library_are_said_in_chinese(client: Any) -> None:
    page = client.page("/?q=咖啡&source=没有的报", headers={"Accept-Language": "zh"})
    assert page.select_one(".note").get_text().startswith("没有来源为“没有的报”的文章")
