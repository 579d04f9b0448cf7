"""The formats of results, by name. A new one is an entry of ``FORMATS``: its option and its help follow from that.

Only the module of the one that is asked for is loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo

from cnsearch.model import SearchResults, printable


@dataclass(frozen=True, slots=True)
class Shown:
    """How a page of results is to be shown.

    zone     : of the dates
    color    : whether text has the codes of a terminal for bold and dim
    explain  : whether each hit tells what its score is made of
    heading  : whether the results name their query, as it is one of several
    is_first : whether nothing was shown before
    """

    zone: tzinfo
    color: bool = False
    explain: bool = False
    heading: bool = False
    is_first: bool = True

    def query(self, results: SearchResults) -> str | None:
        """The query, if the results are to name it."""
        return results.query if self.heading else None


@dataclass(frozen=True, slots=True)
class Format:
    """One format of results.

    text    : the results as they are printed, without the last line end; empty if there is nothing to print
    message : what a person is told beside them, one line; None if a program reads them
    """

    text: Callable[[SearchResults, Shown], str]
    message: Callable[[SearchResults], str] | None = None


def _text(results: SearchResults, shown: Shown) -> str:
    from cnsearch.faces.terminal import results_text

    heading = f"{'' if shown.is_first else chr(10)}== {printable(results.query)}" if shown.heading else ""
    text = results_text(results, zone=shown.zone, color=shown.color, explain=shown.explain)
    return "\n".join(filter(None, (heading, text)))


def _summary(results: SearchResults) -> str:
    from cnsearch.faces.terminal import summary

    return summary(results)


def _json(results: SearchResults, shown: Shown) -> str:
    from cnsearch.faces.json import results_json

    return results_json(results, zone=shown.zone, explain=shown.explain)


def _json_lines(results: SearchResults, shown: Shown) -> str:
    from cnsearch.faces.json import hits_json

    return hits_json(results, zone=shown.zone, explain=shown.explain, query=shown.query(results))


def _csv(results: SearchResults, shown: Shown) -> str:
    from cnsearch.faces.csv import csv_text

    return csv_text(results, zone=shown.zone, header=shown.is_first, query=shown.query(results))


def _html(results: SearchResults, shown: Shown) -> str:
    from cnsearch.faces.html import results_html

    return results_html(results, zone=shown.zone)


def _ids(results: SearchResults, shown: Shown) -> str:
    query = f"{printable(results.query)}\t" if shown.heading else ""
    return "\n".join(query + printable(hit.id) for hit in results)


def _count(results: SearchResults, shown: Shown) -> str:
    return f"{results.total}\t{printable(results.query)}" if shown.heading else str(results.total)


def _count_json(results: SearchResults, shown: Shown) -> str:
    from cnsearch.faces.json import count_json

    return count_json(results)


FORMATS = {
    "text": Format(_text, _summary),
    "json": Format(_json),
    "jsonl": Format(_json_lines),
    "csv": Format(_csv),
    "html": Format(_html),
}
"""Name -> the format of whole results; the first is the one of a command without ``--format``."""

IDS, COUNT = Format(_ids), Format(_count)
"""What ``--ids`` and ``--count`` print in place of the results."""

COUNTS = {"json": Format(_count_json), "jsonl": Format(_count_json)}
"""Name of a format -> what ``--count`` prints in it; in the others it is ``COUNT``."""


def chosen(name: str, *, count: bool = False, ids: bool = False) -> Format:
    """The format of this name, or what is printed in place of it; ``count`` goes before ``ids``."""
    if count:
        return COUNTS.get(name, COUNT)
    return IDS if ids else FORMATS[name]
