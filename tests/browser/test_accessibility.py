"""Every view can be used by whoever cannot see it, or hardly: axe finds nothing wrong, light, dark and at 200 % zoom.

axe (https://github.com/dequelabs/axe-core, from npm) looks for missing names, wrong roles and too little contrast.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from flowbook import Workflow, Workspace
from tests.browser.in_sight import cut_off, rings_not_seen
from tests.browser.test_canvas import bright, share_of
from tests.jupyterlab import READY, Lab, NotebookPage, press, settled_box, wait_until_fitted

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
WHOLE, ZOOMED = ViewportSize(width=1440, height=1000), ViewportSize(width=720, height=500)  # the same window at 200 %
# With both of its style sheets there one takes the place of the other at once. The names are told to the parts of ours
# that draw by them.
OTHER_THEME = """async () => {
    const names = ["light", "dark"], { dataset } = document.body;
    const of = (name) => document.querySelector(`link[href*="theme-${name}-extension"]`);
    const [now, next] = dataset.jpThemeLight === "true" ? names : names.toReversed();
    if (!of(next)) {
        const link = of(now).cloneNode();
        link.href = link.href.replace(`theme-${now}`, `theme-${next}`);
        await new Promise((loaded) => { link.onload = loaded; of(now).after(link); });
    }
    of(next).disabled = false;
    of(now).disabled = true;
    dataset.jpThemeLight = String(next === "light");
    dataset.jpThemeName = `JupyterLab ${next[0].toUpperCase()}${next.slice(1)}`;
    return next;
}"""
CELL = 'from flowbook import Workspace\nws = Workspace(".")\nws.studio()'
Rules = tuple[dict[str, Any], int]
LOOK = """async ([[rules, fewest], apart]) => {
    const root = document.querySelector(".jp-OutputArea .flowbook");
    const found = await axe.run({include: [root], exclude: apart}, {resultTypes: ["violations"], ...rules});
    if (found.passes.length < fewest) return [`only ${found.passes.length} rules looked at anything`];
    return found.violations.map((one) => `${one.id}: ${one.help}: `
        + one.nodes.slice(0, 4).map((at) => `${at.html.slice(0, 160)} (${at.any[0]?.message ?? ""})`).join(" | "));
}"""
# What axe looks at, and how many of its rules find something to look at. Colours take most of its time: they are those
# of the theme, at every zoom, and nothing else is the theme's.
EVERYTHING: Rules = ({}, 10)
ALL_BUT_COLOURS: Rules = ({"rules": {"color-contrast": {"enabled": False}}}, 9)
COLOURS: Rules = ({"runOnly": {"type": "tag", "values": ["cat.color"]}}, 1)
# It is the same beside all that an editor shows, and makes half of it: axe sees it once in each look, in this view.
PALETTE, WITH_PALETTE = ".fb-side-left", "editor"


def flow() -> Workflow:
    made = Workflow(name="daily", description="Says something each day")
    made.add("first", "core.set", params={"values": {"who": "Ada"}}, at=(0, 0))
    made.add("second", "core.fail", params={"message": "too late"}, at=(280, 0))
    made.connect("first", "second", when="nodes.first.success")
    made.set_note("why", "each day", (0, -120))
    return made


def wrong() -> Workflow:
    made = Workflow(name="wrong")
    made.add("first", "core.set", at=(0, 0))
    made.add("second", "core.wait", params={"seconds": "${{ nodes.nobody.data }}"}, at=(280, 0))
    return made


@pytest.fixture(scope="module")
def book(lab: Lab, make_lasting_notebook: Callable[..., NotebookPage]) -> NotebookPage:
    """The studio of a workspace that has one of each: a type, an integration, a workflow, a run."""
    lab.use_theme("dark")
    made = make_lasting_notebook(CELL, alone=True, **WHOLE)
    with Workspace(made.folder) as ws:
        ws.create_type("sqlite")
        ws.create_integration("My Data", "sqlite", {"database": "data.db"})
        ws.save(flow())
        ws.save(wrong())
        ws.start(flow()).wait(60)
    return made


View = Callable[[NotebookPage], None]
OPENED: list[str] = []  # the workflow whose editor is open, if one is


def tab(page: Page, name: str) -> None:
    page.locator(".flowbook").get_by_role("tab", name=name, exact=True).first.click()


def in_tab(name: str, *buttons: str) -> View:
    """A tab of the studio, and what these buttons open in it."""

    def go(book: NotebookPage) -> None:
        leave(book.page)
        tab(book.page, name)
        for label in buttons:
            press(book.page, label)

    return go


def in_editor(*steps: View, of: str = "daily") -> View:
    """The editor, which stays open for the next view of it, and what these steps open in it."""

    def go(book: NotebookPage) -> None:
        if [of] != OPENED:
            leave(book.page)
            OPENED.append(of)
            tab(book.page, "Workflows")
            press(book.page, f"Open {of}")
            expect(book.page.locator(".flowbook-canvas:visible")).to_have_attribute("data-nodes", "2", timeout=READY)
            wait_until_fitted(book.page.locator(".flowbook-canvas:visible"))
        for step in steps:
            step(book)

    return go


def selecting(what: str, heading: str) -> View:
    """Click what a selector of the canvas finds first, and wait until the inspector is about it."""

    def go(book: NotebookPage) -> None:
        page, canvas = book.page, book.page.locator(".flowbook-canvas:visible")
        press(page, "Fit")
        wait_until_fitted(canvas)
        place = canvas.evaluate(
            "(one, what) => { const found = one._cyreg.cy.$(what).first();"
            " return found.isEdge() ? found.renderedMidpoint() : found.renderedPosition(); }",
            what,
        )
        box = settled_box(canvas)
        at = box["x"] + place["x"] - 16, box["y"] + place["y"]
        page.mouse.move(*at)
        page.wait_for_timeout(150)  # no hand clicks in the same instant, before what a line offers has come up
        page.mouse.click(*at)
        expect(page.locator(".fb-inspector").get_by_role("heading", name=heading)).to_be_visible()

    return go


def opening(name: str) -> View:
    return lambda book: press(book.page.locator(".fb-toolbar"), name)


def inspecting(name: str) -> View:
    return lambda book: tab(book.page, name)


def open_run(book: NotebookPage) -> None:
    tab(book.page, "Runs")
    book.page.locator("tr[data-run]").first.click()
    expect(book.page.locator(".fbr-summary:visible")).to_contain_text("failed")


def list_problems(book: NotebookPage) -> None:
    book.page.get_by_role("button", name=re.compile(r"^\d+ problems$")).click()
    expect(book.page.locator(".fb-drawer")).to_contain_text("nobody")


def meet_another(book: NotebookPage) -> None:
    """Save what someone else has saved meanwhile."""
    book.page.keyboard.press("d")
    with Workspace(book.folder) as ws:
        theirs = ws.workflow("daily")
        theirs.describe(f"{theirs.description} and each night")
        ws.save(theirs)
    press(book.page.locator(".fb-toolbar"), "Save")
    expect(book.page.get_by_text("was saved by someone else")).to_be_visible()


def choose_what_follows(book: NotebookPage) -> None:
    book.page.keyboard.press("a")
    expect(book.page.locator(".fb-chooser").get_by_role("searchbox")).to_be_focused()


def rehearse(book: NotebookPage) -> None:
    press(book.page.locator(".fb-toolbar"), "Dry Run")
    expect(book.page.locator(".fbr-summary:visible").first).to_contain_text("Dry run")


node = selecting(".fb-card", "first")
# The editor first, in which the test before these has opened the first workflow: to open one costs seconds.
VIEWS: dict[str, View] = {
    "editor": in_editor(),
    "params": in_editor(node),
    "behaviour": in_editor(node, inspecting("Behaviour")),
    "input": in_editor(node, inspecting("Input")),
    "output": in_editor(node, inspecting("Output")),
    "add node": in_editor(opening("Add Node")),
    "chooser": in_editor(node, choose_what_follows),
    "dry run": in_editor(rehearse),
    "inputs": in_editor(opening("Inputs")),
    "versions": in_editor(opening("Versions")),
    "triggers": in_editor(opening("Triggers")),
    "import": in_editor(opening("Import")),
    "export": in_editor(opening("Export")),
    "connection": in_editor(selecting(".fb-edge", "first → second")),
    "note": in_editor(selecting(".fb-note", "Note")),
    "conflict": in_editor(node, meet_another),
    "problems": in_editor(list_problems, of="wrong"),
    "types": in_tab("Integration Types"),
    "type form": in_tab("Integration Types", "Create Integration Type"),
    "integrations": in_tab("Integrations"),
    "integration form": in_tab("Integrations", "Create Integration"),
    "workflows": in_tab("Workflows"),
    "workflow form": in_tab("Workflows", "Create Workflow"),
    "import of a workflow": in_tab("Workflows", "Import"),
    "gallery": in_tab("Workflows", "From Gallery"),
    "a question in a row": in_tab("Workflows", "Delete daily"),
    "runs": in_tab("Runs"),
    "an opened run": open_run,
}


def tidy(page: Page) -> None:
    """Close what has been opened in a view, and select nothing."""
    close = page.locator(".flowbook").get_by_role("button", name="Close", exact=True).locator("visible=true")
    close.evaluate_all("(all) => all.forEach((one) => one.click())")  # at once: some go with what is being left
    expect(close).to_have_count(0)
    if page.locator(".fb-chooser:visible").count():
        page.keyboard.press("Escape")
        expect(page.locator(".fb-chooser:visible")).to_have_count(0)
    if OPENED:
        page.locator(".flowbook-canvas:visible").focus()
        page.keyboard.press("Escape")
        expect(page.locator(".fb-inspector:visible")).to_have_count(0)


def leave(page: Page) -> None:
    """Back to the lists, with nothing open."""
    OPENED.clear()
    runs = page.get_by_role("button", name="← All runs")
    if runs.count():
        tab(page, "Runs")
        runs.click()
    back = page.get_by_role("button", name="← All Workflows")
    if back.count():
        tab(page, "Workflows")
        back.click()
        asked = page.get_by_role("button", name="Leave Without Saving", exact=True)
        listed = page.locator("tr[data-row=daily]")
        asked.or_(listed).locator("visible=true").first.wait_for()
        if asked.is_visible():
            asked.click()
            listed.wait_for()
    tidy(page)


@pytest.fixture(scope="module")
def shown(book: NotebookPage) -> Iterator[NotebookPage]:
    """The studio, in a page that was loaded in the dark theme, with axe in it."""
    book.run(0)
    book.page.locator(".flowbook").first.wait_for(timeout=READY)
    book.page.add_script_tag(path=AXE)
    OPENED.clear()
    yield book
    book.lab.use_theme("light")


def theme_of(page: Page) -> str:
    return "light" if page.locator("body").get_attribute("data-jp-theme-light") == "true" else "dark"


def change_theme(page: Page) -> None:
    """Have JupyterLab show its light theme in place of the dark one, as its menu does."""
    command = "() => jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' })"
    page.evaluate(command)
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "true")
    page.locator("link[href*=theme-light-extension]").wait_for(state="attached")
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)  # what JupyterLab shows meanwhile


def turn_theme(page: Page) -> str:
    """Turn to JupyterLab's other theme, by its own style sheet and without all that it does meanwhile; which it is."""
    turned: str = page.evaluate(OTHER_THEME)
    return turned


