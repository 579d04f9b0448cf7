"""The pages: a search, an article, the state of the index. Each function takes what was asked for and gives HTML; it
runs in a thread of ``work``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, tzinfo
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from cnsearch import deadline
from cnsearch.faces.messages import Language
from cnsearch.faces.web.asking import Links, State, file_name, last_page
from cnsearch.faces.web.chart import HEIGHT, Bar, bars
from cnsearch.faces.web.facets import chips, side
from cnsearch.faces.web.problems import Problem
from cnsearch.faces.web.rendering import Marks, Shown, marked, snippet
from cnsearch.faces.web.shelf import Shelf
from cnsearch.model import Article, Hit, SearchResults, iso_date
from cnsearch.request import SearchRequest

NUM_SIMILAR, NUM_NEWEST, NUM_SOURCES, NUM_ROWS = 8, 10, 30, 15
LONGEST_TITLE, MOST_TAGS, MOST_COPIES, MOST_PARAGRAPHS = 300, 20, 50, 5_000
NOTHING_ASKED = "there is nothing to search for in the query"
EVERYTHING = SearchRequest("*")
IN_THE_FORM = ("q", "since", "until", "match", "raw")
"""Parameters that have a field of their own in the form."""


def _(message: str) -> str:
    return message


# A search


def search_page(shelf: Shelf, state: State, shown: Shown, *, whole: bool) -> str:
    """The page of a search; ``whole``: with everything around the results."""
    if state.is_empty:
        values: dict[str, Any] = {"results": None, "home": home(shelf, shown)}
    else:
        values = found(shelf, state, shown)
    return _search(state, shown, values, whole)


def problem_page(problem: Problem, query: str, shown: Shown, *, whole: bool) -> str:
    """The page of what went wrong; the box is filled with ``query``, as it was."""
    said = problem.to_dict(shown.language)
    return shown.render("problem.html" if whole else "problem_text.html", problem=said, query=query)


def _search(state: State, shown: Shown, values: dict[str, Any], whole: bool) -> str:
    kept = [pair for pair in state.at(1).params() if pair[0] not in IN_THE_FORM]
    template = "search.html" if whole else "results.html"
    focus = state.is_empty
    options = _options(state, shown.language)
    return shown.render(template, query=state.request.query, kept=kept, focus=focus, options=options, **values)


def _options(state: State, language: Language) -> dict[str, Any]:
    """What of the form stands below the box, and is seen where it says something."""
    request = state.request
    matches = {"": _("Most words"), "all": _("All words"), "any": _("Any word")}
    match = "" if request.match == "most" else request.match
    return {
        "since": request.since or "",
        "until": request.until or "",
        "match": match,
        "matches": [(value, language.say(text)) for value, text in matches.items()],
        "raw": request.raw,
        "open": bool(request.since or request.until or match or request.raw),
    }


def found(shelf: Shelf, state: State, shown: Shown) -> dict[str, Any]:
    """What the results of a search are shown with."""
    links, language, settings = shown.links, shown.language, shown.settings
    results, facets = shelf.page(state)
    last = last_page(state, results.total, len(results), settings)
    results = replace(results, hits=results.hits[: settings.page_hits])
    notes = [note for note in results.notes if note != NOTHING_ASKED or state.request.query]
    if state.cut:
        notes.insert(0, f"the query is longer than {settings.query_chars} characters; the rest is left out")
    is_filtered = bool(chips(state, links, language))
    plain = State(SearchRequest(state.request.query, collapse=state.request.collapse))
    folds = state.request.collapse
    return {
        "results": results,
        "summary": summary(results, state, language),
        "notes": [language.translated(note) for note in notes],
        "correction": results.correction
        and {"text": results.correction, "link": links.search(state.but(query=results.correction))},
        "chips": chips(state, links, language),
        "unfiltered": links.search(plain) if is_filtered else "",
        "any_word": links.search(state.but(match="any"))
        if state.request.match != "any" and " " in results.understood
        else "",
        "orders": _orders(state, links, language),
        "hits": [_hit(hit, state, links, shelf.index.time_zone) for hit in results],
        "first": links.search(state.at(1)),
        "pages": [(number, link) for number, link in _pages(state, last, links)],
        "before": links.search(state.at(state.page - 1)) if state.page > 1 else "",
        "after": links.search(state.at(state.page + 1)) if state.page < last else "",
        "facets": list(side(facets, state, links, language, shelf.own_fields())),
        "chart": _chart(bars(facets["month"]), state, links),
        "chart_text": language.say("Results over time"),
        "height": HEIGHT,
        "feed": links.feed(state),
        "copies": {
            "link": links.search(state.but(collapse=not folds)),
            "text": language.say("Show copies one by one" if folds else "Fold copies"),
        },
    }


def summary(results: SearchResults, state: State, language: Language) -> str:
    """How many articles match, which are shown, how long it took."""
    if not results.total:
        return language.say("No article matches")
    parts = [language.count("{n} article", "{n} articles", results.total)]
    if 0 < len(results) < results.total:
        parts.append(language.say("{first}–{last}", first=str(results[0].rank), last=str(results[-1].rank)))
    if results.folded:
        parts.append(language.count("{n} copy folded", "{n} copies folded", results.folded))
    parts.append(
        language.say("{ms} ms", ms=f"{results.took_ms:.0f}" if results.took_ms >= 10 else f"{results.took_ms:.1f}")
    )
    return " · ".join(parts)


def _orders(state: State, links: Links, language: Language) -> list[tuple[str, str, bool]]:
    names = {"score": _("Best"), "date": _("Newest first"), "oldest": _("Oldest first")}
    return [
        (language.say(name), links.search(state.but(sort=sort)), state.request.sort == sort)
        for sort, name in names.items()
    ]


def _pages(state: State, last: int, links: Links) -> Iterable[tuple[str, str | None]]:
    """Numbers of pages around this one with their addresses: None for this one, empty for a gap."""
    near = {number for number in range(state.page - 3, state.page + 4) if 1 <= number <= last}
    before = 0
    for number in sorted(near | {1, last}):
        if number != before + 1:
            yield "…", ""
        yield str(number), None if number == state.page else links.search(state.at(number))
        before = number


def _chart(of: list[Bar], state: State, links: Links) -> list[dict[str, Any]]:
    return [
        {
            "period": bar.period,
            "count": bar.count,
            "height": bar.height,
            "link": links.search(state.but(since=bar.period, until=bar.period)),
        }
        for bar in of
    ]


def _hit(hit: Hit, state: State, links: Links, zone: tzinfo) -> dict[str, Any]:
    deadline.check()
    query = state.request.query
    return {
        "rank": hit.rank,
        "link": links.article(hit.id, query),
        "title": marked(_short(hit)) if hit.title else hit.id,
        "source": hit.source,
        "source_link": links.search(state.only("source", hit.source)),
        "path": " / ".join(islice(hit.categories, 8)),
        "date": day(hit.date, zone),
        "iso": iso_date(hit.date, zone),
        "draft": hit.draft,
        "tags": [(tag, links.search(state.only("tag", tag))) for tag in hit.tags[:MOST_TAGS]],
        "snippet": snippet(hit.snippet),
        "missing": [(word, _with_must(word, state, links)) for word in hit.missing],
        "url": web_address(hit.url),
        "host": host(hit.url),
        "copies": [
            {
                "link": links.article(copy.id, query),
                "title": copy.title[:LONGEST_TITLE] or copy.id,
                "source": copy.source,
                "date": day(copy.date, zone),
            }
            for copy in hit.duplicates[:MOST_COPIES]
        ],
        "num_copies": hit.more,
    }


def _with_must(word: str, state: State, links: Links) -> str:
    """The address of the same search in which a word must be there; empty where that cannot be said by adding it."""
    query = state.request.query
    if state.request.raw or any(sign in query for sign in '()|"“”') or word not in query or f"+{word}" in query:
        return ""
    return links.search(state.but(query=f"{query} +{word}"))


def _short(hit: Hit) -> Any:
    fragment = hit.title_fragment
    if len(fragment.text) <= LONGEST_TITLE:
        return fragment
    inside = tuple((start, min(end, LONGEST_TITLE)) for start, end in fragment.highlights if start < LONGEST_TITLE)
    return replace(fragment, text=fragment.text[:LONGEST_TITLE] + "…", highlights=inside)


def home(shelf: Shelf, shown: Shown) -> dict[str, Any]:
    """What stands below an empty box: how much there is, the newest articles, the sources."""
    language, links, zone = shown.language, shown.links, shelf.index.time_zone
    everything = shelf.index.search(replace(EVERYTHING, sort="date", limit=NUM_NEWEST, facets=("source",)))
    num = len(shelf.index)
    parts = [language.count("{n} article", "{n} articles", num)]
    sources = everything.facets["source"]
    if sources:
        parts.append(language.count("{n} source", "{n} sources", len(sources)))
    everywhere = State(SearchRequest("", collapse=True))
    return {
        "summary": " · ".join(parts),
        "newest": [_line(hit, links, zone) for hit in everything],
        "sources": [
            (name, count, links.search(everywhere.only("source", name)))
            for name, count in islice(sources.items(), NUM_SOURCES)
        ],
    }


def _line(hit: Hit, links: Links, zone: tzinfo) -> dict[str, str]:
    title = hit.title[:LONGEST_TITLE] or hit.id
    return {"link": links.article(hit.id), "title": title, "source": hit.source, "date": day(hit.date, zone)[:10]}


# An article


def article_page(shelf: Shelf, article_id: str, query: str, shown: Shown) -> str:
    """An article, with the matches of ``query`` marked. Raises ArticleNotFoundError."""
    links, language, zone = shown.links, shown.language, shelf.index.time_zone
    query = query[: shown.settings.query_chars]
    article = shelf.index.get(article_id)
    title, *fragments = shelf.index.marked(article_id, SearchRequest(query))
    marks = Marks(sum(len(fragment.highlights) for fragment in fragments), language)
    headings = set(article.headings)
    similar = shelf.index.similar(article_id, limit=NUM_SIMILAR, num_fragments=0)
    state = State(SearchRequest(query, collapse=True))
    everywhere = State(SearchRequest("", collapse=True))
    category = "/".join(article.categories[:8])
    return shown.render(
        "article.html",
        query=query,
        article=article,
        no_title=language.say("(no title)"),
        title=marked(title) if title.text else article.id,
        paragraphs=[(at in headings, marks.of(one)) for at, one in enumerate(fragments[:MOST_PARAGRAPHS])],
        left_out=max(0, len(fragments) - MOST_PARAGRAPHS),
        num_marks=sum(len(one.highlights) for one in fragments),
        back=links.search(state),
        source_link=links.search(everywhere.only("source", article.source)),
        author="" if article.source and article.author.startswith(article.source) else article.author,
        date=day(article.date, zone),
        iso=iso_date(article.date, zone),
        category=category,
        category_link=links.search(everywhere.only("category", category)),
        tags=[(tag, links.search(everywhere.only("tag", tag))) for tag in article.tags[:MOST_TAGS]],
        labels=[(name, "/".join(values)) for name, values in article.labels.items()],
        url=web_address(article.url),
        host=host(article.url),
        file=_file(article),
        similar=[_line(hit, links, zone) for hit in similar],
    )


def _file(article: Article) -> str:
    return article.id if article.path.endswith(article.id.partition("#")[0]) else file_name(article.path)


# The index


def stats_page(shelf: Shelf, shown: Shown) -> str:
    """What the index has, in numbers and bars."""
    language, links = shown.language, shown.links
    stats = shelf.index.stats()
    everywhere = State(SearchRequest("", collapse=True))
    months = shelf.index.search(replace(EVERYTHING, limit=0, facets=("month",))).facets["month"]
    dates = " – ".join(date[:10] for date in (stats["first_date"], stats["last_date"]) if date)
    facts = [
        (language.say("Articles"), f"{stats['articles']:,}"),
        (language.say("Drafts"), f"{stats['drafts']:,}" if stats["drafts"] else ""),
        (language.say("Dates"), dates),
        (language.say("Last change"), stats["last_commit"][:16].replace("T", " ")),
        (language.say("Size"), language.say("{mb} MB", mb=f"{stats['size_bytes'] / 1e6:,.1f}")),
        (language.say("Segments"), f"{stats['segments']:,}"),
        (language.say("Tokenizer"), stats["tokenizer"]),
    ]
    tables = [
        (language.say("Sources"), "source", stats["sources"]),
        (language.say("Categories"), "category", stats["categories"]),
        (language.say("Tags"), "tag", stats["tags"]),
        *((name, "", counts) for name, counts in stats["labels"].items()),
    ]
    return shown.render(
        "stats.html",
        facts=[(name, value) for name, value in facts if value],
        chart=_chart(bars(months), everywhere, links),
        chart_text=language.say("Articles over time"),
        height=HEIGHT,
        tables=[
            (heading, len(counts), list(_rows(name, counts, everywhere, links)))
            for heading, name, counts in tables
            if counts
        ],
    )


def _rows(name: str, counts: dict[str, int], state: State, links: Links) -> Iterable[tuple[str, int, int, str]]:
    most = max(counts.values())
    for value, count in islice(counts.items(), NUM_ROWS):
        link = links.search(state.only(name, value)) if name else ""
        yield value, count, max(1, round(100 * count / most)), link


# Values


def day(date: datetime | None, zone: tzinfo) -> str:
    """2021-10-27 20:11; without a time where it is midnight, empty where it is unknown."""
    return (iso_date(date, zone) or "")[:16].replace("T", " ").removesuffix(" 00:00")


def web_address(url: str) -> str:
    """The address if it is one of the web, else empty: a link to anything else could run a script."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


def host(url: str) -> str:
    """The name of the site of an address."""
    return urlsplit(url).netloc.rpartition("@")[2].removeprefix("www.") if web_address(url) else ""
