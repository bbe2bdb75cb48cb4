"""What n8n's own nodes make of items, and what the workflows make of them that theirs become here.

The cases are made by chance, and what n8n gave for each stands in ``n8n_oracle/nodes.json``: ``make oracle`` has n8n's
packages answer anew, without its server. Only nodes that work by themselves are asked; services are stubbed by nothing,
for none of these needs any. A case in which n8n itself failed does not count: there is no result to be equal to.
"""

# ruff: noqa: E501 - a case a line
from __future__ import annotations

import json
import random
import re
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from flowbook import Workspace
from flowbook.errors import FlowbookError
from flowbook.workspace import FileText
from interop.counts import Count
from interop.n8n import ORACLE, plain

ANSWERS = ORACLE / "nodes.json"
EACH = 25
"""Cases of each type."""
Case = dict[str, Any]
Params = dict[str, Any]
_PEOPLE = ["Ada", "Bob", "Cy", "dora", "Émile", "ada", "Zoë"]
_PAGE = "<div class='a' id='top'><p>One <b>two</b></p><p class='x'> three </p><a href='/l?q=1&amp;r=2'>link</a></div>"
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?(Z|[+-]\d\d:\d\d)")
_OUTPUTS = {"if": 2, "switch": 3, "compareDatasets": 4}


def counts() -> Iterator[Count]:
    """How many results are equal: of each type, and of all."""
    answers = json.loads(ANSWERS.read_text())
    every = Count("results of nodes equal to n8n's", least=0.95)
    by_kind: dict[str, Count] = {}
    with tempfile.TemporaryDirectory() as folder, Workspace(folder) as ws:
        for case in cases():
            kind = str(case["type"]).rpartition(".")[2]
            count = by_kind.setdefault(kind, Count(f"of these, {kind}", least=0.0))
            there = answers[case["name"]]
            if "error" in there:
                continue
            here = result(ws, case)
            good = same(there, here)
            for one in (every, count):
                one.add(
                    f"{case['name']} {json.dumps(case['parameters'])[:200]}: {here!s:.300}, there {there!s:.300}", good
                )
    yield from by_kind.values()
    every.failures = [one.partition(" ")[0] for one in every.failures]
    yield every


def same(there: Params, here: Params) -> bool:
    """Whether two results are the same."""
    if "error" in here:
        return False
    ours, theirs = here["outputs"], list(there["outputs"])
    theirs += [[]] * (len(ours) - len(theirs))  # what is left over is no output that n8n shows
    return bool(_moments(plain(ours)) == _moments(plain(theirs[: len(ours)])))


def _moments(value: Any) -> Any:
    """A value to compare: a moment is the same however its zone is written."""
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return datetime.fromisoformat(value.replace("Z", "+00:00"))
    if isinstance(value, list):
        return [_moments(one) for one in value]
    return {key: _moments(one) for key, one in value.items()} if isinstance(value, dict) else value


def result(ws: Workspace, case: Case) -> Params:
    """What ours gives for a case: ``{"outputs": [items, …]}``, or ``{"error": message}``."""
    try:
        reading = ws.read(FileText(json.dumps(export_of(case)), f"{case['name']}.json"))
        flow = ws.import_workflow(reading)
        ws.save(flow, overwrite=True)
        run = ws.run(flow.name)
    except FlowbookError as error:
        return {"error": str(error)[:300]}
    failed = [str(run[id].message) for id in run if run[id].status == "failed"]
    if failed:
        return {"error": failed[0][:300]}
    many = _OUTPUTS.get(str(case["type"]).rpartition(".")[2], 1)
    ends = [run[f"out_{place}"] for place in range(many)]
    return {"outputs": [json.loads(json.dumps(one.data)) if one.status == "succeeded" else [] for one in ends]}


