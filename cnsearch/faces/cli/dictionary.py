"""``dict``: the user dictionary, words that are kept whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from cnsearch.faces.cli.errors import FAILED
from cnsearch.faces.cli.options import F, index_option, json_option, opened_index, wait_option
from cnsearch.faces.cli.output import print_json, progress, say
from cnsearch.faces.messages.spoken import _, translated
from cnsearch.index import Index
from cnsearch.model import FORMAT_VERSION, DictionaryReport, printable


@click.group("dict", epilog="Example: cnsearch dict add 云计算")
def dictionary() -> None:
    """Change the user dictionary: words that are kept whole.

    Only the articles that contain a word are tokenised again, in one commit with the dictionary.
    """


def _dictionary_command(name: str, example: str) -> Callable[[F], F]:
    """A command of WORDs that changes the dictionary."""

    def decorate(command: F) -> F:
        for option in (
            json_option,
            wait_option,
            click.option("--dry-run", is_flag=True, help="Say how many articles would be touched; write nothing."),
            click.option(
                "--jobs", "-j", type=click.IntRange(1), help="Processes that tokenise.  [default: one per core]"
            ),
            index_option,
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
    from cnsearch.faces.terminal import dictionary_text

    with opened_index(index_path) as opened, progress() as follow:
        try:
            report = change(opened, dry_run=dry_run, jobs=jobs, wait=wait, progress=follow)
        except ValueError as error:
            raise click.UsageError(translated(str(error))) from error
    for word in report.present:
        say(_("{word} is in the user dictionary already", word=word))
    for word in report.absent:
        say(_("{word} is not in the user dictionary", word=word))
    if as_json:
        print_json(report.to_dict())
    else:
        click.echo(dictionary_text(report, dry_run=dry_run))
    return FAILED if report.absent else 0


@dictionary.command("list", epilog="Example: cnsearch dict list > words.txt")
@index_option
@json_option
def dict_list(index_path: str, as_json: bool) -> None:
    """Print the user dictionary. A word a line with its frequency, as index --user-dict reads it."""
    with opened_index(index_path) as opened:
        words = opened.user_words
    if as_json:
        entries = [{"word": word, "frequency": frequency} for word, frequency in words.items()]
        print_json({"version": FORMAT_VERSION, "words": entries})
        return
    for word, frequency in words.items():
        click.echo(printable(word if frequency is None else f"{word} {frequency}"))
