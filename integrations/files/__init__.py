"""Files: text, JSON, CSV and Parquet in and out, and looking after files, all inside one folder."""

from .documents import read_json, read_text, write_json, write_text
from .tables import read_csv, read_parquet, write_csv, write_parquet
from .tasks import copy, delete, exists, glob, move, test_connection

__all__ = [
    "copy",
    "delete",
    "exists",
    "glob",
    "move",
    "read_csv",
    "read_json",
    "read_parquet",
    "read_text",
    "test_connection",
    "write_csv",
    "write_json",
    "write_parquet",
    "write_text",
]