@pytest.fixture(autouse=True)
def seen(book: NotebookPage, request: pytest.FixtureRequest) -> Iterator[None]:
    """What was to be seen when a test failed."""
    yield
    if getattr(request.node, "failed_in_call", False):
        book.tell_failure(request.node.name)


def test_the_canvas_and_the_run_panel_have_the_colours_of_the_theme(shown: NotebookPage) -> None:
    """Of the one that the page was loaded in, and of the one that it changes to."""
    VIEWS["editor"](shown)
    assert theme_of(shown.page) == "dark"
    for theme in ("dark", "light"):
        for part in ("flowbook-canvas", "fb-below"):
            shown.page.wait_for_timeout(300)
            share = share_of(shown.shot(f"{theme}-{part}", shown.page.locator(f".{part}:visible")), bright)
            assert share > 0.8 if theme == "light" else share < 0.1, (theme, part)
        if theme == "dark":
            change_theme(shown.page)


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_wrong(shown: NotebookPage, view: str) -> None:
    """In the theme that the page has, zoomed, and in the other theme, which the next view begins in."""
    page = shown.page
    try:
        VIEWS[view](shown)
        found = {theme_of(page): look(shown, view, theme_of(page), EVERYTHING) + not_seen(page)}
        page.set_viewport_size(ZOOMED)
        found["200 %"] = look(shown, view, "200", ALL_BUT_COLOURS) + not_seen(page)
        page.set_viewport_size(WHOLE)
        theme = turn_theme(page)
        found[theme] = look(shown, view, theme, COLOURS)
        assert set(found) == {"light", "dark", "200 %"}
        assert not any(found.values()), found
    finally:
        page.set_viewport_size(WHOLE)
        leave(page) if view == "conflict" else tidy(page)


def not_seen(page: Page) -> list[str]:
    """What a person cannot see, in any theme: no place and no ring's width is a theme's."""
    return cut_off(page) + rings_not_seen(page)


def look(book: NotebookPage, view: str, name: str, rules: Rules) -> list[str]:
    """What axe finds wrong in what is shown, once it has settled; then a picture."""
    book.page.wait_for_timeout(300)
    apart = [] if view == WITH_PALETTE else [PALETTE]
    found: list[str] = book.page.evaluate(LOOK, [rules, apart])
    if found:
        print(book.shot(f"accessibility-{name}-{view.replace(' ', '-')}"))
    return found
