"""The studio's shell and its first two tabs, without a browser."""

from __future__ import annotations

import ast
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import flowbook
from flowbook.cli.main import _COMMANDS
from flowbook.errors import InputError, NotFound
from flowbook.models import Parameter, Workflow
from flowbook.ui.credentials.integration_editor import IntegrationEditor
from flowbook.ui.credentials.integrations_tab import IntegrationsTab
from flowbook.ui.credentials.type_editor import TypeEditor
from flowbook.ui.credentials.types_tab import TypesTab
from flowbook.ui.studio import TABS, Studio
from flowbook.workspace import Workspace
from tests.entering import enter

TOKEN = Parameter(name="token", type="password", required=True)
HOST = Parameter(name="host", description="Where it is")


def type_secret(form: Any, name: str, value: str) -> None:
    form.widget._handle_custom_msg({"kind": "secret", "name": name, "value": value}, [])


def act(tab: Any, action: str, row: str) -> None:
    tab.table.widget._handle_custom_msg({"kind": "action", "action": action, "row": row}, [])


def wait_until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("it never came to hold")


@pytest.fixture
def demo(ws: Workspace) -> Workspace:
    """A workspace with the type ``demo`` and the integration "Mine"."""
    ws.create_type("demo", [TOKEN, HOST], "For demonstrations")
    ws.create_integration("Mine", "demo", {"token": "right-token", "host": "here"})
    return ws


def open_type_editor(ws: Workspace) -> tuple[TypesTab, TypeEditor]:
    tab = TypesTab(ws)
    tab.create()
    assert tab.editor is not None
    return tab, tab.editor


def test_choosing_a_folder_fills_in_what_it_declares(ws: Workspace) -> None:
    tab, editor = open_type_editor(ws)
    assert "slack" in editor.form.fields[0].suggestions
    enter(editor.form, name="slack")
    assert editor.form.value("description") is None  # as text it would end up mixed with what a person types
    said = {one["name"]: one["placeholder"] for one in editor.form.widget.fields}["description"]
    assert said.startswith("Slack")
    editor.save()
    assert tab.editor is None
    stored = ws.store.type("slack")
    assert stored == ws.catalog.folder("slack").integration_type()
    assert tab.table.widget.rows[0]["cells"]["name"] == "slack"


def test_a_typed_row_replaces_the_one_of_its_name_that_was_filled_in_by_itself(ws: Workspace) -> None:
    _, editor = open_type_editor(ws)
    enter(editor.form, name="slack")
    rows = editor.parameters
    rows.add()
    enter(rows._rows[-1].form, name="webhook_url", type="password", required=True)
    enter(editor.form, name="nothing_like_it", description="Mine")
    enter(editor.form, name="slack")
    assert editor.form.value("description") == "Mine"
    parameters = rows.read()
    assert parameters is not None
    assert sorted(one.name for one in parameters) == ["base_url", "bot_token", "webhook_url"]
    assert next(one for one in parameters if one.name == "webhook_url").required


def test_a_typed_name_takes_over_that_the_folder_calls_it_a_password(ws: Workspace) -> None:
    _, editor = open_type_editor(ws)
    enter(editor.form, name="slack")
    rows = editor.parameters
    rows.add()
    enter(rows._rows[-1].form, description="Mine")
    enter(rows._rows[-1].form, name="webhook_url")
    parameters = rows.read()
    assert parameters is not None
    typed = parameters[-1]
    assert (typed.name, typed.type, typed.description) == ("webhook_url", "password", "Mine")


@pytest.mark.parametrize(
    ("name", "said"), [("", "required"), ("My Demo", "lowercase"), ("dmo", "Did you mean 'demo'?")]
)
def test_a_type_needs_the_name_of_a_folder(ws: Workspace, name: str, said: str) -> None:
    _, editor = open_type_editor(ws)
    enter(editor.form, name=name)
    editor.save()
    assert said in editor.form.widget.errors["name"]
    assert ws.types() == []


