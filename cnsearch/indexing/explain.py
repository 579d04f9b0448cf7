"""How each file below the indexed folders is taken, or why it is not, in words."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from cnsearch.corpus.decoding import decode
from cnsearch.corpus.entries import ReadOptions
from cnsearch.corpus.front_matter import split_front_matter
from cnsearch.corpus.large import is_large, read_large
from cnsearch.corpus.posts import POST_SUFFIXES, PostFile, Scan
from cnsearch.corpus.reader import read_post
from cnsearch.corpus.readers import read_file
from cnsearch.errors import CorpusError, NoArticlesError
from cnsearch.indexing.scopes import scanned, scopes_of
from cnsearch.indexing.tasks import options_of
from cnsearch.indexing.writer import Remembers
from cnsearch.limits import Limits
from cnsearch.model import Article, Failure
from cnsearch.settings import PathSettings, Settings


def explain_files(
    snapshot: Remembers, paths: Sequence[str | os.PathLike[str]], *, given: PathSettings, limits: Limits
) -> Iterator[tuple[str, str]]:
    """(path, how it is taken or why it is not) of each file below ``paths``; see ``Index.explain_files``."""
    scopes = scopes_of(paths, snapshot.roots())
    scans, settings, _ = scanned(scopes, snapshot.settings, given)
    for scope, scan in zip(scopes, scans, strict=True):
        yield from explained(scan, settings, os.fspath(scope.root), limits)


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
        parts.append(_counted(len(articles), "entry", "entries"))
    if drafts:
        named = "draft" if single else _counted(drafts, "draft", "drafts")
        parts.append(named if options.drafts else f"{named} (left out)")
    if len(articles) < len(made):
        parts.append(f"{len(made) - len(articles):,} failed")
    if single and not articles[0].paragraphs:
        parts.append("no text but the title")
    return ", ".join(parts)


def _counted(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"


def _how_large(file: PostFile, options: ReadOptions) -> str:
    reading = read_large(file, options)
    articles = drafts = failed = 0
    for made, _ in reading.entries:
        articles, failed = articles + isinstance(made, Article), failed + isinstance(made, Failure)
        drafts += isinstance(made, Article) and made.draft
    parts = [f"{reading.how}, read record by record", _counted(articles, "entry", "entries")]
    if drafts:
        parts.append(_counted(drafts, "draft", "drafts") + ("" if options.drafts else " (left out)"))
    return ", ".join([*parts, f"{failed:,} failed"] if failed else parts)


def _front_matter_kind(data: bytes, file: PostFile) -> str:
    """In which language the front matter of a post is written; empty without one."""
    text = decode(data, file.path).text
    if not split_front_matter(text)[0]:
        return ""
    first = text.lstrip("\ufeff \t\r\n")[:1]
    return {"+": "TOML", "{": "JSON", ";": "JSON"}.get(first, "YAML")
