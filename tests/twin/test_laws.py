"""The laws of the twin: what must hold at every step, whatever the cause of trouble."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.clock import EPOCH, HOUR, MINUTE, SECOND, Clock
from labkit.kube.store import Object
from labkit.signals.logs import LogStore
from labkit.twin.api import POOL_SIZE, REACHING, ResearchApi
from labkit.twin.causes import Causes
from labkit.twin.logbook import Logbook
from labkit.twin.queries import TYPES
from labkit.twin.routes import CACHED, ROUTES, STATEMENTS
from labkit.twin.topics import TOPICS
from labkit.twin.tracing.statements import statements
from labkit.twin.tracing.tracer import Tracer
from labkit.twin.traffic import Traffic
from labkit.twin.workers import CONCURRENCY, JOBS, OUTPUTS, Workers

ALL = set(TOPICS)


def pod(name: str) -> Object:
    return {
        "metadata": {"name": name, "namespace": "llm-research-lab-prod", "labels": {"app": "llm-research-api"}},
        "spec": {"containers": [{"name": "api"}]},
        "status": {"containerStatuses": [{"containerID": f"containerd://{name}"}]},
    }


def make_api(seed: int, replicas: int, logs: LogStore | None = None) -> ResearchApi:
    logbook = Logbook(LogStore() if logs is None else logs, Clock())
    pods = [pod(f"api-{n}") for n in range(replicas)]
    for each in pods:
        logbook.begin(each, "api")
    api = ResearchApi(seed, logbook, Tracer(seed, lambda: EPOCH, Causes()))
    api.place(pods)
    return api


steps = st.lists(
    st.tuples(
        st.floats(0, 2000, allow_nan=False),
        st.sets(st.sampled_from(["api-0", "api-1", "api-2"])),
        st.sets(st.sampled_from(sorted(ALL))),
        st.booleans(),
        st.floats(0, 1),
    ),
    max_size=12,
)


Steps = list[tuple[float, set[str], set[str], bool, float]]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), steps=steps)
def test_every_arrival_is_answered_once_and_every_signal_counts_the_same(seed: int, steps: Steps) -> None:
    api = make_api(seed, 3)
    for rate, ready, topics, database, hits in steps:
        before = {key: replica.requests.copy() for key, replica in api.replicas.items()}
        api.step(rate, 5 * SECOND, ready, topics, database=database, hits=hits)
        served = sum(int(replica.requests.sum()) for replica in api.replicas.values())
        assert served + api.rejected == api.arrived
        assert served == int(api.answered.sum())
        for key, replica in api.replicas.items():
            assert (replica.requests >= before[key]).all(), "counters only rise"
            assert (replica.buckets.sum(axis=1) == replica.requests.sum(axis=1)).all(), "histogram counts requests"
            assert replica.served == replica.requests.sum()
            assert 0 <= replica.pool_in_use <= POOL_SIZE
            if replica.pod["metadata"]["name"] not in ready:
                assert (replica.requests == before[key]).all(), "a pod that is not ready serves nothing"
                assert replica.in_flight.sum() == replica.pool_in_use == 0


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), steps=steps)
def test_statements_are_those_of_the_requests_that_got_so_far(seed: int, steps: Steps) -> None:
    """Each request that is neither turned away nor found in the cache sends its route's statements, and no other."""
    api = make_api(seed, 3)
    expected, lost = np.zeros(3, np.int64), 0
    for rate, ready, topics, database, hits in steps:
        before = api.answered.copy()
        found = sum(replica.hits for replica in api.replicas.values())
        api.step(rate, 5 * SECOND, ready, topics, database=database, hits=hits)
        calls = (api.answered - before)[:, REACHING].sum(axis=1)
        found = sum(replica.hits for replica in api.replicas.values()) - found
        assert 0 <= found <= calls[CACHED].sum()
        if database:
            expected += calls @ STATEMENTS - found * STATEMENTS[CACHED][0]
        else:
            lost += int((api.answered - before)[:, -1].sum())
            assert (api.answered - before)[:, 0].sum() == 0, "without a database nothing succeeds"
    replicas = list(api.replicas.values())
    counted = sum((replica.queries.buckets.sum(axis=1) for replica in replicas), np.zeros(3, np.int64))
    assert (counted == expected).all()
    assert (api.take().statements == expected).all(), "what the database is sent is what its callers count"
    assert sum(replica.queries.total for replica in replicas) == expected.sum()
    assert sum(replica.pool_timeouts for replica in replicas) == lost
    assert sum(sum(replica.produced.values()) for replica in replicas) == sum(api.produced.values())


