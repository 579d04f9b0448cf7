"""What an address asks for: a ``SearchRequest``, within the limits of a form, and the addresses of other states of it.

Pages take ``q`` and ``page`` besides the names of the library, fold copies unless told ``collapse=false``, and pass
over names they do not know, for other sites add theirs to links. The HTTP interface takes the names of the library,
and refuses others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote, urlencode

from cnsearch.faces.web.problems import AskedWronglyError
from cnsearch.faces.web.settings import WebSettings
from cnsearch.model import printable
from cnsearch.request import ARGUMENTS, SearchRequest

Params = Mapping[str, list[str]]

PAGE_NAMES: Final = (
    *("source", "category", "author", "tag", "labels", "draft", "since", "until", "sort", "match", "raw", "collapse"),
)
"""Arguments that a page takes under their own names."""
FILTERS: Final = tuple(name for name, about in ARGUMENTS.items() if about.filters)
PAGES_AHEAD: Final = 3
"""Pages after the one that is shown that are known to be there, or not, where copies are folded."""
MOST_FRAGMENTS, MOST_FRAGMENT_CHARS, MOST_VALUES, MOST_VALUE_CHARS = 10, 1_000, 50, 500


@dataclass(frozen=True, slots=True)
class State:
    """What a page of results shows. ``request`` has no limit and offset; ``cut``: the query was longer."""

    request: SearchRequest
    page: int = 1
    cut: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for: neither words nor filters."""
        return not self.request.query.strip() and all(getattr(self.request, name) is None for name in FILTERS)

    def params(self) -> list[tuple[str, str]]:
        """Names and values of the address of this state."""
        request = self.request
        given = replace(request, query="", collapse=False).to_params()
        pairs = [("q", request.query)] if request.query else []
        pairs += [(name, value) for name, values in given.items() if name != "query" for value in values]
        if not request.collapse:
            pairs.append(("collapse", "false"))
        if self.page != 1:
            pairs.append(("page", str(self.page)))
        return pairs

    def but(self, **changes: Any) -> State:
        """The same with other arguments, on its first page."""
        return State(replace(self.request, **changes), cut=self.cut)

    def at(self, page: int) -> State:
        """Another page of it."""
        return replace(self, page=page)

    def only(self, name: str, value: str) -> State:
        """With this value of a filter alone; the same where there is no value."""
        return self.but(**{name: (value,)}) if value else self

    def with_value(self, name: str, value: str) -> State:
        """With one more alternative of a filter."""
        return self._with(name, (*self.values(name), value)) if value else self

    def without_value(self, name: str, value: str) -> State:
        """Without it."""
        return self._with(name, tuple(one for one in self.values(name) if one != value))

    def values(self, name: str) -> tuple[str, ...]:
        """The alternatives of a filter. ``name``: of an argument, or a field of the user's own."""
        found = getattr(self.request, name) if name in FILTERS else (self.request.labels or {}).get(name)
        return tuple(found or ())

    def _with(self, name: str, values: tuple[str, ...]) -> State:
        if name in FILTERS:
            return self.but(**{name: values or None})
        others = {other: kept for other, kept in (self.request.labels or {}).items() if other != name}
        return self.but(labels={**others, **({name: values} if values else {})} or None)


@contextmanager
def understood() -> Iterator[None]:
    """Turns a ValueError about what was asked into AskedWronglyError: any other ValueError is a fault of ours."""
    try:
        yield
    except (ValueError, TypeError) as error:
        raise AskedWronglyError(str(error)) from error


@understood()
def state_of(params: Params, settings: WebSettings) -> State:
    """The state of a page's address. Raises AskedWronglyError that names the parameter, QuerySyntaxError."""
    given = {name: values for name, values in params.items() if name in PAGE_NAMES}
    typed = " ".join(" ".join(params.get("q", ())).split("\x00"))
    given["query"] = [typed[: settings.query_chars]]
    given.setdefault("collapse", ["true"])
    request = _bounded(SearchRequest.from_params(given), settings)
    return State(request, _page(params.get("page", ()), settings), len(typed) > settings.query_chars)


def page_request(state: State, settings: WebSettings) -> SearchRequest:
    """What a page of results asks the library for: its hits, and with copies folded those of PAGES_AHEAD pages more, to
    know how many of these there are. Without words nothing ranks: the newest come first."""
    request = state.request
    sort = request.sort if request.query.strip() or request.sort != "score" else "date"
    pages = 1 + PAGES_AHEAD * request.collapse
    return replace(request, limit=pages * settings.page_hits, offset=(state.page - 1) * settings.page_hits, sort=sort)


