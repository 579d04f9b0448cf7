"""The page in a real browser: Chromium, driven by Playwright. Skipped where one of them is missing.

``make browser`` runs these and the longer ones (``CNSEARCH_BROWSER=all``); ``CNSEARCH_SHOTS=DIR`` keeps screenshots.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import uvicorn

import cnsearch
from cnsearch import Article
from cnsearch.web import WEB_LIMITS, create_app

sync_api = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install 'cnsearch[browser]'")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
expect = sync_api.expect
longer = pytest.mark.skipif(os.environ.get("CNSEARCH_BROWSER") != "all", reason="make browser runs it")

HOSTILE = Article(
    "böse/<script>.md",
    "江豚 <script>document.title='hacked'</script><img src=x onerror=document.title='hacked'>",
    ("江豚 <script>document.title='hacked'</script>", "\u202e江豚<svg onload=document.title='hacked'>"),
    source="<b onclick=alert(1)>报</b>",
    url="javascript:document.title='hacked'",
    tags=('"><script>document.title=1</script>',),
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Iterator[str]:
    """Where a server listens that searches ``data`` and a hostile article."""
    path = tmp_path_factory.mktemp("browser") / "index"
    with cnsearch.open_index(path, create=True, limits=WEB_LIMITS) as index:
        index.update(data, jobs=1)
        index.add(HOSTILE, jobs=1)
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(index), log_config=None, access_log=False))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
            listener.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any, address: str) -> Iterator[Callable[..., Any]]:
    """A page of a new visitor: ``open_page("/?q=咖啡", locale="zh-CN")``. What its console says is an error of the
    test, so is a violation of the policy, which the console says too."""
    said: list[str] = []
    contexts = []

    def visit(path: str, **context: Any) -> Any:
        made = chromium.new_context(**{"base_url": address, "locale": "en-GB", **context})
        contexts.append(made)
        page = made.new_page()
        page.set_default_timeout(20_000)
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}") or dialog.dismiss())
        page.goto(path)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not said


def shot(page: Any, name: str) -> None:
    """Keeps a screenshot where ``CNSEARCH_SHOTS`` says."""
    if folder := os.environ.get("CNSEARCH_SHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def titles(page: Any) -> list[str]:
    found: list[str] = page.locator(".hit h2").all_inner_texts()
    return found


def compose(page: Any, steps: list[str], text: str) -> None:
    """Type ``text`` by an input method that shows ``steps`` on the way."""
    session = page.context.new_cdp_session(page)
    for step in steps:
        session.send("Input.imeSetComposition", {"text": step, "selectionStart": len(step), "selectionEnd": len(step)})
        page.wait_for_timeout(60)
    session.send("Input.insertText", {"text": text})


def test_chinese_is_typed_by_an_input_method_and_nothing_is_sent_while_it_composes(
    open_page: Callable[..., Any],
) -> None:
    page = open_page("/?q=茶", locale="zh-CN")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.keyboard.press("/")
    compose(page, ["k", "ka", "kaf", "kafei"], "咖啡")
    expect(page.locator(".hit h2").first).to_contain_text("咖啡")
    assert asked
    assert not [url for url in asked if "ka" in url.partition("?")[2].lower()]
    assert "咖啡" in titles(page)[0] + titles(page)[1]
    assert page.url.endswith("/?q=%E5%92%96%E5%95%A1")
    assert page.title() == "咖啡 · cnsearch"


def test_answers_are_neither_lost_nor_out_of_order(open_page: Callable[..., Any]) -> None:
    page = open_page("/")
    held: list[Any] = []
    page.route(re.compile(r"/results\?q=%E5%92%96$"), lambda route: held.append(route))
    page.fill("#q", "咖")
    page.wait_for_timeout(400)
    assert held
    page.fill("#q", "咖啡 云南")
    expect(page.locator(".hit h2").first).to_contain_text("云南")
    before = titles(page)
    held[0].continue_()
    page.wait_for_timeout(300)
    assert titles(page) == before


def test_suggestions_by_pinyin_and_keys(open_page: Callable[..., Any]) -> None:
    page = open_page("/")
    page.locator("#q").press_sequentially("shuzihua", delay=10)
    options = page.locator("#suggestions li")
    expect(options.first).to_be_visible()
    expect(page.locator("#q")).to_have_attribute("aria-expanded", "true")
    shot(page, "suggestions")
    text = options.first.locator("span").first.inner_text()
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page.locator("#q")).to_have_value(text)
    expect(page.locator("#suggestions")).to_be_hidden()
    expect(page.locator(".hit").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".hit h2 a").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#q")).to_have_value("")
    expect(page.locator(".newest")).to_be_visible()
    page.fill("#q", text)
    expect(page.locator(".hit").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    if page.locator("#suggestions").is_visible():
        page.keyboard.press("Escape")
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("article.read h1")).to_be_visible()


def test_back_and_forward(open_page: Callable[..., Any]) -> None:
    page = open_page("/?q=咖啡")
    first = titles(page)
    page.fill("#q", "马拉松")
    expect(page.locator(".hit h2").first).to_contain_text("马拉松")
    second = titles(page)
    page.locator(".hit h2 a").first.click()
    expect(page.locator("article.read h1")).to_be_visible()
    page.go_back()
    expect(page.locator(".hit h2").first).to_contain_text("马拉松")
    assert titles(page) == second
    page.go_back()
    expect(page.locator("#q")).to_have_value("咖啡")
    expect(page.locator(".hit h2").first).to_contain_text("咖啡")
    assert titles(page) == first
    page.go_forward()
    expect(page.locator("#q")).to_have_value("马拉松")
    expect(page.locator(".hit h2").first).to_contain_text("马拉松")
    assert titles(page) == second


def test_facets_chart_and_chips(open_page: Callable[..., Any]) -> None:
    page = open_page("/?q=咖啡", locale="zh-CN", viewport={"width": 1200, "height": 800})
    shot(page, "results")
    page.locator(".facet[data-facet=source] li a").first.click()
    expect(page.locator(".chips li")).to_have_count(1)
    page.locator(".chart a", has=page.locator(".bar:not([height='0'])")).first.click()
    expect(page.locator(".chips li")).to_have_count(2)
    page.fill("#q", "手冲")
    expect(page.locator("mark").first).to_have_text("手冲")
    expect(page.locator(".chips li")).to_have_count(2)
    page.locator(".chips a").first.click()
    expect(page.locator(".chips li")).to_have_count(1)


def test_options_are_part_of_the_search(open_page: Callable[..., Any]) -> None:
    page = open_page("/?q=咖啡", locale="zh-CN")
    page.locator(".options summary").click()
    page.locator(".options input[name=since]").fill("2025-08")
    page.locator(".options input[name=since]").blur()
    expect(page.locator(".chips li")).to_have_count(1)
    page.fill("#q", "咖啡 云南")
    expect(page.locator(".hit h2").first).to_contain_text("云南")
    assert "since=2025-08" in page.url
    shot(page, "options")
    page.go_back()
    expect(page.locator(".options input[name=since]")).to_have_value("")


def test_an_article_and_its_matches(open_page: Callable[..., Any]) -> None:
    page = open_page("/?q=咖啡 云南")
    page.locator(".hit h2 a").first.click()
    page.locator(".matches a").click()
    step = page.locator("mark:target .step")
    expect(step).to_be_visible()
    box = page.locator("mark#m1").bounding_box()
    shot(page, "article")
    step.locator("a[rel=next]").click()
    expect(page.locator("mark#m2:target")).to_be_visible()
    assert page.locator("mark#m1").bounding_box() == box, "marks do not shift the text"
    page.keyboard.press("n")
    expect(page.locator("mark#m3:target")).to_be_visible()
    page.keyboard.press("p")
    expect(page.locator("mark#m2:target")).to_be_visible()


def test_without_javascript(open_page: Callable[..., Any]) -> None:
    page = open_page("/", java_script_enabled=False)
    page.fill("#q", "咖啡")
    page.click("#ask button")
    assert len(titles(page)) == 10
    page.locator(".ends a").last.click()
    page.locator("a[rel=next]").click()
    assert len(titles(page)) == 1
    page.locator(".facet[data-facet=source] li a").first.click()
    assert page.locator(".chips li").count() == 1
    page.locator(".hit h2 a").first.click()
    page.locator(".matches a").click()
    assert page.locator("mark:target .step").is_visible()
    page.locator(".menu a[hreflang=zh]").click()
    assert page.locator("html").get_attribute("lang") == "zh-Hans"


def test_hostile_articles_stay_text(open_page: Callable[..., Any]) -> None:
    page = open_page("/?q=江豚")
    page.locator(".hit h2 a", has_text="<script>").first.click()
    expect(page.locator("h1")).to_contain_text("<script>")
    page.goto("/?q=" + "<script>document.title='hacked'</script>")
    page.fill("#q", "江豚 <img src=x onerror=alert(1)>")
    expect(page.locator(".hit").first).to_be_visible()
    page.goto("/stats")
    assert "hacked" not in page.title()


def test_a_phone_and_the_dark(open_page: Callable[..., Any]) -> None:
    page = open_page("/?q=咖啡", color_scheme="dark", viewport={"width": 360, "height": 740}, locale="zh-CN")
    for path in ("/?q=咖啡", "/", "/stats", "/?q=" + "很长的查询" * 30 + "https://example.com/" + "a" * 300):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.goto("/?q=咖啡")
    shot(page, "phone-dark")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", paper))) < 60
    page.locator(".hit h2 a").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def violations(page: Any) -> list[Any]:
    """The rules of accessibility that the page breaks now, and where."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    found = axe.Axe().run(page).response["violations"]
    return [(one["id"], [node["target"] for node in one["nodes"]][:5]) for one in found]


