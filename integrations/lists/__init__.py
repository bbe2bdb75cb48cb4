"""Lists of objects: split out, merged, sorted, compared, summed up. Nothing is reached, and nothing is changed."""

from .joining import compare, merge
from .summing import aggregate, summarize
from .tasks import limit, rename_fields, sort, split_out, spread, test_connection, unique, with_fields

__all__ = [
    "aggregate",
    "compare",
    "limit",
    "merge",
    "rename_fields",
    "sort",
    "split_out",
    "spread",
    "summarize",
    "test_connection",
    "unique",
    "with_fields",
]
