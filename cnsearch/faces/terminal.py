"""Results, articles and reports as text for a terminal: layout by columns, of which a Chinese character takes two."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import tzinfo
from itertools import islice, zip_longest

from wcwidth import ljust

from cnsearch.analysis.shown import Analysis
from cnsearch.faces.about import LONGEST, NO_TITLE, about, short
from cnsearch.faces.wording import counted
from cnsearch.faces.wrapping import wrapped
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
    title = (fragment.ansi() if color else printable(fragment.text)) or NO_TITLE
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
    return f"lacks: {shown}"


def _folded(hit: Hit) -> str:
    """How many copies are folded under a hit, and who has them, each source once."""
    sources = dict.fromkeys(printable(duplicate.source) for duplicate in hit.duplicates if duplicate.source)
    shown = ", ".join(islice(sources, FOLDED_SOURCES)) + (f", {ELLIPSIS}" if len(sources) > FOLDED_SOURCES else "")
    return f"+{hit.more} more{': ' if shown else ''}{shown}"


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
        yield f"{'':9}  {ELLIPSIS} {len(counts) - FACET_LINES:,} more: --json has all"


def summary(results: SearchResults) -> str:
    """How many articles match and which are shown, one line."""
    if not results.total:
        return "no article matches"
    matching = f"{counted(results.total, 'article')} match{'es' * (results.total == 1)}"
    shown = f", {results[0].rank} to {results[-1].rank} shown" if 0 < len(results) < results.total else ""
    folded = f", {results.folded:,} folded under them" if results.folded else ""
    return f"{matching}{shown}{folded} ({results.took_ms:.1f} ms)"


def suggestions_text(suggestions: Iterable[Suggestion]) -> str:
    """How many articles use each, and the text, one a line."""
    return "\n".join(f"{one.articles:>9,}  {printable(one.text)}" for one in suggestions)


def article_text(article: Article, *, zone: tzinfo, color: bool, width: int = 0) -> str:
    """A whole article: title, a line about it, its address and file, the paragraphs."""
    width = width or columns()
    title = wrapped(printable(article.title) or NO_TITLE, width)
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
    return "\n".join(f"{ljust(first, width)} | {second}".rstrip() for first, second in pairs)


def update_text(report: UpdateReport, *, index: str, dry_run: bool) -> str:
    """What an update did, one line."""
    counts = ", ".join(f"{getattr(report, name):,} {name}" for name in ("added", "changed", "removed", "unchanged"))
    would = "would be " if dry_run else ""
    failed = f", {len(report.failed):,} failed" if report.failed else ""
    more = [(report.moved, "moved"), (report.excluded, "excluded"), (report.retokenised, "re-tokenised")]
    again = "".join(f", {count:,} {name}" for count, name in more if count)
    now = f"{counted(report.articles, 'article')} in {printable(index)}"
    return f"{would}{counts}{failed}{again}; {now} ({report.took_s:.1f} s)"


def dictionary_text(report: DictionaryReport, *, dry_run: bool) -> str:
    """What a change of the user dictionary did, one line."""
    would = "would be " if dry_run else ""
    counts = ((len(getattr(report, name)), name) for name in ("added", "changed", "removed"))
    changes = ", ".join(f"{counted(count, 'word')} {would}{name}" for count, name in counts if count)
    touched = f"{report.retokenised:,} of {counted(report.articles, 'article')} {would}re-tokenised"
    return f"{changes or 'no word changed'}; {touched} ({report.took_s:.1f} s)"


def stats_text(stats: Stats) -> str:
    """Facts and counts as a table."""
    facts = {
        "index": stats["index"],
        "articles": f"{stats['articles']:,}" + (f", {stats['drafts']:,} of them drafts" if stats["drafts"] else ""),
        "dates": " to ".join(day[:10] for day in (stats["first_date"], stats["last_date"]) if day) or "none known",
        "size": f"{stats['size_bytes'] / 1e6:,.1f} MB in {counted(stats['segments'], 'segment')}",
        "tokenizer": stats["tokenizer"],
        "user dictionary": stats["user_dictionary"] or "none",
        "format": stats["format_version"],
        "kernels": stats["kernels"],
        "folders": ", ".join(stats["folders"]) or "none",
    }
    lines = [f"{name:16}{printable(str(value))}" for name, value in facts.items()]
    tables = [("sources", stats["sources"]), ("categories", stats["categories"]), *stats["labels"].items()]
    if stats["tags"]:
        tables.append(("tags", stats["tags"]))
    for heading, counts in tables:
        lines += ["", f"{printable(heading)} ({len(counts)})"]
        lines += [f"{count:>9,}  {printable(name)}" for name, count in counts.items()]
    return "\n".join(lines)


def verify_text(report: VerifyReport) -> str:
    """What was looked at, and that nothing is wrong with it."""
    checked = report.checked

    def some(noun: str) -> str:
        return counted(checked.get(f"{noun}s", 0), noun)

    again = f", {counted(checked.get('tokenised', 0), 'article')} tokenised again" if report.deep else ""
    return (
        f"no damage in {printable(report.path)}: {counted(report.articles, 'article')} in "
        f"{counted(report.segments, 'segment')}, "
        f"{some('byte')} under {counted(checked.get('blocks', 0), 'checksum')}, "
        f"{some('term')} with {some('posting')}, "
        f"{counted(checked.get('values', 0), 'stored value')}{again} ({report.took_s:.1f} s)"
    )


def analysis_text(analysis: Analysis) -> str:
    """The folded text and the tokens of both kinds, each with its place."""
    width = columns()
    lines = [f"folded: {printable(analysis.folded)}"]
    for name, tokens in (("words", analysis.words), ("characters", analysis.characters)):
        lines.append(f"{name}:")
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
        return ["  (none)"]
    cell = max(len(ljust(text, 0)) + sum(ord(char) > 0x2E7F for char in text) for text in cells) + 2
    per_line = max(1, (width - 2) // cell)
    return [
        "  " + "".join(ljust(text, cell) for text in cells[at : at + per_line]).rstrip()
        for at in range(0, len(cells), per_line)
    ]
