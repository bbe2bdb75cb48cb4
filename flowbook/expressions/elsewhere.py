"""What other languages and tools write in an expression, and what this language does in its place: for hints only."""

from __future__ import annotations

import re

from flowbook.expressions.registry import CALLS

_TEXTS = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", re.DOTALL)
_HYPHENED = re.compile(r"(?<![\w\])])(?P<before>[A-Za-z_][\w.\[\]\"']*)\.(?P<key>[A-Za-z_]\w*(?:-[A-Za-z_]\w*)+)")
_NODE = re.compile(r"nodes\.([A-Za-z_]\w*(?:-\w+)+)")
_INCOMING = "Write nodes.<id>.data for what a node before gave."

# Signs that this language has not, in the order in which they are looked for.
_SIGNS = (
    (r"\$\s*input\b|\$json\b|\$node\b|\$\(", _INCOMING),
    (r"\$item\b", "The item of a node with for_each is item."),
    (r"\$env\b|\$vars\b", "Declare an input for it and write inputs.<name>."),
    (r"`", 'Write the text with ${{ }} in it, or add texts with +: "hello " + inputs.name.'),
    (r"\$", "Names are written without $: inputs.<name>, nodes.<id>.data."),
    (r"&&", "Write 'and' for &&."),
    (r"\|\|", "Write 'or' for ||."),
    (r"(?<!!)===", "Write == to compare."),
    (r"!==", "Write != to compare."),
    (r"<>", "Write != to compare."),
    (r"\?\?", "Write default(value, fallback) for ??."),
    (r"\?\.", "Write default(value, fallback) for a key that may be missing."),
    (r"=>", "Functions cannot be defined here: write [… for x in …]."),
    (r"\+\+", "Write + 1."),
    (r"\+=|-=|\*=|/=|:=", "Nothing is assigned here: write the value alone."),
    (r"\[\*\]|\.\*", "Write [x.name for x in …] to take one key of each."),
    (r"\bnew\s+Date\b", "Write now(), today() or parse_date(text)."),
    (r"\btypeof\b", "Write type(value)."),
    (r"!(?!=)", "Write 'not x' for !x."),
    (r"(?s)\?.*:", "Write 'a if test else b' for test ? a : b."),
    (r"^[^(]*(?<![=<>!])=(?!=)", "Write == to compare."),
    (r"^\s*(?:import|from)\b", "Nothing can be imported here: use a core.python node."),
    (r"@|#", "Names are letters, digits and _: inputs.<name>, nodes.<id>.data."),
)

_NAMES = {
    **dict.fromkeys(("undefined", "nil", "NULL", "Null", "none", "nothing"), "Write null."),
    **dict.fromkeys(("TRUE", "yes", "on"), "Write true."),
    **dict.fromkeys(("FALSE", "no", "off"), "Write false."),
    **dict.fromkeys(("NaN", "nan", "Infinity", "inf"), "There is no such number here; null stands for none."),
    **dict.fromkeys(("json", "data", "body", "steps", "needs", "tasks", "jobs", "ti", "output", "outputs"), _INCOMING),
    **dict.fromkeys(("headers", "response", "status_code", "payload", "value", "this", "self"), _INCOMING),
    **dict.fromkeys(("env", "os", "process", "vars", "var", "args", "params"), "Declare an input: inputs.<name>."),
    **dict.fromkeys(
        ("secrets", "secret", "credentials", "password", "token"),
        "Secrets belong to an integration: its tasks get them by themselves.",
    ),
    **dict.fromkeys(("row", "each", "it", "element"), "In a node with for_each write item."),
    **dict.fromkeys(("loop", "idx"), "In a node with for_each write item and index."),
    **dict.fromkeys(("ds", "execution_date", "date_today"), "Write today() or now()."),
    **dict.fromkeys(("workflow", "execution", "run_id"), "Write run.id or run.workflow."),
    **dict.fromkeys(("length", "size", "count"), "Write len(value)."),
}

