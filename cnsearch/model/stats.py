"""What an index has: counts and facts, ready for JSON."""

from __future__ import annotations

from typing import TypedDict


class Stats(TypedDict):
    """What an index has.

    version               : of these keys, FORMAT_VERSION
    index                 : the folder of the index
    articles, drafts      : how many there are, and how many of them are drafts
    sources, categories, tags : how many articles have each value, most frequent first
    labels                : the same of each own field of the articles, by its name
    first_date, last_date : ISO 8601 in the zone of the ``Index``; None where no date is known
    segments, size_bytes  : files of postings and text, and bytes of all files
    tokenizer             : engine and version
    user_dictionary       : a hash of its words; None where there is none
    format_version        : of the files
    last_commit           : when the commit that is shown was made, as first_date
    folders               : whose posts are in the index, absolute, sorted
    kernels               : "compiled" or "python": what the inner loops of this installation are; behind that, in
                            brackets, why an extension that is there is not used
    """

    version: int
    index: str
    articles: int
    drafts: int
    sources: dict[str, int]
    categories: dict[str, int]
    tags: dict[str, int]
    labels: dict[str, dict[str, int]]
    first_date: str | None
    last_date: str | None
    segments: int
    size_bytes: int
    tokenizer: str
    user_dictionary: str | None
    format_version: int
    last_commit: str
    folders: list[str]
    kernels: str
