"""Where an index on a cluster is: ``opensearch+https://host:9200/name``, several hosts with commas between them.

User, password or token never stand in the URL, which shells and logs remember. They come from the environment
(``CNSEARCH_OPENSEARCH_USER`` and ``CNSEARCH_OPENSEARCH_PASSWORD``, or ``CNSEARCH_OPENSEARCH_TOKEN``), or from the file
that ``CNSEARCH_OPENSEARCH_CREDENTIALS`` names, which has ``user:password`` or ``token`` on one line.
"""

from __future__ import annotations

import base64
import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

from cnsearch.errors import IndexUnusableError

SCHEMES = ("opensearch+https", "opensearch+http")
EXAMPLE = "opensearch+https://search.example.org:9200/articles"
MAX_NAME_BYTES = 200
"""OpenSearch takes 255; the generations of an index have a number behind its name."""
MAX_SHARDS, MAX_REPLICAS = 1024, 20

_URL = re.compile(r"(?P<scheme>[a-z+]+)://(?P<hosts>[^/?#]*)(?:/(?P<name>[^?#]*))?(?:\?(?P<options>[^#]*))?")
_HOST = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(?P<port>[0-9]{1,5})")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to say who we are: a user with a password, or a token. ``repr`` shows neither."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.user or self.token)

    @property
    def authorization(self) -> str:
        """The header of HTTP that says it (RFC 7617, in UTF-8, and RFC 6750); empty where there is nothing to say."""
        if self.token:
            return f"Bearer {self.token}"
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode() if self.user else ""


@dataclass(frozen=True, slots=True)
class Address:
    """hosts    : (host, port), each may be asked
    name     : of the index, an alias of its present generation
    secure   : whether by TLS
    shards, replicas : of an index that is made; replicas None: one wherever there is a second node
    """

    hosts: tuple[tuple[str, int], ...]
    name: str
    secure: bool = True
    shards: int = 1
    replicas: int | None = None

    def __str__(self) -> str:
        hosts = ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts)
        return f"{SCHEMES[0] if self.secure else SCHEMES[1]}://{hosts}/{self.name}"


def is_address(path: object) -> bool:
    """Whether an index is named as one on a cluster rather than as a folder; also where the URL has faults."""
    return isinstance(path, str) and re.match(r"opensearch[a-z+]*:/", path) is not None


def parse_address(url: str) -> Address:
    """The parts of a URL. Raises IndexUnusableError that says which part is wrong, never showing a password."""
    match = _URL.fullmatch(url)
    shown = re.sub(r"//[^/?#]*@", "//…@", url)
    if match is None or match["scheme"] not in SCHEMES:
        scheme = url.partition(":")[0]
        raise _wrong(shown, f'"{scheme}" is no way to an index', f"Use {SCHEMES[0]}:// or {SCHEMES[1]}://")
    if "@" in match["hosts"]:
        hint = "Set CNSEARCH_OPENSEARCH_USER and CNSEARCH_OPENSEARCH_PASSWORD, or name a file that has both"
        raise _wrong(shown, "user and password do not belong into the URL", hint)
    hosts = tuple(_host(shown, given) for given in match["hosts"].split(","))
    name = (match["name"] or "").removesuffix("/")
    if not name:
        raise _wrong(shown, "the name of the index is missing")
    if "/" in name:
        raise _wrong(shown, f'the path "/{name}" has more than the name of the index')
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME_BYTES:
        rule = "Lower-case letters, digits, - _ and . make a name; it begins with a letter or a digit"
        raise _wrong(shown, f'"{name[:80]}" cannot name an index', rule)
    options = _options(shown, match["options"] or "")
    secure = match["scheme"] == SCHEMES[0]
    if not secure and not all(_is_loopback(host) for host, _ in hosts):
        raise _wrong(shown, "http without TLS is for this machine only", f"Use {SCHEMES[0]}://")
    return Address(hosts, name, secure, **options)


def credentials(environ: Mapping[str, str] = os.environ) -> Credentials:
    """Who we are to the cluster; empty where nothing says so. Raises IndexUnusableError for a file that cannot be
    read or has not one line, and for what is no token, without showing it."""
    get = environ.get
    if get("CNSEARCH_OPENSEARCH_TOKEN"):
        return _with_token(get("CNSEARCH_OPENSEARCH_TOKEN", "").strip(), "CNSEARCH_OPENSEARCH_TOKEN")
    if get("CNSEARCH_OPENSEARCH_USER"):
        return Credentials(get("CNSEARCH_OPENSEARCH_USER", ""), get("CNSEARCH_OPENSEARCH_PASSWORD", ""))
    path = get("CNSEARCH_OPENSEARCH_CREDENTIALS")
    if not path:
        return Credentials()
    try:
        line = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise IndexUnusableError(
            path, f"the file of credentials cannot be read: {reason}", code="credentials"
        ) from None
    if len(line.splitlines()) != 1:
        reason = "the file of credentials has not one line"
        raise IndexUnusableError(path, reason, hint="Write user:password, or a token", code="credentials")
    user, colon, password = line.partition(":")
    return Credentials(user, password) if colon else _with_token(line, path)


def _with_token(token: str, where: str) -> Credentials:
    if not re.fullmatch(r"[!-~]+", token):
        raise IndexUnusableError(where, "this is no token: one has no spaces, and ASCII only", code="credentials")
    return Credentials(token=token)


def _host(url: str, given: str) -> tuple[str, int]:
    match = _HOST.fullmatch(given)
    if match is None:
        if given and ":" not in given:
            raise _wrong(url, f'"{given}" has no port', f"Write {given}:9200")
        raise _wrong(url, f'"{given}" is no host with a port')
    port = int(match["port"])
    if not 0 < port < 65536:
        raise _wrong(url, f"there is no port {port}")
    return match["host"].strip("[]"), port


def _options(url: str, text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    bounds = {"shards": (1, MAX_SHARDS), "replicas": (0, MAX_REPLICAS)}
    for key, value in parse_qsl(text, keep_blank_values=True):
        least, most = bounds.get(key, (1, 0))
        if most == 0:
            raise _wrong(url, f'there is no option "{key}"', "Known are shards and replicas")
        if not value.isdecimal() or not least <= int(value[:9]) <= most:
            raise _wrong(url, f"{key} must be a number from {least} to {most}")
        found[key] = int(value)
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _wrong(url: str, reason: str, hint: str = "") -> IndexUnusableError:
    return IndexUnusableError(url, reason, hint=hint or f"A whole address: {EXAMPLE}", code="index_url")
