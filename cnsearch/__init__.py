"""Full-text search for Chinese articles, embedded: one folder, no server.

    import cnsearch

    with cnsearch.open_index("index", create=True) as index:
        report = index.update("data/")
        for hit in index.search("数字化转型", source="新浪财经", limit=10):
            print(hit.title, hit.snippet.text())

What is named here is the public API; everything else may change.
"""

import gc as _gc

from cnsearch.faces import interrupts as _interrupts

if _interrupts.is_the_program():  # and what follows takes a fifth of a second to load
    _interrupts.end_at_once_when_interrupted()
    _gc.disable()  # nothing of it goes before the program ends

from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.shown import Analysis
from cnsearch.analysis.tokenizer import Token
from cnsearch.corpus.arguments import article_of_arguments as _article_of_arguments
from cnsearch.errors import (
    AnalyzerMismatchError,
    ArticleNotFoundError,
    CnsearchError,
    CorpusError,
    CorruptIndexError,
    IndexFormatError,
    IndexLockedError,
    IndexNotFoundError,
    IndexReplacedError,
    IndexUnusableError,
    QuerySyntaxError,
    UnsupportedError,
)
from cnsearch.index import Index
from cnsearch.limits import Limits
from cnsearch.model import (
    Article,
    DictionaryReport,
    Duplicate,
    Failure,
    Fragment,
    Hit,
    ReaderContext,
    ScorePart,
    SearchResults,
    Snippet,
    Stats,
    Suggestion,
    UpdateReport,
    VerifyReport,
)
from cnsearch.model import read_records_with as _read_records_with
from cnsearch.opening import open_index, rebuild_index, whoosh_reader
from cnsearch.request import SearchRequest
from cnsearch.version import __version__ as __version__

_read_records_with(_article_of_arguments)
if _interrupts.is_the_program():
    _gc.freeze()  # nor is it looked through for cycles from now on, not even at the end
    _gc.enable()

__all__ = [
    "Analysis",
    "AnalyzerMismatchError",
    "Article",
    "ArticleNotFoundError",
    "ChineseAnalyzer",
    "CnsearchError",
    "CorpusError",
    "CorruptIndexError",
    "DictionaryReport",
    "Duplicate",
    "Failure",
    "Fragment",
    "Hit",
    "Index",
    "IndexFormatError",
    "IndexLockedError",
    "IndexNotFoundError",
    "IndexReplacedError",
    "IndexUnusableError",
    "Limits",
    "QuerySyntaxError",
    "ReaderContext",
    "ScorePart",
    "SearchRequest",
    "SearchResults",
    "Snippet",
    "Stats",
    "Suggestion",
    "Token",
    "UnsupportedError",
    "UpdateReport",
    "VerifyReport",
    "open_index",
    "rebuild_index",
    "whoosh_reader",
]
