"""An integration folder of an API's description, made in the studio: read, chosen among, written, told of."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import pytest

from flowbook import Workspace
from flowbook.errors import InputError
from flowbook.models import Workflow
from flowbook.testing import fake_service
from flowbook.ui.credentials.description_panel import NEW, DescriptionPanel
from flowbook.ui.credentials.operations import OperationChoice, OperationList
from flowbook.ui.credentials.renewal import RenewalChoice
from flowbook.ui.credentials.type_editor import TypeEditor
from flowbook.ui.credentials.types_tab import TypesTab
from flowbook.ui.parts.checklist import Checklist
from tests.waiting import until

SHOP = """
openapi: 3.0.3
info: {title: Shop API v1.2, version: "1"}
servers: [{url: "https://shop.example.com/v1"}]
paths:
  /orders:
    get: {operationId: listOrders, tags: [orders, all], summary: List the orders., responses: {}}
    post: {operationId: addOrder, tags: [orders], requestBody: {$ref: "#/nowhere"}, responses: {}}
  /orders/[x]*:
    get: {operationId: odd, tags: [orders], responses: {}}
  /orders/x/y:
    get: {operationId: plain, tags: [orders], responses: {}}
  /health:
    get: {operationId: health, responses: {}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Shop-Key}
"""


def check(listed: Checklist | OperationList, *ids: str) -> None:
    """What a page does when a person has checked just these."""
    for turned, on in ((listed.checked, False), (ids, True)):
        turn = {"kind": "turn", "made": listed.widget.made, "page": "p", "ids": list(turned), "on": on}
        listed.widget._handle_custom_msg(turn, [])


@pytest.fixture
def tab(ws: Workspace) -> TypesTab:
    made = TypesTab(ws)
    made.describe()
    return made


def panel_of(tab: TypesTab) -> DescriptionPanel:
    assert isinstance(tab.editor, DescriptionPanel)
    return tab.editor


def read(tab: TypesTab, source: str) -> OperationChoice:
    panel = panel_of(tab)
    panel.form.set_values({"source": source})
    panel.read()
    return until(lambda: chosen(panel, OperationChoice))


def upload(tab: TypesTab, text: str, name: str = "shop.yaml") -> OperationChoice:
    send(panel_of(tab), text, name)
    return until(lambda: chosen(panel_of(tab), OperationChoice))


def send(panel: DescriptionPanel, text: str, name: str = "shop.yaml") -> None:
    """What a page does when a person has chosen a file."""
    panel.upload._handle_custom_msg({"kind": "file", "name": name}, [text.encode()])


Choice = TypeVar("Choice")


def chosen(panel: DescriptionPanel, kind: type[Choice]) -> Choice | None:
    """What the panel lets a person choose from by now."""
    return panel.choice if isinstance(panel.choice, kind) else None


def texts(widget: Any) -> str:
    """What the widgets in a box say."""
    own = " ".join(str(getattr(widget, name, "")) for name in ("text", "detail", "groups", "description"))
    return " ".join([own, *map(texts, getattr(widget, "children", ()))])


def test_operations_stand_by_their_first_tag_and_all_of_a_small_api_are_checked(tab: TypesTab) -> None:
    choice = upload(tab, SHOP)
    groups = {one["label"]: [item["label"] for item in one["items"]] for one in choice.list.widget.groups}
    assert groups == {"orders": ["list_orders", "add_order", "odd", "plain"], "Without a tag": ["health"]}
    assert len(choice.list.checked) == 5
    assert choice.form.value("name") == "shop"


def test_of_a_large_api_nothing_is_checked_at_first(tab: TypesTab) -> None:
    paths = "".join(f"  /t/{n}:\n    get: {{tags: [t{n % 2}]}}\n" for n in range(41))
    choice = upload(tab, f"openapi: 3.0.0\npaths:\n{paths}")
    assert choice.list.checked == []
    assert [group["shut"] for group in choice.list.widget.groups] == [True, True]
    choice.form.set_values({"name": "large"})
    choice.create()
    until(lambda: "No operation is chosen" in choice.message.text)


def test_what_is_checked_becomes_a_folder_with_its_type_and_what_cannot_be_made_is_told(
    tab: TypesTab, ws: Workspace
) -> None:
    (ws.root / "shop.yaml").write_text(SHOP, encoding="utf-8")
    choice = read(tab, "shop.yaml")
    check(choice.list, "GET /orders/[x]*", "POST /orders", "not there")
    choice.create()
    until(lambda: "is made, with 1 task" in texts(tab.widget) and panel_of(tab).told)
    said = texts(tab.widget)
    assert "1 operation could not be made into a task." in said
    assert "POST /orders: the reference '#/nowhere' leads to nothing." in said
    assert "integrations/shop/api/" in said
    names = list(ws.integration_folder("shop").tasks)
    assert any("odd" in name for name in names)
    assert not any("plain" in name for name in names)  # the brackets and the star of a path are no pattern
    panel_of(tab)._create_type("shop")
    assert isinstance(tab.editor, TypeEditor)
    tab.editor.save()
    assert [one.name for one in ws.type("shop").parameters] == [
        one.name for one in ws.integration_folder("shop").credentials
    ]


def test_the_command_renews_what_the_studio_made_where_it_knows_the_description(tab: TypesTab, ws: Workspace) -> None:
    from flowbook.authoring.openapi import update_from_description

    (ws.root / "shop.yaml").write_text(SHOP.replace(', requestBody: {$ref: "#/nowhere"}', ""), encoding="utf-8")
    choice = read(tab, "shop.yaml")
    check(choice.list, "GET /orders", "GET /health")
    choice.create()
    until(lambda: "“shop” is made" in texts(tab.widget) and panel_of(tab).told)
    made = update_from_description(ws.root / "integrations", "shop")
    assert sorted(made.tasks) == ["health", "list_orders"]
    tab.describe()
    choice = upload(tab, SHOP)
    choice.form.set_values({"name": "other"})
    choice.create()
    until(lambda: "“other” is made" in texts(tab.widget) and panel_of(tab).told)
    with pytest.raises(InputError, match="handed over in the studio"):
        update_from_description(ws.root / "integrations", "other")
    assert update_from_description(ws.root / "integrations", "other", str(ws.root / "shop.yaml")).tasks


@pytest.mark.parametrize(
    ("name", "says"), [("Shop!", "cannot name"), ("demo", "is there already"), ("", "is required")]
)
def test_a_name_that_does_not_fit_is_told_at_its_field(tab: TypesTab, ws: Workspace, name: str, says: str) -> None:
    choice = upload(tab, SHOP)
    choice.form.set_values({"name": name or None})
    choice.create()
    until(lambda: says in choice.form.widget.errors.get("name", ""))
    assert [path.name for path in (ws.root / "integrations").iterdir()] == ["demo"]
    assert not choice._create.disabled


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "is required"),
        ("none.yaml", "none.yaml"),
        ("page.html", "no description of an API"),
        ("broken.yaml", "leads to nothing"),
    ],
)
def test_a_source_that_cannot_be_read_is_told_at_its_field(
    tab: TypesTab, ws: Workspace, source: str, says: str
) -> None:
    (ws.root / "page.html").write_text("title: a page\n", encoding="utf-8")
    (ws.root / "broken.yaml").write_text('openapi: 3.0.0\npaths: {/a: {$ref: "#/b"}}\n', encoding="utf-8")
    panel = panel_of(tab)
    panel.form.set_values({"source": source or None})
    panel.read()
    until(lambda: says in panel.form.widget.errors.get("source", ""))
    until(lambda: not panel._read.disabled)
    assert panel.choice is None


def test_a_file_that_is_no_description_is_told_and_another_may_be_chosen(tab: TypesTab) -> None:
    panel = panel_of(tab)
    panel.upload._handle_custom_msg({"kind": "file", "name": "empty.json"}, [b"{}"])
    until(lambda: "empty.json: is no description of an API" in panel.message.text)
    assert upload(tab, SHOP).form.value("name") == "shop"
    assert panel.message.text == ""


def test_a_description_is_read_from_an_address(tab: TypesTab) -> None:
    with fake_service() as service:
        service.on("GET", "/shop.yaml", body=SHOP, headers={"Content-Type": "application/yaml"})
        choice = read(tab, f"{service.url}/shop.yaml")
    assert len(choice.list.checked) == 5


def test_what_comes_late_of_a_panel_that_was_closed_is_dropped(tab: TypesTab) -> None:
    panel = panel_of(tab)
    with fake_service() as service:
        service.on("GET", "/shop.yaml", body=SHOP, headers={"Content-Type": "application/yaml"})
        tab._close("")
        panel._look(f"{service.url}/shop.yaml", 0)
    assert panel.choice is None


def test_a_click_that_comes_after_the_list_was_made_anew_changes_nothing() -> None:
    items = [{"id": id, "label": id, "detail": "", "about": ""} for id in ("a", "b")]
    listed = Checklist("Operations", "Search")
    listed.show([{"label": "All", "items": items, "shut": False}], ["a"])
    late = listed.widget.made
    check(listed, "a", "b")
    assert listed.checked == ["a", "b"]
    listed.show([{"label": "All", "items": items, "shut": False}], ["b"])
    listed.widget._handle_custom_msg({"kind": "turn", "made": late, "page": "p", "ids": ["a"], "on": True}, [])
    assert listed.checked == ["b"]


def test_what_is_checked_on_one_page_is_told_to_the_others_as_what_was_turned(monkeypatch: pytest.MonkeyPatch) -> None:
    items = [{"id": id, "label": id, "detail": "", "about": ""} for id in ("a", "b")]
    listed = Checklist("Operations", "Search")
    listed.show([{"label": "All", "items": items, "shut": False}])
    told: list[dict[str, object]] = []
    monkeypatch.setattr(listed.widget, "send", told.append)
    turns = [
        {"kind": "turn", "made": listed.widget.made, "page": page, "ids": [id], "on": True}
        for page, id in (("one", "a"), ("other", "b"))
    ]
    for turn in turns:  # at the same time: what the other has checked stays
        listed.widget._handle_custom_msg(turn, [])
    assert (listed.checked, told) == (["a", "b"], turns)


# -- made anew ---------------------------------------------------------------------------------------------------------

NEWER = """
openapi: 3.0.3
info: {title: Shop API v2, version: "2"}
servers: [{url: "https://shop.example.com/v1"}]
paths:
  /orders:
    get:
      operationId: listOrders
      tags: [orders]
      parameters: [{name: since, in: query, required: true, schema: {type: string}}]
      responses: {}
  /customers:
    get: {operationId: listCustomers, tags: [customers], responses: {}}
  /health:
    get: {operationId: health, responses: {}}
