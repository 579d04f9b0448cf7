"""Results, articles and reports as text for a terminal: layout by columns, of which a Chinese character takes two."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import tzinfo
from itertools import islice, zip_longest

from cnsearch.analysis.shown import Analysis
from cnsearch.faces.about import LONGEST, NO_TITLE, about, short
from cnsearch.faces.messages.spoken import _, _n
from cnsearch.faces.wrapping import padded, wrapped
from cnsearch.model import (
    ELLIPSIS,
    Article,
    DictionaryReport,
    Fragment,
    Hit,
    SearchResults,
    Snippet,
    Stats,
    Suggestion,
    UpdateReport,
    VerifyReport,
    printable,
)

MAX_COLUMNS = 100
"""Longer lines are hard to read, however wide the terminal."""
SIDE_BY_SIDE = 120
"""From this many columns on, a file stands beside the article that was made of it."""
SNIPPET_LINES = 6
LONGEST_HEADING = 40
FACET_LINES = 20
"""Values of a facet that are shown."""
MISSING_WORDS = 8
"""Of those that a hit lacks."""
FOLDED_SOURCES = 10
"""Sources of folded copies that are named."""

BOLD, DIM, RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def columns() -> int:
    """The width to lay out for: the terminal's, at most MAX_COLUMNS, and that where there is no terminal."""
    return max(20, min(MAX_COLUMNS, shutil.get_terminal_size((MAX_COLUMNS, 24)).columns))


def hit_lines(hit: Hit, *, zone: tzinfo, color: bool, width: int, explain: bool = False) -> Iterator[str]:
    """One hit: rank and title, a line about it, the snippet, its id, what its score is made of."""
    label = f"{hit.rank}. "
    indent = " " * len(label)
    fragment = _cut(hit.title_fragment, LONGEST)
    title = (fragment.ansi() if color else printable(fragment.text)) or _(NO_TITLE)
    yield from wrapped(
        f"{BOLD}{title.replace(RESET, RESET + BOLD)}{RESET}" if color else title, width, first=label, indent=indent
    )
    yield from wrapped(_dim(about(hit, zone), color), width, first=indent, indent=indent)
    most = SNIPPET_LINES * width  # what does not fit, if no character takes less than a column
    fragments = tuple(_cut(fragment, most) for fragment in islice(hit.snippet.fragments, most))
    snippet = Snippet(fragments, hit.snippet.body_chars)
    excerpt = _dim(_under(fragments), color) + (snippet.ansi() if color else printable(snippet.text()))
    yield from wrapped(excerpt, width, first=indent, indent=indent, max_lines=SNIPPET_LINES)
    yield f"{indent}{_dim(printable(hit.id), color)}"
    if hit.missing:
        yield from wrapped(_dim(_lacking(hit.missing), color), width, first=indent, indent=indent)
    if hit.more:
        yield from wrapped(_dim(_folded(hit), color), width, first=indent, indent=indent)
    if explain:
        named = ((part.score, printable(f"{part.name} {part.text}".strip())) for part in hit.explain())
        sum_of_parts = "".join(f" {'-' if score < 0 else '+'} {abs(score):.2f} {name}" for score, name in named)
        text = _dim(f"score {hit.score:.2f} = {sum_of_parts.removeprefix(' + ')}", color)
        yield from wrapped(text, width, first=indent, indent=indent)


def _under(fragments: tuple[Fragment, ...]) -> str:
    """The heading that an excerpt stands under, to be put before it, unless it begins with that."""
    heading = fragments[0].heading if fragments else ""
    if not heading or fragments[0].text.startswith(heading):
        return ""
    return f"{printable(short(heading, LONGEST_HEADING))} › "


def _lacking(words: tuple[str, ...]) -> str:
    """The first of the words of the query that a hit lacks."""
    shown = ", ".join(map(printable, words[:MISSING_WORDS])) + (f", {ELLIPSIS}" if len(words) > MISSING_WORDS else "")
    return _("lacks: {words}", words=shown)


def _folded(hit: Hit) -> str:
    """How many copies are folded under a hit, and who has them, each source once."""
    sources = dict.fromkeys(printable(duplicate.source) for duplicate in hit.duplicates if duplicate.source)
    shown = ", ".join(islice(sources, FOLDED_SOURCES)) + (f", {ELLIPSIS}" if len(sources) > FOLDED_SOURCES else "")
    return _("+{n} more: {sources}", n=hit.more, sources=shown) if shown else _("+{n} more", n=hit.more)


