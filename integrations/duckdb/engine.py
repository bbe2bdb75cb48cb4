"""A DuckDB that reaches the tables of one node and nothing else, is stopped with the run and leaves nothing behind.

Facts: https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview and
https://duckdb.org/docs/stable/configuration/overview
"""

from __future__ import annotations

import re
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flowbook import TaskFailed, current, how_to_install, tables
from flowbook.counting import counted

from .files import files_of, format_of
from .models import File, Tables
from .values import arrow_table

LOOK_SECONDS = 0.05
OLDEST = 2
_SPILL = "20GB"
_READERS = {"csv": "read_csv", "parquet": "read_parquet", "json": "read_json", "jsonl": "read_json"}


def library() -> Any:
    """DuckDB; TaskFailed where it is not installed, or one that does not keep what it is told.

    Before version 2 a SELECT can switch logging to a file on, whatever is locked; then the program is aborted.
    """
    try:
        import fsspec  # noqa: F401

        import duckdb
    except ImportError:
        hint = how_to_install("duckdb")
        if sys.version_info < (3, 11):
            hint = "DuckDB 2 needs Python 3.11 or newer."
        raise TaskFailed("DuckDB is not installed.", hint=hint, permanent=True) from None
    if int(duckdb.__version__.partition(".")[0]) < OLDEST:
        hint = f"{how_to_install('duckdb')}. It needs Python 3.11 or newer."
        raise TaskFailed(f"DuckDB {duckdb.__version__} is too old: 2 or newer is wanted.", hint=hint, permanent=True)
    return duckdb


@contextmanager
def opened(params: Tables, output: Path | None = None) -> Iterator[Any]:
    """A connection with the node's tables in it, locked; ``output`` is the one file that may be written.

    DuckDB's errors in the block become TaskFailed in clear words.
    """
    for name, table in params.tables.items():  # refused before anything is done, and whatever is installed
        if isinstance(table, (str, Mapping)):
            files_of(_file(name, table).path)
    duckdb = library()
    scratched = tempfile.TemporaryDirectory(prefix="flowbook-duckdb-", ignore_cleanup_errors=True)
    with scratched as scratch, _in_words(duckdb):
        connection = duckdb.connect(":memory:", config=_settings(params, scratch))
        with closing(connection), _ending(connection):
            _fill(connection, params.tables, output)
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            yield connection


def _settings(params: Tables, scratch: str) -> dict[str, Any]:
    return {
        "memory_limit": f"{params.memory_mb}MB",
        "temp_directory": scratch,
        "max_temp_directory_size": _SPILL,
        "secret_directory": scratch,
        "extension_directory": scratch,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_persistent_secrets": False,
        "python_enable_replacements": False,  # else SQL could read this program's own variables
    }


@contextmanager
def _ending(connection: Any) -> Iterator[None]:
    """Have what runs interrupted when the run is cancelled: again and again, since one before it starts is lost."""
    over, context = threading.Event(), current()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            if context.cancelled:
                connection.interrupt()

    watch = threading.Thread(target=look, name="flowbook-duckdb-watch", daemon=True)
    watch.start()
    try:
        yield
        if context.cancelled:
            raise TaskFailed("Told to stop; nothing was changed.", {"kind": "cancelled"})
    finally:
        over.set()
        watch.join()


def _fill(connection: Any, given: Mapping[str, Any], output: Path | None) -> None:
    """The tables, each as a view or a table of pyarrow; and what may be reached from now on."""
    from .sources import Sources

    sources = Sources()
    views = [
        f"CREATE VIEW {quoted(name)} AS FROM {_reading(sources, name, table)}"
        for name, table in given.items()
        if isinstance(table, (str, Mapping))
    ]
    connection.register_filesystem(sources)
    reachable = sources.addresses() + ([str(output)] if output is not None else [])
    connection.execute(f"SET allowed_paths = [{', '.join(map(literal, reachable))}]")
    for view in views:
        connection.execute(view)
    for name, table in given.items():
        if not isinstance(table, (str, Mapping)):
            quoted(name)
            held = table if tables.is_frame(table) else arrow_table(table)
            connection.register(name, held)


