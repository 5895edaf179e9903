"""Series for rules to be evaluated over, and rulers over them."""

from collections.abc import Mapping, Sequence
from types import SimpleNamespace

import numpy as np
import pytest

from labkit.alerting.rulefile import load
from labkit.alerting.ruler import Ruler
from labkit.clock import SECOND
from labkit.signals.labels import NAME, Labels
from labkit.signals.matcher import Match, Matcher
from labkit.signals.samples import SampleStore
from labkit.signals.series import is_stale

STEP = 15 * SECOND


def written(name: str) -> str:
    """``load a=x`` as Prometheus writes it."""
    metric, *pairs = name.split()
    return metric + "{" + ",".join(f'{key}="{value}"' for key, _, value in (one.partition("=") for one in pairs)) + "}"


def series(given: Mapping[str, Sequence[float | None]]) -> SampleStore:
    """Samples every 15 s from time 0; ``None`` is none. Series are named ``up a=x b=y``."""
    store = SampleStore()
    for name, values in given.items():
        metric, *pairs = name.split()
        labels = Labels([(NAME, metric), *((key, value) for key, _, value in (one.partition("=") for one in pairs))])
        there = [place for place, value in enumerate(values) if value is not None]
        store.append(labels, np.array(there, np.int64) * STEP, np.array([values[place] for place in there], float))
    return store


class Time:
    """A present that tests move."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


def ruler(text: str, store: SampleStore, time: Time, **more) -> Ruler:
    """A ruler that evaluates every 15 s from time 0."""
    return Ruler([load(text, "rules.yaml")], store, time, interval=STEP, **more)


def recorded(rules: Ruler, name: str) -> dict[str, dict[int, float | None]]:
    """What rules wrote under a name: by series, by seconds; a stale marker is ``None``."""
    found = rules.series.select([Matcher(NAME, Match.EQUAL, name)], 0, 2**50)
    return {
        str(one.labels): {
            int(time) // SECOND: None if stale else float(value)
            for time, value, stale in zip(one.times, one.values, is_stale(one.values), strict=True)
        }
        for one in found
    }


@pytest.fixture(scope="session")
def helpers():
    """The functions of this page: tests are no package, so they cannot be imported."""
    return SimpleNamespace(STEP=STEP, Time=Time, series=series, ruler=ruler, recorded=recorded, written=written)
