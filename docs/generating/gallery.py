"""The page of the ready workflows, each with its drawing."""

from __future__ import annotations

import re
import textwrap

from flowbook.catalog import Catalog
from flowbook.formats.flowfile import dumps
from flowbook.gallery import load, templates
from flowbook.view.graph.drawing import svg
from flowbook.view.graph.picturing import elements_for


def gallery_page() -> str:
    """What each ready workflow does, what it needs, its drawing and its file."""
    drawn = gallery_drawings()
    parts = [INTRODUCTION]
    for one in templates():
        flow = load(one.name)
        accounts = ", ".join(sorted({node.integration for node in flow.nodes.values() if node.integration}))
        file = textwrap.indent(f"```yaml\n{dumps(flow)}```", "    ")
        width = _width(drawn[f"reference/gallery/{one.name}.svg"])
        parts += [
            f"## {one.title}",
            one.description + ".",
            f'![The workflow {one.name}](gallery/{one.name}.svg){{ width="{width}" }}',
            f"Its name: `{one.name}`. Integrations: {accounts or 'none'}.",
            f'??? note "The file"\n\n{file}',
        ]
    return "\n\n".join(parts) + "\n"


def gallery_drawings() -> dict[str, str]:
    """The drawing of each ready workflow: its path in the documentation → SVG."""
    catalog = Catalog(environ={})
    return {
        f"reference/gallery/{one.name}.svg": svg(elements_for(load(one.name), catalog.folder)) for one in templates()
    }


def _width(drawing: str) -> int:
    """Pixels; as a picture of its own a drawing would grow as wide as the page."""
    found = re.search(r'viewBox="\S+ \S+ (\S+) ', drawing)
    assert found
    return round(float(found[1]))


INTRODUCTION = """# Ready workflows

These come with Flowbook, to begin with and to change. In the studio, **Workflows** → **From Gallery** shows them with
their pictures, and one click opens one in the editor. The command line lists them, and stores one in the workspace:

```bash
flowbook workflows gallery
flowbook workflows gallery csv-quality-check --add
```

They name their integrations as this documentation does. Create integrations of those names, or choose your own in the
editor."""