def test_parameters_are_checked_row_by_row(ws: Workspace) -> None:
    _, editor = open_type_editor(ws)
    rows = editor.parameters
    for values in (
        {"name": "tries", "type": "integer", "default": "many"},
        {"name": "way", "type": "select"},
        {"name": "way", "type": "select", "choices": "a, b, a", "default": "b"},
        {"name": "way"},
        {},
    ):
        rows.add()
        enter(rows._rows[-1].form, **values)
    assert rows.read() is None
    errors = [row.form.widget.errors for row in rows._rows]
    assert "whole number" in errors[0]["default"]
    assert errors[1] == {"choices": "A select parameter needs choices."}
    assert errors[2] == errors[3] == {"name": "“way” is there twice."}
    assert set(errors[4]) == {"name"}
    for row in [rows._rows[index] for index in (0, 1, 3, 4)]:
        rows.remove(row)
    assert rows.read() == (Parameter(name="way", type="select", choices=("a", "b"), default="b"),)


def test_a_type_is_edited_under_its_name_and_a_newer_one_is_not_overwritten(demo: Workspace) -> None:
    tab = TypesTab(demo)
    act(tab, "edit", "demo")
    first = tab.editor
    act(tab, "edit", "demo")
    assert first is not None
    assert tab.editor is not None
    enter(tab.editor.form, description="Better")
    tab.editor.save()
    assert demo.store.type("demo").description == "Better"
    assert demo.store.type("demo").parameters == (TOKEN, HOST)
    enter(first.form, description="Worse")
    first.save()
    assert "changed elsewhere" in first.message.text
    assert demo.store.type("demo").description == "Better"


def test_what_is_stored_in_clear_cannot_become_a_password(demo: Workspace) -> None:
    tab = TypesTab(demo)
    act(tab, "edit", "demo")
    assert tab.editor is not None
    enter(tab.editor.parameters._rows[1].form, type="password")
    tab.editor.save()
    assert "“Mine” keeps this in clear" in tab.editor.parameters._rows[1].form.widget.errors["type"]


def test_a_type_in_use_is_not_deleted_and_says_by_whom_it_is_used(demo: Workspace) -> None:
    tab = TypesTab(demo)
    act(tab, "delete", "demo")
    assert "is used by “Mine”" in tab.table.widget.rows[0]["notice"]["text"]
    demo.store.delete_integration("Mine")
    act(tab, "delete", "demo")
    assert [answer["label"] for answer in tab.table.widget.rows[0]["notice"]["actions"]] == ["Delete", "Keep"]
    act(tab, "really", "demo")
    assert demo.types() == []


def test_broken_folders_are_listed_with_their_problem(ws: Workspace, folder: Path) -> None:
    (folder / "integrations" / "bad").mkdir()
    (folder / "integrations" / "bad" / "tasks.py").write_text("import nothing_like_it\n")
    tab = TypesTab(ws)
    tab.show_broken_folders()
    rows = {row["id"]: row["cells"]["problem"] for row in tab.broken.widget.rows}
    assert "nothing_like_it" in rows["bad"]["text"] + rows["bad"]["detail"]


def editor_of(ws: Workspace, name: str | None = None) -> tuple[IntegrationsTab, IntegrationEditor]:
    tab = IntegrationsTab(ws)
    if name is None:
        tab.create()
    else:
        act(tab, "edit", ws.store.integration(name).id)
    assert isinstance(tab.editor, IntegrationEditor)
    return tab, tab.editor


def test_an_integration_is_created_and_remembers_the_test_of_what_it_holds(demo: Workspace) -> None:
    tab, editor = editor_of(demo)
    enter(editor.head, name="Second", type="demo")
    assert [field.name for field in editor.credentials.fields] == ["token", "host"]
    type_secret(editor.credentials, "token", "right-token")
    editor.test()
    wait_until(lambda: editor.message.tone != "busy")
    assert (editor.message.text, editor.message.tone) == ("Connected", "success")
    editor.save()
    stored = demo.store.integration("Second")
    assert stored.tested_ok
    assert demo.credentials.opened(stored) == {"token": "right-token"}
    assert tab.editor is None


