"""The HTTP APIs of the system's signals: one request, answered as JSON, and the one place where its failures are translated.

Each server complains in a form of its own: Prometheus in ``error`` of a JSON object, Loki in plain text, Jaeger in
``errors[].msg``, Alertmanager in a JSON string.
"""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from labkit.errors import LabkitError, QueryError, SandboxUnreachable

TIMEOUT = 60.0
"""Seconds until an answer is no longer waited for."""

Parameters = Iterable[tuple[str, str]]
_POSITION = re.compile(r"(?:^|[ :])(\d+):(\d+): parse error|parse error at line (\d+), col (\d+)")
"""How Prometheus and Loki say where: line and column, both from 1."""


@dataclass(frozen=True)
class Api:
    """The API of one server. ``name`` is what messages call it, ``url`` its address without a path."""

    name: str
    url: str

    def get(self, path: str, parameters: Parameters = (), *, query: str | None = None, timeout: float = TIMEOUT) -> Any:
        """The JSON of a GET. Raises :class:`QueryError` in the server's words, where ``query`` is what was asked."""
        encoded = urllib.parse.urlencode(list(parameters))
        return self._ask(f"{path}?{encoded}" if encoded else path, None, query, timeout)

    def post(self, path: str, form: Parameters, *, query: str | None = None) -> Any:
        """The JSON of a POST of a form, which has room for a long query."""
        return self._ask(path, urllib.parse.urlencode(list(form)).encode(), query, TIMEOUT)

    def _ask(self, path: str, body: bytes | None, query: str | None, timeout: float) -> Any:
        address = f"{self.url}{path}"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(address, body, timeout=timeout) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(self.name, error.code, error.read(), query) from error
        except (OSError, ValueError) as error:
            raise SandboxUnreachable(
                f"no answer of {self.name}: {error}", where=address.partition("?")[0], remedy="see: labkit status"
            ) from error


def _refused(name: str, code: int, body: bytes, query: str | None) -> LabkitError:
    """The refusal of a server; a failure of its own, which says nothing of the query, is no refusal."""
    complaint = _complaint(body) or f"{name} answers {code}"
    if code >= 500 and not body.lstrip().startswith(b"{"):
        return SandboxUnreachable(
            f"{name} failed: {complaint}", where=query, remedy="see the sandbox's log: labkit status names its folder"
        )
    if query is None:
        return QueryError(complaint, where=name)
    marked = _marked(query, complaint)
    return QueryError(
        f"{complaint}\n{marked}" if marked else complaint, where=None if marked else query, remedy="correct the query"
    )


def _complaint(body: bytes) -> str:
    """The server's words, without its envelope."""
    text = body.decode(errors="replace").strip()
    try:
        said = json.loads(text)
    except ValueError:
        return text[:1000]
    if isinstance(said, dict):
        errors = said.get("errors") or [{}]
        said = said.get("error") or said.get("message") or errors[0].get("msg") or text
    return str(said)[:1000]


def _marked(query: str, complaint: str) -> str | None:
    """The line of ``query`` that ``complaint`` points at, a caret below it; ``None`` if it points nowhere in it."""
    found = _POSITION.search(complaint)
    if not found:
        return None
    line, column = (int(number) for number in found.groups() if number)
    lines = query.splitlines()
    if not 1 <= line <= len(lines) or not 1 <= column <= len(lines[line - 1]) + 1:
        return None
    text = lines[line - 1].expandtabs(1)
    return f"    {text}\n    {' ' * (column - 1)}^"
