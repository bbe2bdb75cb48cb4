"""The nodes of n8n that put lists together, take them apart, sort and sum them up: tasks of ``lists``."""

from __future__ import annotations

from typing import Any

from flowbook.formats.n8n.defaults import params_of
from flowbook.formats.n8n.flow import Flow
from flowbook.formats.n8n.source import Step
from flowbook.formats.n8n.steps import placeholder
from flowbook.formats.n8n.ways import NOTHING, Out

_SUMS = {
    "append": ("append", "appended"), "average": ("average", "average"), "concatenate": ("concatenate", "concatenated"),
    "count": ("count", "count"), "countUnique": ("count_unique", "unique_count"), "max": ("max", "max"),
    "min": ("min", "min"), "sum": ("sum", "sum"),
}  # fmt: skip


def _names(flow: Flow, step: Step, given: Any) -> list[str]:
    value = flow.value(given, step.name, each=False)
    return [one.strip() for one in str(value or "").split(",") if one.strip()]


def _rows(given: Any, key: str) -> list[dict[str, Any]]:
    rows = given.get(key) if isinstance(given, dict) else None
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []


def _listed(flow: Flow, step: Step, task: str, params: dict[str, Any], *, may_be_empty: bool = False) -> None:
    """A task that gives items and their places."""
    id = flow.put(step, f"lists.{task}", {"items": f"${{{{ {flow.lists[step.name]} }}}}"} | params, each=False)
    flow.give(step, Out(f"nodes.{id}.data.items", "index", f"nodes.{id}.data.index", may_be_empty), f"lists.{task}")


def _only(items: str, names: list[str]) -> str:
    """The items of a list with no other fields than these."""
    return f"[{{key: one[key] for key in {names!r} if key in one}} for one in {items}]"


def _but(items: str, names: list[str]) -> str:
    """The items of a list without these fields."""
    return f"[{{key: one[key] for key in keys(one) if not (key in {names!r})}} for one in {items}]"


def convert_split_out(flow: Flow, step: Step) -> None:
    """Split Out."""
    params = params_of(step)
    others = {"others": True} if params.get("include", "noOtherFields") != "noOtherFields" else {}
    fields = _names(flow, step, params.get("fieldToSplitOut"))
    mine = flow.lists[step.name]
    if params.get("include") == "selectedOtherFields":
        kept = [one.partition(".")[0] for one in (*fields, *_names(flow, step, params.get("fieldsToInclude")))]
        mine = _only(mine, list(dict.fromkeys(kept)))
    id = flow.put(step, "lists.split_out", {"items": f"${{{{ {mine} }}}}", "fields": fields} | others, each=False)
    found = f"nodes.{id}.data.items"
    options = params.get("options") if isinstance(params.get("options"), dict) else {}
    if new := _names(flow, step, (options or {}).get("destinationFieldName")):
        key = "key"
        for field, name in zip(fields, new, strict=False):
            key = f"({name!r} if key == {field!r} else {key})"
        found = f"[{{{key}: one[key] for key in keys(one)}} for one in {found}]"
    flow.give(step, Out(found, "index", f"nodes.{id}.data.index", True), "lists.split_out")


def convert_aggregate(flow: Flow, step: Step) -> None:
    """Aggregate: one item."""
    params = params_of(step)
    given: dict[str, Any] = {"items": f"${{{{ {flow.lists[step.name]} }}}}"}
    if params.get("aggregate") == "aggregateAllItemData":
        given["into"] = str(params.get("destinationFieldName") or "data")
        for include, key, chosen in (
            ("specifiedFields", "fieldsToInclude", _only), ("allFieldsExcept", "fieldsToExclude", _but),
        ):  # fmt: skip
            if params.get("include") == include:
                names = _names(flow, step, params.get(key))
                given["items"] = f"${{{{ {chosen(flow.lists[step.name], names)} }}}}"
    else:
        given["fields"] = {}
        for row in _rows(params.get("fieldsToAggregate"), "fieldToAggregate"):
            path = str(flow.value(row.get("fieldToAggregate", ""), step.name, each=False))
            name = str(row.get("outputFieldName") or "") if row.get("renameField") else path.rpartition(".")[2]
            given["fields"][name or path] = path
        options = params.get("options") if isinstance(params.get("options"), dict) else {}
        given |= {"flat": True} if (options or {}).get("mergeLists") else {}
        given |= {"nothing": True} if (options or {}).get("keepMissing") else {}
    id = flow.put(step, "lists.aggregate", given, each=False)
    flow.give(step, Out(f"[nodes.{id}.data]", "one"), "lists.aggregate")