"""
OWN = """
from flowbook import Result, task
from .api.models import Credentials, Nothing
from .api import plain

__all__ = ["mine"]

@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def mine(credentials: Credentials, params: Nothing) -> Result:
    return Result(True, "mine", plain.__name__)
"""


@pytest.fixture
def shop(tab: TypesTab, ws: Workspace) -> Path:
    """The folder of the older description, with a task of a person's own, a workflow, and the newer one in its file."""
    source = ws.root / "shop.yaml"
    source.write_text(SHOP.replace(', requestBody: {$ref: "#/nowhere"}', ""), encoding="utf-8")
    read(tab, "shop.yaml").create()
    until(lambda: panel_of(tab).told)
    flow = Workflow("nightly")
    flow.add("look", "shop.plain")
    ws.save(flow)
    source.write_text(NEWER, encoding="utf-8")
    folder = ws.root / "integrations" / "shop"
    (folder / "tasks.py").write_text(OWN, encoding="utf-8")
    tab._close("")
    tab.describe()
    return folder


def renew(tab: TypesTab) -> RenewalChoice:
    panel = panel_of(tab)
    panel.target.set_values({"folder": "shop"})
    panel._retarget()
    panel.read()
    return until(lambda: chosen(panel, RenewalChoice))


def texts_of(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.suffix in (".py", ".md")}