def test_traces_know_the_statements_that_are_counted() -> None:
    for number, route in enumerate(ROUTES):
        sent = [statement.operation for statement in statements(number, route.queries)]
        assert tuple(sent.count(type_) for type_ in TYPES) == route.statements


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    steps=st.lists(st.tuples(st.integers(0, 500), st.integers(0, 6), st.booleans()), max_size=20),
)
def test_produced_less_consumed_is_the_change_of_lag(seed: int, steps: list[tuple[int, int, bool]]) -> None:
    workers = Workers(seed, Logbook(LogStore(), Clock()))
    produced = 0
    for jobs, ready, exists in steps:
        produced += jobs
        workers.step(EPOCH, 5 * SECOND, jobs, [pod(f"w-{n}") for n in range(ready)] if exists else [], ALL)
        assert workers.lag == produced - workers.consumed >= 0
        assert workers.written == {topic: workers.consumed * n for topic, n in OUTPUTS.items()}
        log = workers.logs[JOBS]
        assert (log.end.sum(), log.consumed.sum(), log.lag.sum()) == (produced, workers.consumed, workers.lag)
        assert (log.lag >= 0).all()
        check_runs(workers)


def check_runs(workers: Workers) -> None:
    """Every signal of the workers counts the same jobs."""
    everyone = list(workers.processes.values())
    assert sum(worker.ended for worker in everyone) == workers.consumed
    for worker in everyone:
        assert worker.runs.sum() == worker.buckets.sum() == worker.ended
        assert worker.answers.sum() == worker.requests.sum(), "a provider's histogram counts its requests"
        assert worker.requests[:, 2].sum() == worker.runs[1], "a run fails when its provider does"
        assert (worker.queries.buckets.sum(axis=1) == worker.ended * np.array([0, 1, 2])).all()
        assert 0 <= worker.in_use <= CONCURRENCY


def test_more_workers_than_partitions_do_no_more() -> None:
    done = []
    for count in (12, 40):
        workers = Workers(1, Logbook(LogStore(), Clock()))
        workers.step(EPOCH, 15 * SECOND, 100_000, [pod(f"w-{n}") for n in range(count)], ALL)
        done.append(workers.done)
    assert done[0] == done[1] > 0


def test_a_runs_histogram_is_its_providers_moved_by_the_insert() -> None:
    """One draw for both: no run is shorter than its provider's answer."""
    workers = Workers(2, Logbook(LogStore(), Clock()))
    for _ in range(40):
        workers.step(EPOCH, 15 * SECOND, 400, [pod("w-0"), pod("w-1")], ALL)
    for worker in workers.processes.values():
        answered = worker.answers.sum(axis=0)
        answered[0] -= worker.requests[:, 1].sum()  # refusals come back at once
        assert (worker.buckets.cumsum() <= answered.cumsum()).all()


def test_without_its_topic_a_route_fails_and_says_so() -> None:
    logs = LogStore()
    api = make_api(3, 3, logs)
    for _ in range(12):
        api.step(180.0, 5 * SECOND, {"api-0", "api-1", "api-2"}, ALL - {JOBS})
    assert api.produced == {}
    lines = [line for n in range(3) for _, line in logs.lines("llm-research-lab-prod", f"api-{n}", "api")]
    assert any("Kafka producer timeout" in line for line in lines)


def test_little_holds_between_in_flight_and_latency() -> None:
    api = make_api(4, 3)
    in_flight: list[int] = []
    for _ in range(2000):
        api.step(180.0, 5 * SECOND, {"api-0", "api-1", "api-2"}, ALL)
        in_flight.append(sum(int(replica.in_flight.sum()) for replica in api.replicas.values()))
    seconds = sum(float(replica.seconds.sum()) for replica in api.replicas.values())
    assert np.mean(in_flight) == pytest.approx(seconds / (2000 * 5), rel=0.05)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_traffic_is_as_bursty_as_real_traces(seed: int) -> None:
    """Variance-to-mean of requests per minute: 10 to 150 within an hour's window; Poisson has 1."""
    traffic, draw = Traffic(seed), np.random.default_rng(seed)
    ratios = []
    for hour in range(12):
        minutes = [
            sum(draw.poisson(traffic.step(EPOCH + hour * HOUR + m * MINUTE + s * SECOND, 5 * SECOND) * 5)
                for s in range(5, 65, 5))
            for m in range(60)
        ]  # fmt: skip
        ratios.append(np.var(minutes) / np.mean(minutes))
    assert 10 < np.median(ratios) < 150


def test_traffic_has_a_day_and_a_week() -> None:
    def mean(at: int) -> float:
        return float(np.mean([Traffic(seed).step(at, 5 * SECOND) for seed in range(40)]))

    friday = EPOCH
    assert mean(friday + 2 * HOUR) > 2 * mean(friday + 14 * HOUR), "14:00 against 02:00"
    assert mean(friday) > 1.5 * mean(friday + 24 * HOUR), "Friday against Saturday"
