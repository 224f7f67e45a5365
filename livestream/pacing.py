"""Flood control: how fast a person, a network and a room may speak. Kept in memory, because it guards only this process."""

from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """``burst`` messages at once, then ``per_second``."""

    burst: float
    per_second: float


SENDER = Pace(burst=6, per_second=0.7)
NETWORK = Pace(burst=60, per_second=8)
"""A village shares one address, so a network may speak far faster than a person."""
ROOM = Pace(burst=300, per_second=120)
_FORGET_AFTER = 20_000


class Pacer:
    """Token buckets by key. ``allow`` takes one message from the key's bucket, or refuses when it is empty."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._buckets: dict[Hashable, tuple[float, float]] = {}

    def allow(self, key: Hashable, now: float) -> bool:
        """Tell whether one more message of ``key`` may pass at ``now`` (seconds of a monotonic clock)."""
        tokens, at = self._buckets.get(key, (self._pace.burst, now))
        tokens = min(self._pace.burst, tokens + max(0.0, now - at) * self._pace.per_second)
        allowed = tokens >= 1
        self._buckets[key] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > _FORGET_AFTER:
            self._forget_full(now)
        return allowed

    def _forget_full(self, now: float) -> None:
        """Drop the keys whose bucket has filled up again: forgetting them changes nothing."""
        refill = self._pace.burst / self._pace.per_second
        self._buckets = {key: bucket for key, bucket in self._buckets.items() if now - bucket[1] < refill}
