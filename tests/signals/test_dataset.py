"""Recordings on disk: what is written is read bit for bit, and nothing damaged or half-written is read at all."""

import hashlib
import json
import os
import shutil
import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.errors import DatasetError
from labkit.signals import dataset_writer, series_parquet, spans_parquet, streams_parquet
from labkit.signals.dataset import Dataset, find, recordings
from labkit.signals.dataset_writer import About, Signals
from labkit.signals.labels import Labels
from labkit.signals.matcher import Match, Matcher
from labkit.signals.parquet import EVER, STRETCH
from labkit.signals.samples import SampleStore
from labkit.signals.series import STALE, Metadata
from labkit.signals.spans import Event, Span, SpanStore
from labkit.signals.streams import StreamStore

TIMES = st.integers(-(2**50), 2**50)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
BITS = st.integers(0, 2**64 - 1) | st.sampled_from(
    [0x7FF0000000000002, 0x7FF0000000000000, 0xFFF8000000000001, 1 << 63]
)
LABELS = st.dictionaries(TEXT.filter(bool), TEXT.filter(bool), max_size=4).map(lambda pairs: Labels(pairs.items()))
TAGS = st.dictionaries(TEXT, TEXT | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False))


def value(bits: int) -> float:
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def stored(series) -> SampleStore:
    store = SampleStore()
    for labels, samples in series.items():
        times = sorted(samples)
        bits = np.array([samples[time] for time in times], np.uint64)
        store.append(labels, np.array(times, np.int64), bits.view(np.float64))
    return store


def bits_of(store: SampleStore):
    return {one.labels: (one.times.tolist(), one.values.view(np.uint64).tolist()) for one in store.select([], *EVER)}


def lines_of(store: StreamStore):
    return {one.labels: list(zip(one.times.tolist(), one.lines, strict=True)) for one in store.select([], *EVER)}


@settings(deadline=None)
@given(series=st.dictionaries(LABELS, st.dictionaries(TIMES, BITS, min_size=1, max_size=8), max_size=5))
def test_series_are_read_as_they_were_written_bit_for_bit(tmp_path_factory, series):
    path, store = tmp_path_factory.mktemp("series") / "series.parquet", stored(series)
    assert series_parquet.write(path, store.select([], *EVER)) == sum(map(len, series.values()))
    assert bits_of(series_parquet.read(path)) == bits_of(store)


@settings(deadline=None)
@given(streams=st.dictionaries(LABELS, st.lists(st.tuples(TIMES, TEXT), min_size=1, max_size=8), max_size=5))
def test_lines_keep_their_nanoseconds_and_their_order(tmp_path_factory, streams):
    path, store = tmp_path_factory.mktemp("streams") / "logs.parquet", StreamStore()
    for labels, lines in streams.items():
        for time, line in sorted(lines, key=lambda one: one[0]):
            store.write(labels, time, line)
    assert streams_parquet.write(path, store.select([], *EVER)) == sum(map(len, streams.values()))
    assert lines_of(streams_parquet.read(path)) == lines_of(store)


@st.composite
def spans(draw):
    return Span(
        trace_id=f"{draw(st.integers(0, 3)):032x}", span_id=f"{draw(st.integers(0, 2**64 - 1)):016x}",
        parent_id=draw(st.sampled_from(["", "ab" * 8])), service=draw(TEXT), operation=draw(TEXT), start=draw(TIMES),
        duration=draw(st.integers(0, 2**40)), tags=draw(TAGS), process=draw(TAGS),
        events=tuple(Event(time=draw(TIMES), fields=draw(TAGS)) for _ in range(draw(st.integers(0, 2)))),
    )  # fmt: skip


@settings(deadline=None)
@given(written=st.lists(spans(), max_size=6))
def test_spans_keep_the_types_of_their_tags(tmp_path_factory, written):
    path, store = tmp_path_factory.mktemp("spans") / "spans.parquet", SpanStore()
    for span in written:
        store.add(span)
    spans_parquet.write(path, store.spans(*EVER))
    found = spans_parquet.read(path).spans(*EVER)
    key = repr  # 1, True and 1.0 are equal, but not the same tag
    assert sorted(map(key, found)) == sorted(map(key, written))


def test_a_range_and_a_matcher_read_their_part_alone(tmp_path):
    times = np.arange(0, 3 * STRETCH, 60_000, dtype=np.int64)
    store = SampleStore()
    for name in ("a", "b"):
        store.append(Labels([("__name__", name)]), times.copy(), np.arange(len(times), dtype=np.float64))
    series_parquet.write(tmp_path / "s", store.select([], *EVER))
    (only,) = series_parquet.read(tmp_path / "s", [Matcher("__name__", Match.EQUAL, "b")], STRETCH, STRETCH).select(
        [], *EVER
    )
    assert (only.labels.name, only.times.tolist()) == ("b", [STRETCH])
    one, two = series_parquet.read(tmp_path / "s").select([], *EVER)
    assert one.times is two.times, "aligned series share their times"


