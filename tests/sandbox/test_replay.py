"""Replay: only the inputs are believed, and the same inputs give the same bytes."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from labkit.clock import EPOCH, HOUR, SECOND
from labkit.errors import SubmissionError
from labkit.journal import Entry
from labkit.sandbox.drive import ManualDrive
from labkit.sandbox.replay import Replayed, replay
from labkit.sandbox.sandbox import TRAINEE, Sandbox
from labkit.scenarios.exercise import scenario_of, world_seed
from labkit.world.actions import Answer, AnyAction, Exec, HttpRequest, KubeRequest, Statement

PROD = "/api/v1/namespaces/llm-research-lab-prod/pods"
ACTIONS: tuple[AnyAction, ...] = (
    KubeRequest(method="GET", path=PROD),
    HttpRequest(method="GET", path="/health/ready", host="api.llm-research-lab.company.com"),
    Exec(namespace="llm-research-lab-data", pod="postgres-0", command=("psql", "-U", "postgres", "-c", "SELECT 1")),
    Exec(
        namespace="llm-research-lab-prod",
        pod="kafka-0",
        command=("kafka-topics.sh", "--bootstrap-server", "localhost:9092", "--list"),
    ),
    Statement(sql="SELECT count(*) FROM experiments"),
    KubeRequest(method="DELETE", path=f"{PROD}/kafka-0"),
    Answer(question="state", value="healthy"),
)


def of(scenario: str) -> str:
    """A trainee whose sandbox holds the scenario."""
    names = (f"t{n}" for n in range(500))
    return next(t for t in names if scenario_of("exercise-1", world_seed("exercise-1", t)).id == scenario)


def entries(*actions: AnyAction, **forged: object) -> list[Entry]:
    made = [
        Entry(
            seq=n, time=EPOCH + (n + 1) * SECOND, actor="trainee", face=action.face,
            action=msgspec.to_builtins(action), outcome={},
        )
        for n, action in enumerate(actions)
    ]  # fmt: skip
    return [msgspec.structs.replace(entry, **forged) for entry in made]


def run(trainee: str, inputs: list[Entry]) -> Replayed:
    return asyncio.run(replay("exercise-1", trainee, inputs, EPOCH))


def test_a_healthy_sandbox_gives_every_step_its_expected_result() -> None:
    outcomes = [entry.outcome for entry in run(of("healthy"), entries(*ACTIONS)).entries]
    assert outcomes[0]["code"] == 200
    assert outcomes[1] == {"code": 200, "body": '{"status": "healthy"}'}
    assert outcomes[2]["exit"] == 0
    assert "(1 row)" in outcomes[2]["stdout"]
    assert {"experiments", "experiment-results", "metrics-events"} <= set(outcomes[3]["stdout"].split())
    assert outcomes[4] == {"rows": 1}
    assert outcomes[5]["code"] == 403


def test_the_same_inputs_give_the_same_bytes() -> None:
    trainee = of("worker-crash-loop")
    first, second = run(trainee, entries(*ACTIONS)), run(trainee, entries(*ACTIONS))
    assert msgspec.json.encode(first) == msgspec.json.encode(second)


def test_live_work_and_its_replay_agree(tmp_path: Path) -> None:
    async def live(trainee: str) -> tuple[list[Entry], str]:
        sandbox = Sandbox(
            home=tmp_path / "home", driver=ManualDrive, seed=world_seed("exercise-1", trainee),
            exercise="exercise-1", trainee=trainee, journal=tmp_path / "journal.jsonl",
        )  # fmt: skip
        for action in ACTIONS[:4]:
            await sandbox.gate.perform(TRAINEE, action)
        await sandbox.close()
        return sandbox.journal.entries, sandbox.world.digest()

    trainee = of("api-not-ready")
    written, digest = asyncio.run(live(trainee))
    replayed = run(trainee, written)
    assert [e.outcome for e in replayed.entries] == [e.outcome for e in written]
    assert replayed.digest == digest


@pytest.mark.parametrize("actor", ["system:admin", "trainee", "system:masters"])
def test_an_edited_actor_or_outcome_gains_nothing(actor: str) -> None:
    forged = entries(*ACTIONS[-2:], actor=actor, outcome={"code": 200})
    replayed = run(of("healthy"), forged)
    assert replayed.entries[0].actor == "trainee"
    assert replayed.entries[0].outcome["code"] == 403


def test_a_database_that_refuses_fails_the_query_in_its_own_words() -> None:
    trainee = of("postgres-refusing")
    replayed = run(trainee, entries(*ACTIONS[:5]))
    assert replayed.truth["scenario"] == "postgres-refusing"
    http, psql, _, statement = (entry.outcome for entry in replayed.entries[1:])
    assert http["code"] == 503
    assert psql["exit"] == 2
    assert "Is the server running" in psql["stderr"]
    assert "refused" in statement["error"]


def test_a_time_before_the_sandbox_is_refused() -> None:
    with pytest.raises(SubmissionError, match="before the sandbox's start"):
        run("anyone", entries(ACTIONS[0], time=EPOCH - HOUR))


def test_what_comes_after_the_exercises_day_is_left_out_and_the_rest_counts() -> None:
    late = entries(ACTIONS[0], time=EPOCH + 100 * 24 * HOUR)
    assert [entry.action["path"] for entry in run("anyone", [*late, *entries(ACTIONS[0])]).entries] == [PROD]


def test_sessions_that_overlap_are_repeated_in_the_order_of_their_beginning(tmp_path: Path) -> None:
    """A psql session that is left open ends, and is journalled, after what was done meanwhile."""

    async def live(trainee: str) -> list[Entry]:
        sandbox = Sandbox(
            home=tmp_path / "home", driver=ManualDrive, seed=world_seed("exercise-1", trainee),
            exercise="exercise-1", trainee=trainee,
        )  # fmt: skip
        slow = Exec(namespace="llm-research-lab-data", pod="postgres-0", command=("psql", "-tAc", "SELECT pg_sleep(1)"))
        session = asyncio.create_task(sandbox.gate.perform(TRAINEE, slow))
        await asyncio.sleep(0.2)
        await sandbox.gate.perform(TRAINEE, ACTIONS[0])
        await session
        await sandbox.close()
        return sandbox.journal.entries

    trainee = of("healthy")
    written = asyncio.run(live(trainee))
    assert [entry.action["type"] for entry in written] == ["kube.request", "kube.exec"]
    repeated = run(trainee, written).entries
    assert [entry.action["type"] for entry in repeated] == ["kube.exec", "kube.request"]
    assert [entry.outcome for entry in repeated] == [entry.outcome for entry in reversed(written)]


def test_an_answer_of_a_megabyte_is_no_answer() -> None:
    forged = msgspec.to_builtins(ACTIONS[-1]) | {"value": "x" * 1_000_000}
    with pytest.raises(SubmissionError, match="not an action"):
        run("anyone", entries(ACTIONS[-1], action=forged))


def test_what_was_typed_into_a_command_is_typed_again() -> None:
    typed = Exec(
        namespace="llm-research-lab-data", pod="postgres-0", command=("psql", "-tA"), stdin=b"SELECT 40 + 2;\n"
    )
    assert run(of("healthy"), entries(typed)).entries[0].outcome["stdout"] == "42\n"


def test_an_action_that_is_none_is_refused() -> None:
    with pytest.raises(SubmissionError, match="not an action") as caught:
        run("anyone", entries(ACTIONS[0], action={"type": "become.admin"}))
    assert "entry 0" in str(caught.value)
