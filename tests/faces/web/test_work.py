"""Work has a time limit that frees its thread, and a bounded queue."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

import cnsearch
from cnsearch import deadline
from cnsearch.errors import DeadlineError
from cnsearch.faces.web.work import BusyError, TooSlowError, Work
from cnsearch.web import WebSettings, create_app


def until_told(event: threading.Event) -> str:
    event.wait(30)
    return "done"


def patient() -> None:
    while True:
        deadline.check()
        time.sleep(0.001)


async def started(work: Work, task: Callable[[], Any]) -> asyncio.Task[Any]:
    running = asyncio.create_task(work.run(task))
    await asyncio.sleep(0)
    return running


def test_work_gives_what_its_task_gives_or_raises() -> None:
    async def main() -> None:
        work = Work(1, 0, 30)
        assert await work.run(lambda: 7) == 7
        with pytest.raises(KeyError):
            await work.run(lambda: {}["a"])
        assert await work.run(lambda: 8) == 8
        work.close()

    asyncio.run(main())


def test_what_goes_beyond_the_queue_is_sent_away() -> None:
    async def main() -> None:
        work, event = Work(1, 1, 30), threading.Event()
        running = [await started(work, lambda: until_told(event)) for _ in range(2)]
        with pytest.raises(BusyError):
            await work.run(lambda: 1)
        event.set()
        assert await asyncio.gather(*running) == ["done", "done"]
        assert await work.run(lambda: 1) == 1
        work.close()

    asyncio.run(main())


def test_what_takes_too_long_ends_and_frees_its_thread() -> None:
    async def main() -> None:
        work = Work(1, 0, 0.05)
        for _ in range(3):
            with pytest.raises((TooSlowError, DeadlineError)):
                await work.run(patient)
            while work._under_way:
                await asyncio.sleep(0.001)
        work.close()

    asyncio.run(main())


def test_time_in_the_queue_is_part_of_the_limit() -> None:
    async def main() -> None:
        work, event = Work(1, 1, 30), threading.Event()
        first = await started(work, lambda: until_told(event))
        second = await started(work, deadline._end.get)
        asked = time.monotonic()
        await asyncio.sleep(0.05)
        event.set()
        assert await second <= asked + 30
        await first
        work.close()

    asyncio.run(main())


def test_what_never_had_its_turn_is_busy_not_slow() -> None:
    async def main() -> None:
        work, event = Work(1, 5, 0.05), threading.Event()
        running = await started(work, lambda: until_told(event))
        with pytest.raises(BusyError):
            await work.run(lambda: 1)
        with pytest.raises(TooSlowError):
            await running
        event.set()
        work.close()

    asyncio.run(main())


def test_a_busy_server_says_when_to_come_again(web_index: cnsearch.Index) -> None:
    event = threading.Event()
    app = create_app(Waiting(web_index, event), WebSettings(threads=1, waiting=0))  # type: ignore[arg-type]

    async def main() -> None:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            first = asyncio.create_task(client.get("/api/search?q=咖啡"))
            await asyncio.sleep(0.05)
            for address, kind in (("/api/search?q=茶", "application/problem+json"), ("/?q=茶", "text/html")):
                sent_away = await client.get(address)
                assert sent_away.status_code == 503
                assert int(sent_away.headers["retry-after"]) > 0
                assert sent_away.headers["content-type"].startswith(kind)
            event.set()
            assert (await first).status_code == 200

    asyncio.run(main())


def test_a_search_that_takes_too_long_is_a_problem(web_index: cnsearch.Index, client_for: Any) -> None:
    client = client_for(create_app(Slow(web_index), WebSettings(seconds=0.05)))  # type: ignore[arg-type]
    response = client.get("/api/search?q=咖啡")
    assert (response.status_code, response.json()["code"]) == (503, "too_slow")


class Waiting:
    """An index whose searches wait."""

    def __init__(self, index: cnsearch.Index, event: threading.Event) -> None:
        self._index, self._event = index, event

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    def search(self, *arguments: Any, **named: Any) -> Any:
        self._event.wait(30)
        return self._index.search(*arguments, **named)


class Slow(Waiting):
    """An index whose searches never end by themselves."""

    def __init__(self, index: cnsearch.Index) -> None:
        super().__init__(index, threading.Event())

    def search(self, *arguments: Any, **named: Any) -> Any:
        patient()
