"""A proxy before a node that can go wrong: refuse, delay, drop, ask for a password, speak TLS."""

from __future__ import annotations

import base64
import http.client
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Answer = tuple[int, bytes] | None
"""In place of the node's: a status with a body; None asks the node."""


class Proxy:
    """hook : told method, path and body of each request; says what to answer, or raises ConnectionError to hang up"""

    def __init__(self, node: str) -> None:
        self.node = node
        self.hook: Callable[[str, str, bytes], Answer] = lambda method, path, body: None
        self.seen: list[tuple[str, str]] = []
        self.port = 0

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def ask_password(self, user: str, password: str) -> None:
        """From now on only this user is let in."""
        self.authorization = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def ask_token(self, token: str) -> None:
        """From now on only who has this token is let in."""
        self.authorization = f"Bearer {token}"

    authorization = ""


@contextmanager
def proxied(node: str, certificate: tuple[Path, Path] | None = None) -> Iterator[Proxy]:
    """A proxy before ``node`` (host:port); with (certificate, key) it speaks TLS."""
    proxy = Proxy(node)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            proxy.seen.append((self.command, self.path))
            if proxy.authorization and self.headers.get("Authorization") != proxy.authorization:
                said: Answer = 401, b"{}"
            else:
                try:
                    said = proxy.hook(self.command, self.path, body)
                except ConnectionError:
                    self.close_connection = True
                    self.connection.close()
                    return
            status, reply = said if said is not None else self.ask_node(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply)

        def ask_node(self, body: bytes) -> tuple[int, bytes]:
            host, port = proxy.node.split(":")
            connection = http.client.HTTPConnection(host, int(port), timeout=60)
            try:
                kind = self.headers.get("Content-Type", "application/json")
                connection.request(self.command, self.path, body or None, {"Content-Type": kind})
                answer = connection.getresponse()
                return answer.status, answer.read()
            finally:
                connection.close()

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer

        def log_message(self, *arguments: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # a client that hung up

    server = Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    proxy.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def slow(seconds: float) -> Answer:
    """Waits, and then asks the node."""
    time.sleep(seconds)
    return None
