"""Exit codes: each kind of error has the one that the documents promise."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import cnsearch
from cnsearch.faces import interrupts
from cnsearch.faces.cli.errors import FAILED, INTERNAL, LOCKED, NO_HITS, UNUSABLE, USAGE, exit_code

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (cnsearch.ArticleNotFoundError("a"), 1),
        (cnsearch.QuerySyntaxError("no date"), 2),
        (cnsearch.CorpusError("a.md", "gone"), 2),
        (cnsearch.IndexNotFoundError("i", "none"), 3),
        (cnsearch.CorruptIndexError("i", "damaged"), 3),
        (cnsearch.AnalyzerMismatchError("i", "other"), 3),
        (cnsearch.IndexReplacedError("i", "another"), 3),
        (cnsearch.IndexLockedError("i", "locked"), 75),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: cnsearch.CnsearchError, code: int) -> None:
    assert exit_code(error) == code


def test_the_documents_name_the_codes() -> None:
    page = (ROOT / "docs/en/operations.md").read_text(encoding="utf-8")
    named = set(map(int, re.findall(r"^\| (\d+) \|", page, re.MULTILINE)))
    assert named == {0, NO_HITS, FAILED, USAGE, UNUSABLE, LOCKED, interrupts.INTERRUPTED}
    assert INTERNAL not in named  # that of a fault of ours
