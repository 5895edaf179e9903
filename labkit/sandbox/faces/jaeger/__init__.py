"""Jaeger's query API."""

from labkit.sandbox.faces.jaeger.api import Answer, application, respond

__all__ = ["Answer", "application", "respond"]
