"""``copy``: the articles of one index into another."""

from __future__ import annotations

import click

from cnsearch.faces.cli.errors import FAILED
from cnsearch.faces.cli.options import json_option, wait_option
from cnsearch.faces.cli.output import print_json, progress, say
from cnsearch.faces.messages.spoken import about
from cnsearch.opening import copy_index


@click.command(epilog="Example: cnsearch copy index opensearch+http://localhost:9200/articles")
@click.argument("source", metavar="FROM", type=click.Path())
@click.argument("target", metavar="TO", type=click.Path())
@click.option(
    "--jobs", "-j", type=click.IntRange(1), metavar="N", help="Processes that tokenise.  [default: one per core]"
)
@wait_option
@json_option
def copy(source: str, target: str, jobs: int | None, wait: float, as_json: bool) -> int:
    """Copy the articles of index FROM into index TO. Each is a folder or an address of OpenSearch.

    TO is made if it is not there. What it has already is left alone, so a copy that was broken off goes on.
    """
    from cnsearch.faces.terminal import update_text

    with progress() as follow:
        report = copy_index(source, target, jobs=jobs, wait=wait, progress=follow)
    for failure in report.failed:
        say(about(failure.path, failure.reason))
    if as_json:
        print_json(report.to_dict())
    else:
        click.echo(update_text(report, index=target, dry_run=False))
    return FAILED if report.failed else 0
