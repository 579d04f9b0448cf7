"""The options of a search, made from the fields of ``SearchRequest`` and ``Limits``.

Defaults, choices, bounds and help lines are theirs; here stands how an option is spelt, and how what was given on the
command line becomes their arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from cnsearch.faces.cli.options import F, Number, together
from cnsearch.faces.messages.spoken import _, translated
from cnsearch.limits import LIMITS, Limits
from cnsearch.model import checked_labels
from cnsearch.request import ARGUMENTS, Argument, Kind

_SPELT = {
    "labels": "--label",
    "draft": "--drafts/--no-drafts",
    "match": "--any/--all",
    "facets": "--facet",
    "half_life_days": "--half-life",
    "num_fragments": "--fragments",
    "query_chars": "--max-query-chars",
    "query_clauses": "--max-clauses",
    "query_depth": "--max-depth",
    "query_patterns": "--max-patterns",
    "pattern_terms": "--max-pattern-terms",
    "post_bytes": "--max-post-mb",
}
"""Field -> its option, where that is not the name with dashes."""
_SHORT = {"limit": ("-n",)}
_METAVARS: Mapping[Kind, str] = {
    "texts": "NAME",
    "labels": "NAME=VALUE",
    "names": "FIELD",
    "moment": "DATE",
    "number": "DAYS",
}
_ALSO = {"collapse": "; --count still counts them"}
"""Field -> what its help says about other options."""


def argument_option(name: str) -> Callable[[F], F]:
    """The option for the field ``name`` of ``SearchRequest``; a command gets it under this name."""
    about = ARGUMENTS[name]
    spelt = (_SPELT.get(name, f"--{name.replace('_', '-')}"), *_SHORT.get(name, ()))
    text = f"{about.help.removesuffix('.')}{_ALSO.get(name, '')}."
    return click.option(*spelt, name, help=text, metavar=_METAVARS.get(about.kind), **_as_click(about, spelt[0]))


def argument_options(*names: str) -> Callable[[F], F]:
    """The options for several fields, in this order in the help."""
    return together(*map(argument_option, names))


def _as_click(about: Argument, spelt: str) -> dict[str, Any]:
    """How click is told of an argument of this kind."""
    if "/" in spelt:  # one flag, or the other, or neither
        return {"default": None}
    if about.kind in ("texts", "labels", "names"):
        return {"multiple": True}
    if about.kind == "flag":
        return {"is_flag": True}
    if about.kind == "number":
        return {"type": Number(about.above, min_open=True)}
    if about.kind == "choice":
        return {"type": click.Choice(about.choices), "default": about.default, "show_default": True}
    if about.kind == "count":
        return {"type": click.IntRange(about.least), "default": about.default, "show_default": True}
    return {}


def limit_option(name: str) -> Callable[[F], F]:
    """The option for the field ``name`` of ``Limits``; its value is None where the default is to hold."""
    about = LIMITS[name]
    default, most = about.default, about.most
    if name == "post_bytes":  # by the megabyte; ``Limits`` says what is too much
        default, most = default // 2**20, None
    text = f"{about.help}  [default: {default:,}]"
    return click.option(_SPELT[name], name, type=click.IntRange(1, most), help=text)


filter_options = argument_options(*(name for name, about in ARGUMENTS.items() if about.filters))
page_options = argument_options("limit", "offset")
fragment_options = argument_options("num_fragments", "fragment_chars")
query_limit_options = together(*(limit_option(name) for name in LIMITS if name != "post_bytes"))


def arguments_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a ``SearchRequest``, of what was given by options.

    Raises BadParameter for a label that is none.
    """
    return {name: _read(ARGUMENTS[name], value) for name, value in given.items() if name in ARGUMENTS}


def _read(about: Argument, given: Any) -> Any:
    if about.name == "match":
        return about.default if given is None else "any" if given else "all"
    if about.kind == "labels":
        return _labels(given) or None
    if about.kind == "texts":
        return given or None  # an option that was not given does not filter
    return tuple(dict.fromkeys(given)) if about.kind == "names" else given


def _labels(given: tuple[str, ...]) -> dict[str, list[str]]:
    labels: dict[str, list[str]] = {}
    for label in given:
        name, sign, value = label.partition("=")
        if not sign or not name:
            raise click.BadParameter(
                _("{label} is not of the form NAME=VALUE", label=repr(label)), param_hint="--label"
            )
        labels.setdefault(name, []).append(value)
    try:
        checked_labels(labels, "it")
    except ValueError as error:
        raise click.BadParameter(translated(str(error)), param_hint="--label") from error
    return labels


def limits_of(given: Mapping[str, Any]) -> Limits:
    """The limits that were given by options, the others as they are by default."""
    limits = {name: value for name, value in given.items() if name in LIMITS and value is not None}
    if "post_bytes" in limits:
        limits["post_bytes"] *= 2**20
    try:
        return Limits(**limits)
    except ValueError as error:
        raise click.UsageError(translated(str(error))) from error
