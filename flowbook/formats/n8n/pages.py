"""HTML, HTML Extract and Markdown."""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.defaults import params_of
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.steps import placeholder
from flowbook.formats.n8n.ways import NOTHING, Out


def convert_html(flow: Flow, step: Step) -> None:
    """HTML: a template that is filled in, or values taken out of a page."""
    params = params_of(step)
    if params.get("operation") == "extractHtmlContent" or step.kind == "htmlExtract":
        _extract(flow, step, params)
    elif params.get("operation") == "generateHtmlTemplate":
        html = f"={str(params.get('html', '')).removeprefix('=')}"
        id = flow.put(step, "core.set", {"values": {"html": flow.value(html, step.name)}})
        flow.give(step, Out(f"nodes.{id}.data"), "core.set")
    else:
        placeholder(flow, step)


def _extract(flow: Flow, step: Step, params: dict[str, Any]) -> None:
    given = params.get("extractionValues")
    values = given.get("values") if isinstance(given, dict) else None
    name = params.get("dataPropertyName", "data")
    plain = isinstance(name, str) and not name.startswith("=") and params.get("sourceData", "json") == "json"
    if not plain or not isinstance(values, list) or not all(isinstance(one, dict) for one in values) or not values:
        placeholder(flow, step)
        return
    wanted = [_wanted(flow, step, one) for one in values]
    html = "${{ item" + "".join(f"[{part!r}]" for part in name.split(".")) + " }}"
    id = flow.put(step, "html.select", {"html": html, "values": wanted})
    flow.report.note(step.name, "texts", "blocks stand on lines of their own; what is hidden is left out")
    options = params.get("options") if isinstance(params.get("options"), dict) else {}
    trims = (options or {}).get("trimValues", True) is not False
    texts = {
        str(one["name"]): _text_of(str(one["name"]), trims, "all" in one) for one in wanted if "attribute" not in one
    }
    made = ", ".join(f"{name!r}: {text}" for name, text in texts.items() if "${{" not in name)
    flow.give(step, Out(f"[merge(one, {{{made}}}) for one in nodes.{id}.data]"), "html.select")


def _text_of(name: str, trims: bool, several: bool) -> str:
    """A text as n8n gives it: "" where nothing was found, and without the blanks around it unless it keeps them."""
    if several:
        return f"[strip(text) for text in one[{name!r}]]" if trims else f"one[{name!r}]"
    found = f"(one[{name!r}] or '')"
    return f"strip({found})" if trims else found


def _wanted(flow: Flow, step: Step, one: dict[str, Any]) -> dict[str, Any]:
    what = one.get("returnValue", "text")
    made = {"name": flow.value(one.get("key", "data"), step.name)}
    made["selector"] = flow.value(one.get("cssSelector", ""), step.name)
    made |= {} if what == "text" else {"what": what}
    made |= {"attribute": flow.value(one.get("attribute", ""), step.name)} if what == "attribute" else {}
    return made | ({"all": True} if one.get("returnArray") else {})


def convert_markdown(flow: Flow, step: Step) -> None:
    """Markdown: to HTML, or from it; what comes of it is a field of the item."""
    params = params_of(step)
    key = params.get("destinationKey", "data")
    if not isinstance(key, str) or key.startswith("=") or "." in key:
        placeholder(flow, step)
        return
    to_html = params.get("mode") == "markdownToHtml"
    task, field = ("html.from_markdown", "markdown") if to_html else ("html.to_markdown", "html")
    id = flow.put(step, task, {field: flow.value(params.get(field, ""), step.name)})
    if params.get("options"):
        flow.report.note(step.name, "options", "those of another writer of Markdown: they are left out")
    mine = flow.lists.get(step.name, NOTHING) + ("[:1]" if step.about.get("executeOnce") else "")
    item = f"merge(one, {{{key!r}: strip(nodes.{id}.data[place])}})"
    flow.give(step, Out(f"[{item} for place, one in enumerate({mine})]"), task)
