"""``pg_isready`` in the database's pod: PostgreSQL's own, asking the real server."""

import getopt
import re

from labkit.sandbox.commands import database_pod
from labkit.sandbox.commands.confined import Confined
from labkit.sandbox.commands.context import Context
from labkit.sandbox.commands.streams import Invocation
from labkit.sandbox.engines import binaries

_NO_RESPONSE, _NOT_TRIED = 2, 3
_LONG = ["dbname=", "host=", "port=", "quiet", "timeout=", "username=", "version", "help"]


async def pg_isready(invocation: Invocation, context: Context) -> int:
    """Say whether the server accepts connections: 0 yes, 1 it rejects them, 2 no response, 3 not tried."""
    streams, program = invocation.streams, str(binaries.program("pg_isready"))
    try:
        pairs, rest = getopt.gnu_getopt(list(invocation.argv[1:]), "d:h:p:qt:U:V?", _LONG)
    except getopt.GetoptError as error:
        return await _usage(invocation, f"option {error.opt!r} is not understood")
    given = {name.lstrip("-")[0]: value for name, value in pairs if name not in ("--help", "-?", "--version", "-V")}
    if asks := next((name for name, _ in pairs if name in ("--help", "-?", "--version", "-V")), None):
        return await Confined(context.limits, streams).run([program, asks], database_pod.environment(""))
    if rest:
        return await _usage(invocation, f'too many command-line arguments (first is "{rest[0]}")')
    if not re.fullmatch(r"[0-9]{1,5}", port := given.get("p", database_pod.PORT)):
        return await _usage(invocation, f'invalid port number: "{port}"')
    host = given.get("h", database_pod.SOCKETS)
    quiet = ["-q"] if "q" in given else []
    if database_pod.unreachable(host, port, invocation.pod) is not None:
        if not quiet:
            await streams.out(f"{host}:{port} - no response\n".encode())
        return _NO_RESPONSE
    await context.postgres.ensure()
    command = [program, *database_pod.connection(context.postgres, host), *quiet]
    edit = database_pod.disguise(context.postgres, host, invocation.pod)
    return await Confined(context.limits, streams, edit).run(command, database_pod.environment(host))


async def _usage(invocation: Invocation, what: str) -> int:
    await invocation.streams.err(
        f'pg_isready: error: {what}\npg_isready: hint: Try "pg_isready --help" for more information.\n'.encode()
    )
    return _NOT_TRIED
