"""The research API behind its ingress: what it answers follows from which pods are ready."""

import pytest

from labkit.clock import EPOCH, MINUTE
from labkit.sandbox.faces.research_api import HOST, HttpAnswer, respond
from labkit.world.actions import HttpRequest
from labkit.world.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return World(3, EPOCH)


def ask(world: World, path: str, method: str = "GET", host: str = HOST) -> HttpAnswer:
    return respond(world.store, HttpRequest(method=method, path=path, host=host))


def test_a_healthy_system_says_so(world: World) -> None:
    assert ask(world, "/health/ready") == HttpAnswer(200, "application/json", '{"status": "healthy"}')
    assert ask(world, "/health/live").code == 200


@pytest.mark.parametrize(
    ("path", "method", "host", "code"),
    [
        ("/api/v1/experiments", "GET", HOST, 401),
        ("/api/v1/experiments/42", "GET", HOST, 401),
        ("/api/v1/nothing", "GET", HOST, 404),
        ("/health/ready", "POST", HOST, 405),
        ("/health/ready", "GET", "elsewhere.example", 404),
        ("/../../etc/passwd", "GET", HOST, 404),
    ],
)
def test_other_requests_get_their_own_answer(world: World, path: str, method: str, host: str, code: int) -> None:
    assert ask(world, path, method, host).code == code


def test_without_a_ready_replica_the_ingress_answers_itself() -> None:
    world = World(3, EPOCH)
    world.system.causes.change(cache_password_valid=False)
    world.clock.advance(world.now + MINUTE)
    answer = ask(world, "/health/ready")
    assert answer.code == 503
    assert "nginx" in answer.body
    world.system.causes.change(cache_password_valid=True)
    world.clock.advance(world.now + MINUTE)
    assert ask(world, "/health/ready").code == 200
