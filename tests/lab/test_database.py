"""What a lab says of a database that is not to be had."""

import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from labkit.errors import QueryError, SandboxUnreachable
from labkit.lab import database

RESET = struct.pack("ii", 1, 0)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A listener on a port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        yield sock


def url(port: int) -> str:
    """Where the trainee connects."""
    return f"postgresql://trainee:word@127.0.0.1:{port}/llm_research"


def test_a_server_that_resets_refuses(listener):
    def reset() -> None:
        connection, _ = listener.accept()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        connection.close()

    thread = threading.Thread(target=reset)
    thread.start()
    with pytest.raises(QueryError, match="PostgreSQL refuses the connection: ") as caught:
        database.query(url(listener.getsockname()[1]), "SELECT 1")
    thread.join()
    assert "kubectl get pods" in caught.value.remedy


def test_where_nothing_listens_the_sandbox_is_gone(listener):
    port = listener.getsockname()[1]
    listener.close()
    with pytest.raises(SandboxUnreachable, match="Connection refused"):
        database.query(url(port), "SELECT 1")
