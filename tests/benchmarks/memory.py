"""What series cost in memory: ``python -m tests.benchmarks.memory [--instances N] [--hours H]``.

By default a day of 3,000 series at 15 s: counters, buckets of histograms and gauges with and without fractions.
"""

import argparse
import tracemalloc
from dataclasses import dataclass

from tests.benchmarks.workload import stored, workload


@dataclass(frozen=True)
class Cost:
    """What a workload takes in memory, in bytes: its samples, and with labels and index."""

    series: int
    samples: int
    packed: int
    whole: int

    def __str__(self) -> str:
        """A sentence for people."""
        return (
            f"{self.series:,} series, {self.samples:,} samples: {self.packed / 1e6:.1f} MB of samples "
            f"({self.packed / self.samples:.2f} bytes each, {8 * self.samples / 1e6:.1f} MB as floats), "
            f"{self.whole / 1e6:.1f} MB with times, labels and index"
        )


def measured(instances: int = 30, hours: float = 24.0) -> Cost:
    """The cost of a workload of ``instances`` × 100 series."""
    work = workload(instances, hours)
    tracemalloc.start()
    store = stored(work)
    whole, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return Cost(len(work.labels), work.values.size, store.nbytes, whole)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instances", type=int, default=30, help="hundreds of series")
    parser.add_argument("--hours", type=float, default=24.0)
    asked = parser.parse_args()
    print(measured(asked.instances, asked.hours))  # noqa: T201  # this is a program


if __name__ == "__main__":
    main()
