"""Recording by the APIs: everything once, with its own times; interrupted or not, the same bytes."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from itertools import count
from pathlib import Path

import msgspec
import numpy as np
import pytest

from labkit.clock import EPOCH, HOUR, MINUTE
from labkit.errors import DatasetError
from labkit.recording.chunks import Plan
from labkit.recording.jaeger import Jaeger
from labkit.recording.kubernetes import Taken
from labkit.recording.loki import Loki
from labkit.recording.prometheus import Prometheus
from labkit.recording.record import Sources, record
from labkit.recording.redaction import Redaction, Rules
from labkit.signals import streams_parquet
from labkit.signals.dataset import Dataset
from labkit.signals.dataset_writer import About
from labkit.signals.parquet import EVER
from labkit.signals.series import is_stale

START, END = EPOCH, EPOCH + 2 * HOUR + 17 * MINUTE
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "creationTimestamp": "2025-11-28T12:00:00Z"}}
LATER = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "b", "creationTimestamp": "2025-11-28T20:00:00Z"}}


def made(folder: Path, api, plan=None, objects=None, dashboards=(), alertmanager=None, **rest) -> Path:
    plan = plan or Plan(start=START, end=END, prometheus="p")

    def about(step):
        return About(name="one", title="t", origin="o", licence="CC0-1.0", start=plan.start, end=plan.end, step=step)

    sources = Sources(
        prometheus=Prometheus(api), loki=Loki(api), jaeger=Jaeger(api), cluster=objects or Taken([POD, LATER]),
        dashboards=dict(dashboards), alertmanager=alertmanager,
    )  # fmt: skip
    record(folder / "one", plan, sources, about, **rest)
    return folder / "one"


def samples(store):
    return {one.labels: (one.times.tolist(), one.values.tolist()) for one in store.select([], *EVER)}


def lines(store):
    return {one.labels: (one.times.tolist(), list(one.lines)) for one in store.select([], *EVER)}


@pytest.mark.parametrize("closed", [False, True], ids=["Prometheus 3", "Prometheus 2"])
def test_everything_is_recorded_once_with_its_own_times(tmp_path, system, fake_api, closed):
    series, streams, spans = system
    found = Dataset.open(made(tmp_path, fake_api(*system, closed=closed)))
    recorded = samples(found.series())
    for labels, (times, values) in samples(series).items():
        kept = ~is_stale(np.array(recorded[labels][1]))
        assert np.array(recorded[labels][0])[kept].tolist() == times
        assert np.array(recorded[labels][1])[kept].tolist() == values
    assert lines(found.streams()) == lines(streams)
    assert sorted(map(repr, found.spans().spans(*EVER))) == sorted(map(repr, spans.spans(*EVER)))
    assert found.objects() == [POD], "what came to be after the end is not in it"
    assert found.manifest.step == 15.0
    assert not list(tmp_path.glob("*.part"))


def test_a_series_that_ended_has_its_stale_marker_where_it_was_missed(tmp_path, system, fake_api):
    series, *_ = system
    (gone,) = (
        one
        for one in Dataset.open(made(tmp_path, fake_api(*system))).series().select([], *EVER)
        if one.labels.name == "gone"
    )
    (before,) = (one for one in series.select([], *EVER) if one.labels.name == "gone")
    assert gone.times.tolist() == [*before.times.tolist(), before.times[-1] + 15_000]
    assert is_stale(gone.values).tolist() == [False] * len(before.times) + [True]


def test_a_part_of_the_range_is_that_part(tmp_path, system, fake_api):
    plan = Plan(start=START + HOUR - 1, end=START + HOUR + 1, prometheus="p")
    found = Dataset.open(made(tmp_path, fake_api(*system), plan))
    odd = next(times for labels, (times, _) in samples(found.series()).items() if labels.name == "odd")
    assert odd == [START + HOUR - 1, START + HOUR, START + HOUR + 1]
    assert {len(times) for times, _ in lines(found.streams()).values()} == {2}


def test_pages_and_full_answers_lose_nothing(tmp_path, system, fake_api, monkeypatch):
    monkeypatch.setattr("labkit.recording.loki.PAGE", 7)
    monkeypatch.setattr("labkit.recording.jaeger.LIMIT", 4)
    found = Dataset.open(made(tmp_path, fake_api(*system)))
    assert lines(found.streams()) == lines(system[1])
    assert len(found.spans().spans(*EVER)) == len(system[2].spans(*EVER))


def test_what_was_interrupted_goes_on_and_is_the_same(tmp_path, system, fake_api):
    whole = made(tmp_path / "whole", fake_api(*system))
    asked = fake_api(*system)
    made(tmp_path / "counted", asked)
    total = sum(asked.asked.values())
    for reached in range(0, total, 4):
        api = fake_api(*system)
        api.fails_after = reached
        with pytest.raises(DatasetError, match="away"):
            made(tmp_path / str(reached), api)
        with pytest.raises(DatasetError, match="interrupted"):
            Dataset.open(tmp_path / str(reached) / "one")
        found = Dataset.open(made(tmp_path / str(reached), fake_api(*system)))
        assert found.manifest == Dataset.open(whole).manifest
        found.verify()


def test_a_chunk_that_is_finished_is_not_asked_for_again(tmp_path, system, fake_api):
    api = fake_api(*system)
    api.fails_after = 6
    with contextlib.suppress(DatasetError):
        made(tmp_path, api)
    again = fake_api(*system)
    made(tmp_path, again)
    assert again.asked["/api/v1/query"] < 3, "three chunks there are"


def test_an_interrupted_recording_of_something_else_is_not_gone_on_with(tmp_path, system, fake_api):
    api = fake_api(*system)
    api.fails_after = 5
    with contextlib.suppress(DatasetError):
        made(tmp_path, api)
    with pytest.raises(DatasetError, match="differs in start, prometheus"):
        made(tmp_path, fake_api(*system), Plan(start=START + 1, end=END, prometheus="another"))


KILLED = """
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
import apis, test_record
api = apis.FakeApi(*apis.system())
get = api.get
def slow(*given):
    print("asking", flush=True)
    return get(*given)
