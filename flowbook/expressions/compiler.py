"""From syntax tree to closures: an allow-list of constructs, each compiled to one function of the evaluation."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flowbook.errors import ExpressionError, ExpressionLimitError, ExpressionSyntaxError
from flowbook.expressions.elsewhere import hint_for_call
from flowbook.expressions.evaluation import Code, Evaluation, Loop, as_key, constantly, rounds
from flowbook.expressions.functions import CALLS, Function
from flowbook.expressions.limits import MAX_BITS, MAX_DEPTH
from flowbook.expressions.lookup import Missing, taken
from flowbook.expressions.operators import BINARY, COMPARE, UNARY
from flowbook.expressions.references import JSON_WORDS, References
from flowbook.expressions.syntax import Source, key_name, shortened
from flowbook.expressions.values import describe, is_list
from flowbook.expressions.views import SCALARS, plain
from flowbook.slips import suggest

_REFUSED: dict[str, tuple[str, str]] = {
    "Lambda": ("functions cannot be defined here.", "Use a comprehension, or a core.python node."),
    "NamedExpr": ("':=' is not part of the language.", "Use a core.set node to name a value."),
    "JoinedStr": ("f-strings are not part of the language.", "Write the text with ${{ }} in it, or add texts with +."),
    "Starred": ("'*' before a value is not part of the language.", "Add lists with +, or use flatten([…])."),
    "Await": ("'await' is not part of the language.", ""),
    "Yield": ("'yield' is not part of the language.", ""),
    "YieldFrom": ("'yield' is not part of the language.", ""),
    "Set": ("sets are not part of the language.", "Write a list in [ ], with unique(…) if need be."),
    "SetComp": ("sets are not part of the language.", "Write unique([… for …])."),
}


class Compiler(References):
    """Compiles one expression and notes what it refers to on the way."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self._numbered = 0
        self._depth = 0

    def compile(self, node: ast.expr) -> Code:
        """The closure of a node, or ExpressionSyntaxError if the node is not part of the language."""
        name = type(node).__name__
        method = getattr(self, f"_compile_{name.lower()}", None)
        if method is None:
            what, hint = _REFUSED.get(name, ("this is not part of the language.", ""))
            raise self.error(node, what, hint)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self.too_deep()
        try:
            return method(node)  # type: ignore[no-any-return]
        finally:
            self._depth -= 1

    # -- names and paths -------------------------------------------------------------------------------------

    def _compile_name(self, node: ast.Name) -> Code:
        if node.id in self.locals:
            number = self.locals[node.id]

            def variable(env: Evaluation) -> Any:
                env.spend()
                return env.variables[number]

            return variable
        if node.id in JSON_WORDS:
            return constantly(JSON_WORDS[node.id])
        return self._compile_path(node)

    def _compile_path(self, node: ast.expr) -> Code:
        found = self.reference(node)
        if found is None:
            return self._compile_step(node)
        cost = 1 + len(found.steps)

        def referred(env: Evaluation) -> Any:
            env.spend(cost)
            return plain(found.fetch(env.scope, env))

        return referred

    _compile_attribute = _compile_path
    _compile_subscript = _compile_path

    def _compile_step(self, node: ast.expr) -> Code:
        assert isinstance(node, (ast.Attribute, ast.Subscript))
        if isinstance(node.value, ast.Name) and node.value.id == "nodes" and "nodes" not in self.locals:
            raise self.error(
                node,
                "a node must be named outright",
                "Write nodes.<id>.data, so that Flowbook sees what it depends on.",
            )
        value = self.compile(node.value)
        path = shortened(self.source.of(node.value), 60)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            return self._slice_of(value, node.slice, path)
        key = constantly(key_name(node.attr)) if isinstance(node, ast.Attribute) else self.compile(node.slice)

        def step(env: Evaluation) -> Any:
            env.spend(2)
            return plain(taken(value(env), key(env), path, env))

        return step

    def _slice_of(self, value: Code, part: ast.Slice, path: str) -> Code:
        ends = [self.compile(end) if end else constantly(None) for end in (part.lower, part.upper, part.step)]

        def sliced(env: Evaluation) -> Any:
            given = value(env)
            bounds = [end(env) for end in ends]
            if not all(bound is None or isinstance(bound, int) for bound in bounds) or bounds[2] == 0:
                raise ExpressionError(f"the slice of {path} needs whole numbers, and a step that is not 0.")
            chosen = slice(*bounds)
            if isinstance(given, str):
                env.text(len(range(len(given))[chosen]), ascii_only=given.isascii())
            elif type(given) is list:
                env.items(len(range(len(given))[chosen]))
            elif is_list(given):
                given.pay_slice(len(range(len(given))[chosen]), env)
            else:
                raise ExpressionError(f"{path} is {describe(given)}, which cannot be sliced.")
            return given[chosen]

        return sliced

    # -- values and operators --------------------------------------------------------------------------------

    def _compile_constant(self, node: ast.Constant) -> Code:
        if type(node.value) not in SCALARS:
            raise self.error(node, f"a {type(node.value).__name__} is not part of the language")
        if isinstance(node.value, int) and node.value.bit_length() > MAX_BITS:
            what = f"a number has at most {MAX_BITS:,} bits"
            raise ExpressionLimitError(self.error(node, what).message, self.source.text)
        if isinstance(node.value, float) and math.isinf(node.value):
            raise self.error(node, "the number is too large")
        return constantly(node.value)

    def _compile_list(self, node: ast.List | ast.Tuple) -> Code:
        items = [self.compile(item) for item in node.elts]

        def listed(env: Evaluation) -> Any:
            env.items(len(items))
            return [item(env) for item in items]

        return listed

    _compile_tuple = _compile_list

    def _compile_dict(self, node: ast.Dict) -> Code:
        pairs = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                raise self.error(value, "'**' is not part of the language", "Merge mappings with |.")
            pairs.append((self.compile(key), self.compile(value)))

        def mapped(env: Evaluation) -> Any:
            env.spend(1 + len(pairs))
            env.hold(64 + 100 * len(pairs))
            return {as_key(key(env), env): value(env) for key, value in pairs}

        return mapped

    def _compile_unaryop(self, node: ast.UnaryOp) -> Code:
        operand, apply = self.compile(node.operand), UNARY[type(node.op)]

        def unary(env: Evaluation) -> Any:
            env.spend()
            return apply(operand(env), env)

        return unary

    def _compile_binop(self, node: ast.BinOp) -> Code:
        apply = BINARY.get(type(node.op))
        if apply is None:
            raise self.error(node, "this operator is not part of the language")
        left, right = self.compile(node.left), self.compile(node.right)

        def binary(env: Evaluation) -> Any:
            env.spend()
            return apply(left(env), right(env), env)

        return binary

    def _compile_compare(self, node: ast.Compare) -> Code:
        first = self.compile(node.left)
        links = [(COMPARE[type(op)], self.compile(right)) for op, right in zip(node.ops, node.comparators, strict=True)]

        def compared(env: Evaluation) -> bool:
            left = first(env)
            for compare, other in links:
                env.spend()
                right = other(env)
                if not compare(left, right, env):
                    return False
                left = right
            return True

        return compared

    def _compile_boolop(self, node: ast.BoolOp) -> Code:
        parts = [self.compile(part) for part in node.values]
        stops_at = isinstance(node.op, ast.Or)

        def decided(env: Evaluation) -> Any:
            value = None
            for part in parts:
                env.spend()
                value = part(env)
                if bool(value) is stops_at:
                    break
            return value

        return decided

    def _compile_ifexp(self, node: ast.IfExp) -> Code:
        test, yes, no = self.compile(node.test), self.compile(node.body), self.compile(node.orelse)

        def chosen(env: Evaluation) -> Any:
            env.spend()
            return yes(env) if test(env) else no(env)

        return chosen

    # -- comprehensions --------------------------------------------------------------------------------------

    def _compile_listcomp(self, node: ast.ListComp | ast.GeneratorExp) -> Code:
        with self._loops(node.generators) as loops:
            element = self.compile(node.elt)

        def gathered(env: Evaluation) -> list[Any]:
            found: list[Any] = []
            for _ in rounds(loops, 0, env):
                env.hold(8)
                found.append(element(env))
            return found

        return gathered

    _compile_generatorexp = _compile_listcomp

    def _compile_dictcomp(self, node: ast.DictComp) -> Code:
        with self._loops(node.generators) as loops:
            key, value = self.compile(node.key), self.compile(node.value)

        def gathered(env: Evaluation) -> dict[Any, Any]:
            found: dict[Any, Any] = {}
            for _ in rounds(loops, 0, env):
                env.hold(100)
                found[as_key(key(env), env)] = value(env)
            return found

        return gathered

    @contextmanager
    def _loops(self, generators: list[ast.comprehension]) -> Iterator[list[Loop]]:
        outside = self.locals
        loops = []
        for generator in generators:
            if generator.is_async:
                raise self.error(generator.iter, "'async' is not part of the language")
            source = self.compile(generator.iter)
            self.locals = dict(self.locals)
            numbers, unpacks = self._targets(generator.target)
            tests = [self.compile(test) for test in generator.ifs]
            loops.append(Loop(source, numbers, unpacks, tests))
        try:
            yield loops
        finally:
            self.locals = outside

    def _targets(self, target: ast.expr) -> tuple[list[int], bool]:
        unpacks = isinstance(target, (ast.Tuple, ast.List))
        numbers = []
        for name in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
            if not isinstance(name, ast.Name):
                raise self.error(target, "the variable of a comprehension must be a name")
            if name.id in ("nodes", "inputs"):
                raise self.error(
                    target, f"'{name.id}' cannot be the variable of a comprehension", "Choose another name."
                )
            self._numbered += 1
            self.locals[name.id] = self._numbered
            numbers.append(self._numbered)
        return numbers, unpacks

    # -- calls -----------------------------------------------------------------------------------------------

    def _compile_call(self, node: ast.Call) -> Code:
        if isinstance(node.func, ast.Attribute):
            name = node.func.attr
            hint = hint_for_call(name) or "Use one of the language's functions."
            raise self.error(node, f"values have no methods, so .{shortened(name, 40)}() cannot be called", hint)
        if not isinstance(node.func, ast.Name):
            raise self.error(node, "only the language's own functions can be called")
        function = CALLS.get(node.func.id)
        if function is None:
            hint = hint_for_call(node.func.id) or suggest(node.func.id, CALLS, "function")
            raise self.error(node, f"there is no function {shortened(node.func.id, 40)}()", hint)
        arguments = _arguments(node, function, self.error)
        if node.func.id == "default":
            return self._compile_default(*arguments.values())
        values = [(name, self.compile(value)) for name, value in arguments.items()]
        call, positional = function.call, [code for name, code in values if name.isdecimal()]
        named = [(name, code) for name, code in values if not name.isdecimal()]

        def called(env: Evaluation) -> Any:
            env.spend(2)
            if not named:
                return call(env, *[code(env) for code in positional])
            return call(env, *[code(env) for code in positional], **{name: code(env) for name, code in named})

        return called

    def _compile_default(self, value: ast.expr, fallback: ast.expr) -> Code:
        self.in_default += 1
        try:
            wanted = self.compile(value)
        finally:
            self.in_default -= 1
        otherwise = self.compile(fallback)

        def defaulted(env: Evaluation) -> Any:
            env.spend(5)
            try:
                return wanted(env)
            except Missing:
                return otherwise(env)

        return defaulted


