"""Serves the application with uvicorn: one process, or several on one port. What is indexed meanwhile is seen by all.

Not good for: certificates (put it behind a web server that has one), and more than one index.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette

from cnsearch.errors import CnsearchError, IndexUnusableError
from cnsearch.faces.advice import in_commands
from cnsearch.faces.messages.spoken import _, _n, about
from cnsearch.faces.web.app import create_app
from cnsearch.faces.web.protocol import Protocol
from cnsearch.faces.web.settings import WEB_LIMITS, WebSettings
from cnsearch.index import Index
from cnsearch.model import UpdateReport, printable
from cnsearch.opening import open_index

BACKLOG = 1024
REOPEN_S = 1.0
ENVIRONMENT: Final = "CNSEARCH_SERVED"
"""Where worker processes find what they serve, as JSON; only the user's own processes can read it."""


@dataclass(frozen=True, slots=True)
class Served:
    """What is served, and how. ``quiet``: without access log."""

    index_path: str
    settings: WebSettings = field(default_factory=WebSettings)
    time_zone: str = "Asia/Shanghai"
    synonyms: str | None = None
    quiet: bool = False

    def open(self) -> Index:
        """The index, with the limits of a form."""
        return open_index(self.index_path, time_zone=self.time_zone, synonyms=self.synonyms, limits=WEB_LIMITS)

    def to_json(self) -> str:
        """For worker processes, which find it in their environment."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Served:
        """Inverse of ``to_json``."""
        given = json.loads(text)
        lists = {name: tuple(value) for name, value in given["settings"].items() if isinstance(value, list)}
        return cls(**{**given, "settings": WebSettings(**{**given["settings"], **lists})})


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises OSError: the port is taken, the host is none of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name != "nt":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else a body waits 40 ms behind its headers
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    listener.set_inheritable(True)
    return listener


def address(listener: socket.socket, host: str) -> str:
    """What to type into a browser."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{listener.getsockname()[1]}/"


def serve(served: Served, listener: socket.socket, *, workers: int, ready: Callable[[], None]) -> None:
    """Answer requests until the process is told to end. ``ready`` is called when the first can be answered; with
    several processes, when they begin to start."""
    config: dict[str, Any] = {
        "http": Protocol,
        "ws": "none",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": 5,
        "lifespan": "on",
    }
    if workers > 1:
        os.environ[ENVIRONMENT] = served.to_json()
        ready()
        uvicorn.run(f"{__name__}:worker_app", factory=True, workers=workers, fd=listener.fileno(), **config)
        return
    with served.open() as index:
        server = _Server(uvicorn.Config(_app(index, served), **config), ready)
        server.run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def worker_app() -> Starlette:
    """The application of a worker process, which ends with it. One that takes the place of another while there is no
    index waits until there is one."""
    served = Served.from_json(os.environ[ENVIRONMENT])
    while True:
        try:
            return _app(served.open(), served)
        except IndexUnusableError as error:
            write_line(printable(in_commands(error)))
            time.sleep(REOPEN_S)


def _app(index: Index, served: Served) -> Starlette:
    return create_app(index, served.settings, log=_no_line if served.quiet else write_line)


def write_line(line: str) -> None:
    """A line on stderr, at once."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _no_line(line: str) -> None:
    if line.startswith("Traceback"):
        write_line(line)


class Watching:
    """Brings in what changes below folders, in a thread beside the server; ``paths``: those to index first."""

    def __init__(self, index_path: str, paths: tuple[str, ...], say: Callable[[str], None]) -> None:
        self._index_path = index_path
        self._paths = paths
        self._say = say
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cnsearch-watch", daemon=True)

    def __enter__(self) -> Watching:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        try:
            with closing(open_index(self._index_path, create=True)) as index:
                if self._paths:
                    self._tell(index.update(self._paths, stop=self._stop, wait=30.0))
                for report in index.watch(stop=self._stop):
                    self._tell(report)
        except CnsearchError as error:
            self._say(_("no longer watching: {error}", error=in_commands(error)))
        except (OSError, ValueError) as error:
            self._say(_("no longer watching: {error}", error=error))

    def _tell(self, report: UpdateReport) -> None:
        for failure in report.failed:
            self._say(about(failure.path, failure.reason))
        parts = [
            report.added and _("{n} added", n=report.added),
            report.changed and _("{n} changed", n=report.changed),
            report.removed and _("{n} removed", n=report.removed),
        ]
        if any(parts):
            total = _n("{n} article", "{n} articles", report.articles)
            self._say(_("{changes}; {total} now", changes=_(", ").join(part for part in parts if part), total=total))
