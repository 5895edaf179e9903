"""Where things are in a query, which the parser does not say.

``promql-parser`` decides what is a query and what it means. This room reads the same text a second
time, by upstream's grammar, for two things only: the positions of what the parser accepts
(:func:`places`), and upstream's words, with a position, for what it refuses (:func:`diagnosed`). Where
the two readings disagree the parser's holds, and nothing is said of positions.
"""

from labkit.promql.reading.diagnosis import diagnosed
from labkit.promql.reading.pinning import pinned
from labkit.promql.reading.places import NOWHERE, Places, children, places
from labkit.promql.reading.tokens import Fault, string_at, string_bytes, without_zero_offsets

__all__ = [
    "NOWHERE",
    "Fault",
    "Places",
    "children",
    "diagnosed",
    "pinned",
    "places",
    "string_at",
    "string_bytes",
    "without_zero_offsets",
]
