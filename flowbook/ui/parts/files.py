"""The scripts and stylesheets of the rooms, as the text that a widget carries to the browser; there is no build step.

Scripts are ES modules that import each other. A widget takes one text, so a module and all that it imports are joined
in the order in which they need each other. Names on the top level are therefore those of all modules of a widget.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path, PurePosixPath

ROOMS = Path(__file__).parents[1]

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.[^"]+)";\n', re.MULTILINE)
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)


@cache
def text_of(*parts: str) -> str:
    """Files of the rooms, one after the other: ``text_of("parts/studio.css")``."""
    return "\n".join((ROOMS / part).read_text(encoding="utf-8") for part in parts)


@cache
def module(entry: str) -> str:
    """A script with all that it imports before it, as one ES module: ``module("runs/run_panel.js")``."""
    found: dict[str, str] = {}
    _add(entry, found)
    return "\n".join(found.values())


@cache
def widget(entry: str) -> str:
    """The module of a widget, whose model hears the kernel however long it took to begin: see ``parts/hearing.js``."""
    itself = _DEFAULT.sub("const itself = ", module(entry))
    return f"{module('parts/hearing.js')}\n{itself}\nexport default heard(itself);\n"


def _add(part: str, found: dict[str, str]) -> None:
    source = text_of(part)
    for imported in _IMPORT.findall(source):
        needed = _normal(PurePosixPath(part).parent / imported)
        if needed not in found:
            _add(needed, found)
    found[part] = _EXPORT.sub("", _IMPORT.sub("", source))


def _normal(path: PurePosixPath) -> str:
    steps: list[str] = []
    for step in path.parts:
        if step == "..":
            steps.pop()
        elif step != ".":
            steps.append(step)
    return "/".join(steps)
