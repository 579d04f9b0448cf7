"""A client that talks to the application in this process, as a browser or a program would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup

import cnsearch
from cnsearch.web import WEB_LIMITS, WebSettings, create_app


@dataclass
class Client:
    """Asks one application. ``headers`` go with every request."""

    app: Any
    headers: dict[str, str] = field(default_factory=dict)
    index: Any = None
    origin: str = "http://127.0.0.1:8000"

    def ask(self, method: str, address: str, **more: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=transport, base_url=self.origin, headers=self.headers) as client:
                return await client.request(method, address, **more)

        return asyncio.run(ask())

    def get(self, address: str, **more: Any) -> httpx.Response:
        return self.ask("GET", address, **more)

    def page(self, address: str, **more: Any) -> BeautifulSoup:
        """A page that is there, parsed."""
        response = self.get(address, **more)
        assert response.status_code == 200, response.text
        return BeautifulSoup(response.text, "lxml")


@pytest.fixture(scope="session")
def client_for() -> type[Client]:
    """Makes a client of an application: ``client_for(app)``."""
    return Client


@pytest.fixture(scope="session")
def web_index(data_index_path: object) -> Iterator[cnsearch.Index]:
    """The index of ``data``, open with the limits of a form."""
    with cnsearch.open_index(str(data_index_path), limits=WEB_LIMITS) as index:
        yield index


@pytest.fixture(scope="session")
def client(web_index: cnsearch.Index) -> Client:
    """An application over ``data``, in English."""
    return Client(create_app(web_index), {"Accept-Language": "en"})


@pytest.fixture
def client_of(tmp_path: Any) -> Iterator[Callable[..., Client]]:
    """An application over an index of the given articles: ``client_of(articles, **settings)``."""
    opened = []

    def make(articles: list[cnsearch.Article], **settings: Any) -> Client:
        index = cnsearch.open_index(tmp_path / f"index{len(opened)}", create=True, limits=WEB_LIMITS)
        opened.append(index)
        index.add(articles, jobs=1)
        return Client(create_app(index, WebSettings(**settings)), {"Accept-Language": "en"}, index)

    yield make
    for index in opened:
        index.close()
