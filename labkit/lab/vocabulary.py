"""The words of PromQL and LogQL, for completion.

Sources: https://prometheus.io/docs/prometheus/latest/querying/functions/ and /operators/, and
https://grafana.com/docs/loki/latest/query/.
"""

from labkit.promql import signatures
from labkit.promql.signatures import NATIVE, SIGNATURES

PROMQL_FUNCTIONS = tuple(sorted({*SIGNATURES} - NATIVE))
"""Those that are answered here: without those of native histograms."""
AGGREGATIONS = tuple(sorted(signatures.AGGREGATIONS))
MODIFIERS = ("by", "without", "on", "ignoring", "group_left", "group_right")
"""After these, parentheses hold names of labels."""
PROMQL_KEYWORDS = (*MODIFIERS, "and", "or", "unless", "offset", "bool", "atan2")

LOGQL_FUNCTIONS = (
    "absent_over_time", "avg_over_time", "bytes_over_time", "bytes_rate", "count_over_time", "first_over_time",
    "label_replace", "last_over_time", "max_over_time", "min_over_time", "quantile_over_time", "rate",
    "rate_counter", "stddev_over_time", "stdvar_over_time", "sum_over_time",
)  # fmt: skip
LOGQL_STAGES = (
    "json", "logfmt", "pattern", "regexp", "unpack", "line_format", "label_format", "unwrap", "decolorize",
    "drop", "keep",
)  # fmt: skip
"""What may stand after a pipe."""
DURATIONS = ("1m", "5m", "15m", "30m", "1h", "6h", "1d")
