"""Prometheus' HTTP API."""

from labkit.sandbox.faces.prometheus.api import application, respond

__all__ = ["application", "respond"]
