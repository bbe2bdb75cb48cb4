"""What code that was written for n8n finds around it: its items, and those of other nodes, by n8n's names."""

from __future__ import annotations

PRELUDE = """
const __wrap = list => list.map((json, item) => ({json, pairedItem: {item}}));
const __at = {index: 0};
const __node = (list, name) => { const items = __wrap(list); return {
  all: () => items, first: () => items[0], last: () => items[items.length - 1], itemMatching: at => items[at],
  pairedItem: () => items[Math.min(__at.index, items.length - 1)],
  get item() { return items[Math.min(__at.index, items.length - 1)] },
  get json() { return (items[Math.min(__at.index, items.length - 1)] || {}).json },
  isExecuted: true, context: {}, params: {} } };
const __nodes = {};
const $ = name => {
  if (!(name in __data.nodes)) throw new Error(`Referenced node doesn't exist: ${name}`);
  return __nodes[name] ??= __node(__data.nodes[name], name) };
const $node = new Proxy({}, {get: (_, name) => $(name)});
let items = __wrap(__data.items);
const $items = name => name === undefined ? items : $(name).all();
const $input = {all: () => items, first: () => items[0], last: () => items[items.length - 1],
  get item() { return items[__at.index] }, context: {}, params: {}};
const $item = at => ({$json: items[at].json, $node});
const $workflow = {id: __data.workflow, name: __data.workflow, active: false};
const $execution = {id: __data.run, mode: 'manual'};
const $vars = {}, $env = {}, $runIndex = 0, $prevNode = {}, $parameter = {};
const __kept = {};
const $getWorkflowStaticData = () => __kept, getWorkflowStaticData = $getWorkflowStaticData;
const __json = one => one && typeof one === 'object' && 'json' in one && typeof one.json === 'object'
  && !Array.isArray(one.json) ? one.json : one;
const __object = one => { one = __json(one);
  if (one === null || typeof one !== 'object' || Array.isArray(one))
    throw new Error("the code gives something that is no item: return objects, or a list of them");
  return one };
const __list = given =>
  (given === undefined || given === null ? [] : Array.isArray(given) ? given : [given]).map(__object);
"""


def body(code: str, mode: str, style: str) -> str:
    """An expression that runs the code as its node did, and gives a promise of the list of its objects."""
    if mode == "all":
        return (
            "(async () => { let item = items[0]; const $json = item && item.json, $itemIndex = 0;"
            f" return __list(await (async () => {{\n{code}\n}})()) }})()"
        )
    whole, plain = "item = items[at], $json = item.json", "item = items[at].json, $json = item"
    names = plain if style == "functionItem" else whole
    return (
        "(async () => { const out = []; for (let at = 0; at < items.length; at++) { __at.index = at;"
        f" let {names}; const $itemIndex = at, $position = at; const given = await (async () => {{\n{code}\n}})();"
        " const one = given === undefined ? item : Array.isArray(given) ? given[0] : given;"
        " if (one !== null && one !== undefined) out.push(__object(one)) } return out })()"
    )
