"""What Prometheus says of its targets, told from the series ``up``."""

from typing import Any

from labkit.clock import MINUTE, Millis, rfc3339
from labkit.promql import Engine, Vector
from labkit.signals.labels import NAME, Labels
from labkit.signals.source import SeriesSource

INTERVAL = "15s"


def active(engine: Engine, now: Millis) -> list[dict[str, Any]]:
    """The targets that are scraped now."""
    scraped = engine.instant("timestamp(up)", now)
    health = engine.instant("up", now)
    if not isinstance(scraped, Vector) or not isinstance(health, Vector):
        return []
    when = dict(zip(scraped.labels, scraped.values.tolist(), strict=True))
    return [
        _target(labels.without((NAME,)), up=value == 1, scraped=round(when[labels.without((NAME,))] * 1000))
        for labels, value in zip(health.labels, health.values.tolist(), strict=True)
    ]


def _target(labels: Labels, *, up: bool, scraped: Millis) -> dict[str, Any]:
    address = f"http://{labels.get('instance')}/metrics"
    return {
        "discoveredLabels": {
            "__address__": labels.get("instance"), "__metrics_path__": "/metrics", "__scheme__": "http",
            "__scrape_interval__": INTERVAL, "__scrape_timeout__": "10s", "job": labels.get("job"),
        },
        "labels": dict(labels),
        "scrapePool": labels.get("job"),
        "scrapeUrl": address,
        "globalUrl": address,
        "lastError": "" if up else f'Get "{address}": dial tcp {labels.get("instance")}: connect: connection refused',
        "lastScrape": rfc3339(scraped),
        "lastScrapeDuration": 0.0,
        "health": "up" if up else "down",
        "scrapeInterval": INTERVAL,
        "scrapeTimeout": "10s",
    }  # fmt: skip


def metadata(engine: Engine, store: SeriesSource, now: Millis) -> list[dict[str, Any]]:
    """Type and help of every metric of every target: the metrics whose series bear the target's job and instance."""
    series = store.series((), now - 5 * MINUTE, now)
    rows = []
    for target in active(engine, now):
        job, instance = target["labels"].get("job", ""), target["labels"].get("instance", "")
        names = {
            one.name for one in series if one.get("job") == job and one.get("instance", instance) in ("", instance)
        }
        for name in sorted({_family(name, store) for name in names} & set(store.metadata)):
            known = store.metadata[name]
            rows.append(
                {"target": target["labels"], "metric": name, "type": known.type, "help": known.help, "unit": ""}
            )
    return rows


def _family(name: str, store: SeriesSource) -> str:
    """The metric a series is of: a histogram's series have suffixes."""
    for suffix in ("_bucket", "_count", "_sum"):
        base = name.removesuffix(suffix)
        if base != name and base in store.metadata:
            return base
    return name
