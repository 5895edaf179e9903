"""What a journal shows that its operator looked at: evidence by effect, never by spelling.

A *check* is one thing that can be looked at, named like a path: ``pods/<namespace>``,
``restarts/<namespace>``, ``pod/<name>``, ``api/ready``, ``api/live``, ``database/query``,
``kafka/versions``, ``kafka/topic/<topic>``. An entry of a journal gives :class:`Sighting` objects.
``share`` says how much of the check it covers: 1 all of it, less a part, 0 an attempt that showed
nothing, kept to explain a lost point. ``refused`` marks an attempt that failed as it would if the
thing itself were down: whether that is the finding or a slip is for the judge, who knows the truth.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from labkit.clock import Millis, rfc3339
from labkit.journal import Entry
from labkit.scenarios import commands
from labkit.scenarios.commands import Glimpse
from labkit.scenarios.verdict import Seen

NAMESPACES = ("llm-research-lab-prod", "llm-research-lab-data")
API_HOST = "api.llm-research-lab.company.com"

_PODS = re.compile(r"^/api/v1/(?:namespaces/(?P<namespace>[^/]+)/)?pods$")
_POD = re.compile(r"^/api/v1/namespaces/[^/]+/pods/(?P<pod>[^/]+)(?:/log)?$")
_UNREACHED = re.compile(
    r"connection (?:failed|is bad|refused|to server|timeout|socket)|the connection is (?:closed|lost)"
    r"|no connection to the server|could(?:n't| not) (?:connect|receive|send)|failed to resolve"
    r"|server closed|terminating connection|(?:consuming input|flushing) failed"
    r"|the database system|no response|(?:FATAL|PANIC):",
    re.IGNORECASE,
)
"""How libpq and psycopg begin to tell of a connection that failed; any other error is the server's answer."""


def describe(check: str) -> str:
    """A check in words."""
    kind, _, rest = check.partition("/")
    return {
        "pods": f"pods of {rest}",
        "restarts": f"restarts in {rest}",
        "pod": f"pod {rest}",
        "api": f"the API's /health/{rest}",
        "database": "a query to the database",
        "kafka": "the brokers' versions" if rest == "versions" else f"topic {rest.removeprefix('topic/')}",
    }[kind]


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """What one entry shows of one check. ``index`` is the entry's place in the journal."""

    check: str
    index: int
    time: Millis
    what: str
    share: float = 1.0
    refused: bool = False

    @property
    def seen(self) -> Seen:
        """This sighting as evidence in a verdict."""
        return Seen(rfc3339(self.time), self.what)


def gather(entries: Sequence[Entry]) -> list[Sighting]:
    """Every sighting in a journal, in the order in which things were looked at."""
    return [
        Sighting(check=check, index=index, time=entry.time, what=what, share=share, refused=refused)
        for index, entry in enumerate(entries)
        for check, share, refused, what in _READERS.get(str(entry.action.get("type")), _nothing)(entry)
    ]


def _nothing(_: Entry) -> Iterator[Glimpse]:
    return iter(())


def _kube_request(entry: Entry) -> Iterator[Glimpse]:
    path, code = str(entry.action.get("path")), entry.outcome.get("code")
    if entry.action.get("method") != "GET":
        return
    if listing := _PODS.match(path):
        yield from _pod_list(listing["namespace"], entry.action, code)
    elif (pod := _POD.match(path)) and code == 200:
        yield f"pod/{pod['pod']}", 1.0, False, f"pod {pod['pod']} looked at"


def _pod_list(namespace: str | None, action: dict[str, Any], code: object) -> Iterator[Glimpse]:
    where = f"in {namespace}" if namespace else "in all namespaces"
    query = dict(action.get("query") or ())
    selector = query.get("labelSelector") or query.get("fieldSelector")
    if namespace and namespace not in NAMESPACES:
        if code == 200:
            for target in NAMESPACES:
                yield f"pods/{target}", 0.0, False, f"pods listed {where}, which is another namespace"
        return
    for target in (namespace,) if namespace else NAMESPACES:
        for check in (f"pods/{target}", f"restarts/{target}"):
            if code != 200:
                yield check, 0.0, False, f"pods {where} asked for, answered {code}"
            elif selector:
                yield check, 0.5, False, f"only the pods {where} with {selector} listed"
            else:
                yield check, 1.0, False, f"pods {where} listed"


def _http(entry: Entry) -> Iterator[Glimpse]:
    path = str(entry.action.get("path")).split("?")[0].rstrip("/")
    host = str(entry.action.get("host", API_HOST)).split(":")[0]
    probe = path.removeprefix("/health/")
    if host == API_HOST and path.startswith("/health/") and probe in ("ready", "live"):
        yield from _health(probe, path, entry.outcome.get("code"))
    else:
        yield "api/ready", 0.0, False, f"{path} of {host} requested, answered {entry.outcome.get('code')}"


def _health(probe: str, path: str, code: object) -> Iterator[Glimpse]:
    answered = code in (200, 204, 500, 502, 503, 504)
    yield f"api/{probe}", float(answered), False, f"{path} answered {code}"


def _statement(entry: Entry) -> Iterator[Glimpse]:
    error = str(entry.outcome.get("error") or "").strip()
    if _UNREACHED.match(error):
        first = error.splitlines()[0][:160]
        yield "database/query", 0.0, commands.refused(error), f"a statement to PostgreSQL failed: {first}"
    else:
        yield "database/query", 1.0, False, "a statement sent to PostgreSQL was answered"


def _exec(entry: Entry) -> Iterator[Glimpse]:
    return commands.read(commands.Run.of(entry))


_READERS: dict[str, Callable[[Entry], Iterator[Glimpse]]] = {
    "kube.request": _kube_request,
    "kube.exec": _exec,
    "http.request": _http,
    "sql.statement": _statement,
}
