"""The browser's side of every widget is one module, joined of those that import each other."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator

import pytest

import flowbook.ui
from flowbook.ui.parts.files import module
from flowbook.ui.parts.ordering import OwnWidget

for found in pkgutil.walk_packages(flowbook.ui.__path__, "flowbook.ui."):
    importlib.import_module(found.name)


def kinds(base: type = OwnWidget) -> Iterator[type]:
    for kind in base.__subclasses__():
        if kind.__module__.startswith("flowbook."):
            yield kind
        yield from kinds(kind)


def source_of(kind: type) -> str:
    given = kind.__dict__.get("_esm", "")
    return str(getattr(given, "default_value", given))


WITH_SCRIPT = [kind for kind in kinds() if source_of(kind)]


def test_all_widgets_are_looked_at() -> None:
    assert {"_Companion", "FormWidget", "_PanelWidget", "Message"} <= {kind.__name__ for kind in WITH_SCRIPT}


@pytest.mark.parametrize("kind", WITH_SCRIPT, ids=lambda kind: kind.__name__)
def test_a_widget_carries_one_module_in_which_every_name_is_given_once(kind: type) -> None:
    source = source_of(kind)
    assert len(re.findall(r"^export default ", source, re.MULTILINE)) == 1
    assert not re.findall(r"^(?:import|export (?!default))\b.*", source, re.MULTILINE)
    names = Counter(re.findall(r"^(?:async )?(?:function\*?|class|const|let) (\w+)", source, re.MULTILINE))
    assert {name: count for name, count in names.items() if count > 1} == {}


@pytest.mark.parametrize("kind", WITH_SCRIPT, ids=lambda kind: kind.__name__)
def test_a_widget_hears_the_kernel_however_long_it_took_to_begin(kind: type) -> None:
    assert source_of(kind).endswith("export default heard(itself);\n")


def test_what_a_module_needs_stands_before_it_and_once() -> None:
    source = module("runs/run_panel.js")
    places = [source.index(name) for name in ("function make(", "function drawData(", "class Timeline", "class Store")]
    assert places == sorted(places)
    assert source.count("function make(") == 1
