"""The tools of an MCP server as an integration folder: typed tasks, what stays a person's own, and hostile servers.

One server, of the official library, is started for the command line and for the calls; what else servers may say is
said by a list of tools.
"""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook import mcp
from flowbook.authoring.mcp import source as generating
from flowbook.authoring.mcp import update_from_server, write_from_server
from flowbook.catalog import Catalog
from flowbook.cli.main import cli
from flowbook.errors import AlreadyExists, InputError, NotFound, TaskFailed
from flowbook.testing import check_contract, run_task

pytest.importorskip("mcp")
SERVER = '''
import os
from typing import Literal

from mcp.server import MCPServer
from mcp.types import ToolAnnotations

server = MCPServer("shop")


@server.tool(annotations=ToolAnnotations(readOnlyHint=True))
def search_orders(query: str, state: Literal["open", "done"] = "open", limit: int = 10) -> dict[str, str | int]:
    """Find orders in the shop. They come newest first."""
    return {"query": query, "state": state, "limit": limit, "key": os.environ.get("SHOP_KEY", "")}


@server.tool(name="delete-order", annotations=ToolAnnotations(idempotentHint=True))
def delete(id: int) -> str:
    """Delete an order."""
    return f"deleted {id}"


@server.tool()
def ping() -> str:
    return "pong"


server.run()
'''


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the folder, made by the command line."""
    root = tmp_path_factory.mktemp("tools")
    (root / "server.py").write_text(SERVER)
    command = f"{sys.executable} {root / 'server.py'}"
    arguments = ["-C", str(root), "new", "integration", "shop", "--mcp", command, "--env", "SHOP_KEY"]
    result = CliRunner().invoke(cli, arguments, env={"SHOP_KEY": "verysecret-4711"}, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert mcp.SESSIONS.servers == []
    return root


def test_each_tool_is_a_typed_task(made: Path) -> None:
    tasks = Catalog(made, environ={}).folder("shop").tasks
    assert set(tasks) == {"search_orders", "delete_order", "ping", "test_connection"}
    search = {one.name: one for one in tasks["search_orders"].parameters}
    assert search["query"].required
    assert list(search["state"].choices) == ["open", "done"]
    assert search["limit"].type == "integer"
    assert tasks["search_orders"].description == "Find orders in the shop."
    effects = {name: task.effects for name, task in tasks.items()}
    assert effects == {
        "search_orders": "read",
        "delete_order": "idempotent",
        "ping": "write",
        "test_connection": "read",
    }


def test_the_folder_keeps_the_contract_and_holds_no_secret(made: Path) -> None:
    folder = made / "integrations" / "shop"
    assert [str(one) for one in check_contract(folder) if one.kind == "error"] == []
    assert not [path for path in folder.rglob("*") if path.is_file() and b"verysecret" in path.read_bytes()]


def test_a_task_calls_its_tool_with_what_was_given(made: Path) -> None:
    folder = made / "integrations" / "shop"
    credentials = {"environment": '{"SHOP_KEY": "k"}'}
    try:
        found = run_task((folder, "search_orders"), credentials, {"query": "tea", "state": "done"})
        assert found.data == {"query": "tea", "state": "done", "limit": 10, "key": "k"}
        assert run_task((folder, "delete_order"), credentials, {"id": 7}).success
        assert not run_task((folder, "search_orders"), credentials, {"query": "tea", "state": "lost"}).success
        assert run_task((folder, "test_connection"), credentials).data["tools"][0] == "search_orders"
    finally:
        mcp.SESSIONS.close()


@pytest.fixture
def serving(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have every server say that it has these tools."""

    def say(*tools: mcp.Tool) -> list[mcp.Server]:
        asked: list[mcp.Server] = []
        monkeypatch.setattr(mcp, "tools", lambda server: asked.append(server) or list(tools))
        return asked

    return say


def tool(name: str, about: str = "", **properties: Any) -> mcp.Tool:
    return mcp.Tool(name, about, {"type": "object", "properties": properties})


def test_an_update_renews_what_was_made_and_nothing_else(tmp_path: Path, serving: Any) -> None:
    serving(tool("a"))
    write_from_server(tmp_path, "x", "run-it", patterns=["*"])
    folder = tmp_path / "x"
    (folder / "tasks.py").write_text((folder / "tasks.py").read_text() + "\n# mine\n")
    asked = serving(tool("a", text={"type": "string"}), tool("b"))
    assert update_from_server(tmp_path, "x").tasks == ("a", "b")
    assert asked[0].command == "run-it"
    assert "# mine" in (folder / "tasks.py").read_text()
    (folder / "tools" / "models.py").write_text("# edited")
    with pytest.raises(InputError, match=r"models\.py was edited"):
        update_from_server(tmp_path, "x")


