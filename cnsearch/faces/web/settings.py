"""What may be set about the page and the HTTP interface, and the limits of a form."""

from __future__ import annotations

from dataclasses import dataclass

from cnsearch.limits import Limits

WEB_LIMITS = Limits(query_chars=1_000, query_clauses=100, query_depth=20, query_patterns=3, pattern_terms=2_000)
"""How much is taken of a query that comes from a form: ``open_index(path, limits=WEB_LIMITS)``."""


@dataclass(frozen=True, slots=True)
class WebSettings:
    """title          : what the page calls itself
    hosts          : names under which it may be asked for, besides addresses in numbers and localhost; ``"*"`` any;
                     None leaves the check to the application that it is mounted in
    token          : what a request must bring, as ``Authorization: Bearer`` or as the password of a browser
    user, password : the same as a pair
    origins        : pages of which other sites may read the JSON (CORS); none by default
    page_hits      : hits of a page
    most_hits      : of one answer of the HTTP interface, by ``limit``
    deepest        : how far down the ranking pages go, in hits
    query_chars    : of a query on a page; the rest is left out, with a note
    seconds        : how long a query may take
    threads        : how many run at once
    waiting        : how many may wait besides; those beyond are sent away with 503
    """

    title: str = "cnsearch"
    hosts: tuple[str, ...] | None = None
    token: str = ""
    user: str = ""
    password: str = ""
    origins: tuple[str, ...] = ()
    page_hits: int = 10
    most_hits: int = 100
    deepest: int = 10_000
    query_chars: int = WEB_LIMITS.query_chars
    seconds: float = 5.0
    threads: int = 4
    waiting: int = 128

    def __post_init__(self) -> None:
        if bool(self.user) != bool(self.password):
            raise ValueError("user and password go together")
        for name in ("page_hits", "most_hits", "deepest", "query_chars", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, not {getattr(self, name)}")
        if not self.seconds > 0:
            raise ValueError(f"seconds must be above 0, not {self.seconds}")
        if self.waiting < 0:
            raise ValueError(f"waiting must not be negative, not {self.waiting}")