def export_of(case: Case) -> Params:
    """The workflow of a case as n8n writes it down: items, the node, and a node at each of its outputs."""

    def node(name: str, kind: str, params: Params, version: float = 1) -> Params:
        return {"name": name, "type": kind, "typeVersion": version, "position": [0, 0], "parameters": params}

    code = "n8n-nodes-base.code"
    nodes = [
        node("begin", "n8n-nodes-base.manualTrigger", {}),
        node("here", case["type"], case["parameters"], case["version"]),
    ]
    connections: Params = {"begin": {"main": [[]]}, "here": {"main": []}}
    for place, items in enumerate(case["inputs"]):
        name = f"in {place}"
        given = json.dumps([{"json": one} for one in items])
        nodes.append(node(name, code, {"jsCode": f"return {given}"}, 2))
        connections["begin"]["main"][0].append({"node": name, "type": "main", "index": 0})
        connections[name] = {"main": [[{"node": "here", "type": "main", "index": place}]]}
    for place in range(_OUTPUTS.get(case["type"].rpartition(".")[2], 1)):
        nodes.append(node(f"out {place}", code, {"jsCode": "return items"}, 2))
        connections["here"]["main"].append([{"node": f"out {place}", "type": "main", "index": 0}])
    return {"name": case["name"], "nodes": nodes, "connections": connections, "settings": {"timezone": "UTC"}}


# -- cases -------------------------------------------------------------------------------------------------------------


def cases() -> Iterator[Case]:
    """All cases, the same ones each time."""
    for kind, (version, make, inputs) in _MAKERS.items():
        for number in range(EACH):
            chance = random.Random(f"{kind} {number}")
            lists = [items(chance, 1 if place == 0 else 0) for place in range(inputs)]
            yield {
                "name": f"{kind}-{number}", "type": f"n8n-nodes-base.{kind}", "version": version,
                "parameters": make(chance), "inputs": lists,
            }  # fmt: skip


def items(chance: random.Random, least: int = 0) -> list[Params]:
    """Some items, with gaps, kinds that differ and fields in fields."""
    found = []
    for _ in range(chance.randint(least, 6)):
        one: Params = {
            "id": chance.randint(1, 5),
            "name": chance.choice(_PEOPLE),
            "n": chance.choice([0, 1, 2.5, 10, -3]),
        }
        one |= {"tags": chance.sample(["a", "b", "c"], chance.randint(0, 3))} if chance.random() < 0.8 else {}
        one |= {"deep": {"x": chance.randint(1, 3), "y": chance.choice(["k", "l"])}} if chance.random() < 0.7 else {}
        one |= {"page": _PAGE} if chance.random() < 0.9 else {}
        one |= {"odd": chance.choice([None, "", "7", True, "text"])} if chance.random() < 0.4 else {}
        found.append(one)
    return found


def _set(chance: random.Random) -> Params:
    rows: list[tuple[str, str, Any]] = [
        ("hello", "string", "=Hi {{ $json.name }}"), ("n", "number", "={{ $json.n * 2 }}"), ("id", "string", "={{ $json.id }}"),
        ("flag", "boolean", "={{ $json.n > 1 }}"), ("list", "array", "={{ [$json.id, 2] }}"), ("plain", "string", "x y"),
        ("deep.x", "number", "7"), ("made.of.parts", "string", "p"), ("obj", "object", '={{ { a: $json.id } }}'),
        ("upper", "string", "={{ $json.name.toUpperCase() }}"),
    ]  # fmt: skip
    chosen = chance.sample(rows, chance.randint(1, 4))
    made = [
        {"id": str(at), "name": name, "type": kind, "value": value} for at, (name, kind, value) in enumerate(chosen)
    ]
    more = chance.choice([{}, {"includeOtherFields": True}, {"includeOtherFields": True, "include": "selected", "includeFields": "id, deep"},
                          {"includeOtherFields": True, "include": "except", "excludeFields": "tags,odd"}])  # fmt: skip
    return {"assignments": {"assignments": made}, "options": {}, **more}


