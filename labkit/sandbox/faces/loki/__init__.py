"""Loki's HTTP API."""

from labkit.sandbox.faces.loki.api import Answer, application, respond

__all__ = ["Answer", "application", "respond"]
