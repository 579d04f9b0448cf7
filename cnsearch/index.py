"""``Index``: what library users hold. Opens, updates, searches."""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Final, Literal, TypeVar, overload
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cnsearch import checks
from cnsearch.analysis.analyzer import ChineseAnalyzer
from cnsearch.analysis.ngrams import character_tokens
from cnsearch.analysis.reading import read
from cnsearch.analysis.tokenizer import Token
from cnsearch.analysis.userdict import UserDictionary, checked_frequency, checked_word
from cnsearch.errors import (
    AnalyzerMismatchError,
    ArticleNotFoundError,
    CorpusError,
    CorruptIndexError,
    IndexFormatError,
    IndexLockedError,
    IndexNotFoundError,
)
from cnsearch.limits import DEFAULT_LIMITS, Limits
from cnsearch.model import (
    FORMAT_VERSION,
    Article,
    DictionaryReport,
    Failure,
    Hit,
    SearchResults,
    Stats,
    Suggestion,
    UpdateReport,
)
from cnsearch.query.filters import Filters
from cnsearch.query.plan import All, Plan, make_plan
from cnsearch.query.synonyms import Synonyms
from cnsearch.request import ARGUMENTS, Match, Moment, SearchRequest, Sort, Values
from cnsearch.search.asked import Asked
from cnsearch.search.collapse import Collapsed, rank_collapsed
from cnsearch.search.correct import correct
from cnsearch.search.execute import DocNumbers, Ranked, Searcher
from cnsearch.search.facets import FACETS, count_facet
from cnsearch.search.hits import Excerpts, Shown, make_hits, walk_hits
from cnsearch.search.labels import rules_all_out, unknown_values
from cnsearch.search.scoring import Scores
from cnsearch.search.similar import similar_plan, weighty_terms
from cnsearch.search.suggest import suggest
from cnsearch.settings import SPLITS, PathSettings
from cnsearch.store.faults import FOREIGN
from cnsearch.store.opening import Store
from cnsearch.store.schema import SCHEMA_VERSION
from cnsearch.store.snapshot import Snapshot
from cnsearch.store.verify import VerifyReport, verify_store

if TYPE_CHECKING:
    from cnsearch.indexing.tasks import Progress

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
DEFAULT_ZONE = "Asia/Shanghai"

T = TypeVar("T")
_RAISE: Final = object()


@dataclass(frozen=True, slots=True)
class Analysis:
    """How a text is indexed: the folded text without what says nothing in it, and the tokens of the word and of the
    character fields, with their places in the text as given."""

    folded: str
    words: tuple[Token, ...]
    characters: tuple[Token, ...]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "version": FORMAT_VERSION,
            "folded": self.folded,
            "words": [[token.text, token.start, token.end] for token in self.words],
            "characters": [[token.text, token.start, token.end] for token in self.characters],
        }