def test_a_test_of_other_values_is_not_remembered(demo: Workspace) -> None:
    _, editor = editor_of(demo)
    enter(editor.head, name="Second", type="demo")
    type_secret(editor.credentials, "token", "wrong")
    editor.test()
    wait_until(lambda: editor.message.tone != "busy")
    assert (editor.message.text, editor.message.tone) == ("The token is wrong", "error")
    type_secret(editor.credentials, "token", "right-token")
    editor.save()
    assert demo.store.integration("Second").tested_ok is None


def test_errors_of_an_integration_stand_at_their_fields(demo: Workspace) -> None:
    _, editor = editor_of(demo)
    editor.save()
    assert set(editor.head.widget.errors) == {"name", "type"}
    enter(editor.head, name="mine", type="demo")
    editor.save()
    assert set(editor.credentials.widget.errors) == {"token"}
    type_secret(editor.credentials, "token", "x")
    editor.save()
    assert "already" in editor.head.widget.errors["name"]
    enter(editor.head, name="x" * 201)
    editor.save()
    assert "200" in editor.head.widget.errors["name"]


def test_editing_keeps_secrets_that_are_left_empty_and_clears_what_was_shown(demo: Workspace) -> None:
    _, editor = editor_of(demo, "Mine")
    assert editor.credentials.widget.secrets["token"] == "stored"
    assert editor.credentials.widget.values == {"host": "here"}
    enter(editor.credentials, host="")
    editor.test()
    wait_until(lambda: editor.message.tone != "busy")
    assert editor.message.tone == "success"
    editor.save()
    assert demo.credentials.opened(demo.store.integration("Mine")) == {"token": "right-token"}
    _, editor = editor_of(demo, "Mine")
    type_secret(editor.credentials, "token", "another")
    editor.save()
    assert demo.credentials.opened(demo.store.integration("Mine")) == {"token": "another"}


def test_the_servers_that_an_integration_may_be_used_with_are_chosen_and_left_to_its_fields_again(
    demo: Workspace,
) -> None:
    before = demo.integration_hosts("Mine")
    for entered, kept in (("API.example.com, *.example.org", ("api.example.com", "*.example.org")), ("", before)):
        _, editor = editor_of(demo, "Mine")
        enter(editor.hosts, hosts="https://example.com/x")
        editor.save()
        assert "not an address" in editor.hosts.widget.errors["hosts"]
        enter(editor.hosts, hosts=entered)
        editor.save()
        assert demo.integration_hosts("Mine") == kept
    _, editor = editor_of(demo)
    enter(editor.head, name="Second", type="demo")
    type_secret(editor.credentials, "token", "right-token")
    enter(editor.hosts, hosts="one.example.com")
    editor.save()
    assert demo.integration_hosts("Second") == ("one.example.com",)


def test_a_newer_integration_is_not_overwritten(demo: Workspace) -> None:
    _, editor = editor_of(demo, "Mine")
    demo.update_integration("Mine", {"host": "there"})
    enter(editor.credentials, host="nowhere")
    editor.save()
    assert "changed elsewhere" in editor.message.text
    assert demo.credentials.opened(demo.store.integration("Mine"))["host"] == "there"


def test_rows_test_rename_duplicate_and_delete(demo: Workspace) -> None:
    flow = Workflow(name="daily")
    flow.add("hello", "demo.greet", integration="Mine")
    demo.save(flow)
    tab = IntegrationsTab(demo)
    id = demo.store.integration("Mine").id
    act(tab, "test", id)
    wait_until(lambda: tab.table.widget.rows[0]["cells"]["tested"]["tone"] == "success")
    for action, name in (("rename", "Ours"), ("duplicate", "Ours too")):
        act(tab, action, id)
        assert tab.editor is not None
        enter(tab.editor.form, name=name)
        tab.editor.save()
        assert tab.editor is None
    assert demo.store.integration_users("Ours") == ["daily"]
    assert demo.credentials.opened(demo.store.integration("Ours too"))["token"] == "right-token"
    act(tab, "delete", id)
    row = next(row for row in tab.table.widget.rows if row["id"] == id)
    assert "used by “daily”" in row["notice"]["text"]
    act(tab, "really", id)
    assert [one.name for one in demo.integrations()] == ["Ours too"]


