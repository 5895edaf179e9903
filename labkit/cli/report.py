"""How the sandbox is and what the doctor found, as lines for people and as JSON."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from labkit.clock import rfc3339
from labkit.control import start_command
from labkit.sandbox.doctor import Finding
from labkit.sandbox.lifecycle import Condition

_MARKS = {"ok": "[green]ok  [/]", "warn": "[yellow]warn[/]", "fail": "[bold red]fail[/]"}
_WHAT_TO_DO = {
    "starting": "wait a moment, then ask again",
    "unreachable": "end it: labkit down",
}


def to_json(value: Any) -> str:
    """``value`` as indented JSON; paths as text."""
    return json.dumps(msgspec.to_builtins(value, enc_hook=str), indent=2)


def condition_lines(condition: Condition) -> list[str]:
    """A sandbox's condition, a line a fact."""
    process = f", process {condition.pid}" if condition.pid else ""
    lines = [f"{condition.state}{process}, in {condition.home}"]
    if condition.status is None or condition.endpoints is None:
        todo = _WHAT_TO_DO.get(condition.state) or f"start one: {start_command(condition.home)}"
        return [*lines, f"  → {todo}"]
    status, where = condition.status, condition.endpoints
    if status.exercise:
        lines.append(f"exercise    {status.exercise}, trainee {status.trainee}")
    world = f"recording   {status.recorded}" if status.recorded else f"world       seed {status.seed}"
    faces = {
        "kubeconfig": where.kubeconfig, "prometheus": where.prometheus, "loki": where.loki, "jaeger": where.jaeger,
        "alertmanager": where.alertmanager, "database": where.database,
    }  # fmt: skip
    return [
        *lines,
        f"{world}, clock {status.clock}, now {rfc3339(status.now)}",
        *(f"{name:<11} {address}" for name, address in faces.items() if address is not None),
    ]


def finding_lines(findings: Iterable[Finding]) -> Iterable[str]:
    """The doctor's findings in rich's markup, each with what to do below it."""
    from rich.markup import escape

    for finding in findings:
        yield f"{_MARKS[finding.outcome]}  {finding.check:<14}{escape(finding.what)}"
        if finding.remedy:
            yield f"        → {escape(finding.remedy)}"
