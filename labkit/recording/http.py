"""Questions to an HTTP API that may be slow or away for a while."""

import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from labkit.errors import DatasetError

_T = TypeVar("_T")
Pairs = Iterable[tuple[str, str]]

ATTEMPTS = 6
FIRST_PAUSE = 0.5
"""Seconds before the second attempt; each further pause is twice as long."""

PATIENCE = 120.0
"""Seconds that an answer may take: a chunk of a large Prometheus is tens of megabytes."""

LONGEST = 1 << 30
"""Bytes that an answer may have: several times what a chunk of a large Prometheus takes."""

_LONGEST_REFUSAL = 1 << 16
_PIECE = 1 << 20
_LESS = "record less of it: --match SELECTOR, --logs SELECTOR"
_LOCAL = ("127.0.0.1", "localhost", "::1")


class RefusedError(DatasetError):
    """The API answered that it will not; ``code`` is HTTP's, ``body`` what it said."""

    def __init__(self, code: int, body: bytes, where: str) -> None:
        said = body.decode(errors="replace").strip()[:300]
        remedy = "give credentials: --headers FILE" if code in (401, 403) else "see what it says, then record again"
        super().__init__(f"it answered {code}: {said}", where=where, remedy=remedy)
        self.code = code
        self.body = body


@dataclass(frozen=True)
class Api:
    """An API at ``url``; a question is repeated while it answers 5xx or 429, or does not answer."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        """Refuse what is no address, and one with a password, which would be written into the recording's plan."""
        parts = urllib.parse.urlsplit(self.url)
        if "@" in parts.netloc:
            raise DatasetError(
                f"the address of {parts.hostname} holds credentials", remedy="give them apart: --headers FILE"
            )
        if parts.scheme not in ("http", "https"):
            raise DatasetError(f"{self.url!r} is no address of an API", remedy="write http://HOST:PORT")

    def get(self, path: str, parameters: Pairs, kind: type[_T]) -> _T:
        """The JSON that a GET answers, as ``kind``; raises :class:`RefusedError` or :class:`DatasetError`."""
        return self._ask(self._address(path) + "?" + urllib.parse.urlencode(list(parameters)), None, kind)

    def post(self, path: str, parameters: Pairs, kind: type[_T]) -> _T:
        """The same for a form that is sent, which may be longer than an address."""
        return self._ask(self._address(path), urllib.parse.urlencode(list(parameters)).encode(), kind)

    def _address(self, path: str) -> str:
        return self.url.rstrip("/") + path

    def _ask(self, address: str, body: bytes | None, kind: type[_T]) -> _T:
        data = self._insist(address, body)
        try:
            return msgspec.json.decode(data, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise DatasetError(
                f"the answer is not what this API gives: {error}", where=address[:200], remedy="check the address"
            ) from error

    def _insist(self, address: str, body: bytes | None) -> bytes:
        """The answer, after as many attempts as it takes and are allowed."""
        for attempt in range(ATTEMPTS):
            if attempt:
                self.sleep(FIRST_PAUSE * 2 ** (attempt - 1))
            try:
                return self._send(address, body)
            except RefusedError as error:
                if error.code < HTTPStatus.INTERNAL_SERVER_ERROR and error.code != HTTPStatus.TOO_MANY_REQUESTS:
                    raise
                last: DatasetError = error
            except (OSError, HTTPException) as error:
                reason = getattr(error, "reason", None) or error
                last = DatasetError(
                    f"no answer after {ATTEMPTS} attempts ({reason})",
                    where=address[:200],
                    remedy="what is recorded so far is kept: record again when it answers",
                )
        raise last

    def _send(self, address: str, body: bytes | None) -> bytes:
        request = urllib.request.Request(address, body, dict(self.headers))  # noqa: S310  (http and https alone)
        local = urllib.parse.urlsplit(address).hostname in _LOCAL
        # a proxy of the user's is not for loopback
        opener = urllib.request.build_opener(_Unmoved, *([urllib.request.ProxyHandler({})] if local else []))
        try:
            with opener.open(request, timeout=PATIENCE) as response:
                return _whole(response, address)
        except urllib.error.HTTPError as error:
            with error:
                raise RefusedError(error.code, error.read(_LONGEST_REFUSAL), address[:200]) from error


class _Unmoved(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: it would carry the headers, credentials among them, to whomever the answer names."""

    def redirect_request(self, *_: Any) -> None:
        """None: the answer stays the error that it is."""


def _whole(response: Any, address: str) -> bytes:
    """The body, which is not to be endless, neither in bytes nor in time."""
    parts: list[bytes] = []
    length, until = 0, time.monotonic() + PATIENCE
    while piece := response.read1(_PIECE):
        parts.append(piece)
        length += len(piece)
        if length > LONGEST:
            raise DatasetError(f"its answer has more than {LONGEST:,} bytes", where=address[:200], remedy=_LESS)
        if time.monotonic() > until:
            raise TimeoutError(f"its answer did not end within {PATIENCE:g} s")
    if response.length:
        raise HTTPException(f"its answer ends {response.length:,} bytes early")
    return b"".join(parts)


@contextmanager
def plausible(where: str) -> Iterator[None]:
    """What an API says is of the right form and still cannot be: a :class:`DatasetError` at ``where``."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        said = f"no {error}" if isinstance(error, LookupError) else str(error)
        raise DatasetError(
            f"the answer cannot be true: {said}", where=where, remedy="is this the API that you mean?"
        ) from error


def headers_of(path: Path | None) -> dict[str, str]:
    """The headers in a file of lines ``Name: value``, such as ``Authorization: Bearer …`` or ``X-Scope-OrgID: …``."""
    if path is None:
        return {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"cannot be read: {error}", where=str(path), remedy="name a file of headers") from error
    found = {}
    for number, line in enumerate(lines, start=1):
        name, colon, value = line.partition(":")
        if line.strip() and not (colon and name.strip()):
            raise DatasetError("not a header", where=f"{path}:{number}", remedy="write Name: value")
        if line.strip():
            found[name.strip()] = value.strip()
    return found


def error_of(body: bytes) -> dict[str, Any]:
    """The fields of an error as Prometheus and Loki write it; empty if the body is none."""
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
