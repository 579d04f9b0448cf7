"""Options that several commands share, and what the library is given for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from cnsearch.faces.formats import FORMATS
from cnsearch.index import Index, open_index
from cnsearch.limits import Limits
from cnsearch.model import checked_labels

F = TypeVar("F", bound=Callable[..., Any])


class Number(click.FloatRange):
    """A number in a range, in which "nan" is not, though it is neither below nor above."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if number != number:
            self.fail(f"{value!r} is no number.", param, ctx)
        return number


index_option = click.option(
    "--index",
    "index_path",
    envvar="CNSEARCH_INDEX",
    default="index",
    show_default=True,
    metavar="DIR",
    help="Folder of the index (or set CNSEARCH_INDEX).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
wait_option = click.option(
    "--wait",
    type=Number(0),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="Wait so long for another writer.",
)
zone_option = click.option(
    "--time-zone",
    envvar="CNSEARCH_TIME_ZONE",
    default="Asia/Shanghai",
    show_default=True,
    metavar="NAME",
    help="Time zone of the dates that are shown and given.",
)
color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Colour; auto is on a terminal, unless NO_COLOR is set.",
)


def together(*options: Callable[[F], F]) -> Callable[[F], F]:
    """One decorator that adds all ``options``, in this order in the help."""

    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


filter_options = together(
    click.option("--source", multiple=True, metavar="NAME", help="Only this source; repeat for alternatives."),
    click.option("--category", multiple=True, metavar="NAME", help="Only this level or leading path (金融/每经网)."),
    click.option("--author", multiple=True, metavar="NAME", help="Only this author."),
    click.option("--tag", multiple=True, metavar="NAME", help="Only this tag or leading path (编程/python)."),
    click.option("--label", multiple=True, metavar="NAME=VALUE", help="Only this value of an own field (language=zh)."),
    click.option("--drafts/--no-drafts", "draft", default=None, help="Only drafts, or none of them."),
    click.option("--since", metavar="DATE", help="Only from this year, month, day or time on (2021-10)."),
    click.option("--until", metavar="DATE", help="Only up to the end of this year, month, day or time."),
)


def filters(given: Mapping[str, Any]) -> dict[str, Any]:
    """The filters of the command line as the library takes them. Options that were not given do not filter."""
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


page_options = together(
    click.option("--limit", "-n", type=click.IntRange(0), default=10, show_default=True, help="Hits to show."),
    click.option("--offset", type=click.IntRange(0), default=0, show_default=True, help="Hits to skip."),
)
form_options = together(
    click.option(
        "--format",
        "output",
        type=click.Choice(list(FORMATS)),
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
explain_option = click.option("--explain", is_flag=True, help="Show what each score is made of.")


def limits_of(**given: int | None) -> Limits:
    """The limits that were given, the others as they are by default."""
    try:
        return Limits(**{name: value for name, value in given.items() if value is not None})
    except ValueError as error:
        raise click.UsageError(str(error)) from error


@contextmanager
def opened_index(
    index_path: str, time_zone: str = "Asia/Shanghai", synonyms: str | None = None, limits: Limits | None = None
) -> Iterator[Index]:
    """The index of a command, closed at its end."""
    try:
        index = open_index(index_path, time_zone=time_zone, synonyms=synonyms, limits=limits or limits_of())
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--time-zone") from error
    with index:
        yield index
