"""``search``, ``similar`` and ``suggest``: what finds articles."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import click

from cnsearch.errors import QuerySyntaxError
from cnsearch.faces.cli.errors import NO_HITS, USAGE
from cnsearch.faces.cli.options import (
    Number,
    color_option,
    explain_option,
    filter_options,
    filters,
    form_options,
    index_option,
    json_option,
    limits_of,
    opened_index,
    page_options,
    zone_option,
)
from cnsearch.faces.cli.output import Printer, colored, print_json, say, say_error


class _QueryCommand(click.Command):
    """Takes ``-北京``, ``-AI`` and ``-nginx`` for words of the query: what is no option goes behind ``--``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options, words = self._split(ctx, args)
        return super().parse_args(ctx, [*options, "--", *words] if words else options)

    def _split(self, ctx: click.Context, args: list[str]) -> tuple[list[str], list[str]]:
        """(options with their values, words of the query), each in the order given."""
        known = {
            name: not (option.is_flag or option.count)  # whether it takes a value
            for option in self.get_params(ctx)
            if isinstance(option, click.Option)
            for name in (*option.opts, *option.secondary_opts)
        }
        options: list[str] = []
        words: list[str] = []
        rest = iter(args)
        for arg in rest:
            if arg == "--":
                words += rest
            elif arg.startswith("--"):
                options.append(arg)
                if known.get(arg):
                    options += islice(rest, 1)
            elif _is_short(arg, known):
                options.append(arg)
                if known.get(f"-{arg[-1]}"):
                    options += islice(rest, 1)
            else:
                words.append(arg)
        return options, words


def _is_short(arg: str, known: Mapping[str, bool]) -> bool:
    """Whether ``arg`` is short options: flags, then perhaps one with a number (``-l``, ``-n5``, ``-ln5``)."""
    if not arg.startswith("-") or arg == "-":
        return False
    for at, char in enumerate(arg[1:], start=1):
        takes_value = known.get(f"-{char}")
        if takes_value is None:
            return False
        if takes_value:
            return at + 1 == len(arg) or arg[at + 1 :].isdecimal()
    return True


@click.command(cls=_QueryCommand, epilog="Example: cnsearch search 数字化 转型 --source 新浪财经 --since 2021-10")
@click.argument("query", nargs=-1, required=True)
@index_option
@filter_options
@click.option(
    "--sort",
    type=click.Choice(["score", "date", "oldest"]),
    default="score",
    show_default=True,
    help="Order; date is the newest first.",
)
@click.option("--oldest", "sort", flag_value="oldest", help="Short for --sort oldest.")
@page_options
@click.option("--any/--all", "any_word", default=None, help="One word is enough, or all must be there; else most.")
@click.option("--raw", is_flag=True, help="Take the query as words, without operators.")
@click.option(
    "--synonyms",
    envvar="CNSEARCH_SYNONYMS",
    metavar="FILE",
    help="Words that find one another, a group a line (or set CNSEARCH_SYNONYMS).",
)
@form_options
@click.option(
    "--facet",
    "facets",
    multiple=True,
    metavar="FIELD",
    help="Count all hits by source, category, category_path, author, tag, year, month or an own field; repeat.",
)
@click.option(
    "--half-life",
    "half_life_days",
    type=Number(0, min_open=True),
    metavar="DAYS",
    help="Halve a score for each DAYS that an article is older than the newest.",
)
@click.option("--collapse", is_flag=True, help="Fold copies of an article under it; --count still counts them.")
@explain_option
@click.option("--max-query-chars", type=click.IntRange(1), help="A longer query is cut.  [default: 10,000]")
@click.option("--max-clauses", type=click.IntRange(1), help="Clauses after these are words.  [default: 1,000]")
@click.option("--max-depth", type=click.IntRange(1, 100), help="Deeper parentheses are ignored.  [default: 50]")
@click.option("--max-patterns", type=click.IntRange(1), help="Patterns (词*) after these are words.  [default: 10]")
@click.option("--max-pattern-terms", type=click.IntRange(1), help="Words a pattern stands for.  [default: 10,000]")
@color_option
@zone_option
def search(
    query: tuple[str, ...],
    index_path: str,
    sort: str,
    limit: int,
    offset: int,
    any_word: bool | None,
    raw: bool,
    synonyms: str | None,
    output: str,
    count: bool,
    ids: bool,
    facets: tuple[str, ...],
    half_life_days: float | None,
    collapse: bool,
    explain: bool,
    num_fragments: int,
    fragment_chars: int,
    max_query_chars: int | None,
    max_clauses: int | None,
    max_depth: int | None,
    max_patterns: int | None,
    max_pattern_terms: int | None,
    color: str,
    time_zone: str,
    **given: Any,
) -> int:
    """Search for QUERY; - reads a query a line from stdin.

    \b
    词 词            articles with most of the words, the best first
    "原文"           this text, exactly
    +词 -词          must be there, must not
    AND OR NOT | ()  the same in words
    source: category: author: tag: title: date:2021-10..2021-12
    词* w?ldcard     words that begin so, or look so
    """
    printer = Printer(output, count, ids, colored(color), explain)
    batch = query == ("-",)
    found = failed = False
    limits = limits_of(
        query_chars=max_query_chars,
        query_clauses=max_clauses,
        query_depth=max_depth,
        query_patterns=max_patterns,
        pattern_terms=max_pattern_terms,
    )
    with opened_index(index_path, time_zone, synonyms, limits) as opened:
        for facet in facets:
            if facet not in opened.facet_names and len(opened):
                names = ", ".join(opened.facet_names)
                raise click.BadParameter(f"{facet!r} is not one of {names}", param_hint="--facet")
        for text in _queries(query):
            try:
                results = opened.search(
                    text,
                    **filters(given),
                    sort=sort,  # type: ignore[arg-type]  # click has checked it
                    limit=0 if count else limit,
                    offset=offset,
                    match="most" if any_word is None else "any" if any_word else "all",
                    raw=raw,
                    facets=tuple(dict.fromkeys(facets)),
                    half_life_days=half_life_days,
                    num_fragments=num_fragments,
                    fragment_chars=fragment_chars,
                    collapse=collapse,
                )
            except QuerySyntaxError as error:
                if not batch:
                    raise
                failed = True
                say_error(error, f"{text}: ")
                continue
            for note in results.notes:
                say(f"note: {note}")
            if results.correction:
                say(f"did you mean: {results.correction}?")
            printer.show(results, opened.time_zone, heading=batch)
            found = found or results.total > 0
    return USAGE if failed else 0 if found else NO_HITS


