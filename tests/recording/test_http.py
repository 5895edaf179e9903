"""An API that is slow, away or unwilling."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from labkit.errors import DatasetError
from labkit.recording.http import ATTEMPTS, Api, RefusedError, headers_of
from labkit.recording.prometheus import Prometheus


@pytest.fixture
def server():
    """Answers ``answers`` one after the other, the last for ever; ``seen`` are the headers that came."""

    class Face(BaseHTTPRequestHandler):
        answers: list = []
        seen: list = []

        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            Face.seen.append(dict(self.headers))
            code, body = Face.answers.pop(0) if len(Face.answers) > 1 else Face.answers[0]
            self.send_response(code)
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Face)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Face, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_is_asked_again_ever_later_until_it_answers(server):
    face, url = server
    face.answers[:] = [(503, b"wait"), (429, b"slow"), (200, b"[1]")]
    pauses: list = []
    assert Api(url, {"Authorization": "Bearer x"}, pauses.append).get("/", [], list[int]) == [1]
    assert pauses == [0.5, 1.0]
    assert face.seen[-1]["Authorization"] == "Bearer x"


def test_one_that_stays_away_is_given_up_with_its_own_words(server):
    face, url = server
    face.answers[:] = [(500, b"the disk is full")]
    pauses: list = []
    with pytest.raises(DatasetError, match="it answered 500: the disk is full"):
        Api(url, sleep=pauses.append).get("/", [], list[int])
    assert len(pauses) == ATTEMPTS - 1
    with pytest.raises(DatasetError, match="no answer after 6 attempts") as caught:
        Api("http://127.0.0.1:1", sleep=pauses.append).get("/", [], list[int])
    assert "kept" in caught.value.remedy


def test_a_refusal_is_not_asked_again(server):
    face, url = server
    face.answers[:] = [(401, b"who are you"), (200, b"[]")]
    with pytest.raises(RefusedError, match="who are you") as caught:
        Api(url).get("/", [], list[int])
    assert "--headers" in caught.value.remedy


def test_what_is_no_such_api_is_said_to_be_none(server):
    face, url = server
    face.answers[:] = [(200, b"<html>")]
    with pytest.raises(DatasetError, match="not what this API gives"):
        Prometheus(Api(url)).metadata()
    with pytest.raises(DatasetError, match="no address"):
        Api("file:///etc/passwd")


def test_a_range_that_is_too_much_is_asked_for_in_halves(server):
    face, url = server
    much = (
        b'{"status":"error","errorType":"execution","error":"query processing would load too many samples into memory"}'
    )

    def half(time):
        return f'{{"data":{{"result":[{{"metric":{{"a":"b"}},"values":[[{time},"1"]]}}]}}}}'.encode()

    face.answers[:] = [(422, much), (200, half(1)), (200, half(6))]
    (found,) = Prometheus(Api(url)).series(0, 10_000)
    assert found.times.tolist() == [1000, 6000]


def test_native_histograms_are_refused(server):
    face, url = server
    face.answers[:] = [(200, b'{"data":{"result":[{"metric":{"__name__":"h"},"histograms":[[1,{}]]}]}}')]
    with pytest.raises(DatasetError, match="h is a native histogram"):
        Prometheus(Api(url)).series(0, 10_000)


def test_headers_come_from_a_file(tmp_path):
    path = tmp_path / "headers"
    path.write_text("Authorization: Bearer a:b\n\nX-Scope-OrgID: me\n")
    assert headers_of(path) == {"Authorization": "Bearer a:b", "X-Scope-OrgID": "me"}
    path.write_text("nonsense\n")
    with pytest.raises(DatasetError, match="not a header") as caught:
        headers_of(path)
    assert caught.value.where == f"{path}:1"
