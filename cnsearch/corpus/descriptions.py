"""What is put before a body, and what is taken out of it, because of what is known about the article."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from cnsearch.corpus.clean import CleanBody, clean_body
from cnsearch.corpus.forms import Form
from cnsearch.corpus.metadata import bare_text

#: What hexo-blog-encrypt and the notes' ciphers leave in a body.
_LOCKS = ("hexo-blog-encrypt", "hbe-", "hbeData", "encrypt-blog", "🔐", "BEGIN PGP MESSAGE")
#: Base64 or hexadecimal without a space, longer than any word, address or hash.
_CIPHER = re.compile(r"[A-Za-z0-9+/=_-]{80,}|[A-Za-z0-9+/=]{40,}")
_PGP = re.compile(r"-----(BEGIN|END) PGP MESSAGE-----")
_ELLIPSIS = re.compile(r"(?:…+|\.{3,})\s*$")


def with_descriptions(clean: CleanBody, descriptions: Iterable[str], title: str) -> CleanBody:
    """The body with each description as a paragraph before it, unless title, body or one before says the same.

    White space, punctuation, width and case do not count; an ellipsis at the end of a description is no text.
    """
    said = ""
    before: list[str] = []
    for description in descriptions:
        paragraphs = clean_body(description, title=title, form=Form.MARKDOWN).paragraphs
        said = said or bare_text(title) + "\n" + "".join(map(bare_text, clean.paragraphs))
        for paragraph in paragraphs:
            bare = bare_text(_ELLIPSIS.sub("", paragraph))
            if bare and bare not in said:
                before.append(paragraph)
                said += "\n" + bare
    if not before:
        return clean
    headings = tuple(at + len(before) for at in clean.headings)
    return replace(clean, paragraphs=(*before, *clean.paragraphs), headings=headings)


def looks_locked(body: str) -> bool:
    """Whether a part of ``body`` is encrypted: it has the marks of those who do that."""
    return any(mark in body for mark in _LOCKS)


def without_ciphers(clean: CleanBody) -> CleanBody:
    """The body of an article with a password, without the paragraphs that are encrypted."""
    kept = [
        (at, text)
        for at, text in enumerate(clean.paragraphs)
        if not (_PGP.search(text) or len(_CIPHER.sub("", text)) <= min(len(text) - 1, 4))
    ]
    index = {at: number for number, (at, _) in enumerate(kept)}
    headings = tuple(index[at] for at in clean.headings if at in index)
    return replace(clean, paragraphs=tuple(text for _, text in kept), headings=headings)
