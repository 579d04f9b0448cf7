"""The command line: parse, call ``Index``, print. Results go to stdout; messages and progress to stderr."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from cnsearch import __version__, interrupts
from cnsearch.errors import (
    ArticleNotFoundError,
    CnsearchError,
    IndexLockedError,
    IndexUnusableError,
    QuerySyntaxError,
)

if TYPE_CHECKING:
    from cnsearch.index import Index
    from cnsearch.limits import Limits
    from cnsearch.model import DictionaryReport, SearchResults, UpdateReport

NO_HITS, FAILED, USAGE, UNUSABLE, INTERNAL, LOCKED = 1, 1, 2, 3, 70, 75

F = TypeVar("F", bound=Callable[..., Any])


def main() -> None:
    """The program: every failure is one clear line and an exit code, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        with interrupts.raised():
            code = cli.main(standalone_mode=False, prog_name="cnsearch")
            sys.stdout.flush()
    except click.ClickException as error:
        _show(error)
        code = error.exit_code
    except CnsearchError as error:
        _say_error(error)
        code = _exit_code(error)
    except (click.Abort, KeyboardInterrupt):
        _say("interrupted")
        code = interrupts.INTERRUPTED
    except MemoryError:
        _say("there is not enough memory; index with fewer --jobs, or on a larger machine")
        code = FAILED
    except BrokenPipeError:
        code = _reader_has_seen_enough()
    except OSError as error:
        _say(f"{error.filename or 'error'}: {error.strerror or error}")
        code = FAILED
    except Exception as error:
        if os.environ.get("CNSEARCH_DEBUG"):
            raise
        _say(f"internal error: {type(error).__name__}: {error}. Please report it with what CNSEARCH_DEBUG=1 shows")
        code = INTERNAL
    interrupts.ignore()
    sys.exit(code if isinstance(code, int) else 0)


def _show(error: click.ClickException) -> None:
    """As click does it, but it repeats arguments as they are: names of files, which a shell took from a folder."""
    from cnsearch.model import printable

    text = io.StringIO()
    error.show(text)
    click.echo("\n".join(map(printable, text.getvalue().rstrip("\n").split("\n"))), err=True)


def _reader_has_seen_enough() -> int:
    """The reader of our output has closed it: what is still buffered goes nowhere, and nothing is wrong."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


class _Program(click.Group):
    """Takes a closed pipe for what it is before click does, whose exit code for it would say that there are no hits."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return _reader_has_seen_enough()


def _exit_code(error: CnsearchError) -> int:
    if isinstance(error, IndexLockedError):
        return LOCKED
    if isinstance(error, IndexUnusableError):
        return UNUSABLE
    return NO_HITS if isinstance(error, ArticleNotFoundError) else USAGE


def _say(message: str) -> None:
    from cnsearch.model import printable

    click.echo(f"cnsearch: {printable(message)}", err=True)


def _say_error(error: CnsearchError, about: str = "") -> None:
    from cnsearch.advice import in_commands

    _say(about + in_commands(error))


def _print_json(value: Any) -> None:
    """One line. What JSON may hold as it is, and a terminal would obey, is written as ``\\uXXXX``: nothing is lost."""
    from cnsearch.model import escaped

    click.echo(escaped(json.dumps(value, ensure_ascii=False)))


