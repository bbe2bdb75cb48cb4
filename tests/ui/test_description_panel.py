"""An integration folder of an API's description, made in the studio: read, chosen among, written, told of."""

from __future__ import annotations

from typing import Any

import pytest

from flowbook import Workspace
from flowbook.errors import InputError
from flowbook.testing import fake_service
from flowbook.ui.credentials.description_panel import DescriptionPanel, OperationChoice
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


def check(listed: Checklist, *ids: str) -> None:
    """What a page does when a person has checked just these."""
    listed.widget._handle_custom_msg({"kind": "checked", "made": listed.widget.made, "checked": list(ids)}, [])


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
    return until(lambda: panel.choice)


def upload(tab: TypesTab, text: str, name: str = "shop.yaml") -> OperationChoice:
    panel = panel_of(tab)
    panel.upload._handle_custom_msg({"kind": "file", "name": name}, [text.encode()])
    return until(lambda: panel.choice)


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
    listed.widget._handle_custom_msg({"kind": "checked", "made": late, "checked": ["a"]}, [])
    assert listed.checked == ["b"]