def test_what_changes_is_shown_before_a_folder_is_renewed_and_own_code_stays(
    tab: TypesTab, ws: Workspace, shop: Path
) -> None:
    before = texts_of(shop)
    choice = renew(tab)
    assert panel_of(tab).form.value("source") == str(ws.root / "shop.yaml")  # where it was read, by its record
    assert choice.list.checked == ["GET /orders", "GET /customers", "GET /health"]
    choice.show()
    until(lambda: choice.renewal)
    said = texts(tab.widget)
    assert "1 new task, 3 tasks go, 1 task changes, its credentials change." in said
    assert "new param since, required" in said
    assert "used by nightly" in said
    assert "tasks.py, line 4: plain is in api/__init__.py no more" in said
    assert texts_of(shop) == before
    choice.renew()
    until(lambda: "“shop” is renewed: 1 new task, 3 tasks go, 1 task changes, " in texts(tab.widget))
    after = texts_of(shop)
    changed = {Path(path).relative_to(shop).parts[0] for path, text in after.items() if before.get(path) != text}
    assert changed == {"api"}
    (shop / "tasks.py").write_text(OWN.replace("plain", "health"), encoding="utf-8")
    assert sorted(ws.integration_folder("shop").tasks) == ["health", "list_customers", "list_orders", "mine"]


