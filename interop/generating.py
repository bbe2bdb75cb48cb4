"""Workflows made up by chance: every field, odd names and texts, code of many shapes. The same number, the same one."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from flowbook.models import Workflow

IDS = (
    "load",
    "fetch",
    "sums",
    "tell",
    "class",
    "import",
    "flow",
    "nodes",
    "inputs",
    "item",
    "index",
    "run",
    "join",
    "len",
    "first",
    "json",
    "date",
    "print",
    "core",
    "files",
    "x",
    "a_b",
    "n1",
    "workflow",
    "integration",
    "default",
    "self",
    "true",
    "none",
    "lambda",
    "result",
    "items",
    "keys",
    "get",
    "range",
    "str",
)
INPUTS = ("repo", "minimum", "limit", "flag", "options", "secret", "load", "len", "class", "path", "kind")
TEXTS = (
    "",
    "plain",
    "two words",
    'with "double" quotes',
    "it's",
    "both ' and \"",
    'ends with "',
    "a\nb",
    "a\nb\nc\n",
    "\n\nx\n",
    "tab\there",
    "back\\slash",
    "\\n",
    "{braces}",
    "{{ twice }}",
    "$${{ literal }}",
    "100 %",
    "ünïcödé ✓",
    "\u200bzero",
    '"""',
    "'''",
    "# no comment",
    "trailing space ",
    "\r\n",
    "\x00",
    "é" * 40,
    "x" * 150,
    "f'{x}'",
    "$",
    "${{ 'a' }}",
)
CODES = (
    "1",
    "x = 1\nx\n",
    "x = 1\nx",
    "print('hi')\n",
    "import math\n\nmath.pi\n",
    "import json\njson.dumps([1])\n",
    "from math import pi, floor\n\nfloor(pi)\n",
    "# only a comment\n",
    "",
    "\n1\n",
    "1\n\n\n",
    "def f(a):\n    return a\n\nf(1)\n",
    'text = """a\n  b\n"""\ntext\n',
    "x = (1,\n     2)\nx\n",
    "(1 +\n 2)\n",
    "if True:\n\ty = 1\ny\n",
    "for i in range(3):\n    pass\n",
    "x = 1; x\n",
    "'a doc'\n1\n",
    "return 1\n",
    "not python (\n",
    "global z\nz = 1\n",
    "{'a': 1}\n",
    "a, b = 1, 2\na, b\n",
    "x = '$${{ kept }}'\nx\n",
    "x = ${{ inputs.limit }}\nx\n",
    "1  # trailing\n",
    "1\n# after\n",
    "    x = 1\n    x\n",
    "try:\n    x = 1\nfinally:\n    pass\nx\n",
    "lambda: 0\n",
    "[i for i in range(3)]\n",
    "class A:\n    b = 1\n\nA.b\n",
    'f"""\n{1}\n"""\n',
    "x = 'a\\\nb'\nx\n",
    "None\n",
    "pass\n",
    "await_ = 1\nawait_\n",
    "x: int = 1\nx\n",
    "1 if True else 2\n",
    "import os.path as p\n\np.join('a', 'b')\n",
    "import load\n\nload\n",
    "# first\nx = 1\n\n# last\nx\n",
    "\ufeff1\n",
    "1\r\n",
)


def workflow(number: int) -> Workflow:
    """The workflow of a number."""
    chance = random.Random(number)
    flow = Workflow(f"made-{number}", description=_text(chance) if chance.random() < 0.5 else "")
    _inputs(flow, chance)
    ids = chance.sample(IDS, chance.randint(1, 8))
    for place, id in enumerate(ids):
        flow.add(id, **_node(flow, ids[:place], chance))
        if chance.random() < 0.5:
            flow.move(id, chance.randint(-900, 900), round(chance.uniform(0, 900), 2))
    connect(flow, chance)
    if chance.random() < 0.3:
        flow.set_note("note", _text(chance), (chance.randint(0, 9), 1))
    order = list(flow.nodes)
    if chance.random() < 0.3:
        chance.shuffle(order)
    edges = [(edge.source, edge.target, edge.on) for edge in flow.edges]
    if chance.random() < 0.3:
        chance.shuffle(edges)
    flow.replace(flow.clone(), order, edges)
    return flow


def _inputs(flow: Workflow, chance: random.Random) -> None:
    kinds: tuple[dict[str, Any], ...] = (
        {"type": "string", "default": _text(chance)},
        {"type": "integer", "default": chance.randint(-5, 5)},
        {"type": "number", "required": True},
        {"type": "boolean", "default": True},
        {"type": "password"},
        {"type": "json", "default": {"a": [1, None, 2.5, "b"]}},
        {"type": "select", "choices": ["a", "b"]},
    )
    for name in chance.sample(INPUTS, chance.randint(0, 4)):
        flow.set_input(name, description=_text(chance) if chance.random() < 0.3 else "", **chance.choice(kinds))


