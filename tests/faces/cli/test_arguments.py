"""The options of a search are those of the request: none is missing, and defaults and choices are the same."""

from __future__ import annotations

import click
import pytest

from cnsearch.faces.cli.arguments import arguments_of, limits_of
from cnsearch.faces.cli.indexing import index
from cnsearch.faces.cli.program import cli
from cnsearch.faces.cli.searching import search, similar
from cnsearch.faces.formats import FORMATS
from cnsearch.limits import LIMITS, Limits
from cnsearch.request import ARGUMENTS, SearchRequest


def given_by(command: click.Command, *args: str) -> dict[str, object]:
    """What the command gets for these arguments."""
    return command.make_context(command.name, list(args), **cli.context_settings).params


def test_every_field_of_a_request_is_an_option() -> None:
    names = {param.name for param in search.params}
    assert set(ARGUMENTS) <= names
    assert set(LIMITS) - {"post_bytes"} <= names
    assert "post_bytes" in {param.name for param in index.params}


@pytest.mark.parametrize("command", [search, similar], ids=["search", "similar"])
def test_options_that_were_not_given_change_nothing(command: click.Command) -> None:
    given = given_by(command, "江豚")
    given.pop("query", None)
    assert SearchRequest("江豚", **arguments_of(given)) == SearchRequest("江豚")  # type: ignore[arg-type]
    assert limits_of(given) == Limits()


def test_each_option_is_the_argument_of_its_name() -> None:
    given = given_by(
        search,
        *(
            "江豚",
            "--source",
            "甲",
            "--source",
            "乙",
            "--label",
            "language=zh",
            "--label",
            "language=en",
            "--no-drafts",
        ),
        *("--since", "2021", "--oldest", "-n", "3", "--offset", "4", "--all", "--raw", "--facet", "year"),
        *("--facet", "year", "--half-life", "30", "--fragments", "1", "--fragment-chars", "20", "--collapse"),
        *("--max-clauses", "5"),
    )
    given.pop("query")
    assert arguments_of(given) == {
        "source": ("甲", "乙"),
        "category": None,
        "author": None,
        "tag": None,
        "labels": {"language": ["zh", "en"]},
        "draft": False,
        "since": "2021",
        "until": None,
        "sort": "oldest",
        "limit": 3,
        "offset": 4,
        "match": "all",
        "raw": True,
        "facets": ("year",),
        "half_life_days": 30,
        "num_fragments": 1,
        "fragment_chars": 20,
        "collapse": True,
    }
    assert limits_of(given) == Limits(query_clauses=5)


def test_help_names_the_choices_and_the_defaults() -> None:
    with click.Context(search, **cli.context_settings, max_content_width=1_000, terminal_width=1_000) as context:
        text = search.get_help(context)
    for about in ARGUMENTS.values():
        if about.name != "query":
            assert about.help.removesuffix(".") in text
        if about.kind == "choice" and about.name != "match":
            assert f"[{'|'.join(about.choices)}]" in text
    for limit in LIMITS.values():
        assert limit.name == "post_bytes" or f"{limit.help}  [default: {limit.default:,}" in text
    assert f"[{'|'.join(FORMATS)}]" in text


@pytest.mark.parametrize("label", ["language", "=zh", "so urce=x"])
def test_a_label_that_is_none(label: str) -> None:
    with pytest.raises(click.BadParameter):
        arguments_of({"labels": (label,)})


def test_a_limit_that_cannot_be() -> None:
    with pytest.raises(click.UsageError, match="at most"):
        limits_of({"post_bytes": 2**20})
