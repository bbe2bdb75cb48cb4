"""What of a query is SQL and what is text, as PostgreSQL's lexer has it, so far as that is needed here.

Facts: https://www.postgresql.org/docs/current/sql-syntax-lexical.html (strings, dollar quotes, nested comments).
"""

from __future__ import annotations

import re

from flowbook import TaskFailed

_TEXT = re.compile(
    r"""--[^\n]*
    | (?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | (?<![\w$])(\$(?:[^\W\d]\w*)?\$).*?\1
    | /\*""",
    re.DOTALL | re.VERBOSE,
)
_COMMENT_ENDS = re.compile(r"/\*|\*/")
_CONTROL = re.compile(
    r"(COMMIT|END|ABORT|BEGIN|START\s+TRANSACTION|PREPARE\s+TRANSACTION"
    r"|ROLLBACK(?!\s+((WORK|TRANSACTION)\s+)?TO\b))\b",
    re.IGNORECASE,
)
_FUNCTION_BODY = re.compile(r"\bBEGIN\s+ATOMIC\b", re.IGNORECASE)


def statements(query: str) -> list[str]:
    """The statements of a query, without comments, and with '' for every text and quoted name."""
    parts: list[str] = []
    place = 0
    while found := _TEXT.search(query, place):
        parts.append(query[place : found.start()])
        comment = found.group().startswith(("--", "/*"))
        parts.append(" " if comment else "''")
        place = _end_of_comment(query, found.end()) if found.group() == "/*" else found.end()
    bare = "".join((*parts, query[place:]))
    return [one.strip() for one in bare.split(";") if one.strip()]


def _end_of_comment(query: str, place: int) -> int:
    """Where a comment ends that began before ``place``; comments nest."""
    depth = 1
    for found in _COMMENT_ENDS.finditer(query, place):
        depth += 1 if found.group() == "/*" else -1
        if depth == 0:
            return found.end()
    return len(query)


def refuse_transaction_control(query: str) -> None:
    """TaskFailed for a statement that would end, or begin, the transaction that the task's promise rests on."""
    parts = statements(query)
    for position, part in enumerate(parts):
        control = _CONTROL.match(part)
        if control and not any(_FUNCTION_BODY.search(one) for one in parts[:position]):
            raise TaskFailed(
                f"{' '.join(control.group().upper().split())} has no place here: the node is one transaction,"
                " kept when all went well and undone when not.",
                hint="Leave it out. For other units of work use several nodes, or execute_query with autocommit.",
                permanent=True,
            )
