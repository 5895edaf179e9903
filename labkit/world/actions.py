"""Everything that can be done to the world from outside, as data: what the journal records.

An action is an *input*: no time, no actor, no outcome. A face makes one from its protocol, the
gate performs it, and replay performs it again from the journal. Each carries a ``face`` under
which it is journalled.
"""

from typing import Annotated, ClassVar

import msgspec

from labkit.alerting.posted import PostedAlert
from labkit.alerting.silences import SilenceMatcher
from labkit.clock import Millis
from labkit.kube.request import Request

ShortText = Annotated[str, msgspec.Meta(max_length=20_000)]
"""Text of an answer: the limit of the control face, which a forged journal must keep too."""


class Action(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """One thing an operator does."""

    face: ClassVar[str]


class KubeRequest(Action, frozen=True, kw_only=True, tag="kube.request"):
    """A request to the Kubernetes API (resource requests; discovery is not journalled)."""

    face: ClassVar[str] = "kubernetes"
    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    accept: str = "application/json"
    content_type: str = "application/json"
    body: bytes = b""
    impersonate: str | None = None
    impersonate_groups: tuple[str, ...] = ()

    @property
    def request(self) -> Request:
        """What the Kubernetes API is asked."""
        return Request(
            method=self.method, path=self.path, query=self.query, accept=self.accept, content_type=self.content_type,
            body=self.body, impersonate=self.impersonate, impersonate_groups=self.impersonate_groups,
        )  # fmt: skip


class Exec(Action, frozen=True, kw_only=True, tag="kube.exec"):
    """A command run in a container, with what was written to its standard input."""

    face: ClassVar[str] = "kubernetes"
    namespace: str
    pod: str
    command: tuple[str, ...]
    container: str | None = None
    stdin: bytes = b""
    tty: bool = False
    impersonate: str | None = None
    impersonate_groups: tuple[str, ...] = ()


class HttpRequest(Action, frozen=True, kw_only=True, tag="http.request"):
    """A request to the research API through its ingress."""

    face: ClassVar[str] = "research-api"
    method: str
    path: str
    host: str


class Query(Action, frozen=True, kw_only=True, tag="prometheus.query"):
    """A request to Prometheus' HTTP API."""

    face: ClassVar[str] = "prometheus"
    path: str
    params: tuple[tuple[str, str], ...] = ()


class LokiQuery(Query, frozen=True, kw_only=True, tag="loki.query"):
    """A request to Loki's HTTP API."""

    face: ClassVar[str] = "loki"


class JaegerQuery(Query, frozen=True, kw_only=True, tag="jaeger.query"):
    """A request to Jaeger's query API."""

    face: ClassVar[str] = "jaeger"


class AlertmanagerQuery(Query, frozen=True, kw_only=True, tag="alertmanager.query"):
    """A request to Alertmanager's HTTP API that changes nothing."""

    face: ClassVar[str] = "alertmanager"


class SilencePut(Action, frozen=True, kw_only=True, tag="alertmanager.silence.put"):
    """A silence made, or the one of that id changed; times are virtual."""

    face: ClassVar[str] = "alertmanager"
    id: str = ""
    matchers: tuple[SilenceMatcher, ...]
    starts: Millis | None
    ends: Millis
    created_by: str
    comment: str


class SilenceExpire(Action, frozen=True, kw_only=True, tag="alertmanager.silence.expire"):
    """A silence ended before its time."""

    face: ClassVar[str] = "alertmanager"
    id: str


class AlertsPost(Action, frozen=True, kw_only=True, tag="alertmanager.alerts.post"):
    """Alerts posted to Alertmanager, beside those of the rules; times are virtual."""

    face: ClassVar[str] = "alertmanager"
    alerts: tuple[PostedAlert, ...]


class Statement(Action, frozen=True, kw_only=True, tag="sql.statement"):
    """An SQL statement sent straight to PostgreSQL (``DATABASE_URL``)."""

    face: ClassVar[str] = "postgresql"
    sql: str
    database: str = "llm_research"


class Answer(Action, frozen=True, kw_only=True, tag="lab.answer"):
    """A trainee's answer to a question of an exercise; ``value`` is JSON."""

    face: ClassVar[str] = "lab"
    question: str
    value: ShortText | int | float | bool | list[ShortText] | dict[ShortText, ShortText]


AlertmanagerAction = SilencePut | SilenceExpire | AlertsPost
"""What changes Alertmanager."""

AnyAction = (
    KubeRequest | Exec | HttpRequest | Query | LokiQuery | JaegerQuery | AlertmanagerQuery | AlertmanagerAction
    | Statement | Answer
)  # fmt: skip