_TESTS: list[tuple[Any, str, str, Any]] = [
    ("={{ $json.n }}", "number", "gt", 1), ("={{ $json.n }}", "number", "lte", 2.5), ("={{ $json.n }}", "number", "equals", 10),
    ("={{ $json.name }}", "string", "startsWith", "A"), ("={{ $json.name }}", "string", "contains", "d"),
    ("={{ $json.name }}", "string", "notEquals", "Bob"), ("={{ $json.name }}", "string", "regex", "^[a-z]"),
    ("={{ $json.deep }}", "object", "exists", ""), ("={{ $json.odd }}", "string", "notExists", ""),
    ("={{ $json.tags }}", "array", "lengthGt", 1), ("={{ $json.tags }}", "array", "contains", "a"),
    ("={{ $json.tags }}", "array", "empty", ""), ("={{ $json.id > 2 }}", "boolean", "true", ""),
    ("={{ $json.name }}", "string", "empty", ""), ("={{ $json.id }}", "number", "gte", "3"),
]  # fmt: skip


def _conditions(chance: random.Random, most: int = 3) -> Params:
    rows = [
        {"id": str(at), "leftValue": left, "rightValue": right, "operator": {"type": kind, "operation": operation}
         | ({"singleValue": True} if right == "" else {}) | ({"rightType": "any" if operation == "contains" else "number"} if kind == "array" else {})}
        for at, (left, kind, operation, right) in enumerate(chance.sample(_TESTS, chance.randint(1, most)))
    ]  # fmt: skip
    options = {"caseSensitive": chance.random() < 0.7, "leftValue": "", "typeValidation": "loose", "version": 2}
    return {"options": options, "combinator": chance.choice(["and", "or"]), "conditions": rows}


def _if(chance: random.Random) -> Params:
    given = _conditions(chance)
    return {
        "conditions": given,
        "looseTypeValidation": True,
        "options": {} if given["options"]["caseSensitive"] else {"ignoreCase": True},
    }


def _switch(chance: random.Random) -> Params:
    rules = [{"conditions": _conditions(chance, 2), "renameOutput": False} for _ in range(2)]
    for one in rules:
        one["conditions"]["options"]["caseSensitive"] = True
    options = chance.choice([{"fallbackOutput": "extra"}, {"fallbackOutput": "extra", "allMatchingOutputs": True}])
    return {"rules": {"values": rules}, "options": options, "looseTypeValidation": True}


def _merge(chance: random.Random) -> Params:
    mode = chance.choice(["append", "position", "fields", "all", "choose"])
    if mode == "append":
        return {"mode": "append"}
    if mode == "choose":
        return {"mode": "chooseBranch", "useDataOfInput": chance.choice([1, 2])}
    if mode == "position":
        options = {"includeUnpaired": True} if chance.random() < 0.5 else {}
        return {"mode": "combine", "combineBy": "combineByPosition", "options": options}
    if mode == "all":
        return {"mode": "combine", "combineBy": "combineAll", "options": {}}
    join = chance.choice(["keepMatches", "keepNonMatches", "keepEverything", "enrichInput1", "enrichInput2"])
    found: Params = {"mode": "combine", "combineBy": "combineByFields", "fieldsToMatchString": chance.choice(["id", "name", "id, name"]),
                     "joinMode": join, "options": {}}  # fmt: skip
    if join in ("keepMatches", "keepNonMatches"):
        found["outputDataFrom"] = chance.choice(["both", "input1", "input2"])
    return found


def _sort(chance: random.Random) -> Params:
    fields = [{"fieldName": name, "order": chance.choice(["ascending", "descending"])}
              for name in chance.sample(["id", "name", "n", "deep.x"], chance.randint(1, 2))]  # fmt: skip
    return {"sortFieldsUi": {"sortField": fields}, "options": {}}


def _limit(chance: random.Random) -> Params:
    return {"maxItems": chance.randint(1, 4)} | ({"keep": "lastItems"} if chance.random() < 0.5 else {})


