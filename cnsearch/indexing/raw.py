"""The text that an article was made of, as it stands in its file."""

from __future__ import annotations

import json
import os

from cnsearch.corpus.decoding import decode
from cnsearch.corpus.entries import ReadOptions
from cnsearch.corpus.large import is_large, read_large
from cnsearch.corpus.posts import PostFile
from cnsearch.corpus.reader import read_post
from cnsearch.corpus.readers import read_file
from cnsearch.errors import ArticleNotFoundError, CorpusError
from cnsearch.indexing.tasks import ENTRY_SIZE, file_of, options_of
from cnsearch.indexing.writer import Remembers
from cnsearch.limits import Limits
from cnsearch.model import Article


def raw_text_of(snapshot: Remembers, article_id: str, limits: Limits) -> str:
    """The text that an article was made of; see ``Index.raw``."""
    entry = snapshot.find_indexed(article_id)
    if entry is None:
        raise ArticleNotFoundError(article_id)
    if not entry.root:
        raise CorpusError(article_id, "the article came from no file")
    known = snapshot.settings.files.get(entry.root, {})
    file_id = file_of(article_id, [known]) if entry.size == ENTRY_SIZE else article_id
    if ".." in file_id.split("/"):  # no scan makes such an id: the index of a stranger
        raise CorpusError(article_id, "the file lies outside the folder that was indexed")
    path = os.path.join(entry.root, *file_id.split("/"))  # noqa: PTH118  # PostFile has a string
    options = options_of(snapshot.settings, entry.root, file_id, limits)
    size = known[file_id].size if file_id in known else 0
    return _raw_text(PostFile(file_id, path, size, 0), article_id, options)


def _raw_text(file: PostFile, article_id: str, options: ReadOptions) -> str:
    """The text that an article was made of, as it was read: that of the file, or of the article's entry in it.

    Raises : CorpusError if the file, or the entry in it, is gone, or is no text
    """
    large = is_large(file, options)
    data = b"" if large else read_post(file, max_bytes=options.max_bytes)
    if article_id != file.id:
        for made, raw in (read_large(file, options) if large else read_file(data, file, options)).entries:
            if isinstance(made, Article) and made.id == article_id:
                if raw is None:
                    break  # the reader does not say; then the whole file is shown
                return raw if isinstance(raw, str) else json.dumps(raw, ensure_ascii=False, indent=1, default=str)
        else:
            raise CorpusError(file.path, "the entry is not in the file any more", hint="Bring the index up to date")
    return decode(data, file.path).text
