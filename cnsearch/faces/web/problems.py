"""What goes wrong, as a page and as a problem object (RFC 9457, Problem Details for HTTP APIs): a status, a code for
programs, a title, and what to do. Nothing of the server is in them: no path, no traceback.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cnsearch.errors import (
    ArticleNotFoundError,
    DeadlineError,
    IndexUnusableError,
    QuerySyntaxError,
    UnsupportedError,
)
from cnsearch.faces.messages import Language
from cnsearch.faces.web.work import BusyError, TooSlowError

RETRY_AFTER_S: Final = 2


def _(message: str) -> str:
    """Marks a message for the catalogues; it is said where the language is known."""
    return message


class AskedWronglyError(ValueError):
    """A parameter is unknown, or its value is none; the message says which, as the library says it."""


@dataclass(eq=False)
class Problem(Exception):  # the name that RFC 9457 gives it
    """status : of HTTP
    code    : what kind of case it is, for programs
    title   : a message
    detail  : a message, or what the library says
    retry_s : seconds after which the same is worth asking for again; 0 where it is not
    """

    status: int
    code: str
    title: str
    detail: str = ""
    retry_s: int = 0

    def to_dict(self, language: Language) -> dict[str, object]:
        """The problem object."""
        return {
            "type": f"urn:cnsearch:problem:{self.code}",
            "title": language.say(self.title),
            "status": self.status,
            "detail": language.translated(language.say(self.detail)),
            "code": self.code,
        }

    @property
    def headers(self) -> dict[str, str]:
        """Of the response, besides those that all have."""
        return {"Retry-After": str(self.retry_s)} if self.retry_s else {}


BAD_REQUEST = _("This cannot be asked for")
NOT_FOUND = _("There is no such page")
NO_ARTICLE = _("There is no such article")
BUSY = _("Too many searches at once")
UNUSABLE = _("The index cannot be searched at the moment")
INTERNAL = _("Something went wrong here")
NOT_ALLOWED = _("This can only be read")

_BY_STATUS: Final = {
    400: ("bad_request", BAD_REQUEST),
    401: ("unauthorized", _("A password is needed")),
    404: ("not_found", NOT_FOUND),
    405: ("method_not_allowed", NOT_ALLOWED),
    414: ("too_long", _("The address is too long")),
    421: ("unknown_host", _("This server is not asked for by this name")),
    429: ("too_many_attempts", _("Too many wrong passwords; try again later")),
    431: ("too_long", _("The headers are too long")),
}


def of_status(status: int, detail: str = "") -> Problem:
    """The problem that a status alone tells."""
    code, title = _BY_STATUS.get(status, ("error", BAD_REQUEST if status < 500 else INTERNAL))
    return Problem(status, code, title, detail)


def of_error(error: Exception) -> Problem:
    """The problem that an error of the library, or of the work for it, is to whoever has asked."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, BusyError):
        return Problem(503, "busy", BUSY, _("Try again in a few seconds."), retry_s=RETRY_AFTER_S)
    if isinstance(error, (TooSlowError, DeadlineError)):
        detail = _("It took longer than a search may. Ask for fewer words, or for none with * or ?.")
        return Problem(503, "too_slow", _("This search takes too long"), detail)
    if isinstance(error, ArticleNotFoundError):
        return Problem(404, error.code, NO_ARTICLE, _("It may have been removed or moved. Search for its title."))
    if isinstance(error, QuerySyntaxError):
        return Problem(400, error.code, BAD_REQUEST, str(error))
    if isinstance(error, (IndexUnusableError, OSError)):  # their messages name files of the server
        detail = _(
            "It is gone, being replaced, damaged, or on a cluster that does not answer. Try again soon, or tell who "
            "runs this server."
        )
        return Problem(503, getattr(error, "code", IndexUnusableError.code), UNUSABLE, detail, retry_s=RETRY_AFTER_S)
    if isinstance(error, (AskedWronglyError, UnsupportedError)):
        return Problem(400, getattr(error, "code", "bad_request"), BAD_REQUEST, str(error))
    return Problem(500, "internal", INTERNAL, _("It has been written into the log of the server."))