api.get = api.post = slow
test_record.made(Path({folder!r}), api)
"""


def test_killed_at_any_moment_it_goes_on_and_is_the_same(tmp_path, system, fake_api):
    whole = Dataset.open(made(tmp_path / "whole", fake_api(*system))).manifest
    code = textwrap.dedent(KILLED.format(tests=str(Path(__file__).parent), folder=str(tmp_path / "killed")))
    for reached in count(2, 4):
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        said = [process.stdout.readline() for _ in range(reached)]
        if said[-1]:
            os.kill(process.pid, signal.SIGKILL)
        _, complaint = process.communicate()
        if not said[-1]:
            assert process.returncode == 0, complaint
            break
        assert not (tmp_path / "killed" / "one").exists()
    assert Dataset.open(tmp_path / "killed" / "one").manifest == whole


def test_only_one_records_into_a_folder(tmp_path, system, fake_api):
    from labkit.recording.chunks import alone

    (tmp_path / "one.part").mkdir()
    with alone(tmp_path / "one.part"), pytest.raises(DatasetError, match="being recorded already"):
        made(tmp_path, fake_api(*system))


def test_what_is_redacted_is_never_on_the_disk(tmp_path, system, fake_api):
    redaction = Redaction(msgspec.convert({
        "salt": "s", "label": [{"name": "pod|instance", "action": "hash"}], "text": [{"pattern": "line", "replacement": "…"}],
    }, Rules))  # fmt: skip
    api = fake_api(*system)
    api.fails_after = 12
    guarded = {**POD, "spec": {"containers": [{"args": ["a line of help"]}]}}
    texts = {"objects": Taken([guarded]), "dashboards": {"d.json": '{"title": "a line"}'}, "alertmanager": "# a line"}
    with contextlib.suppress(DatasetError):
        made(tmp_path, api, redaction=redaction, **texts)
    assert "a … of help" in (tmp_path / "one.part" / "chunks" / "objects.json").read_text()
    chunk = next((tmp_path / "one.part" / "chunks").glob("logs*"))
    assert "line" not in str(lines(streams_parquet.read(chunk)))
    found = Dataset.open(made(tmp_path, fake_api(*system), redaction=redaction, **texts))
    assert (found.texts("dashboards"), found.alertmanager()) == ({"d.json": '{"title": "a …"}'}, "# a …")
    assert "a:1" not in str(samples(found.series()))
    assert "w-0" not in str(lines(found.streams()))
    assert any(is_stale(np.array(values)).any() for _, values in samples(found.series()).values())
