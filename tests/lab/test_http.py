"""One request: what it gives, and what each server's complaint becomes."""

import pytest

from labkit.errors import QueryError, SandboxUnreachable
from labkit.lab.http import Api


def complaint(served, status, body, query="sum(rate(up[5m])", **kw):
    served.answers["/x"] = (status, body)
    with pytest.raises(QueryError) as caught:
        Api("Server", served.url).get("/x", query=query, **kw)
    return caught.value


def test_parameters_go_with_a_get_and_a_form_with_a_post(served):
    served.answers["/x"] = {"ok": 1}
    api = Api("Server", served.url)
    assert api.get("/x", [("match[]", 'up{a="b"}')]) == {"ok": 1}
    assert api.post("/x", [("query", "a+b")]) == {"ok": 1}
    assert served.asked == [("/x", {"match[]": 'up{a="b"}'}), ("/x", {"query": "a+b"})]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"status":"error","errorType":"bad_data","error":"unknown function"}', "unknown function"),
        ("parse error : unexpected IDENTIFIER", "parse error : unexpected IDENTIFIER"),
        ('{"data":null,"errors":[{"code":404,"msg":"trace not found"}]}', "trace not found"),
        ('"bad matcher format: x"', "bad matcher format: x"),
        ('{"code":400,"message":"invalid filter"}', "invalid filter"),
        ("", "Server answers 400"),
        ("[1]", "[1]"),
    ],
)
def test_each_server_complains_in_its_own_form(served, body, said):
    assert complaint(served, 400, body).what == said


def test_a_server_that_fails_does_not_blame_the_query(served):
    served.answers["/x"] = (500, "Internal Server Error")
    with pytest.raises(SandboxUnreachable, match="Server failed: Internal Server Error") as caught:
        Api("Server", served.url).get("/x", query="up")
    assert "log" in caught.value.remedy
    assert complaint(served, 503, '{"errorType":"timeout","error":"query timed out"}').what == "query timed out"


def test_a_position_is_marked_with_a_caret_under_its_line(served):
    error = complaint(
        served, 400, '{"error":"invalid parameter \\"query\\": 2:5: parse error: unexpected end"}', query="sum(\n  up"
    )
    assert str(error).splitlines()[1:3] == ["      up", "        ^"]
    loki = complaint(served, 400, "parse error at line 1, col 3: syntax error: unexpected IDENTIFIER", query="{a b}")
    assert str(loki).splitlines()[1:3] == ["    {a b}", "      ^"]


@pytest.mark.parametrize("position", ["9:9", "1:99", "0:0"])
def test_a_position_outside_of_the_query_is_not_marked(served, position):
    error = complaint(served, 400, f"{position}: parse error: x", query="up{")
    assert "^" not in str(error)
    assert error.where == "up{"


def test_no_answer_and_an_answer_that_is_no_json_are_told_apart_from_a_refusal(served):
    served.answers["/x"] = (200, "<html>")
    with pytest.raises(SandboxUnreachable, match="no answer of Server"):
        Api("Server", served.url).get("/x", [("a", "secret")])
    with pytest.raises(SandboxUnreachable) as caught:
        Api("Server", "http://127.0.0.1:9").get("/x", [("a", "b")])
    assert caught.value.where == "http://127.0.0.1:9/x"
