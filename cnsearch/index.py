"""``Index``: what library users hold. One call per method; what answers it is a back end (``backends``).

Not good for: making one, which is in ``opening``.
"""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import IO, Any, Final, TypeVar, overload

from cnsearch import checks
from cnsearch.analysis.shown import Analysis
from cnsearch.backends import dictionary
from cnsearch.backends.base import Backend
from cnsearch.backends.writing import Paths, Progress, Split, Writing, listed, loaded, path_settings
from cnsearch.errors import ArticleNotFoundError, QuerySyntaxError
from cnsearch.model import (
    Article,
    DictionaryReport,
    Fragment,
    Hit,
    SearchResults,
    Stats,
    Suggestion,
    UpdateReport,
    VerifyReport,
)
from cnsearch.query.filters import Filters
from cnsearch.request import Match, Moment, SearchRequest, Sort, Values, requested

T = TypeVar("T")
_RAISE: Final = object()


class Index:
    """A full-text index. Make one with ``open_index``.

    One ``Index`` serves many threads. It shows the commit that was the last when it was opened, refreshed, or written
    to through it; ``refresh`` moves on to what others have committed. Use it in a ``with`` statement, or ``close`` it.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    # Life

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files. Hits keep what they have shown; excerpts not yet made are lost. An update or addition
        that another thread has under way stops as if told so (``stop``)."""
        self._backend.close()

    def __del__(self) -> None:
        backend = getattr(self, "_backend", None)
        if backend is not None and not backend.closed:  # what hits still use stays open with them
            warnings.warn(f"{self!r} was not closed; use it in a with statement", ResourceWarning, 2, source=self)

    def refresh(self) -> bool:
        """Move on to the last commit; True if it is another than before: a newer one, or that of another index that was
        put in the place of this one (swapped, restored, built anew). Raises IndexNotFoundError if it is gone."""
        return self._backend.refresh()

    @property
    def closed(self) -> bool:
        """Whether it was closed: then it can do nothing more."""
        return self._backend.closed

    def __reduce__(self) -> Any:
        raise TypeError("an Index cannot be pickled, for it holds open files; call open_index in each process")

    def __repr__(self) -> str:
        return f"<cnsearch.Index {self.path!r}: {self._backend.state()}>"

    def __len__(self) -> int:
        """How many articles there are."""
        return self._backend.num_articles()

    @property
    def path(self) -> str:
        """The folder of the index."""
        return self._backend.path

    @property
    def mark(self) -> str:
        """Tells the commit that is shown from every other one, in other processes too."""
        return self._backend.mark()

    @property
    def time_zone(self) -> tzinfo:
        """In which dates are shown, and read in filters."""
        return self._backend.options.time_zone

    # Writing

    def update(
        self,
        paths: Paths = (),
        *,
        jobs: int | None = None,
        dry_run: bool = False,
        wait: float | None = None,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
        user_dict: str | os.PathLike[str] | None = None,
        exclude: str | Sequence[str] | None = None,
        split: Split | None = None,
        source: str | None = None,
        drafts: bool | None = None,
    ) -> UpdateReport:
        """Bring the index up to date with the posts in ``paths`` (none: the folders indexed before).

        Adds what is new, replaces what has changed, removes what is gone from these folders, and leaves the rest alone.
        One bad post stops nothing: it is in ``report.failed``.

        jobs      : processes that clean and tokenise; None is one per core
        dry_run   : report what would be done, write nothing
        wait      : seconds to wait for another writer; None: 5 for one of another process, and those of this process
                    take turns, however long that takes. So in all that writes
        progress  : called with (done, total) as articles are brought in
        stop      : set by another thread, it ends the update within a second or so: what was brought in stays, as the
                    report says (``stopped``), and the next update goes on from there. Where articles are read or cut
                    otherwise than before (another ``user_dict``, ``source``, …), it is all or nothing
        user_dict : a dictionary file that shall take the place of the user dictionary; articles that contain a word in
                    which both differ are tokenised again, in the same commit

        What follows is remembered for ``paths``, and holds until it is given anew; None leaves it as it is.

        exclude   : patterns of files and folders to leave out, as gitignore has them; none: ``[]``
        split     : a text file is several articles: "chapter" by chapters (第一章), "line" one a line, "" one a file
        source    : of articles that name none
        drafts    : whether drafts are taken

        Raises CorpusError for a path that does not exist, IndexLockedError, AnalyzerMismatchError.
        """
        settings = path_settings(exclude, split, source, drafts)
        how = Writing(jobs, dry_run, wait, progress, stop)
        return self._backend.update(listed(paths), settings, loaded(user_dict), how)

    def explain_files(
        self,
        paths: Paths = (),
        *,
        exclude: str | Sequence[str] | None = None,
        split: Split | None = None,
        source: str | None = None,
        drafts: bool | None = None,
    ) -> Iterator[tuple[str, str]]:
        """For each file in ``paths`` (none: the folders indexed before) its id, and how ``update`` with these settings
        takes it, or why it leaves it out. Reads every file and writes nothing."""
        return self._backend.explain_files(listed(paths), path_settings(exclude, split, source, drafts))

    def raw(self, article_id: str) -> str:
        """The text that an article was made of, decoded, as it is in its file now: all of it, or what stands there of
        the article (an entry of a feed as JSON). Raises ArticleNotFoundError; CorpusError if it came from no file, or
        cannot be read any more.
        """
        return self._backend.raw(article_id)

    def watch(
        self, *, jobs: int | None = None, wait: float = 30.0, stop: threading.Event | None = None
    ) -> Iterator[UpdateReport]:
        """Follow the folders indexed before and bring in what changes there, until ``stop`` is set or this is closed.

        Yields the report of each update that found something. Where one was impossible (a folder is gone, another
        writer does not end), its ``failed`` says why, and following goes on. Raises CorpusError if there is none.
        """
        from cnsearch.backends import watching  # which reads folders: not for those who only search

        return watching.watch(self._backend, Writing(jobs, wait=wait, stop=stop))

    def add(
        self,
        articles: Article | Iterable[Article],
        *,
        jobs: int | None = None,
        dry_run: bool = False,
        wait: float | None = None,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
    ) -> UpdateReport:
        """Add one article or many; each replaces the one that has its id, and one that is equal to it is left alone.

        Many are committed in batches of 10,000, so that a run that was killed or stopped goes on where it was when the
        same articles are given again. Arguments as in ``update``; the total that ``progress`` is told is None.
        """
        several = [articles] if isinstance(articles, Article) else articles
        return self._backend.add(several, None, Writing(jobs, dry_run, wait, progress, stop))

    def add_jsonl(
        self,
        stream: IO[bytes],
        *,
        name: str = "",
        jobs: int | None = None,
        dry_run: bool = False,
        wait: float | None = None,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
        user_dict: str | os.PathLike[str] | None = None,
    ) -> UpdateReport:
        """Add the records of a JSON Lines stream, as ``add`` does: id, title, html or text, source, categories, author,
        date, url. A bad line is in ``report.failed`` as ``name:line``."""
        from cnsearch.corpus.records import read_jsonl

        checks.binary_stream("stream", stream)
        name = name or str(getattr(stream, "name", "")) or "records"
        records = read_jsonl(stream, name=name, max_bytes=self._backend.options.limits.post_bytes)
        return self._backend.add(records, loaded(user_dict), Writing(jobs, dry_run, wait, progress, stop))

    def delete(
        self,
        article_ids: str | Iterable[str] | None = None,
        *,
        query: str | SearchRequest | None = None,
        source: Values = None,
        category: Values = None,
        author: Values = None,
        tag: Values = None,
        labels: Mapping[str, Values] | None = None,
        draft: bool | None = None,
        since: Moment = None,
        until: Moment = None,
        match: Match = "all",
        raw: bool = False,
        dry_run: bool = False,
        wait: float | None = None,
    ) -> int:
        """Delete articles in one commit; returns how many there were.

        article_ids : their ids; no ids (``[]``) are no articles
        query, …    : those that ``search`` finds with the same arguments, but that all words of the query must be there
                      unless ``match`` says otherwise; with ``article_ids``, those of them

        An article of a folder comes back with the next update that reads its file. Raises TypeError where nothing says
        what to delete, QuerySyntaxError for a date that does not exist.
        """
        request = requested({**locals(), "query": "" if query is None else query}, match="all")
        ids = None if article_ids is None else checks.texts("article_ids", article_ids)
        asked = query is not None or request.filters != Filters()
        if ids is None and not asked:
            raise TypeError("delete needs article_ids, a query or a filter: what is to be deleted must be said")
        return self._backend.delete(ids, request if asked else None, Writing(dry_run=dry_run, wait=wait))

    # The user dictionary

    @property
    def user_words(self) -> dict[str, int | None]:
        """The words of the user dictionary, folded and sorted, and their frequencies (None: kept whole)."""
        return self._backend.user_words()

    def add_words(
        self,
        words: str | Iterable[str],
        *,
        frequency: int | None = None,
        jobs: int | None = None,
        dry_run: bool = False,
        wait: float | None = None,
        progress: Progress | None = None,
    ) -> DictionaryReport:
        """Add words to the user dictionary: segmentation keeps them whole.

        The articles that contain a new word (as a substring) are tokenised again from their stored text, and committed
        together with the dictionary, as if all were built anew; nothing for a word that is kept whole anyway.

        frequency : of the words, as in jieba's dictionary; None is high enough for each to be kept whole, and leaves
                    words alone that are there; 0 takes a word out of the main dictionary

        Raises ValueError for what cannot be a word, IndexLockedError, AnalyzerMismatchError.
        """
        return dictionary.add_words(self._backend, words, frequency, Writing(jobs, dry_run, wait, progress))

    def remove_words(
        self,
        words: str | Iterable[str],
        *,
        jobs: int | None = None,
        dry_run: bool = False,
        wait: float | None = None,
        progress: Progress | None = None,
    ) -> DictionaryReport:
        """Remove words from the user dictionary; the same as ``add_words`` otherwise."""
        return dictionary.remove_words(self._backend, words, Writing(jobs, dry_run, wait, progress))

    # Reading

    def search(
        self,
        query: str | SearchRequest,
        *,
        source: Values = None,
        category: Values = None,
        author: Values = None,
        tag: Values = None,
        labels: Mapping[str, Values] | None = None,
        draft: bool | None = None,
        since: Moment = None,
        until: Moment = None,
        sort: Sort = "score",
        limit: int = 10,
        offset: int = 0,
        match: Match = "most",
        raw: bool = False,
        facets: Sequence[str] = (),
        half_life_days: float | None = None,
        num_fragments: int = 3,
        fragment_chars: int = 80,
        collapse: bool = False,
    ) -> SearchResults:
        """The articles that match ``query``, best first.

        The arguments are the fields of ``SearchRequest``, which says what each means; or ``query`` is such a request.
        Raises QuerySyntaxError for a date that does not exist, ValueError for a facet that the index does not have; no
        query text is an error.
        """
        return self._backend.search(requested(locals()))

    def scan(
        self,
        query: str | SearchRequest = "",
        *,
        source: Values = None,
        category: Values = None,
        author: Values = None,
        tag: Values = None,
        labels: Mapping[str, Values] | None = None,
        draft: bool | None = None,
        since: Moment = None,
        until: Moment = None,
        sort: Sort = "score",
        match: Match = "most",
        raw: bool = False,
        half_life_days: float | None = None,
        num_fragments: int = 3,
        fragment_chars: int = 80,
    ) -> Iterator[Hit]:
        """Every hit of a query, in the order of ``search``, one after the other and without a limit: the arguments are
        those of ``search``. Without a query and filters: all articles, the newest first (or the oldest).

        A hit is made when it is asked for, so a million take the room of one, besides twenty bytes for each that there
        is. Ranking is done once, and all hits are of the commit that was the last then, whatever is written meanwhile.
        Raises as ``search`` does, at once; ValueError when going on after the Index was closed.
        """
        return self._backend.scan(requested(locals()))

    def similar(
        self,
        article_id: str,
        request: SearchRequest | None = None,
        *,
        source: Values = None,
        category: Values = None,
        author: Values = None,
        tag: Values = None,
        labels: Mapping[str, Values] | None = None,
        draft: bool | None = None,
        since: Moment = None,
        until: Moment = None,
        limit: int = 10,
        offset: int = 0,
        num_fragments: int = 3,
        fragment_chars: int = 80,
    ) -> SearchResults:
        """The articles that share the weightiest terms of the one with this id, most similar first, without itself.

        Filters, pages and fragments are as in ``search``, and may be those of a ``request``; nothing else of it counts.
        In the results ``query`` is the id, ``understood`` the terms. Raises ArticleNotFoundError, QuerySyntaxError.
        """
        try:
            asked = requested({**locals(), "query": "" if request is None else request})
        except QuerySyntaxError:
            if article_id not in self:  # which is said first
                raise ArticleNotFoundError(article_id, hint="Hits say their ids") from None
            raise
        return self._backend.similar(checks.text("article_id", article_id), asked)

    def suggest(self, prefix: str, *, limit: int = 10) -> tuple[Suggestion, ...]:
        """At most ``limit`` completions of ``prefix``, from words and phrases of the articles, the most used first.

        prefix : Chinese characters, letters of another script, or pinyin: in full (``shuzihua``), initials (``szh``) or
                 both (``shuzihuazx``)

        The first call on a commit reads the titles, which takes a second or less; those after it, microseconds.
        """
        return tuple(self._backend.suggest(checks.text("prefix", prefix), checks.count("limit", limit)))

    def marked(self, article_id: str, query: str | SearchRequest) -> tuple[Fragment, ...]:
        """The title of an article and each of its ``paragraphs``, whole, with the matches of ``query`` marked, about a
        thousand of each word at most. It need not be one that ``search`` finds. Raises ArticleNotFoundError."""
        return self._backend.marked(checks.text("article_id", article_id), requested({"query": query}))

    @overload
    def get(self, article_id: str) -> Article: ...
    @overload
    def get(self, article_id: str, default: T) -> Article | T: ...
    def get(self, article_id: str, default: Any = _RAISE) -> Any:
        """The article with this id; ``default`` if there is none, or ArticleNotFoundError where no default is given."""
        found = self._backend.get([checks.text("article_id", article_id)])
        if found or default is not _RAISE:
            return found.get(article_id, default)
        raise ArticleNotFoundError(article_id, hint="Hits say their ids")

    def get_many(self, article_ids: Iterable[str]) -> dict[str, Article]:
        """The articles with these ids, by id, in their order; those that there are not are left out."""
        return self._backend.get(checks.texts("article_ids", article_ids))

    def ids(self) -> Iterator[str]:
        """The ids of all articles, in no particular order. It goes on with the commit that it began with."""
        return self._backend.ids()

    def __iter__(self) -> Iterator[Article]:
        """All articles, in no particular order; of the commit that was the last when it began."""
        return self._backend.articles()

    def __contains__(self, article: object) -> bool:
        """Whether there is an article with this id, or with the id of this article."""
        found = article.id if isinstance(article, Article) else article
        return isinstance(found, str) and self._backend.has(found)

    def analyze(self, text: str) -> Analysis:
        """How ``text`` is indexed and searched."""
        return self._backend.analyze(text)

    def verify(self, *, deep: bool = False) -> VerifyReport:
        """Check every checksum and cross-reference of the last commit; ``report.damage`` says what is wrong.

        deep : tokenise every article again, and compare its terms with the index; takes as long as indexing. Raises
               AnalyzerMismatchError where the tokenizer of the index is not to be had
        """
        return self._backend.verify(deep=deep)

    def snapshot(self, path: str | os.PathLike[str]) -> None:
        """Copy the last commit to the folder ``path``, which is made, or must be empty; a writer may go on meanwhile.

        What both have in common takes no room where the file system has hard links: files of an index never change.

        Raises IndexUnusableError if there is something in ``path``, CorruptIndexError, OSError.
        """
        self._backend.snapshot(path)

    @property
    def facet_names(self) -> tuple[str, ...]:
        """What ``search(facets=...)`` can count by: "source" and the like, then the own fields of the articles."""
        return self._backend.facet_names()

    def stats(self) -> Stats:
        """Counts and facts, ready for JSON."""
        return self._backend.stats()