@pytest.mark.parametrize(
    ("width", "scheme", "locale"),
    [(360, "dark", "zh-CN")]
    + [
        pytest.param(*case, marks=longer)
        for case in product((360, 1200), ("light", "dark"), ("zh-CN", "en-GB"))
        if case != (360, "dark", "zh-CN")
    ],
)
def test_rules_of_accessibility(open_page: Callable[..., Any], scheme: str, width: int, locale: str) -> None:
    size = {"width": width, "height": 800}
    page = open_page("/", color_scheme=scheme, viewport=size, locale=locale, bypass_csp=True)
    for path in (
        *("/", "/?q=咖啡", "/?q=咖啡 云南 手冲&source=青禾生活志", "/?q=xyzzy&since=2025", "/stats", "/?q=江豚"),
        *("/?q=咖啡&collapse=false&sort=date&page=2", "/?q=咖啡&page=9", "/?category=生活&match=any&raw=1"),
    ):
        page.goto(path)
        assert not violations(page), path
    page.goto("/?q=咖啡 云南")
    page.locator(".options summary").click()
    page.fill("#q", "")
    page.locator("#q").press_sequentially("shuzihua", delay=10)
    expect(page.locator("#suggestions li").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
    assert not violations(page), "suggestions and options"
    page.goto("/?q=江豚入轨")
    for folded in page.locator("details:not([open]) > summary").all():
        folded.click()
    assert not violations(page), "all unfolded"
    page.goto("/?q=咖啡 云南")
    page.locator(".hit h2 a").first.click()
    assert not violations(page), "an article"
    page.locator(".matches a").click()
    assert not violations(page), "a match"


@longer
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/?q=咖啡&since=2021-02-30", "/?q=咖啡&page=0", "/a/nirgends", "/nirgends"])
def test_rules_of_accessibility_of_problems(chromium: Any, address: str, path: str, scheme: str) -> None:
    context = chromium.new_context(base_url=address, locale="zh-CN", color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(path)
    expect(page.locator(".problem h1")).to_be_visible()
    assert not violations(page)
    context.close()


@longer
def test_a_results_page_is_small_and_soon_painted(open_page: Callable[..., Any]) -> None:
    """Its bytes are counted as they travel; when it is painted is printed, and is no reason to fail."""
    page = open_page("/?q=咖啡", locale="zh-CN")
    page.goto("/?q=咖啡 云南")
    sizes = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".map(one => [one.name, one.encodedBodySize])"
    )
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint').map(one => one.startTime)")
    print(f"\n{sum(size for _, size in sizes):,} bytes, first paint after {paint} ms")
    assert {Path(name.partition("?")[0]).name for name, _ in sizes} >= {"app.css", "app.js"}
    assert 5_000 < sum(size for _, size in sizes) < 40_000


@longer
def test_screenshots(open_page: Callable[..., Any]) -> None:
    for name, path in (("home", "/"), ("stats", "/stats"), ("nothing", "/?q=xyzzy&source=报")):
        for locale in ("zh-CN", "en-GB"):
            shot(open_page(path, locale=locale, viewport={"width": 1000, "height": 700}), f"{name}-{locale}")
    page = open_page("/?q=咖啡")
    page.emulate_media(media="print")
    assert not page.locator(".top").is_visible()
    shot(page, "print")