def _arguments(node: ast.Call, function: Function, fault: Callable[..., ExpressionSyntaxError]) -> dict[str, ast.expr]:
    """The arguments by their position ("0", "1", …) or name, once they are known to fit."""
    doc = function.doc
    given: dict[str, ast.expr] = {str(place): value for place, value in enumerate(node.args)}
    taken = set(function.parameters[: len(node.args)])
    for argument in node.keywords:
        if argument.arg is None:
            raise fault(node, "'**' is not part of the language")
        if function.variadic or argument.arg not in function.parameters:
            known = () if function.variadic else function.parameters
            what = f"{doc.name}() has no argument named '{argument.arg}'"
            raise fault(node, what, suggest(argument.arg, known, "argument"))
        if argument.arg in taken:
            raise fault(node, f"{doc.name}() is given '{argument.arg}' twice")
        taken.add(argument.arg)
        given[argument.arg] = argument.value
    too_many = len(node.args) > len(function.parameters) and not function.variadic
    if too_many or not taken.issuperset(function.parameters[: function.required]):
        raise fault(
            node, f"{doc.name}() is given {len(given)} argument{'s' * (len(given) != 1)}", f"Write {doc.signature}."
        )
    if doc.name == "default":
        places = dict(zip(("0", "1"), function.parameters, strict=True))
        return {name: given.get(place, given.get(name)) for place, name in places.items()}  # type: ignore[misc]
    return given
