"""The studio's first two tabs, as a person with a mouse and the users' guide at hand finds them in JupyterLab."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from flowbook.testing import FakeService, fake_service
from tests.jupyterlab import enter, press

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

OPEN = """
import os
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workspace
ws = Workspace(".")
"""
SLACK = """
from flowbook.models import Parameter
hook = Parameter(name="webhook_url", type="password", required=True, description="<b>Slack</b> Webhook URL")
ws.create_type("slack", [hook, Parameter(name="base_url", type="url")], "<img src=x onerror='document.title=1'>")
"""
STORED = SLACK + 'ws.create_integration("My Slack Workspace", "slack", {"webhook_url": "%s"})\n'
SECRET = "T00/B00/n0b0dy-may-read-this"
WEBHOOK = f"/services/{SECRET}"


@pytest.fixture
def receiver() -> Iterator[FakeService]:
    """A local server that takes what a webhook would take."""
    with fake_service() as service:
        yield service.on("POST", WEBHOOK, body="ok", headers={"Content-Type": "text/html"})


@pytest.fixture
def open_studio(make_notebook: Callable[..., Any]) -> Callable[..., Any]:
    def open(prepare: str = "", tab: str = "Integration Types") -> Any:
        book = make_notebook(
            f"{OPEN}{prepare}\nfrom flowbook.ui.studio import Studio\nStudio(ws, {tab!r})", "2", height=1000
        )
        book.run(0)
        book.page.get_by_role("tab", name=tab).wait_for()
        return book

    return open


def add_parameter(page: Page, name: str, *, required: bool, description: str) -> None:
    shown = page.locator(".fb-compact:visible")  # a line whose place another took is hidden, so that the focus stays
    expect(shown).to_have_count(3)
    press(page, "Add Parameter")
    expect(shown).to_have_count(4)
    row = shown.last
    expect(row.get_by_label("Name")).to_be_focused()
    page.keyboard.type(name)
    row.get_by_label("Type").select_option("password")
    # it takes the place of the line of that name that the folder brought along, while one goes on
    row.get_by_label("Required").set_checked(required)
    row.get_by_label("Description").click()  # nothing stands there yet that would be mixed with what is typed
    page.keyboard.type(description)
    expect(row.get_by_label("Description")).to_have_value(description)
    expect(row.get_by_label("Required")).to_be_checked(checked=required)
    expect(shown).to_have_count(3)  # it stands for the folder's of that name


def error_at(box: Locator) -> Locator:
    """The error that stands at a field, found as a screen reader does."""
    expect(box).to_have_attribute("aria-invalid", "true")
    described = (box.get_attribute("aria-describedby") or "").split()
    return box.page.locator(f"#{next(id for id in described if id.endswith('-error'))}")


def make_type_as_the_guide_says(page: Page) -> None:
    press(page, "Create Integration Type")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("slack")
    expect(page.locator(".fb-compact:visible")).to_have_count(3)  # the folder says which credentials it takes
    described = page.get_by_label("Description", exact=True).first
    described.click()  # nothing stands there yet that would be mixed with what is typed
    page.keyboard.type("Slack messaging integration for sending notifications")
    expect(described).to_have_value("Slack messaging integration for sending notifications")
    add_parameter(page, "webhook_url", required=True, description="Slack Webhook URL")
    add_parameter(page, "bot_token", required=False, description="Slack Bot Token (for advanced features)")
    expect(page.locator(".fb-compact:visible")).to_have_count(3)  # what is typed replaces what was filled in by itself


def test_the_guides_way_from_a_type_to_an_integration_leaves_the_secret_only_in_the_vault(
    open_studio: Any, receiver: FakeService, lab: Any
) -> None:
    book = open_studio()
    page: Page = book.page
    page.locator(".lm-MenuBar").get_by_text("Settings", exact=True).click()
    page.get_by_text("Save Widget State Automatically").click()
    make_type_as_the_guide_says(page)
    book.look("type-form")
    press(page, "Create")
    row = page.locator("tr[data-row=slack]")
    expect(row).to_contain_text("webhook_url *")
    expect(row).to_contain_text("Slack messaging integration for sending notifications")

    page.get_by_role("tab", name="Integrations").click()
    press(page, "Create Integration")
    expect(page.get_by_label("Integration Name")).to_be_focused()
    page.keyboard.type("My Slack Workspace")
    expect(page.get_by_label("Integration Type", exact=True).locator("option").first).to_have_text("Select")
    page.get_by_label("Integration Type", exact=True).select_option("slack")
    page.get_by_label("webhook_url").click()
    page.keyboard.type(receiver.url + WEBHOOK)
    press(page, "Test Connection")
    said = page.locator(".fb-message", has_text="Successfully connected to Slack!")
    expect(said).to_have_attribute("data-tone", "success")
    assert [request.path for request in receiver.requests] == [WEBHOOK]
    expect(page.get_by_label("webhook_url")).to_have_value("")
    book.look("integration-form")
    press(page, "Create")
    expect(page.get_by_role("row", name="My Slack Workspace")).to_contain_text("✓ Successfully connected to Slack!")
    book.look("integrations")

    book.in_toolbar("docmanager:save").click()
    notebook = book.folder / "notebook.ipynb"
    wait_until(page, lambda: "widget-state" in notebook.read_text())
    assert "Successfully connected to Slack!" in notebook.read_text()
    assert book.frames_with(SECRET) == 0
    assert SECRET not in "\n".join(book.console)
    assert files_with(lab.root.parent, SECRET) == []
    assert files_with(lab.root.parent, "My Slack Workspace")  # it is looked for where the rest is found


def wait_until(page: Page, holds: Callable[[], bool]) -> None:
    for _ in range(400):
        if holds():
            return
        page.wait_for_timeout(30)
    raise AssertionError("it never came to hold")


def files_with(folder: Path, secret: str) -> list[Path]:
    """The files, the server's log, checkpoints and the store among them, that hold a secret in some form."""
    forms = [secret.encode(), secret.replace("/", "%2F").encode(), base64.b64encode(secret.encode()).rstrip(b"=")]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"notebook.ipynb", "flowbook.json", "server.log"} <= {path.name for path in files}
    return [path for path in files if any(form in kept_in(path) for form in forms)]


