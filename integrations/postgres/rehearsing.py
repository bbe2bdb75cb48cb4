"""Statements in a dry run: what reads is executed, in a transaction that can do no more; what writes is only shown."""

from __future__ import annotations

import re
from typing import Any

import psycopg2.extensions

from flowbook import current

_READS = frozenset({
    "SELECT", "SHOW", "VALUES", "TABLE", "EXPLAIN", "BEGIN", "SAVEPOINT", "ROLLBACK", "RELEASE", "PREPARE",
    "DEALLOCATE", "DECLARE", "FETCH", "CLOSE", "SET",
})  # fmt: skip
_COMMENT = re.compile(r"\s*(?:--[^\n]*\n|/\*.*?\*/|\()", re.S)
_NAMED = re.compile(
    r"(INSERT\s+INTO|UPDATE(?:\s+ONLY)?|DELETE\s+FROM(?:\s+ONLY)?|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|COPY|"
    r"(?:CREATE|ALTER|DROP)\s+\w+(?:\s+IF\s+(?:NOT\s+)?EXISTS)?|CALL)\s+([\w.\"]+)",
    re.I,
)


class Cursor(psycopg2.extensions.cursor):
    """A cursor that says what it would write, and ends the task there."""

    def execute(self, query: Any, vars: Any = None) -> None:
        """Execute what reads. The transaction is read-only, so that nothing gets past this unseen."""
        self._ask(self.mogrify(query, vars))
        super().execute(query, vars)

    def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:
        """Copy out; say what would be copied in."""
        self._ask(self.mogrify(sql))
        super().copy_expert(sql, file, size)

    def _ask(self, statement: bytes) -> None:
        text = statement.decode("utf-8", "replace")
        bare = text
        while (comment := _COMMENT.match(bare)) is not None:
            bare = bare[comment.end() :]
        word = re.split(r"\W", bare.lstrip(), maxsplit=1)[0].upper()
        to_client = word == "COPY" and re.search(r"\bTO\s+STDOUT\b", bare, re.I)
        if word in _READS or to_client or (word == "WITH" and not _NAMED.search(bare)):
            return
        found = _NAMED.search(bare)
        action = f"{' '.join(found[1].upper().split())} {found[2]}" if found else word
        where = self.connection.info
        current().about_to("sql", f"{where.host}:{where.port}/{where.dbname}", action, sql=text)
