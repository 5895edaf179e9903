"""Alertmanager's API v2."""

from labkit.sandbox.faces.alertmanager.api import application, change, look

__all__ = ["application", "change", "look"]