def convert_limit(flow: Flow, step: Step) -> None:
    """Limit."""
    params = params_of(step)
    last = {"from_end": True} if params.get("keep") == "lastItems" else {}
    _listed(flow, step, "limit", {"count": flow.value(params.get("maxItems", 1), step.name, each=False)} | last)


def convert_sort(flow: Flow, step: Step) -> None:
    """Sort, by fields."""
    params = params_of(step)
    rows = _rows(params.get("sortFieldsUi"), "sortField")
    if params.get("type") != "simple" or not rows:
        placeholder(flow, step)
        return
    by = [
        {"field": str(flow.value(row.get("fieldName", ""), step.name, each=False))}
        | ({"descending": True} if row.get("order") == "descending" else {})
        for row in rows
    ]
    _listed(flow, step, "sort", {"by": by})


def convert_unique(flow: Flow, step: Step) -> None:
    """Remove Duplicates, of the items at hand."""
    params = params_of(step)
    if params.get("operation") not in ("removeDuplicateInputItems", "removeDuplicates"):
        placeholder(flow, step)
        return
    fields = _names(flow, step, params.get("fieldsToCompare")) if params.get("compare") == "selectedFields" else []
    given: dict[str, Any] = {"fields": fields} if fields else {}
    if params.get("compare") == "allFieldsExcept":
        but = _names(flow, step, params.get("fieldsToExclude"))
        mine = flow.lists[step.name]  # n8n takes the names of the first item's
        given["fields"] = f"${{{{ [key for key in (keys({mine}[0]) if {mine} else []) if not (key in {but!r})] }}}}"
    options = params.get("options") if isinstance(params.get("options"), dict) else {}
    id = flow.put(step, "lists.unique", {"items": f"${{{{ {flow.lists[step.name]} }}}}"} | given, each=False)
    found = f"nodes.{id}.data.items"
    found = _only(found, fields) if (options or {}).get("removeOtherFields") and fields else found
    flow.give(step, Out(found, "index", f"nodes.{id}.data.index"), "lists.unique")


def convert_summarize(flow: Flow, step: Step) -> None:
    """Summarize."""
    params = params_of(step)
    values = []
    for row in _rows(params.get("fieldsToSummarize"), "values"):
        how, word = _SUMS.get(str(row.get("aggregation", "count")), ("count", "count"))
        path = str(row.get("field", ""))
        value = {"field": path, "how": how, "as": f"{word}_{path.replace('.', '_')}"}
        if how == "concatenate":
            value["separator"] = str(row.get("customSeparator") or row.get("separateBy", ","))
        values.append(value)
    if not values:
        placeholder(flow, step)
        return
    given = {
        "items": f"${{{{ {flow.lists[step.name]} }}}}",
        "by": _names(flow, step, params.get("fieldsToSplitBy")),
        "values": values,
    }
    id = flow.put(step, "lists.summarize", given, each=False)
    flow.give(step, Out(f"nodes.{id}.data", "unknown", "", True), "lists.summarize")


def convert_item_lists(flow: Flow, step: Step) -> None:
    """Item Lists, which n8n has taken apart into nodes of their own since."""
    ways = {
        "splitOutItems": convert_split_out, "limit": convert_limit, "sort": convert_sort,
        "removeDuplicates": convert_unique,
        "summarize": convert_summarize, "aggregateItems": convert_aggregate, "concatenateItems": convert_aggregate,
    }  # fmt: skip
    ways.get(str(params_of(step).get("operation")), placeholder)(flow, step)


def convert_merge(flow: Flow, step: Step) -> None:
    """Merge."""
    params = params_of(step)
    count = max((edge.input for edge in flow.into(step.name)), default=0) + 1
    lists = [flow.list_into(step.name, place) for place in range(max(count, 2))]
    lists = ["[]" if one == NOTHING else f"default({one}, [])" for one in lists]
    mode = str(params.get("mode"))
    if mode in ("append", "chooseBranch", "passThrough"):
        chosen = (
            " + ".join(one for one in lists if one != "[]") if mode == "append" else lists[_branch(params, len(lists))]
        )
        id = flow.put(step, "core.set", {"values": f"${{{{ {chosen or '[]'} }}}}"}, each=False)
        flow.give(step, Out(f"nodes.{id}.data", "unknown", "", True), "core.set")
        return
    given = _merged(params, mode)
    if given is None:
        placeholder(flow, step)
        return
    if len([one for one in lists if one != "[]"]) > 2:
        flow.report.note(step.name, "more than two inputs", "the first two are merged")
    pair = {"left": f"${{{{ {lists[0]} }}}}", "right": f"${{{{ {lists[1]} }}}}"}
    id = flow.put(step, "lists.merge", pair | given, each=False)
    # places in its list are those of the first input's only where each has a partner
    flow.give(step, Out(f"nodes.{id}.data", "unknown", "", True), "lists.merge")


