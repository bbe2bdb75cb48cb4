"""The reference pages for the command line, the file format, expressions and errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from flowbook import errors
from flowbook.cli import cli
from flowbook.expressions import FUNCTIONS
from generating.schema import DESCRIPTIONS, models
from generating.text import code, first_sentence, markdown, table

# -- the command line ------------------------------------------------------------------------------------------------


def commands(group: click.Group = cli, path: tuple[str, ...] = ("flowbook",)) -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, groups included, in the order of the help."""
    yield " ".join(path), group
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        elif command is not None:
            yield " ".join((*path, name)), command


def command_line_page() -> str:
    """The page of all commands."""
    parts = [
        "# Command line\n\n`flowbook` and `python -m flowbook` are the same. After any command, `--help` shows what "
        "stands here. Every listing takes `--json`.\n\n"
        "Exit codes: 0 succeeded, 1 the run failed, 2 bad input or an invalid workflow, 3 credentials are missing or "
        "locked or it is not trusted, 70 a mistake in Flowbook itself, 130 cancelled. A message on standard error says "
        "what happened and what to do."
    ]
    for name, command in commands():
        level = "##" if name.count(" ") < 2 else "###"
        parts.append(f"{level} {name}\n\n" + _command(name, command))
    return "\n\n".join(parts) + "\n"


def _command(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    parts = [f"```text\n{usage}\n```", markdown(command.help)]
    rows = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1] and "--help" not in parameter.opts:
            rows.append((code(record[0]), record[1]))
    parts.append(table(("option", "meaning"), rows))
    return "\n\n".join(part for part in parts if part)


# -- the file format -------------------------------------------------------------------------------------------------

_TITLES = {
    "Workflow": "The workflow", "Node": "A node", "Retry": "Retry", "Edge": "An edge", "Note": "A note",
    "Parameter": "An input",
}  # fmt: skip


def file_format_page() -> str:
    """The page with every field of a workflow file."""
    from generating.schema import flow_schema

    schema = flow_schema()
    parts = [FILE_FORMAT]
    for name in models():
        definition = schema if name == "Workflow" else schema["$defs"][name]
        required = definition.get("required", ())
        rows = [
            (code(field), _kind(given), "required" if field in required else _default(given), _meaning(name, field))
            for field, given in definition["properties"].items()
        ]
        parts.append(f"## {_TITLES[name]}\n\n{table(('field', 'value', 'default', 'meaning'), rows)}")
    return "\n\n".join(parts) + "\n"


FILE_FORMAT = """# File format

A workflow file ends in `.flow.yaml`. It holds exactly what the workspace stores, and equal workflows give equal bytes:
`flowbook workflows export NAME` writes it, `flowbook workflows import FILE` reads it, `flowbook run FILE` runs it.

It is read by a safe loader as YAML 1.2: `on` and `no` are text, dates are text, a key that is there twice is an error.
A file has at most 5 MiB, 50 levels and 200 aliases. Merging with `<<`, tags, and NaN are refused.

Editors complete and check the fields by the JSON Schema [flow.schema.json](../flow.schema.json). With the YAML language
server (VS Code's YAML extension, JupyterLab-LSP, Neovim), put this on the first line, with the path to the schema:

```yaml
# yaml-language-server: $schema=flow.schema.json
flowbook: 1
name: hello
nodes:
  greet:
    task: core.set
    params:
      values: {text: Hello}
```"""


def _kind(given: dict[str, Any]) -> str:
    if "const" in given:
        return code(given["const"])
    if "enum" in given:
        return " or ".join(code(value) for value in given["enum"])
    if "$ref" in given:
        return given["$ref"].rpartition("/")[2].lower()
    if "anyOf" in given:
        return " or ".join(_kind(one) for one in given["anyOf"] if one != {"type": "null"})
    names = {"object": "mapping", "array": "list", "string": "text"}
    kind = names.get(given.get("type", ""), given.get("type", "any value"))
    limits = [
        f"{sign} {given[key]:g}"
        for key, sign in (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"))
        if key in given
    ]
    return f"{kind} {', '.join(limits)}".strip()


def _default(given: dict[str, Any]) -> str:
    default = given.get("default")
    return "" if default in (None, "", []) else code(str(default).lower() if isinstance(default, bool) else default)


def _meaning(name: str, field: str) -> str:
    return DESCRIPTIONS[name][field]


# -- expressions -----------------------------------------------------------------------------------------------------


def functions_page() -> str:
    """The page of the functions of expressions."""
    rows = [
        (code(one.signature), one.description, code(one.example), code(one.gives) if one.gives else "")
        for one in (FUNCTIONS.values() if hasattr(FUNCTIONS, "values") else FUNCTIONS)
    ]
    return f"""# Expression functions

These are all the functions that an expression may call. They change nothing and reach nothing outside of the
expression. What else an expression may hold: [Expressions](../expressions.md).

{table(("function", "what it gives", "example", "value"), rows)}
"""


# -- errors ----------------------------------------------------------------------------------------------------------


def error_classes() -> list[type[errors.FlowbookError]]:
    """The whole tree, each class after its parent."""

    def below(kind: type[errors.FlowbookError]) -> Iterator[type[errors.FlowbookError]]:
        yield kind
        for child in kind.__subclasses__():
            if child.__module__ == errors.__name__:
                yield from below(child)

    return list(below(errors.FlowbookError))


def errors_page() -> str:
    """The page of the exceptions."""
    rows = [
        (
            f"`{kind.__name__}`",
            "" if kind.__base__ is Exception else f"`{kind.__base__.__name__}`",
            kind.exit_code,
            "" if kind.page == "errors" else f"[{kind.page}]({kind.page}.md)",
            first_sentence(kind.__doc__),
        )
        for kind in error_classes()
    ]
    return f"""# Errors

Every error that Flowbook reports is one of these. Each says in its message what happened and where, and in `hint` what
to do. `flowbook` prints both and the page that explains it, which `flowbook docs PAGE` shows, and ends with the exit
code. All of them are in `flowbook.errors`.

{table(("error", "is a kind of", "exit code", "explained in", "meaning"), rows)}

## Names

| name | rule | example |
| --- | --- | --- |
| workflow | lowercase words, joined by hyphens | `daily-report` |
| node id, input | lowercase letters, digits, underscores, a letter first; free text goes into `label` | `open_issues` |
| integration type | as a node id, and equal to the name of an integration folder | `slack` |
| integration | any text of up to 200 characters | `My Slack Workspace` |

Two things of one kind never share a name (`AlreadyExists`). For a name that is not there (`NotFound`) the nearest one
is suggested; `flowbook catalog`, `flowbook types list`, `flowbook integrations list`, `flowbook workflows list` and
`flowbook runs list` list what there is. What something else still uses is not deleted (`InUse`): the message names
what uses it.

## Anything else

When a task of an integration raises anything else, the run goes on as its edges say: the node has failed with the
message `Error: …`, and its output holds the traceback, without secrets.

An exit code of 70 is a mistake in Flowbook itself. Set `FLOWBOOK_DEBUG=1` to see where it happened, and please report
it.
"""
