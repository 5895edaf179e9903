"""The few programs that every image has: ``echo``, ``env``, ``hostname``, ``date``, ``true``, ``false``."""

from datetime import UTC, datetime

from labkit.clock import SECOND
from labkit.kube.store import Object
from labkit.sandbox.commands.context import Command, Context
from labkit.sandbox.commands.streams import Invocation

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_DATE_DEFAULT = "%a %b %e %H:%M:%S UTC %Y"


async def echo(invocation: Invocation, _: Context) -> int:
    """Print the arguments; ``-n`` leaves out the newline."""
    words = list(invocation.argv[1:])
    newline = not (words and words[0] == "-n")
    text = " ".join(words if newline else words[1:])
    await invocation.streams.out((text + "\n" * newline).encode())
    return 0


async def env(invocation: Invocation, _: Context) -> int:
    """Print the container's environment; running another program under it is left to ``exec``."""
    if len(invocation.argv) > 1:
        await invocation.streams.err(f"env: {invocation.argv[1]!r}: Permission denied\n".encode())
        return 126
    lines = [f"{name}={value}" for name, value in _environment(invocation).items()]
    await invocation.streams.out("".join(f"{line}\n" for line in lines).encode())
    return 0


async def hostname(invocation: Invocation, _: Context) -> int:
    """Print the pod's host name, or with ``-i`` its address."""
    match invocation.argv[1:]:
        case ():
            said = invocation.pod["spec"].get("hostname") or invocation.pod["metadata"]["name"]
        case ("-i" | "-I",):
            said = invocation.pod.get("status", {}).get("podIP", "")
        case _:
            await invocation.streams.err(b"hostname: you must be root to change the host name\n")
            return 1
    await invocation.streams.out(f"{said}\n".encode())
    return 0


async def date(invocation: Invocation, context: Context) -> int:
    """Print the present in virtual time, in UTC; ``-u`` changes nothing, ``+FORMAT`` is honoured."""
    moment = datetime.fromtimestamp(context.now() // SECOND, UTC)
    formats = [word for word in invocation.argv[1:] if word not in ("-u", "--utc", "--universal")]
    if len(formats) > 1 or (formats and not formats[0].startswith("+")):
        await invocation.streams.err(f"date: invalid date {formats[0]!r}\n".encode())
        return 1
    pattern = formats[0][1:] if formats else _DATE_DEFAULT
    pattern = pattern.replace("%s", str(context.now() // SECOND)).replace("%Z", "UTC")
    await invocation.streams.out(f"{moment.strftime(pattern)}\n".encode())
    return 0


async def true(_: Invocation, __: Context) -> int:
    """Succeed."""
    return 0


async def false(_: Invocation, __: Context) -> int:
    """Fail."""
    return 1


def _environment(invocation: Invocation) -> dict[str, str]:
    """What the container runtime sets, and the values that the pod's manifest gives in plain."""
    pod = invocation.pod
    container = _container(pod, invocation.container)
    given = {entry["name"]: value for entry in container.get("env", []) if (value := _value(entry, pod)) is not None}
    return {"PATH": PATH, "HOSTNAME": pod["metadata"]["name"], **given, "HOME": "/root"}


def _container(pod: Object, name: str) -> Object:
    return next(container for container in pod["spec"]["containers"] if container["name"] == name)


def _value(entry: Object, pod: Object) -> str | None:
    if "valueFrom" not in entry:
        return str(entry.get("value", ""))
    field: object = pod
    for part in entry["valueFrom"].get("fieldRef", {}).get("fieldPath", "").split("."):
        field = field.get(part) if isinstance(field, dict) else None
    return field if isinstance(field, str) else None


COMMANDS: dict[str, Command] = {
    "date": date,
    "echo": echo,
    "env": env,
    "false": false,
    "hostname": hostname,
    "printenv": env,
    "true": true,
}
