"""The README of a recording: its data card, written from the manifest."""

import json

from labkit.signals.dataset import Contents, Manifest

_LINES = {
    "series": "{0.series:,} series, {0.samples:,} samples",
    "streams": "{0.streams:,} log streams, {0.lines:,} lines",
    "traces": "{0.traces:,} traces, {0.spans:,} spans",
    "objects": "{0.objects:,} Kubernetes objects, as they were at the end",
    "rules": "{0.rules:,} files of rules",
    "dashboards": "{0.dashboards:,} dashboards",
}


def card(manifest: Manifest) -> str:
    """The data card, in Markdown."""
    step = f", a sample every {manifest.step:g} s" if manifest.step else ""
    facts = [
        f"- Origin: {manifest.origin}",
        f"- Licence: {manifest.licence}",
        f"- Time: {manifest.start} to {manifest.end}{step}",
        *(f"- {line}" for line in _counts(manifest.contents)),
    ]
    truth = ["", "## What was the matter", "", "```json", json.dumps(manifest.truth, indent=2), "```"]
    parts = [
        f"# {manifest.title}",
        *(["", manifest.description.strip()] if manifest.description.strip() else []),
        "", *facts,
        "", "## Taken out", "", *([f"- {one}" for one in manifest.redactions] or ["Nothing."]),
        *(truth if manifest.truth is not None else []),
        "", "## Use", "",
        "```sh", f"labkit dataset verify {manifest.name}", f"labkit up --recorded {manifest.name}", "```",
        "", "`dataset.json` names every file with its SHA-256.", "",
    ]  # fmt: skip
    return "\n".join(parts)


def _counts(contents: Contents) -> list[str]:
    return [line.format(contents) for name, line in _LINES.items() if getattr(contents, name)]
