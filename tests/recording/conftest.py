"""What recordings of a small system are tested with."""

import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("recording_apis", Path(__file__).with_name("apis.py"))
_apis = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_apis)


@pytest.fixture
def fake_api():
    """The class of APIs in memory."""
    return _apis.FakeApi


@pytest.fixture
def system():
    """Series, log streams and spans of a bit more than two hours."""
    return _apis.system()
