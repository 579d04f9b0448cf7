"""``search``, ``similar`` and ``suggest``: what finds articles."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import click

from cnsearch.errors import QuerySyntaxError
from cnsearch.faces.cli.arguments import (
    argument_option,
    argument_options,
    arguments_of,
    filter_options,
    fragment_options,
    limits_of,
    page_options,
    query_limit_options,
)
from cnsearch.faces.cli.errors import NO_HITS, USAGE
from cnsearch.faces.cli.options import (
    color_option,
    explain_option,
    form_options,
    index_option,
    json_option,
    opened_index,
    zone_option,
)
from cnsearch.faces.cli.output import Printer, colored, print_json, say, say_error
from cnsearch.faces.messages.spoken import _, spoken
from cnsearch.index import Index
from cnsearch.model import FORMAT_VERSION
from cnsearch.request import ARGUMENTS, SearchRequest


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
@argument_option("sort")
@click.option("--oldest", "sort", flag_value="oldest", help="Short for --sort oldest.")
@page_options
@argument_options("match", "raw")
@click.option(
    "--synonyms",
    envvar="CNSEARCH_SYNONYMS",
    metavar="FILE",
    help="Words that find one another, a group a line (or set CNSEARCH_SYNONYMS).",
)
@form_options
@fragment_options
@argument_options("facets", "half_life_days", "collapse")
@explain_option
@query_limit_options
@color_option
@zone_option
def search(
    query: tuple[str, ...],
    index_path: str,
    synonyms: str | None,
    output: str,
    count: bool,
    ids: bool,
    explain: bool,
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
    with opened_index(index_path, time_zone, synonyms, limits_of(given)) as opened:
        _require_facets(given["facets"], opened)
        arguments = arguments_of(given)
        if count:
            arguments["limit"] = 0
        for text in _queries(query):
            try:
                results = opened.search(SearchRequest(text, **arguments))
            except QuerySyntaxError as error:
                if not batch:
                    raise
                failed = True
                say_error(error, f"{text}: ")
                continue
            for note in results.notes:
                say(_("note: {note}", note=spoken().translated(note)))
            if results.correction:
                say(_("did you mean: {text}?", text=results.correction))
            printer.show(results, opened.time_zone, heading=batch)
            found = found or results.total > 0
    return USAGE if failed else 0 if found else NO_HITS


@click.command(epilog="Example: cnsearch similar 金融/每经网/上海2035年.md --limit 5")
@click.argument("article_id", metavar="ID")
@index_option
@filter_options
@page_options
@form_options
@fragment_options
@explain_option
@color_option
@zone_option
def similar(
    article_id: str,
    index_path: str,
    output: str,
    count: bool,
    ids: bool,
    explain: bool,
    color: str,
    time_zone: str,
    **given: Any,
) -> int:
    """Find articles like the one with this id. They share its weightiest terms."""
    printer = Printer(output, count, ids, colored(color), explain)
    with opened_index(index_path, time_zone) as opened:
        arguments = arguments_of(given)
        if count:
            arguments["limit"] = 0
        results = opened.similar(article_id, **arguments)
        printer.show(results, opened.time_zone, heading=False)
    return 0 if results.total else NO_HITS


def _require_facets(names: tuple[str, ...], opened: Index) -> None:
    """Raises BadParameter for a name of no facet, unless the index is empty."""
    for name in names:
        if name not in opened.facet_names and len(opened):
            known = ", ".join(opened.facet_names)
            raise click.BadParameter(
                _("{name} is not one of {known}", name=repr(name), known=known), param_hint="--facet"
            )


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
@click.option(
    "--limit",
    "-n",
    type=click.IntRange(0),
    default=ARGUMENTS["limit"].default,
    show_default=True,
    help="Suggestions to show.",
)
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
        print_json({"version": FORMAT_VERSION, "prefix": text, "suggestions": [one.to_dict() for one in found]})
    elif found:
        click.echo(suggestions_text(found))
    return 0 if found else NO_HITS