class _Number(click.FloatRange):
    """A number in a range, in which "nan" is not, though it is neither below nor above."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if number != number:
            self.fail(f"{value!r} is no number.", param, ctx)
        return number


# Options that several commands share

_index_option = click.option(
    "--index",
    "index_path",
    envvar="CNSEARCH_INDEX",
    default="index",
    show_default=True,
    metavar="DIR",
    help="Folder of the index (or set CNSEARCH_INDEX).",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_wait_option = click.option(
    "--wait",
    type=_Number(0),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="Wait so long for another writer.",
)
_zone_option = click.option(
    "--time-zone",
    envvar="CNSEARCH_TIME_ZONE",
    default="Asia/Shanghai",
    show_default=True,
    metavar="NAME",
    help="Time zone of the dates that are shown and given.",
)
_color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour; auto is on a terminal, unless NO_COLOR is set.",
)


def _together(*options: Callable[[F], F]) -> Callable[[F], F]:
    """One decorator that adds all ``options``, in this order in the help."""

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


_filter_options = _together(
    click.option("--source", multiple=True, metavar="NAME", help="Only this source; repeat for alternatives."),
    click.option("--category", multiple=True, metavar="NAME", help="Only this level or leading path (金融/每经网)."),
    click.option("--author", multiple=True, metavar="NAME", help="Only this author."),
    click.option("--tag", multiple=True, metavar="NAME", help="Only this tag or leading path (编程/python)."),
    click.option("--label", multiple=True, metavar="NAME=VALUE", help="Only this value of an own field (language=zh)."),
    click.option("--drafts/--no-drafts", "draft", default=None, help="Only drafts, or none of them."),
    click.option("--since", metavar="DATE", help="Only from this year, month, day or time on (2021-10)."),
    click.option("--until", metavar="DATE", help="Only up to the end of this year, month, day or time."),
)


def _filters(given: Mapping[str, Any]) -> dict[str, Any]:
    """The filters of the command line as the library takes them. Options that were not given do not filter."""
    from cnsearch.model import checked_labels

    labels: dict[str, list[str]] = {}
    for label in given["label"]:
        name, sign, value = label.partition("=")
        if not sign or not name:
            raise click.BadParameter(f"{label!r} is not of the form NAME=VALUE", param_hint="--label")
        labels.setdefault(name, []).append(value)
    try:
        checked_labels(labels, "it")
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--label") from error
    several = {name: given[name] or None for name in ("source", "category", "author", "tag")}
    return {**several, "labels": labels or None, **{name: given[name] for name in ("draft", "since", "until")}}


_page_options = _together(
    click.option("--limit", "-n", type=click.IntRange(0), default=10, show_default=True, help="Hits to show."),
    click.option("--offset", type=click.IntRange(0), default=0, show_default=True, help="Hits to skip."),
)
_form_options = _together(
    click.option(
        "--format",
        "output",
        type=click.Choice(["text", "json", "jsonl", "csv", "html"]),
        default="text",
        show_default=True,
        help="json: one object per query; jsonl: one per hit; html: an article element per hit, escaped.",
    ),
    click.option("--json", "output", flag_value="json", help="Short for --format json."),
    click.option("--html", "output", flag_value="html", help="Short for --format html."),
    click.option("--ansi", "color", flag_value="always", help="Short for --color always."),
    click.option("--count", is_flag=True, help="Print only how many articles match."),
    click.option("--ids", "-l", is_flag=True, help="Print only the ids of the hits, one a line."),
    click.option(
        "--fragments",
        "num_fragments",
        type=click.IntRange(0),
        default=3,
        show_default=True,
        help="Fragments of a snippet, at most.",
    ),
    click.option(
        "--fragment-chars", type=click.IntRange(1), default=80, show_default=True, help="About how long a fragment is."
    ),
)
_explain_option = click.option("--explain", is_flag=True, help="Show what each score is made of.")


def _limits(**given: int | None) -> Limits:
    """The limits that were given, the others as they are by default."""
    from cnsearch.limits import Limits

    try:
        return Limits(**{name: value for name, value in given.items() if value is not None})
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@contextmanager
def _opened(
    index_path: str, time_zone: str = "Asia/Shanghai", synonyms: str | None = None, limits: Limits | None = None
) -> Iterator[Index]:
    from cnsearch.index import open_index

    try:
        index = open_index(index_path, time_zone=time_zone, synonyms=synonyms, limits=limits or _limits())
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--time-zone") from error
    with index:
        yield index


def _colored(choice: str) -> bool:
    if choice == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return choice == "always"


@click.group(
    cls=_Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Begin with: cnsearch index data/ && cnsearch search 数字化转型",
)
@click.version_option(__version__, "--version", prog_name="cnsearch")
def cli() -> None:
    """Full-text search for Chinese articles on disk: no server, one folder."""


@cli.command(epilog="Example: cnsearch index ~/posts --jobs 4")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
@_index_option
@click.option("--rebuild", is_flag=True, help="Build anew beside the old index, then take its place.")
@click.option(
    "--jobs", "-j", type=click.IntRange(1), help="Processes that clean and tokenise.  [default: one per core]"
)
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@click.option("--user-dict", metavar="FILE", help="Words to keep whole, a word a line: the whole user dictionary.")
@click.option(
    "--jsonl", type=click.File("rb"), metavar="FILE", help="Add the records of a JSON Lines file; - is stdin."
)
@_wait_option
@click.option("--max-post-mb", type=click.IntRange(1), help="Larger posts and records fail.  [default: 64]")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out, as .gitignore has it; repeat for more.")
@click.option(
    "--split",
    type=click.Choice(["chapter", "line", "none"]),
    help="A text file is an article for each chapter (第一章), or each line.",
)
@click.option("--source", metavar="NAME", help="Source of articles that name none.")
@click.option("--no-drafts/--drafts", "no_drafts", default=None, help="Leave drafts out, or take them in again.")
@click.option("--explain", is_flag=True, help="Say of each file how it is taken or why not; write nothing.")
@click.option("--strict", is_flag=True, help="Exit with 1 if any input failed.")
@click.option("--watch", is_flag=True, help="Go on, and bring in what changes, until interrupted.")
@_json_option
def index(
    paths: tuple[str, ...],
    index_path: str,
    rebuild: bool,
    jobs: int | None,
    dry_run: bool,
    user_dict: str | None,
    jsonl: IO[bytes] | None,
    wait: float,
    max_post_mb: int | None,
    exclude: tuple[str, ...],
    split: str | None,
    source: str | None,
    no_drafts: bool | None,
    explain: bool,
    strict: bool,
    watch: bool,
    as_json: bool,
) -> int:
    """Bring the index up to date with posts. What is new in PATH is added, what changed replaced, what is gone removed.

    Without PATH: the folders indexed before, or data/ for a new index. --exclude, --split, --source and --no-drafts
    are remembered for PATH; --exclude "", --split none, --source "" and --drafts take them back.
    """
    reading: dict[str, Any] = {
        "exclude": tuple(filter(None, exclude)) if exclude else None,
        "split": "" if split == "none" else split,
        "source": source,
        "drafts": None if no_drafts is None else not no_drafts,
    }
    if jsonl is not None and (explain or any(value is not None for value in reading.values())):
        raise click.UsageError("--jsonl goes with none of --exclude, --split, --source, --no-drafts and --explain")
    if explain and (rebuild or watch):
        raise click.UsageError("--explain writes nothing; it goes with neither --rebuild nor --watch")
    if jsonl is not None and (paths or rebuild):
        raise click.UsageError("--jsonl adds records; it goes with neither PATH nor --rebuild")
    if rebuild and dry_run:
        raise click.UsageError("--dry-run does not go with --rebuild, which reads everything again")
    if watch and (dry_run or jsonl is not None):
        raise click.UsageError("--watch goes with neither --dry-run nor --jsonl")
    limits = _limits(post_bytes=None if max_post_mb is None else max_post_mb * 2**20)
    try:
        if explain:
            return _explain_files(index_path, paths, limits, reading, as_json)
        with _progress() as progress:
            report = _update(
                index_path, paths, rebuild, jobs, dry_run, user_dict, jsonl, wait, limits, reading, progress
            )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    _report(report, index_path, dry_run, as_json)
    if watch:
        return _watch(index_path, jobs, limits, as_json)
    nothing = report.nothing_in or (jsonl is not None and report.failed and not report.read)
    return FAILED if nothing or (strict and report.failed) else 0


def _explain_files(
    index_path: str, paths: tuple[str, ...], limits: Limits, reading: dict[str, Any], as_json: bool
) -> int:
    """One line for each file."""
    from cnsearch.index import open_index
    from cnsearch.model import printable
    from cnsearch.store.opening import Store

    with ExitStack() as stack:
        is_new = not Store.exists(index_path)
        if is_new:  # as if there were an empty one
            index_path = stack.enter_context(TemporaryDirectory(prefix="cnsearch-"))
        opened = stack.enter_context(open_index(index_path, create=is_new, limits=limits))
        if not paths and len(opened) == 0:
            paths = ("data",)
        num_files = 0
        for name, how in opened.explain_files(paths, **reading):
            num_files += 1
            if as_json:
                _print_json({"id": name, "how": how})
            else:
                click.echo(f"{printable(name)}: {printable(how)}")
    return 0 if num_files else FAILED


def _report(report: UpdateReport, index_path: str, dry_run: bool, as_json: bool) -> None:
    from cnsearch.advice import about_failures

    for failure in report.failed:
        _say(f"{failure.path}: {failure.reason}")
    if advice := about_failures([failure.reason for failure in report.failed]):
        _say(f"note: {advice}")
    for warning in report.warnings:
        _say(f"{warning.path}: {warning.reason}")
    for folder in report.left_out:
        name = Path(folder.rpartition(" (")[0]).name
        _say(f"left out: {folder}; to index it anyway, name it, or give --exclude '!{name}/'")
    if report.passed_over:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in report.passed_over.items())
        _say(f"passed over: {kinds}")
    for path in report.nothing_in:
        _say(f"{path}: nothing in it can be read; index --explain says why of each file")
    for note in report.notes:
        _say(f"note: {note}")
    if as_json:
        _print_json(report.to_dict())
    else:
        from cnsearch.render import update_text

        click.echo(update_text(report, index=index_path, dry_run=dry_run))


def _watch(index_path: str, jobs: int | None, limits: Limits, as_json: bool) -> int:
    """Bring in what changes below the indexed folders, until Ctrl-C, which is how this ends."""
    with _opened(index_path, limits=limits) as opened, suppress(KeyboardInterrupt):
        _say(f"watching {', '.join(opened.stats()['folders'])}; end with Ctrl-C")
        for report in opened.watch(jobs=jobs):
            _report(report, index_path, dry_run=False, as_json=as_json)
            sys.stdout.flush()
    return 0


def _update(
    index_path: str,
    paths: tuple[str, ...],
    rebuild: bool,
    jobs: int | None,
    dry_run: bool,
    user_dict: str | None,
    jsonl: IO[bytes] | None,
    wait: float,
    limits: Limits,
    reading: dict[str, Any],
    progress: Callable[[int, int | None], None],
) -> UpdateReport:
    from cnsearch.index import open_index, rebuild_index
    from cnsearch.store.opening import Store

    is_new = not Store.exists(index_path)
    if jsonl is None and not paths and (is_new or (not rebuild and _is_empty(index_path))):
        paths = ("data",)
    for path in paths:
        if not os.path.lexists(path):  # before an index is made for nothing
            raise click.BadParameter(f"there is no file or folder {path}", param_hint="PATH")
    if rebuild:
        opened, report = rebuild_index(
            index_path, paths, user_dict=user_dict, limits=limits, jobs=jobs, wait=wait, progress=progress, **reading
        )
        opened.close()
        return report
    with ExitStack() as stack:
        if dry_run and is_new:  # compare with an empty index, and make none
            index_path = stack.enter_context(TemporaryDirectory(prefix="cnsearch-"))
        own = user_dict if is_new else None
        opened = stack.enter_context(open_index(index_path, create=True, user_dict=own, limits=limits))
        if jsonl is not None:
            name = "stdin" if jsonl.name == "<stdin>" else jsonl.name
            return opened.add_jsonl(
                jsonl, name=name, jobs=jobs, dry_run=dry_run, wait=wait, progress=progress, user_dict=user_dict
            )
        return opened.update(
            paths, jobs=jobs, dry_run=dry_run, wait=wait, progress=progress, user_dict=user_dict, **reading
        )


def _is_empty(index_path: str) -> bool:
    with _opened(index_path) as opened:
        return len(opened) == 0


@contextmanager
def _progress() -> Iterator[Callable[[int, int | None], None]]:
    """A bar on stderr that follows (done, total); nothing where stderr is not a terminal."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    with click.progressbar(length=0, label="indexing", file=sys.stderr, show_pos=True) as bar:

        def show(done: int, total: int | None) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield show


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


