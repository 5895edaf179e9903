"""An API that is slow, away or unwilling."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import msgspec
import pytest

from labkit.errors import DatasetError
from labkit.recording.http import ATTEMPTS, Api, RefusedError, headers_of
from labkit.recording.jaeger import Jaeger
from labkit.recording.loki import PAGE, Loki
from labkit.recording.prometheus import Prometheus


@pytest.fixture
def server():
    """Answers ``answers`` one after the other, the last for ever; ``seen`` are the headers that came."""

    class Face(BaseHTTPRequestHandler):
        answers: list = []
        seen: list = []
        location = ""

        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            Face.seen.append(dict(self.headers))
            code, body = Face.answers.pop(0) if len(Face.answers) > 1 else Face.answers[0]
            self.send_response(code)
            if code == 302:
                self.send_header("Location", Face.location)
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


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('[{"metric":{"a":"b"},"values":[[2,"1"],[1,"1"]]}]', "not in the order of time"),
        ('[{"metric":{"a":"b"},"values":[[1,"one"]]}]', "could not convert string to float"),
    ],
)
def test_an_answer_that_cannot_be_true_is_an_error(server, body, says):
    face, url = server
    face.answers[:] = [(200, f'{{"data":{{"result":{body}}}}}'.encode())]
    with pytest.raises(DatasetError, match=says):
        Prometheus(Api(url)).series(0, 10_000)


def test_lines_of_another_time_are_an_error_and_no_endless_question(server):
    face, url = server
    rows = ",".join(f'["{time}","x"]' for time in range(PAGE))
    face.answers[:] = [(200, f'{{"data":{{"result":[{{"stream":{{"a":"b"}},"values":[{rows}]}}]}}}}'.encode())]
    with pytest.raises(DatasetError, match="outside the time"):
        Loki(Api(url), ['{a="b"}']).streams(1_000_000, 2_000_000)


def test_a_span_of_no_process_is_an_error(server):
    face, url = server
    span = {"traceID": "a", "spanID": "b", "operationName": "o", "startTime": 1, "duration": 1, "processID": "p9"}
    trace = {"data": [{"traceID": "a", "spans": [span], "processes": {}}]}
    face.answers[:] = [(200, b'{"data":["api"]}'), (200, msgspec.json.encode(trace))]
    with pytest.raises(DatasetError, match="no 'p9'"):
        Jaeger(Api(url)).spans(0, 10)


def test_credentials_go_nowhere_else(server):
    face, url = server
    face.answers[:] = [(302, b"elsewhere")]
    face.location = "http://localhost:9/steal"
    with pytest.raises(RefusedError, match="it answered 302"):
        Api(url, {"Authorization": "Bearer x"}).get("/", [], list[int])
    with pytest.raises(DatasetError, match="holds credentials") as caught:
        Api("http://me:hunter2@prometheus:9090")
    assert "hunter2" not in str(caught.value)


def test_an_endless_answer_is_given_up(server, monkeypatch):
    face, url = server
    monkeypatch.setattr("labkit.recording.http.LONGEST", 1000)
    face.answers[:] = [(200, b"[" + b"1," * 2000)]
    with pytest.raises(DatasetError, match="more than 1,000 bytes"):
        Api(url).get("/", [], list[int])


def test_headers_come_from_a_file(tmp_path):
    path = tmp_path / "headers"
    path.write_text("Authorization: Bearer a:b\n\nX-Scope-OrgID: me\n")
    assert headers_of(path) == {"Authorization": "Bearer a:b", "X-Scope-OrgID": "me"}
    path.write_text("nonsense\n")
    with pytest.raises(DatasetError, match="not a header") as caught:
        headers_of(path)
    assert caught.value.where == f"{path}:1"