def results_text(results: SearchResults, *, zone: tzinfo, color: bool, explain: bool = False) -> str:
    """The hits of a page with an empty line between; empty for no hits."""
    width = columns()
    hits = ["\n".join(hit_lines(hit, zone=zone, color=color, width=width, explain=explain)) for hit in results]
    facets = ["\n".join(_facet_lines(name, counts)) for name, counts in results.facets.items()]
    return "\n\n".join([*hits, *facets])


def _facet_lines(name: str, counts: Mapping[str, int]) -> Iterator[str]:
    yield f"{name} ({len(counts):,})"
    for value, count in islice(counts.items(), FACET_LINES):
        yield f"{count:>9,}  {printable(value)}"
    if len(counts) > FACET_LINES:
        yield f"{'':9}  {_('… {n} more: --json has all', n=len(counts) - FACET_LINES)}"


def summary(results: SearchResults) -> str:
    """How many articles match and which are shown, one line."""
    if not results.total:
        return _("no article matches")
    said = _n("{n} article matches", "{n} articles match", results.total)
    if 0 < len(results) < results.total:
        said += _(", {first} to {last} shown", first=str(results[0].rank), last=str(results[-1].rank))
    if results.folded:
        said += _(", {n} folded under them", n=results.folded)
    return said + _(" ({ms} ms)", ms=f"{results.took_ms:.1f}")


def suggestions_text(suggestions: Iterable[Suggestion]) -> str:
    """How many articles use each, and the text, one a line."""
    return "\n".join(f"{one.articles:>9,}  {printable(one.text)}" for one in suggestions)


def article_text(article: Article, *, zone: tzinfo, color: bool, width: int = 0) -> str:
    """A whole article: title, a line about it, its address and file, the paragraphs."""
    width = width or columns()
    title = wrapped(printable(article.title) or _(NO_TITLE), width)
    lines = [f"{BOLD}{line}{RESET}" if color else line for line in title]
    lines += wrapped(_dim(about(article, zone), color), width)
    lines += [_dim(printable(line), color) for line in (article.url, article.path) if line]
    for paragraph in article.paragraphs:
        lines += ["", *wrapped(printable(paragraph), width)]
    return "\n".join(lines)


def beside_raw(article: Article, raw: str, *, zone: tzinfo, color: bool) -> str:
    """What an article was made of, and what was made of it: side by side where there is room, else one after the other.

    raw : lines of any length, with any line ends
    """
    room = shutil.get_terminal_size((MAX_COLUMNS, 24)).columns
    side_by_side = room >= SIDE_BY_SIDE
    width = (room - 3) // 2 if side_by_side else columns()
    left = [part for line in raw.splitlines() for part in wrapped(printable(line), width) or [""]]
    right = article_text(article, zone=zone, color=color and not side_by_side, width=width).split("\n")
    if not side_by_side:
        return "\n".join([*left, "", _dim("-" * min(width, 40), color), "", *right])
    pairs = zip_longest(left, right, fillvalue="")
    return "\n".join(f"{padded(first, width)} | {second}".rstrip() for first, second in pairs)


def update_text(report: UpdateReport, *, index: str, dry_run: bool) -> str:
    """What an update did, one line."""
    parts = [
        _("{n} added", n=report.added),
        _("{n} changed", n=report.changed),
        _("{n} removed", n=report.removed),
        _("{n} unchanged", n=report.unchanged),
        report.failed and _("{n} failed", n=len(report.failed)),
        report.moved and _("{n} moved", n=report.moved),
        report.excluded and _("{n} excluded", n=report.excluded),
        report.retokenised and _("{n} re-tokenised", n=report.retokenised),
    ]
    done = _(", ").join(part for part in parts if part)
    now = _n("{n} article in {index}", "{n} articles in {index}", report.articles, index=printable(index))
    return (_("would be {done}", done=done) if dry_run else done) + _(
        "; {now} ({s} s)", now=now, s=f"{report.took_s:.1f}"
    )


def dictionary_text(report: DictionaryReport, *, dry_run: bool) -> str:
    """What a change of the user dictionary did, one line."""
    added, changed, removed = (len(getattr(report, name)) for name in ("added", "changed", "removed"))
    if dry_run:
        parts = [
            added and _n("{n} word would be added", "{n} words would be added", added),
            changed and _n("{n} word would be changed", "{n} words would be changed", changed),
            removed and _n("{n} word would be removed", "{n} words would be removed", removed),
        ]
        touched = _n(
            "{some} of {n} article would be re-tokenised",
            "{some} of {n} articles would be re-tokenised",
            report.articles,
            some=report.retokenised,
        )
    else:
        parts = [
            added and _n("{n} word added", "{n} words added", added),
            changed and _n("{n} word changed", "{n} words changed", changed),
            removed and _n("{n} word removed", "{n} words removed", removed),
        ]
        touched = _n(
            "{some} of {n} article re-tokenised",
            "{some} of {n} articles re-tokenised",
            report.articles,
            some=report.retokenised,
        )
    done = _(", ").join(part for part in parts if part) or _("no word changed")
    return done + _("; {now} ({s} s)", now=touched, s=f"{report.took_s:.1f}")


