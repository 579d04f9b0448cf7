"""Wrong passwords, counted by the address that they come from: after some of them the next is looked at only after a
while, which doubles each time. Attempts from other addresses keep nobody out who was right before.

Not good for: attempts from very many addresses; and each process counts for itself.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

FREE: Final = 5
"""Wrong passwords of an address after which the next must wait: 1 s, then 2, 4, 8, …"""
LONGEST_S: Final = 60.0
FORGOTTEN_S: Final = 600.0
"""After so long without another wrong one an address may try as at first."""
MOST_OF_ALL: Final = 100
"""Wrong passwords in a minute from all addresses together; then only addresses that were right once are looked at."""
MOST_ADDRESSES: Final = 10_000


@dataclass(slots=True)
class _Known:
    """What is known of an address. ``wrong``: in a row; ``until``: when the next is looked at; times of ``clock``."""

    wrong: int = 0
    last: float = -math.inf
    until: float = -math.inf
    was_right: bool = False


class Attempts:
    """clock : seconds that go on and never back"""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._minute = -math.inf
        self._of_all = 0

    def wait(self, address: str) -> int:
        """Seconds after which a password from this address is looked at; 0: now."""
        now = self._clock()
        known = self._known.get(_network(address), _Known())
        of_all = self._minute + 60 if self._of_all >= MOST_OF_ALL and not known.was_right else now
        return max(0, math.ceil(max(known.until, of_all) - now))

    def wrong(self, address: str) -> None:
        """A password from this address was wrong."""
        now = self._clock()
        known = self._of(address)
        known.wrong = known.wrong + 1 if now - known.last < FORGOTTEN_S else 1
        known.last = now
        if known.wrong >= FREE:
            known.until = now + min(LONGEST_S, 2.0 ** min(known.wrong - FREE, 30))
        if now - self._minute >= 60:
            self._minute, self._of_all = now, 0
        self._of_all += 1

    def right(self, address: str) -> None:
        """A password from this address was right."""
        known = self._of(address)
        known.wrong, known.was_right = 0, True

    def _of(self, address: str) -> _Known:
        network = _network(address)
        known = self._known.setdefault(network, _Known())
        self._known.move_to_end(network)
        if len(self._known) > MOST_ADDRESSES:
            self._known.popitem(last=False)
        return known


def _network(address: str) -> str:
    """The address; of IPv6 the network that a household gets whole."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((found.packed[:8] + bytes(8), 64))) if isinstance(found, IPv6Address) else str(found)