def _reading(sources: Any, name: str, table: Any) -> str:
    """The call that reads a table's files."""
    file = _file(name, table)
    found = files_of(file.path)
    format = format_of(file)
    options = [f"[{', '.join(literal(sources.add(path)) for path in found)}]"]
    if len(found) > 1:
        options.append("union_by_name = true")
    if format == "csv":
        options += [f"{option} = {value}" for option, value in _csv(file).items()]
    if format == "jsonl":
        options.append("format = 'newline_delimited'")
    return f"{_READERS[format]}({', '.join(options)})"


def _file(name: str, table: Any) -> File:
    if isinstance(table, str):
        return File(path=table)
    try:
        return File.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        hint = 'A table is a path, {"path": "a.csv", "delimiter": ";"}, a list of objects, or a DataFrame.'
        raise TaskFailed(f"The table {name!r}: {field}: {first['msg']}.", hint=hint, permanent=True) from None


def _csv(file: File) -> dict[str, str]:
    given = {
        "delim": file.delimiter and literal(file.delimiter),
        "header": None if file.header is None else str(file.header).lower(),
        "all_varchar": "true" if file.text else None,
        "nullstr": None if file.null is None else literal(file.null),
        "encoding": file.encoding and literal(file.encoding),
    }
    return {name: value for name, value in given.items() if value is not None}


def statement(connection: Any, sql: str) -> str:
    """The text of the one SELECT that ``sql`` is; TaskFailed for several, and for everything else."""
    found = connection.extract_statements(tables.well_formed(sql))
    if len(found) != 1:
        hint = "Use a node for each; WITH has several steps in one query."
        raise TaskFailed(f"These are {counted(len(found), 'statement')}, not one.", hint=hint, permanent=True)
    kind = found[0].type.name
    if kind == "MULTI":
        hint = "Name the values of a PIVOT: PIVOT t ON column IN ('a', 'b') USING sum(x)."
        raise TaskFailed("A PIVOT whose columns are not known beforehand is not run.", hint=hint, permanent=True)
    if kind != "SELECT":
        hint = "Only a SELECT is run; query_to_file writes its rows into a file."
        raise TaskFailed(f"This is {kind.replace('_', ' ')}, no SELECT.", {"kind": "forbidden"}, hint, permanent=True)
    return str(found[0].query)


def quoted(name: str) -> str:
    """Any text as an identifier."""
    if not name or "\0" in name:
        raise TaskFailed(f"{name!r} cannot be the name of a table.", permanent=True)
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Any text as a string of SQL."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def _in_words(duckdb: Any) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise _explained(duckdb, error) from None


def _explained(duckdb: Any, error: Exception) -> TaskFailed:
    if isinstance(error, duckdb.InterruptException):
        return TaskFailed("Told to stop; nothing was changed.", {"kind": "cancelled"})
    said = re.split(r"\n\nLINE |\n\s*Possible solutions", str(error))[
        0
    ]  # the statement again, and DuckDB's own settings
    text = re.sub(r"\s+", " ", said).strip().rstrip(".?!")
    if "Traceback (most recent call last)" in text:  # of Sources, told by DuckDB with the lines that it came from
        text = text.rpartition("Error: ")[2]
    for kind, words, hint in _KINDS:
        if any(isinstance(error, getattr(duckdb, one, ())) for one in kind):
            return TaskFailed(f"DuckDB: {text}.", {"kind": words}, hint, permanent=words not in ("memory", "io"))
    return TaskFailed(f"DuckDB: {text}.", {"kind": "invalid"}, permanent=True)


_KINDS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("PermissionException",), "forbidden", "SQL reaches the tables of the node only: name the file in 'tables'."),
    (("OutOfMemoryException",), "memory", "Raise memory_mb, or have the query hold less at once."),
    (("CatalogException",), "invalid", "The tables are those that the node names in 'tables'."),
    (("BinderException",), "invalid", "duckdb.describe shows the columns; texts in SQL have single quotes."),
    (("ParserException", "SyntaxException"), "invalid", "Look near the word that it names."),
    (("ConversionException",), "invalid", "TRY_CAST gives NULL for what does not fit; {\"path\": …, \"text\": true} "
     "reads a CSV file as text."),
    (("IOException", "HTTPException"), "io", "Check the files that the node names in 'tables'."),
)  # fmt: skip