def kept_in(path: Path) -> bytes:
    """What a file holds; nothing when its server or kernel has taken it away since it was found."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def test_errors_stand_at_their_fields_and_keys_and_scripts_stay_inside(open_studio: Any) -> None:
    book = open_studio(SLACK)
    page: Page = book.page
    expect(page.locator("tr[data-row=slack]")).to_contain_text("<img src=x onerror='document.title=1'>")
    press(page, "Create Integration Type")
    name = page.get_by_role("combobox", name="Name")
    for given, said in (("", "is required"), ("My Slack", "lowercase"), ("gitub", "'github'"), ("slack", "already")):
        enter(name, given)
        press(page, "Create")
        expect(error_at(name)).to_contain_text(said)
        expect(name).to_be_focused()
    enter(name, "nothing_yet")
    press(page, "Add Parameter")
    expect(page.locator(".fb-compact")).to_have_count(4)
    row = page.locator(".fb-compact").last
    enter(row.get_by_label("Name"), "tries")
    row.get_by_label("Type").select_option("integer")
    enter(row.get_by_label("Default"), "many")
    press(page, "Create")
    expect(row.locator(".fb-error", has_text="whole number")).to_be_visible()
    book.look("type-errors")

    page.get_by_role("button", name="Create", exact=True).focus()
    for key in ("d", "d", "x", "b"):
        page.keyboard.press(key)
    press(page, "Cancel")
    expect(page.get_by_role("button", name="Create Integration Type")).to_be_focused()
    assert book.cell_count() == 2

    page.get_by_role("tab", name="Integration Types").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Integrations")).to_be_focused()
    press(page, "Create Integration")
    press(page, "Create")
    expect(error_at(page.get_by_label("Integration Name", exact=True))).to_contain_text("is required")
    expect(error_at(page.get_by_label("Integration Type", exact=True))).to_contain_text("is required")
    page.get_by_label("Integration Type", exact=True).select_option("slack")
    enter(page.get_by_label("base_url"), "no address")
    press(page, "Test Connection")
    expect(error_at(page.get_by_label("webhook_url", exact=True))).to_contain_text("is required")
    expect(error_at(page.get_by_label("base_url", exact=True))).to_contain_text("https://")
    with theme(page, "JupyterLab Dark"):
        book.look("integration-errors-dark")

    book.save()
    book.open(".flowbook")  # the page is loaded again, the kernel lives on
    expect(page.get_by_label("base_url")).to_have_value("no address")
    expect(error_at(page.get_by_label("base_url"))).to_contain_text("https://")


@contextmanager
def theme(page: Page, name: str) -> Iterator[None]:
    """Another theme for a while, chosen from the menu. It is the server's setting, so others would see it too."""

    def choose(wanted: str) -> None:
        page.locator(".lm-MenuBar").get_by_text("Settings", exact=True).click()
        page.get_by_text("Theme", exact=True).hover()
        page.get_by_text(wanted, exact=True).click()
        page.locator(f'body[data-jp-theme-name="{wanted}"]').wait_for(state="attached")
        page.wait_for_timeout(300)

    choose(name)
    try:
        yield
    finally:
        choose("JupyterLab Light")