def recording(folder: Path, **about) -> Path:
    series = stored({Labels([("__name__", "up"), ("job", "ä")]): {1000: 0, 2000: 0x7FF0000000000002}})
    series.metadata["up"] = Metadata("gauge", "Whether it is up.")
    streams, traces = StreamStore(), SpanStore()
    streams.write(Labels([("app", "api")]), 1_000_000_001, "it began")
    traces.add(Span(trace_id="a" * 32, span_id="b" * 16, service="api", operation="GET /", start=1_000_000, duration=5))
    dataset_writer.write(
        folder,
        About(**{"name": folder.name, "title": "A test", "origin": "us", "licence": "CC0-1.0", "start": 1000, "end": 2001, "step": 15_000} | about),
        Signals(
            series=series, streams=streams, spans=traces, objects=[{"kind": "Pod", "apiVersion": "v1"}],
            rules={"one.yaml": "groups: []\n"}, dashboards={"d.json": "{}"}, alertmanager="route: {receiver: a}\n",
        ),
    )  # fmt: skip
    return folder


def test_a_recording_is_read_as_it_was_written(tmp_path):
    found = Dataset.open(recording(tmp_path / "one"))
    found.verify()
    assert (found.manifest.begin, found.manifest.finish, found.manifest.step) == (1000, 2001, 15.0)
    (up,) = found.series().select([], *EVER)
    assert up.values.view(np.uint64).tolist() == [0, np.float64(STALE).view(np.uint64)]
    assert found.series().metadata == {"up": Metadata("gauge", "Whether it is up.")}
    assert list(lines_of(found.streams()).values()) == [[(1_000_000_001, "it began")]]
    assert found.spans().services() == ["api"]
    assert found.objects() == [{"kind": "Pod", "apiVersion": "v1"}]
    assert (found.texts("rules"), found.texts("dashboards")) == ({"one.yaml": "groups: []\n"}, {"d.json": "{}"})
    assert found.alertmanager() == "route: {receiver: a}\n"
    counts = found.manifest.contents
    assert (counts.series, counts.samples, counts.lines, counts.spans, counts.objects) == (1, 2, 1, 1, 1)
    card = (found.path / "README.md").read_text()
    assert "CC0-1.0" in card
    assert "1970-01-01T00:00:02.001000Z" in card


def test_the_same_recording_has_the_same_bytes(tmp_path):
    one, two = (Dataset.open(recording(tmp_path / folder / "same")) for folder in ("a", "b"))
    assert one.manifest == two.manifest


def test_any_byte_that_is_flipped_is_found(tmp_path):
    path = recording(tmp_path / "one")
    for file in sorted(path.rglob("*")):
        if not file.is_file() or file.name == "dataset.json":
            continue
        whole = file.read_bytes()
        for place in range(0, len(whole), max(1, len(whole) // 40)):
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(DatasetError, match="SHA-256") as caught:
                Dataset.open(path).verify()
            assert caught.value.where == str(file)
            assert caught.value.remedy
        file.write_bytes(whole)
    Dataset.open(path).verify()


def test_what_is_missing_cut_off_or_strange_is_named(tmp_path):
    path = recording(tmp_path / "one")
    cut = path / "series.parquet"
    whole = cut.read_bytes()
    cut.write_bytes(whole[:-20])
    with pytest.raises(DatasetError, match=r"bytes where .* were written"):
        Dataset.open(path).series()
    cut.unlink()
    with pytest.raises(DatasetError, match="missing"):
        Dataset.open(path).series()
    cut.write_bytes(whole)
    (path / "extra").touch()
    with pytest.raises(DatasetError, match="does not know"):
        Dataset.open(path).verify()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": 99}, "format is 99"),
        ({"end": "1969-01-01T00:00:00Z"}, "ends before it begins"),
        ({"start": "yesterday"}, "RFC 3339"),
        ({"surprise": 1}, "surprise"),
        ({"files": {"../../etc/passwd": {"sha256": "", "bytes": 0}}}, "outside its folder"),
        ({"files": {"rules/\0": {"sha256": "", "bytes": 0}}}, "outside its folder"),
    ],
)
def test_a_manifest_that_cannot_be_trusted_is_refused(tmp_path, change, says):
    path = recording(tmp_path / "one") / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(DatasetError, match=says) as caught:
        Dataset.open(path.parent)
    assert caught.value.where == str(path)


@pytest.mark.parametrize("garbage", [b"", b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1", b"no such thing" * 50])
def test_what_is_no_parquet_is_said_to_be_none(tmp_path, garbage):
    path = tmp_path / "series.parquet"
    path.write_bytes(garbage)
    for room in (series_parquet, streams_parquet, spans_parquet):
        with pytest.raises(DatasetError, match="cannot be read as Parquet") as caught:
            room.read(path)
        assert caught.value.where == str(path)


def test_every_truncation_of_a_parquet_file_is_an_error(tmp_path):
    whole = (recording(tmp_path / "one") / "series.parquet").read_bytes()
    path = tmp_path / "cut.parquet"
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises(DatasetError):
            series_parquet.read(path)


def test_parquet_of_another_form_is_refused(tmp_path):
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"x": [1]}), path)
    with pytest.raises(DatasetError, match="no column 'labels'"):
        series_parquet.read(path)
    pq.write_table(pa.table({name: [1] for name in ("labels", "start", "end", "times", "values", "lines")}), path)
    for room in (series_parquet, streams_parquet):
        with pytest.raises(DatasetError, match="cannot be read as Parquet"):
            room.read(path)


