"""The side of a page of results: values to choose with their counts, each a link that keeps everything else; the chosen
ones, each a link that takes it away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from cnsearch.faces.messages import Language
from cnsearch.faces.web.asking import Links, State

SHOWN, MOST = 8, 60
"""Values of a facet that are seen at once, and those that can be unfolded besides."""


def _(message: str) -> str:
    return message


HEADINGS = {
    "source": _("Source"),
    "category_path": _("Category"),
    "year": _("Year"),
    "author": _("Author"),
    "tag": _("Tag"),
}
NAMES = {
    "source": _("Source"),
    "category": _("Category"),
    "author": _("Author"),
    "tag": _("Tag"),
    "since": _("From"),
    "until": _("To"),
}


@dataclass(slots=True)
class Value:
    """One value of a facet. ``inner``: those below it in a tree."""

    text: str
    count: int
    link: str
    chosen: bool = False
    inner: list[Value] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Facet:
    """One facet: the values seen at once, and those to unfold."""

    name: str
    heading: str
    values: list[Value]
    more: list[Value]


def side(
    facets: Mapping[str, Mapping[str, int]], state: State, links: Links, language: Language, own: Iterable[str] = ()
) -> Iterator[Facet]:
    """The facets that have something to choose. ``own``: those that are fields of the user's own."""
    headings = {name: language.say(heading) for name, heading in HEADINGS.items()}
    for name, heading in {**headings, **{name: name for name in own}}.items():
        counts = facets.get(name) or {}
        if name == "category_path":
            values = _tree(counts, state, links)
        elif name == "year":
            values = [_year(year, counts, state, links) for year in sorted(counts, reverse=True)]
        else:
            if name == "author":
                counts = _without_sources(counts, facets.get("source") or {}, state.values(name))
            values = [_value(name, value, count, state, links) for value, count in islice(counts.items(), MOST)]
            known = {value.text for value in values}
            values += [_value(name, value, 0, state, links) for value in state.values(name) if value not in known]
        if len(values) > 1 or any(value.chosen or value.inner for value in values):
            values.sort(key=lambda value: not value.chosen)
            yield Facet(name, heading, values[:SHOWN], values[SHOWN : SHOWN + MOST])


def _without_sources(authors: Mapping[str, int], sources: Mapping[str, int], chosen: Collection[str]) -> dict[str, int]:
    """The authors that do not just repeat a source, as those of feeds do (海岸财经, 海岸财经 - 期货入门), and those
    that were chosen."""
    return {name: count for name, count in authors.items() if name.partition(" - ")[0] not in sources or name in chosen}


def _value(name: str, value: str, count: int, state: State, links: Links) -> Value:
    chosen = value in state.values(name)
    other = state.without_value(name, value) if chosen else state.with_value(name, value)
    return Value(value, count, links.search(other), chosen)


def _year(year: str, counts: Mapping[str, int], state: State, links: Links) -> Value:
    chosen = (state.request.since, state.request.until) == (year, year)
    other = state.but(since=None, until=None) if chosen else state.but(since=year, until=year)
    return Value(year, counts[year], links.search(other), chosen)


def _tree(paths: Mapping[str, int], state: State, links: Links) -> list[Value]:
    """First levels, and below each that was chosen, or is the only one, the next ones: choosing goes down the tree."""
    chosen = state.values("category")
    open_paths = {"/".join(path.split("/")[:depth]) for path in chosen for depth in range(1, path.count("/") + 2)}
    firsts = [path for path in paths if "/" not in path]
    if len(firsts) == 1:
        open_paths.add(firsts[0])
    found: dict[str, Value] = {}
    for path in sorted(paths, key=lambda path: (path.count("/"), -paths[path], path)):
        above, _slash, level = path.rpartition("/")
        if above and (above not in open_paths or above not in found):
            continue
        is_chosen = path in chosen
        other = state.but(category=((above,) if above else None) if is_chosen else (path,))
        found[path] = Value(level, paths[path], links.search(other), is_chosen)
        if above:
            found[above].inner.append(found[path])
    return [found[path] for path in firsts]


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that was chosen: its name, its value, and the address without it."""

    name: str
    value: str
    link: str


def chips(state: State, links: Links, language: Language) -> list[Chip]:
    """What was chosen besides the query."""
    request = state.request
    found = [
        Chip(language.say(NAMES[name]), value, links.search(state.without_value(name, value)))
        for name in ("source", "category", "author", "tag")
        for value in state.values(name)
    ]
    found += [
        Chip(name, value, links.search(state.without_value(name, value)))
        for name in request.labels or {}
        for value in state.values(name)
    ]
    if request.since and request.since == request.until:
        found.append(Chip(language.say(_("Date")), str(request.since), links.search(state.but(since=None, until=None))))
    else:
        found += [
            Chip(language.say(NAMES[name]), str(value), links.search(state.but(**{name: None})))
            for name in ("since", "until")
            if (value := getattr(request, name))
        ]
    if request.draft is not None:
        text = language.say(_("Drafts only")) if request.draft else language.say(_("No drafts"))
        found.append(Chip("", text, links.search(state.but(draft=None))))
    if request.match != "most":
        text = language.say(_("All words") if request.match == "all" else _("Any word"))
        found.append(Chip("", text, links.search(state.but(match="most"))))
    if request.raw:
        found.append(Chip("", language.say(_("Words only")), links.search(state.but(raw=False))))
    return found
