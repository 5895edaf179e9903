"""Objects by kubectl: cluster-wide where that is allowed, by namespace where not, and never a secret."""

import json

import pytest

from labkit.errors import DatasetError
from labkit.recording.kubernetes import Cluster

KUBECTL = """#!/bin/sh
case $3 in
  /api/v1/namespaces) echo '{"items": [{"metadata": {"name": "one"}}, {"metadata": {"name": "two"}}]}' ;;
  /api/v1/pods) echo 'Error from server (Forbidden): no' >&2; exit 1 ;;
  /api/v1/namespaces/one/pods) echo '{"items": [{"metadata": {"name": "p", "namespace": "one", "managedFields": [1]}}]}' ;;
  /api/v1/namespaces/two/pods) echo 'Error from server (Forbidden): no' >&2; exit 1 ;;
  *secrets*) echo '{"items": [{"metadata": {"name": "password"}}]}' ;;
  /apis/apps/v1/deployments) echo '{"items": [{"metadata": {"name": "d", "namespace": "two"}}]}' ;;
  *) %s ;;
esac
"""


def cluster(folder, otherwise):
    path = folder / "kubectl"
    path.write_text(KUBECTL % otherwise)
    path.chmod(0o755)
    return Cluster(folder / "config", str(path))


def test_what_may_be_read_is_read(tmp_path):
    found = cluster(tmp_path, "echo 'Error from server (NotFound): none' >&2; exit 1").objects()
    assert [(one["apiVersion"], one["kind"], one["metadata"]["name"]) for one in found] == [
        ("v1", "Pod", "p"), ("v1", "Namespace", "one"), ("v1", "Namespace", "two"), ("apps/v1", "Deployment", "d"),
    ]  # fmt: skip
    assert "managedFields" not in json.dumps(found)


def test_a_cluster_that_is_away_is_an_error(tmp_path):
    with pytest.raises(DatasetError, match="refused"):
        cluster(tmp_path, "echo 'connection refused' >&2; exit 1").objects()
