"""``psql`` in the database's pod: PostgreSQL's own, on the real server, as the role of whoever asks.

Whatever ``-U`` says, the identity that Kubernetes authenticated decides the role. What may be typed
is decided by :mod:`~labkit.sandbox.commands.psql_options` and
:mod:`~labkit.sandbox.commands.psql_text`; what psql could still do if these erred, by
:mod:`~labkit.sandbox.commands.confined`, which never runs it as root.
"""

import codecs
from collections.abc import AsyncIterator

from labkit.sandbox.commands import database_pod, psql_options
from labkit.sandbox.commands.confined import Confined, SessionError
from labkit.sandbox.commands.context import Context
from labkit.sandbox.commands.psql_text import LONGEST_LINE, refusal
from labkit.sandbox.commands.streams import Invocation
from labkit.sandbox.commands.terminal import Terminal
from labkit.sandbox.engines import binaries
from labkit.sandbox.engines.template import DATABASE

_BAD_USAGE, _NO_CONNECTION, _SCRIPT_ERROR = 1, 2, 3
"""psql's exit codes (``EXIT_FAILURE``, ``EXIT_BADCONN``, ``EXIT_USER`` in ``src/bin/psql/settings.h``)."""


async def psql(invocation: Invocation, context: Context) -> int:
    """Run psql; the exit code is psql's own."""
    streams = invocation.streams
    try:
        options = psql_options.parse(invocation.argv[1:])
    except psql_options.RefusedError as refused:
        await streams.err(f"{refused}\n".encode())
        return _BAD_USAGE
    if options.asks:
        program = [str(binaries.program("psql")), options.asks]
        return await Confined(context.limits, streams).run(program, database_pod.environment(""))
    host = options.host or database_pod.SOCKETS
    role = database_pod.role_of(invocation.user)
    failed = database_pod.unreachable(host, options.port, invocation.pod)
    if failed is None and role is None:
        failed = database_pod.no_role(host, invocation.user, invocation.pod)
    if failed is not None or role is None:
        await streams.err(f"psql: error: {failed}\n".encode())
        return _NO_CONNECTION
    return await _connect(invocation, context, options, host, role)


async def _connect(
    invocation: Invocation, context: Context, options: psql_options.Options, host: str, role: str
) -> int:
    postgres = context.postgres
    await postgres.ensure()
    command = [
        *(str(binaries.program("psql")), "-X", "-n", "-w", "-P", "pager=off"),
        *database_pod.connection(postgres, host),
        *("-U", role, "-d", options.database or options.user or DATABASE),
        *options.words,
    ]
    edit = database_pod.disguise(postgres, host, invocation.pod)
    env = database_pod.environment(host, postgres.password(role))
    confined = Confined(context.limits, invocation.streams, edit)
    if not options.reads_stdin:
        return await confined.run(command, env)
    terminal = invocation.streams if isinstance(invocation.streams, Terminal) else None
    return await confined.run(command, env, _lines(invocation, options.stops_on_error), terminal)


async def _lines(invocation: Invocation, stops_on_error: bool) -> AsyncIterator[bytes]:
    """Standard input line by line, without the lines that psql must not see.

    A meta-command that is not on the list is left out, as psql goes on after one that it does not
    know; any other line that cannot be sent ends the session, since a statement without one of its
    lines is another statement.
    """
    streams, decoder, rest = invocation.streams, codecs.getincrementaldecoder("utf-8")(), ""
    while True:
        data = await streams.read()
        try:
            *whole, rest = (rest + decoder.decode(data, final=not data)).split("\n")
        except UnicodeDecodeError:
            raise SessionError("psql: error: standard input is not UTF-8", _SCRIPT_ERROR) from None
        lines = [f"{line}\n" for line in whole] + ([rest] if rest and not data else [])
        for line in lines:
            refused = refusal(line)
            if refused is None:
                yield line.encode()
            elif refused.whole and not stops_on_error:
                await streams.err(f"psql: error: {refused}\n".encode())
                yield b"\n"  # brings the prompt back, where there is one
            else:
                raise SessionError(f"psql: error: {refused}", _SCRIPT_ERROR)
        if not data:
            return
        if len(rest) > LONGEST_LINE:
            raise SessionError(f"psql: error: a line may have {LONGEST_LINE:,} characters at most", _SCRIPT_ERROR)