@cli.command(cls=_QueryCommand, epilog="Example: cnsearch search 数字化 转型 --source 新浪财经 --since 2021-10")
@click.argument("query", nargs=-1, required=True)
@_index_option
@_filter_options
@click.option(
    "--sort",
    type=click.Choice(["score", "date", "oldest"]),
    default="score",
    show_default=True,
    help="Order; date is the newest first.",
)
@click.option("--oldest", "sort", flag_value="oldest", help="Short for --sort oldest.")
@_page_options
@click.option("--any/--all", "any_word", default=None, help="One word is enough, or all must be there; else most.")
@click.option("--raw", is_flag=True, help="Take the query as words, without operators.")
@click.option(
    "--synonyms",
    envvar="CNSEARCH_SYNONYMS",
    metavar="FILE",
    help="Words that find one another, a group a line (or set CNSEARCH_SYNONYMS).",
)
@_form_options
@click.option(
    "--facet",
    "facets",
    multiple=True,
    metavar="FIELD",
    help="Count all hits by source, category, author, tag, year, month or an own field; repeat for more.",
)
@click.option(
    "--half-life",
    "half_life_days",
    type=_Number(0, min_open=True),
    metavar="DAYS",
    help="Halve a score for each DAYS that an article is older than the newest.",
)
@click.option("--collapse", is_flag=True, help="Fold copies of an article under it; --count still counts them.")
@_explain_option
@click.option("--max-query-chars", type=click.IntRange(1), help="A longer query is cut.  [default: 10,000]")
@click.option("--max-clauses", type=click.IntRange(1), help="Clauses after these are words.  [default: 1,000]")
@click.option("--max-depth", type=click.IntRange(1, 100), help="Deeper parentheses are ignored.  [default: 50]")
@click.option("--max-patterns", type=click.IntRange(1), help="Patterns (词*) after these are words.  [default: 10]")
@click.option("--max-pattern-terms", type=click.IntRange(1), help="Words a pattern stands for.  [default: 10,000]")
@_color_option
@_zone_option
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
    printer = _Printer(output, count, ids, _colored(color), explain)
    batch = query == ("-",)
    found = failed = False
    limits = _limits(
        query_chars=max_query_chars,
        query_clauses=max_clauses,
        query_depth=max_depth,
        query_patterns=max_patterns,
        pattern_terms=max_pattern_terms,
    )
    with _opened(index_path, time_zone, synonyms, limits) as opened:
        for facet in facets:
            if facet not in opened.facet_names and len(opened):
                names = ", ".join(opened.facet_names)
                raise click.BadParameter(f"{facet!r} is not one of {names}", param_hint="--facet")
        for text in _queries(query):
            try:
                results = opened.search(
                    text,
                    **_filters(given),
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
                _say_error(error, f"{text}: ")
                continue
            for note in results.notes:
                _say(f"note: {note}")
            if results.correction:
                _say(f"did you mean: {results.correction}?")
            printer.show(results, opened, heading=batch)
            found = found or results.total > 0
    return USAGE if failed else 0 if found else NO_HITS


@cli.command(epilog="Example: cnsearch similar 金融/每经网/上海2035年.md --limit 5")
@click.argument("article_id", metavar="ID")
@_index_option
@_filter_options
@_page_options
@_form_options
@_explain_option
@_color_option
@_zone_option
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
    printer = _Printer(output, count, ids, _colored(color), explain)
    with _opened(index_path, time_zone) as opened:
        results = opened.similar(
            article_id,
            **_filters(given),
            limit=0 if count else limit,
            offset=offset,
            num_fragments=num_fragments,
            fragment_chars=fragment_chars,
        )
        printer.show(results, opened, heading=False)
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


class _Printer:
    """Prints results in the chosen form, as they come."""

    def __init__(self, output: str, count: bool, ids: bool, color: bool, explain: bool) -> None:
        self._as_json = output in ("json", "jsonl")
        self._output = "count" if count else "ids" if ids else output
        self._color = color
        self._explain = explain
        self._printed = 0

    def show(self, results: SearchResults, index: Index, *, heading: bool) -> None:
        from cnsearch import render
        from cnsearch.model import FORMAT_VERSION, printable

        zone = index.time_zone
        if self._output == "count" and self._as_json:
            _print_json({"version": FORMAT_VERSION, "query": results.query, "total": results.total})
        elif self._output == "count":
            click.echo(f"{results.total}\t{printable(results.query)}" if heading else results.total)
        elif self._output == "ids":
            for hit in results:
                click.echo(f"{printable(results.query)}\t{printable(hit.id)}" if heading else printable(hit.id))
        elif self._output == "json":
            _print_json(results.to_dict(zone, explain=self._explain))
        elif self._output == "jsonl":
            for hit in results:
                query = {"query": results.query} if heading else {}
                _print_json({**query, **hit.to_dict(zone, explain=self._explain)})
        elif self._output == "html":
            click.echo(render.results_html(results, zone=zone))
        elif self._output == "csv":
            text = render.csv_text(
                results, zone=zone, header=not self._printed, query=results.query if heading else None
            )
            if text:
                click.echo(text)
        else:
            if heading:
                click.echo(("\n" if self._printed else "") + f"== {printable(results.query)}")
            text = render.results_text(results, zone=zone, color=self._color, explain=self._explain)
            if text:
                click.echo(text, color=self._color)
            click.echo(render.summary(results), err=True)
        self._printed += 1


@cli.command(epilog="Example: cnsearch show 金融/每经网/上海2035年.md")
@click.argument("article_id", metavar="ID")
@_index_option
@click.option("--raw", is_flag=True, help="Beside it what it was made of, as its file has it now.")
@_json_option
@_color_option
@_zone_option
def show(article_id: str, index_path: str, raw: bool, as_json: bool, color: str, time_zone: str) -> None:
    """Print the whole article with this id, cleaned."""
    from cnsearch.render import article_text, beside_raw

    with _opened(index_path, time_zone) as opened:
        article = opened.get(article_id)
        text = opened.raw(article_id) if raw else ""
        colored = _colored(color)
        if as_json:
            _print_json({**article.to_dict(opened.time_zone), **({"raw": text} if raw else {})})
        elif raw:
            click.echo(beside_raw(article, text, zone=opened.time_zone, color=colored), color=colored)
        else:
            click.echo(article_text(article, zone=opened.time_zone, color=colored), color=colored)


@cli.command(epilog="Example: cnsearch suggest szhzx")
@click.argument("prefix", nargs=-1, required=True)
@_index_option
@click.option("--limit", "-n", type=click.IntRange(0), default=10, show_default=True, help="Suggestions to show.")
@_json_option
def suggest(prefix: tuple[str, ...], index_path: str, limit: int, as_json: bool) -> int:
    """Complete what is typed, in pinyin too. PREFIX is completed with words and phrases of the articles, the most used
    first.

    PREFIX may be Chinese, another script, or pinyin: shuzihua, initials szh, or both shuzihuazx.
    """
    from cnsearch.render import suggestions_text

    text = " ".join(prefix)
    with _opened(index_path) as opened:
        found = opened.suggest(text, limit=limit)
    if as_json:
        _print_json({"version": 1, "prefix": text, "suggestions": [one.to_dict() for one in found]})
    elif found:
        click.echo(suggestions_text(found))
    return 0 if found else NO_HITS


@cli.command(epilog="Example: cnsearch analyze 數位轉型S-300")
@click.argument("text")
@_index_option
@_json_option
def analyze(text: str, index_path: str, as_json: bool) -> None:
    """Show how TEXT is folded and cut. The tokenizer is that of the index, if there is one."""
    from cnsearch.index import analyze_text
    from cnsearch.store.opening import Store

    if Store.exists(index_path):
        with _opened(index_path) as opened:
            analysis = opened.analyze(text)
    else:
        analysis = analyze_text(text)
    if as_json:
        _print_json(analysis.to_dict())
    else:
        from cnsearch.render import analysis_text

        click.echo(analysis_text(analysis))


@cli.group("dict", epilog="Example: cnsearch dict add 云计算")
def dictionary() -> None:
    """Change the user dictionary: words that are kept whole.

    Only the articles that contain a word are tokenised again, in one commit with the dictionary.
    """


def _dictionary_command(name: str, example: str) -> Callable[[F], F]:
    """A command of WORDs that changes the dictionary."""

    def decorate(command: F) -> F:
        for option in (
            _json_option,
            _wait_option,
            click.option("--dry-run", is_flag=True, help="Say how many articles would be touched; write nothing."),
            click.option(
                "--jobs", "-j", type=click.IntRange(1), help="Processes that tokenise.  [default: one per core]"
            ),
            _index_option,
            click.argument("words", nargs=-1, required=True, metavar="WORD..."),
        ):
            command = option(command)
        dictionary.command(name, epilog=f"Example: cnsearch dict {example}")(command)
        return command

    return decorate


@_dictionary_command("add", "add 云计算 区块链")
@click.option(
    "--freq", type=click.IntRange(0), metavar="N", help="Frequency of each; 0: never cut it so.  [default: high enough]"
)
def dict_add(
    words: tuple[str, ...],
    freq: int | None,
    index_path: str,
    dry_run: bool,
    jobs: int | None,
    wait: float,
    as_json: bool,
) -> int:
    """Keep each WORD whole from now on."""

    def change(index: Index, **options: Any) -> DictionaryReport:
        return index.add_words(words, frequency=freq, **options)

    return _change_dictionary(change, index_path, dry_run=dry_run, jobs=jobs, wait=wait, as_json=as_json)


@_dictionary_command("remove", "remove 云计算")
def dict_remove(
    words: tuple[str, ...], index_path: str, dry_run: bool, jobs: int | None, wait: float, as_json: bool
) -> int:
    """Take each WORD out again. Exit with 1 if one is not in the user dictionary."""

    def change(index: Index, **options: Any) -> DictionaryReport:
        return index.remove_words(words, **options)

    return _change_dictionary(change, index_path, dry_run=dry_run, jobs=jobs, wait=wait, as_json=as_json)


def _change_dictionary(
    change: Callable[..., DictionaryReport],
    index_path: str,
    *,
    dry_run: bool,
    jobs: int | None,
    wait: float,
    as_json: bool,
) -> int:
    from cnsearch.render import dictionary_text

    with _opened(index_path) as opened, _progress() as progress:
        try:
            report = change(opened, dry_run=dry_run, jobs=jobs, wait=wait, progress=progress)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    for word in report.present:
        _say(f"{word} is in the user dictionary already")
    for word in report.absent:
        _say(f"{word} is not in the user dictionary")
    if as_json:
        _print_json(report.to_dict())
    else:
        click.echo(dictionary_text(report, dry_run=dry_run))
    return FAILED if report.absent else 0


@dictionary.command("list", epilog="Example: cnsearch dict list > words.txt")
@_index_option
@_json_option
def dict_list(index_path: str, as_json: bool) -> None:
    """Print the user dictionary. A word a line with its frequency, as index --user-dict reads it."""
    from cnsearch.model import FORMAT_VERSION, printable

    with _opened(index_path) as opened:
        words = opened.user_words
    if as_json:
        entries = [{"word": word, "frequency": frequency} for word, frequency in words.items()]
        _print_json({"version": FORMAT_VERSION, "words": entries})
        return
    for word, frequency in words.items():
        click.echo(printable(word if frequency is None else f"{word} {frequency}"))


@cli.command(epilog="Example: cnsearch stats --json")
@_index_option
@_json_option
@_zone_option
def stats(index_path: str, as_json: bool, time_zone: str) -> None:
    """Count articles, sources, categories and tags. And tell about the index."""
    from cnsearch.render import stats_text

    with _opened(index_path, time_zone) as opened:
        found = opened.stats()
    if as_json:
        _print_json(dict(found))
    else:
        click.echo(stats_text(found))


@cli.command(epilog="Example: cnsearch verify --deep")
@_index_option
@click.option("--deep", is_flag=True, help="Tokenise every article again and compare; takes as long as indexing.")
@_json_option
def verify(index_path: str, deep: bool, as_json: bool) -> int:
    """Check the whole index: checksums and cross-references. Exit with 3 if anything is damaged, and name it."""
    from cnsearch.render import verify_text
    from cnsearch.store.verify import verify_path

    report = verify_path(index_path, deep=deep)
    for error in report.damage:
        _say_error(error)
    if as_json:
        _print_json(report.to_dict())
    elif report.ok:
        click.echo(verify_text(report))
    return 0 if report.ok else UNUSABLE


@cli.command(epilog="Example: cnsearch snapshot ../backup/2021-10-27")
@click.argument("directory", metavar="DIR", type=click.Path())
@_index_option
def snapshot(directory: str, index_path: str) -> None:
    """Copy the index to the new folder DIR. It is that of the last commit; a writer may go on meanwhile.

    Takes no room where the file system has hard links. DIR is an index like any other: search it with --index DIR.
    """
    from cnsearch.model import printable

    with _opened(index_path) as opened:
        try:
            opened.snapshot(directory)
        except IndexUnusableError as error:
            if error.code != "folder_not_empty":
                raise
            text = f"the folder {directory} is not empty; name a new one"
            raise click.BadParameter(text, param_hint="DIR") from error
    with _opened(directory) as copied:
        click.echo(f"{len(copied):,} articles in {printable(directory)}")
