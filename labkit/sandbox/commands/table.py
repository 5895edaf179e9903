"""Which programs there are in which image, and what ``exec`` answers when there is none."""

import hashlib
import posixpath
from dataclasses import replace

from labkit.kube import status
from labkit.kube.status import StatusError
from labkit.kube.store import Object
from labkit.sandbox.commands import basics
from labkit.sandbox.commands.context import Command, Context, Limits
from labkit.sandbox.commands.kafka_broker_api_versions import kafka_broker_api_versions
from labkit.sandbox.commands.kafka_topics import kafka_topics
from labkit.sandbox.commands.pg_isready import pg_isready
from labkit.sandbox.commands.psql import psql
from labkit.sandbox.commands.streams import Invocation
from labkit.sandbox.commands.terminal import Terminal

__all__ = ["IMAGES", "Context", "Limits", "programs", "run"]

IMAGES: dict[str, dict[str, Command]] = {
    "postgres": {"psql": psql, "pg_isready": pg_isready},
    "kafka": {"kafka-topics.sh": kafka_topics, "kafka-broker-api-versions.sh": kafka_broker_api_versions},
}
"""By the last part of an image's name, what it has beside :data:`basics.COMMANDS`."""

_FOLDERS = ("/bin", "/usr/bin", "/usr/local/bin", "/opt/kafka/bin")


def programs(image: str) -> dict[str, Command]:
    """The programs of an image such as ``registry.company.com/postgres:18.6``, by name."""
    name = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return {**basics.COMMANDS, **IMAGES.get(name, {})}


async def run(invocation: Invocation, context: Context) -> int:
    """Run a command in a container; its exit code, or :class:`StatusError` if it cannot be started."""
    if not invocation.argv:
        raise status.bad_request("you must specify at least 1 command for the container")
    container = _container(invocation.pod, invocation.container)
    folder, name = posixpath.split(invocation.argv[0])
    command = programs(container["image"]).get(name)
    if command is None or folder not in ("", *_FOLDERS):
        raise _not_found(invocation)
    if invocation.tty:
        invocation = replace(invocation, streams=Terminal(invocation.streams))
    return await command(invocation, context)


def _container(pod: Object, name: str) -> Object:
    for container in pod["spec"]["containers"]:
        if container["name"] == name:
            found: Object = container
            return found
    raise status.bad_request(f"container {name} is not valid for pod {pod['metadata']['name']}")


def _not_found(invocation: Invocation) -> StatusError:
    """What runc says through containerd and the kubelet; the number of the exec stands for a random one."""
    program = invocation.argv[0]
    missing = f"stat {program}: no such file or directory" if "/" in program else "executable file not found in $PATH"
    about = [invocation.pod["metadata"].get("uid", ""), invocation.container, *invocation.argv]
    number = hashlib.sha256("\0".join(about).encode(errors="replace")).hexdigest()
    return StatusError(
        500,
        "InternalError",
        "Internal error occurred: error executing command in container: failed to exec in container: "
        f'failed to start exec "{number}": OCI runtime exec failed: exec failed: '
        f'unable to start container process: exec: "{program}": {missing}: unknown',
    )
