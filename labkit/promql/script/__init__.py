"""Prometheus' own test scripts (``promqltest``), run against this engine: the oracle of its meaning.

The language: upstream ``promql/promqltest/README.md``, of 3.5 and of what 3.9 added. A script loads
series and asks questions; every question is a case, which passes, fails, or is not counted because it
is about what this engine leaves out (native histograms), and says so.
"""

from labkit.promql.script.outcome import Outcome
from labkit.promql.script.runner import run

__all__ = ["Outcome", "run"]