def test_going_back_writes_nothing_and_another_choice_may_be_shown(tab: TypesTab, shop: Path) -> None:
    before = texts_of(shop)
    choice = renew(tab)
    check(choice.list)
    choice.show()
    until(lambda: "No operation is chosen" in choice.message.text)
    check(choice.list, "GET /health")
    choice.show()
    until(lambda: choice.renewal)
    assert "4 tasks go" in texts(tab.widget)
    choice.back()
    choice.renew()
    assert choice.list.checked == ["GET /health"]
    assert texts_of(shop) == before


def test_what_was_shown_is_written_unless_somebody_edited_it_meanwhile(
    tab: TypesTab, ws: Workspace, shop: Path
) -> None:
    choice = renew(tab)
    choice.show()
    until(lambda: choice.renewal)
    edited = shop / "api" / "tasks.py"
    made = edited.read_text(encoding="utf-8")
    edited.write_text(made + "# precious\n", encoding="utf-8")
    choice.renew()
    until(lambda: "was edited since it was made" in choice.told.text)
    assert edited.read_text(encoding="utf-8").endswith("# precious\n")
    edited.write_text(made, encoding="utf-8")
    (ws.root / "shop.yaml").unlink()
    choice.renew()
    until(lambda: panel_of(tab).told)
    assert "since: str" in (shop / "api" / "models.py").read_text(encoding="utf-8")


def test_a_folder_whose_made_files_were_edited_is_told_at_once(tab: TypesTab, shop: Path) -> None:
    edited = shop / "api" / "tasks.py"
    edited.write_text(edited.read_text(encoding="utf-8") + "# precious\n", encoding="utf-8")
    panel = panel_of(tab)
    panel.target.set_values({"folder": "shop"})
    panel._retarget()
    assert "was edited since it was made" in panel.target.widget.errors["folder"]
    send(panel, NEWER)
    until(lambda: not panel._read.disabled)
    assert panel.choice is None
    panel.target.set_values({"folder": NEW})
    panel._retarget()
    assert panel.target.widget.errors == {}
    assert upload(tab, NEWER).list.checked


def test_a_description_that_changes_nothing_renews_nothing(tab: TypesTab, ws: Workspace, shop: Path) -> None:
    (ws.root / "shop.yaml").write_text(SHOP.replace(', requestBody: {$ref: "#/nowhere"}', ""), encoding="utf-8")
    choice = renew(tab)
    choice.show()
    until(lambda: choice.renewal)
    assert "Nothing changes" in texts(tab.widget)
    assert choice._renew.disabled


def test_the_choice_of_a_folder_stays_while_it_takes_the_same_operations(tab: TypesTab, ws: Workspace) -> None:
    from flowbook.authoring.openapi import recorded, write_from_description

    source = ws.root / "shop.yaml"
    source.write_text(NEWER, encoding="utf-8")
    write_from_description(ws.root / "integrations", "shop", str(source), tags=["orders", "customers"])
    tab._close("")
    tab.describe()
    choice = renew(tab)
    assert choice.list.checked == ["GET /orders", "GET /customers"]
    for checked, tags, patterns in (
        (["GET /orders", "GET /customers"], ("orders", "customers"), ()),
        (["GET /orders"], (), ("GET /orders",)),
    ):
        check(choice.list, *checked)
        choice.show()
        until(lambda: choice.renewal)
        assert choice.renewal is not None
        choice.renewal.write()
        made_with = recorded(ws.root / "integrations", "shop").choice
        assert (made_with.tags, made_with.patterns) == (tags, patterns)
        choice.back()


def test_there_is_no_choice_of_folders_where_none_was_made_of_a_description(tab: TypesTab) -> None:
    assert panel_of(tab).target.widget not in panel_of(tab).widget.children