def _node(flow: Workflow, before: list[str], chance: random.Random) -> dict[str, Any]:
    expression = _expressions(flow, before, chance)
    node: dict[str, Any] = chance.choice((_set, _code, _call, _call, _bare))(expression, chance)
    options: dict[str, Callable[[], Any]] = {
        "label": lambda: _text(chance),
        "notes": lambda: _text(chance),
        "when": expression,
        "retry": lambda: {
            "attempts": chance.randint(1, 5),
            **({"wait": 0.5, "until": "result.success"} if chance.random() < 0.5 else {}),
        },
        "timeout": lambda: chance.choice((5, 0.5)),
        "on_error": lambda: "continue",
        "join": lambda: chance.choice(("all", "any")),
        "disabled": lambda: True,
        "pinned": lambda: _value(expression, chance, 2),
        "isolate": lambda: True,
    }
    for name, give in options.items():
        if chance.random() < 0.15:
            node[name] = give()
    if chance.random() < 0.2:
        node["for_each"] = chance.choice((expression(), [1, "a", None]))
        node["max_parallel"] = 2
    return node


def _set(expression: Callable[[], str], chance: random.Random) -> dict[str, Any]:
    return {"task": "core.set", "params": {"values": _value(expression, chance, 3)}}


def _call(expression: Callable[[], str], chance: random.Random) -> dict[str, Any]:
    folder, integration = chance.choice(
        (
            ("slack", "My Slack"),
            ("slack", None),
            ("s3", "flow"),
            ("http", None),
            ("github", "My GitHub"),
            ("x", "Ünicode 1"),
        )
    )
    names = chance.sample(("text", "channel", "odd-name", "class", "a b", "path", "self"), chance.randint(0, 3))
    params = {name: _value(expression, chance, 2) for name in names}
    return {
        "task": f"{folder}.{chance.choice(('send', 'get', 'import_all'))}",
        "integration": integration,
        "params": params,
    }


def _bare(expression: Callable[[], str], chance: random.Random) -> dict[str, Any]:
    return {"task": chance.choice(("core.noop", "files.glob"))}


def _code(expression: Callable[[], str], chance: random.Random) -> dict[str, Any]:
    code = chance.choice(CODES)
    if chance.random() < 0.3 and (found := [word for word in expression().split() if word.startswith("nodes.")]):
        name = found[0].split(".")[1]
        code = f"{name} = nodes.{name}.data\n{code}"
    params: dict[str, Any] = {"code": code}
    if chance.random() < 0.2:
        params["item"] = chance.choice(("${{ item }}", "${{ index }}", 5))
    return {"task": "core.python", "params": params}


def _value(expression: Callable[[], str], chance: random.Random, depth: int) -> Any:
    kind = chance.randint(0, 8 if depth else 6)
    if kind < 2:
        return f"${{{{ {expression()} }}}}"
    if kind == 2:
        return f"{_text(chance)}${{{{ {expression()} }}}}{_text(chance)}"
    if kind == 3:
        return f"${{{{{expression()}}}}}"
    if kind < 6:
        return _text(chance)
    if kind == 6:
        return chance.choice((0, 1.5, -3, True, False, None, 1e300, 10**30, -0.0))
    if kind == 7:
        return [_value(expression, chance, depth - 1) for _ in range(chance.randint(0, 3))]
    return {_text(chance): _value(expression, chance, depth - 1) for _ in range(chance.randint(0, 3))}


def _expressions(flow: Workflow, before: list[str], chance: random.Random) -> Callable[[], str]:
    """What gives expressions that use the inputs and the nodes before."""

    def expression() -> str:
        inputs = [f"inputs.{name}" for name in flow.inputs] or ["1"]
        nodes = [f"nodes.{id}.data" for id in before] or ["[1]"]
        one, other = chance.choice(nodes), chance.choice(inputs)
        return chance.choice(
            (
                one,
                other,
                f"len({one})",
                f"{one}.name",
                f'{one}["a b"]',
                f"{one}[0].x",
                f'join({one}, ", ")',
                f"{one} == 'it'",
                f'default({one}, "")',
                f"[x for x in {one} if x.ok]",
                f"[load for load in {one}]",
                "item",
                "index",
                "item.from",
                f"{other} or null",
                f"not {one}",
                f"{one}\n  or {other}",
                "'text'",
                "[1, 2]",
                '{"a": 1}',
                "true",
                f'str({other}) + "q"',
                f"'{{' + str({other})",
                one.replace(".data", ".message"),
                "run.id",
                f"{one} and {other}",
                "1",
                "-1",
                "(1)",
            )
        )

    return expression


def connect(flow: Workflow, chance: random.Random) -> None:
    """Edges between the nodes, each from an earlier one."""
    ids = list(flow.nodes)
    for place, target in enumerate(ids):
        for source in chance.sample(ids[:place], min(place, chance.randint(0, 3))):
            on = chance.choice(("success", "success", "success", "failure", "always"))
            when = chance.choice(
                (None, None, None, "len(inputs) > 0", "true", True, f"nodes.{source}.success", 'x == "a"')
            )
            flow.connect(source, target, on, when)


def _text(chance: random.Random) -> str:
    return chance.choice(TEXTS) if chance.random() < 0.8 else chance.choice(TEXTS) + chance.choice(TEXTS)