def _aggregate(chance: random.Random) -> Params:
    if chance.random() < 0.4:
        include = chance.choice([{}, {"include": "specifiedFields", "fieldsToInclude": "id,name"}])
        return {"aggregate": "aggregateAllItemData", "destinationFieldName": "rows", "options": {}, **include}
    fields = [{"fieldToAggregate": name, "renameField": new, **({"outputFieldName": f"all_{name}"} if new else {})}
              for name in chance.sample(["id", "name", "tags", "odd"], chance.randint(1, 2))
              for new in [chance.random() < 0.4]]  # fmt: skip
    options = {key: True for key in ("mergeLists", "keepMissing") if chance.random() < 0.4}
    return {"fieldsToAggregate": {"fieldToAggregate": fields}, "options": options}


def _split_out(chance: random.Random) -> Params:
    include = chance.choice(["noOtherFields", "allOtherFields", "selectedOtherFields"])
    found: Params = {"fieldToSplitOut": chance.choice(["tags", "tags", "deep"]), "include": include, "options": {}}
    if include == "selectedOtherFields":
        found["fieldsToInclude"] = "id, name"
    return found | ({"options": {"destinationFieldName": "one"}} if chance.random() < 0.4 else {})


def _summarize(chance: random.Random) -> Params:
    rows = []
    for way in chance.sample(
        ["append", "average", "concatenate", "count", "countUnique", "max", "min", "sum"], chance.randint(1, 3)
    ):
        field = chance.choice(["id", "n"]) if way in ("average", "max", "min", "sum") else chance.choice(["name", "id"])
        rows.append({"aggregation": way, "field": field} | ({"separateBy": "; "} if way == "concatenate" else {}))
    split = chance.choice([{}, {"fieldsToSplitBy": "name"}, {"fieldsToSplitBy": "id, name"}])
    return {"fieldsToSummarize": {"values": rows}, "options": {}, **split}


def _unique(chance: random.Random) -> Params:
    return chance.choice([
        {"options": {}}, {"compare": "selectedFields", "fieldsToCompare": "id", "options": {}},
        {"compare": "selectedFields", "fieldsToCompare": "name, id", "options": {}},
        {"compare": "allFieldsExcept", "fieldsToExclude": "n,tags,odd,deep", "options": {}},
        {"compare": "selectedFields", "fieldsToCompare": "name", "options": {"removeOtherFields": True}},
    ])  # fmt: skip


def _compare(chance: random.Random) -> Params:
    by = [{"field1": name, "field2": name} for name in chance.sample(["id", "name"], chance.choice([1, 1, 2]))]
    resolve = chance.choice(["preferInput1", "preferInput2", "includeBoth"])
    return {"mergeByFields": {"values": by}, "resolve": resolve, "options": {}}


def _date(chance: random.Random) -> Params:
    day = f"2026-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}T{chance.randint(0, 23):02}:15:30.000Z"
    unit = chance.choice(["years", "months", "weeks", "days", "hours", "minutes"])
    return chance.choice([
        {"operation": "addToDate", "magnitude": day, "timeUnit": unit, "duration": chance.randint(1, 40), "outputFieldName": "d", "options": {}},
        {"operation": "subtractFromDate", "magnitude": day, "timeUnit": unit, "duration": chance.randint(1, 40), "options": {}},
        {"operation": "formatDate", "date": day, "format": chance.choice(["MM/dd/yyyy", "yyyy-MM-dd", "yyyy/MM/dd", "MM-dd-yyyy"]), "options": {}},
        {"operation": "formatDate", "date": day, "format": "custom", "customFormat": "dd LLL yyyy, HH:mm", "options": {}},
        {"operation": "roundDate", "date": day, "mode": "roundDown", "toNearest": chance.choice(["hour", "day", "month", "year"]), "options": {}},
        {"operation": "extractDate", "date": day, "part": chance.choice(["year", "month", "week", "day", "hour", "minute"]), "options": {}},
        {"operation": "getTimeBetweenDates", "startDate": day, "endDate": "2027-01-01T00:00:00.000Z", "units": ["day"], "options": {}},
    ])  # fmt: skip


