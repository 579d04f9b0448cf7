"""``SearchRequest``: what a search is asked for, checked once. Every face makes one, every back end takes one.

Defaults, choices, bounds and help lines stand here and nowhere else: ``ARGUMENTS`` has them by name, for the options of
the command line, the fields of a form and the parameters of an address.
Not good for: how much of a query is taken (``limits``), and which facets an index has, which only the index knows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field, fields
from datetime import date, datetime, timezone
from typing import Any, Final, Literal, get_args

from cnsearch import checks
from cnsearch.model import checked_labels
from cnsearch.query.dates import moment
from cnsearch.query.filters import Filters

Values = str | Iterable[str] | None
Moment = str | date | None
Sort = Literal["score", "date", "oldest"]
Match = Literal["most", "any", "all"]

Kind = Literal["text", "texts", "names", "labels", "flag", "choice", "count", "number", "moment"]


@dataclass(frozen=True, slots=True)
class Argument:
    """What a face has to know of one field of ``SearchRequest``.

    kind    : "text"; "texts" (one or several); "names" (several); "labels" (names with texts); "flag"; "choice" (one of
              ``choices``); "count" (an int of at least ``least``); "number" (above ``above``); "moment" (a date)
    default : what it is where nothing is given
    help    : one line, a sentence
    filters : whether it is a condition beside the query
    """

    name: str
    kind: Kind
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    least: int = 0
    above: float = 0
    filters: bool = False

    def checked(self, given: Any) -> Any:
        """``given`` as a request has it. Raises TypeError, ValueError, and QuerySyntaxError for a date there is not."""
        return _CHECKS[self.kind](self, given)


def _about(kind: Kind, help: str, **more: Any) -> dict[str, Any]:
    """What an ``Argument`` has besides the name and the default of its field."""
    return {"kind": kind, "help": help, **more}


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What ``Index.search`` and its like are asked for. Frozen; checked, and brought into one form, when it is made.

    query                    : the text, in the language of queries; no text is an error
    source, category, author, tag : only articles with this value, or one of these (so of no values none); None does not
                               filter. A category may be any one level or a leading path (``金融/每经网``), a tag a
                               leading path. Kept as tuples
    labels                   : the same for own fields of articles, by name: ``{"language": "zh"}``
    draft                    : True for drafts only, False for what is none
    since, until             : only articles dated from and up to these, both included ("2021", "2021-10",
                               "2021-10-27", a time in ISO 8601, a date, or a datetime). Kept as text
    sort                     : "score", or "date" for the newest first, or "oldest" (undated last in both)
    limit, offset            : so many hits, after so many that are left out
    match                    : a hit has "most" of the words, by weight (ARCHITECTURE.md has the rule); "any" word makes
                               a hit; or "all" must be there
    raw                      : the text is words, without operators
    facets                   : count the values of these over all hits: "source", "category" (each level),
                               "category_path" (金融/每经网), "author", "tag", "year", "month", or own fields of the
                               articles; see ``Index.facet_names``
    half_life_days           : halve a score for each so many days that an article is older than the newest in the index
                               (an undated one counts as the oldest); by default age does not matter
    num_fragments, fragment_chars : how many fragments a snippet has at most, and about how long each is
    collapse                 : copies of an article are folded under the best of them, in ``hit.duplicates``; ``limit``,
                               ``offset`` and ranks count what is left, ``total`` and facets all

    Raises TypeError or ValueError that names the argument, QuerySyntaxError for a date that does not exist.

    >>> SearchRequest("江豚", source="江城晚报", limit=5).to_dict()
    {'query': '江豚', 'source': ['江城晚报'], 'limit': 5}
    """

    query: str = field(default="", metadata=_about("text", "What to search for."))
    _: KW_ONLY
    source: Values = field(
        default=None, metadata=_about("texts", "Only this source; repeat for alternatives.", filters=True)
    )
    category: Values = field(
        default=None, metadata=_about("texts", "Only this level or leading path (金融/每经网).", filters=True)
    )
    author: Values = field(default=None, metadata=_about("texts", "Only this author.", filters=True))
    tag: Values = field(
        default=None, metadata=_about("texts", "Only this tag or leading path (编程/python).", filters=True)
    )
    labels: Mapping[str, Values] | None = field(
        default=None,
        hash=False,
        metadata=_about("labels", "Only this value of an own field (language=zh).", filters=True),
    )
    draft: bool | None = field(default=None, metadata=_about("flag", "Only drafts, or none of them.", filters=True))
    since: Moment = field(
        default=None, metadata=_about("moment", "Only from this year, month, day or time on (2021-10).", filters=True)
    )
    until: Moment = field(
        default=None, metadata=_about("moment", "Only up to the end of this year, month, day or time.", filters=True)
    )
    sort: Sort = field(
        default="score", metadata=_about("choice", "Order; date is the newest first.", choices=get_args(Sort))
    )
    limit: int = field(default=10, metadata=_about("count", "Hits to show."))
    offset: int = field(default=0, metadata=_about("count", "Hits to skip."))
    match: Match = field(
        default="most",
        metadata=_about("choice", "One word is enough, or all must be there; else most.", choices=get_args(Match)),
    )
    raw: bool = field(default=False, metadata=_about("flag", "Take the query as words, without operators."))
    facets: Sequence[str] = field(
        default=(),
        metadata=_about(
            "names",
            "Count all hits by source, category, category_path, author, tag, year, month or an own field; repeat.",
        ),
    )
    half_life_days: float | None = field(
        default=None,
        metadata=_about("number", "Halve a score for each DAYS that an article is older than the newest.", above=0),
    )
    num_fragments: int = field(default=3, metadata=_about("count", "Fragments of a snippet, at most."))
    fragment_chars: int = field(default=80, metadata=_about("count", "About how long a fragment is.", least=1))
    collapse: bool = field(default=False, metadata=_about("flag", "Fold copies of an article under it."))

    def __post_init__(self) -> None:
        for name, default in _DEFAULTS:
            given = getattr(self, name)
            if given is not default:  # which needs no check
                object.__setattr__(self, name, ARGUMENTS[name].checked(given))

    @property
    def filters(self) -> Filters:
        """The conditions beside the query, as a plan takes them."""
        named: list[Any] = [
            (name, values)
            for name in ("source", "category", "author", "tag")
            if (values := getattr(self, name)) is not None
        ]
        own: Any = self.labels or {}
        return Filters((*named, *own.items()), self.draft, self.since, self.until)  # type: ignore[arg-type]

    # For JSON

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the query, and what is not as by default, under the names of the arguments."""
        given = {name: getattr(self, name) for name in ARGUMENTS}
        return {
            name: _JSON.get(ARGUMENTS[name].kind, _as_it_is)(value)
            for name, value in given.items()
            if name == "query" or value != ARGUMENTS[name].default
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> SearchRequest:
        """The request that ``to_dict`` has written, or another program by the same names; what is not named is as by
        default.

        Raises TypeError and ValueError, also for an unknown name; QuerySyntaxError for a date that does not exist.
        """
        if not isinstance(given, Mapping):
            raise TypeError(f"a request must map names to values, not {given!r}")
        _require_known(given)
        return cls(**given)

    # For addresses and forms

    def to_params(self) -> dict[str, list[str]]:
        """For an address: ``from_params`` makes the same request of it. What is as by default is left out.

        Raises ValueError for a filter without values, or with an empty one: a form means by that that it does not
        filter.
        """
        params = {}
        for name, value in self.to_dict().items():
            if name != "query" and _is_empty(value):
                raise ValueError(f"{name} without a value cannot be written as a parameter")
            params[name] = _PARAMS.get(ARGUMENTS[name].kind, _one_param)(value)
        return params

    @classmethod
    def from_params(cls, params: Mapping[str, Iterable[str]]) -> SearchRequest:
        """The request of an address or a form: ``{"query": ["江豚"], "source": ["甲", "乙"], "labels": ["language=zh"],
        "collapse": ["true"]}``. A field that was left empty was not given.

        Raises ValueError that names the parameter, also for an unknown one; QuerySyntaxError for a date that does not
        exist.
        """
        _require_known(params)
        given = {}
        for name, texts in params.items():
            argument = ARGUMENTS[name]
            filled = [text for text in checks.texts(name, texts) if text]
            if filled and argument.kind not in ("texts", "names", "labels") and len(filled) > 1:
                raise ValueError(f"{name} must be given once, not {len(filled)} times")
            if filled:
                given[name] = _READ.get(argument.kind, _only)(name, filled)
        return cls(**given)


def requested(arguments: Mapping[str, Any], **defaults: Any) -> SearchRequest:
    """What the arguments of a method of ``Index`` ask for: the request that was given as its query, or one made of
    them. ``defaults`` are those of the method that are not the request's. Raises TypeError for an argument beside a
    request."""
    given = {name: value for name, value in arguments.items() if name in ARGUMENTS}
    request = given["query"]
    if not isinstance(request, SearchRequest):
        return SearchRequest(**given)
    for name, value in given.items():
        if name != "query" and value != defaults.get(name, ARGUMENTS[name].default):
            raise TypeError(f"{name} must be in the request that is given, not beside it")
    return request


# Each kind of argument: what is checked, and how it is written


def _text(about: Argument, given: Any) -> str:
    return checks.text(about.name, given)


def _texts(about: Argument, given: Any) -> tuple[str, ...] | None:
    return None if given is None else tuple(checks.texts(about.name, given))


def _names(about: Argument, given: Any) -> tuple[str, ...]:
    return checks.names(about.name, given, "source")


def _labels(about: Argument, given: Any) -> dict[str, tuple[str, ...]] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise TypeError(f"{about.name} must map names of own fields to values, not {given!r}")
    own = {name: values for name, values in given.items() if values is not None}
    return checked_labels(own, about.name, keep_empty=True) or None


def _flag(about: Argument, given: Any) -> bool | None:
    if about.default is None:  # draft: not to be mistaken for a filter that is not there
        if given is not None and not isinstance(given, bool):
            raise TypeError(f"{about.name} must be True, False or None, not {given!r}")
        return given
    if isinstance(given, str):
        raise TypeError(f"{about.name} must be True or False, not {given!r}")
    return bool(given)


def _choice(about: Argument, given: Any) -> Any:
    checks.one_of(about.name, given, about.choices)
    return given


def _count(about: Argument, given: Any) -> int:
    return checks.count(about.name, given, least=about.least)


def _number(about: Argument, given: Any) -> float | None:
    if given is None:
        return None
    try:
        number = None if isinstance(given, str) else float(given)
    except (TypeError, OverflowError):
        number = None
    if number is None:
        raise TypeError(f"{about.name} must be a number, not {given!r}")
    if not number > about.above:
        raise ValueError(f"{about.name} must be above {about.above:g}, not {given!r}")
    return number


def _moment(about: Argument, given: Any) -> str | None:
    """As text, so that it is the same in JSON. A time without a zone is one in the zone of the index."""
    if given is None:
        return None
    if isinstance(given, datetime):
        given = datetime.isoformat(given)  # that of a subclass may have nanoseconds
    elif isinstance(given, date):
        given = date.isoformat(given)
    elif not isinstance(given, str):
        raise TypeError(f"{about.name} must be a str, a date or a datetime, not {given!r}")
    moment(given, timezone.utc)  # raises if it is none in any zone
    return str(given)


_CHECKS: Final[Mapping[Kind, Callable[[Argument, Any], Any]]] = {
    "text": _text,
    "texts": _texts,
    "names": _names,
    "labels": _labels,
    "flag": _flag,
    "choice": _choice,
    "count": _count,
    "number": _number,
    "moment": _moment,
}


def _as_it_is(value: Any) -> Any:
    return value


_JSON: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    "texts": list,
    "names": list,
    "labels": lambda value: {name: list(values) for name, values in value.items()},
}


def _is_empty(value: Any) -> bool:
    """Whether something in ``value`` has no characters, or no values."""
    if isinstance(value, dict):
        value = list(value.values())
    return value == "" or (isinstance(value, list) and (not value or any(map(_is_empty, value))))


def _one_param(value: Any) -> list[str]:
    return [str(value)]


_PARAMS: Final[Mapping[Kind, Callable[[Any], list[str]]]] = {
    "texts": list,
    "names": list,
    "labels": lambda value: [f"{name}={one}" for name, values in value.items() for one in values],
    "flag": lambda value: ["true" if value else "false"],
}

_FLAGS: Final = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}


def _only(name: str, texts: list[str]) -> str:
    return texts[0]


def _read_labels(name: str, texts: list[str]) -> dict[str, list[str]]:
    labels: dict[str, list[str]] = {}
    for text in texts:
        own, sign, value = text.partition("=")
        if not sign or not own:
            raise ValueError(f"{name} must be of the form NAME=VALUE, not {text[:100]!r}")
        if value:
            labels.setdefault(own, []).append(value)
    return labels


def _read_flag(name: str, texts: list[str]) -> bool:
    flag = _FLAGS.get(texts[0].lower())
    if flag is None:
        raise ValueError(f"{name} must be true or false, not {texts[0][:100]!r}")
    return flag


def _read_count(name: str, texts: list[str]) -> int:
    digits = texts[0].removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 19):
        raise ValueError(f"{name} must be a whole number, not {texts[0][:100]!r}")
    return int(texts[0])


def _read_number(name: str, texts: list[str]) -> float:
    with suppress(ValueError):
        number = float(texts[0])
        if math.isfinite(number):  # JSON has no others
            return number
    raise ValueError(f"{name} must be a number, not {texts[0][:100]!r}")


_READ: Final[Mapping[Kind, Callable[[str, list[str]], Any]]] = {
    "texts": lambda name, texts: texts,
    "names": lambda name, texts: texts,
    "labels": _read_labels,
    "flag": _read_flag,
    "count": _read_count,
    "number": _read_number,
}


def _require_known(names: Iterable[Any]) -> None:
    """Raises ValueError for a name of no argument, with the nearest one."""
    for name in names:
        if name not in ARGUMENTS:
            import difflib

            near = difflib.get_close_matches(str(name)[:100], ARGUMENTS, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(ARGUMENTS)}"
            raise ValueError(f"there is no argument {str(name)[:100]!r}; {hint}")


ARGUMENTS: Final[Mapping[str, Argument]] = {
    one.name: Argument(one.name, default=one.default, **one.metadata) for one in fields(SearchRequest)
}
"""Every field of ``SearchRequest`` by its name, in order."""

_DEFAULTS: Final = tuple((name, argument.default) for name, argument in ARGUMENTS.items())
