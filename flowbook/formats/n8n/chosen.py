"""The lists that a condition parts: expressions in our language, made of other expressions."""

from __future__ import annotations

import re

_STRING = re.compile(r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")


def replaced(expression: str, name: str, new: str) -> str:
    """An expression with another text in place of a name, where it is one and not a part of a text or a key."""
    pieces = _STRING.split(expression)
    return "".join(
        piece if place % 2 else re.sub(rf"(?<![.\w]){name}\b(?!\s*=[^=])", lambda _: new, piece)
        for place, piece in enumerate(pieces)
    )


def chosen(mine: str, condition: str) -> tuple[str, str]:
    """The expressions of the items of a list for which a condition holds, and of their places."""
    if condition == "true":
        return f"${{{{ {mine} }}}}", f"${{{{ range(len({mine})) }}}}"
    by_place = replaced(replaced(condition, "item", f"{mine}[place]"), "index", "place")
    places = f"${{{{ [place for place in range(len({mine})) if {by_place}] }}}}"
    if replaced(condition, "index", "") != condition:
        return f"${{{{ [{mine}[place] for place in range(len({mine})) if {by_place}] }}}}", places
    return f"${{{{ [item for item in {mine} if {condition}] }}}}", places