def _html(chance: random.Random) -> Params:
    if chance.random() < 0.4:
        return {"operation": "generateHtmlTemplate", "html": "<h1>{{ $json.name }}</h1><p>{{ $json.id }}</p>"}
    rows = [{"key": f"k{at}", "cssSelector": css, **more} for at, (css, more) in enumerate(chance.sample([
        ("p", {}), ("p", {"returnArray": True}), ("a", {"returnValue": "attribute", "attribute": "href"}),
        (".x", {"returnValue": "html"}), ("div", {"returnValue": "html"}), ("#none", {}), ("b", {"returnValue": "text"}),
    ], chance.randint(1, 3)))]  # fmt: skip
    options = {key: chance.random() < 0.5 for key in ("trimValues", "cleanUpText") if chance.random() < 0.5}
    return {
        "operation": "extractHtmlContent",
        "dataPropertyName": "page",
        "extractionValues": {"values": rows},
        "options": options,
    }


def _markdown(chance: random.Random) -> Params:
    if chance.random() < 0.5:
        text = chance.choice(
            [
                "# Hi {{ $json.name }}",
                "*a* **b** `c`",
                "- one\n- two\n",
                "1. one\n2. two",
                "[l](http://x.org)",
                "a\n\nb",
            ]
        )
        return {"mode": "markdownToHtml", "markdown": f"={text}", "options": {}}
    html = chance.choice(["<h1>Hi</h1><p>a <b>b</b></p>", "<ul><li>one</li><li>two</li></ul>", "<a href='http://x.org'>l</a>", "<p>a</p><p>b</p>",
                          "<code>c</code>", "<em>{{ $json.name }}</em>"])  # fmt: skip
    return {"mode": "htmlToMarkdown", "html": f"={html}", "options": {}}


def _code(chance: random.Random) -> Params:
    return chance.choice([
        {"jsCode": "return items.map(i => ({json: {twice: i.json.n * 2}}))"},
        {"jsCode": "return $input.all().filter(i => i.json.id > 2)"},
        {"mode": "runOnceForEachItem", "jsCode": "return {json: {...$json, at: $itemIndex}}"},
        {"jsCode": "const found = {}; for (const one of $input.all()) found[one.json.name] = (found[one.json.name] || 0) + 1; return [{json: found}]"},
        {"jsCode": "return {json: {first: $input.first().json.name, last: $input.last().json.name}}"},
        {"jsCode": "return items.flatMap(i => (i.json.tags ?? []).map(tag => ({json: {tag, id: i.json.id}})))"},
        {"mode": "runOnceForEachItem", "jsCode": "return {day: new Date(Date.UTC(2026, 0, $json.id)).toISOString(), j: JSON.stringify($json.deep ?? null)}"},
        {"jsCode": "throw new Error('no ' + items.length)"},
    ])  # fmt: skip


def _rename(chance: random.Random) -> Params:
    rows = chance.sample(
        [("id", "number"), ("name", "who"), ("deep", "shallow"), ("none", "some"), ("n", "id")], chance.randint(1, 2)
    )
    return {"keys": {"key": [{"currentKey": old, "newKey": new} for old, new in rows]}, "additionalOptions": {}}


_MAKERS: dict[str, tuple[float, Callable[[random.Random], Params], int]] = {
    "set": (3.4, _set, 1), "if": (2.2, _if, 1), "filter": (2.2, _if, 1), "switch": (3.2, _switch, 1), "merge": (3.2, _merge, 2),
    "sort": (1, _sort, 1), "limit": (1, _limit, 1), "aggregate": (1, _aggregate, 1), "splitOut": (1, _split_out, 1),
    "summarize": (1.1, _summarize, 1), "removeDuplicates": (1.1, _unique, 1), "compareDatasets": (2.3, _compare, 2),
    "dateTime": (2, _date, 1), "html": (1.2, _html, 1), "markdown": (1, _markdown, 1), "code": (2, _code, 1),
    "renameKeys": (1, _rename, 1),
}  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(list(cases())))
