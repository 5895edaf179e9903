"""The kubeconfig that the sandbox hands out: one context, one training identity."""

import base64
from pathlib import Path

import yaml

CONTEXT = "llm-research-lab-prod"
NAMESPACE = "llm-research-lab-prod"


def write(path: Path, *, server: str, authority: bytes, user: str, token: str, namespace: str = NAMESPACE) -> None:
    """Write a kubeconfig, readable by its owner alone, with the context set."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": CONTEXT,
                "cluster": {"server": server, "certificate-authority-data": base64.b64encode(authority).decode()},
            }
        ],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": user, "namespace": namespace}}],
        "current-context": CONTEXT,
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
