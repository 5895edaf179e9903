"""How the database looks from inside its pod: roles by identity, addresses, and the pod's own names.

The server really listens on a port and in a folder of this machine; what a trainee reads is what
the pod would show: port 5432, ``/var/run/postgresql`` and the pod's address.
"""

import re
from collections.abc import Callable

from labkit.kube.request import User
from labkit.kube.store import Object
from labkit.sandbox.engines.postgres import Postgres
from labkit.sandbox.engines.template import OWNER, READER

SOCKETS = "/var/run/postgresql"
PORT = "5432"
_LOOPBACK = "127.0.0.1"


def role_of(user: User) -> str | None:
    """The database role of a Kubernetes identity: its own, the owner's for cluster admins, or none."""
    if user.name == READER:
        return READER
    return OWNER if "system:masters" in user.groups else None


def unreachable(host: str, port: str, pod: Object) -> str | None:
    """What libpq says when nothing answers at ``host`` and ``port`` as seen from the pod, or ``None``."""
    if host.startswith("/"):
        if host.rstrip("/") == SOCKETS and port == PORT:
            return None
        return (
            f'connection to server on socket "{host}/.s.PGSQL.{port}" failed: No such file or directory\n'
            "\tIs the server running locally and accepting connections on that socket?"
        )
    if not _is_this_pod(host, pod):
        return f'could not translate host name "{host}" to address: Name or service not known'
    if port != PORT:
        return (
            f'connection to server at "{host}" ({_ip(host, pod)}), port {port} failed: Connection refused\n'
            "\tIs the server running on that host and accepting TCP/IP connections?"
        )
    return None


def no_role(host: str, user: User, pod: Object) -> str:
    """What the server says of an identity that has no role."""
    server = f'on socket "{SOCKETS}/.s.PGSQL.{PORT}"' if host.startswith("/") else f'at "{host}" ({_ip(host, pod)})'
    server += "" if host.startswith("/") else f", port {PORT}"
    return f'connection to server {server} failed: FATAL:  role "{user.name}" does not exist'


def connection(postgres: Postgres, host: str) -> list[str]:
    """The words that lead libpq's programs to the real server, under the name that was typed."""
    return ["-h", str(postgres.sockets) if host.startswith("/") else host, "-p", str(postgres.port)]


def environment(host: str, password: str = "") -> dict[str, str]:
    """All that a program of libpq's learns: no path, no home, no shell; the address and the password."""
    return {
        "PATH": "",
        "SHELL": "/bin/false",
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PGCLIENTENCODING": "UTF8",
        "PGCONNECT_TIMEOUT": "10",
        **({} if host.startswith("/") else {"PGHOSTADDR": _LOOPBACK}),
        **({"PGPASSWORD": password} if password else {}),
    }


def disguise(postgres: Postgres, host: str, pod: Object) -> Callable[[bytes], bytes]:
    """A rewriting of output: this machine's port, folder and address become the pod's."""
    folder, port, ip = str(postgres.sockets), str(postgres.port), _ip(host, pod)
    shown = f'"{host}"' if host == _LOOPBACK else f'"{host}" ({ip})'
    plain = (
        (f"{folder}/.s.PGSQL.{port}", f"{SOCKETS}/.s.PGSQL.{PORT}"),
        (f'"{_LOOPBACK}", port {port} ', f"{shown}, port {PORT} "),
        (f"{folder}:{port} - ", f"{SOCKETS}:{PORT} - "),
        (f"{_LOOPBACK}:{port} - ", f"{host}:{PORT} - "),
    )
    pairs = [(old.encode(), new.encode()) for old, new in plain]
    cells = [  # of the table that \conninfo prints
        (re.compile(rf"({label} *\| ?){re.escape(old)}(?=\s)".encode()), new.encode())
        for label, old, new in (
            ("Socket Directory", folder, SOCKETS),
            ("Server Port", port, PORT),
            ("Host Address", _LOOPBACK, ip),
        )
    ]

    def edit(data: bytes) -> bytes:
        for old, new in pairs:
            data = data.replace(old, new)
        for cell, new in cells:
            data = cell.sub(rb"\g<1>" + new, data)
        return data

    return edit


def _is_this_pod(host: str, pod: Object) -> bool:
    name, namespace = pod["metadata"]["name"], pod["metadata"].get("namespace", "default")
    service = pod.get("spec", {}).get("subdomain") or name.rpartition("-")[0] or name
    local = {"localhost", _LOOPBACK, name, service, f"{name}.{service}", pod.get("status", {}).get("podIP")}
    for suffix in (f".{namespace}.svc.cluster.local", f".{namespace}.svc", f".{namespace}"):
        host = host.removesuffix(suffix)
    return host in local


def _ip(host: str, pod: Object) -> str:
    return _LOOPBACK if host in ("localhost", _LOOPBACK) else pod.get("status", {}).get("podIP", _LOOPBACK)
