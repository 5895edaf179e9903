"""LLM providers as the workers' requests meet them."""

from dataclasses import dataclass

import numpy as np

from labkit.twin import lognormal


@dataclass(frozen=True)
class Provider:
    """One provider: its share of requests, its latency, and how often it refuses or fails."""

    name: str
    share: float
    shape: lognormal.Shape
    refused: float
    """Share of requests answered 429; the worker tries again."""
    failed: float
    """Share of requests answered 500; the run fails."""


PROVIDERS = (
    Provider("anthropic", 0.45, (0.95, 0.55), 0.008, 0.002),
    Provider("openai", 0.40, (0.88, 0.60), 0.012, 0.003),
    Provider("mistral", 0.15, (0.71, 0.50), 0.004, 0.003),
)
STATUSES = ("200", "429", "500")

BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of ``llm_provider_request_duration_seconds`` and ``experiment_run_duration_seconds``."""

SHARES = np.array([provider.share for provider in PROVIDERS])
MEANS = np.array([lognormal.mean(provider.shape) for provider in PROVIDERS])
LATENCY = lognormal.buckets([provider.shape for provider in PROVIDERS], BUCKETS)
REFUSAL_SECONDS = 0.05
"""A 429 comes back at once."""
