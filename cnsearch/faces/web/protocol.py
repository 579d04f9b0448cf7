"""How requests are read from a connection: as uvicorn reads them, and three things besides.

An address may have Chinese characters in it as they are (``curl 'http://127.0.0.1/?q=咖啡'``); one of a megabyte is
an address too; and what is no request is answered with a problem object.

Not good for: requests that arrive without end, slowly; a web server in front of this one keeps these away.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote_from_bytes, unquote

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from cnsearch.faces.messages import language
from cnsearch.faces.web.api import json_bytes
from cnsearch.faces.web.guard import HEADERS
from cnsearch.faces.web.problems import of_status

MOST_HEAD_BYTES: Final = 2_000_000
"""Of the first line and the headers of a request."""
MOST_PARSED: Final = 60_000
"""Bytes of an address that httptools takes apart; it counts them in 16 bits."""
_ASCII: Final = bytes(range(128)).decode()


class Protocol(HttpToolsProtocol):
    """One connection."""

    _in_line = True
    """Whether what comes next belongs to the first line of a request."""
    _head_bytes = 0
    """Of the request that comes in; -1 once its headers are there."""

    def data_received(self, data: bytes) -> None:
        """Read on; the bytes of a first line that are not ASCII are read as if they were escaped."""
        if self._in_line:
            line, end, rest = data.partition(b"\n")
            self._in_line = not end
            if not line.isascii():
                data = quote_from_bytes(line, _ASCII).encode() + end + rest
        if self._head_bytes >= 0:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES:
                self._refuse(414 if self._in_line else 431)
                return
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """Begin to answer. An address that is too long for httptools is taken apart here."""
        self._head_bytes = -1
        target, self.url = self.url, self.url if len(self.url) <= MOST_PARSED else b"/"
        super().on_headers_complete()
        if target is not self.url:
            path, _, query = target.partition(b"#")[0].partition(b"?")
            self.scope["raw_path"], self.scope["query_string"] = path, query
            self.scope["path"] = unquote(path.decode("ascii"))

    def on_message_complete(self) -> None:
        """Another request may follow."""
        super().on_message_complete()
        self._in_line, self._head_bytes = True, 0

    def send_400_response(self, msg: str) -> None:
        """What is no request of HTTP."""
        self._refuse(400)

    def _refuse(self, status: int) -> None:
        body = json_bytes(of_status(status).to_dict(language("en")))
        headers = {
            **HEADERS,
            "Content-Type": "application/problem+json",
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.transport.write(STATUS_LINE[status] + lines.encode("ascii") + b"\r\n" + body)
        self.transport.close()
