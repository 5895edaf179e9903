"""A topic's messages by partition: end offsets, what was consumed of them, and what retention has dropped."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from labkit.clock import DAY, HOUR, Millis

RETENTION: Millis = 7 * DAY
"""``retention.ms`` of every topic."""

Counts = NDArray[np.int64]


class Partitions:
    """The log of one topic; arrays are of shape (partitions,)."""

    def __init__(self, count: int, message_bytes: int) -> None:
        self.message_bytes = message_bytes
        self.end: Counts = np.zeros(count, np.int64)
        self.consumed: Counts = np.zeros(count, np.int64)
        self.oldest: Counts = np.zeros(count, np.int64)
        self._evenly = np.full(count, 1 / count)
        self._marks: deque[tuple[Millis, Counts]] = deque()

    @property
    def lag(self) -> Counts:
        """Messages not consumed yet."""
        return self.end - self.consumed

    @property
    def stored_bytes(self) -> int:
        """Bytes on the disk of a broker that has a replica of every partition."""
        return int((self.end - self.oldest).sum()) * self.message_bytes

    def append(self, random: np.random.Generator, messages: int, now: Millis) -> None:
        """Write ``messages``, whose keys spread evenly; once an hour drop what is older than retention."""
        if not self._marks or now - self._marks[-1][0] >= HOUR:
            self._marks.append((now, self.end.copy()))
        while now - self._marks[0][0] > RETENTION:
            self.oldest = self._marks.popleft()[1]
        if messages:
            self.end += random.multinomial(messages, self._evenly)

    def consume(self, random: np.random.Generator, messages: int) -> None:
        """Take ``messages`` of those that wait, from each partition by its share of them."""
        if messages:
            self.consumed += random.multivariate_hypergeometric(self.lag, messages, method="marginals")
