"""The values that cnsearch takes and gives: articles in, reports and results out. All are frozen dataclasses,
but for ``Later``, which the back ends give."""

from cnsearch.model.article import MAX_EXTRA_DEPTH, Article, ReaderContext, RecordReader, read_records_with
from cnsearch.model.excerpt import ELLIPSIS, Fragment, Snippet, escaped, printable
from cnsearch.model.labels import RESERVED_NAMES, checked_labels
from cnsearch.model.report import DictionaryReport, Failure, UpdateReport, VerifyReport
from cnsearch.model.results import Duplicate, Hit, Later, ScorePart, SearchResults, Suggestion
from cnsearch.model.stats import Stats
from cnsearch.model.written import FORMAT_VERSION, iso_date

__all__ = [
    "ELLIPSIS",
    "FORMAT_VERSION",
    "MAX_EXTRA_DEPTH",
    "RESERVED_NAMES",
    "Article",
    "DictionaryReport",
    "Duplicate",
    "Failure",
    "Fragment",
    "Hit",
    "Later",
    "ReaderContext",
    "RecordReader",
    "ScorePart",
    "SearchResults",
    "Snippet",
    "Stats",
    "Suggestion",
    "UpdateReport",
    "VerifyReport",
    "checked_labels",
    "escaped",
    "iso_date",
    "printable",
    "read_records_with",
]
