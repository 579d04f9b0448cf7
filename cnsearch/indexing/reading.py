"""A file to the articles that it holds, with what the settings of the index say of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from cnsearch.corpus.decoding import decode
from cnsearch.corpus.entries import ReadOptions
from cnsearch.corpus.front_matter import split_front_matter
from cnsearch.corpus.large import is_large, read_large
from cnsearch.corpus.posts import POST_SUFFIXES, PostFile, Scan
from cnsearch.corpus.reader import read_post
from cnsearch.corpus.readers import read_file
from cnsearch.errors import CorpusError, NoArticlesError
from cnsearch.limits import Limits
from cnsearch.model import Article, Failure
from cnsearch.settings import Settings


def options_of(settings: Settings, root: str, file_id: str, limits: Limits) -> ReadOptions:
    """How a file is read."""
    said = settings.at(root, file_id)
    return ReadOptions(said.split or "", said.source or "", said.drafts is not False, limits.post_bytes)


def explained(scan: Scan, settings: Settings, root: str, limits: Limits) -> Iterator[tuple[str, str]]:
    """(id, how it is taken or why it is not) of every file of a scan, sorted by id. Reads each file."""
    lines = [(id_, f"left out: {why}") for id_, why in scan.left_out]
    lines += [(id_, "passed over: nothing reads files of this kind") for id_ in scan.others]
    lines += [(failure.path, f"failed: {failure.reason}") for failure in scan.failures]
    lines += [(file.id, "") for file in scan.files]
    files = {file.id: file for file in scan.files}
    for id_, line in sorted(lines):
        yield id_, line or _how(files[id_], options_of(settings, root, id_, limits))


def _how(file: PostFile, options: ReadOptions) -> str:
    try:
        if is_large(file, options):
            return _how_large(file, options)
        data = read_post(file, max_bytes=options.max_bytes)
        reading = read_file(data, file, options)
        made = [entry.made for entry in reading.entries]
    except NoArticlesError as error:
        return f"passed over: {error.reason}"
    except CorpusError as error:
        return f"failed: {error.reason}"
    articles = [one for one in made if isinstance(one, Article)]
    drafts = sum(one.draft for one in articles)
    single = len(made) == 1 and articles and articles[0].id == file.id
    parts = [reading.how]
    if single and file.id.lower().endswith(POST_SUFFIXES) and (kind := _front_matter_kind(data, file)):
        parts.append(f"front matter ({kind})")
    if not single:
        parts.append(f"{len(articles):,} {'entry' if len(articles) == 1 else 'entries'}")
    if drafts:
        named = "draft" if single else f"{drafts:,} draft{'s' * (drafts > 1)}"
        parts.append(named if options.drafts else f"{named} (left out)")
    if len(articles) < len(made):
        parts.append(f"{len(made) - len(articles):,} failed")
    if single and not articles[0].paragraphs:
        parts.append("no text but the title")
    return ", ".join(parts)


def _how_large(file: PostFile, options: ReadOptions) -> str:
    reading = read_large(file, options)
    articles = drafts = failed = 0
    for made, _ in reading.entries:
        articles, failed = articles + isinstance(made, Article), failed + isinstance(made, Failure)
        drafts += isinstance(made, Article) and made.draft
    parts = [f"{reading.how}, read record by record", f"{articles:,} entries"]
    if drafts:
        parts.append(f"{drafts:,} drafts" + ("" if options.drafts else " (left out)"))
    return ", ".join([*parts, f"{failed:,} failed"] if failed else parts)


def _front_matter_kind(data: bytes, file: PostFile) -> str:
    """In which language the front matter of a post is written; empty without one."""
    text = decode(data, file.path).text
    if not split_front_matter(text)[0]:
        return ""
    first = text.lstrip("\ufeff \t\r\n")[:1]
    return {"+": "TOML", "{": "JSON", ";": "JSON"}.get(first, "YAML")


def raw_text(file: PostFile, article_id: str, options: ReadOptions) -> str:
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
