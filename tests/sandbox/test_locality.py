"""No web page but this machine's own reads or changes a sandbox, whatever its origin or the name it found us by."""

import http.client
from urllib.parse import urlsplit

import pytest

from labkit.sandbox import lifecycle
from labkit.sandbox.options import Options

WEBSOCKET = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}  # fmt: skip


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    home = tmp_path_factory.mktemp("locality")
    found = lifecycle.start(Options(home=home, clock="manual"))
    yield found
    lifecycle.stop(home)


def asked(address, path, headers, method="GET", body=None):
    """The status of the answer; of a websocket that is taken, 101."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    try:
        connection.request(method, path, body, headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 200), ({"Host": "localhost:9090"}, 200), ({"Host": "[::1]:9090"}, 200), ({"Host": "10.0.0.7"}, 200),
        ({"Origin": "http://localhost:8888"}, 200), ({"Origin": "http://127.0.0.1:8888"}, 200),
        ({"Host": "evil.example"}, 403), ({"Host": "127.0.0.1.evil.example"}, 403), ({"Host": "localhost.evil.example"}, 403),
        ({"Host": "evil.example:80@127.0.0.1"}, 200), ({"Host": "127.0.0.1@evil.example"}, 403), ({"Host": "["}, 403),
        ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Origin": "http://10.0.0.7"}, 403),
        ({"Origin": "http://localhost@evil.example"}, 403), ({"Origin": "http://[::1"}, 403),
    ],
)  # fmt: skip
def test_every_plain_face_asks_who_is_there(faces, headers, code):
    paths = {
        faces.prometheus: "/-/ready", faces.alertmanager: "/-/ready", faces.loki: "/ready", faces.jaeger: "/status",
    }  # fmt: skip
    assert {asked(address, path, headers) for address, path in paths.items()} == {code}
    assert asked(faces.control, "/status", headers) == (401 if code == 200 else code)


def test_a_page_makes_no_silence(faces):
    body = (
        b'{"matchers": [{"name": "a", "value": "b", "isRegex": false}], "startsAt": "2025-11-28T12:00:00Z",'
        b' "endsAt": "2099-01-01T00:00:00Z", "createdBy": "a page", "comment": ""}'
    )
    # A body without a type is a request that browsers send without asking first.
    for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        assert asked(faces.alertmanager, "/api/v2/silences", headers, "POST", body) == 403
    assert asked(faces.alertmanager, "/api/v2/silences", {}, "POST", body) == 200


def test_a_page_follows_no_log(faces):
    path = "/loki/api/v1/tail?query=%7Bnamespace%3D~%22.%2B%22%7D"
    assert asked(faces.loki, path, WEBSOCKET | {"Origin": "https://evil.example"}) == 403
    assert asked(faces.loki, path, WEBSOCKET) == 101