def test_a_clock_that_goes_backwards_is_an_error(tmp_path):
    row = {"labels": [("__name__", "m")], "start": 0, "end": 9}
    for name, room, values in (("values", series_parquet, [1.0, 2.0]), ("lines", streams_parquet, ["a", "b"])):
        time = pa.timestamp("ms", "UTC")
        types = {"labels": pa.map_(pa.string(), pa.string()), "start": time, "end": time, "times": pa.list_(time)}
        columns = {key: pa.array([row[key]], types[key]) for key in ("labels", "start", "end")}
        pq.write_table(
            pa.table(columns | {"times": pa.array([[5, 4]], pa.list_(time)), name: [values]}), tmp_path / name
        )
        with pytest.raises(DatasetError, match="clock goes backwards"):
            room.read(tmp_path / name)


def test_a_link_out_of_the_folder_or_a_pipe_is_no_file_of_it(tmp_path):
    found = recording(tmp_path / "one")
    (tmp_path / "kept").write_bytes((found / "alertmanager.yml").read_bytes())
    (found / "alertmanager.yml").unlink()
    (found / "alertmanager.yml").symlink_to(tmp_path / "kept")
    with pytest.raises(DatasetError, match="no file of this folder"):
        Dataset.open(found).alertmanager()
    (found / "series.parquet").unlink()
    os.mkfifo(found / "series.parquet")
    with pytest.raises(DatasetError, match="no file of this folder"):
        Dataset.open(found).series()
    assert Dataset.open(linked(tmp_path / "alias", found)).objects(), "the folder itself may be a link"


def linked(path: Path, to: Path) -> Path:
    path.symlink_to(to, target_is_directory=True)
    return path


def vouched(folder: Path, name: str, data: bytes) -> Dataset:
    """The recording with another file in the place of ``name``, its checksum as it should be."""
    (folder / name).write_bytes(data)
    manifest = json.loads((folder / "dataset.json").read_text())
    manifest["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    (folder / "dataset.json").write_text(json.dumps(manifest))
    return Dataset.open(folder)


def test_what_unpacks_to_more_than_a_machine_has_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("labkit.signals.dataset.LARGEST", 10_000)
    packed = pa.Codec("zstd").compress(b"[" + b" " * 100_000 + b"]", asbytes=True)
    with pytest.raises(DatasetError, match="unpacks to more than 10,000 bytes"):
        vouched(recording(tmp_path / "one"), "objects.json.zst", packed).objects()
    monkeypatch.setattr("labkit.signals.parquet.LARGEST", 100)
    many = stored({Labels([("__name__", "up")]): dict.fromkeys(range(1_000), 0)})
    series_parquet.write(tmp_path / "s", many.select([], *EVER))
    with pytest.raises(DatasetError, match="a row group has 1,000 values"):
        series_parquet.read(tmp_path / "s")


def test_what_is_no_text_is_named_and_found_by_verify(tmp_path):
    found = vouched(recording(tmp_path / "one"), "rules/one.yaml", b"\xff")
    with pytest.raises(DatasetError, match="it is no text"):
        found.verify()


def test_what_was_interrupted_is_no_recording(tmp_path):
    whole = recording(tmp_path / "one")
    part = whole.rename(tmp_path / "one.part")
    (part / "dataset.json").unlink()
    with pytest.raises(DatasetError, match="interrupted"):
        Dataset.open(whole)


def test_another_of_the_same_name_is_not_overwritten_unasked(tmp_path):
    path = recording(tmp_path / "one")
    with pytest.raises(DatasetError, match="already"):
        recording(path)
    with pytest.raises(DatasetError, match="cannot name"):
        recording(tmp_path / "Ü b")
    dataset_writer.write(
        path, About(name="one", title="Two", origin="us", licence="CC0-1.0", start=0, end=1), Signals(), replace=True
    )
    assert Dataset.open(path).manifest.title == "Two"
    assert [place.name for place in tmp_path.iterdir()] == ["one"]


def test_a_recording_is_found_by_name_from_below_and_by_path(tmp_path):
    path = recording(tmp_path / "datasets" / "one")
    shutil.copytree(path, tmp_path / "datasets" / "two")
    below = tmp_path / "labs" / "deep"
    below.mkdir(parents=True)
    assert find("one", below).path == path
    assert find(str(path), below).path == path
    assert [one.name for one in recordings(below)][:2] == ["one", "two"]
    with pytest.raises(DatasetError, match="no recording 'three'") as caught:
        find("three", below)
    assert "one, two" in caught.value.remedy
