"""The handle: what a notebook holds on a sandbox. Each method is a client of a real protocol."""

import os
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from labkit import endpoints
from labkit.clock import Millis, parse_rfc3339, rfc3339
from labkit.control import Control, Status, Value
from labkit.endpoints import Endpoints
from labkit.errors import QueryError, SandboxError
from labkit.lab import database, prometheus
from labkit.lab.check import Progress
from labkit.lab.completed import Completed, run
from labkit.lab.durations import duration

if TYPE_CHECKING:
    import pandas as pd
    from kubernetes.client import ApiClient
    from prometheus_api_client import PrometheusConnect

    from labkit.lab.frames import Answer
    from labkit.lab.grafana.drawing import Drawing


Moment = str | datetime
"""A time: RFC 3339, or one out of a frame's index or ``time``."""


class Lab:
    """A sandbox at hand; ``home`` is its folder and ``endpoints`` says where it listens."""

    def __init__(self, home: Path, published: Endpoints, control: Control) -> None:
        self.home = home
        self.endpoints = published
        self.exercise = published.exercise
        self._control = control

    def kubectl(self, text: str) -> Completed:
        """Run the real kubectl: ``lab.kubectl("get pods -o wide")``. A failure is shown, not raised."""
        return run("kubectl", text, self.environment)

    def curl(self, text: str) -> Completed:
        """Run the real curl, which reaches the research API at its address in production."""
        return run("curl", text, self.environment)

    def promql(
        self, query: str, last: str | None = None, at: Moment | None = None, step: str | None = None
    ) -> "Answer":
        """The answer of Prometheus to ``query``: a DataFrame that draws itself.

        Without ``last`` it is the value at a time: a row a series. With ``last`` (such as ``"1h"``) it
        is a range: a row a time, a column a series. ``at`` is its end (RFC 3339 or a time of a frame; now), ``step`` the
        distance between points. Raises :class:`QueryError`.
        """
        end = self._until(at)
        if last is None:
            return prometheus.instant(self.endpoints.prometheus, query, end)
        return prometheus.ranged(
            self.endpoints.prometheus, query, end - duration(last), end, duration(step) if step else None
        )

    def logs(
        self, query: str, last: str = "15m", at: Moment | None = None, limit: int | None = None, step: str | None = None
    ) -> "Answer":
        """What Loki answers to a LogQL query: the newest ``limit`` lines, or over a range the values of a count.

        Raises :class:`QueryError`.
        """
        from labkit.lab import logs  # noqa: PLC0415  (loads pandas)

        end = self._until(at)
        url = self._endpoint("loki")
        return logs.logs(
            url,
            query,
            end - duration(last),
            end,
            limit=logs.LIMIT if limit is None else limit,
            step=duration(step) if step else None,
        )

    def traces(
        self,
        service: str | None = None,
        operation: str | None = None,
        *,
        min_duration: str | None = None,
        max_duration: str | None = None,
        tags: Mapping[str, object] | None = None,
        last: str = "1h",
        at: Moment | None = None,
        limit: int | None = None,
    ) -> "Answer":
        """The newest traces that Jaeger finds, a row each; without ``service``, of all services.

        ``tags`` such as ``{"error": True}`` are those of any span. Raises :class:`QueryError`.
        """
        from labkit.lab import traces  # noqa: PLC0415  (loads pandas)

        end, url = self._until(at), self._endpoint("jaeger")
        wanted = {"operation": operation, "minDuration": min_duration, "maxDuration": max_duration}
        asked = {name: value for name, value in wanted.items() if value}
        return traces.search(url, end - duration(last), end, asked, service, tags or {}, limit or traces.LIMIT)

    def trace(self, identity: str) -> "Answer":
        """One trace by its id, a row a span; in a notebook, its waterfall. Raises :class:`QueryError`."""
        from labkit.lab import traces  # noqa: PLC0415  (loads pandas)

        return traces.trace(self._endpoint("jaeger"), identity)

    def alerts(self) -> "Answer":
        """The alerts that are pending or firing now, a row each, and what Alertmanager does with them."""
        from labkit.lab import alerts  # noqa: PLC0415  (loads pandas)

        return alerts.alerts(self.endpoints.prometheus, self.endpoints.alertmanager)

    def dashboards(self) -> "pd.DataFrame":
        """The dashboards there are: title, uid, panels and variables, a row each."""
        from labkit.lab import dashboards  # noqa: PLC0415  (loads pandas)

        return dashboards.listed(self._dashboard_folders)

    def dashboard(self, name: str, last: str | None = None, at: Moment | None = None, **variables: object) -> "Drawing":
        """A Grafana dashboard, drawn: by its title, its uid, or as a ``.json`` file of your own.

        ``last`` is its range (its own default), ``at`` its end (now); variables are given by name, as one
        value or a list. Raises :class:`LabkitError` if there is none, or its file is malformed.
        """
        from labkit.lab import dashboards  # noqa: PLC0415  (loads pandas)

        return dashboards.draw(name, self._dashboard_folders, self.endpoints, self._until(at), last, variables)

    def sql(self, query: str, engine: str = "postgres") -> "pd.DataFrame":
        """The rows that ``query`` gives. Raises :class:`QueryError` with the server's words."""
        if engine != "postgres":
            raise QueryError(f"there is no engine {engine!r} here", remedy="the engine is 'postgres'")
        if self.endpoints.database is None:
            raise QueryError(
                "there is no database in a recording",
                remedy="ask a sandbox: end this one (labkit down), then labkit up",
            )
        return database.query(self.endpoints.database, query)

    def wait(self, time: str) -> str:
        """Let virtual time pass, at once: ``lab.wait("5m")``. Returns the time it then is."""
        return rfc3339(self._control.wait(duration(time)).now)

    def answer(self, question: str, value: Value) -> None:
        """Give your answer to a question of the exercise; the last one counts."""
        self._control.answer(question, value)

    def check(self, exercise: str | None = None) -> Progress:
        """How far the exercise is: which steps the sandbox saw done. It says nothing of right and wrong."""
        name = exercise or self.exercise
        if name is None:
            raise SandboxError("this sandbox holds no exercise", remedy='connect to one: labkit.connect("exercise-1")')
        return Progress(self._control.check(name))

    def score(self, step: str) -> float | None:
        """What is recorded of a step; under ``nbgrader autograde``, its points.

        The course provides it, by the entry point ``score`` of the group ``labkit.lab``.
        """
        for provider in metadata.entry_points(group="labkit.lab", name="score"):
            points: float | None = provider.load()(step)
            return points
        raise SandboxError(
            "no course is installed that could score", remedy="make the environment anew: make clean lab"
        )

    @property
    def now(self) -> Millis:
        """Virtual time, in milliseconds since the Unix epoch."""
        return self.status.now

    def _until(self, at: Moment | None) -> Millis:
        """The end of a time range: what is given, or now."""
        return self.now if at is None else parse_rfc3339(str(at))

    def _endpoint(self, name: str) -> str:
        """The address of a server of signals; raises :class:`SandboxError` if this sandbox has none."""
        address: str | None = getattr(self.endpoints, name)
        if address is None:
            raise SandboxError(
                f"this sandbox has no {name.capitalize()}", remedy="start it anew: labkit down, labkit up"
            )
        return address

    @property
    def _dashboard_folders(self) -> list[Path]:
        """Where dashboards are looked for before labkit's own: with the recording that is served."""
        return [self.endpoints.recorded / "dashboards"] if self.endpoints.recorded else []

    @property
    def status(self) -> Status:
        """How the sandbox is."""
        return self._control.status()

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a program that is to reach the sandbox."""
        return dict(os.environ) | endpoints.environment(self.home, self.endpoints)

    @cached_property
    def k8s(self) -> "ApiClient":
        """The official Kubernetes client: ``kubernetes.client.CoreV1Api(lab.k8s)``."""
        from kubernetes import config  # noqa: PLC0415  (heavy)

        client: ApiClient = config.new_client_from_config(str(self.endpoints.kubeconfig))  # type: ignore[no-untyped-call]
        return client

    @cached_property
    def prom(self) -> "PrometheusConnect":
        """The client of prometheus-api-client."""
        from prometheus_api_client import PrometheusConnect  # noqa: PLC0415  (heavy)

        return PrometheusConnect(self.endpoints.prometheus)

    def __repr__(self) -> str:
        if self.endpoints.recorded:
            return f"<Lab: recording {self.endpoints.recorded.name}, process {self.endpoints.pid}, in {self.home}>"
        of = f" of {self.exercise}, trainee {self.endpoints.trainee}" if self.exercise else ""
        return f"<Lab: sandbox{of}, process {self.endpoints.pid}, in {self.home}>"

    def _repr_html_(self) -> str:
        from html import escape  # noqa: PLC0415  (only a notebook needs it)

        recorded = self.endpoints.recorded
        what = f"Recording {recorded.name}" if recorded else "Sandbox"
        what = f"Exercise {self.exercise}, trainee {self.endpoints.trainee}" if self.exercise else what
        return f"<b>{escape(what)}</b> at {rfc3339(self.now)} (virtual time), clock {self.endpoints.clock}"