def last_page(state: State, total: int, num_hits: int, settings: WebSettings) -> int:
    """The number of the last page that is known to be there. Where copies are folded, nobody knows how many are left
    before they are counted: these pages are known as far as ``num_hits``, the answer to ``page_request``, reaches."""
    if state.request.collapse:
        last = state.page + (num_hits - 1) // settings.page_hits if num_hits else 1
    else:
        last = -(-total // settings.page_hits)
    return max(1, min(last, deepest_page(settings)))


def deepest_offset(settings: WebSettings) -> int:
    """The greatest offset: with the greatest limit it reaches as deep as may be."""
    return max(0, settings.deepest - settings.most_hits)


def deepest_page(settings: WebSettings) -> int:
    """The number of the last page that may be asked for."""
    return max(1, -(-settings.deepest // settings.page_hits))


@understood()
def api_request(params: Params, settings: WebSettings, *, without: Iterable[str] = ()) -> SearchRequest:
    """The request of an address of the HTTP interface; ``q`` is short for ``query``.

    without : arguments that it does not take

    Raises AskedWronglyError that names the parameter, QuerySyntaxError.
    """
    if "q" in params and "query" in params:
        raise ValueError("q is short for query; give one of them")
    given = {"query" if name == "q" else name: values for name, values in params.items()}
    for name, values in given.items():  # a form leaves fields empty, a program does not
        if "" in values and name in ARGUMENTS and ARGUMENTS[name].kind not in ("text", "texts", "names", "labels"):
            raise ValueError(f"{name} must have a value")
    for name in without:
        if name in given:
            raise ValueError(f"there is no argument {name!r} here")
    request = _bounded(SearchRequest.from_params(given), settings)
    _require("limit", request.limit, settings.most_hits)
    _require("offset", request.offset, deepest_offset(settings))
    return request


def _page(texts: Iterable[str], settings: WebSettings) -> int:
    filled = [text for text in texts if text]
    if not filled:
        return 1
    most = deepest_page(settings)
    digits = filled[0]
    if len(filled) > 1 or not (digits.isascii() and digits.isdecimal()) or not 1 <= int(digits[:18]) <= most:
        raise ValueError(f"page must be a number from 1 to {most}, not {digits[:100]!r}")
    return int(digits)


def _bounded(request: SearchRequest, settings: WebSettings) -> SearchRequest:
    """The request if it stays within the limits of a form. Raises AskedWronglyError that names what does not."""
    _require("num_fragments", request.num_fragments, MOST_FRAGMENTS)
    _require("fragment_chars", request.fragment_chars, MOST_FRAGMENT_CHARS)
    _require("the number of facets", len(request.facets), MOST_VALUES)
    for name in FILTERS:
        value = getattr(request, name)
        several = [one for values in value.values() for one in values] if isinstance(value, Mapping) else value
        if isinstance(several, (tuple, list)):
            _require(f"the number of values of {name}", len(several), MOST_VALUES)
            for one in several:
                _require(f"the number of characters of {name}", len(one), MOST_VALUE_CHARS)
    return request


def _require(what: str, number: int, most: int) -> None:
    if number > most:
        raise ValueError(f"{what} must be at most {most}, not {number}")


# Addresses


class Links:
    """Addresses of this application. ``base`` is where it is mounted: empty, or a path without a slash at its end."""

    def __init__(self, base: str) -> None:
        self.base = base

    def search(self, state: State) -> str:
        """The page of results of a state."""
        return self._with(f"{self.base}/", state.params())

    def feed(self, state: State) -> str:
        """The feed of the same, whose order and pages are its own."""
        pairs = [pair for pair in state.but(sort="score").params() if pair[0] != "collapse"]
        return self._with(f"{self.base}/feed", pairs)

    def article(self, article_id: str, query: str = "") -> str:
        """The page of an article, with the matches of ``query`` marked. Browsers shorten a path with ``..`` in it, or
        nothing between two slashes: such an id is a parameter."""
        pairs = [("q", query)] if query.strip() else []
        if any(part in ("", ".", "..") for part in article_id.split("/")):
            return self._with(f"{self.base}/a", [("id", article_id), *pairs])
        return self._with(f"{self.base}/a/{quote(article_id, errors='replace')}", pairs)

    def to(self, path: str, **params: str) -> str:
        """Any other page or file."""
        return self._with(f"{self.base}/{path}", list(params.items()))

    def _with(self, path: str, pairs: list[tuple[str, str]]) -> str:
        return f"{path}?{urlencode(pairs, errors='replace')}" if pairs else path


def file_name(path: str) -> str:
    """What of an article's ``path`` is shown to others: of one on this machine the file, without its folders."""
    is_own = path.startswith(("/", "\\")) or path[1:2] == ":"
    return printable(path.replace("\\", "/").rpartition("/")[2] if is_own else path)