def stats_text(stats: Stats) -> str:
    """Facts and counts as a table."""
    drafts = _(", {n} of them drafts", n=stats["drafts"]) if stats["drafts"] else ""
    days = [day[:10] for day in (stats["first_date"], stats["last_date"]) if day]
    megabytes = f"{stats['size_bytes'] / 1e6:,.1f}"
    facts = {
        _("index"): stats["index"],
        _("articles"): f"{stats['articles']:,}{drafts}",
        _("dates"): _(" to ").join(days) or _("none known"),
        _("size"): _n("{mb} MB in {n} segment", "{mb} MB in {n} segments", stats["segments"], mb=megabytes),
        _("tokenizer"): stats["tokenizer"],
        _("user dictionary"): stats["user_dictionary"] or _("none"),
        _("format"): stats["format_version"],
        _("kernels"): stats["kernels"],
        _("folders"): ", ".join(stats["folders"]) or _("none"),
    }
    lines = [f"{padded(name, 16)}{printable(str(value))}" for name, value in facts.items()]
    tables = [(_("sources"), stats["sources"]), (_("categories"), stats["categories"]), *stats["labels"].items()]
    if stats["tags"]:
        tables.append((_("tags"), stats["tags"]))
    for heading, counts in tables:
        lines += ["", f"{printable(heading)} ({len(counts)})"]
        lines += [f"{count:>9,}  {printable(name)}" for name, count in counts.items()]
    return "\n".join(lines)


def verify_text(report: VerifyReport) -> str:
    """What was looked at, and that nothing is wrong with it."""
    checked = {name: report.checked.get(name, 0) for name in ("bytes", "blocks", "terms", "postings", "values")}
    again = ""
    if report.deep:
        again = _n(
            ", {n} article tokenised again", ", {n} articles tokenised again", report.checked.get("tokenised", 0)
        )
    return _(
        "no damage in {path}: {articles} in {segments}, {bytes} under {checksums}, {terms} with {postings}, "
        "{values}{again} ({s} s)",
        path=printable(report.path),
        articles=_n("{n} article", "{n} articles", report.articles),
        segments=_n("{n} segment", "{n} segments", report.segments),
        bytes=_n("{n} byte", "{n} bytes", checked["bytes"]),
        checksums=_n("{n} checksum", "{n} checksums", checked["blocks"]),
        terms=_n("{n} term", "{n} terms", checked["terms"]),
        postings=_n("{n} posting", "{n} postings", checked["postings"]),
        values=_n("{n} stored value", "{n} stored values", checked["values"]),
        again=again,
        s=f"{report.took_s:.1f}",
    )


def analysis_text(analysis: Analysis) -> str:
    """The folded text and the tokens of both kinds, each with its place."""
    width = columns()
    lines = [_("folded: {text}", text=printable(analysis.folded))]
    for name, tokens in ((_("words:"), analysis.words), (_("characters:"), analysis.characters)):
        lines.append(name)
        cells = [f"{printable(token.text)} {token.start}-{token.end}" for token in tokens]
        lines += _columned(cells, width)
    return "\n".join(lines)


def _cut(fragment: Fragment, chars: int) -> Fragment:
    """The fragment, or its beginning and an ellipsis."""
    if len(fragment.text) <= chars:
        return fragment
    inside = tuple((start, min(end, chars)) for start, end in fragment.highlights if start < chars)
    return replace(fragment, text=short(fragment.text, chars), highlights=inside)


def _dim(text: str, color: bool) -> str:
    return f"{DIM}{text}{RESET}" if color and text else text


def _columned(cells: list[str], width: int) -> list[str]:
    """Cells side by side in columns of one width, read from left to right."""
    if not cells:
        return [_("  (none)")]
    cell = max(len(padded(text, 0)) + sum(ord(char) > 0x2E7F for char in text) for text in cells) + 2
    per_line = max(1, (width - 2) // cell)
    return [
        "  " + "".join(padded(text, cell) for text in cells[at : at + per_line]).rstrip()
        for at in range(0, len(cells), per_line)
    ]
