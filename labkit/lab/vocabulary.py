"""The words of PromQL and LogQL, for completion.

Sources: https://prometheus.io/docs/prometheus/latest/querying/functions/ and /operators/, and
https://grafana.com/docs/loki/latest/query/.
"""

PROMQL_FUNCTIONS = (
    "abs", "absent", "absent_over_time", "acos", "acosh", "asin", "asinh", "atan", "atanh", "avg_over_time",
    "ceil", "changes", "clamp", "clamp_max", "clamp_min", "cos", "cosh", "count_over_time", "day_of_month",
    "day_of_week", "day_of_year", "days_in_month", "deg", "delta", "deriv", "exp", "floor",
    "histogram_fraction", "histogram_quantile", "hour", "idelta", "increase", "irate", "label_join",
    "label_replace", "last_over_time", "ln", "log10", "log2", "max_over_time", "min_over_time", "minute",
    "month", "pi", "predict_linear", "present_over_time", "quantile_over_time", "rad", "rate", "resets",
    "round", "scalar", "sgn", "sin", "sinh", "sort", "sort_by_label", "sort_by_label_desc", "sort_desc", "sqrt",
    "stddev_over_time", "stdvar_over_time", "sum_over_time", "tan", "tanh", "time", "timestamp", "vector",
    "year",
)  # fmt: skip
AGGREGATIONS = (
    "avg", "bottomk", "count", "count_values", "group", "max", "min", "quantile", "stddev", "stdvar", "sum",
    "topk",
)  # fmt: skip
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
