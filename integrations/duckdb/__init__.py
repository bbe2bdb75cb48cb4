"""DuckDB: SQL over CSV, Parquet and JSON files and over the tables of a run, in memory and on this machine.

SQL reaches the tables that the node was given and nothing else: no other file, no server, no setting.
"""

from .tasks import describe, query, query_to_file, test_connection

__all__ = ["describe", "query", "query_to_file", "test_connection"]
