"""What somebody at a command line can do about an error. The library says it in its own terms (``hint``)."""

from __future__ import annotations

from cnsearch.errors import AnalyzerMismatchError, CnsearchError
from cnsearch.faces.messages.spoken import N_, _, about, translated

_REBUILD = N_("Build it again with: cnsearch index --rebuild PATH")
_ELSEWHERE = N_("Name another folder with --index")

_BY_CODE = {
    "article_not_found": N_("Ids are shown by: cnsearch search --ids QUERY"),
    "analyzer_mismatch": N_("Index again with: cnsearch index --rebuild"),
    "dictionary_mismatch": N_("Give it to the index with: cnsearch index --user-dict FILE"),
    "folder_gone": N_("Index the others again with: cnsearch index PATH"),
    "folder": _ELSEWHERE,
    "index_corrupt": _REBUILD,
    "index_foreign": _ELSEWHERE,
    "index_locked": N_("Try again when it has finished, or wait for it with --wait SECONDS"),
    "index_newer": N_("Install the newer one with: pip install --upgrade cnsearch"),
    "index_not_found": N_("Make one with: cnsearch index data/"),
    "index_replaced": N_("Run the command again"),
    "index_older": _REBUILD,
    "no_folder": N_("Index one with: cnsearch index PATH"),
    "whoosh_overwritten": N_("Run: pip uninstall --yes Whoosh whoosh3 && pip install whoosh3"),
}
"""Code of an error -> what to run. An error of another code keeps its hint, which then names nothing of the library."""


def in_commands(error: CnsearchError) -> str:
    """The message of the error, and what to do about it with commands and options."""
    advice = _(_BY_CODE[error.code]) if error.code in _BY_CODE else translated(error.hint)
    if error.code == "tokenizer_missing" and isinstance(error, AnalyzerMismatchError):
        package = str(error.expected).replace(" ", "==")
        advice = _("Run: pip install {package}, or index again with: cnsearch index --rebuild", package=package)
    reason = getattr(error, "reason", None)
    message = translated(error.message) if reason is None else about(getattr(error, "path", ""), reason)
    return _("{problem}. {advice}", problem=message, advice=advice) if advice else message


def about_file(how: str) -> str:
    """What ``explain_files`` says of a file, where it names an argument with the option that gives it."""
    return how.replace("excluded by exclude line", "excluded by --exclude line", 1)


def said_of_file(how: str) -> str:
    """The same in the language that is spoken: it is a reason, or several things."""
    if how.startswith(("left out: ", "passed over: ", "failed: ")):
        return translated(how)
    return _(", ").join(map(translated, how.split(", ")))


def about_failures(reasons: list[str]) -> str:
    """What to do about posts that failed for these reasons; empty if no option helps."""
    if any(reason.endswith("(post_bytes)") for reason in reasons):
        return _("larger posts are read with --max-post-mb MB")
    return ""
