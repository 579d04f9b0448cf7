"""Templates, and the files they refer to. Whatever a template is given is escaped; characters that would steer the text
around them (controls, marks of direction) are left out of it.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from cnsearch.faces.messages import LANGUAGES, Language
from cnsearch.faces.web.asking import Links
from cnsearch.faces.web.settings import WebSettings
from cnsearch.model import Fragment, Snippet, printable

STATIC: Final = {
    "app.css": "text/css; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file of ``static``. ``version`` is in its address, so that it may be kept for good."""

    content: bytes
    zipped: bytes
    kind: str
    version: str


@cache
def static_file(name: str) -> StaticFile | None:
    """The file of this name; None if there is none."""
    if name not in STATIC:
        return None
    content = (files("cnsearch.faces.web") / "static" / name).read_bytes()
    version = hashlib.blake2s(content, digest_size=6).hexdigest()
    return StaticFile(content, gzip.compress(content, mtime=0), STATIC[name], version)


def _finalized(value: Any) -> Any:
    return printable(value) if type(value) is str else value


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("cnsearch.faces.web"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        auto_reload=False,
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """For whom something is rendered: the language, the addresses, where the application stands."""

    settings: WebSettings
    language: Language
    links: Links
    here: str = ""

    def static(self, name: str) -> str:
        """The address of a file of ``static``."""
        file = static_file(name)
        assert file is not None, name
        return self.links.to(f"static/{name}", v=file.version)

    def languages(self) -> list[tuple[str, str, str]]:
        """The other languages: code, name, and the address of this page in it."""
        sign = "&" if "?" in self.here else "?"
        return [
            (code, name, f"{self.here}{sign}lang={code}")
            for code, name in LANGUAGES.items()
            if code != self.language.code
        ]

    def marked_up(self, message: str, **values: Markup) -> Markup:
        """A message whose values are HTML."""
        return Markup(escape(self.language.say(message))).format(**values)

    def render(self, template: str, **values: Any) -> str:
        """The text of a template."""
        say: Callable[..., str] = self.language.say
        common = {"query": "", "kept": [], "focus": False, "problem": None, "feed": None, "options": None}
        return (
            _environment()
            .get_template(template)
            .render(
                {
                    **common,
                    "settings": self.settings,
                    "language": self.language,
                    "languages": self.languages(),
                    "links": self.links,
                    "static": self.static,
                    "_": say,
                    "_n": self.language.count,
                    "_m": self.marked_up,
                    "key": lambda name: Markup("<kbd>{}</kbd>").format(name),
                    "span": lambda text: Markup('<span lang="zh">{}</span>').format(printable(text)),
                    "number": lambda value: f"{value:,}",
                    **values,
                }
            )
        )


def _clean(text: str) -> str:
    return str(escape(printable(text)))


def marked(fragment: Fragment) -> Markup:
    """A fragment with its matches in ``mark``."""
    return Markup(fragment.marked("<mark>", "</mark>", _clean))


def snippet(of: Snippet) -> Markup:
    """The fragments of a hit, joined where something is left out."""
    return Markup(printable(of.html()))


class Marks:
    """Marks every match of an article with a number to go to, and steps to the one before and after: they are seen when
    their match is gone to (``:target``)."""

    def __init__(self, total: int, language: Language, most: int = 500) -> None:
        self._total = min(total, most)
        self._before = str(escape(language.say("Previous match")))
        self._after = str(escape(language.say("Next match")))
        self._at = 0

    def of(self, fragment: Fragment) -> Markup:
        """The text of a fragment; its line ends are breaks."""
        pieces = []
        at = 0
        for start, end in fragment.highlights:
            pieces += [_lines(fragment.text[at:start]), self._mark(fragment.text[start:end])]
            at = end
        pieces.append(_lines(fragment.text[at:]))
        return Markup("".join(pieces))

    def _mark(self, text: str) -> str:
        self._at += 1
        at, last = self._at, self._total
        if at > last:
            return f"<mark>{_lines(text)}</mark>"
        before, after = at - 1 or last, at % last + 1
        steps = (
            f'<a href="#m{before}" rel="prev" aria-label="{self._before}">‹</a> {at} / {last} '
            f'<a href="#m{after}" rel="next" aria-label="{self._after}">›</a>'
        )
        return f'<mark id="m{at}">{_lines(text)}<span class="step">{steps}</span></mark>'


def _lines(text: str) -> str:
    return "<br>".join(map(_clean, text.replace("\u2028", "\n").split("\n")))