def _branch(params: dict[str, Any], count: int) -> int:
    given = str(params.get("useDataOfInput") or params.get("output") or "1").removeprefix("input")
    return min(int(given), count) - 1 if given.isdecimal() and int(given) else 0


def _merged(params: dict[str, Any], mode: str) -> dict[str, Any] | None:
    """The params of ``lists.merge``; None for a way that it does not have."""
    by = str(params.get("combineBy") or params.get("combinationMode") or mode)
    options = params.get("options") if isinstance(params.get("options"), dict) else {}
    if by in ("combineAll", "multiplex"):
        return {"by": "all"}
    if by in ("combineByPosition", "mergeByPosition", "mergeByIndex"):
        keep = {"outer": "both", "left": "left"}.get(
            str(params.get("join")), "both" if (options or {}).get("includeUnpaired") else ""
        )
        return {"by": "position"} | ({"keep": keep} if keep else {})
    if by not in ("combineByFields", "mergeByFields", "combine", "mergeByKey", "removeKeyMatches", "keepKeyMatches"):
        return None
    rows = _rows(params.get("mergeByFields"), "values")
    fields = {str(row.get("field1", "")): str(row.get("field2", "")) for row in rows}
    fields = fields or {
        one.strip(): one.strip() for one in str(params.get("fieldsToMatchString", "")).split(",") if one.strip()
    }
    fields = fields or {str(params.get("propertyName1", "id")): str(params.get("propertyName2", "id"))}
    join = {"removeKeyMatches": "keepNonMatches", "mergeByKey": "enrichInput1"}.get(
        mode, str(params.get("joinMode", "keepMatches"))
    )
    keep = {
        "keepMatches": "matches", "keepNonMatches": "unmatched", "keepEverything": "both", "enrichInput1": "left",
        "enrichInput2": "right",
    }.get(join, "matches")  # fmt: skip
    if keep == "unmatched" and (mode == "removeKeyMatches" or params.get("outputDataFrom") == "input1"):
        keep = "unmatched_left"
    first = {"first_only": True} if (options or {}).get("multipleMatches") == "first" else {}
    return {"by": "fields", "fields": fields} | ({"keep": keep} if keep != "matches" else {}) | first


def convert_compare(flow: Flow, step: Step) -> None:
    """Compare Datasets: four outputs."""
    params = params_of(step)
    rows = _rows(params.get("mergeByFields"), "values")
    lists = [flow.list_into(step.name, place) for place in (0, 1)]
    given = {
        "left": f"${{{{ default({lists[0]}, []) }}}}", "right": f"${{{{ default({lists[1]}, []) }}}}",
        "fields": {str(row.get("field1", "")): str(row.get("field2", "")) for row in rows} or {"id": "id"},
        "again": True,
    }  # fmt: skip
    id = flow.put(step, "lists.compare", given, each=False)
    for place, key in enumerate(("same", "different", "only_right"), 1):
        found = f"nodes.{id}.data.{key}"
        flow.outs[step.name, place] = Out(_differing(params, found) if place == 2 else found, "unknown", "", True)
    flow.give(step, Out(f"nodes.{id}.data.only_left", "unknown", "", True), "lists.compare")


def _differing(params: dict[str, Any], found: str) -> str:
    """The items that differ, as n8n gives them: those of one input, or what is the same and what is not in both."""
    resolve = params.get("resolve", "includeBoth")
    if resolve in ("preferInput1", "preferInput2"):
        return f"[one.{'left' if resolve == 'preferInput1' else 'right'} for one in {found}]"
    left, right = "default(one.left[key], null)", "default(one.right[key], null)"
    same = f"{{key: one.left[key] for key in keys(one.left) if key in one.right and {left} == {right}}}"
    other = f"{{key: {{'inputA': {left}, 'inputB': {right}}} for key in unique(keys(one.left) + keys(one.right))"
    return f"[{{'keys': one.keys, 'same': {same}, 'different': {other} if {left} != {right}}}}} for one in {found}]"
