"""A reference page for each integration folder that comes with Flowbook."""

from __future__ import annotations

from flowbook.catalog import Catalog, Folder
from flowbook.models import Parameter
from flowbook.tasks import TaskSpec
from generating.text import code, markdown, table

EFFECTS = {
    "read": "changes nothing",
    "idempotent": "may be repeated",
    "write": "repeating it repeats its effect",
}


def built_in() -> list[Folder]:
    """The folders that come with Flowbook, by name."""
    return [folder for folder in Catalog(environ={}).folders() if folder.source == "built in"]


def overview_page(folders: list[Folder]) -> str:
    """The page that lists the integrations."""
    rows = [(f"[{f.name}]({f.name}.md)", f.description, len(f.tasks)) for f in folders]
    effects = "\n".join(f"- **{name}**: {meaning}." for name, meaning in EFFECTS.items())
    return f"""# Integrations

These come with Flowbook. `flowbook catalog` lists those of your workspace too, `flowbook catalog NAME` shows one.

{table(("integration", "what it is for", "tasks"), rows)}

Each task says what calling it once more would do:

{effects}

Your own integration: [Adding an integration](../../adding-an-integration.md).
"""


def folder_page(folder: Folder) -> str:
    """The page of one integration: its README, then every credential, task and param out of the code."""
    readme = (folder.path / "README.md").read_text(encoding="utf-8").rstrip()
    parts = [readme, "## Reference"]
    if folder.credentials:
        parts.append("### Credentials of the integration type\n\n" + _parameters(folder.credentials))
    parts += [_task(spec) for spec in folder.tasks.values()]
    return "\n\n".join(parts) + "\n"


def _task(spec: TaskSpec) -> str:
    words = spec.capabilities.words()
    able = f" It {words}." if words else " It reaches nothing outside."
    kind = f"*{spec.effects}*: {EFFECTS[spec.effects]}." + able
    doc = markdown(spec.doc or spec.description)
    params = _parameters(spec.parameters) if spec.parameters else "It has no params."
    return f"### {spec.name}\n\n{kind}\n\n{doc}\n\n{params}"


def _parameters(parameters: tuple[Parameter, ...]) -> str:
    return table(("name", "type", "default", "meaning"), [_row(parameter) for parameter in parameters])


def _row(parameter: Parameter) -> tuple[str, str, str, str]:
    kind = " or ".join(code(choice) for choice in parameter.choices) if parameter.choices else parameter.type
    default = "required" if parameter.required else "" if parameter.default is None else code(repr(parameter.default))
    return code(parameter.name), kind, default, parameter.description
