"""Run the commands of a page one after another: a JSON list of them on stdin, a JSON list of what they print on stdout.

A program of its own, because it forks: a command that needs no shell runs in a copy of this process, which has loaded
cnsearch already, and takes a tenth of the time. All others go to bash, where ``cnsearch`` is this Python's.
"""

from __future__ import annotations

import functools
import json
import os
import shlex
import sys
import tempfile

from cnsearch.analysis import tokenizer
from cnsearch.analysis.userdict import UserDictionary
from cnsearch.faces.cli.program import main
from cnsearch.faces.terminal import stats_text  # noqa: F401  # loaded once, too

FOR_THE_SHELL = set("$`|<>&;()~")


def words(command: str) -> list[str] | None:
    """The arguments of a command of ours; None if it is another's or a shell might read something in it."""
    if FOR_THE_SHELL & set(command):
        return None
    first, *rest = shlex.split(command)
    return rest if first == "cnsearch" else None


def output(command: str) -> str:
    """What the command prints on both streams."""
    with tempfile.TemporaryFile() as file:
        process = os.fork()
        if process == 0:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            run(command)
        os.waitpid(process, 0)
        file.seek(0)
        return file.read().decode()


def run(command: str) -> None:
    """In the forked process; does not return."""
    arguments = words(command)
    if arguments is None:
        shell = f'cnsearch() {{ {shlex.quote(sys.executable)} -m cnsearch "$@"; }}; {command}'
        os.execvp("bash", ["bash", "-c", shell])
    sys.argv = ["cnsearch", *arguments]
    try:
        main()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    tokenizer._load_rjieba = functools.cache(tokenizer._load_rjieba)  # the dictionary is read once, not by each copy
    list(tokenizer.WordTokenizer(None, UserDictionary()).tokens("江豚"))
    json.dump([output(command) for command in json.load(sys.stdin)], sys.stdout)
