"""Options that several commands share, and what the library is given for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from cnsearch.faces.formats import FORMATS
from cnsearch.faces.messages.spoken import _, translated
from cnsearch.index import Index
from cnsearch.limits import DEFAULT_LIMITS, Limits
from cnsearch.opening import open_index
from cnsearch.query.dates import DEFAULT_ZONE

F = TypeVar("F", bound=Callable[..., Any])


class Number(click.FloatRange):
    """A number in a range, in which "nan" is not, though it is neither below nor above."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if number != number:
            self.fail(_("{value} is no number", value=repr(value)), param, ctx)
        return number


index_option = click.option(
    "--index",
    "index_path",
    envvar="CNSEARCH_INDEX",
    default="index",
    show_default=True,
    metavar="DIR",
    help="Folder of the index, or opensearch+https://host:port/name (or set CNSEARCH_INDEX).",
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
    default=DEFAULT_ZONE,
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


form_options = together(
    click.option(
        "--format",
        "output",
        type=click.Choice(list(FORMATS)),
        default=next(iter(FORMATS)),
        show_default=True,
        help="json: one object per query; jsonl: one per hit; html: an article element per hit, escaped.",
    ),
    click.option("--json", "output", flag_value="json", help="Short for --format json."),
    click.option("--html", "output", flag_value="html", help="Short for --format html."),
    click.option("--ansi", "color", flag_value="always", help="Short for --color always."),
    click.option("--count", is_flag=True, help="Print only how many articles match."),
    click.option("--ids", "-l", is_flag=True, help="Print only the ids of the hits, one a line."),
)
explain_option = click.option("--explain", is_flag=True, help="Show what each score is made of.")


@contextmanager
def opened_index(
    index_path: str, time_zone: str = DEFAULT_ZONE, synonyms: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Iterator[Index]:
    """The index of a command, closed at its end."""
    try:
        index = open_index(index_path, time_zone=time_zone, synonyms=synonyms, limits=limits)
    except ValueError as error:
        raise click.BadParameter(translated(str(error)), param_hint="--time-zone") from error
    with index:
        yield index
