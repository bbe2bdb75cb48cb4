"""Secrets are found wherever a task may put them: tables, threads, children, sub-workflows, displays."""

from __future__ import annotations

import html
import json
import logging
import subprocess
import threading
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from flowbook.models import Parameter, Workflow
from flowbook.redaction import Redactor, access_in, texts_in
from flowbook.workspace import Workspace
from tests import forks

SECRET = "tok-9fk2<sd&83>'q\"/aa=="
OTHER = "the-other-secret-55"
TASKS = '''
import asyncio, concurrent.futures, logging, multiprocessing.pool, os, pathlib, subprocess, sys, threading
from flowbook import current

POOL = concurrent.futures.ThreadPoolExecutor(1)
POOL.submit(int).result()

def test_connection(credentials):
    """Try."""
    return {"success": True, "message": ""}

def _child(token, **options):
    code = "import os, sys; print(os.environ['T'], flush=True); print(os.environ['T'], file=sys.stderr)"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "T": token}, check=True, **options)

WAYS = {
    "thread": lambda token: [t.start() or t.join() for t in [threading.Thread(target=print, args=(token,))]],
    "pool": lambda token: concurrent.futures.ThreadPoolExecutor(1).submit(print, token).result(),
    "older pool": lambda token: POOL.submit(print, token).result(),
    "thread pool of multiprocessing": lambda token: _in_threads(token),
    "asyncio": lambda token: asyncio.run(asyncio.to_thread(print, token)),
    "executor of asyncio": lambda token: asyncio.run(_in_executor(token)),
    "logger": lambda token: logging.getLogger("made.earlier").error("used %s", token),
    "child": _child,
    "child with streams named": lambda token: _child(token, stdout=sys.stdout, stderr=sys.__stderr__),
    "child with streams by number": lambda token: _child(token, stdout=1, stderr=2),
    "child with a stream's buffer": lambda token: _child(token, stdout=sys.__stdout__.buffer, stderr=subprocess.STDOUT),
    "system": lambda token: (os.environ.update(T=token), os.system("echo $T"), os.environ.pop("T")),
    "bytes": lambda token: sys.stdout.buffer.write(f"{token}\\n".encode()),
    "bytes in pieces": lambda token: [sys.stderr.buffer.write(bytes([b])) for b in f"{token} \u00fc\\n".encode()],
    "hex": lambda token: print(token.encode().hex(), token.encode().hex().upper()),
}

def _in_threads(token):
    with multiprocessing.pool.ThreadPool(1) as pool:
        pool.map(print, [token])
        pool.close()
        pool.join()

async def _in_executor(token):
    await asyncio.get_running_loop().run_in_executor(None, print, token)

def _fail(token):
    raise ValueError(f"refused: {token}")

def _timer(token):
    timer = threading.Timer(0, _fail, [token])
    timer.start()
    timer.join()

WAYS |= {"failing thread": lambda token: _joined(threading.Thread(target=_fail, args=[token])), "failing timer": _timer}

def _joined(thread):
    thread.start()
    thread.join()

def show(credentials, params):
    """Show the token."""
    print("before")
    WAYS[params["way"]](credentials["token"])
    print("after")
    return {"success": True, "message": ""}

def tell(credentials, params):
    """Give the token to whoever asks."""
    return {"success": True, "message": credentials["token"], "data": {"told": credentials["token"]}}

def repeat(credentials, params):
    """Print what lies around somewhere."""
    heard = pathlib.Path("heard.txt").read_text()
    print("I heard", heard)
    return {"success": True, "message": heard, "data": {"heard": heard}}
'''


@pytest.fixture
def told(tmp_path: Path) -> Workspace:
    folder = tmp_path / "integrations" / "told"
    folder.mkdir(parents=True)
    (folder / "tasks.py").write_text(TASKS)
    ws = Workspace(tmp_path)
    ws.create_type("told", [Parameter(name="token", type="password")])
    ws.create_integration("Mine", "told", {"token": SECRET})
    return ws


