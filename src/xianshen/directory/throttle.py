"""How often one address may ask. Counted in each web process, so that reading never writes.

The limits protect the server and are no rule of policy; with several processes the true limit is that
many times higher.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from math import ceil

#: Addresses remembered; beyond it the one that has been silent longest is forgotten.
REMEMBERED = 20_000


@dataclass(slots=True)
class Throttle:
    """A token bucket for every address.

    Args:
        burst: how many requests may come at once.
        per_second: how fast allowance comes back.
    """

    burst: int
    per_second: float
    _buckets: "OrderedDict[str, tuple[float, float]]" = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def wait(self, address: str, at: float) -> int:
        """Count a request; return 0 when it may go ahead, else the seconds to wait.

        Args:
            address: who asks.
            at: a monotonic clock in seconds.
        """
        with self._lock:
            left, since = self._buckets.pop(address, (float(self.burst), at))
            left = min(float(self.burst), left + max(at - since, 0.0) * self.per_second)
            allowed = left >= 1
            self._buckets[address] = (left - 1 if allowed else left, at)
            while len(self._buckets) > REMEMBERED:
                self._buckets.popitem(last=False)
        return 0 if allowed else max(1, ceil((1 - left) / self.per_second))

    def forget(self) -> None:
        """Forget every address (between tests)."""
        with self._lock:
            self._buckets.clear()


#: The public API: 600 at once, then 20 a second. A whole campus may share one address.
API = Throttle(burst=600, per_second=20.0)
#: Pages that search or print: 300 at once, then ten a second.
PAGES = Throttle(burst=300, per_second=10.0)
