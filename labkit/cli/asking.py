"""Asking a Prometheus over HTTP, from a terminal."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from rich.cells import cell_len

from labkit.clock import SECOND, parse_rfc3339
from labkit.errors import QueryError, SandboxUnreachable, SettingsError
from labkit.lab.durations import duration

_TIMEOUT = 150.0
"""Seconds: a Prometheus gives up a query after 120."""
_STEPS = 60
_PLACE = re.compile(r"(?P<line>\d+):(?P<column>\d+): parse error: ")


class Prometheus:
    """A server; ``url`` is its address, with or without ``/api/v1``."""

    def __init__(self, url: str) -> None:
        if not re.match(r"https?://\S+$", url):
            raise SettingsError(f"not the address of a Prometheus: {url}", remedy="write http://HOST:9090")
        self._url = url.rstrip("/").removesuffix("/api/v1")

    def at(self, query: str, time: str | None) -> dict[str, Any]:
        """The answer of the API to a query at a time (the server's now without one)."""
        return self._ask("query", query, {"time": time} if time else {})

    def over(self, query: str, end: str | None, span: str, step: str | None) -> dict[str, Any]:
        """The answer of the API to a query over ``span`` up to ``end`` (the server's now without one)."""
        length = duration(span)
        width = duration(step) if step else max(length // _STEPS // SECOND, 1) * SECOND
        until = _seconds(end) if end else self._now()
        times = {"start": until - length / SECOND, "end": until, "step": width / SECOND}
        return self._ask("query_range", query, {name: f"{value:.3f}" for name, value in times.items()})

    def _now(self) -> float:
        return float(self.at("time()", None)["data"]["result"][1])

    def _ask(self, endpoint: str, query: str, parameters: dict[str, str]) -> dict[str, Any]:
        address = f"{self._url}/api/v1/{endpoint}"
        body = urllib.parse.urlencode({"query": query} | parameters).encode()
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(address, body, timeout=_TIMEOUT) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise _complaint(error.read(), query, address) from error
        except (OSError, ValueError) as error:
            raise SandboxUnreachable(
                f"no answer: {error}", where=address, remedy="check the address, or see: labkit status"
            ) from error
        if not isinstance(answer, dict) or "data" not in answer:
            raise SandboxUnreachable("that is no Prometheus", where=address, remedy="check the address")
        return answer


def _complaint(body: bytes, query: str, address: str) -> QueryError:
    """What a Prometheus says of a query, with the place marked where it names one."""
    try:
        message = str(json.loads(body)["error"])
    except (ValueError, KeyError, TypeError):
        return QueryError(body.decode(errors="replace")[:200] or "an error without a word", where=address)
    message = message.removeprefix('invalid parameter "query": ')
    return QueryError(marked(message, query))


def marked(message: str, query: str) -> str:
    """A message with the line of the query below it, and a mark under the place that the message names."""
    found = _PLACE.match(message)
    lines = query.split("\n")
    if found is None or not 0 < int(found["line"]) <= len(lines):
        return message
    line = lines[int(found["line"]) - 1]
    before = line.encode()[: int(found["column"]) - 1].decode(errors="ignore")
    return f"{message}\n  {line}\n  {' ' * cell_len(before)}^"


def _seconds(text: str) -> float:
    """A time, in seconds since 1970."""
    try:
        return float(text)
    except ValueError:
        pass
    return parse_rfc3339(text) / SECOND
