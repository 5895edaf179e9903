"""A lab at hand: a sandbox of this test module's own, connected to as a notebook would."""

import os
from pathlib import Path
from unittest import mock

import pytest

import labkit
from labkit.lab import connect as connecting


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A handle on a private sandbox in manual time, in a folder without any of the user's settings."""
    folder = tmp_path_factory.mktemp("notebook")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LABKIT_")}
    before = Path.cwd()
    os.chdir(folder)
    try:
        with mock.patch.dict(os.environ, kept | {"LABKIT_CLOCK": "manual"}, clear=True):
            connected = labkit.connect()
            yield connected
            connecting._stop(connected.endpoints, connected._control)
            connecting._own.clear()
    finally:
        os.chdir(before)