def test_a_studio_is_static_text_too_and_shows_names_as_text(demo: Workspace) -> None:
    demo.create_integration("<script>alert(1)</script>", "demo", {"token": "hush-hush"})
    bundle = Studio(demo, "Integrations")._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "&lt;script&gt;alert(1)" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    assert "Mine – demo, not tested yet" in bundle["text/plain"]
    assert "hush-hush" not in json.dumps(bundle)


def test_a_studio_opens_where_a_person_goes_on(ws: Workspace) -> None:
    assert Studio(ws).selected == "Integration Types"
    ws.create_type("demo", [TOKEN])
    studio = ws.studio()
    assert studio.selected == "Integrations"
    assert isinstance(studio.open("Integration Types"), TypesTab)


def test_a_studio_with_workflows_opens_at_them_also_where_nothing_needs_an_integration(ws: Workspace) -> None:
    ws.save(Workflow(name="daily"))
    assert Studio(ws).selected == "Workflows"


def test_what_changes_in_one_tab_is_seen_in_the_other(ws: Workspace) -> None:
    studio = Studio(ws, "Integrations")
    integrations = studio.open("Integrations")
    assert isinstance(integrations, IntegrationsTab)
    assert integrations._create.disabled
    types = studio.open("Integration Types")
    assert isinstance(types, TypesTab)
    types.create()
    assert types.editor is not None
    enter(types.editor.form, name="demo")
    types.editor.save()
    assert not integrations._create.disabled


def test_a_notebook_run_without_a_browser_keeps_a_static_studio(tmp_path: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    code = (
        "from flowbook import Workspace\nfrom flowbook.models import Parameter\nws = Workspace(memory=True)\n"
        "ws.create_type('slack', [Parameter(name='token', type='password')])\nws.studio()"
    )
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    NotebookClient(book, timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = book.cells[0].outputs[-1]["data"]
    assert "slack" in shown["text/html"]
    assert "Integrations: none" in shown["text/plain"]


def test_the_workspace_opens_the_studio_by_one_door(tmp_path: Path) -> None:
    ws = Workspace(tmp_path)
    made = Workflow(name="daily")
    made.add("a", "core.noop")
    ws.save(made)
    assert isinstance(ws.studio(), Studio)
    editor = ws.edit(ws.workflow("daily"))
    assert editor.name == "daily"
    editor.close()
    changed = ws.workflow("daily")
    changed.describe("other")
    for unsaved in (changed, Workflow(name="never-saved")):
        with pytest.raises(InputError, match="is not saved as it is"):
            ws.edit(unsaved)
    editor = ws.edit("daily")
    assert editor.name == "daily"
    editor.close()
    with pytest.raises(NotFound):
        ws.edit("weekly")


def test_no_string_imports_a_module_of_flowbook() -> None:
    """The linter sees no string: what it holds apart must not be joined by one."""
    home = Path(flowbook.__file__).parent
    found = []
    for path in home.rglob("*.py"):
        if path == home / "__init__.py":  # the public names, loaded when they are used
            continue
        text = path.read_text()
        if "import_module" not in text and "__import__" not in text:
            continue
        for call in ast.walk(ast.parse(text)):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(("import_module", "__import__")):
                named = ast.unparse(call.args[0]) if call.args else ""
                found += [f"{path.relative_to(home)}: {named}"] if "flowbook" in named else []
    own = [module for module, _ in _COMMANDS.values()]
    assert [module for module in own if not module.startswith("flowbook.cli.")] == []
    assert found == []


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_and_shows_what_is_stored(tmp_path: Path, tab: str) -> None:
    studio = Studio(Workspace(tmp_path))
    studio.open(tab).refresh()
    assert studio.selected == tab
    assert not studio._failed.text
