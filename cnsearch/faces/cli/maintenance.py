"""``stats``, ``verify`` and ``snapshot``: the index as a whole."""

from __future__ import annotations

import click

from cnsearch.errors import IndexUnusableError
from cnsearch.faces.cli.errors import UNUSABLE
from cnsearch.faces.cli.options import index_option, json_option, opened_index, zone_option
from cnsearch.faces.cli.output import print_json, say_error
from cnsearch.faces.messages.spoken import _, _n
from cnsearch.model import printable
from cnsearch.opening import verify_index


@click.command(epilog="Example: cnsearch stats --json")
@index_option
@json_option
@zone_option
def stats(index_path: str, as_json: bool, time_zone: str) -> None:
    """Count articles, sources, categories and tags. And tell about the index."""
    from cnsearch.faces.terminal import stats_text

    with opened_index(index_path, time_zone) as opened:
        found = opened.stats()
    if as_json:
        print_json(dict(found))
    else:
        click.echo(stats_text(found))


@click.command(epilog="Example: cnsearch verify --deep")
@index_option
@click.option("--deep", is_flag=True, help="Tokenise every article again and compare; takes as long as indexing.")
@json_option
def verify(index_path: str, deep: bool, as_json: bool) -> int:
    """Check the whole index: checksums and cross-references. Exit with 3 if anything is damaged, and name it."""
    from cnsearch.faces.terminal import verify_text

    report = verify_index(index_path, deep=deep)
    for error in report.damage:
        say_error(error)
    if as_json:
        print_json(report.to_dict())
    elif report.ok:
        click.echo(verify_text(report))
    return 0 if report.ok else UNUSABLE


@click.command(epilog="Example: cnsearch snapshot ../backup/2021-10-27")
@click.argument("directory", metavar="DIR", type=click.Path())
@index_option
def snapshot(directory: str, index_path: str) -> None:
    """Copy the index to the new folder DIR. It is that of the last commit; a writer may go on meanwhile.

    Takes no room where the file system has hard links. DIR is an index like any other: search it with --index DIR.
    """
    with opened_index(index_path) as opened:
        try:
            opened.snapshot(directory)
        except IndexUnusableError as error:
            if error.code != "folder_not_empty":
                raise
            text = _("the folder {folder} is not empty; name a new one", folder=directory)
            raise click.BadParameter(text, param_hint="DIR") from error
    with opened_index(directory) as copied:
        num = len(copied)
        click.echo(_n("{n} article in {index}", "{n} articles in {index}", num, index=printable(directory)))
