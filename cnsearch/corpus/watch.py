"""Says when something has changed below folders, a moment after it has."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from cnsearch.checks import Event

QUIET_MS = 300
"""Changes are taken together until none has come for so long: a feed reader writes a file in several steps."""
LONGEST_MS = 5_000
"""But no change waits longer than this."""
SETTLE_MS = 2_500
"""After so long without a change another look: one within the resolution of a time stamp is known by then."""


def changes(folders: Sequence[str], *, ignored: str, stop: Event) -> Iterator[None]:
    """Yields once at the beginning, after each burst of changes, and when it has been quiet since, until ``stop``.

    ignored : a folder whose files do not count (the index may lie among the posts)
    """
    import watchfiles

    ignored = os.path.realpath(ignored)
    pending = True  # what changed before the watcher was there
    for changed in watchfiles.watch(
        *folders,
        watch_filter=lambda _, path: path != ignored and not path.startswith(ignored + os.sep),
        debounce=LONGEST_MS,
        step=QUIET_MS,
        stop_event=stop,
        rust_timeout=SETTLE_MS,
        yield_on_timeout=True,
    ):
        if changed or pending:
            pending = bool(changed)
            yield
