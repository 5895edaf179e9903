"""Importing: tables by a mapping, several files as one, and a real public incident where it is at hand."""

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from labkit.errors import DatasetError
from labkit.promql import Engine
from labkit.recording.importing import import_
from labkit.recording.prometheus import usual_step
from labkit.recording.table import Mapped, mapping, read
from labkit.signals.dataset import Dataset
from labkit.signals.dataset_writer import About
from labkit.signals.labels import Labels
from labkit.signals.parquet import EVER
from labkit.signals.series import Selected

LONG = """
form = "long"
[time]
column = "when"
unit = "{unit}"
[metric]
name = "shop_{{metric}}"
rename = {{ shop_lat_ms = "shop_latency_milliseconds" }}
[labels]
host = "{{host}}"
[value]
column = "v"
"""


def about(start, end, step):
    return About(name="one", title="t", origin="o", licence="CC0-1.0", start=start, end=end, step=step)


def long(tmp_path, unit="s"):
    path = tmp_path / "long.toml"
    path.write_text(LONG.format(unit=unit))
    return str(path)


def samples(gathered):
    return {str(labels): pairs for labels, pairs in gathered.series.items()}


def test_a_long_table_in_csv(tmp_path):
    (tmp_path / "t.csv").write_text(
        'when,host,metric,v\n1,a,lat-ms,0.5\n1,"b,c",lat-ms,1\n2.5,a,lat-ms,\n3,,hits,7\n3,a,lat-ms,-inf\n'
    )
    found = samples(read(tmp_path / "t.csv", mapping(long(tmp_path))))
    assert found == {
        'shop_latency_milliseconds{host="a"}': ([1000, 3000], [0.5, -np.inf]),
        'shop_latency_milliseconds{host="b,c"}': ([1000], [1.0]),
        "shop_hits": ([3000], [7.0]),
    }


@pytest.mark.parametrize(
    ("unit", "cell"),
    [("ms", 1500), ("us", 1_500_000), ("ns", 1_500_000_000), ("s", 1.5), ("rfc3339", "1970-01-01T00:00:01.5Z")],
)
def test_times_in_their_units_in_parquet(tmp_path, unit, cell):
    pq.write_table(pa.table({"when": [cell], "host": ["a"], "metric": ["m"], "v": [2]}), tmp_path / "t.parquet")
    assert samples(read(tmp_path / "t.parquet", mapping(long(tmp_path, unit)))) == {'shop_m{host="a"}': ([1500], [2.0])}


def test_parquets_own_timestamps(tmp_path):
    when = pa.array([1500], pa.timestamp("ms", "UTC"))
    pq.write_table(pa.table({"when": when, "host": ["a"], "metric": ["m"], "v": [2.0]}), tmp_path / "t.parquet")
    assert samples(read(tmp_path / "t.parquet", mapping(long(tmp_path)))) == {'shop_m{host="a"}': ([1500], [2.0])}


def test_nanoseconds_beyond_a_floats_digits(tmp_path):
    (tmp_path / "t.csv").write_text("when,host,metric,v\n1700000000123456789,a,m,1\n")
    found = samples(read(tmp_path / "t.csv", mapping(long(tmp_path, "ns"))))
    assert found['shop_m{host="a"}'][0] == [1700000000123]


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("when,host,metric\n", "no column 'v'", ""),
        ("when,host,metric,v\n1,a,m\n", "3 cells under 4", ":2"),
        ("when,host,metric,v\n1,a,m,x\n", "'x' is no number", ":2"),
        ("when,host,metric,v\nx,a,m,1\n", "'x' is no time in s", ":2"),
        ("when,host,metric,v\n2,a,m,1\n1,a,m,1\n", "goes back in time", ":3"),
        ("when,host,metric,v\n9e15,a,m,1\n", "no time of the years", ":2"),
        ("", "ends within its header", ""),
        ('when,host,metric,v\n"', "cannot be read as CSV", ""),
    ],
)
def test_what_is_wrong_with_a_table_is_named(tmp_path, text, says, line):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(DatasetError, match=says) as caught:
        read(path, mapping(long(tmp_path)))
    assert caught.value.where == f"{path}{line}"


@pytest.mark.parametrize(
    "change",
    [
        {"form": "round"},
        {"value": None},
        {"time": {"column": 0}},
        {"time": {"column": "t", "unit": "weeks"}},
        {"more": 1},
    ],
)
def test_a_mapping_that_is_none_is_refused(tmp_path, change):
    known = msgspec.to_builtins(mapping(long(tmp_path))) | change
    path = tmp_path / "m.toml"
    import json

    path.write_text(
        "\n".join(
            f"{key} = {json.dumps(value)}".replace("{}", "{ }").replace('": ', '" = ')
            for key, value in known.items()
            if value
        )
    )
    with pytest.raises(DatasetError, match="no mapping"):
        mapping(str(path))
    with pytest.raises(DatasetError, match="no mapping"):
        mapping("such")