def open_index(
    path: str | os.PathLike[str] = "index",
    *,
    create: bool = False,
    user_dict: str | os.PathLike[str] | None = None,
    engine: str | None = None,
    time_zone: str | tzinfo = DEFAULT_ZONE,
    synonyms: str | os.PathLike[str] | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Index:
    """Open the index in the folder ``path``.

    create    : make an empty one if there is none
    user_dict : a dictionary file in jieba's format (``word [frequency] [tag]`` a line) for a new index; for an
                existing one, what it must have been built with
    engine    : "rjieba" or "jieba" for a new index; None takes the preferred one that is installed
    time_zone : in which dates are shown, and read in filters
    synonyms  : a file of words that find one another, a group a line, for the queries of this ``Index``
    limits    : how much is taken of a post and of a query

    Raises IndexNotFoundError, IndexFormatError, AnalyzerMismatchError (another user dictionary), CorruptIndexError,
    CorpusError (a bad dictionary or file of synonyms).
    """
    zone = _zone(time_zone)
    groups = Synonyms() if synonyms is None else Synonyms.load(synonyms)
    words = None if user_dict is None else UserDictionary.load(user_dict)
    try:
        store = Store.open(path)
    except IndexNotFoundError:
        if not create or Store.exists(path):
            raise
        store = Store.create(path, ChineseAnalyzer(engine=engine, user_dictionary=words))
    else:
        _require_dictionary(store, words)
    return Index(store, zone, groups, limits)


def rebuild_index(
    path: str | os.PathLike[str],
    paths: Paths = (),
    *,
    user_dict: str | os.PathLike[str] | None = None,
    engine: str | None = None,
    time_zone: str | tzinfo = DEFAULT_ZONE,
    limits: Limits = DEFAULT_LIMITS,
    jobs: int | None = None,
    wait: float | None = None,
    progress: Progress | None = None,
    exclude: str | Sequence[str] | None = None,
    split: Literal["chapter", "line", ""] | None = None,
    source: str | None = None,
    drafts: bool | None = None,
) -> tuple[Index, UpdateReport]:
    """Build the index anew beside the old one, which stays readable until the new one takes its place in one commit.

    The posts below ``paths`` (none: the folders indexed before) are read again; articles that did not come from files
    are carried over. Without ``user_dict`` the index keeps the dictionary that it has. An index that cannot be read at
    all is replaced all the same, if ``paths`` are given; one of another program never is. The last four arguments are
    those of ``Index.update``.
    """
    from cnsearch.indexing.rebuild import rebuild

    words = None if user_dict is None else UserDictionary.load(user_dict)
    try:
        store = Store.open(path)
        store.snapshot().close()
    except (IndexNotFoundError, IndexFormatError, CorruptIndexError) as error:
        nothing_to_read = not paths and not isinstance(error, IndexNotFoundError)
        if nothing_to_read or error.reason == FOREIGN:
            raise
        make = Store.create if isinstance(error, IndexNotFoundError) else Store.blank
        store = make(path, ChineseAnalyzer(engine=engine, user_dictionary=words))
    report = rebuild(
        store,
        _folders(store, paths),
        engine=engine,
        words=words,
        jobs=checks.jobs(jobs),
        wait=checks.wait(wait),
        limits=limits,
        given=_path_settings(exclude, split, source, drafts),
        progress=progress,
    )
    return Index(Store.open(path), _zone(time_zone), limits=limits), report


class Index:
    """A full-text index in one folder. Make one with ``open_index``.

    One ``Index`` serves many threads. It shows the commit that was the last when it was opened, refreshed, or written
    to through it; ``refresh`` moves on to what others have committed. Use it in a ``with`` statement, or ``close`` it.
    """

    def __init__(
        self,
        store: Store,
        zone: tzinfo,
        synonyms: Synonyms = Synonyms(),  # noqa: B008
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._store = store
        self._zone = zone
        self._synonyms = synonyms
        self._limits = limits
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._searcher: Searcher | None = None
        self._searcher = Searcher(store.snapshot(as_opened=True), limits=limits)

    # Life

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files. Hits keep what they have shown; excerpts not yet made are lost. An update or addition
        that another thread has under way stops as if told so (``stop``)."""
        self._closing.set()
        with self._lock:
            if self._searcher is not None:
                self._searcher.snapshot.close()
                self._searcher = None

    def __del__(self) -> None:
        if getattr(self, "_searcher", None) is not None:  # what hits still use stays open with them
            warnings.warn(f"{self!r} was not closed; use it in a with statement", ResourceWarning, 2, source=self)

    def refresh(self) -> bool:
        """Move on to the last commit; True if it is another than before: a newer one, or that of another index that was
        put in the place of this one (swapped, restored, built anew).

        Raises IndexNotFoundError if the index is gone.
        """
        begun = self._current()
        while True:
            current = self._current()
            if self._store.mark() == current.snapshot.mark:
                return current is not begun
            fresh = Searcher(self._store.snapshot(), limits=self._limits, before=current)
            with self._lock:
                if self._searcher is current:  # else another thread was faster, or has closed
                    self._searcher = fresh  # the old snapshot goes when the last search that uses it ends
                    self._store.adopt(fresh.snapshot)
                    return True
            fresh.snapshot.close()

    def _see_own_commit(self) -> None:
        """After writing: ``refresh``, unless another thread has closed the Index meanwhile."""
        try:
            self.refresh()
        except ValueError:
            if not self.closed:
                raise

    def _write(self, stop: threading.Event | None, write: Callable[[Callable[[], bool]], UpdateReport]) -> UpdateReport:
        """What ``write`` does until it is stopped, by ``stop`` or by closing. It is given how to ask for that."""
        searcher = self._current()
        ends = _Ends(self._closing, checks.event("stop", stop))
        try:
            report = write(ends.is_set)
        except IndexLockedError:
            if not ends.is_set():
                raise
            return UpdateReport(articles=searcher.snapshot.num_live_docs, stopped=True)  # while it waited
        self._see_own_commit()
        return report

    def _current(self) -> Searcher:
        searcher = self._searcher
        if searcher is None:
            raise ValueError("this Index is closed")
        self._store.require_folder()
        return searcher

    @property
    def closed(self) -> bool:
        """Whether it was closed: then it can do nothing more."""
        return self._searcher is None

    def __reduce__(self) -> Any:
        raise TypeError("an Index cannot be pickled, for it holds open files; call open_index in each process")

    def __repr__(self) -> str:
        searcher = self._searcher
        about = "closed" if searcher is None else f"{searcher.snapshot.num_live_docs} articles"
        return f"<cnsearch.Index {self.path!r}: {about}>"

    def __len__(self) -> int:
        """How many articles there are."""
        return self._current().snapshot.num_live_docs

    @property
    def path(self) -> str:
        """The folder of the index."""
        return os.fspath(self._store.path)

    @property
    def time_zone(self) -> tzinfo:
        """In which dates are shown, and read in filters."""
        return self._zone

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
        split: Literal["chapter", "line", ""] | None = None,
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
        # BeautifulSoup and the worker processes: not for those who only search
        from cnsearch.indexing.update import update_posts

        return self._write(
            stop,
            lambda stopped: update_posts(
                self._store,
                _folders(self._store, paths),
                words=_loaded(user_dict),
                jobs=checks.jobs(jobs),
                dry_run=dry_run,
                wait=checks.wait(wait),
                limits=self._limits,
                given=_path_settings(exclude, split, source, drafts),
                progress=progress,
                stopped=stopped,
            ),
        )

    def explain_files(
        self,
        paths: Paths = (),
        *,
        exclude: str | Sequence[str] | None = None,
        split: Literal["chapter", "line", ""] | None = None,
        source: str | None = None,
        drafts: bool | None = None,
    ) -> Iterator[tuple[str, str]]:
        """For each file in ``paths`` (none: the folders indexed before) its id, and how ``update`` with these settings
        takes it, or why it leaves it out. Reads every file and writes nothing."""
        from cnsearch.indexing.explain import explain_files

        return explain_files(
            self._current().snapshot,
            _folders(self._store, paths),
            given=_path_settings(exclude, split, source, drafts),
            limits=self._limits,
        )

    def raw(self, article_id: str) -> str:
        """The text that an article was made of, decoded, as it is in its file now: all of it, or what stands there of
        the article (an entry of a feed as JSON).

        Raises ArticleNotFoundError; CorpusError if it came from no file, or cannot be read any more.
        """
        from cnsearch.indexing.explain import raw_text_of

        return raw_text_of(self._current().snapshot, article_id, self._limits)

    def watch(
        self, *, jobs: int | None = None, wait: float = 30.0, stop: threading.Event | None = None
    ) -> Iterator[UpdateReport]:
        """Follow the folders indexed before and bring in what changes below them, until ``stop`` is set or the Index is
        closed.

        Yields the report of each update that found something. Where one was impossible (a folder is gone, another
        writer does not end), ``failed`` of its report says why, and following goes on. Raises CorpusError if there is
        no folder to follow.
        """
        from cnsearch.corpus.watch import changes

        folders = sorted(self._current().snapshot.roots())
        if not folders:
            raise CorpusError(
                self.path,
                "no folder was indexed, so there is none to watch",
                hint="Index one with update(folder)",
                code="no_folder",
            )
        for folder in folders:
            if not Path(folder).is_dir():
                raise CorpusError(
                    folder, "the folder is gone", hint="Index the others again with update(folders)", code="folder_gone"
                )
        ends = _Ends(self._closing, checks.event("stop", stop))
        for _ in changes(folders, ignored=self.path, stop=ends):
            try:
                self.refresh()
                report = self.update(folders, jobs=jobs, wait=wait, stop=stop)
            except (CorpusError, IndexLockedError) as error:
                reason = f"{error.reason}. {error.hint}" if error.hint else error.reason
                yield UpdateReport(failed=(Failure(error.path, reason),), articles=len(self))
                continue
            except ValueError:
                if self.closed:
                    return
                raise
            if report.added or report.changed or report.removed or report.moved or report.failed:
                yield report

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
        """Add one article or many; each replaces the one that has its id, and one that is equal to what the index has
        is left alone.

        Many are committed in batches of 10,000, so that a run that was killed or stopped goes on where it was when the
        same articles are given again. The arguments are those of ``update``; the total that ``progress`` is told is
        None.
        """
        from cnsearch.indexing.articles import add_articles

        several = [articles] if isinstance(articles, Article) else articles
        return self._write(
            stop,
            lambda stopped: add_articles(
                self._store,
                several,
                jobs=checks.jobs(jobs),
                dry_run=dry_run,
                wait=checks.wait(wait),
                progress=progress,
                stopped=stopped,
            ),
        )

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
        from cnsearch.indexing.articles import add_articles

        checks.binary_stream("stream", stream)
        name = name or str(getattr(stream, "name", "")) or "records"
        return self._write(
            stop,
            lambda stopped: add_articles(
                self._store,
                read_jsonl(stream, name=name, max_bytes=self._limits.post_bytes),
                words=_loaded(user_dict),
                jobs=checks.jobs(jobs),
                dry_run=dry_run,
                wait=checks.wait(wait),
                progress=progress,
                stopped=stopped,
            ),
        )

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
        dry_run     : say how many there are, and delete nothing

        An article of a folder comes back with the next update that reads its file. Raises TypeError where nothing says
        what to delete, QuerySyntaxError for a date that does not exist.
        """
        from cnsearch.indexing.articles import delete_articles

        self._current()
        given = None if article_ids is None else checks.texts("article_ids", article_ids)
        request = _request({**locals(), "query": "" if query is None else query}, match="all")
        filters = request.filters
        filtered = query is not None or filters != Filters()
        if given is None and not filtered:
            raise TypeError("delete needs article_ids, a query or a filter: what is to be deleted must be said")

        def choose(snapshot: Snapshot) -> Iterable[str]:
            if not filtered:
                return given or ()
            asked = self._asked(Searcher(snapshot, limits=self._limits), request, filters)
            found = map(snapshot.id_of, asked.matching().tolist())
            return found if given is None else set(given).intersection(found)

        deleted = delete_articles(self._store, choose, dry_run=dry_run, wait=checks.wait(wait))
        self._see_own_commit()
        return deleted

    # The user dictionary

    @property
    def user_words(self) -> dict[str, int | None]:
        """The words of the user dictionary, folded and sorted, each with its frequency (None: high enough to be kept
        whole)."""
        return dict(self._current().snapshot.analyzer.user_dictionary.words)

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
        together with the dictionary; nothing else is touched, and nothing at all for a word that is kept whole anyway.
        The result is that of a rebuild with the new dictionary.

        frequency : of the words, as in jieba's dictionary; None is high enough for each to be kept whole, and leaves
                    words alone that are there; 0 takes a word out of the main dictionary

        Raises ValueError for what cannot be a word, IndexLockedError, AnalyzerMismatchError.
        """
        from cnsearch.indexing.retokenise import change_dictionary

        self._current()
        wanted = {checked_word(word) for word in ([words] if isinstance(words, str) else words)}
        given = checked_frequency(frequency)

        def added(old: UserDictionary) -> UserDictionary:
            known = dict(old.words)
            return old.with_words({word: given for word in wanted if word not in known or given is not None})

        changed = change_dictionary(
            self._store, added, jobs=checks.jobs(jobs), dry_run=dry_run, wait=checks.wait(wait), progress=progress
        )
        self.refresh()
        return _dictionary_report(*changed, present=wanted)

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
        from cnsearch.indexing.retokenise import change_dictionary

        self._current()
        unwanted = {checked_word(word) for word in ([words] if isinstance(words, str) else words)}
        changed = change_dictionary(
            self._store,
            lambda old: old.without_words(unwanted),
            jobs=checks.jobs(jobs),
            dry_run=dry_run,
            wait=checks.wait(wait),
            progress=progress,
        )
        self.refresh()
        return _dictionary_report(*changed, absent=unwanted)

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

        source, category, author, tag : only articles with this value, or one of these (so of no values none); None does
                                   not filter. A category may be any one level or a leading path (``金融/每经网``), a
                                   tag a leading path
        labels                   : the same for own fields of articles, by name: ``{"language": "zh"}``
        draft                    : True for drafts only, False for what is none
        since, until             : only articles dated from and up to these, both included ("2021", "2021-10",
                                   "2021-10-27", a time in ISO 8601, a date, or a datetime)
        sort                     : "score", or "date" for the newest first, or "oldest" (undated last in both)
        match                    : a hit has "most" of the words, by weight (ARCHITECTURE.md has the rule); "any" word
                                   makes a hit; or "all" must be there
        raw                      : the text is words, without operators
        facets                   : count the values of these over all hits: "source", "category" (each level), "author",
                                   "tag", "year", "month", or own fields of the articles; see ``facet_names``
        half_life_days           : halve a score for each so many days that an article is older than the newest in the
                                   index (an undated one counts as the oldest); by default age does not matter
        num_fragments, fragment_chars : how many fragments a snippet has at most, and about how long each is
        collapse                 : copies of an article are folded under the best of them, in ``hit.duplicates``;
                                   ``limit``, ``offset`` and ranks count what is left, ``total`` and facets all

        Raises QuerySyntaxError for a date that does not exist; no query text is an error.
        """
        request = _request(locals())
        started = time.perf_counter()
        searcher = self._current()
        facets = _facets(request.facets, searcher.snapshot)
        filters = request.filters
        asked = self._asked(searcher, request, filters)

        def rank(plan: Plan) -> Collapsed:
            page: dict[str, Any] = {"order": request.sort, "limit": request.limit, "offset": request.offset}
            page["half_life_days"] = request.half_life_days
            if request.collapse:
                return rank_collapsed(searcher, plan, **page)
            ranked = searcher.rank(plan, **page)
            return Collapsed(ranked, [])

        parsed, plan, (ranking, folded) = asked.answered(rank, lambda found: found.ranked.total)
        root = self._synonyms.expand(parsed.root, searcher.snapshot.analyzer.tokenizer)
        unknown = unknown_values(searcher.snapshot, filters, parsed.root)
        correction = ""
        if not (ranking.total and searcher.finds_words(plan)) and not rules_all_out(unknown, filters, parsed.root):
            tokenizer = searcher.snapshot.analyzer.tokenizer
            correction = correct(request.query, asked.places_of_words(), searcher.vocabulary, tokenizer, asked.has_hits)
        excerpts = Excerpts(searcher, plan, searcher.snapshot.analyzer, _shown(request))
        return SearchResults(
            query=request.query,
            understood="" if root is None else str(root),
            notes=(
                *parsed.notes,
                *searcher.notes(plan),
                *excerpts.notes(ranking),
                *filter(None, unknown.values()),
                *_format_notes(searcher.snapshot),
            ),
            correction=correction,
            total=ranking.total,
            took_ms=(time.perf_counter() - started) * 1000,
            hits=make_hits(searcher, ranking, excerpts, request.offset, folded),
            facets={name: count_facet(searcher.snapshot, ranking.matching, name, self._zone) for name in facets},
        )

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
        request = _request(locals())
        searcher = self._current()
        filters = request.filters

        def walk(plan: Plan) -> tuple[DocNumbers, Scores, Ranked]:
            return searcher.walk(plan, order=request.sort, half_life_days=request.half_life_days)

        if not request.query and filters == Filters():
            plan = Plan(All())
            walked = walk(plan)
        else:
            asked = self._asked(searcher, request, filters)
            _, plan, walked = asked.answered(walk, lambda found: len(found[0]))
        return walk_hits(searcher, Excerpts(searcher, plan, searcher.snapshot.analyzer, _shown(request)), walked)

    def _asked(self, searcher: Searcher, request: SearchRequest, filters: Filters) -> Asked:
        return Asked(
            searcher, request.query, filters, request.match, request.raw, self._zone, self._synonyms, self._limits
        )

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

        Filters, pages and fragments are as in ``search``. In the results ``query`` is the id, ``understood`` the terms.

        Raises ArticleNotFoundError, QuerySyntaxError for a date that does not exist.
        """
        request = _request({**locals(), "query": request or ""})
        started = time.perf_counter()
        searcher = self._current()
        number = _find(searcher.snapshot, article_id)
        terms = weighty_terms(searcher.snapshot, *searcher.texts(number), searcher.snapshot.about(number)["tags"])
        analyzer = searcher.snapshot.analyzer
        conditions = make_plan(None, request.filters, analyzer.tokenizer, self._zone).step
        plan = similar_plan(terms, article_id, conditions)
        ranking = searcher.rank(plan, order="score", limit=request.limit, offset=request.offset)
        return SearchResults(
            query=article_id,
            understood=" ".join(term for term, _ in terms),
            notes=(),
            total=ranking.total,
            took_ms=(time.perf_counter() - started) * 1000,
            hits=make_hits(
                searcher,
                ranking,
                Excerpts(searcher, plan, analyzer, Shown(request.num_fragments, request.fragment_chars)),
                request.offset,
            ),
        )

    def suggest(self, prefix: str, *, limit: int = 10) -> tuple[Suggestion, ...]:
        """At most ``limit`` completions of ``prefix``, from words and phrases of the articles, the most used first.

        prefix : Chinese characters, letters of another script, or pinyin: in full (``shuzihua``), initials (``szh``) or
                 both (``shuzihuazx``)

        The first call on a commit reads the titles, which takes a second or less; those after it, microseconds.
        """
        checks.text("prefix", prefix)
        limit = checks.count("limit", limit)
        searcher = self._current()
        return suggest(searcher.vocabulary, prefix, min(limit, sys.maxsize), searcher.num_articles)

    @overload
    def get(self, article_id: str) -> Article: ...
    @overload
    def get(self, article_id: str, default: T) -> Article | T: ...
    def get(self, article_id: str, default: Any = _RAISE) -> Any:
        """The article with this id; ``default`` if there is none, or ArticleNotFoundError where no default is given."""
        snapshot = self._current().snapshot
        try:
            return snapshot.article(_find(snapshot, article_id))
        except ArticleNotFoundError:
            if default is _RAISE:
                raise
            return default

    def get_many(self, article_ids: Iterable[str]) -> dict[str, Article]:
        """The articles with these ids, by id, in their order; those that there are not are left out."""
        snapshot = self._current().snapshot
        numbers = {article_id: snapshot.find(article_id) for article_id in checks.texts("article_ids", article_ids)}
        return {article_id: snapshot.article(number) for article_id, number in numbers.items() if number is not None}

    def ids(self) -> Iterator[str]:
        """The ids of all articles, in no particular order. It goes on with the commit that it began with."""
        return iter(self._current().snapshot.indexed())

    def __iter__(self) -> Iterator[Article]:
        """All articles, in no particular order; of the commit that was the last when it began."""
        snapshot = self._current().snapshot
        return (snapshot.article(entry.number) for entry in snapshot.indexed().values())

    def __contains__(self, article: object) -> bool:
        """Whether there is an article with this id, or with the id of this article."""
        found = article.id if isinstance(article, Article) else article
        return isinstance(found, str) and self._current().snapshot.find(found) is not None

    def analyze(self, text: str) -> Analysis:
        """How ``text`` is indexed and searched."""
        return analyze_text(text, self._current().snapshot.analyzer)

    def verify(self, *, deep: bool = False) -> VerifyReport:
        """Check every checksum and cross-reference of the last commit; ``report.damage`` says what is wrong.

        deep : tokenise every article again, and compare its terms with the index; takes as long as indexing

        Raises AnalyzerMismatchError for ``deep`` where the tokenizer of the index is not to be had.
        """
        self._current()
        return verify_store(self._store, deep=deep)

    def snapshot(self, path: str | os.PathLike[str]) -> None:
        """Copy the last commit to the folder ``path``, which is made, or must be empty; a writer may go on meanwhile.

        What both have in common takes no room where the file system has hard links: files of an index never change.

        Raises IndexUnusableError if there is something in ``path``, CorruptIndexError, OSError.
        """
        self._current()
        self._store.copy_to(path)

    @property
    def facet_names(self) -> tuple[str, ...]:
        """What ``search(facets=...)`` can count by: "source" and the like, then the own fields of the articles."""
        return (*FACETS, *self._current().snapshot.own_fields.values())

    def stats(self) -> Stats:
        """Counts and facts, ready for JSON."""
        snapshot = self._current().snapshot
        first, last = snapshot.date_span()
        identity = snapshot.analyzer.identity
        return {
            "version": FORMAT_VERSION,
            "index": self.path,
            "articles": snapshot.num_live_docs,
            "sources": _by_count(snapshot.label_counts("source")),
            "categories": _by_count(snapshot.label_counts("category")),
            "tags": _by_count(snapshot.label_counts("tag")),
            "labels": {name: _by_count(counts) for name, counts in snapshot.all_own_field_counts().items()},
            "drafts": sum(snapshot.label_counts("draft").values()),
            "first_date": None if first is None else first.astimezone(self._zone).isoformat(),
            "last_date": None if last is None else last.astimezone(self._zone).isoformat(),
            "segments": len(snapshot.segments),
            "size_bytes": self._store.size_bytes(),
            "tokenizer": f"{identity.engine} {identity.version}",
            "user_dictionary": identity.user_dictionary or None,
            "format_version": snapshot.version,
            "folders": sorted(snapshot.roots()),
        }


def analyze_text(text: str, analyzer: ChineseAnalyzer | None = None) -> Analysis:
    """How ``text`` is folded and cut by ``analyzer``, or by that of a new index."""
    checks.text("text", text)
    reading = read(text)
    words = (analyzer or ChineseAnalyzer()).tokenizer.tokens(reading.text, reading.seams)
    in_text = [
        tuple(token._replace(start=span[0], end=span[1]) for token in tokens for span in [reading.span(*token[1:3])])
        for tokens in (words, character_tokens(reading.text))
    ]
    return Analysis(reading.text, *in_text)


def _format_notes(snapshot: Snapshot) -> tuple[str, ...]:
    """What a commit of an earlier format lacks."""
    if snapshot.version == SCHEMA_VERSION:
        return ()
    return (
        f"the index has format {snapshot.version}, from before format {SCHEMA_VERSION}: without tags, and what is now "
        "cut otherwise is found by its old terms only; a rebuild brings it up to date",
    )


def _find(snapshot: Snapshot, article_id: str) -> int:
    """The number of the document with this id. Raises ArticleNotFoundError."""
    number = snapshot.find(checks.text("article_id", article_id))
    if number is None:
        raise ArticleNotFoundError(article_id, hint="Hits say their ids")
    return number


class _Ends:
    """Says as one event whether any of several is set."""

    def __init__(self, *events: threading.Event | None) -> None:
        self._events = [event for event in events if event is not None]

    def is_set(self) -> bool:
        return any(event.is_set() for event in self._events)


def _request(arguments: Mapping[str, Any], **defaults: Any) -> SearchRequest:
    """What the arguments of a method ask for: the request that was given as its query, or one made of them.
    ``defaults`` are those of the method that are not the request's."""
    given = {name: value for name, value in arguments.items() if name in ARGUMENTS}
    request = given["query"]
    if not isinstance(request, SearchRequest):
        return SearchRequest(**given)
    for name, value in given.items():
        if name != "query" and value != defaults.get(name, ARGUMENTS[name].default):
            raise TypeError(f"{name} must be in the request that is given, not beside it")
    return request


def _shown(request: SearchRequest) -> Shown:
    half_life = request.half_life_days if request.sort == "score" else None
    return Shown(request.num_fragments, request.fragment_chars, half_life)


def _facets(given: Sequence[str], snapshot: Snapshot) -> tuple[str, ...]:
    """What to count by. An index that is empty may yet get any own field."""
    known = (*FACETS, *snapshot.own_fields.values(), *snapshot.own_fields)
    if snapshot.num_live_docs or isinstance(given, str):
        return checks.several("facets", given, tuple(dict.fromkeys(known)))
    return tuple(checks.texts("facets", given))


def _by_count(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _folders(store: Store, paths: Paths) -> Sequence[str | os.PathLike[str]]:
    """The paths as given, or the folders indexed before."""
    given = [paths] if isinstance(paths, (str, os.PathLike)) else list(paths)
    if given:
        return given
    snapshot = store.snapshot()
    try:
        return sorted(snapshot.roots())
    finally:
        snapshot.close()


def _path_settings(
    exclude: str | Sequence[str] | None, split: str | None, source: str | None, drafts: bool | None
) -> PathSettings:
    """Settings as they are remembered. ValueError for a split that there is none of, or a pattern that is none."""
    if split not in (None, "", *SPLITS):
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, not {split!r}")
    patterns = None if exclude is None else (exclude,) if isinstance(exclude, str) else tuple(exclude)
    if patterns:
        from cnsearch.corpus.ignore import Patterns

        for reason in Patterns.of(patterns, prefix="", name="exclude").bad:
            raise ValueError(f"exclude: {reason}")
    return PathSettings(patterns, split, None if source is None else source.strip(), drafts)


def _loaded(user_dict: str | os.PathLike[str] | None) -> UserDictionary | None:
    return None if user_dict is None else UserDictionary.load(user_dict)


def _dictionary_report(
    before: UserDictionary,
    after: UserDictionary,
    report: UpdateReport,
    *,
    present: Iterable[str] = (),
    absent: Iterable[str] = (),
) -> DictionaryReport:
    """What has become of one dictionary in the other; ``present`` and ``absent`` are the words that were asked for."""
    old, new, changed = dict(before.words), dict(after.words), before.changed_words(after)
    return DictionaryReport(
        added=tuple(word for word in changed if word not in old),
        changed=tuple(word for word in changed if word in old and word in new),
        removed=tuple(word for word in changed if word not in new),
        present=tuple(sorted(set(present).difference(changed))),
        absent=tuple(sorted(set(absent).difference(changed))),
        retokenised=report.retokenised,
        articles=report.articles,
        took_s=report.took_s,
    )


def _require_dictionary(store: Store, words: UserDictionary | None) -> None:
    """Raise AnalyzerMismatchError if the index was built with another user dictionary than ``words``."""
    recorded = store.analyzer.user_dictionary
    if words is not None and words != recorded:
        raise AnalyzerMismatchError(
            store.path,
            f"built with {_described(recorded)}, asked for {_described(words)}",
            found=words.digest,
            expected=recorded.digest,
            hint="Give it to the index with update(user_dict=file)",
            code="dictionary_mismatch",
        )


def _described(words: UserDictionary) -> str:
    return f"the user dictionary {words.digest} ({len(words.words)} words)" if words.words else "no user dictionary"


def _zone(name: str | tzinfo) -> tzinfo:
    if isinstance(name, tzinfo):
        return name
    with suppress(ZoneInfoNotFoundError):
        return ZoneInfo(name)
    if name == DEFAULT_ZONE:  # a system without a time-zone table
        return timezone(timedelta(hours=8), name)
    raise ValueError(f"there is no time zone {name!r}; give a name such as Asia/Shanghai, or a tzinfo")