def test_what_cannot_be_is_said_and_writes_nothing(tmp_path: Path, serving: Any) -> None:
    serving(tool("a"))
    with pytest.raises(InputError, match="MISSING_ONE is not set"):
        write_from_server(tmp_path, "x", "run-it", variables=["MISSING_ONE"], environ={})
    with pytest.raises(InputError, match="no tool is of that choice") as told:
        write_from_server(tmp_path, "x", "run-it", patterns=["b*"])
    assert "There are: a." in str(told.value)
    with pytest.raises(NotFound):
        update_from_server(tmp_path, "x")
    assert not (tmp_path / "x").exists()
    write_from_server(tmp_path, "x", "https://tools.example.com/mcp", variables=["T"], environ={"T": "secret-token"})
    assert "secret-token" not in (tmp_path / "x" / "tools" / "made-of.json").read_text()
    with pytest.raises(AlreadyExists):
        write_from_server(tmp_path, "x", "run-it")


def test_a_server_that_cannot_be_started_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(TaskFailed, match="cannot be reached"):
        write_from_server(tmp_path, "x", "no-such-command-here")
    assert not (tmp_path / "x").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="it is a command of a shell")
def test_what_a_server_says_before_it_gives_up_is_told_without_its_secrets(tmp_path: Path) -> None:
    """It was "Connection closed" alone, whatever was missing."""
    command = "sh -c 'echo begun >&2; printf \"no\\033[1m account for $KEY\\n\\n\" >&2; exit 3'"
    with pytest.raises(TaskFailed) as told:
        write_from_server(tmp_path, "x", command, variables=["KEY"], environ={"KEY": "secret-token"})
    assert "it said: no account for ***." in str(told.value)
    assert "secret-token" not in str(told.value)


@pytest.mark.skipif(sys.platform == "win32", reason="it is a command of a shell")
def test_a_server_that_says_very_much_before_it_gives_up_is_heard_to_the_end(tmp_path: Path) -> None:
    with pytest.raises(TaskFailed, match=r"it said: the end\."):
        write_from_server(tmp_path, "x", "sh -c 'yes a | head -c 3000000 >&2; echo the end >&2'")


def test_a_tool_whose_arguments_are_not_named_is_left_out_and_told_of(tmp_path: Path, serving: Any) -> None:
    serving(tool("a"), mcp.Tool("free", "", {"type": "object", "additionalProperties": True}),
            mcp.Tool("torn", "", {"type": "object", "properties": {"x": {"$ref": "#/$defs/none"}}}),
            mcp.Tool("later", "", {"type": "object"}, only_later=True))  # fmt: skip
    made = write_from_server(tmp_path, "x", "run-it")
    assert made.tasks == ("a",)
    assert [one.split("'")[1] for one in made.left_out] == ["free", "torn", "later"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1), st.text(), st.text(min_size=1), st.text()), min_size=1, max_size=3))
def test_no_code_of_a_server_reaches_the_source(tools: list[tuple[str, str, str, str]]) -> None:
    """Whatever it calls itself and its tools, the files are the same statements with other names and texts."""
    offered = [
        mcp.Tool(name, about, {"type": "object", "properties": {field: {"type": "string", "description": text}}})
        for name, about, field, text in tools
    ]
    typed, _ = generating.typed_tools(offered)
    texts = generating.sources(tools[0][1] or "command", [], typed)
    body = ast.parse(texts["tools/tasks.py"]).body
    assert [one.name for one in body if isinstance(one, ast.FunctionDef)] == [one.task for one in typed]
    assert all(isinstance(one, (ast.Expr, ast.ImportFrom, ast.FunctionDef)) for one in body)
    returned = [one.body[-1].value for one in body if isinstance(one, ast.FunctionDef)]
    assert [ast.literal_eval(one.args[1]) for one in returned] == [name for name, *_ in tools]
    for path, text in generating.own_sources("x", tools[0][1] or "command", typed).items():
        if path.endswith(".py"):
            ast.parse(text)
    json.dumps(texts)