def test_a_wide_table_says_what_its_columns_are(tmp_path):
    (tmp_path / "t.csv").write_text("host,a,b\nmetric,lat,lat\nt,,\n1,5,\n2,6,7\n")
    mapped = msgspec.convert({
        "form": "wide", "header": {"rows": ["host", "metric"], "skip": 1}, "time": {"column": 0},
        "metric": {"name": "{metric}"}, "labels": {"host": "{host}"},
    }, Mapped)  # fmt: skip
    assert samples(read(tmp_path / "t.csv", mapped)) == {
        'lat{host="a"}': ([1000, 2000], [5.0, 6.0]),
        'lat{host="b"}': ([2000], [7.0]),
    }
    (tmp_path / "t.csv").write_text("host,a,a\nmetric,lat,lat\nt,,\n1,5,\n")
    with pytest.raises(DatasetError, match="two columns are the same series"):
        read(tmp_path / "t.csv", mapped)
    (tmp_path / "t.csv").write_text("host,a,b\nmetric,lat\nt,,\n1,5,\n")
    with pytest.raises(DatasetError, match="2 cells under 3"):
        read(tmp_path / "t.csv", mapped)
    (tmp_path / "t.csv").write_text("host,a,b\nmetric,lat,lat\nt,,\n1,5,\n")
    mapped = msgspec.structs.replace(mapped, time=msgspec.structs.replace(mapped.time, column=7))
    with pytest.raises(DatasetError, match="it has no column 7"):
        read(tmp_path / "t.csv", mapped)


def test_the_usual_step_is_that_of_most_samples():
    scrapes, rules = np.arange(0, 600_000, 15_000), np.arange(0, 600_000, 30_000)
    together = [Selected(Labels([("__name__", f"m{n}")]), scrapes, scrapes * 1.0) for n in range(30)]
    apart = [Selected(Labels([("__name__", f"r{n}")]), rules + n, rules * 1.0) for n in range(10)]
    assert usual_step([*together, *apart]) == 15_000
    assert usual_step([Selected(Labels(), scrapes[:1], scrapes[:1] * 1.0)]) is None


def test_files_are_joined_and_must_agree(tmp_path):
    for name, text in (("a", "m 1 1000\nm 2 2000\n"), ("b", "m 2 2000\nm 3 3000\nn 5 1\n"), ("c", "m 9 2000\n")):
        (tmp_path / name).write_text(text)
    import_(tmp_path / "one", [tmp_path / "b", tmp_path / "a"], about)
    found = Dataset.open(tmp_path / "one")
    assert {str(one.labels): (one.times.tolist(), one.values.tolist()) for one in found.series().select([], *EVER)} == {
        "m": ([1000, 2000, 3000], [1.0, 2.0, 3.0]), "n": ([1], [5.0]),
    }  # fmt: skip
    with pytest.raises(DatasetError, match="two values at one time"):
        import_(tmp_path / "two", [tmp_path / "a", tmp_path / "c"], about)
    (tmp_path / "none").touch()
    with pytest.raises(DatasetError, match="no samples"):
        import_(tmp_path / "two", [tmp_path / "none"], about)
    with pytest.raises(DatasetError, match="needs a mapping"):
        import_(tmp_path / "two", [tmp_path / "x.csv"], about)


def test_a_real_incident_of_petshop_is_asked_by_promql(tmp_path, shared):
    folder = shared("data/petshop-low-traffic/train/issue_4")
    import_(tmp_path / "petshop-4", [folder / "metrics.csv"], about, mapping="petshop")
    found = Dataset.open(tmp_path / "petshop-4")
    engine = Engine(found.series())
    columns = [line.split(",") for line in (folder / "metrics.csv").read_text().splitlines()]
    place = next(i for i, head in enumerate(zip(*columns[:3], strict=True)) if head == ("PetSite", "latency", "p99"))
    got = engine.instant('petshop_latency_seconds{microservice="PetSite", statistic="p99"}', found.manifest.finish)
    assert got.values.tolist() == [float(columns[-1][place])]
    # the component that the data set's authors broke is the least available
    worst = engine.instant("bottomk(1, min_over_time(petshop_availability[1h]))", found.manifest.finish)
    assert len(worst.labels) == 1
    assert worst.values[0] < 100
    assert found.manifest.step == 300.0
    assert Labels(
        [("__name__", "petshop_requests"), ("microservice", "PetSite"), ("statistic", "Sum")]
    ) in found.series().series([], *EVER)
