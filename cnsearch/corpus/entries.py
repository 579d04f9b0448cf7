"""Files that hold several articles: what a reader is told, what it gives, and the ids of their entries."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from cnsearch.corpus.decoding import decode
from cnsearch.corpus.keys import bare
from cnsearch.corpus.metadata import TITLE_KEYS
from cnsearch.corpus.posts import PostFile
from cnsearch.corpus.records import TEXT_NAMES, article_from_record
from cnsearch.corpus.text import one_line
from cnsearch.errors import CorpusError
from cnsearch.limits import DEFAULT_LIMITS
from cnsearch.model import Article, Failure

ENTRY_MARK = "#"
"""Between the id of a file and the key of an entry: ``feeds/news.xml#https://example.com/1``."""
MOST_KEY_CHARS = 200
"""Of the key of an entry; a longer one is cut, and a hash of it stands for the rest."""


class ReadOptions(NamedTuple):
    """How files are read.

    split     : "chapter" or "line": what of a plain text is an article; empty for all of it
    source    : of articles that name none
    drafts    : whether they are taken
    max_bytes : of a file
    """

    split: str = ""
    source: str = ""
    drafts: bool = True
    max_bytes: int = DEFAULT_LIMITS.post_bytes


class Entry(NamedTuple):
    """One entry of a file.

    made : the article, or why there is none
    raw  : what it was made of: text, or a value of JSON; None where that is the whole file
    """

    made: Article | Failure
    raw: object = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader makes of a file.

    how     : the kind that the file was taken for, a few words: ``feed (Atom)``
    entries : made as they are asked for; CorpusError may come out meanwhile, and ends them
    single  : whether the file is one article, whose id is the file's
    """

    how: str
    entries: Iterable[Entry]
    single: bool = False


Warn = Callable[[Failure], object]
"""Is told what of a file could not be read as it was written."""


def text_of(data: bytes, file: PostFile, warn: Warn) -> str:
    """A file as text, without a byte order mark. Raises CorpusError if it is none."""
    decoded = decode(data, file.path)
    if decoded.warning:
        warn(Failure(file.path, decoded.warning))
    return decoded.text.removeprefix("\ufeff")


class EntryIds:
    """Gives the entries of one file their ids, each once."""

    def __init__(self, file_id: str) -> None:
        self._file_id = file_id
        self._given: dict[str, int] = {}

    def of(self, key: str) -> str:
        """The id of the entry that calls itself ``key``; of the second with that key it ends in ``~2``.

        >>> ids = EntryIds("a.json")
        >>> ids.of("12"), ids.of("12"), ids.of(" 甲\\n乙 ")
        ('a.json#12', 'a.json#12~2', 'a.json#甲乙')
        """
        key = one_line(key)
        if len(key) > MOST_KEY_CHARS:
            key = f"{key[:MOST_KEY_CHARS]}…{_hash(key)}"
        number = self._given[key] = self._given.get(key, 0) + 1
        return f"{self._file_id}{ENTRY_MARK}{key}" + (f"~{number}" if number > 1 else "")


def has_text(value: object) -> bool:
    """Whether a value of JSON looks like a record of an article: an object with a text."""
    return isinstance(value, dict) and any(
        bare(name) in TEXT_NAMES and isinstance(text, str) for name, text in value.items() if isinstance(name, str)
    )


def says_something(names: Iterable[object]) -> bool:
    """Whether what has these names of keys or columns can be an article: they name a text or a title."""
    known = TEXT_NAMES.union(TITLE_KEYS)
    return any(isinstance(name, str) and bare(name) in known for name in names)


def record_entry(record: object, *, ids: EntryIds, path: str, where: str, id: str = "") -> Entry:
    """The entry of one record; its key is what the record calls itself. ``where`` names it in messages.

    id : of the article, where it is the only one
    """
    try:
        if not isinstance(record, dict):
            raise CorpusError(where, f"expected an object with a text or title ({_EXAMPLES}), found {record!r:.40}")
        if not says_something(record):
            raise CorpusError(where, f"has no text: {expected_text(record)}")
        article = article_from_record(record, where=where)
    except CorpusError as error:
        return Entry(Failure(where, error.reason), record)
    return Entry(replace(article, id=id or ids.of(article.id), path=path), record)


_EXAMPLES = '"title", "content", "text", "正文", …'


def expected_text(found: Iterable[object]) -> str:
    """For a message: which names were expected and which ``found``."""
    several = [f'"{str(name)[:40]}"' for name in found]
    shown = ", ".join(several[:5]) + (", …" if len(several) > 5 else "")
    return f"expected a name such as {_EXAMPLES}, found {shown or 'nothing'}"


def finished(entries: Iterable[Entry], options: ReadOptions) -> Iterator[Entry]:
    """The entries with what the options add to them."""
    for made, raw in entries:
        if isinstance(made, Article) and options.source and not made.source:
            yield Entry(replace(made, source=options.source), raw)
        else:
            yield Entry(made, raw)


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
