"""What commands print with."""

from __future__ import annotations

import sys

import pytest

from cnsearch.faces.cli.output import colored, print_json, progress, say


@pytest.mark.parametrize(
    ("terminal", "variables", "in_color"),
    [(True, {}, True), (False, {}, False), (True, {"NO_COLOR": "1"}, False), (True, {"TERM": "dumb"}, False)],
)
def test_colour_is_for_terminals(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, variables: dict[str, str], in_color: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    assert colored("auto") is in_color
    assert colored("always")
    assert not colored("never")


def test_messages_go_to_stderr_and_steer_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[31mb")
    print_json({"a": "\x1b"})
    shown, said = capsys.readouterr()
    assert said == "cnsearch: a [31mb\n"
    assert shown == '{"a": "\\u001b"}\n'


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as follow:
        follow(1, 2)
        follow(2, None)
    assert capsys.readouterr() == ("", "")