def test_stored_secrets_are_kept_and_what_is_in_use_is_not_deleted(open_studio: Any, receiver: FakeService) -> None:
    book = open_studio(STORED % (receiver.url + WEBHOOK), "Integrations")
    page: Page = book.page
    press(page, "Edit My Slack Workspace")
    secret = page.get_by_label("webhook_url")
    expect(secret).to_have_attribute("placeholder", "stored – leave empty to keep it")
    assert secret.input_value() == ""
    enter(page.get_by_label("base_url"), "https://slack.example/api")
    press(page, "Save")
    press(page, "Test Connection My Slack Workspace")
    expect(page.get_by_role("row", name="My Slack Workspace")).to_contain_text("✓ Successfully connected")
    press(page, "Edit My Slack Workspace")
    expect(page.get_by_label("base_url")).to_have_value("https://slack.example/api")
    secret.click()
    page.keyboard.type("http://127.0.0.1:1/wrong")
    press(page, "Show what is typed", exact=False)
    expect(secret).to_have_attribute("type", "text")
    page.keyboard.press("Tab")  # Enter would save the integration
    expect(secret).to_have_attribute("placeholder", "entered – not saved yet")
    press(page, "Discard what was entered", exact=False)
    expect(secret).to_have_attribute("placeholder", "stored – leave empty to keep it")
    press(page, "Test Connection")
    expect(page.locator(".fb-message", has_text="Successfully connected to Slack!")).to_be_visible()
    press(page, "Cancel")
    assert [request.path for request in receiver.requests] == [WEBHOOK] * 2

    press(page, "Rename My Slack Workspace")
    enter(page.get_by_label("Integration Name"), "Team Slack")
    press(page, "Rename")
    press(page, "Duplicate Team Slack")
    enter(page.get_by_label("Integration Name"), "team slack")
    press(page, "Duplicate")
    expect(error_at(page.get_by_label("Integration Name", exact=True))).to_contain_text("already")
    press(page, "Cancel")
    page.get_by_role("tab", name="Integration Types").click()
    press(page, "Delete slack")
    expect(page.locator(".fb-notice")).to_contain_text("is used by “Team Slack”")
    book.look("delete-refused")
    page.get_by_role("tab", name="Integrations").click()
    press(page, "Delete Team Slack")
    press(page.locator(".fb-notice"), "Delete Team Slack", exact=False)
    expect(page.get_by_text("No integrations yet.")).to_be_visible()


