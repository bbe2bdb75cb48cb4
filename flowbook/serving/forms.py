"""A workflow's inputs as a page with a form, for people who have no JupyterLab."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flowbook.models import Parameter, Workflow
from flowbook.paths import inside
from flowbook.records import NamedTuple
from flowbook.validation import Typed
from flowbook.view.markup import escape

UPLOADS = "uploads"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",  # its address holds its key
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:3rem auto;padding:0 1.25rem}
h1{font-size:1.5rem;margin:0 0 .25rem}p{margin:.25rem 0 1.5rem}
label{display:block;font-weight:600;margin:1.25rem 0 .25rem}
small{display:block;opacity:.75;margin:.25rem 0}
input,select,textarea{font:inherit;width:100%;box-sizing:border-box;padding:.5rem .6rem;border:1px solid #8888;
border-radius:.4rem;background:transparent;color:inherit}select{background:Canvas}
input[type=checkbox]{width:auto;transform:scale(1.2)}
button{font:inherit;font-weight:600;margin-top:1.75rem;padding:.55rem 1.4rem;border:0;border-radius:.4rem;
background:#3355cc;color:#fff;cursor:pointer}
:focus-visible{outline:2px solid #3355cc;outline-offset:2px}
.problem{border-left:4px solid #c33;padding:.4rem .8rem;background:#c331}
pre{white-space:pre-wrap;overflow-wrap:anywhere;padding:.8rem;border-radius:.4rem;background:#8881}
"""
_KINDS = {"integer": "number", "number": "number", "url": "url", "email": "email", "file": "file"}


class Upload(NamedTuple):
    """A file that came with a form."""

    input: str
    name: str
    content: bytes


def form_page(workflow: Workflow, key: str, values: Mapping[str, Any], problem: str = "") -> str:
    """The page with the form, filled with ``values``."""
    rows = "".join(_row(one, values.get(name, one.default)) for name, one in workflow.inputs.items())
    said = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    about = f"<p>{escape(workflow.description)}</p>" if workflow.description else ""
    hidden = f'<input type="hidden" name=":key" value="{escape(key)}">'
    hidden += f'<input type="hidden" name=":once" value="{secrets.token_hex(16)}">'
    form = f'<form method="post" enctype="multipart/form-data">{hidden}{rows}<button>Run</button></form>'
    return _page(workflow.name, about + said + form)


def answer_page(workflow: Workflow, run: str, result: Mapping[str, Any] | None) -> str:
    """The page that says what became of it: its run was queued, or how that ended."""
    if result is None:
        return _page(workflow.name, f"<p>Thank you. Your run is on its way: <code>{escape(run)}</code></p>")
    told = f"<p>The run <code>{escape(run)}</code> {escape(result['status'])}.</p>"
    for node, data in result["data"].items():
        shown = data if isinstance(data, str) else json.dumps(data, indent=2, ensure_ascii=False)
        told += f"<h2>{escape(node)}</h2><pre>{escape(shown)}</pre>"
    return _page(workflow.name, told)


def problem_page(problem: str) -> str:
    """The page that says why there is no form."""
    return _page("Not found", f"<p>{escape(problem)}</p>")


def values_of(workflow: Workflow, fields: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """What was filled in; what was left empty is not given."""
    given: dict[str, Any] = {}
    for name, one in workflow.inputs.items():
        if one.type == "boolean":
            given[name] = name in fields
        elif one.type != "file" and (text := "".join(fields.get(name, ())[-1:]).replace("\r\n", "\n")):
            given[name] = Typed(text)
    return given


def keep(root: Path, run: str, upload: Upload) -> str:
    """Write a file that came along to the folder of its run; its path in the workspace. Raises InputError.

    When it returns the file is on the disk, as what is accepted is.
    """
    name = re.sub(r"[^\w.-]+", "-", upload.name.replace("\\", "/").rpartition("/")[2]).strip(".-")[-100:] or "file"
    path = f"{UPLOADS}/{run}/{upload.input}-{name}"
    target = inside(root, path, writing=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        file.write(upload.content)
        file.flush()
        os.fsync(file.fileno())
    return path


def _row(one: Parameter, value: Any) -> str:
    name, about = escape(one.name), f"<small>{escape(one.description)}</small>" if one.description else ""
    need = " required" if one.required and one.default is None and one.type != "boolean" else ""
    shown = "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    label, at = f'<label for="{name}">{name}{" *" if need else ""}</label>', f'id="{name}" name="{name}"'
    if one.type == "boolean":
        return f'{label}<input type="checkbox" {at}{" checked" if value is True else ""}>{about}'
    if one.type in ("text", "json"):
        return f'{label}<textarea {at} rows="5"{need}>{escape(shown)}</textarea>{about}'
    if one.type == "select":
        options = "" if need else '<option value=""></option>'
        for choice in one.choices:
            options += f"<option{' selected' if choice == value else ''}>{escape(choice)}</option>"
        return f"{label}<select {at}{need}>{options}</select>{about}"
    step = ' step="any"' if one.type == "number" else ""
    filled = "" if one.type == "file" else f' value="{escape(shown)}"'
    return f'{label}<input type="{_KINDS.get(one.type, "text")}" {at}{step}{filled}{need}>{about}'


def _page(title: str, content: str) -> str:
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    return (
        f'<!doctype html><html lang="en"><head>{head}<title>{escape(title)}</title><style>{_STYLE}</style></head>'
        f"<body><h1>{escape(title)}</h1>{content}</body></html>"
    )
