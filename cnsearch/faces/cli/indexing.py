"""``index``: bring the index up to date, once or for as long as it watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import click

from cnsearch.faces.advice import about_failures, about_file, said_of_file
from cnsearch.faces.cli.arguments import limit_option, limits_of
from cnsearch.faces.cli.errors import FAILED
from cnsearch.faces.cli.options import index_option, json_option, opened_index, wait_option
from cnsearch.faces.cli.output import print_json, progress, say
from cnsearch.faces.messages.spoken import _, about, translated
from cnsearch.limits import Limits
from cnsearch.model import UpdateReport, printable
from cnsearch.opening import index_exists, open_index, rebuild_index
from cnsearch.settings import SPLITS


@click.command(epilog="Example: cnsearch index ~/posts --jobs 4")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path())
@index_option
@click.option("--rebuild", is_flag=True, help="Build anew beside the old index, then take its place.")
@click.option(
    "--jobs", "-j", type=click.IntRange(1), help="Processes that clean and tokenise.  [default: one per core]"
)
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@click.option("--user-dict", metavar="FILE", help="Words to keep whole, a word a line: the whole user dictionary.")
@click.option(
    "--jsonl", type=click.File("rb"), metavar="FILE", help="Add the records of a JSON Lines file; - is stdin."
)
@wait_option
@limit_option("post_bytes")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Leave out, as .gitignore has it; repeat for more.")
@click.option(
    "--split",
    type=click.Choice([*SPLITS, "none"]),
    help="A text file is an article for each chapter (第一章), or each line.",
)
@click.option("--source", metavar="NAME", help="Source of articles that name none.")
@click.option("--no-drafts/--drafts", "no_drafts", default=None, help="Leave drafts out, or take them in again.")
@click.option("--explain", is_flag=True, help="Say of each file how it is taken or why not; write nothing.")
@click.option("--strict", is_flag=True, help="Exit with 1 if any input failed.")
@click.option("--watch", is_flag=True, help="Go on, and bring in what changes, until interrupted.")
@json_option
def index(
    paths: tuple[str, ...],
    index_path: str,
    rebuild: bool,
    jobs: int | None,
    dry_run: bool,
    user_dict: str | None,
    jsonl: IO[bytes] | None,
    wait: float,
    post_bytes: int | None,
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
        raise click.UsageError(_("--jsonl goes with none of --exclude, --split, --source, --no-drafts and --explain"))
    if explain and (rebuild or watch):
        raise click.UsageError(_("--explain writes nothing; it goes with neither --rebuild nor --watch"))
    if jsonl is not None and (paths or rebuild):
        raise click.UsageError(_("--jsonl adds records; it goes with neither PATH nor --rebuild"))
    if rebuild and dry_run:
        raise click.UsageError(_("--dry-run does not go with --rebuild, which reads everything again"))
    if watch and (dry_run or jsonl is not None):
        raise click.UsageError(_("--watch goes with neither --dry-run nor --jsonl"))
    limits = limits_of({"post_bytes": post_bytes})
    try:
        if explain:
            return _explain_files(index_path, paths, limits, reading, as_json)
        with progress() as follow:
            report = _update(index_path, paths, rebuild, jobs, dry_run, user_dict, jsonl, wait, limits, reading, follow)
    except ValueError as error:
        raise click.UsageError(translated(str(error))) from error
    _report(report, index_path, dry_run, as_json)
    if watch:
        return _watch(index_path, jobs, limits, as_json)
    nothing = report.nothing_in or (jsonl is not None and report.failed and not report.read)
    return FAILED if nothing or (strict and report.failed) else 0


def _explain_files(
    index_path: str, paths: tuple[str, ...], limits: Limits, reading: dict[str, Any], as_json: bool
) -> int:
    """One line for each file."""
    with ExitStack() as stack:
        is_new = not index_exists(index_path)
        if is_new:  # as if there were an empty one
            index_path = stack.enter_context(TemporaryDirectory(prefix="cnsearch-"))
        opened = stack.enter_context(open_index(index_path, create=is_new, limits=limits))
        if not paths and len(opened) == 0:
            paths = ("data",)
        num_files = 0
        for name, how in opened.explain_files(paths, **reading):
            num_files += 1
            how = about_file(how)
            if as_json:
                print_json({"id": name, "how": how})
            else:
                click.echo(printable(_("{path}: {reason}", path=name, reason=said_of_file(how))))
    return 0 if num_files else FAILED


def _report(report: UpdateReport, index_path: str, dry_run: bool, as_json: bool) -> None:
    for failure in report.failed:
        say(about(failure.path, failure.reason))
    if advice := about_failures([failure.reason for failure in report.failed]):
        say(_("note: {note}", note=advice))
    for warning in report.warnings:
        say(about(warning.path, warning.reason))
    for folder in report.left_out:
        name = Path(folder.rpartition(" (")[0]).name
        say(
            _("left out: {folder}; to index it anyway, name it, or give --exclude '!{name}/'", folder=folder, name=name)
        )
    if report.passed_over:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in report.passed_over.items())
        say(_("passed over: {kinds}", kinds=kinds))
    for path in report.nothing_in:
        say(_("{path}: nothing in it can be read; index --explain says why of each file", path=path))
    for note in report.notes:
        say(_("note: {note}", note=translated(note)))
    if as_json:
        print_json(report.to_dict())
    else:
        from cnsearch.faces.terminal import update_text

        click.echo(update_text(report, index=index_path, dry_run=dry_run))


def _watch(index_path: str, jobs: int | None, limits: Limits, as_json: bool) -> int:
    """Bring in what changes below the indexed folders, until Ctrl-C, which is how this ends."""
    with opened_index(index_path, limits=limits) as opened, suppress(KeyboardInterrupt):
        say(_("watching {folders}; end with Ctrl-C", folders=", ".join(opened.stats()["folders"])))
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
    follow: Callable[[int, int | None], None],
) -> UpdateReport:
    is_new = not index_exists(index_path)
    if jsonl is None and not paths and (is_new or (not rebuild and _is_empty(index_path))):
        paths = ("data",)
    for path in paths:
        if not os.path.lexists(path):  # before an index is made for nothing
            raise click.BadParameter(_("there is no file or folder {path}", path=path), param_hint="PATH")
    if rebuild:
        opened, report = rebuild_index(
            index_path, paths, user_dict=user_dict, limits=limits, jobs=jobs, wait=wait, progress=follow, **reading
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
                jsonl, name=name, jobs=jobs, dry_run=dry_run, wait=wait, progress=follow, user_dict=user_dict
            )
        return opened.update(
            paths, jobs=jobs, dry_run=dry_run, wait=wait, progress=follow, user_dict=user_dict, **reading
        )


def _is_empty(index_path: str) -> bool:
    with opened_index(index_path) as opened:
        return len(opened) == 0