_OTHERS = {
    **dict.fromkeys(("toUpperCase", "toupper", "uppercase", "upcase"), "upper"),
    **dict.fromkeys(("toLowerCase", "tolower", "lowercase", "downcase"), "lower"),
    **dict.fromkeys(("trim", "lstrip", "rstrip", "trimStart", "trimEnd"), "strip"),
    **dict.fromkeys(("length", "size", "count", "__len__"), "len"),
    **dict.fromkeys(("replaceAll", "gsub"), "replace"),
    **dict.fromkeys(("sub", "regex_replace"), "match_replace"),
    **dict.fromkeys(("test", "fullmatch", "regex"), "matches"),
    **dict.fromkeys(("search", "findall", "matchAll"), "match_all"),
    **dict.fromkeys(("startsWith", "starts_with"), "startswith"),
    **dict.fromkeys(("endsWith", "ends_with"), "endswith"),
    **dict.fromkeys(("stringify", "dumps", "toJSON", "to_json", "tojson", "toJson"), "json"),
    **dict.fromkeys(("loads", "parse", "fromjson", "from_json", "fromJSON"), "parse_json"),
    **dict.fromkeys(("parseInt", "integer", "toInt"), "int"),
    **dict.fromkeys(("parseFloat", "toFloat", "decimal"), "float"),
    **dict.fromkeys(("Number", "toNumber"), "number"),
    **dict.fromkeys(("String", "toString", "string", "text"), "str"),
    **dict.fromkeys(("Boolean", "toBoolean"), "bool"),
    **dict.fromkeys(("isEmpty", "is_empty", "isempty"), "empty"),
    **dict.fromkeys(("exists", "get", "coalesce", "ifempty", "ifnull", "isset", "defined", "getattr"), "default"),
    **dict.fromkeys(("concat", "assign", "update"), "merge"),
    **dict.fromkeys(("sort", "toSorted", "order_by"), "sorted"),
    **dict.fromkeys(("reverse", "toReversed"), "reversed"),
    **dict.fromkeys(("indexOf", "index", "index_of"), "find"),
    **dict.fromkeys(("flat",), "flatten"),
    **dict.fromkeys(("set", "uniq", "distinct"), "unique"),
    **dict.fromkeys(("toFixed",), "fixed"),
    **dict.fromkeys(("padStart", "padEnd", "zfill", "rjust", "ljust"), "pad"),
    **dict.fromkeys(("strftime", "format", "toISOString", "isoformat", "formatDate"), "format_date"),
    **dict.fromkeys(("strptime", "fromisoformat", "parseDate", "to_datetime"), "parse_date"),
    **dict.fromkeys(("getTime", "unix", "epoch"), "timestamp"),
    **dict.fromkeys(("encodeURIComponent", "urlencode", "quote", "encodeURI"), "url_quote"),
    **dict.fromkeys(("decodeURIComponent", "unquote", "decodeURI"), "url_unquote"),
    **dict.fromkeys(("btoa", "b64encode", "base64_encode", "atob", "b64decode"), "base64"),
    **dict.fromkeys(("datetime", "timedelta", "plus", "minus", "Date"), "date"),
    **dict.fromkeys(("typeof", "isinstance"), "type"),
}

_CALLED = {
    **dict.fromkeys(("map", "filter", "forEach", "reduce"), "Write [x.name for x in list if x.ok]."),
    "items": "Write [[key, mapping[key]] for key in keys(mapping)].",
    **dict.fromkeys(("includes", "contains", "has", "hasOwnProperty", "has_key"), "Write 'part in whole'."),
    **dict.fromkeys(("slice", "substring", "substr"), "Write text[1:3]."),
    **dict.fromkeys(("print", "log"), "What a node gives is shown by itself; a core.python node can print."),
    **dict.fromkeys(("input", "prompt"), "Declare an input: inputs.<name>."),
    **dict.fromkeys(("getenv", "env", "secret"), "Declare an input, or keep a secret in an integration."),
    "if": "Write 'a if test else b'.",
    **dict.fromkeys(("IF", "iif", "ifelse"), "Write 'a if test else b'."),
    "all": "Write not [x for x in list if not x.ok].",
    "any": "Write bool([x for x in list if x.ok]).",
    **dict.fromkeys(("dict", "object"), "Write {…}, or {x.id: x for x in list}."),
    **dict.fromkeys(("list", "tuple"), "Write [x for x in value]."),
    **dict.fromkeys(("ceil", "floor", "trunc"), "Write value // 1, or -(-value // 1) to round up."),
}

_LENGTHS = ("length", "size", "count", "Length", "Count")
_RESULTS = ("output", "outputs", "json", "result", "results", "value", "body", "response", "context", "item")


def hint_for_text(text: str) -> str:
    """How to write what an expression that cannot be read seems to mean; empty for no idea."""
    bare = _TEXTS.sub("''", text)
    for sign, hint in _SIGNS:
        if re.search(sign, bare):
            return hint
    return hyphen_hint(text)


def hint_for_name(name: str, path: str) -> str:
    """What to write for a name that there is not, which begins ``path``; empty for no idea."""
    if hyphen := hyphen_hint(path):
        there = f"nodes.<id>.data.{name}" if _NAMES.get(name) == _INCOMING else name
        return hyphen.replace(f": {name}", f": {there}", 1)
    if name in _NAMES:
        return _NAMES[name]
    if re.match(rf"{re.escape(name)}\.(?:data|message|success)\b", path):
        return f"If it is a node, write nodes.{path[:40]}."
    return ""


def hint_for_call(name: str) -> str:
    """What to write for a method or function ``name`` that the language has not; empty for no idea."""
    name = name if name in CALLS else _OTHERS.get(name, name)
    return f"Write {CALLS[name].doc.signature}." if name in CALLS else _CALLED.get(name, "")


def hint_for_key(key: object, path: str) -> str:
    """What to write for a key that is not there, or of something that has no keys; empty for no idea."""
    return f"Write len({path})." if key in _LENGTHS else ""


def hint_for_node_field(id: str, field: object) -> str:
    """What to write for ``nodes.<id>.<field>``, where a node has no such field."""
    if not isinstance(field, str):
        return f"Write nodes.{id}.data[{field!r}]."
    return f"Write nodes.{id}.data." if field in _RESULTS else f"Did you mean nodes.{id}.data.{field}?"


def hint_for_node_id(text: str) -> str:
    """What to write for a node that ``text`` names with a ``-``; empty when it does not."""
    found = _NODE.search(text[:500])
    return f"A node's id holds no -: is it nodes.{found[1].replace('-', '_')}?" if found else ""


def hyphen_hint(text: str) -> str:
    """How to write the first key in ``text`` that holds ``-``; empty when there is none."""
    found = _HYPHENED.search(text[:500])
    return f'A key that holds - is written in brackets: {found["before"]}["{found["key"]}"].' if found else ""