SHOP = """openapi: 3.0.3
info: {title: Shop API, version: "1"}
servers: [{url: "https://shop.example.com/v1"}]
paths:
  /orders:
    get: {operationId: listOrders, tags: [orders], summary: List the orders., responses: {}}
    post: {operationId: addOrder, tags: [orders], requestBody: {$ref: "#/nowhere"}, responses: {}}
  /orders/{id}:
    delete: {operationId: deleteOrder, tags: [orders], responses: {}}
  /customers:
    get: {operationId: listCustomers, tags: [customers], summary: <i>List</i> the customers., responses: {}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Shop-Key}
"""


def test_operations_of_an_api_description_are_chosen_with_the_keyboard_and_become_a_type(open_studio: Any) -> None:
    book = open_studio(f"open('shop.yaml', 'w').write({SHOP!r})\n")
    page: Page = book.page
    press(page, "From an API Description")
    source = page.get_by_label("Or its address or path")
    expect(source).to_be_focused()
    page.keyboard.type("shop.yml")
    page.keyboard.press("Enter")
    expect(error_at(source)).to_contain_text("shop.yml")
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.type("aml")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    operations = page.get_by_role("group", name="Operations")
    expect(operations.get_by_role("status")).to_have_text("4 of 4 checked")
    search = operations.get_by_role("searchbox")
    search.click()
    page.keyboard.type("delete")
    press(page, "Check none")  # of what is found
    expect(operations.get_by_role("status")).to_have_text("3 of 4 checked")
    search.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Backspace")
    expect(operations.get_by_label("All of orders")).to_have_js_property("indeterminate", True)
    page.keyboard.press("ArrowDown")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    expect(operations.get_by_label("All of customers")).to_be_focused()
    page.keyboard.press("Space")
    expect(operations.get_by_role("status")).to_have_text("2 of 4 checked")
    book.look("api-description")
    press(page, "Create")
    expect(page.get_by_text("The integration folder “shop” is made, with 1 task.")).to_be_visible()
    expect(page.get_by_text("1 operation could not be made into a task.")).to_be_visible()
    book.look("api-description-made")
    press(page.locator(".fb-panel"), "Create Integration Type")
    expect(page.get_by_label("Name", exact=True).first).to_have_value("shop")
    press(page, "Create")
    expect(page.locator("tr[data-row=shop]")).to_be_visible()


def test_a_folder_is_renewed_from_a_newer_description_after_what_changes_was_seen(open_studio: Any) -> None:
    newer = SHOP.replace("operationId: listOrders", "operationId: listAll").replace("<i>List</i> the", "Show the")
    book = open_studio(
        f"""from flowbook.authoring.openapi import write_from_description
open('shop.yaml', 'w').write({SHOP!r})
write_from_description(ws.root / 'integrations', 'shop', 'shop.yaml', patterns=['GET *'])
open('newer.yaml', 'w').write({newer!r})
"""
    )
    page: Page = book.page
    press(page, "From an API Description")
    page.get_by_label("Folder", exact=True).select_option("shop")
    source = page.get_by_label("Or its address or path")
    expect(source).to_have_value(re.compile(r"/shop\.yaml$"))
    enter(source, "newer.yaml")
    press(page, "Read")
    operations = page.get_by_role("group", name="Operations")
    expect(operations.get_by_role("status")).to_have_text("2 of 4 checked")  # those of the choice it was made with
    press(page, "Show Changes")
    expect(page.get_by_text("1 new task, 1 task goes.")).to_be_visible()
    changes = page.locator(".fb-problems")
    expect(changes.get_by_text("list_all")).to_be_visible()
    expect(changes.get_by_text("list_orders")).to_be_visible()
    expect(operations).to_be_hidden()
    book.look("api-description-changes")
    press(page, "Back")
    expect(operations.get_by_role("status")).to_have_text("2 of 4 checked")
    press(page, "Show Changes")
    press(page, "Renew")
    expect(page.get_by_text("The integration folder “shop” is renewed: 1 new task, 1 task goes.")).to_be_visible()
    press(page, "Close")
    expect(page.get_by_role("button", name="From an API Description", exact=True)).to_be_focused()