@click.command(epilog="Example: cnsearch similar 金融/每经网/上海2035年.md --limit 5")
@click.argument("article_id", metavar="ID")
@index_option
@filter_options
@page_options
@form_options
@explain_option
@color_option
@zone_option
def similar(
    article_id: str,
    index_path: str,
    limit: int,
    offset: int,
    output: str,
    count: bool,
    ids: bool,
    num_fragments: int,
    fragment_chars: int,
    explain: bool,
    color: str,
    time_zone: str,
    **given: Any,
) -> int:
    """Find articles like the one with this id. They share its weightiest terms."""
    printer = Printer(output, count, ids, colored(color), explain)
    with opened_index(index_path, time_zone) as opened:
        results = opened.similar(
            article_id,
            **filters(given),
            limit=0 if count else limit,
            offset=offset,
            num_fragments=num_fragments,
            fragment_chars=fragment_chars,
        )
        printer.show(results, opened.time_zone, heading=False)
    return 0 if results.total else NO_HITS


def _queries(words: tuple[str, ...]) -> Iterable[str]:
    """The one query of the command line, or the lines of stdin for "-"."""
    if words != ("-",):
        yield " ".join(words)
        return
    for line in sys.stdin.buffer:
        text = line.decode("utf-8", "replace").strip()
        if text:
            yield text


@click.command(epilog="Example: cnsearch suggest szhzx")
@click.argument("prefix", nargs=-1, required=True)
@index_option
@click.option("--limit", "-n", type=click.IntRange(0), default=10, show_default=True, help="Suggestions to show.")
@json_option
def suggest(prefix: tuple[str, ...], index_path: str, limit: int, as_json: bool) -> int:
    """Complete what is typed, in pinyin too. PREFIX is completed with words and phrases of the articles, the most used
    first.

    PREFIX may be Chinese, another script, or pinyin: shuzihua, initials szh, or both shuzihuazx.
    """
    from cnsearch.faces.terminal import suggestions_text

    text = " ".join(prefix)
    with opened_index(index_path) as opened:
        found = opened.suggest(text, limit=limit)
    if as_json:
        print_json({"version": 1, "prefix": text, "suggestions": [one.to_dict() for one in found]})
    elif found:
        click.echo(suggestions_text(found))
    return 0 if found else NO_HITS
