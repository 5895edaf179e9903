"""A recording's Kubernetes objects may be anything: what is no object is said to be none, and never a crash."""

from pathlib import Path

import pytest

from labkit.errors import DatasetError
from labkit.sandbox.recorded.recording import Recording
from labkit.signals import dataset_writer
from labkit.signals.dataset import Dataset
from labkit.signals.dataset_writer import About, Signals

NAMED = {"name": "a", "namespace": "b"}


def recorded(folder: Path, found: dict) -> Recording:
    about = About(name="one", title="t", origin="o", licence="CC0-1.0", start=0, end=1000)
    dataset_writer.write(folder / "one", about, Signals(objects=[{"apiVersion": "v1", "kind": "Pod", **found}]))
    return Recording(Dataset.open(folder / "one"))


@pytest.mark.parametrize(
    "found",
    [{}, {"metadata": "x"}, {"metadata": {"name": ["a"]}}, {"metadata": {**NAMED, "resourceVersion": "9" * 5000}}],
    ids=["nothing", "no metadata", "no name", "no version"],
)
def test_what_is_no_object_is_said_to_be_none(tmp_path, found):
    with pytest.raises(DatasetError, match="objects is none"):
        recorded(tmp_path, found)


def test_what_lies_too_deep_is_refused(tmp_path):
    deep: list = []
    for _ in range(900):
        deep = [deep]
    with pytest.raises(DatasetError):
        recorded(tmp_path, {"metadata": NAMED, "spec": deep})


def test_an_object_is_shown(tmp_path):
    assert recorded(tmp_path, {"metadata": NAMED}).namespace == "default"