WAYS = [
    "thread", "failing thread", "failing timer", "pool", "older pool", "thread pool of multiprocessing", "asyncio",
    "executor of asyncio", "logger", "child with streams by number", "child with a stream's buffer",
    "child", "child with streams named", "system", "bytes", "bytes in pieces", "hex",
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_what_a_task_starts_prints_to_its_node_without_secrets(told, way, capfd, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)  # pytest has one of its own
    handler = logging.StreamHandler()  # takes the stream of now: there is no run yet
    logging.getLogger("made.earlier").addHandler(handler)
    flow = Workflow(name="shows")
    flow.add("show", "told.show", integration="Mine", params={"way": way})
    run = told.run(flow)
    logging.getLogger("made.earlier").removeHandler(handler)
    assert run.status == "succeeded", run["show"].message
    shown = "".join(piece.text for piece in run.output("show"))
    assert "***" in shown
    assert shown.startswith("before")
    assert "tok-9fk2" not in shown + str(capfd.readouterr())
    assert on_disk(told, "tok-9fk2") == []


def on_disk(ws: Workspace, *needles: str) -> list[str]:
    """Which of the needles are in the workspace's files."""
    ws.close()
    assert ws.folder is not None
    content = b"".join(path.read_bytes() for path in ws.folder.rglob("*") if path.is_file())
    return [needle for needle in needles if needle.encode() in content]


@pytest.mark.parametrize("outer_knows", [False, True])
def test_a_run_and_those_inside_of_it_hide_each_other_s_secrets(told, outer_knows, monkeypatch):
    told.create_integration("Other", "told", {"token": OTHER})
    monkeypatch.chdir(told.root)
    (told.root / "heard.txt").write_text(OTHER)
    inner, outer = Workflow(name="inner"), Workflow(name="outer")
    inner.add("tell", "told.tell", integration="Mine" if outer_knows else "Other")
    outer.add("tell", "told.tell", integration="Other" if outer_knows else "Mine")
    outer.add("sub", "core.run_workflow", params={"workflow": "inner"})
    (inner if outer_knows else outer).add("repeat", "told.repeat")
    outer.connect("tell", "sub")
    if not outer_knows:
        outer.connect("sub", "repeat")
    told.save(inner)
    run = told.run(outer)
    assert run.status == "succeeded", [run[id].message for id in outer.nodes]
    assert on_disk(told, OTHER) == []


def test_credentials_that_change_while_a_run_goes_on_are_hidden_too(told):
    flow = Workflow(name="changing")
    flow.add("first", "told.tell", integration="Mine")
    flow.add("second", "told.tell", integration="Mine")
    flow.connect("first", "second")

    def change(event: Any) -> None:
        if type(event).__name__ == "NodeFinished" and event.node_id == "first":
            told.update_integration("Mine", {"token": OTHER})

    run = told.start(flow, watch=change)
    run.wait()
    assert run["second"].data == {"told": OTHER}
    assert run["second"].message == "***"
    assert on_disk(told, OTHER) == []


# -- forms ---------------------------------------------------------------------------------------------------------

FORMS = {
    "hexadecimal": SECRET.encode().hex(),
    "hexadecimal in capitals": SECRET.encode().hex().upper(),
    "hexadecimal with colons": SECRET.encode().hex(":"),
    "HTML": html.escape(SECRET),
    "markupsafe": html.escape(SECRET).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    "JSON inside of HTML": html.escape(json.dumps(SECRET)),
    "JSON as Go writes it": json.dumps(SECRET).replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026"),
    "JSON as Jinja writes it": json.dumps(SECRET)
    .replace("<", r"\u003c").replace(">", r"\u003e").replace("&", r"\u0026").replace("'", r"\u0027"),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_secret_is_found_in_every_form_that_is_promised(form):
    assert "***" in Redactor([SECRET])(f"before {form} after")
    assert "9fk2" not in Redactor([SECRET])(f"before {form} after")


NOT_CAUGHT = {
    "taken apart": " ".join(SECRET),
    "backwards": SECRET[::-1],
    "the beginning alone": SECRET[:10],
    "in other letters": SECRET.upper(),
    "as numbers": str(list(SECRET.encode())),
}


@pytest.mark.parametrize("form", NOT_CAUGHT.values(), ids=NOT_CAUGHT)
def test_what_a_task_makes_of_a_secret_itself_is_not_caught_as_the_documentation_says(form):
    assert Redactor([SECRET])(form) == form


def test_of_values_that_hold_others_all_are_secret_and_of_open_ones_what_gives_access():
    nested = {"a": [SECRET, {"b": 123456}], "c": True}
    assert sorted(texts_in(nested)) == sorted([SECRET, "123456"])
    assert access_in({"headers": {"Authorization": SECRET, "Accept": "text/plain"}}) == [SECRET]
    assert access_in("https://me:s3cret-pw@db.example/x") == ["s3cret-pw", "s3cret-pw"]
    assert access_in("https://db.example/some/path") == []
    assert access_in("plain text") == []


def test_bytes_and_sets_are_looked_into():
    redact = Redactor([SECRET])
    assert redact.redact_json({"b": b"x" + SECRET.encode()}) == {"b": b"x***"}
    assert redact.redact_json({SECRET, "other"}) == {"***", "other"}
    assert redact.redact_json({("a", SECRET): 1}) == {"***": 1}
    clean = {"b": b"\xff\x00", "s": {1, 2}}
    assert redact.redact_json(clean) is clean


# -- tables --------------------------------------------------------------------------------------------------------


def attrs() -> pd.DataFrame:
    frame = pd.DataFrame({"a": [1]})
    frame.attrs["source"] = {"url": f"https://x/{SECRET}"}
    return frame


TABLES = {
    "a cell": lambda: pd.DataFrame({"a": ["x", SECRET]}),
    "a cell of strings": lambda: pd.DataFrame({"a": pd.array(["x", SECRET], dtype="string")}),
    "bytes": lambda: pd.DataFrame({"a": [SECRET.encode()]}),
    "a nested cell": lambda: pd.DataFrame({"a": [{"k": [SECRET]}]}),
    "a cell of arrays": lambda: pd.DataFrame({"a": [np.array([SECRET])]}),
    "a cell of an object": lambda: pd.DataFrame({"a": [Path(f"/x/{OTHER}")]}),
    "a number": lambda: pd.DataFrame({"a": [123456789]}),
    "a decimal": lambda: pd.DataFrame({"a": [Decimal("123456789")]}),
    "a category": lambda: pd.DataFrame({"a": pd.Categorical(["x", SECRET])}),
    "a category without a row": lambda: pd.DataFrame({"a": pd.Categorical(["x"], categories=["x", SECRET])}),
    "a column": lambda: pd.DataFrame({SECRET: [1], "b": [2]}),
    "columns of several levels": lambda: pd.DataFrame([[1]], columns=pd.MultiIndex.from_tuples([("a", SECRET)])),
    "the columns' name": lambda: pd.DataFrame([[1]], columns=pd.Index(["a"], name=SECRET)),
    "the index": lambda: pd.DataFrame({"a": [1]}, index=[SECRET]),
    "the index's name": lambda: pd.DataFrame({"a": [1]}, index=pd.Index(["i"], name=SECRET)),
    "an index of several levels": lambda: pd.DataFrame({"a": [1]}, index=pd.MultiIndex.from_tuples([("i", SECRET)])),
    "a level without a row": lambda: pd.DataFrame(
        {"a": [1, 2]}, index=pd.MultiIndex.from_tuples([("i", "k"), ("j", SECRET)])
    ).iloc[:1],
    "columns of one name": lambda: pd.DataFrame([["x", SECRET]], columns=["a", "a"]),
    "attributes": attrs,
    "a table in a table": lambda: pd.DataFrame({"a": [pd.DataFrame({"b": [SECRET]})]}),
}


@pytest.mark.parametrize("inside", ["alone", "in a dict", "as a series", "its values"])
@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
def test_no_part_of_a_table_brings_a_secret_into_the_history(tmp_path, make, inside):
    from flowbook.journal.contents import Content, keep

    redact = Redactor([SECRET, OTHER, "123456789"])
    frame = make()
    data = {
        "alone": lambda: frame,
        "in a dict": lambda: {"t": frame},
        "as a series": lambda: frame.iloc[:, 0],
        "its values": lambda: {"v": frame.to_numpy()},
    }[inside]()
    kind, content = keep(data, redact.redact_json, redact)
    kept = Content(kind, content)
    omitted = kept.omitted
    back = kept.load()
    shown = json.dumps(omitted) if omitted else ""
    if isinstance(back, pd.DataFrame):
        shown += back.to_json(default_handler=str, double_precision=0) if back.columns.is_unique else back.to_string()
        shown += repr((back.columns, back.columns.names, back.index, back.index.names, back.attrs))
        shown += repr([list(c.cat.categories) for _, c in back.items() if c.dtype.name == "category"])
        shown += repr([list(level) for level in getattr(back.index, "levels", [])])
    else:
        shown += repr(back) + str(content)
    for secret in ("9fk2", b"9fk2".hex(), OTHER, "123456789"):
        assert secret not in shown
    if inside == "alone":
        assert kind in ("parquet-redacted", "exact", "omitted")


def test_a_table_without_secrets_is_kept_as_it_is():
    from flowbook.journal.contents import keep
    from flowbook.journal.frames import cleaned

    redact = Redactor([SECRET, "123456789"])
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": pd.Categorical(["u", "v"]), "d": [[1], [2]]})
    assert cleaned(frame, redact.redact_json) is frame
    assert keep(frame.drop(columns="d"), redact.redact_json, redact)[0] == "parquet"


# -- cuts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", range(9_980, 10_003))
def test_what_is_cut_is_cut_when_it_is_clean(at):
    from flowbook.journal.glance import glance

    redact = Redactor([SECRET])
    text = (SECRET * 500)[: at // len(SECRET) * len(SECRET)] + "x" * (at % len(SECRET)) + SECRET + "y" * 50_000
    for value in (text, [text], {"k": text}, text.encode(), bytearray(text.encode())):
        assert "tok-" not in glance(value, redact.redact_json)


def test_a_display_that_is_left_out_shows_no_half_of_a_secret():
    from flowbook.calling.output import DISPLAY_LIMIT, Output

    shown: list[Any] = []
    output = Output(lambda stream, text, bundle: shown.append((text, bundle)), Redactor([SECRET]), lambda _: None)
    output.display({"text/plain": "x" * 990 + SECRET, "image/png": "y" * DISPLAY_LIMIT})
    assert "tok-" not in str(shown)


@pytest.mark.parametrize("kind", ["image/pwned", "image/svg+xml", "application/json", "text/html", "image/png"])
def test_no_display_is_taken_for_a_picture_by_its_name(kind):
    from flowbook.calling.output import Output

    shown: list[Any] = []
    output = Output(lambda stream, text, bundle: shown.append(bundle), Redactor([SECRET]), lambda _: None)
    for content in (SECRET, {"deep": [SECRET]}, SECRET.encode()):
        output.display({kind: content})
    assert "tok-" not in str(shown)


def test_an_error_that_a_service_tells_is_cut_when_it_is_clean():
    from flowbook.http.response import Response

    received = SimpleNamespace(status_code=500, headers={"Content-Type": "text/plain"}, url="https://x.example")
    response = Response(received, ("x" * 290 + SECRET).encode(), "Service")
    assert "tok-" not in response.error_words(Redactor([SECRET]))


def test_what_is_written_past_python_reaches_the_terminal_alone_as_the_documentation_says(tmp_path: Path) -> None:
    """``os.write`` and C libraries: nothing of it is recorded, and a document on standard output stays whole."""
    code = "import os\nos.write(1, f'{inputs.token} past Python'.encode())\nprint(inputs.token)\n1"
    (tmp_path / "past.flow.yaml").write_text(
        "flowbook: 1\nname: past\ninputs:\n  token: {type: password, required: true}\n"
        f"nodes:\n  a: {{task: core.python, params: {{code: {json.dumps(code)}}}}}\n"
    )

    def flowbook(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = forks.python("-m", "flowbook", *arguments)
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    flowbook("init")
    given = ["past.flow.yaml", "--inputs", "secret.json"]
    (tmp_path / "secret.json").write_text(json.dumps({"token": SECRET}))
    assert flowbook("trust", "--author", "past.flow.yaml").returncode == 0
    plain = flowbook("run", *given)
    assert f"{SECRET} past Python" in plain.stdout
    assert plain.stdout.count(SECRET) == 1
    document = flowbook("run", *given, "--json")
    assert json.loads(document.stdout)["status"] == "succeeded"
    assert SECRET not in document.stdout
    kept = flowbook("runs", "show", "last", "--output").stdout
    assert "***" in kept
    assert SECRET not in kept
    assert not [
        file for file in tmp_path.rglob(".flowbook/*") if file.is_file() and SECRET.encode() in file.read_bytes()
    ]
