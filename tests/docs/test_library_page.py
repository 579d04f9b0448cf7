"""What docs/*/library.md shows is true: every example is run, those of a framework where it is installed."""

from __future__ import annotations

import asyncio
import doctest
import gc
import os
import re
import shutil
import subprocess
import sys
import types
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cnsearch

ROOT = Path(__file__).parents[2]
LANGUAGES = ("en", "zh")
FRAMEWORKS = ("asyncio", "Flask", "FastAPI", "Django", "Celery", "ProcessPoolExecutor")


def page(language: str) -> str:
    return (ROOT / f"docs/{language}/library.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[tuple[str, str]]:
    """(kind, text) of each example."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", page(language), re.DOTALL | re.MULTILINE)


def own_blocks(language: str) -> list[tuple[str, str]]:
    return blocks(language)[: -len(FRAMEWORKS)]


def of_framework(language: str, name: str) -> str:
    return next(text for kind, text in blocks(language) if kind == "python" and f"import {name}" in text)


@pytest.fixture(autouse=True, params=LANGUAGES)
def language(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page that is looked at; every example runs in a folder with posts and an index."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "data", tmp_path / "data")
    return str(request.param)


@pytest.fixture
def small() -> None:
    with cnsearch.open_index("index", create=True) as index:
        index.add(cnsearch.Article.from_text(2, "长江禁渔五年。", title="禁渔", source="江城晚报"))


def test_the_library(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE, verbose=False)
    try:
        for number, (kind, text) in enumerate(own_blocks(language)):
            if kind == "python":
                exec(compile(text, f"library.md, example {number}", "exec"), names)
            else:
                test = doctest.DocTestParser().get_doctest(text, names, f"example {number}", None, None)
                result = runner.run(test, clear_globs=False)
                names.update(test.globs)
                assert result.attempted
                assert not result.failed, capsys.readouterr().out
    finally:
        names["index"].close()
    assert names["report"].failed == ()
    shown = capsys.readouterr().out
    assert "article_not_found" in shown
    assert "<mark>" in shown


def test_asyncio(language: str, small: None) -> None:
    names: dict[str, Any] = {}
    exec(of_framework(language, "asyncio"), names)

    async def run(index: cnsearch.Index) -> None:
        assert (await names["search"](index, "禁渔"))["hits"][0]["id"] == "2"
        assert (await names["update"](index, "data")).added > 0
        task = asyncio.create_task(names["update"](index, "data"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with cnsearch.open_index("index") as index:
        asyncio.run(run(index))


def test_flask(language: str, small: None) -> None:
    pytest.importorskip("flask", reason="Flask is not installed")
    names: dict[str, Any] = {"__name__": "app"}
    exec(of_framework(language, "Flask"), names)
    with names["index"]:
        client = names["app"].test_client()
        assert client.get("/search", query_string={"q": "禁渔"}).json["total"] == 1
        assert client.get("/search", query_string={"q": "禁渔", "source": "甲"}).json["total"] == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of their test client
def test_fastapi(language: str, small: None) -> None:
    pytest.importorskip("fastapi", reason="FastAPI is not installed")
    pytest.importorskip("httpx", reason="httpx, which FastAPI's test client needs, is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what their test client says of itself
        from fastapi.testclient import TestClient

    names: dict[str, Any] = {"__name__": "app"}
    exec(of_framework(language, "FastAPI"), names)
    with TestClient(names["app"]) as client:
        assert client.get("/search", params={"q": "禁渔"}).json()["hits"][0]["title"] == "禁渔"
    assert names["app"].state.index.closed


@pytest.fixture
def django_posts() -> Iterator[Any]:
    """A table of posts; Django is set up once in a process."""
    pytest.importorskip("django", reason="Django is not installed")
    import django
    from django.conf import settings
    from django.db import connection, models

    if not settings.configured:
        databases = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
        settings.configure(DATABASES=databases, ALLOWED_HOSTS=["*"], CNSEARCH_INDEX="index")
        django.setup()
    module = sys.modules.get("blog.models")
    if module is None:

        class Post(models.Model):
            title = models.TextField()
            html = models.TextField()

            class Meta:
                app_label = "blog"

        sys.modules["blog"], module = types.ModuleType("blog"), types.ModuleType("blog.models")
        sys.modules["blog.models"] = module
        module.Post = Post  # type: ignore[attr-defined]
    post = module.Post
    with connection.schema_editor() as editor:
        editor.create_model(post)
    yield post
    from django.db.models.signals import post_delete, post_save

    for signal in (post_save, post_delete):
        signal.receivers.clear()
        signal.sender_receivers_cache.clear()
    with connection.schema_editor() as editor:
        editor.delete_model(post)
    connection.close()


def test_django(language: str, small: None, django_posts: Any) -> None:
    from django.test import RequestFactory

    names: dict[str, Any] = {"__name__": "app"}
    exec(of_framework(language, "JsonResponse"), names)
    with names["opened"]():
        post = django_posts.objects.create(title="白鱀豚", html="<p>再也没有看到。</p>")
        found = names["search"](RequestFactory().get("/search", {"q": "白鱀豚"}))
        assert b'"total": 1' in found.content
        post.delete()
        found = names["search"](RequestFactory().get("/search", {"q": "白鱀豚"}))
        assert b'"total": 0' in found.content


def test_celery(language: str, small: None) -> None:
    pytest.importorskip("celery", reason="Celery is not installed")
    names: dict[str, Any] = {"__name__": "tasks"}
    exec(of_framework(language, "Celery"), names)
    assert names["add"].apply(args=("3", "<p>再也没有看到。</p>", "白鱀豚")).get() == 2
    names["app"].close()
    gc.collect()


def test_a_pool_of_processes(language: str, small: None) -> None:
    Path("program.py").write_text(of_framework(language, "ProcessPoolExecutor"), encoding="utf-8")
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "program.py"], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[1, 0]\n", "")


def test_both_pages_show_the_same() -> None:
    """But for comments and texts."""

    def code(language: str) -> list[str]:
        return [re.sub(r"\s*#.*", "", text) for _, text in blocks(language)]

    assert code("en") == code("zh")
    assert page("en").count("\n## ") == page("zh").count("\n## ")


def test_every_code_of_an_error_is_one() -> None:
    for language in LANGUAGES:
        for name, code in re.findall(r"^\| `(\w+Error)` \| `(\w+)`", page(language), re.MULTILINE):
            error = getattr(cnsearch, name)
            assert issubclass(error, cnsearch.CnsearchError)
            assert code == error.code or code.startswith("index_")
