"""The program: the group of all commands, and how it ends: one clear line and an exit code, never a traceback."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from cnsearch.errors import CnsearchError
from cnsearch.faces import interrupts
from cnsearch.faces.cli.copying import copy
from cnsearch.faces.cli.dictionary import dictionary
from cnsearch.faces.cli.errors import FAILED, INTERNAL, exit_code, reader_has_seen_enough
from cnsearch.faces.cli.indexing import index
from cnsearch.faces.cli.learning import learn
from cnsearch.faces.cli.maintenance import snapshot, stats, verify
from cnsearch.faces.cli.output import say, say_as_click, say_error
from cnsearch.faces.cli.reading import analyze, show
from cnsearch.faces.cli.searching import search, similar, suggest
from cnsearch.faces.cli.serving import serve
from cnsearch.faces.messages import LANGUAGES
from cnsearch.faces.messages.language import of_environment
from cnsearch.faces.messages.spoken import _
from cnsearch.version import __version__


def main() -> None:
    """Run the command of ``sys.argv`` and exit."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    learn(cli, of_environment())
    try:
        with interrupts.raised():
            code = cli.main(standalone_mode=False, prog_name="cnsearch")
            sys.stdout.flush()
    except click.ClickException as error:
        say_as_click(error)
        code = error.exit_code
    except CnsearchError as error:
        say_error(error)
        code = exit_code(error)
    except (click.Abort, KeyboardInterrupt):
        say(_("interrupted"))
        code = interrupts.INTERRUPTED
    except MemoryError:
        say(_("there is not enough memory; index with fewer --jobs, or on a larger machine"))
        code = FAILED
    except BrokenPipeError:
        code = reader_has_seen_enough()
    except OSError as error:
        say(f"{error.filename or 'error'}: {error.strerror or error}")
        code = FAILED
    except Exception as error:
        if os.environ.get("CNSEARCH_DEBUG"):
            raise
        what = f"{type(error).__name__}: {error}"
        say(_("internal error: {error}. Please report it with what CNSEARCH_DEBUG=1 shows", error=what))
        code = INTERNAL
    interrupts.ignore()
    sys.exit(code if isinstance(code, int) else 0)


class _Program(click.Group):
    """Takes a closed pipe for what it is before click does, whose exit code for it would say that there are no hits."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return reader_has_seen_enough()


def _learn(context: click.Context, option: click.Parameter, code: str | None) -> None:
    if code:
        learn(context.find_root().command, code)


@click.group(
    cls=_Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Begin with: cnsearch index data/ && cnsearch search 数字化转型",
)
@click.version_option(__version__, "--version", prog_name="cnsearch")
@click.option(
    "--lang",
    type=click.Choice(list(LANGUAGES)),
    is_eager=True,
    expose_value=False,
    callback=_learn,
    help="The language to speak (or by LC_ALL, LC_MESSAGES, LANG).",
)
def cli() -> None:
    """Full-text search for Chinese articles: no server needed, the index is one folder."""


for _command in (index, search, similar, show, suggest, analyze, dictionary, stats, verify, snapshot, copy, serve):
    cli.add_command(_command)
