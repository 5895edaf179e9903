"""A command line that ran: what it wrote and how it ended."""

import json
import subprocess
from collections.abc import Mapping
from html import escape
from typing import Any

import msgspec

from labkit.errors import QueryError


class Completed(msgspec.Struct, frozen=True):
    """What a command wrote and its exit status; in a notebook it shows itself as a terminal would."""

    command: str
    stdout: str
    stderr: str
    returncode: int

    def json(self) -> Any:
        """Standard output as JSON, for ``-o json``; raises :class:`QueryError` if it is none."""
        try:
            return json.loads(self.stdout)
        except ValueError as error:
            raise QueryError(
                f"the output is not JSON: {error}", where=self.command, remedy="ask for it: add -o json"
            ) from error

    def __str__(self) -> str:
        return "\n".join(part.rstrip("\n") for part in (self.stdout, self.stderr) if part)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        """Preformatted, not wrapped: tables of kubectl are wide. Standard error after it, in red."""
        style = "margin:0; white-space:pre; overflow-x:auto; line-height:1.35"
        red = "color:var(--jp-error-color1, #b00020)"
        parts = [f'<pre style="{style}">{escape(self.stdout)}</pre>'] if self.stdout else []
        if self.stderr:
            parts.append(f'<pre style="{style}; {red}">{escape(self.stderr)}</pre>')
        if self.returncode and not self.stderr:
            parts.append(f'<pre style="{style}; {red}">exit status {self.returncode}</pre>')
        return "".join(parts)


def run(program: str, text: str, environ: Mapping[str, str]) -> Completed:
    """Run ``program text`` as a shell would, pipes and quotes included; a failure is shown, not raised.

    ``text`` may begin with the program's own name, as it stands in a runbook. Standard input is empty,
    so nothing waits for a key.
    """
    rest = text.strip().removeprefix(f"{program} ").lstrip()
    command = f"{program} {rest}"
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return Completed(command, ended.stdout, ended.stderr, ended.returncode)
