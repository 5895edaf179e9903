"""Streams of a small shop, for whoever asks them something."""

import orjson
import pytest

from labkit.signals.labels import Labels
from labkit.signals.streams import StreamStore

SECOND = 10**9


def labels(**pairs: str) -> Labels:
    return Labels(pairs.items())


@pytest.fixture(scope="session")
def store() -> StreamStore:
    """Two minutes of an API's JSON, a line a second, every fifth an error; logfmt of a gateway; one line of text."""
    store = StreamStore()
    for second in range(120):
        level = "error" if second % 5 == 0 else "info"
        line = {"msg": f"request {second}", "status": 500 if level == "error" else 200, "took": f"{second}ms",
                "size": f"{second}KB", "user": {"id": second % 3}}  # fmt: skip
        store.write(labels(app="api", level=level), second * SECOND, orjson.dumps(line).decode())
        store.write(
            labels(app="gateway"), second * SECOND, f'ts={second} method=GET path="/a b" bytes={second * 10} empty='
        )
    store.write(labels(app="cache"), 60 * SECOND, "* Ready to accept connections from 10.2.3.4 tcp")
    return store
