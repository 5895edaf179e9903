"""Completion of queries in IPython, and so in JupyterLab: what stands under the cursor in ``%promql`` and ``%logql``."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

from labkit.lab import completion
from labkit.lab.completion import Names
from labkit.lab.handle import Lab
from labkit.lab.http import Api

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

OPTION = re.compile(r"--([\w-]+)(?:=|\s+)(\S+)\s*")
"""An option and its value."""
UNFINISHED = re.compile(r"--[\w-]*\s*$")
"""An option without one."""
OPTIONS: Mapping[str, tuple[str, ...]] = {"promql": ("last", "at", "step"), "logql": ("last", "at", "step", "limit")}
_CELL = re.compile(r"%%(promql|logql)\b(.*)")
_LINE = re.compile(r"(?:^|=)\s*%(promql|logql)\s(.*)$")
_IDENTITY = "labkit.queries"


def complete_with(shell: "InteractiveShell", lab: Lab) -> None:
    """Let the completer of ``shell`` know the queries of ``lab``, and no longer those of one before it."""
    others = [
        known for known in shell.Completer.custom_matchers if getattr(known, "matcher_identifier", "") != _IDENTITY
    ]
    shell.Completer.custom_matchers = [*others, matcher(lab)]


def matcher(lab: Lab) -> Callable[[CompletionContext], Any]:
    """What completes the queries of ``lab``, as IPython's matchers do (API version 2)."""
    prometheus = Names(Api("Prometheus", lab.endpoints.prometheus), "/api/v1")
    loki = Names(Api("Loki", lab.endpoints.loki or ""), "/loki/api/v1") if lab.endpoints.loki else None

    @context_matcher(identifier=_IDENTITY)  # type: ignore[untyped-decorator]
    def queries(context: CompletionContext) -> Any:
        found = _begun(context)
        if found is None:
            return {"completions": []}
        language, text = found
        option = UNFINISHED.search(text)
        if option and not text.removesuffix(option[0]).strip():
            words, begun = [(f"--{name}", "option") for name in OPTIONS[language]], option[0]
        else:
            text = _without_options(text)
            begun = completion.cursor(text).begun
            words = (
                completion.promql(text, prometheus)
                if language == "promql"
                else completion.logql(text, loki)
                if loki
                else []
            )
        offered = [SimpleCompletion(text=word, type=kind) for word, kind in words if word.startswith(begun)]
        return {"completions": offered, "matched_fragment": begun, "suppress": True, "ordered": True}

    return queries  # type: ignore[no-any-return]


def _begun(context: CompletionContext) -> tuple[str, str] | None:
    """The language and the query up to the cursor, if it stands in one of ours."""
    lines = context.full_text.split("\n")[: context.cursor_line + 1]
    before = [*lines[:-1], context.text_until_cursor]
    if (cell := _CELL.match(before[0])) and len(before) > 1:
        return cell[1], "\n".join(before[1:])
    line = _LINE.search(before[-1]) or (_CELL.match(before[-1]) if len(before) == 1 else None)
    return (line[1], line[2].lstrip()) if line else None


def _without_options(text: str) -> str:
    while option := OPTION.match(text):
        text = text[option.end() :]
    return text
